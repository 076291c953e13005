/*
 * bytes.h - files into memory, gzip unzipped.
 */
#ifndef WEIR_TOOLS_BYTES_H
#define WEIR_TOOLS_BYTES_H

#include <stddef.h>

/* A gzip file may grow a thousandfold; more than this is not read. */
#define BYTES_MOST ((size_t)1 << 30)

/* All bytes of a file with a NUL after them; NULL with errno. */
char *bytes_read(const char *path, size_t *length);

/* Unzipped bytes with a NUL after them, as far as they go: then the problem says what is wrong,
 * else it is NULL. NULL when there is no memory left. */
char *bytes_gunzip(const char *bytes, size_t length, size_t *out_length, const char **problem);

#endif
