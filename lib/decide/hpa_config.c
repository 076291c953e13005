/*
 * decide/hpa_config.c - the configuration of an HPA as a field table, and what is checked of it.
 *
 * Bounds are those that keep the machine sound; of what the API server refuses besides only targets
 * that are not above zero and bounds that contradict each other are refused here.
 */
#include "decide/hpa_state.h"

#define ROW(m) WEIR__MEMBER(weir_hpa_metric, m), .alias = "", .global_key = ""
static const weir_field metric_fields[] = {
    {ROW(source), .key = "type", .unit = "",
     .values = "unknown|Resource|ContainerResource|Pods|Object|External", .type = WEIR_FIELD_ENUM,
     .imax = 5, .doc = "Where the metric comes from."},
    {ROW(target_type), .key = "target", .unit = "", .values = "none|Utilization|Value|AverageValue",
     .type = WEIR_FIELD_ENUM, .imax = 3, .doc = "What the metric is held against."},
    {ROW(target), .key = "target", .unit = "milli or %", .values = "", .type = WEIR_FIELD_INT,
     .imin = INT64_MIN, .imax = INT64_MAX,
     .doc = "Percent of the requests for utilization, else thousandths; above 0."},
    {ROW(request), .key = "", .unit = "milli", .values = "", .type = WEIR_FIELD_INT,
     .imax = INT64_MAX, .doc = "What a pod requests, for a replay that knows totals only."},
    {ROW(sample_window), .key = "", .unit = "s", .values = "", .type = WEIR_FIELD_DURATION,
     .imax = WEIR__LONGEST,
     .doc = "Time that a sample of a pod covers, for a replay; cpu looks at it."},
    {ROW(name), .key = "name", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Name of the resource or the metric."},
    {ROW(container), .key = "container", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Container of a container resource."},
};
#undef ROW

#define ROW(m) WEIR__MEMBER(weir_hpa_config, m), .alias = ""
#define GATE                                                                                       \
    .unit = "", .values = "release|off|on", .type = WEIR_FIELD_ENUM, .imax = 2, .global_key = ""
static const weir_field hpa_fields[] = {
    {ROW(min_replicas), .key = "spec.minReplicas", .global_key = "", .unit = "pods", .values = "",
     .type = WEIR_FIELD_INT, .imax = INT32_MAX, .idefault = 1, .doc = "Lower bound."},
    {ROW(max_replicas), .key = "spec.maxReplicas", .global_key = "", .unit = "pods", .values = "",
     .type = WEIR_FIELD_INT, .imin = 1, .imax = INT32_MAX,
     .doc = "Upper bound; it has no default and has to be set."},
    {ROW(behavior), .key = "spec.behavior", .global_key = "", .unit = "", .values = "",
     .type = WEIR_FIELD_BOOL, .imax = 1,
     .doc =
         "The rules for scaling hold; without, a size at most doubles and falls after a window."},
    {ROW(semantics), .key = "", .global_key = "", .unit = "", .values = WEIR__HPA_RELEASES,
     .type = WEIR_FIELD_ENUM, .imax = WEIR_HPA_1_27,
     .doc =
         "Release of Kubernetes whose rules are used; up to 1.35 metrics count at zero pods where "
         "the minimum is 0, up to 1.34 Value sums and proposals may wrap, up to 1.33 External "
         "averages too, up to 1.32 there is one tolerance and a missing container fails the "
         "metric, up to 1.28 sidecars request nothing, in 1.27 missing pods count as 0 at the "
         "target."},
    {ROW(conversion), WEIR__CONVERSION_ROW},
    {ROW(scale_to_zero), .key = "HPAScaleToZero", GATE,
     .doc = "Feature gate: an HPA may scale to zero and back; on from 1.37."},
    {ROW(configurable_tolerance), .key = "HPAConfigurableTolerance", GATE,
     .doc = "Feature gate: the tolerances of the rules count; on from 1.35."},
    {ROW(pod_reserve), WEIR__POD_RESERVE_ROW},
    {ROW(reserve), WEIR__RESERVE_ROW},
    {ROW(tolerance), WEIR__TOLERANCE_ROW},
    {ROW(downscale_stabilization), WEIR__STABILIZATION_ROW},
    {ROW(cpu_initialization_period), WEIR__CPU_PERIOD_ROW},
    {ROW(initial_readiness_delay), WEIR__READINESS_ROW},
    {ROW(sync_period), .key = "", .global_key = "horizontal-pod-autoscaler-sync-period",
     .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imin = WEIR_SECOND,
     .imax = 3600 * WEIR_SECOND, .idefault = 15 * WEIR_SECOND,
     .doc = "Time between decisions, by which the memory is measured out."},
    {ROW(scale_up), .key = "spec.behavior.scaleUp", .global_key = "", .unit = "", .values = "",
     .type = WEIR_FIELD_STRUCT, .capacity = 1, .fields = weir__scale_up_fields,
     .field_count = WEIR__RULES_FIELDS, .doc = "Rules for more pods."},
    {ROW(scale_down), .key = "spec.behavior.scaleDown", .global_key = "", .unit = "", .values = "",
     .type = WEIR_FIELD_STRUCT, .capacity = 1, .fields = weir__scale_down_fields,
     .field_count = WEIR__RULES_FIELDS, .doc = "Rules for fewer pods."},
    {WEIR__LIST(weir_hpa_config, metrics, metric_count), .key = "spec.metrics", .alias = "",
     .global_key = "", .unit = "", .values = "", .type = WEIR_FIELD_STRUCT, .fields = metric_fields,
     .field_count = sizeof metric_fields / sizeof metric_fields[0],
     .doc = "The metrics; the largest wish counts."},
};
#undef ROW

const struct weir__table weir__hpa_table = WEIR__TABLE(weir_hpa_config, hpa_fields);

weir_status weir_hpa_config_init(weir_hpa_config *config, size_t struct_size)
{
    weir_status status = weir__config_init(&weir__hpa_table, config, struct_size);

    if (status == WEIR_OK) {
        weir__scaling_rules_init(&config->scale_up, WEIR_SCALE_UP);
        weir__scaling_rules_init(&config->scale_down, WEIR_SCALE_DOWN);
    }
    return status;
}

/* Which targets a source can be held against. */
static int fits(int32_t source, int32_t target_type)
{
    switch (target_type) {
    case WEIR_HPA_UTILIZATION:
        return source == WEIR_HPA_RESOURCE || source == WEIR_HPA_CONTAINER_RESOURCE;
    case WEIR_HPA_VALUE: return source == WEIR_HPA_OBJECT || source == WEIR_HPA_EXTERNAL;
    case WEIR_HPA_AVERAGE_VALUE: return source != WEIR_HPA_SOURCE_UNKNOWN;
    default: return source != WEIR_HPA_PODS; /* upstream crashes on a Pods metric without */
    }
}

static weir_status refuse(weir_error *err, uint32_t metric, const char *field, const char *message)
{
    weir__fail(err, WEIR_E_RANGE, field, message);
    weir__fail_within(err, "metrics", metric);
    return WEIR_E_RANGE;
}

static weir_status check_metric(const weir_hpa_metric *metric, uint32_t index, weir_error *err)
{
    if (!fits(metric->source, metric->target_type)) {
        return refuse(err, index, "target_type", "is not one that this source can be held against");
    }
    if (metric->target_type == WEIR_HPA_TARGET_NONE) {
        return WEIR_OK;
    }
    if (metric->target <= 0) {
        return refuse(err, index, "target", "must be above 0: the metric is divided by it");
    }
    if (metric->target_type == WEIR_HPA_UTILIZATION && metric->target > INT32_MAX) {
        return refuse(err, index, "target", "must be a percentage of at most 2147483647");
    }
    return WEIR_OK;
}

weir_status weir__hpa_config_take(weir_hpa_config *to, const weir_hpa_config *from, weir_error *err)
{
    weir_status status = weir__config_take(&weir__hpa_table, to, from, err);

    if (status == WEIR_OK) {
        status = weir__config_check(&weir__hpa_table, to, err);
    }
    if (status == WEIR_OK && to->min_replicas > to->max_replicas) {
        status = weir__fail(err, WEIR_E_RANGE, "max_replicas", "must not be below min_replicas");
    }
    for (uint32_t i = 0; status == WEIR_OK && i < to->metric_count; i++) {
        status = check_metric(&to->metrics[i], i, err);
    }
    return status;
}

weir_status weir_hpa_config_check(const weir_hpa_config *config, weir_error *err)
{
    weir_hpa_config own;

    return weir__hpa_config_take(&own, config, err);
}

void weir__hpa_limits_of(const weir_hpa_config *config, weir_behavior_config *limits)
{
    weir_behavior_config_init(limits, sizeof *limits);
    limits->behavior = config->behavior;
    limits->min_replicas = config->min_replicas;
    limits->max_replicas = config->max_replicas;
    limits->conversion = config->conversion;
    limits->reserve = config->reserve;
    limits->downscale_stabilization = config->downscale_stabilization;
    limits->sync_period = config->sync_period;
    limits->scale_up = config->scale_up;
    limits->scale_down = config->scale_down;
}
