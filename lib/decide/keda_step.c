/*
 * decide/keda_step.c - the steps of a ScaledObject as callers take them: what is due of the
 * controller, the loop and the HPA.
 */
#include "decide/keda_state.h"

/* What a step carries along. */
struct work {
    struct weir__trace trace;
    uint32_t flags;
    int32_t valid;
    weir_time next;
};

static void open_step(struct work *w, weir_keda *k, const weir_keda_input *input, weir_time now,
                      weir_explain *explain)
{
    weir__trace_open(&w->trace, explain, input->replicas);
    w->flags = 0;
    w->valid = 0;
    w->next = WEIR_TIME_NEVER;
    k->seen = now;
    k->asked = 0;
    k->last_write = WEIR__KEDA_WRITE_NONE;
}

static weir_status close_step(const struct work *w, const weir_keda_input *input, weir_time now,
                              weir_decision *out)
{
    out->replicas = w->trace.replicas;
    out->current = input->replicas;
    out->valid = w->valid;
    out->flags = w->flags;
    out->rule = w->trace.rule;
    out->excess_burst_capacity = 0;
    out->step_count = w->trace.count;
    out->at = now;
    out->next = w->next;
    return w->valid ? WEIR_OK : WEIR_NO_DATA;
}

static void poll(weir_keda *k, const weir_keda_input *input, weir_time now, struct work *w)
{
    w->valid |= weir__keda_poll(k, input, now, &w->trace, &w->flags, &w->next) == WEIR_OK;
}

/* The HPA's part, behind what KEDA has decided. */
static void sync(weir_keda *k, const weir_keda_input *input, weir_time now, struct work *w)
{
    weir_keda_input own = *input;
    weir_decision decision = {.struct_size = (uint32_t)sizeof decision};
    int written = w->trace.replicas != input->replicas;

    own.replicas = w->trace.replicas; /* the write of the poll is there already */
    if (weir__keda_sync(k, &own, now, &decision, &w->trace) == WEIR_OK) {
        w->valid = 1;
        w->flags |= decision.flags;
        if (decision.replicas != own.replicas || !written) {
            w->trace.rule = decision.rule;
        }
        w->trace.replicas = decision.replicas;
    } else {
        w->flags |= decision.flags & WEIR_FLAG_METRIC_FAILED;
        if (w->trace.explain != NULL && w->trace.explain->count > 0) {
            w->trace.explain->steps[w->trace.explain->count - 1].after = own.replicas;
        }
    }
    w->next = decision.next < w->next ? decision.next : w->next;
}

static void reconcile(weir_keda *k, const weir_keda_input *input, weir_time now, struct work *w,
                      int32_t *polls)
{
    int32_t before = w->trace.replicas;

    w->valid |= weir__keda_reconcile(k, input, now, polls, &w->trace, &w->flags) == WEIR_OK;
    if (w->trace.replicas != before) {
        w->flags |=
            WEIR_FLAG_APPLY | WEIR_FLAG_CHANGED | (w->trace.replicas == 0 ? WEIR_FLAG_TO_ZERO : 0U);
    }
}

/* ---- the public steps ----------------------------------------------------------------------- */

weir_status weir_keda_decide(weir_keda *keda, const weir_keda_input *input, weir_time now,
                             weir_decision *out, weir_explain *explain)
{
    weir_keda *k = keda;
    weir_status status = weir__keda_check(k, input, now, out, explain);
    struct work w;
    int32_t polls;
    int loop_due, hpa_due;

    if (status == WEIR_OK) {
        status = weir__hpa_ready(weir__keda_hpa(k), now);
    }
    if (status != WEIR_OK) {
        return status;
    }
    open_step(&w, k, input, now, explain);
    if (!k->started) {
        reconcile(k, input, now, &w, &polls);
    }
    loop_due = k->running && now >= k->poll_due;
    hpa_due = k->hpa_exists && now >= k->sync_due;
    if (!loop_due && !hpa_due && w.trace.count == 0) { /* out of turn */
        if (k->running) {
            poll(k, input, now, &w);
        }
        if (k->hpa_exists) {
            sync(k, input, now, &w);
        }
        return close_step(&w, input, now, out);
    }
    if (loop_due) {
        k->poll_due = weir__add(now, k->polling_interval);
        poll(k, input, now, &w);
    }
    if (hpa_due) {
        k->sync_due = weir__add(now, k->sync_period);
        sync(k, input, now, &w);
    }
    return close_step(&w, input, now, out);
}

weir_status weir_keda_poll(weir_keda *keda, const weir_keda_input *input, weir_time now,
                           weir_decision *out, weir_explain *explain)
{
    weir_status status = weir__keda_check(keda, input, now, out, explain);
    struct work w;

    if (status != WEIR_OK) {
        return status;
    }
    open_step(&w, keda, input, now, explain);
    if (now >= keda->poll_due) {
        keda->poll_due = weir__add(now, keda->polling_interval);
    }
    poll(keda, input, now, &w);
    return close_step(&w, input, now, out);
}

weir_status weir_keda_sync(weir_keda *keda, const weir_keda_input *input, weir_time now,
                           weir_decision *out, weir_explain *explain)
{
    weir_status status = weir__keda_check(keda, input, now, out, explain);
    struct work w;

    if (status == WEIR_OK) {
        status = weir__hpa_ready(weir__keda_hpa(keda), now);
    }
    if (status != WEIR_OK) {
        return status;
    }
    open_step(&w, keda, input, now, explain);
    if (now >= keda->sync_due) {
        keda->sync_due = weir__add(now, keda->sync_period);
    }
    sync(keda, input, now, &w);
    return close_step(&w, input, now, out);
}

static weir_status act(weir_keda *k, int32_t active, int32_t is_error, uint32_t metrics,
                       int32_t rule, const weir_keda_input *input, weir_time now,
                       weir_decision *out, weir_explain *explain)
{
    struct work w;

    open_step(&w, k, input, now, explain);
    if (rule != WEIR_RULE_NONE) {
        weir__trace_step(&w.trace, rule, -1, w.trace.replicas, 0.0, 0.0);
    }
    weir__keda_act(k, active != 0, is_error != 0, metrics, input, now, &w.trace, &w.flags, &w.next);
    w.valid = input->replicas_status == WEIR_OK;
    return close_step(&w, input, now, out);
}

weir_status weir_keda_act(weir_keda *keda, int32_t active, int32_t is_error,
                          const weir_keda_input *input, weir_time now, weir_decision *out,
                          weir_explain *explain)
{
    weir_status status = weir__keda_check(keda, input, now, out, explain);

    return status != WEIR_OK
               ? status
               : act(keda, active, is_error, 0, WEIR_RULE_NONE, input, now, out, explain);
}

weir_status weir_keda_push(weir_keda *keda, uint32_t trigger, const weir_keda_input *input,
                           weir_time now, weir_decision *out, weir_explain *explain)
{
    weir_status status = weir__keda_check(keda, input, now, out, explain);
    uint32_t metrics = 0;

    if (status != WEIR_OK) {
        return status;
    }
    if (trigger >= keda->trigger_count) {
        return WEIR_E_RANGE;
    }
    for (uint32_t i = 0; i < keda->trigger_count; i++) {
        metrics |= weir__keda_slots(keda)[i].activity == 1 || i == trigger ? UINT32_C(1) << i : 0;
    }
    return act(keda, 1, 0, metrics, WEIR_RULE_KEDA_PUSH, input, now, out, explain);
}

weir_status weir_keda_reconcile(weir_keda *keda, const weir_keda_input *input, weir_time now,
                                int32_t *polls, weir_decision *out, weir_explain *explain)
{
    weir_status status = weir__keda_check(keda, input, now, out, explain);
    struct work w;
    int32_t own;

    if (status != WEIR_OK) {
        return status;
    }
    open_step(&w, keda, input, now, explain);
    reconcile(keda, input, now, &w, polls != NULL ? polls : &own);
    return close_step(&w, input, now, out) == WEIR_OK ? WEIR_OK : WEIR_E_RANGE;
}

weir_status weir_keda_delete(weir_keda *keda, const weir_keda_input *input, weir_time now,
                             weir_decision *out, weir_explain *explain)
{
    weir_status status = weir__keda_check(keda, input, now, out, explain);
    struct work w;

    if (status != WEIR_OK) {
        return status;
    }
    status = weir_keda_restart(keda);
    if (status != WEIR_OK) {
        return status;
    }
    open_step(&w, keda, input, now, explain);
    keda->started = 1;
    keda->hpa_exists = 0;
    w.valid = 1;
    if (keda->restore && keda->original != WEIR_REPLICAS_UNKNOWN &&
        input->replicas_status == WEIR_OK) {
        weir__trace_step(&w.trace, WEIR_RULE_KEDA_RESTORED, -1, keda->original, w.trace.replicas,
                         keda->original);
        w.flags |= WEIR_FLAG_APPLY | WEIR_FLAG_CHANGED;
    }
    return close_step(&w, input, now, out);
}
