/*
 * ScaledObjects: the executor's table, several triggers in OR, a documented object's whole day,
 * pauses, fallback, formulas, cron, snapshots, edits, and the calls that have to fail.
 */
#include "table.h"

#include <stdio.h>
#include <weir/weir.h>

#define T(seconds) ((seconds)*WEIR_SECOND)

static weir_keda_config config_of(int triggers)
{
    weir_keda_config c;

    weir_keda_config_init(&c, sizeof c);
    for (int i = 0; i < triggers; i++) {
        weir_keda_trigger_init(&c.triggers[i], WEIR_TRIGGER_PROMETHEUS);
        c.triggers[i].target = 5000;
    }
    c.trigger_count = (uint32_t)triggers;
    c.created = 0;
    return c;
}

static weir_keda *keda_of(const weir_keda_config *c, size_t *bytes)
{
    weir_error err = {0};
    weir_keda *k;

    if (weir_keda_bytes(c, bytes, &err) != WEIR_OK) {
        fail_msg("%s: %s", err.path, err.message);
    }
    k = block_of(*bytes);
    if (weir_keda_init(k, *bytes, c, 0, &err) != WEIR_OK) {
        fail_msg("%s: %s", err.path, err.message);
    }
    return k;
}

/* A target and what its triggers measure. */
struct world {
    weir_keda *k;
    size_t bytes;
    weir_keda_input in;
    weir_keda_reading readings[4];
};

static void begin(struct world *w, const weir_keda_config *c, int32_t replicas)
{
    memset(w, 0, sizeof *w);
    w->k = keda_of(c, &w->bytes);
    weir_keda_input_init(&w->in, sizeof w->in);
    w->in.readings = w->readings;
    w->in.reading_count = c->trigger_count;
    w->in.replicas = w->in.status_replicas = w->in.ready_pods = replicas;
}

static weir_decision decide(struct world *w, weir_time now, weir_explain *explain)
{
    weir_decision d;
    weir_status status;

    weir_decision_init(&d, sizeof d);
    status = weir_keda_decide(w->k, &w->in, now, &d, explain);
    assert_true(status == WEIR_OK || status == WEIR_NO_DATA);
    if ((d.flags & WEIR_FLAG_APPLY) != 0) {
        w->in.replicas = w->in.status_replicas = w->in.ready_pods = d.replicas;
    }
    return d;
}

/* ---- the executor --------------------------------------------------------------------------- */

enum { NIL = WEIR_KEDA_UNSET };

struct act {
    const char *name;
    int32_t active, is_error, fallback; /* fallback.replicas; -1: none */
    int32_t min, idle, current, out_paused, in_paused, forced;
    int32_t want;  /* -1: no write */
    int32_t ready; /* WEIR_STATE_* */
};

static const struct act acts[] = {
    {"inactive goes to zero", 0, 0, -1, 0, NIL, 10, 0, 0, 0, 0, WEIR_STATE_TRUE},
    {"inactive is raised to min", 0, 0, -1, 5, NIL, 1, 0, 0, 0, 5, WEIR_STATE_TRUE},
    {"active wakes up", 1, 0, -1, 0, NIL, 0, 0, 0, 0, 1, WEIR_STATE_TRUE},
    {"inactive goes to idle", 0, 0, -1, 5, 0, 10, 0, 0, 0, 0, WEIR_STATE_TRUE},
    {"active wakes to min", 1, 0, -1, 5, 0, 0, 0, 0, 0, 5, WEIR_STATE_TRUE},
    {"active is lifted out of idle", 1, 0, -1, 5, 0, 2, 0, 0, 0, 5, WEIR_STATE_TRUE},
    {"active above min is the HPA's", 1, 0, -1, 5, 0, 7, 0, 0, 0, -1, WEIR_STATE_TRUE},
    {"scale in paused", 0, 0, -1, 0, NIL, 10, 0, 1, 0, -1, WEIR_STATE_TRUE},
    {"scale out paused", 1, 0, -1, 0, NIL, 0, 1, 0, 0, -1, WEIR_STATE_TRUE},
    {"min is raised though scale out is paused", 0, 0, -1, 5, NIL, 1, 1, 0, 0, 5, WEIR_STATE_TRUE},
    {"forced", 0, 0, -1, 0, NIL, 0, 0, 0, 1, 1, WEIR_STATE_TRUE},
    {"an error freezes", 0, 1, -1, 0, NIL, 3, 0, 0, 0, -1, WEIR_STATE_FALSE},
    {"an error freezes below min", 0, 1, -1, 5, NIL, 1, 0, 0, 0, -1, WEIR_STATE_FALSE},
    {"a partial error", 1, 1, -1, 1, NIL, 1, 0, 0, 0, -1, WEIR_STATE_UNKNOWN},
    {"a fallback waits", 0, 1, 5, 0, NIL, 3, 0, 0, 0, -1, WEIR_STATE_TRUE},
    {"a fallback of zero does not wait", 0, 1, 0, 0, NIL, 3, 0, 0, 0, 0, WEIR_STATE_TRUE},
};

static void acts_as_upstream(void **state)
{
    const struct act *a = *state;
    weir_keda_config c = config_of(1);
    struct world w;
    weir_decision d;
    weir_keda_status status;

    c.min_replicas = a->min;
    c.idle_replicas = a->idle;
    c.paused_scale_out = a->out_paused;
    c.paused_scale_in = a->in_paused;
    c.force_activation = a->forced;
    c.fallback.enabled = a->fallback >= 0;
    c.fallback.replicas = a->fallback;
    c.fallback.failure_threshold = 3;
    begin(&w, &c, a->current);
    weir_decision_init(&d, sizeof d);
    assert_int_equal(weir_keda_act(w.k, a->active, a->is_error, &w.in, T(1000), &d, NULL), WEIR_OK);
    assert_int_equal((d.flags & WEIR_FLAG_APPLY) != 0 ? d.replicas : -1, a->want);
    weir_keda_get_status(w.k, &status, sizeof status);
    assert_int_equal(status.conditions[WEIR_KEDA_READY].status, a->ready);
    assert_int_equal(status.conditions[WEIR_KEDA_ACTIVE].status,
                     a->active || a->forced ? WEIR_STATE_TRUE : WEIR_STATE_FALSE);
    free(w.k);
}

/* ---- a day ---------------------------------------------------------------------------------- */

/* 5 tokens a second for each pod, up to 3: idle, 8, 22, 6, 4, idle. */
static const struct {
    int64_t from;
    double load;
} day[] = {{0, 0}, {300, 8}, {900, 22}, {1800, 6}, {3000, 4}, {4200, 0}, {6000, 0}};

static double load_at(int64_t second)
{
    double load = 0;

    for (size_t i = 0; i < sizeof day / sizeof day[0]; i++) {
        load = second >= day[i].from ? day[i].load : load;
    }
    return load;
}

struct change {
    int64_t at;
    int32_t replicas;
};

static void live(int32_t min, const struct change *want, size_t count)
{
    weir_keda_config c = config_of(1);
    struct world w;
    size_t seen = 0;

    c.min_replicas = min;
    c.max_replicas = 3;
    c.polling_interval = T(30);
    c.sync_phase = T(5);
    begin(&w, &c, min);
    for (int64_t s = 0; s < 6000; s += 5) {
        int32_t before = w.in.replicas;

        if (s % 15 != 5 && s % 30 != 0) {
            continue; /* not due */
        }
        w.readings[0].value = load_at(s);
        decide(&w, T(s), NULL);
        if (w.in.replicas != before) {
            if (seen >= count || want[seen].at != s || want[seen].replicas != w.in.replicas) {
                fail_msg("at %d s: %d -> %d", (int)s, before, w.in.replicas);
            }
            seen++;
        }
    }
    assert_int_equal(seen, count);
    free(w.k);
}

static void documented_object_with_min_1(void **state)
{
    /* Up with the next sync; down when the window of five minutes has passed; never to zero. */
    static const struct change want[] = {{305, 2}, {905, 3}, {2105, 2}, {3305, 1}};

    (void)state;
    live(1, want, sizeof want / sizeof want[0]);
}

static void documented_object_with_min_0(void **state)
{
    /* The poll wakes it up. The last activity was seen at 4170 s: the first poll after the cooldown
     * of 300 s is that at 4500. */
    static const struct change want[] = {{300, 1},  {305, 2},  {905, 3},
                                         {2105, 2}, {3305, 1}, {4500, 0}};

    (void)state;
    live(0, want, sizeof want / sizeof want[0]);
}

/* ---- several triggers ----------------------------------------------------------------------- */

static void any_trigger_activates_and_the_largest_counts(void **state)
{
    weir_keda_config c = config_of(2);
    struct world w;
    weir_explain explain;
    weir_decision d;

    (void)state;
    c.min_replicas = 0;
    c.triggers[1].target = 10000;
    begin(&w, &c, 3);
    w.readings[0].value = 12;
    w.readings[1].value = 95;
    weir_explain_init(&explain, sizeof explain);
    d = decide(&w, T(10), &explain);
    assert_int_equal(d.replicas, 6); /* 10 wanted, at most twice 3 */
    assert_int_equal(explain.steps[0].rule, WEIR_RULE_KEDA_TRIGGER_ACTIVE);
    assert_int_equal(explain.steps[explain.count - 1].after, d.replicas);
    for (uint32_t i = 1; i < explain.count; i++) {
        assert_int_equal(explain.steps[i].before, explain.steps[i - 1].after);
    }
    free(w.k);
}

static void one_failing_trigger_holds_the_size(void **state)
{
    weir_keda_config c = config_of(2);
    struct world w;
    weir_decision d;

    (void)state;
    begin(&w, &c, 3);
    w.readings[0].status = WEIR_E_IO;
    d = decide(&w, T(1000), NULL);
    assert_int_equal(d.replicas, 3); /* frozen by KEDA and by the HPA */
    w.readings[1].value = 95;
    d = decide(&w, T(1030), NULL);
    assert_int_equal(d.replicas, 6); /* up is allowed */
    assert_true((d.flags & WEIR_FLAG_METRIC_FAILED) != 0);
    free(w.k);
}

/* ---- fallback, formulas, cron --------------------------------------------------------------- */

static void fallback_begins_after_the_threshold(void **state)
{
    weir_keda_config c = config_of(1);
    struct world w;
    weir_keda_status status;
    weir_decision d;

    (void)state;
    c.fallback.enabled = 1;
    c.fallback.failure_threshold = 2;
    c.fallback.replicas = 4;
    begin(&w, &c, 0);
    w.readings[0].status = WEIR_E_IO;
    for (int i = 0; i < 2; i++) { /* at zero only polls count */
        d = decide(&w, T(1000 + 30 * i), NULL);
        assert_int_equal(d.replicas, 0);
    }
    d = decide(&w, T(1060), NULL); /* the third failure: active, and the HPA gets 4 pods' worth */
    assert_true((d.flags & WEIR_FLAG_FALLBACK) != 0);
    assert_int_equal(d.replicas, 4);
    weir_keda_get_status(w.k, &status, sizeof status);
    assert_int_equal(status.conditions[WEIR_KEDA_FALLBACK].status, WEIR_STATE_TRUE);
    assert_true(status.metrics[0].health.failures >= 3);
    w.readings[0].status = WEIR_OK;
    decide(&w, T(1090), NULL);
    weir_keda_get_status(w.k, &status, sizeof status);
    assert_int_equal(status.conditions[WEIR_KEDA_FALLBACK].status, WEIR_STATE_FALSE);
    free(w.k);
}

static void a_formula_takes_the_place_of_all_metrics(void **state)
{
    weir_keda_config c = config_of(2);
    weir_hpa_config hpa;
    struct world w;
    weir_keda_served list[WEIR_KEDA_TRIGGERS_MAX];
    uint32_t count;
    weir_error err;
    weir_decision d;

    (void)state;
    c.modifiers.enabled = 1;
    memcpy(c.modifiers.formula, "tokens + 2 * queue", 19);
    memcpy(c.modifiers.target, "2", 2);
    memcpy(c.triggers[0].name, "tokens", 7);
    memcpy(c.triggers[1].name, "queue", 6);
    assert_int_equal(weir_keda_hpa_config(&c, &hpa, NULL), WEIR_OK);
    assert_int_equal(hpa.metric_count, 1);
    assert_string_equal(hpa.metrics[0].name, "composite-metric");
    assert_int_equal(hpa.metrics[0].target, 2000);
    begin(&w, &c, 0);
    w.readings[0].value = 3;
    w.readings[1].value = 0.5;
    d = decide(&w, T(10), NULL);
    assert_int_equal(d.replicas, 2);
    assert_int_equal(weir_keda_serve(w.k, 1, &w.in, T(11), list, &count), WEIR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].milli, 4000);
    free(w.k);
    memcpy(c.modifiers.formula, "tokens + queu", 14);
    w.k = block_of(w.bytes);
    assert_int_equal(weir_keda_init(w.k, w.bytes, &c, 0, &err), WEIR_E_PARSE);
    assert_string_equal(err.path, "modifiers.formula");
    assert_int_equal(err.column, 10);
    free(w.k);
}

static void cron_needs_its_zone(void **state)
{
    static const weir_zone_change changes[] = {{T(100000), 3600, 0}};
    weir_keda_config c = config_of(1);
    weir_zone zone = {1, 0, changes};
    struct world w;

    (void)state;
    weir_keda_trigger_init(&c.triggers[0], WEIR_TRIGGER_CRON);
    c.triggers[0].cron.desired_replicas = 3;
    memcpy(c.triggers[0].cron.start, "0 8 * * *", 10);
    memcpy(c.triggers[0].cron.end, "0 20 * * *", 11);
    memcpy(c.triggers[0].cron.timezone, "Some/Zone", 10);
    begin(&w, &c, 0);
    assert_string_equal(weir_keda_zone_name(w.k, 0), "Some/Zone");
    assert_null(weir_keda_zone_name(w.k, 1));
    assert_true((decide(&w, T(9 * 3600), NULL).flags & WEIR_FLAG_METRIC_FAILED) != 0);
    assert_int_equal(weir_keda_set_zone(w.k, "Some/Zone", &zone), WEIR_OK);
    assert_int_equal(decide(&w, T(9 * 3600 + 30), NULL).replicas, 3);
    /* from 100000 s on the clock is an hour ahead: 19:10 UTC is past the end of the window */
    decide(&w, T(86400 + 19 * 3600 + 600), NULL);
    assert_int_equal(decide(&w, T(86400 + 19 * 3600 + 1500), NULL).replicas, 0);
    free(w.k);
}

/* ---- pauses and edits ----------------------------------------------------------------------- */

static void an_edit_keeps_what_is_known(void **state)
{
    weir_keda_config c = config_of(1);
    struct world w;
    weir_keda_status status;
    weir_keda *next;
    size_t bytes;

    (void)state;
    begin(&w, &c, 2);
    w.readings[0].value = 9;
    decide(&w, T(100), NULL);
    c.paused = 1;
    c.paused_replicas = 7;
    next = keda_of(&c, &bytes);
    assert_int_equal(weir_keda_adopt(next, w.k), WEIR_OK);
    free(w.k);
    w.k = next;
    assert_int_equal(decide(&w, T(110), NULL).replicas, 7);
    weir_keda_get_status(w.k, &status, sizeof status);
    assert_int_equal(status.running, 0);
    assert_int_equal(status.hpa_exists, 0);
    assert_int_equal(status.last_active, T(100));
    assert_int_equal(status.conditions[WEIR_KEDA_PAUSED].status, WEIR_STATE_TRUE);
    c.paused = 0;
    c.paused_replicas = WEIR_KEDA_UNSET;
    next = keda_of(&c, &bytes);
    weir_keda_adopt(next, w.k);
    free(w.k);
    w.k = next;
    w.readings[0].value = 0;
    assert_int_equal(decide(&w, T(1000), NULL).replicas, 0); /* the cooldown is long over */
    free(w.k);
}

static void deletion_restores(void **state)
{
    weir_keda_config c = config_of(1);
    struct world w;
    weir_decision d;

    (void)state;
    c.restore_original = 1;
    begin(&w, &c, 4);
    w.readings[0].value = 50;
    decide(&w, T(100), NULL);
    assert_int_equal(w.in.replicas, 8);
    weir_decision_init(&d, sizeof d);
    assert_int_equal(weir_keda_delete(w.k, &w.in, T(101), &d, NULL), WEIR_OK);
    assert_int_equal(d.replicas, 4);
    free(w.k);
}

static void a_failed_write_is_taken_back(void **state)
{
    weir_keda_config c = config_of(1);
    struct world w;
    weir_decision d;
    weir_keda_status status;

    (void)state;
    begin(&w, &c, 0);
    w.readings[0].value = 1;
    weir_decision_init(&d, sizeof d);
    weir_keda_poll(w.k, &w.in, T(10), &d, NULL);
    assert_int_equal(d.replicas, 1);
    assert_int_equal(weir_keda_write_failed(w.k), WEIR_OK);
    assert_int_equal(weir_keda_write_failed(w.k), WEIR_E_ARG);
    weir_keda_get_status(w.k, &status, sizeof status);
    assert_int_equal(status.last_active, WEIR_TIME_NONE);
    assert_int_equal(status.conditions[WEIR_KEDA_READY].reason, WEIR_KEDA_REASON_WRITE_ERROR);
    free(w.k);
}

/* ---- snapshots and errors ------------------------------------------------------------------- */

static uint8_t *image_of(const weir_keda *keda, size_t *need)
{
    uint8_t *image;

    weir_keda_save(keda, NULL, 0, need);
    image = block_of(*need);
    assert_int_equal(weir_keda_save(keda, image, *need, NULL), WEIR_OK);
    return image;
}

static void a_snapshot_goes_on_the_same(void **state)
{
    weir_keda_config c = config_of(3);
    struct world w, other;
    uint8_t *image, *rest;
    size_t need, more;

    (void)state;
    c.fallback.enabled = 1;
    c.fallback.replicas = 3;
    c.fallback.failure_threshold = 1;
    weir_keda_trigger_init(&c.triggers[2], WEIR_TRIGGER_CPU);
    c.triggers[2].metric_type = WEIR_HPA_UTILIZATION;
    c.triggers[2].target = 50;
    c.triggers[2].request = 1000;
    c.triggers[1].use_cached_metrics = 1;
    begin(&w, &c, 2);
    for (int i = 0; i < 60; i++) {
        weir_time now = T(100 + 15 * i);
        weir_decision a, b;

        w.readings[0].value = i % 7;
        w.readings[0].status = i % 11 > 6 ? WEIR_E_IO : WEIR_OK;
        w.readings[1].value = i % 5;
        w.readings[2].value = 0.5 * i;
        image = image_of(w.k, &need);
        other = w;
        other.k = keda_of(&c, &other.bytes);
        other.in.readings = other.readings;
        assert_int_equal(weir_keda_load(other.k, image, need, NULL), WEIR_OK);
        image[need / 2] ^= 1;
        assert_int_equal(weir_keda_load(other.k, image, need, NULL), WEIR_E_CORRUPT);
        a = decide(&w, now, NULL);
        b = decide(&other, now, NULL);
        assert_memory_equal(&a, &b, sizeof a);
        free(image);
        image = image_of(w.k, &need);
        rest = image_of(other.k, &more);
        assert_int_equal(need, more);
        assert_memory_equal(image, rest, need);
        free(image);
        free(rest);
        free(other.k);
    }
    free(w.k);
}

struct bad {
    const char *path;
    void (*spoil)(weir_keda_config *);
};

static void no_triggers(weir_keda_config *c)
{
    c->trigger_count = 0;
}

static void min_above_max(weir_keda_config *c)
{
    c->min_replicas = 5;
    c->max_replicas = 4;
}

static void idle_not_below_min(weir_keda_config *c)
{
    c->idle_replicas = 0;
}

static void utilization(weir_keda_config *c)
{
    c->triggers[0].metric_type = WEIR_HPA_UTILIZATION;
}

static void zero_target(weir_keda_config *c)
{
    c->triggers[0].target = 0;
}

static void cached_cpu(weir_keda_config *c)
{
    c->triggers[0].type = WEIR_TRIGGER_CPU;
    c->triggers[0].use_cached_metrics = 1;
}

static void same_names(weir_keda_config *c)
{
    c->trigger_count = 2;
    c->triggers[1] = c->triggers[0];
    memcpy(c->triggers[0].name, "x", 2);
    memcpy(c->triggers[1].name, "x", 2);
}

static void bad_schedule(weir_keda_config *c)
{
    c->triggers[0].type = WEIR_TRIGGER_CRON;
    memcpy(c->triggers[0].cron.start, "0 8 * * *", 10);
    memcpy(c->triggers[0].cron.end, "0 25 * * *", 11);
}

static void odd_interval(weir_keda_config *c)
{
    c->polling_interval = WEIR_SECOND + 1;
}

static const struct bad bads[] = {
    {"triggers", no_triggers},
    {"min_replicas", min_above_max},
    {"idle_replicas", idle_not_below_min},
    {"triggers[0].metric_type", utilization},
    {"triggers[0].target", zero_target},
    {"triggers[0].use_cached_metrics", cached_cpu},
    {"triggers[1].name", same_names},
    {"triggers[0].cron.end", bad_schedule},
    {"polling_interval", odd_interval},
};

static void bad_configurations_are_named(void **state)
{
    const struct bad *bad = *state;
    weir_keda_config c = config_of(1);
    weir_error err = {0};
    size_t bytes;

    bad->spoil(&c);
    assert_true(weir_keda_bytes(&c, &bytes, &err) < 0);
    assert_string_equal(err.path, bad->path);
}

static void bad_calls_change_nothing(void **state)
{
    weir_keda_config c = config_of(2);
    struct world w;
    weir_decision d;
    weir_keda *copy;

    (void)state;
    begin(&w, &c, 1);
    weir_decision_init(&d, sizeof d);
    decide(&w, T(100), NULL);
    copy = block_of(w.bytes);
    memcpy(copy, w.k, w.bytes);
    assert_int_equal(weir_keda_decide(w.k, &w.in, T(99), &d, NULL), WEIR_E_TIME);
    w.in.reading_count = 1;
    assert_int_equal(weir_keda_decide(w.k, &w.in, T(101), &d, NULL), WEIR_E_RANGE);
    w.in.reading_count = 2;
    d.struct_size = 1;
    assert_int_equal(weir_keda_decide(w.k, &w.in, T(101), &d, NULL), WEIR_E_STRUCT);
    assert_int_equal(weir_keda_decide(NULL, &w.in, T(101), &d, NULL), WEIR_E_ARG);
    assert_int_equal(weir_keda_push(w.k, 9, &w.in, T(101), &d, NULL), WEIR_E_STRUCT);
    assert_memory_equal(copy, w.k, w.bytes);
    free(copy);
    free(w.k);
}

int main(void)
{
    struct suite suite = {.count = 0};

    SUITE_TABLE(&suite, acts_as_upstream, acts);
    SUITE_TEST(&suite, documented_object_with_min_1);
    SUITE_TEST(&suite, documented_object_with_min_0);
    SUITE_TEST(&suite, any_trigger_activates_and_the_largest_counts);
    SUITE_TEST(&suite, one_failing_trigger_holds_the_size);
    SUITE_TEST(&suite, fallback_begins_after_the_threshold);
    SUITE_TEST(&suite, a_formula_takes_the_place_of_all_metrics);
    SUITE_TEST(&suite, cron_needs_its_zone);
    SUITE_TEST(&suite, an_edit_keeps_what_is_known);
    SUITE_TEST(&suite, deletion_restores);
    SUITE_TEST(&suite, a_failed_write_is_taken_back);
    SUITE_TEST(&suite, a_snapshot_goes_on_the_same);
    SUITE_TABLE(&suite, bad_configurations_are_named, bads);
    SUITE_TEST(&suite, bad_calls_change_nothing);
    return suite_run(&suite, "keda");
}
