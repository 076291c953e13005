/*
 * decide/keda_serve.c - what KEDA hands to the HPA, and the HPA's step with it.
 *
 * Upstream: pkg/scaling/scale_handler.go, GetScaledObjectMetrics().
 */
#include "decide/keda_state.h"
#include "decide/registry.h"

/* ---- a pull --------------------------------------------------------------------------------- */

/* What a pull comes to. */
struct pull {
    int failed, fallback;
    int64_t fallback_milli;
    struct weir__keda_outcome outcomes[WEIR_KEDA_TRIGGERS_MAX];
};

/* One metric: what the last poll saw, for those that want it so, or asked. */
static void pull_metric(weir_keda *k, struct weir__keda_copy *copy, uint32_t i,
                        const weir_keda_input *input, weir_time now, struct pull *p)
{
    struct weir__keda_slot *slot = &weir__keda_slots(k)[i];
    struct weir__keda_outcome *o = &p->outcomes[i];

    if (slot->cached && slot->cache.present) {
        *o = slot->cache;
        o->unnamed = o->fallback && k->modifiers.enabled; /* the composite metric's name */
        o->fallback = 0;
        weir__keda_fall_back(k, copy, i, input, o);
    } else {
        weir__keda_observe(k, copy, i, input, now, o);
    }
    if (o->fallback && !p->fallback) {
        p->fallback = 1;
        p->fallback_milli = o->amount.milli;
    }
    p->failed |= o->failed;
    if (k->trusts_pulls) {
        slot->observed = *o;
    }
}

enum { ASKED, AT_HAND, EITHER };

/* All metrics are asked at once under modifiers. What is at hand, cached or computed, is there
 * before any source answers; that counts, as each outcome is written by itself. */
static void pull_metrics(weir_keda *k, struct weir__keda_copy *copy, uint32_t metric, int which,
                         const weir_keda_input *input, weir_time now, struct pull *p)
{
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        const struct weir__keda_slot *slot = &weir__keda_slots(k)[i];
        int cron = slot->type == WEIR_TRIGGER_CRON;

        if (slot->resource ||
            (which != EITHER && which != (cron || (slot->cached && slot->cache.present)))) {
            continue;
        }
        if (!cron && input->readings[i].status == WEIR_E_UNSUPPORTED) {
            p->failed = 1;
        } else if (i == metric || k->modifiers.has_target) {
            pull_metric(k, copy, i, input, now, p);
        }
    }
}

static void add(weir_keda_served *list, uint32_t *count, int64_t milli, int32_t trigger)
{
    list[*count].milli = milli == INT64_MIN ? 0 : milli; /* no text of it can be read back */
    list[*count].composite = trigger < 0;
    list[(*count)++].trigger = trigger;
}

/* The values in hand, or what modifiers make of them. */
static weir_status hand_over(const weir_keda *k, const struct weir__keda_copy *copy,
                             const struct pull *p, weir_keda_served *list, uint32_t *count)
{
    int64_t milli;

    for (uint32_t i = 0; i < k->trigger_count; i++) {
        const struct weir__keda_outcome *o = &p->outcomes[i];

        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch): all were pulled */
        if (o->present && !o->failed && !o->empty) {
            add(list, count, o->amount.milli, (int32_t)i);
        }
    }
    if (*count == 0) {
        return WEIR_NO_DATA;
    }
    if (k->modifiers.enabled && p->fallback) {
        *count = 0;
        add(list, count, p->fallback_milli, -1);
    } else if (k->modifiers.enabled && k->has_formula) {
        *count = 0;
        if (weir__keda_compose(k, copy, p->outcomes, &milli)) {
            add(list, count, milli, -1);
        }
    }
    return WEIR_OK;
}

static weir_status serve(weir_keda *k, uint32_t metric, const weir_keda_input *input, weir_time now,
                         weir_keda_served *list, uint32_t *count)
{
    struct weir__keda_copy copy;
    struct pull p;

    *count = 0;
    if (!k->built) {
        if (k->defect == WEIR_KEDA_UNBUILDABLE) {
            return WEIR_NO_DATA;
        }
        weir__keda_build(k, 0);
    }
    p.failed = p.fallback = 0;
    p.fallback_milli = 0;
    weir__keda_take_served(k, &copy);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        p.outcomes[i].present = 0;
    }
    if (k->modifiers.has_target) {
        pull_metrics(k, &copy, metric, AT_HAND, input, now, &p);
        pull_metrics(k, &copy, metric, ASKED, input, now, &p);
    } else {
        pull_metrics(k, &copy, metric, EITHER, input, now, &p);
    }
    weir__keda_put_served(k, &copy);
    if (p.failed) {
        k->built = 0;
        k->shared = 0;
        if (!p.fallback) {
            return WEIR_NO_DATA;
        }
    }
    return hand_over(k, &copy, &p, list, count);
}

weir_status weir_keda_serve(weir_keda *keda, uint32_t metric, const weir_keda_input *input,
                            weir_time now, weir_keda_served *list, uint32_t *count)
{
    weir_decision unused = {.struct_size = (uint32_t)sizeof unused};
    weir_status status = weir__keda_check(keda, input, now, &unused, NULL);

    if (status != WEIR_OK) {
        return status;
    }
    if (list == NULL || count == NULL) {
        return WEIR_E_ARG;
    }
    keda->seen = now;
    keda->asked = 0;
    keda->last_write = WEIR__KEDA_WRITE_NONE;
    return serve(keda, metric, input, now, list, count);
}

/* ---- the HPA -------------------------------------------------------------------------------- */

static void hold(weir_keda *k, int32_t hpa_metric, weir_status status, int64_t milli, weir_time now)
{
    struct weir__hpa_held *held = &weir__hpa_slots(weir__keda_hpa(k))[hpa_metric].held;

    held->at = now;
    held->by_pod = 0;
    held->status = status == WEIR_OK ? WEIR_OK : WEIR_NO_DATA;
    held->milli = milli;
}

/* Several values of one metric are added up, as the HPA does it. */
static void pull_for_hpa(weir_keda *k, uint32_t trigger, int32_t hpa_metric,
                         const weir_keda_input *input, weir_time now, struct weir__trace *trace)
{
    weir_hpa *hpa = weir__keda_hpa(k);
    const struct weir__hpa_metric *rule = &weir__hpa_slots(hpa)[hpa_metric].rule;
    weir_keda_served list[WEIR_KEDA_TRIGGERS_MAX];
    int64_t values[WEIR_KEDA_TRIGGERS_MAX], sum;
    uint32_t count;
    weir_status status = serve(k, trigger, input, now, list, &count);
    int32_t item = (int32_t)(hpa_metric == k->composite_metric ? k->trigger_count : trigger);

    for (uint32_t i = 0; i < count; i++) {
        values[i] = list[i].milli;
    }
    if (status != WEIR_OK || count == 0) {
        hold(k, hpa_metric, WEIR_NO_DATA, 0, now);
        weir__trace_step(trace, WEIR_RULE_KEDA_TRIGGER_FAILED, item, trace->replicas, 0.0, 0.0);
        return;
    }
    sum = weir__hpa_external_sum(&hpa->rules, rule, values, count);
    hold(k, hpa_metric, WEIR_OK, sum, now);
    weir__trace_step(trace, WEIR_RULE_KEDA_SERVED, item, trace->replicas, (double)sum / 1000.0,
                     (double)rule->target / 1000.0);
}

static void pull_all(weir_keda *k, const weir_keda_input *input, weir_time now,
                     struct weir__trace *trace)
{
    if (k->composite_metric >= 0) {
        pull_for_hpa(k, 0, k->composite_metric, input, now, trace);
    }
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        const struct weir__keda_slot *slot = &weir__keda_slots(k)[i];

        if (slot->hpa_metric < 0) {
            continue;
        }
        if (!slot->resource) {
            pull_for_hpa(k, i, slot->hpa_metric, input, now, trace);
        } else if (input->readings[i].status != WEIR_END) { /* else its pods were told apart */
            weir_reading reading = {now, slot->hpa_metric,        -1, input->readings[i].status,
                                    0,   input->readings[i].value};

            weir__hpa_ops.record(weir__keda_hpa(k), &reading, 1);
        }
    }
}

/* What a step of the HPA is about: the trigger that feeds the metric; the composite metric comes
 * behind all triggers. */
static int32_t item_of(const weir_keda *k, const weir_step *step)
{
    if (step->item < 0 || step->rule < WEIR_RULE_HPA_METRIC ||
        step->rule > WEIR_RULE_HPA_DISABLED) {
        return step->item;
    }
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        if (weir__keda_slots_of(k)[i].hpa_metric == step->item) {
            return (int32_t)i;
        }
    }
    return (int32_t)k->trigger_count;
}

/* Puts the HPA's steps behind KEDA's. */
static void append(const weir_keda *k, weir_explain *explain, const weir_explain *more)
{
    if (explain == NULL) {
        return;
    }
    explain->dropped += more->dropped;
    for (uint32_t i = 0; i < more->count; i++) {
        if (explain->count < WEIR_STEPS_MAX) {
            explain->steps[explain->count] = more->steps[i];
            explain->steps[explain->count++].item = item_of(k, &more->steps[i]);
        } else { /* keep the chain */
            explain->dropped++;
            explain->steps[WEIR_STEPS_MAX - 1].after = more->steps[i].after;
        }
    }
}

weir_status weir__keda_sync(weir_keda *k, const weir_keda_input *input, weir_time now,
                            weir_decision *out, struct weir__trace *trace)
{
    weir_hpa *hpa = weir__keda_hpa(k);
    const weir_behavior_config *limits = &weir__hpa_behavior_of(hpa)->config;
    weir_target target;
    struct weir__hpa_step step = {input->replicas,
                                  input->status_replicas,
                                  input->replicas_status,
                                  WEIR_SELECTOR_FINE,
                                  now,
                                  NULL,
                                  &target};
    weir_explain more;
    weir_status status;

    memset(&target, 0, sizeof target);
    target.struct_size = (uint32_t)sizeof target;
    target.spec_replicas = input->replicas;
    target.status_replicas = input->status_replicas;
    target.ready_replicas = input->ready_pods;
    target.pods = input->pods;
    target.pod_count = input->pod_count;
    /* Outside of its bounds, and at zero, the HPA asks for nothing. */
    if (input->replicas_status == WEIR_OK && input->replicas > 0 &&
        input->replicas >= limits->min_replicas && input->replicas <= limits->max_replicas) {
        pull_all(k, input, now, trace);
    }
    if (trace->explain != NULL) {
        weir_explain_init(&more, sizeof more);
    }
    status = weir__hpa_reconcile(hpa, &step, out, trace->explain != NULL ? &more : NULL);
    if (trace->explain != NULL) {
        append(k, trace->explain, &more);
    }
    trace->count += out->step_count;
    if (status == WEIR_OK && (out->flags & WEIR_FLAG_APPLY) != 0) {
        k->last_write = WEIR__KEDA_WRITE_SYNC;
    }
    return status;
}
