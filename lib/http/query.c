/*
 * http/query.c - queries at an instant and over a grid of times, which is split where it has more
 * points than a server gives.
 *
 * Part k begins at start + k * points * step: parts share no time, and all are on the grid of the
 * whole. Every evaluation stands alone, so that splitting changes no value.
 */
#include "client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seconds with three decimals. */
static void put_time(char *text, size_t size, int64_t ms)
{
    uint64_t whole = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;

    snprintf(text, size, "%s%" PRIu64 ".%03" PRIu64, ms < 0 ? "-" : "", whole / 1000, whole % 1000);
}

/* "query=...&REST&parameters", from malloc. */
static char *form_of(weir_http *http, const char *query, const char *rest)
{
    char *escaped = curl_easy_escape(http->curl, query, 0), *form = NULL;
    const char *more = http->parameters != NULL ? http->parameters : "";
    size_t size;

    if (escaped == NULL) {
        return NULL;
    }
    size = strlen(escaped) + strlen(rest) + strlen(more) + 16;
    form = malloc(size);
    if (form != NULL) {
        snprintf(form, size, "query=%s%s%s%s", escaped, rest, more[0] != '\0' ? "&" : "", more);
    }
    curl_free(escaped);
    return form;
}

static weir_status ask(weir_http *http, const char *path, const char *query, const char *rest,
                       weir_api_reply **reply, weir_error *err)
{
    char *form = form_of(http, query, rest);
    struct response response;
    weir_status status;

    if (form == NULL) {
        return weir__http_error(err, WEIR_E_MEMORY, "", "out of memory");
    }
    status = weir__http_send(http, path, form, &response, err);
    free(form);
    if (status != WEIR_OK) {
        return status;
    }
    status = weir_api_reply_parse(response.body != NULL ? response.body : "", response.length,
                                  response.status, &http->allocator, reply, err);
    free(response.body);
    if (status == WEIR_OK && (*reply)->kind == WEIR_API_SUCCESS) {
        http->counts.warnings += (*reply)->warning_count;
        http->counts.foreign_warnings += (*reply)->foreign_warning_count;
    }
    return status;
}

weir_status weir_http_query(weir_http *http, const char *query, int64_t at_ms,
                            weir_api_reply **reply, weir_error *err)
{
    char rest[64] = "", time[40];

    if (http == NULL || query == NULL || reply == NULL) {
        return weir__http_error(err, WEIR_E_ARG, "", "http, query and reply must not be NULL");
    }
    if (at_ms != INT64_MIN) {
        put_time(time, sizeof time, at_ms);
        snprintf(rest, sizeof rest, "&time=%s", time);
    }
    return ask(http, "/api/v1/query", query, rest, reply, err);
}

/* ---- grids ---------------------------------------------------------------------------------- */

/* What a reply that is no success says. */
static weir_status refuse(const weir_api_reply *r, weir_error *err)
{
    char message[sizeof err->message];
    weir_status status = r->kind == WEIR_API_ERROR          ? WEIR_E_RANGE
                         : r->kind == WEIR_API_BAD_RESPONSE ? WEIR_E_PARSE
                                                            : WEIR_E_IO;

    if (r->error.length > 0) {
        snprintf(message, sizeof message, "the server says: %.40s: %.160s", r->error_type.text,
                 r->error.text);
    } else {
        snprintf(message, sizeof message, "%.200s", r->message.text);
    }
    return weir__http_error(err, status, "", message);
}

/* Times beyond are not sent exactly. */
static const int64_t most = INT64_C(1) << 53;

struct grid {
    int64_t start, end, step;
};

static weir_status check_points(const weir_api_reply *r, const struct grid *g, weir_error *err)
{
    if (r->type != WEIR_PROMQL_MATRIX) {
        return weir__http_error(err, WEIR_E_PARSE, "", "expected a matrix");
    }
    for (size_t p = 0; r->series_count > 0 && p < r->point_at[r->series_count]; p++) {
        int64_t t = r->times_ms[p];

        if (t < g->start || t > g->end || (t - g->start) % g->step != 0) {
            return weir__http_error(err, WEIR_E_RANGE, "",
                                    "the server moved the times off the grid that was asked for "
                                    "(VictoriaMetrics: parameters nocache=1; Thanos: its "
                                    "query-frontend aligns them)");
        }
    }
    return WEIR_OK;
}

weir_status weir_http_query_part(weir_http *http, const char *query, int64_t start_ms,
                                 int64_t end_ms, int64_t step_ms, weir_api_reply **reply,
                                 weir_error *err)
{
    char rest[160], start[40], end[40], step[40];
    struct grid grid = {start_ms, end_ms, step_ms};
    weir_api_reply *got = NULL;
    weir_status status;

    if (http == NULL || query == NULL || reply == NULL) {
        return weir__http_error(err, WEIR_E_ARG, "", "http, query and reply must not be NULL");
    }
    if (step_ms < 1 || end_ms < start_ms || start_ms < -most || end_ms > most) {
        return weir__http_error(err, WEIR_E_RANGE, "",
                                "expected a step above 0, and an end that is not before the start");
    }
    put_time(start, sizeof start, start_ms);
    put_time(end, sizeof end, end_ms);
    put_time(step, sizeof step, step_ms);
    snprintf(rest, sizeof rest, "&start=%s&end=%s&step=%s", start, end, step);
    status = ask(http, "/api/v1/query_range", query, rest, &got, err);
    if (status == WEIR_OK && got != NULL && got->kind == WEIR_API_SUCCESS) {
        status = check_points(got, &grid, err);
    }
    if (status != WEIR_OK) {
        weir_api_reply_free(got);
        return status;
    }
    *reply = got;
    return WEIR_OK;
}

static weir_status ask_part(weir_http *http, const char *query, const struct grid *g,
                            weir_series_store *store, weir_series_counts *counts, weir_error *err)
{
    weir_api_reply *reply = NULL;
    weir_status status = weir_http_query_part(http, query, g->start, g->end, g->step, &reply, err);

    if (status != WEIR_OK || reply == NULL) {
        return status;
    }
    status = reply->kind == WEIR_API_SUCCESS ? weir_api_reply_load(reply, store, counts, err)
                                             : refuse(reply, err);
    weir_api_reply_free(reply);
    return status;
}

weir_status weir_http_query_range(weir_http *http, const char *query, int64_t start_ms,
                                  int64_t end_ms, int64_t step_ms, weir_series_store *store,
                                  weir_series_counts *counts, weir_error *err)
{
    int64_t span;
    weir_status status = WEIR_OK;

    if (http == NULL || query == NULL || store == NULL) {
        return weir__http_error(err, WEIR_E_ARG, "", "http, query and store must not be NULL");
    }
    if (step_ms < 1 || step_ms > most || end_ms < start_ms || start_ms < -most || end_ms > most) {
        return weir__http_error(err, WEIR_E_RANGE, "",
                                "expected a step above 0, and an end that is not before the start");
    }
    span = step_ms > most / http->points ? most : step_ms * http->points;
    for (int64_t start = start_ms; status == WEIR_OK && start <= end_ms; start += span) {
        struct grid grid = {start, start + span - step_ms, step_ms};

        grid.end = grid.end < end_ms ? grid.end : end_ms;
        status = ask_part(http, query, &grid, store, counts, err);
    }
    return status;
}
