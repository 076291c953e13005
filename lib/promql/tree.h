/*
 * tree.h - a parsed expression.
 */
#ifndef WEIR_PROMQL_TREE_H
#define WEIR_PROMQL_TREE_H

#include "promql/functions.h"
#include "promql/lex.h"
#include "promql/regex.h"

enum node_kind {
    NODE_NUMBER,
    NODE_STRING,
    NODE_PAREN,
    NODE_UNARY,
    NODE_BINARY,
    NODE_CALL,
    NODE_AGGREGATE,
    NODE_SELECTOR,
    NODE_RANGE, /* a selector with a range */
    NODE_SUBQUERY,
    NODE_DURATION /* arithmetic in a range, a step or an offset */
};

enum match_kind { MATCH_EQUAL, MATCH_NOT_EQUAL, MATCH_REGEX, MATCH_NOT_REGEX };

struct matcher {
    uint8_t kind;
    bool empty; /* it matches a series without the label */
    struct text name, value;
    const struct regex *regex;
};

/* Which time an @ names. */
enum at_kind { AT_NONE, AT_TIME, AT_START, AT_END };

/* offset and @ of a selector or a subquery. */
struct modifiers {
    int64_t offset_ns;
    struct node *offset; /* NODE_DURATION, else NULL */
    uint8_t at;
    int64_t at_ms;
};

enum cardinality { ONE_TO_ONE, MANY_TO_ONE, ONE_TO_MANY, MANY_TO_MANY };

/* Label names, or the arguments of a call. */
struct labels_list {
    struct text *items;
    uint32_t count;
};

struct node {
    uint8_t kind;
    uint8_t type;   /* WEIR_PROMQL_* */
    uint8_t token;  /* operator of NODE_UNARY, _BINARY, _AGGREGATE, _DURATION */
    bool still;     /* @ makes it the same at all steps of a grid: it is evaluated at the first */
    uint16_t depth; /* of the tree below it */
    uint32_t start, end;
    union {
        struct {
            double value;
            bool duration; /* written as one */
        } number;
        struct text string;
        struct node *inner; /* of NODE_PAREN and _UNARY */
        struct {
            struct node *left, *right;
            struct labels_list matching, include;
            uint8_t cardinality;
            bool returns_bool, on;
            bool vectors; /* both sides are vectors, so that matching means something */
        } binary;
        struct {
            const struct function *function;
            struct node **args;
            uint32_t count;
        } call;
        struct {
            struct node *parameter, *inner;
            struct labels_list grouping;
            bool without;
        } aggregate;
        struct {
            struct text name; /* before the braces; at NULL: none */
            struct matcher *matchers;
            uint32_t count;
            struct modifiers modifiers;
            bool anchored, smoothed;
        } selector;
        struct {
            struct node *inner; /* what the range is of */
            int64_t range_ns, step_ns;
            struct node *range, *step;  /* NODE_DURATION, else NULL */
            struct modifiers modifiers; /* of a subquery; a range selector has its selector's */
        } range;
        struct {
            struct node *left, *right;
            bool wrapped; /* in parentheses */
        } duration;
    };
};

struct weir_promql_expr {
    struct arena arena;
    struct text source;
    struct node *root;
};

/* What a node is without the parentheses around it. */
static inline const struct node *unwrap(const struct node *node)
{
    while (node->kind == NODE_PAREN) {
        node = node->inner;
    }
    return node;
}

/* Parsing, in parse.c and its neighbours. */
struct parser {
    struct arena *arena;
    struct text source;
    struct lexer lexer;
    struct token token, ahead; /* the one at hand, and the one after it */
    int depth;
    weir_status status; /* of the first problem */
    weir_error *err;
};

struct node *weir__pq_parse_selector(struct parser *p);
struct node *weir__pq_parse_range(struct parser *p, struct node *inner);
struct node *weir__pq_parse_offset(struct parser *p, struct node *inner);
struct node *weir__pq_parse_at(struct parser *p, struct node *inner);
struct node *weir__pq_parse_number(struct parser *p); /* the token at hand is one, or a duration */

void weir__pq_parse_advance(struct parser *p);
struct node *weir__pq_parse_node(struct parser *p, enum node_kind kind, uint32_t start);
struct node *weir__pq_parse_unexpected(struct parser *p, const char *context, const char *expected);
struct node *weir__pq_parse_fail(struct parser *p, uint32_t at, const char *what);
struct node *weir__pq_parse_memory(struct parser *p);
bool weir__pq_parse_string(struct parser *p, struct text *value); /* of the token at hand */
bool weir__pq_parse_deepen(struct parser *p, struct node *node, const struct node *child);

static inline bool parse_is(const struct parser *p, enum token_kind kind)
{
    return p->token.kind == kind;
}

/* Takes the token at hand if it is of this kind. */
static inline bool parse_accept(struct parser *p, enum token_kind kind)
{
    if (p->token.kind != kind) {
        return false;
    }
    weir__pq_parse_advance(p);
    return true;
}

/* Types and arguments, in check.c; WEIR_E_PARSE. */
weir_status weir__pq_check(const struct weir_promql_expr *expr, weir_error *err);

/* "1h30m" and the like in ns, in duration.c. NULL, or what is wrong. */
const char *weir__pq_duration_parse(struct text text, int64_t *ns);
void weir__pq_duration_print(struct sink *sink, int64_t ns);

/* Letters, digits and underscores, no digit in front: what needs no quotes. */
bool weir__pq_is_plain_name(struct text name);

/* An expression on one line, in print.c. */
void weir__pq_print(struct sink *sink, const struct node *node);
void weir__pq_print_selector(struct sink *sink, const struct node *node); /* name and matchers */

#endif
