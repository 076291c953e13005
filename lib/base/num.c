/*
 * base/num.c - conversion to int32 and the integer power.
 *
 * Upstream: Go's conversion int32(float64) as compiled for amd64; Go's math.Pow (math/pow.go).
 */
#include "base/num.h"

int32_t weir_f64_to_i32(double value, int32_t conversion)
{
    return weir__to_i32(value, conversion);
}

/* x = m * 2^e with 0.5 <= m < 1, for a finite x > 0. */
static double split(double x, int64_t *exponent)
{
    uint64_t u = weir__bits(x);
    int64_t e = 0;

    if (u >> 52 == 0) { /* a subnormal number: make it a normal one first */
        u = weir__bits(x * 4503599627370496.0);
        e = -52;
    }
    *exponent = e + (int64_t)(u >> 52) - 1022;
    return weir__from_bits((u & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x3fe0000000000000));
}

/* m * 2^e for 0.5 <= m < 2 with one rounding, also where the result is subnormal. */
static double scale(double m, int64_t e)
{
    int64_t biased = (int64_t)(weir__bits(m) >> 52) + e;
    uint64_t fraction = weir__bits(m) & UINT64_C(0x000fffffffffffff);

    if (biased < -52) {
        return 0.0;
    }
    if (biased > 2046) {
        return WEIR__INF;
    }
    if (biased < 1) {
        return weir__from_bits(fraction | (uint64_t)(biased + 53) << 52) * 0x1p-53;
    }
    return weir__from_bits(fraction | (uint64_t)biased << 52);
}

double weir__powi(double x, int64_t n)
{
    double a = 1.0, m;
    int64_t ae = 0, e;

    if (n == 0 || x == 1.0) {
        return 1.0;
    }
    if (n == 1) {
        return x;
    }
    m = split(x, &e);
    for (; n != 0; n >>= 1) {
        if (e < -4096 || e > 4096) { /* far out of range: the rest cannot bring it back */
            ae += e;
            break;
        }
        if ((n & 1) != 0) {
            a *= m;
            ae += e;
        }
        m *= m;
        e *= 2;
        if (m < 0.5) {
            m += m;
            e--;
        }
    }
    return scale(a, ae);
}
