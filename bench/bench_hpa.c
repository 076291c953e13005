/*
 * What the HPA costs; see bench.h.
 *
 * The reconciles are whole steps that hold, on one external metric, with the scale-down window
 * full. The rule for pods is measured on pods that are all ready, each with a cpu sample.
 */
#include "bench.h"

/* ---- reconcile ------------------------------------------------------------------------------ */

static size_t make_hpa(void *state, size_t bytes, int64_t window_seconds)
{
    weir_hpa_config config;
    weir_error err;

    weir_hpa_config_init(&config, sizeof config);
    config.max_replicas = 100;
    config.metric_count = 1;
    config.metrics[0].source = WEIR_HPA_EXTERNAL;
    config.metrics[0].target_type = WEIR_HPA_AVERAGE_VALUE;
    config.metrics[0].target = 5000;
    memcpy(config.metrics[0].name, "queue", 6);
    config.behavior = window_seconds > 0;
    config.scale_down.stabilization_window = window_seconds * WEIR_SECOND;
    config.scale_down.policies[0] = (weir_policy){WEIR_POLICY_PODS, 1, 60 * WEIR_SECOND};
    if (state != NULL) {
        must(weir_hpa_init(state, bytes, &config, START, &err) == WEIR_OK, err.message);
    } else {
        must(weir_hpa_bytes(&config, &bytes, &err) == WEIR_OK, err.message);
    }
    return bytes;
}

static size_t make_300s(void *state, size_t bytes)
{
    return make_hpa(state, bytes, 300);
}

static size_t make_3600s(void *state, size_t bytes)
{
    return make_hpa(state, bytes, 3600);
}

static size_t make_legacy(void *state, size_t bytes)
{
    return make_hpa(state, bytes, 0);
}

/* A load that asks for 3 or 4 replicas, of which 4 exist: the window holds them. */
static double reconcile(void *state, weir_time now)
{
    int64_t value = 14000 + (now >> 34 & 7) * 800; /* the bits of some seconds: as good as any */
    weir_hpa_reading reading = {WEIR_OK, 0, 1, 0};
    weir_hpa_input input;
    weir_decision decision;

    weir_hpa_input_init(&input, sizeof input);
    weir_decision_init(&decision, sizeof decision);
    input.spec_replicas = 4;
    input.status_replicas = 4;
    input.reading_count = 1;
    input.value_count = 1;
    input.readings = &reading;
    input.values = &value;
    must(weir_hpa_decide(state, &input, now, &decision, NULL) == WEIR_OK, "deciding");
    return decision.replicas;
}

/* ---- one metric ----------------------------------------------------------------------------- */

struct pods {
    weir_hpa_config config;
    uint32_t count;
    uint32_t reserved;
    weir_pod pods[1000];
    weir_hpa_sample samples[1000];
};

static size_t make_pods(void *state, uint32_t count)
{
    struct pods *p = state;
    weir_hpa_metric *metric;

    if (p == NULL) {
        return sizeof *p;
    }
    memset(p, 0, sizeof *p);
    weir_hpa_config_init(&p->config, sizeof p->config);
    p->config.metric_count = 1;
    p->count = count;
    metric = &p->config.metrics[0];
    metric->source = count > 0 ? WEIR_HPA_RESOURCE : WEIR_HPA_EXTERNAL;
    metric->target_type = count > 0 ? WEIR_HPA_UTILIZATION : WEIR_HPA_AVERAGE_VALUE;
    metric->target = count > 0 ? 50 : 5000;
    memcpy(metric->name, "cpu", 4);
    for (uint32_t i = 0; i < count; i++) {
        p->pods[i].started = START - 3600 * WEIR_SECOND;
        p->pods[i].ready_since = START - 3590 * WEIR_SECOND;
        p->pods[i].ready = WEIR_READY_TRUE;
        p->samples[i] =
            (weir_hpa_sample){600, 1000, START, 60 * WEIR_SECOND, WEIR_SAMPLE_PRESENT, 0};
    }
    return sizeof *p;
}

static size_t make_external(void *state, size_t bytes)
{
    (void)bytes;
    return make_pods(state, 0);
}

static size_t make_10_pods(void *state, size_t bytes)
{
    (void)bytes;
    return make_pods(state, 10);
}

static size_t make_100_pods(void *state, size_t bytes)
{
    (void)bytes;
    return make_pods(state, 100);
}

static size_t make_1000_pods(void *state, size_t bytes)
{
    (void)bytes;
    return make_pods(state, 1000);
}

static double propose(void *state, weir_time now)
{
    const struct pods *p = state;
    int64_t value = 8000 + now / WEIR_SECOND % 16;
    weir_hpa_reading reading = {WEIR_OK, 0, p->count > 0 ? p->count : 1, 0};
    weir_hpa_input input;
    weir_hpa_proposal proposal;

    weir_hpa_input_init(&input, sizeof input);
    weir_hpa_proposal_init(&proposal, sizeof proposal);
    input.spec_replicas = (int32_t)p->count;
    input.status_replicas = (int32_t)p->count;
    input.reading_count = 1;
    input.value_count = 1;
    input.sample_count = p->count;
    input.pod_count = p->count;
    input.readings = &reading;
    input.values = &value;
    input.samples = p->samples;
    input.pods = p->pods;
    must(weir_hpa_propose(&p->config, 0, &input, now, &proposal) == WEIR_OK, "proposing");
    return proposal.replicas;
}

/* ---- policies ------------------------------------------------------------------------------- */

static size_t make_behavior(void *state, size_t bytes)
{
    weir_behavior_config config;

    weir_behavior_config_init(&config, sizeof config);
    config.max_replicas = 100;
    if (state != NULL) {
        must(weir_behavior_init(state, bytes, &config, NULL) == WEIR_OK, "making a behavior");
    } else {
        must(weir_behavior_bytes(&config, &bytes, NULL) == WEIR_OK, "sizing a behavior");
    }
    return bytes;
}

static double limit(void *state, weir_time now)
{
    int32_t allowed;

    weir_behavior_limit(state, 10, 50, now, &allowed, NULL);
    return allowed;
}

#define SYNC (15 * WEIR_SECOND)

static const struct bench benches[] = {
    {"external-average", make_external, propose, 1, SYNC, propose, SYNC},
    {"cpu-10-pods", make_10_pods, propose, 1, SYNC, propose, SYNC},
    {"cpu-100-pods", make_100_pods, propose, 1, SYNC, propose, SYNC},
    {"cpu-1000-pods", make_1000_pods, propose, 1, SYNC, propose, SYNC},
    {"policies", make_behavior, limit, 1, SYNC, limit, SYNC},
    {"reconcile-legacy", make_legacy, reconcile, 300, SYNC, reconcile, SYNC},
    {"reconcile-3600s", make_3600s, reconcile, 300, SYNC, reconcile, SYNC},
    {"reconcile-300s", make_300s, reconcile, 300, SYNC, reconcile, SYNC},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
