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
        status = weir_series_store_append(store, series, entry.time_ms, entry.value);
        if (status == WEIR_E_TIME || status == WEIR_E_MISMATCH) {
            count_left_out(counts, &counts->refused, entry.line);
        } else if (status != WEIR_OK) {
            return refuse(&entry, status, "out of memory", err);
        } else {
            counts->samples++;
            counts->stale += weir_is_stale(entry.value) ? 1 : 0;
        }
    }
    if (status != WEIR_END && err != NULL) {
        *err = error;
    }
    return status;
}
