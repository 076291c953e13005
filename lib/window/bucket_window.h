/*
 * window/bucket_window.h - the layout of a bucket window, and time to bucket.
 */
#ifndef WEIR_LIB_WINDOW_BUCKET_WINDOW_H
#define WEIR_LIB_WINDOW_BUCKET_WINDOW_H

#include "base/num.h"
#include "window/window.h"
#include <weir/autoscaler.h>

struct weir_window {
    struct weir__block block;
    weir_duration window;
    weir_duration granularity;
    int64_t granularity_s; /* whole seconds of it: what an index divides by */
    int64_t phase;         /* ns between a truncation from 1970 and one from year 1 */
    weir_time first_write; /* start of the oldest bucket in use; WEIR_TIME_NONE: none */
    weir_time last_write;  /* start of the newest bucket; WEIR_TIME_NONE: none */
    int64_t anchor_index;  /* an index whose slot is known, so that slots need no division */
    int32_t anchor_slot;
    int32_t buckets;  /* in the ring now */
    int32_t capacity; /* the ring has room for */
    int32_t lanes;
    int32_t algorithm;
    int32_t semantics;
    double coefficient; /* c of the weighted average */
    uint64_t digest;    /* of the configuration, for snapshots */
    /* Followed by: lanes running totals, lanes bounds, capacity * lanes bucket values. A bound is
     * at least the magnitude of every value in the lane's ring; weighted reads cut their tail by
     * it. */
};

static inline double *weir__totals(weir_window *w)
{
    return (double *)(void *)(w + 1);
}

static inline double *weir__bounds(weir_window *w)
{
    return weir__totals(w) + w->lanes;
}

static inline double *weir__ring(weir_window *w)
{
    return weir__bounds(w) + w->lanes;
}

static inline const double *weir__totals_of(const weir_window *w)
{
    return (const double *)(const void *)(w + 1);
}

static inline const double *weir__bounds_of(const weir_window *w)
{
    return weir__totals_of(w) + w->lanes;
}

static inline const double *weir__ring_of(const weir_window *w)
{
    return weir__bounds_of(w) + w->lanes;
}

/* The start of the bucket that holds t: Go's Truncate, which counts from year 1. */
static inline int64_t weir__bucket_start(const weir_window *w, weir_time t)
{
    weir_duration past = w->granularity == WEIR_SECOND
                             ? weir__floor_mod(t, WEIR_SECOND)
                             : (weir__floor_mod(t, w->granularity) + w->phase) % w->granularity;
    weir_time start = weir__sub(t, past);

    return start != WEIR_TIME_NONE ? start : start + 1;
}

/* The number of the bucket that holds t. Not the same as its start where granules do not divide a
 * day: upstream divides whole seconds since 1970 here. */
static inline int64_t weir__bucket_index(const weir_window *w, weir_time t)
{
    int64_t seconds = weir__floor_div(t, WEIR_SECOND);

    return w->granularity_s == 1 ? seconds : seconds / w->granularity_s;
}

/* Whether upstream has a slot for every index of [from, to]: its remainder of a negative index is
 * negative, so that times before 1970 work only where the remainder is 0. */
static inline int weir__slots_exist(const weir_window *w, int64_t from, int64_t to)
{
    return from >= 0 || from > to ||
           (from % w->buckets == 0 && (from == to || from == -1 || w->buckets == 1));
}

static inline int32_t weir__slot_of(const weir_window *w, int64_t index)
{
    int64_t ahead = index - w->anchor_index;

    if (ahead >= 0 && ahead < w->buckets) { /* the common case, without a division */
        int64_t slot = w->anchor_slot + ahead;

        return (int32_t)(slot < w->buckets ? slot : slot - w->buckets);
    }
    return (int32_t)weir__floor_mod(index, w->buckets);
}

/* ceil(window / granularity) in doubles, as upstream computes it. */
static inline int64_t weir__bucket_count(weir_duration window, weir_duration granularity)
{
    return (int64_t)weir__ceil((double)window / (double)granularity);
}

/* Time since the last write, in whole granules; the largest there is when nothing was written. */
static inline weir_duration weir__age_at(const weir_window *w, weir_time now)
{
    return w->last_write == WEIR_TIME_NONE ? INT64_MAX
                                           : weir__sub(weir__bucket_start(w, now), w->last_write);
}

/* The weighted average's c for so many buckets. */
double weir__window_coefficient(int32_t buckets);

#endif
