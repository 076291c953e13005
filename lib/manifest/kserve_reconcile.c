/*
 * manifest/kserve_reconcile.c - KServe's controller for InferenceServices: which objects there are
 * after it has run.
 *
 * Upstream: pkg/controller/v1beta1/inferenceservice/controller.go, components, reconcilers/raw.
 */
#include "hpa_spec.h"
#include "kserve.h"

#include <string.h>

/* ---- a component ---------------------------------------------------------------------------- */

/* The service that is being reconciled. */
struct round {
    struct weir__kserve *k;
    struct weir__service *service;
    const struct weir__node *spec;
    struct weir__node *annotations; /* of the service, as they go on */
    const struct weir__path *path;  /* of the object */
    int stopped;
};

static struct weir__component_result *begin(struct round *r, const char *role)
{
    struct weir__component_result *c = &r->k->result.components[r->k->result.component_count++];

    memset(c, 0, sizeof *c);
    c->name = role;
    return c;
}

static void fail(struct round *r, struct weir__component_result *c, const struct weir__workload *w,
                 const struct weir__node *at, const char *message)
{
    c->outcome = WEIR__COMPONENT_ERROR;
    c->message = weir__arena_text(r->k->arena, message, strlen(message));
    r->k->g.failed |= c->message == NULL;
    r->k->problems->stages = WEIR_STAGE_RECONCILE;
    weir__problem(r->k->problems, WEIR_PROBLEM_ERROR, WEIR_E_RANGE,
                  at != NULL ? at->mark : w->extension->mark, w->path->text, message);
}

/* ---- deployment mode Knative ---------------------------------------------------------------- */

static void reconcile_knative(struct round *r, struct weir__workload *w)
{
    if (r->stopped) {
        weir__drop_thing(r->k, WEIR__KNATIVE_SERVICE, r->service->name_space, w->name);
        return;
    }
    weir__put_thing(r->k, WEIR__KNATIVE_SERVICE, r->service, w->name,
                    weir__make_knative_service(w));
}

/* ---- deployment mode Standard --------------------------------------------------------------- */

int weir__hpa_is_let_in(struct weir__kserve *k, const struct weir__node *tree,
                        const struct weir__path *object)
{
    struct weir__hpa_spec *spec = weir__arena_take(k->arena, sizeof *spec);
    struct weir__path path = *object;
    struct weir__problems problems;
    weir_hpa_config cluster;
    size_t errors;

    if (spec == NULL) {
        k->g.failed = 1;
        return 0;
    }
    weir_hpa_config_init(&cluster, sizeof cluster);
    cluster.scale_to_zero = WEIR_GATE_OFF;
    weir__problems_open(&problems, k->problems->allocator);
    weir__hpa_read(spec, weir__node_at(tree, "spec"), &path, k->arena, &problems);
    weir__hpa_drop(spec, &cluster, NULL);
    weir__hpa_check(spec, &cluster, NULL, &path, tree->mark, &problems);
    errors = problems.errors;
    k->problems->out_of_memory |= problems.out_of_memory;
    weir__problems_close(&problems);
    return errors == 0;
}

/* The HPA is created, updated, taken over or deleted; the annotation that stops a service is looked
 * for on the HPA that is there, one reconcile late. */
static void reconcile_hpa(struct round *r, struct weir__component_result *c,
                          struct weir__workload *w, const char *class_name)
{
    const char *name_space = r->service->name_space;
    struct weir__thing *there = weir__find_thing(r->k, WEIR__HPA, name_space, w->name);
    int unwanted = weir__is_word("external|none", class_name);
    struct weir__node *tree;

    if (there == NULL && (unwanted || r->stopped)) {
        return;
    }
    if (there != NULL &&
        (weir__is_stopped(weir__node_at(weir__node_at(there->tree, "metadata"), "annotations")) ||
         (unwanted && there->by_kserve))) {
        weir__drop_thing(r->k, WEIR__HPA, name_space, w->name);
        return;
    }
    tree = weir__make_hpa(w);
    if (tree == NULL) {
        return;
    }
    if (weir__hpa_is_let_in(r->k, tree, w->path)) {
        weir__put_thing(r->k, WEIR__HPA, r->service, w->name, tree);
        return;
    }
    weir__refuse_thing(r->k, WEIR__HPA, r->service, w->name, tree);
    c->outcome = WEIR__COMPONENT_ERROR; /* the API server's words come with the object */
    c->message = "the API server refuses the HorizontalPodAutoscaler";
}

static void reconcile_keda(struct round *r, struct weir__workload *w, struct weir__node *tree)
{
    struct weir__thing *there =
        weir__find_thing(r->k, WEIR__SCALED_OBJECT, r->service->name_space, w->name);

    if (r->stopped) {
        weir__drop_thing(r->k, WEIR__SCALED_OBJECT, r->service->name_space, w->name);
        return;
    }
    /* Only a new spec is written: labels and annotations by themselves do not count. */
    if (there == NULL ||
        !weir__node_same(weir__node_get(there->tree, "spec"), weir__node_get(tree, "spec"))) {
        weir__put_thing(r->k, WEIR__SCALED_OBJECT, r->service, w->name, tree);
    }
}

static void reconcile_deployment(struct round *r, struct weir__workload *w, const char *class_name)
{
    struct weir__thing *there =
        weir__find_thing(r->k, WEIR__DEPLOYMENT, r->service->name_space, w->name);
    struct weir__node *tree = weir__make_deployment(w, class_name);
    const struct weir__node *replicas =
        there != NULL ? weir__node_get(weir__node_get(there->tree, "spec"), "replicas") : NULL;

    if (r->stopped) {
        weir__drop_thing(r->k, WEIR__DEPLOYMENT, r->service->name_space, w->name);
        return;
    }
    if (replicas != NULL && strcmp(class_name, "none") != 0) { /* they stay as they were */
        weir__grow_put(&r->k->g, weir__grow_under(&r->k->g, tree, "spec"), "replicas",
                       weir__grow_copy(&r->k->g, replicas));
    }
    weir__put_thing(r->k, WEIR__DEPLOYMENT, r->service, w->name, tree);
}

enum { NO_POD_METRIC, POD_METRIC, NAMED_POD_METRIC };

/* Whether a metric comes from pods by way of OpenTelemetry, and with names to collect. */
static int pod_metrics(const struct weir__workload *w)
{
    const struct weir__node *list =
        w->fixed ? NULL : weir__node_at(weir__node_at(w->extension, "autoScaling"), "metrics");
    int found = NO_POD_METRIC;

    for (const struct weir__entry *e = list != NULL ? list->first : NULL; e != NULL; e = e->next) {
        const struct weir__node *metric =
            weir__node_at(weir__node_at(e->value, "podmetric"), "metric");
        const struct weir__node *names = weir__node_at(metric, "metricNames");

        if (strcmp(weir__node_text(e->value, "type"), "PodMetric") == 0 &&
            strcmp(weir__node_text(metric, "backend"), "opentelemetry") == 0) {
            found = found == NAMED_POD_METRIC || (names != NULL && names->count > 0)
                        ? NAMED_POD_METRIC
                        : POD_METRIC;
        }
    }
    return found;
}

static void reconcile_collector(struct round *r, const struct weir__workload *w)
{
    struct weir__grower *g = &r->k->g;
    struct weir__node *tree;

    if (r->stopped) {
        weir__drop_thing(r->k, WEIR__OTEL_COLLECTOR, r->service->name_space, w->name);
    } else if (pod_metrics(w) == NAMED_POD_METRIC) {
        tree = weir__grow_mapping(g);
        weir__grow_put_text(g, tree, "apiVersion", "opentelemetry.io/v1beta1");
        weir__grow_put_text(g, tree, "kind", "OpenTelemetryCollector");
        weir__grow_put(g, tree, "metadata", weir__make_metadata(r->k, r->service, w->name, NULL));
        weir__put_thing(r->k, WEIR__OTEL_COLLECTOR, r->service, w->name, tree);
    }
}

/* The mode is read once more, of the merged annotations, and the class of those as well. */
static const char *refused_workload(const struct weir__workload *w, const char *class_name,
                                    const struct weir__node **at, struct weir__message *m)
{
    const struct weir__node *mode = weir__node_get(w->annotations, WEIR__DEPLOYMENT_MODE);

    weir__message_clear(m);
    *at = mode;
    if (mode != NULL && !weir__is_word("Standard|RawDeployment", mode->text)) {
        weir__message_add(
            m,
            "runs in deployment mode Standard, and its annotation " WEIR__DEPLOYMENT_MODE " is ");
        weir__message_quote(m, mode->text, mode->length);
        return m->text;
    }
    *at = weir__node_get(w->annotations, WEIR__AUTOSCALER_CLASS);
    if (!weir__is_word("hpa|keda|external|none", class_name)) {
        weir__message_add(m, "the annotation " WEIR__AUTOSCALER_CLASS
                             " must be hpa, keda, external or none, got ");
        weir__message_quote(m, class_name, strlen(class_name));
        return m->text;
    }
    *at = NULL;
    return NULL;
}

static void reconcile_standard(struct round *r, struct weir__component_result *c,
                               struct weir__workload *w)
{
    const struct weir__node *value = weir__node_get(w->annotations, WEIR__AUTOSCALER_CLASS), *at;
    const char *class_name = value != NULL ? value->text : "hpa", *wrong;
    int is_keda = strcmp(class_name, "keda") == 0, bad = 0;
    struct weir__node *scaled_object = NULL;
    struct weir__message m;

    wrong = refused_workload(w, class_name, &at, &m);
    if (wrong == NULL && pod_metrics(w) != NO_POD_METRIC) {
        weir__kserve_setting(r->k, "opentelemetryCollector", &bad);
        wrong = bad ? "the entry opentelemetryCollector of ConfigMap inferenceservice-config is no "
                      "JSON object"
                    : NULL;
    }
    if (wrong == NULL && is_keda && weir__keda_panics(w)) {
        fail(r, c, w, NULL,
             "a metric lacks the part that its type names; KServe's controller "
             "crashes on it");
        c->outcome = WEIR__COMPONENT_PANIC;
        return;
    }
    if (wrong == NULL && is_keda) {
        scaled_object = weir__make_scaled_object(w, &wrong);
    }
    if (wrong != NULL) {
        fail(r, c, w, at, wrong);
        return;
    }
    reconcile_deployment(r, w, class_name);
    reconcile_collector(r, w);
    if (is_keda) {
        reconcile_keda(r, w, scaled_object);
    } else {
        reconcile_hpa(r, c, w, class_name);
    }
}

void weir__workload_reconcile(struct weir__kserve *k, struct weir__service *service,
                              struct weir__workload *w)
{
    struct round r = {k, service, w->extension, w->annotations, w->path, 0};
    struct weir__component_result *c;

    weir__begin_round(k);
    k->result.reconciled = 1;
    r.stopped = weir__is_stopped(service->annotations);
    c = begin(&r, w->role);
    if (strcmp(k->result.mode, WEIR__MODE_STANDARD) == 0) {
        reconcile_standard(&r, c, w);
    } else {
        reconcile_knative(&r, w);
    }
}

/* ---- canaries ------------------------------------------------------------------------------- */

/* ceil(min x percent / 100), unless the canary says so itself. */
static int64_t canary_count(const struct weir__node *spec, const struct weir__node *canary)
{
    int64_t min = 1, percent = 0, count;

    weir__node_int(weir__node_at(spec, "predictor"), "minReplicas", &min);
    weir__node_int(canary, "trafficPercent", &percent);
    if (weir__node_int(weir__node_at(canary, "predictor"), "minReplicas", &count)) {
        return count;
    }
    return (min * percent + 99) / 100;
}

/* Reconciles one, and returns how many of its pods the stable predictor may do without. */
static int64_t reconcile_canary(struct round *r, struct weir__component_result *c,
                                const struct weir__node *canary, size_t index)
{
    struct weir__kserve *k = r->k;
    const struct weir__node *component = weir__node_at(canary, "predictor");
    const struct weir__node *own = weir__node_at(component, "minReplicas");
    int64_t count = canary_count(r->spec, canary);
    struct weir__path path = *r->path;
    struct weir__workload w;
    struct weir__thing *deployment;

    weir__path_text(&path, path.length > 0 ? ".spec.canary" : "spec.canary");
    weir__path_index(&path, index);
    weir__path_text(&path, ".predictor");
    weir__workload_open(&w, k, r->service, r->annotations, "predictor", component, &path);
    w.fixed = 1;
    w.min = weir__grow_from(weir__grow_int(&k->g, count), NULL, own != NULL ? own : canary);
    if (own == NULL) {
        w.min_origin = "KServe: the canary's percentage of minReplicas";
    }
    deployment = weir__find_thing(k, WEIR__DEPLOYMENT, r->service->name_space, w.name);
    if (w.min != NULL) {
        reconcile_standard(r, c, &w);
    }
    return deployment != NULL && deployment->is_available ? count : 0;
}

static int64_t reconcile_canaries(struct round *r, struct weir__component_result *c)
{
    const struct weir__node *list = weir__node_at(r->spec, "canary");
    int64_t ready = 0;
    size_t index = 0;

    for (const struct weir__entry *e = list != NULL ? list->first : NULL;
         e != NULL && c->outcome == WEIR__COMPONENT_FINE; e = e->next) {
        ready += reconcile_canary(r, c, e->value, index++);
    }
    return ready;
}

/* While canaries are ready, the stable predictor has so many fewer pods, but one. */
static void take_off(struct round *r, struct weir__workload *w, int64_t ready)
{
    int64_t min;

    if (ready > 0 && w->min != NULL && weir__node_whole(w->min, &min)) {
        min = min - ready < 1 ? 1 : min - ready;
        w->min = weir__grow_from(weir__grow_int(&r->k->g, min), NULL, w->min);
        w->min_origin = "KServe: minReplicas less the pods of ready canaries";
    }
}

/* ---- the service ---------------------------------------------------------------------------- */

static int reconcile_component(struct round *r, const char *role)
{
    const struct weir__node *component = weir__node_at(r->spec, role);
    struct weir__path path = *r->path;
    struct weir__component_result *c;
    struct weir__workload w;
    int64_t ready = 0;
    int is_standard = strcmp(r->k->result.mode, WEIR__MODE_STANDARD) == 0;
    int is_modelmesh = strcmp(r->k->result.mode, WEIR__MODE_MODELMESH) == 0;

    if (component == NULL || (is_modelmesh && strcmp(role, "predictor") == 0)) {
        return 1;
    }
    c = begin(r, role);
    if (is_modelmesh) { /* it waits for the address of a predictor that others make */
        return 1;
    }
    weir__path_key(&path, "spec", 4);
    weir__path_key(&path, role, strlen(role));
    if (is_standard && strcmp(role, "predictor") == 0) {
        ready = reconcile_canaries(r, c);
    }
    weir__workload_open(&w, r->k, r->service, r->annotations, role, component, &path);
    take_off(r, &w, ready);
    if (c->outcome != WEIR__COMPONENT_FINE) {
        return 0;
    }
    if (is_standard) {
        reconcile_standard(r, c, &w);
    } else {
        reconcile_knative(r, &w);
    }
    return c->outcome == WEIR__COMPONENT_FINE;
}

static const char *mode_of(struct weir__kserve *k, const struct weir__service *service)
{
    const char *mode =
        weir__kserve_mode(weir__node_text(service->annotations, WEIR__DEPLOYMENT_MODE));

    if (service->mode[0] != '\0') {
        return service->mode;
    }
    return mode[0] != '\0' ? mode : k->settings.default_mode;
}

void weir__isvc_reconcile(struct weir__kserve *k, struct weir__service *service,
                          const struct weir__path *path)
{
    static const char *const roles[] = {"predictor", "transformer", "explainer"};
    struct round r = {k, service, weir__node_at(service->node, "spec"), NULL, path, 0};
    int bad = 0;

    weir__begin_round(k);
    k->result.reconciled = 1;
    k->result.mode = mode_of(k, service);
    service->mode = k->result.mode;
    if (strcmp(k->result.mode, WEIR__MODE_KNATIVE) == 0) {
        weir__kserve_allows_zero(k, &bad);
    }
    if (bad) {
        k->result.error = "allow-zero-initial-scale in ConfigMap config-autoscaler must be true or "
                          "false";
        k->problems->stages = WEIR_STAGE_RECONCILE;
        weir__problem(k->problems, WEIR_PROBLEM_ERROR, WEIR_E_RANGE, service->node->mark,
                      path->text, k->result.error);
        return;
    }
    r.annotations = weir__own_annotations(k, service);
    r.stopped = weir__is_stopped(service->annotations);
    k->result.skipped = strcmp(k->result.mode, WEIR__MODE_MODELMESH) == 0 &&
                        weir__node_at(r.spec, "transformer") == NULL;
    for (size_t i = 0; i < sizeof roles / sizeof roles[0] && !k->result.skipped; i++) {
        if (!reconcile_component(&r, roles[i])) {
            break;
        }
    }
}

/* ---- applying ------------------------------------------------------------------------------- */

void weir__isvc_apply(struct weir__kserve *k, const struct weir__node *node,
                      const struct weir__path *object)
{
    struct weir__service *service;
    struct weir__path path = *object;

    memset(&k->result, 0, sizeof k->result);
    k->result.mode = "";
    if (!weir__isvc_check(k, node, &path) || k->settings.error[0] != '\0' ||
        !weir__isvc_mutate(k, node, object)) {
        return;
    }
    service = weir__kserve_service(k, node, 1);
    weir__isvc_validate(k, node, service != NULL && service->node != NULL ? service : NULL, object);
    k->result.accepted = k->result.schema.refused == 0 && k->result.webhook == NULL;
    if (service == NULL) {
        return;
    }
    service->node = node;
    service->annotations = k->result.annotations;
    weir__isvc_reconcile(k, service, object);
}
