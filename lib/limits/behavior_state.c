/*
 * limits/behavior_state.c - a behavior for its users: steps, memory in and out, snapshots.
 */
#include "limits/behavior.h"
#include <string.h>
#include <weir/autoscaler.h>

static int is_behavior(const weir_behavior *b)
{
    return weir__block_is(b, WEIR_KIND_BEHAVIOR);
}

/* ---- steps ---------------------------------------------------------------------------------- */

static const int32_t one_change[2] = {1, 1};
static const int32_t no_change[2] = {0, 0};

weir_status weir_behavior_apply(weir_behavior *behavior, int32_t current, int32_t desired,
                                weir_time now, weir_decision *out, weir_explain *explain)
{
    struct weir__limits limits;
    struct weir__trace trace;
    weir_status status;
    weir_time before;

    if (!is_behavior(behavior) || out == NULL) {
        return WEIR_E_ARG;
    }
    if (out->struct_size != sizeof *out ||
        (explain != NULL && explain->struct_size != sizeof *explain)) {
        return WEIR_E_STRUCT;
    }
    status = weir__behavior_ready(behavior, now, one_change);
    if (status != WEIR_OK) {
        return status;
    }
    before = weir__sub(now, 1); /* upstream's clock moves on within a step */
    weir__trace_open(&trace, explain, current);
    weir__trace_step(&trace, WEIR_RULE_BEHAVIOR_DESIRED, -1, desired, desired, current);
    weir__behavior_begin(behavior, current, before > behavior->seen ? before : behavior->seen);
    weir__behavior_stabilize(behavior, current, desired, now, &trace, &limits);
    weir__behavior_limit(behavior, current, now, &trace, &limits);
    out->replicas = limits.allowed;
    out->current = current;
    out->valid = 1;
    out->flags = limits.flags | (limits.allowed == 0 ? WEIR_FLAG_TO_ZERO : 0U) |
                 (limits.allowed != current ? WEIR_FLAG_APPLY : 0U);
    out->rule = trace.rule;
    out->excess_burst_capacity = 0;
    out->step_count = trace.count;
    out->at = now;
    out->next = limits.next;
    return WEIR_OK;
}

weir_status weir_behavior_scaled(weir_behavior *behavior, int32_t from, int32_t to, weir_time now)
{
    weir_status status;

    if (!is_behavior(behavior)) {
        return WEIR_E_ARG;
    }
    status = weir__behavior_ready(behavior, now, one_change);
    if (status == WEIR_OK) {
        weir__behavior_store(behavior, from, to, now);
    }
    return status;
}

weir_status weir_behavior_stabilize(weir_behavior *behavior, int32_t current, int32_t desired,
                                    weir_time now, int32_t *stabilized, int32_t *reason)
{
    struct weir__limits limits;
    struct weir__trace trace;
    weir_status status;

    if (!is_behavior(behavior) || stabilized == NULL) {
        return WEIR_E_ARG;
    }
    status = weir__behavior_ready(behavior, now, no_change);
    if (status != WEIR_OK) {
        return status;
    }
    weir__trace_open(&trace, NULL, desired);
    weir__behavior_stabilize(behavior, current, desired, now, &trace, &limits);
    *stabilized = limits.stabilized;
    if (reason != NULL) {
        *reason = limits.stabilize_reason;
    }
    return WEIR_OK;
}

weir_status weir_behavior_limit(const weir_behavior *behavior, int32_t current, int32_t stabilized,
                                weir_time now, int32_t *allowed, int32_t *reason)
{
    struct weir__limits limits = {.stabilized = stabilized, .next = WEIR_TIME_NEVER};
    struct weir__trace trace;

    if (!is_behavior(behavior) || allowed == NULL) {
        return WEIR_E_ARG;
    }
    weir__trace_open(&trace, NULL, stabilized);
    weir__behavior_limit(behavior, current, now, &trace, &limits);
    *allowed = limits.allowed;
    if (reason != NULL) {
        *reason = limits.limit_reason;
    }
    return WEIR_OK;
}

/* ---- memory --------------------------------------------------------------------------------- */

weir_status weir_behavior_forget(weir_behavior *behavior)
{
    if (!is_behavior(behavior)) {
        return WEIR_E_ARG;
    }
    weir__recommendations_clear(&behavior->recommendations);
    behavior->event_count[WEIR_SCALE_UP] = 0;
    behavior->event_count[WEIR_SCALE_DOWN] = 0;
    return WEIR_OK;
}

static void copy_events(weir_behavior *to, int32_t direction, const weir_scale_event *list,
                        uint16_t count)
{
    struct weir__events events = weir__behavior_events(to, direction);

    for (uint16_t i = 0; i < count; i++) {
        events.list[i] = list[i];
    }
    to->event_count[direction] = count;
}

weir_status weir_behavior_adopt(weir_behavior *behavior, const weir_behavior *from)
{
    weir_behavior *b = behavior;

    if (!is_behavior(b) || !is_behavior(from)) {
        return WEIR_E_ARG;
    }
    if (from->recommendations.count > b->recommendations.capacity ||
        from->event_count[0] > b->event_capacity[0] ||
        from->event_count[1] > b->event_capacity[1]) {
        return WEIR_E_SPACE;
    }
    for (uint16_t i = 0; i < from->recommendations.count; i++) {
        const struct weir__slot *slot = weir__recommendations_get(&from->recommendations, i);

        weir__recommendations_set(&b->recommendations, i, slot->at, slot->replicas);
    }
    weir__recommendations_finish(&b->recommendations, from->recommendations.count);
    b->recommendations.begun = from->recommendations.begun;
    for (int32_t i = 0; i < 2; i++) {
        copy_events(b, i, weir__behavior_events(from, i).list, from->event_count[i]);
    }
    b->seen = from->seen;
    return WEIR_OK;
}

weir_status weir_behavior_recommendations(const weir_behavior *behavior, weir_recommendation *list,
                                          size_t capacity, size_t *count)
{
    const struct weir__recommendations *r;

    if (!is_behavior(behavior) || count == NULL || (list == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    r = &behavior->recommendations;
    *count = r->count;
    for (uint16_t i = 0; i < r->count && i < capacity; i++) {
        const struct weir__slot *slot = weir__recommendations_get(r, i);

        list[i] = (weir_recommendation){slot->at, slot->replicas, 0};
    }
    return r->count <= capacity ? WEIR_OK : WEIR_E_SPACE;
}

weir_status weir_behavior_events(const weir_behavior *behavior, int32_t direction,
                                 weir_scale_event *list, size_t capacity, size_t *count)
{
    struct weir__events events;

    if (!is_behavior(behavior) || count == NULL || (list == NULL && capacity > 0) ||
        (direction != WEIR_SCALE_UP && direction != WEIR_SCALE_DOWN)) {
        return WEIR_E_ARG;
    }
    events = weir__behavior_events(behavior, direction);
    *count = events.count;
    for (uint16_t i = 0; i < events.count && i < capacity; i++) {
        list[i] = events.list[i];
    }
    return events.count <= capacity ? WEIR_OK : WEIR_E_SPACE;
}

weir_status weir_behavior_set_recommendations(weir_behavior *behavior,
                                              const weir_recommendation *list, size_t count)
{
    if (!is_behavior(behavior) || (list == NULL && count > 0)) {
        return WEIR_E_ARG;
    }
    if (count > behavior->recommendations.capacity) {
        return WEIR_E_SPACE;
    }
    for (size_t i = 0; i < count; i++) {
        weir__recommendations_set(&behavior->recommendations, (uint16_t)i, list[i].at,
                                  list[i].replicas);
    }
    weir__recommendations_finish(&behavior->recommendations, (uint16_t)count);
    return WEIR_OK;
}

weir_status weir_behavior_set_events(weir_behavior *behavior, int32_t direction,
                                     const weir_scale_event *list, size_t count)
{
    if (!is_behavior(behavior) || (list == NULL && count > 0) ||
        (direction != WEIR_SCALE_UP && direction != WEIR_SCALE_DOWN)) {
        return WEIR_E_ARG;
    }
    if (count > behavior->event_capacity[direction]) {
        return WEIR_E_SPACE;
    }
    copy_events(behavior, direction, list, (uint16_t)count);
    return WEIR_OK;
}

const char *weir_reason_name(int32_t reason)
{
    static const char *const names[] = {
        "", "ReadyForNewScale", "ScaleUpStabilized", "ScaleDownStabilized", "DesiredWithinRange",
        "TooFewReplicas", "TooManyReplicas", "ScaleUpLimit", "ScaleDownLimit",
        /* of the HPA */
        "", "", "", "", "", "", "", "", "", "", "", "SucceededGetScale", "FailedGetScale",
        "SucceededRescale", "FailedUpdateScale", "ValidMetricFound", "ScalingDisabled",
        "InvalidSelector", "AmbiguousSelector", "InvalidMetricSourceType",
        "FailedGetResourceMetric", "FailedGetContainerResourceMetric", "FailedGetPodsMetric",
        "FailedGetObjectMetric", "FailedGetExternalMetric", "ScaledToZero", "NotScaledToZero"};

    return reason >= 0 && reason < (int32_t)(sizeof names / sizeof names[0]) ? names[reason] : "";
}

/* ---- snapshots ------------------------------------------------------------------------------ */

enum {
    RECORD_SEEN = 0x400,
    RECORD_BEGUN,
    RECORD_COUNT,
    RECORD_RECOMMENDATIONS,
    RECORD_EVENT_COUNT = 0x410, /* and the one after it */
    RECORD_EVENTS = 0x420       /* likewise */
};

void weir__behavior_write(const weir_behavior *b, struct weir__writer *w)
{
    const struct weir__recommendations *r = &b->recommendations;

    weir__snapshot_i64(w, RECORD_SEEN, b->seen);
    weir__snapshot_i64(w, RECORD_BEGUN, r->begun);
    weir__snapshot_i64(w, RECORD_COUNT, r->count);
    weir__snapshot_i64s_open(w, RECORD_RECOMMENDATIONS, 2 * (size_t)r->count);
    for (uint16_t i = 0; i < r->count; i++) {
        weir__snapshot_next_i64(w, weir__recommendations_get(r, i)->at);
        weir__snapshot_next_i64(w, weir__recommendations_get(r, i)->replicas);
    }
    for (int32_t d = 0; d < 2; d++) {
        struct weir__events events = weir__behavior_events(b, d);

        weir__snapshot_i64(w, (uint16_t)(RECORD_EVENT_COUNT + d), events.count);
        weir__snapshot_i64s_open(w, (uint16_t)(RECORD_EVENTS + d), 3 * (size_t)events.count);
        for (uint16_t i = 0; i < events.count; i++) {
            weir__snapshot_next_i64(w, events.list[i].at);
            weir__snapshot_next_i64(w, events.list[i].change);
            weir__snapshot_next_i64(w, events.list[i].outdated);
        }
    }
}

/* Values of an array that has to hold int32. */
static void check_i32(struct weir__reader *r, uint16_t id, const uint8_t *values, size_t index)
{
    int64_t value = weir__get_i64(values, index);

    if (value < INT32_MIN || value > INT32_MAX) {
        r->missing = r->failed ? r->missing : id;
        r->failed = 1;
    }
}

void weir__behavior_read(const weir_behavior *b, struct weir__reader *r,
                         struct weir__behavior_image *image)
{
    memset(image, 0, sizeof *image);
    image->seen = weir__record_i64(r, RECORD_SEEN);
    image->begun = (int32_t)weir__record_in(r, RECORD_BEGUN, 0, 1);
    image->count = (uint16_t)weir__record_in(r, RECORD_COUNT, 0, b->recommendations.capacity);
    image->recommendations = weir__record_i64s(r, RECORD_RECOMMENDATIONS, 2 * (size_t)image->count);
    for (uint16_t i = 0; image->recommendations != NULL && i < image->count; i++) {
        check_i32(r, RECORD_RECOMMENDATIONS, image->recommendations, 2 * (size_t)i + 1);
    }
    for (int32_t d = 0; d < 2; d++) {
        uint16_t id = (uint16_t)(RECORD_EVENTS + d);

        image->event_count[d] = (uint16_t)weir__record_in(r, (uint16_t)(RECORD_EVENT_COUNT + d), 0,
                                                          b->event_capacity[d]);
        image->events[d] = weir__record_i64s(r, id, 3 * (size_t)image->event_count[d]);
        for (uint16_t i = 0; image->events[d] != NULL && i < image->event_count[d]; i++) {
            check_i32(r, id, image->events[d], 3 * (size_t)i + 1);
        }
    }
}

void weir__behavior_commit(weir_behavior *b, const struct weir__behavior_image *image)
{
    b->seen = image->seen;
    for (uint16_t i = 0; i < image->count; i++) {
        weir__recommendations_set(
            &b->recommendations, i, weir__get_i64(image->recommendations, 2 * (size_t)i),
            (int32_t)weir__get_i64(image->recommendations, 2 * (size_t)i + 1));
    }
    weir__recommendations_finish(&b->recommendations, image->count);
    b->recommendations.begun = image->begun;
    for (int32_t d = 0; d < 2; d++) {
        struct weir__events events = weir__behavior_events(b, d);

        for (uint16_t i = 0; i < image->event_count[d]; i++) {
            const uint8_t *values = image->events[d];

            events.list[i].at = weir__get_i64(values, 3 * (size_t)i);
            events.list[i].change = (int32_t)weir__get_i64(values, 3 * (size_t)i + 1);
            events.list[i].outdated = weir__get_i64(values, 3 * (size_t)i + 2) != 0;
        }
        b->event_count[d] = image->event_count[d];
    }
}

weir_status weir_behavior_save(const weir_behavior *behavior, uint8_t *buffer, size_t capacity,
                               size_t *need)
{
    struct weir__writer w;

    if (!is_behavior(behavior)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_BEHAVIOR, behavior->digest);
    weir__behavior_write(behavior, &w);
    return weir__snapshot_close(&w, need);
}

weir_status weir_behavior_load(weir_behavior *behavior, const uint8_t *buffer, size_t length,
                               weir_error *err)
{
    struct weir__behavior_image image;
    struct weir__reader r;
    weir_status status;

    if (!is_behavior(behavior)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a behavior");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_BEHAVIOR, behavior->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    weir__behavior_read(behavior, &r, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        weir__behavior_commit(behavior, &image);
    }
    return status;
}
