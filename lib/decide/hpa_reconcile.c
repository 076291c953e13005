/*
 * decide/hpa_reconcile.c - the step of the HPA's controller.
 *
 *   scale -> bounds and zero -> metrics -> the largest wish -> windows -> policies and bounds
 *
 * Upstream: horizontal.go, reconcileAutoscaler(), computeReplicasForMetrics().
 */
#include "decide/hpa_state.h"

/* What a step carries along. */
struct work {
    weir_hpa *h;
    const struct weir__hpa_step *step;
    struct weir__trace trace;
    uint32_t flags;
    weir_time next;
};

static void condition(struct work *w, int32_t type, int32_t status, int32_t reason)
{
    weir__hpa_set_condition(w->h, type, status, reason, w->step->now);
}

static void put_decision(const struct work *w, int32_t valid, weir_decision *out)
{
    out->replicas = w->trace.replicas;
    out->current = w->step->spec_replicas;
    out->valid = valid;
    out->flags = w->flags;
    out->rule = w->trace.rule;
    out->excess_burst_capacity = 0;
    out->step_count = w->trace.count;
    out->at = w->step->now;
    out->next = w->next;
}

/* Nothing is decided: the last decision stays. */
static weir_status no_decision(struct work *w, int32_t rule, double measured, double limit,
                               weir_decision *out)
{
    weir__trace_step(&w->trace, rule, -1, w->h->desired, measured, limit);
    put_decision(w, 0, out);
    out->rule = rule;
    return WEIR_NO_DATA;
}

/* ---- metrics -------------------------------------------------------------------------------- */

static void step_of_pods(struct work *w, int32_t rule, int32_t item, int64_t pods, int64_t counted)
{
    if (pods > 0) {
        weir__trace_step(&w->trace, rule, item, w->trace.replicas, (double)pods, (double)counted);
    }
}

/* A metric's usage and target as people write them. */
static double shown(const struct weir__hpa_metric *metric, int64_t milli)
{
    return metric->target_type == WEIR_HPA_UTILIZATION ? (double)milli : (double)milli / 1000.0;
}

/* The numbers behind a proposal: what was measured, and what it was held against. */
static void numbers_of(const weir_hpa *h, const struct weir__hpa_slot *slot, double *measured,
                       double *limit)
{
    const struct weir__hpa_metric *metric = &slot->rule;
    const weir_hpa_proposal *p = &slot->proposal;

    if (p->status != WEIR_OK) {
        return;
    }
    *measured = p->filled_ratio;
    if (p->rule == WEIR_RULE_HPA_METRIC) {
        *measured =
            shown(metric, metric->target_type == WEIR_HPA_UTILIZATION ? p->utilization : p->usage);
        *limit = shown(metric, metric->target);
    } else if (p->rule == WEIR_RULE_HPA_TOLERANCE) {
        *limit = p->filled_ratio < 1.0 ? 1.0 - h->rules.down : 1.0 + h->rules.up;
    } else if (p->rule == WEIR_RULE_HPA_DIRECTION) {
        *limit = p->ratio;
    }
}

static void explain_metric(struct work *w, int32_t item)
{
    const struct weir__hpa_slot *slot = &weir__hpa_slots(w->h)[item];
    const weir_hpa_proposal *p = &slot->proposal;
    double measured = 0.0, limit = 0.0;

    if (p->ready + p->unready + p->missing + p->ignored > 0) {
        step_of_pods(w, WEIR_RULE_HPA_IGNORED, item, p->ignored, p->ready);
        step_of_pods(w, WEIR_RULE_HPA_UNREADY, item, p->unready, p->ready);
        step_of_pods(w, WEIR_RULE_HPA_MISSING, item, p->missing, p->ready);
    }
    if (w->trace.explain != NULL) {
        numbers_of(w->h, slot, &measured, &limit);
    }
    weir__trace_step(&w->trace, p->rule, item,
                     p->status == WEIR_OK ? p->replicas : w->trace.replicas, measured, limit);
}

static int32_t failure_of(int32_t source)
{
    static const int32_t reasons[] = {WEIR_REASON_INVALID_METRIC_SOURCE_TYPE,
                                      WEIR_REASON_FAILED_GET_RESOURCE_METRIC,
                                      WEIR_REASON_FAILED_GET_CONTAINER_RESOURCE_METRIC,
                                      WEIR_REASON_FAILED_GET_PODS_METRIC,
                                      WEIR_REASON_FAILED_GET_OBJECT_METRIC,
                                      WEIR_REASON_FAILED_GET_EXTERNAL_METRIC};

    return reasons[source];
}

static void propose(struct work *w, struct weir__hpa_slot *slot, uint32_t index)
{
    const struct weir__hpa_step *s = w->step;
    struct weir__hpa_measure measure;

    if (s->input != NULL) {
        weir__hpa_measure(&w->h->rules, &slot->rule, s->input, &s->input->readings[index], s->now,
                          &measure);
    } else {
        weir__hpa_measure_held(w->h, slot, s->target, s->now, &measure);
    }
    weir__hpa_propose(&w->h->rules, &slot->rule, s->spec_replicas, s->status_replicas, &measure,
                      &slot->proposal);
}

/* The largest wish of all metrics. 0 when it must not be followed; then ScalingActive says why. */
static int largest_wish(struct work *w, int32_t *wish)
{
    weir_hpa *h = w->h;
    int32_t best = 0, first_failure = WEIR_REASON_NONE;

    for (uint32_t i = 0; i < h->metric_count; i++) {
        struct weir__hpa_slot *slot = &weir__hpa_slots(h)[i];
        const weir_hpa_proposal *p = &slot->proposal;

        propose(w, slot, i);
        w->next = p->next < w->next ? p->next : w->next;
        explain_metric(w, (int32_t)i);
        if (p->status != WEIR_OK) {
            first_failure = h->failed++ == 0 ? failure_of(slot->rule.source) : first_failure;
            continue;
        }
        if (best == 0 || p->replicas > best) { /* 0 is as good as none, as upstream */
            best = p->replicas;
            h->winner = (int32_t)i;
        } else if (p->replicas < best) {
            weir__trace_step(&w->trace, WEIR_RULE_HPA_LARGEST, h->winner, best, p->replicas, best);
        }
    }
    h->evaluated = 1;
    w->flags |= h->failed > 0 ? WEIR_FLAG_METRIC_FAILED : 0U;
    *wish = best;
    if ((uint32_t)h->failed >= h->metric_count ||
        (h->failed > 0 && best < w->step->spec_replicas)) {
        int32_t type =
            h->metric_count > 0 ? WEIR_CONDITION_SCALING_ACTIVE : WEIR_CONDITION_NAMELESS;

        condition(w, type, 0, first_failure);
        h->winner = -1;
        return 0;
    }
    condition(w, WEIR_CONDITION_SCALING_ACTIVE, 1, WEIR_REASON_VALID_METRIC_FOUND);
    return 1;
}

/* ---- the branches --------------------------------------------------------------------------- */

enum branch { BRANCH_METRICS, BRANCH_DISABLED, BRANCH_ABOVE_MAX, BRANCH_BELOW_MIN };

static int scaled_to_zero(const weir_hpa *h)
{
    for (uint32_t i = 0; (h->rules.release & WEIR__HPA_SCALE_TO_ZERO) && i < h->condition_count;
         i++) {
        if (h->conditions[i].type == WEIR_CONDITION_SCALED_TO_ZERO) {
            return h->conditions[i].status == 1;
        }
    }
    return 0;
}

static enum branch choose(const weir_hpa *h, const weir_behavior_config *limits, int32_t current)
{
    if (h->rules.release & WEIR__HPA_ZERO_BY_CONDITION) {
        if (current == 0) {
            return scaled_to_zero(h) && (limits->min_replicas != 0 || h->has_outside_metric)
                       ? BRANCH_METRICS
                       : BRANCH_DISABLED;
        }
    } else if (current == 0 && limits->min_replicas != 0) {
        return BRANCH_DISABLED;
    }
    return current > limits->max_replicas   ? BRANCH_ABOVE_MAX
           : current < limits->min_replicas ? BRANCH_BELOW_MIN
                                            : BRANCH_METRICS;
}

static void remove_scaled_to_zero(weir_hpa *h)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < h->condition_count; i++) {
        if (h->conditions[i].type != WEIR_CONDITION_SCALED_TO_ZERO) {
            h->conditions[kept++] = h->conditions[i];
        }
    }
    h->condition_count = kept;
}

static void disabled(struct work *w)
{
    condition(w, WEIR_CONDITION_SCALING_ACTIVE, 0, WEIR_REASON_SCALING_DISABLED);
    if ((w->h->rules.release & WEIR__HPA_ZERO_BY_CONDITION) &&
        !(w->h->rules.release & WEIR__HPA_SCALE_TO_ZERO)) {
        remove_scaled_to_zero(w->h);
    }
    weir__trace_step(&w->trace, WEIR_RULE_HPA_DISABLED, -1, 0, 0.0, 0.0);
}

static void outside(struct work *w, int32_t rule, int32_t bound, uint32_t flag, int32_t reason)
{
    weir__trace_step(&w->trace, rule, -1, bound, w->step->spec_replicas, bound);
    w->flags |= flag;
    w->h->rescale_reason = reason;
}

/* From the wish to the allowed size. */
static void normalize(struct work *w, int32_t wish)
{
    weir_behavior *b = weir__hpa_behavior(w->h);
    int32_t current = w->step->spec_replicas, min = b->config.min_replicas;
    int lift = current == 0 && min != 0 && (w->h->rules.release & WEIR__HPA_ZERO_BY_CONDITION);
    struct weir__limits limits;

    if (wish != w->trace.replicas) { /* upstream begins at 0, so no wish is below it */
        weir__trace_step(&w->trace, WEIR_RULE_HPA_NEGATIVE, -1, wish, w->trace.replicas, wish);
    }
    w->h->rescale_reason = wish > current   ? WEIR_RESCALE_ABOVE_TARGET
                           : wish < current ? WEIR_RESCALE_BELOW_TARGET
                                            : WEIR_RESCALE_NONE;
    weir__behavior_stabilize(b, current, wish, w->step->now, &w->trace, &limits);
    condition(w, WEIR_CONDITION_ABLE_TO_SCALE, 1, limits.stabilize_reason);
    weir__behavior_limit(b, current, w->step->now, &w->trace, &limits);
    condition(w, WEIR_CONDITION_SCALING_LIMITED, limits.allowed != limits.stabilized,
              limits.limit_reason);
    if (lift && limits.allowed < min) { /* a wish of zero, and the minimum was raised meanwhile */
        weir__trace_step(&w->trace, WEIR_RULE_BOUNDS_MIN, -1, min, limits.allowed, min);
        limits.flags |= WEIR_FLAG_AT_MIN;
        if (w->h->rescale_reason == WEIR_RESCALE_NONE) {
            w->h->rescale_reason = WEIR_RESCALE_BELOW_MIN;
        }
    }
    w->flags |= limits.flags;
    w->next = limits.next < w->next ? limits.next : w->next;
}

/* ---- the end of a step ---------------------------------------------------------------------- */

/* The size is written, and taken to be: what would be undone if it were not is kept apart. */
static void rescale(struct work *w)
{
    weir_hpa *h = w->h;
    struct weir__hpa_rescale *r = &h->rescale;
    int32_t from = w->step->spec_replicas, to = w->trace.replicas;

    r->active = 1;
    r->at = w->step->now;
    r->from = from;
    r->to = to;
    r->desired_before = h->desired;
    r->last_scale_before = h->last_scale;
    r->condition_count = h->condition_count;
    memcpy(r->conditions, h->conditions, sizeof r->conditions);
    condition(w, WEIR_CONDITION_ABLE_TO_SCALE, 1, WEIR_REASON_SUCCEEDED_RESCALE);
    if (!(h->rules.release & WEIR__HPA_ZERO_BY_CONDITION)) {
        /* there was no such condition yet */
    } else if (h->rules.release & WEIR__HPA_SCALE_TO_ZERO) {
        int to_zero = from > 0 && to == 0 && h->has_outside_metric &&
                      weir__hpa_behavior(h)->config.min_replicas == 0;

        condition(w, WEIR_CONDITION_SCALED_TO_ZERO, to_zero,
                  to_zero ? WEIR_REASON_SCALED_TO_ZERO : WEIR_REASON_NOT_SCALED_TO_ZERO);
    } else {
        remove_scaled_to_zero(h);
    }
    h->last_scale = w->step->now;
    w->flags |= WEIR_FLAG_APPLY;
}

static weir_status decided(struct work *w, weir_decision *out)
{
    weir_hpa *h = w->h;
    int32_t replicas = w->trace.replicas;

    w->flags |= (replicas == 0 ? WEIR_FLAG_TO_ZERO : 0U) |
                (replicas != h->desired ? WEIR_FLAG_CHANGED : 0U);
    if (replicas != w->step->spec_replicas) {
        rescale(w);
    } else {
        h->rescale_reason = WEIR_RESCALE_NONE;
    }
    h->desired = replicas;
    put_decision(w, 1, out);
    return WEIR_OK;
}

/* What the last step decided has been written, or else the caller would have said so. */
void weir__hpa_settle(weir_hpa *h)
{
    if (h->rescale.active) {
        h->rescale.active = 0;
        weir__behavior_store(weir__hpa_behavior(h), h->rescale.from, h->rescale.to, h->rescale.at);
    }
}

/* The scale was read; how it fares from there mostly says more. */
static void able(struct work *w)
{
    condition(w, WEIR_CONDITION_ABLE_TO_SCALE, 1, WEIR_REASON_SUCCEEDED_GET_SCALE);
}

static weir_status by_metrics(struct work *w, weir_decision *out)
{
    weir_hpa *h = w->h;
    int32_t wish;

    if (h->condition_count == 0 || h->conditions[0].type != WEIR_CONDITION_ABLE_TO_SCALE) {
        able(w); /* it comes before what this step adds */
    }
    if (w->step->selector != WEIR_SELECTOR_FINE) {
        able(w);
        condition(w, WEIR_CONDITION_SCALING_ACTIVE, 0,
                  w->step->selector == WEIR_SELECTOR_AMBIGUOUS ? WEIR_REASON_AMBIGUOUS_SELECTOR
                                                               : WEIR_REASON_INVALID_SELECTOR);
        h->current = w->step->spec_replicas;
        return no_decision(w, WEIR_RULE_HPA_SELECTOR, 0.0, 0.0, out);
    }
    if (!largest_wish(w, &wish) && h->metric_count > 0) {
        able(w);
        h->current = w->step->spec_replicas;
        return no_decision(w, WEIR_RULE_HPA_BLOCKED, h->failed, wish, out);
    }
    normalize(w, wish > 0 ? wish : 0);
    h->current = w->step->spec_replicas;
    return decided(w, out);
}

weir_status weir__hpa_ready(weir_hpa *h, weir_time now)
{
    int32_t changes[2] = {1, 1};

    if (h->rescale.active) {
        changes[h->rescale.to > h->rescale.from ? WEIR_SCALE_UP : WEIR_SCALE_DOWN]++;
    }
    return now < h->seen ? WEIR_E_TIME : weir__behavior_ready(weir__hpa_behavior(h), now, changes);
}

weir_status weir__hpa_reconcile(weir_hpa *h, const struct weir__hpa_step *step, weir_decision *out,
                                weir_explain *explain)
{
    struct work w = {.h = h, .step = step, .next = WEIR_TIME_NEVER};
    weir_behavior *b = weir__hpa_behavior(h);
    weir_time begin = weir__before(step->now, 1); /* upstream's clock moves on within a step */
    weir_status status = weir__hpa_ready(h, step->now);
    enum branch branch;

    if (status != WEIR_OK) {
        return status;
    }
    weir__hpa_settle(h);
    begin = begin > h->seen ? begin : h->seen;
    h->seen = step->now;
    if (step->now >= h->next_sync) {
        h->next_sync = weir__after(step->now, h->sync_period);
    }
    weir__trace_open(&w.trace, explain, step->spec_replicas);
    if (step->scale_status != WEIR_OK) {
        condition(&w, WEIR_CONDITION_ABLE_TO_SCALE, 0, WEIR_REASON_FAILED_GET_SCALE);
        return no_decision(&w, WEIR_RULE_HPA_NO_SCALE, 0.0, 0.0, out);
    }
    weir__behavior_begin(b, step->spec_replicas, begin);
    h->winner = -1;
    h->rescale_reason = WEIR_RESCALE_NONE;
    h->evaluated = 0;
    h->failed = 0;
    branch = choose(h, &b->config, step->spec_replicas);
    if (branch == BRANCH_METRICS) {
        return by_metrics(&w, out);
    }
    able(&w);
    switch (branch) {
    case BRANCH_DISABLED: disabled(&w); break;
    case BRANCH_ABOVE_MAX:
        outside(&w, WEIR_RULE_BOUNDS_MAX, b->config.max_replicas, WEIR_FLAG_AT_MAX,
                WEIR_RESCALE_ABOVE_MAX);
        break;
    case BRANCH_BELOW_MIN:
        outside(&w, WEIR_RULE_BOUNDS_MIN, b->config.min_replicas, WEIR_FLAG_AT_MIN,
                WEIR_RESCALE_BELOW_MIN);
        break;
    default: break;
    }
    h->current = step->spec_replicas;
    return decided(&w, out);
}
