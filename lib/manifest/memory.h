/*
 * manifest/memory.h - the caller's allocator, and arenas that give all they took back at once.
 */
#ifndef WEIR_LIB_MANIFEST_MEMORY_H
#define WEIR_LIB_MANIFEST_MEMORY_H

#include <weir/base.h>

/* malloc and free as an allocator. */
extern const weir_allocator weir__system_allocator;

/* NULL when there is no memory left. */
void *weir__take(const weir_allocator *allocator, size_t size);
void weir__give_back(const weir_allocator *allocator, void *p, size_t size);

struct weir__block;

/* Memory that lives as long as the arena. */
struct weir__arena {
    const weir_allocator *allocator;
    struct weir__block *blocks; /* newest first */
    size_t left;                /* bytes of the newest one that are free */
};

void weir__arena_open(struct weir__arena *arena, const weir_allocator *allocator);
void weir__arena_close(struct weir__arena *arena);

/* Zeroed, aligned for everything; NULL when there is no memory left. */
void *weir__arena_take(struct weir__arena *arena, size_t size);

/* A copy with a NUL at its end; NULL when there is no memory left. */
char *weir__arena_text(struct weir__arena *arena, const char *text, size_t length);

#endif
