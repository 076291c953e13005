/*
 * json_text.c - JSON values from text and to text, behind cJSON's names.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static const char *read_value(const char *at, int depth, cJSON **out);

static char *put_utf8(char *to, unsigned long code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* Four hexadecimal digits after "\u"; *at is moved past them. */
static unsigned long read_hex(const char **at)
{
    unsigned long code = 0;

    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef0123456789ABCDEF";
        const char *found = **at != '\0' ? strchr(digits, **at) : NULL;

        if (found == NULL) {
            return 0xffffff;
        }
        code = code << 4 | (unsigned long)(found - digits) % 16;
        ++*at;
    }
    return code;
}

/* The escape at `at`, behind its backslash. NULL when it is none. */
static const char *read_escape(const char *at, char **to)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *found = *at != '\0' ? strchr(letters, *at) : NULL;

    if (found != NULL) {
        *(*to)++ = meant[found - letters];
        return at + 1;
    }
    if (*at == 'u') {
        unsigned long code;

        at++;
        code = read_hex(&at);
        if (code >= 0xd800 && code < 0xdc00 && at[0] == '\\' && at[1] == 'u') {
            at += 2;
            code = 0x10000 + ((code - 0xd800) << 10) + ((read_hex(&at) - 0xdc00) & 0x3ff);
        }
        *to = put_utf8(*to, code);
        return code < 0x110000 && code > 0 ? at : NULL;
    }
    return NULL;
}

/* The text that begins behind the quote at `at`; no text becomes longer by reading it. */
static const char *read_text(const char *at, char **out)
{
    size_t room = 1;
    char *text, *to;

    for (const char *p = at + 1; *p != '"'; p++, room++) {
        p += *p == '\\';
        if (*p == '\0') {
            return NULL;
        }
        room++;
    }
    text = to = cJSON_malloc(room);
    at++;
    while (at != NULL && *at != '"') {
        if (*at == '\\') {
            at = read_escape(at + 1, &to);
        } else {
            *to++ = *at++;
        }
    }
    *to = '\0';
    *out = text;
    return at != NULL ? at + 1 : NULL;
}

/* What stands in the brackets that open at `at`. */
static const char *read_items(const char *at, int depth, cJSON *into)
{
    char close = *at == '[' ? ']' : '}';

    at = skip_blanks(at + 1);
    if (*at == close) {
        return at + 1;
    }
    for (;;) {
        char *name = NULL;
        cJSON *item = NULL;

        if (close == '}') {
            at = *at == '"' ? read_text(at, &name) : NULL;
            at = at != NULL ? skip_blanks(at) : NULL;
            at = at != NULL && *at == ':' ? at + 1 : NULL;
        }
        at = at != NULL ? read_value(skip_blanks(at), depth, &item) : NULL;
        if (at == NULL) {
            free(name);
            cJSON_Delete(item);
            return NULL;
        }
        item->string = name;
        cJSON_AddItemToArray(into, item);
        at = skip_blanks(at);
        if (*at == close) {
            return at + 1;
        }
        if (*at != ',') {
            return NULL;
        }
        at = skip_blanks(at + 1);
    }
}

static const char *read_number(const char *at, cJSON *item)
{
    char *end;

    item->type = cJSON_Number;
    item->valuedouble = strtod(at, &end);
    return end != at ? end : NULL;
}

/* One value at `at`; gives the end of it, or NULL. */
static const char *read_value(const char *at, int depth, cJSON **out)
{
    static const struct {
        const char *word;
        int type;
    } words[] = {{"true", cJSON_True}, {"false", cJSON_False}, {"null", cJSON_NULL}};
    cJSON *item = *out = cJSON_CreateNull();

    if (depth > CJSON_NESTING_LIMIT) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncmp(at, words[i].word, strlen(words[i].word)) == 0) {
            item->type = words[i].type;
            return at + strlen(words[i].word);
        }
    }
    switch (*at) {
    case '"': item->type = cJSON_String; return read_text(at, &item->valuestring);
    case '[':
    case '{':
        item->type = *at == '[' ? cJSON_Array : cJSON_Object;
        return read_items(at, depth + 1, item);
    default: return strspn(at, "-0123456789") > 0 ? read_number(at, item) : NULL;
    }
}

cJSON *cJSON_Parse(const char *text)
{
    cJSON *item;

    if (read_value(skip_blanks(text), 0, &item) == NULL) {
        cJSON_Delete(item);
        return NULL;
    }
    return item;
}

/* Of a text that need not end. */
cJSON *cJSON_ParseWithLength(const char *text, size_t length)
{
    char *copy = cJSON_malloc(length + 1);
    cJSON *item;

    memcpy(copy, text, length);
    copy[length] = '\0';
    item = cJSON_Parse(copy);
    free(copy);
    return item;
}

cJSON *cJSON_ParseWithOpts(const char *text, const char **end, cJSON_bool whole)
{
    return cJSON_ParseWithLengthOpts(text, strlen(text) + 1, end, whole);
}

/* The text ends with a NUL here, whatever its length. Blanks behind the value are no part of it
 * unless all has to be one value. */
cJSON *cJSON_ParseWithLengthOpts(const char *text, size_t length, const char **end,
                                 cJSON_bool whole)
{
    cJSON *item;
    const char *at = read_value(skip_blanks(text), 0, &item);

    if (at != NULL && whole) {
        at = skip_blanks(at);
    }
    *end = at != NULL ? at : text;
    if (at == NULL || (whole && at + 1 != text + length)) {
        cJSON_Delete(item);
        return NULL;
    }
    return item;
}

/* ---- writing -------------------------------------------------------------------------------- */

struct out {
    char *text;
    size_t length, room;
};

static void put(struct out *o, const char *text, size_t length)
{
    if (o->length + length + 1 > o->room) {
        o->room = 2 * (o->length + length + 1);
        o->text = realloc(o->text, o->room);
        if (o->text == NULL) {
            fputs("json: no memory\n", stderr);
            exit(1);
        }
    }
    memcpy(o->text + o->length, text, length);
    o->length += length;
    o->text[o->length] = '\0';
}

static void put_text(struct out *o, const char *text)
{
    put(o, "\"", 1);
    for (; *text != '\0'; text++) {
        char escape[8];

        if (*text == '"' || *text == '\\') {
            snprintf(escape, sizeof escape, "\\%c", *text);
        } else if ((unsigned char)*text < ' ') {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*text);
        } else {
            snprintf(escape, sizeof escape, "%c", *text);
        }
        put(o, escape, strlen(escape));
    }
    put(o, "\"", 1);
}

static void put_number(struct out *o, double value)
{
    char number[32];

    snprintf(number, sizeof number, isfinite(value) ? "%.15g" : "null", value);
    if (isfinite(value) && (strtod(number, NULL) < value || strtod(number, NULL) > value)) {
        snprintf(number, sizeof number, "%.17g", value);
    }
    put(o, number, strlen(number));
}

static void put_value(struct out *o, const cJSON *item)
{
    const cJSON *child;

    switch (item->type) {
    case cJSON_Number: put_number(o, item->valuedouble); return;
    case cJSON_String: put_text(o, item->valuestring); return;
    case cJSON_Raw: put(o, item->valuestring, strlen(item->valuestring)); return;
    case cJSON_Array:
    case cJSON_Object: break;
    default:
        put(o,
            item->type == cJSON_NULL   ? "null"
            : item->type == cJSON_True ? "true"
                                       : "false",
            item->type == cJSON_False ? 5 : 4);
        return;
    }
    put(o, item->type == cJSON_Array ? "[" : "{", 1);
    cJSON_ArrayForEach(child, item)
    {
        if (child != item->child) {
            put(o, ",", 1);
        }
        if (item->type == cJSON_Object) {
            put_text(o, child->string);
            put(o, ":", 1);
        }
        put_value(o, child);
    }
    put(o, item->type == cJSON_Array ? "]" : "}", 1);
}

char *cJSON_PrintUnformatted(const cJSON *item)
{
    struct out o = {NULL, 0, 0};

    if (item == NULL) {
        return NULL;
    }
    put_value(&o, item);
    return o.text;
}
