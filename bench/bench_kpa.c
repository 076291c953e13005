/*
 * What the KPA costs; see bench.h.
 *
 * A revision-second is one report recorded each second and a decision every two.
 */
#include "bench.h"

static double load_at(weir_time now)
{
    return (double)(now / WEIR_SECOND % 97) * 0.5;
}

/* ---- states --------------------------------------------------------------------------------- */

static size_t make_window(void *state, size_t bytes, int32_t algorithm, int64_t seconds)
{
    weir_window_config config;

    weir_window_config_init(&config, sizeof config);
    config.algorithm = algorithm;
    config.window = seconds * WEIR_SECOND;
    if (state != NULL) {
        must(weir_window_init(state, bytes, &config, NULL) == WEIR_OK, "making a window");
    } else {
        must(weir_window_bytes(&config, &bytes, NULL) == WEIR_OK, "sizing a window");
    }
    return bytes;
}

static size_t make_linear_60s(void *state, size_t bytes)
{
    return make_window(state, bytes, WEIR_WINDOW_LINEAR, 60);
}

static size_t make_weighted_60s(void *state, size_t bytes)
{
    return make_window(state, bytes, WEIR_WINDOW_WEIGHTED, 60);
}

static size_t make_weighted_1h(void *state, size_t bytes)
{
    return make_window(state, bytes, WEIR_WINDOW_WEIGHTED, 3600);
}

static size_t make_decider(void *state, size_t bytes)
{
    weir_kpa_decider_config config;

    weir_kpa_decider_config_init(&config, sizeof config);
    if (state != NULL) {
        must(weir_kpa_decider_init(state, bytes, &config, 1, START, NULL) == WEIR_OK,
             "making a decider");
    } else {
        must(weir_kpa_decider_bytes(&config, &bytes, NULL) == WEIR_OK, "sizing a decider");
    }
    return bytes;
}

static size_t make_kpa(void *state, size_t bytes)
{
    weir_kpa_config config;

    weir_kpa_config_init(&config, sizeof config);
    config.target = 10;
    if (state != NULL) {
        must(weir_kpa_init(state, bytes, &config, 1, START, NULL) == WEIR_OK, "making a revision");
    } else {
        must(weir_kpa_bytes(&config, &bytes, NULL) == WEIR_OK, "sizing a revision");
    }
    return bytes;
}

/* ---- operations ----------------------------------------------------------------------------- */

static double window_record(void *state, weir_time now)
{
    double value = load_at(now);

    return weir_window_record(state, now, &value);
}

static double window_read(void *state, weir_time now)
{
    double average;

    weir_window_average(state, now, &average);
    return average;
}

static double decide(void *state, weir_time now)
{
    weir_kpa_decider_input input;
    weir_decision decision;

    weir_kpa_decider_input_init(&input, sizeof input);
    weir_decision_init(&decision, sizeof decision);
    input.ready = 4;
    input.stable = load_at(now);
    input.panic = input.stable;
    weir_kpa_decider_decide(state, &input, now, &decision, NULL);
    return decision.replicas;
}

static double revision_second(void *state, weir_time now)
{
    weir_kpa_stat stat = {load_at(now), 0, 20, 0};
    weir_decision decision;

    weir_kpa_record(state, now, &stat);
    if (now / WEIR_SECOND % 2 != 0) {
        return 0;
    }
    weir_decision_init(&decision, sizeof decision);
    weir_kpa_decide(state, 4, 1, now, &decision, NULL);
    return decision.replicas;
}

static const struct bench benches[] = {
    {"window-record", make_linear_60s, window_record, 200, WEIR_SECOND, window_record, WEIR_SECOND},
    {"read-linear-60s", make_linear_60s, window_record, 200, WEIR_SECOND, window_read, 0},
    {"read-weighted-60s", make_weighted_60s, window_record, 200, WEIR_SECOND, window_read, 0},
    {"read-weighted-1h", make_weighted_1h, window_record, 3700, WEIR_SECOND, window_read, 0},
    {"decide", make_decider, decide, 200, WEIR_SECOND, decide, 2 * WEIR_SECOND},
    {"revision-second", make_kpa, revision_second, 200, WEIR_SECOND, revision_second, WEIR_SECOND},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
