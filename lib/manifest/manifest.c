/*
 * manifest/manifest.c - the manifest: files in, autoscalers and problems out.
 */
#include "manifest/object.h"

#include <stdlib.h>
#include <string.h>

weir_status weir_manifest_options_init(weir_manifest_options *options, size_t struct_size)
{
    if (options == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *options) {
        return WEIR_E_STRUCT;
    }
    memset(options, 0, sizeof *options);
    options->struct_size = (uint32_t)sizeof *options;
    options->semantics = WEIR_SERVING_0_51;
    options->conversion = WEIR_CONVERT_SATURATE;
    return WEIR_OK;
}

static weir_status check_options(const weir_manifest_options *options)
{
    if (options->struct_size != sizeof *options) {
        return WEIR_E_STRUCT;
    }
    if ((options->semantics != WEIR_SERVING_0_51 && options->semantics != WEIR_SERVING_0_42) ||
        (options->conversion != WEIR_CONVERT_SATURATE &&
         options->conversion != WEIR_CONVERT_AMD64)) {
        return WEIR_E_RANGE;
    }
    return WEIR_OK;
}

weir_status weir_manifest_create(const weir_manifest_options *options,
                                 const weir_allocator *allocator, weir_manifest **out)
{
    weir_manifest_options own;
    weir_manifest *manifest;
    weir_status status;

    if (out == NULL) {
        return WEIR_E_ARG;
    }
    *out = NULL;
    weir_manifest_options_init(&own, sizeof own);
    options = options != NULL ? options : &own;
    allocator = allocator != NULL ? allocator : &weir__system_allocator;
    status = check_options(options);
    if (status != WEIR_OK) {
        return status;
    }
    manifest = weir__take(allocator, sizeof *manifest);
    if (manifest == NULL) {
        return WEIR_E_MEMORY;
    }
    memset(manifest, 0, sizeof *manifest);
    manifest->allocator = *allocator;
    manifest->options = *options;
    weir__arena_open(&manifest->arena, &manifest->allocator);
    weir__problems_open(&manifest->problems, &manifest->allocator);
    *out = manifest;
    return WEIR_OK;
}

void weir_manifest_destroy(weir_manifest *manifest)
{
    weir_allocator allocator;

    if (manifest == NULL) {
        return;
    }
    allocator = manifest->allocator;
    while (manifest->documents != NULL) {
        struct weir__document *document = manifest->documents;

        manifest->documents = document->next;
        weir__document_free(&allocator, document);
    }
    weir__problems_close(&manifest->problems);
    weir__arena_close(&manifest->arena);
    weir__give_back(&allocator, manifest, sizeof *manifest);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Documents that nothing is kept from are not kept either. */
static void take_document(void *user, struct weir__document *document)
{
    weir_manifest *manifest = user;

    manifest->keep = 0;
    weir__objects_read(manifest, document);
    if (!manifest->keep) {
        weir__document_free(&manifest->allocator, document);
        return;
    }
    document->next = manifest->documents;
    manifest->documents = document;
}

static weir_status add_file(weir_manifest *manifest, const char *name)
{
    struct weir__file *file = weir__arena_take(&manifest->arena, sizeof *file);

    if (file == NULL) {
        return WEIR_E_MEMORY;
    }
    file->name = weir__arena_text(&manifest->arena, name, strlen(name));
    if (file->name == NULL) {
        return WEIR_E_MEMORY;
    }
    if (manifest->last_file != NULL) {
        manifest->last_file->next = file;
    } else {
        manifest->files = file;
    }
    manifest->last_file = file;
    manifest->file_count++;
    return WEIR_OK;
}

static void report_size(weir_manifest *manifest, size_t length)
{
    struct weir__mark nowhere = {0, 0};
    struct weir__message m;

    manifest->problems.file = manifest->file_count - 1;
    manifest->problems.document = manifest->problems.autoscaler = -1;
    weir__message_clear(&m);
    weir__message_add(&m, "the file has ");
    weir__message_int(&m, (int64_t)length);
    weir__message_add(&m, " bytes; weir reads manifests of at most ");
    weir__message_int(&m, WEIR_MANIFEST_BYTES_MAX);
    weir__problem(&manifest->problems, WEIR_SEVERITY_ERROR, WEIR_E_LIMIT, nowhere, NULL, m.text);
}

weir_status weir_manifest_add(weir_manifest *manifest, const char *name, const char *text,
                              size_t length)
{
    struct weir__reader reader;
    char *copy;
    weir_status status;

    if (manifest == NULL || name == NULL || (text == NULL && length > 0) || manifest->finished) {
        return WEIR_E_ARG;
    }
    status = add_file(manifest, name);
    if (status != WEIR_OK) {
        manifest->problems.out_of_memory = 1;
        return status;
    }
    if (length > WEIR_MANIFEST_BYTES_MAX) {
        report_size(manifest, length);
        return manifest->problems.out_of_memory ? WEIR_E_MEMORY : WEIR_OK;
    }
    copy = weir__take(&manifest->allocator, length + 1); /* the readers look for a NUL at the end */
    if (copy == NULL) {
        manifest->problems.out_of_memory = 1;
        return WEIR_E_MEMORY;
    }
    if (length > 0) {
        memcpy(copy, text, length);
    }
    copy[length] = '\0';
    memset(&reader, 0, sizeof reader);
    reader.allocator = &manifest->allocator;
    reader.problems = &manifest->problems;
    reader.file = manifest->file_count - 1;
    reader.deliver = take_document;
    reader.user = manifest;
    weir__read(&reader, copy, length);
    weir__give_back(&manifest->allocator, copy, length + 1);
    return manifest->problems.out_of_memory ? WEIR_E_MEMORY : WEIR_OK;
}

/* ---- finishing ------------------------------------------------------------------------------ */

/* By kind and name; of one name in the order of reading. */
static int compare_items(const void *a, const void *b)
{
    const struct weir__item *x = *(const struct weir__item *const *)a;
    const struct weir__item *y = *(const struct weir__item *const *)b;
    int order = strcmp(x->object.kind, y->object.kind);

    order = order != 0 ? order : strcmp(x->object.name_space, y->object.name_space);
    order = order != 0 ? order : strcmp(x->object.name, y->object.name);
    if (order == 0) {
        order = x->number < y->number ? -1 : 1;
    }
    return order;
}

static int same_object(const struct weir__item *x, const struct weir__item *y)
{
    return strcmp(x->object.kind, y->object.kind) == 0 && x->object.name[0] != '\0' &&
           strcmp(x->object.name_space, y->object.name_space) == 0 &&
           strcmp(x->object.name, y->object.name) == 0;
}

void weir__say_again(const weir_manifest *manifest, const struct weir__object *first,
                     struct weir__message *m)
{
    weir__message_add(m, "is also in ");
    weir__message_add(m, weir_manifest_file(manifest, first->document->file));
    weir__message_add(m, ", line ");
    weir__message_int(m, first->node->mark.line);
    weir__message_add(m, "; this later one counts");
}

static void about(weir_manifest *manifest, const struct weir__item *item)
{
    manifest->problems.file = item->object.document->file;
    manifest->problems.document = item->object.document->index;
    manifest->problems.autoscaler = (int32_t)item->number;
}

/* `all` has room for every item. */
static void drop_replaced(weir_manifest *manifest, struct weir__item **all)
{
    size_t count = 0;

    for (struct weir__item *item = manifest->items; item != NULL; item = item->next) {
        all[count++] = item;
    }
    qsort(all, count, sizeof all[0], compare_items);
    for (size_t i = 1; i < count; i++) {
        struct weir__message m;

        if (same_object(all[i - 1], all[i])) {
            weir__message_clear(&m);
            weir__say_again(manifest, &all[i - 1]->object, &m);
            about(manifest, all[i]);
            weir__object_problem(manifest, WEIR_SEVERITY_WARNING, WEIR_OK,
                                 all[i]->object.node->mark, &all[i]->object.path, &m);
            all[i - 1]->dropped = 1;
        }
    }
}

static void resolve_items(weir_manifest *manifest)
{
    for (struct weir__item *item = manifest->items; item != NULL; item = item->next) {
        size_t before = manifest->problems.totals[WEIR_SEVERITY_ERROR];

        if (!item->dropped) {
            about(manifest, item);
            item->dropped = !item->resolve(manifest, item);
            item->errors += (int32_t)(manifest->problems.totals[WEIR_SEVERITY_ERROR] - before);
        }
    }
}

/* Numbers those that are left. `numbers` has room for every item. */
static void collect_found(weir_manifest *manifest, int32_t *numbers)
{
    for (struct weir__item *item = manifest->items; item != NULL; item = item->next) {
        numbers[item->number] = item->dropped ? -1 : (int32_t)manifest->found_count;
        if (!item->dropped) {
            manifest->found[manifest->found_count++] = item;
        }
    }
    for (size_t i = 0; i < manifest->problems.count; i++) {
        weir_problem *problem = &manifest->problems.list[i];

        if (problem->autoscaler >= 0) {
            problem->autoscaler = numbers[problem->autoscaler];
        }
    }
}

weir_status weir_manifest_finish(weir_manifest *manifest, weir_error *err)
{
    struct weir__item **all;
    int32_t *numbers;

    if (manifest == NULL || manifest->finished) {
        return WEIR_E_ARG;
    }
    all = weir__arena_take(&manifest->arena, manifest->item_count * sizeof all[0]);
    numbers = weir__arena_take(&manifest->arena, manifest->item_count * sizeof numbers[0]);
    if (all == NULL || numbers == NULL || manifest->problems.out_of_memory) {
        return WEIR_E_MEMORY;
    }
    manifest->problems.autoscaler = -1;
    weir__resolve_cluster(manifest);
    drop_replaced(manifest, all);
    resolve_items(manifest);
    manifest->found = all;
    collect_found(manifest, numbers);
    manifest->finished = 1;
    if (manifest->problems.out_of_memory) {
        return WEIR_E_MEMORY;
    }
    if (manifest->problems.totals[WEIR_SEVERITY_ERROR] == 0) {
        return WEIR_OK;
    }
    for (size_t i = 0; i < manifest->problems.count; i++) {
        if (manifest->problems.list[i].severity == WEIR_SEVERITY_ERROR) {
            manifest->problems.first_error = manifest->problems.list[i].error;
            break;
        }
    }
    if (err != NULL) {
        *err = manifest->problems.first_error;
    }
    return manifest->problems.first_error.status;
}

/* ---- results -------------------------------------------------------------------------------- */

size_t weir_manifest_count(const weir_manifest *manifest)
{
    return manifest != NULL ? manifest->found_count : 0;
}

weir_status weir_manifest_get(const weir_manifest *manifest, size_t index,
                              weir_manifest_autoscaler *out, size_t struct_size)
{
    const struct weir__item *item;

    if (manifest == NULL || out == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *out) {
        return WEIR_E_STRUCT;
    }
    if (index >= manifest->found_count) {
        return WEIR_E_RANGE;
    }
    item = manifest->found[index];
    memset(out, 0, sizeof *out);
    out->struct_size = (uint32_t)sizeof *out;
    out->kind = item->kind;
    out->file = item->object.document->file;
    out->document = item->object.document->index;
    out->line = item->object.node->mark.line;
    out->errors = item->errors;
    out->object_kind = item->object.kind;
    out->object_namespace = item->object.name_space;
    out->object_name = item->object.name;
    out->config = &item->config;
    return WEIR_OK;
}

size_t weir_manifest_problem_count(const weir_manifest *manifest)
{
    return manifest != NULL ? manifest->problems.count : 0;
}

weir_status weir_manifest_problem(const weir_manifest *manifest, size_t index, weir_problem *out)
{
    if (manifest == NULL || out == NULL) {
        return WEIR_E_ARG;
    }
    if (index >= manifest->problems.count) {
        return WEIR_E_RANGE;
    }
    *out = manifest->problems.list[index];
    return WEIR_OK;
}

size_t weir_manifest_severity_count(const weir_manifest *manifest, int32_t severity)
{
    if (manifest == NULL || severity < WEIR_SEVERITY_ERROR || severity > WEIR_SEVERITY_NOTICE) {
        return 0;
    }
    return manifest->problems.totals[severity];
}

const char *weir_manifest_file(const weir_manifest *manifest, int32_t file)
{
    const struct weir__file *f = manifest != NULL && file >= 0 ? manifest->files : NULL;

    for (; f != NULL && file > 0; file--) {
        f = f->next;
    }
    return f != NULL ? f->name : "";
}
