/*
 * eval_absent.c - absent() and absent_over_time(): 1 where nothing is, with the labels that the
 * selector asks to be equal.
 *
 * Upstream: promql/functions.go, createLabelsForAbsentFunction().
 */
#include "promql/eval.h"

/* Whether some matcher of this name asks the label to be there. */
static bool must_be_set(const struct node *selector, const struct matcher *m)
{
    for (uint32_t i = 0; i < selector->selector.count; i++) {
        const struct matcher *other = &selector->selector.matchers[i];

        if (!other->empty && text_equal(other->name, m->name)) {
            return true;
        }
    }
    return false;
}

/* ---- how far a query looks ------------------------------------------------------------------ */

/* What the subqueries around a selector do to the end of the query. */
struct shift {
    bool fixed;
    int64_t at, offset;
};

static weir_status latest(struct eval *ev, const struct node *node, struct shift around,
                          int64_t *time);

static weir_status latest_of_selector(struct eval *ev, const struct node *selector,
                                      struct shift around, int64_t *time)
{
    int64_t offset, at, end = (around.fixed ? around.at : ev->end) - around.offset;
    bool fixed;
    weir_status status =
        weir__pq_eval_modifiers(ev, &selector->selector.modifiers, &offset, &fixed, &at);

    end = (fixed ? at : end) - offset;
    *time = status == WEIR_OK && end > *time ? end : *time;
    return status;
}

static weir_status latest_of_subquery(struct eval *ev, const struct node *subquery,
                                      struct shift around, int64_t *time)
{
    struct shift shift = around;
    int64_t offset, at;
    bool fixed;
    weir_status status =
        weir__pq_eval_modifiers(ev, &subquery->range.modifiers, &offset, &fixed, &at);

    if (status != WEIR_OK) {
        return status;
    }
    shift.offset += offset;
    if (fixed) {
        shift = (struct shift){true, at, offset};
    }
    return latest(ev, subquery->range.inner, shift, time);
}

/*
 * The latest time that a selector in an expression looks at.
 * Upstream: promql/engine.go, FindMinMaxTime().
 */
static weir_status latest(struct eval *ev, const struct node *node, struct shift around,
                          int64_t *time)
{
    weir_status status = WEIR_OK;

    switch (node->kind) {
    case NODE_PAREN:
    case NODE_UNARY: return latest(ev, node->inner, around, time);
    case NODE_SELECTOR: return latest_of_selector(ev, node, around, time);
    case NODE_RANGE: return latest(ev, node->range.inner, around, time);
    case NODE_SUBQUERY: return latest_of_subquery(ev, node, around, time);
    case NODE_BINARY:
        status = latest(ev, node->binary.left, around, time);
        return status == WEIR_OK ? latest(ev, node->binary.right, around, time) : status;
    case NODE_AGGREGATE:
        if (node->aggregate.parameter != NULL) {
            status = latest(ev, node->aggregate.parameter, around, time);
        }
        return status == WEIR_OK ? latest(ev, node->aggregate.inner, around, time) : status;
    case NODE_CALL:
        for (uint32_t i = 0; status == WEIR_OK && i < node->call.count; i++) {
            status = latest(ev, node->call.args[i], around, time);
        }
        return status;
    default: return status;
    }
}

/* Whether the query reaches the time of any sample; if not, the storage is never asked. */
static weir_status asks_storage(struct eval *ev, bool *asks)
{
    int64_t time = INT64_MIN;
    weir_status status = latest(ev, ev->expr->root, (struct shift){false, 0, 0}, &time);

    *asks = false;
    for (uint32_t i = 0; status == WEIR_OK && i < ev->store->count && !*asks; i++) {
        const struct series *s = &ev->store->series[i];

        *asks =
            (s->count > 0 && s->times[0] <= time) || (s->stale_count > 0 && s->stale[0] <= time);
    }
    return status;
}

/* ---- labels --------------------------------------------------------------------------------- */

/* Whether two matchers have one name; only then their order matters. */
static bool names_repeat(const struct node *selector)
{
    const struct matcher *matchers = selector->selector.matchers;

    for (uint32_t i = 1; i < selector->selector.count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (text_equal(matchers[i].name, matchers[j].name)) {
                return true;
            }
        }
    }
    return false;
}

/*
 * The order in which matchers are gone through. In 3.x it is what the storage has left behind when
 * it was asked: those that only take series away come after the others (tsdb/querier.go,
 * PostingsForMatchers()).
 */
static weir_status in_order(struct eval *ev, const struct node *selector,
                            const struct matcher ***out)
{
    uint32_t count = selector->selector.count, n = 0;
    const struct matcher **order = arena_array(&ev->arena, count, sizeof(const struct matcher *));
    bool sorts = false;
    weir_status status = WEIR_OK;

    if (order == NULL) {
        return eval_memory(ev);
    }
    if (!is_2_42(ev) && names_repeat(selector)) {
        status = asks_storage(ev, &sorts);
    }
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < count; i++) {
            const struct matcher *m = &selector->selector.matchers[i];
            bool negative = m->kind == MATCH_NOT_EQUAL || m->kind == MATCH_NOT_REGEX;
            bool takes_away = !must_be_set(selector, m) || (negative && m->empty);

            if ((sorts ? takes_away : 0) == pass) {
                order[n++] = m;
            }
        }
    }
    *out = order;
    return status;
}

/* A name gets its value by the first equality, and loses it again by any other matcher after. */
static weir_status add_label(struct eval *ev, const struct matcher *const *order, uint32_t i,
                             struct labels *labels)
{
    const struct matcher *m = order[i];
    uint32_t name, value = SYMBOL_EMPTY;
    bool equal = m->kind == MATCH_EQUAL;
    weir_status status = weir__pq_eval_symbol(ev, m->name, &name);

    for (uint32_t j = 0; j < i; j++) {
        equal = equal && !(order[j]->kind == MATCH_EQUAL && text_equal(order[j]->name, m->name));
    }
    if (status == WEIR_OK && equal) {
        status = weir__pq_eval_symbol(ev, m->value, &value);
    }
    if (status != WEIR_OK || name == SYMBOL_NAME ||
        (!is_2_42(ev) && (name == SYMBOL_TYPE || name == SYMBOL_UNIT))) {
        return status;
    }
    *labels = weir__pq_labels_with(ev, *labels, name, value);
    return labels->set != NULL ? WEIR_OK : eval_memory(ev);
}

static weir_status absent_labels(struct eval *ev, const struct node *argument,
                                 struct labels *labels)
{
    const struct node *selector = unwrap(argument);
    const struct matcher **order;
    weir_status status;

    *labels = weir__pq_labels_none();
    if (selector->kind == NODE_RANGE) {
        selector = selector->range.inner;
    }
    if (selector->kind != NODE_SELECTOR) {
        return WEIR_OK;
    }
    status = in_order(ev, selector, &order);
    for (uint32_t i = 0; status == WEIR_OK && i < selector->selector.count; i++) {
        status = add_label(ev, order, i, labels);
    }
    return status;
}

weir_status weir__pq_absent(struct eval *ev, const struct grid *grid, const struct node *argument,
                            const struct matrix *in, struct matrix *out)
{
    struct labels labels;
    struct row *row;
    weir_status status = absent_labels(ev, argument, &labels);

    if (status != WEIR_OK) {
        return status;
    }
    row = weir__pq_row_add(ev, out, grid, labels);
    if (row == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t k = 0; k < grid->count; k++) {
        bool found = false;

        for (uint32_t i = 0; i < in->count && !found; i++) {
            found = in->rows[i].has[k] != 0;
        }
        if (!found) {
            row_put(row, k, 1);
        }
    }
    return WEIR_OK;
}
