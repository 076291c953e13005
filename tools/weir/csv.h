/*
 * csv.h - a CSV file with a header, plain or gzip, row by row; numbers and times read exactly.
 *
 * Nothing here prints: what went wrong is a message, "FILE:LINE:COLUMN: what was expected, what was
 * found".
 */
#ifndef WEIR_TOOLS_CSV_H
#define WEIR_TOOLS_CSV_H

#include <stddef.h>
#include <stdint.h>

enum { CSV_COLUMNS_MAX = 1024, CSV_LINE_MAX = 65536, CSV_MESSAGE_MAX = 768 };

/* One field of the row at hand, without its quotes: not NUL-terminated. */
struct csv_field {
    const char *text;
    size_t length;
    int32_t column; /* in bytes from the start of the line, 1-based */
};

struct csv;

/* Opens a file ("-": the standard input) and reads its header. NULL with a message. */
struct csv *csv_open(const char *path, char message[CSV_MESSAGE_MAX]);
/* The same from memory, which must outlive it; gzip is not looked for. */
struct csv *csv_open_memory(const char *name, const char *text, size_t length,
                            char message[CSV_MESSAGE_MAX]);
void csv_close(struct csv *csv);

int csv_column_count(const struct csv *csv);
const char *csv_column_name(const struct csv *csv, int column);

/* The position of a column; -1 when there is none; -2 with a message when there are several. */
int csv_find(struct csv *csv, const char *name);
/* The same, with a message that lists the columns when there is none. */
int csv_column(struct csv *csv, const char *name);

/* Goes to the next row: 1; 0 at the end; -1 with a message about a bad row, and reading may go on;
 * -2 with one about the file, and it may not. */
int csv_next(struct csv *csv);

/* A field of the row at hand; valid until the next row. */
const struct csv_field *csv_get(const struct csv *csv, int column);

/* The line of the row at hand, 1-based. */
int64_t csv_line(const struct csv *csv);

/* Sets the message about a field of the row at hand, and adds what was found there. */
void csv_complain(struct csv *csv, const struct csv_field *field, const char *expected);
const char *csv_message(const struct csv *csv);

/* Exact values, rounded once. 1, or 0 when the field is no number. NaN and infinities are numbers.
 */
int csv_number(const struct csv_field *field, double *value);

/* Seconds since the Unix epoch ("1700000000.25") or RFC 3339 ("2026-11-24T10:00:00.5+01:00"), to
 * the nanosecond; digits beyond are dropped. NULL, or what was expected. */
const char *csv_time(const struct csv_field *field, int64_t *ns);

#endif
