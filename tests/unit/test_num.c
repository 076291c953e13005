/* base/num: exact rounding, Go's max and min, the integer power, conversion to int32. */
#include "base/num.h"
#include "table.h"
#include <math.h>

struct unary {
    const char *name;
    double (*function)(double);
    double in, out;
};

static double ceil_of(double x)
{
    return weir__ceil(x);
}

static double floor_of(double x)
{
    return weir__floor(x);
}

static double round_of(double x)
{
    return weir__round(x);
}

static double trunc_of(double x)
{
    return weir__trunc(x);
}

static const struct unary unaries[] = {
    {"ceil keeps a negative zero", ceil_of, -0.3, -0.0},
    {"ceil rounds up", ceil_of, 2.000000001, 3},
    {"ceil of a whole number", ceil_of, 7, 7},
    {"ceil of a negative number", ceil_of, -2.5, -2},
    {"ceil of 2^52 + 1", ceil_of, 4503599627370497.0, 4503599627370497.0},
    {"ceil just below 2^52", ceil_of, 4503599627370495.5, 4503599627370496.0},
    {"ceil of infinity", ceil_of, INFINITY, INFINITY},
    {"floor rounds down", floor_of, -0.3, -1},
    {"floor of a negative zero", floor_of, -0.0, -0.0},
    {"floor of a fraction", floor_of, 0.9, 0},
    {"round half away from zero", round_of, 0.5, 1},
    {"round half away from zero below", round_of, -2.5, -3},
    {"round the number just below a half", round_of, 0.49999999999999994, 0},
    {"round a tiny negative to a negative zero", round_of, -3.6e-14, -0.0},
    {"trunc toward zero", trunc_of, -1.9, -1},
    {"trunc to a negative zero", trunc_of, -0.9, -0.0},
};

static void rounds_exactly(void **state)
{
    const struct unary *row = *state;

    assert_bits_equal(row->function(row->in), row->out);
}

static void nan_passes_through(void **state)
{
    (void)state;
    assert_true(weir__is_nan(weir__ceil(NAN)));
    assert_true(weir__is_nan(weir__floor(NAN)));
    assert_true(weir__is_nan(weir__round(NAN)));
}

struct binary {
    const char *name;
    double a, b, max, min;
};

static const struct binary binaries[] = {
    {"ordinary numbers", 1, 2, 2, 1},
    {"plus zero is the larger zero", 0.0, -0.0, 0.0, -0.0},
    {"in either order", -0.0, 0.0, 0.0, -0.0},
    {"two negative zeros", -0.0, -0.0, -0.0, -0.0},
    {"NaN beats a number", NAN, 1, NAN, NAN},
    {"a number loses to NaN", 1, NAN, NAN, NAN},
    {"plus infinity beats NaN", NAN, INFINITY, INFINITY, NAN},
    {"minus infinity beats NaN", -INFINITY, NAN, NAN, -INFINITY},
};

static void max_and_min_are_those_of_go(void **state)
{
    const struct binary *row = *state;
    double max = weir__max(row->a, row->b), min = weir__min(row->a, row->b);

    if (weir__is_nan(row->max)) {
        assert_true(weir__is_nan(max));
    } else {
        assert_bits_equal(max, row->max);
    }
    if (weir__is_nan(row->min)) {
        assert_true(weir__is_nan(min));
    } else {
        assert_bits_equal(min, row->min);
    }
}

struct power {
    const char *name;
    uint64_t base;
    int64_t n;
    uint64_t want;
};

/* Bits as Go prints them. */
static const struct power powers[] = {
    {"0.8^1", 0x3fe999999999999a, 1, 0x3fe999999999999a},
    {"0.8^2", 0x3fe999999999999a, 2, 0x3fe47ae147ae147c},
    {"0.8^3", 0x3fe999999999999a, 3, 0x3fe0624dd2f1a9fd},
    {"0.8^5", 0x3fe999999999999a, 5, 0x3fd4f8b588e368f4},
    {"0.8^10", 0x3fe999999999999a, 10, 0x3fbb7cdfd9d7bdc3},
    {"0.8^17", 0x3fe999999999999a, 17, 0x3f970ef54646d4a2},
    {"0.8^59", 0x3fe999999999999a, 59, 0x3ec011c2eaabe7f4},
    {"0.8^60", 0x3fe999999999999a, 60, 0x3eb9b604aaaca656},
    {"(1-c(6))^2", 0x3fcb93a6cec0b3b4, 2, 0x3fa7c3d2c4d63ffa},
    {"(1-c(6))^3", 0x3fcb93a6cec0b3b4, 3, 0x3f847ae147ae1481},
    {"(1-c(6))^5", 0x3fcb93a6cec0b3b4, 5, 0x3f3e6b4b396428f7},
    {"(1-c(6))^10", 0x3fcb93a6cec0b3b4, 10, 0x3e8cea94cb5c700e},
    {"(1-c(6))^59", 0x3fcb93a6cec0b3b4, 59, 0x37c4378b6401d17e},
    {"anything^0", 0x3fcb93a6cec0b3b4, 0, 0x3ff0000000000000},
    {"1^many", 0x3ff0000000000000, 1000000, 0x3ff0000000000000},
    {"0.5^1074 is the smallest number", 0x3fe0000000000000, 1074, 1},
    {"0.5^1075 is zero", 0x3fe0000000000000, 1075, 0},
    {"0.5^(2^40) is zero", 0x3fe0000000000000, INT64_C(1) << 40, 0},
    {"0.5^1050 is subnormal", 0x3fe0000000000000, 1050, UINT64_C(1) << 24},
};

static void powers_are_those_of_go(void **state)
{
    const struct power *row = *state;

    assert_int_equal(bits_of(weir__powi(weir__from_bits(row->base), row->n)), row->want);
}

struct conversion {
    const char *name;
    double in;
    int32_t saturated, amd64;
};

static const struct conversion conversions[] = {
    {"truncates toward zero", -2.9, -2, -2},
    {"largest int32", 2147483647.9, INT32_MAX, INT32_MAX},
    {"one above it", 2147483648.0, INT32_MAX, INT32_MIN},
    {"smallest int32", -2147483648.9, INT32_MIN, INT32_MIN},
    {"one below it", -2147483649.0, INT32_MIN, INT32_MIN},
    {"infinity", INFINITY, INT32_MAX, INT32_MIN},
    {"minus infinity", -INFINITY, INT32_MIN, INT32_MIN},
    {"NaN", NAN, INT32_MIN, INT32_MIN},
    {"minus zero", -0.0, 0, 0},
};

static void converts_to_int32(void **state)
{
    const struct conversion *row = *state;

    assert_int_equal(weir_f64_to_i32(row->in, WEIR_CONVERT_SATURATE), row->saturated);
    assert_int_equal(weir_f64_to_i32(row->in, WEIR_CONVERT_AMD64), row->amd64);
}

static void time_arithmetic_saturates(void **state)
{
    (void)state;
    assert_true(weir__add(INT64_MAX, 1) == INT64_MAX);
    assert_true(weir__add(INT64_MIN, -1) == INT64_MIN);
    assert_true(weir__sub(INT64_MIN, 1) == INT64_MIN);
    assert_true(weir__sub(0, INT64_MIN) == INT64_MAX);
    assert_true(weir__sub(5, 3) == 2);
    assert_true(weir__floor_div(-1, 10) == -1);
    assert_true(weir__floor_mod(-1, 10) == 9);
    assert_true(weir__round_to_second(1499999999) == WEIR_SECOND);
    assert_true(weir__round_to_second(1500000000) == 2 * WEIR_SECOND);
    assert_bits_equal(weir__seconds(1234567891), 1.0 + 234567891.0 / 1e9);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, rounds_exactly, unaries);
    SUITE_TEST(&suite, nan_passes_through);
    SUITE_TABLE(&suite, max_and_min_are_those_of_go, binaries);
    SUITE_TABLE(&suite, powers_are_those_of_go, powers);
    SUITE_TABLE(&suite, converts_to_int32, conversions);
    SUITE_TEST(&suite, time_arithmetic_saturates);
    return suite_run(&suite, "num");
}
