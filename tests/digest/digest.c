/*
 * One number for all decisions of many random lives: windows, collectors, deciders, revisions,
 * HPAs, ScaledObjects. Compilers, optimization levels and machines must agree on it. It prints
 * that, and one for each part to see where a difference lies.
 */
#include "mix.h"
#include "random_hpa.h"
#include "random_keda.h"
#include "random_kpa.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/weir.h>

enum { SEEDS = 40, STEPS = 500 };

enum { BLOCK_BYTES = 1 << 20 };

static uint8_t snapshot[BLOCK_BYTES];
static void *block;

/* Memory that nobody has written yet, for a state; no decision may depend on what is in it. */
static void *fresh_block(void)
{
    free(block);
    block = malloc(BLOCK_BYTES);
    if (block == NULL) {
        fputs("digest: no memory\n", stderr);
        exit(1);
    }
    return block;
}

static void must(int condition, const char *what, int seed)
{
    if (!condition) {
        fprintf(stderr, "digest: %s failed with seed %d\n", what, seed);
        exit(1);
    }
}

static void windows(uint64_t *digest, int seed, int32_t algorithm)
{
    struct rng r = {(uint64_t)seed};
    weir_window *window = fresh_block();
    weir_window_config config;
    weir_time now = RANDOM_KPA_START;

    weir_window_config_init(&config, sizeof config);
    config.algorithm = algorithm;
    config.window = rng_int(&r, 1, 600) * WEIR_SECOND;
    config.granularity = rng_int(&r, 1, 5) * WEIR_SECOND;
    config.lanes = (int32_t)rng_int(&r, 1, 3);
    config.semantics = rng_one_in(&r, 3) ? WEIR_SERVING_0_42 : WEIR_SERVING_0_51;
    must(weir_window_init(window, BLOCK_BYTES, &config, NULL) == WEIR_OK, "a window", seed);
    for (int step = 0; step < STEPS; step++) {
        double values[WEIR_WINDOW_LANES_MAX], averages[WEIR_WINDOW_LANES_MAX] = {0};

        now += rng_one_in(&r, 50) ? rng_int(&r, 0, 700) * WEIR_SECOND
                                  : rng_int(&r, 0, 2 * WEIR_SECOND);
        for (int lane = 0; lane < config.lanes; lane++) {
            values[lane] = rng_real(&r, -10, 1000);
            values[lane] *= rng_one_in(&r, 10) ? 1e9 : 1;
        }
        mix(digest,
            (uint64_t)weir_window_record(window, now - rng_int(&r, 0, 3) * WEIR_SECOND, values));
        mix(digest, (uint64_t)weir_window_average(window, now, averages));
        for (int lane = 0; lane < config.lanes; lane++) {
            mix_double(digest, averages[lane]);
        }
        mix(digest, (uint64_t)weir_window_next(window, now));
    }
}

static void mix_answer(uint64_t *digest, weir_status status, const weir_decision *d,
                       const weir_explain *explain)
{
    mix(digest, (uint64_t)status);
    mix(digest, (uint64_t)d->replicas);
    mix(digest, (uint64_t)d->current);
    mix(digest, (uint64_t)d->valid);
    mix(digest, d->flags);
    mix(digest, (uint64_t)d->rule);
    mix(digest, (uint64_t)d->excess_burst_capacity);
    mix(digest, (uint64_t)d->at);
    mix(digest, (uint64_t)d->next);
    for (uint32_t i = 0; i < explain->count; i++) {
        mix(digest, (uint64_t)explain->steps[i].rule);
        mix(digest, (uint64_t)explain->steps[i].after);
        mix_double(digest, explain->steps[i].measured);
        mix_double(digest, explain->steps[i].limit);
    }
}

static void collectors(uint64_t *digest, int seed)
{
    weir_kpa_collector *collector = fresh_block();
    weir_kpa_config config;
    weir_kpa_collector_config meaning;
    struct kpa_life life;
    struct kpa_event e;

    random_kpa_life(&life, (uint64_t)seed);
    random_kpa_config(&life.rng, &config);
    must(weir_kpa_resolve(&config, &meaning, NULL) == WEIR_OK, "resolving", seed);
    must(weir_kpa_collector_init(collector, BLOCK_BYTES, &meaning, NULL) == WEIR_OK, "a collector",
         seed);
    for (int step = 0; step < STEPS; step++) {
        random_kpa_event(&life, 1, &e);
        for (uint32_t i = 0; i < e.stat_count; i++) {
            mix(digest, (uint64_t)weir_kpa_collector_record(collector, e.stat_at[i], &e.stats[i]));
        }
        for (int32_t metric = WEIR_KPA_CONCURRENCY; metric <= WEIR_KPA_RPS; metric++) {
            weir_kpa_averages averages = {0, 0};

            mix(digest, (uint64_t)weir_kpa_collector_read(collector, metric, e.now, &averages));
            mix_double(digest, averages.stable);
            mix_double(digest, averages.panic);
        }
        mix(digest, (uint64_t)weir_kpa_collector_next(collector, e.now));
    }
}

/* A decider on averages of its own: hostile numbers too, which no collector would give it. */
static void deciders(uint64_t *digest, int seed)
{
    static const double hostile[] = {-0.0, -1, 1e18, 1e308, 4.9e-324};
    weir_kpa_decider *decider = fresh_block();
    weir_kpa_config config;
    weir_kpa_decider_config meaning;
    weir_kpa_decider_input input;
    struct rng r = {(uint64_t)seed};
    weir_time now = RANDOM_KPA_START;

    random_kpa_config(&r, &config);
    must(weir_kpa_resolve(&config, NULL, &meaning) == WEIR_OK, "resolving", seed);
    must(weir_kpa_decider_init(decider, BLOCK_BYTES, &meaning, rng_int(&r, 0, 4), now, NULL) ==
             WEIR_OK,
         "a decider", seed);
    weir_kpa_decider_input_init(&input, sizeof input);
    for (int step = 0; step < STEPS; step++) {
        weir_decision decision;
        weir_explain explain;
        weir_status status;

        weir_decision_init(&decision, sizeof decision);
        weir_explain_init(&explain, sizeof explain);
        now += rng_int(&r, 0, 5 * WEIR_SECOND);
        input.ready = rng_int(&r, 0, 40);
        input.stable = rng_real(&r, 0, 500);
        input.panic = rng_one_in(&r, 4) ? rng_real(&r, 0, 5000) : input.stable;
        if (rng_one_in(&r, 30)) {
            input.stable = hostile[rng_int(&r, 0, sizeof hostile / sizeof hostile[0] - 1)];
        }
        input.metric_status = rng_one_in(&r, 20) ? WEIR_NO_DATA : WEIR_OK;
        status = weir_kpa_decider_decide(decider, &input, now, &decision, &explain);
        mix_answer(digest, status, &decision, &explain);
    }
}

/* Revisions, with and without their reconcilers, moved through a snapshot now and then. */
static void revisions(uint64_t *digest, int seed)
{
    weir_kpa *kpa = fresh_block();
    weir_kpa_config config;
    weir_kpa_reconcile_input cluster;
    struct kpa_life life;
    struct kpa_event e;
    int32_t wanted = 0;

    random_kpa_life(&life, (uint64_t)seed);
    random_kpa_config(&life.rng, &config);
    random_kpa_bounds(&life.rng, &config);
    must(weir_kpa_init(kpa, BLOCK_BYTES, &config, 0, life.now, NULL) == WEIR_OK, "a revision",
         seed);
    for (int step = 0; step < STEPS; step++) {
        weir_decision decision;
        weir_explain explain;
        weir_status status;

        weir_decision_init(&decision, sizeof decision);
        weir_explain_init(&explain, sizeof explain);
        random_kpa_event(&life, wanted, &e);
        for (uint32_t i = 0; i < e.stat_count; i++) {
            mix(digest, (uint64_t)weir_kpa_record(kpa, e.stat_at[i], &e.stats[i]));
        }
        if (seed % 2) {
            random_kpa_cluster(&life.rng, e.now, e.ready, e.reachable, wanted, &cluster);
            status = weir_kpa_step(kpa, &cluster, e.now, &decision, &explain);
        } else {
            status = weir_kpa_decide(kpa, e.ready, e.reachable, e.now, &decision, &explain);
        }
        mix_answer(digest, status, &decision, &explain);
        wanted = decision.valid ? decision.replicas : wanted;
        if (step % 50 == 49) {
            size_t length = 0;

            must(weir_kpa_save(kpa, snapshot, sizeof snapshot, &length) == WEIR_OK, "saving", seed);
            /* Portable, byte by byte; but for the digest of the configuration, which changes with
             * every setting that weir learns, and the checksum over it. */
            for (size_t i = 24; i < length - 4; i++) {
                mix(digest, snapshot[i]);
            }
            must(weir_kpa_load(kpa, snapshot, length, NULL) == WEIR_OK, "loading", seed);
        }
    }
}

static void mix_proposals(uint64_t *digest, const weir_hpa *hpa)
{
    weir_hpa_proposal p;

    weir_hpa_proposal_init(&p, sizeof p);
    for (uint32_t i = 0; weir_hpa_get_proposal(hpa, i, &p, sizeof p) == WEIR_OK; i++) {
        mix(digest, (uint64_t)p.replicas);
        mix(digest, (uint64_t)p.utilization);
        mix(digest, (uint64_t)p.usage);
        mix_double(digest, p.ratio);
        mix_double(digest, p.filled_ratio);
    }
}

/* Whole HPAs, moved through a snapshot now and then. */
static void hpas(uint64_t *digest, int seed)
{
    static struct hpa_event e;
    weir_hpa *hpa = fresh_block();
    weir_hpa_config config;
    struct hpa_life life;
    int32_t wanted = -1;

    random_hpa_life(&life, (uint64_t)seed);
    random_hpa_config(&life.rng, &config);
    must(weir_hpa_init(hpa, BLOCK_BYTES, &config, life.now, NULL) == WEIR_OK, "an HPA", seed);
    for (int step = 0; step < STEPS; step++) {
        weir_decision decision;
        weir_explain explain;
        weir_status status;

        weir_decision_init(&decision, sizeof decision);
        weir_explain_init(&explain, sizeof explain);
        random_hpa_event(&life, &config, wanted, &e);
        status = weir_hpa_decide(hpa, &e.input, e.now, &decision, &explain);
        mix_answer(digest, status, &decision, &explain);
        mix_proposals(digest, hpa);
        wanted = (decision.flags & WEIR_FLAG_APPLY) != 0 ? decision.replicas : -1;
        if (step % 50 == 49) {
            size_t length = 0;

            must(weir_hpa_save(hpa, snapshot, sizeof snapshot, &length) == WEIR_OK, "saving", seed);
            for (size_t i = 24; i < length - 4; i++) { /* as of a revision */
                mix(digest, snapshot[i]);
            }
            must(weir_hpa_load(hpa, snapshot, length, NULL) == WEIR_OK, "loading", seed);
        }
    }
}

/* Whole ScaledObjects, moved through a snapshot now and then. */
static void scaled_objects(uint64_t *digest, int seed)
{
    weir_keda *keda = fresh_block();
    struct keda_life life;

    memset(&life, 0, sizeof life);
    life.rng.state = (uint64_t)seed;
    random_keda_config(&life.rng, &life.config);
    must(weir_keda_init(keda, BLOCK_BYTES, &life.config, 0, NULL) == WEIR_OK, "a ScaledObject",
         seed);
    weir_keda_input_init(&life.in, sizeof life.in);
    life.in.readings = life.readings;
    life.in.reading_count = life.config.trigger_count;
    for (int step = 0; step < STEPS; step++) {
        weir_decision decision;
        weir_explain explain;
        weir_status status;

        weir_decision_init(&decision, sizeof decision);
        weir_explain_init(&explain, sizeof explain);
        random_keda_event(&life);
        status = weir_keda_decide(keda, &life.in, life.now, &decision, &explain);
        mix_answer(digest, status, &decision, &explain);
        life.in.replicas = decision.valid ? decision.replicas : life.in.replicas;
        if (step % 50 == 49) {
            size_t length = 0;

            must(weir_keda_save(keda, snapshot, sizeof snapshot, &length) == WEIR_OK, "saving",
                 seed);
            for (size_t i = 24; i < length - 4; i++) { /* as of a revision */
                mix(digest, snapshot[i]);
            }
            must(weir_keda_load(keda, snapshot, length, NULL) == WEIR_OK, "loading", seed);
        }
    }
}

int main(void)
{
    static const char *const names[] = {"linear",   "weighted", "collector", "decider",
                                        "revision", "hpa",      "keda"};
    enum { PARTS = sizeof names / sizeof names[0] };
    uint64_t parts[PARTS], all = DIGEST_EMPTY;

    for (int part = 0; part < PARTS; part++) {
        parts[part] = DIGEST_EMPTY;
    }
    for (int seed = 1; seed <= SEEDS; seed++) {
        windows(&parts[0], seed, WEIR_WINDOW_LINEAR);
        windows(&parts[1], seed, WEIR_WINDOW_WEIGHTED);
        collectors(&parts[2], seed);
        deciders(&parts[3], seed);
        revisions(&parts[4], seed);
        hpas(&parts[5], seed);
        scaled_objects(&parts[6], seed);
    }
    for (int part = 0; part < PARTS; part++) {
        /* A branch on the number, since that is what the memory sanitizer reports. */
        must(parts[part] != 0, names[part], 0);
        printf("%-9s %016" PRIx64 "\n", names[part], parts[part]);
        mix(&all, parts[part]);
    }
    printf("all       %016" PRIx64 "\n", all);
    free(block);
    return 0;
}
