/*
 * decide/kpa_decider.c - averages and ready pods to wanted pods: panic mode, latch and delay.
 *
 * In panic mode the wish is the larger of both windows' and never falls; panic ends when a whole
 * stable window has passed since the last step that was over the threshold. A scale-down delay then
 * holds the largest wish of its time.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/scaling/autoscaler.go New(), Scale();
 * multiscaler.go tickScaler(), Poke().
 */
#include "decide/kpa_state.h"

weir_status weir_kpa_decider_config_init(weir_kpa_decider_config *config, size_t struct_size)
{
    return weir__config_init(&weir__kpa_decider_table, config, struct_size);
}

static weir_status take(weir_kpa_decider_config *to, const weir_kpa_decider_config *from,
                        weir_error *err)
{
    weir_status status = weir__config_take(&weir__kpa_decider_table, to, from, err);

    return status == WEIR_OK ? weir__config_check(&weir__kpa_decider_table, to, err) : status;
}

weir_status weir_kpa_decider_config_check(const weir_kpa_decider_config *config, weir_error *err)
{
    weir_kpa_decider_config own;

    return take(&own, config, err);
}

/* Bytes of a decider with this (checked) delay, and of the delay window in it. */
static weir_status size_of(const weir_kpa_decider_config *config, size_t *bytes, size_t *delay,
                           weir_error *err)
{
    *delay = 0;
    if (config->scale_down_delay > 0 &&
        weir_max_window_bytes(config->scale_down_delay, WEIR_KPA_TICK, delay) != WEIR_OK) {
        return weir__fail(err, WEIR_E_LIMIT, "scale_down_delay", "is too long for one block");
    }
    *bytes = sizeof(weir_kpa_decider) + *delay;
    return WEIR_OK;
}

weir_status weir_kpa_decider_bytes(const weir_kpa_decider_config *config, size_t *bytes,
                                   weir_error *err)
{
    weir_kpa_decider_config own;
    size_t need = 0, delay = 0;
    weir_status status = take(&own, config, err);

    if (status == WEIR_OK) {
        status = size_of(&own, &need, &delay, err);
    }
    return status == WEIR_OK ? weir__give_bytes(bytes, need, err) : status;
}

/* Go's conversion of an int to an int32. */
static int32_t low_bits(int64_t x)
{
    uint32_t low = (uint32_t)(uint64_t)x;

    return low <= INT32_MAX ? (int32_t)low : (int32_t)(low - (uint32_t)INT32_MAX - 1) + INT32_MIN;
}

weir_status weir_kpa_decider_init(weir_kpa_decider *decider, size_t bytes,
                                  const weir_kpa_decider_config *config, int64_t ready,
                                  weir_time now, weir_error *err)
{
    weir_kpa_decider *d = decider;
    weir_kpa_decider_config own;
    size_t need = 0, delay = 0;
    weir_status status = take(&own, config, err);

    if (status == WEIR_OK) {
        status = size_of(&own, &need, &delay, err);
    }
    if (status == WEIR_OK) {
        status = weir__block_fits(d, bytes, need, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    memset(d, 0, sizeof *d);
    weir__block_set(&d->block, WEIR_KIND_KPA_DECIDER, need);
    d->digest = weir__config_digest(&weir__kpa_decider_table, &own);
    d->config = own;
    d->max_panic_pods = ready > 0 ? low_bits(ready) : 0;
    /* With several pods ready this is a restart: keep them until there is data for a whole window.
     */
    d->panic_since = ready > 1 ? now : WEIR_TIME_NONE;
    d->next_tick = weir__add(now, WEIR_KPA_TICK);
    d->desired = WEIR_REPLICAS_UNKNOWN;
    d->excess_burst_capacity = weir__kpa_initial_burst(&own);
    d->delayed = delay > 0;
    if (d->delayed) {
        return weir_max_window_init(weir__decider_delay(d), delay, own.scale_down_delay,
                                    WEIR_KPA_TICK);
    }
    return WEIR_OK;
}

weir_status weir_kpa_decider_update(weir_kpa_decider *decider,
                                    const weir_kpa_decider_config *config, weir_error *err)
{
    weir_kpa_decider_config own;
    weir_status status;

    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a decider");
    }
    status = take(&own, config, err);
    if (status == WEIR_OK) {
        decider->config = own;
    }
    return status;
}

weir_status weir_kpa_decider_input_init(weir_kpa_decider_input *input, size_t struct_size)
{
    if (input == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *input) {
        return WEIR_E_STRUCT;
    }
    memset(input, 0, sizeof *input);
    input->struct_size = (uint32_t)sizeof *input;
    return WEIR_OK;
}

/* ---- the scale step ------------------------------------------------------------------------- */

/* What a step changes, kept apart from the state until nothing can fail any more. */
struct step {
    weir_time panic_since;
    int32_t max_panic_pods;
    int32_t excess_burst_capacity;
    uint32_t flags;
};

static int32_t shown(double pods)
{
    return weir__to_i32(pods, WEIR_CONVERT_SATURATE);
}

/* From the ready pods to the wish of the stable window. */
static void explain_demand(const weir_kpa_decider *d, const struct weir__kpa_demand *demand,
                           double stable, struct weir__trace *trace, uint32_t *flags)
{
    double allowed = weir__kpa_within_rates(demand->stable_want, demand);
    double want = demand->stable_want;
    int32_t limited = weir__to_i32(allowed, d->config.conversion);

    weir__trace_step(trace, WEIR_RULE_KPA_STABLE, -1, shown(want), stable, d->config.target_value);
    if (allowed < want) {
        weir__trace_step(trace, WEIR_RULE_KPA_RATE_UP, -1, limited, want, demand->most);
        *flags |= WEIR_FLAG_RATE_LIMITED;
    } else if (allowed > want) {
        weir__trace_step(trace, WEIR_RULE_KPA_RATE_DOWN, -1, limited, want, demand->least);
        *flags |= WEIR_FLAG_RATE_LIMITED;
    }
    if (demand->stable_pods != trace->replicas) {
        weir__trace_step(trace, WEIR_RULE_KPA_ACTIVATION, -1, demand->stable_pods, want,
                         d->config.activation_scale);
    }
}

/* Enters, renews, holds or leaves panic mode. */
static void panic_mode(const weir_kpa_decider *d, const struct weir__kpa_demand *demand,
                       weir_time now, struct step *step, struct weir__trace *trace)
{
    double ratio = demand->panic_want / demand->ready, threshold = d->config.panic_threshold;
    double lasts, passed;
    int32_t pods = trace->replicas;

    if (demand->over) {
        int32_t rule = step->panic_since == WEIR_TIME_NONE ? WEIR_RULE_KPA_PANIC_ENTER
                                                           : WEIR_RULE_KPA_PANIC_EXTEND;

        weir__trace_step(trace, rule, -1, pods, ratio, threshold);
        step->panic_since = now;
        return;
    }
    if (step->panic_since == WEIR_TIME_NONE) {
        return;
    }
    lasts = weir__seconds(d->config.stable_window);
    passed = weir__seconds(weir__sub(now, step->panic_since));
    if (weir__add(step->panic_since, d->config.stable_window) < now) {
        weir__trace_step(trace, WEIR_RULE_KPA_PANIC_LEAVE, -1, pods, passed, lasts);
        step->panic_since = WEIR_TIME_NONE;
        step->max_panic_pods = 0;
    } else {
        weir__trace_step(trace, WEIR_RULE_KPA_PANIC_HOLD, -1, pods, passed, lasts);
    }
}

/* In panic mode: the larger wish, and never less than before. */
static void panic_pods(const weir_kpa_decider *d, const struct weir__kpa_demand *demand,
                       double panic, struct step *step, struct weir__trace *trace)
{
    if (step->panic_since == WEIR_TIME_NONE) {
        return;
    }
    step->flags |= WEIR_FLAG_PANIC;
    if (demand->panic_pods > trace->replicas) {
        weir__trace_step(trace, WEIR_RULE_KPA_PANIC_DEMAND, -1, demand->panic_pods, panic,
                         d->config.target_value);
        if (demand->panic_want > demand->most) {
            weir__trace_step(trace, WEIR_RULE_KPA_RATE_UP, -1, trace->replicas, demand->panic_want,
                             demand->most);
            step->flags |= WEIR_FLAG_RATE_LIMITED;
        }
    }
    if (trace->replicas > step->max_panic_pods) {
        step->max_panic_pods = trace->replicas;
    } else if (trace->replicas < step->max_panic_pods) {
        weir__trace_step(trace, WEIR_RULE_KPA_PANIC_LATCH, -1, step->max_panic_pods,
                         trace->replicas, step->max_panic_pods);
    }
}

/* The largest wish within the delay. Only a time that goes back too far makes it fail. */
static weir_status delay(weir_kpa_decider *d, weir_time now, struct step *step,
                         struct weir__trace *trace)
{
    weir_max_window *window = weir__decider_delay(d);
    int32_t obeyed = d->config.reachable || d->config.semantics == WEIR_SERVING_0_42;
    int32_t held;

    if (window == NULL || !obeyed) {
        return WEIR_OK;
    }
    if (weir_max_window_record(window, now, trace->replicas) != WEIR_OK) {
        return WEIR_E_PANIC;
    }
    held = weir_max_window_current(window);
    if (held != trace->replicas) {
        weir__trace_step(trace, WEIR_RULE_KPA_DELAY, -1, held, trace->replicas, held);
        step->flags |= WEIR_FLAG_STABILIZED;
    }
    return WEIR_OK;
}

/* When the answer can change although the input stays the same: panic ends, or the delay does. */
static weir_time next_change(const weir_kpa_decider *d, const struct step *step, int over,
                             int32_t before_delay, int32_t replicas)
{
    const weir_max_window *window = weir__decider_delay_of(d);
    weir_time next = WEIR_TIME_NEVER;

    if (step->panic_since != WEIR_TIME_NONE && !over) {
        next = weir__add(weir__add(step->panic_since, d->config.stable_window), 1);
    }
    if (window != NULL && before_delay != replicas) {
        weir_time expiry = weir__max_window_expiry(window);

        next = expiry < next ? expiry : next;
    }
    return next;
}

/* No data: nothing changes. */
static weir_status no_decision(const weir_kpa_decider *d, weir_time now, weir_decision *out)
{
    out->replicas = d->desired;
    out->valid = 0;
    out->flags =
        WEIR_FLAG_METRIC_FAILED | (d->panic_since != WEIR_TIME_NONE ? WEIR_FLAG_PANIC : 0U);
    out->rule = WEIR_RULE_NO_DATA;
    out->excess_burst_capacity = 0;
    out->at = now;
    out->next = WEIR_TIME_NEVER;
    return WEIR_NO_DATA;
}

/* Whether a reconciler has to look: the wish changed, or the burst capacity changed its sign. */
static int changed(const weir_kpa_decider *d, int32_t desired, int32_t excess)
{
    return d->desired != desired || (d->excess_burst_capacity < 0) != (excess < 0);
}

static void put_decision(weir_kpa_decider *d, const struct step *step,
                         const struct weir__trace *trace, weir_decision *out)
{
    uint32_t flags = step->flags;

    if (changed(d, trace->replicas, step->excess_burst_capacity)) {
        flags |= WEIR_FLAG_CHANGED;
    }
    d->panic_since = step->panic_since;
    d->max_panic_pods = step->max_panic_pods;
    d->desired = trace->replicas;
    d->excess_burst_capacity = step->excess_burst_capacity;
    out->replicas = trace->replicas;
    out->valid = 1;
    out->flags = flags;
    out->rule = trace->rule;
    out->excess_burst_capacity = step->excess_burst_capacity;
}

weir_status weir__decider_step(weir_kpa_decider *d, const weir_kpa_decider_input *input,
                               weir_time now, weir_decision *out, struct weir__trace *trace)
{
    int64_t ready = input->ready_status == WEIR_OK ? input->ready : 0;
    struct step step = {d->panic_since, d->max_panic_pods, 0, 0};
    struct weir__kpa_demand demand;
    int32_t before_delay;
    double excess;

    if (input->ready_status < 0 || input->metric_status != WEIR_OK) {
        return no_decision(d, now, out);
    }
    weir__kpa_demand(&d->config, ready, input->stable, input->panic, &demand);
    explain_demand(d, &demand, input->stable, trace, &step.flags);
    panic_mode(d, &demand, now, &step, trace);
    panic_pods(d, &demand, input->panic, &step, trace);
    before_delay = trace->replicas;
    if (delay(d, now, &step, trace) != WEIR_OK) {
        return WEIR_E_PANIC;
    }
    excess = weir__kpa_excess_burst(&d->config, ready, input->panic);
    step.excess_burst_capacity = weir__to_i32(excess, d->config.conversion);
    weir__trace_step(trace, WEIR_RULE_KPA_BURST, -1, trace->replicas, excess,
                     d->config.target_burst_capacity);
    out->at = now;
    put_decision(d, &step, trace, out);
    out->next = next_change(d, &step, demand.over, before_delay, trace->replicas);
    return WEIR_OK;
}

weir_status weir_kpa_decider_decide(weir_kpa_decider *decider, const weir_kpa_decider_input *input,
                                    weir_time now, weir_decision *out, weir_explain *explain)
{
    struct weir__trace trace;
    weir_status status;
    int32_t ready;

    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER) || input == NULL || out == NULL) {
        return WEIR_E_ARG;
    }
    if (input->struct_size != sizeof *input || out->struct_size != sizeof *out ||
        (explain != NULL && explain->struct_size != sizeof *explain)) {
        return WEIR_E_STRUCT;
    }
    ready = input->ready_status == WEIR_OK ? shown((double)input->ready) : 0;
    weir__trace_open(&trace, explain, ready);
    status = weir__decider_step(decider, input, now, out, &trace);
    if (status == WEIR_NO_DATA) {
        weir__trace_step(&trace, WEIR_RULE_NO_DATA, -1, decider->desired, 0.0, 0.0);
    } else if (status == WEIR_OK && out->replicas == 0) {
        out->flags |= WEIR_FLAG_TO_ZERO;
    }
    if (status >= WEIR_OK) {
        out->current = ready;
        out->step_count = trace.count;
    }
    return status;
}

weir_status weir_kpa_decider_tick(weir_kpa_decider *decider, const weir_kpa_decider_input *input,
                                  weir_time now, weir_decision *out, weir_explain *explain)
{
    weir_status status;

    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER)) {
        return WEIR_E_ARG;
    }
    if (now < decider->next_tick) {
        return WEIR_NOT_DUE;
    }
    status = weir_kpa_decider_decide(decider, input, now, out, explain);
    if (status >= WEIR_OK) {
        weir__decider_ticked(decider, now);
    }
    return status;
}

weir_status weir_kpa_decider_poke(weir_kpa_decider *decider, const weir_kpa_decider_input *input,
                                  double average_concurrent_requests, weir_time now,
                                  weir_decision *out, weir_explain *explain)
{
    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER)) {
        return WEIR_E_ARG;
    }
    if (decider->desired != 0 || average_concurrent_requests == 0.0) {
        return WEIR_NOT_DUE;
    }
    return weir_kpa_decider_decide(decider, input, now, out, explain);
}

weir_status weir_kpa_decider_status(const weir_kpa_decider *decider, weir_kpa_status *status,
                                    size_t struct_size)
{
    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER) || status == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *status) {
        return WEIR_E_STRUCT;
    }
    status->struct_size = (uint32_t)sizeof *status;
    status->desired = decider->desired;
    status->excess_burst_capacity = decider->excess_burst_capacity;
    status->max_panic_pods = decider->max_panic_pods;
    status->panic_since = decider->panic_since;
    status->next_tick = decider->next_tick;
    return WEIR_OK;
}
