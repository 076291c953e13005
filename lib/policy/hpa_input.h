/*
 * policy/hpa_input.h - an HPA's input, checked and summed up.
 */
#ifndef WEIR_LIB_POLICY_HPA_INPUT_H
#define WEIR_LIB_POLICY_HPA_INPUT_H

#include "policy/hpa_rule.h"

/* Whether an input has the arrays it says it has. */
weir_status weir__hpa_input_check(const weir_hpa_input *input);

/* Whether a reading fits its metric and lies within the input's arrays. */
weir_status weir__hpa_reading_check(const struct weir__hpa_metric *metric,
                                    const weir_hpa_input *input, const weir_hpa_reading *reading);

/* Sums one metric's reading up. */
void weir__hpa_measure(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                       const weir_hpa_input *input, const weir_hpa_reading *reading, weir_time now,
                       struct weir__hpa_measure *out);

#endif
