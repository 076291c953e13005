/* A HorizontalPodAutoscaler: one reconcile over three pods, its conditions, and why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/hpa.h>

enum { PODS = 3 };

/* Pods that have been ready for a minute and request one core each. */
static void fill(weir_pod *pods, weir_hpa_sample *samples, weir_time now)
{
    static const int64_t used[PODS] = {950, 900, 820}; /* thousandths of a core */

    memset(pods, 0, PODS * sizeof *pods);
    memset(samples, 0, PODS * sizeof *samples);
    for (int i = 0; i < PODS; i++) {
        pods[i].started = now - 400 * WEIR_SECOND;
        pods[i].ready_since = now - 60 * WEIR_SECOND;
        pods[i].ready = WEIR_READY_TRUE;
        samples[i].value = used[i];
        samples[i].request = 1000;
        samples[i].at = now - 10 * WEIR_SECOND;
        samples[i].window = 30 * WEIR_SECOND;
        samples[i].present = WEIR_SAMPLE_PRESENT;
    }
}

static void print_status(const weir_hpa *hpa)
{
    weir_hpa_status status;

    weir_hpa_get_status(hpa, &status, sizeof status);
    for (uint32_t i = 0; i < status.condition_count; i++) {
        const weir_hpa_condition *c = &status.conditions[i];

        printf("%s=%s %s\n", weir_condition_name(c->type), c->status ? "True" : "False",
               weir_reason_name(c->reason));
    }
}

int main(void)
{
    const weir_time now = 1700000000 * WEIR_SECOND;
    weir_hpa_config config;
    weir_hpa_input input;
    weir_hpa_reading reading = {.status = WEIR_OK, .first = 0, .count = PODS};
    weir_hpa_sample samples[PODS];
    weir_pod pods[PODS];
    weir_decision decision;
    weir_explain why;
    weir_error err;
    weir_hpa *hpa;
    size_t bytes;

    weir_hpa_config_init(&config, sizeof config);
    config.metric_count = 1;
    config.metrics[0].source = WEIR_HPA_RESOURCE;
    config.metrics[0].target_type = WEIR_HPA_UTILIZATION;
    config.metrics[0].target = 60; /* percent of the requests */
    strcpy(config.metrics[0].name, "cpu");

    /* What cannot be used says where it is wrong. */
    if (weir_hpa_bytes(&config, &bytes, &err) != WEIR_OK) {
        printf("%s: %s: %s\n", weir_status_name(err.status), err.path, err.message);
    }
    config.max_replicas = 10;
    weir_hpa_bytes(&config, &bytes, NULL);
    hpa = malloc(bytes);
    if (hpa == NULL || weir_hpa_init(hpa, bytes, &config, now, NULL) != WEIR_OK) {
        return 1;
    }

    fill(pods, samples, now);
    weir_hpa_input_init(&input, sizeof input);
    input.spec_replicas = input.status_replicas = PODS;
    input.readings = &reading;
    input.reading_count = 1;
    input.samples = samples;
    input.pods = pods;
    input.sample_count = input.pod_count = PODS;
    weir_decision_init(&decision, sizeof decision);
    weir_explain_init(&why, sizeof why);
    weir_hpa_decide(hpa, &input, now, &decision, &why);
    printf("%d -> %d pods\n", decision.current, decision.replicas);
    for (uint32_t i = 0; i < why.count; i++) {
        char line[200];

        weir_step_text(&why.steps[i], line, sizeof line, NULL);
        puts(line);
    }
    print_status(hpa);
    free(hpa);
    return 0;
}
