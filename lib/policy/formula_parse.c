/*
 * policy/formula_parse.c - the grammar of formulas: operators, ternaries, let and if.
 *
 * Upstream: expr's parser/parser.go, and of its optimizer what can be seen from outside: constants
 * are folded, a condition with a constant false is not asked, a count that is compared stops early.
 */
#include "base/text.h"
#include "policy/formula_compile.h"

struct operator_row {
    const char *text;
    int32_t precedence, right;
    enum weir__op op;
};

static const struct operator_row operators[] = {
    {"or", 10, 0, OP_OR},
    {"||", 10, 0, OP_OR},
    {"and", 15, 0, OP_AND},
    {"&&", 15, 0, OP_AND},
    {"==", 20, 0, OP_EQUAL},
    {"!=", 20, 0, OP_UNEQUAL},
    {"<", 20, 0, OP_LESS},
    {">", 20, 0, OP_MORE},
    {">=", 20, 0, OP_MORE_EQUAL},
    {"<=", 20, 0, OP_LESS_EQUAL},
    {"in", 20, 0, OP_IN},
    {"..", 25, 0, OP_RANGE},
    {"+", 30, 0, OP_ADD},
    {"-", 30, 0, OP_SUBTRACT},
    {"*", 60, 0, OP_MULTIPLY},
    {"/", 60, 0, OP_DIVIDE},
    {"%", 60, 0, OP_MODULO},
    {"**", 100, 1, OP_POWER},
    {"^", 100, 1, OP_POWER},
    {"??", 500, 0, OP_SOME},
    {"matches", 20, 0, OP_RETURN},
    {"contains", 20, 0, OP_RETURN},
    {"startsWith", 20, 0, OP_RETURN},
    {"endsWith", 20, 0, OP_RETURN}, /* for texts only */
};

static const struct operator_row *binary_of(const struct weir__compiler *c)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (weir__token_is(c, TOKEN_OPERATOR, operators[i].text)) {
            return &operators[i];
        }
    }
    return NULL;
}

static int orders(enum weir__op op)
{
    return op == OP_LESS || op == OP_LESS_EQUAL || op == OP_MORE || op == OP_MORE_EQUAL;
}

/* ---- binary operators ----------------------------------------------------------------------- */

static int mismatch(struct weir__compiler *c, const struct operator_row *row, uint32_t place,
                    struct weir__type l, struct weir__type r)
{
    char message[200];
    struct weir__text text;

    weir__text_open(&text, message, sizeof message);
    weir__text_char(&text, '`');
    weir__text_str(&text, row->text);
    weir__text_str(&text, "` cannot take ");
    weir__text_str(&text, weir__type_words(l));
    weir__text_str(&text, " and ");
    weir__text_str(&text, weir__type_words(r));
    if (row->op == OP_MODULO) {
        weir__text_str(&text, "; it takes whole numbers: use int(...)");
    }
    return weir__refuse(c, WEIR_E_PARSE, place, message);
}

/* Puts the value of two constants in their place. 1: done; 0: not that kind, or an error. */
static int fold(struct weir__compiler *c, enum weir__op op, struct weir__operand *l,
                const struct weir__operand *r, uint32_t place)
{
    struct weir__run run = {c->formula, NULL, WEIR_OK, 0, NULL};
    struct weir__value value;
    int alike = l->value.kind == r->value.kind && l->value.kind != WEIR__FLOAT;

    if (!l->constant || !r->constant) {
        return 0;
    }
    if (op == OP_EQUAL && alike) {
        value = weir__value_int(WEIR__BOOL, weir__formula_equal(&run, &l->value, &r->value));
    } else if (op < OP_ADD || op > OP_POWER || !weir__is_number(&l->value) ||
               !weir__is_number(&r->value)) {
        return 0;
    } else if (!weir__formula_arithmetic(&run, op, &l->value, &r->value, &value)) {
        return weir__refuse(c, WEIR_E_PARSE, place, run.problem);
    }
    c->code_count = l->start;
    c->depth -= 2;
    l->value = value;
    return weir__emit_constant(c, &value, place);
}

/* A count that is compared with a constant may stop as soon as it is known. */
static void stop_early(struct weir__compiler *c, enum weir__op op, const struct weir__operand *l,
                       const struct weir__operand *r)
{
    int64_t threshold, least = op == OP_MORE || op == OP_MORE_EQUAL ? 1 : 2;

    if (l->data_at == 0 || !r->constant || r->value.kind != WEIR__INT || r->value.as.i < 0 ||
        r->value.as.i >= INT32_MAX) {
        return;
    }
    threshold = r->value.as.i + (op == OP_MORE || op == OP_LESS_EQUAL);
    if (threshold >= least) {
        c->code[l->data_at - 1].b = (int32_t)threshold;
    }
}

/* Whether upstream's code takes both sides for whole numbers without looking, as their types say:
 * max(1, a) is typed by its first argument, whatever it gives. */
static int32_t trusts_types(enum weir__op op, const struct weir__operand *l,
                            const struct weir__operand *r)
{
    return weir__type_is(l->type, TYPE_INT) &&
           (op == OP_IN ? r->digits == 2
                        : (op == OP_EQUAL || op == OP_UNEQUAL) && weir__type_is(r->type, TYPE_INT));
}

/* The operation on two operands that are compiled; the result replaces the left one. */
static int join(struct weir__compiler *c, const struct operator_row *row, struct weir__operand *l,
                const struct weir__operand *r, uint32_t place)
{
    struct weir__type type;
    int32_t strict = trusts_types(row->op, l, r);
    int between = row->op == OP_IN && r->digits == 3 && weir__type_is(l->type, TYPE_INT), folded;
    int32_t digits = row->op == OP_RANGE && l->constant && r->constant ? 3 : 0;

    if (!weir__type_binary(row->op, l->type, r->type, &type)) {
        return mismatch(c, row, place, l->type, r->type);
    }
    l->type = type;
    l->digits = digits;
    l->filtered = 0;
    folded = fold(c, row->op, l, r, place);
    if (folded || c->status != WEIR_OK) {
        return folded;
    }
    if (orders(row->op)) {
        stop_early(c, row->op, l, r);
    }
    l->constant = 0;
    l->elements = 0;
    l->data_at = 0;
    if (between) { /* as upstream: two comparisons, for what may be no whole number */
        c->code_count--;
        c->depth++;
        return weir__emit(c, OP_BETWEEN, 0, 0, -2, place);
    }
    return weir__emit(c, row->op, strict, 0, -1, place);
}

/* `x and true` is x, `true and x` too, and so for `or` and false: nobody asks whether x is true or
 * false. `jump` stands between the two. 1: done. */
static int drop_neutral(struct weir__compiler *c, struct weir__operand *l,
                        const struct weir__operand *r, uint32_t jump, int64_t decides)
{
    uint32_t first = jump + 1, count = c->code_count - first;

    if (r->constant && r->value.as.i != decides) {
        c->code_count = jump;
    } else if (l->constant && l->value.as.i != decides) {
        memmove(c->code + l->start, c->code + first, count * sizeof *c->code);
        memmove(c->places + l->start, c->places + first, count * sizeof *c->places);
        c->code_count = l->start + count;
    } else {
        return 0;
    }
    l->constant = 0;
    l->elements = 0;
    l->data_at = 0;
    return 1;
}

/* and, or, ??: the right side is reached by not jumping. */
static int parse_lazy(struct weir__compiler *c, const struct operator_row *row,
                      struct weir__operand *l, uint32_t place)
{
    uint32_t jump = c->code_count;
    struct weir__operand r;
    struct weir__type type;
    int64_t decides = row->op == OP_OR;

    if (!weir__emit(c, row->op, 0, 0, -1, place) ||
        !weir__parse_expression(c, row->precedence + 1, &r)) {
        return 0;
    }
    weir__patch(c, jump);
    l->digits = 0;
    l->filtered = 0;
    if (row->op == OP_SOME) {
        l->type = weir__type_coalesced(l->type, r.type);
    } else if (!weir__type_binary(row->op, l->type, r.type, &type)) {
        return mismatch(c, row, place, l->type, r.type);
    } else {
        l->type = type;
        if ((r.constant && r.value.as.i == decides) || (l->constant && l->value.as.i == decides)) {
            c->code_count = l->start; /* the other side is not even asked */
            c->depth--;
            l->constant = 1;
            l->value = weir__value_int(WEIR__BOOL, decides);
            return weir__emit_constant(c, &l->value, place);
        }
        if (l->constant && r.constant) { /* then it is the right one */
            c->code_count = l->start;
            c->depth--;
            l->value = r.value;
            return weir__emit_constant(c, &l->value, place);
        }
        if (drop_neutral(c, l, &r, jump, decides)) {
            return 1;
        }
    }
    l->constant = 0;
    l->elements = 0;
    l->data_at = 0;
    return 1;
}

/* Code once more: the middle of `a < b < c`. */
static int repeat(struct weir__compiler *c, uint32_t from, uint32_t to)
{
    uint32_t count = to - from;

    if (count > c->code_capacity - c->code_count) {
        return weir__refuse(c, WEIR_E_LIMIT, c->token.from, "is longer than weir has room for");
    }
    memmove(c->code + c->code_count, c->code + from, count * sizeof *c->code);
    memmove(c->places + c->code_count, c->places + from, count * sizeof *c->places);
    c->code_count += count;
    c->depth++;
    return 1;
}

/* < > <= >=, which chain: `a < b < c` is `a < b and b < c`. */
static int parse_order(struct weir__compiler *c, const struct operator_row *row,
                       struct weir__operand *l, uint32_t place)
{
    uint32_t jump = 0, middle, middle_end;
    struct weir__operand left = *l, right, next;

    for (int chained = 0;; chained = 1) {
        middle = c->code_count;
        if (!weir__parse_expression(c, row->precedence + 1, &right)) {
            return 0;
        }
        middle_end = c->code_count;
        next = right;
        if (!join(c, row, &left, &right, place)) {
            return 0;
        }
        if (chained) {
            weir__patch(c, jump);
        }
        row = binary_of(c);
        if (row == NULL || !orders(row->op)) {
            break;
        }
        place = c->token.from;
        jump = c->code_count;
        left = next;
        left.start = jump + 1;
        if (!weir__emit(c, OP_AND, 0, 0, -1, place) || !repeat(c, middle, middle_end) ||
            !weir__lex(c)) {
            return 0;
        }
    }
    l->type = weir__type(TYPE_BOOL, 0);
    l->constant = 0;
    l->elements = 0;
    l->data_at = 0;
    return 1;
}

/* One operator and what is right of it. */
static int parse_right(struct weir__compiler *c, const struct operator_row *row,
                       struct weir__operand *l, uint32_t place)
{
    struct weir__operand r;

    if (l->environment) {
        return weir__refuse(c, WEIR_E_UNSUPPORTED, place, "$env can only be indexed by a name");
    }
    if (row->op == OP_RETURN) {
        return weir__refuse(c, WEIR_E_UNSUPPORTED, place,
                            "weir does not do operators on texts, which triggers do not give");
    }
    if (row->op == OP_AND || row->op == OP_OR || row->op == OP_SOME) {
        return parse_lazy(c, row, l, place);
    }
    if (orders(row->op)) {
        return parse_order(c, row, l, place);
    }
    return weir__parse_expression(c, row->right ? row->precedence : row->precedence + 1, &r) &&
           join(c, row, l, &r, place);
}

static int parse_pipe(struct weir__compiler *c, struct weir__operand *l)
{
    struct weir__token name;
    struct weir__operand first = *l;

    if (!weir__lex(c)) {
        return 0;
    }
    name = c->token;
    if (name.kind != TOKEN_NAME) {
        return weir__unexpected(c, "a function behind `|`");
    }
    return weir__lex(c) && weir__parse_call(c, &name, &first, l);
}

/* `not in`: 1 when it is there; the `in` is then the current token. */
static int take_not_in(struct weir__compiler *c)
{
    struct weir__token token = c->token;
    uint32_t at = c->at;

    if (!weir__at_operator(c, "not")) {
        return 0;
    }
    if (weir__lex(c) && weir__at_operator(c, "in")) {
        return 1;
    }
    c->token = token;
    c->at = at;
    return 0;
}

static int parse_operators(struct weir__compiler *c, int32_t precedence, struct weir__operand *out)
{
    int coalesced = 0;

    for (;;) {
        uint32_t place = c->token.from;
        struct weir__token before = c->token;
        uint32_t at = c->at;
        int negated = take_not_in(c);
        const struct operator_row *row = binary_of(c);

        if (weir__at_operator(c, "|") && precedence == 0) {
            if (!parse_pipe(c, out)) {
                return 0;
            }
            coalesced = 0;
            continue;
        }
        if (!negated && weir__at_operator(c, "not")) {
            return weir__unexpected(c, "an operator");
        }
        if (row == NULL || row->precedence < precedence) {
            if (negated) {
                c->token = before;
                c->at = at;
            }
            return c->status == WEIR_OK;
        }
        if (coalesced && row->op != OP_SOME) {
            return weir__refuse(
                c, WEIR_E_PARSE, c->token.from,
                "`??` cannot be mixed with another operator: put it in parentheses");
        }
        coalesced = row->op == OP_SOME;
        if (!weir__lex(c) || !parse_right(c, row, out, place) ||
            (negated && !weir__emit(c, OP_NOT, 0, 0, 0, place))) {
            return 0;
        }
    }
}

/* ---- ternary, if, let ----------------------------------------------------------------------- */

static int condition(struct weir__compiler *c, const struct weir__operand *o, uint32_t place)
{
    char message[120];
    struct weir__text text;

    if (weir__type_is(o->type, TYPE_BOOL) || weir__type_unknown(o->type)) {
        return 1;
    }
    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "expected a condition that is true or false, got ");
    weir__text_str(&text, weir__type_words(o->type));
    return weir__refuse(c, WEIR_E_PARSE, place, message);
}

/* The two branches behind a condition that is compiled. `braces`: of an if. */
static int parse_branches(struct weir__compiler *c, struct weir__operand *out, int braces,
                          uint32_t place);

static int parse_if(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t place, start = c->code_count;

    if (!weir__lex(c)) {
        return 0;
    }
    place = c->token.from;
    if (!weir__parse_expression(c, 0, out) || !condition(c, out, place) ||
        !weir__expect(c, TOKEN_BRACKET, "{", "`{` behind the condition") ||
        !parse_branches(c, out, 1, place)) {
        return 0;
    }
    out->start = start;
    return 1;
}

static int parse_else(struct weir__compiler *c, struct weir__operand *out)
{
    if (!weir__expect(c, TOKEN_BRACKET, "}", "`}`") ||
        !weir__expect(c, TOKEN_OPERATOR, "else", "`else`: an if needs one")) {
        return 0;
    }
    if (weir__at_operator(c, "if")) {
        if (++c->nesting > 64) {
            return weir__refuse(c, WEIR_E_LIMIT, c->token.from, "is nested deeper than weir does");
        }
        return parse_if(c, out);
    }
    return weir__expect(c, TOKEN_BRACKET, "{", "`{` behind `else`") &&
           weir__parse_sequence(c, out) && weir__expect(c, TOKEN_BRACKET, "}", "`}`");
}

static int parse_branches(struct weir__compiler *c, struct weir__operand *out, int braces,
                          uint32_t place)
{
    uint32_t to_else = c->code_count, to_end;
    struct weir__operand yes, no;

    memset(&yes, 0, sizeof yes);
    memset(&no, 0, sizeof no);
    if (!weir__emit(c, OP_JUMP_FALSE, 0, 0, -1, place) ||
        !(braces ? weir__parse_sequence(c, &yes) : weir__parse_expression(c, 0, &yes))) {
        return 0;
    }
    to_end = c->code_count;
    if (!weir__emit(c, OP_JUMP, 0, 0, -1, place)) {
        return 0;
    }
    weir__patch(c, to_else);
    if (!(braces ? parse_else(c, &no)
                 : weir__expect(c, TOKEN_OPERATOR, ":", "`:` and the other value") &&
                       weir__parse_expression(c, 0, &no))) {
        return 0;
    }
    weir__patch(c, to_end);
    memset(out, 0, sizeof *out);
    out->type = weir__type_either(yes.type, no.type);
    return 1;
}

static int parse_ternary(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t start = out->start;

    while (weir__at_operator(c, "?")) {
        uint32_t place = c->token.from;

        if (!condition(c, out, place) || !weir__lex(c)) {
            return 0;
        }
        if (weir__at_operator(c, ":")) {
            return weir__refuse(c, WEIR_E_UNSUPPORTED, place, "weir does not do `?:`");
        }
        if (!parse_branches(c, out, 0, place)) {
            return 0;
        }
        out->start = start;
    }
    return 1;
}

static int is_taken(const struct weir__compiler *c, const struct weir__token *name)
{
    const char *text = c->text + name->from;
    uint32_t length = name->to - name->from;

    for (uint32_t i = 0; i < c->name_count; i++) {
        if (weir__length(c->names[i]) == length && weir__same_bytes(c->names[i], text, length)) {
            return 1;
        }
    }
    for (uint32_t i = 0; i < c->local_count; i++) {
        if (c->locals[i].length == length &&
            weir__same_bytes(c->text + c->locals[i].from, text, length)) {
            return 1;
        }
    }
    return weir__builtin_of(text, length) != NULL;
}

static int parse_let(struct weir__compiler *c, struct weir__operand *out)
{
    struct weir__token name;
    struct weir__local *local;
    uint32_t start = c->code_count;

    if (!weir__lex(c)) {
        return 0;
    }
    name = c->token;
    if (name.kind != TOKEN_NAME) {
        return weir__unexpected(c, "a name behind `let`");
    }
    if (!weir__lex(c) || !weir__expect(c, TOKEN_OPERATOR, "=", "`=`") ||
        !weir__parse_expression(c, 0, out)) {
        return 0;
    }
    if (is_taken(c, &name)) {
        return weir__refuse(c, WEIR_E_PARSE, name.from, "the name is taken already");
    }
    if (c->local_used == WEIR__LOCALS) {
        return weir__refuse(c, WEIR_E_LIMIT, name.from,
                            "has more variables than weir has room for");
    }
    local = &c->locals[c->local_count++];
    local->from = name.from;
    local->length = name.to - name.from;
    local->type = out->type;
    if (!weir__emit(c, OP_SET_LOCAL, 0, (int32_t)c->local_used++, -1, name.from) ||
        !weir__expect(c, TOKEN_OPERATOR, ";", "`;` behind the value of a let") ||
        !weir__parse_sequence(c, out)) {
        return 0;
    }
    c->local_count--;
    c->local_used--;
    out->start = start;
    out->constant = 0;
    out->elements = 0;
    out->data_at = 0;
    return 1;
}

/* ---- expressions ---------------------------------------------------------------------------- */

int weir__parse_expression(struct weir__compiler *c, int32_t precedence, struct weir__operand *out)
{
    int fine;

    memset(out, 0, sizeof *out);
    if (c->status != WEIR_OK) {
        return 0;
    }
    if (++c->nesting > 64) {
        return weir__refuse(c, WEIR_E_LIMIT, c->token.from, "is nested deeper than weir does");
    }
    if (precedence == 0 && weir__at_operator(c, "let")) {
        fine = parse_let(c, out);
    } else if (precedence == 0 && weir__at_operator(c, "if")) {
        fine = parse_if(c, out);
    } else {
        fine = weir__parse_primary(c, out) && parse_operators(c, precedence, out) &&
               (precedence > 0 || parse_ternary(c, out));
    }
    c->nesting--;
    return fine;
}

int weir__parse_sequence(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t start = c->code_count;

    if (!weir__parse_expression(c, 0, out)) {
        return 0;
    }
    while (weir__at_operator(c, ";")) {
        if (!weir__lex(c)) {
            return 0;
        }
        if (c->token.kind == TOKEN_END) {
            break;
        }
        if (!weir__emit(c, OP_POP, 0, 0, -1, c->token.from) || !weir__parse_expression(c, 0, out)) {
            return 0;
        }
        out->start = start;
        out->constant = 0;
    }
    return 1;
}
