/*
 * conform_kserve.c - the operations about KServe: manifests to the objects that scale them.
 *
 * Upstream's sentences are not weir's: of an error only that there is one counts.
 */
#include "conform.h"

#include <stdlib.h>
#include <string.h>
#include <weir/hpa_spec.h>
#include <weir/kserve.h>
#include <weir/quantity.h>

static cJSON *at(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_at(const cJSON *object, const char *name)
{
    return conform_text(object, name, "");
}

/* ---- the cluster before a step -------------------------------------------------------------- */

/* Puts a document into the cluster, and frees it. */
static void put(weir_kserve *cluster, cJSON *document)
{
    char *text = cJSON_PrintUnformatted(document);

    if (text != NULL) {
        weir_kserve_put(cluster, text, strlen(text));
    }
    cJSON_free(text);
    cJSON_Delete(document);
}

static cJSON *document_of(const char *kind, const char *name, const char *name_space)
{
    cJSON *document = cJSON_CreateObject(), *metadata;

    cJSON_AddStringToObject(document, "apiVersion", "v1");
    cJSON_AddStringToObject(document, "kind", kind);
    metadata = cJSON_AddObjectToObject(document, "metadata");
    cJSON_AddStringToObject(metadata, "name", name);
    if (name_space != NULL) {
        cJSON_AddStringToObject(metadata, "namespace", name_space);
    }
    return document;
}

static void put_configmap(weir_kserve *cluster, const char *name, const cJSON *data)
{
    cJSON *document = document_of("ConfigMap", name, NULL);

    cJSON_AddItemToObject(document, "data", cJSON_Duplicate(data, 1));
    put(cluster, document);
}

/* The shipped ConfigMap with some entries replaced, and others removed. */
static void put_settings(weir_kserve *cluster, const cJSON *changes)
{
    cJSON *data =
        cJSON_Parse("{\"deploy\":\"{\\\"defaultDeploymentMode\\\":\\\"Serverless\\\"}\","
                    "\"autoscaler\":\"{\\\"scaleUpStabilizationWindowSeconds\\\":\\\"0\\\","
                    "\\\"scaleDownStabilizationWindowSeconds\\\":\\\"300\\\"}\","
                    "\"inferenceService\":\"{\\\"resource\\\":{\\\"cpuRequest\\\":\\\"1\\\","
                    "\\\"memoryRequest\\\":\\\"2Gi\\\"}}\",\"opentelemetryCollector\":"
                    "\"{\\\"metricScalerEndpoint\\\":\\\"keda-otel-scaler.keda.svc:4318\\\"}\"}");
    const cJSON *change;

    cJSON_ArrayForEach(change, changes)
    {
        cJSON_DeleteItemFromObjectCaseSensitive(data, conform_key(change));
        if (cJSON_IsString(change)) {
            cJSON_AddStringToObject(data, conform_key(change), change->valuestring);
        }
    }
    put_configmap(cluster, "inferenceservice-config", data);
    cJSON_Delete(data);
}

/* The runtime that serves whatever model there is. */
static void put_runtime(weir_kserve *cluster, const cJSON *config)
{
    static const char *const formats[] = {"sklearn", "huggingface", "xgboost", "vllm"};
    cJSON *document = document_of("ClusterServingRuntime", "runtime", NULL), *spec, *list, *item;
    const cJSON *requests = at(config, "runtime_requests");

    spec = cJSON_AddObjectToObject(document, "spec");
    list = cJSON_AddArrayToObject(spec, "supportedModelFormats");
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", formats[i]);
        cJSON_AddTrueToObject(item, "autoSelect");
        cJSON_AddItemToArray(list, item);
    }
    if (at(config, "runtime_annotations") != NULL) {
        cJSON_AddItemToObject(spec, "annotations",
                              cJSON_Duplicate(at(config, "runtime_annotations"), 1));
    }
    list = cJSON_AddArrayToObject(spec, "containers");
    item = cJSON_CreateObject();
    cJSON_AddItemToArray(list, item);
    cJSON_AddStringToObject(item, "name", "kserve-container");
    cJSON_AddItemToObject(cJSON_AddObjectToObject(item, "resources"), "requests",
                          requests != NULL ? cJSON_Duplicate(requests, 1)
                                           : cJSON_Parse("{\"cpu\":\"1\",\"memory\":\"2Gi\"}"));
    put(cluster, document);
}

static weir_kserve *make_cluster(const struct scenario *s)
{
    int32_t definition =
        conform_is(s->config, "crd", "minimal") ? WEIR_KSERVE_MINIMAL : WEIR_KSERVE_FULL;
    weir_kserve *cluster = NULL;

    if (weir_kserve_create(NULL, definition, &cluster) != WEIR_OK) {
        return NULL;
    }
    put_settings(cluster, at(s->config, "configmap"));
    put_runtime(cluster, s->config);
    if (at(s->config, "config_autoscaler") != NULL) {
        put_configmap(cluster, "config-autoscaler", at(s->config, "config_autoscaler"));
    }
    return cluster;
}

/* What else changes before a step. */
static void put_step(const struct scenario *s, weir_kserve *cluster)
{
    const cJSON *metadata = at(at(s->step, "manifest"), "metadata"), *item;
    const char *name_space = conform_text(metadata, "namespace", "default");

    cJSON_ArrayForEach(item, at(s->step, "available_deployments"))
    {
        const char *name = cJSON_IsString(item) ? item->valuestring : "";
        cJSON *document = document_of("Deployment", name, name_space);

        cJSON_AddNumberToObject(cJSON_AddObjectToObject(document, "status"), "availableReplicas",
                                1);
        put(cluster, document);
    }
    if (at(s->step, "existing_hpa") != NULL) {
        put(cluster, cJSON_Duplicate(at(s->step, "existing_hpa"), 1));
    }
    cJSON_ArrayForEach(item, at(s->step, "latest_rolledout_revision"))
    {
        cJSON *document = document_of("InferenceService", text_at(metadata, "name"), name_space);
        cJSON *status = cJSON_AddObjectToObject(document, "status");

        status = cJSON_AddObjectToObject(status, "components");
        status = cJSON_AddObjectToObject(status, conform_key(item));
        cJSON_AddStringToObject(status, "latestRolledoutRevision",
                                cJSON_IsString(item) ? item->valuestring : "");
        put(cluster, document);
    }
}

/* ---- what weir gave, in the form of the vectors --------------------------------------------- */

static void add_or_null(cJSON *object, const char *name, const cJSON *item)
{
    cJSON_AddItemToObject(object, name,
                          item != NULL ? cJSON_Duplicate(item, 1) : cJSON_CreateNull());
}

static void add_error(cJSON *object, const char *name, const char *kind, int there)
{
    cJSON *error = there ? cJSON_CreateObject() : cJSON_CreateNull();

    if (there) {
        cJSON_AddStringToObject(error, kind, "refused");
    }
    cJSON_AddItemToObject(object, name, error);
}

/* Annotations that have nothing to do with scaling. */
static void strip(cJSON *annotations)
{
    cJSON *item = annotations != NULL ? annotations->child : NULL;

    while (item != NULL) {
        cJSON *next = item->next;

        const char *name = conform_key(item);

        if (strncmp(name, "internal.serving.kserve.io/", 27) == 0 ||
            strcmp(name, "modelFormat") == 0) {
            cJSON_DeleteItemFromObjectCaseSensitive(annotations, name);
        }
        item = next;
    }
}

static void add_annotations(cJSON *object, const char *name, const cJSON *metadata)
{
    cJSON *annotations = cJSON_Duplicate(at(metadata, "annotations"), 1);

    annotations = annotations != NULL ? annotations : cJSON_CreateObject();
    strip(annotations);
    cJSON_AddItemToObject(object, name, annotations);
}

static cJSON *begin_object(const cJSON *entry)
{
    const cJSON *metadata = at(at(entry, "object"), "metadata");
    cJSON *made = cJSON_CreateObject();

    add_or_null(made, "name", at(metadata, "name"));
    cJSON_AddStringToObject(made, "namespace", conform_text(metadata, "namespace", "default"));
    return made;
}

static cJSON *knative_service(const cJSON *entry)
{
    const cJSON *object = at(entry, "object"), *spec = at(object, "spec");
    const cJSON *template = at(spec, "template"), *pod = at(template, "spec");
    cJSON *made = begin_object(entry);

    add_annotations(made, "annotations", at(object, "metadata"));
    add_annotations(made, "template_annotations", at(template, "metadata"));
    add_or_null(made, "containerConcurrency", at(pod, "containerConcurrency"));
    add_or_null(made, "timeoutSeconds", at(pod, "timeoutSeconds"));
    add_or_null(made, "responseStartTimeoutSeconds", at(pod, "responseStartTimeoutSeconds"));
    add_or_null(made, "traffic", at(spec, "traffic"));
    add_error(made, "knative_admission", "error", cJSON_GetArraySize(at(entry, "refusals")) > 0);
    return made;
}

/* An HPA that the API server refuses. */
static cJSON *refused_hpa(const cJSON *entry)
{
    const cJSON *object = at(entry, "object");
    cJSON *made = cJSON_CreateObject();

    add_or_null(made, "name", at(at(object, "metadata"), "name"));
    add_or_null(made, "spec", at(object, "spec"));
    cJSON_AddTrueToObject(made, "errors");
    return made;
}

static cJSON *stored_spec(const cJSON *spec)
{
    char *text = cJSON_PrintUnformatted(spec);
    weir_hpa_spec *read = NULL;
    cJSON *stored = NULL;
    size_t need = 0;

    if (text != NULL &&
        weir_hpa_spec_create(NULL, NULL, text, strlen(text), NULL, &read) == WEIR_OK) {
        char *json;

        weir_hpa_spec_json(read, NULL, 0, &need);
        json = conform_block(need);
        if (json != NULL && weir_hpa_spec_json(read, json, need, NULL) == WEIR_OK) {
            stored = cJSON_Parse(json);
        }
        free(json);
    }
    weir_hpa_spec_free(read);
    cJSON_free(text);
    return stored;
}

static cJSON *hpa(const cJSON *entry)
{
    const cJSON *object = at(entry, "object"), *metadata = at(object, "metadata");
    const cJSON *owner = cJSON_GetArrayItem(at(metadata, "ownerReferences"), 0);
    cJSON *made = begin_object(entry);

    add_or_null(made, "spec", cJSON_IsTrue(at(entry, "by_kserve")) ? at(object, "spec") : NULL);
    add_annotations(made, "annotations", metadata);
    add_or_null(made, "owner", at(owner, "kind"));
    cJSON_AddItemToObject(made, "stored", stored_spec(at(object, "spec")));
    return made;
}

static cJSON *deployment(const cJSON *entry)
{
    const cJSON *spec = at(at(entry, "object"), "spec");
    const cJSON *containers = at(at(at(spec, "template"), "spec"), "containers");
    const cJSON *requests = at(at(cJSON_GetArrayItem(containers, 0), "resources"), "requests");
    cJSON *made = begin_object(entry);

    add_or_null(made, "replicas", at(spec, "replicas"));
    cJSON_AddItemToObject(made, "requests",
                          requests != NULL ? cJSON_Duplicate(requests, 1) : cJSON_CreateObject());
    return made;
}

/* What KEDA's admission and its controller say, and the bounds of the HPA that KEDA makes. */
static void add_keda(cJSON *made, const cJSON *entry)
{
    const cJSON *spec = at(at(entry, "object"), "spec"), *refusal;
    cJSON *checks = cJSON_AddObjectToObject(made, "keda_admission");
    int64_t min = conform_int(spec, "minReplicaCount", 0);
    int unbounded = 0;

    cJSON_ArrayForEach(refusal, at(entry, "refusals"))
    {
        if (conform_is(refusal, "check", "bounds")) {
            unbounded = 1;
        } else if (at(checks, text_at(refusal, "check")) == NULL) {
            cJSON_AddStringToObject(checks, text_at(refusal, "check"), "refused");
        }
    }
    add_error(made, "keda_bounds", "error", unbounded);
    cJSON_AddNumberToObject(made, "keda_hpa_min", min > 0 ? (double)min : 1.0);
    conform_put_int(made, "keda_hpa_max", conform_int(spec, "maxReplicaCount", 100));
}

static cJSON *scaled_object(const cJSON *entry)
{
    const cJSON *object = at(entry, "object");
    cJSON *made = begin_object(entry);

    add_annotations(made, "annotations", at(object, "metadata"));
    add_keda(made, entry);
    add_or_null(made, "spec", at(object, "spec"));
    return made;
}

static const struct {
    const char *kind, *list;
    cJSON *(*form)(const cJSON *entry);
} forms[] = {
    {"Service", "knative_services", knative_service},
    {"HorizontalPodAutoscaler", "hpas", hpa},
    {"Deployment", "deployments", deployment},
    {"ScaledObject", "scaledobjects", scaled_object},
    {"OpenTelemetryCollector", "otel_collectors", begin_object},
};

/* Puts an object into a list, in the order of names. cJSON 1.7.15 loses an item when it inserts one
 * after inserting one in front. */
static void insert(cJSON *list, cJSON *made)
{
    cJSON *behind = cJSON_CreateArray();
    int index = 0;
    const cJSON *other;

    cJSON_ArrayForEach(other, list)
    {
        index += strcmp(text_at(other, "name"), text_at(made, "name")) < 0;
    }
    while (cJSON_GetArraySize(list) > index) {
        cJSON_AddItemToArray(behind, cJSON_DetachItemFromArray(list, index));
    }
    cJSON_AddItemToArray(list, made);
    while (cJSON_GetArraySize(behind) > 0) {
        cJSON_AddItemToArray(list, cJSON_DetachItemFromArray(behind, 0));
    }
    cJSON_Delete(behind);
}

static cJSON *objects(const cJSON *entries)
{
    cJSON *all = cJSON_CreateObject();
    const cJSON *entry;

    cJSON_ArrayForEach(entry, entries)
    {
        const char *kind = text_at(at(entry, "object"), "kind");

        for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
            int refused = cJSON_IsTrue(at(entry, "refused"));
            const char *name = refused ? "refused_hpas" : forms[i].list;

            if (strcmp(kind, forms[i].kind) == 0) {
                cJSON *list = at(all, name);

                list = list != NULL ? list : cJSON_AddArrayToObject(all, name);
                insert(list, refused ? refused_hpa(entry) : forms[i].form(entry));
            }
        }
    }
    return all;
}

/* ---- isvc ----------------------------------------------------------------------------------- */

static cJSON *admission(const cJSON *given, int bad_settings)
{
    cJSON *made = cJSON_CreateObject(), *annotations;
    int bad_metadata = conform_int(given, "metadata", 0) > 0;

    if (!bad_settings) {
        cJSON_AddItemToObject(made, "accepted", cJSON_Duplicate(at(given, "accepted"), 1));
    }
    add_error(made, "metadata", "error", bad_metadata);
    if (bad_metadata) {
        return made;
    }
    cJSON_AddBoolToObject(made, "schema", conform_int(given, "schema", 0) > 0);
    cJSON_AddItemToObject(made, "pruned", cJSON_Duplicate(at(given, "dropped"), 1));
    add_error(made, "decode", "error", conform_int(given, "decode", 0) > 0);
    add_error(made, "defaulting", "panic", conform_has(given, "panic"));
    annotations = cJSON_Duplicate(at(given, "annotations"), 1);
    if (!cJSON_IsNull(annotations)) {
        strip(annotations);
        add_error(made, "webhook", "error", conform_has(given, "webhook"));
    }
    cJSON_AddItemToObject(made, "annotations", annotations);
    return made;
}

static cJSON *components(const cJSON *given)
{
    cJSON *made = cJSON_CreateObject();
    const cJSON *c;

    cJSON_ArrayForEach(c, given)
    {
        const char *outcome = text_at(c, "outcome");

        add_error(made, text_at(c, "name"), outcome, strcmp(outcome, "fine") != 0);
    }
    return made;
}

static cJSON *isvc_answer(const struct scenario *s, const cJSON *given)
{
    const cJSON *reconcile = at(given, "reconcile");
    cJSON *made = cJSON_CreateObject(), *part;

    if (!cJSON_IsTrue(at(given, "readable"))) {
        add_error(made, "yaml", "error", 1);
        return made;
    }
    cJSON_AddItemToObject(made, "admission",
                          admission(at(given, "admission"), conform_has(given, "settings")));
    add_error(made, "config", "error", conform_has(given, "settings"));
    if (cJSON_IsNull(reconcile) || conform_is(s->root, "op", "isvc_admission")) {
        return made;
    }
    part = cJSON_AddObjectToObject(made, "reconcile");
    add_or_null(part, "mode", at(reconcile, "mode"));
    if (conform_has(reconcile, "error")) {
        cJSON_AddStringToObject(part, "error", "stopped");
        return made;
    }
    if (cJSON_IsTrue(at(reconcile, "skipped"))) {
        cJSON_AddTrueToObject(part, "skipped");
    } else {
        cJSON_AddItemToObject(part, "components", components(at(reconcile, "components")));
    }
    cJSON_AddItemToObject(part, "objects", objects(at(given, "objects")));
    return made;
}

/* ---- comparing ------------------------------------------------------------------------------ */

/* A quantity in its canonical form. */
static void canonical(cJSON *item)
{
    char text[WEIR_QUANTITY_TEXT_MAX];
    weir_quantity q;

    if (cJSON_IsString(item) &&
        weir_quantity_parse(item->valuestring, strlen(item->valuestring), &q, NULL) == WEIR_OK &&
        weir_quantity_text(&q, text, sizeof text, NULL) == WEIR_OK) {
        cJSON_SetValuestring(item, text);
    }
}

/* What is not compared: an encoder's artefacts, spellings of quantities, sentences. */
static void normalise(cJSON *json, const char *inside)
{
    cJSON *item = json != NULL ? json->child : NULL;

    while (item != NULL) {
        cJSON *next = item->next;
        const char *name = conform_key(item);

        if (cJSON_IsString(item) &&
            (strcmp(name, "panic") == 0 || strcmp(inside, "keda_admission") == 0)) {
            cJSON_SetValuestring(item, "refused");
        } else if (strcmp(name, "scalingModifiers") == 0 && cJSON_IsObject(item) &&
                   item->child == NULL) {
            cJSON_DeleteItemFromObjectCaseSensitive(json, name);
        } else if (strcmp(name, "triggers") == 0 && cJSON_IsNull(item)) {
            cJSON_ReplaceItemInObjectCaseSensitive(json, name, cJSON_CreateArray());
        } else if (strcmp(name, "annotations") == 0 || strcmp(name, "template_annotations") == 0) {
            strip(item);
        } else if (strcmp(inside, "requests") == 0 ||
                   (strcmp(inside, "target") == 0 && strstr(name, "alue") != NULL)) {
            canonical(item);
        } else {
            normalise(item, name);
        }
        item = next;
    }
}

/* Gives what is wanted a null for each member that weir gave and that is not wanted: the comparison
 * would not see it. */
static void level(cJSON *want, const cJSON *got)
{
    const cJSON *item;
    int index = 0;

    cJSON_ArrayForEach(item, got)
    {
        if (cJSON_IsArray(got)) {
            if (cJSON_IsArray(want) && cJSON_GetArrayItem(want, index) != NULL) {
                level(cJSON_GetArrayItem(want, index), item);
            }
            index++;
        } else if (cJSON_IsObject(want) && item->string != NULL) {
            if (at(want, item->string) == NULL) {
                cJSON_AddNullToObject(want, item->string);
            } else {
                level(at(want, item->string), item);
            }
        }
    }
}

/* Of lists of errors counts whether there are any. */
static void want_flag(cJSON *object, const char *name)
{
    cJSON *list = at(object, name);

    if (cJSON_IsArray(list)) {
        cJSON_ReplaceItemInObjectCaseSensitive(object, name,
                                               cJSON_CreateBool(cJSON_GetArraySize(list) > 0));
    }
}

static void prepare_want(struct scenario *s)
{
    cJSON *want = at(s->step, "want"), *admission_ = at(want, "admission"), *refused;

    want_flag(admission_ != NULL ? admission_ : want, "schema");
    want_flag(admission_, "rules");
    cJSON_ArrayForEach(refused, at(at(at(want, "reconcile"), "objects"), "refused_hpas"))
    {
        want_flag(refused, "errors");
    }
    if (cJSON_IsObject(admission_) && at(admission_, "pruned") == NULL &&
        at(admission_, "metadata") == NULL) {
        cJSON_AddArrayToObject(admission_, "pruned");
    }
    normalise(want, "");
}

static void answer(struct scenario *s, weir_kserve *cluster,
                   cJSON *(*form)(const struct scenario *s, const cJSON *given))
{
    size_t need = 0;
    cJSON *given = NULL, *got;
    char *text;

    weir_kserve_json(cluster, NULL, 0, &need);
    text = conform_block(need);
    if (text != NULL && weir_kserve_json(cluster, text, need, NULL) == WEIR_OK) {
        given = cJSON_Parse(text);
    }
    free(text);
    if (given == NULL) {
        conform_answer(s, conform_failure(WEIR_E_MEMORY));
        return;
    }
    got = form(s, given);
    cJSON_Delete(given);
    prepare_want(s);
    normalise(got, "");
    level(at(s->step, "want"), got);
    conform_answer(s, got);
}

static void run_steps(struct scenario *s,
                      cJSON *(*form)(const struct scenario *s, const cJSON *given))
{
    weir_kserve *cluster = make_cluster(s);

    while (cluster != NULL && conform_next(s)) {
        const char *yaml = text_at(s->step, "yaml");

        put_step(s, cluster);
        if (conform_is(s->step, "event", "reconcile")) {
            weir_kserve_reconcile(cluster);
        } else {
            weir_kserve_apply(cluster, yaml, strlen(yaml));
        }
        answer(s, cluster, form);
    }
    weir_kserve_free(cluster);
}

static void run_isvc(struct scenario *s)
{
    run_steps(s, isvc_answer);
}

/* ---- llmisvc -------------------------------------------------------------------------------- */

static cJSON *llm_admission(const cJSON *given)
{
    cJSON *made = cJSON_CreateObject(), *webhook, *cause;

    cJSON_AddItemToObject(made, "accepted", cJSON_Duplicate(at(given, "accepted"), 1));
    cJSON_AddBoolToObject(made, "schema", conform_int(given, "schema", 0) > 0);
    cJSON_AddBoolToObject(made, "rules", conform_int(given, "rules", 0) > 0);
    cJSON_AddItemToObject(made, "pruned", cJSON_Duplicate(at(given, "dropped"), 1));
    add_error(made, "decode", "error", conform_int(given, "decode", 0) > 0);
    if (conform_int(given, "decode", 0) > 0) {
        return made;
    }
    add_error(made, "webhook", "error", conform_has(given, "webhook"));
    webhook = at(made, "webhook");
    if (conform_has(given, "causes")) {
        cJSON_AddItemToObject(webhook, "causes", cJSON_Duplicate(at(given, "causes"), 1));
        cJSON_ArrayForEach(cause, at(webhook, "causes"))
        {
            cJSON_SetValuestring(at(cause, "message"), "refused");
        }
    }
    cJSON_AddItemToObject(made, "defaulted", cJSON_Duplicate(at(given, "defaulted"), 1));
    return made;
}

static cJSON *llm_answer(const struct scenario *s, const cJSON *given)
{
    const cJSON *reconcile = at(given, "reconcile");
    cJSON *made = cJSON_CreateObject(), *part, *cause;

    cJSON_AddItemToObject(made, "admission", llm_admission(at(given, "admission")));
    cJSON_ArrayForEach(cause, at(at(at(at(s->step, "want"), "admission"), "webhook"), "causes"))
    {
        cJSON_SetValuestring(at(cause, "message"), "refused");
    }
    if (cJSON_IsNull(reconcile)) {
        return made;
    }
    part = cJSON_AddObjectToObject(made, "reconcile");
    add_error(part, "result", "error", conform_has(reconcile, "error"));
    add_or_null(part, "conditions", at(reconcile, "conditions"));
    cJSON_AddItemToObject(part, "objects", objects(at(given, "objects")));
    return made;
}

static void run_llmisvc(struct scenario *s)
{
    run_steps(s, llm_answer);
}

/* ---- ScaledObjects by themselves ------------------------------------------------------------ */

static cJSON *scaled_object_answer(const struct scenario *s, const cJSON *given)
{
    const cJSON *entries = at(given, "objects");
    const cJSON *entry = cJSON_GetArrayItem(entries, cJSON_GetArraySize(entries) - 1);
    cJSON *made = cJSON_CreateObject();

    (void)s;
    cJSON_AddBoolToObject(made, "schema", conform_int(at(given, "admission"), "schema", 0) > 0);
    add_keda(made, entry);
    add_or_null(made, "spec", at(at(entry, "object"), "spec"));
    return made;
}

static void run_scaled_object(struct scenario *s)
{
    run_steps(s, scaled_object_answer);
}

const struct conform_op conform_kserve_ops[] = {
    {"isvc", run_isvc},
    {"isvc_admission", run_isvc},
    {"llmisvc", run_llmisvc},
    {NULL, NULL},
};

const struct conform_op conform_scaled_object_ops[] = {
    {"scaledobject_admission", run_scaled_object},
    {NULL, NULL},
};
