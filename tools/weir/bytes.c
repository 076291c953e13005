/*
 * bytes.c - files into memory, gzip unzipped; see bytes.h.
 */
#include "bytes.h"
#include "gunzip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP = 65536 };

/* Room for more bytes and a NUL; 0 when there is no memory left, or too much wanted. */
static int make_room(char **bytes, size_t *room, size_t want)
{
    size_t larger = *room > 0 ? *room : 65536;
    char *grown;

    if (want < *room) {
        return 1;
    }
    if (want >= BYTES_MOST) {
        return 0;
    }
    while (larger <= want) {
        larger *= 2;
    }
    grown = realloc(*bytes, larger);
    if (grown == NULL) {
        return 0;
    }
    *bytes = grown;
    *room = larger;
    return 1;
}

char *bytes_read(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    size_t room = 0, n = 1;

    *length = 0;
    if (file == NULL) {
        return NULL;
    }
    while (n > 0) {
        if (!make_room(&bytes, &room, *length + STEP)) {
            free(bytes);
            fclose(file);
            errno = ENOMEM;
            return NULL;
        }
        n = fread(bytes + *length, 1, STEP, file);
        *length += n;
    }
    if (ferror(file)) {
        free(bytes);
        bytes = NULL;
    } else {
        bytes[*length] = '\0';
    }
    fclose(file);
    return bytes;
}

/* What is wrong with gzip data; NULL: nothing. */
static const char *inflate_all(struct gunzip *g, char **out, size_t *room, size_t *length)
{
    const char *problem = NULL;

    while (problem == NULL) {
        if (!make_room(out, room, *length + STEP)) {
            return "it holds more than 1 GiB, or than there is memory for";
        }
        g->z.next_out = (unsigned char *)*out + *length;
        g->z.avail_out = STEP;
        problem = gunzip_step(g);
        *length = (size_t)((char *)g->z.next_out - *out);
        if (problem == NULL && g->z.avail_out > 0) {
            return gunzip_finish(g);
        }
    }
    return problem;
}

char *bytes_gunzip(const char *bytes, size_t length, size_t *out_length, const char **problem)
{
    struct gunzip g;
    char *out = NULL, *in = NULL;
    size_t room = 0;

    *out_length = 0;
    *problem = NULL;
    in = length < BYTES_MOST ? malloc(length + 1) : NULL; /* zlib's input is not const */
    if (in == NULL || !make_room(&out, &room, 0) || !gunzip_open(&g)) {
        free(in);
        free(out);
        return NULL;
    }
    memcpy(in, bytes, length);
    g.z.next_in = (unsigned char *)in;
    g.z.avail_in = (unsigned)length;
    *problem = inflate_all(&g, &out, &room, out_length);
    gunzip_close(&g);
    free(in);
    out[*out_length] = '\0';
    return out;
}
