/*
 * policy/formula_primary.c - the grammar of formulas: numbers, names, calls, arrays, indexes.
 *
 * Upstream: expr's parser/parser.go.
 */
#include "base/real.h"
#include "base/text.h"
#include "policy/formula_compile.h"

static int is_bracket(const struct weir__compiler *c, const char *text)
{
    return weir__token_is(c, TOKEN_BRACKET, text);
}

static int is_operator(const struct weir__compiler *c, const char *text)
{
    return weir__token_is(c, TOKEN_OPERATOR, text);
}

static void plain(struct weir__operand *out, struct weir__type type, uint32_t start)
{
    memset(out, 0, sizeof *out);
    out->type = type;
    out->start = start;
}

static int constant(struct weir__compiler *c, struct weir__value value, int type, uint32_t place,
                    struct weir__operand *out)
{
    plain(out, weir__type(type, 0), c->code_count);
    out->constant = 1;
    out->value = value;
    return weir__emit_constant(c, &value, place);
}

/* ---- literals ------------------------------------------------------------------------------- */

static int parse_number(struct weir__compiler *c, struct weir__operand *out)
{
    char digits[400];
    struct weir__token token = c->token;
    uint32_t count = 0;
    int32_t base = 10;
    int is_real = 0;
    double real;
    int64_t whole;
    weir_status status;

    for (uint32_t i = token.from; i < token.to && count < sizeof digits; i++) {
        if (c->text[i] != '_') {
            digits[count++] = c->text[i];
        }
    }
    if (count == sizeof digits) {
        return weir__refuse(c, WEIR_E_LIMIT, token.from,
                            "a number with more digits than weir reads");
    }
    if (count > 1 && digits[0] == '0') {
        char letter = (char)(digits[1] | 32);

        base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    }
    for (uint32_t i = 0; i < count && base != 16; i++) {
        is_real |= digits[i] == '.' || (digits[i] | 32) == 'e';
    }
    status = is_real ? weir__parse_real(digits, count, &real)
                     : weir__parse_whole(digits + (base != 10 ? 2 : 0),
                                         count - (base != 10 ? 2 : 0), base, &whole);
    if (status != WEIR_OK) {
        return weir__refuse(c, WEIR_E_PARSE, token.from,
                            status == WEIR_E_LIMIT
                                ? "a number that is too large"
                                : "expected a number, got something close to one");
    }
    if (is_real) {
        return constant(c, weir__value_float(real), TYPE_FLOAT, token.from, out) && weir__lex(c);
    }
    if (!constant(c, weir__value_int(WEIR__INT, whole), TYPE_INT, token.from, out)) {
        return 0;
    }
    out->digits = 1;
    return weir__lex(c);
}

static int parse_array(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t place = c->token.from, start = c->code_count, count = 0;
    struct weir__type type = weir__type(TYPE_UNKNOWN, 0);
    int alike = 1, constants = 1, digits = 1;

    if (!weir__lex(c)) {
        return 0;
    }
    for (; !is_bracket(c, "]"); count++) {
        struct weir__operand element;

        if (count > 0 && !weir__expect(c, TOKEN_OPERATOR, ",", "`,` or `]`")) {
            return 0;
        }
        if (count > 0 && is_bracket(c, "]")) {
            break;
        }
        if (!weir__parse_expression(c, 0, &element)) {
            return 0;
        }
        if (count > 0 && ((element.type.depth > 0) != (type.depth > 0) ||
                          (type.depth == 0 && element.type.kind != type.kind))) {
            alike = 0;
        }
        type = element.type;
        constants &= element.constant;
        digits &= element.digits == 1;
    }
    if (!weir__emit(c, OP_ARRAY, 0, (int32_t)count, 1 - (int32_t)count, place) || !weir__lex(c)) {
        return 0;
    }
    if (type.depth == 255) {
        return weir__refuse(c, WEIR_E_LIMIT, place, "is nested deeper than weir does");
    }
    plain(out,
          alike && count > 0 ? weir__type(type.kind, type.depth + 1)
                             : weir__type(count > 0 ? TYPE_ANY : TYPE_UNKNOWN, 1),
          start);
    out->elements = constants ? 0 : count;
    out->digits = digits && count > 0 ? 2 : 0;
    return 1;
}

/* The key of a map: a name, a number or a text stand for themselves. */
static int parse_key(struct weir__compiler *c)
{
    struct weir__value key;
    struct weir__operand out;

    if (is_bracket(c, "(")) {
        return weir__parse_expression(c, 0, &out);
    }
    if (c->token.kind == TOKEN_TEXT) {
        key = weir__value_list(WEIR__TEXT, c->token.text_at, c->token.text_size);
    } else if (c->token.kind == TOKEN_NAME || c->token.kind == TOKEN_NUMBER) {
        uint32_t length = c->token.to - c->token.from;

        if (length > c->texts_capacity - c->texts_length) {
            return weir__refuse(c, WEIR_E_LIMIT, c->token.from,
                                "texts are longer than weir has room for");
        }
        memcpy(c->texts + c->texts_length, c->text + c->token.from, length);
        key = weir__value_list(WEIR__TEXT, c->texts_length, length);
        c->texts_length += length;
    } else {
        return weir__unexpected(c, "a key of a map");
    }
    return weir__emit_constant(c, &key, c->token.from) && weir__lex(c);
}

static int parse_map(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t place = c->token.from, start = c->code_count, count = 0;
    struct weir__operand value;

    if (!weir__lex(c)) {
        return 0;
    }
    for (; !is_bracket(c, "}"); count++) {
        if (count > 0 && !weir__expect(c, TOKEN_OPERATOR, ",", "`,` or `}`")) {
            return 0;
        }
        if (count > 0 && is_bracket(c, "}")) {
            break;
        }
        if (!parse_key(c) || !weir__expect(c, TOKEN_OPERATOR, ":", "`:` behind a key") ||
            !weir__parse_expression(c, 0, &value)) {
            return 0;
        }
    }
    plain(out, weir__type(TYPE_MAP, 0), start);
    return weir__emit(c, OP_MAP, 0, (int32_t)count, 1 - 2 * (int32_t)count, place) && weir__lex(c);
}

/* ---- names ---------------------------------------------------------------------------------- */

static int parse_variable(struct weir__compiler *c, const char *name, uint32_t length,
                          uint32_t place, struct weir__operand *out)
{
    char message[160];
    struct weir__text text;

    plain(out, weir__type(TYPE_FLOAT, 0), c->code_count);
    for (uint32_t i = 0; i < c->name_count; i++) {
        if (length > 0 && weir__length(c->names[i]) == length &&
            weir__same_bytes(c->names[i], name, length)) {
            return weir__emit(c, OP_VARIABLE, 0, (int32_t)i, 1, place);
        }
    }
    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "expected the name of a trigger, got `");
    for (uint32_t i = 0; i < length && i < 60; i++) {
        weir__text_char(&text, name[i]);
    }
    weir__text_char(&text, '`');
    return weir__refuse(c, WEIR_E_PARSE, place, message);
}

static int parse_name(struct weir__compiler *c, struct weir__operand *out)
{
    struct weir__token name = c->token;
    const char *text = c->text + name.from;
    uint32_t length = name.to - name.from;

    if (weir__token_is(c, TOKEN_NAME, "true") || weir__token_is(c, TOKEN_NAME, "false")) {
        struct weir__value value = weir__value_int(WEIR__BOOL, length == 4);

        return weir__lex(c) && constant(c, value, TYPE_BOOL, name.from, out);
    }
    if (weir__token_is(c, TOKEN_NAME, "nil")) {
        plain(out, weir__type(TYPE_NIL, 0), c->code_count);
        return weir__lex(c) && weir__emit(c, OP_NIL, 0, 0, 1, name.from);
    }
    if (!weir__lex(c)) {
        return 0;
    }
    if (is_bracket(c, "(")) {
        return weir__parse_call(c, &name, NULL, out);
    }
    for (uint32_t i = c->local_count; i-- > 0;) {
        if (c->locals[i].length == length &&
            weir__same_bytes(c->text + c->locals[i].from, text, length)) {
            plain(out, c->locals[i].type, c->code_count);
            return weir__emit(c, OP_LOCAL, 0, (int32_t)i, 1, name.from);
        }
    }
    if (length == 4 && weir__same_bytes(text, "$env", 4)) {
        plain(out, weir__type(TYPE_UNKNOWN, 0), c->code_count);
        out->environment = 1;
        return 1;
    }
    return parse_variable(c, text, length, name.from, out);
}

/* #, #acc, #index */
static int parse_pointer(struct weir__compiler *c, struct weir__operand *out)
{
    const struct weir__predicate *p = &c->predicates[c->predicate_count - 1];
    uint32_t place = c->token.from;

    plain(out, weir__type(TYPE_UNKNOWN, 0), c->code_count);
    if (!weir__lex(c)) {
        return 0;
    }
    if (c->token.kind != TOKEN_NAME || c->token.from != place + 1) {
        if (p->list.depth > 0) {
            out->type = weir__type(p->list.kind, p->list.depth - 1);
        }
        return weir__emit(c, OP_ELEMENT, 0, 0, 1, place);
    }
    if (weir__token_is(c, TOKEN_NAME, "index") && (p->loop == LOOP_MAP || p->loop == LOOP_REDUCE)) {
        out->type = weir__type(TYPE_INT, 0);
        return weir__emit(c, OP_ELEMENT_INDEX, 0, 0, 1, place) && weir__lex(c);
    }
    if (weir__token_is(c, TOKEN_NAME, "acc") && p->loop == LOOP_REDUCE) {
        return weir__emit(c, OP_ACCUMULATOR, 0, 0, 1, place) && weir__lex(c);
    }
    return weir__unexpected(c, "`#`, in map and reduce `#index`, in reduce `#acc`");
}

/* ---- calls ---------------------------------------------------------------------------------- */

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
    int braces = is_bracket(c, "{"), fine;

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

/* From behind the list to the closing bracket. */
static int parse_loop(struct weir__compiler *c, const struct weir__builtin *builtin,
                      struct weir__operand *list, uint32_t place, struct weir__operand *out)
{
    int32_t loop = builtin->code;
    uint32_t begin = c->code_count, body_at, data_at = 0;
    struct weir__operand body;
    struct weir__type type = {0, 0};

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
        int more = is_operator(c, ",");

        if (more && !weir__lex(c)) {
            return 0;
        }
        if (more && !is_bracket(c, ")")) {
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
    if (is_operator(c, ",") && !weir__lex(c)) {
        return 0;
    }
    plain(out, type, list->start);
    out->data_at = data_at;
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
    plain(out, weir__type(TYPE_INT, 0), list->start);
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
    int alone;

    if (first != NULL) {
        list = *first;
    } else if (!weir__parse_expression(c, 0, &list)) {
        return 0;
    }
    if (list.type.depth == 0 && !weir__type_unknown(list.type)) {
        return weir__refuse(c, WEIR_E_PARSE, place, "expected an array as its first argument");
    }
    alone = is_bracket(c, ")");
    if (!alone && first == NULL) {
        if (!weir__expect(c, TOKEN_OPERATOR, ",", "`,` and a predicate")) {
            return 0;
        }
        alone = is_bracket(c, ")");
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

    if (first != NULL) {
        types[0] = first->type;
    }
    for (uint32_t parsed = 0; !is_bracket(c, ")"); parsed++) {
        struct weir__operand argument;

        if (parsed > 0 && !weir__expect(c, TOKEN_OPERATOR, ",", "`,` or `)`")) {
            return 0;
        }
        if (is_bracket(c, ")") && parsed > 0) {
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
        types[count++] = argument.type;
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
    plain(out, type, start);
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

/* ---- what may stand behind an operand ------------------------------------------------------- */

static int parse_member(struct weir__compiler *c, struct weir__operand *out)
{
    int optional = is_operator(c, "?.");
    struct weir__value key;

    if (!weir__lex(c)) {
        return 0;
    }
    if (c->token.kind != TOKEN_NAME) {
        return weir__unexpected(c, "a name");
    }
    if (out->environment && !optional) {
        return parse_variable(c, c->text + c->token.from, c->token.to - c->token.from,
                              c->token.from, out) &&
               weir__lex(c);
    }
    if (optional) {
        return weir__refuse(c, WEIR_E_UNSUPPORTED, c->token.from,
                            "weir does not do `?.`: only maps have fields, and triggers give none");
    }
    if (!weir__type_unknown(out->type) && !weir__type_is(out->type, TYPE_MAP)) {
        char message[120];
        struct weir__text text;

        weir__text_open(&text, message, sizeof message);
        weir__text_str(&text, weir__type_words(out->type));
        weir__text_str(&text, " has no fields");
        return weir__refuse(c, WEIR_E_PARSE, c->token.from, message);
    }
    if (c->token.to - c->token.from > c->texts_capacity - c->texts_length) {
        return weir__refuse(c, WEIR_E_LIMIT, c->token.from,
                            "texts are longer than weir has room for");
    }
    key = weir__value_list(WEIR__TEXT, c->texts_length, c->token.to - c->token.from);
    memcpy(c->texts + c->texts_length, c->text + c->token.from, key.length);
    c->texts_length += key.length;
    plain(out, weir__type(TYPE_ANY, 0), out->start);
    return weir__emit_constant(c, &key, c->token.from) &&
           weir__emit(c, OP_INDEX, 0, 0, -1, c->token.from) && weir__lex(c);
}

static int whole_or_unknown(struct weir__compiler *c, struct weir__type type, uint32_t place)
{
    if (weir__type_unknown(type) || weir__type_is(type, TYPE_INT)) {
        return 1;
    }
    return weir__refuse(c, WEIR_E_PARSE, place,
                        "expected a whole number to pick an element: use int(...)");
}

/* Behind the first bound; parts: 1 when there was one. */
static int parse_slice_end(struct weir__compiler *c, struct weir__operand *out, int32_t parts,
                           uint32_t place)
{
    struct weir__operand end;

    if (out->type.depth == 0 && !weir__type_unknown(out->type)) {
        return weir__refuse(c, WEIR_E_PARSE, place, "only an array can be sliced");
    }
    if (!weir__lex(c)) {
        return 0;
    }
    if (!is_bracket(c, "]")) {
        if (!weir__parse_expression(c, 0, &end) || !whole_or_unknown(c, end.type, place)) {
            return 0;
        }
        parts |= 2;
    }
    plain(out, out->type, out->start);
    return weir__emit(c, OP_SLICE, parts, 0, -(parts & 1) - (parts >> 1), place) &&
           weir__expect(c, TOKEN_BRACKET, "]", "`]`");
}

static int parse_index(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t place = c->token.from;
    struct weir__operand index;
    struct weir__type base = out->type;

    if (!weir__lex(c)) {
        return 0;
    }
    if (out->environment) {
        struct weir__token name = c->token;

        if (name.kind != TOKEN_TEXT) {
            return weir__refuse(c, WEIR_E_UNSUPPORTED, place, "$env can only be indexed by a name");
        }
        return parse_variable(c, c->texts + name.text_at, name.text_size, name.from, out) &&
               weir__lex(c) && weir__expect(c, TOKEN_BRACKET, "]", "`]`");
    }
    if (is_operator(c, ":")) {
        return parse_slice_end(c, out, 0, place);
    }
    if (!weir__parse_expression(c, 0, &index)) {
        return 0;
    }
    if (is_operator(c, ":")) {
        return whole_or_unknown(c, index.type, place) && parse_slice_end(c, out, 1, place);
    }
    if (weir__type_is(base, TYPE_MAP)) {
        if (!weir__type_unknown(index.type) && !weir__type_is(index.type, TYPE_TEXT)) {
            return weir__refuse(c, WEIR_E_PARSE, place, "expected a text to pick from a map");
        }
        base = weir__type(TYPE_ANY, 0);
    } else if (base.depth > 0) {
        if (!whole_or_unknown(c, index.type, place)) {
            return 0;
        }
        base.depth--;
    } else if (!weir__type_unknown(base)) {
        return weir__refuse(c, WEIR_E_PARSE, place, "only an array or a map can be indexed");
    }
    plain(out, base.depth == 0 && base.kind == TYPE_ANY ? weir__type(TYPE_ANY, 0) : base,
          out->start);
    return weir__emit(c, OP_INDEX, 0, 0, -1, place) && weir__expect(c, TOKEN_BRACKET, "]", "`]`");
}

static int parse_postfix(struct weir__compiler *c, struct weir__operand *out)
{
    for (;;) {
        if (is_operator(c, ".") || is_operator(c, "?.")) {
            if (!parse_member(c, out)) {
                return 0;
            }
        } else if (is_bracket(c, "[")) {
            if (!parse_index(c, out)) {
                return 0;
            }
        } else {
            break;
        }
    }
    if (out->environment) {
        return weir__refuse(c, WEIR_E_UNSUPPORTED, c->token.from,
                            "$env can only be indexed by a name");
    }
    return 1;
}

/* ---- operands ------------------------------------------------------------------------------- */

static int parse_unary(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t place = c->token.from;
    int minus = is_operator(c, "-"), plus = is_operator(c, "+");

    if (!weir__lex(c) || !weir__parse_expression(c, minus || plus ? 90 : 50, out)) {
        return 0;
    }
    if (minus || plus ? !weir__type_number(out->type) && !weir__type_unknown(out->type)
                      : !weir__type_is(out->type, TYPE_BOOL) && !weir__type_unknown(out->type)) {
        return weir__refuse(c, WEIR_E_PARSE, place,
                            minus || plus ? "expected a number behind the sign"
                                          : "expected true or false behind `not`: it binds tighter "
                                            "than comparisons, so use not (...)");
    }
    out->digits = 0;
    if (out->constant) {
        c->code_count = out->start;
        c->depth--;
        if (out->value.kind == WEIR__FLOAT) {
            out->value.as.f = minus ? -out->value.as.f : out->value.as.f;
        } else if (out->value.kind == WEIR__INT) {
            out->value.as.i = minus ? (int64_t)(0 - (uint64_t)out->value.as.i) : out->value.as.i;
        } else {
            out->value.as.i = !out->value.as.i;
        }
        return weir__emit_constant(c, &out->value, place);
    }
    if (!minus && !plus) {
        out->type = weir__type(TYPE_BOOL, 0);
    }
    out->elements = 0;
    out->data_at = 0;
    return plus || weir__emit(c, minus ? OP_NEGATE : OP_NOT, 0, 0, 0, place);
}

int weir__parse_primary(struct weir__compiler *c, struct weir__operand *out)
{
    if (is_operator(c, "-") || is_operator(c, "+") || is_operator(c, "!") ||
        is_operator(c, "not")) {
        return parse_unary(c, out) && parse_postfix(c, out);
    }
    if (is_bracket(c, "(")) {
        return weir__lex(c) && weir__parse_sequence(c, out) &&
               weir__expect(c, TOKEN_BRACKET, ")", "`)`") && parse_postfix(c, out);
    }
    if (c->predicate_count > 0 && is_operator(c, "#")) {
        return parse_pointer(c, out) && parse_postfix(c, out);
    }
    switch (c->token.kind) {
    case TOKEN_NUMBER: return parse_number(c, out);
    case TOKEN_NAME: {
        int word = weir__token_is(c, TOKEN_NAME, "true") ||
                   weir__token_is(c, TOKEN_NAME, "false") || weir__token_is(c, TOKEN_NAME, "nil");

        return parse_name(c, out) && (word || parse_postfix(c, out));
    }
    case TOKEN_TEXT: {
        struct weir__value value =
            weir__value_list(WEIR__TEXT, c->token.text_at, c->token.text_size);

        return constant(c, value, TYPE_TEXT, c->token.from, out) && weir__lex(c) &&
               parse_postfix(c, out);
    }
    default: break;
    }
    if (is_bracket(c, "[")) {
        return parse_array(c, out) && parse_postfix(c, out);
    }
    if (is_bracket(c, "{")) {
        return parse_map(c, out) && parse_postfix(c, out);
    }
    return weir__unexpected(c, is_operator(c, "#") ? "a value (# stands inside a predicate only)"
                                                   : "a value");
}
