/*
 * manifest/grow.c - making trees, and comparing them; see grow.h.
 */
#include "grow.h"
#include "table.h"

#include <string.h>

/* ---- making --------------------------------------------------------------------------------- */

static void *take(struct weir__grower *g, size_t size)
{
    void *p = g->failed ? NULL : weir__arena_take(g->arena, size);

    if (p == NULL) {
        g->failed = 1;
    }
    return p;
}

static struct weir__node *make(struct weir__grower *g, int32_t type)
{
    struct weir__node *node = take(g, sizeof *node);

    if (node != NULL) {
        node->type = type;
        node->size = 1;
    }
    return node;
}

struct weir__node *weir__grow_mapping(struct weir__grower *g)
{
    return make(g, WEIR__NODE_MAPPING);
}

struct weir__node *weir__grow_null(struct weir__grower *g)
{
    return make(g, WEIR__NODE_NULL);
}

struct weir__node *weir__grow_list(struct weir__grower *g)
{
    return make(g, WEIR__NODE_SEQUENCE);
}

static struct weir__node *make_scalar(struct weir__grower *g, int32_t type, const char *text,
                                      size_t length)
{
    struct weir__node *node = make(g, type);
    const char *copy = node != NULL ? weir__arena_text(g->arena, text, length) : NULL;

    if (copy == NULL) {
        g->failed = 1;
        return NULL;
    }
    node->text = copy;
    node->length = length;
    return node;
}

struct weir__node *weir__grow_text(struct weir__grower *g, const char *text)
{
    struct weir__node *node = make_scalar(g, WEIR__NODE_STRING, text, strlen(text));

    if (node != NULL) {
        node->quoted = 1;
    }
    return node;
}

struct weir__node *weir__grow_int(struct weir__grower *g, int64_t value)
{
    struct weir__message m;
    struct weir__node *node;

    weir__message_clear(&m);
    weir__message_int(&m, value);
    node = make_scalar(g, WEIR__NODE_INT, m.text, m.length);
    if (node != NULL) {
        node->integer = value;
        node->number = (double)value;
    }
    return node;
}

struct weir__node *weir__grow_bool(struct weir__grower *g, int value)
{
    const char *text = value ? "true" : "false";
    struct weir__node *node = make_scalar(g, WEIR__NODE_BOOL, text, strlen(text));

    if (node != NULL) {
        node->integer = value;
    }
    return node;
}

/* No deeper than WEIR_MANIFEST_DEPTH_MAX, as all that walks trees. */
struct weir__node *weir__grow_copy(struct weir__grower *g, const struct weir__node *node)
{
    struct weir__node *copy;

    if (node == NULL) {
        return NULL;
    }
    copy = node->text != NULL ? make_scalar(g, node->type, node->text, node->length)
                              : make(g, node->type);
    if (copy == NULL) {
        return NULL;
    }
    copy->quoted = node->quoted;
    copy->mark = node->mark;
    copy->integer = node->integer;
    copy->number = node->number;
    copy->origin = node->origin;
    for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
        struct weir__node *value = weir__grow_copy(g, e->value);

        if (node->type == WEIR__NODE_MAPPING) {
            weir__grow_put(g, copy, e->key, value);
        } else {
            weir__grow_add(g, copy, value);
        }
    }
    return copy;
}

struct weir__node *weir__grow_from(struct weir__node *made, const char *origin,
                                   const struct weir__node *written)
{
    if (made != NULL) {
        made->origin = origin;
        if (written != NULL) {
            made->mark = written->mark;
        }
    }
    return made;
}

void weir__grow_place(struct weir__node *node, struct weir__mark mark)
{
    if (node->mark.line == 0) {
        node->mark = mark;
    }
    for (struct weir__entry *e = node->first; e != NULL; e = e->next) {
        weir__grow_place(e->value, node->mark);
        if (e->mark.line == 0) {
            e->mark = e->value->mark;
        }
    }
}

static void append(struct weir__node *node, struct weir__entry *entry)
{
    if (node->last != NULL) {
        node->last->next = entry;
    } else {
        node->first = entry;
    }
    node->last = entry;
    node->count++;
}

void weir__grow_add(struct weir__grower *g, struct weir__node *list, struct weir__node *value)
{
    struct weir__entry *entry = list != NULL && value != NULL ? take(g, sizeof *entry) : NULL;

    if (entry == NULL) {
        g->failed = 1;
        return;
    }
    entry->value = value;
    append(list, entry);
}

void weir__grow_put(struct weir__grower *g, struct weir__node *mapping, const char *key,
                    struct weir__node *value)
{
    struct weir__entry *entry;

    if (mapping == NULL || value == NULL) {
        g->failed = 1;
        return;
    }
    for (entry = mapping->first; entry != NULL; entry = entry->next) {
        if (strcmp(entry->key, key) == 0) {
            entry->value = value;
            entry->mark = value->mark;
            return;
        }
    }
    entry = take(g, sizeof *entry);
    if (entry == NULL) {
        return;
    }
    entry->key_length = strlen(key);
    entry->key = weir__arena_text(g->arena, key, entry->key_length);
    entry->value = value;
    entry->mark = value->mark;
    if (entry->key == NULL) {
        g->failed = 1;
        return;
    }
    append(mapping, entry);
}

void weir__grow_put_text(struct weir__grower *g, struct weir__node *mapping, const char *key,
                         const char *text)
{
    weir__grow_put(g, mapping, key, weir__grow_text(g, text));
}

struct weir__node *weir__grow_under(struct weir__grower *g, struct weir__node *mapping,
                                    const char *key)
{
    struct weir__node *under = NULL;

    for (struct weir__entry *e = mapping != NULL ? mapping->first : NULL; e != NULL; e = e->next) {
        if (strcmp(e->key, key) == 0) {
            under = e->value;
        }
    }
    if (under == NULL) {
        under = weir__grow_mapping(g);
        weir__grow_put(g, mapping, key, under);
    }
    return under;
}

void weir__grow_drop(struct weir__node *mapping, const char *key)
{
    struct weir__entry **link = mapping != NULL ? &mapping->first : NULL;
    struct weir__entry *last = NULL;

    while (link != NULL && *link != NULL) {
        if (strcmp((*link)->key, key) == 0) {
            *link = (*link)->next;
            mapping->count--;
        } else {
            last = *link;
            link = &(*link)->next;
        }
    }
    if (mapping != NULL) {
        mapping->last = last;
    }
}

void weir__grow_sort(struct weir__node *node)
{
    struct weir__entry *sorted = NULL, *next;

    if (node == NULL) {
        return;
    }
    node->last = NULL;
    for (struct weir__entry *e = node->first; e != NULL; e = next) { /* few: insertion does */
        struct weir__entry **link = &sorted;

        next = e->next;
        weir__grow_sort(e->value);
        while (*link != NULL &&
               (node->type == WEIR__NODE_SEQUENCE || strcmp((*link)->key, e->key) < 0)) {
            link = &(*link)->next;
        }
        e->next = *link;
        *link = e;
        if (e->next == NULL) {
            node->last = e;
        }
    }
    node->first = sorted;
}

const char *weir__grow_join(struct weir__grower *g, const char *const *parts)
{
    size_t length = 0;
    char *text;

    for (size_t i = 0; parts[i] != NULL; i++) {
        length += strlen(parts[i]);
    }
    text = take(g, length + 1);
    if (text == NULL) {
        return "";
    }
    length = 0;
    for (size_t i = 0; parts[i] != NULL; i++) {
        size_t n = strlen(parts[i]);

        memcpy(text + length, parts[i], n);
        length += n;
    }
    return text;
}

/* ---- reading -------------------------------------------------------------------------------- */

const struct weir__node *weir__node_at(const struct weir__node *node, const char *key)
{
    const struct weir__node *value = weir__node_get(node, key);

    return value != NULL && value->type != WEIR__NODE_NULL ? value : NULL;
}

const char *weir__node_text(const struct weir__node *node, const char *key)
{
    const struct weir__node *value = weir__node_get(node, key);

    return value != NULL && value->type == WEIR__NODE_STRING ? value->text : "";
}

int weir__node_int(const struct weir__node *node, const char *key, int64_t *value)
{
    const struct weir__node *member = weir__node_at(node, key);

    return member != NULL && weir__node_whole(member, value);
}

int weir__node_same(const struct weir__node *a, const struct weir__node *b)
{
    const struct weir__entry *x, *y;

    if (a == NULL || b == NULL || a->type != b->type || a->count != b->count) {
        return a == b;
    }
    switch (a->type) {
    case WEIR__NODE_NULL: return 1;
    case WEIR__NODE_BOOL:
    case WEIR__NODE_INT: return a->integer == b->integer;
    case WEIR__NODE_FLOAT: return !(a->number < b->number) && !(a->number > b->number);
    case WEIR__NODE_STRING:
        return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
    default: break;
    }
    for (x = a->first, y = b->first; x != NULL; x = x->next, y = y->next) {
        const struct weir__node *other =
            a->type == WEIR__NODE_MAPPING ? weir__node_get(b, x->key) : y->value;

        if (other == NULL || !weir__node_same(x->value, other)) {
            return 0;
        }
    }
    return 1;
}
