/*
 * prometheus/common.h - what all readers use: texts with a length, classes of bytes, memory through
 * the caller's allocator, errors.
 */
#ifndef WEIR_LIB_PROMETHEUS_COMMON_H
#define WEIR_LIB_PROMETHEUS_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <weir/prometheus.h>

/* ---- texts ---------------------------------------------------------------------------------- */

/* Bytes that belong to somebody else. */
struct text {
    const char *at;
    size_t length;
};

#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})

static inline bool text_is(struct text a, struct text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

static inline bool begins_with(struct text a, struct text b)
{
    return a.length >= b.length && memcmp(a.at, b.at, b.length) == 0;
}

/* Classes of bytes. */
enum {
    CLASS_METRIC = 1,       /* goes on with a metric's name */
    CLASS_METRIC_START = 2, /* begins one */
    CLASS_LABEL = 4,        /* goes on with a label's name */
    CLASS_LABEL_START = 8,  /* begins one */
    CLASS_DIGIT = 16,
    CLASS_BLANK = 32, /* space or tab */
    CLASS_PLAIN = 64  /* within quotes: itself, ASCII, and no line break */
};

extern const uint8_t weir__pm_classes[256];

static inline bool is_class(char c, unsigned classes)
{
    return (weir__pm_classes[(unsigned char)c] & classes) != 0;
}

/* Past spaces and tabs, of which something else is the end. */
static inline const char *past_blanks(const char *at)
{
    while (is_class(*at, CLASS_BLANK)) {
        at++;
    }
    return at;
}

/* Its line break, or the end. */
static inline const char *end_of_line(const char *at, const char *end)
{
    const char *found = memchr(at, '\n', (size_t)(end - at));

    return found != NULL ? found : end;
}

/* Whether all of it is UTF-8. */
bool weir__pm_utf8_valid(const char *at, size_t length);

/* Writes a code point, U+FFFD for what is none; gives the bytes, at most 4. */
size_t weir__pm_utf8_write(uint32_t rune, char *to);

/* 0 to 15; -1 for what is no hexadecimal digit. */
int weir__pm_hex_digit(char c);

/* ---- doubles -------------------------------------------------------------------------------- */

static inline double from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint64_t to_bits(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

#define NOT_A_NUMBER (from_bits(UINT64_C(0x7ff8000000000001))) /* upstream's ordinary NaN */
#define INFINITE     (from_bits(UINT64_C(0x7ff0000000000000)))

/* ---- memory --------------------------------------------------------------------------------- */

static inline void *take(const weir_allocator *a, size_t size)
{
    return a->alloc(a->user, size > 0 ? size : 1);
}

static inline void give_back(const weir_allocator *a, void *block, size_t size)
{
    if (block != NULL) {
        a->free(a->user, block, size > 0 ? size : 1);
    }
}

/* An array that grows: `room` elements, of which `count` are in use. */
struct array {
    void *items;
    size_t count, room;
};

/* Room for `more` elements behind those in use; false when there is no memory. */
bool weir__pm_reserve(const weir_allocator *a, struct array *array, size_t more, size_t size);
void weir__pm_release(const weir_allocator *a, struct array *array, size_t size);

/* ---- errors --------------------------------------------------------------------------------- */

/* Fills an error without a place; gives `status` back. */
weir_status weir__pm_error(weir_error *err, weir_status status, const char *message);

/* What stands at a place, for a message: "the end of the line", "\"x\"", "byte 0x00". */
void weir__pm_describe(char *to, size_t size, const char *at, const char *end);

#endif
