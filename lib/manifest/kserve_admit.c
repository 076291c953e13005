/*
 * manifest/kserve_admit.c - InferenceServices through the API server and KServe's webhooks, up to
 * the rules about scaling, which are in kserve_rules.c.
 *
 * Upstream: pkg/apis/serving/v1beta1/inference_service_defaults.go,
 * inference_service_validation.go.
 */
#include "kserve.h"

#include <string.h>

static const char *const frameworks[] = {
    "sklearn",     "xgboost", "tensorflow", "pytorch", "triton", "onnx",
    "huggingface", "pmml",    "lightgbm",   "paddle",  NULL,
};

/* ---- metadata and schema -------------------------------------------------------------------- */

static void check_texts(struct weir__kserve *k, const struct weir__node *metadata, const char *key,
                        struct weir__path *path)
{
    static const struct weir__rule pairs[] = {
        {"labels", WEIR__RULE_PAIRS, 0, NULL, NULL, 0, 0},
        {"annotations", WEIR__RULE_PAIRS, 0, NULL, NULL, 0, 0},
        {NULL, 0, 0, NULL, NULL, 0, 0},
    };
    const struct weir__rule *rule = pairs + (strcmp(key, "annotations") == 0);
    struct weir__schema_result result;
    const struct weir__node *node = weir__node_at(metadata, key);
    struct weir__node only = {0};
    struct weir__entry entry = {0};

    if (node != NULL) { /* the rest of the metadata is no matter of scaling */
        only.type = WEIR__NODE_MAPPING;
        only.first = only.last = &entry;
        entry.key = rule->key;
        entry.key_length = strlen(rule->key);
        entry.value = weir__grow_copy(&k->g, node);
        if (entry.value != NULL) {
            weir__schema_check(rule, WEIR__SCHEMA_MINIMAL, &only, path, k->arena, k->problems,
                               &result);
            k->result.metadata += result.undecoded;
        }
    }
}

int weir__metadata_check(struct weir__kserve *k, const struct weir__node *node,
                         struct weir__path *path)
{
    const struct weir__node *metadata = weir__node_at(node, "metadata");
    size_t length = path->length;

    k->problems->stages = WEIR_STAGE_API;
    weir__path_key(path, "metadata", strlen("metadata"));
    check_texts(k, metadata, "labels", path);
    check_texts(k, metadata, "annotations", path);
    weir__path_cut(path, length);
    return k->result.metadata == 0;
}

int weir__isvc_check(struct weir__kserve *k, const struct weir__node *node, struct weir__path *path)
{
    if (!weir__metadata_check(k, node, path)) {
        return 0;
    }
    k->problems->stages = WEIR_STAGE_API;
    weir__schema_check(weir__isvc_rules, k->definition, node, path, k->arena, k->problems,
                       &k->result.schema);
    return k->result.schema.undecoded == 0;
}

/* ---- the mutating webhook ------------------------------------------------------------------- */

static const struct weir__node *framework_of(const struct weir__node *predictor)
{
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        if (weir__node_at(predictor, frameworks[i]) != NULL) {
            return weir__node_at(predictor, frameworks[i]);
        }
    }
    return NULL;
}

/* Where a component has no implementation, upstream takes the first of an empty list. */
static int has_implementation(const struct weir__node *spec, const char *role)
{
    const struct weir__node *component = weir__node_at(spec, role);
    const struct weir__node *containers = weir__node_at(component, "containers");
    int is_predictor = strcmp(role, "predictor") == 0;

    if (component == NULL && !is_predictor) {
        return 1;
    }
    return (containers != NULL && containers->count > 0) ||
           (is_predictor &&
            (weir__node_at(component, "model") != NULL || framework_of(component) != NULL)) ||
           (strcmp(role, "explainer") == 0 && weir__node_at(component, "art") != NULL);
}

static int check_implementations(struct weir__kserve *k, const struct weir__node *node,
                                 const struct weir__path *object)
{
    static const char *const roles[] = {"predictor", "transformer", "explainer"};
    const struct weir__node *spec = weir__node_at(node, "spec");

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct weir__path path = *object;

        if (!has_implementation(spec, roles[i])) {
            const struct weir__node *component = weir__node_at(spec, roles[i]);

            k->result.panic = "no implementation";
            k->problems->stages = WEIR_STAGE_WEBHOOK;
            weir__path_key(&path, "spec", strlen("spec"));
            weir__path_key(&path, roles[i], strlen(roles[i]));
            weir__problem(k->problems, WEIR_PROBLEM_ERROR, WEIR_E_PANIC,
                          component != NULL ? component->mark : node->mark, path.text,
                          "has nothing that serves: no model and no containers; KServe's webhook "
                          "crashes on it");
            return 0;
        }
    }
    return 1;
}

int weir__isvc_mutate(struct weir__kserve *k, const struct weir__node *node,
                      const struct weir__path *path)
{
    const struct weir__node *written =
        weir__node_at(weir__node_at(node, "metadata"), "annotations");
    struct weir__node *annotations = weir__grow_mapping(&k->g);
    const char *default_mode = k->settings.default_mode;

    if (!check_implementations(k, node, path)) {
        return 0;
    }
    for (const struct weir__entry *e = written != NULL ? written->first : NULL; e != NULL;
         e = e->next) {
        int is_mode = strcmp(e->key, WEIR__DEPLOYMENT_MODE) == 0;
        const char *text = e->value->text != NULL ? e->value->text : "";
        const char *mode = is_mode ? weir__kserve_mode(text) : "";

        text = e->value->type == WEIR__NODE_NULL ? "" : text;
        weir__grow_put(
            &k->g, annotations, e->key,
            weir__grow_from(weir__grow_text(&k->g, mode[0] != '\0' ? mode : text), NULL, e->value));
    }
    if (weir__node_get(annotations, WEIR__DEPLOYMENT_MODE) == NULL && default_mode[0] != '\0' &&
        strcmp(default_mode, WEIR__MODE_KNATIVE) != 0) {
        weir__grow_put(
            &k->g, annotations, WEIR__DEPLOYMENT_MODE,
            weir__grow_from(weir__grow_text(&k->g, default_mode), WEIR__KSERVE_CONFIG, NULL));
    }
    k->result.annotations = annotations;
    return !k->g.failed;
}

/* ---- the validating webhook ----------------------------------------------------------------- */

void weir__webhook_says(struct weir__kserve *k, struct weir__mark mark,
                        const struct weir__path *object, const char *key, const char *message)
{
    struct weir__path path = *object;

    if (key[0] != '\0') {
        weir__path_key(&path, key, strlen(key));
    }
    if (k->result.webhook == NULL) {
        k->result.webhook = weir__arena_text(k->arena, message, strlen(message));
        k->g.failed |= k->result.webhook == NULL;
    }
    k->problems->stages = WEIR_STAGE_WEBHOOK;
    weir__problem(k->problems, WEIR_PROBLEM_ERROR, WEIR_E_RANGE, mark, path.text, message);
}

static int check_name(struct weir__kserve *k, const struct weir__node *node,
                      const struct weir__path *object)
{
    const struct weir__node *metadata = weir__node_at(node, "metadata");
    const struct weir__node *value = weir__node_at(metadata, "name");
    const char *name = weir__node_text(metadata, "name");
    size_t length = strlen(name);
    struct weir__path path = *object;

    if (name[0] >= 'a' && name[0] <= 'z' && name[length - 1] != '-' &&
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length) {
        return 1;
    }
    weir__path_key(&path, "metadata", strlen("metadata"));
    weir__webhook_says(k, value != NULL ? value->mark : node->mark, &path, "name",
                       "must be lower-case letters, digits and dashes, begin with a letter and "
                       "not end with a dash");
    return 0;
}

static int check_class(struct weir__kserve *k, const struct weir__path *object)
{
    const struct weir__node *value = weir__node_get(k->result.annotations, WEIR__AUTOSCALER_CLASS);
    struct weir__path path = *object;
    struct weir__message m;

    if (value == NULL || weir__is_word("hpa|keda|external|none", value->text)) {
        return 1;
    }
    weir__message_clear(&m);
    weir__message_add(&m, "must be hpa, keda, external or none, got ");
    weir__message_quote(&m, value->text, value->length);
    weir__path_key(&path, "metadata", strlen("metadata"));
    weir__path_key(&path, "annotations", strlen("annotations"));
    weir__webhook_says(k, value->mark, &path, WEIR__AUTOSCALER_CLASS, m.text);
    return 0;
}

/* A size of a worker that is below 1. */
static int check_size(struct weir__kserve *k, const struct weir__node *worker, const char *key,
                      const struct weir__path *path)
{
    const struct weir__node *value = weir__node_at(worker, key);
    int64_t size;

    if (value == NULL || !weir__node_whole(value, &size) || size >= 1) {
        return 1;
    }
    weir__webhook_says(k, value->mark, path, key, "must be at least 1");
    return 0;
}

static int check_workers(struct weir__kserve *k, const struct weir__node *node,
                         const struct weir__path *object)
{
    const struct weir__node *predictor = weir__node_at(weir__node_at(node, "spec"), "predictor");
    const struct weir__node *worker = weir__node_at(predictor, "workerSpec");
    const struct weir__node *model = weir__node_at(predictor, "model");
    const char *uri = weir__node_text(model, "storageUri");
    struct weir__path path = *object;

    if (worker == NULL || model == NULL) {
        return 1;
    }
    weir__path_text(&path, path.length > 0 ? ".spec.predictor" : "spec.predictor");
    if (uri[0] != '\0' && strncmp(uri, "pvc://", 6) != 0 && strncmp(uri, "oci://", 6) != 0) {
        weir__webhook_says(k, weir__node_get(model, "storageUri")->mark, &path, "model",
                           "a predictor on several nodes takes its model from pvc:// or oci:// "
                           "only");
        return 0;
    }
    if (strcmp(weir__node_text(k->result.annotations, WEIR__AUTOSCALER_CLASS), "none") != 0) {
        weir__webhook_says(k, worker->mark, &path, "workerSpec",
                           "a predictor on several nodes is not scaled: it needs the "
                           "annotation " WEIR__AUTOSCALER_CLASS ": none");
        return 0;
    }
    weir__path_key(&path, "workerSpec", strlen("workerSpec"));
    return check_size(k, worker, "pipelineParallelSize", &path) &&
           check_size(k, worker, "tensorParallelSize", &path);
}

static int check_components(struct weir__kserve *k, const struct weir__node *spec,
                            const struct weir__path *object)
{
    static const char *const roles[] = {"predictor", "transformer", "explainer"};
    int fine = 1;

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        const struct weir__node *component = weir__node_at(spec, roles[i]);
        struct weir__path path = *object;

        if (component != NULL) {
            weir__path_key(&path, "spec", strlen("spec"));
            weir__path_key(&path, roles[i], strlen(roles[i]));
            fine &= weir__isvc_extension_rules(k, component, &path) &&
                    weir__isvc_scaling_rules(k, component, &path);
        }
    }
    return fine;
}

/* ---- canaries ------------------------------------------------------------------------------- */

static const char *name_of(const struct weir__node *canary)
{
    return weir__node_text(weir__node_at(canary, "predictor"), "name");
}

/* Fields that a canary must not have, for the number of its pods is fixed. */
static int check_canary_fields(struct weir__kserve *k, const struct weir__node *predictor,
                               const struct weir__path *path)
{
    static const char *const keys[] = {"maxReplicas", "scaleTarget", "scaleMetric", "autoScaling"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct weir__node *value = weir__node_at(predictor, keys[i]);
        int64_t most = 1;

        if (value != NULL && i == 0) {
            weir__node_whole(value, &most);
        }
        if (value != NULL && most > 0) {
            weir__webhook_says(k, value->mark, path, keys[i],
                               "must not be set: the number of a canary's pods is fixed");
            return 0;
        }
    }
    return 1;
}

static int check_canary_min(struct weir__kserve *k, const struct weir__node *spec,
                            const struct weir__node *predictor, const struct weir__path *path)
{
    int64_t min, stable = 1;
    struct weir__message m;

    weir__node_int(weir__node_at(spec, "predictor"), "minReplicas", &stable);
    if (!weir__node_int(predictor, "minReplicas", &min) || min <= stable) {
        return 1;
    }
    weir__message_clear(&m);
    weir__message_add(&m, "must not be above minReplicas of the stable predictor, which is ");
    weir__message_int(&m, stable);
    weir__webhook_says(k, weir__node_get(predictor, "minReplicas")->mark, path, "minReplicas",
                       m.text);
    return 0;
}

/* Whether the name of a canary is that of the stable predictor, or of an earlier canary. */
static const char *name_problem(const struct weir__node *spec, const struct weir__node *canary)
{
    const char *name = name_of(canary);

    if (name[0] == '\0') {
        return "is missing: every canary needs a name of its own";
    }
    if (strcmp(name, weir__node_text(weir__node_at(spec, "predictor"), "name")) == 0) {
        return "must not be the name of the stable predictor";
    }
    for (const struct weir__entry *e = weir__node_at(spec, "canary")->first; e->value != canary;
         e = e->next) {
        if (strcmp(name_of(e->value), name) == 0) {
            return "is the name of another canary";
        }
    }
    return NULL;
}

static int check_canary(struct weir__kserve *k, const struct weir__node *spec,
                        const struct weir__node *canary, const struct weir__path *object)
{
    const struct weir__node *predictor = weir__node_at(canary, "predictor");
    const struct weir__node *name = weir__node_at(predictor, "name");
    const char *wrong = name_problem(spec, canary);
    struct weir__path path = *object;
    int64_t percent = 0;

    weir__node_int(canary, "trafficPercent", &percent);
    if (percent < 0 || percent > 100) {
        weir__webhook_says(k, weir__node_get(canary, "trafficPercent")->mark, &path,
                           "trafficPercent", "must be in [0, 100]");
        return 0;
    }
    weir__path_key(&path, "predictor", strlen("predictor"));
    if (wrong != NULL) {
        weir__webhook_says(k, name != NULL ? name->mark : canary->mark, &path, "name", wrong);
        return 0;
    }
    return check_canary_fields(k, predictor, &path) &&
           check_canary_min(k, spec, predictor, &path) &&
           weir__isvc_extension_rules(k, predictor, &path);
}

static int check_canaries(struct weir__kserve *k, const struct weir__node *spec,
                          const struct weir__path *object)
{
    const struct weir__node *canaries = weir__node_at(spec, "canary");
    const char *mode = weir__node_text(k->result.annotations, WEIR__DEPLOYMENT_MODE);
    struct weir__path path = *object;
    int64_t sum = 0, percent;
    size_t index = 0, length;

    weir__path_key(&path, "spec", strlen("spec"));
    if (canaries == NULL || canaries->count == 0) {
        return 1;
    }
    if (strcmp(mode, WEIR__MODE_STANDARD) != 0) {
        weir__webhook_says(k, canaries->mark, &path, "canary",
                           "canaries are for deployment mode Standard only");
        return 0;
    }
    weir__path_key(&path, "canary", strlen("canary"));
    length = path.length;
    for (const struct weir__entry *e = canaries->first; e != NULL; e = e->next) {
        weir__path_index(&path, index++);
        if (!check_canary(k, spec, e->value, &path)) {
            return 0;
        }
        weir__path_cut(&path, length);
        sum += weir__node_int(e->value, "trafficPercent", &percent) ? percent : 0;
    }
    if (sum > 100) {
        weir__webhook_says(k, canaries->mark, &path, "",
                           "the canaries' trafficPercent must not add up to more than 100");
    }
    return sum <= 100;
}

/* ---- updates -------------------------------------------------------------------------------- */

static int check_mode_change(struct weir__kserve *k, const struct weir__service *old,
                             const struct weir__path *object)
{
    const struct weir__node *mode = weir__node_get(k->result.annotations, WEIR__DEPLOYMENT_MODE);
    struct weir__path path = *object;
    struct weir__message m;

    if (old->mode[0] == '\0' || mode == NULL || strcmp(mode->text, old->mode) == 0) {
        return 1;
    }
    weir__message_clear(&m);
    weir__message_add(&m, "the deployment mode of a service that runs stays as it is: ");
    weir__message_add(&m, old->mode);
    weir__path_text(&path, path.length > 0 ? ".metadata.annotations" : "metadata.annotations");
    weir__webhook_says(k, mode->mark, &path, WEIR__DEPLOYMENT_MODE, m.text);
    return 0;
}

static int check_name_change(struct weir__kserve *k, const struct weir__node *node,
                             const struct weir__service *old, const struct weir__path *object)
{
    const struct weir__node *now = weir__node_at(weir__node_at(node, "spec"), "predictor");
    const struct weir__node *then = weir__node_at(weir__node_at(old->node, "spec"), "predictor");
    const struct weir__node *name = weir__node_at(now, "name");
    struct weir__path path = *object;

    if (strcmp(weir__node_text(now, "name"), weir__node_text(then, "name")) == 0 ||
        !weir__node_same(weir__node_get(now, "model"), weir__node_get(then, "model"))) {
        return 1;
    }
    weir__path_text(&path, path.length > 0 ? ".spec.predictor" : "spec.predictor");
    weir__webhook_says(k, name != NULL ? name->mark : now->mark, &path, "name",
                       "may change together with the model only");
    return 0;
}

void weir__isvc_validate(struct weir__kserve *k, const struct weir__node *node,
                         const struct weir__service *old, const struct weir__path *path)
{
    const struct weir__node *spec = weir__node_at(node, "spec");

    if (old != NULL &&
        !(check_mode_change(k, old, path) && check_name_change(k, node, old, path))) {
        return;
    }
    /* Upstream stops at the first error; of what it would say next, all that stands by itself is
     * said too, since it comes up once the first is mended. */
    if (check_name(k, node, path) && check_class(k, path) && check_workers(k, node, path)) {
        check_components(k, spec, path);
        check_canaries(k, spec, path);
    }
}
