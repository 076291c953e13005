/*
 * manifest/source.h - the text of a file: its documents, its places, and whether it is text at all.
 */
#ifndef WEIR_LIB_MANIFEST_SOURCE_H
#define WEIR_LIB_MANIFEST_SOURCE_H

#include "problems.h"

/* A text, and how far its lines have been counted. */
struct weir__source {
    const char *text; /* with a NUL after its last byte */
    size_t length;
    size_t at;         /* bytes up to here are counted */
    size_t line_start; /* offset of the line that `at` is on */
    int32_t line;      /* its number, from 1 */
};

void weir__source_open(struct weir__source *source, const char *text, size_t length);

/* The place of an offset. Fast where offsets are asked for in about their order. */
struct weir__mark weir__source_mark(struct weir__source *source, size_t offset);

/* The offset of a line, from 0, and a column in characters, from 0; not behind `end`. */
size_t weir__source_offset(const struct weir__source *source, size_t start, size_t end, int line,
                           int column);

/* A document of a file, between lines of "---". */
struct weir__chunk {
    size_t start, end; /* with the "---" before it, if there is one */
    size_t content;    /* the first byte that is neither blank nor comment; `end`: there is none */
};

/* The document after another one; start with a zeroed one. 0: there is none. */
int weir__source_next(const struct weir__source *source, struct weir__chunk *chunk);

/* Finds the first byte of a chunk that no YAML or JSON may hold and says what is wrong with it.
 * 0: all is fine. */
int weir__source_check(const struct weir__source *source, const struct weir__chunk *chunk,
                       size_t *offset, struct weir__message *m);

#endif
