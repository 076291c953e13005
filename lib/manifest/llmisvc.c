/*
 * manifest/llmisvc.c - LLMInferenceServices to the objects that scale them: an HPA on what WVA
 * wants, a ScaledObject on the same, or a ScaledObject with the user's own triggers.
 *
 * Upstream: pkg/controller/v1alpha2/llmisvc/scaling.go; knative.dev/pkg kmeta/names.go.
 */
#include "llmisvc.h"
#include "md5.h"

#include <string.h>

#define ACCELERATOR "inference.optimization/acceleratorName"

/* ---- names ---------------------------------------------------------------------------------- */

/* A name with a suffix, of at most 63 letters. */
static const char *child_name(struct weir__grower *g, const char *parent, const char *suffix)
{
    enum { LONGEST = 63, DIGEST = 32 };
    size_t length = strlen(parent), head = LONGEST - DIGEST - strlen(suffix);
    const char *const plain[] = {parent, suffix, NULL};
    char cut[LONGEST + 1] = "", digest[DIGEST + 1];
    const char *const shortened[] = {cut, digest, suffix, NULL};

    if (length <= LONGEST - strlen(suffix)) {
        return weir__grow_join(g, plain);
    }
    memcpy(cut, parent, head);
    cut[head] = '\0';
    weir__md5(parent, length, digest);
    return weir__grow_join(g, shortened);
}

/* ---- a workload ----------------------------------------------------------------------------- */

enum { MAIN, PREFILL };

struct workload {
    struct weir__kserve *k;
    const struct weir__service *service;
    const struct weir__node *node, *scaling; /* the workload, and its block with defaults */
    const struct weir__node *model;
    const char *path; /* of the scaling block */
    const char *hpa_name, *keda_name, *target_name, *condition;
    int several_nodes;
};

static const char *origin(const struct workload *w, const char *key)
{
    const char *const parts[] = {w->path, ".", key, NULL};

    return weir__grow_join(&w->k->g, parts);
}

static void open_workload(struct workload *w, struct weir__kserve *k,
                          const struct weir__service *service, int which,
                          const struct weir__node *scaling)
{
    static const char *const suffixes[][4] = {
        {"-kserve-hpa", "-kserve-keda", "-kserve", "-kserve-mn"},
        {"-kserve-prefill-hpa", "-kserve-prefill-keda", "-kserve-prefill", "-kserve-mn-prefill"}};
    const struct weir__node *spec = weir__node_at(service->node, "spec");

    w->k = k;
    w->service = service;
    w->node = which == MAIN ? spec : weir__node_at(spec, "prefill");
    w->scaling = scaling;
    w->model = weir__node_at(spec, "model");
    w->path = which == MAIN ? "spec.scaling" : "spec.prefill.scaling";
    w->several_nodes = weir__node_at(w->node, "worker") != NULL;
    w->hpa_name = child_name(&k->g, service->name, suffixes[which][0]);
    w->keda_name = child_name(&k->g, service->name, suffixes[which][1]);
    w->target_name = child_name(&k->g, service->name, suffixes[which][2 + w->several_nodes]);
    w->condition = which == MAIN ? "ScalingReady" : "PrefillScalingReady";
}

/* ---- objects -------------------------------------------------------------------------------- */

/* Annotations and a label by which WVA knows its objects. */
static void mark_for_wva(const struct workload *w, struct weir__node *metadata)
{
    struct weir__grower *g = &w->k->g;
    const struct weir__node *cost = weir__node_at(weir__node_at(w->scaling, "wva"), "variantCost");
    const char *name = weir__node_text(w->model, "name");
    const char *label = weir__node_text(weir__node_at(w->node, "labels"), ACCELERATOR);
    struct weir__node *annotations = weir__grow_under(g, metadata, "annotations");

    weir__grow_put_text(g, annotations, "llm-d.ai/managed", "true");
    weir__grow_put_text(g, annotations, "llm-d.ai/model-id",
                        name[0] != '\0' ? name : weir__node_text(w->model, "uri"));
    if (cost != NULL && cost->length > 0) {
        weir__grow_put(g, annotations, "llm-d.ai/variant-cost", weir__grow_copy(g, cost));
    }
    weir__grow_put_text(g, weir__grow_under(g, metadata, "labels"), ACCELERATOR,
                        label[0] != '\0' ? label : "unknown");
}

static struct weir__node *make_object(const struct workload *w, const char *api_version,
                                      const char *kind, const char *name)
{
    struct weir__grower *g = &w->k->g;
    struct weir__node *object = weir__grow_mapping(g), *target;

    weir__grow_put_text(g, object, "apiVersion", api_version);
    weir__grow_put_text(g, object, "kind", kind);
    weir__grow_put(g, object, "metadata", weir__make_metadata(w->k, w->service, name, NULL));
    target = weir__grow_under(g, weir__grow_under(g, object, "spec"), "scaleTargetRef");
    weir__grow_put_text(g, target, "apiVersion",
                        w->several_nodes ? "leaderworkerset.x-k8s.io/v1" : "apps/v1");
    weir__grow_put_text(g, target, "kind", w->several_nodes ? "LeaderWorkerSet" : "Deployment");
    weir__grow_put_text(g, target, "name", w->target_name);
    return object;
}

static void put_bound(const struct workload *w, struct weir__node *spec, const char *name,
                      const char *key)
{
    const struct weir__node *written = weir__node_at(w->scaling, key);
    int64_t value = 0;

    weir__node_int(w->scaling, key, &value);
    weir__grow_put(&w->k->g, spec, name,
                   weir__grow_from(weir__grow_int(&w->k->g, value),
                                   written != NULL && written->origin == NULL
                                       ? origin(w, key)
                                       : WEIR__KSERVE_DEFAULT,
                                   written));
}

static struct weir__node *make_hpa(const struct workload *w)
{
    struct weir__grower *g = &w->k->g;
    struct weir__node *object =
        make_object(w, "autoscaling/v2", "HorizontalPodAutoscaler", w->hpa_name);
    struct weir__node *spec = weir__grow_under(g, object, "spec"), *metrics, *metric, *external;
    const struct weir__node *behavior =
        weir__node_at(weir__node_at(weir__node_at(w->scaling, "wva"), "hpa"), "behavior");

    mark_for_wva(w, weir__grow_under(g, object, "metadata"));
    put_bound(w, spec, "minReplicas", "minReplicas");
    put_bound(w, spec, "maxReplicas", "maxReplicas");
    metrics = weir__grow_list(g);
    metric = weir__grow_mapping(g);
    weir__grow_put_text(g, metric, "type", "External");
    external = weir__grow_under(g, metric, "external");
    weir__grow_put_text(g, weir__grow_under(g, external, "metric"), "name", "wva_desired_replicas");
    weir__grow_put_text(
        g,
        weir__grow_under(g,
                         weir__grow_under(g, weir__grow_under(g, external, "metric"), "selector"),
                         "matchLabels"),
        "variant_name", w->hpa_name);
    weir__grow_put_text(g, weir__grow_under(g, external, "target"), "type", "Value");
    weir__grow_put(g, weir__grow_under(g, external, "target"), "value",
                   weir__grow_from(weir__grow_text(g, "1"), "KServe", NULL));
    weir__grow_add(g, metrics, metric);
    weir__grow_put(g, spec, "metrics", metrics);
    if (behavior != NULL) {
        weir__grow_put(g, spec, "behavior", weir__grow_copy(g, behavior));
    }
    return object;
}

/* The trigger on what WVA wants; NULL, and why, when the settings do not do. */
static struct weir__node *make_wva_trigger(const struct workload *w, const char **error)
{
    struct weir__grower *g = &w->k->g;
    int bad;
    const struct weir__node *prometheus = weir__node_at(
        weir__kserve_setting(w->k, "autoscaling-wva-controller-config", &bad), "prometheus");
    const struct weir__node *insecure = weir__node_at(prometheus, "tlsInsecureSkipVerify");
    const char *modes = weir__node_text(prometheus, "authModes");
    const char *name = weir__node_text(prometheus, "triggerAuthName");
    const char *kind = weir__node_text(prometheus, "triggerAuthKind");
    const char *const query[] = {"wva_desired_replicas{variant_name=\"",
                                 w->keda_name,
                                 "\",exported_namespace=\"",
                                 w->service->name_space,
                                 "\"}",
                                 NULL};
    struct weir__node *trigger = weir__grow_mapping(g), *metadata, *login;

    *error =
        weir__node_text(prometheus, "url")[0] == '\0'
            ? "wva.keda needs prometheus.url in the entry autoscaling-wva-controller-config of "
              "ConfigMap inferenceservice-config"
        : (modes[0] == '\0') != (name[0] == '\0')
            ? "authModes and triggerAuthName of autoscaling-wva-controller-config must be set "
              "both or not at all"
            : NULL;
    weir__grow_put_text(g, trigger, "type", "prometheus");
    weir__grow_put_text(g, trigger, "name", "wva-desired-replicas");
    metadata = weir__grow_under(g, trigger, "metadata");
    weir__grow_put(g, metadata, "serverAddress",
                   weir__grow_from(weir__grow_text(g, weir__node_text(prometheus, "url")),
                                   WEIR__KSERVE_CONFIG, NULL));
    weir__grow_put_text(g, metadata, "query", weir__grow_join(g, query));
    weir__grow_put(g, metadata, "threshold",
                   weir__grow_from(weir__grow_text(g, "1"), "KServe", NULL));
    weir__grow_put_text(g, metadata, "unsafeSsl",
                        insecure != NULL && insecure->integer ? "true" : "false");
    if (modes[0] != '\0') {
        weir__grow_put_text(g, metadata, "authModes", modes);
        login = weir__grow_under(g, trigger, "authenticationRef");
        weir__grow_put_text(g, login, "name", name);
        if (kind[0] != '\0') {
            weir__grow_put_text(g, login, "kind", kind);
        }
    }
    return trigger;
}

/* Go writes no empty texts. */
static struct weir__node *without_empty(struct weir__node *node)
{
    struct weir__entry *e = node != NULL && node->type == WEIR__NODE_MAPPING ? node->first : NULL;

    while (e != NULL) {
        struct weir__entry *next = e->next;

        if (e->value->type == WEIR__NODE_STRING && e->value->length == 0) {
            weir__grow_drop(node, e->key);
        } else {
            without_empty(e->value);
        }
        e = next;
    }
    return node;
}

/* And integers always. */
static void put_zeros(struct weir__grower *g, struct weir__node *fallback)
{
    static const char *const keys[] = {"failureThreshold", "replicas"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (weir__node_at(fallback, keys[i]) == NULL) {
            weir__grow_put(g, fallback, keys[i], weir__grow_int(g, 0));
        }
    }
}

static struct weir__node *make_scaled_object(const struct workload *w, const char **error)
{
    static const char *const knobs[] = {
        "pollingInterval",  "cooldownPeriod", "initialCooldownPeriod",
        "idleReplicaCount", "fallback",       "advanced"};
    struct weir__grower *g = &w->k->g;
    const struct weir__node *direct = weir__node_at(w->scaling, "keda");
    const struct weir__node *keda =
        direct != NULL ? direct : weir__node_at(weir__node_at(w->scaling, "wva"), "keda");
    const struct weir__node *triggers = weir__node_at(direct, "triggers");
    struct weir__node *object = make_object(w, "keda.sh/v1alpha1", "ScaledObject", w->keda_name);
    struct weir__node *spec = weir__grow_under(g, object, "spec"), *list;

    *error = NULL;
    put_bound(w, spec, "minReplicaCount", "minReplicas");
    put_bound(w, spec, "maxReplicaCount", "maxReplicas");
    for (size_t i = 0; i < sizeof knobs / sizeof knobs[0]; i++) {
        const struct weir__node *knob = weir__node_at(keda, knobs[i]);

        if (knob != NULL) {
            weir__grow_put(g, spec, knobs[i], without_empty(weir__grow_copy(g, knob)));
        }
    }
    if (weir__node_at(spec, "fallback") != NULL) {
        put_zeros(g, weir__grow_under(g, spec, "fallback"));
    }
    if (direct != NULL) {
        list = triggers != NULL ? weir__grow_copy(g, triggers) : weir__grow_list(g);
    } else {
        mark_for_wva(w, weir__grow_under(g, object, "metadata"));
        list = weir__grow_list(g);
        weir__grow_add(g, list, make_wva_trigger(w, error));
    }
    weir__grow_put(g, spec, "triggers", list);
    return object;
}

/* ---- reconciling ---------------------------------------------------------------------------- */

static void fail(const struct workload *w, const char *message)
{
    w->k->result.error = message;
    w->k->problems->stages = WEIR_STAGE_RECONCILE;
    weir__problem(w->k->problems, WEIR_PROBLEM_ERROR, WEIR_E_RANGE,
                  w->scaling != NULL ? w->scaling->mark : w->node->mark, w->path, message);
}

/* What another mechanism made before. */
static void drop_stale(const struct workload *w)
{
    const struct weir__node *wva = weir__node_at(w->scaling, "wva");

    if (weir__node_at(wva, "hpa") == NULL) {
        weir__drop_thing(w->k, WEIR__HPA, w->service->name_space, w->hpa_name);
    }
    if (weir__node_at(w->scaling, "keda") == NULL && weir__node_at(wva, "keda") == NULL) {
        weir__drop_thing(w->k, WEIR__SCALED_OBJECT, w->service->name_space, w->keda_name);
    }
}

/* Returns whether the API server lets it in. */
static int reconcile_hpa(const struct workload *w)
{
    struct weir__path path;
    struct weir__node *tree;

    if (weir__node_at(weir__node_at(w->scaling, "wva"), "hpa") == NULL) {
        return 1;
    }
    tree = make_hpa(w);
    weir__path_clear(&path);
    if (tree == NULL || !weir__hpa_is_let_in(w->k, tree, &path)) {
        weir__refuse_thing(w->k, WEIR__HPA, w->service, w->hpa_name, tree);
        w->k->result.error = "the API server refuses the HorizontalPodAutoscaler";
        return 0;
    }
    weir__put_thing(w->k, WEIR__HPA, w->service, w->hpa_name, tree);
    return 1;
}

/* Returns whether the settings do. */
static int reconcile_keda(const struct workload *w)
{
    const char *error;
    struct weir__node *tree;

    if (weir__node_at(w->scaling, "keda") == NULL &&
        weir__node_at(weir__node_at(w->scaling, "wva"), "keda") == NULL) {
        return 1;
    }
    tree = make_scaled_object(w, &error);
    if (error != NULL) {
        fail(w, error);
        return 0;
    }
    weir__put_thing(w->k, WEIR__SCALED_OBJECT, w->service, w->keda_name, tree);
    return 1;
}

/* The condition of a workload that is scaled, before anything in the cluster has answered. */
static void put_condition(const struct workload *w)
{
    struct weir__grower *g = &w->k->g;
    int is_hpa = weir__node_at(w->scaling, "keda") == NULL &&
                 weir__node_at(weir__node_at(w->scaling, "wva"), "hpa") != NULL;
    struct weir__node *condition;

    weir__grow_drop(w->service->conditions, w->condition);
    if (weir__find_thing(w->k, is_hpa ? WEIR__HPA : WEIR__SCALED_OBJECT, w->service->name_space,
                         is_hpa ? w->hpa_name : w->keda_name) != NULL) {
        condition = weir__grow_under(g, w->service->conditions, w->condition);
        weir__grow_put_text(g, condition, "status", "False");
        weir__grow_put_text(g, condition, "reason",
                            is_hpa ? "HPAProgressing" : "ScaledObjectProgressing");
    }
}

/* The first error ends it; what was not come to stays as it was. */
static void reconcile(struct weir__kserve *k, struct weir__service *service,
                      const struct weir__node *scaling, const struct weir__node *prefill)
{
    const struct weir__node *blocks[2] = {scaling, prefill};
    int bad, stopped = weir__is_stopped(service->annotations);

    weir__begin_round(k);
    k->result.reconciled = 1;
    if (service->conditions == NULL) {
        service->conditions = weir__grow_mapping(&k->g);
    }
    k->result.conditions = service->conditions;
    weir__kserve_setting(k, "autoscaling-wva-controller-config", &bad);
    if (bad) {
        k->result.error = "the entry autoscaling-wva-controller-config of ConfigMap "
                          "inferenceservice-config is no JSON object";
        k->problems->stages = WEIR_STAGE_RECONCILE;
        weir__problem(k->problems, WEIR_PROBLEM_ERROR, WEIR_E_RANGE, service->node->mark, "",
                      k->result.error);
        return;
    }
    for (int i = 0; i < 2; i++) {
        struct workload w;

        open_workload(&w, k, service, i, stopped ? NULL : blocks[i]);
        drop_stale(&w);
        if (!reconcile_hpa(&w) || !reconcile_keda(&w)) {
            return;
        }
        put_condition(&w);
    }
}

/* ---- applying ------------------------------------------------------------------------------- */

void weir__llmisvc_apply(struct weir__kserve *k, const struct weir__node *node,
                         const struct weir__path *object)
{
    const struct weir__node *spec = weir__node_at(node, "spec");
    const struct weir__node *metadata = weir__node_at(node, "metadata");
    struct weir__path path = *object;
    struct weir__node *scaling, *prefill, *defaulted;
    struct weir__service *service;

    memset(&k->result, 0, sizeof k->result);
    k->result.mode = "";
    if (!weir__metadata_check(k, node, &path)) {
        return;
    }
    k->problems->stages = WEIR_STAGE_API;
    weir__schema_check(weir__llmisvc_rules, k->definition, node, &path, k->arena, k->problems,
                       &k->result.schema);
    scaling = weir__llm_scaling(k, spec);
    prefill = weir__llm_scaling(k, weir__node_at(spec, "prefill"));
    weir__llmisvc_validate(k, spec, scaling, prefill, object);
    if (k->result.schema.undecoded > 0) {
        return;
    }
    k->result.defaulted = defaulted = weir__grow_mapping(&k->g);
    weir__grow_put(&k->g, defaulted, "scaling", scaling != NULL ? scaling : weir__grow_null(&k->g));
    weir__grow_put(&k->g, defaulted, "prefill_scaling",
                   prefill != NULL ? prefill : weir__grow_null(&k->g));
    k->result.accepted =
        k->result.schema.refused == 0 && k->result.rules == 0 && k->result.webhook == NULL;
    service = weir__kserve_service(k, node, 1);
    if (service == NULL) {
        return;
    }
    service->node = node;
    service->annotations = weir__node_at(metadata, "annotations");
    reconcile(k, service, scaling, prefill);
}
