/*
 * decide/kpa_config.c - the configurations of the KPA as field tables, and what a revision's
 * configuration means for its collector and its decider.
 *
 * Bounds of the decider's and the collector's own fields are those that keep the machine sound, not
 * those of upstream's admission, which only the revision's configuration has.
 */
#include "decide/kpa_state.h"

#define SEMANTICS(config)                                                                          \
    {                                                                                              \
        WEIR__MEMBER(config, semantics), WEIR__NO_KEYS,                                            \
            .unit = "", .type = WEIR_FIELD_ENUM, .values = "serving 0.51|serving 0.42", .imax = 1, \
            .doc = "Release of Knative serving whose arithmetic is used."                          \
    }
#define CONVERSION(config)                                                                         \
    {                                                                                              \
        WEIR__MEMBER(config, conversion), WEIR__NO_KEYS,                                           \
            .unit = "", .type = WEIR_FIELD_ENUM, .values = "saturate|amd64", .imax = 1,            \
            .doc = "How a number that an int32 cannot hold becomes one: nearest, or as Go on "     \
                   "amd64."                                                                        \
    }
#define ANY_DOUBLE                                                                                 \
    .type = WEIR_FIELD_DOUBLE, .values = "", .dmin = -DBL_MAX, .dmax = DBL_MAX,                    \
    .flags = WEIR_FIELD_ANY_FLOAT
#define LONGEST (INT64_C(1) << 60)

/* ---- collector ------------------------------------------------------------------------------ */

#define ROW(m) WEIR__MEMBER(weir_kpa_collector_config, m), WEIR__NO_KEYS
static const weir_field collector_fields[] = {
    {ROW(algorithm), .unit = "", .values = "linear|weighted-exponential", .type = WEIR_FIELD_ENUM,
     .imax = 1, .doc = "How the buckets of all windows are averaged."},
    {ROW(stable_window), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imin = 1,
     .imax = LONGEST, .idefault = 60 * WEIR_SECOND, .doc = "Length of the stable window."},
    {ROW(panic_window), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imin = 1,
     .imax = LONGEST, .idefault = 6 * WEIR_SECOND, .doc = "Length of the panic window."},
    {ROW(stable_reserve), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imax = LONGEST,
     .doc = "Longest stable window that an update may set; 0 is the stable window."},
    {ROW(panic_reserve), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imax = LONGEST,
     .doc = "Longest panic window that an update may set; 0 is the panic window."},
    {ROW(scrape_target), .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1,
     .idefault = 1, .doc = "Pods are scraped, so an empty stable window means no data, not zero."},
    SEMANTICS(weir_kpa_collector_config),
};
#undef ROW

const struct weir__table weir__kpa_collector_table =
    WEIR__TABLE(weir_kpa_collector_config, collector_fields);

/* ---- decider -------------------------------------------------------------------------------- */

#define ROW(m) WEIR__MEMBER(weir_kpa_decider_config, m), WEIR__NO_KEYS
static const weir_field decider_fields[] = {
    {ROW(scaling_metric), .unit = "", .values = "concurrency|rps|other", .type = WEIR_FIELD_ENUM,
     .imax = 2, .doc = "What the revision scales on; every other metric reads concurrency."},
    {ROW(target_value), .unit = "requests", ANY_DOUBLE, .ddefault = 70,
     .doc = "Wanted load of one pod."},
    {ROW(total_value), .unit = "requests", ANY_DOUBLE, .ddefault = 100,
     .doc = "Load that one pod can take."},
    {ROW(target_burst_capacity), .unit = "requests", ANY_DOUBLE, .ddefault = 211,
     .doc = "Burst that must fit without queueing; 0: activator never in the path, -1: always."},
    {ROW(activator_capacity), .unit = "requests", ANY_DOUBLE, .ddefault = 100,
     .doc = "Requests that one activator takes."},
    {ROW(panic_threshold), .unit = "", ANY_DOUBLE, .ddefault = 2,
     .doc = "Wanted pods over ready pods from which on panic mode holds."},
    {ROW(max_scale_up_rate), .unit = "", ANY_DOUBLE, .ddefault = 1000,
     .doc = "Most pods wanted, as a multiple of the ready pods."},
    {ROW(max_scale_down_rate), .unit = "", ANY_DOUBLE, .ddefault = 2,
     .doc = "Fewest pods wanted are the ready pods divided by this."},
    {ROW(stable_window), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imin = INT64_MIN,
     .imax = INT64_MAX, .idefault = 60 * WEIR_SECOND,
     .doc = "Panic mode ends this long after its last renewal."},
    {ROW(scale_down_delay), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION,
     .imin = INT64_MIN, .imax = INT64_MAX, .doc = "The largest wish within this time counts."},
    {ROW(initial_scale), .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imin = INT32_MIN,
     .imax = INT32_MAX, .idefault = 1, .doc = "Pods of a new revision."},
    {ROW(activation_scale), .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imin = INT32_MIN,
     .imax = INT32_MAX, .doc = "Fewest pods as soon as there is any demand."},
    {ROW(reachable), .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1, .idefault = 1,
     .doc = "A route leads to the revision."},
    SEMANTICS(weir_kpa_decider_config),
    CONVERSION(weir_kpa_decider_config),
};
#undef ROW

const struct weir__table weir__kpa_decider_table =
    WEIR__TABLE(weir_kpa_decider_config, decider_fields);

/* ---- revision ------------------------------------------------------------------------------- */

#define A       "autoscaling.knative.dev/"
#define ROW(m)  WEIR__MEMBER(weir_kpa_config, m)
#define UNBOUND INT64_MAX

static const weir_field kpa_fields[] = {
    {ROW(metric), .key = A "metric", .alias = "", .global_key = "", .unit = "",
     .values = "concurrency|rps|other", .type = WEIR_FIELD_ENUM, .imax = 2,
     .doc = "What the revision scales on."},
    {ROW(metric_aggregation_algorithm), .key = A "metric-aggregation-algorithm",
     .alias = A "metricAggregationAlgorithm", .global_key = "", .unit = "",
     .values = "linear|weighted-exponential", .type = WEIR_FIELD_ENUM, .imax = 1,
     .doc = "How samples are averaged over the windows."},
    {ROW(min_scale), .key = A "min-scale", .alias = A "minScale", .global_key = "min-scale",
     .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .doc = "Fewest pods while a route leads to the revision."},
    {ROW(max_scale), .key = A "max-scale", .alias = A "maxScale", .global_key = "max-scale",
     .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .doc = "Most pods; 0 is no limit."},
    {ROW(max_scale_limit), .key = "", .alias = "", .global_key = "max-scale-limit", .unit = "pods",
     .values = "", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .doc = "Most that max-scale may be; 0 is no limit."},
    {ROW(initial_scale), .key = A "initial-scale", .alias = A "initialScale",
     .global_key = "initial-scale", .unit = "pods", .values = "", .type = WEIR_FIELD_INT,
     .imax = INT32_MAX, .idefault = 1, .doc = "Pods that a new revision starts with."},
    {ROW(allow_zero_initial_scale), .key = "", .alias = "",
     .global_key = "allow-zero-initial-scale", .unit = "", .values = "", .type = WEIR_FIELD_BOOL,
     .imax = 1, .doc = "Whether initial-scale may be 0."},
    {ROW(activation_scale), .key = A "activation-scale", .alias = "", .global_key = "",
     .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imin = 2, .imax = INT32_MAX,
     .flags = WEIR_FIELD_OPTIONAL, .doc = "Fewest pods as soon as there is any demand."},
    {ROW(enable_scale_to_zero), .key = "", .alias = "", .global_key = "enable-scale-to-zero",
     .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1, .idefault = 1,
     .doc = "Whether a revision without traffic goes to zero pods, or to one."},
    SEMANTICS(weir_kpa_config),
    CONVERSION(weir_kpa_config),
    {ROW(container_concurrency), .key = "containerConcurrency", .alias = "", .global_key = "",
     .unit = "requests", .values = "", .type = WEIR_FIELD_INT, .imax = UNBOUND,
     .doc = "Requests that one container takes at a time; 0 is no limit."},
    {ROW(target), .key = A "target", .alias = "", .global_key = "", .unit = "requests",
     .values = "", .type = WEIR_FIELD_DOUBLE, .dmin = 0.01, .dmax = DBL_MAX, .ddefault = WEIR_UNSET,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_OPTIONAL,
     .doc = "Load of one pod at full utilization; not set, it is the metric's default."},
    {ROW(target_utilization_percentage), .key = A "target-utilization-percentage",
     .alias = A "targetUtilizationPercentage", .global_key = "", .unit = "%", .values = "",
     .type = WEIR_FIELD_DOUBLE, .dmin = 1, .dmax = 100, .ddefault = WEIR_UNSET,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_OPTIONAL,
     .doc = "Share of the target to aim at; not set, it is the cluster's."},
    {ROW(target_burst_capacity), .key = A "target-burst-capacity", .alias = A "targetBurstCapacity",
     .global_key = "target-burst-capacity", .unit = "requests", .values = "",
     .type = WEIR_FIELD_DOUBLE, .dmin = 0, .dmax = DBL_MAX, .ddefault = 211,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_OR_MINUS_ONE,
     .doc = "Burst that must fit without queueing; 0: activator never in the path, -1: always."},
    {ROW(panic_window_percentage), .key = A "panic-window-percentage",
     .alias = A "panicWindowPercentage", .global_key = "panic-window-percentage", .unit = "%",
     .values = "", .type = WEIR_FIELD_DOUBLE, .dmin = 1, .dmax = 100, .ddefault = 10,
     .flags = WEIR_FIELD_ANY_FLOAT, .doc = "Panic window as a share of the stable window."},
    {ROW(panic_threshold_percentage), .key = A "panic-threshold-percentage",
     .alias = A "panicThresholdPercentage", .global_key = "panic-threshold-percentage", .unit = "%",
     ANY_DOUBLE, .ddefault = 200,
     .doc = "Wanted pods over ready pods from which on panic mode holds."},
    {ROW(container_concurrency_target_percentage), .key = "", .alias = "",
     .global_key = "container-concurrency-target-percentage", .unit = "", .values = "",
     .type = WEIR_FIELD_DOUBLE, .dmin = 0, .dmax = 1, .ddefault = 0.7,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_ABOVE_MIN,
     .doc = "Share of a concurrency target to aim at, as a fraction."},
    {ROW(container_concurrency_target_default), .key = "", .alias = "",
     .global_key = "container-concurrency-target-default", .unit = "requests", .values = "",
     .type = WEIR_FIELD_DOUBLE, .dmin = 0, .dmax = DBL_MAX, .ddefault = 100,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_ABOVE_MIN,
     .doc = "Concurrency target of a revision that sets neither a target nor a limit."},
    {ROW(requests_per_second_target_default), .key = "", .alias = "",
     .global_key = "requests-per-second-target-default", .unit = "requests/s", .values = "",
     .type = WEIR_FIELD_DOUBLE, .dmin = 0.01, .dmax = DBL_MAX, .ddefault = 200,
     .flags = WEIR_FIELD_ANY_FLOAT, .doc = "Requests per second target where none is set."},
    {ROW(activator_capacity), .key = "", .alias = "", .global_key = "activator-capacity",
     .unit = "requests", .values = "", .type = WEIR_FIELD_DOUBLE, .dmin = 1, .dmax = DBL_MAX,
     .ddefault = 100, .flags = WEIR_FIELD_ANY_FLOAT, .doc = "Requests that one activator takes."},
    {ROW(max_scale_up_rate), .key = "", .alias = "", .global_key = "max-scale-up-rate", .unit = "",
     .values = "", .type = WEIR_FIELD_DOUBLE, .dmin = 1, .dmax = DBL_MAX, .ddefault = 1000,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_ABOVE_MIN,
     .doc = "Most pods wanted, as a multiple of the ready pods."},
    {ROW(max_scale_down_rate), .key = "", .alias = "", .global_key = "max-scale-down-rate",
     .unit = "", .values = "", .type = WEIR_FIELD_DOUBLE, .dmin = 1, .dmax = DBL_MAX, .ddefault = 2,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_ABOVE_MIN,
     .doc = "Fewest pods wanted are the ready pods divided by this."},
    {ROW(stable_window), .key = A "window", .alias = "", .global_key = "stable-window", .unit = "s",
     .values = "", .type = WEIR_FIELD_DURATION, .imin = 6 * WEIR_SECOND, .imax = 3600 * WEIR_SECOND,
     .idefault = 60 * WEIR_SECOND, .flags = WEIR_FIELD_WHOLE_SECONDS,
     .doc = "Length of the stable window; panic mode lasts as long."},
    {ROW(scale_down_delay), .key = A "scale-down-delay", .alias = A "scaleDownDelay",
     .global_key = "scale-down-delay", .unit = "s", .values = "", .type = WEIR_FIELD_DURATION,
     .imax = LONGEST, .flags = WEIR_FIELD_WHOLE_SECONDS,
     .doc = "Scale down only to the largest wish within this time."},
    {ROW(scale_to_zero_grace_period), .key = "", .alias = "",
     .global_key = "scale-to-zero-grace-period", .unit = "s", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = LONGEST, .idefault = 30 * WEIR_SECOND,
     .flags = WEIR_FIELD_ABOVE_MIN,
     .doc = "Longest time that the network is given to route around the last pod."},
    {ROW(scale_to_zero_pod_retention_period), .key = A "scale-to-zero-pod-retention-period",
     .alias = A "scaleToZeroPodRetentionPeriod", .global_key = "scale-to-zero-pod-retention-period",
     .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imax = LONGEST,
     .doc = "Shortest time that the last pod stays after traffic ended."},
    {ROW(progress_deadline), .key = "serving.knative.dev/progress-deadline", .alias = "",
     .global_key = "progress-deadline", .unit = "s", .values = "", .type = WEIR_FIELD_DURATION,
     .imax = LONGEST, .idefault = 600 * WEIR_SECOND, .flags = WEIR_FIELD_ABOVE_MIN,
     .doc = "How long a revision may take to become ready; 30 s later it is given up."},
    {ROW(pod_autoscaler_class), .key = A "class", .alias = "", .global_key = "pod-autoscaler-class",
     .unit = "", .values = "kpa.autoscaling.knative.dev", .type = WEIR_FIELD_TEXT,
     .doc = "Which autoscaler serves the revision."},
};
#undef ROW
#undef A

const struct weir__table weir__kpa_table = WEIR__TABLE(weir_kpa_config, kpa_fields);

weir_status weir_kpa_config_init(weir_kpa_config *config, size_t struct_size)
{
    return weir__config_init(&weir__kpa_table, config, struct_size);
}

weir_status weir_kpa_config_check(const weir_kpa_config *config, weir_error *err)
{
    weir_kpa_config own;

    return weir__kpa_config_take(&own, config, err);
}

weir_status weir__kpa_config_take(weir_kpa_config *to, const weir_kpa_config *from, weir_error *err)
{
    weir_status status = weir__config_take(&weir__kpa_table, to, from, err);

    return status == WEIR_OK ? weir__config_check(&weir__kpa_table, to, err) : status;
}

weir_status weir_kpa_resolve(const weir_kpa_config *config, weir_kpa_collector_config *collector,
                             weir_kpa_decider_config *decider)
{
    weir_kpa_config c;
    weir_status status = weir__config_take(&weir__kpa_table, &c, config, NULL);

    if (status != WEIR_OK) {
        return status;
    }
    if (collector != NULL) {
        weir__config_init(&weir__kpa_collector_table, collector, sizeof *collector);
        collector->algorithm = c.metric_aggregation_algorithm;
        collector->stable_window = c.stable_window;
        collector->panic_window =
            weir__kpa_panic_window(c.stable_window, c.panic_window_percentage);
        collector->scrape_target = c.target_burst_capacity != -1.0;
        collector->semantics = c.semantics;
    }
    if (decider != NULL) {
        weir__config_init(&weir__kpa_decider_table, decider, sizeof *decider);
        decider->scaling_metric = c.metric;
        weir__kpa_target(&c, &decider->target_value, &decider->total_value);
        decider->target_burst_capacity = c.target_burst_capacity;
        decider->activator_capacity = c.activator_capacity;
        decider->panic_threshold = c.panic_threshold_percentage / 100.0;
        decider->max_scale_up_rate = c.max_scale_up_rate;
        decider->max_scale_down_rate = c.max_scale_down_rate;
        decider->stable_window = c.stable_window;
        decider->scale_down_delay = c.scale_down_delay;
        decider->initial_scale = c.initial_scale;
        decider->activation_scale = c.activation_scale;
        decider->semantics = c.semantics;
        decider->conversion = c.conversion;
    }
    return WEIR_OK;
}
