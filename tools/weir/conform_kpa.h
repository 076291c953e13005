/*
 * conform_kpa.h - what the files with Knative's operations share.
 */
#ifndef WEIR_TOOLS_CONFORM_KPA_H
#define WEIR_TOOLS_CONFORM_KPA_H

#include "conform.h"

#include <weir/knative.h>

/* WEIR_SERVING_* of the release that a scenario was recorded from. */
int32_t conform_semantics(const struct scenario *scenario);

/* The cluster's and the revision's configuration of a scenario: its `autoscaler`, `deployment`,
 * `annotations` and `containerConcurrency`. WEIR_E_RANGE when the ConfigMap is refused. */
weir_status conform_cluster(const struct scenario *s, const cJSON *data, weir_kpa_config *config);
void conform_revision(const struct scenario *s, const cJSON *data, const cJSON *annotations,
                      weir_kpa_config *config);

/* One report of a recording: four numbers from the given place of an array on. */
weir_kpa_stat conform_stat(const cJSON *array, int first);

/* A MetricSpec: windows and scrape target; what is not in it stays. */
void conform_read_metric(const cJSON *metric, weir_kpa_collector_config *config);

/* The collector of a scenario, with room for every window that its steps ask for in `metric`. */
void conform_collector_config(const struct scenario *s, const cJSON *metric,
                              weir_kpa_collector_config *config);

/* New states, to be freed by the caller; *made is NULL on failure. */
weir_status conform_make_collector(const weir_kpa_collector_config *config,
                                   weir_kpa_collector **made);
weir_status conform_make_decider(const weir_kpa_decider_config *config, int64_t ready,
                                 weir_time now, weir_kpa_decider **made);

#endif
