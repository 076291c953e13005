/*
 * base/num.h - the few mathematical functions that decisions need, exact and the same everywhere.
 *
 * Inline and without libm: floor, ceil, trunc and round are exact by construction; max and min are
 * Go's, which unlike C's let NaN through and order the zeros; powi is Go's math.Pow for a positive
 * integer exponent, multiplication by multiplication.
 */
#ifndef WEIR_LIB_BASE_NUM_H
#define WEIR_LIB_BASE_NUM_H

#include "base/internal.h"
#include <string.h>

static inline uint64_t weir__bits(double x)
{
    uint64_t u;

    memcpy(&u, &x, sizeof u);
    return u;
}

static inline double weir__from_bits(uint64_t u)
{
    double x;

    memcpy(&x, &u, sizeof x);
    return x;
}

static inline int weir__is_nan(double x)
{
    return x != x;
}

static inline int weir__is_finite(double x)
{
    return (weir__bits(x) >> 52 & 0x7ff) != 0x7ff;
}

static inline double weir__abs(double x)
{
    return weir__from_bits(weir__bits(x) & ~(UINT64_C(1) << 63));
}

static inline double weir__copysign(double x, double sign)
{
    uint64_t top = UINT64_C(1) << 63;

    return weir__from_bits((weir__bits(x) & ~top) | (weir__bits(sign) & top));
}

/* Every double of 2^52 and more is whole already, and so are NaN and the infinities kept. */
static inline int weir__has_fraction_bits(double x)
{
    return weir__abs(x) < 4503599627370496.0;
}

static inline double weir__trunc(double x)
{
    return weir__has_fraction_bits(x) ? weir__copysign((double)(int64_t)x, x) : x;
}

static inline double weir__floor(double x)
{
    double t;

    if (!weir__has_fraction_bits(x)) {
        return x;
    }
    t = (double)(int64_t)x;
    return weir__copysign(t > x ? t - 1.0 : t, x);
}

static inline double weir__ceil(double x)
{
    double t;

    if (!weir__has_fraction_bits(x)) {
        return x;
    }
    t = (double)(int64_t)x;
    return weir__copysign(t < x ? t + 1.0 : t, x);
}

/* The same where the sign of a zero does not count, as before an integer is made of it. */
static inline double weir__ceil_unsigned_zero(double x)
{
    double t;

    if (!weir__has_fraction_bits(x)) {
        return x;
    }
    t = (double)(int64_t)x;
    return t < x ? t + 1.0 : t;
}

/* Half away from zero; the sign of a zero is kept. */
static inline double weir__round(double x)
{
    double a = weir__abs(x), t;

    if (!weir__has_fraction_bits(x)) {
        return x;
    }
    t = (double)(int64_t)a;
    return weir__copysign(a - t >= 0.5 ? t + 1.0 : t, x);
}

#define WEIR__INF (weir__from_bits(UINT64_C(0x7ff0000000000000)))

/* Go's math.Max: +Inf beats NaN, which beats all else; +0 beats -0. */
static inline double weir__max(double a, double b)
{
    if (a > b) {
        return a;
    }
    if (a < b) {
        return b;
    }
    if (a == b) {
        return weir__bits(a) >> 63 != 0 ? b : a;
    }
    return a == WEIR__INF || b == WEIR__INF ? WEIR__INF : a + b;
}

/* Go's math.Min: -Inf beats NaN, which beats all else; -0 beats +0. */
static inline double weir__min(double a, double b)
{
    if (a < b) {
        return a;
    }
    if (a > b) {
        return b;
    }
    if (a == b) {
        return weir__bits(a) >> 63 != 0 ? a : b;
    }
    return a == -WEIR__INF || b == -WEIR__INF ? -WEIR__INF : a + b;
}

/* Go's math.Pow(x, n) for 0 < x <= 1 and n >= 0. */
double weir__powi(double x, int64_t n);

/* Go's Duration.Seconds: whole and fractional seconds are converted apart and added. */
static inline double weir__seconds(weir_duration d)
{
    int64_t whole = d / WEIR_SECOND, rest = d % WEIR_SECOND;

    return (double)whole + (double)rest / 1e9;
}

/* Go's Duration.Round(second) for d >= 0: half away from zero. */
static inline weir_duration weir__round_to_second(weir_duration d)
{
    weir_duration r = d % WEIR_SECOND;

    return r + r < WEIR_SECOND ? d - r : weir__add(d, WEIR_SECOND - r);
}

/* weir_f64_to_i32() for the hot paths of the core. */
static inline int32_t weir__to_i32(double x, int32_t conversion)
{
    if (x > -2147483649.0 && x < 2147483648.0) {
        return (int32_t)x;
    }
    return conversion == WEIR_CONVERT_AMD64 || weir__is_nan(x) || x < 0.0 ? INT32_MIN : INT32_MAX;
}

/* To int64 as weir_f64_to_i32() does it to int32. */
static inline int64_t weir__convert_i64(double x, int32_t conversion)
{
    if (x >= -9223372036854775808.0 && x < 9223372036854775808.0) {
        return (int64_t)x;
    }
    return conversion == WEIR_CONVERT_AMD64 || !(x > 0.0) ? INT64_MIN : INT64_MAX;
}

/* To int64, truncating toward zero; NaN and what is out of range become INT64_MIN (Go on amd64). */
static inline int64_t weir__f64_to_i64(double x)
{
    return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? (int64_t)x : INT64_MIN;
}

#endif
