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
    struct array cells; /* struct csv_cell, of the row at hand, which begins at reader->at */
    size_t next;        /* column of it to give next */
    int64_t time;       /* of it */
    size_t row_end;     /* its line break, from its beginning */
    int32_t row_lines;
};

/* Where a cell is in its row, without its quotes. */
struct csv_cell {
    size_t at, length;
};

static inline struct csv_column *csv_column(const struct csv_state *s, size_t i)
{
    return (struct csv_column *)s->columns.items + i;
}

static inline struct text csv_cell(const weir_series_reader *r, size_t i)
{
    const struct csv_cell *cell = (const struct csv_cell *)r->csv->cells.items + i;

    return (struct text){reader_text(r) + r->at + cell->at, cell->length};
}

/* Makes columns of the first row's cells. */
enum outcome weir__pm_csv_header(weir_series_reader *r);

/* Seconds, milliseconds, microseconds or nanoseconds by their size, or RFC 3339; cut to
 * milliseconds. */
bool weir__pm_csv_time(struct text text, int64_t *ms);

#endif
