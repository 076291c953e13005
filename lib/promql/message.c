/*
 * message.c - text into buffers: UTF-8, quoting as Go's strconv.Quote, errors with their place.
 */
#include "promql/common.h"
#include "promql/number.h"

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

static bool follows(const char *at, size_t left, size_t i)
{
    return i < left && ((unsigned char)at[i] & 0xC0) == 0x80;
}

int32_t weir__pq_rune_read(const char *at, size_t left, int *width)
{
    unsigned char first = (unsigned char)at[0];
    int32_t rune;
    int n;

    *width = 1;
    if (first < 0x80) {
        return first;
    }
    n = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4) {
        return RUNE_ERROR;
    }
    rune = first & (0xFF >> (n + 1));
    for (int i = 1; i < n; i++) {
        if (!follows(at, left, (size_t)i)) {
            return RUNE_ERROR;
        }
        rune = rune << 6 | ((unsigned char)at[i] & 0x3F);
    }
    if (rune < (n == 4   ? 0x10000
                : n == 3 ? 0x800
                         : 0x80) ||
        rune > RUNE_MAX || (rune >= 0xD800 && rune < 0xE000)) {
        return RUNE_ERROR;
    }
    *width = n;
    return rune;
}

int weir__pq_rune_write(int32_t rune, char *to)
{
    if (rune < 0 || rune > RUNE_MAX || (rune >= 0xD800 && rune < 0xE000)) {
        rune = RUNE_ERROR;
    }
    if (rune < 0x80) {
        to[0] = (char)rune;
        return 1;
    }
    if (rune < 0x800) {
        to[0] = (char)(0xC0 | rune >> 6);
        to[1] = (char)(0x80 | (rune & 0x3F));
        return 2;
    }
    if (rune < 0x10000) {
        to[0] = (char)(0xE0 | rune >> 12);
        to[1] = (char)(0x80 | (rune >> 6 & 0x3F));
        to[2] = (char)(0x80 | (rune & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | rune >> 18);
    to[1] = (char)(0x80 | (rune >> 12 & 0x3F));
    to[2] = (char)(0x80 | (rune >> 6 & 0x3F));
    to[3] = (char)(0x80 | (rune & 0x3F));
    return 4;
}

bool weir__pq_utf8_valid(const char *at, size_t length)
{
    size_t i = 0;

    while (i < length) {
        int width;

        if (weir__pq_rune_read(at + i, length - i, &width) == RUNE_ERROR && width == 1) {
            return false;
        }
        i += (size_t)width;
    }
    return true;
}

/*
 * Runes beyond ASCII that are assigned but not printable: spaces other than ' ', separators,
 * controls, format characters, private use. Runes that Unicode has not assigned count as printable
 * here, while Go's tables, which change with every version of Unicode, escape them.
 */
bool weir__pq_rune_printable(int32_t rune)
{
    static const int32_t ranges[][2] = {
        {0x7F, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},     {0x61C, 0x61C},
        {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},
        {0x1680, 0x1680},   {0x180E, 0x180E},   {0x2000, 0x200F},   {0x2028, 0x202F},
        {0x205F, 0x206F},   {0x3000, 0x3000},   {0xD800, 0xF8FF},   {0xFEFF, 0xFEFF},
        {0xFFF9, 0xFFFB},   {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
        {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF},
        {0xE01F0, 0x10FFFF}};

    if (rune < 0x7F) {
        return rune >= 0x20;
    }
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (rune >= ranges[i][0] && rune <= ranges[i][1]) {
            return false;
        }
    }
    return true;
}

/* ---- sinks ---------------------------------------------------------------------------------- */

void weir__pq_sink_bytes(struct sink *sink, const char *bytes, size_t length)
{
    if (sink->length < sink->capacity) {
        size_t left = sink->capacity - sink->length;

        memcpy(sink->text + sink->length, bytes, length < left ? length : left);
    }
    sink->length += length;
}

void weir__pq_sink_int(struct sink *sink, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) {
        weir__pq_sink_bytes(sink, "-", 1);
    }
    weir__pq_sink_bytes(sink, digits + at, sizeof digits - at);
}

void weir__pq_sink_double(struct sink *sink, double value)
{
    char text[NUMBER_TEXT_MAX];

    weir__pq_sink_bytes(sink, text, weir__pq_number_print(value, 'g', text));
}

static void quote_hex(struct sink *sink, char kind, uint32_t value, int digits)
{
    char text[2] = {'\\', kind};

    weir__pq_sink_bytes(sink, text, 2);
    for (int i = digits - 1; i >= 0; i--) {
        weir__pq_sink_bytes(sink, &"0123456789abcdef"[value >> (4 * i) & 0xF], 1);
    }
}

static void quote_rune(struct sink *sink, int32_t rune, const char *at, int width)
{
    static const char escapes[] = "abtnvfr"; /* of the codes from 7 to 13 */
    char pair[2] = {'\\', (char)rune};

    if (rune == '"' || rune == '\\') {
        weir__pq_sink_bytes(sink, pair, 2);
    } else if (rune == RUNE_ERROR && width == 1) {
        quote_hex(sink, 'x', (unsigned char)*at, 2);
    } else if (weir__pq_rune_printable(rune)) {
        weir__pq_sink_bytes(sink, at, (size_t)width);
    } else if (rune >= 7 && rune <= 13) {
        pair[1] = escapes[rune - 7];
        weir__pq_sink_bytes(sink, pair, 2);
    } else if (rune < ' ' || rune == 0x7F) {
        quote_hex(sink, 'x', (uint32_t)rune, 2);
    } else if (rune < 0x10000) {
        quote_hex(sink, 'u', (uint32_t)rune, 4);
    } else {
        quote_hex(sink, 'U', (uint32_t)rune, 8);
    }
}

void weir__pq_sink_quoted(struct sink *sink, struct text text)
{
    uint32_t i = 0;

    weir__pq_sink_bytes(sink, "\"", 1);
    while (i < text.length) {
        int width;
        int32_t rune = weir__pq_rune_read(text.at + i, text.length - i, &width);

        quote_rune(sink, rune, text.at + i, width);
        i += (uint32_t)width;
    }
    weir__pq_sink_bytes(sink, "\"", 1);
}

void weir__pq_sink_close(struct sink *sink)
{
    size_t end = sink->length;

    if (sink->capacity == 0) {
        return;
    }
    if (end >= sink->capacity) { /* cut, but not within a rune */
        end = sink->capacity - 1;
        while (end > 0 && ((unsigned char)sink->text[end] & 0xC0) == 0x80) {
            end--;
        }
    }
    sink->text[end] = '\0';
}

/* ---- errors --------------------------------------------------------------------------------- */

void weir__pq_position(struct text source, uint32_t position, int32_t *line, int32_t *column)
{
    *line = 1;
    *column = 1;
    for (uint32_t i = 0; i < position && i < source.length; i++) {
        if (source.at[i] == '\n') {
            (*line)++;
            *column = 1;
        } else {
            (*column)++;
        }
    }
}

static void put_part(struct sink *sink, const struct part *part)
{
    switch (part->kind) {
    case 's': sink_string(sink, part->what); break;
    case 't': sink_text(sink, *(const struct text *)part->what); break;
    case 'q': weir__pq_sink_quoted(sink, *(const struct text *)part->what); break;
    case 'i': weir__pq_sink_int(sink, *(const int64_t *)part->what); break;
    default: weir__pq_sink_double(sink, *(const double *)part->what); break;
    }
}

void weir__pq_error(weir_error *err, weir_status status, struct text source, uint32_t position,
                    const struct part *parts, size_t count)
{
    struct sink sink;

    if (err == NULL) {
        return;
    }
    memset(err, 0, sizeof *err);
    err->status = status;
    if (source.at != NULL) {
        weir__pq_position(source, position, &err->line, &err->column);
    }
    sink = (struct sink){err->message, sizeof err->message, 0};
    for (size_t i = 0; i < count; i++) {
        put_part(&sink, &parts[i]);
    }
    weir__pq_sink_close(&sink);
}
