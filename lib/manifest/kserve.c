/*
 * manifest/kserve.c - a cluster with KServe, document by document; see weir/kserve.h.
 */
#include "kserve.h"
#include "reader.h"
#include "write.h"

#include <string.h>
#include <weir/kserve.h>

struct weir_kserve {
    weir_allocator allocator;
    struct weir__arena arena;
    struct weir__problems problems; /* of the last document applied */
    struct weir__document *documents;
    struct weir__document *delivered; /* by the text that is being read, in its order */
    struct weir__kserve k;
    const struct weir__node *applied; /* the last one; NULL: none could be read */
};

weir_status weir_kserve_create(const weir_allocator *allocator, int32_t definition,
                               weir_kserve **out)
{
    weir_kserve *cluster;

    if (out == NULL || definition < WEIR_KSERVE_FULL || definition > WEIR_KSERVE_MINIMAL) {
        return WEIR_E_ARG;
    }
    *out = NULL;
    allocator = allocator != NULL ? allocator : &weir__system_allocator;
    cluster = weir__take(allocator, sizeof *cluster);
    if (cluster == NULL) {
        return WEIR_E_MEMORY;
    }
    memset(cluster, 0, sizeof *cluster);
    cluster->allocator = *allocator;
    weir__arena_open(&cluster->arena, &cluster->allocator);
    weir__problems_open(&cluster->problems, &cluster->allocator);
    weir__kserve_open(&cluster->k, &cluster->arena, &cluster->problems);
    cluster->k.definition =
        definition == WEIR_KSERVE_MINIMAL ? WEIR__SCHEMA_MINIMAL : WEIR__SCHEMA_FULL;
    if (cluster->k.g.failed || cluster->problems.out_of_memory) {
        weir_kserve_free(cluster);
        return WEIR_E_MEMORY;
    }
    *out = cluster;
    return WEIR_OK;
}

static void free_documents(const weir_allocator *allocator, struct weir__document *document)
{
    while (document != NULL) {
        struct weir__document *next = document->next;

        weir__document_free(allocator, document);
        document = next;
    }
}

void weir_kserve_free(weir_kserve *cluster)
{
    weir_allocator allocator;

    if (cluster == NULL) {
        return;
    }
    allocator = cluster->allocator;
    free_documents(&allocator, cluster->documents);
    free_documents(&allocator, cluster->delivered);
    weir__problems_close(&cluster->problems);
    weir__arena_close(&cluster->arena);
    weir__give_back(&allocator, cluster, sizeof *cluster);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void take_document(void *user, struct weir__document *document)
{
    weir_kserve *cluster = user;
    struct weir__document **link = &cluster->delivered;

    while (*link != NULL) {
        link = &(*link)->next;
    }
    document->next = NULL;
    *link = document;
}

/* Reads a text into cluster->delivered. */
static weir_status read_text(weir_kserve *cluster, const char *text, size_t length)
{
    struct weir__reader reader;
    char *copy = weir__arena_text(&cluster->arena, text, length);

    weir__problems_close(&cluster->problems);
    weir__problems_open(&cluster->problems, &cluster->allocator);
    cluster->problems.file_name = "";
    cluster->problems.document = 1;
    if (copy == NULL) {
        return WEIR_E_MEMORY;
    }
    memset(&reader, 0, sizeof reader);
    reader.allocator = &cluster->allocator;
    reader.problems = &cluster->problems;
    reader.deliver = take_document;
    reader.user = cluster;
    weir__read(&reader, copy, length);
    return cluster->problems.out_of_memory ? WEIR_E_MEMORY : WEIR_OK;
}

static struct weir__document *next_delivered(weir_kserve *cluster)
{
    struct weir__document *document = cluster->delivered;

    if (document != NULL) {
        cluster->delivered = document->next;
        document->next = cluster->documents;
        cluster->documents = document;
    }
    return document;
}

static weir_status state(const weir_kserve *cluster)
{
    return cluster->k.g.failed || cluster->problems.out_of_memory ? WEIR_E_MEMORY : WEIR_OK;
}

/* ---- what is there already ------------------------------------------------------------------ */

static void put_autoscaler(struct weir__kserve *k, const struct weir__node *data)
{
    size_t count = data != NULL ? data->count : 0, i = 0;
    weir_pair *list = weir__arena_take(k->arena, (count + 1) * sizeof *list);

    if (list == NULL) {
        k->g.failed = 1;
        return;
    }
    for (const struct weir__entry *e = data != NULL ? data->first : NULL; e != NULL; e = e->next) {
        list[i].key = e->key;
        list[i++].text = e->value->text != NULL ? e->value->text : "";
    }
    k->allow_zero_initial_scale = weir__node_text(data, "allow-zero-initial-scale");
    weir_kpa_config_init(&k->knative, sizeof k->knative);
    weir_knative_settings(list, count, &k->knative, NULL);
}

static void put_configmap(struct weir__kserve *k, const struct weir__node *node)
{
    const char *name = weir__node_text(weir__node_at(node, "metadata"), "name");
    const struct weir__node *data = weir__node_at(node, "data");

    if (strcmp(name, "inferenceservice-config") == 0) {
        weir__kserve_configure(k, data != NULL ? data : weir__grow_mapping(&k->g));
    } else if (strcmp(name, "config-autoscaler") == 0) {
        put_autoscaler(k, data);
    }
}

static void put_runtime(struct weir__kserve *k, const struct weir__node *node)
{
    static struct weir__entry *const none = NULL;
    struct weir__node *list = weir__grow_list(&k->g);

    for (const struct weir__entry *e = k->runtimes != NULL ? k->runtimes->first : none; e != NULL;
         e = e->next) {
        weir__grow_add(&k->g, list, e->value);
    }
    weir__grow_add(&k->g, list, weir__grow_copy(&k->g, node));
    k->runtimes = list;
}

static void put_object(struct weir__kserve *k, const struct weir__node *node, int32_t kind)
{
    const struct weir__node *metadata = weir__node_at(node, "metadata");
    const char *name_space = weir__node_text(metadata, "namespace");
    const struct weir__service outside = {.kind = "",
                                          .name = "",
                                          .mode = "",
                                          .name_space =
                                              name_space[0] != '\0' ? name_space : "default"};
    struct weir__thing *thing = weir__put_thing(
        k, kind, &outside, weir__node_text(metadata, "name"), weir__grow_copy(&k->g, node));

    if (thing != NULL) {
        thing->by_kserve = 0;
        thing->source = NULL;
        thing->name_space = outside.name_space;
    }
}

static void put_deployment(struct weir__kserve *k, const struct weir__node *node)
{
    const struct weir__node *metadata = weir__node_at(node, "metadata");
    const char *name_space = weir__node_text(metadata, "namespace");
    struct weir__thing *thing =
        weir__find_thing(k, WEIR__DEPLOYMENT, name_space[0] != '\0' ? name_space : "default",
                         weir__node_text(metadata, "name"));
    int64_t available = 0;

    if (thing == NULL) {
        put_object(k, node, WEIR__DEPLOYMENT);
    } else {
        weir__node_int(weir__node_at(node, "status"), "availableReplicas", &available);
        thing->is_available = available > 0;
    }
}

/* What was rolled out: status.components.*.latestRolledoutRevision. */
static void put_status(struct weir__kserve *k, const struct weir__node *node)
{
    const struct weir__node *components =
        weir__node_at(weir__node_at(node, "status"), "components");
    struct weir__service *service = weir__kserve_service(k, node, 1);
    struct weir__node *revisions = weir__grow_mapping(&k->g);

    for (const struct weir__entry *e = components != NULL ? components->first : NULL; e != NULL;
         e = e->next) {
        weir__grow_put_text(&k->g, revisions, e->key,
                            weir__node_text(e->value, "latestRolledoutRevision"));
    }
    if (service != NULL) {
        service->rolled_out = revisions;
    }
}

static void put_document(struct weir__kserve *k, const struct weir__node *node)
{
    const char *kind = weir__node_text(node, "kind");

    if (strcmp(kind, "ConfigMap") == 0) {
        put_configmap(k, node);
    } else if (weir__is_word("ServingRuntime|ClusterServingRuntime", kind)) {
        put_runtime(k, node);
    } else if (strcmp(kind, "HorizontalPodAutoscaler") == 0) {
        put_object(k, node, WEIR__HPA);
    } else if (strcmp(kind, "Deployment") == 0) {
        put_deployment(k, node);
    } else if (weir__is_word("InferenceService|LLMInferenceService", kind)) {
        put_status(k, node);
    }
}

weir_status weir_kserve_put(weir_kserve *cluster, const char *text, size_t length)
{
    struct weir__document *document;
    weir_status status;

    if (cluster == NULL || (text == NULL && length > 0) || length > WEIR_MANIFEST_BYTES_MAX) {
        return WEIR_E_ARG;
    }
    status = read_text(cluster, text, length);
    while ((document = next_delivered(cluster)) != NULL) {
        put_document(&cluster->k, document->root);
    }
    if (status == WEIR_OK && cluster->problems.errors > 0) {
        return WEIR_E_PARSE;
    }
    return status != WEIR_OK ? status : state(cluster);
}

/* ---- applying ------------------------------------------------------------------------------- */

static void apply_document(weir_kserve *cluster, const struct weir__node *node)
{
    const char *kind = weir__node_text(node, "kind");
    struct weir__path path;

    weir__path_clear(&path);
    if (strcmp(kind, "InferenceService") == 0) {
        weir__isvc_apply(&cluster->k, node, &path);
    } else if (strcmp(kind, "LLMInferenceService") == 0) {
        weir__llmisvc_apply(&cluster->k, node, &path);
    } else if (strcmp(kind, "ScaledObject") == 0) {
        weir__schema_check(weir__scaled_object_rules, cluster->k.definition, node, &path,
                           &cluster->arena, &cluster->problems, &cluster->k.result.schema);
        cluster->k.result.accepted = cluster->k.result.schema.refused == 0;
        put_object(&cluster->k, node, WEIR__SCALED_OBJECT);
    } else {
        cluster->problems.stages = WEIR_STAGE_API;
        weir__problem(&cluster->problems, WEIR_PROBLEM_ERROR, WEIR_E_UNSUPPORTED, node->mark,
                      "kind", "must be InferenceService, LLMInferenceService or ScaledObject");
    }
}

weir_status weir_kserve_apply(weir_kserve *cluster, const char *text, size_t length)
{
    struct weir__document *document;
    weir_status status;

    if (cluster == NULL || (text == NULL && length > 0) || length > WEIR_MANIFEST_BYTES_MAX) {
        return WEIR_E_ARG;
    }
    memset(&cluster->k.result, 0, sizeof cluster->k.result);
    cluster->k.result.mode = "";
    cluster->applied = NULL;
    status = read_text(cluster, text, length);
    document = next_delivered(cluster);
    if (status == WEIR_OK && document != NULL) {
        cluster->applied = document->root;
        apply_document(cluster, document->root);
    }
    free_documents(&cluster->allocator, cluster->delivered);
    cluster->delivered = NULL;
    return status != WEIR_OK ? status : state(cluster);
}

weir_status weir_kserve_reconcile(weir_kserve *cluster)
{
    if (cluster == NULL) {
        return WEIR_E_ARG;
    }
    weir__problems_close(&cluster->problems);
    weir__problems_open(&cluster->problems, &cluster->allocator);
    cluster->problems.file_name = "";
    if (cluster->applied != NULL) {
        apply_document(cluster, cluster->applied);
    }
    return state(cluster);
}

size_t weir_kserve_problem_count(const weir_kserve *cluster)
{
    return cluster != NULL ? cluster->problems.count : 0;
}

const weir_problem *weir_kserve_get_problem(const weir_kserve *cluster, size_t index)
{
    return index < weir_kserve_problem_count(cluster) ? &cluster->problems.list[index].open : NULL;
}

/* ---- what came of it ------------------------------------------------------------------------ */

static struct weir__node *text_or_null(struct weir__grower *g, const char *text)
{
    return text != NULL ? weir__grow_text(g, text) : weir__grow_null(g);
}

static struct weir__node *copy_or_null(struct weir__grower *g, const struct weir__node *node)
{
    return node != NULL ? weir__grow_copy(g, node) : weir__grow_null(g);
}

static struct weir__node *admission_node(struct weir__kserve *k)
{
    const struct weir__kserve_result *r = &k->result;
    struct weir__grower *g = &k->g;
    struct weir__node *admission = weir__grow_mapping(g), *dropped = weir__grow_list(g);

    weir__grow_put(g, admission, "accepted", weir__grow_bool(g, r->accepted));
    weir__grow_put(g, admission, "metadata", weir__grow_int(g, (int64_t)r->metadata));
    weir__grow_put(g, admission, "schema", weir__grow_int(g, (int64_t)r->schema.refused));
    weir__grow_put(g, admission, "rules", weir__grow_int(g, (int64_t)r->rules));
    weir__grow_put(g, admission, "decode", weir__grow_int(g, (int64_t)r->schema.undecoded));
    for (size_t i = 0; i < r->schema.dropped_count; i++) {
        weir__grow_add(g, dropped, weir__grow_text(g, r->schema.dropped[i]));
    }
    weir__grow_put(g, admission, "dropped", dropped);
    weir__grow_put(g, admission, "panic", text_or_null(g, r->panic));
    weir__grow_put(g, admission, "webhook", text_or_null(g, r->webhook));
    weir__grow_put(g, admission, "annotations", copy_or_null(g, r->annotations));
    weir__grow_put(g, admission, "defaulted", copy_or_null(g, r->defaulted));
    weir__grow_put(g, admission, "causes", copy_or_null(g, r->causes));
    return admission;
}

static struct weir__node *reconcile_node(struct weir__kserve *k)
{
    static const char *const outcomes[] = {"fine", "error", "panic"};
    const struct weir__kserve_result *r = &k->result;
    struct weir__grower *g = &k->g;
    struct weir__node *reconcile = weir__grow_mapping(g), *components = weir__grow_list(g);

    weir__grow_put_text(g, reconcile, "mode", r->mode);
    weir__grow_put(g, reconcile, "skipped", weir__grow_bool(g, r->skipped));
    weir__grow_put(g, reconcile, "error", text_or_null(g, r->error));
    for (int32_t i = 0; i < r->component_count; i++) {
        const struct weir__component_result *c = &r->components[i];
        struct weir__node *component = weir__grow_mapping(g);

        weir__grow_put_text(g, component, "name", c->name);
        weir__grow_put_text(g, component, "outcome", outcomes[c->outcome]);
        weir__grow_put(g, component, "message", text_or_null(g, c->message));
        weir__grow_add(g, components, component);
    }
    weir__grow_put(g, reconcile, "components", components);
    weir__grow_put(g, reconcile, "conditions", copy_or_null(g, r->conditions));
    return reconcile;
}

static struct weir__node *objects_node(struct weir__kserve *k)
{
    struct weir__grower *g = &k->g;
    struct weir__node *objects = weir__grow_list(g);

    for (const struct weir__thing *t = k->things; t != NULL; t = t->next) {
        struct weir__node *object = weir__grow_mapping(g);

        weir__grow_put(g, object, "object", t->tree);
        weir__grow_put(g, object, "by_kserve", weir__grow_bool(g, t->by_kserve));
        weir__grow_put(g, object, "refused", weir__grow_bool(g, t->refused));
        weir__grow_put(g, object, "refusals", weir__kserve_refusals(k, t));
        weir__grow_add(g, objects, object);
    }
    return objects;
}

weir_status weir_kserve_json(weir_kserve *cluster, char *text, size_t capacity, size_t *need)
{
    struct weir__grower *g;
    struct weir__node *all;
    size_t length;

    if (cluster == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    g = &cluster->k.g;
    all = weir__grow_mapping(g);
    weir__grow_put(g, all, "readable", weir__grow_bool(g, cluster->applied != NULL));
    weir__grow_put(
        g, all, "settings",
        text_or_null(g, cluster->k.settings.error[0] != '\0' ? cluster->k.settings.error : NULL));
    weir__grow_put(g, all, "admission", admission_node(&cluster->k));
    weir__grow_put(g, all, "reconcile",
                   cluster->k.result.reconciled ? reconcile_node(&cluster->k) : weir__grow_null(g));
    weir__grow_put(g, all, "objects", objects_node(&cluster->k));
    if (g->failed) {
        return WEIR_E_MEMORY;
    }
    length = weir__write_json_of_doubles(all, text, capacity) + 1;
    if (need != NULL) {
        *need = length;
    }
    return length <= capacity ? WEIR_OK : WEIR_E_SPACE;
}
