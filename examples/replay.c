/* A replay: a load of ten minutes, what the autoscaler would have done, what it would have cost. */
#include <stdio.h>
#include <stdlib.h>
#include <weir/weir.h>

/* Requests in flight: little, three minutes of much, none. */
static double load_at(int second)
{
    return second < 60 ? 12 : second < 240 ? 150 : second < 300 ? 30 : 0;
}

/* Decisions before `until`; those that change something are printed. */
static void decide_until(weir_replay *replay, weir_kpa *kpa, weir_time until)
{
    weir_decision d;
    weir_target target;
    weir_status status;

    weir_decision_init(&d, sizeof d);
    weir_target_init(&target, sizeof target);
    while ((status = weir_replay_next(replay, kpa, until, &d, NULL, &target)) == WEIR_OK ||
           status == WEIR_NO_DATA) {
        if (d.valid && d.replicas != d.current) {
            printf("%3d s: load %3.0f, %2d ready, %2d -> %2d by %s\n", (int)(d.at / WEIR_SECOND),
                   weir_replay_load(replay), target.ready_replicas, d.current, d.replicas,
                   weir_rule_name(d.rule));
        }
    }
}

int main(void)
{
    const int seconds = 600;
    weir_kpa_config config;
    weir_replay_config world;
    weir_report report;
    size_t kpa_bytes, replay_bytes;
    weir_kpa *kpa;
    weir_replay *replay;

    weir_kpa_config_init(&config, sizeof config);
    config.target = 10;
    weir_replay_config_init(&world, sizeof world);
    world.pod_start = 5 * WEIR_SECOND;
    weir_kpa_bytes(&config, &kpa_bytes, NULL);
    weir_replay_bytes(&world, &replay_bytes, NULL);
    kpa = malloc(kpa_bytes);
    replay = malloc(replay_bytes);
    if (kpa == NULL || replay == NULL) {
        return 1;
    }
    weir_kpa_init(kpa, kpa_bytes, &config, world.initial_replicas, 0, NULL);
    weir_replay_init(replay, replay_bytes, &world, 0, NULL);

    for (int second = 0; second < seconds; second += 5) {
        weir_reading row = {.at = second * WEIR_SECOND, .pod = -1, .value = load_at(second)};

        row.series = weir_autoscaler_main_series(kpa);
        decide_until(replay, kpa, row.at);
        weir_replay_record(replay, kpa, &row, 1);
    }
    decide_until(replay, kpa, seconds * WEIR_SECOND);

    weir_replay_report(replay, seconds * WEIR_SECOND, &report, sizeof report);
    printf("%lld decisions, %lld up, %lld down, peak %d pods, %.0f pod-seconds, %.0f s in panic\n",
           (long long)report.decisions, (long long)report.scale_ups, (long long)report.scale_downs,
           report.peak_replicas, report.replica_seconds, report.panic_seconds);
    free(replay);
    free(kpa);
    return 0;
}
