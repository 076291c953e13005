/*
 * policy/formula.h - a compiled formula inside: code for a stack machine whose values know their
 * kind, as upstream's do.
 *
 * The compiler goes once over the tokens and writes code as it goes, with the static type of every
 * operand in hand. Jumps are relative, so that code can be copied.
 */
#ifndef WEIR_LIB_POLICY_FORMULA_H
#define WEIR_LIB_POLICY_FORMULA_H

#include "base/num.h"
#include <weir/autoscaler.h>
#include <weir/formula.h>

/* ---- values --------------------------------------------------------------------------------- */

enum {
    WEIR__NIL,
    WEIR__BOOL,
    WEIR__INT,
    WEIR__FLOAT,
    WEIR__TEXT,    /* bytes of the formula's own texts */
    WEIR__NUMERAL, /* the text of a number (toJSON) */
    WEIR__ARRAY,   /* values that lie in the arena */
    WEIR__RANGE,   /* i, i + 1, ... */
    WEIR__MAP      /* keys and values that lie in the arena, in turn */
};

struct weir__value {
    int32_t kind;
    uint32_t length; /* of texts, arrays and ranges; pairs of a map */
    union {
        double f;
        int64_t i; /* ints, bools; first of a range; where a text or an array begins */
    } as;
};

static inline struct weir__value weir__value_float(double f)
{
    struct weir__value v;

    v.kind = WEIR__FLOAT;
    v.length = 0;
    v.as.f = f;
    return v;
}

static inline struct weir__value weir__value_int(int32_t kind, int64_t i)
{
    struct weir__value v;

    v.kind = kind;
    v.length = 0;
    v.as.i = i;
    return v;
}

static inline struct weir__value weir__value_list(int32_t kind, int64_t first, uint32_t length)
{
    struct weir__value v;

    v.kind = kind;
    v.length = length;
    v.as.i = first;
    return v;
}

static inline int weir__is_number(const struct weir__value *v)
{
    return v->kind == WEIR__INT || v->kind == WEIR__FLOAT;
}

static inline double weir__as_double(const struct weir__value *v)
{
    return v->kind == WEIR__FLOAT ? v->as.f : (double)v->as.i;
}

/* ---- code ----------------------------------------------------------------------------------- */

enum weir__op {
    OP_FLOAT, /* b: index of the constant */
    OP_INT,
    OP_TEXT, /* a: length, b: where */
    OP_BOOL, /* b */
    OP_NIL,
    OP_VARIABLE, /* b */
    OP_LOCAL,    /* b */
    OP_SET_LOCAL,
    OP_POP,
    OP_NEGATE,
    OP_NOT,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_MODULO,
    OP_POWER,
    OP_EQUAL,
    OP_UNEQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_MORE,
    OP_MORE_EQUAL,
    OP_IN,
    OP_BETWEEN, /* two bounds, both included */
    OP_RANGE,
    OP_JUMP,       /* b: from the next instruction */
    OP_JUMP_FALSE, /* takes the condition away */
    OP_AND,        /* jumps when false and leaves it, else takes it away */
    OP_OR,         /* jumps when true and leaves it */
    OP_SOME,       /* jumps when not nil and leaves it */
    OP_ARRAY,      /* b: how many */
    OP_MAP,        /* b: pairs */
    OP_INDEX,
    OP_SLICE, /* a: 1: there is a first, 2: there is an end */
    OP_BEGIN, /* a: loop, b: jump when there is nothing to do */
    OP_STEP,  /* a: loop, b: back to the body */
    OP_DATA,  /* b: threshold of the count before it */
    OP_START, /* reduce with a first value: takes it; b: back to the body */
    OP_END,   /* a: loop */
    OP_ELEMENT,
    OP_ELEMENT_INDEX,
    OP_ACCUMULATOR,
    OP_TO_FLOAT,
    OP_CALL, /* a: function, b: arguments */
    OP_RETURN
};

enum weir__loop {
    LOOP_ALL,
    LOOP_ANY,
    LOOP_NONE,
    LOOP_ONE,
    LOOP_FILTER,
    LOOP_MAP,
    LOOP_COUNT,
    LOOP_SUM,
    LOOP_FIND,
    LOOP_FIND_INDEX,
    LOOP_FIND_LAST, /* these two go from the end */
    LOOP_FIND_LAST_INDEX,
    LOOP_REDUCE,
    LOOP_REDUCE_FIRST
};

enum weir__function {
    FN_LEN,
    FN_ABS,
    FN_CEIL,
    FN_FLOOR,
    FN_ROUND,
    FN_INT,
    FN_FLOAT,
    FN_TRIM,
    FN_TO_JSON,
    FN_MAX,
    FN_MIN,
    FN_MEAN,
    FN_MEDIAN,
    FN_SUM,
    FN_COUNT,
    FN_FIRST,
    FN_LAST,
    FN_GET,
    FN_TAKE,
    FN_REVERSE,
    FN_UNIQ,
    FN_CONCAT,
    FN_FLATTEN,
    FN_SORT,
    FN_BIT_AND,
    FN_BIT_OR,
    FN_BIT_XOR,
    FN_BIT_CLEAR,
    FN_BIT_LEFT,
    FN_BIT_RIGHT,
    FN_BIT_RIGHT_UNSIGNED,
    FN_BIT_NOT
};

struct weir__instruction {
    uint16_t op, a;
    int32_t b;
};

enum {
    WEIR__STACK = 128, /* values at once */
    WEIR__LOCALS = 32,
    WEIR__LOOPS = 16,      /* one in another */
    WEIR__ARENA = 512,     /* values in arrays */
    WEIR__STEPS = 10000000 /* instructions of a run */
};

struct weir_formula {
    struct weir__block block;
    uint32_t name_count, code_count;
    uint32_t prefix;  /* bytes that the wrapping put before the formula */
    uint32_t code_at; /* bytes from here, as all that follow */
    uint32_t places_at;
    uint32_t constants_at;
    uint32_t wrapped_at, wrapped_length;
    uint32_t texts_at, texts_length;
    /* Followed by: constants, code, the place in the text of each instruction, the wrapped text,
     * the texts of string literals. */
};

static inline const struct weir__instruction *weir__formula_code(const weir_formula *f)
{
    return (const struct weir__instruction *)(const void *)((const uint8_t *)f + f->code_at);
}

static inline const int64_t *weir__formula_constants(const weir_formula *f)
{
    return (const int64_t *)(const void *)((const uint8_t *)f + f->constants_at);
}

static inline const char *weir__formula_texts(const weir_formula *f)
{
    return (const char *)f + f->texts_at;
}

/* Fills an error with a place in the wrapped text. */
weir_status weir__formula_fail(const weir_formula *f, weir_error *err, weir_status status,
                               uint32_t place, const char *message);

/* ---- what compiler and machine share -------------------------------------------------------- */

/* A run, or a folding of constants. */
struct weir__run {
    const weir_formula *formula;
    const char *problem; /* why it failed */
    weir_status status;
    uint32_t arena_count;
    struct weir__value *arena;
};

/* 0 with `problem` set when upstream's operation fails. The result may take the place of the first
 * operand. */
int weir__formula_arithmetic(struct weir__run *run, enum weir__op op, const struct weir__value *a,
                             const struct weir__value *b, struct weir__value *out);
int weir__formula_compare(struct weir__run *run, enum weir__op op, const struct weir__value *a,
                          const struct weir__value *b, int *out);
int weir__formula_equal(const struct weir__run *run, const struct weir__value *a,
                        const struct weir__value *b);
int weir__formula_call(struct weir__run *run, enum weir__function function,
                       const struct weir__value *arguments, uint32_t count,
                       struct weir__value *out);
int weir__formula_index(struct weir__run *run, const struct weir__value *from,
                        const struct weir__value *index, struct weir__value *out);
int weir__formula_to_float(struct weir__run *run, const struct weir__value *v, double *out);

/* Fails a run. Always 0. */
static inline int weir__formula_problem(struct weir__run *run, const char *problem)
{
    run->problem = problem;
    run->status = WEIR_E_RANGE;
    return 0;
}

/* An element of an array or a range. */
static inline struct weir__value weir__formula_element(const struct weir__run *run,
                                                       const struct weir__value *list, uint32_t i)
{
    return list->kind == WEIR__RANGE ? weir__value_int(WEIR__INT, list->as.i + i)
                                     : run->arena[list->as.i + i];
}

static inline int weir__is_list(const struct weir__value *v)
{
    return v->kind == WEIR__ARRAY || v->kind == WEIR__RANGE;
}

/* Room for so many values; 0 when there is none. */
static inline int weir__formula_reserve(struct weir__run *run, uint32_t count, uint32_t *first)
{
    if (count > WEIR__ARENA - run->arena_count) {
        run->problem = "holds more values in arrays than weir has room for";
        run->status = WEIR_E_LIMIT;
        return 0;
    }
    *first = run->arena_count;
    run->arena_count += count;
    return 1;
}

#endif
