/*
 * manifest/tree.h - one document as a tree of typed values that know where they were written.
 *
 * YAML and JSON both become this. An alias of YAML is its anchor's node, not a copy of it, so a
 * tree takes memory in proportion to its text; its size as written out is counted and bounded.
 */
#ifndef WEIR_LIB_MANIFEST_TREE_H
#define WEIR_LIB_MANIFEST_TREE_H

#include "memory.h"
#include "problems.h"

enum {
    WEIR__NODE_NULL,
    WEIR__NODE_BOOL,
    WEIR__NODE_INT,   /* fits an int64 */
    WEIR__NODE_FLOAT, /* any other number */
    WEIR__NODE_STRING,
    WEIR__NODE_SEQUENCE,
    WEIR__NODE_MAPPING
};

struct weir__node {
    int32_t type;   /* WEIR__NODE_* */
    int32_t quoted; /* a scalar in quotes or as a block: a string whatever it looks like */
    struct weir__mark mark;
    const char *text; /* scalars: as written, quotes and escapes resolved; NUL-terminated */
    size_t length;
    int64_t integer;           /* INT; BOOL: 0 or 1 */
    double number;             /* INT and FLOAT */
    struct weir__entry *first; /* SEQUENCE, MAPPING */
    struct weir__entry *last;
    size_t count;       /* of entries */
    size_t size;        /* of the tree below it and itself, aliases written out */
    int open;           /* it is still being read: an alias to it would contain itself */
    const char *origin; /* made, not read (see grow.h): which layer the value comes from */
};

/* One item of a sequence, or one pair of a mapping. */
struct weir__entry {
    struct weir__entry *next;
    struct weir__node *value;
    const char *key; /* mapping: NUL-terminated */
    size_t key_length;
    struct weir__mark mark; /* mapping: of the key */
    int merged;             /* the merge that it came in by; 0: it is written here */
};

/* What a node is, for messages: "a mapping", "the number 3". */
void weir__node_describe(const struct weir__node *node, struct weir__message *m);

/* The entry or value of a key; NULL where there is none, or where the node is no mapping (or
 * NULL). */
const struct weir__entry *weir__node_entry(const struct weir__node *node, const char *key);
const struct weir__node *weir__node_get(const struct weir__node *node, const char *key);

/* Whether it is a string with just this text. NULL is none. */
int weir__node_is(const struct weir__node *node, const char *text);

/* ---- building ------------------------------------------------------------------------------- */

struct weir__slot;

struct weir__frame {
    struct weir__node *node;
    struct weir__entry *entry; /* of a mapping: the key that waits for its value */
    int merge;                 /* the key is a merge key */
};

/* What the readers of YAML and JSON build a tree with. All functions do nothing once the status is
 * an error; the error has been reported as a problem then, and the tree is not to be used. */
struct weir__builder {
    struct weir__arena *arena;
    struct weir__problems *problems;
    struct weir__node *root;
    weir_status status;
    uint32_t depth;
    int merges;               /* so far */
    size_t nodes;             /* so far, aliases written out */
    struct weir__slot *slots; /* a hash table of the keys of all mappings, and of anchors */
    size_t slot_count, slots_used;
    struct weir__frame frames[WEIR_MANIFEST_DEPTH_MAX];
};

void weir__builder_open(struct weir__builder *b, struct weir__arena *arena,
                        struct weir__problems *problems);
void weir__builder_close(struct weir__builder *b);

/* Reports an error at the path that is being built, and stops building. */
void weir__builder_fail(struct weir__builder *b, weir_status status, struct weir__mark mark,
                        const char *message);

/* A scalar of the type STRING with a copy of the text, not in the tree yet. NULL on failure. */
struct weir__node *weir__build_scalar(struct weir__builder *b, struct weir__mark mark,
                                      const char *text, size_t length);

/* Puts a scalar where the next value, or key, belongs. */
void weir__build_place(struct weir__builder *b, struct weir__node *node);

/* Whether the next scalar is a key. */
int weir__build_wants_key(const struct weir__builder *b);

/* The next scalar is a merge key instead of a key: its value is merged into the mapping. */
void weir__build_merge_key(struct weir__builder *b);

/* Begins and ends a sequence or mapping. */
struct weir__node *weir__build_begin(struct weir__builder *b, int32_t type, struct weir__mark mark);
void weir__build_end(struct weir__builder *b);

/* Names a node, and puts the node of a name where the next value, or key, belongs. */
void weir__build_anchor(struct weir__builder *b, struct weir__node *node, const char *name,
                        size_t length);
void weir__build_alias(struct weir__builder *b, struct weir__mark mark, const char *name,
                       size_t length);

#endif
