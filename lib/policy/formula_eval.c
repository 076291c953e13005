/*
 * policy/formula_eval.c - the machine that runs formulas.
 *
 * Upstream: expr's vm/vm.go.
 */
#include "policy/formula.h"

/* One loop over an array. */
struct loop {
    struct weir__value list;
    uint32_t index, found, first; /* first: where the results lie in the arena */
    struct weir__value result;
};

struct machine {
    struct weir__run run;
    uint32_t loop_count;
    struct weir__value locals[WEIR__LOCALS];
    struct loop loops[WEIR__LOOPS];
    struct weir__value stack[WEIR__STACK];
    struct weir__value arena[WEIR__ARENA];
};

/* ---- loops ---------------------------------------------------------------------------------- */

/* Opens a loop over the list on the stack. -1: failed; 0: nothing to do; 1: run the body. */
static int begin_loop(struct machine *m, int32_t kind, const struct weir__value *list)
{
    struct loop *loop = &m->loops[m->loop_count];

    if (!weir__is_list(list)) {
        weir__formula_problem(&m->run, "a loop over something that is no array");
        return -1;
    }
    if (m->loop_count == WEIR__LOOPS) {
        m->run.problem = "nests more loops than weir has room for";
        m->run.status = WEIR_E_LIMIT;
        return -1;
    }
    m->loop_count++;
    loop->list = *list;
    loop->index = 0;
    loop->found = 0;
    loop->first = 0;
    loop->result = weir__value_int(WEIR__NIL, 0);
    switch (kind) {
    case LOOP_ALL:
    case LOOP_NONE: loop->result = weir__value_int(WEIR__BOOL, 1); break;
    case LOOP_ANY: loop->result = weir__value_int(WEIR__BOOL, 0); break;
    case LOOP_SUM: loop->result = weir__value_int(WEIR__INT, 0); break;
    case LOOP_FIND_LAST:
    case LOOP_FIND_LAST_INDEX: loop->index = list->length > 0 ? list->length - 1 : 0; break;
    case LOOP_FILTER:
    case LOOP_MAP:
        if (!weir__formula_reserve(&m->run, list->length, &loop->first)) {
            return -1;
        }
        break;
    case LOOP_REDUCE_FIRST:
        if (list->length == 0) {
            weir__formula_problem(&m->run, "reduce() of an empty array without a first value");
            return -1;
        }
        loop->result = weir__formula_element(&m->run, list, 0);
        loop->index = 1;
        break;
    default: break;
    }
    return loop->index < list->length;
}

/* A predicate was found true. 1 when the loop is to stop. */
static int found(struct machine *m, struct loop *loop, int32_t kind, int32_t threshold)
{
    loop->found++;
    switch (kind) {
    case LOOP_ANY: loop->result.as.i = 1; return 1;
    case LOOP_NONE: loop->result.as.i = 0; return 1;
    case LOOP_FILTER:
        m->run.arena[loop->first + loop->found - 1] =
            weir__formula_element(&m->run, &loop->list, loop->index);
        return 0;
    case LOOP_FIND:
    case LOOP_FIND_LAST:
        loop->result = weir__formula_element(&m->run, &loop->list, loop->index);
        return 1;
    case LOOP_FIND_INDEX:
    case LOOP_FIND_LAST_INDEX: loop->result = weir__value_int(WEIR__INT, loop->index); return 1;
    case LOOP_COUNT: return threshold > 0 && loop->found >= (uint32_t)threshold;
    default: return 0;
    }
}

/* The body gave `v`. -1: failed; 0: the loop is over; 1: again. */
static int step_loop(struct machine *m, int32_t kind, int32_t threshold,
                     const struct weir__value *v)
{
    struct loop *loop = &m->loops[m->loop_count - 1];

    switch (kind) {
    case LOOP_MAP: m->run.arena[loop->first + loop->found++] = *v; break;
    case LOOP_REDUCE:
    case LOOP_REDUCE_FIRST: loop->result = *v; break;
    case LOOP_SUM:
        if (!weir__formula_arithmetic(&m->run, OP_ADD, v, &loop->result, &loop->result)) {
            return -1;
        }
        break;
    default:
        if (v->kind != WEIR__BOOL) {
            weir__formula_problem(&m->run, "a condition that is neither true nor false");
            return -1;
        }
        if (v->as.i != 0) {
            if (found(m, loop, kind, threshold)) {
                return 0;
            }
        } else if (kind == LOOP_ALL) {
            loop->result.as.i = 0;
            return 0;
        }
        break;
    }
    if (kind == LOOP_FIND_LAST || kind == LOOP_FIND_LAST_INDEX) {
        return loop->index-- > 0;
    }
    return ++loop->index < loop->list.length;
}

static struct weir__value end_loop(struct machine *m, int32_t kind)
{
    const struct loop *loop = &m->loops[--m->loop_count];

    switch (kind) {
    case LOOP_ONE: return weir__value_int(WEIR__BOOL, loop->found == 1);
    case LOOP_COUNT: return weir__value_int(WEIR__INT, loop->found);
    case LOOP_FILTER:
    case LOOP_MAP: return weir__value_list(WEIR__ARRAY, loop->first, loop->found);
    default: return loop->result;
    }
}

/* ---- the rarer instructions ----------------------------------------------------------------- */

/* `strict`: upstream looks a whole number up among whole numbers, in which nil is 0. */
static int in(struct machine *m, int strict, const struct weir__value *needle,
              const struct weir__value *list, struct weir__value *out)
{
    struct weir__value zero = weir__value_int(WEIR__INT, 0);
    int is = 0;

    if (strict && needle->kind == WEIR__NIL) {
        needle = &zero;
    }
    if (strict && needle->kind != WEIR__INT) {
        return weir__formula_problem(&m->run, "a number that is no int where the types promise "
                                              "an int");
    }
    if (weir__is_list(list)) {
        for (uint32_t i = 0; i < list->length && !is; i++) {
            struct weir__value v = weir__formula_element(&m->run, list, i);

            is = weir__formula_equal(&m->run, &v, needle);
        }
    } else if (list->kind == WEIR__MAP) {
        for (uint32_t i = 0; i < list->length && !is; i++) {
            is = weir__formula_equal(&m->run, &m->run.arena[list->as.i + 2 * (int64_t)i], needle);
        }
    } else if (list->kind != WEIR__NIL) {
        return weir__formula_problem(&m->run, "`in` something that is no array");
    }
    *out = weir__value_int(WEIR__BOOL, is);
    return 1;
}

static int between(struct machine *m, struct weir__value *at)
{
    int above, below = 0;

    if (!weir__formula_compare(&m->run, OP_MORE_EQUAL, at, at + 1, &above) ||
        (above && !weir__formula_compare(&m->run, OP_LESS_EQUAL, at, at + 2, &below))) {
        return 0;
    }
    *at = weir__value_int(WEIR__BOOL, above && below);
    return 1;
}

static int range(struct machine *m, const struct weir__value *a, const struct weir__value *b,
                 struct weir__value *out)
{
    struct weir__value low, high;
    uint64_t size;

    if (!weir__is_number(a) || !weir__is_number(b)) {
        return weir__formula_problem(&m->run, "a range of something that is no number");
    }
    weir__formula_call(&m->run, FN_INT, a, 1, &low);
    weir__formula_call(&m->run, FN_INT, b, 1, &high);
    size = high.as.i < low.as.i ? 0 : (uint64_t)high.as.i - (uint64_t)low.as.i + 1;
    if (size >= 1000000 || (high.as.i >= low.as.i && size == 0)) {
        return weir__formula_problem(&m->run, "a range beyond upstream's budget of memory");
    }
    *out = weir__value_list(WEIR__RANGE, low.as.i, (uint32_t)size);
    return 1;
}

/* Where a slice begins or ends, from either side. */
static int64_t bound_of(const struct weir__value *v, uint32_t length)
{
    int64_t i = v->kind == WEIR__INT ? v->as.i : weir__f64_to_i64(v->as.f);

    i = i < 0 ? i + length : i;
    return i < 0 ? 0 : i;
}

static int slice(struct machine *m, const struct weir__value *at, int32_t parts,
                 struct weir__value *out)
{
    const struct weir__value *from = at + 1, *to = at + 1 + ((parts & 1) != 0);
    int64_t first = 0, end;

    if (!weir__is_list(at)) {
        return weir__formula_problem(&m->run, "a slice of something that is no array");
    }
    if (((parts & 1) != 0 && !weir__is_number(from)) ||
        ((parts & 2) != 0 && !weir__is_number(to))) {
        return weir__formula_problem(&m->run, "a bound of a slice that is no number");
    }
    end = (parts & 2) != 0 ? bound_of(to, at->length) : at->length;
    end = end > at->length ? at->length : end;
    first = (parts & 1) != 0 ? bound_of(from, at->length) : 0;
    first = first > end ? end : first;
    *out = weir__value_list(at->kind, at->as.i + first, (uint32_t)(end - first));
    return 1;
}

/* The top values of the stack into an array or a map. */
static int collect(struct machine *m, const struct weir__value *values, uint32_t count,
                   struct weir__value *out, int32_t kind)
{
    uint32_t first;

    if (!weir__formula_reserve(&m->run, count, &first)) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (kind == WEIR__MAP && i % 2 == 0 && values[i].kind != WEIR__TEXT) {
            return weir__formula_problem(&m->run, "a key of a map that is no text");
        }
        m->run.arena[first + i] = values[i];
    }
    *out = weir__value_list(kind, first, kind == WEIR__MAP ? count / 2 : count);
    return 1;
}

/* `strict`: upstream takes both for whole numbers. */
static int compare(struct machine *m, enum weir__op op, int strict, struct weir__value *at)
{
    int is;

    if (strict && (at[0].kind != WEIR__INT || at[1].kind != WEIR__INT)) {
        return weir__formula_problem(&m->run, "a number that is no int, or none, where the types "
                                              "promise an int");
    }
    if (op == OP_EQUAL || op == OP_UNEQUAL) {
        is = weir__formula_equal(&m->run, at, at + 1) == (op == OP_EQUAL);
    } else if (!weir__formula_compare(&m->run, op, at, at + 1, &is)) {
        return 0;
    }
    *at = weir__value_int(WEIR__BOOL, is);
    return 1;
}

static int negate(struct machine *m, struct weir__value *v)
{
    if (v->kind == WEIR__FLOAT) {
        v->as.f = -v->as.f;
    } else if (v->kind == WEIR__INT) {
        v->as.i = (int64_t)(0 - (uint64_t)v->as.i);
    } else {
        return weir__formula_problem(&m->run, "a minus before something that is no number");
    }
    return 1;
}

/* An instruction that works on values alone: takes them from the stack and puts its result there.
 * Gives the new top, or NULL. */
static struct weir__value *operate(struct machine *m, const struct weir__instruction *i,
                                   struct weir__value *top)
{
    int32_t count = i->b;

    switch (i->op) {
    case OP_NEGATE: return negate(m, top - 1) ? top : NULL;
    case OP_MODULO:
    case OP_POWER:
        top--;
        return weir__formula_arithmetic(&m->run, i->op, top - 1, top, top - 1) ? top : NULL;
    case OP_EQUAL:
    case OP_UNEQUAL: top--; return compare(m, i->op, i->a, top - 1) ? top : NULL;
    case OP_BETWEEN: top -= 2; return between(m, top - 1) ? top : NULL;
    case OP_IN: top--; return in(m, i->a, top - 1, top, top - 1) ? top : NULL;
    case OP_RANGE: top--; return range(m, top - 1, top, top - 1) ? top : NULL;
    case OP_ARRAY:
        top -= count;
        return collect(m, top, (uint32_t)count, top, WEIR__ARRAY) ? top + 1 : NULL;
    case OP_MAP:
        top -= 2 * (ptrdiff_t)count;
        return collect(m, top, 2 * (uint32_t)count, top, WEIR__MAP) ? top + 1 : NULL;
    case OP_INDEX: top--; return weir__formula_index(&m->run, top - 1, top, top - 1) ? top : NULL;
    case OP_SLICE:
        top -= (i->a & 1) + (i->a >> 1 & 1);
        return slice(m, top - 1, i->a, top - 1) ? top : NULL;
    case OP_CALL:
        top -= count;
        return weir__formula_call(&m->run, i->a, top, (uint32_t)count, top) ? top + 1 : NULL;
    case OP_TEXT: *top = weir__value_list(WEIR__TEXT, i->b, i->a); return top + 1;
    case OP_ELEMENT: {
        const struct loop *loop = &m->loops[m->loop_count - 1];

        *top = weir__formula_element(&m->run, &loop->list, loop->index);
        return top + 1;
    }
    case OP_ELEMENT_INDEX:
        *top = weir__value_int(WEIR__INT, m->loops[m->loop_count - 1].index);
        return top + 1;
    case OP_ACCUMULATOR: *top = m->loops[m->loop_count - 1].result; return top + 1;
    default: break; /* OP_END */
    }
    *top = end_loop(m, i->a);
    return top + 1;
}

/* ---- the run -------------------------------------------------------------------------------- */

/* The two on top, when both are floats: what formulas do most. */
#define ON_FLOATS(operation)                                                                       \
    top--;                                                                                         \
    if (top[-1].kind == WEIR__FLOAT && top[0].kind == WEIR__FLOAT) {                               \
        top[-1].as.f = top[-1].as.f operation top[0].as.f;                                         \
    } else if (!weir__formula_arithmetic(&m->run, i->op, top - 1, top, top - 1)) {                 \
        return i;                                                                                  \
    }                                                                                              \
    break

#define COMPARE(operation)                                                                         \
    top--;                                                                                         \
    if (top[-1].kind == WEIR__FLOAT && top[0].kind == WEIR__FLOAT) {                               \
        top[-1] = weir__value_int(WEIR__BOOL, top[-1].as.f operation top[0].as.f);                 \
    } else if (!compare(m, i->op, 0, top - 1)) {                                                   \
        return i;                                                                                  \
    }                                                                                              \
    break

/* Whether a condition holds; fails on anything else than true and false. */
#define CONDITION(v)                                                                               \
    if ((v).kind != WEIR__BOOL) {                                                                  \
        weir__formula_problem(&m->run, "a condition that is neither true nor false");              \
        return i;                                                                                  \
    }

/* Runs from the first instruction to OP_RETURN. NULL with the result in stack[0], or the
 * instruction that failed. */
/* NOLINTNEXTLINE(readability-function-size): one switch, a few lines an operation */
static const struct weir__instruction *run(struct machine *m, const double *values, uint64_t nil)
{
    const struct weir__instruction *i = weir__formula_code(m->run.formula);
    const int64_t *constants = weir__formula_constants(m->run.formula);
    struct weir__value *top = m->stack; /* the first free place */
    int32_t back = 0;
    int again;

    for (;; i++) {
        switch (i->op) {
        case OP_FLOAT:
            *top++ = weir__value_float(weir__from_bits((uint64_t)constants[i->b]));
            break;
        case OP_INT: *top++ = weir__value_int(WEIR__INT, constants[i->b]); break;
        case OP_BOOL: *top++ = weir__value_int(WEIR__BOOL, i->b); break;
        case OP_NIL: *top++ = weir__value_int(WEIR__NIL, 0); break;
        case OP_VARIABLE:
            *top++ = (nil >> i->b & 1) != 0 ? weir__value_int(WEIR__NIL, 0)
                                            : weir__value_float(values[i->b]);
            break;
        case OP_LOCAL: *top++ = m->locals[i->b]; break;
        case OP_SET_LOCAL: m->locals[i->b] = *--top; break;
        case OP_POP: top--; break;
        case OP_ADD: ON_FLOATS(+);
        case OP_SUBTRACT: ON_FLOATS(-);
        case OP_MULTIPLY: ON_FLOATS(*);
        case OP_DIVIDE: ON_FLOATS(/);
        case OP_LESS: COMPARE(<);
        case OP_LESS_EQUAL: COMPARE(<=);
        case OP_MORE: COMPARE(>);
        case OP_MORE_EQUAL: COMPARE(>=);
        case OP_NOT:
            CONDITION(top[-1]);
            top[-1].as.i = !top[-1].as.i;
            break;
        case OP_JUMP: i += i->b; break;
        case OP_JUMP_FALSE:
            CONDITION(top[-1]);
            i += (--top)->as.i != 0 ? 0 : i->b;
            break;
        case OP_AND:
        case OP_OR:
            CONDITION(top[-1]);
            if ((top[-1].as.i != 0) == (i->op == OP_OR)) {
                i += i->b;
            } else {
                top--;
            }
            break;
        case OP_SOME:
            if (top[-1].kind != WEIR__NIL) {
                i += i->b;
            } else {
                top--;
            }
            break;
        case OP_BEGIN:
            again = begin_loop(m, i->a, --top);
            if (again < 0) {
                return i;
            }
            i += again ? 0 : i->b;
            break;
        case OP_STEP:
            again = step_loop(m, i->a, i->a == LOOP_COUNT ? i[1].b : 0, --top);
            if (again < 0) {
                return i;
            }
            if (again && ++back > WEIR__STEPS) {
                m->run.problem = "runs longer than weir lets it";
                m->run.status = WEIR_E_LIMIT;
                return i;
            }
            i += again ? i->b : i->a == LOOP_COUNT;
            break;
        case OP_START:
            m->loops[m->loop_count - 1].result = *--top;
            i += m->loops[m->loop_count - 1].list.length > 0 ? i->b : 0;
            break;
        case OP_TO_FLOAT:
            if (top[-1].kind != WEIR__FLOAT) {
                if (!weir__formula_to_float(&m->run, &top[-1], &top[-1].as.f)) {
                    return i;
                }
                top[-1].kind = WEIR__FLOAT;
            }
            break;
        case OP_RETURN: return NULL;
        default:
            top = operate(m, i, top);
            if (top == NULL) {
                return i;
            }
            break;
        }
    }
}

weir_status weir__formula_fail(const weir_formula *f, weir_error *err, weir_status status,
                               uint32_t place, const char *message)
{
    const char *text = (const char *)f + f->wrapped_at;
    uint32_t line_begin = f->prefix;

    weir__fail(err, status, "", message);
    if (err != NULL && place >= f->prefix) {
        err->line = 1;
        for (uint32_t i = f->prefix; i < place && i < f->wrapped_length; i++) {
            if (text[i] == '\n') {
                err->line++;
                line_begin = i + 1;
            }
        }
        err->column = (int32_t)(place - line_begin) + 1;
    }
    return status;
}

weir_status weir_formula_eval(const weir_formula *formula, const double *values, uint64_t nil,
                              weir_formula_result *result, weir_error *err)
{
    struct machine m;
    const struct weir__instruction *failed;

    if (!weir__block_is(formula, WEIR_KIND_FORMULA) || result == NULL ||
        (values == NULL && formula->name_count > 0)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a formula, or there are no values");
    }
    m.run.formula = formula;
    m.run.problem = "";
    m.run.status = WEIR_OK;
    m.run.arena = m.arena;
    m.run.arena_count = 0;
    m.loop_count = 0;
    failed = run(&m, values, nil);
    result->reserved = 0;
    result->value = 0.0;
    result->kind = WEIR_FORMULA_OTHER;
    if (failed != NULL) {
        const uint16_t *places =
            (const uint16_t *)(const void *)((const uint8_t *)formula + formula->places_at);

        return weir__formula_fail(formula, err, m.run.status,
                                  places[failed - weir__formula_code(formula)], m.run.problem);
    }
    if (m.stack[0].kind == WEIR__FLOAT) {
        result->kind = WEIR_FORMULA_FLOAT;
        result->value = m.stack[0].as.f;
    } else if (m.stack[0].kind == WEIR__NIL) {
        result->kind = WEIR_FORMULA_NIL;
    }
    return WEIR_OK;
}
