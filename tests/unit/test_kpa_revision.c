/* One revision whole: what calls for a reconcile, scale to zero and back on one clock, bounds. */
#include "table.h"

#include <weir/weir.h>

#define S  WEIR_SECOND
#define T0 (INT64_C(1700000040) * S)

struct world {
    weir_kpa *kpa;
    size_t bytes;
    weir_kpa_reconcile_input cluster;
    weir_decision d;
    weir_explain why;
};

static void defaults(weir_kpa_config *config)
{
    assert_int_equal(weir_kpa_config_init(config, sizeof *config), WEIR_OK);
    config->target = 10;
    config->target_utilization_percentage = 100;
    config->stable_window = 6 * S;
}

static void begin(struct world *w, const weir_kpa_config *config, int64_t ready)
{
    assert_int_equal(weir_kpa_bytes(config, &w->bytes, NULL), WEIR_OK);
    w->kpa = block_of(w->bytes);
    assert_int_equal(weir_kpa_init(w->kpa, w->bytes, config, ready, T0, NULL), WEIR_OK);
    weir_kpa_reconcile_input_init(&w->cluster, sizeof w->cluster);
    w->cluster.replicas = (int32_t)ready;
    w->cluster.ready = ready;
    w->cluster.has_private_service = 1;
    w->cluster.has_service = 1;
    w->cluster.network_ready = 1;
    weir_decision_init(&w->d, sizeof w->d);
    weir_explain_init(&w->why, sizeof w->why);
}

static void end(struct world *w)
{
    free(w->kpa);
}

static void load(struct world *w, int64_t second, double concurrency)
{
    weir_kpa_stat stat = {concurrency, 0, 0, 0};

    assert_int_equal(weir_kpa_record(w->kpa, T0 + second * S, &stat), WEIR_OK);
}

/* A step, whose size the deployment has at once and whose pods are ready at once. */
static int32_t step(struct world *w, int64_t second)
{
    assert_true(weir_kpa_step(w->kpa, &w->cluster, T0 + second * S, &w->d, &w->why) >= WEIR_OK);
    w->cluster.replicas = w->d.replicas;
    w->cluster.ready = w->d.replicas;
    return w->d.replicas;
}

static weir_kpa_reconcile last(const struct world *w)
{
    weir_kpa_reconcile r;

    assert_int_equal(weir_kpa_get_reconcile(w->kpa, &r, sizeof r), WEIR_OK);
    return r;
}

static int says(const struct world *w, int32_t rule)
{
    for (uint32_t i = 0; i < w->why.count; i++) {
        if (w->why.steps[i].rule == rule) {
            return 1;
        }
    }
    return 0;
}

static void a_new_revision_is_reconciled_at_once_and_becomes_active(void **state)
{
    weir_kpa_config config;
    struct world w;
    weir_kpa_reconcile r;

    (void)state;
    defaults(&config);
    begin(&w, &config, 1);
    assert_int_equal(weir_kpa_get_reconcile(w.kpa, &r, sizeof r), WEIR_NO_DATA);
    assert_true(weir_kpa_due(w.kpa) == T0);
    assert_int_equal(step(&w, 0), 1);
    assert_int_equal(last(&w).active, WEIR_CONDITION_TRUE);
    assert_int_equal(last(&w).initialized, 1);
    assert_true(last(&w).active_since == T0);
    assert_true(weir_kpa_due(w.kpa) == T0 + 2 * S);
    end(&w);
}

/* Load for 10 s, silence, zero, and a request that wakes it. */
static void it_goes_to_zero_and_comes_back(void **state)
{
    weir_kpa_config config;
    struct world w;
    int64_t s;

    (void)state;
    defaults(&config);
    begin(&w, &config, 1);
    for (s = 0; s < 16; s++) {
        load(&w, s, s < 10 ? 5 : 0);
        if (weir_kpa_due(w.kpa) <= T0 + s * S) {
            assert_int_equal(step(&w, s), 1);
        }
    }
    /* The window is empty of load from 16 s on: inactive at once, and since the activator is not
     * in the path yet, one pod stays. */
    load(&w, 16, 0);
    assert_int_equal(step(&w, 16), 1);
    assert_int_equal(w.d.rule, WEIR_RULE_KPA_PROBE);
    assert_true(says(&w, WEIR_RULE_KPA_DEACTIVATE));
    assert_int_equal(last(&w).active, WEIR_CONDITION_FALSE);
    assert_int_equal(last(&w).reason, WEIR_KPA_REASON_NO_TRAFFIC);
    assert_true(w.d.flags & WEIR_FLAG_PROXY);
    /* The network follows: the grace period runs. */
    w.cluster.probe = WEIR_KPA_PROBE_OK;
    w.cluster.proxy_since = T0 + 17 * S;
    assert_int_equal(step(&w, 17), 1);
    assert_int_equal(w.d.rule, WEIR_RULE_KPA_GRACE);
    for (s = 18; s < 46; s++) {
        load(&w, s, 0);
        if (weir_kpa_due(w.kpa) <= T0 + s * S) {
            assert_int_equal(step(&w, s), 1);
        }
    }
    /* 30 s after it became inactive; nobody but the requeue asks for it: 47 s is no tick. */
    assert_true(weir_kpa_due(w.kpa) == T0 + 46 * S || weir_kpa_due(w.kpa) == T0 + 47 * S);
    assert_int_equal(step(&w, 46), 1); /* a tick that changes nothing reconciles nothing */
    assert_int_equal(w.d.rule, WEIR_RULE_KPA_GRACE);
    assert_true(w.d.next == T0 + 47 * S);
    assert_int_equal(step(&w, 47), 0);
    assert_int_equal(w.d.rule, WEIR_RULE_KPA_TO_ZERO);
    assert_true((w.d.flags & (WEIR_FLAG_APPLY | WEIR_FLAG_TO_ZERO)) ==
                (WEIR_FLAG_APPLY | WEIR_FLAG_TO_ZERO));
    step(&w, 48); /* the pod has gone */
    assert_false(weir_autoscaler_poked(w.kpa));
    load(&w, 49, 3);
    assert_true(weir_autoscaler_poked(w.kpa));
    assert_int_equal(step(&w, 49), 1);
    assert_int_equal(last(&w).active, WEIR_CONDITION_UNKNOWN);
    assert_int_equal(last(&w).reason, WEIR_KPA_REASON_QUEUED);
    assert_int_equal(step(&w, 49), 1); /* the pod is ready, which calls for a reconcile */
    assert_int_equal(last(&w).active, WEIR_CONDITION_TRUE);
    end(&w);
}

/* What calls for a reconcile between two ticks. */
enum { NEWS_NONE, NOTHING, READY, SERVICE, NETWORK, PROBE, REPLICAS };

struct event_row {
    const char *name;
    int what;
};

static const struct event_row event_rows[] = {
    {"a tick without news does not reconcile", NEWS_NONE},
    {"nothing at all: it reconciles as a resync does", NOTHING},
    {"a change of the ready pods", READY},
    {"the service's name", SERVICE},
    {"the networking's readiness", NETWORK},
    {"what a probe would give does not", PROBE},
    {"replicas that somebody else set do not", REPLICAS},
};

static void events_call_for_reconciles(void **state)
{
    const struct event_row *row = *state;
    weir_kpa_config config;
    struct world w;
    int64_t when = row->what == NOTHING ? 3 : 4; /* between ticks, or on one */
    int linked;

    defaults(&config);
    begin(&w, &config, 1);
    for (int64_t s = 0; s <= 4; s++) {
        load(&w, s, 5);
        if (s == 0 || s == 2) {
            assert_int_equal(step(&w, s), 1);
        }
    }
    switch (row->what) {
    case READY: w.cluster.ready = 0; break;
    case SERVICE: w.cluster.has_service = 0; break;
    case NETWORK: w.cluster.network_ready = 0; break;
    case PROBE: w.cluster.probe = WEIR_KPA_PROBE_ERROR; break;
    case REPLICAS: w.cluster.replicas = 7; break;
    default: break;
    }
    assert_int_equal(weir_kpa_step(w.kpa, &w.cluster, T0 + when * S, &w.d, &w.why), WEIR_OK);
    /* Seven replicas that nobody reconciles stay; and the reconciled ones are one again. */
    if (row->what == REPLICAS) {
        assert_int_equal(w.d.replicas, 7);
        assert_true(says(&w, WEIR_RULE_KPA_KEPT));
        assert_int_equal(weir_kpa_step(w.kpa, &w.cluster, T0 + 5 * S, &w.d, &w.why), WEIR_OK);
        assert_int_equal(w.d.replicas, 1);
        assert_true(w.d.flags & WEIR_FLAG_APPLY);
    }
    linked = says(&w, WEIR_RULE_KPA_WISH);
    assert_int_equal(linked, row->what == NOTHING || row->what == REPLICAS);
    assert_true(last(&w).actual_scale == (row->what != READY));
    assert_int_equal(last(&w).ready == WEIR_CONDITION_UNKNOWN,
                     row->what == NETWORK || row->what == READY);
    assert_int_equal(weir_kpa_get_reconciler(w.kpa)->has_service, row->what != SERVICE);
    end(&w);
}

struct bounds_row {
    const char *name;
    int32_t min, max, initial, unreachable;
    double load;
    int32_t pods;
    int32_t rule;
    uint32_t flags;
};

static const struct bounds_row bounds_rows[] = {
    {"within", 0, 0, 1, 0, 45, 5, WEIR_RULE_KPA_STABLE, 0},
    {"held up", 7, 0, 1, 0, 45, 7, WEIR_RULE_BOUNDS_MIN, WEIR_FLAG_AT_MIN},
    {"held down", 0, 3, 1, 0, 45, 3, WEIR_RULE_BOUNDS_MAX, WEIR_FLAG_AT_MAX},
    {"no lower bound without a route", 7, 0, 1, 1, 45, 5, WEIR_RULE_KPA_STABLE, 0},
    {"an upper bound without a route", 0, 3, 1, 1, 45, 3, WEIR_RULE_BOUNDS_MAX, WEIR_FLAG_AT_MAX},
    {"the lower bound wins where they contradict each other", 7, 3, 1, 0, 45, 7,
     WEIR_RULE_BOUNDS_MIN, WEIR_FLAG_AT_MIN},
};

static void bounds_are_applied_to_the_wish(void **state)
{
    const struct bounds_row *row = *state;
    weir_kpa_config config;
    struct world w;

    defaults(&config);
    config.min_scale = row->min;
    config.max_scale = row->max;
    config.initial_scale = row->initial;
    begin(&w, &config, 1);
    w.cluster.unreachable = row->unreachable;
    load(&w, 0, row->load);
    load(&w, 1, row->load);
    load(&w, 2, row->load);
    step(&w, 0);
    assert_int_equal(step(&w, 2), row->pods);
    assert_int_equal(w.d.rule, row->rule);
    assert_int_equal(w.d.flags & (WEIR_FLAG_AT_MIN | WEIR_FLAG_AT_MAX), row->flags);
    load(&w, 3, row->load);
    load(&w, 4, row->load);
    step(&w, 3); /* the pods are ready */
    assert_int_equal(step(&w, 4), row->pods);
    assert_int_equal(w.d.rule, row->rule); /* which a tick without a reconcile says as well */
    end(&w);
}

static void initial_scale_holds_until_it_was_reached(void **state)
{
    weir_kpa_config config;
    struct world w;

    (void)state;
    defaults(&config);
    config.initial_scale = 4;
    begin(&w, &config, 0);
    assert_int_equal(step(&w, 0), 4);
    assert_int_equal(w.d.rule, WEIR_RULE_KPA_INITIAL_SCALE);
    w.cluster.ready = 2;
    load(&w, 1, 5);
    assert_int_equal(weir_kpa_step(w.kpa, &w.cluster, T0 + 2 * S, &w.d, &w.why), WEIR_OK);
    assert_int_equal(w.d.replicas, 4); /* one is wanted, but four were not there yet */
    w.cluster.ready = 4;
    assert_int_equal(step(&w, 3), 1); /* they are, and the status says so: three go at once */
    end(&w);
}

static void ready_pods_that_are_not_known_decide_nothing(void **state)
{
    weir_kpa_config config;
    struct world w;

    (void)state;
    defaults(&config);
    begin(&w, &config, 1);
    w.cluster.ready = -1;
    assert_int_equal(weir_kpa_step(w.kpa, &w.cluster, T0, &w.d, &w.why), WEIR_NO_DATA);
    assert_int_equal(w.d.replicas, 1);
    assert_int_equal(w.d.valid, 0);
    assert_true(weir_kpa_due(w.kpa) == T0); /* and it is still to be done */
    w.cluster.ready = 1;
    assert_int_equal(weir_kpa_step(w.kpa, &w.cluster, T0 + S, &w.d, &w.why), WEIR_OK);
    assert_true(weir_kpa_due(w.kpa) == T0 + 2 * S);
    end(&w);
}

static void misuse_is_an_error_and_changes_nothing(void **state)
{
    weir_kpa_config config;
    struct world w;
    weir_kpa_reconcile r;
    void *before;

    (void)state;
    defaults(&config);
    begin(&w, &config, 1);
    before = block_of(w.bytes);
    memcpy(before, w.kpa, w.bytes);
    assert_int_equal(weir_kpa_step(NULL, &w.cluster, T0, &w.d, NULL), WEIR_E_ARG);
    assert_int_equal(weir_kpa_step(w.kpa, NULL, T0, &w.d, NULL), WEIR_E_ARG);
    assert_int_equal(weir_kpa_step(w.kpa, &w.cluster, T0, NULL, NULL), WEIR_E_ARG);
    w.cluster.struct_size--;
    assert_int_equal(weir_kpa_step(w.kpa, &w.cluster, T0, &w.d, NULL), WEIR_E_STRUCT);
    w.cluster.struct_size++;
    w.d.struct_size--;
    assert_int_equal(weir_kpa_step(w.kpa, &w.cluster, T0, &w.d, NULL), WEIR_E_STRUCT);
    w.d.struct_size++;
    w.why.struct_size--;
    assert_int_equal(weir_kpa_step(w.kpa, &w.cluster, T0, &w.d, &w.why), WEIR_E_STRUCT);
    assert_int_equal(weir_kpa_get_reconcile(w.kpa, NULL, sizeof r), WEIR_E_ARG);
    assert_int_equal(weir_kpa_get_reconcile(w.kpa, &r, 4), WEIR_E_STRUCT);
    assert_int_equal(weir_kpa_get_reconcile(NULL, &r, sizeof r), WEIR_E_ARG);
    assert_null(weir_kpa_get_reconciler(NULL));
    assert_true(weir_kpa_due(NULL) == WEIR_TIME_NEVER);
    assert_memory_equal(before, w.kpa, w.bytes);
    free(before);
    end(&w);
}

static void a_revision_is_small(void **state)
{
    weir_kpa_config config;
    size_t bytes;

    (void)state;
    assert_int_equal(weir_kpa_config_init(&config, sizeof config), WEIR_OK);
    assert_int_equal(weir_kpa_bytes(&config, &bytes, NULL), WEIR_OK);
    assert_true(bytes < 4096);
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, a_new_revision_is_reconciled_at_once_and_becomes_active);
    SUITE_TEST(&suite, it_goes_to_zero_and_comes_back);
    SUITE_TABLE(&suite, events_call_for_reconciles, event_rows);
    SUITE_TABLE(&suite, bounds_are_applied_to_the_wish, bounds_rows);
    SUITE_TEST(&suite, initial_scale_holds_until_it_was_reached);
    SUITE_TEST(&suite, ready_pods_that_are_not_known_decide_nothing);
    SUITE_TEST(&suite, misuse_is_an_error_and_changes_nothing);
    SUITE_TEST(&suite, a_revision_is_small);
    return suite_run(&suite, "kpa revision");
}
