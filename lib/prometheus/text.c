/*
 * prometheus/text.c - the exposition text format, 0.0.4 and 1.0.0.
 *
 *   # HELP name text        # TYPE name counter        # any other comment
 *   name{label="value",...} value [milliseconds]
 *
 * Blanks separate tokens. Accepted as by upstream's parser, with two exceptions, both accidents
 * there: a sample's line does not begin with blanks (they would become part of the name), and a NUL
 * does not end the document.
 * Upstream: model/textparse/promlex.l, promparse.go.
 */
#include "labels.h"
#include "number.h"

/* ---- lines that begin with # ---------------------------------------------------------------- */

static int32_t type_of(struct text text)
{
    return text_is(text, TEXT("counter"))     ? WEIR_METRIC_COUNTER
           : text_is(text, TEXT("gauge"))     ? WEIR_METRIC_GAUGE
           : text_is(text, TEXT("histogram")) ? WEIR_METRIC_HISTOGRAM
           : text_is(text, TEXT("summary"))   ? WEIR_METRIC_SUMMARY
           : text_is(text, TEXT("untyped"))   ? WEIR_METRIC_UNKNOWN
                                              : -1;
}

/* The rest of a HELP or TYPE line, behind the metric's name. */
static enum outcome take_rest(weir_series_reader *r, weir_entry *entry, const char *at,
                              const char *end)
{
    /* Upstream drops the byte behind the name, which is a blank. */
    struct text rest = {at + (at < end), (size_t)(end - at) - (at < end)};

    if (entry->kind == WEIR_ENTRY_TYPE) {
        entry->metric_type = type_of(rest);
        if (entry->metric_type < 0) {
            return weir__pm_expected(r, rest.at,
                                     "expected counter, gauge, histogram, summary or untyped");
        }
        r->exposition.type = entry->metric_type;
        return TAKEN;
    }
    if (!weir__pm_utf8_valid(rest.at, rest.length)) {
        return weir__pm_fail(r, rest.at, WEIR_E_PARSE, "the help is not UTF-8");
    }
    entry->text = rest.at;
    entry->text_length = weir__pm_unescape_text(writable(rest.at), rest.length, false);
    return TAKEN;
}

/* A HELP or TYPE line from the metric's name on, which may be quoted. */
static enum outcome take_description(weir_series_reader *r, weir_entry *entry, const char *at)
{
    struct label_scan scan = {.reader = r, .end = reader_end(r), .rules = LABELS_LINES};
    struct text name;
    enum outcome outcome = weir__pm_metric_name(&scan, &at, &name);
    const char *end;

    if (outcome != TAKEN) {
        return outcome;
    }
    end = end_of_line(at, scan.end);
    entry->name = name.at;
    entry->name_length = name.length;
    outcome = take_rest(r, entry, at, end);
    if (outcome == TAKEN) {
        weir__pm_next_record(r, end, 1 + scan.lines);
    }
    return outcome;
}

static enum outcome take_hash(weir_series_reader *r, weir_entry *entry, const char *hash)
{
    const char *end = end_of_line(hash, reader_end(r)), *at = past_blanks(hash + 1);
    struct text rest = {at, (size_t)(end - at)};

    if (at > hash + 1 && rest.length > 4 && is_class(at[4], CLASS_BLANK) &&
        (begins_with(rest, TEXT("HELP")) || begins_with(rest, TEXT("TYPE")))) {
        entry->kind = at[0] == 'H' ? WEIR_ENTRY_HELP : WEIR_ENTRY_TYPE;
        return take_description(r, entry, past_blanks(at + 4));
    }
    entry->kind = WEIR_ENTRY_COMMENT;
    entry->text = hash;
    entry->text_length = (size_t)(end - hash);
    if (memchr(hash, '\0', entry->text_length) != NULL) {
        return weir__pm_fail(r, memchr(hash, '\0', entry->text_length), WEIR_E_PARSE,
                             "expected the end of the line, got byte 0x00");
    }
    weir__pm_next_record(r, end, 1);
    return TAKEN;
}

/* ---- samples -------------------------------------------------------------------------------- */

static enum outcome take_time(weir_series_reader *r, weir_entry *entry, const char **at)
{
    const char *first = *at, *end = first;

    while (is_class(*end, CLASS_DIGIT)) {
        end++;
    }
    if (end == first) {
        return weir__pm_expected(r, first,
                                 "expected a time in milliseconds, or the end of the line");
    }
    if (weir__pm_integer_parse((struct text){first, (size_t)(end - first)}, &entry->time_ms) !=
        NUMBER_FINE) {
        return weir__pm_fail(r, first, WEIR_E_RANGE, "the time is beyond 2^63 milliseconds");
    }
    entry->has_time = 1;
    *at = end;
    return TAKEN;
}

/* The value, when it is not settled quickly. */
static enum outcome take_odd_value(weir_series_reader *r, weir_entry *entry, const char **at)
{
    const char *first = *at, *end = first;
    enum number_outcome outcome;

    while (*end != '\n' && *end != '{' && !is_class(*end, CLASS_BLANK)) {
        end++;
    }
    if (end == first) {
        return *first == '{' ? weir__pm_fail(r, first, WEIR_E_PARSE,
                                             "expected a value, got { (native histograms have no "
                                             "place in this format)")
                             : weir__pm_expected(r, first, "expected a value");
    }
    outcome = weir__pm_number_plain((struct text){first, (size_t)(end - first)}, &entry->value);
    if (outcome == NUMBER_SYNTAX) {
        return weir__pm_expected(r, first, "expected a number");
    }
    if (outcome == NUMBER_RANGE) {
        return weir__pm_fail(r, first, WEIR_E_RANGE, "the value is beyond what a double can hold");
    }
    *at = end;
    return TAKEN;
}

static bool ends_value(char c)
{
    return c == '\n' || c == '{' || is_class(c, CLASS_BLANK);
}

/* What follows the labels. */
static enum outcome take_measurement(weir_series_reader *r, weir_entry *entry, const char *at,
                                     int32_t lines)
{
    const char *quick;
    enum outcome outcome;

    at = past_blanks(at);
    quick = weir__pm_number_quick(at, &entry->value);
    if (quick != NULL && ends_value(*quick)) {
        at = quick;
    } else {
        outcome = take_odd_value(r, entry, &at);
        if (outcome != TAKEN) {
            return outcome;
        }
    }
    at = past_blanks(at);
    if (*at != '\n') {
        outcome = take_time(r, entry, &at);
        if (outcome != TAKEN) {
            return outcome;
        }
        at = past_blanks(at);
    }
    if (*at != '\n') {
        return weir__pm_expected(r, at, "expected the end of the line");
    }
    weir__pm_unescape(r);
    entry->labels = r->labels.items;
    entry->label_count = r->labels.count;
    weir__pm_next_record(r, at, lines);
    return TAKEN;
}

static enum outcome take_sample(weir_series_reader *r, weir_entry *entry, const char *first)
{
    struct label_scan scan = {.reader = r,
                              .end = reader_end(r),
                              .rules = LABELS_BLANKS | LABELS_LINES | LABELS_NO_COMMAS};
    const char *at = first;
    enum outcome outcome = weir__pm_series(&scan, &at);

    entry->kind = WEIR_ENTRY_SAMPLE;
    return outcome == TAKEN ? take_measurement(r, entry, at, 1 + scan.lines) : outcome;
}

enum outcome weir__pm_text_record(weir_series_reader *r, weir_entry *entry)
{
    const char *first = reader_text(r) + r->at, *at = past_blanks(first);

    if (*at == '\n') {
        weir__pm_next_record(r, at, 1);
        return PASSED;
    }
    if (*at == '#') {
        return take_hash(r, entry, at);
    }
    if (at > first) {
        return weir__pm_expected(r, first, "expected a name without blanks before it");
    }
    return take_sample(r, entry, at);
}
