/*
 * parse_selector.c - selectors with their matchers, ranges and subqueries, offset and @, and the
 * arithmetic of durations within them.
 *
 * Upstream: promql/parser/generated_parser.y and parse.go.
 */
#include "promql/gomath.h"
#include "promql/tree.h"

#define SECONDS_MAX 9223372036.854775807 /* of a duration in int64 nanoseconds */

static struct node *duration_expression(struct parser *p, int weakest);

/* ---- matchers ------------------------------------------------------------------------------- */

static bool compile_regex(struct parser *p, struct matcher *m, uint32_t at)
{
    struct regex_scratch scratch = {.arena = p->arena};
    struct regex *regex;
    char text[160];
    struct sink sink = {text, sizeof text, 0};
    weir_status status = weir__pq_regex_compile(p->arena, m->value, true, &regex, &sink);
    bool empty;

    weir__pq_sink_close(&sink);
    if (status == WEIR_OK) {
        m->regex = regex;
        status = weir__pq_regex_matches(regex, TEXT(""), true, &scratch, &empty);
        m->empty = (status == WEIR_OK && empty) == (m->kind == MATCH_REGEX);
    }
    if (status == WEIR_E_MEMORY) {
        weir__pq_parse_memory(p);
        return false;
    }
    if (status != WEIR_OK) {
        p->status =
            FAIL(p->err, status, p->source, at, {'s', "error parsing regexp: "}, {'s', text});
        return false;
    }
    return true;
}

static bool parse_match_value(struct parser *p, struct matcher *m, uint32_t at)
{
    switch (p->token.kind) {
    case TOKEN_EQUAL: m->kind = MATCH_EQUAL; break;
    case TOKEN_NEQ: m->kind = MATCH_NOT_EQUAL; break;
    case TOKEN_MATCH: m->kind = MATCH_REGEX; break;
    case TOKEN_NOT_MATCH: m->kind = MATCH_NOT_REGEX; break;
    default:
        weir__pq_parse_unexpected(p, " in label matching", "label matching operator");
        return false;
    }
    weir__pq_parse_advance(p);
    if (!parse_is(p, TOKEN_STRING)) {
        weir__pq_parse_unexpected(p, " in label matching", "string");
        return false;
    }
    if (!weir__pq_parse_string(p, &m->value)) {
        return false;
    }
    m->empty = (m->value.length == 0) == (m->kind == MATCH_EQUAL);
    if (m->kind >= MATCH_REGEX && !compile_regex(p, m, at)) {
        return false;
    }
    weir__pq_parse_advance(p);
    return true;
}

/* name="value", "name"="value", or "metric". */
static bool parse_matcher(struct parser *p, struct matcher *m)
{
    uint32_t at = p->token.at;
    bool quoted = parse_is(p, TOKEN_STRING);

    memset(m, 0, sizeof *m);
    if (quoted) {
        if (!weir__pq_parse_string(p, &m->name)) {
            return false;
        }
    } else if (parse_is(p, TOKEN_IDENTIFIER)) {
        m->name = p->token.text;
    } else {
        weir__pq_parse_unexpected(p, " in label matching", "identifier or \"}\"");
        return false;
    }
    weir__pq_parse_advance(p);
    if (quoted && (parse_is(p, TOKEN_COMMA) || parse_is(p, TOKEN_RIGHT_BRACE))) {
        m->value = m->name;
        m->name = TEXT("__name__");
        m->empty = m->value.length == 0;
        return true;
    }
    return parse_match_value(p, m, at);
}

static bool grow_matchers(struct parser *p, struct node *node, uint32_t *room)
{
    void *matchers = node->selector.matchers;

    if (!weir__pq_arena_grow(p->arena, &matchers, node->selector.count, room,
                             sizeof *node->selector.matchers)) {
        weir__pq_parse_memory(p);
        return false;
    }
    node->selector.matchers = matchers;
    return true;
}

static bool parse_matchers(struct parser *p, struct node *node, uint32_t *room)
{
    weir__pq_parse_advance(p);
    while (!parse_is(p, TOKEN_RIGHT_BRACE)) {
        if (!grow_matchers(p, node, room) ||
            !parse_matcher(p, &node->selector.matchers[node->selector.count])) {
            return false;
        }
        node->selector.count++;
        if (!parse_accept(p, TOKEN_COMMA) && !parse_is(p, TOKEN_RIGHT_BRACE)) {
            weir__pq_parse_unexpected(p, " in label matching", "\",\" or \"}\"");
            return false;
        }
    }
    node->end = p->token.at + 1;
    weir__pq_parse_advance(p);
    return true;
}

/* The name before the braces becomes the last matcher. */
struct node *weir__pq_parse_selector(struct parser *p)
{
    struct node *node = weir__pq_parse_node(p, NODE_SELECTOR, p->token.at);
    uint32_t room = 0;

    if (node == NULL) {
        return NULL;
    }
    node->type = WEIR_PROMQL_VECTOR;
    if (!parse_is(p, TOKEN_LEFT_BRACE)) {
        node->selector.name = p->token.text;
        node->end = p->token.at + p->token.text.length;
        weir__pq_parse_advance(p);
    }
    if (parse_is(p, TOKEN_LEFT_BRACE) && !parse_matchers(p, node, &room)) {
        return NULL;
    }
    if (node->selector.name.at != NULL) {
        if (!grow_matchers(p, node, &room)) {
            return NULL;
        }
        node->selector.matchers[node->selector.count++] = (struct matcher){
            .kind = MATCH_EQUAL, .name = TEXT("__name__"), .value = node->selector.name};
    }
    return node;
}

/* ---- durations ------------------------------------------------------------------------------ */

static bool is_literal(const struct parser *p)
{
    return parse_is(p, TOKEN_NUMBER) || parse_is(p, TOKEN_DURATION);
}

static struct node *check_range(struct parser *p, struct node *number)
{
    if (!(magnitude(number->number.value) <= SECONDS_MAX)) { /* nor NaN */
        return weir__pq_parse_fail(p, number->start, "duration out of range");
    }
    return number;
}

static struct node *duration_node(struct parser *p, uint8_t token, uint32_t start,
                                  struct node *left, struct node *right)
{
    struct node *node = weir__pq_parse_node(p, NODE_DURATION, start);

    if (node == NULL || (left != NULL && !weir__pq_parse_deepen(p, node, left)) ||
        (right != NULL && !weir__pq_parse_deepen(p, node, right))) {
        return NULL;
    }
    node->token = token;
    node->type = WEIR_PROMQL_SCALAR;
    node->duration.left = left;
    node->duration.right = right;
    return node;
}

/* In parentheses; a number becomes an expression that remembers them. */
static struct node *wrap(struct parser *p, struct node *inner, uint32_t start)
{
    struct node *node = inner;

    if (inner->kind == NODE_NUMBER) {
        node = duration_node(p, TOKEN_ADD, start, NULL, inner);
    }
    if (node != NULL) {
        node->duration.wrapped = true;
    }
    return node;
}

/* A sign in front of a duration. */
static struct node *signed_duration(struct parser *p, uint8_t sign, uint32_t start,
                                    struct node *inner)
{
    if (inner->kind == NODE_NUMBER) {
        inner->number.value = sign == TOKEN_SUB ? -inner->number.value : inner->number.value;
        inner->start = start;
        return check_range(p, inner);
    }
    return sign == TOKEN_SUB ? duration_node(p, TOKEN_SUB, start, NULL, inner) : inner;
}

static struct node *wrapped_duration(struct parser *p)
{
    uint32_t start = p->token.at;
    struct node *inner;

    weir__pq_parse_advance(p);
    inner = duration_expression(p, 1);
    if (inner == NULL) {
        return NULL;
    }
    if (!parse_accept(p, TOKEN_RIGHT_PAREN)) {
        return weir__pq_parse_unexpected(p, " in duration", "\")\"");
    }
    return wrap(p, inner, start);
}

/* step(), range(), max_of(a, b), min_of(a, b) */
static struct node *duration_function(struct parser *p)
{
    struct node *node = duration_node(p, p->token.kind, p->token.at, NULL, NULL), *left, *right;

    weir__pq_parse_advance(p);
    if (node == NULL) {
        return NULL;
    }
    if (!parse_accept(p, TOKEN_LEFT_PAREN)) {
        return weir__pq_parse_unexpected(p, " in duration", "\"(\"");
    }
    if (node->token == TOKEN_MAX_OF || node->token == TOKEN_MIN_OF) {
        left = duration_expression(p, 1);
        if (left != NULL && !parse_accept(p, TOKEN_COMMA)) {
            return weir__pq_parse_unexpected(p, " in duration", "\",\"");
        }
        right = left != NULL ? duration_expression(p, 1) : NULL;
        if (right == NULL || !weir__pq_parse_deepen(p, node, left) ||
            !weir__pq_parse_deepen(p, node, right)) {
            return NULL;
        }
        node->duration.left = left;
        node->duration.right = right;
    }
    if (!parse_accept(p, TOKEN_RIGHT_PAREN)) {
        return weir__pq_parse_unexpected(p, " in duration", "\")\"");
    }
    return node;
}

static bool is_duration_function(const struct parser *p)
{
    return p->token.kind >= TOKEN_STEP && p->token.kind <= TOKEN_MIN_OF;
}

static struct node *duration_operand(struct parser *p)
{
    struct node *inner;
    uint32_t start = p->token.at;
    uint8_t sign = p->token.kind;

    if (is_literal(p)) {
        inner = weir__pq_parse_number(p);
        return inner != NULL ? check_range(p, inner) : NULL;
    }
    if (parse_is(p, TOKEN_LEFT_PAREN)) {
        return wrapped_duration(p);
    }
    if (is_duration_function(p)) {
        return duration_function(p);
    }
    if (sign == TOKEN_ADD || sign == TOKEN_SUB) {
        weir__pq_parse_advance(p);
        inner = duration_expression(p, 3);
        return inner != NULL ? signed_duration(p, sign, start, inner) : NULL;
    }
    return weir__pq_parse_unexpected(p, " in duration", "number, duration, step(), or range()");
}

static int duration_precedence(int kind)
{
    switch (kind) {
    case TOKEN_ADD:
    case TOKEN_SUB: return 1;
    case TOKEN_MUL:
    case TOKEN_DIV:
    case TOKEN_MOD: return 2;
    case TOKEN_POW: return 3;
    default: return 0;
    }
}

/* The rest of an expression whose first operand is `left`. */
static struct node *duration_rest(struct parser *p, struct node *left, int weakest)
{
    while (left != NULL && duration_precedence(p->token.kind) >= weakest) {
        uint8_t token = p->token.kind;
        uint32_t at = p->token.at;
        int strength = duration_precedence(token);
        struct node *right;

        weir__pq_parse_advance(p);
        right = duration_expression(p, strength == 3 ? 3 : strength + 1);
        if (right == NULL) {
            return NULL;
        }
        if ((token == TOKEN_DIV || token == TOKEN_MOD) && right->kind == NODE_NUMBER &&
            right->number.value == 0) {
            return weir__pq_parse_fail(p, at,
                                       token == TOKEN_DIV ? "division by zero" : "modulo by zero");
        }
        left = duration_node(p, token, left->start, left, right);
    }
    return left;
}

static struct node *duration_expression(struct parser *p, int weakest)
{
    struct node *node;

    if (++p->depth > WEIR_PROMQL_DEPTH_MAX) {
        p->status = FAIL(p->err, WEIR_E_LIMIT, p->source, p->token.at,
                         {'s', "the duration is nested too deeply"});
        return NULL;
    }
    node = duration_rest(p, duration_operand(p), weakest);
    p->depth--;
    return node;
}

/* Seconds to nanoseconds, rounded half away from zero. */
static int64_t to_ns(double seconds)
{
    double ns = weir__pq_go_round(seconds * 1e9);

    if (ns >= 9223372036854775807.0) {
        return INT64_MAX;
    }
    if (ns <= -9223372036854775808.0) {
        return INT64_MIN;
    }
    return (int64_t)ns;
}

/* A range or a step, which must be above 0: a number into *ns, an expression into *node. */
static bool positive_duration(struct parser *p, int64_t *ns, struct node **expression)
{
    struct node *node = duration_expression(p, 1);

    if (node == NULL) {
        return false;
    }
    if (node->kind != NODE_NUMBER) {
        *expression = node;
        return true;
    }
    if (node->number.value <= 0) {
        weir__pq_parse_fail(p, node->start, "duration must be greater than 0");
        return false;
    }
    *ns = to_ns(node->number.value);
    return true;
}

/* ---- ranges --------------------------------------------------------------------------------- */

static bool is_modified(const struct modifiers *m)
{
    return m->offset_ns != 0 || m->offset != NULL || m->at != AT_NONE;
}

static struct node *finish_range(struct parser *p, struct node *node, uint32_t at)
{
    const struct node *inner = node->range.inner;

    if (inner->kind != NODE_SELECTOR) {
        return weir__pq_parse_fail(p, at, "ranges only allowed for vector selectors");
    }
    if (is_modified(&inner->selector.modifiers)) {
        return weir__pq_parse_fail(p, at, "no offset or @ modifiers allowed before range");
    }
    return node;
}

/* [range], [range:] or [range:step] */
struct node *weir__pq_parse_range(struct parser *p, struct node *inner)
{
    struct node *node = weir__pq_parse_node(p, NODE_RANGE, inner->start);
    uint32_t at = p->token.at;

    if (node == NULL || !weir__pq_parse_deepen(p, node, inner)) {
        return NULL;
    }
    node->type = WEIR_PROMQL_MATRIX;
    node->range.inner = inner;
    weir__pq_parse_advance(p);
    if (!positive_duration(p, &node->range.range_ns, &node->range.range)) {
        return NULL;
    }
    if (parse_accept(p, TOKEN_COLON)) {
        node->kind = NODE_SUBQUERY;
        if (!parse_is(p, TOKEN_RIGHT_BRACKET) &&
            !positive_duration(p, &node->range.step_ns, &node->range.step)) {
            return NULL;
        }
    }
    node->end = p->token.at + 1;
    if (!parse_accept(p, TOKEN_RIGHT_BRACKET)) {
        return weir__pq_parse_unexpected(p, " in subquery or range",
                                         node->kind == NODE_RANGE ? "\":\" or \"]\"" : "\"]\"");
    }
    return node->kind == NODE_RANGE ? finish_range(p, node, at) : node;
}

/* ---- offset and @ ---------------------------------------------------------------------------- */

static struct modifiers *modifiers_of(struct parser *p, struct node *node, const char *what)
{
    switch (node->kind) {
    case NODE_SELECTOR: return &node->selector.modifiers;
    case NODE_RANGE: return &node->range.inner->selector.modifiers;
    case NODE_SUBQUERY: return &node->range.modifiers;
    default: break;
    }
    if (p->status == WEIR_OK) {
        p->status = FAIL(p->err, WEIR_E_PARSE, p->source, node->start, {'s', what},
                         {'s', " modifier must be preceded by an instant vector selector or range "
                               "vector selector or a subquery"});
    }
    return NULL;
}

/*
 * What an offset is by. A number, a number with a sign, and the functions end it, so that
 * `x offset -2 ^ 2` is a power of x; only after a parenthesis it goes on.
 */
static struct node *offset_duration(struct parser *p)
{
    uint32_t start = p->token.at;
    uint8_t sign = p->token.kind;
    struct node *inner;

    if (is_literal(p) || is_duration_function(p)) {
        return duration_operand(p);
    }
    if (sign != TOKEN_ADD && sign != TOKEN_SUB) {
        return duration_rest(p, duration_operand(p), 1);
    }
    weir__pq_parse_advance(p);
    if (is_literal(p) || parse_is(p, TOKEN_LEFT_PAREN)) {
        inner = duration_operand(p);
        return inner != NULL ? signed_duration(p, sign, start, inner) : NULL;
    }
    if (is_duration_function(p)) {
        inner = duration_function(p);
        return inner != NULL ? duration_node(p, sign, start, NULL, inner) : NULL;
    }
    inner = duration_expression(p, 3);
    return inner != NULL ? duration_rest(p, signed_duration(p, sign, start, inner), 1) : NULL;
}

struct node *weir__pq_parse_offset(struct parser *p, struct node *inner)
{
    struct modifiers *modifiers;
    struct node *duration;

    weir__pq_parse_advance(p);
    if (!is_literal(p) && !is_duration_function(p) && !parse_is(p, TOKEN_ADD) &&
        !parse_is(p, TOKEN_SUB) && !parse_is(p, TOKEN_LEFT_PAREN)) {
        return weir__pq_parse_unexpected(p, " in offset", "number, duration, step(), or range()");
    }
    duration = offset_duration(p);
    modifiers = duration != NULL ? modifiers_of(p, inner, "offset") : NULL;
    if (modifiers == NULL) {
        return NULL;
    }
    if (modifiers->offset_ns != 0 || modifiers->offset != NULL) {
        return weir__pq_parse_fail(p, inner->start, "offset may not be set multiple times");
    }
    if (duration->kind == NODE_NUMBER) {
        modifiers->offset_ns = to_ns(duration->number.value);
    } else {
        modifiers->offset = duration;
    }
    return inner;
}

/* A time in seconds to milliseconds, rounded half away from zero. */
static bool at_time(struct parser *p, struct modifiers *modifiers, struct node *inner)
{
    uint8_t sign = p->token.kind;
    struct node *number;
    double seconds;

    if (sign == TOKEN_ADD || sign == TOKEN_SUB) {
        weir__pq_parse_advance(p);
    }
    if (!is_literal(p)) {
        weir__pq_parse_unexpected(p, " in @", "timestamp");
        return false;
    }
    number = weir__pq_parse_number(p);
    if (number == NULL) {
        return false;
    }
    seconds = sign == TOKEN_SUB ? -number->number.value : number->number.value;
    if (!(magnitude(seconds) < 9223372036854775807.0)) {
        p->status = FAIL(p->err, WEIR_E_PARSE, p->source, inner->start,
                         {'s', "timestamp out of bounds for @ modifier: "}, {'d', &seconds});
        return false;
    }
    if (!(magnitude(seconds * 1000) < 9223372036854775807.0)) {
        p->status = FAIL(p->err, WEIR_E_LIMIT, p->source, inner->start,
                         {'s', "timestamp beyond int64 milliseconds: "}, {'d', &seconds});
        return false;
    }
    modifiers->at_ms = (int64_t)weir__pq_go_round(seconds * 1000);
    modifiers->at = AT_TIME;
    return true;
}

struct node *weir__pq_parse_at(struct parser *p, struct node *inner)
{
    struct modifiers *modifiers = modifiers_of(p, inner, "@");

    if (modifiers == NULL) {
        return NULL;
    }
    if (modifiers->at != AT_NONE) {
        return weir__pq_parse_fail(p, inner->start, "@ <timestamp> may not be set multiple times");
    }
    weir__pq_parse_advance(p);
    if (!parse_is(p, TOKEN_START) && !parse_is(p, TOKEN_FINISH)) {
        return at_time(p, modifiers, inner) ? inner : NULL;
    }
    modifiers->at = parse_is(p, TOKEN_START) ? AT_START : AT_END;
    weir__pq_parse_advance(p);
    if (!parse_accept(p, TOKEN_LEFT_PAREN) || !parse_accept(p, TOKEN_RIGHT_PAREN)) {
        return weir__pq_parse_unexpected(p, " in @", "timestamp");
    }
    return inner;
}
