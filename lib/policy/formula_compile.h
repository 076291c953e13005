/*
 * policy/formula_compile.h - the compiler of formulas: tokens, static types, and code being
 * written.
 */
#ifndef WEIR_LIB_POLICY_FORMULA_COMPILE_H
#define WEIR_LIB_POLICY_FORMULA_COMPILE_H

#include "policy/formula.h"

/* ---- tokens --------------------------------------------------------------------------------- */

enum weir__token_kind {
    TOKEN_END,
    TOKEN_NUMBER,
    TOKEN_TEXT,
    TOKEN_NAME,
    TOKEN_OPERATOR,
    TOKEN_BRACKET
};

struct weir__token {
    enum weir__token_kind kind;
    uint32_t from, to;           /* in the text */
    uint32_t text_at, text_size; /* of a string literal: among the formula's texts */
};

/* ---- types ---------------------------------------------------------------------------------- */

/* Upstream tells two kinds of "any" apart, and treats them apart in a ternary. */
enum { TYPE_UNKNOWN, TYPE_ANY, TYPE_NIL, TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_TEXT, TYPE_MAP };

struct weir__type {
    uint8_t kind;  /* of what is inside all arrays */
    uint8_t depth; /* arrays around it */
};

static inline struct weir__type weir__type(int kind, int depth)
{
    struct weir__type t = {(uint8_t)kind, (uint8_t)depth};

    return t;
}

static inline int weir__type_is(struct weir__type t, int kind)
{
    return t.depth == 0 && t.kind == kind;
}

static inline int weir__type_unknown(struct weir__type t)
{
    return t.depth == 0 && t.kind <= TYPE_ANY;
}

static inline int weir__type_number(struct weir__type t)
{
    return t.depth == 0 && (t.kind == TYPE_INT || t.kind == TYPE_FLOAT);
}

/* Words for a type: "a number". */
const char *weir__type_words(struct weir__type t);
int weir__type_assignable(struct weir__type from, struct weir__type to);
/* The type of a binary operation. 0 when its operands do not fit. */
int weir__type_binary(enum weir__op op, struct weir__type l, struct weir__type r,
                      struct weir__type *out);
struct weir__type weir__type_either(struct weir__type a, struct weir__type b);
struct weir__type weir__type_coalesced(struct weir__type l, struct weir__type r);

/* In place of a function's code: why weir does not do it. */
enum { WEIR__OF_TEXTS = -1, WEIR__OF_CLOCK = -2, WEIR__OF_MAPS = -3, WEIR__OF_ORDER = -4 };

/* A builtin function. */
struct weir__builtin {
    const char *name;
    int32_t loop; /* 1: takes a predicate; `code` is of enum weir__loop, else of weir__function */
    int32_t code;
    int32_t least, most; /* arguments; of a loop the predicate counts */
};

/* NULL when there is none of this name; a builtin with code < 0 is one that weir does not do. */
const struct weir__builtin *weir__builtin_of(const char *name, size_t length);
/* The type of a call. 0 when the arguments do not fit. */
int weir__builtin_type(enum weir__function function, const struct weir__type *arguments,
                       uint32_t count, struct weir__type *out);

/* ---- the compiler --------------------------------------------------------------------------- */

/* What was compiled last: its type and where its code begins. */
struct weir__operand {
    struct weir__type type;
    uint32_t start;
    int32_t constant;    /* 1: its code is one push of `value` */
    int32_t environment; /* 1: it is $env, and there is no code */
    uint32_t elements;   /* an array literal's, not all constant; else 0 */
    uint32_t data_at;    /* of a count: where its threshold lies, + 1; else 0 */
    int32_t digits;      /* 1: a whole number as it is written; 2: an array of such; 3: a range
                              between constants; else 0 */
    int32_t filtered;    /* 1: what filter() gave, or map() of that */
    struct weir__value value;
};

struct weir__local {
    uint32_t from, length; /* of its name in the text */
    struct weir__type type;
};

struct weir__predicate {
    struct weir__type list;
    int32_t loop;
};

struct weir__compiler {
    weir_formula *formula;
    const char *text;
    uint32_t length, at;      /* of the text; where the lexer is */
    struct weir__token token; /* the current one */
    const char *const *names;
    uint32_t name_count;

    struct weir__instruction *code;
    uint16_t *places;
    int64_t *constants;
    char *texts;
    uint32_t code_count, code_capacity, constant_count, constant_capacity;
    uint32_t texts_length, texts_capacity;

    uint32_t depth; /* values on the stack at this point */
    uint32_t nesting;
    uint32_t local_count, local_used; /* visible ones; places taken */
    struct weir__local locals[WEIR__LOCALS];
    uint32_t predicate_count;
    struct weir__predicate predicates[WEIR__LOOPS];

    weir_error *err;
    weir_status status; /* WEIR_OK until the first error */
};

/* Reads the next token. 0 after an error, as all functions below. */
int weir__lex(struct weir__compiler *c);
int weir__token_is(const struct weir__compiler *c, enum weir__token_kind kind, const char *text);
/* The next token has to be this one. */
int weir__expect(struct weir__compiler *c, enum weir__token_kind kind, const char *text,
                 const char *what);

/* An error at a place: `what` was expected, or is the case. Always 0. */
int weir__refuse(struct weir__compiler *c, weir_status status, uint32_t place, const char *what);
/* "expected <what>, got <the current token>". Always 0. */
int weir__unexpected(struct weir__compiler *c, const char *what);

/* Writes an instruction; `effect` is what it adds to the stack. */
int weir__emit(struct weir__compiler *c, enum weir__op op, int32_t a, int32_t b, int32_t effect,
               uint32_t place);
int weir__emit_constant(struct weir__compiler *c, const struct weir__value *value, uint32_t place);
/* Lets the jump at `from` lead to the end of the code. */
void weir__patch(struct weir__compiler *c, uint32_t from);

static inline int weir__at_bracket(const struct weir__compiler *c, const char *text)
{
    return weir__token_is(c, TOKEN_BRACKET, text);
}

static inline int weir__at_operator(const struct weir__compiler *c, const char *text)
{
    return weir__token_is(c, TOKEN_OPERATOR, text);
}

/* An operand of which no more is known than its type. */
static inline void weir__operand_of(struct weir__operand *out, struct weir__type type,
                                    uint32_t start)
{
    memset(out, 0, sizeof *out);
    out->type = type;
    out->start = start;
}

/* The grammar. */
int weir__parse_expression(struct weir__compiler *c, int32_t precedence, struct weir__operand *out);
int weir__parse_sequence(struct weir__compiler *c, struct weir__operand *out);
/* A call of `name`; `first` is what a pipe put in front, or NULL. */
int weir__parse_call(struct weir__compiler *c, const struct weir__token *name,
                     const struct weir__operand *first, struct weir__operand *out);
int weir__parse_primary(struct weir__compiler *c, struct weir__operand *out);
/* Refuses a search from the end where something waits on the stack, `depth` values; see the code.
 */
int weir__check_search(struct weir__compiler *c, uint32_t depth, uint32_t place);
int weir__parse_postfix(struct weir__compiler *c, struct weir__operand *out);
/* The trigger of a name. */
int weir__parse_variable(struct weir__compiler *c, const char *name, uint32_t length,
                         uint32_t place, struct weir__operand *out);

#endif
