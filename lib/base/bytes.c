/*
 * base/bytes.c - the snapshot envelope of bytes.h, CRC-32 (IEEE 802.3) and FNV-1a.
 */
#include "base/bytes.h"
#include "base/num.h"
#include "base/text.h"

enum {
    FORMAT_MAJOR = 1,
    FORMAT_MINOR = 0,
    HEADER_BYTES = 24,
    RECORD_BYTES = 8,
    CRC_BYTES = 4,
    TYPE_I64 = 1,
    TYPE_F64 = 2
};

static const uint8_t magic[4] = {'W', 'E', 'I', 'R'};

static void store(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint64_t fetch(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = bytes; i-- > 0;) {
        value = value << 8 | at[i];
    }
    return value;
}

static void put(struct weir__writer *w, uint64_t value, size_t bytes)
{
    if (w->capacity >= bytes && w->length <= w->capacity - bytes) {
        store(w->buffer + w->length, value, bytes);
    }
    w->length += bytes;
}

/* Bit by bit: a snapshot is a few hundred to a few thousand bytes, and a table would be 1 KiB. */
static uint32_t crc32_of(const uint8_t *bytes, size_t count)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int32_t bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (UINT32_C(0xedb88320) & (0U - (crc & 1U)));
        }
    }
    return ~crc;
}

void weir__snapshot_open(struct weir__writer *w, uint8_t *buffer, size_t capacity, int32_t kind,
                         uint64_t config_digest)
{
    w->buffer = buffer;
    w->capacity = buffer != NULL ? capacity : 0;
    w->length = 0;
    for (size_t i = 0; i < sizeof magic; i++) {
        put(w, magic[i], 1);
    }
    put(w, FORMAT_MAJOR, 2);
    put(w, FORMAT_MINOR, 2);
    put(w, (uint32_t)kind, 4);
    put(w, 0, 4); /* the length of the records, known when it is closed */
    put(w, config_digest, 8);
}

static void put_record(struct weir__writer *w, uint16_t id, uint16_t type, size_t count)
{
    put(w, id, 2);
    put(w, type, 2);
    put(w, (uint32_t)count, 4);
}

void weir__snapshot_i64s_open(struct weir__writer *w, uint16_t id, size_t count)
{
    put_record(w, id, TYPE_I64, count);
}

void weir__snapshot_next_i64(struct weir__writer *w, int64_t value)
{
    put(w, (uint64_t)value, 8);
}

void weir__snapshot_i64s(struct weir__writer *w, uint16_t id, const int64_t *values, size_t count)
{
    weir__snapshot_i64s_open(w, id, count);
    for (size_t i = 0; i < count; i++) {
        weir__snapshot_next_i64(w, values[i]);
    }
}

void weir__snapshot_f64s(struct weir__writer *w, uint16_t id, const double *values, size_t count)
{
    put_record(w, id, TYPE_F64, count);
    for (size_t i = 0; i < count; i++) {
        put(w, weir__bits(values[i]), 8);
    }
}

void weir__snapshot_i64(struct weir__writer *w, uint16_t id, int64_t value)
{
    weir__snapshot_i64s(w, id, &value, 1);
}

void weir__snapshot_f64(struct weir__writer *w, uint16_t id, double value)
{
    weir__snapshot_f64s(w, id, &value, 1);
}

weir_status weir__snapshot_close(struct weir__writer *w, size_t *need)
{
    size_t total = w->length + CRC_BYTES;

    if (need != NULL) {
        *need = total;
    }
    if (w->capacity < total) {
        return WEIR_E_SPACE;
    }
    store(w->buffer + 12, w->length - HEADER_BYTES, 4);
    put(w, crc32_of(w->buffer, w->length), CRC_BYTES);
    return WEIR_OK;
}

/* Whether the records fill their place exactly. */
static int records_are_whole(const uint8_t *at, size_t length)
{
    while (length >= RECORD_BYTES) {
        uint64_t type = fetch(at + 2, 2);
        uint64_t bytes = fetch(at + 4, 4) * 8;

        if ((type != TYPE_I64 && type != TYPE_F64) || bytes > length - RECORD_BYTES) {
            return 0;
        }
        at += RECORD_BYTES + bytes;
        length -= RECORD_BYTES + (size_t)bytes;
    }
    return length == 0;
}

weir_status weir__snapshot_read(struct weir__reader *r, const uint8_t *buffer, size_t length,
                                int32_t kind, uint64_t config_digest, weir_error *err)
{
    size_t records;

    if (buffer == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "no snapshot was given");
    }
    if (length < HEADER_BYTES + CRC_BYTES || memcmp(buffer, magic, sizeof magic) != 0) {
        return weir__fail(err, WEIR_E_CORRUPT, "", "this is not a weir snapshot");
    }
    if (fetch(buffer + 4, 2) != FORMAT_MAJOR) {
        return weir__fail(err, WEIR_E_VERSION, "", "the snapshot is of another format version");
    }
    records = length - HEADER_BYTES - CRC_BYTES;
    if (fetch(buffer + 12, 4) != records ||
        fetch(buffer + length - CRC_BYTES, CRC_BYTES) != crc32_of(buffer, length - CRC_BYTES)) {
        return weir__fail(err, WEIR_E_CORRUPT, "", "the snapshot is cut short or damaged");
    }
    if (fetch(buffer + 8, 4) != (uint32_t)kind) {
        return weir__fail(err, WEIR_E_MISMATCH, "", "the snapshot is of another kind of state");
    }
    if (fetch(buffer + 16, 8) != config_digest) {
        return weir__fail(err, WEIR_E_MISMATCH, "", "the snapshot is of another configuration");
    }
    if (!records_are_whole(buffer + HEADER_BYTES, records)) {
        return weir__fail(err, WEIR_E_CORRUPT, "", "the snapshot's records do not fit together");
    }
    r->records = buffer + HEADER_BYTES;
    r->length = records;
    r->missing = 0;
    r->failed = 0;
    return WEIR_OK;
}

static void miss(struct weir__reader *r, uint16_t id)
{
    if (!r->failed) {
        r->failed = 1;
        r->missing = id;
    }
}

static const uint8_t *find(struct weir__reader *r, uint16_t id, uint16_t type, size_t count)
{
    const uint8_t *at = r->records;
    const uint8_t *end = at + r->length;

    while (at < end) {
        if (fetch(at, 2) == id && fetch(at + 2, 2) == type && fetch(at + 4, 4) == count) {
            return at + RECORD_BYTES;
        }
        at += RECORD_BYTES + fetch(at + 4, 4) * 8;
    }
    miss(r, id);
    return NULL;
}

const uint8_t *weir__record_i64s(struct weir__reader *r, uint16_t id, size_t count)
{
    return find(r, id, TYPE_I64, count);
}

const uint8_t *weir__record_f64s(struct weir__reader *r, uint16_t id, size_t count)
{
    return find(r, id, TYPE_F64, count);
}

int64_t weir__get_i64(const uint8_t *values, size_t index)
{
    return (int64_t)fetch(values + 8 * index, 8);
}

double weir__get_f64(const uint8_t *values, size_t index)
{
    return weir__from_bits(fetch(values + 8 * index, 8));
}

int64_t weir__record_i64(struct weir__reader *r, uint16_t id)
{
    const uint8_t *values = weir__record_i64s(r, id, 1);

    return values != NULL ? weir__get_i64(values, 0) : 0;
}

double weir__record_f64(struct weir__reader *r, uint16_t id)
{
    const uint8_t *values = weir__record_f64s(r, id, 1);

    return values != NULL ? weir__get_f64(values, 0) : 0.0;
}

int64_t weir__record_in(struct weir__reader *r, uint16_t id, int64_t min, int64_t max)
{
    int64_t value = weir__record_i64(r, id);

    if (value < min || value > max) {
        miss(r, id);
        return min;
    }
    return value;
}

weir_status weir__snapshot_check(const struct weir__reader *r, weir_error *err)
{
    if (!r->failed) {
        return WEIR_OK;
    }
    weir__fail(err, WEIR_E_CORRUPT, "", "");
    if (err != NULL) {
        struct weir__text text;

        weir__text_open(&text, err->message, sizeof err->message);
        weir__text_str(&text, "record ");
        weir__text_int(&text, r->missing);
        weir__text_str(&text, " of the snapshot is missing or out of range");
    }
    return WEIR_E_CORRUPT;
}

uint64_t weir__fnv_bytes(uint64_t hash, const void *bytes, size_t count)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

uint64_t weir__fnv_u64(uint64_t hash, uint64_t value)
{
    uint8_t bytes[8];

    store(bytes, value, sizeof bytes);
    return weir__fnv_bytes(hash, bytes, sizeof bytes);
}
