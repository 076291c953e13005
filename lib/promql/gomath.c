/*
 * gomath.c - mathematical functions with Go's bits.
 *
 * The formulas and their constants are published: the logarithm is that of FreeBSD's msun (argument
 * in [sqrt(1/2), sqrt(2)), odd polynomial in f / (2 + f)); the exponential reduces by ln 2 in two
 * parts, sums a Taylor series of a sixteenth of the rest and squares four times (Shibata 2010),
 * with fused multiply-adds where Go's amd64 code has them; powers are repeated squaring. fused()
 * rounds a product and a sum once by error-free transformations (Dekker; Boldo and Melquiond),
 * which is exact for the moderate numbers that come here.
 *
 * Upstream: Go 1.26 math/exp_amd64.s, log_amd64.s, log10.go, pow.go, mod.go, sqrt.go.
 */
#include "promql/gomath.h"
#include "promql/common.h"

enum { EXPONENT_SHIFT = 52, EXPONENT_MASK = 0x7FF, EXPONENT_BIAS = 1023 };

#define MANTISSA_MASK ((UINT64_C(1) << EXPONENT_SHIFT) - 1)

static int exponent_of(double x)
{
    return (int)(to_bits(x) >> EXPONENT_SHIFT & EXPONENT_MASK);
}

static double with_sign(double x, double sign)
{
    return from_bits((to_bits(x) & ~BITS_SIGN) | (to_bits(sign) & BITS_SIGN));
}

/* ---- parts of a number ---------------------------------------------------------------------- */

double weir__pq_go_trunc(double x)
{
    int whole = exponent_of(x) - EXPONENT_BIAS; /* bits of the mantissa before the point */

    if (whole < 0) {
        return with_sign(0, x);
    }
    if (whole >= EXPONENT_SHIFT) {
        return x;
    }
    return from_bits(to_bits(x) & ~(MANTISSA_MASK >> whole));
}

double weir__pq_go_floor(double x)
{
    double whole = weir__pq_go_trunc(x);

    return whole > x ? whole - 1 : whole;
}

double weir__pq_go_ceil(double x)
{
    double whole = weir__pq_go_trunc(x);

    return whole < x ? with_sign(whole + 1, x) : whole; /* -0.5 to -0 */
}

double weir__pq_go_round(double x)
{
    double whole = weir__pq_go_trunc(x);

    return magnitude(x - whole) >= 0.5 ? whole + with_sign(1, x) : whole;
}

double weir__pq_go_frexp(double x, int *exponent)
{
    uint64_t bits;

    *exponent = 0;
    if (x == 0 || is_nan(x) || is_inf(x)) {
        return x;
    }
    if (exponent_of(x) == 0) {
        x *= 4503599627370496.0; /* 2^52 */
        *exponent = -EXPONENT_SHIFT;
    }
    *exponent += exponent_of(x) - EXPONENT_BIAS + 1;
    bits = to_bits(x) & ~((uint64_t)EXPONENT_MASK << EXPONENT_SHIFT);
    return from_bits(bits | (uint64_t)(EXPONENT_BIAS - 1) << EXPONENT_SHIFT);
}

double weir__pq_go_ldexp(double fraction, int exponent)
{
    int own;
    double scale = 1, unit;

    if (fraction == 0 || is_nan(fraction) || is_inf(fraction)) {
        return fraction;
    }
    unit = weir__pq_go_frexp(fraction, &own) * 2;
    exponent += own - 1;
    if (exponent < -1075) {
        return with_sign(0, fraction);
    }
    if (exponent > EXPONENT_BIAS) {
        return with_sign(INFINITE, fraction);
    }
    if (exponent < -1022) { /* the result is subnormal: rounded once, by the product */
        exponent += 53;
        scale = 1.0 / 9007199254740992.0;
    }
    return scale * from_bits(to_bits(unit) + ((uint64_t)(int64_t)exponent << EXPONENT_SHIFT));
}

double weir__pq_go_max(double x, double y)
{
    if (x == INFINITE || y == INFINITE) {
        return INFINITE;
    }
    if (is_nan(x) || is_nan(y)) {
        return NOT_A_NUMBER;
    }
    if (x == 0 && y == 0) {
        return is_negative(x) ? y : x;
    }
    return x > y ? x : y;
}

double weir__pq_go_min(double x, double y)
{
    if (x == -INFINITE || y == -INFINITE) {
        return -INFINITE;
    }
    if (is_nan(x) || is_nan(y)) {
        return NOT_A_NUMBER;
    }
    if (x == 0 && y == 0) {
        return is_negative(x) ? x : y;
    }
    return x < y ? x : y;
}

/* ---- square root and remainder: exact, whatever the algorithm -------------------------------- */

double weir__pq_go_sqrt(double x)
{
    uint64_t mantissa, root = 0, rest = 0;
    int exponent;
    double fraction;

    if (x == 0 || is_nan(x) || x == INFINITE) {
        return x;
    }
    if (x < 0) {
        return NOT_A_NUMBER;
    }
    fraction = weir__pq_go_frexp(x, &exponent);
    mantissa = (to_bits(fraction) & MANTISSA_MASK) | UINT64_C(1) << EXPONENT_SHIFT;
    exponent -= 53; /* x = mantissa * 2^exponent */
    if ((exponent & 1) != 0) {
        mantissa <<= 1;
        exponent--;
    }
    /* 54 bits of the root of mantissa * 2^54, two bits of the radicand a turn */
    for (int shift = 106; shift >= 0; shift -= 2) {
        uint64_t pair = shift >= 54 ? mantissa >> (shift - 54) & 3 : 0;
        uint64_t trial = root << 2 | 1;

        rest = rest << 2 | pair;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1;
        }
    }
    root += (root & 1) != 0 && (rest != 0 || (root & 2) != 0) ? 1 : 0;
    return weir__pq_go_ldexp((double)(root >> 1), (exponent - 54) / 2 + 1);
}

double weir__pq_go_mod(double x, double y)
{
    double rest = magnitude(x), divisor = magnitude(y), unit;
    int own;

    if (y == 0 || is_inf(x) || is_nan(x) || is_nan(y)) {
        return NOT_A_NUMBER;
    }
    unit = weir__pq_go_frexp(divisor, &own);
    while (rest >= divisor) {
        int exponent;
        double fraction = weir__pq_go_frexp(rest, &exponent);

        if (fraction < unit) {
            exponent--;
        }
        rest -= weir__pq_go_ldexp(divisor, exponent - own);
    }
    return with_sign(rest, x);
}

/* ---- logarithms ----------------------------------------------------------------------------- */

#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW  1.90821492927058770002e-10
#define LOG2_E   1.442695040888963407359924681001892137
#define LOG10_E  0.434294481903251827651128918916605082

double weir__pq_go_log(double x)
{
    static const double odd[] = {6.666666666666735130e-01, 2.857142874366239149e-01,
                                 1.818357216161805012e-01, 1.479819860511658591e-01};
    static const double even[] = {3.999999999940941908e-01, 2.222219843214978396e-01,
                                  1.531383769920937332e-01};
    double k, f, s, s2, s4, t1, t2, half;

    if (x == 0) {
        return -INFINITE;
    }
    if (is_nan(x) || x == INFINITE) {
        return x;
    }
    if (x < 0) {
        return NOT_A_NUMBER;
    }
    /* As Go's amd64 code: a subnormal number is taken for the normal one with its mantissa. */
    k = exponent_of(x) - (EXPONENT_BIAS - 1);
    f = from_bits((to_bits(x) & MANTISSA_MASK) | to_bits(0.5));
    if (f < 7.07106781186547524401e-01) {
        k -= 1;
        f *= 2;
    }
    f -= 1;
    s = f / (2 + f);
    s2 = s * s;
    s4 = s2 * s2;
    t1 = s2 * (odd[0] + s4 * (odd[1] + s4 * (odd[2] + s4 * odd[3])));
    t2 = s4 * (even[0] + s4 * (even[1] + s4 * even[2]));
    half = 0.5 * f * f;
    return k * LN2_HIGH - ((half - (s * (half + (t1 + t2)) + k * LN2_LOW)) - f);
}

double weir__pq_go_log2(double x)
{
    int exponent;
    double fraction = weir__pq_go_frexp(x, &exponent);

    if (fraction == 0.5) {
        return exponent - 1;
    }
    return weir__pq_go_log(fraction) * LOG2_E + exponent;
}

double weir__pq_go_log10(double x)
{
    return weir__pq_go_log(x) * LOG10_E;
}

/* ---- exponential and power ------------------------------------------------------------------ */

struct pair {
    double high, low;
};

static struct pair exact_sum(double a, double b)
{
    double sum = a + b, part = sum - a;

    return (struct pair){sum, (a - (sum - part)) + (b - part)};
}

static struct pair split(double a)
{
    double scaled = 134217729.0 * a, high = scaled - (scaled - a); /* 2^27 + 1 */

    return (struct pair){high, a - high};
}

static struct pair exact_product(double a, double b)
{
    struct pair x = split(a), y = split(b);
    double product = a * b;

    return (struct pair){
        product, x.low * y.low - (((product - x.high * y.high) - x.low * y.high) - x.high * y.low)};
}

/* a + b cut to an odd last bit unless exact, so that a second rounding does no harm. */
static double sum_to_odd(double a, double b)
{
    struct pair sum = exact_sum(a, b);
    uint64_t bits = to_bits(sum.high);

    if (sum.low != 0 && (bits & 1) == 0) {
        bits += (sum.low > 0) == (sum.high > 0) ? 1 : UINT64_MAX;
    }
    return from_bits(bits);
}

/* a * b + c, rounded once */
static double fused(double a, double b, double c)
{
    struct pair product = exact_product(a, b), low = exact_sum(c, product.low);
    struct pair high = exact_sum(product.high, low.high);

    return high.high + sum_to_odd(high.low, low.low);
}

/* The whole number next to x, even in the middle; |x| below 2^31. */
static int nearest(double x)
{
    double magic = 6755399441055744.0; /* 1.5 * 2^52 */

    return (int)((x + magic) - magic);
}

double weir__pq_go_exp(double x)
{
    static const double taylor[] = {2.4801587301587301587e-5,
                                    1.9841269841269841270e-4,
                                    1.3888888888888888889e-3,
                                    8.3333333333333333333e-3,
                                    4.1666666666666666667e-2,
                                    1.6666666666666666667e-1,
                                    0.5,
                                    1.0};
    double sum, k;
    int exponent;

    if (is_nan(x) || x == INFINITE) {
        return x;
    }
    if (x > 7.09782712893384e+02) {
        return INFINITE;
    }
    if (x < -800) { /* -Inf too */
        return 0;
    }
    exponent = nearest(LOG2_E * x);
    k = exponent;
    x = fused(-0.69314718055966295651160180568695068359375, k, x);
    x = fused(-0.28235290563031577122588448175013436025525412068e-12, k, x);
    x *= 0.0625;
    sum = taylor[0];
    for (size_t i = 1; i < sizeof taylor / sizeof taylor[0]; i++) {
        sum = fused(sum, x, taylor[i]);
    }
    x *= sum; /* e^(x/16) - 1; now three times (1 + x)^2 - 1 = x (x + 2), and once the square */
    x *= x + 2;
    x *= x + 2;
    x *= x + 2;
    x = fused(x, x + 2, 1);
    exponent += EXPONENT_BIAS;
    if (exponent >= EXPONENT_MASK) {
        return INFINITE;
    }
    if (exponent < -52) {
        return 0;
    }
    if (exponent <= 0) {
        x *= from_bits((uint64_t)(exponent + EXPONENT_BIAS - 1) << EXPONENT_SHIFT);
        exponent = 1;
    }
    return x * from_bits((uint64_t)exponent << EXPONENT_SHIFT);
}

static bool is_odd(double x)
{
    /* From 2^53 on all doubles are even. */
    return magnitude(x) < 9007199254740992.0 && weir__pq_go_trunc(x) == x && ((int64_t)x & 1) != 0;
}

/* Powers of 0 and of infinities, and infinite powers; y is neither 0 nor NaN, nor is x NaN. */
static double special_power(double x, double y)
{
    if (x == 0) {
        double zero = is_odd(y) ? x : 0;

        return y < 0 ? with_sign(INFINITE, zero) : zero;
    }
    if (is_inf(y)) {
        return x == -1 ? 1 : (magnitude(x) < 1) == (y > 0) ? 0 : INFINITE;
    }
    if (x < 0) {
        return special_power(-0.0, -y);
    }
    return y < 0 ? 0 : INFINITE;
}

/* x^y for finite x other than 0 and finite y: e^(fraction log x) times squares of x. */
static double finite_power(double x, double y)
{
    double whole = weir__pq_go_trunc(magnitude(y)), fraction = magnitude(y) - whole, power = 1,
           square;
    int exponent = 0, squared;

    if (fraction != 0 && x < 0) {
        return NOT_A_NUMBER;
    }
    if (whole >= 9223372036854775808.0) { /* 2^63, and even: far out unless |x| is 1 */
        return x == -1 ? 1 : (magnitude(x) < 1) == (y > 0) ? 0 : INFINITE;
    }
    if (fraction != 0) {
        if (fraction > 0.5) {
            fraction -= 1;
            whole += 1;
        }
        power = weir__pq_go_exp(fraction * weir__pq_go_log(x));
    }
    square = weir__pq_go_frexp(x, &squared);
    for (int64_t left = (int64_t)whole; left != 0; left >>= 1) {
        if (squared < -4096 || squared > 4096) {
            exponent += squared;
            break;
        }
        if ((left & 1) == 1) {
            power *= square;
            exponent += squared;
        }
        square *= square;
        squared *= 2;
        if (square < 0.5) {
            square += square;
            squared--;
        }
    }
    return y < 0 ? weir__pq_go_ldexp(1 / power, -exponent) : weir__pq_go_ldexp(power, exponent);
}

double weir__pq_go_pow(double x, double y)
{
    if (y == 0 || x == 1) {
        return 1;
    }
    if (y == 1) {
        return x;
    }
    if (is_nan(x) || is_nan(y)) {
        return NOT_A_NUMBER;
    }
    if (x == 0 || is_inf(x) || is_inf(y)) {
        return special_power(x, y);
    }
    if (y == 0.5 || y == -0.5) {
        double root = weir__pq_go_sqrt(x);

        return y > 0 ? root : 1 / root;
    }
    return finite_power(x, y);
}
