/* plant: pods that start and stop, against a list of single pods that does the same naively. */
#include "random.h"
#include "replay/plant.h"
#include "table.h"

#include <stdio.h>

#define S WEIR_SECOND

static void scaling_down_takes_starting_pods_first(void **state)
{
    struct weir__batch memory[8];
    struct weir__plant p = {.pod_start = 10, .pod_stop = 5};

    (void)state;
    p.starting.capacity = p.stopping.capacity = 4;
    weir__plant_begin(&p, memory, 0, 3);
    weir__plant_scale(&p, memory, 5);
    weir__plant_advance(&p, memory, 4);
    weir__plant_scale(&p, memory, 8);
    assert_true(p.ready == 3 && p.starting.pods == 5);
    weir__plant_scale(&p, memory, 4); /* three of the newest and one of the older batch */
    assert_true(p.ready == 3 && p.starting.pods == 1 && p.stopping.pods == 0);
    weir__plant_advance(&p, memory, 10);
    assert_true(p.ready == 4 && p.starting.pods == 0);
    weir__plant_scale(&p, memory, 1);
    assert_true(p.ready == 1 && p.stopping.pods == 3);
    weir__plant_advance(&p, memory, 14);
    assert_true(p.stopping.pods == 3);
    weir__plant_advance(&p, memory, 15);
    assert_true(p.stopping.pods == 0 && p.sums.peak == 8);
}

static void a_full_queue_merges_and_loses_no_pod(void **state)
{
    struct weir__batch memory[4];
    struct weir__plant p = {.pod_start = 100};

    (void)state;
    p.starting.capacity = p.stopping.capacity = 2;
    weir__plant_begin(&p, memory, 0, 0);
    for (int64_t i = 1; i <= 5; i++) {
        weir__plant_advance(&p, memory, i);
        weir__plant_scale(&p, memory, i);
    }
    assert_true(p.starting.pods == 5 && p.starting.length == 2);
    weir__plant_advance(&p, memory, 1000);
    assert_true(p.ready == 5 && p.starting.pods == 0);
}

static void without_delays_pods_are_there_at_once(void **state)
{
    struct weir__batch memory[4];
    struct weir__plant p = {.pod_start = 0};

    (void)state;
    p.starting.capacity = p.stopping.capacity = 2;
    weir__plant_begin(&p, memory, 0, 0);
    assert_true(weir__span_seconds(&p.sums.zero, 2 * S) == 2.0);
    weir__plant_advance(&p, memory, 3 * S);
    weir__plant_scale(&p, memory, 7);
    assert_true(p.ready == 7);
    weir__plant_advance(&p, memory, 5 * S);
    weir__plant_scale(&p, memory, 0);
    assert_true(p.ready == 0 && p.stopping.pods == 0);
    weir__plant_advance(&p, memory, 9 * S);
    assert_bits_equal(weir__plant_replica_seconds(&p), 14);
    assert_bits_equal(weir__plant_ready_seconds(&p), 14);
    assert_bits_equal(weir__span_seconds(&p.sums.zero, 9 * S), 7);
}

static void overload_is_more_load_than_the_ready_pods_take(void **state)
{
    struct weir__batch memory[6];
    struct weir__plant p = {.pod_start = 10 * S, .pod_capacity = 5};

    (void)state;
    p.starting.capacity = p.stopping.capacity = 3;
    weir__plant_begin(&p, memory, 0, 1);
    weir__plant_load(&p, 5); /* just enough */
    weir__plant_advance(&p, memory, 2 * S);
    weir__plant_load(&p, 5.5);
    weir__plant_scale(&p, memory, 2);
    weir__plant_advance(&p, memory, 20 * S); /* ready at 12 s */
    assert_bits_equal(weir__span_seconds(&p.sums.overload, p.now), 10);
    weir__plant_load(&p, 11);
    weir__plant_advance(&p, memory, 21 * S);
    assert_bits_equal(weir__span_seconds(&p.sums.overload, p.now), 11);
}

static void single_pods_know_when_they_started(void **state)
{
    struct {
        struct weir__batch batches[24];
        weir_pod pods[4];
    } memory = {0};
    struct weir__plant p = {.pod_start = 10 * S, .pods_max = 4};
    const weir_pod *pods;

    (void)state;
    p.starting.capacity = p.stopping.capacity = 12;
    assert_true(weir__plant_bytes(&p) == sizeof memory);
    weir__plant_begin(&p, memory.batches, 5 * S, 1);
    weir__plant_advance(&p, memory.batches, 6 * S);
    weir__plant_scale(&p, memory.batches, 2);
    weir__plant_advance(&p, memory.batches, 7 * S);
    weir__plant_scale(&p, memory.batches, 4);
    pods = weir__plant_look(&p, memory.batches);
    assert_true(pods[0].ready && pods[0].started < 0);
    assert_true(!pods[1].ready && pods[1].started == 6 * S && pods[1].ready_since == 6 * S);
    weir__plant_advance(&p, memory.batches, 16 * S);
    pods = weir__plant_look(&p, memory.batches);
    assert_true(pods[1].ready && pods[1].ready_since == 16 * S);
    assert_true(!pods[2].ready && pods[2].started == 7 * S);
    weir__plant_scale(&p, memory.batches, 1); /* the two that start, and the younger ready one */
    weir__plant_scale(&p, memory.batches, 2);
    pods = weir__plant_look(&p, memory.batches);
    assert_true(pods[0].ready && !pods[1].ready && pods[1].started == 16 * S);
}

/* ---- the naive plant ------------------------------------------------------------------------ */

enum { PODS = 4096 };

struct naive {
    struct {
        weir_time asked, gone; /* gone: when it will be; WEIR_TIME_NEVER: it was not told to stop */
    } pods[PODS];
    size_t count;
};

static void naive_scale(struct naive *n, int64_t replicas, weir_time now, weir_duration start,
                        weir_duration stop)
{
    int64_t there = 0;

    for (size_t i = 0; i < n->count; i++) {
        there += n->pods[i].gone == WEIR_TIME_NEVER;
    }
    for (; there < replicas; there++) {
        assert_true(n->count < PODS);
        n->pods[n->count].asked = now;
        n->pods[n->count++].gone = WEIR_TIME_NEVER;
    }
    for (size_t i = n->count; i > 0 && there > replicas; i--) { /* the newest are the last */
        if (n->pods[i - 1].gone == WEIR_TIME_NEVER) {
            n->pods[i - 1].gone = n->pods[i - 1].asked + start > now ? now : now + stop;
            there--;
        }
    }
}

static void naive_count(const struct naive *n, weir_time now, weir_duration start, int64_t *ready,
                        int64_t *existing)
{
    *ready = 0;
    *existing = 0;
    for (size_t i = 0; i < n->count; i++) {
        *existing += n->pods[i].gone > now;
        *ready += n->pods[i].gone == WEIR_TIME_NEVER && n->pods[i].asked + start <= now;
    }
}

static void a_list_of_single_pods_says_the_same(void **state)
{
    static struct naive naive;

    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct rng r = {seed};
        weir_duration start = rng_int(&r, 0, 30) * S, stop = rng_int(&r, 0, 30) * S;
        struct weir__plant p = {.pod_start = start, .pod_stop = stop};
        struct weir__batch *memory;
        weir_time now = 0;
        int64_t replicas = 0;

        p.starting.capacity = weir__plant_batches(start);
        p.stopping.capacity = weir__plant_batches(stop);
        memory = block_of(weir__plant_bytes(&p));
        weir__plant_begin(&p, memory, 0, 0);
        naive.count = 0;
        for (int step = 0; step < 200; step++) {
            int64_t ready, existing;

            now += rng_int(&r, 1, 8) * S;
            weir__plant_advance(&p, memory, now);
            if (rng_one_in(&r, 2)) {
                replicas = rng_int(&r, 0, 20);
                weir__plant_scale(&p, memory, replicas);
                naive_scale(&naive, replicas, now, start, stop);
            }
            naive_count(&naive, now, start, &ready, &existing);
            if (p.ready != ready || p.wanted + p.stopping.pods != existing) {
                fail_msg("seed %d, step %d: %d ready of %d, wanted %d of %d", (int)seed, step,
                         (int)p.ready, (int)(p.wanted + p.stopping.pods), (int)ready,
                         (int)existing);
            }
        }
        free(memory);
    }
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, scaling_down_takes_starting_pods_first);
    SUITE_TEST(&suite, a_full_queue_merges_and_loses_no_pod);
    SUITE_TEST(&suite, without_delays_pods_are_there_at_once);
    SUITE_TEST(&suite, overload_is_more_load_than_the_ready_pods_take);
    SUITE_TEST(&suite, single_pods_know_when_they_started);
    SUITE_TEST(&suite, a_list_of_single_pods_says_the_same);
    return suite_run(&suite, "plant");
}
