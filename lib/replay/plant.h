/*
 * replay/plant.h - the cluster of a replay: pods that start, are ready, and stop.
 *
 * Pods are kept as batches that were asked for, or told to stop, at the same time.
 */
#ifndef WEIR_LIB_REPLAY_PLANT_H
#define WEIR_LIB_REPLAY_PLANT_H

#include "base/internal.h"
#include <weir/autoscaler.h>

struct weir__batch {
    weir_time at; /* when the pods will be ready, or gone */
    int64_t pods;
};

/* A queue of batches in order of time. */
struct weir__queue {
    int32_t first, length, capacity;
    int32_t reserved;
    int64_t pods; /* of all batches */
};

/* How long something was so, in all. */
struct weir__span {
    int64_t on;      /* 1: it is so */
    weir_time since; /* counted up to here */
    int64_t total;   /* ns */
};

/* What was, integrated over time. Brought up to date only where something changes, so that a sum
 * does not depend on how often anybody looked. */
struct weir__sums {
    weir_time since; /* pods are counted up to here */
    double replica_seconds, ready_seconds;
    int64_t peak;
    struct weir__span zero, overload;
};

struct weir__plant {
    weir_time now;
    weir_duration pod_start, pod_stop;
    int64_t wanted, ready; /* wanted: the ready and the starting ones */
    struct weir__queue starting, stopping;
    double load, pod_capacity; /* pod_capacity 0: it is not known what a pod can take */
    struct weir__sums sums;
    int64_t pods_max;    /* room for single pods behind the batches; 0: nobody looks at them */
    int64_t pods_marked; /* of these, marked as ready */
};

/* Batches that a queue needs so that none has to join another one at one change a second. */
int32_t weir__plant_batches(weir_duration delay);

/* Bytes behind the plant: the batches of both queues, then the single pods. */
size_t weir__plant_bytes(const struct weir__plant *plant);

/* Begins with `replicas` ready pods. The capacities and durations are set already. */
void weir__plant_begin(struct weir__plant *plant, struct weir__batch *memory, weir_time now,
                       int64_t replicas);
void weir__plant_advance(struct weir__plant *plant, const struct weir__batch *memory,
                         weir_time now);
void weir__plant_scale(struct weir__plant *plant, struct weir__batch *memory, int64_t replicas);
void weir__plant_load(struct weir__plant *plant, double load);

/* When the next pods become ready by themselves; WEIR_TIME_NEVER: none are starting. */
weir_time weir__plant_next_ready(const struct weir__plant *plant, const struct weir__batch *memory);

/* The single pods, the oldest first; terminating ones are not among them. NULL without room. */
const weir_pod *weir__plant_look(struct weir__plant *plant, struct weir__batch *memory);

/* Turns a span on or off at a time. */
static inline void weir__span_set(struct weir__span *span, int on, weir_time now)
{
    if (span->on != on) {
        span->total += span->on ? now - span->since : 0;
        span->since = now;
        span->on = on;
    }
}

/* Its length in seconds by `now`. */
static inline double weir__span_seconds(const struct weir__span *span, weir_time now)
{
    return (double)(span->total + (span->on ? now - span->since : 0)) / 1e9;
}

/* The sums by `now`, which is the plant's time or later and before its next event. */
double weir__plant_replica_seconds(const struct weir__plant *plant);
double weir__plant_ready_seconds(const struct weir__plant *plant);

#endif
