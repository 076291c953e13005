/*
 * policy/formula_primary.c - the grammar of formulas: numbers, names, arrays, maps, and what has a
 * sign or `not` before it.
 *
 * Upstream: expr's parser/parser.go.
 */
#include "base/real.h"
#include "base/text.h"
#include "policy/formula_compile.h"

static int constant(struct weir__compiler *c, struct weir__value value, int type, uint32_t place,
                    struct weir__operand *out)
{
    weir__operand_of(out, weir__type(type, 0), c->code_count);
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
    for (; !weir__at_bracket(c, "]"); count++) {
        struct weir__operand element;

        if (count > 0 && !weir__expect(c, TOKEN_OPERATOR, ",", "`,` or `]`")) {
            return 0;
        }
        if (count > 0 && weir__at_bracket(c, "]")) {
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
    weir__operand_of(out,
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

    if (weir__at_bracket(c, "(")) {
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
    for (; !weir__at_bracket(c, "}"); count++) {
        if (count > 0 && !weir__expect(c, TOKEN_OPERATOR, ",", "`,` or `}`")) {
            return 0;
        }
        if (count > 0 && weir__at_bracket(c, "}")) {
            break;
        }
        if (!parse_key(c) || !weir__expect(c, TOKEN_OPERATOR, ":", "`:` behind a key") ||
            !weir__parse_expression(c, 0, &value)) {
            return 0;
        }
    }
    weir__operand_of(out, weir__type(TYPE_MAP, 0), start);
    return weir__emit(c, OP_MAP, 0, (int32_t)count, 1 - 2 * (int32_t)count, place) && weir__lex(c);
}

/* ---- names ---------------------------------------------------------------------------------- */

int weir__parse_variable(struct weir__compiler *c, const char *name, uint32_t length,
                         uint32_t place, struct weir__operand *out)
{
    char message[160];
    struct weir__text text;

    weir__operand_of(out, weir__type(TYPE_FLOAT, 0), c->code_count);
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
        weir__operand_of(out, weir__type(TYPE_NIL, 0), c->code_count);
        return weir__lex(c) && weir__emit(c, OP_NIL, 0, 0, 1, name.from);
    }
    if (!weir__lex(c)) {
        return 0;
    }
    if (weir__at_bracket(c, "(")) {
        return weir__parse_call(c, &name, NULL, out);
    }
    for (uint32_t i = c->local_count; i-- > 0;) {
        if (c->locals[i].length == length &&
            weir__same_bytes(c->text + c->locals[i].from, text, length)) {
            weir__operand_of(out, c->locals[i].type, c->code_count);
            return weir__emit(c, OP_LOCAL, 0, (int32_t)i, 1, name.from);
        }
    }
    if (length == 4 && weir__same_bytes(text, "$env", 4)) {
        weir__operand_of(out, weir__type(TYPE_UNKNOWN, 0), c->code_count);
        out->environment = 1;
        return 1;
    }
    return weir__parse_variable(c, text, length, name.from, out);
}

/* #, #acc, #index */
static int parse_pointer(struct weir__compiler *c, struct weir__operand *out)
{
    const struct weir__predicate *p = &c->predicates[c->predicate_count - 1];
    uint32_t place = c->token.from;

    weir__operand_of(out, weir__type(TYPE_UNKNOWN, 0), c->code_count);
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

/* ---- operands ------------------------------------------------------------------------------- */

static int parse_unary(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t place = c->token.from;
    int minus = weir__at_operator(c, "-"), plus = weir__at_operator(c, "+");

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
    if (weir__at_operator(c, "-") || weir__at_operator(c, "+") || weir__at_operator(c, "!") ||
        weir__at_operator(c, "not")) {
        return parse_unary(c, out) && weir__parse_postfix(c, out);
    }
    if (weir__at_bracket(c, "(")) {
        return weir__lex(c) && weir__parse_sequence(c, out) &&
               weir__expect(c, TOKEN_BRACKET, ")", "`)`") && weir__parse_postfix(c, out);
    }
    if (c->predicate_count > 0 && weir__at_operator(c, "#")) {
        return parse_pointer(c, out) && weir__parse_postfix(c, out);
    }
    switch (c->token.kind) {
    case TOKEN_NUMBER: return parse_number(c, out);
    case TOKEN_NAME: {
        int word = weir__token_is(c, TOKEN_NAME, "true") ||
                   weir__token_is(c, TOKEN_NAME, "false") || weir__token_is(c, TOKEN_NAME, "nil");

        return parse_name(c, out) && (word || weir__parse_postfix(c, out));
    }
    case TOKEN_TEXT: {
        struct weir__value value =
            weir__value_list(WEIR__TEXT, c->token.text_at, c->token.text_size);

        return constant(c, value, TYPE_TEXT, c->token.from, out) && weir__lex(c) &&
               weir__parse_postfix(c, out);
    }
    default: break;
    }
    if (weir__at_bracket(c, "[")) {
        return parse_array(c, out) && weir__parse_postfix(c, out);
    }
    if (weir__at_bracket(c, "{")) {
        return parse_map(c, out) && weir__parse_postfix(c, out);
    }
    return weir__unexpected(
        c, weir__at_operator(c, "#") ? "a value (# stands inside a predicate only)" : "a value");
}
