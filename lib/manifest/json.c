/*
 * manifest/json.c - JSON to documents: cJSON parses, a second walk over the text finds the places.
 *
 * The walk follows the values that cJSON made of the very same text, so it need not look for
 * errors, but for what cJSON lets pass: numbers and strings that JSON does not have.
 */
#include "reader.h"
#include "scalar.h"

#include <cjson/cJSON.h>
#include <string.h>

struct walk {
    struct weir__reader *reader;
    const char *text;
    size_t at, end;
};

/* cJSON takes all of these for white space. */
static void skip_blanks(struct walk *w)
{
    while (w->at < w->end && (unsigned char)w->text[w->at] <= ' ') {
        w->at++;
    }
}

static struct weir__mark mark_of(struct walk *w, size_t offset)
{
    return weir__source_mark(&w->reader->source, offset);
}

static void fail(struct walk *w, size_t offset, const char *message)
{
    weir__builder_fail(&w->reader->builder, WEIR_E_PARSE, mark_of(w, offset), message);
}

/* Moves behind a string, and checks what cJSON has let pass in it. */
static void skip_string(struct walk *w)
{
    for (w->at++; w->at < w->end && w->text[w->at] != '"'; w->at++) {
        if ((unsigned char)w->text[w->at] < ' ') {
            fail(w, w->at, "a string of JSON must not hold a line break or tab: write \\n or \\t");
        } else if (w->text[w->at] == '\\') {
            if (w->end - w->at >= 6 && memcmp(w->text + w->at, "\\u0000", 6) == 0) {
                fail(w, w->at, "a text must not hold a NUL character");
            }
            w->at++;
        }
    }
    w->at++;
}

static size_t digits_from(const struct walk *w, size_t at)
{
    while (at < w->end && w->text[at] >= '0' && w->text[at] <= '9') {
        at++;
    }
    return at;
}

static int is_number_part(char c)
{
    return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

/* -? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)? */
static int is_number(const struct walk *w, size_t start, size_t end)
{
    size_t at = start + (w->text[start] == '-'), from = at;

    at = digits_from(w, at);
    if (at == from || (w->text[from] == '0' && at - from > 1)) {
        return 0;
    }
    if (at < end && w->text[at] == '.') {
        from = at + 1;
        at = digits_from(w, from);
        if (at == from) {
            return 0;
        }
    }
    if (at < end && (w->text[at] == 'e' || w->text[at] == 'E')) {
        at++;
        at += at < end && (w->text[at] == '+' || w->text[at] == '-');
        from = at;
        at = digits_from(w, from);
        if (at == from) {
            return 0;
        }
    }
    return at == end;
}

static struct weir__node *walk_number(struct walk *w)
{
    size_t start = w->at;
    struct weir__node *node;

    while (w->at < w->end && is_number_part(w->text[w->at])) {
        w->at++;
    }
    if (!is_number(w, start, w->at)) {
        fail(w, start, "this is no number of JSON");
    }
    node =
        weir__build_scalar(&w->reader->builder, mark_of(w, start), w->text + start, w->at - start);
    if (node != NULL && !weir__scalar_number(node)) {
        fail(w, start, "the number is too large");
    }
    return node;
}

static struct weir__node *walk_string(struct walk *w, const char *value)
{
    size_t start = w->at;
    struct weir__node *node;

    skip_string(w);
    node = weir__build_scalar(&w->reader->builder, mark_of(w, start), value, strlen(value));
    if (node != NULL) {
        node->quoted = 1;
    }
    return node;
}

static struct weir__node *walk_word(struct walk *w, const char *word, int32_t type)
{
    struct weir__node *node =
        weir__build_scalar(&w->reader->builder, mark_of(w, w->at), w->text + w->at, strlen(word));

    w->at += strlen(word);
    if (node != NULL) {
        node->type = type;
        node->integer = word[0] == 't';
    }
    return node;
}

static void walk_value(struct walk *w, const cJSON *value);

static void walk_children(struct walk *w, const cJSON *value)
{
    struct weir__builder *b = &w->reader->builder;
    int32_t type = cJSON_IsObject(value) ? WEIR__NODE_MAPPING : WEIR__NODE_SEQUENCE;
    const cJSON *child;

    weir__build_begin(b, type, mark_of(w, w->at));
    w->at++;
    cJSON_ArrayForEach(child, value)
    {
        if (b->status != WEIR_OK) {
            return;
        }
        skip_blanks(w);
        if (type == WEIR__NODE_MAPPING) {
            weir__build_place(b, walk_string(w, child->string));
            skip_blanks(w);
            w->at++; /* the colon */
        }
        walk_value(w, child);
        skip_blanks(w);
        w->at += child->next != NULL; /* the comma */
    }
    skip_blanks(w);
    w->at++;
    weir__build_end(b);
}

/* As deep as the builder lets values be. */
static void walk_value(struct walk *w, const cJSON *value)
{
    struct weir__builder *b = &w->reader->builder;

    skip_blanks(w);
    if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
        walk_children(w, value);
    } else if (cJSON_IsString(value)) {
        weir__build_place(b, walk_string(w, value->valuestring));
    } else if (cJSON_IsNumber(value)) {
        weir__build_place(b, walk_number(w));
    } else if (cJSON_IsNull(value)) {
        weir__build_place(b, walk_word(w, "null", WEIR__NODE_NULL));
    } else {
        weir__build_place(b, walk_word(w, cJSON_IsTrue(value) ? "true" : "false", WEIR__NODE_BOOL));
    }
}

void weir__json_fail(struct weir__reader *reader, size_t offset, size_t end)
{
    struct weir__message m;

    weir__message_clear(&m);
    if (offset >= end) {
        weir__message_add(&m, "the JSON ends before it is complete");
    } else {
        weir__message_add(&m, "this is not JSON from here on: ");
        weir__message_quote(&m, reader->source.text + offset, end - offset);
    }
    weir__reader_fail(reader, offset, m.text);
}

/* From where on a text is not complete: the start of a string without an end, or the last character
 * where brackets are left open. `end`: there is no such place. */
static size_t cut_off_from(const char *text, size_t start, size_t end)
{
    char open[CJSON_NESTING_LIMIT];
    size_t depth = 0, string = end;

    for (size_t i = start; i < end; i++) {
        if (string < end && text[i] == '\\') {
            i++;
        } else if (string < end) {
            string = text[i] == '"' ? end : string;
        } else if (text[i] == '"') {
            string = i;
        } else if (text[i] == '{' || text[i] == '[') {
            if (depth == sizeof open) {
                return end;
            }
            open[depth++] = text[i] == '{' ? '}' : ']';
        } else if ((text[i] == '}' || text[i] == ']') && (depth == 0 || open[--depth] != text[i])) {
            return end;
        }
    }
    return string < end || depth == 0 ? string : end - 1;
}

int weir__json_read(struct weir__reader *reader, const struct weir__chunk *chunk, size_t *offset)
{
    struct walk w = {reader, reader->source.text, chunk->content, chunk->end};
    size_t end = chunk->end;

    while (end > w.at && (unsigned char)w.text[end - 1] <= ' ') {
        end--;
    }
    while (w.at < end && !reader->problems->out_of_memory) {
        const char *stop = NULL;
        cJSON *value = cJSON_ParseWithLengthOpts(w.text + w.at, end - w.at, &stop, 0);

        if (value == NULL) {
            *offset = stop != NULL ? (size_t)(stop - w.text) : w.at;
            if (*offset >= cut_off_from(w.text, w.at, end)) {
                *offset = end;
            }
            if (w.at == chunk->content) {
                return 0;
            }
            weir__json_fail(reader, *offset, end);
            return 1;
        }
        if (weir__reader_begin(reader)) {
            walk_value(&w, value);
            weir__reader_end(reader);
        }
        cJSON_Delete(value);
        w.at = (size_t)(stop - w.text);
        skip_blanks(&w);
    }
    return 1;
}
