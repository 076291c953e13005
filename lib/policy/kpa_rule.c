/*
 * policy/kpa_rule.c - wanted pods, rates, panic, burst capacity and targets of the KPA.
 *
 *   wanted = ceil(average / target), within [floor(ready / down rate), ceil(up rate * ready)]
 *   panic  when ceil(panic average / target) / ready >= threshold
 *   excess = floor(ready * total - target burst capacity - panic average)
 *
 * Upstream: knative.dev/serving pkg/autoscaler/scaling/autoscaler.go Scale(), multiscaler.go,
 * pkg/reconciler/autoscaling/resources/target.go, kpa/resources/metric.go.
 */
#include "policy/kpa_rule.h"

#define MIN_TARGET 0.01 /* autoscaling.TargetMin */

double weir__kpa_within_rates(double want, const struct weir__kpa_demand *demand)
{
    return weir__min(weir__max(want, demand->least), demand->most);
}

/* The activation scale applies as soon as there is any demand, and may exceed the rates. */
static int32_t activate(int32_t pods, double want, int32_t activation_scale)
{
    return activation_scale > 1 && want > 0.0 && activation_scale > pods ? activation_scale : pods;
}

void weir__kpa_demand(const weir_kpa_decider_config *config, int64_t ready, double stable,
                      double panic, struct weir__kpa_demand *demand)
{
    struct weir__kpa_demand *d = demand;

    d->ready = weir__max(1.0, (double)ready);
    d->most = weir__ceil(config->max_scale_up_rate * d->ready);
    d->least = config->reachable ? weir__floor(d->ready / config->max_scale_down_rate) : 0.0;
    d->stable_want = weir__ceil(stable / config->target_value);
    d->panic_want = weir__ceil(panic / config->target_value);
    d->stable_pods = weir__to_i32(weir__kpa_within_rates(d->stable_want, d), config->conversion);
    d->panic_pods = weir__to_i32(weir__kpa_within_rates(d->panic_want, d), config->conversion);
    d->stable_pods = activate(d->stable_pods, d->stable_want, config->activation_scale);
    d->panic_pods = activate(d->panic_pods, d->panic_want, config->activation_scale);
    d->over = d->panic_want / d->ready >= config->panic_threshold;
}

double weir__kpa_excess_burst(const weir_kpa_decider_config *config, int64_t ready, double panic)
{
    double burst = config->target_burst_capacity;

    if (burst == 0.0) {
        return 0.0;
    }
    if (burst > 0.0) {
        return weir__floor((double)ready * config->total_value - burst - panic);
    }
    return -1.0; /* every other value, NaN included, keeps the activator in the path */
}

int32_t weir__kpa_initial_burst(const weir_kpa_decider_config *config)
{
    double burst = config->target_burst_capacity;

    if (burst == 0.0 || burst == -1.0) {
        return (int32_t)burst;
    }
    return weir__to_i32((double)config->initial_scale * config->total_value - burst,
                        config->conversion);
}

weir_duration weir__kpa_panic_window(weir_duration stable_window, double percentage)
{
    weir_duration exact = weir__f64_to_i64((double)stable_window * percentage / 100.0);
    weir_duration rounded = exact > 0 ? weir__round_to_second(exact) : exact;

    return rounded > WEIR_SECOND ? rounded : WEIR_SECOND;
}

void weir__kpa_target(const weir_kpa_config *config, double *target, double *total)
{
    double limit = (double)config->container_concurrency;
    double utilization = config->container_concurrency_target_percentage;

    *total = limit == 0.0 ? config->container_concurrency_target_default : limit;
    if (config->metric == WEIR_KPA_RPS) {
        *total = config->requests_per_second_target_default;
        utilization = WEIR_KPA_OTHER_UTILIZATION;
    }
    if (config->target != WEIR_UNSET) {
        *total = config->metric == WEIR_KPA_CONCURRENCY && limit != 0.0
                     ? weir__min(config->target, limit)
                     : config->target;
    }
    if (config->target_utilization_percentage != WEIR_UNSET) {
        utilization = config->target_utilization_percentage / 100.0;
    }
    *target = weir__max(MIN_TARGET, *total * utilization);
}

void weir_kpa_scale_bounds(const weir_kpa_config *config, int32_t unreachable, int32_t *min,
                           int32_t *max)
{
    *min = unreachable ? 0 : config->min_scale;
    *max = config->max_scale;
}
