/* replay: when decisions are made, pods that start and stop, rows that are held, the score. */
#include "replay/plant.h"
#include "table.h"
#include <weir/kpa.h>
#include <weir/replay.h>

#define S  WEIR_SECOND
#define T0 (INT64_C(1700000040) * S)

struct world {
    weir_kpa *kpa;
    weir_replay *replay;
};

static struct world world_of(const weir_replay_config *config, const weir_kpa_config *kpa)
{
    struct world w;
    size_t bytes;

    assert_int_equal(weir_kpa_bytes(kpa, &bytes, NULL), WEIR_OK);
    w.kpa = block_of(bytes);
    assert_int_equal(weir_kpa_init(w.kpa, bytes, kpa, config->initial_replicas, T0, NULL), WEIR_OK);
    assert_int_equal(weir_replay_bytes(config, &bytes, NULL), WEIR_OK);
    w.replay = block_of(bytes);
    assert_int_equal(weir_replay_init(w.replay, bytes, config, T0, NULL), WEIR_OK);
    return w;
}

static void end_world(struct world *w)
{
    free(w->kpa);
    free(w->replay);
}

static weir_status feed(struct world *w, int64_t ms, double concurrency)
{
    weir_reading reading = {T0 + ms * 1000000, 0, -1, WEIR_OK, 0, concurrency};

    return weir_replay_record(w->replay, w->kpa, &reading, 1);
}

static weir_status next(struct world *w, int64_t ms, weir_decision *d)
{
    weir_decision_init(d, sizeof *d);
    return weir_replay_next(w->replay, w->kpa, T0 + ms * 1000000, d, NULL, NULL);
}

static void defaults(weir_replay_config *config, weir_kpa_config *kpa)
{
    assert_int_equal(weir_replay_config_init(config, sizeof *config), WEIR_OK);
    assert_int_equal(weir_kpa_config_init(kpa, sizeof *kpa), WEIR_OK);
    kpa->target = 10;
    kpa->target_utilization_percentage = 100;
}

static void decisions_come_on_ticks_after_the_row_of_their_time(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;
    weir_decision d;

    (void)state;
    defaults(&config, &kpa);
    w = world_of(&config, &kpa);
    assert_int_equal(feed(&w, 0, 50), WEIR_OK);
    assert_int_equal(next(&w, 2000, &d), WEIR_END); /* due at 2 s, not before it */
    assert_int_equal(feed(&w, 2000, 50), WEIR_OK);
    assert_int_equal(next(&w, 2001, &d), WEIR_OK);
    assert_true(d.at == T0 + 2 * S);
    assert_int_equal(d.replicas, 5);
    assert_int_equal(next(&w, 2001, &d), WEIR_END);
    end_world(&w);
}

static void a_row_is_held_second_by_second_but_not_for_ever(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;
    weir_decision d;

    (void)state;
    defaults(&config, &kpa);
    config.hold = 100 * S;
    w = world_of(&config, &kpa);
    assert_int_equal(feed(&w, 0, 20), WEIR_OK);
    while (next(&w, 100000, &d) != WEIR_END) {
        assert_int_equal(d.replicas, 2);
    }
    assert_true(d.at == T0 + 98 * S || d.at == WEIR_TIME_NONE);
    while (next(&w, 400000, &d) == WEIR_OK) {
    }
    assert_int_equal(d.valid, 0); /* the last samples are older than the stable window */
    assert_true(d.at == T0 + 160 * S);
    end_world(&w);
}

static void load_at_zero_pods_pokes(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;
    weir_decision d;

    (void)state;
    defaults(&config, &kpa);
    w = world_of(&config, &kpa);
    feed(&w, 0, 0);
    assert_int_equal(next(&w, 3000, &d), WEIR_OK);
    assert_int_equal(d.replicas, 0);
    assert_int_equal(feed(&w, 3000, 7), WEIR_OK);
    assert_int_equal(next(&w, 3001, &d), WEIR_OK);
    assert_true(d.at == T0 + 3 * S); /* at once, not at the tick of 4 s */
    assert_int_equal(d.replicas, 1);
    end_world(&w);
}

static void rows_out_of_order_are_refused_and_change_nothing(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;
    weir_decision d;
    weir_reading bad = {T0 + 9 * S, 5, -1, WEIR_OK, 0, 1.0};

    (void)state;
    defaults(&config, &kpa);
    w = world_of(&config, &kpa);
    assert_int_equal(feed(&w, 5000, 1), WEIR_OK);
    assert_int_equal(feed(&w, 5000, 1), WEIR_E_TIME);
    assert_int_equal(feed(&w, 4000, 1), WEIR_E_TIME);
    assert_int_equal(weir_replay_record(w.replay, w.kpa, &bad, 1), WEIR_E_RANGE);
    assert_int_equal(weir_replay_record(w.replay, w.kpa, &bad, 0), WEIR_E_ARG);
    while (next(&w, 8001, &d) != WEIR_END) {
    }
    assert_int_equal(feed(&w, 7000, 1), WEIR_E_TIME); /* a decision was made at 8 s */
    assert_int_equal(feed(&w, 8000, 1), WEIR_OK);
    end_world(&w);
}

static void the_score_adds_up(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;
    weir_decision d;
    weir_report report;

    (void)state;
    defaults(&config, &kpa);
    config.initial_replicas = 0;
    config.pod_start = 10 * S;
    w = world_of(&config, &kpa);
    for (int64_t s = 0; s < 30; s++) { /* 100 in flight: 10 pods at 2 s, ready at 12 s */
        while (next(&w, s * 1000, &d) != WEIR_END) {
        }
        feed(&w, s * 1000, 100);
    }
    assert_int_equal(weir_replay_report(w.replay, T0 + 30 * S, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.peak_replicas, 10);
    assert_bits_equal(report.seconds, 30);
    assert_bits_equal(report.replica_seconds, 280);
    assert_bits_equal(report.ready_seconds, 180);
    assert_bits_equal(report.zero_seconds, 2);
    assert_bits_equal(report.panic_seconds, 28);
    assert_true(report.scale_ups == 1 && report.scale_downs == 0 && report.reversals == 0);
    assert_true(report.decisions == 14 && report.invalid == 0);
    end_world(&w);
}

static void scaling_down_takes_starting_pods_first(void **state)
{
    struct weir__batch memory[8];
    struct weir__plant p = {.pod_start = 10, .pod_stop = 5, .wanted = 3, .ready = 3};

    (void)state;
    p.starting.capacity = p.stopping.capacity = 4;
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
    for (int64_t i = 1; i <= 5; i++) {
        weir__plant_advance(&p, memory, i);
        weir__plant_scale(&p, memory, i);
    }
    assert_true(p.starting.pods == 5 && p.starting.length == 2);
    weir__plant_advance(&p, memory, 1000);
    assert_true(p.ready == 5 && p.starting.pods == 0);
}

/* The same trace gives the same digest whether rows come with explain records or not. */
static void the_digest_depends_on_the_decisions_alone(void **state)
{
    uint64_t digests[2];

    (void)state;
    for (int pass = 0; pass < 2; pass++) {
        weir_replay_config config;
        weir_kpa_config kpa;
        struct world w;
        weir_decision d;
        weir_explain why;
        weir_report report;

        defaults(&config, &kpa);
        config.pod_start = 3 * S;
        w = world_of(&config, &kpa);
        weir_explain_init(&why, sizeof why);
        weir_decision_init(&d, sizeof d);
        for (int64_t s = 0; s < 600; s++) {
            while (weir_replay_next(w.replay, w.kpa, T0 + s * S, &d, pass ? &why : NULL, NULL) !=
                   WEIR_END) {
            }
            feed(&w, s * 1000, (double)(s * 7919 % 97));
        }
        weir_replay_report(w.replay, T0 + 600 * S, &report, sizeof report);
        digests[pass] = report.digest;
        assert_true(report.replica_seconds > 0);
        end_world(&w);
    }
    assert_true(digests[0] == digests[1]);
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, decisions_come_on_ticks_after_the_row_of_their_time);
    SUITE_TEST(&suite, a_row_is_held_second_by_second_but_not_for_ever);
    SUITE_TEST(&suite, load_at_zero_pods_pokes);
    SUITE_TEST(&suite, rows_out_of_order_are_refused_and_change_nothing);
    SUITE_TEST(&suite, the_score_adds_up);
    SUITE_TEST(&suite, scaling_down_takes_starting_pods_first);
    SUITE_TEST(&suite, a_full_queue_merges_and_loses_no_pod);
    SUITE_TEST(&suite, the_digest_depends_on_the_decisions_alone);
    return suite_run(&suite, "replay");
}
