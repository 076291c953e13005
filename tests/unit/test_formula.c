/*
 * Formulas of scaling modifiers: values as upstream gives them, what is refused and where, and that
 * a compiled formula can be moved. (Every formula of the vectors is run by the conformance tests.)
 */
#include "table.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <weir/formula.h>

static const char *const names[] = {"a", "b", "c", "my-trig"};

enum { NAMES = sizeof names / sizeof names[0] };

static weir_formula *compile(const char *text, weir_error *err, weir_status *status)
{
    size_t bytes = weir_formula_bytes(strlen(text));
    weir_formula *f = block_of(bytes);

    *status = weir_formula_compile(f, bytes, text, strlen(text), names, NAMES, err);
    return f;
}

/* ---- values --------------------------------------------------------------------------------- */

struct evaluation {
    const char *text;
    double a, b, c, value;
};

static const struct evaluation evaluations[] = {
    {"findLast([a, b, c], # > 2) ?? 0", 3, 5, 1, 5},
    {"findLastIndex([a, b, c], # > 2) ?? 9", 3, 5, 1, 1},
    {"findLast([a], # > 2) ?? 7", 1, 0, 0, 7},
    {"findLastIndex([a, b], # >= -1)", 0, 0, 0, 1},
    {"findLast([a], # > -9) + a", 3, 0, 0, 6},
    {"last(filter([a, b], # > -9)) * a", 3, 4, 0, 12},
    {"a + filter([b], # > -9)[0]", 3, 4, 0, 7},
    {"max(1, a) == 1 ? 5 : 6", 0, 0, 0, 5},
    {"mean(1, 2) in 1..3 ? 5 : 6", 0, 0, 0, 5},
    {"max(1, a) in 3..1 ? 5 : 6", 2, 0, 0, 6},
    {"max(1, a) in 1..2000000000 ? 5 : 6", 2, 0, 0, 5},
    {"(a > 5 and true) ? 5 : 6", 7, 0, 0, 5},
    {"(true and a > 5 or false) ? 5 : 6", 1, 0, 0, 6},
    {"true && (false || any([a], # > 5)) && true ? 5 : 6", 7, 0, 0, 5},
    {"a > 5 and false ? 5 : 6", 7, 0, 0, 6},
    {"mean([a]) in [1.0, 2] ? 5 : 6", 1, 0, 0, 5},
    {"a + b * c", 2, 3, 4, 14},
    {"7 / 2", 0, 0, 0, 3.5},
    {"int(a/b)*2", 7, 2, 0, 6},
    {"int(a) % int(b == 0 ? 1 : b)", 7, 2, 0, 1},
    {"a ** 0.5", 9, 0, 0, 3},
    {"2**-1", 0, 0, 0, 0.5},
    {"-2 ^ 2", 0, 0, 0, -4},
    {"2 ^ 3 ^ 2", 0, 0, 0, 512},
    {"1 < a < 3 ? 1 : 0", 2, 0, 0, 1},
    {"1 < a < 3 ? 1 : 0", 3, 0, 0, 0},
    {"1 < a < b < 9 ? 1 : 0", 2, 5, 0, 1},
    {"1 < a < b < 5 ? 1 : 0", 2, 5, 0, 0},
    {"a in 1..3 ? 1 : 0", 2, 0, 0, 1},
    {"a in 1..3 ? 1 : 0", 2.5, 0, 0, 0},
    {"a not in [1.0,2.0] ? 1 : 0", 2, 0, 0, 0},
    {"count([a,b,c], # > 1)", 2, 0, 3, 2},
    {"count([a,b,c],{#>1}) > 1 ? 5 : 0", 2, 0, 3, 5},
    {"sum([0.1, a, b])", 0.2, 0.3, 0, 0.1 + (0.2 + 0.3)},
    {"sum([0.1, 0.2, 0.3])", 0, 0, 0, (0.1 + 0.2) + 0.3},
    {"mean([a,b,c])", 1, 2, 3.5, 6.5 / 3},
    {"median([a,b])", 2, 3, 0, 2.5},
    {"max([a, b], 7)", 3, 4, 0, 7},
    {"[a,b] | max()", 3, 4, 0, 4},
    {"a + b | max(10)", 3, 4, 0, 10},
    {"reduce([a,b,c], #acc + #)", 2, 3, 4, 9},
    {"reduce([a,b,c], #acc * #, 10)", 2, 3, 4, 240},
    {"reduce([], #acc + #, 7)", 0, 0, 0, 7},
    {"sum(map([a,b], {# * 2}))", 2, 3, 0, 10},
    {"sum(filter([a,b,c], # > 1))", 2, 3, 0.5, 5},
    {"[a,b][-1]", 2, 3, 0, 3},
    {"sum([a,b,c][1:])", 2, 3, 4, 7},
    {"sort([a,b,c], \"desc\")[0]", 2, 3, 1, 3},
    {"let x = a + b; x * 2", 2, 3, 0, 10},
    {"if a > 1 { b } else if b > 1 { c } else { 0 }", 2, 3, 4, 3},
    {"if a > 1 { b } else if b > 1 { c } else { 0 }", 0, 3, 4, 4},
    {"$env[\"my-trig\"] + 1", 0, 0, 0, 43},
    {"1_000 + 0x10 + 0b11 + .5", 0, 0, 0, 1019.5},
    {"round(a)", 2.5, 0, 0, 3},
    {"round(0.49999999999999994)", 0, 0, 0, 0},
    {"a + /* not this */ b", 2, 3, 0, 5},
    {"\"7\"", 0, 0, 0, 7},
    {"9223372036854775807 + 1", 0, 0, 0, -9223372036854775808.0},
    {"false and 1 % a > 0 ? 1 : 2", 0, 0, 0, 2},
};

static void evaluates(void **state)
{
    const struct evaluation *e = *state;
    double values[NAMES] = {e->a, e->b, e->c, 42};
    weir_error err = {0};
    weir_status status;
    weir_formula *f;
    weir_formula_result result;

    if (strstr(e->text, "1 % a") != NULL) { /* an operator for whole numbers */
        f = compile(e->text, &err, &status);
        assert_int_equal(status, WEIR_E_PARSE);
        free(f);
        return;
    }
    f = compile(e->text, &err, &status);
    if (status != WEIR_OK) {
        fail_msg("%s: column %d: %s", e->text, err.column, err.message);
    }
    assert_int_equal(weir_formula_eval(f, values, 0, &result, &err), WEIR_OK);
    assert_int_equal(result.kind, WEIR_FORMULA_FLOAT);
    assert_bits_equal(result.value, e->value);
    free(f);
}

/* ---- errors --------------------------------------------------------------------------------- */

struct refusal {
    const char *text;
    weir_status status;
    int line, column;
    const char *part; /* of the message */
};

static const struct refusal refusals[] = {
    {"", WEIR_E_PARSE, 0, 0, "expected a formula"},
    {"a +", WEIR_E_PARSE, 1, 4, "got the end of the formula"},
    {"a + zz", WEIR_E_PARSE, 1, 5, "expected the name of a trigger, got `zz`"},
    {"a % b", WEIR_E_PARSE, 1, 3, "use int(...)"},
    {"a > 1", WEIR_E_PARSE, 0, 0, "float() cannot take true or false"},
    {"a ? 1 : 0", WEIR_E_PARSE, 1, 3, "true or false, got a number"},
    {"not a > 1 ? 1 : 0", WEIR_E_PARSE, 1, 1, "not (...)"},
    {"a ?? b + 1", WEIR_E_PARSE, 1, 8, "parentheses"},
    {"avg([a, b])", WEIR_E_PARSE, 1, 1, "unknown name"},
    {"groupBy([a], #)", WEIR_E_UNSUPPORTED, 1, 1, "does not do groupBy(): it is about maps"},
    {"min(3, a) in [1, 2, 3] ? 5 : 6", WEIR_E_RANGE, 1, 11, "no int where the types promise"},
    {"min(3, a) == 3 ? 5 : 6", WEIR_E_RANGE, 1, 11, "no int"},
    {"find([1], # > a + 9) in 1..3 ? 5 : 6", WEIR_E_RANGE, 1, 22, "no number"},
    {"a + (findLast([b], # > -9) ?? 0)", WEIR_E_UNSUPPORTED, 1, 6, "has to come first"},
    {"max(a, last(filter([b], # > -9)))", WEIR_E_UNSUPPORTED, 1, 8, "has to come first"},
    {"a + filter([b], # > -9)[-1]", WEIR_E_UNSUPPORTED, 1, 24, "has to come first"},
    {"sum(map([a], findLastIndex([#], # > -9)))", WEIR_E_UNSUPPORTED, 1, 14, "in a predicate"},
    {"sortBy([a], #)[0]", WEIR_E_UNSUPPORTED, 1, 1, "sort()"},
    {"a + now().Hour()", WEIR_E_UNSUPPORTED, 1, 5, "does not do now(): it asks the clock"},
    {"len(upper(\"x\"))", WEIR_E_UNSUPPORTED, 1, 5, "upper(): it is about texts"},
    {"\"x\" contains \"y\" ? 1 : a", WEIR_E_UNSUPPORTED, 1, 5, "operators on texts"},
    {"max()", WEIR_E_PARSE, 1, 1, "expected 1 or more arguments, got 0"},
    {"round(a, 2)", WEIR_E_PARSE, 1, 1, "expected 1 arguments, got 2"},
    {"[a, b][c]", WEIR_E_PARSE, 1, 7, "whole number"},
    {"if a > 1 { 1 }", WEIR_E_PARSE, 1, 15, "`else`"},
    {"a\n  + )", WEIR_E_PARSE, 2, 5, "expected a value, got `)`"},
    {"# > 1", WEIR_E_PARSE, 1, 1, "inside a predicate"},
    {"a = 1", WEIR_E_PARSE, 1, 3, "expected"},
    {"a & 1", WEIR_E_PARSE, 1, 3, "expected"},
    {"'a", WEIR_E_PARSE, 1, 1, "not closed"},
    {"a /* b", WEIR_E_PARSE, 1, 3, "not closed"},
    {"1a", WEIR_E_PARSE, 1, 1, "number"},
    {"1 % 0", WEIR_E_PARSE, 1, 3, "divide by zero"},
    {"[a, b][5]", WEIR_E_RANGE, 1, 7, "out of range, with every trigger at -1"},
    {"max(filter([a, b], # > 5))", WEIR_E_RANGE, 0, 0, "nil"},
    {"sum(map(1..600, #))", WEIR_E_LIMIT, 1, 5, "room"},
    {"1..1000000 | len()", WEIR_E_RANGE, 1, 2, "budget"},
};

static void refuses(void **state)
{
    const struct refusal *r = *state;
    weir_error err = {0};
    weir_status status;
    weir_formula *f = compile(r->text, &err, &status);
    weir_formula_result result;

    assert_int_equal(status, r->status);
    if (strstr(err.message, r->part) == NULL) {
        fail_msg("%s: %s", r->text, err.message);
    }
    if (r->column > 0) {
        assert_int_equal(err.line, r->line);
        assert_int_equal(err.column, r->column);
    }
    assert_int_equal(weir_formula_size(f), 0);
    assert_int_equal(weir_formula_eval(f, (double[NAMES]){0}, 0, &result, NULL), WEIR_E_ARG);
    free(f);
}

/* ---- nil, limits, memory -------------------------------------------------------------------- */

static void nil_passes_only_where_it_may(void **state)
{
    weir_error err;
    weir_status status;
    weir_formula *f = compile("a ?? b ?? 8", &err, &status);
    double values[NAMES] = {1, 2, 3, 4};
    weir_formula_result result;

    (void)state;
    weir_formula_eval(f, values, 1, &result, NULL);
    assert_bits_equal(result.value, 2);
    weir_formula_eval(f, values, 3, &result, NULL);
    assert_bits_equal(result.value, 8);
    free(f);
    f = compile("a ?? b", &err, &status);
    assert_int_equal(weir_formula_eval(f, values, 3, &result, NULL), WEIR_OK);
    assert_int_equal(result.kind, WEIR_FORMULA_NIL);
    free(f);
    f = compile("a + b", &err, &status);
    assert_int_equal(weir_formula_eval(f, values, 2, &result, &err), WEIR_E_RANGE);
    assert_int_equal(err.column, 3);
    free(f);
    f = compile(" float(a) > 0 ? 5 : 0", &err, &status);
    weir_formula_eval(f, values, 0, &result, NULL);
    assert_bits_equal(result.value, 5);
    free(f);
    f = compile("float(a) > 0 ? 5 : 0", &err, &status); /* begins with float(: not wrapped */
    weir_formula_eval(f, values, 0, &result, NULL);
    assert_int_equal(result.kind, WEIR_FORMULA_OTHER);
    free(f);
}

static void a_formula_is_a_plain_block(void **state)
{
    static const char text[] = "max(map([a, b, c], # * 2)) + 0.5";
    weir_error err;
    weir_status status;
    weir_formula *f = compile(text, &err, &status), *copy;
    double values[NAMES] = {1, 2, 3, 4};
    weir_formula_result result;
    size_t size = weir_formula_size(f);

    (void)state;
    assert_true(size > 0 && size <= weir_formula_bytes(sizeof text - 1));
    copy = block_of(size);
    memcpy(copy, f, size);
    free(f);
    assert_int_equal(weir_formula_eval(copy, values, 0, &result, NULL), WEIR_OK);
    assert_bits_equal(result.value, 6.5);
    free(copy);
}

static void limits_are_errors(void **state)
{
    char text[WEIR_FORMULA_TEXT_MAX + 10];
    weir_error err;
    weir_status status;

    (void)state;
    memset(text, '(', 100);
    memcpy(text + 100, "a", 2);
    free(compile(text, &err, &status));
    assert_int_equal(status, WEIR_E_LIMIT);
    assert_int_equal(weir_formula_bytes(WEIR_FORMULA_TEXT_MAX), 0);
    snprintf(text, sizeof text,
             "1 < (1 < (1 < (1 < (1 < (1 < (1 < (1 < (1 < (1 < a < 2 ? 1 : 0) < "
             "2 ? 1 : 0) < 2 ? 1 : 0) < 2 ? 1 : 0) < 2 ? 1 : 0) < 2 ? 1 : 0) < "
             "2 ? 1 : 0) < 2 ? 1 : 0) < 2 ? 1 : 0) < 2 ? 1 : 0");
    free(compile(text, &err, &status)); /* each chain repeats its middle */
    assert_int_equal(status, WEIR_E_LIMIT);
}

int main(void)
{
    struct suite suite = {.count = 0};

    SUITE_TABLE(&suite, evaluates, evaluations);
    SUITE_TABLE(&suite, refuses, refusals);
    SUITE_TEST(&suite, nil_passes_only_where_it_may);
    SUITE_TEST(&suite, a_formula_is_a_plain_block);
    SUITE_TEST(&suite, limits_are_errors);
    return suite_run(&suite, "formula");
}
