/*
 * regex_tree.h - a parsed regular expression, between regex_parse.c and regex_compile.c.
 */
#ifndef WEIR_PROMQL_REGEX_TREE_H
#define WEIR_PROMQL_REGEX_TREE_H

#include "promql/regex.h"

enum regex_kind {
    TREE_EMPTY,
    TREE_RUNE,
    TREE_CLASS,
    TREE_ANY,
    TREE_ASSERT,
    TREE_CAPTURE,
    TREE_CONCAT,
    TREE_ALTERNATE,
    TREE_REPEAT
};

enum { REGEX_REPEAT_MAX = 1000, REGEX_DEPTH_MAX = 1000, REGEX_STEPS_MAX = 1 << 16 };

struct regex_node {
    uint8_t kind;
    bool greedy;
    int32_t value;    /* rune, REGEX_DOT_*, assertion, number of the group */
    int32_t min, max; /* of a repetition; max -1: without end */
    uint32_t count;   /* ranges */
    struct rune_range *ranges;
    struct regex_node *first; /* children, linked by next */
    struct regex_node *next;
};

struct regex_tree {
    struct regex_node *root;
    uint32_t groups;
    struct text *names;
};

weir_status weir__pq_regex_parse(struct arena *arena, struct text pattern, struct regex_tree *tree,
                                 struct sink *message);

#endif
