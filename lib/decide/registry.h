/*
 * decide/registry.h - what a kind of autoscaler gives to the common interface.
 */
#ifndef WEIR_LIB_DECIDE_REGISTRY_H
#define WEIR_LIB_DECIDE_REGISTRY_H

#include "base/internal.h"
#include <weir/autoscaler.h>

/* Every function is called with a state of its kind and with checked arguments. */
struct weir__autoscaler_ops {
    const char *const *series; /* names of the input series; NULL: series_name knows them */
    int32_t series_count;      /* < 0: depends on the state, series_name counts them */
    const char *(*series_name)(const void *state, int32_t series); /* NULL past the last */
    int32_t (*main_series)(const void *state);
    weir_status (*record)(void *state, const weir_reading *readings, size_t count);
    int32_t (*zero)(const void *state); /* NULL: WEIR_ZERO_ALWAYS */
    weir_time (*due)(const void *state);
    int32_t (*poked)(const void *state);
    int32_t watches_pods; /* 1: a change of the ready pods is an event */
    weir_status (*decide)(void *state, const weir_target *target, weir_time now, weir_decision *out,
                          weir_explain *explain);
    int64_t (*skip)(void *state, weir_time until); /* NULL: every due time has to be decided */
    weir_status (*save)(const void *state, uint8_t *buffer, size_t capacity, size_t *need);
    weir_status (*load)(void *state, const uint8_t *buffer, size_t length, weir_error *err);
};

/* What a state block's kind gives; NULL for a pointer to anything else. */
const struct weir__autoscaler_ops *weir__autoscaler_ops_of(const void *autoscaler);

extern const struct weir__autoscaler_ops weir__kpa_ops;
extern const struct weir__autoscaler_ops weir__hpa_ops;
extern const struct weir__autoscaler_ops weir__keda_ops;

#endif
