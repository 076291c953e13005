/*
 * manifest/tree.h - documents as trees that know where everything was written.
 *
 * YAML and JSON become the same nodes. Nodes and texts live in an arena that is freed as a whole.
 */
#ifndef WEIR_LIB_MANIFEST_TREE_H
#define WEIR_LIB_MANIFEST_TREE_H

#include <weir/base.h>

/* Memory that is only freed all at once. */
struct arena_chunk;
struct arena {
    weir_allocator allocator;
    struct arena_chunk *chunks;
    int failed; /* an allocation was refused: whatever is being built is to be thrown away */
};

void arena_open(struct arena *arena, const weir_allocator *allocator);
void arena_close(struct arena *arena);
/* Zeroed, 8-byte aligned; NULL when there is no memory, which the arena remembers. */
void *arena_take(struct arena *arena, size_t bytes);
char *arena_text(struct arena *arena, const char *text, size_t length);

enum node_type { NODE_NULL, NODE_BOOL, NODE_INT, NODE_FLOAT, NODE_STRING, NODE_MAP, NODE_LIST };

struct node {
    enum node_type type;
    int32_t line, column; /* 1-based */
    const char *text;     /* of a scalar, as it was written */
    const char *key;      /* of a member of a map */
    int32_t key_line, key_column;
    struct node *first, *last; /* children of a map or list */
    struct node *next;
    size_t count;
};

/* The member of a map, or NULL; also NULL when `map` is NULL or no map. */
const struct node *node_get(const struct node *map, const char *key);

/* "mapping", "text", "number", ...: what a message calls a node. */
const char *node_type_name(const struct node *node);

/* Where and what a document could not be read for. */
struct tree_error {
    int32_t line, column;
    char message[240];
};

/* Reads one document. NULL for an empty document (line 0 in the error) or a bad one. */
struct node *tree_read(struct arena *arena, const char *text, size_t length, int32_t first_line,
                       struct tree_error *error);

#endif
