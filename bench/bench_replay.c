/*
 * What a replay from memory costs: HPAs of one external metric through 30 days of it, a value every
 * 15 seconds, one after the other on one core. Each has bounds, windows and a target of its own.
 * And ScaledObjects of two triggers that go to zero at night, with polls and syncs every 15
 * seconds.
 *
 *   bench_replay               1000 HPAs
 *   bench_replay --hpas N      so many
 *   bench_replay --objects N   so many ScaledObjects instead
 *   bench_replay --plain       "hpas seconds ns_per_decision" for a program to read
 *   bench_replay --count N     N decisions of one HPA and nothing else, for callgrind
 */
#include "bench.h"

#define SYNC (15 * WEIR_SECOND)

enum { DAY = 24 * 3600 / 15, DAYS = 30, ROWS = DAYS * DAY };

/* Days with a peak at noon, weekends with less, and noise; the same on every machine. */
static void make_values(double *values)
{
    uint64_t noise = 88172645463325252U;

    for (int i = 0; i < ROWS; i++) {
        double noon = (double)(i % DAY) / DAY * 2.0 - 1.0, curve = 1.0 - noon * noon;

        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        values[i] =
            2.0 + curve * (i / DAY % 7 < 5 ? 60.0 : 25.0) * (0.8 + (double)(noise % 400) / 1000.0);
    }
}

static void make_config(int number, weir_hpa_config *config)
{
    weir_hpa_config_init(config, sizeof *config);
    config->min_replicas = 1 + number % 3;
    config->max_replicas = 10 + number % 50;
    config->behavior = 1;
    config->scale_down.stabilization_window = (60 + number % 5 * 60) * WEIR_SECOND;
    config->scale_down.policies[0] = (weir_policy){WEIR_POLICY_PODS, 1, 60 * WEIR_SECOND};
    config->metric_count = 1;
    config->metrics[0].source = WEIR_HPA_EXTERNAL;
    config->metrics[0].target_type = WEIR_HPA_AVERAGE_VALUE;
    config->metrics[0].target = 2000 + number % 17 * 500;
    memcpy(config->metrics[0].name, "queue", 6);
}

static void make_object(int number, weir_keda_config *config)
{
    weir_keda_config_init(config, sizeof *config);
    config->min_replicas = 0;
    config->max_replicas = 10 + number % 50;
    config->cooldown_period = (60 + number % 5 * 60) * WEIR_SECOND;
    config->behavior = 1;
    config->scale_down.stabilization_window = (60 + number % 5 * 60) * WEIR_SECOND;
    config->scale_down.policies[0] = (weir_policy){WEIR_POLICY_PODS, 1, 60 * WEIR_SECOND};
    config->trigger_count = 1;
    weir_keda_trigger_init(&config->triggers[0], WEIR_TRIGGER_PROMETHEUS);
    config->triggers[0].target = 2000 + number % 17 * 500;
    config->triggers[0].activation = 4.0;
}

static uint8_t state[1 << 17], replay[1 << 17];

/* Replays rows on what is in `state`. */
static void run(const double *values, size_t count, double capacity)
{
    weir_replay_config how;
    weir_report report;
    weir_rows rows;
    size_t next = 0, made;
    weir_time end = START + (weir_time)count * SYNC;

    weir_replay_config_init(&how, sizeof how);
    how.sampling = WEIR_SAMPLING_NEWEST;
    how.sample_interval = SYNC;
    how.pod_start = 20 * WEIR_SECOND;
    how.pod_stop = 30 * WEIR_SECOND;
    how.pod_capacity = capacity;
    must(weir_replay_init((void *)replay, sizeof replay, &how, START, NULL) == WEIR_OK, "a replay");
    weir_rows_init(&rows, sizeof rows);
    rows.series_count = 1;
    rows.count = count;
    rows.start = START;
    rows.step = SYNC;
    rows.values = values;
    must(weir_replay_run((void *)replay, (void *)state, &rows, &next, end, NULL, 0, &made) ==
             WEIR_END,
         "replaying");
    must(weir_replay_report((void *)replay, end, &report, sizeof report) == WEIR_OK, "reporting");
    must(report.decisions >= (int64_t)count, "every decision");
    sink = report.replica_seconds;
}

static void run_hpa(int number, const double *values, size_t count)
{
    weir_hpa_config config;

    make_config(number, &config);
    must(weir_hpa_init((void *)state, sizeof state, &config, START, NULL) == WEIR_OK, "an HPA");
    run(values, count, (double)config.metrics[0].target / 1000);
}

static void run_object(int number, const double *values)
{
    static weir_keda_config config;

    make_object(number, &config);
    must(weir_keda_init((void *)state, sizeof state, &config, START, NULL) == WEIR_OK,
         "a ScaledObject");
    run(values, ROWS, (double)config.triggers[0].target / 1000);
}

static long number_of(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return strtol(argv[i + 1], NULL, 10);
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    long count = number_of(argc, argv, "--count"), hpas = number_of(argc, argv, "--hpas"),
         objects = number_of(argc, argv, "--objects");
    double *values = malloc(ROWS * sizeof *values), begin, spent;
    const char *what = objects > 0 ? "ScaledObjects" : "HPAs";

    must(values != NULL, "getting memory");
    make_values(values);
    if (count >= 0) {
        must(count <= ROWS, "fewer decisions than the trace has");
        run_hpa(7, values, (size_t)count);
        free(values);
        return 0;
    }
    hpas = objects > 0 ? objects : hpas > 0 ? hpas : 1000;
    begin = seconds_now();
    for (int i = 0; i < hpas; i++) {
        if (objects > 0) {
            run_object(i, values);
        } else {
            run_hpa(i, values, ROWS);
        }
    }
    spent = seconds_now() - begin;
    free(values);
    if (argc > 1 && strcmp(argv[1], "--plain") == 0) {
        printf("%ld %.2f %.1f\n", hpas, spent, spent * 1e9 / ((double)hpas * ROWS));
    } else {
        printf("%ld %s through 30 days, a row every 15 s: %.2f s, %.1f ns a row\n", hpas, what,
               spent, spent * 1e9 / ((double)hpas * ROWS));
    }
    return 0;
}
