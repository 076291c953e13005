/*
 * gunzip.h - gzip data step by step: members in a row are one text, zeros behind the last one are
 * padding, and anything else behind it is an error.
 */
#ifndef WEIR_TOOLS_GUNZIP_H
#define WEIR_TOOLS_GUNZIP_H

#include <stddef.h>
#include <zlib.h>

struct gunzip {
    z_stream z;    /* the caller sets next_in, avail_in, next_out, avail_out */
    int is_behind; /* behind the end of a member: there need not be more */
    int is_padded; /* zeros followed the last member: nothing else may */
};

int gunzip_begins(const char *bytes, size_t length);

/* 0: there is no memory left. */
int gunzip_open(struct gunzip *g);

/* Goes on until the input is used up or the output is full; what is wrong, or NULL. */
const char *gunzip_step(struct gunzip *g);

/* What is wrong when there is no more input; NULL: nothing. */
const char *gunzip_finish(const struct gunzip *g);

void gunzip_close(struct gunzip *g);

#endif
