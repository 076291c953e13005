/*
 * manifest/hpa.c - HorizontalPodAutoscalers of manifests, and specs by themselves.
 */
#include "object.h"

#include <string.h>
#include <weir/autoscaler.h>
#include <weir/hpa_spec.h>

/* ---- objects -------------------------------------------------------------------------------- */

/* Whether the machine runs a configuration in which the API server found nothing. */
static void check_runs(const weir_hpa_config *config, const struct weir__path *path,
                       struct weir__mark mark, struct weir__problems *problems)
{
    struct weir__message m;
    weir_error err;

    if (weir_hpa_config_check(config, &err) != WEIR_OK) {
        weir__message_clear(&m);
        weir__message_add(&m, "weir cannot run what this becomes: ");
        weir__message_add(&m, err.path);
        weir__message_add(&m, " ");
        weir__message_add(&m, err.message);
        weir__problem(problems, WEIR_PROBLEM_ERROR, err.status, mark, path->text, m.text);
    }
}

static void resolve_hpa(weir_manifest *manifest, struct weir__item *item)
{
    struct weir__path path = item->spec_path;
    struct weir__mark mark = item->object.node->mark;
    struct weir__problems *problems = &manifest->problems;

    *item->hpa = manifest->hpa;
    weir__hpa_drop(item->hpa_spec, &manifest->hpa, NULL);
    weir__hpa_check(item->hpa_spec, &manifest->hpa, NULL, &path, mark, problems);
    weir__hpa_convert(item->hpa_spec, item->hpa, &path, mark, problems);
}

/* An object whose text cannot be read as a spec is let in no cluster, and checked all the same. */
static void resolve_item(weir_manifest *manifest, struct weir__item *item)
{
    size_t errors = manifest->problems.errors;

    resolve_hpa(manifest, item);
    if (manifest->problems.errors == errors && item->open.error_count == 0) {
        check_runs(item->hpa, &item->object.path, item->object.node->mark, &manifest->problems);
    }
}

void weir__read_hpa(weir_manifest *manifest, const struct weir__object *object)
{
    struct weir__item *item = weir__item_add(manifest, object);
    const struct weir__node *spec = weir__node_get(object->node, "spec");

    if (item == NULL) {
        return;
    }
    item->hpa_spec = weir__arena_take(&manifest->arena, sizeof *item->hpa_spec);
    item->hpa = weir__arena_take(&manifest->arena, sizeof *item->hpa);
    item->open.kind = WEIR_KIND_HPA;
    item->open.config = item->hpa;
    item->resolve = resolve_item;
    if (item->hpa_spec == NULL || item->hpa == NULL) {
        manifest->problems.out_of_memory = 1;
        return;
    }
    weir__object_check_name(manifest, object);
    item->spec_path = object->path;
    weir__path_key(&item->spec_path, "spec", 4);
    weir__hpa_read(item->hpa_spec, spec, &item->spec_path, &manifest->arena, &manifest->problems);
}

/* ---- specs by themselves -------------------------------------------------------------------- */

struct weir_hpa_spec {
    weir_allocator allocator;
    struct weir__arena arena;
    struct weir__problems problems;
    struct weir__document *document; /* that the spec is read from */
    struct weir__hpa_spec spec;
    weir_hpa_config config;
    int unreadable;
};

static void take_document(void *user, struct weir__document *document)
{
    weir_hpa_spec *spec = user;

    if (spec->document != NULL) {
        weir__problem(&spec->problems, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, document->root->mark,
                      "spec", "must be one document");
        weir__document_free(&spec->allocator, document);
    } else {
        spec->document = document;
    }
}

/* The reader looks for a NUL at the end of the text. */
static void read_text(weir_hpa_spec *spec, const char *text, size_t length)
{
    struct weir__reader reader;
    char *copy = weir__arena_text(&spec->arena, text, length);

    if (copy == NULL) {
        spec->problems.out_of_memory = 1;
        return;
    }
    memset(&reader, 0, sizeof reader);
    reader.allocator = &spec->allocator;
    reader.problems = &spec->problems;
    reader.deliver = take_document;
    reader.user = spec;
    weir__read(&reader, copy, length);
}

static void admit(weir_hpa_spec *spec, const weir_hpa_spec *old)
{
    const struct weir__hpa_spec *before = old != NULL ? &old->spec : NULL;
    struct weir__mark start = {1, 1};
    struct weir__path path;

    weir__path_clear(&path);
    weir__path_text(&path, "spec");
    weir__hpa_read(&spec->spec, spec->document != NULL ? spec->document->root : NULL, &path,
                   &spec->arena, &spec->problems);
    spec->unreadable = spec->problems.errors > 0;
    weir__hpa_drop(&spec->spec, &spec->config, before);
    weir__hpa_check(&spec->spec, &spec->config, before, &path, start, &spec->problems);
    weir__hpa_convert(&spec->spec, &spec->config, &path, start, &spec->problems);
    if (spec->problems.errors == 0) {
        check_runs(&spec->config, &path, start, &spec->problems);
    }
}

weir_status weir_hpa_spec_create(const weir_allocator *allocator, const weir_hpa_config *cluster,
                                 const char *text, size_t length, const weir_hpa_spec *old,
                                 weir_hpa_spec **out)
{
    weir_hpa_spec *spec;

    if (out == NULL || (text == NULL && length > 0) || length > WEIR_MANIFEST_BYTES_MAX) {
        return WEIR_E_ARG;
    }
    *out = NULL;
    if (cluster != NULL && cluster->struct_size != sizeof *cluster) {
        return WEIR_E_STRUCT;
    }
    allocator = allocator != NULL ? allocator : &weir__system_allocator;
    spec = weir__take(allocator, sizeof *spec);
    if (spec == NULL) {
        return WEIR_E_MEMORY;
    }
    memset(spec, 0, sizeof *spec);
    spec->allocator = *allocator;
    weir__arena_open(&spec->arena, &spec->allocator);
    weir__problems_open(&spec->problems, &spec->allocator);
    weir_hpa_config_init(&spec->config, sizeof spec->config);
    if (cluster != NULL) {
        spec->config = *cluster;
    }
    read_text(spec, text, length);
    admit(spec, old);
    if (spec->problems.out_of_memory) {
        weir_hpa_spec_free(spec);
        return WEIR_E_MEMORY;
    }
    *out = spec;
    return WEIR_OK;
}

void weir_hpa_spec_free(weir_hpa_spec *spec)
{
    weir_allocator allocator;

    if (spec == NULL) {
        return;
    }
    allocator = spec->allocator;
    weir__document_free(&allocator, spec->document);
    weir__problems_close(&spec->problems);
    weir__arena_close(&spec->arena);
    weir__give_back(&allocator, spec, sizeof *spec);
}

size_t weir_hpa_spec_problem_count(const weir_hpa_spec *spec)
{
    return spec != NULL ? spec->problems.count : 0;
}

const weir_problem *weir_hpa_spec_get_problem(const weir_hpa_spec *spec, size_t index)
{
    return index < weir_hpa_spec_problem_count(spec) ? &spec->problems.list[index].open : NULL;
}

size_t weir_hpa_spec_error_count(const weir_hpa_spec *spec)
{
    return spec != NULL ? spec->problems.errors : 0;
}

weir_status weir_hpa_spec_json(const weir_hpa_spec *spec, char *text, size_t capacity, size_t *need)
{
    size_t length;

    if (spec == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    if (spec->unreadable) {
        return WEIR_E_PARSE;
    }
    length = weir__hpa_print(&spec->spec, text, capacity) + 1;
    if (need != NULL) {
        *need = length;
    }
    return length <= capacity ? WEIR_OK : WEIR_E_SPACE;
}

const weir_hpa_config *weir_hpa_spec_config(const weir_hpa_spec *spec)
{
    return spec != NULL && spec->problems.errors == 0 ? &spec->config : NULL;
}
