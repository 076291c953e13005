/*
 * manifest/manifest.c - the manifest: files in, autoscalers and problems out.
 */
#include "keda_metadata.h"
#include "object.h"
#include "write.h"

#include <stdlib.h>
#include <string.h>
#include <weir/autoscaler.h>

weir_status weir_manifest_create(const weir_allocator *allocator, weir_manifest **out)
{
    weir_manifest *manifest;

    if (out == NULL) {
        return WEIR_E_ARG;
    }
    *out = NULL;
    allocator = allocator != NULL ? allocator : &weir__system_allocator;
    manifest = weir__take(allocator, sizeof *manifest);
    if (manifest == NULL) {
        return WEIR_E_MEMORY;
    }
    memset(manifest, 0, sizeof *manifest);
    manifest->allocator = *allocator;
    weir__arena_open(&manifest->arena, &manifest->allocator);
    weir__problems_open(&manifest->problems, &manifest->allocator);
    weir_kpa_config_init(&manifest->kpa, sizeof manifest->kpa);
    weir_hpa_config_init(&manifest->hpa, sizeof manifest->hpa);
    weir_keda_config_init(&manifest->keda, sizeof manifest->keda);
    weir_admission_init(&manifest->admission, sizeof manifest->admission);
    *out = manifest;
    return WEIR_OK;
}

static weir_status set_kpa(weir_manifest *manifest, const weir_kpa_config *config)
{
    weir_status status = weir_kpa_config_check(config, NULL);

    if (status == WEIR_OK && config->struct_size != sizeof manifest->kpa) {
        return WEIR_E_STRUCT;
    }
    if (status == WEIR_OK) {
        manifest->kpa = *config;
    }
    return status;
}

/* maxReplicas comes from the object alone, and a configuration without it is no sound one. */
static weir_status set_hpa(weir_manifest *manifest, const weir_hpa_config *config)
{
    weir_hpa_config own;
    weir_status status;

    if (config->struct_size != sizeof own) {
        return WEIR_E_STRUCT;
    }
    own = *config;
    own.min_replicas = own.max_replicas = 1;
    status = weir_hpa_config_check(&own, NULL);
    if (status == WEIR_OK) {
        manifest->hpa = own;
    }
    return status;
}

/* What a ScaledObject itself says stays as it is without one. */
static weir_status set_keda(weir_manifest *manifest, const weir_keda_config *config)
{
    if (config->struct_size != sizeof manifest->keda) {
        return WEIR_E_STRUCT;
    }
    manifest->keda = *config;
    manifest->keda.trigger_count = 0;
    return WEIR_OK;
}

weir_status weir_admission_init(weir_admission *admission, size_t struct_size)
{
    if (admission == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *admission) {
        return WEIR_E_STRUCT;
    }
    memset(admission, 0, sizeof *admission);
    admission->struct_size = (uint32_t)sizeof *admission;
    return WEIR_OK;
}

weir_status weir_manifest_set_admission(weir_manifest *manifest, const weir_admission *admission)
{
    if (manifest == NULL || admission == NULL || manifest->finished) {
        return WEIR_E_ARG;
    }
    if (admission->struct_size != sizeof *admission) {
        return WEIR_E_STRUCT;
    }
    manifest->admission = *admission;
    return WEIR_OK;
}

weir_status weir_manifest_set_defaults(weir_manifest *manifest, int32_t kind, const void *config)
{
    if (manifest == NULL || config == NULL || manifest->finished) {
        return WEIR_E_ARG;
    }
    if (kind == WEIR_KIND_KPA) {
        return set_kpa(manifest, config);
    }
    if (kind == WEIR_KIND_KEDA) {
        return set_keda(manifest, config);
    }
    return kind == WEIR_KIND_HPA ? set_hpa(manifest, config) : WEIR_E_UNSUPPORTED;
}

void weir_manifest_free(weir_manifest *manifest)
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

static void report_size(weir_manifest *manifest, size_t length)
{
    struct weir__mark nowhere = {0, 0};
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, "the file has ");
    weir__message_int(&m, (int64_t)length);
    weir__message_add(&m, " bytes; at most ");
    weir__message_int(&m, WEIR_MANIFEST_BYTES_MAX);
    weir__message_add(&m, " are read");
    weir__problem(&manifest->problems, WEIR_PROBLEM_ERROR, WEIR_E_LIMIT, nowhere, NULL, m.text);
}

/* The readers look for a NUL at the end of the text. */
static void read_text(weir_manifest *manifest, const char *text, size_t length)
{
    struct weir__reader reader;
    char *copy = weir__take(&manifest->allocator, length + 1);

    if (copy == NULL) {
        manifest->problems.out_of_memory = 1;
        return;
    }
    if (length > 0) {
        memcpy(copy, text, length);
    }
    copy[length] = '\0';
    memset(&reader, 0, sizeof reader);
    reader.allocator = &manifest->allocator;
    reader.problems = &manifest->problems;
    reader.deliver = take_document;
    reader.user = manifest;
    weir__read(&reader, copy, length);
    weir__give_back(&manifest->allocator, copy, length + 1);
}

weir_status weir_manifest_add(weir_manifest *manifest, const char *file, const char *text,
                              size_t length)
{
    const char *name;

    if (manifest == NULL || file == NULL || (text == NULL && length > 0) || manifest->finished) {
        return WEIR_E_ARG;
    }
    name = weir__arena_text(&manifest->arena, file, strlen(file));
    if (name == NULL) {
        manifest->problems.out_of_memory = 1;
        return WEIR_E_MEMORY;
    }
    manifest->problems.file_name = name;
    manifest->problems.file = manifest->file_count++;
    manifest->problems.document = 0;
    if (length > WEIR_MANIFEST_BYTES_MAX) {
        report_size(manifest, length);
    } else {
        read_text(manifest, text, length);
    }
    return manifest->problems.out_of_memory ? WEIR_E_MEMORY : WEIR_OK;
}

/* ---- finishing ------------------------------------------------------------------------------ */

/* By kind and name; of one name in the order of reading. */
static int compare_items(const void *a, const void *b)
{
    const struct weir__item *x = ((const struct weir__found *)a)->item;
    const struct weir__item *y = ((const struct weir__found *)b)->item;
    int order = strcmp(x->open.api_kind, y->open.api_kind);

    order = order != 0 ? order : strcmp(x->open.name_space, y->open.name_space);
    order = order != 0 ? order : strcmp(x->open.name, y->open.name);
    if (order == 0) {
        order = x->number < y->number ? -1 : 1;
    }
    return order;
}

/* In the order of files and lines; what is made of one object stays as it is. */
static int compare_places(const void *a, const void *b)
{
    const struct weir__item *x = ((const struct weir__found *)a)->item;
    const struct weir__item *y = ((const struct weir__found *)b)->item;
    const struct weir__document *p = x->object.document, *q = y->object.document;

    if (p->file != q->file) {
        return p->file < q->file ? -1 : 1;
    }
    if (x->open.line != y->open.line) {
        return x->open.line < y->open.line ? -1 : 1;
    }
    return x->number < y->number ? -1 : x->number > y->number;
}

static int same_object(const struct weir__item *x, const struct weir__item *y)
{
    return strcmp(x->open.api_kind, y->open.api_kind) == 0 && x->open.name[0] != '\0' &&
           strcmp(x->open.name_space, y->open.name_space) == 0 &&
           strcmp(x->open.name, y->open.name) == 0;
}

/* `all` has room for every item. */
static void drop_replaced(weir_manifest *manifest, struct weir__found *all)
{
    size_t count = 0;

    for (struct weir__item *item = manifest->items; item != NULL; item = item->next) {
        if (!item->dropped) {
            all[count++].item = item;
        }
    }
    qsort(all, count, sizeof all[0], compare_items);
    for (size_t i = 1; i < count; i++) {
        struct weir__item *first = all[i - 1].item, *again = all[i].item;
        struct weir__message m;

        if (same_object(first, again)) {
            weir__message_clear(&m);
            weir__say_again(&first->object, &m);
            weir__problems_about(manifest, &again->object);
            weir__object_problem(manifest, WEIR_PROBLEM_WARNING, WEIR_OK, again->object.node->mark,
                                 &again->object.path, &m);
            first->dropped = 1;
        }
    }
}

weir_status weir_manifest_finish(weir_manifest *manifest)
{
    struct weir__found *all;

    if (manifest == NULL || manifest->finished) {
        return WEIR_E_ARG;
    }
    manifest->finished = 1;
    weir__resolve_cluster(manifest);
    weir__resolve_kserve(manifest);
    all = weir__arena_take(&manifest->arena, manifest->item_count * sizeof all[0]);
    if (all == NULL || manifest->problems.out_of_memory) {
        manifest->problems.out_of_memory = 1;
        return WEIR_E_MEMORY;
    }
    drop_replaced(manifest, all);
    manifest->found = all;
    for (struct weir__item *item = manifest->items; item != NULL; item = item->next) {
        size_t errors = manifest->problems.errors;

        weir__problems_about(manifest, &item->object);
        manifest->problems.about = item->about;
        manifest->problems.stages = item->about != NULL ? WEIR_STAGE_OBJECT : 0;
        item->resolve(manifest, item); /* one that is replaced is checked as well */
        item->open.error_count += (int32_t)(manifest->problems.errors - errors);
        if (!item->dropped) {
            manifest->found[manifest->found_count++].item = item;
        }
    }
    manifest->problems.about = NULL;
    manifest->problems.stages = 0;
    weir__pass_over_bystanders(manifest);
    qsort(manifest->found, manifest->found_count, sizeof manifest->found[0], compare_places);
    return manifest->problems.out_of_memory ? WEIR_E_MEMORY : WEIR_OK;
}

/* ---- results -------------------------------------------------------------------------------- */

size_t weir_manifest_item_count(const weir_manifest *manifest)
{
    return manifest != NULL ? manifest->found_count : 0;
}

const weir_manifest_item *weir_manifest_get_item(const weir_manifest *manifest, size_t index)
{
    return index < weir_manifest_item_count(manifest) ? &manifest->found[index].item->open : NULL;
}

/* The object that KServe makes, as the API server stores it. */
static struct weir__node *stored_object(weir_manifest *manifest, const struct weir__item *item,
                                        int32_t how)
{
    struct weir__grower g = {&manifest->arena, 0};
    struct weir__node *object = weir__grow_copy(&g, item->object.node);

    if (item->hpa_spec != NULL && (how & WEIR_SHOW_AS_SENT) == 0) {
        weir__grow_put(&g, object, "spec", weir__hpa_tree(&g, item->hpa_spec));
    }
    return g.failed ? NULL : object;
}

/* The item itself, and then what is made of it. */
static weir_status show_made(weir_manifest *manifest, struct weir__item *item, int32_t how,
                             char *text, size_t capacity, size_t *need)
{
    const char *between = how & WEIR_SHOW_JSON ? "\n" : "---\n";
    struct weir__node *object = stored_object(manifest, item, how);
    size_t length = 0, gap = strlen(between), at, more = 0;
    weir_status status = WEIR_END;

    if (object == NULL) {
        return WEIR_E_MEMORY;
    }
    weir__write_shown(object, how, text, capacity, &length);
    length--;
    at = length + gap;
    if (item->show != NULL) {
        status = item->show(manifest, item, how, at < capacity ? text + at : NULL,
                            at < capacity ? capacity - at : 0, &more);
    }
    if (status == WEIR_OK || status == WEIR_E_SPACE) {
        if (at < capacity) {
            /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): what follows ends it */
            memcpy(text + length, between, gap);
        }
        length = at + more - 1;
        status = WEIR_OK;
    }
    if (status != WEIR_OK && status != WEIR_END && status != WEIR_E_PARSE) {
        return status;
    }
    if (need != NULL) {
        *need = length + 1;
    }
    return length < capacity ? WEIR_OK : WEIR_E_SPACE;
}

weir_status weir_manifest_show(weir_manifest *manifest, size_t index, int32_t how, char *text,
                               size_t capacity, size_t *need)
{
    struct weir__item *item;

    if (index >= weir_manifest_item_count(manifest) || (text == NULL && capacity > 0) ||
        (how & ~(WEIR_SHOW_JSON | WEIR_SHOW_AS_SENT)) != 0) {
        return WEIR_E_ARG;
    }
    if (capacity > 0) {
        text[0] = '\0';
    }
    item = manifest->found[index].item;
    if (item->open.maker_kind[0] != '\0') {
        return show_made(manifest, item, how, text, capacity, need);
    }
    return item->show != NULL ? item->show(manifest, item, how, text, capacity, need)
                              : WEIR_E_UNSUPPORTED;
}

weir_status weir_manifest_origins(weir_manifest *manifest, size_t index,
                                  const weir_origin **origins, size_t *count)
{
    if (index >= weir_manifest_item_count(manifest) || origins == NULL || count == NULL) {
        return WEIR_E_ARG;
    }
    return weir__origins_of(manifest, manifest->found[index].item, origins, count);
}

const char *weir_manifest_trigger_metadata(weir_manifest *manifest, size_t index, uint32_t trigger,
                                           const char *key)
{
    const struct weir__keda_spec *spec;
    const char *text;
    size_t length;

    if (key == NULL || index >= weir_manifest_item_count(manifest)) {
        return NULL;
    }
    spec = weir__scaled_object_spec(manifest->found[index].item);
    if (spec == NULL || trigger >= spec->triggers.count) {
        return NULL;
    }
    text = weir__metadata_get(weir__keda_trigger_at(spec, trigger), key, &length);
    return text == NULL || text[length] == '\0' ? text
                                                : weir__arena_text(&manifest->arena, text, length);
}

size_t weir_manifest_problem_count(const weir_manifest *manifest)
{
    return manifest != NULL ? manifest->problems.count : 0;
}

const weir_problem *weir_manifest_get_problem(const weir_manifest *manifest, size_t index)
{
    return index < weir_manifest_problem_count(manifest) ? &manifest->problems.list[index].open
                                                         : NULL;
}

const char *weir_cause_name(int32_t cause)
{
    static const char *const names[] = {"",
                                        "FieldValueTypeInvalid",
                                        "FieldValueRequired",
                                        "FieldValueInvalid",
                                        "FieldValueNotSupported",
                                        "FieldValueForbidden"};

    return cause > WEIR_CAUSE_OTHER && cause <= WEIR_CAUSE_FORBIDDEN ? names[cause] : "";
}

const char *weir_stage_name(int32_t stages)
{
    static const char *const names[] = {"api", "webhook", "reconcile", "build",
                                        "hpa", "object",  "hazard"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (stages & (1 << i)) {
            return names[i];
        }
    }
    return "";
}

size_t weir_manifest_error_count(const weir_manifest *manifest)
{
    return manifest != NULL ? manifest->problems.errors : 0;
}
