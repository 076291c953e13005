/*
 * aggregate_values.c - count_values.
 *
 * Upstream: promql/engine.go, aggregationCountValues().
 */
#include "promql/aggregate.h"
#include "promql/number.h"

/* What a row had at the step before, which it often has again. */
struct valued {
    uint64_t bits;
    uint32_t group; /* SYMBOL_NONE: it had nothing */
};

/* The group of a row with its value as a label; SYMBOL_NONE: no memory. */
static uint32_t valued_group(struct aggregation *a, struct label_index *index, uint32_t name,
                             struct labels labels, double value, struct matrix *out)
{
    char text[NUMBER_TEXT_MAX];
    uint32_t symbol, group, length = (uint32_t)weir__pq_number_print(value, 'f', text);

    if (weir__pq_eval_symbol(a->ev, (struct text){text, length}, &symbol) != WEIR_OK) {
        return SYMBOL_NONE;
    }
    labels = weir__pq_labels_with(a->ev, labels, name, symbol);
    group = labels.set != NULL ? weir__pq_index_of(index, labels) : SYMBOL_NONE;
    if (group != SYMBOL_NONE && group == out->count) {
        labels = weir__pq_labels_project(a->ev, &a->projection, labels);
        if (labels.set == NULL || weir__pq_row_add(a->ev, out, a->grid, labels) == NULL) {
            return SYMBOL_NONE;
        }
    }
    return group;
}

/* Groups by the labels asked for, and by the value, unless `without` takes that away too. */
static weir_status open_valued(struct aggregation *a, struct text label, uint32_t *name)
{
    struct labels_list grouping = a->node->aggregate.grouping;
    weir_status status = WEIR_OK;

    if (!weir__pq_label_name_valid(a->ev, label)) {
        return EVAL_FAIL(a->ev, WEIR_E_RANGE, a->node->aggregate.parameter,
                         {'s', "invalid label name "}, {'q', &label});
    }
    status = weir__pq_eval_symbol(a->ev, label, name);
    if (status != WEIR_OK) {
        return status;
    }
    if (!a->node->aggregate.without) {
        struct text *items = arena_array(&a->ev->arena, grouping.count + 1, sizeof *items);

        if (items == NULL) {
            return eval_memory(a->ev);
        }
        if (grouping.count > 0) {
            memcpy(items, grouping.items, grouping.count * sizeof *items);
        }
        items[grouping.count] = label;
        grouping.items = items;
        grouping.count++;
    }
    return weir__pq_projection(a->ev, &grouping, !a->node->aggregate.without, &a->projection);
}

weir_status weir__pq_aggregate_values(struct aggregation *a, struct matrix *out)
{
    struct valued *before = arena_array(&a->ev->arena, a->in.count, sizeof *before);
    struct label_index index;
    uint32_t name;
    weir_status status = open_valued(a, unwrap(a->node->aggregate.parameter)->string, &name);

    if (status != WEIR_OK || before == NULL) {
        return status != WEIR_OK ? status : eval_memory(a->ev);
    }
    for (uint32_t i = 0; i < a->in.count; i++) {
        before[i].group = SYMBOL_NONE;
    }
    weir__pq_index_open(&index, a->ev, a->projection);
    for (uint32_t k = 0; k < a->grid->count; k++) {
        for (uint32_t i = 0; i < a->in.count; i++) {
            const struct row *row = &a->in.rows[i];
            struct row *group;

            if (!row->has[k]) {
                continue;
            }
            if (before[i].group == SYMBOL_NONE || before[i].bits != to_bits(row->values[k])) {
                before[i].bits = to_bits(row->values[k]);
                before[i].group = valued_group(a, &index, name, row->labels, row->values[k], out);
                if (before[i].group == SYMBOL_NONE) {
                    return eval_memory(a->ev);
                }
            }
            group = &out->rows[before[i].group];
            row_put(group, k, group->has[k] ? group->values[k] + 1 : 1);
        }
    }
    return WEIR_OK;
}
