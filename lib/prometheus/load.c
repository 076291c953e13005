/*
 * prometheus/load.c - the samples of an input into a store.
 */
#include "reader.h"

#include <stdio.h>

/* An error of the store, at the entry's line. */
static weir_status refuse(const weir_entry *entry, weir_status status, const char *message,
                          weir_error *err)
{
    weir__pm_error(err, status, message);
    if (err != NULL) {
        err->line = entry->line;
    }
    return status;
}

static void count_left_out(weir_series_counts *counts, uint64_t *which, int32_t line)
{
    if (counts->refused_line == 0) {
        counts->refused_line = line;
    }
    (*which)++;
}

/* Appends one sample, and counts it; another status than WEIR_OK is a lack of memory. */
static weir_status append(weir_series_store *store, uint32_t series, int64_t time, double value,
                          int32_t line, weir_series_counts *counts)
{
    weir_status status = weir_series_store_append(store, series, time, value);

    if (status == WEIR_E_TIME || status == WEIR_E_MISMATCH) {
        count_left_out(counts, &counts->refused, line);
        return WEIR_OK;
    }
    counts->samples += status == WEIR_OK ? 1 : 0;
    counts->stale += status == WEIR_OK && weir_is_stale(value) ? 1 : 0;
    return status;
}

static weir_status find_series(const weir_entry *entry, weir_series_store *store, bool known,
                               uint32_t *series, weir_error *err)
{
    weir_error error = {0};
    weir_status status;

    if (known && entry->same_series) {
        return WEIR_OK;
    }
    status = weir_series_store_series(store, entry->labels, entry->label_count, series, &error);
    return status == WEIR_OK ? WEIR_OK : refuse(entry, status, error.message, err);
}

weir_status weir_series_reader_load(weir_series_reader *r, weir_series_store *store,
                                    weir_series_counts *counts, weir_error *err)
{
    weir_series_counts sink = {0};
    weir_entry entry;
    weir_error error;
    uint32_t series = 0;
    bool known = false; /* series is that of the sample before */
    weir_status status;

    if (r == NULL || store == NULL) {
        return weir__pm_error(err, WEIR_E_ARG, "reader and store must not be NULL");
    }
    counts = counts != NULL ? counts : &sink;
    for (;;) {
        bool passed;

        status = weir_series_reader_next(r, &entry, &error);
        passed = status == WEIR_E_UNSUPPORTED && r->error.status == WEIR_OK;
        if (passed) {
            count_left_out(counts, &counts->histograms, error.line);
            continue;
        }
        if (status != WEIR_OK) {
            break;
        }
        if (entry.kind != WEIR_ENTRY_SAMPLE) {
            continue;
        }
        if (!entry.has_time && entry.time_ms == INT64_MIN) {
            return refuse(&entry, WEIR_E_RANGE,
                          "the sample has no time, and none was given for those", err);
        }
        status = find_series(&entry, store, known, &series, err);
        if (status != WEIR_OK) {
            return status;
        }
        known = true;
        status = append(store, series, entry.time_ms, entry.value, entry.line, counts);
        if (status != WEIR_OK) {
            return refuse(&entry, status, "out of memory", err);
        }
    }
    if (status != WEIR_END && err != NULL) {
        *err = error;
    }
    return status;
}

weir_status weir_api_reply_load(const weir_api_reply *reply, weir_series_store *store,
                                weir_series_counts *counts, weir_error *err)
{
    weir_series_counts sink = {0};

    if (reply == NULL || store == NULL || reply->kind != WEIR_API_SUCCESS) {
        return weir__pm_error(err, WEIR_E_ARG, "expected a store and a reply that is a success");
    }
    counts = counts != NULL ? counts : &sink;
    for (size_t i = 0; i < reply->series_count; i++) {
        uint32_t series;
        weir_status status =
            weir_series_store_series(store, reply->labels + reply->label_at[i],
                                     reply->label_at[i + 1] - reply->label_at[i], &series, err);

        for (size_t p = reply->point_at[i]; status == WEIR_OK && p < reply->point_at[i + 1]; p++) {
            status = append(store, series, reply->times_ms[p], reply->values[p], 0, counts);
            if (status != WEIR_OK) {
                weir__pm_error(err, status, "out of memory");
            }
        }
        if (status != WEIR_OK) {
            return status;
        }
        counts->histograms += reply->histogram_at[i + 1] - reply->histogram_at[i];
    }
    return WEIR_OK;
}
