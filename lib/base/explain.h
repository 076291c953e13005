/*
 * base/explain.h - how a machine writes its decision and the steps that led to it.
 *
 * A trace follows the replicas from rule to rule, so steps chain by construction and asking for the
 * record cannot change the answer.
 */
#ifndef WEIR_LIB_BASE_EXPLAIN_H
#define WEIR_LIB_BASE_EXPLAIN_H

#include "base/internal.h"
#include <weir/decision.h>

struct weir__trace {
    weir_explain *explain; /* NULL: nobody asked */
    int32_t replicas;      /* after the last step */
    int32_t rule;          /* the last rule that changed the replicas */
    uint32_t count;
};

/* Begins at `current` replicas and empties the record. */
void weir__trace_open(struct weir__trace *trace, weir_explain *explain, int32_t current);

/* One rule's step to `after` replicas. */
static inline void weir__trace_step(struct weir__trace *trace, int32_t rule, int32_t item,
                                    int32_t after, double measured, double limit)
{
    weir_explain *explain = trace->explain;

    if (explain != NULL) {
        if (explain->count < WEIR_STEPS_MAX) {
            weir_step *step = &explain->steps[explain->count++];

            step->rule = rule;
            step->item = item;
            step->before = trace->replicas;
            step->after = after;
            step->measured = measured;
            step->limit = limit;
        } else { /* keep the chain: the last step ends where the decision ends */
            explain->dropped++;
            explain->steps[WEIR_STEPS_MAX - 1].after = after;
        }
    }
    trace->count++;
    if (after != trace->replicas || trace->rule == WEIR_RULE_NONE) {
        trace->rule = rule;
    }
    trace->replicas = after;
}

#endif
