/*
 * cmd_query.c - `weir query`: PromQL over files of series, with the answers of a server.
 */
#include "program.h"
#include "query_print.h"
#include "query_server.h"
#include "series.h"

#include <inttypes.h>
#include <string.h>

enum {
    OPTION_SERIES,
    OPTION_AT,
    OPTION_FROM,
    OPTION_TO,
    OPTION_STEP,
    OPTION_FORMAT,
    OPTION_INPUT,
    OPTION_TIME,
    OPTION_NAN,
    OPTION_MARK_STALE,
    OPTION_SEMANTICS,
    OPTION_LOOKBACK,
    OPTION_SERVER /* the first of SERVER_OPTIONS */
};

enum { FILES_MAX = 256 };

static const struct option options[] = {
    {"--series", 0, "FILE...",
     "series: any of the formats below, gzip or not, - for stdin; repeatable"},
    {"--at", 0, "TIME", "evaluate at this time (default: that of the newest sample)"},
    {"--from", 0, "TIME", "evaluate over a grid of times, from this one,"},
    {"--to", 0, "TIME", "to this one,"},
    {"--step", 0, "DURATION", "so far apart"},
    {"--format", 0, "text|json|csv", "how to print the result (default text)"},
    {"--input", 0, "NAME", "the files' format, where it is not to be found out"},
    {"--time", 0, "TIME", "when samples without a time were taken"},
    {"--nan", 0, "marker|value",
     "whether a NaN in a file ends its series (default: in dumps and exports)"},
    {"--mark-stale", 0, NULL, "series end at the first scrape (sample of up) without them"},
    {"--semantics", 0, "3|2.42", "whose rules (default 3, of Prometheus 3)"},
    {"--lookback", 0, "DURATION", "how old an instant selector's sample may be (default 5m)"},
    SERVER_OPTIONS,
    {NULL, 0, NULL, NULL},
};

static int run(int count, char **words);

const struct command command_query = {
    "query",
    "evaluate PromQL over files of series, as a server would",
    "query EXPR --series FILE... | --prometheus URL [--at TIME | --from TIME --to TIME --step "
    "DURATION] [OPTION...]",
    "Times are seconds since 1970 or RFC 3339. Formats, by their names for --input: text "
    "(exposition\n"
    "text, with milliseconds), openmetrics, api-json (a reply of the HTTP API, or the list of its\n"
    "result), tsdb-dump and dump-openmetrics (promtool), vm-export (VictoriaMetrics' JSON lines), "
    "csv\n"
    "(a row a sample: __name__,label,...,__timestamp__,__value__; or a column a series, as "
    "Grafana\n"
    "saves a panel).\n"
    "\n"
    "Within a series samples must be in order of time, over all files; others are left out, and "
    "that\n"
    "is said. json is the reply that a server would send, csv can be read again.\n"
    "\n"
    "Examples:\n"
    "  weir query 'sum(rate(http_requests_total[2m]))' --series dump.txt.gz --at "
    "2026-11-24T08:00:00Z\n"
    "  weir query 'up' --series reply.json --from 1700000000 --to 1700003600 --step 15s --format "
    "csv\n"
    "  curl -s localhost:9100/metrics | weir query up --series - --time 1700000000\n"
    "  weir query 'up' --prometheus https://prometheus.example --bearer-file token\n",
    "EXPR",
    options,
    run,
};

struct request {
    const char *expression;
    const char *files[FILES_MAX];
    size_t file_count;
    struct series_wishes wishes;
    struct server server;
    weir_promql_options options;
    const char *first; /* the first option about files that was given; NULL: none */
    int format, has_at, has_from, has_to;
    int64_t at, from, to, step; /* ms; step 0: at one instant */
};

/* ---- command line --------------------------------------------------------------------------- */

static int read_word(const char *option, const char *words, const char *value, int *index)
{
    *index = choose_word(option, words, value);
    return *index >= 0;
}

/* 1, or 0 after a message. */
static int read_option(struct request *r, const struct argument *a)
{
    const struct option *o = &options[a->option];
    int index;

    if (a->option >= OPTION_SERVER) {
        return server_take(&r->server, a->option - OPTION_SERVER, o->name, a->value) > 0;
    }
    if (a->option >= OPTION_INPUT && r->first == NULL) {
        r->first = o->name;
    }
    switch (a->option) {
    case OPTION_SERIES:
        if (r->file_count == FILES_MAX) {
            complain("more than %d files", FILES_MAX);
            return 0;
        }
        r->files[r->file_count++] = a->value;
        return 1;
    case OPTION_AT: r->has_at = 1; return series_time(o->name, a->value, &r->at);
    case OPTION_FROM: r->has_from = 1; return series_time(o->name, a->value, &r->from);
    case OPTION_TO: r->has_to = 1; return series_time(o->name, a->value, &r->to);
    case OPTION_STEP: return series_duration(o->name, a->value, &r->step);
    case OPTION_FORMAT: return read_word(o->name, o->argument, a->value, &r->format);
    case OPTION_INPUT: r->wishes.format = series_format(a->value); return r->wishes.format >= 0;
    case OPTION_TIME: return series_time(o->name, a->value, &r->wishes.time_ms);
    case OPTION_NAN:
        if (!read_word(o->name, o->argument, a->value, &index)) {
            return 0;
        }
        r->wishes.nan_is_stale = index == 0;
        return 1;
    case OPTION_MARK_STALE: r->wishes.mark_stale = 1; return 1;
    case OPTION_SEMANTICS:
        if (!read_word(o->name, o->argument, a->value, &index)) {
            return 0;
        }
        r->options.semantics = index == 0 ? WEIR_PROMETHEUS_3 : WEIR_PROMETHEUS_2_42;
        return 1;
    default: return series_duration(o->name, a->value, &r->options.lookback_ms);
    }
}

static int check_request(const struct request *r)
{
    int grid = r->has_from || r->has_to || r->step > 0;

    int asks = r->server.options.url != NULL;

    if (r->file_count > 0 && asks) {
        complain("either --series or --prometheus");
        return 0;
    }
    if (r->expression == NULL || (r->file_count == 0 && !asks)) {
        complain("an expression and --series, or --prometheus, are needed; see weir query "
                 "--help");
        return 0;
    }
    if (asks && r->first != NULL) {
        complain("%s goes with --series", r->first);
        return 0;
    }
    if (!server_check(&r->server)) {
        return 0;
    }
    if (grid && (r->has_at || !r->has_from || !r->has_to || r->step == 0)) {
        complain("either --at, or all of --from, --to and --step");
        return 0;
    }
    if (grid && r->to < r->from) {
        complain("--to is before --from");
        return 0;
    }
    return 1;
}

static int read_request(struct request *r, int count, char **words)
{
    int position = 0, more;
    struct argument a;

    series_wishes_init(&r->wishes);
    r->wishes.has_time_option = 1;
    server_init(&r->server);
    weir_promql_options_init(&r->options, sizeof r->options);
    while ((more = next_argument(&command_query, count, words, &position, &a)) == 1) {
        if (a.option >= 0) {
            if (!read_option(r, &a)) {
                return 0;
            }
        } else if (r->expression != NULL) {
            complain("one expression at a time: what is %s? (quote the expression)", a.value);
            return 0;
        } else {
            r->expression = a.value;
        }
    }
    return more == 0 && check_request(r);
}

/* ---- evaluation ----------------------------------------------------------------------------- */

static const query_printer printers[] = {query_print_text, query_print_json, query_print_csv};

static int ask(struct request *r)
{
    const int64_t grid[] = {r->from, r->to, r->step};
    int code = server_open(&r->server);

    if (code == EXIT_FINE) {
        code = r->step > 0 ? query_grid(&r->server, r->expression, grid, printers[r->format])
                           : query_instant(&r->server, r->expression, r->has_at ? r->at : INT64_MIN,
                                           printers[r->format]);
    }
    server_close(&r->server);
    return code;
}

static int evaluate(const struct request *r, const weir_series_store *store,
                    const weir_promql_expr *expr)
{
    int64_t at = r->has_at ? r->at : series_newest(store);
    weir_promql_result *result = NULL;
    weir_error err = {0};
    weir_status status;

    at = at == INT64_MIN ? 0 : at;
    status = r->step > 0
                 ? weir_promql_range(store, expr, r->from, r->to, r->step, &r->options,
                                     &series_memory, &result, &err)
                 : weir_promql_instant(store, expr, at, &r->options, &series_memory, &result, &err);
    if (status != WEIR_OK) {
        complain("%d:%d: %s", (int)err.line, (int)err.column,
                 err.message[0] != '\0' ? err.message : weir_strerror(status));
        return EXIT_INPUT;
    }
    printers[r->format](result, at);
    query_print_notes(result);
    weir_promql_result_free(result);
    return finish_output(EXIT_FINE);
}

static int run(int count, char **words)
{
    static struct request r;
    weir_series_store *store = NULL;
    weir_promql_expr *expr;
    int code;

    if (!read_request(&r, count, words)) {
        return EXIT_USAGE;
    }
    if (r.server.options.url != NULL) {
        return ask(&r);
    }
    expr = series_expression(r.expression);
    if (expr == NULL) {
        return EXIT_USAGE;
    }
    code = series_load(r.files, r.file_count, &r.wishes, &store);
    if (code == EXIT_FINE) {
        code = evaluate(&r, store, expr);
    }
    weir_series_store_free(store);
    weir_promql_expr_free(expr);
    return code;
}
