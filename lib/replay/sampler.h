/*
 * replay/sampler.h - rows of a trace to the samples that a scraper would have taken.
 */
#ifndef WEIR_LIB_REPLAY_SAMPLER_H
#define WEIR_LIB_REPLAY_SAMPLER_H

#include "base/internal.h"
#include <weir/autoscaler.h>
#include <weir/replay.h>

/* What is known of one series. */
struct weir__held {
    weir_time at;   /* of its newest row; WEIR_TIME_NONE: there was none */
    double value;   /* of that row */
    double sum;     /* of the rows since the last sample */
    int64_t rows;   /* their number */
    int64_t status; /* of the newest row */
};

struct weir__sampler {
    weir_time start;        /* samples are taken at start + k * interval */
    weir_duration interval; /* > 0 */
    weir_duration hold;
    int64_t newest; /* 1: the newest row counts, and that it no longer stands is a sample too */
    weir_time next; /* next sample; WEIR_TIME_NEVER: no row stands any more */
    int64_t series; /* in use: 0 ... series - 1 */
    struct weir__held held[WEIR_REPLAY_SERIES_MAX];
};

void weir__sampler_begin(struct weir__sampler *s, weir_time start, weir_duration interval,
                         weir_duration hold, int newest);

/* Takes a row in, which is not before the next sample less an interval. */
void weir__sampler_put(struct weir__sampler *s, const weir_reading *row, size_t count);

/* Whether a row of so many series at this time would be the next sample as it is. */
int weir__sampler_is_due(const struct weir__sampler *s, weir_time at, size_t count);

/* Takes such a row, and its sample at once. Only where the newest row counts. */
void weir__sampler_pass(struct weir__sampler *s, const weir_reading *row, size_t count);

/* Takes the next sample: at most WEIR_REPLAY_SERIES_MAX readings; their number. */
size_t weir__sampler_take(struct weir__sampler *s, weir_reading *sample);

#endif
