/*
 * aggregate.h - aggregation operators: what their parts share.
 */
#ifndef WEIR_PROMQL_AGGREGATE_H
#define WEIR_PROMQL_AGGREGATE_H

#include "promql/eval.h"

/* An aggregation under way: which group each row belongs to, and what the parameter is. */
struct aggregation {
    struct eval *ev;
    const struct grid *grid;
    const struct node *node;
    struct matrix in;
    struct projection projection;
    uint32_t *group; /* of each row */
    uint32_t group_count;
    uint32_t *members, *first; /* rows by group; where each group begins, and the end */
    struct labels *labels;     /* of each group: those of its first member, not projected */
    const double *parameter;   /* one a step, or NULL */
};

/* sum, avg, min, max, count, group, stddev, stdvar; and sum by the rules of 3.x alone, faster. */
weir_status weir__pq_aggregate_numbers(struct aggregation *a, struct matrix *out);
weir_status weir__pq_aggregate_sums(struct aggregation *a, struct matrix *out);

/* topk and bottomk */
weir_status weir__pq_aggregate_best(struct aggregation *a, struct matrix *out);

/* count_values, which has groups of its own */
weir_status weir__pq_aggregate_values(struct aggregation *a, struct matrix *out);

#endif
