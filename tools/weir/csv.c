/*
 * csv.c - CSV rows from a plain or gzip file; see csv.h.
 *
 * One buffer holds the line at hand, so memory does not grow with the file.
 */
#include "csv.h"
#include "program.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <weir/base.h>
#include <weir/manifest.h>
#include <zlib.h>

enum { BUFFER_BYTES = 4 * CSV_LINE_MAX };

struct csv {
    char *path;
    gzFile file; /* NULL: all text is in the buffer already */
    char *buffer;
    const char *text; /* what is read: the buffer, or the caller's memory */
    size_t at, end;   /* unread part of it */
    int at_end;       /* nothing more will come */
    int64_t line;     /* number of the line at hand */
    char *names;      /* the header, cut into names */
    const char *columns[CSV_COLUMNS_MAX];
    int column_count;
    struct csv_field fields[CSV_COLUMNS_MAX];
};

/* ---- lines ---------------------------------------------------------------------------------- */

/* Gets more text behind what is unread. 0 on an error, after a message. */
static int fill(struct csv *c)
{
    int n, code;

    if (c->file == NULL) {
        c->at_end = 1;
        return 1;
    }
    memmove(c->buffer, c->buffer + c->at, c->end - c->at);
    c->end -= c->at;
    c->at = 0;
    n = gzread(c->file, c->buffer + c->end, (unsigned)(BUFFER_BYTES - c->end));
    if (n > 0) {
        c->end += (size_t)n;
        return 1;
    }
    c->at_end = 1;
    gzerror(c->file, &code);
    if (n < 0 || (code != Z_OK && code != Z_STREAM_END)) {
        complain("%s: line %lld: the file is damaged or cut short (%s)", c->path,
                 (long long)c->line + 1, n < 0 && code == Z_ERRNO ? strerror(errno) : "gzip");
        return 0;
    }
    return 1;
}

/* The next line without its end. 1, 0 at the end, -2 after a message. */
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
        if (n >= CSV_LINE_MAX) {
            complain("%s:%lld: the line is longer than %d bytes; this is no CSV file", c->path,
                     (long long)c->line, CSV_LINE_MAX);
            return -2;
        }
        c->at += n + (found != NULL);
        if (memchr(start, '\0', n) != NULL) {
            complain("%s:%lld: the line holds a NUL byte; this is a binary file, not CSV", c->path,
                     (long long)c->line);
            return -2;
        }
        *line = start;
        *length = n > 0 && start[n - 1] == '\r' ? n - 1 : n;
        return 1;
    }
}

/* Cuts a line into the fields. -1 after a message. */
static int split(struct csv *c, const char *line, size_t length)
{
    size_t at = 0;
    int count = 0;

    for (;;) {
        struct csv_field *f = &c->fields[count];
        size_t end;

        if (count == CSV_COLUMNS_MAX) {
            complain("%s:%lld: more than %d columns", c->path, (long long)c->line, CSV_COLUMNS_MAX);
            return -1;
        }
        count++;
        f->column = (int32_t)at + 1;
        if (at < length && line[at] == '"') {
            const char *quote = memchr(line + at + 1, '"', length - at - 1);

            if (quote == NULL) {
                complain("%s:%lld:%d: the quote is never closed", c->path, (long long)c->line,
                         f->column);
                return -1;
            }
            f->text = line + at + 1;
            f->length = (size_t)(quote - f->text);
            end = (size_t)(quote - line) + 1;
            if (end < length && line[end] != ',') {
                complain("%s:%lld:%zu: a comma was expected after the quoted field", c->path,
                         (long long)c->line, end + 1);
                return -1;
            }
        } else {
            const char *comma = memchr(line + at, ',', length - at);

            end = comma != NULL ? (size_t)(comma - line) : length;
            f->text = line + at;
            f->length = end - at;
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
    size_t length, used = 0;
    int more = next_line(c, &line, &length), count;

    if (more == 0) {
        complain("%s: the file is empty; a header line with column names was expected", c->path);
    }
    if (more <= 0) {
        return 0;
    }
    if (length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
        line += 3;
        length -= 3;
    }
    count = split(c, line, length);
    c->names = count > 0 ? malloc(length + (size_t)count + 1) : NULL;
    if (c->names == NULL) {
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

static struct csv *start(const char *path)
{
    struct csv *c = calloc(1, sizeof *c);

    if (c == NULL || (c->path = strdup(path)) == NULL) {
        complain("%s: there is no memory left", path);
        csv_close(c);
        return NULL;
    }
    return c;
}

struct csv *csv_open(const char *path)
{
    struct csv *c = start(path);

    if (c == NULL) {
        return NULL;
    }
    c->file = gzopen(path, "rb");
    c->buffer = malloc(BUFFER_BYTES);
    if (c->file == NULL || c->buffer == NULL) {
        complain("%s: %s", path, c->buffer != NULL ? strerror(errno) : "there is no memory left");
        csv_close(c);
        return NULL;
    }
    gzbuffer(c->file, BUFFER_BYTES);
    c->text = c->buffer;
    if (!read_header(c)) {
        csv_close(c);
        return NULL;
    }
    return c;
}

struct csv *csv_open_memory(const char *name, const char *text, size_t length)
{
    struct csv *c = start(name);

    if (c == NULL) {
        return NULL;
    }
    c->text = text;
    c->end = length;
    if (!read_header(c)) {
        csv_close(c);
        return NULL;
    }
    return c;
}

void csv_close(struct csv *csv)
{
    if (csv != NULL) {
        if (csv->file != NULL) {
            gzclose(csv->file);
        }
        free(csv->buffer);
        free(csv->names);
        free(csv->path);
        free(csv);
    }
}

int csv_find(const struct csv *csv, const char *name)
{
    for (int i = 0; i < csv->column_count; i++) {
        if (strcmp(csv->columns[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

int csv_column(struct csv *csv, const char *name)
{
    int found = csv_find(csv, name);
    const char *near;

    if (found < 0) {
        near = weir_nearest_name(name, csv->columns, (size_t)csv->column_count);
        fprintf(stderr, "weir: %s:1: there is no column %s%s%s; the columns are:", csv->path, name,
                near != NULL ? "; did you mean " : "", near != NULL ? near : "");
        for (int i = 0; i < csv->column_count && i < 20; i++) {
            fprintf(stderr, " %s", csv->columns[i]);
        }
        fprintf(stderr, "%s\n", csv->column_count > 20 ? " ..." : "");
    }
    return found;
}

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
        complain("%s:%lld: the row has %d fields, the header has %d", csv->path,
                 (long long)csv->line, count, csv->column_count);
        return -1;
    }
    return count < 0 ? -1 : 1;
}

struct csv_field csv_get(const struct csv *csv, int column)
{
    return csv->fields[column];
}

int64_t csv_line(const struct csv *csv)
{
    return csv->line;
}

void csv_complain(const struct csv *csv, const struct csv_field *field, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "weir: %s:%lld:%d: ", csv->path, (long long)csv->line, field->column);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* ---- values --------------------------------------------------------------------------------- */

/* What strtod gives, for the few numbers that the fast path cannot do. */
static int slow_number(const struct csv_field *field, double *value)
{
    char text[128], *end;

    if (field->length == 0 || field->length >= sizeof text) {
        return 0;
    }
    memcpy(text, field->text, field->length);
    text[field->length] = '\0';
    if (strspn(text, "+-0123456789.eE") != field->length && strpbrk(text, "iInN") == NULL) {
        return 0; /* no hexadecimal, no white space */
    }
    *value = strtod(text, &end);
    return *end == '\0' && end != text;
}

/* Up to 15 digits and a power of ten up to 22 are both exact doubles, and so is one rounding. */
int csv_number(const struct csv_field *field, double *value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *at = field->text, *end = at + field->length, *point = NULL;
    uint64_t digits = 0;
    int negative = at < end && *at == '-', any = 0;

    at += negative;
    for (; at < end; at++) {
        if (*at >= '0' && *at <= '9') {
            digits = digits * 10 + (uint64_t)(*at - '0');
            any++;
            if (any > 15) {
                return slow_number(field, value);
            }
        } else if (*at == '.' && point == NULL) {
            point = at + 1;
        } else {
            return slow_number(field, value);
        }
    }
    if (any == 0) {
        return 0;
    }
    *value = (double)digits;
    if (point != NULL) {
        *value /= powers[end - point];
    }
    *value = negative ? -*value : *value;
    return 1;
}

/* So many digits at the text as a number; -1 when they are not all there. */
static int fixed(const char *at, const char *end, int digits)
{
    int n = 0;

    for (int i = 0; i < digits; i++, at++) {
        if (at >= end || *at < '0' || *at > '9') {
            return -1;
        }
        n = n * 10 + (*at - '0');
    }
    return n;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int month, int day)
{
    int64_t era, of_era, of_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    of_era = year - era * 400;
    of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* ".25" and the like to nanoseconds, digits beyond the ninth being dropped; moves past it. */
static int64_t take_fraction(const char **at, const char *end)
{
    int64_t ns = 0;
    int digits = 0;

    if (*at < end && **at == '.') {
        for ((*at)++; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
            if (digits < 9) {
                ns = ns * 10 + (**at - '0');
                digits++;
            }
        }
    }
    for (; digits < 9; digits++) {
        ns *= 10;
    }
    return ns;
}

/* 1, or 0 when the time is too far from 1970 to be counted in nanoseconds. */
static int to_ns(int64_t seconds, int64_t fraction, int64_t *ns)
{
    if (seconds < INT64_MIN / WEIR_SECOND || seconds >= INT64_MAX / WEIR_SECOND) {
        return 0;
    }
    *ns = seconds * WEIR_SECOND + fraction;
    return 1;
}

static int rfc3339(const struct csv_field *field, int64_t *ns)
{
    const char *t = field->text, *end = t + field->length, *at;
    int year = fixed(t, end, 4), month = fixed(t + 5, end, 2), day = fixed(t + 8, end, 2);
    int hour = fixed(t + 11, end, 2), minute = fixed(t + 14, end, 2);
    int second = fixed(t + 17, end, 2), oh, om;
    int64_t seconds, fraction;

    if (field->length < 20 || t[4] != '-' || t[7] != '-' || t[13] != ':' || t[16] != ':' ||
        (t[10] != 'T' && t[10] != 't' && t[10] != ' ') || year < 0 || month < 1 || month > 12 ||
        day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60) {
        return 0;
    }
    at = t + 19;
    fraction = take_fraction(&at, end);
    seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    if (end - at == 1 && (*at == 'Z' || *at == 'z')) {
        return to_ns(seconds, fraction, ns);
    }
    if (end - at != 6 || (*at != '+' && *at != '-') || at[3] != ':') {
        return 0;
    }
    oh = fixed(at + 1, end, 2);
    om = fixed(at + 4, end, 2);
    if (oh < 0 || oh > 23 || om < 0 || om > 59) {
        return 0;
    }
    seconds -= (*at == '-' ? -1 : 1) * (oh * 3600 + om * 60);
    return to_ns(seconds, fraction, ns);
}

int csv_time(const struct csv_field *field, int64_t *ns)
{
    const char *at = field->text, *end = at + field->length;
    int64_t seconds = 0, fraction;

    if (field->length > 10 && (at[4] == '-' || at[10] == 'T')) {
        return rfc3339(field, ns);
    }
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        if (seconds > 9000000000) {
            return 0; /* past the year 2255: milliseconds by mistake */
        }
        seconds = seconds * 10 + (*at - '0');
    }
    if (at == field->text || seconds > 9000000000) {
        return 0;
    }
    fraction = take_fraction(&at, end);
    *ns = seconds * WEIR_SECOND + fraction;
    return at == end;
}
