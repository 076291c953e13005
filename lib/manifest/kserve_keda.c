/*
 * manifest/kserve_keda.c - a component of class keda to its ScaledObject.
 *
 * Of what a metric says, KServe keeps little: of an External or PodMetric target only `value`, as
 * it was written, whatever the type; of behavior only the stabilization windows.
 *
 * Upstream: pkg/controller/v1beta1/inferenceservice/reconcilers/keda/keda_reconciler.go.
 */
#include "go_syntax.h"
#include "kserve.h"

#include <string.h>

/* ---- metrics to triggers -------------------------------------------------------------------- */

/* One metric of autoScaling. */
struct metric {
    struct weir__workload *w;
    const struct weir__node *source, *target;
    const char *why; /* the path of the source */
};

static struct weir__node *amount(const struct metric *m, const char *key)
{
    struct weir__grower *g = &m->w->k->g;
    const struct weir__node *value = weir__node_at(m->target, key);
    const char *const parts[] = {m->why, ".target.", key, NULL};
    struct weir__node *made = weir__grow_text(g, weir__amount_text(g, value));

    return value == NULL ? weir__grow_from(made, WEIR__KSERVE_DEFAULT, m->source)
                         : weir__grow_from(made, weir__grow_join(g, parts), value);
}

static struct weir__node *make_trigger(struct weir__workload *w, const char *type,
                                       const struct weir__node *written)
{
    struct weir__node *trigger = weir__grow_mapping(&w->k->g);

    weir__grow_put_text(&w->k->g, trigger, "type", type);
    weir__grow_put(&w->k->g, trigger, "metadata", weir__grow_mapping(&w->k->g));
    return weir__grow_from(trigger, NULL, written);
}

static struct weir__node *resource_trigger(const struct metric *m)
{
    struct weir__grower *g = &m->w->k->g;
    const char *name = weir__node_text(m->source, "name");
    const char *type = weir__node_text(m->target, "type");
    struct weir__node *trigger = make_trigger(m->w, name, m->source), *value;
    int64_t percent;

    if (type[0] != '\0') {
        weir__grow_put_text(g, trigger, "metricType", type);
    }
    if (strcmp(type, "AverageValue") == 0) {
        value = amount(m, "averageValue");
    } else if (strcmp(type, "Value") == 0) {
        value = amount(m, "value");
    } else if (strcmp(type, "Utilization") == 0 &&
               weir__node_int(m->target, "averageUtilization", &percent)) {
        value = amount(m, "averageUtilization");
    } else {
        int is_half_set = strcmp(type, "Utilization") == 0 && strcmp(name, "cpu") == 0;

        value = weir__grow_from(weir__grow_text(g, is_half_set ? "80" : "0"), WEIR__KSERVE_DEFAULT,
                                m->source);
    }
    weir__grow_put(g, weir__grow_under(g, trigger, "metadata"), "value", value);
    return trigger;
}

static void put_written(struct weir__grower *g, struct weir__node *metadata, const char *key,
                        const struct weir__node *written, int always)
{
    const char *text = written != NULL && written->type == WEIR__NODE_STRING ? written->text : "";

    if (always || text[0] != '\0') {
        weir__grow_put(g, metadata, key, weir__grow_from(weir__grow_text(g, text), NULL, written));
    }
}

static struct weir__node *external_trigger(const struct metric *m)
{
    struct weir__grower *g = &m->w->k->g;
    const struct weir__node *metric = weir__node_at(m->source, "metric");
    const struct weir__node *login = weir__node_at(m->source, "authenticationRef");
    const struct weir__node *name =
        weir__node_at(weir__node_at(login, "authenticationRef"), "name");
    const char *backend = weir__node_text(metric, "backend");
    struct weir__node *trigger = make_trigger(m->w, backend, m->source);
    struct weir__node *metadata = weir__grow_under(g, trigger, "metadata");

    put_written(g, metadata, "serverAddress", weir__node_at(metric, "serverAddress"), 1);
    put_written(g, metadata, "query", weir__node_at(metric, "query"), 1);
    weir__grow_put(g, metadata, "threshold", amount(m, "value"));
    if (strcmp(backend, "prometheus") == 0) {
        put_written(g, metadata, "namespace", weir__node_at(metric, "namespace"), 0);
    }
    put_written(g, metadata, "authModes", weir__node_at(login, "authModes"), 0);
    if (name != NULL && name->length > 0) {
        weir__grow_put_text(g, weir__grow_under(g, trigger, "authenticationRef"), "name",
                            name->text);
    }
    return trigger;
}

static struct weir__node *pod_trigger(const struct metric *m)
{
    struct weir__grower *g = &m->w->k->g;
    const struct weir__node *metric = weir__node_at(m->source, "metric");
    const struct weir__node *address = weir__node_at(metric, "serverAddress");
    const struct weir__node *query = weir__node_at(metric, "query");
    const char *const parts[] = {"sum(",
                                 weir__node_text(metric, "query"),
                                 "{namespace=\"",
                                 m->w->service->name_space,
                                 "\", deployment=\"",
                                 m->w->name,
                                 "\"})",
                                 NULL};
    struct weir__node *trigger, *metadata, *endpoint;
    int bad;

    if (strcmp(weir__node_text(metric, "backend"), "opentelemetry") != 0) {
        return make_trigger(m->w, "", m->source);
    }
    trigger = make_trigger(m->w, "external", m->source);
    metadata = weir__grow_under(g, trigger, "metadata");
    if (address != NULL && address->length > 0) {
        put_written(g, metadata, "scalerAddress", address, 1);
    } else {
        const struct weir__node *config =
            weir__kserve_setting(m->w->k, "opentelemetryCollector", &bad);

        endpoint = weir__grow_text(g, weir__node_text(config, "metricScalerEndpoint"));
        weir__grow_put(g, metadata, "scalerAddress",
                       weir__grow_from(endpoint, WEIR__KSERVE_CONFIG, m->source));
    }
    weir__grow_put(g, metadata, "metricQuery",
                   weir__grow_from(weir__grow_text(g, weir__grow_join(g, parts)), NULL,
                                   query != NULL ? query : m->source));
    weir__grow_put(g, metadata, "targetValue", amount(m, "value"));
    put_written(g, metadata, "operationOverTime", weir__node_at(metric, "operationOverTime"), 0);
    return trigger;
}

static struct weir__node *trigger_of(struct weir__workload *w, const struct weir__node *entry,
                                     size_t index)
{
    static const struct {
        const char *type, *member;
        struct weir__node *(*make)(const struct metric *m);
    } types[] = {{"Resource", "resource", resource_trigger},
                 {"External", "external", external_trigger},
                 {"PodMetric", "podmetric", pod_trigger}};
    struct weir__path path = *w->path;

    weir__path_text(&path, ".autoScaling.metrics");
    weir__path_index(&path, index);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(weir__node_text(entry, "type"), types[i].type) == 0) {
            struct metric m = {w, weir__node_at(entry, types[i].member), NULL, NULL};

            weir__path_key(&path, types[i].member, strlen(types[i].member));
            m.target = weir__node_at(m.source, "target");
            m.why = weir__arena_text(w->k->arena, path.text, strlen(path.text));
            w->k->g.failed |= m.why == NULL;
            return m.why != NULL ? types[i].make(&m) : NULL;
        }
    }
    return NULL;
}

int weir__keda_panics(const struct weir__workload *w)
{
    const struct weir__node *list =
        w->fixed ? NULL : weir__node_at(weir__node_at(w->extension, "autoScaling"), "metrics");

    for (const struct weir__entry *e = list != NULL ? list->first : NULL; e != NULL; e = e->next) {
        const char *type = weir__node_text(e->value, "type");
        const char *member = strcmp(type, "Resource") == 0    ? "resource"
                             : strcmp(type, "External") == 0  ? "external"
                             : strcmp(type, "PodMetric") == 0 ? "podmetric"
                                                              : NULL;

        if (member != NULL && weir__node_at(e->value, member) == NULL) {
            return 1;
        }
    }
    return 0;
}

/* ---- windows -------------------------------------------------------------------------------- */

/* The window of the ConfigMap: a text that is an integer, or none. */
static int config_window(const struct weir__node *config, const char *key, int64_t *seconds)
{
    const char *text = weir__node_text(config, key);

    return weir__go_int(text, strlen(text), 10, 32, seconds) == WEIR__GO_OK;
}

/* Both windows, up and down: NULL where there is none. */
static const char *find_windows(struct weir__workload *w, struct weir__node *windows[2])
{
    static const char *const sides[] = {"scaleUp", "scaleDown"};
    static const char *const keys[] = {"scaleUpStabilizationWindowSeconds",
                                       "scaleDownStabilizationWindowSeconds"};
    const struct weir__node *behavior =
        w->fixed ? NULL : weir__node_at(weir__node_at(w->extension, "autoScaling"), "behavior");
    const struct weir__node *config = NULL;
    struct weir__grower *g = &w->k->g;
    int bad, missing = 0;
    int64_t seconds;

    for (size_t i = 0; i < 2; i++) {
        const char *const parts[] = {w->path->text, ".autoScaling.behavior.", sides[i],
                                     ".stabilizationWindowSeconds", NULL};
        const struct weir__node *side = weir__node_at(behavior, sides[i]);

        windows[i] = NULL;
        if (weir__node_int(side, "stabilizationWindowSeconds", &seconds)) {
            windows[i] = weir__grow_from(weir__grow_int(g, seconds), weir__grow_join(g, parts),
                                         weir__node_get(side, "stabilizationWindowSeconds"));
        }
        missing |= windows[i] == NULL;
    }
    if (!missing) {
        return NULL;
    }
    config = weir__kserve_setting(w->k, "autoscaler", &bad);
    for (size_t i = 0; i < 2 && !bad; i++) {
        const struct weir__node *value = weir__node_at(config, keys[i]);

        bad = value != NULL && value->type != WEIR__NODE_STRING;
        if (windows[i] == NULL && config_window(config, keys[i], &seconds)) {
            windows[i] = weir__grow_from(weir__grow_int(g, seconds), WEIR__KSERVE_CONFIG, NULL);
        }
    }
    return bad ? "the entry autoscaler of ConfigMap inferenceservice-config must be a JSON object "
                 "of texts"
               : NULL;
}

static void put_windows(struct weir__workload *w, struct weir__node *spec,
                        struct weir__node *windows[2])
{
    static const char *const sides[] = {"scaleUp", "scaleDown"};
    struct weir__grower *g = &w->k->g;

    for (size_t i = 0; i < 2; i++) {
        if (windows[i] != NULL) {
            struct weir__node *advanced = weir__grow_under(g, spec, "advanced");
            struct weir__node *hpa = weir__grow_under(g, advanced, "horizontalPodAutoscalerConfig");
            struct weir__node *behavior = weir__grow_under(g, hpa, "behavior");

            weir__grow_put(g, weir__grow_under(g, behavior, sides[i]), "stabilizationWindowSeconds",
                           windows[i]);
        }
    }
}

/* ---- the object ----------------------------------------------------------------------------- */

static struct weir__node *bound(struct weir__workload *w, int64_t value, const char *key,
                                const struct weir__node *written)
{
    const char *const parts[] = {w->path->text, ".", key, NULL};
    const char *origin = written != NULL ? weir__grow_join(&w->k->g, parts) : WEIR__KSERVE_DEFAULT;

    return weir__grow_from(weir__grow_int(&w->k->g, value), origin, written);
}

static void put_bounds(struct weir__workload *w, struct weir__node *spec)
{
    struct weir__grower *g = &w->k->g;
    const struct weir__node *most = w->fixed ? NULL : weir__node_at(w->extension, "maxReplicas");
    int64_t min = 1, max = 0;
    struct weir__node *made;

    if (w->min != NULL) {
        weir__node_whole(w->min, &min);
    }
    if (most != NULL) {
        weir__node_whole(most, &max);
    }
    made = bound(w, min, "minReplicas", w->min);
    weir__grow_put(g, spec, "minReplicaCount",
                   w->min_origin != NULL ? weir__grow_from(made, w->min_origin, w->min) : made);
    if (max < min) {
        made = weir__grow_from(weir__grow_int(g, min),
                               "KServe: there is no maxReplicas above minReplicas, so both are "
                               "the same",
                               most);
    } else {
        made = bound(w, max, "maxReplicas", most);
    }
    weir__grow_put(g, spec, "maxReplicaCount", made);
}

struct weir__node *weir__make_scaled_object(struct weir__workload *w, const char **error)
{
    struct weir__grower *g = &w->k->g;
    const struct weir__node *block = w->fixed ? NULL : weir__node_at(w->extension, "autoScaling");
    const struct weir__node *list = weir__node_at(block, "metrics");
    struct weir__node *object, *spec, *triggers, *windows[2];
    size_t index = 0;

    *error = find_windows(w, windows);
    object = weir__make_object(w, "keda.sh/v1alpha1", "ScaledObject", w->annotations);
    spec = weir__grow_under(g, object, "spec");
    weir__grow_put_text(g, weir__grow_under(g, spec, "scaleTargetRef"), "name", w->name);
    put_bounds(w, spec);
    put_windows(w, spec, windows);
    triggers = weir__grow_list(g);
    for (const struct weir__entry *e = list != NULL ? list->first : NULL; e != NULL; e = e->next) {
        struct weir__node *trigger = trigger_of(w, e->value, index++);

        if (trigger != NULL) {
            weir__grow_add(g, triggers, trigger);
        }
    }
    weir__grow_put(g, spec, "triggers", triggers);
    return object;
}
