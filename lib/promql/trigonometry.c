/*
 * trigonometry.c - circular and hyperbolic functions and their inverses with Go's bits.
 *
 * The formulas and their constants are published: circular functions are those of Cephes (argument
 * reduced to an octant by pi/4 in three parts, from 2^29 on by the digits of 4/pi as Payne and
 * Hanek do), the small hyperbolic sine is no. 2029 of Hart and others, log(1 + x) and the inverse
 * hyperbolic functions are those of FreeBSD's msun.
 *
 * Upstream: Go 1.26 math/sin.go, tan.go, trig_reduce.go, atan.go, asin.go, atan2.go, sinh.go,
 * tanh.go, asinh.go, acosh.go, atanh.go, log1p.go.
 */
#include "promql/common.h"
#include "promql/gomath.h"

#define PI         3.14159265358979323846
#define FOUR_BY_PI 1.27323954473516268615

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Horner's scheme, the highest power's coefficient first. */
static double polynomial(const double *coefficients, size_t count, double x)
{
    double sum = coefficients[0];

    for (size_t i = 1; i < count; i++) {
        sum = sum * x + coefficients[i];
    }
    return sum;
}

static double with_sign(double x, bool negative)
{
    return negative ? -x : x;
}

/* ---- reduction ------------------------------------------------------------------------------ */

/* An angle of 0 or more as z + octant * pi/4, the octant even. */
struct angle {
    double z;
    uint64_t octant;
};

/* The high 64 bits of a product. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    uint64_t a0 = a & UINT32_MAX, a1 = a >> 32, b0 = b & UINT32_MAX, b1 = b >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (middle & UINT32_MAX);

    return a1 * b1 + (middle >> 32) + (other >> 32);
}

/* 64 bits that begin `shift` bits into a. */
static uint64_t bits_from(uint64_t a, uint64_t b, unsigned shift)
{
    return shift == 0 ? a : a << shift | b >> (64 - shift);
}

/* The angle times 4/pi to 192 bits of it, whose highest 3 are the octant. */
static struct angle reduce_large(double x)
{
    /* 4/pi in binary, 1 before the point and 1216 digits after it */
    static const uint64_t digits[] = {
        1,
        UINT64_C(0x45f306dc9c882a53),
        UINT64_C(0xf84eafa3ea69bb81),
        UINT64_C(0xb6c52b3278872083),
        UINT64_C(0xfca2c757bd778ac3),
        UINT64_C(0x6e48dc74849ba5c0),
        UINT64_C(0x0c925dd413a32439),
        UINT64_C(0xfc3bd63962534e7d),
        UINT64_C(0xd1046bea5d768909),
        UINT64_C(0xd338e04d68befc82),
        UINT64_C(0x7323ac7306a673e9),
        UINT64_C(0x3908bf177bf25076),
        UINT64_C(0x3ff12fffbc0b301f),
        UINT64_C(0xde5e2316b414da3e),
        UINT64_C(0xda6cfd9e4f96136e),
        UINT64_C(0x9e8c7ecd3cbfd45a),
        UINT64_C(0xea4f758fd7cbe2f6),
        UINT64_C(0x7a0e73ef14a525d4),
        UINT64_C(0xd7f6bf623f1aba10),
        UINT64_C(0xac06608df8f6d757),
    };
    uint64_t bits = to_bits(x), mantissa = (bits & (UINT64_MAX >> 12)) | UINT64_C(1) << 52;
    unsigned from = (unsigned)(bits >> 52) - 1075 + 61, shift = from % 64;
    const uint64_t *d = digits + from / 64;
    uint64_t middle = bits_from(d[1], d[2], shift), carried, high, low, fraction;
    struct angle angle;
    int zeros = 0;

    low = middle * mantissa;
    carried = low + multiply_high(bits_from(d[2], d[3], shift), mantissa);
    high = bits_from(d[0], d[1], shift) * mantissa + multiply_high(middle, mantissa) +
           (carried < low ? 1 : 0);
    angle.octant = high >> 61;
    fraction = high << 3 | carried >> 61;
    while (zeros < 62 && fraction >> (63 - zeros) == 0) {
        zeros++;
    }
    zeros++;
    fraction = bits_from(fraction, carried, (unsigned)zeros) >> 12;
    angle.z = from_bits(fraction | (uint64_t)(1023 - zeros) << 52);
    if ((angle.octant & 1) == 1) {
        angle.octant = (angle.octant + 1) & 7;
        angle.z -= 1;
    }
    angle.z *= PI / 4;
    return angle;
}

static struct angle reduce(double x)
{
    struct angle angle;
    double y;

    if (x >= 536870912.0) { /* 2^29 */
        return reduce_large(x);
    }
    angle.octant = (uint64_t)(x * FOUR_BY_PI);
    angle.octant += angle.octant & 1;
    y = (double)angle.octant;
    angle.z = x - y * 7.85398125648498535156e-1;
    angle.z -= y * 3.77489470793079817668e-8;
    angle.z -= y * 2.69515142907905952645e-15;
    angle.octant &= 7;
    return angle;
}

/* ---- circular functions --------------------------------------------------------------------- */

static double small_sine(double z)
{
    static const double c[] = {1.58962301576546568060e-10, -2.50507477628578072866e-8,
                               2.75573136213857245213e-6,  -1.98412698295895385996e-4,
                               8.33333333332211858878e-3,  -1.66666666666666307295e-1};
    double square = z * z;

    return z + z * square * polynomial(c, COUNT(c), square);
}

static double small_cosine(double z)
{
    static const double c[] = {-1.13585365213876817300e-11, 2.08757008419747316778e-9,
                               -2.75573141792967388112e-7,  2.48015872888517045348e-5,
                               -1.38888888888730564116e-3,  4.16666666666665929218e-2};
    double square = z * z;

    return 1.0 - 0.5 * square + square * square * polynomial(c, COUNT(c), square);
}

double weir__pq_go_sin(double x)
{
    struct angle angle;

    if (x == 0 || is_nan(x)) {
        return x;
    }
    if (is_inf(x)) {
        return NOT_A_NUMBER;
    }
    angle = reduce(magnitude(x));
    return with_sign((angle.octant & 2) != 0 ? small_cosine(angle.z) : small_sine(angle.z),
                     (x < 0) != (angle.octant > 3));
}

double weir__pq_go_cos(double x)
{
    struct angle angle;

    if (is_nan(x) || is_inf(x)) {
        return NOT_A_NUMBER;
    }
    angle = reduce(magnitude(x));
    return with_sign((angle.octant & 2) != 0 ? small_sine(angle.z) : small_cosine(angle.z),
                     angle.octant == 2 || angle.octant == 4);
}

double weir__pq_go_tan(double x)
{
    static const double p[] = {-1.30936939181383777646e4, 1.15351664838587416140e6,
                               -1.79565251976484877988e7};
    static const double q[] = {1, 1.36812963470692954678e4, -1.32089234440210967447e6,
                               2.50083801823357915839e7, -5.38695755929454629881e7};
    struct angle angle;
    double square, y;

    if (x == 0 || is_nan(x)) {
        return x;
    }
    if (is_inf(x)) {
        return NOT_A_NUMBER;
    }
    angle = reduce(magnitude(x));
    square = angle.z * angle.z;
    y = angle.z;
    if (square > 1e-14) {
        y += angle.z * (square * polynomial(p, COUNT(p), square) / polynomial(q, COUNT(q), square));
    }
    return with_sign((angle.octant & 2) != 0 ? -1 / y : y, x < 0);
}

/* ---- their inverses ------------------------------------------------------------------------- */

/* For x in 0 to 0.66. */
static double small_arctangent(double x)
{
    static const double p[] = {-8.750608600031904122785e-01, -1.615753718733365076637e+01,
                               -7.500855792314704667340e+01, -1.228866684490136173410e+02,
                               -6.485021904942025371773e+01};
    static const double q[] = {1,
                               2.485846490142306297962e+01,
                               1.650270098316988542046e+02,
                               4.328810604912902668951e+02,
                               4.853903996359136964868e+02,
                               1.945506571482613964425e+02};
    double z = x * x;

    z = z * polynomial(p, COUNT(p), z) / polynomial(q, COUNT(q), z);
    return x * z + x;
}

/* For x of 0 or more. */
static double positive_arctangent(double x)
{
    double rest = 6.123233995736765886130e-17; /* of pi/2 as a double */

    if (x <= 0.66) {
        return small_arctangent(x);
    }
    if (x > 2.41421356237309504880) { /* tan(3/8 pi) */
        return PI / 2 - small_arctangent(1 / x) + rest;
    }
    return PI / 4 + small_arctangent((x - 1) / (x + 1)) + 0.5 * rest;
}

double weir__pq_go_atan(double x)
{
    return x == 0 || is_nan(x) ? x : with_sign(positive_arctangent(magnitude(x)), x < 0);
}

double weir__pq_go_asin(double x)
{
    double size = magnitude(x), leg;

    if (x == 0) {
        return x;
    }
    if (!(size <= 1)) {
        return NOT_A_NUMBER;
    }
    leg = weir__pq_go_sqrt(1 - size * size);
    return with_sign(size > 0.7 ? PI / 2 - positive_arctangent(leg / size)
                                : positive_arctangent(size / leg),
                     x < 0);
}

double weir__pq_go_acos(double x)
{
    return PI / 2 - weir__pq_go_asin(x);
}

double weir__pq_go_atan2(double y, double x)
{
    double angle;

    if (is_nan(y) || is_nan(x)) {
        return NOT_A_NUMBER;
    }
    if (y == 0) {
        angle = is_negative(x) ? PI : 0;
    } else if (is_inf(x)) {
        angle = is_inf(y) ? (x > 0 ? PI / 4 : 2.35619449019234492885) : (x > 0 ? 0 : PI);
    } else if (x == 0 || is_inf(y)) {
        angle = PI / 2;
    } else {
        angle = weir__pq_go_atan(y / x);
        return x >= 0 ? angle : angle <= 0 ? angle + PI : angle - PI;
    }
    return with_sign(angle, is_negative(y));
}

/* ---- hyperbolic functions ------------------------------------------------------------------- */

double weir__pq_go_sinh(double x)
{
    static const double p[] = {-0.2630563213397497062819489e+2, -0.2894211355989563807284660366e+4,
                               -0.8991272022039509355398013511e+5,
                               -0.6307673640497716991184787251e+6};
    static const double q[] = {1, -0.173678953558233699533450911e+3,
                               0.1521517378790019070696485176e+5,
                               -0.6307673640497716991212077277e+6};
    double size = magnitude(x), result;

    if (size > 21) {
        result = weir__pq_go_exp(size) * 0.5;
    } else if (size > 0.5) {
        double e = weir__pq_go_exp(size);

        result = (e - 1 / e) * 0.5;
    } else {
        double square = x * x;

        result = polynomial(p, COUNT(p), square) * size / polynomial(q, COUNT(q), square);
    }
    return is_nan(x) ? x : with_sign(result, is_negative(x));
}

double weir__pq_go_cosh(double x)
{
    double e = weir__pq_go_exp(magnitude(x));

    return magnitude(x) > 21 ? e * 0.5 : (e + 1 / e) * 0.5;
}

double weir__pq_go_tanh(double x)
{
    static const double p[] = {-9.64399179425052238628e-1, -9.92877231001918586564e1,
                               -1.61468768441708447952e3};
    static const double q[] = {1, 1.12811678491632931402e2, 2.23548839060100448583e3,
                               4.84406305325125486048e3};
    double size = magnitude(x), square = x * x;

    if (size > 0.5 * 8.8029691931113054295988e+01) { /* half of log(2^127) */
        return x < 0 ? -1 : 1;
    }
    if (size >= 0.625) {
        return with_sign(1 - 2 / (weir__pq_go_exp(2 * size) + 1), x < 0);
    }
    return x == 0
               ? x
               : x + x * square * polynomial(p, COUNT(p), square) / polynomial(q, COUNT(q), square);
}

/* ---- their inverses ------------------------------------------------------------------------- */

#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW  1.90821492927058770002e-10
#define LN2      0.693147180559945309417

/* 1 + x = 2^k (1 + f) (1 + c / ...): what log(1 + x) is summed from. */
struct reduced {
    double k, f;
    double correction; /* of what 1 + x lost in rounding */
    bool tiny;         /* f is below 2^-20 */
};

static struct reduced reduce_logarithm(double x)
{
    double u = magnitude(x) < 9007199254740992.0 ? 1 + x : x; /* 2^53 */
    uint64_t bits = to_bits(u), mantissa = bits & (UINT64_MAX >> 12);
    int k = (int)(bits >> 52) - 1023;
    struct reduced r = {0, 0, 0, mantissa == 0};

    if (magnitude(x) < 9007199254740992.0) {
        r.correction = (k > 0 ? 1 - (u - x) : x - (u - 1)) / u;
    }
    if (mantissa < UINT64_C(0x0006a09e667f3bcd)) { /* the square root of 2 */
        u = from_bits(mantissa | UINT64_C(0x3ff0000000000000));
    } else {
        k++;
        u = from_bits(mantissa | UINT64_C(0x3fe0000000000000));
        r.tiny = (UINT64_C(0x0010000000000000) - mantissa) >> 2 == 0;
    }
    r.k = k;
    r.f = u - 1;
    return r;
}

/* log(1 + x) */
static double logarithm_of_next(double x)
{
    static const double c[] = {1.479819860511658591e-01, 1.531383769920937332e-01,
                               1.818357216161805012e-01, 2.222219843214978396e-01,
                               2.857142874366239149e-01, 3.999999999940941908e-01,
                               6.666666666666735130e-01};
    struct reduced r = {0, x, 0, false};
    double half, s, rest;

    if (magnitude(x) < 1.0 / 536870912.0) { /* 2^-29 */
        return magnitude(x) < 1.0 / 18014398509481984.0 ? x : x - x * x * 0.5;
    }
    if (x <= -2.928932188134524755992e-01 || x >= 4.142135623730950488017e-01) {
        r = reduce_logarithm(x);
    }
    half = 0.5 * r.f * r.f;
    if (r.tiny) {
        if (r.f == 0) {
            return r.k * LN2_HIGH + (r.correction + r.k * LN2_LOW);
        }
        rest = half * (1 - 0.66666666666666666 * r.f);
        return r.k * LN2_HIGH - ((rest - (r.k * LN2_LOW + r.correction)) - r.f);
    }
    s = r.f / (2 + r.f);
    rest = s * s * polynomial(c, COUNT(c), s * s);
    if (r.k == 0) {
        return r.f - (half - s * (half + rest));
    }
    return r.k * LN2_HIGH - ((half - (s * (half + rest) + (r.k * LN2_LOW + r.correction))) - r.f);
}

double weir__pq_go_asinh(double x)
{
    double size = magnitude(x), result;

    if (is_nan(x) || is_inf(x)) {
        return x;
    }
    if (size > 268435456.0) { /* 2^28 */
        result = weir__pq_go_log(size) + LN2;
    } else if (size > 2) {
        result = weir__pq_go_log(2 * size + 1 / (weir__pq_go_sqrt(size * size + 1) + size));
    } else if (size < 1.0 / 268435456.0) {
        result = size;
    } else {
        result = logarithm_of_next(size + size * size / (1 + weir__pq_go_sqrt(1 + size * size)));
    }
    return with_sign(result, is_negative(x));
}

double weir__pq_go_acosh(double x)
{
    double t = x - 1;

    if (!(x >= 1)) {
        return NOT_A_NUMBER;
    }
    if (x == 1) {
        return 0;
    }
    if (x >= 268435456.0) { /* 2^28 */
        return weir__pq_go_log(x) + LN2;
    }
    if (x > 2) {
        return weir__pq_go_log(2 * x - 1 / (x + weir__pq_go_sqrt(x * x - 1)));
    }
    return logarithm_of_next(t + weir__pq_go_sqrt(2 * t + t * t));
}

double weir__pq_go_atanh(double x)
{
    double size = magnitude(x), result;

    if (!(size <= 1)) {
        return NOT_A_NUMBER;
    }
    if (size == 1) {
        result = INFINITE;
    } else if (size < 1.0 / 268435456.0) { /* 2^-28 */
        result = size;
    } else if (size < 0.5) {
        result = size + size;
        result = 0.5 * logarithm_of_next(result + result * size / (1 - size));
    } else {
        result = 0.5 * logarithm_of_next((size + size) / (1 - size));
    }
    return with_sign(result, is_negative(x));
}
