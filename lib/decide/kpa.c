/*
 * decide/kpa.c - one revision: its collector and its decider in one block.
 *
 * Upstream: knative.dev/serving, the MetricCollector and the MultiScaler as the autoscaler's
 * main() wires them.
 */
#include "decide/kpa_state.h"
#include "decide/registry.h"

struct layout {
    weir_kpa_collector_config collector;
    weir_kpa_decider_config decider;
    size_t decider_at, collector_at, bytes;
};

static weir_status lay_out(const weir_kpa_config *own, struct layout *l, weir_error *err)
{
    size_t decider_bytes, collector_bytes;
    weir_status status = weir_kpa_resolve(own, &l->collector, &l->decider);

    if (status == WEIR_OK) {
        status = weir_kpa_decider_bytes(&l->decider, &decider_bytes, err);
    }
    if (status == WEIR_OK) {
        status = weir_kpa_collector_bytes(&l->collector, &collector_bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    l->decider_at = sizeof(weir_kpa);
    l->collector_at = l->decider_at + decider_bytes;
    l->bytes = l->collector_at + collector_bytes;
    if (l->collector_at > UINT32_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "scale_down_delay", "is too long for one block");
    }
    return WEIR_OK;
}

weir_status weir_kpa_bytes(const weir_kpa_config *config, size_t *bytes, weir_error *err)
{
    weir_kpa_config own;
    struct layout l;
    weir_status status = weir__kpa_config_take(&own, config, err);

    if (status == WEIR_OK) {
        status = lay_out(&own, &l, err);
    }
    if (status == WEIR_OK && bytes == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "there is nowhere to put the size");
    }
    if (status == WEIR_OK) {
        *bytes = l.bytes;
    }
    return status;
}

weir_kpa_collector *weir_kpa_get_collector(weir_kpa *kpa)
{
    return weir__block_is(kpa, WEIR_KIND_KPA)
               ? (weir_kpa_collector *)(void *)((uint8_t *)kpa + kpa->collector_at)
               : NULL;
}

weir_kpa_decider *weir_kpa_get_decider(weir_kpa *kpa)
{
    return weir__block_is(kpa, WEIR_KIND_KPA)
               ? (weir_kpa_decider *)(void *)((uint8_t *)kpa + kpa->decider_at)
               : NULL;
}

static const weir_kpa_collector *collector_of(const weir_kpa *kpa)
{
    return (const weir_kpa_collector *)(const void *)((const uint8_t *)kpa + kpa->collector_at);
}

static const weir_kpa_decider *decider_of(const weir_kpa *kpa)
{
    return (const weir_kpa_decider *)(const void *)((const uint8_t *)kpa + kpa->decider_at);
}

weir_status weir_kpa_init(weir_kpa *kpa, size_t bytes, const weir_kpa_config *config, int64_t ready,
                          weir_time now, weir_error *err)
{
    weir_kpa_config own;
    struct layout l;
    weir_status status = weir__kpa_config_take(&own, config, err);

    if (status == WEIR_OK) {
        status = lay_out(&own, &l, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (!weir__aligned(kpa)) {
        return weir__fail(err, WEIR_E_ARG, "", "the block is NULL or not 8-byte aligned");
    }
    if (bytes < l.bytes) {
        return weir__fail(err, WEIR_E_SPACE, "", "the block is smaller than asked for");
    }
    memset(kpa, 0, sizeof *kpa);
    weir__block_set(&kpa->block, WEIR_KIND_KPA, l.bytes);
    kpa->digest = weir__config_digest(&weir__kpa_table, &own);
    kpa->decider_at = (uint32_t)l.decider_at;
    kpa->collector_at = (uint32_t)l.collector_at;
    kpa->metric = own.metric;
    status = weir_kpa_decider_init(weir_kpa_get_decider(kpa), l.collector_at - l.decider_at,
                                   &l.decider, ready, now, err);
    if (status == WEIR_OK) {
        status = weir_kpa_collector_init(weir_kpa_get_collector(kpa), l.bytes - l.collector_at,
                                         &l.collector, err);
    }
    return status;
}

weir_status weir_kpa_record(weir_kpa *kpa, weir_time at, const weir_kpa_stat *stat)
{
    weir_status status;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_E_ARG;
    }
    status = weir_kpa_collector_record(weir_kpa_get_collector(kpa), at, stat);
    if (status == WEIR_OK && decider_of(kpa)->desired == 0 &&
        stat->average_concurrent_requests != 0.0) {
        kpa->poked = 1;
    }
    return status;
}

weir_status weir_kpa_decide(weir_kpa *kpa, int64_t ready, int32_t reachable, weir_time now,
                            weir_decision *out, weir_explain *explain)
{
    weir_kpa_decider_input input;
    weir_kpa_averages averages = {0.0, 0.0};
    weir_kpa_decider *decider;
    weir_status status;
    int32_t was_reachable;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_E_ARG;
    }
    decider = weir_kpa_get_decider(kpa);
    weir_kpa_decider_input_init(&input, sizeof input);
    input.ready = ready;
    input.ready_status = ready < 0 ? WEIR_E_RANGE : WEIR_OK;
    input.metric_status = weir_kpa_collector_read(collector_of(kpa), kpa->metric, now, &averages);
    input.stable = averages.stable;
    input.panic = averages.panic;
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
        weir_time aging = weir_kpa_collector_next(collector_of(kpa), now);

        out->next = aging < out->next ? aging : out->next;
    }
    return status;
}

weir_status weir_kpa_get_status(const weir_kpa *kpa, weir_kpa_status *status, size_t struct_size)
{
    return weir__block_is(kpa, WEIR_KIND_KPA)
               ? weir_kpa_decider_status(decider_of(kpa), status, struct_size)
               : WEIR_E_ARG;
}

/* ---- snapshots ------------------------------------------------------------------------------ */

enum { RECORD_POKED = 0x300 };

weir_status weir_kpa_save(const weir_kpa *kpa, uint8_t *buffer, size_t capacity, size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_KPA, kpa->digest);
    weir__snapshot_i64(&w, RECORD_POKED, kpa->poked);
    weir__decider_write(decider_of(kpa), &w);
    weir__collector_write(collector_of(kpa), &w);
    return weir__snapshot_close(&w, need);
}

weir_status weir_kpa_load(weir_kpa *kpa, const uint8_t *buffer, size_t length, weir_error *err)
{
    struct weir__decider_image decider;
    struct weir__collector_image collector;
    struct weir__reader r;
    weir_status status;
    int32_t poked;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a KPA");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_KPA, kpa->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    poked = (int32_t)weir__record_in(&r, RECORD_POKED, 0, 1);
    weir__decider_read(decider_of(kpa), &r, &decider);
    weir__collector_read(collector_of(kpa), &r, &collector);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        kpa->poked = poked;
        weir__decider_commit(weir_kpa_get_decider(kpa), &decider);
        weir__collector_commit(weir_kpa_get_collector(kpa), &collector);
    }
    return status;
}

/* ---- the autoscaler interface --------------------------------------------------------------- */

static const char *const series[] = {"concurrency", "rps"};

static int32_t main_series(const void *state)
{
    const weir_kpa *kpa = state;

    return kpa->metric == WEIR_KPA_RPS ? WEIR__LANE_RPS : WEIR__LANE_CONCURRENCY;
}

/* All readings of one time are one report. */
static weir_status record(void *state, const weir_reading *readings, size_t count)
{
    weir_kpa *kpa = state;
    size_t i = 0;

    while (i < count) {
        weir_kpa_stat stat = {0.0, 0.0, 0.0, 0.0};
        weir_time at = readings[i].at;
        int any = 0;

        for (; i < count && readings[i].at == at; i++) {
            if (readings[i].status != WEIR_OK) {
                continue;
            }
            any = 1;
            if (readings[i].series == WEIR__LANE_RPS) {
                stat.request_count = readings[i].value;
            } else {
                stat.average_concurrent_requests = readings[i].value;
            }
        }
        if (any) {
            weir_status status = weir_kpa_record(kpa, at, &stat);

            if (status != WEIR_OK) {
                return status;
            }
            if (stat.request_count != 0.0 && decider_of(kpa)->desired == 0) {
                kpa->poked = 1; /* requests that were too short to be seen in flight */
            }
        }
    }
    return WEIR_OK;
}

/* Scraped pods report zeros; the activator drops a revision after one, and nobody else is there
 * when no pod is, or when pods are not scraped. */
static int32_t zero(const void *state)
{
    return collector_of(state)->scrape_target ? WEIR_ZERO_BY_PODS : WEIR_ZERO_ONCE;
}

/* Once the stable window is empty it stays so until the next report. */
static int64_t skip(void *state, weir_time until)
{
    weir_kpa *kpa = state;
    weir_kpa_decider *decider = weir_kpa_get_decider(kpa);
    const weir_kpa_collector *collector = collector_of(kpa);
    weir_duration ahead = weir__sub(until, decider->next_tick);
    int64_t ticks;

    if (ahead <= 0 || kpa->poked || !collector->scrape_target ||
        !weir_window_empty(weir__collector_stable_of(collector), decider->next_tick)) {
        return 0;
    }
    ticks = (ahead - 1) / WEIR_KPA_TICK;
    decider->next_tick =
        weir__add(weir__add(decider->next_tick, ticks * WEIR_KPA_TICK), WEIR_KPA_TICK);
    return ticks + 1;
}

static weir_time due(const void *state)
{
    return decider_of(state)->next_tick;
}

static int32_t poked(const void *state)
{
    const weir_kpa *kpa = state;

    return kpa->poked;
}

static weir_status decide(void *state, const weir_target *target, weir_time now, weir_decision *out,
                          weir_explain *explain)
{
    return weir_kpa_decide(state, target->ready_replicas, !target->unreachable, now, out, explain);
}

static weir_status save(const void *state, uint8_t *buffer, size_t capacity, size_t *need)
{
    return weir_kpa_save(state, buffer, capacity, need);
}

static weir_status load(void *state, const uint8_t *buffer, size_t length, weir_error *err)
{
    return weir_kpa_load(state, buffer, length, err);
}

const struct weir__autoscaler_ops weir__kpa_ops = {
    .series = series,
    .series_count = WEIR__LANES,
    .main_series = main_series,
    .record = record,
    .zero = zero,
    .due = due,
    .poked = poked,
    .decide = decide,
    .skip = skip,
    .save = save,
    .load = load,
};
