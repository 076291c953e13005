/*
 * decide/keda_poll.c - one poll: is the object active, and what follows for zero, idle and the
 * minimum.
 *
 * Upstream: pkg/scaling/scale_handler.go, getScaledObjectState(); pkg/scaling/executor/
 * scale_scaledobjects.go, RequestScale().
 */
#include "decide/keda_state.h"

/* ---- the verdict on the triggers ------------------------------------------------------------ */

/* What the triggers come to. */
struct verdict {
    int active, failed;
    int fallback;            /* 1: some metric is replaced */
    int64_t fallback_milli;  /* the first of them */
    uint32_t active_metrics; /* of active triggers */
    struct weir__keda_outcome outcomes[WEIR_KEDA_TRIGGERS_MAX];
};

/* WEIR_SCALING_TRUE, ...: the HPA's condition, of whichever HPA counts. */
static int32_t scaling_of(weir_keda *k, const weir_keda_input *input)
{
    const weir_hpa *hpa = weir__keda_hpa(k);

    if (input->scaling_active != WEIR_SCALING_OWN) {
        return input->scaling_active;
    }
    for (uint32_t i = 0; k->hpa_exists && i < hpa->condition_count; i++) {
        const weir_hpa_condition *c = &hpa->conditions[i];

        if (c->type == WEIR_CONDITION_SCALING_ACTIVE) {
            return c->status == 1                              ? WEIR_SCALING_TRUE
                   : c->reason == WEIR_REASON_SCALING_DISABLED ? WEIR_SCALING_DISABLED
                                                               : WEIR_SCALING_FALSE;
        }
    }
    return WEIR_SCALING_MISSING;
}

static void explain_metric(const weir_keda *k, const struct weir__keda_copy *copy, uint32_t i,
                           const struct weir__keda_outcome *o, int observed,
                           struct weir__trace *trace)
{
    const struct weir__keda_slot *slot = &weir__keda_slots_of(k)[i];
    int32_t item = (int32_t)i, rule;

    if (observed) {
        weir__trace_step(trace, WEIR_RULE_KEDA_OBSERVED, item, trace->replicas, o->amount.value,
                         0.0);
    }
    if (o->failed) {
        weir__trace_step(trace, WEIR_RULE_KEDA_TRIGGER_FAILED, item, trace->replicas,
                         copy->health[i].failures, k->fallback.failure_threshold);
    } else if (o->fallback) {
        weir__trace_step(trace, WEIR_RULE_KEDA_FALLBACK, item, trace->replicas, o->amount.value,
                         k->fallback.failure_threshold);
    } else {
        rule = o->active ? WEIR_RULE_KEDA_TRIGGER_ACTIVE : WEIR_RULE_KEDA_TRIGGER_INACTIVE;
        weir__trace_step(trace, rule, item, trace->replicas, o->amount.value, slot->activation);
    }
}

/* One metric, from the record of a pull or asked. 0: its trigger could not say what it measures. */
static int look_at(weir_keda *k, struct weir__keda_copy *copy, uint32_t i, int trusts,
                   const weir_keda_input *input, weir_time now, struct verdict *v,
                   struct weir__trace *trace)
{
    struct weir__keda_slot *slot = &weir__keda_slots(k)[i];
    struct weir__keda_outcome *o = &v->outcomes[i];
    int observed = trusts && slot->observed.present;

    if (slot->type != WEIR_TRIGGER_CRON && input->readings[i].status == WEIR_E_UNSUPPORTED) {
        o->present = 0;
        weir__trace_step(trace, WEIR_RULE_KEDA_TRIGGER_FAILED, (int32_t)i, trace->replicas, 0.0,
                         0.0);
        return 0;
    }
    if (observed) {
        *o = slot->observed;
    } else {
        weir__keda_observe(k, copy, i, input, now, o);
    }
    if (o->fallback && !v->fallback) {
        v->fallback = 1;
        v->fallback_milli = o->amount.milli;
    }
    explain_metric(k, copy, i, o, observed, trace);
    return 1;
}

static void look_at_triggers(weir_keda *k, struct weir__keda_copy *copy, int trusts,
                             const weir_keda_input *input, weir_time now, struct verdict *v,
                             struct weir__trace *trace)
{
    int active = 0;
    uint32_t metrics = 0;

    v->active = v->failed = v->fallback = 0;
    v->active_metrics = 0;
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        const struct weir__keda_slot *slot = &weir__keda_slots(k)[i];
        const struct weir__keda_outcome *o = &v->outcomes[i];

        v->outcomes[i].present = 0;
        if (!slot->continues) {
            active = 0;
            metrics = 0;
        }
        if (slot->resource) {
            weir__trace_step(trace, WEIR_RULE_KEDA_TRIGGER_RESOURCE, (int32_t)i, trace->replicas,
                             0.0, 0.0);
        } else if (!look_at(k, copy, i, trusts, input, now, v, trace) || o->failed) {
            v->failed = 1;
        } else { /* the last metric that did not fail decides for its trigger */
            active = o->active;
            metrics |= o->empty ? 0 : UINT32_C(1) << i;
        }
        if (active && (i + 1 == k->trigger_count || !slot[1].continues)) {
            v->active = 1;
            v->active_metrics |= metrics;
        }
    }
}

/* With modifiers only the composite metric decides. 0: the poll breaks off. */
static int look_at_formula(weir_keda *k, const struct weir__keda_copy *copy, struct verdict *v,
                           struct weir__trace *trace)
{
    const struct weir__modifiers *m = &k->modifiers;
    int64_t milli = v->fallback_milli;
    int32_t rule = WEIR_RULE_KEDA_FORMULA;
    int there = v->fallback;
    double value;

    v->active = 0;
    v->active_metrics = 0;
    if (!there && k->has_formula) {
        there = weir__keda_compose(k, copy, v->outcomes, &milli);
    }
    if (v->failed) {
        return 1;
    }
    if (!m->activation_is_read) {
        return 0;
    }
    if (!v->fallback && !k->has_formula) { /* nothing is composed: each metric counts */
        for (uint32_t i = 0; i < k->trigger_count && !v->active; i++) {
            const struct weir__keda_outcome *o = &v->outcomes[i];

            if (o->present && !o->failed && !o->empty && o->amount.value > m->activation) {
                v->active = 1;
                v->active_metrics = UINT32_C(1) << i;
            }
        }
        return 1;
    }
    value = (double)milli * 0.001;
    v->active = there && value > m->activation;
    if (!there) {
        rule = WEIR_RULE_KEDA_FORMULA_FAILED;
        value = 0.0;
    }
    weir__trace_step(trace, rule, -1, trace->replicas, value, m->activation);
    return 1;
}

static void publish_records(weir_keda *k, const struct verdict *v)
{
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        struct weir__keda_slot *slot = &weir__keda_slots(k)[i];

        if (slot->cached) {
            slot->cache = v->outcomes[i];
        }
    }
}

weir_status weir__keda_poll(weir_keda *k, const weir_keda_input *input, weir_time now,
                            struct weir__trace *trace, uint32_t *flags, weir_time *next)
{
    struct weir__keda_copy copy;
    struct verdict v;
    int trusts;

    if (k->defect == WEIR_KEDA_UNBUILDABLE) {
        weir__trace_step(trace, WEIR_RULE_KEDA_UNBUILDABLE, -1, trace->replicas, 0.0, 0.0);
        return WEIR_NO_DATA;
    }
    if (!k->built || k->built_generation != k->generation || k->shared) {
        weir__keda_build(k, 1);
    }
    weir__keda_take_served(k, &copy);
    if (!k->shared) { /* another copy than that of the pulls: read afresh */
        copy.on_served = 0;
        memcpy(copy.conditions, k->stored, sizeof copy.conditions);
        for (uint32_t i = 0; i < k->trigger_count; i++) {
            copy.health[i] = weir__keda_slots(k)[i].stored;
        }
    }
    trusts = k->trusts_pulls && scaling_of(k, input) == WEIR_SCALING_TRUE;
    look_at_triggers(k, &copy, trusts, input, now, &v, trace);
    if (copy.on_served) {
        weir__keda_put_served(k, &copy);
    }
    if (v.failed) {
        k->built = 0;
        k->shared = 0;
        *flags |= WEIR_FLAG_METRIC_FAILED;
    }
    *flags |= v.fallback ? WEIR_FLAG_FALLBACK : 0U;
    if (k->modifiers.enabled && !look_at_formula(k, &copy, &v, trace)) {
        weir__trace_step(trace, WEIR_RULE_KEDA_UNBUILDABLE, -1, trace->replicas, 0.0, 0.0);
        return WEIR_NO_DATA;
    }
    if (k->trigger_groups <= k->resource_triggers && !v.failed) {
        v.active = 1;
        weir__trace_step(trace, WEIR_RULE_KEDA_ONLY_RESOURCES, -1, trace->replicas, 0.0, 0.0);
    }
    weir__keda_act(k, v.active, v.failed, v.active_metrics, input, now, trace, flags, next);
    publish_records(k, &v);
    return input->replicas_status == WEIR_OK ? WEIR_OK : WEIR_NO_DATA;
}

/* ---- what follows --------------------------------------------------------------------------- */

static void set(weir_keda *k, int32_t condition, int32_t status, int32_t reason)
{
    k->stored[condition].status = status;
    k->stored[condition].reason = reason;
}

static void write(weir_keda *k, int32_t rule, int32_t replicas, struct weir__trace *trace,
                  uint32_t *flags)
{
    weir__trace_step(trace, rule, -1, replicas, trace->replicas, replicas);
    k->last_write = WEIR__KEDA_WRITE_POLL;
    k->write_activates = 0;
    *flags |= WEIR_FLAG_APPLY | WEIR_FLAG_CHANGED | (replicas == 0 ? WEIR_FLAG_TO_ZERO : 0U);
}

static void quiet(struct weir__trace *trace, int32_t rule)
{
    weir__trace_step(trace, rule, -1, trace->replicas, 0.0, 0.0);
}

static weir_time whole_second(weir_time t)
{
    return t - weir__floor_mod(t, WEIR_SECOND);
}

static void act_on_activity(weir_keda *k, int is_error, weir_time now, struct weir__trace *trace,
                            uint32_t *flags)
{
    int32_t current = trace->replicas, min = k->min == WEIR_KEDA_UNSET ? 0 : k->min;

    set(k, WEIR_KEDA_ACTIVE, WEIR_STATE_TRUE, WEIR_KEDA_REASON_ACTIVE);
    if (current == 0 || (k->idle != WEIR_KEDA_UNSET && current < min)) {
        if (k->out_paused) {
            quiet(trace, WEIR_RULE_KEDA_OUT_PAUSED);
            return;
        }
        write(k, WEIR_RULE_KEDA_ACTIVATE, min > 0 ? min : 1, trace, flags);
        k->write_activates = 1;
        k->last_active_before = k->last_active;
        k->last_active = whole_second(now);
    } else if (is_error) {
        set(k, WEIR_KEDA_READY, WEIR_STATE_UNKNOWN, WEIR_KEDA_REASON_PARTIAL_ERROR);
        quiet(trace, WEIR_RULE_KEDA_PARTIAL_ERROR);
    } else {
        k->last_active = whole_second(now);
        quiet(trace, WEIR_RULE_KEDA_ACTIVE);
    }
}

/* To zero or idle, if it is time. */
static void cool_down(weir_keda *k, weir_time now, struct weir__trace *trace, uint32_t *flags,
                      weir_time *next)
{
    int never = k->last_active == WEIR_TIME_NONE;
    weir_time since = never ? k->created : k->last_active;
    weir_duration period = never ? k->initial_cooldown : k->cooldown;
    weir_time end = weir__add(since, period);

    if (k->in_paused) {
        quiet(trace, WEIR_RULE_KEDA_IN_PAUSED);
    } else if (end < now) {
        write(k, WEIR_RULE_KEDA_DEACTIVATE,
              k->idle != WEIR_KEDA_UNSET  ? k->idle
              : k->min != WEIR_KEDA_UNSET ? k->min
                                          : 0,
              trace, flags);
    } else {
        set(k, WEIR_KEDA_ACTIVE, WEIR_STATE_FALSE, WEIR_KEDA_REASON_COOLDOWN);
        weir__trace_step(trace, WEIR_RULE_KEDA_COOLDOWN, -1, trace->replicas,
                         weir__seconds(weir__sub(now, since)), weir__seconds(period));
        *flags |= WEIR_FLAG_STABILIZED;
        *next = weir__add(end, 1) < *next ? weir__add(end, 1) : *next;
    }
}

static void act_on_quiet(weir_keda *k, int is_error, weir_time now, struct weir__trace *trace,
                         uint32_t *flags, weir_time *next)
{
    int32_t current = trace->replicas, min = k->min == WEIR_KEDA_UNSET ? 0 : k->min;
    int has_idle = k->idle != WEIR_KEDA_UNSET;

    set(k, WEIR_KEDA_ACTIVE, WEIR_STATE_FALSE, WEIR_KEDA_REASON_NOT_ACTIVE);
    if (is_error && k->fallback.enabled && k->fallback.replicas != 0) {
        quiet(trace, WEIR_RULE_KEDA_FROZEN);
    } else if (is_error && !k->fallback.enabled) {
        set(k, WEIR_KEDA_READY, WEIR_STATE_FALSE, WEIR_KEDA_REASON_TRIGGER_ERROR);
        quiet(trace, WEIR_RULE_KEDA_FROZEN);
    } else if ((has_idle && current > k->idle) || (current > 0 && min == 0)) {
        cool_down(k, now, trace, flags, next);
    } else if (!has_idle && current < min) {
        write(k, WEIR_RULE_KEDA_RAISE, min, trace, flags);
        *flags |= WEIR_FLAG_AT_MIN;
    } else {
        quiet(trace, WEIR_RULE_KEDA_INACTIVE);
    }
}

static void mirror_hpa(weir_keda *k, const weir_keda_input *input)
{
    switch (scaling_of(k, input)) {
    case WEIR_SCALING_TRUE:
        set(k, WEIR_KEDA_HPA_ACTIVE, WEIR_STATE_TRUE, WEIR_KEDA_REASON_HPA_ACTIVE);
        break;
    case WEIR_SCALING_DISABLED:
        set(k, WEIR_KEDA_HPA_ACTIVE, WEIR_STATE_TRUE, WEIR_KEDA_REASON_HPA_DISABLED);
        break;
    case WEIR_SCALING_FALSE:
    case WEIR_SCALING_UNKNOWN:
        set(k, WEIR_KEDA_HPA_ACTIVE, WEIR_STATE_FALSE, WEIR_KEDA_REASON_HPA_FAILING);
        break;
    default: break; /* not to be seen: it stays */
    }
}

void weir__keda_act(weir_keda *k, int active, int is_error, uint32_t active_metrics,
                    const weir_keda_input *input, weir_time now, struct weir__trace *trace,
                    uint32_t *flags, weir_time *next)
{
    set(k, WEIR_KEDA_READY, WEIR_STATE_TRUE, WEIR_KEDA_REASON_READY);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        struct weir__keda_slot *slot = &weir__keda_slots(k)[i];

        slot->activity = slot->resource ? -1 : (int32_t)(active_metrics >> i & 1);
    }
    if (input->replicas_status != WEIR_OK) {
        set(k, WEIR_KEDA_READY, WEIR_STATE_FALSE, WEIR_KEDA_REASON_NO_REPLICAS);
        quiet(trace, WEIR_RULE_KEDA_NO_REPLICAS);
        return;
    }
    if (k->paused) {
        set(k, WEIR_KEDA_PAUSED, WEIR_STATE_TRUE, WEIR_KEDA_REASON_PAUSED);
        *flags |= WEIR_FLAG_PAUSED;
        quiet(trace, WEIR_RULE_KEDA_PAUSED);
        return;
    }
    if (k->forced && !active) {
        quiet(trace, WEIR_RULE_KEDA_FORCED);
    }
    if (active || k->forced) {
        act_on_activity(k, is_error, now, trace, flags);
    } else {
        act_on_quiet(k, is_error, now, trace, flags, next);
    }
    mirror_hpa(k, input);
}
