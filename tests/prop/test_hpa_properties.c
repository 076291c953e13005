/*
 * What must hold for every HPA and every life: random specs, pods and metrics of many seeds,
 * through the public functions only. A failure names its seed and its step.
 */
#include "life.h"
#include "random_hpa.h"

#include <weir/weir.h>

enum { SEEDS = 120, STEPS = 120 };

struct life {
    weir_hpa_config config;
    struct hpa_life random;
    struct hpa_event event;
    weir_hpa *hpa;
    size_t bytes;
    int32_t wanted;
    int seed;
};

struct answer {
    weir_status status;
    weir_decision decision;
    weir_explain explain;
};

static weir_hpa *hpa_of(const weir_hpa_config *config, size_t *bytes)
{
    weir_error error = {0};
    weir_hpa *hpa;

    if (weir_hpa_bytes(config, bytes, &error) != WEIR_OK) {
        fail_msg("%s: %s", error.path, error.message);
    }
    hpa = block_of(*bytes);
    assert_int_equal(weir_hpa_init(hpa, *bytes, config, RANDOM_HPA_START, NULL), WEIR_OK);
    return hpa;
}

static void begin(struct life *l, int seed)
{
    l->seed = seed;
    random_hpa_life(&l->random, (uint64_t)seed);
    random_hpa_config(&l->random.rng, &l->config);
    l->hpa = hpa_of(&l->config, &l->bytes);
    l->wanted = -1;
}

static weir_hpa *fork_of(const struct life *l)
{
    weir_hpa *fork = block_of(l->bytes);

    memcpy(fork, l->hpa, l->bytes);
    return fork;
}

static void decide_at(weir_hpa *hpa, const struct life *l, weir_time now, int explained,
                      struct answer *a)
{
    memset(a, 0, sizeof *a);
    weir_decision_init(&a->decision, sizeof a->decision);
    weir_explain_init(&a->explain, sizeof a->explain);
    a->status =
        weir_hpa_decide(hpa, &l->event.input, now, &a->decision, explained ? &a->explain : NULL);
}

static int same_decision(const struct answer *a, const struct answer *b)
{
    return a->status == b->status && memcmp(&a->decision, &b->decision, sizeof a->decision) == 0;
}

/* Goes on with one event; some decisions cannot be written. */
static void go_on(struct life *l, int step, struct answer *a)
{
    decide_at(l->hpa, l, l->event.now, 1, a);
    check(a->status == WEIR_OK || a->status == WEIR_NO_DATA, l->seed, step);
    l->wanted = -1;
    if ((a->decision.flags & WEIR_FLAG_APPLY) != 0) {
        if (step % 17 == 0) {
            assert_int_equal(weir_hpa_write_failed(l->hpa), WEIR_OK);
        } else {
            l->wanted = a->decision.replicas;
        }
    }
}

static void next_event(struct life *l)
{
    random_hpa_event(&l->random, &l->config, l->wanted, &l->event);
}

static uint8_t *snapshot_of(const weir_hpa *hpa, size_t *length)
{
    uint8_t *buffer;

    assert_int_equal(weir_hpa_save(hpa, NULL, 0, length), WEIR_E_SPACE);
    buffer = block_of(*length);
    assert_int_equal(weir_hpa_save(hpa, buffer, *length, length), WEIR_OK);
    return buffer;
}

static void steps_chain_and_bounds_hold(void **state)
{
    struct answer a;
    int valid = 0, applied = 0, limited = 0, stabilized = 0, rules[128] = {0}, kinds = 0;

    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct life l;

        begin(&l, seed);
        for (int step = 0; step < STEPS; step++) {
            int32_t replicas;

            next_event(&l);
            go_on(&l, step, &a);
            replicas = a.decision.current;
            check(a.explain.count + a.explain.dropped == a.decision.step_count, seed, step);
            for (uint32_t i = 0; a.decision.valid && i < a.explain.count; i++) {
                check(a.explain.steps[i].before == replicas, seed, step);
                replicas = a.explain.steps[i].after;
                rules[a.explain.steps[i].rule]++;
            }
            check(!a.decision.valid || replicas == a.decision.replicas, seed, step);
            check((a.decision.flags & WEIR_FLAG_APPLY) == 0 ||
                      (a.decision.replicas >= 0 && a.decision.replicas != a.decision.current),
                  seed, step);
            valid += a.decision.valid;
            applied += (a.decision.flags & WEIR_FLAG_APPLY) != 0;
            limited += (a.decision.flags & WEIR_FLAG_RATE_LIMITED) != 0;
            stabilized += (a.decision.flags & WEIR_FLAG_STABILIZED) != 0;
        }
        free(l.hpa);
    }
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        kinds += rules[i] > 0;
    }
    /* The lives are varied enough for the properties to mean something. */
    assert_in_range(valid, SEEDS * STEPS / 4, SEEDS * STEPS - 1);
    assert_in_range(applied, SEEDS * STEPS / 50, SEEDS * STEPS / 2);
    assert_true(limited > 100 && stabilized > 100);
    assert_in_range(kinds, 20, 128);
}

static void explaining_changes_nothing(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct life l;

        begin(&l, seed);
        for (int step = 0; step < STEPS; step++) {
            struct answer with, without;
            weir_hpa *fork = fork_of(&l);

            next_event(&l);
            decide_at(fork, &l, l.event.now, 0, &without);
            decide_at(l.hpa, &l, l.event.now, 1, &with);
            check(same_decision(&with, &without), seed, step);
            check(memcmp(fork, l.hpa, l.bytes) == 0, seed, step);
            memcpy(l.hpa, fork, l.bytes);
            l.wanted = with.decision.flags & WEIR_FLAG_APPLY ? with.decision.replicas : -1;
            free(fork);
        }
        free(l.hpa);
    }
}

/* Everything here is refused, and leaves the block as it was, byte by byte. */
static void errors_change_nothing(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct life l;
        struct rng rng = {(uint64_t)seed + 1000};
        weir_time seen = INT64_MIN;

        begin(&l, seed);
        for (int step = 0; step < STEPS; step++) {
            struct answer a;
            weir_hpa *before = fork_of(&l);
            size_t length, at;
            uint8_t *snapshot = snapshot_of(l.hpa, &length);

            next_event(&l);
            l.event.input.scale_status = WEIR_OK; /* else nobody looks at the rest */
            l.event.input.selector = WEIR_SELECTOR_FINE;
            l.event.input.reading_count++;
            decide_at(l.hpa, &l, l.event.now, 1, &a);
            check(a.status == WEIR_E_RANGE, seed, step);
            l.event.input.reading_count--;
            l.event.readings[0].status = WEIR_OK;
            l.event.readings[0].first = 1000000;
            l.event.readings[0].count = 1;
            decide_at(l.hpa, &l, l.event.now, 1, &a);
            check(a.status == WEIR_E_RANGE, seed, step);
            if (seen > INT64_MIN) {
                decide_at(l.hpa, &l, seen - 1, 1, &a);
                check(a.status < 0, seed, step);
            }
            at = (size_t)rng_int(&rng, 0, (int64_t)length - 1);
            check(weir_hpa_load(l.hpa, snapshot, at, NULL) < 0, seed, step);
            snapshot[at] ^= (uint8_t)(1U << rng_int(&rng, 0, 7));
            check(weir_hpa_load(l.hpa, snapshot, length, NULL) < 0, seed, step);
            check(memcmp(before, l.hpa, l.bytes) == 0, seed, step);
            free(snapshot);
            free(before);
            next_event(&l);
            go_on(&l, step, &a);
            seen = l.event.now;
        }
        free(l.hpa);
    }
}

static void a_loaded_snapshot_decides_the_same(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct life l;

        begin(&l, seed);
        for (int step = 0; step < STEPS; step++) {
            struct answer a, b;
            size_t bytes, length, again;
            weir_hpa *copy = hpa_of(&l.config, &bytes);
            uint8_t *one = snapshot_of(l.hpa, &length), *other;

            check(weir_hpa_load(copy, one, length, NULL) == WEIR_OK, seed, step);
            other = snapshot_of(copy, &again);
            check(length == again && memcmp(one, other, length) == 0, seed, step);
            free(other);
            free(one);
            next_event(&l);
            decide_at(copy, &l, l.event.now, 1, &b);
            go_on(&l, 1, &a);
            check(same_decision(&a, &b), seed, step);
            check(memcmp(&a.explain, &b.explain, sizeof a.explain) == 0, seed, step);
            one = snapshot_of(l.hpa, &length);
            other = snapshot_of(copy, &again);
            check(length == again && memcmp(one, other, length) == 0, seed, step);
            free(other);
            free(one);
            free(copy);
        }
        free(l.hpa);
    }
}

static void nothing_changes_before_next(void **state)
{
    int sampled = 0;

    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct life l;
        struct rng rng = {(uint64_t)seed + 2000};

        begin(&l, seed);
        for (int step = 0; step < STEPS; step++) {
            struct answer a, b;
            weir_duration room;

            next_event(&l);
            go_on(&l, 1, &a);
            check(a.decision.at == l.event.now, seed, step);
            check(a.decision.next > l.event.now, seed, step);
            room = a.decision.next == WEIR_TIME_NEVER ? 7200 * WEIR_SECOND
                                                      : a.decision.next - l.event.now;
            if (l.wanted >= 0) {
                continue; /* the target is another one now */
            }
            for (int i = 0; room > 1 && i < 4; i++) {
                weir_hpa *fork = fork_of(&l);
                weir_duration later = i == 0 ? room - 1 : rng_int(&rng, 1, room - 1);

                decide_at(fork, &l, l.event.now + later, 0, &b);
                check(a.decision.valid == b.decision.valid, seed, step);
                check(a.decision.replicas == b.decision.replicas, seed, step);
                sampled++;
                free(fork);
            }
        }
        free(l.hpa);
    }
    assert_true(sampled > SEEDS * STEPS);
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, steps_chain_and_bounds_hold);
    SUITE_TEST(&suite, explaining_changes_nothing);
    SUITE_TEST(&suite, errors_change_nothing);
    SUITE_TEST(&suite, a_loaded_snapshot_decides_the_same);
    SUITE_TEST(&suite, nothing_changes_before_next);
    return suite_run(&suite, "hpa properties");
}
