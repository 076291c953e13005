/*
 * manifest/hazards_kserve.c - hazards of InferenceServices: fields that KServe drops, rules that it
 * does not check, and other objects in the way.
 */
#include "hazards.h"

#include <string.h>

static const struct weir__node *field(const struct weir__look *l, const char *key)
{
    return weir__node_at(l->component, key);
}

static int64_t number(const struct weir__look *l, const char *key, int64_t missing)
{
    int64_t value;

    return weir__node_int(l->component, key, &value) ? value : missing;
}

static int is_knative(const struct weir__look *l)
{
    return strcmp(l->mode, WEIR__MODE_STANDARD) != 0 && strcmp(l->mode, WEIR__MODE_MODELMESH) != 0;
}

/* Says it of a field, if the component has it. */
static void say_field(struct weir__look *l, const char *key, const char *message)
{
    if (field(l, key) != NULL) {
        weir__hazard_say(l, field(l, key), key, message);
    }
}

static const struct weir__node *block(const struct weir__look *l, const char *key)
{
    return weir__node_at(field(l, "autoScaling"), key);
}

/* ---- metrics -------------------------------------------------------------------------------- */

static void look_qps(struct weir__look *l)
{
    if (weir__node_is(field(l, "scaleMetric"), "qps")) {
        say_field(l, "scaleMetric", "\"qps\" is the word of a guide; the API says rps");
    }
}

static void look_cpu_without_class(struct weir__look *l)
{
    const struct weir__node *class_name = weir__look_annotation(l, WEIR__KNATIVE_PREFIX "class");

    if (is_knative(l) &&
        weir__is_word("cpu|memory", weir__node_text(l->component, "scaleMetric")) &&
        !weir__node_is(class_name, WEIR__KNATIVE_HPA_CLASS)) {
        say_field(l, "scaleMetric", "Knative's own autoscaler knows concurrency and rps only");
    }
}

static void look_metric_dropped(struct weir__look *l)
{
    const char *metric = weir__node_text(l->component, "scaleMetric");

    if (!weir__look_is(l, "hpa") || field(l, "autoScaling") != NULL) {
        return;
    }
    if (weir__is_word("concurrency|rps", metric) ||
        (strcmp(metric, "memory") == 0 && field(l, "scaleTarget") == NULL)) {
        say_field(l, "scaleMetric", "an HPA gets no such metric: it scales on 80 % of CPU instead");
    }
}

static void look_block_hides(struct weir__look *l)
{
    if (weir__look_is(l, "hpa") && field(l, "autoScaling") != NULL) {
        say_field(l, "scaleMetric", "is not read beside autoScaling, even an empty one");
        say_field(l, "scaleTarget", "is not read beside autoScaling, even an empty one");
    }
}

static void look_outside_metric(struct weir__look *l)
{
    const struct weir__node *list = block(l, "metrics");

    for (const struct weir__entry *e = list != NULL ? list->first : NULL;
         e != NULL && weir__look_is(l, "hpa"); e = e->next) {
        if (weir__is_word("External|PodMetric", weir__node_text(e->value, "type"))) {
            weir__hazard_say(
                l, e->value, "autoScaling.metrics",
                "an HPA of KServe's takes cpu and memory only: this metric is dropped");
        }
    }
}

static void look_scale_metric_type(struct weir__look *l)
{
    say_field(l, "scaleMetricType", "is read by nobody");
}

/* ---- bounds --------------------------------------------------------------------------------- */

static void look_min_zero(struct weir__look *l)
{
    if (weir__look_is(l, "hpa") && number(l, "minReplicas", 1) == 0) {
        say_field(l, "minReplicas", "0 becomes 1 with an HPA: it does not scale to zero");
    }
}

static void look_max_absent(struct weir__look *l)
{
    struct weir__message m;

    if (weir__look_is(l, "hpa|keda") && number(l, "maxReplicas", 0) == 0) {
        int64_t min = number(l, "minReplicas", 1);

        weir__message_clear(&m);
        weir__message_add(&m, "without maxReplicas it stays at ");
        weir__message_int(&m, min < 1 && weir__look_is(l, "hpa") ? 1 : min);
        weir__message_add(&m, " pods and never scales");
        weir__hazard_say(l, l->component, "maxReplicas", m.text);
    }
}

static void look_unlimited(struct weir__look *l)
{
    if (is_knative(l) && number(l, "maxReplicas", 0) == 0 &&
        weir__look_annotation(l, WEIR__KNATIVE_PREFIX "maxScale") == NULL &&
        l->manifest->kpa.max_scale == 0) {
        weir__hazard_say(l, l->component, "maxReplicas",
                         "without maxReplicas there is no upper bound: a burst takes what the "
                         "cluster has");
    }
}

static void look_bounds_external(struct weir__look *l)
{
    if (weir__look_is(l, "external")) {
        say_field(l, "minReplicas", "does nothing with class external: your own object decides");
        say_field(l, "maxReplicas", "does nothing with class external: your own object decides");
    }
}

static void look_none(struct weir__look *l)
{
    static const char *const keys[] = {"maxReplicas", "scaleMetric", "scaleTarget", "autoScaling"};

    for (size_t i = 0; weir__look_is(l, "none") && i < sizeof keys / sizeof keys[0]; i++) {
        say_field(l, keys[i], "does nothing with class none: the number of pods is fixed");
    }
}

/* ---- behavior and targets ------------------------------------------------------------------- */

static void look_behavior(struct weir__look *l)
{
    if (weir__look_is(l, "hpa") && block(l, "behavior") != NULL) {
        weir__hazard_say(l, block(l, "behavior"), "autoScaling.behavior",
                         "is dropped with an HPA: Kubernetes' default behavior holds");
    }
}

/* Of cpu an HPA of KServe's takes the percentage and nothing else. */
static void look_cpu_target(struct weir__look *l)
{
    const struct weir__node *list = block(l, "metrics");

    for (const struct weir__entry *e = list != NULL ? list->first : NULL;
         e != NULL && weir__look_is(l, "hpa"); e = e->next) {
        const struct weir__node *resource = weir__node_at(e->value, "resource");
        const struct weir__node *target = weir__node_at(resource, "target");
        const char *type = weir__node_text(target, "type");

        if (weir__node_is(weir__node_at(resource, "name"), "cpu") &&
            weir__is_word("Value|AverageValue", type)) {
            weir__hazard_say(
                l, weir__node_at(target, "type"), "autoScaling.metrics",
                weir__node_at(target, "averageUtilization") != NULL
                    ? "an HPA of KServe's reads averageUtilization of cpu alone"
                    : "an HPA of KServe's reads averageUtilization of cpu alone, which "
                      "is 80 where it is absent");
        }
    }
}

static void look_policies(struct weir__look *l)
{
    static const char *const sides[] = {"scaleUp", "scaleDown"};
    static const char *const keys[] = {"policies", "selectPolicy", "tolerance"};

    for (size_t i = 0; weir__look_is(l, "keda") && i < 6; i++) {
        const struct weir__node *side = weir__node_at(block(l, "behavior"), sides[i / 3]);
        const struct weir__node *value = weir__node_at(side, keys[i % 3]);

        if (value != NULL) {
            struct weir__path under;

            weir__path_clear(&under);
            weir__path_text(&under, "autoScaling.behavior.");
            weir__path_text(&under, sides[i / 3]);
            weir__path_key(&under, keys[i % 3], strlen(keys[i % 3]));
            weir__hazard_say(
                l, value, under.text,
                "is dropped with class keda: only stabilizationWindowSeconds survives");
        }
    }
}

static void look_target_with_keda(struct weir__look *l)
{
    if (weir__look_is(l, "keda")) {
        say_field(l, "scaleTarget", "is not read with class keda: thresholds are in autoScaling");
    }
}

/* Metrics whose source is not the pods' resources, of class keda. */
static const struct weir__node *keda_source(const struct weir__look *l,
                                            const struct weir__entry *entry)
{
    const struct weir__node *external = weir__node_at(entry->value, "external");

    if (!weir__look_is(l, "keda")) {
        return NULL;
    }
    return external != NULL ? external : weir__node_at(entry->value, "podmetric");
}

static void look_target_type(struct weir__look *l)
{
    const struct weir__node *list = block(l, "metrics");

    for (const struct weir__entry *e = list != NULL ? list->first : NULL; e != NULL; e = e->next) {
        const struct weir__node *target = weir__node_at(keda_source(l, e), "target");
        const char *type = weir__node_text(target, "type");

        if (weir__is_word("Value|Utilization", type)) {
            weir__hazard_say(l, weir__node_at(target, "type"), "autoScaling.metrics",
                             "the type is not passed on: KEDA divides the value by the number of "
                             "pods, as AverageValue");
        }
        if (target != NULL && weir__node_at(target, "averageValue") != NULL) {
            weir__hazard_say(l, weir__node_at(target, "averageValue"), "autoScaling.metrics",
                             "averageValue is not used: the threshold is value");
        }
    }
}

static void look_graphite(struct weir__look *l)
{
    const struct weir__node *list = block(l, "metrics");

    for (const struct weir__entry *e = list != NULL ? list->first : NULL; e != NULL; e = e->next) {
        const struct weir__node *metric = weir__node_at(keda_source(l, e), "metric");

        if (weir__node_is(weir__node_at(metric, "backend"), "graphite")) {
            weir__hazard_say(
                l, weir__node_at(metric, "backend"), "autoScaling.metrics",
                "KEDA's graphite trigger needs queryTime, which KServe cannot give it");
        }
    }
}

static void look_pod_query(struct weir__look *l)
{
    const struct weir__node *list = block(l, "metrics");

    for (const struct weir__entry *e = list != NULL ? list->first : NULL;
         e != NULL && weir__look_is(l, "keda"); e = e->next) {
        const struct weir__node *query =
            weir__node_at(weir__node_at(weir__node_at(e->value, "podmetric"), "metric"), "query");

        if (query != NULL && query->text != NULL && strpbrk(query->text, "({[ ") != NULL) {
            weir__hazard_say(l, query, "autoScaling.metrics",
                             "KServe writes sum(QUERY{...}) around it, which is a query only where "
                             "QUERY is the bare name of a metric");
        }
    }
}

/* ---- annotations ---------------------------------------------------------------------------- */

static void say_annotation(struct weir__look *l, const char *key, const char *message)
{
    const struct weir__node *value = weir__look_annotation(l, key);
    struct weir__path path = l->path;
    int is_own = weir__node_at(l->own, key) != NULL;

    if (value == NULL || (!is_own && weir__is_word("transformer|explainer", l->role))) {
        return; /* of the service's own it is said once */
    }
    if (!is_own) {
        l->path = l->object->path;
        weir__path_key(&l->path, "metadata", strlen("metadata"));
    }
    weir__path_key(&l->path, "annotations", strlen("annotations"));
    weir__path_key(&l->path, key, strlen(key));
    weir__hazard_say(l, value, "", message);
    l->path = path;
}

static void look_class_in_knative(struct weir__look *l)
{
    if (is_knative(l)) {
        say_annotation(l, WEIR__AUTOSCALER_CLASS,
                       "does nothing in deployment mode Knative: the KPA scales");
    }
}

static void look_block_in_knative(struct weir__look *l)
{
    if (is_knative(l)) {
        say_field(l, "autoScaling", "does nothing in deployment mode Knative");
    }
}

static void look_stripped(struct weir__look *l)
{
    say_annotation(l, WEIR__KNATIVE_PREFIX "min-scale",
                   "never reaches Knative: KServe takes it off");
    say_annotation(l, WEIR__KNATIVE_PREFIX "max-scale",
                   "never reaches Knative: KServe takes it off");
}

static void look_dead(struct weir__look *l)
{
    static const char *const keys[] = {WEIR__KSERVE "metric", WEIR__KSERVE "metrics",
                                       WEIR__KSERVE "targetUtilizationPercentage"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        say_annotation(l, keys[i], "is read by nobody");
    }
}

static void look_class_unchecked(struct weir__look *l)
{
    const struct weir__node *own = weir__node_at(l->own, WEIR__AUTOSCALER_CLASS);

    if (own != NULL && !is_knative(l)) {
        say_annotation(l, WEIR__AUTOSCALER_CLASS,
                       "is honoured here, but the webhook checks by the service's own annotations "
                       "only");
    }
}

static void look_auto_update(struct weir__look *l)
{
    if (weir__node_is(weir__look_annotation(l, WEIR__KSERVE "disable-auto-update"), "true")) {
        say_annotation(l, WEIR__KSERVE "disable-auto-update",
                       "keeps what is there once the service is ready: bounds and targets that are "
                       "changed later do nothing");
    }
}

static void look_mode(struct weir__look *l)
{
    const struct weir__node *mode = weir__node_at(l->top, WEIR__DEPLOYMENT_MODE);

    if (mode != NULL && weir__kserve_mode(mode->text)[0] == '\0') {
        say_annotation(l, WEIR__DEPLOYMENT_MODE,
                       "is no deployment mode: the cluster's default holds");
    }
}

static void look_initial_scale(struct weir__look *l)
{
    static const char key[] = WEIR__KNATIVE_PREFIX "initial-scale";

    if (is_knative(l) && weir__node_is(weir__node_at(l->top, key), "0") &&
        !l->manifest->kpa.allow_zero_initial_scale) {
        say_annotation(l, key, "is dropped: the cluster does not allow an initial scale of 0");
    }
}

/* ---- other objects -------------------------------------------------------------------------- */

/* Another object that scales a component's Deployment. */
static void look_two_scalers(struct weir__look *l)
{
    const char *kinds[] = {"ScaledObject", "HorizontalPodAutoscaler"};

    for (size_t i = 0; i < l->manifest->found_count; i++) {
        const struct weir__item *item = l->manifest->found[i].item;
        const struct weir__node *target =
            weir__node_at(weir__node_at(item->object.node, "spec"), "scaleTargetRef");
        const char *name = weir__node_text(target, "name");
        struct weir__message m;
        size_t length = strlen(l->name);
        int is_revision = is_knative(l) && strncmp(name, l->name, length) == 0 &&
                          name[length] == '-' && strstr(name, "-deployment") != NULL;

        if (item->open.maker_kind[0] != '\0' ||
            (strcmp(item->open.api_kind, kinds[0]) != 0 &&
             strcmp(item->open.api_kind, kinds[1]) != 0) ||
            strcmp(item->open.name_space,
                   l->object->name_space[0] != '\0' ? l->object->name_space : "default") != 0 ||
            !(is_revision || (strcmp(name, l->name) == 0 && !weir__look_is(l, "external")))) {
            continue;
        }
        weir__message_clear(&m);
        weir__message_add(&m, item->open.api_kind);
        weir__message_add(&m, " ");
        weir__message_add(&m, item->open.name);
        weir__message_add(&m, " scales ");
        weir__message_add(&m, name);
        weir__message_add(&m, is_revision ? " as well, and Knative writes its size too"
                                          : " as well: two controllers fight over its size");
        weir__hazard_say(l, l->component, "", m.text);
    }
}

/* An HPA with the very name that KServe would give its own. */
static void look_own_name(struct weir__look *l)
{
    for (size_t i = 0; i < l->manifest->found_count && weir__look_is(l, "external|none"); i++) {
        const struct weir__item *item = l->manifest->found[i].item;

        if (item->hpa_spec != NULL && item->open.maker_kind[0] == '\0' &&
            strcmp(item->open.name, l->name) == 0) {
            struct weir__look at = *l;

            at.object = &item->object;
            at.path = item->object.path;
            weir__hazard_say(&at, item->object.node, "metadata.name",
                             "is the name of KServe's own HPA: KServe overwrites it, and then "
                             "deletes it");
        }
    }
}

const struct weir__hazard weir__kserve_hazards[] = {
    {{"kserve.qps",
      "The API server refuses scaleMetric qps, which guides use for requests per "
      "second.",
      "Write scaleMetric: rps."},
     WEIR__LOOK_COMPONENT,
     look_qps},
    {{"kserve.cpu-without-class",
      "In deployment mode Knative the metric cpu or memory needs Knative's HPA class; the webhook "
      "refuses it otherwise.",
      "Add the annotation autoscaling.knative.dev/class: hpa.autoscaling.knative.dev, or run in "
      "deployment mode Standard."},
     WEIR__LOOK_COMPONENT,
     look_cpu_without_class},
    {{"kserve.metric-dropped",
      "With an HPA the metrics concurrency and rps, and memory without scaleTarget, give no "
      "metric, "
      "and the API server fills in 80 % of CPU.",
      "Use scaleMetric cpu or memory with a scaleTarget, deployment mode Knative, or class keda."},
     WEIR__LOOK_COMPONENT,
     look_metric_dropped},
    {{"kserve.auto-scaling-hides-metric",
      "With an HPA, scaleMetric and scaleTarget are read only where there is no autoScaling block "
      "at all.",
      "Move the metric into autoScaling.metrics, or delete autoScaling."},
     WEIR__LOOK_COMPONENT,
     look_block_hides},
    {{"kserve.external-metric-on-hpa",
      "KServe's HPA takes Resource metrics only; others are dropped without a word.",
      "Set the annotation serving.kserve.io/autoscalerClass: keda."},
     WEIR__LOOK_COMPONENT,
     look_outside_metric},
    {{"kserve.scale-metric-type-ignored",
      "The schema has scaleMetricType, and neither webhook nor controller reads it.",
      "Delete it; the type of a target goes into autoScaling.metrics."},
     WEIR__LOOK_COMPONENT,
     look_scale_metric_type},
    {{"kserve.min-zero-on-hpa", "With an HPA KServe raises minReplicas 0 to 1 without a word.",
      "Use class keda with a trigger that is not cpu or memory, or deployment mode Knative; else "
      "write 1."},
     WEIR__LOOK_COMPONENT,
     look_min_zero},
    {{"kserve.max-absent",
      "In deployment mode Standard an absent maxReplicas is the same as minReplicas, so nothing "
      "ever scales.",
      "Set maxReplicas."},
     WEIR__LOOK_COMPONENT,
     look_max_absent},
    {{"kserve.max-unlimited",
      "In deployment mode Knative an absent maxReplicas means no upper bound.",
      "Set maxReplicas to what the cluster, or the budget, can take."},
     WEIR__LOOK_COMPONENT,
     look_unlimited},
    {{"kserve.bounds-with-external",
      "With class external KServe leaves scaling to an object of yours, and the bounds here are "
      "not "
      "read.",
      "Set the bounds in your own ScaledObject or HPA, and delete them here."},
     WEIR__LOOK_COMPONENT,
     look_bounds_external},
    {{"kserve.fields-with-none",
      "With class none the Deployment has minReplicas pods, and no other field of scaling is read.",
      "Delete the field, or choose another class."},
     WEIR__LOOK_COMPONENT,
     look_none},
    {{"kserve.behavior-dropped",
      "KServe writes an empty behavior into its HPA, whatever autoScaling.behavior says.",
      "Use class keda for the stabilization windows, or class external with an HPA of your own."},
     WEIR__LOOK_COMPONENT,
     look_behavior},
    {{"kserve.cpu-target-dropped",
      "With an HPA KServe reads only averageUtilization of a cpu target; type, value and "
      "averageValue are dropped without a word.",
      "Write a percentage of the request, or use class external with an HPA of your own."},
     WEIR__LOOK_COMPONENT,
     look_cpu_target},
    {{"kserve.policies-dropped",
      "With class keda KServe passes on the two stabilization windows and drops policies, "
      "selectPolicy and tolerance.",
      "Use class external with a ScaledObject of your own."},
     WEIR__LOOK_COMPONENT,
     look_policies},
    {{"kserve.scale-target-with-keda", "With class keda only autoScaling.metrics is read.",
      "Write the target into autoScaling.metrics and delete scaleTarget."},
     WEIR__LOOK_COMPONENT,
     look_target_with_keda},
    {{"kserve.target-type-ignored",
      "KServe gives KEDA the value of an External or PodMetric target and not its type, so KEDA "
      "takes AverageValue: the query's result divided by the number of pods.",
      "Write a query that is a sum and a value per pod, or use class external with a ScaledObject "
      "of your own."},
     WEIR__LOOK_COMPONENT,
     look_target_type},
    {{"kserve.graphite",
      "KEDA refuses every graphite trigger that KServe makes, because queryTime is missing.",
      "Use prometheus, or class external with a ScaledObject of your own."},
     WEIR__LOOK_COMPONENT,
     look_graphite},
    {{"kserve.pod-query",
      "KServe puts sum(...) and label matchers around a PodMetric's query as text.",
      "Write the bare name of a metric; choose how it is taken over time with operationOverTime."},
     WEIR__LOOK_COMPONENT,
     look_pod_query},
    {{"kserve.class-in-knative",
      "In deployment mode Knative the annotation autoscalerClass has no effect, so keda and the "
      "KPA "
      "are not to be had together.",
      "Set serving.kserve.io/deploymentMode: Standard, or delete the annotation."},
     WEIR__LOOK_COMPONENT,
     look_class_in_knative},
    {{"kserve.auto-scaling-in-knative",
      "In deployment mode Knative the autoScaling block has no effect.",
      "Set serving.kserve.io/deploymentMode: Standard, or use scaleMetric and scaleTarget."},
     WEIR__LOOK_COMPONENT,
     look_block_in_knative},
    {{"kserve.knative-bounds-stripped",
      "KServe takes the annotations min-scale and max-scale off before it makes the Knative "
      "Service.",
      "Use minReplicas and maxReplicas."},
     WEIR__LOOK_COMPONENT,
     look_stripped},
    {{"kserve.dead-annotation",
      "Old samples set serving.kserve.io/metric, metrics and targetUtilizationPercentage, which no "
      "code reads.",
      "Use scaleMetric and scaleTarget."},
     WEIR__LOOK_COMPONENT,
     look_dead},
    {{"kserve.class-unchecked",
      "A class among the annotations of a component is honoured at run time, while the webhook "
      "looks at the service's annotations only, so nothing checks the fields for it.",
      "Put the class into the metadata of the InferenceService."},
     WEIR__LOOK_COMPONENT,
     look_class_unchecked},
    {{"kserve.unknown-mode",
      "A deploymentMode that is none is ignored, and the cluster's default decides.",
      "Write Knative or Standard."},
     WEIR__LOOK_COMPONENT,
     look_mode},
    {{"kserve.auto-update-disabled",
      "With the annotation disable-auto-update KServe leaves a service alone that is ready, so "
      "that "
      "later edits of its scaling are accepted and do nothing.",
      "Delete the annotation before you change bounds, targets or the class."},
     WEIR__LOOK_COMPONENT,
     look_auto_update},
    {{"kserve.initial-scale-dropped",
      "KServe takes initial-scale 0 off where the cluster does not allow it, and the service "
      "begins "
      "with one pod.",
      "Set allow-zero-initial-scale: \"true\" in ConfigMap config-autoscaler, or delete the "
      "annotation."},
     WEIR__LOOK_COMPONENT,
     look_initial_scale},
    {{"kserve.two-scalers",
      "Two controllers write the size of one Deployment, each undoing what the other does.",
      "Set serving.kserve.io/autoscalerClass: external in deployment mode Standard, or delete the "
      "other object."},
     WEIR__LOOK_COMPONENT,
     look_two_scalers},
    {{"kserve.own-hpa-name",
      "With class external or none KServe takes an HPA of its own name for one that it made: it "
      "overwrites the HPA at the first reconcile and deletes it at the next.",
      "Give your HPA another name."},
     WEIR__LOOK_COMPONENT,
     look_own_name},
    {{NULL, NULL, NULL}, 0, NULL},
};
