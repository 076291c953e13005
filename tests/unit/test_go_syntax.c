/* manifest/go_syntax: numbers, booleans and durations exactly as Go reads them. */
#include "manifest/go_syntax.h"
#include "table.h"
#include <math.h>

struct number {
    const char *name; /* the text */
    int fine;
    double value;
};

static const struct number numbers[] = {
    {"1", 1, 1},          {"+1", 1, 1},
    {"-0", 1, -0.0},      {".5", 1, .5},
    {"5.", 1, 5},         {"1e3", 1, 1000},
    {"1E-2", 1, .01},     {"1_0", 1, 10},
    {"1e1_0", 1, 1e10},   {"0x1p-2", 1, .25},
    {"0x_1p4", 1, 16},    {"0X1.8P1", 1, 3},
    {"inf", 1, INFINITY}, {"-Infinity", 1, -INFINITY},
    {"NaN", 1, NAN},      {"1e-400", 1, 0},
    {"0.1", 1, 0.1},      {"9007199254740993", 1, 9007199254740992.0},
    {"", 0, 0},           {" 1", 0, 0},
    {"1 ", 0, 0},         {"_1", 0, 0},
    {"1_", 0, 0},         {"1__0", 0, 0},
    {"1_.5", 0, 0},       {"0x10", 0, 0},
    {"1e", 0, 0},         {"1e400", 0, 0},
    {"+nan", 0, 0},       {"1.2.3", 0, 0},
    {".", 0, 0},          {"abc", 0, 0},
    {"infin", 0, 0},      {"1,5", 0, 0},
    {"0x1p", 0, 0},       {"e5", 0, 0},
};

static void reads_floats(void **state)
{
    const struct number *row = *state;
    double value = 12345;

    assert_int_equal(go_parse_float(row->name, &value), row->fine);
    if (row->fine && isnan(row->value)) {
        assert_true(isnan(value));
    } else if (row->fine) {
        assert_bits_equal(value, row->value);
    }
}

struct integer {
    const char *name;
    int32_t bits;
    int fine;
    int64_t value;
};

static const struct integer integers[] = {
    {"0", 32, 1, 0},
    {"007", 32, 1, 7},
    {"+5", 32, 1, 5},
    {"-5", 32, 1, -5},
    {"2147483647", 32, 1, INT32_MAX},
    {"2147483648", 32, 0, 0},
    {"-2147483648", 32, 1, INT32_MIN},
    {"-2147483649", 32, 0, 0},
    {"2147483648", 64, 1, INT64_C(2147483648)},
    {"9223372036854775807", 64, 1, INT64_MAX},
    {"9223372036854775808", 64, 0, 0},
    {"-9223372036854775808", 64, 1, INT64_MIN},
    {"", 32, 0, 0},
    {"-", 32, 0, 0},
    {"1_0", 32, 0, 0},
    {"1.0", 32, 0, 0},
    {" 1", 32, 0, 0},
    {"0x10", 32, 0, 0},
};

static void reads_integers(void **state)
{
    const struct integer *row = *state;
    int64_t value = 0;

    assert_int_equal(go_parse_int(row->name, row->bits, &value), row->fine);
    if (row->fine) {
        assert_true(value == row->value);
    }
}

struct duration {
    const char *name;
    int fine;
    int64_t value;
};

static const struct duration durations[] = {
    {"0", 1, 0},
    {"-0", 1, 0},
    {"5s", 1, 5000000000},
    {"1m30s", 1, INT64_C(90000000000)},
    {"1h1m1s", 1, INT64_C(3661000000000)},
    {"1.5s", 1, 1500000000},
    {".5s", 1, 500000000},
    {"1.s", 1, 1000000000},
    {"250ms", 1, 250000000},
    {"3us", 1, 3000},
    {"3\xc2\xb5s", 1, 3000},
    {"3\xce\xbcs", 1, 3000},
    {"7ns", 1, 7},
    {"-1m", 1, INT64_C(-60000000000)},
    {"0.3333333333333333333h", 1, INT64_C(1200000000000)},
    {"9223372036854775807ns", 1, INT64_MAX},
    {"-9223372036854775808ns", 1, INT64_MIN},
    {"9223372036854775808ns", 0, 0},
    {"2562048h", 0, 0},
    {"", 0, 0},
    {"3", 0, 0},
    {"s", 0, 0},
    {".s", 0, 0},
    {"1d", 0, 0},
    {"1s ", 0, 0},
    {"1 s", 0, 0},
    {"--1s", 0, 0},
    {"1e3s", 0, 0},
};

static void reads_durations(void **state)
{
    const struct duration *row = *state;
    weir_duration value = 0;

    assert_int_equal(go_parse_duration(row->name, &value), row->fine);
    if (row->fine) {
        assert_true(value == row->value);
    }
}

static void reads_booleans(void **state)
{
    int32_t value = -1;

    (void)state;
    assert_true(go_parse_bool("TRUE", &value) && value == 1);
    assert_true(go_parse_bool("f", &value) && value == 0);
    assert_false(go_parse_bool("yes", &value));
    assert_false(go_parse_bool("tRUE", &value));
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, reads_floats, numbers);
    SUITE_TABLE(&suite, reads_integers, integers);
    SUITE_TABLE(&suite, reads_durations, durations);
    SUITE_TEST(&suite, reads_booleans);
    return suite_run(&suite, "go_syntax");
}
