/*
 * csv.c - CSV rows from a plain or gzip file; see csv.h.
 *
 * One buffer holds the line at hand, so memory does not grow with the file. A quoted field ends on
 * its line; "" in it is one quote. Blanks around fields do not count.
 */
#include "csv.h"
#include "input.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/manifest.h>

/* Where a gzip file is damaged, the step that meets the damage is lost: so steps are small. */
enum { BUFFER_BYTES = 4 * CSV_LINE_MAX, STEP_BYTES = 16384, PATH_SHOWN = 256 };

struct csv {
    char *path;
    struct input *input; /* NULL: all text is there already */
    char *buffer;        /* NULL without a file */
    const char *text;
    size_t at, end;   /* unread part of the text */
    const char *nul;  /* the first NUL byte of the unread part */
    int at_end;       /* nothing more will come */
    int64_t line;     /* number of the line at hand */
    char *names;      /* the header, cut into names */
    char *scratch;    /* quoted fields of the row at hand that had "" in them */
    size_t scratched; /* bytes of it in use */
    int column_count;
    const char *columns[CSV_COLUMNS_MAX];
    struct csv_field fields[CSV_COLUMNS_MAX];
    char message[CSV_MESSAGE_MAX];
};

/* "FILE:LINE:COLUMN: ..." as the message. Column 0 is left out, and so is line 0. */
static void say(struct csv *c, int64_t line, int32_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void say(struct csv *c, int64_t line, int32_t column, const char *format, ...)
{
    char place[48] = "", text[CSV_MESSAGE_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (column > 0) {
        snprintf(place, sizeof place, "%lld:%d:", (long long)line, column);
    } else if (line > 0) {
        snprintf(place, sizeof place, "%lld:", (long long)line);
    }
    snprintf(c->message, sizeof c->message, "%.*s:%s %.*s", PATH_SHOWN, c->path, place,
             CSV_MESSAGE_MAX - PATH_SHOWN - 64, text);
}

const char *csv_message(const struct csv *csv)
{
    return csv->message;
}

void csv_complain(struct csv *csv, const struct csv_field *field, const char *expected)
{
    if (field->length == 0) {
        say(csv, csv->line, field->column, "%s, found nothing", expected);
    } else {
        say(csv, csv->line, field->column, "%s, found \"%.*s\"%s", expected,
            (int)(field->length < 40 ? field->length : 40), field->text,
            field->length > 40 ? "..." : "");
    }
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* Gets more text behind what is unread. 0 with a message when that fails. */
static int fill(struct csv *c)
{
    char problem[128];
    long n = 0;

    if (c->input != NULL) {
        memmove(c->buffer, c->buffer + c->at, c->end - c->at);
        c->end -= c->at;
        c->at = 0;
        n = input_read(c->input, c->buffer + c->end, STEP_BYTES, problem, sizeof problem);
        c->end += n > 0 ? (size_t)n : 0;
        c->nul = memchr(c->buffer, '\0', c->end);
    }
    c->at_end = n <= 0;
    if (n < 0) {
        say(c, c->line + 1, 0, "%s", problem);
    }
    return n >= 0;
}

/* The next line without its end. 1, 0 at the end, -2 with a message. */
static int next_line(struct csv *c, const char **line, size_t *length)
{
    for (;;) {
        const char *start = c->text + c->at;
        const char *found = memchr(start, '\n', c->end - c->at);
        size_t n = found != NULL ? (size_t)(found - start) : c->end - c->at;

        if (found == NULL && !c->at_end && n < CSV_LINE_MAX) {
            if (!fill(c)) {
                return -2;
            }
            continue;
        }
        if (found == NULL && n == 0) {
            return 0;
        }
        c->line++;
        if (c->nul != NULL && c->nul < start + n) {
            say(c, c->line, (int32_t)(c->nul - start) + 1,
                "text was expected, found a NUL byte: this is a binary file, not CSV");
            return -2;
        }
        if (n >= CSV_LINE_MAX) {
            say(c, c->line, 0, "a line of at most %d bytes was expected, found a longer one",
                CSV_LINE_MAX - 1);
            return -2;
        }
        c->at += n + (found != NULL);
        *line = start;
        *length = n > 0 && start[n - 1] == '\r' ? n - 1 : n;
        return 1;
    }
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes the pairs of quotes out of a quoted field. */
static void unquote(struct csv *c, struct csv_field *f)
{
    char *to = c->scratch + c->scratched;
    size_t n = 0;

    for (size_t i = 0; i < f->length; i++) {
        to[n++] = f->text[i];
        i += f->text[i] == '"'; /* always one of a pair */
    }
    f->text = to;
    f->length = n;
    c->scratched += n;
}

/* A quoted field that begins at `at`; where it ends, or 0 with a message. */
static size_t take_quoted(struct csv *c, struct csv_field *f, const char *line, size_t at,
                          size_t length)
{
    size_t end = at + 1, pairs = 0;

    for (; end < length && (line[end] != '"' || (end + 1 < length && line[end + 1] == '"'));
         end++) {
        if (line[end] == '"') {
            pairs++;
            end++;
        }
    }
    if (end >= length) {
        say(c, c->line, (int32_t)at + 1,
            "a closing quote was expected on this line, the quote is never closed");
        return 0;
    }
    f->text = line + at + 1;
    f->length = end - at - 1;
    if (pairs > 0) {
        unquote(c, f);
    }
    for (end++; end < length && is_blank(line[end]); end++) {
    }
    if (end < length && line[end] != ',') {
        say(c, c->line, (int32_t)end + 1,
            "a comma was expected after the quoted field, found \"%c\"", line[end]);
        return 0;
    }
    return end;
}

/* Cuts a line into the fields; their number, or -1 with a message. */
static int split(struct csv *c, const char *line, size_t length)
{
    size_t at = 0;
    int count = 0;

    c->scratched = 0;
    for (;;) {
        struct csv_field *f = &c->fields[count];
        size_t end;

        if (count == CSV_COLUMNS_MAX) {
            say(c, c->line, (int32_t)at + 1, "at most %d columns were expected, found more",
                CSV_COLUMNS_MAX);
            return -1;
        }
        count++;
        while (at < length && is_blank(line[at])) {
            at++;
        }
        f->column = (int32_t)at + 1;
        if (at < length && line[at] == '"') {
            end = take_quoted(c, f, line, at, length);
            if (end == 0) {
                return -1;
            }
        } else {
            for (end = at; end < length && line[end] != ','; end++) {
            }
            f->text = line + at;
            f->length = end - at;
            while (f->length > 0 && is_blank(f->text[f->length - 1])) {
                f->length--;
            }
        }
        if (end >= length) {
            return count;
        }
        at = end + 1;
    }
}

/* ---- opening -------------------------------------------------------------------------------- */

static int read_header(struct csv *c)
{
    const char *line;
    size_t length = 0, used = 0;
    int more, count;

    c->scratch = malloc(CSV_LINE_MAX);
    if (c->scratch == NULL) {
        say(c, 0, 0, "there is no memory left");
        return 0;
    }
    more = next_line(c, &line, &length);
    if (more == 0) {
        say(c, 0, 0, "a header line with column names was expected, the file is empty");
    }
    if (more <= 0) {
        return 0;
    }
    if (length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
        line += 3;
        length -= 3;
    }
    count = split(c, line, length);
    if (count < 0) {
        return 0;
    }
    c->names = malloc(length + (size_t)count + 1);
    if (c->names == NULL) {
        say(c, 0, 0, "there is no memory left");
        return 0;
    }
    for (int i = 0; i < count; i++) {
        const struct csv_field *f = &c->fields[i];

        c->columns[i] = c->names + used;
        memcpy(c->names + used, f->text, f->length);
        used += f->length;
        c->names[used++] = '\0';
    }
    c->column_count = count;
    return 1;
}

/* Reads the header, or gives up with the message. */
static struct csv *begin(struct csv *c, char message[CSV_MESSAGE_MAX])
{
    if (read_header(c)) {
        return c;
    }
    memcpy(message, c->message, CSV_MESSAGE_MAX);
    csv_close(c);
    return NULL;
}

static struct csv *make(const char *path, char message[CSV_MESSAGE_MAX])
{
    struct csv *c = calloc(1, sizeof *c);

    if (c == NULL || (c->path = strdup(path)) == NULL) {
        snprintf(message, CSV_MESSAGE_MAX, "%s: there is no memory left", path);
        csv_close(c);
        return NULL;
    }
    return c;
}

struct csv *csv_open(const char *path, char message[CSV_MESSAGE_MAX])
{
    struct csv *c = make(path, message);
    char problem[128] = "there is no memory left";

    if (c == NULL) {
        return NULL;
    }
    c->buffer = malloc(BUFFER_BYTES);
    if (c->buffer != NULL) {
        c->input = input_open(path, STEP_BYTES, problem, sizeof problem);
    }
    if (c->input == NULL) {
        snprintf(message, CSV_MESSAGE_MAX, "%s: %s", path, problem);
        csv_close(c);
        return NULL;
    }
    c->text = c->buffer;
    return begin(c, message);
}

struct csv *csv_open_memory(const char *name, const char *text, size_t length,
                            char message[CSV_MESSAGE_MAX])
{
    struct csv *c = make(name, message);

    if (c == NULL) {
        return NULL;
    }
    c->text = text;
    c->end = length;
    c->nul = length > 0 ? memchr(text, '\0', length) : NULL;
    return begin(c, message);
}

void csv_close(struct csv *csv)
{
    if (csv != NULL) {
        input_close(csv->input);
        free(csv->buffer);
        free(csv->names);
        free(csv->scratch);
        free(csv->path);
        free(csv);
    }
}

/* ---- columns -------------------------------------------------------------------------------- */

int csv_column_count(const struct csv *csv)
{
    return csv->column_count;
}

const char *csv_column_name(const struct csv *csv, int column)
{
    return csv->columns[column];
}

int csv_find(struct csv *csv, const char *name)
{
    int found = -1;

    for (int i = 0; i < csv->column_count; i++) {
        if (strcmp(csv->columns[i], name) == 0) {
            if (found >= 0) {
                say(csv, 1, 0, "one column %s was expected, found two, as number %d and %d", name,
                    found + 1, i + 1);
                return -2;
            }
            found = i;
        }
    }
    return found;
}

/* Why the columns may be none of those that one expects. */
static const char *header_hint(const struct csv *c)
{
    int numbers = 0;

    if (c->column_count == 1 && strchr(c->columns[0], ';') != NULL) {
        return "; columns are parted by commas here, not by semicolons";
    }
    if (c->column_count == 1 && strchr(c->columns[0], '\t') != NULL) {
        return "; columns are parted by commas here, not by tabs";
    }
    for (int i = 0; i < c->column_count; i++) {
        struct csv_field f = {c->columns[i], strlen(c->columns[i]), 1};
        double ignored;

        numbers += csv_number(&f, &ignored);
    }
    return numbers == c->column_count ? "; is the header line missing?" : "";
}

int csv_column(struct csv *csv, const char *name)
{
    int found = csv_find(csv, name);
    const char *near;
    char list[240];
    size_t used = 0;

    if (found != -1) {
        return found;
    }
    near = weir_nearest_name(name, csv->columns, (size_t)csv->column_count);
    list[0] = '\0';
    for (int i = 0; i < csv->column_count; i++) {
        if (used + strlen(csv->columns[i]) + sizeof "  ..." > sizeof list) {
            memcpy(list + used, " ...", sizeof " ...");
            break;
        }
        used += (size_t)snprintf(list + used, sizeof list - used, " %s", csv->columns[i]);
    }
    say(csv, 1, 0, "there is no column %s%s%s; the columns are:%s%s", name,
        near != NULL ? "; did you mean " : "", near != NULL ? near : "", list, header_hint(csv));
    return -1;
}

/* ---- rows ----------------------------------------------------------------------------------- */

int csv_next(struct csv *csv)
{
    const char *line;
    size_t length;
    int more, count;

    do {
        more = next_line(csv, &line, &length);
        if (more <= 0) {
            return more;
        }
    } while (length == 0);
    count = split(csv, line, length);
    if (count >= 0 && count != csv->column_count) {
        say(csv, csv->line, 1, "%d fields were expected, as the header has them, found %d",
            csv->column_count, count);
        return -1;
    }
    return count < 0 ? -1 : 1;
}

const struct csv_field *csv_get(const struct csv *csv, int column)
{
    return &csv->fields[column];
}

int64_t csv_line(const struct csv *csv)
{
    return csv->line;
}
