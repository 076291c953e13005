/*
 * replaying.c - carries a request out: the manifests and the load are opened, rows go to a replay,
 * decisions to a witness.
 */
#include "replaying_state.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRESS_ROWS = 500000, REQUESTS_MAX = 1 << 22 };

/* ---- opening -------------------------------------------------------------------------------- */

static int fail(const struct replaying *r, const weir_error *err)
{
    complain("%s: %s %s", r->outcome.item->name, err->path, err->message);
    return EXIT_INPUT;
}

static int make_autoscaler(struct replaying *r, weir_time start)
{
    const struct kind *kind = r->outcome.kind;
    const void *config = r->outcome.config;
    weir_error err = {0};
    size_t bytes;

    if (r->autoscaler == NULL) {
        if (kind->bytes(config, &bytes, &err) != WEIR_OK) {
            return fail(r, &err);
        }
        r->autoscaler = malloc(bytes);
        r->autoscaler_bytes = bytes;
        if (r->autoscaler == NULL) {
            complain("there is no memory left");
            return EXIT_INPUT;
        }
    }
    if (kind->make(r->autoscaler, r->autoscaler_bytes, config, r->request.replay.initial_replicas,
                   start, &err) != WEIR_OK) {
        return fail(r, &err);
    }
    return EXIT_FINE;
}

static int make_config(struct replaying *r)
{
    struct outcome *o = &r->outcome;

    o->config = malloc(o->kind->config_bytes);
    if (o->config == NULL) {
        complain("there is no memory left");
        return EXIT_INPUT;
    }
    memcpy(o->config, o->item->config, o->kind->config_bytes);
    return o->kind->prepare(o->config, &r->request, o->item->name) ? EXIT_FINE : EXIT_USAGE;
}

/* What the replay has to know of its autoscaler. */
static int prepare(struct replaying *r, const weir_manifest_item *item)
{
    struct outcome *o = &r->outcome;
    weir_error err = {0};
    int code;

    if (weir_replay_config_check(&r->request.replay, &err) != WEIR_OK) {
        complain("the replay's %s %s", err.path, err.message);
        return EXIT_USAGE;
    }
    o->item = item;
    o->kind = kind_of(item->kind);
    if (o->kind == NULL) {
        complain("%s: weir cannot replay this kind yet", item->name);
        return EXIT_INPUT;
    }
    code = make_config(r);
    if (code != EXIT_FINE) {
        return code;
    }
    o->kind->replay(o->config, r->request.has_initial, &r->request.replay);
    o->measure_count = o->kind->measures(o->config, o->measures);
    if (r->request.by_requests) {
        if (o->kind->container_concurrency == NULL) {
            complain("%s: a %s is not replayed with requests; give it rows with --load", item->name,
                     item->api_kind);
            return EXIT_USAGE;
        }
        r->request.replay.requests_max = REQUESTS_MAX;
        r->request.replay.container_concurrency = o->kind->container_concurrency(o->config);
    }
    return make_autoscaler(r, 0);
}

int find_column(struct replaying *r, const char *name, const char *const *usual, int needed)
{
    const char *first = usual[0];
    int column = -1;

    for (; name == NULL && *usual != NULL && column == -1; usual++) {
        column = csv_find(r->csv, *usual);
    }
    if (name == NULL && column == -1 && needed) {
        name = first; /* which says what there is instead */
    }
    if (name != NULL) {
        column = csv_column(r->csv, name);
    }
    if (column < (needed || name != NULL ? 0 : -1)) {
        complain("%s", csv_message(r->csv));
        return -2;
    }
    return column;
}

int open_csv(struct replaying *r, const char *path, int *time_column)
{
    static const char *const usual[] = {"time", "timestamp", "time_s", "ts", NULL};
    static const char *const starts[] = {"start", "time", "timestamp", "start_time", NULL};
    char message[CSV_MESSAGE_MAX];

    r->csv = csv_open(path, message);
    if (r->csv == NULL) {
        complain("%s", message);
        return EXIT_INPUT;
    }
    *time_column = r->request.by_requests ? find_column(r, r->request.start, starts, 1)
                                          : find_column(r, r->request.time_column, usual, 1);
    return *time_column < 0 ? EXIT_INPUT : EXIT_FINE;
}

int replaying_check(const struct request *request)
{
    if (request->files.count == 0 ||
        (request->load == NULL && request->workers == 0 && !request_asks(request))) {
        complain("a manifest (-f FILE) and a load (--load FILE.csv, --series FILE, --prometheus "
                 "URL, --requests FILE.csv or --workers N) are needed; see --help");
        return 0;
    }
    if (!request_check_series(request)) {
        return 0;
    }
    if (request->load != NULL && request->workers > 0) {
        complain("--workers makes the load itself: it does not go with --load or --requests");
        return 0;
    }
    if (request->by_requests && request->scale != 1.0) {
        complain("--scale multiplies rows; it does not go with --requests or --workers");
        return 0;
    }
    if (request->workers > 0 && (!request->has_service_time || request->service_time <= 0)) {
        complain("--workers needs --service-time TIME: how long a request runs");
        return 0;
    }
    return 1;
}

struct replaying *replaying_open(const struct request *request, const weir_manifest_item *item,
                                 int *code)
{
    struct replaying *r = calloc(1, sizeof *r);

    if (r == NULL) {
        complain("there is no memory left");
        *code = EXIT_INPUT;
        return NULL;
    }
    r->request = *request;
    r->outcome.one_of_several = request->several;
    weir_decision_init(&r->moment.decision, sizeof r->moment.decision);
    weir_explain_init(&r->moment.explain, sizeof r->moment.explain);
    r->source = request->by_requests ? &requests_source : &rows_source;
    *code = prepare(r, item);
    if (*code == EXIT_FINE && r->outcome.kind->series != NULL) {
        r->source = &metrics_source;
    }
    if (r->source == &rows_source && request_asks(request)) {
        r->source = &series_source;
    }
    if (*code == EXIT_FINE) {
        *code = r->source->open(r);
    }
    if (*code != EXIT_FINE) {
        replaying_close(r);
        return NULL;
    }
    return r;
}

void replaying_close(struct replaying *r)
{
    if (r == NULL) {
        return;
    }
    if (r->source->close != NULL) {
        r->source->close(r);
    } else if (r->csv != NULL) {
        csv_close(r->csv);
    }
    free(r->outcome.config);
    free(r->autoscaler);
    free(r->replay);
    free(r);
}

void replaying_print_load(const struct replaying *r)
{
    r->source->describe(r);
}

const struct outcome *replaying_outcome(const struct replaying *r)
{
    return &r->outcome;
}

const weir_replay_config *replaying_config(const struct replaying *r)
{
    return &r->request.replay;
}

int replaying_waits(const struct replaying *r, weir_waits *waits)
{
    return r->request.by_requests && r->replay != NULL &&
           weir_replay_waits(r->replay, waits, sizeof *waits) == WEIR_OK;
}

/* Begins at the time of the first row. */
static int start(struct replaying *r, weir_time first)
{
    weir_error err = {0};
    size_t bytes;
    int32_t recorded = r->source->initial != NULL ? r->source->initial(r) : -1;
    int code;

    if (recorded >= 0 && !r->request.has_initial) {
        r->request.replay.initial_replicas = recorded;
    }
    code = make_autoscaler(r, first);
    if (code != EXIT_FINE) {
        return code;
    }
    if (weir_replay_bytes(&r->request.replay, &bytes, &err) != WEIR_OK) {
        complain("the replay's %s %s", err.path, err.message);
        return EXIT_USAGE;
    }
    r->replay = malloc(bytes);
    if (r->replay == NULL ||
        weir_replay_init(r->replay, bytes, &r->request.replay, first, &err) != WEIR_OK) {
        complain("there is no memory left");
        return EXIT_INPUT;
    }
    r->outcome.first = first;
    r->outcome.last = first;
    r->outcome.started = 1;
    return EXIT_FINE;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Where the load has come to. */
static void put_place(const struct replaying *r, char *text, size_t size)
{
    if (r->csv != NULL) {
        snprintf(text, size, "%s:%" PRId64, r->request.load, csv_line(r->csv));
    } else {
        put_utc(text, size, r->outcome.last);
    }
}

/* Completes the moment of a decision for those who look. */
static void complete(struct replaying *r, struct moment *m)
{
    if (r->request.by_requests) {
        m->has_load = 1;
        m->load = weir_replay_load(r->replay);
    } else {
        m->has_load = r->outcome.rows > 0 && r->has_load &&
                      m->decision.at - r->outcome.last < r->request.replay.hold;
    }
    r->outcome.kind->measure(r->autoscaler, r->outcome.config, m->decision.at, m->measures);
    r->outcome.kind->label(r->autoscaler, m->labels);
}

int decide_until(struct replaying *r, weir_time until, witness see, void *user)
{
    struct moment *m = &r->moment;

    for (;;) {
        weir_status status =
            weir_replay_next(r->replay, r->autoscaler, until, &m->decision,
                             see != NULL ? &m->explain : NULL, see != NULL ? &m->target : NULL);

        if (status == WEIR_END) {
            return 1;
        }
        if (status < WEIR_OK) {
            char place[300];

            put_place(r, place, sizeof place);
            complain("the autoscaler failed at the decision after %s: %s", place,
                     weir_strerror(status));
            return -1;
        }
        if (see != NULL) {
            complete(r, m);
            if (!see(user, m)) {
                return 0;
            }
        }
    }
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Takes one good row in. As decide_until(). */
static int take_row(struct replaying *r, weir_time at, witness see, void *user)
{
    struct outcome *o = &r->outcome;
    weir_status status;
    int go_on;

    if (!o->started && start(r, at) != EXIT_FINE) {
        return -1;
    }
    go_on = decide_until(r, at, see, user);
    if (go_on <= 0) {
        return go_on;
    }
    status = r->source->take(r, at);
    if (status != WEIR_OK) {
        char place[300];

        put_place(r, place, sizeof place);
        complain("%s: %s", place, weir_strerror(status));
        return -1;
    }
    o->last = at;
    o->rows++;
    return 1;
}

/* What is left once there are no more rows. */
static int finish(struct replaying *r, witness see, void *user, int go_on)
{
    weir_time end = r->outcome.last;

    if (go_on > 0) {
        go_on = r->source->finish(r, see, user, &end);
    }
    if (end < r->moment.decision.at) {
        end = r->moment.decision.at;
    }
    if (weir_replay_report(r->replay, end, &r->outcome.report, sizeof r->outcome.report) !=
        WEIR_OK) {
        complain("the report failed");
        return -1;
    }
    return go_on;
}

const char *read_time(const struct csv_field *field, weir_time *at, int has_last, weir_time last,
                      int same_is_fine)
{
    const char *expected = csv_time(field, at);

    if (expected == NULL && has_last && *at < last) {
        return "time goes back: a later time than in the row before was expected";
    }
    if (expected == NULL && has_last && *at == last && !same_is_fine) {
        return "time stands still: a later time than in the row before was expected";
    }
    return expected;
}

void note_gap(struct replaying *r, const struct csv_field *field, weir_duration gap)
{
    char hold[32], length[32], expected[160];

    if (++r->outcome.gaps > 1) {
        return;
    }
    put_duration(hold, sizeof hold, r->request.replay.hold);
    put_duration(length, sizeof length, gap);
    snprintf(expected, sizeof expected,
             "a gap of %s without data: a row at most %s after the one before was expected (see "
             "--hold)",
             length, hold);
    csv_complain(r->csv, field, expected);
    complain("%s", csv_message(r->csv));
}

int let_stand(struct replaying *r, witness see, void *user, weir_time *end)
{
    weir_duration step = r->step > 0 ? r->step : WEIR_SECOND;

    *end += step < r->request.replay.hold ? step : r->request.replay.hold;
    return decide_until(r, *end, see, user);
}

/* `last`: the time of the last row that was read, INT64_MIN when there was none. */
static void complain_of_no_row(const struct request *request, weir_time last)
{
    const char *what = request->load != NULL ? request->load : "from --from to --to";
    char text[40];

    if (last == INT64_MIN) {
        complain("%s: there is no row to replay", what);
        return;
    }
    put_time(text, sizeof text, last, last);
    complain("%s: there is no row to replay in the time that is asked for; the last one is of %s",
             what, text);
}

int replaying_run(struct replaying *r, witness see, void *user)
{
    struct outcome *o = &r->outcome;
    int more, go_on = 1, code = EXIT_FINE;
    weir_time at, last = INT64_MIN;

    if (r->request.workers > 0 && start(r, 0) != EXIT_FINE) {
        return EXIT_INPUT;
    }
    while (r->request.workers == 0 && go_on > 0 && (more = r->source->next(r, &at)) != 0) {
        if (more == 1) {
            last = at;
            if (at >= r->request.from && at <= r->request.to) {
                go_on = take_row(r, at, see, user);
                if (o->rows % PROGRESS_ROWS == 0) {
                    progress("%" PRId64 " rows", o->rows);
                }
            }
            continue;
        }
        if (more == -3) {
            code = EXIT_INPUT;
            break;
        }
        complain("%s", csv_message(r->csv));
        o->bad_rows += more != -2;
        if (more == -2 || !r->request.keep_going) {
            if (more != -2) {
                complain("stopping here; --keep-going leaves bad rows out");
            }
            code = EXIT_INPUT;
            break;
        }
    }
    progress_end();
    if (o->started && finish(r, see, user, go_on) < 0) {
        code = EXIT_INPUT;
    }
    if (go_on < 0) {
        code = EXIT_INPUT;
    } else if (!o->started && code == EXIT_FINE) {
        complain_of_no_row(&r->request, last);
        code = EXIT_INPUT;
    }
    return code;
}
