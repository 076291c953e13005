/*
 * decide/keda_save.c - snapshots of a ScaledObject, with the HPA's records among its own.
 */
#include "decide/keda_state.h"

enum {
    RECORD_TIMES = 0x700,
    RECORD_STATE,
    RECORD_CONDITIONS,
    RECORD_METRICS,
    RECORD_VALUES,
    RECORD_ZONES,
    RECORD_CHANGES = 0x740 /* and one a zone */
};

enum {
    TIME_VALUES = 6,
    STATE_VALUES = 11,
    CONDITION_VALUES = 4 * WEIR_KEDA_CONDITIONS,
    OUTCOME_VALUES = 6,
    METRIC_VALUES = 7 + 2 * OUTCOME_VALUES,
    DOUBLE_VALUES = 3,
    ZONE_VALUES = 3
};

/* ---- writing -------------------------------------------------------------------------------- */

static void write_outcome(struct weir__writer *w, const struct weir__keda_outcome *o)
{
    weir__snapshot_next_i64(w, o->present);
    weir__snapshot_next_i64(w, o->failed);
    weir__snapshot_next_i64(w, o->active);
    weir__snapshot_next_i64(w, o->fallback);
    weir__snapshot_next_i64(w, o->empty);
    weir__snapshot_next_i64(w, o->amount.milli);
}

static void write_metrics(const weir_keda *k, struct weir__writer *w)
{
    double values[DOUBLE_VALUES * WEIR_KEDA_TRIGGERS_MAX];

    weir__snapshot_i64s_open(w, RECORD_METRICS, METRIC_VALUES * (size_t)k->trigger_count);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        const struct weir__keda_slot *slot = &weir__keda_slots_of(k)[i];

        weir__snapshot_next_i64(w, slot->activity);
        weir__snapshot_next_i64(w, slot->stored.status);
        weir__snapshot_next_i64(w, slot->stored.failures);
        weir__snapshot_next_i64(w, slot->served.status);
        weir__snapshot_next_i64(w, slot->served.failures);
        weir__snapshot_next_i64(w, slot->held.status);
        weir__snapshot_next_i64(w, slot->held.activity);
        write_outcome(w, &slot->cache);
        write_outcome(w, &slot->observed);
        values[DOUBLE_VALUES * (size_t)i] = slot->cache.amount.value;
        values[DOUBLE_VALUES * (size_t)i + 1] = slot->observed.amount.value;
        values[DOUBLE_VALUES * (size_t)i + 2] = slot->held.value;
    }
    weir__snapshot_f64s(w, RECORD_VALUES, values, DOUBLE_VALUES * (size_t)k->trigger_count);
}

static const struct weir__keda_zone *zones_of(const weir_keda *k)
{
    return (const struct weir__keda_zone *)(const void *)((const uint8_t *)k + k->zones_at);
}

static void write_zones(const weir_keda *k, struct weir__writer *w)
{
    weir__snapshot_i64s_open(w, RECORD_ZONES, ZONE_VALUES * (size_t)k->zone_count);
    for (uint32_t i = 0; i < k->zone_count; i++) {
        weir__snapshot_next_i64(w, zones_of(k)[i].known);
        weir__snapshot_next_i64(w, zones_of(k)[i].offset);
        weir__snapshot_next_i64(w, zones_of(k)[i].count);
    }
    for (uint32_t i = 0; i < k->zone_count; i++) {
        const struct weir__keda_zone *zone = &zones_of(k)[i];
        const weir_zone_change *changes =
            (const weir_zone_change *)(const void *)((const uint8_t *)k + zone->changes_at);

        weir__snapshot_i64s_open(w, (uint16_t)(RECORD_CHANGES + i), 2 * (size_t)zone->count);
        for (uint32_t c = 0; c < zone->count; c++) {
            weir__snapshot_next_i64(w, changes[c].at);
            weir__snapshot_next_i64(w, changes[c].offset);
        }
    }
}

weir_status weir_keda_save(const weir_keda *keda, uint8_t *buffer, size_t capacity, size_t *need)
{
    const weir_keda *k = keda;
    struct weir__writer w;

    if (!weir__is_keda(k)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_KEDA, k->digest);
    {
        const int64_t times[TIME_VALUES] = {k->seen,    k->poll_due,    k->sync_due,
                                            k->created, k->last_active, k->last_active_before};
        const int64_t state[STATE_VALUES] = {(int64_t)k->loop_generation,
                                             (int64_t)k->built_generation,
                                             k->running,
                                             k->started,
                                             k->loop_known,
                                             k->built,
                                             k->shared,
                                             k->hpa_exists,
                                             k->last_write,
                                             k->write_activates,
                                             k->original};

        weir__snapshot_i64s(&w, RECORD_TIMES, times, TIME_VALUES);
        weir__snapshot_i64s(&w, RECORD_STATE, state, STATE_VALUES);
    }
    weir__snapshot_i64s_open(&w, RECORD_CONDITIONS, CONDITION_VALUES);
    for (int32_t i = 0; i < WEIR_KEDA_CONDITIONS; i++) {
        weir__snapshot_next_i64(&w, k->stored[i].status);
        weir__snapshot_next_i64(&w, k->stored[i].reason);
        weir__snapshot_next_i64(&w, k->served[i].status);
        weir__snapshot_next_i64(&w, k->served[i].reason);
    }
    write_metrics(k, &w);
    write_zones(k, &w);
    weir__hpa_write_records((const weir_hpa *)(const void *)((const uint8_t *)k + k->hpa_at), &w);
    return weir__snapshot_close(&w, need);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Records that were found to be there. */
struct image {
    const uint8_t *times, *state, *conditions, *metrics, *values, *zones;
    const uint8_t *changes[2 * WEIR_KEDA_TRIGGERS_MAX];
    struct weir__hpa_image hpa;
};

static void fail(struct weir__reader *r, uint16_t id)
{
    r->missing = r->failed ? r->missing : id;
    r->failed = 1;
}

static void check(struct weir__reader *r, uint16_t id, const uint8_t *values, size_t index,
                  int64_t min, int64_t max)
{
    if (values != NULL &&
        (weir__get_i64(values, index) < min || weir__get_i64(values, index) > max)) {
        fail(r, id);
    }
}

static void check_metric(struct weir__reader *r, const uint8_t *m, size_t at)
{
    check(r, RECORD_METRICS, m, at, -1, 1);
    check(r, RECORD_METRICS, m, at + 1, WEIR_HEALTH_NONE, WEIR_HEALTH_FAILING);
    check(r, RECORD_METRICS, m, at + 2, INT32_MIN, INT32_MAX);
    check(r, RECORD_METRICS, m, at + 3, WEIR_HEALTH_NONE, WEIR_HEALTH_FAILING);
    check(r, RECORD_METRICS, m, at + 4, INT32_MIN, INT32_MAX);
    check(r, RECORD_METRICS, m, at + 5, INT32_MIN, INT32_MAX);
    check(r, RECORD_METRICS, m, at + 6, WEIR_ACTIVITY_BY_VALUE, WEIR_ACTIVITY_NO);
    for (size_t i = 0; i < 2 * OUTCOME_VALUES; i++) {
        if (i % OUTCOME_VALUES != OUTCOME_VALUES - 1) {
            check(r, RECORD_METRICS, m, at + 7 + i, 0, 1);
        }
    }
}

static void read_image(const weir_keda *k, struct weir__reader *r, struct image *image)
{
    size_t metrics = k->trigger_count;

    memset(image, 0, sizeof *image);
    image->times = weir__record_i64s(r, RECORD_TIMES, TIME_VALUES);
    image->state = weir__record_i64s(r, RECORD_STATE, STATE_VALUES);
    for (size_t i = 2; i < STATE_VALUES - 1; i++) {
        check(r, RECORD_STATE, image->state, i, 0, i == 8 ? WEIR__KEDA_WRITE_SYNC : 1);
    }
    check(r, RECORD_STATE, image->state, STATE_VALUES - 1, INT32_MIN, INT32_MAX);
    image->conditions = weir__record_i64s(r, RECORD_CONDITIONS, CONDITION_VALUES);
    for (size_t i = 0; i < CONDITION_VALUES; i++) {
        check(r, RECORD_CONDITIONS, image->conditions, i, 0,
              i % 2 == 0 ? WEIR_STATE_UNKNOWN : WEIR_KEDA_REASON_HPA_FAILING);
    }
    image->metrics = weir__record_i64s(r, RECORD_METRICS, METRIC_VALUES * metrics);
    for (size_t i = 0; i < metrics; i++) {
        check_metric(r, image->metrics, METRIC_VALUES * i);
    }
    image->values = weir__record_f64s(r, RECORD_VALUES, DOUBLE_VALUES * metrics);
    image->zones = weir__record_i64s(r, RECORD_ZONES, ZONE_VALUES * (size_t)k->zone_count);
    for (uint32_t i = 0; i < k->zone_count && image->zones != NULL; i++) {
        int64_t count = weir__get_i64(image->zones, ZONE_VALUES * (size_t)i + 2);

        check(r, RECORD_ZONES, image->zones, ZONE_VALUES * (size_t)i, 0, 1);
        check(r, RECORD_ZONES, image->zones, ZONE_VALUES * (size_t)i + 1, INT32_MIN, INT32_MAX);
        if (count < 0 || count > k->zone_reserve) {
            fail(r, RECORD_ZONES);
            continue;
        }
        image->changes[i] = weir__record_i64s(r, (uint16_t)(RECORD_CHANGES + i), 2 * (size_t)count);
        for (size_t c = 0; c < (size_t)count; c++) {
            check(r, (uint16_t)(RECORD_CHANGES + i), image->changes[i], 2 * c + 1, INT32_MIN,
                  INT32_MAX);
        }
    }
    weir__hpa_read_records((const weir_hpa *)(const void *)((const uint8_t *)k + k->hpa_at), r,
                           &image->hpa);
}

static int32_t i32(const uint8_t *values, size_t index)
{
    return (int32_t)weir__get_i64(values, index);
}

static void commit_outcome(struct weir__keda_outcome *o, const uint8_t *m, size_t at, double value)
{
    o->present = i32(m, at);
    o->failed = i32(m, at + 1);
    o->active = i32(m, at + 2);
    o->fallback = i32(m, at + 3);
    o->empty = i32(m, at + 4);
    o->amount.milli = weir__get_i64(m, at + 5);
    o->amount.value = value;
}

static void commit_metric(struct weir__keda_slot *slot, const struct image *image, size_t i)
{
    const uint8_t *m = image->metrics;
    size_t at = METRIC_VALUES * i;

    slot->activity = i32(m, at);
    slot->stored = (weir_keda_health){i32(m, at + 1), i32(m, at + 2)};
    slot->served = (weir_keda_health){i32(m, at + 3), i32(m, at + 4)};
    slot->held.status = i32(m, at + 5);
    slot->held.activity = i32(m, at + 6);
    slot->held.value = weir__get_f64(image->values, DOUBLE_VALUES * i + 2);
    commit_outcome(&slot->cache, m, at + 7, weir__get_f64(image->values, DOUBLE_VALUES * i));
    commit_outcome(&slot->observed, m, at + 7 + OUTCOME_VALUES,
                   weir__get_f64(image->values, DOUBLE_VALUES * i + 1));
}

static void commit_zones(weir_keda *k, const struct image *image)
{
    for (uint32_t i = 0; i < k->zone_count; i++) {
        struct weir__keda_zone *zone = &weir__keda_zones(k)[i];
        weir_zone_change *changes = (weir_zone_change *)(void *)((uint8_t *)k + zone->changes_at);

        zone->known = i32(image->zones, ZONE_VALUES * (size_t)i);
        zone->offset = i32(image->zones, ZONE_VALUES * (size_t)i + 1);
        zone->count = (uint32_t)i32(image->zones, ZONE_VALUES * (size_t)i + 2);
        for (uint32_t c = 0; c < zone->count; c++) {
            changes[c].at = weir__get_i64(image->changes[i], 2 * (size_t)c);
            changes[c].offset = i32(image->changes[i], 2 * (size_t)c + 1);
            changes[c].reserved = 0;
        }
    }
}

static void commit(weir_keda *k, const struct image *image)
{
    k->seen = weir__get_i64(image->times, 0);
    k->poll_due = weir__get_i64(image->times, 1);
    k->sync_due = weir__get_i64(image->times, 2);
    k->created = weir__get_i64(image->times, 3);
    k->last_active = weir__get_i64(image->times, 4);
    k->last_active_before = weir__get_i64(image->times, 5);
    k->loop_generation = (uint64_t)weir__get_i64(image->state, 0);
    k->built_generation = (uint64_t)weir__get_i64(image->state, 1);
    k->running = i32(image->state, 2);
    k->started = i32(image->state, 3);
    k->loop_known = i32(image->state, 4);
    k->built = i32(image->state, 5);
    k->shared = i32(image->state, 6);
    k->hpa_exists = i32(image->state, 7);
    k->last_write = i32(image->state, 8);
    k->write_activates = i32(image->state, 9);
    k->original = i32(image->state, 10);
    for (size_t i = 0; i < WEIR_KEDA_CONDITIONS; i++) {
        k->stored[i] =
            (weir_keda_condition){i32(image->conditions, 4 * i), i32(image->conditions, 4 * i + 1)};
        k->served[i] = (weir_keda_condition){i32(image->conditions, 4 * i + 2),
                                             i32(image->conditions, 4 * i + 3)};
    }
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        commit_metric(&weir__keda_slots(k)[i], image, i);
    }
    commit_zones(k, image);
    weir__hpa_commit_records(weir__keda_hpa(k), &image->hpa);
}

weir_status weir_keda_load(weir_keda *keda, const uint8_t *buffer, size_t length, weir_error *err)
{
    struct weir__reader r;
    struct image image;
    weir_status status;

    if (!weir__is_keda(keda)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a ScaledObject");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_KEDA, keda->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    read_image(keda, &r, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        commit(keda, &image);
    }
    return status;
}
