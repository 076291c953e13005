/*
 * check.c - types: what may be the argument of what, and what operators may join; and which parts
 * are the same at all steps.
 *
 * Upstream: promql/parser/parse.go, checkAST().
 */
#include "promql/tree.h"

struct check {
    struct text source;
    weir_error *err;
};

static weir_status check_node(const struct check *c, struct node *node);

static const char *type_name(int type)
{
    switch (type) {
    case WEIR_PROMQL_SCALAR: return "scalar";
    case WEIR_PROMQL_VECTOR: return "instant vector";
    case WEIR_PROMQL_MATRIX: return "range vector";
    default: return "string";
    }
}

static weir_status refuse(const struct check *c, const struct node *node, const char *why)
{
    return FAIL(c->err, WEIR_E_PARSE, c->source, node->start, {'s', why});
}

static weir_status expect(const struct check *c, const struct node *node, int type,
                          const char *where, const char *what)
{
    if (node->type != type) {
        return FAIL(c->err, WEIR_E_PARSE, c->source, node->start, {'s', "expected type "},
                    {'s', type_name(type)}, {'s', where}, {'s', what}, {'s', ", got "},
                    {'s', type_name(node->type)});
    }
    return WEIR_OK;
}

/* Where the operator stands between its operands. */
static uint32_t operator_at(const struct check *c, const struct node *node)
{
    uint32_t at = node->binary.left->end;

    while (at < node->binary.right->start && strchr(" \t\r\n", c->source.at[at]) != NULL) {
        at++;
    }
    return at;
}

static weir_status check_operator(const struct check *c, const struct node *node)
{
    const struct labels_list *matching = &node->binary.matching, *include = &node->binary.include;
    bool scalars = node->type == WEIR_PROMQL_SCALAR;

    if (node->binary.returns_bool && !token_is_comparison(node->token)) {
        return FAIL(c->err, WEIR_E_PARSE, c->source, operator_at(c, node),
                    {'s', "bool modifier can only be used on comparison operators"});
    }
    if (scalars && token_is_comparison(node->token) && !node->binary.returns_bool) {
        return FAIL(c->err, WEIR_E_PARSE, c->source, operator_at(c, node),
                    {'s', "comparisons between scalars must use BOOL modifier"});
    }
    for (uint32_t i = 0; node->binary.on && i < matching->count; i++) {
        for (uint32_t j = 0; j < include->count; j++) {
            if (text_equal(matching->items[i], include->items[j])) {
                return FAIL(c->err, WEIR_E_PARSE, c->source, operator_at(c, node), {'s', "label "},
                            {'q', &matching->items[i]},
                            {'s', " must not occur in ON and GROUP clause at once"});
            }
        }
    }
    return WEIR_OK;
}

static weir_status check_binary(const struct check *c, struct node *node)
{
    struct node *left = node->binary.left, *right = node->binary.right;
    bool sets = token_is_set_operator(node->token);
    weir_status status = check_node(c, left);

    status = status == WEIR_OK ? check_node(c, right) : status;
    status = status == WEIR_OK ? check_operator(c, node) : status;
    if (status != WEIR_OK) {
        return status;
    }
    for (int i = 0; i < 2; i++) {
        const struct node *side = i == 0 ? left : right;

        if (side->type != WEIR_PROMQL_SCALAR && side->type != WEIR_PROMQL_VECTOR) {
            return refuse(c, side,
                          "binary expression must contain only scalar and instant vector types");
        }
    }
    node->binary.vectors = left->type == WEIR_PROMQL_VECTOR && right->type == WEIR_PROMQL_VECTOR;
    if (!node->binary.vectors) {
        if (node->binary.matching.count > 0) {
            return refuse(c, node, "vector matching only allowed between instant vectors");
        }
        return sets ? refuse(c, node, "set operator not allowed in binary scalar expression")
                    : WEIR_OK;
    }
    if (sets && node->binary.cardinality != ONE_TO_ONE) {
        return refuse(c, node, "no grouping allowed for set operations");
    }
    if (sets) {
        node->binary.cardinality = MANY_TO_MANY;
    }
    return WEIR_OK;
}

static weir_status check_call(const struct check *c, const struct node *node)
{
    const struct function *f = node->call.function;
    int64_t least = f->count - (f->variadic != 0), most = least + f->variadic;
    int64_t got = node->call.count;
    weir_status status = WEIR_OK;

    most = f->variadic == 0 ? f->count : f->variadic < 0 ? INT64_MAX : most;
    if (got < least || got > most) {
        bool few = got < least;

        return FAIL(c->err, WEIR_E_PARSE, c->source, node->start, {'s', "expected "},
                    {'s', least == most ? ""
                          : few         ? "at least "
                                        : "at most "},
                    {'i', few ? &least : &most}, {'s', " argument(s) in call to \""},
                    {'s', f->name}, {'s', "\", got "}, {'i', &got});
    }
    for (uint32_t i = 0; status == WEIR_OK && i < node->call.count; i++) {
        int type = f->args[i < f->count ? i : f->count - 1U];

        status = check_node(c, node->call.args[i]);
        status = status == WEIR_OK
                     ? expect(c, node->call.args[i], type, " in call to function ", f->name)
                     : status;
    }
    return status;
}

static weir_status check_aggregate(const struct check *c, const struct node *node)
{
    struct node *parameter = node->aggregate.parameter;
    weir_status status = check_node(c, node->aggregate.inner);

    if (status == WEIR_OK) {
        status =
            expect(c, node->aggregate.inner, WEIR_PROMQL_VECTOR, " in aggregation expression", "");
    }
    if (status == WEIR_OK && parameter != NULL) {
        status = check_node(c, parameter);
    }
    if (status == WEIR_OK && parameter != NULL) {
        status = expect(c, parameter,
                        node->token == TOKEN_COUNT_VALUES ? WEIR_PROMQL_STRING : WEIR_PROMQL_SCALAR,
                        " in aggregation parameter", "");
    }
    return status;
}

static weir_status check_selector(const struct check *c, const struct node *node)
{
    uint32_t count = node->selector.count;

    if (node->selector.name.at != NULL) { /* its matcher is the last one */
        for (uint32_t i = 0; i + 1 < count; i++) {
            if (text_equal(node->selector.matchers[i].name, TEXT("__name__"))) {
                return refuse(c, node, "metric name must not be set twice");
            }
        }
        return WEIR_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!node->selector.matchers[i].empty) {
            return WEIR_OK;
        }
    }
    return refuse(c, node, "vector selector must contain at least one non-empty matcher");
}

static weir_status check_node(const struct check *c, struct node *node)
{
    weir_status status;

    switch (node->kind) {
    case NODE_PAREN: return check_node(c, node->inner);
    case NODE_UNARY:
        status = check_node(c, node->inner);
        if (status == WEIR_OK && node->type != WEIR_PROMQL_SCALAR &&
            node->type != WEIR_PROMQL_VECTOR) {
            return refuse(c, node,
                          "unary expression only allowed on expressions of type scalar or "
                          "instant vector");
        }
        return status;
    case NODE_BINARY: return check_binary(c, node);
    case NODE_CALL: return check_call(c, node);
    case NODE_AGGREGATE: return check_aggregate(c, node);
    case NODE_SELECTOR: return check_selector(c, node);
    case NODE_RANGE: return check_node(c, node->range.inner);
    case NODE_SUBQUERY:
        status = check_node(c, node->range.inner);
        return status == WEIR_OK && node->range.inner->type != WEIR_PROMQL_VECTOR
                   ? refuse(c, node->range.inner, "subquery is only allowed on instant vector")
                   : status;
    default: return WEIR_OK;
    }
}

/* ---- what is the same at all steps ----------------------------------------------------------- */

/* Functions that look at the time of the step, whatever their arguments are. */
static bool looks_at_time(const struct function *f)
{
    switch (f->id) {
    case FN_DAYS_IN_MONTH:
    case FN_DAY_OF_MONTH:
    case FN_DAY_OF_WEEK:
    case FN_DAY_OF_YEAR:
    case FN_HOUR:
    case FN_MINUTE:
    case FN_MONTH:
    case FN_YEAR:
    case FN_PREDICT_LINEAR:
    case FN_TIME:
    case FN_TIMESTAMP: return true;
    default: return false;
    }
}

static bool mark_still(struct node *node);

static bool mark_call(struct node *node)
{
    bool all = true, selectors = true;

    for (uint32_t i = 0; i < node->call.count; i++) {
        bool still = mark_still(node->call.args[i]);

        all = all && still;
        selectors = selectors && still && unwrap(node->call.args[i])->kind == NODE_SELECTOR;
    }
    return looks_at_time(node->call.function) ? node->call.function->id == FN_TIMESTAMP && selectors
                                              : all;
}

/*
 * Marks nodes that @ makes independent of the step. As upstream, an aggregation is one if what it
 * aggregates is, even if its parameter is not: that is then taken at the first step.
 *
 * Upstream: promql/engine.go, preprocessExprHelper().
 */
static bool mark_still(struct node *node)
{
    bool still = false, other;

    switch (node->kind) {
    case NODE_NUMBER:
    case NODE_STRING: return true; /* but there is nothing to gain */
    case NODE_PAREN:
    case NODE_UNARY: still = mark_still(node->inner); break;
    case NODE_BINARY:
        still = mark_still(node->binary.left);
        other = mark_still(node->binary.right);
        still = still && other;
        break;
    case NODE_CALL: still = mark_call(node); break;
    case NODE_AGGREGATE:
        if (node->aggregate.parameter != NULL) {
            mark_still(node->aggregate.parameter);
        }
        still = mark_still(node->aggregate.inner);
        break;
    case NODE_SELECTOR: still = node->selector.modifiers.at != AT_NONE; break;
    case NODE_RANGE: return node->range.inner->selector.modifiers.at != AT_NONE;
    case NODE_SUBQUERY: mark_still(node->range.inner); return node->range.modifiers.at != AT_NONE;
    default: break;
    }
    node->still = still;
    return still;
}

weir_status weir__pq_check(const struct weir_promql_expr *expr, weir_error *err)
{
    struct check check = {expr->source, err};
    weir_status status = check_node(&check, expr->root);

    if (status == WEIR_OK) {
        mark_still(expr->root);
    }
    return status;
}
