/*
 * bytes.c - files into memory, gzip unzipped; see bytes.h.
 */
#include "bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

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
        if (!make_room(&bytes, &room, *length + 65536)) {
            free(bytes);
            fclose(file);
            errno = ENOMEM;
            return NULL;
        }
        n = fread(bytes + *length, 1, 65536, file);
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

int bytes_are_gzip(const char *bytes, size_t length)
{
    return length >= 2 && (unsigned char)bytes[0] == 0x1f && (unsigned char)bytes[1] == 0x8b;
}

/* What is wrong with gzip data; NULL: nothing. */
static const char *inflate_all(z_stream *z, char **out, size_t *room, size_t *length)
{
    int code = Z_OK;

    for (;;) {
        size_t before = *length;

        if (!make_room(out, room, *length + 65536)) {
            return "it holds more than 1 GiB, or than there is memory for";
        }
        z->next_out = (unsigned char *)*out + *length;
        z->avail_out = (unsigned)(65536);
        code = inflate(z, Z_NO_FLUSH);
        *length = (size_t)((char *)z->next_out - *out);
        if (code == Z_STREAM_END) { /* another one may follow */
            if (z->avail_in < 2 || !bytes_are_gzip((const char *)z->next_in, z->avail_in)) {
                return NULL;
            }
            inflateReset(z);
        } else if (code == Z_BUF_ERROR || (code == Z_OK && z->avail_in == 0 && *length == before)) {
            return "the gzip file is cut short: its end is missing";
        } else if (code != Z_OK) {
            return "the gzip file is damaged: its data are not what gzip writes";
        }
    }
}

char *bytes_gunzip(const char *bytes, size_t length, size_t *out_length, const char **problem)
{
    z_stream z;
    char *out = NULL, *in = NULL;
    size_t room = 0;

    *out_length = 0;
    *problem = NULL;
    memset(&z, 0, sizeof z);
    in = length < BYTES_MOST ? malloc(length + 1) : NULL; /* zlib's input is not const */
    if (in == NULL || !make_room(&out, &room, 0) || inflateInit2(&z, 15 + 16) != Z_OK) {
        free(in);
        free(out);
        return NULL;
    }
    memcpy(in, bytes, length);
    z.next_in = (unsigned char *)in;
    z.avail_in = (unsigned)length;
    *problem = inflate_all(&z, &out, &room, out_length);
    inflateEnd(&z);
    free(in);
    out[*out_length] = '\0';
    return out;
}
