/*
 * memory.c - memory that grows in chunks and is freed at once.
 */
#include "promql/common.h"

struct chunk {
    struct chunk *older;
    size_t bytes; /* of the whole block */
};

enum { CHUNK_MAX = 1 << 20 };

void weir__pq_arena_open(struct arena *arena, const weir_allocator *allocator, size_t first)
{
    arena->allocator = *allocator;
    arena->chunks = NULL;
    arena->at = arena->end = NULL;
    arena->next = first;
}

void weir__pq_arena_close(struct arena *arena)
{
    weir_allocator allocator = arena->allocator; /* the arena may lie in one of its chunks */
    struct chunk *chunk = arena->chunks;

    while (chunk != NULL) {
        struct chunk *older = chunk->older;

        allocator.free(allocator.user, chunk, chunk->bytes);
        chunk = older;
    }
}

void *weir__pq_arena_more(struct arena *arena, size_t bytes)
{
    size_t rounded = (bytes + 7) & ~(size_t)7, wanted = arena->next;
    struct chunk *chunk;

    if (rounded < bytes || rounded > SIZE_MAX - sizeof *chunk) {
        return NULL;
    }
    if (wanted < rounded + sizeof *chunk) {
        wanted = rounded + sizeof *chunk;
    }
    chunk = arena->allocator.alloc(arena->allocator.user, wanted);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->older = arena->chunks;
    chunk->bytes = wanted;
    arena->chunks = chunk;
    arena->at = (char *)(chunk + 1) + rounded;
    arena->end = (char *)chunk + wanted;
    if (arena->next < CHUNK_MAX) {
        arena->next *= 2;
    }
    return chunk + 1;
}

void *weir__pq_arena_zeroed(struct arena *arena, size_t count, size_t size)
{
    void *block = arena_array(arena, count, size);

    return block != NULL ? memset(block, 0, count * size) : NULL;
}

struct text weir__pq_arena_text(struct arena *arena, struct text text)
{
    char *copy = arena_take(arena, text.length > 0 ? text.length : 1);

    if (copy != NULL && text.length > 0) {
        memcpy(copy, text.at, text.length);
    }
    return (struct text){copy, text.length};
}

bool weir__pq_arena_grow(struct arena *arena, void **items, uint32_t used, uint32_t *room,
                         size_t size)
{
    uint32_t more;
    void *bigger;

    if (used < *room) {
        return true;
    }
    if (*room > UINT32_MAX / 2) {
        return false;
    }
    more = *room == 0 ? 4 : 2 * *room;
    bigger = arena_array(arena, more, size);
    if (bigger == NULL) {
        return false;
    }
    if (used > 0) {
        memcpy(bigger, *items, used * size);
    }
    *items = bigger;
    *room = more;
    return true;
}
