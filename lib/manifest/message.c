/*
 * manifest/message.c - sentences and field paths in buffers of fixed size; see message.h.
 */
#include "message.h"

#include <math.h>
#include <string.h>

enum { QUOTE_MAX = 48 };

/* Whether a byte goes on with a character of UTF-8 that began before it. */
static int is_inside(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Adds bytes to a NUL-terminated buffer as far as they fit; the length counts them all. */
static void append(char *buffer, size_t capacity, size_t *length, const char *bytes, size_t count)
{
    if (*length + 1 < capacity) {
        size_t room = capacity - 1 - *length;
        size_t fit = count < room ? count : room;

        while (fit > 0 && fit < count && is_inside(bytes[fit])) {
            fit--;
        }
        memcpy(buffer + *length, bytes, fit);
        buffer[*length + fit] = '\0';
    }
    *length += count;
}

static void put(struct weir__message *m, const char *bytes, size_t count)
{
    append(m->text, sizeof m->text, &m->length, bytes, count);
}

/* Decimal digits, at least so many. */
static size_t digits_of(uint64_t value, size_t least, char digits[20])
{
    char reversed[20];
    size_t n = 0;

    do {
        reversed[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0 || n < least);
    for (size_t i = 0; i < n; i++) {
        digits[i] = reversed[n - 1 - i];
    }
    return n;
}

static void put_number(struct weir__message *m, uint64_t value, size_t least)
{
    char digits[20];

    put(m, digits, digits_of(value, least, digits));
}

/* whole.fraction, the fraction having so many digits, without zeros at its end. */
static void put_decimal(struct weir__message *m, uint64_t whole, uint64_t fraction, size_t digits)
{
    put_number(m, whole, 1);
    if (fraction == 0) {
        return;
    }
    while (fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    put(m, ".", 1);
    put_number(m, fraction, digits);
}

void weir__message_clear(struct weir__message *m)
{
    m->text[0] = '\0';
    m->length = 0;
}

void weir__message_add(struct weir__message *m, const char *text)
{
    put(m, text, strlen(text));
}

void weir__message_int(struct weir__message *m, int64_t value)
{
    if (value < 0) {
        put(m, "-", 1);
    }
    put_number(m, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
}

void weir__message_double(struct weir__message *m, double value)
{
    double a = fabs(value);
    int exponent = 0;
    uint64_t millionths;

    if (isnan(value)) {
        weir__message_add(m, "NaN");
        return;
    }
    if (value < 0.0) {
        put(m, "-", 1);
    }
    if (isinf(value)) {
        weir__message_add(m, "Inf");
        return;
    }
    if (a >= 1e12 || (a != 0.0 && a < 1e-4)) {
        for (; a >= 10.0; exponent++) {
            a /= 10.0;
        }
        for (; a < 1.0; exponent--) {
            a *= 10.0;
        }
    }
    millionths = (uint64_t)(a * 1e6 + 0.5);
    put_decimal(m, millionths / 1000000, millionths % 1000000, 6);
    if (exponent != 0) {
        put(m, "e", 1);
        weir__message_int(m, exponent);
    }
}

void weir__message_duration(struct weir__message *m, int64_t ns)
{
    uint64_t left = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    uint64_t seconds = left / 1000000000;

    if (ns < 0) {
        put(m, "-", 1);
    }
    if (left == 0) {
        weir__message_add(m, "0s");
    } else if (left < 1000) {
        put_number(m, left, 1);
        weir__message_add(m, "ns");
    } else if (left < 1000000) {
        put_decimal(m, left / 1000, left % 1000, 3);
        weir__message_add(m, "us");
    } else if (left < 1000000000) {
        put_decimal(m, left / 1000000, left % 1000000, 6);
        weir__message_add(m, "ms");
    } else {
        if (seconds >= 3600) {
            put_number(m, seconds / 3600, 1);
            weir__message_add(m, "h");
        }
        if (seconds / 60 % 60 != 0) {
            put_number(m, seconds / 60 % 60, 1);
            weir__message_add(m, "m");
        }
        if (left % UINT64_C(60000000000) != 0) {
            put_decimal(m, seconds % 60, left % 1000000000, 9);
            weir__message_add(m, "s");
        }
    }
}

void weir__message_quote(struct weir__message *m, const char *text, size_t length)
{
    put(m, "\"", 1);
    for (size_t i = 0; i < length;) {
        size_t bytes = 1;

        if (i >= QUOTE_MAX) {
            weir__message_add(m, "...");
            break;
        }
        while (i + bytes < length && is_inside(text[i + bytes])) {
            bytes++;
        }
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            weir__message_add(m, text[i] == '\n' ? "\\n" : text[i] == '\t' ? "\\t" : "?");
        } else {
            put(m, text + i, bytes);
        }
        i += bytes;
    }
    put(m, "\"", 1);
}

void weir__path_clear(struct weir__path *path)
{
    path->text[0] = '\0';
    path->length = 0;
}

/* Keys that would be taken apart at their dots and brackets stand in brackets. */
void weir__path_key(struct weir__path *path, const char *key, size_t length)
{
    int plain = length > 0 && memchr(key, '.', length) == NULL &&
                memchr(key, '/', length) == NULL && memchr(key, '[', length) == NULL;

    if (plain && path->length > 0) {
        append(path->text, sizeof path->text, &path->length, ".", 1);
    } else if (!plain) {
        append(path->text, sizeof path->text, &path->length, "[", 1);
    }
    append(path->text, sizeof path->text, &path->length, key, length);
    if (!plain) {
        append(path->text, sizeof path->text, &path->length, "]", 1);
    }
}

void weir__path_text(struct weir__path *path, const char *text)
{
    append(path->text, sizeof path->text, &path->length, text, strlen(text));
}

void weir__path_index(struct weir__path *path, size_t index)
{
    char digits[20];
    size_t count = digits_of(index, 1, digits);

    append(path->text, sizeof path->text, &path->length, "[", 1);
    append(path->text, sizeof path->text, &path->length, digits, count);
    append(path->text, sizeof path->text, &path->length, "]", 1);
}

void weir__path_cut(struct weir__path *path, size_t length)
{
    path->length = length;
    if (length < sizeof path->text) {
        path->text[length] = '\0';
    }
}
