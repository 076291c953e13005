/*
 * manifest/reader.h - a file's text to documents, whichever way they are written.
 */
#ifndef WEIR_LIB_MANIFEST_READER_H
#define WEIR_LIB_MANIFEST_READER_H

#include "source.h"
#include "tree.h"

/* One document that was read. It owns its tree. */
struct weir__document {
    struct weir__document *next;
    struct weir__arena arena;
    struct weir__node *root;
    const char *file_name;
    int32_t file, number; /* of its file, from 0, and in its file, from 1 */
    int32_t errors;       /* problems of its text that did not keep it from being read */
};

void weir__document_free(const weir_allocator *allocator, struct weir__document *document);

/* Reading one file, which the problems name. */
struct weir__reader {
    const weir_allocator *allocator;
    struct weir__problems *problems;
    struct weir__source source;
    int32_t count; /* documents so far, those that could not be read included */

    /* Takes a document over. */
    void (*deliver)(void *user, struct weir__document *document);
    void *user;

    struct weir__document *document; /* the one that is being read, if any */
    size_t errors_before;            /* errors when it began */
    struct weir__builder builder;    /* of it */
};

/* Reads all documents of a text, which has a NUL after its last byte. */
void weir__read(struct weir__reader *reader, const char *text, size_t length);

/* For the two below: begins a document; 0: there is no memory left. Then ends it, delivering it
 * unless it could not be built, or holds nothing. */
int weir__reader_begin(struct weir__reader *reader);
void weir__reader_end(struct weir__reader *reader);

/* Ends the document, or one that did not begin, with an error. */
void weir__reader_fail(struct weir__reader *reader, size_t offset, const char *message);

/* Reads a chunk as JSON: one value after another. Returns 0 and the offset where it is no JSON when
 * the very first value is none; anything after that is an error. */
int weir__json_read(struct weir__reader *reader, const struct weir__chunk *chunk, size_t *offset);

/* Ends the document with the error that what is at an offset is no JSON; `end`: of the text. */
void weir__json_fail(struct weir__reader *reader, size_t offset, size_t end);

/* Reads a chunk as YAML. When it is none either, and was JSON up to a later place, the error is
 * that of JSON: `json_offset`, 0 where JSON was not tried. */
void weir__yaml_read(struct weir__reader *reader, const struct weir__chunk *chunk,
                     size_t json_offset);

#endif
