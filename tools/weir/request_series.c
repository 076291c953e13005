/*
 * request_series.c - series, or the server, that a replay's queries are evaluated over: the
 * options, and reading or connecting.
 */
#include "replaying.h"

#include <string.h>

/* ---- options -------------------------------------------------------------------------------- */

static int take_lookback(struct request *request, const char *name, const char *value)
{
    int64_t ns;

    if (!parse_duration(value, &ns) || weir_promql_ms(ns) < 1) {
        complain("%s takes a duration of at least 1ms, as 5m, not %s", name, value);
        return -1;
    }
    request->respondent.options.lookback_ms = weir_promql_ms(ns);
    return 1;
}

static int take_nan(struct request *request, const char *name, const char *value)
{
    int word = choose_word(name, "marker|value", value);

    request->wishes.nan_is_stale = word == 0;
    return word < 0 ? -1 : 1;
}

int request_take_series(struct request *request, int option, const char *name, const char *value)
{
    if (option >= OPTION_SERVER && option <= OPTION_SERVER_LAST) {
        return server_take(&request->server, option - OPTION_SERVER, name, value);
    }
    switch (option) {
    case OPTION_SERIES: return take_word(&request->series, name, value);
    case OPTION_QUERY: return take_pair(&request->queries, name, value, "PROMQL");
    case OPTION_INPUT:
        request->wishes.format = series_format(value);
        return request->wishes.format < 0 ? -1 : 1;
    case OPTION_NAN: return take_nan(request, name, value);
    case OPTION_MARK_STALE: request->wishes.mark_stale = 1; return 1;
    case OPTION_LOOKBACK: return take_lookback(request, name, value);
    default: return 0;
    }
}

/* ---- what goes with what -------------------------------------------------------------------- */

/* What names columns, where all metrics are queries and nothing has columns. */
static int check_columns(const struct request *request)
{
    static const int columns[] = {OPTION_METRIC, OPTION_TIME, OPTION_POD, OPTION_CONCURRENCY,
                                  OPTION_RPS};

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (request_asks(request) && request->load == NULL &&
            (request->given >> columns[i] & 1) != 0) {
            complain("%s names a column: of which file? --load FILE.csv says so",
                     request->command->options[columns[i]].name);
            return 0;
        }
    }
    return 1;
}

/* Whether a time is taken for one since the start of a trace, as put_time() does. A replay from
 * there to a day of today would be one of decades. */
static int is_of_trace(int64_t ns)
{
    return ns < 1000000000 * WEIR_SECOND;
}

int request_check_series(const struct request *request)
{
    static const struct {
        int option, needs_files;
    } limits[] = {{OPTION_QUERY, 0},
                  {OPTION_INPUT, 1},
                  {OPTION_NAN, 1},
                  {OPTION_MARK_STALE, 1},
                  {OPTION_LOOKBACK, 1}};

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        int there = limits[i].needs_files ? request->series.count > 0 : request_asks(request);

        if ((request->given >> limits[i].option & 1) != 0 && !there) {
            complain("%s goes with --series%s", request->command->options[limits[i].option].name,
                     limits[i].needs_files ? "" : " or --prometheus");
            return 0;
        }
    }
    if (!server_check(&request->server)) {
        return 0;
    }
    if (request->series.count > 0 && request->server.options.url != NULL) {
        complain("either --series or --prometheus");
        return 0;
    }
    if (request->server.options.url != NULL &&
        (request->from == INT64_MIN || request->to == INT64_MAX)) {
        complain("--prometheus needs --from TIME and --to TIME");
        return 0;
    }
    if (request->server.options.url != NULL && is_of_trace(request->from) &&
        !is_of_trace(request->to)) {
        complain("--from is before 2001, or counts from the start of a trace; --to does not");
        return 0;
    }
    if (request_asks(request) && request->by_requests) {
        complain("--series and --prometheus do not go with --requests or --workers");
        return 0;
    }
    if (!check_columns(request)) {
        return 0;
    }
    if (request->to < request->from) {
        complain("--to is before --from");
        return 0;
    }
    return 1;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* From when to when recordings were asked for, if any is one: samples before are for the ranges of
 * queries. */
static void narrow(const struct request *request, int64_t *oldest, int64_t *newest)
{
    int64_t first = INT64_MAX, last = INT64_MIN, from, to;

    for (size_t i = 0; i < request->series.count; i++) {
        if (series_recorded_span(request->series.list[i], &from, &to)) {
            first = from < first ? from : first;
            last = to > last ? to : last;
        }
    }
    if (first <= last) {
        *oldest = first > *oldest ? first : *oldest;
        *newest = last < *newest ? last : *newest;
    }
}

/* Where the request does not say so, a replay begins at the first whole second with samples, and
 * ends with them. */
static int set_times(struct request *request)
{
    int64_t oldest = series_oldest(request->store), newest = series_newest(request->store);

    if (newest == INT64_MIN) {
        complain("%s: there is no sample to evaluate queries over", request->series.list[0]);
        return EXIT_INPUT;
    }
    if (newest > INT64_MAX / (WEIR_SECOND / 1000) || oldest < INT64_MIN / (WEIR_SECOND / 1000)) {
        complain("%s: there are samples beyond the years from 1678 to 2261",
                 request->series.list[0]);
        return EXIT_INPUT;
    }
    if (request->from != INT64_MIN && is_of_trace(request->from) &&
        !is_of_trace(oldest * (WEIR_SECOND / 1000))) {
        char text[40];

        put_utc(text, sizeof text, oldest * (WEIR_SECOND / 1000));
        complain(
            "--from is before 2001, or counts from the start of a trace; the series begin at %s",
            text);
        return EXIT_INPUT;
    }
    if (request->to < oldest * (WEIR_SECOND / 1000)) {
        char text[40];

        put_utc(text, sizeof text, oldest * (WEIR_SECOND / 1000));
        complain("the oldest sample of the series is of %s, after the replay ends", text);
        return EXIT_INPUT;
    }
    narrow(request, &oldest, &newest);
    if (request->from == INT64_MIN) {
        int64_t rest = oldest % 1000;

        oldest += rest > 0 ? 1000 - rest : -rest;
        request->from = oldest * (WEIR_SECOND / 1000);
    }
    if (request->to == INT64_MAX) {
        request->to = newest * (WEIR_SECOND / 1000);
    }
    if (request->to < request->from) {
        char text[40];

        put_utc(text, sizeof text, newest * (WEIR_SECOND / 1000));
        complain("the newest sample of the series is of %s, before the replay begins", text);
        return EXIT_INPUT;
    }
    return EXIT_FINE;
}

int request_open_series(struct request *request)
{
    int code = EXIT_FINE;

    if (request->series.count > 0) {
        code = series_load(request->series.list, request->series.count, &request->wishes,
                           &request->store);
        request->respondent.store = request->store;
        code = code == EXIT_FINE ? set_times(request) : code;
    } else if (request->server.options.url != NULL) {
        code = server_open(&request->server);
        request->respondent.server = &request->server;
    }
    return code;
}

void request_close_series(struct request *request)
{
    server_report(&request->server);
    server_close(&request->server);
    weir_series_store_free(request->store);
    request->store = NULL;
}
