/*
 * number.c - doubles to the shortest digits that read back, and digits to the nearest double.
 *
 * Writing is the free-format algorithm of Steele and White; reading divides exactly, after the
 * quick case of few digits and a small power of ten, which one rounded operation settles (Clinger).
 */
#include "promql/number.h"
#include "promql/big.h"

enum { DIGITS_MAX = 800, MANTISSA_BITS = 52 };

/* 0.d1 d2 d3 ... times 10^point */
struct decimal {
    char digits[24];
    int count, point;
};

/* ---- writing -------------------------------------------------------------------------------- */

/* The value and half the gaps to its neighbours, all over one denominator. */
struct interval {
    struct big value, denominator, up, down;
};

static void interval_of(struct interval *in, uint64_t mantissa, int exponent, bool narrow)
{
    int twice = narrow ? 2 : 1; /* the gap below a power of two is half of that above */

    weir__pq_big_set(&in->value, mantissa);
    weir__pq_big_set(&in->denominator, 1);
    weir__pq_big_set(&in->up, 1);
    weir__pq_big_set(&in->down, 1);
    weir__pq_big_shift(&in->value, twice + (exponent > 0 ? exponent : 0));
    weir__pq_big_shift(&in->denominator, twice + (exponent < 0 ? -exponent : 0));
    weir__pq_big_shift(&in->up, twice - 1 + (exponent > 0 ? exponent : 0));
    weir__pq_big_shift(&in->down, exponent > 0 ? exponent : 0);
}

static void times_ten(struct interval *in)
{
    weir__pq_big_multiply_add(&in->value, 10, 0);
    weir__pq_big_multiply_add(&in->up, 10, 0);
    weir__pq_big_multiply_add(&in->down, 10, 0);
}

/* Scales so that the first digit comes next; gives the decimal point. */
static int scale(struct interval *in, int exponent, uint64_t mantissa, bool even)
{
    int power = exponent - 1, point = 0, over;

    for (uint64_t m = mantissa; m > 0; m >>= 1) {
        power++;
    }
    if (power != 0) { /* 2^power <= value: the point is 1 + floor(power log10(2)), or one more */
        enum { LOG10_2 = 1262611, UNIT = 1 << 22 };
        int64_t product = (int64_t)power * LOG10_2;

        point = 1 + (int)(product / UNIT) - (product % UNIT < 0 ? 1 : 0);
    }
    if (point >= 0) {
        weir__pq_big_multiply_ten(&in->denominator, point);
    } else {
        weir__pq_big_multiply_ten(&in->value, -point);
        weir__pq_big_multiply_ten(&in->up, -point);
        weir__pq_big_multiply_ten(&in->down, -point);
    }
    over = weir__pq_big_compare_sum(&in->value, &in->up, &in->denominator);
    if (over > 0 || (over == 0 && even)) {
        return point + 1;
    }
    times_ten(in);
    return point;
}

static void shortest(uint64_t bits, struct decimal *d)
{
    uint64_t mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    int exponent = (int)(bits >> MANTISSA_BITS & 0x7FF);
    bool even = (mantissa & 1) == 0, narrow = mantissa == 0 && exponent > 1, low, high;
    struct interval in;

    if (exponent > 0) {
        mantissa |= UINT64_C(1) << MANTISSA_BITS;
    } else {
        exponent = 1;
    }
    exponent -= 1075;
    interval_of(&in, mantissa, exponent, narrow);
    d->point = scale(&in, exponent, mantissa, even);
    d->count = 0;
    for (;;) {
        int digit = 0, below, above;

        while (weir__pq_big_compare(&in.value, &in.denominator) >= 0) {
            weir__pq_big_subtract(&in.value, &in.denominator);
            digit++;
        }
        below = weir__pq_big_compare(&in.value, &in.down);
        above = weir__pq_big_compare_sum(&in.value, &in.up, &in.denominator);
        low = below < 0 || (below == 0 && even);
        high = above > 0 || (above == 0 && even);
        if (!low && !high) {
            d->digits[d->count++] = (char)('0' + digit);
            times_ten(&in);
            continue;
        }
        if (low && high) { /* both neighbours read back: the nearer one, even in the middle */
            int half = weir__pq_big_compare_sum(&in.value, &in.value, &in.denominator);

            high = half > 0 || (half == 0 && digit % 2 == 1);
        }
        d->digits[d->count++] = (char)('0' + digit + (high ? 1 : 0));
        return;
    }
}

static size_t put_plain(const struct decimal *d, char *to)
{
    size_t n = 0;
    int i = 0;

    if (d->point <= 0) {
        to[n++] = '0';
    }
    for (; i < d->point; i++) {
        to[n++] = (char)(i < d->count ? d->digits[i] : '0');
    }
    if (d->count > d->point) {
        to[n++] = '.';
        for (int zero = d->point; zero < 0; zero++) {
            to[n++] = '0';
        }
        for (; i < d->count; i++) {
            to[n++] = d->digits[i];
        }
    }
    return n;
}

static size_t put_scientific(const struct decimal *d, char *to)
{
    int exponent = d->point - 1, left = exponent < 0 ? -exponent : exponent;
    size_t n = 0;

    to[n++] = d->digits[0];
    if (d->count > 1) {
        to[n++] = '.';
        memcpy(to + n, d->digits + 1, (size_t)d->count - 1);
        n += (size_t)d->count - 1;
    }
    to[n++] = 'e';
    to[n++] = (char)(exponent < 0 ? '-' : '+');
    if (left >= 100) {
        to[n++] = (char)('0' + left / 100);
    }
    to[n++] = (char)('0' + left / 10 % 10);
    to[n++] = (char)('0' + left % 10);
    return n;
}

static size_t print_word(struct text word, char *text)
{
    memcpy(text, word.at, word.length);
    return word.length;
}

size_t weir__pq_number_print(double value, char format, char text[NUMBER_TEXT_MAX])
{
    struct decimal d = {{'0'}, 1, 1};
    size_t sign = 0;

    if (is_nan(value)) {
        return print_word(TEXT("NaN"), text);
    }
    if (is_inf(value)) {
        return print_word(value > 0 ? TEXT("+Inf") : TEXT("-Inf"), text);
    }
    if (is_negative(value)) {
        text[sign++] = '-';
    }
    if (value != 0) {
        shortest(to_bits(value) & ~BITS_SIGN, &d);
    }
    if (format == 'e' || (format == 'g' && (d.point < -3 || d.point > 6))) {
        return sign + put_scientific(&d, text + sign);
    }
    return sign + put_plain(&d, text + sign);
}

/* ---- reading -------------------------------------------------------------------------------- */

/*
 * Puts together mantissa * 2^exponent, where the mantissa has its highest bit set and `rest` says
 * whether anything was cut off below it. Rounds half to even.
 */
static enum number_outcome assemble(uint64_t mantissa, int exponent, bool rest, double *value)
{
    int drop = 11;
    uint64_t kept, half;

    exponent += 63 + 1023; /* of the highest bit, biased */
    if (exponent <= 0) {
        drop += 1 - exponent;
        exponent = 0;
    }
    if (drop > 64) {
        *value = 0;
        return NUMBER_FINE;
    }
    kept = drop == 64 ? 0 : mantissa >> drop;
    half = mantissa << (64 - drop);
    if (half > BITS_SIGN || (half == BITS_SIGN && (rest || (kept & 1) == 1))) {
        kept++;
    }
    /* A carry out of the mantissa goes into the exponent by itself. */
    kept += exponent > 0 ? (uint64_t)(exponent - 1) << MANTISSA_BITS : 0;
    if (kept >= BITS_INFINITY) {
        *value = INFINITE;
        return NUMBER_RANGE;
    }
    *value = from_bits(kept);
    return NUMBER_FINE;
}

/* digits * 10^power; `rest` says that more digits, not all 0, follow. */
static enum number_outcome divide(struct big *digits, int power, bool rest, double *value)
{
    struct big denominator;
    uint64_t mantissa = 0;
    int exponent;

    weir__pq_big_set(&denominator, 1);
    weir__pq_big_multiply_ten(power >= 0 ? digits : &denominator, power >= 0 ? power : -power);
    exponent = weir__pq_big_bits(digits) - weir__pq_big_bits(&denominator);
    weir__pq_big_shift(exponent < 0 ? digits : &denominator, exponent < 0 ? -exponent : exponent);
    if (weir__pq_big_compare(digits, &denominator) < 0) {
        weir__pq_big_shift(digits, 1);
        exponent--;
    }
    for (int i = 0; i < 64; i++) { /* now 1 <= digits / denominator < 2: one bit a turn */
        mantissa <<= 1;
        if (weir__pq_big_compare(digits, &denominator) >= 0) {
            weir__pq_big_subtract(digits, &denominator);
            mantissa |= 1;
        }
        weir__pq_big_shift(digits, 1);
    }
    return assemble(mantissa, exponent - 63, rest || digits->count > 0, value);
}

/* What a number consists of, while it is read. */
struct scan {
    const char *at, *end;
    bool hexadecimal, underscores, any, rest;
    struct big digits;
    uint64_t mantissa; /* the same, while it fits */
    int count;         /* significant digits in `digits` */
    int64_t power;     /* of ten, or of two */
};

static int digit_of(char c, bool hexadecimal)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return hexadecimal && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void take_digit(struct scan *s, int digit, bool fraction)
{
    int base = s->hexadecimal ? 16 : 10, most = s->hexadecimal ? 16 : DIGITS_MAX;

    s->any = true;
    if (s->count == 0 && digit == 0) { /* leading zeros */
        s->power -= fraction;
        return;
    }
    if (s->count >= most) {
        s->rest |= digit > 0;
        s->power += !fraction;
        return;
    }
    if (s->count < 19 || s->hexadecimal) {
        s->mantissa = s->mantissa * (uint64_t)base + (uint64_t)digit;
    }
    if (!s->hexadecimal) {
        weir__pq_big_multiply_add(&s->digits, 10, (uint32_t)digit);
    }
    s->count++;
    s->power -= fraction;
}

static bool scan_mantissa(struct scan *s)
{
    bool fraction = false;

    for (; s->at < s->end; s->at++) {
        int digit = digit_of(*s->at, s->hexadecimal);

        if (digit >= 0) {
            take_digit(s, digit, fraction);
        } else if (*s->at == '_') {
            s->underscores = true;
        } else if (*s->at == '.' && !fraction) {
            fraction = true;
        } else {
            break;
        }
    }
    if (s->hexadecimal) {
        s->power *= 4;
    }
    return s->any;
}

static bool scan_exponent(struct scan *s)
{
    bool negative = false;
    int64_t exponent = 0;

    if (s->at == s->end) {
        return !s->hexadecimal; /* which cannot do without one */
    }
    if ((*s->at | 0x20) != (s->hexadecimal ? 'p' : 'e')) {
        return false;
    }
    s->at++;
    if (s->at < s->end && (*s->at == '+' || *s->at == '-')) {
        negative = *s->at++ == '-';
    }
    if (s->at == s->end || *s->at < '0' || *s->at > '9') {
        return false;
    }
    for (; s->at < s->end && ((*s->at >= '0' && *s->at <= '9') || *s->at == '_'); s->at++) {
        if (*s->at == '_') {
            s->underscores = true;
        } else if (exponent < 100000) {
            exponent = 10 * exponent + (*s->at - '0');
        }
    }
    s->power += negative ? -exponent : exponent;
    return s->at == s->end;
}

/* Underscores stand between digits, or after the base prefix. */
static bool underscores_fit(const char *at, const char *end)
{
    bool hexadecimal = false;
    char before = '^';

    if (end - at >= 2 && at[0] == '0' && (at[1] | 0x20) == 'x') {
        hexadecimal = true;
        before = '0';
        at += 2;
    }
    for (; at < end; at++) {
        if (digit_of(*at, hexadecimal) >= 0) {
            before = '0';
        } else if (*at == '_') {
            if (before != '0') {
                return false;
            }
            before = '_';
        } else {
            if (before == '_') {
                return false;
            }
            before = '!';
        }
    }
    return before != '_';
}

static enum number_outcome hexadecimal_value(struct scan *s, double *value)
{
    if (s->count == 0) {
        *value = 0;
        return NUMBER_FINE;
    }
    while ((s->mantissa & BITS_SIGN) == 0) {
        s->mantissa <<= 1;
        s->power--;
    }
    if (s->power > 2000 || s->power < -2000) {
        *value = s->power > 0 ? INFINITE : 0;
        return s->power > 0 ? NUMBER_RANGE : NUMBER_FINE;
    }
    return assemble(s->mantissa, (int)s->power, s->rest, value);
}

static enum number_outcome decimal_value(struct scan *s, double *value)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    enum { EXACT = 22 };

    if (s->count == 0) {
        *value = 0;
        return NUMBER_FINE;
    }
    if (s->count <= 19 && s->mantissa <= UINT64_C(1) << 53 && s->power <= EXACT &&
        s->power >= -EXACT) {
        *value = s->power >= 0 ? (double)s->mantissa * tens[s->power]
                               : (double)s->mantissa / tens[-s->power];
        return NUMBER_FINE;
    }
    if (s->count + s->power > 310) {
        *value = INFINITE;
        return NUMBER_RANGE;
    }
    if (s->count + s->power < -330) {
        *value = 0;
        return NUMBER_FINE;
    }
    return divide(&s->digits, (int)s->power, s->rest, value);
}

/* Whether the text, in any case, is the word. */
static bool is_word(const char *at, const char *end, const char *word)
{
    for (; at < end && *word != '\0'; at++, word++) {
        if ((*at | 0x20) != *word) {
            return false;
        }
    }
    return at == end && *word == '\0';
}

enum number_outcome weir__pq_number_parse(struct text text, double *value)
{
    struct scan s = {.at = text.at, .end = text.at + text.length};
    bool sign = text.length > 0 && (text.at[0] == '+' || text.at[0] == '-');
    const char *number = text.at + sign;
    enum number_outcome outcome;

    *value = 0;
    if (text.length == 0) {
        return NUMBER_SYNTAX;
    }
    if (is_word(number, s.end, "inf") || is_word(number, s.end, "infinity")) {
        *value = text.at[0] == '-' ? -INFINITE : INFINITE;
        return NUMBER_FINE;
    }
    if (is_word(text.at, s.end, "nan")) {
        *value = NOT_A_NUMBER;
        return NUMBER_FINE;
    }
    s.at = number;
    if (s.end - s.at >= 2 && s.at[0] == '0' && (s.at[1] | 0x20) == 'x') {
        s.hexadecimal = true;
        s.at += 2;
    }
    weir__pq_big_set(&s.digits, 0);
    if (!scan_mantissa(&s) || !scan_exponent(&s) ||
        (s.underscores && !underscores_fit(number, s.end))) {
        return NUMBER_SYNTAX;
    }
    outcome = s.hexadecimal ? hexadecimal_value(&s, value) : decimal_value(&s, value);
    *value = text.at[0] == '-' ? -*value : *value;
    return outcome;
}

enum number_outcome weir__pq_literal_parse(struct text text, double *value)
{
    bool hexadecimal = text.length > 1 && text.at[0] == '0' && (text.at[1] | 0x20) == 'x';
    bool octal = !hexadecimal && text.length > 1 && text.at[0] == '0';
    uint64_t base = hexadecimal ? 16 : octal ? 8 : 10, whole = 0;
    const char *at = text.at + (hexadecimal ? 2 : octal ? 1 : 0), *end = text.at + text.length;
    bool fits = at < end && underscores_fit(text.at, end);

    for (; fits && at < end; at++) {
        int digit = digit_of(*at, hexadecimal);

        if (*at == '_') {
            continue;
        }
        fits = digit >= 0 && (uint64_t)digit < base &&
               whole <= ((uint64_t)INT64_MAX - (uint64_t)digit) / base;
        whole = whole * base + (uint64_t)(digit > 0 ? digit : 0);
    }
    if (fits) {
        *value = (double)(int64_t)whole;
        return NUMBER_FINE;
    }
    return weir__pq_number_parse(text, value);
}
