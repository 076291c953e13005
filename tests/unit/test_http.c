/* http: a client against a server with every fault that there is; see support/faulty_server.py. */
#define _POSIX_C_SOURCE 200809L
#include "short_memory.h"
#include "table.h"
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weir/http.h>

#define SERVER WEIR_SOURCE_DIR "/tests/support/faulty_server.py"

static int port, tls_port;
static char certificate[300];
static pid_t server;
static int server_input;

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

/* ---- the server ----------------------------------------------------------------------------- */

/* 0 when there is no Python to run it. */
static int start_server(void)
{
    int to[2], from[2];
    FILE *answer;
    int read;

    if (pipe(to) != 0 || pipe(from) != 0) {
        return 0;
    }
    server = fork();
    if (server == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(to[0]);
        close(to[1]);
        close(from[0]);
        close(from[1]);
        execlp("python3", "python3", SERVER, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    server_input = to[1];
    answer = fdopen(from[0], "r");
    read = fscanf(answer, "%d %d %299s", &port, &tls_port, certificate);
    fclose(answer);
    return read == 3;
}

static void stop_server(void)
{
    close(server_input);
    waitpid(server, NULL, 0);
}

/* ---- clients -------------------------------------------------------------------------------- */

static weir_http_options quick(const char *part, char url[100])
{
    weir_http_options options;

    weir_http_options_init(&options, sizeof options);
    snprintf(url, 100, "http://127.0.0.1:%d/%s", port, part);
    options.url = url;
    options.backoff = WEIR_SECOND / 1000;
    options.timeout = 20 * WEIR_SECOND;
    return options;
}

static weir_http *client_of(const weir_http_options *options)
{
    weir_http *http = NULL;
    weir_error err;

    assert_int_equal(weir_http_create(options, &memory, &http, &err), WEIR_OK);
    return http;
}

static weir_http *client(const char *part)
{
    char url[100];
    weir_http_options options = quick(part, url);

    return client_of(&options);
}

static const char *label(const weir_api_reply *r, const char *name)
{
    for (size_t i = 0; i < r->label_at[1]; i++) {
        if (strcmp(r->labels[i].name, name) == 0) {
            return r->labels[i].value;
        }
    }
    return "(none)";
}

/* ---- one query ------------------------------------------------------------------------------ */

struct fault {
    const char *name, *part;
    weir_status status;
    int32_t kind, tries;
    const char *message; /* part of the error's, or of the reply's */
};

static const struct fault faults[] = {
    {"500 twice, then an answer", "flaky", WEIR_OK, WEIR_API_SUCCESS, 3, ""},
    {"429, then an answer", "busy", WEIR_OK, WEIR_API_SUCCESS, 2, ""},
    {"503 for ever", "down", WEIR_OK, WEIR_API_SERVER_ERROR, 4, "HTTP status 503"},
    {"502 of a proxy", "gateway", WEIR_OK, WEIR_API_SERVER_ERROR, 4, "HTTP status 502"},
    {"422 is not tried again", "refused", WEIR_OK, WEIR_API_ERROR, 1, ""},
    {"a body that breaks off", "truncated", WEIR_E_IO, 0, 4, "tried 4 times"},
    {"JSON that breaks off", "cut", WEIR_OK, WEIR_API_BAD_RESPONSE, 1, "expected a closing quote"},
    {"HTML", "html", WEIR_OK, WEIR_API_BAD_RESPONSE, 1, "got \"<\""},
    {"a redirect is not followed", "redirect", WEIR_OK, WEIR_API_BAD_RESPONSE, 1, "status 302"},
    {"another content type with a good body", "type", WEIR_OK, WEIR_API_SUCCESS, 1, ""},
    {"no answer at all", "silent", WEIR_E_IO, 0, 4, "tried 4 times"},
    {"a path that is none", "nowhere", WEIR_OK, WEIR_API_CLIENT_ERROR, 1, "HTTP status 404"},
};

static void meets(void **state)
{
    const struct fault *row = *state;
    weir_http *http = client(row->part);
    weir_api_reply *reply = NULL;
    weir_error err = {0};
    weir_http_counts counts;

    assert_int_equal(weir_http_query(http, "up", 5, &reply, &err), row->status);
    weir_http_count(http, &counts);
    assert_int_equal(counts.tries, row->tries);
    assert_int_equal(counts.requests, 1);
    if (row->status == WEIR_OK) {
        assert_int_equal(reply->kind, row->kind);
        assert_non_null(strstr(reply->message.text, row->message));
    } else {
        assert_non_null(strstr(err.message, row->message));
        assert_non_null(strstr(err.message, row->part));
    }
    weir_api_reply_free(reply);
    weir_http_free(http);
}

static void sends_what_it_should(void **state)
{
    static const char *const headers[] = {"X-Scope-OrgID: team"};

    (void)state;
    for (int32_t method = WEIR_HTTP_POST; method <= WEIR_HTTP_GET; method++) {
        char url[100];
        weir_http_options options = quick("echo/", url);
        weir_http *http;
        weir_api_reply *r;

        options.method = method;
        options.headers = headers;
        options.header_count = 1;
        options.parameters = "more=1%202";
        http = client_of(&options);
        assert_int_equal(weir_http_query(http, "x{a=\"b&c\"} + 1", 1700000000123, &r, NULL),
                         WEIR_OK);
        assert_int_equal(r->kind, WEIR_API_SUCCESS);
        assert_string_equal(label(r, "method"), method == WEIR_HTTP_POST ? "POST" : "GET");
        assert_string_equal(label(r, "path"), "/echo/api/v1/query");
        assert_string_equal(label(r, "query"), "x{a=\"b&c\"} + 1");
        assert_string_equal(label(r, "time"), "1700000000.123");
        assert_string_equal(label(r, "more"), "1 2");
        assert_string_equal(label(r, "tenant"), "team");
        weir_api_reply_free(r);
        assert_int_equal(weir_http_query(http, "y", INT64_MIN, &r, NULL), WEIR_OK);
        assert_string_equal(label(r, "time"), "");
        weir_api_reply_free(r);
        weir_http_free(http);
    }
}

static void gives_up_on_a_slow_one(void **state)
{
    char url[100];
    weir_http_options options = quick("slow", url);
    weir_http *http;
    weir_api_reply *reply;
    weir_error err;
    weir_http_counts counts;

    (void)state;
    options.timeout = WEIR_SECOND / 5;
    options.tries = 2;
    http = client_of(&options);
    assert_int_equal(weir_http_query(http, "up", 5, &reply, &err), WEIR_E_IO);
    assert_non_null(strstr(err.message, "tried 2 times"));
    weir_http_count(http, &counts);
    assert_int_equal(counts.tries, 2);
    weir_http_free(http);
}

static void says_when_nobody_is_there(void **state)
{
    weir_http_options options;
    weir_http *http;
    weir_api_reply *reply;
    weir_error err;

    (void)state;
    weir_http_options_init(&options, sizeof options);
    options.url = "http://127.0.0.1:1";
    options.tries = 2;
    options.backoff = 1;
    http = client_of(&options);
    assert_int_equal(weir_http_query(http, "up", 5, &reply, &err), WEIR_E_IO);
    assert_non_null(strstr(err.message, "http://127.0.0.1:1: "));
    weir_http_free(http);
}

static void counts_warnings(void **state)
{
    weir_http *http = client("partial");
    weir_api_reply *reply;
    weir_http_counts counts;

    (void)state;
    assert_int_equal(weir_http_query(http, "up", 5, &reply, NULL), WEIR_OK);
    assert_int_equal(reply->foreign_warning_count, 1);
    weir_http_count(http, &counts);
    assert_int_equal(counts.warnings, 2);
    assert_int_equal(counts.foreign_warnings, 1);
    weir_api_reply_free(reply);
    weir_http_free(http);
}

/* ---- credentials ---------------------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void ask_auth(weir_http *http, int32_t kind, const char *how)
{
    weir_api_reply *r;

    assert_int_equal(weir_http_query(http, "up", 5, &r, NULL), WEIR_OK);
    assert_int_equal(r->kind, kind);
    if (kind == WEIR_API_SUCCESS) {
        assert_string_equal(label(r, "how"), how);
    }
    weir_api_reply_free(r);
}

static void credentials_come_from_files(void **state)
{
    char url[100], path[] = "/tmp/weir-test-XXXXXX";
    weir_http_options options = quick("auth", url);
    weir_api_reply *r;
    weir_error err;
    weir_http *http;

    (void)state;
    close(mkstemp(path));
    http = client_of(&options);
    ask_auth(http, WEIR_API_CLIENT_ERROR, "");
    weir_http_free(http);
    options.bearer_file = path;
    write_file(path, "token-1\n");
    http = client_of(&options);
    ask_auth(http, WEIR_API_SUCCESS, "Bearer");
    write_file(path, "token-2"); /* renewed */
    ask_auth(http, WEIR_API_SUCCESS, "Bearer");
    write_file(path, "token-3");
    ask_auth(http, WEIR_API_CLIENT_ERROR, "");
    write_file(path, "secret-line\nanother");
    assert_int_equal(weir_http_query(http, "up", 5, &r, &err), WEIR_E_IO);
    assert_null(strstr(err.message, "secret"));
    assert_non_null(strstr(err.message, path));
    unlink(path);
    assert_int_equal(weir_http_query(http, "up", 5, &r, &err), WEIR_E_IO);
    assert_non_null(strstr(err.message, "No such file"));
    weir_http_free(http);
}

static void credentials_come_from_the_environment(void **state)
{
    char url[100];
    weir_http_options options = quick("auth", url);
    weir_http *http;

    (void)state;
    setenv("WEIR_TEST_SECRET", "token-1", 1);
    options.bearer_variable = "WEIR_TEST_SECRET";
    http = client_of(&options);
    ask_auth(http, WEIR_API_SUCCESS, "Bearer");
    weir_http_free(http);
    options.bearer_variable = NULL;
    options.user = "me";
    options.password_variable = "WEIR_TEST_SECRET";
    setenv("WEIR_TEST_SECRET", "pass word", 1);
    http = client_of(&options);
    ask_auth(http, WEIR_API_SUCCESS, "Basic");
    setenv("WEIR_TEST_SECRET", "wrong", 1);
    ask_auth(http, WEIR_API_CLIENT_ERROR, "");
    unsetenv("WEIR_TEST_SECRET");
    {
        weir_api_reply *r;
        weir_error err;

        assert_int_equal(weir_http_query(http, "up", 5, &r, &err), WEIR_E_IO);
        assert_string_equal(err.message, "WEIR_TEST_SECRET is not set in the environment");
    }
    weir_http_free(http);
}

/* ---- TLS ------------------------------------------------------------------------------------ */

static void verifies_certificates(void **state)
{
    char url[100];
    weir_http_options options = quick("echo", url);
    weir_api_reply *r;
    weir_error err;
    weir_http *http;
    weir_http_counts counts;

    (void)state;
    if (tls_port == 0) {
        skip();
    }
    snprintf(url, sizeof url, "https://127.0.0.1:%d/echo", tls_port);
    http = client_of(&options);
    assert_int_equal(weir_http_query(http, "up", 5, &r, &err), WEIR_E_IO);
    weir_http_count(http, &counts);
    assert_int_equal(counts.tries, 1); /* it will not get better */
    weir_http_free(http);
    options.ca_file = certificate;
    http = client_of(&options);
    assert_int_equal(weir_http_query(http, "up", 5, &r, &err), WEIR_OK);
    assert_int_equal(r->kind, WEIR_API_SUCCESS);
    weir_api_reply_free(r);
    weir_http_free(http);
}

/* ---- grids ---------------------------------------------------------------------------------- */

static void splits_a_grid(void **state)
{
    char url[100];
    weir_http_options options = quick("grid", url);
    weir_http *http;
    weir_series_store *store;
    weir_series_counts counts = {0};
    weir_samples s;
    weir_http_counts sent;

    (void)state;
    options.points = 100;
    http = client_of(&options);
    assert_int_equal(weir_series_store_create(&memory, &store), WEIR_OK);
    /* 1, 1.25, ... 100: 397 points, in four parts. */
    assert_int_equal(weir_http_query_range(http, "x", 1000, 100100, 250, store, &counts, NULL),
                     WEIR_OK);
    weir_http_count(http, &sent);
    assert_int_equal(sent.requests, 4);
    assert_int_equal(weir_series_store_count(store), 2);
    weir_series_store_samples(store, 0, &s);
    assert_int_equal(s.count, 397);
    for (size_t i = 0; i < s.count; i++) {
        assert_int_equal(s.times_ms[i], 1000 + 250 * i);
        assert_bits_equal(s.values[i], (double)s.times_ms[i] / 1000);
    }
    assert_int_equal(counts.refused, 0);
    weir_series_store_free(store);
    weir_http_free(http);
}

static void a_server_takes_the_largest_part(void **state)
{
    weir_http *http = client("grid");
    weir_series_store *store;
    weir_samples s;
    weir_http_counts sent;

    (void)state;
    assert_int_equal(weir_series_store_create(&memory, &store), WEIR_OK);
    assert_int_equal(weir_http_query_range(http, "x", 0, 21999000, 1000, store, NULL, NULL),
                     WEIR_OK);
    weir_http_count(http, &sent);
    assert_int_equal(sent.requests, 2);
    weir_series_store_samples(store, 0, &s);
    assert_int_equal(s.count, 22000);
    weir_series_store_free(store);
    weir_http_free(http);
}

static void refuses_what_is_no_grid(void **state)
{
    struct {
        const char *part;
        int64_t start, end, step;
        weir_status status;
        const char *message;
    } rows[] = {
        {"grid", 0, 1000, 0, WEIR_E_RANGE, "a step above 0"},
        {"grid", 1000, 0, 1000, WEIR_E_RANGE, "not before the start"},
        {"moved", 0, 1000, 1000, WEIR_E_RANGE, "nocache=1"},
        {"refused", 0, 1000, 1000, WEIR_E_RANGE, "the server says: execution: many-to-many"},
        {"html", 0, 1000, 1000, WEIR_E_PARSE, "expected a value of JSON"},
        {"down", 0, 1000, 1000, WEIR_E_IO, "the server says: timeout: timed out"},
        {"echo", 0, 1000, 1000, WEIR_E_PARSE, "expected a matrix"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        weir_http *http = client(rows[i].part);
        weir_series_store *store;
        weir_error err = {0};

        assert_int_equal(weir_series_store_create(&memory, &store), WEIR_OK);
        assert_int_equal(weir_http_query_range(http, "x", rows[i].start, rows[i].end, rows[i].step,
                                               store, NULL, &err),
                         rows[i].status);
        assert_non_null(strstr(err.message, rows[i].message));
        weir_series_store_free(store);
        weir_http_free(http);
    }
}

static void one_part_has_its_warnings(void **state)
{
    weir_http *http = client("grid");
    weir_api_reply *r = NULL;
    weir_error err = {0};

    (void)state;
    assert_int_equal(weir_http_query_part(http, "x", 1000, 3000, 500, &r, NULL), WEIR_OK);
    assert_int_equal(r->kind, WEIR_API_SUCCESS);
    assert_int_equal(r->point_at[1], 5);
    weir_api_reply_free(r);
    assert_int_equal(weir_http_query_part(http, "x", 3000, 1000, 500, &r, &err), WEIR_E_RANGE);
    assert_int_equal(weir_http_query_part(http, "x", 1000, 3000, 0, &r, &err), WEIR_E_RANGE);
    assert_int_equal(weir_http_query_part(http, NULL, 1000, 3000, 1, &r, &err), WEIR_E_ARG);
    weir_http_free(http);
    http = client("moved");
    assert_int_equal(weir_http_query_part(http, "x", 1000, 3000, 1000, &r, &err), WEIR_E_RANGE);
    assert_non_null(strstr(err.message, "nocache=1"));
    weir_http_free(http);
    http = client("refused");
    assert_int_equal(weir_http_query_part(http, "x", 1000, 3000, 1000, &r, &err), WEIR_OK);
    assert_int_equal(r->kind, WEIR_API_ERROR);
    assert_string_equal(r->error_type.text, "execution");
    weir_api_reply_free(r);
    weir_http_free(http);
}

/* ---- pages ---------------------------------------------------------------------------------- */

static void gets_a_page(void **state)
{
    static const char *const headers[] = {"X-Scope-OrgID: team"};
    static const char body[] = "/accept/metrics?a=b|text/plain;q=0.5|team";
    char url[100];
    weir_http_options options = quick("accept/metrics", url);
    weir_http_page *page = NULL;
    weir_error err = {0};
    weir_http *http;

    (void)state;
    options.headers = headers;
    options.header_count = 1;
    options.parameters = "a=b";
    http = client_of(&options);
    assert_int_equal(weir_http_page_get(http, "text/plain;q=0.5", 1000, &page, &err), WEIR_OK);
    assert_int_equal(page->status, 200);
    assert_string_equal(page->content_type, "text/plain; version=0.0.4");
    assert_int_equal(page->length, strlen(body));
    assert_memory_equal(page->body, body, strlen(body));
    weir_http_page_free(page);
    assert_int_equal(weir_http_page_get(http, "text/plain;q=0.5", strlen(body), &page, &err),
                     WEIR_OK);
    weir_http_page_free(page);
    assert_int_equal(weir_http_page_get(http, "text/plain;q=0.5", strlen(body) - 1, &page, &err),
                     WEIR_E_LIMIT);
    assert_string_equal(err.message, "a reply of more than 40 bytes");
    assert_int_equal(weir_http_page_get(http, "a\r\nb", 5, &page, &err), WEIR_E_RANGE);
    assert_int_equal(weir_http_page_get(http, NULL, 0, &page, &err), WEIR_E_ARG);
    weir_http_page_free(NULL);
    weir_http_free(http);
}

static void a_page_may_be_none(void **state)
{
    weir_http_page *page = NULL;
    weir_error err = {0};
    weir_http *http = client("nowhere");

    (void)state;
    assert_int_equal(weir_http_page_get(http, NULL, 1000, &page, &err), WEIR_OK);
    assert_int_equal(page->status, 404);
    weir_http_page_free(page);
    weir_http_free(http);
    http = client("silent");
    assert_int_equal(weir_http_page_get(http, NULL, 1000, &page, &err), WEIR_E_IO);
    weir_http_free(http);
}

/* ---- options -------------------------------------------------------------------------------- */

static void refuses_bad_options(void **state)
{
    static const char *const smuggled[] = {"X: a\r\nY: b"};
    static const char *const authorized[] = {"authorization: Bearer x"};
    static const struct {
        const char *path;
        weir_http_options options;
    } rows[] = {
        {"url", {.url = NULL}},
        {"url", {.url = "localhost:9090"}},
        {"url", {.url = "ftp://localhost"}},
        {"url", {.url = "http://"}},
        {"url", {.url = "http://me:secret@localhost"}},
        {"url", {.url = "http://localhost?token=secret"}},
        {"headers", {.url = "http://h", .headers = smuggled, .header_count = 1}},
        {"headers", {.url = "http://h", .headers = authorized, .header_count = 1}},
        {"user", {.url = "http://h", .user = "me"}},
        {"user", {.url = "http://h", .password_file = "f"}},
        {"bearer_file", {.url = "http://h", .bearer_file = "f", .bearer_variable = "V"}},
        {"bearer_file",
         {.url = "http://h", .bearer_file = "f", .user = "me", .password_file = "f"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        weir_http_options options = rows[i].options, fine;
        weir_http *http;
        weir_error err = {0};

        weir_http_options_init(&fine, sizeof fine);
        options.struct_size = sizeof options;
        options.tries = fine.tries;
        options.points = fine.points;
        options.timeout = fine.timeout;
        options.connect_timeout = fine.connect_timeout;
        options.backoff = fine.backoff;
        assert_int_equal(weir_http_create(&options, &memory, &http, &err), WEIR_E_RANGE);
        assert_string_equal(err.path, rows[i].path);
        assert_null(strstr(err.message, "secret"));
        options.url = "http://h";
        options.tries = 21;
        assert_int_equal(weir_http_create(&options, &memory, &http, &err), WEIR_E_RANGE);
        assert_string_equal(err.path, "tries");
    }
}

static void survives_lack_of_memory(void **state)
{
    weir_http_options options;

    (void)state;
    weir_http_options_init(&options, sizeof options);
    options.url = "http://localhost";
    options.parameters = "a=b";
    options.user = "me";
    options.password_file = "f";
    for (size_t refuse = 1;; refuse++) {
        struct short_memory scarce = {.refuse = refuse};
        weir_allocator allocator = short_memory_allocator(&scarce);
        weir_http *http = NULL;
        weir_status status = weir_http_create(&options, &allocator, &http, NULL);

        if (status == WEIR_OK) {
            weir_http_free(http);
        }
        assert_int_equal(scarce.in_use, 0);
        if (scarce.asked < refuse) {
            assert_int_equal(status, WEIR_OK);
            return;
        }
        assert_int_equal(status, WEIR_E_MEMORY);
    }
}

int main(void)
{
    static struct suite suite;
    int failed;

    setenv("no_proxy", "127.0.0.1", 1);
    SUITE_TEST(&suite, refuses_bad_options);
    SUITE_TEST(&suite, survives_lack_of_memory);
    SUITE_TEST(&suite, says_when_nobody_is_there);
    if (start_server()) {
        SUITE_TABLE(&suite, meets, faults);
        SUITE_TEST(&suite, sends_what_it_should);
        SUITE_TEST(&suite, gives_up_on_a_slow_one);
        SUITE_TEST(&suite, counts_warnings);
        SUITE_TEST(&suite, credentials_come_from_files);
        SUITE_TEST(&suite, credentials_come_from_the_environment);
        SUITE_TEST(&suite, verifies_certificates);
        SUITE_TEST(&suite, splits_a_grid);
        SUITE_TEST(&suite, a_server_takes_the_largest_part);
        SUITE_TEST(&suite, refuses_what_is_no_grid);
        SUITE_TEST(&suite, one_part_has_its_warnings);
        SUITE_TEST(&suite, gets_a_page);
        SUITE_TEST(&suite, a_page_may_be_none);
    } else {
        printf("no python3: the tests with a server are left out\n");
    }
    failed = suite_run(&suite, "http");
    stop_server();
    return failed;
}
