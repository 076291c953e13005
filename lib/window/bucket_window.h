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
    int64_t last_index;    /* the number of the newest bucket */
    int32_t last_slot;     /* and its place in the ring, so that slots need no division */
    int32_t buckets;       /* in the ring now */
    int32_t capacity;      /* the ring has room for */
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

/* The bucket that holds a time: its start, by Go's Truncate, which counts from year 1; and its
 * number, by dividing whole seconds since 1970. The two differ in phase where granules do not
 * divide a day. */
struct weir__bucket {
    weir_time start;
    int64_t index;
};

static inline struct weir__bucket weir__bucket_of(const weir_window *w, weir_time t)
{
    struct weir__bucket b;

    if (w->granularity == WEIR_SECOND && t >= 0) { /* the common case: one division by a constant */
        b.index = (int64_t)((uint64_t)t / (uint64_t)WEIR_SECOND);
        b.start = b.index * WEIR_SECOND;
        return b;
    }
    b.index = weir__floor_div(t, WEIR_SECOND) / (w->granularity_s > 0 ? w->granularity_s : 1);
    b.start = weir__sub(t, (weir__floor_mod(t, w->granularity) + w->phase) % w->granularity);
    b.start = b.start != WEIR_TIME_NONE ? b.start : b.start + 1;
    return b;
}

/* Whole granules in a duration that is not negative. */
static inline int64_t weir__granules(const weir_window *w, weir_duration d)
{
    return w->granularity == WEIR_SECOND ? d / WEIR_SECOND : d / w->granularity;
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
    int64_t ahead = index - w->last_index;

    if (ahead >= 0 && ahead < w->buckets) { /* the common case, without a division */
        int64_t slot = w->last_slot + ahead;

        return (int32_t)(slot < w->buckets ? slot : slot - w->buckets);
    }
    return (int32_t)weir__floor_mod(index, w->buckets);
}

/* ceil(window / granularity) in doubles, as upstream computes it. */
static inline int64_t weir__bucket_count(weir_duration window, weir_duration granularity)
{
    return (int64_t)weir__ceil((double)window / (double)granularity);
}

/* Time from the last write to the start of a bucket; the largest there is when nothing was written.
 */
static inline weir_duration weir__age(const weir_window *w, weir_time start)
{
    return w->last_write == WEIR_TIME_NONE ? INT64_MAX : weir__sub(start, w->last_write);
}

/* What weir_window_record() would return at this time, for a window that is one. */
weir_status weir__window_would_take(const weir_window *window, weir_time at);

/* The average of one lane in the bucket of `now`; a status as weir_window_average() has it. */
weir_status weir__window_lane(const weir_window *window, struct weir__bucket now, int32_t lane,
                              double *average);

/* The weighted average's c for so many buckets. */
double weir__window_coefficient(int32_t buckets);

#endif
