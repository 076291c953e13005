/*
 * query_server.c - a query asked of a server, as a result that prints like one of weir's own.
 */
#include "query_server.h"
#include "series.h"

#include <stdlib.h>
#include <string.h>

/* ---- at an instant -------------------------------------------------------------------------- */

static int refuse(const struct server *server, const weir_api_reply *r)
{
    weir_error err = {0};

    if (r->error.length > 0) {
        snprintf(err.message, sizeof err.message, "the server says: %.40s: %.160s",
                 r->error_type.text, r->error.text);
    } else {
        snprintf(err.message, sizeof err.message, "%.200s", r->message.text);
    }
    return server_complain(server, NULL, &err);
}

static void print_notes(const weir_api_reply *r)
{
    for (size_t i = 0; i < r->warning_count; i++) {
        complain("warning: %s", r->warnings[i].text);
    }
    for (size_t i = 0; i < r->info_count; i++) {
        complain("info: %s", r->infos[i].text);
    }
    if (r->series_count > 0 && r->histogram_at[r->series_count] > 0) {
        complain("notice: %zu native histograms are left out", r->histogram_at[r->series_count]);
    }
}

int query_instant(const struct server *server, const char *expression, int64_t at_ms,
                  query_printer print)
{
    weir_api_reply *reply = NULL;
    weir_promql_result result = {0};
    weir_error err = {0};
    weir_status status = weir_http_query(server->http, expression, at_ms, &reply, &err);

    if (status != WEIR_OK) {
        err.status = status;
        return server_complain(server, NULL, &err);
    }
    if (reply->kind != WEIR_API_SUCCESS) {
        refuse(server, reply);
        weir_api_reply_free(reply);
        return EXIT_INPUT;
    }
    result.type = reply->type;
    result.series_count = (uint32_t)reply->series_count;
    result.label_at = reply->label_at;
    result.labels = reply->labels;
    result.point_at = reply->point_at;
    result.times_ms = reply->times_ms;
    result.values = reply->values;
    result.text = reply->text.text != NULL ? reply->text.text : "";
    result.text_length = reply->text.length;
    if (at_ms == INT64_MIN) {
        size_t points = result.series_count > 0 ? result.point_at[result.series_count] : 0;

        at_ms = points > 0 ? result.times_ms[0] : reply->text_time_ms;
    }
    print(&result, at_ms);
    print_notes(reply);
    weir_api_reply_free(reply);
    return finish_output(EXIT_FINE);
}

/* ---- over a grid ---------------------------------------------------------------------------- */

enum { LABELS = 256 };

/* For the comparison below. */
static const weir_series_store *sorted;

static int compare_texts(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

/* By labels, as a server sorts a matrix. */
static int compare_series(const void *left, const void *right)
{
    weir_label a[LABELS], b[LABELS];
    size_t a_count = weir_series_store_labels(sorted, *(const uint32_t *)left, a, LABELS);
    size_t b_count = weir_series_store_labels(sorted, *(const uint32_t *)right, b, LABELS);

    for (size_t i = 0; i < a_count && i < b_count && i < LABELS; i++) {
        int order = compare_texts(a[i].name, a[i].name_length, b[i].name, b[i].name_length);

        if (order == 0) {
            order = compare_texts(a[i].value, a[i].value_length, b[i].value, b[i].value_length);
        }
        if (order != 0) {
            return order;
        }
    }
    return (a_count > b_count) - (a_count < b_count);
}

/* A result's arrays, from malloc. */
struct arrays {
    uint32_t *order;
    size_t *label_at, *point_at;
    weir_label *labels;
    int64_t *times_ms;
    double *values;
};

static void free_arrays(struct arrays *a)
{
    free(a->order);
    free(a->label_at);
    free(a->point_at);
    free(a->labels);
    free(a->times_ms);
    free(a->values);
}

/* Counts, and takes the room. 0: there is no memory left. */
static int take_arrays(const weir_series_store *store, struct arrays *a)
{
    size_t count = weir_series_store_count(store), labels = 0, points = 0;

    for (uint32_t s = 0; s < count; s++) {
        weir_samples samples;

        weir_series_store_samples(store, s, &samples);
        labels += weir_series_store_labels(store, s, NULL, 0);
        points += samples.count;
    }
    a->order = calloc(count + 1, sizeof *a->order);
    a->label_at = calloc(count + 1, sizeof *a->label_at);
    a->point_at = calloc(count + 1, sizeof *a->point_at);
    a->labels = calloc(labels + 1, sizeof *a->labels);
    a->times_ms = calloc(points + 1, sizeof *a->times_ms);
    a->values = calloc(points + 1, sizeof *a->values);
    return a->order != NULL && a->label_at != NULL && a->point_at != NULL && a->labels != NULL &&
           a->times_ms != NULL && a->values != NULL;
}

static void fill_arrays(const weir_series_store *store, struct arrays *a)
{
    uint32_t count = (uint32_t)weir_series_store_count(store);

    for (uint32_t s = 0; s < count; s++) {
        a->order[s] = s;
    }
    sorted = store;
    qsort(a->order, count, sizeof *a->order, compare_series);
    for (uint32_t i = 0; i < count; i++) {
        size_t label = a->label_at[i], point = a->point_at[i], all;
        weir_samples s;

        all = weir_series_store_labels(store, a->order[i], NULL, 0);
        weir_series_store_labels(store, a->order[i], a->labels + label, all);
        weir_series_store_samples(store, a->order[i], &s);
        if (s.count > 0) {
            memcpy(a->times_ms + point, s.times_ms, s.count * sizeof *s.times_ms);
            memcpy(a->values + point, s.values, s.count * sizeof *s.values);
        }
        a->label_at[i + 1] = label + all;
        a->point_at[i + 1] = point + s.count;
    }
}

static int print_store(const weir_series_store *store, query_printer print)
{
    struct arrays a = {0};
    weir_promql_result result = {.type = WEIR_PROMQL_MATRIX, .text = ""};
    int there = take_arrays(store, &a);

    if (there) {
        fill_arrays(store, &a);
        result.series_count = (uint32_t)weir_series_store_count(store);
        result.label_at = a.label_at;
        result.labels = a.labels;
        result.point_at = a.point_at;
        result.times_ms = a.times_ms;
        result.values = a.values;
        print(&result, 0);
    } else {
        complain("there is no memory left");
    }
    free_arrays(&a);
    return there ? finish_output(EXIT_FINE) : EXIT_INPUT;
}

int query_grid(const struct server *server, const char *expression, const int64_t times_ms[3],
               query_printer print)
{
    weir_series_store *store = NULL;
    weir_series_counts counts = {0};
    weir_error err = {0};
    weir_status status = weir_series_store_create(&series_memory, &store);
    int code;

    if (status == WEIR_OK) {
        status = weir_http_query_range(server->http, expression, times_ms[0], times_ms[1],
                                       times_ms[2], store, &counts, &err);
    }
    err.status = status;
    code = status == WEIR_OK ? print_store(store, print) : server_complain(server, NULL, &err);
    if (counts.histograms > 0) {
        complain("notice: native histograms are left out");
    }
    weir_series_store_free(store);
    server_report(server);
    return code;
}
