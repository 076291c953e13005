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

/* With its reconciler, and pods that follow every wish at once. */
static double whole_second(void *state, weir_time now)
{
    weir_kpa_stat stat = {load_at(now), 0, 20, 0};
    weir_kpa_reconcile_input cluster;
    weir_decision decision;
    weir_kpa_reconcile last;

    weir_kpa_record(state, now, &stat);
    if (now < weir_kpa_due(state)) {
        return 0;
    }
    weir_kpa_get_reconcile(state, &last, sizeof last);
    weir_kpa_reconcile_input_init(&cluster, sizeof cluster);
    cluster.replicas = last.want > 0 ? last.want : 1;
    cluster.ready = cluster.replicas;
    cluster.has_private_service = 1;
    cluster.has_service = 1;
    cluster.network_ready = 1;
    weir_decision_init(&decision, sizeof decision);
    weir_kpa_step(state, &cluster, now, &decision, NULL);
    return decision.replicas;
}

/* A replay of requests: the revision, and the replay behind it. */
enum { REQUESTS_IN_FLIGHT = 4096 };

static void replay_config(weir_replay_config *config)
{
    weir_replay_config_init(config, sizeof *config);
    config->requests_max = REQUESTS_IN_FLIGHT;
    config->pod_start = 5 * WEIR_SECOND;
}

static size_t make_replay(void *state, size_t bytes)
{
    weir_replay_config config;
    size_t kpa = make_kpa(NULL, 0), replay;

    replay_config(&config);
    must(weir_replay_bytes(&config, &replay, NULL) == WEIR_OK, "sizing a replay");
    if (state != NULL) {
        make_kpa(state, kpa);
        must(weir_replay_init((weir_replay *)(void *)((uint8_t *)state + kpa), replay, &config,
                              START, NULL) == WEIR_OK,
             "making a replay");
    }
    (void)bytes;
    return kpa + replay;
}

static double request(void *state, weir_time now)
{
    weir_replay *replay = (weir_replay *)(void *)((uint8_t *)state + weir_autoscaler_bytes(state));
    weir_decision decision;

    weir_decision_init(&decision, sizeof decision);
    while (weir_replay_next(replay, state, now, &decision, NULL, NULL) != WEIR_END) {
    }
    must(weir_replay_request(replay, state, now, 50 * 1000000) == WEIR_OK, "a request");
    return decision.replicas;
}

static const struct bench benches[] = {
    {"window-record", make_linear_60s, window_record, 200, WEIR_SECOND, window_record, WEIR_SECOND},
    {"read-linear-60s", make_linear_60s, window_record, 200, WEIR_SECOND, window_read, 0},
    {"read-weighted-60s", make_weighted_60s, window_record, 200, WEIR_SECOND, window_read, 0},
    {"read-weighted-1h", make_weighted_1h, window_record, 3700, WEIR_SECOND, window_read, 0},
    {"decide", make_decider, decide, 200, WEIR_SECOND, decide, 2 * WEIR_SECOND},
    {"request", make_replay, request, 200, 1000000, request, 1000000},
    {"whole-revision-second", make_kpa, whole_second, 200, WEIR_SECOND, whole_second, WEIR_SECOND},
    {"revision-second", make_kpa, revision_second, 200, WEIR_SECOND, revision_second, WEIR_SECOND},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
