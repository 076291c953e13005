/* replay of HPAs: the newest row counts, holes fail, totals are shared, traces in memory. */
#include "random.h"
#include "table.h"

#include <math.h>
#include <weir/hpa.h>
#include <weir/kpa.h>
#include <weir/replay.h>

#define S  WEIR_SECOND
#define T0 (INT64_C(1700000040) * S)

struct world {
    void *autoscaler;
    weir_replay *replay;
};

static weir_replay *replay_of(const weir_replay_config *config)
{
    weir_replay *replay;
    size_t bytes;

    assert_int_equal(weir_replay_bytes(config, &bytes, NULL), WEIR_OK);
    replay = block_of(bytes);
    assert_int_equal(weir_replay_init(replay, bytes, config, T0, NULL), WEIR_OK);
    return replay;
}

static struct world world_of(const weir_replay_config *config, const weir_hpa_config *hpa)
{
    struct world w;
    size_t bytes;

    assert_int_equal(weir_hpa_bytes(hpa, &bytes, NULL), WEIR_OK);
    w.autoscaler = block_of(bytes);
    assert_int_equal(weir_hpa_init(w.autoscaler, bytes, hpa, T0, NULL), WEIR_OK);
    w.replay = replay_of(config);
    return w;
}

static void end_world(struct world *w)
{
    free(w->autoscaler);
    free(w->replay);
}

static void defaults(weir_replay_config *config, weir_hpa_config *hpa)
{
    weir_replay_config_init(config, sizeof *config);
    config->sampling = WEIR_SAMPLING_NEWEST;
    config->sample_interval = 15 * S;
    weir_hpa_config_init(hpa, sizeof *hpa);
    hpa->max_replicas = 10;
    hpa->behavior = 1;
    hpa->scale_down.stabilization_window = 0;
    hpa->metric_count = 1;
    hpa->metrics[0].source = WEIR_HPA_EXTERNAL;
    hpa->metrics[0].target_type = WEIR_HPA_AVERAGE_VALUE;
    hpa->metrics[0].target = 5000;
    memcpy(hpa->metrics[0].name, "queue", 6);
}

static void feed(struct world *w, int64_t seconds, weir_status status, double value)
{
    weir_reading reading = {T0 + seconds * S, 0, -1, status, 0, value};

    assert_int_equal(weir_replay_record(w->replay, w->autoscaler, &reading, 1), WEIR_OK);
}

static weir_status next(struct world *w, int64_t seconds, weir_decision *d)
{
    weir_decision_init(d, sizeof *d);
    return weir_replay_next(w->replay, w->autoscaler, T0 + seconds * S, d, NULL, NULL);
}

static void the_newest_row_counts(void **state)
{
    weir_replay_config config;
    weir_hpa_config hpa;
    struct world w;
    weir_decision d;

    (void)state;
    defaults(&config, &hpa);
    w = world_of(&config, &hpa);
    feed(&w, 0, WEIR_OK, 8);
    assert_int_equal(next(&w, 5, &d), WEIR_OK);
    assert_true(d.at == T0 && d.replicas == 2);
    feed(&w, 5, WEIR_OK, 100);
    assert_int_equal(next(&w, 14, &d), WEIR_END);
    feed(&w, 14, WEIR_OK, 22); /* their mean would be 61 */
    assert_int_equal(next(&w, 16, &d), WEIR_OK);
    assert_true(d.at == T0 + 15 * S && d.replicas == 5);
    end_world(&w);
}

static void a_hole_fails_until_the_next_row(void **state)
{
    weir_replay_config config;
    weir_hpa_config hpa;
    struct world w;
    weir_decision d;

    (void)state;
    defaults(&config, &hpa);
    w = world_of(&config, &hpa);
    feed(&w, 0, WEIR_OK, 8);
    assert_int_equal(next(&w, 15, &d), WEIR_OK);
    feed(&w, 15, WEIR_NO_DATA, 0);
    assert_int_equal(next(&w, 16, &d), WEIR_NO_DATA);
    assert_int_equal(d.rule, WEIR_RULE_HPA_BLOCKED);
    assert_int_equal(d.replicas, 2); /* as the last valid decision left it */
    assert_int_equal(next(&w, 31, &d), WEIR_NO_DATA);
    assert_true(d.at == T0 + 30 * S);
    feed(&w, 40, WEIR_OK, 8);
    assert_int_equal(next(&w, 46, &d), WEIR_OK);
    assert_true(d.at == T0 + 45 * S);
    end_world(&w);
}

static void a_row_stands_for_its_time_only(void **state)
{
    weir_replay_config config;
    weir_hpa_config hpa;
    struct world w;
    weir_decision d;
    int valid = 0, invalid = 0;

    (void)state;
    defaults(&config, &hpa);
    config.hold = 60 * S;
    w = world_of(&config, &hpa);
    feed(&w, 0, WEIR_OK, 8);
    while (next(&w, 600, &d) != WEIR_END) {
        assert_true(d.valid == (d.at < T0 + 60 * S));
        valid += d.valid;
        invalid += !d.valid;
    }
    assert_int_equal(valid, 4);
    assert_int_equal(invalid, 36);
    end_world(&w);
}

static void pods_share_what_was_recorded(void **state)
{
    weir_replay_config config;
    weir_hpa_config hpa;
    struct world w;
    weir_decision d;
    weir_hpa_proposal p;

    (void)state;
    defaults(&config, &hpa);
    config.initial_replicas = 3;
    config.pod_start = 20 * S;
    hpa.metrics[0] = (weir_hpa_metric){.source = WEIR_HPA_RESOURCE,
                                       .target_type = WEIR_HPA_UTILIZATION,
                                       .target = 80,
                                       .request = 500,
                                       .name = "cpu"};
    w = world_of(&config, &hpa);
    feed(&w, 0, WEIR_OK, 1.5); /* cores of three pods that request half a core each */
    assert_int_equal(next(&w, 15, &d), WEIR_OK);
    assert_int_equal(d.replicas, 4);
    assert_int_equal(next(&w, 16, &d), WEIR_OK); /* the fourth is starting: three share it still */
    assert_int_equal(weir_hpa_get_proposal(w.autoscaler, 0, &p, sizeof p), WEIR_OK);
    assert_true(p.utilization == 100 && p.ready == 3 && p.unready == 1);
    assert_int_equal(d.replicas, 4);
    assert_int_equal(next(&w, 31, &d), WEIR_OK); /* four do */
    assert_int_equal(weir_hpa_get_proposal(w.autoscaler, 0, &p, sizeof p), WEIR_OK);
    assert_true(p.utilization == 75 && p.ready == 4 && p.unready == 0);
    assert_int_equal(d.replicas, 4);
    end_world(&w);
}

/* ---- traces in memory ----------------------------------------------------------------------- */

enum { ROWS = 700, SERIES = 2, DECISIONS = 3000 };

struct trace {
    weir_rows rows;
    weir_time times[ROWS];
    double values[ROWS * SERIES];
};

static void random_trace(struct rng *r, struct trace *t, int regular)
{
    weir_time at = T0;
    double load = 10;

    memset(t, 0, sizeof *t);
    weir_rows_init(&t->rows, sizeof t->rows);
    t->rows.series_count = SERIES;
    t->rows.count = ROWS;
    t->rows.values = t->values;
    t->rows.times = regular ? NULL : t->times;
    t->rows.start = T0;
    t->rows.step = rng_one_in(r, 2) ? 15 * S : rng_int(r, 1, 40) * S; /* 15 s: as the syncs */
    for (size_t i = 0; i < ROWS; i++) {
        t->times[i] = at;
        at += rng_one_in(r, 40) ? 400 * S : rng_int(r, 1, 20 * S);
        load = rng_one_in(r, 20) ? rng_real(r, 0, 60) : load * rng_real(r, 0.9, 1.12);
        t->values[i * SERIES] = rng_one_in(r, 30) ? (double)NAN : load;
        t->values[i * SERIES + 1] = rng_one_in(r, 30) ? (double)NAN : load / 2;
    }
}

static void random_world(struct rng *r, weir_replay_config *config, weir_hpa_config *hpa)
{
    defaults(config, hpa);
    config->pod_start = rng_int(r, 0, 30) * S;
    config->pod_stop = rng_int(r, 0, 30) * S;
    config->hold = rng_int(r, 20, 120) * S;
    config->pod_capacity = 5;
    hpa->scale_down.stabilization_window = rng_int(r, 0, 300) * S;
    hpa->metric_count = SERIES;
    hpa->metrics[1] = hpa->metrics[0];
    hpa->metrics[1].source = rng_one_in(r, 2) ? WEIR_HPA_PODS : WEIR_HPA_EXTERNAL;
    hpa->metrics[1].target = 3000;
    hpa->metrics[1].name[0] = 'p';
}

static size_t by_hand(struct world *w, const struct trace *t, weir_time end, weir_decision *d)
{
    size_t count = 0;

    for (size_t i = 0; i <= t->rows.count; i++) {
        weir_time at = i == t->rows.count      ? end
                       : t->rows.times != NULL ? t->times[i]
                                               : t->rows.start + (weir_time)i * t->rows.step;
        weir_reading readings[SERIES];

        do {
            assert_true(count < DECISIONS);
            weir_decision_init(&d[count], sizeof d[count]);
        } while (weir_replay_next(w->replay, w->autoscaler, at, &d[count], NULL, NULL) !=
                     WEIR_END &&
                 ++count > 0);
        for (int s = 0; s < SERIES && i < t->rows.count; s++) {
            double value = t->values[i * SERIES + (size_t)s];
            int known = value == value;

            readings[s] =
                (weir_reading){at, s, -1, known ? WEIR_OK : WEIR_NO_DATA, 0, known ? value : 0};
        }
        if (i < t->rows.count) {
            assert_int_equal(weir_replay_record(w->replay, w->autoscaler, readings, SERIES),
                             WEIR_OK);
        }
    }
    return count;
}

static void assert_same_report(struct world *a, struct world *b, weir_time end)
{
    weir_report one, two;

    assert_int_equal(weir_replay_report(a->replay, end, &one, sizeof one), WEIR_OK);
    assert_int_equal(weir_replay_report(b->replay, end, &two, sizeof two), WEIR_OK);
    assert_memory_equal(&one, &two, sizeof one);
    assert_true(one.decisions > 40 && one.scale_ups > 0);
}

static void a_trace_in_memory_is_the_same_as_row_by_row(void **state)
{
    static struct trace t;
    static weir_decision one[DECISIONS], two[DECISIONS];

    (void)state;
    for (int seed = 1; seed <= 60; seed++) {
        struct rng r = {(uint64_t)seed};
        weir_replay_config config;
        weir_hpa_config hpa;
        struct world a, b, c;
        weir_time end;
        size_t count, next_row = 0, got = 0, n, capacity;

        random_trace(&r, &t, seed % 2);
        random_world(&r, &config, &hpa);
        end = (t.rows.times != NULL ? t.times[ROWS - 1] : T0 + (ROWS - 1) * t.rows.step) + 90 * S;
        a = world_of(&config, &hpa);
        b = world_of(&config, &hpa);
        c = world_of(&config, &hpa);
        count = by_hand(&a, &t, end, one);
        capacity = (size_t)rng_int(&r, 1, 200); /* in pieces */
        while (weir_replay_run(b.replay, b.autoscaler, &t.rows, &next_row, end, two + got, capacity,
                               &n) == WEIR_OK) {
            assert_int_equal(n, capacity);
            got += n;
            assert_true(got + capacity <= DECISIONS);
        }
        got += n;
        assert_int_equal(got, count);
        assert_memory_equal(one, two, count * sizeof one[0]);
        assert_same_report(&a, &b, end);
        next_row = 0; /* without looking at decisions */
        assert_int_equal(
            weir_replay_run(c.replay, c.autoscaler, &t.rows, &next_row, end, NULL, 0, &n),
            WEIR_END);
        assert_true(n == 0 && next_row == ROWS);
        assert_same_report(&a, &c, end);
        end_world(&a);
        end_world(&b);
        end_world(&c);
    }
}

static void other_kinds_run_from_memory_too(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;
    weir_rows rows;
    weir_report report;
    static double values[120];
    size_t bytes, next_row = 0, n;

    (void)state;
    for (size_t i = 0; i < 120; i++) {
        values[i] = i < 60 ? 50 : 100;
    }
    weir_kpa_config_init(&kpa, sizeof kpa);
    kpa.target = 10;
    kpa.target_utilization_percentage = 100;
    weir_replay_config_init(&config, sizeof config);
    assert_int_equal(weir_kpa_bytes(&kpa, &bytes, NULL), WEIR_OK);
    w.autoscaler = block_of(bytes);
    assert_int_equal(weir_kpa_init(w.autoscaler, bytes, &kpa, 1, T0, NULL), WEIR_OK);
    w.replay = replay_of(&config);
    weir_rows_init(&rows, sizeof rows);
    rows.series_count = 1;
    rows.count = 120;
    rows.start = T0;
    rows.values = values;
    assert_int_equal(
        weir_replay_run(w.replay, w.autoscaler, &rows, &next_row, T0 + 120 * S, NULL, 0, &n),
        WEIR_END);
    assert_int_equal(weir_replay_report(w.replay, T0 + 120 * S, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.peak_replicas, 10);
    end_world(&w);
}

static void refuses_rows_that_are_none(void **state)
{
    weir_replay_config config;
    weir_hpa_config hpa;
    struct world w;
    weir_rows rows, bad;
    weir_time backwards[2] = {T0 + 5 * S, T0};
    double values[66] = {0};
    size_t next_row = 0, n = 0;

    (void)state;
    defaults(&config, &hpa);
    w = world_of(&config, &hpa);
    assert_int_equal(weir_rows_init(NULL, sizeof rows), WEIR_E_ARG);
    assert_int_equal(weir_rows_init(&rows, 3), WEIR_E_STRUCT);
    assert_int_equal(weir_rows_init(&rows, sizeof rows), WEIR_OK);
    rows.series_count = 1;
    rows.count = 2;
    rows.start = T0;
    rows.values = values;
#define run(r) weir_replay_run(w.replay, w.autoscaler, r, &next_row, T0 + 60 * S, NULL, 0, &n)
    assert_int_equal(run(NULL), WEIR_E_ARG);
    bad = rows;
    bad.struct_size = 0;
    assert_int_equal(run(&bad), WEIR_E_STRUCT);
    bad = rows;
    bad.values = NULL;
    assert_int_equal(run(&bad), WEIR_E_ARG);
    bad = rows;
    bad.step = 0;
    assert_int_equal(run(&bad), WEIR_E_ARG);
    bad.step = INT64_MAX;
    assert_int_equal(run(&bad), WEIR_E_TIME);
    bad = rows;
    bad.series_count = WEIR_REPLAY_SERIES_MAX + 1;
    assert_int_equal(run(&bad), WEIR_E_LIMIT);
    bad.series_count = 2; /* the HPA has one */
    assert_int_equal(run(&bad), WEIR_E_RANGE);
    bad = rows;
    bad.times = backwards;
    assert_int_equal(run(&bad), WEIR_E_TIME);
    assert_int_equal(next_row, 1); /* which row it is about */
    assert_int_equal(weir_replay_run(w.replay, w.autoscaler, &rows, NULL, T0 + 60 * S, NULL, 0, &n),
                     WEIR_E_ARG);
    assert_int_equal(
        weir_replay_run(w.replay, w.autoscaler, &rows, &next_row, T0 + 60 * S, NULL, 1, &n),
        WEIR_E_ARG);
    assert_int_equal(
        weir_replay_run(NULL, w.autoscaler, &rows, &next_row, T0 + 60 * S, NULL, 0, &n),
        WEIR_E_ARG);
    end_world(&w);
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, the_newest_row_counts);
    SUITE_TEST(&suite, a_hole_fails_until_the_next_row);
    SUITE_TEST(&suite, a_row_stands_for_its_time_only);
    SUITE_TEST(&suite, pods_share_what_was_recorded);
    SUITE_TEST(&suite, a_trace_in_memory_is_the_same_as_row_by_row);
    SUITE_TEST(&suite, other_kinds_run_from_memory_too);
    SUITE_TEST(&suite, refuses_rows_that_are_none);
    return suite_run(&suite, "replay of HPAs");
}
