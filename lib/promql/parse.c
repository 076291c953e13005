/*
 * parse.c - expressions: operators by precedence, calls, aggregations, and what they are made of.
 *
 * From weakest to strongest: or; and, unless; comparisons; + -; * / % atan2 and a sign in front;
 * ^, which alone groups to the right; then what stands behind an operand: [range], offset, @.
 *
 * Upstream: promql/parser/generated_parser.y and parse.go.
 */
#include "promql/number.h"
#include "promql/tree.h"

enum { PRECEDENCE_OR = 1, PRECEDENCE_MUL = 5, PRECEDENCE_POW = 6 };

static struct node *parse_expression(struct parser *p, int weakest);

/* ---- tokens and errors ---------------------------------------------------------------------- */

void weir__pq_parse_advance(struct parser *p)
{
    p->token = p->ahead;
    if (p->ahead.kind != TOKEN_END && p->ahead.kind != TOKEN_ERROR) {
        p->ahead = weir__pq_lex_next(&p->lexer);
    }
}

struct node *weir__pq_parse_memory(struct parser *p)
{
    p->status = WEIR_E_MEMORY;
    return NULL;
}

struct node *weir__pq_parse_fail(struct parser *p, uint32_t at, const char *what)
{
    if (p->status == WEIR_OK) {
        p->status = FAIL(p->err, WEIR_E_PARSE, p->source, at, {'s', what});
    }
    return NULL;
}

/* What the token at hand is called. */
static const char *kind_of(const struct token *token)
{
    switch (token->kind) {
    case TOKEN_IDENTIFIER: return "identifier ";
    case TOKEN_METRIC: return "metric identifier ";
    case TOKEN_STRING: return "string ";
    case TOKEN_NUMBER: return "number ";
    case TOKEN_DURATION: return "duration ";
    default: return "";
    }
}

struct node *weir__pq_parse_unexpected(struct parser *p, const char *context, const char *expected)
{
    const struct token *token = &p->token;
    struct text text = token->text;

    if (p->status != WEIR_OK) {
        return NULL;
    }
    if (token->kind == TOKEN_ERROR) {
        return weir__pq_parse_fail(p, token->at, p->lexer.problem);
    }
    if (token->kind == TOKEN_END) {
        p->status =
            FAIL(p->err, WEIR_E_PARSE, p->source, token->at, {'s', "unexpected end of input"},
                 {'s', context}, {'s', expected[0] != '\0' ? ", expected " : ""}, {'s', expected});
        return NULL;
    }
    text.length = text.length > 60 ? 60 : text.length;
    p->status = FAIL(p->err, WEIR_E_PARSE, p->source, token->at, {'s', "unexpected "},
                     {'s', kind_of(token)}, {'q', &text}, {'s', context},
                     {'s', expected[0] != '\0' ? ", expected " : ""}, {'s', expected});
    return NULL;
}

struct node *weir__pq_parse_node(struct parser *p, enum node_kind kind, uint32_t start)
{
    struct node *node = weir__pq_arena_zeroed(p->arena, 1, sizeof *node);

    if (node == NULL) {
        return weir__pq_parse_memory(p);
    }
    node->kind = (uint8_t)kind;
    node->start = start;
    node->end = start;
    node->depth = 1;
    return node;
}

static struct node *too_deep(struct parser *p, uint32_t at)
{
    int64_t most = WEIR_PROMQL_DEPTH_MAX;

    p->status =
        FAIL(p->err, WEIR_E_LIMIT, p->source, at, {'s', "the expression is nested deeper than "},
             {'i', &most}, {'s', " levels"});
    return NULL;
}

/* Makes `node` the parent of `child`; false when the tree becomes too deep. */
bool weir__pq_parse_deepen(struct parser *p, struct node *node, const struct node *child)
{
    if (child->depth >= node->depth) {
        node->depth = (uint16_t)(child->depth + 1);
    }
    return node->depth <= WEIR_PROMQL_DEPTH_MAX || too_deep(p, node->start) != NULL;
}

/* ---- literals ------------------------------------------------------------------------------- */

static bool put_escape(const char **at, const char *end, char **to, char quote)
{
    static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    char c = *(*at)++;
    const char *letter = strchr(letters, c);
    int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    int32_t rune = 0;

    if (letter != NULL && c != '\0') {
        *(*to)++ = values[letter - letters];
        return true;
    }
    if (c == quote) {
        *(*to)++ = c;
        return true;
    }
    if (digits == 0) { /* octal */
        for (int i = 0; i < 3; i++) {
            rune = rune * 8 + ((i == 0 ? c : *(*at)++) - '0');
        }
        *(*to)++ = (char)rune;
        return true;
    }
    for (; digits > 0 && *at < end; digits--) {
        char d = *(*at)++;

        rune = rune * 16 + (d <= '9' ? d - '0' : (d | 0x20) - 'a' + 10);
    }
    if (c == 'x') {
        *(*to)++ = (char)rune;
    } else {
        *to += weir__pq_rune_write(rune, *to);
    }
    return true;
}

/* The lexer has let only well-formed escapes through, and they never grow. */
bool weir__pq_parse_string(struct parser *p, struct text *value)
{
    struct text quoted = p->token.text;
    const char *at = quoted.at + 1, *end = quoted.at + quoted.length - 1;
    char quote = quoted.at[0], *text, *to;

    if (quote == '`' || memchr(at, '\\', (size_t)(end - at)) == NULL) {
        *value = (struct text){at, (uint32_t)(end - at)};
        return true;
    }
    text = to = arena_take(p->arena, quoted.length);
    if (text == NULL) {
        weir__pq_parse_memory(p);
        return false;
    }
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
        } else {
            at++;
            put_escape(&at, end, &to, quote);
        }
    }
    *value = (struct text){text, (uint32_t)(to - text)};
    return true;
}

struct node *weir__pq_parse_number(struct parser *p)
{
    struct token token = p->token;
    struct node *node = weir__pq_parse_node(p, NODE_NUMBER, token.at);
    enum number_outcome outcome;

    if (node == NULL) {
        return NULL;
    }
    node->type = WEIR_PROMQL_SCALAR;
    node->end = token.at + token.text.length;
    if (token.kind == TOKEN_DURATION) {
        int64_t ns = 0, whole;
        const char *wrong = weir__pq_duration_parse(token.text, &ns);

        if (wrong != NULL) {
            return weir__pq_parse_fail(p, token.at, wrong);
        }
        node->number.duration = true;
        whole = ns / WEIR_SECOND;
        node->number.value = (double)whole + (double)(ns - whole * WEIR_SECOND) / 1e9;
    } else {
        outcome = weir__pq_literal_parse(token.text, &node->number.value);
        if (outcome != NUMBER_FINE) {
            return weir__pq_parse_fail(
                p, token.at, outcome == NUMBER_RANGE ? "number out of range" : "this is no number");
        }
    }
    weir__pq_parse_advance(p);
    return node;
}

static struct node *parse_string_literal(struct parser *p)
{
    struct node *node = weir__pq_parse_node(p, NODE_STRING, p->token.at);

    if (node == NULL || !weir__pq_parse_string(p, &node->string)) {
        return NULL;
    }
    node->type = WEIR_PROMQL_STRING;
    node->end = p->token.at + p->token.text.length;
    weir__pq_parse_advance(p);
    return node;
}

static struct node *parse_paren(struct parser *p)
{
    struct node *node = weir__pq_parse_node(p, NODE_PAREN, p->token.at);

    weir__pq_parse_advance(p);
    if (node == NULL || (node->inner = parse_expression(p, PRECEDENCE_OR)) == NULL ||
        !weir__pq_parse_deepen(p, node, node->inner)) {
        return NULL;
    }
    node->type = node->inner->type;
    node->end = p->token.at + 1;
    if (!parse_accept(p, TOKEN_RIGHT_PAREN)) {
        return weir__pq_parse_unexpected(p, "", "\")\"");
    }
    return node;
}

/* ---- label lists ---------------------------------------------------------------------------- */

/* Words that a list of labels takes as names: all but `without`. */
static bool is_label(const struct token *token)
{
    int kind = token->kind;

    return kind == TOKEN_IDENTIFIER || kind == TOKEN_METRIC || kind == TOKEN_ATAN2 ||
           (kind >= TOKEN_AND && kind <= TOKEN_MIN_OF && kind != TOKEN_WITHOUT);
}

static bool parse_label(struct parser *p, struct text *name)
{
    if (parse_is(p, TOKEN_STRING)) {
        if (!weir__pq_parse_string(p, name)) {
            return false;
        }
        if (name->length == 0 || !weir__pq_utf8_valid(name->at, name->length)) {
            weir__pq_parse_fail(p, p->token.at, "invalid label name for grouping");
            return false;
        }
    } else if (is_label(&p->token)) {
        *name = p->token.text;
    } else {
        weir__pq_parse_unexpected(p, " in grouping opts", "label");
        return false;
    }
    weir__pq_parse_advance(p);
    return true;
}

/* (a, b), with a comma at the end if one likes. */
static bool parse_labels(struct parser *p, struct labels_list *list)
{
    uint32_t room = 0;

    if (!parse_accept(p, TOKEN_LEFT_PAREN)) {
        weir__pq_parse_unexpected(p, " in grouping opts", "\"(\"");
        return false;
    }
    while (!parse_is(p, TOKEN_RIGHT_PAREN)) {
        void *items = list->items;

        if (!weir__pq_arena_grow(p->arena, &items, list->count, &room, sizeof *list->items)) {
            weir__pq_parse_memory(p);
            return false;
        }
        list->items = items;
        if (!parse_label(p, &list->items[list->count])) {
            return false;
        }
        list->count++;
        if (!parse_accept(p, TOKEN_COMMA) && !parse_is(p, TOKEN_RIGHT_PAREN)) {
            weir__pq_parse_unexpected(p, " in grouping opts", "\",\" or \")\"");
            return false;
        }
    }
    weir__pq_parse_advance(p);
    return true;
}

/* ---- calls and aggregations ------------------------------------------------------------------ */

struct arguments {
    struct node **items;
    uint32_t count, end; /* end: behind the closing parenthesis */
};

/* (x, y), the opening parenthesis at hand; makes them children of `node`. */
static bool parse_arguments(struct parser *p, struct node *node, struct arguments *args)
{
    uint32_t room = 0;

    if (!parse_accept(p, TOKEN_LEFT_PAREN)) {
        weir__pq_parse_unexpected(p, node->kind == NODE_AGGREGATE ? " in aggregation" : "",
                                  "\"(\"");
        return false;
    }
    while (!parse_is(p, TOKEN_RIGHT_PAREN)) {
        void *items = args->items;
        struct node *item = parse_expression(p, PRECEDENCE_OR);

        if (item == NULL || !weir__pq_parse_deepen(p, node, item)) {
            return false;
        }
        if (!weir__pq_arena_grow(p->arena, &items, args->count, &room, sizeof(struct node *))) {
            weir__pq_parse_memory(p);
            return false;
        }
        args->items = items;
        args->items[args->count++] = item;
        if (parse_is(p, TOKEN_COMMA) && p->ahead.kind == TOKEN_RIGHT_PAREN) {
            weir__pq_parse_fail(p, p->token.at,
                                "trailing commas not allowed in function call args");
            return false;
        }
        if (!parse_accept(p, TOKEN_COMMA) && !parse_is(p, TOKEN_RIGHT_PAREN)) {
            weir__pq_parse_unexpected(p, "", "\",\" or \")\"");
            return false;
        }
    }
    args->end = p->token.at + 1;
    weir__pq_parse_advance(p);
    return true;
}

static struct node *parse_call(struct parser *p)
{
    struct text name = p->token.text;
    struct node *node = weir__pq_parse_node(p, NODE_CALL, p->token.at);
    struct arguments args = {0};

    if (node == NULL) {
        return NULL;
    }
    node->call.function = weir__pq_function(name);
    if (node->call.function == NULL || node->call.function->experimental) {
        p->status = FAIL(p->err, WEIR_E_PARSE, p->source, node->start,
                         {'s', node->call.function == NULL ? "unknown function with name "
                                                           : "experimental function "},
                         {'q', &name}, {'s', node->call.function == NULL ? "" : " is not enabled"});
        return NULL;
    }
    weir__pq_parse_advance(p);
    if (!parse_arguments(p, node, &args)) {
        return NULL;
    }
    node->call.args = args.items;
    node->call.count = args.count;
    node->type = node->call.function->type;
    node->end = args.end;
    return node;
}

/* by (...) or without (...), if it is there. */
static bool parse_grouping(struct parser *p, struct node *node)
{
    if (!parse_is(p, TOKEN_BY) && !parse_is(p, TOKEN_WITHOUT)) {
        return true;
    }
    node->aggregate.without = parse_is(p, TOKEN_WITHOUT);
    weir__pq_parse_advance(p);
    return parse_labels(p, &node->aggregate.grouping);
}

static struct node *parse_aggregate(struct parser *p)
{
    struct node *node = weir__pq_parse_node(p, NODE_AGGREGATE, p->token.at);
    struct arguments args = {0};
    int64_t wanted, got;
    bool before;

    if (node == NULL) {
        return NULL;
    }
    node->token = p->token.kind;
    node->type = WEIR_PROMQL_VECTOR;
    weir__pq_parse_advance(p);
    before = !parse_is(p, TOKEN_LEFT_PAREN);
    if ((before && !parse_grouping(p, node)) || !parse_arguments(p, node, &args) ||
        (!before && !parse_grouping(p, node))) {
        return NULL;
    }
    node->end = args.end;
    if (node->token == TOKEN_LIMITK || node->token == TOKEN_LIMIT_RATIO) {
        p->status = FAIL(p->err, WEIR_E_PARSE, p->source, node->start,
                         {'s', "experimental aggregation operator "},
                         {'s', weir__pq_token_name(node->token)}, {'s', " is not enabled"});
        return NULL;
    }
    wanted = token_takes_parameter(node->token) ? 2 : 1;
    got = args.count;
    if (got != wanted) {
        p->status = FAIL(p->err, WEIR_E_PARSE, p->source, node->start,
                         {'s', "wrong number of arguments for aggregate expression provided, "
                               "expected "},
                         {'i', &wanted}, {'s', ", got "}, {'i', &got});
        return NULL;
    }
    node->aggregate.parameter = wanted == 2 ? args.items[0] : NULL;
    node->aggregate.inner = args.items[wanted - 1];
    return node;
}

/* ---- operands ------------------------------------------------------------------------------- */

/* Keywords that are the name of a metric where an operand is wanted. */
static bool names_metric(int kind)
{
    return (kind >= TOKEN_AND && kind <= TOKEN_WITHOUT) ||
           (kind >= TOKEN_FILL && kind <= TOKEN_FILL_RIGHT) ||
           (kind >= TOKEN_START && kind <= TOKEN_MIN_OF);
}

static struct node *parse_operand(struct parser *p)
{
    int kind = p->token.kind, next = p->ahead.kind;

    if (kind == TOKEN_NUMBER || kind == TOKEN_DURATION) {
        return weir__pq_parse_number(p);
    }
    if (kind == TOKEN_STRING) {
        return parse_string_literal(p);
    }
    if (kind == TOKEN_LEFT_PAREN) {
        return parse_paren(p);
    }
    if (token_is_aggregation(kind) &&
        (next == TOKEN_LEFT_PAREN || next == TOKEN_BY || next == TOKEN_WITHOUT)) {
        return parse_aggregate(p);
    }
    if (next == TOKEN_LEFT_PAREN &&
        (kind == TOKEN_IDENTIFIER || (kind >= TOKEN_START && kind <= TOKEN_MIN_OF))) {
        return parse_call(p);
    }
    if (kind == TOKEN_IDENTIFIER || kind == TOKEN_METRIC || kind == TOKEN_LEFT_BRACE ||
        names_metric(kind)) {
        return weir__pq_parse_selector(p);
    }
    return weir__pq_parse_unexpected(p, "", "");
}

static struct node *parse_modifier_word(struct parser *p, struct node *inner)
{
    bool anchored = parse_is(p, TOKEN_ANCHORED);
    struct node *selector = inner;

    if (inner->kind == NODE_RANGE) {
        selector = inner->range.inner;
    }
    if (selector->kind != NODE_SELECTOR) {
        return weir__pq_parse_fail(p, inner->start,
                                   "anchored and smoothed belong to selectors and range selectors");
    }
    selector->selector.anchored |= anchored;
    selector->selector.smoothed |= !anchored;
    if (selector->selector.anchored && selector->selector.smoothed) {
        return weir__pq_parse_fail(p, inner->start,
                                   "anchored and smoothed modifiers cannot be used together");
    }
    weir__pq_parse_advance(p);
    return inner;
}

/* An operand with what stands behind it. */
static struct node *parse_postfix(struct parser *p)
{
    struct node *node = parse_operand(p);

    while (node != NULL) {
        switch (p->token.kind) {
        case TOKEN_LEFT_BRACKET: node = weir__pq_parse_range(p, node); break;
        case TOKEN_OFFSET: node = weir__pq_parse_offset(p, node); break;
        case TOKEN_AT: node = weir__pq_parse_at(p, node); break;
        case TOKEN_ANCHORED:
        case TOKEN_SMOOTHED: node = parse_modifier_word(p, node); break;
        default: return node;
        }
    }
    return NULL;
}

static struct node *parse_unary(struct parser *p)
{
    struct node *node, *inner;
    uint32_t start = p->token.at;
    uint8_t sign = p->token.kind;

    if (sign != TOKEN_ADD && sign != TOKEN_SUB) {
        return parse_postfix(p);
    }
    if (++p->depth > WEIR_PROMQL_DEPTH_MAX) {
        return too_deep(p, start);
    }
    weir__pq_parse_advance(p);
    inner = parse_expression(p, PRECEDENCE_POW);
    p->depth--;
    if (inner == NULL) {
        return NULL;
    }
    if (inner->kind == NODE_NUMBER) {
        inner->number.value = sign == TOKEN_SUB ? -inner->number.value : inner->number.value;
        inner->start = start;
        return inner;
    }
    node = weir__pq_parse_node(p, NODE_UNARY, start);
    if (node == NULL || !weir__pq_parse_deepen(p, node, inner)) {
        return NULL;
    }
    node->token = sign;
    node->type = inner->type;
    node->inner = inner;
    node->end = inner->end;
    return node;
}

/* ---- binary operators ----------------------------------------------------------------------- */

/* 0 for a token that is no operator. */
static int precedence(int kind)
{
    switch (kind) {
    case TOKEN_OR: return PRECEDENCE_OR;
    case TOKEN_AND:
    case TOKEN_UNLESS: return 2;
    case TOKEN_ADD:
    case TOKEN_SUB: return 4;
    case TOKEN_MUL:
    case TOKEN_DIV:
    case TOKEN_MOD:
    case TOKEN_ATAN2: return PRECEDENCE_MUL;
    case TOKEN_POW: return PRECEDENCE_POW;
    default:
        return token_is_comparison(kind) || kind == TOKEN_TRIM_UPPER || kind == TOKEN_TRIM_LOWER
                   ? 3
                   : 0;
    }
}

/* bool, on (...), ignoring (...), group_left (...), group_right (...) */
static bool parse_matching(struct parser *p, struct node *node)
{
    if (parse_accept(p, TOKEN_BOOL)) {
        node->binary.returns_bool = true;
    }
    if (parse_is(p, TOKEN_ON) || parse_is(p, TOKEN_IGNORING)) {
        node->binary.on = parse_is(p, TOKEN_ON);
        weir__pq_parse_advance(p);
        if (!parse_labels(p, &node->binary.matching)) {
            return false;
        }
        if (parse_is(p, TOKEN_GROUP_LEFT) || parse_is(p, TOKEN_GROUP_RIGHT)) {
            node->binary.cardinality = parse_is(p, TOKEN_GROUP_LEFT) ? MANY_TO_ONE : ONE_TO_MANY;
            weir__pq_parse_advance(p);
            if (parse_is(p, TOKEN_LEFT_PAREN) && !parse_labels(p, &node->binary.include)) {
                return false;
            }
        }
    }
    if (p->token.kind >= TOKEN_FILL && p->token.kind <= TOKEN_FILL_RIGHT) {
        weir__pq_parse_fail(p, p->token.at,
                            "binop fill modifiers are experimental and not enabled");
        return false;
    }
    return true;
}

static struct node *parse_binary(struct parser *p, struct node *left)
{
    struct node *node = weir__pq_parse_node(p, NODE_BINARY, left->start), *right;
    int strength = precedence(p->token.kind);

    if (node == NULL) {
        return NULL;
    }
    node->token = p->token.kind;
    weir__pq_parse_advance(p);
    if (!parse_matching(p, node)) {
        return NULL;
    }
    right = parse_expression(p, strength == PRECEDENCE_POW ? strength : strength + 1);
    if (right == NULL || !weir__pq_parse_deepen(p, node, left) ||
        !weir__pq_parse_deepen(p, node, right)) {
        return NULL;
    }
    node->binary.left = left;
    node->binary.right = right;
    node->end = right->end;
    node->type = left->type == WEIR_PROMQL_SCALAR && right->type == WEIR_PROMQL_SCALAR
                     ? WEIR_PROMQL_SCALAR
                     : WEIR_PROMQL_VECTOR;
    return node;
}

/* Operators of at least this strength. */
static struct node *parse_expression(struct parser *p, int weakest)
{
    struct node *left;

    if (++p->depth > WEIR_PROMQL_DEPTH_MAX) {
        return too_deep(p, p->token.at);
    }
    left = parse_unary(p);
    while (left != NULL && precedence(p->token.kind) >= weakest) {
        left = parse_binary(p, left);
    }
    p->depth--;
    return left;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static weir_status parse_all(struct weir_promql_expr *expr, weir_error *err)
{
    struct parser p = {.arena = &expr->arena, .source = expr->source, .err = err};

    weir__pq_lex_open(&p.lexer, expr->source);
    p.ahead = weir__pq_lex_next(&p.lexer);
    weir__pq_parse_advance(&p);
    if (parse_is(&p, TOKEN_END)) {
        weir__pq_parse_fail(&p, p.token.at, "no expression found in input");
        return p.status;
    }
    expr->root = parse_expression(&p, PRECEDENCE_OR);
    if (expr->root != NULL && !parse_is(&p, TOKEN_END)) {
        weir__pq_parse_unexpected(&p, "", "");
    }
    if (p.status == WEIR_E_MEMORY) {
        return FAIL(err, WEIR_E_MEMORY, (struct text){0}, 0, {'s', "out of memory"});
    }
    return p.status;
}

weir_status weir_promql_parse(const char *text, size_t length, const weir_allocator *allocator,
                              weir_promql_expr **out, weir_error *err)
{
    struct arena arena;
    struct weir_promql_expr *expr;
    struct text source;
    weir_status status;

    if ((text == NULL && length > 0) || allocator == NULL || out == NULL) {
        return FAIL(err, WEIR_E_ARG, (struct text){0}, 0,
                    {'s', "text, allocator and expr must not be NULL"});
    }
    if (length > INT32_MAX) {
        return FAIL(err, WEIR_E_LIMIT, (struct text){0}, 0, {'s', "an expression over 2 GiB"});
    }
    source = (struct text){length > 0 ? text : "", (uint32_t)length};
    weir__pq_arena_open(&arena, allocator, 2048);
    expr = arena_take(&arena, sizeof *expr);
    if (expr != NULL) {
        source = weir__pq_arena_text(&arena, source);
    }
    if (expr == NULL || source.at == NULL) {
        weir__pq_arena_close(&arena);
        return FAIL(err, WEIR_E_MEMORY, (struct text){0}, 0, {'s', "out of memory"});
    }
    expr->arena = arena;
    expr->source = source;
    expr->root = NULL;
    status = parse_all(expr, err);
    if (status == WEIR_OK) {
        status = weir__pq_check(expr, err);
    }
    if (status != WEIR_OK) {
        weir_promql_expr_free(expr);
        return status;
    }
    *out = expr;
    return WEIR_OK;
}

void weir_promql_expr_free(weir_promql_expr *expr)
{
    if (expr != NULL) {
        weir__pq_arena_close(&expr->arena);
    }
}

int32_t weir_promql_type(const weir_promql_expr *expr)
{
    return expr != NULL ? expr->root->type : 0;
}
