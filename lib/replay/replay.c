/*
 * replay/replay.c - rows to decisions: samples held between rows, decisions when they are due, pods
 * that follow, and the score.
 */
#include "base/fields.h"
#include "base/num.h"
#include "replay/plant.h"
#include <weir/replay.h>

struct weir_replay {
    struct weir__block block;
    weir_time started;
    weir_duration sample_interval, hold;
    weir_time row_at;      /* time of the last row; WEIR_TIME_NONE: none yet */
    weir_time next_sample; /* when it is recorded again */
    weir_time panic_from;  /* since when panic seconds are not counted yet; NONE: no panic */
    int32_t held_count;
    int32_t direction; /* of the last change: 1 up, -1 down, 0 none yet */
    weir_report report;
    struct weir__plant plant;
    weir_reading held[WEIR_REPLAY_SERIES_MAX]; /* the last row */
    /* Followed by: the batches of the plant. */
};

#define KIND_REPLAY 100 /* of the block; a replay is no kind of autoscaler */

#define ROW(m)  WEIR__MEMBER(weir_replay_config, m), WEIR__NO_KEYS, .values = ""
#define LONGEST (INT64_C(1) << 60)
static const weir_field fields[] = {
    {ROW(initial_replicas), .unit = "pods", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .idefault = 1, .doc = "Pods that are ready when the replay begins."},
    {ROW(pod_start), .unit = "s", .type = WEIR_FIELD_DURATION, .imax = LONGEST,
     .doc = "From the time a pod is asked for until it is ready."},
    {ROW(pod_stop), .unit = "s", .type = WEIR_FIELD_DURATION, .imax = LONGEST,
     .doc = "From the time a pod is told to stop until it is gone."},
    {ROW(sample_interval), .unit = "s", .type = WEIR_FIELD_DURATION, .imax = LONGEST,
     .idefault = WEIR_SECOND, .doc = "A row is recorded again this often until the next one."},
    {ROW(hold), .unit = "s", .type = WEIR_FIELD_DURATION, .imax = LONGEST,
     .idefault = 300 * WEIR_SECOND,
     .doc = "How long a row stands for; after that there is no data."},
};

static const struct weir__table table = WEIR__TABLE(weir_replay_config, fields);

weir_status weir_replay_config_init(weir_replay_config *config, size_t struct_size)
{
    return weir__config_init(&table, config, struct_size);
}

static weir_status take(weir_replay_config *to, const weir_replay_config *from, weir_error *err)
{
    weir_status status = weir__config_take(&table, to, from, err);

    return status == WEIR_OK ? weir__config_check(&table, to, err) : status;
}

weir_status weir_replay_config_check(const weir_replay_config *config, weir_error *err)
{
    weir_replay_config own;

    return take(&own, config, err);
}

static size_t bytes_of(const weir_replay_config *own)
{
    size_t batches =
        (size_t)weir__plant_batches(own->pod_start) + (size_t)weir__plant_batches(own->pod_stop);

    return sizeof(weir_replay) + batches * sizeof(struct weir__batch);
}

weir_status weir_replay_bytes(const weir_replay_config *config, size_t *bytes, weir_error *err)
{
    weir_replay_config own;
    weir_status status = take(&own, config, err);

    if (status == WEIR_OK && bytes == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "there is nowhere to put the size");
    }
    if (status == WEIR_OK) {
        *bytes = bytes_of(&own);
    }
    return status;
}

weir_status weir_replay_init(weir_replay *replay, size_t bytes, const weir_replay_config *config,
                             weir_time start, weir_error *err)
{
    weir_replay *r = replay;
    weir_replay_config own;
    weir_status status = take(&own, config, err);

    if (status != WEIR_OK) {
        return status;
    }
    if (!weir__aligned(r)) {
        return weir__fail(err, WEIR_E_ARG, "", "the block is NULL or not 8-byte aligned");
    }
    if (bytes < bytes_of(&own)) {
        return weir__fail(err, WEIR_E_SPACE, "", "the block is smaller than asked for");
    }
    memset(r, 0, bytes_of(&own));
    weir__block_set(&r->block, KIND_REPLAY, bytes_of(&own));
    r->started = start;
    r->sample_interval = own.sample_interval;
    r->hold = own.hold;
    r->row_at = WEIR_TIME_NONE;
    r->next_sample = WEIR_TIME_NEVER;
    r->panic_from = WEIR_TIME_NONE;
    r->plant.now = start;
    r->plant.pod_start = own.pod_start;
    r->plant.pod_stop = own.pod_stop;
    r->plant.wanted = own.initial_replicas;
    r->plant.ready = own.initial_replicas;
    r->plant.sums.peak = own.initial_replicas;
    r->plant.starting.capacity = weir__plant_batches(own.pod_start);
    r->plant.stopping.capacity = weir__plant_batches(own.pod_stop);
    r->report.digest = WEIR__FNV_START;
    return WEIR_OK;
}

static struct weir__batch *batches(weir_replay *r)
{
    return (struct weir__batch *)(void *)(r + 1);
}

/* ---- samples -------------------------------------------------------------------------------- */

weir_status weir_replay_record(weir_replay *replay, void *autoscaler, const weir_reading *readings,
                               size_t count)
{
    weir_replay *r = replay;
    weir_status status;

    if (!weir__block_is(r, KIND_REPLAY) || readings == NULL || count == 0) {
        return WEIR_E_ARG;
    }
    if (count > WEIR_REPLAY_SERIES_MAX) {
        return WEIR_E_LIMIT;
    }
    if (readings[0].at < r->plant.now || readings[0].at <= r->row_at) {
        return WEIR_E_TIME;
    }
    status = weir_autoscaler_record(autoscaler, readings, count);
    if (status != WEIR_OK) {
        return status;
    }
    memcpy(r->held, readings, count * sizeof *readings);
    r->held_count = (int32_t)count;
    r->row_at = readings[0].at;
    r->next_sample =
        r->sample_interval > 0 ? weir__add(r->row_at, r->sample_interval) : WEIR_TIME_NEVER;
    return WEIR_OK;
}

/* Records the last row once more, as of its next sample time. */
static weir_status sample_again(weir_replay *r, void *autoscaler)
{
    for (int32_t i = 0; i < r->held_count; i++) {
        r->held[i].at = r->next_sample;
    }
    r->next_sample = weir__add(r->next_sample, r->sample_interval);
    if (weir__sub(r->next_sample, r->row_at) >= r->hold) {
        r->next_sample = WEIR_TIME_NEVER;
    }
    return weir_autoscaler_record(autoscaler, r->held, (size_t)r->held_count);
}

/* ---- decisions ------------------------------------------------------------------------------ */

static void look(const weir_replay *r, weir_target *target)
{
    int64_t exist = r->plant.ready + r->plant.starting.pods;

    weir_target_init(target, sizeof *target);
    target->spec_replicas = (int32_t)r->plant.wanted;
    target->status_replicas = (int32_t)(exist < INT32_MAX ? exist : INT32_MAX);
    target->ready_replicas = (int32_t)r->plant.ready;
}

static uint64_t digest(uint64_t hash, const weir_decision *d)
{
    hash = weir__fnv_u64(hash, (uint64_t)d->at);
    hash = weir__fnv_u64(hash, (uint64_t)(int64_t)d->replicas);
    hash = weir__fnv_u64(hash, (uint64_t)(int64_t)d->excess_burst_capacity);
    return weir__fnv_u64(hash, (uint64_t)d->flags << 1 | (uint64_t)d->valid);
}

/* Counts a decision and lets the cluster follow it. */
static void follow(weir_replay *r, const weir_decision *d)
{
    weir_report *report = &r->report;
    int64_t change = (int64_t)d->replicas - r->plant.wanted;
    int panics = (d->flags & WEIR_FLAG_PANIC) != 0;

    report->decisions++;
    report->invalid += !d->valid;
    report->digest = digest(report->digest, d);
    if (r->panic_from != WEIR_TIME_NONE) {
        report->panic_seconds += (double)(d->at - r->panic_from) / 1e9;
    }
    r->panic_from = panics ? d->at : WEIR_TIME_NONE;
    if (!d->valid || d->replicas < 0 || change == 0) {
        return;
    }
    report->scale_ups += change > 0;
    report->scale_downs += change < 0;
    report->reversals += r->direction != 0 && r->direction != (change > 0 ? 1 : -1);
    r->direction = change > 0 ? 1 : -1;
    weir__plant_scale(&r->plant, batches(r), d->replicas);
}

weir_status weir_replay_next(weir_replay *replay, void *autoscaler, weir_time until,
                             weir_decision *out, weir_explain *explain, weir_target *target)
{
    weir_replay *r = replay;
    weir_target seen;
    weir_status status;
    weir_time due;

    if (!weir__block_is(r, KIND_REPLAY) || out == NULL) {
        return WEIR_E_ARG;
    }
    for (;;) {
        due = weir_autoscaler_due(autoscaler);
        if (weir_autoscaler_poked(autoscaler)) {
            weir_time last = r->held_count > 0 ? r->held[0].at : r->plant.now;

            due = last < due ? last : due;
        }
        if (r->next_sample > due || r->next_sample >= until) {
            break;
        }
        status = sample_again(r, autoscaler); /* before a decision of the same time */
        if (status != WEIR_OK) {
            return status;
        }
    }
    if (due >= until) {
        return WEIR_END;
    }
    due = due > r->plant.now ? due : r->plant.now;
    weir__plant_advance(&r->plant, batches(r), due);
    look(r, &seen);
    status = weir_autoscaler_decide(autoscaler, &seen, due, out, explain);
    if (status < WEIR_OK) {
        return status;
    }
    follow(r, out);
    if (target != NULL) {
        *target = seen;
    }
    return status;
}

weir_status weir_replay_target(const weir_replay *replay, weir_target *target)
{
    if (!weir__block_is(replay, KIND_REPLAY) || target == NULL) {
        return WEIR_E_ARG;
    }
    look(replay, target);
    return WEIR_OK;
}

weir_status weir_replay_report(weir_replay *replay, weir_time end, weir_report *report,
                               size_t struct_size)
{
    weir_replay *r = replay;

    if (!weir__block_is(r, KIND_REPLAY) || report == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *report) {
        return WEIR_E_STRUCT;
    }
    if (end > r->plant.now) {
        if (r->panic_from != WEIR_TIME_NONE) {
            r->report.panic_seconds += (double)(end - r->panic_from) / 1e9;
            r->panic_from = end;
        }
        weir__plant_advance(&r->plant, batches(r), end);
    }
    *report = r->report;
    report->struct_size = (uint32_t)sizeof *report;
    report->peak_replicas =
        (int32_t)(r->plant.sums.peak < INT32_MAX ? r->plant.sums.peak : INT32_MAX);
    report->seconds = (double)(r->plant.now - r->started) / 1e9;
    report->replica_seconds = r->plant.sums.replica_seconds;
    report->ready_seconds = r->plant.sums.ready_seconds;
    report->zero_seconds = r->plant.sums.zero_seconds;
    return WEIR_OK;
}
