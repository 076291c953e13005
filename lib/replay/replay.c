/*
 * replay/replay.c - rows to samples, samples to decisions when they are due, and pods that follow.
 *
 * Events are taken in order of time; at one time first pods become ready or go, then the sample is
 * recorded, then the decision is made.
 */
#include "base/fields.h"
#include "base/num.h"
#include "replay/state.h"

#define ROW(m)  WEIR__MEMBER(weir_replay_config, m), WEIR__NO_KEYS, .values = ""
#define LONGEST (INT64_C(1) << 60)
static const weir_field fields[] = {
    {ROW(initial_replicas), .unit = "pods", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .idefault = 1, .doc = "Pods that are ready when the replay begins."},
    {ROW(pods_max), .unit = "pods", .type = WEIR_FIELD_INT, .imax = 1000000,
     .doc = "Single pods that the target shows."},
    {ROW(skip_idle), .unit = "", .type = WEIR_FIELD_BOOL, .imax = 1, .idefault = 1,
     .doc = "Decisions without data are counted but not given."},
    {ROW(pod_start), .unit = "s", .type = WEIR_FIELD_DURATION, .imax = WEIR_REPLAY_POD_DELAY_MAX,
     .doc = "From the time a pod is asked for until it is ready."},
    {ROW(pod_stop), .unit = "s", .type = WEIR_FIELD_DURATION, .imax = WEIR_REPLAY_POD_DELAY_MAX,
     .doc = "From the time a pod is told to stop until it is gone."},
    {ROW(sample_interval), .unit = "s", .type = WEIR_FIELD_DURATION, .imax = LONGEST,
     .idefault = WEIR_SECOND, .doc = "Time between two samples; 0 reports rows as they are."},
    {ROW(hold), .unit = "s", .type = WEIR_FIELD_DURATION, .imin = 1, .imax = LONGEST,
     .idefault = 300 * WEIR_SECOND,
     .doc = "How long a row stands for; after that there is no data."},
    {ROW(requests_max), .unit = "requests", .type = WEIR_FIELD_INT,
     .imax = WEIR_REPLAY_REQUESTS_MAX,
     .doc = "Requests in flight at once that there is room for; 0 takes rows."},
    {ROW(container_concurrency), .unit = "requests", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .doc = "Requests that a pod runs at once; 0 is any number."},
    {ROW(pod_capacity), .unit = "", .type = WEIR_FIELD_DOUBLE, .dmax = 1e300,
     .doc = "Load of the main series that a pod can take; 0 is not known."},
    {WEIR__MEMBER(weir_replay_config, sampling), WEIR__NO_KEYS, .values = "mean|newest", .unit = "",
     .type = WEIR_FIELD_ENUM, .imax = 1, .doc = "How rows become samples."},
};

static const struct weir__table table = WEIR__TABLE(weir_replay_config, fields);

/* ---- making --------------------------------------------------------------------------------- */

weir_status weir_replay_config_init(weir_replay_config *config, size_t struct_size)
{
    return weir__config_init(&table, config, struct_size);
}

static weir_status take(weir_replay_config *to, const weir_replay_config *from, weir_error *err)
{
    weir_status status = weir__config_take(&table, to, from, err);

    if (status == WEIR_OK) {
        status = weir__config_check(&table, to, err);
    }
    if (status == WEIR_OK && to->pods_max > 0 && to->initial_replicas > to->pods_max) {
        return weir__fail(err, WEIR_E_RANGE, "initial_replicas", "must not be above pods_max");
    }
    return status;
}

weir_status weir_replay_config_check(const weir_replay_config *config, weir_error *err)
{
    weir_replay_config own;

    return take(&own, config, err);
}

static void begin_plant(const weir_replay_config *own, struct weir__plant *plant)
{
    memset(plant, 0, sizeof *plant);
    plant->pod_start = own->pod_start;
    plant->pod_stop = own->pod_stop;
    plant->pod_capacity = own->pod_capacity;
    plant->pods_max = own->pods_max;
    plant->starting.capacity = weir__plant_batches(own->pod_start);
    plant->stopping.capacity = weir__plant_batches(own->pod_stop);
}

/* Where the traffic's part begins, and the end of the block. */
static size_t bytes_of(const weir_replay_config *own, size_t *traffic_at)
{
    struct weir__plant plant;

    begin_plant(own, &plant);
    *traffic_at = sizeof(weir_replay) + weir__plant_bytes(&plant);
    return *traffic_at + weir__traffic_bytes(own->requests_max);
}

weir_status weir_replay_bytes(const weir_replay_config *config, size_t *bytes, weir_error *err)
{
    weir_replay_config own;
    weir_status status = take(&own, config, err);
    size_t traffic_at;

    return status == WEIR_OK ? weir__give_bytes(bytes, bytes_of(&own, &traffic_at), err) : status;
}

weir_status weir_replay_init(weir_replay *replay, size_t bytes, const weir_replay_config *config,
                             weir_time start, weir_error *err)
{
    weir_replay *r = replay;
    weir_replay_config own;
    weir_status status = take(&own, config, err);
    size_t need, traffic_at;

    if (status != WEIR_OK) {
        return status;
    }
    need = bytes_of(&own, &traffic_at);
    status = weir__block_fits(r, bytes, need, err);
    if (status != WEIR_OK) {
        return status;
    }
    memset(r, 0, traffic_at);
    weir__block_set(&r->block, WEIR__KIND_REPLAY, need);
    r->traffic_at = traffic_at;
    r->started = start;
    r->row_at = WEIR_TIME_NONE;
    r->passed = start;
    r->reported_at = start;
    r->ready = own.initial_replicas;
    r->skip_idle = own.skip_idle;
    r->sampled = own.sample_interval > 0;
    weir__sampler_begin(&r->sampler, start, own.sample_interval, own.hold,
                        own.sampling == WEIR_SAMPLING_NEWEST);
    weir__score_begin(&r->score);
    begin_plant(&own, &r->plant);
    weir__plant_begin(&r->plant, weir__yard(r), start, own.initial_replicas);
    weir__traffic_begin(&r->traffic, own.requests_max, own.container_concurrency, start,
                        own.initial_replicas);
    return WEIR_OK;
}

/* ---- samples -------------------------------------------------------------------------------- */

/* When an autoscaler that watches the pods has something to look at. */
static weir_time next_change(const weir_replay *r, const void *autoscaler)
{
    if (!weir_autoscaler_watches_pods(autoscaler)) {
        return WEIR_TIME_NEVER;
    }
    return r->plant.ready != r->ready ? r->plant.now
                                      : weir__plant_next_ready(&r->plant, weir__yard_of(r));
}

static weir_time earlier(weir_time a, weir_time b)
{
    return a < b ? a : b;
}

static weir_status check_row(const weir_replay *r, const void *autoscaler, const weir_reading *row,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (row[i].series < 0 || row[i].series >= r->series) {
            return WEIR_E_RANGE;
        }
        if (row[i].at != row[0].at || (r->sampled && row[i].pod != -1)) {
            return WEIR_E_ARG;
        }
        if (r->sampled && row[i].series >= WEIR_REPLAY_SERIES_MAX) {
            return WEIR_E_LIMIT;
        }
    }
    if (r->traffic.any) {
        return WEIR_E_ARG; /* there are requests */
    }
    if (row[0].at < 0 || row[0].at < r->passed || row[0].at <= r->row_at ||
        row[0].at > (r->sampled
                         ? r->sampler.next
                         : earlier(weir_autoscaler_due(autoscaler), next_change(r, autoscaler)))) {
        return WEIR_E_TIME;
    }
    return WEIR_OK;
}

/* Whether anybody is there to report these readings. */
static int is_reported(const weir_replay *r, const void *autoscaler, int loaded)
{
    if (loaded || r->loaded) {
        return 1;
    }
    switch (weir_autoscaler_zero(autoscaler)) {
    case WEIR_ZERO_BY_PODS: return r->plant.ready > 0;
    case WEIR_ZERO_ONCE: return 0;
    default: return 1;
    }
}

/* Whether readings are of a load above zero, and the load of the main series. */
static int load_of(const weir_replay *r, const weir_reading *readings, size_t count, double *load)
{
    int loaded = 0;

    *load = r->plant.load;
    for (size_t i = 0; i < count; i++) {
        loaded |= readings[i].status != WEIR_OK || readings[i].value != 0.0;
        if (readings[i].series == r->main_series && readings[i].status == WEIR_OK) {
            *load = readings[i].value;
        }
    }
    return loaded;
}

/* Readings of one time, as the autoscaler gets to know them. */
static weir_status report(weir_replay *r, void *autoscaler, const weir_reading *readings,
                          size_t count)
{
    weir_status status = WEIR_OK;
    double load;
    int loaded = load_of(r, readings, count, &load);

    weir__plant_advance(&r->plant, weir__yard_of(r), readings[0].at);
    if (is_reported(r, autoscaler, loaded)) {
        status = weir_autoscaler_record(autoscaler, readings, count);
        r->reported_at = readings[0].at;
    }
    r->loaded = loaded;
    weir__plant_load(&r->plant, load);
    return status;
}

weir_status weir_replay_record(weir_replay *replay, void *autoscaler, const weir_reading *readings,
                               size_t count)
{
    weir_replay *r = replay;
    weir_status status;

    if (!weir__block_is(r, WEIR__KIND_REPLAY) || weir_autoscaler_kind(autoscaler) == 0 ||
        readings == NULL || count == 0) {
        return WEIR_E_ARG;
    }
    if (count > WEIR_REPLAY_SERIES_MAX) {
        return WEIR_E_LIMIT;
    }
    if (r->series == 0) {
        r->series = weir_autoscaler_series_count(autoscaler);
        r->main_series = weir_autoscaler_main_series(autoscaler);
    }
    status = check_row(r, autoscaler, readings, count);
    if (status != WEIR_OK) {
        return status;
    }
    if (r->sampled) {
        weir__sampler_put(&r->sampler, readings, count);
    } else {
        status = report(r, autoscaler, readings, count);
    }
    r->row_at = readings[0].at;
    return status;
}

/* ---- samples and reports -------------------------------------------------------------------- */

static weir_time next_sample(const weir_replay *r)
{
    return r->sampler.next < r->traffic.next_report ? r->sampler.next : r->traffic.next_report;
}

static weir_status take_sample(weir_replay *r, void *autoscaler)
{
    weir_reading sample[WEIR_REPLAY_SERIES_MAX];
    size_t count;

    if (r->traffic.any) {
        return weir__replay_report_requests(r, autoscaler);
    }
    count = weir__sampler_take(&r->sampler, sample);
    if (count == 0) { /* no row stands any more: what the load is, nobody knows */
        weir__plant_load(&r->plant, 0.0);
        return WEIR_OK;
    }
    return report(r, autoscaler, sample, count);
}

/* ---- decisions ------------------------------------------------------------------------------ */

static weir_status look(weir_replay *r, weir_target *target)
{
    struct weir__plant *p = &r->plant;

    weir_target_init(target, sizeof *target);
    target->spec_replicas = (int32_t)p->wanted;
    target->status_replicas = (int32_t)p->wanted;
    target->ready_replicas = (int32_t)p->ready;
    target->pods = weir__plant_look(p, weir__yard(r));
    target->pod_count = target->pods != NULL ? (uint32_t)p->wanted : 0;
    return target->pods != NULL && p->wanted > p->pods_max ? WEIR_E_LIMIT : WEIR_OK;
}

/* Counts a decision and lets the cluster follow it. */
static void follow(weir_replay *r, const weir_decision *d)
{
    int64_t replicas = d->valid && d->replicas >= 0 ? d->replicas : r->plant.wanted;

    weir__score_decision(&r->score, d, r->plant.wanted, replicas);
    weir__plant_scale(&r->plant, weir__yard(r), replicas);
    r->idle = !d->valid;
}

/* Goes through the samples up to the next decision; its time, or WEIR_TIME_NEVER when it is not
 * before `until`. */
static weir_status go_to_decision(weir_replay *r, void *autoscaler, weir_time until, weir_time *at)
{
    for (;;) {
        weir_time change = next_change(r, autoscaler);
        weir_time due = earlier(weir_autoscaler_due(autoscaler), change);
        weir_status status;
        int64_t skipped;

        if (weir_autoscaler_poked(autoscaler)) {
            due = earlier(due, r->reported_at);
        }
        if (next_sample(r) <= due && next_sample(r) < until) {
            status = take_sample(r, autoscaler);
            if (status != WEIR_OK) {
                return status;
            }
            continue;
        }
        if (due >= until) {
            *at = WEIR_TIME_NEVER;
            return WEIR_OK;
        }
        skipped =
            r->idle && r->skip_idle
                ? weir_autoscaler_skip(autoscaler, earlier(change, earlier(next_sample(r), until)))
                : 0;
        if (skipped == 0) {
            *at = due > r->plant.now ? due : r->plant.now;
            return WEIR_OK;
        }
        weir__score_skipped(&r->score, skipped);
    }
}

weir_status weir_replay_next(weir_replay *replay, void *autoscaler, weir_time until,
                             weir_decision *out, weir_explain *explain, weir_target *target)
{
    weir_replay *r = replay;
    weir_target seen;
    weir_status status;
    weir_time at;

    if (!weir__block_is(r, WEIR__KIND_REPLAY) || weir_autoscaler_kind(autoscaler) == 0 ||
        out == NULL) {
        return WEIR_E_ARG;
    }
    status = go_to_decision(r, autoscaler, until, &at);
    if (status != WEIR_OK) {
        return status;
    }
    if (at == WEIR_TIME_NEVER) {
        r->passed = until > r->passed ? until : r->passed;
        return WEIR_END;
    }
    weir__plant_advance(&r->plant, weir__yard_of(r), at);
    r->passed = at > r->passed ? at : r->passed;
    status = look(r, &seen);
    if (status == WEIR_OK) {
        status = weir_autoscaler_decide(autoscaler, &seen, at, out, explain);
    }
    if (status < WEIR_OK) {
        return status;
    }
    if (target != NULL) {
        *target = seen;
    }
    r->ready = seen.ready_replicas;
    follow(r, out);
    if (r->traffic.max > 0) {
        weir_status moved =
            weir__replay_requests_follow(r, at, (out->flags & WEIR_FLAG_PROXY) != 0);

        status = moved != WEIR_OK ? moved : status;
    }
    return status;
}

int weir__replay_is_simple(const weir_replay *r, const struct weir__autoscaler_ops *ops)
{
    return ops != NULL && ops->zero == NULL && ops->skip == NULL && !ops->watches_pods &&
           r->sampled && r->sampler.newest && r->traffic.max == 0;
}

int weir__replay_regular(weir_replay *r, void *autoscaler, const struct weir__autoscaler_ops *ops,
                         const weir_reading *row, size_t count, weir_time until, weir_decision *out,
                         weir_status *status)
{
    weir_time at = row[0].at;
    weir_target seen;
    double load;

    if (at < r->passed || at <= r->row_at || at < r->plant.now || at >= until ||
        !weir__sampler_is_due(&r->sampler, at, count) || ops->due(autoscaler) != at) {
        return 0;
    }
    weir__sampler_pass(&r->sampler, row, count);
    r->row_at = r->passed = r->reported_at = at;
    r->loaded = load_of(r, row, count, &load);
    weir__plant_advance(&r->plant, weir__yard_of(r), at);
    *status = ops->record(autoscaler, row, count);
    weir__plant_load(&r->plant, load);
    if (*status == WEIR_OK) {
        *status = look(r, &seen);
    }
    if (*status != WEIR_OK) {
        return 1;
    }
    *status = ops->decide(autoscaler, &seen, at, out, NULL);
    if (*status >= WEIR_OK) {
        r->ready = seen.ready_replicas;
        follow(r, out);
    }
    return 1;
}

weir_status weir_replay_target(weir_replay *replay, weir_target *target)
{
    if (!weir__block_is(replay, WEIR__KIND_REPLAY) || target == NULL) {
        return WEIR_E_ARG;
    }
    return look(replay, target);
}

weir_status weir_replay_report(const weir_replay *replay, weir_time end, weir_report *report,
                               size_t struct_size)
{
    const weir_replay *r = replay;
    struct weir__plant plant; /* goes on to the end, while the replay's own stays */

    if (!weir__block_is(r, WEIR__KIND_REPLAY) || report == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *report) {
        return WEIR_E_STRUCT;
    }
    if (end < r->plant.now) {
        return WEIR_E_TIME;
    }
    plant = r->plant;
    weir__plant_advance(&plant, weir__yard_of(r), end);
    memset(report, 0, sizeof *report);
    report->struct_size = (uint32_t)sizeof *report;
    report->peak_replicas = (int32_t)(plant.sums.peak < INT32_MAX ? plant.sums.peak : INT32_MAX);
    report->decisions = r->score.decisions;
    report->invalid = r->score.invalid;
    report->scale_ups = r->score.scale_ups;
    report->scale_downs = r->score.scale_downs;
    report->reversals = r->score.reversals;
    report->cold_starts = r->score.cold_starts;
    report->seconds = (double)(end - r->started) / 1e9;
    report->replica_seconds = weir__plant_replica_seconds(&plant);
    report->ready_seconds = weir__plant_ready_seconds(&plant);
    report->panic_seconds = weir__span_seconds(&r->score.panic, end);
    report->proxy_seconds = weir__span_seconds(&r->score.proxy, end);
    report->zero_seconds = weir__span_seconds(&plant.sums.zero, end);
    report->overload_seconds = weir__span_seconds(&plant.sums.overload, end);
    report->digest = r->score.digest;
    return WEIR_OK;
}
