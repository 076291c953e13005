/*
 * scaler/request.c - the URL that KEDA's prometheus scaler asks.
 */
#include "common.h"

#include <inttypes.h>
#include <stdio.h>

/* A text being written, which may be longer than its place. */
struct out {
    char *at;
    size_t room, length;
};

static void put(struct out *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++, out->length++) {
        if (out->length + 1 < out->room) {
            out->at[out->length] = text[i];
        }
    }
}

static void put_text(struct out *out, const char *text)
{
    put(out, text, strlen(text));
}

/* As the value of a form: spaces are pluses. */
static void put_escaped(struct out *out, const char *text, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        char escaped[3] = {'%', digits[c >> 4], digits[c & 15]};

        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            (c != '\0' && strchr("-_.~", c) != NULL)) {
            put(out, text + i, 1);
        } else if (c == ' ') {
            put(out, "+", 1);
        } else {
            put(out, escaped, 3);
        }
    }
}

static struct text trimmed(const char *at, size_t length)
{
    struct text text = {at, length};

    while (text.length > 0 && (*text.at == ' ' || (*text.at >= '\t' && *text.at <= '\r'))) {
        text.at++;
        text.length--;
    }
    while (text.length > 0 &&
           (text.at[text.length - 1] == ' ' ||
            (text.at[text.length - 1] >= '\t' && text.at[text.length - 1] <= '\r'))) {
        text.length--;
    }
    return text;
}

/* "key=value,key=value"; 0: they are no pairs. */
static int put_parameters(struct out *out, const char *parameters)
{
    const char *at = parameters;

    while (at != NULL) {
        size_t n = strcspn(at, ",");
        const char *equals = memchr(at, '=', n);
        struct text key, value;

        if (equals == NULL || memchr(equals + 1, '=', n - (size_t)(equals + 1 - at)) != NULL) {
            return 0;
        }
        key = trimmed(at, (size_t)(equals - at));
        value = trimmed(equals + 1, n - (size_t)(equals + 1 - at));
        put_text(out, "&");
        put_escaped(out, key.at, key.length);
        put_text(out, "=");
        put_escaped(out, value.at, value.length);
        at = at[n] == ',' ? at + n + 1 : NULL;
    }
    return 1;
}

/* A time in UTC with whole seconds: 2000-01-01T00:00:00Z. */
static void put_time(struct out *out, weir_time now)
{
    int64_t seconds = now / WEIR_SECOND - (now % WEIR_SECOND < 0), day, second, era, of_era, year;
    int64_t of_year, month;
    char text[160]; /* whatever the numbers */

    day = seconds / 86400 - (seconds % 86400 < 0);
    second = seconds - day * 86400;
    day += 719468; /* from March of year 0: then leap days come last in a year */
    era = (day >= 0 ? day : day - 146096) / 146097;
    of_era = day - era * 146097;
    year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * year + year / 4 - year / 100);
    month = (5 * of_year + 2) / 153;
    year += era * 400 + (month >= 10);
    of_year -= (153 * month + 2) / 5;
    month += month < 10 ? 3 : -9;
    snprintf(text, sizeof text,
             "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64 "Z",
             year, month, of_year + 1, second / 3600, second / 60 % 60, second % 60);
    put_text(out, text);
}

weir_status weir_scaler_prometheus_url(const char *server_address, const char *query,
                                       const char *name_space, const char *query_parameters,
                                       weir_time now, char *text, size_t capacity, size_t *need,
                                       weir_error *err)
{
    struct out out = {text, capacity, 0};

    if (server_address == NULL || query == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    put_text(&out, server_address);
    put_text(&out, "/api/v1/query?query=");
    put_escaped(&out, query, strlen(query));
    put_text(&out, "&time=");
    put_time(&out, now);
    if (name_space != NULL && name_space[0] != '\0') {
        put_text(&out, "&namespace=");
        put_text(&out, name_space);
    }
    if (query_parameters != NULL && query_parameters[0] != '\0' &&
        !put_parameters(&out, query_parameters)) {
        return weir__sc_error(err, WEIR_E_PARSE,
                              "query parameters have to be key=value pairs with commas between");
    }
    if (capacity > 0) {
        text[out.length < capacity ? out.length : capacity - 1] = '\0';
    }
    if (need != NULL) {
        *need = out.length + 1;
    }
    return out.length < capacity
               ? WEIR_OK
               : weir__sc_error(err, WEIR_E_SPACE, "the URL is longer than its place");
}
