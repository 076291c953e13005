/*
 * policy/kpa_rule.h - the arithmetic of Knative's autoscaler: numbers in, numbers out, no state.
 */
#ifndef WEIR_LIB_POLICY_KPA_RULE_H
#define WEIR_LIB_POLICY_KPA_RULE_H

#include "base/num.h"
#include <weir/kpa.h>

/* What one step's averages ask for. */
struct weir__kpa_demand {
    double ready;                    /* ready pods, at least 1: what rates and panic compare with */
    double stable_want;              /* pods by the stable window, not limited */
    double panic_want;               /* pods by the panic window, not limited */
    double most, least;              /* what the rates allow */
    int32_t stable_pods, panic_pods; /* the wishes within the rates, then raised to the activation
                                        scale */
    int32_t over;                    /* 1: the panic wish is over the panic threshold */
};

void weir__kpa_demand(const weir_kpa_decider_config *config, int64_t ready, double stable,
                      double panic, struct weir__kpa_demand *demand);

/* Wanted pods within the rates; `least` gives way where the two contradict each other. */
double weir__kpa_within_rates(double want, const struct weir__kpa_demand *demand);

/* Spare capacity beyond the target burst capacity; 0 and -1 when that is fixed. */
double weir__kpa_excess_burst(const weir_kpa_decider_config *config, int64_t ready, double panic);

/* The excess burst capacity of a decider that has not decided yet. */
int32_t weir__kpa_initial_burst(const weir_kpa_decider_config *config);

/* Panic window of a stable window: whole seconds, at least one. */
weir_duration weir__kpa_panic_window(weir_duration stable_window, double percentage);

/* Target and total load of a pod by the revision's configuration. */
void weir__kpa_target(const weir_kpa_config *config, double *target, double *total);

#endif
