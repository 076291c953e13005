/*
 * policy/formula_value.c - arithmetic, comparison and indexing of a formula's values.
 *
 * Upstream: expr's vm/runtime.
 */
#include "base/real.h"
#include "policy/formula.h"

/* ---- arithmetic ----------------------------------------------------------------------------- */

static int whole_arithmetic(struct weir__run *run, enum weir__op op, int64_t a, int64_t b,
                            struct weir__value *out)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;

    switch (op) {
    case OP_ADD: *out = weir__value_int(WEIR__INT, (int64_t)(x + y)); return 1;
    case OP_SUBTRACT: *out = weir__value_int(WEIR__INT, (int64_t)(x - y)); return 1;
    case OP_MULTIPLY: *out = weir__value_int(WEIR__INT, (int64_t)(x * y)); return 1;
    default: break;
    }
    if (b == 0) {
        return weir__formula_problem(run, "integer divide by zero");
    }
    *out = weir__value_int(WEIR__INT, b == -1 ? 0 : a % b);
    return 1;
}

int weir__formula_arithmetic(struct weir__run *run, enum weir__op op, const struct weir__value *a,
                             const struct weir__value *b, struct weir__value *out)
{
    double x, y;

    if (!weir__is_number(a) || !weir__is_number(b)) {
        return weir__formula_problem(run, "an operation on something that is no number");
    }
    if (a->kind == WEIR__INT && b->kind == WEIR__INT && op != OP_DIVIDE && op != OP_POWER) {
        return whole_arithmetic(run, op, a->as.i, b->as.i, out);
    }
    x = weir__as_double(a);
    y = weir__as_double(b);
    switch (op) {
    case OP_ADD: *out = weir__value_float(x + y); return 1;
    case OP_SUBTRACT: *out = weir__value_float(x - y); return 1;
    case OP_MULTIPLY: *out = weir__value_float(x * y); return 1;
    case OP_DIVIDE: *out = weir__value_float(x / y); return 1;
    case OP_POWER: *out = weir__value_float(weir__pow(x, y)); return 1;
    default: return weir__formula_problem(run, "% takes whole numbers only: use int()");
    }
}

/* ---- comparison ----------------------------------------------------------------------------- */

static const char *text_of(const struct weir__run *run, const struct weir__value *v)
{
    return weir__formula_texts(run->formula) + v->as.i;
}

static int order_texts(const struct weir__run *run, const struct weir__value *a,
                       const struct weir__value *b)
{
    uint32_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(text_of(run, a), text_of(run, b), shorter);

    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* -1, 0, 1; 2 when a NaN is among them */
static int order_numbers(const struct weir__value *a, const struct weir__value *b)
{
    double x, y;

    if (a->kind == WEIR__INT && b->kind == WEIR__INT) {
        return (a->as.i > b->as.i) - (a->as.i < b->as.i);
    }
    x = weir__as_double(a);
    y = weir__as_double(b);
    return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
}

int weir__formula_compare(struct weir__run *run, enum weir__op op, const struct weir__value *a,
                          const struct weir__value *b, int *out)
{
    int order;

    if (weir__is_number(a) && weir__is_number(b)) {
        order = order_numbers(a, b);
    } else if (a->kind == WEIR__TEXT && b->kind == WEIR__TEXT) {
        order = order_texts(run, a, b);
    } else {
        return weir__formula_problem(run, "a comparison of something that is no number");
    }
    if (order == 2) {
        *out = 0;
        return 1;
    }
    *out = op == OP_LESS         ? order < 0
           : op == OP_LESS_EQUAL ? order <= 0
           : op == OP_MORE       ? order > 0
                                 : order >= 0;
    return 1;
}

static int lists_are_equal(const struct weir__run *run, const struct weir__value *a,
                           const struct weir__value *b)
{
    if (a->length != b->length) {
        return 0;
    }
    for (uint32_t i = 0; i < a->length; i++) {
        struct weir__value x = weir__formula_element(run, a, i);
        struct weir__value y = weir__formula_element(run, b, i);

        /* An array lies behind its elements, so this ends. */
        if (!weir__formula_equal(run, &x, &y)) {
            return 0;
        }
    }
    return 1;
}

int weir__formula_equal(const struct weir__run *run, const struct weir__value *a,
                        const struct weir__value *b)
{
    if (weir__is_number(a) && weir__is_number(b)) {
        return order_numbers(a, b) == 0;
    }
    if (weir__is_list(a) && weir__is_list(b)) {
        return lists_are_equal(run, a, b);
    }
    if (a->kind != b->kind) {
        return 0;
    }
    switch (a->kind) {
    case WEIR__NIL: return 1;
    case WEIR__BOOL: return a->as.i == b->as.i;
    case WEIR__TEXT: return order_texts(run, a, b) == 0;
    case WEIR__NUMERAL: return a->as.f == b->as.f;
    default: return 0;
    }
}

/* ---- conversions and elements --------------------------------------------------------------- */

int weir__formula_to_float(struct weir__run *run, const struct weir__value *v, double *out)
{
    switch (v->kind) {
    case WEIR__FLOAT: *out = v->as.f; return 1;
    case WEIR__INT: *out = (double)v->as.i; return 1;
    case WEIR__NUMERAL: *out = v->as.f; return 1;
    case WEIR__TEXT:
        if (weir__parse_real(text_of(run, v), v->length, out) == WEIR_OK) {
            return 1;
        }
        return weir__formula_problem(run, "float() of a text that is no number");
    case WEIR__NIL: return weir__formula_problem(run, "float() of nil");
    default: return weir__formula_problem(run, "float() of something that is no number");
    }
}

static int map_index(struct weir__run *run, const struct weir__value *from,
                     const struct weir__value *index, struct weir__value *out)
{
    struct weir__value found = weir__value_int(WEIR__NIL, 0);

    if (index->kind != WEIR__TEXT) {
        return weir__formula_problem(run, "an index of a map that is no text");
    }
    for (uint32_t i = 0; i < from->length; i++) { /* the last of equal keys stays */
        if (weir__formula_equal(run, &run->arena[from->as.i + 2 * (int64_t)i], index)) {
            found = run->arena[from->as.i + 2 * (int64_t)i + 1];
        }
    }
    *out = found;
    return 1;
}

int weir__formula_index(struct weir__run *run, const struct weir__value *from,
                        const struct weir__value *index, struct weir__value *out)
{
    int64_t i;

    if (from->kind == WEIR__MAP) {
        return map_index(run, from, index, out);
    }
    if (!weir__is_list(from)) {
        return weir__formula_problem(run, "an index into something that is no array");
    }
    if (!weir__is_number(index)) {
        return weir__formula_problem(run, "an index that is no number");
    }
    i = index->kind == WEIR__INT ? index->as.i : weir__f64_to_i64(index->as.f);
    i = i < 0 ? i + from->length : i;
    if (i < 0 || i >= from->length) {
        return weir__formula_problem(run, "index out of range");
    }
    *out = weir__formula_element(run, from, (uint32_t)i);
    return 1;
}
