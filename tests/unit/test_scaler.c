/*
 * What KEDA's scalers read out of answers: the rules one by one, with the place of what is wrong.
 * The recorded answers of tests/conformance hold them to upstream.
 */
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <weir/scaler.h>

/* ---- prometheus ----------------------------------------------------------------------------- */

#define VECTOR(elements) "{\"status\":\"success\",\"data\":{\"result\":[" elements "]}}"

struct answer {
    const char *name, *body;
    int32_t http_status;
    weir_status status;
    double value;
    int32_t line, column; /* of an error; 0: none */
};

static const struct answer answers[] = {
    {"one element", VECTOR("{\"value\":[1,\"777\"]}"), 200, WEIR_OK, 777.0, 0, 0},
    {"a file has no status", VECTOR("{\"value\":[1,\"7\"]}"), 0, WEIR_OK, 7.0, 0, 0},
    {"299 is success", VECTOR("{\"value\":[1,\"7\"]}"), 299, WEIR_OK, 7.0, 0, 0},
    {"300 is none", VECTOR("{\"value\":[1,\"7\"]}"), 300, WEIR_E_IO, 0.0, 0, 0},
    {"199 is none", VECTOR("{\"value\":[1,\"7\"]}"), 199, WEIR_E_IO, 0.0, 0, 0},
    {"no element", VECTOR(""), 200, WEIR_NO_DATA, 0.0, 0, 0},
    {"two elements", VECTOR("{},{}"), 200, WEIR_E_RANGE, 0.0, 0, 0},
    {"half a sample", VECTOR("{\"value\":[1]}"), 200, WEIR_E_RANGE, 0.0, 0, 0},
    {"NaN", VECTOR("{\"value\":[1,\"NaN\"]}"), 200, WEIR_NO_DATA, 0.0, 0, 0},
    {"below all", VECTOR("{\"value\":[1,\"-Inf\"]}"), 200, WEIR_NO_DATA, 0.0, 0, 0},
    {"null as sample", VECTOR("{\"value\":[1,null]}"), 200, WEIR_OK, -1.0, 0, 0},
    {"a number as sample", VECTOR("{\"value\":[1,5]}"), 200, WEIR_E_PANIC, 0.0, 0, 0},
    {"no number", VECTOR("{\"value\":[1,\"x\"]}"), 200, WEIR_E_PARSE, 0.0, 1, 52},
    {"too large", VECTOR("{\"value\":[1,\"1e400\"]}"), 200, WEIR_E_LIMIT, 0.0, 1, 52},
    {"escapes", VECTOR("{\"value\":[1,\"\\u0037\"]}"), 200, WEIR_OK, 7.0, 0, 0},
    {"names in any case", "{\"DATA\":{\"Re\xc5\xbfult\":[{\"vALUE\":[1,\"7\"]}]}}", 200, WEIR_OK,
     7.0, 0, 0},
    {"the last of equal names", VECTOR("{\"value\":[1,\"1\"],\"value\":[1,\"7\"]}"), 200, WEIR_OK,
     7.0, 0, 0},
    {"objects are merged", "{\"data\":{\"result\":[{\"value\":[1,\"7\"]}]},\"data\":{}}", 200,
     WEIR_OK, 7.0, 0, 0},
    {"first elements are merged",
     "{\"data\":{\"result\":[{\"value\":[1,\"7\"]}],\"result\":[null]}}", 200, WEIR_OK, 7.0, 0, 0},
    {"null empties a list",
     "{\"data\":{\"result\":[{\"value\":[1,\"7\"]}],\"result\":null,\"result\":[{}]}}", 200,
     WEIR_NO_DATA, 0.0, 0, 0},
    {"an empty list forgets",
     "{\"data\":{\"result\":[{\"value\":[1,\"7\"]}],\"result\":[],\"result\":[{}]}}", 200,
     WEIR_NO_DATA, 0.0, 0, 0},
    {"a scalar", "{\"data\":{\"result\":[1,\"7\"]}}", 200, WEIR_E_PARSE, 0.0, 1, 20},
    {"a status that is no text", "{\"status\":1,\"data\":{\"result\":[]}}", 200, WEIR_E_PARSE, 0.0,
     1, 11},
    {"a time that is no double", VECTOR("{\"value\":[1e400,\"7\"]}"), 200, WEIR_E_PARSE, 0.0, 1,
     49},
    {"cut", "{\"data\":\n{\"result\":[", 200, WEIR_E_PARSE, 0.0, 2, 12},
    {"more behind it", VECTOR("") "\n x", 200, WEIR_E_PARSE, 0.0, 2, 2},
    {"nothing", "", 200, WEIR_E_PARSE, 0.0, 1, 1},
    {"half a character", VECTOR("{\"value\":[1,\"\\ud800\"]}"), 200, WEIR_E_PARSE, 0.0, 1, 52},
};

static void reads_an_answer(void **state)
{
    const struct answer *row = *state;
    double value = 0.0;
    weir_error err;

    memset(&err, 0, sizeof err);
    assert_int_equal(
        weir_scaler_prometheus_answer(row->body, strlen(row->body), row->http_status, &value, &err),
        row->status);
    if (row->status == WEIR_OK) {
        assert_true(value == row->value);
        return;
    }
    assert_int_equal(err.status, row->status);
    assert_true(err.message[0] != '\0');
    assert_int_equal(err.line, row->line);
    assert_int_equal(err.column, row->column);
}

static void nests_as_deep_as_go(void **state)
{
    enum { DEPTH = 10000 };
    static char body[2 * DEPTH + 64];
    double value;

    (void)state;
    for (int more = 0; more <= 1; more++) {
        size_t n = 0;

        n += (size_t)sprintf(body, "{\"x\":");
        memset(body + n, '[', DEPTH - 1 + (size_t)more);
        n += DEPTH - 1 + (size_t)more;
        memset(body + n, ']', DEPTH - 1 + (size_t)more);
        n += DEPTH - 1 + (size_t)more;
        body[n++] = '}';
        assert_int_equal(weir_scaler_prometheus_answer(body, n, 200, &value, NULL),
                         more ? WEIR_E_PARSE : WEIR_NO_DATA);
    }
}

static void judges_a_result(void **state)
{
    size_t at[] = {0, 1, 2};
    double values[] = {7.0, NAN};
    weir_promql_result result;
    double value = 0.0;

    (void)state;
    memset(&result, 0, sizeof result);
    result.type = WEIR_PROMQL_VECTOR;
    result.series_count = 1;
    result.point_at = at;
    result.values = values;
    assert_int_equal(weir_scaler_prometheus_result(&result, &value, NULL), WEIR_OK);
    assert_true(value == 7.0);
    result.values = values + 1;
    assert_int_equal(weir_scaler_prometheus_result(&result, &value, NULL), WEIR_NO_DATA);
    result.series_count = 2;
    assert_int_equal(weir_scaler_prometheus_result(&result, &value, NULL), WEIR_E_RANGE);
    result.series_count = 0;
    assert_int_equal(weir_scaler_prometheus_result(&result, &value, NULL), WEIR_NO_DATA);
    result.type = WEIR_PROMQL_MATRIX;
    result.series_count = 1;
    result.values = values;
    assert_int_equal(weir_scaler_prometheus_result(&result, &value, NULL), WEIR_NO_DATA);
    result.type = WEIR_PROMQL_SCALAR;
    assert_int_equal(weir_scaler_prometheus_result(&result, &value, NULL), WEIR_E_PARSE);
}

/* ---- requests ------------------------------------------------------------------------------- */

struct request {
    const char *name, *server, *query, *name_space, *parameters;
    int64_t at; /* s */
    const char *url;
};

static const struct request requests[] = {
    {"plain", "http://p:9090", "up", NULL, NULL, 946684800,
     "http://p:9090/api/v1/query?query=up&time=2000-01-01T00:00:00Z"},
    {"a slash stays", "http://p/", "up", "", "", 951782399,
     "http://p//api/v1/query?query=up&time=2000-02-28T23:59:59Z"},
    {"a leap day", "p", "up", NULL, NULL, 951782400,
     "p/api/v1/query?query=up&time=2000-02-29T00:00:00Z"},
    {"before the epoch", "p", "up", NULL, NULL, -1,
     "p/api/v1/query?query=up&time=1969-12-31T23:59:59Z"},
    {"escapes", "p", "a b&c~\xc3\xa9", NULL, NULL, 0,
     "p/api/v1/query?query=a+b%26c~%C3%A9&time=1970-01-01T00:00:00Z"},
    {"all parts", "p", "q", "a b&c", " k = v w ,x=", 0,
     "p/api/v1/query?query=q&time=1970-01-01T00:00:00Z&namespace=a b&c&k=v+w&x="},
};

static void asks(void **state)
{
    const struct request *row = *state;
    char url[200], small[10];
    size_t need = 0;

    assert_int_equal(weir_scaler_prometheus_url(row->server, row->query, row->name_space,
                                                row->parameters, row->at * WEIR_SECOND, url,
                                                sizeof url, &need, NULL),
                     WEIR_OK);
    assert_string_equal(url, row->url);
    assert_int_equal(need, strlen(row->url) + 1);
    assert_int_equal(weir_scaler_prometheus_url(row->server, row->query, row->name_space,
                                                row->parameters, row->at * WEIR_SECOND, small,
                                                sizeof small, &need, NULL),
                     WEIR_E_SPACE);
    assert_int_equal(strlen(small), sizeof small - 1);
    assert_memory_equal(small, row->url, sizeof small - 1);
}

static void refuses_parameters(void **state)
{
    char url[200];

    (void)state;
    assert_int_equal(
        weir_scaler_prometheus_url("p", "q", NULL, "k=v,w", 0, url, sizeof url, NULL, NULL),
        WEIR_E_PARSE);
    assert_int_equal(
        weir_scaler_prometheus_url("p", "q", NULL, "k=v=w", 0, url, sizeof url, NULL, NULL),
        WEIR_E_PARSE);
}

/* ---- metrics-api ---------------------------------------------------------------------------- */

struct place {
    const char *name, *location, *body;
    int32_t format;
    weir_status status;
    double value;
    const char *message; /* a part of it */
};

#define LIST                                                                                       \
    "{\"list\":[{\"id\":1,\"x\":4},{\"id\":2,\"x\":\"500m\"},{\"id\":3,\"name\":\"c\\\"d\","       \
    "\"x\":6}],\"a.b\":5}"

enum { J = WEIR_ANSWER_JSON, Y = WEIR_ANSWER_YAML, P = WEIR_ANSWER_PROMETHEUS };

static const struct place places[] = {
    {"a member of an item", "list.1.x", LIST, J, WEIR_OK, 0.5, NULL},
    {"how many", "list.#", LIST, J, WEIR_OK, 3.0, NULL},
    {"the first that fits", "list.#(id>1).x", LIST, J, WEIR_OK, 0.5, NULL},
    {"the first of all that fit", "list.#(id>=2)#.x|1", LIST, J, WEIR_OK, 6.0, NULL},
    {"how many fit", "list.#(x<6)#|#", LIST, J, WEIR_OK, 2.0, NULL},
    {"by a text", "list.#(name==\"c\\\"d\").x", LIST, J, WEIR_OK, 6.0, NULL},
    {"by a pattern", "list.#(name%\"c*\").x", LIST, J, WEIR_OK, 6.0, NULL},
    {"of each", "list.#.x|2", LIST, J, WEIR_OK, 6.0, NULL},
    {"of each, as a list", "list.#.x", LIST, J, WEIR_E_PARSE, 0.0, "got a list or an object"},
    {"a dot in a name", "a\\.b", LIST, J, WEIR_OK, 5.0, NULL},
    {"a pattern", "l?s*.0.x", LIST, J, WEIR_OK, 4.0, NULL},
    {"the document itself", "@this.list.0.x", LIST, J, WEIR_OK, 4.0, NULL},
    {"a modifier weir has not", "list|@reverse|0.x", LIST, J, WEIR_E_UNSUPPORTED, 0.0,
     "@this, @pretty"},
    {"several paths", "[a,b]", LIST, J, WEIR_E_UNSUPPORTED, 0.0, "paths in []"},
    {"behind a value", "list.0.x.y", LIST, J, WEIR_E_PARSE, 0.0, "got nothing"},
    {"a cut document", "a", "{\"a\":1", J, WEIR_OK, 1.0, NULL},
    {"what begins like a number", "a", "{\"a\":1x}", J, WEIR_OK, 0.0, NULL},
    {"an infinity", "a", "{\"a\":Infinity}", J, WEIR_OK, INFINITY, NULL},
    {"the first of equal names", "a", "{\"a\":1,\"a\":2}", J, WEIR_OK, 1.0, NULL},
    {"a quantity with an escape", "a", "{\"a\":\"\\u0031k\"}", J, WEIR_OK, 1000.0, NULL},
    {"true", "a", "{\"a\":true}", J, WEIR_E_PARSE, 0.0, "got true"},
    {"an escaped name", "a\"b", "{\"a\\\"b\":3}", J, WEIR_OK, 3.0, NULL},
    {"YAML by index", "l.1.x", "l:\n- x: 1\n- x: 0x10\n", Y, WEIR_OK, 16.0, NULL},
    {"an octal number", "a", "a: 010\n", Y, WEIR_OK, 8.0, NULL},
    {"digits with underscores", "a", "a: 1_000\n", Y, WEIR_OK, 1000.0, NULL},
    {"digits in quotes are a quantity", "a", "a: '1_000'\n", Y, WEIR_E_PARSE, 0.0,
     "a text that is neither"},
    {"more than an int64", "a", "a: 9223372036854775808\n", Y, WEIR_E_PARSE, 0.0, "another kind"},
    {"a time", "a", "a: 2026-01-02\n", Y, WEIR_E_PARSE, 0.0, "another kind"},
    {"an alias", "b.x", "a: &n {x: 7}\nb: *n\n", Y, WEIR_OK, 7.0, NULL},
    {"merged", "b.x", "a: &n {x: 7}\nb: {<<: *n, y: 1}\n", Y, WEIR_OK, 7.0, NULL},
    {"a number as a name", "m.16", "m: {0x10: 3}\n", Y, WEIR_OK, 3.0, NULL},
    {"a list", "a", "a: [1]\n", Y, WEIR_E_PARSE, 0.0, "got a list or a map"},
    {"no map", "a", "- 1\n", Y, WEIR_E_PARSE, 0.0, "a map of YAML"},
    {"no YAML", "a", "a: [", Y, WEIR_E_PARSE, 0.0, "no YAML"},
    {"a sample", "m{a=\"x\"}", "m{a=\"y\"} 1\nm{a=\"x\",b=\"z\"} 2", P, WEIR_OK, 2.0, NULL},
    {"operators are not looked at", "m{a!=\"x\"}", "m{a=\"y\"} 1\nm{a=\"x\"} 2\n", P, WEIR_OK, 2.0,
     NULL},
    {"its line ends in CR LF", "m", "m 1\r\n", P, WEIR_OK, 1.0, NULL},
    {"a part of a histogram", "h_sum", "# TYPE h histogram\nh_sum 5\n", P, WEIR_E_PARSE, 0.0,
     "a histogram"},
    {"no such sample", "m", "n 1\n", P, WEIR_E_PARSE, 0.0, "no such sample"},
    {"no selector", "sum(m)", "m 1\n", P, WEIR_E_PARSE, 0.0, "expected a selector"},
    {"an escaped value", "m{a=\"x\\\"\\\\y\"}", "m{a=\"x\\\"\\\\y\"} 4\n", P, WEIR_OK, 4.0, NULL},
    {"XML", "a", "<a>1</a>", WEIR_ANSWER_XML, WEIR_E_UNSUPPORTED, 0.0, "XML"},
};

static void finds_a_value(void **state)
{
    const struct place *row = *state;
    double value = 0.0;
    weir_error err;

    memset(&err, 0, sizeof err);
    assert_int_equal(weir_scaler_api_answer(row->format, row->location, row->body,
                                            strlen(row->body), 200, &value, &err),
                     row->status);
    if (row->status == WEIR_OK) {
        assert_true(value == row->value);
    } else if (strstr(err.message, row->message) == NULL) {
        fail_msg("`%s` does not say `%s`", err.message, row->message);
    }
}

static void takes_200_only(void **state)
{
    double value;

    (void)state;
    assert_int_equal(weir_scaler_api_answer(J, "a", "{\"a\":1}", 7, 201, &value, NULL), WEIR_E_IO);
    assert_int_equal(weir_scaler_api_answer(J, "a", "{\"a\":1}", 7, 0, &value, NULL), WEIR_OK);
    assert_int_equal(weir_scaler_format_of("yaml"), Y);
    assert_int_equal(weir_scaler_format_of("JSON"), -1);
}

static void aggregates_what_answered(void **state)
{
    static const double values[] = {20.0, 99.0, 5.0};
    static const weir_status statuses[] = {WEIR_OK, WEIR_E_IO, WEIR_OK};
    static const double wanted[] = {12.5, 25.0, 20.0, 5.0};
    double value;

    (void)state;
    for (int32_t how = WEIR_AGGREGATE_AVERAGE; how <= WEIR_AGGREGATE_MIN; how++) {
        assert_int_equal(weir_scaler_api_aggregate(how, values, statuses, 3, &value), WEIR_OK);
        assert_true(value == wanted[how]);
    }
    assert_int_equal(weir_scaler_api_aggregate(0, values, statuses + 1, 1, &value), WEIR_E_IO);
    assert_int_equal(weir_scaler_api_aggregate(4, values, statuses, 3, &value), WEIR_E_ARG);
}

/* ---- external ------------------------------------------------------------------------------- */

static void reads_messages(void **state)
{
    (void)state;
    assert_true(weir_scaler_external_value(5, 0.0) == 5.0);
    assert_true(weir_scaler_external_value(5, -1.0) == 5.0);
    assert_true(weir_scaler_external_value(5, 0.25) == 0.25);
    assert_int_equal(weir_scaler_external_target(50, 0.0), 50000);
    assert_int_equal(weir_scaler_external_target(50, 1.5), 1500);
    assert_int_equal(weir_scaler_external_target(-5, 0.0), -5000);
    assert_string_equal(weir_scaler_external_name(12, "s12-a-b"), "a-b");
    assert_null(weir_scaler_external_name(12, "s1-a"));
    assert_null(weir_scaler_external_name(0, "s00-a"));
    assert_int_equal(weir_scaler_external_sends("password"), 1);
    assert_int_equal(weir_scaler_external_sends("passwordFromEnv"), 0);
}

/* ---- arguments ------------------------------------------------------------------------------ */

static void refuses_arguments(void **state)
{
    double value;

    (void)state;
    assert_int_equal(weir_scaler_prometheus_answer(NULL, 1, 200, &value, NULL), WEIR_E_ARG);
    assert_int_equal(weir_scaler_prometheus_answer(NULL, 0, 200, &value, NULL), WEIR_E_PARSE);
    assert_int_equal(weir_scaler_prometheus_answer("", 0, 200, NULL, NULL), WEIR_E_ARG);
    assert_int_equal(weir_scaler_api_answer(9, "a", "", 0, 200, &value, NULL), WEIR_E_ARG);
    assert_int_equal(weir_scaler_api_answer(J, NULL, "", 0, 200, &value, NULL), WEIR_E_ARG);
    assert_int_equal(weir_scaler_prometheus_result(NULL, &value, NULL), WEIR_E_ARG);
    assert_null(weir_scaler_external_name(0, NULL));
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, reads_an_answer, answers);
    SUITE_TEST(&suite, nests_as_deep_as_go);
    SUITE_TEST(&suite, judges_a_result);
    SUITE_TABLE(&suite, asks, requests);
    SUITE_TEST(&suite, refuses_parameters);
    SUITE_TABLE(&suite, finds_a_value, places);
    SUITE_TEST(&suite, takes_200_only);
    SUITE_TEST(&suite, aggregates_what_answered);
    SUITE_TEST(&suite, reads_messages);
    SUITE_TEST(&suite, refuses_arguments);
    return suite_run(&suite, "scaler");
}
