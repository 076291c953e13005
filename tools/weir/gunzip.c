/*
 * gunzip.c - gzip data step by step; see gunzip.h.
 */
#include "gunzip.h"

#include <string.h>

enum { ID1 = 0x1f, ID2 = 0x8b, GZIP_WRAPPER = 16 };

int gunzip_begins(const char *bytes, size_t length)
{
    return length >= 2 && (unsigned char)bytes[0] == ID1 && (unsigned char)bytes[1] == ID2;
}

int gunzip_open(struct gunzip *g)
{
    memset(g, 0, sizeof *g);
    return inflateInit2(&g->z, MAX_WBITS + GZIP_WRAPPER) == Z_OK;
}

/* Between two members, or behind the last. */
static const char *step_over(struct gunzip *g)
{
    while (g->z.avail_in > 0 && *g->z.next_in == 0) {
        g->is_padded = 1;
        g->z.next_in++;
        g->z.avail_in--;
    }
    if (g->z.avail_in == 0) {
        return NULL;
    }
    if (g->is_padded || *g->z.next_in != ID1) {
        return "behind the end of the gzip data there is something that is no gzip data";
    }
    g->is_behind = 0;
    inflateReset(&g->z);
    return NULL;
}

const char *gunzip_step(struct gunzip *g)
{
    const char *problem = NULL;

    while (problem == NULL && g->z.avail_in > 0 && g->z.avail_out > 0) {
        int code = Z_OK;

        if (g->is_behind) {
            problem = step_over(g);
            continue;
        }
        code = inflate(&g->z, Z_NO_FLUSH);
        if (code == Z_STREAM_END) {
            g->is_behind = 1;
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            problem = "the gzip file is damaged: its data are not what gzip writes";
        }
    }
    return problem;
}

const char *gunzip_finish(const struct gunzip *g)
{
    return g->is_behind ? NULL : "the gzip file is cut short: its end is missing";
}

void gunzip_close(struct gunzip *g)
{
    inflateEnd(&g->z);
}
