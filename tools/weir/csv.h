/*
 * csv.h - a CSV file with a header, plain or gzip, row by row; numbers read exactly.
 */
#ifndef WEIR_TOOLS_CSV_H
#define WEIR_TOOLS_CSV_H

#include <stddef.h>
#include <stdint.h>

enum { CSV_COLUMNS_MAX = 256, CSV_LINE_MAX = 65536 };

/* One field of the row at hand: not NUL-terminated. */
struct csv_field {
    const char *text;
    size_t length;
    int32_t column; /* in bytes from the start of the line, 1-based */
};

struct csv;

/* Opens a file and reads its header. NULL after a message. */
struct csv *csv_open(const char *path);
/* The same from memory, which must outlive it. */
struct csv *csv_open_memory(const char *name, const char *text, size_t length);
void csv_close(struct csv *csv);

/* The position of a column, or -1 after a message that lists the columns. */
int csv_column(struct csv *csv, const char *name);
/* The same without a message. */
int csv_find(const struct csv *csv, const char *name);

/* Goes to the next row: 1; 0 at the end; -1 after a message about a bad row, and reading may go on;
 * -2 after one about the file, and it may not. */
int csv_next(struct csv *csv);

/* A field of the row at hand. */
struct csv_field csv_get(const struct csv *csv, int column);

/* "FILE:LINE:COLUMN: MESSAGE" about a field of the row at hand. */
void csv_complain(const struct csv *csv, const struct csv_field *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

int64_t csv_line(const struct csv *csv);

/* Exact values. 1, or 0 when the field is none. */
int csv_number(const struct csv_field *field, double *value);
/* Seconds since the Unix epoch ("1700000000.25") or RFC 3339 ("2026-11-24T10:00:00.5+01:00"). */
int csv_time(const struct csv_field *field, int64_t *ns);

#endif
