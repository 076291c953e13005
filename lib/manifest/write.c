/*
 * manifest/write.c - a tree as YAML or JSON text.
 *
 * The YAML is what kubectl prints: lists are not indented below their key, a text that would be
 * read as something else stands in double quotes, one of several lines as a block. What is written
 * reads back as the same tree.
 */
#include "write.h"
#include "grow.h"
#include "print.h"
#include "scalar.h"

#include <string.h>

static void put_indent(struct weir__printing *p, int depth)
{
    for (int i = 0; i < depth; i++) {
        weir__print_text(p, "  ");
    }
}

/* ---- YAML ----------------------------------------------------------------------------------- */

static int is_one_of(char c, const char *list)
{
    return c != '\0' && strchr(list, c) != NULL;
}

/* Whether a text without quotes would be read as that text. */
static int is_plain(const char *text, size_t length)
{
    struct weir__node node;

    if (length == 0 || is_one_of(text[0], " \t-?:,[]{}#&*!|>'\"%@`=<") || text[length - 1] == ' ' ||
        text[length - 1] == ':') {
        /* "-5m" is plain, "- 5m" and "---" are not */
        if (length < 2 || text[0] != '-' || is_one_of(text[1], " -") || text[length - 1] == ' ' ||
            text[length - 1] == ':') {
            return 0;
        }
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f ||
            (text[i] == ':' && i + 1 < length && is_one_of(text[i + 1], " \t")) ||
            (text[i] == '#' && i > 0 && is_one_of(text[i - 1], " \t"))) {
            return 0;
        }
    }
    memset(&node, 0, sizeof node);
    node.text = text;
    node.length = length;
    weir__scalar_resolve(&node);
    return node.type == WEIR__NODE_STRING;
}

/* Whether a text of several lines can be a block: nothing in it needs an escape. */
static int is_block(const char *text, size_t length)
{
    int lines = 0;

    if (length == 0 || is_one_of(text[0], " \t\n")) {
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '\n') {
            lines++;
            if (i > 0 && is_one_of(text[i - 1], " \t")) {
                return 0;
            }
        } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return 0;
        }
    }
    return lines > 0 && !(length >= 2 && text[length - 1] == '\n' && text[length - 2] == '\n');
}

static void put_block(struct weir__printing *p, const char *text, size_t length, int depth)
{
    int ends = text[length - 1] == '\n';
    size_t last = ends ? length - 1 : length;

    weir__print_text(p, ends ? "|" : "|-");
    for (size_t i = 0; i < last; i++) {
        if (i == 0 || text[i - 1] == '\n') {
            weir__print_char(p, '\n');
            if (text[i] != '\n') {
                put_indent(p, depth > 0 ? depth : 1);
            }
        }
        if (text[i] != '\n') {
            weir__print_char(p, text[i]);
        }
    }
    weir__print_char(p, '\n');
}

static void put_scalar(struct weir__printing *p, const char *text, size_t length)
{
    if (is_plain(text, length)) {
        for (size_t i = 0; i < length; i++) {
            weir__print_char(p, text[i]);
        }
    } else {
        weir__print_quoted(p, text);
    }
}

static void write_yaml(struct weir__printing *p, const struct weir__node *node, int depth);

/* A value behind its key, or behind a dash. `depth` is that of its entries. */
static void write_value(struct weir__printing *p, const struct weir__node *value, int depth,
                        int dashed)
{
    if (value->type == WEIR__NODE_MAPPING && value->count > 0) {
        weir__print_char(p, dashed ? ' ' : '\n');
        write_yaml(p, value, dashed ? -depth - 1 : depth);
    } else if (value->type == WEIR__NODE_SEQUENCE && value->count > 0) {
        weir__print_char(p, '\n');
        write_yaml(p, value, dashed ? depth : depth - 1);
    } else {
        weir__print_char(p, ' ');
        write_yaml(p, value, depth);
    }
}

/* A depth below 0 is -depth - 1, and the first line has its indent already. */
static void write_mapping(struct weir__printing *p, const struct weir__node *node, int depth)
{
    int first = depth < 0;

    depth = depth < 0 ? -depth - 1 : depth;
    for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
        if (!first) {
            put_indent(p, depth);
        }
        first = 0;
        put_scalar(p, e->key, e->key_length);
        weir__print_char(p, ':');
        write_value(p, e->value, depth + 1, 0);
    }
}

static void write_yaml(struct weir__printing *p, const struct weir__node *node, int depth)
{
    switch (node->type) {
    case WEIR__NODE_MAPPING:
        if (node->count == 0) {
            weir__print_text(p, "{}\n");
        }
        write_mapping(p, node, depth);
        break;
    case WEIR__NODE_SEQUENCE:
        if (node->count == 0) {
            weir__print_text(p, "[]\n");
        }
        for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
            put_indent(p, depth);
            weir__print_char(p, '-');
            write_value(p, e->value, depth + 1, 1);
        }
        break;
    case WEIR__NODE_STRING:
        if (is_block(node->text, node->length)) {
            put_block(p, node->text, node->length, depth);
            break;
        }
        put_scalar(p, node->text, node->length);
        weir__print_char(p, '\n');
        break;
    case WEIR__NODE_NULL: weir__print_text(p, "null\n"); break;
    case WEIR__NODE_BOOL: weir__print_text(p, node->integer ? "true\n" : "false\n"); break;
    case WEIR__NODE_INT:
        weir__print_int(p, node->integer);
        weir__print_char(p, '\n');
        break;
    default: weir__print_text(p, node->text); weir__print_char(p, '\n');
    }
}

size_t weir__write_yaml(const struct weir__node *node, char *text, size_t capacity)
{
    struct weir__printing p;

    weir__print_open(&p, text, capacity);
    write_yaml(&p, node, 0);
    return p.length;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

/* Integers up to here are doubles as well. */
#define EXACT INT64_C(9007199254740992)

static void write_int(struct weir__printing *p, const struct weir__node *node, int of_doubles)
{
    if (of_doubles && (node->integer > EXACT || node->integer < -EXACT)) {
        weir__print_quoted(p, node->text);
    } else {
        weir__print_int(p, node->integer);
    }
}

/* YAML has other spellings of numbers than JSON, so it is the value that is written. */
static void write_double(struct weir__printing *p, double value)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_double(&m, value);
    weir__print_text(p, m.text);
}

static void write_json(struct weir__printing *p, const struct weir__node *node, int of_doubles)
{
    int is_mapping = node->type == WEIR__NODE_MAPPING;

    switch (node->type) {
    case WEIR__NODE_NULL: weir__print_text(p, "null"); return;
    case WEIR__NODE_BOOL: weir__print_text(p, node->integer ? "true" : "false"); return;
    case WEIR__NODE_INT: write_int(p, node, of_doubles); return;
    case WEIR__NODE_FLOAT: write_double(p, node->number); return;
    case WEIR__NODE_STRING: weir__print_quoted(p, node->text); return;
    default: break;
    }
    weir__print_char(p, is_mapping ? '{' : '[');
    for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
        if (e != node->first) {
            weir__print_char(p, ',');
        }
        if (is_mapping) {
            weir__print_quoted(p, e->key);
            weir__print_char(p, ':');
        }
        write_json(p, e->value, of_doubles);
    }
    weir__print_char(p, is_mapping ? '}' : ']');
}

size_t weir__write_json(const struct weir__node *node, char *text, size_t capacity)
{
    struct weir__printing p;

    weir__print_open(&p, text, capacity);
    write_json(&p, node, 0);
    return p.length;
}

size_t weir__write_json_of_doubles(const struct weir__node *node, char *text, size_t capacity)
{
    static const struct weir__node none = {.type = WEIR__NODE_NULL};
    struct weir__printing p;

    weir__print_open(&p, text, capacity);
    write_json(&p, node != NULL ? node : &none, 1);
    return p.length;
}

/* ---- for people ----------------------------------------------------------------------------- */

weir_status weir__write_shown(struct weir__node *object, int32_t how, char *text, size_t capacity,
                              size_t *need)
{
    size_t length;

    weir__grow_sort(object);
    length = how & WEIR_SHOW_JSON ? weir__write_json(object, text, capacity)
                                  : weir__write_yaml(object, text, capacity);
    if (need != NULL) {
        *need = length + 1;
    }
    return length < capacity ? WEIR_OK : WEIR_E_SPACE;
}
