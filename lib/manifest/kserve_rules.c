/*
 * manifest/kserve_rules.c - what KServe's validating webhook asks of the fields that scale a
 * component.
 *
 * Which rules there are depends on the annotations of the service as a whole: in deployment mode
 * Standard on the class of autoscaler, elsewhere on Knative's class. A Standard service without a
 * class gets an HPA, and no rule at all.
 *
 * Upstream: pkg/apis/serving/v1beta1/component.go, inference_service_validation.go.
 */
#include "kserve.h"

#include <string.h>
#include <weir/quantity.h>

/* A component, or a part of it, being checked. */
struct checking {
    struct weir__kserve *k;
    const struct weir__node *node;
    struct weir__path path;
};

static int refuse(const struct checking *c, const char *key, const char *message)
{
    const struct weir__node *value = key[0] != '\0' ? weir__node_get(c->node, key) : NULL;

    weir__webhook_says(c->k, value != NULL ? value->mark : c->node->mark, &c->path, key, message);
    return 0;
}

static int refuse_got(const struct checking *c, const char *key, const char *wanted)
{
    const struct weir__node *value = weir__node_at(c->node, key);
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, wanted);
    if (value != NULL) {
        weir__message_add(&m, ", got ");
        weir__node_describe(value, &m);
    }
    return refuse(c, key, m.text);
}

static struct checking inside(const struct checking *c, const char *key)
{
    struct checking inner = *c;

    inner.node = weir__node_at(c->node, key);
    weir__path_key(&inner.path, key, strlen(key));
    return inner;
}

/* ---- bounds --------------------------------------------------------------------------------- */

int weir__isvc_extension_rules(struct weir__kserve *k, const struct weir__node *component,
                               const struct weir__path *path)
{
    struct checking c = {k, component, *path};
    int64_t value, min = 1, max = 0;

    weir__node_int(component, "minReplicas", &min);
    weir__node_int(component, "maxReplicas", &max);
    if (weir__node_int(component, "containerConcurrency", &value) && value < 0) {
        return refuse_got(&c, "containerConcurrency", "must not be below 0");
    }
    if (min < 0) {
        return refuse_got(&c, "minReplicas", "must not be below 0");
    }
    if (max < 0) {
        return refuse_got(&c, "maxReplicas", "must not be below 0");
    }
    if (min > max && max != 0) {
        return refuse(
            &c, weir__node_at(component, "minReplicas") != NULL ? "minReplicas" : "maxReplicas",
            "minReplicas must not be above maxReplicas");
    }
    return 1;
}

/* ---- class hpa ------------------------------------------------------------------------------ */

static int hpa_target(const struct checking *c, const char *metric)
{
    int is_cpu = strcmp(metric, "cpu") == 0;
    int64_t target;

    if (!weir__node_int(c->node, "scaleTarget", &target)) {
        return 1;
    }
    /* The upper bound of percents holds for memory as well. */
    if ((is_cpu && target < 1) || target > 100) {
        return refuse_got(c, "scaleTarget", "must be a percentage in [1, 100]");
    }
    return is_cpu || target >= 1 ? 1 : refuse_got(c, "scaleTarget", "must be at least 1");
}

static int hpa_rules(const struct checking *c)
{
    const struct weir__node *written = weir__node_at(c->node, "scaleMetric");
    const char *metric = written != NULL ? written->text : "cpu";
    struct checking block = inside(c, "autoScaling"), list;
    size_t index = 0, length;

    if (!weir__is_word("cpu|memory", metric)) {
        return refuse_got(c, "scaleMetric", "must be cpu or memory for an HPA");
    }
    if (!hpa_target(c, metric)) {
        return 0;
    }
    list = inside(&block, "metrics");
    length = list.path.length;
    for (const struct weir__entry *e = list.node != NULL ? list.node->first : NULL; e != NULL;
         e = e->next) {
        struct checking item = {c->k, e->value, list.path};

        weir__path_cut(&item.path, length);
        weir__path_index(&item.path, index++);
        if (strcmp(weir__node_text(e->value, "type"), "Resource") != 0) {
            return refuse_got(&item, "type", "must be Resource for an HPA");
        }
        if (weir__node_at(e->value, "resource") == NULL) {
            return refuse(&item, "resource", "is missing");
        }
    }
    return 1;
}

/* ---- class keda ----------------------------------------------------------------------------- */

static int keda_target(const struct checking *target)
{
    const char *type = weir__node_text(target->node, "type");
    int64_t percent;

    if (strcmp(type, "Utilization") == 0) {
        if (!weir__node_int(target->node, "averageUtilization", &percent)) {
            return refuse(target, "averageUtilization", "is missing: the type is Utilization");
        }
        if (percent < 1 || percent > 100) {
            return refuse_got(target, "averageUtilization", "must be a percentage in [1, 100]");
        }
    }
    if (strcmp(type, "AverageValue") == 0 && weir__node_at(target->node, "averageValue") == NULL) {
        return refuse(target, "averageValue", "is missing: the type is AverageValue");
    }
    if (strcmp(type, "Value") == 0 && weir__node_at(target->node, "value") == NULL) {
        return refuse(target, "value", "is missing: the type is Value");
    }
    return 1;
}

/* Whether a quantity is a mebibyte or more; none counts as 0. */
static int is_a_mebibyte(const struct weir__node *amount)
{
    weir_quantity q;
    int64_t value;

    if (amount == NULL || amount->text == NULL) {
        return 0;
    }
    if (amount->type == WEIR__NODE_STRING) {
        return weir_quantity_parse(amount->text, amount->length, &q, NULL) == WEIR_OK &&
               weir_quantity_milli(&q) >= INT64_C(1048576000);
    }
    return weir__node_whole(amount, &value) && value >= 1048576;
}

static int keda_resource(const struct checking *item)
{
    struct checking resource = inside(item, "resource"), target;
    const char *name = weir__node_text(resource.node, "name"), *type;

    if (resource.node == NULL) {
        return refuse(item, "resource", "is missing: the type is Resource");
    }
    target = inside(&resource, "target");
    type = weir__node_text(target.node, "type");
    if (target.node == NULL) {
        target.node = resource.node;
    }
    if (strcmp(name, "cpu") == 0) {
        if (strcmp(type, "Utilization") != 0) {
            return refuse_got(&target, "type", "must be Utilization for cpu");
        }
    } else if (strcmp(name, "memory") == 0) {
        if (!weir__is_word("AverageValue|Utilization", type)) {
            return refuse_got(&target, "type", "must be AverageValue or Utilization for memory");
        }
        if (strcmp(type, "AverageValue") == 0 &&
            !is_a_mebibyte(weir__node_at(target.node, "averageValue"))) {
            return refuse_got(&target, "averageValue", "must be at least 1Mi of memory");
        }
    } else {
        return refuse_got(&resource, "name", "must be cpu or memory");
    }
    return keda_target(&target);
}

static int keda_outside(const struct checking *item, const char *key)
{
    struct checking source = inside(item, key), metric, target;

    if (source.node == NULL) {
        return refuse(item, key, "is missing: it is what the type names");
    }
    metric = inside(&source, "metric");
    target = inside(&source, "target");
    if (weir__node_text(metric.node, "query")[0] == '\0') {
        metric.node = metric.node != NULL ? metric.node : source.node;
        return refuse(&metric, "query", "is missing");
    }
    if (target.node == NULL || weir__node_at(target.node, "value") == NULL) {
        target.node = target.node != NULL ? target.node : source.node;
        return refuse(&target, "value", "is missing: it is the threshold, whatever the type");
    }
    return keda_target(&target);
}

static int keda_rules(const struct checking *c)
{
    struct checking block = inside(c, "autoScaling"), list;
    size_t index = 0, length;

    if (weir__node_at(c->node, "scaleMetric") != NULL) {
        return refuse(c, "scaleMetric",
                      "must not be set with autoscaler class keda: name the metric under "
                      "autoScaling.metrics");
    }
    list = inside(&block, "metrics");
    length = list.path.length;
    for (const struct weir__entry *e = list.node != NULL ? list.node->first : NULL; e != NULL;
         e = e->next) {
        struct checking item = {c->k, e->value, list.path};
        const char *type = weir__node_text(e->value, "type");
        int fine;

        weir__path_cut(&item.path, length);
        weir__path_index(&item.path, index++);
        if (strcmp(type, "Resource") == 0) {
            fine = keda_resource(&item);
        } else if (weir__is_word("External|PodMetric", type)) {
            fine = keda_outside(&item, strcmp(type, "External") == 0 ? "external" : "podmetric");
        } else {
            fine = refuse_got(&item, "type", "must be Resource, External or PodMetric");
        }
        if (!fine) {
            return 0;
        }
    }
    return 1;
}

/* ---- the KPA -------------------------------------------------------------------------------- */

static int kpa_rules(const struct checking *c)
{
    const struct weir__node *written = weir__node_at(c->node, "scaleMetric");
    const char *metric = written != NULL ? written->text : "concurrency";
    int64_t target;

    if (weir__node_at(c->node, "deploymentStrategy") != NULL) {
        return refuse(c, "deploymentStrategy", "is for deployment mode Standard only");
    }
    if (!weir__is_word("concurrency|rps", metric)) {
        return refuse_got(
            c, "scaleMetric",
            "must be concurrency or rps for Knative's own autoscaler (cpu and "
            "memory need the annotation autoscaling.knative.dev/class: " WEIR__KNATIVE_HPA_CLASS
            ")");
    }
    if (strcmp(metric, "rps") == 0 && weir__node_int(c->node, "scaleTarget", &target) &&
        target < 1) {
        return refuse_got(c, "scaleTarget", "must be at least 1 for rps");
    }
    return 1;
}

int weir__isvc_scaling_rules(struct weir__kserve *k, const struct weir__node *component,
                             const struct weir__path *path)
{
    const struct weir__node *a = k->result.annotations;
    const char *class_name = weir__node_text(a, WEIR__AUTOSCALER_CLASS);
    struct checking c = {k, component, *path};

    if (strcmp(weir__node_text(a, WEIR__DEPLOYMENT_MODE), WEIR__MODE_STANDARD) == 0) {
        if (strcmp(class_name, "hpa") == 0) {
            return hpa_rules(&c);
        }
        return strcmp(class_name, "keda") == 0 ? keda_rules(&c) : 1;
    }
    if (strcmp(weir__node_text(a, WEIR__KNATIVE_PREFIX "class"), WEIR__KNATIVE_HPA_CLASS) == 0) {
        return hpa_rules(&c);
    }
    return kpa_rules(&c);
}
