/*
 * conform_kserve_objects.c - objects that weir made in the form that the vectors about KServe have
 * them in.
 */
#include "conform_kserve.h"

#include <stdlib.h>
#include <string.h>
#include <weir/hpa_spec.h>

cJSON *kserve_at(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *kserve_text(const cJSON *object, const char *name)
{
    return conform_text(object, name, "");
}

void kserve_add_or_null(cJSON *object, const char *name, const cJSON *item)
{
    cJSON_AddItemToObject(object, name,
                          item != NULL ? cJSON_Duplicate(item, 1) : cJSON_CreateNull());
}

void kserve_add_error(cJSON *object, const char *name, const char *kind, int there)
{
    cJSON *error = there ? cJSON_CreateObject() : cJSON_CreateNull();

    if (there) {
        cJSON_AddStringToObject(error, kind, "refused");
    }
    cJSON_AddItemToObject(object, name, error);
}

void kserve_strip(cJSON *annotations)
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
    cJSON *annotations = cJSON_Duplicate(kserve_at(metadata, "annotations"), 1);

    annotations = annotations != NULL ? annotations : cJSON_CreateObject();
    kserve_strip(annotations);
    cJSON_AddItemToObject(object, name, annotations);
}

static cJSON *begin_object(const cJSON *entry)
{
    const cJSON *metadata = kserve_at(kserve_at(entry, "object"), "metadata");
    cJSON *made = cJSON_CreateObject();

    kserve_add_or_null(made, "name", kserve_at(metadata, "name"));
    cJSON_AddStringToObject(made, "namespace", conform_text(metadata, "namespace", "default"));
    return made;
}

static cJSON *knative_service(const cJSON *entry)
{
    const cJSON *object = kserve_at(entry, "object"), *spec = kserve_at(object, "spec");
    const cJSON *template = kserve_at(spec, "template"), *pod = kserve_at(template, "spec");
    cJSON *made = begin_object(entry);

    add_annotations(made, "annotations", kserve_at(object, "metadata"));
    add_annotations(made, "template_annotations", kserve_at(template, "metadata"));
    kserve_add_or_null(made, "containerConcurrency", kserve_at(pod, "containerConcurrency"));
    kserve_add_or_null(made, "timeoutSeconds", kserve_at(pod, "timeoutSeconds"));
    kserve_add_or_null(made, "responseStartTimeoutSeconds",
                       kserve_at(pod, "responseStartTimeoutSeconds"));
    kserve_add_or_null(made, "traffic", kserve_at(spec, "traffic"));
    kserve_add_error(made, "knative_admission", "error",
                     cJSON_GetArraySize(kserve_at(entry, "refusals")) > 0);
    return made;
}

/* An HPA that the API server refuses. */
static cJSON *refused_hpa(const cJSON *entry)
{
    const cJSON *object = kserve_at(entry, "object");
    cJSON *made = cJSON_CreateObject();

    kserve_add_or_null(made, "name", kserve_at(kserve_at(object, "metadata"), "name"));
    kserve_add_or_null(made, "spec", kserve_at(object, "spec"));
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
    const cJSON *object = kserve_at(entry, "object"), *metadata = kserve_at(object, "metadata");
    const cJSON *owner = cJSON_GetArrayItem(kserve_at(metadata, "ownerReferences"), 0);
    cJSON *made = begin_object(entry);

    kserve_add_or_null(made, "spec",
                       cJSON_IsTrue(kserve_at(entry, "by_kserve")) ? kserve_at(object, "spec")
                                                                   : NULL);
    add_annotations(made, "annotations", metadata);
    kserve_add_or_null(made, "owner", kserve_at(owner, "kind"));
    cJSON_AddItemToObject(made, "stored", stored_spec(kserve_at(object, "spec")));
    return made;
}

static cJSON *deployment(const cJSON *entry)
{
    const cJSON *spec = kserve_at(kserve_at(entry, "object"), "spec");
    const cJSON *containers =
        kserve_at(kserve_at(kserve_at(spec, "template"), "spec"), "containers");
    const cJSON *requests =
        kserve_at(kserve_at(cJSON_GetArrayItem(containers, 0), "resources"), "requests");
    cJSON *made = begin_object(entry);

    kserve_add_or_null(made, "replicas", kserve_at(spec, "replicas"));
    cJSON_AddItemToObject(made, "requests",
                          requests != NULL ? cJSON_Duplicate(requests, 1) : cJSON_CreateObject());
    return made;
}

void kserve_add_keda(cJSON *made, const cJSON *entry)
{
    const cJSON *spec = kserve_at(kserve_at(entry, "object"), "spec"), *refusal;
    cJSON *checks = cJSON_AddObjectToObject(made, "keda_admission");
    int64_t min = conform_int(spec, "minReplicaCount", 0);
    int unbounded = 0;

    cJSON_ArrayForEach(refusal, kserve_at(entry, "refusals"))
    {
        if (conform_is(refusal, "check", "bounds")) {
            unbounded = 1;
        } else if (kserve_at(checks, kserve_text(refusal, "check")) == NULL) {
            cJSON_AddStringToObject(checks, kserve_text(refusal, "check"), "refused");
        }
    }
    kserve_add_error(made, "keda_bounds", "error", unbounded);
    cJSON_AddNumberToObject(made, "keda_hpa_min", min > 0 ? (double)min : 1.0);
    conform_put_int(made, "keda_hpa_max", conform_int(spec, "maxReplicaCount", 100));
}

static cJSON *scaled_object(const cJSON *entry)
{
    const cJSON *object = kserve_at(entry, "object");
    cJSON *made = begin_object(entry);

    add_annotations(made, "annotations", kserve_at(object, "metadata"));
    kserve_add_keda(made, entry);
    kserve_add_or_null(made, "spec", kserve_at(object, "spec"));
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
        index += strcmp(kserve_text(other, "name"), kserve_text(made, "name")) < 0;
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

cJSON *kserve_objects(const cJSON *entries)
{
    cJSON *all = cJSON_CreateObject();
    const cJSON *entry;

    cJSON_ArrayForEach(entry, entries)
    {
        const char *kind = kserve_text(kserve_at(entry, "object"), "kind");

        for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
            int refused = cJSON_IsTrue(kserve_at(entry, "refused"));
            const char *name = refused ? "refused_hpas" : forms[i].list;

            if (strcmp(kind, forms[i].kind) == 0) {
                cJSON *list = kserve_at(all, name);

                list = list != NULL ? list : cJSON_AddArrayToObject(all, name);
                insert(list, refused ? refused_hpa(entry) : forms[i].form(entry));
            }
        }
    }
    return all;
}
