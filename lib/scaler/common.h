/*
 * scaler/common.h - what all readers use: texts with a length, and errors.
 */
#ifndef WEIR_LIB_SCALER_COMMON_H
#define WEIR_LIB_SCALER_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <weir/scaler.h>

/* Bytes that belong to somebody else. */
struct text {
    const char *at;
    size_t length;
};

static inline bool text_is(struct text text, const char *word)
{
    size_t n = strlen(word);

    return text.length == n && memcmp(text.at, word, n) == 0;
}

/* Fills in an error without a place; gives the status. */
weir_status weir__sc_error(weir_error *err, weir_status status, const char *message);

/* The same with the line and column of a byte of a text. */
weir_status weir__sc_error_at(weir_error *err, weir_status status, struct text text, const char *at,
                              const char *message);

/* The answer has another HTTP status than one of success. */
weir_status weir__sc_http_error(weir_error *err, int32_t http_status);

/* Writes a character as UTF-8 and gives the bytes, 1 to 4. */
size_t weir__sc_put_utf8(uint32_t character, char *out);

/* Takes a character of UTF-8; U+FFFD for a byte that begins none. */
uint32_t weir__sc_take_utf8(const char **at, const char *end);

#endif
