/*
 * manifest/source.c - the text of a file; see source.h.
 */
#include "source.h"

#include <string.h>

void weir__source_open(struct weir__source *source, const char *text, size_t length)
{
    memset(source, 0, sizeof *source);
    source->text = text;
    source->length = length;
    source->line = 1;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark is no text */
        source->text += 3;
        source->length -= 3;
    }
}

struct weir__mark weir__source_mark(struct weir__source *source, size_t offset)
{
    struct weir__mark mark;

    offset = offset <= source->length ? offset : source->length;
    while (offset < source->line_start) {
        source->at = source->line_start - 1; /* the line break before */
        source->line--;
        source->line_start = source->at;
        while (source->line_start > 0 && source->text[source->line_start - 1] != '\n') {
            source->line_start--;
        }
    }
    while (source->at < offset) {
        const char *from = source->text + source->at;
        const char *newline = memchr(from, '\n', offset - source->at);

        if (newline == NULL) {
            source->at = offset;
        } else {
            source->at = (size_t)(newline - source->text) + 1;
            source->line_start = source->at;
            source->line++;
        }
    }
    mark.line = source->line;
    mark.column = (int32_t)(offset - source->line_start) + 1;
    return mark;
}

size_t weir__source_offset(const struct weir__source *source, size_t start, size_t end, int line,
                           int column)
{
    for (; line > 0; line--) {
        const char *newline = memchr(source->text + start, '\n', end - start);

        if (newline == NULL) {
            return end;
        }
        start = (size_t)(newline - source->text) + 1;
    }
    while (column > 0 && start < end && source->text[start] != '\n') {
        start++;
        while (start < end && ((unsigned char)source->text[start] & 0xc0) == 0x80) {
            start++;
        }
        column--;
    }
    return start;
}

/* ---- documents ------------------------------------------------------------------------------ */

static size_t end_of_line(const struct weir__source *source, size_t at)
{
    const char *newline = memchr(source->text + at, '\n', source->length - at);

    return newline != NULL ? (size_t)(newline - source->text) + 1 : source->length;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Whether a line begins a document: "---" and nothing, or a blank, behind it. */
static int is_marker(const struct weir__source *source, size_t at)
{
    return source->length - at >= 3 && memcmp(source->text + at, "---", 3) == 0 &&
           (source->length - at == 3 || is_blank(source->text[at + 3]));
}

int weir__source_next(const struct weir__source *source, struct weir__chunk *chunk)
{
    size_t at = chunk->end, line_end;
    int directives = 0;

    if (at >= source->length) {
        return 0;
    }
    chunk->start = at;
    chunk->content = source->length;
    for (int first = 1; at < source->length; at = line_end, first = 0) {
        size_t p = at;

        line_end = end_of_line(source, at);
        if (is_marker(source, at)) {
            /* Directives ("%YAML 1.2") belong to the document after them. */
            if (!first && !(directives && chunk->content == source->length)) {
                break;
            }
            p += 3;
        }
        if (source->text[at] == '%' && chunk->content == source->length) {
            directives = 1;
            continue;
        }
        while (p < line_end && is_blank(source->text[p])) {
            p++;
        }
        if (p < line_end && source->text[p] != '#' && chunk->content == source->length) {
            chunk->content = p;
        }
    }
    chunk->end = at;
    chunk->content = chunk->content < at ? chunk->content : at;
    return 1;
}

/* ---- characters ----------------------------------------------------------------------------- */

/* Bytes of the character of UTF-8 at p; 0 when it is none. */
static size_t character(const unsigned char *p, size_t left)
{
    size_t length = p[0] < 0x80 ? 1 : p[0] >> 5 == 0x06 ? 2 : p[0] >> 4 == 0x0e ? 3 : 4;
    uint32_t code = length == 1 ? p[0] : p[0] & (0xffu >> (length + 1));
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    if ((length == 4 && p[0] >> 3 != 0x1e) || length > left) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (p[i] & 0x3f);
    }
    /* not written longer than needed, no half of a pair of UTF-16, and in Unicode */
    return code < least[length] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff ? 0
                                                                                        : length;
}

static void say_byte(struct weir__message *m, unsigned char byte, size_t offset, const char *what)
{
    static const char hex[] = "0123456789abcdef";
    char text[5] = {'0', 'x', '\0', '\0', '\0'};

    text[2] = hex[byte >> 4];
    text[3] = hex[byte & 15];
    weir__message_add(m, "the byte ");
    weir__message_add(m, text);
    weir__message_add(m, " at offset ");
    weir__message_int(m, (int64_t)offset);
    weir__message_add(m, what);
}

int weir__source_check(const struct weir__source *source, const struct weir__chunk *chunk,
                       size_t *offset, struct weir__message *m)
{
    const unsigned char *text = (const unsigned char *)source->text;
    size_t at = chunk->start;

    weir__message_clear(m);
    while (at < chunk->end) {
        unsigned char c = text[at];
        size_t length = character(text + at, chunk->end - at);

        *offset = at;
        if (length == 0) {
            if (at == 0 && chunk->end >= 2 && (c == 0xff || c == 0xfe) &&
                (text[1] == 0xff || text[1] == 0xfe)) {
                weir__message_add(m, "the file is UTF-16: save it as UTF-8");
            } else {
                say_byte(m, c, at, " is not UTF-8: the file is binary, or in another encoding");
            }
            return 1;
        }
        if (c == 0) {
            say_byte(m, c, at, " is no text: the file is binary, or damaged");
            return 1;
        }
        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
            say_byte(m, c, at, " is a control character, which no manifest may hold");
            return 1;
        }
        at += length;
    }
    return 0;
}
