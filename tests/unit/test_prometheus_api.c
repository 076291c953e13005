/* prometheus/api: replies of the HTTP API, good ones and what comes instead of them. */
#include "short_memory.h"
#include "table.h"
#include <stdio.h>
#include <weir/prometheus.h>

static void *plain_take(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void plain_give(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static const weir_allocator memory = {plain_take, plain_give, NULL};

static weir_api_reply *parse(const char *body, int32_t http_status)
{
    weir_api_reply *reply = NULL;

    assert_int_equal(weir_api_reply_parse(body, strlen(body), http_status, &memory, &reply, NULL),
                     WEIR_OK);
    return reply;
}

/* ---- what is no result ---------------------------------------------------------------------- */

struct failure {
    const char *name;
    int32_t http_status, kind;
    const char *body, *message; /* message: of a bad response, else the server's error */
};

#define VECTOR(result)                                                                             \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":" result "}}"
#define MATRIX(result)                                                                             \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":" result "}}"
#define VALUE(pair) VECTOR("[{\"metric\":{},\"value\":" pair "}]")

static const struct failure failures[] = {
    {"a server's error", 422, WEIR_API_ERROR,
     "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"boom\"}", "boom"},
    {"an error beside data", 200, WEIR_API_ERROR,
     "{\"status\":\"error\",\"errorType\":\"x\",\"error\":\"boom\",\"data\":{}}", "boom"},
    {"not found, with a body", 404, WEIR_API_CLIENT_ERROR,
     "{\"status\":\"error\",\"errorType\":\"not_found\",\"error\":\"gone\"}",
     "client error: HTTP status 404"},
    {"timed out", 503, WEIR_API_SERVER_ERROR, "{\"status\":\"error\",\"error\":\"slow\"}",
     "server error: HTTP status 503"},
    {"HTML of a proxy", 502, WEIR_API_SERVER_ERROR, "<html>Bad Gateway</html>",
     "server error: HTTP status 502"},
    {"HTML that says it is fine", 200, WEIR_API_BAD_RESPONSE, "<html>Log in</html>",
     "line 1, column 1: expected a value of JSON, got \"<\""},
    {"a redirect", 302, WEIR_API_BAD_RESPONSE, "", "unexpected HTTP status 302"},
    {"no body", 200, WEIR_API_BAD_RESPONSE, "", "line 1, column 1: the body is empty"},
    {"no content", 204, WEIR_API_BAD_RESPONSE, "", "line 1, column 1: the body is empty"},
    {"cut off", 200, WEIR_API_BAD_RESPONSE, "{\"status\":\"success\",\n \"data\":{\"resu",
     "line 2, column 15: expected a closing quote, got the end of the input"},
    {"success that is none", 400, WEIR_API_BAD_RESPONSE, VECTOR("[]"),
     "status: the body says success, the HTTP status does not"},
    {"no status", 200, WEIR_API_BAD_RESPONSE, "{\"data\":{}}", "status: expected success or error"},
    {"no data", 200, WEIR_API_BAD_RESPONSE, "{\"status\":\"success\"}",
     "data: expected an object with resultType and result"},
    {"an unknown type", 200, WEIR_API_BAD_RESPONSE,
     "{\"status\":\"success\",\"data\":{\"resultType\":\"table\",\"result\":[]}}",
     "data.resultType: expected scalar, vector, matrix or string"},
    {"null for a value", 200, WEIR_API_BAD_RESPONSE, VALUE("[1,null]"),
     "data.result[0].value: expected a value: a number in a text"},
    {"a number for a value", 200, WEIR_API_BAD_RESPONSE, VALUE("[1,2]"),
     "data.result[0].value: expected a value: a number in a text"},
    {"a value beyond a double", 200, WEIR_API_BAD_RESPONSE, VALUE("[1,\"1e400\"]"),
     "data.result[0].value: expected a value: a number in a text"},
    {"no value", 200, WEIR_API_BAD_RESPONSE, VALUE("[1]"),
     "data.result[0].value: expected a list of two, time and value"},
    {"a time that is a text", 200, WEIR_API_BAD_RESPONSE, VALUE("[\"1\",\"2\"]"),
     "data.result[0].value: expected a time in seconds, of years that milliseconds can tell"},
    {"a time of another age", 200, WEIR_API_BAD_RESPONSE, VALUE("[9007199254740,\"2\"]"),
     "data.result[0].value: expected a time in seconds, of years that milliseconds can tell"},
    {"a label that is a number", 200, WEIR_API_BAD_RESPONSE,
     VECTOR("[{\"metric\":{\"a\":1},\"value\":[1,\"2\"]}]"),
     "data.result[0].metric: expected texts as values of labels"},
    {"an empty name in a matrix", 200, WEIR_API_BAD_RESPONSE,
     MATRIX("[{\"metric\":{\"\":\"x\"},\"values\":[[1,\"2\"]]}]"),
     "data.result[0].metric: expected names of labels that are not empty"},
    {"another member of a stream", 200, WEIR_API_BAD_RESPONSE,
     MATRIX("[{\"metric\":{}},{\"metric\":{},\"value\":[1,\"2\"]}]"),
     "data.result[1].value: expected metric, values and histograms alone"},
    {"a point that is wrong", 200, WEIR_API_BAD_RESPONSE,
     MATRIX("[{\"metric\":{},\"values\":[[1,\"2\"],[2,\"x\"]]}]"),
     "data.result[0].values[1]: expected a value: a number in a text"},
    {"a histogram that is wrong", 200, WEIR_API_BAD_RESPONSE,
     MATRIX("[{\"metric\":{},\"histograms\":[[1,{\"count\":\"1\",\"sum\":\"1\",\"buckets\":[[4,"
            "\"1\",\"2\",\"3\"]]}]]}]"),
     "data.result[0].histograms[0]: expected buckets: boundaries 0 to 3, lower, upper and count"},
    {"warnings that are no list", 200, WEIR_API_BAD_RESPONSE,
     "{\"status\":\"success\",\"warnings\":\"x\",\"data\":{}}",
     "warnings: expected a list of texts"},
    {"a NUL in a text", 200, WEIR_API_BAD_RESPONSE, "{\"a\\u0000\":1}",
     "line 1, column 10: texts with a NUL are not read, got '\"'"},
    {"half a character", 200, WEIR_API_BAD_RESPONSE, "[\"\\ud800\"]",
     "line 1, column 9: half a character (a lone surrogate), got '\"'"},
    {"a number that JSON has not", 200, WEIR_API_BAD_RESPONSE, "[01]",
     "line 1, column 3: expected , or ], got \"1\""},
    {"too deep", 200, WEIR_API_BAD_RESPONSE,
     "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
     "["
     "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
     "["
     "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
     "line 1, column 201: more than 200 values within values, got \"[\""},
};

static void says_what_is_wrong(void **state)
{
    const struct failure *row = *state;
    weir_api_reply *reply = parse(row->body, row->http_status);

    assert_int_equal(reply->kind, row->kind);
    assert_int_equal(reply->type, 0);
    assert_int_equal(reply->series_count, 0);
    assert_string_equal(row->kind == WEIR_API_ERROR ? reply->error.text : reply->message.text,
                        row->message);
    weir_api_reply_free(reply);
}

static void a_body_says_more_than_its_status(void **state)
{
    weir_api_reply *reply =
        parse("{\"status\":\"error\",\"errorType\":\"timeout\",\"error\":\"slow\"}", 503);

    (void)state;
    assert_int_equal(reply->kind, WEIR_API_SERVER_ERROR);
    assert_string_equal(reply->error_type.text, "timeout");
    assert_string_equal(reply->error.text, "slow");
    weir_api_reply_free(reply);
}

/* ---- times ---------------------------------------------------------------------------------- */

struct time_row {
    const char *name, *body;
    int64_t ms;
};

static const struct time_row time_rows[] = {
    {"whole", VALUE("[1700000000,\"0\"]"), INT64_C(1700000000000)},
    {"milliseconds", VALUE("[1435781451.781,\"0\"]"), INT64_C(1435781451781)},
    {"cut, not rounded", VALUE("[1700000000.1239,\"0\"]"), INT64_C(1700000000123)},
    {"cut toward zero", VALUE("[-1.9999,\"0\"]"), -1999},
    {"negative", VALUE("[-0.5,\"0\"]"), -500},
    {"an exponent", VALUE("[1.7e9,\"0\"]"), INT64_C(1700000000000)},
};

static void reads_times(void **state)
{
    const struct time_row *row = *state;
    weir_api_reply *reply = parse(row->body, 200);

    assert_int_equal(reply->kind, WEIR_API_SUCCESS);
    assert_int_equal(reply->times_ms[0], row->ms);
    weir_api_reply_free(reply);
}

/* Every millisecond of a while reads as itself, however its double falls. */
static void reads_every_millisecond(void **state)
{
    (void)state;
    for (int64_t ms = INT64_C(1795508219000); ms < INT64_C(1795508221000); ms++) {
        char body[200];
        weir_api_reply *reply;

        snprintf(body, sizeof body, VALUE("[%d.%03d,\"0\"]"), (int)(ms / 1000), (int)(ms % 1000));
        reply = parse(body, 0);
        assert_int_equal(reply->times_ms[0], ms);
        weir_api_reply_free(reply);
    }
}

/* ---- results -------------------------------------------------------------------------------- */

static const char rich[] =
    "{\"status\":\"success\",\"isPartial\":true,\"warnings\":[\"PromQL warning: a\",\"store "
    "down\"],"
    "\"infos\":[\"PromQL info: b\"],\"data\":{\"resultType\":\"matrix\",\"stats\":{},\"result\":["
    "{\"metric\":{\"__name__\":\"x\",\"a\":\"\\u00e9\"},\"values\":[[1,\"1\"],[2,\"-0\"]]},"
    "{\"metric\":{},\"values\":[],\"histograms\":[[3,{\"count\":\"4\",\"sum\":\"5\",\"buckets\":"
    "[[0,\"1\",\"2\",\"4\"]]}]]}]}}";

static void reads_a_matrix(void **state)
{
    weir_api_reply *r = parse(rich, 200);

    (void)state;
    assert_int_equal(r->kind, WEIR_API_SUCCESS);
    assert_int_equal(r->type, WEIR_PROMQL_MATRIX);
    assert_int_equal(r->series_count, 2);
    assert_int_equal(r->label_at[1], 2);
    assert_string_equal(r->labels[1].value, "\xc3\xa9");
    assert_int_equal(r->point_at[1], 2);
    assert_int_equal(r->point_at[2], 2);
    assert_bits_equal(r->values[1], -0.0);
    assert_int_equal(r->histogram_at[2], 1);
    assert_int_equal(r->histograms[0].bucket_count, 1);
    assert_bits_equal(r->buckets[0].count, 4.0);
    assert_int_equal(r->warning_count, 2);
    assert_int_equal(r->foreign_warning_count, 1);
    assert_string_equal(r->infos[0].text, "PromQL info: b");
    weir_api_reply_free(r);
}

static void reads_a_string(void **state)
{
    weir_api_reply *r = parse(
        "{\"status\":\"success\",\"data\":{\"resultType\":\"string\",\"result\":[1,\"hi\"]}}", 0);

    (void)state;
    assert_int_equal(r->type, WEIR_PROMQL_STRING);
    assert_string_equal(r->text.text, "hi");
    assert_int_equal(r->text_time_ms, 1000);
    assert_int_equal(r->series_count, 0);
    weir_api_reply_free(r);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    for (size_t refuse = 1;; refuse++) {
        struct short_memory scarce = {.refuse = refuse};
        weir_allocator allocator = short_memory_allocator(&scarce);
        weir_api_reply *reply = NULL;
        weir_status status =
            weir_api_reply_parse(rich, strlen(rich), 200, &allocator, &reply, NULL);

        if (status == WEIR_OK) {
            weir_api_reply_free(reply);
        }
        assert_int_equal(scarce.in_use, 0);
        if (scarce.asked < refuse) {
            assert_int_equal(status, WEIR_OK);
            return;
        }
        assert_int_equal(status, WEIR_E_MEMORY);
        assert_null(reply);
    }
}

static void refuses_bad_arguments(void **state)
{
    weir_api_reply *reply;

    (void)state;
    assert_int_equal(weir_api_reply_parse(NULL, 1, 200, &memory, &reply, NULL), WEIR_E_ARG);
    assert_int_equal(weir_api_reply_parse("", 0, 200, NULL, &reply, NULL), WEIR_E_ARG);
    assert_int_equal(
        weir_api_reply_parse("", (size_t)WEIR_API_REPLY_MAX + 1, 200, &memory, &reply, NULL),
        WEIR_E_LIMIT);
    weir_api_reply_free(NULL);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, says_what_is_wrong, failures);
    SUITE_TEST(&suite, a_body_says_more_than_its_status);
    SUITE_TABLE(&suite, reads_times, time_rows);
    SUITE_TEST(&suite, reads_every_millisecond);
    SUITE_TEST(&suite, reads_a_matrix);
    SUITE_TEST(&suite, reads_a_string);
    SUITE_TEST(&suite, survives_lack_of_memory);
    SUITE_TEST(&suite, refuses_bad_arguments);
    return suite_run(&suite, "prometheus/api");
}
