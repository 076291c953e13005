/*
 * prometheus/common.c - classes of bytes, UTF-8, arrays that grow, errors.
 */
#include "common.h"

#include <stdio.h>

/* Letters, digits, and what else stands for itself within quotes. */
#define NAME  (CLASS_METRIC | CLASS_METRIC_START | CLASS_LABEL | CLASS_LABEL_START | CLASS_PLAIN)
#define DIGIT (CLASS_METRIC | CLASS_LABEL | CLASS_DIGIT | CLASS_PLAIN)
#define COLON (CLASS_METRIC | CLASS_METRIC_START | CLASS_PLAIN)
#define BLANK (CLASS_BLANK | CLASS_PLAIN)
#define P     CLASS_PLAIN
#define N     NAME
#define D     DIGIT

const uint8_t weir__pm_classes[256] = {
    P,     P, P, P, P, P, P, P, P, BLANK, 0,     P, P, P, P, P, /* 0x00 */
    P,     P, P, P, P, P, P, P, P, P,     P,     P, P, P, P, P, /* 0x10 */
    BLANK, P, 0, P, P, P, P, P, P, P,     P,     P, P, P, P, P, /* 0x20 */
    D,     D, D, D, D, D, D, D, D, D,     COLON, P, P, P, P, P, /* 0x30 */
    P,     N, N, N, N, N, N, N, N, N,     N,     N, N, N, N, N, /* 0x40 */
    N,     N, N, N, N, N, N, N, N, N,     N,     P, 0, P, P, N, /* 0x50 */
    P,     N, N, N, N, N, N, N, N, N,     N,     N, N, N, N, N, /* 0x60 */
    N,     N, N, N, N, N, N, N, N, N,     N,     P, P, P, P, P, /* 0x70 */
};

/* The bytes of the character at `at`, 0 when it is none. */
static size_t character(const unsigned char *at, size_t left)
{
    unsigned char c = at[0], low = 0x80, high = 0xBF;
    size_t bytes = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;

    if (bytes < 2 || left < bytes) {
        return bytes == 1 ? 1 : 0;
    }
    low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : low;
    high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : high;
    if (at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < bytes; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return bytes;
}

bool weir__pm_utf8_valid(const char *at, size_t length)
{
    const unsigned char *byte = (const unsigned char *)at;

    for (size_t i = 0; i < length;) {
        size_t bytes = byte[i] < 0x80 ? 1 : character(byte + i, length - i);

        if (bytes == 0) {
            return false;
        }
        i += bytes;
    }
    return true;
}

size_t weir__pm_utf8_write(uint32_t rune, char *to)
{
    size_t bytes, i;

    if (rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000)) {
        rune = 0xFFFD;
    }
    if (rune < 0x80) {
        to[0] = (char)rune;
        return 1;
    }
    bytes = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    for (i = bytes - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (rune & 0x3F));
        rune >>= 6;
    }
    to[0] = (char)((0xF00 >> bytes & 0xFF) | rune);
    return bytes;
}

int weir__pm_hex_digit(char c)
{
    int letter = (unsigned char)c | 0x20;

    if (is_class(c, CLASS_DIGIT)) {
        return c - '0';
    }
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

bool weir__pm_reserve(const weir_allocator *a, struct array *array, size_t more, size_t size)
{
    size_t room = array->room < 16 ? 16 : array->room;
    void *items;

    if (more <= array->room - array->count) {
        return true;
    }
    while (room - array->count < more) {
        if (room > SIZE_MAX / 4 / size) {
            return false;
        }
        room *= 2;
    }
    items = take(a, room * size);
    if (items == NULL) {
        return false;
    }
    if (array->count > 0) {
        memcpy(items, array->items, array->count * size);
    }
    give_back(a, array->items, array->room * size);
    array->items = items;
    array->room = room;
    return true;
}

void weir__pm_release(const weir_allocator *a, struct array *array, size_t size)
{
    give_back(a, array->items, array->room * size);
    memset(array, 0, sizeof *array);
}

weir_status weir__pm_error(weir_error *err, weir_status status, const char *message)
{
    if (err != NULL) {
        memset(err, 0, sizeof *err);
        err->status = status;
        snprintf(err->message, sizeof err->message, "%s", message);
    }
    return status;
}

void weir__pm_describe(char *to, size_t size, const char *at, const char *end)
{
    size_t bytes = at < end ? character((const unsigned char *)at, (size_t)(end - at)) : 0;

    if (at >= end) {
        snprintf(to, size, "the end of the input");
    } else if (*at == '\n') {
        snprintf(to, size, "the end of the line");
    } else if (bytes == 0 || (unsigned char)*at < 0x20 || *at == 0x7F) {
        snprintf(to, size, "byte 0x%02x", (unsigned)(unsigned char)*at);
    } else if (*at == '"') {
        snprintf(to, size, "'\"'");
    } else {
        snprintf(to, size, "\"%.*s\"", (int)bytes, at);
    }
}
