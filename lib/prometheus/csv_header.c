/*
 * prometheus/csv_header.c - what the columns of a table are, by the names in its header.
 */
#include "csv.h"
#include "labels.h"
#include "number.h"

#include <stdlib.h>

/* Whether a column's name is one of these, in any case; up to a colon, behind which VictoriaMetrics
 * says the unit. */
static bool is_named(struct text name, const char *const *words)
{
    for (; *words != NULL; words++) {
        size_t n = strlen(*words), i = 0;

        while (i < n && i < name.length && (name.at[i] | 0x20) == ((*words)[i] | 0x20)) {
            i++;
        }
        if (i == n && (i == name.length || name.at[i] == ':')) {
            return true;
        }
    }
    return false;
}

static int role_of(struct text name)
{
    static const char *const times[] = {"__timestamp__", "timestamp", "time", "ts", NULL};
    static const char *const values[] = {"__value__", "value", NULL};

    return is_named(name, times)    ? COLUMN_TIME
           : is_named(name, values) ? COLUMN_VALUE
                                    : COLUMN_LABEL;
}

static size_t count_role(const struct csv_state *s, int role)
{
    size_t count = 0;

    for (size_t i = 0; i < s->columns.count; i++) {
        count += csv_column(s, i)->role == role ? 1 : 0;
    }
    return count;
}

/* name{label="value", ...}, {label="value", ...}, or anything else, which is a name as it is. */
static enum outcome read_series(weir_series_reader *r, struct text cell)
{
    struct label_scan scan = {
        .reader = r, .end = cell.at + cell.length, .rules = LABELS_BLANKS, .whole = true};
    const char *brace = memchr(cell.at, '{', cell.length), *at;
    struct text name = {cell.at, brace != NULL ? (size_t)(brace - cell.at) : cell.length};
    char behind;
    enum outcome outcome;

    scan.named = name.length > 0;
    scan.rules |= scan.named ? LABELS_NO_METRIC : 0;
    if (!weir__pm_utf8_valid(name.at, name.length)) {
        return weir__pm_fail(r, name.at, WEIR_E_PARSE, "the column's name is not UTF-8");
    }
    if (!weir__pm_label_add(r, TEXT("__name__"), name)) {
        return weir__pm_no_memory(r);
    }
    if (brace == NULL) {
        return TAKEN;
    }
    behind = *scan.end; /* a line break stops what scans the labels */
    *writable(scan.end) = '\n';
    at = brace + 1;
    outcome = weir__pm_labels(&scan, &at);
    if (outcome == TAKEN && at != scan.end) {
        outcome = weir__pm_expected(r, at, "expected nothing behind the labels");
    }
    *writable(scan.end) = behind;
    return outcome;
}

/* Copies the labels' texts, which stand in the buffer, to where they can stay. */
static bool keep_texts(weir_series_reader *r)
{
    struct csv_state *s = r->csv;
    size_t bytes = 0, n = 0;
    weir_label *labels = s->labels.items;
    char *to;

    for (size_t i = 0; i < s->labels.count; i++) {
        bytes += labels[i].name_length + labels[i].value_length;
    }
    for (size_t i = 0; i < s->columns.count; i++) {
        bytes += csv_column(s, i)->name.length;
    }
    to = take(&r->allocator, bytes);
    if (to == NULL) {
        return false;
    }
    s->texts = to;
    s->texts_size = bytes;
    for (size_t i = 0; i < s->labels.count; i++) {
        memcpy(to + n, labels[i].name, labels[i].name_length);
        labels[i].name = to + n;
        n += labels[i].name_length;
        memcpy(to + n, labels[i].value, labels[i].value_length);
        labels[i].value = to + n;
        n += labels[i].value_length;
    }
    for (size_t i = 0; i < s->columns.count; i++) {
        struct text *name = &csv_column(s, i)->name;

        memcpy(to + n, name->at, name->length);
        name->at = to + n;
        n += name->length;
    }
    return true;
}

/* Moves the labels that a column's name gave to the table's. A name that is empty is none. */
static bool take_labels(weir_series_reader *r, struct csv_column *column)
{
    struct csv_state *s = r->csv;
    weir_label *labels = r->labels.items;
    size_t from = labels[0].value_length == 0 ? 1 : 0, count = r->labels.count - from;

    weir__pm_unescape(r);
    if (!weir__pm_reserve(&r->allocator, &s->labels, count + 1, sizeof(weir_label))) {
        return false;
    }
    column->role = COLUMN_SERIES;
    column->first_label = s->labels.count;
    memcpy((weir_label *)s->labels.items + s->labels.count, labels + from, count * sizeof *labels);
    s->labels.count += count;
    column->end_label = s->labels.count;
    return true;
}

static enum outcome read_columns(weir_series_reader *r)
{
    struct csv_state *s = r->csv;

    for (size_t i = 0; i < s->columns.count; i++) {
        enum outcome outcome;

        if (csv_column(s, i)->role == COLUMN_TIME) {
            continue;
        }
        r->labels.count = 0;
        r->escaped.count = 0;
        outcome = read_series(r, csv_cell(r, i));
        if (outcome != TAKEN) {
            return outcome;
        }
        if (!take_labels(r, csv_column(s, i))) {
            return weir__pm_no_memory(r);
        }
    }
    r->labels.count = 0;
    r->escaped.count = 0;
    return TAKEN;
}

enum outcome weir__pm_csv_header(weir_series_reader *r)
{
    struct csv_state *s = r->csv;
    enum outcome outcome = TAKEN;

    if (!weir__pm_reserve(&r->allocator, &s->columns, s->cells.count, sizeof(struct csv_column))) {
        return weir__pm_no_memory(r);
    }
    for (size_t i = 0; i < s->cells.count; i++) {
        struct text name = csv_cell(r, i);

        *csv_column(s, s->columns.count++) =
            (struct csv_column){.role = role_of(name), .name = name};
    }
    if (count_role(s, COLUMN_TIME) != 1 || count_role(s, COLUMN_VALUE) > 1) {
        return weir__pm_fail(r, csv_cell(r, 0).at, WEIR_E_PARSE,
                             "expected a header with one column time (timestamp, __timestamp__), "
                             "and either one column value and columns of labels, or a column a "
                             "series");
    }
    s->rows = count_role(s, COLUMN_VALUE) == 1;
    if (!s->rows) {
        outcome = read_columns(r);
    }
    if (outcome == TAKEN && !keep_texts(r)) {
        return weir__pm_no_memory(r);
    }
    return outcome;
}

/* ---- times ---------------------------------------------------------------------------------- */

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* So many digits as a number; -1 when they are not there. */
static int64_t take_digits(const char **at, const char *end, int count)
{
    int64_t value = 0;

    for (int i = 0; i < count; i++, (*at)++) {
        if (*at >= end || !is_class(**at, CLASS_DIGIT)) {
            return -1;
        }
        value = value * 10 + (**at - '0');
    }
    return value;
}

static bool take_char(const char **at, const char *end, char c)
{
    bool there = *at < end && **at == c;

    *at += there ? 1 : 0;
    return there;
}

/* "Z", "+01:00": minutes east of Greenwich. */
static bool take_zone(const char **at, const char *end, int64_t *minutes)
{
    bool west = *at < end && **at == '-';
    int64_t hours, rest;

    *minutes = 0;
    if (take_char(at, end, 'Z')) {
        return true;
    }
    if (!take_char(at, end, '+') && !take_char(at, end, '-')) {
        return false;
    }
    hours = take_digits(at, end, 2);
    if (!take_char(at, end, ':')) {
        return false;
    }
    rest = take_digits(at, end, 2);
    *minutes = (west ? -1 : 1) * (hours * 60 + rest);
    return hours >= 0 && hours < 24 && rest >= 0 && rest < 60;
}

static bool read_rfc3339(struct text text, int64_t *ms)
{
    const char *at = text.at, *end = at + text.length;
    int64_t year, month, day, hour, minute, second, zone, milli = 0, unit = 100;

    year = take_digits(&at, end, 4);
    if (!take_char(&at, end, '-')) {
        return false;
    }
    month = take_digits(&at, end, 2);
    if (!take_char(&at, end, '-')) {
        return false;
    }
    day = take_digits(&at, end, 2);
    if (!take_char(&at, end, 'T') && !take_char(&at, end, ' ')) {
        return false;
    }
    hour = take_digits(&at, end, 2);
    if (!take_char(&at, end, ':')) {
        return false;
    }
    minute = take_digits(&at, end, 2);
    if (!take_char(&at, end, ':')) {
        return false;
    }
    second = take_digits(&at, end, 2);
    if (take_char(&at, end, '.')) {
        for (; at < end && is_class(*at, CLASS_DIGIT); at++, unit /= 10) {
            milli += (*at - '0') * unit;
        }
    }
    if (!take_zone(&at, end, &zone) || at != end || year < 0 || month < 1 || month > 12 ||
        day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 59) {
        return false;
    }
    *ms = ((days_of(year, month, day) * 24 + hour) * 60 + minute - zone) * 60000 + second * 1000 +
          milli;
    return true;
}

/* A decimal number of seconds, to the millisecond. */
static bool read_seconds(struct text text, int64_t *ms)
{
    const char *at = text.at, *end = at + text.length;
    bool negative = take_char(&at, end, '-');
    int64_t whole = 0, milli = 0, unit = 100;
    const char *first = at;

    for (; at < end && is_class(*at, CLASS_DIGIT) && at - first < 18; at++) {
        whole = whole * 10 + (*at - '0');
    }
    if (at == first) {
        return false;
    }
    if (take_char(&at, end, '.')) {
        for (; at < end && is_class(*at, CLASS_DIGIT); at++, unit /= 10) {
            milli += (*at - '0') * unit;
        }
    }
    if (at != end || whole > INT64_MAX / 1000 - 1) {
        return false;
    }
    *ms = (whole * 1000 + milli) * (negative ? -1 : 1);
    return true;
}

bool weir__pm_csv_time(struct text text, int64_t *ms)
{
    int64_t number;

    if (memchr(text.at, '.', text.length) == NULL &&
        weir__pm_integer_parse(text, &number) == NUMBER_FINE &&
        (number >= INT64_C(100000000000) || number <= -INT64_C(100000000000))) {
        uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

        *ms = size < UINT64_C(100000000000000)      ? number
              : size < UINT64_C(100000000000000000) ? number / 1000
                                                    : number / 1000000;
        return true;
    }
    return read_seconds(text, ms) || read_rfc3339(text, ms);
}
