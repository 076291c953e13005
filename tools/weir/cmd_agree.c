/*
 * cmd_agree.c - `weir agree`: recordings of running autoscalers, decided again.
 */
#include "agree_keda.h"
#include "agree_print.h"
#include "program.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <weir/manifest.h>

enum { OPTION_NAME, OPTION_CHANGES, OPTION_MAX, OPTION_FORMAT };

static const struct option options[] = {
    {"--name", 0, "NAME", "only this autoscaler, or ScaledObject"},
    {"--changes", 0, NULL, "show every change of a size, as recorded and as weir has it"},
    {"--max", 0, "N", "show at most N disagreements a recording (default 5)"},
    {"--format", 0, "text|json", "how to print it (default text)"},
    {NULL, 0, NULL, NULL},
};

struct wishes {
    const char *name; /* NULL: all */
    int64_t max;
    int changes;
    int json;
};

/* Disagreements are printed after the table, in their order. */
struct showing {
    const struct wishes *wishes;
    FILE *lines;
    int64_t shown, hidden;
    FILE *changes;
};

static void see(void *user, const struct agree_step *step)
{
    struct showing *s = user;

    if (s->wishes->changes &&
        (step->recorded->outcome == RECORDED_RESCALED || step->outcome == RECORDED_RESCALED)) {
        (s->wishes->json ? agree_json_step : agree_print_change)(s->changes, step);
    }
    if (step->compared && step->proposal_agrees && step->outcome_agrees && step->conditions_agree) {
        return;
    }
    if (s->shown >= s->wishes->max) {
        s->hidden++;
        return;
    }
    s->shown++;
    (s->wishes->json ? agree_json_step : agree_print_step)(s->lines, step);
}

static void add_tally(struct agree_tally *sum, const struct agree_tally *one)
{
    sum->steps += one->steps;
    sum->rescales += one->rescales;
    sum->compared += one->compared;
    sum->agreed += one->agreed;
    sum->proposals += one->proposals;
    sum->outcomes += one->outcomes;
    sum->conditions += one->conditions;
    sum->shifted += one->shifted;
}

static void print_problems(const struct recording *r)
{
    for (size_t i = 0; i < r->problem_count; i++) {
        complain("%s%s", r->problems[i].severity == RECORDED_NOTICE ? "notice: " : "",
                 r->problems[i].text);
    }
}

static void print_sum(const struct recording *r, const struct agree_tally *sum,
                      const struct showing *s)
{
    agree_print_tally(stdout, agree_name_width(r), "all", sum);
    printf("\n%" PRId64 " of %" PRId64 " steps agree", sum->agreed, sum->steps);
    if (sum->shifted > 0) {
        printf(", %" PRId64 " of them with the pods, the clock or the spec as of a moment nearby",
               sum->shifted);
    }
    printf(".\n");
    if (sum->compared < sum->steps) {
        printf("%" PRId64 " steps could not be compared.\n", sum->steps - sum->compared);
    }
    if (s->hidden > 0 && s->shown > 0) {
        printf("The first %" PRId64 " of %" PRId64 " disagreements follow.\n", s->shown,
               s->shown + s->hidden);
    }
}

/* Whether an autoscaler is wanted: by its name, or its ScaledObject's. */
static int is_wanted_autoscaler(const struct recording *r, const struct recorded_autoscaler *a,
                                const char *name)
{
    int wanted = name == NULL || strcmp(a->name, name) == 0;

    for (size_t i = 0; !wanted && i < r->scaled_object_count; i++) {
        wanted = r->scaled_objects[i].hpa == a && strcmp(r->scaled_objects[i].name, name) == 0;
    }
    return wanted;
}

static int compare_all(const struct recording *r, const struct wishes *wishes)
{
    struct agree_tally sum = {0}, tally;
    char *text = NULL, *changes = NULL;
    size_t length = 0, changes_length = 0;
    struct showing s = {wishes, open_memstream(&text, &length), 0, 0,
                        open_memstream(&changes, &changes_length)};

    if (s.lines == NULL || s.changes == NULL) {
        complain("%s", strerror(errno));
        return EXIT_OUTPUT;
    }
    if (!wishes->json) {
        agree_print_heading(stdout, r);
    }
    for (size_t i = 0; i < r->autoscaler_count; i++) {
        const struct recorded_autoscaler *a = &r->autoscalers[i];

        if (!is_wanted_autoscaler(r, a, wishes->name)) {
            continue;
        }
        progress("%s: %s", r->name, a->name);
        agree_run(r, a, &tally, see, &s);
        add_tally(&sum, &tally);
        progress_end();
        if (wishes->json) {
            agree_json_tally(stdout, r, a->name, &tally);
        } else {
            agree_print_tally(stdout, agree_name_width(r), a->name, &tally);
        }
    }
    if (wishes->json) {
        agree_json_tally(stdout, r, NULL, &sum);
    } else {
        print_sum(r, &sum, &s);
    }
    fclose(s.lines);
    fclose(s.changes);
    if (wishes->changes && !wishes->json) {
        agree_print_changes_heading(stdout);
    }
    fwrite(changes, 1, changes_length, stdout);
    fwrite(text, 1, length, stdout);
    free(text);
    free(changes);
    return sum.agreed == sum.steps ? EXIT_FINE : EXIT_MISMATCH;
}

/* ---- KEDA ----------------------------------------------------------------------------------- */

static void see_keda(void *user, const struct agree_keda_event *event)
{
    struct showing *s = user;

    if (event->agrees) {
        return;
    }
    if (s->shown >= s->wishes->max) {
        s->hidden++;
        return;
    }
    s->shown++;
    (s->wishes->json ? agree_json_event : agree_print_event)(s->lines, event);
}

/* Whether a ScaledObject is wanted: by its name, or its HPA's. */
static int is_wanted(const struct recorded_scaled_object *so, const char *name)
{
    return name == NULL || strcmp(so->name, name) == 0 ||
           (so->hpa != NULL && strcmp(so->hpa->name, name) == 0);
}

static void print_keda_sum(const struct agree_keda_tally *sum, const struct showing *s)
{
    printf("\n%" PRId64 " of %" PRId64 " polls, %" PRId64 " of %" PRId64 " answers and %" PRId64
           " of %" PRId64 " HPAs of KEDA agree",
           sum->polls_agreed, sum->polls, sum->served_agreed, sum->served, sum->made_agreed,
           sum->made);
    if (sum->shifted > 0) {
        printf(", %" PRId64 " of the answers as of before a poll that was under way", sum->shifted);
    }
    printf(".\n");
    if (s->hidden > 0 && s->shown > 0) {
        printf("The first %" PRId64 " of %" PRId64 " disagreements follow.\n", s->shown,
               s->shown + s->hidden);
    }
}

static int compare_keda(const struct recording *r, const struct wishes *wishes)
{
    struct agree_keda_tally sum = {0}, t;
    char *text = NULL;
    size_t length = 0;
    struct showing s = {wishes, open_memstream(&text, &length), 0, 0, NULL};

    if (s.lines == NULL) {
        complain("%s", strerror(errno));
        return EXIT_OUTPUT;
    }
    if (!wishes->json) {
        agree_print_keda_heading(stdout, r);
    }
    for (size_t i = 0; i < r->scaled_object_count; i++) {
        struct recorded_scaled_object *so = &r->scaled_objects[i];

        if (!is_wanted(so, wishes->name)) {
            continue;
        }
        agree_keda_run(r, so, &t, see_keda, &s);
        sum.polls += t.polls;
        sum.polls_agreed += t.polls_agreed;
        sum.writes += t.writes;
        sum.served += t.served;
        sum.served_agreed += t.served_agreed;
        sum.shifted += t.shifted;
        sum.made += t.made;
        sum.made_agreed += t.made_agreed;
        if (wishes->json) {
            agree_json_keda(stdout, r, so->name, &t);
        } else {
            agree_print_keda(stdout, agree_name_width(r), so->name, &t);
        }
    }
    if (wishes->json) {
        agree_json_keda(stdout, r, NULL, &sum);
    } else {
        agree_print_keda(stdout, agree_name_width(r), "all", &sum);
        print_keda_sum(&sum, &s);
    }
    fclose(s.lines);
    fwrite(text, 1, length, stdout);
    free(text);
    return sum.polls_agreed == sum.polls && sum.served_agreed == sum.served &&
                   sum.made_agreed == sum.made
               ? EXIT_FINE
               : EXIT_MISMATCH;
}

static int name_is_there(const struct recording *r, const char *name)
{
    const char **names;
    const char *near;

    for (size_t i = 0; i < r->autoscaler_count; i++) {
        if (strcmp(r->autoscalers[i].name, name) == 0) {
            return 1;
        }
    }
    for (size_t i = 0; i < r->scaled_object_count; i++) {
        if (strcmp(r->scaled_objects[i].name, name) == 0) {
            return 1;
        }
    }
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    names = calloc(r->autoscaler_count + 1, sizeof names[0]);
    for (size_t i = 0; names != NULL && i < r->autoscaler_count; i++) {
        names[i] = r->autoscalers[i].name;
    }
    near = names != NULL ? weir_nearest_name(name, names, r->autoscaler_count) : NULL;
    complain("%s has no autoscaler %s%s%s", r->name, name, near != NULL ? "; did you mean " : "",
             near != NULL ? near : "");
    free(names);
    return 0;
}

static int agree(const char *path, const struct wishes *wishes)
{
    char message[1024];
    struct recording *r = recording_open(path, message, sizeof message);
    int code;

    if (r == NULL) {
        complain("%s", message);
        return EXIT_INPUT;
    }
    print_problems(r);
    if (r->autoscaler_count == 0 || (wishes->name != NULL && !name_is_there(r, wishes->name))) {
        code = EXIT_INPUT;
    } else {
        code = compare_all(r, wishes);
        if (r->scaled_object_count > 0) {
            int keda = compare_keda(r, wishes);

            code = keda > code ? keda : code;
        }
        code = r->error_count > 0 ? EXIT_INPUT : code;
    }
    recording_close(r);
    return code;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int take(struct wishes *wishes, const struct argument *a)
{
    char *end;
    int word;

    switch (a->option) {
    case OPTION_NAME: wishes->name = a->value; return 1;
    case OPTION_CHANGES: wishes->changes = 1; return 1;
    case OPTION_MAX:
        errno = 0;
        wishes->max = strtoll(a->value, &end, 10);
        if (errno != 0 || *end != '\0' || end == a->value || wishes->max < 0) {
            complain("--max takes a whole number of 0 or more, not %s", a->value);
            return 0;
        }
        return 1;
    case OPTION_FORMAT:
        word = choose_word("--format", options[OPTION_FORMAT].argument, a->value);
        wishes->json = word == 1;
        return word >= 0;
    default: return 1;
    }
}

static int run(int count, char **words)
{
    struct wishes wishes = {NULL, 5, 0, 0};
    struct argument a;
    int position = 0, more, recordings = 0, code = EXIT_FINE;

    while ((more = next_argument(&command_agree, count, words, &position, &a)) > 0) {
        if (!take(&wishes, &a)) {
            return EXIT_USAGE;
        }
        recordings += a.option < 0;
    }
    if (more < 0) {
        return EXIT_USAGE;
    }
    if (recordings == 0) {
        complain("agree needs a recording: a folder or a .tar.gz; see weir agree --help");
        return EXIT_USAGE;
    }
    position = 0;
    while (next_argument(&command_agree, count, words, &position, &a) > 0) {
        int one = a.option < 0 ? agree(a.value, &wishes) : EXIT_FINE;

        code = one > code ? one : code;
    }
    return finish_output(code);
}

const struct command command_agree = {
    .name = "agree",
    .summary = "whether weir decides as autoscalers did that were recorded",
    .usage = "agree [OPTION...] RECORDING...",
    .help =
        "A recording is a folder, or a .tar.gz of one, of what a control plane's autoscalers saw\n"
        "and did; docs/agree.md says how it looks. Every reconcile is decided again from its own\n"
        "time, scale, answers of metrics APIs and pods; proposal, outcome and conditions are\n"
        "compared. Then come the first steps that differ, with both explanations. Where KEDA made\n"
        "the autoscalers, so are its writes, its answers to the HPAs, and the HPAs it made.\n\n"
        "Exits with 1 when any step differs, with 3 when a file is missing, damaged or malformed;\n"
        "what can be read is compared all the same.\n\n"
        "Examples:\n"
        "  weir agree examples/data/hpa-defaults.tar.gz\n"
        "  weir agree --name zero-idle examples/data/keda-prometheus.tar.gz\n"
        "  weir agree --name web --max 1 my-recording/\n"
        "  weir agree --format json my-recording.tar.gz\n",
    .operands = "FILE",
    .options = options,
    .run = run,
};
