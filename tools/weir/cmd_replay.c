/*
 * cmd_replay.c - `weir replay`: what an autoscaler would have done with a recorded load.
 */
#include "chart.h"
#include "replaying.h"

#include <inttypes.h>
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
    {"--format", 0, "FORMAT", "table of changes (default), csv or json: every decision"},
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
    struct points points;
    int32_t replicas; /* of the last row of the table */
    uint32_t panic;
    int any, no_memory;
};

static void print_steps(const weir_explain *explain, const char *indent)
{
    for (uint32_t i = 0; i < explain->count; i++) {
        char line[256];

        weir_step_text(&explain->steps[i], line, sizeof line, NULL);
        printf("%s%s\n", indent, line);
    }
}

/* ---- formats -------------------------------------------------------------------------------- */

static void print_row(struct sink *s, const struct moment *m)
{
    const weir_decision *d = &m->decision;
    uint32_t panic = d->flags & WEIR_FLAG_PANIC;
    char time[40], reason[512], change[32];
    const char *paint = "", *end = "";

    if (s->any && d->replicas == s->replicas && panic == s->panic && !s->explain) {
        return;
    }
    if (!d->valid && !s->explain) {
        return;
    }
    if (!s->any) {
        printf("%-10s %10s %6s %9s  %s\n", "time", "load", "ready", "wanted", "why");
    }
    put_time(time, sizeof time, d->at, s->outcome->first);
    put_reason(reason, sizeof reason, &m->explain);
    if (s->any && d->replicas != s->replicas) {
        snprintf(change, sizeof change, "%d>%d", s->replicas, d->replicas);
    } else {
        snprintf(change, sizeof change, "%d", d->replicas);
    }
    if (s->colour) {
        paint = panic ? "\033[31m" : d->replicas > s->replicas ? "\033[32m" : "\033[36m";
        end = "\033[0m";
    }
    printf("%-10s %10.2f %6d %s%9s%s  %s\n", time, m->load, m->target.ready_replicas, paint, change,
           end, reason);
    if (s->explain) {
        print_steps(&m->explain, "             ");
    }
    s->replicas = d->replicas;
    s->panic = panic;
    s->any = 1;
}

static void print_seconds(weir_time at)
{
    printf("%" PRId64, at / WEIR_SECOND);
    if (at % WEIR_SECOND != 0) {
        printf(".%09" PRId64, at % WEIR_SECOND);
    }
}

static void print_csv(struct sink *s, const struct moment *m)
{
    const weir_decision *d = &m->decision;

    if (!s->any) {
        printf("time,load,ready,replicas,wanted,valid,panic,excess_burst_capacity,rule\n");
        s->any = 1;
    }
    print_seconds(d->at);
    printf(",%.17g,%d,%d,%d,%d,%d,%d,%s\n", m->load, m->target.ready_replicas,
           m->target.status_replicas, d->replicas, d->valid, (d->flags & WEIR_FLAG_PANIC) != 0,
           d->excess_burst_capacity, weir_rule_name(d->rule));
}

/* A double as JSON has it; NaN and the infinities become null. */
static void print_json_number(double x)
{
    if (x - x != 0.0) {
        printf("null");
    } else {
        printf("%.17g", x);
    }
}

static void print_json(const struct sink *s, const struct moment *m)
{
    const weir_decision *d = &m->decision;

    printf("{\"time\":");
    print_seconds(d->at);
    printf(",\"load\":");
    print_json_number(m->load);
    printf(",\"ready\":%d,\"replicas\":%d,\"wanted\":%d,\"valid\":%s,\"panic\":%s,"
           "\"excess_burst_capacity\":%d,\"rule\":\"%s\"",
           m->target.ready_replicas, m->target.status_replicas, d->replicas,
           d->valid ? "true" : "false", (d->flags & WEIR_FLAG_PANIC) != 0 ? "true" : "false",
           d->excess_burst_capacity, weir_rule_name(d->rule));
    if (s->explain) {
        printf(",\"steps\":[");
        for (uint32_t i = 0; i < m->explain.count; i++) {
            const weir_step *step = &m->explain.steps[i];

            printf("%s{\"rule\":\"%s\",\"item\":%d,\"before\":%d,\"after\":%d,\"measured\":",
                   i > 0 ? "," : "", weir_rule_name(step->rule), step->item, step->before,
                   step->after);
            print_json_number(step->measured);
            printf(",\"limit\":");
            print_json_number(step->limit);
            printf("}");
        }
        printf("]");
    }
    printf("}\n");
}

static int see(void *user, const struct moment *m)
{
    struct sink *s = user;

    if (s->plot || s->svg != NULL) {
        struct point p = {m->decision.at, m->load,
                          m->decision.replicas >= 0 ? m->decision.replicas : 0,
                          m->target.ready_replicas, (m->decision.flags & WEIR_FLAG_PANIC) != 0};

        s->no_memory |= !points_add(&s->points, &p);
    }
    if (s->summary) {
        return 1;
    }
    switch (s->format) {
    case FORMAT_TABLE: print_row(s, m); break;
    case FORMAT_CSV: print_csv(s, m); break;
    case FORMAT_JSON: print_json(s, m); break;
    }
    return 1;
}

/* ---- summary -------------------------------------------------------------------------------- */

static void print_summary(const struct outcome *o)
{
    const weir_report *r = &o->report;

    printf("\nsummary\n");
    printf("  rows replayed        %" PRId64 " over %.0f s", o->rows, r->seconds);
    if (o->bad_rows > 0) {
        printf(", %" PRId64 " bad ones left out", o->bad_rows);
    }
    if (o->gaps > 0) {
        printf(", %" PRId64 " gaps without data", o->gaps);
    }
    printf("\n  decisions            %" PRId64 ", %" PRId64 " of them without data\n", r->decisions,
           r->invalid);
    printf("  replica-seconds      %.0f (%.2f replica-hours, %.2f pods on average)\n",
           r->replica_seconds, r->replica_seconds / 3600,
           r->seconds > 0 ? r->replica_seconds / r->seconds : 0.0);
    printf("  peak                 %d pods\n", r->peak_replicas);
    printf("  scale-ups            %" PRId64 "\n", r->scale_ups);
    printf("  scale-downs          %" PRId64 "\n", r->scale_downs);
    printf("  reversals            %" PRId64 "\n", r->reversals);
    printf("  seconds in panic     %.0f\n", r->panic_seconds);
    printf("  seconds at zero      %.0f\n", r->zero_seconds);
    printf("  digest               %016" PRIx64 "\n", r->digest);
}

static void print_heading(const struct request *q, const struct outcome *o)
{
    printf("%s %s/%s (%s) on %s\n", o->item->api_kind, o->item->name_space, o->item->name,
           o->item->file, q->load);
    printf(
        "load: %s as recorded, whatever is decided; pods ready after %.4g s, gone after %.4g s\n\n",
        o->series, (double)q->replay.pod_start / 1e9, (double)q->replay.pod_stop / 1e9);
}

static int carry_out(const struct request *request, struct sink *sink)
{
    int code;
    struct replaying *r = replaying_open(request, &code);

    if (r == NULL) {
        return code;
    }
    sink->outcome = replaying_outcome(r);
    if (sink->format == FORMAT_TABLE) {
        print_heading(request, sink->outcome);
    }
    code = replaying_run(r, sink->summary && !sink->plot && sink->svg == NULL ? NULL : see, sink);
    if (sink->outcome->started && sink->format == FORMAT_TABLE) {
        if (sink->plot) {
            printf("\n");
            chart_terminal(stdout, &sink->points, sink->outcome->series, sink->colour);
        }
        print_summary(sink->outcome);
    }
    if (sink->no_memory) {
        complain("the chart is incomplete: there was no memory left");
        code = EXIT_OUTPUT;
    }
    if (sink->svg != NULL &&
        !chart_svg(sink->svg, &sink->points, sink->outcome->item->name, sink->outcome->series)) {
        code = code == EXIT_FINE ? EXIT_OUTPUT : code;
    }
    points_free(&sink->points);
    replaying_close(r);
    return finish_output(code);
}

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
    struct request request;
    struct sink sink = {.format = FORMAT_TABLE};
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
    sink.colour = wants_colour(stdout);
    return carry_out(&request, &sink);
}

const struct command command_replay = {
    .name = "replay",
    .summary = "replay a recorded load through a manifest: what, why, at what cost",
    .usage = "replay -f MANIFEST --load FILE.csv [OPTION...]",
    .help =
        "The load is a CSV file with a header. Times are seconds or RFC 3339 and must rise. "
        "Without\n"
        "--concurrency and --rps, the columns with those names are taken. A row stands until the\n"
        "next one, as a scraper would see it every second, but no longer than --hold; then there "
        "is\n"
        "no data. The load stays as recorded whatever is decided.\n\n"
        "Decisions are those of the Knative autoscaler before the reconciler's bounds. "
        "docs/replay.md\n"
        "describes the csv and json formats.\n\n"
        "Examples:\n"
        "  weir replay -f examples/knative-service.yaml --load examples/data/traffic.csv --plot\n"
        "  weir replay -f ksvc.yaml -f config-autoscaler.yaml --load rps.csv.gz --rps requests \\\n"
        "       --service-time 300ms --pod-start 12s --summary\n"
        "  weir replay -f ksvc.yaml --load load.csv --format json --explain > decisions.jsonl\n",
    .options = options,
    .run = run,
};
