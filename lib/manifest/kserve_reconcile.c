/*
 * manifest/kserve_reconcile.c - KServe's controller for InferenceServices: which objects there are
 * after it has run.
 *
 * Upstream: pkg/controller/v1beta1/inferenceservice/controller.go, components, reconcilers/raw.
 */
#include "go_syntax.h"
#include "hpa_spec.h"
#include "kserve.h"

#include <string.h>

/* ---- things --------------------------------------------------------------------------------- */

struct weir__thing *weir__find_thing(struct weir__kserve *k, int32_t kind, const char *name_space,
                                     const char *name)
{
    for (struct weir__thing *t = k->things; t != NULL; t = t->next) {
        if (t->kind == kind && !t->refused && strcmp(t->name_space, name_space) == 0 &&
            strcmp(t->name, name) == 0) {
            return t;
        }
    }
    return NULL;
}

static struct weir__thing *add_thing(struct weir__kserve *k, int32_t kind, const char *name_space,
                                     const char *name)
{
    struct weir__thing *thing = weir__arena_take(k->arena, sizeof *thing), **link = &k->things;

    if (thing == NULL) {
        k->g.failed = 1;
        return NULL;
    }
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = thing;
    thing->kind = kind;
    thing->name_space = name_space;
    thing->name = name;
    return thing;
}

struct weir__thing *weir__put_thing(struct weir__kserve *k, int32_t kind,
                                    const struct weir__service *service, const char *name,
                                    struct weir__node *tree)
{
    struct weir__thing *thing = weir__find_thing(k, kind, service->name_space, name);

    if (thing == NULL) {
        thing = add_thing(k, kind, service->name_space, name);
    }
    if (thing != NULL) {
        thing->tree = tree;
        thing->by_kserve = 1;
        thing->is_new = 1;
        thing->source = service;
    }
    return thing;
}

struct weir__thing *weir__refuse_thing(struct weir__kserve *k, int32_t kind,
                                       const struct weir__service *service, const char *name,
                                       struct weir__node *tree)
{
    struct weir__thing *thing = add_thing(k, kind, service->name_space, name);

    if (thing != NULL) {
        thing->tree = tree;
        thing->refused = thing->is_new = 1;
        thing->source = service;
    }
    return thing;
}

void weir__begin_round(struct weir__kserve *k)
{
    struct weir__thing **link = &k->things;

    while (*link != NULL) {
        (*link)->is_new = 0;
        if ((*link)->refused) {
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
}

void weir__drop_thing(struct weir__kserve *k, int32_t kind, const char *name_space,
                      const char *name)
{
    struct weir__thing **link = &k->things;

    while (*link != NULL) {
        struct weir__thing *t = *link;

        if (t->kind == kind && strcmp(t->name_space, name_space) == 0 &&
            strcmp(t->name, name) == 0) {
            *link = t->next;
        } else {
            link = &t->next;
        }
    }
}

/* ---- annotations ---------------------------------------------------------------------------- */

/* Annotations that do not reach the objects. */
static int is_denied(const struct weir__kserve *k, const char *key)
{
    static const char *const denied[] = {
        WEIR__KNATIVE_PREFIX "min-scale", WEIR__KNATIVE_PREFIX "max-scale",
        "internal.serving.kserve.io/storage-initializer-sourceuri",
        "kubectl.kubernetes.io/last-applied-configuration", "modelFormat"};
    const struct weir__node *more =
        weir__node_at(k->settings.inference_service, "serviceAnnotationDisallowedList");

    for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++) {
        if (strcmp(key, denied[i]) == 0) {
            return 1;
        }
    }
    for (const struct weir__entry *e = more != NULL ? more->first : NULL; e != NULL; e = e->next) {
        if (weir__node_is(e->value, key)) {
            return 1;
        }
    }
    return 0;
}

static void merge(struct weir__kserve *k, struct weir__node *into, const struct weir__node *layer,
                  const char *origin)
{
    for (const struct weir__entry *e = layer != NULL ? layer->first : NULL; e != NULL;
         e = e->next) {
        struct weir__node *value;

        /* Without an entry inferenceService in the ConfigMap the list is empty. */
        if (k->settings.inference_service != NULL && is_denied(k, e->key)) {
            continue;
        }
        value = weir__grow_text(&k->g, e->value->text != NULL ? e->value->text : "");
        weir__grow_put(&k->g, into, e->key, weir__grow_from(value, origin, e->value));
    }
}

/* Whether a revision may begin without pods; *bad when the setting is no switch. */
static int allows_zero(const struct weir__kserve *k, int *bad)
{
    const char *text = k->allow_zero_initial_scale;
    int32_t value = 0;

    *bad = text[0] != '\0' && weir__go_bool(text, strlen(text), &value) != WEIR__GO_OK;
    return value;
}

/* In Knative mode an initial-scale that Knative would not take is taken away, unseen. */
struct weir__node *weir__own_annotations(struct weir__kserve *k, struct weir__service *service)
{
    static const char key[] = WEIR__KNATIVE_PREFIX "initial-scale";
    struct weir__node *a = weir__grow_copy(&k->g, service->annotations);
    const struct weir__node *scale = weir__node_get(a, key);
    int bad, zero = allows_zero(k, &bad);
    int64_t value;

    if (scale == NULL || strcmp(k->result.mode, WEIR__MODE_KNATIVE) != 0) {
        return a;
    }
    if (weir__go_int(scale->text, scale->length, 10, 64, &value) != WEIR__GO_OK ||
        (value == 0 && !zero)) {
        weir__grow_drop(a, key);
    }
    return a;
}

int weir__is_stopped(const struct weir__node *annotations)
{
    const char *text = weir__node_text(annotations, WEIR__STOP);
    static const char word[] = "true";
    size_t i = 0;

    while (i < sizeof word - 1 && (text[i] | 0x20) == word[i]) {
        i++;
    }
    return i == sizeof word - 1 && text[i] == '\0';
}

/* ---- requests ------------------------------------------------------------------------------- */

static const struct weir__node *requests_of(const struct weir__node *container)
{
    return weir__node_at(weir__node_at(container, "resources"), "requests");
}

/* The runtime that serves a model: the one that it names, or the first that takes its format. */
static const struct weir__node *find_runtime(const struct weir__kserve *k,
                                             const struct weir__node *predictor)
{
    const struct weir__node *model = weir__node_at(predictor, "model");
    const char *name = weir__node_text(model, "runtime");
    const char *format = weir__node_text(weir__node_at(model, "modelFormat"), "name");

    for (const struct weir__entry *e = k->runtimes != NULL ? k->runtimes->first : NULL; e != NULL;
         e = e->next) {
        const struct weir__node *spec = weir__node_at(e->value, "spec");
        const struct weir__node *formats = weir__node_at(spec, "supportedModelFormats");

        if (name[0] != '\0') {
            if (strcmp(weir__node_text(weir__node_at(e->value, "metadata"), "name"), name) == 0) {
                return spec;
            }
            continue;
        }
        for (const struct weir__entry *f = formats != NULL ? formats->first : NULL; f != NULL;
             f = f->next) {
            const struct weir__node *automatic = weir__node_at(f->value, "autoSelect");

            if ((format[0] == '\0' || strcmp(weir__node_text(f->value, "name"), format) == 0) &&
                automatic != NULL && automatic->integer) {
                return spec;
            }
        }
    }
    return NULL;
}

/* The container that serves: the one with the name, or the first. */
static const struct weir__node *main_container(const struct weir__node *pod)
{
    const struct weir__node *list = weir__node_at(pod, "containers");
    const struct weir__entry *first = list != NULL ? list->first : NULL;

    for (const struct weir__entry *e = first; e != NULL; e = e->next) {
        if (strcmp(weir__node_text(e->value, "name"), "kserve-container") == 0) {
            return e->value;
        }
    }
    return first != NULL ? first->value : NULL;
}

/* A container of the user's own gets what it lacks from the ConfigMap. */
static struct weir__node *custom_requests(struct weir__kserve *k,
                                          const struct weir__node *container)
{
    static const char *const names[][2] = {{"cpu", "cpuRequest"}, {"memory", "memoryRequest"}};
    const struct weir__node *defaults = weir__node_at(k->settings.inference_service, "resource");
    const struct weir__node *own = requests_of(container);
    struct weir__node *requests =
        own != NULL ? weir__grow_copy(&k->g, own) : weir__grow_mapping(&k->g);

    for (size_t i = 0; i < 2; i++) {
        const char *text = weir__node_text(defaults, names[i][1]);

        if (text[0] != '\0' && weir__node_at(requests, names[i][0]) == NULL) {
            weir__grow_put(
                &k->g, requests, names[i][0],
                weir__grow_from(weir__grow_text(&k->g, text), WEIR__KSERVE_CONFIG, NULL));
        }
    }
    return requests;
}

/* What upstream's shipped runtimes ask for; the runtime itself where the files hold it. */
static struct weir__node *model_requests(struct weir__kserve *k, const struct weir__node *runtime,
                                         const struct weir__node *model)
{
    struct weir__node *requests = weir__grow_mapping(&k->g);
    const struct weir__node *layers[2] = {requests_of(main_container(runtime)), requests_of(model)};

    if (runtime == NULL) {
        weir__grow_put(
            &k->g, requests, "cpu",
            weir__grow_from(weir__grow_text(&k->g, "1"), "KServe's shipped runtimes", NULL));
        weir__grow_put(
            &k->g, requests, "memory",
            weir__grow_from(weir__grow_text(&k->g, "2Gi"), "KServe's shipped runtimes", NULL));
    }
    for (size_t i = 0; i < 2; i++) {
        for (const struct weir__entry *e = layers[i] != NULL ? layers[i]->first : NULL; e != NULL;
             e = e->next) {
            weir__grow_put(&k->g, requests, e->key, weir__grow_copy(&k->g, e->value));
        }
    }
    return requests;
}

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

/* The parts of a workload that canaries share with the stable predictor. */
static void open_workload(struct round *r, struct weir__workload *w, const char *role,
                          const struct weir__node *component, struct weir__path *path)
{
    struct weir__kserve *k = r->k;
    const struct weir__node *runtime = NULL, *container = main_container(component);
    const struct weir__node *model = weir__node_at(component, "model");
    int is_custom = container != NULL && model == NULL;
    const char *own = weir__node_text(component, "name");
    const char *const parts[] = {r->service->name, own[0] != '\0' ? "-" : "", own, "-", role, NULL};

    memset(w, 0, sizeof *w);
    w->k = k;
    w->service = r->service;
    w->path = path;
    w->role = role;
    w->name = weir__grow_join(&k->g, parts);
    w->extension = component;
    w->min = weir__node_at(component, "minReplicas");
    w->annotations = weir__grow_mapping(&k->g);
    w->container = "kserve-container";
    if (!is_custom && strcmp(role, "predictor") == 0) {
        runtime = find_runtime(k, component);
        merge(k, w->annotations, weir__node_at(runtime, "annotations"), "the ServingRuntime");
        w->requests = model_requests(k, runtime, model);
    } else {
        w->requests = custom_requests(k, container);
        w->image = weir__node_at(container, "image");
    }
    merge(k, w->annotations, r->annotations, NULL);
    merge(k, w->annotations, weir__node_at(component, "annotations"), NULL);
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
    open_workload(r, &w, "predictor", component, &path);
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
    open_workload(r, &w, role, component, &path);
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
        allows_zero(k, &bad);
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

static struct weir__service *find_service(struct weir__kserve *k, const char *kind,
                                          const char *name_space, const char *name)
{
    for (struct weir__service *s = k->services; s != NULL; s = s->next) {
        if (strcmp(s->kind, kind) == 0 && strcmp(s->name_space, name_space) == 0 &&
            strcmp(s->name, name) == 0) {
            return s;
        }
    }
    return NULL;
}

struct weir__service *weir__kserve_service(struct weir__kserve *k, const struct weir__node *node,
                                           int make)
{
    const struct weir__node *metadata = weir__node_at(node, "metadata");
    const char *kind = weir__node_text(node, "kind");
    const char *name = weir__node_text(metadata, "name");
    const char *name_space = weir__node_text(metadata, "namespace");
    struct weir__service *service;

    name_space = name_space[0] != '\0' ? name_space : "default";
    service = find_service(k, kind, name_space, name);
    if (service == NULL && make) {
        service = weir__arena_take(k->arena, sizeof *service);
        if (service == NULL) {
            k->g.failed = 1;
            return NULL;
        }
        service->kind = kind;
        service->name = name;
        service->name_space = name_space;
        service->mode = "";
        service->next = k->services;
        k->services = service;
    }
    return service;
}

void weir__kserve_forget(struct weir__kserve *k, const struct weir__service *service)
{
    struct weir__thing **thing = &k->things;
    struct weir__service **link = &k->services;

    while (*thing != NULL) {
        if ((*thing)->source == service) {
            *thing = (*thing)->next;
        } else {
            thing = &(*thing)->next;
        }
    }
    while (*link != NULL) {
        if (*link == service) {
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
}

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
