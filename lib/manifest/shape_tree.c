/*
 * manifest/shape_tree.c - structs of a shape as trees; see shape_tree.h.
 */
#include "shape_tree.h"

#include <string.h>

static struct weir__node *grow_list(struct weir__grower *g, const struct weir__member *member,
                                    const struct weir__list *list)
{
    int in_order = member->type == WEIR__LIST || member->type == WEIR__TEXTS;
    struct weir__node *node = in_order ? weir__grow_list(g) : weir__grow_mapping(g);
    const char *const *texts = list->items;

    for (size_t i = 0; node != NULL && i < list->count; i++) {
        if (member->type == WEIR__LIST) {
            const char *item = (const char *)list->items + i * member->shape->size;

            weir__grow_add(g, node, weir__shape_tree(g, member->shape, item));
        } else if (member->type == WEIR__TEXTS) {
            weir__grow_add(g, node, weir__grow_text(g, texts[i]));
        } else if (i % 2 == 0) {
            weir__grow_put_text(g, node, texts[i], texts[i + 1]);
        }
    }
    return node;
}

static struct weir__node *grow_text(struct weir__grower *g, const char *text)
{
    return weir__grow_text(g, text != NULL ? text : "");
}

static struct weir__node *grow_member(struct weir__grower *g, const struct weir__member *member,
                                      const void *in)
{
    const void *pointer;

    switch (member->type) {
    case WEIR__TEXT: return grow_text(g, ((const struct weir__text *)in)->text);
    case WEIR__INT32: return weir__grow_int(g, ((const struct weir__int32 *)in)->value);
    case WEIR__BOOL: return weir__grow_bool(g, ((const struct weir__int32 *)in)->value);
    case WEIR__AMOUNT: return grow_text(g, ((const struct weir__amount *)in)->text);
    case WEIR__STRUCT: return weir__shape_tree(g, member->shape, in);
    case WEIR__POINTER:
        memcpy(&pointer, in, sizeof pointer);
        return weir__shape_tree(g, member->shape, pointer);
    default: return grow_list(g, member, in);
    }
}

struct weir__node *weir__shape_tree(struct weir__grower *g, const struct weir__shape *shape,
                                    const void *in)
{
    struct weir__node *node = weir__grow_mapping(g);

    for (size_t i = 0; i < shape->count; i++) {
        const struct weir__member *member = &shape->members[i];
        const void *value = (const char *)in + member->offset;

        if (weir__member_is_printed(member, value)) {
            weir__grow_put(g, node, member->key, grow_member(g, member, value));
        }
    }
    return node;
}
