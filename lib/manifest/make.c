/*
 * manifest/make.c - trees that come from no text; see make.h.
 */
#include "make.h"

#include <string.h>

static void *take(struct weir__maker *maker, size_t size)
{
    void *p = weir__arena_take(maker->arena, size);

    maker->out_of_memory |= p == NULL;
    return p;
}

static struct weir__node *make(struct weir__maker *maker, int32_t type)
{
    struct weir__node *node = take(maker, sizeof *node);

    if (node != NULL) {
        node->type = type;
    }
    return node;
}

struct weir__node *weir__make_mapping(struct weir__maker *maker)
{
    return make(maker, WEIR__NODE_MAPPING);
}

struct weir__node *weir__make_sequence(struct weir__maker *maker)
{
    return make(maker, WEIR__NODE_SEQUENCE);
}

struct weir__node *weir__make_text(struct weir__maker *maker, const char *text)
{
    struct weir__node *node = make(maker, WEIR__NODE_STRING);

    if (node != NULL) {
        node->text = text != NULL ? text : "";
        node->length = strlen(node->text);
    }
    return node;
}

struct weir__node *weir__make_int(struct weir__maker *maker, int64_t value)
{
    struct weir__node *node = make(maker, WEIR__NODE_INT);
    struct weir__message m;

    if (node != NULL) {
        weir__message_clear(&m);
        weir__message_int(&m, value);
        node->integer = value;
        node->number = (double)value;
        node->text = weir__arena_text(maker->arena, m.text, m.length);
        node->length = m.length;
        maker->out_of_memory |= node->text == NULL;
    }
    return node;
}

struct weir__node *weir__make_bool(struct weir__maker *maker, int value)
{
    struct weir__node *node = weir__make_text(maker, value ? "true" : "false");

    if (node != NULL) {
        node->type = WEIR__NODE_BOOL;
        node->integer = value != 0;
    }
    return node;
}

void weir__make_put(struct weir__maker *maker, struct weir__node *parent, const char *key,
                    struct weir__node *value)
{
    struct weir__entry *entry;

    if (parent == NULL || value == NULL) {
        return;
    }
    entry = take(maker, sizeof *entry);
    if (entry == NULL) {
        return;
    }
    entry->value = value;
    entry->key = key;
    entry->key_length = key != NULL ? strlen(key) : 0;
    if (parent->last != NULL) {
        parent->last->next = entry;
    } else {
        parent->first = entry;
    }
    parent->last = entry;
    parent->count++;
}

void weir__make_put_text(struct weir__maker *maker, struct weir__node *mapping, const char *key,
                         const char *text)
{
    weir__make_put(maker, mapping, key, weir__make_text(maker, text));
}

struct weir__node *weir__make_put_mapping(struct weir__maker *maker, struct weir__node *parent,
                                          const char *key)
{
    struct weir__node *mapping = weir__make_mapping(maker);

    weir__make_put(maker, parent, key, mapping);
    return mapping;
}

void weir__make_sorted(struct weir__node *node)
{
    struct weir__entry *sorted = NULL, *next;

    for (struct weir__entry *e = node->first; e != NULL; e = next) {
        struct weir__entry **at = &sorted;

        next = e->next;
        weir__make_sorted(e->value);
        while (*at != NULL &&
               (node->type == WEIR__NODE_SEQUENCE || strcmp((*at)->key, e->key) <= 0)) {
            at = &(*at)->next;
        }
        e->next = *at;
        *at = e;
        if (e->next == NULL) {
            node->last = e;
        }
    }
    node->first = sorted;
}

/* ---- structs of a shape --------------------------------------------------------------------- */

static struct weir__node *make_list(struct weir__maker *maker, const struct weir__member *member,
                                    const struct weir__list *list)
{
    struct weir__node *node = member->type == WEIR__LIST || member->type == WEIR__TEXTS
                                  ? weir__make_sequence(maker)
                                  : weir__make_mapping(maker);
    const char *const *texts = list->items;

    for (size_t i = 0; node != NULL && i < list->count; i++) {
        if (member->type == WEIR__LIST) {
            const char *item = (const char *)list->items + i * member->shape->size;

            weir__make_put(maker, node, NULL, weir__make_shaped(maker, member->shape, item));
        } else if (member->type == WEIR__TEXTS) {
            weir__make_put(maker, node, NULL, weir__make_text(maker, texts[i]));
        } else if (i % 2 == 0) {
            weir__make_put_text(maker, node, texts[i], texts[i + 1]);
        }
    }
    return node;
}

static struct weir__node *make_member(struct weir__maker *maker, const struct weir__member *member,
                                      const void *in)
{
    const void *pointer;

    switch (member->type) {
    case WEIR__TEXT: return weir__make_text(maker, ((const struct weir__text *)in)->text);
    case WEIR__INT32: return weir__make_int(maker, ((const struct weir__int32 *)in)->value);
    case WEIR__BOOL: return weir__make_bool(maker, ((const struct weir__int32 *)in)->value);
    case WEIR__AMOUNT: return weir__make_text(maker, ((const struct weir__amount *)in)->text);
    case WEIR__STRUCT: return weir__make_shaped(maker, member->shape, in);
    case WEIR__POINTER:
        memcpy(&pointer, in, sizeof pointer);
        return weir__make_shaped(maker, member->shape, pointer);
    default: return make_list(maker, member, in);
    }
}

struct weir__node *weir__make_shaped(struct weir__maker *maker, const struct weir__shape *shape,
                                     const void *in)
{
    struct weir__node *node = weir__make_mapping(maker);

    for (size_t i = 0; i < shape->count; i++) {
        const struct weir__member *member = &shape->members[i];
        const void *value = (const char *)in + member->offset;

        if (weir__member_is_printed(member, value)) {
            weir__make_put(maker, node, member->key, make_member(maker, member, value));
        }
    }
    return node;
}
