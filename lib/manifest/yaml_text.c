/*
 * manifest/yaml_text.c - what YAML's quoted and block scalars say; see yaml_text.h.
 */
#include "yaml_text.h"

#include <stdint.h>
#include <string.h>

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int is_break(const char *from, size_t at, size_t length)
{
    return from[at] == '\n' || (from[at] == '\r' && at + 1 < length && from[at + 1] == '\n');
}

/* ---- quotes --------------------------------------------------------------------------------- */

/* A text that is being written. */
struct out {
    char *text;
    size_t length;
    size_t kept; /* up to here, blanks are meant and do not go with the end of a line */
};

static void put(struct out *o, char c)
{
    o->text[o->length++] = c;
}

/* Passes over blanks and breaks; writes a line for each break but the first. Returns where the text
 * goes on, and the number of breaks. */
static size_t skip_lines(const char *from, size_t at, size_t length, size_t *breaks, struct out *o)
{
    *breaks = 0;
    for (; at < length && (is_blank(from[at]) || from[at] == '\r' || from[at] == '\n'); at++) {
        if (from[at] == '\n' && ++*breaks > 1) {
            put(o, '\n');
        }
    }
    return at;
}

/* One break of lines in quotes, and the blanks around it, is a space; of several all but the first
 * stay. */
static size_t fold(const char *from, size_t at, size_t length, struct out *o)
{
    size_t breaks;

    while (o->length > o->kept && is_blank(o->text[o->length - 1])) {
        o->length--;
    }
    at = skip_lines(from, at, length, &breaks, o);
    if (breaks == 1) {
        put(o, ' ');
    }
    o->kept = o->length;
    return at;
}

size_t weir__yaml_single(const char *from, size_t length, char *to)
{
    struct out o = {to, 0, 0};

    for (size_t i = 0; i < length;) {
        if (is_break(from, i, length)) {
            i = fold(from, i, length, &o);
        } else {
            put(&o, from[i]);
            i += from[i] == '\'' ? 2 : 1; /* two quotes are one */
        }
    }
    return o.length;
}

static void put_character(struct out *o, uint32_t code)
{
    if (code < 0x80) {
        put(o, (char)code);
    } else if (code < 0x800) {
        put(o, (char)(0xc0 | code >> 6));
        put(o, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        put(o, (char)(0xe0 | code >> 12));
        put(o, (char)(0x80 | (code >> 6 & 0x3f)));
        put(o, (char)(0x80 | (code & 0x3f)));
    } else {
        put(o, (char)(0xf0 | code >> 18));
        put(o, (char)(0x80 | (code >> 12 & 0x3f)));
        put(o, (char)(0x80 | (code >> 6 & 0x3f)));
        put(o, (char)(0x80 | (code & 0x3f)));
    }
}

/* Hexadecimal digits, which libfyaml has seen there. */
static uint32_t hex_of(const char *digits, size_t count)
{
    uint32_t code = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t c = (unsigned char)digits[i];

        code = code << 4 | ((c & 0xf) + (c >= 'A' ? 9 : 0));
    }
    return code;
}

/* \x41, \u20ac, \U0001f600, and as JSON has it, two \u for one character. */
static size_t escape_code(const char *from, size_t left, struct out *o)
{
    size_t digits = from[0] == 'x' ? 2 : from[0] == 'u' ? 4 : 8;
    uint32_t code = 0xfffd, low;

    if (left <= digits) {
        put_character(o, code);
        return left;
    }
    code = hex_of(from + 1, digits);
    if (code >= 0xd800 && code < 0xdc00 && left >= 11 && from[5] == '\\' && from[6] == 'u') {
        low = hex_of(from + 7, 4);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
            digits += 6;
        }
    }
    put_character(o, code <= 0x10ffff && (code < 0xd800 || code >= 0xe000) ? code : 0xfffd);
    return digits + 1;
}

/* What is behind a backslash. Returns how many bytes that is. */
static size_t escape(const char *from, size_t left, struct out *o)
{
    static const char letters[] = "0abtnvfre\"/\\ \tN_LP";
    static const uint32_t codes[] = {0,   7,   8,    9,   10,   11,   12,   13,     27,
                                     '"', '/', '\\', ' ', '\t', 0x85, 0xa0, 0x2028, 0x2029};
    const char *letter = from[0] != '\0' ? strchr(letters, from[0]) : NULL;
    size_t used = 1, breaks;

    if (is_break(from, 0, left)) { /* the line goes on in the next one */
        used = skip_lines(from, 0, left, &breaks, o);
    } else if (from[0] == 'x' || from[0] == 'u' || from[0] == 'U') {
        used = escape_code(from, left, o);
    } else {
        put_character(o, letter != NULL ? codes[letter - letters] : (unsigned char)from[0]);
    }
    o->kept = o->length;
    return used;
}

size_t weir__yaml_double(const char *from, size_t length, char *to)
{
    struct out o = {to, 0, 0};

    for (size_t i = 0; i < length;) {
        if (from[i] == '\\' && i + 1 < length) {
            i += 1 + escape(from + i + 1, length - i - 1, &o);
        } else if (is_break(from, i, length)) {
            i = fold(from, i, length, &o);
        } else {
            put(&o, from[i++]);
        }
    }
    return o.length;
}

/* ---- blocks --------------------------------------------------------------------------------- */

struct header {
    char style;    /* '|', or '>' for folded lines */
    char chomp;    /* '-': no line break at the end, '+': all that are there, '\0': one */
    size_t indent; /* deeper than the collection by so much; 0: look at the first line */
};

/* Reads "|2-" with blanks or a comment behind it; 0 when it is something else. */
static int is_header(const char *at, const char *end, struct header *h)
{
    memset(h, 0, sizeof *h);
    h->style = *at++;
    if (h->style != '|' && h->style != '>') {
        return 0;
    }
    for (; at < end && (*at == '+' || *at == '-' || (*at >= '1' && *at <= '9')); at++) {
        if (*at == '+' || *at == '-') {
            h->chomp = *at;
        } else {
            h->indent = (size_t)(*at - '0');
        }
    }
    if (at < end && !is_blank(*at) && *at != '\r' && *at != '\n') {
        return 0;
    }
    while (at < end && (is_blank(*at) || *at == '\r' || *at == '\n')) {
        at++;
    }
    return at == end || *at == '#';
}

static void find_header(const char *line, const char *end, struct header *h)
{
    while (line < end && !is_header(line, end, h)) {
        do { /* it begins the line, or stands behind a blank */
            line++;
        } while (line < end && !is_blank(line[-1]));
    }
}

/* The columns of blanks that a line begins with, at most so many. */
static size_t leading(const char *from, size_t at, size_t length, size_t most)
{
    size_t n = 0;

    while (at + n < length && n < most && from[at + n] == ' ') {
        n++;
    }
    return n;
}

/* The indent of the first line that is not blank. */
static size_t first_indent(const char *from, size_t length)
{
    size_t at = 0;

    while (at < length) {
        size_t n = leading(from, at, length, length);

        at += n;
        if (at < length && !is_break(from, at, length)) {
            return n;
        }
        at += at < length && from[at] == '\r';
        at++;
    }
    return length;
}

/* Passes over lines that are empty within the indent; counts them. */
static size_t skip_empty(const char *from, size_t at, size_t length, size_t indent, size_t *count)
{
    *count = 0;
    for (;;) {
        size_t n = leading(from, at, length, indent);

        if (at + n >= length || !is_break(from, at + n, length)) {
            return at;
        }
        at += n + (from[at + n] == '\r') + 1;
        ++*count;
    }
}

static void put_breaks(struct out *o, size_t count)
{
    for (; count > 0; count--) {
        put(o, '\n');
    }
}

size_t weir__yaml_block(const char *header, const char *from, size_t length, size_t parent,
                        char *to)
{
    struct out o = {to, 0, 0};
    struct header h = {0};
    size_t indent, at, empty;
    int pending = 0,
        after_blank = 1; /* a break not written yet; the last line began with a blank */

    find_header(header, from, &h);
    indent = h.indent > 0 ? parent + h.indent : first_indent(from, length);
    at = skip_empty(from, 0, length, indent, &empty);
    while (at < length && leading(from, at, length, indent) == indent) {
        int blank;

        at += indent;
        blank = at < length && is_blank(from[at]);
        /* A folded line follows on the last one, unless either is set off by blanks. */
        if (pending && h.style == '>' && !after_blank && !blank) {
            if (empty == 0) {
                put(&o, ' ');
            }
        } else if (pending) {
            put(&o, '\n');
        }
        put_breaks(&o, empty);
        while (at < length && !is_break(from, at, length)) {
            put(&o, from[at++]);
        }
        after_blank = blank;
        pending = at < length;
        if (pending) {
            at += (from[at] == '\r') + (size_t)1;
        }
        at = skip_empty(from, at, length, indent, &empty);
    }
    if (pending && h.chomp != '-') {
        put(&o, '\n');
    }
    put_breaks(&o, h.chomp == '+' ? empty : 0);
    return o.length;
}
