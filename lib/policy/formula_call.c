/*
 * policy/formula_call.c - the builtin functions of formulas.
 *
 * Upstream: expr's builtin/builtin.go and lib.go.
 */
#include "base/num.h"
#include "base/text.h"
#include "policy/formula.h"

enum { DEPTH_MAX = 16 }; /* arrays in arrays */

static int limit(struct weir__run *run, const char *problem)
{
    run->problem = problem;
    run->status = WEIR_E_LIMIT;
    return 0;
}

/* ---- functions of one number ---------------------------------------------------------------- */

static int round_number(struct weir__run *run, enum weir__function function,
                        const struct weir__value *v, struct weir__value *out)
{
    double x = weir__as_double(v);

    if (!weir__is_number(v)) {
        return weir__formula_problem(run, "rounding of something that is no number");
    }
    if (v->kind == WEIR__FLOAT) {
        x = function == FN_CEIL    ? weir__ceil(x)
            : function == FN_FLOOR ? weir__floor(x)
                                   : weir__round(x);
    }
    *out = weir__value_float(x);
    return 1;
}

static int to_int(struct weir__run *run, const struct weir__value *v, struct weir__value *out)
{
    const char *text = weir__formula_texts(run->formula) + (v->kind == WEIR__TEXT ? v->as.i : 0);
    int64_t i = 0;

    switch (v->kind) {
    case WEIR__INT: i = v->as.i; break;
    case WEIR__FLOAT: i = weir__f64_to_i64(v->as.f); break;
    case WEIR__NUMERAL: /* its text is a whole number, if it is one */
        i = weir__f64_to_i64(v->as.f);
        if (weir__abs(v->as.f) >= 1e15 || (double)i != v->as.f) {
            return weir__formula_problem(run, "int() of a text that is no whole number");
        }
        break;
    case WEIR__TEXT:
        for (uint32_t k = 0, sign = v->length > 0 && (text[0] == '-' || text[0] == '+');
             k < v->length || k == 0; k++) {
            int digit = k < v->length ? text[k] - '0' : -1;

            if (k == 0 && sign && v->length > 1) {
                continue;
            }
            if (digit < 0 || digit > 9 || i > (INT64_MAX - 9) / 10) {
                return weir__formula_problem(run, "int() of a text that is no whole number");
            }
            i = i * 10 + digit;
        }
        i = text[0] == '-' ? -i : i;
        break;
    default: return weir__formula_problem(run, "int() of something that is no number");
    }
    *out = weir__value_int(WEIR__INT, i);
    return 1;
}

static int absolute(struct weir__run *run, const struct weir__value *v, struct weir__value *out)
{
    *out = *v;
    if (v->kind == WEIR__FLOAT) {
        out->as.f = v->as.f < 0.0 ? -v->as.f : v->as.f;
    } else if (v->kind == WEIR__INT) {
        out->as.i = v->as.i < 0 ? (int64_t)(0 - (uint64_t)v->as.i) : v->as.i;
    } else {
        return weir__formula_problem(run, "abs() of something that is no number");
    }
    return 1;
}

/* Text without white space around it. */
static int trimmed(struct weir__run *run, const struct weir__value *v, struct weir__value *out)
{
    const char *text = weir__formula_texts(run->formula) + v->as.i;

    if (v->kind == WEIR__NUMERAL) {
        *out = *v;
        return 1;
    }
    if (v->kind != WEIR__TEXT) {
        return weir__formula_problem(run, "trim() of something that is no text");
    }
    *out = *v;
    while (out->length > 0 && (text[out->length - 1] == ' ' ||
                               (text[out->length - 1] >= '\t' && text[out->length - 1] <= '\r'))) {
        out->length--;
    }
    while (out->length > 0 && (*text == ' ' || (*text >= '\t' && *text <= '\r'))) {
        text++;
        out->as.i++;
        out->length--;
    }
    return 1;
}

static int to_json(struct weir__run *run, const struct weir__value *v, struct weir__value *out)
{
    if (v->kind == WEIR__INT && v->as.i > -(INT64_C(1) << 53) && v->as.i < INT64_C(1) << 53) {
        *out = weir__value_float((double)v->as.i);
    } else if (v->kind == WEIR__FLOAT && weir__is_finite(v->as.f)) {
        *out = *v;
    } else {
        return limit(run, "toJSON() is for numbers only");
    }
    out->kind = WEIR__NUMERAL;
    return 1;
}

/* ---- functions of many numbers -------------------------------------------------------------- */

/* The largest or the smallest so far. */
struct extreme {
    enum weir__op better;
    int any;
    struct weir__value best;
};

static int take_extreme(struct weir__run *run, struct extreme *e, const struct weir__value *v)
{
    int better = 1;

    if (e->any && !weir__formula_compare(run, e->better, v, &e->best, &better)) {
        return 0;
    }
    if (!e->any || better) {
        e->best = *v;
        e->any = 1;
    }
    return 1;
}

static int extreme_of_list(struct weir__run *run, struct extreme *e, const struct weir__value *list,
                           int depth)
{
    if (depth > DEPTH_MAX) {
        return limit(run, "arrays are nested deeper than weir has room for");
    }
    for (uint32_t i = 0; i < list->length; i++) {
        struct weir__value v = weir__formula_element(run, list, i);

        if (weir__is_list(&v)) {
            struct extreme inner = {e->better, 0, v};

            if (!extreme_of_list(run, &inner, &v, depth + 1) ||
                (inner.any && !take_extreme(run, e, &inner.best))) {
                return 0;
            }
        } else if (!weir__is_number(&v)) {
            return weir__formula_problem(run, "max() or min() of something that is no number");
        } else if (!take_extreme(run, e, &v)) {
            return 0;
        }
    }
    return 1;
}

static int extreme(struct weir__run *run, enum weir__op better, const struct weir__value *arguments,
                   uint32_t count, struct weir__value *out)
{
    struct extreme e = {better, 0, {WEIR__NIL, 0, {0.0}}};

    for (uint32_t i = 0; i < count; i++) {
        if (weir__is_list(&arguments[i])) {
            if (!extreme_of_list(run, &e, &arguments[i], 0)) {
                return 0;
            }
        } else if (weir__is_number(&arguments[i])) {
            if (!take_extreme(run, &e, &arguments[i])) {
                return 0;
            }
        } else if (count == 1) {
            *out = arguments[0];
            return 1;
        } else {
            return weir__formula_problem(run, "max() or min() of something that is no number");
        }
    }
    *out = e.best;
    return 1;
}

static int mean_of(struct weir__run *run, const struct weir__value *v, int depth, double *total,
                   int64_t *count)
{
    double inner = 0.0;

    if (weir__is_number(v)) {
        *total += weir__as_double(v);
        ++*count;
        return 1;
    }
    if (!weir__is_list(v)) {
        return weir__formula_problem(run, "mean() of something that is no number");
    }
    if (depth > DEPTH_MAX) {
        return limit(run, "arrays are nested deeper than weir has room for");
    }
    for (uint32_t i = 0; i < v->length; i++) { /* an array of the arguments adds up as it goes */
        struct weir__value element = weir__formula_element(run, v, i);

        if (!mean_of(run, &element, depth + 1, depth == 0 ? total : &inner, count)) {
            return 0;
        }
    }
    *total += inner;
    return 1;
}

static int mean(struct weir__run *run, const struct weir__value *arguments, uint32_t count,
                struct weir__value *out)
{
    double total = 0.0;
    int64_t numbers = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (!mean_of(run, &arguments[i], 0, &total, &numbers)) {
            return 0;
        }
    }
    *out = weir__value_float(numbers > 0 ? total / (double)numbers : 0.0);
    return 1;
}

/* Appends all numbers, as doubles, to the arena. */
static int gather(struct weir__run *run, const struct weir__value *v, int depth)
{
    uint32_t at;

    if (weir__is_number(v)) {
        if (!weir__formula_reserve(run, 1, &at)) {
            return 0;
        }
        run->arena[at] = weir__value_float(weir__as_double(v));
        return 1;
    }
    if (!weir__is_list(v)) {
        return weir__formula_problem(run, "median() of something that is no number");
    }
    if (depth > DEPTH_MAX) {
        return limit(run, "arrays are nested deeper than weir has room for");
    }
    for (uint32_t i = 0; i < v->length; i++) {
        struct weir__value element = weir__formula_element(run, v, i);

        if (!gather(run, &element, depth + 1)) {
            return 0;
        }
    }
    return 1;
}

static int median(struct weir__run *run, const struct weir__value *arguments, uint32_t count,
                  struct weir__value *out)
{
    uint32_t first = run->arena_count, n;
    struct weir__value *values = run->arena + first;

    for (uint32_t i = 0; i < count; i++) {
        if (!gather(run, &arguments[i], 0)) {
            return 0;
        }
    }
    n = run->arena_count - first;
    run->arena_count = first;
    for (uint32_t i = 1; i < n; i++) { /* NaN first, as Go sorts */
        struct weir__value v = values[i];
        uint32_t k = i;

        for (; k > 0 && (v.as.f < values[k - 1].as.f ||
                         (weir__is_nan(v.as.f) && !weir__is_nan(values[k - 1].as.f)));
             k--) {
            values[k] = values[k - 1];
        }
        values[k] = v;
    }
    *out = weir__value_float(n == 0       ? 0.0
                             : n % 2 == 1 ? values[n / 2].as.f
                                          : (values[n / 2 - 1].as.f + values[n / 2].as.f) / 2.0);
    return 1;
}

static int sum(struct weir__run *run, const struct weir__value *list, struct weir__value *out)
{
    struct weir__value total = weir__value_int(WEIR__INT, 0);

    if (!weir__is_list(list)) {
        return weir__formula_problem(run, "sum() of something that is no array");
    }
    for (uint32_t i = 0; i < list->length; i++) {
        struct weir__value v = weir__formula_element(run, list, i);

        if (!weir__formula_arithmetic(run, OP_ADD, &v, &total, &total)) {
            return 0;
        }
    }
    *out = total;
    return 1;
}

static int count_true(struct weir__run *run, const struct weir__value *list,
                      struct weir__value *out)
{
    int64_t n = 0;

    if (!weir__is_list(list)) {
        return weir__formula_problem(run, "count() of something that is no array");
    }
    for (uint32_t i = 0; i < list->length; i++) {
        struct weir__value v = weir__formula_element(run, list, i);

        if (v.kind != WEIR__BOOL) {
            return weir__formula_problem(run, "count() of elements that are not true or false");
        }
        n += v.as.i;
    }
    *out = weir__value_int(WEIR__INT, n);
    return 1;
}

/* ---- arrays --------------------------------------------------------------------------------- */

static int end_of(struct weir__run *run, const struct weir__value *list, int last,
                  struct weir__value *out)
{
    *out = weir__is_list(list) && list->length > 0
               ? weir__formula_element(run, list, last ? list->length - 1 : 0)
               : weir__value_int(WEIR__NIL, 0);
    return 1;
}

static int get(struct weir__run *run, const struct weir__value *arguments, struct weir__value *out)
{
    if (arguments[0].kind != WEIR__NIL && !weir__is_number(&arguments[1]) &&
        weir__is_list(&arguments[0])) {
        return weir__formula_problem(run, "get() with an index that is no number");
    }
    if (!weir__formula_index(run, &arguments[0], &arguments[1], out)) {
        run->problem = NULL;
        run->status = WEIR_OK;
        *out = weir__value_int(WEIR__NIL, 0);
    }
    return 1;
}

static int take(struct weir__run *run, const struct weir__value *arguments, struct weir__value *out)
{
    *out = arguments[0];
    if (!weir__is_list(&arguments[0]) || arguments[1].kind != WEIR__INT || arguments[1].as.i < 0) {
        return weir__formula_problem(run, "take() of something that cannot be taken");
    }
    if (arguments[1].as.i < out->length) {
        out->length = (uint32_t)arguments[1].as.i;
    }
    return 1;
}

/* Appends a list's elements to the arena, those of lists in it in their place when `flat`. */
static int append(struct weir__run *run, const struct weir__value *list, int flat, int depth)
{
    uint32_t at;

    if (!weir__is_list(list)) {
        return weir__formula_problem(run, "an operation on something that is no array");
    }
    if (depth > DEPTH_MAX) {
        return limit(run, "arrays are nested deeper than weir has room for");
    }
    for (uint32_t i = 0; i < list->length; i++) {
        struct weir__value v = weir__formula_element(run, list, i);

        if (flat && weir__is_list(&v)) {
            if (!append(run, &v, flat, depth + 1)) {
                return 0;
            }
        } else if (!weir__formula_reserve(run, 1, &at)) {
            return 0;
        } else {
            run->arena[at] = v;
        }
    }
    return 1;
}

static int copy(struct weir__run *run, const struct weir__value *arguments, uint32_t count,
                int flat, struct weir__value *out)
{
    uint32_t first = run->arena_count;

    for (uint32_t i = 0; i < count; i++) {
        if (!append(run, &arguments[i], flat, 0)) {
            return 0;
        }
    }
    *out = weir__value_list(WEIR__ARRAY, first, run->arena_count - first);
    return 1;
}

static void reverse(struct weir__value *values, uint32_t count)
{
    for (uint32_t i = 0; i < count / 2; i++) {
        struct weir__value v = values[i];

        values[i] = values[count - 1 - i];
        values[count - 1 - i] = v;
    }
}

static void remove_equal(struct weir__run *run, struct weir__value *list)
{
    struct weir__value *values = run->arena + list->as.i;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < list->length; i++) {
        uint32_t k = 0;

        while (k < kept && !weir__formula_equal(run, &values[i], &values[k])) {
            k++;
        }
        if (k == kept) {
            values[kept++] = values[i];
        }
    }
    list->length = kept;
}

/* By insertion, as Go sorts up to twelve elements. */
static int sort(struct weir__run *run, const struct weir__value *arguments, uint32_t count,
                struct weir__value *out)
{
    struct weir__value *values;
    enum weir__op before = OP_LESS;

    if (count == 2) {
        const char *text = weir__formula_texts(run->formula) + arguments[1].as.i;

        if (arguments[1].kind != WEIR__TEXT ||
            !((arguments[1].length == 3 && weir__same_bytes(text, "asc", 3)) ||
              (arguments[1].length == 4 && weir__same_bytes(text, "desc", 4)))) {
            return weir__formula_problem(run, "sort() takes the orders \"asc\" and \"desc\"");
        }
        before = arguments[1].length == 4 ? OP_MORE : OP_LESS;
    }
    if (!copy(run, arguments, 1, 0, out)) {
        return 0;
    }
    values = run->arena + out->as.i;
    for (uint32_t i = 1; i < out->length; i++) {
        for (uint32_t k = i; k > 0; k--) {
            struct weir__value v = values[k];
            int less;

            if (!weir__formula_compare(run, before, &v, &values[k - 1], &less)) {
                return 0;
            }
            if (!less) {
                break;
            }
            values[k] = values[k - 1];
            values[k - 1] = v;
        }
    }
    return 1;
}

/* ---- bits ----------------------------------------------------------------------------------- */

static int bits(struct weir__run *run, enum weir__function function,
                const struct weir__value *arguments, uint32_t count, struct weir__value *out)
{
    uint64_t x, y;
    int64_t n = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (arguments[i].kind != WEIR__INT) {
            return weir__formula_problem(run,
                                         "an operation on bits of something not a whole number");
        }
    }
    x = (uint64_t)arguments[0].as.i;
    y = count > 1 ? (uint64_t)arguments[1].as.i : 0;
    if (function >= FN_BIT_LEFT && function <= FN_BIT_RIGHT_UNSIGNED && (int64_t)y < 0) {
        return weir__formula_problem(run, "a shift by less than 0");
    }
    switch (function) {
    case FN_BIT_AND: n = (int64_t)(x & y); break;
    case FN_BIT_OR: n = (int64_t)(x | y); break;
    case FN_BIT_XOR: n = (int64_t)(x ^ y); break;
    case FN_BIT_CLEAR: n = (int64_t)(x & ~y); break;
    case FN_BIT_LEFT: n = y > 63 ? 0 : (int64_t)(x << y); break;
    case FN_BIT_RIGHT_UNSIGNED: n = y > 63 ? 0 : (int64_t)(x >> y); break;
    case FN_BIT_RIGHT: /* of a negative number: ones come in */
        n = (int64_t)x < 0 ? (int64_t) ~(y > 63 ? 0 : ~x >> y) : (int64_t)(y > 63 ? 0 : x >> y);
        break;
    default: n = (int64_t)~x; break;
    }
    *out = weir__value_int(WEIR__INT, n);
    return 1;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static int length(struct weir__run *run, const struct weir__value *v, struct weir__value *out)
{
    const char *text = weir__formula_texts(run->formula) + v->as.i;
    int64_t n = v->length;

    if (v->kind == WEIR__TEXT) { /* characters, not bytes */
        for (uint32_t i = 0; i < v->length; i++) {
            n -= ((unsigned char)text[i] & 0xc0) == 0x80;
        }
    } else if (!weir__is_list(v) && v->kind != WEIR__MAP) {
        return weir__formula_problem(run, "len() of something that has none");
    }
    *out = weir__value_int(WEIR__INT, n);
    return 1;
}

int weir__formula_call(struct weir__run *run, enum weir__function function,
                       const struct weir__value *arguments, uint32_t count, struct weir__value *out)
{
    switch (function) {
    case FN_LEN: return length(run, arguments, out);
    case FN_ABS: return absolute(run, arguments, out);
    case FN_CEIL:
    case FN_FLOOR:
    case FN_ROUND: return round_number(run, function, arguments, out);
    case FN_INT: return to_int(run, arguments, out);
    case FN_TRIM: return trimmed(run, arguments, out);
    case FN_TO_JSON: return to_json(run, arguments, out);
    case FN_MAX: return extreme(run, OP_MORE, arguments, count, out);
    case FN_MIN: return extreme(run, OP_LESS, arguments, count, out);
    case FN_MEAN: return mean(run, arguments, count, out);
    case FN_MEDIAN: return median(run, arguments, count, out);
    case FN_SUM: return sum(run, arguments, out);
    case FN_COUNT: return count_true(run, arguments, out);
    case FN_FIRST: return end_of(run, arguments, 0, out);
    case FN_LAST: return end_of(run, arguments, 1, out);
    case FN_GET: return get(run, arguments, out);
    case FN_TAKE: return take(run, arguments, out);
    case FN_REVERSE:
        if (!copy(run, arguments, 1, 0, out)) {
            return 0;
        }
        reverse(run->arena + out->as.i, out->length);
        return 1;
    case FN_UNIQ:
        if (!copy(run, arguments, 1, 0, out)) {
            return 0;
        }
        remove_equal(run, out);
        return 1;
    case FN_CONCAT: return copy(run, arguments, count, 0, out);
    case FN_FLATTEN: return copy(run, arguments, 1, 1, out);
    case FN_SORT: return sort(run, arguments, count, out);
    default: return bits(run, function, arguments, count, out);
    }
}
