/*
 * kinds_kpa.c - Knative's revisions for `weir replay` and `weir explain`; see kinds.h.
 */
#include "kinds.h"
#include "replaying.h"

#include <math.h>
#include <string.h>
#include <weir/kpa.h>

static int prepare(void *config, const struct request *request, const char *name)
{
    weir_kpa_config *own = config;

    (void)name;
    own->semantics = request->semantics;
    return 1;
}

static weir_status bytes_of(const void *config, size_t *bytes, weir_error *err)
{
    return weir_kpa_bytes(config, bytes, err);
}

static weir_status make(void *state, size_t bytes, const void *config, int32_t ready,
                        weir_time start, weir_error *err)
{
    weir_status status = weir_kpa_init(state, bytes, config, ready, start, err);

    if (status == WEIR_OK && ready == 0) { /* not a new one, but one that was scaled to zero */
        status = weir_kpa_set_idle(state, start);
    }
    return status;
}

static void resolve(const void *config, weir_kpa_collector_config *collector,
                    weir_kpa_decider_config *decider)
{
    weir_kpa_collector_config_init(collector, sizeof *collector);
    weir_kpa_decider_config_init(decider, sizeof *decider);
    weir_kpa_resolve(config, collector, decider);
}

static void set_replay(const void *config, int has_initial, weir_replay_config *replay)
{
    weir_kpa_collector_config collector;
    weir_kpa_decider_config decider;

    resolve(config, &collector, &decider);
    replay->pod_capacity = decider.total_value;
    if (!has_initial) {
        replay->initial_replicas = ((const weir_kpa_config *)config)->initial_scale;
    }
}

static int64_t container_concurrency(const void *config)
{
    return ((const weir_kpa_config *)config)->container_concurrency;
}

static void describe(char *text, size_t size, const void *config)
{
    weir_kpa_collector_config collector;
    weir_kpa_decider_config decider;
    char stable[32], panic[32];

    resolve(config, &collector, &decider);
    put_duration(stable, sizeof stable, collector.stable_window);
    put_duration(panic, sizeof panic, collector.panic_window);
    snprintf(text, size,
             "%.6g of %.6g %s a pod, averaged over %s; panic from %.4g%% of the ready pods, "
             "averaged over %s",
             decider.target_value, decider.total_value,
             decider.scaling_metric == WEIR_KPA_RPS ? "requests per second" : "requests in flight",
             stable, decider.panic_threshold * 100, panic);
}

static void bounds(char *text, size_t size, const void *config)
{
    const weir_kpa_config *c = config;
    char most[48] = "no upper bound", zero[64] = "one pod stays";

    if (c->max_scale > 0) {
        snprintf(most, sizeof most, "at most %d", c->max_scale);
    }
    if (c->min_scale > 0) {
        snprintf(zero, sizeof zero, "at least %d", c->min_scale);
    } else if (c->enable_scale_to_zero) {
        snprintf(zero, sizeof zero, "down to zero");
    }
    snprintf(text, size, "%s, %s; begins with %d", zero, most, c->initial_scale);
}

/* Pods and the activator are read every second. */
static size_t list_clocks(const void *config, struct clock *clocks)
{
    (void)config;
    clocks[0] = (struct clock){0, WEIR_SECOND};
    return 1;
}

static size_t name_measures(const void *config, struct measure *measures)
{
    (void)config;
    snprintf(measures[0].column, sizeof measures[0].column, "stable_average");
    snprintf(measures[0].heading, HEADING_SIZE, "stable");
    snprintf(measures[1].column, sizeof measures[1].column, "panic_average");
    snprintf(measures[1].heading, HEADING_SIZE, "panic");
    return 2;
}

static void measure(void *state, const void *config, weir_time now, double *values)
{
    weir_kpa_averages averages;
    weir_kpa_collector *collector = weir_kpa_get_collector(state);
    int32_t metric = weir_autoscaler_main_series(state) == 1 ? WEIR_KPA_RPS : WEIR_KPA_CONCURRENCY;

    (void)config;
    if (weir_kpa_collector_read(collector, metric, now, &averages) == WEIR_OK) {
        values[0] = averages.stable;
        values[1] = averages.panic;
    } else {
        values[0] = (double)NAN;
        values[1] = (double)NAN;
    }
}

static void label(void *state, char (*values)[LABEL_SIZE])
{
    static const char *const conditions[] = {"Unknown", "True", "False"};
    static const char *const reasons[] = {"", "Queued", "NoTraffic", "TimedOut"};
    weir_kpa_reconcile last;

    if (weir_kpa_get_reconcile(state, &last, sizeof last) != WEIR_OK) {
        memset(&last, 0, sizeof last);
    }
    snprintf(values[0], LABEL_SIZE, "%s", conditions[last.active]);
    snprintf(values[1], LABEL_SIZE, "%s", reasons[last.reason]);
    snprintf(values[2], LABEL_SIZE, "%s", last.mode == WEIR_KPA_SERVE ? "Serve" : "Proxy");
}

const struct kind kpa_kind = {
    .kind = WEIR_KIND_KPA,
    .config_bytes = sizeof(weir_kpa_config),
    .prepare = prepare,
    .bytes = bytes_of,
    .make = make,
    .replay = set_replay,
    .container_concurrency = container_concurrency,
    .rows = {"concurrency", "rps", NULL},
    .clocks = list_clocks,
    .query_unit = WEIR_SECOND / 1000,
    .describe = describe,
    .bounds = bounds,
    .overload = "overloaded",
    .has_panic = 1,
    .measures = name_measures,
    .measure = measure,
    .labels = {"active", "reason", "mode", NULL},
    .news = 3,
    .label = label,
};
