/*
 * record_text.c - text that grows, and series as lines of it; see record.h.
 */
#include "record.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Samples of one line; a reader holds a line. */
enum { LINE_SAMPLES = 5000 };

static int make_room(struct record_text *text, size_t more)
{
    size_t room = text->room > 0 ? text->room : 4096;
    char *grown;

    if (text->failed || more > SIZE_MAX / 4 - text->length) {
        text->failed = 1;
        return 0;
    }
    while (room - text->length <= more) {
        room *= 2;
    }
    if (room > text->room) {
        grown = realloc(text->at, room);
        if (grown == NULL) {
            text->failed = 1;
            return 0;
        }
        text->at = grown;
        text->room = room;
    }
    return 1;
}

static void put_bytes(struct record_text *text, const char *bytes, size_t length)
{
    if (make_room(text, length)) {
        memcpy(text->at + text->length, bytes, length);
        text->length += length;
        text->at[text->length] = '\0';
    }
}

void record_put(struct record_text *text, const char *format, ...)
{
    va_list list, again;
    int length;

    va_start(list, format);
    va_copy(again, list);
    length = vsnprintf(NULL, 0, format, list);
    if (length >= 0 && make_room(text, (size_t)length + 1)) {
        vsnprintf(text->at + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(list);
}

void record_put_json(struct record_text *text, const char *bytes, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    size_t plain = 0;

    put_bytes(text, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) {
            continue;
        }
        put_bytes(text, bytes + plain, i - plain);
        if (c == '"' || c == '\\') {
            escape[1] = (char)c;
        }
        put_bytes(text, escape, c == '"' || c == '\\' ? 2 : sizeof escape);
        plain = i + 1;
    }
    put_bytes(text, bytes + plain, length - plain);
    put_bytes(text, "\"", 1);
}

/* ---- series --------------------------------------------------------------------------------- */

/* A staleness marker is null; what JSON has no numbers for is text. */
static void put_value(struct record_text *text, double value)
{
    char digits[WEIR_API_VALUE_MAX];
    size_t length = weir_api_value_print(value, 0, digits);
    const char *word = weir_is_stale(value)        ? "null"
                       : value != value            ? "\"NaN\""
                       : isinf(value) && value > 0 ? "\"Infinity\""
                       : isinf(value)              ? "\"-Infinity\""
                                                   : NULL;

    if (word != NULL) {
        put_bytes(text, word, strlen(word));
    } else {
        put_bytes(text, digits, length);
    }
}

static void put_labels(struct record_text *text, const weir_series_store *store, uint32_t series)
{
    size_t count = weir_series_store_labels(store, series, NULL, 0);
    weir_label *labels = calloc(count + 1, sizeof *labels);

    if (labels == NULL) {
        text->failed = 1;
        return;
    }
    weir_series_store_labels(store, series, labels, count);
    put_bytes(text, "{\"metric\":{", 11);
    for (size_t i = 0; i < count; i++) {
        put_bytes(text, ",", i > 0);
        record_put_json(text, labels[i].name, labels[i].name_length);
        put_bytes(text, ":", 1);
        record_put_json(text, labels[i].value, labels[i].value_length);
    }
    put_bytes(text, "}", 1);
    free(labels);
}

/* Samples and markers of a series in order of time. */
struct walk {
    const weir_samples *samples;
    size_t sample, marker;
};

static int next_sample(struct walk *w, int64_t *time, double *value)
{
    const weir_samples *s = w->samples;
    int marker = w->marker < s->stale_count &&
                 (w->sample == s->count || s->stale_ms[w->marker] < s->times_ms[w->sample]);

    if (!marker && w->sample == s->count) {
        return 0;
    }
    *time = marker ? s->stale_ms[w->marker] : s->times_ms[w->sample];
    *value = marker ? weir_stale_marker() : s->values[w->sample];
    w->marker += marker ? 1 : 0;
    w->sample += marker ? 0 : 1;
    return 1;
}

/* One line with the samples that come next; 0 when there are none. */
static int put_line(struct record_text *text, const weir_series_store *store, uint32_t series,
                    struct walk *walk)
{
    struct walk again = *walk;
    int64_t time;
    double value;
    int count = 0;

    while (count < LINE_SAMPLES && next_sample(walk, &time, &value)) {
        if (count == 0) {
            put_labels(text, store, series);
            put_bytes(text, ",\"values\":[", 11);
        }
        put_bytes(text, ",", count > 0);
        put_value(text, value);
        count++;
    }
    for (int i = 0; i < count && next_sample(&again, &time, &value); i++) {
        record_put(text, "%s%" PRId64, i > 0 ? "," : "],\"timestamps\":[", time);
    }
    if (count > 0) {
        put_bytes(text, "]}\n", 3);
    }
    return count > 0;
}

void record_put_store(struct record_text *text, const weir_series_store *store, int64_t after_ms)
{
    for (uint32_t i = 0; !text->failed && i < weir_series_store_count(store); i++) {
        weir_samples samples;
        struct walk walk = {&samples, 0, 0};

        weir_series_store_samples(store, i, &samples);
        while (walk.sample < samples.count && samples.times_ms[walk.sample] <= after_ms) {
            walk.sample++;
        }
        while (walk.marker < samples.stale_count && samples.stale_ms[walk.marker] <= after_ms) {
            walk.marker++;
        }
        while (!text->failed && put_line(text, store, i, &walk)) {
        }
    }
}

int record_is(const char *text, size_t length, const char *is)
{
    return strlen(is) == length && memcmp(text, is, length) == 0;
}

void record_text_free(struct record_text *text)
{
    free(text->at);
    memset(text, 0, sizeof *text);
}
