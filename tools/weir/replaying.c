/*
 * replaying.c - carries a request out: manifests, columns to series, rows to a replay.
 */
#include "replaying.h"
#include "csv.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/kpa.h>

struct binding {
    int column;
    int32_t series;
    double factor; /* what a value is multiplied by: 1, or the service time in seconds */
};

struct replaying {
    struct request request;
    struct outcome outcome;
    weir_manifest *manifest;
    struct csv *csv;
    int time_column;
    struct binding bindings[BINDINGS_MAX];
    size_t binding_count;
    void *autoscaler;
    weir_replay *replay;
    struct moment moment;
    const char *command;
};

/* ---- options -------------------------------------------------------------------------------- */

void request_init(struct request *request)
{
    memset(request, 0, sizeof *request);
    request->time_column = "time";
    request->from = INT64_MIN;
    request->to = INT64_MAX;
    weir_replay_config_init(&request->replay, sizeof request->replay);
}

static int take_duration(const char *option, const char *value, int64_t *ns)
{
    if (!parse_duration(value, ns)) {
        complain("%s takes a duration like 8s, 1m30s or 250ms, not %s", option, value);
        return -1;
    }
    return 1;
}

static int take_time(const char *option, const char *value, int64_t *ns)
{
    struct csv_field field = {value, strlen(value), 1};

    if (!csv_time(&field, ns)) {
        complain("%s takes seconds or a time like 2026-11-24T10:00:00Z, not %s", option, value);
        return -1;
    }
    return 1;
}

static int take_initial(struct request *request, const char *value)
{
    char *end;
    long long n = strtoll(value, &end, 10);

    if (*end != '\0' || end == value || n < 0 || n > INT32_MAX) {
        complain("--initial takes a number of pods, not %s", value);
        return -1;
    }
    request->replay.initial_replicas = (int32_t)n;
    return 1;
}

static int take_semantics(struct request *request, const char *value)
{
    if (strcmp(value, "serving 0.51") == 0) {
        request->semantics = WEIR_SERVING_0_51;
    } else if (strcmp(value, "serving 0.42") == 0) {
        request->semantics = WEIR_SERVING_0_42;
    } else {
        complain("--semantics is 'serving 0.51' or 'serving 0.42', not %s", value);
        return -1;
    }
    return 1;
}

int request_take(struct request *request, const struct command *command,
                 const struct argument *argument)
{
    const char *value = argument->value;
    const char *name;

    if (argument->option < 0) {
        complain("%s does not know what to do with %s; see weir %s --help", command->name, value,
                 command->name);
        return -1;
    }
    name = command->options[argument->option].name;
    switch (argument->option) {
    case OPTION_FILE:
        if (request->file_count == FILES_MAX) {
            complain("at most %d files can be given", FILES_MAX);
            return -1;
        }
        request->files[request->file_count++] = value;
        return 1;
    case OPTION_LOAD: request->load = value; return 1;
    case OPTION_NAME: request->name = value; return 1;
    case OPTION_TIME: request->time_column = value; return 1;
    case OPTION_CONCURRENCY: request->concurrency = value; return 1;
    case OPTION_RPS: request->rps = value; return 1;
    case OPTION_SERVICE_TIME:
        request->has_service_time = 1;
        return take_duration(name, value, &request->service_time);
    case OPTION_POD_START: return take_duration(name, value, &request->replay.pod_start);
    case OPTION_POD_STOP: return take_duration(name, value, &request->replay.pod_stop);
    case OPTION_INITIAL: return take_initial(request, value);
    case OPTION_HOLD: return take_duration(name, value, &request->replay.hold);
    case OPTION_FROM: return take_time(name, value, &request->from);
    case OPTION_TO: return take_time(name, value, &request->to);
    case OPTION_SEMANTICS: return take_semantics(request, value);
    case OPTION_KEEP_GOING: request->keep_going = 1; return 1;
    default: return 0;
    }
}

/* ---- manifests ------------------------------------------------------------------------------ */

/* A whole file; NULL after a message. */
static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    size_t room = 65536, used = 0, n;
    char *text = file != NULL ? malloc(room) : NULL, *more;

    if (file == NULL) {
        complain("%s: %s", path, strerror(errno));
        return NULL;
    }
    while (text != NULL && (n = fread(text + used, 1, room - used, file)) > 0) {
        used += n;
        if (used > WEIR_MANIFEST_BYTES_MAX) {
            break; /* the loader says so */
        }
        if (used == room) {
            more = realloc(text, 2 * room);
            if (more == NULL) {
                free(text);
            }
            text = more;
            room *= 2;
        }
    }
    if (text == NULL || ferror(file)) {
        complain("%s: %s", path, text == NULL ? "there is no memory left" : strerror(errno));
        free(text);
        text = NULL;
    }
    fclose(file);
    *length = used;
    return text;
}

static void print_problem(const weir_problem *p)
{
    static const char *const words[] = {"error", "warning", "notice"};

    fprintf(stderr, "%s:%d:%d: %s: %s%s%s\n", p->file, p->error.line, p->error.column,
            words[p->severity], p->error.path, p->error.path[0] != '\0' ? " " : "",
            p->error.message);
}

static int load_manifests(struct replaying *r)
{
    if (weir_manifest_create(NULL, &r->manifest) != WEIR_OK) {
        complain("there is no memory left");
        return EXIT_INPUT;
    }
    for (size_t i = 0; i < r->request.file_count; i++) {
        size_t length;
        char *text = read_file(r->request.files[i], &length);
        weir_status status;

        if (text == NULL) {
            return EXIT_INPUT;
        }
        status = weir_manifest_add(r->manifest, r->request.files[i], text, length);
        free(text);
        if (status != WEIR_OK) {
            complain("%s: %s", r->request.files[i], weir_strerror(status));
            return EXIT_INPUT;
        }
    }
    weir_manifest_finish(r->manifest);
    for (size_t i = 0; i < weir_manifest_problem_count(r->manifest); i++) {
        print_problem(weir_manifest_get_problem(r->manifest, i));
    }
    if (weir_manifest_error_count(r->manifest) > 0) {
        complain("the manifests have %zu error%s; nothing was replayed",
                 weir_manifest_error_count(r->manifest),
                 weir_manifest_error_count(r->manifest) > 1 ? "s" : "");
        return EXIT_INPUT;
    }
    return EXIT_FINE;
}

static int choose_item(struct replaying *r)
{
    size_t count = weir_manifest_item_count(r->manifest);
    const weir_manifest_item *item = NULL;

    for (size_t i = 0; i < count; i++) {
        const weir_manifest_item *one = weir_manifest_get_item(r->manifest, i);

        if (r->request.name == NULL ? count == 1 : strcmp(one->name, r->request.name) == 0) {
            item = one;
        }
    }
    if (item != NULL) {
        r->outcome.item = item;
        return EXIT_FINE;
    }
    if (count == 0) {
        complain("the files describe no autoscaler (a Knative Service, Configuration or Revision)");
        return EXIT_INPUT;
    }
    fprintf(stderr, "weir: %s; the files have:",
            r->request.name != NULL ? "no autoscaler has that name" : "choose one with --name");
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, " %s", weir_manifest_get_item(r->manifest, i)->name);
    }
    fputc('\n', stderr);
    return EXIT_USAGE;
}

/* ---- columns to series ---------------------------------------------------------------------- */

static int bind(struct replaying *r, const char *series, const char *column, double factor)
{
    struct binding *b = &r->bindings[r->binding_count];
    const char *name;

    b->column = csv_column(r->csv, column);
    if (b->column < 0) {
        return EXIT_INPUT;
    }
    b->factor = factor;
    for (b->series = 0; (name = weir_autoscaler_series_name(r->autoscaler, b->series)) != NULL;
         b->series++) {
        if (strcmp(name, series) == 0) {
            r->binding_count++;
            return EXIT_FINE;
        }
    }
    complain("%s has no series %s", r->outcome.item->name, series);
    return EXIT_USAGE;
}

/* Columns named in the request, else those with the names of the series. */
static int bind_all(struct replaying *r)
{
    const struct request *q = &r->request;
    const char *concurrency = q->concurrency, *rps = q->rps;
    int code = EXIT_FINE;

    if (concurrency == NULL && !q->has_service_time && csv_find(r->csv, "concurrency") >= 0) {
        concurrency = "concurrency";
    }
    if (rps == NULL && (csv_find(r->csv, "rps") >= 0 || q->has_service_time)) {
        rps = "rps";
    }
    if (concurrency == NULL && rps == NULL) {
        complain("say which column is the load: --concurrency COLUMN or --rps COLUMN");
        csv_column(r->csv, "concurrency");
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
    r->outcome.series =
        weir_autoscaler_series_name(r->autoscaler, weir_autoscaler_main_series(r->autoscaler));
    for (size_t i = 0; code == EXIT_FINE && i < r->binding_count; i++) {
        if (r->bindings[i].series == weir_autoscaler_main_series(r->autoscaler)) {
            return EXIT_FINE;
        }
    }
    if (code == EXIT_FINE) {
        complain("%s scales on %s; give its column with --%s%s", r->outcome.item->name,
                 r->outcome.series, r->outcome.series,
                 strcmp(r->outcome.series, "concurrency") == 0 ? ", or --service-time" : "");
        code = EXIT_USAGE;
    }
    return code;
}

/* ---- the machine ---------------------------------------------------------------------------- */

static int make_kpa(struct replaying *r, weir_time start)
{
    weir_kpa_config config = *(const weir_kpa_config *)r->outcome.item->config;
    weir_error err;
    size_t bytes;

    config.semantics = r->request.semantics;
    if (weir_kpa_bytes(&config, &bytes, &err) != WEIR_OK) {
        complain("%s: %s %s", r->outcome.item->name, err.path, err.message);
        return EXIT_INPUT;
    }
    if (r->autoscaler == NULL) {
        r->autoscaler = malloc(bytes);
    }
    if (r->autoscaler == NULL ||
        weir_kpa_init(r->autoscaler, bytes, &config, r->request.replay.initial_replicas, start,
                      &err) != WEIR_OK) {
        complain("%s: the autoscaler could not be made", r->outcome.item->name);
        return EXIT_INPUT;
    }
    return EXIT_FINE;
}

/* The kinds that can be replayed; a new kind is one row. */
static const struct {
    int32_t kind;
    int (*make)(struct replaying *r, weir_time start);
} makers[] = {{WEIR_KIND_KPA, make_kpa}};

static int make_autoscaler(struct replaying *r, weir_time start)
{
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        if (makers[i].kind == r->outcome.item->kind) {
            return makers[i].make(r, start);
        }
    }
    complain("%s: weir cannot replay this kind yet", r->outcome.item->name);
    return EXIT_INPUT;
}

static int start(struct replaying *r, weir_time first)
{
    weir_error err;
    size_t bytes;
    int code = make_autoscaler(r, first);

    if (code != EXIT_FINE) {
        return code;
    }
    if (weir_replay_bytes(&r->request.replay, &bytes, &err) != WEIR_OK) {
        complain("%s %s", err.path, err.message);
        return EXIT_USAGE;
    }
    r->replay = malloc(bytes);
    if (r->replay == NULL ||
        weir_replay_init(r->replay, bytes, &r->request.replay, first, &err) != WEIR_OK) {
        complain("the replay could not be started");
        return EXIT_INPUT;
    }
    r->outcome.first = first;
    r->outcome.started = 1;
    return EXIT_FINE;
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
    *code = load_manifests(r);
    if (*code == EXIT_FINE) {
        *code = choose_item(r);
    }
    if (*code == EXIT_FINE) {
        r->csv = csv_open(request->load);
        *code = r->csv != NULL ? make_autoscaler(r, 0) : EXIT_INPUT;
    }
    if (*code == EXIT_FINE) {
        r->time_column = csv_column(r->csv, request->time_column);
        *code = r->time_column >= 0 ? bind_all(r) : EXIT_INPUT;
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

/* ---- rows ----------------------------------------------------------------------------------- */

/* Reads the row at hand. 0 after a message when it is bad. */
static int read_row(struct replaying *r, weir_reading *readings, weir_time *at)
{
    struct csv_field field = csv_get(r->csv, r->time_column);

    if (!csv_time(&field, at)) {
        csv_complain(r->csv, &field,
                     "a time in seconds or like 2026-11-24T10:00:00Z was expected, found \"%.*s\"",
                     (int)(field.length < 40 ? field.length : 40), field.text);
        return 0;
    }
    if (r->outcome.started && *at <= r->outcome.last) {
        csv_complain(r->csv, &field, "time %s: %.*s, and the row before had a %s time",
                     *at < r->outcome.last ? "goes back" : "stands still",
                     (int)(field.length < 40 ? field.length : 40), field.text,
                     *at < r->outcome.last ? "later" : "like");
        return 0;
    }
    for (size_t i = 0; i < r->binding_count; i++) {
        const struct binding *b = &r->bindings[i];
        double value = 0.0;

        field = csv_get(r->csv, b->column);
        readings[i].at = *at;
        readings[i].series = b->series;
        readings[i].pod = -1;
        readings[i].reserved = 0;
        readings[i].status = field.length == 0 ? WEIR_NO_DATA : WEIR_OK; /* an empty cell */
        if (field.length > 0 && (!csv_number(&field, &value) || !isfinite(value) || value < 0)) {
            csv_complain(r->csv, &field, "a load of 0 or more was expected, found \"%.*s\"",
                         (int)(field.length < 40 ? field.length : 40), field.text);
            return 0;
        }
        readings[i].value = value * b->factor;
    }
    return 1;
}

/* Makes the decisions before a time. 1 to go on, 0 when `see` stops, -1 after a message. */
static int decide_until(struct replaying *r, weir_time until,
                        int (*see)(void *, const struct moment *), void *user)
{
    struct moment *m = &r->moment;

    for (;;) {
        weir_status status = weir_replay_next(r->replay, r->autoscaler, until, &m->decision,
                                              see != NULL ? &m->explain : NULL, &m->target);

        if (status == WEIR_END) {
            return 1;
        }
        if (status < WEIR_OK) {
            complain("line %" PRId64 ": the autoscaler failed: %s", csv_line(r->csv),
                     weir_strerror(status));
            return -1;
        }
        if (see != NULL && !see(user, m)) {
            return 0;
        }
    }
}

static void show_progress(const struct replaying *r)
{
    if (r->outcome.rows % 500000 == 0 && isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%" PRId64 " rows ", r->outcome.rows);
    }
}

/* Takes one good row in. As decide_until(). */
static int take_row(struct replaying *r, const weir_reading *readings, weir_time at,
                    int (*see)(void *, const struct moment *), void *user)
{
    weir_status status;
    int go_on;

    if (!r->outcome.started && start(r, at) != EXIT_FINE) {
        return -1;
    }
    r->outcome.gaps += r->outcome.rows > 0 && at - r->outcome.last > r->request.replay.hold;
    go_on = decide_until(r, at, see, user);
    if (go_on <= 0) {
        return go_on;
    }
    status = weir_replay_record(r->replay, r->autoscaler, readings, r->binding_count);
    if (status != WEIR_OK) {
        complain("line %" PRId64 ": %s", csv_line(r->csv), weir_strerror(status));
        return -1;
    }
    for (size_t i = 0; i < r->binding_count; i++) {
        if (readings[i].series == weir_autoscaler_main_series(r->autoscaler)) {
            r->moment.load = readings[i].value;
            r->moment.has_load = readings[i].status == WEIR_OK;
        }
    }
    r->outcome.last = at;
    r->outcome.rows++;
    show_progress(r);
    return 1;
}

int replaying_run(struct replaying *r, int (*see)(void *user, const struct moment *moment),
                  void *user)
{
    weir_reading readings[BINDINGS_MAX];
    int more, go_on = 1, code = EXIT_FINE;
    weir_time at;

    while (go_on > 0 && (more = csv_next(r->csv)) != 0) {
        if (more == -2) {
            code = EXIT_INPUT;
            break;
        }
        if (more < 0 || !read_row(r, readings, &at)) {
            r->outcome.bad_rows++;
            if (!r->request.keep_going) {
                complain("stopping here; --keep-going leaves bad rows out");
                code = EXIT_INPUT;
                break;
            }
        } else if (at >= r->request.from && at <= r->request.to) {
            go_on = take_row(r, readings, at, see, user);
        }
    }
    if (r->outcome.rows >= 500000 && isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r                    \r");
    }
    if (go_on < 0 || (!r->outcome.started && code == EXIT_FINE)) {
        if (go_on >= 0) {
            complain("%s: there is no row to replay", r->request.load);
        }
        code = EXIT_INPUT;
    }
    if (r->outcome.started) { /* the last row's second, too */
        weir_time end = r->outcome.last + WEIR_SECOND;

        if (go_on > 0 && decide_until(r, end, see, user) < 0) {
            code = EXIT_INPUT;
        }
        weir_replay_report(r->replay, end, &r->outcome.report, sizeof r->outcome.report);
    }
    return code;
}

/* ---- words ---------------------------------------------------------------------------------- */

void put_time(char *text, size_t size, weir_time time, weir_time first)
{
    int64_t seconds = time / WEIR_SECOND, day, year, month;
    int64_t era, of_era, year_of_era, of_year, shifted;

    if (first < 1000000000 * WEIR_SECOND) { /* before 2001: seconds since the start of a trace */
        snprintf(text, size, "%" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600,
                 seconds / 60 % 60, seconds % 60);
        return;
    }
    day = seconds / 86400 + 719468; /* days since 0000-03-01, proleptic Gregorian */
    era = day / 146097;
    of_era = day - era * 146097;
    year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    shifted = (5 * of_year + 2) / 153;
    month = shifted < 10 ? shifted + 3 : shifted - 9;
    year = year_of_era + era * 400 + (month <= 2);
    snprintf(text, size,
             "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64 "Z",
             year, month, of_year - (153 * shifted + 2) / 5 + 1, seconds / 3600 % 24,
             seconds / 60 % 60, seconds % 60);
}

/* Rules that are news even where they leave the replicas alone: something began or ended. */
static int is_news(int32_t rule)
{
    const char *dot = strrchr(weir_rule_name(rule), '.');

    return dot != NULL && (strcmp(dot, ".enter") == 0 || strcmp(dot, ".leave") == 0);
}

void put_reason(char *text, size_t size, const weir_explain *explain)
{
    size_t used = 0;

    text[0] = '\0';
    for (uint32_t i = 1; i < explain->count && used < size; i++) { /* the first step is the load */
        const weir_step *step = &explain->steps[i];
        char line[256];
        const char *sentence;
        int n;

        if (step->before == step->after && !is_news(step->rule)) {
            continue;
        }
        weir_step_text(step, line, sizeof line, NULL);
        sentence = strstr(line, ", ");
        n = snprintf(text + used, size - used, "%s%s", used > 0 ? "; " : "",
                     sentence != NULL ? sentence + 2 : line);
        used += n > 0 ? (size_t)n : 0;
    }
    if (used == 0 && explain->count > 0) {
        char line[256];
        const char *sentence;

        weir_step_text(&explain->steps[0], line, sizeof line, NULL);
        sentence = strstr(line, ", ");
        snprintf(text, size, "%s", sentence != NULL ? sentence + 2 : line);
    }
}
