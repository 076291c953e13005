/*
 * Random ScaledObjects and days in their life: triggers that idle, grow and fail, pods that are
 * not ready yet, with and without idle replicas, fallback and a formula.
 */
#ifndef WEIR_TESTS_SUPPORT_RANDOM_KEDA_H
#define WEIR_TESTS_SUPPORT_RANDOM_KEDA_H

#include "random.h"
#include <string.h>
#include <weir/keda.h>

struct keda_life {
    struct rng rng;
    weir_keda_config config;
    weir_keda *keda;
    size_t bytes;
    weir_keda_input in;
    weir_keda_reading readings[4];
    weir_time now;
};

static inline void random_keda_config(struct rng *rng, weir_keda_config *c)
{
    weir_keda_config_init(c, sizeof *c);
    c->created = 0;
    c->trigger_count = (uint32_t)rng_int(rng, 1, 3);
    for (uint32_t i = 0; i < c->trigger_count; i++) {
        weir_keda_trigger *t = &c->triggers[i];

        weir_keda_trigger_init(t, WEIR_TRIGGER_PROMETHEUS);
        t->target = rng_int(rng, 500, 20000);
        t->metric_type = rng_one_in(rng, 4) ? WEIR_HPA_VALUE : WEIR_HPA_AVERAGE_VALUE;
        t->activation = rng_one_in(rng, 3) ? 4.0 : 0.0;
        t->use_cached_metrics = rng_one_in(rng, 4);
        t->name[0] = (char)('a' + i);
    }
    c->min_replicas = rng_one_in(rng, 3) ? WEIR_KEDA_UNSET : (int32_t)rng_int(rng, 0, 3);
    c->max_replicas = (int32_t)rng_int(rng, 3, 12);
    c->idle_replicas = c->min_replicas > 0 && rng_one_in(rng, 3) ? 0 : WEIR_KEDA_UNSET;
    c->polling_interval = rng_int(rng, 1, 40) * WEIR_SECOND;
    c->cooldown_period = rng_int(rng, 0, 200) * WEIR_SECOND;
    c->fallback.enabled = rng_one_in(rng, 2);
    c->fallback.failure_threshold = (int32_t)rng_int(rng, 0, 3);
    c->fallback.replicas = (int32_t)rng_int(rng, 0, 9);
    c->fallback.behavior = (int32_t)rng_int(rng, 0, 3);
    if (rng_one_in(rng, 4)) {
        c->modifiers.enabled = 1;
        memcpy(c->modifiers.formula, "a * 2 + 1", 10);
        memcpy(c->modifiers.target, "3", 2);
    }
}

static inline void random_keda_event(struct keda_life *l)
{
    for (uint32_t i = 0; i < l->config.trigger_count; i++) {
        l->readings[i].value = rng_one_in(&l->rng, 3) ? 0.0 : rng_real(&l->rng, 0.0, 60.0);
        l->readings[i].status = rng_one_in(&l->rng, 6) ? WEIR_E_IO : WEIR_OK;
    }
    l->in.status_replicas = l->in.replicas;
    l->in.ready_pods = (int32_t)rng_int(&l->rng, 0, l->in.replicas);
    l->now += rng_int(&l->rng, 1, 20) * WEIR_SECOND;
}

#endif
