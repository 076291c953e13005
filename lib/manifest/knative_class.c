/*
 * manifest/knative_class.c - Knative's revisions of class hpa: the HorizontalPodAutoscaler that
 * Knative makes for them is what runs, and what is shown.
 */
#include "knative_hpa.h"
#include "object.h"
#include "write.h"

#include <string.h>
#include <weir/hpa_spec.h>

#define PREFIX WEIR__KNATIVE_PREFIX

/* ---- resolving ------------------------------------------------------------------------------ */

/* The annotation that a field of the spec was made of. */
static const char *origin_of(const char *path)
{
    return strncmp(path, "spec.metrics", 12) == 0       ? PREFIX "target"
           : strncmp(path, "spec.behavior", 13) == 0    ? PREFIX "window"
           : strncmp(path, "spec.minReplicas", 16) == 0 ? PREFIX "min-scale"
           : strncmp(path, "spec.maxReplicas", 16) == 0 ? PREFIX "max-scale"
                                                        : PREFIX "class";
}

static void report_made(weir_manifest *manifest, const struct weir__item *item,
                        const weir_problem *problem)
{
    const char *key = origin_of(problem->error.path);
    struct weir__path path = item->annotations.path;
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, "makes a HorizontalPodAutoscaler that the API server refuses: ");
    weir__message_add(&m, problem->error.path);
    weir__message_add(&m, " ");
    weir__message_add(&m, problem->error.message);
    weir__path_key(&path, key, strlen(key));
    weir__object_problem(manifest, problem->severity, problem->error.status,
                         weir__texts_mark(&item->annotations, key, item->object.node->mark), &path,
                         &m);
}

/* A name with what is put behind it; "" without memory. */
static const char *name_with(weir_manifest *manifest, const char *name, const char *behind)
{
    struct weir__grower g = {&manifest->arena, 0};
    const char *const parts[] = {name, behind, NULL};
    const char *joined = weir__grow_join(&g, parts);

    manifest->problems.out_of_memory |= g.failed;
    return joined;
}

/* The name of the revision that is run, which its PodAutoscaler has too: the first one of a Service
 * or Configuration. */
static const char *revision_name(weir_manifest *manifest, const struct weir__item *item)
{
    const char *name = item->open.name[0] != '\0' ? item->open.name : "revision";

    return weir__is_word("Service|Configuration", item->open.api_kind)
               ? name_with(manifest, name, "-00001")
               : name;
}

/* The Deployment of a revision; a PodAutoscaler says itself what it scales. */
static const char *target_name(weir_manifest *manifest, const struct weir__item *item)
{
    const struct weir__node *target =
        weir__node_at(weir__node_at(item->object.node, "spec"), "scaleTargetRef");
    const char *name = weir__node_text(target, "name");

    return name[0] != '\0' ? name
                           : name_with(manifest, revision_name(manifest, item), "-deployment");
}

/* Holds it against the API server, and makes a configuration of it. */
static void admit(weir_manifest *manifest, struct weir__item *item)
{
    size_t length = weir__hpa_print(&item->knative_hpa->spec, NULL, 0) + 1;
    char *text = weir__arena_take(&manifest->arena, length);
    weir_hpa_spec *spec = NULL;

    if (text == NULL) {
        manifest->problems.out_of_memory = 1;
        return;
    }
    weir__hpa_print(&item->knative_hpa->spec, text, length);
    if (weir_hpa_spec_create(&manifest->allocator, &manifest->hpa, text, length - 1, NULL, &spec) !=
        WEIR_OK) {
        manifest->problems.out_of_memory = 1;
        return;
    }
    for (size_t i = 0; i < weir_hpa_spec_problem_count(spec); i++) {
        report_made(manifest, item, weir_hpa_spec_get_problem(spec, i));
    }
    if (weir_hpa_spec_config(spec) != NULL) {
        *item->hpa = *weir_hpa_spec_config(spec);
    }
    weir_hpa_spec_free(spec);
}

/* ---- showing -------------------------------------------------------------------------------- */

/* As MakeHPA() has it: the PodAutoscaler's name and annotations, which are the revision's. */
static weir_status show_hpa(weir_manifest *manifest, struct weir__item *item, int32_t how,
                            char *text, size_t capacity, size_t *need)
{
    struct weir__grower g = {&manifest->arena, 0};
    struct weir__node *object = weir__grow_mapping(&g), *metadata, *annotations;
    struct weir__hpa_spec spec = item->knative_hpa->spec; /* defaults are put into a copy */
    const struct weir__pairs *pairs = &item->annotations.pairs;

    if ((how & WEIR_SHOW_AS_SENT) == 0) {
        weir__hpa_default(&spec, &manifest->arena, &manifest->problems);
    }
    weir__grow_put_text(&g, object, "apiVersion", "autoscaling/v2");
    weir__grow_put_text(&g, object, "kind", "HorizontalPodAutoscaler");
    metadata = weir__grow_under(&g, object, "metadata");
    weir__grow_put_text(&g, metadata, "name", revision_name(manifest, item));
    weir__grow_put_text(&g, metadata, "namespace", item->open.name_space);
    annotations = weir__grow_under(&g, metadata, "annotations");
    for (size_t i = 0; i < pairs->count; i++) {
        weir__grow_put_text(&g, annotations, pairs->list[i].key, pairs->list[i].text);
    }
    weir__grow_put(&g, object, "spec", weir__hpa_tree(&g, &spec));
    if (g.failed || manifest->problems.out_of_memory) {
        return WEIR_E_MEMORY;
    }
    return weir__write_shown(object, how, text, capacity, need);
}

/* ---- both ----------------------------------------------------------------------------------- */

void weir__resolve_hpa_class(weir_manifest *manifest, struct weir__item *item)
{
    struct weir__knative_hpa *made = weir__arena_take(&manifest->arena, sizeof *made);
    weir_hpa_config *config = weir__arena_take(&manifest->arena, sizeof *config);

    if (made == NULL || config == NULL) {
        manifest->problems.out_of_memory = 1;
        return;
    }
    weir__knative_make_hpa(made, &manifest->kpa, &item->annotations.pairs,
                           target_name(manifest, item), 0);
    *config = manifest->hpa;
    item->knative_hpa = made;
    item->hpa = config;
    item->open.kind = WEIR_KIND_HPA;
    item->open.config = config;
    item->show = show_hpa;
    admit(manifest, item);
}
