/*
 * base/quantity_value.c - quantities: from a number to thousandths, to a double and to text.
 *
 * Upstream: k8s.io/apimachinery pkg/api/resource.
 */
#include "base/num.h"
#include "base/quantity.h"
#include "base/text.h"

const struct weir__suffix weir__suffixes[WEIR__SUFFIXES] = {
    {"n", 10, -9, WEIR_QUANTITY_DECIMAL}, {"u", 10, -6, WEIR_QUANTITY_DECIMAL},
    {"m", 10, -3, WEIR_QUANTITY_DECIMAL}, {"", 10, 0, WEIR_QUANTITY_DECIMAL},
    {"k", 10, 3, WEIR_QUANTITY_DECIMAL},  {"M", 10, 6, WEIR_QUANTITY_DECIMAL},
    {"G", 10, 9, WEIR_QUANTITY_DECIMAL},  {"T", 10, 12, WEIR_QUANTITY_DECIMAL},
    {"P", 10, 15, WEIR_QUANTITY_DECIMAL}, {"E", 10, 18, WEIR_QUANTITY_DECIMAL},
    {"Ki", 2, 10, WEIR_QUANTITY_BINARY},  {"Mi", 2, 20, WEIR_QUANTITY_BINARY},
    {"Gi", 2, 30, WEIR_QUANTITY_BINARY},  {"Ti", 2, 40, WEIR_QUANTITY_BINARY},
    {"Pi", 2, 50, WEIR_QUANTITY_BINARY},  {"Ei", 2, 60, WEIR_QUANTITY_BINARY},
};

weir_status weir_quantity_from_milli(int64_t milli, int32_t format, weir_quantity *out)
{
    uint64_t magnitude = milli < 0 ? 0 - (uint64_t)milli : (uint64_t)milli;
    struct weir__wide value = weir__wide_of(magnitude);

    if (out == NULL) {
        return WEIR_E_ARG;
    }
    if (format < WEIR_QUANTITY_DECIMAL || format > WEIR_QUANTITY_EXPONENT) {
        return WEIR_E_RANGE;
    }
    memset(out, 0, sizeof *out);
    weir__quantity_store(out, &value);
    out->negative = milli < 0;
    out->exponent = WEIR__MILLI;
    out->format = format;
    return WEIR_OK;
}

/* ---- number to thousandths ------------------------------------------------------------------ */

int32_t weir_quantity_sign(const weir_quantity *quantity)
{
    struct weir__wide value;

    if (quantity == NULL) {
        return 0;
    }
    value = weir__quantity_magnitude(quantity);
    return weir__wide_length(&value) == 0 ? 0 : quantity->negative ? -1 : 1;
}

/* The low 64 bits with the sign, as Go's big.Int.Int64. */
static int64_t low_signed(const weir_quantity *q)
{
    struct weir__wide value = weir__quantity_magnitude(q);
    uint64_t low = weir__wide_low64(&value);

    return (int64_t)(q->negative ? 0 - low : low);
}

/* v / 10^drop, away from zero when anything is dropped. */
static int64_t narrow_down(int64_t v, int32_t drop)
{
    int64_t sign = v > 0 ? 1 : -1;
    int inexact = 0;

    for (; drop > 0 && v != 0; drop--) {
        inexact |= v % 10 != 0;
        v /= 10;
    }
    return inexact ? v + sign : v;
}

/* v x 10^raise. What does not fit is the wrapped product for some powers and 0 for all others:
 * upstream has fast paths for the common ones, which do not look at their own overflow flag. */
static int64_t narrow_up(int64_t v, int32_t raise)
{
    uint64_t wrapped = (uint64_t)v, magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    int fits = 1;

    for (int32_t i = 0; i < raise; i++) {
        fits = fits && magnitude <= INT64_MAX / 10;
        magnitude *= 10;
        wrapped *= 10;
    }
    if (!fits && raise != 1 && raise != 2 && raise != 3 && raise != 6 && raise != 9) {
        return 0;
    }
    return (int64_t)wrapped;
}

/* Wide numbers, held in billionths: unscaled / divisor. Above zero it is rounded up; below zero
 * upstream adds one to a quotient that was already rounded up. */
static int64_t wide_down(const weir_quantity *q, uint64_t divisor)
{
    struct weir__wide value = weir__quantity_magnitude(q);
    int64_t v;
    uint32_t rest;

    if (q->negative || weir__wide_length(&value) < 2 ||
        (weir__wide_length(&value) == 2 && weir__wide_low64(&value) < INT64_MAX)) {
        v = low_signed(q);
        return v / (int64_t)divisor + (v % (int64_t)divisor != 0);
    }
    rest = weir__wide_divide(&value, (uint32_t)divisor);
    return (int64_t)(weir__wide_low64(&value) + (rest != 0));
}

/* The quantity in units of 10^exponent; exponent is -3 or 0. */
static int64_t scaled(const weir_quantity *q, int32_t exponent)
{
    int64_t v = low_signed(q);

    if (weir_quantity_sign(q) == 0) {
        return 0;
    }
    if (!q->wide) {
        return q->exponent < exponent ? narrow_down(v, exponent - q->exponent)
                                      : narrow_up(v, q->exponent - exponent);
    }
    if (q->exponent == 0) { /* the cap of binary units */
        return (int64_t)((uint64_t)v * (exponent == WEIR__MILLI ? 1000U : 1U));
    }
    return wide_down(q, exponent == WEIR__MILLI ? WEIR__MILLION : WEIR__BILLION);
}

int64_t weir_quantity_milli(const weir_quantity *quantity)
{
    return quantity != NULL ? scaled(quantity, WEIR__MILLI) : 0;
}

int64_t weir_quantity_value(const weir_quantity *quantity)
{
    return quantity != NULL ? scaled(quantity, 0) : 0;
}

/* ---- number to double ----------------------------------------------------------------------- */

/* Bit i of a number. */
static uint64_t bit_of(const struct weir__wide *value, int i)
{
    return value->part[i / 32] >> i % 32 & 1;
}

/* The nearest double, ties to even: the top 64 bits, the lowest of which stands for all below. */
static double nearest(const struct weir__wide *value)
{
    int bits = 32 * weir__wide_length(value);
    uint64_t top = 0, rest = 0;
    double x;

    while (bits > 0 && bit_of(value, bits - 1) == 0) {
        bits--;
    }
    if (bits <= 64) {
        return (double)weir__wide_low64(value);
    }
    for (int i = bits - 1; i >= 0; i--) {
        if (i >= bits - 64) {
            top = top << 1 | bit_of(value, i);
        } else {
            rest |= bit_of(value, i);
        }
    }
    x = (double)(top | rest);
    for (; bits > 64; bits--) {
        x *= 2.0;
    }
    return x;
}

/* 10^n as Go's math.Pow10 gives it for n >= -31: a product of two tables. */
static double power_of_ten(int32_t n)
{
    static const double small[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10,
                                   1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
                                   1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31};
    static const double large[] = {1e0, 1e32, 1e64, 1e96, 1e128, 1e160, 1e192, 1e224, 1e256, 1e288};

    if (n < 0) {
        return n >= -31 ? 1.0 / small[-n] : 0.0; /* only a zero has such an exponent */
    }
    return n <= 308 ? large[n / 32] * small[n % 32] : WEIR__INF;
}

double weir_quantity_double(const weir_quantity *quantity)
{
    struct weir__wide value;
    double x;

    if (quantity == NULL) {
        return 0.0;
    }
    value = weir__quantity_magnitude(quantity);
    x = nearest(&value);
    x = quantity->negative ? -x : x;
    return quantity->exponent == 0 ? x : x * power_of_ten(quantity->exponent);
}

/* ---- number to text ------------------------------------------------------------------------- */

/* Divides by a factor as long as it divides; gives how often. */
static int32_t take_factors(struct weir__wide *value, uint32_t factor)
{
    int32_t times = 0;

    for (;;) {
        struct weir__wide quotient = *value;

        if (weir__wide_divide(&quotient, factor) != 0) {
            return times;
        }
        *value = quotient;
        times++;
    }
}

static const char *suffix_of(int32_t base, int32_t exponent)
{
    for (size_t i = 0; i < WEIR__SUFFIXES; i++) {
        if (weir__suffixes[i].base == base && weir__suffixes[i].exponent == exponent) {
            return weir__suffixes[i].text;
        }
    }
    return ""; /* upstream, too, leaves out a suffix that there is none for */
}

static void put_wide(struct weir__text *text, struct weir__wide value)
{
    char digits[160];
    size_t n = sizeof digits;

    digits[--n] = '\0';
    do {
        digits[--n] = (char)('0' + weir__wide_divide(&value, 10));
    } while (weir__wide_length(&value) > 0);
    weir__text_str(text, digits + n);
}

/* Whole units, if it is whole units of 1024 and more in either direction: what a binary suffix can
 * show. 0 otherwise. */
static int binary_units(const weir_quantity *q, struct weir__wide *value)
{
    struct weir__wide least = weir__wide_of(1024);

    *value = weir__quantity_magnitude(q);
    for (int32_t e = q->exponent; e < 0; e++) {
        if (weir__wide_divide(value, 10) != 0) {
            return 0;
        }
    }
    return weir__wide_scale(value, q->exponent) && weir__wide_compare(value, &least) >= 0;
}

weir_status weir_quantity_text(const weir_quantity *quantity, char *text, size_t capacity,
                               size_t *need)
{
    struct weir__text out;
    struct weir__wide value;
    int32_t exponent;

    if (quantity == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    weir__text_open(&out, text, capacity);
    if (weir_quantity_sign(quantity) == 0) {
        weir__text_char(&out, '0');
        return weir__text_close(&out, need);
    }
    if (quantity->negative) {
        weir__text_char(&out, '-');
    }
    if (quantity->format == WEIR_QUANTITY_BINARY && binary_units(quantity, &value)) {
        exponent = 10 * take_factors(&value, 1024);
        put_wide(&out, value);
        weir__text_str(&out, exponent > 0 ? suffix_of(2, exponent) : "");
        return weir__text_close(&out, need);
    }
    value = weir__quantity_magnitude(quantity);
    exponent = quantity->exponent + take_factors(&value, 10);
    for (; exponent % 3 != 0; exponent--) {
        weir__wide_muladd(&value, 10, 0);
    }
    put_wide(&out, value);
    if (quantity->format != WEIR_QUANTITY_EXPONENT) {
        weir__text_str(&out, suffix_of(10, exponent));
    } else if (exponent != 0) {
        weir__text_char(&out, 'e');
        weir__text_int(&out, exponent);
    }
    return weir__text_close(&out, need);
}
