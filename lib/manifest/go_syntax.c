/*
 * manifest/go_syntax.c - ParseFloat, ParseInt, ParseBool and ParseDuration; see go_syntax.h.
 */
#include "go_syntax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* The value of a hexadecimal digit; 16 for a character that is none. */
static int digit_of(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* ---- floats --------------------------------------------------------------------------------- */

/* Digits beyond these cannot move a double over the middle between two others except by being
 * there at all (767 decimal digits write out every such middle). */
enum { DIGITS_MAX = 800 };

/* The parts of a number: digits without a point, 0.DIGITS times base to the power of `point`. */
struct number {
    char digits[DIGITS_MAX + 1];
    int count;       /* of digits, leading zeros not counted */
    int cut;         /* some digit that is not zero had no room */
    int64_t point;   /* where the point is, in digits from the first */
    int64_t written; /* the exponent that was written */
    int negative, hex;
};

static int equals_folded(const char *text, size_t length, const char *word)
{
    size_t i = 0;

    while (i < length && word[i] != '\0' && lower(text[i]) == word[i]) {
        i++;
    }
    return i == length && word[i] == '\0';
}

static int read_special(const char *text, size_t length, double *value)
{
    int signs = length > 0 && (text[0] == '+' || text[0] == '-');
    const char *word = text + signs;
    size_t rest = length - (size_t)signs;

    if (signs == 0 && equals_folded(word, rest, "nan")) {
        *value = (double)NAN;
        return 1;
    }
    if (equals_folded(word, rest, "inf") || equals_folded(word, rest, "infinity")) {
        *value = text[0] == '-' ? -(double)INFINITY : (double)INFINITY;
        return 1;
    }
    return 0;
}

/* Every underscore stands between two digits, or between a base prefix and a digit. */
static int underscores_are_fine(const char *text, size_t length, int hex)
{
    size_t i = length > 0 && (text[0] == '+' || text[0] == '-') ? 1 : 0;
    int after_digit = 0, after_underscore = 0;

    if (hex) {
        i += 2;
        after_digit = 1;
    }
    for (; i < length; i++) {
        int digit = digit_of(text[i]) < (hex ? 16 : 10);

        if (text[i] == '_' && !after_digit) {
            return 0;
        }
        if (text[i] != '_' && after_underscore && !digit) {
            return 0;
        }
        after_digit = digit;
        after_underscore = text[i] == '_';
    }
    return !after_underscore;
}

static void take_digit(struct number *n, char c, int64_t *places)
{
    if (c == '0' && *places == 0) { /* a leading zero only moves the point */
        n->point--;
        return;
    }
    ++*places;
    if (n->count < DIGITS_MAX) {
        n->digits[n->count++] = c;
    } else if (c != '0') {
        n->cut = 1;
    }
}

/* The exponent after its letter. What is past five digits is not looked at, as in Go. */
static int read_exponent(struct number *n, const char *text, size_t length, size_t *at)
{
    size_t i = *at;
    int minus = i < length && text[i] == '-';

    if (i < length && (text[i] == '+' || text[i] == '-')) {
        i++;
    }
    if (i >= length || !is_digit(text[i])) {
        return 0;
    }
    for (; i < length && (is_digit(text[i]) || text[i] == '_'); i++) {
        if (text[i] != '_' && n->written < 10000) {
            n->written = n->written * 10 + (text[i] - '0');
        }
    }
    n->written = minus ? -n->written : n->written;
    *at = i;
    return 1;
}

static int read_number(struct number *n, const char *text, size_t length)
{
    size_t i = 0;
    int64_t places = 0;
    int digits = 0, point = 0;

    memset(n, 0, sizeof *n);
    if (i < length && (text[i] == '+' || text[i] == '-')) {
        n->negative = text[i++] == '-';
    }
    if (i + 2 < length && text[i] == '0' && lower(text[i + 1]) == 'x') {
        n->hex = 1;
        i += 2;
    }
    for (; i < length; i++) {
        if (text[i] == '.' && !point) {
            point = 1;
            n->point = places;
        } else if (digit_of(text[i]) < (n->hex ? 16 : 10)) {
            digits = 1;
            take_digit(n, text[i], &places);
        } else if (text[i] != '_') {
            break;
        }
    }
    if (!digits) {
        return 0;
    }
    if (!point) {
        n->point = places;
    }
    if (i < length && lower(text[i]) == (n->hex ? 'p' : 'e')) {
        i++;
        if (!read_exponent(n, text, length, &i)) {
            return 0;
        }
    } else if (n->hex) {
        return 0;
    }
    return i == length &&
           (memchr(text, '_', length) == NULL || underscores_are_fine(text, length, n->hex));
}

/*
 * The nearest double of decimal digits. strtod() rounds correctly, and it looks at the locale for
 * one thing only, the decimal point: so it is given none, but whole digits and an exponent.
 */
static double nearest_decimal(const struct number *n, int64_t exponent)
{
    char text[DIGITS_MAX + 16], reversed[8], *end = text + n->count;
    int count = 0;

    memcpy(text, n->digits, (size_t)n->count);
    if (n->cut) {
        *end++ = '1';
    }
    exponent -= end - text;
    *end++ = 'e';
    if (exponent < 0) {
        *end++ = '-';
        exponent = -exponent;
    }
    do {
        reversed[count++] = (char)('0' + exponent % 10);
        exponent /= 10;
    } while (exponent > 0);
    while (count > 0) {
        *end++ = reversed[--count];
    }
    *end = '\0';
    return strtod(text, NULL);
}

/* The nearest double of hexadecimal digits; of a tie the even one. (Not by strtod(): that of glibc
 * 2.36 rounds some denormals down that are nearer to the one above.) */
static double nearest_hex(const struct number *n, int64_t exponent)
{
    uint64_t bits = 0, half;
    int sticky = n->cut, length = 0, drop;

    for (int i = 0; i < n->count; i++) {
        if (i < 15) {
            bits = bits << 4 | (uint64_t)digit_of(n->digits[i]);
        } else {
            sticky |= n->digits[i] != '0';
        }
    }
    exponent -= 4 * (int64_t)(n->count < 15 ? n->count : 15);
    while (length < 60 && bits >> length != 0) {
        length++;
    }
    /* All but 53 bits are dropped, of denormals more: down to the bit of 2^-1074. */
    drop = length - 53;
    drop = exponent + drop < -1074 ? (int)(-1074 - exponent) : drop;
    if (drop > length + 1) {
        return 0.0;
    }
    if (drop > 0) {
        uint64_t rest = bits & ((UINT64_C(1) << drop) - 1);

        half = UINT64_C(1) << (drop - 1);
        bits >>= drop;
        bits += rest > half || (rest == half && (sticky || (bits & 1) != 0));
        exponent += drop;
    }
    return ldexp((double)bits, (int)exponent);
}

static int nearest_double(const struct number *n, double *value)
{
    int64_t exponent = n->hex ? 4 * n->point + n->written : n->point + n->written;
    double magnitude = 0.0;

    if (n->count > 0 && exponent > 2000) {
        return WEIR__GO_RANGE;
    }
    if (n->count > 0 && exponent > -2000) {
        magnitude = n->hex ? nearest_hex(n, exponent) : nearest_decimal(n, exponent);
        if (isinf(magnitude)) {
            return WEIR__GO_RANGE;
        }
    }
    *value = n->negative ? -magnitude : magnitude;
    return WEIR__GO_OK;
}

int weir__go_float(const char *text, size_t length, double *value)
{
    struct number number;

    if (read_special(text, length, value)) {
        return WEIR__GO_OK;
    }
    return read_number(&number, text, length) ? nearest_double(&number, value) : WEIR__GO_SYNTAX;
}

/* ---- integers and switches ------------------------------------------------------------------ */

/* The base that a prefix names, as Go's literals have it; *skip gets the prefix' length. */
static int base_of(const char *text, size_t length, size_t *skip)
{
    char letter = '\0';

    *skip = 0;
    if (length == 0 || text[0] != '0') {
        return 10;
    }
    if (length >= 3) {
        letter = lower(text[1]);
    }
    *skip = letter == 'x' || letter == 'o' || letter == 'b' ? 2 : 1;
    return letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
}

int weir__go_uint(const char *text, size_t length, int base, uint64_t most, uint64_t *value)
{
    uint64_t sum = 0;
    size_t i = 0;

    if (length == 0) {
        return WEIR__GO_SYNTAX;
    }
    if (base == 0) {
        base = base_of(text, length, &i);
    }
    for (; i < length; i++) {
        uint64_t digit = (uint64_t)digit_of(text[i]);

        if (digit >= (uint64_t)base) {
            return WEIR__GO_SYNTAX;
        }
        if (sum > (most - digit) / (uint64_t)base) {
            return WEIR__GO_RANGE; /* also where what follows is no digit, as in Go */
        }
        sum = sum * (uint64_t)base + digit;
    }
    *value = sum;
    return WEIR__GO_OK;
}

int weir__go_int(const char *text, size_t length, int base, int bits, int64_t *value)
{
    uint64_t limit = UINT64_C(1) << (bits - 1), sum = 0;
    int negative = length > 0 && text[0] == '-', result;
    size_t sign = length > 0 && (text[0] == '+' || text[0] == '-') ? 1 : 0;

    result = weir__go_uint(text + sign, length - sign, base, limit - 1 + limit, &sum);
    if (result == WEIR__GO_OK && sum > (negative ? limit : limit - 1)) {
        result = WEIR__GO_RANGE;
    }
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return result;
}

int weir__go_bool(const char *text, size_t length, int32_t *value)
{
    static const char *const words[] = {"0", "f", "F", "FALSE", "false", "False",
                                        "1", "t", "T", "TRUE",  "true",  "True"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == length && memcmp(words[i], text, length) == 0) {
            *value = i >= 6;
            return WEIR__GO_OK;
        }
    }
    return WEIR__GO_SYNTAX;
}

/* ---- durations ------------------------------------------------------------------------------ */

#define DURATION_LIMIT (UINT64_C(1) << 63)

/* Nanoseconds of a unit; 0 for a word that is none. */
static uint64_t unit_of(const char *word, size_t length)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"ns", 1},
        {"us", 1000},
        {"\xc2\xb5s", 1000}, /* U+00B5, the micro sign */
        {"\xce\xbcs", 1000}, /* U+03BC, the Greek letter mu */
        {"ms", 1000000},
        {"s", UINT64_C(1000000000)},
        {"m", UINT64_C(60000000000)},
        {"h", UINT64_C(3600000000000)},
    };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].name) == length && memcmp(units[i].name, word, length) == 0) {
            return units[i].ns;
        }
    }
    return 0;
}

/* Whole digits; 0 when they are above 2^63. */
static int read_whole(const char *text, size_t length, size_t *at, uint64_t *whole)
{
    for (; *at < length && is_digit(text[*at]); ++*at) {
        uint64_t digit = (uint64_t)(text[*at] - '0');

        if (*whole > DURATION_LIMIT / 10) {
            return 0;
        }
        *whole = *whole * 10 + digit;
        if (*whole > DURATION_LIMIT) {
            return 0;
        }
    }
    return 1;
}

/* Digits after the point: those that an integer has no room for are read and forgotten. */
static void read_fraction(const char *text, size_t length, size_t *at, uint64_t *fraction,
                          double *scale)
{
    int full = 0;

    for (; *at < length && is_digit(text[*at]); ++*at) {
        uint64_t digit = (uint64_t)(text[*at] - '0');

        full = full || *fraction > (DURATION_LIMIT - 1) / 10 ||
               *fraction * 10 + digit > DURATION_LIMIT;
        if (!full) {
            *fraction = *fraction * 10 + digit;
            *scale *= 10.0;
        }
    }
}

/* One number with its unit, added to the sum; 0 when it is malformed or too large. */
static int read_part(const char *text, size_t length, size_t *at, uint64_t *sum)
{
    uint64_t whole = 0, fraction = 0, unit;
    double scale = 1.0;
    size_t start = *at, digits;

    if (!read_whole(text, length, at, &whole)) {
        return 0;
    }
    digits = *at - start;
    if (*at < length && text[*at] == '.') {
        start = ++*at;
        read_fraction(text, length, at, &fraction, &scale);
        digits += *at - start;
    }
    start = *at;
    while (*at < length && text[*at] != '.' && !is_digit(text[*at])) {
        ++*at;
    }
    unit = unit_of(text + start, *at - start);
    if (digits == 0 || unit == 0 || whole > DURATION_LIMIT / unit) {
        return 0;
    }
    whole = whole * unit + (uint64_t)((double)fraction * ((double)unit / scale));
    *sum += whole;
    return whole <= DURATION_LIMIT && *sum <= DURATION_LIMIT;
}

int weir__go_duration(const char *text, size_t length, int64_t *value)
{
    int negative = length > 0 && text[0] == '-';
    size_t at = length > 0 && (text[0] == '+' || text[0] == '-') ? 1 : 0;
    uint64_t sum = 0;

    if (at == length) {
        return WEIR__GO_SYNTAX;
    }
    if (length - at == 1 && text[at] == '0') {
        *value = 0;
        return WEIR__GO_OK;
    }
    while (at < length) {
        if (!read_part(text, length, &at, &sum)) {
            return WEIR__GO_SYNTAX;
        }
    }
    if (!negative && sum > DURATION_LIMIT - 1) {
        return WEIR__GO_SYNTAX;
    }
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return WEIR__GO_OK;
}
