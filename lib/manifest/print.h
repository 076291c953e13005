/*
 * manifest/print.h - JSON into a buffer that may be too small: all is counted, what fits is kept.
 */
#ifndef WEIR_LIB_MANIFEST_PRINT_H
#define WEIR_LIB_MANIFEST_PRINT_H

#include <stddef.h>
#include <stdint.h>

/* The text, if it has room for a byte, is always NUL-terminated. */
struct weir__printing {
    char *text;
    size_t capacity, length;
};

void weir__print_open(struct weir__printing *p, char *text, size_t capacity);
void weir__print_char(struct weir__printing *p, char c);
void weir__print_text(struct weir__printing *p, const char *text);
void weir__print_int(struct weir__printing *p, int64_t value);

/* A text as a string of JSON, which is one of YAML as well; NULL is empty. */
void weir__print_quoted(struct weir__printing *p, const char *text);

#endif
