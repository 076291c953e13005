/*
 * manifest/manifest.c - files to documents, documents to the loaders of their kinds, and problems.
 */
#include "manifest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <weir/autoscaler.h>

weir_status weir_manifest_create(const weir_allocator *allocator, weir_manifest **out)
{
    struct arena arena;
    weir_manifest *m;

    if (out == NULL) {
        return WEIR_E_ARG;
    }
    arena_open(&arena, allocator);
    m = arena_take(&arena, sizeof *m);
    if (m == NULL) {
        return WEIR_E_MEMORY;
    }
    m->arena = arena;
    *out = m;
    return WEIR_OK;
}

void weir_manifest_free(weir_manifest *manifest)
{
    if (manifest != NULL) {
        struct arena arena = manifest->arena; /* the manifest itself lies in it */

        arena_close(&arena);
    }
}

void manifest_report(weir_manifest *m, int32_t severity, weir_status status, int32_t line,
                     int32_t column, const char *path, const char *format, ...)
{
    struct problem *p = arena_take(&m->arena, sizeof *p);
    va_list arguments;

    m->errors += severity == WEIR_PROBLEM_ERROR;
    if (p == NULL) {
        return; /* the arena remembers, and the caller gets WEIR_E_MEMORY */
    }
    p->open.error.status = status;
    p->open.error.line = line;
    p->open.error.column = column;
    snprintf(p->open.error.path, sizeof p->open.error.path, "%s", path);
    va_start(arguments, format);
    vsnprintf(p->open.error.message, sizeof p->open.error.message, format, arguments);
    va_end(arguments);
    p->open.file = m->file;
    p->open.severity = severity;
    p->open.document = m->document;
    if (m->last_problem != NULL) {
        m->last_problem->next = p;
    } else {
        m->first_problem = p;
    }
    m->last_problem = p;
    m->problems++;
}

static const char *text_at(const struct node *map, const char *key, const char *missing)
{
    const struct node *node = node_get(map, key);

    return node != NULL && node->text != NULL ? node->text : missing;
}

struct item *manifest_add_item(weir_manifest *m, const struct node *root, const char *api_kind,
                               int32_t kind)
{
    struct item *item = arena_take(&m->arena, sizeof *item);
    const struct node *metadata = node_get(root, "metadata");

    if (item == NULL) {
        return NULL;
    }
    item->root = root;
    item->document = m->document;
    item->open.api_kind = api_kind;
    item->open.kind = kind;
    item->open.file = m->file;
    item->open.line = root->line;
    item->open.name = text_at(metadata, "name", "");
    item->open.name_space = text_at(metadata, "namespace", "default");
    if (item->open.name[0] == '\0') {
        manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, root->line, root->column,
                        "metadata.name", "is missing");
    }
    if (m->last_item != NULL) {
        m->last_item->next = item;
    } else {
        m->first_item = item;
    }
    m->last_item = item;
    m->items++;
    return item;
}

/* ---- objects and documents ------------------------------------------------------------------ */

static void read_object(weir_manifest *m, const struct node *root);

static void read_list(weir_manifest *m, const struct node *root)
{
    const struct node *items = node_get(root, "items");

    if (items == NULL || items->type != NODE_LIST) {
        manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, root->line, root->column, "items",
                        "must be a list, got %s", node_type_name(items));
        return;
    }
    for (const struct node *item = items->first; item != NULL; item = item->next) {
        read_object(m, item);
    }
}

static void read_object(weir_manifest *m, const struct node *root)
{
    const char *api = text_at(root, "apiVersion", ""), *kind = text_at(root, "kind", "");
    size_t length = strlen(kind);

    if (root->type != NODE_MAP) {
        manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, root->line, root->column, "",
                        "a Kubernetes object must be a mapping, got %s", node_type_name(root));
        return;
    }
    if (api[0] == '\0' || kind[0] == '\0') {
        manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, root->line, root->column,
                        api[0] == '\0' ? "apiVersion" : "kind", "is missing");
        return;
    }
    if (length >= 4 && strcmp(kind + length - 4, "List") == 0) {
        read_list(m, root);
        return;
    }
    if (!knative_read(m, root, api, kind)) {
        manifest_report(m, WEIR_PROBLEM_NOTICE, WEIR_OK, root->line, root->column, "kind",
                        "%s %s %s is passed over: weir has no use for it", api, kind,
                        text_at(node_get(root, "metadata"), "name", "(no name)"));
    }
}

static void read_document(weir_manifest *m, const char *text, size_t length, int32_t line)
{
    struct tree_error error;
    const struct node *root = tree_read(&m->arena, text, length, line, &error);

    m->document++;
    if (root != NULL && root->type != NODE_NULL) {
        read_object(m, root);
    } else if (error.line > 0) {
        manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, error.line, error.column, "", "%s",
                        error.message);
    } else {
        m->document--; /* nothing but white space and comments */
    }
}

/* Whether a line parts documents: three dashes, then nothing or white space. */
static int parts(const char *at, const char *end)
{
    return end - at >= 3 && memcmp(at, "---", 3) == 0 &&
           (end - at == 3 || at[3] == '\n' || at[3] == '\r' || at[3] == ' ' || at[3] == '\t');
}

/* The first byte that is not UTF-8, or NULL. Overlong forms and surrogates are not. */
static const char *bad_utf8(const char *at, const char *end)
{
    const unsigned char *p = (const unsigned char *)at, *last = (const unsigned char *)end;

    while (p < last) {
        int more = *p < 0x80   ? 0
                   : *p < 0xc2 ? -1
                   : *p < 0xe0 ? 1
                   : *p < 0xf0 ? 2
                   : *p < 0xf5 ? 3
                               : -1;

        if (more < 0 || last - p <= more || (*p == 0xe0 && p[1] < 0xa0) ||
            (*p == 0xed && p[1] > 0x9f) || (*p == 0xf0 && p[1] < 0x90) ||
            (*p == 0xf4 && p[1] > 0x8f)) {
            return (const char *)p;
        }
        for (int i = 1; i <= more; i++) {
            if ((p[i] & 0xc0) != 0x80) {
                return (const char *)p;
            }
        }
        p += more + 1;
    }
    return NULL;
}

/* What makes a whole file unreadable. 1 when the file is fine. */
static int check_text(weir_manifest *m, const char *text, size_t length)
{
    const char *bad = NULL, *what = NULL;
    int32_t line = 1, column = 1;

    if (length > WEIR_MANIFEST_BYTES_MAX) {
        manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_LIMIT, 0, 0, "",
                        "the file has %zu bytes; at most %d are read", length,
                        WEIR_MANIFEST_BYTES_MAX);
        return 0;
    }
    if (length > 0) {
        bad = memchr(text, '\0', length);
        what = "a NUL byte: this is a binary file, not YAML or JSON";
        if (bad == NULL) {
            bad = bad_utf8(text, text + length);
            what = "a byte that is not UTF-8";
        }
    }
    if (bad == NULL) {
        return 1;
    }
    for (const char *at = text; at < bad; at++) {
        column = *at == '\n' ? 1 : column + 1;
        line += *at == '\n';
    }
    manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, line, column, "", "found %s", what);
    return 0;
}

weir_status weir_manifest_add(weir_manifest *manifest, const char *file, const char *text,
                              size_t length)
{
    weir_manifest *m = manifest;
    const char *at = text, *end, *start = text;
    int32_t line = 1, first_line = 1;
    size_t problems;

    if (m == NULL || file == NULL || (text == NULL && length > 0)) {
        return WEIR_E_ARG;
    }
    m->file = arena_text(&m->arena, file, strlen(file));
    m->document = 0;
    problems = m->problems;
    if (m->file == NULL) {
        return WEIR_E_MEMORY;
    }
    if (check_text(m, text, length)) {
        end = text + length;
        while (at < end) { /* line by line: documents are parted by lines of dashes */
            const char *next = memchr(at, '\n', (size_t)(end - at));

            if (parts(at, end) && at > start) {
                read_document(m, start, (size_t)(at - start), first_line);
                start = at;
                first_line = line;
            }
            at = next != NULL ? next + 1 : end;
            line++;
        }
        if (end > start) {
            read_document(m, start, (size_t)(end - start), first_line);
        }
        if (m->document == 0 && m->problems == problems) {
            manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, 1, 1, "",
                            "the file is empty; a Kubernetes object was expected");
        }
    }
    return m->arena.failed ? WEIR_E_MEMORY : WEIR_OK;
}

weir_status weir_manifest_finish(weir_manifest *manifest)
{
    if (manifest == NULL) {
        return WEIR_E_ARG;
    }
    knative_begin(manifest);
    for (struct item *item = manifest->first_item; item != NULL; item = item->next) {
        size_t before = manifest->errors;

        manifest->file = item->open.file;
        manifest->document = item->document;
        knative_finish(manifest, item);
        item->open.error_count = (int32_t)(manifest->errors - before);
    }
    return manifest->arena.failed ? WEIR_E_MEMORY : WEIR_OK;
}

/* ---- reading -------------------------------------------------------------------------------- */

size_t weir_manifest_item_count(const weir_manifest *manifest)
{
    return manifest != NULL ? manifest->items : 0;
}

const weir_manifest_item *weir_manifest_get_item(const weir_manifest *manifest, size_t index)
{
    const struct item *item = manifest != NULL ? manifest->first_item : NULL;

    while (item != NULL && index-- > 0) {
        item = item->next;
    }
    return item != NULL ? &item->open : NULL;
}

size_t weir_manifest_problem_count(const weir_manifest *manifest)
{
    return manifest != NULL ? manifest->problems : 0;
}

size_t weir_manifest_error_count(const weir_manifest *manifest)
{
    return manifest != NULL ? manifest->errors : 0;
}

const weir_problem *weir_manifest_get_problem(const weir_manifest *manifest, size_t index)
{
    const struct problem *p = manifest != NULL ? manifest->first_problem : NULL;

    while (p != NULL && index-- > 0) {
        p = p->next;
    }
    return p != NULL ? &p->open : NULL;
}
