/*
 * policy/formula_types.c - static types of formulas, and the builtin functions by name.
 *
 * Upstream: expr's checker, checker/nature, and the Validate functions of its builtins. An array
 * that goes through a function loses what is known of its elements, as it does there.
 */
#include "policy/formula_compile.h"

const char *weir__type_words(struct weir__type t)
{
    static const char *const words[] = {"anything",       "anything", "nil",    "true or false",
                                        "a whole number", "a number", "a text", "a map"};

    return t.depth > 0 ? "an array" : words[t.kind];
}

int weir__type_assignable(struct weir__type from, struct weir__type to)
{
    if (weir__type_is(from, TYPE_NIL)) {
        return to.depth > 0 || to.kind == TYPE_ANY || to.kind == TYPE_MAP;
    }
    if (weir__type_is(from, TYPE_UNKNOWN) || weir__type_is(to, TYPE_UNKNOWN) ||
        weir__type_is(to, TYPE_NIL)) {
        return 0;
    }
    if (weir__type_is(to, TYPE_ANY)) {
        return 1;
    }
    return from.depth > 0 ? to.depth > 0 : to.depth == 0 && from.kind == to.kind;
}

static int either_is(struct weir__type l, struct weir__type r, int (*check)(struct weir__type))
{
    return (weir__type_unknown(l) && weir__type_unknown(r)) ||
           (weir__type_unknown(l) && check(r)) || (weir__type_unknown(r) && check(l));
}

static int is_bool(struct weir__type t)
{
    return weir__type_is(t, TYPE_BOOL);
}

static int is_int(struct weir__type t)
{
    return weir__type_is(t, TYPE_INT);
}

static int is_number(struct weir__type t)
{
    return weir__type_number(t);
}

static int is_number_or_text(struct weir__type t)
{
    return weir__type_number(t) || weir__type_is(t, TYPE_TEXT);
}

static int comparable(struct weir__type l, struct weir__type r)
{
    return weir__type_unknown(l) || weir__type_unknown(r) || weir__type_is(l, TYPE_NIL) ||
           weir__type_is(r, TYPE_NIL) || (weir__type_number(l) && weir__type_number(r)) ||
           (l.depth > 0 && r.depth > 0) || weir__type_assignable(l, r);
}

static int in_fits(struct weir__type l, struct weir__type r)
{
    if (r.depth > 0) {
        struct weir__type element = {r.kind, (uint8_t)(r.depth - 1)};

        return comparable(l, element);
    }
    if (r.kind == TYPE_MAP) {
        return weir__type_unknown(l) || weir__type_is(l, TYPE_TEXT);
    }
    return weir__type_unknown(r) || (weir__type_unknown(l) && r.kind == TYPE_TEXT);
}

int weir__type_binary(enum weir__op op, struct weir__type l, struct weir__type r,
                      struct weir__type *out)
{
    int numbers = weir__type_number(l) && weir__type_number(r);

    *out = weir__type(TYPE_BOOL, 0);
    switch (op) {
    case OP_EQUAL:
    case OP_UNEQUAL: return comparable(l, r);
    case OP_AND:
    case OP_OR: return (is_bool(l) && is_bool(r)) || either_is(l, r, is_bool);
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_MORE:
    case OP_MORE_EQUAL:
        return numbers || (weir__type_is(l, TYPE_TEXT) && weir__type_is(r, TYPE_TEXT)) ||
               either_is(l, r, is_number_or_text);
    case OP_IN: return in_fits(l, r);
    case OP_DIVIDE:
    case OP_POWER: *out = weir__type(TYPE_FLOAT, 0); return numbers || either_is(l, r, is_number);
    case OP_MODULO:
        *out = weir__type(TYPE_INT, 0);
        return (is_int(l) && is_int(r)) || either_is(l, r, is_int);
    case OP_RANGE:
        *out = weir__type(TYPE_INT, 1);
        return (is_int(l) && is_int(r)) || either_is(l, r, is_int);
    default: break; /* + - * */
    }
    if (numbers) {
        *out = is_int(l) && is_int(r) ? l : weir__type(TYPE_FLOAT, 0);
        return 1;
    }
    *out = weir__type(TYPE_UNKNOWN, 0);
    return either_is(l, r, op == OP_ADD ? is_number_or_text : is_number);
}

struct weir__type weir__type_either(struct weir__type a, struct weir__type b)
{
    if (weir__type_is(a, TYPE_NIL)) {
        return b;
    }
    if (weir__type_is(b, TYPE_NIL)) {
        return a;
    }
    if (!weir__type_assignable(a, b)) {
        return weir__type(TYPE_UNKNOWN, 0);
    }
    if (a.depth > 0 && b.depth > 0 && (a.kind != b.kind || a.depth != b.depth)) {
        return weir__type(TYPE_ANY, 1);
    }
    return a;
}

struct weir__type weir__type_coalesced(struct weir__type l, struct weir__type r)
{
    if (weir__type_is(l, TYPE_NIL)) {
        return r;
    }
    if (weir__type_is(r, TYPE_NIL) || weir__type_assignable(r, l)) {
        return l;
    }
    return weir__type(TYPE_UNKNOWN, 0);
}

/* ---- builtin functions ---------------------------------------------------------------------- */

static const struct weir__builtin builtins[] = {
    {"all", 1, LOOP_ALL, 2, 2},
    {"none", 1, LOOP_NONE, 2, 2},
    {"any", 1, LOOP_ANY, 2, 2},
    {"one", 1, LOOP_ONE, 2, 2},
    {"filter", 1, LOOP_FILTER, 2, 2},
    {"map", 1, LOOP_MAP, 2, 2},
    {"count", 1, LOOP_COUNT, 1, 2},
    {"sum", 1, LOOP_SUM, 1, 2},
    {"find", 1, LOOP_FIND, 2, 2},
    {"findIndex", 1, LOOP_FIND_INDEX, 2, 2},
    {"findLast", 1, LOOP_FIND_LAST, 2, 2},
    {"findLastIndex", 1, LOOP_FIND_LAST_INDEX, 2, 2},
    {"reduce", 1, LOOP_REDUCE, 2, 3},
    {"len", 0, FN_LEN, 1, 1},
    {"abs", 0, FN_ABS, 1, 1},
    {"ceil", 0, FN_CEIL, 1, 1},
    {"floor", 0, FN_FLOOR, 1, 1},
    {"round", 0, FN_ROUND, 1, 1},
    {"int", 0, FN_INT, 1, 1},
    {"float", 0, FN_FLOAT, 1, 1},
    {"trim", 0, FN_TRIM, 1, 1},
    {"toJSON", 0, FN_TO_JSON, 1, 1},
    {"max", 0, FN_MAX, 1, WEIR__STACK},
    {"min", 0, FN_MIN, 1, WEIR__STACK},
    {"mean", 0, FN_MEAN, 1, WEIR__STACK},
    {"median", 0, FN_MEDIAN, 1, WEIR__STACK},
    {"first", 0, FN_FIRST, 1, 1},
    {"last", 0, FN_LAST, 1, 1},
    {"get", 0, FN_GET, 2, 2},
    {"take", 0, FN_TAKE, 2, 2},
    {"reverse", 0, FN_REVERSE, 1, 1},
    {"uniq", 0, FN_UNIQ, 1, 1},
    {"concat", 0, FN_CONCAT, 1, WEIR__STACK},
    {"flatten", 0, FN_FLATTEN, 1, 1},
    {"sort", 0, FN_SORT, 1, 2},
    {"bitand", 0, FN_BIT_AND, 2, 2},
    {"bitor", 0, FN_BIT_OR, 2, 2},
    {"bitxor", 0, FN_BIT_XOR, 2, 2},
    {"bitnand", 0, FN_BIT_CLEAR, 2, 2},
    {"bitshl", 0, FN_BIT_LEFT, 2, 2},
    {"bitshr", 0, FN_BIT_RIGHT, 2, 2},
    {"bitushr", 0, FN_BIT_RIGHT_UNSIGNED, 2, 2},
    {"bitnot", 0, FN_BIT_NOT, 1, 1},
    /* Known upstream, with no meaning for numbers, or not pure. */
    {"groupBy", 1, WEIR__OF_MAPS, 2, 2},
    {"sortBy", 1, WEIR__OF_ORDER, 2, 3},
    {"type", 0, WEIR__OF_TEXTS, 1, 1},
    {"string", 0, WEIR__OF_TEXTS, 1, 1},
    {"trimPrefix", 0, WEIR__OF_TEXTS, 1, 2},
    {"trimSuffix", 0, WEIR__OF_TEXTS, 1, 2},
    {"upper", 0, WEIR__OF_TEXTS, 1, 1},
    {"lower", 0, WEIR__OF_TEXTS, 1, 1},
    {"split", 0, WEIR__OF_TEXTS, 2, 3},
    {"splitAfter", 0, WEIR__OF_TEXTS, 2, 3},
    {"replace", 0, WEIR__OF_TEXTS, 3, 4},
    {"repeat", 0, WEIR__OF_TEXTS, 2, 2},
    {"join", 0, WEIR__OF_TEXTS, 1, 2},
    {"indexOf", 0, WEIR__OF_TEXTS, 2, 2},
    {"lastIndexOf", 0, WEIR__OF_TEXTS, 2, 2},
    {"hasPrefix", 0, WEIR__OF_TEXTS, 2, 2},
    {"hasSuffix", 0, WEIR__OF_TEXTS, 2, 2},
    {"fromJSON", 0, WEIR__OF_MAPS, 1, 1},
    {"toBase64", 0, WEIR__OF_TEXTS, 1, 1},
    {"fromBase64", 0, WEIR__OF_TEXTS, 1, 1},
    {"now", 0, WEIR__OF_CLOCK, 0, 1},
    {"duration", 0, WEIR__OF_CLOCK, 1, 1},
    {"date", 0, WEIR__OF_CLOCK, 1, 4},
    {"timezone", 0, WEIR__OF_CLOCK, 1, 1},
    {"keys", 0, WEIR__OF_MAPS, 1, 1},
    {"values", 0, WEIR__OF_MAPS, 1, 1},
    {"toPairs", 0, WEIR__OF_MAPS, 1, 1},
    {"fromPairs", 0, WEIR__OF_MAPS, 1, 1},
};

const struct weir__builtin *weir__builtin_of(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        size_t k = 0;

        for (; k < length && builtins[i].name[k] == name[k]; k++) {
        }
        if (k == length && builtins[i].name[k] == '\0') {
            return &builtins[i];
        }
    }
    return NULL;
}

/* max, min, mean, median: numbers; the first array or unknown ends the looking. */
static int aggregate(const struct weir__type *arguments, uint32_t count, struct weir__type *out)
{
    for (uint32_t i = 0; i < count; i++) {
        if (arguments[i].depth > 0 || weir__type_unknown(arguments[i])) {
            *out = weir__type(TYPE_ANY, 0);
            return 1;
        }
        if (!weir__type_number(arguments[i])) {
            return 0;
        }
    }
    *out = arguments[0];
    return 1;
}

static int all_fit(const struct weir__type *arguments, uint32_t count, int kind, int list)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!weir__type_unknown(arguments[i]) &&
            !(list ? arguments[i].depth > 0 : weir__type_is(arguments[i], kind))) {
            return 0;
        }
    }
    return 1;
}

int weir__builtin_type(enum weir__function function, const struct weir__type *arguments,
                       uint32_t count, struct weir__type *out)
{
    struct weir__type first = arguments[0];
    int unknown = weir__type_unknown(first);

    switch (function) {
    case FN_LEN:
        *out = weir__type(TYPE_INT, 0);
        return unknown || first.depth > 0 || first.kind == TYPE_MAP || first.kind == TYPE_TEXT;
    case FN_ABS:
        *out = unknown ? weir__type(TYPE_ANY, 0) : first;
        return unknown || weir__type_number(first);
    case FN_CEIL:
    case FN_FLOOR:
    case FN_ROUND: *out = weir__type(TYPE_FLOAT, 0); return unknown || weir__type_number(first);
    case FN_INT: *out = weir__type(TYPE_INT, 0); return unknown || is_number_or_text(first);
    case FN_FLOAT: *out = weir__type(TYPE_FLOAT, 0); return unknown || is_number_or_text(first);
    case FN_TRIM: *out = weir__type(TYPE_TEXT, 0); return unknown || first.kind == TYPE_TEXT;
    case FN_TO_JSON: *out = weir__type(TYPE_TEXT, 0); return 1;
    case FN_MAX:
    case FN_MIN:
    case FN_MEAN:
    case FN_MEDIAN: return aggregate(arguments, count, out);
    case FN_FIRST:
    case FN_LAST: *out = weir__type(TYPE_ANY, 0); return all_fit(arguments, 1, 0, 1);
    case FN_GET:
        *out = unknown           ? weir__type(TYPE_UNKNOWN, 0)
               : first.depth > 0 ? weir__type(first.kind, first.depth - 1)
                                 : weir__type(TYPE_ANY, 0);
        return unknown || (first.depth > 0 && all_fit(arguments + 1, 1, TYPE_INT, 0)) ||
               (first.kind == TYPE_MAP && all_fit(arguments + 1, 1, TYPE_TEXT, 0));
    case FN_TAKE:
        *out = unknown ? weir__type(TYPE_ANY, 0) : weir__type(TYPE_ANY, 1);
        return all_fit(arguments, 1, 0, 1) && all_fit(arguments + 1, 1, TYPE_INT, 0);
    case FN_REVERSE:
    case FN_UNIQ:
    case FN_CONCAT:
    case FN_FLATTEN: *out = weir__type(TYPE_ANY, 1); return all_fit(arguments, count, 0, 1);
    case FN_SORT:
        *out = weir__type(TYPE_ANY, 1);
        return all_fit(arguments, 1, 0, 1) && all_fit(arguments + 1, count - 1, TYPE_TEXT, 0);
    default: *out = weir__type(TYPE_INT, 0); return all_fit(arguments, count, TYPE_INT, 0);
    }
}
