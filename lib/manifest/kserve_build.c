/*
 * manifest/kserve_build.c - a component of a service to the object that scales it: a Knative
 * Service, or a HorizontalPodAutoscaler and its Deployment. ScaledObjects are in kserve_keda.c.
 *
 * Upstream: pkg/controller/v1beta1/inferenceservice/reconcilers: knative/ksvc_reconciler.go,
 * hpa/hpa_reconciler.go, deployment/deployment_reconciler.go.
 */
#include "kserve.h"

#include <string.h>

#define ROLLOUT_DURATION "serving.knative.dev/rollout-duration"
#define PASSTHROUGH      "serving.knative.openshift.io/enablePassthrough"
#define TAG_ROUTING      WEIR__KSERVE "enable-tag-routing"

/* ---- values that know where they come from -------------------------------------------------- */

/* "spec.predictor.minReplicas" */
static const char *origin(const struct weir__workload *w, const char *key)
{
    const char *const parts[] = {w->path->text, ".", key, NULL};

    return weir__grow_join(&w->k->g, parts);
}

/* A made value that stands for a field of the component, or for its absence. */
static struct weir__node *from_field(const struct weir__workload *w, struct weir__node *made,
                                     const char *key, const struct weir__node *field)
{
    return weir__grow_from(made, field != NULL ? origin(w, key) : WEIR__KSERVE_DEFAULT, field);
}

static struct weir__node *from_min(const struct weir__workload *w, struct weir__node *made)
{
    if (w->min_origin != NULL) {
        return weir__grow_from(made, w->min_origin, w->min);
    }
    return from_field(w, made, "minReplicas", w->min);
}

static const struct weir__node *field(const struct weir__workload *w, const char *key)
{
    return w->fixed ? NULL : weir__node_at(w->extension, key);
}

static int64_t integer(const struct weir__node *node, int64_t missing)
{
    int64_t value;

    return node != NULL && weir__node_whole(node, &value) ? value : missing;
}

const char *weir__amount_text(struct weir__grower *g, const struct weir__node *amount)
{
    const struct weir__node *number;
    int64_t whole;

    if (amount == NULL || amount->type == WEIR__NODE_STRING || !weir__node_whole(amount, &whole)) {
        return amount != NULL && amount->text != NULL ? amount->text : "0";
    }
    number = weir__grow_int(g, whole);
    return number != NULL ? number->text : "0";
}

struct weir__node *weir__make_metadata(struct weir__kserve *k, const struct weir__service *service,
                                       const char *name, const struct weir__node *annotations)
{
    struct weir__node *metadata = weir__grow_mapping(&k->g);
    struct weir__node *owners = weir__grow_list(&k->g), *owner = weir__grow_mapping(&k->g);

    weir__grow_put_text(&k->g, metadata, "name", name);
    weir__grow_put_text(&k->g, metadata, "namespace", service->name_space);
    if (annotations != NULL && annotations->count > 0) {
        struct weir__node *copy = weir__grow_copy(&k->g, annotations);

        weir__grow_sort(copy);
        weir__grow_put(&k->g, metadata, "annotations", copy);
    }
    weir__grow_put_text(&k->g, owner, "apiVersion",
                        strcmp(service->kind, "LLMInferenceService") == 0 ? WEIR__KSERVE "v1alpha2"
                        : strcmp(service->kind, "InferenceGraph") == 0    ? WEIR__KSERVE "v1alpha1"
                                                                          : WEIR__KSERVE "v1beta1");
    weir__grow_put_text(&k->g, owner, "kind", service->kind);
    weir__grow_put_text(&k->g, owner, "name", service->name);
    weir__grow_add(&k->g, owners, owner);
    weir__grow_put(&k->g, metadata, "ownerReferences", owners);
    return metadata;
}

struct weir__node *weir__make_object(struct weir__workload *w, const char *api_version,
                                     const char *kind, const struct weir__node *annotations)
{
    struct weir__grower *g = &w->k->g;
    struct weir__node *object = weir__grow_mapping(g);

    weir__grow_put_text(g, object, "apiVersion", api_version);
    weir__grow_put_text(g, object, "kind", kind);
    weir__grow_put(g, object, "metadata",
                   weir__make_metadata(w->k, w->service, w->name, annotations));
    return weir__grow_from(object, NULL, w->extension);
}

/* ---- Knative Services ----------------------------------------------------------------------- */

static void put_annotation(struct weir__workload *w, struct weir__node *annotations,
                           const char *name, const char *key, const struct weir__node *written)
{
    struct weir__grower *g = &w->k->g;
    const struct weir__node *value = written;
    int64_t whole;

    if (value != NULL && weir__node_whole(value, &whole)) {
        value = weir__grow_int(g, whole);
    }
    if (value != NULL) {
        weir__grow_put(g, annotations, name,
                       from_field(w, weir__grow_text(g, value->text), key, written));
    }
}

/* What the autoscaler reads: the revision's annotations. */
static struct weir__node *template_annotations(struct weir__workload *w)
{
    struct weir__grower *g = &w->k->g;
    struct weir__node *a = weir__grow_copy(g, w->annotations);
    const struct weir__node *max = field(w, "maxReplicas");

    weir__grow_drop(a, ROLLOUT_DURATION);
    weir__grow_drop(a, PASSTHROUGH);
    if (weir__node_get(a, WEIR__KNATIVE_PREFIX "class") == NULL) {
        weir__grow_put(g, a, WEIR__KNATIVE_PREFIX "class",
                       weir__grow_from(weir__grow_text(g, WEIR__KNATIVE_KPA_CLASS),
                                       WEIR__KSERVE_DEFAULT, NULL));
    }
    put_annotation(w, a, WEIR__KNATIVE_PREFIX "target", "scaleTarget", field(w, "scaleTarget"));
    put_annotation(w, a, WEIR__KNATIVE_PREFIX "metric", "scaleMetric", field(w, "scaleMetric"));
    if (w->min != NULL) {
        put_annotation(w, a, WEIR__KNATIVE_PREFIX "min-scale", "minReplicas", w->min);
    } else {
        weir__grow_put(g, a, WEIR__KNATIVE_PREFIX "min-scale",
                       from_min(w, weir__grow_text(g, "1")));
    }
    if (integer(max, 0) != 0) {
        put_annotation(w, a, WEIR__KNATIVE_PREFIX "max-scale", "maxReplicas", max);
    }
    weir__grow_sort(a);
    return a;
}

static void put_field(struct weir__workload *w, struct weir__node *spec, const char *name,
                      const char *key)
{
    const struct weir__node *written = field(w, key);

    if (written != NULL) {
        weir__grow_put(&w->k->g, spec, name,
                       from_field(w, weir__grow_int(&w->k->g, integer(written, 0)), key, written));
    }
}

static struct weir__node *make_containers(struct weir__workload *w)
{
    struct weir__grower *g = &w->k->g;
    struct weir__node *containers = weir__grow_list(g), *container = weir__grow_mapping(g);

    weir__grow_put_text(g, container, "name", w->container);
    if (w->image != NULL && w->image->text != NULL) {
        weir__grow_put(g, container, "image",
                       weir__grow_from(weir__grow_text(g, w->image->text), NULL, w->image));
    }
    if (w->requests != NULL && w->requests->count > 0) {
        weir__grow_put(g, weir__grow_under(g, container, "resources"), "requests",
                       weir__grow_copy(g, w->requests));
    }
    weir__grow_add(g, containers, container);
    return containers;
}

static struct weir__node *make_target(struct weir__workload *w, int latest, int64_t percent)
{
    struct weir__grower *g = &w->k->g;
    struct weir__node *target = weir__grow_mapping(g);

    weir__grow_put(g, target, "latestRevision", weir__grow_bool(g, latest));
    weir__grow_put(g, target, "percent",
                   from_field(w, weir__grow_int(g, percent), "canaryTrafficPercent",
                              field(w, "canaryTrafficPercent")));
    return target;
}

/* The newest revision, and beside a canary the one that was rolled out last. */
static struct weir__node *make_traffic(struct weir__workload *w)
{
    struct weir__grower *g = &w->k->g;
    const char *previous = weir__node_text(w->service->rolled_out, w->role);
    const struct weir__node *canary = field(w, "canaryTrafficPercent");
    int64_t percent = canary != NULL && previous[0] != '\0' ? integer(canary, 100) : 100;
    struct weir__node *traffic = weir__grow_list(g), *target = make_target(w, 1, percent);

    if (percent < 100 && strcmp(weir__node_text(w->annotations, TAG_ROUTING), "true") == 0) {
        weir__grow_put_text(g, target, "tag", "latest");
    }
    weir__grow_add(g, traffic, target);
    if (percent < 100) {
        target = make_target(w, 0, 100 - percent);
        weir__grow_put_text(g, target, "revisionName", previous);
        weir__grow_put_text(g, target, "tag", "prev");
        weir__grow_add(g, traffic, target);
    }
    return traffic;
}

struct weir__node *weir__make_knative_service(struct weir__workload *w)
{
    struct weir__grower *g = &w->k->g;
    struct weir__node *own = weir__grow_mapping(g), *object, *spec, *template;
    static const char *const moved[] = {ROLLOUT_DURATION, PASSTHROUGH};

    for (size_t i = 0; i < sizeof moved / sizeof moved[0]; i++) {
        const struct weir__node *value = weir__node_get(w->annotations, moved[i]);

        if (value != NULL) {
            weir__grow_put(g, own, moved[i], weir__grow_copy(g, value));
        }
    }
    object = weir__make_object(w, "serving.knative.dev/v1", "Service", own);
    spec = weir__grow_under(g, object, "spec");
    template = weir__grow_under(g, spec, "template");
    weir__grow_put(g, weir__grow_under(g, template, "metadata"), "annotations",
                   template_annotations(w));
    weir__grow_put(g, spec, "traffic", make_traffic(w));
    spec = weir__grow_under(g, template, "spec");
    put_field(w, spec, "containerConcurrency", "containerConcurrency");
    put_field(w, spec, "timeoutSeconds", "timeout");
    put_field(w, spec, "responseStartTimeoutSeconds", "timeout");
    weir__grow_put(g, spec, "containers", make_containers(w));
    return object;
}

/* ---- HorizontalPodAutoscalers --------------------------------------------------------------- */

static struct weir__node *make_resource(struct weir__workload *w, const char *name,
                                        const char *type)
{
    struct weir__grower *g = &w->k->g;
    struct weir__node *metric = weir__grow_mapping(g), *resource, *target;

    weir__grow_put_text(g, metric, "type", "Resource");
    resource = weir__grow_under(g, metric, "resource");
    weir__grow_put_text(g, resource, "name", name);
    target = weir__grow_under(g, resource, "target");
    weir__grow_put_text(g, target, "type", type);
    return metric;
}

/* The target of a metric that make_resource() made. */
static struct weir__node *target_of(struct weir__workload *w, struct weir__node *metric)
{
    struct weir__grower *g = &w->k->g;

    return weir__grow_under(g, weir__grow_under(g, metric, "resource"), "target");
}

static void put_percent(struct weir__workload *w, struct weir__node *metric, const char *why,
                        const struct weir__node *written, int64_t missing)
{
    struct weir__node *percent = weir__grow_int(&w->k->g, integer(written, missing));

    weir__grow_put(&w->k->g, target_of(w, metric), "averageUtilization",
                   weir__grow_from(percent, written != NULL ? why : WEIR__KSERVE_DEFAULT, written));
}

/* A metric of autoScaling. It is taken by its body, whatever its type says. NULL: it is skipped. */
static struct weir__node *block_metric(struct weir__workload *w, const struct weir__node *entry,
                                       size_t index)
{
    struct weir__grower *g = &w->k->g;
    const struct weir__node *resource = weir__node_at(entry, "resource");
    const struct weir__node *target = weir__node_at(resource, "target");
    const struct weir__node *percent = weir__node_at(target, "averageUtilization");
    const struct weir__node *amount = weir__node_at(target, "averageValue");
    const char *name = weir__node_text(resource, "name"), *type = weir__node_text(target, "type");
    struct weir__path path = *w->path;
    struct weir__node *metric;
    const char *why;

    weir__path_text(&path, ".autoScaling.metrics");
    weir__path_index(&path, index);
    weir__path_text(&path, ".resource.target");
    why = weir__arena_text(w->k->arena, path.text, strlen(path.text));
    if (why == NULL || !weir__is_word("cpu|memory", name)) {
        g->failed |= why == NULL;
        return NULL;
    }
    if (strcmp(name, "cpu") == 0) {
        metric = make_resource(w, name, "Utilization");
        put_percent(w, metric, why, percent, 80);
    } else if (strcmp(type, "Utilization") == 0) {
        metric = make_resource(w, name, type);
        if (percent != NULL) {
            put_percent(w, metric, why, percent, 0);
        }
    } else if (strcmp(type, "AverageValue") == 0) {
        metric = make_resource(w, name, type);
        if (amount != NULL) {
            weir__grow_put(
                g, target_of(w, metric), "averageValue",
                weir__grow_from(weir__grow_text(g, weir__amount_text(g, amount)), why, amount));
        }
    } else {
        metric = make_resource(w, name, "");
    }
    return weir__grow_from(metric, NULL, entry);
}

/* The metric that scaleMetric and scaleTarget name. NULL: none. */
static struct weir__node *field_metric(struct weir__workload *w)
{
    const struct weir__node *written = field(w, "scaleMetric");
    const struct weir__node *target = field(w, "scaleTarget");
    const char *name = written != NULL ? written->text : "cpu";
    struct weir__node *metric;

    if (strcmp(name, "cpu") != 0 && (strcmp(name, "memory") != 0 || target == NULL)) {
        return NULL;
    }
    metric = make_resource(w, name, "Utilization");
    put_percent(w, metric, origin(w, "scaleTarget"), target, 80);
    return metric;
}

static struct weir__node *make_metrics(struct weir__workload *w)
{
    const struct weir__node *block = field(w, "autoScaling");
    const struct weir__node *list = weir__node_at(block, "metrics");
    struct weir__node *metrics = weir__grow_list(&w->k->g), *metric;
    size_t index = 0;

    if (block == NULL) {
        metric = field_metric(w);
        if (metric != NULL) {
            weir__grow_add(&w->k->g, metrics, metric);
        }
    }
    for (const struct weir__entry *e = list != NULL ? list->first : NULL; e != NULL; e = e->next) {
        metric = block_metric(w, e->value, index++);
        if (metric != NULL) {
            weir__grow_add(&w->k->g, metrics, metric);
        }
    }
    return metrics;
}

struct weir__node *weir__make_hpa(struct weir__workload *w)
{
    struct weir__grower *g = &w->k->g;
    struct weir__node *object =
        weir__make_object(w, "autoscaling/v2", "HorizontalPodAutoscaler", w->annotations);
    struct weir__node *spec = weir__grow_under(g, object, "spec"), *target, *metrics, *made;
    const struct weir__node *written = field(w, "maxReplicas");
    int64_t min = integer(w->min, 1), max = integer(written, 0);
    int raised = min < 1;

    min = raised ? 1 : min;
    target = weir__grow_under(g, spec, "scaleTargetRef");
    weir__grow_put_text(g, target, "apiVersion", "apps/v1");
    weir__grow_put_text(g, target, "kind", "Deployment");
    weir__grow_put_text(g, target, "name", w->name);
    made = weir__grow_int(g, min);
    weir__grow_put(g, spec, "minReplicas",
                   raised ? weir__grow_from(made, "KServe, which raises it to 1", w->min)
                          : from_min(w, made));
    made = weir__grow_int(g, max < min ? min : max);
    weir__grow_put(g, spec, "maxReplicas",
                   max < min ? weir__grow_from(made,
                                               "KServe: there is no maxReplicas above "
                                               "minReplicas, so both are the same",
                                               written)
                             : from_field(w, made, "maxReplicas", written));
    metrics = make_metrics(w);
    if (metrics != NULL && metrics->count > 0) {
        weir__grow_put(g, spec, "metrics", metrics);
    }
    weir__grow_put(g, spec, "behavior", weir__grow_mapping(g));
    return object;
}

/* ---- Deployments ---------------------------------------------------------------------------- */

struct weir__node *weir__make_deployment(struct weir__workload *w, const char *class_name)
{
    struct weir__grower *g = &w->k->g;
    struct weir__node *object = weir__make_object(w, "apps/v1", "Deployment", NULL);
    struct weir__node *spec = weir__grow_under(g, object, "spec"), *template;

    if (strcmp(class_name, "none") == 0 && w->min != NULL) {
        weir__grow_put(g, spec, "replicas", from_min(w, weir__grow_int(g, integer(w->min, 0))));
    }
    template = weir__grow_under(g, weir__grow_under(g, spec, "template"), "spec");
    weir__grow_put(g, template, "containers", make_containers(w));
    return object;
}
