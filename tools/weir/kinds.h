/*
 * kinds.h - what the program knows of each kind of autoscaler that it can replay.
 */
#ifndef WEIR_TOOLS_KINDS_H
#define WEIR_TOOLS_KINDS_H

#include <stddef.h>
#include <stdint.h>
#include <weir/base.h>
#include <weir/hpa.h>
#include <weir/replay.h>

enum { MEASURES_MAX = 16, LABELS_MAX = 4, LABEL_SIZE = 48, HEADING_SIZE = 10 };

struct request;
struct weir_manifest_item;
struct clock;

/* A number that is shown with each decision. */
struct measure {
    char column[160];           /* its name in csv and json */
    char heading[HEADING_SIZE]; /* and over the table's narrow columns; "": not in the table */
};

/* A new kind is one more row of the table in kinds.c. */
struct kind {
    int32_t kind;        /* WEIR_KIND_* */
    size_t config_bytes; /* of its configuration */

    /* What the request adds to a configuration. 1, or 0 after a message. */
    int (*prepare)(void *config, const struct request *request, const char *name);

    /* The bytes of its state, and the state itself. An error is in err. */
    weir_status (*bytes)(const void *config, size_t *bytes, weir_error *err);
    weir_status (*make)(void *state, size_t bytes, const void *config, int32_t ready,
                        weir_time start, weir_error *err);

    /* Sets what the replay has to know: how rows are sampled, load that one pod can take, and,
     * unless `has_initial`, the pods to begin with. */
    void (*replay)(const void *config, int has_initial, weir_replay_config *replay);

    /* Requests that a pod runs at once, 0: any number. NULL: it does not read requests. */
    int64_t (*container_concurrency)(const void *config);

    /* For one that reads rows: the names of its series, NULL after the last. */
    const char *rows[3];

    /* For one that reads metrics: its series, as an HPA would have them; how many. And whether a
     * word of the command line names one of them, with "AUTOSCALER/" before it or not. NULL: it
     * reads none. */
    uint32_t (*series)(const void *config, weir_hpa_config *as_hpa);
    int (*is_named)(const void *config, uint32_t series, const char *autoscaler, const char *word,
                    size_t length);

    /* What users call a series, where that is not the name that it has. NULL: it always is. */
    const char *(*own_name)(const void *config, uint32_t series);

    /* The PromQL that its manifest has for a series, NULL: none. *single is set to 1 where an
     * answer must be one number, whatever the query. NULL: no series ever has one. */
    const char *(*query)(const struct request *request, const struct weir_manifest_item *item,
                         const void *config, uint32_t series, int *single);

    /* When it asks for its metrics, `first` being since its start; how many clocks that are. */
    size_t (*clocks)(const void *config, struct clock *clocks);

    weir_duration query_unit; /* the time of a query is cut to whole ones of it */

    /* One line about what it scales on. */
    void (*describe)(char *text, size_t size, const void *config);

    /* One line about the bounds of the pods. */
    void (*bounds)(char *text, size_t size, const void *config);

    /* What load above pod_capacity times the ready pods is called. */
    const char *overload;

    /* 1: Knative, with panic mode, burst capacity and an activator. */
    int has_panic;

    /* The numbers that it decides on: how many, with their names; and their values now. */
    size_t (*measures)(const void *config, struct measure *measures);
    void (*measure)(void *state, const void *config, weir_time now, double *values);

    /* The name of what the item of a step of some rule is about; NULL: steps have none. */
    void (*item)(const void *config, int32_t rule, int32_t item, char *text, size_t size);

    /* What its status says in words, with the names of the columns, NULL after the last. The first
     * `news` of them are in the table, which has a line when they change. */
    const char *labels[LABELS_MAX + 1];
    size_t news;
    void (*label)(void *state, char (*values)[LABEL_SIZE]);
};

extern const struct kind kpa_kind, hpa_kind, keda_kind;

/* NULL for a kind that cannot be replayed. */
const struct kind *kind_of(int32_t kind);

#endif
