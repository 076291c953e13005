/*
 * Pods, samples and values for tests of the HPA, written as short texts.
 *
 * Pods are letters: R running and ready; u running, not ready; h ready, started just now; H not
 * ready, started just now; a ready, started 3 minutes ago; p pending; f failed; s succeeded; d
 * being deleted. What started long ago was never ready if it is not now.
 */
#ifndef WEIR_TESTS_SUPPORT_HPA_WORLD_H
#define WEIR_TESTS_SUPPORT_HPA_WORLD_H

#include "table.h"

#include <stdio.h>
#include <weir/hpa.h>

#define HPA_NOW  (INT64_C(1700000000) * WEIR_SECOND)
#define HPA_PAST (HPA_NOW - INT64_C(1000000) * WEIR_SECOND)

enum { WORLD_MAX = 64 };

/* The arrays of one input. */
struct hpa_world {
    weir_hpa_input input;
    weir_hpa_reading readings[WEIR_HPA_METRICS_MAX];
    int64_t values[WORLD_MAX];
    weir_hpa_sample samples[WORLD_MAX];
    weir_pod pods[WORLD_MAX];
};

/* "600,1000,-" or "3x2000": numbers, and gaps that are WEIR_HPA_NO_REQUEST. */
static inline uint32_t numbers_of(const char *text, int64_t *numbers)
{
    uint32_t count = 0;

    while (*text != '\0') {
        char *end;
        int64_t n = strtoll(text, &end, 10), times = 1;

        if (*end == 'x') {
            times = n;
            n = strtoll(end + 1, &end, 10);
        } else if (*text == '-' && (text[1] == ',' || text[1] == '\0')) {
            n = WEIR_HPA_NO_REQUEST;
            end++;
        }
        while (times-- > 0 && count < WORLD_MAX) {
            numbers[count++] = n;
        }
        assert_true(*end == ',' || *end == '\0');
        text = *end == ',' ? end + 1 : end;
    }
    return count;
}

static inline weir_pod pod_of(char letter)
{
    weir_pod pod = {HPA_PAST, HPA_PAST, WEIR_READY_TRUE, 0, WEIR_PHASE_RUNNING, 0};

    switch (letter) {
    case 'u': pod.ready = WEIR_READY_FALSE; break;
    case 'h':
    case 'H':
        pod.started = pod.ready_since = HPA_NOW;
        pod.ready = letter == 'h' ? WEIR_READY_TRUE : WEIR_READY_FALSE;
        break;
    case 'a': pod.started = pod.ready_since = HPA_NOW - 180 * WEIR_SECOND; break;
    case 'p': pod.phase = WEIR_PHASE_PENDING; break;
    case 'f': pod.phase = WEIR_PHASE_FAILED; break;
    case 's': pod.phase = WEIR_PHASE_SUCCEEDED; break;
    case 'd':
        pod.deleted = 1;
        pod.ready = WEIR_READY_FALSE;
        break;
    default: break;
    }
    return pod;
}

static inline void world_begin(struct hpa_world *w, int32_t spec, int32_t status, const char *pods)
{
    memset(w, 0, sizeof *w);
    weir_hpa_input_init(&w->input, sizeof w->input);
    w->input.spec_replicas = spec;
    w->input.status_replicas = status;
    for (; *pods != '\0'; pods++) {
        w->pods[w->input.pod_count++] = pod_of(*pods);
    }
    w->input.readings = w->readings;
    w->input.values = w->values;
    w->input.samples = w->samples;
    w->input.pods = w->pods;
}

/* A metric whose source fails. */
static inline void world_failure(struct hpa_world *w)
{
    w->readings[w->input.reading_count++].status = WEIR_E_IO;
}

/* An object's value, or an external metric's values. */
static inline void world_values(struct hpa_world *w, const char *values)
{
    weir_hpa_reading *reading = &w->readings[w->input.reading_count++];

    reading->first = w->input.value_count;
    reading->count = numbers_of(values, w->values + reading->first);
    w->input.value_count += reading->count;
}

/* Samples of the pods in their order, taken at `at`; more than there are pods are strangers'. */
static inline void world_samples(struct hpa_world *w, const char *samples, const char *requests,
                                 weir_time at)
{
    weir_hpa_reading *reading = &w->readings[w->input.reading_count++];
    weir_hpa_sample *out = w->samples + w->input.sample_count;
    int64_t values[WORLD_MAX], wanted[WORLD_MAX];
    uint32_t count = numbers_of(samples, values), asked = numbers_of(requests, wanted);

    reading->first = w->input.sample_count;
    reading->count = count > w->input.pod_count ? count : w->input.pod_count;
    for (uint32_t i = 0; i < reading->count; i++) {
        int there = i < count && values[i] != WEIR_HPA_NO_REQUEST;

        out[i].present = there ? WEIR_SAMPLE_PRESENT : WEIR_SAMPLE_NONE;
        out[i].value = there ? values[i] : 0;
        out[i].request = i < asked ? wanted[i] : WEIR_HPA_NO_REQUEST;
        out[i].at = at;
        out[i].window = 60 * WEIR_SECOND;
    }
    w->input.sample_count += reading->count;
}

static inline weir_hpa_metric *add_metric(weir_hpa_config *config, int32_t source, int32_t type,
                                          int64_t target, const char *name)
{
    weir_hpa_metric *metric = &config->metrics[config->metric_count++];

    metric->source = source;
    metric->target_type = type;
    metric->target = target;
    snprintf(metric->name, sizeof metric->name, "%s", name);
    return metric;
}

static inline weir_hpa *hpa_of(const weir_hpa_config *config, weir_time now)
{
    weir_error err;
    weir_hpa *hpa;
    size_t bytes;

    if (weir_hpa_bytes(config, &bytes, &err) != WEIR_OK) {
        fail_msg("%s %s", err.path, err.message);
    }
    hpa = block_of(bytes);
    assert_int_equal(weir_hpa_init(hpa, bytes, config, now, &err), WEIR_OK);
    return hpa;
}

/* Each step begins with the replicas that the one before it left, and the last ends with the
 * decision. */
static inline void assert_chain(const weir_decision *decision, const weir_explain *explain)
{
    int32_t replicas = decision->current;

    for (uint32_t i = 0; i < explain->count; i++) {
        assert_int_equal(explain->steps[i].before, replicas);
        replicas = explain->steps[i].after;
    }
    assert_int_equal(replicas, decision->replicas);
    assert_int_equal(explain->count + explain->dropped, decision->step_count);
}

#endif
