/*
 * cmd_explain.c - `weir explain`: one decision of a replay with all its steps.
 */
#include "replaying.h"

#include <math.h>
#include <string.h>

enum { OPTION_AT = REPLAY_OPTION_COUNT, OPTION_FORMAT };

static const struct option options[] = {
    REPLAY_OPTIONS,
    {"--at", 0, "TIME", "the decision in force at this time"},
    {"--format", 0, "text|json", "how to print it (default text)"},
    {NULL, 0, NULL, NULL},
};

enum { MOMENTS_MAX = 4 };

/* The decisions of one instant: a tick, and what it led to at once. */
struct finding {
    weir_time at;
    struct moment moments[MOMENTS_MAX];
    size_t count;
    int passed; /* there is a later decision */
};

static int see(void *user, const struct moment *m)
{
    struct finding *f = user;

    if (m->decision.at > f->at) {
        f->passed = 1;
        return 0;
    }
    if (f->count > 0 && f->moments[0].decision.at != m->decision.at) {
        f->count = 0;
    }
    f->moments[f->count < MOMENTS_MAX ? f->count++ : MOMENTS_MAX - 1] = *m;
    return 1;
}

static void print_next(const struct outcome *o, const weir_decision *d)
{
    char time[40];

    if (d->next == WEIR_TIME_NEVER) {
        printf("Without a new sample this stays.\n");
    } else {
        put_time(time, sizeof time, d->next, o->first);
        printf("Without a new sample this can change from %s on.\n", time);
    }
}

static void print_text(const struct moment *m, const struct outcome *o)
{
    const weir_decision *d = &m->decision;
    char time[40];

    put_time(time, sizeof time, d->at, o->first);
    printf("%s %s/%s at %s: ", o->item->api_kind, o->item->name_space, o->item->name, time);
    if (d->replicas >= 0) {
        printf("%d pod%s, ", d->replicas, d->replicas == 1 ? "" : "s");
    }
    printf("%d ready%s%s\n", m->target.ready_replicas,
           (d->flags & WEIR_FLAG_PANIC) != 0 ? ", in panic mode" : "",
           d->valid ? "" : ", no data to decide on");
    for (size_t i = 0; o->kind->labels[i] != NULL; i++) {
        if (m->labels[i][0] != '\0') {
            printf("%s%s %s", i > 0 ? ", " : "", o->kind->labels[i], m->labels[i]);
        }
    }
    printf("%s", o->kind->labels[0] != NULL ? "\n" : "");
    if (m->has_load) {
        printf("%s %.6g", o->series, m->load);
        for (size_t i = 0; i < o->measure_count && !isnan(m->measures[i]); i++) {
            const char *name = o->measures[i].column;
            int word = (int)strcspn(name, "_");

            printf(", %.*s%s%s %.6g", word, name, name[word] != '\0' ? " " : "",
                   name[word] != '\0' ? name + word + 1 : "", m->measures[i] + 0.0);
        }
        printf("\n");
    }
    printf("\n");
    for (uint32_t i = 0; i < m->explain.count; i++) {
        char line[512];

        put_step(line, sizeof line, o, &m->explain.steps[i]);
        printf("  %s\n      %s\n", line, weir_rule_doc(m->explain.steps[i].rule));
    }
    printf("\n");
}

static void print_json(const struct moment *m, const struct outcome *o)
{
    char next[40];

    print_json_decision(o, m);
    put_seconds(next, sizeof next, m->decision.next);
    printf(",\"next\":%s,", m->decision.next == WEIR_TIME_NEVER ? "null" : next);
    print_json_steps(&m->explain);
    printf("}\n");
}

static int explain(const struct request *request, const weir_manifest_item *item,
                   struct finding *finding, int json)
{
    int code;
    struct replaying *r = replaying_open(request, item, &code);

    if (r == NULL) {
        return code;
    }
    code = replaying_run(r, see, finding);
    for (size_t i = 0; i < finding->count; i++) {
        (json ? print_json : print_text)(&finding->moments[i], replaying_outcome(r));
    }
    if (finding->count > 0 && code == EXIT_FINE && !finding->passed &&
        finding->at - finding->moments[0].decision.at > request->replay.hold) {
        complain("the replay ends before that time; this is its last decision");
    }
    if (finding->count > 0 && !json) {
        print_next(replaying_outcome(r), &finding->moments[finding->count - 1].decision);
    }
    if (finding->count == 0 && code == EXIT_FINE) {
        complain("there is no decision at or before that time");
        code = EXIT_INPUT;
    }
    replaying_close(r);
    return finish_output(code);
}

static int explain_one(struct request *request, struct finding *finding, int json)
{
    weir_manifest *manifest = NULL;
    const weir_manifest_item *item;
    int code = EXIT_INPUT;

    if (!replaying_check(request)) {
        return EXIT_USAGE;
    }
    if (request_load_manifests(request, &manifest) &&
        request_choose(request, manifest, &item, 1, &code) == 1) {
        code = request_fits(request, &item, 1) && request_check_names(request, &item, 1)
                   ? request_open_series(request)
                   : EXIT_USAGE;
        code = code == EXIT_FINE ? explain(request, item, finding, json) : code;
        request_close_series(request);
    }
    weir_manifest_free(manifest);
    return code;
}

static int run(int count, char **words)
{
    struct request request;
    static struct finding finding; /* too large for a small stack */
    struct argument a;
    int position = 0, more, json = 0;

    finding.at = WEIR_TIME_NEVER;
    request_init(&request);
    request.replay.skip_idle = 0; /* whoever asks wants the decision of that very time */
    while ((more = next_argument(&command_explain, count, words, &position, &a)) > 0) {
        int taken = request_take(&request, &command_explain, &a);

        if (taken == 0 && a.option == OPTION_AT) {
            taken = take_time("--at", a.value, &finding.at);
        } else if (taken == 0) {
            json = strcmp(a.value, "json") == 0;
            taken = 1;
            if (!json && strcmp(a.value, "text") != 0) {
                complain("--format is text or json, not %s", a.value);
                taken = -1;
            }
        }
        if (taken < 0) {
            return EXIT_USAGE;
        }
    }
    if (more < 0) {
        return EXIT_USAGE;
    }
    if (finding.at == WEIR_TIME_NEVER) {
        complain("explain needs --at TIME; see weir explain --help");
        return EXIT_USAGE;
    }
    if (request.to == INT64_MAX && request.server.options.url != NULL) {
        request.to = finding.at; /* no later answer counts */
    }
    return explain_one(&request, &finding, json);
}

const struct command command_explain = {
    .name = "explain",
    .summary = "one decision of a replay, with every step that led to it",
    .usage = "explain -f MANIFEST (--load FILE.csv|--series FILE|--prometheus URL|--requests "
             "FILE.csv|--workers N) --at TIME [OPTION...]",
    .help =
        "Times are written as in the load: seconds or RFC 3339. The load is replayed from its\n"
        "first row (or --from) up to that time, so a decision is explained as it came about.\n\n"
        "Examples:\n"
        "  weir explain -f examples/knative-service.yaml --load examples/data/traffic.csv \\\n"
        "       --at 352\n"
        "  weir explain -f ksvc.yaml --load load.csv --at 2026-11-24T10:00:00Z --format json\n",
    .options = options,
    .run = run,
};
