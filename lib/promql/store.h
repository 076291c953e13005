/*
 * store.h - series in memory: texts as numbers, label sets as pairs of them, samples in flat
 * arrays, and which series have which label.
 */
#ifndef WEIR_PROMQL_STORE_H
#define WEIR_PROMQL_STORE_H

#include "promql/common.h"

/* ---- symbols -------------------------------------------------------------------------------- */

/* Texts, numbered from 0 in the order they came; 0 is the empty text. */
struct symbols {
    struct arena *arena;
    struct text *texts;
    uint32_t *hashes;
    uint32_t count, room;
    uint32_t *slots;     /* number + 1 by hash, 0: free */
    uint32_t slot_count; /* a power of two */
};

#define SYMBOL_NONE UINT32_MAX

enum { SYMBOLS_MAX = INT32_MAX };

/* The metric's name, and the labels that go with it. */
enum { SYMBOL_EMPTY, SYMBOL_NAME, SYMBOL_TYPE, SYMBOL_UNIT, SYMBOL_LE };

uint32_t weir__pq_text_hash(struct text text);

/* The number of a text, SYMBOL_NONE when it is not there. */
uint32_t weir__pq_symbol_find(const struct symbols *symbols, struct text text, uint32_t hash);

/* The same, added if need be; WEIR_E_MEMORY, WEIR_E_LIMIT. Copies the text. */
weir_status weir__pq_symbol_add(struct symbols *symbols, struct text text, uint32_t *number);

/* ---- label sets ----------------------------------------------------------------------------- */

struct label_id {
    uint32_t name, value;
};

/* Labels sorted by the texts of their names, values not empty. */
struct label_set {
    uint64_t hash; /* a sum over the labels, so that labels can come and go */
    uint32_t count;
    uint32_t metric; /* value of __name__, SYMBOL_EMPTY: there is none */
    struct label_id labels[];
};

/* What a label adds to the hash of a set. */
static inline uint64_t label_hash(uint32_t name, uint32_t value)
{
    uint64_t z = ((uint64_t)name << 32 | value) + UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint32_t label_value(const struct label_set *set, uint32_t name)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->labels[i].name == name) {
            return set->labels[i].value;
        }
    }
    return SYMBOL_EMPTY;
}

/* ---- series --------------------------------------------------------------------------------- */

struct series {
    const struct label_set *labels;
    int64_t *times; /* ms, without those of staleness markers */
    double *values;
    int64_t *stale; /* times of the staleness markers */
    size_t count, room;
    size_t stale_count, stale_room;
};

/* A label that series have. */
struct posting {
    uint32_t name, value;
    uint32_t next; /* posting + 1 of the same name, 0: none */
    uint32_t count, room;
    uint32_t *series; /* rising */
};

struct weir_series_store {
    weir_allocator allocator;
    struct arena arena; /* symbols, label sets and tables */
    struct symbols symbols;
    struct series *series;
    uint32_t count, room;
    uint32_t *slots; /* series + 1 by hash */
    uint32_t slot_count;
    struct posting *postings;
    uint32_t posting_count, posting_room;
    uint32_t *posting_slots;
    uint32_t posting_slot_count;
    uint32_t *first_posting; /* posting + 1 by name */
    uint32_t first_room;
};

/* The posting of a label, NULL when no series has it. */
const struct posting *weir__pq_posting(const struct weir_series_store *store, uint32_t name,
                                       uint32_t value);

/* The first posting of a name, then the next ones; NULL at the end. */
const struct posting *weir__pq_first_posting(const struct weir_series_store *store, uint32_t name);
const struct posting *weir__pq_next_posting(const struct weir_series_store *store,
                                            const struct posting *posting);

#endif
