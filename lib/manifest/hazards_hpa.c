/*
 * manifest/hazards_hpa.c - hazards of HorizontalPodAutoscalers, those that KEDA makes included.
 */
#include "hazards.h"

#include <string.h>

enum { HOUR = 3600, STEPS_MAX = 100000 };

static const struct weir__hpa_rules *down_rules(const struct weir__look *l)
{
    return l->hpa->behavior != NULL ? l->hpa->behavior->down : NULL;
}

/* The node of the rules, or of the object. */
static const struct weir__node *down_node(const struct weir__look *l)
{
    const struct weir__hpa_rules *rules = down_rules(l);

    return rules != NULL ? rules->is.node : NULL;
}

/* ---- the way down --------------------------------------------------------------------------- */

/* Seconds until a policy alone has taken `from` pods down to `to`; -1: it never does. */
static int64_t seconds_of(const struct weir__hpa_policy *policy, int64_t from, int64_t to)
{
    int is_pods = weir__is_word("Pods", policy->type.text != NULL ? policy->type.text : "");
    int64_t value = policy->value.value, period = policy->period.value, steps = 0;

    while (from > to) {
        int64_t next =
            is_pods ? from - value : (int64_t)((double)from * (100 - (double)value) / 100);

        if (next >= from || ++steps > STEPS_MAX) {
            return -1;
        }
        from = next;
    }
    return steps > 0 ? (steps - 1) * period : 0;
}

/* The quickest policy counts with selectPolicy Max, the slowest with Min. */
static int64_t seconds_down(const struct weir__hpa_rules *rules, int64_t from, int64_t to)
{
    const struct weir__hpa_policy *policy = rules->policies.items;
    int is_min = weir__is_word("Min", rules->select.text != NULL ? rules->select.text : "");
    int64_t seconds = -1;

    for (size_t i = 0; i < rules->policies.count; i++) {
        int64_t one = seconds_of(&policy[i], from, to);

        if (i == 0 || (is_min ? seconds >= 0 && (one < 0 || one > seconds)
                              : one >= 0 && (seconds < 0 || one < seconds))) {
            seconds = one;
        }
    }
    return seconds;
}

static void look_slow_down(struct weir__look *l)
{
    const struct weir__hpa_rules *rules = down_rules(l);
    int64_t min = l->hpa->min_replicas.value, max = l->hpa->max_replicas.value, seconds, window;
    struct weir__message m;

    if (rules == NULL || max <= min ||
        weir__is_word("Disabled", rules->select.text != NULL ? rules->select.text : "")) {
        return;
    }
    window = rules->window.state == WEIR__PRESENT ? rules->window.value : 300;
    seconds = seconds_down(rules, max, min);
    weir__message_clear(&m);
    if (seconds < 0) {
        weir__message_add(&m, "its policies never come from ");
    } else if (seconds + window >= HOUR) {
        weir__message_duration(&m, (seconds + window) * WEIR_SECOND);
        weir__message_add(&m, " from ");
    } else {
        return;
    }
    weir__message_int(&m, max);
    weir__message_add(&m, seconds < 0 ? " pods down to " : " pods to ");
    weir__message_int(&m, min);
    weir__hazard_say(l, down_node(l), "spec.behavior.scaleDown", m.text);
}

static void look_disabled(struct weir__look *l)
{
    const struct weir__hpa_rules *rules = down_rules(l);

    if (rules != NULL && rules->select.text != NULL &&
        strcmp(rules->select.text, "Disabled") == 0) {
        weir__hazard_say(l, down_node(l), "spec.behavior.scaleDown.selectPolicy",
                         "never scales down: what a burst has started stays");
    }
}

/* ---- metrics -------------------------------------------------------------------------------- */

static const struct weir__hpa_metric *metric_at(const struct weir__look *l, size_t index)
{
    return (const struct weir__hpa_metric *)l->hpa->metrics.items + index;
}

static void look_zero(struct weir__look *l)
{
    size_t outside = 0;

    for (size_t i = 0; i < l->hpa->metrics.count; i++) {
        const struct weir__hpa_metric *metric = metric_at(l, i);

        outside +=
            metric->sources[WEIR_HPA_OBJECT] != NULL || metric->sources[WEIR_HPA_EXTERNAL] != NULL;
    }
    if (l->item->hpa_spec != NULL && l->hpa->min_replicas.state == WEIR__PRESENT &&
        l->hpa->min_replicas.value == 0 && outside == 0) {
        weir__hazard_say(l, weir__node_at(l->component, "minReplicas"), "spec.minReplicas",
                         "0 with metrics of the pods only: without pods there is none, so it would "
                         "never come back");
    }
}

static void look_wva(struct weir__look *l)
{
    for (size_t i = 0; i < l->hpa->metrics.count; i++) {
        const struct weir__hpa_source *source = metric_at(l, i)->sources[WEIR_HPA_EXTERNAL];

        if (source != NULL && source->metric.name.text != NULL &&
            strcmp(source->metric.name.text, "wva_desired_replicas") == 0 &&
            source->target.type.text != NULL && strcmp(source->target.type.text, "Value") == 0) {
            weir__hazard_say(l, source->is.node, "spec.metrics",
                             "wants 3 of 2 pods: the HPA makes ceil(2 x 3 / 1) = 6 of it, and more "
                             "at every look, up to maxReplicas");
        }
    }
}

const struct weir__hazard weir__hpa_hazards[] = {
    {{"hpa.slow-scale-down",
      "The policies of scaleDown take away so few pods at a time that coming from the most to the "
      "least takes an hour or more.",
      "Allow a larger step, a shorter period, or a percentage beside the number of pods."},
     WEIR__LOOK_HPA,
     look_slow_down},
    {{"hpa.scale-down-disabled", "selectPolicy Disabled keeps the HPA from ever taking a pod away.",
      "Delete it, or use a long stabilizationWindowSeconds."},
     WEIR__LOOK_HPA,
     look_disabled},
    {{"hpa.zero-with-cpu-only",
      "An HPA with minReplicas 0 needs a metric that is there without pods; the API server refuses "
      "cpu and memory alone.",
      "Add an External or Object metric, or set minReplicas to 1."},
     WEIR__LOOK_HPA,
     look_zero},
    {{"hpa.wva-multiplies",
      "wva_desired_replicas is a number of pods; with target type Value the HPA multiplies it by "
      "the pods that are there.",
      "Use wva.keda, or an HPA of your own with target type AverageValue and averageValue 1."},
     WEIR__LOOK_HPA,
     look_wva},
    {{NULL, NULL, NULL}, 0, NULL},
};
