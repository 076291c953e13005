/*
 * manifest/memory.c - the caller's allocator, and arenas; see memory.h.
 */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* Blocks double from the first size to the last: small documents are cheap, large ones are few
 * calls. */
enum { BLOCK_FIRST = 2048, BLOCK_LAST = 256 * 1024, ALIGNMENT = 16 };

struct weir__block {
    struct weir__block *older;
    size_t size; /* of the whole block */
};

/* Room for the header that keeps what follows it aligned. */
enum { HEADER = (sizeof(struct weir__block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT };

static void *system_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void system_free(void *user, void *p, size_t size)
{
    (void)user;
    (void)size;
    free(p);
}

const weir_allocator weir__system_allocator = {system_alloc, system_free, NULL};

void *weir__take(const weir_allocator *allocator, size_t size)
{
    return allocator->alloc(allocator->user, size);
}

void weir__give_back(const weir_allocator *allocator, void *p, size_t size)
{
    if (p != NULL) {
        allocator->free(allocator->user, p, size);
    }
}

void weir__arena_open(struct weir__arena *arena, const weir_allocator *allocator)
{
    memset(arena, 0, sizeof *arena);
    arena->allocator = allocator;
}

void weir__arena_close(struct weir__arena *arena)
{
    while (arena->blocks != NULL) {
        struct weir__block *block = arena->blocks;

        arena->blocks = block->older;
        weir__give_back(arena->allocator, block, block->size);
    }
    arena->left = 0;
}

static int add_block(struct weir__arena *arena, size_t needed)
{
    size_t size = arena->blocks != NULL ? arena->blocks->size * 2 : BLOCK_FIRST;
    struct weir__block *block;

    size = size < BLOCK_LAST ? size : BLOCK_LAST;
    if (needed > SIZE_MAX - HEADER) {
        return 0;
    }
    size = size < needed + HEADER ? needed + HEADER : size;
    block = weir__take(arena->allocator, size);
    if (block == NULL) {
        return 0;
    }
    block->older = arena->blocks;
    block->size = size;
    arena->blocks = block;
    arena->left = size - HEADER;
    return 1;
}

void *weir__arena_take(struct weir__arena *arena, size_t size)
{
    unsigned char *p;

    if (size > SIZE_MAX - ALIGNMENT) {
        return NULL;
    }
    size = size > 0 ? (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
    if (size > arena->left && !add_block(arena, size)) {
        return NULL;
    }
    p = (unsigned char *)arena->blocks + arena->blocks->size - arena->left;
    arena->left -= size;
    memset(p, 0, size);
    return p;
}

char *weir__arena_text(struct weir__arena *arena, const char *text, size_t length)
{
    char *copy = weir__arena_take(arena, length + 1);

    if (copy != NULL && length > 0) {
        memcpy(copy, text, length);
    }
    return copy;
}
