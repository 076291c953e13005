/*
 * decide/keda_config.c - the configuration of a ScaledObject as a field table.
 *
 * Upstream: apis/keda/v1alpha1/scaledobject_types.go.
 */
#include "base/text.h"
#include "decide/keda_state.h"

#define SECONDS (INT64_C(2147483647) * WEIR_SECOND)

#define ROW(m) WEIR__MEMBER(weir_cron_config, m), .alias = "", .global_key = ""
static const weir_field cron_fields[] = {
    {ROW(desired_replicas), .key = "desiredReplicas", .unit = "pods", .values = "",
     .type = WEIR_FIELD_INT, .imin = INT64_MIN, .imax = INT64_MAX,
     .doc = "Pods wanted between start and end; not 0."},
    {ROW(start), .key = "start", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "When the window opens, five fields."},
    {ROW(end), .key = "end", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "When the window closes."},
    {ROW(timezone), .key = "timezone", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Time zone of both, by its IANA name."},
};
#undef ROW

#define ROW(m) WEIR__MEMBER(weir_keda_trigger, m), .alias = "", .global_key = ""
static const weir_field trigger_fields[] = {
    {ROW(type), .key = "type", .unit = "",
     .values = "other|prometheus|cpu|memory|cron|metrics-api|external|external-push|"
               "kubernetes-workload",
     .type = WEIR_FIELD_ENUM, .imax = WEIR_TRIGGER_KUBERNETES_WORKLOAD,
     .doc = "What the trigger asks."},
    {ROW(metric_type), .key = "metricType", .unit = "",
     .values = "none|Utilization|Value|AverageValue", .type = WEIR_FIELD_ENUM, .imax = 3,
     .idefault = WEIR_HPA_AVERAGE_VALUE, .doc = "What the metric is held against."},
    {ROW(use_cached_metrics), .key = "useCachedMetrics", .unit = "", .values = "",
     .type = WEIR_FIELD_BOOL, .imax = 1, .doc = "The HPA gets what the last poll saw."},
    {ROW(ignore_null_values), .key = "ignoreNullValues", .unit = "", .values = "",
     .type = WEIR_FIELD_BOOL, .imax = 1, .idefault = 1,
     .doc = "Prometheus: an empty answer is 0, not an error."},
    {ROW(continues), .key = "", .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1,
     .doc = "One more metric of the trigger before it."},
    {ROW(target), .key = "threshold", .unit = "milli or %", .values = "", .type = WEIR_FIELD_INT,
     .imin = INT64_MIN, .imax = INT64_MAX,
     .doc = "Thousandths, or percent for utilization; above 0."},
    {ROW(request), .key = "", .unit = "milli", .values = "", .type = WEIR_FIELD_INT,
     .imax = INT64_MAX, .doc = "What a pod requests, for a replay that knows totals only."},
    {ROW(sample_window), .key = "", .unit = "s", .values = "", .type = WEIR_FIELD_DURATION,
     .imax = WEIR__LONGEST,
     .doc = "Time that a sample of a pod covers, for a replay; cpu looks at it."},
    {ROW(activation), .key = "activationThreshold", .unit = "", .values = "",
     .type = WEIR_FIELD_DOUBLE, .dmin = -DBL_MAX, .dmax = DBL_MAX,
     .doc = "A value above it is activity."},
    {ROW(name), .key = "name", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Name of the trigger, for the formula."},
    {ROW(metric_name), .key = "", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Name of the metric in the HPA; made from index and type where there is none."},
    {ROW(container), .key = "containerName", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Container of a container resource."},
    {ROW(cron), .key = "", .unit = "", .values = "", .type = WEIR_FIELD_STRUCT, .capacity = 1,
     .fields = cron_fields, .field_count = sizeof cron_fields / sizeof cron_fields[0],
     .doc = "Window of a cron trigger."},
};
#undef ROW

#define ROW(m) WEIR__MEMBER(weir_keda_fallback, m), .alias = "", .global_key = ""
static const weir_field fallback_fields[] = {
    {ROW(enabled), .key = "", .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1,
     .doc = "There is a fallback."},
    {ROW(failure_threshold), .key = "failureThreshold", .unit = "", .values = "",
     .type = WEIR_FIELD_INT, .imin = INT32_MIN, .imax = INT32_MAX,
     .doc = "More failures than that, one after another, and it begins."},
    {ROW(replicas), .key = "replicas", .unit = "pods", .values = "", .type = WEIR_FIELD_INT,
     .imin = INT32_MIN, .imax = INT32_MAX, .doc = "Pods to fall back to."},
    {ROW(behavior), .key = "behavior", .unit = "",
     .values = "static|currentReplicas|currentReplicasIfHigher|currentReplicasIfLower|"
               "scalingModifiers|unnamed",
     .type = WEIR_FIELD_ENUM, .imax = WEIR_FALLBACK_UNNAMED,
     .doc = "What takes the place of a failing metric."},
};
#undef ROW

#define ROW(m) WEIR__MEMBER(weir_keda_modifiers, m), .alias = "", .global_key = ""
static const weir_field modifiers_fields[] = {
    {ROW(enabled), .key = "", .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1,
     .doc = "Any of the modifiers is set."},
    {ROW(metric_type), .key = "metricType", .unit = "",
     .values = "none|Utilization|Value|AverageValue", .type = WEIR_FIELD_ENUM, .imax = 3,
     .idefault = WEIR_HPA_AVERAGE_VALUE, .doc = "What the composite metric is held against."},
    {ROW(target), .key = "target", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Target of the composite metric, a number above 0."},
    {ROW(activation_target), .key = "activationTarget", .unit = "", .values = "",
     .type = WEIR_FIELD_TEXT, .doc = "A composite metric above it is activity."},
    {ROW(formula), .key = "formula", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Formula of the composite metric."},
};
#undef ROW

#define ROW(m) WEIR__MEMBER(weir_keda_config, m), .alias = ""
#define COUNT                                                                                      \
    .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imin = INT32_MIN, .imax = INT32_MAX,    \
    .idefault = WEIR_KEDA_UNSET, .flags = WEIR_FIELD_OPTIONAL, .global_key = ""
#define FLAG .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1, .global_key = ""
#define WAIT                                                                                       \
    .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imax = SECONDS,                       \
    .flags = WEIR_FIELD_WHOLE_SECONDS, .global_key = ""
static const weir_field keda_fields[] = {
    {ROW(min_replicas), .key = "spec.minReplicaCount", COUNT, .doc = "Lower bound, 0."},
    {ROW(max_replicas), .key = "spec.maxReplicaCount", COUNT, .doc = "Upper bound, 100."},
    {ROW(idle_replicas), .key = "spec.idleReplicaCount", COUNT,
     .doc = "Size without activity, below the minimum."},
    {ROW(paused), .key = "autoscaling.keda.sh/paused", FLAG, .doc = "Nothing is decided."},
    {ROW(paused_replicas), .key = "autoscaling.keda.sh/paused-replicas", COUNT,
     .doc = "Nothing is decided, and the size is set to this."},
    {ROW(paused_scale_in), .key = "autoscaling.keda.sh/paused-scale-in", FLAG,
     .doc = "No pods go."},
    {ROW(paused_scale_out), .key = "autoscaling.keda.sh/paused-scale-out", FLAG,
     .doc = "No pods come."},
    {ROW(force_activation), .key = "autoscaling.keda.sh/force-activation", FLAG,
     .doc = "Active whatever the triggers say."},
    {ROW(restore_original), .key = "spec.advanced.restoreToOriginalReplicaCount", FLAG,
     .doc = "Deleting the object gives the size back that it found."},
    {ROW(defect), .key = "", .global_key = "", .unit = "",
     .values = "sound|unbuildable|refused|bad-pause", .type = WEIR_FIELD_ENUM,
     .imax = WEIR_KEDA_BAD_PAUSE,
     .doc = "What is wrong with a spec that is in force all the same."},
    {ROW(polling_interval), .key = "spec.pollingInterval", .global_key = "", .unit = "s",
     .values = "", .type = WEIR_FIELD_DURATION, .imin = WEIR_SECOND, .imax = SECONDS,
     .idefault = 30 * WEIR_SECOND, .flags = WEIR_FIELD_WHOLE_SECONDS,
     .doc = "Time between two looks at the triggers."},
    {ROW(cooldown_period), .key = "spec.cooldownPeriod", WAIT, .idefault = 300 * WEIR_SECOND,
     .doc = "Time without activity before zero, or idle."},
    {ROW(initial_cooldown_period), .key = "spec.initialCooldownPeriod", WAIT,
     .doc = "The same from the creation on, as long as there was no activity yet."},
    {ROW(created), .key = "", .global_key = "", .unit = "", .values = "", .type = WEIR_FIELD_TIME,
     .imin = INT64_MIN, .imax = INT64_MAX, .idefault = WEIR_TIME_NONE, .flags = WEIR_FIELD_OPTIONAL,
     .doc = "When the object was created."},
    {ROW(fallback), .key = "spec.fallback", .global_key = "", .unit = "", .values = "",
     .type = WEIR_FIELD_STRUCT, .capacity = 1, .fields = fallback_fields,
     .field_count = sizeof fallback_fields / sizeof fallback_fields[0],
     .doc = "What takes the place of a metric that fails."},
    {ROW(modifiers), .key = "spec.advanced.scalingModifiers", .global_key = "", .unit = "",
     .values = "", .type = WEIR_FIELD_STRUCT, .capacity = 1, .fields = modifiers_fields,
     .field_count = sizeof modifiers_fields / sizeof modifiers_fields[0],
     .doc = "One metric made of all by a formula."},
    {WEIR__LIST(weir_keda_config, triggers, trigger_count), .key = "spec.triggers", .alias = "",
     .global_key = "", .unit = "", .values = "", .type = WEIR_FIELD_STRUCT,
     .fields = trigger_fields, .field_count = sizeof trigger_fields / sizeof trigger_fields[0],
     .doc = "The triggers; any that is active activates, the largest wish counts."},
    {ROW(behavior), .key = "spec.advanced.horizontalPodAutoscalerConfig.behavior", FLAG,
     .doc =
         "The rules for scaling hold; without, a size at most doubles and falls after a window."},
    {ROW(semantics), .key = "", .global_key = "", .unit = "", .values = WEIR__HPA_RELEASES,
     .type = WEIR_FIELD_ENUM, .imax = WEIR_HPA_1_27,
     .doc = "Release of Kubernetes whose rules are used."},
    {ROW(conversion), WEIR__CONVERSION_ROW},
    {ROW(configurable_tolerance), .key = "HPAConfigurableTolerance", .global_key = "", .unit = "",
     .values = "release|off|on", .type = WEIR_FIELD_ENUM, .imax = 2,
     .doc = "Feature gate: the tolerances of the rules count; on from 1.35."},
    {ROW(pod_reserve), WEIR__POD_RESERVE_ROW},
    {ROW(reserve), WEIR__RESERVE_ROW},
    {ROW(zone_reserve), .key = "", .global_key = "", .unit = "", .values = "",
     .type = WEIR_FIELD_INT, .imax = 4096, .idefault = 64,
     .doc = "Changes of each time zone that there is room for."},
    {ROW(tolerance), WEIR__TOLERANCE_ROW},
    {ROW(downscale_stabilization), WEIR__STABILIZATION_ROW},
    {ROW(cpu_initialization_period), WEIR__CPU_PERIOD_ROW},
    {ROW(initial_readiness_delay), WEIR__READINESS_ROW},
    {ROW(sync_period), .key = "", .global_key = "horizontal-pod-autoscaler-sync-period",
     .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imin = WEIR_SECOND,
     .imax = 3600 * WEIR_SECOND, .idefault = 15 * WEIR_SECOND,
     .doc = "Time between decisions of the HPA."},
    {ROW(poll_phase), .key = "", .global_key = "", .unit = "s", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = 3600 * WEIR_SECOND,
     .doc = "Time from the start to the first poll."},
    {ROW(sync_phase), .key = "", .global_key = "", .unit = "s", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = 3600 * WEIR_SECOND,
     .doc = "Time from the start to the first decision of the HPA."},
    {ROW(scale_up), .key = "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp",
     .global_key = "", .unit = "", .values = "", .type = WEIR_FIELD_STRUCT, .capacity = 1,
     .fields = weir__scale_up_fields, .field_count = WEIR__RULES_FIELDS,
     .doc = "Rules for more pods."},
    {ROW(scale_down), .key = "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown",
     .global_key = "", .unit = "", .values = "", .type = WEIR_FIELD_STRUCT, .capacity = 1,
     .fields = weir__scale_down_fields, .field_count = WEIR__RULES_FIELDS,
     .doc = "Rules for fewer pods."},
};
#undef ROW

const struct weir__table weir__keda_table = WEIR__TABLE(weir_keda_config, keda_fields);

weir_status weir_keda_config_init(weir_keda_config *config, size_t struct_size)
{
    weir_status status = weir__config_init(&weir__keda_table, config, struct_size);

    if (status == WEIR_OK) {
        weir__scaling_rules_init(&config->scale_up, WEIR_SCALE_UP);
        weir__scaling_rules_init(&config->scale_down, WEIR_SCALE_DOWN);
    }
    return status;
}

weir_status weir_keda_trigger_init(weir_keda_trigger *trigger, int32_t type)
{
    if (trigger == NULL) {
        return WEIR_E_ARG;
    }
    memset(trigger, 0, sizeof *trigger);
    trigger->type = type;
    trigger->metric_type = WEIR_HPA_AVERAGE_VALUE;
    trigger->ignore_null_values = 1;
    return WEIR_OK;
}
