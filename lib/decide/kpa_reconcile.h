/*
 * decide/kpa_reconcile.h - one reconcile as a part of a revision's step.
 */
#ifndef WEIR_LIB_DECIDE_KPA_RECONCILE_H
#define WEIR_LIB_DECIDE_KPA_RECONCILE_H

#include "base/explain.h"
#include <weir/kpa.h>

/* Which of the reconciler's rules had the last word; WEIR_RULE_NONE: the wish stands. */
struct weir__ruling {
    int32_t rule;
    uint32_t flags; /* WEIR_FLAG_AT_MIN, WEIR_FLAG_AT_MAX */
};

/* As weir_kpa_reconcile_step(), with checked arguments; the trace stands at the decider's wish. */
void weir__kpa_reconcile(const weir_kpa_config *config, weir_kpa_reconciler_state *state,
                         const weir_kpa_reconcile_input *input, weir_time now,
                         weir_kpa_reconcile *out, struct weir__trace *trace,
                         struct weir__ruling *ruling);

#endif
