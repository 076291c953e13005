/*
 * symbols.c - texts numbered in the order they come, found again by their hash.
 */
#include "promql/store.h"

uint32_t weir__pq_text_hash(struct text text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a, folded */

    for (uint32_t i = 0; i < text.length; i++) {
        hash = (hash ^ (unsigned char)text.at[i]) * UINT64_C(0x100000001b3);
    }
    return (uint32_t)(hash ^ hash >> 32);
}

uint32_t weir__pq_symbol_find(const struct symbols *symbols, struct text text, uint32_t hash)
{
    uint32_t slot = hash, number;

    if (symbols->slot_count == 0) {
        return SYMBOL_NONE;
    }
    for (;; slot++) {
        number = symbols->slots[slot & (symbols->slot_count - 1)];
        if (number == 0) {
            return SYMBOL_NONE;
        }
        number--;
        if (symbols->hashes[number] == hash && text_equal(symbols->texts[number], text)) {
            return number;
        }
    }
}

static void place(struct symbols *symbols, uint32_t number)
{
    uint32_t slot = symbols->hashes[number];

    while (symbols->slots[slot & (symbols->slot_count - 1)] != 0) {
        slot++;
    }
    symbols->slots[slot & (symbols->slot_count - 1)] = number + 1;
}

/* Room for one more, the table at most half full. */
static bool grow(struct symbols *symbols)
{
    uint32_t room = symbols->room;
    void *texts = symbols->texts, *hashes = symbols->hashes;

    if (!weir__pq_arena_grow(symbols->arena, &texts, symbols->count, &room, sizeof(struct text))) {
        return false;
    }
    if (room != symbols->room) {
        room = symbols->room;
        if (!weir__pq_arena_grow(symbols->arena, &hashes, symbols->count, &room,
                                 sizeof(uint32_t))) {
            return false;
        }
        symbols->texts = texts;
        symbols->hashes = hashes;
        symbols->room = room;
    }
    if (2 * (symbols->count + 1) > symbols->slot_count) {
        uint32_t slots = symbols->slot_count == 0 ? 16 : 2 * symbols->slot_count;
        uint32_t *table = weir__pq_arena_zeroed(symbols->arena, slots, sizeof *table);

        if (table == NULL) {
            return false;
        }
        symbols->slots = table;
        symbols->slot_count = slots;
        for (uint32_t i = 0; i < symbols->count; i++) {
            place(symbols, i);
        }
    }
    return true;
}

weir_status weir__pq_symbol_add(struct symbols *symbols, struct text text, uint32_t *number)
{
    uint32_t hash = weir__pq_text_hash(text), found = weir__pq_symbol_find(symbols, text, hash);
    struct text copy;

    if (found != SYMBOL_NONE) {
        *number = found;
        return WEIR_OK;
    }
    if (symbols->count >= SYMBOLS_MAX / 2) {
        return WEIR_E_LIMIT;
    }
    copy = weir__pq_arena_text(symbols->arena, text);
    if (copy.at == NULL || !grow(symbols)) {
        return WEIR_E_MEMORY;
    }
    symbols->texts[symbols->count] = copy;
    symbols->hashes[symbols->count] = hash;
    place(symbols, symbols->count);
    *number = symbols->count++;
    return WEIR_OK;
}
