/* decide/kpa_decider: upstream's table of scale steps, creation, delay, ticks, pokes, errors. */
#include "table.h"
#include <weir/autoscaler.h>
#include <weir/kpa.h>

#define T0 (INT64_C(1700000040) * WEIR_SECOND)

/* One scale step. A row without a letter of its own continues the decider of the row before. */
struct step {
    const char *name;
    int32_t begins; /* 1: a new decider, with `created` pods ready */
    int32_t created;
    int64_t second;
    double target, burst, up, down;
    int32_t ready;
    double stable, panic;
    int32_t activation, reachable;
    int32_t desired, ebc, in_panic, max_panic;
};

/* Up and down rate 10, total = target / 0.75, threshold 2, stable window 60 s unless given. */
static const struct step steps[] = {
    {"no load", 1, 1, 0, 10, 100, 10, 10, 1, 0, 0, 0, 1, 0, -87, 0, 1},
    {"burst capacity off", 1, 1, 0, 181, -1, 10, 10, 1, 21, 26, 0, 1, 1, -1, 0, 1},
    {"burst capacity zero", 1, 1, 0, 10, 0, 10, 10, 1, 50, 49, 0, 1, 5, 0, 1, 5},
    {"panic begins", 1, 1, 0, 10, 100, 10, 10, 1, 50, 50, 0, 1, 5, -137, 1, 5},
    {"the stable wish wins in panic", 1, 5, 5, 1, 100, 10, 10, 5, 50, 30, 0, 1, 50, -124, 1, 50},
    {"the panic wish wins in panic", 1, 5, 5, 1, 100, 10, 10, 5, 20, 30, 0, 1, 30, -124, 1, 30},
    {"steady", 1, 1, 0, 10, 100, 10, 10, 5, 50, 50, 0, 1, 5, -84, 0, 1},
    {"limited scale up", 1, 1, 0, 1, 1982, 1.1, 10, 2, 3, 3.1, 0, 1, 3, -1983, 1, 3},
    {"limited scale down", 1, 1, 0, 10, 1982, 10, 1.1, 100, 1, 1, 0, 1, 90, -650, 0, 1},
    {"unreachable, not limited", 1, 1, 0, 10, 1982, 10, 1.1, 100, 1, 1, 0, 0, 1, -650, 0, 1},
    {"panic below the stable wish", 1, 1, 0, 10, 101, 10, 10, 1, 50, 10, 0, 1, 5, -98, 0, 1},
    {"panic renewed and held: enters", 1, 1, 0, 1, 98, 10, 10, 10, 11, 25, 0, 1, 25, -110, 1, 25},
    {"panic renewed and held: holds", 0, 0, 30, 1, 98, 10, 10, 40, 30, 41, 0, 1, 41, -86, 1, 41},
    {"panic renewed and held: leaves", 0, 0, 62, 1, 98, 10, 10, 55, 50, 56, 0, 1, 50, -81, 0, 0},
    {"panic latch: enters", 1, 1, 0, 10, 93, 10, 10, 1, 100, 100, 0, 1, 10, -180, 1, 10},
    {"panic latch: grows", 0, 0, 0, 10, 93, 10, 10, 10, 100, 1000, 0, 1, 100, -960, 1, 100},
    {"panic latch: holds", 0, 0, 30, 10, 93, 10, 10, 10, 1, 1, 0, 1, 100, 39, 1, 100},
    {"panic latch: lets go", 0, 0, 61, 10, 93, 10, 10, 10, 1, 1, 0, 1, 1, 39, 0, 0},
    {"activation scale without demand", 1, 1, 0, 10, 75, 10, 10, 1, 0, 0, 2, 1, 0, -62, 0, 1},
    {"activation scale with demand", 1, 1, 0, 10, 75, 10, 10, 1, 1, 0, 2, 1, 2, -62, 0, 1},
    {"no pod ready", 1, 1, 0, 10, 81, 10, 10, 0, 1000, 888, 0, 1, 10, -969, 1, 10},
    {"at exactly a stable window: enters", 1, 1, 0, 10, 0, 10, 10, 1, 50, 50, 0, 1, 5, 0, 1, 5},
    {"at exactly a stable window: panics still", 0, 0, 60, 10, 0, 10, 10, 5, 10, 10, 0, 1, 5, 0, 1,
     5},
    {"the wish is rounded up before it panics", 1, 1, 0, 10, 0, 10, 10, 1, 10.1, 10.1, 0, 1, 2, 0,
     1, 2},
};

static void configure(weir_kpa_decider_config *config, const struct step *row)
{
    assert_int_equal(weir_kpa_decider_config_init(config, sizeof *config), WEIR_OK);
    config->target_value = row->target;
    config->total_value = row->target / 0.75;
    config->target_burst_capacity = row->burst;
    config->max_scale_up_rate = row->up;
    config->max_scale_down_rate = row->down;
    config->activation_scale = row->activation;
    config->reachable = row->reachable;
}

static weir_kpa_decider *decider_of(const weir_kpa_decider_config *config, int64_t ready)
{
    size_t bytes;
    weir_kpa_decider *decider;

    assert_int_equal(weir_kpa_decider_bytes(config, &bytes, NULL), WEIR_OK);
    decider = block_of(bytes);
    assert_int_equal(weir_kpa_decider_init(decider, bytes, config, ready, T0, NULL), WEIR_OK);
    return decider;
}

static void assert_steps_chain(const weir_decision *decision, const weir_explain *explain)
{
    int32_t replicas = decision->current;

    for (uint32_t i = 0; i < explain->count; i++) {
        assert_int_equal(explain->steps[i].before, replicas);
        replicas = explain->steps[i].after;
    }
    assert_int_equal(replicas, decision->replicas);
    assert_int_equal(explain->count, decision->step_count);
}

static weir_status decide(weir_kpa_decider *decider, int64_t ready, double stable, double panic,
                          weir_time now, weir_decision *out)
{
    weir_kpa_decider_input input;
    weir_explain explain;
    weir_status status;

    weir_kpa_decider_input_init(&input, sizeof input);
    weir_decision_init(out, sizeof *out);
    weir_explain_init(&explain, sizeof explain);
    input.ready = ready;
    input.stable = stable;
    input.panic = panic;
    status = weir_kpa_decider_decide(decider, &input, now, out, &explain);
    if (status >= 0) {
        assert_steps_chain(out, &explain);
    }
    return status;
}

static void scales_as_upstream(void **state)
{
    const struct step *row = *state, *first = row;
    weir_kpa_decider_config config;
    weir_kpa_decider *decider;
    weir_kpa_status status;
    weir_decision decision;

    while (!first->begins) {
        first--;
    }
    configure(&config, first);
    decider = decider_of(&config, first->created);
    for (const struct step *s = first; s <= row; s++) {
        configure(&config, s);
        assert_int_equal(weir_kpa_decider_update(decider, &config, NULL), WEIR_OK);
        assert_int_equal(
            decide(decider, s->ready, s->stable, s->panic, T0 + s->second * WEIR_SECOND, &decision),
            WEIR_OK);
    }
    weir_kpa_decider_status(decider, &status, sizeof status);
    assert_int_equal(decision.replicas, row->desired);
    assert_int_equal(decision.excess_burst_capacity, row->ebc);
    assert_int_equal(decision.valid, 1);
    assert_int_equal((decision.flags & WEIR_FLAG_PANIC) != 0, row->in_panic);
    assert_int_equal(status.panic_since != WEIR_TIME_NONE, row->in_panic);
    assert_int_equal(status.max_panic_pods, row->max_panic);
    free(decider);
}

struct creation {
    const char *name;
    int32_t initial;
    double total, burst;
    int64_t ready;
    int32_t ebc, in_panic, max_panic;
};

static const struct creation creations[] = {
    {"no pods", 1, 100, 211, 0, -111, 0, 0},
    {"one pod", 3, 100, 211, 1, 89, 0, 1},
    {"two pods begin in panic", 2, 25, 42, 2, 8, 1, 2},
    {"unknown pods", 1, 0.5, 1, -1, 0, 0, 0},
    {"the first burst capacity is truncated", 1, 100, 100.5, 0, 0, 0, 0},
    {"burst capacity off", 2, 25, -1, 0, -1, 0, 0},
    {"burst capacity zero", 2, 25, 0, 0, 0, 0, 0},
};

static void begins_as_upstream(void **state)
{
    const struct creation *row = *state;
    weir_kpa_decider_config config;
    weir_kpa_decider *decider;
    weir_kpa_status status;

    weir_kpa_decider_config_init(&config, sizeof config);
    config.initial_scale = row->initial;
    config.total_value = row->total;
    config.target_burst_capacity = row->burst;
    decider = decider_of(&config, row->ready);
    assert_int_equal(weir_kpa_decider_status(decider, &status, sizeof status), WEIR_OK);
    assert_int_equal(status.desired, -1);
    assert_int_equal(status.excess_burst_capacity, row->ebc);
    assert_int_equal(status.panic_since != WEIR_TIME_NONE, row->in_panic);
    assert_int_equal(status.max_panic_pods, row->max_panic);
    free(decider);
}

struct delayed {
    int64_t second;
    double load;
    int32_t desired;
};

static void the_delay_holds_the_largest_wish(void **state)
{
    static const struct delayed rows[] = {{2, 40, 4},   {300, 0, 4}, {302, 0, 0}, {540, 40, 4},
                                          {600, 30, 4}, {660, 0, 4}, {840, 0, 3}, {900, 0, 0}};
    weir_kpa_decider_config config;
    weir_kpa_decider *decider;
    weir_decision decision;

    (void)state;
    weir_kpa_decider_config_init(&config, sizeof config);
    config.target_value = 10;
    config.target_burst_capacity = 0;
    config.panic_threshold = 100;
    config.stable_window = 0;
    config.scale_down_delay = 300 * WEIR_SECOND;
    decider = decider_of(&config, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(decide(decider, 0, rows[i].load, rows[i].load,
                                T0 + rows[i].second * WEIR_SECOND, &decision),
                         WEIR_OK);
        assert_int_equal(decision.replicas, rows[i].desired);
    }
    /* An unreachable revision is not delayed, but in the older release it was. */
    decide(decider, 0, 40, 40, T0 + 1000 * WEIR_SECOND, &decision);
    config.reachable = 0;
    weir_kpa_decider_update(decider, &config, NULL);
    decide(decider, 0, 0, 0, T0 + 1002 * WEIR_SECOND, &decision);
    assert_int_equal(decision.replicas, 0);
    config.semantics = WEIR_SERVING_0_42;
    weir_kpa_decider_update(decider, &config, NULL);
    decide(decider, 0, 0, 0, T0 + 1004 * WEIR_SECOND, &decision);
    assert_int_equal(decision.replicas, 4);
    free(decider);
}

static void time_that_goes_back_far_is_an_error_that_changes_nothing(void **state)
{
    weir_kpa_decider_config config;
    weir_kpa_decider *decider;
    weir_decision decision;
    size_t bytes;
    void *before;

    (void)state;
    weir_kpa_decider_config_init(&config, sizeof config);
    config.scale_down_delay = 4 * WEIR_SECOND;
    config.target_value = 1;
    decider = decider_of(&config, 1);
    bytes = weir_autoscaler_bytes(decider);
    before = block_of(bytes);
    for (int64_t i = 0; i < 2; i++) {
        assert_int_equal(
            decide(decider, 1, (double)(9 - i), 0, T0 - i * 2 * WEIR_SECOND, &decision), 0);
    }
    memcpy(before, decider, bytes);
    assert_int_equal(decide(decider, 1, 1, 0, T0 - 4 * WEIR_SECOND, &decision), WEIR_E_PANIC);
    assert_memory_equal(before, decider, bytes);
    free(before);
    free(decider);
}

struct invalid {
    const char *name;
    weir_status ready, metric;
};

static const struct invalid invalids[] = {
    {"no data", WEIR_OK, WEIR_NO_DATA},
    {"the metric failed", WEIR_OK, WEIR_E_IO},
    {"the pods could not be counted", WEIR_E_IO, WEIR_OK},
};

static void an_invalid_step_changes_nothing(void **state)
{
    const struct invalid *row = *state;
    weir_kpa_decider_config config;
    weir_kpa_decider *decider;
    weir_kpa_decider_input input;
    weir_decision decision;
    size_t bytes;
    void *before;

    weir_kpa_decider_config_init(&config, sizeof config);
    decider = decider_of(&config, 4);
    decide(decider, 4, 500, 500, T0, &decision);
    assert_int_equal(decision.replicas, 8);
    bytes = weir_autoscaler_bytes(decider);
    before = block_of(bytes);
    memcpy(before, decider, bytes);
    weir_kpa_decider_input_init(&input, sizeof input);
    input.ready_status = row->ready;
    input.metric_status = row->metric;
    assert_int_equal(
        weir_kpa_decider_decide(decider, &input, T0 + 100 * WEIR_SECOND, &decision, NULL),
        WEIR_NO_DATA);
    assert_int_equal(decision.valid, 0);
    assert_int_equal(decision.replicas, 8);
    assert_memory_equal(before, decider, bytes);
    free(before);
    free(decider);
}

static void ticks_come_every_two_seconds_and_pokes_only_at_zero(void **state)
{
    weir_kpa_decider_config config;
    weir_kpa_decider *decider;
    weir_kpa_decider_input input;
    weir_kpa_status status;
    weir_decision d;

    (void)state;
    weir_kpa_decider_config_init(&config, sizeof config);
    decider = decider_of(&config, 0);
    weir_decision_init(&d, sizeof d);
    weir_kpa_decider_input_init(&input, sizeof input);
    assert_int_equal(weir_kpa_decider_tick(decider, &input, T0 + 1999999999, &d, NULL),
                     WEIR_NOT_DUE);
    assert_int_equal(weir_kpa_decider_poke(decider, &input, 5, T0, &d, NULL), WEIR_NOT_DUE);
    assert_int_equal(weir_kpa_decider_tick(decider, &input, T0 + WEIR_KPA_TICK, &d, NULL), WEIR_OK);
    assert_int_equal(d.replicas, 0);
    assert_true((d.flags & (WEIR_FLAG_CHANGED | WEIR_FLAG_TO_ZERO)) ==
                (WEIR_FLAG_CHANGED | WEIR_FLAG_TO_ZERO));
    /* A late tick: the ones that were missed are not made up for. */
    assert_int_equal(weir_kpa_decider_tick(decider, &input, T0 + 9 * WEIR_SECOND, &d, NULL),
                     WEIR_OK);
    assert_int_equal(d.flags & WEIR_FLAG_CHANGED, 0);
    weir_kpa_decider_status(decider, &status, sizeof status);
    assert_true(status.next_tick == T0 + 10 * WEIR_SECOND);
    assert_int_equal(weir_kpa_decider_poke(decider, &input, 0, T0, &d, NULL), WEIR_NOT_DUE);
    input.stable = input.panic = 70;
    assert_int_equal(weir_kpa_decider_poke(decider, &input, 1, T0 + 9500000000, &d, NULL), WEIR_OK);
    assert_int_equal(d.replicas, 1);
    assert_int_equal(weir_kpa_decider_poke(decider, &input, 1, T0 + 9600000000, &d, NULL),
                     WEIR_NOT_DUE);
    free(decider);
}

static void next_says_when_panic_and_delay_end(void **state)
{
    weir_kpa_decider_config config;
    weir_kpa_decider *decider;
    weir_decision d;

    (void)state;
    weir_kpa_decider_config_init(&config, sizeof config);
    config.target_value = 10;
    config.scale_down_delay = 10 * WEIR_SECOND;
    decider = decider_of(&config, 1);
    decide(decider, 1, 50, 50, T0, &d);
    assert_true(d.next == WEIR_TIME_NEVER); /* over the threshold: renewed for ever */
    decide(decider, 5, 10, 10, T0 + WEIR_SECOND, &d);
    assert_true(d.next == T0 + 60 * WEIR_SECOND + 1);
    decide(decider, 5, 10, 10, T0 + 59 * WEIR_SECOND, &d);
    decide(decider, 5, 10, 10, T0 + 61 * WEIR_SECOND, &d);
    assert_int_equal(d.replicas, 5); /* panic is over, the delay holds it */
    assert_true((d.flags & WEIR_FLAG_STABILIZED) != 0);
    assert_true(d.next == T0 + 68 * WEIR_SECOND);
    free(decider);
}

static void snapshots_keep_an_updated_configuration(void **state)
{
    weir_kpa_decider_config config;
    weir_kpa_decider *a, *b;
    weir_decision x, y;
    uint8_t image[4096];
    size_t need;

    (void)state;
    weir_kpa_decider_config_init(&config, sizeof config);
    config.scale_down_delay = 20 * WEIR_SECOND;
    a = decider_of(&config, 1);
    b = decider_of(&config, 1);
    config.target_value = 5;
    weir_kpa_decider_update(a, &config, NULL);
    decide(a, 1, 50, 50, T0, &x);
    assert_int_equal(weir_kpa_decider_save(a, image, sizeof image, &need), WEIR_OK);
    assert_int_equal(weir_kpa_decider_load(b, image, need, NULL), WEIR_OK);
    assert_memory_equal(a, b, weir_autoscaler_bytes(a));
    decide(a, 3, 7, 7, T0 + 70 * WEIR_SECOND, &x);
    decide(b, 3, 7, 7, T0 + 70 * WEIR_SECOND, &y);
    assert_memory_equal(&x, &y, sizeof x);
    free(a);
    free(b);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, scales_as_upstream, steps);
    SUITE_TABLE(&suite, begins_as_upstream, creations);
    SUITE_TABLE(&suite, an_invalid_step_changes_nothing, invalids);
    SUITE_TEST(&suite, the_delay_holds_the_largest_wish);
    SUITE_TEST(&suite, time_that_goes_back_far_is_an_error_that_changes_nothing);
    SUITE_TEST(&suite, ticks_come_every_two_seconds_and_pokes_only_at_zero);
    SUITE_TEST(&suite, next_says_when_panic_and_delay_end);
    SUITE_TEST(&suite, snapshots_keep_an_updated_configuration);
    return suite_run(&suite, "kpa_decider");
}
