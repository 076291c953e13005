/*
 * cmd_replay.c - `weir replay`: what an autoscaler would have done with a recorded load.
 */
#include "chart.h"
#include "replaying.h"

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

/* ---- the table ------------------------------------------------------------------------------ */

static void print_steps(const weir_explain *explain)
{
    for (uint32_t i = 0; i < explain->count; i++) {
        char line[256];

        weir_step_text(&explain->steps[i], line, sizeof line, NULL);
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
    for (size_t i = 0; o->kind->measures[i] != NULL; i++) {
        const char *name = o->kind->measures[i];

        printf(" %9.*s", (int)strcspn(name, "_"), name);
    }
    printf(" %6s %9s", "ready", "pods");
    for (size_t i = 0; o->kind->labels[i] != NULL; i++) {
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
           memcmp(m->labels, s->labels, sizeof s->labels) != 0;
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
    put_reason(reason, sizeof reason, &m->explain,
               s->any && d->replicas == s->replicas &&
                   memcmp(m->labels, s->labels, sizeof s->labels) != 0);
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
    for (size_t i = 0; s->outcome->kind->measures[i] != NULL; i++) {
        print_value(m->measures[i]);
    }
    printf(" %6d %s%9s%s", m->target.ready_replicas, paint, change, end);
    for (size_t i = 0; s->outcome->kind->labels[i] != NULL; i++) {
        printf("  %-9s", m->labels[i]);
    }
    printf("  %s\n", reason);
    if (s->explain) {
        print_steps(&m->explain);
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

static void print_csv(struct sink *s, const struct moment *m)
{
    const weir_decision *d = &m->decision;
    const char *const *measures = s->outcome->kind->measures;
    char time[40];

    if (!s->any) {
        printf("time,load");
        for (size_t i = 0; measures[i] != NULL; i++) {
            printf(",%s", measures[i]);
        }
        printf(",ready,replicas,wanted,valid,panic,excess_burst_capacity,rule");
        for (size_t i = 0; s->outcome->kind->labels[i] != NULL; i++) {
            printf(",%s", s->outcome->kind->labels[i]);
        }
        printf("\n");
        s->any = 1;
    }
    put_seconds(time, sizeof time, d->at);
    printf("%s", time);
    print_cell(m->has_load ? m->load : (double)NAN);
    for (size_t i = 0; measures[i] != NULL; i++) {
        print_cell(m->measures[i]);
    }
    printf(",%d,%d,%d,%d,%d,%d,%s", m->target.ready_replicas, m->target.status_replicas,
           d->replicas, d->valid, (d->flags & WEIR_FLAG_PANIC) != 0, d->excess_burst_capacity,
           weir_rule_name(d->rule));
    for (size_t i = 0; s->outcome->kind->labels[i] != NULL; i++) {
        printf(",%s", m->labels[i]);
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

static void print_heading(const struct request *q, const struct replaying *r)
{
    const struct outcome *o = replaying_outcome(r);
    const weir_replay_config *c = replaying_config(r);
    char about[256], bounds[256], start[32], stop[32];

    o->kind->describe(about, sizeof about, o->item->config);
    put_duration(start, sizeof start, c->pod_start);
    put_duration(stop, sizeof stop, c->pod_stop);
    o->kind->bounds(bounds, sizeof bounds, o->item->config);
    printf("%s %s/%s (%s)\n  scales on: %s\n  bounds: %s\n", o->item->api_kind, o->item->name_space,
           o->item->name, o->item->file, about, bounds);
    if (q->workers > 0) {
        char service[32], length[32];

        put_duration(service, sizeof service, q->service_time);
        put_duration(length, sizeof length, q->workers_for);
        printf("  load: %" PRId64 " workers for %s; a request runs %s, and the next one follows it",
               q->workers, length, service);
    } else if (q->by_requests) {
        printf("  load: the requests of %s", q->load);
    } else {
        printf("  load: %s of %s", o->series, q->load);
    }
    if (q->scale != 1.0) {
        printf(", times %.6g", q->scale);
    }
    printf("%s\n", q->by_requests ? "" : "; as recorded, whatever is decided");
    printf(
        "  pods: %d ready at the start; ready %s after they are asked for, gone %s after they are "
        "told to stop\n",
        c->initial_replicas, start, stop);
}

static void print_summary(const struct outcome *o, double pod_capacity, const weir_waits *waits)
{
    const weir_report *r = &o->report;

    printf("\nsummary\n");
    if (waits == NULL || o->rows > 0) {
        printf("  %-21s%" PRId64 " over %.0f s",
               waits == NULL ? "rows replayed" : "requests replayed", o->rows, r->seconds);
    } else {
        printf("  time replayed        %.0f s", r->seconds);
    }
    if (o->bad_rows > 0) {
        printf(", %" PRId64 " bad ones left out", o->bad_rows);
    }
    if (o->gaps > 0) {
        printf(", %" PRId64 " gap%s without data", o->gaps, o->gaps == 1 ? "" : "s");
    }
    printf("\n  decisions            %" PRId64 ", %" PRId64 " of them without data\n", r->decisions,
           r->invalid);
    printf("  replica-seconds      %.0f (%.2f replica-hours, %.2f pods on average)\n",
           r->replica_seconds, r->replica_seconds / 3600,
           r->seconds > 0 ? r->replica_seconds / r->seconds : 0.0);
    printf("  peak                 %d pod%s\n", r->peak_replicas, r->peak_replicas == 1 ? "" : "s");
    printf("  scale-ups            %" PRId64 ", %" PRId64 " of them from zero\n", r->scale_ups,
           r->cold_starts);
    printf("  scale-downs          %" PRId64 "\n", r->scale_downs);
    printf("  reversals            %" PRId64 "\n", r->reversals);
    printf("  seconds in panic     %.0f\n", r->panic_seconds);
    printf("  seconds proxied      %.0f (requests went through the activator)\n", r->proxy_seconds);
    printf("  seconds at zero      %.0f\n", r->zero_seconds);
    if (pod_capacity > 0) {
        printf("  seconds overloaded   %.0f (more than %.6g for each ready pod)\n",
               r->overload_seconds, pod_capacity);
    }
    printf("  digest               %016" PRIx64 "\n", r->digest);
    if (waits != NULL) {
        print_waits(waits);
    }
}

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
    if (r->overload_seconds > 0 && q->replay.pod_start == 0) {
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
    o->kind->describe(about, sizeof about, o->item->config);
    if (s->plot) {
        printf("\n");
        chart_terminal(stdout, &chart, s->colour);
    }
    return s->svg == NULL || chart_svg(s->svg, &chart);
}

static int carry_out(const struct request *request, struct sink *sink)
{
    int code, looks = !sink->summary || sink->plot || sink->svg != NULL, drawn = 1;
    struct replaying *r = replaying_open(request, &code);
    weir_waits waits;

    if (r == NULL) {
        return code;
    }
    sink->outcome = replaying_outcome(r);
    sink->pod_capacity = replaying_config(r)->pod_capacity;
    if (sink->format == FORMAT_TABLE) {
        print_heading(request, r);
    }
    code = replaying_run(r, looks ? see : NULL, sink);
    if (sink->outcome->started) {
        drawn = draw(request, sink);
    }
    if (sink->outcome->started && sink->format == FORMAT_TABLE) {
        print_summary(sink->outcome, sink->pod_capacity,
                      replaying_waits(r, &waits) ? &waits : NULL);
        if (looks) {
            print_hints(request, sink);
        }
    }
    if (!drawn && code == EXIT_FINE) {
        code = EXIT_OUTPUT;
    }
    replaying_close(r);
    return finish_output(code);
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

    sink.news = WEIR_TIME_NONE;
    history_init(&sink.history);
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
    return carry_out(&request, &sink);
}

const struct command command_replay = {
    .name = "replay",
    .summary = "replay a recorded load through a manifest: what, why, at what cost",
    .usage = "replay -f MANIFEST (--load FILE.csv|--requests FILE.csv|--workers N) [OPTION...]",
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
