/*
 * prometheus/openmetrics.c - OpenMetrics text 1.0.
 *
 *   # TYPE name counter      # HELP name text      # UNIT name_seconds seconds
 *   name{label="value",...} value [seconds] [ # {label="value",...} value [seconds]]
 *   # EOF
 *
 * Single blanks separate tokens; there are no other comments and no empty lines. Accepted as by
 * upstream's parser, times beyond 2^63 milliseconds excepted, whose conversion Go leaves to the
 * machine.
 * Upstream: model/textparse/openmetricslex.l, openmetricsparse.go.
 */
#include "labels.h"
#include "number.h"

/* ---- lines that begin with # ---------------------------------------------------------------- */

static int32_t type_of(struct text text)
{
    for (int32_t type = WEIR_METRIC_UNKNOWN; type <= WEIR_METRIC_STATESET; type++) {
        const char *name = weir_metric_type_name(type);

        if (text_is(text, (struct text){name, strlen(name)})) {
            return type;
        }
    }
    return -1;
}

static bool is_unit_of(struct text unit, struct text name)
{
    return unit.length == 0 ||
           (name.length > unit.length && name.at[name.length - unit.length - 1] == '_' &&
            memcmp(name.at + name.length - unit.length, unit.at, unit.length) == 0);
}

static enum outcome take_rest(weir_series_reader *r, weir_entry *entry, struct text rest)
{
    struct text name = {entry->name, entry->name_length};

    switch (entry->kind) {
    case WEIR_ENTRY_TYPE:
        entry->metric_type = type_of(rest);
        if (entry->metric_type < 0) {
            return weir__pm_expected(r, rest.at,
                                     "expected counter, gauge, histogram, gaugehistogram, summary, "
                                     "info, stateset or unknown");
        }
        r->exposition.type = entry->metric_type;
        return TAKEN;
    case WEIR_ENTRY_UNIT:
        if (!is_unit_of(rest, name)) {
            return weir__pm_fail(r, rest.at, WEIR_E_PARSE,
                                 "the unit is not what the metric's name ends in");
        }
        entry->text = rest.at;
        entry->text_length = rest.length;
        return TAKEN;
    default:
        if (!weir__pm_utf8_valid(rest.at, rest.length)) {
            return weir__pm_fail(r, rest.at, WEIR_E_PARSE, "the help is not UTF-8");
        }
        entry->text = rest.at;
        entry->text_length = weir__pm_unescape_text(writable(rest.at), rest.length, true);
        return TAKEN;
    }
}

/* From the metric's name on, which may be quoted. */
static enum outcome take_description(weir_series_reader *r, weir_entry *entry, const char *at)
{
    struct label_scan scan = {.reader = r, .end = reader_end(r)};
    struct text name;
    const char *end;
    enum outcome outcome = weir__pm_metric_name(&scan, &at, &name);

    if (outcome != TAKEN) {
        return outcome;
    }
    if (*at != ' ') {
        return weir__pm_expected(r, at, "expected a blank and a text");
    }
    end = end_of_line(at, scan.end);
    entry->name = name.at;
    entry->name_length = name.length;
    outcome = take_rest(r, entry, (struct text){at + 1, (size_t)(end - at - 1)});
    if (outcome == TAKEN) {
        weir__pm_next_record(r, end, 1);
    }
    return outcome;
}

/* "# EOF", with a line break or without, and nothing behind it. */
static enum outcome take_eof(weir_series_reader *r, const char *at)
{
    const char *end = reader_end(r);

    at += at < end && *at == '\n';
    if (at < end) {
        return weir__pm_expected(r, at, "expected nothing after # EOF");
    }
    r->exposition.eof = true;
    weir__pm_next_record(r, at - 1, 1);
    return PASSED;
}

static enum outcome take_hash(weir_series_reader *r, weir_entry *entry, const char *hash)
{
    struct text rest = {hash, (size_t)(end_of_line(hash, reader_end(r)) - hash)};

    if (begins_with(rest, TEXT("# EOF"))) {
        return take_eof(r, hash + 5);
    }
    entry->kind = begins_with(rest, TEXT("# HELP "))   ? WEIR_ENTRY_HELP
                  : begins_with(rest, TEXT("# TYPE ")) ? WEIR_ENTRY_TYPE
                  : begins_with(rest, TEXT("# UNIT ")) ? WEIR_ENTRY_UNIT
                                                       : 0;
    if (entry->kind == 0) {
        return weir__pm_fail(
            r, hash, WEIR_E_PARSE,
            "expected # TYPE, # HELP, # UNIT or # EOF: there are no other comments "
            "in OpenMetrics");
    }
    return take_description(r, entry, hash + 7);
}

/* ---- samples -------------------------------------------------------------------------------- */

/* A blank and a token; the token is empty when there is none. */
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

static enum outcome take_number(weir_series_reader *r, const char **at, const char *expected,
                                double *value)
{
    const char *quick = **at == ' ' ? weir__pm_number_quick(*at + 1, value) : NULL;
    struct text token;

    if (quick != NULL && (*quick == ' ' || *quick == '\n')) {
        *at = quick;
        return TAKEN;
    }
    if (**at == ' ' && (*at)[1] == '{') {
        return weir__pm_fail(r, *at + 1, WEIR_E_UNSUPPORTED,
                             "a native histogram, or a value in braces: weir reads numbers alone");
    }
    token = take_token(at);
    if (token.length == 0) {
        return weir__pm_expected(r, token.at, expected);
    }
    switch (weir__pm_number_plain(token, value)) {
    case NUMBER_FINE: return TAKEN;
    case NUMBER_SYNTAX: return weir__pm_expected(r, token.at, "expected a number");
    default:
        return weir__pm_fail(r, token.at, WEIR_E_RANGE,
                             "the number is beyond what a double can hold");
    }
}

/* Seconds, cut toward zero to milliseconds. */
static enum outcome take_time(weir_series_reader *r, const char **at, int64_t *ms)
{
    const char *first = *at + 1;
    double seconds, scaled;
    enum outcome outcome = take_number(r, at, "expected a time in seconds", &seconds);

    if (outcome != TAKEN) {
        return outcome;
    }
    scaled = seconds * 1000;
    if (!(scaled >= -0x1p63 && scaled < 0x1p63)) {
        return weir__pm_fail(r, first, WEIR_E_RANGE, "the time is beyond 2^63 milliseconds");
    }
    *ms = (int64_t)scaled;
    return TAKEN;
}

/* Behind "# ": the exemplar's labels, value and time. */
static enum outcome take_exemplar(weir_series_reader *r, weir_entry *entry, const char **at,
                                  struct label_scan *scan)
{
    enum outcome outcome = weir__pm_labels(scan, at);

    if (outcome != TAKEN) {
        return outcome;
    }
    outcome = take_number(r, at, "expected the exemplar's value", &entry->exemplar.value);
    if (outcome == TAKEN && **at == ' ') {
        entry->exemplar.has_time = 1;
        outcome = take_time(r, at, &entry->exemplar.time_ms);
    }
    entry->has_exemplar = 1;
    return outcome;
}

/* A blank with nothing that may follow it. Behind a value upstream gives the sample and then fails,
 * behind a time it fails. */
static bool breaks_off(const char *at)
{
    return at[0] == ' ' &&
           (at[1] == ' ' || at[1] == '\n' || (at[1] == '#' && at[2] == ' ' && at[3] != '{'));
}

static bool has_exemplar(const char *at)
{
    return at[0] == ' ' && at[1] == '#' && at[2] == ' ' && at[3] == '{';
}

/* The value, and the time and the exemplar where they are. */
static enum outcome take_numbers(weir_series_reader *r, weir_entry *entry, const char **at)
{
    enum outcome outcome = take_number(r, at, "expected a blank and a value", &entry->value);

    if (outcome == TAKEN && **at == ' ' && !breaks_off(*at) && !has_exemplar(*at)) {
        entry->has_time = 1;
        outcome = take_time(r, at, &entry->time_ms);
    }
    if (outcome == TAKEN && has_exemplar(*at)) {
        struct label_scan scan = {
            .reader = r, .end = reader_end(r), .rules = LABELS_NO_METRIC, .named = true};

        *at += 4;
        return take_exemplar(r, entry, at, &scan);
    }
    if (outcome == TAKEN && breaks_off(*at)) { /* for the next call */
        weir__pm_expected(r, *at + 1,
                          entry->has_time ? "expected # and { of an exemplar, or no blank"
                                          : "expected a time, # and { of an exemplar, or no blank");
        outcome = entry->has_time ? FAILED : TAKEN;
        *at = end_of_line(*at, reader_end(r));
    }
    return outcome;
}

/* What follows the labels. */
static enum outcome take_measurement(weir_series_reader *r, weir_entry *entry, const char *at)
{
    size_t own = r->labels.count;
    enum outcome outcome = take_numbers(r, entry, &at);

    if (outcome == TAKEN && *at != '\n') {
        return weir__pm_expected(r, at, "expected the end of the line");
    }
    if (outcome != TAKEN) {
        return outcome;
    }
    weir__pm_unescape(r);
    entry->labels = r->labels.items;
    entry->label_count = own;
    if (entry->has_exemplar) {
        entry->exemplar.labels = entry->labels + own;
        entry->exemplar.label_count = r->labels.count - own;
    }
    weir__pm_next_record(r, at, 1);
    return TAKEN;
}

static enum outcome take_sample(weir_series_reader *r, weir_entry *entry, const char *first)
{
    struct label_scan scan = {.reader = r, .end = reader_end(r)};
    const char *at = first;
    enum outcome outcome = weir__pm_series(&scan, &at);

    entry->kind = WEIR_ENTRY_SAMPLE;
    return outcome == TAKEN ? take_measurement(r, entry, at) : outcome;
}

/* The last line, without a line break, which only # EOF may be. */
static bool is_cut(const weir_series_reader *r, const char *first)
{
    size_t left = (size_t)(reader_end(r) - first);

    return memchr(first, '\n', left) == NULL &&
           !begins_with((struct text){first, left}, TEXT("# EOF"));
}

/* Upstream gives the sample of such a line only where a blank breaks it off. */
static enum outcome take_cut(weir_series_reader *r, weir_entry *entry, const char *first)
{
    size_t at = r->at;
    int32_t line = r->line;
    bool given =
        *first != '#' && take_sample(r, entry, first) == TAKEN && r->error.status != WEIR_OK;

    if (r->error.status == WEIR_E_MEMORY) {
        return FAILED;
    }
    r->at = at;
    r->line = line;
    weir__pm_fail(r, first, WEIR_E_PARSE, "the data does not end with # EOF: this line has no end");
    return given ? TAKEN : FAILED;
}

enum outcome weir__pm_openmetrics_record(weir_series_reader *r, weir_entry *entry)
{
    const char *first = reader_text(r) + r->at;

    if (r->exposition.eof) {
        return weir__pm_expected(r, first, "expected nothing after # EOF");
    }
    if (r->finished && is_cut(r, first)) {
        return take_cut(r, entry, first);
    }
    return *first == '#' ? take_hash(r, entry, first) : take_sample(r, entry, first);
}
