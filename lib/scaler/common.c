/*
 * scaler/common.c - errors and characters; see common.h.
 */
#include "common.h"

#include <stdio.h>

weir_status weir__sc_error(weir_error *err, weir_status status, const char *message)
{
    if (err != NULL) {
        memset(err, 0, sizeof *err);
        err->status = status;
        snprintf(err->message, sizeof err->message, "%s", message);
    }
    return status;
}

weir_status weir__sc_error_at(weir_error *err, weir_status status, struct text text, const char *at,
                              const char *message)
{
    const char *begin = text.at;

    weir__sc_error(err, status, message);
    if (err != NULL) {
        err->line = 1;
        for (const char *c = text.at; c < at; c++) {
            if (*c == '\n') {
                err->line += err->line < INT32_MAX;
                begin = c + 1;
            }
        }
        err->column = at - begin < INT32_MAX ? (int32_t)(at - begin) + 1 : INT32_MAX;
    }
    return status;
}

weir_status weir__sc_http_error(weir_error *err, int32_t http_status)
{
    char message[80];

    snprintf(message, sizeof message, "the answer has HTTP status %ld", (long)http_status);
    return weir__sc_error(err, WEIR_E_IO, message);
}

size_t weir__sc_put_utf8(uint32_t character, char *out)
{
    size_t n = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};

    for (size_t i = n; i-- > 1;) {
        out[i] = (char)(0x80 | (character & 0x3F));
        character >>= 6;
    }
    out[0] = (char)(first[n] | character);
    return n;
}

uint32_t weir__sc_take_utf8(const char **at, const char *end)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *c = (const unsigned char *)*at;
    size_t n = c[0] < 0x80 ? 1 : c[0] < 0xC0 ? 0 : c[0] < 0xE0 ? 2 : c[0] < 0xF0 ? 3 : 4;
    uint32_t character = n == 1 ? c[0] : n == 2 ? c[0] & 0x1F : n == 3 ? c[0] & 0x0F : c[0] & 0x07;

    if (n == 0 || c[0] > 0xF4 || n > (size_t)(end - *at)) {
        ++*at;
        return 0xFFFD;
    }
    for (size_t i = 1; i < n; i++) {
        if ((c[i] & 0xC0) != 0x80) {
            ++*at;
            return 0xFFFD;
        }
        character = character << 6 | (c[i] & 0x3F);
    }
    if (character < least[n] || character > 0x10FFFF ||
        (character >= 0xD800 && character < 0xE000)) {
        ++*at;
        return 0xFFFD;
    }
    *at += n;
    return character;
}
