/*
 * kinds_hpa.h - HPAs and their metrics by name, for the files that read the load.
 */
#ifndef WEIR_TOOLS_KINDS_HPA_H
#define WEIR_TOOLS_KINDS_HPA_H

#include "replaying.h"

#include <weir/hpa.h>

/* What pods request, in thousandths, where the load has percent of it. */
#define HPA_PERCENT_REQUEST 100000

/* A word without the "AUTOSCALER/" before it, if it is there. */
void skip_autoscaler(const char *autoscaler, const char **word, size_t *length);

/* Whether a word of so many bytes is a text. */
int is_word(const char *text, const char *word, size_t length);

/* The name of a metric; of the second of that name "NAME#2". */
void hpa_put_name(const weir_hpa_config *config, uint32_t metric, char *text, size_t size);

/* "External", ... */
const char *hpa_source_name(const weir_hpa_metric *metric);

/* Whether it is measured in the pods, so that its value depends on how many there are. */
int hpa_is_per_pod(const weir_hpa_metric *metric);

/* What the request says about a series of an autoscaler. */
struct asked_series {
    const struct request *request;
    const struct kind *kind;
    const void *config;
    const char *autoscaler;
    uint32_t series;
};

/* The columns that --metric gives it, the PromQL of --query and the quantity of --pod-request;
 * NULL: none. */
const char *column_for(const struct asked_series *asked);
const char *query_for(const struct asked_series *asked);
const char *request_for(const struct asked_series *asked);

/* Takes what pods request of a metric that is held against that. 1, or 0 after a message. */
int take_pod_request(const struct asked_series *asked, weir_hpa_metric *metric);

/* Takes --sync-period: "TIME" for all, "NAME=TIME" for one. 1, or 0 after a message. */
int take_sync_periods(const struct request *request, const char *name, weir_duration *period);

/* "5 a pod", ... */
void hpa_put_target(const weir_hpa_metric *m, char *text, size_t size);

/* What a pod takes of the first of some metrics at its target, in the units of the load; 0: nobody
 * knows. */
double hpa_at_target(const weir_hpa_config *config);

/* The measures of an HPA's metrics: their names, and their values now. */
size_t hpa_name_measures(const void *config, struct measure *measures);
void hpa_measure(const weir_hpa *hpa, const weir_hpa_config *config, double *values);

#endif
