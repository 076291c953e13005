/*
 * prometheus/number.c - digits to the nearest double, and back to the fewest digits.
 *
 * Few digits and a small power of ten are settled by one rounded operation (Clinger's quick case).
 * The rest goes to strtod() as whole digits and an exponent, without the decimal point that is the
 * locale's.
 */
#include "number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

#define EXACT (UINT64_C(1) << 53)

/* digits * 10^power where that is one rounded operation on exact numbers. */
static inline bool scale_exactly(uint64_t digits, int power, double *value)
{
    if (digits > EXACT || power < -22 || power > 22) {
        return false;
    }
    *value =
        power < 0 ? (double)digits / powers_of_ten[-power] : (double)digits * powers_of_ten[power];
    return true;
}

const char *weir__pm_number_quick(const char *at, double *value)
{
    bool negative = *at == '-';
    const char *first, *point = NULL;
    uint64_t digits = 0;
    int power = 0, count;

    at += *at == '-' || *at == '+';
    first = at;
    for (; (unsigned char)(*at - '0') <= 9; at++) {
        digits = digits * 10 + (unsigned char)(*at - '0');
    }
    count = (int)(at - first);
    if (*at == '.') {
        point = ++at;
        for (; (unsigned char)(*at - '0') <= 9; at++) {
            digits = digits * 10 + (unsigned char)(*at - '0');
        }
        power = -(int)(at - point);
        count -= power;
    }
    if (count == 0 || at - first > 19) { /* no number, or the digits may have wrapped around */
        return NULL;
    }
    if (*at == 'e' || *at == 'E') {
        bool less = at[1] == '-';
        int exponent = 0;

        at += 1 + (at[1] == '-' || at[1] == '+');
        for (first = at; (unsigned char)(*at - '0') <= 9 && at - first < 4; at++) {
            exponent = exponent * 10 + (*at - '0');
        }
        if (at == first || is_class(*at, CLASS_DIGIT)) {
            return NULL;
        }
        power += less ? -exponent : exponent;
    }
    if (!scale_exactly(digits, power, value)) {
        return NULL;
    }
    *value = negative ? -*value : *value;
    return at;
}

/* ---- all of ParseFloat ---------------------------------------------------------------------- */

static bool equals_ignoring_case(struct text text, const char *lower)
{
    size_t n = strlen(lower);

    if (text.length != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if ((text.at[i] | 0x20) != lower[i]) {
            return false;
        }
    }
    return true;
}

/* Infinities with any sign, NaN without one. */
static bool special(struct text text, double *value)
{
    struct text rest = text;
    bool negative = text.length > 0 && text.at[0] == '-';

    if (equals_ignoring_case(text, "nan")) {
        *value = NOT_A_NUMBER;
        return true;
    }
    if (text.length > 0 && (text.at[0] == '-' || text.at[0] == '+')) {
        rest = (struct text){text.at + 1, text.length - 1};
    }
    if (equals_ignoring_case(rest, "inf") || equals_ignoring_case(rest, "infinity")) {
        *value = negative ? -INFINITE : INFINITE;
        return true;
    }
    return false;
}

static int digit_of(char c, bool hexadecimal)
{
    return hexadecimal || is_class(c, CLASS_DIGIT) ? weir__pm_hex_digit(c) : -1;
}

/* Whether underscores stand between digits, or between the prefix and a digit, only. */
static bool underscores_stand_well(struct text text, bool hexadecimal)
{
    char before = hexadecimal ? '0' : 'x'; /* the prefix counts as a digit */
    size_t i = text.length > 0 && (text.at[0] == '-' || text.at[0] == '+') ? 1 : 0;

    for (i += hexadecimal ? 2 : 0; i < text.length; i++) {
        char c = text.at[i];

        if (c == '_' && before != '0') {
            return false;
        }
        if (digit_of(c, hexadecimal) >= 0) {
            before = '0';
        } else {
            if (before == '_') {
                return false;
            }
            before = c == '_' ? '_' : 'x';
        }
    }
    return before != '_';
}

enum { DIGITS_MAX = 800, POWER_MAX = 100000 };

/* A number taken apart. */
struct parts {
    bool negative, hexadecimal, underscores, any;
    char digits[DIGITS_MAX + 2]; /* significant ones; a last 1 stands for what was cut off */
    int count;
    int64_t power; /* of ten, or of two */
};

static void take_digit(struct parts *n, char c, bool fraction)
{
    int step = n->hexadecimal ? 4 : 1;

    n->any = true;
    if (n->count == 0 && c == '0') {
        n->power -= fraction ? step : 0;
    } else if (n->count < DIGITS_MAX) {
        n->digits[n->count++] = c;
        n->power -= fraction ? step : 0;
    } else {
        if (c != '0') {
            n->digits[DIGITS_MAX] = '1';
        }
        n->power += fraction ? 0 : step;
    }
}

/* The digits and the point; gives where they end. */
static const char *take_mantissa(struct parts *n, const char *at, const char *end)
{
    bool fraction = false;

    for (; at < end; at++) {
        if (*at == '_') {
            n->underscores = true;
        } else if (*at == '.' && !fraction) {
            fraction = true;
        } else if (digit_of(*at, n->hexadecimal) >= 0) {
            take_digit(n, *at, fraction);
        } else {
            break;
        }
    }
    return at;
}

/* The exponent, which hexadecimals must have; NULL when it is malformed. */
static const char *take_exponent(struct parts *n, const char *at, const char *end)
{
    bool negative;
    int64_t exponent = 0;
    const char *first;

    if (at == end || (*at | 0x20) != (n->hexadecimal ? 'p' : 'e')) {
        return n->hexadecimal ? NULL : at;
    }
    at++;
    negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    first = at;
    for (; at < end && (digit_of(*at, false) >= 0 || *at == '_'); at++) {
        if (*at == '_') {
            n->underscores = true;
        } else if (exponent < POWER_MAX) {
            exponent = exponent * 10 + (*at - '0');
        }
    }
    n->power += negative ? -exponent : exponent;
    return at > first && digit_of(*first, false) >= 0 ? at : NULL;
}

/* Has strtod() round: "0x" digits "p" power, or digits "e" power. */
static enum number_outcome round_once(struct parts *n, double *value)
{
    char text[DIGITS_MAX + 32];
    double rounded = 0;

    if (n->count > 0) {
        if (n->digits[DIGITS_MAX] != '\0') {
            n->count = DIGITS_MAX + 1;
            n->power -= n->hexadecimal ? 4 : 1;
        }
        n->power = n->power > POWER_MAX ? POWER_MAX : n->power < -POWER_MAX ? -POWER_MAX : n->power;
        snprintf(text, sizeof text, "%s%.*s%c%d", n->hexadecimal ? "0x" : "", n->count, n->digits,
                 n->hexadecimal ? 'p' : 'e', (int)n->power);
        rounded = strtod(text, NULL);
    }
    *value = n->negative ? -rounded : rounded;
    return rounded >= INFINITE ? NUMBER_RANGE : NUMBER_FINE;
}

enum number_outcome weir__pm_number_parse(struct text text, double *value)
{
    struct parts n;
    const char *at = text.at, *end = at + text.length;

    if (special(text, value)) {
        return NUMBER_FINE;
    }
    memset(&n, 0, sizeof n);
    if (at < end && (*at == '-' || *at == '+')) {
        n.negative = *at++ == '-';
    }
    if (end - at >= 2 && at[0] == '0' && (at[1] | 0x20) == 'x') {
        n.hexadecimal = true;
        at += 2;
    }
    at = take_mantissa(&n, at, end);
    if (!n.any) {
        return NUMBER_SYNTAX;
    }
    at = take_exponent(&n, at, end);
    if (at != end || (n.underscores && !underscores_stand_well(text, n.hexadecimal))) {
        return NUMBER_SYNTAX;
    }
    return round_once(&n, value);
}

enum number_outcome weir__pm_number_plain(struct text text, double *value)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '_' || (text.at[i] | 0x20) == 'p') {
            return NUMBER_SYNTAX;
        }
    }
    return weir__pm_number_parse(text, value);
}

enum number_outcome weir__pm_integer_parse(struct text text, int64_t *value)
{
    size_t i = text.length > 0 && (text.at[0] == '-' || text.at[0] == '+') ? 1 : 0;
    bool negative = i == 1 && text.at[0] == '-';
    uint64_t sum = 0, most = (UINT64_C(1) << 63) - (negative ? 0 : 1);

    if (i == text.length) {
        return NUMBER_SYNTAX;
    }
    for (size_t j = i; j < text.length; j++) {
        if (!is_class(text.at[j], CLASS_DIGIT)) {
            return NUMBER_SYNTAX;
        }
    }
    for (; i < text.length; i++) {
        uint64_t digit = (uint64_t)(text.at[i] - '0');

        if (sum > (most - digit) / 10) {
            return NUMBER_RANGE;
        }
        sum = sum * 10 + digit;
    }
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return NUMBER_FINE;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* 0.d1 d2 d3 ... times 10^point */
struct decimal {
    char digits[20];
    int count, point;
};

static double value_of(const struct decimal *d)
{
    char text[48];

    snprintf(text, sizeof text, "%.*se%d", d->count, d->digits, d->point - d->count);
    return strtod(text, NULL);
}

/* One more in the last digit. */
static void next_up(struct decimal *d)
{
    int i = d->count - 1;

    while (i >= 0 && d->digits[i] == '9') {
        d->digits[i--] = '0';
    }
    if (i >= 0) {
        d->digits[i]++;
    } else {
        d->digits[0] = '1';
        d->point++;
    }
}

/*
 * The fewest digits that read back, the nearest of those. Rounding to a number of digits finds
 * them, save at a power of two, where the gap below is half of that above: there the next number up
 * may read back when the nearest does not.
 */
static void shortest(double value, struct decimal *d)
{
    bool narrow = (to_bits(value) & ((UINT64_C(1) << 52) - 1)) == 0;
    char text[40];

    for (d->count = 1; d->count <= 17; d->count++) {
        snprintf(text, sizeof text, "%.*e", d->count - 1, value);
        d->digits[0] = text[0];
        /* A point, the locale's, of any number of bytes, stands before the other digits. */
        memcpy(d->digits + 1, strchr(text, 'e') - (d->count - 1), (size_t)(d->count - 1));
        d->point = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1;
        if (value_of(d) == value) {
            return;
        }
        if (narrow) {
            next_up(d);
            if (value_of(d) == value) {
                return;
            }
        }
    }
    d->count = 17;
}

static size_t put_plain(const struct decimal *d, bool point, char *to)
{
    size_t n = 0;
    int i = 0;

    if (d->point <= 0) {
        to[n++] = '0';
    }
    for (; i < d->point; i++) {
        to[n++] = *(i < d->count ? &d->digits[i] : "0");
    }
    if (d->count > d->point) {
        to[n++] = '.';
        for (int zero = d->point; zero < 0; zero++) {
            to[n++] = '0';
        }
        for (; i < d->count; i++) {
            to[n++] = d->digits[i];
        }
    } else if (point) {
        to[n++] = '.';
        to[n++] = '0';
    }
    return n;
}

static size_t put_scientific(const struct decimal *d, char *to)
{
    int n =
        snprintf(to, NUMBER_TEXT_MAX - 2, "%c%s%.*se%c%02d", d->digits[0], d->count > 1 ? "." : "",
                 d->count - 1, d->digits + 1, d->point < 1 ? '-' : '+', abs(d->point - 1));

    return (size_t)n;
}

static size_t put_word(char *to, const char *word)
{
    size_t n = 0;

    for (; word[n] != '\0'; n++) {
        to[n] = word[n];
    }
    return n;
}

/* What no digits stand for; 0 for what they do. */
static size_t put_special(double value, char *to)
{
    if (value != value) {
        return put_word(to, "NaN");
    }
    return value >= INFINITE ? put_word(to, "+Inf") : value <= -INFINITE ? put_word(to, "-Inf") : 0;
}

/* The sign, and the digits of what is behind it. */
static size_t take_apart(double value, struct decimal *d, char *to)
{
    bool negative = to_bits(value) >> 63 != 0;

    *d = (struct decimal){{'0'}, 1, 1};
    if (value != 0) {
        shortest(negative ? -value : value, d);
    }
    to[0] = '-';
    return negative ? 1 : 0;
}

size_t weir__pm_number_bound(double value, char text[NUMBER_TEXT_MAX])
{
    struct decimal d;
    size_t n = put_special(value, text);

    if (n > 0) {
        return n;
    }
    n = take_apart(value, &d, text);
    return n + (d.point < -3 || d.point > 6 ? put_scientific(&d, text + n)
                                            : put_plain(&d, true, text + n));
}

size_t weir_api_value_print(double value, int32_t plain, char text[WEIR_API_VALUE_MAX])
{
    struct decimal d;
    size_t n = put_special(value, text);

    if (n == 0) {
        double size = value < 0 ? -value : value;

        n = take_apart(value, &d, text);
        n += plain == 0 && size > 0 && (size < 1e-6 || size >= 1e21)
                 ? put_scientific(&d, text + n)
                 : put_plain(&d, false, text + n);
    }
    text[n] = '\0';
    return n;
}
