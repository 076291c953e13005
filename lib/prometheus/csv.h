/*
 * prometheus/csv.h - a table while it is read: its columns, and the row at hand.
 */
#ifndef WEIR_LIB_PROMETHEUS_CSV_H
#define WEIR_LIB_PROMETHEUS_CSV_H

#include "reader.h"

/* What a column holds. */
enum { COLUMN_LABEL, COLUMN_VALUE, COLUMN_TIME, COLUMN_SERIES };

struct csv_column {
    int role;
    struct text name;              /* of a label */
    size_t first_label, end_label; /* of a series */
};

struct csv_state {
    char delimiter;
    bool rows;            /* a row is a sample; else a column is a series */
    struct array columns; /* struct csv_column */
    struct array labels;  /* weir_label, of the columns that are series */
    char *texts;          /* what these point to */
    size_t texts_size;
    struct array cells; /* struct text, of the row at hand */
    size_t next;        /* column of it to give next */
    int64_t time;       /* of it */
};

static inline struct csv_column *csv_column(const struct csv_state *s, size_t i)
{
    return (struct csv_column *)s->columns.items + i;
}

static inline struct text csv_cell(const struct csv_state *s, size_t i)
{
    return ((struct text *)s->cells.items)[i];
}

/* Takes the cells of the row that begins at r->at; *end is set to the line break behind it, *lines
 * to the lines that it takes. TAKEN, SHORT or FAILED. */
enum outcome weir__pm_csv_row(weir_series_reader *r, const char **end, int32_t *lines);

/* Makes columns of the first row's cells. */
enum outcome weir__pm_csv_header(weir_series_reader *r);

/* Seconds, milliseconds, microseconds or nanoseconds by their size, or RFC 3339; cut to
 * milliseconds. */
bool weir__pm_csv_time(struct text text, int64_t *ms);

#endif
