/*
 * What must hold for a whole revision, whatever its load and its cluster do: it is the sum of its
 * parts, and its pods stay within their bounds. A failure names its seed and its step.
 */
#include "life.h"
#include "random_kpa.h"

#include <weir/weir.h>

enum { SEEDS = 200, STEPS = 150 };

static void *revision_of(const weir_kpa_config *config)
{
    size_t bytes;
    void *kpa;

    assert_int_equal(weir_kpa_bytes(config, &bytes, NULL), WEIR_OK);
    kpa = block_of(bytes);
    assert_int_equal(weir_kpa_init(kpa, bytes, config, 0, RANDOM_KPA_START, NULL), WEIR_OK);
    return kpa;
}

/* ---- the parts, wired by hand --------------------------------------------------------------- */

/* The machines one by one, with the plainest wiring that does what controller.go does. */
struct parts {
    weir_kpa_config config;
    weir_kpa_collector *collector;
    weir_kpa_decider *decider;
    weir_kpa_reconciler_state reconciler;
    weir_kpa_reconcile_input seen;
    weir_time requeue_at;
    int poked;
    int32_t replicas;
};

static void make_parts(struct parts *p, const weir_kpa_config *config)
{
    weir_kpa_collector_config collector;
    weir_kpa_decider_config decider;
    size_t bytes;

    memset(p, 0, sizeof *p);
    p->config = *config;
    weir_kpa_collector_config_init(&collector, sizeof collector);
    weir_kpa_decider_config_init(&decider, sizeof decider);
    assert_int_equal(weir_kpa_resolve(config, &collector, &decider), WEIR_OK);
    assert_int_equal(weir_kpa_collector_bytes(&collector, &bytes, NULL), WEIR_OK);
    p->collector = block_of(bytes);
    assert_int_equal(weir_kpa_collector_init(p->collector, bytes, &collector, NULL), WEIR_OK);
    assert_int_equal(weir_kpa_decider_bytes(&decider, &bytes, NULL), WEIR_OK);
    p->decider = block_of(bytes);
    assert_int_equal(weir_kpa_decider_init(p->decider, bytes, &decider, 0, RANDOM_KPA_START, NULL),
                     WEIR_OK);
    weir_kpa_reconciler_init(&p->reconciler, sizeof p->reconciler);
    weir_kpa_reconcile_input_init(&p->seen, sizeof p->seen);
    p->requeue_at = RANDOM_KPA_START;
}

static void free_parts(struct parts *p)
{
    free(p->collector);
    free(p->decider);
}

static void record_parts(struct parts *p, const struct kpa_event *e)
{
    for (uint32_t i = 0; i < e->stat_count; i++) {
        weir_kpa_status status;

        assert_int_equal(weir_kpa_collector_record(p->collector, e->stat_at[i], &e->stats[i]),
                         WEIR_OK);
        weir_kpa_decider_status(p->decider, &status, sizeof status);
        p->poked |= status.desired == 0 && e->stats[i].average_concurrent_requests != 0.0;
    }
}

/* 1 when the reconciler was informed. */
static int scale_parts(struct parts *p, const weir_kpa_reconcile_input *cluster, weir_time now)
{
    weir_kpa_status status;
    weir_kpa_decider_input input;
    weir_kpa_averages averages = {0, 0};
    weir_kpa_decider_config decider;
    weir_decision d;

    weir_kpa_decider_status(p->decider, &status, sizeof status);
    if (!p->poked && now < status.next_tick) {
        return 0;
    }
    weir_kpa_decider_config_init(&decider, sizeof decider);
    weir_kpa_resolve(&p->config, NULL, &decider);
    decider.reachable = !cluster->unreachable;
    assert_int_equal(weir_kpa_decider_update(p->decider, &decider, NULL), WEIR_OK);
    weir_kpa_decider_input_init(&input, sizeof input);
    input.ready = cluster->ready;
    input.ready_status = cluster->ready < 0 ? WEIR_E_IO : WEIR_OK;
    input.metric_status = weir_kpa_collector_read(p->collector, p->config.metric, now, &averages);
    input.stable = averages.stable;
    input.panic = averages.panic;
    weir_decision_init(&d, sizeof d);
    if (weir_kpa_decider_tick(p->decider, &input, now, &d, NULL) == WEIR_NOT_DUE) {
        weir_kpa_decider_decide(p->decider, &input, now, &d, NULL);
    }
    p->poked = 0;
    return (d.flags & WEIR_FLAG_CHANGED) != 0;
}

static int is_new(const weir_kpa_reconcile_input *a, const weir_kpa_reconcile_input *b)
{
    weir_kpa_reconcile_input x = *a, y = *b;

    x.desired = y.desired = 0;
    x.excess_burst_capacity = y.excess_burst_capacity = 0;
    x.replicas = y.replicas = 0;
    x.probe = y.probe = 0;
    return memcmp(&x, &y, sizeof x) != 0;
}

static void reconcile_parts(struct parts *p, const weir_kpa_reconcile_input *cluster, weir_time now,
                            weir_kpa_reconcile *out)
{
    weir_kpa_reconcile_input input = *cluster;
    weir_kpa_status status;

    weir_kpa_decider_status(p->decider, &status, sizeof status);
    input.desired = status.desired;
    input.excess_burst_capacity = status.excess_burst_capacity;
    p->requeue_at = p->requeue_at <= now ? WEIR_TIME_NEVER : p->requeue_at;
    for (int round = 0; round < 8; round++) {
        weir_kpa_reconciler_state before = p->reconciler;

        input.replicas = p->replicas;
        assert_int_equal(
            weir_kpa_reconcile_step(&p->config, &p->reconciler, &input, now, out, NULL), WEIR_OK);
        p->replicas = out->patch != WEIR_KPA_ABSENT ? out->patch : p->replicas;
        for (int32_t i = 0; i < out->requeue_count; i++) {
            weir_time at = now + out->requeue_after[i];

            p->requeue_at = at < p->requeue_at ? at : p->requeue_at;
        }
        if (out->async_probe && now + 2 * WEIR_SECOND < p->requeue_at) {
            p->requeue_at = now + 2 * WEIR_SECOND;
        }
        if (memcmp(&before, &p->reconciler, sizeof before) == 0) {
            break;
        }
    }
    p->seen = input;
}

static void step_parts(struct parts *p, const weir_kpa_reconcile_input *cluster, weir_time now,
                       weir_kpa_reconcile *out)
{
    weir_kpa_status status;
    int ticks, informed;

    weir_kpa_decider_status(p->decider, &status, sizeof status);
    ticks = p->poked || now >= status.next_tick;
    informed = scale_parts(p, cluster, now);
    if (cluster->ready >= 0 &&
        (!ticks || informed || p->requeue_at <= now || is_new(&p->seen, cluster))) {
        reconcile_parts(p, cluster, now, out);
    }
}

static void the_whole_is_the_sum_of_its_parts(void **state)
{
    int64_t patches = 0, to_zero = 0, serves = 0, timeouts = 0;

    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct kpa_life life;
        struct kpa_event e;
        struct parts p;
        weir_kpa_config config;
        weir_kpa_reconcile_input cluster;
        weir_kpa_reconcile a, b;
        weir_decision d;
        weir_explain why;
        weir_kpa *kpa;

        random_kpa_life(&life, (uint64_t)seed);
        random_kpa_config(&life.rng, &config);
        random_kpa_bounds(&life.rng, &config);
        kpa = revision_of(&config);
        weir_explain_init(&why, sizeof why);
        make_parts(&p, &config);
        memset(&b, 0, sizeof b);
        weir_decision_init(&d, sizeof d);
        for (int step = 0; step < STEPS; step++) {
            random_kpa_event(&life, p.replicas, &e);
            record_parts(&p, &e);
            for (uint32_t i = 0; i < e.stat_count; i++) {
                check(weir_kpa_record(kpa, e.stat_at[i], &e.stats[i]) == WEIR_OK, seed, step);
            }
            random_kpa_cluster(&life.rng, e.now, e.ready, e.reachable, p.replicas, &cluster);
            check(weir_kpa_step(kpa, &cluster, e.now, &d, &why) >= WEIR_OK, seed, step);
            for (uint32_t i = 0; i < why.count; i++) {
                timeouts += why.steps[i].rule == WEIR_RULE_KPA_ACTIVATION_TIMEOUT;
            }
            patches += d.replicas != p.replicas;
            to_zero += d.replicas == 0 && p.replicas > 0;
            step_parts(&p, &cluster, e.now, &b);
            check(d.replicas == p.replicas, seed, step);
            if (weir_kpa_get_reconcile(kpa, &a, sizeof a) == WEIR_OK) {
                check(memcmp(&a, &b, sizeof a) == 0, seed, step);
                serves += a.mode == WEIR_KPA_SERVE;
            }
            check(memcmp(weir_kpa_get_reconciler(kpa), &p.reconciler, sizeof p.reconciler) == 0,
                  seed, step);
        }
        free_parts(&p);
        free(kpa);
    }
    /* The lives are varied enough for this to mean something. */
    assert_true(patches > 1000 && to_zero > 40 && serves > 1000 && timeouts > 10);
}

/* ---- bounds --------------------------------------------------------------------------------- */

/* What a change of the deployment may come to. */
static void check_change(const weir_kpa_config *config, const weir_kpa_reconcile_input *cluster,
                         const weir_kpa_reconciler_state *before, const weir_decision *d, int seed,
                         int step)
{
    int32_t min, max, start = before->initialized ? 0 : config->initial_scale;

    weir_kpa_scale_bounds(config, cluster->unreachable, &min, &max);
    check(d->flags & WEIR_FLAG_APPLY, seed, step);
    check(cluster->has_private_service && cluster->ready >= 0, seed, step);
    check(d->replicas >= min, seed, step);
    check(max == 0 || d->replicas <= (start > max ? start : max), seed, step);
    if (d->replicas == 0) {
        check(min == 0 && config->enable_scale_to_zero, seed, step);
        /* The activator answers, or the pods never became ready. */
        check(config->target_burst_capacity == -1 || cluster->probe == WEIR_KPA_PROBE_OK ||
                  before->active == WEIR_CONDITION_UNKNOWN,
              seed, step);
    }
}

static void changes_stay_within_bounds(void **state)
{
    int64_t changes = 0, at_min = 0, at_max = 0;

    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct kpa_life life;
        struct kpa_event e;
        weir_kpa_config config;
        weir_kpa_reconcile_input cluster;
        weir_decision d;
        weir_kpa *kpa;
        int32_t replicas = 0;

        random_kpa_life(&life, (uint64_t)seed);
        random_kpa_config(&life.rng, &config);
        random_kpa_bounds(&life.rng, &config);
        kpa = revision_of(&config);
        weir_decision_init(&d, sizeof d);
        for (int step = 0; step < STEPS; step++) {
            weir_kpa_reconciler_state before = *weir_kpa_get_reconciler(kpa);

            random_kpa_event(&life, replicas, &e);
            for (uint32_t i = 0; i < e.stat_count; i++) {
                weir_kpa_record(kpa, e.stat_at[i], &e.stats[i]);
            }
            random_kpa_cluster(&life.rng, e.now, e.ready, e.reachable, replicas, &cluster);
            check(weir_kpa_step(kpa, &cluster, e.now, &d, NULL) >= WEIR_OK, seed, step);
            check(d.current == replicas, seed, step);
            if (d.replicas != replicas) {
                check_change(&config, &cluster, &before, &d, seed, step);
                changes++;
            } else {
                check(!(d.flags & WEIR_FLAG_APPLY), seed, step);
            }
            at_min += (d.flags & WEIR_FLAG_AT_MIN) != 0;
            at_max += (d.flags & WEIR_FLAG_AT_MAX) != 0;
            replicas = d.replicas;
        }
        free(kpa);
    }
    assert_true(changes > 1000 && at_min > 500 && at_max > 500);
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, the_whole_is_the_sum_of_its_parts);
    SUITE_TEST(&suite, changes_stay_within_bounds);
    return suite_run(&suite, "kpa revision properties");
}
