/*
 * cmd_conform.c - `weir conform`: files of conformance vectors, line by line, to what matched.
 */
#include "conform.h"
#include "input.h"
#include "program.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_MAX };

/* Lines between two signs of life, and the longest line: the format allows 1 MB. */
enum { PROGRESS_LINES = 512, LINE_MAX_BYTES = 16 << 20 };

static const struct option options[] = {
    {"--max", 0, "N", "show at most N mismatches, and N bad lines, a file (default 10)"},
    {NULL, 0, NULL, NULL},
};

/* ---- the name of a file: AREA/TOPIC --------------------------------------------------------- */

/* The last part of a path, up to its length and without slashes at its end. */
static const char *last_part(const char *path, size_t *length)
{
    size_t end = *length, start;

    while (end > 0 && path[end - 1] == '/') {
        end--;
    }
    start = end;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    *length = end - start;
    return path + start;
}

static int is_dots(const char *text, size_t length)
{
    return length <= 2 && strspn(text, ".") >= length;
}

/* Takes an ending off a name, if it has it. */
static void take_off(const char *name, size_t *length, const char *ending)
{
    size_t n = strlen(ending);

    if (*length > n && strncmp(name + *length - n, ending, n) == 0) {
        *length -= n;
    }
}

/* AREA is the name of the folder that the file lies in, TOPIC the file's without .jsonl or .gz. */
static void print_topic(const char *path)
{
    size_t topic_length = strlen(path), area_length;
    const char *topic = last_part(path, &topic_length), *area = path;
    char *folder = NULL, *whole = NULL;

    area_length = (size_t)(topic - path);
    area = last_part(path, &area_length);
    if (is_dots(area, area_length)) { /* "", "." and ".." have no name of their own */
        folder = strndup(path, (size_t)(topic - path));
        whole = realpath(folder == NULL || folder[0] == '\0' ? "." : folder, NULL);
        area = whole != NULL ? whole : "";
        area_length = strlen(area);
        area = last_part(area, &area_length);
    }
    take_off(topic, &topic_length, ".gz");
    take_off(topic, &topic_length, ".jsonl");
    printf("%.*s%s%.*s: ", (int)area_length, area, area_length > 0 ? "/" : "", (int)topic_length,
           topic);
    free(folder);
    free(whole);
}

/* ---- files ---------------------------------------------------------------------------------- */

enum { STEP = 65536 };

/* A file that is read line by line. */
struct lines {
    struct input *input;
    char problem[128]; /* why reading failed; "" otherwise */
    size_t at, end;    /* of the bytes that were read and not yet used */
    char bytes[STEP];
};

struct line {
    char *text; /* with a NUL after it */
    size_t length, room;
};

/* The next byte; EOF at the end and after a problem. */
static int next_byte(struct lines *lines)
{
    long n;

    if (lines->at == lines->end) {
        n = input_read(lines->input, lines->bytes, STEP, lines->problem, sizeof lines->problem);
        lines->at = 0;
        lines->end = n > 0 ? (size_t)n : 0;
    }
    return lines->at < lines->end ? (unsigned char)lines->bytes[lines->at++] : EOF;
}

/* Room for one more byte and the NUL. */
static int grow(struct line *line)
{
    size_t room = line->room > 0 ? 2 * line->room : 4096;
    char *text;

    if (line->length + 1 < line->room) {
        return 1;
    }
    text = line->room < LINE_MAX_BYTES ? realloc(line->text, room) : NULL;
    if (text == NULL) {
        return 0;
    }
    line->text = text;
    line->room = room;
    return 1;
}

/* 1: a line was read, without its end; 0: there is none left; -1: it is too long, or reading failed
 * (then there is a problem). */
static int read_line(struct lines *lines, struct line *line)
{
    int c;

    line->length = 0;
    while ((c = next_byte(lines)) != EOF && c != '\n') {
        if (!grow(line)) {
            return -1;
        }
        line->text[line->length++] = (char)c;
    }
    if (lines->problem[0] != '\0' || !grow(line)) {
        return -1;
    }
    line->text[line->length] = '\0';
    return c != EOF || line->length > 0;
}

static void print_report(const char *path, const struct conform_report *r, const char *lines)
{
    const cJSON *op;

    print_topic(path);
    printf("matched %" PRId64 " of %" PRId64 "\n", r->matched, r->steps);
    cJSON_ArrayForEach(op, r->unknown)
    {
        printf("  op %s is not known to weir %s: %.0f step%s\n", op->string, weir_version_text(),
               op->valuedouble, op->valuedouble == 1.0 ? "" : "s");
    }
    fputs(lines != NULL ? lines : "", stdout);
    if (r->mismatches > r->limit) {
        printf("  ... and %" PRId64 " more\n", r->mismatches - r->limit);
    }
}

/* What is wrong with a line, where. */
static void complain_of(const char *path, int64_t number, const weir_error *err)
{
    progress_end();
    if (err->column > 0) {
        complain("%s:%" PRId64 ":%" PRId32 ": %s", path, number, err->column, err->message);
    } else {
        complain("%s:%" PRId64 ": %s", path, number, err->message);
    }
}

/* Runs the lines of an open file. */
static int run_lines(const char *path, struct conform_report *r, struct lines *lines)
{
    struct line line = {NULL, 0, 0};
    int64_t number = 0, scenarios = 0, bad = 0;
    int more;

    while ((more = read_line(lines, &line)) > 0) {
        weir_error err;

        if (number++ % PROGRESS_LINES == PROGRESS_LINES - 1) {
            progress("%s: line %" PRId64, path, number);
        }
        if (strspn(line.text, " \t\r\n") == line.length) {
            continue;
        }
        scenarios++;
        if (conform_line(r, line.text, line.length, &err) != WEIR_OK && bad++ < r->limit) {
            complain_of(path, number, &err);
        }
    }
    free(line.text);
    progress_end();
    if (bad > r->limit) {
        complain("%s: %" PRId64 " of %" PRId64 " lines are no scenarios", path, bad, scenarios);
    }
    if (more < 0) {
        complain("%s:%" PRId64 ": %s", path, number + 1,
                 lines->problem[0] != '\0' ? lines->problem
                                           : "this line is longer than 16 MiB, or than memory");
        return EXIT_INPUT;
    }
    if (scenarios == 0) {
        complain("%s: the file is empty; a scenario a line was expected", path);
        return EXIT_INPUT;
    }
    return bad > 0 ? EXIT_INPUT : EXIT_FINE;
}

static int run_file(const char *path, int64_t limit)
{
    struct conform_report report = {.limit = limit};
    struct lines *lines = calloc(1, sizeof *lines);
    char *text = NULL;
    size_t length = 0;
    int code;

    if (lines == NULL) {
        complain("there is no memory left");
        return EXIT_INPUT;
    }
    lines->input = input_open(path, STEP, lines->problem, sizeof lines->problem);
    if (lines->input == NULL) {
        complain("%s: %s", path, lines->problem);
        free(lines);
        return EXIT_INPUT;
    }
    report.lines = open_memstream(&text, &length);
    code = run_lines(path, &report, lines);
    input_close(lines->input);
    free(lines);
    if (report.lines != NULL) {
        fclose(report.lines);
    }
    if (report.steps > 0 || code == EXIT_FINE) {
        print_report(path, &report, text);
    }
    free(text);
    cJSON_Delete(report.unknown);
    return code == EXIT_FINE && report.matched != report.steps ? EXIT_MISMATCH : code;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int parse_limit(const char *text, int64_t *limit)
{
    char *end;

    errno = 0;
    *limit = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || end == text || *limit < 0) {
        complain("--max takes a whole number of 0 or more, not %s", text);
        return 0;
    }
    return 1;
}

static int run(int count, char **words)
{
    struct argument a;
    int64_t limit = 10;
    int position = 0, more, files = 0, code = EXIT_FINE;

    while ((more = next_argument(&command_conform, count, words, &position, &a)) > 0) {
        if (a.option == OPTION_MAX && !parse_limit(a.value, &limit)) {
            return EXIT_USAGE;
        }
        files += a.option < 0;
    }
    if (more < 0) {
        return EXIT_USAGE;
    }
    if (files == 0) {
        complain("conform needs at least one file of vectors; see weir conform --help");
        return EXIT_USAGE;
    }
    position = 0;
    while (next_argument(&command_conform, count, words, &position, &a) > 0) {
        int one = a.option < 0 ? run_file(a.value, limit) : EXIT_FINE;

        code = one > code ? one : code;
    }
    return finish_output(code);
}

const struct command command_conform = {
    .name = "conform",
    .summary = "run conformance vectors recorded from the real controllers",
    .usage = "conform [OPTION...] FILE.jsonl...",
    .help =
        "Prints AREA/TOPIC: matched N of M for every file, N and M counting steps, then the first\n"
        "mismatches: scenario, step (from 0), field, what was wanted and what weir gave. All that\n"
        "a step wants must be given, doubles to the bit; of an error's text only that there is\n"
        "one counts. An operation that is not known counts as not matched and is named.\n\n"
        "Exits with 1 when anything did not match, with 3 when a file could not be read or a line\n"
        "is not a scenario; the other lines still run.\n\n"
        "Examples:\n"
        "  weir conform tests/conformance/kpa/*.jsonl\n"
        "  weir conform --max 3 my-recording.jsonl\n",
    .operands = "FILE",
    .options = options,
    .run = run,
};
