/* decide/kpa_reconcile: bounds, the way to zero, mode, activators, conditions; explained and
 * chained. */
#include "table.h"
#include <weir/kpa.h>

#define S   WEIR_SECOND
#define NOW (INT64_C(1700000000) * S)

enum { U = WEIR_CONDITION_UNKNOWN, T = WEIR_CONDITION_TRUE, F = WEIR_CONDITION_FALSE };
#define NONE WEIR_KPA_ABSENT

/* Stable window 300 s, grace 60 s, progress deadline 121 s, burst capacity 200 unless given. */
struct row {
    const char *name;
    int32_t active;
    double age; /* seconds since the Active condition changed */
    int32_t replicas, desired;
    int32_t min, max, initial, initialized, unreachable;
    double retention, proxied, burst; /* seconds; proxied < 0: no activator in the path */
    int32_t probe, no_zero, mode;
    int32_t want, patch, requeues, async_probe;
};

/* clang-format off */
static const struct row rows[] = {
    /* name, then active, age, replicas, desired, min, max, initial, initialized, unreachable,
     * retention, proxied, burst, probe, no_zero, mode: want, patch, requeues, async_probe */
    {"active and young keeps one",
     T, 299, 1, 0, 0, 0, 1, 1, 0, 0, -1, 200, 1, 0, 1, 1, NONE, 1, 0},
    {"active and young is cut to one",
     T, 299, 10, 0, 0, 0, 1, 1, 0, 0, -1, 200, 1, 0, 1, 1, 1, 1, 0},
    {"active for the window becomes inactive",
     T, 300, 1, 0, 0, 0, 1, 1, 0, 0, -1, 200, 1, 0, 1, 0, NONE, 0, 0},
    {"in proxy mode already it looks again",
     T, 300, 1, 0, 0, 0, 1, 1, 0, 0, -1, 200, 1, 0, 0, 0, NONE, 1, 0},
    {"inactive for the grace period goes",
     F, 60, 1, 0, 0, 0, 1, 1, 0, 0, -1, 200, 1, 0, 0, 0, 0, 0, 0},
    {"inactive a second less waits",
     F, 59, 1, 0, 0, 0, 1, 1, 0, 0, -1, 200, 1, 0, 0, 0, NONE, 1, 0},
    {"proxied for the grace period goes",
     F, 59, 1, 0, 0, 0, 1, 1, 0, 0, 60, 200, 1, 0, 0, 0, 0, 0, 0},
    {"proxied a second less waits",
     F, 59, 1, 0, 0, 0, 1, 1, 0, 0, 59, 200, 1, 0, 0, 0, NONE, 1, 0},
    {"retention keeps the last pod",
     F, 60, 1, 0, 0, 0, 1, 1, 0, 120, -1, 200, 1, 0, 0, 0, NONE, 1, 0},
    {"retention that is over does not",
     F, 60, 1, 0, 0, 0, 1, 1, 0, 60, -1, 200, 1, 0, 0, 0, 0, 0, 0},
    {"retention does not count without a route",
     F, 60, 1, 0, 0, 0, 1, 1, 1, 600, -1, 200, 1, 0, 0, 0, 0, 0, 0},
    {"a failing probe keeps the pods",
     F, 60, 1, 0, 0, 0, 1, 1, 0, 0, -1, 200, 2, 0, 0, 0, NONE, 0, 1},
    {"a probe that is not there keeps them too",
     F, 60, 1, 0, 0, 0, 1, 1, 0, 0, -1, 200, 0, 0, 0, 0, NONE, 0, 1},
    {"burst capacity -1 needs no probe",
     F, 60, 1, 0, 0, 0, 1, 1, 0, 0, -1, -1, 2, 0, 0, 0, 0, 0, 0},
    {"being activated waits",
     U, 75, 1, 0, 0, 0, 1, 1, 0, 0, -1, 200, 1, 0, 0, -1, NONE, 1, 0},
    {"being activated for exactly the timeout waits",
     U, 151, 1, 0, 0, 0, 1, 1, 0, 0, -1, 200, 1, 0, 0, -1, NONE, 1, 0},
    {"being activated for too long is given up",
     U, 152, 1, 0, 0, 0, 1, 1, 0, 0, -1, 200, 1, 0, 0, 0, 0, 0, 0},
    {"min-scale",
     F, 59, 10, 0, 2, 0, 1, 1, 0, 0, -1, 200, 1, 0, 0, 2, 2, 0, 0},
    {"min-scale does not count without a route",
     F, 60, 10, 0, 2, 0, 1, 1, 1, 0, -1, 200, 1, 0, 0, 0, 0, 0, 0},
    {"max-scale",
     U, 1, 1, 10, 0, 8, 1, 1, 0, 0, -1, 200, 1, 0, 0, 8, 8, 0, 0},
    {"an unknown wish is left alone",
     F, 0, 0, -1, 0, 0, 1, 1, 0, 0, -1, 200, 1, 0, 0, -1, NONE, 0, 0},
    {"an unknown wish while activating goes to min-scale",
     U, 0, 1, -1, 3, 0, 1, 1, 0, 0, -1, 200, 1, 0, 0, 3, 3, 0, 0},
    {"an unknown wish while activating goes to min-scale, which max-scale does not undo",
     U, 0, 1, -1, 0, -3, 1, 1, 0, 0, -1, 200, 1, 0, 0, -1, NONE, 1, 0},
    {"initial-scale",
     U, 0, 0, 1, 0, 0, 2, 0, 0, 0, -1, 200, 1, 0, 0, 2, 2, 0, 0},
    {"initial-scale beats max-scale from below",
     U, 0, 1, 5, 0, 10, 20, 0, 0, 0, -1, 200, 1, 0, 0, 20, 20, 0, 0},
    {"max-scale beats initial-scale from above",
     U, 0, 1, 25, 0, 10, 20, 0, 0, 0, -1, 200, 1, 0, 0, 10, 10, 0, 0},
    {"initial-scale does not count without a route",
     T, 120, 2, 0, 0, 0, 2, 0, 1, 0, -1, 200, 1, 0, 0, 1, 1, 1, 0},
    {"a cluster that does not scale to zero",
     T, 0, 10, 0, 0, 0, 1, 1, 0, 0, -1, 200, 1, 1, 0, 1, 1, 0, 0},
    {"a deployment without replicas counts as one",
     T, 10, NONE, 1, 0, 0, 1, 1, 0, 0, -1, 200, 1, 0, 0, 1, NONE, 0, 0},
};
/* clang-format on */

static void configure(const struct row *row, weir_kpa_config *config)
{
    assert_int_equal(weir_kpa_config_init(config, sizeof *config), WEIR_OK);
    config->stable_window = 300 * S;
    config->scale_to_zero_grace_period = 60 * S;
    config->progress_deadline = 121 * S;
    config->target_burst_capacity = row->burst;
    config->min_scale = row->min;
    config->max_scale = row->max;
    config->initial_scale = row->initial;
    config->scale_to_zero_pod_retention_period = (weir_duration)row->retention * S;
    config->enable_scale_to_zero = !row->no_zero;
}

static void wants_as_upstream(void **state)
{
    const struct row *row = *state;
    weir_kpa_config config;
    weir_kpa_reconciler_state carried, again;
    weir_kpa_reconcile_input in;
    weir_kpa_reconcile out, silent;
    weir_explain why;
    int32_t pods;

    configure(row, &config);
    weir_kpa_reconciler_init(&carried, sizeof carried);
    carried.active = row->active;
    carried.active_since = NOW - (weir_duration)row->age * S;
    carried.initialized = row->initialized;
    carried.mode = row->mode;
    carried.has_service = 1;
    again = carried;
    weir_kpa_reconcile_input_init(&in, sizeof in);
    in.desired = row->desired;
    in.replicas = row->replicas;
    in.unreachable = row->unreachable;
    in.probe = row->probe;
    in.proxy_since = row->proxied < 0 ? WEIR_TIME_NONE : NOW - (weir_duration)row->proxied * S;
    in.has_private_service = in.has_service = in.network_ready = 1;
    weir_explain_init(&why, sizeof why);
    assert_int_equal(weir_kpa_reconcile_step(&config, &carried, &in, NOW, &out, &why), WEIR_OK);
    assert_int_equal(out.want, row->want);
    assert_int_equal(out.patch, row->patch);
    assert_int_equal(out.requeue_count, row->requeues);
    assert_int_equal(out.async_probe, row->async_probe);
    pods = row->desired;
    for (uint32_t i = 0; i < why.count; i++) {
        assert_int_equal(why.steps[i].before, pods);
        pods = why.steps[i].after;
    }
    assert_int_equal(pods, row->want);
    assert_int_equal(weir_kpa_reconcile_step(&config, &again, &in, NOW, &silent, NULL), WEIR_OK);
    assert_memory_equal(&silent, &out, sizeof out);
    assert_memory_equal(&again, &carried, sizeof carried);
}

/* Mode, activators and conditions: min-scale 0, burst capacity 200, a pod takes 10. */
struct status {
    const char *name;
    int32_t desired, burst, active, ready, min, initialized;
    int32_t want, mode, activators, active_after, reason, initialized_after;
};

static const struct status statuses[] = {
    {"serves with spare capacity", 11, 0, T, 1, 0, 1, 11, WEIR_KPA_SERVE, 3, T,
     WEIR_KPA_REASON_NONE, 1},
    {"proxies without", 11, -42, T, 1, 0, 1, 11, WEIR_KPA_PROXY, 3, T, WEIR_KPA_REASON_NONE, 1},
    {"queues without ready pods", 11, 0, F, 0, 0, 1, 11, WEIR_KPA_SERVE, 2, U,
     WEIR_KPA_REASON_QUEUED, 1},
    {"below min-scale it is not active", 11, 0, T, 10, 11, 1, 11, WEIR_KPA_SERVE, 3, U,
     WEIR_KPA_REASON_QUEUED, 1},
    {"at min-scale it is", 0, 0, F, 12, 11, 1, 11, WEIR_KPA_SERVE, 4, T, WEIR_KPA_REASON_NONE, 1},
    {"inactive and not known it stays inactive", -1, 0, F, 10, 11, 1, -1, WEIR_KPA_PROXY, 3, F,
     WEIR_KPA_REASON_NO_TRAFFIC, 1},
    {"the first ready pod initializes", 11, 0, U, 2, 2, 0, 11, WEIR_KPA_SERVE, 3, T,
     WEIR_KPA_REASON_NONE, 1},
    {"too few ready pods do not", 11, 0, U, 1, 2, 0, 11, WEIR_KPA_SERVE, 3, U,
     WEIR_KPA_REASON_QUEUED, 0},
};

static void reports_as_upstream(void **state)
{
    const struct status *row = *state;
    weir_kpa_config config;
    weir_kpa_reconciler_state carried;
    weir_kpa_reconcile_input in;
    weir_kpa_reconcile out;

    weir_kpa_config_init(&config, sizeof config);
    config.target = 10;
    config.target_burst_capacity = 200;
    config.min_scale = row->min;
    weir_kpa_reconciler_init(&carried, sizeof carried);
    carried.active = row->active;
    carried.reason = row->active == F ? WEIR_KPA_REASON_NO_TRAFFIC : WEIR_KPA_REASON_NONE;
    carried.active_since = NOW - 3600 * S;
    carried.initialized = row->initialized;
    weir_kpa_reconcile_input_init(&in, sizeof in);
    in.desired = row->desired;
    in.excess_burst_capacity = row->burst;
    in.replicas = row->ready;
    in.ready = row->ready;
    in.has_private_service = in.has_service = in.network_ready = 1;
    assert_int_equal(weir_kpa_reconcile_step(&config, &carried, &in, NOW + 5, &out, NULL), WEIR_OK);
    assert_int_equal(out.want, row->want);
    assert_int_equal(out.mode, row->mode);
    assert_int_equal(out.activators, row->activators);
    assert_int_equal(out.active, row->active_after);
    assert_int_equal(out.reason, row->reason);
    assert_int_equal(out.initialized, row->initialized_after);
    assert_true(
        carried.active_since ==
        (out.active == row->active && row->reason == carried.reason && out.active_since != NOW + 5
             ? NOW - 3600 * S
             : NOW));
}

static void without_networking_it_waits_in_proxy_mode(void **state)
{
    weir_kpa_config config;
    weir_kpa_reconciler_state carried;
    weir_kpa_reconcile_input in;
    weir_kpa_reconcile out;

    (void)state;
    weir_kpa_config_init(&config, sizeof config);
    weir_kpa_reconciler_init(&carried, sizeof carried);
    weir_kpa_reconcile_input_init(&in, sizeof in);
    in.desired = 7;
    in.ready = 3;
    assert_int_equal(weir_kpa_reconcile_step(&config, &carried, &in, NOW, &out, NULL), WEIR_OK);
    assert_int_equal(out.decided, 0);
    assert_int_equal(out.want, -1);
    assert_int_equal(out.mode, WEIR_KPA_PROXY);
    assert_int_equal(out.activators, 2);
    assert_int_equal(out.actual_scale, 0);
    in.struct_size = 3;
    assert_int_equal(weir_kpa_reconcile_step(&config, &carried, &in, NOW, &out, NULL),
                     WEIR_E_STRUCT);
    assert_int_equal(weir_kpa_reconcile_step(&config, NULL, &in, NOW, &out, NULL), WEIR_E_ARG);
}

/* A clock that went back by more than a duration can hold. */
static void ages_beyond_a_duration_saturate(void **state)
{
    static const int32_t actives[] = {WEIR_CONDITION_TRUE, WEIR_CONDITION_FALSE};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        weir_kpa_config config;
        weir_kpa_reconciler_state before;
        weir_kpa_reconcile_input in;
        weir_kpa_reconcile out;

        weir_kpa_config_init(&config, sizeof config);
        config.scale_to_zero_pod_retention_period = 600 * S;
        weir_kpa_reconciler_init(&before, sizeof before);
        before.active = actives[i];
        before.initialized = before.has_service = 1;
        before.active_since = INT64_MAX / S * S;
        weir_kpa_reconcile_input_init(&in, sizeof in);
        in.desired = 0;
        in.replicas = 1;
        in.has_private_service = in.has_service = in.network_ready = 1;
        in.probe = WEIR_KPA_PROBE_OK;
        assert_int_equal(weir_kpa_reconcile_step(&config, &before, &in, INT64_MIN + S, &out, NULL),
                         WEIR_OK);
        assert_int_equal(out.requeue_count, 1);
        assert_true(out.requeue_after[0] == INT64_MAX);
    }
}

/* Over random lives: never below min-scale while there is a route, never above max-scale, and zero
 * only where scale to zero is on. */
static void bounds_hold_over_random_lives(void **state)
{
    uint64_t seed = 42;

    (void)state;
    for (int life = 0; life < 300; life++) {
        weir_kpa_config config;
        weir_kpa_reconciler_state carried;
        weir_kpa_reconcile_input in;
        weir_kpa_reconcile out;
        weir_time now = NOW;
        int32_t replicas = 1;

        weir_kpa_config_init(&config, sizeof config);
        seed = seed * UINT64_C(6364136223846793005) + 1;
        config.min_scale = (int32_t)(seed >> 60) % 4;
        config.max_scale = config.min_scale + (int32_t)(seed >> 56 & 7);
        config.max_scale = config.max_scale == 0 ? 0 : config.max_scale;
        config.enable_scale_to_zero = (int32_t)(seed >> 50 & 1);
        weir_kpa_reconciler_init(&carried, sizeof carried);
        weir_kpa_reconcile_input_init(&in, sizeof in);
        in.has_private_service = in.has_service = in.network_ready = 1;
        for (int i = 0; i < 100; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            now += (weir_duration)(seed >> 58) * S;
            in.desired = (int32_t)(seed >> 40 & 15) - 1;
            in.excess_burst_capacity = (int32_t)(seed >> 44 & 3) - 1;
            in.probe = (int32_t)(seed >> 36 & 1);
            in.replicas = replicas;
            in.ready = replicas;
            assert_int_equal(weir_kpa_reconcile_step(&config, &carried, &in, now, &out, NULL), 0);
            if (out.patch != WEIR_KPA_ABSENT) {
                replicas = out.patch;
                assert_true(replicas >= config.min_scale);
                assert_true(config.max_scale == 0 || replicas <= config.max_scale ||
                            replicas == config.min_scale);
                assert_true(replicas > 0 || config.enable_scale_to_zero);
            }
        }
    }
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, wants_as_upstream, rows);
    SUITE_TABLE(&suite, reports_as_upstream, statuses);
    SUITE_TEST(&suite, without_networking_it_waits_in_proxy_mode);
    SUITE_TEST(&suite, ages_beyond_a_duration_saturate);
    SUITE_TEST(&suite, bounds_hold_over_random_lives);
    return suite_run(&suite, "kpa_reconcile");
}
