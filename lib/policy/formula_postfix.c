/*
 * policy/formula_postfix.c - the grammar of formulas: what may stand behind an operand, fields,
 * indexes and slices.
 *
 * Upstream: expr's parser/parser.go.
 */
#include "base/text.h"
#include "policy/formula_compile.h"

static int parse_member(struct weir__compiler *c, struct weir__operand *out)
{
    int optional = weir__at_operator(c, "?.");
    struct weir__value key;

    if (!weir__lex(c)) {
        return 0;
    }
    if (c->token.kind != TOKEN_NAME) {
        return weir__unexpected(c, "a name");
    }
    if (out->environment && !optional) {
        return weir__parse_variable(c, c->text + c->token.from, c->token.to - c->token.from,
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
    weir__operand_of(out, weir__type(TYPE_ANY, 0), out->start);
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
    if (!weir__at_bracket(c, "]")) {
        if (!weir__parse_expression(c, 0, &end) || !whole_or_unknown(c, end.type, place)) {
            return 0;
        }
        parts |= 2;
    }
    weir__operand_of(out, out->type, out->start);
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
        return weir__parse_variable(c, c->texts + name.text_at, name.text_size, name.from, out) &&
               weir__lex(c) && weir__expect(c, TOKEN_BRACKET, "]", "`]`");
    }
    if (weir__at_operator(c, ":")) {
        return parse_slice_end(c, out, 0, place);
    }
    if (!weir__parse_expression(c, 0, &index)) {
        return 0;
    }
    if (weir__at_operator(c, ":")) {
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
    if (out->filtered && index.constant && index.value.kind == WEIR__INT &&
        index.value.as.i == -1 && !weir__check_search(c, c->depth - 2, place)) {
        return 0;
    }
    weir__operand_of(out, base.depth == 0 && base.kind == TYPE_ANY ? weir__type(TYPE_ANY, 0) : base,
                     out->start);
    return weir__emit(c, OP_INDEX, 0, 0, -1, place) && weir__expect(c, TOKEN_BRACKET, "]", "`]`");
}

int weir__parse_postfix(struct weir__compiler *c, struct weir__operand *out)
{
    for (;;) {
        if (weir__at_operator(c, ".") || weir__at_operator(c, "?.")) {
            if (!parse_member(c, out)) {
                return 0;
            }
        } else if (weir__at_bracket(c, "[")) {
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
