/*
 * Parsing: canonical texts, and errors with their place, which is upstream's.
 */
#include "promql_world.h"

/* ---- canonical texts ------------------------------------------------------------------------ */

struct printing {
    const char *text, *canonical; /* NULL: as it is */
    int32_t type;
};

static const struct printing printings[] = {
    {"1", NULL, WEIR_PROMQL_SCALAR},
    {"0x1F", "31", WEIR_PROMQL_SCALAR},
    {"017", "15", WEIR_PROMQL_SCALAR},
    {"1e3", "1000", WEIR_PROMQL_SCALAR},
    {".5", "0.5", WEIR_PROMQL_SCALAR},
    {"1_000", "1000", WEIR_PROMQL_SCALAR},
    {"-Inf", NULL, WEIR_PROMQL_SCALAR},
    {"nAn", "NaN", WEIR_PROMQL_SCALAR},
    {"5m", NULL, WEIR_PROMQL_SCALAR},
    {"\"a\\n'\"", NULL, WEIR_PROMQL_STRING},
    {"'a\"'", "\"a\\\"\"", WEIR_PROMQL_STRING},
    {"`a\\n`", "\"a\\\\n\"", WEIR_PROMQL_STRING},
    {"foo", NULL, WEIR_PROMQL_VECTOR},
    {"vllm:num_requests_waiting", NULL, WEIR_PROMQL_VECTOR},
    {"foo{}", "foo", WEIR_PROMQL_VECTOR},
    {"foo{a=\"b\",c!=\"d\",e=~\"f\",g!~\"h\",}", "foo{a=\"b\",c!=\"d\",e=~\"f\",g!~\"h\"}",
     WEIR_PROMQL_VECTOR},
    {"{\"my.metric\", \"a.b\"='c'}", "{\"a.b\"=\"c\",__name__=\"my.metric\"}", WEIR_PROMQL_VECTOR},
    {"{__name__=\"foo\"}", NULL, WEIR_PROMQL_VECTOR},
    {"foo[5m]", NULL, WEIR_PROMQL_MATRIX},
    {"foo[90s]", "foo[1m30s]", WEIR_PROMQL_MATRIX},
    {"foo offset -5m", NULL, WEIR_PROMQL_VECTOR},
    {"foo @ 1.5", "foo @ 1.500", WEIR_PROMQL_VECTOR},
    {"foo @ end() offset 1m", NULL, WEIR_PROMQL_VECTOR},
    {"foo[5m:]", NULL, WEIR_PROMQL_MATRIX},
    {"rate(foo[1m])[5m:30s] offset 1h", NULL, WEIR_PROMQL_MATRIX},
    {"SUM(foo) BY (a,)", "sum by (a) (foo)", WEIR_PROMQL_VECTOR},
    {"sum without() (foo)", "sum without () (foo)", WEIR_PROMQL_VECTOR},
    {"topk(3, foo)", NULL, WEIR_PROMQL_VECTOR},
    {"a + b * c", NULL, WEIR_PROMQL_VECTOR},
    {"a*on(x)group_left(y)b", "a * on (x) group_left (y) b", WEIR_PROMQL_VECTOR},
    {"a > bool 1", NULL, WEIR_PROMQL_VECTOR},
    {"-a ^ 2", NULL, WEIR_PROMQL_VECTOR},
    {"a # to the end\n+ b", "a + b", WEIR_PROMQL_VECTOR},
    {"time()", NULL, WEIR_PROMQL_SCALAR},
    {"sum", NULL, WEIR_PROMQL_VECTOR}, /* a name where no list follows */
};

static void prints(void **state)
{
    const struct printing *row = *state;
    const char *want = row->canonical != NULL ? row->canonical : row->text;
    weir_promql_expr *expr;
    weir_error err;
    char text[200], short_text[4];
    size_t need, again;

    if (weir_promql_parse(row->text, strlen(row->text), &world_memory, &expr, &err) != WEIR_OK) {
        fail_msg("%s: %d:%d %s", row->text, (int)err.line, (int)err.column, err.message);
    }
    assert_int_equal(weir_promql_type(expr), row->type);
    assert_int_equal(weir_promql_print(expr, text, sizeof text, &need), WEIR_OK);
    assert_string_equal(text, want);
    assert_int_equal(need, strlen(want) + 1);
    assert_int_equal(weir_promql_print(expr, NULL, 0, &again), WEIR_E_SPACE);
    assert_int_equal(again, need);
    assert_int_equal(weir_promql_print(expr, short_text, sizeof short_text, NULL),
                     need <= sizeof short_text ? WEIR_OK : WEIR_E_SPACE);
    assert_true(strlen(short_text) < sizeof short_text);
    weir_promql_expr_free(expr);
}

/* ---- errors --------------------------------------------------------------------------------- */

struct refusal {
    const char *text;
    int32_t line, column;
    const char *about; /* a part of the message */
    weir_status status;
};

#define BAD WEIR_E_PARSE

static const struct refusal refusals[] = {
    {"", 1, 1, "no expression", BAD},
    {"# only a comment", 1, 17, "no expression", BAD},
    {"1 +", 1, 4, "unexpected end", BAD},
    {"foo{", 1, 5, "", BAD},
    {"foo{a}", 1, 6, "", BAD},
    {"foo{a=b}", 1, 7, "", BAD},
    {"foo{a.b=\"c\"}", 1, 6, "unexpected character", BAD},
    {"foo{a=~\"(\"}", 1, 5, "", BAD},
    {"{}", 1, 1, "at least one non-empty matcher", BAD},
    {"{a=\"\"}", 1, 1, "at least one non-empty matcher", BAD},
    {"foo{__name__=\"bar\"}", 1, 1, "metric name", BAD},
    {"foo[5]", 0, 0, "", WEIR_OK}, /* seconds */
    {"foo[0s]", 1, 5, "", BAD},
    {"foo[5x]", 1, 5, "", BAD},
    {"foo[-5m]", 1, 5, "", BAD},
    {"foo[5m][5m]", 1, 8, "only allowed for vector selectors", BAD},
    {"foo offset", 1, 11, "", BAD},
    {"(foo + bar) offset 5m", 1, 1, "offset", BAD},
    {"foo @ bar", 1, 7, "", BAD},
    {"\"abc", 1, 1, "unterminated", BAD},
    {"\"\\q\"", 1, 1, "escape", BAD},
    {"foo bar", 1, 5, "unexpected", BAD},
    {"foo\n+\n  rate(bar)", 3, 8, "range vector", BAD},
    {"rate(foo)", 1, 6, "range vector", BAD},
    {"abs(foo[5m])", 1, 5, "instant vector", BAD},
    {"nofunction(foo)", 1, 1, "unknown function", BAD},
    {"rate()", 1, 1, "expected", BAD},
    {"rate(foo[1m], 2)", 1, 1, "expected", BAD},
    {"1 == 2", 1, 3, "BOOL", BAD},
    {"1 and foo", 1, 1, "set operator", BAD},
    {"foo + \"a\"", 1, 7, "", BAD},
    {"1 > bool foo", 0, 0, "", WEIR_OK},
    {"foo + bool bar", 1, 5, "bool", BAD},
    {"foo + on(a) 1", 1, 1, "vector matching", BAD},
    {"foo and group_left() bar", 1, 9, "", BAD},
    {"foo * on(a) group_left(a) bar", 1, 5, "at once", BAD},
    {"sum(foo", 1, 8, "", BAD},
    {"sum by (a) by (b) (foo)", 1, 12, "", BAD},
    {"sum(1, foo)", 1, 1, "", BAD},
    {"topk(foo)", 1, 1, "", BAD},
    {"count_values(1, foo)", 1, 14, "string", BAD},
    {"foo ? bar", 1, 5, "unexpected character", BAD},
    {"foo{a=\"b\"", 1, 10, "", BAD},
    {"1x", 1, 1, "", BAD},
    {"foo)", 1, 5, "right parenthesis", BAD},
    {"\xFF", 1, 1, "", BAD},
    {"foo{a=~\"\\\\pL\"}", 1, 5, "", WEIR_E_UNSUPPORTED},
};

static void refuses_with_the_place(void **state)
{
    const struct refusal *row = *state;
    weir_promql_expr *expr = NULL;
    weir_error err = {0};
    weir_status status =
        weir_promql_parse(row->text, strlen(row->text), &world_memory, &expr, &err);

    if (status != row->status || err.line != row->line || err.column != row->column ||
        strstr(err.message, row->about) == NULL) {
        fail_msg("%s: %s %d:%d %s", row->text, weir_status_name(status), (int)err.line,
                 (int)err.column, err.message);
    }
    weir_promql_expr_free(expr);
}

/* ---- limits --------------------------------------------------------------------------------- */

static weir_status parse_repeated(const char *before, const char *middle, const char *after, int n)
{
    size_t room = (strlen(before) + strlen(after)) * (size_t)n + strlen(middle) + 1;
    char *text = malloc(room), *at = text;
    weir_promql_expr *expr = NULL;
    weir_status status;

    assert_non_null(text);
    for (int i = 0; i < n; i++) {
        at += sprintf(at, "%s", before);
    }
    at += sprintf(at, "%s", middle);
    for (int i = 0; i < n; i++) {
        at += sprintf(at, "%s", after);
    }
    status = weir_promql_parse(text, (size_t)(at - text), &world_memory, &expr, NULL);
    weir_promql_expr_free(expr);
    free(text);
    return status;
}

static void depth_is_limited(void **state)
{
    (void)state;
    assert_int_equal(parse_repeated("(", "a", ")", 100), WEIR_OK);
    assert_int_equal(parse_repeated("(", "a", ")", 100000), WEIR_E_LIMIT);
    assert_int_equal(parse_repeated("abs(", "a", ")", 100000), WEIR_E_LIMIT);
    assert_int_equal(parse_repeated("-", "a", "", 100000), WEIR_E_LIMIT);
    assert_int_equal(parse_repeated("", "a", "+a", 100), WEIR_OK);
    assert_int_equal(parse_repeated("", "a", "+a", 100000), WEIR_E_LIMIT);
    assert_int_equal(parse_repeated("a^", "a", "", 100000), WEIR_E_LIMIT);
}

static void arguments(void **state)
{
    weir_promql_expr *expr;
    weir_error err;

    (void)state;
    assert_int_equal(weir_promql_parse(NULL, 1, &world_memory, &expr, &err), WEIR_E_ARG);
    assert_int_equal(weir_promql_parse("a", 1, NULL, &expr, &err), WEIR_E_ARG);
    assert_int_equal(weir_promql_parse("a", 1, &world_memory, NULL, &err), WEIR_E_ARG);
    assert_int_equal(weir_promql_type(NULL), 0);
    assert_int_equal(weir_promql_print(NULL, NULL, 0, NULL), WEIR_E_ARG);
    assert_int_equal(weir_promql_supported(NULL, &err), WEIR_E_ARG);
    assert_int_equal(weir_promql_selector_count(NULL), 0);
    weir_promql_expr_free(NULL);
}

/* ---- looking at expressions ----------------------------------------------------------------- */

static void selectors(void **state)
{
    static const char query[] = "sum(rate(a{x=\"1\"}[5m] offset 1h)) / on () b @ 5 or vector(1)";
    weir_promql_expr *expr;
    char text[40];
    size_t need;

    (void)state;
    assert_int_equal(weir_promql_parse(query, strlen(query), &world_memory, &expr, NULL), WEIR_OK);
    assert_int_equal(weir_promql_selector_count(expr), 2);
    assert_int_equal(weir_promql_selector(expr, 0, text, sizeof text, &need), WEIR_OK);
    assert_string_equal(text, "a{x=\"1\"}");
    assert_int_equal(need, strlen(text) + 1);
    assert_int_equal(weir_promql_selector(expr, 1, text, sizeof text, NULL), WEIR_OK);
    assert_string_equal(text, "b");
    assert_int_equal(weir_promql_selector(expr, 2, text, sizeof text, NULL), WEIR_E_ARG);
    assert_int_equal(weir_promql_selector(expr, 0, text, 3, &need), WEIR_E_SPACE);
    weir_promql_expr_free(expr);
}

struct support {
    const char *text;
    int32_t column; /* 0: all of it can be evaluated */
};

static const struct support supports[] = {
    {"sum(rate(a[5m]))", 0},
    {"sin(a) + deg(b)", 0},
    {"1 + histogram_count(a)", 5},
    {"sum(histogram_fraction(0, 1, a))", 5},
};

static void tells_what_is_not_evaluated(void **state)
{
    const struct support *row = *state;
    weir_promql_expr *expr;
    weir_error err;

    assert_int_equal(weir_promql_parse(row->text, strlen(row->text), &world_memory, &expr, &err),
                     WEIR_OK);
    if (row->column == 0) {
        assert_int_equal(weir_promql_supported(expr, &err), WEIR_OK);
    } else {
        assert_int_equal(weir_promql_supported(expr, &err), WEIR_E_UNSUPPORTED);
        assert_int_equal(err.column, row->column);
        assert_non_null(strstr(err.message, "histogram_"));
    }
    weir_promql_expr_free(expr);
}

/* ---- the samples that count ------------------------------------------------------------------ */

struct reach {
    const char *name, *text;
    size_t selector;
    int64_t first, last; /* s, of evaluations from 10000 to 20000 s */
};

static const struct reach reaches[] = {
    {"an instant selector", "x", 0, 9700, 20000},
    {"a range", "rate(x[2m])", 0, 9880, 20000},
    {"an offset", "x offset 1h", 0, 6100, 16400},
    {"one ahead", "x offset -1h", 0, 13300, 23600},
    {"a range with an offset", "rate(x[2m] offset 1m)", 0, 9820, 19940},
    {"a time", "x @ 500", 0, 200, 500},
    {"a time with an offset", "x @ 500 offset 100s", 0, 100, 400},
    {"start() is the time itself", "x @ start()", 0, 9700, 20000},
    {"end() is, too", "rate(x[1m] @ end() offset 5s)", 0, 9935, 19995},
    {"a subquery", "max_over_time(x[1h:1m])", 0, 6100, 20000},
    {"one with an offset", "max_over_time(x[1h:1m] offset 100s)", 0, 6000, 19900},
    {"a range in it", "max_over_time(rate(x[2m])[1h:])", 0, 6280, 20000},
    {"a time in it", "max_over_time((x @ 500)[1h:1m])", 0, 200, 500},
    {"it is at a time", "max_over_time(x[1h:1m] @ 5000)", 0, 1100, 5000},
    {"start() in one at a time", "max_over_time((x @ start())[1h:1m] @ 5000)", 0, 9700, 20000},
    {"two of them", "max_over_time(max_over_time(x[10m:])[1h:])", 0, 5500, 20000},
    {"the second of an operator", "a / b offset 10s", 1, 9690, 19990},
    {"a parameter comes first", "topk(scalar(k offset 10s), x)", 0, 9690, 19990},
    {"then what it is of", "topk(scalar(k offset 10s), x)", 1, 9700, 20000},
    {"the second argument", "clamp_max(a, scalar(-(b offset 1m)))", 1, 9640, 19940},
};

static void reaches_back(void **state)
{
    const struct reach *row = *state;
    weir_promql_expr *expr;
    int64_t first = 0, last = 0;

    assert_int_equal(weir_promql_parse(row->text, strlen(row->text), &world_memory, &expr, NULL),
                     WEIR_OK);
    assert_int_equal(
        weir_promql_selector_window(expr, row->selector, 10000000, 20000000, NULL, &first, &last),
        WEIR_OK);
    assert_int_equal(first, row->first * 1000);
    assert_int_equal(last, row->last * 1000);
    weir_promql_expr_free(expr);
}

static void has_no_window(void **state)
{
    weir_promql_options options;
    weir_promql_expr *expr;
    int64_t first = 0, last = 0;

    (void)state;
    weir_promql_options_init(&options, sizeof options);
    options.lookback_ms = 1000;
    assert_int_equal(weir_promql_parse("x + 1", 5, &world_memory, &expr, NULL), WEIR_OK);
    assert_int_equal(weir_promql_selector_window(expr, 0, 5000, 6000, &options, &first, &last),
                     WEIR_OK);
    assert_int_equal(first, 4000);
    assert_int_equal(weir_promql_selector_window(expr, 1, 5000, 6000, NULL, &first, &last),
                     WEIR_E_ARG);
    assert_int_equal(weir_promql_selector_window(expr, 0, 6001, 6000, NULL, &first, &last),
                     WEIR_E_RANGE);
    assert_int_equal(weir_promql_selector_window(expr, 0, INT64_MIN, 0, NULL, &first, &last),
                     WEIR_E_RANGE);
    assert_int_equal(weir_promql_selector_window(NULL, 0, 0, 0, NULL, &first, &last), WEIR_E_ARG);
    options.lookback_ms = 0;
    assert_int_equal(weir_promql_selector_window(expr, 0, 0, 0, &options, &first, &last),
                     WEIR_E_RANGE);
    weir_promql_expr_free(expr);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, prints, printings);
    SUITE_TABLE(&suite, refuses_with_the_place, refusals);
    SUITE_TEST(&suite, depth_is_limited);
    SUITE_TEST(&suite, arguments);
    SUITE_TEST(&suite, selectors);
    SUITE_TABLE(&suite, reaches_back, reaches);
    SUITE_TEST(&suite, has_no_window);
    SUITE_TABLE(&suite, tells_what_is_not_evaluated, supports);
    return suite_run(&suite, "promql_parse");
}
