/*
 * scaler/json.c - JSON as Go's encoding/json reads it; see json.h.
 *
 * Go checks a text before it decodes any of it, so that what is behind a value can make it an
 * error. Texts may hold any bytes but control characters: what is no UTF-8, and half a character
 * (a lone surrogate), becomes U+FFFD.
 */
#include "json.h"

enum { DEPTH_MAX = 10000, REPLACEMENT = 0xFFFD };

struct check {
    const char *at, *end;
    int depth;
    uint8_t objects[DEPTH_MAX / 8 + 1]; /* which of the levels are objects */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* ---- checking ------------------------------------------------------------------------------- */

static char here(const struct check *c)
{
    static const char nothing = '\0';

    return *(c->at < c->end ? c->at : &nothing);
}

static void skip_space(struct check *c)
{
    while (c->at < c->end && is_space(*c->at)) {
        c->at++;
    }
}

/* Behind the opening quote. */
static const char *check_text(struct check *c)
{
    for (; c->at < c->end && *c->at != '"'; c->at++) {
        if ((unsigned char)*c->at < 0x20) {
            return "expected an escape for a control character";
        }
        if (*c->at != '\\') {
            continue;
        }
        c->at++;
        if (here(c) == 'u') {
            for (int i = 1; i <= 4; i++) {
                if (c->end - c->at <= i || hex_digit(c->at[i]) < 0) {
                    return "expected four hexadecimal digits";
                }
            }
            c->at += 4;
        } else if (here(c) == '\0' || strchr("\"\\/bfnrt", here(c)) == NULL) {
            return "expected an escape of JSON";
        }
    }
    if (c->at == c->end) {
        return "expected a closing quote";
    }
    c->at++;
    return NULL;
}

static const char *check_digits(struct check *c)
{
    const char *first = c->at;

    while (here(c) >= '0' && here(c) <= '9') {
        c->at++;
    }
    return c->at > first ? NULL : "expected a digit";
}

static const char *check_number(struct check *c)
{
    const char *wrong = NULL;

    c->at += here(c) == '-' ? 1 : 0;
    if (here(c) == '0') {
        c->at++;
    } else {
        wrong = check_digits(c);
    }
    if (wrong == NULL && here(c) == '.') {
        c->at++;
        wrong = check_digits(c);
    }
    if (wrong == NULL && (here(c) == 'e' || here(c) == 'E')) {
        c->at++;
        c->at += here(c) == '-' || here(c) == '+' ? 1 : 0;
        wrong = check_digits(c);
    }
    return wrong;
}

static const char *check_word(struct check *c)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);

        if ((size_t)(c->end - c->at) >= n && memcmp(c->at, words[i], n) == 0) {
            c->at += n;
            return NULL;
        }
    }
    return "expected a value of JSON";
}

static bool in_object(const struct check *c)
{
    int level = c->depth - 1;

    return level >= 0 && (c->objects[level / 8] >> (level % 8) & 1) != 0;
}

static const char *check_name(struct check *c)
{
    const char *wrong;

    skip_space(c);
    if (here(c) != '"') {
        return "expected a member's name in quotes";
    }
    c->at++;
    wrong = check_text(c);
    if (wrong == NULL) {
        skip_space(c);
        wrong = here(c) == ':' ? NULL : "expected a colon";
        c->at += wrong == NULL ? 1 : 0;
    }
    return wrong;
}

/* One value, or the opening of one; *more is set when its first item comes next. */
static const char *check_value(struct check *c, bool *more)
{
    char first;

    skip_space(c);
    first = here(c);
    *more = false;
    if (first == '{' || first == '[') {
        uint8_t bit = (uint8_t)(1U << (c->depth % 8));

        if (c->depth == DEPTH_MAX) {
            return "more than 10000 values within values";
        }
        c->objects[c->depth / 8] &= (uint8_t)~bit;
        c->objects[c->depth / 8] |= first == '{' ? bit : 0;
        c->depth++;
        c->at++;
        skip_space(c);
        *more = here(c) != (first == '{' ? '}' : ']');
        return *more && first == '{' ? check_name(c) : NULL;
    }
    if (first == '"') {
        c->at++;
        return check_text(c);
    }
    return first == '-' || (first >= '0' && first <= '9') ? check_number(c) : check_word(c);
}

/* Behind a value: what closes, and the comma or the end; *more is set when a value comes. */
static const char *check_end(struct check *c, bool *more)
{
    for (;;) {
        skip_space(c);
        *more = false;
        if (c->depth == 0) {
            return c->at == c->end ? NULL : "expected nothing more";
        }
        if (here(c) == ',') {
            c->at++;
            *more = true;
            return in_object(c) ? check_name(c) : NULL;
        }
        if (here(c) != (in_object(c) ? '}' : ']')) {
            return in_object(c) ? "expected , or }" : "expected , or ]";
        }
        c->at++;
        c->depth--;
    }
}

const char *weir__sc_json_check(struct text text, const char **at)
{
    struct check c = {.at = text.at, .end = text.at + text.length};
    const char *wrong = NULL;
    bool more = true;

    while (more && wrong == NULL) {
        wrong = check_value(&c, &more);
        if (wrong == NULL && !more) {
            wrong = check_end(&c, &more);
        }
    }
    *at = c.at;
    return wrong;
}

/* ---- walking -------------------------------------------------------------------------------- */

char weir__sc_json_kind(struct json *j)
{
    while (is_space(*j->at)) {
        j->at++;
    }
    return *j->at;
}

struct text weir__sc_json_text(struct json *j)
{
    struct text text;

    weir__sc_json_kind(j);
    text.at = ++j->at;
    while (*j->at != '"') {
        j->at += *j->at == '\\' ? 2 : 1;
    }
    text.length = (size_t)(j->at - text.at);
    j->at++;
    return text;
}

void weir__sc_json_skip(struct json *j)
{
    size_t depth = 0;

    do {
        char kind = weir__sc_json_kind(j);

        if (kind == '"') {
            weir__sc_json_text(j);
        } else if (kind == '{' || kind == '[') {
            depth++;
            j->at++;
        } else if (kind == '}' || kind == ']') {
            depth--;
            j->at++;
        } else if (kind == ',' || kind == ':') {
            j->at++;
        } else {
            while (j->at < j->end && !is_space(*j->at) && strchr(",:]}", *j->at) == NULL) {
                j->at++;
            }
        }
    } while (depth > 0);
}

void weir__sc_json_enter(struct json *j)
{
    weir__sc_json_kind(j);
    j->at++;
}

bool weir__sc_json_item(struct json *j)
{
    char kind = weir__sc_json_kind(j);

    j->at += kind == ',' || kind == ']' || kind == '}' ? 1 : 0;
    return kind != ']' && kind != '}';
}

bool weir__sc_json_member(struct json *j, struct text *name)
{
    if (!weir__sc_json_item(j)) {
        return false;
    }
    *name = weir__sc_json_text(j);
    weir__sc_json_kind(j);
    j->at++; /* the colon */
    return true;
}

/* ---- texts ---------------------------------------------------------------------------------- */

/* The four digits of \uXXXX, behind the u. */
static uint32_t unit_at(const char *at)
{
    uint32_t unit = 0;

    for (int i = 0; i < 4; i++) {
        unit = unit << 4 | (uint32_t)hex_digit(at[i]);
    }
    return unit;
}

uint32_t weir__sc_json_character(const char **at, const char *end)
{
    static const char escapes[] = "bfnrt", meant[] = "\b\f\n\r\t";
    const char *c = *at, *escape;
    uint32_t unit, other;

    if (*c != '\\') {
        return weir__sc_take_utf8(at, end);
    }
    if (c[1] != 'u') {
        *at += 2;
        escape = strchr(escapes, c[1]);
        return (unsigned char)(escape != NULL ? meant[escape - escapes] : c[1]);
    }
    unit = unit_at(c + 2);
    *at += 6;
    if (unit < 0xD800 || unit >= 0xE000) {
        return unit;
    }
    if (unit < 0xDC00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        other = unit_at(*at + 2);
        if (other >= 0xDC00 && other < 0xE000) {
            *at += 6;
            return 0x10000 + ((unit - 0xD800) << 10 | (other - 0xDC00));
        }
    }
    return REPLACEMENT;
}

/* Letters that Unicode folds to one of ASCII. */
static uint32_t fold(uint32_t c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c == 0x17F ? 's' : c == 0x212A ? 'k' : c;
}

bool weir__sc_json_names(struct text name, const char *field)
{
    const char *at = name.at, *end = name.at + name.length;

    while (at < end && *field != '\0') {
        if (fold(weir__sc_json_character(&at, end)) != (uint32_t)(unsigned char)*field++) {
            return false;
        }
    }
    return at == end && *field == '\0';
}
