/*
 * scaler/exposition.c - a sample of the exposition text format by a selector.
 *
 * The first sample counts whose labels include those of the selector; its operators are not looked
 * at. Samples of histograms and summaries have no value for KEDA.
 */
#include "readers.h"

#include <stdlib.h>
#include <weir/prometheus.h>

enum { LABELS_MAX = 64, CANONICAL_MAX = 4 * WEIR_SCALER_LOCATION_MAX + 64 };

/* What the samples have to have. */
struct selector {
    char text[CANONICAL_MAX]; /* what the others are parts of */
    struct text name;
    struct text names[LABELS_MAX], values[LABELS_MAX];
    size_t count;
};

/* ---- memory --------------------------------------------------------------------------------- */

static void *take(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void give_back(void *user, void *memory, size_t size)
{
    (void)user;
    (void)size;
    free(memory);
}

static const weir_allocator allocator = {take, give_back, NULL};

/* ---- the selector --------------------------------------------------------------------------- */

/* A quoted value, unescaped in its place; *at goes behind it. */
static struct text take_quoted(char **at)
{
    static const char letters[] = "abfnrtv", meant[] = "\a\b\f\n\r\t\v";
    char *to = ++*at;
    struct text value = {to, 0};

    for (; **at != '"' && **at != '\0'; ++*at) {
        const char *letter;

        if (**at != '\\' || (*at)[1] == '\0') {
            *to++ = **at;
            continue;
        }
        ++*at;
        if (**at == 'x') {
            char digits[3] = {(*at)[1], (*at)[2], '\0'};

            *to++ = (char)strtoul(digits, NULL, 16);
            *at += 2;
            continue;
        }
        letter = strchr(letters, **at);
        *to = **at;
        if (letter != NULL) {
            *to = meant[letter - letters];
        }
        to++;
    }
    *at += **at == '"';
    value.length = (size_t)(to - value.at);
    return value;
}

/* The parts of a selector in canonical form: name{label="value",...}. 0: there are too many. */
static int take_apart(struct selector *s)
{
    char *at = s->text;

    s->name = (struct text){at, strcspn(at, "{")};
    at += s->name.length;
    at += *at == '{';
    while (*at != '\0' && *at != '}') {
        struct text label, value;

        if (*at == '"') {
            label = take_quoted(&at);
        } else {
            label = (struct text){at, strcspn(at, "=!")};
            at += label.length;
        }
        at += strspn(at, "=!~");
        if (*at != '"') { /* a name in quotes stands alone */
            s->name = label;
            at += *at == ',';
            continue;
        }
        value = take_quoted(&at);
        at += *at == ',';
        if (text_is(label, "__name__")) {
            s->name = value;
        } else if (s->count == LABELS_MAX) {
            return 0;
        } else {
            s->names[s->count] = label;
            s->values[s->count++] = value;
        }
    }
    return 1;
}

static weir_status read_selector(const struct question *q, struct selector *s)
{
    char whole[CANONICAL_MAX];
    weir_promql_expr *expr = NULL;
    weir_status status =
        weir_promql_parse(q->location.at, q->location.length, &allocator, &expr, q->err);

    if (status != WEIR_OK) {
        return status;
    }
    s->count = 0;
    if (weir_promql_selector_count(expr) != 1 ||
        weir_promql_print(expr, whole, sizeof whole, NULL) != WEIR_OK ||
        weir_promql_selector(expr, 0, s->text, sizeof s->text, NULL) != WEIR_OK ||
        strcmp(whole, s->text) != 0) {
        status = weir__sc_refuse(q, WEIR_E_PARSE, "expected a selector, got another expression");
    } else if (!take_apart(s)) {
        status = weir__sc_refuse(q, WEIR_E_LIMIT, "more than 64 labels");
    }
    weir_promql_expr_free(expr);
    return status;
}

/* ---- the samples ---------------------------------------------------------------------------- */

static int is(struct text text, const char *at, size_t length)
{
    return text.length == length && memcmp(text.at, at, length) == 0;
}

static int matches(const struct selector *s, const weir_entry *entry)
{
    for (size_t i = 0; i < s->count; i++) {
        size_t k = 0;

        while (k < entry->label_count &&
               !(is(s->names[i], entry->labels[k].name, entry->labels[k].name_length) &&
                 is(s->values[i], entry->labels[k].value, entry->labels[k].value_length))) {
            k++;
        }
        if (k == entry->label_count) {
            return 0;
        }
    }
    return 1;
}

static int is_sample_of(const struct selector *s, const weir_entry *entry)
{
    for (size_t k = 0; k < entry->label_count; k++) {
        if (text_is((struct text){entry->labels[k].name, entry->labels[k].name_length},
                    "__name__")) {
            return is(s->name, entry->labels[k].value, entry->labels[k].value_length);
        }
    }
    return 0;
}

/* What is known while the entries go by. */
struct search {
    const struct selector *selector;
    double value;
    int found;
    int selected_is_composed; /* the selected metric is a part of one, or one itself */
};

/* Whether a name is that of the family, or of its parts. */
static int is_part(struct text name, struct text family)
{
    static const char *const parts[] = {"", "_bucket", "_sum", "_count"};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t n = strlen(parts[i]);

        if (name.length == family.length + n && memcmp(name.at, family.at, family.length) == 0 &&
            memcmp(name.at + family.length, parts[i], n) == 0) {
            return 1;
        }
    }
    return 0;
}

static void take_entry(struct search *s, const weir_entry *entry)
{
    if (entry->kind == WEIR_ENTRY_TYPE && (entry->metric_type == WEIR_METRIC_HISTOGRAM ||
                                           entry->metric_type == WEIR_METRIC_SUMMARY)) {
        s->selected_is_composed |=
            is_part(s->selector->name, (struct text){entry->name, entry->name_length});
    } else if (entry->kind == WEIR_ENTRY_SAMPLE && !s->found && !s->selected_is_composed &&
               is_sample_of(s->selector, entry) && matches(s->selector, entry)) {
        s->value = entry->value;
        s->found = 1;
    }
}

static weir_status drain(weir_series_reader *reader, struct search *s, weir_error *err)
{
    weir_entry entry;
    weir_status status;

    while ((status = weir_series_reader_next(reader, &entry, err)) == WEIR_OK) {
        take_entry(s, &entry);
    }
    return status == WEIR_END ? WEIR_OK : status;
}

/* The body with plain ends of lines, the last one included. */
static weir_status feed(weir_series_reader *reader, struct text body, struct search *s,
                        weir_error *err)
{
    weir_status status = WEIR_OK;
    size_t from = 0;

    for (size_t i = 0; i <= body.length && status == WEIR_OK; i++) {
        if (i == body.length ||
            (body.at[i] == '\r' && i + 1 < body.length && body.at[i + 1] == '\n')) {
            status = weir_series_reader_feed(reader, body.at + from, i - from, err);
            from = i + 1;
        }
        if (status == WEIR_OK && (i == body.length || body.at[i] == '\n')) {
            status = drain(reader, s, err);
        }
    }
    if (status == WEIR_OK && body.length > 0 && body.at[body.length - 1] != '\n') {
        status = weir_series_reader_feed(reader, "\n", 1, err);
    }
    if (status == WEIR_OK) {
        status = weir_series_reader_finish(reader, err);
    }
    return status == WEIR_OK ? drain(reader, s, err) : status;
}

weir_status weir__sc_read_exposition(const struct question *q, double *value)
{
    weir_series_reader_options options;
    weir_series_reader *reader = NULL;
    struct selector selector;
    struct search search = {.selector = &selector};
    weir_status status = read_selector(q, &selector);

    if (status != WEIR_OK) {
        return status;
    }
    weir_series_reader_options_init(&options, sizeof options);
    options.format = WEIR_FORMAT_TEXT;
    status = weir_series_reader_create(&options, &allocator, &reader, q->err);
    if (status == WEIR_OK) {
        status = feed(reader, q->body, &search, q->err);
    }
    weir_series_reader_free(reader);
    if (status == WEIR_OK && !search.found) {
        return weir__sc_refuse(q, WEIR_E_PARSE,
                               search.selected_is_composed ? "a histogram or a summary has no value"
                                                           : "there is no such sample");
    }
    *value = search.value;
    return status;
}
