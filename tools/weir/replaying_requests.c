/*
 * replaying_requests.c - a load of requests: a log with one a row, or workers that send them.
 */
#include "replaying_state.h"

#include <inttypes.h>

/* After the last request: until all are answered, and the pods have come to rest. */
#define REST    (120 * WEIR_SECOND)
#define LONGEST (INT64_C(24) * 3600 * WEIR_SECOND)

static int open_log(struct replaying *r)
{
    static const char *const durations[] = {"duration", "latency", "duration_s", NULL};
    static const char *const ends[] = {"end", "end_time", NULL};
    const struct request *q = &r->request;

    r->outcome.series =
        weir_autoscaler_series_name(r->autoscaler, weir_autoscaler_main_series(r->autoscaler));
    r->duration_column = r->end_column = -1;
    if (q->workers > 0) {
        return EXIT_FINE;
    }
    if (open_csv(r, q->load, &r->time_column) != EXIT_FINE) {
        return EXIT_INPUT;
    }
    if (q->has_service_time) {
        return EXIT_FINE;
    }
    r->end_column = q->duration == NULL ? find_column(r, q->end, ends, q->end != NULL) : -1;
    if (r->end_column == -1) {
        r->duration_column = find_column(r, q->duration, durations, 1);
    }
    return r->end_column == -2 || r->duration_column == -2 ? EXIT_INPUT : EXIT_FINE;
}

/* How long the request at hand takes. NULL, or what was expected. */
static const char *read_duration(struct replaying *r, weir_time at, const struct csv_field **field)
{
    double seconds;
    weir_time end;

    if (r->request.has_service_time) {
        r->duration = r->request.service_time;
        return NULL;
    }
    if (r->end_column >= 0) {
        const char *expected = csv_time(*field = csv_get(r->csv, r->end_column), &end);

        if (expected == NULL && end < at) {
            return "an end that is not before the start was expected";
        }
        r->duration = end - at;
        return expected;
    }
    *field = csv_get(r->csv, r->duration_column);
    if (!csv_number(*field, &seconds) || !(seconds >= 0) || seconds > 1e9) {
        return "a duration in seconds, 0 or more, was expected";
    }
    r->duration = (weir_duration)(seconds * 1e9 + 0.5);
    return NULL;
}

static int next(struct replaying *r, weir_time *at)
{
    int more = csv_next(r->csv);
    const struct csv_field *field;
    const char *expected;

    if (more != 1) {
        return more;
    }
    field = csv_get(r->csv, r->time_column);
    expected = csv_time(field, at);
    if (expected == NULL && r->outcome.started && *at < r->outcome.last) {
        expected = "time goes back: requests in order of their start were expected";
    }
    if (expected == NULL) {
        expected = read_duration(r, *at, &field);
    }
    if (expected != NULL) {
        csv_complain(r->csv, field, expected);
        return -1;
    }
    return 1;
}

static weir_status take(struct replaying *r, weir_time at)
{
    return weir_replay_request(r->replay, r->autoscaler, at, r->duration);
}

static int64_t in_flight(const struct replaying *r)
{
    weir_waits waits;

    return replaying_waits(r, &waits) ? waits.running + waits.waiting : 0;
}

/* Goes on from *end until everything is answered and the pods have not changed for a while. */
static int come_to_rest(struct replaying *r, witness see, void *user, weir_time *end)
{
    weir_time changed = *end, last = *end;
    weir_target target;
    int32_t pods = -1;
    int go_on = 1;

    weir_target_init(&target, sizeof target);
    while (go_on > 0 && *end - last < LONGEST) {
        weir_replay_target(r->replay, &target);
        if (target.spec_replicas != pods || in_flight(r) > 0) {
            pods = target.spec_replicas;
            changed = *end;
        }
        if (*end - changed >= (pods == 0 ? WEIR_SECOND : REST)) {
            return go_on;
        }
        *end += WEIR_SECOND;
        go_on = decide_until(r, *end, see, user);
    }
    if (go_on > 0) {
        complain("%lld requests are still not answered a day after the last one came",
                 (long long)in_flight(r));
    }
    return go_on;
}

/* The workers' requests, if there are any; then up to --to, or to rest. */
static int finish(struct replaying *r, witness see, void *user, weir_time *end)
{
    const struct request *q = &r->request;
    int go_on = 1;

    if (q->workers > 0) {
        weir_status status = weir_replay_workers(r->replay, r->autoscaler, *end, q->workers,
                                                 q->service_time, *end + q->workers_for);

        if (status != WEIR_OK) {
            complain("the workers' requests: %s", weir_strerror(status));
            return -1;
        }
        *end += q->workers_for;
        go_on = decide_until(r, *end, see, user);
    }
    if (go_on > 0 && q->to != INT64_MAX && q->to >= *end) {
        *end = q->to;
        return decide_until(r, *end, see, user);
    }
    return go_on > 0 ? come_to_rest(r, see, user, end) : go_on;
}

static void describe(const struct replaying *r)
{
    const struct request *q = &r->request;

    if (q->workers > 0) {
        char service[32], length[32];

        put_duration(service, sizeof service, q->service_time);
        put_duration(length, sizeof length, q->workers_for);
        printf("  load: %" PRId64
               " workers for %s; a request runs %s, and the next one follows it\n",
               q->workers, length, service);
    } else {
        printf("  load: the requests of %s\n", q->load);
    }
}

const struct source requests_source = {
    .open = open_log, .next = next, .take = take, .finish = finish, .describe = describe};
