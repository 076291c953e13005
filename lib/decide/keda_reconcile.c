/*
 * decide/keda_reconcile.c - what happens to a ScaledObject between its steps: failed writes,
 * restarts, the reconciliation that starts its loop, and edits.
 *
 * Upstream: controllers/keda/scaledobject_controller.go, hpa.go.
 */
#include "base/text.h"
#include "decide/keda_state.h"

weir_status weir_keda_write_failed(weir_keda *keda)
{
    weir_keda *k = keda;

    if (!weir__is_keda(k) || k->last_write == WEIR__KEDA_WRITE_NONE) {
        return WEIR_E_ARG;
    }
    if (k->last_write == WEIR__KEDA_WRITE_SYNC) {
        k->last_write = WEIR__KEDA_WRITE_NONE;
        return weir_hpa_write_failed(weir__keda_hpa(k));
    }
    k->last_write = WEIR__KEDA_WRITE_NONE;
    if (k->write_activates) {
        k->last_active = k->last_active_before;
    }
    k->stored[WEIR_KEDA_READY].status = WEIR_STATE_FALSE;
    k->stored[WEIR_KEDA_READY].reason = WEIR_KEDA_REASON_WRITE_ERROR;
    return WEIR_OK;
}

/* The loop ends, and with it all that it has built and remembers. */
static void stop(weir_keda *k)
{
    k->running = 0;
    k->built = 0;
    k->shared = 0;
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        weir__keda_slots(k)[i].cache.present = 0;
        weir__keda_slots(k)[i].observed.present = 0;
    }
}

weir_status weir_keda_restart(weir_keda *keda)
{
    if (!weir__is_keda(keda)) {
        return WEIR_E_ARG;
    }
    stop(keda);
    keda->loop_known = 0;
    keda->started = 0;
    return WEIR_OK;
}

static void set(weir_keda_condition *c, int32_t status, int32_t reason)
{
    c->status = status;
    c->reason = reason;
}

/* paused, or paused-replicas */
static weir_status pause(weir_keda *k, const weir_keda_input *input, struct weir__trace *trace,
                         uint32_t *flags)
{
    stop(k);
    k->loop_known = 0;
    k->hpa_exists = 0;
    set(&k->stored[WEIR_KEDA_PAUSED], WEIR_STATE_TRUE, WEIR_KEDA_REASON_PAUSED);
    *flags |= WEIR_FLAG_PAUSED;
    if (k->defect == WEIR_KEDA_BAD_PAUSE) {
        return WEIR_E_RANGE;
    }
    if (k->paused_replicas == WEIR_KEDA_UNSET) {
        weir__trace_step(trace, WEIR_RULE_KEDA_PAUSED, -1, trace->replicas, 0.0, 0.0);
        return WEIR_OK;
    }
    if (input->replicas_status != WEIR_OK) {
        return WEIR_E_RANGE;
    }
    weir__trace_step(trace, WEIR_RULE_KEDA_PAUSED, -1, k->paused_replicas, trace->replicas,
                     k->paused_replicas);
    return WEIR_OK;
}

/* The HPA is made or kept; the triggers are built for it. */
static weir_status ensure_hpa(weir_keda *k, const weir_keda_input *input)
{
    if (k->original == WEIR_REPLICAS_UNKNOWN) {
        if (input->replicas_status != WEIR_OK) {
            return WEIR_E_RANGE;
        }
        k->original = input->replicas;
    }
    if (k->defect == WEIR_KEDA_REFUSED || k->defect == WEIR_KEDA_UNBUILDABLE) {
        return WEIR_E_RANGE;
    }
    if (!k->built || k->built_generation != k->generation) {
        weir__keda_build(k, 0);
    }
    return WEIR_OK;
}

static weir_status reconcile_running(weir_keda *k, const weir_keda_input *input, weir_time now,
                                     int32_t *polls)
{
    int known = k->loop_known && k->loop_generation == k->generation;
    weir_status status;

    if (k->in_paused || k->out_paused) {
        set(&k->stored[WEIR_KEDA_PAUSED], WEIR_STATE_TRUE, WEIR_KEDA_REASON_PAUSED);
    } else if (k->stored[WEIR_KEDA_PAUSED].status == WEIR_STATE_TRUE) {
        set(&k->stored[WEIR_KEDA_PAUSED], WEIR_STATE_FALSE, WEIR_KEDA_REASON_UNPAUSED);
    }
    status = ensure_hpa(k, input);
    if (status != WEIR_OK) {
        return status;
    }
    if (!k->hpa_exists) {
        k->hpa_exists = 1;
        k->sync_due = weir__add(now, k->sync_phase);
        weir_hpa_restart(weir__keda_hpa(k));
        known = 0;
    }
    if (!known) {
        if (k->running) { /* the old loop ends first */
            stop(k);
            weir__keda_build(k, 0);
        }
        k->running = 1;
        k->loop_known = 1;
        k->loop_generation = k->generation;
        k->poll_due = weir__add(now, k->poll_phase);
        *polls = 1;
    }
    return WEIR_OK;
}

weir_status weir__keda_reconcile(weir_keda *k, const weir_keda_input *input, weir_time now,
                                 int32_t *polls, struct weir__trace *trace, uint32_t *flags)
{
    weir_status status;

    *polls = 0;
    k->started = 1;
    status = k->paused ? pause(k, input, trace, flags) : reconcile_running(k, input, now, polls);
    if (status == WEIR_OK) {
        set(&k->stored[WEIR_KEDA_READY], WEIR_STATE_TRUE, WEIR_KEDA_REASON_READY);
    } else {
        set(&k->stored[WEIR_KEDA_READY], WEIR_STATE_FALSE, WEIR_KEDA_REASON_CHECK_FAILED);
        set(&k->stored[WEIR_KEDA_ACTIVE], WEIR_STATE_UNKNOWN, WEIR_KEDA_REASON_UNKNOWN_STATE);
    }
    if (!weir__fallback_works(&k->fallback, &k->modifiers)) {
        set(&k->stored[WEIR_KEDA_FALLBACK], WEIR_STATE_FALSE, WEIR_KEDA_REASON_NO_FALLBACK);
    }
    return status;
}

/* Whose names are equal. */
static int32_t find_metric(const weir_keda *k, const char *name)
{
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        if (weir__same_text(weir__keda_name(k, i), name)) {
            return (int32_t)i;
        }
    }
    return -1;
}

weir_status weir_keda_adopt(weir_keda *keda, weir_keda *from)
{
    weir_keda *k = keda;
    weir_status status;

    if (!weir__is_keda(k) || !weir__is_keda(from)) {
        return WEIR_E_ARG;
    }
    status = weir_hpa_adopt(weir__keda_hpa(k), weir__keda_hpa(from));
    if (status != WEIR_OK) {
        return status;
    }
    k->seen = from->seen;
    k->poll_due = from->poll_due;
    k->sync_due = from->sync_due;
    k->created = from->created;
    k->loop_generation = from->loop_generation;
    k->built_generation = from->built_generation;
    k->running = from->running;
    k->started = 0; /* the controller has to look at it */
    k->loop_known = from->loop_known;
    k->built = from->built;
    k->shared = from->shared;
    k->hpa_exists = from->hpa_exists;
    k->original = from->original;
    k->last_active = from->last_active;
    memcpy(k->stored, from->stored, sizeof k->stored);
    memcpy(k->served, from->served, sizeof k->served);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        struct weir__keda_slot *to = &weir__keda_slots(k)[i];
        int32_t old = find_metric(from, weir__keda_name(k, i));

        if (old >= 0) {
            const struct weir__keda_slot *slot = &weir__keda_slots(from)[old];

            to->activity = slot->activity;
            to->stored = slot->stored;
            to->served = slot->served;
            to->cache = slot->cache;
            to->observed = slot->observed;
            to->held = slot->held;
        }
    }
    for (uint32_t i = 0; i < from->zone_count; i++) {
        const struct weir__keda_zone *zone = &weir__keda_zones(from)[i];
        weir_zone view = {
            zone->count, zone->offset,
            (const weir_zone_change *)(const void *)((const uint8_t *)from + zone->changes_at)};

        if (zone->known) {
            weir_keda_set_zone(k, zone->name, &view);
        }
    }
    return WEIR_OK;
}
