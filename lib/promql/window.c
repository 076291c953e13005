/*
 * window.c - which samples an expression looks at: for each of its selectors the times from the
 * oldest to the newest one that some evaluation may use.
 */
#include "promql/tree.h"

/* Beyond these, sums of times and durations might overflow. */
#define TIME_MOST (INT64_C(1) << 61)

/* Times, both included. */
struct span {
    int64_t first, last;
};

struct windows {
    struct span evaluations; /* of the whole expression */
    int64_t lookback;
    size_t left; /* selectors to pass by */
    bool found;
    struct span window;
};

static weir_status look(struct windows *w, const struct node *node, struct span at);

/* Moves times by offset and @. start() and end() are the time of the query itself, also within a
 * subquery. */
static weir_status move(const struct windows *w, const struct modifiers *m, struct span *at)
{
    int64_t offset = weir_promql_ms(m->offset_ns);

    if (m->offset != NULL) {
        return WEIR_E_UNSUPPORTED;
    }
    if (m->at == AT_TIME) {
        if (m->at_ms > TIME_MOST || m->at_ms < -TIME_MOST) {
            return WEIR_E_RANGE;
        }
        *at = (struct span){m->at_ms, m->at_ms};
    } else if (m->at != AT_NONE) {
        *at = w->evaluations;
    }
    at->first -= offset;
    at->last -= offset;
    return WEIR_OK;
}

static weir_status look_back(struct windows *w, const struct node *selector, struct span at,
                             int64_t reach)
{
    weir_status status;

    if (w->left-- > 0) {
        return WEIR_OK;
    }
    status = move(w, &selector->selector.modifiers, &at);
    w->found = true;
    w->window = (struct span){at.first - reach, at.last};
    return status;
}

static weir_status look_subquery(struct windows *w, const struct node *node, struct span at)
{
    weir_status status = move(w, &node->range.modifiers, &at);

    at.first -= weir_promql_ms(node->range.range_ns);
    return status == WEIR_OK ? look(w, node->range.inner, at) : status;
}

static weir_status look_call(struct windows *w, const struct node *node, struct span at)
{
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; status == WEIR_OK && !w->found && i < node->call.count; i++) {
        status = look(w, node->call.args[i], at);
    }
    return status;
}

/* Both of two, of which the first may be missing. */
static weir_status look_both(struct windows *w, const struct node *first, const struct node *second,
                             struct span at)
{
    weir_status status = first != NULL ? look(w, first, at) : WEIR_OK;

    return status == WEIR_OK && !w->found ? look(w, second, at) : status;
}

/* Walks in the order of weir_promql_selector(). */
static weir_status look(struct windows *w, const struct node *node, struct span at)
{
    bool ranged = node->kind == NODE_RANGE || node->kind == NODE_SUBQUERY;

    if (ranged && (node->range.range != NULL || node->range.step != NULL)) {
        return WEIR_E_UNSUPPORTED;
    }
    switch (node->kind) {
    case NODE_PAREN:
    case NODE_UNARY: return look(w, node->inner, at);
    case NODE_BINARY: return look_both(w, node->binary.left, node->binary.right, at);
    case NODE_AGGREGATE: return look_both(w, node->aggregate.parameter, node->aggregate.inner, at);
    case NODE_CALL: return look_call(w, node, at);
    case NODE_SELECTOR: return look_back(w, node, at, w->lookback);
    case NODE_RANGE:
        return look_back(w, node->range.inner, at, weir_promql_ms(node->range.range_ns));
    case NODE_SUBQUERY: return look_subquery(w, node, at);
    default: return WEIR_OK;
    }
}

weir_status weir_promql_selector_window(const weir_promql_expr *expr, size_t selector,
                                        int64_t from_ms, int64_t to_ms,
                                        const weir_promql_options *options, int64_t *first_ms,
                                        int64_t *last_ms)
{
    struct windows w = {.evaluations = {from_ms, to_ms}, .lookback = 300000, .left = selector};
    weir_status status;

    if (expr == NULL || first_ms == NULL || last_ms == NULL) {
        return WEIR_E_ARG;
    }
    if (options != NULL) {
        w.lookback = options->lookback_ms;
    }
    if (from_ms > to_ms || from_ms < -TIME_MOST || to_ms > TIME_MOST || w.lookback <= 0 ||
        w.lookback > TIME_MOST) {
        return WEIR_E_RANGE;
    }
    status = look(&w, expr->root, w.evaluations);
    if (status != WEIR_OK) {
        return status;
    }
    if (!w.found) {
        return WEIR_E_ARG;
    }
    *first_ms = w.window.first;
    *last_ms = w.window.last;
    return WEIR_OK;
}
