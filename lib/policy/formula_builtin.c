/*
 * policy/formula_builtin.c - the grammar of formulas: calls of builtin functions, those with a
 * predicate as loops.
 *
 * Upstream: expr's parser/parser.go, checker/checker.go and compiler/compiler.go.
 */
#include "base/text.h"
#include "policy/formula_compile.h"

static int loop_result(struct weir__compiler *c, int32_t loop, struct weir__type list,
                       struct weir__type body, uint32_t place, struct weir__type *out)
{
    char message[120];
    struct weir__text text;
    int unknown = weir__type_unknown(list);

    if (weir__type_is(body, TYPE_NIL)) {
        return weir__refuse(c, WEIR_E_PARSE, place, "expected a predicate with a value, got nil");
    }
    *out = weir__type(TYPE_BOOL, 0);
    switch (loop) {
    case LOOP_MAP: *out = weir__type(body.kind, body.depth + 1); return body.depth < 255;
    case LOOP_REDUCE: *out = body; return 1;
    case LOOP_SUM:
        *out = weir__type_unknown(body) ? weir__type(TYPE_ANY, 0)
               : body.depth > 0         ? weir__type(TYPE_ANY, 1)
                                        : body;
        return 1;
    case LOOP_FILTER: *out = unknown ? weir__type(TYPE_ANY, 1) : list; break;
    case LOOP_FIND:
    case LOOP_FIND_LAST:
        *out = unknown ? weir__type(TYPE_UNKNOWN, 0) : weir__type(list.kind, list.depth - 1);
        break;
    case LOOP_FIND_INDEX:
    case LOOP_FIND_LAST_INDEX:
    case LOOP_COUNT: *out = weir__type(TYPE_INT, 0); break;
    default: break;
    }
    if (weir__type_is(body, TYPE_BOOL) || weir__type_unknown(body)) {
        return 1;
    }
    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "expected a predicate that is true or false, got ");
    weir__text_str(&text, weir__type_words(body));
    return weir__refuse(c, WEIR_E_PARSE, place, message);
}

static int parse_predicate(struct weir__compiler *c, int32_t loop, struct weir__type list,
                           struct weir__operand *body)
{
    int braces = weir__at_bracket(c, "{"), fine;

    if (c->predicate_count == WEIR__LOOPS) {
        return weir__refuse(c, WEIR_E_LIMIT, c->token.from, "nests more loops than weir does");
    }
    c->predicates[c->predicate_count++] = (struct weir__predicate){list, loop};
    fine = braces ? weir__lex(c) && weir__parse_sequence(c, body) &&
                        weir__expect(c, TOKEN_BRACKET, "}", "`}`")
                  : weir__parse_expression(c, 0, body);
    c->predicate_count--;
    return fine;
}

/* The first value of a reduce, which stands behind the predicate: jumped to and back from. */
static int parse_start(struct weir__compiler *c, uint32_t begin, uint32_t place)
{
    uint32_t body = begin + 2, to_end = c->code_count;
    struct weir__operand start;

    if (!weir__emit(c, OP_JUMP, 0, 0, 0, place)) {
        return 0;
    }
    weir__patch(c, begin);     /* an empty array takes the first value too */
    weir__patch(c, begin + 1); /* and so does the first round */
    if (!weir__parse_expression(c, 0, &start) ||
        !weir__emit(c, OP_START, 0, (int32_t)body - (int32_t)c->code_count - 1, -1, place)) {
        return 0;
    }
    weir__patch(c, to_end);
    return 1;
}

/*
 * expr 1.17.8 searches from the end, also for last(filter(...)) and filter(...)[-1], with a loop
 * that leaves a value on its stack for each element. What waits there for the result, as the left
 * side of an operator, is then taken for something else.
 */
int weir__check_search(struct weir__compiler *c, uint32_t depth, uint32_t place)
{
    if (depth == 0 && c->predicate_count == 0) {
        return 1;
    }
    return weir__refuse(c, WEIR_E_UNSUPPORTED, place,
                        "a search from the end has to come first: behind another operand, or in a "
                        "predicate, KEDA's expr 1.17.8 mistakes what it leaves behind for values");
}

/* From behind the list to the closing bracket. */
static int parse_loop(struct weir__compiler *c, const struct weir__builtin *builtin,
                      struct weir__operand *list, uint32_t place, struct weir__operand *out)
{
    int32_t loop = builtin->code;
    uint32_t begin = c->code_count, body_at, data_at = 0;
    struct weir__operand body;
    struct weir__type type = {0, 0};

    memset(&body, 0, sizeof body);
    if (!weir__emit(c, OP_BEGIN, loop, 0, -1, place) ||
        (loop == LOOP_REDUCE && !weir__emit(c, OP_JUMP, 0, 0, 0, place))) {
        return 0;
    }
    body_at = c->code_count;
    if (!parse_predicate(c, loop, list->type, &body) ||
        !loop_result(c, loop, list->type, body.type, place, &type) ||
        !weir__emit(c, OP_STEP, loop, (int32_t)body_at - (int32_t)c->code_count - 1, -1, place)) {
        return 0;
    }
    if (loop == LOOP_COUNT) {
        data_at = c->code_count + 1;
        if (!weir__emit(c, OP_DATA, 0, 0, 0, place)) {
            return 0;
        }
    }
    if (loop == LOOP_REDUCE) {
        int more = weir__at_operator(c, ",");

        if (more && !weir__lex(c)) {
            return 0;
        }
        if (more && !weir__at_bracket(c, ")")) {
            if (!parse_start(c, begin, place)) {
                return 0;
            }
        } else {
            c->code[begin].a = LOOP_REDUCE_FIRST; /* its second instruction jumps nowhere */
            weir__patch(c, begin);
        }
    } else {
        weir__patch(c, begin);
    }
    if (weir__at_operator(c, ",") && !weir__lex(c)) {
        return 0;
    }
    weir__operand_of(out, type, list->start);
    out->data_at = data_at;
    out->filtered = loop == LOOP_FILTER || (loop == LOOP_MAP && list->filtered);
    return weir__emit(c, OP_END, loop, 0, 1, place) && weir__expect(c, TOKEN_BRACKET, ")", "`)`");
}

/* sum([a, b, c]) is a + (b + c), as upstream's optimizer has it. */
static int sum_elements(struct weir__compiler *c, uint32_t count, uint32_t place)
{
    c->code_count--; /* the array */
    c->depth += count - 1;
    while (count-- > 1) {
        if (!weir__emit(c, OP_ADD, 0, 0, -1, place)) {
            return 0;
        }
    }
    return 1;
}

/* count and sum of a list alone. */
static int call_on_list(struct weir__compiler *c, const struct weir__builtin *builtin,
                        const struct weir__operand *list, uint32_t place, struct weir__operand *out)
{
    weir__operand_of(out, weir__type(TYPE_INT, 0), list->start);
    if (builtin->code == LOOP_SUM) {
        out->type = list->type.depth > 0 ? weir__type(list->type.kind, list->type.depth - 1)
                                         : weir__type(TYPE_UNKNOWN, 0);
        if (list->elements >= 2) {
            return sum_elements(c, list->elements, place);
        }
    }
    return weir__emit(c, OP_CALL, builtin->code == LOOP_SUM ? FN_SUM : FN_COUNT, 1, 0, place);
}

static int parse_loop_call(struct weir__compiler *c, const struct weir__builtin *builtin,
                           const struct weir__operand *first, uint32_t place,
                           struct weir__operand *out)
{
    struct weir__operand list;
    uint32_t depth = c->depth - (first != NULL);
    int alone;

    if ((builtin->code == LOOP_FIND_LAST || builtin->code == LOOP_FIND_LAST_INDEX) &&
        !weir__check_search(c, depth, place)) {
        return 0;
    }
    memset(&list, 0, sizeof list);
    if (first != NULL) {
        list = *first;
    } else if (!weir__parse_expression(c, 0, &list)) {
        return 0;
    }
    if (list.type.depth == 0 && !weir__type_unknown(list.type)) {
        return weir__refuse(c, WEIR_E_PARSE, place, "expected an array as its first argument");
    }
    alone = weir__at_bracket(c, ")");
    if (!alone && first == NULL) {
        if (!weir__expect(c, TOKEN_OPERATOR, ",", "`,` and a predicate")) {
            return 0;
        }
        alone = weir__at_bracket(c, ")");
    }
    if (alone && builtin->least == 1) {
        return call_on_list(c, builtin, &list, place, out) && weir__lex(c);
    }
    if (alone) {
        return weir__unexpected(c, "a predicate");
    }
    return parse_loop(c, builtin, &list, place, out);
}

static int wrong_count(struct weir__compiler *c, const struct weir__builtin *builtin,
                       uint32_t count, uint32_t place)
{
    char message[120];
    struct weir__text text;

    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "expected ");
    weir__text_int(&text, (int64_t)count < builtin->least ? builtin->least : builtin->most);
    weir__text_str(&text, builtin->most > builtin->least
                              ? ((int64_t)count < builtin->least ? " or more" : " or fewer")
                              : "");
    weir__text_str(&text, " arguments, got ");
    weir__text_int(&text, count);
    return weir__refuse(c, WEIR_E_PARSE, place, message);
}

static int parse_function(struct weir__compiler *c, const struct weir__builtin *builtin,
                          const struct weir__operand *first, uint32_t place,
                          struct weir__operand *out)
{
    struct weir__type types[WEIR__STACK] = {{0, 0}}, type;
    uint32_t count = first != NULL, start = first != NULL ? first->start : c->code_count;
    int filtered = first != NULL && first->filtered;

    if (first != NULL) {
        types[0] = first->type;
    }
    for (uint32_t parsed = 0; !weir__at_bracket(c, ")"); parsed++) {
        struct weir__operand argument;

        if (parsed > 0 && !weir__expect(c, TOKEN_OPERATOR, ",", "`,` or `)`")) {
            return 0;
        }
        if (weir__at_bracket(c, ")") && parsed > 0) {
            break;
        }
        if (!weir__parse_expression(c, 0, &argument)) {
            return 0;
        }
        if (argument.environment) {
            return weir__refuse(c, WEIR_E_UNSUPPORTED, place, "$env can only be indexed by a name");
        }
        if (count == WEIR__STACK) {
            return weir__refuse(c, WEIR_E_LIMIT, place,
                                "has more arguments than weir has room for");
        }
        filtered |= argument.filtered;
        types[count++] = argument.type;
    }
    if (builtin->code == FN_LAST && filtered && !weir__check_search(c, c->depth - 1, place)) {
        return 0;
    }
    if ((int64_t)count < builtin->least || (int64_t)count > builtin->most) {
        return wrong_count(c, builtin, count, place);
    }
    if (!weir__builtin_type((enum weir__function)builtin->code, types, count, &type)) {
        char message[160];
        struct weir__text text;

        weir__text_open(&text, message, sizeof message);
        weir__text_str(&text, builtin->name);
        weir__text_str(&text, "() cannot take ");
        weir__text_str(&text, weir__type_words(types[0]));
        for (uint32_t i = 1; i < count && i < 4; i++) {
            weir__text_str(&text, ", ");
            weir__text_str(&text, weir__type_words(types[i]));
        }
        return weir__refuse(c, WEIR_E_PARSE, place, message);
    }
    weir__operand_of(out, type, start);
    return (builtin->code == FN_FLOAT ? weir__emit(c, OP_TO_FLOAT, 0, 0, 0, place)
                                      : weir__emit(c, OP_CALL, builtin->code, (int32_t)count,
                                                   1 - (int32_t)count, place)) &&
           weir__lex(c);
}

/* A function that expr has and weir has not. */
static int refuse_builtin(struct weir__compiler *c, const struct weir__builtin *builtin,
                          uint32_t place)
{
    static const char *const reasons[] = {
        [-WEIR__OF_TEXTS] = "it is about texts, which triggers do not give",
        [-WEIR__OF_CLOCK] = "it asks the clock, and the same values would come to something else",
        [-WEIR__OF_MAPS] = "it is about maps, which triggers do not give",
        [-WEIR__OF_ORDER] = "numbers have an order of their own, which is that of sort()",
    };
    char message[160];
    struct weir__text text;

    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "weir does not do ");
    weir__text_str(&text, builtin->name);
    weir__text_str(&text, "(): ");
    weir__text_str(&text, reasons[-builtin->code]);
    return weir__refuse(c, WEIR_E_UNSUPPORTED, place, message);
}

int weir__parse_call(struct weir__compiler *c, const struct weir__token *name,
                     const struct weir__operand *first, struct weir__operand *out)
{
    const char *text = c->text + name->from;
    uint32_t length = name->to - name->from;
    const struct weir__builtin *builtin = weir__builtin_of(text, length);

    for (uint32_t i = 0; i < c->name_count; i++) {
        if (weir__length(c->names[i]) == length && weir__same_bytes(c->names[i], text, length)) {
            return weir__refuse(c, WEIR_E_PARSE, name->from,
                                "a trigger of this name hides the function: it cannot be called");
        }
    }
    if (builtin == NULL) {
        return weir__refuse(c, WEIR_E_PARSE, name->from,
                            "expected a function that there is, got an unknown name");
    }
    if (builtin->code < 0) {
        return refuse_builtin(c, builtin, name->from);
    }
    if (!weir__expect(c, TOKEN_BRACKET, "(", "`(`")) {
        return 0;
    }
    return builtin->loop ? parse_loop_call(c, builtin, first, name->from, out)
                         : parse_function(c, builtin, first, name->from, out);
}
