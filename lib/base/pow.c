/*
 * base/pow.c - the square root and the power.
 *
 * Whole powers are multiplied up; the fraction of an exponent goes through logarithm and
 * exponential, step by step as Go's routines for amd64 take them, fused multiplications included,
 * for the result to have the same bits on every machine.
 *
 * Upstream: Go's math/pow.go, log_amd64.s, exp_amd64.s.
 */
#include "base/num.h"
#include "base/real.h"

#define NOT_A_NUMBER (weir__from_bits(UINT64_C(0x7ff8000000000001)))

/* x = m * 2^e with 0.5 <= |m| < 1, for a finite x that is not zero. */
static double split(double x, int64_t *exponent)
{
    uint64_t u = weir__bits(x);
    int64_t e = 0;

    if ((u >> 52 & 0x7ff) == 0) {
        u = weir__bits(x * 4503599627370496.0);
        e = -52;
    }
    *exponent = e + (int64_t)(u >> 52 & 0x7ff) - 1022;
    return weir__from_bits((u & UINT64_C(0x800fffffffffffff)) | UINT64_C(0x3fe0000000000000));
}

/* m * 2^e with one rounding where the result is subnormal. */
static double scale(double m, int64_t e)
{
    int64_t inner;
    double x;

    if (m == 0.0 || !weir__is_finite(m)) {
        return m;
    }
    x = split(m, &inner);
    e += inner; /* x in [0.5, 1) */
    if (e > 1024) {
        return weir__copysign(WEIR__INF, m);
    }
    if (e < -1074) {
        return weir__copysign(0.0, m);
    }
    if (e < -1021) {
        return x * weir__from_bits((uint64_t)(e + 53 + 1023) << 52) * 0x1p-53;
    }
    return x * 2.0 * weir__from_bits((uint64_t)(e - 1 + 1023) << 52);
}

double weir__sqrt(double x)
{
    uint64_t n, root = 0, rest = 0;
    int64_t e;

    if (x == 0.0 || weir__is_nan(x) || x == WEIR__INF) {
        return x;
    }
    if (x < 0.0) {
        return NOT_A_NUMBER;
    }
    n = (weir__bits(split(x, &e)) & UINT64_C(0x000fffffffffffff)) | UINT64_C(1) << 52;
    /* x = n / 2^54 * 2^(e + 1), with an even exponent; then 54 bits of root, pair by pair. */
    if ((e & 1) == 0) {
        n <<= 1;
        e--;
    }
    n <<= 10;
    for (int i = 0; i < 54; i++) {
        uint64_t next;

        rest = rest << 2 | n >> 62;
        n <<= 2;
        next = root << 2 | 1;
        root <<= 1;
        if (rest >= next) {
            rest -= next;
            root |= 1;
        }
    }
    /* A root is never just between two doubles, so its last bit says which way to round. */
    return scale((double)((root + 1) >> 1), (e + 1) / 2 - 53);
}

/* ---- a * b + c with one rounding ------------------------------------------------------------ */

static double two_sum(double a, double b, double *error)
{
    double s = a + b, t = s - a;

    *error = (a - (s - t)) + (b - t);
    return s;
}

static double two_product(double a, double b, double *error)
{
    double p = a * b, c = 134217729.0 * a, ah = c - (c - a), al = a - ah;
    double d = 134217729.0 * b, bh = d - (d - b), bl = b - bh;

    *error = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
    return p;
}

/* a + b, and where that is not exact the neighbor with an odd last bit. */
static double odd_sum(double a, double b)
{
    double error, s = two_sum(a, b, &error);
    uint64_t u = weir__bits(s);

    if (error != 0.0 && (u & 1) == 0) {
        u += (error > 0.0) == (s > 0.0) ? 1 : UINT64_MAX;
        s = weir__from_bits(u);
    }
    return s;
}

/* For numbers far from the ends of the range, which is all that the exponential has. */
static double fused(double a, double b, double c)
{
    double ul, tl, vl, uh = two_product(a, b, &ul);
    double th = two_sum(c, ul, &tl), vh = two_sum(uh, th, &vl);

    return vh + odd_sum(tl, vl);
}

/* ---- logarithm and exponential -------------------------------------------------------------- */

/* For a finite x > 0. */
static double logarithm(double x)
{
    int64_t exponent;
    double f, k, s, s2, s4, t1, t2, r, half_square;

    if (weir__bits(x) >> 52 == 0) { /* as there: the bits of a subnormal are taken as they are */
        exponent = -1022;
        f = weir__from_bits(weir__bits(x) | UINT64_C(0x3fe0000000000000));
    } else {
        f = split(x, &exponent);
    }
    k = (double)exponent;
    if (f < 7.07106781186547524401e-01) {
        k -= 1.0;
        f *= 2.0;
    }
    f -= 1.0;
    s = f / (2.0 + f);
    s2 = s * s;
    s4 = s2 * s2;
    t1 = s2 * (((1.479819860511658591e-01 * s4 + 1.818357216161805012e-01) * s4 +
                2.857142874366239149e-01) *
                   s4 +
               6.666666666666735130e-01);
    t2 = s4 * ((1.531383769920937332e-01 * s4 + 2.222219843214978396e-01) * s4 +
               3.999999999940941908e-01);
    r = t1 + t2;
    half_square = 0.5 * f * f;
    return k * 6.93147180369123816490e-01 -
           ((half_square - (s * (half_square + r) + k * 1.90821492927058770002e-10)) - f);
}

/* To the nearest whole number, ties to even, for |x| < 2^31. */
static double nearest_whole(double x)
{
    double big = weir__copysign(6755399441055744.0, x);

    return (x + big) - big;
}

/* For |x| < 700. */
static double exponential(double x)
{
    static const double terms[] = {1.9841269841269841270e-4,
                                   1.3888888888888888889e-3,
                                   8.3333333333333333333e-3,
                                   4.1666666666666666667e-2,
                                   1.6666666666666666667e-1,
                                   0.5,
                                   1.0};
    double k = nearest_whole(1.4426950408889634073599246810018920 * x);
    double p = 2.4801587301587301587e-5, y;

    y = fused(-0.69314718055966295651160180568695068359375, k, x);
    y = fused(-0.28235290563031577122588448175013436025525412068e-12, k, y);
    y *= 0.0625;
    for (int i = 0; i < 7; i++) {
        p = fused(p, y, terms[i]);
    }
    y *= p; /* exp(y) - 1, doubled four times by (e + 2) e */
    for (int i = 0; i < 3; i++) {
        y *= y + 2.0;
    }
    y = fused(y, y + 2.0, 1.0);
    return scale(y, (int64_t)k);
}

/* ---- the power ------------------------------------------------------------------------------ */

static int is_odd(double x)
{
    double a = weir__abs(x);

    return a < 9007199254740992.0 && weir__trunc(a) == a && ((int64_t)a & 1) != 0;
}

static double zero_to(double x, double y)
{
    if (y < 0.0) {
        return weir__bits(x) >> 63 != 0 && is_odd(y) ? -WEIR__INF : WEIR__INF;
    }
    return weir__bits(x) >> 63 != 0 && is_odd(y) ? x : 0.0;
}

/* x to a power beyond all bounds. */
static double to_extreme(double x, int positive)
{
    return x == -1.0 ? 1.0 : (weir__abs(x) < 1.0) == positive ? 0.0 : WEIR__INF;
}

static double finite_power(double x, double y)
{
    double whole = weir__trunc(weir__abs(y)), part = weir__abs(y) - whole, a = 1.0, m;
    int64_t ae = 0, e;

    if (part != 0.0 && x < 0.0) {
        return NOT_A_NUMBER;
    }
    if (whole >= 9223372036854775808.0) {
        return to_extreme(x, y > 0.0);
    }
    if (part != 0.0) {
        if (part > 0.5) {
            part -= 1.0;
            whole += 1.0;
        }
        a = exponential(part * logarithm(x));
    }
    m = split(x, &e);
    for (int64_t i = (int64_t)whole; i != 0; i >>= 1) {
        if (e < -4096 || e > 4096) { /* far out of range: the rest cannot bring it back */
            ae += e;
            break;
        }
        if ((i & 1) != 0) {
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
    return y < 0.0 ? scale(1.0 / a, -ae) : scale(a, ae);
}

double weir__pow(double x, double y)
{
    if (y == 0.0 || x == 1.0) {
        return 1.0;
    }
    if (y == 1.0) {
        return x;
    }
    if (weir__is_nan(x) || weir__is_nan(y)) {
        return NOT_A_NUMBER;
    }
    if (x == 0.0) {
        return zero_to(x, y);
    }
    if (!weir__is_finite(y)) {
        return to_extreme(x, y > 0.0);
    }
    if (!weir__is_finite(x)) {
        if (x < 0.0) {
            return zero_to(-0.0, -y);
        }
        return y < 0.0 ? 0.0 : WEIR__INF;
    }
    if (y == 0.5) {
        return weir__sqrt(x);
    }
    if (y == -0.5) {
        return 1.0 / weir__sqrt(x);
    }
    return finite_power(x, y);
}
