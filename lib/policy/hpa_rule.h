/*
 * policy/hpa_rule.h - the replica rules of the HPA: what one metric asks for. No state.
 *
 * Samples are summed up by group in one pass over the pods; the rules then work on the sums, so a
 * driver that only knows totals can fill the sums itself. Sums wrap as Go's int64.
 */
#ifndef WEIR_LIB_POLICY_HPA_RULE_H
#define WEIR_LIB_POLICY_HPA_RULE_H

#include "base/num.h"
#include <weir/hpa.h>

/* What differs between releases. */
enum {
    WEIR__HPA_ONE_TOLERANCE = 1 << 0,     /* |1 - ratio| <= tolerance */
    WEIR__HPA_AVERAGES_WRAP = 1 << 1,     /* External AverageValue: sums, proposals, status */
    WEIR__HPA_VALUES_WRAP = 1 << 2,       /* Value: sums and proposals */
    WEIR__HPA_EVERY_CONTAINER = 1 << 3,   /* a pod without the container fails the metric */
    WEIR__HPA_MISSING_AT_TARGET = 1 << 4, /* averages: missing pods count as 0 at ratio 1 too */
    WEIR__HPA_ZERO_BY_CONDITION = 1 << 5, /* at zero only ScaledToZero lets metrics count */
    WEIR__HPA_SCALE_TO_ZERO = 1 << 6      /* the gate */
};

/* The part of a configuration that holds for all metrics. */
struct weir__hpa_rules {
    double down, up; /* tolerances */
    weir_duration cpu_initialization_period, initial_readiness_delay;
    int32_t conversion;
    uint32_t release; /* WEIR__HPA_* */
};

void weir__hpa_rules_of(const weir_hpa_config *config, struct weir__hpa_rules *rules);

/* One metric without its names. */
struct weir__hpa_metric {
    int32_t source, target_type;
    int64_t target;
    int32_t is_cpu; /* 1: a resource metric of cpu */
    int32_t reserved;
};

void weir__hpa_metric_of(const weir_hpa_metric *metric, struct weir__hpa_metric *out);

/* The pods of a target by group, with the sums of their samples. */
struct weir__hpa_pods {
    int64_t pods;                             /* all of them */
    int64_t ready, unready, missing, ignored; /* by group */
    int64_t running_ready;                    /* running and Ready, whatever their group */
    int64_t strangers;                        /* samples of pods that are not among them */
    uint64_t usage, request;                  /* of the ready ones */
    uint64_t stranger_usage;
    uint64_t unready_request;
    uint64_t missing_request, missing_fill; /* fill: max(100, target) percent of each request */
    int32_t no_request;                     /* 1: of some pod no request is known */
    int32_t no_container;                   /* 1: some pod was reported without the container */
    weir_time next;                         /* when the group of a pod changes by itself */
};

/* What one metric's source gave, summed up. */
struct weir__hpa_measure {
    weir_status status; /* WEIR_OK; else the source failed */
    int32_t reserved;
    int64_t total; /* Object, External: milli */
    struct weir__hpa_pods pods;
};

/* Sums the samples of one metric up by group. There are `count` samples, at least one a pod. */
void weir__hpa_group(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                     const weir_pod *pods, uint32_t pod_count, const weir_hpa_sample *samples,
                     uint32_t count, weir_time now, struct weir__hpa_pods *out);

/* Counts the pods that Value targets look at. */
void weir__hpa_count_ready(const weir_pod *pods, uint32_t pod_count, struct weir__hpa_pods *out);

/* The sum of an external metric's values, which depends on their order where it overflows. */
int64_t weir__hpa_external_sum(const struct weir__hpa_rules *rules,
                               const struct weir__hpa_metric *metric, const int64_t *values,
                               uint32_t count);

/* What the metric asks for. */
void weir__hpa_propose(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                       int32_t spec_replicas, int32_t status_replicas,
                       const struct weir__hpa_measure *measure, weir_hpa_proposal *out);

#endif
