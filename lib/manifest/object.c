/*
 * manifest/object.c - from documents to objects, and from objects to the readers of their kinds.
 */
#include "object.h"

#include <string.h>

/* ---- kinds ---------------------------------------------------------------------------------- */

struct kind {
    const char *group, *version, *kind;
    void (*read)(weir_manifest *manifest, const struct weir__object *object);
};

static const struct kind kinds[] = {
    {"serving.knative.dev", "v1", "Service", weir__read_knative_template},
    {"serving.knative.dev", "v1", "Configuration", weir__read_knative_template},
    {"serving.knative.dev", "v1", "Revision", weir__read_knative_revision},
    {"autoscaling.internal.knative.dev", "v1alpha1", "PodAutoscaler", weir__read_knative_revision},
    {"", "v1", "ConfigMap", weir__read_configmap},
    {"autoscaling", "v2", "HorizontalPodAutoscaler", weir__read_hpa},
    {"keda.sh", "v1alpha1", "ScaledObject", weir__read_scaled_object},
    {"keda.sh", "v1alpha1", "TriggerAuthentication", weir__read_bystander},
    {"keda.sh", "v1alpha1", "ClusterTriggerAuthentication", weir__read_bystander},
    {"apps", "v1", "Deployment", weir__read_bystander},
    {"apps", "v1", "StatefulSet", weir__read_bystander},
    {"", "v1", "LimitRange", weir__read_bystander},
    {"serving.kserve.io", "v1beta1", "InferenceService", weir__read_late},
    {"serving.kserve.io", "v1alpha2", "LLMInferenceService", weir__read_late},
    {"serving.kserve.io", "v1alpha1", "LLMInferenceService", weir__read_late},
    {"serving.kserve.io", "v1alpha1", "InferenceGraph", weir__read_late},
    {"serving.kserve.io", "v1alpha1", "ServingRuntime", weir__read_runtime},
    {"serving.kserve.io", "v1alpha1", "ClusterServingRuntime", weir__read_runtime},
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* ---- helpers of readers --------------------------------------------------------------------- */

void weir__object_problem(weir_manifest *manifest, int32_t severity, weir_status status,
                          struct weir__mark mark, const struct weir__path *path,
                          const struct weir__message *m)
{
    weir__problem(&manifest->problems, severity, status, mark, path->text, m->text);
}

static void say_got(weir_manifest *manifest, const char *wanted, const struct weir__node *node,
                    const struct weir__path *path)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, wanted);
    weir__message_add(&m, ", got ");
    weir__node_describe(node, &m);
    weir__object_problem(manifest, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, node->mark, path, &m);
}

const struct weir__node *weir__object_mapping(weir_manifest *manifest,
                                              const struct weir__node *parent, const char *key,
                                              struct weir__path *path)
{
    const struct weir__node *node = weir__node_get(parent, key);

    weir__path_key(path, key, strlen(key));
    if (node == NULL || node->type == WEIR__NODE_NULL) {
        return NULL;
    }
    if (node->type != WEIR__NODE_MAPPING) {
        say_got(manifest, "must be a mapping", node, path);
        return NULL;
    }
    return node;
}

/* What a text member says; "" where there is none. */
static const char *text_member(weir_manifest *manifest, const struct weir__node *parent,
                               const char *key, struct weir__path *path)
{
    const struct weir__node *node = weir__node_get(parent, key);
    size_t length = path->length;
    const char *text = "";

    if (node != NULL && node->type == WEIR__NODE_STRING) {
        return node->text;
    }
    if (node != NULL && node->type != WEIR__NODE_NULL) {
        weir__path_key(path, key, strlen(key));
        say_got(manifest, "must be text", node, path);
        weir__path_cut(path, length);
        text = node->text != NULL ? node->text : "";
    }
    return text;
}

/* A value of a mapping of texts. One that is no text is read as it is written, once it has been
 * said that it needs quotes. */
static const char *text_value(weir_manifest *manifest, const struct weir__entry *entry,
                              struct weir__path *path)
{
    const struct weir__node *node = entry->value;
    size_t length = path->length;
    struct weir__message m;

    if (node->type == WEIR__NODE_STRING) {
        return node->text;
    }
    if (node->type == WEIR__NODE_NULL) {
        return ""; /* as in JSON's null */
    }
    weir__path_key(path, entry->key, entry->key_length);
    if (node->text == NULL) {
        say_got(manifest, "must be text", node, path);
    } else {
        weir__message_clear(&m);
        weir__message_add(&m, "must be text: write ");
        weir__message_quote(&m, node->text, node->length);
        weir__message_add(&m, " in quotes");
        weir__object_problem(manifest, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, node->mark, path, &m);
    }
    weir__path_cut(path, length);
    return node->text;
}

void weir__object_texts(weir_manifest *manifest, const struct weir__node *parent, const char *key,
                        struct weir__path *path, struct weir__texts *texts)
{
    const struct weir__node *node = weir__object_mapping(manifest, parent, key, path);
    size_t most = node != NULL ? node->count : 0, count = 0;
    weir_pair *list = weir__arena_take(&manifest->arena, most * sizeof *list);
    struct weir__mark *keys = weir__arena_take(&manifest->arena, most * sizeof *keys);
    struct weir__mark *values = weir__arena_take(&manifest->arena, most * sizeof *values);

    memset(texts, 0, sizeof *texts);
    texts->path = *path;
    if (list == NULL || keys == NULL || values == NULL) {
        manifest->problems.out_of_memory = 1;
        return;
    }
    for (const struct weir__entry *e = node != NULL ? node->first : NULL; e != NULL; e = e->next) {
        const char *text = text_value(manifest, e, path);

        if (text != NULL) {
            list[count].key = e->key;
            list[count].text = text;
            keys[count] = e->mark;
            values[count++] = e->value->mark;
        }
    }
    texts->pairs.list = list;
    texts->pairs.count = count;
    texts->keys = keys;
    texts->values = values;
}

void weir__object_missing(weir_manifest *manifest, const struct weir__object *object,
                          const struct weir__path *path, const char *why)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, "is missing");
    weir__message_add(&m, why);
    weir__object_problem(manifest, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, object->node->mark, path, &m);
}

void weir__object_check_name(weir_manifest *manifest, const struct weir__object *object)
{
    const struct weir__node *metadata = weir__node_get(object->node, "metadata");
    struct weir__path path = object->path;

    if (object->name[0] == '\0' && weir__node_get(metadata, "generateName") == NULL) {
        weir__path_key(&path, "metadata", strlen("metadata"));
        weir__path_key(&path, "name", strlen("name"));
        weir__object_missing(manifest, object, &path, "");
    }
}

struct weir__mark weir__texts_mark(const struct weir__texts *texts, const char *key,
                                   struct weir__mark otherwise)
{
    for (size_t i = 0; i < texts->pairs.count; i++) {
        if (strcmp(texts->pairs.list[i].key, key) == 0) {
            return texts->values[i];
        }
    }
    return otherwise;
}

void weir__problems_about(weir_manifest *manifest, const struct weir__object *object)
{
    manifest->problems.file_name = object->document->file_name;
    manifest->problems.file = object->document->file;
    manifest->problems.document = object->document->number;
}

void weir__say_again(const struct weir__object *first, struct weir__message *m)
{
    weir__message_add(m, "is also in ");
    weir__message_add(m, first->document->file_name);
    weir__message_add(m, ", line ");
    weir__message_int(m, first->node->mark.line);
    weir__message_add(m, "; this later one counts");
}

struct weir__item *weir__item_add(weir_manifest *manifest, const struct weir__object *object)
{
    struct weir__item *item = weir__arena_take(&manifest->arena, sizeof *item);

    if (item == NULL) {
        manifest->problems.out_of_memory = 1;
        return NULL;
    }
    item->object = *object;
    item->open.api_kind = object->kind;
    item->open.maker_kind = item->open.maker_name = "";
    item->open.name_space = object->name_space[0] != '\0' ? object->name_space : "default";
    item->open.name = object->name;
    item->open.file = object->document->file_name;
    item->open.line = object->node->mark.line;
    item->number = manifest->item_count++;
    if (manifest->last_item != NULL) {
        manifest->last_item->next = item;
    } else {
        manifest->items = item;
    }
    manifest->last_item = item;
    manifest->keep = 1;
    return item;
}

/* ---- dispatch ------------------------------------------------------------------------------- */

/* "apps/v1 Deployment web is passed over" */
static void say_passed_over(const struct weir__object *object, struct weir__message *m)
{
    weir__message_clear(m);
    weir__message_add(m, object->api_version);
    weir__message_add(m, " ");
    weir__message_add(m, object->kind);
    weir__message_add(m, " ");
    weir__message_add(m, object->name[0] != '\0' ? object->name : "(no name)");
    weir__message_add(m, " is passed over");
}

void weir__pass_over(weir_manifest *manifest, const struct weir__object *object,
                     const struct weir__message *why)
{
    struct weir__path path = object->path;
    struct weir__message m;

    say_passed_over(object, &m);
    weir__message_add(&m, why->length > 0 ? why->text : ": weir has no use for it");
    weir__path_key(&path, "kind", strlen("kind"));
    weir__object_problem(manifest, why->length > 0 ? WEIR_PROBLEM_WARNING : WEIR_PROBLEM_NOTICE,
                         WEIR_OK, object->node->mark, &path, &m);
}

void weir__read_bystander(weir_manifest *manifest, const struct weir__object *object)
{
    struct weir__bystander *bystander = weir__arena_take(&manifest->arena, sizeof *bystander);

    if (bystander == NULL) {
        manifest->problems.out_of_memory = 1;
        return;
    }
    bystander->object = *object;
    if (manifest->last_bystander != NULL) {
        manifest->last_bystander->next = bystander;
    } else {
        manifest->bystanders = bystander;
    }
    manifest->last_bystander = bystander;
    manifest->keep = 1;
}

void weir__pass_over_bystanders(weir_manifest *manifest)
{
    struct weir__message why;

    weir__message_clear(&why);
    for (const struct weir__bystander *b = manifest->bystanders; b != NULL; b = b->next) {
        if (!b->used) {
            weir__problems_about(manifest, &b->object);
            weir__pass_over(manifest, &b->object, &why);
        }
    }
}

/* What looks like a slip in a name or version that weir reads is more than a notice. */
static void pass_over_kind(weir_manifest *manifest, const struct weir__object *object,
                           size_t group_length)
{
    const char *names[KIND_COUNT], *near, *version = NULL;
    size_t count = 0;
    struct weir__message why;

    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (group_length > 0 && strlen(kinds[i].group) == group_length &&
            memcmp(kinds[i].group, object->api_version, group_length) == 0) {
            names[count++] = kinds[i].kind;
            if (strcmp(kinds[i].kind, object->kind) == 0) {
                version = kinds[i].version;
            }
        }
    }
    near = weir_nearest_name(object->kind, names, count);
    weir__message_clear(&why);
    if (version != NULL || near != NULL) {
        weir__message_add(&why, version != NULL ? ": weir reads version " : "; did you mean ");
        weir__message_add(&why, version != NULL ? version : near);
    }
    weir__pass_over(manifest, object, &why);
}

static void dispatch(weir_manifest *manifest, const struct weir__object *object)
{
    const char *slash = strchr(object->api_version, '/');
    size_t group_length = slash != NULL ? (size_t)(slash - object->api_version) : 0;
    const char *version = slash != NULL ? slash + 1 : object->api_version;

    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct kind *k = &kinds[i];

        if (strlen(k->group) == group_length &&
            memcmp(k->group, object->api_version, group_length) == 0 &&
            strcmp(k->version, version) == 0 && strcmp(k->kind, object->kind) == 0) {
            k->read(manifest, object);
            return;
        }
    }
    pass_over_kind(manifest, object, group_length);
}

static int is_there(weir_manifest *manifest, struct weir__object *object, const char *key,
                    const char *value)
{
    struct weir__path path = object->path;
    struct weir__message m;

    if (value[0] != '\0') {
        return 1;
    }
    weir__message_clear(&m);
    weir__message_add(&m, "is missing");
    weir__path_key(&path, key, strlen(key));
    weir__object_problem(manifest, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, object->node->mark, &path, &m);
    return 0;
}

/* Whether a kind is that of a list, and the length of the kind that it is a list of. */
static int is_list(const struct weir__object *object, size_t *length)
{
    size_t n = strlen(object->kind);

    *length = n >= 4 ? n - 4 : 0;
    return n >= 4 && strcmp(object->kind + *length, "List") == 0 &&
           weir__node_entry(object->node, "items") != NULL;
}

static void read_object(weir_manifest *manifest, struct weir__object *object);

/* Items of a typed list need not repeat what they are. */
static void read_list(weir_manifest *manifest, const struct weir__object *list, size_t length)
{
    const struct weir__node *items = weir__node_get(list->node, "items");
    const char *kind = weir__arena_text(&manifest->arena, list->kind, length);
    struct weir__path path = list->path;
    size_t index = 0;

    weir__path_key(&path, "items", strlen("items"));
    if (kind == NULL) {
        manifest->problems.out_of_memory = 1;
        return;
    }
    if (items->type != WEIR__NODE_SEQUENCE) {
        if (items->type != WEIR__NODE_NULL) {
            say_got(manifest, "must be a list", items, &path);
        }
        return;
    }
    for (const struct weir__entry *e = items->first; e != NULL; e = e->next) {
        struct weir__object object;

        memset(&object, 0, sizeof object);
        object.document = list->document;
        object.node = e->value;
        object.path = path;
        object.api_version = length > 0 ? list->api_version : "";
        object.kind = kind;
        object.name = object.name_space = "";
        weir__path_index(&object.path, index++);
        read_object(manifest, &object);
    }
}

/* Reads an object that is no list. Errors count for the item that it makes, if it does. */
static void read_single(weir_manifest *manifest, struct weir__object *object)
{
    const struct weir__node *metadata;
    struct weir__path path = object->path;
    size_t items = manifest->item_count, errors = manifest->problems.errors;

    metadata = weir__object_mapping(manifest, object->node, "metadata", &path);
    object->name = text_member(manifest, metadata, "name", &path);
    object->name_space = text_member(manifest, metadata, "namespace", &path);
    dispatch(manifest, object);
    if (manifest->item_count > items) {
        manifest->last_item->open.error_count =
            object->document->errors + (int32_t)(manifest->problems.errors - errors);
    }
}

static void read_object(weir_manifest *manifest, struct weir__object *object)
{
    const char *api_version, *kind;
    size_t length;
    int is_versioned;

    if (object->node->type != WEIR__NODE_MAPPING) {
        say_got(manifest, "an object must be a mapping", object->node, &object->path);
        return;
    }
    api_version = text_member(manifest, object->node, "apiVersion", &object->path);
    kind = text_member(manifest, object->node, "kind", &object->path);
    object->api_version = api_version[0] != '\0' ? api_version : object->api_version;
    object->kind = kind[0] != '\0' ? kind : object->kind;
    is_versioned = is_there(manifest, object, "apiVersion", object->api_version);
    if (!is_there(manifest, object, "kind", object->kind) || !is_versioned) {
        return;
    }
    if (is_list(object, &length) && object->path.length == 0) { /* no lists in lists */
        read_list(manifest, object, length);
    } else {
        read_single(manifest, object);
    }
}

void weir__read_made(weir_manifest *manifest, struct weir__object *object, const char *about)
{
    const struct weir__item *last = manifest->last_item;

    object->api_version = text_member(manifest, object->node, "apiVersion", &object->path);
    object->kind = text_member(manifest, object->node, "kind", &object->path);
    read_single(manifest, object);
    if (manifest->last_item != last) {
        manifest->last_item->about = about;
    }
}

void weir__objects_read(weir_manifest *manifest, const struct weir__document *document)
{
    struct weir__object object;

    memset(&object, 0, sizeof object);
    object.document = document;
    object.node = document->root;
    object.api_version = object.kind = object.name = object.name_space = "";
    read_object(manifest, &object);
}
