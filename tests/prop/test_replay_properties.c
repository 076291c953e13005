/*
 * What must hold for every replay: random revisions under random traces, dense and sparse, with
 * gaps, silence and rows off the second. A failure names its seed.
 */
#include "random_kpa.h"
#include "table.h"

#include <weir/weir.h>

enum { SEEDS = 100, ROWS_MAX = 400 };

struct row {
    weir_time at;
    double concurrency, rps;
};

struct trace {
    struct row rows[ROWS_MAX];
    size_t count;
    weir_time end;
};

struct setup {
    weir_kpa_config kpa;
    weir_replay_config replay;
};

struct world {
    weir_kpa *kpa;
    weir_replay *replay;
    size_t kpa_bytes, replay_bytes;
};

#define check(condition, seed)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("%s: seed %d", #condition, seed);                                             \
        }                                                                                          \
    } while (0)

static void random_setup(struct rng *r, struct setup *s)
{
    random_kpa_config(r, &s->kpa);
    weir_replay_config_init(&s->replay, sizeof s->replay);
    s->replay.initial_replicas = (int32_t)rng_int(r, 0, 3);
    s->replay.pod_start = rng_one_in(r, 3) ? 0 : rng_int(r, 1, 40000) * 1000000;
    s->replay.pod_stop = rng_one_in(r, 2) ? 0 : rng_int(r, 1, 60000) * 1000000;
    s->replay.hold = rng_int(r, 1, 200) * WEIR_SECOND;
    s->replay.pod_capacity = rng_real(r, 1, 50);
}

/* Rows a second, a fraction of one, or minutes apart. */
static void random_trace(struct rng *r, struct trace *t)
{
    int64_t mood = 0, step_ms = 1000;
    weir_time at = RANDOM_KPA_START;
    double load = 0;

    t->count = (size_t)rng_int(r, 2, ROWS_MAX);
    for (size_t i = 0; i < t->count; i++) {
        if (i == 0 || rng_one_in(r, 20)) {
            static const int64_t steps[] = {1000, 1000, 250, 700, 60000, 1000};

            step_ms = steps[rng_int(r, 0, 5)];
            mood = rng_int(r, 0, 3);
            load = mood == 0 ? 0.0 : rng_real(r, 0, 200);
        }
        t->rows[i].at = at;
        t->rows[i].concurrency = mood == 3 ? rng_real(r, 0, 50) : load;
        t->rows[i].rps = t->rows[i].concurrency * 2;
        at += step_ms * 1000000 + (rng_one_in(r, 60) ? rng_int(r, 1, 900) * WEIR_SECOND : 0);
    }
    t->end = at;
}

static void begin(struct world *w, const struct setup *s)
{
    assert_int_equal(weir_kpa_bytes(&s->kpa, &w->kpa_bytes, NULL), WEIR_OK);
    w->kpa = block_of(w->kpa_bytes);
    assert_int_equal(weir_kpa_init(w->kpa, w->kpa_bytes, &s->kpa, s->replay.initial_replicas,
                                   RANDOM_KPA_START, NULL),
                     WEIR_OK);
    assert_int_equal(weir_replay_bytes(&s->replay, &w->replay_bytes, NULL), WEIR_OK);
    w->replay = block_of(w->replay_bytes);
    assert_int_equal(
        weir_replay_init(w->replay, w->replay_bytes, &s->replay, RANDOM_KPA_START, NULL), WEIR_OK);
}

static void end(struct world *w)
{
    free(w->kpa);
    free(w->replay);
}

static void fork_world(const struct world *from, struct world *to)
{
    *to = *from;
    to->kpa = block_of(from->kpa_bytes);
    to->replay = block_of(from->replay_bytes);
    memcpy(to->kpa, from->kpa, from->kpa_bytes);
    memcpy(to->replay, from->replay, from->replay_bytes);
}

/* Steps chain from the pods there are to the decision; times never go back. */
static void check_decision(const weir_decision *d, const weir_explain *why, const weir_target *t,
                           weir_time before, weir_time until, int seed)
{
    check(d->at >= before && d->at < until, seed);
    check(d->current == t->spec_replicas, seed);
    check(t->ready_replicas >= 0 && t->ready_replicas <= t->status_replicas, seed);
    check(t->spec_replicas == t->status_replicas, seed);
    check(why->count > 0 && why->steps[0].before == d->current, seed);
    for (uint32_t i = 1; i < why->count; i++) {
        check(why->steps[i].before == why->steps[i - 1].after, seed);
    }
    check(why->steps[why->count - 1].after == d->replicas, seed);
}

/* Makes the decisions before a time, with or without looking. */
static void decide_until(struct world *w, weir_time until, int looks, int seed)
{
    weir_decision d;
    weir_explain why;
    weir_target target;
    weir_time before = RANDOM_KPA_START;
    weir_status status;

    weir_decision_init(&d, sizeof d);
    weir_explain_init(&why, sizeof why);
    weir_target_init(&target, sizeof target);
    for (;;) {
        status = weir_replay_next(w->replay, w->kpa, until, &d, looks ? &why : NULL,
                                  looks ? &target : NULL);
        if (status == WEIR_END) {
            return;
        }
        check(status == WEIR_OK || status == WEIR_NO_DATA, seed);
        if (looks) {
            check_decision(&d, &why, &target, before, until, seed);
        }
        before = d.at;
    }
}

static void run_rows(struct world *w, const struct trace *t, size_t from, size_t to, int looks,
                     int seed)
{
    for (size_t i = from; i < to; i++) {
        weir_reading row[2] = {
            {t->rows[i].at, 0, -1, WEIR_OK, 0, t->rows[i].concurrency},
            {t->rows[i].at, 1, -1, WEIR_OK, 0, t->rows[i].rps},
        };

        decide_until(w, t->rows[i].at, looks, seed);
        check(weir_replay_record(w->replay, w->kpa, row, 2) == WEIR_OK, seed);
    }
}

static void report_of(struct world *w, const struct trace *t, int looks, int seed,
                      weir_report *report)
{
    decide_until(w, t->end, looks, seed);
    memset(report, 0, sizeof *report);
    check(weir_replay_report(w->replay, t->end, report, sizeof *report) == WEIR_OK, seed);
}

static void random_case(int seed, struct setup *s, struct trace *t)
{
    struct rng r = {(uint64_t)seed};

    random_setup(&r, s);
    random_trace(&r, t);
}

static struct trace trace; /* too large for a small stack */

static void skipping_idle_time_changes_nothing(void **state)
{
    int64_t skipped = 0;

    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        weir_report reports[2];
        struct setup s;

        random_case(seed, &s, &trace);
        for (int skip = 0; skip < 2; skip++) {
            struct world w;

            s.replay.skip_idle = skip;
            begin(&w, &s);
            run_rows(&w, &trace, 0, trace.count, !skip, seed);
            report_of(&w, &trace, !skip, seed, &reports[skip]);
            end(&w);
        }
        check(memcmp(&reports[0], &reports[1], sizeof reports[0]) == 0, seed);
        skipped += reports[0].invalid;
    }
    assert_true(skipped > 1000); /* there was something to skip */
}

static void a_copy_goes_on_as_the_original_does(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        weir_report reports[2];
        struct world w, fork;
        struct setup s;
        size_t half;

        random_case(seed, &s, &trace);
        half = trace.count / 2;
        begin(&w, &s);
        run_rows(&w, &trace, 0, half, 0, seed);
        fork_world(&w, &fork);
        run_rows(&w, &trace, half, trace.count, 0, seed);
        report_of(&w, &trace, 0, seed, &reports[0]);
        end(&w); /* the copy must not need it */
        run_rows(&fork, &trace, half, trace.count, 1, seed);
        report_of(&fork, &trace, 1, seed, &reports[1]);
        check(memcmp(&reports[0], &reports[1], sizeof reports[0]) == 0, seed);
        end(&fork);
    }
}

/* The report is read in the middle: it is of that moment, and the replay goes on as if nobody had
 * asked. */
static void reading_the_report_changes_nothing(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        weir_report reports[2], middle;
        struct setup s;

        random_case(seed, &s, &trace);
        for (int asks = 0; asks < 2; asks++) {
            struct world w;
            size_t half = trace.count / 2;

            begin(&w, &s);
            run_rows(&w, &trace, 0, half, 0, seed);
            if (asks) {
                weir_time now = trace.rows[half].at;

                check(weir_replay_report(w.replay, now, &middle, sizeof middle) == WEIR_OK, seed);
                check(weir_replay_report(w.replay, RANDOM_KPA_START - 1, &middle, sizeof middle) ==
                          WEIR_E_TIME,
                      seed);
            }
            run_rows(&w, &trace, half, trace.count, 0, seed);
            report_of(&w, &trace, 0, seed, &reports[asks]);
            end(&w);
        }
        check(memcmp(&reports[0], &reports[1], sizeof reports[0]) == 0, seed);
        check(middle.decisions <= reports[0].decisions, seed);
        check(middle.replica_seconds <= reports[0].replica_seconds, seed);
    }
}

/* What the sums say of each other. */
static void reports_add_up(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        weir_report a;
        struct setup s;
        struct world w;

        random_case(seed, &s, &trace);
        begin(&w, &s);
        run_rows(&w, &trace, 0, trace.count, 0, seed);
        report_of(&w, &trace, 0, seed, &a);
        end(&w);
        check(a.seconds == (double)(trace.end - RANDOM_KPA_START) / 1e9, seed);
        check(a.ready_seconds <= a.replica_seconds, seed);
        check(a.replica_seconds <= a.peak_replicas * a.seconds * (1 + 1e-12), seed);
        check(a.zero_seconds <= a.seconds && a.panic_seconds <= a.seconds, seed);
        check(a.overload_seconds <= a.seconds, seed);
        check(a.replica_seconds >= a.seconds - a.zero_seconds - 1e-6, seed);
        check(a.invalid <= a.decisions, seed);
        check(a.scale_ups + a.scale_downs <= a.decisions - a.invalid, seed);
        check(a.reversals < a.scale_ups + a.scale_downs + 1, seed);
    }
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, skipping_idle_time_changes_nothing);
    SUITE_TEST(&suite, a_copy_goes_on_as_the_original_does);
    SUITE_TEST(&suite, reading_the_report_changes_nothing);
    SUITE_TEST(&suite, reports_add_up);
    return suite_run(&suite, "replay properties");
}
