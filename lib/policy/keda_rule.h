/*
 * policy/keda_rule.h - the arithmetic of KEDA: values, formulas, fallback, activation. No state.
 */
#ifndef WEIR_LIB_POLICY_KEDA_RULE_H
#define WEIR_LIB_POLICY_KEDA_RULE_H

#include "base/num.h"
#include <weir/keda.h>

/* A quantity as KEDA has it: for the HPA, and for a formula. */
struct weir__amount {
    int64_t milli;
    double value;
};

struct weir__amount weir__amount_of(double value);
struct weir__amount weir__amount_of_milli(int64_t milli);

/* What the modifiers' texts come to. */
struct weir__modifiers {
    int32_t enabled, metric_type;
    int32_t target_is_whole;    /* 1: fallback can use it */
    int32_t activation_is_read; /* 0: the text is no number */
    int32_t has_target;         /* 1: there is a text */
    int32_t reserved;
    double target, activation;
    int64_t target_milli;
};

/* The target of a trigger in the units of its values. */
double weir__target_of(const weir_keda_trigger *trigger);

void weir__modifiers_of(const weir_keda_modifiers *from, int32_t conversion,
                        struct weir__modifiers *out);

/* Whether fallback is on and makes sense. */
int weir__fallback_works(const weir_keda_fallback *fallback, const struct weir__modifiers *m);

/* What a metric that fails too often is taken to be. */
struct weir__fallback_input {
    const weir_keda_fallback *fallback;
    const struct weir__modifiers *modifiers;
    int32_t metric_type; /* WEIR_HPA_VALUE, ... of the metric itself */
    int32_t conversion;
    double target; /* of the metric itself */
    int32_t replicas, ready_pods;
    int32_t replicas_known, pods_known;
};

/* 0 when there is none: the failure stays. */
int weir__fallback_value(const struct weir__fallback_input *in, int64_t *milli);

/* weir_keda_fall_back() for what is at hand already; what `in` says of replicas and pods does not
 * count. */
weir_status weir__fall_back(const struct weir__fallback_input *in, const weir_keda_observation *o,
                            weir_keda_health *health, int64_t *milli, int32_t *active);

/* From a formula's result to thousandths. 0: it is no number. */
int weir__composite(const weir_formula_result *result, const weir_keda_fallback *fallback,
                    const struct weir__modifiers *m, int32_t conversion, int64_t *milli);

#endif
