/*
 * manifest/write.h - trees as text.
 */
#ifndef WEIR_LIB_MANIFEST_WRITE_H
#define WEIR_LIB_MANIFEST_WRITE_H

#include "tree.h"

/* All of them return the bytes wanted, without the NUL; the text is cut to the capacity. */

/* As YAML, by the conventions of kubectl. */
size_t weir__write_yaml(const struct weir__node *node, char *text, size_t capacity);

/* As JSON. */
size_t weir__write_json(const struct weir__node *node, char *text, size_t capacity);

/* As JSON whose integers beyond 2^53 are texts, since readers that have doubles alone would change
 * them. NULL is null. */
size_t weir__write_json_of_doubles(const struct weir__node *node, char *text, size_t capacity);

/* As weir_manifest_show() does: the pairs are put in the order of their keys first. */
weir_status weir__write_shown(struct weir__node *object, int32_t how, char *text, size_t capacity,
                              size_t *need);

#endif
