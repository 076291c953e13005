/*
 * decide/keda_series.c - a ScaledObject behind the common interface: one series a metric, held
 * until the next reading. Cron triggers have none: they are computed.
 */
#include "decide/keda_state.h"
#include "decide/registry.h"

/* The trigger that a series belongs to; -1 past the last. */
static int32_t trigger_of(const weir_keda *k, int32_t series)
{
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        if (weir__keda_slots_of(k)[i].type != WEIR_TRIGGER_CRON && series-- == 0) {
            return (int32_t)i;
        }
    }
    return -1;
}

static const char *series_name(const void *state, int32_t series)
{
    int32_t trigger = trigger_of(state, series);

    return trigger >= 0 ? weir__keda_name(state, (uint32_t)trigger) : NULL;
}

static int32_t main_series(const void *state)
{
    (void)state;
    return 0;
}

/* Readings of single pods are the HPA's. */
static weir_status check_reading(const weir_keda *k, const weir_reading *reading, int32_t trigger)
{
    const struct weir__keda_slot *slot = &weir__keda_slots_of(k)[trigger];
    const weir_hpa *hpa = weir_keda_get_hpa(k);
    weir_reading own = *reading;

    if (reading->pod < 0) {
        return WEIR_OK;
    }
    own.series = slot->hpa_metric;
    return slot->resource && slot->hpa_metric >= 0 && (uint32_t)own.pod < hpa->pod_reserve
               ? WEIR_OK
               : WEIR_E_RANGE;
}

static weir_status record(void *state, const weir_reading *readings, size_t count)
{
    weir_keda *k = state;

    for (size_t i = 0; i < count; i++) {
        int32_t trigger = trigger_of(k, readings[i].series);
        weir_status status = trigger < 0 ? WEIR_E_RANGE : check_reading(k, &readings[i], trigger);

        if (status != WEIR_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct weir__keda_slot *slot = &weir__keda_slots(k)[trigger_of(k, readings[i].series)];
        weir_reading own = readings[i];

        slot->held.status = readings[i].status;
        slot->held.value = readings[i].value;
        if (readings[i].pod >= 0) {
            own.series = slot->hpa_metric;
            slot->held.status = WEIR_END; /* the HPA has them, pod by pod */
            weir__hpa_ops.record(weir__keda_hpa(k), &own, 1);
        }
    }
    return WEIR_OK;
}

static weir_time due(const void *state)
{
    const weir_keda *k = state;
    weir_time poll = k->running || !k->started ? k->poll_due : WEIR_TIME_NEVER;
    weir_time sync = k->hpa_exists ? k->sync_due : WEIR_TIME_NEVER;

    return poll < sync ? poll : sync;
}

static int32_t poked(const void *state)
{
    (void)state;
    return 0;
}

static weir_status decide(void *state, const weir_target *target, weir_time now, weir_decision *out,
                          weir_explain *explain)
{
    weir_keda *k = state;
    weir_keda_reading readings[WEIR_KEDA_TRIGGERS_MAX];
    weir_keda_input input;

    memset(&input, 0, sizeof input);
    input.struct_size = (uint32_t)sizeof input;
    input.replicas = target->spec_replicas;
    input.status_replicas = target->status_replicas;
    input.ready_pods = target->ready_replicas;
    input.pods = target->pods;
    input.pod_count = target->pods != NULL ? target->pod_count : 0;
    input.readings = readings;
    input.reading_count = k->trigger_count;
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        readings[i] = weir__keda_slots(k)[i].held;
    }
    return weir_keda_decide(k, &input, now, out, explain);
}

static weir_status save(const void *state, uint8_t *buffer, size_t capacity, size_t *need)
{
    return weir_keda_save(state, buffer, capacity, need);
}

static weir_status load(void *state, const uint8_t *buffer, size_t length, weir_error *err)
{
    return weir_keda_load(state, buffer, length, err);
}

const struct weir__autoscaler_ops weir__keda_ops = {
    .series_count = -1,
    .series_name = series_name,
    .main_series = main_series,
    .record = record,
    .due = due,
    .poked = poked,
    .decide = decide,
    .save = save,
    .load = load,
};
