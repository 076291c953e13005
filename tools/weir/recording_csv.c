/*
 * recording_csv.c - the CSV files of a recording, row by row, with their problems reported.
 */
#include "recording_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- files ---------------------------------------------------------------------------------- */

static void report(struct rows *rows, const char *message)
{
    rows->row_is_bad = 1;
    if (rows->bad < ROWS_PROBLEMS_MAX) {
        recording_problem(rows->recording, RECORDED_ERROR, NULL, 0, "%s", message);
    }
}

static void name_strangers(struct rows *rows, const char *const *columns)
{
    for (int i = 0; i < csv_column_count(rows->csv); i++) {
        const char *name = csv_column_name(rows->csv, i);
        int known = 0;

        for (int k = 0; columns[k] != NULL; k++) {
            known |= strcmp(columns[k] + (columns[k][0] == '?'), name) == 0;
        }
        if (!known) {
            recording_problem(rows->recording, RECORDED_NOTICE, rows->file->shown, 1,
                              "the column %s is not known to weir: passed over", name);
        }
    }
}

int rows_open(struct rows *rows, struct recording *r, struct bundle *b, const char *name,
              const char *why, const char *const *columns)
{
    char message[CSV_MESSAGE_MAX];
    size_t length;
    int missing = 0;

    memset(rows, 0, sizeof *rows);
    rows->recording = r;
    rows->file = recording_file(r, b, name, why);
    if (rows->file == NULL || (rows->file->problem != NULL && rows->file->length == 0)) {
        return 0;
    }
    length = rows->file->length;
    while (rows->file->problem != NULL && length > 0 && rows->file->text[length - 1] != '\n') {
        length--; /* a row that was cut */
    }
    rows->csv = csv_open_memory(rows->file->shown, rows->file->text, length, message);
    if (rows->csv == NULL) {
        report(rows, message);
        return 0;
    }
    for (int i = 0; columns[i] != NULL; i++) {
        int optional = columns[i][0] == '?';

        rows->columns[i] =
            optional ? csv_find(rows->csv, columns[i] + 1) : csv_column(rows->csv, columns[i]);
        if (rows->columns[i] < (optional ? -1 : 0)) {
            report(rows, csv_message(rows->csv));
            missing++;
        }
    }
    if (missing > 0) {
        csv_close(rows->csv);
        return 0;
    }
    name_strangers(rows, columns);
    return 1;
}

int rows_next(struct rows *rows)
{
    int more;

    for (;;) {
        rows->bad += rows->row_is_bad;
        rows->row_is_bad = 0;
        more = csv_next(rows->csv);
        if (more >= 0) {
            break;
        }
        report(rows, csv_message(rows->csv));
        if (more < -1) {
            rows->bad++;
            more = 0;
            break;
        }
    }
    if (more == 0) {
        if (rows->bad > ROWS_PROBLEMS_MAX) {
            recording_problem(rows->recording, RECORDED_ERROR, rows->file->shown, 0,
                              "%" PRId64 " more rows have problems", rows->bad - ROWS_PROBLEMS_MAX);
        }
        csv_close(rows->csv);
    }
    return more;
}

/* ---- fields --------------------------------------------------------------------------------- */

static const struct csv_field *field(struct rows *rows, int column)
{
    static const struct csv_field none = {"", 0, 0};

    return rows->columns[column] >= 0 ? csv_get(rows->csv, rows->columns[column]) : &none;
}

void rows_complain(struct rows *rows, int column, const char *expected)
{
    char text[160];

    snprintf(text, sizeof text, "%s: %s", csv_column_name(rows->csv, rows->columns[column]),
             expected);
    csv_complain(rows->csv, field(rows, column), text);
    report(rows, csv_message(rows->csv));
}

const char *rows_text(struct rows *rows, int column)
{
    const struct csv_field *f = field(rows, column);

    return f->length > 0 ? recording_text(rows->recording, f->text, f->length) : "";
}

int rows_has(struct rows *rows, int column)
{
    return field(rows, column)->length > 0;
}

int64_t rows_int(struct rows *rows, int column, int64_t min, int64_t max)
{
    const struct csv_field *f = field(rows, column);
    char text[24], expected[96], *end = text;
    long long n = 0;

    if (f->length > 0 && f->length < sizeof text && strspn(f->text, "-0123456789") >= f->length) {
        memcpy(text, f->text, f->length);
        text[f->length] = '\0';
        n = strtoll(text, &end, 10);
    }
    if (end == text || *end != '\0' || n < min || n > max) {
        snprintf(expected, sizeof expected,
                 "a whole number from %" PRId64 " to %" PRId64 " was expected", min, max);
        rows_complain(rows, column, expected);
        return 0;
    }
    return n;
}

weir_time rows_time(struct rows *rows, int column)
{
    /* Times are those of the clock: what lies before 2001 or after 2200 is in another unit. */
    return rows_has(rows, column)
               ? rows_int(rows, column, 1000000000 * WEIR_SECOND, 7258118400 * WEIR_SECOND)
               : WEIR_TIME_NONE;
}

weir_time rows_stamp(struct rows *rows, int column)
{
    const struct csv_field *f = field(rows, column);
    const char *expected;
    int64_t ns = WEIR_TIME_NONE;

    if (f->length > 0) {
        expected = csv_time(f, &ns);
        if (expected != NULL) {
            rows_complain(rows, column, expected);
        }
    }
    return ns;
}

int rows_word(struct rows *rows, int column, const char *const *words)
{
    const struct csv_field *f = field(rows, column);
    char expected[128] = "one of";
    size_t used = strlen(expected);

    for (int i = 0; words[i] != NULL; i++) {
        if (strlen(words[i]) == f->length && memcmp(words[i], f->text, f->length) == 0) {
            return i;
        }
        used += (size_t)snprintf(expected + used, sizeof expected - used, " %s",
                                 words[i][0] != '\0' ? words[i] : "nothing");
    }
    snprintf(expected + used, sizeof expected - used, " was expected");
    rows_complain(rows, column, expected);
    return 0;
}
