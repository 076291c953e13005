/*
 * manifest/read.c - one YAML or JSON document to a tree.
 *
 * libfyaml reads both, because JSON is YAML and libfyaml keeps positions; what looks like JSON is
 * first read by cJSON, so that it is held to JSON's own grammar. Plain scalars are typed as the API
 * server's decoder types them (YAML 1.1: yes and on are booleans). Depth, nodes and what aliases
 * expand to are bounded.
 */
#include "tree.h"

#include <cjson/cJSON.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 100, NODES_MAX = 1000000, ANCHORS_MAX = 1000 };

struct anchor {
    const char *name;
    const struct node *node;
};

/* A document being read. */
struct reader {
    struct arena *arena;
    struct fy_parser *parser;
    struct tree_error *error;
    int32_t first_line;
    struct node *open[DEPTH_MAX]; /* maps and lists that are not closed yet */
    size_t depth;
    struct node *key; /* of the open map, waiting for its value */
    struct node *root;
    struct anchor anchors[ANCHORS_MAX];
    size_t anchor_count, nodes;
    int failed;
};

static void fail_at(struct reader *r, int32_t line, int32_t column, const char *message)
{
    if (!r->failed) {
        r->failed = 1;
        r->error->line = line;
        r->error->column = column;
        snprintf(r->error->message, sizeof r->error->message, "%s", message);
    }
}

/* ---- scalars -------------------------------------------------------------------------------- */

static int is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(text, *words) == 0) {
            return 1;
        }
    }
    return 0;
}

static int digits_only(const char *text, const char *digits)
{
    return text[0] != '\0' && text[strspn(text, digits)] == '\0';
}

/* [-+]? digits with optional _, or 0x, 0b, 0o forms. */
static int looks_like_int(const char *text)
{
    text += *text == '-' || *text == '+';
    if (text[0] == '0' && text[1] == 'x') {
        return digits_only(text + 2, "0123456789abcdefABCDEF_");
    }
    if (text[0] == '0' && text[1] == 'b') {
        return digits_only(text + 2, "01_");
    }
    if (text[0] == '0' && text[1] == 'o') {
        return digits_only(text + 2, "01234567_");
    }
    return text[0] >= '0' && text[0] <= '9' && digits_only(text, "0123456789_");
}

/* [-+]? ( . digits | digits [. digits] ) [e [-+] digits], or .inf and .nan. */
static int looks_like_float(const char *text)
{
    static const char *const special[] = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", NULL};
    size_t whole, fraction = 0;

    text += *text == '-' || *text == '+';
    if (is_one_of(text, special)) {
        return 1;
    }
    whole = strspn(text, "0123456789");
    text += whole;
    if (*text == '.') {
        text++;
        fraction = strspn(text, "0123456789");
        text += fraction;
    }
    if (whole + fraction == 0) {
        return 0;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        return digits_only(text, "0123456789");
    }
    return *text == '\0';
}

static enum node_type type_of_plain(const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const bools[] = {
        "y",    "Y",     "yes",   "Yes",   "YES", "n",  "N",  "no",  "No",  "NO",  "true", "True",
        "TRUE", "false", "False", "FALSE", "on",  "On", "ON", "off", "Off", "OFF", NULL};

    if (is_one_of(text, nulls)) {
        return NODE_NULL;
    }
    if (is_one_of(text, bools)) {
        return NODE_BOOL;
    }
    if (looks_like_int(text)) {
        return NODE_INT;
    }
    return looks_like_float(text) ? NODE_FLOAT : NODE_STRING;
}

/* ---- building ------------------------------------------------------------------------------- */

static struct node *new_node(struct reader *r, enum node_type type, int32_t line, int32_t column)
{
    struct node *node = r->nodes < NODES_MAX ? arena_take(r->arena, sizeof *node) : NULL;

    if (node == NULL) {
        fail_at(r, line, column,
                r->arena->failed ? "there is no memory left"
                                 : "the document has more than a million values");
        return NULL;
    }
    r->nodes++;
    node->type = type;
    node->line = line;
    node->column = column;
    return node;
}

static void append(struct node *parent, struct node *child)
{
    if (parent->last != NULL) {
        parent->last->next = child;
    } else {
        parent->first = child;
    }
    parent->last = child;
    parent->count++;
}

static void append_member(struct reader *r, struct node *map, const struct node *key,
                          struct node *value)
{
    const struct node *twin = node_get(map, key->text);

    if (twin != NULL) {
        char message[200];

        snprintf(message, sizeof message, "the key %.80s stands twice, first in line %d", key->text,
                 twin->key_line);
        fail_at(r, key->line, key->column, message);
        return;
    }
    value->key = key->text;
    value->key_line = key->line;
    value->key_column = key->column;
    append(map, value);
}

static struct node *copy_of(struct reader *r, const struct node *from, size_t depth)
{
    struct node *to = new_node(r, from->type, from->line, from->column);

    if (depth > DEPTH_MAX) {
        fail_at(r, from->line, from->column, "aliases nest too deeply");
    }
    if (to == NULL || r->failed) {
        return NULL;
    }
    to->text = from->text;
    for (const struct node *child = from->first; child != NULL; child = child->next) {
        struct node *copy = copy_of(r, child, depth + 1);

        if (copy == NULL) {
            return NULL;
        }
        copy->key = child->key;
        copy->key_line = child->key_line;
        copy->key_column = child->key_column;
        append(to, copy);
    }
    return to;
}

/* The members of `from` that `map` does not have: what the key << means. */
static void merge(struct reader *r, struct node *map, const struct node *from)
{
    if (from->type == NODE_LIST) {
        for (const struct node *item = from->first; item != NULL; item = item->next) {
            merge(r, map, item);
        }
        return;
    }
    if (from->type != NODE_MAP) {
        fail_at(r, from->line, from->column, "only a mapping can be merged with <<");
        return;
    }
    for (const struct node *child = from->first; child != NULL && !r->failed; child = child->next) {
        if (node_get(map, child->key) == NULL) {
            struct node *copy = copy_of(r, child, 0);

            if (copy != NULL) {
                copy->key = child->key;
                copy->key_line = child->key_line;
                copy->key_column = child->key_column;
                append(map, copy);
            }
        }
    }
}

/* Merges wait until their map is closed, because its own keys win wherever they stand. */
static void resolve_merges(struct reader *r, struct node *map)
{
    struct node *old = map->first;

    map->first = map->last = NULL;
    map->count = 0;
    for (struct node *child = old, *next; child != NULL; child = next) {
        next = child->next;
        child->next = NULL;
        if (strcmp(child->key, "<<") != 0) {
            append(map, child);
        }
    }
    for (struct node *child = old; child != NULL && !r->failed; child = child->next) {
        if (strcmp(child->key, "<<") == 0) {
            merge(r, map, child);
        }
    }
}

/* Puts a complete value where it belongs: document, list, or map with its key. */
static void place(struct reader *r, struct node *value)
{
    struct node *parent = r->depth > 0 ? r->open[r->depth - 1] : NULL;

    if (parent == NULL) {
        r->root = value;
    } else if (parent->type == NODE_LIST) {
        append(parent, value);
    } else if (r->key == NULL) {
        if (value->type == NODE_MAP || value->type == NODE_LIST) {
            fail_at(r, value->line, value->column, "a key must be text");
        }
        r->key = value;
    } else {
        append_member(r, parent, r->key, value);
        r->key = NULL;
    }
}

static void open_collection(struct reader *r, enum node_type type, int32_t line, int32_t column,
                            struct node **made)
{
    struct node *node = new_node(r, type, line, column);

    if (node == NULL) {
        return;
    }
    if (r->depth == DEPTH_MAX) {
        fail_at(r, line, column, "the document nests more than 100 levels deep");
        return;
    }
    place(r, node);
    if (!r->failed) {
        r->open[r->depth++] = node;
    }
    *made = node;
}

static const char *token_text(struct reader *r, struct fy_token *token)
{
    size_t length = 0;
    const char *text = token != NULL ? fy_token_get_text(token, &length) : NULL;

    if (text != NULL && memchr(text, '\0', length) != NULL) {
        fail_at(r, r->first_line, 1, "text holds a NUL character");
    }
    return arena_text(r->arena, text != NULL ? text : "", length);
}

static void add_scalar(struct reader *r, struct fy_event *event, int32_t line, int32_t column,
                       struct node **made)
{
    struct fy_token *token = event->scalar.value;
    const char *text = token_text(r, token);
    int plain = token == NULL || fy_token_scalar_style(token) == FYSS_PLAIN;
    struct node *node;

    if (text == NULL) {
        fail_at(r, line, column, "there is no memory left");
        return;
    }
    node = new_node(r, plain ? type_of_plain(text) : NODE_STRING, line, column);
    if (node != NULL) {
        node->text = text;
        place(r, node);
        *made = node;
    }
}

static void add_alias(struct reader *r, struct fy_event *event, int32_t line, int32_t column)
{
    const char *name = token_text(r, event->alias.anchor);

    for (size_t i = r->anchor_count; name != NULL && i-- > 0;) {
        if (strcmp(r->anchors[i].name, name) == 0) {
            struct node *copy = copy_of(r, r->anchors[i].node, 0);

            if (copy != NULL) {
                place(r, copy);
            }
            return;
        }
    }
    fail_at(r, line, column, "an alias names an anchor that is not there");
}

static void close_collection(struct reader *r)
{
    struct node *node = r->depth > 0 ? r->open[--r->depth] : NULL;

    if (node != NULL && node->type == NODE_MAP && node_get(node, "<<") != NULL) {
        resolve_merges(r, node);
    }
}

/* Whether what was written begins with a quote or an asterisk. */
static int starts_with_a_mark(struct fy_event *event)
{
    enum fy_scalar_style style;

    if (event->type != FYET_SCALAR || event->scalar.value == NULL) {
        return event->type == FYET_ALIAS;
    }
    style = fy_token_scalar_style(event->scalar.value);
    return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

static void take_event(struct reader *r, struct fy_event *event)
{
    const struct fy_mark *mark = fy_event_start_mark(event);
    int32_t line = r->first_line + (mark != NULL ? mark->line : 0);
    int32_t column = mark != NULL ? mark->column + 1 : 1;
    struct fy_token *anchor = NULL;
    struct node *made = NULL;

    column -= column > 1 && starts_with_a_mark(event); /* libfyaml's mark is behind it */
    switch (event->type) {
    case FYET_MAPPING_START:
        anchor = event->mapping_start.anchor;
        open_collection(r, NODE_MAP, line, column, &made);
        break;
    case FYET_SEQUENCE_START:
        anchor = event->sequence_start.anchor;
        open_collection(r, NODE_LIST, line, column, &made);
        break;
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END: close_collection(r); break;
    case FYET_SCALAR:
        anchor = event->scalar.anchor;
        add_scalar(r, event, line, column, &made);
        break;
    case FYET_ALIAS: add_alias(r, event, line, column); break;
    default: break;
    }
    if (anchor != NULL && made != NULL) {
        if (r->anchor_count == ANCHORS_MAX) {
            fail_at(r, line, column, "the document has more than 1000 anchors");
            return;
        }
        r->anchors[r->anchor_count].name = token_text(r, anchor);
        r->anchors[r->anchor_count].node = made;
        r->anchor_count += r->anchors[r->anchor_count].name != NULL;
    }
}

/* ---- documents ------------------------------------------------------------------------------ */

/* JSON is held to its own grammar; 0 when cJSON refuses it. */
static int json_is_fine(struct reader *r, const char *text, size_t length)
{
    const char *end = NULL;
    cJSON *json = cJSON_ParseWithLengthOpts(text, length, &end, 0);
    int32_t line = r->first_line, column = 1;

    if (json != NULL) {
        cJSON_Delete(json);
        return 1;
    }
    for (const char *at = text; end != NULL && at < end && at < text + length; at++) {
        column = *at == '\n' ? 1 : column + 1;
        line += *at == '\n';
    }
    fail_at(r, line, column, "this is not valid JSON");
    return 0;
}

/* libfyaml's own words for what it could not read. */
static void take_parser_error(struct reader *r, struct fy_diag *diag)
{
    void *at = NULL;
    const struct fy_diag_error *found = fy_diag_errors_iterate(diag, &at);
    char message[200];

    if (found == NULL) {
        fail_at(r, r->first_line, 1, "this is not valid YAML");
        return;
    }
    snprintf(message, sizeof message, "this is not valid YAML: %s",
             found->msg != NULL ? found->msg : "");
    fail_at(r, r->first_line + (found->line > 0 ? found->line - 1 : 0),
            found->column > 0 ? found->column : 1, message);
}

static void read_events(struct reader *r, const char *text, size_t length)
{
    struct fy_diag_cfg diag_config;
    struct fy_parse_cfg config = {0};
    struct fy_event *event;

    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    config.diag = fy_diag_create(&diag_config);
    config.flags = (enum fy_parse_cfg_flags)(FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_1 |
                                             FYPCF_JSON_NONE | FYPCF_DISABLE_MMAP_OPT);
    if (config.diag != NULL) {
        fy_diag_set_collect_errors(config.diag, true);
        r->parser = fy_parser_create(&config);
    }
    if (r->parser == NULL || fy_parser_set_string(r->parser, text, length) != 0) {
        fail_at(r, r->first_line, 1, "the YAML reader could not be started");
    }
    while (!r->failed && (event = fy_parser_parse(r->parser)) != NULL) {
        take_event(r, event);
        fy_parser_event_free(r->parser, event);
    }
    if (!r->failed && r->parser != NULL && fy_parser_get_stream_error(r->parser)) {
        take_parser_error(r, config.diag);
    }
    fy_parser_destroy(r->parser);
    fy_diag_destroy(config.diag);
}

struct node *tree_read(struct arena *arena, const char *text, size_t length, int32_t first_line,
                       struct tree_error *error)
{
    struct reader reader = {.arena = arena, .error = error, .first_line = first_line};
    size_t blank = 0;

    memset(error, 0, sizeof *error);
    while (blank < length && strchr(" \t\r\n", text[blank]) != NULL && text[blank] != '\0') {
        blank++;
    }
    if (blank < length && (text[blank] == '{' || text[blank] == '[') &&
        !json_is_fine(&reader, text, length)) {
        return NULL;
    }
    read_events(&reader, text, length);
    return reader.failed ? NULL : reader.root;
}
