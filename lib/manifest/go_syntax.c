/*
 * manifest/go_syntax.c - Go's number syntax, to the letter; see go_syntax.h.
 *
 * Upstream: Go's strconv/atof.go, atoi.go, atob.go and time/format.go ParseDuration.
 */
#include "go_syntax.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static int is_hex(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

static int equals_ignoring_case(const char *text, const char *word)
{
    while (*word != '\0' && lower(*text) == *word) {
        text++;
        word++;
    }
    return *text == '\0' && *word == '\0';
}

/* Underscores stand between digits only; one may follow the 0x. */
static int underscores_are_fine(const char *text)
{
    char before = '!';
    int hex = 0;

    text += *text == '-' || *text == '+';
    if (text[0] == '0' && lower(text[1]) == 'x') {
        hex = 1;
        before = '0';
        text += 2;
    }
    for (; *text != '\0'; text++) {
        if (is_digit(*text) || (hex && is_hex(*text))) {
            before = '0';
        } else if (*text == '_') {
            if (before != '0') {
                return 0;
            }
            before = '_';
        } else {
            if (before == '_') {
                return 0;
            }
            before = '!';
        }
    }
    return before != '_';
}

/* Whether the whole text is a float literal: [sign] digits [. digits] [exponent], or hexadecimal.
 */
static int is_float_literal(const char *at)
{
    int hex, digits = 0, dots = 0, exponent = 0;

    at += *at == '-' || *at == '+';
    hex = at[0] == '0' && lower(at[1]) == 'x';
    at += hex ? 2 : 0;
    for (; *at != '\0'; at++) {
        if (*at == '.') {
            if (dots++ > 0) {
                return 0;
            }
        } else if (hex ? is_hex(*at) : is_digit(*at)) {
            digits++;
        } else if (*at != '_') {
            break;
        }
    }
    if (digits == 0) {
        return 0;
    }
    if (lower(*at) == (hex ? 'p' : 'e')) {
        at++;
        at += *at == '-' || *at == '+';
        if (!is_digit(*at)) {
            return 0;
        }
        at += strspn(at, "0123456789_");
        exponent = 1;
    }
    return *at == '\0' && (!hex || exponent);
}

int go_parse_float(const char *text, double *value)
{
    const char *unsigned_text = text + (*text == '-' || *text == '+');
    char buffer[512];
    size_t n = 0;
    double x;

    if (equals_ignoring_case(unsigned_text, "inf") ||
        equals_ignoring_case(unsigned_text, "infinity") || equals_ignoring_case(text, "nan")) {
        *value = strtod(text, NULL);
        return 1;
    }
    if (!is_float_literal(text) || !underscores_are_fine(text)) {
        return 0;
    }
    for (; *text != '\0'; text++) {
        if (n + 1 == sizeof buffer) {
            return 0; /* no number needs 500 digits */
        }
        if (*text != '_') { /* strtod wants the decimal point of the process's locale */
            buffer[n++] = (char)(*text == '.' ? *localeconv()->decimal_point : *text);
        }
    }
    buffer[n] = '\0';
    x = strtod(buffer, NULL);
    if (x - x != 0.0) {
        return 0; /* overflow */
    }
    *value = x;
    return 1;
}

int go_parse_int(const char *text, int32_t bits, int64_t *value)
{
    int negative = *text == '-';
    uint64_t limit = (UINT64_C(1) << (bits - 1)) - (negative ? 0U : 1U), n = 0;

    text += *text == '-' || *text == '+';
    if (*text == '\0') {
        return 0;
    }
    for (; *text != '\0'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');

        if (!is_digit(*text) || n > (limit - digit) / 10) {
            return 0;
        }
        n = n * 10 + digit;
    }
    *value = negative ? (n == 0 ? 0 : -(int64_t)(n - 1) - 1) : (int64_t)n;
    return 1;
}

int go_parse_bool(const char *text, int32_t *value)
{
    static const char *const words[2][6] = {{"0", "f", "F", "FALSE", "false", "False"},
                                            {"1", "t", "T", "TRUE", "true", "True"}};

    for (int32_t truth = 0; truth < 2; truth++) {
        for (size_t i = 0; i < 6; i++) {
            if (strcmp(text, words[truth][i]) == 0) {
                *value = truth;
                return 1;
            }
        }
    }
    return 0;
}

#define TOP (UINT64_C(1) << 63) /* the magnitude of the smallest duration */

/* Digits to a number of at most 2^63; 0 when there are more. */
static int leading_int(const char **text, uint64_t *value)
{
    uint64_t x = 0;

    for (; is_digit(**text); (*text)++) {
        if (x > TOP / 10) {
            return 0;
        }
        x = x * 10 + (uint64_t)(**text - '0');
        if (x > TOP) {
            return 0;
        }
    }
    *value = x;
    return 1;
}

/* Digits after the point; those that do not fit any more are dropped. */
static void leading_fraction(const char **text, uint64_t *value, double *scale)
{
    uint64_t x = 0;
    int full = 0;

    *scale = 1.0;
    for (; is_digit(**text); (*text)++) {
        uint64_t y;

        if (full || x > (TOP - 1) / 10) {
            full = 1;
            continue;
        }
        y = x * 10 + (uint64_t)(**text - '0');
        if (y > TOP) {
            full = 1;
            continue;
        }
        x = y;
        *scale *= 10.0;
    }
    *value = x;
}

/* The unit at the text, and past it; 0 when there is none or it is unknown. */
static uint64_t take_unit(const char **text)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"ns", 1},
                 {"us", 1000},
                 {"\xc2\xb5s", 1000}, /* U+00B5, the micro sign */
                 {"\xce\xbcs", 1000}, /* U+03BC, the Greek letter */
                 {"ms", 1000000},
                 {"s", 1000000000},
                 {"m", UINT64_C(60000000000)},
                 {"h", UINT64_C(3600000000000)}};
    size_t length = strcspn(*text, ".0123456789");

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].name) == length && strncmp(*text, units[i].name, length) == 0) {
            *text += length;
            return units[i].ns;
        }
    }
    return 0;
}

/* One number with its unit, in nanoseconds. */
static int take_part(const char **text, uint64_t *ns)
{
    uint64_t whole, fraction = 0, unit;
    double scale = 1.0;
    const char *start = *text;
    int any;

    if (!leading_int(text, &whole)) {
        return 0;
    }
    any = *text != start;
    if (**text == '.') {
        start = ++*text;
        leading_fraction(text, &fraction, &scale);
        any = any || *text != start;
    }
    unit = any ? take_unit(text) : 0;
    if (unit == 0 || whole > TOP / unit) {
        return 0;
    }
    whole *= unit;
    if (fraction > 0) {
        whole += (uint64_t)((double)fraction * ((double)unit / scale));
    }
    *ns = whole;
    return whole <= TOP;
}

int go_parse_duration(const char *text, weir_duration *value)
{
    int negative = *text == '-';
    uint64_t total = 0, part;

    text += *text == '-' || *text == '+';
    if (strcmp(text, "0") == 0) {
        *value = 0;
        return 1;
    }
    if (*text == '\0') {
        return 0;
    }
    while (*text != '\0') {
        if (!take_part(&text, &part) || total + part > TOP) {
            return 0;
        }
        total += part;
    }
    if (total == TOP && !negative) {
        return 0;
    }
    *value = negative ? (total == 0 ? 0 : -(int64_t)(total - 1) - 1) : (int64_t)total;
    return 1;
}
