/*
 * An allocator for tests that counts what is in use and refuses its n-th request.
 */
#ifndef WEIR_TESTS_SUPPORT_SHORT_MEMORY_H
#define WEIR_TESTS_SUPPORT_SHORT_MEMORY_H

#include <stdlib.h>
#include <weir/base.h>

struct short_memory {
    size_t refuse; /* which request fails, from 1; 0: none */
    size_t asked, in_use, most;
};

static inline void *short_memory_take(void *user, size_t size)
{
    struct short_memory *memory = user;

    if (++memory->asked == memory->refuse) {
        return NULL;
    }
    memory->in_use += size;
    memory->most = memory->in_use > memory->most ? memory->in_use : memory->most;
    return malloc(size);
}

static inline void short_memory_give_back(void *user, void *block, size_t size)
{
    struct short_memory *memory = user;

    memory->in_use -= size;
    free(block);
}

static inline weir_allocator short_memory_allocator(struct short_memory *memory)
{
    weir_allocator allocator = {short_memory_take, short_memory_give_back, NULL};

    allocator.user = memory;
    return allocator;
}

#endif
