/*
 * kinds_keda.h - ScaledObjects and their triggers by name, for the files that read the load.
 */
#ifndef WEIR_TOOLS_KINDS_KEDA_H
#define WEIR_TOOLS_KINDS_KEDA_H

#include <stddef.h>
#include <weir/keda.h>

/* The triggers that have a series, in the order of the autoscaler's series: cron is computed.
 * `triggers` gets the index of each. */
void keda_series_of(const weir_keda_config *config, weir_hpa_config *series, uint32_t *triggers);

/* Whether a word of the command line names a trigger: by its metric ("s0-prometheus"), its own
 * name, "triggers[2]" or "2", with "AUTOSCALER/" before it or not. */
int keda_is_named(const weir_keda_config *config, uint32_t trigger, const char *autoscaler,
                  const char *word, size_t length);

/* The name of a trigger's metric, in room for WEIR_HPA_NAME_MAX. */
void keda_put_name(const weir_keda_config *config, uint32_t trigger, char *text);

#endif
