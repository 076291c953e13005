/*
 * replay/plant.h - the cluster of a replay: pods that start, are ready, and stop.
 *
 * Pods are kept as batches that were asked for, or told to stop, at the same time.
 */
#ifndef WEIR_LIB_REPLAY_PLANT_H
#define WEIR_LIB_REPLAY_PLANT_H

#include "base/internal.h"

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

/* What was, integrated over time. */
struct weir__integrals {
    double replica_seconds, ready_seconds, zero_seconds;
    int64_t peak;
};

struct weir__plant {
    weir_time now;
    weir_duration pod_start, pod_stop;
    int64_t wanted, ready;
    struct weir__queue starting, stopping;
    struct weir__integrals sums;
};

/* Batches that each queue needs so that none has to join a later one at one change a second. */
int32_t weir__plant_batches(weir_duration delay);

/* `memory` holds the batches of both queues, one behind the other. */
void weir__plant_advance(struct weir__plant *plant, struct weir__batch *memory, weir_time now);
void weir__plant_scale(struct weir__plant *plant, struct weir__batch *memory, int64_t replicas);

#endif
