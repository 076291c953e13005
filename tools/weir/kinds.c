/*
 * kinds.c - the kinds of autoscaler that can be replayed; see kinds.h.
 */
#include "kinds.h"
#include "replaying.h"

#include <math.h>
#include <string.h>
#include <weir/kpa.h>

/* ---- Knative -------------------------------------------------------------------------------- */

static weir_kpa_config kpa_config(const void *config, int32_t semantics)
{
    weir_kpa_config own = *(const weir_kpa_config *)config;

    own.semantics = semantics;
    return own;
}

static weir_status kpa_bytes(const void *config, int32_t semantics, size_t *bytes, weir_error *err)
{
    weir_kpa_config own = kpa_config(config, semantics);

    return weir_kpa_bytes(&own, bytes, err);
}

static weir_status kpa_make(void *state, size_t bytes, const void *config, int32_t semantics,
                            int32_t ready, weir_time start, weir_error *err)
{
    weir_kpa_config own = kpa_config(config, semantics);
    weir_status status = weir_kpa_init(state, bytes, &own, ready, start, err);

    if (status == WEIR_OK && ready == 0) { /* not a new one, but one that was scaled to zero */
        status = weir_kpa_set_idle(state, start);
    }
    return status;
}

static int32_t kpa_initial(const void *config)
{
    return ((const weir_kpa_config *)config)->initial_scale;
}

static void kpa_resolve(const void *config, weir_kpa_collector_config *collector,
                        weir_kpa_decider_config *decider)
{
    weir_kpa_collector_config_init(collector, sizeof *collector);
    weir_kpa_decider_config_init(decider, sizeof *decider);
    weir_kpa_resolve(config, collector, decider);
}

static double kpa_pod_capacity(const void *config)
{
    weir_kpa_collector_config collector;
    weir_kpa_decider_config decider;

    kpa_resolve(config, &collector, &decider);
    return decider.total_value;
}

static int64_t kpa_container_concurrency(const void *config)
{
    return ((const weir_kpa_config *)config)->container_concurrency;
}

static void kpa_describe(char *text, size_t size, const void *config)
{
    weir_kpa_collector_config collector;
    weir_kpa_decider_config decider;
    char stable[32], panic[32];

    kpa_resolve(config, &collector, &decider);
    put_duration(stable, sizeof stable, collector.stable_window);
    put_duration(panic, sizeof panic, collector.panic_window);
    snprintf(text, size,
             "%.6g of %.6g %s a pod, averaged over %s; panic from %.4g%% of the ready pods, "
             "averaged over %s",
             decider.target_value, decider.total_value,
             decider.scaling_metric == WEIR_KPA_RPS ? "requests per second" : "requests in flight",
             stable, decider.panic_threshold * 100, panic);
}

static void kpa_bounds(char *text, size_t size, const void *config)
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

static void kpa_measure(void *state, weir_time now, double *values)
{
    weir_kpa_averages averages;
    weir_kpa_collector *collector = weir_kpa_get_collector(state);
    int32_t metric = weir_autoscaler_main_series(state) == 1 ? WEIR_KPA_RPS : WEIR_KPA_CONCURRENCY;

    if (weir_kpa_collector_read(collector, metric, now, &averages) == WEIR_OK) {
        values[0] = averages.stable;
        values[1] = averages.panic;
    } else {
        values[0] = (double)NAN;
        values[1] = (double)NAN;
    }
}

static void kpa_label(void *state, char (*values)[LABEL_SIZE])
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

/* ---- all of them ---------------------------------------------------------------------------- */

static const struct kind kinds[] = {
    {WEIR_KIND_KPA,
     kpa_bytes,
     kpa_make,
     kpa_initial,
     kpa_pod_capacity,
     kpa_container_concurrency,
     kpa_describe,
     kpa_bounds,
     {"stable_average", "panic_average", NULL},
     kpa_measure,
     {"active", "reason", "mode", NULL},
     kpa_label},
};

const struct kind *kind_of(int32_t kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind) {
            return &kinds[i];
        }
    }
    return NULL;
}
