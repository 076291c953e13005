/*
 * cmd_explain.c - `weir explain`: one decision of a replay with all its steps.
 */
#include "csv.h"
#include "replaying.h"

#include <string.h>

enum { OPTION_AT = REPLAY_OPTION_COUNT };

static const struct option options[] = {
    REPLAY_OPTIONS,
    {"--at", 0, "TIME", "the decision in force at this time"},
    {NULL, 0, NULL, NULL},
};

struct finding {
    weir_time at;
    struct moment moment;
    int found;
};

static int see(void *user, const struct moment *m)
{
    struct finding *f = user;

    if (m->decision.at > f->at) {
        return 0;
    }
    f->moment = *m;
    f->found = 1;
    return 1;
}

static void print_finding(const struct finding *f, const struct outcome *o)
{
    const struct moment *m = &f->moment;
    const weir_decision *d = &m->decision;
    char time[40];

    put_time(time, sizeof time, d->at, o->first);
    printf("%s %s/%s at %s: %d pods wanted, %d ready", o->item->api_kind, o->item->name_space,
           o->item->name, time, d->replicas, m->target.ready_replicas);
    printf("%s, %s %.4g\n", (d->flags & WEIR_FLAG_PANIC) != 0 ? ", in panic" : "", o->series,
           m->load);
    for (uint32_t i = 0; i < m->explain.count; i++) {
        char line[256];

        weir_step_text(&m->explain.steps[i], line, sizeof line, NULL);
        printf("  %s\n      %s\n", line, weir_rule_doc(m->explain.steps[i].rule));
    }
    if (d->next == WEIR_TIME_NEVER) {
        printf("without a new sample this stays\n");
    } else {
        put_time(time, sizeof time, d->next, o->first);
        printf("without a new sample this can change at %s\n", time);
    }
}

static int run(int count, char **words)
{
    struct request request;
    struct finding finding = {.at = WEIR_TIME_NEVER};
    struct argument a;
    struct replaying *r;
    int position = 0, more, code;

    request_init(&request);
    while ((more = next_argument(&command_explain, count, words, &position, &a)) > 0) {
        int taken = request_take(&request, &command_explain, &a);

        if (taken == 0) { /* --at */
            struct csv_field field = {a.value, strlen(a.value), 1};

            taken = csv_time(&field, &finding.at) ? 1 : -1;
            if (taken < 0) {
                complain("--at takes seconds or a time like 2026-11-24T10:00:00Z, not %s", a.value);
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
    r = replaying_open(&request, &code);
    if (r == NULL) {
        return code;
    }
    code = replaying_run(r, see, &finding);
    if (finding.found) {
        print_finding(&finding, replaying_outcome(r));
    } else if (code == EXIT_FINE) {
        complain("there is no decision at or before that time");
        code = EXIT_INPUT;
    }
    replaying_close(r);
    return finish_output(code);
}

const struct command command_explain = {
    .name = "explain",
    .summary = "one decision of a replay, with every step that led to it",
    .usage = "explain -f MANIFEST --load FILE.csv --at TIME [OPTION...]",
    .help = "Times are written as in the load: seconds or RFC 3339.\n\n"
            "Example:\n"
            "  weir explain -f examples/knative-service.yaml --load examples/data/traffic.csv --at "
            "352\n",
    .options = options,
    .run = run,
};
