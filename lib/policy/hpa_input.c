/*
 * policy/hpa_input.c - an HPA's input to the measure of one metric, and the rule of one metric
 * alone.
 */
#include "policy/hpa_input.h"

weir_status weir_hpa_input_init(weir_hpa_input *input, size_t struct_size)
{
    if (input == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *input) {
        return WEIR_E_STRUCT;
    }
    memset(input, 0, sizeof *input);
    input->struct_size = (uint32_t)sizeof *input;
    return WEIR_OK;
}

weir_status weir_hpa_proposal_init(weir_hpa_proposal *proposal, size_t struct_size)
{
    if (proposal == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *proposal) {
        return WEIR_E_STRUCT;
    }
    memset(proposal, 0, sizeof *proposal);
    proposal->struct_size = (uint32_t)sizeof *proposal;
    proposal->next = WEIR_TIME_NEVER;
    return WEIR_OK;
}

static int by_pod(const struct weir__hpa_metric *metric)
{
    return metric->source == WEIR_HPA_RESOURCE || metric->source == WEIR_HPA_CONTAINER_RESOURCE ||
           metric->source == WEIR_HPA_PODS;
}

weir_status weir__hpa_input_check(const weir_hpa_input *input)
{
    if (input == NULL) {
        return WEIR_E_ARG;
    }
    if (input->struct_size != sizeof *input) {
        return WEIR_E_STRUCT;
    }
    return (input->readings == NULL && input->reading_count > 0) ||
                   (input->values == NULL && input->value_count > 0) ||
                   (input->samples == NULL && input->sample_count > 0) ||
                   (input->pods == NULL && input->pod_count > 0)
               ? WEIR_E_ARG
               : WEIR_OK;
}

weir_status weir__hpa_reading_check(const struct weir__hpa_metric *metric,
                                    const weir_hpa_input *input, const weir_hpa_reading *reading)
{
    uint32_t room = by_pod(metric) ? input->sample_count : input->value_count;

    if (reading->status != WEIR_OK || metric->source == WEIR_HPA_SOURCE_UNKNOWN) {
        return WEIR_OK;
    }
    if (reading->first > room || reading->count > room - reading->first) {
        return WEIR_E_RANGE;
    }
    if (by_pod(metric)) {
        return reading->count >= input->pod_count ? WEIR_OK : WEIR_E_RANGE;
    }
    return metric->source == WEIR_HPA_OBJECT && reading->count != 1 ? WEIR_E_RANGE : WEIR_OK;
}

void weir__hpa_measure(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                       const weir_hpa_input *input, const weir_hpa_reading *reading, weir_time now,
                       struct weir__hpa_measure *out)
{
    out->status = reading->status;
    out->total = 0;
    if (reading->status != WEIR_OK || metric->source == WEIR_HPA_SOURCE_UNKNOWN) {
        memset(&out->pods, 0, sizeof out->pods);
        return;
    }
    /* A reading of nothing may come with no array, to which not even 0 may be added. */
    if (by_pod(metric)) {
        weir__hpa_group(rules, metric, input->pods, input->pod_count,
                        reading->count > 0 ? input->samples + reading->first : NULL, reading->count,
                        now, &out->pods);
        return;
    }
    out->total =
        metric->source == WEIR_HPA_OBJECT
            ? input->values[reading->first]
            : weir__hpa_external_sum(rules, metric,
                                     reading->count > 0 ? input->values + reading->first : NULL,
                                     reading->count);
    if (metric->target_type == WEIR_HPA_VALUE) {
        weir__hpa_count_ready(input->pods, input->pod_count, &out->pods);
    } else {
        out->pods.no_container = 0;
    }
}

weir_status weir_hpa_propose(const weir_hpa_config *config, uint32_t metric,
                             const weir_hpa_input *input, weir_time now, weir_hpa_proposal *out)
{
    struct weir__hpa_rules rules;
    struct weir__hpa_metric m;
    struct weir__hpa_measure measure;
    weir_status status = weir__hpa_input_check(input);

    if (status != WEIR_OK || config == NULL || out == NULL) {
        return status != WEIR_OK ? status : WEIR_E_ARG;
    }
    if (config->struct_size != sizeof *config || out->struct_size != sizeof *out) {
        return WEIR_E_STRUCT;
    }
    if (metric >= WEIR_HPA_METRICS_MAX || metric >= config->metric_count ||
        metric >= input->reading_count) {
        return WEIR_E_RANGE;
    }
    weir__hpa_rules_of(config, &rules);
    weir__hpa_metric_of(&config->metrics[metric], &m);
    status = weir__hpa_reading_check(&m, input, &input->readings[metric]);
    if (status != WEIR_OK) {
        return status;
    }
    weir__hpa_measure(&rules, &m, input, &input->readings[metric], now, &measure);
    weir__hpa_propose(&rules, &m, input->spec_replicas, input->status_replicas, &measure, out);
    return out->status;
}
