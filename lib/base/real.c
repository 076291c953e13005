/*
 * base/real.c - decimal and hexadecimal digits to the nearest double, ties to even.
 *
 * Short numbers are one exact multiplication or division. The rest is shifted bit by bit as a row
 * of decimal digits until 53 bits stand before the point, which needs no table and is never wrong.
 *
 * Upstream: what Go's strconv.ParseFloat accepts.
 */
#include "base/real.h"
#include "base/num.h"
#include <string.h>

enum { DIGITS_MAX = 800, SHIFT_MAX = 56 };

/* 0.d1d2d3... x 10^point */
struct digits {
    int32_t count, point;
    int32_t more; /* 1: digits other than 0 were left out at the end */
    uint8_t digit[DIGITS_MAX];
};

/* ---- rows of digits ------------------------------------------------------------------------- */

static void trim(struct digits *d)
{
    while (d->count > 0 && d->digit[d->count - 1] == 0) {
        d->count--;
    }
    if (d->count == 0) {
        d->point = 0;
    }
}

/* d = d / 2^bits; bits <= SHIFT_MAX */
static void shift_right(struct digits *d, int32_t bits)
{
    uint64_t n = 0, mask = (UINT64_C(1) << bits) - 1;
    int32_t read = 0, write = 0;

    for (; n >> bits == 0; read++) {
        if (read >= d->count) {
            if (n == 0) {
                d->count = 0;
                return;
            }
            for (; n >> bits == 0; read++) {
                n *= 10;
            }
            break;
        }
        n = n * 10 + d->digit[read];
    }
    d->point -= read - 1;
    for (; read < d->count; read++) {
        d->digit[write++] = (uint8_t)(n >> bits);
        n = (n & mask) * 10 + d->digit[read];
    }
    for (; n > 0; n = (n & mask) * 10) {
        uint8_t digit = (uint8_t)(n >> bits);

        if (write < DIGITS_MAX) {
            d->digit[write++] = digit;
        } else if (digit > 0) {
            d->more = 1;
        }
    }
    d->count = write;
    trim(d);
}

/* d = d x 2^bits; bits <= SHIFT_MAX */
static void shift_left(struct digits *d, int32_t bits)
{
    uint8_t head[24];
    uint64_t carry = 0;
    int32_t extra = 0, keep;

    for (int32_t i = d->count; i-- > 0;) {
        carry += (uint64_t)d->digit[i] << bits;
        d->digit[i] = (uint8_t)(carry % 10);
        carry /= 10;
    }
    for (; carry > 0; carry /= 10) {
        head[extra++] = (uint8_t)(carry % 10);
    }
    keep = d->count + extra > DIGITS_MAX ? DIGITS_MAX - extra : d->count;
    for (int32_t i = keep; i < d->count; i++) {
        d->more |= d->digit[i] != 0;
    }
    memmove(d->digit + extra, d->digit, (size_t)keep);
    for (int32_t i = 0; i < extra; i++) {
        d->digit[i] = head[extra - 1 - i];
    }
    d->count = keep + extra;
    d->point += extra;
    trim(d);
}

static void shift(struct digits *d, int32_t bits)
{
    for (; bits > SHIFT_MAX; bits -= SHIFT_MAX) {
        shift_left(d, SHIFT_MAX);
    }
    for (; bits < -SHIFT_MAX; bits += SHIFT_MAX) {
        shift_right(d, SHIFT_MAX);
    }
    if (bits > 0) {
        shift_left(d, bits);
    } else if (bits < 0) {
        shift_right(d, -bits);
    }
}

static int rounds_up(const struct digits *d, int32_t at)
{
    if (at < 0 || at >= d->count) {
        return 0;
    }
    if (d->digit[at] == 5 && at + 1 == d->count && !d->more) { /* just between: to the even one */
        return at > 0 && d->digit[at - 1] % 2 != 0;
    }
    return d->digit[at] >= 5;
}

static uint64_t rounded(const struct digits *d)
{
    uint64_t n = 0;
    int32_t i = 0;

    for (; i < d->point && i < d->count; i++) {
        n = n * 10 + d->digit[i];
    }
    for (; i < d->point; i++) {
        n *= 10;
    }
    return n + (uint64_t)rounds_up(d, d->point);
}

/* Bits to move by so that a number with so many digits before the point gets fewer. */
static int32_t step_of(int32_t point)
{
    static const uint8_t steps[] = {0, 3, 6, 9, 13, 16, 19, 23, 26};

    return point < (int32_t)sizeof steps ? steps[point] : 27;
}

/* WEIR_E_LIMIT when it is beyond the largest double. */
static weir_status nearest(struct digits *d, double *value)
{
    int32_t exponent = 0, bits;
    uint64_t mantissa;

    *value = 0.0;
    if (d->count == 0 || d->point < -330) {
        return WEIR_OK;
    }
    *value = WEIR__INF;
    if (d->point > 310) {
        return WEIR_E_LIMIT;
    }
    while (d->point > 0) {
        bits = step_of(d->point);
        shift(d, -bits);
        exponent += bits;
    }
    while (d->point < 0 || (d->point == 0 && d->digit[0] < 5)) {
        bits = d->point == 0 ? 1 : step_of(-d->point);
        shift(d, bits);
        exponent -= bits;
    }
    exponent--; /* from [1/2, 1) to [1, 2) */
    if (exponent < -1022) {
        shift(d, exponent + 1022);
        exponent = -1022;
    }
    shift(d, 53);
    mantissa = rounded(d);
    if (mantissa == UINT64_C(1) << 53) {
        mantissa >>= 1;
        exponent++;
    }
    if (exponent > 1023) {
        return WEIR_E_LIMIT;
    }
    if ((mantissa & UINT64_C(1) << 52) == 0) {
        exponent = -1023; /* subnormal */
    }
    *value = weir__from_bits((uint64_t)(exponent + 1023) << 52 |
                             (mantissa & UINT64_C(0x000fffffffffffff)));
    return WEIR_OK;
}

/* ---- texts ---------------------------------------------------------------------------------- */

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    return c;
}

static int32_t digit_of(char c)
{
    c = lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static int is_word(const char *text, size_t length, const char *word)
{
    size_t i = 0;

    for (; i < length && word[i] != '\0' && lower(text[i]) == word[i]; i++) {
    }
    return i == length && word[i] == '\0';
}

/* What is read of a number besides its digits. */
struct number {
    struct digits d;
    uint64_t short_value; /* the digits, as long as they fit */
    uint64_t bits;        /* hexadecimal: the first sixteen digits, the rest in its lowest bit */
    int32_t negative, hex, short_digits;
    int64_t exponent;
};

static void take_digit(struct number *n, int32_t digit)
{
    struct digits *d = &n->d;

    if (n->short_digits < 19 && (digit > 0 || n->short_digits > 0)) {
        n->short_value = n->short_value * 10 + (uint64_t)digit;
    }
    n->short_digits += digit > 0 || n->short_digits > 0;
    if (d->count < DIGITS_MAX) {
        d->digit[d->count++] = (uint8_t)digit;
    } else {
        d->more |= digit != 0;
    }
}

/* Mantissa and point. Gives the place behind them; 0 when there is no digit. Underscores have to
 * stand between digits, or behind a prefix. */
static size_t read_mantissa(struct number *n, const char *text, size_t length, size_t at)
{
    size_t digits = 0, point = 0, last_under = 0;
    int32_t hex_digits = 0, previous = n->hex;

    for (; at < length; at++) {
        int32_t digit = digit_of(text[at]);

        if (text[at] == '_') {
            if (!previous) {
                return 0;
            }
            previous = 0;
            last_under = at + 1;
        } else if (text[at] == '.' && point == 0) {
            if (last_under == at && at > 0) {
                return 0;
            }
            point = at + 1;
            previous = 0;
        } else if (digit < (n->hex ? 16 : 10)) {
            digits++;
            previous = 1;
            if (!n->hex) {
                if (digit > 0 || n->d.count > 0) {
                    take_digit(n, digit);
                } else if (point != 0) {
                    n->d.point--; /* a zero right behind the point */
                }
                n->d.point += point == 0 && n->d.count > 0;
            } else if (hex_digits < 15 || n->bits == 0) {
                n->bits = n->bits * 16 + (uint64_t)digit;
                hex_digits += n->bits > 0;
                n->exponent -= point != 0 ? 4 : 0;
            } else {
                n->bits |= digit != 0;
                n->exponent += point == 0 ? 4 : 0;
            }
        } else {
            break;
        }
    }
    return digits == 0 || (last_under == at && at > 0) ? 0 : at;
}

/* The exponent behind its letter; 0 when it is none. */
static size_t read_exponent(struct number *n, const char *text, size_t length, size_t at)
{
    int64_t e = 0;
    int negative = 0;
    size_t digits = 0;

    if (at < length && (text[at] == '+' || text[at] == '-')) {
        negative = text[at++] == '-';
    }
    for (; at < length; at++) {
        if (text[at] == '_' && digits > 0 && at + 1 < length && digit_of(text[at + 1]) < 10) {
            continue;
        }
        if (digit_of(text[at]) > 9) {
            break;
        }
        digits++;
        e = e < 100000 ? e * 10 + digit_of(text[at]) : e;
    }
    n->exponent += negative ? -e : e;
    return digits > 0 ? at : 0;
}

static weir_status nearest_hex(const struct number *n, double *value)
{
    int64_t exponent = n->exponent, drop;
    uint64_t bits = n->bits, half;

    *value = 0.0;
    if (bits == 0) {
        return WEIR_OK;
    }
    while (bits >> 63 == 0) {
        bits <<= 1;
        exponent--;
    }
    exponent += 63; /* of the first bit */
    drop = exponent < -1022 ? 11 - 1022 - exponent : 11;
    if (drop > 64) {
        return WEIR_OK;
    }
    half = drop == 64 ? bits : bits << (64 - drop);
    bits = drop == 64 ? 0 : bits >> drop;
    bits += half > UINT64_C(1) << 63 || (half == UINT64_C(1) << 63 && (bits & 1) != 0);
    *value = (double)bits;
    exponent = (exponent < -1022 ? -1022 : exponent) - 52;
    for (; exponent > 0 && *value <= 1.7976931348623157e308; exponent--) {
        *value *= 2.0;
    }
    for (; exponent < 0; exponent++) { /* exact: the bits that fall off were dropped before */
        *value *= 0.5;
    }
    return *value > 1.7976931348623157e308 ? WEIR_E_LIMIT : WEIR_OK;
}

static weir_status nearest_decimal(struct number *n, double *value)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t exponent = n->exponent + n->d.point - n->d.count; /* of the digits as a whole number */
    int64_t point = n->exponent + n->d.point;

    if (n->d.count == 0) {
        *value = 0.0;
        return WEIR_OK;
    }
    if (n->short_digits <= 15 && exponent >= -22 && exponent <= 22) {
        *value = exponent < 0 ? (double)n->short_value / tens[-exponent]
                              : (double)n->short_value * tens[exponent];
        return WEIR_OK;
    }
    n->d.point = (int32_t)(point > 100000 ? 100000 : point < -100000 ? -100000 : point);
    trim(&n->d);
    return nearest(&n->d, value);
}

weir_status weir__parse_real(const char *text, size_t length, double *value)
{
    struct number n;
    size_t at = 0, exponent_at;
    weir_status status;
    int signed_text = length > 0 && (text[0] == '+' || text[0] == '-');

    if (is_word(text + signed_text, length - (size_t)signed_text, "inf") ||
        is_word(text + signed_text, length - (size_t)signed_text, "infinity")) {
        *value = text[0] == '-' ? -WEIR__INF : WEIR__INF;
        return WEIR_OK;
    }
    if (is_word(text, length, "nan")) {
        *value = weir__from_bits(UINT64_C(0x7ff8000000000001));
        return WEIR_OK;
    }
    memset(&n, 0, sizeof n);
    n.negative = signed_text && text[0] == '-';
    at += (size_t)signed_text;
    if (at + 2 < length && text[at] == '0' && lower(text[at + 1]) == 'x') {
        n.hex = 1;
        at += 2;
    }
    at = read_mantissa(&n, text, length, at);
    if (at == 0) {
        return WEIR_E_PARSE;
    }
    exponent_at = at;
    if (at < length && lower(text[at]) == (n.hex ? 'p' : 'e')) {
        at = read_exponent(&n, text, length, at + 1);
    } else if (n.hex) {
        return WEIR_E_PARSE;
    }
    if (at != length || exponent_at == 0) {
        return WEIR_E_PARSE;
    }
    status = n.hex ? nearest_hex(&n, value) : nearest_decimal(&n, value);
    *value = n.negative ? -*value : *value;
    return status;
}

weir_status weir__parse_whole(const char *text, size_t length, int32_t base, int64_t *value)
{
    size_t at = length > 0 && (text[0] == '+' || text[0] == '-');
    uint64_t n = 0, most = UINT64_C(1) << 63;
    int negative = length > 0 && text[0] == '-', too_large = 0;

    if (at == length) {
        return WEIR_E_PARSE;
    }
    for (; at < length; at++) {
        int32_t digit = digit_of(text[at]);

        if (digit >= base) {
            return WEIR_E_PARSE;
        }
        too_large |= n > (most - (uint64_t)digit) / (uint64_t)base;
        n = n * (uint64_t)base + (uint64_t)digit;
    }
    if (too_large || (!negative && n == most)) {
        *value = negative ? INT64_MIN : INT64_MAX;
        return WEIR_E_LIMIT;
    }
    *value = negative ? (int64_t)(0 - n) : (int64_t)n;
    return WEIR_OK;
}

int64_t weir__milli_of(double value)
{
    uint64_t u = weir__bits(value), product, rest, half;
    int64_t exponent = (int64_t)(u >> 52 & 0x7ff);
    uint64_t mantissa =
        (u & UINT64_C(0x000fffffffffffff)) | (exponent != 0 ? UINT64_C(1) << 52 : 0);
    int64_t right = 1075 - (exponent != 0 ? exponent : 1);

    product = mantissa * 1000; /* below 2^63: exact */
    if (right <= 0) {
        return (int64_t)(product << -right);
    }
    if (right > 63) {
        return 0;
    }
    half = UINT64_C(1) << (right - 1);
    rest = product & ((half << 1) - 1);
    product >>= right;
    return (int64_t)(product + (rest > half || (rest == half && (product & 1) != 0)));
}

weir_status weir_f64_parse(const char *text, size_t length, double *value)
{
    weir_status status;

    if ((text == NULL && length > 0) || value == NULL) {
        return WEIR_E_ARG;
    }
    status = weir__parse_real(text != NULL ? text : "", length, value);
    if (status == WEIR_E_PARSE) {
        *value = 0.0;
    }
    return status;
}
