/*
 * replaying.c - carries a request out: columns to series, rows to a replay, decisions to a witness.
 */
#include "replaying.h"
#include "csv.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BINDINGS_MAX = WEIR_REPLAY_SERIES_MAX, PROGRESS_ROWS = 500000 };

struct binding {
    int column;
    double factor; /* what a value is multiplied by */
};

struct replaying {
    struct request request;
    struct outcome outcome;
    weir_manifest *manifest;
    struct csv *csv;
    int time_column;
    size_t binding_count, main; /* main: the binding of the main series */
    struct binding bindings[BINDINGS_MAX];
    weir_reading readings[BINDINGS_MAX]; /* of the row at hand */
    void *autoscaler;
    size_t autoscaler_bytes;
    weir_replay *replay;
    weir_duration step; /* least between two rows; 0: there is one at most */
    struct moment moment;
};

/* ---- columns to series ---------------------------------------------------------------------- */

static int bind(struct replaying *r, const char *series, const char *column, double factor)
{
    struct binding *b = &r->bindings[r->binding_count];
    weir_reading *reading = &r->readings[r->binding_count];
    const char *name;

    b->column = csv_column(r->csv, column);
    if (b->column < 0) {
        complain("%s", csv_message(r->csv));
        return EXIT_INPUT;
    }
    b->factor = factor * r->request.scale;
    reading->pod = -1;
    for (reading->series = 0;
         (name = weir_autoscaler_series_name(r->autoscaler, reading->series)) != NULL;
         reading->series++) {
        if (strcmp(name, series) == 0) {
            r->binding_count++;
            return EXIT_FINE;
        }
    }
    complain("%s has no series %s", r->outcome.item->name, series);
    return EXIT_USAGE;
}

/* The main series must have a column; remembers which. */
static int find_main(struct replaying *r)
{
    int32_t series = weir_autoscaler_main_series(r->autoscaler);

    r->outcome.series = weir_autoscaler_series_name(r->autoscaler, series);
    for (r->main = 0; r->main < r->binding_count; r->main++) {
        if (r->readings[r->main].series == series) {
            return EXIT_FINE;
        }
    }
    complain("%s scales on %s; give its column with --%s%s", r->outcome.item->name,
             r->outcome.series, r->outcome.series,
             strcmp(r->outcome.series, "concurrency") == 0 ? ", or --service-time" : "");
    return EXIT_USAGE;
}

/* Columns named in the request, else those with the names of the series. */
static int bind_all(struct replaying *r)
{
    const struct request *q = &r->request;
    const char *concurrency = q->concurrency, *rps = q->rps;
    int code = EXIT_FINE;

    if (concurrency == NULL && !q->has_service_time && csv_find(r->csv, "concurrency") != -1) {
        concurrency = "concurrency";
    }
    if (rps == NULL && (csv_find(r->csv, "rps") != -1 || q->has_service_time)) {
        rps = "rps";
    }
    if (concurrency == NULL && rps == NULL) {
        csv_column(r->csv, "concurrency");
        complain("%s", csv_message(r->csv));
        complain("say which column is the load: --concurrency COLUMN or --rps COLUMN");
        return EXIT_USAGE;
    }
    if (rps != NULL) {
        code = bind(r, "rps", rps, 1.0);
    }
    if (code == EXIT_FINE && concurrency != NULL) {
        code = bind(r, "concurrency", concurrency, 1.0);
    } else if (code == EXIT_FINE && q->has_service_time) {
        code = bind(r, "concurrency", rps, (double)q->service_time / 1e9);
    }
    return code == EXIT_FINE ? find_main(r) : code;
}

/* The column of times: the one that was named, else one with a usual name. */
static int find_times(struct replaying *r)
{
    static const char *const usual[] = {"time", "timestamp", "time_s", "ts"};
    const char *name = r->request.time_column != NULL ? r->request.time_column : usual[0];

    for (size_t i = 0; r->request.time_column == NULL && i < sizeof usual / sizeof usual[0]; i++) {
        if (csv_find(r->csv, usual[i]) != -1) {
            name = usual[i];
            break;
        }
    }
    r->time_column = csv_column(r->csv, name);
    if (r->time_column < 0) {
        complain("%s", csv_message(r->csv));
        return EXIT_INPUT;
    }
    return EXIT_FINE;
}

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
    return make_autoscaler(r, 0);
}

static int open_load(struct replaying *r)
{
    char message[CSV_MESSAGE_MAX];
    int code;

    r->csv = csv_open(r->request.load, message);
    if (r->csv == NULL) {
        complain("%s", message);
        return EXIT_INPUT;
    }
    code = find_times(r);
    return code == EXIT_FINE ? bind_all(r) : code;
}

struct replaying *replaying_open(const struct request *request, int *code)
{
    struct replaying *r;

    *code = EXIT_USAGE;
    if (request->file_count == 0 || request->load == NULL) {
        complain("a manifest (-f FILE) and a load (--load FILE.csv) are needed; see --help");
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
        csv_close(r->csv);
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

/* Reads the row at hand into the readings. 0 when it is bad, with csv_message(). */
static int read_row(struct replaying *r, weir_time *at)
{
    const struct csv_field *field = csv_get(r->csv, r->time_column);
    const char *expected = csv_time(field, at);

    if (expected == NULL && r->outcome.started && *at <= r->outcome.last) {
        expected = *at < r->outcome.last
                       ? "time goes back: a later time than in the row before was expected"
                       : "time stands still: a later time than in the row before was expected";
    }
    if (expected != NULL) {
        csv_complain(r->csv, field, expected);
        return 0;
    }
    for (size_t i = 0; i < r->binding_count; i++) {
        weir_reading *reading = &r->readings[i];

        field = csv_get(r->csv, r->bindings[i].column);
        reading->at = *at;
        reading->status = WEIR_OK;
        if (field->length == 0) { /* an empty cell */
            reading->status = WEIR_NO_DATA;
            reading->value = 0.0;
        } else if (!csv_number(field, &reading->value) || !(reading->value >= 0.0) ||
                   reading->value > 1e300) {
            csv_complain(r->csv, field, "a load of 0 or more was expected");
            return 0;
        }
        reading->value *= r->bindings[i].factor;
    }
    return 1;
}

/* Completes the moment of a decision for those who look. */
static void complete(struct replaying *r, struct moment *m)
{
    const weir_reading *main = &r->readings[r->main];

    m->has_load = r->outcome.rows > 0 && main->status == WEIR_OK &&
                  m->decision.at - r->outcome.last < r->request.replay.hold;
    r->outcome.kind->measure(r->autoscaler, m->decision.at, m->measures);
}

/* Makes the decisions before a time. 1 to go on, 0 when `see` stops, -1 after a message. */
static int decide_until(struct replaying *r, weir_time until, witness see, void *user)
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
            complain("%s:%" PRId64 ": the autoscaler failed: %s", r->request.load, csv_line(r->csv),
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

/* Says so at the first gap, and counts. */
static void note_gap(struct replaying *r, weir_time at)
{
    char hold[32], gap[32], expected[160];

    if (++r->outcome.gaps > 1) {
        return;
    }
    put_duration(hold, sizeof hold, r->request.replay.hold);
    put_duration(gap, sizeof gap, at - r->outcome.last);
    snprintf(expected, sizeof expected,
             "a gap of %s without data: a row at most %s after the one before was expected (see "
             "--hold)",
             gap, hold);
    csv_complain(r->csv, csv_get(r->csv, r->time_column), expected);
    complain("%s", csv_message(r->csv));
}

/* Takes one good row in. As decide_until(). */
static int take_row(struct replaying *r, weir_time at, witness see, void *user)
{
    struct outcome *o = &r->outcome;
    weir_status status;
    int go_on;

    if (!o->started && start(r, at) != EXIT_FINE) {
        return -1;
    }
    if (at - o->last > r->request.replay.hold) {
        note_gap(r, at);
    }
    go_on = decide_until(r, at, see, user);
    if (go_on <= 0) {
        return go_on;
    }
    status = weir_replay_record(r->replay, r->autoscaler, r->readings, r->binding_count);
    if (status != WEIR_OK) {
        complain("%s:%" PRId64 ": %s", r->request.load, csv_line(r->csv), weir_strerror(status));
        return -1;
    }
    r->moment.load = r->readings[r->main].value;
    if (at > o->last && (r->step == 0 || at - o->last < r->step)) {
        r->step = at - o->last;
    }
    o->last = at;
    o->rows++;
    return 1;
}

/* What is left once there are no more rows: the last one stands for as long as rows are apart. */
static int finish(struct replaying *r, witness see, void *user, int go_on)
{
    struct outcome *o = &r->outcome;
    weir_duration step = r->step > 0 ? r->step : WEIR_SECOND;
    weir_time end = o->last + (step < r->request.replay.hold ? step : r->request.replay.hold);

    if (go_on > 0) {
        go_on = decide_until(r, end, see, user);
    }
    if (weir_replay_report(r->replay, end, &o->report, sizeof o->report) != WEIR_OK) {
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

    while (go_on > 0 && (more = csv_next(r->csv)) != 0) {
        if (more == 1 && read_row(r, &at)) {
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
