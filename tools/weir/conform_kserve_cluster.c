/*
 * conform_kserve_cluster.c - the cluster that a scenario about KServe begins with, and what else
 * changes in it before a step.
 */
#include "conform_kserve.h"

#include <stdlib.h>
#include <string.h>

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
    const cJSON *requests = kserve_at(config, "runtime_requests");

    spec = cJSON_AddObjectToObject(document, "spec");
    list = cJSON_AddArrayToObject(spec, "supportedModelFormats");
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", formats[i]);
        cJSON_AddTrueToObject(item, "autoSelect");
        cJSON_AddItemToArray(list, item);
    }
    if (kserve_at(config, "runtime_annotations") != NULL) {
        cJSON_AddItemToObject(spec, "annotations",
                              cJSON_Duplicate(kserve_at(config, "runtime_annotations"), 1));
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

weir_kserve *kserve_cluster(const struct scenario *s)
{
    int32_t definition =
        conform_is(s->config, "crd", "minimal") ? WEIR_KSERVE_MINIMAL : WEIR_KSERVE_FULL;
    weir_kserve *cluster = NULL;

    if (weir_kserve_create(NULL, definition, &cluster) != WEIR_OK) {
        return NULL;
    }
    put_settings(cluster, kserve_at(s->config, "configmap"));
    put_runtime(cluster, s->config);
    if (kserve_at(s->config, "config_autoscaler") != NULL) {
        put_configmap(cluster, "config-autoscaler", kserve_at(s->config, "config_autoscaler"));
    }
    return cluster;
}

/* What else changes before a step. */
void kserve_before_step(const struct scenario *s, weir_kserve *cluster)
{
    const cJSON *metadata = kserve_at(kserve_at(s->step, "manifest"), "metadata"), *item;
    const char *name_space = conform_text(metadata, "namespace", "default");

    cJSON_ArrayForEach(item, kserve_at(s->step, "available_deployments"))
    {
        const char *name = cJSON_IsString(item) ? item->valuestring : "";
        cJSON *document = document_of("Deployment", name, name_space);

        cJSON_AddNumberToObject(cJSON_AddObjectToObject(document, "status"), "availableReplicas",
                                1);
        put(cluster, document);
    }
    if (kserve_at(s->step, "existing_hpa") != NULL) {
        put(cluster, cJSON_Duplicate(kserve_at(s->step, "existing_hpa"), 1));
    }
    cJSON_ArrayForEach(item, kserve_at(s->step, "latest_rolledout_revision"))
    {
        cJSON *document =
            document_of("InferenceService", kserve_text(metadata, "name"), name_space);
        cJSON *status = cJSON_AddObjectToObject(document, "status");

        status = cJSON_AddObjectToObject(status, "components");
        status = cJSON_AddObjectToObject(status, conform_key(item));
        cJSON_AddStringToObject(status, "latestRolledoutRevision",
                                cJSON_IsString(item) ? item->valuestring : "");
        put(cluster, document);
    }
}
