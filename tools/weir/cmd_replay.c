/*
 * cmd_replay.c - `weir replay`: what an autoscaler would have done with a recorded load.
 */
#include "chart.h"
#include "replaying.h"
#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_FORMAT = REPLAY_OPTION_COUNT,
    OPTION_EXPLAIN,
    OPTION_SUMMARY,
    OPTION_PLOT,
    OPTION_SVG
};

static const struct option options[] = {
    REPLAY_OPTIONS,
    {"--format", 0, "table|csv|json", "the changes (default), or every decision"},
    {"--explain", 0, NULL, "every step of every decision that is shown"},
    {"--summary", 0, NULL, "only the summary"},
    {"--plot", 0, NULL, "a chart on the terminal, too"},
    {"--svg", 0, "FILE", "a chart as an SVG file, too"},
    {NULL, 0, NULL, NULL},
};

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON };

/* Where the decisions go. */
struct sink {
    enum format format;
    int explain, summary, plot, colour;
    const char *svg;
    const struct outcome *outcome;
    double pod_capacity;
    struct history history;
    int32_t replicas; /* of the last row of the table */
    int32_t valid;
    uint32_t panic;
    char labels[LABELS_MAX][LABEL_SIZE];
    int any;
    weir_time news; /* of the first panic, or else of the first change: WEIR_TIME_NONE */
    int panicked;   /* it is a panic */
};

/* Begins with an autoscaler. */
static void sink_begin(struct sink *s, const struct outcome *outcome)
{
    int header = s->any && s->format == FORMAT_CSV; /* there is one */

    s->outcome = outcome;
    s->any = header;
    s->news = WEIR_TIME_NONE;
    s->panicked = 0;
    history_init(&s->history);
}

/* ---- the table ------------------------------------------------------------------------------ */

static void print_steps(const struct outcome *o, const weir_explain *explain)
{
    for (uint32_t i = 0; i < explain->count; i++) {
        char line[512];

        put_step(line, sizeof line, o, &explain->steps[i]);
        printf("             %s\n", line);
    }
}

static void print_value(double value)
{
    if (isnan(value)) {
        printf(" %9s", "-");
    } else {
        printf(" %9.*f", value < 1e4 ? 2 : 0, value + 0.0); /* not -0 */
    }
}

static void print_columns(const struct outcome *o)
{
    printf("\n%-10s %9s", "time", "load");
    for (size_t i = 0; i < o->measure_count; i++) {
        if (o->measures[i].heading[0] != '\0') {
            printf(" %9s", o->measures[i].heading);
        }
    }
    printf(" %6s %9s", "ready", "pods");
    for (size_t i = 0; i < o->kind->news; i++) {
        printf("  %-9s", o->kind->labels[i]);
    }
    printf("  why\n");
}

/* Whether a decision is a line of its own: something changed. */
static int is_change(const struct sink *s, const struct moment *m)
{
    const weir_decision *d = &m->decision;

    if (s->explain || !s->any) {
        return 1;
    }
    return d->valid != s->valid || d->replicas != s->replicas ||
           (d->flags & WEIR_FLAG_PANIC) != s->panic ||
           memcmp(m->labels, s->labels, s->outcome->kind->news * LABEL_SIZE) != 0;
}

static void print_row(struct sink *s, const struct moment *m)
{
    const weir_decision *d = &m->decision;
    char time[40], reason[512], change[32];
    const char *paint = "", *end = "";

    if (!is_change(s, m)) {
        return;
    }
    if (!s->any) {
        print_columns(s->outcome);
        s->replicas = d->current;
    }
    put_time(time, sizeof time, d->at, s->outcome->first);
    put_reason(reason, sizeof reason, s->outcome, &m->explain,
               s->any && d->replicas == s->replicas &&
                   memcmp(m->labels, s->labels, s->outcome->kind->news * LABEL_SIZE) != 0);
    if (d->replicas != s->replicas) {
        snprintf(change, sizeof change, "%d>%d", s->replicas, d->replicas);
    } else if (d->replicas >= 0) {
        snprintf(change, sizeof change, "%d", d->replicas);
    } else {
        snprintf(change, sizeof change, "-");
    }
    if (s->colour) {
        paint = (d->flags & WEIR_FLAG_PANIC) != 0 ? "\033[31m"
                : d->replicas > s->replicas       ? "\033[32m"
                                                  : "\033[36m";
        end = "\033[0m";
    }
    printf("%-10s", time);
    print_value(m->has_load ? m->load : (double)NAN);
    for (size_t i = 0; i < s->outcome->measure_count; i++) {
        if (s->outcome->measures[i].heading[0] != '\0') {
            print_value(m->measures[i]);
        }
    }
    printf(" %6d %s%9s%s", m->target.ready_replicas, paint, change, end);
    for (size_t i = 0; i < s->outcome->kind->news; i++) {
        printf("  %-9s", m->labels[i]);
    }
    printf("  %s\n", reason);
    if (s->explain) {
        print_steps(s->outcome, &m->explain);
    }
    s->replicas = d->replicas;
    s->valid = d->valid;
    s->panic = d->flags & WEIR_FLAG_PANIC;
    memcpy(s->labels, m->labels, sizeof s->labels);
    s->any = 1;
}

/* ---- every decision ------------------------------------------------------------------------- */

static void print_cell(double value)
{
    char text[40] = "";

    if (isfinite(value)) {
        put_number(text, sizeof text, value);
    }
    printf(",%s", text);
}

static void print_csv_header(const struct outcome *o)
{
    if (o->one_of_several) {
        printf("autoscaler,time,load,ready,replicas,wanted,valid,rule\n"); /* what all have */
        return;
    }
    printf("time,load");
    for (size_t i = 0; i < o->measure_count; i++) {
        putchar(',');
        print_csv_text(o->measures[i].column);
    }
    printf(",ready,replicas,wanted,valid%s,rule",
           o->kind->has_panic ? ",panic,excess_burst_capacity" : "");
    for (size_t i = 0; o->kind->labels[i] != NULL; i++) {
        printf(",%s", o->kind->labels[i]);
    }
    printf("\n");
}

static void print_csv(struct sink *s, const struct moment *m)
{
    const struct outcome *o = s->outcome;
    const weir_decision *d = &m->decision;
    char time[40];

    if (!s->any) {
        print_csv_header(o);
        s->any = 1;
    }
    if (o->one_of_several) {
        printf("%s/%s,", o->item->name_space, o->item->name);
    }
    put_seconds(time, sizeof time, d->at);
    printf("%s", time);
    print_cell(m->has_load ? m->load : (double)NAN);
    for (size_t i = 0; !o->one_of_several && i < o->measure_count; i++) {
        print_cell(m->measures[i]);
    }
    printf(",%d,%d,%d,%d", m->target.ready_replicas, m->target.status_replicas, d->replicas,
           d->valid);
    if (o->kind->has_panic && !o->one_of_several) {
        printf(",%d,%d", (d->flags & WEIR_FLAG_PANIC) != 0, d->excess_burst_capacity);
    }
    printf(",%s", weir_rule_name(d->rule));
    for (size_t i = 0; !o->one_of_several && o->kind->labels[i] != NULL; i++) {
        putchar(',');
        print_csv_text(m->labels[i]);
    }
    printf("\n");
}

static void print_json(const struct sink *s, const struct moment *m)
{
    print_json_decision(s->outcome, m);
    if (s->explain) {
        putchar(',');
        print_json_steps(&m->explain);
    }
    printf("}\n");
}

/* ---- seeing --------------------------------------------------------------------------------- */

static void remember(struct sink *s, const struct moment *m)
{
    const weir_decision *d = &m->decision;
    double load = m->has_load ? m->load : (double)NAN;
    int32_t wanted = d->replicas >= 0 ? d->replicas : m->target.spec_replicas;
    int32_t ready = m->target.ready_replicas, panics = (d->flags & WEIR_FLAG_PANIC) != 0;
    struct bin one = {d->at, load, load, wanted, wanted, ready, ready, 1, panics};

    history_add(&s->history, &one);
}

static int see(void *user, const struct moment *m)
{
    struct sink *s = user;
    const weir_decision *d = &m->decision;

    if (!s->panicked && (d->flags & WEIR_FLAG_PANIC) != 0) {
        s->panicked = 1;
        s->news = d->at;
    } else if (s->news == WEIR_TIME_NONE && d->valid && d->replicas != d->current) {
        s->news = d->at;
    }
    if (s->plot || s->svg != NULL) {
        remember(s, m);
    }
    if (!s->summary) {
        switch (s->format) {
        case FORMAT_TABLE: print_row(s, m); break;
        case FORMAT_CSV: print_csv(s, m); break;
        case FORMAT_JSON: print_json(s, m); break;
        }
    }
    return 1;
}

/* ---- before and after ----------------------------------------------------------------------- */

/* Commands and options that this very replay makes worth a look. */
static void print_hints(const struct request *q, const struct sink *s)
{
    const weir_report *r = &s->outcome->report;
    char at[40];

    printf("\ntry next\n");
    if (s->news != WEIR_TIME_NONE) {
        put_seconds(at, sizeof at, s->news);
        printf("  weir explain with the same options and --at %s: how %s came about\n", at,
               s->panicked ? "the first panic" : "the first change");
    }
    if (s->outcome->kind->has_panic && r->overload_seconds > 0 && q->replay.pod_start == 0) {
        printf("  --pod-start 10s: pods that need time to start make the overload last longer\n");
    } else if (r->reversals > 20 && (double)r->reversals > r->seconds / 900) {
        printf("  a longer window or scale-down-delay in the manifest: %" PRId64
               " reversals, one every %.0f s\n",
               r->reversals, r->seconds / (double)r->reversals);
    }
    if (!s->plot && s->svg == NULL) {
        printf("  --plot or --svg FILE: the load and the pods as a chart\n");
    } else if (!q->by_requests) {
        printf("  --scale 2: the same with twice the load\n");
    }
}

static int draw(const struct request *q, struct sink *s)
{
    char title[512], about[256];
    const struct outcome *o = s->outcome;
    struct chart chart = {&s->history, title, about, o->series, o->first, s->pod_capacity};

    (void)q;
    s->history.end = o->first + (weir_time)(o->report.seconds * 1e9);
    snprintf(title, sizeof title, "%s %s/%s", o->item->api_kind, o->item->name_space,
             o->item->name);
    o->kind->describe(about, sizeof about, o->config);
    if (s->plot) {
        printf("\n");
        chart_terminal(stdout, &chart, s->colour);
    }
    return s->svg == NULL || chart_svg(s->svg, &chart);
}

/* Replays one autoscaler. */
static int carry_out(const struct request *request, const weir_manifest_item *item,
                     struct sink *sink, struct report_line *line)
{
    int code, looks = !sink->summary || sink->plot || sink->svg != NULL, drawn = 1;
    struct replaying *r = replaying_open(request, item, &code);
    weir_waits waits;

    if (r == NULL) {
        return code;
    }
    sink_begin(sink, replaying_outcome(r));
    sink->pod_capacity = replaying_config(r)->pod_capacity;
    if (sink->format == FORMAT_TABLE) {
        report_heading(request, r);
    }
    code = replaying_run(r, looks ? see : NULL, sink);
    if (sink->outcome->started) {
        drawn = draw(request, sink);
    }
    if (sink->outcome->started && sink->format == FORMAT_TABLE) {
        report_summary(sink->outcome, sink->pod_capacity,
                       replaying_waits(r, &waits) ? &waits : NULL);
        if (looks && !request->several) {
            print_hints(request, sink);
        }
    }
    if (!drawn && code == EXIT_FINE) {
        code = EXIT_OUTPUT;
    }
    line->started = sink->outcome->started;
    line->report = sink->outcome->report;
    replaying_close(r);
    return code;
}

/* Replays every autoscaler that was asked for, each from the first row on. */
static int carry_out_all(struct request *request, struct sink *sink,
                         const weir_manifest_item **items, size_t count)
{
    struct report_line *lines = calloc(count, sizeof *lines);
    int code = EXIT_FINE;

    if (lines == NULL) {
        complain("there is no memory left");
        return EXIT_INPUT;
    }
    request->several = count > 1;
    for (size_t i = 0; i < count; i++) {
        int one = carry_out(request, items[i], sink, &lines[i]);

        code = code == EXIT_FINE ? one : code;
        if (request->several && sink->format == FORMAT_TABLE) {
            printf("\n");
        }
    }
    if (request->several && sink->format == FORMAT_TABLE) {
        report_lines(lines, items, count);
    }
    free(lines);
    return finish_output(code);
}

static int check_several(const struct request *request, const struct sink *sink, size_t count)
{
    if (count > 1 && sink->svg != NULL) {
        complain("--svg draws one autoscaler; choose it with --name");
        return 0;
    }
    for (size_t i = 0; count > 1 && i < request->loads.count; i++) {
        if (strcmp(request->loads.list[i], "-") == 0) {
            complain("the standard input can be read once only; choose one autoscaler with --name");
            return 0;
        }
    }
    return 1;
}

static int replay(struct request *request, struct sink *sink)
{
    weir_manifest *manifest = NULL;
    const weir_manifest_item **items = NULL;
    size_t count = 0, all;
    int code = EXIT_INPUT;

    if (!replaying_check(request)) {
        return EXIT_USAGE;
    }
    if (request_load_manifests(request, &manifest)) {
        all = weir_manifest_item_count(manifest);
        items = calloc(all + 1, sizeof(const weir_manifest_item *));
        count = items != NULL ? request_choose(request, manifest, items, all, &code) : 0;
    }
    if (count > 0) {
        code = request_fits(request, items, count) && request_check_names(request, items, count) &&
                       check_several(request, sink, count)
                   ? request_open_series(request)
                   : EXIT_USAGE;
        code = code == EXIT_FINE ? carry_out_all(request, sink, items, count) : code;
        request_close_series(request);
    }
    free(items);
    weir_manifest_free(manifest);
    return code;
}

/* ---- options -------------------------------------------------------------------------------- */

static int take_format(struct sink *sink, const char *value)
{
    static const char *const names[] = {"table", "csv", "json"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(value, names[i]) == 0) {
            sink->format = (enum format)i;
            return 1;
        }
    }
    complain("--format is table, csv or json, not %s", value);
    return -1;
}

static int run(int count, char **words)
{
    static struct sink sink; /* too large for a small stack */
    struct request request;
    struct argument a;
    int position = 0, more;

    request_init(&request);
    while ((more = next_argument(&command_replay, count, words, &position, &a)) > 0) {
        int taken = request_take(&request, &command_replay, &a);

        if (taken == 0) {
            taken = 1;
            switch (a.option) {
            case OPTION_FORMAT: taken = take_format(&sink, a.value); break;
            case OPTION_EXPLAIN: sink.explain = 1; break;
            case OPTION_SUMMARY: sink.summary = 1; break;
            case OPTION_PLOT: sink.plot = 1; break;
            default: sink.svg = a.value; break;
            }
        }
        if (taken < 0) {
            return EXIT_USAGE;
        }
    }
    if (more < 0) {
        return EXIT_USAGE;
    }
    if (sink.plot && sink.format != FORMAT_TABLE) {
        complain("--plot goes with the table; --svg FILE goes with every format");
        return EXIT_USAGE;
    }
    if (sink.format != FORMAT_TABLE || sink.explain) {
        request.replay.skip_idle = 0; /* every decision means every one */
    }
    sink.colour = wants_colour(stdout);
    return replay(&request, &sink);
}

const struct command command_replay = {
    .name = "replay",
    .summary = "replay a recorded load through a manifest: what, why, at what cost",
    .usage = "replay -f MANIFEST (--load FILE.csv|--series FILE|--prometheus URL|--requests "
             "FILE.csv|--workers N) [OPTION...]",
    .help =
        "The load is a CSV file with a header. Times are seconds or RFC 3339 and must rise. "
        "Without\n"
        "--concurrency and --rps, the columns with those names are taken. A row stands until the\n"
        "next one, as a scraper would see it every second, but no longer than --hold; then there "
        "is\n"
        "no data. The load stays as recorded whatever is decided.\n\n"
        "With --requests or --workers it is requests one by one: the activator and the pods "
        "report\n"
        "them, and those that come before a pod is ready for them wait.\n\n"
        "The pods are those that the deployment is given: bounds and scale to zero included.\n"
        "docs/replay.md describes the model, the table, and the csv and json formats.\n\n"
        "Examples:\n"
        "  weir replay -f examples/knative-service.yaml --load examples/data/traffic.csv --plot\n"
        "  weir replay -f ksvc.yaml -f config-autoscaler.yaml --load rps.csv.gz --rps requests \\\n"
        "       --service-time 300ms --pod-start 12s --summary\n"
        "  weir replay -f ksvc.yaml --workers 5 --for 30s --service-time 100ms --initial 0 \\\n"
        "       --pod-start 18s\n"
        "  weir replay -f ksvc.yaml --load load.csv --format json --explain > decisions.jsonl\n",
    .options = options,
    .run = run,
};
