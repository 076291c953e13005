/*
 * decide/kpa_revision.c - one revision at work: reports in, and at every event the scale step that
 * is due and the reconciles that it calls for.
 *
 * Upstream: knative.dev/serving, the MetricCollector, the MultiScaler and the KPA reconciler as
 * the autoscaler's main() wires them: pkg/reconciler/autoscaling/kpa/controller.go says what calls
 * for a reconcile.
 */
#include "decide/kpa_reconcile.h"
#include "decide/kpa_state.h"

/* A status that goes on changing is looked at again at the next event. */
#define ROUNDS_MAX 8

/* From the offer of a probe in the background to the reconcile that it asks for when it is done. */
#define PROBE_REQUEUE (2 * WEIR_SECOND)

weir_status weir_kpa_record(weir_kpa *kpa, weir_time at, const weir_kpa_stat *stat)
{
    weir_status status;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_E_ARG;
    }
    status = weir_kpa_collector_record(weir_kpa_get_collector(kpa), at, stat);
    if (status == WEIR_OK && weir__kpa_decider_of(kpa)->desired == 0 &&
        stat->average_concurrent_requests != 0.0) {
        kpa->poked = 1;
    }
    return status;
}

weir_status weir_kpa_set_idle(weir_kpa *kpa, weir_time now)
{
    weir_kpa_decider *decider;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_E_ARG;
    }
    decider = weir__kpa_decider(kpa);
    decider->desired = 0;
    decider->excess_burst_capacity =
        weir__to_i32(weir__kpa_excess_burst(&decider->config, 0, 0.0), decider->config.conversion);
    kpa->reconciler.active = WEIR_CONDITION_FALSE;
    kpa->reconciler.reason = WEIR_KPA_REASON_NO_TRAFFIC;
    kpa->reconciler.active_since = weir__sub(now, weir__floor_mod(now, WEIR_SECOND));
    kpa->reconciler.initialized = 1;
    kpa->reconciler.desired_scale = 0;
    kpa->reconciler.has_service = 1;
    return WEIR_OK;
}

/* ---- the scale step ------------------------------------------------------------------------- */

/* What the decider is to look at. */
static void gather(const weir_kpa *kpa, int64_t ready, weir_time now, weir_kpa_decider_input *input)
{
    weir_kpa_averages averages = {0.0, 0.0};

    weir_kpa_decider_input_init(input, sizeof *input);
    input->ready = ready;
    input->ready_status = ready < 0 ? WEIR_E_RANGE : WEIR_OK;
    input->metric_status =
        weir_kpa_collector_read(weir__kpa_collector_of(kpa), kpa->metric, now, &averages);
    input->stable = averages.stable;
    input->panic = averages.panic;
}

/* A valid decision also changes when a bucket of a window ages. */
static void look_at_ageing(const weir_kpa *kpa, weir_time now, weir_decision *out)
{
    weir_time ageing = weir_kpa_collector_next(weir__kpa_collector_of(kpa), now);

    out->next = ageing < out->next ? ageing : out->next;
}

weir_status weir_kpa_decide(weir_kpa *kpa, int64_t ready, int32_t reachable, weir_time now,
                            weir_decision *out, weir_explain *explain)
{
    weir_kpa_decider_input input;
    weir_kpa_decider *decider;
    weir_status status;
    int32_t was_reachable;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_E_ARG;
    }
    decider = weir__kpa_decider(kpa);
    gather(kpa, ready, now, &input);
    was_reachable = decider->config.reachable;
    decider->config.reachable = reachable != 0;
    status = now >= decider->next_tick
                 ? weir_kpa_decider_tick(decider, &input, now, out, explain)
                 : weir_kpa_decider_decide(decider, &input, now, out, explain);
    if (status < WEIR_OK) {
        decider->config.reachable = was_reachable;
        return status;
    }
    kpa->poked = 0;
    if (status == WEIR_OK) {
        look_at_ageing(kpa, now, out);
    }
    return status;
}

/* ---- the whole revision --------------------------------------------------------------------- */

/* The scale step of a tick or a poke. */
static weir_status scale(weir_kpa *kpa, const weir_kpa_reconcile_input *cluster, weir_time now,
                         weir_decision *out, struct weir__trace *trace)
{
    weir_kpa_decider *decider = weir__kpa_decider(kpa);
    int32_t was_reachable = decider->config.reachable;
    weir_kpa_decider_input input;
    weir_status status;

    gather(kpa, cluster->ready, now, &input);
    decider->config.reachable = !cluster->unreachable;
    status = weir__decider_step(decider, &input, now, out, trace);
    if (status < WEIR_OK) {
        decider->config.reachable = was_reachable;
        return status;
    }
    kpa->poked = 0;
    if (now >= decider->next_tick) {
        weir__decider_ticked(decider, now);
    }
    if (status == WEIR_OK) {
        kpa->wish_rule = out->rule;
        look_at_ageing(kpa, now, out);
    } else {
        weir__trace_step(trace, WEIR_RULE_NO_DATA, -1, trace->replicas, 0.0, 0.0);
    }
    return status;
}

/* An event without a scale step: the wish is what it was, until the next tick. */
static void no_scale(const weir_kpa *kpa, weir_time now, weir_decision *out)
{
    const weir_kpa_decider *decider = weir__kpa_decider_of(kpa);

    out->flags = decider->panic_since != WEIR_TIME_NONE ? WEIR_FLAG_PANIC : 0U;
    out->rule = kpa->wish_rule;
    out->valid = 0;
    out->at = now;
    out->next = decider->next_tick;
}

/* Whether the cluster is another one than at the last reconcile. */
static int is_new(const weir_kpa_reconcile_input *seen, const weir_kpa_reconcile_input *now)
{
    return seen->ready != now->ready || seen->unreachable != now->unreachable ||
           seen->has_private_service != now->has_private_service ||
           seen->has_service != now->has_service || seen->network_ready != now->network_ready ||
           seen->proxy_since != now->proxy_since ||
           seen->system_internal_tls != now->system_internal_tls;
}

static void requeue(weir_kpa *kpa, weir_time at)
{
    kpa->requeue_at = at < kpa->requeue_at ? at : kpa->requeue_at;
}

/* Takes steps back that say nothing new. */
static void take_back(struct weir__trace *trace, const struct weir__trace *before, uint32_t count)
{
    *trace = *before;
    if (trace->explain != NULL && trace->explain->dropped == 0) {
        trace->explain->count = count;
    }
}

/* Reconciles until the status stays: a status that changed is an event of its own. Gives the size
 * of the deployment afterwards. */
static int32_t reconcile(weir_kpa *kpa, const weir_kpa_reconcile_input *cluster, weir_time now,
                         int scaled, struct weir__trace *trace)
{
    const weir_kpa_decider *decider = weir__kpa_decider_of(kpa);
    weir_kpa_reconcile_input input = *cluster;
    weir_kpa_reconciler_state before;
    struct weir__ruling ruling = {WEIR_RULE_NONE, 0};

    input.desired = decider->desired;
    input.excess_burst_capacity = decider->excess_burst_capacity;
    if (kpa->requeue_at <= now) {
        kpa->requeue_at = WEIR_TIME_NEVER;
    }
    for (int round = 0; round < ROUNDS_MAX; round++) {
        struct weir__trace start = *trace;
        uint32_t steps = trace->explain != NULL ? trace->explain->count : 0;
        int32_t ruled = ruling.rule;

        if (round > 0 || !scaled) {
            weir__trace_step(trace, WEIR_RULE_KPA_WISH, -1, decider->desired, 0.0, 0.0);
        }
        before = kpa->reconciler;
        weir__kpa_reconcile(&kpa->config, &kpa->reconciler, &input, now, &kpa->last, trace,
                            &ruling);
        for (int32_t i = 0; i < kpa->last.requeue_count; i++) {
            requeue(kpa, weir__add(now, kpa->last.requeue_after[i]));
        }
        if (kpa->last.async_probe) {
            requeue(kpa, weir__add(now, PROBE_REQUEUE));
        }
        if (kpa->last.patch != WEIR_KPA_ABSENT) {
            input.replicas = kpa->last.patch;
        }
        if (round > 0 && ruling.rule == ruled && trace->replicas == start.replicas) {
            take_back(trace, &start, steps);
        }
        if (memcmp(&before, &kpa->reconciler, sizeof before) == 0) {
            break;
        }
    }
    kpa->ruled = ruling.rule;
    kpa->flags = ruling.flags;
    kpa->seen = input;
    kpa->reconciled = 1;
    return input.replicas;
}

weir_status weir_kpa_step(weir_kpa *kpa, const weir_kpa_reconcile_input *cluster, weir_time now,
                          weir_decision *out, weir_explain *explain)
{
    struct weir__trace trace;
    weir_status status = WEIR_OK;
    int32_t replicas, current;
    int ticks, reconciles;

    if (!weir__block_is(kpa, WEIR_KIND_KPA) || cluster == NULL || out == NULL) {
        return WEIR_E_ARG;
    }
    if (cluster->struct_size != sizeof *cluster || out->struct_size != sizeof *out ||
        (explain != NULL && explain->struct_size != sizeof *explain)) {
        return WEIR_E_STRUCT;
    }
    current = cluster->replicas != WEIR_KPA_ABSENT ? cluster->replicas : 1;
    replicas = current;
    weir__trace_open(&trace, explain, current);
    ticks = kpa->poked || now >= weir__kpa_decider_of(kpa)->next_tick;
    if (ticks) {
        status = scale(kpa, cluster, now, out, &trace);
        if (status < WEIR_OK) {
            return status;
        }
    } else {
        no_scale(kpa, now, out);
    }
    reconciles = !ticks || (out->flags & WEIR_FLAG_CHANGED) || kpa->requeue_at <= now ||
                 is_new(&kpa->seen, cluster);
    if (reconciles && cluster->ready >= 0) {
        int32_t left = reconcile(kpa, cluster, now, ticks && status == WEIR_OK, &trace);

        replicas = left != WEIR_KPA_ABSENT ? left : 1;
        out->valid = 1;
        out->flags |= replicas != current ? WEIR_FLAG_APPLY : 0U;
        out->rule = kpa->ruled != WEIR_RULE_NONE ? kpa->ruled : kpa->wish_rule;
    } else if (out->valid && trace.replicas != replicas && kpa->ruled != WEIR_RULE_NONE) {
        out->rule = kpa->ruled;
    }
    if (trace.replicas != replicas) {
        weir__trace_step(&trace, WEIR_RULE_KPA_KEPT, -1, replicas, kpa->last.want, replicas);
    }
    out->flags |= kpa->flags | (replicas == 0 ? WEIR_FLAG_TO_ZERO : 0U) |
                  (kpa->reconciler.mode == WEIR_KPA_PROXY ? WEIR_FLAG_PROXY : 0U);
    out->replicas = replicas;
    out->current = current;
    out->excess_burst_capacity = weir__kpa_decider_of(kpa)->excess_burst_capacity;
    out->step_count = trace.count;
    if (kpa->requeue_at < out->next && kpa->requeue_at > now) {
        out->next = kpa->requeue_at;
    }
    return out->valid ? WEIR_OK : WEIR_NO_DATA;
}

weir_time weir_kpa_due(const weir_kpa *kpa)
{
    weir_time tick;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_TIME_NEVER;
    }
    tick = weir__kpa_decider_of(kpa)->next_tick;
    return kpa->requeue_at < tick ? kpa->requeue_at : tick;
}

weir_status weir_kpa_get_reconcile(const weir_kpa *kpa, weir_kpa_reconcile *reconcile,
                                   size_t struct_size)
{
    if (!weir__block_is(kpa, WEIR_KIND_KPA) || reconcile == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *reconcile) {
        return WEIR_E_STRUCT;
    }
    *reconcile = kpa->last;
    return kpa->reconciled ? WEIR_OK : WEIR_NO_DATA;
}

weir_kpa_reconciler_state *weir_kpa_get_reconciler(weir_kpa *kpa)
{
    return weir__block_is(kpa, WEIR_KIND_KPA) ? &kpa->reconciler : NULL;
}

weir_status weir_kpa_get_status(const weir_kpa *kpa, weir_kpa_status *status, size_t struct_size)
{
    return weir__block_is(kpa, WEIR_KIND_KPA)
               ? weir_kpa_decider_status(weir__kpa_decider_of(kpa), status, struct_size)
               : WEIR_E_ARG;
}
