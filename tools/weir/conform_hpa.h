/*
 * conform_hpa.h - what the HPA's operations share: specs, pods and metrics of the vectors, in the
 * form that weir reads.
 */
#ifndef WEIR_TOOLS_CONFORM_HPA_H
#define WEIR_TOOLS_CONFORM_HPA_H

#include "conform.h"

#include <weir/hpa.h>

/* Pods of a step, and how to ask for their requests. */
struct hpa_pods {
    weir_pod *pods;
    const cJSON **json; /* of each */
    uint32_t count;
};

/* All metrics of a step, summed into the arrays of one input. */
struct hpa_input {
    weir_hpa_input open;
    weir_hpa_reading readings[WEIR_HPA_METRICS_MAX];
    int64_t *values;
    weir_hpa_sample *samples;
};

/* The milli-value of a quantity in JSON; `missing` when there is none, 0 when it is malformed. */
int64_t hpa_milli(const cJSON *item, int64_t missing);

/* The rules of `behavior` (null: none) into a configuration. */
void hpa_read_behavior(const cJSON *behavior, int32_t *present, weir_scaling_rules *up,
                       weir_scaling_rules *down);

/* A spec with its defaults applied. The controller's flags stay as they are. */
void hpa_read_spec(const cJSON *spec, weir_hpa_config *config);

/* Pods that a selector ("k=v,...") matches; NULL matches all. */
void hpa_read_pods(const struct scenario *s, const cJSON *pods, const char *selector,
                   struct hpa_pods *out);
void hpa_free_pods(struct hpa_pods *pods);

/* Adds what one metric's source answered. */
void hpa_add_metric(const struct scenario *s, struct hpa_input *input, const struct hpa_pods *pods,
                    const weir_hpa_metric *metric, int pod_level, const cJSON *answer);
void hpa_free_input(struct hpa_input *input);

/* Whether a selector ("k=v,...") matches labels: 1, 0, or -1 when it is none. */
int hpa_selects(const char *selector, const cJSON *labels);

#endif
