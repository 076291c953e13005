/*
 * What must hold for every ScaledObject and every load: random lives of many seeds. A failure names
 * its seed and its step.
 */
#include "life.h"
#include "random_keda.h"

#include <weir/weir.h>

enum { SEEDS = 80, STEPS = 200 };

static void begin(struct keda_life *l, int seed)
{
    weir_error err = {0};

    memset(l, 0, sizeof *l);
    l->rng.state = (uint64_t)seed;
    random_keda_config(&l->rng, &l->config);
    if (weir_keda_bytes(&l->config, &l->bytes, &err) != WEIR_OK) {
        fail_msg("seed %d: %s: %s", seed, err.path, err.message);
    }
    l->keda = block_of(l->bytes);
    assert_int_equal(weir_keda_init(l->keda, l->bytes, &l->config, 0, &err), WEIR_OK);
    weir_keda_input_init(&l->in, sizeof l->in);
    l->in.readings = l->readings;
    l->in.reading_count = l->config.trigger_count;
    l->in.replicas = (int32_t)rng_int(&l->rng, 0, l->config.max_replicas);
    l->now = rng_int(&l->rng, 0, 1000) * WEIR_SECOND;
}

static void check_decision(const struct keda_life *l, const weir_decision *d,
                           const weir_explain *explain, int seed, int step)
{
    const weir_keda_config *c = &l->config;
    int32_t min = c->min_replicas > 0 ? c->min_replicas : 0;
    int to_zero_is_allowed =
        c->idle_replicas == 0 || (c->idle_replicas == WEIR_KEDA_UNSET && min == 0);

    check(d->replicas >= 0, seed, step);
    check(d->replicas <= c->max_replicas || d->replicas == l->in.replicas, seed, step);
    check(d->replicas > 0 || l->in.replicas == 0 || to_zero_is_allowed, seed, step);
    check(((d->flags & WEIR_FLAG_APPLY) != 0) || d->replicas == l->in.replicas, seed, step);
    check(explain->count > 0, seed, step);
    check(explain->steps[explain->count - 1].after == d->replicas, seed, step);
    for (uint32_t i = 1; i < explain->count; i++) {
        check(explain->steps[i].before == explain->steps[i - 1].after, seed, step);
    }
}

static void bounds_and_explanations_hold(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct keda_life l;

        begin(&l, seed);
        for (int step = 0; step < STEPS; step++) {
            weir_decision d, quiet;
            weir_explain explain;
            weir_keda *fork = block_of(l.bytes);

            random_keda_event(&l);
            memcpy(fork, l.keda, l.bytes);
            weir_decision_init(&d, sizeof d);
            weir_decision_init(&quiet, sizeof quiet);
            weir_explain_init(&explain, sizeof explain);
            weir_keda_decide(l.keda, &l.in, l.now, &d, &explain);
            weir_keda_decide(fork, &l.in, l.now, &quiet, NULL);
            check(memcmp(&d, &quiet, sizeof d) == 0, seed, step);
            check(memcmp(fork, l.keda, l.bytes) == 0, seed, step);
            check_decision(&l, &d, &explain, seed, step);
            l.in.replicas = d.replicas;
            free(fork);
        }
        free(l.keda);
    }
}

/* decide() is the poll and the sync that are due, no more and no less. */
static void the_whole_is_the_sum_of_its_parts(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct keda_life l;
        weir_decision d, part;
        int32_t polls;

        begin(&l, seed);
        for (int step = 0; step < STEPS; step++) {
            weir_keda *fork = block_of(l.bytes);
            weir_keda_input in;
            weir_keda_status due;

            random_keda_event(&l);
            memcpy(fork, l.keda, l.bytes);
            in = l.in;
            weir_decision_init(&d, sizeof d);
            weir_decision_init(&part, sizeof part);
            if (step == 0) {
                weir_keda_reconcile(fork, &in, l.now, &polls, &part, NULL);
            }
            weir_keda_get_status(fork, &due, sizeof due);
            if (l.now < due.next_poll && l.now < due.next_sync) {
                free(fork);
                continue;
            }
            weir_keda_decide(l.keda, &l.in, l.now, &d, NULL);
            if (l.now >= due.next_poll) {
                weir_keda_poll(fork, &in, l.now, &part, NULL);
                in.replicas = part.replicas;
            }
            if (l.now >= due.next_sync) {
                weir_keda_sync(fork, &in, l.now, &part, NULL);
                in.replicas = part.replicas;
            }
            check(in.replicas == d.replicas, seed, step);
            l.in.replicas = d.replicas;
            free(fork);
        }
        free(l.keda);
    }
}

int main(void)
{
    struct suite suite = {.count = 0};

    SUITE_TEST(&suite, bounds_and_explanations_hold);
    SUITE_TEST(&suite, the_whole_is_the_sum_of_its_parts);
    return suite_run(&suite, "keda properties");
}
