/*
 * base/text.h - text into a caller's buffer without stdio and without a locale.
 *
 * A writer never overruns: it cuts, stays NUL-terminated, and counts what it would have written.
 */
#ifndef WEIR_LIB_BASE_TEXT_H
#define WEIR_LIB_BASE_TEXT_H

#include "base/internal.h"
#include <string.h>

/* The core has no string functions of the C library. The bound keeps compilers from putting them
 * back. */
static inline size_t weir__length(const char *text)
{
    size_t n = 0;

    while (n < 65536 && text[n] != '\0') {
        n++;
    }
    return n;
}

/* The same of a text in a field that it may fill without an end. */
static inline size_t weir__length_within(const char *text, size_t most)
{
    size_t n = 0;

    while (n < most && text[n] != '\0') {
        n++;
    }
    return n;
}

static inline int weir__same_bytes(const char *a, const char *b, size_t count)
{
    size_t i = 0;

    while (i < count && a[i] == b[i]) {
        i++;
    }
    return i == count;
}

static inline int weir__same_text(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

struct weir__text {
    char *buffer;
    size_t capacity; /* bytes in buffer, the NUL included */
    size_t length;   /* bytes written or wished for, the NUL not included */
};

void weir__text_open(struct weir__text *text, char *buffer, size_t capacity);
void weir__text_char(struct weir__text *text, char c);
void weir__text_str(struct weir__text *text, const char *s);
void weir__text_int(struct weir__text *text, int64_t value);

/* At most six decimals, no trailing zeros; very large and very small values with an exponent. */
void weir__text_double(struct weir__text *text, double value);

/* As Go prints a time.Duration: "1m30s", "1.5s", "250ms". */
void weir__text_duration(struct weir__text *text, weir_duration value);

/* WEIR_OK, or WEIR_E_SPACE when the text was cut; need, if not NULL, gets the bytes wanted. */
weir_status weir__text_close(const struct weir__text *text, size_t *need);

#endif
