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

/*
 * The order in which matchers are gone through. In 3.x it is what the storage has left behind:
 * those that only take series away come after the others (tsdb/querier.go, PostingsForMatchers()).
 */
static const struct matcher **in_order(struct eval *ev, const struct node *selector)
{
    uint32_t count = selector->selector.count, n = 0;
    const struct matcher **order = arena_array(&ev->arena, count, sizeof(const struct matcher *));

    for (int pass = 0; order != NULL && pass < 2; pass++) {
        for (uint32_t i = 0; i < count; i++) {
            const struct matcher *m = &selector->selector.matchers[i];
            bool negative = m->kind == MATCH_NOT_EQUAL || m->kind == MATCH_NOT_REGEX;
            bool takes_away = !must_be_set(selector, m) || (negative && m->empty);

            if ((is_2_42(ev) ? 0 : takes_away) == pass) {
                order[n++] = m;
            }
        }
    }
    return order;
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
    weir_status status = WEIR_OK;

    *labels = weir__pq_labels_none();
    if (selector->kind == NODE_RANGE) {
        selector = selector->range.inner;
    }
    if (selector->kind != NODE_SELECTOR) {
        return WEIR_OK;
    }
    order = in_order(ev, selector);
    if (order == NULL) {
        return eval_memory(ev);
    }
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
