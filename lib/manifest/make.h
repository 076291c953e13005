/*
 * manifest/make.h - trees that come from no text: objects that a controller would make, to be
 * written as YAML or JSON.
 */
#ifndef WEIR_LIB_MANIFEST_MAKE_H
#define WEIR_LIB_MANIFEST_MAKE_H

#include "shape.h"

struct weir__maker {
    struct weir__arena *arena;
    int out_of_memory;
};

/* New nodes; texts are not copied. NULL when there is no memory left. */
struct weir__node *weir__make_mapping(struct weir__maker *maker);
struct weir__node *weir__make_sequence(struct weir__maker *maker);
struct weir__node *weir__make_text(struct weir__maker *maker, const char *text);
struct weir__node *weir__make_int(struct weir__maker *maker, int64_t value);
struct weir__node *weir__make_bool(struct weir__maker *maker, int value);

/* Adds to a mapping, or to a sequence (key NULL). Nothing happens where either is NULL. */
void weir__make_put(struct weir__maker *maker, struct weir__node *parent, const char *key,
                    struct weir__node *value);
void weir__make_put_text(struct weir__maker *maker, struct weir__node *mapping, const char *key,
                         const char *text);

/* A new mapping within a mapping. */
struct weir__node *weir__make_put_mapping(struct weir__maker *maker, struct weir__node *parent,
                                          const char *key);

/* Puts the entries of a mapping in the order of their keys, as kubectl shows them, and those of all
 * mappings below it. */
void weir__make_sorted(struct weir__node *node);

/* A struct of a shape, as weir__shape_print() would write it. */
struct weir__node *weir__make_shaped(struct weir__maker *maker, const struct weir__shape *shape,
                                     const void *in);

/* Writes a tree, by the conventions of kubectl. Returns the bytes wanted, without the NUL; cut to
 * the capacity. */
size_t weir__write_yaml(const struct weir__node *node, char *text, size_t capacity);
size_t weir__write_json(const struct weir__node *node, char *text, size_t capacity);

#endif
