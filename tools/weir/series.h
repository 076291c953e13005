/*
 * series.h - files of series in any format weir reads, gzip or not, and expressions over them.
 */
#ifndef WEIR_TOOLS_SERIES_H
#define WEIR_TOOLS_SERIES_H

#include <weir/prometheus.h>
#include <weir/promql.h>

/* How to read files of series. Start from series_wishes_init(). */
struct series_wishes {
    int32_t format;       /* WEIR_FORMAT_* */
    int32_t nan_is_stale; /* as weir_series_reader_options has it */
    int64_t time_ms;      /* of samples without one; INT64_MIN: there is none */
    int mark_stale;       /* 1: series end where scrapes do not see them any more */
    int has_time_option;  /* 1: --time says when samples without one were taken */
};

/* malloc and free. */
extern const weir_allocator series_memory;

/* Takes an option's time, and a duration of at least a millisecond, both in ms. 0 after a message.
 */
int series_time(const char *option, const char *value, int64_t *ms);
int series_duration(const char *option, const char *value, int64_t *ms);

void series_wishes_init(struct series_wishes *wishes);

/* WEIR_FORMAT_* of a name ("openmetrics"); -1 after a message. */
int32_t series_format(const char *name);

/* Loads files ("-": the standard input), in their order, into a new store. EXIT_FINE; or EXIT_INPUT
 * after a message. Says what was left out. */
int series_load(const char *const *paths, size_t count, const struct series_wishes *wishes,
                weir_series_store **store);

/* From when to when a recording of a server was asked for, by its head; both ms. 0 where a file is
 * none. */
int series_recorded_span(const char *path, int64_t *from_ms, int64_t *to_ms);

/* The times of the newest and of the oldest sample; INT64_MIN when there is none. */
int64_t series_newest(const weir_series_store *store);
int64_t series_oldest(const weir_series_store *store);

/* Parses an expression, and sees to it that weir can evaluate it. NULL after a message. */
weir_promql_expr *series_expression(const char *text);

#endif
