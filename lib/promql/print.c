/*
 * print.c - expressions as text: on one line in canonical form, or over several, indented, where a
 * part is longer than 100 characters.
 *
 * Upstream: promql/parser/printer.go and prettier.go.
 */
#include "promql/number.h"
#include "promql/tree.h"

enum { LINE_MAX = 100 };

/* ---- parts ---------------------------------------------------------------------------------- */

static void put_number(struct sink *sink, double value)
{
    char text[NUMBER_TEXT_MAX];

    weir__pq_sink_bytes(sink, text, weir__pq_number_print(value, 'f', text));
}

bool weir__pq_is_plain_name(struct text name)
{
    for (uint32_t i = 0; i < name.length; i++) {
        char c = name.at[i], lower = (char)(c | 0x20);

        if (!(c == '_' || (lower >= 'a' && lower <= 'z') || (i > 0 && c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return name.length > 0;
}

static void put_name(struct sink *sink, struct text name)
{
    if (weir__pq_is_plain_name(name)) {
        sink_text(sink, name);
    } else {
        weir__pq_sink_quoted(sink, name);
    }
}

static void put_names(struct sink *sink, const char *before, const struct labels_list *names)
{
    sink_string(sink, before);
    for (uint32_t i = 0; i < names->count; i++) {
        sink_string(sink, i > 0 ? ", " : "");
        put_name(sink, names->items[i]);
    }
    sink_string(sink, ")");
}

/* Milliseconds as seconds with three digits behind the point. */
static void put_time(struct sink *sink, int64_t ms)
{
    uint64_t left = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    char digits[4] = {'.', (char)('0' + left % 1000 / 100), (char)('0' + left % 100 / 10),
                      (char)('0' + left % 10)};

    sink_string(sink, ms < 0 ? "-" : "");
    weir__pq_sink_int(sink, (int64_t)(left / 1000));
    weir__pq_sink_bytes(sink, digits, sizeof digits);
}

static void put_at(struct sink *sink, const struct modifiers *m)
{
    switch (m->at) {
    case AT_TIME:
        sink_string(sink, " @ ");
        put_time(sink, m->at_ms);
        break;
    case AT_START: sink_string(sink, " @ start()"); break;
    case AT_END: sink_string(sink, " @ end()"); break;
    default: break;
    }
}

static void put_offset(struct sink *sink, const struct modifiers *m)
{
    if (m->offset != NULL) {
        sink_string(sink, " offset ");
        weir__pq_print(sink, m->offset);
    } else if (m->offset_ns != 0) {
        sink_string(sink, " offset ");
        /* A negative one of less than a millisecond still has its sign. */
        sink_string(sink, m->offset_ns < 0 && m->offset_ns > -1000000 ? "-" : "");
        weir__pq_duration_print(sink, m->offset_ns);
    }
}

/* ---- selectors ------------------------------------------------------------------------------ */

static void put_matcher(struct sink *sink, const struct matcher *m)
{
    static const char *const operators[] = {"=", "!=", "=~", "!~"};

    put_name(sink, m->name);
    sink_string(sink, operators[m->kind]);
    weir__pq_sink_quoted(sink, m->value);
}

/* How two matchers are ordered: as their texts are, byte by byte. */
static int compare_matchers(const struct matcher *a, const struct matcher *b)
{
    char left[512], right[512];
    struct sink x = {left, sizeof left, 0}, y = {right, sizeof right, 0};
    struct text s, t;
    int order;

    put_matcher(&x, a);
    put_matcher(&y, b);
    s = (struct text){left, (uint32_t)(x.length < sizeof left ? x.length : sizeof left)};
    t = (struct text){right, (uint32_t)(y.length < sizeof right ? y.length : sizeof right)};
    order = text_compare(s, t);
    return order != 0 ? order : text_compare(a->value, b->value);
}

/* The name before the braces is not written again within them. */
static bool is_written(const struct node *node, const struct matcher *m)
{
    return !(m->kind == MATCH_EQUAL && m->value.length > 0 && node->selector.name.at != NULL &&
             text_equal(m->name, TEXT("__name__")) && text_equal(m->value, node->selector.name));
}

/* Name and matchers; these sorted, by picking the next bigger one each time. */
void weir__pq_print_selector(struct sink *sink, const struct node *node)
{
    const struct matcher *last = NULL;
    uint32_t count = node->selector.count, done = 0;

    if (node->selector.name.at != NULL) {
        sink_text(sink, node->selector.name);
    }
    while (done < count) {
        const struct matcher *next = NULL;

        for (uint32_t i = 0; i < count; i++) {
            const struct matcher *m = &node->selector.matchers[i];
            int after = last == NULL ? 1 : compare_matchers(m, last);

            if (is_written(node, m) && (after > 0 || (after == 0 && m > last)) &&
                (next == NULL || compare_matchers(m, next) < 0)) {
                next = m;
            }
        }
        if (next == NULL) {
            break;
        }
        sink_string(sink, last == NULL ? "{" : ",");
        put_matcher(sink, next);
        last = next;
        done++;
    }
    sink_string(sink, last != NULL ? "}" : "");
}

static const char *modifier_word(const struct node *selector)
{
    return selector->selector.anchored   ? " anchored"
           : selector->selector.smoothed ? " smoothed"
                                         : "";
}

static void put_range(struct sink *sink, const struct node *node)
{
    const struct node *selector = node->range.inner;

    weir__pq_print_selector(sink, selector);
    sink_string(sink, "[");
    if (node->range.range != NULL) {
        weir__pq_print(sink, node->range.range);
    } else {
        weir__pq_duration_print(sink, node->range.range_ns);
    }
    sink_string(sink, "]");
    sink_string(sink, modifier_word(selector));
    put_at(sink, &selector->selector.modifiers);
    put_offset(sink, &selector->selector.modifiers);
}

static void put_subquery_suffix(struct sink *sink, const struct node *node)
{
    sink_string(sink, "[");
    if (node->range.range != NULL) {
        weir__pq_print(sink, node->range.range);
    } else {
        weir__pq_duration_print(sink, node->range.range_ns);
    }
    sink_string(sink, ":");
    if (node->range.step != NULL) {
        weir__pq_print(sink, node->range.step);
    } else if (node->range.step_ns != 0) {
        weir__pq_duration_print(sink, node->range.step_ns);
    }
    sink_string(sink, "]");
    put_at(sink, &node->range.modifiers);
    put_offset(sink, &node->range.modifiers);
}

/* ---- operators ------------------------------------------------------------------------------ */

static void put_operator(struct sink *sink, const struct node *node)
{
    bool groups =
        node->binary.cardinality == MANY_TO_ONE || node->binary.cardinality == ONE_TO_MANY;

    sink_string(sink, weir__pq_token_name(node->token));
    sink_string(sink, node->binary.returns_bool ? " bool" : "");
    if (!node->binary.vectors) {
        return;
    }
    if (node->binary.matching.count > 0 || node->binary.on || groups) {
        put_names(sink, node->binary.on ? " on (" : " ignoring (", &node->binary.matching);
    }
    if (groups) {
        put_names(sink,
                  node->binary.cardinality == MANY_TO_ONE ? " group_left (" : " group_right (",
                  &node->binary.include);
    }
}

static void put_aggregation(struct sink *sink, const struct node *node)
{
    sink_string(sink, weir__pq_token_name(node->token));
    if (node->aggregate.without || node->aggregate.grouping.count > 0) {
        put_names(sink, node->aggregate.without ? " without (" : " by (",
                  &node->aggregate.grouping);
        sink_string(sink, " ");
    }
}

static void put_duration(struct sink *sink, const struct node *node)
{
    const struct node *left = node->duration.left, *right = node->duration.right;

    sink_string(sink, node->duration.wrapped ? "(" : "");
    if (node->token >= TOKEN_STEP && node->token <= TOKEN_MIN_OF) {
        sink_string(sink, weir__pq_token_name(node->token));
        sink_string(sink, "(");
        if (left != NULL) {
            weir__pq_print(sink, left);
            sink_string(sink, ", ");
            weir__pq_print(sink, right);
        }
        sink_string(sink, ")");
    } else if (left == NULL) {
        sink_string(sink, node->token == TOKEN_SUB ? "-" : "");
        weir__pq_print(sink, right);
    } else {
        weir__pq_print(sink, left);
        sink_string(sink, " ");
        sink_string(sink, weir__pq_token_name(node->token));
        sink_string(sink, " ");
        weir__pq_print(sink, right);
    }
    sink_string(sink, node->duration.wrapped ? ")" : "");
}

static void put_literal(struct sink *sink, const struct node *node)
{
    double value = node->number.value;

    if (!node->number.duration) {
        put_number(sink, value);
        return;
    }
    sink_string(sink, value < 0 ? "-" : "");
    weir__pq_duration_print(sink, (int64_t)(magnitude(value) * 1e9));
}

static void put_arguments(struct sink *sink, const struct node *node)
{
    for (uint32_t i = 0; i < node->call.count; i++) {
        sink_string(sink, i > 0 ? ", " : "");
        weir__pq_print(sink, node->call.args[i]);
    }
}

void weir__pq_print(struct sink *sink, const struct node *node)
{
    switch (node->kind) {
    case NODE_NUMBER: put_literal(sink, node); break;
    case NODE_STRING: weir__pq_sink_quoted(sink, node->string); break;
    case NODE_PAREN:
        sink_string(sink, "(");
        weir__pq_print(sink, node->inner);
        sink_string(sink, ")");
        break;
    case NODE_UNARY:
        sink_string(sink, weir__pq_token_name(node->token));
        weir__pq_print(sink, node->inner);
        break;
    case NODE_BINARY:
        weir__pq_print(sink, node->binary.left);
        sink_string(sink, " ");
        put_operator(sink, node);
        sink_string(sink, " ");
        weir__pq_print(sink, node->binary.right);
        break;
    case NODE_CALL:
        sink_string(sink, node->call.function->name);
        sink_string(sink, "(");
        put_arguments(sink, node);
        sink_string(sink, ")");
        break;
    case NODE_AGGREGATE:
        put_aggregation(sink, node);
        sink_string(sink, "(");
        if (node->aggregate.parameter != NULL) {
            weir__pq_print(sink, node->aggregate.parameter);
            sink_string(sink, ", ");
        }
        weir__pq_print(sink, node->aggregate.inner);
        sink_string(sink, ")");
        break;
    case NODE_SELECTOR:
        weir__pq_print_selector(sink, node);
        put_at(sink, &node->selector.modifiers);
        sink_string(sink, modifier_word(node));
        put_offset(sink, &node->selector.modifiers);
        break;
    case NODE_RANGE: put_range(sink, node); break;
    case NODE_SUBQUERY:
        weir__pq_print(sink, node->range.inner);
        put_subquery_suffix(sink, node);
        break;
    default: put_duration(sink, node); break;
    }
}

/* ---- several lines -------------------------------------------------------------------------- */

static void indent(struct sink *sink, int level)
{
    for (int i = 0; i < level; i++) {
        sink_string(sink, "  ");
    }
}

static bool fits_line(const struct node *node)
{
    struct sink measure = {NULL, 0, 0};

    weir__pq_print(&measure, node);
    return measure.length <= LINE_MAX;
}

/* `trimmed`: without the indentation in front. */
static void put_pretty(struct sink *sink, const struct node *node, int level, bool trimmed);

static void put_pretty_call(struct sink *sink, const struct node *node, int level)
{
    bool aggregate = node->kind == NODE_AGGREGATE;
    uint32_t count = aggregate ? 2 : node->call.count;

    if (aggregate) {
        put_aggregation(sink, node);
    } else {
        sink_string(sink, node->call.function->name);
    }
    sink_string(sink, "(\n");
    for (uint32_t i = 0; i < count; i++) {
        const struct node *arg = !aggregate ? node->call.args[i]
                                 : i == 0   ? node->aggregate.parameter
                                            : node->aggregate.inner;

        if (arg != NULL) {
            put_pretty(sink, arg, level + 1, false);
            sink_string(sink, i + 1 < count ? ",\n" : "\n");
        }
    }
    indent(sink, level);
    sink_string(sink, ")");
}

static void put_pretty(struct sink *sink, const struct node *node, int level, bool trimmed)
{
    if (node->kind == NODE_SUBQUERY) { /* which upstream does not indent by itself */
        if (fits_line(node)) {
            weir__pq_print(sink, node);
        } else {
            put_pretty(sink, node->range.inner, level, trimmed);
            put_subquery_suffix(sink, node);
        }
        return;
    }
    if (node->kind == NODE_BINARY && !fits_line(node)) {
        put_pretty(sink, node->binary.left, level + 1, trimmed);
        sink_string(sink, "\n");
        indent(sink, level);
        put_operator(sink, node);
        sink_string(sink, "\n");
        put_pretty(sink, node->binary.right, level + 1, false);
        return;
    }
    indent(sink, trimmed ? 0 : level);
    if (node->kind == NODE_UNARY) {
        sink_string(sink, weir__pq_token_name(node->token));
        put_pretty(sink, node->inner, level, true);
    } else if (node->kind == NODE_PAREN && !fits_line(node)) {
        sink_string(sink, "(\n");
        put_pretty(sink, node->inner, level + 1, false);
        sink_string(sink, "\n");
        indent(sink, level);
        sink_string(sink, ")");
    } else if ((node->kind == NODE_CALL || node->kind == NODE_AGGREGATE) && !fits_line(node)) {
        put_pretty_call(sink, node, level);
    } else {
        weir__pq_print(sink, node);
    }
}

/* ---- public --------------------------------------------------------------------------------- */

static weir_status finish(struct sink *sink, size_t capacity, size_t *need)
{
    weir__pq_sink_close(sink);
    if (need != NULL) {
        *need = sink->length + 1;
    }
    return sink->length < capacity ? WEIR_OK : WEIR_E_SPACE;
}

weir_status weir_promql_print(const weir_promql_expr *expr, char *text, size_t capacity,
                              size_t *need)
{
    struct sink sink = {text, capacity, 0};

    if (expr == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    weir__pq_print(&sink, expr->root);
    return finish(&sink, capacity, need);
}

weir_status weir_promql_format(const weir_promql_expr *expr, char *text, size_t capacity,
                               size_t *need)
{
    struct sink sink = {text, capacity, 0};

    if (expr == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    put_pretty(&sink, expr->root, 0, false);
    return finish(&sink, capacity, need);
}
