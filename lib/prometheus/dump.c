/*
 * prometheus/dump.c - what `promtool tsdb dump` writes: one sample a line,
 *
 *   {__name__="up", job="x"} 1 1700000000000
 *
 * with labels quoted as Go does, values as its %g, and milliseconds. A staleness marker is NaN like
 * any other; a native histogram, {count:..., sum:..., ...}, is told and passed.
 * Upstream: cmd/promtool/tsdb.go, formatSeriesSet().
 */
#include "labels.h"
#include "number.h"

static struct text take_token(const char **at)
{
    const char *first = *at + 1, *end = first;

    if (**at != ' ') {
        return (struct text){*at, 0};
    }
    while (*end != ' ' && *end != '\n') {
        end++;
    }
    *at = end;
    return (struct text){first, (size_t)(end - first)};
}

static enum outcome take_value(weir_series_reader *r, weir_entry *entry, const char **at)
{
    struct text value = take_token(at);

    if (value.length == 0) {
        return weir__pm_expected(r, value.at, "expected a blank and a value");
    }
    switch (weir__pm_number_parse(value, &entry->value)) {
    case NUMBER_FINE: return TAKEN;
    case NUMBER_SYNTAX: return weir__pm_expected(r, value.at, "expected a number");
    default:
        return weir__pm_fail(r, value.at, WEIR_E_RANGE,
                             "the number is beyond what a double can hold");
    }
}

static enum outcome take_time(weir_series_reader *r, weir_entry *entry, const char **at)
{
    struct text time = take_token(at);

    if (time.length == 0 || weir__pm_integer_parse(time, &entry->time_ms) != NUMBER_FINE) {
        return weir__pm_expected(r, time.at, "expected a time in milliseconds");
    }
    entry->has_time = 1;
    return TAKEN;
}

/* The line is good for nothing here, and the next one may be. */
static enum outcome pass_histogram(weir_series_reader *r, const char *at)
{
    weir__pm_fail(r, at, WEIR_E_UNSUPPORTED, "a native histogram: weir reads numbers alone");
    r->passed = true;
    while (*at != '\n') {
        at++;
    }
    weir__pm_next_record(r, at, 1);
    return FAILED;
}

enum outcome weir__pm_dump_record(weir_series_reader *r, weir_entry *entry)
{
    struct label_scan scan = {.reader = r,
                              .end = reader_end(r),
                              .rules = LABELS_BLANKS | LABELS_NO_METRIC,
                              .named = true};
    const char *at = reader_text(r) + r->at;
    enum outcome outcome;

    if (*at == '\n') {
        weir__pm_next_record(r, at, 1);
        return PASSED;
    }
    if (*at != '{') {
        return weir__pm_expected(r, at, "expected { and labels");
    }
    at++;
    outcome = weir__pm_labels(&scan, &at);
    if (outcome == TAKEN && at[0] == ' ' && at[1] == '{') {
        return pass_histogram(r, at + 1);
    }
    outcome = outcome == TAKEN ? take_value(r, entry, &at) : outcome;
    outcome = outcome == TAKEN ? take_time(r, entry, &at) : outcome;
    if (outcome == TAKEN && *at != '\n') {
        return weir__pm_expected(r, at, "expected the end of the line");
    }
    if (outcome != TAKEN) {
        return outcome;
    }
    weir__pm_unescape(r);
    entry->kind = WEIR_ENTRY_SAMPLE;
    entry->labels = r->labels.items;
    entry->label_count = r->labels.count;
    weir__pm_next_record(r, at, 1);
    return TAKEN;
}
