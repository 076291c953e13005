/*
 * manifest/write.c - a tree as YAML or JSON text.
 *
 * The YAML is what kubectl prints: lists are not indented below their key, a text that would be
 * read as something else stands in double quotes, one of several lines as a block. What is written
 * reads back as the same tree.
 */
#include "make.h"
#include "scalar.h"

#include <string.h>

struct output {
    char *text;
    size_t capacity, length;
};

static void put(struct output *o, char c)
{
    if (o->length + 1 < o->capacity) {
        o->text[o->length] = c;
        o->text[o->length + 1] = '\0';
    }
    o->length++;
}

static void put_text(struct output *o, const char *text)
{
    while (*text != '\0') {
        put(o, *text++);
    }
}

static void put_indent(struct output *o, int depth)
{
    for (int i = 0; i < depth; i++) {
        put(o, ' ');
        put(o, ' ');
    }
}

/* JSON's escapes, which are YAML's in double quotes too. */
static void put_quoted(struct output *o, const char *text, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    static const char shorts[] = "btn\0fr"; /* from \b on */

    put(o, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\') {
            put(o, '\\');
            put(o, text[i]);
        } else if (c >= '\b' && c <= '\r' && shorts[c - '\b'] != '\0') {
            put(o, '\\');
            put(o, shorts[c - '\b']);
        } else if (c < 0x20 || c == 0x7f) {
            put_text(o, "\\u00");
            put(o, hex[c >> 4]);
            put(o, hex[c & 15]);
        } else {
            put(o, text[i]);
        }
    }
    put(o, '"');
}

/* Numbers and switches, as both forms have them whatever the text was. */
static void put_other(struct output *o, const struct weir__node *node)
{
    struct weir__message m;

    switch (node->type) {
    case WEIR__NODE_NULL: put_text(o, "null"); break;
    case WEIR__NODE_BOOL: put_text(o, node->integer ? "true" : "false"); break;
    case WEIR__NODE_INT:
        weir__message_clear(&m);
        weir__message_int(&m, node->integer);
        put_text(o, m.text);
        break;
    default: put_text(o, node->text);
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

static void put_block(struct output *o, const char *text, size_t length, int depth)
{
    int ends = text[length - 1] == '\n';
    size_t last = ends ? length - 1 : length;

    put_text(o, ends ? "|" : "|-");
    for (size_t i = 0; i < last; i++) {
        if (i == 0 || text[i - 1] == '\n') {
            put(o, '\n');
            if (text[i] != '\n') {
                put_indent(o, depth > 0 ? depth : 1);
            }
        }
        if (text[i] != '\n') {
            put(o, text[i]);
        }
    }
    put(o, '\n');
}

static void put_scalar(struct output *o, const char *text, size_t length)
{
    if (is_plain(text, length)) {
        for (size_t i = 0; i < length; i++) {
            put(o, text[i]);
        }
    } else {
        put_quoted(o, text, length);
    }
}

static void write_yaml(struct output *o, const struct weir__node *node, int depth);

/* A value behind its key, or behind a dash. `depth` is that of its entries. */
static void write_value(struct output *o, const struct weir__node *value, int depth, int dashed)
{
    if (value->type == WEIR__NODE_MAPPING && value->count > 0) {
        put(o, dashed ? ' ' : '\n');
        write_yaml(o, value, dashed ? -depth - 1 : depth);
    } else if (value->type == WEIR__NODE_SEQUENCE && value->count > 0) {
        put(o, '\n');
        write_yaml(o, value, dashed ? depth : depth - 1);
    } else {
        put(o, ' ');
        write_yaml(o, value, depth);
    }
}

/* A depth below 0 is -depth - 1, and the first line has its indent already. */
static void write_mapping(struct output *o, const struct weir__node *node, int depth)
{
    int first = depth < 0;

    depth = depth < 0 ? -depth - 1 : depth;
    for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
        if (!first) {
            put_indent(o, depth);
        }
        first = 0;
        put_scalar(o, e->key, e->key_length);
        put(o, ':');
        write_value(o, e->value, depth + 1, 0);
    }
}

static void write_yaml(struct output *o, const struct weir__node *node, int depth)
{
    switch (node->type) {
    case WEIR__NODE_MAPPING:
        if (node->count == 0) {
            put_text(o, "{}\n");
        }
        write_mapping(o, node, depth);
        break;
    case WEIR__NODE_SEQUENCE:
        if (node->count == 0) {
            put_text(o, "[]\n");
        }
        for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
            put_indent(o, depth);
            put(o, '-');
            write_value(o, e->value, depth + 1, 1);
        }
        break;
    case WEIR__NODE_STRING:
        if (is_block(node->text, node->length)) {
            put_block(o, node->text, node->length, depth);
            break;
        }
        put_scalar(o, node->text, node->length);
        put(o, '\n');
        break;
    default:
        put_other(o, node);
        put(o, '\n');
    }
}

size_t weir__write_yaml(const struct weir__node *node, char *text, size_t capacity)
{
    struct output o = {text, capacity, 0};

    if (capacity > 0) {
        text[0] = '\0';
    }
    write_yaml(&o, node, 0);
    return o.length;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void write_json(struct output *o, const struct weir__node *node)
{
    int is_mapping = node->type == WEIR__NODE_MAPPING;

    if (is_mapping || node->type == WEIR__NODE_SEQUENCE) {
        put(o, is_mapping ? '{' : '[');
        for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
            if (e != node->first) {
                put(o, ',');
            }
            if (is_mapping) {
                put_quoted(o, e->key, e->key_length);
                put(o, ':');
            }
            write_json(o, e->value);
        }
        put(o, is_mapping ? '}' : ']');
    } else if (node->type == WEIR__NODE_STRING) {
        put_quoted(o, node->text, node->length);
    } else {
        put_other(o, node);
    }
}

size_t weir__write_json(const struct weir__node *node, char *text, size_t capacity)
{
    struct output o = {text, capacity, 0};

    if (capacity > 0) {
        text[0] = '\0';
    }
    write_json(&o, node);
    return o.length;
}
