/* Requests one by one: who waits for a pod, what is reported, and the documented cold start. */
#include "replay/traffic.h"
#include "table.h"
#include <weir/weir.h>

#define S  WEIR_SECOND
#define MS (WEIR_SECOND / 1000)

struct world {
    weir_kpa *kpa;
    weir_replay *replay;
    weir_decision d;
};

static void defaults(weir_replay_config *config, weir_kpa_config *kpa)
{
    assert_int_equal(weir_replay_config_init(config, sizeof *config), WEIR_OK);
    assert_int_equal(weir_kpa_config_init(kpa, sizeof *kpa), WEIR_OK);
    config->requests_max = 1000;
}

static void begin(struct world *w, const weir_replay_config *config, const weir_kpa_config *kpa)
{
    size_t bytes;

    assert_int_equal(weir_kpa_bytes(kpa, &bytes, NULL), WEIR_OK);
    w->kpa = block_of(bytes);
    assert_int_equal(weir_kpa_init(w->kpa, bytes, kpa, config->initial_replicas, 0, NULL), WEIR_OK);
    if (config->initial_replicas == 0) {
        assert_int_equal(weir_kpa_set_idle(w->kpa, 0), WEIR_OK);
    }
    assert_int_equal(weir_replay_bytes(config, &bytes, NULL), WEIR_OK);
    w->replay = block_of(bytes);
    assert_int_equal(weir_replay_init(w->replay, bytes, config, 0, NULL), WEIR_OK);
    weir_decision_init(&w->d, sizeof w->d);
}

static void end(struct world *w)
{
    free(w->kpa);
    free(w->replay);
}

static void until(struct world *w, weir_time at)
{
    weir_status status;

    while ((status = weir_replay_next(w->replay, w->kpa, at, &w->d, NULL, NULL)) != WEIR_END) {
        assert_true(status >= WEIR_OK);
    }
}

static void request(struct world *w, weir_time at, weir_duration duration)
{
    until(w, at);
    assert_int_equal(weir_replay_request(w->replay, w->kpa, at, duration), WEIR_OK);
}

static weir_waits waits_of(const struct world *w)
{
    weir_waits waits;

    assert_int_equal(weir_replay_waits(w->replay, &waits, sizeof waits), WEIR_OK);
    return waits;
}

/* ---- waiting -------------------------------------------------------------------------------- */

static void a_cold_start_holds_the_first_requests(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;
    weir_waits waits;

    (void)state;
    defaults(&config, &kpa);
    config.initial_replicas = 0;
    config.pod_start = 4 * S;
    begin(&w, &config, &kpa);
    request(&w, 500 * MS, 100 * MS); /* wakes it at once: a pod is ready at 4.5 s */
    until(&w, 501 * MS);
    assert_true(w.d.at == 500 * MS && w.d.replicas == 1);
    request(&w, 3 * S, 100 * MS);
    assert_int_equal(waits_of(&w).waiting, 2);
    until(&w, 4501 * MS);
    assert_int_equal(waits_of(&w).waiting, 0);
    assert_int_equal(waits_of(&w).running, 2);
    request(&w, 5 * S, 100 * MS); /* which answers the two */
    waits = waits_of(&w);
    assert_true(waits.completed == 2 && waits.running == 1 && waits.held == 2);
    assert_true(waits.longest == 4 * S);
    assert_bits_equal(waits.waited, 5.5);
    assert_true(waits.buckets[0] == 1);
    assert_true(waits.buckets[weir_waits_bucket(4 * S)] == 1);
    assert_true(waits.buckets[weir_waits_bucket(1500 * MS)] == 1);
    end(&w);
}

static void a_pod_takes_as_many_as_its_container_concurrency(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;

    (void)state;
    defaults(&config, &kpa);
    kpa.container_concurrency = 2;
    kpa.max_scale = 1;
    config.container_concurrency = 2;
    begin(&w, &config, &kpa);
    for (int i = 0; i < 5; i++) { /* five at once, a second each, two at a time */
        request(&w, 100 * MS, S);
    }
    assert_true(waits_of(&w).running == 2 && waits_of(&w).waiting == 3);
    request(&w, 1100 * MS, S);
    assert_true(waits_of(&w).running == 2 && waits_of(&w).waiting == 2);
    request(&w, 2100 * MS, S);
    request(&w, 4200 * MS, S);
    assert_int_equal(waits_of(&w).completed, 7);
    assert_true(waits_of(&w).longest == 2 * S); /* the fifth of the first */
    end(&w);
}

/* ---- reports -------------------------------------------------------------------------------- */

static weir_kpa_averages averages(struct world *w, int32_t metric, weir_time at)
{
    weir_kpa_averages a = {-1, -1};

    weir_kpa_collector_read(weir_kpa_get_collector(w->kpa), metric, at, &a);
    return a;
}

/* Three requests in flight all the time, one of which began in each second: whoever carries them,
 * the load is three, and three begin every second. */
struct report_row {
    const char *name;
    double burst_capacity; /* -1: through the activator; 0: straight to the pods */
};

static const struct report_row report_rows[] = {
    {"through the activator", -1},
    {"straight to the pods", 0},
    {"as the burst capacity has it", 200},
};

static void reports_add_up_to_the_load(void **state)
{
    const struct report_row *row = *state;
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;

    defaults(&config, &kpa);
    kpa.target_burst_capacity = row->burst_capacity;
    begin(&w, &config, &kpa);
    for (int64_t ms = 500; ms < 20000; ms += 1000) {
        for (int i = 0; i < 3; i++) {
            request(&w, ms * MS, S);
        }
    }
    until(&w, 20001 * MS);
    /* The last six reports are whole seconds; the first ones are not. */
    assert_bits_equal(averages(&w, WEIR_KPA_CONCURRENCY, 20 * S).panic, 3);
    assert_bits_equal(averages(&w, WEIR_KPA_RPS, 20 * S).panic, 3);
    assert_bits_equal(weir_replay_load(w.replay), 3);
    end(&w);
}

static void silence_is_reported_once_and_then_by_the_pods_alone(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;

    (void)state;
    defaults(&config, &kpa);
    config.initial_replicas = 0;
    config.pod_start = 3600 * S;
    kpa.stable_window = 600 * S;
    begin(&w, &config, &kpa);
    request(&w, 0, 100 * MS); /* nobody answers: it is in flight for good */
    until(&w, 100 * S);
    assert_true(averages(&w, WEIR_KPA_CONCURRENCY, 99 * S).panic == 1);
    end(&w);
    defaults(&config, &kpa);
    begin(&w, &config, &kpa);
    request(&w, 0, 500 * MS);
    until(&w, 50 * S); /* the pod reports zeros, second by second */
    assert_bits_equal(averages(&w, WEIR_KPA_CONCURRENCY, 49 * S).panic, 0);
    assert_true(averages(&w, WEIR_KPA_CONCURRENCY, 49 * S).stable > 0);
    end(&w);
}

/* What pods served before they went is reported by nobody. */
static void pods_that_are_gone_report_nothing(void **state)
{
    struct weir__traffic t;
    weir_kpa_stat stats[2];
    uint64_t memory[64];

    (void)state;
    assert_true(weir__traffic_bytes(4) <= sizeof memory);
    for (int64_t left = 0; left < 2; left++) {
        weir__traffic_begin(&t, 4, 0, 0, 1);
        weir__traffic_pods(&t, memory, 1, 0);
        assert_int_equal(weir__traffic_arrive(&t, memory, 100 * S), WEIR_OK);
        assert_int_equal(weir__traffic_advance(&t, memory, S / 2), WEIR_OK);
        weir__traffic_pods(&t, memory, left, 0);
        assert_int_equal(weir__traffic_advance(&t, memory, S), WEIR_OK);
        assert_int_equal(weir__traffic_report(&t, stats), left);
    }
}

static void a_request_may_take_no_time(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;

    (void)state;
    defaults(&config, &kpa);
    begin(&w, &config, &kpa);
    request(&w, 500 * MS, 0);
    until(&w, S + 1);
    assert_int_equal(waits_of(&w).completed, 1);
    assert_int_equal(waits_of(&w).running, 0);
    end(&w);
}

static void the_load_is_that_of_the_metric(void **state)
{
    static const int32_t metrics[] = {WEIR_KPA_CONCURRENCY, WEIR_KPA_RPS};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        weir_replay_config config;
        weir_kpa_config kpa;
        struct world w;

        defaults(&config, &kpa);
        kpa.metric = metrics[i];
        begin(&w, &config, &kpa);
        for (int64_t ms = 250; ms < 5000; ms += 500) {
            request(&w, ms * MS, 125 * MS);
        }
        until(&w, 5 * S + 1);
        assert_bits_equal(weir_replay_load(w.replay), metrics[i] == WEIR_KPA_RPS ? 2 : 0.25);
        end(&w);
    }
}

/* ---- the documented example ----------------------------------------------------------------- */

/* Five workers against a target of one for 30 s, a cold start of 18 s: docs/knative.md. */
static void five_workers_and_a_target_of_one_make_eight_pods(void **state)
{
    static const struct {
        weir_time at;
        int32_t pods;
    } story[] = {{0, 2}, {2 * S, 5}, {4 * S, 6}, {6 * S, 7}, {8 * S, 8}};
    weir_replay_config config;
    weir_kpa_config kpa;
    weir_report report;
    struct world w;
    size_t told = 0;
    int32_t pods = 0;

    (void)state;
    defaults(&config, &kpa);
    kpa.target = 1;
    config.initial_replicas = 0;
    config.pod_start = 18 * S;
    begin(&w, &config, &kpa);
    assert_int_equal(weir_replay_workers(w.replay, w.kpa, 0, 5, 100 * MS, 30 * S), WEIR_OK);
    while (weir_replay_next(w.replay, w.kpa, 80 * S, &w.d, NULL, NULL) != WEIR_END) {
        if (w.d.replicas != pods) {
            assert_true(told < sizeof story / sizeof story[0]);
            assert_true(w.d.at == story[told].at);
            assert_int_equal(w.d.replicas, story[told].pods);
            pods = w.d.replicas;
            told++;
        }
        /* Panic from the first request on: two pods for none that is ready. */
        assert_true(w.d.flags & WEIR_FLAG_PANIC);
    }
    assert_int_equal(told, sizeof story / sizeof story[0]);
    assert_true(waits_of(&w).held == 5 && waits_of(&w).longest == 18 * S);
    assert_true(waits_of(&w).completed == 5 * 120); /* 12 s at ten a second each */
    until(&w, 200 * S);
    assert_int_equal(w.d.replicas, 0);
    assert_int_equal(weir_replay_report(w.replay, 200 * S, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.peak_replicas, 8);
    assert_true(report.cold_starts == 1);
    end(&w);
}

/* ---- buckets and misuse --------------------------------------------------------------------- */

static void buckets_are_in_order_and_without_gaps(void **state)
{
    (void)state;
    assert_int_equal(weir_waits_bucket(0), 0);
    assert_int_equal(weir_waits_bucket(-5), 0);
    assert_int_equal(weir_waits_bucket(1), 1);
    for (int32_t i = 1; i < WEIR_WAITS_BUCKETS; i++) {
        assert_true(weir_waits_bound(i) > weir_waits_bound(i - 1));
        assert_int_equal(weir_waits_bucket(weir_waits_bound(i) - 1), i);
        if (i + 1 < WEIR_WAITS_BUCKETS) {
            assert_int_equal(weir_waits_bucket(weir_waits_bound(i)), i + 1);
        }
    }
    assert_int_equal(weir_waits_bucket(INT64_MAX), WEIR_WAITS_BUCKETS - 1);
}

static void misuse_is_an_error(void **state)
{
    weir_replay_config config;
    weir_kpa_config kpa;
    struct world w;
    weir_reading row = {5 * S, 0, -1, WEIR_OK, 0, 1};
    weir_waits waits;

    (void)state;
    defaults(&config, &kpa);
    config.requests_max = 2;
    begin(&w, &config, &kpa);
    assert_int_equal(weir_replay_request(w.replay, w.kpa, 0, -1), WEIR_E_ARG);
    assert_int_equal(weir_replay_request(w.replay, w.replay, 0, 1), WEIR_E_ARG);
    assert_int_equal(weir_replay_request(NULL, w.kpa, 0, 1), WEIR_E_ARG);
    assert_int_equal(weir_replay_request(w.replay, w.kpa, S, 1), WEIR_E_TIME); /* due at 0 */
    assert_int_equal(weir_replay_workers(w.replay, w.kpa, 0, 1, 0, S), WEIR_E_ARG);
    assert_int_equal(weir_replay_workers(w.replay, w.kpa, 0, -1, 1, S), WEIR_E_ARG);
    request(&w, 0, S);
    request(&w, 0, S);
    assert_int_equal(weir_replay_request(w.replay, w.kpa, 0, S), WEIR_E_LIMIT);
    until(&w, S);
    assert_int_equal(weir_replay_request(w.replay, w.kpa, S / 2, S), WEIR_E_TIME);
    assert_int_equal(weir_replay_record(w.replay, w.kpa, &row, 1), WEIR_E_ARG); /* or rows */
    assert_int_equal(weir_replay_waits(w.replay, &waits, 3), WEIR_E_STRUCT);
    assert_int_equal(weir_replay_waits(w.replay, NULL, sizeof waits), WEIR_E_ARG);
    assert_bits_equal(weir_replay_load(NULL), 0);
    end(&w);
    config.requests_max = 0;
    begin(&w, &config, &kpa);
    assert_int_equal(weir_replay_request(w.replay, w.kpa, 0, S), WEIR_E_ARG); /* no room */
    end(&w);
    config.requests_max = 2;
    begin(&w, &config, &kpa);
    until(&w, 1);
    row.at = 1;
    assert_int_equal(weir_replay_record(w.replay, w.kpa, &row, 1), WEIR_OK);
    assert_int_equal(weir_replay_request(w.replay, w.kpa, 1, S), WEIR_E_ARG); /* rows it is */
    end(&w);
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, a_cold_start_holds_the_first_requests);
    SUITE_TEST(&suite, a_pod_takes_as_many_as_its_container_concurrency);
    SUITE_TABLE(&suite, reports_add_up_to_the_load, report_rows);
    SUITE_TEST(&suite, silence_is_reported_once_and_then_by_the_pods_alone);
    SUITE_TEST(&suite, pods_that_are_gone_report_nothing);
    SUITE_TEST(&suite, a_request_may_take_no_time);
    SUITE_TEST(&suite, the_load_is_that_of_the_metric);
    SUITE_TEST(&suite, five_workers_and_a_target_of_one_make_eight_pods);
    SUITE_TEST(&suite, buckets_are_in_order_and_without_gaps);
    SUITE_TEST(&suite, misuse_is_an_error);
    return suite_run(&suite, "requests");
}
