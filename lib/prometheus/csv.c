/*
 * prometheus/csv.c - tables with a header:
 *
 *   __name__,job,__timestamp__,__value__     a row a sample: other columns are labels
 *   "Time","up{job=""x""}","up{job=""y""}"   a column a series, as Grafana saves a panel
 *
 * Cells are delimited by commas, semicolons or tabs, whichever the header has; an empty cell is no
 * sample. A blank line ends a table with a column a series, and another header follows.
 */
#include "csv.h"

#include "labels.h"
#include "number.h"

void weir__pm_csv_close(weir_series_reader *r)
{
    struct csv_state *s = r->csv;

    if (s == NULL) {
        return;
    }
    weir__pm_release(&r->allocator, &s->columns, sizeof(struct csv_column));
    weir__pm_release(&r->allocator, &s->labels, sizeof(weir_label));
    weir__pm_release(&r->allocator, &s->cells, sizeof(struct text));
    give_back(&r->allocator, s->texts, s->texts_size);
    give_back(&r->allocator, s, sizeof *s);
    r->csv = NULL;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* The delimiter is the first of these outside of quotes. */
static char find_delimiter(const char *at, const char *end)
{
    bool quoted = false;

    for (; at < end && (quoted || *at != '\n'); at++) {
        quoted = *at == '"' ? !quoted : quoted;
        if (!quoted && (*at == ',' || *at == ';' || *at == '\t')) {
            return *at;
        }
    }
    return ',';
}

/* A cell in quotes; doubled quotes stay doubled. */
static enum outcome take_quoted(weir_series_reader *r, const char **at, struct text *cell,
                                int32_t *lines)
{
    const char *c = *at + 1, *end = reader_end(r);

    for (; *c != '"' || c[1] == '"'; c++) {
        if (c >= end) {
            return r->finished
                       ? weir__pm_fail(r, *at, WEIR_E_PARSE, "the quotes that begin here never end")
                       : SHORT;
        }
        *lines += *c == '\n' ? 1 : 0;
        c += *c == '"' ? 1 : 0;
    }
    if (*lines > 1 && !r->finished && memchr(c, '\n', (size_t)(end - c)) == NULL) {
        return SHORT; /* the line break that made the row look whole is within quotes */
    }
    *cell = (struct text){*at + 1, (size_t)(c - *at - 1)};
    *at = c + 1;
    return TAKEN;
}

/* Doubled quotes become single ones where they stand. */
static void single_quotes(char *text, size_t *length)
{
    size_t n = 0;

    for (size_t i = 0; i < *length; i++) {
        text[n++] = text[i];
        i += text[i] == '"' && i + 1 < *length && text[i + 1] == '"' ? 1 : 0;
    }
    *length = n;
}

static bool ends_cell(const struct csv_state *s, const char *at)
{
    return *at == s->delimiter || *at == '\n' || (*at == '\r' && at[1] == '\n');
}

static bool put_cell(weir_series_reader *r, struct text cell)
{
    struct array *cells = &r->csv->cells;
    struct csv_cell where = {(size_t)(cell.at - reader_text(r)) - r->at, cell.length};

    if (!weir__pm_reserve(&r->allocator, cells, 1, sizeof where)) {
        return false;
    }
    ((struct csv_cell *)cells->items)[cells->count++] = where;
    return true;
}

/* Takes the cells of the row that begins at r->at. */
static enum outcome read_cells(weir_series_reader *r)
{
    struct csv_state *s = r->csv;
    const char *row = reader_text(r) + r->at, *at = row;

    s->cells.count = 0;
    s->row_lines = 1;
    for (;; at++) {
        struct text cell = {at, 0};
        enum outcome outcome = TAKEN;

        if (*at == '"') {
            outcome = take_quoted(r, &at, &cell, &s->row_lines);
        } else {
            while (!ends_cell(s, at)) {
                at++;
            }
            cell.length = (size_t)(at - cell.at);
        }
        if (outcome != TAKEN) {
            s->cells.count = 0;
            return outcome;
        }
        if (!ends_cell(s, at)) {
            return weir__pm_expected(r, at, "expected a delimiter behind the quotes");
        }
        if (!put_cell(r, cell)) {
            return weir__pm_no_memory(r);
        }
        if (*at != s->delimiter) {
            break;
        }
    }
    s->row_end = (size_t)(at - row) + (*at == '\r' ? 1 : 0);
    for (size_t i = 0; i < s->cells.count; i++) { /* now nothing is read again */
        struct csv_cell *cell = (struct csv_cell *)s->cells.items + i;

        single_quotes(writable(row) + cell->at, &cell->length);
    }
    return TAKEN;
}

/* All of the row was given. */
static void leave_row(weir_series_reader *r)
{
    struct csv_state *s = r->csv;

    s->cells.count = 0;
    weir__pm_next_record(r, reader_text(r) + r->at + s->row_end, s->row_lines);
}

/* ---- samples -------------------------------------------------------------------------------- */

static bool read_value(struct text cell, double *value)
{
    return weir__pm_number_parse(cell, value) == NUMBER_FINE;
}

static bool is_missing(struct text cell)
{
    return cell.length == 0 || text_is(cell, TEXT("null"));
}

/* The time of the row, from the first column that is one. */
static enum outcome read_time(weir_series_reader *r)
{
    struct csv_state *s = r->csv;

    for (size_t i = 0; i < s->columns.count; i++) {
        if (csv_column(s, i)->role == COLUMN_TIME) {
            struct text cell = csv_cell(r, i);

            return weir__pm_csv_time(cell, &s->time)
                       ? TAKEN
                       : weir__pm_expected(r, cell.at,
                                           "expected a time: a number of seconds, milliseconds or "
                                           "less since 1970, or RFC 3339 with a zone");
        }
    }
    return TAKEN;
}

static void put_sample(weir_series_reader *r, weir_entry *entry, const weir_label *labels,
                       size_t count, double value)
{
    entry->kind = WEIR_ENTRY_SAMPLE;
    entry->labels = labels;
    entry->label_count = count;
    entry->has_time = 1;
    entry->time_ms = r->csv->time;
    entry->value = value;
}

/* The row as one sample. */
static enum outcome take_row(weir_series_reader *r, weir_entry *entry)
{
    struct csv_state *s = r->csv;
    struct text value = {NULL, 0};
    double number;

    for (size_t i = 0; i < s->columns.count; i++) {
        const struct csv_column *column = csv_column(s, i);
        struct text cell = csv_cell(r, i);

        if (column->role == COLUMN_VALUE) {
            value = cell;
        } else if (column->role == COLUMN_LABEL && cell.length > 0 &&
                   !weir__pm_label_add(r, column->name, cell)) {
            return weir__pm_no_memory(r);
        }
    }
    s->next = s->columns.count;
    if (is_missing(value)) {
        leave_row(r);
        return PASSED;
    }
    if (!read_value(value, &number)) {
        return weir__pm_expected(r, value.at, "expected a number");
    }
    put_sample(r, entry, r->labels.items, r->labels.count, number);
    leave_row(r);
    return TAKEN;
}

/* The next cell of the row that is a sample. */
static enum outcome take_cell(weir_series_reader *r, weir_entry *entry)
{
    struct csv_state *s = r->csv;

    for (; s->next < s->columns.count; s->next++) {
        const struct csv_column *column = csv_column(s, s->next);
        struct text cell = csv_cell(r, s->next);
        double number;

        if (column->role != COLUMN_SERIES || is_missing(cell)) {
            continue;
        }
        if (!read_value(cell, &number)) {
            return weir__pm_expected(r, cell.at, "expected a number, or nothing");
        }
        put_sample(r, entry, (weir_label *)s->labels.items + column->first_label,
                   column->end_label - column->first_label, number);
        s->next++;
        return TAKEN;
    }
    leave_row(r);
    return PASSED;
}

static enum outcome open_table(weir_series_reader *r)
{
    const char *first = reader_text(r) + r->at;
    struct text rest = {first, (size_t)(reader_end(r) - first)};

    if (r->at == 0 && r->line == 1 && begins_with(rest, TEXT("\xef\xbb\xbf"))) {
        r->at += 3;
        first += 3;
        rest = (struct text){first, rest.length - 3};
    }
    if (begins_with(rest, TEXT("sep=")) && rest.length > 5) {
        weir__pm_next_record(r, memchr(first, '\n', rest.length + 1), 1);
        return PASSED;
    }
    r->csv = take(&r->allocator, sizeof *r->csv);
    if (r->csv == NULL) {
        return weir__pm_no_memory(r);
    }
    memset(r->csv, 0, sizeof *r->csv);
    r->csv->delimiter = find_delimiter(first, reader_end(r));
    return TAKEN;
}

/* Opens a row of cells, or reads the header, or passes the blank line between two tables. */
static enum outcome open_row(weir_series_reader *r)
{
    struct csv_state *s = r->csv;
    bool header = s->columns.count == 0;
    enum outcome outcome = read_cells(r);
    const char *first = reader_text(r) + r->at;

    if (outcome != TAKEN) {
        return outcome;
    }
    if (s->cells.count == 1 && (*first == '\n' || *first == '\r')) {
        leave_row(r);
        weir__pm_csv_close(r); /* another table follows, or nothing */
        return PASSED;
    }
    if (!header && s->cells.count != s->columns.count) {
        return weir__pm_expected(r, first + s->row_end, "expected as many cells as the header has");
    }
    outcome = header ? weir__pm_csv_header(r) : read_time(r);
    if (outcome != TAKEN) {
        return outcome;
    }
    s->next = 0;
    if (header) {
        leave_row(r);
        return PASSED;
    }
    return TAKEN;
}

enum outcome weir__pm_csv_record(weir_series_reader *r, weir_entry *entry)
{
    enum outcome outcome = TAKEN;

    if (r->csv == NULL) {
        outcome = open_table(r);
    }
    if (outcome == TAKEN && r->csv->cells.count == 0) {
        outcome = open_row(r);
    }
    if (outcome != TAKEN) {
        return outcome;
    }
    return r->csv->rows ? take_row(r, entry) : take_cell(r, entry);
}
