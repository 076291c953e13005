/*
 * base/explain.c - the rule registry, decisions and explain records, and a step as one English
 * line.
 *
 * In a template {b} and {a} are the replicas before and after, {m} what was measured, {l} the
 * limit.
 */
#include "base/explain.h"
#include "base/text.h"

struct rule_row {
    int32_t rule;
    const char *name;
    const char *doc;
    const char *template;
};

static const struct rule_row rules[] = {
    {WEIR_RULE_NO_DATA, "metric.no_data",
     "There is no data to decide on: the decision is not valid and nothing changes.",
     "no data, the last decision stays"},
    {WEIR_RULE_KPA_STABLE, "kpa.stable",
     "Pods wanted by the average over the stable window: average / target, rounded up.",
     "average load over the stable window is {m}, a pod takes {l}"},
    {WEIR_RULE_KPA_RATE_UP, "kpa.rate.up",
     "At most max-scale-up-rate times the ready pods are wanted at once.",
     "{m} wanted, the scale-up rate allows {l}"},
    {WEIR_RULE_KPA_RATE_DOWN, "kpa.rate.down",
     "At least the ready pods divided by max-scale-down-rate are kept.",
     "{m} wanted, the scale-down rate keeps {l}"},
    {WEIR_RULE_KPA_ACTIVATION, "kpa.activation_scale",
     "Any demand at all starts at least activation-scale pods.",
     "there is demand for {m} pods, activation-scale is {l}"},
    {WEIR_RULE_KPA_PANIC_ENTER, "kpa.panic.enter",
     "The panic window wants so many times the ready pods that panic mode begins.",
     "panic begins: {m} times the ready pods are wanted, the threshold is {l}"},
    {WEIR_RULE_KPA_PANIC_EXTEND, "kpa.panic.extend",
     "Demand is still over the panic threshold: panic mode is renewed.",
     "panic is renewed: {m} times the ready pods are wanted, the threshold is {l}"},
    {WEIR_RULE_KPA_PANIC_HOLD, "kpa.panic.hold",
     "Panic mode lasts until a whole stable window has passed without renewal.",
     "panic lasts: {m} s since it was renewed, it ends after {l} s"},
    {WEIR_RULE_KPA_PANIC_LEAVE, "kpa.panic.leave",
     "A stable window has passed without renewal: panic mode ends.",
     "panic ends: {m} s since it was renewed, it lasts {l} s"},
    {WEIR_RULE_KPA_PANIC_DEMAND, "kpa.panic.demand",
     "In panic mode the larger of the stable and the panic window's wish counts.",
     "average load over the panic window is {m}, a pod takes {l}"},
    {WEIR_RULE_KPA_PANIC_LATCH, "kpa.panic.latch",
     "In panic mode the pods wanted never become fewer.",
     "held by the panic latch: {m} wanted now, {l} since panic began"},
    {WEIR_RULE_KPA_DELAY, "kpa.scale_down_delay",
     "The largest wish within the scale-down delay counts.",
     "held by the scale-down delay: {m} wanted now, {l} within the delay"},
    {WEIR_RULE_KPA_BURST, "kpa.burst_capacity",
     "Spare capacity less the target burst capacity; below 0 the activator is in the path.",
     "excess burst capacity is {m} requests, target burst capacity {l}"},
    {WEIR_RULE_KPA_INITIAL_SCALE, "kpa.initial_scale",
     "Until the first scale was reached once, at least initial-scale pods are wanted.",
     "{m} pods wanted, a new revision starts with {l}"},
    {WEIR_RULE_KPA_KEEP_ONE, "kpa.zero.disabled",
     "The cluster does not scale to zero: one pod stays.", "the cluster does not scale to zero"},
    {WEIR_RULE_KPA_ACTIVATING, "kpa.zero.activating",
     "A revision that is being activated is left alone until it is ready or given up.",
     "being activated for {m} s, given up after {l} s"},
    {WEIR_RULE_KPA_ACTIVATION_TIMEOUT, "kpa.zero.activation_timeout",
     "A revision that did not become ready in time is scaled to zero.",
     "not activated within {m} s, {l} s are allowed"},
    {WEIR_RULE_KPA_STILL_ACTIVE, "kpa.zero.stable_window",
     "A revision that became active less than a stable window ago keeps one pod.",
     "active for {m} s, one pod stays for {l} s"},
    {WEIR_RULE_KPA_DEACTIVATE, "kpa.zero.deactivate",
     "The revision becomes inactive; its pods stay until the activator is in the path.",
     "no traffic, inactive from now on; the pods stay for the moment"},
    {WEIR_RULE_KPA_PROBE, "kpa.zero.probe",
     "The pods stay until a probe shows that requests reach the activator.",
     "the pods stay until a probe reaches the activator"},
    {WEIR_RULE_KPA_RETENTION, "kpa.zero.pod_retention",
     "The last pod stays for scale-to-zero-pod-retention-period.",
     "inactive for {m} s, the last pod is kept for {l} s"},
    {WEIR_RULE_KPA_GRACE, "kpa.zero.grace_period",
     "The network is given scale-to-zero-grace-period to route around the last pod.",
     "the activator is in the path for {m} s, {l} s are waited for"},
    {WEIR_RULE_KPA_TO_ZERO, "kpa.zero.apply", "All conditions are met: the pods go.",
     "inactive for {m} s, scaled to zero after {l} s"},
    {WEIR_RULE_KPA_UNKNOWN, "kpa.unknown",
     "Nothing is known about the demand yet: the pods stay as they are.",
     "the demand is not known yet"},
    {WEIR_RULE_KPA_WISH, "kpa.wish",
     "A reconcile between two ticks, or after another one, begins with the decider's last wish.",
     "the autoscaler's last wish is {a}"},
    {WEIR_RULE_KPA_KEPT, "kpa.kept",
     "The deployment keeps its size until the reconciler has it changed.",
     "the deployment stays at {a}"},
    {WEIR_RULE_HPA_METRIC, "hpa.metric",
     "One metric's wish: its usage over its target, times the pods, rounded up.",
     "the metric is at {m}, its target is {l}"},
    {WEIR_RULE_HPA_TOLERANCE, "hpa.tolerance",
     "A metric whose ratio to the target is within tolerance wants no change.",
     "the ratio {m} is within tolerance, which ends at {l}"},
    {WEIR_RULE_HPA_DIRECTION, "hpa.direction_flip",
     "What is assumed for pods set aside must not turn the direction round: the size stays.",
     "the ratio {l} becomes {m} with what is assumed for the pods set aside"},
    {WEIR_RULE_HPA_SIZE, "hpa.size_flip",
     "A ratio over another number of pods must not turn the direction round: the size stays.",
     "the ratio {m} over the pods counted would change the size the other way"},
    {WEIR_RULE_HPA_LARGEST, "hpa.largest", "Of several metrics the largest wish counts.",
     "{m} pods wanted, but {l} by this metric"},
    {WEIR_RULE_HPA_NO_SOURCE, "hpa.failed.source",
     "The metric has no value: its source failed or answered nothing.", "the metric has no value"},
    {WEIR_RULE_HPA_NO_TARGET, "hpa.failed.target",
     "The metric has no target, or none that its source can use.", "the metric has no target"},
    {WEIR_RULE_HPA_NO_PODS, "hpa.failed.pods", "The selector matches no pods.",
     "there are no pods"},
    {WEIR_RULE_HPA_NO_SAMPLES, "hpa.failed.samples",
     "No pod that counts has a sample; they may all be starting.",
     "no pod that counts has a sample"},
    {WEIR_RULE_HPA_NO_REQUEST, "hpa.failed.request",
     "A pod, even a dead one, requests nothing of the resource, so there is no utilization.",
     "some pod requests nothing of the resource"},
    {WEIR_RULE_HPA_IGNORED, "hpa.pods.ignored", "Pods that failed or are going do not count.",
     "{m} pods have failed or are going, {l} count"},
    {WEIR_RULE_HPA_UNREADY, "hpa.pods.unready",
     "Pods that are starting are set aside; they count as idle when the load is high.",
     "{m} pods are not ready yet, {l} count"},
    {WEIR_RULE_HPA_MISSING, "hpa.pods.missing",
     "Pods without a sample count as idle when the load is high, else as at their target.",
     "{m} pods have no sample, {l} have one"},
    {WEIR_RULE_HPA_BLOCKED, "hpa.blocked",
     "While a metric fails, the others may raise the size but not lower it.",
     "{m} metrics failed, so a wish for {l} pods is not followed"},
    {WEIR_RULE_HPA_NEGATIVE, "hpa.negative", "A wish below zero is one for zero.",
     "{m} pods wanted"},
    {WEIR_RULE_HPA_NO_SCALE, "hpa.no_scale", "The scale of the target could not be read.",
     "the scale of the target is not known"},
    {WEIR_RULE_HPA_SELECTOR, "hpa.selector",
     "The target's selector is missing, malformed, or shared with another autoscaler.",
     "the selector of the target cannot be used"},
    {WEIR_RULE_HPA_DISABLED, "hpa.disabled", "A target that was set to zero by hand is left there.",
     "at zero pods scaling is disabled"},
    {WEIR_RULE_BOUNDS_MIN, "bounds.min", "Never fewer than the lower bound.",
     "{m} pods wanted, at least {l}"},
    {WEIR_RULE_BOUNDS_MAX, "bounds.max", "Never more than the upper bound.",
     "{m} pods wanted, at most {l}"},
    {WEIR_RULE_BEHAVIOR_WINDOW_UP, "behavior.window.up",
     "The smallest wish within the scale-up window counts.",
     "{m} wanted now, at least {l} for the whole window"},
    {WEIR_RULE_BEHAVIOR_WINDOW_DOWN, "behavior.window.down",
     "The largest wish within the scale-down window counts.",
     "{m} wanted now, up to {l} within the window"},
    {WEIR_RULE_BEHAVIOR_POLICY_UP, "behavior.policy.up",
     "A policy caps the pods that come in its period.",
     "its period began with {m} pods, so it allows {l}"},
    {WEIR_RULE_BEHAVIOR_POLICY_DOWN, "behavior.policy.down",
     "A policy caps the pods that go in its period.",
     "its period began with {m} pods, so it keeps {l}"},
    {WEIR_RULE_BEHAVIOR_DISABLED_UP, "behavior.disabled.up", "Scaling up is disabled.",
     "{m} pods wanted, scaling up is disabled"},
    {WEIR_RULE_BEHAVIOR_DISABLED_DOWN, "behavior.disabled.down", "Scaling down is disabled.",
     "{m} pods wanted, scaling down is disabled"},
    {WEIR_RULE_BEHAVIOR_FACTOR, "behavior.factor",
     "Without rules a size at most doubles at once, or becomes 4.",
     "{m} pods wanted, at most {l} at once"},
    {WEIR_RULE_BEHAVIOR_DESIRED, "behavior.desired", "The size that the controller wants.",
     "{m} pods wanted"},
    {WEIR_RULE_KEDA_TRIGGER_ACTIVE, "keda.trigger.active",
     "A value above a trigger's activation threshold activates the object.",
     "active: it measures {m}, the activation threshold is {l}"},
    {WEIR_RULE_KEDA_TRIGGER_INACTIVE, "keda.trigger.inactive",
     "A value that is not above the activation threshold leaves a trigger inactive.",
     "not active: it measures {m}, the activation threshold is {l}"},
    {WEIR_RULE_KEDA_TRIGGER_FAILED, "keda.trigger.failed",
     "A trigger that fails is not active; without a fallback it keeps pods from going.",
     "failed, {m} times in a row where that is counted"},
    {WEIR_RULE_KEDA_TRIGGER_RESOURCE, "keda.trigger.resource",
     "cpu and memory never activate an object that has other triggers.",
     "does not count for activation"},
    {WEIR_RULE_KEDA_OBSERVED, "keda.trigger.observed",
     "Where the HPA asks anyway, a poll takes what its last pull found.",
     "the HPA's last pull found {m}"},
    {WEIR_RULE_KEDA_FALLBACK, "keda.fallback",
     "A metric that failed more often than the threshold is replaced, and counts as active.",
     "replaced by {m}: it failed more than {l} times in a row"},
    {WEIR_RULE_KEDA_FORMULA, "keda.formula",
     "With scaling modifiers the composite metric decides over activity.",
     "the formula gives {m}, the activation target is {l}"},
    {WEIR_RULE_KEDA_FORMULA_FAILED, "keda.formula.failed",
     "A formula that fails gives no metric, and no activity.", "the formula gives nothing"},
    {WEIR_RULE_KEDA_ONLY_RESOURCES, "keda.only_resources",
     "An object with no triggers but cpu and memory is always active.",
     "there are only triggers of cpu and memory: active"},
    {WEIR_RULE_KEDA_FORCED, "keda.forced",
     "The annotation force-activation makes an object active.", "activity is forced"},
    {WEIR_RULE_KEDA_ACTIVATE, "keda.activate",
     "Activity raises a target from zero or idle to the minimum, at least 1.",
     "from {m} pods to {l}"},
    {WEIR_RULE_KEDA_ACTIVE, "keda.active",
     "Above zero and idle an active object's size is the HPA's business.",
     "active: the HPA decides"},
    {WEIR_RULE_KEDA_PARTIAL_ERROR, "keda.partial_error",
     "Active with a failing trigger: the last activity is not renewed.",
     "active, but a trigger fails: the cooldown is not renewed"},
    {WEIR_RULE_KEDA_OUT_PAUSED, "keda.paused.out",
     "The annotation paused-scale-out keeps pods from coming.", "scaling out is paused"},
    {WEIR_RULE_KEDA_FROZEN, "keda.frozen",
     "Failing triggers without activity change nothing, unless fallback.replicas is 0.",
     "no trigger is active and some fail: nothing changes"},
    {WEIR_RULE_KEDA_COOLDOWN, "keda.cooldown",
     "Zero or idle comes only when the cooldown has passed since the last activity.",
     "{m} s since the last activity, the cooldown is {l} s"},
    {WEIR_RULE_KEDA_DEACTIVATE, "keda.deactivate",
     "Without activity a target goes to zero or idle at once, whatever the HPA says.",
     "from {m} pods to {l}"},
    {WEIR_RULE_KEDA_IN_PAUSED, "keda.paused.in",
     "The annotation paused-scale-in keeps pods from going.", "scaling in is paused"},
    {WEIR_RULE_KEDA_RAISE, "keda.raise",
     "Without activity and idle mode a target below the minimum is raised to it.",
     "from {m} pods to the minimum {l}"},
    {WEIR_RULE_KEDA_INACTIVE, "keda.inactive", "No trigger is active and nothing is to be done.",
     "no trigger is active, nothing to do"},
    {WEIR_RULE_KEDA_PAUSED, "keda.paused",
     "A paused object is let be; paused-replicas sets its size once.", "paused"},
    {WEIR_RULE_KEDA_NO_REPLICAS, "keda.no_replicas",
     "Without the current replicas nothing is decided.", "the current replicas cannot be read"},
    {WEIR_RULE_KEDA_UNBUILDABLE, "keda.unbuildable",
     "Where a trigger or the formula cannot be built, nothing is decided.",
     "the triggers cannot be built: nothing changes"},
    {WEIR_RULE_KEDA_PUSH, "keda.push", "A push trigger that reports activity activates at once.",
     "a push trigger reports activity"},
    {WEIR_RULE_KEDA_SERVED, "keda.served", "What KEDA hands to the HPA for one metric.",
     "the HPA gets {m}, its target is {l}"},
    {WEIR_RULE_KEDA_RESTORED, "keda.restored",
     "Deleting the object gives the target the size back that it had before.",
     "back to {l} pods, as before KEDA"},
};

enum { RULE_COUNT = sizeof rules / sizeof rules[0] };

static const struct rule_row *find(int32_t rule)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (rules[i].rule == rule) {
            return &rules[i];
        }
    }
    return NULL;
}

const char *weir_rule_name(int32_t rule)
{
    const struct rule_row *row = find(rule);

    return row != NULL ? row->name : "unknown";
}

const char *weir_rule_doc(int32_t rule)
{
    const struct rule_row *row = find(rule);

    return row != NULL ? row->doc : "";
}

int32_t weir_rule_from_name(const char *name)
{
    for (size_t i = 0; name != NULL && i < RULE_COUNT; i++) {
        const char *a = rules[i].name, *b = name;

        while (*a != '\0' && *a == *b) {
            a++;
            b++;
        }
        if (*a == *b) {
            return rules[i].rule;
        }
    }
    return WEIR_RULE_NONE;
}

size_t weir_rule_count(void)
{
    return RULE_COUNT;
}

int32_t weir_rule_at(size_t position)
{
    return position < RULE_COUNT ? rules[position].rule : WEIR_RULE_NONE;
}

weir_status weir_decision_init(weir_decision *decision, size_t struct_size)
{
    if (decision == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *decision) {
        return WEIR_E_STRUCT;
    }
    memset(decision, 0, sizeof *decision);
    decision->struct_size = (uint32_t)sizeof *decision;
    decision->replicas = WEIR_REPLICAS_UNKNOWN;
    decision->at = WEIR_TIME_NONE;
    decision->next = WEIR_TIME_NEVER;
    return WEIR_OK;
}

weir_status weir_explain_init(weir_explain *explain, size_t struct_size)
{
    if (explain == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *explain) {
        return WEIR_E_STRUCT;
    }
    memset(explain, 0, sizeof *explain);
    explain->struct_size = (uint32_t)sizeof *explain;
    return WEIR_OK;
}

void weir__trace_open(struct weir__trace *trace, weir_explain *explain, int32_t current)
{
    trace->explain = explain;
    trace->replicas = current;
    trace->rule = WEIR_RULE_NONE;
    trace->count = 0;
    if (explain != NULL) {
        explain->count = 0;
        explain->dropped = 0;
    }
}

static void put_template(struct weir__text *text, const char *template, const weir_step *step)
{
    for (const char *p = template; *p != '\0'; p++) {
        if (p[0] != '{') {
            weir__text_char(text, *p);
            continue;
        }
        switch (p[1]) {
        case 'b': weir__text_int(text, step->before); break;
        case 'a': weir__text_int(text, step->after); break;
        case 'm': weir__text_double(text, step->measured); break;
        case 'l': weir__text_double(text, step->limit); break;
        default: break;
        }
        p += 2;
    }
}

weir_status weir_step_text(const weir_step *step, char *buffer, size_t capacity, size_t *need)
{
    const struct rule_row *row;
    struct weir__text text;

    if (step == NULL || (buffer == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    row = find(step->rule);
    weir__text_open(&text, buffer, capacity);
    weir__text_str(&text, weir_rule_name(step->rule));
    if (step->item >= 0) {
        weir__text_char(&text, '[');
        weir__text_int(&text, step->item);
        weir__text_char(&text, ']');
    }
    weir__text_str(&text, ": ");
    weir__text_int(&text, step->before);
    if (step->after != step->before) {
        weir__text_str(&text, " -> ");
        weir__text_int(&text, step->after);
    }
    if (row != NULL) {
        weir__text_str(&text, ", ");
        put_template(&text, row->template, step);
    }
    return weir__text_close(&text, need);
}
