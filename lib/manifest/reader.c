/*
 * manifest/reader.c - a file's text to documents; see reader.h.
 *
 * Both front ends build the same tree, whose nodes know their line and column. libfyaml tells the
 * place of all it reads. cJSON does not, but it keeps the order of everything: so the JSON front
 * end lets it parse, then walks over the text again along the parsed values. JSON could be left to
 * libfyaml, as nearly all of it is YAML; it is not, because YAML would take unquoted keys,
 * comments and trailing commas in what is meant as JSON, and escapes of JSON that YAML has not.
 * What begins like JSON but is none is read as YAML, as kubectl does: "{a: 1}" is a document.
 */
#include "reader.h"

#include <string.h>

void weir__document_free(const weir_allocator *allocator, struct weir__document *document)
{
    if (document != NULL) {
        weir__arena_close(&document->arena);
        weir__give_back(allocator, document, sizeof *document);
    }
}

int weir__reader_begin(struct weir__reader *reader)
{
    struct weir__document *document = weir__take(reader->allocator, sizeof *document);

    if (document == NULL) {
        reader->problems->out_of_memory = 1;
        return 0;
    }
    memset(document, 0, sizeof *document);
    weir__arena_open(&document->arena, reader->allocator);
    document->file_name = reader->problems->file_name;
    document->file = reader->problems->file;
    document->number = ++reader->count;
    reader->document = document;
    reader->problems->document = document->number;
    reader->errors_before = reader->problems->errors;
    weir__builder_open(&reader->builder, &document->arena, reader->problems);
    return 1;
}

void weir__reader_end(struct weir__reader *reader)
{
    struct weir__document *document = reader->document;
    const struct weir__node *root = reader->builder.root;
    size_t errors = reader->problems->errors - reader->errors_before;

    if (document == NULL) {
        return;
    }
    document->root = reader->builder.root;
    document->errors = (int32_t)errors;
    weir__builder_close(&reader->builder);
    reader->document = NULL;
    if (reader->builder.status != WEIR_OK || root == NULL || root->type == WEIR__NODE_NULL) {
        weir__document_free(reader->allocator, document);
    } else {
        reader->deliver(reader->user, document);
    }
    reader->problems->document = 0;
}

void weir__reader_fail(struct weir__reader *reader, size_t offset, const char *message)
{
    if (reader->document != NULL || weir__reader_begin(reader)) {
        weir__builder_fail(&reader->builder, WEIR_E_PARSE,
                           weir__source_mark(&reader->source, offset), message);
        weir__reader_end(reader);
    }
}

static void read_chunk(struct weir__reader *reader, const struct weir__chunk *chunk)
{
    struct weir__message m;
    size_t bad, offset = 0;
    char first;

    if (weir__source_check(&reader->source, chunk, &bad, &m)) {
        weir__reader_fail(reader, bad, m.text);
        return;
    }
    if (chunk->content == chunk->end) {
        return;
    }
    first = reader->source.text[chunk->content];
    if ((first != '{' && first != '[') || !weir__json_read(reader, chunk, &offset)) {
        weir__yaml_read(reader, chunk, offset);
    }
}

void weir__read(struct weir__reader *reader, const char *text, size_t length)
{
    struct weir__chunk chunk = {0, 0, 0};
    size_t errors = reader->problems->errors;

    reader->count = 0;
    reader->document = NULL;
    reader->problems->document = 0;
    weir__source_open(&reader->source, text, length);
    while (!reader->problems->out_of_memory && weir__source_next(&reader->source, &chunk)) {
        read_chunk(reader, &chunk);
    }
    if (reader->count == 0 && errors == reader->problems->errors) {
        struct weir__mark mark = {1, 1};

        weir__problem(reader->problems, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, mark, NULL,
                      "the file is empty; a Kubernetes object was expected");
    }
}
