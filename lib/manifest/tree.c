/*
 * manifest/tree.c - arena and nodes; see tree.h.
 */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

struct arena_chunk {
    struct arena_chunk *next;
    size_t bytes, used; /* of the whole chunk, header included */
};

enum { CHUNK_BYTES = 16384 };

static void *take_from_malloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void give_to_free(void *user, void *ptr, size_t size)
{
    (void)user;
    (void)size;
    free(ptr);
}

void arena_open(struct arena *arena, const weir_allocator *allocator)
{
    static const weir_allocator standard = {take_from_malloc, give_to_free, NULL};

    memset(arena, 0, sizeof *arena);
    arena->allocator = allocator != NULL ? *allocator : standard;
}

void arena_close(struct arena *arena)
{
    while (arena->chunks != NULL) {
        struct arena_chunk *chunk = arena->chunks;

        arena->chunks = chunk->next;
        arena->allocator.free(arena->allocator.user, chunk, chunk->bytes);
    }
}

void *arena_take(struct arena *arena, size_t bytes)
{
    struct arena_chunk *chunk = arena->chunks;
    char *at;

    bytes = (bytes + 7) & ~(size_t)7;
    if (chunk == NULL || chunk->bytes - chunk->used < bytes) {
        size_t size = sizeof *chunk + (bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES);

        chunk = arena->failed ? NULL : arena->allocator.alloc(arena->allocator.user, size);
        if (chunk == NULL) {
            arena->failed = 1;
            return NULL;
        }
        chunk->next = arena->chunks;
        chunk->bytes = size;
        chunk->used = sizeof *chunk;
        arena->chunks = chunk;
    }
    at = (char *)chunk + chunk->used;
    chunk->used += bytes;
    return memset(at, 0, bytes);
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, length + 1);

    return copy != NULL ? memcpy(copy, text, length) : NULL;
}

const struct node *node_get(const struct node *map, const char *key)
{
    if (map == NULL || map->type != NODE_MAP) {
        return NULL;
    }
    for (const struct node *child = map->first; child != NULL; child = child->next) {
        if (strcmp(child->key, key) == 0) {
            return child;
        }
    }
    return NULL;
}

const char *node_type_name(const struct node *node)
{
    static const char *const names[] = {"nothing", "true or false", "a number", "a number",
                                        "text",    "a mapping",     "a list"};

    return node != NULL ? names[node->type] : names[NODE_NULL];
}
