/*
 * Random KPA revisions and days in their life: configurations inside upstream's bounds, load that
 * idles, runs, bursts and falls silent, pods that follow late or get lost.
 */
#ifndef WEIR_TESTS_SUPPORT_RANDOM_KPA_H
#define WEIR_TESTS_SUPPORT_RANDOM_KPA_H

#include "random.h"
#include <string.h>
#include <weir/kpa.h>

#define RANDOM_KPA_START (INT64_C(1700000040) * WEIR_SECOND)
enum { RANDOM_KPA_STATS_MAX = 4 };

/* What happens before one decision, and what the decision looks at. */
struct kpa_event {
    weir_time now;
    int64_t ready;
    int32_t reachable;
    uint32_t stat_count;
    weir_time stat_at[RANDOM_KPA_STATS_MAX];
    weir_kpa_stat stats[RANDOM_KPA_STATS_MAX];
};

struct kpa_life {
    struct rng rng;
    weir_time now;
    double load; /* requests in flight */
    int64_t ready;
    int32_t mood; /* of the load: 0 idle, 1 steady, 2 growing, 3 silent */
};

static inline void random_kpa_config(struct rng *r, weir_kpa_config *config)
{
    weir_kpa_config_init(config, sizeof *config);
    config->metric = rng_one_in(r, 3) ? WEIR_KPA_RPS : WEIR_KPA_CONCURRENCY;
    config->metric_aggregation_algorithm =
        rng_one_in(r, 2) ? WEIR_WINDOW_WEIGHTED : WEIR_WINDOW_LINEAR;
    config->semantics = rng_one_in(r, 4) ? WEIR_SERVING_0_42 : WEIR_SERVING_0_51;
    config->target = rng_real(r, 0.1, 50);
    config->target_burst_capacity = rng_one_in(r, 4) ? (double)rng_int(r, -1, 0) : 200;
    config->container_concurrency = rng_one_in(r, 2) ? 0 : rng_int(r, 1, 100);
    config->activation_scale = rng_one_in(r, 2) ? 0 : (int32_t)rng_int(r, 2, 4);
    config->panic_window_percentage = rng_real(r, 1, 100);
    config->panic_threshold_percentage = rng_real(r, 110, 1000);
    config->max_scale_up_rate = rng_one_in(r, 2) ? rng_real(r, 1.01, 4) : 1000;
    config->max_scale_down_rate = rng_real(r, 1.01, 5);
    config->stable_window = rng_int(r, 6, 180) * WEIR_SECOND;
    config->scale_down_delay = rng_one_in(r, 2) ? 0 : rng_int(r, 1, 120) * WEIR_SECOND;
}

/* What the reconciler looks at, besides. */
static inline void random_kpa_bounds(struct rng *r, weir_kpa_config *config)
{
    config->min_scale = rng_one_in(r, 2) ? 0 : (int32_t)rng_int(r, 1, 4);
    config->max_scale = rng_one_in(r, 2) ? 0 : config->min_scale + (int32_t)rng_int(r, 1, 20);
    config->initial_scale = (int32_t)rng_int(r, 1, rng_one_in(r, 3) ? 6 : 1);
    config->allow_zero_initial_scale = rng_one_in(r, 6);
    if (config->allow_zero_initial_scale) {
        config->initial_scale = 0;
    }
    config->enable_scale_to_zero = !rng_one_in(r, 5);
    config->scale_to_zero_grace_period = rng_int(r, 1, 60) * WEIR_SECOND;
    config->scale_to_zero_pod_retention_period =
        rng_one_in(r, 2) ? 0 : rng_int(r, 1, 90) * WEIR_SECOND;
    config->progress_deadline = rng_int(r, 1, rng_one_in(r, 2) ? 5 : 300) * WEIR_SECOND;
}

/* A cluster around the ready pods: mostly whole, sometimes with parts missing. */
static inline void random_kpa_cluster(struct rng *r, weir_time now, int64_t ready,
                                      int32_t reachable, int32_t replicas,
                                      weir_kpa_reconcile_input *cluster)
{
    weir_kpa_reconcile_input_init(cluster, sizeof *cluster);
    cluster->replicas = replicas;
    cluster->ready = ready;
    cluster->unreachable = !reachable;
    cluster->has_private_service = !rng_one_in(r, 30);
    cluster->has_service = !rng_one_in(r, 30);
    cluster->network_ready = !rng_one_in(r, 10);
    cluster->probe = rng_one_in(r, 4) ? (int32_t)rng_int(r, 0, 2) : WEIR_KPA_PROBE_OK;
    cluster->proxy_since =
        rng_one_in(r, 3) ? WEIR_TIME_NONE : now - rng_int(r, 0, 100) * WEIR_SECOND;
    cluster->system_internal_tls = rng_one_in(r, 20);
}

static inline void random_kpa_life(struct kpa_life *life, uint64_t seed)
{
    memset(life, 0, sizeof *life);
    life->rng.state = seed;
    life->now = RANDOM_KPA_START;
}

static inline void random_kpa_load(struct kpa_life *life)
{
    struct rng *r = &life->rng;

    if (rng_one_in(r, 15)) {
        life->mood = (int32_t)rng_int(r, 0, 3);
        life->load = life->mood == 1 ? rng_real(r, 0, 300) : life->load;
    }
    if (life->mood == 0) {
        life->load = 0;
    } else if (life->mood == 2) {
        life->load = life->load * 1.25 + 1;
        life->load = life->load > 5000 ? 1 : life->load;
    }
}

/* The next event; `wanted` is what the last decision asked for. */
static inline void random_kpa_event(struct kpa_life *life, int32_t wanted, struct kpa_event *e)
{
    struct rng *r = &life->rng;

    memset(e, 0, sizeof *e);
    life->now +=
        rng_one_in(r, 25) ? rng_int(r, 0, 200) * WEIR_SECOND : rng_int(r, 0, 4 * WEIR_SECOND);
    random_kpa_load(life);
    if (rng_one_in(r, 3)) {
        life->ready += (wanted > life->ready) - (wanted < life->ready && life->ready > 0);
    } else if (rng_one_in(r, 3) && wanted >= 0) {
        life->ready = wanted;
    }
    e->now = life->now;
    e->ready = rng_one_in(r, 40) ? -1 : life->ready;
    e->reachable = !rng_one_in(r, 20);
    e->stat_count = life->mood == 3 ? 0 : (uint32_t)rng_int(r, 0, RANDOM_KPA_STATS_MAX);
    for (uint32_t i = 0; i < e->stat_count; i++) {
        weir_kpa_stat *s = &e->stats[i];

        e->stat_at[i] = life->now - rng_int(r, 0, rng_one_in(r, 10) ? 90 : 2) * WEIR_SECOND;
        s->average_concurrent_requests = life->load * rng_real(r, 0.8, 1.2);
        s->average_proxied_concurrent_requests =
            rng_one_in(r, 4) ? s->average_concurrent_requests * rng_real(r, 0, 1) : 0;
        s->request_count = s->average_concurrent_requests * 2;
        s->proxied_request_count = rng_one_in(r, 4) ? s->request_count * rng_real(r, 0, 1) : 0;
    }
}

#endif
