/* replay: when decisions are made, rows that become samples, who reports them, the score. */
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
    assert_int_equal(next(&w, 2000, &d), WEIR_OK); /* a new revision is reconciled at once */
    assert_true(d.at == T0 && d.replicas == 1);
    assert_int_equal(next(&w, 2000, &d), WEIR_OK); /* and when the network has followed */
    assert_true(d.at == T0 + S && d.replicas == 1);
    assert_int_equal(next(&w, 2000, &d), WEIR_END); /* the tick is due at 2 s, not before it */
    assert_int_equal(feed(&w, 2000, 50), WEIR_OK);
    assert_int_equal(next(&w, 2001, &d), WEIR_OK);
    assert_true(d.at == T0 + 2 * S);
    assert_int_equal(d.replicas, 5);
    assert_int_equal(next(&w, 2001, &d), WEIR_OK); /* there are pods at once, which is an event */
    assert_true(d.at == T0 + 2 * S && d.replicas == 5);
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
        assert_int_equal(d.replicas, d.at < T0 + 2 * S ? 1 : 2);
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
    weir_target target;

    (void)state;
    defaults(&config, &kpa);
    kpa.stable_window = 6 * S;
    kpa.scale_to_zero_grace_period = S;
    w = world_of(&config, &kpa);
    for (int64_t s = 0; s <= 20; s++) {
        while (next(&w, s * 1000, &d) != WEIR_END) {
        }
        feed(&w, s * 1000, 0);
    }
    while (next(&w, 21000, &d) != WEIR_END) {
    }
    assert_int_equal(weir_replay_target(w.replay, &target), WEIR_OK);
    assert_int_equal(target.spec_replicas, 0);
    assert_int_equal(feed(&w, 21000, 7), WEIR_OK);
    assert_int_equal(next(&w, 21001, &d), WEIR_OK);
    assert_true(d.at == T0 + 21 * S); /* at once, not at the tick of 22 s */
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
    assert_int_equal(feed(&w, 7000, 1), WEIR_E_TIME); /* all before 8.001 s is done */
    assert_int_equal(feed(&w, 8001, 1), WEIR_OK);
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
    assert_true(report.cold_starts == 1);
    assert_bits_equal(report.proxy_seconds, 30);
    /* Ticks at 2 ... 28 s, and reconciles of the new object and of the network that follows. */
    assert_true(report.decisions == 16 && report.invalid == 0);
    end_world(&w);
}

/* ---- samples -------------------------------------------------------------------------------- */

/* The stable average that the autoscaler sees at a time. */
static double average(struct world *w, int64_t ms)
{
    weir_kpa_averages averages = {-1, -1};

    weir_kpa_collector_read(weir_kpa_get_collector(w->kpa), WEIR_KPA_CONCURRENCY, T0 + ms * 1000000,
                            &averages);
    return averages.stable;
}

static void drain(struct world *w, int64_t ms)
{
    weir_decision d;

    while (next(w, ms, &d) != WEIR_END) {
    }
}

struct rows_row {
    const char *name;
    int64_t ms[8]; /* of the rows; -1 after the last */
    double load[8];
    int64_t until_ms;
    double average; /* over a minute, at until_ms */
};

static const struct rows_row rows_rows[] = {
    {"one row a second is taken as it is", {0, 1000, 2000, -1}, {3, 6, 9}, 2001, 6},
    {"a row is repeated until the next", {0, 3000, -1}, {4, 8}, 3001, 5},
    {"rows within a second are averaged, not added", {0, 500, 1000, -1}, {4, 10, 20}, 1001, 9.5},
    {"rows off the second add up to one a second",
     {0, 1200, 2100, 3300, -1},
     {10, 10, 10, 10},
     4001,
     10},
    {"a row stands for the time of hold, then there is no data",
     {0, -1},
     {6},
     20000, /* samples at 0 ... 9 s: 60 over the time since the first */
     6},
    {"after a gap the next row counts at once", {0, 15000, -1}, {6, 22}, 15001, 5.125},
};

static void rows_become_samples(void **state)
{
    const struct rows_row *row = *state;
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;

    defaults(&config, &kpa);
    config.hold = 10 * S;
    w = world_of(&config, &kpa);
    for (int i = 0; row->ms[i] >= 0; i++) {
        drain(&w, row->ms[i]);
        assert_int_equal(feed(&w, row->ms[i], row->load[i]), WEIR_OK);
    }
    drain(&w, row->until_ms);
    if (row->until_ms == 20000) { /* the tenth sample was the last */
        assert_bits_equal(average(&w, 9000), 6);
        assert_bits_equal(average(&w, 69000), 0);
    } else {
        assert_bits_equal(average(&w, row->until_ms), row->average);
    }
    end_world(&w);
}

/* Who reports a load of zero: ready pods do, and without them the activator once. */
static void zeros_are_reported_by_those_who_are_there(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;

    (void)state;
    defaults(&config, &kpa);
    config.initial_replicas = 0;
    config.pod_start = 3600 * S;
    kpa.stable_window = 600 * S;
    w = world_of(&config, &kpa);
    for (int64_t s = 0; s < 100; s++) { /* silence: nobody is there */
        drain(&w, s * 1000);
        feed(&w, s * 1000, 0);
    }
    drain(&w, 100000);
    assert_true(average(&w, 100000) == -1);
    feed(&w, 100000, 30);
    drain(&w, 101000);
    assert_bits_equal(average(&w, 100000), 30); /* not diluted by the silence */
    feed(&w, 101000, 0);
    drain(&w, 102000);
    assert_bits_equal(average(&w, 101000), 15); /* one zero, then silence again */
    for (int64_t s = 102; s < 110; s++) {
        feed(&w, s * 1000, 0);
        drain(&w, (s + 1) * 1000);
    }
    assert_bits_equal(average(&w, 101000), 15);
    end_world(&w);
}

static void ready_pods_report_zeros(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;

    (void)state;
    for (int always = 0; always < 2; always++) { /* always: the activator is always in the path */
        defaults(&config, &kpa);
        kpa.target_burst_capacity = always ? -1 : 200;
        w = world_of(&config, &kpa);
        assert_int_equal(weir_autoscaler_zero(w.kpa), always ? WEIR_ZERO_ONCE : WEIR_ZERO_BY_PODS);
        feed(&w, 0, 30);
        drain(&w, 1000);
        for (int64_t s = 1; s <= 5; s++) {
            feed(&w, s * 1000, 0);
            drain(&w, (s + 1) * 1000);
        }
        assert_bits_equal(average(&w, 5000), always ? 30.0 / 2 : 30.0 / 6);
        end_world(&w);
    }
    assert_int_equal(weir_autoscaler_zero(NULL), WEIR_ZERO_ALWAYS);
    assert_true(weir_autoscaler_skip(NULL, T0) == 0);
}

static void rows_may_be_reported_as_they_are(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;
    weir_decision d;

    (void)state;
    defaults(&config, &kpa);
    config.sample_interval = 0;
    w = world_of(&config, &kpa);
    assert_int_equal(feed(&w, 100, 12), WEIR_E_TIME); /* the new revision is reconciled first */
    assert_int_equal(next(&w, 100, &d), WEIR_OK);
    assert_int_equal(feed(&w, 100, 12), WEIR_OK);
    assert_int_equal(next(&w, 2000, &d), WEIR_OK); /* the network has followed */
    assert_int_equal(next(&w, 2000, &d), WEIR_END);
    assert_bits_equal(average(&w, 100), 12);
    assert_int_equal(feed(&w, 2001, 12), WEIR_E_TIME); /* the decision of 2 s comes first */
    assert_int_equal(next(&w, 2001, &d), WEIR_OK);
    drain(&w, 2001);
    assert_int_equal(feed(&w, 2001, 12), WEIR_OK);
    assert_bits_equal(average(&w, 2001), 8); /* once each, over three buckets */
    end_world(&w);
}

/* ---- the target ----------------------------------------------------------------------------- */

static void single_pods_are_shown_where_there_is_room(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;
    weir_decision d;
    weir_target target;

    (void)state;
    defaults(&config, &kpa);
    config.pods_max = 4;
    config.pod_start = 1 * S;
    w = world_of(&config, &kpa);
    weir_decision_init(&d, sizeof d);
    weir_target_init(&target, sizeof target);
    feed(&w, 0, 40);
    drain(&w, 2000);
    assert_int_equal(weir_replay_next(w.replay, w.kpa, T0 + 3 * S, &d, NULL, &target), WEIR_OK);
    assert_true(target.pod_count == 1 && target.pods[0].ready == 1);
    assert_int_equal(d.replicas, 4);
    assert_int_equal(weir_replay_target(w.replay, &target), WEIR_OK);
    assert_true(target.pod_count == 4 && target.pods[3].ready == 0);
    assert_true(target.pods[3].started == T0 + 2 * S);
    drain(&w, 3000);
    feed(&w, 3000, 400);
    assert_int_equal(next(&w, 5000, &d), WEIR_OK); /* the pods are ready */
    assert_int_equal(d.replicas, 4);
    assert_int_equal(next(&w, 5000, &d), WEIR_OK); /* wants more than there is room for */
    assert_true(d.replicas > 4);
    assert_int_equal(next(&w, 7000, &d), WEIR_E_LIMIT);
    end_world(&w);
    config.initial_replicas = 5;
    assert_int_equal(weir_replay_config_check(&config, NULL), WEIR_E_RANGE);
}

static void misuse_is_an_error(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    weir_reading row[2] = {{T0, 0, -1, WEIR_OK, 0, 1.0}, {T0 + 1, 1, -1, WEIR_OK, 0, 1.0}};
    weir_report report;
    weir_decision d;
    struct world w;
    size_t bytes;

    (void)state;
    defaults(&config, &kpa);
    w = world_of(&config, &kpa);
    weir_decision_init(&d, sizeof d);
    assert_int_equal(weir_replay_record(w.replay, w.kpa, row, 2), WEIR_E_ARG); /* two times */
    row[1].at = T0;
    row[1].pod = 3;
    assert_int_equal(weir_replay_record(w.replay, w.kpa, row, 2),
                     WEIR_E_ARG); /* sampled, of a pod */
    assert_int_equal(weir_replay_record(w.replay, w.replay, row, 1), WEIR_E_ARG);
    assert_int_equal(weir_replay_record(w.replay, w.kpa, row, WEIR_REPLAY_SERIES_MAX + 1),
                     WEIR_E_LIMIT);
    assert_int_equal(weir_replay_next(w.replay, w.replay, T0, &d, NULL, NULL), WEIR_E_ARG);
    assert_int_equal(weir_replay_next(NULL, w.kpa, T0, &d, NULL, NULL), WEIR_E_ARG);
    assert_int_equal(weir_replay_report(w.replay, T0, &report, 4), WEIR_E_STRUCT);
    assert_int_equal(weir_replay_report(w.replay, T0 - 1, &report, sizeof report), WEIR_E_TIME);
    assert_int_equal(weir_replay_target(w.replay, NULL), WEIR_E_ARG);
    assert_int_equal(weir_replay_bytes(&config, &bytes, NULL), WEIR_OK);
    assert_int_equal(weir_replay_init(w.replay, bytes - 1, &config, T0, NULL), WEIR_E_SPACE);
    assert_int_equal(weir_replay_init(NULL, bytes, &config, T0, NULL), WEIR_E_ARG);
    config.hold = 0;
    assert_int_equal(weir_replay_init(w.replay, bytes, &config, T0, NULL), WEIR_E_RANGE);
    end_world(&w);
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
    SUITE_TABLE(&suite, rows_become_samples, rows_rows);
    SUITE_TEST(&suite, zeros_are_reported_by_those_who_are_there);
    SUITE_TEST(&suite, ready_pods_report_zeros);
    SUITE_TEST(&suite, rows_may_be_reported_as_they_are);
    SUITE_TEST(&suite, single_pods_are_shown_where_there_is_room);
    SUITE_TEST(&suite, misuse_is_an_error);
    SUITE_TEST(&suite, the_digest_depends_on_the_decisions_alone);
    return suite_run(&suite, "replay");
}
