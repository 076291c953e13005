/*
 * manifest/tree.c - looking into a document's tree; see tree.h.
 */
#include "tree.h"

#include <string.h>

void weir__node_describe(const struct weir__node *node, struct weir__message *m)
{
    switch (node->type) {
    case WEIR__NODE_NULL: weir__message_add(m, "nothing"); return;
    case WEIR__NODE_SEQUENCE: weir__message_add(m, "a list"); return;
    case WEIR__NODE_MAPPING: weir__message_add(m, "a mapping"); return;
    case WEIR__NODE_STRING:
        weir__message_add(m, "the text ");
        weir__message_quote(m, node->text, node->length);
        return;
    default:
        weir__message_add(m, node->type == WEIR__NODE_BOOL ? "the switch " : "the number ");
        weir__message_add(m, node->text);
    }
}

const struct weir__entry *weir__node_entry(const struct weir__node *node, const char *key)
{
    size_t length = strlen(key);
    const struct weir__entry *entry = NULL;

    if (node != NULL && node->type == WEIR__NODE_MAPPING) {
        entry = node->first;
    }
    while (entry != NULL && (entry->key_length != length || memcmp(entry->key, key, length) != 0)) {
        entry = entry->next;
    }
    return entry;
}

const struct weir__node *weir__node_get(const struct weir__node *node, const char *key)
{
    const struct weir__entry *entry = weir__node_entry(node, key);

    return entry != NULL ? entry->value : NULL;
}

int weir__node_is(const struct weir__node *node, const char *text)
{
    return node != NULL && node->type == WEIR__NODE_STRING && strcmp(node->text, text) == 0;
}
