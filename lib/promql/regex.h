/*
 * regex.h - RE2 regular expressions as Go's package regexp reads them, matched in linear time.
 *
 * Everything of Go's syntax is read except Unicode classes (\pL) and, under (?i), letters beyond
 * ASCII, which are refused by name.
 */
#ifndef WEIR_PROMQL_REGEX_H
#define WEIR_PROMQL_REGEX_H

#include "promql/common.h"

/* Runes from `low` to `high`. */
struct rune_range {
    int32_t low, high;
};

enum regex_op {
    REGEX_MATCH,
    REGEX_RUNE,   /* the rune `value` */
    REGEX_CLASS,  /* one of `count` ranges */
    REGEX_ANY,    /* any rune; value: REGEX_DOT_* */
    REGEX_ASSERT, /* value: REGEX_BEGIN_TEXT, ... */
    REGEX_SAVE,   /* the position into slot `value` */
    REGEX_JUMP,
    REGEX_SPLIT /* `next` is preferred to `other` */
};

/* Whether . matches a newline; DEFAULT: as whoever matches says. */
enum { REGEX_DOT_NO_NEWLINE, REGEX_DOT_ALL, REGEX_DOT_DEFAULT };

enum {
    REGEX_BEGIN_TEXT,
    REGEX_END_TEXT,
    REGEX_BEGIN_LINE,
    REGEX_END_LINE,
    REGEX_WORD_BOUNDARY,
    REGEX_NO_WORD_BOUNDARY
};

struct regex_step {
    uint8_t op;
    uint32_t next, other;
    int32_t value;
    uint32_t count;
    const struct rune_range *ranges;
};

/* A compiled expression; lives in the arena it was compiled in. */
struct regex {
    const struct regex_step *steps;
    uint32_t count;
    uint32_t groups;          /* capturing groups, the whole match included */
    const struct text *names; /* of the groups, "" where there is none */

    /* What makes matching the whole text cheap: */
    const struct text *literals; /* if not NULL: it matches these texts and no others */
    uint32_t literal_count;
    struct text prefix; /* every match begins with it */
    int32_t tail;       /* after the prefix: 0 or 1: at least so many runes, -1: look closer */
    int32_t tail_dot;   /* REGEX_DOT_* of the tail */
};

/* Memory for matching, kept from one match to the next. */
struct regex_scratch {
    struct arena *arena;
    uint32_t room;  /* steps it has room for */
    uint32_t slots; /* capture slots a thread has room for */
    uint32_t *sparse[2], *dense[2];
    uint32_t *stack;
    int64_t *captures[2], *current;
};

/*
 * Compiles an expression. With `whole`, it matches whole texts only.
 * WEIR_E_PARSE, WEIR_E_UNSUPPORTED, WEIR_E_LIMIT: message says why.
 */
weir_status weir__pq_regex_compile(struct arena *arena, struct text pattern, bool whole,
                                   struct regex **regex, struct sink *message);

/* Whether a regex that was compiled `whole` matches; WEIR_E_MEMORY. */
weir_status weir__pq_regex_matches(const struct regex *regex, struct text value, bool dot_newline,
                                   struct regex_scratch *scratch, bool *matches);

/*
 * The leftmost match of an expression that was not compiled `whole`. *slots is NULL without one,
 * else regex->groups pairs of positions, -1 where a group took no part; they live in the scratch
 * memory. WEIR_E_MEMORY.
 */
weir_status weir__pq_regex_find(const struct regex *regex, struct text value, bool dot_newline,
                                struct regex_scratch *scratch, const int64_t **slots);

#endif
