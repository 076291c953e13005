/*
 * prometheus/format.c - names of formats and types, and what a Content-Type says.
 */
#include "common.h"

const char *weir_series_format_name(int32_t format)
{
    static const char *const names[] = {"detect",    "text",      "openmetrics",
                                        "api-json",  "tsdb-dump", "dump-openmetrics",
                                        "vm-export", "csv",       "recording"};

    return format >= WEIR_FORMAT_DETECT && format <= WEIR_FORMAT_RECORDING ? names[format] : "";
}

const char *weir_metric_type_name(int32_t type)
{
    static const char *const names[] = {"unknown",        "counter", "gauge", "histogram",
                                        "gaugehistogram", "summary", "info",  "stateset"};

    return type >= WEIR_METRIC_UNKNOWN && type <= WEIR_METRIC_STATESET ? names[type] : "";
}

/* ---- media types ---------------------------------------------------------------------------- */

/* Characters of a token (RFC 2045). */
static bool is_token(char c)
{
    return c > ' ' && c < 0x7F && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* Whether a text is a word in lower case, whatever its own. */
static bool is_word(const char *at, size_t length, const char *word)
{
    if (length != strlen(word)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        bool upper = at[i] >= 'A' && at[i] <= 'Z';

        if (at[i] + (upper ? 'a' - 'A' : 0) != word[i]) {
            return false;
        }
    }
    return true;
}

/* A token or a quoted text; NULL when neither is there. */
static const char *skip_value(const char *at)
{
    if (*at != '"') {
        const char *first = at;

        while (is_token(*at)) {
            at++;
        }
        return at > first ? at : NULL;
    }
    for (at++; *at != '"'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        }
        if (*at == '\0') {
            return NULL;
        }
    }
    return at + 1;
}

/* Walks "; name=value" parameters; false when they are malformed. */
static bool read_parameters(const char *at, bool *version_2)
{
    for (at = past_blanks(at); *at != '\0'; at = past_blanks(at)) {
        const char *name, *value;
        size_t length;

        if (*at != ';') {
            return false;
        }
        at = past_blanks(at + 1);
        if (*at == '\0') {
            return true; /* a semicolon at the end */
        }
        for (name = at; is_token(*at); at++) {
        }
        length = (size_t)(at - name);
        at = past_blanks(at);
        if (length == 0 || *at != '=') {
            return false;
        }
        value = past_blanks(at + 1);
        at = skip_value(value);
        if (at == NULL) {
            return false;
        }
        if (is_word(name, length, "version")) {
            value += *value == '"';
            *version_2 = strncmp(value, "2.0.0", 5) == 0;
        }
    }
    return true;
}

weir_status weir_series_format_of_content_type(const char *content_type, int32_t *format,
                                               weir_error *err)
{
    const char *first, *end;
    size_t length;
    bool version_2 = false;

    if (content_type == NULL || format == NULL) {
        return weir__pm_error(err, WEIR_E_ARG, "content_type and format must not be NULL");
    }
    first = past_blanks(content_type);
    end = first + strcspn(first, ";");
    length = (size_t)(end - first);
    while (length > 0 && is_class(first[length - 1], CLASS_BLANK)) {
        length--;
    }
    if (length == 0) {
        return weir__pm_error(err, WEIR_E_UNSUPPORTED,
                              "no Content-Type; a server does not scrape that");
    }
    if (!read_parameters(end, &version_2)) {
        return weir__pm_error(err, WEIR_E_PARSE,
                              "the Content-Type's parameters are not ; name=value");
    }
    if (is_word(first, length, "text/plain")) {
        *format = WEIR_FORMAT_TEXT;
        return WEIR_OK;
    }
    if (is_word(first, length, "application/openmetrics-text") && !version_2) {
        *format = WEIR_FORMAT_OPENMETRICS;
        return WEIR_OK;
    }
    return weir__pm_error(err, WEIR_E_UNSUPPORTED,
                          version_2 ? "OpenMetrics 2.0 is not read"
                                    : "expected text/plain or application/openmetrics-text");
}
