/*
 * What a ScaledObject costs; see bench.h.
 *
 * poll-and-sync is one poll and one sync of two external triggers that hold the target where it
 * is; decide is what is due of both in one step, every 15 s, as a driver makes it.
 */
#include "bench.h"

/* ---- formulas ------------------------------------------------------------------------------- */

static const char *const operands[] = {"a", "b", "c", "d", "e"};

static size_t make_formula(void *state, size_t bytes, const char *text)
{
    weir_error err = {0};

    if (state == NULL) {
        return weir_formula_bytes(strlen(text));
    }
    must(weir_formula_compile(state, bytes, text, strlen(text), operands, 5, &err) == WEIR_OK,
         err.message);
    return bytes;
}

static size_t make_arithmetic(void *state, size_t bytes)
{
    return make_formula(state, bytes, "a + b * c - d / e");
}

static size_t make_choice(void *state, size_t bytes)
{
    return make_formula(state, bytes, "a > b && c < d ? a * 2 : e");
}

static size_t make_maximum(void *state, size_t bytes)
{
    return make_formula(state, bytes, "max(a, b, c, d, e)");
}

static double run_formula(void *state, weir_time now)
{
    const double values[] = {(double)(now >> 34 & 7), 2, 3, 4, 5};
    weir_formula_result result;

    must(weir_formula_eval(state, values, 0, &result, NULL) == WEIR_OK, "running a formula");
    return result.value;
}

/* ---- cron ----------------------------------------------------------------------------------- */

static const weir_zone_change changes[] = {{INT64_C(1698541200) * WEIR_SECOND, 3600, 0},
                                           {INT64_C(1711846800) * WEIR_SECOND, 7200, 0},
                                           {INT64_C(1729990800) * WEIR_SECOND, 3600, 0},
                                           {INT64_C(1743296400) * WEIR_SECOND, 7200, 0}};
static const weir_zone berlin = {4, 7200, changes};

static size_t make_cron(void *state, size_t bytes)
{
    weir_cron_config config;
    weir_error err = {0};

    (void)bytes;
    if (state != NULL) {
        memset(&config, 0, sizeof config);
        config.desired_replicas = 10;
        memcpy(config.start, "0 8 * * 1-5", 12);
        memcpy(config.end, "30 18 * * 1-5", 14);
        memcpy(config.timezone, "Europe/Berlin", 14);
        must(weir_cron_init(state, &config, &err) == WEIR_OK, err.message);
    }
    return sizeof(weir_cron);
}

static double query_cron(void *state, weir_time now)
{
    weir_cron_answer answer;

    must(weir_cron_query(state, &berlin, &berlin, now, &answer) == WEIR_OK, "asking cron");
    return (double)answer.value;
}

/* ---- the ScaledObject ----------------------------------------------------------------------- */

static size_t make_keda(void *state, size_t bytes)
{
    static weir_keda_config config;
    weir_error err = {0};

    weir_keda_config_init(&config, sizeof config);
    config.trigger_count = 2;
    config.polling_interval = 15 * WEIR_SECOND;
    for (int i = 0; i < 2; i++) {
        weir_keda_trigger_init(&config.triggers[i], WEIR_TRIGGER_PROMETHEUS);
        config.triggers[i].target = 5000;
    }
    if (state != NULL) {
        must(weir_keda_init(state, bytes, &config, START, &err) == WEIR_OK, err.message);
    } else {
        must(weir_keda_bytes(&config, &bytes, &err) == WEIR_OK, err.message);
    }
    return bytes;
}

static void look(weir_keda_input *input, weir_keda_reading *readings, weir_time now)
{
    readings[0] = (weir_keda_reading){14 + (double)(now >> 34 & 7) * 0.8, WEIR_OK, 0};
    readings[1] = (weir_keda_reading){3, WEIR_OK, 0};
    weir_keda_input_init(input, sizeof *input);
    input->reading_count = 2;
    input->readings = readings;
    input->replicas = input->status_replicas = input->ready_pods = 4;
}

static double poll_and_sync(void *state, weir_time now)
{
    weir_keda_reading readings[2];
    weir_keda_input input;
    weir_decision decision;

    look(&input, readings, now);
    weir_decision_init(&decision, sizeof decision);
    must(weir_keda_poll(state, &input, now, &decision, NULL) == WEIR_OK, "polling");
    must(weir_keda_sync(state, &input, now, &decision, NULL) == WEIR_OK, "syncing");
    return decision.replicas;
}

static double decide(void *state, weir_time now)
{
    weir_keda_reading readings[2];
    weir_keda_input input;
    weir_decision decision;

    look(&input, readings, now);
    weir_decision_init(&decision, sizeof decision);
    must(weir_keda_decide(state, &input, now, &decision, NULL) == WEIR_OK, "deciding");
    return decision.replicas;
}

#define STEP (15 * WEIR_SECOND)

static const struct bench benches[] = {
    {"formula-arithmetic", make_arithmetic, run_formula, 1, STEP, run_formula, STEP},
    {"formula-choice", make_choice, run_formula, 1, STEP, run_formula, STEP},
    {"formula-max", make_maximum, run_formula, 1, STEP, run_formula, STEP},
    {"cron", make_cron, query_cron, 1, STEP, query_cron, STEP},
    {"decide", make_keda, decide, 300, STEP, decide, STEP},
    {"poll-and-sync", make_keda, poll_and_sync, 300, STEP, poll_and_sync, STEP},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
