/*
 * manifest/schema.h - documents against the schema of their kind, as the API server holds custom
 * resources against theirs: unknown members are dropped, wrong ones refuse the object.
 *
 * Two readers look at a document. The schema of the CustomResourceDefinition says what is wrong
 * with it; then the webhook decodes it into Go's types, which refuses what the schema would have,
 * and is all there is in a cluster whose definition checks nothing.
 */
#ifndef WEIR_LIB_MANIFEST_SCHEMA_H
#define WEIR_LIB_MANIFEST_SCHEMA_H

#include "tree.h"

enum {
    WEIR__RULE_ANY, /* whatever it is */
    WEIR__RULE_TEXT,
    WEIR__RULE_INT32,
    WEIR__RULE_INT64,
    WEIR__RULE_BOOL,
    WEIR__RULE_QUANTITY, /* a whole number, or a quantity as text */
    WEIR__RULE_MAPPING,
    WEIR__RULE_LIST,  /* of mappings */
    WEIR__RULE_TEXTS, /* a list of texts */
    WEIR__RULE_PAIRS  /* a mapping of texts */
};

enum {
    WEIR__RULE_REQUIRED = 1,
    WEIR__RULE_OPEN = 2,      /* members that are not listed are kept */
    WEIR__RULE_AT_LEAST = 4,  /* an integer not below `least`; a list of so many items */
    WEIR__RULE_AT_MOST = 8,   /* an integer not above `most` */
    WEIR__RULE_DECIMAL = 16,  /* a text of digits, with or without a fraction */
    WEIR__RULE_NOT_EMPTY = 32 /* a text of a letter at least */
};

/* A member; a table of them ends with a row without a key. */
struct weir__rule {
    const char *key;
    int32_t type, flags;
    const char *words; /* a text is one of these, "a|b"; NULL: any */
    const struct weir__rule *members;
    int64_t least, most;
};

struct weir__schema_result {
    size_t refused;       /* by the schema */
    size_t undecoded;     /* by the decoder */
    const char **dropped; /* paths of unknown members */
    size_t dropped_count, dropped_room;
};

/* Which of both readers speak: a definition that is minimal keeps all and checks nothing. */
enum { WEIR__SCHEMA_FULL, WEIR__SCHEMA_MINIMAL };

/* Checks a mapping. Whatever is wrong is reported once, and counted for each reader; unknown
 * members are warnings. The path is that of the mapping. */
void weir__schema_check(const struct weir__rule *rules, int32_t definition,
                        const struct weir__node *node, struct weir__path *path,
                        struct weir__arena *arena, struct weir__problems *problems,
                        struct weir__schema_result *result);

/* Whether a text is one of "a|b|c". */
int weir__is_word(const char *words, const char *text);

#endif
