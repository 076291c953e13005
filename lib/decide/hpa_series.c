/*
 * decide/hpa_series.c - an HPA behind the common interface: readings held, one series a metric.
 *
 * A reading's double becomes thousandths as the usual adapters of metrics do it: value x 1000,
 * truncated. NaN is no value.
 *
 * Object and External take the whole value. A metric of pods takes readings of single pods, if the
 * configuration has room for them, or one of the whole target: the sum over its ready pods, which
 * then share it evenly.
 *
 * Upstream: prometheus-adapter and KEDA's adapter both make int64(value * 1000) of a double.
 */
#include "decide/hpa_state.h"
#include "decide/registry.h"

static int outside(const struct weir__hpa_slot *slot)
{
    return slot->rule.source == WEIR_HPA_OBJECT || slot->rule.source == WEIR_HPA_EXTERNAL;
}

static const char *series_name(const void *state, int32_t series)
{
    const weir_hpa *h = state;

    return (uint32_t)series < h->metric_count
               ? (const char *)h + weir__hpa_slots_of(h)[series].name_at
               : NULL;
}

static int32_t main_series(const void *state)
{
    const weir_hpa *h = state;

    return h->winner > 0 ? h->winner : 0;
}

/* ---- readings ------------------------------------------------------------------------------- */

static weir_status check_reading(const weir_hpa *h, const weir_reading *reading)
{
    const struct weir__hpa_slot *slot = &weir__hpa_slots_of(h)[reading->series];

    if (reading->pod < 0) {
        return WEIR_OK;
    }
    if (outside(slot)) {
        return WEIR_E_RANGE;
    }
    return slot->samples_at != 0 && (uint32_t)reading->pod < h->pod_reserve ? WEIR_OK
                                                                            : WEIR_E_LIMIT;
}

static void take_reading(weir_hpa *h, const weir_reading *reading)
{
    struct weir__hpa_slot *slot = &weir__hpa_slots(h)[reading->series];
    int fine = reading->status == WEIR_OK && !weir__is_nan(reading->value);
    int64_t milli = fine ? weir__convert_i64(reading->value * 1000.0, WEIR_CONVERT_SATURATE) : 0;
    weir_hpa_sample *samples;

    if (slot->samples_at != 0 && (slot->held.at != reading->at || reading->pod < 0)) {
        /* A new round of readings: pods that are not in it have none. */
        memset(weir__hpa_samples(h, slot), 0, h->pod_reserve * sizeof(weir_hpa_sample));
    }
    slot->held.at = reading->at;
    slot->held.by_pod = reading->pod >= 0;
    if (reading->pod < 0) {
        slot->held.status = fine ? WEIR_OK : WEIR_NO_DATA;
        slot->held.milli = milli;
        return;
    }
    slot->held.status = WEIR_OK;
    samples = weir__hpa_samples(h, slot);
    samples[reading->pod].present = fine ? WEIR_SAMPLE_PRESENT : WEIR_SAMPLE_NONE;
    samples[reading->pod].value = milli;
    samples[reading->pod].at = reading->at;
    samples[reading->pod].window = slot->sample_window;
}

static weir_status record(void *state, const weir_reading *readings, size_t count)
{
    weir_hpa *h = state;

    for (size_t i = 0; i < count; i++) {
        weir_status status = check_reading(h, &readings[i]);

        if (status != WEIR_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < count; i++) {
        take_reading(h, &readings[i]);
    }
    return WEIR_OK;
}

/* ---- from readings to measures -------------------------------------------------------------- */

/* A total over ready pods that share it evenly; the others are starting. */
static void share(const struct weir__hpa_slot *slot, const weir_target *target,
                  struct weir__hpa_pods *out)
{
    int64_t ready = target->ready_replicas, all = target->status_replicas;

    memset(out, 0, sizeof *out);
    out->pods = all > ready ? all : ready;
    out->ready = ready;
    out->unready = out->pods - ready;
    out->usage = ready > 0 ? (uint64_t)slot->held.milli : 0;
    out->no_request = slot->request == WEIR_HPA_NO_REQUEST;
    out->request = (uint64_t)ready * (uint64_t)slot->request;
    out->unready_request = (uint64_t)out->unready * (uint64_t)slot->request;
    out->next = WEIR_TIME_NEVER;
}

static void measure_pods(weir_hpa *h, const struct weir__hpa_slot *slot, const weir_target *target,
                         weir_time now, struct weir__hpa_measure *out)
{
    weir_hpa_sample *samples;

    if (!slot->held.by_pod) {
        share(slot, target, &out->pods);
        return;
    }
    if (target->pods == NULL || target->pod_count > h->pod_reserve) {
        out->status = WEIR_E_LIMIT; /* single readings, and not all pods to relate them to */
        return;
    }
    samples = weir__hpa_samples(h, slot);
    for (uint32_t i = 0; i < target->pod_count; i++) {
        samples[i].request = slot->request;
    }
    weir__hpa_group(&h->rules, &slot->rule, target->pods, target->pod_count, samples,
                    target->pod_count, now, &out->pods);
}

void weir__hpa_measure_held(weir_hpa *h, const struct weir__hpa_slot *slot,
                            const weir_target *target, weir_time now, struct weir__hpa_measure *out)
{
    out->status = slot->held.status;
    out->total = slot->held.milli;
    if (slot->held.status != WEIR_OK) {
        return;
    }
    if (!outside(slot)) {
        measure_pods(h, slot, target, now, out);
    } else if (target->pods != NULL) {
        weir__hpa_count_ready(target->pods, target->pod_count, &out->pods);
    } else { /* nobody looks at more of it */
        out->pods.pods = target->status_replicas;
        out->pods.running_ready = target->ready_replicas;
        out->pods.no_container = 0;
    }
}

/* ---- the autoscaler interface --------------------------------------------------------------- */

static weir_time due(const void *state)
{
    const weir_hpa *h = state;

    return h->next_sync;
}

static int32_t poked(const void *state)
{
    (void)state;
    return 0;
}

static weir_status decide(void *state, const weir_target *target, weir_time now, weir_decision *out,
                          weir_explain *explain)
{
    struct weir__hpa_step step = {target->spec_replicas,
                                  target->status_replicas,
                                  WEIR_OK,
                                  WEIR_SELECTOR_FINE,
                                  now,
                                  NULL,
                                  target};

    if (explain != NULL && explain->struct_size != sizeof *explain) {
        return WEIR_E_STRUCT;
    }
    return weir__hpa_reconcile(state, &step, out, explain);
}

static weir_status save(const void *state, uint8_t *buffer, size_t capacity, size_t *need)
{
    return weir_hpa_save(state, buffer, capacity, need);
}

static weir_status load(void *state, const uint8_t *buffer, size_t length, weir_error *err)
{
    return weir_hpa_load(state, buffer, length, err);
}

const struct weir__autoscaler_ops weir__hpa_ops = {
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
