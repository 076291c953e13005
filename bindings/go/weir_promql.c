/*
 * The source of weir 0.1.0, an embeddable autoscaling policy library, in one file.
 * Made by tools/amalgamate.py out of include/ and lib/: change these instead.
 * SPDX-License-Identifier: Apache-2.0
 */

#include "weir_promql.h"

/* ---- lib/promql/aggregate_best.c ---- */

/*
 * aggregate_best.c - topk and bottomk.
 *
 * Upstream: promql/engine.go, aggregationK().
 */

/* ---- lib/promql/aggregate.h ---- */

/*
 * aggregate.h - aggregation operators: what their parts share.
 */
#ifndef WEIR_PROMQL_AGGREGATE_H
#define WEIR_PROMQL_AGGREGATE_H


/* ---- lib/promql/eval.h ---- */

/*
 * eval.h - evaluation: values over a grid of times, and who computes them.
 *
 * Every node is evaluated for all steps of its grid at once, an instant being a grid of one step. A
 * vector is then a matrix: rows of one series each, with a value or none at each step.
 */
#ifndef WEIR_PROMQL_EVAL_H
#define WEIR_PROMQL_EVAL_H


/* ---- lib/promql/store.h ---- */

/*
 * store.h - series in memory: texts as numbers, label sets as pairs of them, samples in flat
 * arrays, and which series have which label.
 */
#ifndef WEIR_PROMQL_STORE_H
#define WEIR_PROMQL_STORE_H


/* ---- lib/promql/common.h ---- */

/*
 * common.h - what all of lib/promql uses: texts with a length, memory that is freed at once, the
 * bits of doubles, and errors built without stdio.
 */
#ifndef WEIR_PROMQL_COMMON_H
#define WEIR_PROMQL_COMMON_H


/* ---- lib/base/double.h ---- */

/*
 * base/double.h - doubles as every file computes with them: IEEE, evaluated as written.
 */
#ifndef WEIR_LIB_BASE_DOUBLE_H
#define WEIR_LIB_BASE_DOUBLE_H

#include <float.h>

#if defined(__FAST_MATH__)
#error "weir's decisions are exact; do not build it with -ffast-math"
#endif
#if FLT_EVAL_METHOD != 0 || FLT_RADIX != 2 || DBL_MANT_DIG != 53
#error "weir needs IEEE-754 doubles without excess precision (on 32-bit x86: -msse2 -mfpmath=sse)"
#endif
/* For those who compile the sources with flags of their own. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#endif

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- texts ---------------------------------------------------------------------------------- */

/* Bytes that belong to somebody else. */
struct text {
    const char *at;
    uint32_t length;
};

#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})

static inline bool text_equal(struct text a, struct text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

/* Below, at or above 0 as a comes before, with or after b, byte by byte. */
static inline int text_compare(struct text a, struct text b)
{
    uint32_t shared = a.length < b.length ? a.length : b.length;
    int order = shared > 0 ? memcmp(a.at, b.at, shared) : 0;

    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

enum { RUNE_ERROR = 0xFFFD, RUNE_MAX = 0x10FFFF };

/* The rune at `at`; *width is set to its bytes, 1 with RUNE_ERROR for a byte that starts none. */
static int32_t weir__pq_rune_read(const char *at, size_t left, int *width);

/* Writes a rune, RUNE_ERROR for what is none; gives the bytes, at most 4. */
static int weir__pq_rune_write(int32_t rune, char *to);

/* Whether all of it is UTF-8. */
static bool weir__pq_utf8_valid(const char *at, size_t length);

/* Whether strconv.Quote would write the rune itself. */
static bool weir__pq_rune_printable(int32_t rune);

/* ---- doubles -------------------------------------------------------------------------------- */

#define BITS_STALE    UINT64_C(0x7ff0000000000002)
#define BITS_NAN      UINT64_C(0x7ff8000000000001)
#define BITS_INFINITY UINT64_C(0x7ff0000000000000)
#define BITS_SIGN     UINT64_C(0x8000000000000000)
#define DOUBLE_MAX    1.7976931348623157e308

static inline uint64_t to_bits(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline bool is_nan(double x)
{
    return x != x;
}

static inline bool is_inf(double x)
{
    return x > DOUBLE_MAX || x < -DOUBLE_MAX;
}

static inline bool is_stale(double x)
{
    return to_bits(x) == BITS_STALE;
}

static inline double magnitude(double x)
{
    return from_bits(to_bits(x) & ~BITS_SIGN);
}

static inline bool is_negative(double x) /* -0 too */
{
    return (to_bits(x) & BITS_SIGN) != 0;
}

#define NOT_A_NUMBER (from_bits(BITS_NAN))
#define INFINITE     (from_bits(BITS_INFINITY))

/* ---- memory --------------------------------------------------------------------------------- */

/* Memory that grows in chunks and is freed at once. */
struct arena {
    weir_allocator allocator;
    struct chunk *chunks; /* newest first */
    char *at, *end;       /* what is free of the newest */
    size_t next;          /* bytes of the next chunk */
};

static void weir__pq_arena_open(struct arena *arena, const weir_allocator *allocator, size_t first);
static void weir__pq_arena_close(struct arena *arena);
static void *weir__pq_arena_more(struct arena *arena, size_t bytes);

/* Bytes aligned to 8, NULL when there are none left. */
static inline void *arena_take(struct arena *arena, size_t bytes)
{
    size_t rounded = (bytes + (bytes == 0) + 7) & ~(size_t)7; /* of nothing too: NULL is failure */
    char *at = arena->at;

    if (rounded < bytes || rounded > (size_t)(arena->end - at)) {
        return weir__pq_arena_more(arena, bytes);
    }
    arena->at = at + rounded;
    return at;
}

/* As arena_take(), for `count` elements of `size` bytes. */
static inline void *arena_array(struct arena *arena, size_t count, size_t size)
{
    return size != 0 && count > SIZE_MAX / 2 / size ? NULL : arena_take(arena, count * size);
}

/* As arena_array(), zeroed. */
static void *weir__pq_arena_zeroed(struct arena *arena, size_t count, size_t size);

/* A copy of a text in an arena; at is NULL when there is no memory. */
static struct text weir__pq_arena_text(struct arena *arena, struct text text);

/*
 * Room for one more element at the end of a growing array in an arena: *items has *room elements of
 * which `used` are in use. false when there is no memory.
 */
static bool weir__pq_arena_grow(struct arena *arena, void **items, uint32_t used, uint32_t *room,
                         size_t size);

/* ---- messages ------------------------------------------------------------------------------- */

/* Text being written into a buffer; what does not fit is counted. */
struct sink {
    char *text;
    size_t capacity, length; /* length as if there were room */
};

static void weir__pq_sink_bytes(struct sink *sink, const char *bytes, size_t length);
static void weir__pq_sink_int(struct sink *sink, int64_t value);
static void weir__pq_sink_double(struct sink *sink, double value);     /* as Go's %g */
static void weir__pq_sink_quoted(struct sink *sink, struct text text); /* as strconv.Quote */
static void weir__pq_sink_close(struct sink *sink);                    /* terminates it */

static inline void sink_text(struct sink *sink, struct text text)
{
    weir__pq_sink_bytes(sink, text.at, text.length);
}

static inline void sink_string(struct sink *sink, const char *string)
{
    weir__pq_sink_bytes(sink, string, strlen(string));
}

/*
 * Fills an error with a place and a message of parts: 's' a C string, 't' a struct text *, 'q' the
 * same quoted, 'i' an int64_t *, 'd' a double *. FAIL() is the status, so that it can be returned.
 */
struct part {
    char kind;
    const void *what;
};

static void weir__pq_error(weir_error *err, weir_status status, struct text source, uint32_t position,
                    const struct part *parts, size_t count);

#define FAIL(err, status, source, position, ...)                                                   \
    (weir__pq_error(err, status, source, position, (const struct part[]){__VA_ARGS__},             \
                    sizeof((const struct part[]){__VA_ARGS__}) / sizeof(struct part)),             \
     (weir_status)(status))

/* Line and column, both from 1, of a byte of a text. */
static void weir__pq_position(struct text source, uint32_t position, int32_t *line, int32_t *column);

#endif

/* ---- symbols -------------------------------------------------------------------------------- */

/* Texts, numbered from 0 in the order they came; 0 is the empty text. */
struct symbols {
    struct arena *arena;
    struct text *texts;
    uint32_t *hashes;
    uint32_t count, room;
    uint32_t *slots;     /* number + 1 by hash, 0: free */
    uint32_t slot_count; /* a power of two */
};

#define SYMBOL_NONE UINT32_MAX

enum { SYMBOLS_MAX = INT32_MAX };

/* The metric's name, and the labels that go with it. */
enum { SYMBOL_EMPTY, SYMBOL_NAME, SYMBOL_TYPE, SYMBOL_UNIT, SYMBOL_LE };

static uint32_t weir__pq_text_hash(struct text text);

/* The number of a text, SYMBOL_NONE when it is not there. */
static uint32_t weir__pq_symbol_find(const struct symbols *symbols, struct text text, uint32_t hash);

/* The same, added if need be; WEIR_E_MEMORY, WEIR_E_LIMIT. Copies the text. */
static weir_status weir__pq_symbol_add(struct symbols *symbols, struct text text, uint32_t *number);

/* ---- label sets ----------------------------------------------------------------------------- */

struct label_id {
    uint32_t name, value;
};

/* Labels sorted by the texts of their names, values not empty. */
struct label_set {
    uint64_t hash; /* a sum over the labels, so that labels can come and go */
    uint32_t count;
    uint32_t metric; /* value of __name__, SYMBOL_EMPTY: there is none */
    struct label_id labels[];
};

/* What a label adds to the hash of a set. */
static inline uint64_t label_hash(uint32_t name, uint32_t value)
{
    uint64_t z = ((uint64_t)name << 32 | value) + UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint32_t label_value(const struct label_set *set, uint32_t name)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->labels[i].name == name) {
            return set->labels[i].value;
        }
    }
    return SYMBOL_EMPTY;
}

/* ---- series --------------------------------------------------------------------------------- */

struct series {
    const struct label_set *labels;
    int64_t *times; /* ms, without those of staleness markers */
    double *values;
    int64_t *stale; /* times of the staleness markers */
    size_t count, room;
    size_t stale_count, stale_room;
};

/* A label that series have. */
struct posting {
    uint32_t name, value;
    uint32_t next; /* posting + 1 of the same name, 0: none */
    uint32_t count, room;
    uint32_t *series; /* rising */
};

struct weir_series_store {
    weir_allocator allocator;
    struct arena arena; /* symbols, label sets and tables */
    struct symbols symbols;
    struct series *series;
    uint32_t count, room;
    uint32_t *slots; /* series + 1 by hash */
    uint32_t slot_count;
    struct posting *postings;
    uint32_t posting_count, posting_room;
    uint32_t *posting_slots;
    uint32_t posting_slot_count;
    uint32_t *first_posting; /* posting + 1 by name */
    uint32_t first_room;
};

/* The posting of a label, NULL when no series has it. */
static const struct posting *weir__pq_posting(const struct weir_series_store *store, uint32_t name,
                                       uint32_t value);

/* The first posting of a name, then the next ones; NULL at the end. */
static const struct posting *weir__pq_first_posting(const struct weir_series_store *store, uint32_t name);
static const struct posting *weir__pq_next_posting(const struct weir_series_store *store,
                                            const struct posting *posting);

#endif

/* ---- lib/promql/tree.h ---- */

/*
 * tree.h - a parsed expression.
 */
#ifndef WEIR_PROMQL_TREE_H
#define WEIR_PROMQL_TREE_H


/* ---- lib/promql/functions.h ---- */

/*
 * functions.h - the functions of PromQL: names, types, and how each is evaluated.
 */
#ifndef WEIR_PROMQL_FUNCTIONS_H
#define WEIR_PROMQL_FUNCTIONS_H


enum function_class {
    FUNCTION_NONE,  /* parsed, not evaluated */
    FUNCTION_EACH,  /* a number for a number: abs, round, clamp, hour, ... */
    FUNCTION_RANGE, /* a number for the samples of a range: rate, sum_over_time, ... */
    FUNCTION_OWN    /* by itself: absent, histogram_quantile, label_replace, ... */
};

enum function_id {
    FN_NONE,
    /* FUNCTION_EACH */
    FN_ABS,
    FN_ACOS,
    FN_ACOSH,
    FN_ASIN,
    FN_ASINH,
    FN_ATAN,
    FN_ATANH,
    FN_CEIL,
    FN_CLAMP,
    FN_CLAMP_MAX,
    FN_CLAMP_MIN,
    FN_COS,
    FN_COSH,
    FN_DAYS_IN_MONTH,
    FN_DAY_OF_MONTH,
    FN_DAY_OF_WEEK,
    FN_DAY_OF_YEAR,
    FN_DEG,
    FN_EXP,
    FN_FLOOR,
    FN_HOUR,
    FN_LN,
    FN_LOG10,
    FN_LOG2,
    FN_MINUTE,
    FN_MONTH,
    FN_RAD,
    FN_ROUND,
    FN_SGN,
    FN_SIN,
    FN_SINH,
    FN_SQRT,
    FN_TAN,
    FN_TANH,
    FN_YEAR,
    /* FUNCTION_RANGE */
    FN_ABSENT_OVER_TIME,
    FN_AVG_OVER_TIME,
    FN_CHANGES,
    FN_COUNT_OVER_TIME,
    FN_DELTA,
    FN_DERIV,
    FN_FIRST_OVER_TIME,
    FN_IDELTA,
    FN_INCREASE,
    FN_IRATE,
    FN_LAST_OVER_TIME,
    FN_MAX_OVER_TIME,
    FN_MIN_OVER_TIME,
    FN_PREDICT_LINEAR,
    FN_PRESENT_OVER_TIME,
    FN_QUANTILE_OVER_TIME,
    FN_RATE,
    FN_RESETS,
    FN_STDDEV_OVER_TIME,
    FN_STDVAR_OVER_TIME,
    FN_SUM_OVER_TIME,
    /* FUNCTION_OWN */
    FN_ABSENT,
    FN_HISTOGRAM_QUANTILE,
    FN_LABEL_JOIN,
    FN_LABEL_REPLACE,
    FN_PI,
    FN_SCALAR,
    FN_SORT,
    FN_SORT_DESC,
    FN_TIME,
    FN_TIMESTAMP,
    FN_VECTOR
};

enum { FUNCTION_ARGS_MAX = 5 };

struct function {
    const char *name;
    uint8_t id, class;
    uint8_t type;                    /* WEIR_PROMQL_* */
    uint8_t count;                   /* of types in `args` */
    uint8_t args[FUNCTION_ARGS_MAX]; /* their types */
    int8_t variadic;   /* so many of the last type may follow `count` - 1 others; -1: any number;
                          0: exactly `count` */
    bool experimental; /* only behind a flag of the server */
};

/* The function of a name, NULL when there is none. */
static const struct function *weir__pq_function(struct text name);

#endif

/* ---- lib/promql/lex.h ---- */

/*
 * lex.h - the text of an expression to tokens.
 */
#ifndef WEIR_PROMQL_LEX_H
#define WEIR_PROMQL_LEX_H


enum token_kind {
    TOKEN_END,
    TOKEN_ERROR, /* lexer->problem says what is wrong */
    TOKEN_IDENTIFIER,
    TOKEN_METRIC, /* an identifier with a colon in it */
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_DURATION,
    TOKEN_LEFT_PAREN,
    TOKEN_RIGHT_PAREN,
    TOKEN_LEFT_BRACE,
    TOKEN_RIGHT_BRACE,
    TOKEN_LEFT_BRACKET,
    TOKEN_RIGHT_BRACKET,
    TOKEN_COMMA,
    TOKEN_COLON,
    TOKEN_EQUAL,     /* = */
    TOKEN_MATCH,     /* =~ */
    TOKEN_NOT_MATCH, /* !~ */
    TOKEN_AT,
    /* binary operators */
    TOKEN_ADD,
    TOKEN_SUB,
    TOKEN_MUL,
    TOKEN_DIV,
    TOKEN_MOD,
    TOKEN_POW,
    TOKEN_ATAN2,
    TOKEN_EQ,  /* == */
    TOKEN_NEQ, /* != */
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_TRIM_UPPER, /* </ */
    TOKEN_TRIM_LOWER, /* >/ */
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_UNLESS,
    /* aggregation operators */
    TOKEN_SUM,
    TOKEN_AVG,
    TOKEN_COUNT,
    TOKEN_MIN,
    TOKEN_MAX,
    TOKEN_GROUP,
    TOKEN_STDDEV,
    TOKEN_STDVAR,
    TOKEN_TOPK,
    TOKEN_BOTTOMK,
    TOKEN_COUNT_VALUES,
    TOKEN_QUANTILE,
    TOKEN_LIMITK,
    TOKEN_LIMIT_RATIO,
    /* other keywords */
    TOKEN_OFFSET,
    TOKEN_ANCHORED,
    TOKEN_SMOOTHED,
    TOKEN_BY,
    TOKEN_WITHOUT,
    TOKEN_ON,
    TOKEN_IGNORING,
    TOKEN_GROUP_LEFT,
    TOKEN_GROUP_RIGHT,
    TOKEN_FILL,
    TOKEN_FILL_LEFT,
    TOKEN_FILL_RIGHT,
    TOKEN_BOOL,
    TOKEN_START,
    TOKEN_FINISH, /* the keyword end */
    TOKEN_STEP,
    TOKEN_RANGE,
    TOKEN_MAX_OF,
    TOKEN_MIN_OF
};

struct token {
    uint8_t kind;
    uint32_t at; /* position in the source */
    struct text text;
};

enum lex_state { LEX_STATEMENTS, LEX_BRACES, LEX_DURATION };

struct lexer {
    struct text source;
    uint32_t at, start; /* where it reads; where the token at hand begins */
    uint8_t state;
    int32_t parens; /* open ones */
    bool brace, bracket, colon, duration;
    char problem[120]; /* of a TOKEN_ERROR */
};

static void weir__pq_lex_open(struct lexer *lexer, struct text source);
static struct token weir__pq_lex_next(struct lexer *lexer);

/* How an operator or a keyword is written, "" for tokens that vary. */
static const char *weir__pq_token_name(enum token_kind kind);

static inline bool token_is_comparison(int kind)
{
    return kind >= TOKEN_EQ && kind <= TOKEN_GE;
}

static inline bool token_is_set_operator(int kind)
{
    return kind >= TOKEN_AND && kind <= TOKEN_UNLESS;
}

static inline bool token_is_aggregation(int kind)
{
    return kind >= TOKEN_SUM && kind <= TOKEN_LIMIT_RATIO;
}

/* Aggregations that take a parameter before the vector. */
static inline bool token_takes_parameter(int kind)
{
    return kind >= TOKEN_TOPK && kind <= TOKEN_LIMIT_RATIO;
}

#endif

/* ---- lib/promql/regex.h ---- */

/*
 * regex.h - RE2 regular expressions as Go's package regexp reads them, matched in linear time.
 *
 * Everything of Go's syntax is read except Unicode classes (\pL) and, under (?i), letters beyond
 * ASCII, which are refused by name.
 */
#ifndef WEIR_PROMQL_REGEX_H
#define WEIR_PROMQL_REGEX_H


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
static weir_status weir__pq_regex_compile(struct arena *arena, struct text pattern, bool whole,
                                   struct regex **regex, struct sink *message);

/* Whether a regex that was compiled `whole` matches; WEIR_E_MEMORY. */
static weir_status weir__pq_regex_matches(const struct regex *regex, struct text value, bool dot_newline,
                                   struct regex_scratch *scratch, bool *matches);

/*
 * The leftmost match of an expression that was not compiled `whole`. *slots is NULL without one,
 * else regex->groups pairs of positions, -1 where a group took no part; they live in the scratch
 * memory. WEIR_E_MEMORY.
 */
static weir_status weir__pq_regex_find(const struct regex *regex, struct text value, bool dot_newline,
                                struct regex_scratch *scratch, const int64_t **slots);

#endif

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

static struct node *weir__pq_parse_selector(struct parser *p);
static struct node *weir__pq_parse_range(struct parser *p, struct node *inner);
static struct node *weir__pq_parse_offset(struct parser *p, struct node *inner);
static struct node *weir__pq_parse_at(struct parser *p, struct node *inner);
static struct node *weir__pq_parse_number(struct parser *p); /* the token at hand is one, or a duration */

static void weir__pq_parse_advance(struct parser *p);
static struct node *weir__pq_parse_node(struct parser *p, enum node_kind kind, uint32_t start);
static struct node *weir__pq_parse_unexpected(struct parser *p, const char *context, const char *expected);
static struct node *weir__pq_parse_fail(struct parser *p, uint32_t at, const char *what);
static struct node *weir__pq_parse_memory(struct parser *p);
static bool weir__pq_parse_string(struct parser *p, struct text *value); /* of the token at hand */
static bool weir__pq_parse_deepen(struct parser *p, struct node *node, const struct node *child);

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
static weir_status weir__pq_check(const struct weir_promql_expr *expr, weir_error *err);

/* "1h30m" and the like in ns, in duration.c. NULL, or what is wrong. */
static const char *weir__pq_duration_parse(struct text text, int64_t *ns);
static void weir__pq_duration_print(struct sink *sink, int64_t ns);

/* Letters, digits and underscores, no digit in front: what needs no quotes. */
static bool weir__pq_is_plain_name(struct text name);

/* An expression on one line, in print.c. */
static void weir__pq_print(struct sink *sink, const struct node *node);
static void weir__pq_print_selector(struct sink *sink, const struct node *node); /* name and matchers */

#endif

/* start, start + step, ..., `count` of them up to end, which need not be one */
struct grid {
    int64_t start, end, step;
    uint32_t count;
};

/* The labels of a row: those of a set, or those without __name__. */
struct labels {
    const struct label_set *set;
    bool nameless;
};

struct row {
    struct labels labels;
    double *values;
    uint8_t *has;   /* 1 where there is a value */
    uint32_t count; /* of steps with a value */
};

struct matrix {
    struct row *rows;
    uint32_t count, room;
};

struct value {
    uint8_t type;   /* WEIR_PROMQL_*; a VECTOR is in `matrix` */
    double *scalar; /* one a step */
    struct matrix matrix;
};

struct note {
    weir_promql_note public;
    const struct node *node;
    struct text about;
    struct note *next;
};

struct eval {
    const weir_series_store *store;
    const struct weir_promql_expr *expr;
    weir_promql_options options;
    struct arena arena;       /* all that is computed */
    struct symbols own;       /* texts that the store does not have */
    int64_t start, end, step; /* of the whole query */
    bool metadata;            /* some labels are __type__ or __unit__ */
    struct note *notes;       /* newest first */
    uint32_t note_count;
    uint64_t held; /* samples and points */
    weir_error *err;
};

#define EVAL_FAIL(ev, status, node, ...)                                                           \
    FAIL((ev)->err, status, (ev)->expr->source, (node)->start, __VA_ARGS__)

static inline weir_status eval_memory(struct eval *ev)
{
    return FAIL(ev->err, WEIR_E_MEMORY, (struct text){0}, 0, {'s', "out of memory"});
}

/* Own texts are numbered from here on. */
#define SYMBOL_OWN UINT32_C(0x80000000)

static inline bool is_2_42(const struct eval *ev)
{
    return ev->options.semantics == WEIR_PROMETHEUS_2_42;
}

static inline int64_t grid_time(const struct grid *grid, uint32_t step)
{
    return grid->start + (int64_t)step * grid->step;
}

/* ---- in eval.c ------------------------------------------------------------------------------ */

static weir_status weir__pq_eval(struct eval *ev, const struct grid *grid, const struct node *node,
                          struct value *out);

/* Counts what is held; WEIR_E_LIMIT above the option. */
static weir_status weir__pq_eval_hold(struct eval *ev, const struct node *node, uint64_t samples);

/* A new row without values. NULL: no memory. The row moves when more are added. */
static struct row *weir__pq_row_add(struct eval *ev, struct matrix *matrix, const struct grid *grid,
                             struct labels labels);

static inline void row_put(struct row *row, uint32_t step, double value)
{
    row->values[step] = value;
    row->count += !row->has[step];
    row->has[step] = 1;
}

/* Joins rows with equal labels; WEIR_E_RANGE when two of them have a value at one step. */
static weir_status weir__pq_rows_unite(struct eval *ev, const struct grid *grid, const struct node *node,
                                struct matrix *matrix);

/* Takes the names off rows that differ, and joins those that then have equal labels. */
static weir_status weir__pq_rows_drop_names(struct eval *ev, const struct grid *grid,
                                     const struct node *node, struct matrix *matrix);

static void weir__pq_note(struct eval *ev, int32_t level, const struct node *node, const char *message,
                   struct text about);

/* The value of a duration expression in ms; WEIR_E_RANGE. */
static weir_status weir__pq_eval_duration(struct eval *ev, const struct node *node, bool negative,
                                   int64_t *ms);

/* Offset and @: the time to look at is that of the step less *offset, or *fixed less *offset. */
static weir_status weir__pq_eval_modifiers(struct eval *ev, const struct modifiers *modifiers,
                                    int64_t *offset, bool *fixed, int64_t *at);

/* ---- in labels.c ---------------------------------------------------------------------------- */

static struct text weir__pq_eval_text(const struct eval *ev, uint32_t symbol);
static uint32_t weir__pq_eval_find(const struct eval *ev, struct text text); /* SYMBOL_NONE: nowhere */
static weir_status weir__pq_eval_symbol(struct eval *ev, struct text text, uint32_t *symbol);

/* What a label may be called: any text, in 2.42 letters, digits and underscores. */
static bool weir__pq_label_name_valid(const struct eval *ev, struct text name);

/* Labels that are kept, or all but those that are not. */
struct projection {
    bool keep;
    uint32_t count;
    uint32_t *names;
};

/*
 * The projection of `on`, `by` (keep) or `ignoring`, `without`; the latter also leave out what
 * names the metric. WEIR_E_MEMORY.
 */
static weir_status weir__pq_projection(struct eval *ev, const struct labels_list *list, bool keep,
                                struct projection *projection);

/* All labels as they are. */
#define PROJECT_ALL ((struct projection){false, 0, NULL})

static uint32_t weir__pq_label_get(struct labels labels, uint32_t name);
static bool weir__pq_labels_equal(struct labels a, struct labels b);
static uint64_t weir__pq_labels_hash(struct labels labels);
static int weir__pq_labels_compare(const struct eval *ev, struct labels a, struct labels b);

/* Without __name__, and in 3.x __type__ and __unit__. WEIR_E_MEMORY. */
static weir_status weir__pq_labels_drop_name(struct eval *ev, struct labels *labels);

/* The labels that a projection leaves; set NULL: no memory. */
static struct labels weir__pq_labels_project(struct eval *ev, const struct projection *projection,
                                      struct labels labels);

/* With a label set, or removed where the value is SYMBOL_EMPTY; set NULL: no memory. */
static struct labels weir__pq_labels_with(struct eval *ev, struct labels labels, uint32_t name,
                                   uint32_t value);

/* The labels without any. */
static struct labels weir__pq_labels_none(void);

/* Numbers label sets that a projection makes equal alike, in the order they come. */
struct label_index {
    struct eval *ev;
    struct projection projection;
    struct index_entry {
        uint64_t hash;
        struct labels labels;
    } * entries;
    uint32_t count, room;
    uint32_t *slots; /* entry + 1 */
    uint32_t slot_count;
};

static void weir__pq_index_open(struct label_index *index, struct eval *ev, struct projection projection);
/* SYMBOL_NONE: no memory. */
static uint32_t weir__pq_index_of(struct label_index *index, struct labels labels);

/* ---- evaluators ----------------------------------------------------------------------------- */

/* The series that matchers select, in storage order. */
static weir_status weir__pq_select(struct eval *ev, const struct node *selector, const uint32_t **series,
                            uint32_t *count);

static weir_status weir__pq_eval_selector(struct eval *ev, const struct grid *grid,
                                   const struct node *node, struct value *out);
static weir_status weir__pq_eval_timestamp(struct eval *ev, const struct grid *grid,
                                    const struct node *call, struct value *out);
static weir_status weir__pq_eval_range_call(struct eval *ev, const struct grid *grid,
                                     const struct node *call, struct value *out);
static weir_status weir__pq_eval_each(struct eval *ev, const struct grid *grid, const struct node *call,
                               struct value *out);
static weir_status weir__pq_eval_own(struct eval *ev, const struct grid *grid, const struct node *call,
                              struct value *out);
static weir_status weir__pq_eval_aggregate(struct eval *ev, const struct grid *grid,
                                    const struct node *node, struct value *out);
static weir_status weir__pq_eval_binary(struct eval *ev, const struct grid *grid, const struct node *node,
                                 struct value *out);
static weir_status weir__pq_eval_histogram_quantile(struct eval *ev, const struct grid *grid,
                                             const struct node *call, struct value *out);
static weir_status weir__pq_eval_label_replace(struct eval *ev, const struct grid *grid,
                                        const struct node *call, struct value *out);
static weir_status weir__pq_eval_label_join(struct eval *ev, const struct grid *grid,
                                     const struct node *call, struct value *out);

/* absent() and absent_over_time() of an argument that gave `in`. */
static weir_status weir__pq_absent(struct eval *ev, const struct grid *grid, const struct node *argument,
                            const struct matrix *in, struct matrix *out);

/* A binary operator on two numbers; *keep: whether a comparison holds. */
static double weir__pq_operate(uint8_t token, double left, double right, bool *keep);

/* A value of a row, to be sorted. */
struct ranked {
    double value;
    uint32_t row;
};

/* Sorts ascending or descending, NaN last, equal ones staying in their order. */
static void weir__pq_sort_ranked(struct ranked *items, struct ranked *scratch, size_t count,
                          bool descending);

/* Sorts ascending, NaN first. */
static void weir__pq_sort_values(double *values, size_t count);

/* The quantile of sorted values; `exact`: a rank on a value is that value. */
static double weir__pq_quantile(double q, const double *sorted, size_t count, bool exact);

/* Series whose samples are read by time, at the top of an instant query. */
struct range_rows {
    uint32_t count;
    struct range_row {
        struct labels labels;
        const int64_t *times;
        const double *values;
        size_t count;
    } * rows;
};

/* What a range selector or a subquery selects at one time. */
static weir_status weir__pq_eval_range_rows(struct eval *ev, int64_t at, const struct node *node,
                                     struct range_rows *out);

/* One step of a compensated sum (Neumaier): sum and c with x added. */
struct compensated {
    double sum, c;
};

static inline struct compensated add_compensated(double x, struct compensated a)
{
    double t = a.sum + x;

    if (is_inf(t)) {
        a.c = 0;
    } else if (magnitude(a.sum) >= magnitude(x)) {
        a.c += (a.sum - t) + x;
    } else {
        a.c += (x - t) + a.sum;
    }
    a.sum = t;
    return a;
}

/* The same as 2.42 does it, which does not look out for infinities. */
static inline struct compensated add_compensated_2_42(double x, struct compensated a)
{
    double t = a.sum + x;

    a.c += magnitude(a.sum) >= magnitude(x) ? (a.sum - t) + x : (x - t) + a.sum;
    a.sum = t;
    return a;
}

#endif

/* An aggregation under way: which group each row belongs to, and what the parameter is. */
struct aggregation {
    struct eval *ev;
    const struct grid *grid;
    const struct node *node;
    struct matrix in;
    struct projection projection;
    uint32_t *group; /* of each row */
    uint32_t group_count;
    uint32_t *members, *first; /* rows by group; where each group begins, and the end */
    struct labels *labels;     /* of each group: those of its first member, not projected */
    const double *parameter;   /* one a step, or NULL */
};

/* sum, avg, min, max, count, group, stddev, stdvar; and sum by the rules of 3.x alone, faster. */
static weir_status weir__pq_aggregate_numbers(struct aggregation *a, struct matrix *out);
static weir_status weir__pq_aggregate_sums(struct aggregation *a, struct matrix *out);

/* topk and bottomk */
static weir_status weir__pq_aggregate_best(struct aggregation *a, struct matrix *out);

/* count_values, which has groups of its own */
static weir_status weir__pq_aggregate_values(struct aggregation *a, struct matrix *out);

#endif

/* ---- lib/promql/gomath.h ---- */

/*
 * gomath.h - the functions of Go's package math that PromQL calls, equal to the bit on amd64 with
 * FMA, computed with + - * / alone. C libraries differ among each other in the last bits of these.
 */
#ifndef WEIR_PROMQL_GOMATH_H
#define WEIR_PROMQL_GOMATH_H

static double weir__pq_go_floor(double x);
static double weir__pq_go_ceil(double x);
static double weir__pq_go_trunc(double x);
static double weir__pq_go_round(double x);         /* half away from zero */
static double weir__pq_go_max(double x, double y); /* +Inf wins, then NaN; 0 above -0 */
static double weir__pq_go_min(double x, double y); /* -Inf wins, then NaN; -0 below 0 */
static double weir__pq_go_sqrt(double x);
static double weir__pq_go_mod(double x, double y); /* with the sign of x */
static double weir__pq_go_exp(double x);
static double weir__pq_go_log(double x);
static double weir__pq_go_log2(double x);
static double weir__pq_go_log10(double x);
static double weir__pq_go_pow(double x, double y);

static double weir__pq_go_sin(double x);
static double weir__pq_go_cos(double x);
static double weir__pq_go_tan(double x);
static double weir__pq_go_asin(double x);
static double weir__pq_go_acos(double x);
static double weir__pq_go_atan(double x);
static double weir__pq_go_atan2(double y, double x);
static double weir__pq_go_sinh(double x);
static double weir__pq_go_cosh(double x);
static double weir__pq_go_tanh(double x);
static double weir__pq_go_asinh(double x);
static double weir__pq_go_acosh(double x);
static double weir__pq_go_atanh(double x);

/* x = fraction * 2^exponent with fraction in [0.5, 1); 0, NaN and infinities as they are. */
static double weir__pq_go_frexp(double x, int *exponent);
static double weir__pq_go_ldexp(double fraction, int exponent);

#endif

/*
 * The k best of a group, in a heap with the worst on top, as upstream's container/heap keeps it:
 * which of several equal ones stay depends on how that moves them.
 */
struct heap {
    struct ranked *items;
    uint32_t count;
    bool top; /* topk: the smallest is on top */
};

/* Whether i stands above j: NaN above all. */
static bool aggregate_best_above(const struct heap *h, uint32_t i, uint32_t j)
{
    double a = h->items[i].value, b = h->items[j].value;

    return is_nan(a) || (h->top ? a < b : a > b);
}

static void swap(struct heap *h, uint32_t i, uint32_t j)
{
    struct ranked item = h->items[i];

    h->items[i] = h->items[j];
    h->items[j] = item;
}

static void heap_up(struct heap *h, uint32_t j)
{
    while (j > 0) {
        uint32_t parent = (j - 1) / 2;

        if (!aggregate_best_above(h, j, parent)) {
            break;
        }
        swap(h, parent, j);
        j = parent;
    }
}

static void heap_down(struct heap *h, uint32_t count)
{
    uint32_t i = 0;

    for (;;) {
        uint32_t child = 2 * i + 1;

        if (child >= count) {
            break;
        }
        if (child + 1 < count && aggregate_best_above(h, child + 1, child)) {
            child++;
        }
        if (!aggregate_best_above(h, child, i)) {
            break;
        }
        swap(h, i, child);
        i = child;
    }
}

static void heap_push(struct heap *h, double value, uint32_t row)
{
    h->items[h->count++] = (struct ranked){value, row};
    heap_up(h, h->count - 1);
}

static void heap_offer(struct heap *h, double value, uint32_t row, uint32_t k, bool old)
{
    double worst = h->count > 0 ? h->items[0].value : 0;
    bool better = h->top ? worst < value : worst > value;

    if (h->count < k) {
        heap_push(h, value, row);
        return;
    }
    if (!better && !(is_nan(worst) && (old || !is_nan(value)))) {
        return;
    }
    if (old && k > 1) { /* takes the worst out, then puts the new one in */
        h->count--;
        swap(h, 0, h->count);
        heap_down(h, h->count);
        heap_push(h, value, row);
        return;
    }
    h->items[0] = (struct ranked){value, row};
    heap_down(h, h->count);
}

/* The parameter must be a number that int64 holds, at all steps; *skip: it is below 1 at all. */
static weir_status check_k(struct aggregation *a, bool *skip)
{
    double most = -DOUBLE_MAX, least = DOUBLE_MAX, bad = 0;
    bool nan = false;

    for (uint32_t k = 0; k < a->grid->count; k++) {
        nan = nan || is_nan(a->parameter[k]);
        most = a->parameter[k] > most ? a->parameter[k] : most;
        least = a->parameter[k] < least ? a->parameter[k] : least;
    }
    *skip = !nan && most < 1;
    if (*skip && (!is_2_42(a->ev) || least >= -9223372036854775808.0)) {
        return WEIR_OK;
    }
    if (nan) {
        return EVAL_FAIL(a->ev, WEIR_E_RANGE, a->node->aggregate.parameter,
                         {'s', "the parameter of topk or bottomk is NaN"});
    }
    bad = least <= -9223372036854775808.0 ? least : most;
    if (bad <= -9223372036854775808.0 || bad >= 9223372036854775808.0) {
        return EVAL_FAIL(a->ev, WEIR_E_RANGE, a->node->aggregate.parameter,
                         {'s', "the parameter of topk or bottomk is beyond int64: "}, {'d', &bad});
    }
    return WEIR_OK;
}

static weir_status emit_ranked(struct aggregation *a, const struct heap *h, uint32_t step,
                               uint32_t *made, struct matrix *out)
{
    for (uint32_t i = 0; i < h->count; i++) {
        uint32_t from = h->items[i].row;

        if (made[from] == SYMBOL_NONE) {
            if (weir__pq_row_add(a->ev, out, a->grid, a->in.rows[from].labels) == NULL) {
                return eval_memory(a->ev);
            }
            made[from] = out->count - 1;
        }
        row_put(&out->rows[made[from]], step, h->items[i].value);
    }
    return WEIR_OK;
}

static weir_status weir__pq_aggregate_best(struct aggregation *a, struct matrix *out)
{
    struct heap heap = {.top = a->node->token == TOKEN_TOPK};
    uint32_t *made = arena_array(&a->ev->arena, a->in.count, sizeof *made);
    struct ranked *scratch = arena_array(&a->ev->arena, a->in.count, sizeof *scratch);
    bool skip, old = is_2_42(a->ev);
    weir_status status = check_k(a, &skip);

    heap.items = arena_array(&a->ev->arena, a->in.count, sizeof *heap.items);
    if (status != WEIR_OK || skip) {
        return status;
    }
    if (made == NULL || scratch == NULL || heap.items == NULL) {
        return eval_memory(a->ev);
    }
    for (uint32_t i = 0; i < a->in.count; i++) {
        made[i] = SYMBOL_NONE;
    }
    for (uint32_t k = 0; k < a->grid->count; k++) {
        double wanted = a->parameter[k];
        uint32_t most = wanted < a->in.count ? (wanted >= 1 ? (uint32_t)wanted : 0) : a->in.count;

        for (uint32_t g = 0; most > 0 && g < a->group_count && status == WEIR_OK; g++) {
            heap.count = 0;
            for (uint32_t m = a->first[g]; m < a->first[g + 1]; m++) {
                uint32_t i = a->members[m];

                if (a->in.rows[i].has[k]) {
                    heap_offer(&heap, a->in.rows[i].values[k], i, most, old);
                }
            }
            weir__pq_sort_ranked(heap.items, scratch, heap.count, heap.top);
            status = emit_ranked(a, &heap, k, made, out);
        }
    }
    return status;
}

/* ---- lib/promql/aggregate_numbers.c ---- */

/*
 * aggregate_numbers.c - aggregations to one number a group and step, gathered member by member.
 *
 * Upstream: promql/engine.go, aggregation().
 */

/* What one group has gathered at one step. */
struct gathered {
    double value, c; /* a sum with its compensation; or the extreme, or the mean */
    double mean;
    double count;
    bool incremental; /* avg: the sum overflowed, value is the mean */
};

static void first_member(uint8_t token, double x, bool old, struct gathered *g)
{
    *g = (struct gathered){x, 0, x, 1, false};
    if (token == TOKEN_GROUP) {
        g->value = 1;
    } else if (token == TOKEN_STDDEV || token == TOKEN_STDVAR) {
        g->value = !old && (is_nan(x) || is_inf(x)) ? NOT_A_NUMBER : 0;
    }
}

static void add_average(double x, struct gathered *g)
{
    struct compensated next;
    double q;

    g->count++;
    if (!g->incremental) {
        next = add_compensated(x, (struct compensated){g->value, g->c});
        if (!is_inf(next.sum)) {
            g->value = next.sum;
            g->c = next.c;
            return;
        }
        g->incremental = true; /* the sum would overflow: from here on correct the mean */
        g->mean = g->value / (g->count - 1);
        g->c /= g->count - 1;
    }
    q = (g->count - 1) / g->count;
    next = add_compensated(x / g->count, (struct compensated){q * g->mean, q * g->c});
    g->mean = next.sum;
    g->c = next.c;
}

static void add_average_2_42(double x, struct gathered *g)
{
    g->count++;
    if (is_inf(g->mean) && (is_inf(x) ? (g->mean > 0) == (x > 0) : !is_nan(x))) {
        return;
    }
    g->mean += x / g->count - g->mean / g->count;
}

static void add_member(uint8_t token, double x, bool old, struct gathered *g)
{
    struct compensated sum;
    double delta;

    switch (token) {
    case TOKEN_SUM:
        if (old) {
            g->value += x;
        } else {
            sum = add_compensated(x, (struct compensated){g->value, g->c});
            g->value = sum.sum;
            g->c = sum.c;
        }
        break;
    case TOKEN_AVG:
        if (old) {
            add_average_2_42(x, g);
        } else {
            add_average(x, g);
        }
        break;
    case TOKEN_MAX: g->value = g->value < x || is_nan(g->value) ? x : g->value; break;
    case TOKEN_MIN: g->value = g->value > x || is_nan(g->value) ? x : g->value; break;
    case TOKEN_COUNT: g->count++; break;
    case TOKEN_STDDEV:
    case TOKEN_STDVAR:
        g->count++;
        delta = x - g->mean;
        g->mean += delta / g->count;
        g->value += delta * (x - g->mean);
        break;
    default: break;
    }
}

static double aggregate_numbers_finish(uint8_t token, bool old, const struct gathered *g)
{
    switch (token) {
    case TOKEN_SUM: return old ? g->value : g->value + g->c;
    case TOKEN_AVG:
        return old              ? g->mean
               : g->incremental ? g->mean + g->c
                                : g->value / g->count + g->c / g->count;
    case TOKEN_COUNT: return g->count;
    case TOKEN_STDVAR: return g->value / g->count;
    case TOKEN_STDDEV: return weir__pq_go_sqrt(g->value / g->count);
    default: return g->value;
    }
}

static void add_row(const struct aggregation *a, const struct row *row, struct gathered *g)
{
    uint8_t token = a->node->token;
    bool old = is_2_42(a->ev);

    for (uint32_t k = 0; k < a->grid->count; k++) {
        if (row->has[k] && g[k].count == 0) {
            first_member(token, row->values[k], old, &g[k]);
        } else if (row->has[k]) {
            add_member(token, row->values[k], old, &g[k]);
        }
    }
}

static weir_status weir__pq_aggregate_numbers(struct aggregation *a, struct matrix *out)
{
    uint32_t steps = a->grid->count;
    struct gathered *g =
        weir__pq_arena_zeroed(&a->ev->arena, (size_t)a->group_count * steps, sizeof *g);

    if (g == NULL) {
        return eval_memory(a->ev);
    }
    for (uint32_t i = 0; i < a->in.count; i++) {
        add_row(a, &a->in.rows[i], g + (size_t)a->group[i] * steps);
    }
    for (uint32_t i = 0; i < a->group_count; i++) {
        const struct gathered *of = g + (size_t)i * steps;
        struct labels labels = weir__pq_labels_project(a->ev, &a->projection, a->labels[i]);
        struct row *row = labels.set != NULL ? weir__pq_row_add(a->ev, out, a->grid, labels) : NULL;

        if (row == NULL) {
            return eval_memory(a->ev);
        }
        for (uint32_t k = 0; k < steps; k++) {
            if (of[k].count > 0) {
                row_put(row, k, aggregate_numbers_finish(a->node->token, is_2_42(a->ev), &of[k]));
            }
        }
        out->count -= row->count == 0;
    }
    return WEIR_OK;
}

/* ---- sums over a grid, where most of the time goes --------------------------------------------
 */

/* Adds values that are all there to sums that are all there: add_compensated() without branches. */
static void add_dense(const double *restrict values, uint32_t count, double *restrict sums,
                      double *restrict cs)
{
    for (uint32_t k = 0; k < count; k++) {
        double x = values[k], sum = sums[k], t = sum + x;
        bool larger = magnitude(sum) >= magnitude(x);
        double c = cs[k] + (((larger ? sum : x) - t) + (larger ? x : sum));

        cs[k] = is_inf(t) ? 0 : c;
        sums[k] = t;
    }
}

/* How many steps in a row have a value. */
static uint32_t steps_there(const uint8_t *has, uint32_t count)
{
    const uint8_t *gap = memchr(has, 0, count);

    return gap != NULL ? (uint32_t)(gap - has) : count;
}

static void add_to_sums(const struct row *row, uint32_t count, struct row *sum, double *cs)
{
    for (uint32_t k = 0, there; k < count; k += there) {
        uint32_t left = count - k;

        there = 1;
        if (row->has[k] && !sum->has[k]) {
            row_put(sum, k, row->values[k]);
        } else if (row->has[k]) {
            there = steps_there(sum->has + k, steps_there(row->has + k, left));
            add_dense(row->values + k, there, sum->values + k, cs + k);
        }
    }
}

static weir_status weir__pq_aggregate_sums(struct aggregation *a, struct matrix *out)
{
    uint32_t steps = a->grid->count, kept = 0;
    double *cs = weir__pq_arena_zeroed(&a->ev->arena, (size_t)a->group_count * steps, sizeof *cs);

    for (uint32_t i = 0; cs != NULL && i < a->group_count; i++) {
        struct labels labels = weir__pq_labels_project(a->ev, &a->projection, a->labels[i]);

        if (labels.set == NULL || weir__pq_row_add(a->ev, out, a->grid, labels) == NULL) {
            return eval_memory(a->ev);
        }
    }
    if (cs == NULL) {
        return eval_memory(a->ev);
    }
    for (uint32_t i = 0; i < a->in.count; i++) {
        add_to_sums(&a->in.rows[i], steps, &out->rows[a->group[i]],
                    cs + (size_t)a->group[i] * steps);
    }
    for (uint32_t i = 0; i < a->group_count; i++) {
        struct row *row = &out->rows[i];

        for (uint32_t k = 0; row->count > 0 && k < steps; k++) {
            row->values[k] = row->has[k] ? row->values[k] + cs[(size_t)i * steps + k] : 0;
        }
        out->rows[kept] = *row;
        kept += row->count > 0;
    }
    out->count = kept;
    return WEIR_OK;
}

/* ---- lib/promql/aggregate_values.c ---- */

/*
 * aggregate_values.c - count_values.
 *
 * Upstream: promql/engine.go, aggregationCountValues().
 */

/* ---- lib/promql/number.h ---- */

/*
 * number.h - numbers as text, by Go's rules (strconv) and exactly rounded in both directions.
 */
#ifndef WEIR_PROMQL_NUMBER_H
#define WEIR_PROMQL_NUMBER_H


/* Bytes that any double needs in any format here. */
enum { NUMBER_TEXT_MAX = 352 };

enum number_outcome { NUMBER_FINE, NUMBER_SYNTAX, NUMBER_RANGE };

/*
 * Writes the shortest digits that read back to the same double, without NUL, and gives the bytes:
 * 'f' without exponent, 'e' with one of at least two digits, 'g' the one or the other as Go's %v.
 * Upstream: strconv.FormatFloat(value, format, -1, 64).
 */
static size_t weir__pq_number_print(double value, char format, char text[NUMBER_TEXT_MAX]);

/*
 * Reads a decimal or hexadecimal floating-point number, underscores between digits, infinities and
 * NaN. NUMBER_RANGE leaves an infinity in *value; what is too small becomes 0 and is fine.
 * Upstream: strconv.ParseFloat(text, 64).
 */
static enum number_outcome weir__pq_number_parse(struct text text, double *value);

/*
 * Reads a number of an expression: an integer with the prefixes 0x, 0 (octal), else as above.
 * Upstream: promql/parser/parse.go, number().
 */
static enum number_outcome weir__pq_literal_parse(struct text text, double *value);

#endif

/* What a row had at the step before, which it often has again. */
struct valued {
    uint64_t bits;
    uint32_t group; /* SYMBOL_NONE: it had nothing */
};

/* The group of a row with its value as a label; SYMBOL_NONE: no memory. */
static uint32_t valued_group(struct aggregation *a, struct label_index *index, uint32_t name,
                             struct labels labels, double value, struct matrix *out)
{
    char text[NUMBER_TEXT_MAX];
    uint32_t symbol, group, length = (uint32_t)weir__pq_number_print(value, 'f', text);

    if (weir__pq_eval_symbol(a->ev, (struct text){text, length}, &symbol) != WEIR_OK) {
        return SYMBOL_NONE;
    }
    labels = weir__pq_labels_with(a->ev, labels, name, symbol);
    group = labels.set != NULL ? weir__pq_index_of(index, labels) : SYMBOL_NONE;
    if (group != SYMBOL_NONE && group == out->count) {
        labels = weir__pq_labels_project(a->ev, &a->projection, labels);
        if (labels.set == NULL || weir__pq_row_add(a->ev, out, a->grid, labels) == NULL) {
            return SYMBOL_NONE;
        }
    }
    return group;
}

/* Groups by the labels asked for, and by the value, unless `without` takes that away too. */
static weir_status open_valued(struct aggregation *a, struct text label, uint32_t *name)
{
    struct labels_list grouping = a->node->aggregate.grouping;
    weir_status status = WEIR_OK;

    if (!weir__pq_label_name_valid(a->ev, label)) {
        return EVAL_FAIL(a->ev, WEIR_E_RANGE, a->node->aggregate.parameter,
                         {'s', "invalid label name "}, {'q', &label});
    }
    status = weir__pq_eval_symbol(a->ev, label, name);
    if (status != WEIR_OK) {
        return status;
    }
    if (!a->node->aggregate.without) {
        struct text *items = arena_array(&a->ev->arena, grouping.count + 1, sizeof *items);

        if (items == NULL) {
            return eval_memory(a->ev);
        }
        if (grouping.count > 0) {
            memcpy(items, grouping.items, grouping.count * sizeof *items);
        }
        items[grouping.count] = label;
        grouping.items = items;
        grouping.count++;
    }
    return weir__pq_projection(a->ev, &grouping, !a->node->aggregate.without, &a->projection);
}

static weir_status weir__pq_aggregate_values(struct aggregation *a, struct matrix *out)
{
    struct valued *before = arena_array(&a->ev->arena, a->in.count, sizeof *before);
    struct label_index index;
    uint32_t name;
    weir_status status = open_valued(a, unwrap(a->node->aggregate.parameter)->string, &name);

    if (status != WEIR_OK || before == NULL) {
        return status != WEIR_OK ? status : eval_memory(a->ev);
    }
    for (uint32_t i = 0; i < a->in.count; i++) {
        before[i].group = SYMBOL_NONE;
    }
    weir__pq_index_open(&index, a->ev, a->projection);
    for (uint32_t k = 0; k < a->grid->count; k++) {
        for (uint32_t i = 0; i < a->in.count; i++) {
            const struct row *row = &a->in.rows[i];
            struct row *group;

            if (!row->has[k]) {
                continue;
            }
            if (before[i].group == SYMBOL_NONE || before[i].bits != to_bits(row->values[k])) {
                before[i].bits = to_bits(row->values[k]);
                before[i].group = valued_group(a, &index, name, row->labels, row->values[k], out);
                if (before[i].group == SYMBOL_NONE) {
                    return eval_memory(a->ev);
                }
            }
            group = &out->rows[before[i].group];
            row_put(group, k, group->has[k] ? group->values[k] + 1 : 1);
        }
    }
    return WEIR_OK;
}

/* ---- lib/promql/big.c ---- */

/*
 * big.c - natural numbers of up to 5120 bits. Callers keep their numbers within that: 800 decimal
 * digits times 10^310 are below 2^3700.
 */

/* ---- lib/promql/big.h ---- */

/*
 * big.h - natural numbers of up to 5120 bits, for reading and writing decimal numbers exactly.
 */
#ifndef WEIR_PROMQL_BIG_H
#define WEIR_PROMQL_BIG_H


enum { BIG_LIMBS = 160 };

/* Limbs from the lowest up; the highest is not 0. */
struct big {
    uint32_t limb[BIG_LIMBS];
    int count;
};

static void weir__pq_big_set(struct big *a, uint64_t value);
static void weir__pq_big_multiply_add(struct big *a, uint32_t factor, uint32_t more);
static void weir__pq_big_multiply_ten(struct big *a, int power);       /* times 10^power, power >= 0 */
static void weir__pq_big_shift(struct big *a, int bits);               /* times 2^bits, bits >= 0 */
static void weir__pq_big_subtract(struct big *a, const struct big *b); /* a >= b */
static int weir__pq_big_bits(const struct big *a);

/* Below, at or above 0 as a is to b. */
static int weir__pq_big_compare(const struct big *a, const struct big *b);

/* As a + b is to c. */
static int weir__pq_big_compare_sum(const struct big *a, const struct big *b, const struct big *c);

#endif


static void trim(struct big *a)
{
    while (a->count > 0 && a->limb[a->count - 1] == 0) {
        a->count--;
    }
}

static void weir__pq_big_set(struct big *a, uint64_t value)
{
    a->limb[0] = (uint32_t)value;
    a->limb[1] = (uint32_t)(value >> 32);
    a->count = 2;
    trim(a);
}

static void weir__pq_big_multiply_add(struct big *a, uint32_t factor, uint32_t more)
{
    uint64_t carry = more;

    for (int i = 0; i < a->count; i++) {
        carry += (uint64_t)a->limb[i] * factor;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0 && a->count < BIG_LIMBS) {
        a->limb[a->count++] = (uint32_t)carry;
    }
}

static void weir__pq_big_multiply_ten(struct big *a, int power)
{
    for (; power >= 9; power -= 9) {
        weir__pq_big_multiply_add(a, 1000000000, 0);
    }
    for (; power > 0; power--) {
        weir__pq_big_multiply_add(a, 10, 0);
    }
}

static void weir__pq_big_shift(struct big *a, int bits)
{
    int limbs = bits / 32;

    if (a->count == 0) {
        return;
    }
    weir__pq_big_multiply_add(a, UINT32_C(1) << (bits % 32), 0);
    if (limbs > BIG_LIMBS - a->count) {
        limbs = BIG_LIMBS - a->count;
    }
    memmove(a->limb + limbs, a->limb, (size_t)a->count * sizeof a->limb[0]);
    memset(a->limb, 0, (size_t)limbs * sizeof a->limb[0]);
    a->count += limbs;
}

static void weir__pq_big_subtract(struct big *a, const struct big *b)
{
    int64_t carry = 0;

    for (int i = 0; i < a->count; i++) {
        carry += (int64_t)a->limb[i] - (i < b->count ? (int64_t)b->limb[i] : 0);
        a->limb[i] = (uint32_t)carry;
        carry = carry < 0 ? -1 : 0;
    }
    trim(a);
}

static int weir__pq_big_bits(const struct big *a)
{
    int bits = 32 * a->count;

    if (a->count > 0) {
        for (uint32_t top = a->limb[a->count - 1]; (top & UINT32_C(0x80000000)) == 0; top <<= 1) {
            bits--;
        }
    }
    return bits;
}

static int weir__pq_big_compare(const struct big *a, const struct big *b)
{
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (int i = a->count - 1; i >= 0; i--) {
        if (a->limb[i] != b->limb[i]) {
            return a->limb[i] < b->limb[i] ? -1 : 1;
        }
    }
    return 0;
}

static int weir__pq_big_compare_sum(const struct big *a, const struct big *b, const struct big *c)
{
    struct big sum = *a;
    uint64_t carry = 0;

    while (sum.count < b->count) {
        sum.limb[sum.count++] = 0;
    }
    for (int i = 0; i < sum.count; i++) {
        carry += (uint64_t)sum.limb[i] + (i < b->count ? b->limb[i] : 0);
        sum.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0 && sum.count < BIG_LIMBS) {
        sum.limb[sum.count++] = (uint32_t)carry;
    }
    return weir__pq_big_compare(&sum, c);
}

/* ---- lib/promql/calendar.c ---- */

/*
 * calendar.c - days since 1970 to dates, counting in eras of 400 years that begin in March, so that
 * a leap day is the last of its year (Hinnant's algorithm).
 */

/* ---- lib/promql/calendar.h ---- */

/*
 * calendar.h - the parts of a date in UTC.
 */
#ifndef WEIR_PROMQL_CALENDAR_H
#define WEIR_PROMQL_CALENDAR_H


struct date {
    int64_t year;
    int32_t month, day; /* from 1 */
    int32_t weekday;    /* 0: Sunday */
    int32_t year_day;   /* from 1 */
    int32_t month_days;
    int32_t hour, minute;
};

/* The date of seconds since the Unix epoch, by the Gregorian calendar carried on both ways. */
static void weir__pq_date_of(int64_t seconds, struct date *date);

#endif


enum { DAY = 86400, ERA_DAYS = 146097, TO_ERA = 719468 };

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t days_before(int32_t month, bool leap)
{
    static const int16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

    return before[month - 1] + (leap && month > 2);
}

static void weir__pq_date_of(int64_t seconds, struct date *date)
{
    int64_t days = seconds / DAY, rest = seconds % DAY, era;
    int32_t day_of_era, year_of_era, day_of_year, month;

    if (rest < 0) {
        rest += DAY;
        days--;
    }
    date->hour = (int32_t)(rest / 3600);
    date->minute = (int32_t)(rest % 3600 / 60);
    date->weekday = (int32_t)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    days += TO_ERA;
    era = (days >= 0 ? days : days - (ERA_DAYS - 1)) / ERA_DAYS;
    day_of_era = (int32_t)(days - era * ERA_DAYS);
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * day_of_year + 2) / 153; /* 0: March */
    date->day = day_of_year - (153 * month + 2) / 5 + 1;
    date->month = month < 10 ? month + 3 : month - 9;
    date->year = year_of_era + era * 400 + (date->month <= 2);
    date->year_day = days_before(date->month, is_leap(date->year)) + date->day;
    date->month_days = days_before(date->month + 1, is_leap(date->year)) -
                       days_before(date->month, is_leap(date->year));
}

/* ---- lib/promql/check.c ---- */

/*
 * check.c - types: what may be the argument of what, and what operators may join; and which parts
 * are the same at all steps.
 *
 * Upstream: promql/parser/parse.go, checkAST().
 */

struct check {
    struct text source;
    weir_error *err;
};

static weir_status check_node(const struct check *c, struct node *node);

static const char *type_name(int type)
{
    switch (type) {
    case WEIR_PROMQL_SCALAR: return "scalar";
    case WEIR_PROMQL_VECTOR: return "instant vector";
    case WEIR_PROMQL_MATRIX: return "range vector";
    default: return "string";
    }
}

static weir_status refuse(const struct check *c, const struct node *node, const char *why)
{
    return FAIL(c->err, WEIR_E_PARSE, c->source, node->start, {'s', why});
}

static weir_status expect(const struct check *c, const struct node *node, int type,
                          const char *where, const char *what)
{
    if (node->type != type) {
        return FAIL(c->err, WEIR_E_PARSE, c->source, node->start, {'s', "expected type "},
                    {'s', type_name(type)}, {'s', where}, {'s', what}, {'s', ", got "},
                    {'s', type_name(node->type)});
    }
    return WEIR_OK;
}

/* Where the operator stands between its operands. */
static uint32_t operator_at(const struct check *c, const struct node *node)
{
    uint32_t at = node->binary.left->end;

    while (at < node->binary.right->start && strchr(" \t\r\n", c->source.at[at]) != NULL) {
        at++;
    }
    return at;
}

static weir_status check_operator(const struct check *c, const struct node *node)
{
    const struct labels_list *matching = &node->binary.matching, *include = &node->binary.include;
    bool scalars = node->type == WEIR_PROMQL_SCALAR;

    if (node->binary.returns_bool && !token_is_comparison(node->token)) {
        return FAIL(c->err, WEIR_E_PARSE, c->source, operator_at(c, node),
                    {'s', "bool modifier can only be used on comparison operators"});
    }
    if (scalars && token_is_comparison(node->token) && !node->binary.returns_bool) {
        return FAIL(c->err, WEIR_E_PARSE, c->source, operator_at(c, node),
                    {'s', "comparisons between scalars must use BOOL modifier"});
    }
    for (uint32_t i = 0; node->binary.on && i < matching->count; i++) {
        for (uint32_t j = 0; j < include->count; j++) {
            if (text_equal(matching->items[i], include->items[j])) {
                return FAIL(c->err, WEIR_E_PARSE, c->source, operator_at(c, node), {'s', "label "},
                            {'q', &matching->items[i]},
                            {'s', " must not occur in ON and GROUP clause at once"});
            }
        }
    }
    return WEIR_OK;
}

static weir_status check_binary(const struct check *c, struct node *node)
{
    struct node *left = node->binary.left, *right = node->binary.right;
    bool sets = token_is_set_operator(node->token);
    weir_status status = check_node(c, left);

    status = status == WEIR_OK ? check_node(c, right) : status;
    status = status == WEIR_OK ? check_operator(c, node) : status;
    if (status != WEIR_OK) {
        return status;
    }
    for (int i = 0; i < 2; i++) {
        const struct node *side = i == 0 ? left : right;

        if (side->type != WEIR_PROMQL_SCALAR && side->type != WEIR_PROMQL_VECTOR) {
            return refuse(c, side,
                          "binary expression must contain only scalar and instant vector types");
        }
    }
    node->binary.vectors = left->type == WEIR_PROMQL_VECTOR && right->type == WEIR_PROMQL_VECTOR;
    if (!node->binary.vectors) {
        if (node->binary.matching.count > 0) {
            return refuse(c, node, "vector matching only allowed between instant vectors");
        }
        return sets ? refuse(c, node, "set operator not allowed in binary scalar expression")
                    : WEIR_OK;
    }
    if (sets && node->binary.cardinality != ONE_TO_ONE) {
        return refuse(c, node, "no grouping allowed for set operations");
    }
    if (sets) {
        node->binary.cardinality = MANY_TO_MANY;
    }
    return WEIR_OK;
}

static weir_status check_call(const struct check *c, const struct node *node)
{
    const struct function *f = node->call.function;
    int64_t least = f->count - (f->variadic != 0), most = least + f->variadic;
    int64_t got = node->call.count;
    weir_status status = WEIR_OK;

    most = f->variadic == 0 ? f->count : f->variadic < 0 ? INT64_MAX : most;
    if (got < least || got > most) {
        bool few = got < least;

        return FAIL(c->err, WEIR_E_PARSE, c->source, node->start, {'s', "expected "},
                    {'s', least == most ? ""
                          : few         ? "at least "
                                        : "at most "},
                    {'i', few ? &least : &most}, {'s', " argument(s) in call to \""},
                    {'s', f->name}, {'s', "\", got "}, {'i', &got});
    }
    for (uint32_t i = 0; status == WEIR_OK && i < node->call.count; i++) {
        int type = f->args[i < f->count ? i : f->count - 1U];

        status = check_node(c, node->call.args[i]);
        status = status == WEIR_OK
                     ? expect(c, node->call.args[i], type, " in call to function ", f->name)
                     : status;
    }
    return status;
}

static weir_status check_aggregate(const struct check *c, const struct node *node)
{
    struct node *parameter = node->aggregate.parameter;
    weir_status status = check_node(c, node->aggregate.inner);

    if (status == WEIR_OK) {
        status =
            expect(c, node->aggregate.inner, WEIR_PROMQL_VECTOR, " in aggregation expression", "");
    }
    if (status == WEIR_OK && parameter != NULL) {
        status = check_node(c, parameter);
    }
    if (status == WEIR_OK && parameter != NULL) {
        status = expect(c, parameter,
                        node->token == TOKEN_COUNT_VALUES ? WEIR_PROMQL_STRING : WEIR_PROMQL_SCALAR,
                        " in aggregation parameter", "");
    }
    return status;
}

static weir_status check_selector(const struct check *c, const struct node *node)
{
    uint32_t count = node->selector.count;

    if (node->selector.name.at != NULL) { /* its matcher is the last one */
        for (uint32_t i = 0; i + 1 < count; i++) {
            if (text_equal(node->selector.matchers[i].name, TEXT("__name__"))) {
                return refuse(c, node, "metric name must not be set twice");
            }
        }
        return WEIR_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!node->selector.matchers[i].empty) {
            return WEIR_OK;
        }
    }
    return refuse(c, node, "vector selector must contain at least one non-empty matcher");
}

static weir_status check_node(const struct check *c, struct node *node)
{
    weir_status status;

    switch (node->kind) {
    case NODE_PAREN: return check_node(c, node->inner);
    case NODE_UNARY:
        status = check_node(c, node->inner);
        if (status == WEIR_OK && node->type != WEIR_PROMQL_SCALAR &&
            node->type != WEIR_PROMQL_VECTOR) {
            return refuse(c, node,
                          "unary expression only allowed on expressions of type scalar or "
                          "instant vector");
        }
        return status;
    case NODE_BINARY: return check_binary(c, node);
    case NODE_CALL: return check_call(c, node);
    case NODE_AGGREGATE: return check_aggregate(c, node);
    case NODE_SELECTOR: return check_selector(c, node);
    case NODE_RANGE: return check_node(c, node->range.inner);
    case NODE_SUBQUERY:
        status = check_node(c, node->range.inner);
        return status == WEIR_OK && node->range.inner->type != WEIR_PROMQL_VECTOR
                   ? refuse(c, node->range.inner, "subquery is only allowed on instant vector")
                   : status;
    default: return WEIR_OK;
    }
}

/* ---- what is the same at all steps ----------------------------------------------------------- */

/* Functions that look at the time of the step, whatever their arguments are. */
static bool looks_at_time(const struct function *f)
{
    switch (f->id) {
    case FN_DAYS_IN_MONTH:
    case FN_DAY_OF_MONTH:
    case FN_DAY_OF_WEEK:
    case FN_DAY_OF_YEAR:
    case FN_HOUR:
    case FN_MINUTE:
    case FN_MONTH:
    case FN_YEAR:
    case FN_PREDICT_LINEAR:
    case FN_TIME:
    case FN_TIMESTAMP: return true;
    default: return false;
    }
}

static bool mark_still(struct node *node);

static bool mark_call(struct node *node)
{
    bool all = true, selectors = true;

    for (uint32_t i = 0; i < node->call.count; i++) {
        bool still = mark_still(node->call.args[i]);

        all = all && still;
        selectors = selectors && still && unwrap(node->call.args[i])->kind == NODE_SELECTOR;
    }
    return looks_at_time(node->call.function) ? node->call.function->id == FN_TIMESTAMP && selectors
                                              : all;
}

/*
 * Marks nodes that @ makes independent of the step. As upstream, an aggregation is one if what it
 * aggregates is, even if its parameter is not: that is then taken at the first step.
 *
 * Upstream: promql/engine.go, preprocessExprHelper().
 */
static bool mark_still(struct node *node)
{
    bool still = false, other;

    switch (node->kind) {
    case NODE_NUMBER:
    case NODE_STRING: return true; /* but there is nothing to gain */
    case NODE_PAREN:
    case NODE_UNARY: still = mark_still(node->inner); break;
    case NODE_BINARY:
        still = mark_still(node->binary.left);
        other = mark_still(node->binary.right);
        still = still && other;
        break;
    case NODE_CALL: still = mark_call(node); break;
    case NODE_AGGREGATE:
        if (node->aggregate.parameter != NULL) {
            mark_still(node->aggregate.parameter);
        }
        still = mark_still(node->aggregate.inner);
        break;
    case NODE_SELECTOR: still = node->selector.modifiers.at != AT_NONE; break;
    case NODE_RANGE: return node->range.inner->selector.modifiers.at != AT_NONE;
    case NODE_SUBQUERY: mark_still(node->range.inner); return node->range.modifiers.at != AT_NONE;
    default: break;
    }
    node->still = still;
    return still;
}

static weir_status weir__pq_check(const struct weir_promql_expr *expr, weir_error *err)
{
    struct check check = {expr->source, err};
    weir_status status = check_node(&check, expr->root);

    if (status == WEIR_OK) {
        mark_still(expr->root);
    }
    return status;
}

/* ---- lib/promql/duration.c ---- */

/*
 * duration.c - Prometheus durations: "1h30m", "500ms"; a year has 365 days.
 *
 * Upstream: github.com/prometheus/common model/time.go, ParseDuration() and Duration.String().
 */

static const struct {
    const char *name;
    int64_t ms;
    bool exact; /* written only when nothing is left over */
} duration_units[] = {
    {"y", INT64_C(31536000000), true}, {"w", INT64_C(604800000), true},
    {"d", INT64_C(86400000), false},   {"h", INT64_C(3600000), false},
    {"m", INT64_C(60000), false},      {"s", INT64_C(1000), false},
    {"ms", INT64_C(1), false},
};

enum { UNITS = sizeof duration_units / sizeof duration_units[0], NS_PER_MS = 1000000 };

static bool duration_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *weir__pq_duration_parse(struct text text, int64_t *ns)
{
    uint32_t at = 0;
    int last = -1; /* units go from biggest to smallest */
    uint64_t sum = 0;

    while (at < text.length) {
        uint64_t number = 0;
        uint32_t from = at;
        struct text name;
        int unit = 0;

        for (; at < text.length && duration_is_digit(text.at[at]); at++) {
            if (number > UINT64_MAX / 20) {
                return "not a valid duration";
            }
            number = number * 10 + (uint64_t)(text.at[at] - '0');
        }
        if (at == from) {
            return "not a valid duration";
        }
        name.at = text.at + at;
        for (from = at; at < text.length && !duration_is_digit(text.at[at]); at++) {
        }
        name.length = at - from;
        while (unit < UNITS &&
               !text_equal(name,
                           (struct text){duration_units[unit].name, (uint32_t)strlen(duration_units[unit].name)})) {
            unit++;
        }
        if (unit == UNITS) {
            return "unknown unit in a duration";
        }
        if (unit <= last) {
            return "units of a duration go from biggest to smallest, each once";
        }
        last = unit;
        if (number > (uint64_t)INT64_MAX / NS_PER_MS / (uint64_t)duration_units[unit].ms) {
            return "duration out of range";
        }
        sum += number * (uint64_t)duration_units[unit].ms * NS_PER_MS;
        if (sum > INT64_MAX) {
            return "duration out of range";
        }
    }
    *ns = (int64_t)sum;
    return NULL;
}

static void weir__pq_duration_print(struct sink *sink, int64_t ns)
{
    int64_t left = ns / NS_PER_MS;

    if (left == 0) {
        sink_string(sink, "0s");
        return;
    }
    if (left < 0) {
        sink_string(sink, "-");
        left = -left;
    }
    for (int i = 0; i < UNITS; i++) {
        int64_t whole = left / duration_units[i].ms;

        if (whole > 0 && (!duration_units[i].exact || left % duration_units[i].ms == 0)) {
            weir__pq_sink_int(sink, whole);
            sink_string(sink, duration_units[i].name);
            left -= whole * duration_units[i].ms;
        }
    }
}

/* ---- lib/promql/eval.c ---- */

/*
 * eval.c - evaluation of the nodes that only pass values on, and what all evaluators share.
 *
 * Upstream: promql/engine.go.
 */

/* ---- shared --------------------------------------------------------------------------------- */

static weir_status weir__pq_eval_hold(struct eval *ev, const struct node *node, uint64_t samples)
{
    ev->held += samples;
    if (ev->held > ev->options.max_samples || ev->held < samples) {
        return EVAL_FAIL(ev, WEIR_E_LIMIT, node,
                         {'s', "query processing would load too many samples into memory"});
    }
    return WEIR_OK;
}

static struct row *weir__pq_row_add(struct eval *ev, struct matrix *matrix, const struct grid *grid,
                             struct labels labels)
{
    size_t values = (size_t)grid->count * sizeof(double);
    void *rows = matrix->rows;
    struct row *row;

    if (!weir__pq_arena_grow(&ev->arena, &rows, matrix->count, &matrix->room, sizeof *row)) {
        return NULL;
    }
    matrix->rows = rows;
    row = &matrix->rows[matrix->count];
    row->values = arena_take(&ev->arena, values + grid->count);
    if (row->values == NULL) {
        return NULL;
    }
    row->has = (uint8_t *)row->values + values;
    memset(row->has, 0, grid->count);
    row->labels = labels;
    row->count = 0;
    matrix->count++;
    return row;
}

/* Whether all rows have one metric, or none: then they differ also without its name. */
static bool one_metric(const struct matrix *matrix)
{
    const struct row *rows = matrix->rows;

    for (uint32_t i = 1; i < matrix->count; i++) {
        if (rows[i].labels.set->metric != rows[0].labels.set->metric ||
            rows[i].labels.nameless != rows[0].labels.nameless) {
            return false;
        }
    }
    return true;
}

static weir_status weir__pq_rows_drop_names(struct eval *ev, const struct grid *grid,
                                     const struct node *node, struct matrix *matrix)
{
    bool differ = one_metric(matrix) && !ev->metadata;

    for (uint32_t i = 0; i < matrix->count; i++) {
        weir_status status = weir__pq_labels_drop_name(ev, &matrix->rows[i].labels);

        if (status != WEIR_OK) {
            return status;
        }
    }
    return differ ? WEIR_OK : weir__pq_rows_unite(ev, grid, node, matrix);
}

static weir_status weir__pq_rows_unite(struct eval *ev, const struct grid *grid, const struct node *node,
                                struct matrix *matrix)
{
    /* 2.42 behind these refuses equal labels even if their steps differ. */
    bool whole =
        is_2_42(ev) && (node->kind == NODE_UNARY ||
                        (node->kind == NODE_CALL && node->call.function->class == FUNCTION_RANGE));
    struct label_index index;
    uint32_t kept = 0;

    if (matrix->count < 2) {
        return WEIR_OK;
    }
    weir__pq_index_open(&index, ev, PROJECT_ALL);
    for (uint32_t i = 0; i < matrix->count; i++) {
        struct row *row = &matrix->rows[i], *into;
        uint32_t ordinal = weir__pq_index_of(&index, row->labels);
        bool clash = whole;

        if (ordinal == SYMBOL_NONE) {
            return WEIR_E_MEMORY;
        }
        if (ordinal == kept) {
            matrix->rows[kept++] = *row;
            continue;
        }
        into = &matrix->rows[ordinal];
        for (uint32_t k = 0; k < grid->count && !clash; k++) {
            clash = row->has[k] && into->has[k];
            if (row->has[k]) {
                row_put(into, k, row->values[k]);
            }
        }
        if (clash) {
            return EVAL_FAIL(ev, WEIR_E_RANGE, node,
                             {'s', "vector cannot contain metrics with the same labelset"});
        }
    }
    matrix->count = kept;
    return WEIR_OK;
}

static void weir__pq_note(struct eval *ev, int32_t level, const struct node *node, const char *message,
                   struct text about)
{
    enum { NOTES_MAX = 100 };
    struct note *note;
    char text[240];
    struct sink sink = {text, sizeof text, 0};
    struct text copy;

    if (is_2_42(ev)) { /* which knows no notes */
        return;
    }
    for (note = ev->notes; note != NULL; note = note->next) {
        if (note->node == node && note->public.level == level && text_equal(note->about, about)) {
            note->public.times += note->public.times < INT32_MAX;
            return;
        }
    }
    note = ev->note_count < NOTES_MAX ? arena_take(&ev->arena, sizeof *note) : NULL;
    if (note == NULL) { /* a note that finds no room is no error */
        return;
    }
    sink_string(&sink, message);
    if (about.length > 0) {
        sink_string(&sink, ": ");
        weir__pq_sink_quoted(&sink, about);
    }
    copy.length = (uint32_t)(sink.length < sizeof text ? sink.length : sizeof text);
    copy = weir__pq_arena_text(&ev->arena, (struct text){text, copy.length});
    if (copy.at == NULL) {
        return;
    }
    note->public = (weir_promql_note){level, 0, 0, 1, copy.at, copy.length};
    weir__pq_position(ev->expr->source, node->start, &note->public.line, &note->public.column);
    note->node = node;
    note->about = about;
    note->next = ev->notes;
    ev->notes = note;
    ev->note_count++;
}

/* ---- durations and times -------------------------------------------------------------------- */

static weir_status duration_value(struct eval *ev, const struct node *node, double *seconds)
{
    double left = 0, right = 0;
    weir_status status = WEIR_OK;

    if (node->kind == NODE_NUMBER) {
        *seconds = node->number.value;
        return WEIR_OK;
    }
    if (node->duration.left != NULL) {
        status = duration_value(ev, node->duration.left, &left);
    }
    if (status == WEIR_OK && node->duration.right != NULL) {
        status = duration_value(ev, node->duration.right, &right);
    }
    if (status != WEIR_OK) {
        return status;
    }
    switch (node->token) {
    case TOKEN_STEP: *seconds = (double)ev->step / 1000; break;
    case TOKEN_RANGE: *seconds = (double)(ev->end - ev->start) / 1000; break;
    case TOKEN_MAX_OF: *seconds = weir__pq_go_max(left, right); break;
    case TOKEN_MIN_OF: *seconds = weir__pq_go_min(left, right); break;
    case TOKEN_ADD: *seconds = left + right; break;
    case TOKEN_SUB: *seconds = node->duration.left != NULL ? left - right : -right; break;
    case TOKEN_MUL: *seconds = left * right; break;
    case TOKEN_POW: *seconds = weir__pq_go_pow(left, right); break;
    default:
        if (right == 0) {
            return EVAL_FAIL(ev, WEIR_E_RANGE, node, {'s', "division by zero in a duration"});
        }
        *seconds = node->token == TOKEN_DIV ? left / right : weir__pq_go_mod(left, right);
        break;
    }
    return WEIR_OK;
}

static weir_status weir__pq_eval_duration(struct eval *ev, const struct node *node, bool negative,
                                   int64_t *ms)
{
    double seconds;
    weir_status status = duration_value(ev, node, &seconds);

    if (status != WEIR_OK) {
        return status;
    }
    if (!(magnitude(seconds) <= 9223372036.0)) {
        return EVAL_FAIL(ev, WEIR_E_RANGE, node, {'s', "a duration is out of range: "},
                         {'d', &seconds}, {'s', " s"});
    }
    if (seconds <= 0 && !negative) {
        return EVAL_FAIL(ev, WEIR_E_RANGE, node, {'s', "a duration must be greater than 0, got "},
                         {'d', &seconds}, {'s', " s"});
    }
    *ms = (int64_t)(seconds * 1000);
    return WEIR_OK;
}

static weir_status weir__pq_eval_modifiers(struct eval *ev, const struct modifiers *modifiers,
                                    int64_t *offset, bool *fixed, int64_t *at)
{
    *offset = weir_promql_ms(modifiers->offset_ns);
    *fixed = modifiers->at != AT_NONE;
    *at = modifiers->at == AT_TIME    ? modifiers->at_ms
          : modifiers->at == AT_START ? ev->start
                                      : ev->end;
    return modifiers->offset != NULL ? weir__pq_eval_duration(ev, modifiers->offset, true, offset)
                                     : WEIR_OK;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static weir_status eval_number(struct eval *ev, const struct grid *grid, double number,
                               struct value *out)
{
    out->type = WEIR_PROMQL_SCALAR;
    out->scalar = arena_array(&ev->arena, grid->count, sizeof *out->scalar);
    if (out->scalar == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t k = 0; k < grid->count; k++) {
        out->scalar[k] = number;
    }
    return WEIR_OK;
}

static weir_status eval_unary(struct eval *ev, const struct grid *grid, const struct node *node,
                              struct value *out)
{
    weir_status status = weir__pq_eval(ev, grid, node->inner, out);

    if (status != WEIR_OK || node->token == TOKEN_ADD) {
        return status;
    }
    if (out->type == WEIR_PROMQL_SCALAR) {
        for (uint32_t k = 0; k < grid->count; k++) {
            out->scalar[k] = -out->scalar[k];
        }
        return WEIR_OK;
    }
    for (uint32_t i = 0; i < out->matrix.count; i++) {
        struct row *row = &out->matrix.rows[i];

        for (uint32_t k = 0; k < grid->count; k++) {
            row->values[k] = row->has[k] ? -row->values[k] : 0;
        }
    }
    return weir__pq_rows_drop_names(ev, grid, node, &out->matrix);
}

static weir_status eval_scalar(struct eval *ev, const struct grid *grid, const struct node *call,
                               struct value *out)
{
    struct value in;
    weir_status status = weir__pq_eval(ev, grid, call->call.args[0], &in);

    status = status == WEIR_OK ? eval_number(ev, grid, NOT_A_NUMBER, out) : status;
    for (uint32_t k = 0; status == WEIR_OK && k < grid->count; k++) {
        uint32_t found = 0;

        for (uint32_t i = 0; i < in.matrix.count && found < 2; i++) {
            if (in.matrix.rows[i].has[k]) {
                out->scalar[k] = in.matrix.rows[i].values[k];
                found++;
            }
        }
        out->scalar[k] = found == 1 ? out->scalar[k] : NOT_A_NUMBER;
    }
    return status;
}

static weir_status eval_vector(struct eval *ev, const struct grid *grid, const struct node *call,
                               struct value *out)
{
    struct value in;
    weir_status status = weir__pq_eval(ev, grid, call->call.args[0], &in);
    struct row *row;

    if (status != WEIR_OK) {
        return status;
    }
    row = weir__pq_row_add(ev, &out->matrix, grid, weir__pq_labels_none());
    if (row == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t k = 0; k < grid->count; k++) {
        row_put(row, k, in.scalar[k]);
    }
    return WEIR_OK;
}

static weir_status eval_absent(struct eval *ev, const struct grid *grid, const struct node *call,
                               struct value *out)
{
    struct value in;
    weir_status status = weir__pq_eval(ev, grid, call->call.args[0], &in);

    return status == WEIR_OK
               ? weir__pq_absent(ev, grid, call->call.args[0], &in.matrix, &out->matrix)
               : status;
}

static weir_status eval_sort(struct eval *ev, const struct grid *grid, const struct node *call,
                             struct value *out)
{
    weir_status status = weir__pq_eval(ev, grid, call->call.args[0], out);
    uint32_t count = out->matrix.count;
    struct ranked *items;
    struct row *rows;

    if (status != WEIR_OK) {
        return status;
    }
    if (grid->end != grid->start) {
        weir__pq_note(
            ev, WEIR_PROMQL_WARNING, call,
            "sort is ineffective for range queries since results always have a fixed order",
            TEXT(""));
        return WEIR_OK;
    }
    items = arena_array(&ev->arena, 2 * (size_t)count, sizeof *items);
    rows = arena_array(&ev->arena, count, sizeof *rows);
    if (items == NULL || rows == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t i = 0; i < count; i++) {
        items[i] = (struct ranked){out->matrix.rows[i].values[0], i};
    }
    weir__pq_sort_ranked(items, items + count, count, call->call.function->id == FN_SORT_DESC);
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = out->matrix.rows[items[i].row];
    }
    out->matrix.rows = rows;
    out->matrix.room = count;
    return WEIR_OK;
}

static weir_status weir__pq_eval_own(struct eval *ev, const struct grid *grid, const struct node *call,
                              struct value *out)
{
    weir_status status;

    switch (call->call.function->id) {
    case FN_ABSENT: return eval_absent(ev, grid, call, out);
    case FN_HISTOGRAM_QUANTILE: return weir__pq_eval_histogram_quantile(ev, grid, call, out);
    case FN_LABEL_JOIN: return weir__pq_eval_label_join(ev, grid, call, out);
    case FN_LABEL_REPLACE: return weir__pq_eval_label_replace(ev, grid, call, out);
    case FN_PI: return eval_number(ev, grid, 3.14159265358979323846, out);
    case FN_SCALAR: return eval_scalar(ev, grid, call, out);
    case FN_SORT:
    case FN_SORT_DESC: return eval_sort(ev, grid, call, out);
    case FN_TIMESTAMP: return weir__pq_eval_timestamp(ev, grid, call, out);
    case FN_VECTOR: return eval_vector(ev, grid, call, out);
    default: break;
    }
    status = eval_number(ev, grid, 0, out); /* time() */
    for (uint32_t k = 0; status == WEIR_OK && k < grid->count; k++) {
        out->scalar[k] = (double)grid_time(grid, k) / 1000;
    }
    return status;
}

static weir_status eval_call(struct eval *ev, const struct grid *grid, const struct node *node,
                             struct value *out)
{
    switch (node->call.function->class) {
    case FUNCTION_EACH: return weir__pq_eval_each(ev, grid, node, out);
    case FUNCTION_RANGE: return weir__pq_eval_range_call(ev, grid, node, out);
    case FUNCTION_OWN: return weir__pq_eval_own(ev, grid, node, out);
    default:
        return EVAL_FAIL(ev, WEIR_E_UNSUPPORTED, node, {'s', "weir does not evaluate "},
                         {'s', node->call.function->name}, {'s', "()"});
    }
}

/* What was evaluated at the first step, at all steps. */
static weir_status spread(struct eval *ev, const struct grid *grid, struct value *value)
{
    struct matrix one = value->matrix;
    double scalar = value->type == WEIR_PROMQL_SCALAR ? value->scalar[0] : 0;

    if (value->type == WEIR_PROMQL_SCALAR) {
        return eval_number(ev, grid, scalar, value);
    }
    value->matrix = (struct matrix){0};
    for (uint32_t i = 0; i < one.count; i++) {
        struct row *row;

        if (one.rows[i].count == 0) {
            continue;
        }
        row = weir__pq_row_add(ev, &value->matrix, grid, one.rows[i].labels);
        if (row == NULL) {
            return eval_memory(ev);
        }
        for (uint32_t k = 0; k < grid->count; k++) {
            row_put(row, k, one.rows[i].values[0]);
        }
    }
    return WEIR_OK;
}

/* Rows without a value at any step are none: the order of groups is that of what is there. */
static void drop_empty_rows(struct matrix *matrix)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < matrix->count; i++) {
        if (matrix->rows[i].count > 0) {
            matrix->rows[kept++] = matrix->rows[i];
        }
    }
    matrix->count = kept;
}

static weir_status eval_node(struct eval *ev, const struct grid *grid, const struct node *node,
                             struct value *out)
{
    switch (node->kind) {
    case NODE_NUMBER: return eval_number(ev, grid, node->number.value, out);
    case NODE_UNARY: return eval_unary(ev, grid, node, out);
    case NODE_BINARY: return weir__pq_eval_binary(ev, grid, node, out);
    case NODE_CALL: return eval_call(ev, grid, node, out);
    case NODE_AGGREGATE: return weir__pq_eval_aggregate(ev, grid, node, out);
    case NODE_SELECTOR: return weir__pq_eval_selector(ev, grid, node, out);
    default: /* strings and ranges, which no operator evaluates */
        return EVAL_FAIL(ev, WEIR_E_UNSUPPORTED, node,
                         {'s', "weir does not evaluate a string or a range here"});
    }
}

static weir_status weir__pq_eval(struct eval *ev, const struct grid *grid, const struct node *node,
                          struct value *out)
{
    weir_status status;

    node = unwrap(node);
    if (node->still && grid->count > 0 && grid->end != grid->start) {
        struct grid first = {grid->start, grid->start, grid->step, 1};

        status = weir__pq_eval(ev, &first, node, out);
        return status == WEIR_OK ? spread(ev, grid, out) : status;
    }
    memset(out, 0, sizeof *out);
    out->type = WEIR_PROMQL_VECTOR;
    if (grid->count == 0) { /* a subquery whose window meets no step */
        out->type = node->type;
        return WEIR_OK;
    }
    status = eval_node(ev, grid, node, out);
    if (status == WEIR_OK && out->type == WEIR_PROMQL_VECTOR) {
        drop_empty_rows(&out->matrix);
    }
    return status;
}

/* ---- lib/promql/eval_absent.c ---- */

/*
 * eval_absent.c - absent() and absent_over_time(): 1 where nothing is, with the labels that the
 * selector asks to be equal.
 *
 * Upstream: promql/functions.go, createLabelsForAbsentFunction().
 */

/* Whether some matcher of this name asks the label to be there. */
static bool must_be_set(const struct node *selector, const struct matcher *m)
{
    for (uint32_t i = 0; i < selector->selector.count; i++) {
        const struct matcher *other = &selector->selector.matchers[i];

        if (!other->empty && text_equal(other->name, m->name)) {
            return true;
        }
    }
    return false;
}

/* ---- how far a query looks ------------------------------------------------------------------ */

/* What the subqueries around a selector do to the end of the query. */
struct eval_absent_shift {
    bool fixed;
    int64_t at, offset;
};

static weir_status latest(struct eval *ev, const struct node *node, struct eval_absent_shift around,
                          int64_t *time);

static weir_status latest_of_selector(struct eval *ev, const struct node *selector,
                                      struct eval_absent_shift around, int64_t *time)
{
    int64_t offset, at, end = (around.fixed ? around.at : ev->end) - around.offset;
    bool fixed;
    weir_status status =
        weir__pq_eval_modifiers(ev, &selector->selector.modifiers, &offset, &fixed, &at);

    end = (fixed ? at : end) - offset;
    *time = status == WEIR_OK && end > *time ? end : *time;
    return status;
}

static weir_status latest_of_subquery(struct eval *ev, const struct node *subquery,
                                      struct eval_absent_shift around, int64_t *time)
{
    struct eval_absent_shift eval_absent_shift = around;
    int64_t offset, at;
    bool fixed;
    weir_status status =
        weir__pq_eval_modifiers(ev, &subquery->range.modifiers, &offset, &fixed, &at);

    if (status != WEIR_OK) {
        return status;
    }
    eval_absent_shift.offset += offset;
    if (fixed) {
        eval_absent_shift = (struct eval_absent_shift){true, at, offset};
    }
    return latest(ev, subquery->range.inner, eval_absent_shift, time);
}

/*
 * The latest time that a selector in an expression looks at.
 * Upstream: promql/engine.go, FindMinMaxTime().
 */
static weir_status latest(struct eval *ev, const struct node *node, struct eval_absent_shift around,
                          int64_t *time)
{
    weir_status status = WEIR_OK;

    switch (node->kind) {
    case NODE_PAREN:
    case NODE_UNARY: return latest(ev, node->inner, around, time);
    case NODE_SELECTOR: return latest_of_selector(ev, node, around, time);
    case NODE_RANGE: return latest(ev, node->range.inner, around, time);
    case NODE_SUBQUERY: return latest_of_subquery(ev, node, around, time);
    case NODE_BINARY:
        status = latest(ev, node->binary.left, around, time);
        return status == WEIR_OK ? latest(ev, node->binary.right, around, time) : status;
    case NODE_AGGREGATE:
        if (node->aggregate.parameter != NULL) {
            status = latest(ev, node->aggregate.parameter, around, time);
        }
        return status == WEIR_OK ? latest(ev, node->aggregate.inner, around, time) : status;
    case NODE_CALL:
        for (uint32_t i = 0; status == WEIR_OK && i < node->call.count; i++) {
            status = latest(ev, node->call.args[i], around, time);
        }
        return status;
    default: return status;
    }
}

/* Whether the query reaches the time of any sample; if not, the storage is never asked. */
static weir_status asks_storage(struct eval *ev, bool *asks)
{
    int64_t time = INT64_MIN;
    weir_status status = latest(ev, ev->expr->root, (struct eval_absent_shift){false, 0, 0}, &time);

    *asks = false;
    for (uint32_t i = 0; status == WEIR_OK && i < ev->store->count && !*asks; i++) {
        const struct series *s = &ev->store->series[i];

        *asks =
            (s->count > 0 && s->times[0] <= time) || (s->stale_count > 0 && s->stale[0] <= time);
    }
    return status;
}

/* ---- labels --------------------------------------------------------------------------------- */

/* Whether two matchers have one name; only then their order matters. */
static bool names_repeat(const struct node *selector)
{
    const struct matcher *matchers = selector->selector.matchers;

    for (uint32_t i = 1; i < selector->selector.count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (text_equal(matchers[i].name, matchers[j].name)) {
                return true;
            }
        }
    }
    return false;
}

/*
 * The order in which matchers are gone through. In 3.x it is what the storage has left behind when
 * it was asked: those that only take series away come after the others (tsdb/querier.go,
 * PostingsForMatchers()).
 */
static weir_status in_order(struct eval *ev, const struct node *selector,
                            const struct matcher ***out)
{
    uint32_t count = selector->selector.count, n = 0;
    const struct matcher **order = arena_array(&ev->arena, count, sizeof(const struct matcher *));
    bool sorts = false;
    weir_status status = WEIR_OK;

    if (order == NULL) {
        return eval_memory(ev);
    }
    if (!is_2_42(ev) && names_repeat(selector)) {
        status = asks_storage(ev, &sorts);
    }
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < count; i++) {
            const struct matcher *m = &selector->selector.matchers[i];
            bool negative = m->kind == MATCH_NOT_EQUAL || m->kind == MATCH_NOT_REGEX;
            bool takes_away = !must_be_set(selector, m) || (negative && m->empty);

            if ((sorts ? takes_away : 0) == pass) {
                order[n++] = m;
            }
        }
    }
    *out = order;
    return status;
}

/* A name gets its value by the first equality, and loses it again by any other matcher after. */
static weir_status add_label(struct eval *ev, const struct matcher *const *order, uint32_t i,
                             struct labels *labels)
{
    const struct matcher *m = order[i];
    uint32_t name, value = SYMBOL_EMPTY;
    bool equal = m->kind == MATCH_EQUAL;
    weir_status status = weir__pq_eval_symbol(ev, m->name, &name);

    for (uint32_t j = 0; j < i; j++) {
        equal = equal && !(order[j]->kind == MATCH_EQUAL && text_equal(order[j]->name, m->name));
    }
    if (status == WEIR_OK && equal) {
        status = weir__pq_eval_symbol(ev, m->value, &value);
    }
    if (status != WEIR_OK || name == SYMBOL_NAME ||
        (!is_2_42(ev) && (name == SYMBOL_TYPE || name == SYMBOL_UNIT))) {
        return status;
    }
    *labels = weir__pq_labels_with(ev, *labels, name, value);
    return labels->set != NULL ? WEIR_OK : eval_memory(ev);
}

static weir_status absent_labels(struct eval *ev, const struct node *argument,
                                 struct labels *labels)
{
    const struct node *selector = unwrap(argument);
    const struct matcher **order;
    weir_status status;

    *labels = weir__pq_labels_none();
    if (selector->kind == NODE_RANGE) {
        selector = selector->range.inner;
    }
    if (selector->kind != NODE_SELECTOR) {
        return WEIR_OK;
    }
    status = in_order(ev, selector, &order);
    for (uint32_t i = 0; status == WEIR_OK && i < selector->selector.count; i++) {
        status = add_label(ev, order, i, labels);
    }
    return status;
}

static weir_status weir__pq_absent(struct eval *ev, const struct grid *grid, const struct node *argument,
                            const struct matrix *in, struct matrix *out)
{
    struct labels labels;
    struct row *row;
    weir_status status = absent_labels(ev, argument, &labels);

    if (status != WEIR_OK) {
        return status;
    }
    row = weir__pq_row_add(ev, out, grid, labels);
    if (row == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t k = 0; k < grid->count; k++) {
        bool found = false;

        for (uint32_t i = 0; i < in->count && !found; i++) {
            found = in->rows[i].has[k] != 0;
        }
        if (!found) {
            row_put(row, k, 1);
        }
    }
    return WEIR_OK;
}

/* ---- lib/promql/eval_aggregate.c ---- */

/*
 * eval_aggregate.c - aggregation operators: members of a group are taken in the order of the rows,
 * which is that of the store for a selector.
 *
 * Upstream: promql/engine.go, aggregation().
 */

/* ---- groups --------------------------------------------------------------------------------- */

static weir_status open_groups(struct aggregation *a)
{
    struct label_index index;
    const struct node *node = a->node;
    weir_status status = weir__pq_projection(a->ev, &node->aggregate.grouping,
                                             !node->aggregate.without, &a->projection);

    if (status != WEIR_OK) {
        return status;
    }
    a->group = arena_array(&a->ev->arena, a->in.count, sizeof *a->group);
    a->labels = arena_array(&a->ev->arena, a->in.count, sizeof *a->labels);
    if (a->group == NULL || a->labels == NULL) {
        return eval_memory(a->ev);
    }
    a->group_count = 0;
    weir__pq_index_open(&index, a->ev, a->projection);
    for (uint32_t i = 0; i < a->in.count; i++) {
        uint32_t group = weir__pq_index_of(&index, a->in.rows[i].labels);

        if (group == SYMBOL_NONE) {
            return WEIR_E_MEMORY;
        }
        if (group == a->group_count) {
            a->labels[a->group_count++] = a->in.rows[i].labels;
        }
        a->group[i] = group;
    }
    return WEIR_OK;
}

/* Lists the rows of each group, in their order. */
static weir_status list_members(struct aggregation *a)
{
    a->members = arena_array(&a->ev->arena, a->in.count, sizeof *a->members);
    a->first = weir__pq_arena_zeroed(&a->ev->arena, (size_t)a->group_count + 2, sizeof *a->first);
    if (a->members == NULL || a->first == NULL) {
        return eval_memory(a->ev);
    }
    for (uint32_t i = 0; i < a->in.count; i++) {
        a->first[a->group[i] + 2]++;
    }
    for (uint32_t g = 2; g < a->group_count + 2; g++) {
        a->first[g] += a->first[g - 1];
    }
    for (uint32_t i = 0; i < a->in.count; i++) { /* leaves each at the beginning of its group */
        a->members[a->first[a->group[i] + 1]++] = i;
    }
    return WEIR_OK;
}

/* ---- quantile ------------------------------------------------------------------------------- */

static weir_status aggregate_quantile(struct aggregation *a, struct matrix *out)
{
    double *values = arena_array(&a->ev->arena, a->in.count, sizeof *values);
    uint32_t wrong = 0;

    if (values == NULL) {
        return eval_memory(a->ev);
    }
    for (uint32_t k = 0; k < a->grid->count; k++) {
        wrong += !(a->parameter[k] >= 0 && a->parameter[k] <= 1);
    }
    if (wrong > 0) {
        weir__pq_note(a->ev, WEIR_PROMQL_WARNING, a->node->aggregate.parameter,
                      "quantile value should be between 0 and 1", TEXT(""));
    }
    for (uint32_t i = 0; i < a->group_count; i++) {
        struct labels labels = weir__pq_labels_project(a->ev, &a->projection, a->labels[i]);
        struct row *row = labels.set != NULL ? weir__pq_row_add(a->ev, out, a->grid, labels) : NULL;

        if (row == NULL) {
            return eval_memory(a->ev);
        }
        for (uint32_t k = 0; k < a->grid->count; k++) {
            size_t count = 0;

            for (uint32_t m = a->first[i]; m < a->first[i + 1]; m++) {
                const struct row *member = &a->in.rows[a->members[m]];

                if (member->has[k]) {
                    values[count++] = member->values[k];
                }
            }
            if (count > 0) {
                weir__pq_sort_values(values, count);
                row_put(row, k, weir__pq_quantile(a->parameter[k], values, count, !is_2_42(a->ev)));
            }
        }
        out->count -= row->count == 0;
    }
    return WEIR_OK;
}

/* ---- the operator --------------------------------------------------------------------------- */

static weir_status weir__pq_eval_aggregate(struct eval *ev, const struct grid *grid,
                                    const struct node *node, struct value *out)
{
    struct aggregation a = {.ev = ev, .grid = grid, .node = node};
    const struct node *parameter = node->aggregate.parameter;
    struct value in, k;
    weir_status status = WEIR_OK;

    if (parameter != NULL && parameter->type == WEIR_PROMQL_SCALAR) {
        status = weir__pq_eval(ev, grid, parameter, &k);
        a.parameter = k.scalar;
    }
    status = status == WEIR_OK ? weir__pq_eval(ev, grid, node->aggregate.inner, &in) : status;
    if (status != WEIR_OK) {
        return status;
    }
    a.in = in.matrix;
    if (node->token == TOKEN_COUNT_VALUES) {
        return weir__pq_aggregate_values(&a, &out->matrix);
    }
    status = open_groups(&a);
    if (status != WEIR_OK) {
        return status;
    }
    if (a.parameter == NULL) {
        return node->token == TOKEN_SUM && !is_2_42(ev)
                   ? weir__pq_aggregate_sums(&a, &out->matrix)
                   : weir__pq_aggregate_numbers(&a, &out->matrix);
    }
    status = list_members(&a);
    if (status != WEIR_OK) {
        return status;
    }
    return node->token == TOKEN_QUANTILE ? aggregate_quantile(&a, &out->matrix)
                                         : weir__pq_aggregate_best(&a, &out->matrix);
}

/* ---- lib/promql/eval_binary.c ---- */

/*
 * eval_binary.c - binary operators: between numbers, between a vector and a number, and between two
 * vectors whose elements are matched by labels.
 *
 * Upstream: promql/engine.go, VectorBinop(), VectorAnd() and their neighbours.
 */

static double weir__pq_operate(uint8_t token, double left, double right, bool *keep)
{
    *keep = true;
    switch (token) {
    case TOKEN_ADD: return left + right;
    case TOKEN_SUB: return left - right;
    case TOKEN_MUL: return left * right;
    case TOKEN_DIV: return left / right;
    case TOKEN_POW: return weir__pq_go_pow(left, right);
    case TOKEN_MOD: return weir__pq_go_mod(left, right);
    case TOKEN_ATAN2: return weir__pq_go_atan2(left, right);
    case TOKEN_EQ: *keep = left == right; break;
    case TOKEN_NEQ: *keep = left != right; break;
    case TOKEN_GT: *keep = left > right; break;
    case TOKEN_LT: *keep = left < right; break;
    case TOKEN_GE: *keep = left >= right; break;
    default: *keep = left <= right; break;
    }
    return left;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void operate_scalars(const struct grid *grid, const struct node *node, const double *left,
                            const double *right, double *out)
{
    for (uint32_t k = 0; k < grid->count; k++) {
        bool keep;
        double value = weir__pq_operate(node->token, left[k], right[k], &keep);

        out[k] = token_is_comparison(node->token) ? keep : value;
    }
}

/* A vector with a number on its right, or on its left if `swapped`. */
static weir_status operate_vector(struct eval *ev, const struct grid *grid, const struct node *node,
                                  const double *number, bool swapped, struct matrix *rows)
{
    bool compares = token_is_comparison(node->token), gives_bool = node->binary.returns_bool;

    for (uint32_t i = 0; i < rows->count; i++) {
        struct row *row = &rows->rows[i];

        for (uint32_t k = 0; k < grid->count; k++) {
            double mine = row->values[k], value;
            bool keep;

            if (!row->has[k]) {
                continue;
            }
            value = swapped ? weir__pq_operate(node->token, number[k], mine, &keep)
                            : weir__pq_operate(node->token, mine, number[k], &keep);
            if (gives_bool) {
                row->values[k] = keep;
            } else if (keep) {
                row->values[k] = compares ? mine : value;
            } else {
                row->has[k] = 0;
                row->count--;
            }
        }
    }
    return compares && !gives_bool ? WEIR_OK : weir__pq_rows_drop_names(ev, grid, node, rows);
}

/* ---- vectors -------------------------------------------------------------------------------- */

/* Two vectors being matched; `many` is the left one unless there is group_right. */
struct match {
    struct eval *ev;
    const struct grid *grid;
    const struct node *node;
    struct matrix many, one;
    uint32_t *many_key, *one_key; /* rows with equal labels to match by have equal keys */
    uint32_t keys;
    uint32_t *found;            /* row of `one` by key at a step, SYMBOL_NONE: none */
    uint32_t *used;             /* one to one: step + 1 at which a key was matched */
    struct label_index results; /* labels of result rows */
    uint32_t *made;             /* result row of a row of `many`, while its partner stays */
    uint32_t *partner;          /* that partner */
    struct projection kept;     /* one to one: labels of the result */
    uint32_t *include;          /* names that are copied from `one` */
    struct matrix *out;
};

static weir_status key_rows(struct label_index *index, const struct matrix *rows, uint32_t *keys)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        keys[i] = weir__pq_index_of(index, rows->rows[i].labels);
        if (keys[i] == SYMBOL_NONE) {
            return WEIR_E_MEMORY;
        }
    }
    return WEIR_OK;
}

static weir_status open_match(struct match *m)
{
    struct label_index index;
    struct projection projection;
    struct arena *arena = &m->ev->arena;
    weir_status status =
        weir__pq_projection(m->ev, &m->node->binary.matching, m->node->binary.on, &projection);

    m->many_key = arena_array(arena, m->many.count, sizeof *m->many_key);
    m->one_key = arena_array(arena, m->one.count, sizeof *m->one_key);
    if (status != WEIR_OK) {
        return status;
    }
    if (m->many_key == NULL || m->one_key == NULL) {
        return eval_memory(m->ev);
    }
    weir__pq_index_open(&index, m->ev, projection);
    status = key_rows(&index, &m->many, m->many_key);
    status = status == WEIR_OK ? key_rows(&index, &m->one, m->one_key) : status;
    m->keys = index.count;
    return status;
}

/* ---- and, or, unless ------------------------------------------------------------------------ */

/* Marks the keys that rows have at a step. */
static void mark_keys(const struct matrix *rows, const uint32_t *keys, uint32_t step,
                      uint32_t *marks)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        if (rows->rows[i].has[step]) {
            marks[keys[i]] = step + 1;
        }
    }
}

/* Leaves out the values at a step whose key is marked, or is not. */
static void filter_rows(struct matrix *rows, const uint32_t *keys, uint32_t step,
                        const uint32_t *marks, bool marked)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        struct row *row = &rows->rows[i];

        if (row->has[step] && (marks[keys[i]] == step + 1) != marked) {
            row->has[step] = 0;
            row->count--;
        }
    }
}

static weir_status append_rows(struct eval *ev, const struct matrix *from, struct matrix *out)
{
    for (uint32_t i = 0; i < from->count; i++) {
        void *rows = out->rows;

        if (from->rows[i].count == 0) {
            continue;
        }
        if (!weir__pq_arena_grow(&ev->arena, &rows, out->count, &out->room, sizeof *out->rows)) {
            return eval_memory(ev);
        }
        out->rows = rows;
        out->rows[out->count++] = from->rows[i];
    }
    return WEIR_OK;
}

static weir_status operate_sets(struct match *m)
{
    uint32_t *marks;
    weir_status status = open_match(m);

    if (status != WEIR_OK) {
        return status;
    }
    marks = weir__pq_arena_zeroed(&m->ev->arena, (size_t)m->keys + 1, sizeof *marks);
    if (marks == NULL) {
        return eval_memory(m->ev);
    }
    for (uint32_t k = 0; k < m->grid->count; k++) {
        if (m->node->token == TOKEN_OR) {
            mark_keys(&m->many, m->many_key, k, marks);
            filter_rows(&m->one, m->one_key, k, marks, false);
        } else {
            mark_keys(&m->one, m->one_key, k, marks);
            filter_rows(&m->many, m->many_key, k, marks, m->node->token == TOKEN_AND);
        }
    }
    status = append_rows(m->ev, &m->many, m->out);
    if (status == WEIR_OK && m->node->token == TOKEN_OR) {
        status = append_rows(m->ev, &m->one, m->out);
        status = status == WEIR_OK ? weir__pq_rows_unite(m->ev, m->grid, m->node, m->out) : status;
    }
    return status;
}

/* ---- one to one, many to one ----------------------------------------------------------------- */

static weir_status open_results(struct match *m)
{
    const struct labels_list *include = &m->node->binary.include;
    struct arena *arena = &m->ev->arena;
    weir_status status = WEIR_OK;

    m->found = arena_array(arena, (size_t)m->keys + 1, sizeof *m->found);
    m->used = weir__pq_arena_zeroed(arena, (size_t)m->keys + 1, sizeof *m->used);
    m->made = arena_array(arena, m->many.count, sizeof *m->made);
    m->partner = arena_array(arena, m->many.count, sizeof *m->partner);
    m->include = arena_array(arena, include->count, sizeof *m->include);
    if (m->found == NULL || m->used == NULL || m->made == NULL || m->partner == NULL ||
        m->include == NULL) {
        return eval_memory(m->ev);
    }
    for (uint32_t i = 0; i < m->many.count; i++) {
        m->partner[i] = SYMBOL_NONE;
    }
    for (uint32_t i = 0; status == WEIR_OK && i < include->count; i++) {
        status = weir__pq_eval_symbol(m->ev, include->items[i], &m->include[i]);
    }
    weir__pq_index_open(&m->results, m->ev, PROJECT_ALL);
    return status;
}

/* `on`: only its labels. `ignoring`: all but its labels. Neither says anything of the name. */
static weir_status result_projection(struct match *m)
{
    const struct labels_list *matching = &m->node->binary.matching;
    uint32_t *names = arena_array(&m->ev->arena, matching->count, sizeof *names), count = 0;

    if (names == NULL) {
        return eval_memory(m->ev);
    }
    for (uint32_t i = 0; i < matching->count; i++) {
        uint32_t name = weir__pq_eval_find(m->ev, matching->items[i]);

        if (name != SYMBOL_NONE) {
            names[count++] = name;
        }
    }
    m->kept = (struct projection){m->node->binary.on, count, names};
    return WEIR_OK;
}

/* The labels of a result: those of `many`, without the name unless it is a filter. */
static weir_status result_labels(struct match *m, uint32_t many, uint32_t one,
                                 struct labels *labels)
{
    bool filter = token_is_comparison(m->node->token) && !m->node->binary.returns_bool;
    weir_status status = WEIR_OK;

    *labels = m->many.rows[many].labels;
    if (!filter) {
        status = weir__pq_labels_drop_name(m->ev, labels);
    }
    if (status == WEIR_OK && m->node->binary.cardinality == ONE_TO_ONE &&
        (m->kept.keep || m->kept.count > 0)) {
        *labels = weir__pq_labels_project(m->ev, &m->kept, *labels);
    }
    for (uint32_t i = 0; status == WEIR_OK && i < m->node->binary.include.count; i++) {
        if (labels->set != NULL) {
            *labels =
                weir__pq_labels_with(m->ev, *labels, m->include[i],
                                     weir__pq_label_get(m->one.rows[one].labels, m->include[i]));
        }
    }
    return status == WEIR_OK && labels->set == NULL ? eval_memory(m->ev) : status;
}

/* The result row of a pair; rows of a pair that stays together are found at once. */
static weir_status result_row(struct match *m, uint32_t many, uint32_t one, struct row **row)
{
    if (m->partner[many] != one) {
        struct labels labels;
        weir_status status = result_labels(m, many, one, &labels);
        uint32_t made;

        if (status != WEIR_OK) {
            return status;
        }
        made = weir__pq_index_of(&m->results, labels);
        if (made == SYMBOL_NONE ||
            (made == m->out->count && weir__pq_row_add(m->ev, m->out, m->grid, labels) == NULL)) {
            return eval_memory(m->ev);
        }
        m->made[many] = made;
        m->partner[many] = one;
    }
    *row = &m->out->rows[m->made[many]];
    return WEIR_OK;
}

static weir_status find_ones(struct match *m, uint32_t step)
{
    bool right = m->node->binary.cardinality != ONE_TO_MANY;

    memset(m->found, 0xFF, ((size_t)m->keys + 1) * sizeof *m->found);
    for (uint32_t i = 0; i < m->one.count; i++) {
        if (!m->one.rows[i].has[step]) {
            continue;
        }
        if (m->found[m->one_key[i]] != SYMBOL_NONE) {
            return EVAL_FAIL(m->ev, WEIR_E_RANGE, m->node,
                             {'s', "found duplicate series for the match group on the "},
                             {'s', right ? "right" : "left"},
                             {'s', " hand-side of the operation; matching labels must be unique "
                                   "on one side"});
        }
        m->found[m->one_key[i]] = i;
    }
    return WEIR_OK;
}

/*
 * Marks of values that a filter left out while their labels were already taken by it, so that a
 * second one with the same labels is refused as upstream does. 2.42 looks only at what it keeps.
 */
enum { HAS_NONE, HAS_VALUE, HAS_TAKEN };

static weir_status refuse_many(const struct match *m, bool one_to_one)
{
    return EVAL_FAIL(m->ev, WEIR_E_RANGE, m->node, {'s', "multiple matches for labels: "},
                     {'s', one_to_one ? "many-to-one matching must be explicit "
                                        "(group_left/group_right)"
                                      : "grouping labels must ensure unique matches"});
}

static weir_status operate_pair(struct match *m, uint32_t step, uint32_t many, uint32_t one)
{
    bool one_to_one = m->node->binary.cardinality == ONE_TO_ONE;
    bool swapped = m->node->binary.cardinality == ONE_TO_MANY, keep;
    double a = m->many.rows[many].values[step], b = m->one.rows[one].values[step];
    double value = weir__pq_operate(m->node->token, swapped ? b : a, swapped ? a : b, &keep);
    uint32_t key = m->many_key[many];
    struct row *row = NULL;
    weir_status status;

    if (m->node->binary.returns_bool) {
        value = keep;
        keep = true;
    }
    if (!keep && is_2_42(m->ev)) {
        return WEIR_OK;
    }
    if (one_to_one && m->used[key] == step + 1) {
        return refuse_many(m, true);
    }
    m->used[key] = step + 1;
    status = result_row(m, many, one, &row);
    if (status != WEIR_OK) {
        return status;
    }
    if (row->has[step] != HAS_NONE && !one_to_one) {
        return refuse_many(m, false);
    }
    if (!keep) {
        row->has[step] = one_to_one ? row->has[step] : HAS_TAKEN;
        return WEIR_OK;
    }
    if (row->has[step] == HAS_VALUE) {
        return EVAL_FAIL(m->ev, WEIR_E_RANGE, m->node,
                         {'s', "vector cannot contain metrics with the same labelset"});
    }
    row_put(row, step, value);
    return WEIR_OK;
}

static weir_status operate_step(struct match *m, uint32_t step)
{
    weir_status status;
    bool any = false;

    for (uint32_t i = 0; i < m->many.count && !any; i++) {
        any = m->many.rows[i].has[step] != 0;
    }
    if (!any) { /* nothing is going to match: then duplicates do not matter either */
        return WEIR_OK;
    }
    status = find_ones(m, step);
    for (uint32_t i = 0; status == WEIR_OK && i < m->many.count; i++) {
        if (m->many.rows[i].has[step] && m->found[m->many_key[i]] != SYMBOL_NONE) {
            status = operate_pair(m, step, i, m->found[m->many_key[i]]);
        }
    }
    return status;
}

static weir_status operate_vectors(struct match *m)
{
    uint32_t kept = 0;
    weir_status status = open_match(m);

    status = status == WEIR_OK ? open_results(m) : status;
    status = status == WEIR_OK ? result_projection(m) : status;
    for (uint32_t k = 0; status == WEIR_OK && k < m->grid->count; k++) {
        status = operate_step(m, k);
    }
    for (uint32_t i = 0; status == WEIR_OK && i < m->out->count; i++) {
        struct row *row = &m->out->rows[i];

        for (uint32_t k = 0; k < m->grid->count; k++) {
            row->has[k] = row->has[k] == HAS_VALUE;
        }
        if (row->count > 0) {
            m->out->rows[kept++] = *row;
        }
    }
    m->out->count = kept;
    return status;
}

/* ---- the operator --------------------------------------------------------------------------- */

static weir_status weir__pq_eval_binary(struct eval *ev, const struct grid *grid, const struct node *node,
                                 struct value *out)
{
    struct value left, right;
    struct match match = {.ev = ev, .grid = grid, .node = node, .out = &out->matrix};
    weir_status status;

    if (node->token == TOKEN_TRIM_UPPER || node->token == TOKEN_TRIM_LOWER) {
        return EVAL_FAIL(ev, WEIR_E_UNSUPPORTED, node,
                         {'s', "weir does not evaluate the operator "},
                         {'s', weir__pq_token_name(node->token)});
    }
    status = weir__pq_eval(ev, grid, node->binary.left, &left);
    status = status == WEIR_OK ? weir__pq_eval(ev, grid, node->binary.right, &right) : status;
    if (status != WEIR_OK) {
        return status;
    }
    if (left.type == WEIR_PROMQL_SCALAR && right.type == WEIR_PROMQL_SCALAR) {
        operate_scalars(grid, node, left.scalar, right.scalar, left.scalar);
        *out = left;
        return WEIR_OK;
    }
    if (left.type == WEIR_PROMQL_SCALAR || right.type == WEIR_PROMQL_SCALAR) {
        bool swapped = left.type == WEIR_PROMQL_SCALAR;

        *out = swapped ? right : left;
        return operate_vector(ev, grid, node, swapped ? left.scalar : right.scalar, swapped,
                              &out->matrix);
    }
    match.many = left.matrix;
    match.one = right.matrix;
    if (node->binary.cardinality == ONE_TO_MANY) {
        match.many = right.matrix;
        match.one = left.matrix;
    }
    return token_is_set_operator(node->token) ? operate_sets(&match) : operate_vectors(&match);
}

/* ---- lib/promql/eval_each.c ---- */

/*
 * eval_each.c - functions that make a number of a number, element by element: arithmetic, clamping,
 * rounding, the calendar.
 *
 * Upstream: promql/functions.go.
 */

#define PI 3.14159265358979323846

static double sign_of(double x)
{
    return x < 0 ? -1 : x > 0 ? 1 : x;
}

/* Halves are rounded up; the inverse of the unit is less prone to inexactness. */
static double round_to(double x, double unit)
{
    double inverse = 1 / unit;

    return weir__pq_go_floor(x * inverse + 0.5) / inverse;
}

/* Seconds as Go's amd64 converts them: what does not fit becomes the lowest number. */
static int64_t whole_seconds(double x)
{
    return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? (int64_t)x : INT64_MIN;
}

static double calendar(uint8_t id, int64_t seconds)
{
    struct date date;

    weir__pq_date_of(seconds, &date);
    switch (id) {
    case FN_DAY_OF_MONTH: return date.day;
    case FN_DAY_OF_WEEK: return date.weekday;
    case FN_DAY_OF_YEAR: return date.year_day;
    case FN_DAYS_IN_MONTH: return date.month_days;
    case FN_HOUR: return date.hour;
    case FN_MINUTE: return date.minute;
    case FN_MONTH: return date.month;
    default: return (double)date.year;
    }
}

static bool is_calendar(uint8_t id)
{
    return (id >= FN_DAYS_IN_MONTH && id <= FN_DAY_OF_YEAR) || id == FN_HOUR || id == FN_MINUTE ||
           id == FN_MONTH || id == FN_YEAR;
}

/* Circular and hyperbolic functions; false when it is none of them. */
static bool trigonometry(uint8_t id, double x, double *result)
{
    switch (id) {
    case FN_ACOS: *result = weir__pq_go_acos(x); return true;
    case FN_ACOSH: *result = weir__pq_go_acosh(x); return true;
    case FN_ASIN: *result = weir__pq_go_asin(x); return true;
    case FN_ASINH: *result = weir__pq_go_asinh(x); return true;
    case FN_ATAN: *result = weir__pq_go_atan(x); return true;
    case FN_ATANH: *result = weir__pq_go_atanh(x); return true;
    case FN_COS: *result = weir__pq_go_cos(x); return true;
    case FN_COSH: *result = weir__pq_go_cosh(x); return true;
    case FN_SIN: *result = weir__pq_go_sin(x); return true;
    case FN_SINH: *result = weir__pq_go_sinh(x); return true;
    case FN_TAN: *result = weir__pq_go_tan(x); return true;
    case FN_TANH: *result = weir__pq_go_tanh(x); return true;
    default: return false;
    }
}

/* A function of x and its parameters. */
static double apply(const struct eval *ev, uint8_t id, double x, double a, double b)
{
    switch (id) {
    case FN_ABS: return magnitude(x);
    case FN_CEIL: return weir__pq_go_ceil(x);
    case FN_CLAMP: return weir__pq_go_max(a, weir__pq_go_min(b, x));
    case FN_CLAMP_MAX: return weir__pq_go_max(-INFINITE, weir__pq_go_min(a, x));
    case FN_CLAMP_MIN: return weir__pq_go_max(a, weir__pq_go_min(INFINITE, x));
    case FN_DEG: return is_2_42(ev) ? x * 180 / PI : x * (180 / PI);
    case FN_EXP: return weir__pq_go_exp(x);
    case FN_FLOOR: return weir__pq_go_floor(x);
    case FN_LN: return weir__pq_go_log(x);
    case FN_LOG10: return weir__pq_go_log10(x);
    case FN_LOG2: return weir__pq_go_log2(x);
    case FN_RAD: return is_2_42(ev) ? x * PI / 180 : x * (PI / 180);
    case FN_ROUND: return round_to(x, a);
    case FN_SGN: return sign_of(x);
    case FN_SQRT: return weir__pq_go_sqrt(x);
    default: return trigonometry(id, x, &a) ? a : calendar(id, whole_seconds(x));
    }
}

/* hour() and its like without an argument: of the time of each step. */
static weir_status calendar_now(struct eval *ev, const struct grid *grid, const struct node *call,
                                struct value *out)
{
    struct row *row = weir__pq_row_add(ev, &out->matrix, grid, weir__pq_labels_none());

    if (row == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t k = 0; k < grid->count; k++) {
        row_put(row, k, calendar(call->call.function->id, grid_time(grid, k) / 1000));
    }
    return WEIR_OK;
}

/* Parameters at each step; where clamp()'s are crossed there is no result. */
struct eval_each_parameters {
    const double *a, *b;
};

static weir_status eval_parameters(struct eval *ev, const struct grid *grid,
                                   const struct node *call, struct eval_each_parameters *p)
{
    p->a = p->b = NULL;
    for (uint32_t i = 1; i < call->call.count; i++) {
        struct value value;
        weir_status status = weir__pq_eval(ev, grid, call->call.args[i], &value);

        if (status != WEIR_OK) {
            return status;
        }
        if (i == 1) {
            p->a = value.scalar;
        } else {
            p->b = value.scalar;
        }
    }
    return WEIR_OK;
}

static bool is_crossed(uint8_t id, double a, double b)
{
    return id == FN_CLAMP && b < a;
}

static void apply_row(const struct eval *ev, const struct grid *grid, uint8_t id,
                      const struct eval_each_parameters *p, struct row *row)
{
    for (uint32_t k = 0; k < grid->count; k++) {
        double a = p->a != NULL ? p->a[k] : 1, b = p->b != NULL ? p->b[k] : 0;

        if (!row->has[k]) {
            continue;
        }
        if (is_crossed(id, a, b)) {
            row->has[k] = 0;
            row->count--;
        } else {
            row->values[k] = apply(ev, id, row->values[k], a, b);
        }
    }
}

static weir_status weir__pq_eval_each(struct eval *ev, const struct grid *grid, const struct node *call,
                               struct value *out)
{
    uint8_t id = call->call.function->id;
    struct eval_each_parameters eval_each_parameters;
    weir_status status;

    if (call->call.count == 0 && is_calendar(id)) {
        return calendar_now(ev, grid, call, out);
    }
    status = weir__pq_eval(ev, grid, call->call.args[0], out);
    status = status == WEIR_OK ? eval_parameters(ev, grid, call, &eval_each_parameters) : status;
    if (status != WEIR_OK) {
        return status;
    }
    for (uint32_t i = 0; i < out->matrix.count; i++) {
        apply_row(ev, grid, id, &eval_each_parameters, &out->matrix.rows[i]);
    }
    return weir__pq_rows_drop_names(ev, grid, call, &out->matrix);
}
#undef PI

/* ---- lib/promql/eval_histogram.c ---- */

/*
 * eval_histogram.c - histogram_quantile() over classic buckets: series that differ only in le,
 * whose counts are cumulative, linear within a bucket.
 *
 * Upstream: promql/functions.go and quantile.go, BucketQuantile().
 */

struct bucket {
    double bound, count;
};

/* A series that is a bucket: of which histogram, up to where. */
struct bucket_row {
    const struct row *row;
    uint32_t histogram;
    double bound;
};

/* ---- one histogram -------------------------------------------------------------------------- */

static void sort_buckets(struct bucket *b, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct bucket one = b[i];
        size_t at = i;

        for (; at > 0 && b[at - 1].bound > one.bound; at--) {
            b[at] = b[at - 1];
        }
        b[at] = one;
    }
}

/* Adds up buckets with equal bounds. */
static size_t merge_buckets(struct bucket *b, size_t count)
{
    size_t kept = 0;

    for (size_t i = 1; i < count; i++) {
        if (b[i].bound == b[kept].bound) {
            b[kept].count += b[i].count;
        } else {
            b[++kept] = b[i];
        }
    }
    return kept + 1;
}

/* Differences that only inexact arithmetic makes. */
static bool nearly_equal(double a, double b)
{
    const double tolerance = 1e-12, smallest = 2.2250738585072014e-308;
    double sum = magnitude(a) + magnitude(b), difference = magnitude(a - b);

    if (is_nan(a) && is_nan(b)) {
        return true;
    }
    if (a == 0 || b == 0 || sum < smallest) {
        return difference < tolerance * smallest;
    }
    return difference / (sum < DOUBLE_MAX ? sum : DOUBLE_MAX) < tolerance;
}

/* Counts must not go down; gives whether any went down by more than inexactness. */
static bool make_monotonic(struct bucket *b, size_t count, bool exactly)
{
    double before = b[0].count;
    bool forced = false;

    for (size_t i = 1; i < count; i++) {
        double now = b[i].count;

        if (now == before) {
            continue;
        }
        if (!exactly && nearly_equal(before, now)) {
            b[i].count = before;
        } else if (now < before) {
            b[i].count = before;
            forced = true;
        } else if (!exactly || now > before) {
            before = now;
        }
    }
    return forced;
}

static double bucket_quantile(double q, struct bucket *b, size_t count, bool old, bool *forced)
{
    double rank, start = 0, in_bucket;
    size_t low = 0, high;

    *forced = false;
    if (is_nan(q) || q < 0 || q > 1) {
        return is_nan(q) ? q : q < 0 ? -INFINITE : INFINITE;
    }
    sort_buckets(b, count);
    if (b[count - 1].bound != INFINITE) {
        return NOT_A_NUMBER;
    }
    count = merge_buckets(b, count);
    *forced = make_monotonic(b, count, old);
    if (count < 2 || b[count - 1].count == 0) {
        return NOT_A_NUMBER;
    }
    rank = q * b[count - 1].count;
    for (high = count - 1; low < high;) { /* the lowest bucket that reaches the rank */
        size_t middle = low + (high - low) / 2;

        if (b[middle].count >= rank) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if (low == count - 1) {
        return b[count - 2].bound;
    }
    if (low == 0 && b[0].bound <= 0) {
        return b[0].bound;
    }
    in_bucket = b[low].count;
    if (low > 0) {
        start = b[low - 1].bound;
        in_bucket -= b[low - 1].count;
        rank -= b[low - 1].count;
    }
    return start + (b[low].bound - start) * (rank / in_bucket);
}

/* ---- all of them ---------------------------------------------------------------------------- */

struct quantiles {
    struct eval *ev;
    const struct grid *grid;
    const struct node *call;
    const double *q; /* one a step */
    struct bucket_row *rows;
    uint32_t count;
    struct label_index histograms;
};

/* Reads the bounds, and finds which series belong together. */
static weir_status open_buckets(struct quantiles *h, const struct matrix *in)
{
    uint32_t *names = arena_array(&h->ev->arena, 1, sizeof *names);

    h->rows = arena_array(&h->ev->arena, in->count, sizeof *h->rows);
    if (h->rows == NULL || names == NULL) {
        return eval_memory(h->ev);
    }
    names[0] = SYMBOL_LE;
    weir__pq_index_open(&h->histograms, h->ev, (struct projection){false, 1, names});
    for (uint32_t i = 0; i < in->count; i++) {
        const struct row *row = &in->rows[i];
        struct text text = weir__pq_eval_text(h->ev, weir__pq_label_get(row->labels, SYMBOL_LE));
        struct bucket_row *bucket = &h->rows[h->count];

        if (weir__pq_number_parse(text, &bucket->bound) != NUMBER_FINE ||
            (is_nan(bucket->bound) && !is_2_42(h->ev))) {
            if (row->count > 0) {
                weir__pq_note(h->ev, WEIR_PROMQL_WARNING, h->call->call.args[1],
                              "bucket label le is missing or has a malformed value", text);
            }
            continue;
        }
        bucket->row = row;
        bucket->histogram = weir__pq_index_of(&h->histograms, row->labels);
        if (bucket->histogram == SYMBOL_NONE) {
            return WEIR_E_MEMORY;
        }
        h->count++;
    }
    return WEIR_OK;
}

/* The buckets of each histogram in a row of their own: `first` says where each begins. */
static weir_status arrange(struct quantiles *h, uint32_t **first)
{
    struct bucket_row *sorted = arena_array(&h->ev->arena, h->count, sizeof *sorted);
    uint32_t count = h->histograms.count;

    *first = weir__pq_arena_zeroed(&h->ev->arena, (size_t)count + 2, sizeof **first);
    if (sorted == NULL || *first == NULL) {
        return eval_memory(h->ev);
    }
    for (uint32_t i = 0; i < h->count; i++) {
        (*first)[h->rows[i].histogram + 2]++;
    }
    for (uint32_t g = 2; g < count + 2; g++) {
        (*first)[g] += (*first)[g - 1];
    }
    for (uint32_t i = 0; i < h->count; i++) {
        sorted[(*first)[h->rows[i].histogram + 1]++] = h->rows[i];
    }
    h->rows = sorted;
    return WEIR_OK;
}

static weir_status fill_row(struct quantiles *h, const struct bucket_row *rows, uint32_t count,
                            struct bucket *buckets, struct row *out)
{
    for (uint32_t k = 0; k < h->grid->count; k++) {
        size_t n = 0;
        bool forced;

        for (uint32_t i = 0; i < count; i++) {
            if (rows[i].row->has[k]) {
                buckets[n++] = (struct bucket){rows[i].bound, rows[i].row->values[k]};
            }
        }
        if (n == 0) {
            continue;
        }
        row_put(out, k, bucket_quantile(h->q[k], buckets, n, is_2_42(h->ev), &forced));
        if (forced) {
            weir__pq_note(h->ev, WEIR_PROMQL_INFO, h->call->call.args[1],
                          "input to histogram_quantile needed to be fixed for monotonicity",
                          TEXT(""));
        }
    }
    return WEIR_OK;
}

static weir_status weir__pq_eval_histogram_quantile(struct eval *ev, const struct grid *grid,
                                             const struct node *call, struct value *out)
{
    struct quantiles h = {.ev = ev, .grid = grid, .call = call};
    struct value q, in;
    struct bucket *buckets;
    uint32_t *first = NULL;
    weir_status status = weir__pq_eval(ev, grid, call->call.args[0], &q);

    status = status == WEIR_OK ? weir__pq_eval(ev, grid, call->call.args[1], &in) : status;
    if (status != WEIR_OK) {
        return status;
    }
    h.q = q.scalar;
    for (uint32_t k = 0; k < grid->count; k++) {
        if (!(h.q[k] >= 0 && h.q[k] <= 1)) {
            weir__pq_note(ev, WEIR_PROMQL_WARNING, call->call.args[0],
                          "quantile value should be between 0 and 1", TEXT(""));
        }
    }
    status = open_buckets(&h, &in.matrix);
    status = status == WEIR_OK ? arrange(&h, &first) : status;
    buckets = arena_array(&ev->arena, h.count, sizeof *buckets);
    for (uint32_t i = 0; status == WEIR_OK && i < h.histograms.count; i++) {
        struct labels labels =
            weir__pq_labels_with(ev, h.histograms.entries[i].labels, SYMBOL_LE, SYMBOL_EMPTY);
        struct row *row =
            labels.set != NULL ? weir__pq_row_add(ev, &out->matrix, grid, labels) : NULL;

        if (row == NULL || buckets == NULL) {
            return eval_memory(ev);
        }
        status = fill_row(&h, h.rows + first[i], first[i + 1] - first[i], buckets, row);
    }
    return status == WEIR_OK ? weir__pq_rows_drop_names(ev, grid, call, &out->matrix) : status;
}

/* ---- lib/promql/eval_labels.c ---- */

/*
 * eval_labels.c - label_replace() and label_join(), which change labels and leave values alone.
 *
 * Upstream: promql/functions.go, evalLabelReplace() and evalLabelJoin().
 */

/* Text being built up. */
struct buffer {
    struct arena *arena;
    char *text;
    uint32_t length, room;
    bool failed;
};

static void put(struct buffer *b, const char *text, size_t length)
{
    if (b->failed || length > INT32_MAX - b->length) {
        b->failed = true;
        return;
    }
    if (b->length + length > b->room) {
        uint32_t room = 2 * (b->room + (uint32_t)length) + 32;
        char *more = arena_take(b->arena, room);

        b->failed = more == NULL;
        if (b->failed) {
            return;
        }
        if (b->length > 0) {
            memcpy(more, b->text, b->length);
        }
        b->text = more;
        b->room = room;
    }
    if (length > 0) {
        memcpy(b->text + b->length, text, length);
    }
    b->length += (uint32_t)length;
}

static struct text eval_labels_argument(const struct node *call, uint32_t i)
{
    return unwrap(call->call.args[i])->string;
}

static weir_status check_name(struct eval *ev, const struct node *call, uint32_t i,
                              const char *what)
{
    struct text name = eval_labels_argument(call, i);

    if (!weir__pq_label_name_valid(ev, name)) {
        return EVAL_FAIL(ev, WEIR_E_RANGE, call->call.args[i], {'s', "invalid "}, {'s', what},
                         {'s', " label name in "}, {'s', call->call.function->name}, {'s', "(): "},
                         {'q', &name});
    }
    return WEIR_OK;
}

/* The value of a label by its name as text. */
static struct text value_of(const struct eval *ev, struct labels labels, struct text name)
{
    uint32_t symbol = weir__pq_eval_find(ev, name);

    return symbol != SYMBOL_NONE ? weir__pq_eval_text(ev, weir__pq_label_get(labels, symbol))
                                 : TEXT("");
}

static weir_status set_label(struct eval *ev, struct labels *labels, struct text name,
                             struct text value)
{
    uint32_t name_symbol, value_symbol;
    weir_status status = weir__pq_eval_symbol(ev, name, &name_symbol);

    status = status == WEIR_OK ? weir__pq_eval_symbol(ev, value, &value_symbol) : status;
    if (status != WEIR_OK) {
        return status;
    }
    *labels = weir__pq_labels_with(ev, *labels, name_symbol, value_symbol);
    return labels->set != NULL ? WEIR_OK : eval_memory(ev);
}

/* ---- label_replace -------------------------------------------------------------------------- */

static bool eval_labels_is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* After a $: the name in braces, or as far as it goes. false when there is none. */
static bool take_name(struct text template, uint32_t *at, struct text *name)
{
    bool braces = *at < template.length && template.at[*at] == '{';
    uint32_t from = *at + braces, i = from;

    while (i < template.length && eval_labels_is_word(template.at[i])) {
        i++;
    }
    if (i == from || (braces && (i == template.length || template.at[i] != '}'))) {
        return false;
    }
    *name = (struct text){template.at + from, i - from};
    *at = i + braces;
    return true;
}

/*
 * A name may have letters of any script, which weir does not tell from other signs: then it does
 * not know where the name ends. The first such place, UINT32_MAX when there is none.
 */
static uint32_t unclear_name(struct text template)
{
    for (uint32_t at = 0; at < template.length; at++) {
        uint32_t i = at + 1;

        if (template.at[at] != '$') {
            continue;
        }
        i += i < template.length && template.at[i] == '{';
        while (i < template.length && eval_labels_is_word(template.at[i])) {
            i++;
        }
        if (i < template.length && (unsigned char)template.at[i] >= 0x80) {
            return at;
        }
        at += at + 1 < template.length && template.at[at + 1] == '$';
    }
    return UINT32_MAX;
}

/* The number that a name is, -1 when it is none. */
static int64_t group_number(struct text name)
{
    int64_t number = 0;

    if (name.length > 1 && name.at[0] == '0') {
        return -1;
    }
    for (uint32_t i = 0; i < name.length; i++) {
        if (name.at[i] < '0' || name.at[i] > '9' || number >= 100000000) {
            return -1;
        }
        number = number * 10 + (name.at[i] - '0');
    }
    return number;
}

/* What the group of a name or number found; nothing where there is none. */
static void put_group(struct buffer *b, const struct regex *regex, const int64_t *slots,
                      struct text name, struct text source)
{
    int64_t number = group_number(name);

    for (uint32_t i = 0; i < regex->groups; i++) {
        bool meant = number >= 0 ? i == number : text_equal(regex->names[i], name);

        const int64_t *ends = slots + (size_t)2 * i;

        if (meant && ends[0] >= 0) {
            put(b, source.at + ends[0], (size_t)(ends[1] - ends[0]));
            return;
        }
    }
}

/* $1, ${1}, $name and $$ of a template, by what a regular expression found in a text. */
static void expand(struct buffer *b, const struct regex *regex, const int64_t *slots,
                   struct text template, struct text source)
{
    uint32_t at = 0;

    while (at < template.length) {
        const char *dollar = memchr(template.at + at, '$', template.length - at);
        uint32_t until = dollar != NULL ? (uint32_t)(dollar - template.at) : template.length;
        struct text name;

        put(b, template.at + at, until - at);
        at = until;
        if (dollar == NULL) {
            break;
        }
        at++;
        if (at < template.length && template.at[at] == '$') {
            put(b, "$", 1);
            at++;
        } else if (take_name(template, &at, &name)) {
            put_group(b, regex, slots, name, source);
        } else {
            put(b, "$", 1); /* malformed: it stands for itself */
        }
    }
}

static weir_status eval_labels_compile(struct eval *ev, const struct node *call, struct regex **regex)
{
    struct buffer pattern = {.arena = &ev->arena};
    struct text text = eval_labels_argument(call, 4);
    char message[160];
    struct sink sink = {message, sizeof message, 0};
    const char *open = is_2_42(ev) ? "^(?:" : "^(?s:";
    weir_status status;

    put(&pattern, open, strlen(open));
    put(&pattern, text.at, text.length);
    put(&pattern, ")$", 2);
    if (pattern.failed) {
        return eval_memory(ev);
    }
    status = weir__pq_regex_compile(&ev->arena, (struct text){pattern.text, pattern.length}, false,
                                    regex, &sink);
    weir__pq_sink_close(&sink);
    if (status == WEIR_OK || status == WEIR_E_MEMORY) {
        return status == WEIR_OK ? status : eval_memory(ev);
    }
    return EVAL_FAIL(ev, status == WEIR_E_PARSE ? WEIR_E_RANGE : status, call->call.args[4],
                     {'s', "invalid regular expression in label_replace(): "}, {'s', message});
}

static weir_status weir__pq_eval_label_replace(struct eval *ev, const struct grid *grid,
                                        const struct node *call, struct value *out)
{
    struct regex_scratch scratch = {.arena = &ev->arena};
    struct regex *regex;
    weir_status status = eval_labels_compile(ev, call, &regex);

    if (status == WEIR_OK && unclear_name(eval_labels_argument(call, 2)) != UINT32_MAX) {
        return EVAL_FAIL(ev, WEIR_E_UNSUPPORTED, call->call.args[2],
                         {'s', "weir does not know where a name ends that is followed by a "
                               "character beyond ASCII: write ${name}"});
    }
    status = status == WEIR_OK ? check_name(ev, call, 1, "destination") : status;
    status = status == WEIR_OK ? weir__pq_eval(ev, grid, call->call.args[0], out) : status;
    for (uint32_t i = 0; status == WEIR_OK && i < out->matrix.count; i++) {
        struct labels *labels = &out->matrix.rows[i].labels;
        struct text source = value_of(ev, *labels, eval_labels_argument(call, 3));
        struct buffer value = {.arena = &ev->arena};
        const int64_t *slots;

        if (weir__pq_regex_find(regex, source, false, &scratch, &slots) != WEIR_OK) {
            return eval_memory(ev);
        }
        if (slots == NULL) {
            continue;
        }
        expand(&value, regex, slots, eval_labels_argument(call, 2), source);
        status = value.failed ? eval_memory(ev)
                              : set_label(ev, labels, eval_labels_argument(call, 1),
                                          (struct text){value.text, value.length});
    }
    return status == WEIR_OK ? weir__pq_rows_unite(ev, grid, call, &out->matrix) : status;
}

/* ---- label_join ----------------------------------------------------------------------------- */

static weir_status weir__pq_eval_label_join(struct eval *ev, const struct grid *grid,
                                     const struct node *call, struct value *out)
{
    weir_status status = WEIR_OK;

    for (uint32_t i = 3; status == WEIR_OK && i < call->call.count; i++) {
        status = check_name(ev, call, i, "source");
    }
    status = status == WEIR_OK ? check_name(ev, call, 1, "destination") : status;
    status = status == WEIR_OK ? weir__pq_eval(ev, grid, call->call.args[0], out) : status;
    for (uint32_t i = 0; status == WEIR_OK && i < out->matrix.count; i++) {
        struct labels *labels = &out->matrix.rows[i].labels;
        struct buffer value = {.arena = &ev->arena};

        for (uint32_t j = 3; j < call->call.count; j++) {
            struct text part = value_of(ev, *labels, eval_labels_argument(call, j));

            if (j > 3) {
                put(&value, eval_labels_argument(call, 2).at, eval_labels_argument(call, 2).length);
            }
            put(&value, part.at, part.length);
        }
        status = value.failed ? eval_memory(ev)
                              : set_label(ev, labels, eval_labels_argument(call, 1),
                                          (struct text){value.text, value.length});
    }
    return status == WEIR_OK ? weir__pq_rows_unite(ev, grid, call, &out->matrix) : status;
}

/* ---- lib/promql/eval_range.c ---- */

/*
 * eval_range.c - range selectors, subqueries, and calls of functions over them.
 *
 * Series by series the window slides over all steps: positions only go up, so that a step costs the
 * samples that came and went since the step before.
 *
 * Upstream: promql/engine.go, eval() of calls, matrixSelector() and runSubquery().
 */

/* ---- lib/promql/range.h ---- */

/*
 * range.h - functions over the samples of a range: a window that slides over a series, and what
 * each function keeps from one step to the next.
 */
#ifndef WEIR_PROMQL_RANGE_H
#define WEIR_PROMQL_RANGE_H


/* A call being evaluated over one series after another. */
struct range_call {
    struct eval *ev;
    const struct node *call;
    const struct node *argument; /* the range selector or subquery */
    uint8_t id;                  /* FN_* */
    const struct grid *grid;
    int64_t range_ms, offset, at;
    double range_s;
    bool fixed, closed;       /* @ was given; the range includes its left end */
    const double *parameters; /* one a step, NULL: the function has none */
    double parameter;         /* of the step at hand */

    /* The series at hand: its samples, and those in the window, [low, high). */
    const int64_t *times;
    const double *values;
    size_t count, low, high;
    int64_t now;      /* of the step */
    int64_t from, to; /* ends of the range */

    /* What functions keep. `seen`: how many samples were taken in; `left`: how many left again. */
    size_t seen, left;
    uint32_t events; /* in the window: changes, resets, or zeros with a minus */
    size_t *queue;   /* positions: of resets, or of candidates for the extreme */
    size_t queue_room, queue_first, queue_end;
    double *sorted; /* the window's values */
    size_t sorted_room, sorted_count;
    double total, weight; /* sum and sum of magnitudes of whole numbers in the window */
    size_t fractions;     /* values in the window that are not whole, or large */
    bool failed;          /* no memory */
};

/* The value of a function at a step; false: there is none. The window is not empty. */
typedef bool range_function(struct range_call *c, double *out);

/* In range_rate.c: rate, increase and delta for all steps of one series. */
static void weir__pq_range_rate(struct range_call *c, struct row *row);

/* In range_functions.c */
static range_function *weir__pq_range_function(uint8_t id);

/* Starts a series: the window of the first step, nothing seen. */
static void weir__pq_window_open(struct range_call *c);

/* Where the range of a step ends. */
static int64_t weir__pq_window_end(const struct range_call *c, uint32_t step);

/* How many samples there are up to the end of the last step's range. */
static size_t weir__pq_window_limit(const struct range_call *c);

/* Room for `count` positions in the queue. */
static bool weir__pq_range_queue(struct range_call *c, size_t count);

/* Moves the window to a step. */
static inline void window_move(struct range_call *c, uint32_t step)
{
    c->now = grid_time(c->grid, step);
    c->to = (c->fixed ? c->at : c->now) - c->offset;
    c->from = c->to - c->range_ms;
    while (c->high < c->count && c->times[c->high] <= c->to) {
        c->high++;
    }
    while (c->low < c->high &&
           (c->closed ? c->times[c->low] < c->from : c->times[c->low] <= c->from)) {
        c->low++;
    }
}

#endif

/* Series to read by time: of the store, or the rows of a subquery. */
static weir_status store_rows(struct eval *ev, const struct node *selector, struct range_rows *out)
{
    const uint32_t *series;
    weir_status status;

    if (selector->selector.anchored || selector->selector.smoothed) {
        return EVAL_FAIL(ev, WEIR_E_UNSUPPORTED, selector,
                         {'s', "weir does not evaluate anchored or smoothed selectors"});
    }
    status = weir__pq_select(ev, selector, &series, &out->count);
    if (status != WEIR_OK) {
        return status;
    }
    out->rows = arena_array(&ev->arena, out->count, sizeof *out->rows);
    if (out->rows == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t i = 0; i < out->count; i++) {
        const struct series *s = &ev->store->series[series[i]];

        out->rows[i] = (struct range_row){{s->labels, false}, s->times, s->values, s->count};
    }
    return WEIR_OK;
}

/* Rows over a grid as series: only the steps that have a value. */
static weir_status rows_as_series(struct eval *ev, const struct grid *grid,
                                  const struct matrix *matrix, struct range_rows *out)
{
    out->rows = arena_array(&ev->arena, matrix->count, sizeof *out->rows);
    out->count = 0;
    for (uint32_t i = 0; out->rows != NULL && i < matrix->count; i++) {
        const struct row *row = &matrix->rows[i];
        int64_t *times = arena_array(&ev->arena, row->count, sizeof *times);
        double *values = arena_array(&ev->arena, row->count, sizeof *values);
        size_t n = 0;

        if (times == NULL || values == NULL) {
            return eval_memory(ev);
        }
        for (uint32_t k = 0; k < grid->count; k++) {
            if (row->has[k]) {
                times[n] = grid_time(grid, k);
                values[n++] = row->values[k];
            }
        }
        if (n > 0) {
            out->rows[out->count++] = (struct range_row){row->labels, times, values, n};
        }
    }
    return out->rows != NULL ? WEIR_OK : eval_memory(ev);
}

/* How far a range reaches, in ms and as upstream has it in seconds. */
static weir_status range_length(struct eval *ev, const struct node *node, int64_t *ms, double *s)
{
    int64_t ns = node->range.range_ns, whole;
    weir_status status = WEIR_OK;

    *ms = weir_promql_ms(ns);
    if (node->range.range != NULL) {
        status = weir__pq_eval_duration(ev, node->range.range, false, ms);
        ns = *ms * 1000000;
    }
    whole = ns / WEIR_SECOND;
    *s = (double)whole + (double)(ns - whole * WEIR_SECOND) / 1e9;
    return status;
}

/* The steps of a subquery: multiples of its own step, from first to last window. */
static weir_status subquery_grid(struct eval *ev, const struct node *node, int64_t first,
                                 int64_t last, int64_t range_ms, struct grid *out)
{
    int64_t step = node->range.step_ns != 0 ? weir_promql_ms(node->range.step_ns)
                                            : ev->options.subquery_step_ms;
    int64_t from = first - range_ms, start;
    weir_status status = WEIR_OK;

    if (node->range.step != NULL) {
        status = weir__pq_eval_duration(ev, node->range.step, false, &step);
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (step < 1) {
        return EVAL_FAIL(ev, WEIR_E_RANGE, node, {'s', "the step of a subquery is below 1 ms"});
    }
    start = from / step * step;
    if (is_2_42(ev) ? start < from : start <= from) {
        start += step;
    }
    *out = (struct grid){start, last, step, 0};
    if (last >= start) {
        uint64_t steps = (uint64_t)(last - start) / (uint64_t)step + 1;

        status = weir__pq_eval_hold(ev, node, steps > INT32_MAX ? UINT64_MAX : steps);
        out->count = status == WEIR_OK ? (uint32_t)steps : 0;
    }
    return status;
}

/* What a range or a subquery selects for the times from `first` to `last`. */
static weir_status source_rows(struct eval *ev, const struct node *node, int64_t first,
                               int64_t last, int64_t range_ms, struct range_rows *out)
{
    struct grid grid;
    struct value inner;
    weir_status status;

    if (node->kind == NODE_RANGE) {
        return store_rows(ev, node->range.inner, out);
    }
    status = subquery_grid(ev, node, first, last, range_ms, &grid);
    status = status == WEIR_OK ? weir__pq_eval(ev, &grid, node->range.inner, &inner) : status;
    return status == WEIR_OK ? rows_as_series(ev, &grid, &inner.matrix, out) : status;
}

static const struct modifiers *eval_range_modifiers_of(const struct node *node)
{
    return node->kind == NODE_RANGE ? &node->range.inner->selector.modifiers
                                    : &node->range.modifiers;
}

/* ---- windows -------------------------------------------------------------------------------- */

/* How many of the times are below `time`, or at it if `also`. */
static size_t count_below(const int64_t *times, size_t count, int64_t time, bool also)
{
    size_t low = 0, high = count;

    /* Most look at the newest samples: gallop back from the end first. */
    for (size_t step = 8; step < high; step *= 2) {
        if (also ? times[high - step] <= time : times[high - step] < time) {
            low = high - step;
            break;
        }
        high -= step;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (also ? times[middle] <= time : times[middle] < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int64_t weir__pq_window_end(const struct range_call *c, uint32_t step)
{
    return (c->fixed ? c->at : grid_time(c->grid, step)) - c->offset;
}

static size_t weir__pq_window_limit(const struct range_call *c)
{
    return count_below(c->times, c->count, weir__pq_window_end(c, c->grid->count - 1), true);
}

static void weir__pq_window_open(struct range_call *c)
{
    int64_t to = weir__pq_window_end(c, 0);

    c->low = count_below(c->times, c->count, to - c->range_ms, !c->closed);
    c->high = c->low;
    c->seen = c->left = c->low;
    c->events = 0;
    c->queue_first = c->queue_end = 0;
    c->sorted_count = 0;
    c->total = c->weight = 0;
    c->fractions = 0;
}

static bool weir__pq_range_queue(struct range_call *c, size_t count)
{
    size_t *bigger;
    size_t room = c->queue_room == 0 ? 64 : c->queue_room;

    if (count <= c->queue_room) {
        return true;
    }
    while (room < count) {
        room *= 2;
    }
    bigger = arena_array(&c->ev->arena, room, sizeof *bigger);
    if (bigger == NULL) {
        c->failed = true;
        return false;
    }
    if (c->queue_end > 0) {
        memcpy(bigger, c->queue, c->queue_end * sizeof *bigger);
    }
    c->queue = bigger;
    c->queue_room = room;
    return true;
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void run_steps(struct range_call *c, range_function *function, struct row *row)
{
    for (uint32_t k = 0; k < c->grid->count; k++) {
        double value;

        window_move(c, k);
        c->parameter = c->parameters != NULL ? c->parameters[k] : 0;
        if (c->low < c->high && function(c, &value)) {
            row_put(row, k, value);
        }
    }
}

/* Counters are said to be such by their names. */
static void note_counter(struct range_call *c, struct labels labels)
{
    static const char *const suffixes[] = {"_total", "_sum", "_count", "_bucket"};
    struct text name = weir__pq_eval_text(c->ev, weir__pq_label_get(labels, SYMBOL_NAME));

    if (name.length == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        uint32_t length = (uint32_t)strlen(suffixes[i]);

        if (name.length >= length &&
            memcmp(name.at + name.length - length, suffixes[i], length) == 0) {
            return;
        }
    }
    weir__pq_note(c->ev, WEIR_PROMQL_INFO, c->argument,
                  "metric might not be a counter, its name does not end in _total, _sum, _count or "
                  "_bucket",
                  name);
}

static weir_status run_series(struct range_call *c, const struct range_row *source,
                              struct matrix *out)
{
    bool rates = c->id == FN_RATE || c->id == FN_INCREASE || c->id == FN_DELTA;
    struct row *row;

    c->times = source->times;
    c->values = source->values;
    c->count = source->count;
    weir__pq_window_open(c);
    if (c->low == c->count) {
        return WEIR_OK;
    }
    row = weir__pq_row_add(c->ev, out, c->grid, source->labels);
    if (row == NULL) {
        return eval_memory(c->ev);
    }
    if (rates) {
        weir__pq_range_rate(c, row);
    } else {
        run_steps(c, weir__pq_range_function(c->id), row);
    }
    if (c->failed) {
        return eval_memory(c->ev);
    }
    if (row->count == 0) {
        out->count--;
    } else if (c->id == FN_RATE || c->id == FN_INCREASE) {
        note_counter(c, source->labels);
    }
    return WEIR_OK;
}

/* Prepares a call: its range, its parameter. */
static weir_status open_call(struct range_call *c)
{
    const struct node *call = c->call;
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; status == WEIR_OK && i < call->call.count; i++) {
        const struct node *argument = unwrap(call->call.args[i]);
        struct value value;

        if (argument->kind == NODE_RANGE || argument->kind == NODE_SUBQUERY) {
            c->argument = argument;
        } else {
            status = weir__pq_eval(c->ev, c->grid, argument, &value);
            c->parameters = value.scalar;
        }
    }
    if (status == WEIR_OK && c->argument == NULL) {
        return EVAL_FAIL(c->ev, WEIR_E_UNSUPPORTED, call, {'s', "a range vector was expected"});
    }
    if (status != WEIR_OK) {
        return status;
    }
    status = range_length(c->ev, c->argument, &c->range_ms, &c->range_s);
    return status == WEIR_OK ? weir__pq_eval_modifiers(c->ev, eval_range_modifiers_of(c->argument), &c->offset,
                                                       &c->fixed, &c->at)
                             : status;
}

static weir_status weir__pq_eval_range_call(struct eval *ev, const struct grid *grid,
                                     const struct node *call, struct value *out)
{
    struct range_call c = {
        .ev = ev, .call = call, .id = call->call.function->id, .grid = grid, .closed = is_2_42(ev)};
    struct range_rows source;
    weir_status status = open_call(&c);

    if (status == WEIR_OK) {
        int64_t first = (c.fixed ? c.at : grid->start) - c.offset;
        int64_t last = (c.fixed ? c.at : grid_time(grid, grid->count - 1)) - c.offset;

        status = source_rows(ev, c.argument, first, last, c.range_ms, &source);
    }
    status = status == WEIR_OK ? weir__pq_eval_hold(ev, call, (uint64_t)source.count * grid->count)
                               : status;
    for (uint32_t i = 0; status == WEIR_OK && i < source.count; i++) {
        status = run_series(&c, &source.rows[i], &out->matrix);
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (c.id == FN_ABSENT_OVER_TIME) {
        struct matrix found = out->matrix;

        out->matrix = (struct matrix){0};
        return weir__pq_absent(ev, grid, c.argument, &found, &out->matrix);
    }
    return c.id == FN_LAST_OVER_TIME || c.id == FN_FIRST_OVER_TIME
               ? weir__pq_rows_unite(ev, grid, call, &out->matrix)
               : weir__pq_rows_drop_names(ev, grid, call, &out->matrix);
}

/* ---- a range by itself ---------------------------------------------------------------------- */

static weir_status weir__pq_eval_range_rows(struct eval *ev, int64_t at, const struct node *node,
                                     struct range_rows *out)
{
    int64_t range_ms, offset, fixed_at, last;
    bool fixed, closed = is_2_42(ev);
    double seconds;
    weir_status status = range_length(ev, node, &range_ms, &seconds);

    status = status == WEIR_OK
                 ? weir__pq_eval_modifiers(ev, eval_range_modifiers_of(node), &offset, &fixed, &fixed_at)
                 : status;
    if (status != WEIR_OK) {
        return status;
    }
    last = (fixed ? fixed_at : at) - offset;
    status = source_rows(ev, node, last, last, range_ms, out);
    for (uint32_t i = 0; status == WEIR_OK && node->kind == NODE_RANGE && i < out->count; i++) {
        struct range_row *row = &out->rows[i];
        size_t low = count_below(row->times, row->count, last - range_ms, !closed);

        row->count = count_below(row->times, row->count, last, true) - low;
        row->times += low;
        row->values += low;
        status = weir__pq_eval_hold(ev, node, row->count);
    }
    return status;
}

/* ---- lib/promql/eval_selector.c ---- */

/*
 * eval_selector.c - instant selectors: of each series the newest sample that is not too old, unless
 * a staleness marker came after it.
 *
 * Upstream: promql/engine.go, evalSeries() and vectorSelectorSingle().
 */

/* A position among samples and one among markers: how many are not after the time looked at. */
struct cursor {
    const struct series *series;
    size_t sample, marker;
};

/* How many of `times` are at or before `time`; newer ones are looked at first. */
static size_t count_until(const int64_t *times, size_t count, int64_t time)
{
    size_t step = 1, low, high = count;

    if (count == 0 || times[count - 1] <= time) {
        return count;
    }
    while (step < high && times[high - step] > time) { /* gallop back */
        high -= step;
        step *= 2;
    }
    low = step < high ? high - step : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (times[middle] <= time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void cursor_seek(struct cursor *c, int64_t time)
{
    c->sample = count_until(c->series->times, c->series->count, time);
    c->marker = count_until(c->series->stale, c->series->stale_count, time);
}

static void cursor_advance(struct cursor *c, int64_t time)
{
    while (c->sample < c->series->count && c->series->times[c->sample] <= time) {
        c->sample++;
    }
    while (c->marker < c->series->stale_count && c->series->stale[c->marker] <= time) {
        c->marker++;
    }
}

/* Whether there is a sample at this time; it is then the one before the cursor. */
static bool cursor_valid(const struct cursor *c, int64_t time, int64_t lookback, bool closed)
{
    int64_t newest;

    if (c->sample == 0) {
        return false;
    }
    newest = c->series->times[c->sample - 1];
    if (closed ? newest < time - lookback : newest <= time - lookback) {
        return false;
    }
    return c->marker == 0 || c->series->stale[c->marker - 1] < newest;
}

/* What a selector looks at, on a grid. */
struct eval_selector_look {
    int64_t offset, at;
    bool fixed, closed;
    const uint32_t *series;
    uint32_t count;
};

static weir_status open_look(struct eval *ev, const struct grid *grid, const struct node *node,
                             struct eval_selector_look *eval_selector_look)
{
    weir_status status = weir__pq_eval_modifiers(ev, &node->selector.modifiers, &eval_selector_look->offset,
                                                 &eval_selector_look->fixed, &eval_selector_look->at);

    if (node->selector.anchored || node->selector.smoothed) {
        return EVAL_FAIL(ev, WEIR_E_UNSUPPORTED, node,
                         {'s', "weir does not evaluate anchored or smoothed selectors"});
    }
    eval_selector_look->closed = is_2_42(ev);
    status = status == WEIR_OK ? weir__pq_select(ev, node, &eval_selector_look->series, &eval_selector_look->count) : status;
    return status == WEIR_OK ? weir__pq_eval_hold(ev, node, (uint64_t)eval_selector_look->count * grid->count)
                             : status;
}

static int64_t look_time(const struct eval_selector_look *eval_selector_look, const struct grid *grid, uint32_t step)
{
    return (eval_selector_look->fixed ? eval_selector_look->at : grid_time(grid, step)) - eval_selector_look->offset;
}

/* Fills a row with the values of a series, or with their times; false when there are none. */
static bool look_up(const struct eval *ev, const struct grid *grid, const struct eval_selector_look *eval_selector_look,
                    const struct series *series, bool times, struct row *row)
{
    struct cursor cursor = {series, 0, 0};

    cursor_seek(&cursor, look_time(eval_selector_look, grid, 0));
    for (uint32_t k = 0; k < grid->count; k++) {
        int64_t time = look_time(eval_selector_look, grid, k);

        cursor_advance(&cursor, time);
        if (cursor_valid(&cursor, time, ev->options.lookback_ms, eval_selector_look->closed)) {
            size_t at = cursor.sample - 1;

            row->values[k] = times ? (double)series->times[at] / 1000 : series->values[at];
            row->has[k] = 1;
            row->count++;
        }
    }
    return row->count > 0;
}

static weir_status eval_look(struct eval *ev, const struct grid *grid, const struct node *node,
                             bool times, struct matrix *out)
{
    struct eval_selector_look eval_selector_look;
    weir_status status = open_look(ev, grid, node, &eval_selector_look);

    for (uint32_t i = 0; status == WEIR_OK && i < eval_selector_look.count; i++) {
        const struct series *series = &ev->store->series[eval_selector_look.series[i]];
        struct row *row = weir__pq_row_add(ev, out, grid, (struct labels){series->labels, false});

        if (row == NULL) {
            return eval_memory(ev);
        }
        if (!look_up(ev, grid, &eval_selector_look, series, times, row)) {
            out->count--; /* its memory stays, for what is evaluated is soon freed */
        }
    }
    return status;
}

static weir_status weir__pq_eval_selector(struct eval *ev, const struct grid *grid,
                                   const struct node *node, struct value *out)
{
    return eval_look(ev, grid, node, false, &out->matrix);
}

static weir_status weir__pq_eval_timestamp(struct eval *ev, const struct grid *grid,
                                    const struct node *call, struct value *out)
{
    const struct node *argument = unwrap(call->call.args[0]);
    weir_status status;

    if (argument->kind == NODE_SELECTOR) { /* of its samples */
        status = eval_look(ev, grid, argument, true, &out->matrix);
    } else { /* anything else is of the time it is computed for */
        status = weir__pq_eval(ev, grid, argument, out);
        for (uint32_t i = 0; status == WEIR_OK && i < out->matrix.count; i++) {
            struct row *row = &out->matrix.rows[i];

            for (uint32_t k = 0; k < grid->count; k++) {
                row->values[k] = row->has[k] ? (double)grid_time(grid, k) / 1000 : 0;
            }
        }
    }
    return status == WEIR_OK ? weir__pq_rows_drop_names(ev, grid, call, &out->matrix) : status;
}

/* ---- lib/promql/functions.c ---- */

/*
 * functions.c - the table of all functions.
 *
 * Upstream: promql/parser/functions.go.
 */

enum {
    S = WEIR_PROMQL_SCALAR,
    V = WEIR_PROMQL_VECTOR,
    M = WEIR_PROMQL_MATRIX,
    T = WEIR_PROMQL_STRING
};

#define EACH(id, name)                                                                             \
    {                                                                                              \
        name, id, FUNCTION_EACH, V, 1, {V}, 0, false                                               \
    }
#define RANGE(id, name)                                                                            \
    {                                                                                              \
        name, id, FUNCTION_RANGE, V, 1, {M}, 0, false                                              \
    }
#define CALENDAR(id, name)                                                                         \
    {                                                                                              \
        name, id, FUNCTION_EACH, V, 1, {V}, 1, false                                               \
    }

/* Sorted by name. */
static const struct function functions[] = {
    EACH(FN_ABS, "abs"),
    {"absent", FN_ABSENT, FUNCTION_OWN, V, 1, {V}, 0, false},
    RANGE(FN_ABSENT_OVER_TIME, "absent_over_time"),
    EACH(FN_ACOS, "acos"),
    EACH(FN_ACOSH, "acosh"),
    EACH(FN_ASIN, "asin"),
    EACH(FN_ASINH, "asinh"),
    EACH(FN_ATAN, "atan"),
    EACH(FN_ATANH, "atanh"),
    RANGE(FN_AVG_OVER_TIME, "avg_over_time"),
    EACH(FN_CEIL, "ceil"),
    RANGE(FN_CHANGES, "changes"),
    {"clamp", FN_CLAMP, FUNCTION_EACH, V, 3, {V, S, S}, 0, false},
    {"clamp_max", FN_CLAMP_MAX, FUNCTION_EACH, V, 2, {V, S}, 0, false},
    {"clamp_min", FN_CLAMP_MIN, FUNCTION_EACH, V, 2, {V, S}, 0, false},
    EACH(FN_COS, "cos"),
    EACH(FN_COSH, "cosh"),
    RANGE(FN_COUNT_OVER_TIME, "count_over_time"),
    CALENDAR(FN_DAY_OF_MONTH, "day_of_month"),
    CALENDAR(FN_DAY_OF_WEEK, "day_of_week"),
    CALENDAR(FN_DAY_OF_YEAR, "day_of_year"),
    CALENDAR(FN_DAYS_IN_MONTH, "days_in_month"),
    EACH(FN_DEG, "deg"),
    RANGE(FN_DELTA, "delta"),
    RANGE(FN_DERIV, "deriv"),
    {"double_exponential_smoothing", FN_NONE, FUNCTION_NONE, V, 3, {M, S, S}, 0, true},
    {"end", FN_NONE, FUNCTION_NONE, S, 0, {0}, 0, true},
    EACH(FN_EXP, "exp"),
    RANGE(FN_FIRST_OVER_TIME, "first_over_time"),
    EACH(FN_FLOOR, "floor"),
    {"histogram_avg", FN_NONE, FUNCTION_NONE, V, 1, {V}, 0, false},
    {"histogram_count", FN_NONE, FUNCTION_NONE, V, 1, {V}, 0, false},
    {"histogram_fraction", FN_NONE, FUNCTION_NONE, V, 3, {S, S, V}, 0, false},
    {"histogram_quantile", FN_HISTOGRAM_QUANTILE, FUNCTION_OWN, V, 2, {S, V}, 0, false},
    {"histogram_quantiles", FN_NONE, FUNCTION_NONE, V, 4, {V, T, S, S}, 9, true},
    {"histogram_stddev", FN_NONE, FUNCTION_NONE, V, 1, {V}, 0, false},
    {"histogram_stdvar", FN_NONE, FUNCTION_NONE, V, 1, {V}, 0, false},
    {"histogram_sum", FN_NONE, FUNCTION_NONE, V, 1, {V}, 0, false},
    CALENDAR(FN_HOUR, "hour"),
    RANGE(FN_IDELTA, "idelta"),
    RANGE(FN_INCREASE, "increase"),
    {"info", FN_NONE, FUNCTION_NONE, V, 2, {V, V}, 1, true},
    {"integral", FN_NONE, FUNCTION_NONE, V, 2, {M, S}, 1, true},
    RANGE(FN_IRATE, "irate"),
    {"label_join", FN_LABEL_JOIN, FUNCTION_OWN, V, 4, {V, T, T, T}, -1, false},
    {"label_replace", FN_LABEL_REPLACE, FUNCTION_OWN, V, 5, {V, T, T, T, T}, 0, false},
    RANGE(FN_LAST_OVER_TIME, "last_over_time"),
    EACH(FN_LN, "ln"),
    EACH(FN_LOG10, "log10"),
    EACH(FN_LOG2, "log2"),
    {"mad_over_time", FN_NONE, FUNCTION_NONE, V, 1, {M}, 0, true},
    {"max_of", FN_NONE, FUNCTION_NONE, S, 2, {S, S}, 0, true},
    RANGE(FN_MAX_OVER_TIME, "max_over_time"),
    {"min_of", FN_NONE, FUNCTION_NONE, S, 2, {S, S}, 0, true},
    RANGE(FN_MIN_OVER_TIME, "min_over_time"),
    CALENDAR(FN_MINUTE, "minute"),
    CALENDAR(FN_MONTH, "month"),
    {"pi", FN_PI, FUNCTION_OWN, S, 0, {0}, 0, false},
    {"predict_linear", FN_PREDICT_LINEAR, FUNCTION_RANGE, V, 2, {M, S}, 0, false},
    RANGE(FN_PRESENT_OVER_TIME, "present_over_time"),
    {"quantile_over_time", FN_QUANTILE_OVER_TIME, FUNCTION_RANGE, V, 2, {S, M}, 0, false},
    EACH(FN_RAD, "rad"),
    {"range", FN_NONE, FUNCTION_NONE, S, 0, {0}, 0, true},
    RANGE(FN_RATE, "rate"),
    RANGE(FN_RESETS, "resets"),
    {"round", FN_ROUND, FUNCTION_EACH, V, 2, {V, S}, 1, false},
    {"scalar", FN_SCALAR, FUNCTION_OWN, S, 1, {V}, 0, false},
    EACH(FN_SGN, "sgn"),
    EACH(FN_SIN, "sin"),
    EACH(FN_SINH, "sinh"),
    {"sort", FN_SORT, FUNCTION_OWN, V, 1, {V}, 0, false},
    {"sort_by_label", FN_NONE, FUNCTION_NONE, V, 2, {V, T}, -1, true},
    {"sort_by_label_desc", FN_NONE, FUNCTION_NONE, V, 2, {V, T}, -1, true},
    {"sort_desc", FN_SORT_DESC, FUNCTION_OWN, V, 1, {V}, 0, false},
    EACH(FN_SQRT, "sqrt"),
    {"start", FN_NONE, FUNCTION_NONE, S, 0, {0}, 0, true},
    {"start_timestamp", FN_NONE, FUNCTION_NONE, V, 1, {V}, 0, true},
    RANGE(FN_STDDEV_OVER_TIME, "stddev_over_time"),
    RANGE(FN_STDVAR_OVER_TIME, "stdvar_over_time"),
    {"step", FN_NONE, FUNCTION_NONE, S, 0, {0}, 0, true},
    RANGE(FN_SUM_OVER_TIME, "sum_over_time"),
    EACH(FN_TAN, "tan"),
    EACH(FN_TANH, "tanh"),
    {"time", FN_TIME, FUNCTION_OWN, S, 0, {0}, 0, false},
    {"timestamp", FN_TIMESTAMP, FUNCTION_OWN, V, 1, {V}, 0, false},
    {"ts_of_first_over_time", FN_NONE, FUNCTION_NONE, V, 1, {M}, 0, true},
    {"ts_of_last_over_time", FN_NONE, FUNCTION_NONE, V, 1, {M}, 0, true},
    {"ts_of_max_over_time", FN_NONE, FUNCTION_NONE, V, 1, {M}, 0, true},
    {"ts_of_min_over_time", FN_NONE, FUNCTION_NONE, V, 1, {M}, 0, true},
    {"vector", FN_VECTOR, FUNCTION_OWN, V, 1, {S}, 0, false},
    CALENDAR(FN_YEAR, "year"),
};

static const struct function *weir__pq_function(struct text name)
{
    size_t low = 0, high = sizeof functions / sizeof functions[0];

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *other = functions[middle].name;
        int order = text_compare(name, (struct text){other, (uint32_t)strlen(other)});

        if (order == 0) {
            return &functions[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}
#undef EACH
#undef RANGE
#undef CALENDAR

/* ---- lib/promql/gomath.c ---- */

/*
 * gomath.c - mathematical functions with Go's bits.
 *
 * The formulas and their constants are published: the logarithm is that of FreeBSD's msun (argument
 * in [sqrt(1/2), sqrt(2)), odd polynomial in f / (2 + f)); the exponential reduces by ln 2 in two
 * parts, sums a Taylor series of a sixteenth of the rest and squares four times (Shibata 2010),
 * with fused multiply-adds where Go's amd64 code has them; powers are repeated squaring. fused()
 * rounds a product and a sum once by error-free transformations (Dekker; Boldo and Melquiond),
 * which is exact for the moderate numbers that come here.
 *
 * Upstream: Go 1.26 math/exp_amd64.s, log_amd64.s, log10.go, pow.go, mod.go, sqrt.go.
 */

enum { EXPONENT_SHIFT = 52, EXPONENT_MASK = 0x7FF, EXPONENT_BIAS = 1023 };

#define MANTISSA_MASK ((UINT64_C(1) << EXPONENT_SHIFT) - 1)

static int exponent_of(double x)
{
    return (int)(to_bits(x) >> EXPONENT_SHIFT & EXPONENT_MASK);
}

static double gomath_with_sign(double x, double sign)
{
    return from_bits((to_bits(x) & ~BITS_SIGN) | (to_bits(sign) & BITS_SIGN));
}

/* ---- parts of a number ---------------------------------------------------------------------- */

static double weir__pq_go_trunc(double x)
{
    int whole = exponent_of(x) - EXPONENT_BIAS; /* bits of the mantissa before the point */

    if (whole < 0) {
        return gomath_with_sign(0, x);
    }
    if (whole >= EXPONENT_SHIFT) {
        return x;
    }
    return from_bits(to_bits(x) & ~(MANTISSA_MASK >> whole));
}

static double weir__pq_go_floor(double x)
{
    double whole = weir__pq_go_trunc(x);

    return whole > x ? whole - 1 : whole;
}

static double weir__pq_go_ceil(double x)
{
    double whole = weir__pq_go_trunc(x);

    return whole < x ? gomath_with_sign(whole + 1, x) : whole; /* -0.5 to -0 */
}

static double weir__pq_go_round(double x)
{
    double whole = weir__pq_go_trunc(x);

    return magnitude(x - whole) >= 0.5 ? whole + gomath_with_sign(1, x) : whole;
}

static double weir__pq_go_frexp(double x, int *exponent)
{
    uint64_t bits;

    *exponent = 0;
    if (x == 0 || is_nan(x) || is_inf(x)) {
        return x;
    }
    if (exponent_of(x) == 0) {
        x *= 4503599627370496.0; /* 2^52 */
        *exponent = -EXPONENT_SHIFT;
    }
    *exponent += exponent_of(x) - EXPONENT_BIAS + 1;
    bits = to_bits(x) & ~((uint64_t)EXPONENT_MASK << EXPONENT_SHIFT);
    return from_bits(bits | (uint64_t)(EXPONENT_BIAS - 1) << EXPONENT_SHIFT);
}

static double weir__pq_go_ldexp(double fraction, int exponent)
{
    int own;
    double scale = 1, unit;

    if (fraction == 0 || is_nan(fraction) || is_inf(fraction)) {
        return fraction;
    }
    unit = weir__pq_go_frexp(fraction, &own) * 2;
    exponent += own - 1;
    if (exponent < -1075) {
        return gomath_with_sign(0, fraction);
    }
    if (exponent > EXPONENT_BIAS) {
        return gomath_with_sign(INFINITE, fraction);
    }
    if (exponent < -1022) { /* the result is subnormal: rounded once, by the product */
        exponent += 53;
        scale = 1.0 / 9007199254740992.0;
    }
    return scale * from_bits(to_bits(unit) + ((uint64_t)(int64_t)exponent << EXPONENT_SHIFT));
}

static double weir__pq_go_max(double x, double y)
{
    if (x == INFINITE || y == INFINITE) {
        return INFINITE;
    }
    if (is_nan(x) || is_nan(y)) {
        return NOT_A_NUMBER;
    }
    if (x == 0 && y == 0) {
        return is_negative(x) ? y : x;
    }
    return x > y ? x : y;
}

static double weir__pq_go_min(double x, double y)
{
    if (x == -INFINITE || y == -INFINITE) {
        return -INFINITE;
    }
    if (is_nan(x) || is_nan(y)) {
        return NOT_A_NUMBER;
    }
    if (x == 0 && y == 0) {
        return is_negative(x) ? x : y;
    }
    return x < y ? x : y;
}

/* ---- square root and remainder: exact, whatever the algorithm -------------------------------- */

static double weir__pq_go_sqrt(double x)
{
    uint64_t mantissa, root = 0, rest = 0;
    int exponent;
    double fraction;

    if (x == 0 || is_nan(x) || x == INFINITE) {
        return x;
    }
    if (x < 0) {
        return NOT_A_NUMBER;
    }
    fraction = weir__pq_go_frexp(x, &exponent);
    mantissa = (to_bits(fraction) & MANTISSA_MASK) | UINT64_C(1) << EXPONENT_SHIFT;
    exponent -= 53; /* x = mantissa * 2^exponent */
    if ((exponent & 1) != 0) {
        mantissa <<= 1;
        exponent--;
    }
    /* 54 bits of the root of mantissa * 2^54, two bits of the radicand a turn */
    for (int shift = 106; shift >= 0; shift -= 2) {
        uint64_t gomath_pair = shift >= 54 ? mantissa >> (shift - 54) & 3 : 0;
        uint64_t trial = root << 2 | 1;

        rest = rest << 2 | gomath_pair;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1;
        }
    }
    root += (root & 1) != 0 && (rest != 0 || (root & 2) != 0) ? 1 : 0;
    return weir__pq_go_ldexp((double)(root >> 1), (exponent - 54) / 2 + 1);
}

static double weir__pq_go_mod(double x, double y)
{
    double rest = magnitude(x), divisor = magnitude(y), unit;
    int own;

    if (y == 0 || is_inf(x) || is_nan(x) || is_nan(y)) {
        return NOT_A_NUMBER;
    }
    unit = weir__pq_go_frexp(divisor, &own);
    while (rest >= divisor) {
        int exponent;
        double fraction = weir__pq_go_frexp(rest, &exponent);

        if (fraction < unit) {
            exponent--;
        }
        rest -= weir__pq_go_ldexp(divisor, exponent - own);
    }
    return gomath_with_sign(rest, x);
}

/* ---- logarithms ----------------------------------------------------------------------------- */

#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW  1.90821492927058770002e-10
#define LOG2_E   1.442695040888963407359924681001892137
#define LOG10_E  0.434294481903251827651128918916605082

static double weir__pq_go_log(double x)
{
    static const double odd[] = {6.666666666666735130e-01, 2.857142874366239149e-01,
                                 1.818357216161805012e-01, 1.479819860511658591e-01};
    static const double even[] = {3.999999999940941908e-01, 2.222219843214978396e-01,
                                  1.531383769920937332e-01};
    double k, f, s, s2, s4, t1, t2, half;

    if (x == 0) {
        return -INFINITE;
    }
    if (is_nan(x) || x == INFINITE) {
        return x;
    }
    if (x < 0) {
        return NOT_A_NUMBER;
    }
    /* As Go's amd64 code: a subnormal number is taken for the normal one with its mantissa. */
    k = exponent_of(x) - (EXPONENT_BIAS - 1);
    f = from_bits((to_bits(x) & MANTISSA_MASK) | to_bits(0.5));
    if (f < 7.07106781186547524401e-01) {
        k -= 1;
        f *= 2;
    }
    f -= 1;
    s = f / (2 + f);
    s2 = s * s;
    s4 = s2 * s2;
    t1 = s2 * (odd[0] + s4 * (odd[1] + s4 * (odd[2] + s4 * odd[3])));
    t2 = s4 * (even[0] + s4 * (even[1] + s4 * even[2]));
    half = 0.5 * f * f;
    return k * LN2_HIGH - ((half - (s * (half + (t1 + t2)) + k * LN2_LOW)) - f);
}

static double weir__pq_go_log2(double x)
{
    int exponent;
    double fraction = weir__pq_go_frexp(x, &exponent);

    if (fraction == 0.5) {
        return exponent - 1;
    }
    return weir__pq_go_log(fraction) * LOG2_E + exponent;
}

static double weir__pq_go_log10(double x)
{
    return weir__pq_go_log(x) * LOG10_E;
}

/* ---- exponential and power ------------------------------------------------------------------ */

struct gomath_pair {
    double high, low;
};

static struct gomath_pair exact_sum(double a, double b)
{
    double sum = a + b, part = sum - a;

    return (struct gomath_pair){sum, (a - (sum - part)) + (b - part)};
}

static struct gomath_pair gomath_split(double a)
{
    double scaled = 134217729.0 * a, high = scaled - (scaled - a); /* 2^27 + 1 */

    return (struct gomath_pair){high, a - high};
}

static struct gomath_pair exact_product(double a, double b)
{
    struct gomath_pair x = gomath_split(a), y = gomath_split(b);
    double product = a * b;

    return (struct gomath_pair){
        product, x.low * y.low - (((product - x.high * y.high) - x.low * y.high) - x.high * y.low)};
}

/* a + b cut to an odd last bit unless exact, so that a second rounding does no harm. */
static double sum_to_odd(double a, double b)
{
    struct gomath_pair sum = exact_sum(a, b);
    uint64_t bits = to_bits(sum.high);

    if (sum.low != 0 && (bits & 1) == 0) {
        bits += (sum.low > 0) == (sum.high > 0) ? 1 : UINT64_MAX;
    }
    return from_bits(bits);
}

/* a * b + c, rounded once */
static double fused(double a, double b, double c)
{
    struct gomath_pair product = exact_product(a, b), low = exact_sum(c, product.low);
    struct gomath_pair high = exact_sum(product.high, low.high);

    return high.high + sum_to_odd(high.low, low.low);
}

/* The whole number next to x, even in the middle; |x| below 2^31. */
static int nearest(double x)
{
    double magic = 6755399441055744.0; /* 1.5 * 2^52 */

    return (int)((x + magic) - magic);
}

static double weir__pq_go_exp(double x)
{
    static const double taylor[] = {2.4801587301587301587e-5,
                                    1.9841269841269841270e-4,
                                    1.3888888888888888889e-3,
                                    8.3333333333333333333e-3,
                                    4.1666666666666666667e-2,
                                    1.6666666666666666667e-1,
                                    0.5,
                                    1.0};
    double sum, k;
    int exponent;

    if (is_nan(x) || x == INFINITE) {
        return x;
    }
    if (x > 7.09782712893384e+02) {
        return INFINITE;
    }
    if (x < -800) { /* -Inf too */
        return 0;
    }
    exponent = nearest(LOG2_E * x);
    k = exponent;
    x = fused(-0.69314718055966295651160180568695068359375, k, x);
    x = fused(-0.28235290563031577122588448175013436025525412068e-12, k, x);
    x *= 0.0625;
    sum = taylor[0];
    for (size_t i = 1; i < sizeof taylor / sizeof taylor[0]; i++) {
        sum = fused(sum, x, taylor[i]);
    }
    x *= sum; /* e^(x/16) - 1; now three times (1 + x)^2 - 1 = x (x + 2), and once the square */
    x *= x + 2;
    x *= x + 2;
    x *= x + 2;
    x = fused(x, x + 2, 1);
    exponent += EXPONENT_BIAS;
    if (exponent >= EXPONENT_MASK) {
        return INFINITE;
    }
    if (exponent < -52) {
        return 0;
    }
    if (exponent <= 0) {
        x *= from_bits((uint64_t)(exponent + EXPONENT_BIAS - 1) << EXPONENT_SHIFT);
        exponent = 1;
    }
    return x * from_bits((uint64_t)exponent << EXPONENT_SHIFT);
}

static bool is_odd(double x)
{
    /* From 2^53 on all doubles are even. */
    return magnitude(x) < 9007199254740992.0 && weir__pq_go_trunc(x) == x && ((int64_t)x & 1) != 0;
}

/* Powers of 0 and of infinities, and infinite powers; y is neither 0 nor NaN, nor is x NaN. */
static double special_power(double x, double y)
{
    if (x == 0) {
        double zero = is_odd(y) ? x : 0;

        return y < 0 ? gomath_with_sign(INFINITE, zero) : zero;
    }
    if (is_inf(y)) {
        return x == -1 ? 1 : (magnitude(x) < 1) == (y > 0) ? 0 : INFINITE;
    }
    if (x < 0) {
        return special_power(-0.0, -y);
    }
    return y < 0 ? 0 : INFINITE;
}

/* x^y for finite x other than 0 and finite y: e^(fraction log x) times squares of x. */
static double finite_power(double x, double y)
{
    double whole = weir__pq_go_trunc(magnitude(y)), fraction = magnitude(y) - whole, power = 1,
           square;
    int exponent = 0, squared;

    if (fraction != 0 && x < 0) {
        return NOT_A_NUMBER;
    }
    if (whole >= 9223372036854775808.0) { /* 2^63, and even: far out unless |x| is 1 */
        return x == -1 ? 1 : (magnitude(x) < 1) == (y > 0) ? 0 : INFINITE;
    }
    if (fraction != 0) {
        if (fraction > 0.5) {
            fraction -= 1;
            whole += 1;
        }
        power = weir__pq_go_exp(fraction * weir__pq_go_log(x));
    }
    square = weir__pq_go_frexp(x, &squared);
    for (int64_t left = (int64_t)whole; left != 0; left >>= 1) {
        if (squared < -4096 || squared > 4096) {
            exponent += squared;
            break;
        }
        if ((left & 1) == 1) {
            power *= square;
            exponent += squared;
        }
        square *= square;
        squared *= 2;
        if (square < 0.5) {
            square += square;
            squared--;
        }
    }
    return y < 0 ? weir__pq_go_ldexp(1 / power, -exponent) : weir__pq_go_ldexp(power, exponent);
}

static double weir__pq_go_pow(double x, double y)
{
    if (y == 0 || x == 1) {
        return 1;
    }
    if (y == 1) {
        return x;
    }
    if (is_nan(x) || is_nan(y)) {
        return NOT_A_NUMBER;
    }
    if (x == 0 || is_inf(x) || is_inf(y)) {
        return special_power(x, y);
    }
    if (y == 0.5 || y == -0.5) {
        double root = weir__pq_go_sqrt(x);

        return y > 0 ? root : 1 / root;
    }
    return finite_power(x, y);
}
#undef MANTISSA_MASK
#undef LN2_HIGH
#undef LN2_LOW
#undef LOG2_E
#undef LOG10_E

/* ---- lib/promql/labels.c ---- */

/*
 * labels.c - label sets while evaluating: projections of them, and numbering those that are equal.
 */

/* ---- texts ---------------------------------------------------------------------------------- */

static struct text weir__pq_eval_text(const struct eval *ev, uint32_t symbol)
{
    return (symbol & SYMBOL_OWN) != 0 ? ev->own.texts[symbol & ~SYMBOL_OWN]
                                      : ev->store->symbols.texts[symbol];
}

static uint32_t weir__pq_eval_find(const struct eval *ev, struct text text)
{
    uint32_t hash = weir__pq_text_hash(text);
    uint32_t found = weir__pq_symbol_find(&ev->store->symbols, text, hash);

    if (found == SYMBOL_NONE) {
        found = weir__pq_symbol_find(&ev->own, text, hash);
        found = found != SYMBOL_NONE ? found | SYMBOL_OWN : found;
    }
    return found;
}

static weir_status weir__pq_eval_symbol(struct eval *ev, struct text text, uint32_t *symbol)
{
    weir_status status;

    *symbol = weir__pq_eval_find(ev, text);
    if (*symbol != SYMBOL_NONE) {
        return WEIR_OK;
    }
    status = weir__pq_symbol_add(&ev->own, text, symbol);
    if (status != WEIR_OK) {
        return eval_memory(ev);
    }
    *symbol |= SYMBOL_OWN;
    return WEIR_OK;
}

static bool weir__pq_label_name_valid(const struct eval *ev, struct text name)
{
    return is_2_42(ev) ? weir__pq_is_plain_name(name)
                       : name.length > 0 && weir__pq_utf8_valid(name.at, name.length);
}

/* ---- label sets ----------------------------------------------------------------------------- */

static const struct label_set no_labels = {0, 0, SYMBOL_EMPTY};

static struct labels weir__pq_labels_none(void)
{
    return (struct labels){&no_labels, false};
}

/* Whether the label at `i` is one of the view's. */
static bool shows(struct labels labels, uint32_t i)
{
    return !labels.nameless || labels.set->labels[i].name != SYMBOL_NAME;
}

static uint32_t weir__pq_label_get(struct labels labels, uint32_t name)
{
    return labels.nameless && name == SYMBOL_NAME ? SYMBOL_EMPTY : label_value(labels.set, name);
}

static uint64_t weir__pq_labels_hash(struct labels labels)
{
    uint64_t hash = labels.set->hash;

    if (labels.nameless && labels.set->metric != SYMBOL_EMPTY) {
        hash -= label_hash(SYMBOL_NAME, labels.set->metric);
    }
    return hash;
}

static bool weir__pq_labels_equal(struct labels a, struct labels b)
{
    uint32_t i = 0, j = 0;

    if (a.set == b.set && a.nameless == b.nameless) {
        return true;
    }
    for (;;) {
        while (i < a.set->count && !shows(a, i)) {
            i++;
        }
        while (j < b.set->count && !shows(b, j)) {
            j++;
        }
        if (i == a.set->count || j == b.set->count) {
            return i == a.set->count && j == b.set->count;
        }
        if (a.set->labels[i].name != b.set->labels[j].name ||
            a.set->labels[i].value != b.set->labels[j].value) {
            return false;
        }
        i++;
        j++;
    }
}

static int weir__pq_labels_compare(const struct eval *ev, struct labels a, struct labels b)
{
    uint32_t i = 0, j = 0;

    for (;; i++, j++) {
        int order;

        while (i < a.set->count && !shows(a, i)) {
            i++;
        }
        while (j < b.set->count && !shows(b, j)) {
            j++;
        }
        if (i == a.set->count || j == b.set->count) {
            return (i < a.set->count) - (j < b.set->count);
        }
        order = text_compare(weir__pq_eval_text(ev, a.set->labels[i].name),
                             weir__pq_eval_text(ev, b.set->labels[j].name));
        if (order == 0) {
            order = text_compare(weir__pq_eval_text(ev, a.set->labels[i].value),
                                 weir__pq_eval_text(ev, b.set->labels[j].value));
        }
        if (order != 0) {
            return order;
        }
    }
}

static struct label_set *new_set(struct eval *ev, uint32_t room)
{
    struct label_set *set = arena_take(&ev->arena, sizeof *set + room * sizeof set->labels[0]);

    if (set != NULL) {
        *set = (struct label_set){0, 0, SYMBOL_EMPTY};
    }
    return set;
}

static void push(struct label_set *set, struct label_id id)
{
    set->labels[set->count++] = id;
    set->hash += label_hash(id.name, id.value);
    if (id.name == SYMBOL_NAME) {
        set->metric = id.value;
    }
}

static struct labels weir__pq_labels_with(struct eval *ev, struct labels labels, uint32_t name,
                                   uint32_t value)
{
    struct label_set *set = new_set(ev, labels.set->count + 1);
    struct text text = weir__pq_eval_text(ev, name);
    bool placed = value == SYMBOL_EMPTY;

    for (uint32_t i = 0; set != NULL && i < labels.set->count; i++) {
        struct label_id id = labels.set->labels[i];

        if (!shows(labels, i) || id.name == name) {
            continue;
        }
        if (!placed && text_compare(weir__pq_eval_text(ev, id.name), text) > 0) {
            push(set, (struct label_id){name, value});
            placed = true;
        }
        push(set, id);
    }
    if (set != NULL && !placed) {
        push(set, (struct label_id){name, value});
    }
    ev->metadata = ev->metadata || name == SYMBOL_TYPE || name == SYMBOL_UNIT;
    return (struct labels){set, false};
}

static weir_status weir__pq_labels_drop_name(struct eval *ev, struct labels *labels)
{
    labels->nameless = true;
    if (ev->metadata && !is_2_42(ev) &&
        (label_value(labels->set, SYMBOL_TYPE) != SYMBOL_EMPTY ||
         label_value(labels->set, SYMBOL_UNIT) != SYMBOL_EMPTY)) {
        *labels = weir__pq_labels_with(ev, *labels, SYMBOL_TYPE, SYMBOL_EMPTY);
        if (labels->set != NULL) {
            *labels = weir__pq_labels_with(ev, *labels, SYMBOL_UNIT, SYMBOL_EMPTY);
        }
        return labels->set != NULL ? WEIR_OK : eval_memory(ev);
    }
    return WEIR_OK;
}

/* ---- projections ---------------------------------------------------------------------------- */

static weir_status weir__pq_projection(struct eval *ev, const struct labels_list *list, bool keep,
                                struct projection *projection)
{
    static const uint32_t reserved[] = {SYMBOL_NAME, SYMBOL_TYPE, SYMBOL_UNIT};
    uint32_t more = keep ? 0 : is_2_42(ev) ? 1 : 3, count = 0;
    uint32_t *names = arena_array(&ev->arena, list->count + more, sizeof *names);

    if (names == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t name = weir__pq_eval_find(ev, list->items[i]);

        if (name != SYMBOL_NONE) { /* else nobody has it */
            names[count++] = name;
        }
    }
    for (uint32_t i = 0; i < more; i++) {
        names[count++] = reserved[i];
    }
    *projection = (struct projection){keep, count, names};
    return WEIR_OK;
}

static bool stays(const struct projection *p, struct labels labels, uint32_t i)
{
    uint32_t name = labels.set->labels[i].name;
    bool listed = false;

    for (uint32_t n = 0; n < p->count && !listed; n++) {
        listed = p->names[n] == name;
    }
    return listed == p->keep && shows(labels, i);
}

static uint64_t projected_hash(const struct projection *p, struct labels labels)
{
    uint64_t hash = 0;

    if (p->keep && p->count == 0) {
        return 0;
    }
    if (!p->keep && p->count == 0) {
        return weir__pq_labels_hash(labels);
    }
    for (uint32_t i = 0; i < labels.set->count; i++) {
        if (stays(p, labels, i)) {
            hash += label_hash(labels.set->labels[i].name, labels.set->labels[i].value);
        }
    }
    return hash;
}

static bool projected_equal(const struct projection *p, struct labels a, struct labels b)
{
    uint32_t i = 0, j = 0;

    if (p->count == 0) {
        return p->keep || weir__pq_labels_equal(a, b);
    }
    for (;; i++, j++) {
        while (i < a.set->count && !stays(p, a, i)) {
            i++;
        }
        while (j < b.set->count && !stays(p, b, j)) {
            j++;
        }
        if (i == a.set->count || j == b.set->count) {
            return i == a.set->count && j == b.set->count;
        }
        if (a.set->labels[i].name != b.set->labels[j].name ||
            a.set->labels[i].value != b.set->labels[j].value) {
            return false;
        }
    }
}

static struct labels weir__pq_labels_project(struct eval *ev, const struct projection *projection,
                                      struct labels labels)
{
    struct label_set *set;

    if (projection->keep && projection->count == 0) {
        return weir__pq_labels_none();
    }
    set = new_set(ev, labels.set->count);
    for (uint32_t i = 0; set != NULL && i < labels.set->count; i++) {
        if (stays(projection, labels, i)) {
            push(set, labels.set->labels[i]);
        }
    }
    return (struct labels){set, false};
}

/* ---- numbering ------------------------------------------------------------------------------ */

static void weir__pq_index_open(struct label_index *index, struct eval *ev, struct projection projection)
{
    memset(index, 0, sizeof *index);
    index->ev = ev;
    index->projection = projection;
}

static void labels_place(struct label_index *index, uint32_t entry)
{
    uint32_t slot = (uint32_t)index->entries[entry].hash;

    while (index->slots[slot & (index->slot_count - 1)] != 0) {
        slot++;
    }
    index->slots[slot & (index->slot_count - 1)] = entry + 1;
}

static bool labels_grow(struct label_index *index)
{
    void *entries = index->entries;
    uint32_t slots = index->slot_count == 0 ? 16 : 4 * index->slot_count, *table;

    if (!weir__pq_arena_grow(&index->ev->arena, &entries, index->count, &index->room,
                             sizeof *index->entries)) {
        return false;
    }
    index->entries = entries;
    if (2 * (index->count + 1) <= index->slot_count) {
        return true;
    }
    table = weir__pq_arena_zeroed(&index->ev->arena, slots, sizeof *table);
    if (table == NULL) {
        return false;
    }
    index->slots = table;
    index->slot_count = slots;
    for (uint32_t i = 0; i < index->count; i++) {
        labels_place(index, i);
    }
    return true;
}

static uint32_t weir__pq_index_of(struct label_index *index, struct labels labels)
{
    uint64_t hash = projected_hash(&index->projection, labels);

    for (uint32_t slot = (uint32_t)hash; index->slot_count > 0; slot++) {
        uint32_t entry = index->slots[slot & (index->slot_count - 1)];

        if (entry == 0) {
            break;
        }
        if (index->entries[entry - 1].hash == hash &&
            projected_equal(&index->projection, index->entries[entry - 1].labels, labels)) {
            return entry - 1;
        }
    }
    if (!labels_grow(index)) {
        eval_memory(index->ev);
        return SYMBOL_NONE;
    }
    index->entries[index->count] = (struct index_entry){hash, labels};
    labels_place(index, index->count);
    return index->count++;
}

/* ---- lib/promql/lex.c ---- */

/*
 * lex.c - tokens of PromQL. What a character means depends on whether braces or brackets are open:
 * inside braces words are never keywords, inside brackets there are durations and arithmetic.
 *
 * Upstream: promql/parser/lex.go.
 */

enum { END_OF_TEXT = -1 };

/* Keywords and operators; a keyword is met in any case. */
static const struct {
    uint8_t kind;
    const char *name;
} lex_names[] = {
    {TOKEN_AND, "and"},
    {TOKEN_OR, "or"},
    {TOKEN_UNLESS, "unless"},
    {TOKEN_ATAN2, "atan2"},
    {TOKEN_SUM, "sum"},
    {TOKEN_AVG, "avg"},
    {TOKEN_COUNT, "count"},
    {TOKEN_MIN, "min"},
    {TOKEN_MAX, "max"},
    {TOKEN_GROUP, "group"},
    {TOKEN_STDDEV, "stddev"},
    {TOKEN_STDVAR, "stdvar"},
    {TOKEN_TOPK, "topk"},
    {TOKEN_BOTTOMK, "bottomk"},
    {TOKEN_COUNT_VALUES, "count_values"},
    {TOKEN_QUANTILE, "quantile"},
    {TOKEN_LIMITK, "limitk"},
    {TOKEN_LIMIT_RATIO, "limit_ratio"},
    {TOKEN_OFFSET, "offset"},
    {TOKEN_ANCHORED, "anchored"},
    {TOKEN_SMOOTHED, "smoothed"},
    {TOKEN_BY, "by"},
    {TOKEN_WITHOUT, "without"},
    {TOKEN_ON, "on"},
    {TOKEN_IGNORING, "ignoring"},
    {TOKEN_GROUP_LEFT, "group_left"},
    {TOKEN_GROUP_RIGHT, "group_right"},
    {TOKEN_FILL, "fill"},
    {TOKEN_FILL_LEFT, "fill_left"},
    {TOKEN_FILL_RIGHT, "fill_right"},
    {TOKEN_BOOL, "bool"},
    {TOKEN_START, "start"},
    {TOKEN_FINISH, "end"},
    {TOKEN_STEP, "step"},
    {TOKEN_RANGE, "range"},
    {TOKEN_MAX_OF, "max_of"},
    {TOKEN_MIN_OF, "min_of"},
    {TOKEN_NUMBER, "inf"},
    {TOKEN_NUMBER, "nan"},
    {TOKEN_ADD, "+"},
    {TOKEN_SUB, "-"},
    {TOKEN_MUL, "*"},
    {TOKEN_DIV, "/"},
    {TOKEN_MOD, "%"},
    {TOKEN_POW, "^"},
    {TOKEN_EQ, "=="},
    {TOKEN_NEQ, "!="},
    {TOKEN_LT, "<"},
    {TOKEN_LE, "<="},
    {TOKEN_GT, ">"},
    {TOKEN_GE, ">="},
    {TOKEN_TRIM_UPPER, "</"},
    {TOKEN_TRIM_LOWER, ">/"},
};

static const char *weir__pq_token_name(enum token_kind kind)
{
    if (kind == TOKEN_NUMBER) {
        return "";
    }
    for (size_t i = 0; i < sizeof lex_names / sizeof lex_names[0]; i++) {
        if (lex_names[i].kind == kind) {
            return lex_names[i].name;
        }
    }
    return "";
}

/* ---- characters ----------------------------------------------------------------------------- */

static bool is_space(int32_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool lex_is_digit(int32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(int32_t c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(int32_t c, const char *set)
{
    return c > 0 && c < 0x80 && strchr(set, c) != NULL;
}

static int32_t peek(const struct lexer *l)
{
    return l->at < l->source.length ? (unsigned char)l->source.at[l->at] : END_OF_TEXT;
}

/* Takes the next rune. */
static int32_t advance(struct lexer *l)
{
    int width;
    int32_t rune;

    if (l->at >= l->source.length) {
        return END_OF_TEXT;
    }
    rune = weir__pq_rune_read(l->source.at + l->at, l->source.length - l->at, &width);
    l->at += (uint32_t)width;
    return rune;
}

static bool lex_accept(struct lexer *l, const char *set)
{
    if (!is_one_of(peek(l), set)) {
        return false;
    }
    l->at++;
    return true;
}

/* ---- tokens --------------------------------------------------------------------------------- */

static struct text so_far(const struct lexer *l)
{
    return (struct text){l->source.at + l->start, l->at - l->start};
}

static struct token emit(struct lexer *l, enum token_kind kind)
{
    struct token token = {(uint8_t)kind, l->start, so_far(l)};

    l->start = l->at;
    return token;
}

static struct token lex_problem(struct lexer *l, const char *what, struct text quoted)
{
    struct sink sink = {l->problem, sizeof l->problem, 0};
    struct token token = {TOKEN_ERROR, l->start, {l->source.at + l->start, 0}};

    sink_string(&sink, what);
    if (quoted.length > 0) {
        weir__pq_sink_quoted(&sink, quoted);
    }
    weir__pq_sink_close(&sink);
    return token;
}

/* A problem with the character that was read last, from `from` on. */
static struct token unexpected(struct lexer *l, const char *what, uint32_t from)
{
    if (from >= l->source.length) {
        return lex_problem(l, "unexpected end of input", TEXT(""));
    }
    return lex_problem(l, what, (struct text){l->source.at + from, l->at - from});
}

/* ---- numbers and durations ------------------------------------------------------------------ */

static bool at_word(const struct lexer *l)
{
    return is_alpha(peek(l)) || lex_is_digit(peek(l));
}

/*
 * A number as far as it looks like one; the parser reads its value. At most one point and one
 * exponent, neither after the other's sign nor after an underscore.
 */
static bool scan_number(struct lexer *l)
{
    const char *digits = "0123456789";
    bool hexadecimal = false, point = false, exponent = false;
    uint32_t from = l->at;

    if (lex_accept(l, "0") && lex_accept(l, "xX")) {
        lex_accept(l, "_");
        digits = "0123456789abcdefABCDEF";
        hexadecimal = true;
    }
    lex_accept(l, ".");
    lex_accept(l, digits);
    while (is_one_of(peek(l), digits) || is_one_of(peek(l), "._eE")) {
        if ((peek(l) == '.' && point) || (is_one_of(peek(l), "eE") && exponent)) {
            l->at++;
            return false;
        }
        if (lex_accept(l, ".")) {
            point = true;
            if (lex_accept(l, "_.") || hexadecimal) {
                return false;
            }
        } else if (lex_accept(l, "eE")) {
            exponent = true;
            lex_accept(l, "+-");
            if (lex_accept(l, "._eE") || peek(l) == END_OF_TEXT) {
                return false;
            }
        } else if (lex_accept(l, "_")) {
            if (lex_accept(l, "._eE") || peek(l) == END_OF_TEXT) {
                return false;
            }
        } else {
            while (lex_accept(l, digits)) {
            }
        }
    }
    return l->at > from && !at_word(l);
}

/* Behind the first digits of a duration: its unit, and more digits with units. */
static bool scan_duration(struct lexer *l)
{
    const char *units = "smhdwy";

    for (;;) {
        if (!lex_accept(l, units)) {
            return false;
        }
        lex_accept(l, "s"); /* of ms; others are refused when the duration is read */
        if (!lex_accept(l, "0123456789")) {
            return !at_word(l);
        }
        while (lex_accept(l, "0123456789")) {
        }
        units = "smhdw";
    }
}

static struct token number_or_duration(struct lexer *l)
{
    l->state = LEX_STATEMENTS;
    if (scan_number(l)) {
        return emit(l, TOKEN_NUMBER);
    }
    if (scan_duration(l)) {
        return emit(l, TOKEN_DURATION);
    }
    return lex_problem(l, "bad number or duration syntax: ", so_far(l));
}

/* ---- strings -------------------------------------------------------------------------------- */

/* An escape after its backslash; gives NULL or what is wrong. */
static const char *scan_escape(struct lexer *l, int32_t quote)
{
    int32_t c = advance(l);
    uint32_t base = 16, most = RUNE_MAX, value = 0;
    int digits;

    if (c == quote || is_one_of(c, "abfnrtv\\")) {
        return NULL;
    }
    if (c == END_OF_TEXT) {
        return "escape sequence not terminated";
    }
    if (c >= '0' && c <= '7') {
        digits = 3;
        base = 8;
        most = 255;
    } else if (c == 'x' || c == 'u' || c == 'U') {
        digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        most = c == 'x' ? 255 : RUNE_MAX;
        c = advance(l);
    } else {
        return "unknown escape sequence";
    }
    for (; digits > 0; digits--) {
        uint32_t digit = 16;

        if (lex_is_digit(c)) {
            digit = (uint32_t)(c - '0');
        } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        }
        if (digit >= base) {
            return c == END_OF_TEXT ? "escape sequence not terminated"
                                    : "illegal character in escape sequence";
        }
        value = value * base + digit;
        c = digits > 1 ? advance(l) : c;
    }
    return value > most || (value >= 0xD800 && value < 0xE000)
               ? "escape sequence is an invalid Unicode code point"
               : NULL;
}

static struct token lex_string(struct lexer *l, int32_t quote)
{
    bool raw = quote == '`';

    l->state = LEX_STATEMENTS;
    for (;;) {
        int32_t c = advance(l);

        if (c == quote) {
            return emit(l, TOKEN_STRING);
        }
        if (c == END_OF_TEXT || (c == '\n' && !raw)) {
            return lex_problem(l, raw ? "unterminated raw string" : "unterminated quoted string",
                           TEXT(""));
        }
        if (c == RUNE_ERROR) { /* also where it is written out, as upstream */
            return lex_problem(l, "invalid UTF-8 rune", TEXT(""));
        }
        if (c == '\\' && !raw) {
            const char *wrong = scan_escape(l, quote);

            if (wrong != NULL) {
                return lex_problem(l, wrong, TEXT(""));
            }
        }
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

static bool same_word(struct text lex_word, const char *name)
{
    uint32_t i = 0;

    for (; i < lex_word.length && name[i] != '\0'; i++) {
        char c = lex_word.at[i];

        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != name[i]) {
            return false;
        }
    }
    return i == lex_word.length && name[i] == '\0';
}

static bool paren_follows(const struct lexer *l)
{
    uint32_t at = l->at;

    while (at < l->source.length && is_space((unsigned char)l->source.at[at])) {
        at++;
    }
    return at < l->source.length && l->source.at[at] == '(';
}

static struct token lex_word(struct lexer *l)
{
    bool colon = false;
    struct text text;

    while (at_word(l) || peek(l) == ':') {
        colon = colon || peek(l) == ':';
        l->at++;
    }
    text = so_far(l);
    for (size_t i = 0; i < sizeof lex_names / sizeof lex_names[0] && text.length <= 12; i++) {
        if (same_word(text, lex_names[i].name)) {
            bool fill = lex_names[i].kind >= TOKEN_FILL && lex_names[i].kind <= TOKEN_FILL_RIGHT;

            return emit(l, fill && !paren_follows(l) ? TOKEN_IDENTIFIER : lex_names[i].kind);
        }
    }
    return emit(l, colon ? TOKEN_METRIC : TOKEN_IDENTIFIER);
}

/* A keyword that durations know; its first letter was read. TOKEN_ERROR when it is none. */
static struct token duration_word(struct lexer *l, uint32_t from, const char *what)
{
    static const uint8_t kinds[] = {TOKEN_STEP, TOKEN_RANGE, TOKEN_MAX_OF, TOKEN_MIN_OF};
    uint32_t first = l->at;

    if (is_one_of(l->source.at[from] | 0x20, "srm")) {
        while (is_alpha(peek(l))) {
            l->at++;
        }
        for (size_t i = 0; i < sizeof kinds; i++) {
            if (same_word(so_far(l), weir__pq_token_name(kinds[i]))) {
                return emit(l, kinds[i]);
            }
        }
    }
    l->at = first;
    return unexpected(l, what, from);
}

/* ---- states --------------------------------------------------------------------------------- */

static struct token close_paren(struct lexer *l)
{
    struct token token = emit(l, TOKEN_RIGHT_PAREN);

    return --l->parens < 0 ? lex_problem(l, "unexpected right parenthesis ", TEXT(")")) : token;
}

static struct token open_paren(struct lexer *l)
{
    l->parens++;
    return emit(l, TOKEN_LEFT_PAREN);
}

static struct token close_bracket(struct lexer *l)
{
    l->bracket = false;
    return emit(l, TOKEN_RIGHT_BRACKET);
}

/* Operators of arithmetic, which all states outside of braces know. TOKEN_END for others. */
static enum token_kind arithmetic(int32_t c)
{
    switch (c) {
    case '+': return TOKEN_ADD;
    case '-': return TOKEN_SUB;
    case '*': return TOKEN_MUL;
    case '/': return TOKEN_DIV;
    case '%': return TOKEN_MOD;
    case '^': return TOKEN_POW;
    case ',': return TOKEN_COMMA;
    default: return TOKEN_END;
    }
}

static struct token in_duration(struct lexer *l)
{
    uint32_t from;
    int32_t c;

    while (is_space(peek(l))) {
        l->at++;
    }
    l->start = from = l->at;
    c = advance(l);
    if (c == END_OF_TEXT) {
        return lex_problem(l, "unexpected end of input in duration expression", TEXT(""));
    }
    if (arithmetic(c) != TOKEN_END) {
        return emit(l, arithmetic(c));
    }
    if (lex_is_digit(c) || (c == '.' && lex_is_digit(peek(l)))) {
        l->at = from;
        l->duration = true;
        return number_or_duration(l);
    }
    switch (c) {
    case ']':
        l->colon = false;
        l->state = LEX_STATEMENTS;
        return close_bracket(l);
    case ':': {
        struct token token = emit(l, TOKEN_COLON);

        if (!l->duration || l->colon) {
            return lex_problem(l, "unexpected colon in duration expression", TEXT(""));
        }
        l->colon = true;
        return token;
    }
    case '(': return open_paren(l);
    case ')': return close_paren(l);
    default: break;
    }
    l->duration = true;
    return duration_word(l, from, "unexpected character in duration expression: ");
}

static struct token in_braces(struct lexer *l, int32_t c, uint32_t from)
{
    switch (c) {
    case END_OF_TEXT: return lex_problem(l, "unexpected end of input inside braces", TEXT(""));
    case ',': return emit(l, TOKEN_COMMA);
    case '"':
    case '\'':
    case '`': return lex_string(l, c);
    case '=': return emit(l, lex_accept(l, "~") ? TOKEN_MATCH : TOKEN_EQUAL);
    case '!':
        if (lex_accept(l, "~")) {
            return emit(l, TOKEN_NOT_MATCH);
        }
        if (lex_accept(l, "=")) {
            return emit(l, TOKEN_NEQ);
        }
        from = l->at;
        advance(l);
        return unexpected(l, "unexpected character after '!' inside braces: ", from);
    case '}': l->brace = false; return emit(l, TOKEN_RIGHT_BRACE);
    default: break;
    }
    if (is_alpha(c)) {
        while (at_word(l)) {
            l->at++;
        }
        return emit(l, TOKEN_IDENTIFIER);
    }
    return unexpected(l, "unexpected character inside braces: ", from);
}

static struct token equal_or_not(struct lexer *l, int32_t c)
{
    uint32_t from = l->at;

    if (lex_accept(l, "=")) {
        return emit(l, c == '=' ? TOKEN_EQ : TOKEN_NEQ);
    }
    if (c == '=' && peek(l) != '~') {
        return emit(l, TOKEN_EQUAL);
    }
    advance(l);
    return unexpected(
        l,
        c == '=' ? "unexpected character after '=': " : "unexpected character after '!': ", from);
}

static struct token end_of_text(struct lexer *l)
{
    if (l->parens != 0) {
        return lex_problem(l, "unclosed left parenthesis", TEXT(""));
    }
    if (l->bracket) {
        return lex_problem(l, "unclosed left bracket", TEXT(""));
    }
    return emit(l, TOKEN_END);
}

/* A word or a colon: inside brackets only what durations have. */
static struct token name_or_colon(struct lexer *l, int32_t c, uint32_t from)
{
    if (!l->bracket) {
        l->at = from;
        return lex_word(l);
    }
    if (c != ':') {
        return duration_word(l, from, "unexpected character: ");
    }
    if (l->colon) {
        return unexpected(l, "unexpected colon ", from);
    }
    l->colon = true;
    return emit(l, TOKEN_COLON);
}

static struct token in_statement(struct lexer *l, int32_t c, uint32_t from)
{
    if (arithmetic(c) != TOKEN_END) {
        return emit(l, arithmetic(c));
    }
    if (lex_is_digit(c) || (c == '.' && lex_is_digit(peek(l)))) {
        l->at = from;
        return number_or_duration(l);
    }
    if (is_alpha(c) || c == ':') {
        return name_or_colon(l, c, from);
    }
    switch (c) {
    case END_OF_TEXT: return end_of_text(l);
    case '=':
    case '!': return equal_or_not(l, c);
    case '<':
        return emit(l, lex_accept(l, "=") ? TOKEN_LE : lex_accept(l, "/") ? TOKEN_TRIM_UPPER : TOKEN_LT);
    case '>':
        return emit(l, lex_accept(l, "=") ? TOKEN_GE : lex_accept(l, "/") ? TOKEN_TRIM_LOWER : TOKEN_GT);
    case '"':
    case '\'':
    case '`': return lex_string(l, c);
    case '(': return open_paren(l);
    case ')': return close_paren(l);
    case '{': l->brace = true; return emit(l, TOKEN_LEFT_BRACE);
    case '[':
        if (l->bracket) {
            return unexpected(l, "unexpected left bracket ", from);
        }
        l->bracket = true;
        l->colon = l->duration = false;
        l->state = LEX_DURATION;
        return emit(l, TOKEN_LEFT_BRACKET);
    case ']':
        return l->bracket ? close_bracket(l) : unexpected(l, "unexpected right bracket ", from);
    case '@': return emit(l, TOKEN_AT);
    default: return unexpected(l, "unexpected character: ", from);
    }
}

static void weir__pq_lex_open(struct lexer *lexer, struct text source)
{
    memset(lexer, 0, sizeof *lexer);
    lexer->source = source;
}

static struct token weir__pq_lex_next(struct lexer *l)
{
    uint32_t from;
    int32_t c;

    if (l->state == LEX_DURATION) {
        return in_duration(l);
    }
    for (;;) { /* blanks and comments */
        if (is_space(peek(l))) {
            l->at++;
        } else if (peek(l) == '#') {
            while (peek(l) != END_OF_TEXT && peek(l) != '\n' && peek(l) != '\r') {
                l->at++;
            }
        } else {
            break;
        }
    }
    l->start = from = l->at;
    c = advance(l);
    return l->brace ? in_braces(l, c, from) : in_statement(l, c, from);
}

/* ---- lib/promql/memory.c ---- */

/*
 * memory.c - memory that grows in chunks and is freed at once.
 */

struct chunk {
    struct chunk *older;
    size_t bytes; /* of the whole block */
};

enum { CHUNK_MAX = 1 << 20 };

static void weir__pq_arena_open(struct arena *arena, const weir_allocator *allocator, size_t first)
{
    arena->allocator = *allocator;
    arena->chunks = NULL;
    arena->at = arena->end = NULL;
    arena->next = first;
}

static void weir__pq_arena_close(struct arena *arena)
{
    weir_allocator allocator = arena->allocator; /* the arena may lie in one of its chunks */
    struct chunk *chunk = arena->chunks;

    while (chunk != NULL) {
        struct chunk *older = chunk->older;

        allocator.free(allocator.user, chunk, chunk->bytes);
        chunk = older;
    }
}

static void *weir__pq_arena_more(struct arena *arena, size_t bytes)
{
    size_t rounded = (bytes + 7) & ~(size_t)7, wanted = arena->next;
    struct chunk *chunk;

    if (rounded < bytes || rounded > SIZE_MAX - sizeof *chunk) {
        return NULL;
    }
    if (wanted < rounded + sizeof *chunk) {
        wanted = rounded + sizeof *chunk;
    }
    chunk = arena->allocator.alloc(arena->allocator.user, wanted);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->older = arena->chunks;
    chunk->bytes = wanted;
    arena->chunks = chunk;
    arena->at = (char *)(chunk + 1) + rounded;
    arena->end = (char *)chunk + wanted;
    if (arena->next < CHUNK_MAX) {
        arena->next *= 2;
    }
    return chunk + 1;
}

static void *weir__pq_arena_zeroed(struct arena *arena, size_t count, size_t size)
{
    void *block = arena_array(arena, count, size);

    return block != NULL ? memset(block, 0, count * size) : NULL;
}

static struct text weir__pq_arena_text(struct arena *arena, struct text text)
{
    char *copy = arena_take(arena, text.length > 0 ? text.length : 1);

    if (copy != NULL && text.length > 0) {
        memcpy(copy, text.at, text.length);
    }
    return (struct text){copy, text.length};
}

static bool weir__pq_arena_grow(struct arena *arena, void **items, uint32_t used, uint32_t *room,
                         size_t size)
{
    uint32_t more;
    void *bigger;

    if (used < *room) {
        return true;
    }
    if (*room > UINT32_MAX / 2) {
        return false;
    }
    more = *room == 0 ? 4 : 2 * *room;
    bigger = arena_array(arena, more, size);
    if (bigger == NULL) {
        return false;
    }
    if (used > 0) {
        memcpy(bigger, *items, used * size);
    }
    *items = bigger;
    *room = more;
    return true;
}

/* ---- lib/promql/message.c ---- */

/*
 * message.c - text into buffers: UTF-8, quoting as Go's strconv.Quote, errors with their place.
 */

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

static bool follows(const char *at, size_t left, size_t i)
{
    return i < left && ((unsigned char)at[i] & 0xC0) == 0x80;
}

static int32_t weir__pq_rune_read(const char *at, size_t left, int *width)
{
    unsigned char first = (unsigned char)at[0];
    int32_t rune;
    int n;

    *width = 1;
    if (first < 0x80) {
        return first;
    }
    n = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4) {
        return RUNE_ERROR;
    }
    rune = first & (0xFF >> (n + 1));
    for (int i = 1; i < n; i++) {
        if (!follows(at, left, (size_t)i)) {
            return RUNE_ERROR;
        }
        rune = rune << 6 | ((unsigned char)at[i] & 0x3F);
    }
    if (rune < (n == 4   ? 0x10000
                : n == 3 ? 0x800
                         : 0x80) ||
        rune > RUNE_MAX || (rune >= 0xD800 && rune < 0xE000)) {
        return RUNE_ERROR;
    }
    *width = n;
    return rune;
}

static int weir__pq_rune_write(int32_t rune, char *to)
{
    if (rune < 0 || rune > RUNE_MAX || (rune >= 0xD800 && rune < 0xE000)) {
        rune = RUNE_ERROR;
    }
    if (rune < 0x80) {
        to[0] = (char)rune;
        return 1;
    }
    if (rune < 0x800) {
        to[0] = (char)(0xC0 | rune >> 6);
        to[1] = (char)(0x80 | (rune & 0x3F));
        return 2;
    }
    if (rune < 0x10000) {
        to[0] = (char)(0xE0 | rune >> 12);
        to[1] = (char)(0x80 | (rune >> 6 & 0x3F));
        to[2] = (char)(0x80 | (rune & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | rune >> 18);
    to[1] = (char)(0x80 | (rune >> 12 & 0x3F));
    to[2] = (char)(0x80 | (rune >> 6 & 0x3F));
    to[3] = (char)(0x80 | (rune & 0x3F));
    return 4;
}

static bool weir__pq_utf8_valid(const char *at, size_t length)
{
    size_t i = 0;

    while (i < length) {
        int width;

        if (weir__pq_rune_read(at + i, length - i, &width) == RUNE_ERROR && width == 1) {
            return false;
        }
        i += (size_t)width;
    }
    return true;
}

/*
 * Runes beyond ASCII that are assigned but not printable: spaces other than ' ', separators,
 * controls, format characters, private use. Runes that Unicode has not assigned count as printable
 * here, while Go's tables, which change with every version of Unicode, escape them.
 */
static bool weir__pq_rune_printable(int32_t rune)
{
    static const int32_t ranges[][2] = {
        {0x7F, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},     {0x61C, 0x61C},
        {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},
        {0x1680, 0x1680},   {0x180E, 0x180E},   {0x2000, 0x200F},   {0x2028, 0x202F},
        {0x205F, 0x206F},   {0x3000, 0x3000},   {0xD800, 0xF8FF},   {0xFEFF, 0xFEFF},
        {0xFFF9, 0xFFFB},   {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
        {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF},
        {0xE01F0, 0x10FFFF}};

    if (rune < 0x7F) {
        return rune >= 0x20;
    }
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (rune >= ranges[i][0] && rune <= ranges[i][1]) {
            return false;
        }
    }
    return true;
}

/* ---- sinks ---------------------------------------------------------------------------------- */

static void weir__pq_sink_bytes(struct sink *sink, const char *bytes, size_t length)
{
    if (sink->length < sink->capacity) {
        size_t left = sink->capacity - sink->length;

        memcpy(sink->text + sink->length, bytes, length < left ? length : left);
    }
    sink->length += length;
}

static void weir__pq_sink_int(struct sink *sink, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) {
        weir__pq_sink_bytes(sink, "-", 1);
    }
    weir__pq_sink_bytes(sink, digits + at, sizeof digits - at);
}

static void weir__pq_sink_double(struct sink *sink, double value)
{
    char text[NUMBER_TEXT_MAX];

    weir__pq_sink_bytes(sink, text, weir__pq_number_print(value, 'g', text));
}

static void quote_hex(struct sink *sink, char kind, uint32_t value, int digits)
{
    char text[2] = {'\\', kind};

    weir__pq_sink_bytes(sink, text, 2);
    for (int i = digits - 1; i >= 0; i--) {
        weir__pq_sink_bytes(sink, &"0123456789abcdef"[value >> (4 * i) & 0xF], 1);
    }
}

static void quote_rune(struct sink *sink, int32_t rune, const char *at, int width)
{
    static const char escapes[] = "abtnvfr"; /* of the codes from 7 to 13 */
    char pair[2] = {'\\', (char)rune};

    if (rune == '"' || rune == '\\') {
        weir__pq_sink_bytes(sink, pair, 2);
    } else if (rune == RUNE_ERROR && width == 1) {
        quote_hex(sink, 'x', (unsigned char)*at, 2);
    } else if (weir__pq_rune_printable(rune)) {
        weir__pq_sink_bytes(sink, at, (size_t)width);
    } else if (rune >= 7 && rune <= 13) {
        pair[1] = escapes[rune - 7];
        weir__pq_sink_bytes(sink, pair, 2);
    } else if (rune < ' ' || rune == 0x7F) {
        quote_hex(sink, 'x', (uint32_t)rune, 2);
    } else if (rune < 0x10000) {
        quote_hex(sink, 'u', (uint32_t)rune, 4);
    } else {
        quote_hex(sink, 'U', (uint32_t)rune, 8);
    }
}

static void weir__pq_sink_quoted(struct sink *sink, struct text text)
{
    uint32_t i = 0;

    weir__pq_sink_bytes(sink, "\"", 1);
    while (i < text.length) {
        int width;
        int32_t rune = weir__pq_rune_read(text.at + i, text.length - i, &width);

        quote_rune(sink, rune, text.at + i, width);
        i += (uint32_t)width;
    }
    weir__pq_sink_bytes(sink, "\"", 1);
}

static void weir__pq_sink_close(struct sink *sink)
{
    size_t end = sink->length;

    if (sink->capacity == 0) {
        return;
    }
    if (end >= sink->capacity) { /* cut, but not within a rune */
        end = sink->capacity - 1;
        while (end > 0 && ((unsigned char)sink->text[end] & 0xC0) == 0x80) {
            end--;
        }
    }
    sink->text[end] = '\0';
}

/* ---- errors --------------------------------------------------------------------------------- */

static void weir__pq_position(struct text source, uint32_t position, int32_t *line, int32_t *column)
{
    *line = 1;
    *column = 1;
    for (uint32_t i = 0; i < position && i < source.length; i++) {
        if (source.at[i] == '\n') {
            (*line)++;
            *column = 1;
        } else {
            (*column)++;
        }
    }
}

static void put_part(struct sink *sink, const struct part *part)
{
    switch (part->kind) {
    case 's': sink_string(sink, part->what); break;
    case 't': sink_text(sink, *(const struct text *)part->what); break;
    case 'q': weir__pq_sink_quoted(sink, *(const struct text *)part->what); break;
    case 'i': weir__pq_sink_int(sink, *(const int64_t *)part->what); break;
    default: weir__pq_sink_double(sink, *(const double *)part->what); break;
    }
}

static void weir__pq_error(weir_error *err, weir_status status, struct text source, uint32_t position,
                    const struct part *parts, size_t count)
{
    struct sink sink;

    if (err == NULL) {
        return;
    }
    memset(err, 0, sizeof *err);
    err->status = status;
    if (source.at != NULL) {
        weir__pq_position(source, position, &err->line, &err->column);
    }
    sink = (struct sink){err->message, sizeof err->message, 0};
    for (size_t i = 0; i < count; i++) {
        put_part(&sink, &parts[i]);
    }
    weir__pq_sink_close(&sink);
}

/* ---- lib/promql/number.c ---- */

/*
 * number.c - doubles to the shortest digits that read back, and digits to the nearest double.
 *
 * Writing is the free-format algorithm of Steele and White; reading divides exactly, after the
 * quick case of few digits and a small power of ten, which one rounded operation settles (Clinger).
 */

enum { DIGITS_MAX = 800, MANTISSA_BITS = 52 };

/* 0.d1 d2 d3 ... times 10^point */
struct decimal {
    char digits[24];
    int count, point;
};

/* ---- writing -------------------------------------------------------------------------------- */

/* The value and half the gaps to its neighbours, all over one denominator. */
struct interval {
    struct big value, denominator, up, down;
};

static void interval_of(struct interval *in, uint64_t mantissa, int exponent, bool narrow)
{
    int twice = narrow ? 2 : 1; /* the gap below a power of two is half of that above */

    weir__pq_big_set(&in->value, mantissa);
    weir__pq_big_set(&in->denominator, 1);
    weir__pq_big_set(&in->up, 1);
    weir__pq_big_set(&in->down, 1);
    weir__pq_big_shift(&in->value, twice + (exponent > 0 ? exponent : 0));
    weir__pq_big_shift(&in->denominator, twice + (exponent < 0 ? -exponent : 0));
    weir__pq_big_shift(&in->up, twice - 1 + (exponent > 0 ? exponent : 0));
    weir__pq_big_shift(&in->down, exponent > 0 ? exponent : 0);
}

static void times_ten(struct interval *in)
{
    weir__pq_big_multiply_add(&in->value, 10, 0);
    weir__pq_big_multiply_add(&in->up, 10, 0);
    weir__pq_big_multiply_add(&in->down, 10, 0);
}

/* Scales so that the first digit comes next; gives the decimal point. */
static int number_scale(struct interval *in, int exponent, uint64_t mantissa, bool even)
{
    int power = exponent - 1, point = 0, over;

    for (uint64_t m = mantissa; m > 0; m >>= 1) {
        power++;
    }
    if (power != 0) { /* 2^power <= value: the point is 1 + floor(power log10(2)), or one more */
        enum { LOG10_2 = 1262611, UNIT = 1 << 22 };
        int64_t product = (int64_t)power * LOG10_2;

        point = 1 + (int)(product / UNIT) - (product % UNIT < 0 ? 1 : 0);
    }
    if (point >= 0) {
        weir__pq_big_multiply_ten(&in->denominator, point);
    } else {
        weir__pq_big_multiply_ten(&in->value, -point);
        weir__pq_big_multiply_ten(&in->up, -point);
        weir__pq_big_multiply_ten(&in->down, -point);
    }
    over = weir__pq_big_compare_sum(&in->value, &in->up, &in->denominator);
    if (over > 0 || (over == 0 && even)) {
        return point + 1;
    }
    times_ten(in);
    return point;
}

static void shortest(uint64_t bits, struct decimal *d)
{
    uint64_t mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    int exponent = (int)(bits >> MANTISSA_BITS & 0x7FF);
    bool even = (mantissa & 1) == 0, narrow = mantissa == 0 && exponent > 1, low, high;
    struct interval in;

    if (exponent > 0) {
        mantissa |= UINT64_C(1) << MANTISSA_BITS;
    } else {
        exponent = 1;
    }
    exponent -= 1075;
    interval_of(&in, mantissa, exponent, narrow);
    d->point = number_scale(&in, exponent, mantissa, even);
    d->count = 0;
    for (;;) {
        int digit = 0, below, above;

        while (weir__pq_big_compare(&in.value, &in.denominator) >= 0) {
            weir__pq_big_subtract(&in.value, &in.denominator);
            digit++;
        }
        below = weir__pq_big_compare(&in.value, &in.down);
        above = weir__pq_big_compare_sum(&in.value, &in.up, &in.denominator);
        low = below < 0 || (below == 0 && even);
        high = above > 0 || (above == 0 && even);
        if (!low && !high) {
            d->digits[d->count++] = (char)('0' + digit);
            times_ten(&in);
            continue;
        }
        if (low && high) { /* both neighbours read back: the nearer one, even in the middle */
            int half = weir__pq_big_compare_sum(&in.value, &in.value, &in.denominator);

            high = half > 0 || (half == 0 && digit % 2 == 1);
        }
        d->digits[d->count++] = (char)('0' + digit + (high ? 1 : 0));
        return;
    }
}

static size_t put_plain(const struct decimal *d, char *to)
{
    size_t n = 0;
    int i = 0;

    if (d->point <= 0) {
        to[n++] = '0';
    }
    for (; i < d->point; i++) {
        to[n++] = (char)(i < d->count ? d->digits[i] : '0');
    }
    if (d->count > d->point) {
        to[n++] = '.';
        for (int zero = d->point; zero < 0; zero++) {
            to[n++] = '0';
        }
        for (; i < d->count; i++) {
            to[n++] = d->digits[i];
        }
    }
    return n;
}

static size_t put_scientific(const struct decimal *d, char *to)
{
    int exponent = d->point - 1, left = exponent < 0 ? -exponent : exponent;
    size_t n = 0;

    to[n++] = d->digits[0];
    if (d->count > 1) {
        to[n++] = '.';
        memcpy(to + n, d->digits + 1, (size_t)d->count - 1);
        n += (size_t)d->count - 1;
    }
    to[n++] = 'e';
    to[n++] = (char)(exponent < 0 ? '-' : '+');
    if (left >= 100) {
        to[n++] = (char)('0' + left / 100);
    }
    to[n++] = (char)('0' + left / 10 % 10);
    to[n++] = (char)('0' + left % 10);
    return n;
}

static size_t print_word(struct text word, char *text)
{
    memcpy(text, word.at, word.length);
    return word.length;
}

static size_t weir__pq_number_print(double value, char format, char text[NUMBER_TEXT_MAX])
{
    struct decimal d = {{'0'}, 1, 1};
    size_t sign = 0;

    if (is_nan(value)) {
        return print_word(TEXT("NaN"), text);
    }
    if (is_inf(value)) {
        return print_word(value > 0 ? TEXT("+Inf") : TEXT("-Inf"), text);
    }
    if (is_negative(value)) {
        text[sign++] = '-';
    }
    if (value != 0) {
        shortest(to_bits(value) & ~BITS_SIGN, &d);
    }
    if (format == 'e' || (format == 'g' && (d.point < -3 || d.point > 6))) {
        return sign + put_scientific(&d, text + sign);
    }
    return sign + put_plain(&d, text + sign);
}

/* ---- reading -------------------------------------------------------------------------------- */

/*
 * Puts together mantissa * 2^exponent, where the mantissa has its highest bit set and `rest` says
 * whether anything was cut off below it. Rounds half to even.
 */
static enum number_outcome assemble(uint64_t mantissa, int exponent, bool rest, double *value)
{
    int drop = 11;
    uint64_t kept, half;

    exponent += 63 + 1023; /* of the highest bit, biased */
    if (exponent <= 0) {
        drop += 1 - exponent;
        exponent = 0;
    }
    if (drop > 64) {
        *value = 0;
        return NUMBER_FINE;
    }
    kept = drop == 64 ? 0 : mantissa >> drop;
    half = mantissa << (64 - drop);
    if (half > BITS_SIGN || (half == BITS_SIGN && (rest || (kept & 1) == 1))) {
        kept++;
    }
    /* A carry out of the mantissa goes into the exponent by itself. */
    kept += exponent > 0 ? (uint64_t)(exponent - 1) << MANTISSA_BITS : 0;
    if (kept >= BITS_INFINITY) {
        *value = INFINITE;
        return NUMBER_RANGE;
    }
    *value = from_bits(kept);
    return NUMBER_FINE;
}

/* digits * 10^power; `rest` says that more digits, not all 0, follow. */
static enum number_outcome divide(struct big *digits, int power, bool rest, double *value)
{
    struct big denominator;
    uint64_t mantissa = 0;
    int exponent;

    weir__pq_big_set(&denominator, 1);
    weir__pq_big_multiply_ten(power >= 0 ? digits : &denominator, power >= 0 ? power : -power);
    exponent = weir__pq_big_bits(digits) - weir__pq_big_bits(&denominator);
    weir__pq_big_shift(exponent < 0 ? digits : &denominator, exponent < 0 ? -exponent : exponent);
    if (weir__pq_big_compare(digits, &denominator) < 0) {
        weir__pq_big_shift(digits, 1);
        exponent--;
    }
    for (int i = 0; i < 64; i++) { /* now 1 <= digits / denominator < 2: one bit a turn */
        mantissa <<= 1;
        if (weir__pq_big_compare(digits, &denominator) >= 0) {
            weir__pq_big_subtract(digits, &denominator);
            mantissa |= 1;
        }
        weir__pq_big_shift(digits, 1);
    }
    return assemble(mantissa, exponent - 63, rest || digits->count > 0, value);
}

/* What a number consists of, while it is read. */
struct scan {
    const char *at, *end;
    bool hexadecimal, underscores, any, rest;
    struct big digits;
    uint64_t mantissa; /* the same, while it fits */
    int count;         /* significant digits in `digits` */
    int64_t power;     /* of ten, or of two */
};

static int digit_of(char c, bool hexadecimal)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return hexadecimal && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void take_digit(struct scan *s, int digit, bool fraction)
{
    int base = s->hexadecimal ? 16 : 10, most = s->hexadecimal ? 16 : DIGITS_MAX;

    s->any = true;
    if (s->count == 0 && digit == 0) { /* leading zeros */
        s->power -= fraction;
        return;
    }
    if (s->count >= most) {
        s->rest |= digit > 0;
        s->power += !fraction;
        return;
    }
    if (s->count < 19 || s->hexadecimal) {
        s->mantissa = s->mantissa * (uint64_t)base + (uint64_t)digit;
    }
    if (!s->hexadecimal) {
        weir__pq_big_multiply_add(&s->digits, 10, (uint32_t)digit);
    }
    s->count++;
    s->power -= fraction;
}

static bool scan_mantissa(struct scan *s)
{
    bool fraction = false;

    for (; s->at < s->end; s->at++) {
        int digit = digit_of(*s->at, s->hexadecimal);

        if (digit >= 0) {
            take_digit(s, digit, fraction);
        } else if (*s->at == '_') {
            s->underscores = true;
        } else if (*s->at == '.' && !fraction) {
            fraction = true;
        } else {
            break;
        }
    }
    if (s->hexadecimal) {
        s->power *= 4;
    }
    return s->any;
}

static bool scan_exponent(struct scan *s)
{
    bool negative = false;
    int64_t exponent = 0;

    if (s->at == s->end) {
        return !s->hexadecimal; /* which cannot do without one */
    }
    if ((*s->at | 0x20) != (s->hexadecimal ? 'p' : 'e')) {
        return false;
    }
    s->at++;
    if (s->at < s->end && (*s->at == '+' || *s->at == '-')) {
        negative = *s->at++ == '-';
    }
    if (s->at == s->end || *s->at < '0' || *s->at > '9') {
        return false;
    }
    for (; s->at < s->end && ((*s->at >= '0' && *s->at <= '9') || *s->at == '_'); s->at++) {
        if (*s->at == '_') {
            s->underscores = true;
        } else if (exponent < 100000) {
            exponent = 10 * exponent + (*s->at - '0');
        }
    }
    s->power += negative ? -exponent : exponent;
    return s->at == s->end;
}

/* Underscores stand between digits, or after the base prefix. */
static bool underscores_fit(const char *at, const char *end)
{
    bool hexadecimal = false;
    char before = '^';

    if (end - at >= 2 && at[0] == '0' && (at[1] | 0x20) == 'x') {
        hexadecimal = true;
        before = '0';
        at += 2;
    }
    for (; at < end; at++) {
        if (digit_of(*at, hexadecimal) >= 0) {
            before = '0';
        } else if (*at == '_') {
            if (before != '0') {
                return false;
            }
            before = '_';
        } else {
            if (before == '_') {
                return false;
            }
            before = '!';
        }
    }
    return before != '_';
}

static enum number_outcome hexadecimal_value(struct scan *s, double *value)
{
    if (s->count == 0) {
        *value = 0;
        return NUMBER_FINE;
    }
    while ((s->mantissa & BITS_SIGN) == 0) {
        s->mantissa <<= 1;
        s->power--;
    }
    if (s->power > 2000 || s->power < -2000) {
        *value = s->power > 0 ? INFINITE : 0;
        return s->power > 0 ? NUMBER_RANGE : NUMBER_FINE;
    }
    return assemble(s->mantissa, (int)s->power, s->rest, value);
}

static enum number_outcome decimal_value(struct scan *s, double *value)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    enum { EXACT = 22 };

    if (s->count == 0) {
        *value = 0;
        return NUMBER_FINE;
    }
    if (s->count <= 19 && s->mantissa <= UINT64_C(1) << 53 && s->power <= EXACT &&
        s->power >= -EXACT) {
        *value = s->power >= 0 ? (double)s->mantissa * tens[s->power]
                               : (double)s->mantissa / tens[-s->power];
        return NUMBER_FINE;
    }
    if (s->count + s->power > 310) {
        *value = INFINITE;
        return NUMBER_RANGE;
    }
    if (s->count + s->power < -330) {
        *value = 0;
        return NUMBER_FINE;
    }
    return divide(&s->digits, (int)s->power, s->rest, value);
}

/* Whether the text, in any case, is the word. */
static bool number_is_word(const char *at, const char *end, const char *word)
{
    for (; at < end && *word != '\0'; at++, word++) {
        if ((*at | 0x20) != *word) {
            return false;
        }
    }
    return at == end && *word == '\0';
}

static enum number_outcome weir__pq_number_parse(struct text text, double *value)
{
    struct scan s = {.at = text.at, .end = text.at + text.length};
    bool sign = text.length > 0 && (text.at[0] == '+' || text.at[0] == '-');
    const char *number = text.at + sign;
    enum number_outcome outcome;

    *value = 0;
    if (text.length == 0) {
        return NUMBER_SYNTAX;
    }
    if (number_is_word(number, s.end, "inf") || number_is_word(number, s.end, "infinity")) {
        *value = text.at[0] == '-' ? -INFINITE : INFINITE;
        return NUMBER_FINE;
    }
    if (number_is_word(text.at, s.end, "nan")) {
        *value = NOT_A_NUMBER;
        return NUMBER_FINE;
    }
    s.at = number;
    if (s.end - s.at >= 2 && s.at[0] == '0' && (s.at[1] | 0x20) == 'x') {
        s.hexadecimal = true;
        s.at += 2;
    }
    weir__pq_big_set(&s.digits, 0);
    if (!scan_mantissa(&s) || !scan_exponent(&s) ||
        (s.underscores && !underscores_fit(number, s.end))) {
        return NUMBER_SYNTAX;
    }
    outcome = s.hexadecimal ? hexadecimal_value(&s, value) : decimal_value(&s, value);
    *value = text.at[0] == '-' ? -*value : *value;
    return outcome;
}

static enum number_outcome weir__pq_literal_parse(struct text text, double *value)
{
    bool hexadecimal = text.length > 1 && text.at[0] == '0' && (text.at[1] | 0x20) == 'x';
    bool octal = !hexadecimal && text.length > 1 && text.at[0] == '0';
    uint64_t base = hexadecimal ? 16 : octal ? 8 : 10, whole = 0;
    const char *at = text.at + (hexadecimal ? 2 : octal ? 1 : 0), *end = text.at + text.length;
    bool fits = at < end && underscores_fit(text.at, end);

    for (; fits && at < end; at++) {
        int digit = digit_of(*at, hexadecimal);

        if (*at == '_') {
            continue;
        }
        fits = digit >= 0 && (uint64_t)digit < base &&
               whole <= ((uint64_t)INT64_MAX - (uint64_t)digit) / base;
        whole = whole * base + (uint64_t)(digit > 0 ? digit : 0);
    }
    if (fits) {
        *value = (double)(int64_t)whole;
        return NUMBER_FINE;
    }
    return weir__pq_number_parse(text, value);
}

/* ---- lib/promql/order.c ---- */

/*
 * order.c - sorting of values, and quantiles of sorted ones.
 *
 * Upstream: promql/functions.go and quantile.go, quantile().
 */

static bool comes_after(double a, double b, bool descending)
{
    return is_nan(a) ? !is_nan(b) : descending ? a < b : a > b;
}

static void merge(const struct ranked *from, size_t middle, size_t end, bool descending,
                  struct ranked *to)
{
    size_t left = 0, right = middle;

    for (size_t i = 0; i < end; i++) {
        bool take_right =
            right < end &&
            (left == middle || comes_after(from[left].value, from[right].value, descending));

        to[i] = take_right ? from[right++] : from[left++];
    }
}

static void weir__pq_sort_ranked(struct ranked *items, struct ranked *scratch, size_t count,
                          bool descending)
{
    struct ranked *from = items, *to = scratch;

    for (size_t size = 1; size < count; size *= 2) {
        struct ranked *other = from;

        for (size_t at = 0; at < count; at += 2 * size) {
            size_t end = count - at < 2 * size ? count - at : 2 * size;

            merge(from + at, size < end ? size : end, end, descending, to + at);
        }
        from = to;
        to = other;
    }
    if (from != items && count > 0) {
        memcpy(items, from, count * sizeof *items);
    }
}

static bool order_below(double a, double b)
{
    return is_nan(a) ? !is_nan(b) : a < b;
}

static void order_sift(double *values, size_t at, size_t count)
{
    for (;;) {
        size_t child = 2 * at + 1;
        double value = values[at];

        if (child >= count) {
            return;
        }
        child += child + 1 < count && order_below(values[child], values[child + 1]);
        if (!order_below(value, values[child])) {
            return;
        }
        values[at] = values[child];
        values[child] = value;
        at = child;
    }
}

static void weir__pq_sort_values(double *values, size_t count)
{
    enum { FEW = 16 };

    if (count <= FEW) {
        for (size_t i = 1; i < count; i++) {
            double value = values[i];
            size_t at = i;

            for (; at > 0 && order_below(value, values[at - 1]); at--) {
                values[at] = values[at - 1];
            }
            values[at] = value;
        }
        return;
    }
    for (size_t at = count / 2; at > 0; at--) {
        order_sift(values, at - 1, count);
    }
    for (size_t end = count - 1; end > 0; end--) {
        double value = values[0];

        values[0] = values[end];
        values[end] = value;
        order_sift(values, 0, end);
    }
}

static double weir__pq_quantile(double q, const double *sorted, size_t count, bool exact)
{
    double rank, low, high, weight;

    if (is_nan(q) || count == 0) {
        return NOT_A_NUMBER;
    }
    if (q < 0) {
        return -INFINITE;
    }
    if (q > 1) {
        return INFINITE;
    }
    rank = q * ((double)count - 1);
    low = weir__pq_go_max(0, weir__pq_go_floor(rank));
    high = weir__pq_go_min((double)count - 1, low + 1);
    weight = rank - weir__pq_go_floor(rank);
    if (exact && weight == 0) {
        return sorted[(size_t)low];
    }
    return sorted[(size_t)low] * (1 - weight) + sorted[(size_t)high] * weight;
}

/* ---- lib/promql/parse.c ---- */

/*
 * parse.c - expressions: operators by precedence, calls, aggregations, and what they are made of.
 *
 * From weakest to strongest: or; and, unless; comparisons; + -; * / % atan2 and a sign in front;
 * ^, which alone groups to the right; then what stands behind an operand: [range], offset, @.
 *
 * Upstream: promql/parser/generated_parser.y and parse.go.
 */

enum { PRECEDENCE_OR = 1, PRECEDENCE_MUL = 5, PRECEDENCE_POW = 6 };

static struct node *parse_expression(struct parser *p, int weakest);

/* ---- tokens and errors ---------------------------------------------------------------------- */

static void weir__pq_parse_advance(struct parser *p)
{
    p->token = p->ahead;
    if (p->ahead.kind != TOKEN_END && p->ahead.kind != TOKEN_ERROR) {
        p->ahead = weir__pq_lex_next(&p->lexer);
    }
}

static struct node *weir__pq_parse_memory(struct parser *p)
{
    p->status = WEIR_E_MEMORY;
    return NULL;
}

static struct node *weir__pq_parse_fail(struct parser *p, uint32_t at, const char *what)
{
    if (p->status == WEIR_OK) {
        p->status = FAIL(p->err, WEIR_E_PARSE, p->source, at, {'s', what});
    }
    return NULL;
}

/* What the token at hand is called. */
static const char *kind_of(const struct token *token)
{
    switch (token->kind) {
    case TOKEN_IDENTIFIER: return "identifier ";
    case TOKEN_METRIC: return "metric identifier ";
    case TOKEN_STRING: return "string ";
    case TOKEN_NUMBER: return "number ";
    case TOKEN_DURATION: return "duration ";
    default: return "";
    }
}

static struct node *weir__pq_parse_unexpected(struct parser *p, const char *context, const char *expected)
{
    const struct token *token = &p->token;
    struct text text = token->text;

    if (p->status != WEIR_OK) {
        return NULL;
    }
    if (token->kind == TOKEN_ERROR) {
        return weir__pq_parse_fail(p, token->at, p->lexer.problem);
    }
    if (token->kind == TOKEN_END) {
        p->status =
            FAIL(p->err, WEIR_E_PARSE, p->source, token->at, {'s', "unexpected end of input"},
                 {'s', context}, {'s', expected[0] != '\0' ? ", expected " : ""}, {'s', expected});
        return NULL;
    }
    text.length = text.length > 60 ? 60 : text.length;
    p->status = FAIL(p->err, WEIR_E_PARSE, p->source, token->at, {'s', "unexpected "},
                     {'s', kind_of(token)}, {'q', &text}, {'s', context},
                     {'s', expected[0] != '\0' ? ", expected " : ""}, {'s', expected});
    return NULL;
}

static struct node *weir__pq_parse_node(struct parser *p, enum node_kind kind, uint32_t start)
{
    struct node *node = weir__pq_arena_zeroed(p->arena, 1, sizeof *node);

    if (node == NULL) {
        return weir__pq_parse_memory(p);
    }
    node->kind = (uint8_t)kind;
    node->start = start;
    node->end = start;
    node->depth = 1;
    return node;
}

static struct node *too_deep(struct parser *p, uint32_t at)
{
    int64_t most = WEIR_PROMQL_DEPTH_MAX;

    p->status =
        FAIL(p->err, WEIR_E_LIMIT, p->source, at, {'s', "the expression is nested deeper than "},
             {'i', &most}, {'s', " levels"});
    return NULL;
}

/* Makes `node` the parent of `child`; false when the tree becomes too deep. */
static bool weir__pq_parse_deepen(struct parser *p, struct node *node, const struct node *child)
{
    if (child->depth >= node->depth) {
        node->depth = (uint16_t)(child->depth + 1);
    }
    return node->depth <= WEIR_PROMQL_DEPTH_MAX || too_deep(p, node->start) != NULL;
}

/* ---- literals ------------------------------------------------------------------------------- */

static bool put_escape(const char **at, const char *end, char **to, char quote)
{
    static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    char c = *(*at)++;
    const char *letter = strchr(letters, c);
    int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    int32_t rune = 0;

    if (letter != NULL && c != '\0') {
        *(*to)++ = values[letter - letters];
        return true;
    }
    if (c == quote) {
        *(*to)++ = c;
        return true;
    }
    if (digits == 0) { /* octal */
        for (int i = 0; i < 3; i++) {
            rune = rune * 8 + ((i == 0 ? c : *(*at)++) - '0');
        }
        *(*to)++ = (char)rune;
        return true;
    }
    for (; digits > 0 && *at < end; digits--) {
        char d = *(*at)++;

        rune = rune * 16 + (d <= '9' ? d - '0' : (d | 0x20) - 'a' + 10);
    }
    if (c == 'x') {
        *(*to)++ = (char)rune;
    } else {
        *to += weir__pq_rune_write(rune, *to);
    }
    return true;
}

/* The lexer has let only well-formed escapes through, and they never grow. */
static bool weir__pq_parse_string(struct parser *p, struct text *value)
{
    struct text quoted = p->token.text;
    const char *at = quoted.at + 1, *end = quoted.at + quoted.length - 1;
    char quote = quoted.at[0], *text, *to;

    if (quote == '`' || memchr(at, '\\', (size_t)(end - at)) == NULL) {
        *value = (struct text){at, (uint32_t)(end - at)};
        return true;
    }
    text = to = arena_take(p->arena, quoted.length);
    if (text == NULL) {
        weir__pq_parse_memory(p);
        return false;
    }
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
        } else {
            at++;
            put_escape(&at, end, &to, quote);
        }
    }
    *value = (struct text){text, (uint32_t)(to - text)};
    return true;
}

static struct node *weir__pq_parse_number(struct parser *p)
{
    struct token token = p->token;
    struct node *node = weir__pq_parse_node(p, NODE_NUMBER, token.at);
    enum number_outcome outcome;

    if (node == NULL) {
        return NULL;
    }
    node->type = WEIR_PROMQL_SCALAR;
    node->end = token.at + token.text.length;
    if (token.kind == TOKEN_DURATION) {
        int64_t ns = 0, whole;
        const char *wrong = weir__pq_duration_parse(token.text, &ns);

        if (wrong != NULL) {
            return weir__pq_parse_fail(p, token.at, wrong);
        }
        node->number.duration = true;
        whole = ns / WEIR_SECOND;
        node->number.value = (double)whole + (double)(ns - whole * WEIR_SECOND) / 1e9;
    } else {
        outcome = weir__pq_literal_parse(token.text, &node->number.value);
        if (outcome != NUMBER_FINE) {
            return weir__pq_parse_fail(
                p, token.at, outcome == NUMBER_RANGE ? "number out of range" : "this is no number");
        }
    }
    weir__pq_parse_advance(p);
    return node;
}

static struct node *parse_string_literal(struct parser *p)
{
    struct node *node = weir__pq_parse_node(p, NODE_STRING, p->token.at);

    if (node == NULL || !weir__pq_parse_string(p, &node->string)) {
        return NULL;
    }
    node->type = WEIR_PROMQL_STRING;
    node->end = p->token.at + p->token.text.length;
    weir__pq_parse_advance(p);
    return node;
}

static struct node *parse_paren(struct parser *p)
{
    struct node *node = weir__pq_parse_node(p, NODE_PAREN, p->token.at);

    weir__pq_parse_advance(p);
    if (node == NULL || (node->inner = parse_expression(p, PRECEDENCE_OR)) == NULL ||
        !weir__pq_parse_deepen(p, node, node->inner)) {
        return NULL;
    }
    node->type = node->inner->type;
    node->end = p->token.at + 1;
    if (!parse_accept(p, TOKEN_RIGHT_PAREN)) {
        return weir__pq_parse_unexpected(p, "", "\")\"");
    }
    return node;
}

/* ---- label lists ---------------------------------------------------------------------------- */

/* Words that a list of labels takes as names: all but `without`. */
static bool is_label(const struct token *token)
{
    int kind = token->kind;

    return kind == TOKEN_IDENTIFIER || kind == TOKEN_METRIC || kind == TOKEN_ATAN2 ||
           (kind >= TOKEN_AND && kind <= TOKEN_MIN_OF && kind != TOKEN_WITHOUT);
}

static bool parse_label(struct parser *p, struct text *name)
{
    if (parse_is(p, TOKEN_STRING)) {
        if (!weir__pq_parse_string(p, name)) {
            return false;
        }
        if (name->length == 0 || !weir__pq_utf8_valid(name->at, name->length)) {
            weir__pq_parse_fail(p, p->token.at, "invalid label name for grouping");
            return false;
        }
    } else if (is_label(&p->token)) {
        *name = p->token.text;
    } else {
        weir__pq_parse_unexpected(p, " in grouping opts", "label");
        return false;
    }
    weir__pq_parse_advance(p);
    return true;
}

/* (a, b), with a comma at the end if one likes. */
static bool parse_labels(struct parser *p, struct labels_list *list)
{
    uint32_t room = 0;

    if (!parse_accept(p, TOKEN_LEFT_PAREN)) {
        weir__pq_parse_unexpected(p, " in grouping opts", "\"(\"");
        return false;
    }
    while (!parse_is(p, TOKEN_RIGHT_PAREN)) {
        void *items = list->items;

        if (!weir__pq_arena_grow(p->arena, &items, list->count, &room, sizeof *list->items)) {
            weir__pq_parse_memory(p);
            return false;
        }
        list->items = items;
        if (!parse_label(p, &list->items[list->count])) {
            return false;
        }
        list->count++;
        if (!parse_accept(p, TOKEN_COMMA) && !parse_is(p, TOKEN_RIGHT_PAREN)) {
            weir__pq_parse_unexpected(p, " in grouping opts", "\",\" or \")\"");
            return false;
        }
    }
    weir__pq_parse_advance(p);
    return true;
}

/* ---- calls and aggregations ------------------------------------------------------------------ */

struct arguments {
    struct node **items;
    uint32_t count, end; /* end: behind the closing parenthesis */
};

/* (x, y), the opening parenthesis at hand; makes them children of `node`. */
static bool parse_arguments(struct parser *p, struct node *node, struct arguments *args)
{
    uint32_t room = 0;

    if (!parse_accept(p, TOKEN_LEFT_PAREN)) {
        weir__pq_parse_unexpected(p, node->kind == NODE_AGGREGATE ? " in aggregation" : "",
                                  "\"(\"");
        return false;
    }
    while (!parse_is(p, TOKEN_RIGHT_PAREN)) {
        void *items = args->items;
        struct node *item = parse_expression(p, PRECEDENCE_OR);

        if (item == NULL || !weir__pq_parse_deepen(p, node, item)) {
            return false;
        }
        if (!weir__pq_arena_grow(p->arena, &items, args->count, &room, sizeof(struct node *))) {
            weir__pq_parse_memory(p);
            return false;
        }
        args->items = items;
        args->items[args->count++] = item;
        if (parse_is(p, TOKEN_COMMA) && p->ahead.kind == TOKEN_RIGHT_PAREN) {
            weir__pq_parse_fail(p, p->token.at,
                                "trailing commas not allowed in function call args");
            return false;
        }
        if (!parse_accept(p, TOKEN_COMMA) && !parse_is(p, TOKEN_RIGHT_PAREN)) {
            weir__pq_parse_unexpected(p, "", "\",\" or \")\"");
            return false;
        }
    }
    args->end = p->token.at + 1;
    weir__pq_parse_advance(p);
    return true;
}

static struct node *parse_call(struct parser *p)
{
    struct text name = p->token.text;
    struct node *node = weir__pq_parse_node(p, NODE_CALL, p->token.at);
    struct arguments args = {0};

    if (node == NULL) {
        return NULL;
    }
    node->call.function = weir__pq_function(name);
    if (node->call.function == NULL || node->call.function->experimental) {
        p->status = FAIL(p->err, WEIR_E_PARSE, p->source, node->start,
                         {'s', node->call.function == NULL ? "unknown function with name "
                                                           : "experimental function "},
                         {'q', &name}, {'s', node->call.function == NULL ? "" : " is not enabled"});
        return NULL;
    }
    weir__pq_parse_advance(p);
    if (!parse_arguments(p, node, &args)) {
        return NULL;
    }
    node->call.args = args.items;
    node->call.count = args.count;
    node->type = node->call.function->type;
    node->end = args.end;
    return node;
}

/* by (...) or without (...), if it is there. */
static bool parse_grouping(struct parser *p, struct node *node)
{
    if (!parse_is(p, TOKEN_BY) && !parse_is(p, TOKEN_WITHOUT)) {
        return true;
    }
    node->aggregate.without = parse_is(p, TOKEN_WITHOUT);
    weir__pq_parse_advance(p);
    return parse_labels(p, &node->aggregate.grouping);
}

static struct node *parse_aggregate(struct parser *p)
{
    struct node *node = weir__pq_parse_node(p, NODE_AGGREGATE, p->token.at);
    struct arguments args = {0};
    int64_t wanted, got;
    bool before;

    if (node == NULL) {
        return NULL;
    }
    node->token = p->token.kind;
    node->type = WEIR_PROMQL_VECTOR;
    weir__pq_parse_advance(p);
    before = !parse_is(p, TOKEN_LEFT_PAREN);
    if ((before && !parse_grouping(p, node)) || !parse_arguments(p, node, &args) ||
        (!before && !parse_grouping(p, node))) {
        return NULL;
    }
    node->end = args.end;
    if (node->token == TOKEN_LIMITK || node->token == TOKEN_LIMIT_RATIO) {
        p->status = FAIL(p->err, WEIR_E_PARSE, p->source, node->start,
                         {'s', "experimental aggregation operator "},
                         {'s', weir__pq_token_name(node->token)}, {'s', " is not enabled"});
        return NULL;
    }
    wanted = token_takes_parameter(node->token) ? 2 : 1;
    got = args.count;
    if (got != wanted) {
        p->status = FAIL(p->err, WEIR_E_PARSE, p->source, node->start,
                         {'s', "wrong number of arguments for aggregate expression provided, "
                               "expected "},
                         {'i', &wanted}, {'s', ", got "}, {'i', &got});
        return NULL;
    }
    node->aggregate.parameter = wanted == 2 ? args.items[0] : NULL;
    node->aggregate.inner = args.items[wanted - 1];
    return node;
}

/* ---- operands ------------------------------------------------------------------------------- */

/* Keywords that are the name of a metric where an operand is wanted. */
static bool names_metric(int kind)
{
    return (kind >= TOKEN_AND && kind <= TOKEN_WITHOUT) ||
           (kind >= TOKEN_FILL && kind <= TOKEN_FILL_RIGHT) ||
           (kind >= TOKEN_START && kind <= TOKEN_MIN_OF);
}

static struct node *parse_operand(struct parser *p)
{
    int kind = p->token.kind, next = p->ahead.kind;

    if (kind == TOKEN_NUMBER || kind == TOKEN_DURATION) {
        return weir__pq_parse_number(p);
    }
    if (kind == TOKEN_STRING) {
        return parse_string_literal(p);
    }
    if (kind == TOKEN_LEFT_PAREN) {
        return parse_paren(p);
    }
    if (token_is_aggregation(kind) &&
        (next == TOKEN_LEFT_PAREN || next == TOKEN_BY || next == TOKEN_WITHOUT)) {
        return parse_aggregate(p);
    }
    if (next == TOKEN_LEFT_PAREN &&
        (kind == TOKEN_IDENTIFIER || (kind >= TOKEN_START && kind <= TOKEN_MIN_OF))) {
        return parse_call(p);
    }
    if (kind == TOKEN_IDENTIFIER || kind == TOKEN_METRIC || kind == TOKEN_LEFT_BRACE ||
        names_metric(kind)) {
        return weir__pq_parse_selector(p);
    }
    return weir__pq_parse_unexpected(p, "", "");
}

static struct node *parse_modifier_word(struct parser *p, struct node *inner)
{
    bool anchored = parse_is(p, TOKEN_ANCHORED);
    struct node *selector = inner;

    if (inner->kind == NODE_RANGE) {
        selector = inner->range.inner;
    }
    if (selector->kind != NODE_SELECTOR) {
        return weir__pq_parse_fail(p, inner->start,
                                   "anchored and smoothed belong to selectors and range selectors");
    }
    selector->selector.anchored |= anchored;
    selector->selector.smoothed |= !anchored;
    if (selector->selector.anchored && selector->selector.smoothed) {
        return weir__pq_parse_fail(p, inner->start,
                                   "anchored and smoothed modifiers cannot be used together");
    }
    weir__pq_parse_advance(p);
    return inner;
}

/* An operand with what stands behind it. */
static struct node *parse_postfix(struct parser *p)
{
    struct node *node = parse_operand(p);

    while (node != NULL) {
        switch (p->token.kind) {
        case TOKEN_LEFT_BRACKET: node = weir__pq_parse_range(p, node); break;
        case TOKEN_OFFSET: node = weir__pq_parse_offset(p, node); break;
        case TOKEN_AT: node = weir__pq_parse_at(p, node); break;
        case TOKEN_ANCHORED:
        case TOKEN_SMOOTHED: node = parse_modifier_word(p, node); break;
        default: return node;
        }
    }
    return NULL;
}

static struct node *parse_unary(struct parser *p)
{
    struct node *node, *inner;
    uint32_t start = p->token.at;
    uint8_t sign = p->token.kind;

    if (sign != TOKEN_ADD && sign != TOKEN_SUB) {
        return parse_postfix(p);
    }
    if (++p->depth > WEIR_PROMQL_DEPTH_MAX) {
        return too_deep(p, start);
    }
    weir__pq_parse_advance(p);
    inner = parse_expression(p, PRECEDENCE_POW);
    p->depth--;
    if (inner == NULL) {
        return NULL;
    }
    if (inner->kind == NODE_NUMBER) {
        inner->number.value = sign == TOKEN_SUB ? -inner->number.value : inner->number.value;
        inner->start = start;
        return inner;
    }
    node = weir__pq_parse_node(p, NODE_UNARY, start);
    if (node == NULL || !weir__pq_parse_deepen(p, node, inner)) {
        return NULL;
    }
    node->token = sign;
    node->type = inner->type;
    node->inner = inner;
    node->end = inner->end;
    return node;
}

/* ---- binary operators ----------------------------------------------------------------------- */

/* 0 for a token that is no operator. */
static int precedence(int kind)
{
    switch (kind) {
    case TOKEN_OR: return PRECEDENCE_OR;
    case TOKEN_AND:
    case TOKEN_UNLESS: return 2;
    case TOKEN_ADD:
    case TOKEN_SUB: return 4;
    case TOKEN_MUL:
    case TOKEN_DIV:
    case TOKEN_MOD:
    case TOKEN_ATAN2: return PRECEDENCE_MUL;
    case TOKEN_POW: return PRECEDENCE_POW;
    default:
        return token_is_comparison(kind) || kind == TOKEN_TRIM_UPPER || kind == TOKEN_TRIM_LOWER
                   ? 3
                   : 0;
    }
}

/* bool, on (...), ignoring (...), group_left (...), group_right (...) */
static bool parse_matching(struct parser *p, struct node *node)
{
    if (parse_accept(p, TOKEN_BOOL)) {
        node->binary.returns_bool = true;
    }
    if (parse_is(p, TOKEN_ON) || parse_is(p, TOKEN_IGNORING)) {
        node->binary.on = parse_is(p, TOKEN_ON);
        weir__pq_parse_advance(p);
        if (!parse_labels(p, &node->binary.matching)) {
            return false;
        }
        if (parse_is(p, TOKEN_GROUP_LEFT) || parse_is(p, TOKEN_GROUP_RIGHT)) {
            node->binary.cardinality = parse_is(p, TOKEN_GROUP_LEFT) ? MANY_TO_ONE : ONE_TO_MANY;
            weir__pq_parse_advance(p);
            if (parse_is(p, TOKEN_LEFT_PAREN) && !parse_labels(p, &node->binary.include)) {
                return false;
            }
        }
    }
    if (p->token.kind >= TOKEN_FILL && p->token.kind <= TOKEN_FILL_RIGHT) {
        weir__pq_parse_fail(p, p->token.at,
                            "binop fill modifiers are experimental and not enabled");
        return false;
    }
    return true;
}

static struct node *parse_binary(struct parser *p, struct node *left)
{
    struct node *node = weir__pq_parse_node(p, NODE_BINARY, left->start), *right;
    int strength = precedence(p->token.kind);

    if (node == NULL) {
        return NULL;
    }
    node->token = p->token.kind;
    weir__pq_parse_advance(p);
    if (!parse_matching(p, node)) {
        return NULL;
    }
    right = parse_expression(p, strength == PRECEDENCE_POW ? strength : strength + 1);
    if (right == NULL || !weir__pq_parse_deepen(p, node, left) ||
        !weir__pq_parse_deepen(p, node, right)) {
        return NULL;
    }
    node->binary.left = left;
    node->binary.right = right;
    node->end = right->end;
    node->type = left->type == WEIR_PROMQL_SCALAR && right->type == WEIR_PROMQL_SCALAR
                     ? WEIR_PROMQL_SCALAR
                     : WEIR_PROMQL_VECTOR;
    return node;
}

/* Operators of at least this strength. */
static struct node *parse_expression(struct parser *p, int weakest)
{
    struct node *left;

    if (++p->depth > WEIR_PROMQL_DEPTH_MAX) {
        return too_deep(p, p->token.at);
    }
    left = parse_unary(p);
    while (left != NULL && precedence(p->token.kind) >= weakest) {
        left = parse_binary(p, left);
    }
    p->depth--;
    return left;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static weir_status parse_all(struct weir_promql_expr *expr, weir_error *err)
{
    struct parser p = {.arena = &expr->arena, .source = expr->source, .err = err};

    weir__pq_lex_open(&p.lexer, expr->source);
    p.ahead = weir__pq_lex_next(&p.lexer);
    weir__pq_parse_advance(&p);
    if (parse_is(&p, TOKEN_END)) {
        weir__pq_parse_fail(&p, p.token.at, "no expression found in input");
        return p.status;
    }
    expr->root = parse_expression(&p, PRECEDENCE_OR);
    if (expr->root != NULL && !parse_is(&p, TOKEN_END)) {
        weir__pq_parse_unexpected(&p, "", "");
    }
    if (p.status == WEIR_E_MEMORY) {
        return FAIL(err, WEIR_E_MEMORY, (struct text){0}, 0, {'s', "out of memory"});
    }
    return p.status;
}

weir_status weir_promql_parse(const char *text, size_t length, const weir_allocator *allocator,
                              weir_promql_expr **out, weir_error *err)
{
    struct arena arena;
    struct weir_promql_expr *expr;
    struct text source;
    weir_status status;

    if ((text == NULL && length > 0) || allocator == NULL || out == NULL) {
        return FAIL(err, WEIR_E_ARG, (struct text){0}, 0,
                    {'s', "text, allocator and expr must not be NULL"});
    }
    if (length > INT32_MAX) {
        return FAIL(err, WEIR_E_LIMIT, (struct text){0}, 0, {'s', "an expression over 2 GiB"});
    }
    source = (struct text){length > 0 ? text : "", (uint32_t)length};
    weir__pq_arena_open(&arena, allocator, 2048);
    expr = arena_take(&arena, sizeof *expr);
    if (expr != NULL) {
        source = weir__pq_arena_text(&arena, source);
    }
    if (expr == NULL || source.at == NULL) {
        weir__pq_arena_close(&arena);
        return FAIL(err, WEIR_E_MEMORY, (struct text){0}, 0, {'s', "out of memory"});
    }
    expr->arena = arena;
    expr->source = source;
    expr->root = NULL;
    status = parse_all(expr, err);
    if (status == WEIR_OK) {
        status = weir__pq_check(expr, err);
    }
    if (status != WEIR_OK) {
        weir_promql_expr_free(expr);
        return status;
    }
    *out = expr;
    return WEIR_OK;
}

void weir_promql_expr_free(weir_promql_expr *expr)
{
    if (expr != NULL) {
        weir__pq_arena_close(&expr->arena);
    }
}

int32_t weir_promql_type(const weir_promql_expr *expr)
{
    return expr != NULL ? expr->root->type : 0;
}

/* ---- lib/promql/parse_selector.c ---- */

/*
 * parse_selector.c - selectors with their matchers, ranges and subqueries, offset and @, and the
 * arithmetic of durations within them.
 *
 * Upstream: promql/parser/generated_parser.y and parse.go.
 */

#define SECONDS_MAX 9223372036.854775807 /* of a duration in int64 nanoseconds */

static struct node *duration_expression(struct parser *p, int weakest);

/* ---- matchers ------------------------------------------------------------------------------- */

static bool compile_regex(struct parser *p, struct matcher *m, uint32_t at)
{
    struct regex_scratch scratch = {.arena = p->arena};
    struct regex *regex;
    char text[160];
    struct sink sink = {text, sizeof text, 0};
    weir_status status = weir__pq_regex_compile(p->arena, m->value, true, &regex, &sink);
    bool empty;

    weir__pq_sink_close(&sink);
    if (status == WEIR_OK) {
        m->regex = regex;
        status = weir__pq_regex_matches(regex, TEXT(""), true, &scratch, &empty);
        m->empty = (status == WEIR_OK && empty) == (m->kind == MATCH_REGEX);
    }
    if (status == WEIR_E_MEMORY) {
        weir__pq_parse_memory(p);
        return false;
    }
    if (status != WEIR_OK) {
        p->status =
            FAIL(p->err, status, p->source, at, {'s', "error parsing regexp: "}, {'s', text});
        return false;
    }
    return true;
}

static bool parse_match_value(struct parser *p, struct matcher *m, uint32_t at)
{
    switch (p->token.kind) {
    case TOKEN_EQUAL: m->kind = MATCH_EQUAL; break;
    case TOKEN_NEQ: m->kind = MATCH_NOT_EQUAL; break;
    case TOKEN_MATCH: m->kind = MATCH_REGEX; break;
    case TOKEN_NOT_MATCH: m->kind = MATCH_NOT_REGEX; break;
    default:
        weir__pq_parse_unexpected(p, " in label matching", "label matching operator");
        return false;
    }
    weir__pq_parse_advance(p);
    if (!parse_is(p, TOKEN_STRING)) {
        weir__pq_parse_unexpected(p, " in label matching", "string");
        return false;
    }
    if (!weir__pq_parse_string(p, &m->value)) {
        return false;
    }
    m->empty = (m->value.length == 0) == (m->kind == MATCH_EQUAL);
    if (m->kind >= MATCH_REGEX && !compile_regex(p, m, at)) {
        return false;
    }
    weir__pq_parse_advance(p);
    return true;
}

/* name="value", "name"="value", or "metric". */
static bool parse_matcher(struct parser *p, struct matcher *m)
{
    uint32_t at = p->token.at;
    bool quoted = parse_is(p, TOKEN_STRING);

    memset(m, 0, sizeof *m);
    if (quoted) {
        if (!weir__pq_parse_string(p, &m->name)) {
            return false;
        }
    } else if (parse_is(p, TOKEN_IDENTIFIER)) {
        m->name = p->token.text;
    } else {
        weir__pq_parse_unexpected(p, " in label matching", "identifier or \"}\"");
        return false;
    }
    weir__pq_parse_advance(p);
    if (quoted && (parse_is(p, TOKEN_COMMA) || parse_is(p, TOKEN_RIGHT_BRACE))) {
        m->value = m->name;
        m->name = TEXT("__name__");
        m->empty = m->value.length == 0;
        return true;
    }
    return parse_match_value(p, m, at);
}

static bool grow_matchers(struct parser *p, struct node *node, uint32_t *room)
{
    void *matchers = node->selector.matchers;

    if (!weir__pq_arena_grow(p->arena, &matchers, node->selector.count, room,
                             sizeof *node->selector.matchers)) {
        weir__pq_parse_memory(p);
        return false;
    }
    node->selector.matchers = matchers;
    return true;
}

static bool parse_matchers(struct parser *p, struct node *node, uint32_t *room)
{
    weir__pq_parse_advance(p);
    while (!parse_is(p, TOKEN_RIGHT_BRACE)) {
        if (!grow_matchers(p, node, room) ||
            !parse_matcher(p, &node->selector.matchers[node->selector.count])) {
            return false;
        }
        node->selector.count++;
        if (!parse_accept(p, TOKEN_COMMA) && !parse_is(p, TOKEN_RIGHT_BRACE)) {
            weir__pq_parse_unexpected(p, " in label matching", "\",\" or \"}\"");
            return false;
        }
    }
    node->end = p->token.at + 1;
    weir__pq_parse_advance(p);
    return true;
}

/* The name before the braces becomes the last matcher. */
static struct node *weir__pq_parse_selector(struct parser *p)
{
    struct node *node = weir__pq_parse_node(p, NODE_SELECTOR, p->token.at);
    uint32_t room = 0;

    if (node == NULL) {
        return NULL;
    }
    node->type = WEIR_PROMQL_VECTOR;
    if (!parse_is(p, TOKEN_LEFT_BRACE)) {
        node->selector.name = p->token.text;
        node->end = p->token.at + p->token.text.length;
        weir__pq_parse_advance(p);
    }
    if (parse_is(p, TOKEN_LEFT_BRACE) && !parse_matchers(p, node, &room)) {
        return NULL;
    }
    if (node->selector.name.at != NULL) {
        if (!grow_matchers(p, node, &room)) {
            return NULL;
        }
        node->selector.matchers[node->selector.count++] = (struct matcher){
            .kind = MATCH_EQUAL, .name = TEXT("__name__"), .value = node->selector.name};
    }
    return node;
}

/* ---- durations ------------------------------------------------------------------------------ */

static bool is_literal(const struct parser *p)
{
    return parse_is(p, TOKEN_NUMBER) || parse_is(p, TOKEN_DURATION);
}

static struct node *check_range(struct parser *p, struct node *number)
{
    if (!(magnitude(number->number.value) <= SECONDS_MAX)) { /* nor NaN */
        return weir__pq_parse_fail(p, number->start, "duration out of range");
    }
    return number;
}

static struct node *duration_node(struct parser *p, uint8_t token, uint32_t start,
                                  struct node *left, struct node *right)
{
    struct node *node = weir__pq_parse_node(p, NODE_DURATION, start);

    if (node == NULL || (left != NULL && !weir__pq_parse_deepen(p, node, left)) ||
        (right != NULL && !weir__pq_parse_deepen(p, node, right))) {
        return NULL;
    }
    node->token = token;
    node->type = WEIR_PROMQL_SCALAR;
    node->duration.left = left;
    node->duration.right = right;
    return node;
}

/* In parentheses; a number becomes an expression that remembers them. */
static struct node *wrap(struct parser *p, struct node *inner, uint32_t start)
{
    struct node *node = inner;

    if (inner->kind == NODE_NUMBER) {
        node = duration_node(p, TOKEN_ADD, start, NULL, inner);
    }
    if (node != NULL) {
        node->duration.wrapped = true;
    }
    return node;
}

/* A sign in front of a duration. */
static struct node *signed_duration(struct parser *p, uint8_t sign, uint32_t start,
                                    struct node *inner)
{
    if (inner->kind == NODE_NUMBER) {
        inner->number.value = sign == TOKEN_SUB ? -inner->number.value : inner->number.value;
        inner->start = start;
        return check_range(p, inner);
    }
    return sign == TOKEN_SUB ? duration_node(p, TOKEN_SUB, start, NULL, inner) : inner;
}

static struct node *wrapped_duration(struct parser *p)
{
    uint32_t start = p->token.at;
    struct node *inner;

    weir__pq_parse_advance(p);
    inner = duration_expression(p, 1);
    if (inner == NULL) {
        return NULL;
    }
    if (!parse_accept(p, TOKEN_RIGHT_PAREN)) {
        return weir__pq_parse_unexpected(p, " in duration", "\")\"");
    }
    return wrap(p, inner, start);
}

/* step(), range(), max_of(a, b), min_of(a, b) */
static struct node *duration_function(struct parser *p)
{
    struct node *node = duration_node(p, p->token.kind, p->token.at, NULL, NULL), *left, *right;

    weir__pq_parse_advance(p);
    if (node == NULL) {
        return NULL;
    }
    if (!parse_accept(p, TOKEN_LEFT_PAREN)) {
        return weir__pq_parse_unexpected(p, " in duration", "\"(\"");
    }
    if (node->token == TOKEN_MAX_OF || node->token == TOKEN_MIN_OF) {
        left = duration_expression(p, 1);
        if (left != NULL && !parse_accept(p, TOKEN_COMMA)) {
            return weir__pq_parse_unexpected(p, " in duration", "\",\"");
        }
        right = left != NULL ? duration_expression(p, 1) : NULL;
        if (right == NULL || !weir__pq_parse_deepen(p, node, left) ||
            !weir__pq_parse_deepen(p, node, right)) {
            return NULL;
        }
        node->duration.left = left;
        node->duration.right = right;
    }
    if (!parse_accept(p, TOKEN_RIGHT_PAREN)) {
        return weir__pq_parse_unexpected(p, " in duration", "\")\"");
    }
    return node;
}

static bool is_duration_function(const struct parser *p)
{
    return p->token.kind >= TOKEN_STEP && p->token.kind <= TOKEN_MIN_OF;
}

static struct node *duration_operand(struct parser *p)
{
    struct node *inner;
    uint32_t start = p->token.at;
    uint8_t sign = p->token.kind;

    if (is_literal(p)) {
        inner = weir__pq_parse_number(p);
        return inner != NULL ? check_range(p, inner) : NULL;
    }
    if (parse_is(p, TOKEN_LEFT_PAREN)) {
        return wrapped_duration(p);
    }
    if (is_duration_function(p)) {
        return duration_function(p);
    }
    if (sign == TOKEN_ADD || sign == TOKEN_SUB) {
        weir__pq_parse_advance(p);
        inner = duration_expression(p, 3);
        return inner != NULL ? signed_duration(p, sign, start, inner) : NULL;
    }
    return weir__pq_parse_unexpected(p, " in duration", "number, duration, step(), or range()");
}

static int duration_precedence(int kind)
{
    switch (kind) {
    case TOKEN_ADD:
    case TOKEN_SUB: return 1;
    case TOKEN_MUL:
    case TOKEN_DIV:
    case TOKEN_MOD: return 2;
    case TOKEN_POW: return 3;
    default: return 0;
    }
}

/* The rest of an expression whose first operand is `left`. */
static struct node *duration_rest(struct parser *p, struct node *left, int weakest)
{
    while (left != NULL && duration_precedence(p->token.kind) >= weakest) {
        uint8_t token = p->token.kind;
        uint32_t at = p->token.at;
        int strength = duration_precedence(token);
        struct node *right;

        weir__pq_parse_advance(p);
        right = duration_expression(p, strength == 3 ? 3 : strength + 1);
        if (right == NULL) {
            return NULL;
        }
        if ((token == TOKEN_DIV || token == TOKEN_MOD) && right->kind == NODE_NUMBER &&
            right->number.value == 0) {
            return weir__pq_parse_fail(p, at,
                                       token == TOKEN_DIV ? "division by zero" : "modulo by zero");
        }
        left = duration_node(p, token, left->start, left, right);
    }
    return left;
}

static struct node *duration_expression(struct parser *p, int weakest)
{
    struct node *node;

    if (++p->depth > WEIR_PROMQL_DEPTH_MAX) {
        p->status = FAIL(p->err, WEIR_E_LIMIT, p->source, p->token.at,
                         {'s', "the duration is nested too deeply"});
        return NULL;
    }
    node = duration_rest(p, duration_operand(p), weakest);
    p->depth--;
    return node;
}

/* Seconds to nanoseconds, rounded half away from zero. */
static int64_t to_ns(double seconds)
{
    double ns = weir__pq_go_round(seconds * 1e9);

    if (ns >= 9223372036854775807.0) {
        return INT64_MAX;
    }
    if (ns <= -9223372036854775808.0) {
        return INT64_MIN;
    }
    return (int64_t)ns;
}

/* A range or a step, which must be above 0: a number into *ns, an expression into *node. */
static bool positive_duration(struct parser *p, int64_t *ns, struct node **expression)
{
    struct node *node = duration_expression(p, 1);

    if (node == NULL) {
        return false;
    }
    if (node->kind != NODE_NUMBER) {
        *expression = node;
        return true;
    }
    if (node->number.value <= 0) {
        weir__pq_parse_fail(p, node->start, "duration must be greater than 0");
        return false;
    }
    *ns = to_ns(node->number.value);
    return true;
}

/* ---- ranges --------------------------------------------------------------------------------- */

static bool is_modified(const struct modifiers *m)
{
    return m->offset_ns != 0 || m->offset != NULL || m->at != AT_NONE;
}

static struct node *finish_range(struct parser *p, struct node *node, uint32_t at)
{
    const struct node *inner = node->range.inner;

    if (inner->kind != NODE_SELECTOR) {
        return weir__pq_parse_fail(p, at, "ranges only allowed for vector selectors");
    }
    if (is_modified(&inner->selector.modifiers)) {
        return weir__pq_parse_fail(p, at, "no offset or @ modifiers allowed before range");
    }
    return node;
}

/* [range], [range:] or [range:step] */
static struct node *weir__pq_parse_range(struct parser *p, struct node *inner)
{
    struct node *node = weir__pq_parse_node(p, NODE_RANGE, inner->start);
    uint32_t at = p->token.at;

    if (node == NULL || !weir__pq_parse_deepen(p, node, inner)) {
        return NULL;
    }
    node->type = WEIR_PROMQL_MATRIX;
    node->range.inner = inner;
    weir__pq_parse_advance(p);
    if (!positive_duration(p, &node->range.range_ns, &node->range.range)) {
        return NULL;
    }
    if (parse_accept(p, TOKEN_COLON)) {
        node->kind = NODE_SUBQUERY;
        if (!parse_is(p, TOKEN_RIGHT_BRACKET) &&
            !positive_duration(p, &node->range.step_ns, &node->range.step)) {
            return NULL;
        }
    }
    node->end = p->token.at + 1;
    if (!parse_accept(p, TOKEN_RIGHT_BRACKET)) {
        return weir__pq_parse_unexpected(p, " in subquery or range",
                                         node->kind == NODE_RANGE ? "\":\" or \"]\"" : "\"]\"");
    }
    return node->kind == NODE_RANGE ? finish_range(p, node, at) : node;
}

/* ---- offset and @ ---------------------------------------------------------------------------- */

static struct modifiers *parse_selector_modifiers_of(struct parser *p, struct node *node, const char *what)
{
    switch (node->kind) {
    case NODE_SELECTOR: return &node->selector.modifiers;
    case NODE_RANGE: return &node->range.inner->selector.modifiers;
    case NODE_SUBQUERY: return &node->range.modifiers;
    default: break;
    }
    if (p->status == WEIR_OK) {
        p->status = FAIL(p->err, WEIR_E_PARSE, p->source, node->start, {'s', what},
                         {'s', " modifier must be preceded by an instant vector selector or range "
                               "vector selector or a subquery"});
    }
    return NULL;
}

/*
 * What an offset is by. A number, a number with a sign, and the functions end it, so that
 * `x offset -2 ^ 2` is a power of x; only after a parenthesis it goes on.
 */
static struct node *offset_duration(struct parser *p)
{
    uint32_t start = p->token.at;
    uint8_t sign = p->token.kind;
    struct node *inner;

    if (is_literal(p) || is_duration_function(p)) {
        return duration_operand(p);
    }
    if (sign != TOKEN_ADD && sign != TOKEN_SUB) {
        return duration_rest(p, duration_operand(p), 1);
    }
    weir__pq_parse_advance(p);
    if (is_literal(p) || parse_is(p, TOKEN_LEFT_PAREN)) {
        inner = duration_operand(p);
        return inner != NULL ? signed_duration(p, sign, start, inner) : NULL;
    }
    if (is_duration_function(p)) {
        inner = duration_function(p);
        return inner != NULL ? duration_node(p, sign, start, NULL, inner) : NULL;
    }
    inner = duration_expression(p, 3);
    return inner != NULL ? duration_rest(p, signed_duration(p, sign, start, inner), 1) : NULL;
}

static struct node *weir__pq_parse_offset(struct parser *p, struct node *inner)
{
    struct modifiers *modifiers;
    struct node *duration;

    weir__pq_parse_advance(p);
    if (!is_literal(p) && !is_duration_function(p) && !parse_is(p, TOKEN_ADD) &&
        !parse_is(p, TOKEN_SUB) && !parse_is(p, TOKEN_LEFT_PAREN)) {
        return weir__pq_parse_unexpected(p, " in offset", "number, duration, step(), or range()");
    }
    duration = offset_duration(p);
    modifiers = duration != NULL ? parse_selector_modifiers_of(p, inner, "offset") : NULL;
    if (modifiers == NULL) {
        return NULL;
    }
    if (modifiers->offset_ns != 0 || modifiers->offset != NULL) {
        return weir__pq_parse_fail(p, inner->start, "offset may not be set multiple times");
    }
    if (duration->kind == NODE_NUMBER) {
        modifiers->offset_ns = to_ns(duration->number.value);
    } else {
        modifiers->offset = duration;
    }
    return inner;
}

/* A time in seconds to milliseconds, rounded half away from zero. */
static bool at_time(struct parser *p, struct modifiers *modifiers, struct node *inner)
{
    uint8_t sign = p->token.kind;
    struct node *number;
    double seconds;

    if (sign == TOKEN_ADD || sign == TOKEN_SUB) {
        weir__pq_parse_advance(p);
    }
    if (!is_literal(p)) {
        weir__pq_parse_unexpected(p, " in @", "timestamp");
        return false;
    }
    number = weir__pq_parse_number(p);
    if (number == NULL) {
        return false;
    }
    seconds = sign == TOKEN_SUB ? -number->number.value : number->number.value;
    if (!(magnitude(seconds) < 9223372036854775807.0)) {
        p->status = FAIL(p->err, WEIR_E_PARSE, p->source, inner->start,
                         {'s', "timestamp out of bounds for @ modifier: "}, {'d', &seconds});
        return false;
    }
    if (!(magnitude(seconds * 1000) < 9223372036854775807.0)) {
        p->status = FAIL(p->err, WEIR_E_LIMIT, p->source, inner->start,
                         {'s', "timestamp beyond int64 milliseconds: "}, {'d', &seconds});
        return false;
    }
    modifiers->at_ms = (int64_t)weir__pq_go_round(seconds * 1000);
    modifiers->at = AT_TIME;
    return true;
}

static struct node *weir__pq_parse_at(struct parser *p, struct node *inner)
{
    struct modifiers *modifiers = parse_selector_modifiers_of(p, inner, "@");

    if (modifiers == NULL) {
        return NULL;
    }
    if (modifiers->at != AT_NONE) {
        return weir__pq_parse_fail(p, inner->start, "@ <timestamp> may not be set multiple times");
    }
    weir__pq_parse_advance(p);
    if (!parse_is(p, TOKEN_START) && !parse_is(p, TOKEN_FINISH)) {
        return at_time(p, modifiers, inner) ? inner : NULL;
    }
    modifiers->at = parse_is(p, TOKEN_START) ? AT_START : AT_END;
    weir__pq_parse_advance(p);
    if (!parse_accept(p, TOKEN_LEFT_PAREN) || !parse_accept(p, TOKEN_RIGHT_PAREN)) {
        return weir__pq_parse_unexpected(p, " in @", "timestamp");
    }
    return inner;
}
#undef SECONDS_MAX

/* ---- lib/promql/print.c ---- */

/*
 * print.c - expressions as text: on one line in canonical form, or over several, indented, where a
 * part is longer than 100 characters.
 *
 * Upstream: promql/parser/printer.go and prettier.go.
 */

enum { LINE_MAX = 100 };

/* ---- parts ---------------------------------------------------------------------------------- */

static void put_number(struct sink *sink, double value)
{
    char text[NUMBER_TEXT_MAX];

    weir__pq_sink_bytes(sink, text, weir__pq_number_print(value, 'f', text));
}

static bool weir__pq_is_plain_name(struct text name)
{
    for (uint32_t i = 0; i < name.length; i++) {
        char c = name.at[i], lower = (char)(c | 0x20);

        if (!(c == '_' || (lower >= 'a' && lower <= 'z') || (i > 0 && c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return name.length > 0;
}

static void put_name(struct sink *sink, struct text name)
{
    if (weir__pq_is_plain_name(name)) {
        sink_text(sink, name);
    } else {
        weir__pq_sink_quoted(sink, name);
    }
}

static void put_names(struct sink *sink, const char *before, const struct labels_list *names)
{
    sink_string(sink, before);
    for (uint32_t i = 0; i < names->count; i++) {
        sink_string(sink, i > 0 ? ", " : "");
        put_name(sink, names->items[i]);
    }
    sink_string(sink, ")");
}

/* Milliseconds as seconds with three digits behind the point. */
static void put_time(struct sink *sink, int64_t ms)
{
    uint64_t left = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    char digits[4] = {'.', (char)('0' + left % 1000 / 100), (char)('0' + left % 100 / 10),
                      (char)('0' + left % 10)};

    sink_string(sink, ms < 0 ? "-" : "");
    weir__pq_sink_int(sink, (int64_t)(left / 1000));
    weir__pq_sink_bytes(sink, digits, sizeof digits);
}

static void put_at(struct sink *sink, const struct modifiers *m)
{
    switch (m->at) {
    case AT_TIME:
        sink_string(sink, " @ ");
        put_time(sink, m->at_ms);
        break;
    case AT_START: sink_string(sink, " @ start()"); break;
    case AT_END: sink_string(sink, " @ end()"); break;
    default: break;
    }
}

static void put_offset(struct sink *sink, const struct modifiers *m)
{
    if (m->offset != NULL) {
        sink_string(sink, " offset ");
        weir__pq_print(sink, m->offset);
    } else if (m->offset_ns != 0) {
        sink_string(sink, " offset ");
        /* A negative one of less than a millisecond still has its sign. */
        sink_string(sink, m->offset_ns < 0 && m->offset_ns > -1000000 ? "-" : "");
        weir__pq_duration_print(sink, m->offset_ns);
    }
}

/* ---- selectors ------------------------------------------------------------------------------ */

static void put_matcher(struct sink *sink, const struct matcher *m)
{
    static const char *const operators[] = {"=", "!=", "=~", "!~"};

    put_name(sink, m->name);
    sink_string(sink, operators[m->kind]);
    weir__pq_sink_quoted(sink, m->value);
}

/* How two matchers are ordered: as their texts are, byte by byte. */
static int compare_matchers(const struct matcher *a, const struct matcher *b)
{
    char left[512], right[512];
    struct sink x = {left, sizeof left, 0}, y = {right, sizeof right, 0};
    struct text s, t;
    int order;

    put_matcher(&x, a);
    put_matcher(&y, b);
    s = (struct text){left, (uint32_t)(x.length < sizeof left ? x.length : sizeof left)};
    t = (struct text){right, (uint32_t)(y.length < sizeof right ? y.length : sizeof right)};
    order = text_compare(s, t);
    return order != 0 ? order : text_compare(a->value, b->value);
}

/* The name before the braces is not written again within them. */
static bool is_written(const struct node *node, const struct matcher *m)
{
    return !(m->kind == MATCH_EQUAL && m->value.length > 0 && node->selector.name.at != NULL &&
             text_equal(m->name, TEXT("__name__")) && text_equal(m->value, node->selector.name));
}

/* Name and matchers; these sorted, by picking the next bigger one each time. */
static void weir__pq_print_selector(struct sink *sink, const struct node *node)
{
    const struct matcher *last = NULL;
    uint32_t count = node->selector.count, done = 0;

    if (node->selector.name.at != NULL) {
        sink_text(sink, node->selector.name);
    }
    while (done < count) {
        const struct matcher *next = NULL;

        for (uint32_t i = 0; i < count; i++) {
            const struct matcher *m = &node->selector.matchers[i];
            int after = last == NULL ? 1 : compare_matchers(m, last);

            if (is_written(node, m) && (after > 0 || (after == 0 && m > last)) &&
                (next == NULL || compare_matchers(m, next) < 0)) {
                next = m;
            }
        }
        if (next == NULL) {
            break;
        }
        sink_string(sink, last == NULL ? "{" : ",");
        put_matcher(sink, next);
        last = next;
        done++;
    }
    sink_string(sink, last != NULL ? "}" : "");
}

static const char *modifier_word(const struct node *selector)
{
    return selector->selector.anchored   ? " anchored"
           : selector->selector.smoothed ? " smoothed"
                                         : "";
}

static void put_range(struct sink *sink, const struct node *node)
{
    const struct node *selector = node->range.inner;

    weir__pq_print_selector(sink, selector);
    sink_string(sink, "[");
    if (node->range.range != NULL) {
        weir__pq_print(sink, node->range.range);
    } else {
        weir__pq_duration_print(sink, node->range.range_ns);
    }
    sink_string(sink, "]");
    sink_string(sink, modifier_word(selector));
    put_at(sink, &selector->selector.modifiers);
    put_offset(sink, &selector->selector.modifiers);
}

static void put_subquery_suffix(struct sink *sink, const struct node *node)
{
    sink_string(sink, "[");
    if (node->range.range != NULL) {
        weir__pq_print(sink, node->range.range);
    } else {
        weir__pq_duration_print(sink, node->range.range_ns);
    }
    sink_string(sink, ":");
    if (node->range.step != NULL) {
        weir__pq_print(sink, node->range.step);
    } else if (node->range.step_ns != 0) {
        weir__pq_duration_print(sink, node->range.step_ns);
    }
    sink_string(sink, "]");
    put_at(sink, &node->range.modifiers);
    put_offset(sink, &node->range.modifiers);
}

/* ---- operators ------------------------------------------------------------------------------ */

static void put_operator(struct sink *sink, const struct node *node)
{
    bool groups =
        node->binary.cardinality == MANY_TO_ONE || node->binary.cardinality == ONE_TO_MANY;

    sink_string(sink, weir__pq_token_name(node->token));
    sink_string(sink, node->binary.returns_bool ? " bool" : "");
    if (!node->binary.vectors) {
        return;
    }
    if (node->binary.matching.count > 0 || node->binary.on || groups) {
        put_names(sink, node->binary.on ? " on (" : " ignoring (", &node->binary.matching);
    }
    if (groups) {
        put_names(sink,
                  node->binary.cardinality == MANY_TO_ONE ? " group_left (" : " group_right (",
                  &node->binary.include);
    }
}

static void put_aggregation(struct sink *sink, const struct node *node)
{
    sink_string(sink, weir__pq_token_name(node->token));
    if (node->aggregate.without || node->aggregate.grouping.count > 0) {
        put_names(sink, node->aggregate.without ? " without (" : " by (",
                  &node->aggregate.grouping);
        sink_string(sink, " ");
    }
}

static void put_duration(struct sink *sink, const struct node *node)
{
    const struct node *left = node->duration.left, *right = node->duration.right;

    sink_string(sink, node->duration.wrapped ? "(" : "");
    if (node->token >= TOKEN_STEP && node->token <= TOKEN_MIN_OF) {
        sink_string(sink, weir__pq_token_name(node->token));
        sink_string(sink, "(");
        if (left != NULL) {
            weir__pq_print(sink, left);
            sink_string(sink, ", ");
            weir__pq_print(sink, right);
        }
        sink_string(sink, ")");
    } else if (left == NULL) {
        sink_string(sink, node->token == TOKEN_SUB ? "-" : "");
        weir__pq_print(sink, right);
    } else {
        weir__pq_print(sink, left);
        sink_string(sink, " ");
        sink_string(sink, weir__pq_token_name(node->token));
        sink_string(sink, " ");
        weir__pq_print(sink, right);
    }
    sink_string(sink, node->duration.wrapped ? ")" : "");
}

static void put_literal(struct sink *sink, const struct node *node)
{
    double value = node->number.value;

    if (!node->number.duration) {
        put_number(sink, value);
        return;
    }
    sink_string(sink, value < 0 ? "-" : "");
    weir__pq_duration_print(sink, (int64_t)(magnitude(value) * 1e9));
}

static void put_arguments(struct sink *sink, const struct node *node)
{
    for (uint32_t i = 0; i < node->call.count; i++) {
        sink_string(sink, i > 0 ? ", " : "");
        weir__pq_print(sink, node->call.args[i]);
    }
}

static void weir__pq_print(struct sink *sink, const struct node *node)
{
    switch (node->kind) {
    case NODE_NUMBER: put_literal(sink, node); break;
    case NODE_STRING: weir__pq_sink_quoted(sink, node->string); break;
    case NODE_PAREN:
        sink_string(sink, "(");
        weir__pq_print(sink, node->inner);
        sink_string(sink, ")");
        break;
    case NODE_UNARY:
        sink_string(sink, weir__pq_token_name(node->token));
        weir__pq_print(sink, node->inner);
        break;
    case NODE_BINARY:
        weir__pq_print(sink, node->binary.left);
        sink_string(sink, " ");
        put_operator(sink, node);
        sink_string(sink, " ");
        weir__pq_print(sink, node->binary.right);
        break;
    case NODE_CALL:
        sink_string(sink, node->call.function->name);
        sink_string(sink, "(");
        put_arguments(sink, node);
        sink_string(sink, ")");
        break;
    case NODE_AGGREGATE:
        put_aggregation(sink, node);
        sink_string(sink, "(");
        if (node->aggregate.parameter != NULL) {
            weir__pq_print(sink, node->aggregate.parameter);
            sink_string(sink, ", ");
        }
        weir__pq_print(sink, node->aggregate.inner);
        sink_string(sink, ")");
        break;
    case NODE_SELECTOR:
        weir__pq_print_selector(sink, node);
        put_at(sink, &node->selector.modifiers);
        sink_string(sink, modifier_word(node));
        put_offset(sink, &node->selector.modifiers);
        break;
    case NODE_RANGE: put_range(sink, node); break;
    case NODE_SUBQUERY:
        weir__pq_print(sink, node->range.inner);
        put_subquery_suffix(sink, node);
        break;
    default: put_duration(sink, node); break;
    }
}

/* ---- several lines -------------------------------------------------------------------------- */

static void indent(struct sink *sink, int level)
{
    for (int i = 0; i < level; i++) {
        sink_string(sink, "  ");
    }
}

static bool fits_line(const struct node *node)
{
    struct sink measure = {NULL, 0, 0};

    weir__pq_print(&measure, node);
    return measure.length <= LINE_MAX;
}

/* `trimmed`: without the indentation in front. */
static void put_pretty(struct sink *sink, const struct node *node, int level, bool trimmed);

static void put_pretty_call(struct sink *sink, const struct node *node, int level)
{
    bool aggregate = node->kind == NODE_AGGREGATE;
    uint32_t count = aggregate ? 2 : node->call.count;

    if (aggregate) {
        put_aggregation(sink, node);
    } else {
        sink_string(sink, node->call.function->name);
    }
    sink_string(sink, "(\n");
    for (uint32_t i = 0; i < count; i++) {
        const struct node *arg = !aggregate ? node->call.args[i]
                                 : i == 0   ? node->aggregate.parameter
                                            : node->aggregate.inner;

        if (arg != NULL) {
            put_pretty(sink, arg, level + 1, false);
            sink_string(sink, i + 1 < count ? ",\n" : "\n");
        }
    }
    indent(sink, level);
    sink_string(sink, ")");
}

static void put_pretty(struct sink *sink, const struct node *node, int level, bool trimmed)
{
    if (node->kind == NODE_SUBQUERY) { /* which upstream does not indent by itself */
        if (fits_line(node)) {
            weir__pq_print(sink, node);
        } else {
            put_pretty(sink, node->range.inner, level, trimmed);
            put_subquery_suffix(sink, node);
        }
        return;
    }
    if (node->kind == NODE_BINARY && !fits_line(node)) {
        put_pretty(sink, node->binary.left, level + 1, trimmed);
        sink_string(sink, "\n");
        indent(sink, level);
        put_operator(sink, node);
        sink_string(sink, "\n");
        put_pretty(sink, node->binary.right, level + 1, false);
        return;
    }
    indent(sink, trimmed ? 0 : level);
    if (node->kind == NODE_UNARY) {
        sink_string(sink, weir__pq_token_name(node->token));
        put_pretty(sink, node->inner, level, true);
    } else if (node->kind == NODE_PAREN && !fits_line(node)) {
        sink_string(sink, "(\n");
        put_pretty(sink, node->inner, level + 1, false);
        sink_string(sink, "\n");
        indent(sink, level);
        sink_string(sink, ")");
    } else if ((node->kind == NODE_CALL || node->kind == NODE_AGGREGATE) && !fits_line(node)) {
        put_pretty_call(sink, node, level);
    } else {
        weir__pq_print(sink, node);
    }
}

/* ---- public --------------------------------------------------------------------------------- */

static weir_status print_finish(struct sink *sink, size_t capacity, size_t *need)
{
    weir__pq_sink_close(sink);
    if (need != NULL) {
        *need = sink->length + 1;
    }
    return sink->length < capacity ? WEIR_OK : WEIR_E_SPACE;
}

weir_status weir_promql_print(const weir_promql_expr *expr, char *text, size_t capacity,
                              size_t *need)
{
    struct sink sink = {text, capacity, 0};

    if (expr == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    weir__pq_print(&sink, expr->root);
    return print_finish(&sink, capacity, need);
}

weir_status weir_promql_format(const weir_promql_expr *expr, char *text, size_t capacity,
                               size_t *need)
{
    struct sink sink = {text, capacity, 0};

    if (expr == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    put_pretty(&sink, expr->root, 0, false);
    return print_finish(&sink, capacity, need);
}

/* ---- lib/promql/promql.c ---- */

/*
 * promql.c - evaluation as it is called: options, an instant or a grid of times, and the result in
 * flat arrays.
 */

/* Beyond these, 73 million years, sums of times and durations might overflow. */
#define TIME_MAX (INT64_C(1) << 61)

/* The result with the memory it lies in. */
struct owned_result {
    weir_promql_result public;
    struct arena arena;
};

/* ---- options -------------------------------------------------------------------------------- */

weir_status weir_promql_options_init(weir_promql_options *options, size_t struct_size)
{
    if (options == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size < sizeof *options) {
        return WEIR_E_STRUCT;
    }
    memset(options, 0, struct_size);
    options->struct_size = (uint32_t)struct_size;
    options->semantics = WEIR_PROMETHEUS_3;
    options->lookback_ms = 300000;
    options->subquery_step_ms = 60000;
    options->max_samples = 50000000;
    return WEIR_OK;
}

static weir_status promql_fail(weir_error *err, weir_status status, const char *message)
{
    return FAIL(err, status, (struct text){0}, 0, {'s', message});
}

static weir_status take_options(const weir_promql_options *given, weir_promql_options *options,
                                weir_error *err)
{
    const char *bytes = (const char *)given;

    weir_promql_options_init(options, sizeof *options);
    if (given == NULL) {
        return WEIR_OK;
    }
    if (given->struct_size < sizeof *options) {
        return promql_fail(err, WEIR_E_STRUCT, "options: struct_size is too small");
    }
    for (size_t i = sizeof *options; i < given->struct_size; i++) {
        if (bytes[i] != 0) {
            return promql_fail(err, WEIR_E_STRUCT, "options: fields that this library does not know");
        }
    }
    memcpy(options, given, sizeof *options);
    if (options->semantics != WEIR_PROMETHEUS_3 && options->semantics != WEIR_PROMETHEUS_2_42) {
        return promql_fail(err, WEIR_E_RANGE, "options.semantics must be WEIR_PROMETHEUS_3 or _2_42");
    }
    if (options->lookback_ms <= 0 || options->lookback_ms > TIME_MAX) {
        return promql_fail(err, WEIR_E_RANGE, "options.lookback_ms must be above 0");
    }
    if (options->subquery_step_ms <= 0 || options->subquery_step_ms > TIME_MAX) {
        return promql_fail(err, WEIR_E_RANGE, "options.subquery_step_ms must be above 0");
    }
    if (options->max_samples == 0) {
        return promql_fail(err, WEIR_E_RANGE, "options.max_samples must be above 0");
    }
    return WEIR_OK;
}

/* ---- results -------------------------------------------------------------------------------- */

/* One series of a result, from a row over the grid or from samples at their own times. */
struct piece {
    struct labels labels;
    const struct row *row;
    const struct range_row *samples;
};

struct building {
    struct eval *ev;
    const struct grid *grid;
    struct piece *parts;
    uint32_t count;
    size_t *label_at, *point_at;
    weir_label *labels;
    int64_t *times;
    double *values;
};

static size_t part_points(const struct piece *part)
{
    return part->row != NULL ? part->row->count : part->samples->count;
}

static void promql_sift(struct building *b, uint32_t at, uint32_t count)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        struct piece part = b->parts[at];

        if (child >= count) {
            return;
        }
        child += child + 1 < count && weir__pq_labels_compare(b->ev, b->parts[child].labels,
                                                              b->parts[child + 1].labels) < 0;
        if (weir__pq_labels_compare(b->ev, part.labels, b->parts[child].labels) >= 0) {
            return;
        }
        b->parts[at] = b->parts[child];
        b->parts[child] = part;
        at = child;
    }
}

/* By labels; no two are equal. */
static void sort_parts(struct building *b)
{
    for (uint32_t at = b->count / 2; at > 0; at--) {
        promql_sift(b, at - 1, b->count);
    }
    for (uint32_t end = b->count; end > 1; end--) {
        struct piece part = b->parts[0];

        b->parts[0] = b->parts[end - 1];
        b->parts[end - 1] = part;
        promql_sift(b, 0, end - 1);
    }
}

/* Texts of the store stay where they are; others are copied. */
static bool put_text(struct building *b, struct arena *arena, uint32_t symbol, const char **at,
                     size_t *length)
{
    struct text text = weir__pq_eval_text(b->ev, symbol);

    if ((symbol & SYMBOL_OWN) != 0) {
        text = weir__pq_arena_text(arena, text);
    }
    *at = text.at;
    *length = text.length;
    return text.at != NULL;
}

static bool put_labels(struct building *b, struct arena *arena, uint32_t number, size_t *used)
{
    struct labels labels = b->parts[number].labels;

    b->label_at[number] = *used;
    for (uint32_t i = 0; i < labels.set->count; i++) {
        weir_label *label = &b->labels[*used];

        if (labels.nameless && labels.set->labels[i].name == SYMBOL_NAME) {
            continue;
        }
        if (!put_text(b, arena, labels.set->labels[i].name, &label->name, &label->name_length) ||
            !put_text(b, arena, labels.set->labels[i].value, &label->value, &label->value_length)) {
            return false;
        }
        (*used)++;
    }
    return true;
}

static void put_points(struct building *b, uint32_t number, size_t *used)
{
    const struct piece *part = &b->parts[number];

    b->point_at[number] = *used;
    if (part->row == NULL) {
        memcpy(b->times + *used, part->samples->times, part->samples->count * sizeof *b->times);
        memcpy(b->values + *used, part->samples->values, part->samples->count * sizeof *b->values);
        *used += part->samples->count;
        return;
    }
    for (uint32_t k = 0; k < b->grid->count; k++) {
        if (part->row->has[k]) {
            b->times[*used] = grid_time(b->grid, k);
            b->values[(*used)++] = part->row->values[k];
        }
    }
}

static weir_status put_notes(struct eval *ev, struct owned_result *result)
{
    weir_promql_note *notes = arena_array(&result->arena, ev->note_count, sizeof *notes);
    uint32_t at = ev->note_count;

    if (notes == NULL) {
        return eval_memory(ev);
    }
    for (const struct note *note = ev->notes; note != NULL; note = note->next) {
        struct text message = {note->public.message, (uint32_t)note->public.message_length};

        notes[--at] = note->public;
        message = weir__pq_arena_text(&result->arena, message);
        if (message.at == NULL) {
            return eval_memory(ev);
        }
        notes[at].message = message.at;
    }
    result->public.notes = notes;
    result->public.note_count = ev->note_count;
    return WEIR_OK;
}

/* Copies the parts into flat arrays. */
static weir_status put_parts(struct building *b, struct owned_result *result)
{
    struct arena *arena = &result->arena;
    size_t labels = 0, points = 0;

    for (uint32_t i = 0; i < b->count; i++) {
        labels += b->parts[i].labels.set->count;
        points += part_points(&b->parts[i]);
    }
    b->label_at = arena_array(arena, (size_t)b->count + 1, sizeof *b->label_at);
    b->point_at = arena_array(arena, (size_t)b->count + 1, sizeof *b->point_at);
    b->labels = arena_array(arena, labels, sizeof *b->labels);
    b->times = arena_array(arena, points, sizeof *b->times);
    b->values = arena_array(arena, points, sizeof *b->values);
    if (b->label_at == NULL || b->point_at == NULL || b->labels == NULL || b->times == NULL ||
        b->values == NULL) {
        return eval_memory(b->ev);
    }
    labels = points = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        if (!put_labels(b, arena, i, &labels)) {
            return eval_memory(b->ev);
        }
        put_points(b, i, &points);
    }
    b->label_at[b->count] = labels;
    b->point_at[b->count] = points;
    result->public.series_count = b->count;
    result->public.label_at = b->label_at;
    result->public.labels = b->labels;
    result->public.point_at = b->point_at;
    result->public.times_ms = b->times;
    result->public.values = b->values;
    return WEIR_OK;
}

static weir_status new_result(struct eval *ev, int32_t type, const weir_allocator *allocator,
                              struct owned_result **out)
{
    struct arena arena;
    struct owned_result *result;

    weir__pq_arena_open(&arena, allocator, 1024);
    result = arena_take(&arena, sizeof *result);
    if (result == NULL) {
        return eval_memory(ev);
    }
    memset(result, 0, sizeof *result);
    result->arena = arena;
    result->public.type = type;
    result->public.text = "";
    result->public.samples = ev->held;
    *out = result;
    return WEIR_OK;
}

void weir_promql_result_free(weir_promql_result *result)
{
    if (result != NULL) {
        /* The result is the first member of what owns it. */
        weir__pq_arena_close(&((struct owned_result *)(void *)result)->arena);
    }
}

/* ---- evaluating ----------------------------------------------------------------------------- */

static weir_status parts_of_rows(struct building *b, const struct value *value)
{
    const struct matrix *rows = &value->matrix;
    struct row *scalar;

    if (value->type == WEIR_PROMQL_SCALAR) {
        b->parts = arena_array(&b->ev->arena, 1, sizeof *b->parts);
        scalar = arena_take(&b->ev->arena, sizeof *scalar);
        if (b->parts == NULL || scalar == NULL) {
            return eval_memory(b->ev);
        }
        scalar->labels = weir__pq_labels_none();
        scalar->values = value->scalar;
        scalar->count = b->grid->count;
        scalar->has = arena_take(&b->ev->arena, b->grid->count);
        if (scalar->has == NULL) {
            return eval_memory(b->ev);
        }
        memset(scalar->has, 1, b->grid->count);
        b->parts[0] = (struct piece){scalar->labels, scalar, NULL};
        b->count = 1;
        return WEIR_OK;
    }
    b->parts = arena_array(&b->ev->arena, rows->count, sizeof *b->parts);
    if (b->parts == NULL) {
        return eval_memory(b->ev);
    }
    for (uint32_t i = 0; i < rows->count; i++) {
        if (rows->rows[i].count > 0) {
            b->parts[b->count++] = (struct piece){rows->rows[i].labels, &rows->rows[i], NULL};
        }
    }
    return WEIR_OK;
}

static weir_status parts_of_ranges(struct building *b, const struct node *node, int64_t at)
{
    struct range_rows *ranges = arena_take(&b->ev->arena, sizeof *ranges);
    weir_status status =
        ranges != NULL ? weir__pq_eval_range_rows(b->ev, at, node, ranges) : eval_memory(b->ev);

    if (status != WEIR_OK) {
        return status;
    }
    b->parts = arena_array(&b->ev->arena, ranges->count, sizeof *b->parts);
    if (b->parts == NULL) {
        return eval_memory(b->ev);
    }
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (ranges->rows[i].count > 0) {
            b->parts[b->count++] = (struct piece){ranges->rows[i].labels, NULL, &ranges->rows[i]};
        }
    }
    return WEIR_OK;
}

/* Evaluates and copies; `ranged`: the result is a matrix whatever the expression is. */
static weir_status evaluate(struct eval *ev, const struct grid *grid, bool ranged,
                            const weir_allocator *allocator, struct owned_result **out)
{
    const struct node *root = unwrap(ev->expr->root);
    struct building b = {.ev = ev, .grid = grid};
    struct value value;
    weir_status status;

    if (root->type == WEIR_PROMQL_MATRIX) {
        status = parts_of_ranges(&b, root, grid->start);
    } else if (root->type == WEIR_PROMQL_STRING) {
        status = WEIR_OK;
    } else {
        status = weir__pq_eval(ev, grid, root, &value);
        status = status == WEIR_OK ? parts_of_rows(&b, &value) : status;
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (ranged || root->type == WEIR_PROMQL_MATRIX) {
        sort_parts(&b);
    }
    status = new_result(ev, ranged ? WEIR_PROMQL_MATRIX : root->type, allocator, out);
    if (status != WEIR_OK) {
        return status;
    }
    status = put_parts(&b, *out);
    status = status == WEIR_OK ? put_notes(ev, *out) : status;
    if (status == WEIR_OK && root->type == WEIR_PROMQL_STRING) {
        struct text text = weir__pq_arena_text(&(*out)->arena, root->string);

        (*out)->public.text = text.at;
        (*out)->public.text_length = text.length;
        status = text.at != NULL ? WEIR_OK : eval_memory(ev);
    }
    if (status != WEIR_OK) {
        weir_promql_result_free(&(*out)->public);
    }
    return status;
}

/* The steps of a grid that passed the checks. */
static weir_status check_grid(const struct weir_promql_expr *expr, struct grid *grid,
                              weir_error *err)
{
    int64_t end = grid->end;
    uint64_t steps;

    if (grid->step < 1) {
        return promql_fail(err, WEIR_E_RANGE,
                    "zero or negative query resolution step widths are not accepted");
    }
    if (expr->root->type != WEIR_PROMQL_SCALAR && expr->root->type != WEIR_PROMQL_VECTOR) {
        return promql_fail(err, WEIR_E_RANGE,
                    "invalid expression type for range query, must be scalar or "
                    "instant vector");
    }
    if (end < grid->start) {
        grid->count = 0;
        return WEIR_OK;
    }
    steps = (uint64_t)(end - grid->start) / (uint64_t)grid->step + 1;
    if (steps > INT32_MAX) {
        return promql_fail(err, WEIR_E_LIMIT, "more than 2^31 steps");
    }
    grid->count = (uint32_t)steps;
    return WEIR_OK;
}

static weir_status query(const weir_series_store *store, const weir_promql_expr *expr,
                         struct grid *grid, bool ranged, const weir_promql_options *options,
                         const weir_allocator *allocator, weir_promql_result **result,
                         weir_error *err)
{
    struct eval ev = {.store = store,
                      .expr = expr,
                      .start = grid->start,
                      .end = grid->end,
                      .err = err,
                      .step = ranged ? grid->step : 0};
    struct owned_result *made = NULL;
    weir_status status;

    if (store == NULL || expr == NULL || allocator == NULL || result == NULL) {
        return promql_fail(err, WEIR_E_ARG, "store, expr, allocator and result must not be NULL");
    }
    if (grid->start > TIME_MAX || grid->start < -TIME_MAX || grid->end > TIME_MAX ||
        grid->end < -TIME_MAX || grid->step > TIME_MAX) {
        return promql_fail(err, WEIR_E_RANGE, "a time beyond 73 million years");
    }
    status = take_options(options, &ev.options, err);
    status = status == WEIR_OK && ranged ? check_grid(expr, grid, err) : status;
    if (status != WEIR_OK) {
        return status;
    }
    ev.metadata = weir__pq_first_posting(store, SYMBOL_TYPE) != NULL ||
                  weir__pq_first_posting(store, SYMBOL_UNIT) != NULL;
    weir__pq_arena_open(&ev.arena, allocator, 8192);
    ev.own.arena = &ev.arena;
    status = weir__pq_eval_hold(&ev, expr->root, grid->count);
    status = status == WEIR_OK ? evaluate(&ev, grid, ranged, allocator, &made) : status;
    weir__pq_arena_close(&ev.arena);
    if (status == WEIR_OK) {
        *result = &made->public;
    }
    return status;
}

weir_status weir_promql_instant(const weir_series_store *store, const weir_promql_expr *expr,
                                int64_t at_ms, const weir_promql_options *options,
                                const weir_allocator *allocator, weir_promql_result **result,
                                weir_error *err)
{
    struct grid grid = {at_ms, at_ms, 1, 1};

    return query(store, expr, &grid, false, options, allocator, result, err);
}

weir_status weir_promql_range(const weir_series_store *store, const weir_promql_expr *expr,
                              int64_t start_ms, int64_t end_ms, int64_t step_ms,
                              const weir_promql_options *options, const weir_allocator *allocator,
                              weir_promql_result **result, weir_error *err)
{
    struct grid grid = {start_ms, end_ms, step_ms, 0};

    return query(store, expr, &grid, true, options, allocator, result, err);
}

/* ---- looking at expressions ----------------------------------------------------------------- */

/* Calls a function on each node; stops at the first that does not give WEIR_OK. */
typedef weir_status visitor(const struct node *node, void *user);

static weir_status visit(const struct node *node, visitor *see, void *user)
{
    weir_status status = see(node, user);

    if (status != WEIR_OK) {
        return status;
    }
    switch (node->kind) {
    case NODE_PAREN:
    case NODE_UNARY: return visit(node->inner, see, user);
    case NODE_RANGE:
    case NODE_SUBQUERY: return visit(node->range.inner, see, user);
    case NODE_BINARY:
        status = visit(node->binary.left, see, user);
        return status == WEIR_OK ? visit(node->binary.right, see, user) : status;
    case NODE_AGGREGATE:
        if (node->aggregate.parameter != NULL) {
            status = visit(node->aggregate.parameter, see, user);
        }
        return status == WEIR_OK ? visit(node->aggregate.inner, see, user) : status;
    case NODE_CALL:
        for (uint32_t i = 0; status == WEIR_OK && i < node->call.count; i++) {
            status = visit(node->call.args[i], see, user);
        }
        return status;
    default: return WEIR_OK;
    }
}

struct support {
    struct text source;
    weir_error *err;
};

static weir_status see_support(const struct node *node, void *user)
{
    const struct support *s = user;
    const char *what = NULL;

    if (node->kind == NODE_CALL && node->call.function->class == FUNCTION_NONE) {
        what = node->call.function->name;
    } else if (node->kind == NODE_BINARY &&
               (node->token == TOKEN_TRIM_UPPER || node->token == TOKEN_TRIM_LOWER)) {
        what = weir__pq_token_name(node->token);
    } else if (node->kind == NODE_SELECTOR && node->selector.anchored) {
        what = "anchored";
    } else if (node->kind == NODE_SELECTOR && node->selector.smoothed) {
        what = "smoothed";
    }
    return what == NULL ? WEIR_OK
                        : FAIL(s->err, WEIR_E_UNSUPPORTED, s->source, node->start,
                               {'s', "weir does not evaluate "}, {'s', what});
}

weir_status weir_promql_supported(const weir_promql_expr *expr, weir_error *err)
{
    struct support support;

    if (expr == NULL) {
        return promql_fail(err, WEIR_E_ARG, "expr must not be NULL");
    }
    support = (struct support){expr->source, err};
    return visit(expr->root, see_support, &support);
}

struct search {
    size_t left; /* selectors to pass by */
    size_t seen;
    const struct node *found;
};

static weir_status see_selector(const struct node *node, void *user)
{
    struct search *s = user;

    if (node->kind == NODE_SELECTOR) {
        s->found = s->seen == s->left ? node : s->found;
        s->seen++;
    }
    return WEIR_OK;
}

size_t weir_promql_selector_count(const weir_promql_expr *expr)
{
    struct search search = {SIZE_MAX, 0, NULL};

    if (expr != NULL) {
        visit(expr->root, see_selector, &search);
    }
    return search.seen;
}

weir_status weir_promql_selector(const weir_promql_expr *expr, size_t selector, char *text,
                                 size_t capacity, size_t *need)
{
    struct search search = {selector, 0, NULL};
    struct sink sink = {text, capacity, 0};

    if (expr == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    visit(expr->root, see_selector, &search);
    if (search.found == NULL) {
        return WEIR_E_ARG;
    }
    weir__pq_print_selector(&sink, search.found);
    weir__pq_sink_close(&sink);
    if (need != NULL) {
        *need = sink.length + 1;
    }
    return sink.length < capacity ? WEIR_OK : WEIR_E_SPACE;
}
#undef TIME_MAX

/* ---- lib/promql/range_functions.c ---- */

/*
 * range_functions.c - functions over the samples of a range other than rates.
 *
 * What can be kept from one step to the next without changing a bit is kept: counts of changes and
 * resets, candidates for the extremes, sorted values, and sums of whole numbers, which are exact in
 * any order. Compensated sums of fractions depend on their order and are computed anew.
 *
 * Upstream: promql/functions.go.
 */

/* ---- counts --------------------------------------------------------------------------------- */

static bool count_over_time(struct range_call *c, double *out)
{
    *out = (double)(c->high - c->low);
    return true;
}

static bool present_over_time(struct range_call *c, double *out)
{
    (void)c;
    *out = 1;
    return true;
}

/* Whether something happened from the sample before `at` to it. */
static bool is_event(const struct range_call *c, size_t at)
{
    double before = c->values[at - 1], now = c->values[at];

    return c->id == FN_RESETS ? now < before : now != before && !(is_nan(now) && is_nan(before));
}

static bool count_events(struct range_call *c, double *out)
{
    if (c->left < c->low && c->seen <= c->low) { /* nothing of the last window is left */
        c->events = 0;
        c->left = c->seen = c->low;
    }
    for (; c->left < c->low; c->left++) {
        c->events -= c->left + 1 < c->seen && is_event(c, c->left + 1);
    }
    for (; c->seen < c->high; c->seen++) {
        c->events += c->seen > c->low && is_event(c, c->seen);
    }
    *out = c->events;
    return true;
}

/* ---- single samples ------------------------------------------------------------------------- */

static bool first_over_time(struct range_call *c, double *out)
{
    *out = c->values[c->low];
    return true;
}

static bool last_over_time(struct range_call *c, double *out)
{
    *out = c->values[c->high - 1];
    return true;
}

static bool instant_rate(struct range_call *c, double *out)
{
    double last, before;

    if (c->high - c->low < 2) {
        return false;
    }
    last = c->values[c->high - 1];
    before = c->values[c->high - 2];
    *out = c->id == FN_IRATE && last < before ? last : last - before;
    if (c->id == FN_IRATE) {
        *out /= (double)(c->times[c->high - 1] - c->times[c->high - 2]) / 1000;
    }
    return true;
}

/* ---- extremes ------------------------------------------------------------------------------- */

static bool beats(const struct range_call *c, double a, double b)
{
    return c->id == FN_MAX_OVER_TIME ? a > b : a < b;
}

/*
 * The queue holds the positions that may yet be the extreme: each beats all that come after it, or
 * is as good and earlier. NaN never gets in, and is the answer when nothing else is there.
 */
static bool extreme(struct range_call *c, double *out)
{
    if (c->seen < c->low) {
        c->seen = c->low;
    }
    while (c->queue_first < c->queue_end && c->queue[c->queue_first] < c->low) {
        c->queue_first++;
    }
    for (; c->seen < c->high; c->seen++) {
        double value = c->values[c->seen];

        if (is_nan(value)) {
            continue;
        }
        while (c->queue_end > c->queue_first &&
               beats(c, value, c->values[c->queue[c->queue_end - 1]])) {
            c->queue_end--;
        }
        if (c->queue_first == c->queue_end) {
            c->queue_first = c->queue_end = 0;
        }
        if (!weir__pq_range_queue(c, c->queue_end + 1)) {
            return false;
        }
        c->queue[c->queue_end++] = c->seen;
    }
    *out = c->queue_first < c->queue_end ? c->values[c->queue[c->queue_first]] : c->values[c->low];
    return true;
}

/* ---- sums ----------------------------------------------------------------------------------- */

#define WHOLE_MAX 4398046511104.0 /* 2^42: two thousand of these are still exact */

static bool is_whole(double x)
{
    return magnitude(x) <= WHOLE_MAX && (double)(int64_t)x == x && !(x == 0 && is_negative(x));
}

/* Adds a sample to the sum of whole numbers, or takes it away. */
static void count_in(struct range_call *c, double x, double sign)
{
    if (is_whole(x)) {
        c->total += sign * x;
        c->weight += sign * magnitude(x);
    } else if (sign > 0) {
        c->fractions++;
    } else {
        c->fractions--;
    }
}

/*
 * Keeps the sum of a window of whole numbers. As long as all partial sums of magnitudes stay below
 * 2^53 every order gives the same, and there is nothing to compensate.
 */
static bool whole_sum(struct range_call *c, double *sum)
{
    if (c->seen <= c->low) {
        c->left = c->seen = c->low;
        c->total = c->weight = 0;
        c->fractions = 0;
    }
    for (; c->left < c->low; c->left++) {
        count_in(c, c->values[c->left], -1);
    }
    for (; c->seen < c->high; c->seen++) {
        count_in(c, c->values[c->seen], 1);
        if (c->weight > 9007199254740992.0) { /* no longer exact: begin again another time */
            c->seen = 0;
            return false;
        }
    }
    *sum = c->total;
    return c->fractions == 0;
}

static bool sum_over_time(struct range_call *c, double *out)
{
    struct compensated sum = {0, 0};

    if (whole_sum(c, out)) {
        return true;
    }
    if (is_2_42(c->ev)) {
        for (size_t i = c->low; i < c->high; i++) {
            sum = add_compensated_2_42(c->values[i], sum);
        }
    } else {
        for (size_t i = c->low; i < c->high; i++) {
            sum = add_compensated(c->values[i], sum);
        }
    }
    *out = is_inf(sum.sum) ? sum.sum : sum.sum + sum.c;
    return true;
}

/* The mean as 2.42 keeps it: corrected by each value, an infinity staying. */
static double mean_2_42(const struct range_call *c)
{
    struct compensated mean = {0, 0};
    double count = 0;

    for (size_t i = c->low; i < c->high; i++) {
        double x = c->values[i];

        count++;
        if (is_inf(mean.sum) && (is_inf(x) ? (mean.sum > 0) == (x > 0) : !is_nan(x))) {
            continue;
        }
        mean = add_compensated_2_42(x / count - mean.sum / count, mean);
    }
    return is_inf(mean.sum) ? mean.sum : mean.sum + mean.c;
}

static bool avg_over_time(struct range_call *c, double *out)
{
    struct compensated sum = {c->values[c->low], 0};
    double count = 1, q;
    size_t i = c->low + 1;

    if (is_2_42(c->ev)) {
        *out = mean_2_42(c);
        return true;
    }
    if (whole_sum(c, out)) {
        *out /= (double)(c->high - c->low);
        return true;
    }
    for (; i < c->high; i++) {
        struct compensated next = add_compensated(c->values[i], sum);

        if (is_inf(next.sum)) {
            break;
        }
        sum = next;
        count++;
    }
    if (i == c->high) {
        *out = sum.sum / count + sum.c / count;
        return true;
    }
    sum.sum /= count; /* the sum would overflow: from here on the mean is corrected */
    sum.c /= count;
    for (; i < c->high; i++) {
        count++;
        q = (count - 1) / count;
        sum = add_compensated(c->values[i] / count, (struct compensated){q * sum.sum, q * sum.c});
    }
    *out = sum.sum + sum.c;
    return true;
}

static bool variance_over_time(struct range_call *c, double *out)
{
    struct compensated mean = {0, 0}, squares = {0, 0};
    double count = 0;
    bool old = is_2_42(c->ev);

    for (size_t i = c->low; i < c->high; i++) {
        double x = c->values[i], delta = x - (mean.sum + mean.c), term;

        count++;
        mean =
            old ? add_compensated_2_42(delta / count, mean) : add_compensated(delta / count, mean);
        term = delta * (x - (mean.sum + mean.c));
        squares = old ? add_compensated_2_42(term, squares) : add_compensated(term, squares);
    }
    *out = (squares.sum + squares.c) / count;
    if (c->id == FN_STDDEV_OVER_TIME) {
        *out = weir__pq_go_sqrt(*out);
    }
    return true;
}

/* ---- regression ----------------------------------------------------------------------------- */

/* Least squares with x in seconds after `origin`. */
static void regress(const struct range_call *c, int64_t origin, double *slope, double *intercept)
{
    struct compensated x1 = {0, 0}, y1 = {0, 0}, xy = {0, 0}, x2 = {0, 0};
    double n = 0, first = c->values[c->low], sx, sy, covariance, variance;
    bool constant = true, old = is_2_42(c->ev);

    for (size_t i = c->low; i < c->high; i++) {
        double x = (double)(c->times[i] - origin) / 1e3, y = c->values[i];

        constant = constant && (i == c->low || y == first);
        n++;
        if (old) {
            x1 = add_compensated_2_42(x, x1);
            y1 = add_compensated_2_42(y, y1);
            xy = add_compensated_2_42(x * y, xy);
            x2 = add_compensated_2_42(x * x, x2);
        } else {
            x1 = add_compensated(x, x1);
            y1 = add_compensated(y, y1);
            xy = add_compensated(x * y, xy);
            x2 = add_compensated(x * x, x2);
        }
    }
    if (constant) {
        *slope = is_inf(first) ? NOT_A_NUMBER : 0;
        *intercept = is_inf(first) ? NOT_A_NUMBER : first;
        return;
    }
    sx = x1.sum + x1.c;
    sy = y1.sum + y1.c;
    covariance = (xy.sum + xy.c) - sx * sy / n;
    variance = (x2.sum + x2.c) - sx * sx / n;
    *slope = covariance / variance;
    *intercept = sy / n - *slope * sx / n;
}

static bool deriv(struct range_call *c, double *out)
{
    double intercept;

    if (c->high - c->low < 2) {
        return false;
    }
    regress(c, c->times[c->low], out, &intercept);
    return true;
}

static bool predict_linear(struct range_call *c, double *out)
{
    double slope, intercept;

    if (c->high - c->low < 2) {
        return false;
    }
    regress(c, c->now, &slope, &intercept);
    *out = slope * c->parameter + intercept;
    return true;
}

/* ---- quantile ------------------------------------------------------------------------------- */

/* Where a value goes among sorted ones: behind those that are not above it. NaN is smallest. */
static size_t sorted_place(const double *sorted, size_t count, double x)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (is_nan(sorted[middle]) || sorted[middle] <= x) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Where a value is among sorted ones. */
static size_t sorted_find(const double *sorted, size_t count, double x)
{
    size_t at = is_nan(x) ? count : sorted_place(sorted, count, x);

    while (at > 0 && to_bits(sorted[at - 1]) != to_bits(x)) {
        at--;
    }
    return at - 1;
}

/*
 * Sorts the values of the window anew. How many zeros have a minus is counted, since with them the
 * order of equal values can be seen.
 */
static void sort_window(struct range_call *c)
{
    c->sorted_count = c->high - c->low;
    c->left = c->low;
    c->seen = c->high;
    c->events = 0;
    memcpy(c->sorted, c->values + c->low, c->sorted_count * sizeof *c->sorted);
    for (size_t i = 0; i < c->sorted_count; i++) {
        c->events += to_bits(c->sorted[i]) == BITS_SIGN;
    }
    weir__pq_sort_values(c->sorted, c->sorted_count);
}

static void take_out(struct range_call *c, double x)
{
    size_t at = sorted_find(c->sorted, c->sorted_count, x);

    c->events -= to_bits(x) == BITS_SIGN;
    c->sorted_count--;
    memmove(c->sorted + at, c->sorted + at + 1, (c->sorted_count - at) * sizeof *c->sorted);
}

static void put_in(struct range_call *c, double x)
{
    size_t at = is_nan(x) ? 0 : sorted_place(c->sorted, c->sorted_count, x);

    c->events += to_bits(x) == BITS_SIGN;
    memmove(c->sorted + at + 1, c->sorted + at, (c->sorted_count - at) * sizeof *c->sorted);
    c->sorted[at] = x;
    c->sorted_count++;
}

static bool sorted_window(struct range_call *c)
{
    size_t size = c->high - c->low;

    if (size > c->sorted_room) {
        c->sorted_room = 2 * size;
        c->sorted = arena_array(&c->ev->arena, c->sorted_room, sizeof *c->sorted);
        c->failed = c->sorted == NULL;
        c->seen = 0;
    }
    if (c->failed) {
        return false;
    }
    if (c->seen <= c->low || c->high - c->seen > size / 4) { /* most of it is new */
        sort_window(c);
        return true;
    }
    for (; c->left < c->low; c->left++) {
        take_out(c, c->values[c->left]);
    }
    for (; c->seen < c->high; c->seen++) {
        put_in(c, c->values[c->seen]);
    }
    if (c->events > 0) {
        sort_window(c);
    }
    return true;
}

static bool quantile_over_time(struct range_call *c, double *out)
{
    double q = c->parameter;

    if (!(q >= 0 && q <= 1)) {
        weir__pq_note(c->ev, WEIR_PROMQL_WARNING, c->call,
                      "quantile value should be between 0 and 1", TEXT(""));
    }
    if (!sorted_window(c)) {
        return false;
    }
    *out = weir__pq_quantile(q, c->sorted, c->sorted_count, !is_2_42(c->ev));
    return true;
}

/* ---- table ---------------------------------------------------------------------------------- */

static range_function *weir__pq_range_function(uint8_t id)
{
    switch (id) {
    case FN_AVG_OVER_TIME: return avg_over_time;
    case FN_CHANGES:
    case FN_RESETS: return count_events;
    case FN_COUNT_OVER_TIME: return count_over_time;
    case FN_DERIV: return deriv;
    case FN_FIRST_OVER_TIME: return first_over_time;
    case FN_IDELTA:
    case FN_IRATE: return instant_rate;
    case FN_LAST_OVER_TIME: return last_over_time;
    case FN_MAX_OVER_TIME:
    case FN_MIN_OVER_TIME: return extreme;
    case FN_PREDICT_LINEAR: return predict_linear;
    case FN_QUANTILE_OVER_TIME: return quantile_over_time;
    case FN_STDDEV_OVER_TIME:
    case FN_STDVAR_OVER_TIME: return variance_over_time;
    case FN_SUM_OVER_TIME: return sum_over_time;
    default: return present_over_time; /* and absent_over_time, which is its opposite */
    }
}
#undef WHOLE_MAX

/* ---- lib/promql/range_rate.c ---- */

/*
 * range_rate.c - rate, increase, delta: the difference over the samples of a range, with what
 * counters lost at resets, extrapolated to the ends of the range.
 *
 *   result = last - first, for counters plus each value that a smaller one follows
 *   times (sampled + before + after) / sampled, for rate divided by the range
 *
 * where `before` and `after` reach to the ends of the range, or by half the mean distance of
 * samples when the next sample would have been due within it. A counter is not extrapolated below
 * zero.
 *
 * Upstream: promql/functions.go, extrapolatedRate().
 */

/* ---- spacing -------------------------------------------------------------------------------- */

/*
 * What depends on times alone, kept because with steady scrapes it stays the same for many steps.
 */
struct spacing {
    int64_t before_ms, after_ms, sampled_ms;
    size_t count;
    double before, after, sampled; /* seconds, already limited by the distance of samples */
    double threshold, half;
    double factor; /* without a limit by zero */
};

/* `limit` is off where 2.42 limits later. */
static struct spacing range_rate_measure(const struct range_call *c, size_t count, int64_t before_ms,
                              int64_t after_ms, int64_t sampled_ms)
{
    struct spacing s = {before_ms, after_ms, sampled_ms, count, 0, 0, 0, 0, 0, 0};
    double mean, reach;

    s.before = (double)before_ms / 1000;
    s.after = (double)after_ms / 1000;
    s.sampled = (double)sampled_ms / 1000;
    mean = s.sampled / (double)(count - 1);
    s.threshold = mean * 1.1;
    s.half = mean / 2;
    reach = s.before >= s.threshold ? s.half : s.before;
    if (!is_2_42(c->ev)) {
        s.before = reach;
    }
    s.after = s.after >= s.threshold ? s.half : s.after;
    s.factor = (s.sampled + reach + s.after) / s.sampled;
    s.factor = c->id == FN_RATE ? s.factor / c->range_s : s.factor;
    return s;
}

/* The factor where a counter would be zero before the range begins. */
static double limited_factor(const struct range_call *c, struct spacing s, double zero)
{
    double factor;

    if (is_2_42(c->ev) && zero >= s.threshold) { /* limits first, then judges the distance */
        zero = s.half;
    }
    factor = (s.sampled + zero + s.after) / s.sampled;
    return c->id == FN_RATE ? factor / c->range_s : factor;
}

/* ---- resets --------------------------------------------------------------------------------- */

/* Lists in the queue where the counter went down, up to the sample `end`; false: no memory. */
static bool list_resets(struct range_call *c, size_t end)
{
    const double *values = c->values;
    uint64_t down = 0; /* the sign of any difference; also of a NaN, which is looked at closer */

    c->queue_first = c->queue_end = 0;
    for (size_t i = c->low + 1; i < end; i++) {
        down |= to_bits(values[i] - values[i - 1]);
    }
    for (size_t i = c->low + 1; i < end && (down & BITS_SIGN) != 0; i++) {
        if (values[i] < values[i - 1]) {
            if (!weir__pq_range_queue(c, c->queue_end + 1)) {
                return false;
            }
            c->queue[c->queue_end++] = i;
        }
    }
    return true;
}

/* Adds what was lost at the resets within a window. */
static double add_resets(struct range_call *c, size_t low, size_t high, double result)
{
    while (c->queue_first < c->queue_end && c->queue[c->queue_first] <= low) {
        c->queue_first++;
    }
    for (size_t i = c->queue_first; i < c->queue_end && c->queue[i] < high; i++) {
        result += c->values[c->queue[i] - 1];
    }
    return result;
}

enum { CHUNK = 16 };

/* ---- steps ---------------------------------------------------------------------------------- */

/* Whether the counter would be zero before the range begins. */
static inline bool is_limited(double result, double first, double zero, double before)
{
    return result > 0 && first >= 0 && zero < before;
}

static double one_rate(const struct range_call *c, struct spacing s, double first, double result)
{
    double zero = s.sampled * (first / result), factor = s.factor;

    if (c->id != FN_DELTA && is_limited(result, first, zero, s.before)) {
        factor = limited_factor(c, s, zero);
    }
    return result * factor;
}

/* Samples at equal distances, [low, high], and from where on to look for the next such. */
struct range_rate_run {
    size_t low, high, next;
    int64_t distance;
};

/* How many times of `count`, from the second on, are `distance` after the one before them. */
static size_t equal_distances(const int64_t *times, size_t count, int64_t distance)
{
    size_t n = 0;

    for (uint64_t differ = 0; n + CHUNK < count; n += CHUNK) { /* many are looked at at once */
        for (size_t i = n; i < n + CHUNK; i++) {
            differ |= (uint64_t)(times[i + 1] - times[i]) ^ (uint64_t)distance;
        }
        if (differ != 0) {
            break;
        }
    }
    while (n + 1 < count && times[n + 1] - times[n] == distance) {
        n++;
    }
    return n;
}

/* Whether the window [low, high) lies in a run; finds one in time that grows with the samples. */
static bool in_run(struct range_rate_run *range_rate_run, const int64_t *times, size_t end, size_t low, size_t high)
{
    if (range_rate_run->low <= low && high <= range_rate_run->high + 1) {
        return true;
    }
    if (low < range_rate_run->next) {
        return false;
    }
    range_rate_run->low = low;
    range_rate_run->high = low + 1;
    range_rate_run->distance = times[low + 1] - times[low];
    range_rate_run->high += equal_distances(times + low + 1, end - low - 1, range_rate_run->distance);
    range_rate_run->next = range_rate_run->high;
    return high <= range_rate_run->high + 1;
}

/* Windows that follow one another: the first is [low, high), each is `stride` samples on. */
struct range_rate_windows {
    size_t low, high, stride;
    uint32_t count;
};

/* Adds what was lost at each reset to the windows that it lies in, reset by reset. */
static void add_resets_to(struct range_call *c, struct range_rate_windows w, double *results)
{
    for (size_t i = c->queue_first; i < c->queue_end; i++) {
        size_t at = c->queue[i];
        size_t first = at >= w.high ? (at - w.high) / w.stride + 1 : 0;
        size_t end = at > w.low ? (at - 1 - w.low) / w.stride + 1 : 0;
        double lost = c->values[at - 1];

        if (first >= w.count) {
            return;
        }
        end = end < w.count ? end : w.count;
        for (size_t j = first; j < end; j++) {
            results[j] += lost;
        }
    }
}

/* Makes rates of results, which the windows from `first` on begin with: one sample apart. */
static void range_rate_scale(const struct range_call *c, struct spacing s, const double *first, uint32_t count,
                  double *out)
{
    const double sampled = s.sampled, before = s.before, factor = s.factor;
    uint64_t limited = 0; /* the sign is set for any step that is_limited(), perhaps for others */

    for (uint32_t j = 0; j < count; j++) {
        double zero = sampled * (first[j] / out[j]);

        limited |= to_bits(zero - before) & to_bits(0 - out[j]) & ~to_bits(first[j] + 0.0);
    }
    if (c->id == FN_DELTA || (limited & BITS_SIGN) == 0) {
        for (uint32_t j = 0; j < count; j++) {
            out[j] *= factor;
        }
        return;
    }
    for (uint32_t j = 0; j < count; j++) {
        out[j] = one_rate(c, s, first[j], out[j]);
    }
}

/*
 * Steps whose windows all have the same spacing. Where they are one sample apart, what is done is
 * the same for all, and the compiler does several at once.
 */
static void equal_steps(struct range_call *c, struct spacing s, struct range_rate_windows w, double *out)
{
    const double *first = c->values + w.low, *last = c->values + w.high - 1;

    if (w.stride == 1) {
        for (uint32_t j = 0; j < w.count; j++) {
            out[j] = last[j] - first[j];
        }
    } else {
        for (uint32_t j = 0; j < w.count; j++) {
            out[j] = last[j * w.stride] - first[j * w.stride];
        }
    }
    if (c->id != FN_DELTA) {
        add_resets_to(c, w, out);
    }
    for (uint32_t j = 0; j < w.count && w.stride == 1; j += CHUNK) {
        range_rate_scale(c, s, first + j, w.count - j < CHUNK ? w.count - j : CHUNK, out + j);
    }
    for (uint32_t j = 0; j < w.count && w.stride != 1; j++) {
        out[j] = one_rate(c, s, first[j * w.stride], out[j]);
    }
}

/* The windows of up to `left` steps after this one that shift by whole samples of a run. */
static struct range_rate_windows windows_alike(const struct range_call *c, const struct range_rate_run *range_rate_run, size_t low,
                                    size_t high, int64_t to, uint32_t left)
{
    int64_t step = c->fixed ? 0 : c->grid->step, distance = range_rate_run->distance;
    int64_t edge = to - c->range_ms - c->closed;
    struct range_rate_windows w = {0};
    size_t room;

    if (step == 0 || distance == 0 || step % distance != 0 || c->times[low] - distance > edge ||
        c->times[high - 1] + distance <= to || high >= range_rate_run->high) {
        return w;
    }
    w.stride = (size_t)(step / distance);
    room = (range_rate_run->high - high) / w.stride;
    w.low = low + w.stride;
    w.high = high + w.stride;
    w.count = room < left ? (uint32_t)room : left;
    return w;
}

/* Numbers are kept in locals, since a byte written to `has` might be a part of anything else. */
static void weir__pq_range_rate(struct range_call *c, struct row *row)
{
    const int64_t *times = c->times;
    const double *values = c->values;
    const int64_t step = c->fixed ? 0 : c->grid->step, range = c->range_ms, closed = c->closed;
    const size_t end = weir__pq_window_limit(c);
    const uint32_t steps = c->grid->count;
    int64_t to = weir__pq_window_end(c, 0);
    size_t low = c->low, high = c->low;
    uint32_t found = 0;
    struct spacing s = {.count = 0};
    struct range_rate_run range_rate_run = {1, 0, 0, 0};
    bool resets;

    if (c->id != FN_DELTA && !list_resets(c, end)) {
        return;
    }
    resets = c->id != FN_DELTA && c->queue_end > 0;
    for (uint32_t k = 0; k < steps; k++, to += step) {
        const int64_t from = to - range;
        const uint32_t left = steps - 1 - k;
        double result;

        while (high < end && times[high] <= to) {
            high++;
        }
        while (low < high && times[low] <= from - closed) {
            low++;
        }
        if (high < low + 2) {
            continue;
        }
        result = values[high - 1] - values[low];
        result = resets ? add_resets(c, low, high, result) : result;
        if (s.count != high - low || s.before_ms != times[low] - from ||
            s.after_ms != to - times[high - 1] || s.sampled_ms != times[high - 1] - times[low]) {
            s = range_rate_measure(c, high - low, times[low] - from, to - times[high - 1],
                        times[high - 1] - times[low]);
        }
        row->values[k] = one_rate(c, s, values[low], result);
        row->has[k] = 1;
        found++;
        if (left > 0 && in_run(&range_rate_run, times, end, low, high)) {
            struct range_rate_windows w = windows_alike(c, &range_rate_run, low, high, to, left);

            if (w.count > 0) {
                equal_steps(c, s, w, row->values + k + 1);
                memset(row->has + k + 1, 1, w.count);
                low += w.stride * w.count;
                high += w.stride * w.count;
                to += step * w.count;
                found += w.count;
                k += w.count;
            }
        }
    }
    row->count = found;
}

/* ---- lib/promql/regex_class.c ---- */

/*
 * regex_class.c - sets of runes: building, folding of case, negation; the named classes.
 */

/* ---- lib/promql/regex_class.h ---- */

/*
 * regex_class.h - sets of runes that regular expressions name.
 */
#ifndef WEIR_PROMQL_REGEX_CLASS_H
#define WEIR_PROMQL_REGEX_CLASS_H


struct rune_class {
    struct arena *arena;
    struct rune_range *ranges;
    uint32_t count, room;
    bool beyond; /* folded runes beyond ASCII are in it, whose other cases are not known here */
};

/* All give false when there is no memory. */
static bool weir__pq_class_add(struct rune_class *class, int32_t low, int32_t high);
static bool weir__pq_class_add_folded(struct rune_class *class, int32_t low, int32_t high);

/* Adds a class by its name (d, s, w, or that of POSIX); *known is set to whether there is one. */
static bool weir__pq_class_add_named(struct rune_class *class, struct text name, bool negate, bool fold,
                              bool *known);

/* Sorts and joins; with `negate`, makes it the rest of all runes. */
static bool weir__pq_class_close(struct rune_class *class, bool negate);

#endif

enum { KELVIN = 0x212A, LONG_S = 0x17F }; /* which fold to k and s */

static bool weir__pq_class_add(struct rune_class *class, int32_t low, int32_t high)
{
    void *ranges = class->ranges;

    if (!weir__pq_arena_grow(class->arena, &ranges, class->count, &class->room,
                             sizeof *class->ranges)) {
        return false;
    }
    class->ranges = ranges;
    class->ranges[class->count++] = (struct rune_range){low, high};
    return true;
}

/* Adds the part of [low, high] that lies in [from, to], moved by `by`. */
static bool add_moved(struct rune_class *class, int32_t low, int32_t high, int32_t from, int32_t to,
                      int32_t by)
{
    low = low > from ? low : from;
    high = high < to ? high : to;
    return low > high || weir__pq_class_add(class, low + by, high + by);
}

static bool regex_class_holds(int32_t low, int32_t high, int32_t rune)
{
    return low <= rune && rune <= high;
}

static bool weir__pq_class_add_folded(struct rune_class *class, int32_t low, int32_t high)
{
    bool k = regex_class_holds(low, high, 'k') || regex_class_holds(low, high, 'K') || regex_class_holds(low, high, KELVIN);
    bool s = regex_class_holds(low, high, 's') || regex_class_holds(low, high, 'S') || regex_class_holds(low, high, LONG_S);

    if (high > 0x7F && !(low == high && (low == KELVIN || low == LONG_S))) {
        class->beyond = true;
    }
    return weir__pq_class_add(class, low, high) &&
           add_moved(class, low, high, 'a', 'z', 'A' - 'a') &&
           add_moved(class, low, high, 'A', 'Z', 'a' - 'A') &&
           (!k || (weir__pq_class_add(class, KELVIN, KELVIN) &&
                   weir__pq_class_add(class, 'k', 'k') && weir__pq_class_add(class, 'K', 'K'))) &&
           (!s || (weir__pq_class_add(class, LONG_S, LONG_S) &&
                   weir__pq_class_add(class, 's', 's') && weir__pq_class_add(class, 'S', 'S')));
}

/* Sorts the ranges and joins those that touch. */
static void tidy(struct rune_class *class)
{
    uint32_t kept = 0;

    for (uint32_t gap = class->count / 2; gap > 0; gap /= 2) { /* Shell's sort */
        for (uint32_t i = gap; i < class->count; i++) {
            struct rune_range range = class->ranges[i];
            uint32_t at = i;

            for (; at >= gap && class->ranges[at - gap].low > range.low; at -= gap) {
                class->ranges[at] = class->ranges[at - gap];
            }
            class->ranges[at] = range;
        }
    }
    for (uint32_t i = 0; i < class->count; i++) {
        struct rune_range range = class->ranges[i];

        if (kept > 0 && range.low <= class->ranges[kept - 1].high + 1) {
            if (range.high > class->ranges[kept - 1].high) {
                class->ranges[kept - 1].high = range.high;
            }
        } else {
            class->ranges[kept++] = range;
        }
    }
    class->count = kept;
}

static bool weir__pq_class_close(struct rune_class *class, bool negate)
{
    struct rune_class other = {.arena = class->arena};
    int32_t next = 0;

    tidy(class);
    if (!negate) {
        return true;
    }
    for (uint32_t i = 0; i < class->count; i++) {
        if (class->ranges[i].low > next &&
            !weir__pq_class_add(&other, next, class->ranges[i].low - 1)) {
            return false;
        }
        next = class->ranges[i].high + 1;
    }
    if (next <= RUNE_MAX && !weir__pq_class_add(&other, next, RUNE_MAX)) {
        return false;
    }
    class->ranges = other.ranges;
    class->count = other.count;
    class->room = other.room;
    return true;
}

struct named_class {
    const char *name;
    const char *pairs; /* low and high, in turn */
};

static const struct named_class named[] = {
    {"d", "09"},           {"s", "\t\n\f\r  "}, {"w", "09AZ__az"},   {"alnum", "09AZaz"},
    {"alpha", "AZaz"},     {"ascii", NULL},     {"blank", "\t\t  "}, {"cntrl", NULL},
    {"digit", "09"},       {"graph", "!~"},     {"lower", "az"},     {"print", " ~"},
    {"punct", "!/:@[`{~"}, {"space", "\t\r  "}, {"upper", "AZ"},     {"word", "09AZ__az"},
    {"xdigit", "09AFaf"},
};

static bool add_either(struct rune_class *class, int32_t low, int32_t high, bool fold)
{
    return fold ? weir__pq_class_add_folded(class, low, high)
                : weir__pq_class_add(class, low, high);
}

static bool weir__pq_class_add_named(struct rune_class *class, struct text name, bool negate, bool fold,
                              bool *known)
{
    struct rune_class part = {.arena = class->arena};
    size_t i = 0, count = sizeof named / sizeof named[0];

    while (i < count &&
           !text_equal(name, (struct text){named[i].name, (uint32_t)strlen(named[i].name)})) {
        i++;
    }
    *known = i < count;
    if (!*known) {
        return true;
    }
    if (named[i].pairs == NULL) { /* the two that have a NUL in them */
        if (!add_either(&part, 0, name.at[0] == 'a' ? 0x7F : 0x1F, fold) ||
            !add_either(&part, 0x7F, 0x7F, fold)) {
            return false;
        }
    } else {
        for (const char *pair = named[i].pairs; pair[0] != '\0'; pair += 2) {
            if (!add_either(&part, pair[0], pair[1], fold)) {
                return false;
            }
        }
    }
    if (!weir__pq_class_close(&part, negate)) {
        return false;
    }
    for (uint32_t r = 0; r < part.count; r++) {
        if (!weir__pq_class_add(class, part.ranges[r].low, part.ranges[r].high)) {
            return false;
        }
    }
    return true;
}

/* ---- lib/promql/regex_compile.c ---- */

/*
 * regex_compile.c - a parsed regular expression to the steps of a nondeterministic automaton
 * (Thompson's construction), and what can be known of its matches beforehand.
 */

/* ---- lib/promql/regex_tree.h ---- */

/*
 * regex_tree.h - a parsed regular expression, between regex_parse.c and regex_compile.c.
 */
#ifndef WEIR_PROMQL_REGEX_TREE_H
#define WEIR_PROMQL_REGEX_TREE_H


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

static weir_status weir__pq_regex_parse(struct arena *arena, struct text pattern, struct regex_tree *tree,
                                 struct sink *message);

#endif

struct compiler {
    struct arena *arena;
    struct regex_step *steps;
    uint32_t count, room;
    weir_status status;
};

/* ---- steps ---------------------------------------------------------------------------------- */

/* Adds a step that goes on to the one behind it; gives its number. */
static uint32_t add_step(struct compiler *c, enum regex_op op, int32_t value)
{
    void *steps = c->steps;

    if (c->status != WEIR_OK) {
        return 0;
    }
    if (c->count >= REGEX_STEPS_MAX) {
        c->status = WEIR_E_LIMIT;
        return 0;
    }
    if (!weir__pq_arena_grow(c->arena, &steps, c->count, &c->room, sizeof *c->steps)) {
        c->status = WEIR_E_MEMORY;
        return 0;
    }
    c->steps = steps;
    c->steps[c->count] =
        (struct regex_step){.op = (uint8_t)op, .next = c->count + 1, .value = value};
    return c->count++;
}

static void regex_compile_compile(struct compiler *c, const struct regex_node *n);

/* Whether it can match nothing. */
static bool nullable(const struct regex_node *n)
{
    bool all = true, any = false;

    for (const struct regex_node *child = n->first; child != NULL; child = child->next) {
        bool one = nullable(child);

        all = all && one;
        any = any || one;
    }
    switch (n->kind) {
    case TREE_RUNE:
    case TREE_CLASS:
    case TREE_ANY: return false;
    case TREE_ALTERNATE: return any;
    case TREE_REPEAT: return n->min == 0 || all;
    default: return all; /* assertions have no children */
    }
}

/* A step that prefers `body` if greedy, else `out`. */
static void aim_split(struct compiler *c, uint32_t split, bool greedy, uint32_t body, uint32_t out)
{
    if (c->status == WEIR_OK) {
        c->steps[split].next = greedy ? body : out;
        c->steps[split].other = greedy ? out : body;
    }
}

static void compile_optional(struct compiler *c, const struct regex_node *body, bool greedy)
{
    uint32_t split = add_step(c, REGEX_SPLIT, 0);

    regex_compile_compile(c, body);
    aim_split(c, split, greedy, split + 1, c->count);
}

/* Once or more. */
static void compile_plus(struct compiler *c, const struct regex_node *body, bool greedy)
{
    uint32_t start = c->count, split;

    regex_compile_compile(c, body);
    split = add_step(c, REGEX_SPLIT, 0);
    aim_split(c, split, greedy, start, split + 1);
}

static void compile_star(struct compiler *c, const struct regex_node *body, bool greedy)
{
    uint32_t split = add_step(c, REGEX_SPLIT, 0), jump;

    if (nullable(body)) { /* (body+)?, which keeps the priorities of a loop over nothing right */
        compile_plus(c, body, greedy);
    } else {
        regex_compile_compile(c, body);
        jump = add_step(c, REGEX_JUMP, 0);
        if (c->status == WEIR_OK) {
            c->steps[jump].next = split;
        }
    }
    aim_split(c, split, greedy, split + 1, c->count);
}

/* x{2,4} is xx(x(x)?)? */
static void compile_repeat(struct compiler *c, const struct regex_node *n)
{
    const struct regex_node *body = n->first;
    uint32_t first;

    for (int32_t i = 0; i < n->min - (n->max < 0) && c->status == WEIR_OK; i++) {
        regex_compile_compile(c, body);
    }
    if (n->max < 0) {
        if (n->min == 0) {
            compile_star(c, body, n->greedy);
        } else {
            compile_plus(c, body, n->greedy);
        }
        return;
    }
    if (n->max - n->min == 1) {
        compile_optional(c, body, n->greedy);
        return;
    }
    first = c->count;
    for (int32_t i = n->min; i < n->max && c->status == WEIR_OK; i++) {
        add_step(c, REGEX_SPLIT, -1); /* aimed below, when the end is known */
        regex_compile_compile(c, body);
    }
    for (uint32_t i = first; i < c->count && c->status == WEIR_OK; i++) {
        if (c->steps[i].op == REGEX_SPLIT && c->steps[i].value == -1) {
            c->steps[i].value = 0;
            aim_split(c, i, n->greedy, i + 1, c->count);
        }
    }
}

static void compile_alternate(struct compiler *c, const struct regex_node *n)
{
    const struct regex_node *child = n->first;
    uint32_t jumps = UINT32_MAX; /* chained by their next until the end is known */

    for (; child->next != NULL && c->status == WEIR_OK; child = child->next) {
        uint32_t split = add_step(c, REGEX_SPLIT, 0), jump;

        regex_compile_compile(c, child);
        jump = add_step(c, REGEX_JUMP, 0);
        if (c->status == WEIR_OK) {
            c->steps[jump].next = jumps;
            jumps = jump;
        }
        aim_split(c, split, true, split + 1, c->count);
    }
    regex_compile_compile(c, child);
    while (c->status == WEIR_OK && jumps != UINT32_MAX) {
        uint32_t next = c->steps[jumps].next;

        c->steps[jumps].next = c->count;
        jumps = next;
    }
}

static void regex_compile_compile(struct compiler *c, const struct regex_node *n)
{
    uint32_t step;

    switch (n->kind) {
    case TREE_RUNE: add_step(c, REGEX_RUNE, n->value); break;
    case TREE_ANY: add_step(c, REGEX_ANY, n->value); break;
    case TREE_ASSERT: add_step(c, REGEX_ASSERT, n->value); break;
    case TREE_CLASS:
        step = add_step(c, REGEX_CLASS, 0);
        if (c->status == WEIR_OK) {
            c->steps[step].ranges = n->ranges;
            c->steps[step].count = n->count;
        }
        break;
    case TREE_CAPTURE:
        add_step(c, REGEX_SAVE, 2 * n->value);
        regex_compile_compile(c, n->first);
        add_step(c, REGEX_SAVE, 2 * n->value + 1);
        break;
    case TREE_REPEAT: compile_repeat(c, n); break;
    case TREE_ALTERNATE: compile_alternate(c, n); break;
    default:
        for (const struct regex_node *child = n->first; child != NULL; child = child->next) {
            regex_compile_compile(c, child);
        }
        break;
    }
}

/* ---- what is known beforehand ---------------------------------------------------------------- */

/* What a group or a row of one holds. */
static const struct regex_node *peel(const struct regex_node *n)
{
    while (n->kind == TREE_CAPTURE ||
           (n->kind == TREE_CONCAT && n->first != NULL && n->first->next == NULL)) {
        n = n->first;
    }
    return n;
}

/* The runes that a row begins with, as bytes; *rest is set to what comes after them. */
static bool leading_text(struct arena *arena, const struct regex_node *n, struct text *text,
                         const struct regex_node **rest)
{
    const struct regex_node *child = n->kind == TREE_CONCAT ? n->first : n;
    uint32_t runes = 0;
    char *at;

    for (const struct regex_node *r = child; r != NULL && r->kind == TREE_RUNE; r = r->next) {
        runes++;
    }
    at = arena_array(arena, runes + 1, 4);
    text->at = at;
    text->length = 0;
    for (uint32_t i = 0; at != NULL && i < runes; i++, child = child->next) {
        text->length += (uint32_t)weir__pq_rune_write(child->value, at + text->length);
    }
    *rest = child;
    return at != NULL;
}

/* Whether all of it is alternatives of plain text; then fills literals. */
static bool find_literals(struct arena *arena, const struct regex_node *root, struct regex *regex,
                          bool *memory)
{
    const struct regex_node *n = peel(root), *child = n->kind == TREE_ALTERNATE ? n->first : n;
    struct text *literals;
    uint32_t count = 1, i = 0;

    for (const struct regex_node *c = child; n->kind == TREE_ALTERNATE && c->next != NULL;
         c = c->next) {
        count++;
    }
    literals = arena_array(arena, count, sizeof *literals);
    *memory = literals != NULL;
    for (; literals != NULL && i < count; i++, child = child->next) {
        const struct regex_node *item = peel(child), *rest;

        if (item->kind != TREE_RUNE && item->kind != TREE_CONCAT && item->kind != TREE_EMPTY) {
            return false;
        }
        *memory = leading_text(arena, item, &literals[i], &rest);
        if (!*memory || (item->kind == TREE_CONCAT && rest != NULL)) {
            return false;
        }
    }
    regex->literals = literals;
    regex->literal_count = count;
    return *memory;
}

/* The text that every match begins with, and whether anything may follow it. */
static bool find_prefix(struct arena *arena, const struct regex_node *root, struct regex *regex)
{
    const struct regex_node *n = peel(root), *rest;

    regex->tail = -1;
    if (n->kind == TREE_ALTERNATE) {
        regex->prefix = TEXT("");
        return true;
    }
    if (!leading_text(arena, n, &regex->prefix, &rest)) {
        return false;
    }
    if (rest != NULL && (n->kind != TREE_CONCAT || rest->next == NULL)) {
        rest = peel(rest);
        if (rest->kind == TREE_REPEAT && rest->max < 0 && rest->min <= 1 &&
            rest->first->kind == TREE_ANY) {
            regex->tail = rest->min;
            regex->tail_dot = rest->first->value;
        }
    }
    return true;
}

static weir_status weir__pq_regex_compile(struct arena *arena, struct text pattern, bool whole,
                                   struct regex **regex, struct sink *message)
{
    struct compiler c = {.arena = arena};
    struct regex_tree tree;
    weir_status status = weir__pq_regex_parse(arena, pattern, &tree, message);
    struct regex *made;
    bool memory = true;

    if (status != WEIR_OK) {
        return status;
    }
    made = weir__pq_arena_zeroed(arena, 1, sizeof *made);
    if (made == NULL) {
        return WEIR_E_MEMORY;
    }
    if (whole) {
        add_step(&c, REGEX_ASSERT, REGEX_BEGIN_TEXT);
        if (!find_literals(arena, tree.root, made, &memory) && memory) {
            memory = find_prefix(arena, tree.root, made);
        }
    }
    if (whole) {
        regex_compile_compile(&c, tree.root);
        add_step(&c, REGEX_ASSERT, REGEX_END_TEXT);
    } else { /* found anywhere, earlier positions preferred */
        uint32_t split = add_step(&c, REGEX_SPLIT, 0), jump;

        add_step(&c, REGEX_ANY, REGEX_DOT_ALL);
        jump = add_step(&c, REGEX_JUMP, 0);
        add_step(&c, REGEX_SAVE, 0);
        aim_split(&c, split, false, split + 1, jump + 1);
        if (c.status == WEIR_OK) {
            c.steps[jump].next = split;
        }
        regex_compile_compile(&c, tree.root);
        add_step(&c, REGEX_SAVE, 1);
    }
    add_step(&c, REGEX_MATCH, 0);
    if (!memory || c.status != WEIR_OK) {
        if (c.status == WEIR_E_LIMIT) {
            sink_string(message, "expression too large");
        }
        return memory ? c.status : WEIR_E_MEMORY;
    }
    made->steps = c.steps;
    made->count = c.count;
    made->groups = tree.groups;
    made->names = tree.names;
    *regex = made;
    return WEIR_OK;
}

/* ---- lib/promql/regex_match.c ---- */

/*
 * regex_match.c - running a regular expression over a text: all threads of the automaton at once,
 * in order of priority (Pike's machine). The time is the length of the text times the steps.
 */

/* What one run needs at hand. */
struct regex_match_run {
    const struct regex *regex;
    struct regex_scratch *scratch;
    struct text text;
    bool dot_newline;
    uint32_t slots;    /* capture slots of a thread; 0: only whether it matches */
    uint32_t count[2]; /* threads of the two lists */
};

/* An entry of the stack: a step to visit, or a slot to restore. */
#define RESTORE UINT32_C(0x80000000)

static bool regex_match_prepare(struct regex_match_run *regex_match_run)
{
    struct regex_scratch *s = regex_match_run->scratch;
    uint32_t room = regex_match_run->regex->count;

    if (s->room < room) {
        for (int i = 0; i < 2; i++) {
            s->sparse[i] = weir__pq_arena_zeroed(s->arena, room, sizeof *s->sparse[i]);
            s->dense[i] = arena_array(s->arena, room, sizeof *s->dense[i]);
        }
        s->stack = arena_array(s->arena, 3 * (size_t)room + 8, sizeof *s->stack);
        s->room = s->sparse[0] && s->sparse[1] && s->dense[0] && s->dense[1] && s->stack ? room : 0;
        s->slots = 0;
    }
    if (s->room >= room && s->slots < regex_match_run->slots) {
        for (int i = 0; i < 2; i++) {
            s->captures[i] =
                arena_array(s->arena, (size_t)s->room * regex_match_run->slots, sizeof *s->captures[i]);
        }
        /* the current ones, those of the best match, the values to restore */
        s->current = arena_array(s->arena, 2 * (size_t)regex_match_run->slots + s->room, sizeof *s->current);
        s->slots = s->captures[0] && s->captures[1] && s->current ? regex_match_run->slots : 0;
    }
    return s->room >= room && s->slots >= regex_match_run->slots;
}

static bool regex_match_is_word(const struct regex_match_run *regex_match_run, size_t at)
{
    unsigned char c = at < regex_match_run->text.length ? (unsigned char)regex_match_run->text.at[at] : 0;

    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool regex_match_holds(const struct regex_match_run *regex_match_run, int32_t assertion, size_t at)
{
    bool before = at > 0 && regex_match_is_word(regex_match_run, at - 1), after = regex_match_is_word(regex_match_run, at);

    switch (assertion) {
    case REGEX_BEGIN_TEXT: return at == 0;
    case REGEX_END_TEXT: return at == regex_match_run->text.length;
    case REGEX_BEGIN_LINE: return at == 0 || regex_match_run->text.at[at - 1] == '\n';
    case REGEX_END_LINE: return at == regex_match_run->text.length || regex_match_run->text.at[at] == '\n';
    case REGEX_WORD_BOUNDARY: return before != after;
    default: return before == after;
    }
}

/* Adds the threads that a step leads to without taking a rune. */
static void follow(struct regex_match_run *regex_match_run, int list, uint32_t start, size_t at)
{
    struct regex_scratch *s = regex_match_run->scratch;
    uint32_t depth = 0, kept = 0;

    s->stack[depth++] = start;
    while (depth > 0) {
        uint32_t i = s->stack[--depth], place;
        const struct regex_step *step;

        if ((i & RESTORE) != 0) {
            s->current[i & ~RESTORE] = s->current[2 * (size_t)regex_match_run->slots + --kept];
            continue;
        }
        place = s->sparse[list][i];
        if (place < regex_match_run->count[list] && s->dense[list][place] == i) {
            continue;
        }
        s->sparse[list][i] = regex_match_run->count[list];
        s->dense[list][regex_match_run->count[list]] = i;
        step = &regex_match_run->regex->steps[i];
        switch (step->op) {
        case REGEX_JUMP: s->stack[depth++] = step->next; break;
        case REGEX_SPLIT:
            s->stack[depth++] = step->other;
            s->stack[depth++] = step->next;
            break;
        case REGEX_ASSERT:
            if (regex_match_holds(regex_match_run, step->value, at)) {
                s->stack[depth++] = step->next;
            }
            break;
        case REGEX_SAVE:
            if ((uint32_t)step->value < regex_match_run->slots) {
                s->current[2 * (size_t)regex_match_run->slots + kept++] = s->current[step->value];
                s->current[step->value] = (int64_t)at;
                s->stack[depth++] = (uint32_t)step->value | RESTORE;
            }
            s->stack[depth++] = step->next;
            break;
        default: break;
        }
        if (regex_match_run->slots > 0) {
            memcpy(s->captures[list] + (size_t)regex_match_run->count[list] * regex_match_run->slots, s->current,
                   regex_match_run->slots * sizeof *s->current);
        }
        regex_match_run->count[list]++;
    }
}

static bool in_class(const struct regex_step *step, int32_t rune)
{
    uint32_t low = 0, high = step->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (rune > step->ranges[middle].high) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < step->count && rune >= step->ranges[low].low;
}

static bool takes(const struct regex_match_run *regex_match_run, const struct regex_step *step, int32_t rune)
{
    switch (step->op) {
    case REGEX_RUNE: return step->value == rune;
    case REGEX_CLASS: return in_class(step, rune);
    case REGEX_ANY:
        return rune != '\n' || step->value == REGEX_DOT_ALL ||
               (step->value == REGEX_DOT_DEFAULT && regex_match_run->dot_newline);
    default: return false;
    }
}

/* Runs all threads; the slots of the preferred match are left behind the current ones. */
static bool run_threads(struct regex_match_run *regex_match_run)
{
    struct regex_scratch *s = regex_match_run->scratch;
    int list = 0;
    size_t at = 0;
    bool matched = false;

    regex_match_run->count[0] = regex_match_run->count[1] = 0;
    for (uint32_t i = 0; i < regex_match_run->slots; i++) {
        s->current[i] = -1;
    }
    follow(regex_match_run, list, 0, 0);
    for (;;) {
        int width = 1;
        int32_t rune = at < regex_match_run->text.length
                           ? weir__pq_rune_read(regex_match_run->text.at + at, regex_match_run->text.length - at, &width)
                           : -1;

        regex_match_run->count[1 - list] = 0;
        for (uint32_t t = 0; t < regex_match_run->count[list]; t++) {
            const struct regex_step *step = &regex_match_run->regex->steps[s->dense[list][t]];
            const int64_t *mine =
                regex_match_run->slots > 0 ? s->captures[list] + (size_t)t * regex_match_run->slots : NULL;

            if (step->op == REGEX_MATCH) {
                matched = true;
                if (regex_match_run->slots == 0) {
                    return true;
                }
                memcpy(s->current + regex_match_run->slots, mine, regex_match_run->slots * sizeof *mine);
                break; /* threads behind it have lower priority */
            }
            if (rune >= 0 && takes(regex_match_run, step, rune)) {
                if (regex_match_run->slots > 0) {
                    memcpy(s->current, mine, regex_match_run->slots * sizeof *mine);
                }
                follow(regex_match_run, 1 - list, step->next, at + (size_t)width);
            }
        }
        list = 1 - list;
        if (rune < 0 || regex_match_run->count[list] == 0) {
            return matched;
        }
        at += (size_t)width;
    }
}

/* Matches where no automaton is needed. -1: one is. */
static int quick(const struct regex *regex, struct text value, bool dot_newline)
{
    if (regex->literals != NULL) {
        for (uint32_t i = 0; i < regex->literal_count; i++) {
            if (text_equal(regex->literals[i], value)) {
                return 1;
            }
        }
        return 0;
    }
    if (value.length < regex->prefix.length ||
        memcmp(value.at, regex->prefix.at, regex->prefix.length) != 0) {
        return 0;
    }
    if (regex->tail < 0) {
        return -1;
    }
    if (value.length - regex->prefix.length < (uint32_t)regex->tail) {
        return 0;
    }
    return regex->tail_dot == REGEX_DOT_ALL ||
           (regex->tail_dot == REGEX_DOT_DEFAULT && dot_newline) ||
           value.length == regex->prefix.length ||
           memchr(value.at + regex->prefix.length, '\n', value.length - regex->prefix.length) ==
               NULL;
}

static weir_status weir__pq_regex_matches(const struct regex *regex, struct text value, bool dot_newline,
                                   struct regex_scratch *scratch, bool *matches)
{
    struct regex_match_run regex_match_run = {
        .regex = regex, .scratch = scratch, .text = value, .dot_newline = dot_newline};
    int known = quick(regex, value, dot_newline);

    if (known >= 0) {
        *matches = known != 0;
        return WEIR_OK;
    }
    if (!regex_match_prepare(&regex_match_run)) {
        return WEIR_E_MEMORY;
    }
    *matches = run_threads(&regex_match_run);
    return WEIR_OK;
}

static weir_status weir__pq_regex_find(const struct regex *regex, struct text value, bool dot_newline,
                                struct regex_scratch *scratch, const int64_t **slots)
{
    struct regex_match_run regex_match_run = {.regex = regex,
                      .scratch = scratch,
                      .text = value,
                      .dot_newline = dot_newline,
                      .slots = 2 * regex->groups};

    *slots = NULL;
    if (!regex_match_prepare(&regex_match_run)) {
        return WEIR_E_MEMORY;
    }
    if (run_threads(&regex_match_run)) {
        *slots = scratch->current + regex_match_run.slots;
    }
    return WEIR_OK;
}
#undef RESTORE

/* ---- lib/promql/regex_parse.c ---- */

/*
 * regex_parse.c - the text of a regular expression to a tree, by the syntax of Go's regexp/syntax
 * with its Perl flags: classes, groups that capture, have names or change flags, lazy and counted
 * repetition, assertions, escapes. Look-around and back references do not exist in RE2.
 */

/* Flags that groups change and restore. */
struct flags {
    bool fold;   /* i */
    bool lines;  /* m */
    bool lazy;   /* U */
    uint8_t dot; /* s: REGEX_DOT_* */
};

struct regex_parse_parser {
    struct arena *arena;
    struct text pattern;
    const char *at, *end;
    struct flags flags;
    struct regex_tree *tree;
    uint32_t name_room;
    int depth;
    struct sink *message;
    weir_status status; /* WEIR_OK until something fails */
};

static struct regex_node *parse_alternation(struct regex_parse_parser *p);

/* ---- errors and nodes ----------------------------------------------------------------------- */

static struct regex_node *regex_parse_fail(struct regex_parse_parser *p, weir_status status, const char *what,
                               const char *from, const char *to)
{
    if (p->status == WEIR_OK) {
        p->status = status;
        sink_string(p->message, what);
        if (from != NULL) {
            sink_string(p->message, ": ");
            weir__pq_sink_quoted(p->message, (struct text){from, (uint32_t)(to - from)});
        }
    }
    return NULL;
}

static struct regex_node *no_memory(struct regex_parse_parser *p)
{
    p->status = WEIR_E_MEMORY;
    return NULL;
}

static struct regex_node *regex_parse_node(struct regex_parse_parser *p, enum regex_kind kind, int32_t value)
{
    struct regex_node *n = weir__pq_arena_zeroed(p->arena, 1, sizeof *n);

    if (n == NULL) {
        return no_memory(p);
    }
    n->kind = (uint8_t)kind;
    n->value = value;
    return n;
}

static int32_t next_rune(struct regex_parse_parser *p)
{
    int width;
    int32_t rune = weir__pq_rune_read(p->at, (size_t)(p->end - p->at), &width);

    p->at += width;
    return rune;
}

static bool next_is(const struct regex_parse_parser *p, char c)
{
    return p->at < p->end && *p->at == c;
}

static bool regex_parse_accept(struct regex_parse_parser *p, char c)
{
    if (!next_is(p, c)) {
        return false;
    }
    p->at++;
    return true;
}

/* ---- classes -------------------------------------------------------------------------------- */

static struct regex_node *close_class(struct regex_parse_parser *p, struct rune_class *class, bool negate)
{
    struct regex_node *n;

    if (class->beyond) {
        return regex_parse_fail(p, WEIR_E_UNSUPPORTED, "weir does not ignore the case of letters beyond ASCII",
                    NULL, NULL);
    }
    n = regex_parse_node(p, TREE_CLASS, 0);
    if (n == NULL || !weir__pq_class_close(class, negate)) {
        return no_memory(p);
    }
    n->ranges = class->ranges;
    n->count = class->count;
    return n;
}

static struct regex_node *rune_node(struct regex_parse_parser *p, int32_t rune)
{
    struct rune_class class = {.arena = p->arena};
    bool letter = (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z') || rune > 0x7F;

    if (!p->flags.fold || !letter) {
        return regex_parse_node(p, TREE_RUNE, rune);
    }
    return weir__pq_class_add_folded(&class, rune, rune) ? close_class(p, &class, false)
                                                         : no_memory(p);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After \x: two digits, or any number of them in braces. -1 when it is neither. */
static int32_t hex_escape(struct regex_parse_parser *p)
{
    int32_t rune = 0;
    int digits = 0;

    if (!regex_parse_accept(p, '{')) {
        if (p->end - p->at < 2 || hex_digit(p->at[0]) < 0 || hex_digit(p->at[1]) < 0) {
            return -1;
        }
        rune = hex_digit(p->at[0]) * 16 + hex_digit(p->at[1]);
        p->at += 2;
        return rune;
    }
    for (; p->at < p->end && *p->at != '}'; p->at++, digits++) {
        int digit = hex_digit(*p->at);

        if (digit < 0 || rune > (RUNE_MAX - digit) / 16) {
            return -1;
        }
        rune = rune * 16 + digit;
    }
    return digits > 0 && regex_parse_accept(p, '}') ? rune : -1;
}

/* The rune of an escape; p->at is behind the backslash. -1 on failure. */
static int32_t escape(struct regex_parse_parser *p)
{
    static const char letters[] = "afnrtv", runes[] = "\a\f\n\r\t\v";
    const char *from = p->at - 1, *letter;
    int32_t c, rune = -1;

    if (p->at == p->end) {
        regex_parse_fail(p, WEIR_E_PARSE, "trailing backslash at end of expression", NULL, NULL);
        return -1;
    }
    c = next_rune(p);
    letter = c < 0x80 && c != 0 ? strchr(letters, c) : NULL;
    if (c == 'x') {
        rune = hex_escape(p);
    } else if (c == '0' ||
               (c >= '1' && c <= '7' && p->at < p->end && *p->at >= '0' && *p->at <= '7')) {
        rune = c - '0';
        for (int i = 0; i < 2 && p->at < p->end && *p->at >= '0' && *p->at <= '7'; i++) {
            rune = rune * 8 + (*p->at++ - '0');
        }
    } else if (letter != NULL) {
        rune = (unsigned char)runes[letter - letters];
    } else if (c < 0x80 && !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
        rune = c;
    }
    if (rune < 0) {
        regex_parse_fail(p, WEIR_E_PARSE, "invalid escape sequence", from, p->at);
    }
    return rune;
}

/* \d, \S and so on, after the backslash. */
static bool is_perl_class(const struct regex_parse_parser *p)
{
    return p->at < p->end && *p->at != '\0' && strchr("dDsSwW", *p->at) != NULL;
}

static bool is_unicode_class(const struct regex_parse_parser *p)
{
    return next_is(p, 'p') || next_is(p, 'P');
}

static bool add_perl_class(struct regex_parse_parser *p, struct rune_class *class)
{
    char name = (char)(*p->at | 0x20);
    bool negate = *p->at++ != name, known;

    return weir__pq_class_add_named(class, (struct text){&name, 1}, negate, p->flags.fold, &known);
}

/* [:name:] within brackets. 1: added; 0: there is none; -1: failed. */
static int add_posix_class(struct regex_parse_parser *p, struct rune_class *class)
{
    const char *name = p->at + 2, *stop = name;
    bool negate, known;
    struct text text;

    if (p->end - p->at < 3 || p->at[0] != '[' || p->at[1] != ':') {
        return 0;
    }
    while (p->end - stop >= 2 && !(stop[0] == ':' && stop[1] == ']')) {
        stop++;
    }
    if (p->end - stop < 2) {
        return 0;
    }
    negate = *name == '^';
    text = (struct text){name + negate, (uint32_t)(stop - name - negate)};
    if (text.length < 2 && !(text.length == 1 && text.at[0] > 'z')) {
        known = false; /* d, s and w are not of POSIX */
    } else if (!weir__pq_class_add_named(class, text, negate, p->flags.fold, &known)) {
        no_memory(p);
        return -1;
    }
    if (!known) {
        regex_parse_fail(p, WEIR_E_PARSE, "invalid character class range", p->at, stop + 2);
        return -1;
    }
    p->at = stop + 2;
    return 1;
}

/* One rune within brackets, -1 on failure. */
static int32_t class_rune(struct regex_parse_parser *p, const char *from)
{
    if (p->at == p->end) {
        regex_parse_fail(p, WEIR_E_PARSE, "missing closing ]", from, p->end);
        return -1;
    }
    return regex_parse_accept(p, '\\') ? escape(p) : next_rune(p);
}

static bool add_class_range(struct regex_parse_parser *p, struct rune_class *class, const char *from)
{
    const char *range = p->at;
    int32_t low = class_rune(p, from), high = low;

    if (low >= 0 && p->end - p->at >= 2 && p->at[0] == '-' && p->at[1] != ']') {
        p->at++;
        high = class_rune(p, from);
        if (high >= 0 && high < low) {
            regex_parse_fail(p, WEIR_E_PARSE, "invalid character class range", range, p->at);
            return false;
        }
    }
    if (low < 0 || high < 0) {
        return false;
    }
    if (!(p->flags.fold ? weir__pq_class_add_folded(class, low, high)
                        : weir__pq_class_add(class, low, high))) {
        no_memory(p);
        return false;
    }
    return true;
}

/* After the opening bracket. */
static struct regex_node *bracket_class(struct regex_parse_parser *p)
{
    struct rune_class class = {.arena = p->arena};
    const char *from = p->at - 1;
    bool negate = next_is(p, '^');

    p->at += negate;
    for (bool first = true; first || !next_is(p, ']'); first = false) {
        int posix = add_posix_class(p, &class);

        if (posix < 0) {
            return NULL;
        }
        if (posix > 0) {
            continue;
        }
        if (next_is(p, '\\')) {
            p->at++;
            if (is_unicode_class(p)) {
                return regex_parse_fail(p, WEIR_E_UNSUPPORTED, "weir does not know Unicode classes", p->at - 1,
                            p->at + 1);
            }
            if (is_perl_class(p)) {
                if (!add_perl_class(p, &class)) {
                    return no_memory(p);
                }
                continue;
            }
            p->at--;
        }
        if (!add_class_range(p, &class, from)) {
            return NULL;
        }
    }
    p->at++;
    return close_class(p, &class, negate);
}

/* ---- groups --------------------------------------------------------------------------------- */

static bool add_group(struct regex_parse_parser *p, struct text name)
{
    void *names = p->tree->names;

    if (!weir__pq_arena_grow(p->arena, &names, p->tree->groups, &p->name_room, sizeof name)) {
        no_memory(p);
        return false;
    }
    p->tree->names = names;
    p->tree->names[p->tree->groups++] = name;
    return true;
}

/* (?P<name> or (?<name>; p->at is at the <. */
static bool group_name(struct regex_parse_parser *p, const char *from)
{
    const char *name = ++p->at;
    bool fine = true;

    while (p->at < p->end && *p->at != '>') {
        char c = *p->at++, lower = (char)(c | 0x20);

        fine = fine && (c == '_' || (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z'));
    }
    if (p->at == p->end || !fine || p->at == name) {
        regex_parse_fail(p, WEIR_E_PARSE, "invalid named capture", from, p->at + (p->at < p->end));
        return false;
    }
    return add_group(p, (struct text){name, (uint32_t)(p->at++ - name)});
}

/*
 * Flags after "(?" up to ":" or ")". *group is set to whether a group follows. What was there
 * before is restored by the end of the group around.
 */
static bool group_flags(struct regex_parse_parser *p, const char *from, bool *regex_parse_group)
{
    bool set = true, any = false;

    while (p->at < p->end) {
        char c = *p->at++;

        if (c == 'i') {
            p->flags.fold = set;
        } else if (c == 'm') {
            p->flags.lines = set;
        } else if (c == 's') {
            p->flags.dot = set ? REGEX_DOT_ALL : REGEX_DOT_NO_NEWLINE;
        } else if (c == 'U') {
            p->flags.lazy = set;
        } else if (c == '-' && set) {
            set = false;
            any = false;
            continue;
        } else if ((c == ':' || c == ')') && (set || any)) {
            *regex_parse_group = c == ':';
            return true;
        } else {
            break;
        }
        any = true;
    }
    regex_parse_fail(p, WEIR_E_PARSE, "invalid or unsupported Perl syntax", from, p->at);
    return false;
}

/* After the opening parenthesis. An empty node when it only changed flags. */
static struct regex_node *regex_parse_group(struct regex_parse_parser *p, bool *nothing)
{
    struct flags before = p->flags;
    const char *from = p->at - 1;
    struct regex_node *inner, *capture = NULL;
    bool more = true;

    if (next_is(p, '?')) {
        p->at++;
        if (p->end - p->at > 1 && p->at[0] == 'P' && p->at[1] == '<') {
            p->at++;
        }
        if (next_is(p, '<')) {
            if (!group_name(p, from)) {
                return NULL;
            }
            capture = regex_parse_node(p, TREE_CAPTURE, (int32_t)p->tree->groups - 1);
        } else if (!group_flags(p, from, &more)) {
            return NULL;
        }
    } else if (add_group(p, TEXT(""))) {
        capture = regex_parse_node(p, TREE_CAPTURE, (int32_t)p->tree->groups - 1);
    }
    if (p->status != WEIR_OK) {
        return NULL;
    }
    *nothing = !more;
    if (!more) {
        return regex_parse_node(p, TREE_EMPTY, 0);
    }
    if (++p->depth > REGEX_DEPTH_MAX) {
        return regex_parse_fail(p, WEIR_E_LIMIT, "expression nests too deeply", NULL, NULL);
    }
    inner = parse_alternation(p);
    p->depth--;
    if (inner == NULL) {
        return NULL;
    }
    if (!next_is(p, ')')) {
        return regex_parse_fail(p, WEIR_E_PARSE, "missing closing )", p->pattern.at, p->end);
    }
    p->at++;
    p->flags = before;
    if (capture != NULL) {
        capture->first = inner;
    }
    return capture != NULL ? capture : inner;
}

/* ---- atoms and repetition ------------------------------------------------------------------- */

static struct regex_node *backslash(struct regex_parse_parser *p)
{
    int32_t rune;

    if (p->at < p->end) {
        switch (*p->at) {
        case 'A': p->at++; return regex_parse_node(p, TREE_ASSERT, REGEX_BEGIN_TEXT);
        case 'z': p->at++; return regex_parse_node(p, TREE_ASSERT, REGEX_END_TEXT);
        case 'b': p->at++; return regex_parse_node(p, TREE_ASSERT, REGEX_WORD_BOUNDARY);
        case 'B': p->at++; return regex_parse_node(p, TREE_ASSERT, REGEX_NO_WORD_BOUNDARY);
        default: break;
        }
    }
    if (is_unicode_class(p)) {
        return regex_parse_fail(p, WEIR_E_UNSUPPORTED, "weir does not know Unicode classes", p->at - 1,
                    p->at + 1);
    }
    if (is_perl_class(p)) {
        struct rune_class class = {.arena = p->arena};

        return add_perl_class(p, &class) ? close_class(p, &class, false) : no_memory(p);
    }
    rune = escape(p);
    return rune < 0 ? NULL : rune_node(p, rune);
}

/* One atom. *nothing is set for what cannot be repeated and leaves no trace. */
static struct regex_node *atom(struct regex_parse_parser *p, bool *nothing)
{
    switch (*p->at) {
    case '(': p->at++; return regex_parse_group(p, nothing);
    case '[': p->at++; return bracket_class(p);
    case '\\': p->at++; return backslash(p);
    case '.': p->at++; return regex_parse_node(p, TREE_ANY, p->flags.dot);
    case '^':
        p->at++;
        return regex_parse_node(p, TREE_ASSERT, p->flags.lines ? REGEX_BEGIN_LINE : REGEX_BEGIN_TEXT);
    case '$':
        p->at++;
        return regex_parse_node(p, TREE_ASSERT, p->flags.lines ? REGEX_END_LINE : REGEX_END_TEXT);
    default: return rune_node(p, next_rune(p));
    }
}

/* A number of at most 1000, -1 when there is none, 1001 when it is more. */
static int32_t repeat_number(struct regex_parse_parser *p)
{
    int32_t number = 0;
    const char *from = p->at;

    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
        number = number > REGEX_REPEAT_MAX ? number : number * 10 + (*p->at - '0');
    }
    if (p->at == from || (p->at - from > 1 && *from == '0')) {
        return -1;
    }
    return number > REGEX_REPEAT_MAX ? REGEX_REPEAT_MAX + 1 : number;
}

/* {n}, {n,} or {n,m}. false, and p->at as it was, for braces that are just braces. */
static bool repeat_braces(struct regex_parse_parser *p, int32_t *min, int32_t *max)
{
    const char *from = p->at++;

    *min = *max = repeat_number(p);
    if (*min >= 0 && next_is(p, ',')) {
        p->at++;
        if (next_is(p, '}')) {
            *max = -1;
        } else {
            *max = repeat_number(p);
            *min = *max < 0 ? -1 : *min;
        }
    }
    if (*min < 0 || !next_is(p, '}')) {
        p->at = from;
        return false;
    }
    p->at++;
    return true;
}

/* How often the innermost part of nested counted repetitions is written out at most. */
static int64_t written_out(const struct regex_node *n)
{
    int64_t most = 1;

    for (const struct regex_node *child = n->first; child != NULL; child = child->next) {
        int64_t inner = written_out(child);

        most = inner > most ? inner : most;
    }
    if (n->kind == TREE_REPEAT) {
        int32_t times = n->max < 0 ? n->min : n->max;

        most *= times > 1 ? times : 1;
    }
    return most;
}

static bool take_repeat(struct regex_parse_parser *p, int32_t *min, int32_t *max)
{
    *min = next_is(p, '+');
    *max = next_is(p, '?') ? 1 : -1;
    if (next_is(p, '*') || next_is(p, '+') || next_is(p, '?')) {
        p->at++;
        return true;
    }
    return next_is(p, '{') && repeat_braces(p, min, max);
}

/* A row of items being built. */
struct regex_parse_row {
    struct regex_node *node;
    struct regex_node **item; /* where the last item hangs, NULL before the first */
    bool repeated;            /* the last thing read was a repetition */
};

static bool append(struct regex_parse_row *regex_parse_row, struct regex_node *item)
{
    if (item == NULL) {
        return false;
    }
    regex_parse_row->item = regex_parse_row->item == NULL ? &regex_parse_row->node->first : &(*regex_parse_row->item)->next;
    *regex_parse_row->item = item;
    return true;
}

/* A repetition that was read from `from` on: around the last item. */
static bool repeat_last(struct regex_parse_parser *p, struct regex_parse_row *regex_parse_row, const char *from, int32_t min,
                        int32_t max)
{
    struct regex_node *n = regex_parse_node(p, TREE_REPEAT, 0);

    if (n == NULL) {
        return false;
    }
    n->greedy = !p->flags.lazy;
    if (regex_parse_accept(p, '?')) {
        n->greedy = !n->greedy;
    }
    n->min = min;
    n->max = max;
    if (regex_parse_row->item == NULL) {
        regex_parse_fail(p, WEIR_E_PARSE, "missing argument to repetition operator", from, p->at);
        return false;
    }
    n->first = *regex_parse_row->item;
    if (min > REGEX_REPEAT_MAX || max > REGEX_REPEAT_MAX || (max >= 0 && min > max) ||
        ((min > 1 || max > 1) && written_out(n) > REGEX_REPEAT_MAX)) {
        regex_parse_fail(p, WEIR_E_PARSE, "invalid repeat count", from, p->at);
        return false;
    }
    if (regex_parse_row->repeated) {
        regex_parse_fail(p, WEIR_E_PARSE, "invalid nested repetition operator", from, p->at);
        return false;
    }
    *regex_parse_row->item = n;
    regex_parse_row->repeated = true;
    return true;
}

static bool at_pair(const struct regex_parse_parser *p, char second)
{
    return p->end - p->at >= 2 && p->at[0] == '\\' && p->at[1] == second;
}

/* From \Q up to \E or the end: runes as they are. */
static bool append_quoted(struct regex_parse_parser *p, struct regex_parse_row *regex_parse_row)
{
    for (p->at += 2; p->at < p->end;) {
        if (at_pair(p, 'E')) {
            p->at += 2;
            break;
        }
        if (!append(regex_parse_row, rune_node(p, next_rune(p)))) {
            return false;
        }
    }
    return true;
}

static struct regex_node *parse_row(struct regex_parse_parser *p)
{
    struct regex_parse_row regex_parse_row = {.node = regex_parse_node(p, TREE_CONCAT, 0)};

    while (p->status == WEIR_OK && p->at < p->end && *p->at != '|' && *p->at != ')') {
        const char *from = p->at;
        int32_t min, max;
        bool nothing = false;
        struct regex_node *item;

        if (take_repeat(p, &min, &max)) {
            repeat_last(p, &regex_parse_row, from, min, max);
            continue;
        }
        regex_parse_row.repeated = false;
        if (at_pair(p, 'Q')) {
            append_quoted(p, &regex_parse_row);
            continue;
        }
        item = atom(p, &nothing);
        if (!nothing) { /* else flags changed, and a repetition is of what was before */
            append(&regex_parse_row, item);
        }
    }
    return p->status == WEIR_OK ? regex_parse_row.node : NULL;
}

static struct regex_node *parse_alternation(struct regex_parse_parser *p)
{
    struct regex_node *first = parse_row(p), *all, *last = first;

    if (first == NULL || !next_is(p, '|')) {
        return first;
    }
    all = regex_parse_node(p, TREE_ALTERNATE, 0);
    if (all == NULL) {
        return NULL;
    }
    all->first = first;
    while (next_is(p, '|')) {
        p->at++;
        last->next = parse_row(p);
        last = last->next;
        if (last == NULL) {
            return NULL;
        }
    }
    return all;
}

static weir_status weir__pq_regex_parse(struct arena *arena, struct text pattern, struct regex_tree *tree,
                                 struct sink *message)
{
    struct regex_parse_parser p = {.arena = arena,
                       .pattern = pattern,
                       .at = pattern.at,
                       .end = pattern.at + pattern.length,
                       .tree = tree,
                       .message = message};

    p.flags.dot = REGEX_DOT_DEFAULT;
    memset(tree, 0, sizeof *tree);
    if (!weir__pq_utf8_valid(pattern.at, pattern.length)) {
        regex_parse_fail(&p, WEIR_E_PARSE, "invalid UTF-8", p.at, p.end);
        return p.status;
    }
    if (!add_group(&p, TEXT(""))) { /* the whole match */
        return p.status;
    }
    tree->root = parse_alternation(&p);
    if (tree->root != NULL && p.at < p.end) {
        regex_parse_fail(&p, WEIR_E_PARSE, "unexpected )", pattern.at, p.end);
    }
    return p.status;
}

/* ---- lib/promql/select.c ---- */

/*
 * select.c - the series that matchers select.
 *
 * An equality with a text that some series has narrows the search to that label's series; else a
 * regular expression or inequality that does not match the empty text, to those of its values that
 * match; else all series are looked at. A regular expression runs once a value, not once a series.
 */

/* A matcher, prepared for one evaluation. */
struct test {
    const struct matcher *matcher;
    uint32_t name, value; /* SYMBOL_NONE: the store does not have it */
    uint8_t *known;       /* of a regex, by value: 0 unknown, 1 no, 2 yes */
    struct regex_scratch scratch;
};

static weir_status select_prepare(struct eval *ev, const struct matcher *m, struct test *test)
{
    const struct symbols *symbols = &ev->store->symbols;

    memset(test, 0, sizeof *test);
    test->matcher = m;
    test->name = weir__pq_symbol_find(symbols, m->name, weir__pq_text_hash(m->name));
    if (m->kind == MATCH_EQUAL || m->kind == MATCH_NOT_EQUAL) {
        test->value = weir__pq_symbol_find(symbols, m->value, weir__pq_text_hash(m->value));
        return WEIR_OK;
    }
    test->scratch.arena = &ev->arena;
    test->known = weir__pq_arena_zeroed(&ev->arena, symbols->count, 1);
    return test->known != NULL ? WEIR_OK : eval_memory(ev);
}

static weir_status test_value(struct eval *ev, struct test *test, uint32_t value, bool *holds)
{
    const struct matcher *m = test->matcher;
    bool matches;

    switch (m->kind) {
    case MATCH_EQUAL: *holds = value == test->value; return WEIR_OK;
    case MATCH_NOT_EQUAL: *holds = value != test->value; return WEIR_OK;
    default: break;
    }
    if (test->known[value] == 0) {
        if (weir__pq_regex_matches(m->regex, ev->store->symbols.texts[value], !is_2_42(ev),
                                   &test->scratch, &matches) != WEIR_OK) {
            return eval_memory(ev);
        }
        test->known[value] = matches == (m->kind == MATCH_REGEX) ? 2 : 1;
    }
    *holds = test->known[value] == 2;
    return WEIR_OK;
}

/* Series that may match; more may be left out later. */
struct candidates {
    const uint32_t *series; /* NULL: all up to count */
    uint32_t count;
};

static uint32_t *sorted_union(struct eval *ev, const struct posting *const *postings,
                              uint32_t count, uint32_t *total)
{
    uint8_t *marked = weir__pq_arena_zeroed(&ev->arena, ev->store->count, 1);
    uint32_t *series, n = 0;

    *total = 0;
    for (uint32_t i = 0; marked != NULL && i < count; i++) {
        for (uint32_t j = 0; j < postings[i]->count; j++) {
            *total += !marked[postings[i]->series[j]];
            marked[postings[i]->series[j]] = 1;
        }
    }
    series = marked != NULL ? arena_array(&ev->arena, *total + 1, sizeof *series) : NULL;
    for (uint32_t i = 0; series != NULL && i < ev->store->count; i++) {
        if (marked[i]) {
            series[n++] = i;
        }
    }
    return series;
}

/* The series of the values that a test lets through; it does not let the empty one. */
static weir_status narrow_by_values(struct eval *ev, struct test *test,
                                    struct candidates *candidates)
{
    const struct posting **found = NULL, *posting;
    uint32_t count = 0, room = 0;

    posting = test->name != SYMBOL_NONE ? weir__pq_first_posting(ev->store, test->name) : NULL;
    for (; posting != NULL; posting = weir__pq_next_posting(ev->store, posting)) {
        void *items = found;
        bool holds = false;
        weir_status status = test_value(ev, test, posting->value, &holds);

        if (status != WEIR_OK) {
            return status;
        }
        if (holds) {
            if (!weir__pq_arena_grow(&ev->arena, &items, count, &room,
                                     sizeof(const struct posting *))) {
                return eval_memory(ev);
            }
            found = items;
            found[count++] = posting;
        }
    }
    candidates->series = sorted_union(ev, found, count, &candidates->count);
    return candidates->series != NULL ? WEIR_OK : eval_memory(ev);
}

/* Starts from the shortest list of series that must hold all. */
static weir_status select_narrow(struct eval *ev, struct test *tests, uint32_t count,
                          struct candidates *candidates)
{
    static const uint32_t nobody;
    struct test *values = NULL;

    *candidates = (struct candidates){NULL, ev->store->count};
    for (uint32_t i = 0; i < count; i++) {
        const struct matcher *m = tests[i].matcher;
        const struct posting *posting;

        if (m->empty) {
            continue;
        }
        if (m->kind != MATCH_EQUAL) {
            values = &tests[i];
            continue;
        }
        posting = tests[i].name != SYMBOL_NONE && tests[i].value != SYMBOL_NONE
                      ? weir__pq_posting(ev->store, tests[i].name, tests[i].value)
                      : NULL;
        if (posting == NULL || posting->count == 0) {
            *candidates = (struct candidates){&nobody, 0};
            return WEIR_OK;
        }
        if (candidates->series == NULL || posting->count < candidates->count) {
            *candidates = (struct candidates){posting->series, posting->count};
        }
    }
    return candidates->series == NULL && values != NULL ? narrow_by_values(ev, values, candidates)
                                                        : WEIR_OK;
}

static weir_status passes_all(struct eval *ev, struct test *tests, uint32_t count,
                              const struct label_set *labels, bool *passes)
{
    *passes = true;
    for (uint32_t i = 0; *passes && i < count; i++) {
        uint32_t value =
            tests[i].name != SYMBOL_NONE ? label_value(labels, tests[i].name) : SYMBOL_EMPTY;
        weir_status status = test_value(ev, &tests[i], value, passes);

        if (status != WEIR_OK) {
            return status;
        }
    }
    return WEIR_OK;
}

static weir_status weir__pq_select(struct eval *ev, const struct node *selector, const uint32_t **series,
                            uint32_t *count)
{
    uint32_t matchers = selector->selector.count, *found;
    struct test *tests = arena_array(&ev->arena, matchers, sizeof *tests);
    struct candidates candidates;
    weir_status status = tests != NULL ? WEIR_OK : eval_memory(ev);

    for (uint32_t i = 0; status == WEIR_OK && i < matchers; i++) {
        status = select_prepare(ev, &selector->selector.matchers[i], &tests[i]);
    }
    status = status == WEIR_OK ? select_narrow(ev, tests, matchers, &candidates) : status;
    if (status != WEIR_OK) {
        return status;
    }
    *series = candidates.series;
    *count = candidates.count;
    if (matchers == 1 && candidates.series != NULL) { /* it is what narrowed the search */
        return WEIR_OK;
    }
    found = arena_array(&ev->arena, candidates.count + 1, sizeof *found);
    if (found == NULL) {
        return eval_memory(ev);
    }
    *series = found;
    *count = 0;
    for (uint32_t i = 0; i < candidates.count; i++) {
        uint32_t number = candidates.series != NULL ? candidates.series[i] : i;
        bool passes;

        status = passes_all(ev, tests, matchers, ev->store->series[number].labels, &passes);
        if (status != WEIR_OK) {
            return status;
        }
        if (passes) {
            found[(*count)++] = number;
        }
    }
    return WEIR_OK;
}

/* ---- lib/promql/store.c ---- */

/*
 * store.c - the series store: finding and adding series, appending samples by the rules of
 * Prometheus' storage.
 *
 * Staleness markers are kept apart from the samples: what a range reads is then one flat array, and
 * the few markers are looked up where an instant is read.
 */

enum { LABELS_MAX = 4096 };

/* ---- memory --------------------------------------------------------------------------------- */

/* A block for `room` elements instead of one for `old`; NULL leaves the old one as it was. */
static void *store_bigger(const weir_allocator *a, void *block, size_t used, size_t old, size_t room,
                    size_t size)
{
    void *more = room <= SIZE_MAX / size ? a->alloc(a->user, room * size) : NULL;

    if (more == NULL) {
        return NULL;
    }
    if (block != NULL) {
        memcpy(more, block, used * size);
        a->free(a->user, block, old * size);
    }
    return more;
}

static void release(const weir_allocator *a, void *block, size_t bytes)
{
    if (block != NULL) {
        a->free(a->user, block, bytes);
    }
}

weir_status weir_series_store_create(const weir_allocator *allocator, weir_series_store **store)
{
    static const char *const known[] = {"", "__name__", "__type__", "__unit__", "le"};
    weir_series_store *s;
    uint32_t number;
    weir_status status = WEIR_OK;

    if (allocator == NULL || store == NULL) {
        return WEIR_E_ARG;
    }
    s = allocator->alloc(allocator->user, sizeof *s);
    if (s == NULL) {
        return WEIR_E_MEMORY;
    }
    memset(s, 0, sizeof *s);
    s->allocator = *allocator;
    weir__pq_arena_open(&s->arena, allocator, 4096);
    s->symbols.arena = &s->arena;
    for (size_t i = 0; status == WEIR_OK && i < sizeof known / sizeof known[0]; i++) {
        status = weir__pq_symbol_add(&s->symbols,
                                     (struct text){known[i], (uint32_t)strlen(known[i])}, &number);
    }
    if (status != WEIR_OK) {
        weir_series_store_free(s);
        return status;
    }
    *store = s;
    return WEIR_OK;
}

void weir_series_store_free(weir_series_store *s)
{
    weir_allocator a;

    if (s == NULL) {
        return;
    }
    a = s->allocator;
    for (uint32_t i = 0; i < s->count; i++) {
        struct series *one = &s->series[i];

        release(&a, one->times, one->room * sizeof *one->times);
        release(&a, one->values, one->room * sizeof *one->values);
        release(&a, one->stale, one->stale_room * sizeof *one->stale);
    }
    for (uint32_t i = 0; i < s->posting_count; i++) {
        release(&a, s->postings[i].series, s->postings[i].room * sizeof(uint32_t));
    }
    release(&a, s->series, s->room * sizeof *s->series);
    release(&a, s->postings, s->posting_room * sizeof *s->postings);
    weir__pq_arena_close(&s->arena);
    a.free(a.user, s, sizeof *s);
}

/* ---- postings ------------------------------------------------------------------------------- */

static uint32_t posting_slot(const weir_series_store *s, uint32_t name, uint32_t value)
{
    return (uint32_t)label_hash(name, value) & (s->posting_slot_count - 1);
}

static uint32_t find_posting(const weir_series_store *s, uint32_t name, uint32_t value)
{
    uint32_t slot, number;

    if (s->posting_slot_count == 0) {
        return SYMBOL_NONE;
    }
    for (slot = posting_slot(s, name, value);; slot = (slot + 1) & (s->posting_slot_count - 1)) {
        number = s->posting_slots[slot];
        if (number == 0) {
            return SYMBOL_NONE;
        }
        number--;
        if (s->postings[number].name == name && s->postings[number].value == value) {
            return number;
        }
    }
}

static const struct posting *weir__pq_posting(const struct weir_series_store *store, uint32_t name,
                                       uint32_t value)
{
    uint32_t number = find_posting(store, name, value);

    return number != SYMBOL_NONE ? &store->postings[number] : NULL;
}

static const struct posting *weir__pq_first_posting(const struct weir_series_store *store, uint32_t name)
{
    uint32_t first = name < store->first_room ? store->first_posting[name] : 0;

    return first != 0 ? &store->postings[first - 1] : NULL;
}

static const struct posting *weir__pq_next_posting(const struct weir_series_store *store,
                                            const struct posting *posting)
{
    return posting->next != 0 ? &store->postings[posting->next - 1] : NULL;
}

static void place_posting(weir_series_store *s, uint32_t number)
{
    uint32_t slot = posting_slot(s, s->postings[number].name, s->postings[number].value);

    while (s->posting_slots[slot] != 0) {
        slot = (slot + 1) & (s->posting_slot_count - 1);
    }
    s->posting_slots[slot] = number + 1;
}

/* Room for one more posting of this name. */
static bool grow_postings(weir_series_store *s, uint32_t name)
{
    if (s->posting_count == s->posting_room) {
        uint32_t room = s->posting_room == 0 ? 16 : 2 * s->posting_room;
        void *more = store_bigger(&s->allocator, s->postings, s->posting_count, s->posting_room, room,
                            sizeof *s->postings);

        if (more == NULL) {
            return false;
        }
        s->postings = more;
        s->posting_room = room;
    }
    if (2 * (s->posting_count + 1) > s->posting_slot_count) {
        uint32_t slots = s->posting_slot_count == 0 ? 32 : 2 * s->posting_slot_count;
        uint32_t *table = weir__pq_arena_zeroed(&s->arena, slots, sizeof *table);

        if (table == NULL) {
            return false;
        }
        s->posting_slots = table;
        s->posting_slot_count = slots;
        for (uint32_t i = 0; i < s->posting_count; i++) {
            place_posting(s, i);
        }
    }
    if (name >= s->first_room) {
        uint32_t room = 2 * name + 16;
        uint32_t *table = weir__pq_arena_zeroed(&s->arena, room, sizeof *table);

        if (table == NULL) {
            return false;
        }
        if (s->first_room > 0) {
            memcpy(table, s->first_posting, s->first_room * sizeof *table);
        }
        s->first_posting = table;
        s->first_room = room;
    }
    return true;
}

/* The posting of a label, with room for one more series; SYMBOL_NONE when there is no memory. */
static uint32_t open_posting(weir_series_store *s, struct label_id label)
{
    uint32_t number = find_posting(s, label.name, label.value);
    struct posting *p;

    if (number == SYMBOL_NONE) {
        if (!grow_postings(s, label.name)) {
            return SYMBOL_NONE;
        }
        number = s->posting_count++;
        s->postings[number] =
            (struct posting){label.name, label.value, s->first_posting[label.name], 0, 0, NULL};
        s->first_posting[label.name] = number + 1;
        place_posting(s, number);
    }
    p = &s->postings[number];
    if (p->count == p->room) {
        uint32_t room = p->room == 0 ? 4 : 2 * p->room;
        void *more = store_bigger(&s->allocator, p->series, p->count, p->room, room, sizeof(uint32_t));

        if (more == NULL) {
            return SYMBOL_NONE;
        }
        p->series = more;
        p->room = room;
    }
    return number;
}

/* ---- series --------------------------------------------------------------------------------- */

static uint32_t find_series(const weir_series_store *s, const struct label_set *set)
{
    uint32_t slot = (uint32_t)set->hash;

    for (; s->slot_count > 0; slot++) {
        uint32_t number = s->slots[slot & (s->slot_count - 1)];
        const struct label_set *other;

        if (number == 0) {
            break;
        }
        other = s->series[number - 1].labels;
        if (other->hash == set->hash && other->count == set->count &&
            memcmp(other->labels, set->labels, set->count * sizeof set->labels[0]) == 0) {
            return number - 1;
        }
    }
    return SYMBOL_NONE;
}

static void place_series(weir_series_store *s, uint32_t number)
{
    uint32_t slot = (uint32_t)s->series[number].labels->hash;

    while (s->slots[slot & (s->slot_count - 1)] != 0) {
        slot++;
    }
    s->slots[slot & (s->slot_count - 1)] = number + 1;
}

static weir_status grow_series(weir_series_store *s)
{
    if (s->count >= SYMBOLS_MAX / 2) {
        return WEIR_E_LIMIT;
    }
    if (s->count == s->room) {
        uint32_t room = s->room == 0 ? 16 : 2 * s->room;
        void *more = store_bigger(&s->allocator, s->series, s->count, s->room, room, sizeof *s->series);

        if (more == NULL) {
            return WEIR_E_MEMORY;
        }
        s->series = more;
        s->room = room;
    }
    if (2 * (s->count + 1) > s->slot_count) {
        uint32_t slots = s->slot_count == 0 ? 32 : 2 * s->slot_count;
        uint32_t *table = weir__pq_arena_zeroed(&s->arena, slots, sizeof *table);

        if (table == NULL) {
            return WEIR_E_MEMORY;
        }
        s->slots = table;
        s->slot_count = slots;
        for (uint32_t i = 0; i < s->count; i++) {
            place_series(s, i);
        }
    }
    return WEIR_OK;
}

static weir_status add_series(weir_series_store *s, const struct label_set *set, uint32_t *number)
{
    size_t bytes = sizeof *set + set->count * sizeof set->labels[0];
    struct label_set *copy = arena_take(&s->arena, bytes);
    weir_status status = grow_series(s);

    if (copy == NULL || status != WEIR_OK) {
        return copy == NULL ? WEIR_E_MEMORY : status;
    }
    /* First room in all postings, then the series in all of them: nothing is left half done. */
    for (uint32_t i = 0; i < set->count; i++) {
        if (open_posting(s, set->labels[i]) == SYMBOL_NONE) {
            return WEIR_E_MEMORY;
        }
    }
    for (uint32_t i = 0; i < set->count; i++) {
        struct posting *p =
            &s->postings[find_posting(s, set->labels[i].name, set->labels[i].value)];

        p->series[p->count++] = s->count;
    }
    memcpy(copy, set, bytes);
    s->series[s->count] = (struct series){.labels = copy};
    *number = s->count++;
    place_series(s, *number);
    return WEIR_OK;
}

static weir_status refuse_label(const weir_label *label, const char *why, weir_error *err)
{
    struct text name = {label->name, label->name_length < 100 ? (uint32_t)label->name_length : 100};

    return FAIL(err, WEIR_E_RANGE, (struct text){0}, 0, {'s', "label "}, {'q', &name}, {'s', why});
}

/* The labels as a set, sorted; *set lives in the arena. */
static weir_status collect(weir_series_store *s, const weir_label *labels, size_t count,
                           struct label_set **out, weir_error *err)
{
    struct label_set *set = arena_take(&s->arena, sizeof *set + count * sizeof set->labels[0]);

    if (set == NULL) {
        return WEIR_E_MEMORY;
    }
    set->hash = 0;
    set->count = 0;
    set->metric = SYMBOL_EMPTY;
    for (size_t i = 0; i < count; i++) {
        const weir_label *label = &labels[i];
        struct text name = {label->name, (uint32_t)label->name_length};
        struct text value = {label->value, (uint32_t)label->value_length};
        struct label_id id;
        uint32_t at = set->count;
        weir_status status;

        if (label->name_length == 0 || label->name_length > INT32_MAX ||
            label->value_length > INT32_MAX) {
            return refuse_label(label, ": a name must not be empty, nor a text beyond 2 GiB", err);
        }
        if (!weir__pq_utf8_valid(name.at, name.length) ||
            !weir__pq_utf8_valid(value.at, value.length)) {
            return refuse_label(label, " is not UTF-8", err);
        }
        status = weir__pq_symbol_add(&s->symbols, name, &id.name);
        status = status == WEIR_OK ? weir__pq_symbol_add(&s->symbols, value, &id.value) : status;
        if (status != WEIR_OK) {
            return status;
        }
        while (at > 0 && text_compare(s->symbols.texts[set->labels[at - 1].name], name) > 0) {
            set->labels[at] = set->labels[at - 1];
            at--;
        }
        if (at > 0 && set->labels[at - 1].name == id.name) {
            return refuse_label(label, " is there twice", err);
        }
        set->labels[at] = id;
        set->count++;
    }
    *out = set;
    return WEIR_OK;
}

/* A label with an empty value is no label. */
static void drop_empty(struct label_set *set)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < set->count; i++) {
        struct label_id id = set->labels[i];

        if (id.value != SYMBOL_EMPTY) {
            set->labels[kept++] = id;
            set->hash += label_hash(id.name, id.value);
            set->metric = id.name == SYMBOL_NAME ? id.value : set->metric;
        }
    }
    set->count = kept;
}

weir_status weir_series_store_series(weir_series_store *store, const weir_label *labels,
                                     size_t count, uint32_t *series, weir_error *err)
{
    struct label_set *set = NULL;
    weir_status status;
    char *mark, *end;

    if (store == NULL || (labels == NULL && count > 0) || series == NULL) {
        return FAIL(err, WEIR_E_ARG, (struct text){0}, 0,
                    {'s', "store, labels and series must not be NULL"});
    }
    if (count > LABELS_MAX) {
        return FAIL(err, WEIR_E_LIMIT, (struct text){0}, 0, {'s', "more than 4096 labels"});
    }
    mark = store->arena.at;
    end = store->arena.end;
    status = collect(store, labels, count, &set, err);
    if (status == WEIR_OK) {
        drop_empty(set);
        *series = find_series(store, set);
        if (*series == SYMBOL_NONE) {
            status = add_series(store, set, series);
        } else if (store->arena.end == end && (char *)set == mark) {
            /* All was known: the set was the last thing taken, and is given back. */
            store->arena.at = mark;
        }
    }
    if (status == WEIR_E_MEMORY || status == WEIR_E_LIMIT) {
        return FAIL(err, status, (struct text){0}, 0,
                    {'s', status == WEIR_E_MEMORY ? "out of memory" : "too many series"});
    }
    return status;
}

size_t weir_series_store_count(const weir_series_store *store)
{
    return store != NULL ? store->count : 0;
}

size_t weir_series_store_labels(const weir_series_store *store, uint32_t series, weir_label *labels,
                                size_t capacity)
{
    const struct label_set *set;

    if (store == NULL || series >= store->count || (labels == NULL && capacity > 0)) {
        return 0;
    }
    set = store->series[series].labels;
    for (uint32_t i = 0; i < set->count && i < capacity; i++) {
        struct text name = store->symbols.texts[set->labels[i].name];
        struct text value = store->symbols.texts[set->labels[i].value];

        labels[i] = (weir_label){name.at, name.length, value.at, value.length};
    }
    return set->count;
}

/* ---- samples -------------------------------------------------------------------------------- */

static bool grow_samples(const weir_allocator *a, struct series *s)
{
    size_t room = s->room == 0 ? 16 : 2 * s->room;
    int64_t *times;
    double *values;

    if (s->count < s->room) {
        return true;
    }
    times = room <= SIZE_MAX / sizeof *times ? a->alloc(a->user, room * sizeof *times) : NULL;
    values = times != NULL ? a->alloc(a->user, room * sizeof *values) : NULL;
    if (values == NULL) {
        release(a, times, room * sizeof *times);
        return false;
    }
    if (s->room > 0) {
        memcpy(times, s->times, s->count * sizeof *times);
        memcpy(values, s->values, s->count * sizeof *values);
        release(a, s->times, s->room * sizeof *times);
        release(a, s->values, s->room * sizeof *values);
    }
    s->times = times;
    s->values = values;
    s->room = room;
    return true;
}

static bool append_stale(const weir_allocator *a, struct series *s, int64_t time)
{
    if (s->stale_count == s->stale_room) {
        size_t room = s->stale_room == 0 ? 4 : 2 * s->stale_room;
        void *more = store_bigger(a, s->stale, s->stale_count, s->stale_room, room, sizeof *s->stale);

        if (more == NULL) {
            return false;
        }
        s->stale = more;
        s->stale_room = room;
    }
    s->stale[s->stale_count++] = time;
    return true;
}

/* The newest sample, a marker included; false when there is none. */
static bool store_newest(const struct series *s, int64_t *time, double *value)
{
    bool marker = s->stale_count > 0 &&
                  (s->count == 0 || s->stale[s->stale_count - 1] > s->times[s->count - 1]);

    if (!marker && s->count == 0) {
        return false;
    }
    *time = marker ? s->stale[s->stale_count - 1] : s->times[s->count - 1];
    *value = marker ? from_bits(BITS_STALE) : s->values[s->count - 1];
    return true;
}

weir_status weir_series_store_append(weir_series_store *store, uint32_t series, int64_t time_ms,
                                     double value)
{
    struct series *s;
    int64_t last;
    double before;

    if (store == NULL || series >= store->count) {
        return WEIR_E_ARG;
    }
    s = &store->series[series];
    if (store_newest(s, &last, &before) && time_ms <= last) {
        if (time_ms < last) {
            return WEIR_E_TIME;
        }
        return to_bits(value) == to_bits(before) ? WEIR_OK : WEIR_E_MISMATCH;
    }
    if (is_stale(value)) {
        return append_stale(&store->allocator, s, time_ms) ? WEIR_OK : WEIR_E_MEMORY;
    }
    if (!grow_samples(&store->allocator, s)) {
        return WEIR_E_MEMORY;
    }
    s->times[s->count] = time_ms;
    s->values[s->count++] = value;
    return WEIR_OK;
}

weir_status weir_series_store_append_all(weir_series_store *store, uint32_t series,
                                         const int64_t *times_ms, const double *values,
                                         size_t count, size_t *refused)
{
    size_t left_out = 0;
    weir_status status = WEIR_OK;

    if (store == NULL || series >= store->count ||
        ((times_ms == NULL || values == NULL) && count > 0)) {
        return WEIR_E_ARG;
    }
    for (size_t i = 0; i < count && status != WEIR_E_MEMORY; i++) {
        status = weir_series_store_append(store, series, times_ms[i], values[i]);
        left_out += status == WEIR_E_TIME || status == WEIR_E_MISMATCH;
    }
    if (refused != NULL) {
        *refused = left_out;
    }
    return status == WEIR_E_MEMORY ? status : WEIR_OK;
}

weir_status weir_series_store_samples(const weir_series_store *store, uint32_t series,
                                      weir_samples *samples)
{
    const struct series *s;

    if (store == NULL || series >= store->count || samples == NULL) {
        return WEIR_E_ARG;
    }
    s = &store->series[series];
    *samples = (weir_samples){s->times, s->values, s->stale, s->count, s->stale_count};
    return WEIR_OK;
}

double weir_stale_marker(void)
{
    return from_bits(BITS_STALE);
}

int32_t weir_is_stale(double value)
{
    return is_stale(value);
}

int64_t weir_promql_ms(int64_t nanoseconds)
{
    return nanoseconds / 1000000;
}

/* ---- lib/promql/symbols.c ---- */

/*
 * symbols.c - texts numbered in the order they come, found again by their hash.
 */

static uint32_t weir__pq_text_hash(struct text text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a, folded */

    for (uint32_t i = 0; i < text.length; i++) {
        hash = (hash ^ (unsigned char)text.at[i]) * UINT64_C(0x100000001b3);
    }
    return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t weir__pq_symbol_find(const struct symbols *symbols, struct text text, uint32_t hash)
{
    uint32_t slot = hash, number;

    if (symbols->slot_count == 0) {
        return SYMBOL_NONE;
    }
    for (;; slot++) {
        number = symbols->slots[slot & (symbols->slot_count - 1)];
        if (number == 0) {
            return SYMBOL_NONE;
        }
        number--;
        if (symbols->hashes[number] == hash && text_equal(symbols->texts[number], text)) {
            return number;
        }
    }
}

static void symbols_place(struct symbols *symbols, uint32_t number)
{
    uint32_t slot = symbols->hashes[number];

    while (symbols->slots[slot & (symbols->slot_count - 1)] != 0) {
        slot++;
    }
    symbols->slots[slot & (symbols->slot_count - 1)] = number + 1;
}

/* Room for one more, the table at most half full. */
static bool symbols_grow(struct symbols *symbols)
{
    uint32_t room = symbols->room;
    void *texts = symbols->texts, *hashes = symbols->hashes;

    if (!weir__pq_arena_grow(symbols->arena, &texts, symbols->count, &room, sizeof(struct text))) {
        return false;
    }
    if (room != symbols->room) {
        room = symbols->room;
        if (!weir__pq_arena_grow(symbols->arena, &hashes, symbols->count, &room,
                                 sizeof(uint32_t))) {
            return false;
        }
        symbols->texts = texts;
        symbols->hashes = hashes;
        symbols->room = room;
    }
    if (2 * (symbols->count + 1) > symbols->slot_count) {
        uint32_t slots = symbols->slot_count == 0 ? 16 : 2 * symbols->slot_count;
        uint32_t *table = weir__pq_arena_zeroed(symbols->arena, slots, sizeof *table);

        if (table == NULL) {
            return false;
        }
        symbols->slots = table;
        symbols->slot_count = slots;
        for (uint32_t i = 0; i < symbols->count; i++) {
            symbols_place(symbols, i);
        }
    }
    return true;
}

static weir_status weir__pq_symbol_add(struct symbols *symbols, struct text text, uint32_t *number)
{
    uint32_t hash = weir__pq_text_hash(text), found = weir__pq_symbol_find(symbols, text, hash);
    struct text copy;

    if (found != SYMBOL_NONE) {
        *number = found;
        return WEIR_OK;
    }
    if (symbols->count >= SYMBOLS_MAX / 2) {
        return WEIR_E_LIMIT;
    }
    copy = weir__pq_arena_text(symbols->arena, text);
    if (copy.at == NULL || !symbols_grow(symbols)) {
        return WEIR_E_MEMORY;
    }
    symbols->texts[symbols->count] = copy;
    symbols->hashes[symbols->count] = hash;
    symbols_place(symbols, symbols->count);
    *number = symbols->count++;
    return WEIR_OK;
}

/* ---- lib/promql/trigonometry.c ---- */

/*
 * trigonometry.c - circular and hyperbolic functions and their inverses with Go's bits.
 *
 * The formulas and their constants are published: circular functions are those of Cephes (argument
 * reduced to an octant by pi/4 in three parts, from 2^29 on by the digits of 4/pi as Payne and
 * Hanek do), the small hyperbolic sine is no. 2029 of Hart and others, log(1 + x) and the inverse
 * hyperbolic functions are those of FreeBSD's msun.
 *
 * Upstream: Go 1.26 math/sin.go, tan.go, trig_reduce.go, atan.go, asin.go, atan2.go, sinh.go,
 * tanh.go, asinh.go, acosh.go, atanh.go, log1p.go.
 */

#define PI         3.14159265358979323846
#define FOUR_BY_PI 1.27323954473516268615

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Horner's scheme, the highest power's coefficient first. */
static double polynomial(const double *coefficients, size_t count, double x)
{
    double sum = coefficients[0];

    for (size_t i = 1; i < count; i++) {
        sum = sum * x + coefficients[i];
    }
    return sum;
}

static double trigonometry_with_sign(double x, bool negative)
{
    return negative ? -x : x;
}

/* ---- reduction ------------------------------------------------------------------------------ */

/* An angle of 0 or more as z + octant * pi/4, the octant even. */
struct angle {
    double z;
    uint64_t octant;
};

/* The high 64 bits of a product. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    uint64_t a0 = a & UINT32_MAX, a1 = a >> 32, b0 = b & UINT32_MAX, b1 = b >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (middle & UINT32_MAX);

    return a1 * b1 + (middle >> 32) + (other >> 32);
}

/* 64 bits that begin `shift` bits into a. */
static uint64_t bits_from(uint64_t a, uint64_t b, unsigned shift)
{
    return shift == 0 ? a : a << shift | b >> (64 - shift);
}

/* The angle times 4/pi to 192 bits of it, whose highest 3 are the octant. */
static struct angle reduce_large(double x)
{
    /* 4/pi in binary, 1 before the point and 1216 digits after it */
    static const uint64_t digits[] = {
        1,
        UINT64_C(0x45f306dc9c882a53),
        UINT64_C(0xf84eafa3ea69bb81),
        UINT64_C(0xb6c52b3278872083),
        UINT64_C(0xfca2c757bd778ac3),
        UINT64_C(0x6e48dc74849ba5c0),
        UINT64_C(0x0c925dd413a32439),
        UINT64_C(0xfc3bd63962534e7d),
        UINT64_C(0xd1046bea5d768909),
        UINT64_C(0xd338e04d68befc82),
        UINT64_C(0x7323ac7306a673e9),
        UINT64_C(0x3908bf177bf25076),
        UINT64_C(0x3ff12fffbc0b301f),
        UINT64_C(0xde5e2316b414da3e),
        UINT64_C(0xda6cfd9e4f96136e),
        UINT64_C(0x9e8c7ecd3cbfd45a),
        UINT64_C(0xea4f758fd7cbe2f6),
        UINT64_C(0x7a0e73ef14a525d4),
        UINT64_C(0xd7f6bf623f1aba10),
        UINT64_C(0xac06608df8f6d757),
    };
    uint64_t bits = to_bits(x), mantissa = (bits & (UINT64_MAX >> 12)) | UINT64_C(1) << 52;
    unsigned from = (unsigned)(bits >> 52) - 1075 + 61, shift = from % 64;
    const uint64_t *d = digits + from / 64;
    uint64_t middle = bits_from(d[1], d[2], shift), carried, high, low, fraction;
    struct angle angle;
    int zeros = 0;

    low = middle * mantissa;
    carried = low + multiply_high(bits_from(d[2], d[3], shift), mantissa);
    high = bits_from(d[0], d[1], shift) * mantissa + multiply_high(middle, mantissa) +
           (carried < low ? 1 : 0);
    angle.octant = high >> 61;
    fraction = high << 3 | carried >> 61;
    while (zeros < 62 && fraction >> (63 - zeros) == 0) {
        zeros++;
    }
    zeros++;
    fraction = bits_from(fraction, carried, (unsigned)zeros) >> 12;
    angle.z = from_bits(fraction | (uint64_t)(1023 - zeros) << 52);
    if ((angle.octant & 1) == 1) {
        angle.octant = (angle.octant + 1) & 7;
        angle.z -= 1;
    }
    angle.z *= PI / 4;
    return angle;
}

static struct angle reduce(double x)
{
    struct angle angle;
    double y;

    if (x >= 536870912.0) { /* 2^29 */
        return reduce_large(x);
    }
    angle.octant = (uint64_t)(x * FOUR_BY_PI);
    angle.octant += angle.octant & 1;
    y = (double)angle.octant;
    angle.z = x - y * 7.85398125648498535156e-1;
    angle.z -= y * 3.77489470793079817668e-8;
    angle.z -= y * 2.69515142907905952645e-15;
    angle.octant &= 7;
    return angle;
}

/* ---- circular functions --------------------------------------------------------------------- */

static double small_sine(double z)
{
    static const double c[] = {1.58962301576546568060e-10, -2.50507477628578072866e-8,
                               2.75573136213857245213e-6,  -1.98412698295895385996e-4,
                               8.33333333332211858878e-3,  -1.66666666666666307295e-1};
    double square = z * z;

    return z + z * square * polynomial(c, COUNT(c), square);
}

static double small_cosine(double z)
{
    static const double c[] = {-1.13585365213876817300e-11, 2.08757008419747316778e-9,
                               -2.75573141792967388112e-7,  2.48015872888517045348e-5,
                               -1.38888888888730564116e-3,  4.16666666666665929218e-2};
    double square = z * z;

    return 1.0 - 0.5 * square + square * square * polynomial(c, COUNT(c), square);
}

static double weir__pq_go_sin(double x)
{
    struct angle angle;

    if (x == 0 || is_nan(x)) {
        return x;
    }
    if (is_inf(x)) {
        return NOT_A_NUMBER;
    }
    angle = reduce(magnitude(x));
    return trigonometry_with_sign((angle.octant & 2) != 0 ? small_cosine(angle.z) : small_sine(angle.z),
                     (x < 0) != (angle.octant > 3));
}

static double weir__pq_go_cos(double x)
{
    struct angle angle;

    if (is_nan(x) || is_inf(x)) {
        return NOT_A_NUMBER;
    }
    angle = reduce(magnitude(x));
    return trigonometry_with_sign((angle.octant & 2) != 0 ? small_sine(angle.z) : small_cosine(angle.z),
                     angle.octant == 2 || angle.octant == 4);
}

static double weir__pq_go_tan(double x)
{
    static const double p[] = {-1.30936939181383777646e4, 1.15351664838587416140e6,
                               -1.79565251976484877988e7};
    static const double q[] = {1, 1.36812963470692954678e4, -1.32089234440210967447e6,
                               2.50083801823357915839e7, -5.38695755929454629881e7};
    struct angle angle;
    double square, y;

    if (x == 0 || is_nan(x)) {
        return x;
    }
    if (is_inf(x)) {
        return NOT_A_NUMBER;
    }
    angle = reduce(magnitude(x));
    square = angle.z * angle.z;
    y = angle.z;
    if (square > 1e-14) {
        y += angle.z * (square * polynomial(p, COUNT(p), square) / polynomial(q, COUNT(q), square));
    }
    return trigonometry_with_sign((angle.octant & 2) != 0 ? -1 / y : y, x < 0);
}

/* ---- their inverses ------------------------------------------------------------------------- */

/* For x in 0 to 0.66. */
static double small_arctangent(double x)
{
    static const double p[] = {-8.750608600031904122785e-01, -1.615753718733365076637e+01,
                               -7.500855792314704667340e+01, -1.228866684490136173410e+02,
                               -6.485021904942025371773e+01};
    static const double q[] = {1,
                               2.485846490142306297962e+01,
                               1.650270098316988542046e+02,
                               4.328810604912902668951e+02,
                               4.853903996359136964868e+02,
                               1.945506571482613964425e+02};
    double z = x * x;

    z = z * polynomial(p, COUNT(p), z) / polynomial(q, COUNT(q), z);
    return x * z + x;
}

/* For x of 0 or more. */
static double positive_arctangent(double x)
{
    double rest = 6.123233995736765886130e-17; /* of pi/2 as a double */

    if (x <= 0.66) {
        return small_arctangent(x);
    }
    if (x > 2.41421356237309504880) { /* tan(3/8 pi) */
        return PI / 2 - small_arctangent(1 / x) + rest;
    }
    return PI / 4 + small_arctangent((x - 1) / (x + 1)) + 0.5 * rest;
}

static double weir__pq_go_atan(double x)
{
    return x == 0 || is_nan(x) ? x : trigonometry_with_sign(positive_arctangent(magnitude(x)), x < 0);
}

static double weir__pq_go_asin(double x)
{
    double size = magnitude(x), leg;

    if (x == 0) {
        return x;
    }
    if (!(size <= 1)) {
        return NOT_A_NUMBER;
    }
    leg = weir__pq_go_sqrt(1 - size * size);
    return trigonometry_with_sign(size > 0.7 ? PI / 2 - positive_arctangent(leg / size)
                                : positive_arctangent(size / leg),
                     x < 0);
}

static double weir__pq_go_acos(double x)
{
    return PI / 2 - weir__pq_go_asin(x);
}

static double weir__pq_go_atan2(double y, double x)
{
    double angle;

    if (is_nan(y) || is_nan(x)) {
        return NOT_A_NUMBER;
    }
    if (y == 0) {
        angle = is_negative(x) ? PI : 0;
    } else if (is_inf(x)) {
        angle = is_inf(y) ? (x > 0 ? PI / 4 : 2.35619449019234492885) : (x > 0 ? 0 : PI);
    } else if (x == 0 || is_inf(y)) {
        angle = PI / 2;
    } else {
        angle = weir__pq_go_atan(y / x);
        return x >= 0 ? angle : angle <= 0 ? angle + PI : angle - PI;
    }
    return trigonometry_with_sign(angle, is_negative(y));
}

/* ---- hyperbolic functions ------------------------------------------------------------------- */

static double weir__pq_go_sinh(double x)
{
    static const double p[] = {-0.2630563213397497062819489e+2, -0.2894211355989563807284660366e+4,
                               -0.8991272022039509355398013511e+5,
                               -0.6307673640497716991184787251e+6};
    static const double q[] = {1, -0.173678953558233699533450911e+3,
                               0.1521517378790019070696485176e+5,
                               -0.6307673640497716991212077277e+6};
    double size = magnitude(x), result;

    if (size > 21) {
        result = weir__pq_go_exp(size) * 0.5;
    } else if (size > 0.5) {
        double e = weir__pq_go_exp(size);

        result = (e - 1 / e) * 0.5;
    } else {
        double square = x * x;

        result = polynomial(p, COUNT(p), square) * size / polynomial(q, COUNT(q), square);
    }
    return is_nan(x) ? x : trigonometry_with_sign(result, is_negative(x));
}

static double weir__pq_go_cosh(double x)
{
    double e = weir__pq_go_exp(magnitude(x));

    return magnitude(x) > 21 ? e * 0.5 : (e + 1 / e) * 0.5;
}

static double weir__pq_go_tanh(double x)
{
    static const double p[] = {-9.64399179425052238628e-1, -9.92877231001918586564e1,
                               -1.61468768441708447952e3};
    static const double q[] = {1, 1.12811678491632931402e2, 2.23548839060100448583e3,
                               4.84406305325125486048e3};
    double size = magnitude(x), square = x * x;

    if (size > 0.5 * 8.8029691931113054295988e+01) { /* half of log(2^127) */
        return x < 0 ? -1 : 1;
    }
    if (size >= 0.625) {
        return trigonometry_with_sign(1 - 2 / (weir__pq_go_exp(2 * size) + 1), x < 0);
    }
    return x == 0
               ? x
               : x + x * square * polynomial(p, COUNT(p), square) / polynomial(q, COUNT(q), square);
}

/* ---- their inverses ------------------------------------------------------------------------- */

#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW  1.90821492927058770002e-10
#define LN2      0.693147180559945309417

/* 1 + x = 2^k (1 + f) (1 + c / ...): what log(1 + x) is summed from. */
struct reduced {
    double k, f;
    double correction; /* of what 1 + x lost in rounding */
    bool tiny;         /* f is below 2^-20 */
};

static struct reduced reduce_logarithm(double x)
{
    double u = magnitude(x) < 9007199254740992.0 ? 1 + x : x; /* 2^53 */
    uint64_t bits = to_bits(u), mantissa = bits & (UINT64_MAX >> 12);
    int k = (int)(bits >> 52) - 1023;
    struct reduced r = {0, 0, 0, mantissa == 0};

    if (magnitude(x) < 9007199254740992.0) {
        r.correction = (k > 0 ? 1 - (u - x) : x - (u - 1)) / u;
    }
    if (mantissa < UINT64_C(0x0006a09e667f3bcd)) { /* the square root of 2 */
        u = from_bits(mantissa | UINT64_C(0x3ff0000000000000));
    } else {
        k++;
        u = from_bits(mantissa | UINT64_C(0x3fe0000000000000));
        r.tiny = (UINT64_C(0x0010000000000000) - mantissa) >> 2 == 0;
    }
    r.k = k;
    r.f = u - 1;
    return r;
}

/* log(1 + x) */
static double logarithm_of_next(double x)
{
    static const double c[] = {1.479819860511658591e-01, 1.531383769920937332e-01,
                               1.818357216161805012e-01, 2.222219843214978396e-01,
                               2.857142874366239149e-01, 3.999999999940941908e-01,
                               6.666666666666735130e-01};
    struct reduced r = {0, x, 0, false};
    double half, s, rest;

    if (magnitude(x) < 1.0 / 536870912.0) { /* 2^-29 */
        return magnitude(x) < 1.0 / 18014398509481984.0 ? x : x - x * x * 0.5;
    }
    if (x <= -2.928932188134524755992e-01 || x >= 4.142135623730950488017e-01) {
        r = reduce_logarithm(x);
    }
    half = 0.5 * r.f * r.f;
    if (r.tiny) {
        if (r.f == 0) {
            return r.k * LN2_HIGH + (r.correction + r.k * LN2_LOW);
        }
        rest = half * (1 - 0.66666666666666666 * r.f);
        return r.k * LN2_HIGH - ((rest - (r.k * LN2_LOW + r.correction)) - r.f);
    }
    s = r.f / (2 + r.f);
    rest = s * s * polynomial(c, COUNT(c), s * s);
    if (r.k == 0) {
        return r.f - (half - s * (half + rest));
    }
    return r.k * LN2_HIGH - ((half - (s * (half + rest) + (r.k * LN2_LOW + r.correction))) - r.f);
}

static double weir__pq_go_asinh(double x)
{
    double size = magnitude(x), result;

    if (is_nan(x) || is_inf(x)) {
        return x;
    }
    if (size > 268435456.0) { /* 2^28 */
        result = weir__pq_go_log(size) + LN2;
    } else if (size > 2) {
        result = weir__pq_go_log(2 * size + 1 / (weir__pq_go_sqrt(size * size + 1) + size));
    } else if (size < 1.0 / 268435456.0) {
        result = size;
    } else {
        result = logarithm_of_next(size + size * size / (1 + weir__pq_go_sqrt(1 + size * size)));
    }
    return trigonometry_with_sign(result, is_negative(x));
}

static double weir__pq_go_acosh(double x)
{
    double t = x - 1;

    if (!(x >= 1)) {
        return NOT_A_NUMBER;
    }
    if (x == 1) {
        return 0;
    }
    if (x >= 268435456.0) { /* 2^28 */
        return weir__pq_go_log(x) + LN2;
    }
    if (x > 2) {
        return weir__pq_go_log(2 * x - 1 / (x + weir__pq_go_sqrt(x * x - 1)));
    }
    return logarithm_of_next(t + weir__pq_go_sqrt(2 * t + t * t));
}

static double weir__pq_go_atanh(double x)
{
    double size = magnitude(x), result;

    if (!(size <= 1)) {
        return NOT_A_NUMBER;
    }
    if (size == 1) {
        result = INFINITE;
    } else if (size < 1.0 / 268435456.0) { /* 2^-28 */
        result = size;
    } else if (size < 0.5) {
        result = size + size;
        result = 0.5 * logarithm_of_next(result + result * size / (1 - size));
    } else {
        result = 0.5 * logarithm_of_next((size + size) / (1 - size));
    }
    return trigonometry_with_sign(result, is_negative(x));
}
#undef PI
#undef FOUR_BY_PI
#undef COUNT
#undef LN2_HIGH
#undef LN2_LOW
#undef LN2

/* ---- lib/promql/window.c ---- */

/*
 * window.c - which samples an expression looks at: for each of its selectors the times from the
 * oldest to the newest one that some evaluation may use.
 */

/* Beyond these, sums of times and durations might overflow. */
#define TIME_MOST (INT64_C(1) << 61)

/* Times, both included. */
struct span {
    int64_t first, last;
};

struct window_windows {
    struct span evaluations; /* of the whole expression */
    int64_t lookback;
    size_t left; /* selectors to pass by */
    bool found;
    struct span window;
};

static weir_status window_look(struct window_windows *w, const struct node *node, struct span at);

/* Moves times by offset and @. start() and end() are the time of the query itself, also within a
 * subquery. */
static weir_status move(const struct window_windows *w, const struct modifiers *m, struct span *at)
{
    int64_t offset = weir_promql_ms(m->offset_ns);

    if (m->offset != NULL) {
        return WEIR_E_UNSUPPORTED;
    }
    if (m->at == AT_TIME) {
        if (m->at_ms > TIME_MOST || m->at_ms < -TIME_MOST) {
            return WEIR_E_RANGE;
        }
        *at = (struct span){m->at_ms, m->at_ms};
    } else if (m->at != AT_NONE) {
        *at = w->evaluations;
    }
    at->first -= offset;
    at->last -= offset;
    return WEIR_OK;
}

static weir_status look_back(struct window_windows *w, const struct node *selector, struct span at,
                             int64_t reach)
{
    weir_status status;

    if (w->left-- > 0) {
        return WEIR_OK;
    }
    status = move(w, &selector->selector.modifiers, &at);
    w->found = true;
    w->window = (struct span){at.first - reach, at.last};
    return status;
}

static weir_status look_subquery(struct window_windows *w, const struct node *node, struct span at)
{
    weir_status status = move(w, &node->range.modifiers, &at);

    at.first -= weir_promql_ms(node->range.range_ns);
    return status == WEIR_OK ? window_look(w, node->range.inner, at) : status;
}

static weir_status look_call(struct window_windows *w, const struct node *node, struct span at)
{
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; status == WEIR_OK && !w->found && i < node->call.count; i++) {
        status = window_look(w, node->call.args[i], at);
    }
    return status;
}

/* Both of two, of which the first may be missing. */
static weir_status look_both(struct window_windows *w, const struct node *first, const struct node *second,
                             struct span at)
{
    weir_status status = first != NULL ? window_look(w, first, at) : WEIR_OK;

    return status == WEIR_OK && !w->found ? window_look(w, second, at) : status;
}

/* Walks in the order of weir_promql_selector(). */
static weir_status window_look(struct window_windows *w, const struct node *node, struct span at)
{
    bool ranged = node->kind == NODE_RANGE || node->kind == NODE_SUBQUERY;

    if (ranged && (node->range.range != NULL || node->range.step != NULL)) {
        return WEIR_E_UNSUPPORTED;
    }
    switch (node->kind) {
    case NODE_PAREN:
    case NODE_UNARY: return window_look(w, node->inner, at);
    case NODE_BINARY: return look_both(w, node->binary.left, node->binary.right, at);
    case NODE_AGGREGATE: return look_both(w, node->aggregate.parameter, node->aggregate.inner, at);
    case NODE_CALL: return look_call(w, node, at);
    case NODE_SELECTOR: return look_back(w, node, at, w->lookback);
    case NODE_RANGE:
        return look_back(w, node->range.inner, at, weir_promql_ms(node->range.range_ns));
    case NODE_SUBQUERY: return look_subquery(w, node, at);
    default: return WEIR_OK;
    }
}

weir_status weir_promql_selector_window(const weir_promql_expr *expr, size_t selector,
                                        int64_t from_ms, int64_t to_ms,
                                        const weir_promql_options *options, int64_t *first_ms,
                                        int64_t *last_ms)
{
    struct window_windows w = {.evaluations = {from_ms, to_ms}, .lookback = 300000, .left = selector};
    weir_status status;

    if (expr == NULL || first_ms == NULL || last_ms == NULL) {
        return WEIR_E_ARG;
    }
    if (options != NULL) {
        w.lookback = options->lookback_ms;
    }
    if (from_ms > to_ms || from_ms < -TIME_MOST || to_ms > TIME_MOST || w.lookback <= 0 ||
        w.lookback > TIME_MOST) {
        return WEIR_E_RANGE;
    }
    status = window_look(&w, expr->root, w.evaluations);
    if (status != WEIR_OK) {
        return status;
    }
    if (!w.found) {
        return WEIR_E_ARG;
    }
    *first_ms = w.window.first;
    *last_ms = w.window.last;
    return WEIR_OK;
}
#undef TIME_MOST
