/*
 * base/quantity.c - quantities: from text to a number.
 *
 * A quantity of at most 18 digits is kept as it is written, digits x 10^exponent (the narrow form).
 * All others, and fractions of binary units, are held in billionths, rounded up (the wide form).
 * The two forms convert by different rules, and the difference is upstream's.
 *
 * Upstream: k8s.io/apimachinery pkg/api/resource.
 */
#include "base/quantity.h"

enum {
    NARROW_DIGITS = 18, /* that surely fit an int64 */
    STORED_PARTS = 8
};

static const char malformed[] =
    "must be digits with at most one dot and a suffix such as m, k, Mi or e3";

/* ---- text to parts -------------------------------------------------------------------------- */

/* A quantity as it is written: -007.50Ki is negative, whole "7", fraction "50", suffix Ki. */
struct written {
    const char *whole, *fraction, *suffix, *end;
    size_t whole_length, fraction_length;
    int32_t negative;
    int32_t has_digits; /* any at all, leading zeros too */
    struct weir__suffix unit;
};

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_suffix_letter(char c)
{
    static const char letters[] = "eEinumkKMGTP";

    for (size_t i = 0; letters[i] != '\0'; i++) {
        if (c == letters[i]) {
            return 1;
        }
    }
    return 0;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at)) {
        at++;
    }
    return at;
}

/* Cuts the text into its parts. 0 when it has none of the forms of a quantity. */
static int cut(const char *at, const char *end, struct written *w)
{
    const char *start;

    memset(w, 0, sizeof *w);
    w->end = end;
    if (at < end && (*at == '-' || *at == '+')) {
        w->negative = *at++ == '-';
    }
    start = at;
    while (at < end && *at == '0') {
        at++;
    }
    w->whole = at;
    at = skip_digits(at, end);
    w->whole_length = (size_t)(at - w->whole);
    w->has_digits = at > start;
    if (at < end && *at == '.') {
        w->fraction = ++at;
        at = skip_digits(at, end);
        w->fraction_length = (size_t)(at - w->fraction);
        w->has_digits |= w->fraction_length > 0;
    }
    w->suffix = at;
    while (at < end && is_suffix_letter(*at)) {
        at++;
    }
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    return skip_digits(at, end) == end;
}

/* A decimal exponent as strconv.ParseInt reads it, then cut to its low 32 bits. */
static int read_exponent(const char *at, const char *end, int32_t *exponent)
{
    uint64_t limit = INT64_MAX, n = 0;
    int negative = *at == '-';

    if (*at == '-' || *at == '+') {
        at++;
    }
    limit += negative ? 1U : 0U;
    if (at == end) {
        return 0;
    }
    for (; at < end; at++) {
        uint64_t digit = (uint64_t)(*at - '0');

        if (!is_digit(*at) || n > (limit - digit) / 10) {
            return 0;
        }
        n = n * 10 + digit;
    }
    *exponent = (int32_t)(uint32_t)(negative ? 0 - n : n);
    return 1;
}

/* Whether the text is all of [at, end). */
static int is_all(const char *text, const char *at, const char *end)
{
    while (at < end && *text == *at) {
        text++;
        at++;
    }
    return at == end && *text == '\0';
}

static int read_suffix(struct written *w)
{
    for (size_t i = 0; i < WEIR__SUFFIXES; i++) {
        if (is_all(weir__suffixes[i].text, w->suffix, w->end)) {
            w->unit = weir__suffixes[i];
            return 1;
        }
    }
    w->unit.base = 10;
    w->unit.format = WEIR_QUANTITY_EXPONENT;
    return w->end - w->suffix > 1 && (*w->suffix == 'e' || *w->suffix == 'E') &&
           read_exponent(w->suffix + 1, w->end, &w->unit.exponent);
}

/* ---- parts to number ------------------------------------------------------------------------ */

/* The i-th digit of whole and fraction together. */
static uint32_t digit_at(const struct written *w, size_t i)
{
    return (uint32_t)((i < w->whole_length ? w->whole[i] : w->fraction[i - w->whole_length]) - '0');
}

static size_t digit_count(const struct written *w)
{
    return w->whole_length + w->fraction_length;
}

static int all_zero(const struct written *w)
{
    for (size_t i = 0; i < digit_count(w); i++) {
        if (digit_at(w, i) != 0) {
            return 0;
        }
    }
    return 1;
}

/* Whether upstream keeps the text of a narrow quantity instead of formatting the number. */
static int is_verbatim(const struct written *w, uint64_t digits, int32_t exponent)
{
    size_t n = digit_count(w);

    if (w->unit.base == 2) {
        return (digits & 7) != 0;
    }
    return w->whole_length > 0 && exponent % 3 == 0 &&
           (n < 3 || digit_at(w, n - 1) != 0 || digit_at(w, n - 2) != 0 || digit_at(w, n - 3) != 0);
}

/* The narrow form. 0 when the quantity does not qualify. */
static int read_narrow(const struct written *w, weir_quantity *q)
{
    /* Upstream counts one digit where there is none before the dot. */
    int64_t whole = w->whole_length > 0 ? (int64_t)w->whole_length : 1;
    int64_t exponent = -(int64_t)w->fraction_length;
    uint64_t digits = 0;
    struct weir__wide value;

    if (w->unit.base == 10) {
        exponent += w->unit.exponent;
        if (whole + (int64_t)w->fraction_length > NARROW_DIGITS) {
            return 0;
        }
    } else if (w->fraction_length > 0 || 14 - whole - w->unit.exponent * 3 / 10 < 0) {
        return 0;
    }
    if (exponent < WEIR__NANO) {
        return 0;
    }
    for (size_t i = 0; i < digit_count(w); i++) {
        digits = digits * 10 + digit_at(w, i);
    }
    if (w->unit.base == 2 && digits > (uint64_t)INT64_MAX >> w->unit.exponent) {
        return 0;
    }
    value = weir__wide_of(w->unit.base == 2 ? digits << w->unit.exponent : digits);
    weir__quantity_store(q, &value);
    q->exponent = (int32_t)exponent;
    q->verbatim = is_verbatim(w, digits, (int32_t)exponent);
    return 1;
}

/* Digits [0, count) as a number; *rest is 1 when a later digit is not zero. */
static struct weir__wide read_digits(const struct written *w, size_t count, uint32_t *rest)
{
    struct weir__wide value = {{0}};

    for (size_t i = 0; i < digit_count(w); i++) {
        if (i < count) {
            weir__wide_muladd(&value, 10, digit_at(w, i)); /* 128 digits fit 512 bits */
        } else if (digit_at(w, i) != 0) {
            *rest = 1;
        }
    }
    return value;
}

/* Decimal digits in billionths, rounded up. 0 when they do not fit. */
static int decimal_billionths(const struct written *w, struct weir__wide *value)
{
    int32_t shift = w->unit.exponent - (int32_t)w->fraction_length - WEIR__NANO;
    int32_t kept = (int32_t)digit_count(w) + (shift < 0 ? shift : 0);
    uint32_t rest = 0;

    *value = read_digits(w, kept > 0 ? (size_t)kept : 0, &rest);
    return weir__wide_scale(value, shift) && weir__wide_muladd(value, 1, rest) &&
           weir__wide_length(value) <= STORED_PARTS;
}

/* Digits of a binary unit in billionths, rounded up. 0 when they are beyond 2^63 - 1 units. */
static int binary_billionths(const struct written *w, struct weir__wide *value)
{
    int32_t shift = -(int32_t)w->fraction_length - WEIR__NANO;
    struct weir__wide most = weir__wide_of(INT64_MAX);
    uint32_t rest = 0, drop = 0;
    int fits = 1;

    weir__wide_muladd(&most, WEIR__BILLION, 0);
    *value = read_digits(w, digit_count(w), &drop);
    for (int32_t i = 0; i < w->unit.exponent; i += 10) {
        fits = fits && weir__wide_muladd(value, 1024, 0);
    }
    fits = fits && weir__wide_scale(value, shift);
    for (; fits && shift < 0; shift++) {
        rest |= weir__wide_divide(value, 10);
    }
    return fits && weir__wide_muladd(value, 1, rest != 0) && weir__wide_compare(value, &most) <= 0;
}

static weir_status read_wide(const struct written *w, weir_quantity *q, weir_error *err)
{
    struct weir__wide value, one = weir__wide_of(WEIR__BILLION);

    if (w->unit.exponent > WEIR_QUANTITY_EXPONENT_MAX ||
        w->unit.exponent < -WEIR_QUANTITY_EXPONENT_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "", "has an exponent beyond what weir reads");
    }
    q->wide = 1;
    q->exponent = WEIR__NANO;
    if (w->unit.base == 10) {
        if (!decimal_billionths(w, &value)) {
            return weir__fail(err, WEIR_E_LIMIT, "", "is larger than weir can hold");
        }
    } else if (!binary_billionths(w, &value)) {
        value = weir__wide_of(INT64_MAX); /* as upstream, which then has no decimals */
        q->exponent = 0;
    } else if (weir__wide_compare(&value, &one) < 0) {
        q->format = WEIR_QUANTITY_DECIMAL;
    }
    weir__quantity_store(q, &value);
    return WEIR_OK;
}

/* Zero keeps its exponent: so large a one that the power of ten is infinite gives NaN as a double.
 */
static weir_status read_zero(const struct written *w, weir_quantity *out, weir_error *err)
{
    int64_t exponent = 0;
    weir_quantity q;

    memset(&q, 0, sizeof q);
    if (!w->has_digits && !read_narrow(w, &q)) { /* "Pi" alone, while "Ki" is zero */
        return weir__fail(err, WEIR_E_PARSE, "", "has no digits");
    }
    memset(out, 0, sizeof *out);
    if (w->unit.base == 10) {
        exponent = w->unit.exponent - (int64_t)w->fraction_length;
    }
    out->exponent = exponent > INT32_MIN ? (int32_t)exponent : INT32_MIN;
    out->format = w->unit.format;
    return WEIR_OK;
}

weir_status weir_quantity_parse(const char *text, size_t length, weir_quantity *out,
                                weir_error *err)
{
    struct written w;
    weir_status status = WEIR_OK;
    weir_quantity q;

    if (text == NULL || out == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "no quantity was given");
    }
    if (length == 0 || !cut(text, text + length, &w)) {
        return weir__fail(err, WEIR_E_PARSE, "", malformed);
    }
    if (!read_suffix(&w)) {
        return weir__fail(err, WEIR_E_PARSE, "", "has a suffix that is none of Kubernetes'");
    }
    memset(&q, 0, sizeof q);
    q.format = w.unit.format;
    if (all_zero(&w)) {
        return read_zero(&w, out, err);
    }
    if (digit_count(&w) > WEIR_QUANTITY_DIGITS_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "", "has more digits than weir reads");
    }
    q.negative = w.negative;
    if (!read_narrow(&w, &q)) {
        status = read_wide(&w, &q, err);
    }
    if (status == WEIR_OK) {
        *out = q;
    }
    return status;
}

weir_status weir_quantity_parse_stored(const char *text, size_t length, weir_quantity *out,
                                       weir_error *err)
{
    char canonical[WEIR_QUANTITY_TEXT_MAX];
    weir_quantity written = {.wide = 0};
    size_t need;
    weir_status status;

    if (out == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "there is nowhere to put the quantity");
    }
    status = weir_quantity_parse(text, length, &written, err);
    if (status != WEIR_OK) {
        return status;
    }
    if (written.verbatim) {
        *out = written;
        return WEIR_OK;
    }
    weir_quantity_text(&written, canonical, sizeof canonical, &need);
    return weir_quantity_parse(canonical, need - 1, out, err);
}
