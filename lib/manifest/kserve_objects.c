/*
 * manifest/kserve_objects.c - KServe's objects in manifests: once all files are in, they become the
 * objects that its controllers make, and those are read as if they were in the files.
 */
#include "object.h"

#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

/* Marks an earlier object of the same kind and name as replaced. */
static void replace_earlier(weir_manifest *manifest, const struct weir__object *object)
{
    struct weir__message m;

    for (struct weir__late *l = manifest->late; l != NULL; l = l->next) {
        if (!l->dropped && object->name[0] != '\0' && strcmp(l->object.kind, object->kind) == 0 &&
            strcmp(l->object.name, object->name) == 0 &&
            strcmp(l->object.name_space, object->name_space) == 0) {
            l->dropped = 1;
            weir__message_clear(&m);
            weir__say_again(&l->object, &m);
            weir__object_problem(manifest, WEIR_PROBLEM_WARNING, WEIR_OK, object->node->mark,
                                 &object->path, &m);
        }
    }
}

void weir__read_late(weir_manifest *manifest, const struct weir__object *object)
{
    struct weir__late *late = weir__arena_take(&manifest->arena, sizeof *late);

    if (late == NULL) {
        manifest->problems.out_of_memory = 1;
        return;
    }
    replace_earlier(manifest, object);
    late->object = *object;
    late->errors = object->document->errors;
    if (manifest->last_late != NULL) {
        manifest->last_late->next = late;
    } else {
        manifest->late = late;
    }
    manifest->last_late = late;
    manifest->keep = 1;
}

void weir__read_runtime(weir_manifest *manifest, const struct weir__object *object)
{
    size_t count = manifest->runtime_count;
    struct weir__object *list = weir__arena_take(&manifest->arena, (count + 1) * sizeof *list);

    if (list == NULL) {
        manifest->problems.out_of_memory = 1;
        return;
    }
    if (count > 0) {
        memcpy(list, manifest->runtimes, count * sizeof *list);
    }
    list[count] = *object;
    manifest->runtimes = list;
    manifest->runtime_count = count + 1;
    manifest->keep = 1;
}

/* ---- the cluster ---------------------------------------------------------------------------- */

static void configure(weir_manifest *manifest, struct weir__kserve *k)
{
    const struct weir__configmap *knative = &manifest->configmaps[WEIR__CONFIG_AUTOSCALER];
    const struct weir__object *config = &manifest->kserve_config;
    const struct weir__node *data = weir__node_at(config->node, "data");
    struct weir__node *runtimes = weir__grow_list(&k->g);
    const char *allowed;
    struct weir__message m;

    k->knative = manifest->kpa;
    allowed = weir__pairs_get(&knative->data.pairs, "allow-zero-initial-scale");
    k->allow_zero_initial_scale = allowed != NULL ? allowed : "";
    for (size_t i = 0; i < manifest->runtime_count; i++) {
        weir__grow_add(&k->g, runtimes, weir__grow_copy(&k->g, manifest->runtimes[i].node));
    }
    k->runtimes = runtimes;
    if (config->node == NULL) {
        return;
    }
    weir__kserve_configure(k, data != NULL ? data : weir__grow_mapping(&k->g));
    if (k->settings.error[0] != '\0') {
        weir__problems_about(manifest, config);
        weir__message_clear(&m);
        weir__message_add(&m, k->settings.error);
        manifest->problems.stages = WEIR_STAGE_RECONCILE;
        weir__object_problem(manifest, WEIR_PROBLEM_ERROR, WEIR_E_RANGE,
                             data != NULL ? data->mark : config->node->mark, &config->path, &m);
        manifest->problems.stages = 0;
    }
}

/* "HorizontalPodAutoscaler m-predictor, which this becomes: " */
static const char *about_of(struct weir__kserve *k, const struct weir__thing *thing)
{
    const char *const parts[] = {weir__node_text(thing->tree, "kind"), " ", thing->name,
                                 ", which this becomes: ", NULL};

    return weir__grow_join(&k->g, parts);
}

/* Reads an object that a controller made of another. */
static void read_thing(weir_manifest *manifest, struct weir__kserve *k,
                       const struct weir__late *maker, struct weir__thing *thing, int32_t errors)
{
    struct weir__item *last = manifest->last_item;
    struct weir__object object;

    if (k->g.failed || thing->tree == NULL) {
        return;
    }
    weir__grow_place(thing->tree, maker->object.node->mark);
    memset(&object, 0, sizeof object);
    object.document = maker->object.document;
    object.node = thing->tree;
    manifest->problems.about = about_of(k, thing);
    manifest->problems.stages = WEIR_STAGE_OBJECT;
    weir__read_made(manifest, &object, manifest->problems.about);
    manifest->problems.about = NULL;
    manifest->problems.stages = 0;
    if (thing->kind == WEIR__DEPLOYMENT && manifest->last_bystander != NULL) {
        manifest->last_bystander->used = 1; /* nobody has to be told that it is passed over */
    }
    if (manifest->last_item != last) {
        manifest->last_item->open.maker_kind = maker->object.kind;
        manifest->last_item->open.maker_name = maker->object.name;
        manifest->last_item->open.error_count += errors;
        manifest->last_item->dropped = maker->dropped;
    }
}

static int is_read(const struct weir__thing *thing)
{
    return thing->is_new && (thing->kind == WEIR__KNATIVE_SERVICE || thing->kind == WEIR__HPA ||
                             thing->kind == WEIR__SCALED_OBJECT);
}

/* Says why a service that is accepted has nothing that scales it. */
static void say_unscaled(weir_manifest *manifest, const struct weir__kserve *k,
                         const struct weir__late *late)
{
    const struct weir__node *annotations =
        weir__node_at(weir__node_at(late->object.node, "metadata"), "annotations");
    const char *class_name = weir__node_text(annotations, WEIR__AUTOSCALER_CLASS);
    struct weir__message m;

    weir__message_clear(&m);
    if (weir__is_stopped(annotations)) {
        weir__message_add(&m, "is stopped by its annotation: nothing runs and nothing scales");
    } else if (strcmp(k->result.mode, WEIR__MODE_MODELMESH) == 0) {
        weir__message_add(&m, "runs in deployment mode ModelMesh, which weir does not know: other "
                              "controllers scale its servers");
    } else if (strcmp(class_name, "external") == 0) {
        weir__message_add(&m, "has autoscaler class external: an object of your own scales it");
    } else if (strcmp(class_name, "none") == 0) {
        weir__message_add(&m, "has autoscaler class none: the number of its pods is fixed");
    } else {
        weir__message_add(&m, "has nothing that scales it");
    }
    weir__object_problem(manifest, WEIR_PROBLEM_NOTICE, WEIR_OK, late->object.node->mark,
                         &late->object.path, &m);
}

/* What a later object replaces is checked as if it were alone, and leaves no trace. */
static void apply(weir_manifest *manifest, struct weir__kserve *k, struct weir__late *late)
{
    size_t before = manifest->problems.errors, items = manifest->item_count;
    const struct weir__object *object = &late->object;
    int32_t errors;

    weir__problems_about(manifest, object);
    if (strcmp(object->kind, "InferenceService") == 0) {
        weir__isvc_apply(k, object->node, &object->path);
    } else if (strcmp(object->kind, "LLMInferenceService") == 0) {
        weir__llmisvc_apply(k, object->node, &object->path);
    } else {
        weir__graph_apply(k, object->node, &object->path);
    }
    manifest->problems.stages = 0;
    errors = late->errors + (int32_t)(manifest->problems.errors - before);
    for (struct weir__thing *t = k->things; t != NULL && k->result.reconciled; t = t->next) {
        if (is_read(t)) {
            read_thing(manifest, k, late, t, errors);
        }
    }
    if (manifest->item_count == items && errors == 0 && !late->dropped) {
        say_unscaled(manifest, k, late);
    }
    late->service = weir__kserve_service(k, object->node, 0);
    if (late->dropped) {
        weir__kserve_forget(k, late->service);
    }
}

void weir__resolve_kserve(weir_manifest *manifest)
{
    struct weir__kserve *k;

    if (manifest->late == NULL && manifest->kserve_config.node == NULL) {
        return;
    }
    k = weir__arena_take(&manifest->arena, sizeof *k);
    if (k == NULL) {
        manifest->problems.out_of_memory = 1;
        return;
    }
    weir__kserve_open(k, &manifest->arena, &manifest->problems);
    manifest->kserve = k;
    configure(manifest, k);
    for (struct weir__late *late = manifest->late; late != NULL; late = late->next) {
        apply(manifest, k, late);
    }
    manifest->problems.out_of_memory |= k->g.failed;
}
