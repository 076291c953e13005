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
    const void *config = r->outcome.item->config;
    weir_error err = {0};
    size_t bytes;

    if (r->autoscaler == NULL) {
        if (kind->bytes(config, r->request.semantics, &bytes, &err) != WEIR_OK) {
            return fail(r, &err);
        }
        r->autoscaler = malloc(bytes);
        r->autoscaler_bytes = bytes;
        if (r->autoscaler == NULL) {
            complain("there is no memory left");
            return EXIT_INPUT;
        }
    }
    if (kind->make(r->autoscaler, r->autoscaler_bytes, config, r->request.semantics,
                   r->request.replay.initial_replicas, start, &err) != WEIR_OK) {
        return fail(r, &err);
    }
    return EXIT_FINE;
}

/* What the replay has to know of the autoscaler that was chosen. */
static int choose(struct replaying *r)
{
    const weir_manifest_item *item = request_choose(&r->request, r->manifest);
    weir_error err = {0};

    if (item == NULL) {
        return weir_manifest_item_count(r->manifest) == 0 ? EXIT_INPUT : EXIT_USAGE;
    }
    if (weir_replay_config_check(&r->request.replay, &err) != WEIR_OK) {
        complain("the replay's %s %s", err.path, err.message);
        return EXIT_USAGE;
    }
    r->outcome.item = item;
    r->outcome.kind = kind_of(item->kind);
    if (r->outcome.kind == NULL) {
        complain("%s: weir cannot replay this kind yet", item->name);
        return EXIT_INPUT;
    }
    if (!r->request.has_initial) {
        r->request.replay.initial_replicas = r->outcome.kind->initial(item->config);
    }
    r->request.replay.pod_capacity = r->outcome.kind->pod_capacity(item->config);
    if (r->request.by_requests) {
        if (r->outcome.kind->container_concurrency == NULL) {
            complain("%s: a %s is not replayed with requests; give it rows with --load", item->name,
                     item->api_kind);
            return EXIT_USAGE;
        }
        r->request.replay.requests_max = REQUESTS_MAX;
        r->request.replay.container_concurrency =
            r->outcome.kind->container_concurrency(item->config);
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

static int open_load(struct replaying *r)
{
    static const char *const usual[] = {"time", "timestamp", "time_s", "ts", NULL};
    static const char *const starts[] = {"start", "time", "timestamp", "start_time", NULL};
    char message[CSV_MESSAGE_MAX];

    r->source = r->request.by_requests ? &requests_source : &rows_source;
    if (r->request.workers > 0) {
        return r->source->open(r);
    }
    r->csv = csv_open(r->request.load, message);
    if (r->csv == NULL) {
        complain("%s", message);
        return EXIT_INPUT;
    }
    r->time_column = r->request.by_requests ? find_column(r, r->request.start, starts, 1)
                                            : find_column(r, r->request.time_column, usual, 1);
    return r->time_column < 0 ? EXIT_INPUT : r->source->open(r);
}

/* What does not go together. 1 when it does, 0 after a message. */
static int goes_together(const struct request *q)
{
    if (q->file_count == 0 || (q->load == NULL && q->workers == 0)) {
        complain("a manifest (-f FILE) and a load (--load FILE.csv, --requests FILE.csv or "
                 "--workers N) are needed; see --help");
        return 0;
    }
    if (q->load != NULL && q->workers > 0) {
        complain("--workers makes the load itself: it does not go with --load or --requests");
        return 0;
    }
    if (q->by_requests && q->scale != 1.0) {
        complain("--scale multiplies rows; it does not go with --requests or --workers");
        return 0;
    }
    if (q->workers > 0 && (!q->has_service_time || q->service_time <= 0)) {
        complain("--workers needs --service-time TIME: how long a request runs");
        return 0;
    }
    return 1;
}

struct replaying *replaying_open(const struct request *request, int *code)
{
    struct replaying *r;

    *code = EXIT_USAGE;
    if (!goes_together(request)) {
        return NULL;
    }
    r = calloc(1, sizeof *r);
    if (r == NULL) {
        complain("there is no memory left");
        *code = EXIT_INPUT;
        return NULL;
    }
    r->request = *request;
    weir_decision_init(&r->moment.decision, sizeof r->moment.decision);
    weir_explain_init(&r->moment.explain, sizeof r->moment.explain);
    *code = request_load_manifests(request, &r->manifest) ? choose(r) : EXIT_INPUT;
    if (*code == EXIT_FINE) {
        *code = open_load(r);
    }
    if (*code != EXIT_FINE) {
        replaying_close(r);
        return NULL;
    }
    return r;
}

void replaying_close(struct replaying *r)
{
    if (r != NULL) {
        if (r->csv != NULL) {
            csv_close(r->csv);
        }
        weir_manifest_free(r->manifest);
        free(r->autoscaler);
        free(r->replay);
        free(r);
    }
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
    int code = make_autoscaler(r, first);

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

/* Completes the moment of a decision for those who look. */
static void complete(struct replaying *r, struct moment *m)
{
    const weir_reading *main = &r->readings[r->main];

    if (r->request.by_requests) {
        m->has_load = 1;
        m->load = weir_replay_load(r->replay);
    } else {
        m->has_load = r->outcome.rows > 0 && main->status == WEIR_OK &&
                      m->decision.at - r->outcome.last < r->request.replay.hold;
    }
    r->outcome.kind->measure(r->autoscaler, m->decision.at, m->measures);
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
            complain("the autoscaler failed at the decision after %s:%" PRId64 ": %s",
                     r->request.load != NULL ? r->request.load : "the workers' requests",
                     r->csv != NULL ? csv_line(r->csv) : 0, weir_strerror(status));
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
        complain("%s:%" PRId64 ": %s", r->request.load, csv_line(r->csv), weir_strerror(status));
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

int replaying_run(struct replaying *r, witness see, void *user)
{
    struct outcome *o = &r->outcome;
    int more, go_on = 1, code = EXIT_FINE;
    weir_time at;

    if (r->csv == NULL && start(r, 0) != EXIT_FINE) {
        return EXIT_INPUT;
    }
    while (r->csv != NULL && go_on > 0 && (more = csv_next(r->csv)) != 0) {
        if (more == 1 && r->source->read(r, &at)) {
            if (at >= r->request.from && at <= r->request.to) {
                go_on = take_row(r, at, see, user);
                if (o->rows % PROGRESS_ROWS == 0) {
                    progress("%" PRId64 " rows", o->rows);
                }
            }
            continue;
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
        complain("%s: there is no row to replay", r->request.load);
        code = EXIT_INPUT;
    }
    return code;
}
