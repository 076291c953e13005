/*
 * replay/requests.c - requests instead of rows: they arrive, and every second the activator and the
 * pods report what they came to.
 */
#include "base/num.h"
#include "replay/state.h"

static void *in_flight(weir_replay *r)
{
    return (uint8_t *)r + r->traffic_at;
}

/* One report about requests to the autoscaler. */
static weir_status report_stat(weir_replay *r, void *autoscaler, weir_time at,
                               const weir_kpa_stat *stat)
{
    weir_reading readings[2] = {
        {at, r->concurrency, -1, WEIR_OK, 0,
         stat->average_concurrent_requests - stat->average_proxied_concurrent_requests},
        {at, r->rps, -1, WEIR_OK, 0, stat->request_count - stat->proxied_request_count},
    };

    r->reported_at = at;
    return weir_autoscaler_record(autoscaler, readings, 2);
}

/* What the activator reports of a first request, at the time of that. */
static weir_status report_first(weir_replay *r, void *autoscaler)
{
    weir_time at = r->traffic.first_at;

    if (at == WEIR_TIME_NONE) {
        return WEIR_OK;
    }
    r->traffic.first_at = WEIR_TIME_NONE;
    return report_stat(r, autoscaler, at, &r->traffic.first);
}

/* The reports of a second. */
weir_status weir__replay_report_requests(weir_replay *r, void *autoscaler)
{
    weir_time at = r->traffic.next_report;
    weir_status status = weir__traffic_advance(&r->traffic, in_flight(r), at);
    weir_kpa_stat stats[2];
    double load = 0.0;
    int count;

    if (status == WEIR_OK) {
        status = report_first(r, autoscaler);
    }
    if (status != WEIR_OK) {
        return status;
    }
    weir__plant_advance(&r->plant, weir__yard_of(r), at);
    count = weir__traffic_report(&r->traffic, stats);
    for (int i = 0; i < count; i++) {
        load += r->main_series == r->rps ? stats[i].request_count - stats[i].proxied_request_count
                                         : stats[i].average_concurrent_requests -
                                               stats[i].average_proxied_concurrent_requests;
        status = report_stat(r, autoscaler, at, &stats[i]);
        if (status != WEIR_OK) {
            return status;
        }
    }
    weir__plant_load(&r->plant, load);
    return WEIR_OK;
}

static int32_t series_named(const void *autoscaler, const char *name)
{
    const char *series;

    for (int32_t i = 0; (series = weir_autoscaler_series_name(autoscaler, i)) != NULL; i++) {
        size_t at = 0;

        while (series[at] != '\0' && series[at] == name[at]) {
            at++;
        }
        if (series[at] == name[at]) {
            return i;
        }
    }
    return -1;
}

/* Whether a request may arrive at a time; everything before it has happened then. */
static weir_status open_for_requests(weir_replay *r, void *autoscaler, weir_time at)
{
    if (!weir__block_is(r, WEIR__KIND_REPLAY) || weir_autoscaler_kind(autoscaler) == 0 ||
        r->traffic.max == 0 || r->row_at != WEIR_TIME_NONE) {
        return WEIR_E_ARG;
    }
    if (r->series == 0) {
        r->series = weir_autoscaler_series_count(autoscaler);
        r->main_series = weir_autoscaler_main_series(autoscaler);
        r->concurrency = series_named(autoscaler, "concurrency");
        r->rps = series_named(autoscaler, "rps");
    }
    if (r->concurrency < 0 || r->rps < 0 || !weir_autoscaler_watches_pods(autoscaler)) {
        return WEIR_E_RANGE;
    }
    if (at < r->passed || at < r->traffic.now || at > r->traffic.next_report ||
        at > weir_autoscaler_due(autoscaler)) {
        return WEIR_E_TIME;
    }
    return weir__traffic_advance(&r->traffic, in_flight(r), at);
}

weir_status weir_replay_request(weir_replay *replay, void *autoscaler, weir_time at,
                                weir_duration duration)
{
    weir_status status = open_for_requests(replay, autoscaler, at);

    if (status != WEIR_OK) {
        return status;
    }
    if (duration < 0) {
        return WEIR_E_ARG;
    }
    status = weir__traffic_arrive(&replay->traffic, in_flight(replay), duration);
    return status == WEIR_OK ? report_first(replay, autoscaler) : status;
}

weir_status weir_replay_workers(weir_replay *replay, void *autoscaler, weir_time at,
                                int64_t workers, weir_duration duration, weir_time until)
{
    weir_status status = open_for_requests(replay, autoscaler, at);

    if (status != WEIR_OK) {
        return status;
    }
    if (duration <= 0 || workers < 0 || replay->traffic.workers_until != WEIR_TIME_NONE) {
        return WEIR_E_ARG;
    }
    replay->traffic.workers_until = until;
    replay->traffic.service_time = duration;
    for (int64_t i = 0; i < workers && status == WEIR_OK; i++) {
        status = weir__traffic_arrive(&replay->traffic, in_flight(replay), duration);
    }
    return status == WEIR_OK ? report_first(replay, autoscaler) : status;
}

weir_status weir_replay_waits(const weir_replay *replay, weir_waits *waits, size_t struct_size)
{
    const struct weir__traffic *t;

    if (!weir__block_is(replay, WEIR__KIND_REPLAY) || waits == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *waits) {
        return WEIR_E_STRUCT;
    }
    t = &replay->traffic;
    memset(waits, 0, sizeof *waits);
    waits->struct_size = (uint32_t)sizeof *waits;
    waits->completed = t->completed;
    waits->running = t->running;
    waits->waiting = t->waiting;
    waits->held = t->held;
    waits->longest = t->longest;
    waits->waited = t->waited;
    memcpy(waits->buckets, t->waits, sizeof waits->buckets);
    return WEIR_OK;
}

double weir_replay_load(const weir_replay *replay)
{
    return weir__block_is(replay, WEIR__KIND_REPLAY) ? replay->plant.load : 0.0;
}

/* ---- decisions ------------------------------------------------------------------------------ */

weir_status weir__replay_requests_follow(weir_replay *r, weir_time at, int proxied)
{
    weir_status status = weir__traffic_advance(&r->traffic, in_flight(r), at);

    if (status == WEIR_OK) {
        weir__traffic_pods(&r->traffic, in_flight(r), r->plant.ready, proxied);
    }
    return status;
}
