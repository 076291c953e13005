/*
 * manifest/convert.c - documents as JSON.
 *
 * Numbers keep the digits that they were written with, in the one way that JSON has for them.
 */
#include "memory.h"
#include "print.h"
#include "reader.h"

#include <string.h>
#include <weir/manifest.h>

struct conversion {
    struct weir__printing printing;
    weir_allocator allocator;
    int32_t documents;
};

/* "+.50", "1_000.", "1e5" as "0.50", "1000", "1e5"; 0 when it is written in another way yet. */
static int print_digits(struct weir__printing *p, const char *text, size_t length)
{
    size_t at = 0, digits = 0;
    int negative = text[0] == '-';

    if (strspn(text, "+-_.0123456789eE") != length) {
        return 0;
    }
    at += text[0] == '+' || negative;
    at += strspn(text + at, "0_");
    if (negative) {
        weir__print_char(p, '-');
    }
    for (; at < length && text[at] != '.' && text[at] != 'e' && text[at] != 'E'; at++) {
        if (text[at] != '_') {
            weir__print_char(p, text[at]);
            digits++;
        }
    }
    if (digits == 0) {
        weir__print_char(p, '0');
    }
    if (at < length && text[at] == '.') {
        at++;
        if (text[at] >= '0' && text[at] <= '9') {
            weir__print_char(p, '.');
        }
    }
    for (; at < length; at++) {
        if (text[at] != '_') {
            weir__print_char(p, text[at]);
        }
    }
    return 1;
}

static void print_number(struct weir__printing *p, const struct weir__node *node)
{
    struct weir__message m;

    if (node->type == WEIR__NODE_INT) {
        weir__print_int(p, node->integer);
    } else if (!print_digits(p, node->text, node->length)) {
        weir__message_clear(&m);
        weir__message_double(&m, node->number);
        weir__print_text(p, m.text);
    }
}

static void print_node(struct weir__printing *p, const struct weir__node *node)
{
    int mapping = node->type == WEIR__NODE_MAPPING;

    switch (node->type) {
    case WEIR__NODE_NULL: weir__print_text(p, "null"); break;
    case WEIR__NODE_BOOL: weir__print_text(p, node->integer ? "true" : "false"); break;
    case WEIR__NODE_INT:
    case WEIR__NODE_FLOAT: print_number(p, node); break;
    case WEIR__NODE_STRING: weir__print_quoted(p, node->text); break;
    default:
        weir__print_char(p, mapping ? '{' : '[');
        for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
            if (e != node->first) {
                weir__print_char(p, ',');
            }
            if (mapping) {
                weir__print_quoted(p, e->key);
                weir__print_char(p, ':');
            }
            print_node(p, e->value);
        }
        weir__print_char(p, mapping ? '}' : ']');
    }
}

static void take_document(void *user, struct weir__document *document)
{
    struct conversion *c = user;

    if (c->documents++ > 0) {
        weir__print_char(&c->printing, ',');
    }
    print_node(&c->printing, document->root);
    weir__document_free(&c->allocator, document);
}

static weir_status read_all(struct conversion *c, const char *text, size_t length,
                            struct weir__problems *problems)
{
    struct weir__reader reader;
    char *copy = weir__take(&c->allocator, length + 1); /* the reader looks for a NUL */

    if (copy == NULL) {
        return WEIR_E_MEMORY;
    }
    if (length > 0) {
        memcpy(copy, text, length);
    }
    copy[length] = '\0';
    memset(&reader, 0, sizeof reader);
    reader.allocator = &c->allocator;
    reader.problems = problems;
    reader.deliver = take_document;
    reader.user = c;
    weir__read(&reader, copy, length);
    weir__give_back(&c->allocator, copy, length + 1);
    return problems->out_of_memory ? WEIR_E_MEMORY : WEIR_OK;
}

/* The first error's status; WEIR_OK when there is none. */
static weir_status first_error(const struct weir__problems *problems, weir_error *err)
{
    for (size_t i = 0; i < problems->count; i++) {
        const weir_problem *problem = &problems->list[i].open;

        if (problem->severity == WEIR_PROBLEM_ERROR) {
            if (err != NULL) {
                *err = problem->error;
            }
            return problem->error.status;
        }
    }
    return WEIR_OK;
}

weir_status weir_manifest_to_json(const char *text, size_t length, char *json, size_t capacity,
                                  size_t *need, weir_error *err)
{
    struct conversion c;
    struct weir__problems problems;
    weir_status status;

    if ((text == NULL && length > 0) || (json == NULL && capacity > 0) ||
        length > WEIR_MANIFEST_BYTES_MAX) {
        return WEIR_E_ARG;
    }
    memset(&c, 0, sizeof c);
    c.allocator = weir__system_allocator;
    weir__problems_open(&problems, &c.allocator);
    weir__print_open(&c.printing, json, capacity);
    weir__print_char(&c.printing, '[');
    status = read_all(&c, text, length, &problems);
    weir__print_char(&c.printing, ']');
    if (status == WEIR_OK) {
        status = first_error(&problems, err);
    }
    weir__problems_close(&problems);
    if (status != WEIR_OK) {
        if (capacity > 0) {
            json[0] = '\0';
        }
        return status;
    }
    if (need != NULL) {
        *need = c.printing.length + 1;
    }
    return c.printing.length < capacity ? WEIR_OK : WEIR_E_SPACE;
}
