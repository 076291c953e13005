/*
 * What must hold for every window: random lengths and values, hostile ones among them, through the
 * public functions only.
 */
#include "random.h"
#include "table.h"

#include <math.h>
#include <weir/window.h>

#define START (INT64_C(1700000040) * WEIR_SECOND)
enum { SEEDS = 100, STEPS = 300 };

static weir_window *window_of(struct rng *r, int32_t algorithm, int64_t seconds)
{
    weir_window_config config;
    weir_window *window;
    size_t bytes;

    weir_window_config_init(&config, sizeof config);
    config.algorithm = algorithm;
    config.window = seconds * WEIR_SECOND;
    config.semantics = rng_one_in(r, 2) ? WEIR_SERVING_0_42 : WEIR_SERVING_0_51;
    assert_int_equal(weir_window_bytes(&config, &bytes, NULL), WEIR_OK);
    window = block_of(bytes);
    assert_int_equal(weir_window_init(window, bytes, &config, NULL), WEIR_OK);
    return window;
}

/* The reading may stop early where older values cannot change it; NaN always can. */
static void nan_is_never_overlooked(void **state)
{
    static const double hostile[] = {0.0, -0.0, 5e-324, 1.7e308, -1.7e308, 3.0};
    int seen = 0;

    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct rng r = {(uint64_t)seed};
        int64_t seconds = rng_int(&r, 1, 120), age = INT64_MAX / 2;
        weir_window *window = window_of(&r, WEIR_WINDOW_WEIGHTED, seconds);

        for (int step = 0; step < STEPS; step++) {
            double value = hostile[rng_int(&r, 0, sizeof hostile / sizeof hostile[0] - 1)], average;
            weir_time now = START + step * WEIR_SECOND;

            age++;
            value = rng_one_in(&r, 40) ? (double)INFINITY : value;
            assert_int_equal(weir_window_record(window, now, &value), WEIR_OK);
            if (rng_one_in(&r, 60)) { /* a late report */
                int64_t late = rng_int(&r, 0, seconds - 1);

                value = (double)NAN;
                age = late < age ? late : age;
                weir_window_record(window, now - late * WEIR_SECOND, &value);
            }
            assert_int_equal(weir_window_average(window, now, &average), WEIR_OK);
            if (age < seconds) {
                seen++;
                if (!isnan(average)) {
                    fail_msg("%g, not NaN: seed %d, step %d", average, seed, step);
                }
            }
        }
        free(window);
    }
    assert_true(seen > SEEDS * STEPS / 10);
}

/* Nothing recorded: what is read only changes where weir_window_next() says that it can. */
static void nothing_changes_before_next(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct rng r = {(uint64_t)seed};
        int64_t seconds = rng_int(&r, 1, 120);
        weir_window *window = window_of(&r, (int32_t)rng_int(&r, 0, 1), seconds);
        weir_time now = START;

        for (int step = 0; step < STEPS; step++) {
            double value = rng_real(&r, 0, 1000), before, after;
            weir_time next, later;

            now += rng_int(&r, 1, rng_one_in(&r, 30) ? seconds * WEIR_SECOND : 3 * WEIR_SECOND);
            weir_window_record(window, now, &value);
            later = now + rng_int(&r, 0, 2 * seconds * WEIR_SECOND);
            next = weir_window_next(window, later);
            assert_true(next > later);
            weir_window_average(window, later, &before);
            weir_window_average(
                window, next == WEIR_TIME_NEVER ? later + 7200 * WEIR_SECOND : next - 1, &after);
            if (bits_of(before) != bits_of(after)) {
                fail_msg("%g became %g: seed %d, step %d", before, after, seed, step);
            }
        }
        free(window);
    }
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, nan_is_never_overlooked);
    SUITE_TEST(&suite, nothing_changes_before_next);
    return suite_run(&suite, "window properties");
}
