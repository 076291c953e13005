/* prometheus/number: Go's ParseFloat, rounded once, and bounds as the server stores them. */
#include "prometheus/number.h"
#include "random.h"
#include "table.h"
#include <math.h>
#include <stdio.h>

/* The evaluator's, by exact arithmetic; its header has other things of the same names. */
size_t weir__pq_number_print(double value, char format, char text[352]);

struct parse_row {
    const char *name, *text;
    enum number_outcome outcome;
    double value;
};

static const struct parse_row parse_rows[] = {
    {"a whole number", "42", NUMBER_FINE, 42},
    {"a plus", "+1", NUMBER_FINE, 1},
    {"a fraction without a whole part", ".5", NUMBER_FINE, 0.5},
    {"a point at the end", "5.", NUMBER_FINE, 5},
    {"a negative zero", "-0", NUMBER_FINE, -0.0},
    {"exponents", "1E+3", NUMBER_FINE, 1000},
    {"infinity", "-iNfInItY", NUMBER_FINE, -INFINITY},
    {"inf", "+inf", NUMBER_FINE, INFINITY},
    {"the largest", "1.7976931348623157e+308", NUMBER_FINE, 1.7976931348623157e308},
    {"beyond the largest", "1e400", NUMBER_RANGE, INFINITY},
    {"beyond below", "-1e400", NUMBER_RANGE, -INFINITY},
    {"just beyond", "179769313486231580793e289", NUMBER_RANGE, INFINITY},
    {"too small", "1e-400", NUMBER_FINE, 0},
    {"the smallest", "4.9e-324", NUMBER_FINE, 5e-324},
    {"half the smallest, and a bit", "2.4703282292062328e-324", NUMBER_FINE, 5e-324},
    {"between two doubles, to the even one", "9007199254740993", NUMBER_FINE, 9007199254740992.0},
    {"and a bit more", "9007199254740993.00000000000000000000000000001", NUMBER_FINE,
     9007199254740994.0},
    {"an exponent of many digits", "0e99999999999999999999", NUMBER_FINE, 0},
    {"hexadecimal", "0x1p-2", NUMBER_FINE, 0.25},
    {"hexadecimal digits", "-0xABc.8P1", NUMBER_FINE, -5497.0},
    {"hexadecimal needs an exponent", "0x10", NUMBER_SYNTAX, 0},
    {"underscores between digits", "1_000.5_0", NUMBER_FINE, 1000.5},
    {"an underscore behind the prefix", "0x_1p0", NUMBER_FINE, 1},
    {"an underscore first", "_1", NUMBER_SYNTAX, 0},
    {"two underscores", "1__0", NUMBER_SYNTAX, 0},
    {"an underscore last", "1_", NUMBER_SYNTAX, 0},
    {"an underscore at the point", "1_.5", NUMBER_SYNTAX, 0},
    {"an underscore in the exponent", "1e_5", NUMBER_SYNTAX, 0},
    {"nothing", "", NUMBER_SYNTAX, 0},
    {"a sign alone", "-", NUMBER_SYNTAX, 0},
    {"a point alone", ".", NUMBER_SYNTAX, 0},
    {"two points", "1.2.3", NUMBER_SYNTAX, 0},
    {"a comma", "1,5", NUMBER_SYNTAX, 0},
    {"a blank before", " 1", NUMBER_SYNTAX, 0},
    {"a blank behind", "1 ", NUMBER_SYNTAX, 0},
    {"an empty exponent", "1e", NUMBER_SYNTAX, 0},
    {"a signed NaN", "+nan", NUMBER_SYNTAX, 0},
    {"more than infinity", "infinit", NUMBER_SYNTAX, 0},
    {"C's NaN", "nan(1)", NUMBER_SYNTAX, 0},
};

static void parses(void **state)
{
    const struct parse_row *row = *state;
    double value = 0;

    assert_int_equal(weir__pm_number_parse((struct text){row->text, strlen(row->text)}, &value),
                     row->outcome);
    if (row->outcome != NUMBER_SYNTAX) {
        assert_bits_equal(value, row->value);
    }
}

static void a_nan_has_upstreams_bits(void **state)
{
    double value;

    (void)state;
    assert_int_equal(weir__pm_number_parse(TEXT("NaN"), &value), NUMBER_FINE);
    assert_int_equal(bits_of(value), UINT64_C(0x7ff8000000000001));
}

static void plain_numbers_have_no_hexadecimals(void **state)
{
    double value;

    (void)state;
    assert_int_equal(weir__pm_number_plain(TEXT("0x1p-2"), &value), NUMBER_SYNTAX);
    assert_int_equal(weir__pm_number_plain(TEXT("1_0"), &value), NUMBER_SYNTAX);
    assert_int_equal(weir__pm_number_plain(TEXT("1e3"), &value), NUMBER_FINE);
}

static double random_double(struct rng *random)
{
    double value = 0;

    do {
        uint64_t bits = rng_bits(random);

        bits = rng_one_in(random, 8) ? bits & ~((UINT64_C(1) << 52) - 1) : bits;
        memcpy(&value, &bits, sizeof value);
    } while (isnan(value) || isinf(value));
    return rng_one_in(random, 2) ? value : (double)(int64_t)rng_bits(random) / 1024;
}

/* However many digits it has, a number is the double nearest to it; quickly or not. */
static void reads_as_the_c_library(void **state)
{
    struct rng random = {4711};

    (void)state;
    for (int i = 0; i < 50000; i++) {
        double value = random_double(&random), slow = 0, quick = 0;
        char text[64];
        const char *end;

        snprintf(text, sizeof text, "%.*g\n", (int)rng_int(&random, 1, 20), value);
        end = weir__pm_number_quick(text, &quick);
        if (end != NULL) {
            assert_int_equal(*end, '\n');
            assert_bits_equal(quick, strtod(text, NULL));
        }
        assert_int_not_equal(weir__pm_number_parse((struct text){text, strlen(text) - 1}, &slow),
                             NUMBER_SYNTAX);
        assert_bits_equal(slow, strtod(text, NULL));
    }
}

struct bound_row {
    const char *name;
    double value;
    const char *text;
};

static const struct bound_row bound_rows[] = {
    {"a whole number", 1, "1.0"},
    {"zero", 0, "0.0"},
    {"a negative zero", -0.0, "-0.0"},
    {"six digits", 100000, "100000.0"},
    {"seven", 1000000, "1e+06"},
    {"a fraction", 0.0001, "0.0001"},
    {"a small fraction", 0.00001, "1e-05"},
    {"a large exponent", 1.5e300, "1.5e+300"},
    {"the smallest", 5e-324, "5e-324"},
    {"a power of two whose neighbours are unequal", 0x1p-44, "5.684341886080802e-14"},
    {"infinity", INFINITY, "+Inf"},
    {"below", -INFINITY, "-Inf"},
    {"NaN", NAN, "NaN"},
};

static void writes_bounds(void **state)
{
    const struct bound_row *row = *state;
    char text[NUMBER_TEXT_MAX + 1];

    text[weir__pm_number_bound(row->value, text)] = '\0';
    assert_string_equal(text, row->text);
}

static void writes_bounds_as_the_evaluator(void **state)
{
    struct rng random = {99};

    (void)state;
    for (int i = 0; i < 5000; i++) {
        double value = random_double(&random);
        char text[NUMBER_TEXT_MAX + 1], other[360];

        text[weir__pm_number_bound(value, text)] = '\0';
        other[weir__pq_number_print(value, 'g', other)] = '\0';
        if (strpbrk(other, ".e") == NULL) {
            strcat(other, ".0");
        }
        assert_string_equal(text, other);
    }
}

static void reads_integers(void **state)
{
    int64_t value;

    (void)state;
    assert_int_equal(weir__pm_integer_parse(TEXT("9223372036854775807"), &value), NUMBER_FINE);
    assert_true(value == INT64_MAX);
    assert_int_equal(weir__pm_integer_parse(TEXT("-9223372036854775808"), &value), NUMBER_FINE);
    assert_true(value == INT64_MIN);
    assert_int_equal(weir__pm_integer_parse(TEXT("9223372036854775808"), &value), NUMBER_RANGE);
    assert_int_equal(weir__pm_integer_parse(TEXT("99999999999999999999999"), &value), NUMBER_RANGE);
    assert_int_equal(weir__pm_integer_parse(TEXT("1.5"), &value), NUMBER_SYNTAX);
    assert_int_equal(weir__pm_integer_parse(TEXT("-"), &value), NUMBER_SYNTAX);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, parses, parse_rows);
    SUITE_TEST(&suite, a_nan_has_upstreams_bits);
    SUITE_TEST(&suite, plain_numbers_have_no_hexadecimals);
    SUITE_TEST(&suite, reads_as_the_c_library);
    SUITE_TABLE(&suite, writes_bounds, bound_rows);
    SUITE_TEST(&suite, writes_bounds_as_the_evaluator);
    SUITE_TEST(&suite, reads_integers);
    return suite_run(&suite, "prometheus/number");
}
