/*
 * manifest/shape.h - documents to structs as Go's JSON reads them into its own, and structs back to
 * JSON.
 *
 * A shape lists the members of a struct: the key, what is read there, and where it goes. What is
 * missing or null leaves a member as it is, all zeros. Every problem is reported, and what could
 * not be read is marked, so that nobody complains about it again.
 */
#ifndef WEIR_LIB_MANIFEST_SHAPE_H
#define WEIR_LIB_MANIFEST_SHAPE_H

#include "tree.h"
#include <weir/quantity.h>

/* Whether something is there. */
enum { WEIR__ABSENT = 0, WEIR__PRESENT = 1, WEIR__UNREADABLE = 2 };

struct weir__text {
    const char *text; /* NULL or "": none */
    int32_t state;
};

struct weir__int32 {
    int32_t value;
    int32_t state;
};

struct weir__amount {
    weir_quantity value;
    const char *text; /* as it is stored */
    int32_t state;
};

/* What every struct of a shape begins with. */
struct weir__shaped {
    const struct weir__node *node; /* NULL: not from a document */
    int32_t state;
};

struct weir__list {
    struct weir__shaped is;
    void *items; /* structs of the list's shape, or const char * */
    size_t count;
};

enum {
    WEIR__TEXT,    /* struct weir__text */
    WEIR__INT32,   /* struct weir__int32 */
    WEIR__BOOL,    /* struct weir__int32, 0 or 1 */
    WEIR__AMOUNT,  /* struct weir__amount */
    WEIR__STRUCT,  /* a struct in place */
    WEIR__POINTER, /* to a struct; NULL where there is none */
    WEIR__LIST,    /* struct weir__list of structs */
    WEIR__TEXTS,   /* struct weir__list of const char * */
    WEIR__PAIRS,   /* struct weir__list of const char *, keys and values in turn, by key */
    WEIR__STRINGS  /* as WEIR__PAIRS, of a custom resource: nulls are no members */
};

/* When a member is printed. */
enum { WEIR__IF_PRESENT, WEIR__IF_NOT_EMPTY, WEIR__ALWAYS };

struct weir__shape;

struct weir__member {
    const char *key;
    int32_t type;
    int32_t printed;
    size_t offset;
    const struct weir__shape *shape;
};

struct weir__shape {
    const struct weir__member *members;
    size_t count, size;
};

/* A quantity's text, as the API server stores and reads it; spaces around it do not count. Returns
 * WEIR_OK, WEIR_E_MEMORY, or why it is none, in err. */
weir_status weir__amount_parse(struct weir__amount *out, const char *text, size_t length,
                               struct weir__arena *arena, weir_error *err);

/* Reads a mapping into a struct that is all zeros. The path is that of the mapping; what is taken
 * lives in the arena. */
void weir__shape_read(const struct weir__shape *shape, void *out, const struct weir__node *node,
                      struct weir__path *path, struct weir__arena *arena,
                      struct weir__problems *problems);

/* Whether a member is there to be printed. */
int weir__member_is_printed(const struct weir__member *member, const void *in);

/* Writes a struct as JSON. Returns the bytes wanted, without the NUL; cut to the capacity. */
size_t weir__shape_print(const struct weir__shape *shape, const void *in, char *text,
                         size_t capacity);

#endif
