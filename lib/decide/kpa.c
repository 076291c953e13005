/*
 * decide/kpa.c - one revision: its collector, decider and reconciler in one block; how it is made
 * and saved, and how the common interface drives it.
 */
#include "decide/kpa_state.h"
#include "decide/registry.h"

#include <stddef.h>

/* From a change of the mode until the network has followed it, where weir plays the network. */
#define NETWORK_DELAY WEIR_SECOND

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
    return status == WEIR_OK ? weir__give_bytes(bytes, l.bytes, err) : status;
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

weir_status weir_kpa_init(weir_kpa *kpa, size_t bytes, const weir_kpa_config *config, int64_t ready,
                          weir_time now, weir_error *err)
{
    weir_kpa_config own;
    struct layout l;
    weir_status status = weir__kpa_config_take(&own, config, err);

    if (status == WEIR_OK) {
        status = lay_out(&own, &l, err);
    }
    if (status == WEIR_OK) {
        status = weir__block_fits(kpa, bytes, l.bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    memset(kpa, 0, sizeof *kpa);
    weir__block_set(&kpa->block, WEIR_KIND_KPA, l.bytes);
    kpa->digest = weir__config_digest(&weir__kpa_table, &own);
    kpa->decider_at = (uint32_t)l.decider_at;
    kpa->collector_at = (uint32_t)l.collector_at;
    kpa->metric = own.metric;
    kpa->config = own;
    kpa->requeue_at = now; /* a new object is reconciled at once */
    kpa->proxied_from = weir__add(now, NETWORK_DELAY);
    weir_kpa_reconciler_init(&kpa->reconciler, sizeof kpa->reconciler);
    weir_kpa_reconcile_input_init(&kpa->seen, sizeof kpa->seen);
    kpa->last.struct_size = (uint32_t)sizeof kpa->last;
    kpa->last.want = WEIR_REPLICAS_UNKNOWN;
    status = weir_kpa_decider_init(weir_kpa_get_decider(kpa), l.collector_at - l.decider_at,
                                   &l.decider, ready, now, err);
    if (status == WEIR_OK) {
        status = weir_kpa_collector_init(weir_kpa_get_collector(kpa), l.bytes - l.collector_at,
                                         &l.collector, err);
    }
    return status;
}

/* ---- snapshots ------------------------------------------------------------------------------ */

/* What a revision remembers beside its collector and its decider. */
struct member {
    uint16_t record;
    uint16_t wide; /* 1: int64, 0: int32 */
    uint32_t at;
    int64_t min, max;
};

#define NARROW(id, m, min, max)                                                                    \
    {                                                                                              \
        id, 0, (uint32_t)offsetof(struct weir_kpa, m), min, max                                    \
    }
#define WIDE(id, m)                                                                                \
    {                                                                                              \
        id, 1, (uint32_t)offsetof(struct weir_kpa, m), INT64_MIN, INT64_MAX                        \
    }
#define COUNT(id, m) NARROW(id, m, INT32_MIN, INT32_MAX)
#define BOOL(id, m)  NARROW(id, m, 0, 1)

static const struct member members[] = {
    BOOL(0x300, poked),
    NARROW(0x301, wish_rule, 0, INT32_MAX),
    NARROW(0x302, ruled, 0, INT32_MAX),
    COUNT(0x303, flags),
    BOOL(0x304, reconciled),
    WIDE(0x305, requeue_at),
    WIDE(0x306, proxied_from),
    NARROW(0x310, reconciler.active, WEIR_CONDITION_UNKNOWN, WEIR_CONDITION_FALSE),
    NARROW(0x311, reconciler.reason, WEIR_KPA_REASON_NONE, WEIR_KPA_REASON_TIMED_OUT),
    BOOL(0x312, reconciler.initialized),
    COUNT(0x313, reconciler.desired_scale),
    NARROW(0x314, reconciler.mode, WEIR_KPA_PROXY, WEIR_KPA_SERVE),
    BOOL(0x315, reconciler.has_service),
    WIDE(0x316, reconciler.active_since),
    COUNT(0x320, seen.desired),
    COUNT(0x321, seen.excess_burst_capacity),
    COUNT(0x322, seen.replicas),
    WIDE(0x323, seen.ready),
    WIDE(0x324, seen.proxy_since),
    COUNT(0x325, seen.unreachable),
    COUNT(0x326, seen.has_private_service),
    COUNT(0x327, seen.has_service),
    COUNT(0x328, seen.network_ready),
    COUNT(0x329, seen.probe),
    COUNT(0x32a, seen.system_internal_tls),
    COUNT(0x330, last.want),
    BOOL(0x331, last.decided),
    COUNT(0x332, last.patch),
    BOOL(0x333, last.probed),
    BOOL(0x334, last.async_probe),
    NARROW(0x335, last.mode, WEIR_KPA_PROXY, WEIR_KPA_SERVE),
    COUNT(0x336, last.activators),
    NARROW(0x337, last.active, WEIR_CONDITION_UNKNOWN, WEIR_CONDITION_FALSE),
    NARROW(0x338, last.reason, WEIR_KPA_REASON_NONE, WEIR_KPA_REASON_TIMED_OUT),
    BOOL(0x339, last.initialized),
    NARROW(0x33a, last.ready, WEIR_CONDITION_UNKNOWN, WEIR_CONDITION_FALSE),
    COUNT(0x33b, last.desired_scale),
    NARROW(0x33c, last.requeue_count, 0, 2),
    WIDE(0x33d, last.actual_scale),
    WIDE(0x33e, last.active_since),
    WIDE(0x33f, last.requeue_after[0]),
    WIDE(0x340, last.requeue_after[1]),
};

enum { MEMBERS = sizeof members / sizeof members[0] };

static void write_members(const weir_kpa *kpa, struct weir__writer *w)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        const uint8_t *from = (const uint8_t *)kpa + members[i].at;
        int64_t wide = 0;
        int32_t narrow = 0;

        if (members[i].wide) {
            memcpy(&wide, from, sizeof wide);
        } else {
            memcpy(&narrow, from, sizeof narrow);
        }
        weir__snapshot_i64(w, members[i].record, members[i].wide ? wide : narrow);
    }
}

static void read_members(struct weir__reader *r, int64_t *values)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        values[i] = weir__record_in(r, members[i].record, members[i].min, members[i].max);
    }
}

static void commit_members(weir_kpa *kpa, const int64_t *values)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        uint8_t *to = (uint8_t *)kpa + members[i].at;
        int32_t narrow = (int32_t)values[i];

        if (members[i].wide) {
            memcpy(to, &values[i], sizeof values[i]);
        } else {
            memcpy(to, &narrow, sizeof narrow);
        }
    }
}

weir_status weir_kpa_save(const weir_kpa *kpa, uint8_t *buffer, size_t capacity, size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_KPA, kpa->digest);
    write_members(kpa, &w);
    weir__decider_write(weir__kpa_decider_of(kpa), &w);
    weir__collector_write(weir__kpa_collector_of(kpa), &w);
    return weir__snapshot_close(&w, need);
}

weir_status weir_kpa_load(weir_kpa *kpa, const uint8_t *buffer, size_t length, weir_error *err)
{
    struct weir__decider_image decider;
    struct weir__collector_image collector;
    struct weir__reader r;
    weir_status status;
    int64_t values[MEMBERS];

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a KPA");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_KPA, kpa->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    read_members(&r, values);
    weir__decider_read(weir__kpa_decider_of(kpa), &r, &decider);
    weir__collector_read(weir__kpa_collector_of(kpa), &r, &collector);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        commit_members(kpa, values);
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
            if (stat.request_count != 0.0 && weir__kpa_decider_of(kpa)->desired == 0) {
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
    return weir__kpa_collector_of(state)->scrape_target ? WEIR_ZERO_BY_PODS : WEIR_ZERO_ONCE;
}

/* Once the stable window is empty it stays so until the next report; what remains are reconciles
 * that are asked for. */
static int64_t skip(void *state, weir_time until)
{
    weir_kpa *kpa = state;
    weir_kpa_decider *decider = weir_kpa_get_decider(kpa);
    const weir_kpa_collector *collector = weir__kpa_collector_of(kpa);
    weir_time stop = until < kpa->requeue_at ? until : kpa->requeue_at;
    weir_duration ahead = weir__sub(stop, decider->next_tick);
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
    return weir_kpa_due(state);
}

static int32_t was_poked(const void *state)
{
    const weir_kpa *kpa = state;

    return kpa->poked;
}

/* A cluster whose network is there, and routes by the mode a moment after it was set. */
static weir_status decide(void *state, const weir_target *target, weir_time now, weir_decision *out,
                          weir_explain *explain)
{
    weir_kpa *kpa = state;
    int32_t mode = kpa->reconciler.mode;
    weir_kpa_reconcile_input cluster;
    weir_status status;

    weir_kpa_reconcile_input_init(&cluster, sizeof cluster);
    cluster.replicas = target->spec_replicas;
    cluster.ready = target->ready_replicas;
    cluster.unreachable = target->unreachable;
    cluster.has_private_service = 1;
    cluster.has_service = 1;
    cluster.network_ready = 1;
    if (kpa->proxied_from != WEIR_TIME_NONE && kpa->proxied_from <= now) {
        cluster.proxy_since = kpa->proxied_from;
        cluster.probe = WEIR_KPA_PROBE_OK;
    }
    status = weir_kpa_step(kpa, &cluster, now, out, explain);
    if (status < WEIR_OK) {
        return status;
    }
    if (kpa->reconciler.mode != mode) {
        kpa->proxied_from =
            kpa->reconciler.mode == WEIR_KPA_PROXY ? weir__add(now, NETWORK_DELAY) : WEIR_TIME_NONE;
    }
    if (kpa->proxied_from != WEIR_TIME_NONE && kpa->proxied_from > now &&
        kpa->proxied_from < kpa->requeue_at) {
        kpa->requeue_at = kpa->proxied_from;
        out->next = kpa->requeue_at < out->next ? kpa->requeue_at : out->next;
    }
    return status;
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
    .poked = was_poked,
    .watches_pods = 1,
    .decide = decide,
    .skip = skip,
    .save = save,
    .load = load,
};
