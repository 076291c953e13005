/*
 * base/text.c - numbers and durations as text; see text.h.
 */
#include "base/text.h"
#include "base/num.h"

void weir__text_open(struct weir__text *text, char *buffer, size_t capacity)
{
    text->buffer = buffer;
    text->capacity = buffer != NULL ? capacity : 0;
    text->length = 0;
    if (text->capacity > 0) {
        buffer[0] = '\0';
    }
}

void weir__text_char(struct weir__text *text, char c)
{
    if (text->length + 1 < text->capacity) {
        text->buffer[text->length] = c;
        text->buffer[text->length + 1] = '\0';
    }
    text->length++;
}

void weir__text_str(struct weir__text *text, const char *s)
{
    for (; s != NULL && *s != '\0'; s++) {
        weir__text_char(text, *s);
    }
}

static void put_unsigned(struct weir__text *text, uint64_t value, int32_t least_digits)
{
    char digits[20];
    int32_t n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (int32_t i = n; i < least_digits; i++) {
        weir__text_char(text, '0');
    }
    while (n > 0) {
        weir__text_char(text, digits[--n]);
    }
}

void weir__text_int(struct weir__text *text, int64_t value)
{
    if (value < 0) {
        weir__text_char(text, '-');
    }
    put_unsigned(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
}

/* whole.fraction, the fraction having so many digits, without trailing zeros. */
static void put_decimal(struct weir__text *text, uint64_t whole, uint64_t fraction, int32_t digits)
{
    put_unsigned(text, whole, 1);
    if (fraction == 0) {
        return;
    }
    while (fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    weir__text_char(text, '.');
    put_unsigned(text, fraction, digits);
}

void weir__text_double(struct weir__text *text, double value)
{
    double a = weir__abs(value);
    int32_t exponent = 0;
    double millionths;

    if (weir__is_nan(value)) {
        weir__text_str(text, "NaN");
        return;
    }
    if (value < 0.0) {
        weir__text_char(text, '-');
    }
    if (!weir__is_finite(a)) {
        weir__text_str(text, "Inf");
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
    millionths = weir__round(a * 1e6);
    put_decimal(text, (uint64_t)millionths / 1000000, (uint64_t)millionths % 1000000, 6);
    if (exponent != 0) {
        weir__text_char(text, 'e');
        weir__text_int(text, exponent);
    }
}

void weir__text_duration(struct weir__text *text, weir_duration value)
{
    uint64_t ns = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint64_t seconds = ns / 1000000000;

    if (value < 0) {
        weir__text_char(text, '-');
    }
    if (ns != 0 && seconds == 0) {
        if (ns >= 1000000) {
            put_decimal(text, ns / 1000000, ns % 1000000, 6);
            weir__text_str(text, "ms");
        } else if (ns >= 1000) {
            put_decimal(text, ns / 1000, ns % 1000, 3);
            weir__text_str(text, "us");
        } else {
            put_unsigned(text, ns, 1);
            weir__text_str(text, "ns");
        }
        return;
    }
    if (seconds >= 3600) {
        put_unsigned(text, seconds / 3600, 1);
        weir__text_char(text, 'h');
    }
    if (seconds >= 60) {
        put_unsigned(text, seconds / 60 % 60, 1);
        weir__text_char(text, 'm');
    }
    put_decimal(text, seconds % 60, ns % 1000000000, 9);
    weir__text_char(text, 's');
}

weir_status weir__text_close(const struct weir__text *text, size_t *need)
{
    if (need != NULL) {
        *need = text->length + 1;
    }
    return text->length < text->capacity ? WEIR_OK : WEIR_E_SPACE;
}
