/*
 * decide/hpa_state.h - the block of an HPA, shared by the files that run and save it.
 */
#ifndef WEIR_LIB_DECIDE_HPA_STATE_H
#define WEIR_LIB_DECIDE_HPA_STATE_H

#include "base/explain.h"
#include "limits/behavior.h"
#include "policy/hpa_input.h"
#include <weir/autoscaler.h>
#include <weir/hpa.h>

extern const struct weir__table weir__hpa_table;

/* What a row has besides its member, for the tables of an HPA and of a ScaledObject alike. */
#define WEIR__LONGEST      (INT64_C(1) << 60)
#define WEIR__HPA_RELEASES "1.37|1.36|1.35|1.34|1.33|1.32|1.31|1.30|1.29|1.28|1.27"
#define WEIR__CONVERSION_ROW                                                                       \
    .key = "", .global_key = "", .unit = "", .values = "saturate|amd64", .type = WEIR_FIELD_ENUM,  \
    .imax = 1,                                                                                     \
    .doc = "How a number that an integer cannot hold becomes one: nearest, or as Go on amd64."
#define WEIR__POD_RESERVE_ROW                                                                      \
    .key = "", .global_key = "", .unit = "pods", .values = "", .type = WEIR_FIELD_INT,             \
    .imax = 10000, .doc = "Pods whose readings are kept apart; 0: only totals are."
#define WEIR__RESERVE_ROW                                                                          \
    .key = "", .global_key = "", .unit = "", .values = "", .type = WEIR_FIELD_INT, .imax = 10000,  \
    .doc = "Wishes and changes to have room for, besides those of the sync period."
#define WEIR__TOLERANCE_ROW                                                                        \
    .key = "", .global_key = "horizontal-pod-autoscaler-tolerance", .unit = "", .values = "",      \
    .type = WEIR_FIELD_DOUBLE, .dmax = DBL_MAX, .ddefault = 0.1,                                   \
    .doc = "Distance from the target that is let be, as a fraction."
#define WEIR__STABILIZATION_ROW                                                                    \
    .key = "", .global_key = "horizontal-pod-autoscaler-downscale-stabilization", .unit = "s",     \
    .values = "", .type = WEIR_FIELD_DURATION, .imax = 21600 * WEIR_SECOND,                        \
    .idefault = 300 * WEIR_SECOND, .doc = "Scale-down window where the rules have none."
#define WEIR__CPU_PERIOD_ROW                                                                       \
    .key = "", .global_key = "horizontal-pod-autoscaler-cpu-initialization-period", .unit = "s",   \
    .values = "", .type = WEIR_FIELD_DURATION, .imax = WEIR__LONGEST,                              \
    .idefault = 300 * WEIR_SECOND,                                                                 \
    .doc = "Time after its start in which a pod's cpu counts only once it is ready."
#define WEIR__READINESS_ROW                                                                        \
    .key = "", .global_key = "horizontal-pod-autoscaler-initial-readiness-delay", .unit = "s",     \
    .values = "", .type = WEIR_FIELD_DURATION, .imax = WEIR__LONGEST,                              \
    .idefault = 30 * WEIR_SECOND,                                                                  \
    .doc = "A pod that became not ready within this time of its start was never ready."

weir_status weir__hpa_config_take(weir_hpa_config *to, const weir_hpa_config *from,
                                  weir_error *err);

/* The limits of an HPA's configuration. */
void weir__hpa_limits_of(const weir_hpa_config *config, weir_behavior_config *limits);

/* The last reading of one series, for the common interface. */
struct weir__hpa_held {
    weir_time at; /* WEIR_TIME_NONE: there was none yet */
    int64_t milli;
    weir_status status;
    int32_t by_pod; /* 1: the readings of single pods count */
};

/* One metric in the block. */
struct weir__hpa_slot {
    struct weir__hpa_metric rule;
    weir_hpa_proposal proposal; /* of the last step that evaluated metrics */
    struct weir__hpa_held held;
    int64_t request;
    weir_duration sample_window;
    uint32_t name_at;    /* bytes from the HPA to the name */
    uint32_t samples_at; /* and to the samples of single pods; 0: there is no room for any */
};

/* A rescale that was decided and is taken to succeed: what it changes is kept apart until the next
 * step, for weir_hpa_write_failed(). */
struct weir__hpa_rescale {
    weir_time at;
    int32_t active;
    int32_t from, to;
    int32_t desired_before;
    weir_time last_scale_before;
    uint32_t condition_count; /* the conditions before those of the success */
    int32_t reserved;
    weir_hpa_condition conditions[WEIR_CONDITIONS_MAX];
};

struct weir_hpa {
    struct weir__block block;
    uint64_t digest; /* of the configuration it was made with */
    weir_time seen;  /* the last time that came up */
    weir_time next_sync;
    weir_duration sync_period;
    struct weir__hpa_rules rules;
    uint32_t behavior_at; /* bytes from here to the limits */
    uint32_t metric_count;
    uint32_t pod_reserve;
    int32_t has_outside_metric; /* 1: some metric is Object or External */
    /* status */
    int32_t current, desired;
    int32_t winner, rescale_reason;
    int32_t evaluated, failed;
    weir_time last_scale;
    uint32_t condition_count;
    int32_t reserved;
    weir_hpa_condition conditions[WEIR_CONDITIONS_MAX];
    struct weir__hpa_rescale rescale;
    /* Followed by: the metrics, the limits, the names, the samples of single pods. */
};

static inline struct weir__hpa_slot *weir__hpa_slots(weir_hpa *h)
{
    return (struct weir__hpa_slot *)(void *)(h + 1);
}

static inline const struct weir__hpa_slot *weir__hpa_slots_of(const weir_hpa *h)
{
    return (const struct weir__hpa_slot *)(const void *)(h + 1);
}

static inline weir_behavior *weir__hpa_behavior(weir_hpa *h)
{
    return (weir_behavior *)(void *)((uint8_t *)h + h->behavior_at);
}

static inline const weir_behavior *weir__hpa_behavior_of(const weir_hpa *h)
{
    return (const weir_behavior *)(const void *)((const uint8_t *)h + h->behavior_at);
}

static inline weir_hpa_sample *weir__hpa_samples(weir_hpa *h, const struct weir__hpa_slot *slot)
{
    return (weir_hpa_sample *)(void *)((uint8_t *)h + slot->samples_at);
}

/* Sets or adds a condition, as upstream's setCondition(). */
void weir__hpa_set_condition(weir_hpa *h, int32_t type, int32_t status, int32_t reason,
                             weir_time now);

/* What one step looks at, wherever its metrics come from. */
struct weir__hpa_step {
    int32_t spec_replicas, status_replicas;
    weir_status scale_status;
    int32_t selector;
    weir_time now;
    const weir_hpa_input *input; /* NULL: the last readings and the target count */
    const weir_target *target;
};

/* One reconcile. Nothing is changed unless it gives WEIR_OK or WEIR_NO_DATA. */
weir_status weir__hpa_reconcile(weir_hpa *h, const struct weir__hpa_step *step, weir_decision *out,
                                weir_explain *explain);

/* Whether there is room to remember a step, and its time is not past. */
weir_status weir__hpa_ready(weir_hpa *h, weir_time now);

/* Counts the last rescale: it was written, or else the caller would have said so. */
void weir__hpa_settle(weir_hpa *h);

/* Records of a snapshot that were found to be there. */
struct weir__hpa_image {
    const uint8_t *times, *status, *rescale;
    const uint8_t *proposals, *ratios, *held;
    const uint8_t *samples[WEIR_HPA_METRICS_MAX];
    uint32_t condition_count, rescale_count;
    const uint8_t *conditions, *rescale_conditions;
    struct weir__behavior_image behavior;
};

/* An HPA's records in a snapshot, its own or that of a machine that holds it. What is read is
 * checked before it is committed. */
void weir__hpa_write_records(const weir_hpa *h, struct weir__writer *w);
void weir__hpa_read_records(const weir_hpa *h, struct weir__reader *r,
                            struct weir__hpa_image *image);
void weir__hpa_commit_records(weir_hpa *h, const struct weir__hpa_image *image);

/* Sums up what the last readings say of one metric. */
void weir__hpa_measure_held(weir_hpa *h, const struct weir__hpa_slot *slot,
                            const weir_target *target, weir_time now,
                            struct weir__hpa_measure *out);

#endif
