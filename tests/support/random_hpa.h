/*
 * Random HPAs and days in their life: specs inside upstream's bounds, pods that come, get ready
 * late, break and go, metrics that idle, grow, jump, fail and leave pods out.
 */
#ifndef WEIR_TESTS_SUPPORT_RANDOM_HPA_H
#define WEIR_TESTS_SUPPORT_RANDOM_HPA_H

#include "random.h"
#include <string.h>
#include <weir/hpa.h>

#define RANDOM_HPA_START (INT64_C(1700000040) * WEIR_SECOND)
enum { RANDOM_HPA_PODS = 40, RANDOM_HPA_METRICS = 4, RANDOM_HPA_VALUES = 3 };

/* What one decision looks at. It points into itself. */
struct hpa_event {
    weir_time now;
    weir_hpa_input input;
    weir_hpa_reading readings[RANDOM_HPA_METRICS];
    int64_t values[RANDOM_HPA_METRICS * RANDOM_HPA_VALUES];
    weir_hpa_sample samples[RANDOM_HPA_METRICS * (RANDOM_HPA_PODS + 1)];
    weir_pod pods[RANDOM_HPA_PODS];
};

struct hpa_life {
    struct rng rng;
    weir_time now;
    double load; /* a pod's share at full use is 1 */
    int32_t size;
    int32_t mood; /* of the load: 0 idle, 1 steady, 2 growing, 3 falling */
    uint32_t pod_count;
    weir_pod pods[RANDOM_HPA_PODS];
};

/* ---- specs ---------------------------------------------------------------------------------- */

static inline void random_hpa_metric(struct rng *r, weir_hpa_metric *m)
{
    m->source = (int32_t)rng_int(r, WEIR_HPA_RESOURCE, WEIR_HPA_EXTERNAL);
    m->target_type = WEIR_HPA_AVERAGE_VALUE;
    m->target = rng_one_in(r, 3) ? rng_int(r, 1, 50) : rng_int(r, 100, 20000);
    memcpy(m->name, rng_one_in(r, 2) ? "cpu\0" : "load", 5);
    if (m->source <= WEIR_HPA_CONTAINER_RESOURCE && !rng_one_in(r, 3)) {
        m->target_type = WEIR_HPA_UTILIZATION;
        m->target = rng_int(r, 1, 150);
    } else if (m->source >= WEIR_HPA_OBJECT && rng_one_in(r, 2)) {
        m->target_type = WEIR_HPA_VALUE;
    }
    if (m->source == WEIR_HPA_CONTAINER_RESOURCE) {
        memcpy(m->container, "web", 4);
    }
}

static inline void random_hpa_rules(struct rng *r, weir_scaling_rules *rules)
{
    rules->select_policy = rng_one_in(r, 12) ? WEIR_SELECT_DISABLED : (int32_t)rng_int(r, 0, 1);
    rules->tolerance = rng_one_in(r, 3) ? rng_real(r, 0, 0.5) : WEIR_UNSET;
    if (!rng_one_in(r, 3)) {
        rules->stabilization_window = rng_int(r, 0, 40) * 15 * WEIR_SECOND;
    }
    if (rng_one_in(r, 2)) {
        rules->policy_count = (uint32_t)rng_int(r, 1, 3);
        for (uint32_t i = 0; i < rules->policy_count; i++) {
            rules->policies[i].type = (int32_t)rng_int(r, WEIR_POLICY_PODS, WEIR_POLICY_PERCENT);
            rules->policies[i].value = (int32_t)rng_int(r, 1, rng_one_in(r, 2) ? 5 : 200);
            rules->policies[i].period = rng_int(r, 1, 300) * WEIR_SECOND;
        }
    }
}

static inline void random_hpa_config(struct rng *r, weir_hpa_config *config)
{
    weir_hpa_config_init(config, sizeof *config);
    config->semantics = rng_one_in(r, 2) ? (int32_t)rng_int(r, WEIR_HPA_1_37, WEIR_HPA_1_27) : 0;
    config->conversion = rng_one_in(r, 4) ? WEIR_CONVERT_AMD64 : WEIR_CONVERT_SATURATE;
    config->scale_to_zero = (int32_t)rng_int(r, WEIR_GATE_RELEASE, WEIR_GATE_ON);
    config->configurable_tolerance = (int32_t)rng_int(r, WEIR_GATE_RELEASE, WEIR_GATE_ON);
    config->min_replicas = (int32_t)rng_int(r, rng_one_in(r, 4) ? 0 : 1, 3);
    config->max_replicas = config->min_replicas + (int32_t)rng_int(r, 1, 30);
    config->tolerance = rng_one_in(r, 3) ? rng_real(r, 0, 0.5) : 0.1;
    config->downscale_stabilization = rng_int(r, 0, 40) * 15 * WEIR_SECOND;
    config->reserve = 4000; /* decisions come as they like */
    config->behavior = !rng_one_in(r, 4);
    if (config->behavior) {
        random_hpa_rules(r, &config->scale_up);
        random_hpa_rules(r, &config->scale_down);
    }
    config->metric_count = (uint32_t)rng_int(r, 1, RANDOM_HPA_METRICS);
    for (uint32_t i = 0; i < config->metric_count; i++) {
        random_hpa_metric(r, &config->metrics[i]);
    }
}

/* ---- lives ---------------------------------------------------------------------------------- */

static inline void random_hpa_life(struct hpa_life *life, uint64_t seed)
{
    memset(life, 0, sizeof *life);
    life->rng.state = seed;
    life->now = RANDOM_HPA_START;
    life->size = 2;
}

static inline void random_hpa_load(struct hpa_life *life)
{
    struct rng *r = &life->rng;

    if (rng_one_in(r, 12)) {
        life->mood = (int32_t)rng_int(r, 0, 3);
        life->load = life->mood == 1 ? rng_real(r, 0, 40) : life->load;
    }
    if (life->mood == 0) {
        life->load = 0;
    } else if (life->mood == 2) {
        life->load = life->load * 1.2 + 0.5;
        life->load = life->load > 200 ? 1 : life->load;
    } else if (life->mood == 3) {
        life->load *= 0.9;
    }
}

static inline void random_hpa_pods(struct hpa_life *life)
{
    struct rng *r = &life->rng;
    uint32_t wanted = life->size < RANDOM_HPA_PODS ? (uint32_t)life->size : RANDOM_HPA_PODS;

    while (life->pod_count > wanted && !rng_one_in(r, 4)) {
        uint32_t gone = (uint32_t)rng_int(r, 0, life->pod_count - 1);

        life->pods[gone] = life->pods[--life->pod_count];
    }
    while (life->pod_count < wanted && !rng_one_in(r, 4)) {
        weir_pod *pod = &life->pods[life->pod_count++];

        memset(pod, 0, sizeof *pod);
        pod->phase = WEIR_PHASE_PENDING;
        pod->started = rng_one_in(r, 10) ? WEIR_TIME_NONE : life->now;
        pod->ready = rng_one_in(r, 10) ? WEIR_READY_NONE : WEIR_READY_FALSE;
        pod->ready_since = pod->ready == WEIR_READY_NONE ? WEIR_TIME_NONE : life->now;
    }
    for (uint32_t i = 0; i < life->pod_count; i++) {
        weir_pod *pod = &life->pods[i];

        if (rng_one_in(r, 6)) {
            pod->phase = rng_one_in(r, 15)
                             ? (int32_t)rng_int(r, WEIR_PHASE_RUNNING, WEIR_PHASE_UNKNOWN)
                             : WEIR_PHASE_RUNNING;
            pod->ready = rng_one_in(r, 8)
                             ? (int32_t)rng_int(r, WEIR_READY_FALSE, WEIR_READY_UNKNOWN)
                             : WEIR_READY_TRUE;
            pod->ready_since = life->now - rng_int(r, 0, 20) * WEIR_SECOND;
        }
        pod->deleted = rng_one_in(r, 40);
    }
}

static inline void random_hpa_samples(struct hpa_life *life, struct hpa_event *e,
                                      weir_hpa_reading *reading)
{
    struct rng *r = &life->rng;
    uint32_t strangers = (uint32_t)rng_one_in(r, 30);
    double share = life->load / (life->pod_count > 0 ? (double)life->pod_count : 1);

    reading->first = e->input.sample_count;
    reading->count = life->pod_count + strangers;
    for (uint32_t i = 0; i < reading->count; i++) {
        weir_hpa_sample *s = &e->samples[e->input.sample_count++];

        memset(s, 0, sizeof *s);
        s->request = rng_one_in(r, 200) ? WEIR_HPA_NO_REQUEST : rng_int(r, 100, 2000);
        if (rng_one_in(r, 12)) {
            s->present = rng_one_in(r, 20) ? WEIR_SAMPLE_NO_CONTAINER : WEIR_SAMPLE_NONE;
            continue;
        }
        s->present = WEIR_SAMPLE_PRESENT;
        s->value = (int64_t)(share * rng_real(r, 500, 1500));
        s->at = life->now - rng_int(r, 0, 60) * WEIR_SECOND;
        s->window = rng_int(r, 10, 60) * WEIR_SECOND;
    }
}

static inline void random_hpa_values(struct hpa_life *life, const weir_hpa_metric *m,
                                     struct hpa_event *e, weir_hpa_reading *reading)
{
    struct rng *r = &life->rng;
    uint32_t count = m->source == WEIR_HPA_OBJECT ? 1 : (uint32_t)rng_int(r, 0, RANDOM_HPA_VALUES);

    reading->first = e->input.value_count;
    reading->count = count;
    for (uint32_t i = 0; i < count; i++) {
        int64_t value = (int64_t)(life->load * rng_real(r, 500, 1500));

        value = rng_one_in(r, 100) ? INT64_MAX - rng_int(r, 0, 100) : value;
        e->values[e->input.value_count++] = value;
    }
}

/* The next event; `wanted` is the size that was last asked for, or below 0. */
static inline void random_hpa_event(struct hpa_life *life, const weir_hpa_config *config,
                                    int32_t wanted, struct hpa_event *e)
{
    struct rng *r = &life->rng;

    memset(e, 0, sizeof *e);
    life->now += rng_one_in(r, 20)   ? rng_int(r, 0, 600) * WEIR_SECOND
                 : rng_one_in(r, 10) ? rng_int(r, 0, 15 * WEIR_SECOND)
                                     : 15 * WEIR_SECOND;
    random_hpa_load(life);
    life->size = rng_one_in(r, 60) ? (int32_t)rng_int(r, 0, 35) : wanted >= 0 ? wanted : life->size;
    random_hpa_pods(life);
    weir_hpa_input_init(&e->input, sizeof e->input);
    e->now = life->now;
    e->input.spec_replicas = life->size;
    e->input.status_replicas = (int32_t)life->pod_count;
    e->input.scale_status = rng_one_in(r, 80) ? WEIR_NO_DATA : WEIR_OK;
    e->input.selector = rng_one_in(r, 80) ? (int32_t)rng_int(r, 1, 3) : WEIR_SELECTOR_FINE;
    e->input.reading_count = config->metric_count;
    e->input.readings = e->readings;
    e->input.values = e->values;
    e->input.samples = e->samples;
    e->input.pods = e->pods;
    e->input.pod_count = life->pod_count;
    memcpy(e->pods, life->pods, sizeof e->pods);
    for (uint32_t i = 0; i < config->metric_count; i++) {
        const weir_hpa_metric *m = &config->metrics[i];

        if (rng_one_in(r, 25)) {
            e->readings[i].status = WEIR_NO_DATA;
        } else if (m->source >= WEIR_HPA_OBJECT) {
            random_hpa_values(life, m, e, &e->readings[i]);
        } else {
            random_hpa_samples(life, e, &e->readings[i]);
        }
    }
}

#endif
