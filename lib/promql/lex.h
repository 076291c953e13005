/*
 * lex.h - the text of an expression to tokens.
 */
#ifndef WEIR_PROMQL_LEX_H
#define WEIR_PROMQL_LEX_H

#include "promql/common.h"

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

void weir__pq_lex_open(struct lexer *lexer, struct text source);
struct token weir__pq_lex_next(struct lexer *lexer);

/* How an operator or a keyword is written, "" for tokens that vary. */
const char *weir__pq_token_name(enum token_kind kind);

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
