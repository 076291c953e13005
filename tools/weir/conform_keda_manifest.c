/*
 * conform_keda_manifest.c - a scenario of KEDA's as manifests, as a cluster would have them, for
 * the loader.
 */
#include "conform_keda.h"

#include <string.h>

/* ---- objects -------------------------------------------------------------------------------- */

void keda_add_document(weir_manifest *manifest, const cJSON *document)
{
    char *text = cJSON_PrintUnformatted(document);

    if (text != NULL) {
        weir_manifest_add(manifest, "scenario", text, strlen(text));
    }
    cJSON_free(text);
}

cJSON *keda_begin_object(cJSON *object, const char *api_version, const char *kind, const char *name)
{
    cJSON *metadata;

    cJSON_AddStringToObject(object, "apiVersion", api_version);
    cJSON_AddStringToObject(object, "kind", kind);
    metadata = cJSON_AddObjectToObject(object, "metadata");
    cJSON_AddStringToObject(metadata, "name", name);
    return cJSON_AddObjectToObject(object, "spec");
}

void keda_put_scale_target(cJSON *spec, const char *kind, const char *name)
{
    cJSON *target = cJSON_AddObjectToObject(spec, "scaleTargetRef");

    cJSON_AddStringToObject(target, "apiVersion", "apps/v1");
    cJSON_AddStringToObject(target, "kind", kind);
    cJSON_AddStringToObject(target, "name", name);
}

/* The object that a scenario is about. */
static void add_subject(const struct scenario *s, weir_manifest *manifest)
{
    static const char *const copied[] = {"annotations", "labels", NULL};
    cJSON *object = cJSON_CreateObject(), *spec = cJSON_Duplicate(keda_at(s->config, "spec"), 1);

    keda_begin_object(object, "keda.sh/v1alpha1", "ScaledObject",
                      conform_text(s->config, "name", "so"));
    keda_put_scale_target(spec, conform_text(s->config, "target_kind", "Deployment"), "target");
    cJSON_ReplaceItemInObjectCaseSensitive(object, "spec", spec);
    for (size_t i = 0; copied[i] != NULL; i++) {
        cJSON *map = cJSON_Duplicate(keda_at(s->config, copied[i]), 1);

        if (map != NULL) {
            cJSON_AddItemToObject(cJSON_GetObjectItemCaseSensitive(object, "metadata"), copied[i],
                                  map);
        }
    }
    keda_add_document(manifest, object);
    cJSON_Delete(object);
}

/* The workload, of whose pods a container asks for everything unless the scenario says otherwise.
 */
static void add_workload(const struct scenario *s, weir_manifest *manifest)
{
    const char *kind = conform_text(s->config, "target_kind", "Deployment");
    const cJSON *containers = keda_at(s->config, "containers");
    cJSON *object = cJSON_CreateObject(), *pod, *spec;

    spec = keda_begin_object(object, "apps/v1", kind, "target");
    pod = cJSON_AddObjectToObject(cJSON_AddObjectToObject(spec, "template"), "spec");
    cJSON_AddItemToObject(
        pod, "containers",
        containers != NULL
            ? cJSON_Duplicate(containers, 1)
            : cJSON_Parse("[{\"name\":\"main\",\"resources\":{\"requests\":{\"cpu\":\"100m\","
                          "\"memory\":\"64Mi\"}}}]"));
    keda_add_document(manifest, object);
    cJSON_Delete(object);
}

static void add_limit_range(const struct scenario *s, weir_manifest *manifest)
{
    const cJSON *limits = keda_at(s->config, "limit_range");
    cJSON *object = cJSON_CreateObject();

    keda_begin_object(object, "v1", "LimitRange", "l");
    cJSON_ReplaceItemInObjectCaseSensitive(object, "spec", cJSON_Duplicate(limits, 1));
    keda_add_document(manifest, object);
    cJSON_Delete(object);
}

/* "ScaledObject other on Deployment elsewhere with HPA name NAME". 0: it is something else. */
static int add_other_scaled_object(weir_manifest *manifest, const char *text)
{
    char name[64], kind[64], target[64], hpa[64];
    cJSON *object, *spec, *advanced;
    int count =
        sscanf(text, "ScaledObject %63s on %63s %63s with HPA name %63s", name, kind, target, hpa);

    if (count < 3) {
        return 0;
    }
    object = cJSON_CreateObject();
    spec = keda_begin_object(object, "keda.sh/v1alpha1", "ScaledObject", name);
    keda_put_scale_target(spec, kind, target);
    cJSON_AddItemToObject(spec, "triggers",
                          cJSON_Parse("[{\"type\":\"prometheus\",\"metadata\":{}}]"));
    if (count == 4) {
        advanced = cJSON_AddObjectToObject(spec, "advanced");
        cJSON_AddStringToObject(cJSON_AddObjectToObject(advanced, "horizontalPodAutoscalerConfig"),
                                "name", hpa);
    }
    keda_add_document(manifest, object);
    cJSON_Delete(object);
    return 1;
}

/* "HPA foreign on Deployment target, owned by ScaledObject NAME, annotation KEY=VALUE". */
static int add_other_hpa(weir_manifest *manifest, const char *text)
{
    static const char owned[] = ", owned by ScaledObject ", noted[] = ", annotation ";
    char name[64], kind[64], target[64], key[128], value[64], owner[64];
    const char *owner_at = strstr(text, owned), *note_at = strstr(text, noted);
    cJSON *object, *spec, *metadata;

    if (sscanf(text, "HPA %63s on %63s %63[^,]", name, kind, target) != 3) {
        return 0;
    }
    object = cJSON_CreateObject();
    spec = keda_begin_object(object, "autoscaling/v2", "HorizontalPodAutoscaler", name);
    keda_put_scale_target(spec, kind, target);
    cJSON_AddNumberToObject(spec, "maxReplicas", 3);
    metadata = cJSON_GetObjectItemCaseSensitive(object, "metadata");
    if (owner_at != NULL && sscanf(owner_at + sizeof owned - 1, "%63[^,]", owner) == 1) {
        cJSON *reference = cJSON_CreateObject();

        cJSON_AddItemToArray(cJSON_AddArrayToObject(metadata, "ownerReferences"), reference);
        cJSON_AddStringToObject(reference, "kind", "ScaledObject");
        cJSON_AddStringToObject(reference, "name", owner);
    }
    if (note_at != NULL &&
        sscanf(note_at + sizeof noted - 1, "%127[^=]=%63[^,]", key, value) == 2) {
        cJSON_AddStringToObject(cJSON_AddObjectToObject(metadata, "annotations"), key, value);
    }
    keda_add_document(manifest, object);
    cJSON_Delete(object);
    return 1;
}

/* What else is in the cluster. 0 after a note of what is not understood. */
static int add_cluster(struct scenario *s, weir_manifest *manifest)
{
    const cJSON *other;

    cJSON_ArrayForEach(other, keda_at(s->config, "others"))
    {
        const char *text = cJSON_IsString(other) ? other->valuestring : "";

        if (!add_other_scaled_object(manifest, text) && !add_other_hpa(manifest, text)) {
            conform_note_input(s, "others", other);
            return 0;
        }
    }
    if (!cJSON_IsTrue(keda_at(s->config, "workload_missing"))) {
        add_workload(s, manifest);
    }
    if (conform_has(s->config, "limit_range")) {
        add_limit_range(s, manifest);
    }
    return 1;
}

weir_manifest *keda_read_scenario(struct scenario *s, int with_cluster)
{
    weir_manifest *manifest;
    weir_admission admission;

    if (weir_manifest_create(NULL, &manifest) != WEIR_OK) {
        return NULL;
    }
    weir_admission_init(&admission, sizeof admission);
    admission.dry_run = cJSON_IsTrue(keda_at(s->config, "dry_run"));
    admission.whole_cluster = with_cluster;
    weir_manifest_set_admission(manifest, &admission);
    if (!with_cluster || add_cluster(s, manifest)) {
        add_subject(s, manifest);
    }
    if (weir_manifest_finish(manifest) != WEIR_OK || weir_manifest_item_count(manifest) == 0) {
        weir_manifest_free(manifest);
        return NULL;
    }
    return manifest;
}

const weir_manifest_item *keda_subject(const weir_manifest *manifest)
{
    return weir_manifest_get_item(manifest, weir_manifest_item_count(manifest) - 1);
}
