/*
 * scaler/gjson_path.c - paths of GJSON, and texts within brackets and quotes.
 *
 *   a.b.0.c   a\.b   a*.?b   list.#   list.#.x   list.#(id==1).x   list.#(x>1)#|0   a|@this
 *
 * Upstream: github.com/tidwall/gjson 1.19, github.com/tidwall/match.
 */
#include "gjson.h"

#include <stdlib.h>

static struct text from(struct text text, size_t at)
{
    return (struct text){text.at + at, text.length - at};
}

static struct text trimmed(struct text text)
{
    while (text.length > 0 && (unsigned char)text.at[0] <= ' ') {
        text = from(text, 1);
    }
    while (text.length > 0 && (unsigned char)text.at[text.length - 1] <= ' ') {
        text.length--;
    }
    return text;
}

/* ---- modifiers ------------------------------------------------------------------------------ */

size_t weir__sc_gjson_modifier(struct text path, int *does)
{
    static const char *const names[] = {"this",    "pretty", "ugly", "valid",  "reverse",
                                        "flatten", "join",   "keys", "values", "tostr",
                                        "fromstr", "group",  "dig"};
    enum { DONE = 4 }; /* of the names */
    size_t n = 1;

    while (n < path.length && strchr(".|:", path.at[n]) == NULL) {
        n++;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (text_is((struct text){path.at + 1, n - 1}, names[i])) {
            *does = i < DONE && (n == path.length || path.at[n] != ':');
            return n - 1;
        }
    }
    return 0;
}

/* Whether a dot has the meaning of a pipe, for what stands behind it. */
static int acts_as_pipe(struct text rest)
{
    int does;

    return rest.at[0] == '[' || rest.at[0] == '{' ||
           (rest.at[0] == '@' && weir__sc_gjson_modifier(rest, &does) > 0);
}

/* ---- parts ---------------------------------------------------------------------------------- */

void weir__sc_gjson_name(struct text path, struct gjson_name *out)
{
    out->length = 0;
    out->wild = out->more = out->piped = 0;
    for (size_t i = 0; i < path.length; i++) {
        char c = path.at[i];

        if (c == '|' || c == '.') {
            out->rest = from(path, i + 1);
            out->piped = c == '|' || (out->rest.length > 0 && acts_as_pipe(out->rest));
            out->more = !out->piped;
            return;
        }
        if (c == '\\') {
            if (++i == path.length) {
                return;
            }
            c = path.at[i];
        } else if (c == '*' || c == '?') {
            out->wild = 1;
        }
        if (out->length < sizeof out->part) {
            out->part[out->length++] = c;
        }
    }
}

/* From the # of "#(path op value)" to behind its bracket; 0: it is none. */
static size_t read_query(struct text path, struct gjson_place *out)
{
    size_t i = 2, begin = 0;
    int depth = 1;
    struct text value;

    for (; i < path.length; i++) {
        char c = path.at[i];

        if (depth == 1 && begin == 0 && strchr("!=<>%", c) != NULL) {
            begin = i;
        } else if (c == '\\') {
            i++;
        } else if (c == '[' || c == '(') {
            depth++;
        } else if ((c == ']' || c == ')') && --depth == 0) {
            break;
        } else if (c == '"') {
            for (i++; i < path.length && path.at[i] != '"'; i++) {
                i += path.at[i] == '\\';
            }
        }
    }
    if (depth > 0) {
        return 0;
    }
    out->queries = 1;
    out->query_path = trimmed((struct text){path.at + 2, (begin > 0 ? begin : i) - 2});
    if (begin > 0) {
        value = trimmed((struct text){path.at + begin, i - begin});
        out->op = (struct text){value.at, 1};
        if (value.length > 1 && ((value.at[1] == '=' && strchr("!<>", value.at[0]) != NULL) ||
                                 (value.at[0] == '!' && value.at[1] == '%'))) {
            out->op.length = 2;
        } else if (value.length > 1 && value.at[0] == '=' && value.at[1] == '=') {
            value = from(value, 1);
        }
        out->value = trimmed(from(value, out->op.length));
    }
    return i + 1;
}

void weir__sc_gjson_place(struct text path, struct gjson_place *out)
{
    memset(out, 0, sizeof *out);
    out->part = path;
    for (size_t i = 0; i < path.length; i++) {
        size_t end;

        if (path.at[i] == '|' || path.at[i] == '.') {
            out->part.length = i;
            out->rest = from(path, i + 1);
            out->piped = path.at[i] == '|' ||
                         (!out->counts && out->rest.length > 0 && acts_as_pipe(out->rest));
            out->more = !out->piped;
            return;
        }
        if (path.at[i] != '#') {
            continue;
        }
        out->counts = 1;
        if (i > 0 || path.length == 1) {
            continue;
        }
        if (path.at[1] == '.') {
            out->each = 1;
        } else if (path.at[1] == '[' || path.at[1] == '(') {
            end = read_query(path, out);
            if (end == 0) {
                return;
            }
            i = end - 1;
            out->all = end < path.length && path.at[end] == '#';
        }
    }
}

int weir__sc_gjson_split(struct text path, struct text *left, struct text *right)
{
    for (size_t i = 0; i < path.length; i++) {
        if (path.at[i] == '\\') {
            i++;
        } else if (path.at[i] == '.' && path.length - i > 3 && path.at[i + 1] == '#' &&
                   (path.at[i + 2] == '(' || path.at[i + 2] == '[')) {
            i = weir__sc_gjson_squash(path, i + 2) - 1; /* a pipe in a query is the query's */
        } else if (path.at[i] == '|') {
            *left = (struct text){path.at, i};
            *right = from(path, i + 1);
            return 1;
        }
    }
    return 0;
}

/* ---- patterns ------------------------------------------------------------------------------- */

/* One character of a pattern against one of a text, of which there is one. */
static int matches_one(const char **pattern, const char *end, const char **text,
                       const char *text_end)
{
    int any = **pattern == '?';
    uint32_t wanted;

    if (**pattern == '\\' && ++*pattern == end) {
        return 0;
    }
    wanted = weir__sc_take_utf8(pattern, end);
    return weir__sc_take_utf8(text, text_end) == wanted || any;
}

int weir__sc_gjson_matches(struct text text, struct text pattern)
{
    const char *t = text.at, *end = t + text.length, *p = pattern.at, *last = p + pattern.length;
    const char *star = NULL, *again = NULL; /* behind the last *, and where it goes on */

    for (;;) {
        if (p < last && *p == '*') {
            star = ++p;
            again = t;
        } else if (p == last && t == end) {
            return 1;
        } else if (p < last && t < end && matches_one(&p, last, &t, end)) {
            continue;
        } else if (star != NULL && again < end) {
            weir__sc_take_utf8(&again, end);
            t = again;
            p = star;
        } else {
            return 0;
        }
    }
}

/* ---- brackets and quotes -------------------------------------------------------------------- */

size_t weir__sc_gjson_text_end(struct text json, size_t at)
{
    for (size_t i = at + 1; i < json.length; i++) {
        if (json.at[i] == '"') {
            return i + 1;
        }
        i += json.at[i] == '\\';
    }
    return 0;
}

size_t weir__sc_gjson_squash(struct text json, size_t at)
{
    size_t depth = 0;

    for (size_t i = at; i < json.length; i++) {
        switch (json.at[i]) {
        case '"':
            i = weir__sc_gjson_text_end(json, i);
            if (i == 0) {
                return json.length;
            }
            i--;
            break;
        case '{':
        case '[':
        case '(': depth++; break;
        case '}':
        case ']':
        case ')':
            if (--depth == 0) {
                return i + 1;
            }
            break;
        default: break;
        }
    }
    return json.length;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Four digits; what is none of them makes it 0. */
static uint32_t unit_at(const char *at)
{
    uint32_t unit = 0;

    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);

        if (digit < 0) {
            return 0;
        }
        unit = unit << 4 | (uint32_t)digit;
    }
    return unit;
}

/* A text ends at what is no escape, and at a control character. */
size_t weir__sc_gjson_unescape(struct text raw, char *out, size_t room)
{
    static const char letters[] = "bfnrt\\/\"", meant[] = "\b\f\n\r\t\\/\"";
    size_t n = 0;

    for (size_t i = 0; i < raw.length && n + 4 <= room; i++) {
        const char *letter;
        uint32_t unit;

        if ((unsigned char)raw.at[i] < ' ') {
            break;
        }
        if (raw.at[i] != '\\') {
            out[n++] = raw.at[i];
            continue;
        }
        if (++i == raw.length) {
            break;
        }
        letter = raw.at[i] != '\0' ? strchr(letters, raw.at[i]) : NULL;
        if (letter != NULL) {
            out[n++] = meant[letter - letters];
            continue;
        }
        if (raw.at[i] != 'u' || i + 5 > raw.length) {
            break;
        }
        unit = unit_at(raw.at + i + 1);
        i += 4;
        if (unit >= 0xD800 && unit < 0xE000) {
            uint32_t high = unit, low = 0;

            if (i + 6 < raw.length && raw.at[i + 1] == '\\' && raw.at[i + 2] == 'u') {
                low = unit_at(raw.at + i + 3);
                i += 6;
            }
            unit = high < 0xDC00 && low >= 0xDC00 && low < 0xE000
                       ? 0x10000 + ((high - 0xD800) << 10 | (low - 0xDC00))
                       : 0xFFFD;
        }
        n += weir__sc_put_utf8(unit, out + n);
    }
    return n;
}
