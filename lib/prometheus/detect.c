/*
 * prometheus/detect.c - which format an input is, from its beginning.
 *
 * The first byte tells JSON, tables and label sets apart. Text and OpenMetrics look alike for long:
 * they are told apart by the first line that only one of them has, and where there is none by the
 * "# EOF" at the end. Numbers alone decide the unit of a time: what would be before 1973 in
 * milliseconds is in seconds.
 */
#include "common.h"

/* So much is looked at in search of a line that decides. */
enum { WINDOW = 65536 };

struct sight {
    const char *at, *end; /* what is there */
    bool whole;           /* there is no more */
};

static bool sees(const struct sight *s, const char *word)
{
    return begins_with((struct text){s->at, (size_t)(s->end - s->at)},
                       (struct text){word, strlen(word)});
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (is_class(*at, CLASS_BLANK) || *at == '\r' || *at == '\n')) {
        at++;
    }
    return at;
}

/* Where the line ends, NULL when that is not there yet. */
static const char *line_end(const struct sight *s, const char *at)
{
    const char *found = at < s->end ? memchr(at, '\n', (size_t)(s->end - at)) : NULL;

    return found != NULL || !s->whole ? found : s->end;
}

/* Behind a label set, which may hold anything in quotes; `end` when it does not close. */
static const char *skip_braces(const char *at, const char *end)
{
    bool quoted = false;

    for (; at < end && (quoted || *at != '}'); at++) {
        if (quoted && *at == '\\' && at + 1 < end) {
            at++;
        } else if (*at == '"') {
            quoted = !quoted;
        }
    }
    return at < end ? at + 1 : end;
}

/* ---- text or OpenMetrics -------------------------------------------------------------------- */

/* What a line that begins with # says: a format, or 0. */
static int32_t judge_hash(struct text line)
{
    size_t last = line.length;

    while (last > 0 && line.at[last - 1] != ' ') {
        last--;
    }
    if (text_is(line, TEXT("# EOF")) || begins_with(line, TEXT("# UNIT "))) {
        return WEIR_FORMAT_OPENMETRICS;
    }
    if (begins_with(line, TEXT("# TYPE "))) {
        struct text type = {line.at + last, line.length - last};

        return text_is(type, TEXT("untyped")) ? WEIR_FORMAT_TEXT
               : text_is(type, TEXT("unknown")) || text_is(type, TEXT("info")) ||
                       text_is(type, TEXT("stateset")) || text_is(type, TEXT("gaugehistogram"))
                   ? WEIR_FORMAT_OPENMETRICS
                   : 0;
    }
    return begins_with(line, TEXT("# HELP ")) ? 0 : WEIR_FORMAT_TEXT;
}

/* What a sample's line says. */
static int32_t judge_sample(struct text line, bool first)
{
    const char *end = line.at + line.length, *at = line.at, *time, *c;
    bool braces;

    while (at < end && *at != '{' && !is_class(*at, CLASS_BLANK)) {
        at++;
    }
    braces = at < end && *at == '{';
    at = braces ? skip_braces(at, end) : at;
    at = skip_blanks(at, end);
    while (at < end && !is_class(*at, CLASS_BLANK)) { /* the value */
        at++;
    }
    time = skip_blanks(at, end);
    for (c = time; c < end && is_class(*c, CLASS_DIGIT); c++) {
    }
    if (c < end && c > time && *c == '.') {
        return first && braces && end - c == 4 ? WEIR_FORMAT_DUMP_OPENMETRICS
                                               : WEIR_FORMAT_OPENMETRICS;
    }
    if (time < end && *time == '#') {
        return WEIR_FORMAT_OPENMETRICS; /* an exemplar */
    }
    if (time == end || c == time) {
        return 0;
    }
    return c - time >= 12 ? WEIR_FORMAT_TEXT : WEIR_FORMAT_OPENMETRICS;
}

static weir_status judge_lines(const struct sight *s, int32_t *format)
{
    const char *at = s->at, *end;
    bool first = true;

    while ((end = line_end(s, at)) != NULL && at < s->end && at - s->at < WINDOW) {
        struct text line = {at, (size_t)(end - at)};

        *format = line.length == 0 ? 0 : *at == '#' ? judge_hash(line) : judge_sample(line, first);
        if (*format != 0) {
            return WEIR_OK;
        }
        first = first && line.length == 0;
        at = end < s->end ? end + 1 : s->end;
    }
    *format = WEIR_FORMAT_TEXT;
    return s->whole || at - s->at >= WINDOW ? WEIR_OK : WEIR_END;
}

/* ---- the first byte ------------------------------------------------------------------------- */

/* { and a quoted text: JSON, or the quoted name of a metric. */
static weir_status judge_quoted(const struct sight *s, const char *at, int32_t *format)
{
    struct text first = {at, (size_t)(s->end - at)};
    int32_t named = begins_with(first, TEXT("\"metric\""))           ? WEIR_FORMAT_VM_EXPORT
                    : begins_with(first, TEXT("\"weir_recording\"")) ? WEIR_FORMAT_RECORDING
                                                                     : WEIR_FORMAT_API_JSON;

    for (at++; at < s->end && *at != '"'; at++) {
        at += *at == '\\' && at + 1 < s->end;
    }
    at = at < s->end ? skip_blanks(at + 1, s->end) : s->end;
    if (at == s->end && !s->whole) {
        return WEIR_END;
    }
    if (at < s->end && *at == ':') {
        *format = named;
        return WEIR_OK;
    }
    return judge_lines(s, format);
}

static weir_status judge_brace(const struct sight *s, int32_t *format)
{
    const char *at = skip_blanks(s->at + 1, s->end);

    if (at == s->end && !s->whole) {
        return WEIR_END;
    }
    if (at < s->end && *at == '"') {
        return judge_quoted(s, at, format);
    }
    *format = at == s->end ? WEIR_FORMAT_API_JSON : WEIR_FORMAT_TSDB_DUMP;
    if (at < s->end && *at == '}') {
        at = skip_blanks(at + 1, s->end);
        *format = at == s->end ? WEIR_FORMAT_API_JSON : WEIR_FORMAT_TSDB_DUMP;
    }
    return WEIR_OK;
}

/* A word: of a sample's line, or the first column of a table. */
static weir_status judge_word(const struct sight *s, int32_t *format)
{
    const char *end = line_end(s, s->at), *at = s->at;

    if (end == NULL && s->end - s->at < WINDOW) {
        return WEIR_END;
    }
    end = end != NULL ? end : s->end;
    while (at < end && is_class(*at, CLASS_METRIC)) {
        at++;
    }
    if (at < end && (*at == '{' || is_class(*at, CLASS_BLANK))) {
        const char *next = skip_blanks(at, end);
        bool value = next < end && (*next == '{' || is_class(*next, CLASS_DIGIT) ||
                                    strchr("+-.NnIi", *next) != NULL);

        if (value) {
            return judge_lines(s, format);
        }
    }
    *format = WEIR_FORMAT_CSV;
    for (at = s->at; at < end; at++) {
        if (*at == ',' || *at == ';' || *at == '\t') {
            return WEIR_OK;
        }
    }
    return judge_lines(s, format);
}

/* The same with a format that is only good when the status is. */
static weir_status judge(struct sight s, int32_t *format, weir_error *err)
{
    *format = WEIR_FORMAT_TEXT;
    if (s.end - s.at < 4 && !s.whole) {
        return WEIR_END;
    }
    if (sees(&s, "\x1f\x8b")) {
        return weir__pm_error(err, WEIR_E_UNSUPPORTED, "the input is compressed (gzip)");
    }
    if (sees(&s, "\xff\xfe") || sees(&s, "\xfe\xff")) {
        return weir__pm_error(err, WEIR_E_UNSUPPORTED, "the input is UTF-16; weir reads UTF-8");
    }
    if (sees(&s, "\xef\xbb\xbf")) {
        *format = WEIR_FORMAT_CSV; /* none of the others may begin so */
        return WEIR_OK;
    }
    s.at = skip_blanks(s.at, s.end);
    if (s.at == s.end) {
        return s.whole ? WEIR_OK : WEIR_END;
    }
    if (*s.at == '<') {
        return weir__pm_error(err, WEIR_E_UNSUPPORTED, "the input looks like HTML or XML");
    }
    *format = *s.at == '[' ? WEIR_FORMAT_API_JSON : WEIR_FORMAT_CSV;
    return *s.at == '[' || *s.at == '"' ? WEIR_OK
           : *s.at == '{'               ? judge_brace(&s, format)
           : *s.at == '#'               ? judge_lines(&s, format)
                                        : judge_word(&s, format);
}

weir_status weir_series_format_detect(const char *text, size_t length, int32_t whole,
                                      int32_t *format, weir_error *err)
{
    struct sight s = {text != NULL ? text : "", text != NULL ? text : "", whole != 0};
    int32_t found;
    weir_status status;

    if ((text == NULL && length > 0) || format == NULL) {
        return weir__pm_error(err, WEIR_E_ARG, "text and format must not be NULL");
    }
    s.end += length;
    status = judge(s, &found, err);
    if (status == WEIR_OK) {
        *format = found;
    }
    return status;
}
