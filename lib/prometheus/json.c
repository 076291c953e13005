/*
 * prometheus/json.c - whether a text is JSON (RFC 8259), in one pass over it.
 */
#include "json.h"

enum { DEPTH_MAX = 200, NUMBER_MAX = 60 };

struct check {
    const char *at, *end;
    uint8_t objects[DEPTH_MAX / 8 + 1]; /* which of the levels are objects */
    int depth;
};

static char here(const struct check *c)
{
    static const char nothing = '\0';

    return *(c->at < c->end ? c->at : &nothing);
}

static void skip_space(struct check *c)
{
    while (c->at < c->end &&
           (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r')) {
        c->at++;
    }
}

/* ---- texts ---------------------------------------------------------------------------------- */

/* The four digits of \uXXXX; -1 when they are not there. */
static int32_t take_unit(struct check *c)
{
    int32_t unit = 0;

    for (int i = 0; i < 4; i++) {
        int digit = c->at < c->end ? weir__pm_hex_digit(*c->at) : -1;

        if (digit < 0) {
            return -1;
        }
        unit = unit << 4 | digit;
        c->at++;
    }
    return unit;
}

/* Behind a backslash. */
static const char *take_escape(struct check *c)
{
    int32_t unit;

    if (c->at == c->end || *c->at == '\0' || strchr("\"\\/bfnrtu", *c->at) == NULL) {
        return "expected an escape of JSON";
    }
    if (*c->at++ != 'u') {
        return NULL;
    }
    unit = take_unit(c);
    if (unit == 0) {
        return "texts with a NUL are not read";
    }
    if (unit >= 0xD800 && unit < 0xDC00 && c->end - c->at >= 6 && c->at[0] == '\\' &&
        c->at[1] == 'u') {
        c->at += 2;
        unit = take_unit(c);
        return unit >= 0xDC00 && unit < 0xE000 ? NULL : "expected the other half of a character";
    }
    return unit < 0                          ? "expected four hexadecimal digits"
           : unit >= 0xD800 && unit < 0xE000 ? "half a character (a lone surrogate)"
                                             : NULL;
}

/* Behind the opening quote. */
static const char *take_text(struct check *c)
{
    const char *first = c->at, *wrong = NULL;
    bool ascii = true;

    for (;;) {
        unsigned char byte;

        while (c->at < c->end && (unsigned char)*c->at >= 0x20 && is_class(*c->at, CLASS_PLAIN)) {
            c->at++;
        }
        if (c->at == c->end) {
            return "expected a closing quote";
        }
        byte = (unsigned char)*c->at;
        if (byte == '"') {
            break;
        }
        if (byte < 0x20) {
            return "expected an escape for a control character";
        }
        ascii = ascii && byte < 0x80;
        c->at++;
        wrong = byte == '\\' ? take_escape(c) : NULL;
        if (wrong != NULL) {
            return wrong;
        }
    }
    if (!ascii && !weir__pm_utf8_valid(first, (size_t)(c->at - first))) {
        c->at = first;
        return "the text is not UTF-8";
    }
    c->at++;
    return NULL;
}

/* ---- numbers and words ---------------------------------------------------------------------- */

static const char *skip_digits(struct check *c)
{
    const char *first = c->at;

    while (c->at < c->end && is_class(*c->at, CLASS_DIGIT)) {
        c->at++;
    }
    return c->at > first ? NULL : "expected a digit";
}

static const char *take_number(struct check *c)
{
    const char *first = c->at, *wrong = NULL;

    c->at += here(c) == '-' ? 1 : 0;
    if (here(c) == '0') {
        c->at++;
    } else {
        wrong = skip_digits(c);
    }
    if (wrong == NULL && here(c) == '.') {
        c->at++;
        wrong = skip_digits(c);
    }
    if (wrong == NULL && (here(c) | 0x20) == 'e') {
        c->at++;
        c->at += here(c) == '-' || here(c) == '+' ? 1 : 0;
        wrong = skip_digits(c);
    }
    if (wrong == NULL && c->at - first > NUMBER_MAX) {
        c->at = first;
        wrong = "a number of more than 60 bytes";
    }
    return wrong;
}

static const char *take_word(struct check *c)
{
    struct text rest = {c->at, (size_t)(c->end - c->at)};
    size_t length = begins_with(rest, TEXT("true")) || begins_with(rest, TEXT("null")) ? 4
                    : begins_with(rest, TEXT("false"))                                 ? 5
                                                                                       : 0;

    c->at += length;
    return length > 0 ? NULL : "expected a value of JSON";
}

/* ---- nesting -------------------------------------------------------------------------------- */

static bool in_object(const struct check *c)
{
    int level = c->depth - 1;

    return level >= 0 && (c->objects[level / 8] >> (level % 8) & 1) != 0;
}

static const char *enter(struct check *c, bool object)
{
    int level = c->depth;

    if (level == DEPTH_MAX) {
        return "more than 200 values within values";
    }
    c->objects[level / 8] = (uint8_t)((c->objects[level / 8] & ~(1U << (level % 8))) |
                                      (object ? 1U : 0U) << (level % 8));
    c->depth++;
    c->at++;
    return NULL;
}

/* A member's name and the colon. */
static const char *take_name(struct check *c)
{
    const char *wrong;

    skip_space(c);
    if (here(c) != '"') {
        return "expected a member's name in quotes";
    }
    c->at++;
    wrong = take_text(c);
    if (wrong == NULL) {
        skip_space(c);
        wrong = here(c) == ':' ? NULL : "expected a colon";
        c->at += wrong == NULL ? 1 : 0;
    }
    return wrong;
}

/* Behind a value: what closes, and the comma or the end; *more is set when a value comes. */
static const char *leave(struct check *c, bool *more)
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
            return in_object(c) ? take_name(c) : NULL;
        }
        if (here(c) != (in_object(c) ? '}' : ']')) {
            return in_object(c) ? "expected , or }" : "expected , or ]";
        }
        c->at++;
        c->depth--;
    }
}

/* One value, or the opening of one; *open is set when its first element comes next. */
static const char *take_value(struct check *c, bool *open)
{
    const char *wrong;
    char first;

    skip_space(c);
    first = here(c);
    *open = false;
    if (first == '{' || first == '[') {
        wrong = enter(c, first == '{');
        if (wrong != NULL) {
            return wrong;
        }
        skip_space(c);
        if (here(c) == (first == '{' ? '}' : ']')) {
            return NULL; /* empty; leave() closes it */
        }
        *open = true;
        return first == '{' ? take_name(c) : NULL;
    }
    if (first == '"') {
        c->at++;
        return take_text(c);
    }
    return first == '-' || is_class(first, CLASS_DIGIT) ? take_number(c) : take_word(c);
}

const char *weir__pm_json_check(const char *text, size_t length, const char **at)
{
    struct check c = {.at = text, .end = text + length};
    const char *wrong;
    bool more = true;

    while (more) {
        wrong = take_value(&c, &more);
        if (wrong == NULL && !more) {
            wrong = leave(&c, &more);
        }
        if (wrong != NULL) {
            *at = c.at;
            return wrong;
        }
    }
    return NULL;
}

/* ---- what all use --------------------------------------------------------------------------- */

void weir__pm_position(const char *text, const char *at, int32_t *line, int32_t *column)
{
    const char *begin = text;

    *line = 1;
    for (const char *c = text; c < at; c++) {
        if (*c == '\n') {
            *line += *line < INT32_MAX;
            begin = c + 1;
        }
    }
    *column = at - begin < INT32_MAX ? (int32_t)(at - begin) + 1 : INT32_MAX;
}

cJSON *weir__pm_json_member(const cJSON *object, const char *name)
{
    cJSON *found = NULL;

    if (!cJSON_IsObject(object)) {
        return NULL;
    }
    for (cJSON *item = object->child; item != NULL; item = item->next) {
        found = strcmp(item->string, name) == 0 ? item : found;
    }
    return cJSON_IsNull(found) ? NULL : found;
}
