/*
 * manifest/grow.h - trees that are made instead of read: the objects that controllers create.
 *
 * A value that is made knows the layer that it comes from ("KServe's default") and, where a file
 * says it, the place there, so that a problem of the object is reported where its cause is written.
 */
#ifndef WEIR_LIB_MANIFEST_GROW_H
#define WEIR_LIB_MANIFEST_GROW_H

#include "tree.h"

/* Once memory has run out, `failed` is set and all functions return NULL or do nothing. */
struct weir__grower {
    struct weir__arena *arena;
    int failed;
};

struct weir__node *weir__grow_mapping(struct weir__grower *g);
struct weir__node *weir__grow_null(struct weir__grower *g);
struct weir__node *weir__grow_list(struct weir__grower *g);
struct weir__node *weir__grow_text(struct weir__grower *g, const char *text);
struct weir__node *weir__grow_int(struct weir__grower *g, int64_t value);
struct weir__node *weir__grow_bool(struct weir__grower *g, int value);

/* All of a tree, with its places. */
struct weir__node *weir__grow_copy(struct weir__grower *g, const struct weir__node *node);

/* Says what a value was made from: a layer, and what is written there, if anything. Returns it. */
struct weir__node *weir__grow_from(struct weir__node *made, const char *origin,
                                   const struct weir__node *written);

/* Gives everything in a tree that has no place its parent's. */
void weir__grow_place(struct weir__node *node, struct weir__mark mark);

/* Gives a mapping a value, in place of the one that a key has. */
void weir__grow_put(struct weir__grower *g, struct weir__node *mapping, const char *key,
                    struct weir__node *value);
void weir__grow_put_text(struct weir__grower *g, struct weir__node *mapping, const char *key,
                         const char *text);

/* The mapping under a key, which is made where there is none. */
struct weir__node *weir__grow_under(struct weir__grower *g, struct weir__node *mapping,
                                    const char *key);

void weir__grow_drop(struct weir__node *mapping, const char *key);
void weir__grow_add(struct weir__grower *g, struct weir__node *list, struct weir__node *value);

/* Orders the pairs of all mappings in a tree by key, as kubectl shows them. */
void weir__grow_sort(struct weir__node *node);

/* One text out of several, up to a NULL; "" on failure. */
const char *weir__grow_join(struct weir__grower *g, const char *const *parts);

/* ---- reading, where what is null counts as not there ---------------------------------------- */

/* NULL where there is none, and where it is null. */
const struct weir__node *weir__node_at(const struct weir__node *node, const char *key);

/* The text of a member; "" where it is no text. */
const char *weir__node_text(const struct weir__node *node, const char *key);

/* A whole number of 64 bits. 0: there is none. */
int weir__node_int(const struct weir__node *node, const char *key, int64_t *value);

/* Whether two trees say the same, whatever the order of keys. */
int weir__node_same(const struct weir__node *a, const struct weir__node *b);

#endif
