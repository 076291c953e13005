/*
 * base/bytes.h - snapshots: a little-endian envelope of typed records, the same on every machine.
 *
 *   offset  size
 *        0     4  "WEIR"
 *        4     2  format major: another one is not read
 *        6     2  format minor: a newer one may hold records that this library passes over
 *        8     4  WEIR_KIND_* of the state
 *       12     4  bytes of the records
 *       16     8  digest of the configuration
 *       24     n  records: u16 id, u16 type (1: int64, 2: double), u32 count, count * 8 bytes
 *     24+n     4  CRC-32 of all that comes before
 *
 * A state is written field by field, never as an image, so snapshots survive changes of layout.
 */
#ifndef WEIR_LIB_BASE_BYTES_H
#define WEIR_LIB_BASE_BYTES_H

#include "base/internal.h"

/* Writes what fits and counts the rest, so that one pass serves sizing and writing. */
struct weir__writer {
    uint8_t *buffer;
    size_t capacity;
    size_t length;
};

void weir__snapshot_open(struct weir__writer *w, uint8_t *buffer, size_t capacity, int32_t kind,
                         uint64_t config_digest);
void weir__snapshot_i64(struct weir__writer *w, uint16_t id, int64_t value);
void weir__snapshot_f64(struct weir__writer *w, uint16_t id, double value);
void weir__snapshot_i64s(struct weir__writer *w, uint16_t id, const int64_t *values, size_t count);
void weir__snapshot_f64s(struct weir__writer *w, uint16_t id, const double *values, size_t count);

/* An array whose values are then given one by one, exactly count of them. */
void weir__snapshot_i64s_open(struct weir__writer *w, uint16_t id, size_t count);
void weir__snapshot_next_i64(struct weir__writer *w, int64_t value);

/* Completes the envelope. WEIR_OK, or WEIR_E_SPACE; need, if not NULL, gets the size. */
weir_status weir__snapshot_close(struct weir__writer *w, size_t *need);

/* The records of a snapshot whose envelope was found whole. A missing record makes it corrupt:
 * the getters then return 0 for a value and remember it, so that one check at the end is enough. */
struct weir__reader {
    const uint8_t *records;
    size_t length;
    uint16_t missing; /* id of the first record that was not there as asked for */
    uint16_t failed;  /* 1 when there is one */
};

weir_status weir__snapshot_read(struct weir__reader *r, const uint8_t *buffer, size_t length,
                                int32_t kind, uint64_t config_digest, weir_error *err);
int64_t weir__record_i64(struct weir__reader *r, uint16_t id);
double weir__record_f64(struct weir__reader *r, uint16_t id);
/* An array of exactly count values; NULL when it is not there. Read it with weir__get_*. */
const uint8_t *weir__record_i64s(struct weir__reader *r, uint16_t id, size_t count);
const uint8_t *weir__record_f64s(struct weir__reader *r, uint16_t id, size_t count);
int64_t weir__get_i64(const uint8_t *values, size_t index);
double weir__get_f64(const uint8_t *values, size_t index);
/* An int64 record that must be in [min, max]; otherwise the snapshot is corrupt. */
int64_t weir__record_in(struct weir__reader *r, uint16_t id, int64_t min, int64_t max);

/* WEIR_OK, or WEIR_E_CORRUPT naming the record that was missing or wrong. */
weir_status weir__snapshot_check(const struct weir__reader *r, weir_error *err);

/* FNV-1a, continued from `hash`; start from WEIR__FNV_START. */
#define WEIR__FNV_START UINT64_C(0xcbf29ce484222325)
uint64_t weir__fnv_bytes(uint64_t hash, const void *bytes, size_t count);
uint64_t weir__fnv_u64(uint64_t hash, uint64_t value); /* as eight little-endian bytes */

#endif
