/* manifest/go_syntax: numbers, booleans and durations exactly as Go reads them. The expected values
 * are what Go's strconv and time packages gave for these texts. */
#include "manifest/go_syntax.h"
#include "table.h"

struct number {
    const char *name; /* the text */
    int result;
    uint64_t bits;
};

static const struct number numbers[] = {
    {"1", WEIR__GO_OK, UINT64_C(0x3ff0000000000000)},
    {"+1", WEIR__GO_OK, UINT64_C(0x3ff0000000000000)},
    {"-0", WEIR__GO_OK, UINT64_C(0x8000000000000000)},
    {".5", WEIR__GO_OK, UINT64_C(0x3fe0000000000000)},
    {"5.", WEIR__GO_OK, UINT64_C(0x4014000000000000)},
    {"1e3", WEIR__GO_OK, UINT64_C(0x408f400000000000)},
    {"1E-2", WEIR__GO_OK, UINT64_C(0x3f847ae147ae147b)},
    {"1_0", WEIR__GO_OK, UINT64_C(0x4024000000000000)},
    {"1e1_0", WEIR__GO_OK, UINT64_C(0x4202a05f20000000)},
    {"0x1p-2", WEIR__GO_OK, UINT64_C(0x3fd0000000000000)},
    {"0x_1p4", WEIR__GO_OK, UINT64_C(0x4030000000000000)},
    {"0X1.8P1", WEIR__GO_OK, UINT64_C(0x4008000000000000)},
    {"0x.8p0", WEIR__GO_OK, UINT64_C(0x3fe0000000000000)},
    {"0x1.fffffffffffff8p0", WEIR__GO_OK, UINT64_C(0x4000000000000000)},
    {"0x1.fffffffffffff7p0", WEIR__GO_OK, UINT64_C(0x3fffffffffffffff)},
    {"0x1p-1074", WEIR__GO_OK, UINT64_C(0x0000000000000001)},
    {"0x1p-1075", WEIR__GO_OK, UINT64_C(0x0000000000000000)},
    {"0x1.8p-1075", WEIR__GO_OK, UINT64_C(0x0000000000000001)},
    {"0x1.000001p-1075", WEIR__GO_OK, UINT64_C(0x0000000000000001)},
    {"0x16498f915528918p-1079", WEIR__GO_OK, UINT64_C(0x000b24c7c8aa9449)},
    {"0x1p1024", WEIR__GO_RANGE, UINT64_C(0x0000000000000000)},
    {"0x1.fffffffffffff8p1023", WEIR__GO_RANGE, UINT64_C(0x0000000000000000)},
    {"0x1.fffffffffffff7fp1023", WEIR__GO_OK, UINT64_C(0x7fefffffffffffff)},
    {"inf", WEIR__GO_OK, UINT64_C(0x7ff0000000000000)},
    {"-Infinity", WEIR__GO_OK, UINT64_C(0xfff0000000000000)},
    {"+inf", WEIR__GO_OK, UINT64_C(0x7ff0000000000000)},
    {"iNf", WEIR__GO_OK, UINT64_C(0x7ff0000000000000)},
    {"NaN", WEIR__GO_OK, UINT64_C(0x7ff8000000000000)},
    {"nan", WEIR__GO_OK, UINT64_C(0x7ff8000000000000)},
    {"1e-400", WEIR__GO_OK, UINT64_C(0x0000000000000000)},
    {"0.1", WEIR__GO_OK, UINT64_C(0x3fb999999999999a)},
    {"9007199254740993", WEIR__GO_OK, UINT64_C(0x4340000000000000)},
    {"9007199254740993.00000000000000000000000000000000001", WEIR__GO_OK,
     UINT64_C(0x4340000000000001)},
    {"1.7976931348623157e308", WEIR__GO_OK, UINT64_C(0x7fefffffffffffff)},
    {"1.7976931348623159e308", WEIR__GO_RANGE, UINT64_C(0x0000000000000000)},
    {"1.797693134862315807e308", WEIR__GO_OK, UINT64_C(0x7fefffffffffffff)},
    {"2.2250738585072011e-308", WEIR__GO_OK, UINT64_C(0x000fffffffffffff)},
    {"4.9e-324", WEIR__GO_OK, UINT64_C(0x0000000000000001)},
    {"2.4703282292062327e-324", WEIR__GO_OK, UINT64_C(0x0000000000000000)},
    {"2.4703282292062328e-324", WEIR__GO_OK, UINT64_C(0x0000000000000001)},
    {"0e99999", WEIR__GO_OK, UINT64_C(0x0000000000000000)},
    {"1e99999", WEIR__GO_RANGE, UINT64_C(0x0000000000000000)},
    {"1e-99999", WEIR__GO_OK, UINT64_C(0x0000000000000000)},
    {"00000000000000000000001", WEIR__GO_OK, UINT64_C(0x3ff0000000000000)},
    {"1000000000000000000000000", WEIR__GO_OK, UINT64_C(0x44ea784379d99db4)},
    {"123456789012345678901234567890", WEIR__GO_OK, UINT64_C(0x45f8ee90ff6c373e)},
    {"0.000001", WEIR__GO_OK, UINT64_C(0x3eb0c6f7a0b5ed8d)},
    {"1.0000000000000002", WEIR__GO_OK, UINT64_C(0x3ff0000000000001)},
    {"1.00000000000000001", WEIR__GO_OK, UINT64_C(0x3ff0000000000000)},
    {"99.99", WEIR__GO_OK, UINT64_C(0x4058ff5c28f5c28f)},
    {"142.4", WEIR__GO_OK, UINT64_C(0x4061cccccccccccd)},
    {"", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {" 1", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"1 ", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"_1", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"1_", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"1__0", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"1_.5", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"1._5", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"0x10", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"1e", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"1e+", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"1e400", WEIR__GO_RANGE, UINT64_C(0x0000000000000000)},
    {"-1e400", WEIR__GO_RANGE, UINT64_C(0x0000000000000000)},
    {"+nan", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"-nan", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"1.2.3", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {".", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"abc", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"infin", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"infinityx", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"1,5", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"0x1p", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"0x", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"0xp1", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"e5", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"1p3", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"0x1e5", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"--1", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"0b1", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
    {"+", WEIR__GO_SYNTAX, UINT64_C(0x0000000000000000)},
};

static void reads_floats(void **state)
{
    const struct number *row = *state;
    double value = 12345;

    assert_int_equal(weir__go_float(row->name, strlen(row->name), &value), row->result);
    if (row->result == WEIR__GO_OK) {
        assert_true(value != value ? row->bits == UINT64_C(0x7ff8000000000000)
                                   : bits_of(value) == row->bits);
    }
}

/* What is behind the first 800 digits can only tip a tie. */
static void reads_numbers_of_any_length(void **state)
{
    static char text[5000];
    double value;

    (void)state;
    memset(text, '0', sizeof text);
    memcpy(text, "9007199254740993", 16); /* the middle between two doubles */
    text[16] = '.';
    assert_int_equal(weir__go_float(text, sizeof text, &value), WEIR__GO_OK);
    assert_bits_equal(value, 9007199254740992.0);
    text[4999] = '1';
    assert_int_equal(weir__go_float(text, sizeof text, &value), WEIR__GO_OK);
    assert_bits_equal(value, 9007199254740994.0);

    memset(text, '0', sizeof text); /* 0.000...0001e4993 */
    text[1] = '.';
    memcpy(text + 4994, "1e4993", 6);
    assert_int_equal(weir__go_float(text, sizeof text, &value), WEIR__GO_OK);
    assert_bits_equal(value, 1.0);

    memset(text, '0', sizeof text);
    memcpy(text, "0x1.00000000000008", 18);
    memcpy(text + 4997, "1p0", 3);
    assert_int_equal(weir__go_float(text, sizeof text, &value), WEIR__GO_OK);
    assert_bits_equal(value, 1.0000000000000002);
    memcpy(text + 4997, "0p0", 3);
    assert_int_equal(weir__go_float(text, sizeof text, &value), WEIR__GO_OK);
    assert_bits_equal(value, 1.0);
}

/* Text is taken by its length, not up to a NUL. */
static void looks_at_no_more_than_the_length(void **state)
{
    double number = 0;
    int64_t integer = 0;

    (void)state;
    assert_int_equal(weir__go_float("1.5e3", 3, &number), WEIR__GO_OK);
    assert_bits_equal(number, 1.5);
    assert_int_equal(weir__go_int("1234", 2, 10, 64, &integer), WEIR__GO_OK);
    assert_int_equal(integer, 12);
    assert_int_equal(weir__go_duration("5s7", 2, &integer), WEIR__GO_OK);
    assert_true(integer == INT64_C(5000000000));
    assert_int_equal(weir__go_float("1\0", 2, &number), WEIR__GO_SYNTAX);
}

struct integer {
    const char *name;
    int base, bits, result;
    int64_t value;
};

static const struct integer integers[] = {
    {"0", 10, 32, WEIR__GO_OK, 0},
    {"007", 10, 32, WEIR__GO_OK, 7},
    {"+5", 10, 32, WEIR__GO_OK, 5},
    {"-5", 10, 32, WEIR__GO_OK, -5},
    {"2147483647", 10, 32, WEIR__GO_OK, 2147483647},
    {"2147483648", 10, 32, WEIR__GO_RANGE, 0},
    {"-2147483648", 10, 32, WEIR__GO_OK, -2147483648},
    {"-2147483649", 10, 32, WEIR__GO_RANGE, 0},
    {"3000000000x", 10, 32, WEIR__GO_SYNTAX, 0},
    {"4294967296x", 10, 32, WEIR__GO_RANGE, 0},
    {"9223372036854775807", 10, 64, WEIR__GO_OK, INT64_C(9223372036854775807)},
    {"9223372036854775808", 10, 64, WEIR__GO_RANGE, 0},
    {"-9223372036854775808", 10, 64, WEIR__GO_OK, INT64_MIN},
    {"99999999999999999999999", 10, 64, WEIR__GO_RANGE, 0},
    {"", 10, 64, WEIR__GO_SYNTAX, 0},
    {"-", 10, 64, WEIR__GO_SYNTAX, 0},
    {"+", 10, 64, WEIR__GO_SYNTAX, 0},
    {"1_000", 10, 64, WEIR__GO_SYNTAX, 0},
    {"1.0", 10, 64, WEIR__GO_SYNTAX, 0},
    {"1e1", 10, 64, WEIR__GO_SYNTAX, 0},
    {" 3", 10, 64, WEIR__GO_SYNTAX, 0},
    {"0x10", 10, 64, WEIR__GO_SYNTAX, 0},
    {"0x1F", 0, 64, WEIR__GO_OK, 31},
    {"-0X1f", 0, 64, WEIR__GO_OK, -31},
    {"0o17", 0, 64, WEIR__GO_OK, 15},
    {"0b101", 0, 64, WEIR__GO_OK, 5},
    {"-0b11", 0, 64, WEIR__GO_OK, -3},
    {"017", 0, 64, WEIR__GO_OK, 15},
    {"08", 0, 64, WEIR__GO_SYNTAX, 0},
    {"0", 0, 64, WEIR__GO_OK, 0},
    {"-0", 0, 64, WEIR__GO_OK, 0},
    {"00", 0, 64, WEIR__GO_OK, 0},
    {"0x", 0, 64, WEIR__GO_SYNTAX, 0},
    {"0b2", 0, 64, WEIR__GO_SYNTAX, 0},
    {"0o8", 0, 64, WEIR__GO_SYNTAX, 0},
    {"0xg", 0, 64, WEIR__GO_SYNTAX, 0},
    {"12", 0, 64, WEIR__GO_OK, 12},
};

static void reads_integers(void **state)
{
    const struct integer *row = *state;
    int64_t value = 0;

    assert_int_equal(weir__go_int(row->name, strlen(row->name), row->base, row->bits, &value),
                     row->result);
    if (row->result == WEIR__GO_OK) {
        assert_true(value == row->value);
    }
}

struct duration {
    const char *name;
    int result;
    int64_t value;
};

static const struct duration durations[] = {
    {"0", WEIR__GO_OK, 0},
    {"-0", WEIR__GO_OK, 0},
    {"+0", WEIR__GO_OK, 0},
    {"5s", WEIR__GO_OK, INT64_C(5000000000)},
    {"1m30s", WEIR__GO_OK, INT64_C(90000000000)},
    {"1h1m1s", WEIR__GO_OK, INT64_C(3661000000000)},
    {"1.5s", WEIR__GO_OK, 1500000000},
    {".5s", WEIR__GO_OK, 500000000},
    {"1.s", WEIR__GO_OK, 1000000000},
    {"250ms", WEIR__GO_OK, 250000000},
    {"3us", WEIR__GO_OK, 3000},
    {"3\xc2\xb5"
     "s",
     WEIR__GO_OK, 3000},
    {"3\xce\xbc"
     "s",
     WEIR__GO_OK, 3000},
    {"7ns", WEIR__GO_OK, 7},
    {"-1m", WEIR__GO_OK, INT64_C(-60000000000)},
    {"+30s", WEIR__GO_OK, INT64_C(30000000000)},
    {"0.1h", WEIR__GO_OK, INT64_C(360000000000)},
    {"1.0000000001s", WEIR__GO_OK, 1000000000},
    {"0.3333333333333333333h", WEIR__GO_OK, INT64_C(1200000000000)},
    {"0.9223372036854775807h", WEIR__GO_OK, INT64_C(3320413933267)},
    {"0.92233720368547758079999999h", WEIR__GO_OK, INT64_C(3320413933267)},
    {"9223372036854775807ns", WEIR__GO_OK, INT64_C(9223372036854775807)},
    {"-9223372036854775808ns", WEIR__GO_OK, INT64_MIN},
    {"9223372036854775808ns", WEIR__GO_SYNTAX, 0},
    {"-9223372036854775809ns", WEIR__GO_SYNTAX, 0},
    {"2562047h47m16.854775807s", WEIR__GO_OK, INT64_C(9223372036854775807)},
    {"2562048h", WEIR__GO_SYNTAX, 0},
    {"1h-1m", WEIR__GO_SYNTAX, 0},
    {"", WEIR__GO_SYNTAX, 0},
    {"-", WEIR__GO_SYNTAX, 0},
    {"3", WEIR__GO_SYNTAX, 0},
    {"s", WEIR__GO_SYNTAX, 0},
    {".s", WEIR__GO_SYNTAX, 0},
    {"-.s", WEIR__GO_SYNTAX, 0},
    {"1d", WEIR__GO_SYNTAX, 0},
    {"1s ", WEIR__GO_SYNTAX, 0},
    {"1 s", WEIR__GO_SYNTAX, 0},
    {"--1s", WEIR__GO_SYNTAX, 0},
    {"1e3s", WEIR__GO_SYNTAX, 0},
    {"1..5s", WEIR__GO_SYNTAX, 0},
    {"1.5.s", WEIR__GO_SYNTAX, 0},
    {"\xc2\xb5"
     "s",
     WEIR__GO_SYNTAX, 0},
    {"1S", WEIR__GO_SYNTAX, 0},
    {"00001s", WEIR__GO_OK, 1000000000},
    {".0s", WEIR__GO_OK, 0},
};

static void reads_durations(void **state)
{
    const struct duration *row = *state;
    int64_t value = 0;

    assert_int_equal(weir__go_duration(row->name, strlen(row->name), &value), row->result);
    if (row->result == WEIR__GO_OK) {
        assert_true(value == row->value);
    }
}

static void reads_booleans(void **state)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};
    static const char *const neither[] = {"yes", "on", "", " true", "tRUE", "10", "truee"};
    int32_t value = -1;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(weir__go_bool(yes[i], strlen(yes[i]), &value), WEIR__GO_OK);
        assert_int_equal(value, 1);
        assert_int_equal(weir__go_bool(no[i], strlen(no[i]), &value), WEIR__GO_OK);
        assert_int_equal(value, 0);
    }
    for (size_t i = 0; i < sizeof neither / sizeof neither[0]; i++) {
        assert_int_equal(weir__go_bool(neither[i], strlen(neither[i]), &value), WEIR__GO_SYNTAX);
    }
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, reads_floats, numbers);
    SUITE_TEST(&suite, reads_numbers_of_any_length);
    SUITE_TEST(&suite, looks_at_no_more_than_the_length);
    SUITE_TABLE(&suite, reads_integers, integers);
    SUITE_TABLE(&suite, reads_durations, durations);
    SUITE_TEST(&suite, reads_booleans);
    return suite_run(&suite, "go_syntax");
}
