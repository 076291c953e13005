/*
 * prometheus/labels.c - label sets in braces: a="b", "quoted name"="c", and one quoted text without
 * a value, which is the metric's name.
 */
#include "labels.h"

#include "number.h"

static weir_label *label_at(const weir_series_reader *r, size_t i)
{
    return (weir_label *)r->labels.items + i;
}

bool weir__pm_label_add(weir_series_reader *r, struct text name, struct text value)
{
    if (r->labels.count == r->labels.room &&
        (r->labels.count == WEIR_SERIES_LABELS_MAX ||
         !weir__pm_reserve(&r->allocator, &r->labels, 1, sizeof(weir_label)))) {
        return false;
    }
    *label_at(r, r->labels.count++) = (weir_label){name.at, name.length, value.at, value.length};
    return true;
}

static enum outcome no_label(weir_series_reader *r, const char *at)
{
    return r->labels.count == WEIR_SERIES_LABELS_MAX
               ? weir__pm_fail(r, at, WEIR_E_LIMIT, "more than 4096 labels")
               : weir__pm_no_memory(r);
}

/* Remembers that a label's name or value has escapes. */
static bool note_escapes(weir_series_reader *r, size_t label, bool name)
{
    if (!weir__pm_reserve(&r->allocator, &r->escaped, 1, sizeof(uint32_t))) {
        return false;
    }
    ((uint32_t *)r->escaped.items)[r->escaped.count++] = (uint32_t)(2 * label + (name ? 1 : 0));
    return true;
}

/* ---- escapes -------------------------------------------------------------------------------- */

size_t weir__pm_unescape_text(char *at, size_t length, bool quotes)
{
    size_t n = 0;

    if (memchr(at, '\\', length) == NULL) {
        return length;
    }
    for (size_t i = 0; i < length; i++) {
        bool escape = at[i] == '\\' && i + 1 < length;

        if (escape && at[i + 1] == 'n') {
            at[n++] = '\n';
            i++;
        } else {
            i += escape && (at[i + 1] == '\\' || (quotes && at[i + 1] == '"')) ? 1 : 0;
            at[n++] = at[i];
        }
    }
    return n;
}

/* So many hexadecimal digits; false when they are not there. */
static bool hex_number(const char *at, size_t left, size_t digits, uint32_t *number)
{
    *number = 0;
    if (left < digits) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        int digit = weir__pm_hex_digit(at[i]);

        if (digit < 0) {
            return false;
        }
        *number = *number << 4 | (uint32_t)digit;
    }
    return true;
}

/* What strconv.Quote writes; what it does not write stays. */
static size_t unescape_go(char *at, size_t length)
{
    static const char letters[] = "abfnrtv\\\"", stand_for[] = "\a\b\f\n\r\t\v\\\"";
    size_t n = 0;

    for (size_t i = 0; i < length;) {
        const char *letter = at[i] == '\\' && i + 1 < length && at[i + 1] != '\0'
                                 ? strchr(letters, at[i + 1])
                                 : NULL;
        size_t digits = 0;
        uint32_t number;

        if (letter != NULL) {
            at[n++] = stand_for[letter - letters];
            i += 2;
            continue;
        }
        if (at[i] == '\\' && i + 1 < length) {
            digits = at[i + 1] == 'x' ? 2 : at[i + 1] == 'u' ? 4 : at[i + 1] == 'U' ? 8 : 0;
        }
        if (digits > 0 && hex_number(at + i + 2, length - i - 2, digits, &number)) {
            if (digits == 2) {
                at[n++] = (char)number;
            } else {
                n += weir__pm_utf8_write(number, at + n);
            }
            i += 2 + digits;
        } else {
            at[n++] = at[i++];
        }
    }
    return n;
}

void weir__pm_unescape(weir_series_reader *r)
{
    for (size_t i = 0; i < r->escaped.count; i++) {
        uint32_t which = ((uint32_t *)r->escaped.items)[i];
        weir_label *label = label_at(r, which / 2);
        const char *old = which % 2 == 1 ? label->name : label->value;
        size_t *length = which % 2 == 1 ? &label->name_length : &label->value_length;
        char *at = writable(old);

        *length = r->exposition.dumped ? unescape_go(at, *length)
                                       : weir__pm_unescape_text(at, *length, true);
    }
}

/* ---- scanning ------------------------------------------------------------------------------- */

static enum outcome unclosed(struct label_scan *s, const char *at)
{
    return s->whole || s->reader->finished
               ? weir__pm_fail(s->reader, at, WEIR_E_PARSE, "the quotes that begin here never end")
               : SHORT;
}

enum outcome weir__pm_quoted(struct label_scan *s, const char **at, struct text *text,
                             bool *escaped)
{
    const char *first = *at, *c = first;
    bool ascii = true;

    *escaped = false;
    for (;; c++) {
        while (is_class(*c, CLASS_PLAIN)) {
            c++;
        }
        if (*c == '"') {
            break;
        }
        if (*c == '\n' && c >= s->end) {
            return unclosed(s, first - 1);
        }
        if (*c == '\n' && (s->rules & LABELS_LINES) == 0) {
            return weir__pm_expected(s->reader, c, "expected a closing quote");
        }
        if (*c == '\n') {
            s->lines++;
        } else if (*c == '\\') {
            *escaped = true;
            c++;
            if (*c == '\n') {
                return c >= s->end ? unclosed(s, first - 1)
                                   : weir__pm_expected(s->reader, c, "expected an escape");
            }
            ascii = ascii && (unsigned char)*c < 0x80;
        } else {
            ascii = false;
        }
    }
    if (s->lines > 0 && !s->reader->finished && memchr(c, '\n', (size_t)(s->end - c)) == NULL) {
        return SHORT; /* the line break that made the record look whole was one of these */
    }
    *text = (struct text){first, (size_t)(c - first)};
    *at = c + 1;
    if (!ascii && !weir__pm_utf8_valid(first, text->length)) {
        return weir__pm_fail(s->reader, first, WEIR_E_PARSE, "the text is not UTF-8");
    }
    return TAKEN;
}

static const char *skip_blanks(const struct label_scan *s, const char *at)
{
    return (s->rules & LABELS_BLANKS) != 0 ? past_blanks(at) : at;
}

/* What was expected is not there: because it is yet to come, or it is wrong. */
static enum outcome missing(const struct label_scan *s, const char *at, const char *expected)
{
    return at >= s->end && !s->whole && !s->reader->finished
               ? SHORT
               : weir__pm_expected(s->reader, at, expected);
}

/*
 * Whether a bound is written as the server stores it already, as most are: "+Inf", or one to six
 * digits, a point, and digits without a zero at the end ("10.0", "0.25", "0.0001").
 */
static bool is_normal(struct text text, size_t digits)
{
    size_t i = digits + 1, zeros = 0;

    if (text_is(text, TEXT("+Inf"))) {
        return true;
    }
    if (digits == 0 || digits > 6 || text.length > 15 || text.length < digits + 2 ||
        text.at[digits] != '.' || (text.at[0] == '0' && digits > 1)) {
        return false;
    }
    if (text.length == digits + 2) {
        return is_class(text.at[i], CLASS_DIGIT);
    }
    while (i < text.length && is_class(text.at[i], CLASS_DIGIT)) {
        zeros += text.at[i] == '0' && zeros == i - digits - 1 ? 1 : 0;
        i++;
    }
    return i == text.length && text.at[i - 1] != '0' && (text.at[0] != '0' || zeros <= 3);
}

/* The bound of a bucket, or a quantile, as the server stores it. */
static struct text normalized(struct label_scan *s, struct text text)
{
    struct exposition *x = &s->reader->exposition;
    size_t digits = 0;
    double value;
    char *to;

    while (digits < text.length && is_class(text.at[digits], CLASS_DIGIT)) {
        digits++;
    }
    if (is_normal(text, digits) || x->bounds == BOUNDS_MAX) {
        return text;
    }
    to = x->bound[x->bounds];
    if (digits == text.length && digits > 0 && digits < 7 && (text.at[0] != '0' || digits == 1)) {
        memcpy(to, text.at, digits);
        to[digits] = '.';
        to[digits + 1] = '0';
        x->bounds++;
        return (struct text){to, digits + 2};
    }
    if (weir__pm_number_parse(text, &value) != NUMBER_FINE) {
        return text;
    }
    x->bounds++;
    return (struct text){to, weir__pm_number_bound(value, to)};
}

/* A label whose name was taken, from its equals sign on. */
static enum outcome take_value(struct label_scan *s, const char **at, struct text name,
                               bool name_escaped)
{
    weir_series_reader *r = s->reader;
    struct text value = {NULL, 0};
    bool escaped;
    enum outcome outcome;

    if (**at != '=') {
        return missing(s, *at,
                       **at == ':' ? "expected = (native histograms are not read)" : "expected =");
    }
    *at = skip_blanks(s, *at + 1);
    if (**at != '"') {
        return missing(s, *at, "expected a label's value in double quotes");
    }
    (*at)++;
    outcome = weir__pm_quoted(s, at, &value, &escaped);
    if (outcome != TAKEN) {
        return outcome;
    }
    if (s->bounded && text_is(name, s->bound)) {
        value = normalized(s, value);
    }
    if (!weir__pm_label_add(r, name, value)) {
        return no_label(r, *at);
    }
    if ((name_escaped && !note_escapes(r, r->labels.count - 1, true)) ||
        (escaped && !note_escapes(r, r->labels.count - 1, false))) {
        return weir__pm_no_memory(r);
    }
    return TAKEN;
}

static enum outcome take_metric(struct label_scan *s, const char *at, struct text name,
                                bool escaped)
{
    weir_label *label = label_at(s->reader, 0);

    if (s->named) {
        return weir__pm_fail(s->reader, at, WEIR_E_PARSE,
                             "expected a label's value: the metric has its name already");
    }
    s->named = true;
    label->value = name.at;
    label->value_length = name.length;
    return !escaped || note_escapes(s->reader, 0, false) ? TAKEN : weir__pm_no_memory(s->reader);
}

/* One label, or the metric's name, without the comma behind it. */
static enum outcome take_label(struct label_scan *s, const char **at)
{
    const char *first = *at;
    bool quoted = *first == '"', escaped = false;
    struct text name = {NULL, 0};
    enum outcome outcome;

    if (quoted) {
        *at = first + 1;
        outcome = weir__pm_quoted(s, at, &name, &escaped);
        if (outcome != TAKEN) {
            return outcome;
        }
    } else {
        const char *c = first;

        if (!is_class(*c, CLASS_LABEL_START)) {
            return missing(s, c, "expected a label's name");
        }
        while (is_class(*c, CLASS_LABEL)) {
            c++;
        }
        name = (struct text){first, (size_t)(c - first)};
        *at = c;
    }
    *at = skip_blanks(s, *at);
    if (quoted && (s->rules & LABELS_NO_METRIC) == 0 && (**at == ',' || **at == '}')) {
        return take_metric(s, first, name, escaped);
    }
    return take_value(s, at, name, escaped);
}

enum outcome weir__pm_labels(struct label_scan *s, const char **at)
{
    for (;;) {
        enum outcome outcome;

        *at = skip_blanks(s, *at);
        if (**at == '}') {
            (*at)++;
            return TAKEN;
        }
        outcome = take_label(s, at);
        if (outcome != TAKEN) {
            return outcome;
        }
        *at = skip_blanks(s, *at);
        if (**at == ',') {
            (*at)++;
        } else if (**at != '}' && (s->rules & LABELS_NO_COMMAS) == 0) {
            return missing(s, *at, "expected , or }");
        }
    }
}

/* Past a metric's name: of most lines it begins as, or is, that of the line before. */
static const char *past_name(weir_series_reader *r, const char *first)
{
    struct exposition *x = &r->exposition;
    const char *end = first;

    if ((size_t)(reader_end(r) - first) >= x->name_length &&
        memcmp(first, reader_text(r) + x->name, x->name_length) == 0) {
        end += x->name_length;
    }
    while (is_class(*end, CLASS_METRIC)) {
        end++;
    }
    x->name = (size_t)(first - reader_text(r));
    x->name_length = (size_t)(end - first);
    return end;
}

enum outcome weir__pm_metric_name(struct label_scan *scan, const char **at, struct text *name)
{
    const char *c = *at;
    bool escaped;

    if (*c == '"') {
        *at = c + 1;
        return weir__pm_quoted(scan, at, name, &escaped);
    }
    if (!is_class(*c, CLASS_METRIC_START)) {
        return weir__pm_expected(scan->reader, c, "expected the metric's name");
    }
    while (is_class(*c, CLASS_METRIC)) {
        c++;
    }
    *name = (struct text){*at, (size_t)(c - *at)};
    *at = c;
    return TAKEN;
}

enum outcome weir__pm_series(struct label_scan *scan, const char **at)
{
    weir_series_reader *r = scan->reader;
    const char *first = *at, *end = first;
    enum outcome outcome = TAKEN;

    scan->bounded =
        r->exposition.type == WEIR_METRIC_HISTOGRAM || r->exposition.type == WEIR_METRIC_SUMMARY;
    scan->bound = r->exposition.type == WEIR_METRIC_HISTOGRAM ? TEXT("le") : TEXT("quantile");
    if (is_class(*end, CLASS_METRIC_START)) {
        end = past_name(r, first);
        scan->named = true;
    } else if (*end != '{') {
        return weir__pm_expected(r, end, "expected a metric's name, { or #");
    }
    if (!weir__pm_label_add(r, TEXT("__name__"), (struct text){first, (size_t)(end - first)})) {
        return weir__pm_no_memory(r);
    }
    end = skip_blanks(scan, end);
    if (*end == '{') {
        end++;
        outcome = weir__pm_labels(scan, &end);
    }
    if (outcome == TAKEN && !scan->named) {
        return weir__pm_fail(r, end, WEIR_E_PARSE,
                             "the braces have no name of the metric in quotes");
    }
    *at = end;
    return outcome;
}
