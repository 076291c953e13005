/*
 * manifest/hpa_spec.c - the shape of a HorizontalPodAutoscaler's spec, and its defaults.
 *
 * Upstream: k8s.io/api/autoscaling/v2 types.go; Kubernetes pkg/apis/autoscaling/v2/defaults.go.
 */
#include "hpa_spec.h"

#include <string.h>

/* ---- shapes, in upstream's order ------------------------------------------------------------ */

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define SHAPE(list, type)                                                                          \
    {                                                                                              \
        list, COUNT(list), sizeof(type)                                                            \
    }

#define AT(type, member) offsetof(struct weir__hpa_##type, member)

static const struct weir__member reference_members[] = {
    {"kind", WEIR__TEXT, WEIR__ALWAYS, AT(reference, kind), NULL},
    {"name", WEIR__TEXT, WEIR__ALWAYS, AT(reference, name), NULL},
    {"apiVersion", WEIR__TEXT, WEIR__IF_NOT_EMPTY, AT(reference, api_version), NULL},
};
static const struct weir__shape reference_shape =
    SHAPE(reference_members, struct weir__hpa_reference);

static const struct weir__member expression_members[] = {
    {"key", WEIR__TEXT, WEIR__ALWAYS, AT(expression, key), NULL},
    {"operator", WEIR__TEXT, WEIR__ALWAYS, AT(expression, operator), NULL},
    {"values", WEIR__TEXTS, WEIR__IF_PRESENT, AT(expression, values), NULL},
};
static const struct weir__shape expression_shape =
    SHAPE(expression_members, struct weir__hpa_expression);

static const struct weir__member selector_members[] = {
    {"matchLabels", WEIR__PAIRS, WEIR__IF_PRESENT, AT(selector, labels), NULL},
    {"matchExpressions", WEIR__LIST, WEIR__IF_PRESENT, AT(selector, expressions),
     &expression_shape},
};
static const struct weir__shape selector_shape = SHAPE(selector_members, struct weir__hpa_selector);

static const struct weir__member identifier_members[] = {
    {"name", WEIR__TEXT, WEIR__ALWAYS, AT(identifier, name), NULL},
    {"selector", WEIR__POINTER, WEIR__IF_PRESENT, AT(identifier, selector), &selector_shape},
};
static const struct weir__shape identifier_shape =
    SHAPE(identifier_members, struct weir__hpa_identifier);

static const struct weir__member target_members[] = {
    {"type", WEIR__TEXT, WEIR__ALWAYS, AT(target, type), NULL},
    {"value", WEIR__AMOUNT, WEIR__IF_PRESENT, AT(target, value), NULL},
    {"averageValue", WEIR__AMOUNT, WEIR__IF_PRESENT, AT(target, average_value), NULL},
    {"averageUtilization", WEIR__INT32, WEIR__IF_PRESENT, AT(target, average_utilization), NULL},
};
static const struct weir__shape target_shape = SHAPE(target_members, struct weir__hpa_target);

#define TARGET                                                                                     \
    {                                                                                              \
        "target", WEIR__STRUCT, WEIR__ALWAYS, AT(source, target), &target_shape                    \
    }
#define METRIC                                                                                     \
    {                                                                                              \
        "metric", WEIR__STRUCT, WEIR__ALWAYS, AT(source, metric), &identifier_shape                \
    }
#define NAME                                                                                       \
    {                                                                                              \
        "name", WEIR__TEXT, WEIR__ALWAYS, AT(source, name), NULL                                   \
    }
#define CONTAINER                                                                                  \
    {                                                                                              \
        "container", WEIR__TEXT, WEIR__ALWAYS, AT(source, container), NULL                         \
    }
#define DESCRIBED                                                                                  \
    {                                                                                              \
        "describedObject", WEIR__STRUCT, WEIR__ALWAYS, AT(source, description), &reference_shape   \
    }

static const struct weir__member resource_members[] = {NAME, TARGET};
static const struct weir__member container_members[] = {NAME, TARGET, CONTAINER};
static const struct weir__member metric_source_members[] = {METRIC, TARGET};
static const struct weir__member object_members[] = {DESCRIBED, TARGET, METRIC};

static const struct weir__shape resource_shape = SHAPE(resource_members, struct weir__hpa_source);
static const struct weir__shape container_shape = SHAPE(container_members, struct weir__hpa_source);
static const struct weir__shape metric_source_shape =
    SHAPE(metric_source_members, struct weir__hpa_source);
static const struct weir__shape object_shape = SHAPE(object_members, struct weir__hpa_source);

#define SOURCE(key, number, shape)                                                                 \
    {                                                                                              \
        key, WEIR__POINTER, WEIR__IF_PRESENT, AT(metric, sources[number]), shape                   \
    }

static const struct weir__member metric_members[] = {
    {"type", WEIR__TEXT, WEIR__ALWAYS, AT(metric, type), NULL},
    SOURCE("object", WEIR_HPA_OBJECT, &object_shape),
    SOURCE("pods", WEIR_HPA_PODS, &metric_source_shape),
    SOURCE("resource", WEIR_HPA_RESOURCE, &resource_shape),
    SOURCE("containerResource", WEIR_HPA_CONTAINER_RESOURCE, &container_shape),
    SOURCE("external", WEIR_HPA_EXTERNAL, &metric_source_shape),
};
static const struct weir__shape metric_shape = SHAPE(metric_members, struct weir__hpa_metric);

static const struct weir__member policy_members[] = {
    {"type", WEIR__TEXT, WEIR__ALWAYS, AT(policy, type), NULL},
    {"value", WEIR__INT32, WEIR__ALWAYS, AT(policy, value), NULL},
    {"periodSeconds", WEIR__INT32, WEIR__ALWAYS, AT(policy, period), NULL},
};
static const struct weir__shape policy_shape = SHAPE(policy_members, struct weir__hpa_policy);

static const struct weir__member rules_members[] = {
    {"stabilizationWindowSeconds", WEIR__INT32, WEIR__IF_PRESENT, AT(rules, window), NULL},
    {"selectPolicy", WEIR__TEXT, WEIR__IF_PRESENT, AT(rules, select), NULL},
    {"policies", WEIR__LIST, WEIR__IF_PRESENT, AT(rules, policies), &policy_shape},
    {"tolerance", WEIR__AMOUNT, WEIR__IF_PRESENT, AT(rules, tolerance), NULL},
};
static const struct weir__shape rules_shape = SHAPE(rules_members, struct weir__hpa_rules);

static const struct weir__member behavior_members[] = {
    {"scaleUp", WEIR__POINTER, WEIR__IF_PRESENT, AT(behavior, up), &rules_shape},
    {"scaleDown", WEIR__POINTER, WEIR__IF_PRESENT, AT(behavior, down), &rules_shape},
};
const struct weir__shape weir__hpa_behavior_shape =
    SHAPE(behavior_members, struct weir__hpa_behavior);

static const struct weir__member spec_members[] = {
    {"scaleTargetRef", WEIR__STRUCT, WEIR__ALWAYS, AT(spec, target), &reference_shape},
    {"minReplicas", WEIR__INT32, WEIR__IF_PRESENT, AT(spec, min_replicas), NULL},
    {"maxReplicas", WEIR__INT32, WEIR__ALWAYS, AT(spec, max_replicas), NULL},
    {"metrics", WEIR__LIST, WEIR__IF_PRESENT, AT(spec, metrics), &metric_shape},
    {"behavior", WEIR__POINTER, WEIR__IF_PRESENT, AT(spec, behavior), &weir__hpa_behavior_shape},
};
static const struct weir__shape spec_shape = SHAPE(spec_members, struct weir__hpa_spec);

const char *const weir__hpa_sources[] = {"",     "Resource", "ContainerResource",
                                         "Pods", "Object",   "External"};
const char *const weir__hpa_members[] = {"",     "resource", "containerResource",
                                         "pods", "object",   "external"};
const char *const weir__hpa_targets[] = {"", "Utilization", "Value", "AverageValue"};

int32_t weir__hpa_word(const struct weir__text *text, const char *const *words, int32_t count)
{
    for (int32_t i = 1; text->text != NULL && i < count; i++) {
        if (strcmp(text->text, words[i]) == 0) {
            return i;
        }
    }
    return 0;
}

size_t weir__hpa_print(const struct weir__hpa_spec *spec, char *text, size_t capacity)
{
    return weir__shape_print(&spec_shape, spec, text, capacity);
}

struct weir__node *weir__hpa_tree(struct weir__grower *g, const struct weir__hpa_spec *spec)
{
    return weir__shape_tree(g, &spec_shape, spec);
}

/* ---- defaults ------------------------------------------------------------------------------- */

static void *take(struct weir__arena *arena, size_t size, struct weir__problems *problems)
{
    void *p = weir__arena_take(arena, size);

    problems->out_of_memory |= p == NULL;
    return p;
}

static void set_text(struct weir__text *text, const char *value)
{
    if (text->state == WEIR__ABSENT) {
        text->text = value;
        text->state = WEIR__PRESENT;
    }
}

static void set_int32(struct weir__int32 *number, int32_t value)
{
    if (number->state == WEIR__ABSENT) {
        number->value = value;
        number->state = WEIR__PRESENT;
    }
}

/* cpu at 80 %: what upstream puts where there is no metric. */
static void default_metrics(struct weir__hpa_spec *spec, struct weir__arena *arena,
                            struct weir__problems *problems)
{
    struct weir__hpa_metric *metric;
    struct weir__hpa_source *source;

    if (spec->metrics.count > 0 || spec->metrics.is.state == WEIR__UNREADABLE) {
        return;
    }
    metric = take(arena, sizeof *metric, problems);
    source = take(arena, sizeof *source, problems);
    if (metric == NULL || source == NULL) {
        return;
    }
    set_text(&metric->type, weir__hpa_sources[WEIR_HPA_RESOURCE]);
    metric->sources[WEIR_HPA_RESOURCE] = source;
    set_text(&source->name, "cpu");
    set_text(&source->target.type, weir__hpa_targets[WEIR_HPA_UTILIZATION]);
    set_int32(&source->target.average_utilization, 80);
    spec->metrics.items = metric;
    spec->metrics.count = 1;
    spec->metrics.is.state = WEIR__PRESENT;
}

/* Fills one direction: upwards 4 pods or 100 % in 15 s, downwards 100 %. */
static struct weir__hpa_rules *default_rules(struct weir__hpa_rules *rules, int is_up,
                                             struct weir__arena *arena,
                                             struct weir__problems *problems)
{
    struct weir__hpa_policy *policy;

    rules = rules != NULL ? rules : take(arena, sizeof *rules, problems);
    if (rules == NULL) {
        return NULL;
    }
    set_text(&rules->select, "Max");
    if (is_up) {
        set_int32(&rules->window, 0);
    }
    if (rules->policies.is.state != WEIR__ABSENT) { /* an empty list is a list */
        return rules;
    }
    policy = take(arena, 2 * sizeof *policy, problems);
    if (policy == NULL) {
        return rules;
    }
    rules->policies.items = policy;
    rules->policies.count = is_up ? 2 : 1;
    rules->policies.is.state = WEIR__PRESENT;
    if (is_up) {
        set_text(&policy->type, "Pods");
        set_int32(&policy->value, 4);
        set_int32(&policy->period, 15);
        policy++;
    }
    set_text(&policy->type, "Percent");
    set_int32(&policy->value, 100);
    set_int32(&policy->period, 15);
    return rules;
}

static int has_tolerance(const struct weir__hpa_spec *spec)
{
    const struct weir__hpa_behavior *b = spec->behavior;

    return b != NULL && ((b->up != NULL && b->up->tolerance.state != WEIR__ABSENT) ||
                         (b->down != NULL && b->down->tolerance.state != WEIR__ABSENT));
}

void weir__hpa_read(struct weir__hpa_spec *spec, const struct weir__node *node,
                    struct weir__path *path, struct weir__arena *arena,
                    struct weir__problems *problems)
{
    memset(spec, 0, sizeof *spec);
    if (node != NULL && node->type != WEIR__NODE_NULL) {
        weir__shape_read(&spec_shape, spec, node, path, arena, problems);
    }
    weir__hpa_default(spec, arena, problems);
}

void weir__hpa_default(struct weir__hpa_spec *spec, struct weir__arena *arena,
                       struct weir__problems *problems)
{
    set_int32(&spec->min_replicas, 1);
    default_metrics(spec, arena, problems);
    spec->has_tolerance = has_tolerance(spec);
    if (spec->behavior != NULL) {
        spec->behavior->up = default_rules(spec->behavior->up, 1, arena, problems);
        spec->behavior->down = default_rules(spec->behavior->down, 0, arena, problems);
    }
}

/* ---- gates ---------------------------------------------------------------------------------- */

/* Whether tolerances are read: not before 1.33, where there was no such field. */
static int is_tolerance_on(const weir_hpa_config *cluster)
{
    int32_t gate = cluster->configurable_tolerance;

    return cluster->semantics <= WEIR_HPA_1_33 &&
           (gate == WEIR_GATE_ON ||
            (gate == WEIR_GATE_RELEASE && cluster->semantics <= WEIR_HPA_1_35));
}

void weir__hpa_drop(struct weir__hpa_spec *spec, const weir_hpa_config *cluster,
                    const struct weir__hpa_spec *old)
{
    struct weir__hpa_behavior *b = spec->behavior;

    if (b == NULL || is_tolerance_on(cluster) || (old != NULL && old->has_tolerance)) {
        return;
    }
    if (b->up != NULL) {
        memset(&b->up->tolerance, 0, sizeof b->up->tolerance);
    }
    if (b->down != NULL) {
        memset(&b->down->tolerance, 0, sizeof b->down->tolerance);
    }
}
