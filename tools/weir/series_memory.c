/*
 * series_memory.c - memory of the C library for series, where no more of series.c is linked.
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
