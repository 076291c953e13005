/*
 * Quantities: upstream's numbers for texts of every form, the corners where its own answer is odd,
 * and what weir refuses.
 */
#include "table.h"

#include <weir/quantity.h>

struct reading {
    const char *text;
    int64_t milli, value;
    const char *canonical;
};

/* Measured on apimachinery. */
static const struct reading readings[] = {
    {"1", 1000, 1, "1"},
    {"100m", 100, 1, "100m"},
    {"0.1m", 1, 1, "100u"},
    {"1500u", 2, 1, "1500u"},
    {"1.0001", 1001, 2, "1000100u"},
    {"1n", 1, 1, "1n"},
    {"-1.5m", -2, -1, "-1500u"},
    {"-1.0001", -1001, -2, "-1000100u"},
    {"1Ki", 1024000, 1024, "1Ki"},
    {"1.5Ki", 1536000, 1536, "1536"},
    {"0.5Ki", 512000, 512, "512"},
    {"3.7Mi", 3879731200, 3879732, "3879731200m"},
    {"1.5Gi", 1610612736000, 1610612736, "1536Mi"},
    {"1e3", 1000000, 1000, "1e3"},
    {"1E3", 1000000, 1000, "1e3"},
    {"1e-4", 1, 1, "100e-6"},
    {"1.", 1000, 1, "1"},
    {"+.5", 500, 1, "500m"},
    {"007", 7000, 7, "7"},
    {"1.0000000000000000001", 1001, 2, "1000000001n"},
    {"0.12345678901", 124, 1, "123456790n"},
    {"10G", 10000000000000, 10000000000, "10G"},
    {"10000M", 10000000000000, 10000000000, "10G"},
    {"m", 0, 0, "0"},
    {"-", 0, 0, "0"},
    {".", 0, 0, "0"},
    {"Ki", 0, 0, "0"},
    {"0e5000000", 0, 0, "0"},
    /* around the end of int64 */
    {"9223372036854775807m", INT64_MAX, 9223372036854776, "9223372036854775807m"},
    {"9223372036854775", INT64_C(9223372036854775000), 9223372036854775, "9223372036854775"},
    {"9223372036854776", INT64_C(-9223372036854775616), 9223372036854776, "9223372036854776"},
    {"10P", 0, INT64_C(10000000000000000), "10P"},
    {"1E", 0, INT64_C(1000000000000000000), "1E"},
    {"12E", 0, 0, "12E"},
    {"8Ei", -1000, INT64_MAX, "9223372036854775807"},
    {"1Ei", INT64_MIN, INT64_C(1152921504606846976), "1Ei"},
    {"9223372036854775807", -1000, INT64_MAX, "9223372036854775807"},
    /* beyond 18 digits, below zero: one is added to what was rounded up already */
    {"-0.0000000001", 1, 1, "-1n"},
    {"-1.0001Ki", -1024101, -1023, "-1024102400u"},
    /* a suffix that there is none for is left out */
    {"1000E", 0, 0, "1"},
};

static weir_quantity parsed(const char *text)
{
    weir_quantity q;

    assert_int_equal(weir_quantity_parse(text, strlen(text), &q, NULL), WEIR_OK);
    return q;
}

static void reads_as_upstream(void **state)
{
    const struct reading *row = *state;
    weir_quantity q = parsed(row->text);
    char text[WEIR_QUANTITY_TEXT_MAX];
    size_t need;

    assert_true(weir_quantity_milli(&q) == row->milli);
    assert_true(weir_quantity_value(&q) == row->value);
    assert_int_equal(weir_quantity_text(&q, text, sizeof text, &need), WEIR_OK);
    assert_string_equal(text, row->canonical);
    assert_int_equal(need, strlen(row->canonical) + 1);
}

struct stored {
    const char *text;
    int64_t milli, stored;
};

static const struct stored storeds[] = {
    {"1.5", 1500, 1500},
    {"+001.500", 1500, 1500},
    {"10000000000M", INT64_C(-8446744073709551616), 0},
    {"-1.0000000001", -999, -1001},
    {"100000000000000000000", INT64_C(200376420520689664), 0},
};

static void a_stored_quantity_is_read_again(void **state)
{
    const struct stored *row = *state;
    weir_quantity q = parsed(row->text), again;

    assert_true(weir_quantity_milli(&q) == row->milli);
    assert_int_equal(weir_quantity_parse_stored(row->text, strlen(row->text), &again, NULL), 0);
    assert_true(weir_quantity_milli(&again) == row->stored);
}

struct approximate {
    const char *text;
    double value;
};

static const struct approximate doubles[] = {
    {"100m", 0.1},
    {"9m", 0.009000000000000001}, /* not the nearest to 0.009 */
    {"9e-3", 0.009000000000000001},
    {"0.05", 0.05},
    {"2", 2.0},
    {"1e19", 1e19},
    {"1e99", 1.0000000000000001e+99},
    {"0.333333333", 0.333333333},
    {"832956760615144047.0588648582", 8.329567606151441e+17},
    {"9007199254740993", 9007199254740992.0}, /* a tie goes to the even one */
    {"1e400", 1e308 * 10.0},
    {"-0.1", -0.1},
};

static void doubles_are_rounded_twice(void **state)
{
    const struct approximate *row = *state;
    weir_quantity q = parsed(row->text);

    assert_bits_equal(weir_quantity_double(&q), row->value);
}

static void zero_times_an_infinite_power_is_not_a_number(void **state)
{
    weir_quantity q = parsed("0e400");

    (void)state;
    assert_true(weir_quantity_double(&q) != weir_quantity_double(&q));
    assert_int_equal(weir_quantity_sign(&q), 0);
}

struct refused {
    const char *text;
    weir_status status;
};

static const struct refused refusals[] = {
    {"", WEIR_E_PARSE},
    {"5%", WEIR_E_PARSE},
    {"1e", WEIR_E_PARSE},
    {"1K", WEIR_E_PARSE},
    {"1 ", WEIR_E_PARSE},
    {" 1", WEIR_E_PARSE},
    {"1mm", WEIR_E_PARSE},
    {"1e3m", WEIR_E_PARSE},
    {"0x10", WEIR_E_PARSE},
    {"1_0", WEIR_E_PARSE},
    {"--1", WEIR_E_PARSE},
    {"1..2", WEIR_E_PARSE},
    {"1e+", WEIR_E_PARSE},
    {"1ki", WEIR_E_PARSE},
    {"NaN", WEIR_E_PARSE},
    {"Pi", WEIR_E_PARSE}, /* while Ki is zero */
    {"e-20", WEIR_E_PARSE},
    {"1e9223372036854775808", WEIR_E_PARSE},
    {"1e2147483648", WEIR_E_LIMIT}, /* upstream would not come back */
    {"1e-2147483648", WEIR_E_LIMIT},
    {"1e-10001", WEIR_E_LIMIT},
    {"12345678901234567890e60", WEIR_E_LIMIT}, /* beyond 2^256 billionths */
};

static void refuses(void **state)
{
    const struct refused *row = *state;
    weir_quantity q, before;
    weir_error err;

    memset(&q, 0x5a, sizeof q);
    before = q;
    assert_int_equal(weir_quantity_parse(row->text, strlen(row->text), &q, &err), row->status);
    assert_int_equal(err.status, row->status);
    assert_true(err.message[0] != '\0');
    assert_memory_equal(&q, &before, sizeof q);
}

static void counts_digits(void **state)
{
    char text[WEIR_QUANTITY_DIGITS_MAX + 4] = "0.";
    weir_quantity q;
    size_t n = WEIR_QUANTITY_DIGITS_MAX;

    (void)state;
    memset(text + 2, '7', n + 1);
    assert_int_equal(weir_quantity_parse(text, n + 2, &q, NULL), WEIR_OK);
    assert_true(weir_quantity_milli(&q) == 778);
    assert_int_equal(weir_quantity_parse(text, n + 3, &q, NULL), WEIR_E_LIMIT);
    text[1] = '0'; /* 00777..., leading zeros do not count, but so many digits are too large */
    assert_int_equal(weir_quantity_parse(text, n + 2, &q, NULL), WEIR_E_LIMIT);
}

struct shown {
    const char *name;
    int64_t milli;
    int32_t format;
    const char *text;
};

static const struct shown showns[] = {
    {"one byte", 1000, WEIR_QUANTITY_BINARY, "1"},
    {"below 1024 there is no binary suffix", 1000000, WEIR_QUANTITY_BINARY, "1k"},
    {"1024 bytes", 1024000, WEIR_QUANTITY_BINARY, "1Ki"},
    {"1024 of anything else", 1024000, WEIR_QUANTITY_DECIMAL, "1024"},
    {"half a mebibyte", 524288000, WEIR_QUANTITY_BINARY, "512Ki"},
    {"no whole byte", 1500, WEIR_QUANTITY_BINARY, "1500m"},
    {"cpu", 100, WEIR_QUANTITY_DECIMAL, "100m"},
    {"thousands", 2500000, WEIR_QUANTITY_DECIMAL, "2500"},
    {"a thousand", 1000000, WEIR_QUANTITY_DECIMAL, "1k"},
    {"the smallest", INT64_MIN, WEIR_QUANTITY_BINARY, "-9223372036854775808m"},
    {"exponents", 2000000, WEIR_QUANTITY_EXPONENT, "2e3"},
};

static void shows_milli_values(void **state)
{
    const struct shown *row = *state;
    char text[WEIR_QUANTITY_TEXT_MAX], cut[3];
    weir_quantity q;
    size_t need;

    assert_int_equal(weir_quantity_from_milli(row->milli, row->format, &q), WEIR_OK);
    assert_int_equal(weir_quantity_text(&q, text, sizeof text, NULL), WEIR_OK);
    assert_string_equal(text, row->text);
    assert_true(weir_quantity_milli(&q) == row->milli);
    if (weir_quantity_text(&q, cut, sizeof cut, &need) == WEIR_E_SPACE) {
        assert_memory_equal(cut, row->text, 2);
    }
    assert_int_equal(need, strlen(row->text) + 1);
}

static void nothing_is_an_error_not_a_crash(void **state)
{
    weir_quantity q;

    (void)state;
    assert_int_equal(weir_quantity_parse(NULL, 0, &q, NULL), WEIR_E_ARG);
    assert_int_equal(weir_quantity_parse("1", 1, NULL, NULL), WEIR_E_ARG);
    assert_int_equal(weir_quantity_parse_stored("1", 1, NULL, NULL), WEIR_E_ARG);
    assert_int_equal(weir_quantity_from_milli(1, 3, &q), WEIR_E_RANGE);
    assert_int_equal(weir_quantity_from_milli(1, 0, NULL), WEIR_E_ARG);
    assert_int_equal(weir_quantity_text(NULL, NULL, 0, NULL), WEIR_E_ARG);
    assert_true(weir_quantity_milli(NULL) == 0 && weir_quantity_value(NULL) == 0);
    assert_true(weir_quantity_sign(NULL) == 0 && weir_quantity_double(NULL) == 0.0);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, reads_as_upstream, readings);
    SUITE_TABLE(&suite, a_stored_quantity_is_read_again, storeds);
    SUITE_TABLE(&suite, doubles_are_rounded_twice, doubles);
    SUITE_TEST(&suite, zero_times_an_infinite_power_is_not_a_number);
    SUITE_TABLE(&suite, refuses, refusals);
    SUITE_TEST(&suite, counts_digits);
    SUITE_TABLE(&suite, shows_milli_values, showns);
    SUITE_TEST(&suite, nothing_is_an_error_not_a_crash);
    return suite_run(&suite, "quantity");
}
