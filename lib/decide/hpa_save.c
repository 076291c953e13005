/*
 * decide/hpa_save.c - snapshots of an HPA.
 */
#include "decide/hpa_state.h"

enum {
    RECORD_TIMES = 0x500,
    RECORD_STATUS,
    RECORD_CONDITION_COUNT,
    RECORD_CONDITIONS,
    RECORD_RESCALE,
    RECORD_RESCALE_COUNT,
    RECORD_RESCALE_CONDITIONS,
    RECORD_PROPOSALS = 0x510,
    RECORD_RATIOS,
    RECORD_HELD,
    RECORD_SAMPLES = 0x600 /* and one a metric */
};

enum {
    TIME_VALUES = 3,
    STATUS_VALUES = 6,
    CONDITION_VALUES = 4,
    RESCALE_VALUES = 6,
    PROPOSAL_VALUES = 10,
    RATIO_VALUES = 2,
    HELD_VALUES = 4,
    SAMPLE_VALUES = 5
};

/* ---- writing -------------------------------------------------------------------------------- */

static void write_conditions(struct weir__writer *w, uint16_t id, const weir_hpa_condition *list,
                             uint32_t count)
{
    weir__snapshot_i64s_open(w, id, CONDITION_VALUES * (size_t)count);
    for (uint32_t i = 0; i < count; i++) {
        weir__snapshot_next_i64(w, list[i].type);
        weir__snapshot_next_i64(w, list[i].status);
        weir__snapshot_next_i64(w, list[i].reason);
        weir__snapshot_next_i64(w, list[i].since);
    }
}

static void write_metrics(const weir_hpa *h, struct weir__writer *w)
{
    const struct weir__hpa_slot *slots = weir__hpa_slots_of(h);
    double ratios[RATIO_VALUES * WEIR_HPA_METRICS_MAX];

    weir__snapshot_i64s_open(w, RECORD_PROPOSALS, PROPOSAL_VALUES * (size_t)h->metric_count);
    for (uint32_t i = 0; i < h->metric_count; i++) {
        const weir_hpa_proposal *p = &slots[i].proposal;

        weir__snapshot_next_i64(w, p->status);
        weir__snapshot_next_i64(w, p->replicas);
        weir__snapshot_next_i64(w, p->rule);
        weir__snapshot_next_i64(w, p->utilization);
        weir__snapshot_next_i64(w, p->usage);
        weir__snapshot_next_i64(w, p->ready);
        weir__snapshot_next_i64(w, p->unready);
        weir__snapshot_next_i64(w, p->missing);
        weir__snapshot_next_i64(w, p->ignored);
        weir__snapshot_next_i64(w, p->next);
        ratios[2 * (size_t)i] = p->ratio;
        ratios[2 * (size_t)i + 1] = p->filled_ratio;
    }
    weir__snapshot_f64s(w, RECORD_RATIOS, ratios, RATIO_VALUES * (size_t)h->metric_count);
    weir__snapshot_i64s_open(w, RECORD_HELD, HELD_VALUES * (size_t)h->metric_count);
    for (uint32_t i = 0; i < h->metric_count; i++) {
        weir__snapshot_next_i64(w, slots[i].held.at);
        weir__snapshot_next_i64(w, slots[i].held.milli);
        weir__snapshot_next_i64(w, slots[i].held.status);
        weir__snapshot_next_i64(w, slots[i].held.by_pod);
    }
}

static void write_samples(const weir_hpa *h, struct weir__writer *w)
{
    for (uint32_t i = 0; i < h->metric_count; i++) {
        const struct weir__hpa_slot *slot = &weir__hpa_slots_of(h)[i];
        const weir_hpa_sample *samples =
            (const weir_hpa_sample *)(const void *)((const uint8_t *)h + slot->samples_at);

        if (slot->samples_at == 0) {
            continue;
        }
        weir__snapshot_i64s_open(w, (uint16_t)(RECORD_SAMPLES + i),
                                 SAMPLE_VALUES * (size_t)h->pod_reserve);
        for (uint32_t k = 0; k < h->pod_reserve; k++) {
            weir__snapshot_next_i64(w, samples[k].value);
            weir__snapshot_next_i64(w, samples[k].request);
            weir__snapshot_next_i64(w, samples[k].at);
            weir__snapshot_next_i64(w, samples[k].window);
            weir__snapshot_next_i64(w, samples[k].present);
        }
    }
}

void weir__hpa_write_records(const weir_hpa *h, struct weir__writer *w)
{
    const struct weir__hpa_rescale *r = &h->rescale;
    const int64_t times[TIME_VALUES] = {h->seen, h->next_sync, h->last_scale};
    const int64_t status[STATUS_VALUES] = {h->current,        h->desired,   h->winner,
                                           h->rescale_reason, h->evaluated, h->failed};
    const int64_t rescale[RESCALE_VALUES] = {
        r->active, r->at, r->from, r->to, r->desired_before, r->last_scale_before};
    uint32_t count = r->active ? r->condition_count : 0;

    weir__snapshot_i64s(w, RECORD_TIMES, times, TIME_VALUES);
    weir__snapshot_i64s(w, RECORD_STATUS, status, STATUS_VALUES);
    weir__snapshot_i64(w, RECORD_CONDITION_COUNT, h->condition_count);
    write_conditions(w, RECORD_CONDITIONS, h->conditions, h->condition_count);
    weir__snapshot_i64s(w, RECORD_RESCALE, rescale, RESCALE_VALUES);
    weir__snapshot_i64(w, RECORD_RESCALE_COUNT, count);
    write_conditions(w, RECORD_RESCALE_CONDITIONS, r->conditions, count);
    write_metrics(h, w);
    write_samples(h, w);
    weir__behavior_write(weir__hpa_behavior_of(h), w);
}

weir_status weir_hpa_save(const weir_hpa *hpa, uint8_t *buffer, size_t capacity, size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(hpa, WEIR_KIND_HPA)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_HPA, hpa->digest);
    weir__hpa_write_records(hpa, &w);
    return weir__snapshot_close(&w, need);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void fail(struct weir__reader *r, uint16_t id)
{
    r->missing = r->failed ? r->missing : id;
    r->failed = 1;
}

/* Whether every value is one that its int32 can hold. */
static void check_range(struct weir__reader *r, uint16_t id, const uint8_t *values, size_t first,
                        size_t count, int64_t min, int64_t max)
{
    for (size_t i = first; values != NULL && i < first + count; i++) {
        if (weir__get_i64(values, i) < min || weir__get_i64(values, i) > max) {
            fail(r, id);
        }
    }
}

static const uint8_t *read_conditions(struct weir__reader *r, uint16_t id, uint32_t count)
{
    const uint8_t *list = weir__record_i64s(r, id, CONDITION_VALUES * (size_t)count);

    for (uint32_t i = 0; i < count; i++) {
        size_t at = CONDITION_VALUES * (size_t)i;

        check_range(r, id, list, at, 1, WEIR_CONDITION_NAMELESS, WEIR_CONDITION_SCALED_TO_ZERO);
        check_range(r, id, list, at + 1, 1, 0, 2);
        check_range(r, id, list, at + 2, 1, 0, INT32_MAX);
    }
    return list;
}

void weir__hpa_read_records(const weir_hpa *h, struct weir__reader *r,
                            struct weir__hpa_image *image)
{
    size_t metrics = h->metric_count;

    memset(image, 0, sizeof *image);
    image->times = weir__record_i64s(r, RECORD_TIMES, TIME_VALUES);
    image->status = weir__record_i64s(r, RECORD_STATUS, STATUS_VALUES);
    check_range(r, RECORD_STATUS, image->status, 0, 2, INT32_MIN, INT32_MAX);
    check_range(r, RECORD_STATUS, image->status, 2, 1, -1, (int64_t)metrics - 1);
    check_range(r, RECORD_STATUS, image->status, 3, 1, 0, WEIR_RESCALE_BELOW_MIN);
    check_range(r, RECORD_STATUS, image->status, 4, 1, 0, 1);
    check_range(r, RECORD_STATUS, image->status, 5, 1, 0, (int64_t)metrics);
    image->condition_count =
        (uint32_t)weir__record_in(r, RECORD_CONDITION_COUNT, 0, WEIR_CONDITIONS_MAX);
    image->conditions = read_conditions(r, RECORD_CONDITIONS, image->condition_count);
    image->rescale = weir__record_i64s(r, RECORD_RESCALE, RESCALE_VALUES);
    check_range(r, RECORD_RESCALE, image->rescale, 0, 1, 0, 1);
    check_range(r, RECORD_RESCALE, image->rescale, 2, 3, INT32_MIN, INT32_MAX);
    image->rescale_count =
        (uint32_t)weir__record_in(r, RECORD_RESCALE_COUNT, 0, WEIR_CONDITIONS_MAX);
    image->rescale_conditions = read_conditions(r, RECORD_RESCALE_CONDITIONS, image->rescale_count);
    image->proposals = weir__record_i64s(r, RECORD_PROPOSALS, PROPOSAL_VALUES * metrics);
    image->ratios = weir__record_f64s(r, RECORD_RATIOS, RATIO_VALUES * metrics);
    image->held = weir__record_i64s(r, RECORD_HELD, HELD_VALUES * metrics);
    for (size_t i = 0; i < metrics; i++) {
        check_range(r, RECORD_PROPOSALS, image->proposals, PROPOSAL_VALUES * i, 4, INT32_MIN,
                    INT32_MAX);
        check_range(r, RECORD_HELD, image->held, HELD_VALUES * i + 2, 2, INT32_MIN, INT32_MAX);
        if (weir__hpa_slots_of(h)[i].samples_at != 0) {
            image->samples[i] = weir__record_i64s(r, (uint16_t)(RECORD_SAMPLES + i),
                                                  SAMPLE_VALUES * (size_t)h->pod_reserve);
        } else if (image->held != NULL && weir__get_i64(image->held, HELD_VALUES * i + 3) != 0) {
            fail(r, RECORD_HELD); /* readings of pods that there is no room for */
        }
    }
    weir__behavior_read(weir__hpa_behavior_of(h), r, &image->behavior);
}

static int32_t i32(const uint8_t *values, size_t index)
{
    return (int32_t)weir__get_i64(values, index);
}

static void commit_conditions(weir_hpa_condition *list, const uint8_t *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        size_t at = CONDITION_VALUES * (size_t)i;

        list[i] = (weir_hpa_condition){i32(values, at), i32(values, at + 1), i32(values, at + 2), 0,
                                       weir__get_i64(values, at + 3)};
    }
}

static void commit_status(weir_hpa *h, const struct weir__hpa_image *image)
{
    struct weir__hpa_rescale *r = &h->rescale;

    h->seen = weir__get_i64(image->times, 0);
    h->next_sync = weir__get_i64(image->times, 1);
    h->last_scale = weir__get_i64(image->times, 2);
    h->current = i32(image->status, 0);
    h->desired = i32(image->status, 1);
    h->winner = i32(image->status, 2);
    h->rescale_reason = i32(image->status, 3);
    h->evaluated = i32(image->status, 4);
    h->failed = i32(image->status, 5);
    h->condition_count = image->condition_count;
    commit_conditions(h->conditions, image->conditions, image->condition_count);
    r->active = i32(image->rescale, 0);
    r->at = weir__get_i64(image->rescale, 1);
    r->from = i32(image->rescale, 2);
    r->to = i32(image->rescale, 3);
    r->desired_before = i32(image->rescale, 4);
    r->last_scale_before = weir__get_i64(image->rescale, 5);
    r->condition_count = image->rescale_count;
    commit_conditions(r->conditions, image->rescale_conditions, image->rescale_count);
}

static void commit_metric(struct weir__hpa_slot *slot, const struct weir__hpa_image *image,
                          size_t i)
{
    weir_hpa_proposal *p = &slot->proposal;
    size_t at = PROPOSAL_VALUES * i;

    p->status = i32(image->proposals, at);
    p->replicas = i32(image->proposals, at + 1);
    p->rule = i32(image->proposals, at + 2);
    p->utilization = i32(image->proposals, at + 3);
    p->usage = weir__get_i64(image->proposals, at + 4);
    p->ready = weir__get_i64(image->proposals, at + 5);
    p->unready = weir__get_i64(image->proposals, at + 6);
    p->missing = weir__get_i64(image->proposals, at + 7);
    p->ignored = weir__get_i64(image->proposals, at + 8);
    p->next = weir__get_i64(image->proposals, at + 9);
    p->ratio = weir__get_f64(image->ratios, RATIO_VALUES * i);
    p->filled_ratio = weir__get_f64(image->ratios, RATIO_VALUES * i + 1);
    slot->held.at = weir__get_i64(image->held, HELD_VALUES * i);
    slot->held.milli = weir__get_i64(image->held, HELD_VALUES * i + 1);
    slot->held.status = i32(image->held, HELD_VALUES * i + 2);
    slot->held.by_pod = i32(image->held, HELD_VALUES * i + 3) != 0;
}

static void commit_samples(weir_hpa *h, const struct weir__hpa_slot *slot, const uint8_t *values)
{
    weir_hpa_sample *samples = weir__hpa_samples(h, slot);

    for (uint32_t k = 0; k < h->pod_reserve; k++) {
        size_t at = SAMPLE_VALUES * (size_t)k;

        samples[k].value = weir__get_i64(values, at);
        samples[k].request = weir__get_i64(values, at + 1);
        samples[k].at = weir__get_i64(values, at + 2);
        samples[k].window = weir__get_i64(values, at + 3);
        samples[k].present = weir__get_i64(values, at + 4) == WEIR_SAMPLE_PRESENT;
    }
}

void weir__hpa_commit_records(weir_hpa *h, const struct weir__hpa_image *image)
{
    commit_status(h, image);
    for (uint32_t i = 0; i < h->metric_count; i++) {
        struct weir__hpa_slot *slot = &weir__hpa_slots(h)[i];

        commit_metric(slot, image, i);
        if (slot->samples_at != 0) {
            commit_samples(h, slot, image->samples[i]);
        }
    }
    weir__behavior_commit(weir__hpa_behavior(h), &image->behavior);
}

weir_status weir_hpa_load(weir_hpa *hpa, const uint8_t *buffer, size_t length, weir_error *err)
{
    struct weir__reader r;
    struct weir__hpa_image image;
    weir_status status;

    if (!weir__block_is(hpa, WEIR_KIND_HPA)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not an HPA");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_HPA, hpa->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    weir__hpa_read_records(hpa, &r, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        weir__hpa_commit_records(hpa, &image);
    }
    return status;
}
