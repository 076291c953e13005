/*
 * What must hold for every revision and every load: random lives of many seeds, through the public
 * functions only. A failure names its seed and its step.
 */
#include "life.h"
#include "random_kpa.h"

#include <weir/weir.h>

enum { SEEDS = 60, STEPS = 150 };

struct revision {
    weir_kpa_config config;
    weir_kpa *kpa;
    size_t bytes;
    int32_t wanted;
    int whole; /* 1: driven by weir_kpa_step(), 0: by weir_kpa_decide() */
};

struct answer {
    weir_status status;
    weir_decision decision;
    weir_explain explain;
};

static weir_kpa *kpa_of(const weir_kpa_config *config, size_t *bytes)
{
    weir_error error = {0};
    weir_kpa *kpa;

    if (weir_kpa_bytes(config, bytes, &error) != WEIR_OK) {
        fail_msg("%s: %s", error.path, error.message);
    }
    kpa = block_of(*bytes);
    assert_int_equal(weir_kpa_init(kpa, *bytes, config, 0, RANDOM_KPA_START, NULL), WEIR_OK);
    return kpa;
}

static void begin(struct revision *r, struct kpa_life *life, int seed)
{
    random_kpa_life(life, (uint64_t)seed);
    random_kpa_config(&life->rng, &r->config);
    random_kpa_bounds(&life->rng, &r->config);
    r->whole = seed % 2;
    r->kpa = kpa_of(&r->config, &r->bytes);
    r->wanted = 0;
}

static weir_kpa *fork_of(const struct revision *r)
{
    weir_kpa *fork = block_of(r->bytes);

    memcpy(fork, r->kpa, r->bytes);
    return fork;
}

static void record(weir_kpa *kpa, const struct kpa_event *e)
{
    for (uint32_t i = 0; i < e->stat_count; i++) {
        assert_int_equal(weir_kpa_record(kpa, e->stat_at[i], &e->stats[i]), WEIR_OK);
    }
}

static void decide_at(const struct revision *r, weir_kpa *kpa, const struct kpa_event *e,
                      weir_time now, int explained, struct answer *a)
{
    weir_explain *explain = explained ? &a->explain : NULL;
    weir_kpa_reconcile_input cluster;
    struct rng rng = {(uint64_t)e->now};

    memset(a, 0, sizeof *a);
    weir_decision_init(&a->decision, sizeof a->decision);
    weir_explain_init(&a->explain, sizeof a->explain);
    if (r->whole) {
        random_kpa_cluster(&rng, e->now, e->ready, e->reachable, r->wanted, &cluster);
        a->status = weir_kpa_step(kpa, &cluster, now, &a->decision, explain);
    } else {
        a->status = weir_kpa_decide(kpa, e->ready, e->reachable, now, &a->decision, explain);
    }
}

static int same_decision(const struct answer *a, const struct answer *b)
{
    return a->status == b->status && memcmp(&a->decision, &b->decision, sizeof a->decision) == 0;
}

/* Goes on with one event. */
static void go_on(struct revision *r, const struct kpa_event *e, struct answer *a)
{
    record(r->kpa, e);
    decide_at(r, r->kpa, e, e->now, 1, a);
    assert_true(a->status == WEIR_OK || a->status == WEIR_NO_DATA);
    if (a->decision.valid) {
        r->wanted = a->decision.replicas;
    }
}

static uint8_t *snapshot_of(const weir_kpa *kpa, size_t *length)
{
    uint8_t *buffer;

    assert_int_equal(weir_kpa_save(kpa, NULL, 0, length), WEIR_E_SPACE);
    buffer = block_of(*length);
    assert_int_equal(weir_kpa_save(kpa, buffer, *length, length), WEIR_OK);
    return buffer;
}

static void steps_chain(void **state)
{
    struct answer a;
    int valid = 0, panicked = 0, limited = 0, stabilized = 0;

    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct revision r;
        struct kpa_life life;
        struct kpa_event e;

        begin(&r, &life, seed);
        for (int step = 0; step < STEPS; step++) {
            int32_t replicas;

            random_kpa_event(&life, r.wanted, &e);
            go_on(&r, &e, &a);
            replicas = a.decision.current;
            check(a.explain.count + a.explain.dropped == a.decision.step_count, seed, step);
            for (uint32_t i = 0; a.decision.valid && i < a.explain.count; i++) {
                check(a.explain.steps[i].before == replicas, seed, step);
                replicas = a.explain.steps[i].after;
            }
            check(!a.decision.valid || replicas == a.decision.replicas, seed, step);
            valid += a.decision.valid;
            panicked += (a.decision.flags & WEIR_FLAG_PANIC) != 0;
            limited += (a.decision.flags & WEIR_FLAG_RATE_LIMITED) != 0;
            stabilized += (a.decision.flags & WEIR_FLAG_STABILIZED) != 0;
        }
        free(r.kpa);
    }
    /* The lives are varied enough for the properties to mean something. */
    assert_in_range(valid, SEEDS * STEPS / 4, SEEDS * STEPS - 1);
    assert_in_range(panicked, 200, SEEDS * STEPS - 200);
    assert_true(limited > 50 && stabilized > 50);
}

static void explaining_changes_nothing(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct revision r;
        struct kpa_life life;
        struct kpa_event e;
        struct answer with, without;

        begin(&r, &life, seed);
        for (int step = 0; step < STEPS; step++) {
            weir_kpa *fork = fork_of(&r);

            random_kpa_event(&life, r.wanted, &e);
            record(fork, &e);
            decide_at(&r, fork, &e, e.now, 0, &without);
            go_on(&r, &e, &with);
            check(same_decision(&with, &without), seed, step);
            check(memcmp(fork, r.kpa, r.bytes) == 0, seed, step);
            free(fork);
        }
        free(r.kpa);
    }
}

/* Everything here is refused, and leaves the block as it was, byte by byte. */
static void check_refusals(struct revision *r, const struct kpa_event *e, struct rng *rng, int seed,
                           int step)
{
    weir_kpa *before = fork_of(r);
    weir_kpa_stat stat = {1, 0, 1, 0};
    weir_decision small, good;
    weir_explain explain;
    size_t length, at;
    uint8_t *snapshot = snapshot_of(r->kpa, &length);

    weir_decision_init(&small, sizeof small);
    weir_decision_init(&good, sizeof good);
    weir_explain_init(&explain, sizeof explain);
    small.struct_size = 3;
    explain.struct_size = 5;
    check(weir_kpa_decide(r->kpa, e->ready, 1, e->now, NULL, NULL) < 0, seed, step);
    check(weir_kpa_decide(r->kpa, e->ready, 1, e->now, &small, NULL) < 0, seed, step);
    check(weir_kpa_decide(r->kpa, e->ready, 1, e->now, &good, &explain) < 0, seed, step);
    check(weir_kpa_record(r->kpa, e->now, NULL) < 0, seed, step);
    check(weir_kpa_record(NULL, e->now, &stat) < 0, seed, step);
    at = (size_t)rng_int(rng, 0, (int64_t)length - 1);
    check(weir_kpa_load(r->kpa, snapshot, at, NULL) < 0, seed, step);
    snapshot[at] ^= (uint8_t)(1U << rng_int(rng, 0, 7));
    check(weir_kpa_load(r->kpa, snapshot, length, NULL) < 0, seed, step);
    check(memcmp(before, r->kpa, r->bytes) == 0, seed, step);
    free(snapshot);
    free(before);
}

static void errors_change_nothing(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct revision r;
        struct kpa_life life;
        struct kpa_event e;
        struct answer a;
        struct rng rng = {(uint64_t)seed + 1000};

        begin(&r, &life, seed);
        for (int step = 0; step < STEPS; step++) {
            weir_kpa *before;

            random_kpa_event(&life, r.wanted, &e);
            check_refusals(&r, &e, &rng, seed, step);
            go_on(&r, &e, &a);
            /* Time that goes back far is refused by a delay window, and by nothing else. */
            before = fork_of(&r);
            decide_at(&r, r.kpa, &e, e.now - 7200 * WEIR_SECOND, 1, &a);
            check(a.status >= 0 || memcmp(before, r.kpa, r.bytes) == 0, seed, step);
            memcpy(r.kpa, before, r.bytes);
            free(before);
        }
        free(r.kpa);
    }
}

static void a_loaded_snapshot_decides_the_same(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct revision r;
        struct kpa_life life;
        struct kpa_event e;
        struct answer a, b;

        begin(&r, &life, seed);
        for (int step = 0; step < STEPS; step++) {
            size_t bytes, length, again;
            weir_kpa *copy = kpa_of(&r.config, &bytes);
            uint8_t *one = snapshot_of(r.kpa, &length), *other;

            check(weir_kpa_load(copy, one, length, NULL) == WEIR_OK, seed, step);
            free(one);
            random_kpa_event(&life, r.wanted, &e);
            record(copy, &e);
            decide_at(&r, copy, &e, e.now, 1, &b);
            go_on(&r, &e, &a);
            check(same_decision(&a, &b), seed, step);
            check(memcmp(&a.explain, &b.explain, sizeof a.explain) == 0, seed, step);
            one = snapshot_of(r.kpa, &length);
            other = snapshot_of(copy, &again);
            check(length == again && memcmp(one, other, length) == 0, seed, step);
            free(other);
            free(one);
            free(copy);
        }
        free(r.kpa);
    }
}

static void a_fork_lives_on_alone(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct revision r, moved;
        struct kpa_life life;
        struct kpa_event e;
        struct answer a, b;

        begin(&r, &life, seed);
        moved = r;
        moved.kpa = fork_of(&r);
        for (int step = 0; step < STEPS; step++) {
            weir_kpa *next;

            random_kpa_event(&life, r.wanted, &e);
            go_on(&r, &e, &a);
            go_on(&moved, &e, &b);
            check(same_decision(&a, &b), seed, step);
            /* The block moves on every step, and where it was is wiped. */
            next = fork_of(&moved);
            memset(moved.kpa, 0xa5, moved.bytes);
            free(moved.kpa);
            moved.kpa = next;
        }
        free(moved.kpa);
        free(r.kpa);
    }
}

/* Decides a copy again before `next`: at any time, or where it is driven as a whole at the times at
 * which it is due. */
static void check_before_next(const struct revision *r, const struct kpa_event *e,
                              const struct answer *a, weir_time when, int seed, int step)
{
    weir_kpa *fork = fork_of(r);
    struct answer b;

    if (!r->whole) {
        decide_at(r, fork, e, when, 0, &b);
        check(a->decision.valid == b.decision.valid, seed, step);
        check(a->decision.replicas == b.decision.replicas, seed, step);
    }
    for (int i = 0; r->whole && i < 20 && weir_kpa_due(fork) <= when; i++) {
        decide_at(r, fork, e, weir_kpa_due(fork), 0, &b);
        check(a->decision.replicas == b.decision.replicas, seed, step);
    }
    free(fork);
}

static void nothing_changes_before_next(void **state)
{
    int sampled = 0;

    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct revision r;
        struct kpa_life life;
        struct kpa_event e;
        struct answer a;
        struct rng rng = {(uint64_t)seed + 2000};

        begin(&r, &life, seed);
        for (int step = 0; step < STEPS; step++) {
            weir_duration room;

            random_kpa_event(&life, r.wanted, &e);
            go_on(&r, &e, &a);
            check(a.decision.at == e.now, seed, step);
            check(a.decision.next > e.now, seed, step);
            room =
                a.decision.next == WEIR_TIME_NEVER ? 7200 * WEIR_SECOND : a.decision.next - e.now;
            for (int i = 0; room > 1 && i < 4; i++) {
                weir_duration later = i == 0 ? room - 1 : rng_int(&rng, 1, room - 1);

                check_before_next(&r, &e, &a, e.now + later, seed, step);
                sampled++;
            }
        }
        free(r.kpa);
    }
    assert_true(sampled > SEEDS * STEPS);
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, steps_chain);
    SUITE_TEST(&suite, explaining_changes_nothing);
    SUITE_TEST(&suite, errors_change_nothing);
    SUITE_TEST(&suite, a_loaded_snapshot_decides_the_same);
    SUITE_TEST(&suite, a_fork_lives_on_alone);
    SUITE_TEST(&suite, nothing_changes_before_next);
    return suite_run(&suite, "kpa properties");
}
