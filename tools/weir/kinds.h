/*
 * kinds.h - what the program knows of each kind of autoscaler that it can replay.
 */
#ifndef WEIR_TOOLS_KINDS_H
#define WEIR_TOOLS_KINDS_H

#include <stddef.h>
#include <stdint.h>
#include <weir/base.h>

enum { MEASURES_MAX = 2, LABELS_MAX = 3, LABEL_SIZE = 16 };

/* A new kind is one more row of the table in kinds.c. */
struct kind {
    int32_t kind; /* WEIR_KIND_* */

    /* The bytes of its state, and the state itself. An error is in err. */
    weir_status (*bytes)(const void *config, int32_t semantics, size_t *bytes, weir_error *err);
    weir_status (*make)(void *state, size_t bytes, const void *config, int32_t semantics,
                        int32_t ready, weir_time start, weir_error *err);

    /* Pods to begin with where the request does not say; load that one pod can take. */
    int32_t (*initial)(const void *config);
    double (*pod_capacity)(const void *config);

    /* Requests that a pod runs at once, 0: any number. NULL: it does not read requests. */
    int64_t (*container_concurrency)(const void *config);

    /* One line about what it scales on. */
    void (*describe)(char *text, size_t size, const void *config);

    /* One line about the bounds of the pods. */
    void (*bounds)(char *text, size_t size, const void *config);

    /* The numbers that it decides on, with the names of their columns, NULL after the last. The
     * table's columns are narrow: they show a name up to its first "_". */
    const char *measures[MEASURES_MAX + 1];
    void (*measure)(void *state, weir_time now, double *values);

    /* What its status says in words, with the names of the columns, NULL after the last. */
    const char *labels[LABELS_MAX + 1];
    void (*label)(void *state, char (*values)[LABEL_SIZE]);
};

/* NULL for a kind that cannot be replayed. */
const struct kind *kind_of(int32_t kind);

#endif
