/*
 * manifest/kserve_workload.c - a workload that KServe's controller makes of a component: its name,
 * its annotations out of three layers, and what its containers request.
 *
 * Upstream: pkg/controller/v1beta1/inferenceservice/components, utils.
 */
#include "go_syntax.h"
#include "kserve.h"

#include <string.h>

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

int weir__kserve_allows_zero(const struct weir__kserve *k, int *bad)
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
    int bad, zero = weir__kserve_allows_zero(k, &bad);
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

/* ---- the workload --------------------------------------------------------------------------- */

void weir__workload_open(struct weir__workload *w, struct weir__kserve *k,
                         struct weir__service *service, const struct weir__node *annotations,
                         const char *role, const struct weir__node *component,
                         struct weir__path *path)
{
    const struct weir__node *runtime = NULL, *container = main_container(component);
    const struct weir__node *model = weir__node_at(component, "model");
    int is_custom = container != NULL && model == NULL;
    const char *own = weir__node_text(component, "name");
    const char *const parts[] = {service->name, own[0] != '\0' ? "-" : "", own, "-", role, NULL};

    memset(w, 0, sizeof *w);
    w->k = k;
    w->service = service;
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
    merge(k, w->annotations, annotations, NULL);
    merge(k, w->annotations, weir__node_at(component, "annotations"), NULL);
}
