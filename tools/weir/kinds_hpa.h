/*
 * kinds_hpa.h - HPAs and their metrics by name, for the files that read the load.
 */
#ifndef WEIR_TOOLS_KINDS_HPA_H
#define WEIR_TOOLS_KINDS_HPA_H

#include "replaying.h"

#include <weir/hpa.h>

/* What pods request, in thousandths, where the load has percent of it. */
#define HPA_PERCENT_REQUEST 100000

/* Whether a word of the command line, "NAME" or "metrics[2]", with "AUTOSCALER/" before it or not,
 * names a metric. */
int hpa_is_named(const weir_hpa_config *config, uint32_t metric, const char *autoscaler,
                 const char *word, size_t length);

/* The name of a metric; of the second of that name "NAME#2". */
void hpa_put_name(const weir_hpa_config *config, uint32_t metric, char *text, size_t size);

/* "External", ... */
const char *hpa_source_name(const weir_hpa_metric *metric);

/* Whether it is measured in the pods, so that its value depends on how many there are. */
int hpa_is_per_pod(const weir_hpa_metric *metric);

/* The columns that --metric gives a metric, and the quantity of --pod-request; NULL: none. */
const char *hpa_column_for(const struct request *request, const weir_hpa_config *config,
                           uint32_t metric, const char *autoscaler);
const char *hpa_request_for(const struct request *request, const weir_hpa_config *config,
                            uint32_t metric, const char *autoscaler);

#endif
