/*
 * series_memory.c - the C library's memory as an allocator, for programs that link no more of series.c.
 */
#include "series.h"

#include <stdlib.h>

static void *take(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void give(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

const weir_allocator series_memory = {take, give, NULL};
