/*
 * conform.c - `weir conform`: files of conformance vectors, line by line, to what matched.
 */
#include "conform.h"
#include "program.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_MAX, NAMES_MAX = 16 };

static const struct option options[] = {
    {"--max", 0, "N", "show at most N mismatches a file (default 10)"},
    {NULL, 0, NULL, NULL},
};

/* What is known about one file. */
struct conform_report {
    const char *path;
    int64_t steps, matched;
    int64_t shown, limit;
    char *mismatches; /* lines to print after the file's own line */
    size_t used, room;
    char unknown[NAMES_MAX][48]; /* operations that this weir does not know */
    size_t unknown_count;
    int malformed; /* lines that are no scenario */
};

/* ---- what is shown -------------------------------------------------------------------------- */

static void note(struct conform_report *r, const char *text)
{
    size_t n = strlen(text);

    if (r->used + n + 1 > r->room) {
        size_t room = 2 * (r->room + n + 1);
        char *more = realloc(r->mismatches, room);

        if (more == NULL) {
            return;
        }
        r->mismatches = more;
        r->room = room;
    }
    memcpy(r->mismatches + r->used, text, n + 1);
    r->used += n;
}

static char *text_of(const cJSON *item)
{
    enum { ROOM = 40 };
    char *text;

    if (item == NULL || !cJSON_IsNumber(item)) {
        return item != NULL ? cJSON_PrintUnformatted(item) : NULL;
    }
    text = cJSON_malloc(ROOM);
    if (text != NULL) { /* cJSON itself prints 15 digits, which can hide the difference */
        snprintf(text, ROOM, "%.17g", item->valuedouble);
    }
    return text;
}

static void show(struct scenario *s, const char *field, const cJSON *want, const cJSON *got)
{
    struct conform_report *r = s->report;
    char line[1024], *wanted, *given;

    if (r->shown >= r->limit) {
        r->shown++;
        return;
    }
    r->shown++;
    wanted = text_of(want);
    given = text_of(got);
    snprintf(line, sizeof line, "  %s step %d %s: wanted %.300s, got %.300s\n", s->name, s->index,
             field, wanted != NULL ? wanted : "nothing", given != NULL ? given : "nothing");
    note(r, line);
    cJSON_free(wanted);
    cJSON_free(given);
}

/* ---- comparing ------------------------------------------------------------------------------ */

static int same_double(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

/* Compares one member; on the first difference shows it and gives 0. */
static int matches(struct scenario *s, const char *path, const cJSON *want, const cJSON *got);

static int matches_object(struct scenario *s, const char *path, const cJSON *want, const cJSON *got)
{
    const cJSON *item;
    int fine = 1;

    if (cJSON_HasObjectItem(want, "error")) { /* texts are information, kinds count */
        const char *kind = conform_text(want, "kind", "");

        fine = cJSON_HasObjectItem(got, "error") &&
               (kind[0] == '\0' || !cJSON_HasObjectItem(got, "kind") ||
                strcmp(kind, conform_text(got, "kind", "")) == 0);
        if (!fine) {
            show(s, path, want, got);
        }
        return fine;
    }
    for (item = want->child; item != NULL; item = item->next) {
        char inner[256];

        snprintf(inner, sizeof inner, "%s%s%s", path, path[0] != '\0' ? "." : "", item->string);
        if (!matches(s, inner, item, cJSON_GetObjectItemCaseSensitive(got, item->string))) {
            fine = 0;
        }
    }
    return fine;
}

static int matches_array(struct scenario *s, const char *path, const cJSON *want, const cJSON *got)
{
    const cJSON *a = want->child, *b = got != NULL ? got->child : NULL;

    for (int i = 0; a != NULL && b != NULL; i++, a = a->next, b = b->next) {
        char inner[256];

        snprintf(inner, sizeof inner, "%s[%d]", path, i);
        if (!matches(s, inner, a, b)) {
            return 0;
        }
    }
    if (a != NULL || b != NULL) {
        show(s, path, want, got);
        return 0;
    }
    return 1;
}

static int matches(struct scenario *s, const char *path, const cJSON *want, const cJSON *got)
{
    int fine;

    if (got == NULL || (want->type & 0xff) != (got->type & 0xff)) {
        show(s, path, want, got);
        return 0;
    }
    if (cJSON_IsObject(want)) {
        return matches_object(s, path, want, got);
    }
    if (cJSON_IsArray(want)) {
        return matches_array(s, path, want, got);
    }
    fine = cJSON_IsNumber(want)   ? same_double(want->valuedouble, got->valuedouble)
           : cJSON_IsString(want) ? strcmp(want->valuestring, got->valuestring) == 0
                                  : 1;
    if (!fine) {
        show(s, path, want, got);
    }
    return fine;
}

int conform_next(struct scenario *s)
{
    s->step = s->step == NULL ? s->steps->child : s->step->next;
    s->index++;
    return s->step != NULL;
}

void conform_answer(struct scenario *s, cJSON *got)
{
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(s->step, "want");

    s->report->steps++;
    if (want == NULL || got == NULL) {
        show(s, "want", want, got);
    } else if (cJSON_HasObjectItem(got, "error") && !cJSON_HasObjectItem(want, "error")) {
        show(s, "error", NULL, got);
    } else if (matches(s, "", want, got)) {
        s->report->matched++;
    }
    cJSON_Delete(got);
}

/* ---- files ---------------------------------------------------------------------------------- */

static const struct conform_op *find_op(const char *name)
{
    static const struct conform_op *const areas[] = {conform_kpa_ops, conform_knative_ops,
                                                     conform_reconcile_ops, conform_stats_ops,
                                                     conform_prometheus_ops};

    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        for (const struct conform_op *op = areas[i]; op->name != NULL; op++) {
            if (strcmp(op->name, name) == 0) {
                return op;
            }
        }
    }
    return NULL;
}

static void remember_unknown(struct conform_report *r, const char *op)
{
    for (size_t i = 0; i < r->unknown_count; i++) {
        if (strncmp(r->unknown[i], op, sizeof r->unknown[i] - 1) == 0) {
            return;
        }
    }
    if (r->unknown_count < NAMES_MAX) {
        snprintf(r->unknown[r->unknown_count++], sizeof r->unknown[0], "%s", op);
    }
}

static void run_line(struct conform_report *r, const char *line, size_t length, int64_t number)
{
    struct scenario s = {0};
    const struct conform_op *op;
    int64_t before = r->steps, epoch;
    cJSON *root = cJSON_ParseWithLength(line, length);
    const char *name;

    s.root = root;
    s.line = line;
    s.length = length;
    s.report = r;
    s.index = -1;
    s.steps = cJSON_GetObjectItemCaseSensitive(root, "steps");
    s.config = cJSON_GetObjectItemCaseSensitive(root, "config");
    if (root == NULL || !cJSON_IsArray(s.steps)) {
        complain("%s:%" PRId64 ": this line is not a scenario (a JSON object with steps)", r->path,
                 number);
        r->malformed++;
        cJSON_Delete(root);
        return;
    }
    s.name = conform_text(root, "name", "(no name)");
    s.upstream = conform_text(root, "upstream", "");
    epoch = conform_int(root, "epoch_s", 0);
    s.epoch = epoch > INT64_MAX / WEIR_SECOND || epoch < INT64_MIN / WEIR_SECOND
                  ? 0
                  : epoch * WEIR_SECOND;
    name = conform_text(root, "op", "(none)");
    op = find_op(name);
    if (op == NULL) {
        remember_unknown(r, name);
    } else {
        op->run(&s);
    }
    /* Steps that the runner did not come to do not match. */
    r->steps = before + cJSON_GetArraySize(s.steps);
    cJSON_Delete(root);
}

static void print_report(const struct conform_report *r)
{
    const char *slash = strrchr(r->path, '/'), *topic = slash != NULL ? slash + 1 : r->path;
    const char *area = topic;
    size_t topic_length = strlen(topic), area_length = 0;

    if (slash != NULL) {
        area = slash;
        while (area > r->path && area[-1] != '/') {
            area--;
        }
        area_length = (size_t)(slash - area);
    }
    if (topic_length > 6 && strcmp(topic + topic_length - 6, ".jsonl") == 0) {
        topic_length -= 6;
    }
    printf("%.*s%s%.*s: matched %" PRId64 " of %" PRId64 "\n", (int)area_length, area,
           area_length > 0 ? "/" : "", (int)topic_length, topic, r->matched, r->steps);
    for (size_t i = 0; i < r->unknown_count; i++) {
        printf("  op %s is not known to weir %s\n", r->unknown[i], weir_version_text());
    }
    if (r->used > 0) {
        fputs(r->mismatches, stdout);
    }
    if (r->shown > r->limit) {
        printf("  ... and %" PRId64 " more\n", r->shown - r->limit);
    }
}

/* Runs the lines of an open file. */
static int run_lines(struct conform_report *r, FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int64_t number = 0;

    while ((length = getline(&line, &room, file)) >= 0) {
        number++;
        if (strspn(line, " \t\r\n") == (size_t)length) {
            continue;
        }
        run_line(r, line, (size_t)length, number);
    }
    free(line);
    if (ferror(file)) {
        complain("%s: reading failed: %s", r->path, strerror(errno));
        return EXIT_INPUT;
    }
    if (number == 0) {
        complain("%s: the file is empty; a scenario a line was expected", r->path);
        return EXIT_INPUT;
    }
    return r->malformed > 0 ? EXIT_INPUT : EXIT_FINE;
}

static int run_file(const char *path, int64_t limit)
{
    struct conform_report report = {.path = path, .limit = limit};
    FILE *file = fopen(path, "r");
    int code;

    if (file == NULL) {
        complain("%s: %s", path, strerror(errno));
        return EXIT_INPUT;
    }
    code = run_lines(&report, file);
    fclose(file);
    print_report(&report);
    free(report.mismatches);
    return code == EXIT_FINE && report.matched != report.steps ? EXIT_MISMATCH : code;
}

static int run(int count, char **words)
{
    struct argument a;
    int64_t limit = 10;
    int position = 0, more, files = 0, code = EXIT_FINE;

    while ((more = next_argument(&command_conform, count, words, &position, &a)) > 0) {
        if (a.option == OPTION_MAX) {
            char *end;

            limit = strtoll(a.value, &end, 10);
            if (*end != '\0' || end == a.value || limit < 0) {
                complain("--max takes a whole number, not %s", a.value);
                return EXIT_USAGE;
            }
        }
    }
    position = 0;
    while (more == 0 && next_argument(&command_conform, count, words, &position, &a) > 0) {
        if (a.option < 0) {
            int one = run_file(a.value, limit);

            files++;
            code = one > code ? one : code;
        }
    }
    if (more < 0) {
        return EXIT_USAGE;
    }
    if (files == 0) {
        complain("conform needs at least one file of vectors; see weir conform --help");
        return EXIT_USAGE;
    }
    return finish_output(code);
}

const struct command command_conform = {
    .name = "conform",
    .summary = "run conformance vectors recorded from the real controllers",
    .usage = "conform [OPTION...] FILE.jsonl...",
    .help =
        "Prints AREA/TOPIC: matched N of M for every file, N and M counting steps, then the first\n"
        "mismatches. An operation that is not known counts as not matched and is named.\n"
        "Exits with 1 when anything did not match.\n\n"
        "Examples:\n"
        "  weir conform tests/conformance/kpa/*.jsonl\n"
        "  weir conform --max 3 my-recording.jsonl\n",
    .operands = "FILE",
    .options = options,
    .run = run,
};
