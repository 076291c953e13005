/*
 * manifest/hazards_knative.c - hazards of Knative's revisions: settings that are accepted and
 * cannot have their effect.
 */
#include "hazards.h"

#include <float.h>
#include <string.h>

static const weir_kpa_config *config_of(const struct weir__look *l)
{
    return &l->item->kpa;
}

/* The annotation of a revision; NULL: none. */
static const struct weir__node *annotation(const struct weir__look *l, const char *name)
{
    const struct weir__node *template = weir__node_at(l->component, "template");
    const struct weir__node *holder = template != NULL ? template : l->item->object.node;
    const char *const parts[] = {WEIR__KNATIVE_PREFIX, name, NULL};
    struct weir__grower g = {&l->manifest->arena, 0};

    return weir__node_at(weir__node_at(weir__node_at(holder, "metadata"), "annotations"),
                         weir__grow_join(&g, parts));
}

static void say(struct weir__look *l, const char *name, const char *message)
{
    const int is_template = weir__node_at(l->component, "template") != NULL;
    struct weir__path under;

    weir__path_clear(&under);
    weir__path_text(&under, is_template ? "spec.template." : "");
    weir__path_text(&under, "metadata.annotations[" WEIR__KNATIVE_PREFIX);
    weir__path_text(&under, name);
    weir__path_text(&under, "]");
    weir__hazard_say(l, annotation(l, name), under.text, message);
}

static void add_rounded(struct weir__message *m, double value)
{
    weir__message_double(m, value);
}

/* The smallest whole number that is not below. */
static int64_t round_up(double value)
{
    int64_t whole = (int64_t)value;

    return (double)whole < value ? whole + 1 : whole;
}

/* Whether the target is a small one, of requests in flight, at a share that nobody set. */
static void look_utilization(struct weir__look *l)
{
    const struct weir__node *target = annotation(l, "target");
    const weir_kpa_config *c = config_of(l);
    double share = c->container_concurrency_target_percentage, value = c->target;
    struct weir__message m;

    if (target == NULL || annotation(l, "target-utilization-percentage") != NULL ||
        c->metric == WEIR_KPA_RPS || !(value > 0) || !(value < 10) || !(share < 1)) {
        return;
    }
    weir__message_clear(&m);
    weir__message_add(&m, "a target of ");
    add_rounded(&m, value);
    weir__message_add(&m, " is ");
    add_rounded(&m, value * share);
    weir__message_add(&m, " at the default utilization of ");
    add_rounded(&m, share * 100);
    weir__message_add(&m, " %: 5 requests in flight are ceil(5 / ");
    add_rounded(&m, value * share);
    weir__message_add(&m, ") = ");
    weir__message_int(&m, round_up(5 / (value * share)));
    weir__message_add(&m, " pods, not ");
    weir__message_int(&m, round_up(5 / value));
    say(l, "target", m.text);
}

static void look_finite(struct weir__look *l)
{
    double value = config_of(l)->target;

    if (!(value >= -DBL_MAX && value <= DBL_MAX)) {
        say(l, "target",
            "is no finite number: with Inf no load ever asks for a pod, with NaN "
            "nothing sensible comes of any");
    }
}

static void look_panic(struct weir__look *l)
{
    const weir_kpa_config *c = config_of(l);
    double least = c->min_scale > 1 ? c->min_scale : 1;
    struct weir__message m;

    if (c->max_scale > 0 && c->panic_threshold_percentage / 100 * least > c->max_scale) {
        weir__message_clear(&m);
        weir__message_add(&m, "panic begins at ");
        add_rounded(&m, c->panic_threshold_percentage / 100);
        weir__message_add(&m, " times the ready pods, at least ");
        add_rounded(&m, c->panic_threshold_percentage / 100 * least);
        weir__message_add(&m, ", and max-scale is ");
        weir__message_int(&m, c->max_scale);
        say(l, "panic-threshold-percentage", m.text);
    }
}

static void look_concurrency(struct weir__look *l)
{
    const weir_kpa_config *c = config_of(l);
    const struct weir__node *template = weir__node_at(l->component, "template");
    const struct weir__node *pod =
        template != NULL ? weir__node_at(template, "spec") : l->component;
    struct weir__message m;

    if (c->container_concurrency > 0 && annotation(l, "target") != NULL &&
        c->metric != WEIR_KPA_RPS && c->target > (double)c->container_concurrency) {
        weir__message_clear(&m);
        weir__message_add(&m, "containerConcurrency ");
        weir__message_int(&m, c->container_concurrency);
        weir__message_add(&m, " is below the target of ");
        add_rounded(&m, c->target);
        weir__message_add(&m, ", which it replaces");
        weir__hazard_say(l, weir__node_at(pod, "containerConcurrency"),
                         "spec.template.spec.containerConcurrency", m.text);
    }
}

static void look_zero_disabled(struct weir__look *l)
{
    const weir_kpa_config *c = config_of(l);

    if (c->min_scale == 0 && !c->enable_scale_to_zero) {
        say(l, "min-scale", "0 does not scale to zero: enable-scale-to-zero of the cluster is off");
    }
}

static void look_initial_scale(struct weir__look *l)
{
    const weir_kpa_config *c = config_of(l);
    const char *wrong = NULL;

    if (annotation(l, "initial-scale") == NULL) {
        return;
    }
    if (c->max_scale > 0 && c->initial_scale > c->max_scale) {
        wrong = "is above max-scale, which cuts it";
    } else if (c->initial_scale < c->min_scale) {
        wrong = "is below min-scale, which raises it";
    }
    if (wrong != NULL) {
        say(l, "initial-scale", wrong);
    }
}

static void look_retention(struct weir__look *l)
{
    const weir_kpa_config *c = config_of(l);

    if (c->min_scale > 0 && annotation(l, "scale-to-zero-pod-retention-period") != NULL) {
        say(l, "scale-to-zero-pod-retention-period",
            "does nothing while min-scale is above 0: it delays the step to zero only");
    }
}

static void look_activation(struct weir__look *l)
{
    const weir_kpa_config *c = config_of(l);

    if (c->min_scale > 0 && annotation(l, "activation-scale") != NULL) {
        say(l, "activation-scale",
            "does nothing while min-scale is above 0: it is the size at waking up from zero");
    }
}

const struct weir__hazard weir__knative_hazards[] = {
    {{"knative.utilization-forgotten",
      "The target is what a pod may have at most; the KPA aims at 70 % of it, so that there are "
      "more pods than load divided by target.",
      "Set the annotation autoscaling.knative.dev/target-utilization-percentage: \"100\" where "
      "pods "
      "can work at their target, as those with a fixed number of workers can; else divide by the "
      "target times 0.7."},
     WEIR__LOOK_REVISION,
     look_utilization},
    {{"knative.target-not-finite",
      "Knative's admission takes NaN and Inf for a target, which no load can be divided by.",
      "Write a number of at least 0.01."},
     WEIR__LOOK_REVISION,
     look_finite},
    {{"knative.panic-out-of-reach",
      "Panic mode begins when the load asks for the threshold times the pods that are ready, which "
      "is more than max-scale allows from min-scale on.",
      "Raise max-scale, or lower panic-threshold-percentage (110 to 1000)."},
     WEIR__LOOK_REVISION,
     look_panic},
    {{"knative.concurrency-below-target",
      "containerConcurrency is a hard limit: the queue proxy admits no more requests, whatever the "
      "target says.",
      "Set the target at most to containerConcurrency."},
     WEIR__LOOK_REVISION,
     look_concurrency},
    {{"knative.zero-disabled",
      "With enable-scale-to-zero off in ConfigMap config-autoscaler the last pod stays.",
      "Write min-scale 1, or turn enable-scale-to-zero on."},
     WEIR__LOOK_REVISION,
     look_zero_disabled},
    {{"knative.initial-scale-out-of-bounds", "The bounds hold for the initial scale too.",
      "Set initial-scale between min-scale and max-scale."},
     WEIR__LOOK_REVISION,
     look_initial_scale},
    {{"knative.retention-without-zero",
      "The retention period keeps the last pod before a step to zero, which min-scale above 0 "
      "never "
      "lets come.",
      "Use scale-down-delay for other steps, or min-scale 0."},
     WEIR__LOOK_REVISION,
     look_retention},
    {{"knative.activation-without-zero",
      "activation-scale is the size that a revision wakes up with from zero, where min-scale above "
      "0 never lets it be.",
      "Use min-scale for the least size, or min-scale 0."},
     WEIR__LOOK_REVISION,
     look_activation},
    {{NULL, NULL, NULL}, 0, NULL},
};
