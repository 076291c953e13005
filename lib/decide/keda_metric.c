/*
 * decide/keda_metric.c - one metric of a ScaledObject: asked, replaced when it fails, counted in
 * the copy of the object that is worked on; and the formula over all of them.
 *
 * Upstream: pkg/scaling/scale_handler.go, pkg/fallback/fallback.go, pkg/scaling/modifiers.
 */
#include "decide/keda_state.h"

/* ---- copies --------------------------------------------------------------------------------- */

void weir__keda_take_served(const weir_keda *k, struct weir__keda_copy *copy)
{
    copy->on_served = 1;
    copy->reserved = 0;
    memcpy(copy->conditions, k->served, sizeof copy->conditions);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        copy->health[i] = weir__keda_slots_of(k)[i].served;
    }
}

void weir__keda_put_served(weir_keda *k, const struct weir__keda_copy *copy)
{
    memcpy(k->served, copy->conditions, sizeof k->served);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        weir__keda_slots(k)[i].served = copy->health[i];
    }
}

void weir__keda_build(weir_keda *k, int shared)
{
    k->built = 1;
    k->built_generation = k->generation;
    k->shared = shared;
    memcpy(k->served, k->stored, sizeof k->served);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        weir__keda_slots(k)[i].served = weir__keda_slots(k)[i].stored;
    }
}

static int is_failing(const weir_keda *k, const struct weir__keda_copy *copy)
{
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        if (copy->health[i].status == WEIR_HEALTH_FAILING &&
            copy->health[i].failures > k->fallback.failure_threshold) {
            return 1;
        }
    }
    return 0;
}

/* Writes a health as upstream does: what changed against the copy goes to the stored object, the
 * list of conditions as a whole, and the stored object comes back as the new copy. */
static void write_health(weir_keda *k, struct weir__keda_copy *copy, uint32_t trigger,
                         weir_keda_health health)
{
    weir_keda_health *own = &copy->health[trigger];
    weir_keda_health *stored = &weir__keda_slots(k)[trigger].stored;
    weir_keda_condition *condition = &copy->conditions[WEIR_KEDA_FALLBACK], before = *condition;
    int count_changed = own->failures != health.failures || own->status == WEIR_HEALTH_NONE;
    int status_changed = own->status != health.status;
    int failing;

    *own = health;
    failing = is_failing(k, copy);
    condition->status = failing ? WEIR_STATE_TRUE : WEIR_STATE_FALSE;
    condition->reason = failing ? WEIR_KEDA_REASON_FALLBACK : WEIR_KEDA_REASON_NO_FALLBACK;
    if (!count_changed && !status_changed && before.status == condition->status &&
        before.reason == condition->reason) {
        return;
    }
    if (count_changed) {
        stored->failures = health.failures;
    }
    if (status_changed || stored->status == WEIR_HEALTH_NONE) {
        stored->status = health.status;
    }
    if (before.status != condition->status || before.reason != condition->reason) {
        memcpy(k->stored, copy->conditions, sizeof k->stored);
    }
    memcpy(copy->conditions, k->stored, sizeof copy->conditions);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        copy->health[i] = weir__keda_slots(k)[i].stored;
    }
}

/* ---- one metric ----------------------------------------------------------------------------- */

static void fail(struct weir__keda_outcome *outcome)
{
    outcome->failed = 1;
    outcome->active = 0;
}

static void found(struct weir__keda_outcome *outcome, double value, int active)
{
    outcome->active = active;
    outcome->amount = weir__amount_of(value);
}

static const weir_zone *zone_of(weir_keda *k, int32_t index, weir_zone *view)
{
    const struct weir__keda_zone *zone = &weir__keda_zones(k)[index];

    view->change_count = zone->count;
    view->offset = zone->offset;
    view->changes = (const weir_zone_change *)(const void *)((const uint8_t *)k + zone->changes_at);
    return view;
}

static int is_known(weir_keda *k, int32_t zone)
{
    return zone < 0 || weir__keda_zones(k)[zone].known;
}

static void ask_cron(weir_keda *k, const struct weir__keda_slot *slot, weir_time now,
                     struct weir__keda_outcome *outcome)
{
    const struct weir__keda_cron *cron;
    weir_zone start, end;
    weir_cron_answer answer;

    if (slot->cron < 0) {
        fail(outcome);
        return;
    }
    cron = &weir__keda_crons(k)[slot->cron];
    if (!is_known(k, cron->start_zone) || !is_known(k, cron->end_zone) ||
        weir_cron_query(&cron->cron,
                        cron->start_zone < 0 ? NULL : zone_of(k, cron->start_zone, &start),
                        cron->end_zone < 0 ? NULL : zone_of(k, cron->end_zone, &end), now,
                        &answer) != WEIR_OK) {
        fail(outcome);
        return;
    }
    found(outcome, (double)answer.value, answer.active);
}

static void ask(const struct weir__keda_slot *slot, const weir_keda_reading *reading,
                struct weir__keda_outcome *outcome)
{
    int prometheus = slot->type == WEIR_TRIGGER_PROMETHEUS;
    int external = slot->type == WEIR_TRIGGER_EXTERNAL || slot->type == WEIR_TRIGGER_EXTERNAL_PUSH;
    weir_status status = reading->status;
    double value = reading->value;

    if (prometheus && status == WEIR_OK && !weir__is_finite(value)) {
        status = WEIR_NO_DATA;
    }
    if (prometheus && status == WEIR_NO_DATA && slot->ignore_null) {
        status = WEIR_OK;
        value = 0.0;
    }
    if (external && status == WEIR_NO_DATA) {
        outcome->empty = 1;
        outcome->active = reading->activity == WEIR_ACTIVITY_YES;
        return;
    }
    if (status != WEIR_OK) {
        fail(outcome);
        return;
    }
    found(outcome, value,
          reading->activity == WEIR_ACTIVITY_BY_VALUE ? value > slot->activation
                                                      : reading->activity == WEIR_ACTIVITY_YES);
}

void weir__keda_fall_back(weir_keda *k, struct weir__keda_copy *copy, uint32_t trigger,
                          const weir_keda_input *input, struct weir__keda_outcome *outcome)
{
    const struct weir__keda_slot *slot = &weir__keda_slots(k)[trigger];
    struct weir__fallback_input in;
    weir_keda_observation o;
    weir_keda_health health = copy->health[trigger];
    int64_t milli = 0;
    int32_t active;
    weir_status status;

    if (!weir__fallback_works(&k->fallback, &k->modifiers)) {
        return;
    }
    memset(&in, 0, sizeof in);
    memset(&o, 0, sizeof o);
    in.fallback = &k->fallback;
    in.modifiers = &k->modifiers;
    in.metric_type = slot->metric_type;
    in.target = slot->target;
    in.conversion = k->conversion;
    o.status = outcome->failed ? WEIR_NO_DATA : WEIR_OK;
    o.milli = outcome->amount.milli;
    o.replicas = input->replicas;
    o.ready_pods = input->ready_pods;
    o.replicas_status = input->replicas_status;
    o.pods_status = input->replicas_status; /* the selector comes with the scale */
    status = weir__fall_back(&in, &o, &health, &milli, &active);
    write_health(k, copy, trigger, health);
    if (status == WEIR_OK && outcome->failed) {
        outcome->failed = 0;
        outcome->fallback = active;
        outcome->active = active;
        outcome->amount = weir__amount_of_milli(milli);
    }
}

void weir__keda_observe(weir_keda *k, struct weir__keda_copy *copy, uint32_t trigger,
                        const weir_keda_input *input, weir_time now,
                        struct weir__keda_outcome *outcome)
{
    const struct weir__keda_slot *slot = &weir__keda_slots(k)[trigger];

    memset(outcome, 0, sizeof *outcome);
    outcome->present = 1;
    k->asked |= UINT32_C(1) << trigger;
    if (slot->type == WEIR_TRIGGER_CRON) {
        ask_cron(k, slot, now, outcome);
    } else {
        ask(slot, &input->readings[trigger], outcome);
    }
    weir__keda_fall_back(k, copy, trigger, input, outcome);
}

/* ---- the formula ---------------------------------------------------------------------------- */

int weir__keda_compose(const weir_keda *k, const struct weir__keda_copy *copy,
                       const struct weir__keda_outcome *outcomes, int64_t *milli)
{
    double values[WEIR_KEDA_TRIGGERS_MAX];
    uint64_t nil = 0;
    weir_formula_result result;

    for (uint32_t i = 0; i < k->trigger_count; i++) {
        int hidden = k->fallback.enabled && k->fallback.behavior == WEIR_FALLBACK_MODIFIERS &&
                     copy->health[i].status != WEIR_HEALTH_NONE &&
                     copy->health[i].failures > k->fallback.failure_threshold;

        values[i] = outcomes[i].amount.value;
        if (!outcomes[i].present || outcomes[i].failed || outcomes[i].empty ||
            outcomes[i].unnamed || hidden) {
            nil |= UINT64_C(1) << i;
        }
    }
    return weir_formula_eval(weir__keda_formula(k), values, nil, &result, NULL) == WEIR_OK &&
           weir__composite(&result, &k->fallback, &k->modifiers, k->conversion, milli);
}
