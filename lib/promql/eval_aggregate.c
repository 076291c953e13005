/*
 * eval_aggregate.c - aggregation operators: members of a group are taken in the order of the rows,
 * which is that of the store for a selector.
 *
 * Upstream: promql/engine.go, aggregation().
 */
#include "promql/aggregate.h"

/* ---- groups --------------------------------------------------------------------------------- */

static weir_status open_groups(struct aggregation *a)
{
    struct label_index index;
    const struct node *node = a->node;
    weir_status status = weir__pq_projection(a->ev, &node->aggregate.grouping,
                                             !node->aggregate.without, &a->projection);

    if (status != WEIR_OK) {
        return status;
    }
    a->group = arena_array(&a->ev->arena, a->in.count, sizeof *a->group);
    a->labels = arena_array(&a->ev->arena, a->in.count, sizeof *a->labels);
    if (a->group == NULL || a->labels == NULL) {
        return eval_memory(a->ev);
    }
    a->group_count = 0;
    weir__pq_index_open(&index, a->ev, a->projection);
    for (uint32_t i = 0; i < a->in.count; i++) {
        uint32_t group = weir__pq_index_of(&index, a->in.rows[i].labels);

        if (group == SYMBOL_NONE) {
            return WEIR_E_MEMORY;
        }
        if (group == a->group_count) {
            a->labels[a->group_count++] = a->in.rows[i].labels;
        }
        a->group[i] = group;
    }
    return WEIR_OK;
}

/* Lists the rows of each group, in their order. */
static weir_status list_members(struct aggregation *a)
{
    a->members = arena_array(&a->ev->arena, a->in.count, sizeof *a->members);
    a->first = weir__pq_arena_zeroed(&a->ev->arena, (size_t)a->group_count + 2, sizeof *a->first);
    if (a->members == NULL || a->first == NULL) {
        return eval_memory(a->ev);
    }
    for (uint32_t i = 0; i < a->in.count; i++) {
        a->first[a->group[i] + 2]++;
    }
    for (uint32_t g = 2; g < a->group_count + 2; g++) {
        a->first[g] += a->first[g - 1];
    }
    for (uint32_t i = 0; i < a->in.count; i++) { /* leaves each at the beginning of its group */
        a->members[a->first[a->group[i] + 1]++] = i;
    }
    return WEIR_OK;
}

/* ---- quantile ------------------------------------------------------------------------------- */

static weir_status aggregate_quantile(struct aggregation *a, struct matrix *out)
{
    double *values = arena_array(&a->ev->arena, a->in.count, sizeof *values);
    uint32_t wrong = 0;

    if (values == NULL) {
        return eval_memory(a->ev);
    }
    for (uint32_t k = 0; k < a->grid->count; k++) {
        wrong += !(a->parameter[k] >= 0 && a->parameter[k] <= 1);
    }
    if (wrong > 0) {
        weir__pq_note(a->ev, WEIR_PROMQL_WARNING, a->node->aggregate.parameter,
                      "quantile value should be between 0 and 1", TEXT(""));
    }
    for (uint32_t i = 0; i < a->group_count; i++) {
        struct labels labels = weir__pq_labels_project(a->ev, &a->projection, a->labels[i]);
        struct row *row = labels.set != NULL ? weir__pq_row_add(a->ev, out, a->grid, labels) : NULL;

        if (row == NULL) {
            return eval_memory(a->ev);
        }
        for (uint32_t k = 0; k < a->grid->count; k++) {
            size_t count = 0;

            for (uint32_t m = a->first[i]; m < a->first[i + 1]; m++) {
                const struct row *member = &a->in.rows[a->members[m]];

                if (member->has[k]) {
                    values[count++] = member->values[k];
                }
            }
            if (count > 0) {
                weir__pq_sort_values(values, count);
                row_put(row, k, weir__pq_quantile(a->parameter[k], values, count, !is_2_42(a->ev)));
            }
        }
        out->count -= row->count == 0;
    }
    return WEIR_OK;
}

/* ---- the operator --------------------------------------------------------------------------- */

weir_status weir__pq_eval_aggregate(struct eval *ev, const struct grid *grid,
                                    const struct node *node, struct value *out)
{
    struct aggregation a = {.ev = ev, .grid = grid, .node = node};
    const struct node *parameter = node->aggregate.parameter;
    struct value in, k;
    weir_status status = WEIR_OK;

    if (parameter != NULL && parameter->type == WEIR_PROMQL_SCALAR) {
        status = weir__pq_eval(ev, grid, parameter, &k);
        a.parameter = k.scalar;
    }
    status = status == WEIR_OK ? weir__pq_eval(ev, grid, node->aggregate.inner, &in) : status;
    if (status != WEIR_OK) {
        return status;
    }
    a.in = in.matrix;
    if (node->token == TOKEN_COUNT_VALUES) {
        return weir__pq_aggregate_values(&a, &out->matrix);
    }
    status = open_groups(&a);
    if (status != WEIR_OK) {
        return status;
    }
    if (a.parameter == NULL) {
        return node->token == TOKEN_SUM && !is_2_42(ev)
                   ? weir__pq_aggregate_sums(&a, &out->matrix)
                   : weir__pq_aggregate_numbers(&a, &out->matrix);
    }
    status = list_members(&a);
    if (status != WEIR_OK) {
        return status;
    }
    return node->token == TOKEN_QUANTILE ? aggregate_quantile(&a, &out->matrix)
                                         : weir__pq_aggregate_best(&a, &out->matrix);
}
