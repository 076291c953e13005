/*
 * The source of weir 0.1.0, an embeddable autoscaling policy library, in one file.
 * Made by tools/amalgamate.py out of include/ and lib/: change these instead.
 * SPDX-License-Identifier: Apache-2.0
 */

#include "weir.h"

/* ---- lib/base/bytes.c ---- */

/*
 * base/bytes.c - the snapshot envelope of bytes.h, CRC-32 (IEEE 802.3) and FNV-1a.
 */

/* ---- lib/base/bytes.h ---- */

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


/* ---- lib/base/internal.h ---- */

/*
 * base/internal.h - what every file of the core may assume: doubles, block headers, saturating
 * time arithmetic.
 */
#ifndef WEIR_LIB_BASE_INTERNAL_H
#define WEIR_LIB_BASE_INTERNAL_H


/* ---- lib/base/double.h ---- */

/*
 * base/double.h - doubles as every file computes with them: IEEE, evaluated as written.
 */
#ifndef WEIR_LIB_BASE_DOUBLE_H
#define WEIR_LIB_BASE_DOUBLE_H

#include <float.h>

#if defined(__FAST_MATH__)
#error "weir's decisions are exact; do not build it with -ffast-math"
#endif
#if FLT_EVAL_METHOD != 0 || FLT_RADIX != 2 || DBL_MANT_DIG != 53
#error "weir needs IEEE-754 doubles without excess precision (on 32-bit x86: -msse2 -mfpmath=sse)"
#endif
/* For those who compile the sources with flags of their own. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#endif

#define WEIR__MAGIC UINT32_C(0x72696577) /* "weir" read as little-endian */

/* The first bytes of every state block: a wrong pointer from a binding is an error, not a crash. */
struct weir__block {
    uint32_t magic;
    int32_t kind;
    uint64_t bytes;
};

static inline void weir__block_set(struct weir__block *block, int32_t kind, size_t bytes)
{
    block->magic = WEIR__MAGIC;
    block->kind = kind;
    block->bytes = bytes;
}

/* Whether a pointer is that of an 8-byte aligned block of this kind. */
static inline int weir__block_is(const void *block, int32_t kind)
{
    const struct weir__block *b = block;

    return b != NULL && (uintptr_t)block % 8 == 0 && b->magic == WEIR__MAGIC && b->kind == kind;
}

static inline int weir__aligned(const void *p)
{
    return p != NULL && (uintptr_t)p % 8 == 0;
}

static inline size_t weir__round_up8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

/* a + b and a - b, held at the ends of the range, as Go's time.Time.Sub. */
static inline int64_t weir__add(int64_t a, int64_t b)
{
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) {
        return b > 0 ? INT64_MAX : INT64_MIN;
    }
    return a + b;
}

static inline int64_t weir__sub(int64_t a, int64_t b)
{
    if (b < 0 ? a > INT64_MAX + b : a < INT64_MIN + b) {
        return b < 0 ? INT64_MAX : INT64_MIN;
    }
    return a - b;
}

/* t - d and t + d for a length of time d >= 0. */
static inline weir_time weir__before(weir_time t, weir_duration d)
{
    return t < INT64_MIN + d ? INT64_MIN : t - d;
}

static inline weir_time weir__after(weir_time t, weir_duration d)
{
    return t > INT64_MAX - d ? INT64_MAX : t + d;
}

/* Division that rounds down, and its remainder in [0, b); b > 0. */
static inline int64_t weir__floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;

    return a % b < 0 ? q - 1 : q;
}

static inline int64_t weir__floor_mod(int64_t a, int64_t b)
{
    int64_t r = a % b;

    return r < 0 ? r + b : r;
}

/* Fills an error, if there is one to fill, and gives its status back. */
static weir_status weir__fail(weir_error *err, weir_status status, const char *path, const char *message);

/* Puts "name[index]." before the path of an error, if there is one; below 0 there is no index. */
static void weir__fail_within(weir_error *err, const char *name, int64_t index);

/* Gives a caller the size of a block. */
static weir_status weir__give_bytes(size_t *bytes, size_t need, weir_error *err);

/* Checks a caller's block: that it is there, aligned, and of the size that was asked for. */
static weir_status weir__block_fits(const void *block, size_t bytes, size_t need, weir_error *err);

#endif

/* Writes what fits and counts the rest, so that one pass serves sizing and writing. */
struct weir__writer {
    uint8_t *buffer;
    size_t capacity;
    size_t length;
};

static void weir__snapshot_open(struct weir__writer *w, uint8_t *buffer, size_t capacity, int32_t kind,
                         uint64_t config_digest);
static void weir__snapshot_i64(struct weir__writer *w, uint16_t id, int64_t value);
static void weir__snapshot_f64(struct weir__writer *w, uint16_t id, double value);
static void weir__snapshot_i64s(struct weir__writer *w, uint16_t id, const int64_t *values, size_t count);
static void weir__snapshot_f64s(struct weir__writer *w, uint16_t id, const double *values, size_t count);

/* An array whose values are then given one by one, exactly count of them. */
static void weir__snapshot_i64s_open(struct weir__writer *w, uint16_t id, size_t count);
static void weir__snapshot_next_i64(struct weir__writer *w, int64_t value);

/* Completes the envelope. WEIR_OK, or WEIR_E_SPACE; need, if not NULL, gets the size. */
static weir_status weir__snapshot_close(struct weir__writer *w, size_t *need);

/* The records of a snapshot whose envelope was found whole. A missing record makes it corrupt:
 * the getters then return 0 for a value and remember it, so that one check at the end is enough. */
struct weir__reader {
    const uint8_t *records;
    size_t length;
    uint16_t missing; /* id of the first record that was not there as asked for */
    uint16_t failed;  /* 1 when there is one */
};

static weir_status weir__snapshot_read(struct weir__reader *r, const uint8_t *buffer, size_t length,
                                int32_t kind, uint64_t config_digest, weir_error *err);
static int64_t weir__record_i64(struct weir__reader *r, uint16_t id);
static double weir__record_f64(struct weir__reader *r, uint16_t id);
/* An array of exactly count values; NULL when it is not there. Read it with weir__get_*. */
static const uint8_t *weir__record_i64s(struct weir__reader *r, uint16_t id, size_t count);
static const uint8_t *weir__record_f64s(struct weir__reader *r, uint16_t id, size_t count);
static int64_t weir__get_i64(const uint8_t *values, size_t index);
static double weir__get_f64(const uint8_t *values, size_t index);
/* An int64 record that must be in [min, max]; otherwise the snapshot is corrupt. */
static int64_t weir__record_in(struct weir__reader *r, uint16_t id, int64_t min, int64_t max);

/* WEIR_OK, or WEIR_E_CORRUPT naming the record that was missing or wrong. */
static weir_status weir__snapshot_check(const struct weir__reader *r, weir_error *err);

/* FNV-1a, continued from `hash`; start from WEIR__FNV_START. */
#define WEIR__FNV_START UINT64_C(0xcbf29ce484222325)
static uint64_t weir__fnv_bytes(uint64_t hash, const void *bytes, size_t count);
static uint64_t weir__fnv_u64(uint64_t hash, uint64_t value); /* as eight little-endian bytes */

#endif

/* ---- lib/base/num.h ---- */

/*
 * base/num.h - the few mathematical functions that decisions need, exact and the same everywhere.
 *
 * Inline and without libm: floor, ceil, trunc and round are exact by construction; max and min are
 * Go's, which unlike C's let NaN through and order the zeros; powi is Go's math.Pow for a positive
 * integer exponent, multiplication by multiplication.
 */
#ifndef WEIR_LIB_BASE_NUM_H
#define WEIR_LIB_BASE_NUM_H

#include <string.h>

static inline uint64_t weir__bits(double x)
{
    uint64_t u;

    memcpy(&u, &x, sizeof u);
    return u;
}

static inline double weir__from_bits(uint64_t u)
{
    double x;

    memcpy(&x, &u, sizeof x);
    return x;
}

static inline int weir__is_nan(double x)
{
    return x != x;
}

static inline int weir__is_finite(double x)
{
    return (weir__bits(x) >> 52 & 0x7ff) != 0x7ff;
}

static inline double weir__abs(double x)
{
    return weir__from_bits(weir__bits(x) & ~(UINT64_C(1) << 63));
}

static inline double weir__copysign(double x, double sign)
{
    uint64_t top = UINT64_C(1) << 63;

    return weir__from_bits((weir__bits(x) & ~top) | (weir__bits(sign) & top));
}

/* Every double of 2^52 and more is whole already, and so are NaN and the infinities kept. */
static inline int weir__has_fraction_bits(double x)
{
    return weir__abs(x) < 4503599627370496.0;
}

static inline double weir__trunc(double x)
{
    return weir__has_fraction_bits(x) ? weir__copysign((double)(int64_t)x, x) : x;
}

static inline double weir__floor(double x)
{
    double t;

    if (!weir__has_fraction_bits(x)) {
        return x;
    }
    t = (double)(int64_t)x;
    return weir__copysign(t > x ? t - 1.0 : t, x);
}

static inline double weir__ceil(double x)
{
    double t;

    if (!weir__has_fraction_bits(x)) {
        return x;
    }
    t = (double)(int64_t)x;
    return weir__copysign(t < x ? t + 1.0 : t, x);
}

/* The same where the sign of a zero does not count, as before an integer is made of it. */
static inline double weir__ceil_unsigned_zero(double x)
{
    double t;

    if (!weir__has_fraction_bits(x)) {
        return x;
    }
    t = (double)(int64_t)x;
    return t < x ? t + 1.0 : t;
}

/* Half away from zero; the sign of a zero is kept. */
static inline double weir__round(double x)
{
    double a = weir__abs(x), t;

    if (!weir__has_fraction_bits(x)) {
        return x;
    }
    t = (double)(int64_t)a;
    return weir__copysign(a - t >= 0.5 ? t + 1.0 : t, x);
}

#define WEIR__INF (weir__from_bits(UINT64_C(0x7ff0000000000000)))

/* Go's math.Max: +Inf beats NaN, which beats all else; +0 beats -0. */
static inline double weir__max(double a, double b)
{
    if (a > b) {
        return a;
    }
    if (a < b) {
        return b;
    }
    if (a == b) {
        return weir__bits(a) >> 63 != 0 ? b : a;
    }
    return a == WEIR__INF || b == WEIR__INF ? WEIR__INF : a + b;
}

/* Go's math.Min: -Inf beats NaN, which beats all else; -0 beats +0. */
static inline double weir__min(double a, double b)
{
    if (a < b) {
        return a;
    }
    if (a > b) {
        return b;
    }
    if (a == b) {
        return weir__bits(a) >> 63 != 0 ? a : b;
    }
    return a == -WEIR__INF || b == -WEIR__INF ? -WEIR__INF : a + b;
}

/* Go's math.Pow(x, n) for 0 < x <= 1 and n >= 0. */
static double weir__powi(double x, int64_t n);

/* Go's Duration.Seconds: whole and fractional seconds are converted apart and added. */
static inline double weir__seconds(weir_duration d)
{
    int64_t whole = d / WEIR_SECOND, rest = d % WEIR_SECOND;

    return (double)whole + (double)rest / 1e9;
}

/* Go's Duration.Round(second) for d >= 0: half away from zero. */
static inline weir_duration weir__round_to_second(weir_duration d)
{
    weir_duration r = d % WEIR_SECOND;

    return r + r < WEIR_SECOND ? d - r : weir__add(d, WEIR_SECOND - r);
}

/* weir_f64_to_i32() for the hot paths of the core. */
static inline int32_t weir__to_i32(double x, int32_t conversion)
{
    if (x > -2147483649.0 && x < 2147483648.0) {
        return (int32_t)x;
    }
    return conversion == WEIR_CONVERT_AMD64 || weir__is_nan(x) || x < 0.0 ? INT32_MIN : INT32_MAX;
}

/* To int64 as weir_f64_to_i32() does it to int32. */
static inline int64_t weir__convert_i64(double x, int32_t conversion)
{
    if (x >= -9223372036854775808.0 && x < 9223372036854775808.0) {
        return (int64_t)x;
    }
    return conversion == WEIR_CONVERT_AMD64 || !(x > 0.0) ? INT64_MIN : INT64_MAX;
}

/* To int64, truncating toward zero; NaN and what is out of range become INT64_MIN (Go on amd64). */
static inline int64_t weir__f64_to_i64(double x)
{
    return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? (int64_t)x : INT64_MIN;
}

#endif

/* ---- lib/base/text.h ---- */

/*
 * base/text.h - text into a caller's buffer without stdio and without a locale.
 *
 * A writer never overruns: it cuts, stays NUL-terminated, and counts what it would have written.
 */
#ifndef WEIR_LIB_BASE_TEXT_H
#define WEIR_LIB_BASE_TEXT_H


/* The core has no string functions of the C library. The bound keeps compilers from putting them
 * back. */
static inline size_t weir__length(const char *text)
{
    size_t n = 0;

    while (n < 65536 && text[n] != '\0') {
        n++;
    }
    return n;
}

/* The same of a text in a field that it may fill without an end. */
static inline size_t weir__length_within(const char *text, size_t most)
{
    size_t n = 0;

    while (n < most && text[n] != '\0') {
        n++;
    }
    return n;
}

static inline int weir__same_bytes(const char *a, const char *b, size_t count)
{
    size_t i = 0;

    while (i < count && a[i] == b[i]) {
        i++;
    }
    return i == count;
}

static inline int weir__same_text(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

struct weir__text {
    char *buffer;
    size_t capacity; /* bytes in buffer, the NUL included */
    size_t length;   /* bytes written or wished for, the NUL not included */
};

static void weir__text_open(struct weir__text *text, char *buffer, size_t capacity);
static void weir__text_char(struct weir__text *text, char c);
static void weir__text_str(struct weir__text *text, const char *s);
static void weir__text_int(struct weir__text *text, int64_t value);

/* At most six decimals, no trailing zeros; very large and very small values with an exponent. */
static void weir__text_double(struct weir__text *text, double value);

/* As Go prints a time.Duration: "1m30s", "1.5s", "250ms". */
static void weir__text_duration(struct weir__text *text, weir_duration value);

/* WEIR_OK, or WEIR_E_SPACE when the text was cut; need, if not NULL, gets the bytes wanted. */
static weir_status weir__text_close(const struct weir__text *text, size_t *need);

#endif

enum {
    FORMAT_MAJOR = 1,
    FORMAT_MINOR = 0,
    HEADER_BYTES = 24,
    RECORD_BYTES = 8,
    CRC_BYTES = 4,
    TYPE_I64 = 1,
    TYPE_F64 = 2
};

static const uint8_t bytes_magic[4] = {'W', 'E', 'I', 'R'};

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

static void weir__snapshot_open(struct weir__writer *w, uint8_t *buffer, size_t capacity, int32_t kind,
                         uint64_t config_digest)
{
    w->buffer = buffer;
    w->capacity = buffer != NULL ? capacity : 0;
    w->length = 0;
    for (size_t i = 0; i < sizeof bytes_magic; i++) {
        put(w, bytes_magic[i], 1);
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

static void weir__snapshot_i64s_open(struct weir__writer *w, uint16_t id, size_t count)
{
    put_record(w, id, TYPE_I64, count);
}

static void weir__snapshot_next_i64(struct weir__writer *w, int64_t value)
{
    put(w, (uint64_t)value, 8);
}

static void weir__snapshot_i64s(struct weir__writer *w, uint16_t id, const int64_t *values, size_t count)
{
    weir__snapshot_i64s_open(w, id, count);
    for (size_t i = 0; i < count; i++) {
        weir__snapshot_next_i64(w, values[i]);
    }
}

static void weir__snapshot_f64s(struct weir__writer *w, uint16_t id, const double *values, size_t count)
{
    put_record(w, id, TYPE_F64, count);
    for (size_t i = 0; i < count; i++) {
        put(w, weir__bits(values[i]), 8);
    }
}

static void weir__snapshot_i64(struct weir__writer *w, uint16_t id, int64_t value)
{
    weir__snapshot_i64s(w, id, &value, 1);
}

static void weir__snapshot_f64(struct weir__writer *w, uint16_t id, double value)
{
    weir__snapshot_f64s(w, id, &value, 1);
}

static weir_status weir__snapshot_close(struct weir__writer *w, size_t *need)
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

static weir_status weir__snapshot_read(struct weir__reader *r, const uint8_t *buffer, size_t length,
                                int32_t kind, uint64_t config_digest, weir_error *err)
{
    size_t records;

    if (buffer == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "no snapshot was given");
    }
    if (length < HEADER_BYTES + CRC_BYTES || memcmp(buffer, bytes_magic, sizeof bytes_magic) != 0) {
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

static const uint8_t *bytes_find(struct weir__reader *r, uint16_t id, uint16_t type, size_t count)
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

static const uint8_t *weir__record_i64s(struct weir__reader *r, uint16_t id, size_t count)
{
    return bytes_find(r, id, TYPE_I64, count);
}

static const uint8_t *weir__record_f64s(struct weir__reader *r, uint16_t id, size_t count)
{
    return bytes_find(r, id, TYPE_F64, count);
}

static int64_t weir__get_i64(const uint8_t *values, size_t index)
{
    return (int64_t)fetch(values + 8 * index, 8);
}

static double weir__get_f64(const uint8_t *values, size_t index)
{
    return weir__from_bits(fetch(values + 8 * index, 8));
}

static int64_t weir__record_i64(struct weir__reader *r, uint16_t id)
{
    const uint8_t *values = weir__record_i64s(r, id, 1);

    return values != NULL ? weir__get_i64(values, 0) : 0;
}

static double weir__record_f64(struct weir__reader *r, uint16_t id)
{
    const uint8_t *values = weir__record_f64s(r, id, 1);

    return values != NULL ? weir__get_f64(values, 0) : 0.0;
}

static int64_t weir__record_in(struct weir__reader *r, uint16_t id, int64_t min, int64_t max)
{
    int64_t value = weir__record_i64(r, id);

    if (value < min || value > max) {
        miss(r, id);
        return min;
    }
    return value;
}

static weir_status weir__snapshot_check(const struct weir__reader *r, weir_error *err)
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

static uint64_t weir__fnv_bytes(uint64_t hash, const void *bytes, size_t count)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t weir__fnv_u64(uint64_t hash, uint64_t value)
{
    uint8_t bytes[8];

    store(bytes, value, sizeof bytes);
    return weir__fnv_bytes(hash, bytes, sizeof bytes);
}

/* ---- lib/base/explain.c ---- */

/*
 * base/explain.c - the rule registry, decisions and explain records, and a step as one English
 * line.
 *
 * In a template {b} and {a} are the replicas before and after, {m} what was measured, {l} the
 * limit.
 */

/* ---- lib/base/explain.h ---- */

/*
 * base/explain.h - how a machine writes its decision and the steps that led to it.
 *
 * A trace follows the replicas from rule to rule, so steps chain by construction and asking for the
 * record cannot change the answer.
 */
#ifndef WEIR_LIB_BASE_EXPLAIN_H
#define WEIR_LIB_BASE_EXPLAIN_H


struct weir__trace {
    weir_explain *explain; /* NULL: nobody asked */
    int32_t replicas;      /* after the last step */
    int32_t rule;          /* the last rule that changed the replicas */
    uint32_t count;
};

/* Begins at `current` replicas and empties the record. */
static void weir__trace_open(struct weir__trace *trace, weir_explain *explain, int32_t current);

/* One rule's step to `after` replicas. */
static inline void weir__trace_step(struct weir__trace *trace, int32_t rule, int32_t item,
                                    int32_t after, double measured, double limit)
{
    weir_explain *explain = trace->explain;

    if (explain != NULL) {
        if (explain->count < WEIR_STEPS_MAX) {
            weir_step *step = &explain->steps[explain->count++];

            step->rule = rule;
            step->item = item;
            step->before = trace->replicas;
            step->after = after;
            step->measured = measured;
            step->limit = limit;
        } else { /* keep the chain: the last step ends where the decision ends */
            explain->dropped++;
            explain->steps[WEIR_STEPS_MAX - 1].after = after;
        }
    }
    trace->count++;
    if (after != trace->replicas || trace->rule == WEIR_RULE_NONE) {
        trace->rule = rule;
    }
    trace->replicas = after;
}

#endif

struct rule_row {
    int32_t rule;
    const char *name;
    const char *doc;
    const char *template;
};

static const struct rule_row explain_rules[] = {
    {WEIR_RULE_NO_DATA, "metric.no_data",
     "There is no data to decide on: the decision is not valid and nothing changes.",
     "no data, the last decision stays"},
    {WEIR_RULE_KPA_STABLE, "kpa.stable",
     "Pods wanted by the average over the stable window: average / target, rounded up.",
     "average load over the stable window is {m}, a pod takes {l}"},
    {WEIR_RULE_KPA_RATE_UP, "kpa.rate.up",
     "At most max-scale-up-rate times the ready pods are wanted at once.",
     "{m} wanted, the scale-up rate allows {l}"},
    {WEIR_RULE_KPA_RATE_DOWN, "kpa.rate.down",
     "At least the ready pods divided by max-scale-down-rate are kept.",
     "{m} wanted, the scale-down rate keeps {l}"},
    {WEIR_RULE_KPA_ACTIVATION, "kpa.activation_scale",
     "Any demand at all starts at least activation-scale pods.",
     "there is demand for {m} pods, activation-scale is {l}"},
    {WEIR_RULE_KPA_PANIC_ENTER, "kpa.panic.enter",
     "The panic window wants so many times the ready pods that panic mode begins.",
     "panic begins: {m} times the ready pods are wanted, the threshold is {l}"},
    {WEIR_RULE_KPA_PANIC_EXTEND, "kpa.panic.extend",
     "Demand is still over the panic threshold: panic mode is renewed.",
     "panic is renewed: {m} times the ready pods are wanted, the threshold is {l}"},
    {WEIR_RULE_KPA_PANIC_HOLD, "kpa.panic.hold",
     "Panic mode lasts until a whole stable window has passed without renewal.",
     "panic lasts: {m} s since it was renewed, it ends after {l} s"},
    {WEIR_RULE_KPA_PANIC_LEAVE, "kpa.panic.leave",
     "A stable window has passed without renewal: panic mode ends.",
     "panic ends: {m} s since it was renewed, it lasts {l} s"},
    {WEIR_RULE_KPA_PANIC_DEMAND, "kpa.panic.demand",
     "In panic mode the larger of the stable and the panic window's wish counts.",
     "average load over the panic window is {m}, a pod takes {l}"},
    {WEIR_RULE_KPA_PANIC_LATCH, "kpa.panic.latch",
     "In panic mode the pods wanted never become fewer.",
     "held by the panic latch: {m} wanted now, {l} since panic began"},
    {WEIR_RULE_KPA_DELAY, "kpa.scale_down_delay",
     "The largest wish within the scale-down delay counts.",
     "held by the scale-down delay: {m} wanted now, {l} within the delay"},
    {WEIR_RULE_KPA_BURST, "kpa.burst_capacity",
     "Spare capacity less the target burst capacity; below 0 the activator is in the path.",
     "excess burst capacity is {m} requests, target burst capacity {l}"},
    {WEIR_RULE_KPA_INITIAL_SCALE, "kpa.initial_scale",
     "Until the first scale was reached once, at least initial-scale pods are wanted.",
     "{m} pods wanted, a new revision starts with {l}"},
    {WEIR_RULE_KPA_KEEP_ONE, "kpa.zero.disabled",
     "The cluster does not scale to zero: one pod stays.", "the cluster does not scale to zero"},
    {WEIR_RULE_KPA_ACTIVATING, "kpa.zero.activating",
     "A revision that is being activated is left alone until it is ready or given up.",
     "being activated for {m} s, given up after {l} s"},
    {WEIR_RULE_KPA_ACTIVATION_TIMEOUT, "kpa.zero.activation_timeout",
     "A revision that did not become ready in time is scaled to zero.",
     "not activated within {m} s, {l} s are allowed"},
    {WEIR_RULE_KPA_STILL_ACTIVE, "kpa.zero.stable_window",
     "A revision that became active less than a stable window ago keeps one pod.",
     "active for {m} s, one pod stays for {l} s"},
    {WEIR_RULE_KPA_DEACTIVATE, "kpa.zero.deactivate",
     "The revision becomes inactive; its pods stay until the activator is in the path.",
     "no traffic, inactive from now on; the pods stay for the moment"},
    {WEIR_RULE_KPA_PROBE, "kpa.zero.probe",
     "The pods stay until a probe shows that requests reach the activator.",
     "the pods stay until a probe reaches the activator"},
    {WEIR_RULE_KPA_RETENTION, "kpa.zero.pod_retention",
     "The last pod stays for scale-to-zero-pod-retention-period.",
     "inactive for {m} s, the last pod is kept for {l} s"},
    {WEIR_RULE_KPA_GRACE, "kpa.zero.grace_period",
     "The network is given scale-to-zero-grace-period to route around the last pod.",
     "the activator is in the path for {m} s, {l} s are waited for"},
    {WEIR_RULE_KPA_TO_ZERO, "kpa.zero.apply", "All conditions are met: the pods go.",
     "inactive for {m} s, scaled to zero after {l} s"},
    {WEIR_RULE_KPA_UNKNOWN, "kpa.unknown",
     "Nothing is known about the demand yet: the pods stay as they are.",
     "the demand is not known yet"},
    {WEIR_RULE_KPA_WISH, "kpa.wish",
     "A reconcile between two ticks, or after another one, begins with the decider's last wish.",
     "the autoscaler's last wish is {a}"},
    {WEIR_RULE_KPA_KEPT, "kpa.kept",
     "The deployment keeps its size until the reconciler has it changed.",
     "the deployment stays at {a}"},
    {WEIR_RULE_HPA_METRIC, "hpa.metric",
     "One metric's wish: its usage over its target, times the pods, rounded up.",
     "the metric is at {m}, its target is {l}"},
    {WEIR_RULE_HPA_TOLERANCE, "hpa.tolerance",
     "A metric whose ratio to the target is within tolerance wants no change.",
     "the ratio {m} is within tolerance, which ends at {l}"},
    {WEIR_RULE_HPA_DIRECTION, "hpa.direction_flip",
     "What is assumed for pods set aside must not turn the direction round: the size stays.",
     "the ratio {l} becomes {m} with what is assumed for the pods set aside"},
    {WEIR_RULE_HPA_SIZE, "hpa.size_flip",
     "A ratio over another number of pods must not turn the direction round: the size stays.",
     "the ratio {m} over the pods counted would change the size the other way"},
    {WEIR_RULE_HPA_LARGEST, "hpa.largest", "Of several metrics the largest wish counts.",
     "{m} pods wanted, but {l} by this metric"},
    {WEIR_RULE_HPA_NO_SOURCE, "hpa.failed.source",
     "The metric has no value: its source failed or answered nothing.", "the metric has no value"},
    {WEIR_RULE_HPA_NO_TARGET, "hpa.failed.target",
     "The metric has no target, or none that its source can use.", "the metric has no target"},
    {WEIR_RULE_HPA_NO_PODS, "hpa.failed.pods", "The selector matches no pods.",
     "there are no pods"},
    {WEIR_RULE_HPA_NO_SAMPLES, "hpa.failed.samples",
     "No pod that counts has a sample; they may all be starting.",
     "no pod that counts has a sample"},
    {WEIR_RULE_HPA_NO_REQUEST, "hpa.failed.request",
     "A pod, even a dead one, requests nothing of the resource, so there is no utilization.",
     "some pod requests nothing of the resource"},
    {WEIR_RULE_HPA_IGNORED, "hpa.pods.ignored", "Pods that failed or are going do not count.",
     "{m} pods have failed or are going, {l} count"},
    {WEIR_RULE_HPA_UNREADY, "hpa.pods.unready",
     "Pods that are starting are set aside; they count as idle when the load is high.",
     "{m} pods are not ready yet, {l} count"},
    {WEIR_RULE_HPA_MISSING, "hpa.pods.missing",
     "Pods without a sample count as idle when the load is high, else as at their target.",
     "{m} pods have no sample, {l} have one"},
    {WEIR_RULE_HPA_BLOCKED, "hpa.blocked",
     "While a metric fails, the others may raise the size but not lower it.",
     "{m} metrics failed, so a wish for {l} pods is not followed"},
    {WEIR_RULE_HPA_NEGATIVE, "hpa.negative", "A wish below zero is one for zero.",
     "{m} pods wanted"},
    {WEIR_RULE_HPA_NO_SCALE, "hpa.no_scale", "The scale of the target could not be read.",
     "the scale of the target is not known"},
    {WEIR_RULE_HPA_SELECTOR, "hpa.selector",
     "The target's selector is missing, malformed, or shared with another autoscaler.",
     "the selector of the target cannot be used"},
    {WEIR_RULE_HPA_DISABLED, "hpa.disabled", "A target that was set to zero by hand is left there.",
     "at zero pods scaling is disabled"},
    {WEIR_RULE_BOUNDS_MIN, "bounds.min", "Never fewer than the lower bound.",
     "{m} pods wanted, at least {l}"},
    {WEIR_RULE_BOUNDS_MAX, "bounds.max", "Never more than the upper bound.",
     "{m} pods wanted, at most {l}"},
    {WEIR_RULE_BEHAVIOR_WINDOW_UP, "behavior.window.up",
     "The smallest wish within the scale-up window counts.",
     "{m} wanted now, at least {l} for the whole window"},
    {WEIR_RULE_BEHAVIOR_WINDOW_DOWN, "behavior.window.down",
     "The largest wish within the scale-down window counts.",
     "{m} wanted now, up to {l} within the window"},
    {WEIR_RULE_BEHAVIOR_POLICY_UP, "behavior.policy.up",
     "A policy caps the pods that come in its period.",
     "its period began with {m} pods, so it allows {l}"},
    {WEIR_RULE_BEHAVIOR_POLICY_DOWN, "behavior.policy.down",
     "A policy caps the pods that go in its period.",
     "its period began with {m} pods, so it keeps {l}"},
    {WEIR_RULE_BEHAVIOR_DISABLED_UP, "behavior.disabled.up", "Scaling up is disabled.",
     "{m} pods wanted, scaling up is disabled"},
    {WEIR_RULE_BEHAVIOR_DISABLED_DOWN, "behavior.disabled.down", "Scaling down is disabled.",
     "{m} pods wanted, scaling down is disabled"},
    {WEIR_RULE_BEHAVIOR_FACTOR, "behavior.factor",
     "Without rules a size at most doubles at once, or becomes 4.",
     "{m} pods wanted, at most {l} at once"},
    {WEIR_RULE_BEHAVIOR_DESIRED, "behavior.desired", "The size that the controller wants.",
     "{m} pods wanted"},
    {WEIR_RULE_KEDA_TRIGGER_ACTIVE, "keda.trigger.active",
     "A value above a trigger's activation threshold activates the object.",
     "active: it measures {m}, the activation threshold is {l}"},
    {WEIR_RULE_KEDA_TRIGGER_INACTIVE, "keda.trigger.inactive",
     "A value that is not above the activation threshold leaves a trigger inactive.",
     "not active: it measures {m}, the activation threshold is {l}"},
    {WEIR_RULE_KEDA_TRIGGER_FAILED, "keda.trigger.failed",
     "A trigger that fails is not active; without a fallback it keeps pods from going.",
     "failed, {m} times in a row where that is counted"},
    {WEIR_RULE_KEDA_TRIGGER_RESOURCE, "keda.trigger.resource",
     "cpu and memory never activate an object that has other triggers.",
     "does not count for activation"},
    {WEIR_RULE_KEDA_OBSERVED, "keda.trigger.observed",
     "Where the HPA asks anyway, a poll takes what its last pull found.",
     "the HPA's last pull found {m}"},
    {WEIR_RULE_KEDA_FALLBACK, "keda.fallback",
     "A metric that failed more often than the threshold is replaced, and counts as active.",
     "replaced by {m}: it failed more than {l} times in a row"},
    {WEIR_RULE_KEDA_FORMULA, "keda.formula",
     "With scaling modifiers the composite metric decides over activity.",
     "the formula gives {m}, the activation target is {l}"},
    {WEIR_RULE_KEDA_FORMULA_FAILED, "keda.formula.failed",
     "A formula that fails gives no metric, and no activity.", "the formula gives nothing"},
    {WEIR_RULE_KEDA_ONLY_RESOURCES, "keda.only_resources",
     "An object with no triggers but cpu and memory is always active.",
     "there are only triggers of cpu and memory: active"},
    {WEIR_RULE_KEDA_FORCED, "keda.forced",
     "The annotation force-activation makes an object active.", "activity is forced"},
    {WEIR_RULE_KEDA_ACTIVATE, "keda.activate",
     "Activity raises a target from zero or idle to the minimum, at least 1.",
     "from {m} to {l} pods"},
    {WEIR_RULE_KEDA_ACTIVE, "keda.active",
     "Above zero and idle an active object's size is the HPA's business.",
     "active: the HPA decides"},
    {WEIR_RULE_KEDA_PARTIAL_ERROR, "keda.partial_error",
     "Active with a failing trigger: the last activity is not renewed.",
     "active, but a trigger fails: the cooldown is not renewed"},
    {WEIR_RULE_KEDA_OUT_PAUSED, "keda.paused.out",
     "The annotation paused-scale-out keeps pods from coming.", "scaling out is paused"},
    {WEIR_RULE_KEDA_FROZEN, "keda.frozen",
     "Failing triggers without activity change nothing, unless fallback.replicas is 0.",
     "no trigger is active and some fail: nothing changes"},
    {WEIR_RULE_KEDA_COOLDOWN, "keda.cooldown",
     "Zero or idle comes only when the cooldown has passed since the last activity.",
     "{m} s since the last activity, the cooldown is {l} s"},
    {WEIR_RULE_KEDA_DEACTIVATE, "keda.deactivate",
     "Without activity a target goes to zero or idle at once, whatever the HPA says.",
     "from {m} to {l} pods"},
    {WEIR_RULE_KEDA_IN_PAUSED, "keda.paused.in",
     "The annotation paused-scale-in keeps pods from going.", "scaling in is paused"},
    {WEIR_RULE_KEDA_RAISE, "keda.raise",
     "Without activity and idle mode a target below the minimum is raised to it.",
     "from {m} pods to the minimum, {l}"},
    {WEIR_RULE_KEDA_INACTIVE, "keda.inactive", "No trigger is active and nothing is to be done.",
     "no trigger is active, nothing to do"},
    {WEIR_RULE_KEDA_PAUSED, "keda.paused",
     "A paused object is let be; paused-replicas sets its size once.", "paused"},
    {WEIR_RULE_KEDA_NO_REPLICAS, "keda.no_replicas",
     "Without the current replicas nothing is decided.", "the current replicas cannot be read"},
    {WEIR_RULE_KEDA_UNBUILDABLE, "keda.unbuildable",
     "Where a trigger or the formula cannot be built, nothing is decided.",
     "the triggers cannot be built: nothing changes"},
    {WEIR_RULE_KEDA_PUSH, "keda.push", "A push trigger that reports activity activates at once.",
     "a push trigger reports activity"},
    {WEIR_RULE_KEDA_SERVED, "keda.served", "What KEDA hands to the HPA for one metric.",
     "the HPA gets {m}, its target is {l}"},
    {WEIR_RULE_KEDA_RESTORED, "keda.restored",
     "Deleting the object gives the target the size back that it had before.",
     "back to {l} pods, as before KEDA"},
};

enum { RULE_COUNT = sizeof explain_rules / sizeof explain_rules[0] };

static const struct rule_row *explain_find(int32_t rule)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (explain_rules[i].rule == rule) {
            return &explain_rules[i];
        }
    }
    return NULL;
}

const char *weir_rule_name(int32_t rule)
{
    const struct rule_row *row = explain_find(rule);

    return row != NULL ? row->name : "unknown";
}

const char *weir_rule_doc(int32_t rule)
{
    const struct rule_row *row = explain_find(rule);

    return row != NULL ? row->doc : "";
}

int32_t weir_rule_from_name(const char *name)
{
    for (size_t i = 0; name != NULL && i < RULE_COUNT; i++) {
        const char *a = explain_rules[i].name, *b = name;

        while (*a != '\0' && *a == *b) {
            a++;
            b++;
        }
        if (*a == *b) {
            return explain_rules[i].rule;
        }
    }
    return WEIR_RULE_NONE;
}

size_t weir_rule_count(void)
{
    return RULE_COUNT;
}

int32_t weir_rule_at(size_t position)
{
    return position < RULE_COUNT ? explain_rules[position].rule : WEIR_RULE_NONE;
}

weir_status weir_decision_init(weir_decision *decision, size_t struct_size)
{
    if (decision == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *decision) {
        return WEIR_E_STRUCT;
    }
    memset(decision, 0, sizeof *decision);
    decision->struct_size = (uint32_t)sizeof *decision;
    decision->replicas = WEIR_REPLICAS_UNKNOWN;
    decision->at = WEIR_TIME_NONE;
    decision->next = WEIR_TIME_NEVER;
    return WEIR_OK;
}

weir_status weir_explain_init(weir_explain *explain, size_t struct_size)
{
    if (explain == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *explain) {
        return WEIR_E_STRUCT;
    }
    memset(explain, 0, sizeof *explain);
    explain->struct_size = (uint32_t)sizeof *explain;
    return WEIR_OK;
}

static void weir__trace_open(struct weir__trace *trace, weir_explain *explain, int32_t current)
{
    trace->explain = explain;
    trace->replicas = current;
    trace->rule = WEIR_RULE_NONE;
    trace->count = 0;
    if (explain != NULL) {
        explain->count = 0;
        explain->dropped = 0;
    }
}

static void put_template(struct weir__text *text, const char *template, const weir_step *step)
{
    for (const char *p = template; *p != '\0'; p++) {
        if (p[0] != '{') {
            weir__text_char(text, *p);
            continue;
        }
        switch (p[1]) {
        case 'b': weir__text_int(text, step->before); break;
        case 'a': weir__text_int(text, step->after); break;
        case 'm': weir__text_double(text, step->measured); break;
        case 'l': weir__text_double(text, step->limit); break;
        default: break;
        }
        p += 2;
    }
}

weir_status weir_step_text(const weir_step *step, char *buffer, size_t capacity, size_t *need)
{
    const struct rule_row *row;
    struct weir__text text;

    if (step == NULL || (buffer == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    row = explain_find(step->rule);
    weir__text_open(&text, buffer, capacity);
    weir__text_str(&text, weir_rule_name(step->rule));
    if (step->item >= 0) {
        weir__text_char(&text, '[');
        weir__text_int(&text, step->item);
        weir__text_char(&text, ']');
    }
    weir__text_str(&text, ": ");
    weir__text_int(&text, step->before);
    if (step->after != step->before) {
        weir__text_str(&text, " -> ");
        weir__text_int(&text, step->after);
    }
    if (row != NULL) {
        weir__text_str(&text, ", ");
        put_template(&text, row->template, step);
    }
    return weir__text_close(&text, need);
}

/* ---- lib/base/fields.c ---- */

/*
 * base/fields.c - defaults, struct_size rules, bounds and digests, all driven by field tables.
 */

/* ---- lib/base/fields.h ---- */

/*
 * base/fields.h - what a field table does for its configuration: reading by struct_size, defaults,
 * bounds, digest. Tables are written with the macros below, one row a field.
 */
#ifndef WEIR_LIB_BASE_FIELDS_H
#define WEIR_LIB_BASE_FIELDS_H


/* A table together with the struct that it describes. */
struct weir__table {
    const weir_field *fields;
    uint32_t count;
    uint32_t bytes; /* of the struct as this library knows it */
};

#define WEIR__TABLE(type, rows)                                                                    \
    {                                                                                              \
        rows, (uint32_t)(sizeof rows / sizeof rows[0]), (uint32_t)sizeof(type)                     \
    }

#define WEIR__MEMBER(type, member)                                                                 \
    .name = #member, .offset = (uint32_t)offsetof(type, member),                                   \
    .size = (uint32_t)sizeof(((type *)0)->member)
/* An array of structs with the member that holds its length. */
#define WEIR__LIST(type, member, length)                                                           \
    .name = #member, .offset = (uint32_t)offsetof(type, member),                                   \
    .size = (uint32_t)sizeof(((type *)0)->member[0]),                                              \
    .capacity = (uint32_t)(sizeof(((type *)0)->member) / sizeof(((type *)0)->member[0])),          \
    .count_offset = (uint32_t)offsetof(type, length)
#define WEIR__NO_KEYS .key = "", .alias = "", .global_key = ""

/* Writes the defaults of a table into a struct and sets its struct_size, which is its first member.
 * WEIR_E_ARG for NULL; WEIR_E_STRUCT for a size this library does not know. */
static weir_status weir__config_init(const struct weir__table *table, void *config, size_t struct_size);

/* Copies a caller's struct, which may be of an older or newer version, into one of this version:
 * missing fields get their defaults, unknown ones must be zero. */
static weir_status weir__config_take(const struct weir__table *table, void *to, const void *from,
                              weir_error *err);

/* Checks the bounds of every field of a struct of this version. */
static weir_status weir__config_check(const struct weir__table *table, const void *config,
                               weir_error *err);

/* A digest of the values, independent of layout and machine. */
static uint64_t weir__config_digest(const struct weir__table *table, const void *config);

/* The values of a flat configuration as records of a snapshot, one a field from `id` on. What is
 * read is not checked yet. */
static void weir__config_write(const struct weir__table *table, const void *config, struct weir__writer *w,
                        uint16_t id);
static void weir__config_read(const struct weir__table *table, void *config, struct weir__reader *r,
                       uint16_t id);

#endif

static uint8_t *fields_member(void *config, const weir_field *field)
{
    return (uint8_t *)config + field->offset;
}

static const uint8_t *member_of(const void *config, const weir_field *field)
{
    return (const uint8_t *)config + field->offset;
}

static int64_t get_int(const void *config, const weir_field *field)
{
    int64_t wide = 0;
    int32_t narrow = 0;

    if (field->size == sizeof wide) {
        memcpy(&wide, member_of(config, field), sizeof wide);
        return wide;
    }
    memcpy(&narrow, member_of(config, field), sizeof narrow);
    return narrow;
}

static double get_double(const void *config, const weir_field *field)
{
    double value;

    memcpy(&value, member_of(config, field), sizeof value);
    return value;
}

static void set_int(void *config, const weir_field *field, int64_t value)
{
    int32_t narrow = (int32_t)value;

    if (field->size == sizeof value) {
        memcpy(fields_member(config, field), &value, sizeof value);
    } else {
        memcpy(fields_member(config, field), &narrow, sizeof narrow);
    }
}

static void set_default(void *config, const weir_field *field)
{
    switch (field->type) {
    case WEIR_FIELD_DOUBLE: memcpy(fields_member(config, field), &field->ddefault, 8); break;
    case WEIR_FIELD_TEXT: /* `values` holds the default */
        for (uint32_t i = 0; i + 1 < field->size && field->values[i] != '\0'; i++) {
            fields_member(config, field)[i] = (uint8_t)field->values[i];
        }
        break;
    case WEIR_FIELD_STRUCT:
        for (uint32_t i = 0; field->capacity == 1 && i < field->field_count; i++) {
            set_default(fields_member(config, field), &field->fields[i]);
        }
        break;
    default: set_int(config, field, field->idefault); break;
    }
}

static void set_defaults(const struct weir__table *table, void *config)
{
    memset(config, 0, table->bytes);
    memcpy(config, &table->bytes, sizeof table->bytes); /* struct_size */
    for (uint32_t i = 0; i < table->count; i++) {
        set_default(config, &table->fields[i]);
    }
}

static weir_status weir__config_init(const struct weir__table *table, void *config, size_t struct_size)
{
    if (config == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != table->bytes) {
        return WEIR_E_STRUCT;
    }
    set_defaults(table, config);
    return WEIR_OK;
}

static weir_status weir__config_take(const struct weir__table *table, void *to, const void *from,
                              weir_error *err)
{
    uint32_t size;
    const uint8_t *bytes = from;

    if (from == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "no configuration was given");
    }
    memcpy(&size, from, sizeof size);
    if (size < sizeof size || size % 4 != 0) {
        return weir__fail(err, WEIR_E_STRUCT, "struct_size", "is not that of a configuration");
    }
    for (uint32_t i = table->bytes; i < size; i++) {
        if (bytes[i] != 0) {
            return weir__fail(err, WEIR_E_STRUCT, "struct_size",
                              "a field that this version does not know is set");
        }
    }
    set_defaults(table, to);
    memcpy(to, from, size < table->bytes ? size : table->bytes);
    memcpy(to, &table->bytes, sizeof table->bytes);
    return WEIR_OK;
}

static void put_bound(struct weir__text *text, const weir_field *field, int64_t value)
{
    if (field->type == WEIR_FIELD_DURATION) {
        weir__text_duration(text, value);
    } else {
        weir__text_int(text, value);
    }
}

/* "must be in [6s, 1h0m0s], got 5s", "must be above 1, got 0.5" */
static weir_status out_of_bounds(const void *config, const weir_field *field, weir_error *err)
{
    int is_double = field->type == WEIR_FIELD_DOUBLE;
    int open = is_double ? field->dmax >= DBL_MAX : field->imax == INT64_MAX;
    int above = (field->flags & WEIR_FIELD_ABOVE_MIN) != 0;
    struct weir__text text;

    weir__fail(err, WEIR_E_RANGE, field->name, "");
    if (err == NULL) {
        return WEIR_E_RANGE;
    }
    weir__text_open(&text, err->message, sizeof err->message);
    weir__text_str(&text, open ? (above ? "must be above " : "must be at least ")
                               : (above ? "must be in (" : "must be in ["));
    if (is_double) {
        weir__text_double(&text, field->dmin);
    } else {
        put_bound(&text, field, field->imin);
    }
    if (!open) {
        weir__text_str(&text, ", ");
        if (is_double) {
            weir__text_double(&text, field->dmax);
        } else {
            put_bound(&text, field, field->imax);
        }
        weir__text_char(&text, ']');
    }
    if ((field->flags & WEIR_FIELD_OR_MINUS_ONE) != 0) {
        weir__text_str(&text, " or -1");
    }
    weir__text_str(&text, ", got ");
    if (is_double) {
        weir__text_double(&text, get_double(config, field));
    } else {
        put_bound(&text, field, get_int(config, field));
    }
    return WEIR_E_RANGE;
}

static int double_is_fine(const weir_field *field, double value)
{
    if (!weir__is_finite(value)) {
        return (field->flags & WEIR_FIELD_ANY_FLOAT) != 0;
    }
    if ((field->flags & WEIR_FIELD_OR_MINUS_ONE) != 0 && value == -1.0) {
        return 1;
    }
    if ((field->flags & WEIR_FIELD_OPTIONAL) != 0 && value == field->ddefault) {
        return 1;
    }
    if ((field->flags & WEIR_FIELD_ABOVE_MIN) != 0 && value == field->dmin) {
        return 0;
    }
    return value >= field->dmin && value <= field->dmax;
}

static int int_is_fine(const weir_field *field, int64_t value)
{
    if ((field->flags & WEIR_FIELD_OR_MINUS_ONE) != 0 && value == -1) {
        return 1;
    }
    if ((field->flags & WEIR_FIELD_OPTIONAL) != 0 && value == field->idefault) {
        return 1;
    }
    if ((field->flags & WEIR_FIELD_ABOVE_MIN) != 0 && value == field->imin) {
        return 0;
    }
    return value >= field->imin && value <= field->imax;
}

static weir_status check_fields(const weir_field *fields, uint32_t count, const void *config,
                                weir_error *err);

static weir_status check_struct(const weir_field *field, const void *config, weir_error *err)
{
    const uint8_t *element = member_of(config, field);
    uint32_t count = 1;

    if (field->capacity > 1) {
        memcpy(&count, (const uint8_t *)config + field->count_offset, sizeof count);
        if (count > field->capacity) {
            return weir__fail(err, WEIR_E_LIMIT, field->name, "holds more than weir has room for");
        }
    }
    for (uint32_t i = 0; i < count; i++, element += field->size) {
        weir_status status = check_fields(field->fields, field->field_count, element, err);

        if (status != WEIR_OK) {
            weir__fail_within(err, field->name, field->capacity > 1 ? (int64_t)i : -1);
            return status;
        }
    }
    return WEIR_OK;
}

static weir_status check_field(const weir_field *field, const void *config, weir_error *err)
{
    switch (field->type) {
    case WEIR_FIELD_DOUBLE:
        return double_is_fine(field, get_double(config, field)) ? WEIR_OK
                                                                : out_of_bounds(config, field, err);
    case WEIR_FIELD_TEXT:
        for (uint32_t i = 0; i < field->size; i++) {
            if (member_of(config, field)[i] == '\0') {
                return WEIR_OK;
            }
        }
        return weir__fail(err, WEIR_E_RANGE, field->name, "is not terminated");
    case WEIR_FIELD_STRUCT: return check_struct(field, config, err);
    default: break;
    }
    if (!int_is_fine(field, get_int(config, field))) {
        return out_of_bounds(config, field, err);
    }
    if ((field->flags & WEIR_FIELD_WHOLE_SECONDS) != 0 &&
        get_int(config, field) % WEIR_SECOND != 0 &&
        ((field->flags & WEIR_FIELD_OPTIONAL) == 0 || get_int(config, field) != field->idefault)) {
        return weir__fail(err, WEIR_E_RANGE, field->name, "must be whole seconds");
    }
    return WEIR_OK;
}

static weir_status check_fields(const weir_field *fields, uint32_t count, const void *config,
                                weir_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        weir_status status = check_field(&fields[i], config, err);

        if (status != WEIR_OK) {
            return status;
        }
    }
    return WEIR_OK;
}

static weir_status weir__config_check(const struct weir__table *table, const void *config, weir_error *err)
{
    return check_fields(table->fields, table->count, config, err);
}

static uint64_t digest_text(uint64_t hash, const char *text, size_t capacity)
{
    for (size_t i = 0; i < capacity && text[i] != '\0'; i++) {
        hash = weir__fnv_bytes(hash, text + i, 1);
    }
    return hash;
}

/* A field at its default does not count, so that a field that comes later changes no digest. */
static uint64_t digest_fields(uint64_t hash, const weir_field *fields, uint32_t count,
                              const void *config);

static uint64_t digest_struct(uint64_t hash, const weir_field *field, const void *config)
{
    uint32_t elements = 1;

    hash = digest_text(hash, field->name, SIZE_MAX);
    if (field->capacity > 1) {
        memcpy(&elements, (const uint8_t *)config + field->count_offset, sizeof elements);
        hash = weir__fnv_u64(hash, elements);
    }
    for (uint32_t k = 0; k < elements && k < field->capacity; k++) {
        hash = digest_fields(hash, field->fields, field->field_count,
                             member_of(config, field) + (size_t)k * field->size);
    }
    return hash;
}

static uint64_t digest_value(uint64_t hash, const weir_field *field, uint64_t value,
                             uint64_t normal)
{
    return value == normal ? hash : weir__fnv_u64(digest_text(hash, field->name, SIZE_MAX), value);
}

static uint64_t digest_fields(uint64_t hash, const weir_field *fields, uint32_t count,
                              const void *config)
{
    for (uint32_t i = 0; i < count; i++) {
        const weir_field *field = &fields[i];

        if (field->type == WEIR_FIELD_DOUBLE) {
            hash = digest_value(hash, field, weir__bits(get_double(config, field)),
                                weir__bits(field->ddefault));
        } else if (field->type == WEIR_FIELD_TEXT) {
            hash = digest_text(hash, (const char *)member_of(config, field), field->size);
        } else if (field->type == WEIR_FIELD_STRUCT) {
            hash = digest_struct(hash, field, config);
        } else {
            hash = digest_value(hash, field, (uint64_t)get_int(config, field),
                                (uint64_t)field->idefault);
        }
    }
    return hash;
}

static uint64_t weir__config_digest(const struct weir__table *table, const void *config)
{
    return digest_fields(WEIR__FNV_START, table->fields, table->count, config);
}

static void weir__config_write(const struct weir__table *table, const void *config, struct weir__writer *w,
                        uint16_t id)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const weir_field *field = &table->fields[i];

        if (field->type == WEIR_FIELD_DOUBLE) {
            weir__snapshot_f64(w, (uint16_t)(id + i), get_double(config, field));
        } else {
            weir__snapshot_i64(w, (uint16_t)(id + i), get_int(config, field));
        }
    }
}

static void weir__config_read(const struct weir__table *table, void *config, struct weir__reader *r,
                       uint16_t id)
{
    set_defaults(table, config);
    for (uint32_t i = 0; i < table->count; i++) {
        const weir_field *field = &table->fields[i];

        if (field->type == WEIR_FIELD_DOUBLE) {
            double value = weir__record_f64(r, (uint16_t)(id + i));

            memcpy(fields_member(config, field), &value, sizeof value);
        } else {
            set_int(config, field, weir__record_i64(r, (uint16_t)(id + i)));
        }
    }
}

/* ---- lib/base/num.c ---- */

/*
 * base/num.c - conversion to int32 and the integer power.
 *
 * Upstream: Go's conversion int32(float64) as compiled for amd64; Go's math.Pow (math/pow.go).
 */

int32_t weir_f64_to_i32(double value, int32_t conversion)
{
    return weir__to_i32(value, conversion);
}

/* x = m * 2^e with 0.5 <= m < 1, for a finite x > 0. */
static double num_split(double x, int64_t *exponent)
{
    uint64_t u = weir__bits(x);
    int64_t e = 0;

    if (u >> 52 == 0) { /* a subnormal number: make it a normal one first */
        u = weir__bits(x * 4503599627370496.0);
        e = -52;
    }
    *exponent = e + (int64_t)(u >> 52) - 1022;
    return weir__from_bits((u & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x3fe0000000000000));
}

/* m * 2^e for 0.5 <= m < 2 with one rounding, also where the result is subnormal. */
static double num_scale(double m, int64_t e)
{
    int64_t biased = (int64_t)(weir__bits(m) >> 52) + e;
    uint64_t fraction = weir__bits(m) & UINT64_C(0x000fffffffffffff);

    if (biased < -52) {
        return 0.0;
    }
    if (biased > 2046) {
        return WEIR__INF;
    }
    if (biased < 1) {
        return weir__from_bits(fraction | (uint64_t)(biased + 53) << 52) * 0x1p-53;
    }
    return weir__from_bits(fraction | (uint64_t)biased << 52);
}

static double weir__powi(double x, int64_t n)
{
    double a = 1.0, m;
    int64_t ae = 0, e;

    if (n == 0 || x == 1.0) {
        return 1.0;
    }
    if (n == 1) {
        return x;
    }
    m = num_split(x, &e);
    for (; n != 0; n >>= 1) {
        if (e < -4096 || e > 4096) { /* far out of range: the rest cannot bring it back */
            ae += e;
            break;
        }
        if ((n & 1) != 0) {
            a *= m;
            ae += e;
        }
        m *= m;
        e *= 2;
        if (m < 0.5) {
            m += m;
            e--;
        }
    }
    return num_scale(a, ae);
}

/* ---- lib/base/pow.c ---- */

/*
 * base/pow.c - the square root and the power.
 *
 * Whole powers are multiplied up; the fraction of an exponent goes through logarithm and
 * exponential, step by step as Go's routines for amd64 take them, fused multiplications included,
 * for the result to have the same bits on every machine.
 *
 * Upstream: Go's math/pow.go, log_amd64.s, exp_amd64.s.
 */

/* ---- lib/base/real.h ---- */

/*
 * base/real.h - doubles from and to decimal digits, and the power: exact, and the same everywhere.
 *
 * For what is read once (settings, literals) and for the few formulas that raise to a power; the
 * arithmetic of decisions is in base/num.h.
 */
#ifndef WEIR_LIB_BASE_REAL_H
#define WEIR_LIB_BASE_REAL_H


/* Go's strconv.ParseFloat(text, 64). WEIR_OK; WEIR_E_PARSE: no number; WEIR_E_LIMIT: one beyond the
 * largest, *value is then an infinity. */
static weir_status weir__parse_real(const char *text, size_t length, double *value);

/* Go's strconv.ParseInt(text, base, 64) without underscores; base 2 to 16, and no prefix. Likewise.
 */
static weir_status weir__parse_whole(const char *text, size_t length, int32_t base, int64_t *value);

/* The square root, rounded correctly. */
static double weir__sqrt(double x);

/* Go's math.Pow as compiled for amd64 machines with fused multiplication. */
static double weir__pow(double x, double y);

/* value x 1000 as printf("%.3f") rounds it, ties to even, for 0 <= value < 9.2e15. */
static int64_t weir__milli_of(double value);

#endif

#define NOT_A_NUMBER (weir__from_bits(UINT64_C(0x7ff8000000000001)))

/* x = m * 2^e with 0.5 <= |m| < 1, for a finite x that is not zero. */
static double pow_split(double x, int64_t *exponent)
{
    uint64_t u = weir__bits(x);
    int64_t e = 0;

    if ((u >> 52 & 0x7ff) == 0) {
        u = weir__bits(x * 4503599627370496.0);
        e = -52;
    }
    *exponent = e + (int64_t)(u >> 52 & 0x7ff) - 1022;
    return weir__from_bits((u & UINT64_C(0x800fffffffffffff)) | UINT64_C(0x3fe0000000000000));
}

/* m * 2^e with one rounding where the result is subnormal. */
static double pow_scale(double m, int64_t e)
{
    int64_t inner;
    double x;

    if (m == 0.0 || !weir__is_finite(m)) {
        return m;
    }
    x = pow_split(m, &inner);
    e += inner; /* x in [0.5, 1) */
    if (e > 1024) {
        return weir__copysign(WEIR__INF, m);
    }
    if (e < -1074) {
        return weir__copysign(0.0, m);
    }
    if (e < -1021) {
        return x * weir__from_bits((uint64_t)(e + 53 + 1023) << 52) * 0x1p-53;
    }
    return x * 2.0 * weir__from_bits((uint64_t)(e - 1 + 1023) << 52);
}

static double weir__sqrt(double x)
{
    uint64_t n, root = 0, rest = 0;
    int64_t e;

    if (x == 0.0 || weir__is_nan(x) || x == WEIR__INF) {
        return x;
    }
    if (x < 0.0) {
        return NOT_A_NUMBER;
    }
    n = (weir__bits(pow_split(x, &e)) & UINT64_C(0x000fffffffffffff)) | UINT64_C(1) << 52;
    /* x = n / 2^54 * 2^(e + 1), with an even exponent; then 54 bits of root, pair by pair. */
    if ((e & 1) == 0) {
        n <<= 1;
        e--;
    }
    n <<= 10;
    for (int i = 0; i < 54; i++) {
        uint64_t next;

        rest = rest << 2 | n >> 62;
        n <<= 2;
        next = root << 2 | 1;
        root <<= 1;
        if (rest >= next) {
            rest -= next;
            root |= 1;
        }
    }
    /* A root is never just between two doubles, so its last bit says which way to round. */
    return pow_scale((double)((root + 1) >> 1), (e + 1) / 2 - 53);
}

/* ---- a * b + c with one rounding ------------------------------------------------------------ */

static double two_sum(double a, double b, double *error)
{
    double s = a + b, t = s - a;

    *error = (a - (s - t)) + (b - t);
    return s;
}

static double two_product(double a, double b, double *error)
{
    double p = a * b, c = 134217729.0 * a, ah = c - (c - a), al = a - ah;
    double d = 134217729.0 * b, bh = d - (d - b), bl = b - bh;

    *error = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
    return p;
}

/* a + b, and where that is not exact the neighbor with an odd last bit. */
static double odd_sum(double a, double b)
{
    double error, s = two_sum(a, b, &error);
    uint64_t u = weir__bits(s);

    if (error != 0.0 && (u & 1) == 0) {
        u += (error > 0.0) == (s > 0.0) ? 1 : UINT64_MAX;
        s = weir__from_bits(u);
    }
    return s;
}

/* For numbers far from the ends of the range, which is all that the exponential has. */
static double fused(double a, double b, double c)
{
    double ul, tl, vl, uh = two_product(a, b, &ul);
    double th = two_sum(c, ul, &tl), vh = two_sum(uh, th, &vl);

    return vh + odd_sum(tl, vl);
}

/* ---- logarithm and exponential -------------------------------------------------------------- */

/* For a finite x > 0. */
static double logarithm(double x)
{
    int64_t exponent;
    double f, k, s, s2, s4, t1, t2, r, half_square;

    if (weir__bits(x) >> 52 == 0) { /* as there: the bits of a subnormal are taken as they are */
        exponent = -1022;
        f = weir__from_bits(weir__bits(x) | UINT64_C(0x3fe0000000000000));
    } else {
        f = pow_split(x, &exponent);
    }
    k = (double)exponent;
    if (f < 7.07106781186547524401e-01) {
        k -= 1.0;
        f *= 2.0;
    }
    f -= 1.0;
    s = f / (2.0 + f);
    s2 = s * s;
    s4 = s2 * s2;
    t1 = s2 * (((1.479819860511658591e-01 * s4 + 1.818357216161805012e-01) * s4 +
                2.857142874366239149e-01) *
                   s4 +
               6.666666666666735130e-01);
    t2 = s4 * ((1.531383769920937332e-01 * s4 + 2.222219843214978396e-01) * s4 +
               3.999999999940941908e-01);
    r = t1 + t2;
    half_square = 0.5 * f * f;
    return k * 6.93147180369123816490e-01 -
           ((half_square - (s * (half_square + r) + k * 1.90821492927058770002e-10)) - f);
}

/* To the nearest whole number, ties to even, for |x| < 2^31. */
static double nearest_whole(double x)
{
    double big = weir__copysign(6755399441055744.0, x);

    return (x + big) - big;
}

/* For |x| < 700. */
static double exponential(double x)
{
    static const double terms[] = {1.9841269841269841270e-4,
                                   1.3888888888888888889e-3,
                                   8.3333333333333333333e-3,
                                   4.1666666666666666667e-2,
                                   1.6666666666666666667e-1,
                                   0.5,
                                   1.0};
    double k = nearest_whole(1.4426950408889634073599246810018920 * x);
    double p = 2.4801587301587301587e-5, y;

    y = fused(-0.69314718055966295651160180568695068359375, k, x);
    y = fused(-0.28235290563031577122588448175013436025525412068e-12, k, y);
    y *= 0.0625;
    for (int i = 0; i < 7; i++) {
        p = fused(p, y, terms[i]);
    }
    y *= p; /* exp(y) - 1, doubled four times by (e + 2) e */
    for (int i = 0; i < 3; i++) {
        y *= y + 2.0;
    }
    y = fused(y, y + 2.0, 1.0);
    return pow_scale(y, (int64_t)k);
}

/* ---- the power ------------------------------------------------------------------------------ */

static int is_odd(double x)
{
    double a = weir__abs(x);

    return a < 9007199254740992.0 && weir__trunc(a) == a && ((int64_t)a & 1) != 0;
}

static double zero_to(double x, double y)
{
    if (y < 0.0) {
        return weir__bits(x) >> 63 != 0 && is_odd(y) ? -WEIR__INF : WEIR__INF;
    }
    return weir__bits(x) >> 63 != 0 && is_odd(y) ? x : 0.0;
}

/* x to a power beyond all bounds. */
static double to_extreme(double x, int positive)
{
    return x == -1.0 ? 1.0 : (weir__abs(x) < 1.0) == positive ? 0.0 : WEIR__INF;
}

static double finite_power(double x, double y)
{
    double whole = weir__trunc(weir__abs(y)), part = weir__abs(y) - whole, a = 1.0, m;
    int64_t ae = 0, e;

    if (part != 0.0 && x < 0.0) {
        return NOT_A_NUMBER;
    }
    if (whole >= 9223372036854775808.0) {
        return to_extreme(x, y > 0.0);
    }
    if (part != 0.0) {
        if (part > 0.5) {
            part -= 1.0;
            whole += 1.0;
        }
        a = exponential(part * logarithm(x));
    }
    m = pow_split(x, &e);
    for (int64_t i = (int64_t)whole; i != 0; i >>= 1) {
        if (e < -4096 || e > 4096) { /* far out of range: the rest cannot bring it back */
            ae += e;
            break;
        }
        if ((i & 1) != 0) {
            a *= m;
            ae += e;
        }
        m *= m;
        e *= 2;
        if (m < 0.5) {
            m += m;
            e--;
        }
    }
    return y < 0.0 ? pow_scale(1.0 / a, -ae) : pow_scale(a, ae);
}

static double weir__pow(double x, double y)
{
    if (y == 0.0 || x == 1.0) {
        return 1.0;
    }
    if (y == 1.0) {
        return x;
    }
    if (weir__is_nan(x) || weir__is_nan(y)) {
        return NOT_A_NUMBER;
    }
    if (x == 0.0) {
        return zero_to(x, y);
    }
    if (!weir__is_finite(y)) {
        return to_extreme(x, y > 0.0);
    }
    if (!weir__is_finite(x)) {
        if (x < 0.0) {
            return zero_to(-0.0, -y);
        }
        return y < 0.0 ? 0.0 : WEIR__INF;
    }
    if (y == 0.5) {
        return weir__sqrt(x);
    }
    if (y == -0.5) {
        return 1.0 / weir__sqrt(x);
    }
    return finite_power(x, y);
}
#undef NOT_A_NUMBER

/* ---- lib/base/quantity.c ---- */

/*
 * base/quantity.c - quantities: from text to a number.
 *
 * A quantity of at most 18 digits is kept as it is written, digits x 10^exponent (the narrow form).
 * All others, and fractions of binary units, are held in billionths, rounded up (the wide form).
 * The two forms convert by different rules, and the difference is upstream's.
 *
 * Upstream: k8s.io/apimachinery pkg/api/resource.
 */

/* ---- lib/base/quantity.h ---- */

/*
 * base/quantity.h - what reading and showing quantities share.
 */
#ifndef WEIR_LIB_BASE_QUANTITY_H
#define WEIR_LIB_BASE_QUANTITY_H


/* ---- lib/base/wide.h ---- */

/*
 * base/wide.h - unsigned integers of 512 bits: just what reading and writing quantities needs.
 *
 * Parts are 32 bits, least significant first. What does not fit is reported, never dropped.
 */
#ifndef WEIR_LIB_BASE_WIDE_H
#define WEIR_LIB_BASE_WIDE_H


enum { WEIR__WIDE_PARTS = 16 };

struct weir__wide {
    uint32_t part[WEIR__WIDE_PARTS];
};

/* value = value * factor + addend; 0 when it does not fit. */
static inline int weir__wide_muladd(struct weir__wide *value, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;

    for (int i = 0; i < WEIR__WIDE_PARTS; i++) {
        carry += (uint64_t)value->part[i] * factor;
        value->part[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return carry == 0;
}

/* value = value / divisor; gives the remainder. */
static inline uint32_t weir__wide_divide(struct weir__wide *value, uint32_t divisor)
{
    uint64_t rest = 0;

    for (int i = WEIR__WIDE_PARTS; i-- > 0;) {
        rest = rest << 32 | value->part[i];
        value->part[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint32_t)rest;
}

static inline struct weir__wide weir__wide_of(uint64_t n)
{
    struct weir__wide value = {{(uint32_t)n, (uint32_t)(n >> 32)}};

    return value;
}

static inline uint64_t weir__wide_low64(const struct weir__wide *value)
{
    return (uint64_t)value->part[1] << 32 | value->part[0];
}

/* Parts in use; 0 for zero. */
static inline int weir__wide_length(const struct weir__wide *value)
{
    int length = WEIR__WIDE_PARTS;

    while (length > 0 && value->part[length - 1] == 0) {
        length--;
    }
    return length;
}

static inline int weir__wide_compare(const struct weir__wide *a, const struct weir__wide *b)
{
    for (int i = WEIR__WIDE_PARTS; i-- > 0;) {
        if (a->part[i] != b->part[i]) {
            return a->part[i] < b->part[i] ? -1 : 1;
        }
    }
    return 0;
}

/* value = value * 10^exponent; 0 when it does not fit. */
static inline int weir__wide_scale(struct weir__wide *value, int32_t exponent)
{
    int fits = 1;

    for (; exponent > 0 && fits; exponent--) {
        fits = weir__wide_muladd(value, 10, 0);
    }
    return fits;
}

#endif

#define WEIR__NANO    (-9) /* the smallest exponent of a quantity */
#define WEIR__MILLI   (-3)
#define WEIR__MILLION UINT32_C(1000000)
#define WEIR__BILLION UINT32_C(1000000000)

struct weir__suffix {
    const char *text;
    int32_t base, exponent, format;
};

enum { WEIR__SUFFIXES = 16 };
static const struct weir__suffix weir__suffixes[WEIR__SUFFIXES];

static inline void weir__quantity_store(weir_quantity *q, const struct weir__wide *magnitude)
{
    memcpy(q->magnitude, magnitude->part, sizeof q->magnitude);
}

static inline struct weir__wide weir__quantity_magnitude(const weir_quantity *q)
{
    struct weir__wide value = {{0}};

    memcpy(value.part, q->magnitude, sizeof q->magnitude);
    return value;
}

#endif

enum {
    NARROW_DIGITS = 18, /* that surely fit an int64 */
    STORED_PARTS = 8
};

static const char malformed[] =
    "must be digits with at most one dot and a suffix such as m, k, Mi or e3";

/* ---- text to parts -------------------------------------------------------------------------- */

/* A quantity as it is written: -007.50Ki is negative, whole "7", fraction "50", suffix Ki. */
struct quantity_written {
    const char *whole, *fraction, *suffix, *end;
    size_t whole_length, fraction_length;
    int32_t negative;
    int32_t has_digits; /* any at all, leading zeros too */
    struct weir__suffix unit;
};

static int quantity_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_suffix_letter(char c)
{
    static const char letters[] = "eEinumkKMGTP";

    for (size_t i = 0; letters[i] != '\0'; i++) {
        if (c == letters[i]) {
            return 1;
        }
    }
    return 0;
}

static const char *quantity_skip_digits(const char *at, const char *end)
{
    while (at < end && quantity_is_digit(*at)) {
        at++;
    }
    return at;
}

/* Cuts the text into its parts. 0 when it has none of the forms of a quantity. */
static int quantity_cut(const char *at, const char *end, struct quantity_written *w)
{
    const char *start;

    memset(w, 0, sizeof *w);
    w->end = end;
    if (at < end && (*at == '-' || *at == '+')) {
        w->negative = *at++ == '-';
    }
    start = at;
    while (at < end && *at == '0') {
        at++;
    }
    w->whole = at;
    at = quantity_skip_digits(at, end);
    w->whole_length = (size_t)(at - w->whole);
    w->has_digits = at > start;
    if (at < end && *at == '.') {
        w->fraction = ++at;
        at = quantity_skip_digits(at, end);
        w->fraction_length = (size_t)(at - w->fraction);
        w->has_digits |= w->fraction_length > 0;
    }
    w->suffix = at;
    while (at < end && is_suffix_letter(*at)) {
        at++;
    }
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    return quantity_skip_digits(at, end) == end;
}

/* A decimal exponent as strconv.ParseInt reads it, then cut to its low 32 bits. */
static int quantity_read_exponent(const char *at, const char *end, int32_t *exponent)
{
    uint64_t limit = INT64_MAX, n = 0;
    int negative = *at == '-';

    if (*at == '-' || *at == '+') {
        at++;
    }
    limit += negative ? 1U : 0U;
    if (at == end) {
        return 0;
    }
    for (; at < end; at++) {
        uint64_t digit = (uint64_t)(*at - '0');

        if (!quantity_is_digit(*at) || n > (limit - digit) / 10) {
            return 0;
        }
        n = n * 10 + digit;
    }
    *exponent = (int32_t)(uint32_t)(negative ? 0 - n : n);
    return 1;
}

/* Whether the text is all of [at, end). */
static int is_all(const char *text, const char *at, const char *end)
{
    while (at < end && *text == *at) {
        text++;
        at++;
    }
    return at == end && *text == '\0';
}

static int read_suffix(struct quantity_written *w)
{
    for (size_t i = 0; i < WEIR__SUFFIXES; i++) {
        if (is_all(weir__suffixes[i].text, w->suffix, w->end)) {
            w->unit = weir__suffixes[i];
            return 1;
        }
    }
    w->unit.base = 10;
    w->unit.format = WEIR_QUANTITY_EXPONENT;
    return w->end - w->suffix > 1 && (*w->suffix == 'e' || *w->suffix == 'E') &&
           quantity_read_exponent(w->suffix + 1, w->end, &w->unit.exponent);
}

/* ---- parts to number ------------------------------------------------------------------------ */

/* The i-th digit of whole and fraction together. */
static uint32_t digit_at(const struct quantity_written *w, size_t i)
{
    return (uint32_t)((i < w->whole_length ? w->whole[i] : w->fraction[i - w->whole_length]) - '0');
}

static size_t digit_count(const struct quantity_written *w)
{
    return w->whole_length + w->fraction_length;
}

static int all_zero(const struct quantity_written *w)
{
    for (size_t i = 0; i < digit_count(w); i++) {
        if (digit_at(w, i) != 0) {
            return 0;
        }
    }
    return 1;
}

/* Whether upstream keeps the text of a narrow quantity instead of formatting the number. */
static int is_verbatim(const struct quantity_written *w, uint64_t digits, int32_t exponent)
{
    size_t n = digit_count(w);

    if (w->unit.base == 2) {
        return (digits & 7) != 0;
    }
    return w->whole_length > 0 && exponent % 3 == 0 &&
           (n < 3 || digit_at(w, n - 1) != 0 || digit_at(w, n - 2) != 0 || digit_at(w, n - 3) != 0);
}

/* The narrow form. 0 when the quantity does not qualify. */
static int read_narrow(const struct quantity_written *w, weir_quantity *q)
{
    /* Upstream counts one digit where there is none before the dot. */
    int64_t whole = w->whole_length > 0 ? (int64_t)w->whole_length : 1;
    int64_t exponent = -(int64_t)w->fraction_length;
    uint64_t digits = 0;
    struct weir__wide value;

    if (w->unit.base == 10) {
        exponent += w->unit.exponent;
        if (whole + (int64_t)w->fraction_length > NARROW_DIGITS) {
            return 0;
        }
    } else if (w->fraction_length > 0 || 14 - whole - w->unit.exponent * 3 / 10 < 0) {
        return 0;
    }
    if (exponent < WEIR__NANO) {
        return 0;
    }
    for (size_t i = 0; i < digit_count(w); i++) {
        digits = digits * 10 + digit_at(w, i);
    }
    if (w->unit.base == 2 && digits > (uint64_t)INT64_MAX >> w->unit.exponent) {
        return 0;
    }
    value = weir__wide_of(w->unit.base == 2 ? digits << w->unit.exponent : digits);
    weir__quantity_store(q, &value);
    q->exponent = (int32_t)exponent;
    q->verbatim = is_verbatim(w, digits, (int32_t)exponent);
    return 1;
}

/* Digits [0, count) as a number; *rest is 1 when a later digit is not zero. */
static struct weir__wide read_digits(const struct quantity_written *w, size_t count, uint32_t *rest)
{
    struct weir__wide value = {{0}};

    for (size_t i = 0; i < digit_count(w); i++) {
        if (i < count) {
            weir__wide_muladd(&value, 10, digit_at(w, i)); /* 128 digits fit 512 bits */
        } else if (digit_at(w, i) != 0) {
            *rest = 1;
        }
    }
    return value;
}

/* Decimal digits in billionths, rounded up. 0 when they do not fit. */
static int decimal_billionths(const struct quantity_written *w, struct weir__wide *value)
{
    int32_t shift = w->unit.exponent - (int32_t)w->fraction_length - WEIR__NANO;
    int32_t kept = (int32_t)digit_count(w) + (shift < 0 ? shift : 0);
    uint32_t rest = 0;

    *value = read_digits(w, kept > 0 ? (size_t)kept : 0, &rest);
    return weir__wide_scale(value, shift) && weir__wide_muladd(value, 1, rest) &&
           weir__wide_length(value) <= STORED_PARTS;
}

/* Digits of a binary unit in billionths, rounded up. 0 when they are beyond 2^63 - 1 units. */
static int binary_billionths(const struct quantity_written *w, struct weir__wide *value)
{
    int32_t shift = -(int32_t)w->fraction_length - WEIR__NANO;
    struct weir__wide most = weir__wide_of(INT64_MAX);
    uint32_t rest = 0, drop = 0;
    int fits = 1;

    weir__wide_muladd(&most, WEIR__BILLION, 0);
    *value = read_digits(w, digit_count(w), &drop);
    for (int32_t i = 0; i < w->unit.exponent; i += 10) {
        fits = fits && weir__wide_muladd(value, 1024, 0);
    }
    fits = fits && weir__wide_scale(value, shift);
    for (; fits && shift < 0; shift++) {
        rest |= weir__wide_divide(value, 10);
    }
    return fits && weir__wide_muladd(value, 1, rest != 0) && weir__wide_compare(value, &most) <= 0;
}

static weir_status read_wide(const struct quantity_written *w, weir_quantity *q, weir_error *err)
{
    struct weir__wide value, one = weir__wide_of(WEIR__BILLION);

    if (w->unit.exponent > WEIR_QUANTITY_EXPONENT_MAX ||
        w->unit.exponent < -WEIR_QUANTITY_EXPONENT_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "", "has an exponent beyond what weir reads");
    }
    q->wide = 1;
    q->exponent = WEIR__NANO;
    if (w->unit.base == 10) {
        if (!decimal_billionths(w, &value)) {
            return weir__fail(err, WEIR_E_LIMIT, "", "is larger than weir can hold");
        }
    } else if (!binary_billionths(w, &value)) {
        value = weir__wide_of(INT64_MAX); /* as upstream, which then has no decimals */
        q->exponent = 0;
    } else if (weir__wide_compare(&value, &one) < 0) {
        q->format = WEIR_QUANTITY_DECIMAL;
    }
    weir__quantity_store(q, &value);
    return WEIR_OK;
}

/* Zero keeps its exponent: so large a one that the power of ten is infinite gives NaN as a double.
 */
static weir_status read_zero(const struct quantity_written *w, weir_quantity *out, weir_error *err)
{
    int64_t exponent = 0;
    weir_quantity q;

    memset(&q, 0, sizeof q);
    if (!w->has_digits && !read_narrow(w, &q)) { /* "Pi" alone, while "Ki" is zero */
        return weir__fail(err, WEIR_E_PARSE, "", "has no digits");
    }
    memset(out, 0, sizeof *out);
    if (w->unit.base == 10) {
        exponent = w->unit.exponent - (int64_t)w->fraction_length;
    }
    out->exponent = exponent > INT32_MIN ? (int32_t)exponent : INT32_MIN;
    out->format = w->unit.format;
    return WEIR_OK;
}

weir_status weir_quantity_parse(const char *text, size_t length, weir_quantity *out,
                                weir_error *err)
{
    struct quantity_written w;
    weir_status status = WEIR_OK;
    weir_quantity q;

    if (text == NULL || out == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "no quantity was given");
    }
    if (length == 0 || !quantity_cut(text, text + length, &w)) {
        return weir__fail(err, WEIR_E_PARSE, "", malformed);
    }
    if (!read_suffix(&w)) {
        return weir__fail(err, WEIR_E_PARSE, "", "has a suffix that is none of Kubernetes'");
    }
    memset(&q, 0, sizeof q);
    q.format = w.unit.format;
    if (all_zero(&w)) {
        return read_zero(&w, out, err);
    }
    if (digit_count(&w) > WEIR_QUANTITY_DIGITS_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "", "has more digits than weir reads");
    }
    q.negative = w.negative;
    if (!read_narrow(&w, &q)) {
        status = read_wide(&w, &q, err);
    }
    if (status == WEIR_OK) {
        *out = q;
    }
    return status;
}

weir_status weir_quantity_parse_stored(const char *text, size_t length, weir_quantity *out,
                                       weir_error *err)
{
    char canonical[WEIR_QUANTITY_TEXT_MAX];
    weir_quantity quantity_written = {.wide = 0};
    size_t need;
    weir_status status;

    if (out == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "there is nowhere to put the quantity");
    }
    status = weir_quantity_parse(text, length, &quantity_written, err);
    if (status != WEIR_OK) {
        return status;
    }
    if (quantity_written.verbatim) {
        *out = quantity_written;
        return WEIR_OK;
    }
    weir_quantity_text(&quantity_written, canonical, sizeof canonical, &need);
    return weir_quantity_parse(canonical, need - 1, out, err);
}

/* ---- lib/base/quantity_value.c ---- */

/*
 * base/quantity_value.c - quantities: from a number to thousandths, to a double and to text.
 *
 * Upstream: k8s.io/apimachinery pkg/api/resource.
 */

static const struct weir__suffix weir__suffixes[WEIR__SUFFIXES] = {
    {"n", 10, -9, WEIR_QUANTITY_DECIMAL}, {"u", 10, -6, WEIR_QUANTITY_DECIMAL},
    {"m", 10, -3, WEIR_QUANTITY_DECIMAL}, {"", 10, 0, WEIR_QUANTITY_DECIMAL},
    {"k", 10, 3, WEIR_QUANTITY_DECIMAL},  {"M", 10, 6, WEIR_QUANTITY_DECIMAL},
    {"G", 10, 9, WEIR_QUANTITY_DECIMAL},  {"T", 10, 12, WEIR_QUANTITY_DECIMAL},
    {"P", 10, 15, WEIR_QUANTITY_DECIMAL}, {"E", 10, 18, WEIR_QUANTITY_DECIMAL},
    {"Ki", 2, 10, WEIR_QUANTITY_BINARY},  {"Mi", 2, 20, WEIR_QUANTITY_BINARY},
    {"Gi", 2, 30, WEIR_QUANTITY_BINARY},  {"Ti", 2, 40, WEIR_QUANTITY_BINARY},
    {"Pi", 2, 50, WEIR_QUANTITY_BINARY},  {"Ei", 2, 60, WEIR_QUANTITY_BINARY},
};

weir_status weir_quantity_from_milli(int64_t milli, int32_t format, weir_quantity *out)
{
    uint64_t magnitude = milli < 0 ? 0 - (uint64_t)milli : (uint64_t)milli;
    struct weir__wide value = weir__wide_of(magnitude);

    if (out == NULL) {
        return WEIR_E_ARG;
    }
    if (format < WEIR_QUANTITY_DECIMAL || format > WEIR_QUANTITY_EXPONENT) {
        return WEIR_E_RANGE;
    }
    memset(out, 0, sizeof *out);
    weir__quantity_store(out, &value);
    out->negative = milli < 0;
    out->exponent = WEIR__MILLI;
    out->format = format;
    return WEIR_OK;
}

/* ---- number to thousandths ------------------------------------------------------------------ */

int32_t weir_quantity_sign(const weir_quantity *quantity)
{
    struct weir__wide value;

    if (quantity == NULL) {
        return 0;
    }
    value = weir__quantity_magnitude(quantity);
    return weir__wide_length(&value) == 0 ? 0 : quantity->negative ? -1 : 1;
}

/* The low 64 bits with the sign, as Go's big.Int.Int64. */
static int64_t low_signed(const weir_quantity *q)
{
    struct weir__wide value = weir__quantity_magnitude(q);
    uint64_t low = weir__wide_low64(&value);

    return (int64_t)(q->negative ? 0 - low : low);
}

/* v / 10^drop, away from zero when anything is dropped. */
static int64_t narrow_down(int64_t v, int32_t drop)
{
    int64_t sign = v > 0 ? 1 : -1;
    int inexact = 0;

    for (; drop > 0 && v != 0; drop--) {
        inexact |= v % 10 != 0;
        v /= 10;
    }
    return inexact ? v + sign : v;
}

/* v x 10^raise. What does not fit is the wrapped product for some powers and 0 for all others:
 * upstream has fast paths for the common ones, which do not look at their own overflow flag. */
static int64_t narrow_up(int64_t v, int32_t raise)
{
    uint64_t wrapped = (uint64_t)v, magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    int fits = 1;

    for (int32_t i = 0; i < raise; i++) {
        fits = fits && magnitude <= INT64_MAX / 10;
        magnitude *= 10;
        wrapped *= 10;
    }
    if (!fits && raise != 1 && raise != 2 && raise != 3 && raise != 6 && raise != 9) {
        return 0;
    }
    return (int64_t)wrapped;
}

/* Wide numbers, held in billionths: unscaled / divisor. Above zero it is rounded up; below zero
 * upstream adds one to a quotient that was already rounded up. */
static int64_t wide_down(const weir_quantity *q, uint64_t divisor)
{
    struct weir__wide value = weir__quantity_magnitude(q);
    int64_t v;
    uint32_t rest;

    if (q->negative || weir__wide_length(&value) < 2 ||
        (weir__wide_length(&value) == 2 && weir__wide_low64(&value) < INT64_MAX)) {
        v = low_signed(q);
        return v / (int64_t)divisor + (v % (int64_t)divisor != 0);
    }
    rest = weir__wide_divide(&value, (uint32_t)divisor);
    return (int64_t)(weir__wide_low64(&value) + (rest != 0));
}

/* The quantity in units of 10^exponent; exponent is -3 or 0. */
static int64_t quantity_value_scaled(const weir_quantity *q, int32_t exponent)
{
    int64_t v = low_signed(q);

    if (weir_quantity_sign(q) == 0) {
        return 0;
    }
    if (!q->wide) {
        return q->exponent < exponent ? narrow_down(v, exponent - q->exponent)
                                      : narrow_up(v, q->exponent - exponent);
    }
    if (q->exponent == 0) { /* the cap of binary units */
        return (int64_t)((uint64_t)v * (exponent == WEIR__MILLI ? 1000U : 1U));
    }
    return wide_down(q, exponent == WEIR__MILLI ? WEIR__MILLION : WEIR__BILLION);
}

int64_t weir_quantity_milli(const weir_quantity *quantity)
{
    return quantity != NULL ? quantity_value_scaled(quantity, WEIR__MILLI) : 0;
}

int64_t weir_quantity_value(const weir_quantity *quantity)
{
    return quantity != NULL ? quantity_value_scaled(quantity, 0) : 0;
}

/* ---- number to double ----------------------------------------------------------------------- */

/* Bit i of a number. */
static uint64_t bit_of(const struct weir__wide *value, int i)
{
    return value->part[i / 32] >> i % 32 & 1;
}

/* The nearest double, ties to even: the top 64 bits, the lowest of which stands for all below. */
static double quantity_value_nearest(const struct weir__wide *value)
{
    int bits = 32 * weir__wide_length(value);
    uint64_t top = 0, rest = 0;
    double x;

    while (bits > 0 && bit_of(value, bits - 1) == 0) {
        bits--;
    }
    if (bits <= 64) {
        return (double)weir__wide_low64(value);
    }
    for (int i = bits - 1; i >= 0; i--) {
        if (i >= bits - 64) {
            top = top << 1 | bit_of(value, i);
        } else {
            rest |= bit_of(value, i);
        }
    }
    x = (double)(top | rest);
    for (; bits > 64; bits--) {
        x *= 2.0;
    }
    return x;
}

/* 10^n as Go's math.Pow10 gives it for n >= -31: a product of two tables. */
static double power_of_ten(int32_t n)
{
    static const double small[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10,
                                   1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
                                   1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31};
    static const double large[] = {1e0, 1e32, 1e64, 1e96, 1e128, 1e160, 1e192, 1e224, 1e256, 1e288};

    if (n < 0) {
        return n >= -31 ? 1.0 / small[-n] : 0.0; /* only a zero has such an exponent */
    }
    return n <= 308 ? large[n / 32] * small[n % 32] : WEIR__INF;
}

double weir_quantity_double(const weir_quantity *quantity)
{
    struct weir__wide value;
    double x;

    if (quantity == NULL) {
        return 0.0;
    }
    value = weir__quantity_magnitude(quantity);
    x = quantity_value_nearest(&value);
    x = quantity->negative ? -x : x;
    return quantity->exponent == 0 ? x : x * power_of_ten(quantity->exponent);
}

/* ---- number to text ------------------------------------------------------------------------- */

/* Divides by a factor as long as it divides; gives how often. */
static int32_t take_factors(struct weir__wide *value, uint32_t factor)
{
    int32_t times = 0;

    for (;;) {
        struct weir__wide quotient = *value;

        if (weir__wide_divide(&quotient, factor) != 0) {
            return times;
        }
        *value = quotient;
        times++;
    }
}

static const char *suffix_of(int32_t base, int32_t exponent)
{
    for (size_t i = 0; i < WEIR__SUFFIXES; i++) {
        if (weir__suffixes[i].base == base && weir__suffixes[i].exponent == exponent) {
            return weir__suffixes[i].text;
        }
    }
    return ""; /* upstream, too, leaves out a suffix that there is none for */
}

static void put_wide(struct weir__text *text, struct weir__wide value)
{
    char digits[160];
    size_t n = sizeof digits;

    digits[--n] = '\0';
    do {
        digits[--n] = (char)('0' + weir__wide_divide(&value, 10));
    } while (weir__wide_length(&value) > 0);
    weir__text_str(text, digits + n);
}

/* Whole units, if it is whole units of 1024 and more in either direction: what a binary suffix can
 * show. 0 otherwise. */
static int binary_units(const weir_quantity *q, struct weir__wide *value)
{
    struct weir__wide least = weir__wide_of(1024);

    *value = weir__quantity_magnitude(q);
    for (int32_t e = q->exponent; e < 0; e++) {
        if (weir__wide_divide(value, 10) != 0) {
            return 0;
        }
    }
    return weir__wide_scale(value, q->exponent) && weir__wide_compare(value, &least) >= 0;
}

weir_status weir_quantity_text(const weir_quantity *quantity, char *text, size_t capacity,
                               size_t *need)
{
    struct weir__text out;
    struct weir__wide value;
    int32_t exponent;

    if (quantity == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    weir__text_open(&out, text, capacity);
    if (weir_quantity_sign(quantity) == 0) {
        weir__text_char(&out, '0');
        return weir__text_close(&out, need);
    }
    if (quantity->negative) {
        weir__text_char(&out, '-');
    }
    if (quantity->format == WEIR_QUANTITY_BINARY && binary_units(quantity, &value)) {
        exponent = 10 * take_factors(&value, 1024);
        put_wide(&out, value);
        weir__text_str(&out, exponent > 0 ? suffix_of(2, exponent) : "");
        return weir__text_close(&out, need);
    }
    value = weir__quantity_magnitude(quantity);
    exponent = quantity->exponent + take_factors(&value, 10);
    for (; exponent % 3 != 0; exponent--) {
        weir__wide_muladd(&value, 10, 0);
    }
    put_wide(&out, value);
    if (quantity->format != WEIR_QUANTITY_EXPONENT) {
        weir__text_str(&out, suffix_of(10, exponent));
    } else if (exponent != 0) {
        weir__text_char(&out, 'e');
        weir__text_int(&out, exponent);
    }
    return weir__text_close(&out, need);
}

/* ---- lib/base/real.c ---- */

/*
 * base/real.c - decimal and hexadecimal digits to the nearest double, ties to even.
 *
 * Short numbers are one exact multiplication or division. The rest is shifted bit by bit as a row
 * of decimal digits until 53 bits stand before the point, which needs no table and is never wrong.
 *
 * Upstream: what Go's strconv.ParseFloat accepts.
 */

enum { DIGITS_MAX = 800, SHIFT_MAX = 56 };

/* 0.d1d2d3... x 10^point */
struct real_digits {
    int32_t count, point;
    int32_t more; /* 1: digits other than 0 were left out at the end */
    uint8_t digit[DIGITS_MAX];
};

/* ---- rows of digits ------------------------------------------------------------------------- */

static void trim(struct real_digits *d)
{
    while (d->count > 0 && d->digit[d->count - 1] == 0) {
        d->count--;
    }
    if (d->count == 0) {
        d->point = 0;
    }
}

/* d = d / 2^bits; bits <= SHIFT_MAX */
static void shift_right(struct real_digits *d, int32_t bits)
{
    uint64_t n = 0, mask = (UINT64_C(1) << bits) - 1;
    int32_t read = 0, write = 0;

    for (; n >> bits == 0; read++) {
        if (read >= d->count) {
            if (n == 0) {
                d->count = 0;
                return;
            }
            for (; n >> bits == 0; read++) {
                n *= 10;
            }
            break;
        }
        n = n * 10 + d->digit[read];
    }
    d->point -= read - 1;
    for (; read < d->count; read++) {
        d->digit[write++] = (uint8_t)(n >> bits);
        n = (n & mask) * 10 + d->digit[read];
    }
    for (; n > 0; n = (n & mask) * 10) {
        uint8_t digit = (uint8_t)(n >> bits);

        if (write < DIGITS_MAX) {
            d->digit[write++] = digit;
        } else if (digit > 0) {
            d->more = 1;
        }
    }
    d->count = write;
    trim(d);
}

/* d = d x 2^bits; bits <= SHIFT_MAX */
static void shift_left(struct real_digits *d, int32_t bits)
{
    uint8_t head[24];
    uint64_t carry = 0;
    int32_t extra = 0, keep;

    for (int32_t i = d->count; i-- > 0;) {
        carry += (uint64_t)d->digit[i] << bits;
        d->digit[i] = (uint8_t)(carry % 10);
        carry /= 10;
    }
    for (; carry > 0; carry /= 10) {
        head[extra++] = (uint8_t)(carry % 10);
    }
    keep = d->count + extra > DIGITS_MAX ? DIGITS_MAX - extra : d->count;
    for (int32_t i = keep; i < d->count; i++) {
        d->more |= d->digit[i] != 0;
    }
    memmove(d->digit + extra, d->digit, (size_t)keep);
    for (int32_t i = 0; i < extra; i++) {
        d->digit[i] = head[extra - 1 - i];
    }
    d->count = keep + extra;
    d->point += extra;
    trim(d);
}

static void real_shift(struct real_digits *d, int32_t bits)
{
    for (; bits > SHIFT_MAX; bits -= SHIFT_MAX) {
        shift_left(d, SHIFT_MAX);
    }
    for (; bits < -SHIFT_MAX; bits += SHIFT_MAX) {
        shift_right(d, SHIFT_MAX);
    }
    if (bits > 0) {
        shift_left(d, bits);
    } else if (bits < 0) {
        shift_right(d, -bits);
    }
}

static int rounds_up(const struct real_digits *d, int32_t at)
{
    if (at < 0 || at >= d->count) {
        return 0;
    }
    if (d->digit[at] == 5 && at + 1 == d->count && !d->more) { /* just between: to the even one */
        return at > 0 && d->digit[at - 1] % 2 != 0;
    }
    return d->digit[at] >= 5;
}

static uint64_t real_rounded(const struct real_digits *d)
{
    uint64_t n = 0;
    int32_t i = 0;

    for (; i < d->point && i < d->count; i++) {
        n = n * 10 + d->digit[i];
    }
    for (; i < d->point; i++) {
        n *= 10;
    }
    return n + (uint64_t)rounds_up(d, d->point);
}

/* Bits to move by so that a number with so many digits before the point gets fewer. */
static int32_t step_of(int32_t point)
{
    static const uint8_t steps[] = {0, 3, 6, 9, 13, 16, 19, 23, 26};

    return point < (int32_t)sizeof steps ? steps[point] : 27;
}

/* WEIR_E_LIMIT when it is beyond the largest double. */
static weir_status real_nearest(struct real_digits *d, double *value)
{
    int32_t exponent = 0, bits;
    uint64_t mantissa;

    *value = 0.0;
    if (d->count == 0 || d->point < -330) {
        return WEIR_OK;
    }
    *value = WEIR__INF;
    if (d->point > 310) {
        return WEIR_E_LIMIT;
    }
    while (d->point > 0) {
        bits = step_of(d->point);
        real_shift(d, -bits);
        exponent += bits;
    }
    while (d->point < 0 || (d->point == 0 && d->digit[0] < 5)) {
        bits = d->point == 0 ? 1 : step_of(-d->point);
        real_shift(d, bits);
        exponent -= bits;
    }
    exponent--; /* from [1/2, 1) to [1, 2) */
    if (exponent < -1022) {
        real_shift(d, exponent + 1022);
        exponent = -1022;
    }
    real_shift(d, 53);
    mantissa = real_rounded(d);
    if (mantissa == UINT64_C(1) << 53) {
        mantissa >>= 1;
        exponent++;
    }
    if (exponent > 1023) {
        return WEIR_E_LIMIT;
    }
    if ((mantissa & UINT64_C(1) << 52) == 0) {
        exponent = -1023; /* subnormal */
    }
    *value = weir__from_bits((uint64_t)(exponent + 1023) << 52 |
                             (mantissa & UINT64_C(0x000fffffffffffff)));
    return WEIR_OK;
}

/* ---- texts ---------------------------------------------------------------------------------- */

static char real_lower(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    return c;
}

static int32_t digit_of(char c)
{
    c = real_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static int real_is_word(const char *text, size_t length, const char *word)
{
    size_t i = 0;

    for (; i < length && word[i] != '\0' && real_lower(text[i]) == word[i]; i++) {
    }
    return i == length && word[i] == '\0';
}

/* What is read of a number besides its digits. */
struct number {
    struct real_digits d;
    uint64_t short_value; /* the digits, as long as they fit */
    uint64_t bits;        /* hexadecimal: the first sixteen digits, the rest in its lowest bit */
    int32_t negative, hex, short_digits;
    int64_t exponent;
};

static void take_digit(struct number *n, int32_t digit)
{
    struct real_digits *d = &n->d;

    if (n->short_digits < 19 && (digit > 0 || n->short_digits > 0)) {
        n->short_value = n->short_value * 10 + (uint64_t)digit;
    }
    n->short_digits += digit > 0 || n->short_digits > 0;
    if (d->count < DIGITS_MAX) {
        d->digit[d->count++] = (uint8_t)digit;
    } else {
        d->more |= digit != 0;
    }
}

/* Mantissa and point. Gives the place behind them; 0 when there is no digit. Underscores have to
 * stand between digits, or behind a prefix. */
static size_t read_mantissa(struct number *n, const char *text, size_t length, size_t at)
{
    size_t real_digits = 0, point = 0, last_under = 0;
    int32_t hex_digits = 0, previous = n->hex;

    for (; at < length; at++) {
        int32_t digit = digit_of(text[at]);

        if (text[at] == '_') {
            if (!previous) {
                return 0;
            }
            previous = 0;
            last_under = at + 1;
        } else if (text[at] == '.' && point == 0) {
            if (last_under == at && at > 0) {
                return 0;
            }
            point = at + 1;
            previous = 0;
        } else if (digit < (n->hex ? 16 : 10)) {
            real_digits++;
            previous = 1;
            if (!n->hex) {
                if (digit > 0 || n->d.count > 0) {
                    take_digit(n, digit);
                } else if (point != 0) {
                    n->d.point--; /* a zero right behind the point */
                }
                n->d.point += point == 0 && n->d.count > 0;
            } else if (hex_digits < 15 || n->bits == 0) {
                n->bits = n->bits * 16 + (uint64_t)digit;
                hex_digits += n->bits > 0;
                n->exponent -= point != 0 ? 4 : 0;
            } else {
                n->bits |= digit != 0;
                n->exponent += point == 0 ? 4 : 0;
            }
        } else {
            break;
        }
    }
    return real_digits == 0 || (last_under == at && at > 0) ? 0 : at;
}

/* The exponent behind its letter; 0 when it is none. */
static size_t real_read_exponent(struct number *n, const char *text, size_t length, size_t at)
{
    int64_t e = 0;
    int negative = 0;
    size_t real_digits = 0;

    if (at < length && (text[at] == '+' || text[at] == '-')) {
        negative = text[at++] == '-';
    }
    for (; at < length; at++) {
        if (text[at] == '_' && real_digits > 0 && at + 1 < length && digit_of(text[at + 1]) < 10) {
            continue;
        }
        if (digit_of(text[at]) > 9) {
            break;
        }
        real_digits++;
        e = e < 100000 ? e * 10 + digit_of(text[at]) : e;
    }
    n->exponent += negative ? -e : e;
    return real_digits > 0 ? at : 0;
}

static weir_status nearest_hex(const struct number *n, double *value)
{
    int64_t exponent = n->exponent, drop;
    uint64_t bits = n->bits, half;

    *value = 0.0;
    if (bits == 0) {
        return WEIR_OK;
    }
    while (bits >> 63 == 0) {
        bits <<= 1;
        exponent--;
    }
    exponent += 63; /* of the first bit */
    drop = exponent < -1022 ? 11 - 1022 - exponent : 11;
    if (drop > 64) {
        return WEIR_OK;
    }
    half = drop == 64 ? bits : bits << (64 - drop);
    bits = drop == 64 ? 0 : bits >> drop;
    bits += half > UINT64_C(1) << 63 || (half == UINT64_C(1) << 63 && (bits & 1) != 0);
    *value = (double)bits;
    exponent = (exponent < -1022 ? -1022 : exponent) - 52;
    for (; exponent > 0 && *value <= 1.7976931348623157e308; exponent--) {
        *value *= 2.0;
    }
    for (; exponent < 0; exponent++) { /* exact: the bits that fall off were dropped before */
        *value *= 0.5;
    }
    return *value > 1.7976931348623157e308 ? WEIR_E_LIMIT : WEIR_OK;
}

static weir_status nearest_decimal(struct number *n, double *value)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t exponent = n->exponent + n->d.point - n->d.count; /* of the digits as a whole number */
    int64_t point = n->exponent + n->d.point;

    if (n->d.count == 0) {
        *value = 0.0;
        return WEIR_OK;
    }
    if (n->short_digits <= 15 && exponent >= -22 && exponent <= 22) {
        *value = exponent < 0 ? (double)n->short_value / tens[-exponent]
                              : (double)n->short_value * tens[exponent];
        return WEIR_OK;
    }
    n->d.point = (int32_t)(point > 100000 ? 100000 : point < -100000 ? -100000 : point);
    trim(&n->d);
    return real_nearest(&n->d, value);
}

static weir_status weir__parse_real(const char *text, size_t length, double *value)
{
    struct number n;
    size_t at = 0, exponent_at;
    weir_status status;
    int signed_text = length > 0 && (text[0] == '+' || text[0] == '-');

    if (real_is_word(text + signed_text, length - (size_t)signed_text, "inf") ||
        real_is_word(text + signed_text, length - (size_t)signed_text, "infinity")) {
        *value = text[0] == '-' ? -WEIR__INF : WEIR__INF;
        return WEIR_OK;
    }
    if (real_is_word(text, length, "nan")) {
        *value = weir__from_bits(UINT64_C(0x7ff8000000000001));
        return WEIR_OK;
    }
    memset(&n, 0, sizeof n);
    n.negative = signed_text && text[0] == '-';
    at += (size_t)signed_text;
    if (at + 2 < length && text[at] == '0' && real_lower(text[at + 1]) == 'x') {
        n.hex = 1;
        at += 2;
    }
    at = read_mantissa(&n, text, length, at);
    if (at == 0) {
        return WEIR_E_PARSE;
    }
    exponent_at = at;
    if (at < length && real_lower(text[at]) == (n.hex ? 'p' : 'e')) {
        at = real_read_exponent(&n, text, length, at + 1);
    } else if (n.hex) {
        return WEIR_E_PARSE;
    }
    if (at != length || exponent_at == 0) {
        return WEIR_E_PARSE;
    }
    status = n.hex ? nearest_hex(&n, value) : nearest_decimal(&n, value);
    *value = n.negative ? -*value : *value;
    return status;
}

static weir_status weir__parse_whole(const char *text, size_t length, int32_t base, int64_t *value)
{
    size_t at = length > 0 && (text[0] == '+' || text[0] == '-');
    uint64_t n = 0, most = UINT64_C(1) << 63;
    int negative = length > 0 && text[0] == '-', too_large = 0;

    if (at == length) {
        return WEIR_E_PARSE;
    }
    for (; at < length; at++) {
        int32_t digit = digit_of(text[at]);

        if (digit >= base) {
            return WEIR_E_PARSE;
        }
        too_large |= n > (most - (uint64_t)digit) / (uint64_t)base;
        n = n * (uint64_t)base + (uint64_t)digit;
    }
    if (too_large || (!negative && n == most)) {
        *value = negative ? INT64_MIN : INT64_MAX;
        return WEIR_E_LIMIT;
    }
    *value = negative ? (int64_t)(0 - n) : (int64_t)n;
    return WEIR_OK;
}

static int64_t weir__milli_of(double value)
{
    uint64_t u = weir__bits(value), product, rest, half;
    int64_t exponent = (int64_t)(u >> 52 & 0x7ff);
    uint64_t mantissa =
        (u & UINT64_C(0x000fffffffffffff)) | (exponent != 0 ? UINT64_C(1) << 52 : 0);
    int64_t right = 1075 - (exponent != 0 ? exponent : 1);

    product = mantissa * 1000; /* below 2^63: exact */
    if (right <= 0) {
        return (int64_t)(product << -right);
    }
    if (right > 63) {
        return 0;
    }
    half = UINT64_C(1) << (right - 1);
    rest = product & ((half << 1) - 1);
    product >>= right;
    return (int64_t)(product + (rest > half || (rest == half && (product & 1) != 0)));
}

weir_status weir_f64_parse(const char *text, size_t length, double *value)
{
    weir_status status;

    if ((text == NULL && length > 0) || value == NULL) {
        return WEIR_E_ARG;
    }
    status = weir__parse_real(text != NULL ? text : "", length, value);
    if (status == WEIR_E_PARSE) {
        *value = 0.0;
    }
    return status;
}

/* ---- lib/base/status.c ---- */

/*
 * base/status.c - names and sentences for statuses, the version, and how an error is filled.
 */

struct status_row {
    weir_status status;
    const char *name;
    const char *sentence;
};

static const struct status_row status_rows[] = {
    {WEIR_OK, "WEIR_OK", "done"},
    {WEIR_END, "WEIR_END", "there is nothing left to give"},
    {WEIR_NO_DATA, "WEIR_NO_DATA", "the metric has no value now"},
    {WEIR_NOT_DUE, "WEIR_NOT_DUE", "the next step is not due yet"},
    {WEIR_E_ARG, "WEIR_E_ARG", "an argument is NULL, misaligned or of another kind"},
    {WEIR_E_RANGE, "WEIR_E_RANGE", "a value is outside its bounds"},
    {WEIR_E_STRUCT, "WEIR_E_STRUCT", "struct_size is too small, or unknown fields are set"},
    {WEIR_E_SPACE, "WEIR_E_SPACE", "the buffer is too small"},
    {WEIR_E_TIME, "WEIR_E_TIME", "the time is before one that was already seen"},
    {WEIR_E_MEMORY, "WEIR_E_MEMORY", "there is no memory left"},
    {WEIR_E_PARSE, "WEIR_E_PARSE", "the text is malformed"},
    {WEIR_E_LIMIT, "WEIR_E_LIMIT", "the input is larger than a documented limit"},
    {WEIR_E_UNSUPPORTED, "WEIR_E_UNSUPPORTED", "understood, but not supported"},
    {WEIR_E_CORRUPT, "WEIR_E_CORRUPT", "the snapshot is damaged"},
    {WEIR_E_VERSION, "WEIR_E_VERSION", "the snapshot is of another format version"},
    {WEIR_E_MISMATCH, "WEIR_E_MISMATCH", "the snapshot is of another kind or configuration"},
    {WEIR_E_IO, "WEIR_E_IO", "reading or writing failed"},
    {WEIR_E_PANIC, "WEIR_E_PANIC", "the upstream program would crash on this input"},
};

static const struct status_row *status_find(weir_status status)
{
    for (size_t i = 0; i < sizeof status_rows / sizeof status_rows[0]; i++) {
        if (status_rows[i].status == status) {
            return &status_rows[i];
        }
    }
    return NULL;
}

const char *weir_strerror(weir_status status)
{
    const struct status_row *row = status_find(status);

    return row != NULL ? row->sentence : "unknown status";
}

const char *weir_status_name(weir_status status)
{
    const struct status_row *row = status_find(status);

    return row != NULL ? row->name : "unknown";
}

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

uint32_t weir_version(void)
{
    return (uint32_t)WEIR_VERSION_MAJOR << 16 | (uint32_t)WEIR_VERSION_MINOR << 8 |
           (uint32_t)WEIR_VERSION_PATCH;
}

const char *weir_version_text(void)
{
    return TEXT(WEIR_VERSION_MAJOR) "." TEXT(WEIR_VERSION_MINOR) "." TEXT(WEIR_VERSION_PATCH);
}

static weir_status weir__fail(weir_error *err, weir_status status, const char *path, const char *message)
{
    if (err != NULL) {
        struct weir__text text;

        memset(err, 0, sizeof *err);
        err->status = status;
        weir__text_open(&text, err->path, sizeof err->path);
        weir__text_str(&text, path);
        weir__text_open(&text, err->message, sizeof err->message);
        weir__text_str(&text, message);
    }
    return status;
}

static void weir__fail_within(weir_error *err, const char *name, int64_t index)
{
    char inner[sizeof err->path];
    struct weir__text text;

    if (err == NULL) {
        return;
    }
    memcpy(inner, err->path, sizeof inner);
    weir__text_open(&text, err->path, sizeof err->path);
    weir__text_str(&text, name);
    if (index >= 0) {
        weir__text_char(&text, '[');
        weir__text_int(&text, index);
        weir__text_char(&text, ']');
    }
    weir__text_char(&text, '.');
    weir__text_str(&text, inner);
}

static weir_status weir__give_bytes(size_t *bytes, size_t need, weir_error *err)
{
    if (bytes == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "there is nowhere to put the size");
    }
    *bytes = need;
    return WEIR_OK;
}

static weir_status weir__block_fits(const void *block, size_t bytes, size_t need, weir_error *err)
{
    if (!weir__aligned(block)) {
        return weir__fail(err, WEIR_E_ARG, "", "the block is NULL or not 8-byte aligned");
    }
    if (bytes < need) {
        return weir__fail(err, WEIR_E_SPACE, "", "the block is smaller than asked for");
    }
    return WEIR_OK;
}
#undef TEXT_OF
#undef TEXT

/* ---- lib/base/text.c ---- */

/*
 * base/text.c - numbers and durations as text; see text.h.
 */

static void weir__text_open(struct weir__text *text, char *buffer, size_t capacity)
{
    text->buffer = buffer;
    text->capacity = buffer != NULL ? capacity : 0;
    text->length = 0;
    if (text->capacity > 0) {
        buffer[0] = '\0';
    }
}

static void weir__text_char(struct weir__text *text, char c)
{
    if (text->length + 1 < text->capacity) {
        text->buffer[text->length] = c;
        text->buffer[text->length + 1] = '\0';
    }
    text->length++;
}

static void weir__text_str(struct weir__text *text, const char *s)
{
    for (; s != NULL && *s != '\0'; s++) {
        weir__text_char(text, *s);
    }
}

static void put_unsigned(struct weir__text *text, uint64_t value, int32_t least_digits)
{
    char digits[20];
    int32_t n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (int32_t i = n; i < least_digits; i++) {
        weir__text_char(text, '0');
    }
    while (n > 0) {
        weir__text_char(text, digits[--n]);
    }
}

static void weir__text_int(struct weir__text *text, int64_t value)
{
    if (value < 0) {
        weir__text_char(text, '-');
    }
    put_unsigned(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
}

/* whole.fraction, the fraction having so many digits, without trailing zeros. */
static void put_decimal(struct weir__text *text, uint64_t whole, uint64_t fraction, int32_t digits)
{
    put_unsigned(text, whole, 1);
    if (fraction == 0) {
        return;
    }
    while (fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    weir__text_char(text, '.');
    put_unsigned(text, fraction, digits);
}

static void weir__text_double(struct weir__text *text, double value)
{
    double a = weir__abs(value);
    int32_t exponent = 0;
    double millionths;

    if (weir__is_nan(value)) {
        weir__text_str(text, "NaN");
        return;
    }
    if (value < 0.0) {
        weir__text_char(text, '-');
    }
    if (!weir__is_finite(a)) {
        weir__text_str(text, "Inf");
        return;
    }
    if (a >= 1e12 || (a != 0.0 && a < 1e-4)) {
        for (; a >= 10.0; exponent++) {
            a /= 10.0;
        }
        for (; a < 1.0; exponent--) {
            a *= 10.0;
        }
    }
    millionths = weir__round(a * 1e6);
    put_decimal(text, (uint64_t)millionths / 1000000, (uint64_t)millionths % 1000000, 6);
    if (exponent != 0) {
        weir__text_char(text, 'e');
        weir__text_int(text, exponent);
    }
}

static void weir__text_duration(struct weir__text *text, weir_duration value)
{
    uint64_t ns = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint64_t seconds = ns / 1000000000;

    if (value < 0) {
        weir__text_char(text, '-');
    }
    if (ns != 0 && seconds == 0) {
        if (ns >= 1000000) {
            put_decimal(text, ns / 1000000, ns % 1000000, 6);
            weir__text_str(text, "ms");
        } else if (ns >= 1000) {
            put_decimal(text, ns / 1000, ns % 1000, 3);
            weir__text_str(text, "us");
        } else {
            put_unsigned(text, ns, 1);
            weir__text_str(text, "ns");
        }
        return;
    }
    if (seconds >= 3600) {
        put_unsigned(text, seconds / 3600, 1);
        weir__text_char(text, 'h');
    }
    if (seconds >= 60) {
        put_unsigned(text, seconds / 60 % 60, 1);
        weir__text_char(text, 'm');
    }
    put_decimal(text, seconds % 60, ns % 1000000000, 9);
    weir__text_char(text, 's');
}

static weir_status weir__text_close(const struct weir__text *text, size_t *need)
{
    if (need != NULL) {
        *need = text->length + 1;
    }
    return text->length < text->capacity ? WEIR_OK : WEIR_E_SPACE;
}

/* ---- lib/window/bucket_state.c ---- */

/*
 * window/bucket_state.c - a bucket window's change of length, and its snapshots.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/aggregation/bucketing.go, ResizeWindow().
 */

/* ---- lib/window/bucket_window.h ---- */

/*
 * window/bucket_window.h - the layout of a bucket window, and time to bucket.
 */
#ifndef WEIR_LIB_WINDOW_BUCKET_WINDOW_H
#define WEIR_LIB_WINDOW_BUCKET_WINDOW_H


/* ---- lib/window/window.h ---- */

/*
 * window/window.h - the window's own layout, for the layers above that place windows in their
 * blocks.
 */
#ifndef WEIR_LIB_WINDOW_WINDOW_H
#define WEIR_LIB_WINDOW_WINDOW_H


static const struct weir__table weir__window_table;

/* The records of a window inside the snapshot of its owner begin at `id`. */
enum { WEIR__WINDOW_RECORDS = 16 };
static void weir__window_write(const weir_window *window, struct weir__writer *w, uint16_t id);

/* What a snapshot holds for a window, read and checked before anything is changed. */
struct weir__window_image {
    weir_duration window;
    weir_time first_write, last_write;
    int64_t last_index;
    const uint8_t *totals, *bounds, *ring;
};
static void weir__window_read(const weir_window *window, struct weir__reader *r, uint16_t id,
                       struct weir__window_image *image);
static void weir__window_commit(weir_window *window, const struct weir__window_image *image);

#endif

struct weir_window {
    struct weir__block block;
    weir_duration window;
    weir_duration granularity;
    int64_t granularity_s; /* whole seconds of it: what an index divides by */
    int64_t phase;         /* ns between a truncation from 1970 and one from year 1 */
    weir_time first_write; /* start of the oldest bucket in use; WEIR_TIME_NONE: none */
    weir_time last_write;  /* start of the newest bucket; WEIR_TIME_NONE: none */
    int64_t last_index;    /* the number of the newest bucket */
    int32_t last_slot;     /* and its place in the ring, so that slots need no division */
    int32_t buckets;       /* in the ring now */
    int32_t capacity;      /* the ring has room for */
    int32_t lanes;
    int32_t algorithm;
    int32_t semantics;
    double coefficient; /* c of the weighted average */
    uint64_t digest;    /* of the configuration, for snapshots */
    /* Followed by: lanes running totals, lanes bounds, capacity * lanes bucket values. A bound is
     * at least the magnitude of every value in the lane's ring; weighted reads cut their tail by
     * it. */
};

static inline double *weir__totals(weir_window *w)
{
    return (double *)(void *)(w + 1);
}

static inline double *weir__bounds(weir_window *w)
{
    return weir__totals(w) + w->lanes;
}

static inline double *weir__ring(weir_window *w)
{
    return weir__bounds(w) + w->lanes;
}

static inline const double *weir__totals_of(const weir_window *w)
{
    return (const double *)(const void *)(w + 1);
}

static inline const double *weir__bounds_of(const weir_window *w)
{
    return weir__totals_of(w) + w->lanes;
}

static inline const double *weir__ring_of(const weir_window *w)
{
    return weir__bounds_of(w) + w->lanes;
}

/* The bucket that holds a time: its start, by Go's Truncate, which counts from year 1; and its
 * number, by dividing whole seconds since 1970. The two differ in phase where granules do not
 * divide a day. */
struct weir__bucket {
    weir_time start;
    int64_t index;
};

static inline struct weir__bucket weir__bucket_of(const weir_window *w, weir_time t)
{
    struct weir__bucket b;

    if (w->granularity == WEIR_SECOND && t >= 0) { /* the common case: one division by a constant */
        b.index = (int64_t)((uint64_t)t / (uint64_t)WEIR_SECOND);
        b.start = b.index * WEIR_SECOND;
        return b;
    }
    b.index = weir__floor_div(t, WEIR_SECOND) / (w->granularity_s > 0 ? w->granularity_s : 1);
    b.start = weir__sub(t, (weir__floor_mod(t, w->granularity) + w->phase) % w->granularity);
    b.start = b.start != WEIR_TIME_NONE ? b.start : b.start + 1;
    return b;
}

/* Whole granules in a duration that is not negative. */
static inline int64_t weir__granules(const weir_window *w, weir_duration d)
{
    return w->granularity == WEIR_SECOND ? d / WEIR_SECOND : d / w->granularity;
}

/* Whether upstream has a slot for every index of [from, to]: its remainder of a negative index is
 * negative, so that times before 1970 work only where the remainder is 0. */
static inline int weir__slots_exist(const weir_window *w, int64_t from, int64_t to)
{
    return from >= 0 || from > to ||
           (from % w->buckets == 0 && (from == to || from == -1 || w->buckets == 1));
}

static inline int32_t weir__slot_of(const weir_window *w, int64_t index)
{
    int64_t ahead = index - w->last_index;

    if (ahead >= 0 && ahead < w->buckets) { /* the common case, without a division */
        int64_t slot = w->last_slot + ahead;

        return (int32_t)(slot < w->buckets ? slot : slot - w->buckets);
    }
    return (int32_t)weir__floor_mod(index, w->buckets);
}

/* ceil(window / granularity) in doubles, as upstream computes it. */
static inline int64_t weir__bucket_count(weir_duration window, weir_duration granularity)
{
    return (int64_t)weir__ceil((double)window / (double)granularity);
}

/* Time from the last write to the start of a bucket; the largest there is when nothing was written.
 */
static inline weir_duration weir__age(const weir_window *w, weir_time start)
{
    return w->last_write == WEIR_TIME_NONE ? INT64_MAX : weir__sub(start, w->last_write);
}

/* What weir_window_record() would return at this time, for a window that is one. */
static weir_status weir__window_would_take(const weir_window *window, weir_time at);

/* The average of one lane in the bucket of `now`; a status as weir_window_average() has it. */
static weir_status weir__window_lane(const weir_window *window, struct weir__bucket now, int32_t lane,
                              double *average);

/* The weighted average's c for so many buckets. */
static double weir__window_coefficient(int32_t buckets);

#endif

/* ---- resizing ------------------------------------------------------------------------------- */

static void swap_buckets(double *values, int32_t lanes, int64_t a, int64_t b)
{
    for (int32_t lane = 0; lane < lanes; lane++) {
        double held = values[a * lanes + lane];

        values[a * lanes + lane] = values[b * lanes + lane];
        values[b * lanes + lane] = held;
    }
}

static void bucket_state_reverse(double *values, int32_t lanes, int64_t from, int64_t to)
{
    for (to--; from < to; from++, to--) {
        swap_buckets(values, lanes, from, to);
    }
}

/* Moves every bucket `by` places down, those that fall off coming back at the top. */
static void rotate_down(double *values, int32_t lanes, int64_t count, int64_t by)
{
    bucket_state_reverse(values, lanes, 0, by);
    bucket_state_reverse(values, lanes, by, count);
    bucket_state_reverse(values, lanes, 0, count);
}

/* Keeps the newest buckets, each in the slot that its index has in the new ring. In place: the old
 * ring is turned so that it ends with the newest bucket, cut or grown, and turned to its new phase.
 */
static void keep_newest(weir_window *w, int32_t buckets)
{
    double *values = weir__ring(w), *total = weir__totals(w);
    int64_t last = w->last_index;
    int64_t old = w->buckets, kept = old < buckets ? old : buckets;
    int32_t lanes = w->lanes;

    rotate_down(values, lanes, old, (weir__floor_mod(last, old) + 1) % old);
    memmove(values, values + (old - kept) * lanes, sizeof(double) * (size_t)(kept * lanes));
    memset(total, 0, sizeof(double) * (size_t)lanes);
    for (int64_t i = kept - 1; i >= 0; i--) { /* newest first: upstream's order of summation */
        for (int32_t lane = 0; lane < lanes; lane++) {
            total[lane] += values[i * lanes + lane];
        }
    }
    memset(values + kept * lanes, 0, sizeof(double) * (size_t)((buckets - kept) * lanes));
    /* The newest is at kept - 1 and belongs at last mod buckets. */
    rotate_down(values, lanes, buckets,
                weir__floor_mod(kept - 1 - weir__floor_mod(last, buckets), buckets));
}

weir_status weir_window_resize(weir_window *window, weir_duration length, weir_time now)
{
    weir_window *w = window;
    int64_t buckets;

    if (!weir__block_is(w, WEIR_KIND_WINDOW)) {
        return WEIR_E_ARG;
    }
    if (length == w->window) {
        return WEIR_OK;
    }
    if (length < 0 || length > INT64_C(1) << 60) {
        return WEIR_E_RANGE;
    }
    buckets = weir__bucket_count(length, w->granularity);
    if (buckets > w->capacity) {
        return WEIR_E_SPACE;
    }
    if (w->buckets > 0 && buckets > 0 && weir__age(w, weir__bucket_of(w, now).start) <= w->window) {
        keep_newest(w, (int32_t)buckets);
        w->first_write = weir__sub(w->last_write, (w->buckets - 1) * w->granularity);
    } else {
        memset(weir__totals(w), 0, sizeof(double) * (size_t)w->lanes * (2 + (size_t)w->capacity));
        w->first_write = WEIR_TIME_NONE;
    }
    w->window = length;
    w->buckets = (int32_t)buckets;
    w->coefficient = weir__window_coefficient(w->buckets);
    w->last_slot = buckets > 0 ? (int32_t)weir__floor_mod(w->last_index, buckets) : 0;
    return WEIR_OK;
}

/* ---- snapshots ------------------------------------------------------------------------------ */

enum {
    RECORD_WINDOW,
    RECORD_FIRST,
    RECORD_LAST,
    RECORD_INDEX,
    RECORD_TOTALS,
    RECORD_BOUNDS,
    RECORD_RING
};

static void weir__window_write(const weir_window *window, struct weir__writer *w, uint16_t id)
{
    size_t lanes = (size_t)window->lanes;

    weir__snapshot_i64(w, (uint16_t)(id + RECORD_WINDOW), window->window);
    weir__snapshot_i64(w, (uint16_t)(id + RECORD_FIRST), window->first_write);
    weir__snapshot_i64(w, (uint16_t)(id + RECORD_LAST), window->last_write);
    weir__snapshot_i64(w, (uint16_t)(id + RECORD_INDEX), window->last_index);
    weir__snapshot_f64s(w, (uint16_t)(id + RECORD_TOTALS), weir__totals_of(window), lanes);
    weir__snapshot_f64s(w, (uint16_t)(id + RECORD_BOUNDS), weir__bounds_of(window), lanes);
    weir__snapshot_f64s(w, (uint16_t)(id + RECORD_RING), weir__ring_of(window),
                        lanes * (size_t)window->buckets);
}

static void weir__window_read(const weir_window *window, struct weir__reader *r, uint16_t id,
                       struct weir__window_image *image)
{
    size_t lanes = (size_t)window->lanes;
    int64_t longest = window->capacity * window->granularity;
    int64_t index_min = -(INT64_MAX / WEIR_SECOND), index_max = -index_min;

    memset(image, 0, sizeof *image);
    image->window = weir__record_in(r, (uint16_t)(id + RECORD_WINDOW), 0, longest);
    image->first_write = weir__record_i64(r, (uint16_t)(id + RECORD_FIRST));
    image->last_write = weir__record_i64(r, (uint16_t)(id + RECORD_LAST));
    if (image->last_write != WEIR_TIME_NONE) { /* walks from it to now have to end */
        index_min = index_max = weir__bucket_of(window, image->last_write).index;
    }
    image->last_index = weir__record_in(r, (uint16_t)(id + RECORD_INDEX), index_min, index_max);
    image->totals = weir__record_f64s(r, (uint16_t)(id + RECORD_TOTALS), lanes);
    image->bounds = weir__record_f64s(r, (uint16_t)(id + RECORD_BOUNDS), lanes);
    image->ring =
        weir__record_f64s(r, (uint16_t)(id + RECORD_RING),
                          lanes * (size_t)weir__bucket_count(image->window, window->granularity));
}

static void bucket_state_copy(double *to, const uint8_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = weir__get_f64(from, i);
    }
}

static void weir__window_commit(weir_window *window, const struct weir__window_image *image)
{
    size_t lanes = (size_t)window->lanes;

    window->window = image->window;
    window->buckets = (int32_t)weir__bucket_count(image->window, window->granularity);
    window->first_write = image->first_write;
    window->last_write = image->last_write;
    window->last_index = image->last_index;
    window->last_slot =
        window->buckets > 0 ? (int32_t)weir__floor_mod(image->last_index, window->buckets) : 0;
    window->coefficient = weir__window_coefficient(window->buckets);
    bucket_state_copy(weir__totals(window), image->totals, lanes);
    bucket_state_copy(weir__bounds(window), image->bounds, lanes);
    bucket_state_copy(weir__ring(window), image->ring, lanes * (size_t)window->buckets);
}

weir_status weir_window_save(const weir_window *window, uint8_t *buffer, size_t capacity,
                             size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(window, WEIR_KIND_WINDOW)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_WINDOW, window->digest);
    weir__window_write(window, &w, WEIR__WINDOW_RECORDS);
    return weir__snapshot_close(&w, need);
}

weir_status weir_window_load(weir_window *window, const uint8_t *buffer, size_t length,
                             weir_error *err)
{
    struct weir__window_image image;
    struct weir__reader r;
    weir_status status;

    if (!weir__block_is(window, WEIR_KIND_WINDOW)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a window");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_WINDOW, window->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    weir__window_read(window, &r, WEIR__WINDOW_RECORDS, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        weir__window_commit(window, &image);
    }
    return status;
}

/* ---- lib/window/bucket_window.c ---- */

/*
 * window/bucket_window.c - bucketed averages over a sliding window of time.
 *
 * A sample at time t goes into bucket floor(t / granularity); a ring holds one bucket per granule.
 *   linear   (sum of the buckets in use) / (their number), rounded to six decimals
 *   weighted sum of bucket[i] * c * (1 - c)^i, newest first, c = max(1 - 0.0001^(1/n), 0.2)
 * The sum is a running total: values are added when recorded and subtracted when they expire, in
 * upstream's order, because that order decides the last bits.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/aggregation/bucketing.go.
 */

/* Years 1 to 1970, the offset of Go's zero time, from which Truncate counts. */
#define YEAR_ONE_SECONDS INT64_C(62135596800)

/* A bucket count that keeps the size of a block far from overflow: 34 years of seconds. */
#define BUCKETS_MAX (INT64_C(1) << 30)

#define ROW(m) WEIR__MEMBER(weir_window_config, m), WEIR__NO_KEYS
static const weir_field bucket_window_fields[] = {
    {ROW(algorithm), .unit = "", .values = "linear|weighted-exponential", .type = WEIR_FIELD_ENUM,
     .imax = 1, .doc = "How the buckets are averaged."},
    {ROW(window), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imax = INT64_C(1) << 60,
     .idefault = 60 * WEIR_SECOND, .doc = "Length of the window, rounded up to whole buckets."},
    {ROW(granularity), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imin = 1,
     .imax = INT64_C(1) << 60, .idefault = WEIR_SECOND, .doc = "Width of a bucket."},
    {ROW(reserve), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imax = INT64_C(1) << 60,
     .doc = "Longest window that a later resize may ask for; 0 is the window itself."},
    {ROW(lanes), .unit = "", .values = "", .type = WEIR_FIELD_INT, .imin = 1,
     .imax = WEIR_WINDOW_LANES_MAX, .idefault = 1,
     .doc = "Series that are recorded at the same times."},
    {ROW(semantics), .unit = "", .values = "serving 0.51|serving 0.42", .type = WEIR_FIELD_ENUM,
     .imax = 1, .doc = "Release of Knative serving whose arithmetic is used."},
};
#undef ROW

static const struct weir__table weir__window_table = WEIR__TABLE(weir_window_config, bucket_window_fields);

/* 1 - 0.0001^(1/n) for n = 1 ... 41 as Go's math.Pow gives it on amd64 with FMA; from 42 on it is
 * below the floor of 0.2. A table, because exp and log differ between C libraries. */
static const uint64_t coefficients[41] = {
    UINT64_C(0x3fefff2e48e8a71e), UINT64_C(0x3fefae147ae147ae), UINT64_C(0x3fee83c2d3b29c00),
    UINT64_C(0x3feccccccccccccd), UINT64_C(0x3feaeda7cea25322), UINT64_C(0x3fe91b164c4fd313),
    UINT64_C(0x3fe76a55ea2d4d4e), UINT64_C(0x3fe5e1764edbdb78), UINT64_C(0x3fe47ff2a61354f0),
    UINT64_C(0x3fe342b4c0456da6), UINT64_C(0x3fe225e0f651c875), UINT64_C(0x3fe1259c44fa1806),
    UINT64_C(0x3fe03e5af817ed46), UINT64_C(0x3fded9f2dd0e590e), UINT64_C(0x3fdd5d7a7d79085a),
    UINT64_C(0x3fdc029987c78fc4), UINT64_C(0x3fdac5470e8ff2d6), UINT64_C(0x3fd9a20ccf9a6fc0),
    UINT64_C(0x3fd895f1628af6c4), UINT64_C(0x3fd79e6516125710), UINT64_C(0x3fd6b931928b3ae0),
    UINT64_C(0x3fd5e46c0b493610), UINT64_C(0x3fd51e69ace24b40), UINT64_C(0x3fd465b5f317ccee),
    UINT64_C(0x3fd3b90a9762c476), UINT64_C(0x3fd31748d3187e76), UINT64_C(0x3fd27f73ba9a9826),
    UINT64_C(0x3fd1f0ab80c3dbfc), UINT64_C(0x3fd16a297a466490), UINT64_C(0x3fd0eb3cbfe2917e),
    UINT64_C(0x3fd0734754586290), UINT64_C(0x3fd001bbb7dd44cc), UINT64_C(0x3fcf2c35adc3c7c0),
    UINT64_C(0x3fce5fe48a6c07a8), UINT64_C(0x3fcd9db5727d3cc8), UINT64_C(0x3fcce4ed7a33b780),
    UINT64_C(0x3fcc34e31a9a8300), UINT64_C(0x3fcb8cfc3c10b5ac), UINT64_C(0x3fcaecac826245d8),
    UINT64_C(0x3fca5373d0c8ef30), UINT64_C(0x3fc9c0dcfdbc3fbc),
};

static double weir__window_coefficient(int32_t buckets)
{
    return weir__from_bits(buckets >= 1 && buckets <= 41 ? coefficients[buckets - 1]
                                                         : UINT64_C(0x3fc999999999999a));
}

/* (2^k * a) mod m without overflow, for 0 <= a < m <= 2^62. */
static int64_t double_mod(int64_t a, int32_t k, int64_t m)
{
    for (; k > 0; k--) {
        a += a;
        a = a >= m ? a - m : a;
    }
    return a;
}

/* YEAR_ONE_SECONDS * 1e9 mod granularity, by schoolbook multiplication. */
static int64_t phase_of(weir_duration granularity)
{
    int64_t phase = 0, power = WEIR_SECOND % granularity;

    for (int32_t bit = 0; bit < 36; bit++) {
        if ((YEAR_ONE_SECONDS >> bit & 1) != 0) {
            phase = (phase + power) % granularity;
        }
        power = double_mod(power, 1, granularity);
    }
    return phase;
}

/* ---- making --------------------------------------------------------------------------------- */

weir_status weir_window_config_init(weir_window_config *config, size_t struct_size)
{
    return weir__config_init(&weir__window_table, config, struct_size);
}

/* The configuration in this version's struct, checked; the longest window in *reserve. */
static weir_status bucket_window_take(weir_window_config *to, const weir_window_config *from,
                        weir_duration *reserve, weir_error *err)
{
    weir_status status = weir__config_take(&weir__window_table, to, from, err);

    if (status == WEIR_OK) {
        status = weir__config_check(&weir__window_table, to, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    *reserve = to->reserve > to->window ? to->reserve : to->window;
    if (weir__bucket_count(*reserve, to->granularity) > BUCKETS_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "window", "has more than 2^30 buckets");
    }
    return WEIR_OK;
}

weir_status weir_window_config_check(const weir_window_config *config, weir_error *err)
{
    weir_window_config own;
    weir_duration reserve;

    return bucket_window_take(&own, config, &reserve, err);
}

static size_t bucket_window_bytes_of(int64_t buckets, int32_t lanes)
{
    return sizeof(weir_window) + sizeof(double) * (size_t)lanes * (2 + (size_t)buckets);
}

weir_status weir_window_bytes(const weir_window_config *config, size_t *bytes, weir_error *err)
{
    weir_window_config own;
    weir_duration reserve;
    weir_status status = bucket_window_take(&own, config, &reserve, err);

    return status == WEIR_OK
               ? weir__give_bytes(
                     bytes, bucket_window_bytes_of(weir__bucket_count(reserve, own.granularity), own.lanes), err)
               : status;
}

weir_status weir_window_init(weir_window *window, size_t bytes, const weir_window_config *config,
                             weir_error *err)
{
    weir_window_config own;
    weir_duration reserve;
    weir_status status = bucket_window_take(&own, config, &reserve, err);
    size_t need;

    if (status != WEIR_OK) {
        return status;
    }
    need = bucket_window_bytes_of(weir__bucket_count(reserve, own.granularity), own.lanes);
    status = weir__block_fits(window, bytes, need, err);
    if (status != WEIR_OK) {
        return status;
    }
    memset(window, 0, need);
    weir__block_set(&window->block, WEIR_KIND_WINDOW, need);
    window->window = own.window;
    window->granularity = own.granularity;
    window->granularity_s = own.granularity / WEIR_SECOND;
    window->phase = phase_of(own.granularity);
    window->first_write = WEIR_TIME_NONE;
    window->last_write = WEIR_TIME_NONE;
    window->buckets = (int32_t)weir__bucket_count(own.window, own.granularity);
    window->capacity = (int32_t)weir__bucket_count(reserve, own.granularity);
    window->lanes = own.lanes;
    window->algorithm = own.algorithm;
    window->semantics = own.semantics;
    window->coefficient = weir__window_coefficient(window->buckets);
    window->digest = weir__config_digest(&weir__window_table, &own);
    return WEIR_OK;
}

/* ---- recording ------------------------------------------------------------------------------ */

/* `lanes` is a constant where these are used, so that their loops unroll. */
static inline void add_lanes(double *bucket, double *total, const double *values, int32_t lanes)
{
    for (int32_t lane = 0; lane < lanes; lane++) {
        bucket[lane] += values[lane];
        total[lane] += values[lane];
    }
}

static inline void expire_lanes(double *bucket, double *total, int32_t lanes)
{
    for (int32_t lane = 0; lane < lanes; lane++) {
        total[lane] -= bucket[lane];
        bucket[lane] = 0.0;
    }
}

/* Keeps each bound at least as large as what its lane's ring holds. */
static void raise_bounds(weir_window *w, const double *bucket)
{
    double *bound = weir__bounds(w);

    for (int32_t lane = 0; lane < w->lanes; lane++) {
        double a = weir__abs(bucket[lane]);

        bound[lane] =
            a > bound[lane] || a != a ? a : bound[lane]; /* NaN stays: no cut from then on */
    }
}

static void bucket_window_add(weir_window *w, int64_t index, const double *values)
{
    double *bucket = weir__ring(w) + (ptrdiff_t)weir__slot_of(w, index) * w->lanes;

    switch (w->lanes) {
    case 1: add_lanes(bucket, weir__totals(w), values, 1); break;
    case 2: add_lanes(bucket, weir__totals(w), values, 2); break;
    default: add_lanes(bucket, weir__totals(w), values, w->lanes); break;
    }
    if (w->algorithm == WEIR_WINDOW_WEIGHTED) {
        raise_bounds(w, bucket);
    }
}

static void empty_all(weir_window *w)
{
    memset(weir__totals(w), 0, sizeof(double) * (size_t)w->lanes * (2 + (size_t)w->buckets));
}

/* Takes the buckets after the newest one up to `index` out of the total and empties them. */
static void expire_to(weir_window *w, int64_t index)
{
    double *total = weir__totals(w), *values = weir__ring(w);
    int64_t i = w->last_index + 1;
    int32_t slot = weir__slot_of(w, i), lanes = w->lanes;

    for (; i <= index; i++) {
        double *bucket = values + (ptrdiff_t)slot * lanes;

        if (lanes == 2) {
            expire_lanes(bucket, total, 2);
        } else {
            expire_lanes(bucket, total, lanes);
        }
        slot = slot + 1 < w->buckets ? slot + 1 : 0;
    }
}

/* Moves the window on to a bucket that is newer than all before it. */
static void bucket_window_advance(weir_window *w, struct weir__bucket b, weir_duration gap)
{
    int64_t newest;

    if (gap >= w->window) {
        w->first_write = b.start;
        empty_all(w);
    } else {
        expire_to(w, b.index);
    }
    newest = w->granularity == WEIR_SECOND ? b.index : weir__bucket_of(w, b.start).index;
    w->last_slot = weir__slot_of(w, newest);
    w->last_index = newest;
    w->last_write = b.start;
}

/* The common case, by itself because it is all that a fleet does all day: one-second buckets, and a
 * record in the newest bucket or the one after it. 0 when it is another case. */
static inline int record_in_sequence(weir_window *w, weir_time at, const double *values)
{
    double *total = weir__totals(w), *bucket;
    int64_t index, ahead;
    int32_t slot, lanes = w->lanes;

    if (w->granularity != WEIR_SECOND || at < 0 || w->buckets < 2 ||
        w->first_write == WEIR_TIME_NONE || w->algorithm != WEIR_WINDOW_LINEAR) {
        return 0;
    }
    index = (int64_t)((uint64_t)at / (uint64_t)WEIR_SECOND);
    ahead = index - w->last_index;
    if (ahead != 0 && ahead != 1) {
        return 0;
    }
    slot = w->last_slot + (int32_t)ahead;
    slot = slot < w->buckets ? slot : 0;
    bucket = weir__ring(w) + (ptrdiff_t)slot * lanes;
    if (ahead == 1) {
        if (lanes == 2) {
            expire_lanes(bucket, total, 2);
        } else {
            expire_lanes(bucket, total, lanes);
        }
        w->last_index = index;
        w->last_slot = slot;
        w->last_write += WEIR_SECOND;
    }
    if (lanes == 2) {
        add_lanes(bucket, total, values, 2);
    } else {
        add_lanes(bucket, total, values, lanes);
    }
    return 1;
}

static weir_status weir__window_would_take(const weir_window *w, weir_time at)
{
    struct weir__bucket b;
    weir_duration gap;
    int64_t from;

    if (w->buckets == 0 || w->granularity_s == 0) {
        return WEIR_E_PANIC;
    }
    b = weir__bucket_of(w, at);
    gap = weir__age(w, b.start);
    if (gap <= -w->window || (gap == 0 && b.index >= 0)) {
        return WEIR_OK;
    }
    from = gap > 0 && gap < w->window ? w->last_index + 1 : b.index;
    return weir__slots_exist(w, from < b.index ? from : b.index, b.index) ? WEIR_OK : WEIR_E_PANIC;
}

weir_status weir_window_record(weir_window *window, weir_time at, const double *values)
{
    weir_window *w = window;
    struct weir__bucket b;
    weir_duration gap;
    weir_status status;

    if (!weir__block_is(w, WEIR_KIND_WINDOW) || values == NULL) {
        return WEIR_E_ARG;
    }
    if (record_in_sequence(w, at, values)) {
        return WEIR_OK;
    }
    status = weir__window_would_take(w, at);
    if (status != WEIR_OK) {
        return status;
    }
    b = weir__bucket_of(w, at);
    gap = weir__age(w, b.start);
    if (gap <= -w->window) {
        return WEIR_OK; /* older than the window: dropped */
    }
    if (gap != 0 && (w->first_write == WEIR_TIME_NONE || w->first_write > b.start)) {
        w->first_write = b.start;
    }
    if (gap > 0) {
        bucket_window_advance(w, b, gap);
    }
    bucket_window_add(w, b.index, values);
    return WEIR_OK;
}

/* ---- reading -------------------------------------------------------------------------------- */

int32_t weir_window_empty(const weir_window *window, weir_time now)
{
    return !weir__block_is(window, WEIR_KIND_WINDOW) ||
           weir__age(window, weir__bucket_of(window, now).start) > window->window;
}

/* Six decimals: kills the drift of the running total. */
static double six_decimals(double x, int32_t semantics)
{
    double millionths = x * 1e6;

    return (semantics == WEIR_SERVING_0_42 ? weir__floor(millionths) : weir__round(millionths)) /
           1e6;
}

static weir_status linear_average(const weir_window *w, struct weir__bucket b, int32_t lane,
                                  double *average)
{
    weir_duration age = weir__age(w, b.start);
    double sum = weir__totals_of(w)[lane], written, used;
    int64_t expired = 0;

    if (age >= w->window) {
        *average = 0.0;
        return WEIR_OK;
    }
    if (age > 0) {
        int32_t slot = weir__slot_of(w, w->last_index + 1);

        expired = (w->granularity == WEIR_SECOND ? b.index : weir__bucket_of(w, b.start).index) -
                  w->last_index;
        if (!weir__slots_exist(w, w->last_index + 1, w->last_index + expired)) {
            return WEIR_E_PANIC;
        }
        for (int64_t i = 0; i < expired; i++) {
            sum -= weir__ring_of(w)[(ptrdiff_t)slot * w->lanes + lane];
            slot = slot + 1 < w->buckets ? slot + 1 : 0;
        }
    }
    written = (double)(w->first_write == WEIR_TIME_NONE
                           ? INT64_MAX / w->granularity
                           : weir__granules(w, weir__sub(w->last_write, w->first_write))) +
              1.0;
    used = (double)(w->buckets - expired);
    *average = six_decimals(sum / (written < used ? written : used), w->semantics);
    return WEIR_OK;
}

/*
 * One lane, newest bucket first. Weights only shrink, so once bound * weight is below a quarter of
 * the distance from the sum to the next double, no later bucket can change the sum: it would be
 * rounded away each time. |sum| * 2^-55 is at most that quarter.
 */
static double weigh(const weir_window *w, int32_t lane, int32_t slot, int64_t count, double weight)
{
    const double *values = weir__ring_of(w) + lane;
    double keep = 1.0 - w->coefficient, bound = weir__bounds_of(w)[lane], sum = 0.0;

    for (; count > 0; count--) {
        sum += values[(ptrdiff_t)slot * w->lanes] * weight;
        weight *= keep;
        if (bound * weight < weir__abs(sum) * 0x1p-55) {
            break;
        }
        slot = slot > 0 ? slot - 1 : w->buckets - 1;
    }
    return sum;
}

static weir_status weighted_average(const weir_window *w, weir_time start, int32_t lane,
                                    double *average)
{
    double weight = w->coefficient;
    int64_t count = w->buckets;

    *average = 0.0;
    if (weir__age(w, start) > w->window) {
        return WEIR_OK;
    }
    if (start > w->last_write) {
        int64_t passed = weir__granules(w, start - w->last_write);

        weight *= weir__powi(1.0 - w->coefficient, passed);
        count -= passed;
    }
    if (count <= 0) {
        return WEIR_OK; /* all have expired, or there is none: a window may be resized to 0 */
    }
    if (!weir__slots_exist(w, w->last_index + 1, w->last_index + w->buckets)) {
        return WEIR_E_PANIC; /* upstream walks from last + buckets down */
    }
    *average = weigh(w, lane, weir__slot_of(w, w->last_index), count, weight);
    return WEIR_OK;
}

static weir_status weir__window_lane(const weir_window *window, struct weir__bucket now, int32_t lane,
                              double *average)
{
    return window->algorithm == WEIR_WINDOW_WEIGHTED
               ? weighted_average(window, now.start, lane, average)
               : linear_average(window, now, lane, average);
}

weir_status weir_window_average(const weir_window *window, weir_time now, double *averages)
{
    weir_status status = WEIR_OK;

    if (!weir__block_is(window, WEIR_KIND_WINDOW) || averages == NULL) {
        return WEIR_E_ARG;
    }
    for (int32_t lane = 0; status == WEIR_OK && lane < window->lanes; lane++) {
        status = weir__window_lane(window, weir__bucket_of(window, now), lane, &averages[lane]);
    }
    return status;
}

weir_time weir_window_next(const weir_window *window, weir_time now)
{
    if (weir_window_empty(window, now)) {
        return WEIR_TIME_NEVER;
    }
    return weir__add(weir__bucket_of(window, now).start, window->granularity);
}
#undef YEAR_ONE_SECONDS
#undef BUCKETS_MAX

/* ---- lib/window/max_window.c ---- */

/*
 * window/max_window.c - the largest int32 over a sliding window of time.
 *
 * A queue of (index, value) pairs with rising indexes and falling values: what is older and not
 * larger than a newer value can never be the maximum again. Amortized O(1) a record.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/aggregation/max/window.go and timewindow.go.
 */

/* ---- lib/window/max_window.h ---- */

/*
 * window/max_window.h - the layout of a maximum window, for the layers that place it in their
 * blocks.
 */
#ifndef WEIR_LIB_WINDOW_MAX_WINDOW_H
#define WEIR_LIB_WINDOW_MAX_WINDOW_H


struct weir__max_entry {
    int64_t index; /* of the time bucket */
    int32_t value;
    int32_t reserved;
};

struct weir_max_window {
    struct weir__block block;
    int64_t granularity_s;
    int32_t size;   /* buckets in the window, and entries in the ring */
    int32_t first;  /* where the oldest entry, the maximum, is */
    int32_t length; /* entries in use */
    int32_t reserved;
    /* Followed by: size entries. */
};

/* The first time at which a record could make the present maximum expire. */
static weir_time weir__max_window_expiry(const weir_max_window *window);

/* A maximum window inside the snapshot of its owner, its records beginning at `id`. */
struct weir__max_image {
    int32_t length;
    const uint8_t *entries;
};
static void weir__max_window_write(const weir_max_window *window, struct weir__writer *w, uint16_t id);
static void weir__max_window_read(const weir_max_window *window, struct weir__reader *r, uint16_t id,
                           struct weir__max_image *image);
static void weir__max_window_commit(weir_max_window *window, const struct weir__max_image *image);

#endif

/* Entries that keep the size of a block far from overflow. */
#define ENTRIES_MAX (INT64_C(1) << 30)

static struct weir__max_entry *max_window_entries(weir_max_window *w)
{
    return (struct weir__max_entry *)(void *)(w + 1);
}

static const struct weir__max_entry *entries_of(const weir_max_window *w)
{
    return (const struct weir__max_entry *)(const void *)(w + 1);
}

/* The place of the i-th entry from the oldest. */
static size_t max_window_place(const weir_max_window *w, int32_t i)
{
    int64_t at = (int64_t)w->first + i;

    return (size_t)(at < w->size ? at : at - w->size);
}

weir_status weir_max_window_bytes(weir_duration duration, weir_duration granularity, size_t *bytes)
{
    double size;

    if (bytes == NULL) {
        return WEIR_E_ARG;
    }
    if (duration < 1 || granularity < 1) {
        return WEIR_E_RANGE;
    }
    size = weir__ceil((double)duration / (double)granularity);
    if (size > (double)ENTRIES_MAX) {
        return WEIR_E_LIMIT;
    }
    *bytes = sizeof(weir_max_window) + (size_t)size * sizeof(struct weir__max_entry);
    return WEIR_OK;
}

weir_status weir_max_window_init(weir_max_window *window, size_t bytes, weir_duration duration,
                                 weir_duration granularity)
{
    size_t need;
    weir_status status = weir_max_window_bytes(duration, granularity, &need);

    if (status != WEIR_OK) {
        return status;
    }
    if (!weir__aligned(window)) {
        return WEIR_E_ARG;
    }
    if (bytes < need) {
        return WEIR_E_SPACE;
    }
    memset(window, 0, need);
    weir__block_set(&window->block, WEIR_KIND_MAX_WINDOW, need);
    window->granularity_s = granularity / WEIR_SECOND;
    window->size = (int32_t)((need - sizeof *window) / sizeof(struct weir__max_entry));
    return WEIR_OK;
}

weir_status weir_max_window_record(weir_max_window *window, weir_time at, int32_t value)
{
    weir_max_window *w = window;
    int32_t first, length;
    int64_t index;

    if (!weir__block_is(w, WEIR_KIND_MAX_WINDOW)) {
        return WEIR_E_ARG;
    }
    if (w->granularity_s == 0) {
        return WEIR_E_PANIC;
    }
    index = weir__floor_div(at, WEIR_SECOND) / w->granularity_s;
    first = w->first;
    length = w->length;
    while (length > 0 && value >= max_window_entries(w)[max_window_place(w, length - 1)].value) {
        length--;
    }
    while (length > 0 && weir__sub(index, max_window_entries(w)[first].index) >= w->size) {
        first = first + 1 < w->size ? first + 1 : 0;
        length--;
    }
    if (length > 0) {
        int64_t last = (int64_t)first + length - 1;
        const struct weir__max_entry *newest = &max_window_entries(w)[last < w->size ? last : last - w->size];

        if (newest->index == index) { /* of the same bucket, and larger: it stays */
            value = newest->value;
            length--;
        }
    }
    if (length == w->size) {
        return WEIR_E_PANIC; /* only with indexes that go back; upstream panics */
    }
    w->first = first;
    w->length = length + 1;
    max_window_entries(w)[max_window_place(w, length)].index = index;
    max_window_entries(w)[max_window_place(w, length)].value = value;
    return WEIR_OK;
}

int32_t weir_max_window_current(const weir_max_window *window)
{
    if (!weir__block_is(window, WEIR_KIND_MAX_WINDOW) || window->length == 0) {
        return 0;
    }
    return entries_of(window)[window->first].value;
}

static weir_time weir__max_window_expiry(const weir_max_window *window)
{
    int64_t bucket = window->granularity_s * WEIR_SECOND, index;

    if (window->length == 0 || bucket == 0) {
        return WEIR_TIME_NEVER;
    }
    /* A snapshot may hold any index. */
    index = weir__add(entries_of(window)[window->first].index, window->size);
    if (index > INT64_MAX / bucket || index < INT64_MIN / bucket) {
        return index > 0 ? WEIR_TIME_NEVER : WEIR_TIME_NONE;
    }
    return index * bucket;
}

/* ---- snapshots ------------------------------------------------------------------------------ */

enum { RECORD_SIZE, RECORD_ENTRIES };

static void weir__max_window_write(const weir_max_window *window, struct weir__writer *w, uint16_t id)
{
    weir__snapshot_i64(w, (uint16_t)(id + RECORD_SIZE), window->length);
    weir__snapshot_i64s_open(w, (uint16_t)(id + RECORD_ENTRIES), 2 * (size_t)window->length);
    for (int32_t i = 0; i < window->length; i++) {
        const struct weir__max_entry *entry = &entries_of(window)[max_window_place(window, i)];

        weir__snapshot_next_i64(w, entry->index);
        weir__snapshot_next_i64(w, entry->value);
    }
}

static void weir__max_window_read(const weir_max_window *window, struct weir__reader *r, uint16_t id,
                           struct weir__max_image *image)
{
    image->length = (int32_t)weir__record_in(r, (uint16_t)(id + RECORD_SIZE), 0, window->size);
    image->entries =
        weir__record_i64s(r, (uint16_t)(id + RECORD_ENTRIES), 2 * (size_t)image->length);
}

static void weir__max_window_commit(weir_max_window *window, const struct weir__max_image *image)
{
    window->first = 0;
    window->length = image->length;
    for (int32_t i = 0; i < image->length; i++) {
        max_window_entries(window)[i].index = weir__get_i64(image->entries, 2 * (size_t)i);
        max_window_entries(window)[i].value = (int32_t)weir__get_i64(image->entries, 2 * (size_t)i + 1);
    }
}

/* The configuration of a maximum window is its size and its granularity. */
static uint64_t max_window_digest(const weir_max_window *window)
{
    return weir__fnv_u64(weir__fnv_u64(WEIR__FNV_START, (uint64_t)window->size),
                         (uint64_t)window->granularity_s);
}

weir_status weir_max_window_save(const weir_max_window *window, uint8_t *buffer, size_t capacity,
                                 size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(window, WEIR_KIND_MAX_WINDOW)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_MAX_WINDOW, max_window_digest(window));
    weir__max_window_write(window, &w, 1);
    return weir__snapshot_close(&w, need);
}

weir_status weir_max_window_load(weir_max_window *window, const uint8_t *buffer, size_t length,
                                 weir_error *err)
{
    struct weir__max_image image;
    struct weir__reader r;
    weir_status status;

    if (!weir__block_is(window, WEIR_KIND_MAX_WINDOW)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a maximum window");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_MAX_WINDOW, max_window_digest(window), err);
    if (status != WEIR_OK) {
        return status;
    }
    weir__max_window_read(window, &r, 1, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        weir__max_window_commit(window, &image);
    }
    return status;
}
#undef ENTRIES_MAX

/* ---- lib/limits/behavior.c ---- */

/*
 * limits/behavior.c - windows, then policies and bounds: one size to one allowed size.
 *
 *   window   current, held within [lowest wish of the scale-up window, highest of the scale-down]
 *   limit    up: at most the policies' limit and the upper bound; down: at least ... and the lower
 *   no rules at least the highest wish of the downscale stabilization, at most double (or 4)
 *
 * Upstream: horizontal.go, stabilizeRecommendation*(), convertDesiredReplicasWith*().
 */

/* ---- lib/limits/behavior.h ---- */

/*
 * limits/behavior.h - the block of a behavior, and its two halves for the machines that own one.
 */
#ifndef WEIR_LIB_LIMITS_BEHAVIOR_H
#define WEIR_LIB_LIMITS_BEHAVIOR_H


/* ---- lib/limits/rates.h ---- */

/*
 * limits/rates.h - policies over the changes of the recent past, and the bounds. Numbers in,
 * numbers out; the lists are the caller's.
 */
#ifndef WEIR_LIB_LIMITS_RATES_H
#define WEIR_LIB_LIMITS_RATES_H


/* The changes of one direction, in upstream's order. */
struct weir__events {
    weir_scale_event *list;
    uint16_t count, capacity;
};

/* What the policies of a direction allow. */
struct weir__rate {
    int32_t limit;
    int32_t policy; /* the one that makes it; -1: none does */
    int32_t start;  /* pods at the beginning of its period */
    weir_time next; /* when a change leaves a period, so that more may be allowed */
};

static struct weir__rate weir__rate_limit(const weir_scaling_rules *rules, int32_t direction,
                                   int32_t current, const struct weir__events *up,
                                   const struct weir__events *down, weir_time now,
                                   int32_t conversion);

/* At most double, or 4: what holds without rules. */
static int32_t weir__double_limit(int32_t current, int32_t conversion);

/* The longest and the shortest period of a direction's policies; 0 without any. */
static weir_duration weir__longest_period(const weir_scaling_rules *rules);
static weir_duration weir__shortest_period(const weir_scaling_rules *rules);

/*
 * Stores a change in the place of the last outdated one, or at the end. `outdated` is the time
 * before which changes of this direction are, `useless` that up to which no policy counts them.
 * weir__events_room() says beforehand whether there are so many places.
 */
static int weir__events_room(const struct weir__events *events, int32_t wanted, weir_time outdated,
                      weir_time useless);
static void weir__events_add(struct weir__events *events, weir_time at, int32_t change, weir_time outdated,
                      weir_time useless);

#endif

/* ---- lib/limits/recommendations.h ---- */

/*
 * limits/recommendations.h - the wishes of the recent past, and their extremes over two windows.
 *
 * Upstream keeps a list in which a wish that is older than both windows is overwritten in place by
 * the newest one (the last such wish in list order), and scans it at every step. Here the same list
 * lies in `slots`, and beside it what makes a step O(1) amortized:
 *   - the slots linked in order of time, so that those that become old are found at the front,
 *   - a bit for each old slot, so that the last one is found without a scan,
 *   - two monotonic queues, of falling and of rising wishes, with the extremes at the front.
 */
#ifndef WEIR_LIB_LIMITS_RECOMMENDATIONS_H
#define WEIR_LIB_LIMITS_RECOMMENDATIONS_H


#define WEIR__NO_SLOT UINT16_MAX

struct weir__slot {
    weir_time at;
    int32_t replicas;
    uint16_t newer;  /* the next slot in order of time */
    uint16_t queues; /* bits: in which queue it is */
};

/* A ring of slot numbers. */
struct weir__slot_queue {
    uint16_t first, length;
};

/* The extremes over the windows and when the wishes that make them leave. */
struct weir__extremes {
    int32_t low, high;
    weir_time low_at, high_at; /* WEIR_TIME_NEVER: there is none in the window */
};

/* The arrays follow the struct that this one is part of, see weir__recommendations_lay(). */
struct weir__recommendations {
    uint32_t slots_at, highs_at, lows_at, old_at; /* bytes from here */
    uint16_t capacity, count;
    uint16_t oldest, newest; /* of the slots that are not old; WEIR__NO_SLOT: none */
    struct weir__slot_queue highs, lows;
    uint16_t old_count; /* slots whose bit is set */
    uint16_t with_lows; /* 0: no wish is ever after the begin of the scale-up window */
    int32_t begun;      /* 1: there is a list, if an empty one */
};

/* Bytes of the arrays for so many slots. */
static size_t weir__recommendations_bytes(uint16_t capacity);

/* Empties it; the arrays are `at` bytes from the struct. Where the scale-up window has no length
 * the queue of low wishes is left out, until a list of foreign times is set. */
static void weir__recommendations_lay(struct weir__recommendations *r, uint32_t at, uint16_t capacity,
                               int with_lows);

/* Forgets all wishes. */
static void weir__recommendations_clear(struct weir__recommendations *r);

/* Drops what has left its window: wishes not after `up` (low), and not after `down` (high). */
static struct weir__extremes weir__recommendations_look(struct weir__recommendations *r, weir_time up,
                                                 weir_time down);

/* Whether one more wish finds room when the list is full, those before `old` being overwritten. */
static int weir__recommendations_room(struct weir__recommendations *r, weir_time up, weir_time down,
                               weir_time old);

/* Remembers a wish; there has to be room. */
static void weir__recommendations_add(struct weir__recommendations *r, weir_time at, int32_t replicas,
                               weir_time old);

/* Slot i of the list, i < count. */
static const struct weir__slot *weir__recommendations_get(const struct weir__recommendations *r,
                                                   uint16_t i);

/* Replaces the list: set all slots' at and replicas in order, then finish. */
static void weir__recommendations_set(struct weir__recommendations *r, uint16_t i, weir_time at,
                               int32_t replicas);
static void weir__recommendations_finish(struct weir__recommendations *r, uint16_t count);

#endif

static const struct weir__table weir__behavior_table;
/* The rules of one direction as fields, for the configurations that hold them. */
enum { WEIR__RULES_FIELDS = 4 };
static const weir_field weir__scale_up_fields[WEIR__RULES_FIELDS];
static const weir_field weir__scale_down_fields[WEIR__RULES_FIELDS];

struct weir_behavior {
    struct weir__block block;
    uint64_t digest;          /* of the configuration it was made with */
    weir_time seen;           /* the last time that came up */
    weir_duration windows[2]; /* by WEIR_SCALE_*; without rules the second one alone */
    weir_duration periods[2]; /* the longest of each direction's policies */
    uint32_t events_at[2];    /* bytes from here, by WEIR_SCALE_* */
    uint16_t event_count[2];
    uint16_t event_capacity[2];
    struct weir__recommendations recommendations;
    weir_behavior_config config;
    /* Followed by: the arrays of the recommendations, the events up and down. */
};

/* What the halves of a step come to. */
struct weir__limits {
    int32_t stabilized, allowed;
    int32_t stabilize_reason, limit_reason; /* WEIR_REASON_* */
    uint32_t flags;                         /* WEIR_FLAG_* */
    int32_t reserved;
    weir_time next; /* when the answer can change although the wish stays */
};

static void weir__scaling_rules_init(weir_scaling_rules *rules, int32_t direction);

/* Whether a step and so many changes (by WEIR_SCALE_*) can be taken at `now`: WEIR_OK, WEIR_E_TIME,
 * WEIR_E_LIMIT. After it nothing below fails. */
static weir_status weir__behavior_ready(weir_behavior *b, weir_time now, const int32_t changes[2]);

/* Remembers the current size as the first wish, made at `at`, if there is none yet. */
static void weir__behavior_begin(weir_behavior *b, int32_t current, weir_time at);

static void weir__behavior_stabilize(weir_behavior *b, int32_t current, int32_t desired, weir_time now,
                              struct weir__trace *trace, struct weir__limits *out);
static void weir__behavior_limit(const weir_behavior *b, int32_t current, weir_time now,
                          struct weir__trace *trace, struct weir__limits *out);
/* The changes of one direction, as they lie in the block. */
static struct weir__events weir__behavior_events(const weir_behavior *b, int32_t direction);
static void weir__behavior_store(weir_behavior *b, int32_t from, int32_t to, weir_time at);

/* Snapshots of the part inside that of the whole: read everything, then commit. */
struct weir__behavior_image {
    weir_time seen;
    int32_t begun;
    uint16_t count, event_count[2];
    const uint8_t *recommendations, *events[2];
};
static void weir__behavior_write(const weir_behavior *b, struct weir__writer *w);
static void weir__behavior_read(const weir_behavior *b, struct weir__reader *r,
                         struct weir__behavior_image *image);
static void weir__behavior_commit(weir_behavior *b, const struct weir__behavior_image *image);

#endif

enum {
    SPARE_RECOMMENDATIONS = 4, /* steps besides those of the sync period */
    SPARE_EVENTS = 2
};

/* ---- configuration -------------------------------------------------------------------------- */

#define ROW(m, name) WEIR__MEMBER(weir_policy, m), .key = name, .alias = "", .global_key = ""
static const weir_field policy_fields[] = {
    {ROW(type, "type"), .unit = "", .values = "Pods|Percent|unknown", .type = WEIR_FIELD_ENUM,
     .imax = 2, .doc = "What the value counts."},
    {ROW(value, "value"), .unit = "pods or %", .values = "", .type = WEIR_FIELD_INT, .imin = 1,
     .imax = INT32_MAX, .doc = "The largest change in one period."},
    {ROW(period, "periodSeconds"), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION,
     .imin = WEIR_SECOND, .imax = 1800 * WEIR_SECOND, .idefault = 15 * WEIR_SECOND,
     .flags = WEIR_FIELD_WHOLE_SECONDS, .doc = "Time over which changes add up."},
};
#undef ROW

#define ROW(m, name) WEIR__MEMBER(weir_scaling_rules, m), .key = name, .alias = "", .global_key = ""
#define WINDOW_DOC   "How long a wish has to last: the most cautious one of that time counts."
/* The rows that both directions have. */
#define TOLERANCE                                                                                  \
    {                                                                                              \
        ROW(tolerance, "tolerance"),                                                               \
            .unit = "", .values = "", .type = WEIR_FIELD_DOUBLE, .dmax = DBL_MAX,                  \
            .ddefault = WEIR_UNSET, .flags = WEIR_FIELD_OPTIONAL,                                  \
            .doc = "Distance from the target that is let be, a fraction; HPA only."                \
    }
#define SELECT_POLICY                                                                              \
    {                                                                                              \
        ROW(select_policy, "selectPolicy"),                                                        \
            .unit = "", .values = "Max|Min|Disabled", .type = WEIR_FIELD_ENUM, .imax = 2,          \
            .doc = "Which policy counts: that of the largest or smallest change."                  \
    }
#define POLICIES                                                                                   \
    {                                                                                              \
        WEIR__LIST(weir_scaling_rules, policies, policy_count),                                    \
            .key = "policies", .alias = "", .global_key = "", .unit = "", .values = "",            \
            .type = WEIR_FIELD_STRUCT, .fields = policy_fields,                                    \
            .field_count = sizeof policy_fields / sizeof policy_fields[0],                         \
            .doc = "Caps of the change in a period."                                               \
    }
static const weir_field weir__scale_up_fields[WEIR__RULES_FIELDS] = {
    {ROW(stabilization_window, "stabilizationWindowSeconds"), .unit = "s", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = 3600 * WEIR_SECOND, .flags = WEIR_FIELD_WHOLE_SECONDS,
     .doc = WINDOW_DOC},
    TOLERANCE,
    SELECT_POLICY,
    POLICIES};
static const weir_field weir__scale_down_fields[WEIR__RULES_FIELDS] = {
    {ROW(stabilization_window, "stabilizationWindowSeconds"), .unit = "s", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = 3600 * WEIR_SECOND, .idefault = WEIR_STABILIZATION_UNSET,
     .flags = WEIR_FIELD_WHOLE_SECONDS | WEIR_FIELD_OPTIONAL, .doc = WINDOW_DOC},
    TOLERANCE,
    SELECT_POLICY,
    POLICIES};
#undef ROW

#define ROW(m) WEIR__MEMBER(weir_behavior_config, m), WEIR__NO_KEYS, .values = ""
static const weir_field behavior_fields[] = {
    {ROW(behavior), .unit = "", .type = WEIR_FIELD_BOOL, .imax = 1, .idefault = 1,
     .doc = "There are rules; without, a size at most doubles and falls after a window."},
    {ROW(min_replicas), .unit = "pods", .type = WEIR_FIELD_INT, .imin = INT32_MIN,
     .imax = INT32_MAX, .idefault = 1, .doc = "Lower bound."},
    {ROW(max_replicas), .unit = "pods", .type = WEIR_FIELD_INT, .imin = INT32_MIN,
     .imax = INT32_MAX, .idefault = INT32_MAX, .doc = "Upper bound."},
    {WEIR__MEMBER(weir_behavior_config, conversion), WEIR__NO_KEYS, .unit = "",
     .type = WEIR_FIELD_ENUM, .values = "saturate|amd64", .imax = 1,
     .doc = "How a number that an int32 cannot hold becomes one: nearest, or as Go on amd64."},
    {ROW(reserve), .unit = "", .type = WEIR_FIELD_INT, .imax = 10000,
     .doc = "Wishes and changes to have room for, besides those of the sync period."},
    {ROW(downscale_stabilization), .unit = "s", .type = WEIR_FIELD_DURATION,
     .imax = 21600 * WEIR_SECOND, .idefault = 300 * WEIR_SECOND,
     .doc = "Scale-down window where the rules have none."},
    {ROW(sync_period), .unit = "s", .type = WEIR_FIELD_DURATION, .imin = WEIR_SECOND,
     .imax = 3600 * WEIR_SECOND, .idefault = 15 * WEIR_SECOND,
     .doc = "Time between decisions, by which the memory is measured out."},
    {ROW(scale_up), .unit = "", .type = WEIR_FIELD_STRUCT, .capacity = 1,
     .fields = weir__scale_up_fields, .field_count = WEIR__RULES_FIELDS,
     .doc = "Rules for more pods."},
    {ROW(scale_down), .unit = "", .type = WEIR_FIELD_STRUCT, .capacity = 1,
     .fields = weir__scale_down_fields, .field_count = WEIR__RULES_FIELDS,
     .doc = "Rules for fewer pods."},
};
#undef ROW

static const struct weir__table weir__behavior_table = WEIR__TABLE(weir_behavior_config, behavior_fields);

static void weir__scaling_rules_init(weir_scaling_rules *rules, int32_t direction)
{
    rules->policies[0] = (weir_policy){WEIR_POLICY_PODS, 4, 15 * WEIR_SECOND};
    rules->policies[1] = (weir_policy){WEIR_POLICY_PERCENT, 100, 15 * WEIR_SECOND};
    rules->policy_count = 2;
    if (direction == WEIR_SCALE_DOWN) {
        rules->policies[0] = rules->policies[1];
        rules->policies[1] = (weir_policy){0, 0, 0};
        rules->policy_count = 1;
    }
}

weir_status weir_behavior_config_init(weir_behavior_config *config, size_t struct_size)
{
    weir_status status = weir__config_init(&weir__behavior_table, config, struct_size);

    if (status == WEIR_OK) {
        weir__scaling_rules_init(&config->scale_up, WEIR_SCALE_UP);
        weir__scaling_rules_init(&config->scale_down, WEIR_SCALE_DOWN);
    }
    return status;
}

static weir_status behavior_take(weir_behavior_config *to, const weir_behavior_config *from, weir_error *err)
{
    weir_status status = weir__config_take(&weir__behavior_table, to, from, err);

    return status == WEIR_OK ? weir__config_check(&weir__behavior_table, to, err) : status;
}

weir_status weir_behavior_config_check(const weir_behavior_config *config, weir_error *err)
{
    weir_behavior_config own;

    return behavior_take(&own, config, err);
}

/* ---- the block ------------------------------------------------------------------------------ */

/* The scale-down window of the rules: upstream cuts the controller's to whole seconds. */
static weir_duration down_window(const weir_behavior_config *c)
{
    if (c->scale_down.stabilization_window != WEIR_STABILIZATION_UNSET) {
        return c->scale_down.stabilization_window;
    }
    return c->downscale_stabilization - c->downscale_stabilization % WEIR_SECOND;
}

static weir_duration longer(weir_duration a, weir_duration b)
{
    return a > b ? a : b;
}

/* Steps in so long a time, the first and the last of them included. */
static uint16_t steps_in(weir_duration time, weir_duration period, int32_t spare)
{
    return (uint16_t)((time + period - 1) / period + spare);
}

struct behavior_layout {
    uint16_t recommendations, events[2];
    size_t recommendations_at, events_at[2], bytes;
};

static struct behavior_layout behavior_lay_out(const weir_behavior_config *c)
{
    weir_duration window = c->behavior ? longer(c->scale_up.stabilization_window, down_window(c))
                                       : c->downscale_stabilization;
    weir_duration periods[2] = {weir__longest_period(&c->scale_up),
                                weir__longest_period(&c->scale_down)};
    struct behavior_layout l = {.recommendations_at = sizeof(weir_behavior)};

    l.recommendations = steps_in(window, c->sync_period, c->reserve + SPARE_RECOMMENDATIONS);
    l.bytes = l.recommendations_at + weir__recommendations_bytes(l.recommendations);
    for (int32_t i = 0; i < 2; i++) {
        /* Where a direction has no policies, the other's may still count its changes. */
        weir_duration period = periods[i] > 0 ? periods[i] : periods[1 - i];

        l.events[i] = steps_in(period, c->sync_period, c->reserve + SPARE_EVENTS);
        l.events_at[i] = l.bytes;
        l.bytes += l.events[i] * sizeof(weir_scale_event);
    }
    return l;
}

weir_status weir_behavior_bytes(const weir_behavior_config *config, size_t *bytes, weir_error *err)
{
    weir_behavior_config own;
    weir_status status = behavior_take(&own, config, err);

    return status == WEIR_OK ? weir__give_bytes(bytes, behavior_lay_out(&own).bytes, err) : status;
}

weir_status weir_behavior_init(weir_behavior *behavior, size_t bytes,
                               const weir_behavior_config *config, weir_error *err)
{
    weir_behavior *b = behavior;
    weir_behavior_config own;
    struct behavior_layout l;
    weir_status status = behavior_take(&own, config, err);

    if (status != WEIR_OK) {
        return status;
    }
    l = behavior_lay_out(&own);
    status = weir__block_fits(b, bytes, l.bytes, err);
    if (status != WEIR_OK) {
        return status;
    }
    memset(b, 0, l.bytes);
    weir__block_set(&b->block, WEIR_KIND_BEHAVIOR, l.bytes);
    b->digest = weir__config_digest(&weir__behavior_table, &own);
    b->seen = WEIR_TIME_NONE;
    b->config = own;
    b->windows[WEIR_SCALE_UP] = own.scale_up.stabilization_window;
    b->windows[WEIR_SCALE_DOWN] = own.behavior ? down_window(&own) : own.downscale_stabilization;
    b->periods[WEIR_SCALE_UP] = weir__longest_period(&own.scale_up);
    b->periods[WEIR_SCALE_DOWN] = weir__longest_period(&own.scale_down);
    weir__recommendations_lay(
        &b->recommendations,
        (uint32_t)(l.recommendations_at - offsetof(weir_behavior, recommendations)),
        l.recommendations, own.behavior && own.scale_up.stabilization_window > 0);
    for (int32_t i = 0; i < 2; i++) {
        b->events_at[i] = (uint32_t)l.events_at[i];
        b->event_capacity[i] = l.events[i];
    }
    return WEIR_OK;
}

/* ---- windows -------------------------------------------------------------------------------- */

/* The times at which the windows begin, at `now`. */
struct cuts {
    weir_time up, down; /* what is not after these has left */
    weir_time old;      /* what is before this may be overwritten */
};

static struct cuts cuts_of(const weir_behavior *b, weir_time now)
{
    struct cuts cuts;

    cuts.down = weir__before(now, b->windows[WEIR_SCALE_DOWN]);
    if (!b->config.behavior) { /* what is exactly as old as the window still counts */
        cuts.old = cuts.down;
        cuts.down = weir__sub(cuts.down, 1);
        cuts.up = WEIR_TIME_NEVER;
        return cuts;
    }
    cuts.up = weir__before(now, b->windows[WEIR_SCALE_UP]);
    cuts.old = cuts.up < cuts.down ? cuts.up : cuts.down;
    return cuts;
}

static void weir__behavior_begin(weir_behavior *b, int32_t current, weir_time at)
{
    if (!b->recommendations.begun) {
        weir__recommendations_add(&b->recommendations, at, current, WEIR_TIME_NONE);
    }
}

/* Without rules: the largest wish of the window. */
static void stabilize_largest(const struct weir__extremes *e, int32_t desired,
                              struct weir__limits *out)
{
    out->stabilized = e->high > desired ? e->high : desired;
    out->stabilize_reason = out->stabilized != desired ? WEIR_REASON_SCALE_DOWN_STABILIZED
                                                       : WEIR_REASON_READY_FOR_NEW_SCALE;
}

/* With rules: the current size, as far as the wishes of both windows let it stay. */
static void stabilize_within(const struct weir__extremes *e, int32_t current, int32_t desired,
                             struct weir__limits *out)
{
    int32_t low = e->low < desired ? e->low : desired;
    int32_t high = e->high > desired ? e->high : desired;
    int32_t size = current < low ? low : current;

    out->stabilized = size > high ? high : size;
    out->stabilize_reason = out->stabilized == desired ? WEIR_REASON_READY_FOR_NEW_SCALE
                            : desired >= current       ? WEIR_REASON_SCALE_UP_STABILIZED
                                                       : WEIR_REASON_SCALE_DOWN_STABILIZED;
}

static void weir__behavior_stabilize(weir_behavior *b, int32_t current, int32_t desired, weir_time now,
                              struct weir__trace *trace, struct weir__limits *out)
{
    const weir_behavior_config *c = &b->config;
    struct cuts cuts = cuts_of(b, now);
    struct weir__extremes e = weir__recommendations_look(&b->recommendations, cuts.up, cuts.down);

    memset(out, 0, sizeof *out);
    out->next = WEIR_TIME_NEVER;
    if (c->behavior) {
        stabilize_within(&e, current, desired, out);
    } else {
        stabilize_largest(&e, desired, out);
    }
    if (out->stabilize_reason == WEIR_REASON_SCALE_UP_STABILIZED) {
        out->next = weir__add(e.low_at, c->scale_up.stabilization_window);
        weir__trace_step(trace, WEIR_RULE_BEHAVIOR_WINDOW_UP, -1, out->stabilized, desired, e.low);
    } else if (out->stabilize_reason == WEIR_REASON_SCALE_DOWN_STABILIZED) {
        out->next = weir__add(e.high_at, weir__sub(now, cuts.down));
        weir__trace_step(trace, WEIR_RULE_BEHAVIOR_WINDOW_DOWN, -1, out->stabilized, desired,
                         e.high);
    }
    out->flags |= out->stabilized != desired ? WEIR_FLAG_STABILIZED : 0U;
    weir__recommendations_add(&b->recommendations, now, desired, cuts.old);
    b->seen = now;
}

/* ---- policies and bounds -------------------------------------------------------------------- */

static struct weir__events weir__behavior_events(const weir_behavior *b, int32_t direction)
{
    const uint8_t *at = (const uint8_t *)b + b->events_at[direction];
    union {
        const void *in;
        void *out;
    } list = {at};
    struct weir__events e = {list.out, b->event_count[direction], b->event_capacity[direction]};

    return e;
}

static void behavior_bound(struct weir__limits *out, struct weir__trace *trace, int32_t allowed,
                  int32_t reason)
{
    int32_t rule =
        reason == WEIR_REASON_TOO_FEW_REPLICAS ? WEIR_RULE_BOUNDS_MIN : WEIR_RULE_BOUNDS_MAX;

    out->allowed = allowed;
    out->limit_reason = reason;
    out->flags |= rule == WEIR_RULE_BOUNDS_MIN ? WEIR_FLAG_AT_MIN : WEIR_FLAG_AT_MAX;
    weir__trace_step(trace, rule, -1, allowed, out->stabilized, allowed);
}

/* Without rules: the lower bound first, then twice the size or the upper bound. */
static void limit_without_rules(const weir_behavior_config *c, int32_t current, weir_time now,
                                struct weir__trace *trace, struct weir__limits *out)
{
    int32_t most = weir__double_limit(current, c->conversion);

    if (out->stabilized < c->min_replicas) {
        behavior_bound(out, trace, c->min_replicas, WEIR_REASON_TOO_FEW_REPLICAS);
    } else if (c->max_replicas > most && out->stabilized > most) {
        out->allowed = most;
        out->limit_reason = WEIR_REASON_SCALE_UP_LIMIT;
        out->flags |= WEIR_FLAG_RATE_LIMITED;
        out->next = weir__add(now, c->sync_period); /* it may double again then */
        weir__trace_step(trace, WEIR_RULE_BEHAVIOR_FACTOR, -1, most, out->stabilized, most);
    } else if (c->max_replicas <= most && out->stabilized > c->max_replicas) {
        behavior_bound(out, trace, c->max_replicas, WEIR_REASON_TOO_MANY_REPLICAS);
    }
}

static void limit_by_rate(const weir_scaling_rules *rules, int32_t direction, int32_t current,
                          const struct weir__rate *rate, int32_t limit, weir_time now,
                          struct weir__trace *trace, struct weir__limits *out)
{
    int up = direction == WEIR_SCALE_UP;
    weir_time next = rate->next;

    out->allowed = limit;
    out->limit_reason = up ? WEIR_REASON_SCALE_UP_LIMIT : WEIR_REASON_SCALE_DOWN_LIMIT;
    out->flags |= WEIR_FLAG_RATE_LIMITED;
    if (rules->select_policy == WEIR_SELECT_DISABLED) {
        weir__trace_step(trace,
                         up ? WEIR_RULE_BEHAVIOR_DISABLED_UP : WEIR_RULE_BEHAVIOR_DISABLED_DOWN, -1,
                         limit, out->stabilized, limit);
        return;
    }
    if (limit != current) { /* this change, too, leaves its period one day */
        weir_time leaves = weir__add(now, weir__shortest_period(rules));

        next = leaves < next ? leaves : next;
    }
    out->next = next < out->next ? next : out->next;
    weir__trace_step(trace, up ? WEIR_RULE_BEHAVIOR_POLICY_UP : WEIR_RULE_BEHAVIOR_POLICY_DOWN,
                     rate->policy, limit, rate->start, limit);
}

/* With rules: only the side that the size moves to is looked at. */
static void limit_by_rules(const weir_behavior *b, int32_t current, weir_time now,
                           struct weir__trace *trace, struct weir__limits *out)
{
    const weir_behavior_config *c = &b->config;
    struct weir__events up, down;
    struct weir__rate rate;

    if (out->stabilized == current) {
        return;
    }
    up = weir__behavior_events(b, WEIR_SCALE_UP);
    down = weir__behavior_events(b, WEIR_SCALE_DOWN);
    if (out->stabilized > current) {
        int32_t limit;

        rate =
            weir__rate_limit(&c->scale_up, WEIR_SCALE_UP, current, &up, &down, now, c->conversion);
        limit = rate.limit < current ? current : rate.limit;
        if (c->max_replicas <= limit && out->stabilized > c->max_replicas) {
            behavior_bound(out, trace, c->max_replicas, WEIR_REASON_TOO_MANY_REPLICAS);
        } else if (c->max_replicas > limit && out->stabilized > limit) {
            limit_by_rate(&c->scale_up, WEIR_SCALE_UP, current, &rate, limit, now, trace, out);
        }
    } else {
        int32_t limit;

        rate = weir__rate_limit(&c->scale_down, WEIR_SCALE_DOWN, current, &up, &down, now,
                                c->conversion);
        limit = rate.limit > current ? current : rate.limit;
        if (c->min_replicas >= limit && out->stabilized < c->min_replicas) {
            behavior_bound(out, trace, c->min_replicas, WEIR_REASON_TOO_FEW_REPLICAS);
        } else if (c->min_replicas < limit && out->stabilized < limit) {
            limit_by_rate(&c->scale_down, WEIR_SCALE_DOWN, current, &rate, limit, now, trace, out);
        }
    }
}

static void weir__behavior_limit(const weir_behavior *b, int32_t current, weir_time now,
                          struct weir__trace *trace, struct weir__limits *out)
{
    out->allowed = out->stabilized;
    out->limit_reason = WEIR_REASON_DESIRED_WITHIN_RANGE;
    if (b->config.behavior) {
        limit_by_rules(b, current, now, trace, out);
    } else {
        limit_without_rules(&b->config, current, now, trace, out);
    }
}

/* ---- memory --------------------------------------------------------------------------------- */

/* Before what a change of this direction is outdated, and up to what no policy counts it. */
static void event_cuts(const weir_behavior *b, int32_t direction, weir_time now,
                       weir_time *outdated, weir_time *useless)
{
    *outdated = weir__sub(now, b->periods[direction]);
    *useless = weir__sub(now, longer(b->periods[0], b->periods[1]));
}

/* Whether there are places for the wish and the changes in lists that may be full. */
static int behavior_has_room(weir_behavior *b, weir_time now, const int32_t changes[2])
{
    struct weir__recommendations *r = &b->recommendations;
    struct cuts cuts = cuts_of(b, now);

    if (r->count == r->capacity && !weir__recommendations_room(r, cuts.up, cuts.down, cuts.old)) {
        return 0;
    }
    for (int32_t i = 0; b->config.behavior && i < 2; i++) {
        struct weir__events events = weir__behavior_events(b, i);
        weir_time outdated, useless;

        event_cuts(b, i, now, &outdated, &useless);
        if (!weir__events_room(&events, changes[i], outdated, useless)) {
            return 0;
        }
    }
    return 1;
}

static weir_status weir__behavior_ready(weir_behavior *b, weir_time now, const int32_t changes[2])
{
    if (now < b->seen) {
        return WEIR_E_TIME;
    }
    if (b->recommendations.count < b->recommendations.capacity &&
        b->event_count[0] + changes[0] <= b->event_capacity[0] &&
        b->event_count[1] + changes[1] <= b->event_capacity[1]) {
        return WEIR_OK;
    }
    return behavior_has_room(b, now, changes) ? WEIR_OK : WEIR_E_LIMIT;
}

static void weir__behavior_store(weir_behavior *b, int32_t from, int32_t to, weir_time at)
{
    int32_t direction = to > from ? WEIR_SCALE_UP : WEIR_SCALE_DOWN;
    struct weir__events events = weir__behavior_events(b, direction);
    weir_time outdated, useless;
    uint32_t change = to > from ? (uint32_t)to - (uint32_t)from : (uint32_t)from - (uint32_t)to;

    if (!b->config.behavior) {
        return;
    }
    event_cuts(b, direction, at, &outdated, &useless);
    weir__events_add(&events, at, (int32_t)change, outdated, useless);
    b->event_count[direction] = events.count;
    b->seen = at;
}
#undef WINDOW_DOC
#undef TOLERANCE
#undef SELECT_POLICY
#undef POLICIES

/* ---- lib/limits/behavior_state.c ---- */

/*
 * limits/behavior_state.c - a behavior for its users: steps, memory in and out, snapshots.
 */

static int is_behavior(const weir_behavior *b)
{
    return weir__block_is(b, WEIR_KIND_BEHAVIOR);
}

/* ---- steps ---------------------------------------------------------------------------------- */

static const int32_t one_change[2] = {1, 1};
static const int32_t no_change[2] = {0, 0};

weir_status weir_behavior_apply(weir_behavior *behavior, int32_t current, int32_t desired,
                                weir_time now, weir_decision *out, weir_explain *explain)
{
    struct weir__limits limits;
    struct weir__trace trace;
    weir_status status;
    weir_time before;

    if (!is_behavior(behavior) || out == NULL) {
        return WEIR_E_ARG;
    }
    if (out->struct_size != sizeof *out ||
        (explain != NULL && explain->struct_size != sizeof *explain)) {
        return WEIR_E_STRUCT;
    }
    status = weir__behavior_ready(behavior, now, one_change);
    if (status != WEIR_OK) {
        return status;
    }
    before = weir__sub(now, 1); /* upstream's clock moves on within a step */
    weir__trace_open(&trace, explain, current);
    weir__trace_step(&trace, WEIR_RULE_BEHAVIOR_DESIRED, -1, desired, desired, current);
    weir__behavior_begin(behavior, current, before > behavior->seen ? before : behavior->seen);
    weir__behavior_stabilize(behavior, current, desired, now, &trace, &limits);
    weir__behavior_limit(behavior, current, now, &trace, &limits);
    out->replicas = limits.allowed;
    out->current = current;
    out->valid = 1;
    out->flags = limits.flags | (limits.allowed == 0 ? WEIR_FLAG_TO_ZERO : 0U) |
                 (limits.allowed != current ? WEIR_FLAG_APPLY : 0U);
    out->rule = trace.rule;
    out->excess_burst_capacity = 0;
    out->step_count = trace.count;
    out->at = now;
    out->next = limits.next;
    return WEIR_OK;
}

weir_status weir_behavior_scaled(weir_behavior *behavior, int32_t from, int32_t to, weir_time now)
{
    weir_status status;

    if (!is_behavior(behavior)) {
        return WEIR_E_ARG;
    }
    status = weir__behavior_ready(behavior, now, one_change);
    if (status == WEIR_OK) {
        weir__behavior_store(behavior, from, to, now);
    }
    return status;
}

weir_status weir_behavior_stabilize(weir_behavior *behavior, int32_t current, int32_t desired,
                                    weir_time now, int32_t *stabilized, int32_t *reason)
{
    struct weir__limits limits;
    struct weir__trace trace;
    weir_status status;

    if (!is_behavior(behavior) || stabilized == NULL) {
        return WEIR_E_ARG;
    }
    status = weir__behavior_ready(behavior, now, no_change);
    if (status != WEIR_OK) {
        return status;
    }
    weir__trace_open(&trace, NULL, desired);
    weir__behavior_stabilize(behavior, current, desired, now, &trace, &limits);
    *stabilized = limits.stabilized;
    if (reason != NULL) {
        *reason = limits.stabilize_reason;
    }
    return WEIR_OK;
}

weir_status weir_behavior_limit(const weir_behavior *behavior, int32_t current, int32_t stabilized,
                                weir_time now, int32_t *allowed, int32_t *reason)
{
    struct weir__limits limits = {.stabilized = stabilized, .next = WEIR_TIME_NEVER};
    struct weir__trace trace;

    if (!is_behavior(behavior) || allowed == NULL) {
        return WEIR_E_ARG;
    }
    weir__trace_open(&trace, NULL, stabilized);
    weir__behavior_limit(behavior, current, now, &trace, &limits);
    *allowed = limits.allowed;
    if (reason != NULL) {
        *reason = limits.limit_reason;
    }
    return WEIR_OK;
}

/* ---- memory --------------------------------------------------------------------------------- */

weir_status weir_behavior_forget(weir_behavior *behavior)
{
    if (!is_behavior(behavior)) {
        return WEIR_E_ARG;
    }
    weir__recommendations_clear(&behavior->recommendations);
    behavior->event_count[WEIR_SCALE_UP] = 0;
    behavior->event_count[WEIR_SCALE_DOWN] = 0;
    return WEIR_OK;
}

static void copy_events(weir_behavior *to, int32_t direction, const weir_scale_event *list,
                        uint16_t count)
{
    struct weir__events events = weir__behavior_events(to, direction);

    for (uint16_t i = 0; i < count; i++) {
        events.list[i] = list[i];
    }
    to->event_count[direction] = count;
}

weir_status weir_behavior_adopt(weir_behavior *behavior, const weir_behavior *from)
{
    weir_behavior *b = behavior;

    if (!is_behavior(b) || !is_behavior(from)) {
        return WEIR_E_ARG;
    }
    if (from->recommendations.count > b->recommendations.capacity ||
        from->event_count[0] > b->event_capacity[0] ||
        from->event_count[1] > b->event_capacity[1]) {
        return WEIR_E_SPACE;
    }
    for (uint16_t i = 0; i < from->recommendations.count; i++) {
        const struct weir__slot *slot = weir__recommendations_get(&from->recommendations, i);

        weir__recommendations_set(&b->recommendations, i, slot->at, slot->replicas);
    }
    weir__recommendations_finish(&b->recommendations, from->recommendations.count);
    b->recommendations.begun = from->recommendations.begun;
    for (int32_t i = 0; i < 2; i++) {
        copy_events(b, i, weir__behavior_events(from, i).list, from->event_count[i]);
    }
    b->seen = from->seen;
    return WEIR_OK;
}

weir_status weir_behavior_recommendations(const weir_behavior *behavior, weir_recommendation *list,
                                          size_t capacity, size_t *count)
{
    const struct weir__recommendations *r;

    if (!is_behavior(behavior) || count == NULL || (list == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    r = &behavior->recommendations;
    *count = r->count;
    for (uint16_t i = 0; i < r->count && i < capacity; i++) {
        const struct weir__slot *slot = weir__recommendations_get(r, i);

        list[i] = (weir_recommendation){slot->at, slot->replicas, 0};
    }
    return r->count <= capacity ? WEIR_OK : WEIR_E_SPACE;
}

weir_status weir_behavior_events(const weir_behavior *behavior, int32_t direction,
                                 weir_scale_event *list, size_t capacity, size_t *count)
{
    struct weir__events events;

    if (!is_behavior(behavior) || count == NULL || (list == NULL && capacity > 0) ||
        (direction != WEIR_SCALE_UP && direction != WEIR_SCALE_DOWN)) {
        return WEIR_E_ARG;
    }
    events = weir__behavior_events(behavior, direction);
    *count = events.count;
    for (uint16_t i = 0; i < events.count && i < capacity; i++) {
        list[i] = events.list[i];
    }
    return events.count <= capacity ? WEIR_OK : WEIR_E_SPACE;
}

weir_status weir_behavior_set_recommendations(weir_behavior *behavior,
                                              const weir_recommendation *list, size_t count)
{
    if (!is_behavior(behavior) || (list == NULL && count > 0)) {
        return WEIR_E_ARG;
    }
    if (count > behavior->recommendations.capacity) {
        return WEIR_E_SPACE;
    }
    for (size_t i = 0; i < count; i++) {
        weir__recommendations_set(&behavior->recommendations, (uint16_t)i, list[i].at,
                                  list[i].replicas);
    }
    weir__recommendations_finish(&behavior->recommendations, (uint16_t)count);
    return WEIR_OK;
}

weir_status weir_behavior_set_events(weir_behavior *behavior, int32_t direction,
                                     const weir_scale_event *list, size_t count)
{
    if (!is_behavior(behavior) || (list == NULL && count > 0) ||
        (direction != WEIR_SCALE_UP && direction != WEIR_SCALE_DOWN)) {
        return WEIR_E_ARG;
    }
    if (count > behavior->event_capacity[direction]) {
        return WEIR_E_SPACE;
    }
    copy_events(behavior, direction, list, (uint16_t)count);
    return WEIR_OK;
}

const char *weir_reason_name(int32_t reason)
{
    static const char *const names[] = {
        "", "ReadyForNewScale", "ScaleUpStabilized", "ScaleDownStabilized", "DesiredWithinRange",
        "TooFewReplicas", "TooManyReplicas", "ScaleUpLimit", "ScaleDownLimit",
        /* of the HPA */
        "", "", "", "", "", "", "", "", "", "", "", "SucceededGetScale", "FailedGetScale",
        "SucceededRescale", "FailedUpdateScale", "ValidMetricFound", "ScalingDisabled",
        "InvalidSelector", "AmbiguousSelector", "InvalidMetricSourceType",
        "FailedGetResourceMetric", "FailedGetContainerResourceMetric", "FailedGetPodsMetric",
        "FailedGetObjectMetric", "FailedGetExternalMetric", "ScaledToZero", "NotScaledToZero"};

    return reason >= 0 && reason < (int32_t)(sizeof names / sizeof names[0]) ? names[reason] : "";
}

/* ---- snapshots ------------------------------------------------------------------------------ */

enum {
    RECORD_SEEN = 0x400,
    RECORD_BEGUN,
    RECORD_COUNT,
    RECORD_RECOMMENDATIONS,
    RECORD_EVENT_COUNT = 0x410, /* and the one after it */
    RECORD_EVENTS = 0x420       /* likewise */
};

static void weir__behavior_write(const weir_behavior *b, struct weir__writer *w)
{
    const struct weir__recommendations *r = &b->recommendations;

    weir__snapshot_i64(w, RECORD_SEEN, b->seen);
    weir__snapshot_i64(w, RECORD_BEGUN, r->begun);
    weir__snapshot_i64(w, RECORD_COUNT, r->count);
    weir__snapshot_i64s_open(w, RECORD_RECOMMENDATIONS, 2 * (size_t)r->count);
    for (uint16_t i = 0; i < r->count; i++) {
        weir__snapshot_next_i64(w, weir__recommendations_get(r, i)->at);
        weir__snapshot_next_i64(w, weir__recommendations_get(r, i)->replicas);
    }
    for (int32_t d = 0; d < 2; d++) {
        struct weir__events events = weir__behavior_events(b, d);

        weir__snapshot_i64(w, (uint16_t)(RECORD_EVENT_COUNT + d), events.count);
        weir__snapshot_i64s_open(w, (uint16_t)(RECORD_EVENTS + d), 3 * (size_t)events.count);
        for (uint16_t i = 0; i < events.count; i++) {
            weir__snapshot_next_i64(w, events.list[i].at);
            weir__snapshot_next_i64(w, events.list[i].change);
            weir__snapshot_next_i64(w, events.list[i].outdated);
        }
    }
}

/* Values of an array that has to hold int32. */
static void check_i32(struct weir__reader *r, uint16_t id, const uint8_t *values, size_t index)
{
    int64_t value = weir__get_i64(values, index);

    if (value < INT32_MIN || value > INT32_MAX) {
        r->missing = r->failed ? r->missing : id;
        r->failed = 1;
    }
}

static void weir__behavior_read(const weir_behavior *b, struct weir__reader *r,
                         struct weir__behavior_image *image)
{
    memset(image, 0, sizeof *image);
    image->seen = weir__record_i64(r, RECORD_SEEN);
    image->begun = (int32_t)weir__record_in(r, RECORD_BEGUN, 0, 1);
    image->count = (uint16_t)weir__record_in(r, RECORD_COUNT, 0, b->recommendations.capacity);
    image->recommendations = weir__record_i64s(r, RECORD_RECOMMENDATIONS, 2 * (size_t)image->count);
    for (uint16_t i = 0; image->recommendations != NULL && i < image->count; i++) {
        check_i32(r, RECORD_RECOMMENDATIONS, image->recommendations, 2 * (size_t)i + 1);
    }
    for (int32_t d = 0; d < 2; d++) {
        uint16_t id = (uint16_t)(RECORD_EVENTS + d);

        image->event_count[d] = (uint16_t)weir__record_in(r, (uint16_t)(RECORD_EVENT_COUNT + d), 0,
                                                          b->event_capacity[d]);
        image->events[d] = weir__record_i64s(r, id, 3 * (size_t)image->event_count[d]);
        for (uint16_t i = 0; image->events[d] != NULL && i < image->event_count[d]; i++) {
            check_i32(r, id, image->events[d], 3 * (size_t)i + 1);
        }
    }
}

static void weir__behavior_commit(weir_behavior *b, const struct weir__behavior_image *image)
{
    b->seen = image->seen;
    for (uint16_t i = 0; i < image->count; i++) {
        weir__recommendations_set(
            &b->recommendations, i, weir__get_i64(image->recommendations, 2 * (size_t)i),
            (int32_t)weir__get_i64(image->recommendations, 2 * (size_t)i + 1));
    }
    weir__recommendations_finish(&b->recommendations, image->count);
    b->recommendations.begun = image->begun;
    for (int32_t d = 0; d < 2; d++) {
        struct weir__events events = weir__behavior_events(b, d);

        for (uint16_t i = 0; i < image->event_count[d]; i++) {
            const uint8_t *values = image->events[d];

            events.list[i].at = weir__get_i64(values, 3 * (size_t)i);
            events.list[i].change = (int32_t)weir__get_i64(values, 3 * (size_t)i + 1);
            events.list[i].outdated = weir__get_i64(values, 3 * (size_t)i + 2) != 0;
        }
        b->event_count[d] = image->event_count[d];
    }
}

weir_status weir_behavior_save(const weir_behavior *behavior, uint8_t *buffer, size_t capacity,
                               size_t *need)
{
    struct weir__writer w;

    if (!is_behavior(behavior)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_BEHAVIOR, behavior->digest);
    weir__behavior_write(behavior, &w);
    return weir__snapshot_close(&w, need);
}

weir_status weir_behavior_load(weir_behavior *behavior, const uint8_t *buffer, size_t length,
                               weir_error *err)
{
    struct weir__behavior_image image;
    struct weir__reader r;
    weir_status status;

    if (!is_behavior(behavior)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a behavior");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_BEHAVIOR, behavior->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    weir__behavior_read(behavior, &r, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        weir__behavior_commit(behavior, &image);
    }
    return status;
}

/* ---- lib/limits/rates.c ---- */

/*
 * limits/rates.c - policies and changes.
 *
 *   start = current - pods that came in the period + pods that went in it
 *   up    start + value, or ceil(start x (1 + value / 100))
 *   down  start - value, or start x (1 - value / 100), truncated
 *
 * Pods come and go as int32, and wrap as Go's do. Both lists count in both directions.
 *
 * Upstream: horizontal.go, calculateScaleUpLimitWithScalingRules(),
 * calculateScaleDownLimitWithBehaviors(), storeScaleEvent().
 */

/* a + b and a - b of int32, wrapping. */
static int32_t rates_add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static int32_t subtract(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

/* Pods of the changes after now - period. */
static int32_t rates_changed(const struct weir__events *events, weir_duration period, weir_time now,
                       weir_time *next)
{
    weir_time since = weir__sub(now, period);
    int32_t pods = 0;

    for (uint16_t i = 0; i < events->count; i++) {
        const weir_scale_event *event = &events->list[i];

        if (event->at > since) {
            weir_time leaves = weir__add(event->at, period);

            pods = rates_add(pods, event->change);
            *next = leaves < *next ? leaves : *next;
        }
    }
    return pods;
}

static int32_t rates_proposal(const weir_policy *policy, int32_t direction, int32_t start,
                        int32_t conversion, int32_t before)
{
    double part = (double)policy->value / 100.0;

    if (policy->type == WEIR_POLICY_PODS) {
        return direction == WEIR_SCALE_UP ? rates_add(start, policy->value)
                                          : subtract(start, policy->value);
    }
    if (policy->type == WEIR_POLICY_PERCENT) {
        return direction == WEIR_SCALE_UP
                   ? weir_f64_to_i32(weir__ceil((double)start * (1.0 + part)), conversion)
                   : weir_f64_to_i32((double)start * (1.0 - part), conversion);
    }
    return before;
}

static struct weir__rate weir__rate_limit(const weir_scaling_rules *rules, int32_t direction,
                                   int32_t current, const struct weir__events *up,
                                   const struct weir__events *down, weir_time now,
                                   int32_t conversion)
{
    struct weir__rate rate = {current, -1, current, WEIR_TIME_NEVER};
    /* The policy that allows most: upward the largest limit, downward the smallest. */
    int largest = (rules->select_policy == WEIR_SELECT_MIN) != (direction == WEIR_SCALE_UP);
    int32_t proposed = 0;

    if (rules->select_policy == WEIR_SELECT_DISABLED) {
        return rate;
    }
    rate.limit = largest ? INT32_MIN : INT32_MAX;
    for (uint32_t i = 0; i < rules->policy_count; i++) {
        const weir_policy *policy = &rules->policies[i];
        int32_t came = rates_changed(up, policy->period, now, &rate.next);
        int32_t went = rates_changed(down, policy->period, now, &rate.next);
        int32_t start = rates_add(subtract(current, came), went);

        proposed = rates_proposal(policy, direction, start, conversion, proposed);
        if (largest ? proposed > rate.limit : proposed < rate.limit) {
            rate.limit = proposed;
            rate.policy = (int32_t)i;
            rate.start = start;
        }
    }
    return rate;
}

static int32_t weir__double_limit(int32_t current, int32_t conversion)
{
    return weir_f64_to_i32(weir__max(2.0 * (double)current, 4.0), conversion);
}

static weir_duration weir__longest_period(const weir_scaling_rules *rules)
{
    weir_duration longest = 0;

    for (uint32_t i = 0; i < rules->policy_count; i++) {
        longest = rules->policies[i].period > longest ? rules->policies[i].period : longest;
    }
    return longest;
}

static weir_duration weir__shortest_period(const weir_scaling_rules *rules)
{
    weir_duration shortest = weir__longest_period(rules);

    for (uint32_t i = 0; i < rules->policy_count; i++) {
        shortest = rules->policies[i].period < shortest ? rules->policies[i].period : shortest;
    }
    return shortest;
}

/* ---- the lists ------------------------------------------------------------------------------ */

static int is_free(const weir_scale_event *event, weir_time outdated, weir_time useless)
{
    return event->outdated || event->at < outdated || event->at <= useless;
}

static int weir__events_room(const struct weir__events *events, int32_t wanted, weir_time outdated,
                      weir_time useless)
{
    int32_t places = events->capacity - events->count;

    for (uint16_t i = 0; places < wanted && i < events->count; i++) {
        places += is_free(&events->list[i], outdated, useless);
    }
    return places >= wanted;
}

static void weir__events_add(struct weir__events *events, weir_time at, int32_t change, weir_time outdated,
                      weir_time useless)
{
    uint16_t slot = events->count;

    for (uint16_t i = 0; i < events->count; i++) {
        if (events->list[i].at < outdated) {
            events->list[i].outdated = 1;
        }
        if (events->list[i].outdated) {
            slot = i;
        }
    }
    if (slot == events->capacity) { /* more changes than the list was made for */
        for (slot = 0; events->list[slot].at > useless; slot++) {
        }
    }
    if (slot == events->count) {
        events->count++;
    }
    events->list[slot] = (weir_scale_event){at, change, 0};
}

/* ---- lib/limits/recommendations.c ---- */

/*
 * limits/recommendations.c - see recommendations.h.
 */

enum { IN_HIGHS = 1, IN_LOWS = 2 };

static struct weir__slot *recommendations_slots(struct weir__recommendations *r)
{
    return (struct weir__slot *)(void *)((uint8_t *)r + r->slots_at);
}

static uint16_t *recommendations_highs(struct weir__recommendations *r)
{
    return (uint16_t *)(void *)((uint8_t *)r + r->highs_at);
}

static uint16_t *recommendations_lows(struct weir__recommendations *r)
{
    return (uint16_t *)(void *)((uint8_t *)r + r->lows_at);
}

static uint64_t *old_bits(struct weir__recommendations *r)
{
    return (uint64_t *)(void *)((uint8_t *)r + r->old_at);
}

static size_t recommendations_words(uint16_t capacity)
{
    return ((size_t)capacity + 63) / 64;
}

static size_t weir__recommendations_bytes(uint16_t capacity)
{
    return capacity * sizeof(struct weir__slot) + recommendations_words(capacity) * sizeof(uint64_t) +
           2 * weir__round_up8(capacity * sizeof(uint16_t));
}

static void weir__recommendations_lay(struct weir__recommendations *r, uint32_t at, uint16_t capacity,
                               int with_lows)
{
    memset(r, 0, sizeof *r);
    r->capacity = capacity;
    r->slots_at = at;
    r->old_at = r->slots_at + (uint32_t)(capacity * sizeof(struct weir__slot));
    r->highs_at = r->old_at + (uint32_t)(recommendations_words(capacity) * sizeof(uint64_t));
    r->lows_at = r->highs_at + (uint32_t)weir__round_up8(capacity * sizeof(uint16_t));
    r->with_lows = with_lows != 0;
    weir__recommendations_clear(r);
}

static void weir__recommendations_clear(struct weir__recommendations *r)
{
    memset(recommendations_slots(r), 0, weir__recommendations_bytes(r->capacity));
    r->count = 0;
    r->old_count = 0;
    r->oldest = r->newest = WEIR__NO_SLOT;
    r->highs = r->lows = (struct weir__slot_queue){0, 0};
    r->begun = 0;
}

static const struct weir__slot *weir__recommendations_get(const struct weir__recommendations *r,
                                                   uint16_t i)
{
    return (const struct weir__slot *)(const void *)((const uint8_t *)r + r->slots_at) + i;
}

/* ---- queues --------------------------------------------------------------------------------- */

static uint16_t recommendations_place(const struct weir__recommendations *r, const struct weir__slot_queue *q,
                      uint16_t i)
{
    uint32_t at = (uint32_t)q->first + i;

    return (uint16_t)(at < r->capacity ? at : at - r->capacity);
}

/* Takes out at the front what is not after `cut`; gives the slot then there, or NULL. */
static const struct weir__slot *front(struct weir__recommendations *r, struct weir__slot_queue *q,
                                      const uint16_t *ring, uint16_t bit, weir_time cut)
{
    while (q->length > 0) {
        struct weir__slot *slot = &recommendations_slots(r)[ring[q->first]];

        if (slot->at > cut) {
            return slot;
        }
        slot->queues = (uint16_t)(slot->queues & ~bit);
        q->first = recommendations_place(r, q, 1);
        q->length--;
    }
    return NULL;
}

/* Puts a slot at the back. What is there and can never be the extreme again goes: sign is 1 for the
 * queue of high wishes and -1 for that of low ones. */
static inline void recommendations_push(struct weir__recommendations *r, struct weir__slot_queue *q, uint16_t *ring,
                        uint16_t bit, int32_t sign, uint16_t index)
{
    struct weir__slot *s = recommendations_slots(r);
    int64_t wish = (int64_t)s[index].replicas * sign;
    uint16_t length = q->length;

    while (length > 0) {
        struct weir__slot *back = &s[ring[recommendations_place(r, q, (uint16_t)(length - 1))]];

        if ((int64_t)back->replicas * sign > wish) {
            break;
        }
        back->queues = (uint16_t)(back->queues & ~bit);
        length--;
    }
    ring[recommendations_place(r, q, length)] = index;
    q->length = (uint16_t)(length + 1);
    s[index].queues |= bit;
}

static struct weir__extremes weir__recommendations_look(struct weir__recommendations *r, weir_time up,
                                                 weir_time down)
{
    struct weir__extremes e = {INT32_MAX, INT32_MIN, WEIR_TIME_NEVER, WEIR_TIME_NEVER};
    const struct weir__slot *high = front(r, &r->highs, recommendations_highs(r), IN_HIGHS, down);
    const struct weir__slot *low = r->with_lows ? front(r, &r->lows, recommendations_lows(r), IN_LOWS, up) : NULL;

    if (low != NULL) {
        e.low = low->replicas;
        e.low_at = low->at;
    }
    if (high != NULL) {
        e.high = high->replicas;
        e.high_at = high->at;
    }
    return e;
}

/* ---- the list ------------------------------------------------------------------------------- */

/* Puts a slot that is newer than all others, or as new, at the end of everything. */
static void recommendations_append(struct weir__recommendations *r, uint16_t index)
{
    struct weir__slot *s = recommendations_slots(r);

    s[index].newer = WEIR__NO_SLOT;
    s[index].queues = 0;
    if (r->newest != WEIR__NO_SLOT) {
        s[r->newest].newer = index;
    } else {
        r->oldest = index;
    }
    r->newest = index;
    recommendations_push(r, &r->highs, recommendations_highs(r), IN_HIGHS, 1, index);
    if (r->with_lows) {
        recommendations_push(r, &r->lows, recommendations_lows(r), IN_LOWS, -1, index);
    }
}

/* Links all slots in order of time and fills the queues again, none being old. The slots are in
 * order but for a few runs, so that looking for a place from the newest on is quick. */
static void rebuild(struct weir__recommendations *r)
{
    struct weir__slot *s = recommendations_slots(r);
    uint16_t index;

    memset(old_bits(r), 0, recommendations_words(r->capacity) * sizeof(uint64_t));
    r->old_count = 0;
    r->highs = r->lows = (struct weir__slot_queue){0, 0};
    r->oldest = r->newest = WEIR__NO_SLOT;
    for (uint16_t i = 0; i < r->count; i++) { /* `newer` is the next older one for now */
        uint16_t *link = &r->newest;

        while (*link != WEIR__NO_SLOT && s[*link].at > s[i].at) {
            link = &s[*link].newer;
        }
        s[i].newer = *link;
        *link = i;
    }
    for (index = r->newest; index != WEIR__NO_SLOT;) { /* turn the chain round */
        uint16_t older = s[index].newer;

        s[index].newer = r->oldest;
        r->oldest = index;
        index = older;
    }
    index = r->oldest;
    r->oldest = r->newest = WEIR__NO_SLOT;
    while (index != WEIR__NO_SLOT) {
        uint16_t newer = s[index].newer;

        recommendations_append(r, index);
        index = newer;
    }
}

/* Marks the slots before `old`, which are at the front. */
static void mark_old(struct weir__recommendations *r, weir_time old)
{
    while (r->oldest != WEIR__NO_SLOT && recommendations_slots(r)[r->oldest].at < old) {
        uint16_t marked = r->oldest;

        old_bits(r)[marked / 64] |= UINT64_C(1) << marked % 64;
        r->old_count++;
        r->oldest = recommendations_slots(r)[marked].newer;
    }
    if (r->oldest == WEIR__NO_SLOT) {
        r->newest = WEIR__NO_SLOT;
    }
}

/* The number of the highest bit that is set; there is one. */
static uint16_t highest_bit(uint64_t word)
{
    uint16_t bit = 0;

    for (uint16_t half = 32; half > 0; half /= 2) {
        if (word >> half != 0) {
            word >>= half;
            bit = (uint16_t)(bit + half);
        }
    }
    return bit;
}

/* The last slot of the list that is old; there is one. */
static uint16_t last_old(struct weir__recommendations *r)
{
    const uint64_t *bits = old_bits(r);
    size_t i = recommendations_words(r->count) - 1;

    while (bits[i] == 0) {
        i--;
    }
    return (uint16_t)(i * 64 + highest_bit(bits[i]));
}

/* A slot that no window can need before another one: it is in neither queue. */
static uint16_t recommendations_useless(const struct weir__recommendations *r)
{
    for (uint16_t i = 0; i < r->count; i++) {
        if (weir__recommendations_get(r, i)->queues == 0) {
            return i;
        }
    }
    return WEIR__NO_SLOT;
}

static int weir__recommendations_room(struct weir__recommendations *r, weir_time up, weir_time down,
                               weir_time old)
{
    weir__recommendations_look(r, up, down);
    mark_old(r, old);
    return r->old_count > 0 || recommendations_useless(r) != WEIR__NO_SLOT;
}

/* The slot to write over, where exactly one is old: as a rule one grows old at each step, and need
 * not be marked. */
static uint16_t take_only_old(struct weir__recommendations *r, weir_time old)
{
    const struct weir__slot *s = recommendations_slots(r);
    uint16_t index = r->oldest, newer;

    if (r->old_count > 0 || index == WEIR__NO_SLOT || s[index].at >= old) {
        return WEIR__NO_SLOT;
    }
    newer = s[index].newer;
    if (newer == WEIR__NO_SLOT || s[newer].at < old) {
        return WEIR__NO_SLOT; /* it is the last one, or not the only one */
    }
    r->oldest = newer;
    return index;
}

/* The slot to write over or to begin. *is_last: none is newer than it will be. */
static uint16_t take_slot(struct weir__recommendations *r, weir_time at, weir_time old,
                          int *is_last)
{
    uint16_t index = take_only_old(r, old);

    if (index == WEIR__NO_SLOT) {
        mark_old(r, old);
    }
    *is_last = r->newest == WEIR__NO_SLOT || recommendations_slots(r)[r->newest].at <= at;
    if (index != WEIR__NO_SLOT) {
        return index;
    }
    if (r->old_count > 0) {
        index = last_old(r);
        old_bits(r)[index / 64] &= ~(UINT64_C(1) << index % 64);
        r->old_count--;
    } else if (r->count < r->capacity) {
        index = r->count++;
    } else {
        index = recommendations_useless(r); /* more steps than the list was made for */
        *is_last = 0;
    }
    return index;
}

static void weir__recommendations_add(struct weir__recommendations *r, weir_time at, int32_t replicas,
                               weir_time old)
{
    int is_last;
    uint16_t index = take_slot(r, at, old, &is_last);

    r->begun = 1;
    recommendations_slots(r)[index].at = at;
    recommendations_slots(r)[index].replicas = replicas;
    if (is_last) {
        recommendations_append(r, index);
    } else {
        rebuild(r);
    }
}

static void weir__recommendations_set(struct weir__recommendations *r, uint16_t i, weir_time at,
                               int32_t replicas)
{
    recommendations_slots(r)[i].at = at;
    recommendations_slots(r)[i].replicas = replicas;
}

static void weir__recommendations_finish(struct weir__recommendations *r, uint16_t count)
{
    r->count = count;
    r->begun = 1;
    r->with_lows = 1;
    rebuild(r);
}

/* ---- lib/policy/cron.c ---- */

/*
 * policy/cron.c - the next instant of a schedule, and what a cron trigger says.
 *
 * Upstream looks for the next instant field by field, from month to second, and starts over when a
 * field wraps; where clocks are set forward or back, what comes out depends on each of these steps.
 * So the steps are the same here; as long as the zone's offset stays, many of them are one jump.
 *
 * Upstream: robfig/cron v3 spec.go; Go's time.Date() for local times that do not exist.
 */

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* An instant as a clock on the wall shows it. */
struct clock {
    const weir_zone *zone;
    int64_t instant, from, until; /* s; the offset holds in [from, until) */
    int64_t offset;
    int64_t year;
    int32_t month, day, hour, minute, second, weekday;
};

/* ---- the calendar --------------------------------------------------------------------------- */

/* Days from 1970-01-01. The month may be one beyond the year, the day any. */
static int64_t days_of(int64_t year, int32_t month, int64_t day)
{
    int64_t y, era, year_of_era, day_of_year;

    if (month > 12) {
        month -= 12;
        year++;
    }
    y = month <= 2 ? year - 1 : year; /* years begin in March, leap days end them */
    era = weir__floor_div(y, 400);
    year_of_era = y - era * 400;
    day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static void show_date(struct clock *c, int64_t days)
{
    int64_t z = days + 719468, era = weir__floor_div(z, 146097);
    int32_t day_of_era = (int32_t)(z - era * 146097);
    int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t m = (5 * day_of_year + 2) / 153;

    c->day = day_of_year - (153 * m + 2) / 5 + 1;
    c->month = m < 10 ? m + 3 : m - 9;
    c->year = era * 400 + year_of_era + (c->month <= 2);
    c->weekday = (int32_t)weir__floor_mod(days + 4, 7);
}

static int32_t days_in(int64_t year, int32_t month)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29
                                                                               : lengths[month - 1];
}

/* ---- zones ---------------------------------------------------------------------------------- */

static int64_t seconds_of(weir_time t)
{
    return weir__floor_div(t, WEIR_SECOND);
}

/* Finds the offset that holds at an instant. */
static void look_up(struct clock *c, int64_t instant)
{
    uint32_t low = 0, high = c->zone != NULL ? c->zone->change_count : 0;

    if (instant >= c->from && instant < c->until) {
        return;
    }
    while (low < high) { /* the first change after the instant */
        uint32_t middle = low + (high - low) / 2;

        if (seconds_of(c->zone->changes[middle].at) <= instant) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    c->from = low > 0 ? seconds_of(c->zone->changes[low - 1].at) : INT64_MIN;
    c->until = c->zone != NULL && low < c->zone->change_count ? seconds_of(c->zone->changes[low].at)
                                                              : INT64_MAX;
    c->offset = low > 0 ? c->zone->changes[low - 1].offset : c->zone != NULL ? c->zone->offset : 0;
}

static void cron_set(struct clock *c, int64_t instant)
{
    int64_t local, days;
    int32_t rest;

    look_up(c, instant);
    c->instant = instant;
    local = instant + c->offset;
    days = weir__floor_div(local, DAY);
    rest = (int32_t)(local - days * DAY);
    c->hour = rest / HOUR;
    c->minute = rest % HOUR / MINUTE;
    c->second = rest % MINUTE;
    show_date(c, days);
}

/* Go's time.Date(): a local time that does not exist, or exists twice, comes out by the offset that
 * is found first. */
static void set_date(struct clock *c, int64_t year, int32_t month, int64_t day, int32_t hour,
                     int32_t minute, int32_t second)
{
    int64_t local =
        days_of(year, month, day) * DAY + (int64_t)hour * HOUR + (int64_t)minute * MINUTE + second;
    int64_t utc;

    look_up(c, local);
    utc = local - c->offset;
    if (utc < c->from || utc >= c->until) {
        look_up(c, utc);
        utc = local - c->offset;
    }
    cron_set(c, utc);
}

/* ---- the search ----------------------------------------------------------------------------- */

/* The first bit from `from` on, within `count` bits; `count` when there is none. */
static int32_t next_bit(uint64_t bits, int32_t from, int32_t count)
{
    bits >>= from;
    if (bits == 0) {
        return count;
    }
    while ((bits & 0xff) == 0) {
        bits >>= 8;
        from += 8;
    }
    for (; (bits & 1) == 0; bits >>= 1) {
        from++;
    }
    return from;
}

static int day_matches(const weir_cron_schedule *s, int32_t day, int32_t weekday)
{
    int by_day = (s->days >> day & 1) != 0, by_weekday = (s->weekdays >> weekday & 1) != 0;

    return s->any_day || s->any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

/* 1 when the offset holds for so many seconds more. */
static int steady(const struct clock *c, int64_t seconds)
{
    return c->instant >= c->from && c->instant + seconds < c->until;
}

/* Each of these goes on until its field fits. 0: it wrapped, start over. `added`: a field has gone
 * on already, and all below it are at their beginning. */
static int find_month(const weir_cron_schedule *s, struct clock *c, int *added)
{
    while ((s->months >> c->month & 1) == 0) {
        if (!*added) {
            *added = 1;
            set_date(c, c->year, c->month, 1, 0, 0, 0);
        }
        set_date(c, c->year, c->month + 1, c->day, c->hour, c->minute, c->second);
        if (c->month == 1) {
            return 0;
        }
    }
    return 1;
}

/* One day on, as upstream does it around a change of the clocks. */
static void next_day(struct clock *c)
{
    set_date(c, c->year, c->month, (int64_t)c->day + 1, c->hour, c->minute, c->second);
    if (c->hour > 12) {
        cron_set(c, c->instant + (int64_t)(24 - c->hour) * HOUR);
    } else if (c->hour != 0) {
        cron_set(c, c->instant - (int64_t)c->hour * HOUR);
    }
}

static int find_day(const weir_cron_schedule *s, struct clock *c, int *added)
{
    while (!day_matches(s, c->day, c->weekday)) {
        int32_t last, jump = 1;

        if (!*added) {
            *added = 1;
            set_date(c, c->year, c->month, c->day, 0, 0, 0);
        }
        last = days_in(c->year, c->month);
        while (c->day + jump <= last && !day_matches(s, c->day + jump, (c->weekday + jump) % 7)) {
            jump++;
        }
        if (c->hour == 0 && steady(c, (int64_t)jump * DAY)) {
            cron_set(c, c->instant + (int64_t)jump * DAY);
        } else {
            next_day(c);
        }
        if (c->day == 1) {
            return 0;
        }
    }
    return 1;
}

static int find_hour(const weir_cron_schedule *s, struct clock *c, int *added)
{
    while ((s->hours >> c->hour & 1) == 0) {
        int64_t jump;

        if (!*added) {
            *added = 1;
            set_date(c, c->year, c->month, c->day, c->hour, 0, 0);
        }
        jump = (int64_t)(next_bit(s->hours, c->hour, 24) - c->hour) * HOUR;
        cron_set(c, c->instant + (jump > 0 && steady(c, jump) ? jump : HOUR));
        if (c->hour == 0) {
            return 0;
        }
    }
    return 1;
}

static int find_minute(const weir_cron_schedule *s, struct clock *c, int *added)
{
    while ((s->minutes >> c->minute & 1) == 0) {
        int64_t jump;

        if (!*added) {
            *added = 1;
            cron_set(c, c->instant - weir__floor_mod(c->instant, MINUTE));
        }
        jump = (int64_t)(next_bit(s->minutes, c->minute, 60) - c->minute) * MINUTE;
        cron_set(c, c->instant + (jump > 0 && steady(c, jump) ? jump : MINUTE));
        if (c->minute == 0) {
            return 0;
        }
    }
    return 1;
}

static int find_second(struct clock *c, int *added)
{
    while (c->second != 0) {
        int64_t jump = MINUTE - c->second;

        *added = 1;
        cron_set(c, c->instant + (steady(c, jump) ? jump : 1));
        if (c->second == 0) {
            return 0;
        }
    }
    return 1;
}

/* s; INT64_MIN for none */
static int64_t next_second(const weir_cron_schedule *s, const weir_zone *zone, weir_time after)
{
    struct clock c = {.zone = zone, .from = 1, .until = 0};
    int64_t last_year;
    int added = 0;

    if (s->minutes == 0 || s->hours == 0 || s->months == 0 || (s->days | s->weekdays) == 0) {
        return INT64_MIN; /* an empty field never fits */
    }
    cron_set(&c, seconds_of(after) + 1);
    last_year = c.year + 5;
    do {
        if (c.year > last_year) {
            return INT64_MIN;
        }
    } while (!find_month(s, &c, &added) || !find_day(s, &c, &added) || !find_hour(s, &c, &added) ||
             !find_minute(s, &c, &added) || !find_second(&c, &added));
    return c.instant;
}

static int zone_is_fine(const weir_zone *zone)
{
    return zone == NULL || zone->changes != NULL || zone->change_count == 0;
}

weir_status weir_cron_next(const weir_cron_schedule *schedule, const weir_zone *zone,
                           weir_time after, weir_time *next)
{
    int64_t found;

    if (schedule == NULL || next == NULL || !zone_is_fine(zone)) {
        return WEIR_E_ARG;
    }
    found = next_second(schedule, zone, after);
    if (found == INT64_MIN || found > INT64_MAX / WEIR_SECOND) {
        *next = WEIR_TIME_NEVER;
        return WEIR_END;
    }
    *next = found * WEIR_SECOND;
    return WEIR_OK;
}

weir_status weir_cron_query(const weir_cron *cron, const weir_zone *start, const weir_zone *end,
                            weir_time now, weir_cron_answer *answer)
{
    weir_time opens, closes;

    if (cron == NULL || answer == NULL || !zone_is_fine(start) || !zone_is_fine(end)) {
        return WEIR_E_ARG;
    }
    /* What never comes lies at the beginning of time, there. */
    if (weir_cron_next(&cron->start, start, now, &opens) != WEIR_OK) {
        opens = WEIR_TIME_NONE;
    }
    if (weir_cron_next(&cron->end, end, now, &closes) != WEIR_OK) {
        closes = WEIR_TIME_NONE;
    }
    answer->active = opens < closes ? now > opens && now < closes : now > opens || now < closes;
    answer->reserved = 0;
    answer->value = answer->active ? cron->desired_replicas : 0;
    answer->next = WEIR_TIME_NEVER;
    if (opens > now) {
        answer->next = opens;
    }
    if (closes > now && closes < answer->next) {
        answer->next = closes;
    }
    return WEIR_OK;
}

/* ---- lib/policy/cron_parse.c ---- */

/*
 * policy/cron_parse.c - schedules of five fields, and the settings of a cron trigger.
 *
 * Upstream: robfig/cron v3 parser.go; KEDA pkg/scalers/cron_scaler.go.
 */

struct cron_parse_bounds {
    const char *what;
    int64_t min, max;
    const char *names; /* three letters each, from min on; NULL: there are none */
};

static const struct cron_parse_bounds cron_parse_fields[] = {
    {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},
    {"day of the month", 1, 31, NULL},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of the week", 0, 6, "sunmontuewedthufrisat"},
};

enum { FIELDS = sizeof cron_parse_fields / sizeof cron_parse_fields[0] };

struct parser {
    const char *text;
    weir_error *err;
};

struct cron_parse_part {
    const char *at;
    size_t length;
};

static weir_status cron_parse_refuse(const struct parser *p, const char *at, const char *message)
{
    weir__fail(p->err, WEIR_E_PARSE, "", message);
    if (p->err != NULL) {
        p->err->line = 1;
        p->err->column = (int32_t)(at - p->text) + 1;
    }
    return WEIR_E_PARSE;
}

/* "expected a month from 1 to 12, got 13" */
static weir_status out_of_range(const struct parser *p, const struct cron_parse_part *cron_parse_part,
                                const struct cron_parse_bounds *b)
{
    char message[120];
    struct weir__text text;

    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "expected a ");
    weir__text_str(&text, b->what);
    weir__text_str(&text, " from ");
    weir__text_int(&text, b->min);
    weir__text_str(&text, " to ");
    weir__text_int(&text, b->max);
    weir__text_str(&text, ", got `");
    for (size_t i = 0; i < cron_parse_part->length && i < 24; i++) {
        weir__text_char(&text, cron_parse_part->at[i]);
    }
    weir__text_char(&text, '`');
    return cron_parse_refuse(p, cron_parse_part->at, message);
}

static char cron_parse_lower(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    return c;
}

/* Cuts a text at its first `separator`; the rest is what comes after it. 1 when there was one. */
static int cron_parse_cut(struct cron_parse_part *first, struct cron_parse_part *rest, char separator)
{
    for (size_t i = 0; i < first->length; i++) {
        if (first->at[i] == separator) {
            rest->at = first->at + i + 1;
            rest->length = first->length - i - 1;
            first->length = i;
            return 1;
        }
    }
    return 0;
}

/* A number, or with `b` the name of one. */
static weir_status read_number(const struct parser *p, const struct cron_parse_part *cron_parse_part,
                               const struct cron_parse_bounds *b, int by_name, int64_t *out)
{
    for (int64_t i = 0; by_name && b->names != NULL && cron_parse_part->length == 3 && b->min + i <= b->max;
         i++) {
        if (cron_parse_lower(cron_parse_part->at[0]) == b->names[3 * i] && cron_parse_lower(cron_parse_part->at[1]) == b->names[3 * i + 1] &&
            cron_parse_lower(cron_parse_part->at[2]) == b->names[3 * i + 2]) {
            *out = b->min + i;
            return WEIR_OK;
        }
    }
    if (weir__parse_whole(cron_parse_part->at, cron_parse_part->length, 10, out) != WEIR_OK || *out < 0) {
        return out_of_range(p, cron_parse_part, b);
    }
    return WEIR_OK;
}

/* "5", "1-5", "1-5/2", a star, a star and a step. */
static weir_status read_range(const struct parser *p, const struct cron_parse_part *whole,
                              const struct cron_parse_bounds *b, uint64_t *bits, int32_t *any)
{
    struct cron_parse_part low = *whole, high = {NULL, 0}, step_text = {NULL, 0}, more;
    int64_t first = b->min, last = b->max, step = 1;
    int stepped = cron_parse_cut(&low, &step_text, '/'), ranged = cron_parse_cut(&low, &high, '-');
    int star = low.length == 1 && (low.at[0] == '*' || low.at[0] == '?');
    weir_status status = WEIR_OK;

    if (!star) {
        status = read_number(p, &low, b, 1, &first);
        last = first;
        if (status == WEIR_OK && ranged) {
            if (cron_parse_cut(&high, &more, '-')) {
                return cron_parse_refuse(p, more.at, "expected one `-` in a range, got more");
            }
            status = read_number(p, &high, b, 1, &last);
        }
    }
    if (status == WEIR_OK && stepped) {
        if (cron_parse_cut(&step_text, &more, '/')) {
            return cron_parse_refuse(p, more.at, "expected one `/` in a range, got more");
        }
        if (weir__parse_whole(step_text.at, step_text.length, 10, &step) != WEIR_OK || step <= 0) {
            return cron_parse_refuse(p, step_text.at, "expected a step of at least 1");
        }
        last = ranged ? last : b->max;
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (first < b->min || last > b->max) {
        return out_of_range(p, whole, b);
    }
    if (first > last) {
        return cron_parse_refuse(p, whole->at, "expected a range that does not end before it begins");
    }
    for (int64_t i = first; i <= last; i += step) {
        *bits |= UINT64_C(1) << i;
        if (step > b->max) {
            break;
        }
    }
    *any |= star && step == 1;
    return WEIR_OK;
}

static weir_status read_field(const struct parser *p, struct cron_parse_part text, const struct cron_parse_bounds *b,
                              uint64_t *bits, int32_t *any)
{
    struct cron_parse_part rest;
    weir_status status = WEIR_OK;
    int more = 1;

    *bits = 0;
    *any = 0;
    while (more && status == WEIR_OK) {
        more = cron_parse_cut(&text, &rest, ',');
        if (text.length > 0) { /* empty items are let be */
            status = read_range(p, &text, b, bits, any);
        }
        text = more ? rest : text;
    }
    return status;
}

static int cron_parse_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int cron_parse_begins_with(const struct cron_parse_part *text, const char *with)
{
    size_t n = weir__length(with);

    return text->length >= n && weir__same_bytes(text->at, with, n);
}

/* A time zone in front. */
static weir_status read_zone(const struct parser *p, struct cron_parse_part *text,
                             weir_cron_schedule *schedule)
{
    struct cron_parse_part name, rest;

    if (!cron_parse_begins_with(text, "TZ=") && !cron_parse_begins_with(text, "CRON_TZ=")) {
        return WEIR_OK;
    }
    name = *text;
    if (!cron_parse_cut(&name, &rest, ' ')) {
        weir__fail(p->err, WEIR_E_PANIC, "", "expected a schedule behind the time zone");
        return WEIR_E_PANIC;
    }
    *text = rest;
    cron_parse_cut(&name, &rest, '=');
    if (rest.length >= sizeof schedule->zone) {
        return weir__fail(p->err, WEIR_E_LIMIT, "", "the name of the time zone is too long");
    }
    memcpy(schedule->zone, rest.at, rest.length);
    return WEIR_OK;
}

static weir_status cron_parse_split(const struct parser *p, const struct cron_parse_part *text, struct cron_parse_part *parts)
{
    size_t i = 0, count = 0;

    for (;;) {
        size_t begin;

        while (i < text->length && cron_parse_is_space(text->at[i])) {
            i++;
        }
        if (i == text->length) {
            break;
        }
        begin = i;
        while (i < text->length && !cron_parse_is_space(text->at[i])) {
            i++;
        }
        if (count == FIELDS) {
            return cron_parse_refuse(p, text->at + begin, "expected five fields, got more");
        }
        parts[count].at = text->at + begin;
        parts[count++].length = i - begin;
    }
    return count == FIELDS ? WEIR_OK
                           : cron_parse_refuse(p, text->at + text->length,
                                    "expected five fields (minute, hour, day, month, weekday), "
                                    "got fewer");
}

weir_status weir_cron_parse(const char *text, size_t length, weir_cron_schedule *schedule,
                            weir_error *err)
{
    struct parser p = {text, err};
    struct cron_parse_part rest = {text, length}, parts[FIELDS];
    uint64_t bits[FIELDS];
    int32_t any[FIELDS];
    weir_cron_schedule own;
    weir_status status;

    if (text == NULL || schedule == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "an argument is NULL");
    }
    memset(&own, 0, sizeof own);
    status = read_zone(&p, &rest, &own);
    if (status == WEIR_OK && rest.length > 0 && rest.at[0] == '@') {
        return cron_parse_refuse(&p, rest.at, "expected five fields: descriptors are not taken here");
    }
    if (status == WEIR_OK) {
        status = cron_parse_split(&p, &rest, parts);
    }
    for (size_t i = 0; status == WEIR_OK && i < FIELDS; i++) {
        status = read_field(&p, parts[i], &cron_parse_fields[i], &bits[i], &any[i]);
    }
    if (status != WEIR_OK) {
        return status;
    }
    own.minutes = bits[0];
    own.hours = (uint32_t)bits[1];
    own.days = (uint32_t)bits[2];
    own.months = (uint32_t)bits[3];
    own.weekdays = (uint32_t)bits[4];
    own.any_day = any[2];
    own.any_weekday = any[4];
    *schedule = own;
    return WEIR_OK;
}

/* ---- the trigger ---------------------------------------------------------------------------- */

static weir_status read_schedule(const char *text, const char *field, weir_cron_schedule *out,
                                 weir_error *err)
{
    size_t length = weir__length_within(text, WEIR_CRON_TEXT_MAX);
    weir_status status =
        length > 0 ? weir_cron_parse(text, length, out, err)
                   : weir__fail(err, WEIR_E_PARSE, "", "expected a schedule, got nothing");

    if (status != WEIR_OK && err != NULL) {
        struct weir__text path;

        weir__text_open(&path, err->path, sizeof err->path);
        weir__text_str(&path, field);
    }
    return status;
}

weir_status weir_cron_init(weir_cron *cron, const weir_cron_config *config, weir_error *err)
{
    weir_cron own;
    weir_status status;

    if (cron == NULL || config == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "an argument is NULL");
    }
    memset(&own, 0, sizeof own);
    if (weir__length_within(config->start, sizeof config->start) == sizeof config->start ||
        weir__length_within(config->end, sizeof config->end) == sizeof config->end ||
        weir__length_within(config->timezone, sizeof config->timezone) == sizeof config->timezone) {
        return weir__fail(err, WEIR_E_RANGE, "", "a text is not terminated");
    }
    status = read_schedule(config->start, "start", &own.start, err);
    if (status == WEIR_OK) {
        status = read_schedule(config->end, "end", &own.end, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (weir__same_text(config->start, config->end)) {
        return weir__fail(err, WEIR_E_RANGE, "end", "must not be the same as start");
    }
    if (config->desired_replicas == 0) {
        return weir__fail(err, WEIR_E_RANGE, "desired_replicas", "must not be 0");
    }
    if (config->timezone[0] == '\0') {
        return weir__fail(err, WEIR_E_RANGE, "timezone", "expected a time zone, got nothing");
    }
    own.desired_replicas = config->desired_replicas;
    *cron = own;
    return WEIR_OK;
}

static void put_name(struct weir__text *out, const char *text, size_t most, int schedule)
{
    for (size_t i = 0, n = weir__length_within(text, most); i < n; i++) {
        switch (schedule ? text[i] : 'a') {
        case ' ': continue;
        case '*': weir__text_char(out, 'x'); continue;
        case '/': weir__text_str(out, "Sl"); continue;
        case '?': weir__text_str(out, "Qm"); continue;
        case ',': weir__text_str(out, "Cm"); continue;
        default: weir__text_char(out, text[i]); break;
        }
    }
}

weir_status weir_cron_metric_name(const weir_cron_config *config, char *name, size_t capacity,
                                  size_t *need)
{
    struct weir__text out;

    if (config == NULL || (name == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    weir__text_open(&out, name, capacity);
    weir__text_str(&out, "cron-");
    put_name(&out, config->timezone, sizeof config->timezone, 0);
    weir__text_char(&out, '-');
    put_name(&out, config->start, sizeof config->start, 1);
    weir__text_char(&out, '-');
    put_name(&out, config->end, sizeof config->end, 1);
    for (size_t i = 0; i + 1 < capacity && name[i] != '\0'; i++) {
        char c = name[i];

        if (c == '/' || c == '.' || c == ':' || c == '%' || c == '(' || c == ')') {
            name[i] = '-';
        }
    }
    return weir__text_close(&out, need);
}

/* ---- lib/policy/formula_builtin.c ---- */

/*
 * policy/formula_builtin.c - the grammar of formulas: calls of builtin functions, those with a
 * predicate as loops.
 *
 * Upstream: expr's parser/parser.go, checker/checker.go and compiler/compiler.go.
 */

/* ---- lib/policy/formula_compile.h ---- */

/*
 * policy/formula_compile.h - the compiler of formulas: tokens, static types, and code being
 * written.
 */
#ifndef WEIR_LIB_POLICY_FORMULA_COMPILE_H
#define WEIR_LIB_POLICY_FORMULA_COMPILE_H


/* ---- lib/policy/formula.h ---- */

/*
 * policy/formula.h - a compiled formula inside: code for a stack machine whose values know their
 * kind, as upstream's do.
 *
 * The compiler goes once over the tokens and writes code as it goes, with the static type of every
 * operand in hand. Jumps are relative, so that code can be copied.
 */
#ifndef WEIR_LIB_POLICY_FORMULA_H
#define WEIR_LIB_POLICY_FORMULA_H


/* ---- values --------------------------------------------------------------------------------- */

enum {
    WEIR__NIL,
    WEIR__BOOL,
    WEIR__INT,
    WEIR__FLOAT,
    WEIR__TEXT,    /* bytes of the formula's own texts */
    WEIR__NUMERAL, /* the text of a number (toJSON) */
    WEIR__ARRAY,   /* values that lie in the arena */
    WEIR__RANGE,   /* i, i + 1, ... */
    WEIR__MAP      /* keys and values that lie in the arena, in turn */
};

struct weir__value {
    int32_t kind;
    uint32_t length; /* of texts, arrays and ranges; pairs of a map */
    union {
        double f;
        int64_t i; /* ints, bools; first of a range; where a text or an array begins */
    } as;
};

static inline struct weir__value weir__value_float(double f)
{
    struct weir__value v;

    v.kind = WEIR__FLOAT;
    v.length = 0;
    v.as.f = f;
    return v;
}

static inline struct weir__value weir__value_int(int32_t kind, int64_t i)
{
    struct weir__value v;

    v.kind = kind;
    v.length = 0;
    v.as.i = i;
    return v;
}

static inline struct weir__value weir__value_list(int32_t kind, int64_t first, uint32_t length)
{
    struct weir__value v;

    v.kind = kind;
    v.length = length;
    v.as.i = first;
    return v;
}

static inline int weir__is_number(const struct weir__value *v)
{
    return v->kind == WEIR__INT || v->kind == WEIR__FLOAT;
}

static inline double weir__as_double(const struct weir__value *v)
{
    return v->kind == WEIR__FLOAT ? v->as.f : (double)v->as.i;
}

/* ---- code ----------------------------------------------------------------------------------- */

enum weir__op {
    OP_FLOAT, /* b: index of the constant */
    OP_INT,
    OP_TEXT, /* a: length, b: where */
    OP_BOOL, /* b */
    OP_NIL,
    OP_VARIABLE, /* b */
    OP_LOCAL,    /* b */
    OP_SET_LOCAL,
    OP_POP,
    OP_NEGATE,
    OP_NOT,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_MODULO,
    OP_POWER,
    OP_EQUAL,
    OP_UNEQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_MORE,
    OP_MORE_EQUAL,
    OP_IN,
    OP_BETWEEN, /* two bounds, both included */
    OP_RANGE,
    OP_JUMP,       /* b: from the next instruction */
    OP_JUMP_FALSE, /* takes the condition away */
    OP_AND,        /* jumps when false and leaves it, else takes it away */
    OP_OR,         /* jumps when true and leaves it */
    OP_SOME,       /* jumps when not nil and leaves it */
    OP_ARRAY,      /* b: how many */
    OP_MAP,        /* b: pairs */
    OP_INDEX,
    OP_SLICE, /* a: 1: there is a first, 2: there is an end */
    OP_BEGIN, /* a: loop, b: jump when there is nothing to do */
    OP_STEP,  /* a: loop, b: back to the body */
    OP_DATA,  /* b: threshold of the count before it */
    OP_START, /* reduce with a first value: takes it; b: back to the body */
    OP_END,   /* a: loop */
    OP_ELEMENT,
    OP_ELEMENT_INDEX,
    OP_ACCUMULATOR,
    OP_TO_FLOAT,
    OP_CALL, /* a: function, b: arguments */
    OP_RETURN
};

enum weir__loop {
    LOOP_ALL,
    LOOP_ANY,
    LOOP_NONE,
    LOOP_ONE,
    LOOP_FILTER,
    LOOP_MAP,
    LOOP_COUNT,
    LOOP_SUM,
    LOOP_FIND,
    LOOP_FIND_INDEX,
    LOOP_FIND_LAST, /* these two go from the end */
    LOOP_FIND_LAST_INDEX,
    LOOP_REDUCE,
    LOOP_REDUCE_FIRST
};

enum weir__function {
    FN_LEN,
    FN_ABS,
    FN_CEIL,
    FN_FLOOR,
    FN_ROUND,
    FN_INT,
    FN_FLOAT,
    FN_TRIM,
    FN_TO_JSON,
    FN_MAX,
    FN_MIN,
    FN_MEAN,
    FN_MEDIAN,
    FN_SUM,
    FN_COUNT,
    FN_FIRST,
    FN_LAST,
    FN_GET,
    FN_TAKE,
    FN_REVERSE,
    FN_UNIQ,
    FN_CONCAT,
    FN_FLATTEN,
    FN_SORT,
    FN_BIT_AND,
    FN_BIT_OR,
    FN_BIT_XOR,
    FN_BIT_CLEAR,
    FN_BIT_LEFT,
    FN_BIT_RIGHT,
    FN_BIT_RIGHT_UNSIGNED,
    FN_BIT_NOT
};

struct weir__instruction {
    uint16_t op, a;
    int32_t b;
};

enum {
    WEIR__STACK = 128, /* values at once */
    WEIR__LOCALS = 32,
    WEIR__LOOPS = 16,      /* one in another */
    WEIR__ARENA = 512,     /* values in arrays */
    WEIR__STEPS = 10000000 /* instructions of a run */
};

struct weir_formula {
    struct weir__block block;
    uint32_t name_count, code_count;
    uint32_t prefix;  /* bytes that the wrapping put before the formula */
    uint32_t code_at; /* bytes from here, as all that follow */
    uint32_t places_at;
    uint32_t constants_at;
    uint32_t wrapped_at, wrapped_length;
    uint32_t texts_at, texts_length;
    /* Followed by: constants, code, the place in the text of each instruction, the wrapped text,
     * the texts of string literals. */
};

static inline const struct weir__instruction *weir__formula_code(const weir_formula *f)
{
    return (const struct weir__instruction *)(const void *)((const uint8_t *)f + f->code_at);
}

static inline const int64_t *weir__formula_constants(const weir_formula *f)
{
    return (const int64_t *)(const void *)((const uint8_t *)f + f->constants_at);
}

static inline const char *weir__formula_texts(const weir_formula *f)
{
    return (const char *)f + f->texts_at;
}

/* Fills an error with a place in the wrapped text. */
static weir_status weir__formula_fail(const weir_formula *f, weir_error *err, weir_status status,
                               uint32_t place, const char *message);

/* ---- what compiler and machine share -------------------------------------------------------- */

/* A run, or a folding of constants. */
struct weir__run {
    const weir_formula *formula;
    const char *problem; /* why it failed */
    weir_status status;
    uint32_t arena_count;
    struct weir__value *arena;
};

/* 0 with `problem` set when upstream's operation fails. The result may take the place of the first
 * operand. */
static int weir__formula_arithmetic(struct weir__run *run, enum weir__op op, const struct weir__value *a,
                             const struct weir__value *b, struct weir__value *out);
static int weir__formula_compare(struct weir__run *run, enum weir__op op, const struct weir__value *a,
                          const struct weir__value *b, int *out);
static int weir__formula_equal(const struct weir__run *run, const struct weir__value *a,
                        const struct weir__value *b);
static int weir__formula_call(struct weir__run *run, enum weir__function function,
                       const struct weir__value *arguments, uint32_t count,
                       struct weir__value *out);
static int weir__formula_index(struct weir__run *run, const struct weir__value *from,
                        const struct weir__value *index, struct weir__value *out);
static int weir__formula_to_float(struct weir__run *run, const struct weir__value *v, double *out);

/* Fails a run. Always 0. */
static inline int weir__formula_problem(struct weir__run *run, const char *problem)
{
    run->problem = problem;
    run->status = WEIR_E_RANGE;
    return 0;
}

/* An element of an array or a range. */
static inline struct weir__value weir__formula_element(const struct weir__run *run,
                                                       const struct weir__value *list, uint32_t i)
{
    return list->kind == WEIR__RANGE ? weir__value_int(WEIR__INT, list->as.i + i)
                                     : run->arena[list->as.i + i];
}

static inline int weir__is_list(const struct weir__value *v)
{
    return v->kind == WEIR__ARRAY || v->kind == WEIR__RANGE;
}

/* Room for so many values; 0 when there is none. */
static inline int weir__formula_reserve(struct weir__run *run, uint32_t count, uint32_t *first)
{
    if (count > WEIR__ARENA - run->arena_count) {
        run->problem = "holds more values in arrays than weir has room for";
        run->status = WEIR_E_LIMIT;
        return 0;
    }
    *first = run->arena_count;
    run->arena_count += count;
    return 1;
}

#endif

/* ---- tokens --------------------------------------------------------------------------------- */

enum weir__token_kind {
    TOKEN_END,
    TOKEN_NUMBER,
    TOKEN_TEXT,
    TOKEN_NAME,
    TOKEN_OPERATOR,
    TOKEN_BRACKET
};

struct weir__token {
    enum weir__token_kind kind;
    uint32_t from, to;           /* in the text */
    uint32_t text_at, text_size; /* of a string literal: among the formula's texts */
};

/* ---- types ---------------------------------------------------------------------------------- */

/* Upstream tells two kinds of "any" apart, and treats them apart in a ternary. */
enum { TYPE_UNKNOWN, TYPE_ANY, TYPE_NIL, TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_TEXT, TYPE_MAP };

struct weir__type {
    uint8_t kind;  /* of what is inside all arrays */
    uint8_t depth; /* arrays around it */
};

static inline struct weir__type weir__type(int kind, int depth)
{
    struct weir__type t = {(uint8_t)kind, (uint8_t)depth};

    return t;
}

static inline int weir__type_is(struct weir__type t, int kind)
{
    return t.depth == 0 && t.kind == kind;
}

static inline int weir__type_unknown(struct weir__type t)
{
    return t.depth == 0 && t.kind <= TYPE_ANY;
}

static inline int weir__type_number(struct weir__type t)
{
    return t.depth == 0 && (t.kind == TYPE_INT || t.kind == TYPE_FLOAT);
}

/* Words for a type: "a number". */
static const char *weir__type_words(struct weir__type t);
static int weir__type_assignable(struct weir__type from, struct weir__type to);
/* The type of a binary operation. 0 when its operands do not fit. */
static int weir__type_binary(enum weir__op op, struct weir__type l, struct weir__type r,
                      struct weir__type *out);
static struct weir__type weir__type_either(struct weir__type a, struct weir__type b);
static struct weir__type weir__type_coalesced(struct weir__type l, struct weir__type r);

/* In place of a function's code: why weir does not do it. */
enum { WEIR__OF_TEXTS = -1, WEIR__OF_CLOCK = -2, WEIR__OF_MAPS = -3, WEIR__OF_ORDER = -4 };

/* A builtin function. */
struct weir__builtin {
    const char *name;
    int32_t loop; /* 1: takes a predicate; `code` is of enum weir__loop, else of weir__function */
    int32_t code;
    int32_t least, most; /* arguments; of a loop the predicate counts */
};

/* NULL when there is none of this name; a builtin with code < 0 is one that weir does not do. */
static const struct weir__builtin *weir__builtin_of(const char *name, size_t length);
/* The type of a call. 0 when the arguments do not fit. */
static int weir__builtin_type(enum weir__function function, const struct weir__type *arguments,
                       uint32_t count, struct weir__type *out);

/* ---- the compiler --------------------------------------------------------------------------- */

/* What was compiled last: its type and where its code begins. */
struct weir__operand {
    struct weir__type type;
    uint32_t start;
    int32_t constant;    /* 1: its code is one push of `value` */
    int32_t environment; /* 1: it is $env, and there is no code */
    uint32_t elements;   /* an array literal's, not all constant; else 0 */
    uint32_t data_at;    /* of a count: where its threshold lies, + 1; else 0 */
    int32_t digits;      /* 1: a whole number as it is written; 2: an array of such; 3: a range
                              between constants; else 0 */
    int32_t filtered;    /* 1: what filter() gave, or map() of that */
    struct weir__value value;
};

struct weir__local {
    uint32_t from, length; /* of its name in the text */
    struct weir__type type;
};

struct weir__predicate {
    struct weir__type list;
    int32_t loop;
};

struct weir__compiler {
    weir_formula *formula;
    const char *text;
    uint32_t length, at;      /* of the text; where the lexer is */
    struct weir__token token; /* the current one */
    const char *const *names;
    uint32_t name_count;

    struct weir__instruction *code;
    uint16_t *places;
    int64_t *constants;
    char *texts;
    uint32_t code_count, code_capacity, constant_count, constant_capacity;
    uint32_t texts_length, texts_capacity;

    uint32_t depth; /* values on the stack at this point */
    uint32_t nesting;
    uint32_t local_count, local_used; /* visible ones; places taken */
    struct weir__local locals[WEIR__LOCALS];
    uint32_t predicate_count;
    struct weir__predicate predicates[WEIR__LOOPS];

    weir_error *err;
    weir_status status; /* WEIR_OK until the first error */
};

/* Reads the next token. 0 after an error, as all functions below. */
static int weir__lex(struct weir__compiler *c);
static int weir__token_is(const struct weir__compiler *c, enum weir__token_kind kind, const char *text);
/* The next token has to be this one. */
static int weir__expect(struct weir__compiler *c, enum weir__token_kind kind, const char *text,
                 const char *what);

/* An error at a place: `what` was expected, or is the case. Always 0. */
static int weir__refuse(struct weir__compiler *c, weir_status status, uint32_t place, const char *what);
/* "expected <what>, got <the current token>". Always 0. */
static int weir__unexpected(struct weir__compiler *c, const char *what);

/* Writes an instruction; `effect` is what it adds to the stack. */
static int weir__emit(struct weir__compiler *c, enum weir__op op, int32_t a, int32_t b, int32_t effect,
               uint32_t place);
static int weir__emit_constant(struct weir__compiler *c, const struct weir__value *value, uint32_t place);
/* Lets the jump at `from` lead to the end of the code. */
static void weir__patch(struct weir__compiler *c, uint32_t from);

static inline int weir__at_bracket(const struct weir__compiler *c, const char *text)
{
    return weir__token_is(c, TOKEN_BRACKET, text);
}

static inline int weir__at_operator(const struct weir__compiler *c, const char *text)
{
    return weir__token_is(c, TOKEN_OPERATOR, text);
}

/* An operand of which no more is known than its type. */
static inline void weir__operand_of(struct weir__operand *out, struct weir__type type,
                                    uint32_t start)
{
    memset(out, 0, sizeof *out);
    out->type = type;
    out->start = start;
}

/* The grammar. */
static int weir__parse_expression(struct weir__compiler *c, int32_t precedence, struct weir__operand *out);
static int weir__parse_sequence(struct weir__compiler *c, struct weir__operand *out);
/* A call of `name`; `first` is what a pipe put in front, or NULL. */
static int weir__parse_call(struct weir__compiler *c, const struct weir__token *name,
                     const struct weir__operand *first, struct weir__operand *out);
static int weir__parse_primary(struct weir__compiler *c, struct weir__operand *out);
/* Refuses a search from the end where something waits on the stack, `depth` values; see the code.
 */
static int weir__check_search(struct weir__compiler *c, uint32_t depth, uint32_t place);
static int weir__parse_postfix(struct weir__compiler *c, struct weir__operand *out);
/* The trigger of a name. */
static int weir__parse_variable(struct weir__compiler *c, const char *name, uint32_t length,
                         uint32_t place, struct weir__operand *out);

#endif

static int loop_result(struct weir__compiler *c, int32_t loop, struct weir__type list,
                       struct weir__type body, uint32_t place, struct weir__type *out)
{
    char message[120];
    struct weir__text text;
    int unknown = weir__type_unknown(list);

    if (weir__type_is(body, TYPE_NIL)) {
        return weir__refuse(c, WEIR_E_PARSE, place, "expected a predicate with a value, got nil");
    }
    *out = weir__type(TYPE_BOOL, 0);
    switch (loop) {
    case LOOP_MAP: *out = weir__type(body.kind, body.depth + 1); return body.depth < 255;
    case LOOP_REDUCE: *out = body; return 1;
    case LOOP_SUM:
        *out = weir__type_unknown(body) ? weir__type(TYPE_ANY, 0)
               : body.depth > 0         ? weir__type(TYPE_ANY, 1)
                                        : body;
        return 1;
    case LOOP_FILTER: *out = unknown ? weir__type(TYPE_ANY, 1) : list; break;
    case LOOP_FIND:
    case LOOP_FIND_LAST:
        *out = unknown ? weir__type(TYPE_UNKNOWN, 0) : weir__type(list.kind, list.depth - 1);
        break;
    case LOOP_FIND_INDEX:
    case LOOP_FIND_LAST_INDEX:
    case LOOP_COUNT: *out = weir__type(TYPE_INT, 0); break;
    default: break;
    }
    if (weir__type_is(body, TYPE_BOOL) || weir__type_unknown(body)) {
        return 1;
    }
    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "expected a predicate that is true or false, got ");
    weir__text_str(&text, weir__type_words(body));
    return weir__refuse(c, WEIR_E_PARSE, place, message);
}

static int parse_predicate(struct weir__compiler *c, int32_t loop, struct weir__type list,
                           struct weir__operand *body)
{
    int braces = weir__at_bracket(c, "{"), fine;

    if (c->predicate_count == WEIR__LOOPS) {
        return weir__refuse(c, WEIR_E_LIMIT, c->token.from, "nests more loops than weir does");
    }
    c->predicates[c->predicate_count++] = (struct weir__predicate){list, loop};
    fine = braces ? weir__lex(c) && weir__parse_sequence(c, body) &&
                        weir__expect(c, TOKEN_BRACKET, "}", "`}`")
                  : weir__parse_expression(c, 0, body);
    c->predicate_count--;
    return fine;
}

/* The first value of a reduce, which stands behind the predicate: jumped to and back from. */
static int parse_start(struct weir__compiler *c, uint32_t begin, uint32_t place)
{
    uint32_t body = begin + 2, to_end = c->code_count;
    struct weir__operand start;

    if (!weir__emit(c, OP_JUMP, 0, 0, 0, place)) {
        return 0;
    }
    weir__patch(c, begin);     /* an empty array takes the first value too */
    weir__patch(c, begin + 1); /* and so does the first round */
    if (!weir__parse_expression(c, 0, &start) ||
        !weir__emit(c, OP_START, 0, (int32_t)body - (int32_t)c->code_count - 1, -1, place)) {
        return 0;
    }
    weir__patch(c, to_end);
    return 1;
}

/*
 * expr 1.17.8 searches from the end, also for last(filter(...)) and filter(...)[-1], with a loop
 * that leaves a value on its stack for each element. What waits there for the result, as the left
 * side of an operator, is then taken for something else.
 */
static int weir__check_search(struct weir__compiler *c, uint32_t depth, uint32_t place)
{
    if (depth == 0 && c->predicate_count == 0) {
        return 1;
    }
    return weir__refuse(c, WEIR_E_UNSUPPORTED, place,
                        "a search from the end has to come first: behind another operand, or in a "
                        "predicate, KEDA's expr 1.17.8 mistakes what it leaves behind for values");
}

/* From behind the list to the closing bracket. */
static int parse_loop(struct weir__compiler *c, const struct weir__builtin *builtin,
                      struct weir__operand *list, uint32_t place, struct weir__operand *out)
{
    int32_t loop = builtin->code;
    uint32_t begin = c->code_count, body_at, data_at = 0;
    struct weir__operand body;
    struct weir__type type = {0, 0};

    memset(&body, 0, sizeof body);
    if (!weir__emit(c, OP_BEGIN, loop, 0, -1, place) ||
        (loop == LOOP_REDUCE && !weir__emit(c, OP_JUMP, 0, 0, 0, place))) {
        return 0;
    }
    body_at = c->code_count;
    if (!parse_predicate(c, loop, list->type, &body) ||
        !loop_result(c, loop, list->type, body.type, place, &type) ||
        !weir__emit(c, OP_STEP, loop, (int32_t)body_at - (int32_t)c->code_count - 1, -1, place)) {
        return 0;
    }
    if (loop == LOOP_COUNT) {
        data_at = c->code_count + 1;
        if (!weir__emit(c, OP_DATA, 0, 0, 0, place)) {
            return 0;
        }
    }
    if (loop == LOOP_REDUCE) {
        int more = weir__at_operator(c, ",");

        if (more && !weir__lex(c)) {
            return 0;
        }
        if (more && !weir__at_bracket(c, ")")) {
            if (!parse_start(c, begin, place)) {
                return 0;
            }
        } else {
            c->code[begin].a = LOOP_REDUCE_FIRST; /* its second instruction jumps nowhere */
            weir__patch(c, begin);
        }
    } else {
        weir__patch(c, begin);
    }
    if (weir__at_operator(c, ",") && !weir__lex(c)) {
        return 0;
    }
    weir__operand_of(out, type, list->start);
    out->data_at = data_at;
    out->filtered = loop == LOOP_FILTER || (loop == LOOP_MAP && list->filtered);
    return weir__emit(c, OP_END, loop, 0, 1, place) && weir__expect(c, TOKEN_BRACKET, ")", "`)`");
}

/* sum([a, b, c]) is a + (b + c), as upstream's optimizer has it. */
static int sum_elements(struct weir__compiler *c, uint32_t count, uint32_t place)
{
    c->code_count--; /* the array */
    c->depth += count - 1;
    while (count-- > 1) {
        if (!weir__emit(c, OP_ADD, 0, 0, -1, place)) {
            return 0;
        }
    }
    return 1;
}

/* count and sum of a list alone. */
static int call_on_list(struct weir__compiler *c, const struct weir__builtin *builtin,
                        const struct weir__operand *list, uint32_t place, struct weir__operand *out)
{
    weir__operand_of(out, weir__type(TYPE_INT, 0), list->start);
    if (builtin->code == LOOP_SUM) {
        out->type = list->type.depth > 0 ? weir__type(list->type.kind, list->type.depth - 1)
                                         : weir__type(TYPE_UNKNOWN, 0);
        if (list->elements >= 2) {
            return sum_elements(c, list->elements, place);
        }
    }
    return weir__emit(c, OP_CALL, builtin->code == LOOP_SUM ? FN_SUM : FN_COUNT, 1, 0, place);
}

static int parse_loop_call(struct weir__compiler *c, const struct weir__builtin *builtin,
                           const struct weir__operand *first, uint32_t place,
                           struct weir__operand *out)
{
    struct weir__operand list;
    uint32_t depth = c->depth - (first != NULL);
    int alone;

    if ((builtin->code == LOOP_FIND_LAST || builtin->code == LOOP_FIND_LAST_INDEX) &&
        !weir__check_search(c, depth, place)) {
        return 0;
    }
    memset(&list, 0, sizeof list);
    if (first != NULL) {
        list = *first;
    } else if (!weir__parse_expression(c, 0, &list)) {
        return 0;
    }
    if (list.type.depth == 0 && !weir__type_unknown(list.type)) {
        return weir__refuse(c, WEIR_E_PARSE, place, "expected an array as its first argument");
    }
    alone = weir__at_bracket(c, ")");
    if (!alone && first == NULL) {
        if (!weir__expect(c, TOKEN_OPERATOR, ",", "`,` and a predicate")) {
            return 0;
        }
        alone = weir__at_bracket(c, ")");
    }
    if (alone && builtin->least == 1) {
        return call_on_list(c, builtin, &list, place, out) && weir__lex(c);
    }
    if (alone) {
        return weir__unexpected(c, "a predicate");
    }
    return parse_loop(c, builtin, &list, place, out);
}

static int wrong_count(struct weir__compiler *c, const struct weir__builtin *builtin,
                       uint32_t count, uint32_t place)
{
    char message[120];
    struct weir__text text;

    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "expected ");
    weir__text_int(&text, (int64_t)count < builtin->least ? builtin->least : builtin->most);
    weir__text_str(&text, builtin->most > builtin->least
                              ? ((int64_t)count < builtin->least ? " or more" : " or fewer")
                              : "");
    weir__text_str(&text, " arguments, got ");
    weir__text_int(&text, count);
    return weir__refuse(c, WEIR_E_PARSE, place, message);
}

static int parse_function(struct weir__compiler *c, const struct weir__builtin *builtin,
                          const struct weir__operand *first, uint32_t place,
                          struct weir__operand *out)
{
    struct weir__type types[WEIR__STACK] = {{0, 0}}, type;
    uint32_t count = first != NULL, start = first != NULL ? first->start : c->code_count;
    int filtered = first != NULL && first->filtered;

    if (first != NULL) {
        types[0] = first->type;
    }
    for (uint32_t parsed = 0; !weir__at_bracket(c, ")"); parsed++) {
        struct weir__operand argument;

        if (parsed > 0 && !weir__expect(c, TOKEN_OPERATOR, ",", "`,` or `)`")) {
            return 0;
        }
        if (weir__at_bracket(c, ")") && parsed > 0) {
            break;
        }
        if (!weir__parse_expression(c, 0, &argument)) {
            return 0;
        }
        if (argument.environment) {
            return weir__refuse(c, WEIR_E_UNSUPPORTED, place, "$env can only be indexed by a name");
        }
        if (count == WEIR__STACK) {
            return weir__refuse(c, WEIR_E_LIMIT, place,
                                "has more arguments than weir has room for");
        }
        filtered |= argument.filtered;
        types[count++] = argument.type;
    }
    if (builtin->code == FN_LAST && filtered && !weir__check_search(c, c->depth - 1, place)) {
        return 0;
    }
    if ((int64_t)count < builtin->least || (int64_t)count > builtin->most) {
        return wrong_count(c, builtin, count, place);
    }
    if (!weir__builtin_type((enum weir__function)builtin->code, types, count, &type)) {
        char message[160];
        struct weir__text text;

        weir__text_open(&text, message, sizeof message);
        weir__text_str(&text, builtin->name);
        weir__text_str(&text, "() cannot take ");
        weir__text_str(&text, weir__type_words(types[0]));
        for (uint32_t i = 1; i < count && i < 4; i++) {
            weir__text_str(&text, ", ");
            weir__text_str(&text, weir__type_words(types[i]));
        }
        return weir__refuse(c, WEIR_E_PARSE, place, message);
    }
    weir__operand_of(out, type, start);
    return (builtin->code == FN_FLOAT ? weir__emit(c, OP_TO_FLOAT, 0, 0, 0, place)
                                      : weir__emit(c, OP_CALL, builtin->code, (int32_t)count,
                                                   1 - (int32_t)count, place)) &&
           weir__lex(c);
}

/* A function that expr has and weir has not. */
static int refuse_builtin(struct weir__compiler *c, const struct weir__builtin *builtin,
                          uint32_t place)
{
    static const char *const reasons[] = {
        [-WEIR__OF_TEXTS] = "it is about texts, which triggers do not give",
        [-WEIR__OF_CLOCK] = "it asks the clock, and the same values would come to something else",
        [-WEIR__OF_MAPS] = "it is about maps, which triggers do not give",
        [-WEIR__OF_ORDER] = "numbers have an order of their own, which is that of sort()",
    };
    char message[160];
    struct weir__text text;

    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "weir does not do ");
    weir__text_str(&text, builtin->name);
    weir__text_str(&text, "(): ");
    weir__text_str(&text, reasons[-builtin->code]);
    return weir__refuse(c, WEIR_E_UNSUPPORTED, place, message);
}

static int weir__parse_call(struct weir__compiler *c, const struct weir__token *name,
                     const struct weir__operand *first, struct weir__operand *out)
{
    const char *text = c->text + name->from;
    uint32_t length = name->to - name->from;
    const struct weir__builtin *builtin = weir__builtin_of(text, length);

    for (uint32_t i = 0; i < c->name_count; i++) {
        if (weir__length(c->names[i]) == length && weir__same_bytes(c->names[i], text, length)) {
            return weir__refuse(c, WEIR_E_PARSE, name->from,
                                "a trigger of this name hides the function: it cannot be called");
        }
    }
    if (builtin == NULL) {
        return weir__refuse(c, WEIR_E_PARSE, name->from,
                            "expected a function that there is, got an unknown name");
    }
    if (builtin->code < 0) {
        return refuse_builtin(c, builtin, name->from);
    }
    if (!weir__expect(c, TOKEN_BRACKET, "(", "`(`")) {
        return 0;
    }
    return builtin->loop ? parse_loop_call(c, builtin, first, name->from, out)
                         : parse_function(c, builtin, first, name->from, out);
}

/* ---- lib/policy/formula_call.c ---- */

/*
 * policy/formula_call.c - the builtin functions of formulas.
 *
 * Upstream: expr's builtin/builtin.go and lib.go.
 */

enum { DEPTH_MAX = 16 }; /* arrays in arrays */

static int formula_call_limit(struct weir__run *run, const char *problem)
{
    run->problem = problem;
    run->status = WEIR_E_LIMIT;
    return 0;
}

/* ---- functions of one number ---------------------------------------------------------------- */

static int round_number(struct weir__run *run, enum weir__function function,
                        const struct weir__value *v, struct weir__value *out)
{
    double x = weir__as_double(v);

    if (!weir__is_number(v)) {
        return weir__formula_problem(run, "rounding of something that is no number");
    }
    if (v->kind == WEIR__FLOAT) {
        x = function == FN_CEIL    ? weir__ceil(x)
            : function == FN_FLOOR ? weir__floor(x)
                                   : weir__round(x);
    }
    *out = weir__value_float(x);
    return 1;
}

static int to_int(struct weir__run *run, const struct weir__value *v, struct weir__value *out)
{
    const char *text = weir__formula_texts(run->formula) + (v->kind == WEIR__TEXT ? v->as.i : 0);
    int64_t i = 0;

    switch (v->kind) {
    case WEIR__INT: i = v->as.i; break;
    case WEIR__FLOAT: i = weir__f64_to_i64(v->as.f); break;
    case WEIR__NUMERAL: /* its text is a whole number, if it is one */
        i = weir__f64_to_i64(v->as.f);
        if (weir__abs(v->as.f) >= 1e15 || (double)i != v->as.f) {
            return weir__formula_problem(run, "int() of a text that is no whole number");
        }
        break;
    case WEIR__TEXT:
        for (uint32_t k = 0, sign = v->length > 0 && (text[0] == '-' || text[0] == '+');
             k < v->length || k == 0; k++) {
            int digit = k < v->length ? text[k] - '0' : -1;

            if (k == 0 && sign && v->length > 1) {
                continue;
            }
            if (digit < 0 || digit > 9 || i > (INT64_MAX - 9) / 10) {
                return weir__formula_problem(run, "int() of a text that is no whole number");
            }
            i = i * 10 + digit;
        }
        i = text[0] == '-' ? -i : i;
        break;
    default: return weir__formula_problem(run, "int() of something that is no number");
    }
    *out = weir__value_int(WEIR__INT, i);
    return 1;
}

static int absolute(struct weir__run *run, const struct weir__value *v, struct weir__value *out)
{
    *out = *v;
    if (v->kind == WEIR__FLOAT) {
        out->as.f = v->as.f < 0.0 ? -v->as.f : v->as.f;
    } else if (v->kind == WEIR__INT) {
        out->as.i = v->as.i < 0 ? (int64_t)(0 - (uint64_t)v->as.i) : v->as.i;
    } else {
        return weir__formula_problem(run, "abs() of something that is no number");
    }
    return 1;
}

/* Text without white space around it. */
static int trimmed(struct weir__run *run, const struct weir__value *v, struct weir__value *out)
{
    const char *text = weir__formula_texts(run->formula) + v->as.i;

    if (v->kind == WEIR__NUMERAL) {
        *out = *v;
        return 1;
    }
    if (v->kind != WEIR__TEXT) {
        return weir__formula_problem(run, "trim() of something that is no text");
    }
    *out = *v;
    while (out->length > 0 && (text[out->length - 1] == ' ' ||
                               (text[out->length - 1] >= '\t' && text[out->length - 1] <= '\r'))) {
        out->length--;
    }
    while (out->length > 0 && (*text == ' ' || (*text >= '\t' && *text <= '\r'))) {
        text++;
        out->as.i++;
        out->length--;
    }
    return 1;
}

static int to_json(struct weir__run *run, const struct weir__value *v, struct weir__value *out)
{
    if (v->kind == WEIR__INT && v->as.i > -(INT64_C(1) << 53) && v->as.i < INT64_C(1) << 53) {
        *out = weir__value_float((double)v->as.i);
    } else if (v->kind == WEIR__FLOAT && weir__is_finite(v->as.f)) {
        *out = *v;
    } else {
        return formula_call_limit(run, "toJSON() is for numbers only");
    }
    out->kind = WEIR__NUMERAL;
    return 1;
}

/* ---- functions of many numbers -------------------------------------------------------------- */

/* The largest or the smallest so far. */
struct extreme {
    enum weir__op better;
    int any;
    struct weir__value best;
};

static int take_extreme(struct weir__run *run, struct extreme *e, const struct weir__value *v)
{
    int better = 1;

    if (e->any && !weir__formula_compare(run, e->better, v, &e->best, &better)) {
        return 0;
    }
    if (!e->any || better) {
        e->best = *v;
        e->any = 1;
    }
    return 1;
}

static int extreme_of_list(struct weir__run *run, struct extreme *e, const struct weir__value *list,
                           int depth)
{
    if (depth > DEPTH_MAX) {
        return formula_call_limit(run, "arrays are nested deeper than weir has room for");
    }
    for (uint32_t i = 0; i < list->length; i++) {
        struct weir__value v = weir__formula_element(run, list, i);

        if (weir__is_list(&v)) {
            struct extreme inner = {e->better, 0, v};

            if (!extreme_of_list(run, &inner, &v, depth + 1) ||
                (inner.any && !take_extreme(run, e, &inner.best))) {
                return 0;
            }
        } else if (!weir__is_number(&v)) {
            return weir__formula_problem(run, "max() or min() of something that is no number");
        } else if (!take_extreme(run, e, &v)) {
            return 0;
        }
    }
    return 1;
}

static int extreme(struct weir__run *run, enum weir__op better, const struct weir__value *arguments,
                   uint32_t count, struct weir__value *out)
{
    struct extreme e = {better, 0, {WEIR__NIL, 0, {0.0}}};

    for (uint32_t i = 0; i < count; i++) {
        if (weir__is_list(&arguments[i])) {
            if (!extreme_of_list(run, &e, &arguments[i], 0)) {
                return 0;
            }
        } else if (weir__is_number(&arguments[i])) {
            if (!take_extreme(run, &e, &arguments[i])) {
                return 0;
            }
        } else if (count == 1) {
            *out = arguments[0];
            return 1;
        } else {
            return weir__formula_problem(run, "max() or min() of something that is no number");
        }
    }
    *out = e.best;
    return 1;
}

static int mean_of(struct weir__run *run, const struct weir__value *v, int depth, double *total,
                   int64_t *count)
{
    double inner = 0.0;

    if (weir__is_number(v)) {
        *total += weir__as_double(v);
        ++*count;
        return 1;
    }
    if (!weir__is_list(v)) {
        return weir__formula_problem(run, "mean() of something that is no number");
    }
    if (depth > DEPTH_MAX) {
        return formula_call_limit(run, "arrays are nested deeper than weir has room for");
    }
    for (uint32_t i = 0; i < v->length; i++) { /* an array of the arguments adds up as it goes */
        struct weir__value element = weir__formula_element(run, v, i);

        if (!mean_of(run, &element, depth + 1, depth == 0 ? total : &inner, count)) {
            return 0;
        }
    }
    *total += inner;
    return 1;
}

static int mean(struct weir__run *run, const struct weir__value *arguments, uint32_t count,
                struct weir__value *out)
{
    double total = 0.0;
    int64_t numbers = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (!mean_of(run, &arguments[i], 0, &total, &numbers)) {
            return 0;
        }
    }
    *out = weir__value_float(numbers > 0 ? total / (double)numbers : 0.0);
    return 1;
}

/* Appends all numbers, as doubles, to the arena. */
static int formula_call_gather(struct weir__run *run, const struct weir__value *v, int depth)
{
    uint32_t at;

    if (weir__is_number(v)) {
        if (!weir__formula_reserve(run, 1, &at)) {
            return 0;
        }
        run->arena[at] = weir__value_float(weir__as_double(v));
        return 1;
    }
    if (!weir__is_list(v)) {
        return weir__formula_problem(run, "median() of something that is no number");
    }
    if (depth > DEPTH_MAX) {
        return formula_call_limit(run, "arrays are nested deeper than weir has room for");
    }
    for (uint32_t i = 0; i < v->length; i++) {
        struct weir__value element = weir__formula_element(run, v, i);

        if (!formula_call_gather(run, &element, depth + 1)) {
            return 0;
        }
    }
    return 1;
}

static int median(struct weir__run *run, const struct weir__value *arguments, uint32_t count,
                  struct weir__value *out)
{
    uint32_t first = run->arena_count, n;
    struct weir__value *values = run->arena + first;

    for (uint32_t i = 0; i < count; i++) {
        if (!formula_call_gather(run, &arguments[i], 0)) {
            return 0;
        }
    }
    n = run->arena_count - first;
    run->arena_count = first;
    for (uint32_t i = 1; i < n; i++) { /* NaN first, as Go sorts */
        struct weir__value v = values[i];
        uint32_t k = i;

        for (; k > 0 && (v.as.f < values[k - 1].as.f ||
                         (weir__is_nan(v.as.f) && !weir__is_nan(values[k - 1].as.f)));
             k--) {
            values[k] = values[k - 1];
        }
        values[k] = v;
    }
    *out = weir__value_float(n == 0       ? 0.0
                             : n % 2 == 1 ? values[n / 2].as.f
                                          : (values[n / 2 - 1].as.f + values[n / 2].as.f) / 2.0);
    return 1;
}

static int formula_call_sum(struct weir__run *run, const struct weir__value *list, struct weir__value *out)
{
    struct weir__value total = weir__value_int(WEIR__INT, 0);

    if (!weir__is_list(list)) {
        return weir__formula_problem(run, "sum() of something that is no array");
    }
    for (uint32_t i = 0; i < list->length; i++) {
        struct weir__value v = weir__formula_element(run, list, i);

        if (!weir__formula_arithmetic(run, OP_ADD, &v, &total, &total)) {
            return 0;
        }
    }
    *out = total;
    return 1;
}

static int count_true(struct weir__run *run, const struct weir__value *list,
                      struct weir__value *out)
{
    int64_t n = 0;

    if (!weir__is_list(list)) {
        return weir__formula_problem(run, "count() of something that is no array");
    }
    for (uint32_t i = 0; i < list->length; i++) {
        struct weir__value v = weir__formula_element(run, list, i);

        if (v.kind != WEIR__BOOL) {
            return weir__formula_problem(run, "count() of elements that are not true or false");
        }
        n += v.as.i;
    }
    *out = weir__value_int(WEIR__INT, n);
    return 1;
}

/* ---- arrays --------------------------------------------------------------------------------- */

static int end_of(struct weir__run *run, const struct weir__value *list, int last,
                  struct weir__value *out)
{
    *out = weir__is_list(list) && list->length > 0
               ? weir__formula_element(run, list, last ? list->length - 1 : 0)
               : weir__value_int(WEIR__NIL, 0);
    return 1;
}

static int get(struct weir__run *run, const struct weir__value *arguments, struct weir__value *out)
{
    if (arguments[0].kind != WEIR__NIL && !weir__is_number(&arguments[1]) &&
        weir__is_list(&arguments[0])) {
        return weir__formula_problem(run, "get() with an index that is no number");
    }
    if (!weir__formula_index(run, &arguments[0], &arguments[1], out)) {
        run->problem = NULL;
        run->status = WEIR_OK;
        *out = weir__value_int(WEIR__NIL, 0);
    }
    return 1;
}

static int formula_call_take(struct weir__run *run, const struct weir__value *arguments, struct weir__value *out)
{
    *out = arguments[0];
    if (!weir__is_list(&arguments[0]) || arguments[1].kind != WEIR__INT || arguments[1].as.i < 0) {
        return weir__formula_problem(run, "take() of something that cannot be taken");
    }
    if (arguments[1].as.i < out->length) {
        out->length = (uint32_t)arguments[1].as.i;
    }
    return 1;
}

/* Appends a list's elements to the arena, those of lists in it in their place when `flat`. */
static int formula_call_append(struct weir__run *run, const struct weir__value *list, int flat, int depth)
{
    uint32_t at;

    if (!weir__is_list(list)) {
        return weir__formula_problem(run, "an operation on something that is no array");
    }
    if (depth > DEPTH_MAX) {
        return formula_call_limit(run, "arrays are nested deeper than weir has room for");
    }
    for (uint32_t i = 0; i < list->length; i++) {
        struct weir__value v = weir__formula_element(run, list, i);

        if (flat && weir__is_list(&v)) {
            if (!formula_call_append(run, &v, flat, depth + 1)) {
                return 0;
            }
        } else if (!weir__formula_reserve(run, 1, &at)) {
            return 0;
        } else {
            run->arena[at] = v;
        }
    }
    return 1;
}

static int formula_call_copy(struct weir__run *run, const struct weir__value *arguments, uint32_t count,
                int flat, struct weir__value *out)
{
    uint32_t first = run->arena_count;

    for (uint32_t i = 0; i < count; i++) {
        if (!formula_call_append(run, &arguments[i], flat, 0)) {
            return 0;
        }
    }
    *out = weir__value_list(WEIR__ARRAY, first, run->arena_count - first);
    return 1;
}

static void formula_call_reverse(struct weir__value *values, uint32_t count)
{
    for (uint32_t i = 0; i < count / 2; i++) {
        struct weir__value v = values[i];

        values[i] = values[count - 1 - i];
        values[count - 1 - i] = v;
    }
}

static void remove_equal(struct weir__run *run, struct weir__value *list)
{
    struct weir__value *values = run->arena + list->as.i;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < list->length; i++) {
        uint32_t k = 0;

        while (k < kept && !weir__formula_equal(run, &values[i], &values[k])) {
            k++;
        }
        if (k == kept) {
            values[kept++] = values[i];
        }
    }
    list->length = kept;
}

/* By insertion, as Go sorts up to twelve elements. */
static int sort(struct weir__run *run, const struct weir__value *arguments, uint32_t count,
                struct weir__value *out)
{
    struct weir__value *values;
    enum weir__op before = OP_LESS;

    if (count == 2) {
        const char *text = weir__formula_texts(run->formula) + arguments[1].as.i;

        if (arguments[1].kind != WEIR__TEXT ||
            !((arguments[1].length == 3 && weir__same_bytes(text, "asc", 3)) ||
              (arguments[1].length == 4 && weir__same_bytes(text, "desc", 4)))) {
            return weir__formula_problem(run, "sort() takes the orders \"asc\" and \"desc\"");
        }
        before = arguments[1].length == 4 ? OP_MORE : OP_LESS;
    }
    if (!formula_call_copy(run, arguments, 1, 0, out)) {
        return 0;
    }
    values = run->arena + out->as.i;
    for (uint32_t i = 1; i < out->length; i++) {
        for (uint32_t k = i; k > 0; k--) {
            struct weir__value v = values[k];
            int less;

            if (!weir__formula_compare(run, before, &v, &values[k - 1], &less)) {
                return 0;
            }
            if (!less) {
                break;
            }
            values[k] = values[k - 1];
            values[k - 1] = v;
        }
    }
    return 1;
}

/* ---- bits ----------------------------------------------------------------------------------- */

static int formula_call_bits(struct weir__run *run, enum weir__function function,
                const struct weir__value *arguments, uint32_t count, struct weir__value *out)
{
    uint64_t x, y;
    int64_t n = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (arguments[i].kind != WEIR__INT) {
            return weir__formula_problem(run,
                                         "an operation on bits of something not a whole number");
        }
    }
    x = (uint64_t)arguments[0].as.i;
    y = count > 1 ? (uint64_t)arguments[1].as.i : 0;
    if (function >= FN_BIT_LEFT && function <= FN_BIT_RIGHT_UNSIGNED && (int64_t)y < 0) {
        return weir__formula_problem(run, "a shift by less than 0");
    }
    switch (function) {
    case FN_BIT_AND: n = (int64_t)(x & y); break;
    case FN_BIT_OR: n = (int64_t)(x | y); break;
    case FN_BIT_XOR: n = (int64_t)(x ^ y); break;
    case FN_BIT_CLEAR: n = (int64_t)(x & ~y); break;
    case FN_BIT_LEFT: n = y > 63 ? 0 : (int64_t)(x << y); break;
    case FN_BIT_RIGHT_UNSIGNED: n = y > 63 ? 0 : (int64_t)(x >> y); break;
    case FN_BIT_RIGHT: /* of a negative number: ones come in */
        n = (int64_t)x < 0 ? (int64_t) ~(y > 63 ? 0 : ~x >> y) : (int64_t)(y > 63 ? 0 : x >> y);
        break;
    default: n = (int64_t)~x; break;
    }
    *out = weir__value_int(WEIR__INT, n);
    return 1;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static int formula_call_length(struct weir__run *run, const struct weir__value *v, struct weir__value *out)
{
    const char *text = weir__formula_texts(run->formula) + v->as.i;
    int64_t n = v->length;

    if (v->kind == WEIR__TEXT) { /* characters, not bytes */
        for (uint32_t i = 0; i < v->length; i++) {
            n -= ((unsigned char)text[i] & 0xc0) == 0x80;
        }
    } else if (!weir__is_list(v) && v->kind != WEIR__MAP) {
        return weir__formula_problem(run, "len() of something that has none");
    }
    *out = weir__value_int(WEIR__INT, n);
    return 1;
}

static int weir__formula_call(struct weir__run *run, enum weir__function function,
                       const struct weir__value *arguments, uint32_t count, struct weir__value *out)
{
    switch (function) {
    case FN_LEN: return formula_call_length(run, arguments, out);
    case FN_ABS: return absolute(run, arguments, out);
    case FN_CEIL:
    case FN_FLOOR:
    case FN_ROUND: return round_number(run, function, arguments, out);
    case FN_INT: return to_int(run, arguments, out);
    case FN_TRIM: return trimmed(run, arguments, out);
    case FN_TO_JSON: return to_json(run, arguments, out);
    case FN_MAX: return extreme(run, OP_MORE, arguments, count, out);
    case FN_MIN: return extreme(run, OP_LESS, arguments, count, out);
    case FN_MEAN: return mean(run, arguments, count, out);
    case FN_MEDIAN: return median(run, arguments, count, out);
    case FN_SUM: return formula_call_sum(run, arguments, out);
    case FN_COUNT: return count_true(run, arguments, out);
    case FN_FIRST: return end_of(run, arguments, 0, out);
    case FN_LAST: return end_of(run, arguments, 1, out);
    case FN_GET: return get(run, arguments, out);
    case FN_TAKE: return formula_call_take(run, arguments, out);
    case FN_REVERSE:
        if (!formula_call_copy(run, arguments, 1, 0, out)) {
            return 0;
        }
        formula_call_reverse(run->arena + out->as.i, out->length);
        return 1;
    case FN_UNIQ:
        if (!formula_call_copy(run, arguments, 1, 0, out)) {
            return 0;
        }
        remove_equal(run, out);
        return 1;
    case FN_CONCAT: return formula_call_copy(run, arguments, count, 0, out);
    case FN_FLATTEN: return formula_call_copy(run, arguments, 1, 1, out);
    case FN_SORT: return sort(run, arguments, count, out);
    default: return formula_call_bits(run, function, arguments, count, out);
    }
}

/* ---- lib/policy/formula_compile.c ---- */

/*
 * policy/formula_compile.c - a formula from its text to its code.
 *
 * Upstream: KEDA apis/keda/v1alpha1 (the wrapping, and the run with every trigger at -1 that
 * decides whether a formula is let in); expr's compiler.
 */

static const char some_before[] = "let _kedaCompositeResult = (";
static const char some_after[] =
    "); _kedaCompositeResult == nil ? nil : float(_kedaCompositeResult)";
static const char plain_before[] = "float(";
static const char plain_after[] = ")";

enum { WRAPPING = sizeof some_before + sizeof some_after };

/* ---- wrapping ------------------------------------------------------------------------------- */

static int formula_compile_begins_with(const char *text, size_t length, const char *with)
{
    size_t n = weir__length(with);

    return length >= n && weir__same_bytes(text, with, n);
}

static int has_coalescing(const char *text, size_t length)
{
    for (size_t i = 0; i + 1 < length; i++) {
        if (text[i] == '?' && text[i + 1] == '?') {
            return 1;
        }
    }
    return 0;
}

/* What is to stand before and behind a formula. */
static void wrapping_of(const char *text, size_t length, const char **before, const char **after)
{
    *before = *after = "";
    if (has_coalescing(text, length)) {
        if (!formula_compile_begins_with(text, length, "let _kedaCompositeResult =")) {
            *before = some_before;
            *after = some_after;
        }
    } else if (!formula_compile_begins_with(text, length, "float(")) {
        *before = plain_before;
        *after = plain_after;
    }
}

weir_status weir_formula_wrap(const char *text, size_t length, char *wrapped, size_t capacity,
                              size_t *need)
{
    const char *before, *after;
    struct weir__text out;

    if ((text == NULL && length > 0) || (wrapped == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    wrapping_of(text, length, &before, &after);
    weir__text_open(&out, wrapped, capacity);
    weir__text_str(&out, before);
    for (size_t i = 0; i < length; i++) {
        weir__text_char(&out, text[i]);
    }
    weir__text_str(&out, after);
    return weir__text_close(&out, need);
}

/* ---- code ----------------------------------------------------------------------------------- */

static int weir__emit(struct weir__compiler *c, enum weir__op op, int32_t a, int32_t b, int32_t effect,
               uint32_t place)
{
    if (c->status != WEIR_OK) {
        return 0;
    }
    if (c->code_count == c->code_capacity) {
        return weir__refuse(c, WEIR_E_LIMIT, place, "is longer than weir has room for");
    }
    c->depth = (uint32_t)((int32_t)c->depth + effect);
    if (c->depth > WEIR__STACK - 2) {
        return weir__refuse(c, WEIR_E_LIMIT, place, "holds more values at once than weir can");
    }
    c->code[c->code_count].op = (uint16_t)op;
    c->code[c->code_count].a = (uint16_t)a;
    c->code[c->code_count].b = b;
    c->places[c->code_count++] = (uint16_t)place;
    return 1;
}

static int weir__emit_constant(struct weir__compiler *c, const struct weir__value *value, uint32_t place)
{
    int64_t bits = value->as.i;

    if (value->kind == WEIR__TEXT) {
        return weir__emit(c, OP_TEXT, (int32_t)value->length, (int32_t)value->as.i, 1, place);
    }
    if (value->kind == WEIR__BOOL) {
        return weir__emit(c, OP_BOOL, 0, (int32_t)value->as.i, 1, place);
    }
    if (c->constant_count == c->constant_capacity) {
        return weir__refuse(c, WEIR_E_LIMIT, place, "has more numbers than weir has room for");
    }
    if (value->kind == WEIR__FLOAT) {
        bits = (int64_t)weir__bits(value->as.f);
    }
    c->constants[c->constant_count++] = bits;
    return weir__emit(c, value->kind == WEIR__FLOAT ? OP_FLOAT : OP_INT, 0,
                      (int32_t)c->constant_count - 1, 1, place);
}

static void weir__patch(struct weir__compiler *c, uint32_t from)
{
    c->code[from].b = (int32_t)(c->code_count - from) - 1;
}

/* ---- the block ------------------------------------------------------------------------------ */

struct formula_compile_layout {
    size_t wrapped, capacity; /* bytes of the text; instructions */
    size_t constants_at, code_at, places_at, wrapped_at, texts_at, bytes;
};

static void formula_compile_lay_out(size_t length, struct formula_compile_layout *l)
{
    l->wrapped = length + WRAPPING;
    l->capacity = 4 * length + 64;
    l->constants_at = sizeof(weir_formula);
    l->code_at = l->constants_at + (length + 16) * sizeof(int64_t);
    l->places_at = l->code_at + l->capacity * sizeof(struct weir__instruction);
    l->wrapped_at = l->places_at + l->capacity * sizeof(uint16_t);
    l->texts_at = l->wrapped_at + l->wrapped;
    l->bytes = weir__round_up8(l->texts_at + l->wrapped);
}

size_t weir_formula_bytes(size_t length)
{
    struct formula_compile_layout l;

    if (length >= WEIR_FORMULA_TEXT_MAX) {
        return 0;
    }
    formula_compile_lay_out(length, &l);
    return l.bytes;
}

size_t weir_formula_size(const weir_formula *formula)
{
    return weir__block_is(formula, WEIR_KIND_FORMULA) ? (size_t)formula->block.bytes : 0;
}

/* Moves all parts together, so that the formula takes no more than it needs. */
static void close_up(struct weir__compiler *c)
{
    weir_formula *f = c->formula;
    uint8_t *base = (uint8_t *)f;
    size_t at = f->constants_at + c->constant_count * sizeof(int64_t);
    size_t code = c->code_count * sizeof *c->code, places = c->code_count * sizeof *c->places;

    memmove(base + at, base + f->code_at, code);
    f->code_at = (uint32_t)at;
    at += code;
    memmove(base + at, base + f->places_at, places);
    f->places_at = (uint32_t)at;
    at += places;
    memmove(base + at, base + f->wrapped_at, f->wrapped_length);
    f->wrapped_at = (uint32_t)at;
    at += f->wrapped_length;
    memmove(base + at, base + f->texts_at, c->texts_length);
    f->texts_at = (uint32_t)at;
    f->texts_length = c->texts_length;
    f->code_count = c->code_count;
    f->block.bytes = weir__round_up8(at + c->texts_length);
    memset(base + at + c->texts_length, 0, (size_t)f->block.bytes - at - c->texts_length);
}

static void open_block(struct weir__compiler *c, const char *text, size_t length,
                       const struct formula_compile_layout *l)
{
    weir_formula *f = c->formula;
    const char *before, *after;

    memset(f, 0, l->bytes);
    wrapping_of(text, length, &before, &after);
    f->name_count = c->name_count;
    f->prefix = (uint32_t)weir__length(before);
    f->constants_at = (uint32_t)l->constants_at;
    f->code_at = (uint32_t)l->code_at;
    f->places_at = (uint32_t)l->places_at;
    f->wrapped_at = (uint32_t)l->wrapped_at;
    f->texts_at = (uint32_t)l->texts_at;
    f->wrapped_length = (uint32_t)(weir__length(before) + length + weir__length(after));
    memcpy((char *)f + f->wrapped_at, before, weir__length(before));
    memcpy((char *)f + f->wrapped_at + f->prefix, text, length);
    memcpy((char *)f + f->wrapped_at + f->prefix + length, after, weir__length(after));
    c->text = (const char *)f + f->wrapped_at;
    c->length = f->wrapped_length;
    c->constants = (int64_t *)(void *)((uint8_t *)f + f->constants_at);
    c->constant_capacity = (uint32_t)length + 16;
    c->code = (struct weir__instruction *)(void *)((uint8_t *)f + f->code_at);
    c->code_capacity = (uint32_t)l->capacity;
    c->places = (uint16_t *)(void *)((uint8_t *)f + f->places_at);
    c->texts = (char *)f + f->texts_at;
    c->texts_capacity = (uint32_t)l->wrapped;
}

static weir_status try_it(weir_formula *f, weir_error *err)
{
    double values[WEIR_FORMULA_NAMES_MAX];
    weir_formula_result result;
    weir_status status;

    for (size_t i = 0; i < WEIR_FORMULA_NAMES_MAX; i++) {
        values[i] = -1.0;
    }
    status = weir_formula_eval(f, values, 0, &result, err);
    if (status != WEIR_OK && err != NULL) {
        char message[sizeof err->message];
        struct weir__text text;

        memcpy(message, err->message, sizeof message);
        weir__text_open(&text, err->message, sizeof err->message);
        weir__text_str(&text, message);
        weir__text_str(&text, ", with every trigger at -1");
    }
    return status;
}

weir_status weir_formula_compile(weir_formula *formula, size_t bytes, const char *text,
                                 size_t length, const char *const *names, uint32_t name_count,
                                 weir_error *err)
{
    struct weir__compiler c;
    struct weir__operand result;
    struct formula_compile_layout l;

    if (!weir__aligned(formula) || text == NULL || (names == NULL && name_count > 0)) {
        return weir__fail(err, WEIR_E_ARG, "", "the block is NULL or not 8-byte aligned");
    }
    if (length >= WEIR_FORMULA_TEXT_MAX || name_count > WEIR_FORMULA_NAMES_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "", "is longer than weir has room for");
    }
    formula_compile_lay_out(length, &l);
    if (bytes < l.bytes) {
        return weir__fail(err, WEIR_E_SPACE, "", "the block is smaller than asked for");
    }
    memset(&c, 0, sizeof c);
    c.formula = formula;
    c.names = names;
    c.name_count = name_count;
    c.err = err;
    open_block(&c, text, length, &l);
    if (length == 0) {
        return weir__fail(err, WEIR_E_PARSE, "", "expected a formula, got nothing");
    }
    if (weir__lex(&c) && weir__parse_sequence(&c, &result) && c.token.kind != TOKEN_END) {
        weir__unexpected(&c, "an operator");
    }
    if (c.status == WEIR_OK) {
        weir__emit(&c, OP_RETURN, 0, 0, 0, c.token.from);
    }
    if (c.status != WEIR_OK) {
        memset(&formula->block, 0, sizeof formula->block);
        return c.status;
    }
    weir__block_set(&formula->block, WEIR_KIND_FORMULA, l.bytes);
    close_up(&c);
    c.status = try_it(formula, err);
    if (c.status != WEIR_OK) {
        memset(&formula->block, 0, sizeof formula->block);
    }
    return c.status;
}

/* ---- lib/policy/formula_eval.c ---- */

/*
 * policy/formula_eval.c - the machine that runs formulas.
 *
 * Upstream: expr's vm/vm.go.
 */

/* One loop over an array. */
struct formula_eval_loop {
    struct weir__value list;
    uint32_t index, found, first; /* first: where the results lie in the arena */
    struct weir__value result;
};

struct machine {
    struct weir__run run;
    uint32_t loop_count;
    struct weir__value locals[WEIR__LOCALS];
    struct formula_eval_loop loops[WEIR__LOOPS];
    struct weir__value stack[WEIR__STACK];
    struct weir__value arena[WEIR__ARENA];
};

/* ---- loops ---------------------------------------------------------------------------------- */

/* Opens a loop over the list on the stack. -1: failed; 0: nothing to do; 1: run the body. */
static int begin_loop(struct machine *m, int32_t kind, const struct weir__value *list)
{
    struct formula_eval_loop *formula_eval_loop = &m->loops[m->loop_count];

    if (!weir__is_list(list)) {
        weir__formula_problem(&m->run, "a loop over something that is no array");
        return -1;
    }
    if (m->loop_count == WEIR__LOOPS) {
        m->run.problem = "nests more loops than weir has room for";
        m->run.status = WEIR_E_LIMIT;
        return -1;
    }
    m->loop_count++;
    formula_eval_loop->list = *list;
    formula_eval_loop->index = 0;
    formula_eval_loop->found = 0;
    formula_eval_loop->first = 0;
    formula_eval_loop->result = weir__value_int(WEIR__NIL, 0);
    switch (kind) {
    case LOOP_ALL:
    case LOOP_NONE: formula_eval_loop->result = weir__value_int(WEIR__BOOL, 1); break;
    case LOOP_ANY: formula_eval_loop->result = weir__value_int(WEIR__BOOL, 0); break;
    case LOOP_SUM: formula_eval_loop->result = weir__value_int(WEIR__INT, 0); break;
    case LOOP_FIND_LAST:
    case LOOP_FIND_LAST_INDEX: formula_eval_loop->index = list->length > 0 ? list->length - 1 : 0; break;
    case LOOP_FILTER:
    case LOOP_MAP:
        if (!weir__formula_reserve(&m->run, list->length, &formula_eval_loop->first)) {
            return -1;
        }
        break;
    case LOOP_REDUCE_FIRST:
        if (list->length == 0) {
            weir__formula_problem(&m->run, "reduce() of an empty array without a first value");
            return -1;
        }
        formula_eval_loop->result = weir__formula_element(&m->run, list, 0);
        formula_eval_loop->index = 1;
        break;
    default: break;
    }
    return formula_eval_loop->index < list->length;
}

/* A predicate was found true. 1 when the loop is to stop. */
static int formula_eval_found(struct machine *m, struct formula_eval_loop *formula_eval_loop, int32_t kind, int32_t threshold)
{
    formula_eval_loop->found++;
    switch (kind) {
    case LOOP_ANY: formula_eval_loop->result.as.i = 1; return 1;
    case LOOP_NONE: formula_eval_loop->result.as.i = 0; return 1;
    case LOOP_FILTER:
        m->run.arena[formula_eval_loop->first + formula_eval_loop->found - 1] =
            weir__formula_element(&m->run, &formula_eval_loop->list, formula_eval_loop->index);
        return 0;
    case LOOP_FIND:
    case LOOP_FIND_LAST:
        formula_eval_loop->result = weir__formula_element(&m->run, &formula_eval_loop->list, formula_eval_loop->index);
        return 1;
    case LOOP_FIND_INDEX:
    case LOOP_FIND_LAST_INDEX: formula_eval_loop->result = weir__value_int(WEIR__INT, formula_eval_loop->index); return 1;
    case LOOP_COUNT: return threshold > 0 && formula_eval_loop->found >= (uint32_t)threshold;
    default: return 0;
    }
}

/* The body gave `v`. -1: failed; 0: the loop is over; 1: again. */
static int step_loop(struct machine *m, int32_t kind, int32_t threshold,
                     const struct weir__value *v)
{
    struct formula_eval_loop *formula_eval_loop = &m->loops[m->loop_count - 1];

    switch (kind) {
    case LOOP_MAP: m->run.arena[formula_eval_loop->first + formula_eval_loop->found++] = *v; break;
    case LOOP_REDUCE:
    case LOOP_REDUCE_FIRST: formula_eval_loop->result = *v; break;
    case LOOP_SUM:
        if (!weir__formula_arithmetic(&m->run, OP_ADD, v, &formula_eval_loop->result, &formula_eval_loop->result)) {
            return -1;
        }
        break;
    default:
        if (v->kind != WEIR__BOOL) {
            weir__formula_problem(&m->run, "a condition that is neither true nor false");
            return -1;
        }
        if (v->as.i != 0) {
            if (formula_eval_found(m, formula_eval_loop, kind, threshold)) {
                return 0;
            }
        } else if (kind == LOOP_ALL) {
            formula_eval_loop->result.as.i = 0;
            return 0;
        }
        break;
    }
    if (kind == LOOP_FIND_LAST || kind == LOOP_FIND_LAST_INDEX) {
        return formula_eval_loop->index-- > 0;
    }
    return ++formula_eval_loop->index < formula_eval_loop->list.length;
}

static struct weir__value end_loop(struct machine *m, int32_t kind)
{
    const struct formula_eval_loop *formula_eval_loop = &m->loops[--m->loop_count];

    switch (kind) {
    case LOOP_ONE: return weir__value_int(WEIR__BOOL, formula_eval_loop->found == 1);
    case LOOP_COUNT: return weir__value_int(WEIR__INT, formula_eval_loop->found);
    case LOOP_FILTER:
    case LOOP_MAP: return weir__value_list(WEIR__ARRAY, formula_eval_loop->first, formula_eval_loop->found);
    default: return formula_eval_loop->result;
    }
}

/* ---- the rarer instructions ----------------------------------------------------------------- */

/* `strict`: upstream looks a whole number up among whole numbers, in which nil is 0. */
static int formula_eval_in(struct machine *m, int strict, const struct weir__value *needle,
              const struct weir__value *list, struct weir__value *out)
{
    struct weir__value zero = weir__value_int(WEIR__INT, 0);
    int is = 0;

    if (strict && needle->kind == WEIR__NIL) {
        needle = &zero;
    }
    if (strict && needle->kind != WEIR__INT) {
        return weir__formula_problem(&m->run, "a number that is no int where the types promise "
                                              "an int");
    }
    if (weir__is_list(list)) {
        for (uint32_t i = 0; i < list->length && !is; i++) {
            struct weir__value v = weir__formula_element(&m->run, list, i);

            is = weir__formula_equal(&m->run, &v, needle);
        }
    } else if (list->kind == WEIR__MAP) {
        for (uint32_t i = 0; i < list->length && !is; i++) {
            is = weir__formula_equal(&m->run, &m->run.arena[list->as.i + 2 * (int64_t)i], needle);
        }
    } else if (list->kind != WEIR__NIL) {
        return weir__formula_problem(&m->run, "`in` something that is no array");
    }
    *out = weir__value_int(WEIR__BOOL, is);
    return 1;
}

static int formula_eval_between(struct machine *m, struct weir__value *at)
{
    int above, below = 0;

    if (!weir__formula_compare(&m->run, OP_MORE_EQUAL, at, at + 1, &above) ||
        (above && !weir__formula_compare(&m->run, OP_LESS_EQUAL, at, at + 2, &below))) {
        return 0;
    }
    *at = weir__value_int(WEIR__BOOL, above && below);
    return 1;
}

static int range(struct machine *m, const struct weir__value *a, const struct weir__value *b,
                 struct weir__value *out)
{
    struct weir__value low, high;
    uint64_t size;

    if (!weir__is_number(a) || !weir__is_number(b)) {
        return weir__formula_problem(&m->run, "a range of something that is no number");
    }
    weir__formula_call(&m->run, FN_INT, a, 1, &low);
    weir__formula_call(&m->run, FN_INT, b, 1, &high);
    size = high.as.i < low.as.i ? 0 : (uint64_t)high.as.i - (uint64_t)low.as.i + 1;
    if (size >= 1000000 || (high.as.i >= low.as.i && size == 0)) {
        return weir__formula_problem(&m->run, "a range beyond upstream's budget of memory");
    }
    *out = weir__value_list(WEIR__RANGE, low.as.i, (uint32_t)size);
    return 1;
}

/* Where a slice begins or ends, from either side. */
static int64_t bound_of(const struct weir__value *v, uint32_t length)
{
    int64_t i = v->kind == WEIR__INT ? v->as.i : weir__f64_to_i64(v->as.f);

    i = i < 0 ? i + length : i;
    return i < 0 ? 0 : i;
}

static int slice(struct machine *m, const struct weir__value *at, int32_t parts,
                 struct weir__value *out)
{
    const struct weir__value *from = at + 1, *to = at + 1 + ((parts & 1) != 0);
    int64_t first = 0, end;

    if (!weir__is_list(at)) {
        return weir__formula_problem(&m->run, "a slice of something that is no array");
    }
    if (((parts & 1) != 0 && !weir__is_number(from)) ||
        ((parts & 2) != 0 && !weir__is_number(to))) {
        return weir__formula_problem(&m->run, "a bound of a slice that is no number");
    }
    end = (parts & 2) != 0 ? bound_of(to, at->length) : at->length;
    end = end > at->length ? at->length : end;
    first = (parts & 1) != 0 ? bound_of(from, at->length) : 0;
    first = first > end ? end : first;
    *out = weir__value_list(at->kind, at->as.i + first, (uint32_t)(end - first));
    return 1;
}

/* The top values of the stack into an array or a map. */
static int collect(struct machine *m, const struct weir__value *values, uint32_t count,
                   struct weir__value *out, int32_t kind)
{
    uint32_t first;

    if (!weir__formula_reserve(&m->run, count, &first)) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (kind == WEIR__MAP && i % 2 == 0 && values[i].kind != WEIR__TEXT) {
            return weir__formula_problem(&m->run, "a key of a map that is no text");
        }
        m->run.arena[first + i] = values[i];
    }
    *out = weir__value_list(kind, first, kind == WEIR__MAP ? count / 2 : count);
    return 1;
}

/* `strict`: upstream takes both for whole numbers. */
static int compare(struct machine *m, enum weir__op op, int strict, struct weir__value *at)
{
    int is;

    if (strict && (at[0].kind != WEIR__INT || at[1].kind != WEIR__INT)) {
        return weir__formula_problem(&m->run, "a number that is no int, or none, where the types "
                                              "promise an int");
    }
    if (op == OP_EQUAL || op == OP_UNEQUAL) {
        is = weir__formula_equal(&m->run, at, at + 1) == (op == OP_EQUAL);
    } else if (!weir__formula_compare(&m->run, op, at, at + 1, &is)) {
        return 0;
    }
    *at = weir__value_int(WEIR__BOOL, is);
    return 1;
}

static int negate(struct machine *m, struct weir__value *v)
{
    if (v->kind == WEIR__FLOAT) {
        v->as.f = -v->as.f;
    } else if (v->kind == WEIR__INT) {
        v->as.i = (int64_t)(0 - (uint64_t)v->as.i);
    } else {
        return weir__formula_problem(&m->run, "a minus before something that is no number");
    }
    return 1;
}

/* An instruction that works on values alone: takes them from the stack and puts its result there.
 * Gives the new top, or NULL. */
static struct weir__value *operate(struct machine *m, const struct weir__instruction *i,
                                   struct weir__value *top)
{
    int32_t count = i->b;

    switch (i->op) {
    case OP_NEGATE: return negate(m, top - 1) ? top : NULL;
    case OP_MODULO:
    case OP_POWER:
        top--;
        return weir__formula_arithmetic(&m->run, i->op, top - 1, top, top - 1) ? top : NULL;
    case OP_EQUAL:
    case OP_UNEQUAL: top--; return compare(m, i->op, i->a, top - 1) ? top : NULL;
    case OP_BETWEEN: top -= 2; return formula_eval_between(m, top - 1) ? top : NULL;
    case OP_IN: top--; return formula_eval_in(m, i->a, top - 1, top, top - 1) ? top : NULL;
    case OP_RANGE: top--; return range(m, top - 1, top, top - 1) ? top : NULL;
    case OP_ARRAY:
        top -= count;
        return collect(m, top, (uint32_t)count, top, WEIR__ARRAY) ? top + 1 : NULL;
    case OP_MAP:
        top -= 2 * (ptrdiff_t)count;
        return collect(m, top, 2 * (uint32_t)count, top, WEIR__MAP) ? top + 1 : NULL;
    case OP_INDEX: top--; return weir__formula_index(&m->run, top - 1, top, top - 1) ? top : NULL;
    case OP_SLICE:
        top -= (i->a & 1) + (i->a >> 1 & 1);
        return slice(m, top - 1, i->a, top - 1) ? top : NULL;
    case OP_CALL:
        top -= count;
        return weir__formula_call(&m->run, i->a, top, (uint32_t)count, top) ? top + 1 : NULL;
    case OP_TEXT: *top = weir__value_list(WEIR__TEXT, i->b, i->a); return top + 1;
    case OP_ELEMENT: {
        const struct formula_eval_loop *formula_eval_loop = &m->loops[m->loop_count - 1];

        *top = weir__formula_element(&m->run, &formula_eval_loop->list, formula_eval_loop->index);
        return top + 1;
    }
    case OP_ELEMENT_INDEX:
        *top = weir__value_int(WEIR__INT, m->loops[m->loop_count - 1].index);
        return top + 1;
    case OP_ACCUMULATOR: *top = m->loops[m->loop_count - 1].result; return top + 1;
    default: break; /* OP_END */
    }
    *top = end_loop(m, i->a);
    return top + 1;
}

/* ---- the run -------------------------------------------------------------------------------- */

/* The two on top, when both are floats: what formulas do most. */
#define ON_FLOATS(operation)                                                                       \
    top--;                                                                                         \
    if (top[-1].kind == WEIR__FLOAT && top[0].kind == WEIR__FLOAT) {                               \
        top[-1].as.f = top[-1].as.f operation top[0].as.f;                                         \
    } else if (!weir__formula_arithmetic(&m->run, i->op, top - 1, top, top - 1)) {                 \
        return i;                                                                                  \
    }                                                                                              \
    break

#define COMPARE(operation)                                                                         \
    top--;                                                                                         \
    if (top[-1].kind == WEIR__FLOAT && top[0].kind == WEIR__FLOAT) {                               \
        top[-1] = weir__value_int(WEIR__BOOL, top[-1].as.f operation top[0].as.f);                 \
    } else if (!compare(m, i->op, 0, top - 1)) {                                                   \
        return i;                                                                                  \
    }                                                                                              \
    break

/* Whether a condition holds; fails on anything else than true and false. */
#define CONDITION(v)                                                                               \
    if ((v).kind != WEIR__BOOL) {                                                                  \
        weir__formula_problem(&m->run, "a condition that is neither true nor false");              \
        return i;                                                                                  \
    }

/* Runs from the first instruction to OP_RETURN. NULL with the result in stack[0], or the
 * instruction that failed. */
/* NOLINTNEXTLINE(readability-function-size): one switch, a few lines an operation */
static const struct weir__instruction *formula_eval_run(struct machine *m, const double *values, uint64_t nil)
{
    const struct weir__instruction *i = weir__formula_code(m->run.formula);
    const int64_t *constants = weir__formula_constants(m->run.formula);
    struct weir__value *top = m->stack; /* the first free place */
    int32_t back = 0;
    int again;

    for (;; i++) {
        switch (i->op) {
        case OP_FLOAT:
            *top++ = weir__value_float(weir__from_bits((uint64_t)constants[i->b]));
            break;
        case OP_INT: *top++ = weir__value_int(WEIR__INT, constants[i->b]); break;
        case OP_BOOL: *top++ = weir__value_int(WEIR__BOOL, i->b); break;
        case OP_NIL: *top++ = weir__value_int(WEIR__NIL, 0); break;
        case OP_VARIABLE:
            *top++ = (nil >> i->b & 1) != 0 ? weir__value_int(WEIR__NIL, 0)
                                            : weir__value_float(values[i->b]);
            break;
        case OP_LOCAL: *top++ = m->locals[i->b]; break;
        case OP_SET_LOCAL: m->locals[i->b] = *--top; break;
        case OP_POP: top--; break;
        case OP_ADD: ON_FLOATS(+);
        case OP_SUBTRACT: ON_FLOATS(-);
        case OP_MULTIPLY: ON_FLOATS(*);
        case OP_DIVIDE: ON_FLOATS(/);
        case OP_LESS: COMPARE(<);
        case OP_LESS_EQUAL: COMPARE(<=);
        case OP_MORE: COMPARE(>);
        case OP_MORE_EQUAL: COMPARE(>=);
        case OP_NOT:
            CONDITION(top[-1]);
            top[-1].as.i = !top[-1].as.i;
            break;
        case OP_JUMP: i += i->b; break;
        case OP_JUMP_FALSE:
            CONDITION(top[-1]);
            i += (--top)->as.i != 0 ? 0 : i->b;
            break;
        case OP_AND:
        case OP_OR:
            CONDITION(top[-1]);
            if ((top[-1].as.i != 0) == (i->op == OP_OR)) {
                i += i->b;
            } else {
                top--;
            }
            break;
        case OP_SOME:
            if (top[-1].kind != WEIR__NIL) {
                i += i->b;
            } else {
                top--;
            }
            break;
        case OP_BEGIN:
            again = begin_loop(m, i->a, --top);
            if (again < 0) {
                return i;
            }
            i += again ? 0 : i->b;
            break;
        case OP_STEP:
            again = step_loop(m, i->a, i->a == LOOP_COUNT ? i[1].b : 0, --top);
            if (again < 0) {
                return i;
            }
            if (again && ++back > WEIR__STEPS) {
                m->run.problem = "runs longer than weir lets it";
                m->run.status = WEIR_E_LIMIT;
                return i;
            }
            i += again ? i->b : i->a == LOOP_COUNT;
            break;
        case OP_START:
            m->loops[m->loop_count - 1].result = *--top;
            i += m->loops[m->loop_count - 1].list.length > 0 ? i->b : 0;
            break;
        case OP_TO_FLOAT:
            if (top[-1].kind != WEIR__FLOAT) {
                if (!weir__formula_to_float(&m->run, &top[-1], &top[-1].as.f)) {
                    return i;
                }
                top[-1].kind = WEIR__FLOAT;
            }
            break;
        case OP_RETURN: return NULL;
        default:
            top = operate(m, i, top);
            if (top == NULL) {
                return i;
            }
            break;
        }
    }
}

static weir_status weir__formula_fail(const weir_formula *f, weir_error *err, weir_status status,
                               uint32_t place, const char *message)
{
    const char *text = (const char *)f + f->wrapped_at;
    uint32_t line_begin = f->prefix;

    weir__fail(err, status, "", message);
    if (err != NULL && place >= f->prefix) {
        err->line = 1;
        for (uint32_t i = f->prefix; i < place && i < f->wrapped_length; i++) {
            if (text[i] == '\n') {
                err->line++;
                line_begin = i + 1;
            }
        }
        err->column = (int32_t)(place - line_begin) + 1;
    }
    return status;
}

weir_status weir_formula_eval(const weir_formula *formula, const double *values, uint64_t nil,
                              weir_formula_result *result, weir_error *err)
{
    struct machine m;
    const struct weir__instruction *failed;

    if (!weir__block_is(formula, WEIR_KIND_FORMULA) || result == NULL ||
        (values == NULL && formula->name_count > 0)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a formula, or there are no values");
    }
    m.run.formula = formula;
    m.run.problem = "";
    m.run.status = WEIR_OK;
    m.run.arena = m.arena;
    m.run.arena_count = 0;
    m.loop_count = 0;
    failed = formula_eval_run(&m, values, nil);
    result->reserved = 0;
    result->value = 0.0;
    result->kind = WEIR_FORMULA_OTHER;
    if (failed != NULL) {
        const uint16_t *places =
            (const uint16_t *)(const void *)((const uint8_t *)formula + formula->places_at);

        return weir__formula_fail(formula, err, m.run.status,
                                  places[failed - weir__formula_code(formula)], m.run.problem);
    }
    if (m.stack[0].kind == WEIR__FLOAT) {
        result->kind = WEIR_FORMULA_FLOAT;
        result->value = m.stack[0].as.f;
    } else if (m.stack[0].kind == WEIR__NIL) {
        result->kind = WEIR_FORMULA_NIL;
    }
    return WEIR_OK;
}
#undef ON_FLOATS
#undef COMPARE
#undef CONDITION

/* ---- lib/policy/formula_lex.c ---- */

/*
 * policy/formula_lex.c - the tokens of a formula, and how errors name them.
 *
 * Upstream: expr's parser/lexer.
 */

static int formula_lex_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Letters beyond ASCII are taken as a whole. */
static int formula_lex_is_word(char c)
{
    return formula_lex_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || ((unsigned char)c & 0x80) != 0;
}

static int formula_lex_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char peek(const struct weir__compiler *c, uint32_t ahead)
{
    if (c->at + ahead < c->length) {
        return c->text[c->at + ahead];
    }
    return '\0';
}

static int ended(const struct weir__compiler *c)
{
    return c->at >= c->length;
}

/* ---- errors --------------------------------------------------------------------------------- */

static int weir__refuse(struct weir__compiler *c, weir_status status, uint32_t place, const char *what)
{
    if (c->status == WEIR_OK) {
        c->status = weir__formula_fail(c->formula, c->err, status, place, what);
    }
    return 0;
}

static int weir__unexpected(struct weir__compiler *c, const char *what)
{
    char message[200];
    struct weir__text text;
    /* Behind the formula there is only the bracket of the wrapping. */
    int at_end = c->token.kind == TOKEN_END || c->token.to == c->length;

    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "expected ");
    weir__text_str(&text, what);
    weir__text_str(&text, at_end ? ", got the end of the formula" : ", got `");
    for (uint32_t i = c->token.from; !at_end && i < c->token.to && i < c->token.from + 40; i++) {
        weir__text_char(&text, c->text[i]);
    }
    if (!at_end) {
        weir__text_char(&text, '`');
    }
    return weir__refuse(c, WEIR_E_PARSE, c->token.from, message);
}

/* ---- tokens --------------------------------------------------------------------------------- */

static int weir__token_is(const struct weir__compiler *c, enum weir__token_kind kind, const char *text)
{
    const struct weir__token *t = &c->token;
    uint32_t i = 0;

    if (t->kind != kind) {
        return 0;
    }
    for (; i < t->to - t->from && text[i] == c->text[t->from + i] && text[i] != '\0'; i++) {
    }
    return i == t->to - t->from && text[i] == '\0';
}

static int weir__expect(struct weir__compiler *c, enum weir__token_kind kind, const char *text,
                 const char *what)
{
    return weir__token_is(c, kind, text) ? weir__lex(c) : weir__unexpected(c, what);
}

/* White space and comments. */
static int formula_lex_skip(struct weir__compiler *c)
{
    uint32_t begin;

    for (;;) {
        if (formula_lex_is_space(peek(c, 0)) && !ended(c)) {
            c->at++;
        } else if (peek(c, 0) == '/' && peek(c, 1) == '/') {
            while (!ended(c) && c->text[c->at] != '\n') {
                c->at++;
            }
        } else if (peek(c, 0) == '/' && peek(c, 1) == '*') {
            begin = c->at;
            for (c->at += 2; !ended(c) && !(peek(c, 0) == '*' && peek(c, 1) == '/');) {
                c->at++;
            }
            if (ended(c)) {
                return weir__refuse(c, WEIR_E_PARSE, begin, "a comment that is not closed");
            }
            c->at += 2;
        } else {
            return 1;
        }
    }
}

static void formula_lex_skip_digits(struct weir__compiler *c, int base)
{
    for (;; c->at++) {
        char x = peek(c, 0);
        int fits = x == '_' || (base == 16 ? formula_lex_is_digit(x) || ((x | 32) >= 'a' && (x | 32) <= 'f')
                                           : x >= '0' && x < '0' + base);

        if (!fits || ended(c)) {
            return;
        }
    }
}

static int lex_number(struct weir__compiler *c)
{
    char second = (char)(peek(c, 1) | 32);
    int base = peek(c, 0) != '0' ? 10
               : second == 'x'   ? 16
               : second == 'o'   ? 8
               : second == 'b'   ? 2
                                 : 10;

    c->at += base != 10 ? 2 : 0;
    formula_lex_skip_digits(c, base);
    if (peek(c, 0) == '.' && peek(c, 1) != '.') {
        c->at++;
        formula_lex_skip_digits(c, base);
    }
    if (peek(c, 0) == 'e' || peek(c, 0) == 'E') {
        c->at++;
        c->at += peek(c, 0) == '+' || peek(c, 0) == '-';
        formula_lex_skip_digits(c, base);
    }
    if (!ended(c) && formula_lex_is_word(peek(c, 0))) {
        return weir__refuse(c, WEIR_E_PARSE, c->token.from, "expected a number, got letters in it");
    }
    c->token.kind = TOKEN_NUMBER;
    return 1;
}

static int put_char(struct weir__compiler *c, char x)
{
    if (c->texts_length == c->texts_capacity) {
        return weir__refuse(c, WEIR_E_LIMIT, c->token.from,
                            "texts are longer than weir has room for");
    }
    c->texts[c->texts_length++] = x;
    return 1;
}

static int lex_text(struct weir__compiler *c)
{
    static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
    char quote = c->text[c->at++];

    c->token.kind = TOKEN_TEXT;
    c->token.text_at = c->texts_length;
    for (;; c->at++) {
        char x = peek(c, 0);
        size_t escape;

        if (ended(c) || (x == '\n' && quote != '`')) {
            return weir__refuse(c, WEIR_E_PARSE, c->token.from, "a text that is not closed");
        }
        if (x == quote && (quote != '`' || peek(c, 1) != '`')) {
            break;
        }
        if (x == quote) {
            c->at++;
        } else if (x == '\\' && quote != '`') {
            x = peek(c, 1);
            for (escape = 0; from[escape] != '\0' && from[escape] != x; escape++) {
            }
            if (from[escape] == '\0') {
                return weir__refuse(c, WEIR_E_UNSUPPORTED, c->at, "weir does not do this escape");
            }
            x = to[escape];
            c->at++;
        }
        if (!put_char(c, x)) {
            return 0;
        }
    }
    c->at++;
    c->token.text_size = c->texts_length - c->token.text_at;
    return 1;
}

static int is_operator_word(const struct weir__compiler *c)
{
    static const char *const words[] = {"in",       "or",         "and",      "matches",
                                        "contains", "startsWith", "endsWith", "let",
                                        "if",       "else",       "not"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (weir__token_is(c, TOKEN_NAME, words[i])) {
            return 1;
        }
    }
    return 0;
}

static int lex_word(struct weir__compiler *c)
{
    if ((peek(c, 0) | 32) == 'b' && (peek(c, 1) == '\'' || peek(c, 1) == '"')) {
        return weir__refuse(c, WEIR_E_UNSUPPORTED, c->at, "weir does not do texts of bytes");
    }
    while (!ended(c) && formula_lex_is_word(c->text[c->at])) {
        c->at++;
    }
    c->token.kind = TOKEN_NAME;
    c->token.to = c->at;
    if (is_operator_word(c)) {
        c->token.kind = TOKEN_OPERATOR;
    }
    return 1;
}

/* Operators of one or two characters, as upstream puts them together. */
static int lex_operator(struct weir__compiler *c)
{
    char x = c->text[c->at++], next = peek(c, 0);

    c->token.kind = TOKEN_OPERATOR;
    switch (x) {
    case '(':
    case ')':
    case '[':
    case ']':
    case '{':
    case '}': c->token.kind = TOKEN_BRACKET; return 1;
    case '?': c->at += next == '.' || next == '?'; return 1;
    case '|':
    case ':':
    case '.':
    case '#': c->at += next == x; return 1;
    case '&':
    case '!':
    case '=':
    case '*':
    case '<':
    case '>': c->at += next == '&' || next == '=' || next == '*'; return 1;
    case ',':
    case ';':
    case '%':
    case '+':
    case '-':
    case '^':
    case '/': return 1;
    default: return weir__refuse(c, WEIR_E_PARSE, c->at - 1, "a character that means nothing here");
    }
}

static int weir__lex(struct weir__compiler *c)
{
    int fine;
    char x;

    if (c->status != WEIR_OK || !formula_lex_skip(c)) {
        return 0;
    }
    c->token.from = c->at;
    c->token.to = c->at;
    if (ended(c)) {
        c->token.kind = TOKEN_END;
        return 1;
    }
    x = peek(c, 0);
    if (x == '\'' || x == '"' || x == '`') {
        fine = lex_text(c);
    } else if (formula_lex_is_digit(x) || (x == '.' && formula_lex_is_digit(peek(c, 1)))) {
        fine = lex_number(c);
    } else if (formula_lex_is_word(x)) {
        fine = lex_word(c);
    } else {
        fine = lex_operator(c);
    }
    c->token.to = c->at;
    return fine;
}

/* ---- lib/policy/formula_parse.c ---- */

/*
 * policy/formula_parse.c - the grammar of formulas: operators, ternaries, let and if.
 *
 * Upstream: expr's parser/parser.go, and of its optimizer what can be seen from outside: constants
 * are folded, a condition with a constant false is not asked, a count that is compared stops early.
 */

struct operator_row {
    const char *text;
    int32_t precedence, right;
    enum weir__op op;
};

static const struct operator_row operators[] = {
    {"or", 10, 0, OP_OR},
    {"||", 10, 0, OP_OR},
    {"and", 15, 0, OP_AND},
    {"&&", 15, 0, OP_AND},
    {"==", 20, 0, OP_EQUAL},
    {"!=", 20, 0, OP_UNEQUAL},
    {"<", 20, 0, OP_LESS},
    {">", 20, 0, OP_MORE},
    {">=", 20, 0, OP_MORE_EQUAL},
    {"<=", 20, 0, OP_LESS_EQUAL},
    {"in", 20, 0, OP_IN},
    {"..", 25, 0, OP_RANGE},
    {"+", 30, 0, OP_ADD},
    {"-", 30, 0, OP_SUBTRACT},
    {"*", 60, 0, OP_MULTIPLY},
    {"/", 60, 0, OP_DIVIDE},
    {"%", 60, 0, OP_MODULO},
    {"**", 100, 1, OP_POWER},
    {"^", 100, 1, OP_POWER},
    {"??", 500, 0, OP_SOME},
    {"matches", 20, 0, OP_RETURN},
    {"contains", 20, 0, OP_RETURN},
    {"startsWith", 20, 0, OP_RETURN},
    {"endsWith", 20, 0, OP_RETURN}, /* for texts only */
};

static const struct operator_row *binary_of(const struct weir__compiler *c)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (weir__token_is(c, TOKEN_OPERATOR, operators[i].text)) {
            return &operators[i];
        }
    }
    return NULL;
}

static int orders(enum weir__op op)
{
    return op == OP_LESS || op == OP_LESS_EQUAL || op == OP_MORE || op == OP_MORE_EQUAL;
}

/* ---- binary operators ----------------------------------------------------------------------- */

static int mismatch(struct weir__compiler *c, const struct operator_row *row, uint32_t place,
                    struct weir__type l, struct weir__type r)
{
    char message[200];
    struct weir__text text;

    weir__text_open(&text, message, sizeof message);
    weir__text_char(&text, '`');
    weir__text_str(&text, row->text);
    weir__text_str(&text, "` cannot take ");
    weir__text_str(&text, weir__type_words(l));
    weir__text_str(&text, " and ");
    weir__text_str(&text, weir__type_words(r));
    if (row->op == OP_MODULO) {
        weir__text_str(&text, "; it takes whole numbers: use int(...)");
    }
    return weir__refuse(c, WEIR_E_PARSE, place, message);
}

/* Puts the value of two constants in their place. 1: done; 0: not that kind, or an error. */
static int fold(struct weir__compiler *c, enum weir__op op, struct weir__operand *l,
                const struct weir__operand *r, uint32_t place)
{
    struct weir__run run = {c->formula, NULL, WEIR_OK, 0, NULL};
    struct weir__value value;
    int alike = l->value.kind == r->value.kind && l->value.kind != WEIR__FLOAT;

    if (!l->constant || !r->constant) {
        return 0;
    }
    if (op == OP_EQUAL && alike) {
        value = weir__value_int(WEIR__BOOL, weir__formula_equal(&run, &l->value, &r->value));
    } else if (op < OP_ADD || op > OP_POWER || !weir__is_number(&l->value) ||
               !weir__is_number(&r->value)) {
        return 0;
    } else if (!weir__formula_arithmetic(&run, op, &l->value, &r->value, &value)) {
        return weir__refuse(c, WEIR_E_PARSE, place, run.problem);
    }
    c->code_count = l->start;
    c->depth -= 2;
    l->value = value;
    return weir__emit_constant(c, &value, place);
}

/* A count that is compared with a constant may stop as soon as it is known. */
static void stop_early(struct weir__compiler *c, enum weir__op op, const struct weir__operand *l,
                       const struct weir__operand *r)
{
    int64_t threshold, least = op == OP_MORE || op == OP_MORE_EQUAL ? 1 : 2;

    if (l->data_at == 0 || !r->constant || r->value.kind != WEIR__INT || r->value.as.i < 0 ||
        r->value.as.i >= INT32_MAX) {
        return;
    }
    threshold = r->value.as.i + (op == OP_MORE || op == OP_LESS_EQUAL);
    if (threshold >= least) {
        c->code[l->data_at - 1].b = (int32_t)threshold;
    }
}

/* Whether upstream's code takes both sides for whole numbers without looking, as their types say:
 * max(1, a) is typed by its first argument, whatever it gives. */
static int32_t trusts_types(enum weir__op op, const struct weir__operand *l,
                            const struct weir__operand *r)
{
    return weir__type_is(l->type, TYPE_INT) &&
           (op == OP_IN ? r->digits == 2
                        : (op == OP_EQUAL || op == OP_UNEQUAL) && weir__type_is(r->type, TYPE_INT));
}

/* The operation on two operands that are compiled; the result replaces the left one. */
static int join(struct weir__compiler *c, const struct operator_row *row, struct weir__operand *l,
                const struct weir__operand *r, uint32_t place)
{
    struct weir__type type;
    int32_t strict = trusts_types(row->op, l, r);
    int between = row->op == OP_IN && r->digits == 3 && weir__type_is(l->type, TYPE_INT), folded;
    int32_t digits = row->op == OP_RANGE && l->constant && r->constant ? 3 : 0;

    if (!weir__type_binary(row->op, l->type, r->type, &type)) {
        return mismatch(c, row, place, l->type, r->type);
    }
    l->type = type;
    l->digits = digits;
    l->filtered = 0;
    folded = fold(c, row->op, l, r, place);
    if (folded || c->status != WEIR_OK) {
        return folded;
    }
    if (orders(row->op)) {
        stop_early(c, row->op, l, r);
    }
    l->constant = 0;
    l->elements = 0;
    l->data_at = 0;
    if (between) { /* as upstream: two comparisons, for what may be no whole number */
        c->code_count--;
        c->depth++;
        return weir__emit(c, OP_BETWEEN, 0, 0, -2, place);
    }
    return weir__emit(c, row->op, strict, 0, -1, place);
}

/* `x and true` is x, `true and x` too, and so for `or` and false: nobody asks whether x is true or
 * false. `jump` stands between the two. 1: done. */
static int drop_neutral(struct weir__compiler *c, struct weir__operand *l,
                        const struct weir__operand *r, uint32_t jump, int64_t decides)
{
    uint32_t first = jump + 1, count = c->code_count - first;

    if (r->constant && r->value.as.i != decides) {
        c->code_count = jump;
    } else if (l->constant && l->value.as.i != decides) {
        memmove(c->code + l->start, c->code + first, count * sizeof *c->code);
        memmove(c->places + l->start, c->places + first, count * sizeof *c->places);
        c->code_count = l->start + count;
    } else {
        return 0;
    }
    l->constant = 0;
    l->elements = 0;
    l->data_at = 0;
    return 1;
}

/* and, or, ??: the right side is reached by not jumping. */
static int parse_lazy(struct weir__compiler *c, const struct operator_row *row,
                      struct weir__operand *l, uint32_t place)
{
    uint32_t jump = c->code_count;
    struct weir__operand r;
    struct weir__type type;
    int64_t decides = row->op == OP_OR;

    if (!weir__emit(c, row->op, 0, 0, -1, place) ||
        !weir__parse_expression(c, row->precedence + 1, &r)) {
        return 0;
    }
    weir__patch(c, jump);
    l->digits = 0;
    l->filtered = 0;
    if (row->op == OP_SOME) {
        l->type = weir__type_coalesced(l->type, r.type);
    } else if (!weir__type_binary(row->op, l->type, r.type, &type)) {
        return mismatch(c, row, place, l->type, r.type);
    } else {
        l->type = type;
        if ((r.constant && r.value.as.i == decides) || (l->constant && l->value.as.i == decides)) {
            c->code_count = l->start; /* the other side is not even asked */
            c->depth--;
            l->constant = 1;
            l->value = weir__value_int(WEIR__BOOL, decides);
            return weir__emit_constant(c, &l->value, place);
        }
        if (l->constant && r.constant) { /* then it is the right one */
            c->code_count = l->start;
            c->depth--;
            l->value = r.value;
            return weir__emit_constant(c, &l->value, place);
        }
        if (drop_neutral(c, l, &r, jump, decides)) {
            return 1;
        }
    }
    l->constant = 0;
    l->elements = 0;
    l->data_at = 0;
    return 1;
}

/* Code once more: the middle of `a < b < c`. */
static int repeat(struct weir__compiler *c, uint32_t from, uint32_t to)
{
    uint32_t count = to - from;

    if (count > c->code_capacity - c->code_count) {
        return weir__refuse(c, WEIR_E_LIMIT, c->token.from, "is longer than weir has room for");
    }
    memmove(c->code + c->code_count, c->code + from, count * sizeof *c->code);
    memmove(c->places + c->code_count, c->places + from, count * sizeof *c->places);
    c->code_count += count;
    c->depth++;
    return 1;
}

/* < > <= >=, which chain: `a < b < c` is `a < b and b < c`. */
static int parse_order(struct weir__compiler *c, const struct operator_row *row,
                       struct weir__operand *l, uint32_t place)
{
    uint32_t jump = 0, middle, middle_end;
    struct weir__operand left = *l, right, next;

    for (int chained = 0;; chained = 1) {
        middle = c->code_count;
        if (!weir__parse_expression(c, row->precedence + 1, &right)) {
            return 0;
        }
        middle_end = c->code_count;
        next = right;
        if (!join(c, row, &left, &right, place)) {
            return 0;
        }
        if (chained) {
            weir__patch(c, jump);
        }
        row = binary_of(c);
        if (row == NULL || !orders(row->op)) {
            break;
        }
        place = c->token.from;
        jump = c->code_count;
        left = next;
        left.start = jump + 1;
        if (!weir__emit(c, OP_AND, 0, 0, -1, place) || !repeat(c, middle, middle_end) ||
            !weir__lex(c)) {
            return 0;
        }
    }
    l->type = weir__type(TYPE_BOOL, 0);
    l->constant = 0;
    l->elements = 0;
    l->data_at = 0;
    return 1;
}

/* One operator and what is right of it. */
static int parse_right(struct weir__compiler *c, const struct operator_row *row,
                       struct weir__operand *l, uint32_t place)
{
    struct weir__operand r;

    if (l->environment) {
        return weir__refuse(c, WEIR_E_UNSUPPORTED, place, "$env can only be indexed by a name");
    }
    if (row->op == OP_RETURN) {
        return weir__refuse(c, WEIR_E_UNSUPPORTED, place,
                            "weir does not do operators on texts, which triggers do not give");
    }
    if (row->op == OP_AND || row->op == OP_OR || row->op == OP_SOME) {
        return parse_lazy(c, row, l, place);
    }
    if (orders(row->op)) {
        return parse_order(c, row, l, place);
    }
    return weir__parse_expression(c, row->right ? row->precedence : row->precedence + 1, &r) &&
           join(c, row, l, &r, place);
}

static int parse_pipe(struct weir__compiler *c, struct weir__operand *l)
{
    struct weir__token name;
    struct weir__operand first = *l;

    if (!weir__lex(c)) {
        return 0;
    }
    name = c->token;
    if (name.kind != TOKEN_NAME) {
        return weir__unexpected(c, "a function behind `|`");
    }
    return weir__lex(c) && weir__parse_call(c, &name, &first, l);
}

/* `not in`: 1 when it is there; the `in` is then the current token. */
static int take_not_in(struct weir__compiler *c)
{
    struct weir__token token = c->token;
    uint32_t at = c->at;

    if (!weir__at_operator(c, "not")) {
        return 0;
    }
    if (weir__lex(c) && weir__at_operator(c, "in")) {
        return 1;
    }
    c->token = token;
    c->at = at;
    return 0;
}

static int parse_operators(struct weir__compiler *c, int32_t precedence, struct weir__operand *out)
{
    int coalesced = 0;

    for (;;) {
        uint32_t place = c->token.from;
        struct weir__token before = c->token;
        uint32_t at = c->at;
        int negated = take_not_in(c);
        const struct operator_row *row = binary_of(c);

        if (weir__at_operator(c, "|") && precedence == 0) {
            if (!parse_pipe(c, out)) {
                return 0;
            }
            coalesced = 0;
            continue;
        }
        if (!negated && weir__at_operator(c, "not")) {
            return weir__unexpected(c, "an operator");
        }
        if (row == NULL || row->precedence < precedence) {
            if (negated) {
                c->token = before;
                c->at = at;
            }
            return c->status == WEIR_OK;
        }
        if (coalesced && row->op != OP_SOME) {
            return weir__refuse(
                c, WEIR_E_PARSE, c->token.from,
                "`??` cannot be mixed with another operator: put it in parentheses");
        }
        coalesced = row->op == OP_SOME;
        if (!weir__lex(c) || !parse_right(c, row, out, place) ||
            (negated && !weir__emit(c, OP_NOT, 0, 0, 0, place))) {
            return 0;
        }
    }
}

/* ---- ternary, if, let ----------------------------------------------------------------------- */

static int formula_parse_condition(struct weir__compiler *c, const struct weir__operand *o, uint32_t place)
{
    char message[120];
    struct weir__text text;

    if (weir__type_is(o->type, TYPE_BOOL) || weir__type_unknown(o->type)) {
        return 1;
    }
    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "expected a condition that is true or false, got ");
    weir__text_str(&text, weir__type_words(o->type));
    return weir__refuse(c, WEIR_E_PARSE, place, message);
}

/* The two branches behind a condition that is compiled. `braces`: of an if. */
static int parse_branches(struct weir__compiler *c, struct weir__operand *out, int braces,
                          uint32_t place);

static int parse_if(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t place, start = c->code_count;

    if (!weir__lex(c)) {
        return 0;
    }
    place = c->token.from;
    if (!weir__parse_expression(c, 0, out) || !formula_parse_condition(c, out, place) ||
        !weir__expect(c, TOKEN_BRACKET, "{", "`{` behind the condition") ||
        !parse_branches(c, out, 1, place)) {
        return 0;
    }
    out->start = start;
    return 1;
}

static int parse_else(struct weir__compiler *c, struct weir__operand *out)
{
    if (!weir__expect(c, TOKEN_BRACKET, "}", "`}`") ||
        !weir__expect(c, TOKEN_OPERATOR, "else", "`else`: an if needs one")) {
        return 0;
    }
    if (weir__at_operator(c, "if")) {
        if (++c->nesting > 64) {
            return weir__refuse(c, WEIR_E_LIMIT, c->token.from, "is nested deeper than weir does");
        }
        return parse_if(c, out);
    }
    return weir__expect(c, TOKEN_BRACKET, "{", "`{` behind `else`") &&
           weir__parse_sequence(c, out) && weir__expect(c, TOKEN_BRACKET, "}", "`}`");
}

static int parse_branches(struct weir__compiler *c, struct weir__operand *out, int braces,
                          uint32_t place)
{
    uint32_t to_else = c->code_count, to_end;
    struct weir__operand yes, no;

    memset(&yes, 0, sizeof yes);
    memset(&no, 0, sizeof no);
    if (!weir__emit(c, OP_JUMP_FALSE, 0, 0, -1, place) ||
        !(braces ? weir__parse_sequence(c, &yes) : weir__parse_expression(c, 0, &yes))) {
        return 0;
    }
    to_end = c->code_count;
    if (!weir__emit(c, OP_JUMP, 0, 0, -1, place)) {
        return 0;
    }
    weir__patch(c, to_else);
    if (!(braces ? parse_else(c, &no)
                 : weir__expect(c, TOKEN_OPERATOR, ":", "`:` and the other value") &&
                       weir__parse_expression(c, 0, &no))) {
        return 0;
    }
    weir__patch(c, to_end);
    memset(out, 0, sizeof *out);
    out->type = weir__type_either(yes.type, no.type);
    return 1;
}

static int parse_ternary(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t start = out->start;

    while (weir__at_operator(c, "?")) {
        uint32_t place = c->token.from;

        if (!formula_parse_condition(c, out, place) || !weir__lex(c)) {
            return 0;
        }
        if (weir__at_operator(c, ":")) {
            return weir__refuse(c, WEIR_E_UNSUPPORTED, place, "weir does not do `?:`");
        }
        if (!parse_branches(c, out, 0, place)) {
            return 0;
        }
        out->start = start;
    }
    return 1;
}

static int is_taken(const struct weir__compiler *c, const struct weir__token *name)
{
    const char *text = c->text + name->from;
    uint32_t length = name->to - name->from;

    for (uint32_t i = 0; i < c->name_count; i++) {
        if (weir__length(c->names[i]) == length && weir__same_bytes(c->names[i], text, length)) {
            return 1;
        }
    }
    for (uint32_t i = 0; i < c->local_count; i++) {
        if (c->locals[i].length == length &&
            weir__same_bytes(c->text + c->locals[i].from, text, length)) {
            return 1;
        }
    }
    return weir__builtin_of(text, length) != NULL;
}

static int parse_let(struct weir__compiler *c, struct weir__operand *out)
{
    struct weir__token name;
    struct weir__local *local;
    uint32_t start = c->code_count;

    if (!weir__lex(c)) {
        return 0;
    }
    name = c->token;
    if (name.kind != TOKEN_NAME) {
        return weir__unexpected(c, "a name behind `let`");
    }
    if (!weir__lex(c) || !weir__expect(c, TOKEN_OPERATOR, "=", "`=`") ||
        !weir__parse_expression(c, 0, out)) {
        return 0;
    }
    if (is_taken(c, &name)) {
        return weir__refuse(c, WEIR_E_PARSE, name.from, "the name is taken already");
    }
    if (c->local_used == WEIR__LOCALS) {
        return weir__refuse(c, WEIR_E_LIMIT, name.from,
                            "has more variables than weir has room for");
    }
    local = &c->locals[c->local_count++];
    local->from = name.from;
    local->length = name.to - name.from;
    local->type = out->type;
    if (!weir__emit(c, OP_SET_LOCAL, 0, (int32_t)c->local_used++, -1, name.from) ||
        !weir__expect(c, TOKEN_OPERATOR, ";", "`;` behind the value of a let") ||
        !weir__parse_sequence(c, out)) {
        return 0;
    }
    c->local_count--;
    c->local_used--;
    out->start = start;
    out->constant = 0;
    out->elements = 0;
    out->data_at = 0;
    return 1;
}

/* ---- expressions ---------------------------------------------------------------------------- */

static int weir__parse_expression(struct weir__compiler *c, int32_t precedence, struct weir__operand *out)
{
    int fine;

    memset(out, 0, sizeof *out);
    if (c->status != WEIR_OK) {
        return 0;
    }
    if (++c->nesting > 64) {
        return weir__refuse(c, WEIR_E_LIMIT, c->token.from, "is nested deeper than weir does");
    }
    if (precedence == 0 && weir__at_operator(c, "let")) {
        fine = parse_let(c, out);
    } else if (precedence == 0 && weir__at_operator(c, "if")) {
        fine = parse_if(c, out);
    } else {
        fine = weir__parse_primary(c, out) && parse_operators(c, precedence, out) &&
               (precedence > 0 || parse_ternary(c, out));
    }
    c->nesting--;
    return fine;
}

static int weir__parse_sequence(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t start = c->code_count;

    if (!weir__parse_expression(c, 0, out)) {
        return 0;
    }
    while (weir__at_operator(c, ";")) {
        if (!weir__lex(c)) {
            return 0;
        }
        if (c->token.kind == TOKEN_END) {
            break;
        }
        if (!weir__emit(c, OP_POP, 0, 0, -1, c->token.from) || !weir__parse_expression(c, 0, out)) {
            return 0;
        }
        out->start = start;
        out->constant = 0;
    }
    return 1;
}

/* ---- lib/policy/formula_postfix.c ---- */

/*
 * policy/formula_postfix.c - the grammar of formulas: what may stand behind an operand, fields,
 * indexes and slices.
 *
 * Upstream: expr's parser/parser.go.
 */

static int parse_member(struct weir__compiler *c, struct weir__operand *out)
{
    int optional = weir__at_operator(c, "?.");
    struct weir__value key;

    if (!weir__lex(c)) {
        return 0;
    }
    if (c->token.kind != TOKEN_NAME) {
        return weir__unexpected(c, "a name");
    }
    if (out->environment && !optional) {
        return weir__parse_variable(c, c->text + c->token.from, c->token.to - c->token.from,
                                    c->token.from, out) &&
               weir__lex(c);
    }
    if (optional) {
        return weir__refuse(c, WEIR_E_UNSUPPORTED, c->token.from,
                            "weir does not do `?.`: only maps have fields, and triggers give none");
    }
    if (!weir__type_unknown(out->type) && !weir__type_is(out->type, TYPE_MAP)) {
        char message[120];
        struct weir__text text;

        weir__text_open(&text, message, sizeof message);
        weir__text_str(&text, weir__type_words(out->type));
        weir__text_str(&text, " has no fields");
        return weir__refuse(c, WEIR_E_PARSE, c->token.from, message);
    }
    if (c->token.to - c->token.from > c->texts_capacity - c->texts_length) {
        return weir__refuse(c, WEIR_E_LIMIT, c->token.from,
                            "texts are longer than weir has room for");
    }
    key = weir__value_list(WEIR__TEXT, c->texts_length, c->token.to - c->token.from);
    memcpy(c->texts + c->texts_length, c->text + c->token.from, key.length);
    c->texts_length += key.length;
    weir__operand_of(out, weir__type(TYPE_ANY, 0), out->start);
    return weir__emit_constant(c, &key, c->token.from) &&
           weir__emit(c, OP_INDEX, 0, 0, -1, c->token.from) && weir__lex(c);
}

static int whole_or_unknown(struct weir__compiler *c, struct weir__type type, uint32_t place)
{
    if (weir__type_unknown(type) || weir__type_is(type, TYPE_INT)) {
        return 1;
    }
    return weir__refuse(c, WEIR_E_PARSE, place,
                        "expected a whole number to pick an element: use int(...)");
}

/* Behind the first bound; parts: 1 when there was one. */
static int parse_slice_end(struct weir__compiler *c, struct weir__operand *out, int32_t parts,
                           uint32_t place)
{
    struct weir__operand end;

    if (out->type.depth == 0 && !weir__type_unknown(out->type)) {
        return weir__refuse(c, WEIR_E_PARSE, place, "only an array can be sliced");
    }
    if (!weir__lex(c)) {
        return 0;
    }
    if (!weir__at_bracket(c, "]")) {
        if (!weir__parse_expression(c, 0, &end) || !whole_or_unknown(c, end.type, place)) {
            return 0;
        }
        parts |= 2;
    }
    weir__operand_of(out, out->type, out->start);
    return weir__emit(c, OP_SLICE, parts, 0, -(parts & 1) - (parts >> 1), place) &&
           weir__expect(c, TOKEN_BRACKET, "]", "`]`");
}

static int parse_index(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t place = c->token.from;
    struct weir__operand index;
    struct weir__type base = out->type;

    if (!weir__lex(c)) {
        return 0;
    }
    if (out->environment) {
        struct weir__token name = c->token;

        if (name.kind != TOKEN_TEXT) {
            return weir__refuse(c, WEIR_E_UNSUPPORTED, place, "$env can only be indexed by a name");
        }
        return weir__parse_variable(c, c->texts + name.text_at, name.text_size, name.from, out) &&
               weir__lex(c) && weir__expect(c, TOKEN_BRACKET, "]", "`]`");
    }
    if (weir__at_operator(c, ":")) {
        return parse_slice_end(c, out, 0, place);
    }
    if (!weir__parse_expression(c, 0, &index)) {
        return 0;
    }
    if (weir__at_operator(c, ":")) {
        return whole_or_unknown(c, index.type, place) && parse_slice_end(c, out, 1, place);
    }
    if (weir__type_is(base, TYPE_MAP)) {
        if (!weir__type_unknown(index.type) && !weir__type_is(index.type, TYPE_TEXT)) {
            return weir__refuse(c, WEIR_E_PARSE, place, "expected a text to pick from a map");
        }
        base = weir__type(TYPE_ANY, 0);
    } else if (base.depth > 0) {
        if (!whole_or_unknown(c, index.type, place)) {
            return 0;
        }
        base.depth--;
    } else if (!weir__type_unknown(base)) {
        return weir__refuse(c, WEIR_E_PARSE, place, "only an array or a map can be indexed");
    }
    if (out->filtered && index.constant && index.value.kind == WEIR__INT &&
        index.value.as.i == -1 && !weir__check_search(c, c->depth - 2, place)) {
        return 0;
    }
    weir__operand_of(out, base.depth == 0 && base.kind == TYPE_ANY ? weir__type(TYPE_ANY, 0) : base,
                     out->start);
    return weir__emit(c, OP_INDEX, 0, 0, -1, place) && weir__expect(c, TOKEN_BRACKET, "]", "`]`");
}

static int weir__parse_postfix(struct weir__compiler *c, struct weir__operand *out)
{
    for (;;) {
        if (weir__at_operator(c, ".") || weir__at_operator(c, "?.")) {
            if (!parse_member(c, out)) {
                return 0;
            }
        } else if (weir__at_bracket(c, "[")) {
            if (!parse_index(c, out)) {
                return 0;
            }
        } else {
            break;
        }
    }
    if (out->environment) {
        return weir__refuse(c, WEIR_E_UNSUPPORTED, c->token.from,
                            "$env can only be indexed by a name");
    }
    return 1;
}

/* ---- lib/policy/formula_primary.c ---- */

/*
 * policy/formula_primary.c - the grammar of formulas: numbers, names, arrays, maps, and what has a
 * sign or `not` before it.
 *
 * Upstream: expr's parser/parser.go.
 */

static int formula_primary_constant(struct weir__compiler *c, struct weir__value value, int type, uint32_t place,
                    struct weir__operand *out)
{
    weir__operand_of(out, weir__type(type, 0), c->code_count);
    out->constant = 1;
    out->value = value;
    return weir__emit_constant(c, &value, place);
}

/* ---- literals ------------------------------------------------------------------------------- */

static int parse_number(struct weir__compiler *c, struct weir__operand *out)
{
    char digits[400];
    struct weir__token token = c->token;
    uint32_t count = 0;
    int32_t base = 10;
    int is_real = 0;
    double real;
    int64_t whole;
    weir_status status;

    for (uint32_t i = token.from; i < token.to && count < sizeof digits; i++) {
        if (c->text[i] != '_') {
            digits[count++] = c->text[i];
        }
    }
    if (count == sizeof digits) {
        return weir__refuse(c, WEIR_E_LIMIT, token.from,
                            "a number with more digits than weir reads");
    }
    if (count > 1 && digits[0] == '0') {
        char letter = (char)(digits[1] | 32);

        base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    }
    for (uint32_t i = 0; i < count && base != 16; i++) {
        is_real |= digits[i] == '.' || (digits[i] | 32) == 'e';
    }
    status = is_real ? weir__parse_real(digits, count, &real)
                     : weir__parse_whole(digits + (base != 10 ? 2 : 0),
                                         count - (base != 10 ? 2 : 0), base, &whole);
    if (status != WEIR_OK) {
        return weir__refuse(c, WEIR_E_PARSE, token.from,
                            status == WEIR_E_LIMIT
                                ? "a number that is too large"
                                : "expected a number, got something close to one");
    }
    if (is_real) {
        return formula_primary_constant(c, weir__value_float(real), TYPE_FLOAT, token.from, out) && weir__lex(c);
    }
    if (!formula_primary_constant(c, weir__value_int(WEIR__INT, whole), TYPE_INT, token.from, out)) {
        return 0;
    }
    out->digits = 1;
    return weir__lex(c);
}

static int parse_array(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t place = c->token.from, start = c->code_count, count = 0;
    struct weir__type type = weir__type(TYPE_UNKNOWN, 0);
    int alike = 1, constants = 1, digits = 1;

    if (!weir__lex(c)) {
        return 0;
    }
    for (; !weir__at_bracket(c, "]"); count++) {
        struct weir__operand element;

        if (count > 0 && !weir__expect(c, TOKEN_OPERATOR, ",", "`,` or `]`")) {
            return 0;
        }
        if (count > 0 && weir__at_bracket(c, "]")) {
            break;
        }
        if (!weir__parse_expression(c, 0, &element)) {
            return 0;
        }
        if (count > 0 && ((element.type.depth > 0) != (type.depth > 0) ||
                          (type.depth == 0 && element.type.kind != type.kind))) {
            alike = 0;
        }
        type = element.type;
        constants &= element.constant;
        digits &= element.digits == 1;
    }
    if (!weir__emit(c, OP_ARRAY, 0, (int32_t)count, 1 - (int32_t)count, place) || !weir__lex(c)) {
        return 0;
    }
    if (type.depth == 255) {
        return weir__refuse(c, WEIR_E_LIMIT, place, "is nested deeper than weir does");
    }
    weir__operand_of(out,
                     alike && count > 0 ? weir__type(type.kind, type.depth + 1)
                                        : weir__type(count > 0 ? TYPE_ANY : TYPE_UNKNOWN, 1),
                     start);
    out->elements = constants ? 0 : count;
    out->digits = digits && count > 0 ? 2 : 0;
    return 1;
}

/* The key of a map: a name, a number or a text stand for themselves. */
static int parse_key(struct weir__compiler *c)
{
    struct weir__value key;
    struct weir__operand out;

    if (weir__at_bracket(c, "(")) {
        return weir__parse_expression(c, 0, &out);
    }
    if (c->token.kind == TOKEN_TEXT) {
        key = weir__value_list(WEIR__TEXT, c->token.text_at, c->token.text_size);
    } else if (c->token.kind == TOKEN_NAME || c->token.kind == TOKEN_NUMBER) {
        uint32_t length = c->token.to - c->token.from;

        if (length > c->texts_capacity - c->texts_length) {
            return weir__refuse(c, WEIR_E_LIMIT, c->token.from,
                                "texts are longer than weir has room for");
        }
        memcpy(c->texts + c->texts_length, c->text + c->token.from, length);
        key = weir__value_list(WEIR__TEXT, c->texts_length, length);
        c->texts_length += length;
    } else {
        return weir__unexpected(c, "a key of a map");
    }
    return weir__emit_constant(c, &key, c->token.from) && weir__lex(c);
}

static int parse_map(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t place = c->token.from, start = c->code_count, count = 0;
    struct weir__operand value;

    if (!weir__lex(c)) {
        return 0;
    }
    for (; !weir__at_bracket(c, "}"); count++) {
        if (count > 0 && !weir__expect(c, TOKEN_OPERATOR, ",", "`,` or `}`")) {
            return 0;
        }
        if (count > 0 && weir__at_bracket(c, "}")) {
            break;
        }
        if (!parse_key(c) || !weir__expect(c, TOKEN_OPERATOR, ":", "`:` behind a key") ||
            !weir__parse_expression(c, 0, &value)) {
            return 0;
        }
    }
    weir__operand_of(out, weir__type(TYPE_MAP, 0), start);
    return weir__emit(c, OP_MAP, 0, (int32_t)count, 1 - 2 * (int32_t)count, place) && weir__lex(c);
}

/* ---- names ---------------------------------------------------------------------------------- */

static int weir__parse_variable(struct weir__compiler *c, const char *name, uint32_t length,
                         uint32_t place, struct weir__operand *out)
{
    char message[160];
    struct weir__text text;

    weir__operand_of(out, weir__type(TYPE_FLOAT, 0), c->code_count);
    for (uint32_t i = 0; i < c->name_count; i++) {
        if (length > 0 && weir__length(c->names[i]) == length &&
            weir__same_bytes(c->names[i], name, length)) {
            return weir__emit(c, OP_VARIABLE, 0, (int32_t)i, 1, place);
        }
    }
    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "expected the name of a trigger, got `");
    for (uint32_t i = 0; i < length && i < 60; i++) {
        weir__text_char(&text, name[i]);
    }
    weir__text_char(&text, '`');
    return weir__refuse(c, WEIR_E_PARSE, place, message);
}

static int parse_name(struct weir__compiler *c, struct weir__operand *out)
{
    struct weir__token name = c->token;
    const char *text = c->text + name.from;
    uint32_t length = name.to - name.from;

    if (weir__token_is(c, TOKEN_NAME, "true") || weir__token_is(c, TOKEN_NAME, "false")) {
        struct weir__value value = weir__value_int(WEIR__BOOL, length == 4);

        return weir__lex(c) && formula_primary_constant(c, value, TYPE_BOOL, name.from, out);
    }
    if (weir__token_is(c, TOKEN_NAME, "nil")) {
        weir__operand_of(out, weir__type(TYPE_NIL, 0), c->code_count);
        return weir__lex(c) && weir__emit(c, OP_NIL, 0, 0, 1, name.from);
    }
    if (!weir__lex(c)) {
        return 0;
    }
    if (weir__at_bracket(c, "(")) {
        return weir__parse_call(c, &name, NULL, out);
    }
    for (uint32_t i = c->local_count; i-- > 0;) {
        if (c->locals[i].length == length &&
            weir__same_bytes(c->text + c->locals[i].from, text, length)) {
            weir__operand_of(out, c->locals[i].type, c->code_count);
            return weir__emit(c, OP_LOCAL, 0, (int32_t)i, 1, name.from);
        }
    }
    if (length == 4 && weir__same_bytes(text, "$env", 4)) {
        weir__operand_of(out, weir__type(TYPE_UNKNOWN, 0), c->code_count);
        out->environment = 1;
        return 1;
    }
    return weir__parse_variable(c, text, length, name.from, out);
}

/* #, #acc, #index */
static int parse_pointer(struct weir__compiler *c, struct weir__operand *out)
{
    const struct weir__predicate *p = &c->predicates[c->predicate_count - 1];
    uint32_t place = c->token.from;

    weir__operand_of(out, weir__type(TYPE_UNKNOWN, 0), c->code_count);
    if (!weir__lex(c)) {
        return 0;
    }
    if (c->token.kind != TOKEN_NAME || c->token.from != place + 1) {
        if (p->list.depth > 0) {
            out->type = weir__type(p->list.kind, p->list.depth - 1);
        }
        return weir__emit(c, OP_ELEMENT, 0, 0, 1, place);
    }
    if (weir__token_is(c, TOKEN_NAME, "index") && (p->loop == LOOP_MAP || p->loop == LOOP_REDUCE)) {
        out->type = weir__type(TYPE_INT, 0);
        return weir__emit(c, OP_ELEMENT_INDEX, 0, 0, 1, place) && weir__lex(c);
    }
    if (weir__token_is(c, TOKEN_NAME, "acc") && p->loop == LOOP_REDUCE) {
        return weir__emit(c, OP_ACCUMULATOR, 0, 0, 1, place) && weir__lex(c);
    }
    return weir__unexpected(c, "`#`, in map and reduce `#index`, in reduce `#acc`");
}

/* ---- operands ------------------------------------------------------------------------------- */

static int parse_unary(struct weir__compiler *c, struct weir__operand *out)
{
    uint32_t place = c->token.from;
    int minus = weir__at_operator(c, "-"), plus = weir__at_operator(c, "+");

    if (!weir__lex(c) || !weir__parse_expression(c, minus || plus ? 90 : 50, out)) {
        return 0;
    }
    if (minus || plus ? !weir__type_number(out->type) && !weir__type_unknown(out->type)
                      : !weir__type_is(out->type, TYPE_BOOL) && !weir__type_unknown(out->type)) {
        return weir__refuse(c, WEIR_E_PARSE, place,
                            minus || plus ? "expected a number behind the sign"
                                          : "expected true or false behind `not`: it binds tighter "
                                            "than comparisons, so use not (...)");
    }
    out->digits = 0;
    if (out->constant) {
        c->code_count = out->start;
        c->depth--;
        if (out->value.kind == WEIR__FLOAT) {
            out->value.as.f = minus ? -out->value.as.f : out->value.as.f;
        } else if (out->value.kind == WEIR__INT) {
            out->value.as.i = minus ? (int64_t)(0 - (uint64_t)out->value.as.i) : out->value.as.i;
        } else {
            out->value.as.i = !out->value.as.i;
        }
        return weir__emit_constant(c, &out->value, place);
    }
    if (!minus && !plus) {
        out->type = weir__type(TYPE_BOOL, 0);
    }
    out->elements = 0;
    out->data_at = 0;
    return plus || weir__emit(c, minus ? OP_NEGATE : OP_NOT, 0, 0, 0, place);
}

static int weir__parse_primary(struct weir__compiler *c, struct weir__operand *out)
{
    if (weir__at_operator(c, "-") || weir__at_operator(c, "+") || weir__at_operator(c, "!") ||
        weir__at_operator(c, "not")) {
        return parse_unary(c, out) && weir__parse_postfix(c, out);
    }
    if (weir__at_bracket(c, "(")) {
        return weir__lex(c) && weir__parse_sequence(c, out) &&
               weir__expect(c, TOKEN_BRACKET, ")", "`)`") && weir__parse_postfix(c, out);
    }
    if (c->predicate_count > 0 && weir__at_operator(c, "#")) {
        return parse_pointer(c, out) && weir__parse_postfix(c, out);
    }
    switch (c->token.kind) {
    case TOKEN_NUMBER: return parse_number(c, out);
    case TOKEN_NAME: {
        int word = weir__token_is(c, TOKEN_NAME, "true") ||
                   weir__token_is(c, TOKEN_NAME, "false") || weir__token_is(c, TOKEN_NAME, "nil");

        return parse_name(c, out) && (word || weir__parse_postfix(c, out));
    }
    case TOKEN_TEXT: {
        struct weir__value value =
            weir__value_list(WEIR__TEXT, c->token.text_at, c->token.text_size);

        return formula_primary_constant(c, value, TYPE_TEXT, c->token.from, out) && weir__lex(c) &&
               weir__parse_postfix(c, out);
    }
    default: break;
    }
    if (weir__at_bracket(c, "[")) {
        return parse_array(c, out) && weir__parse_postfix(c, out);
    }
    if (weir__at_bracket(c, "{")) {
        return parse_map(c, out) && weir__parse_postfix(c, out);
    }
    return weir__unexpected(
        c, weir__at_operator(c, "#") ? "a value (# stands inside a predicate only)" : "a value");
}

/* ---- lib/policy/formula_types.c ---- */

/*
 * policy/formula_types.c - static types of formulas, and the builtin functions by name.
 *
 * Upstream: expr's checker, checker/nature, and the Validate functions of its builtins. An array
 * that goes through a function loses what is known of its elements, as it does there.
 */

static const char *weir__type_words(struct weir__type t)
{
    static const char *const words[] = {"anything",       "anything", "nil",    "true or false",
                                        "a whole number", "a number", "a text", "a map"};

    return t.depth > 0 ? "an array" : words[t.kind];
}

static int weir__type_assignable(struct weir__type from, struct weir__type to)
{
    if (weir__type_is(from, TYPE_NIL)) {
        return to.depth > 0 || to.kind == TYPE_ANY || to.kind == TYPE_MAP;
    }
    if (weir__type_is(from, TYPE_UNKNOWN) || weir__type_is(to, TYPE_UNKNOWN) ||
        weir__type_is(to, TYPE_NIL)) {
        return 0;
    }
    if (weir__type_is(to, TYPE_ANY)) {
        return 1;
    }
    return from.depth > 0 ? to.depth > 0 : to.depth == 0 && from.kind == to.kind;
}

static int either_is(struct weir__type l, struct weir__type r, int (*check)(struct weir__type))
{
    return (weir__type_unknown(l) && weir__type_unknown(r)) ||
           (weir__type_unknown(l) && check(r)) || (weir__type_unknown(r) && check(l));
}

static int is_bool(struct weir__type t)
{
    return weir__type_is(t, TYPE_BOOL);
}

static int is_int(struct weir__type t)
{
    return weir__type_is(t, TYPE_INT);
}

static int is_number(struct weir__type t)
{
    return weir__type_number(t);
}

static int is_number_or_text(struct weir__type t)
{
    return weir__type_number(t) || weir__type_is(t, TYPE_TEXT);
}

static int comparable(struct weir__type l, struct weir__type r)
{
    return weir__type_unknown(l) || weir__type_unknown(r) || weir__type_is(l, TYPE_NIL) ||
           weir__type_is(r, TYPE_NIL) || (weir__type_number(l) && weir__type_number(r)) ||
           (l.depth > 0 && r.depth > 0) || weir__type_assignable(l, r);
}

static int in_fits(struct weir__type l, struct weir__type r)
{
    if (r.depth > 0) {
        struct weir__type element = {r.kind, (uint8_t)(r.depth - 1)};

        return comparable(l, element);
    }
    if (r.kind == TYPE_MAP) {
        return weir__type_unknown(l) || weir__type_is(l, TYPE_TEXT);
    }
    return weir__type_unknown(r) || (weir__type_unknown(l) && r.kind == TYPE_TEXT);
}

static int weir__type_binary(enum weir__op op, struct weir__type l, struct weir__type r,
                      struct weir__type *out)
{
    int numbers = weir__type_number(l) && weir__type_number(r);

    *out = weir__type(TYPE_BOOL, 0);
    switch (op) {
    case OP_EQUAL:
    case OP_UNEQUAL: return comparable(l, r);
    case OP_AND:
    case OP_OR: return (is_bool(l) && is_bool(r)) || either_is(l, r, is_bool);
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_MORE:
    case OP_MORE_EQUAL:
        return numbers || (weir__type_is(l, TYPE_TEXT) && weir__type_is(r, TYPE_TEXT)) ||
               either_is(l, r, is_number_or_text);
    case OP_IN: return in_fits(l, r);
    case OP_DIVIDE:
    case OP_POWER: *out = weir__type(TYPE_FLOAT, 0); return numbers || either_is(l, r, is_number);
    case OP_MODULO:
        *out = weir__type(TYPE_INT, 0);
        return (is_int(l) && is_int(r)) || either_is(l, r, is_int);
    case OP_RANGE:
        *out = weir__type(TYPE_INT, 1);
        return (is_int(l) && is_int(r)) || either_is(l, r, is_int);
    default: break; /* + - * */
    }
    if (numbers) {
        *out = is_int(l) && is_int(r) ? l : weir__type(TYPE_FLOAT, 0);
        return 1;
    }
    *out = weir__type(TYPE_UNKNOWN, 0);
    return either_is(l, r, op == OP_ADD ? is_number_or_text : is_number);
}

static struct weir__type weir__type_either(struct weir__type a, struct weir__type b)
{
    if (weir__type_is(a, TYPE_NIL)) {
        return b;
    }
    if (weir__type_is(b, TYPE_NIL)) {
        return a;
    }
    if (!weir__type_assignable(a, b)) {
        return weir__type(TYPE_UNKNOWN, 0);
    }
    if (a.depth > 0 && b.depth > 0 && (a.kind != b.kind || a.depth != b.depth)) {
        return weir__type(TYPE_ANY, 1);
    }
    return a;
}

static struct weir__type weir__type_coalesced(struct weir__type l, struct weir__type r)
{
    if (weir__type_is(l, TYPE_NIL)) {
        return r;
    }
    if (weir__type_is(r, TYPE_NIL) || weir__type_assignable(r, l)) {
        return l;
    }
    return weir__type(TYPE_UNKNOWN, 0);
}

/* ---- builtin functions ---------------------------------------------------------------------- */

static const struct weir__builtin builtins[] = {
    {"all", 1, LOOP_ALL, 2, 2},
    {"none", 1, LOOP_NONE, 2, 2},
    {"any", 1, LOOP_ANY, 2, 2},
    {"one", 1, LOOP_ONE, 2, 2},
    {"filter", 1, LOOP_FILTER, 2, 2},
    {"map", 1, LOOP_MAP, 2, 2},
    {"count", 1, LOOP_COUNT, 1, 2},
    {"sum", 1, LOOP_SUM, 1, 2},
    {"find", 1, LOOP_FIND, 2, 2},
    {"findIndex", 1, LOOP_FIND_INDEX, 2, 2},
    {"findLast", 1, LOOP_FIND_LAST, 2, 2},
    {"findLastIndex", 1, LOOP_FIND_LAST_INDEX, 2, 2},
    {"reduce", 1, LOOP_REDUCE, 2, 3},
    {"len", 0, FN_LEN, 1, 1},
    {"abs", 0, FN_ABS, 1, 1},
    {"ceil", 0, FN_CEIL, 1, 1},
    {"floor", 0, FN_FLOOR, 1, 1},
    {"round", 0, FN_ROUND, 1, 1},
    {"int", 0, FN_INT, 1, 1},
    {"float", 0, FN_FLOAT, 1, 1},
    {"trim", 0, FN_TRIM, 1, 1},
    {"toJSON", 0, FN_TO_JSON, 1, 1},
    {"max", 0, FN_MAX, 1, WEIR__STACK},
    {"min", 0, FN_MIN, 1, WEIR__STACK},
    {"mean", 0, FN_MEAN, 1, WEIR__STACK},
    {"median", 0, FN_MEDIAN, 1, WEIR__STACK},
    {"first", 0, FN_FIRST, 1, 1},
    {"last", 0, FN_LAST, 1, 1},
    {"get", 0, FN_GET, 2, 2},
    {"take", 0, FN_TAKE, 2, 2},
    {"reverse", 0, FN_REVERSE, 1, 1},
    {"uniq", 0, FN_UNIQ, 1, 1},
    {"concat", 0, FN_CONCAT, 1, WEIR__STACK},
    {"flatten", 0, FN_FLATTEN, 1, 1},
    {"sort", 0, FN_SORT, 1, 2},
    {"bitand", 0, FN_BIT_AND, 2, 2},
    {"bitor", 0, FN_BIT_OR, 2, 2},
    {"bitxor", 0, FN_BIT_XOR, 2, 2},
    {"bitnand", 0, FN_BIT_CLEAR, 2, 2},
    {"bitshl", 0, FN_BIT_LEFT, 2, 2},
    {"bitshr", 0, FN_BIT_RIGHT, 2, 2},
    {"bitushr", 0, FN_BIT_RIGHT_UNSIGNED, 2, 2},
    {"bitnot", 0, FN_BIT_NOT, 1, 1},
    /* Known upstream, with no meaning for numbers, or not pure. */
    {"groupBy", 1, WEIR__OF_MAPS, 2, 2},
    {"sortBy", 1, WEIR__OF_ORDER, 2, 3},
    {"type", 0, WEIR__OF_TEXTS, 1, 1},
    {"string", 0, WEIR__OF_TEXTS, 1, 1},
    {"trimPrefix", 0, WEIR__OF_TEXTS, 1, 2},
    {"trimSuffix", 0, WEIR__OF_TEXTS, 1, 2},
    {"upper", 0, WEIR__OF_TEXTS, 1, 1},
    {"lower", 0, WEIR__OF_TEXTS, 1, 1},
    {"split", 0, WEIR__OF_TEXTS, 2, 3},
    {"splitAfter", 0, WEIR__OF_TEXTS, 2, 3},
    {"replace", 0, WEIR__OF_TEXTS, 3, 4},
    {"repeat", 0, WEIR__OF_TEXTS, 2, 2},
    {"join", 0, WEIR__OF_TEXTS, 1, 2},
    {"indexOf", 0, WEIR__OF_TEXTS, 2, 2},
    {"lastIndexOf", 0, WEIR__OF_TEXTS, 2, 2},
    {"hasPrefix", 0, WEIR__OF_TEXTS, 2, 2},
    {"hasSuffix", 0, WEIR__OF_TEXTS, 2, 2},
    {"fromJSON", 0, WEIR__OF_MAPS, 1, 1},
    {"toBase64", 0, WEIR__OF_TEXTS, 1, 1},
    {"fromBase64", 0, WEIR__OF_TEXTS, 1, 1},
    {"now", 0, WEIR__OF_CLOCK, 0, 1},
    {"duration", 0, WEIR__OF_CLOCK, 1, 1},
    {"date", 0, WEIR__OF_CLOCK, 1, 4},
    {"timezone", 0, WEIR__OF_CLOCK, 1, 1},
    {"keys", 0, WEIR__OF_MAPS, 1, 1},
    {"values", 0, WEIR__OF_MAPS, 1, 1},
    {"toPairs", 0, WEIR__OF_MAPS, 1, 1},
    {"fromPairs", 0, WEIR__OF_MAPS, 1, 1},
};

static const struct weir__builtin *weir__builtin_of(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        size_t k = 0;

        for (; k < length && builtins[i].name[k] == name[k]; k++) {
        }
        if (k == length && builtins[i].name[k] == '\0') {
            return &builtins[i];
        }
    }
    return NULL;
}

/* max, min, mean, median: numbers; the first array or unknown ends the looking. */
static int aggregate(const struct weir__type *arguments, uint32_t count, struct weir__type *out)
{
    for (uint32_t i = 0; i < count; i++) {
        if (arguments[i].depth > 0 || weir__type_unknown(arguments[i])) {
            *out = weir__type(TYPE_ANY, 0);
            return 1;
        }
        if (!weir__type_number(arguments[i])) {
            return 0;
        }
    }
    *out = arguments[0];
    return 1;
}

static int all_fit(const struct weir__type *arguments, uint32_t count, int kind, int list)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!weir__type_unknown(arguments[i]) &&
            !(list ? arguments[i].depth > 0 : weir__type_is(arguments[i], kind))) {
            return 0;
        }
    }
    return 1;
}

static int weir__builtin_type(enum weir__function function, const struct weir__type *arguments,
                       uint32_t count, struct weir__type *out)
{
    struct weir__type first = arguments[0];
    int unknown = weir__type_unknown(first);

    switch (function) {
    case FN_LEN:
        *out = weir__type(TYPE_INT, 0);
        return unknown || first.depth > 0 || first.kind == TYPE_MAP || first.kind == TYPE_TEXT;
    case FN_ABS:
        *out = unknown ? weir__type(TYPE_ANY, 0) : first;
        return unknown || weir__type_number(first);
    case FN_CEIL:
    case FN_FLOOR:
    case FN_ROUND: *out = weir__type(TYPE_FLOAT, 0); return unknown || weir__type_number(first);
    case FN_INT: *out = weir__type(TYPE_INT, 0); return unknown || is_number_or_text(first);
    case FN_FLOAT: *out = weir__type(TYPE_FLOAT, 0); return unknown || is_number_or_text(first);
    case FN_TRIM: *out = weir__type(TYPE_TEXT, 0); return unknown || first.kind == TYPE_TEXT;
    case FN_TO_JSON: *out = weir__type(TYPE_TEXT, 0); return 1;
    case FN_MAX:
    case FN_MIN:
    case FN_MEAN:
    case FN_MEDIAN: return aggregate(arguments, count, out);
    case FN_FIRST:
    case FN_LAST: *out = weir__type(TYPE_ANY, 0); return all_fit(arguments, 1, 0, 1);
    case FN_GET:
        *out = unknown           ? weir__type(TYPE_UNKNOWN, 0)
               : first.depth > 0 ? weir__type(first.kind, first.depth - 1)
                                 : weir__type(TYPE_ANY, 0);
        return unknown || (first.depth > 0 && all_fit(arguments + 1, 1, TYPE_INT, 0)) ||
               (first.kind == TYPE_MAP && all_fit(arguments + 1, 1, TYPE_TEXT, 0));
    case FN_TAKE:
        *out = unknown ? weir__type(TYPE_ANY, 0) : weir__type(TYPE_ANY, 1);
        return all_fit(arguments, 1, 0, 1) && all_fit(arguments + 1, 1, TYPE_INT, 0);
    case FN_REVERSE:
    case FN_UNIQ:
    case FN_CONCAT:
    case FN_FLATTEN: *out = weir__type(TYPE_ANY, 1); return all_fit(arguments, count, 0, 1);
    case FN_SORT:
        *out = weir__type(TYPE_ANY, 1);
        return all_fit(arguments, 1, 0, 1) && all_fit(arguments + 1, count - 1, TYPE_TEXT, 0);
    default: *out = weir__type(TYPE_INT, 0); return all_fit(arguments, count, TYPE_INT, 0);
    }
}

/* ---- lib/policy/formula_value.c ---- */

/*
 * policy/formula_value.c - arithmetic, comparison and indexing of a formula's values.
 *
 * Upstream: expr's vm/runtime.
 */

/* ---- arithmetic ----------------------------------------------------------------------------- */

static int whole_arithmetic(struct weir__run *run, enum weir__op op, int64_t a, int64_t b,
                            struct weir__value *out)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;

    switch (op) {
    case OP_ADD: *out = weir__value_int(WEIR__INT, (int64_t)(x + y)); return 1;
    case OP_SUBTRACT: *out = weir__value_int(WEIR__INT, (int64_t)(x - y)); return 1;
    case OP_MULTIPLY: *out = weir__value_int(WEIR__INT, (int64_t)(x * y)); return 1;
    default: break;
    }
    if (b == 0) {
        return weir__formula_problem(run, "integer divide by zero");
    }
    *out = weir__value_int(WEIR__INT, b == -1 ? 0 : a % b);
    return 1;
}

static int weir__formula_arithmetic(struct weir__run *run, enum weir__op op, const struct weir__value *a,
                             const struct weir__value *b, struct weir__value *out)
{
    double x, y;

    if (!weir__is_number(a) || !weir__is_number(b)) {
        return weir__formula_problem(run, "an operation on something that is no number");
    }
    if (a->kind == WEIR__INT && b->kind == WEIR__INT && op != OP_DIVIDE && op != OP_POWER) {
        return whole_arithmetic(run, op, a->as.i, b->as.i, out);
    }
    x = weir__as_double(a);
    y = weir__as_double(b);
    switch (op) {
    case OP_ADD: *out = weir__value_float(x + y); return 1;
    case OP_SUBTRACT: *out = weir__value_float(x - y); return 1;
    case OP_MULTIPLY: *out = weir__value_float(x * y); return 1;
    case OP_DIVIDE: *out = weir__value_float(x / y); return 1;
    case OP_POWER: *out = weir__value_float(weir__pow(x, y)); return 1;
    default: return weir__formula_problem(run, "% takes whole numbers only: use int()");
    }
}

/* ---- comparison ----------------------------------------------------------------------------- */

static const char *text_of(const struct weir__run *run, const struct weir__value *v)
{
    return weir__formula_texts(run->formula) + v->as.i;
}

static int order_texts(const struct weir__run *run, const struct weir__value *a,
                       const struct weir__value *b)
{
    uint32_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(text_of(run, a), text_of(run, b), shorter);

    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* -1, 0, 1; 2 when a NaN is among them */
static int order_numbers(const struct weir__value *a, const struct weir__value *b)
{
    double x, y;

    if (a->kind == WEIR__INT && b->kind == WEIR__INT) {
        return (a->as.i > b->as.i) - (a->as.i < b->as.i);
    }
    x = weir__as_double(a);
    y = weir__as_double(b);
    return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
}

static int weir__formula_compare(struct weir__run *run, enum weir__op op, const struct weir__value *a,
                          const struct weir__value *b, int *out)
{
    int order;

    if (weir__is_number(a) && weir__is_number(b)) {
        order = order_numbers(a, b);
    } else if (a->kind == WEIR__TEXT && b->kind == WEIR__TEXT) {
        order = order_texts(run, a, b);
    } else {
        return weir__formula_problem(run, "a comparison of something that is no number");
    }
    if (order == 2) {
        *out = 0;
        return 1;
    }
    *out = op == OP_LESS         ? order < 0
           : op == OP_LESS_EQUAL ? order <= 0
           : op == OP_MORE       ? order > 0
                                 : order >= 0;
    return 1;
}

static int lists_are_equal(const struct weir__run *run, const struct weir__value *a,
                           const struct weir__value *b)
{
    if (a->length != b->length) {
        return 0;
    }
    for (uint32_t i = 0; i < a->length; i++) {
        struct weir__value x = weir__formula_element(run, a, i);
        struct weir__value y = weir__formula_element(run, b, i);

        /* An array lies behind its elements, so this ends. */
        if (!weir__formula_equal(run, &x, &y)) {
            return 0;
        }
    }
    return 1;
}

static int weir__formula_equal(const struct weir__run *run, const struct weir__value *a,
                        const struct weir__value *b)
{
    if (weir__is_number(a) && weir__is_number(b)) {
        return order_numbers(a, b) == 0;
    }
    if (weir__is_list(a) && weir__is_list(b)) {
        return lists_are_equal(run, a, b);
    }
    if (a->kind != b->kind) {
        return 0;
    }
    switch (a->kind) {
    case WEIR__NIL: return 1;
    case WEIR__BOOL: return a->as.i == b->as.i;
    case WEIR__TEXT: return order_texts(run, a, b) == 0;
    case WEIR__NUMERAL: return a->as.f == b->as.f;
    default: return 0;
    }
}

/* ---- conversions and elements --------------------------------------------------------------- */

static int weir__formula_to_float(struct weir__run *run, const struct weir__value *v, double *out)
{
    switch (v->kind) {
    case WEIR__FLOAT: *out = v->as.f; return 1;
    case WEIR__INT: *out = (double)v->as.i; return 1;
    case WEIR__NUMERAL: *out = v->as.f; return 1;
    case WEIR__TEXT:
        if (weir__parse_real(text_of(run, v), v->length, out) == WEIR_OK) {
            return 1;
        }
        return weir__formula_problem(run, "float() of a text that is no number");
    case WEIR__NIL: return weir__formula_problem(run, "float() of nil");
    default: return weir__formula_problem(run, "float() of something that is no number");
    }
}

static int map_index(struct weir__run *run, const struct weir__value *from,
                     const struct weir__value *index, struct weir__value *out)
{
    struct weir__value found = weir__value_int(WEIR__NIL, 0);

    if (index->kind != WEIR__TEXT) {
        return weir__formula_problem(run, "an index of a map that is no text");
    }
    for (uint32_t i = 0; i < from->length; i++) { /* the last of equal keys stays */
        if (weir__formula_equal(run, &run->arena[from->as.i + 2 * (int64_t)i], index)) {
            found = run->arena[from->as.i + 2 * (int64_t)i + 1];
        }
    }
    *out = found;
    return 1;
}

static int weir__formula_index(struct weir__run *run, const struct weir__value *from,
                        const struct weir__value *index, struct weir__value *out)
{
    int64_t i;

    if (from->kind == WEIR__MAP) {
        return map_index(run, from, index, out);
    }
    if (!weir__is_list(from)) {
        return weir__formula_problem(run, "an index into something that is no array");
    }
    if (!weir__is_number(index)) {
        return weir__formula_problem(run, "an index that is no number");
    }
    i = index->kind == WEIR__INT ? index->as.i : weir__f64_to_i64(index->as.f);
    i = i < 0 ? i + from->length : i;
    if (i < 0 || i >= from->length) {
        return weir__formula_problem(run, "index out of range");
    }
    *out = weir__formula_element(run, from, (uint32_t)i);
    return 1;
}

/* ---- lib/policy/hpa_input.c ---- */

/*
 * policy/hpa_input.c - an HPA's input to the measure of one metric, and the rule of one metric
 * alone.
 */

/* ---- lib/policy/hpa_input.h ---- */

/*
 * policy/hpa_input.h - an HPA's input, checked and summed up.
 */
#ifndef WEIR_LIB_POLICY_HPA_INPUT_H
#define WEIR_LIB_POLICY_HPA_INPUT_H


/* ---- lib/policy/hpa_rule.h ---- */

/*
 * policy/hpa_rule.h - the replica rules of the HPA: what one metric asks for. No state.
 *
 * Samples are summed up by group in one pass over the pods; the rules then work on the sums, so a
 * driver that only knows totals can fill the sums itself. Sums wrap as Go's int64.
 */
#ifndef WEIR_LIB_POLICY_HPA_RULE_H
#define WEIR_LIB_POLICY_HPA_RULE_H


/* What differs between releases. */
enum {
    WEIR__HPA_ONE_TOLERANCE = 1 << 0,     /* |1 - ratio| <= tolerance */
    WEIR__HPA_AVERAGES_WRAP = 1 << 1,     /* External AverageValue: sums, proposals, status */
    WEIR__HPA_VALUES_WRAP = 1 << 2,       /* Value: sums and proposals */
    WEIR__HPA_EVERY_CONTAINER = 1 << 3,   /* a pod without the container fails the metric */
    WEIR__HPA_MISSING_AT_TARGET = 1 << 4, /* averages: missing pods count as 0 at ratio 1 too */
    WEIR__HPA_ZERO_BY_CONDITION = 1 << 5, /* at zero only ScaledToZero lets metrics count */
    WEIR__HPA_SCALE_TO_ZERO = 1 << 6      /* the gate */
};

/* The part of a configuration that holds for all metrics. */
struct weir__hpa_rules {
    double down, up; /* tolerances */
    weir_duration cpu_initialization_period, initial_readiness_delay;
    int32_t conversion;
    uint32_t release; /* WEIR__HPA_* */
};

static void weir__hpa_rules_of(const weir_hpa_config *config, struct weir__hpa_rules *rules);

/* One metric without its names. */
struct weir__hpa_metric {
    int32_t source, target_type;
    int64_t target;
    int32_t is_cpu; /* 1: a resource metric of cpu */
    int32_t reserved;
};

static void weir__hpa_metric_of(const weir_hpa_metric *metric, struct weir__hpa_metric *out);

/* The pods of a target by group, with the sums of their samples. */
struct weir__hpa_pods {
    int64_t pods;                             /* all of them */
    int64_t ready, unready, missing, ignored; /* by group */
    int64_t running_ready;                    /* running and Ready, whatever their group */
    int64_t strangers;                        /* samples of pods that are not among them */
    uint64_t usage, request;                  /* of the ready ones */
    uint64_t stranger_usage;
    uint64_t unready_request;
    uint64_t missing_request, missing_fill; /* fill: max(100, target) percent of each request */
    int32_t no_request;                     /* 1: of some pod no request is known */
    int32_t no_container;                   /* 1: some pod was reported without the container */
    weir_time next;                         /* when the group of a pod changes by itself */
};

/* What one metric's source gave, summed up. */
struct weir__hpa_measure {
    weir_status status; /* WEIR_OK; else the source failed */
    int32_t reserved;
    int64_t total; /* Object, External: milli */
    struct weir__hpa_pods pods;
};

/* Sums the samples of one metric up by group. There are `count` samples, at least one a pod. */
static void weir__hpa_group(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                     const weir_pod *pods, uint32_t pod_count, const weir_hpa_sample *samples,
                     uint32_t count, weir_time now, struct weir__hpa_pods *out);

/* Counts the pods that Value targets look at. */
static void weir__hpa_count_ready(const weir_pod *pods, uint32_t pod_count, struct weir__hpa_pods *out);

/* The sum of an external metric's values, which depends on their order where it overflows. */
static int64_t weir__hpa_external_sum(const struct weir__hpa_rules *rules,
                               const struct weir__hpa_metric *metric, const int64_t *values,
                               uint32_t count);

/* What the metric asks for. */
static void weir__hpa_propose(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                       int32_t spec_replicas, int32_t status_replicas,
                       const struct weir__hpa_measure *measure, weir_hpa_proposal *out);

#endif

/* Whether an input has the arrays it says it has. */
static weir_status weir__hpa_input_check(const weir_hpa_input *input);

/* Whether a reading fits its metric and lies within the input's arrays. */
static weir_status weir__hpa_reading_check(const struct weir__hpa_metric *metric,
                                    const weir_hpa_input *input, const weir_hpa_reading *reading);

/* Sums one metric's reading up. */
static void weir__hpa_measure(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                       const weir_hpa_input *input, const weir_hpa_reading *reading, weir_time now,
                       struct weir__hpa_measure *out);

#endif

weir_status weir_hpa_input_init(weir_hpa_input *input, size_t struct_size)
{
    if (input == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *input) {
        return WEIR_E_STRUCT;
    }
    memset(input, 0, sizeof *input);
    input->struct_size = (uint32_t)sizeof *input;
    return WEIR_OK;
}

weir_status weir_hpa_proposal_init(weir_hpa_proposal *proposal, size_t struct_size)
{
    if (proposal == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *proposal) {
        return WEIR_E_STRUCT;
    }
    memset(proposal, 0, sizeof *proposal);
    proposal->struct_size = (uint32_t)sizeof *proposal;
    proposal->next = WEIR_TIME_NEVER;
    return WEIR_OK;
}

static int hpa_input_by_pod(const struct weir__hpa_metric *metric)
{
    return metric->source == WEIR_HPA_RESOURCE || metric->source == WEIR_HPA_CONTAINER_RESOURCE ||
           metric->source == WEIR_HPA_PODS;
}

static weir_status weir__hpa_input_check(const weir_hpa_input *input)
{
    if (input == NULL) {
        return WEIR_E_ARG;
    }
    if (input->struct_size != sizeof *input) {
        return WEIR_E_STRUCT;
    }
    return (input->readings == NULL && input->reading_count > 0) ||
                   (input->values == NULL && input->value_count > 0) ||
                   (input->samples == NULL && input->sample_count > 0) ||
                   (input->pods == NULL && input->pod_count > 0)
               ? WEIR_E_ARG
               : WEIR_OK;
}

static weir_status weir__hpa_reading_check(const struct weir__hpa_metric *metric,
                                    const weir_hpa_input *input, const weir_hpa_reading *reading)
{
    uint32_t room = hpa_input_by_pod(metric) ? input->sample_count : input->value_count;

    if (reading->status != WEIR_OK || metric->source == WEIR_HPA_SOURCE_UNKNOWN) {
        return WEIR_OK;
    }
    if (reading->first > room || reading->count > room - reading->first) {
        return WEIR_E_RANGE;
    }
    if (hpa_input_by_pod(metric)) {
        return reading->count >= input->pod_count ? WEIR_OK : WEIR_E_RANGE;
    }
    return metric->source == WEIR_HPA_OBJECT && reading->count != 1 ? WEIR_E_RANGE : WEIR_OK;
}

static void weir__hpa_measure(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                       const weir_hpa_input *input, const weir_hpa_reading *reading, weir_time now,
                       struct weir__hpa_measure *out)
{
    out->status = reading->status;
    out->total = 0;
    if (reading->status != WEIR_OK || metric->source == WEIR_HPA_SOURCE_UNKNOWN) {
        memset(&out->pods, 0, sizeof out->pods);
        return;
    }
    /* A reading of nothing may come with no array, to which not even 0 may be added. */
    if (hpa_input_by_pod(metric)) {
        weir__hpa_group(rules, metric, input->pods, input->pod_count,
                        reading->count > 0 ? input->samples + reading->first : NULL, reading->count,
                        now, &out->pods);
        return;
    }
    out->total =
        metric->source == WEIR_HPA_OBJECT
            ? input->values[reading->first]
            : weir__hpa_external_sum(rules, metric,
                                     reading->count > 0 ? input->values + reading->first : NULL,
                                     reading->count);
    if (metric->target_type == WEIR_HPA_VALUE) {
        weir__hpa_count_ready(input->pods, input->pod_count, &out->pods);
    } else {
        out->pods.no_container = 0;
    }
}

weir_status weir_hpa_propose(const weir_hpa_config *config, uint32_t metric,
                             const weir_hpa_input *input, weir_time now, weir_hpa_proposal *out)
{
    struct weir__hpa_rules rules;
    struct weir__hpa_metric m;
    struct weir__hpa_measure measure;
    weir_status status = weir__hpa_input_check(input);

    if (status != WEIR_OK || config == NULL || out == NULL) {
        return status != WEIR_OK ? status : WEIR_E_ARG;
    }
    if (config->struct_size != sizeof *config || out->struct_size != sizeof *out) {
        return WEIR_E_STRUCT;
    }
    if (metric >= WEIR_HPA_METRICS_MAX || metric >= config->metric_count ||
        metric >= input->reading_count) {
        return WEIR_E_RANGE;
    }
    weir__hpa_rules_of(config, &rules);
    weir__hpa_metric_of(&config->metrics[metric], &m);
    status = weir__hpa_reading_check(&m, input, &input->readings[metric]);
    if (status != WEIR_OK) {
        return status;
    }
    weir__hpa_measure(&rules, &m, input, &input->readings[metric], now, &measure);
    weir__hpa_propose(&rules, &m, input->spec_replicas, input->status_replicas, &measure, out);
    return out->status;
}

/* ---- lib/policy/hpa_request.c ---- */

/*
 * policy/hpa_request.c - what a pod requests of one resource.
 *
 *   by containers  the sum over containers and sidecars; one without a request leaves none
 *   by pod         the pod's own request, or else the larger of the containers' sum and the peak
 *                  while init containers run; then the pod's overhead is added
 *
 * Upstream: replica_calculator.go, calculateRequests(); component-helpers resource/helpers.go,
 * PodRequests().
 */

/* A sum to which parts may add nothing at all. */
struct hpa_request_sum {
    uint64_t milli;
    int32_t any;
};

static void hpa_request_add(struct hpa_request_sum *hpa_request_sum, int64_t request)
{
    if (request != WEIR_HPA_NO_REQUEST) {
        hpa_request_sum->milli += (uint64_t)request;
        hpa_request_sum->any = 1;
    }
}

static void hpa_request_raise(struct hpa_request_sum *hpa_request_sum, struct hpa_request_sum other)
{
    if (other.any && (!hpa_request_sum->any || (int64_t)other.milli > (int64_t)hpa_request_sum->milli)) {
        *hpa_request_sum = other;
    }
}

static int64_t by_containers(const weir_hpa_requests *r)
{
    struct hpa_request_sum hpa_request_sum = {0, 0};
    int found = 0;

    for (uint32_t i = 0; i < r->container_count; i++) {
        const weir_hpa_container *c = &r->containers[i];
        int counts = c->kind == WEIR_CONTAINER_MAIN ||
                     (c->kind == WEIR_CONTAINER_SIDECAR && r->semantics < WEIR_HPA_1_28);

        if (!counts || (r->one_container && !c->named)) {
            continue;
        }
        if (c->request == WEIR_HPA_NO_REQUEST) {
            return WEIR_HPA_NO_REQUEST;
        }
        hpa_request_add(&hpa_request_sum, c->request);
        found = 1;
        if (r->one_container && r->semantics < WEIR_HPA_1_34) {
            break; /* names are unique */
        }
    }
    if (r->one_container && !found && r->semantics < WEIR_HPA_1_34) {
        return WEIR_HPA_NO_REQUEST;
    }
    return (int64_t)hpa_request_sum.milli;
}

static int64_t hpa_request_by_pod(const weir_hpa_requests *r)
{
    struct hpa_request_sum all = {0, 0}, sidecars = {0, 0}, peak = {0, 0};

    for (uint32_t i = 0; i < r->container_count; i++) {
        const weir_hpa_container *c = &r->containers[i];

        if (c->kind != WEIR_CONTAINER_INIT) {
            hpa_request_add(&all, c->request);
        }
        if (c->kind == WEIR_CONTAINER_SIDECAR) {
            hpa_request_add(&sidecars, c->request);
            hpa_request_raise(&peak, sidecars);
        } else if (c->kind == WEIR_CONTAINER_INIT) { /* it runs beside the sidecars before it */
            struct hpa_request_sum while_it_runs = sidecars;

            hpa_request_add(&while_it_runs, c->request);
            hpa_request_raise(&peak, while_it_runs);
        }
    }
    hpa_request_raise(&all, peak);
    if (r->pod_request != WEIR_HPA_NO_REQUEST) {
        all = (struct hpa_request_sum){(uint64_t)r->pod_request, 1};
    }
    hpa_request_add(&all, r->overhead);
    return all.any ? (int64_t)all.milli : WEIR_HPA_NO_REQUEST;
}

int64_t weir_hpa_pod_request(const weir_hpa_requests *requests)
{
    if (requests == NULL || (requests->containers == NULL && requests->container_count > 0)) {
        return WEIR_HPA_NO_REQUEST;
    }
    return requests->pod_level && !requests->one_container ? hpa_request_by_pod(requests)
                                                           : by_containers(requests);
}

/* ---- lib/policy/hpa_rule.c ---- */

/*
 * policy/hpa_rule.c - one metric of the HPA to one proposal.
 *
 *   utilization   ratio = (percent of the requests, truncated) / target
 *   averageValue  ratio = (usage / samples, truncated) / target   Resource, Pods
 *   value         ratio = total / target                          Object, External
 *   within tolerance: the size stays; else ceil(ratio x pods)
 *
 * Where pods were set aside, the ratio is formed a second time with what is assumed for them: a
 * missing pod uses its whole target when the load is low and nothing when it is high, an unready
 * one nothing when the load is high. A second ratio that turns the direction round keeps the size.
 *
 *   averageValue  wanted = ceil(total / target), unless total / (target x status.replicas) is
 *                 within tolerance                                Object, External
 *
 * Upstream: pkg/controller/podautoscaler/replica_calculator.go, metrics/utilization.go.
 */

/* Go's division of int64, which for INT64_MIN / -1 is INT64_MIN. */
static int64_t divide(int64_t a, int64_t b)
{
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int32_t ceil_to_i32(const struct weir__hpa_rules *rules, double x)
{
    return weir_f64_to_i32(weir__ceil_unsigned_zero(x), rules->conversion);
}

static int within(const struct weir__hpa_rules *rules, double ratio)
{
    if (rules->release & WEIR__HPA_ONE_TOLERANCE) {
        return weir__abs(1.0 - ratio) <= rules->up;
    }
    return 1.0 - rules->down <= ratio && ratio <= 1.0 + rules->up;
}

static void hpa_rule_fail(weir_hpa_proposal *out, int32_t rule)
{
    out->status = WEIR_NO_DATA;
    out->rule = rule;
    out->replicas = 0;
    out->usage = 0;
    out->utilization = 0;
}

static void settle(weir_hpa_proposal *out, int32_t rule, int32_t replicas)
{
    out->rule = rule;
    out->replicas = replicas;
}

/* ---- pods and samples ----------------------------------------------------------------------- */

/* Whether a pod's cpu sample does not count: it is starting, or has never been ready. */
static int is_unready(const struct weir__hpa_rules *rules, const weir_pod *pod,
                      const weir_hpa_sample *sample, weir_time now, weir_time *next)
{
    weir_time settled;

    if (pod->ready == WEIR_READY_NONE || pod->started == WEIR_TIME_NONE) {
        return 1;
    }
    settled = weir__add(pod->started, rules->cpu_initialization_period);
    if (settled > now) {
        *next = settled < *next ? settled : *next;
        return pod->ready == WEIR_READY_FALSE ||
               sample->at < weir__add(pod->ready_since, sample->window);
    }
    return pod->ready == WEIR_READY_FALSE &&
           weir__add(pod->started, rules->initial_readiness_delay) > pod->ready_since;
}

static void weir__hpa_group(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                     const weir_pod *pods, uint32_t pod_count, const weir_hpa_sample *samples,
                     uint32_t count, weir_time now, struct weir__hpa_pods *out)
{
    int64_t fill = metric->target > 100 ? metric->target : 100;

    memset(out, 0, sizeof *out);
    out->pods = pod_count;
    out->next = WEIR_TIME_NEVER;
    for (uint32_t i = 0; i < pod_count; i++) {
        const weir_pod *pod = &pods[i];
        const weir_hpa_sample *sample = &samples[i];
        uint64_t request = (uint64_t)sample->request;

        out->no_request |= sample->request == WEIR_HPA_NO_REQUEST;
        out->no_container |= sample->present == WEIR_SAMPLE_NO_CONTAINER;
        if (pod->deleted || pod->phase == WEIR_PHASE_FAILED) {
            out->ignored++;
        } else if (pod->phase == WEIR_PHASE_PENDING ||
                   (sample->present == WEIR_SAMPLE_PRESENT && metric->is_cpu &&
                    is_unready(rules, pod, sample, now, &out->next))) {
            out->unready++;
            out->unready_request += request;
        } else if (sample->present != WEIR_SAMPLE_PRESENT) {
            out->missing++;
            out->missing_request += request;
            out->missing_fill += (uint64_t)divide((int64_t)(request * (uint64_t)fill), 100);
        } else {
            out->ready++;
            out->request += request;
            out->usage += (uint64_t)sample->value;
        }
    }
    for (uint32_t i = pod_count; i < count; i++) {
        if (samples[i].present == WEIR_SAMPLE_PRESENT) {
            out->strangers++;
            out->stranger_usage += (uint64_t)samples[i].value;
        }
        out->no_container |= samples[i].present == WEIR_SAMPLE_NO_CONTAINER;
    }
}

static void weir__hpa_count_ready(const weir_pod *pods, uint32_t pod_count, struct weir__hpa_pods *out)
{
    memset(out, 0, sizeof *out);
    out->pods = pod_count;
    out->next = WEIR_TIME_NEVER;
    for (uint32_t i = 0; i < pod_count; i++) {
        out->running_ready +=
            pods[i].phase == WEIR_PHASE_RUNNING && pods[i].ready == WEIR_READY_TRUE;
    }
}

/* What the two passes over the samples differ in. */
struct pass {
    uint64_t usage, request;
    int64_t samples;
};

/* The samples there are: of unknown pods too, though utilization has no request for those. */
static struct pass first_pass(const struct weir__hpa_metric *metric,
                              const struct weir__hpa_pods *pods)
{
    struct pass p = {pods->usage, pods->request, pods->ready + pods->strangers};

    if (metric->target_type != WEIR_HPA_UTILIZATION) {
        p.usage += pods->stranger_usage;
    }
    return p;
}

/* With what is assumed for missing and unready pods. */
static struct pass second_pass(const struct weir__hpa_rules *rules,
                               const struct weir__hpa_metric *metric,
                               const struct weir__hpa_pods *pods, double ratio, int with_unready)
{
    struct pass p = first_pass(metric, pods);
    int at_target = (rules->release & WEIR__HPA_MISSING_AT_TARGET) != 0 &&
                    metric->target_type != WEIR_HPA_UTILIZATION;

    if (ratio < 1.0 || ratio > 1.0 || at_target) {
        p.samples += pods->missing;
        p.request += pods->missing_request;
    }
    if (ratio < 1.0) {
        p.usage += metric->target_type == WEIR_HPA_UTILIZATION
                       ? pods->missing_fill
                       : (uint64_t)pods->missing * (uint64_t)metric->target;
    }
    if (with_unready) {
        p.samples += pods->unready;
        p.request += pods->unready_request;
    }
    return p;
}

/* The ratio of a pass. 0 when there is none: the requests add up to nothing. */
static int ratio_of(const struct weir__hpa_metric *metric, const struct pass *p, double *ratio,
                    int32_t *utilization)
{
    if (metric->target_type == WEIR_HPA_UTILIZATION) {
        if (p->request == 0) {
            return 0;
        }
        *utilization = (int32_t)(uint32_t)divide((int64_t)(p->usage * 100), (int64_t)p->request);
        *ratio = (double)*utilization / (double)(int32_t)metric->target;
    } else {
        int64_t average = (int64_t)p->usage / p->samples; /* whole milli-units, as upstream */

        *ratio = (double)average / (double)metric->target;
    }
    return 1;
}

/* ---- Resource, ContainerResource, Pods ------------------------------------------------------ */

/* With pods set aside: the second ratio decides, and never against the first. */
static void propose_filled(const struct weir__hpa_rules *rules,
                           const struct weir__hpa_metric *metric, int32_t current,
                           const struct weir__hpa_pods *pods, int with_unready,
                           weir_hpa_proposal *out)
{
    struct pass p = second_pass(rules, metric, pods, out->ratio, with_unready);
    double first = out->ratio, second;
    int32_t utilization, replicas;

    if (!ratio_of(metric, &p, &second, &utilization)) {
        hpa_rule_fail(out, WEIR_RULE_HPA_NO_REQUEST);
        return;
    }
    out->filled_ratio = second;
    if (within(rules, second)) {
        settle(out, WEIR_RULE_HPA_TOLERANCE, current);
        return;
    }
    if ((first < 1.0 && second > 1.0) || (first > 1.0 && second < 1.0)) {
        settle(out, WEIR_RULE_HPA_DIRECTION, current);
        return;
    }
    replicas = ceil_to_i32(rules, second * (double)p.samples);
    if ((second < 1.0 && replicas > current) || (second > 1.0 && replicas < current)) {
        settle(out, WEIR_RULE_HPA_SIZE, current);
    } else {
        settle(out, WEIR_RULE_HPA_METRIC, replicas);
    }
}

static void propose_pods(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                         int32_t current, const struct weir__hpa_pods *pods, weir_hpa_proposal *out)
{
    struct pass p = first_pass(metric, pods);
    int with_unready;

    out->ready = pods->ready;
    out->unready = pods->unready;
    out->missing = pods->missing;
    out->ignored = pods->ignored;
    out->next = pods->next;
    if (pods->pods == 0) {
        hpa_rule_fail(out, WEIR_RULE_HPA_NO_PODS);
        return;
    }
    if (p.samples == 0) {
        hpa_rule_fail(out, WEIR_RULE_HPA_NO_SAMPLES);
        return;
    }
    if ((metric->target_type == WEIR_HPA_UTILIZATION && pods->no_request) ||
        !ratio_of(metric, &p, &out->ratio, &out->utilization)) {
        hpa_rule_fail(out, WEIR_RULE_HPA_NO_REQUEST);
        return;
    }
    out->filled_ratio = out->ratio;
    out->usage =
        (int64_t)p.usage / (metric->target_type == WEIR_HPA_UTILIZATION ? pods->ready : p.samples);
    with_unready = pods->unready > 0 && out->ratio > 1.0;
    if (with_unready || pods->missing > 0) {
        propose_filled(rules, metric, current, pods, with_unready, out);
    } else if (within(rules, out->ratio)) {
        settle(out, WEIR_RULE_HPA_TOLERANCE, current);
    } else {
        settle(out, WEIR_RULE_HPA_METRIC, ceil_to_i32(rules, out->ratio * (double)pods->ready));
    }
}

/* ---- Object, External ----------------------------------------------------------------------- */

static int64_t weir__hpa_external_sum(const struct weir__hpa_rules *rules,
                               const struct weir__hpa_metric *metric, const int64_t *values,
                               uint32_t count)
{
    int is_value = metric->target_type == WEIR_HPA_VALUE;
    uint32_t wraps = is_value ? WEIR__HPA_VALUES_WRAP : WEIR__HPA_AVERAGES_WRAP;
    int clamps = !(rules->release & wraps);
    uint64_t sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (clamps && is_value && values[i] > 0 && (int64_t)sum > INT64_MAX - values[i]) {
            return INT64_MAX;
        }
        sum += (uint64_t)values[i];
        if (clamps && !is_value && (int64_t)sum < 0) {
            return INT64_MAX; /* a negative total is taken for an overflow */
        }
    }
    return (int64_t)sum;
}

/* total / target times the pods that are running and ready; at zero pods, rounded up by itself. */
static void propose_value(const struct weir__hpa_rules *rules,
                          const struct weir__hpa_metric *metric, int32_t current,
                          const struct weir__hpa_measure *measure, weir_hpa_proposal *out)
{
    double replicas;

    out->usage = measure->total;
    out->ratio = (double)measure->total / (double)metric->target;
    out->filled_ratio = out->ratio;
    if (current == 0) {
        settle(out, WEIR_RULE_HPA_METRIC, ceil_to_i32(rules, out->ratio));
        return;
    }
    if (within(rules, out->ratio)) {
        settle(out, WEIR_RULE_HPA_TOLERANCE, current);
        return;
    }
    if (measure->pods.pods == 0) {
        hpa_rule_fail(out, WEIR_RULE_HPA_NO_PODS);
        return;
    }
    out->ready = measure->pods.running_ready;
    replicas = out->ratio * (double)measure->pods.running_ready;
    if (!(rules->release & WEIR__HPA_VALUES_WRAP) && replicas > 2147483647.0) {
        settle(out, WEIR_RULE_HPA_METRIC, INT32_MAX);
    } else {
        settle(out, WEIR_RULE_HPA_METRIC, ceil_to_i32(rules, replicas));
    }
}

/* The value per pod that the status shows. */
static int64_t shown_per_pod(const struct weir__hpa_rules *rules, int32_t clamps, int64_t total,
                             int32_t pods)
{
    if (clamps && (double)total >= 9223372036854775808.0) {
        return INT64_MAX;
    }
    return weir__convert_i64(weir__ceil_unsigned_zero((double)total / (double)pods),
                             rules->conversion);
}

/* total / target, whatever the size, unless the size in existence is within tolerance of it. */
static void propose_per_pod(const struct weir__hpa_rules *rules,
                            const struct weir__hpa_metric *metric, int32_t existing, int64_t total,
                            weir_hpa_proposal *out)
{
    int clamps = metric->source == WEIR_HPA_EXTERNAL && !(rules->release & WEIR__HPA_AVERAGES_WRAP);
    double wanted;

    out->ratio = (double)total / ((double)metric->target * (double)existing);
    out->filled_ratio = out->ratio;
    out->usage = shown_per_pod(rules, clamps, total, existing);
    if (within(rules, out->ratio)) {
        settle(out, WEIR_RULE_HPA_TOLERANCE, existing);
        return;
    }
    wanted = weir__ceil_unsigned_zero((double)total / (double)metric->target);
    if (clamps && wanted > 2147483647.0) {
        settle(out, WEIR_RULE_HPA_METRIC, INT32_MAX);
    } else {
        settle(out, WEIR_RULE_HPA_METRIC, weir_f64_to_i32(wanted, rules->conversion));
    }
}

/* ---- any metric ----------------------------------------------------------------------------- */

static void weir__hpa_propose(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                       int32_t spec_replicas, int32_t status_replicas,
                       const struct weir__hpa_measure *measure, weir_hpa_proposal *out)
{
    int per_pod = metric->source == WEIR_HPA_OBJECT || metric->source == WEIR_HPA_EXTERNAL;

    memset(out, 0, sizeof *out);
    out->struct_size = (uint32_t)sizeof *out;
    out->next = WEIR_TIME_NEVER;
    if (metric->source == WEIR_HPA_SOURCE_UNKNOWN || metric->target_type == WEIR_HPA_TARGET_NONE) {
        hpa_rule_fail(out, WEIR_RULE_HPA_NO_TARGET);
    } else if (measure->status != WEIR_OK ||
               (measure->pods.no_container && (rules->release & WEIR__HPA_EVERY_CONTAINER))) {
        hpa_rule_fail(out, WEIR_RULE_HPA_NO_SOURCE);
    } else if (!per_pod) {
        propose_pods(rules, metric, spec_replicas, &measure->pods, out);
    } else if (metric->target_type == WEIR_HPA_VALUE) {
        propose_value(rules, metric, spec_replicas, measure, out);
    } else {
        propose_per_pod(rules, metric, status_replicas, measure->total, out);
    }
}

/* ---- configuration -------------------------------------------------------------------------- */

static int gate(int32_t setting, int on)
{
    return setting == WEIR_GATE_RELEASE ? on : setting == WEIR_GATE_ON;
}

static void weir__hpa_rules_of(const weir_hpa_config *config, struct weir__hpa_rules *rules)
{
    int32_t release = config->semantics; /* rises as releases get older */
    uint32_t bits = 0;

    bits |= release >= WEIR_HPA_1_32 ? WEIR__HPA_ONE_TOLERANCE : 0U;
    bits |= release >= WEIR_HPA_1_33 ? WEIR__HPA_AVERAGES_WRAP : 0U;
    bits |= release >= WEIR_HPA_1_34 ? WEIR__HPA_VALUES_WRAP : 0U;
    bits |= release >= WEIR_HPA_1_32 ? WEIR__HPA_EVERY_CONTAINER : 0U;
    bits |= release >= WEIR_HPA_1_27 ? WEIR__HPA_MISSING_AT_TARGET : 0U;
    bits |= release <= WEIR_HPA_1_36 ? WEIR__HPA_ZERO_BY_CONDITION : 0U;
    bits |= gate(config->scale_to_zero, release <= WEIR_HPA_1_37) ? WEIR__HPA_SCALE_TO_ZERO : 0U;
    rules->release = bits;
    rules->conversion = config->conversion;
    rules->cpu_initialization_period = config->cpu_initialization_period;
    rules->initial_readiness_delay = config->initial_readiness_delay;
    rules->down = config->tolerance;
    rules->up = config->tolerance;
    if (config->behavior && release <= WEIR_HPA_1_33 &&
        gate(config->configurable_tolerance, release <= WEIR_HPA_1_35)) {
        rules->down =
            config->scale_down.tolerance != WEIR_UNSET ? config->scale_down.tolerance : rules->down;
        rules->up =
            config->scale_up.tolerance != WEIR_UNSET ? config->scale_up.tolerance : rules->up;
    }
}

static void weir__hpa_metric_of(const weir_hpa_metric *metric, struct weir__hpa_metric *out)
{
    memset(out, 0, sizeof *out);
    out->source = metric->source;
    out->target_type = metric->target_type;
    out->target = metric->target;
    out->is_cpu =
        (metric->source == WEIR_HPA_RESOURCE || metric->source == WEIR_HPA_CONTAINER_RESOURCE) &&
        memcmp(metric->name, "cpu", sizeof "cpu") == 0;
}

/* ---- lib/policy/keda_metric.c ---- */

/*
 * policy/keda_metric.c - from what triggers say to what the HPA gets: names, formula, fallback.
 *
 * Upstream: pkg/fallback/fallback.go, pkg/scaling/modifiers/modifiers.go,
 * apis/keda/v1alpha1/scaledobject_types.go.
 */

/* ---- lib/policy/keda_rule.h ---- */

/*
 * policy/keda_rule.h - the arithmetic of KEDA: values, formulas, fallback, activation. No state.
 */
#ifndef WEIR_LIB_POLICY_KEDA_RULE_H
#define WEIR_LIB_POLICY_KEDA_RULE_H


/* A quantity as KEDA has it: for the HPA, and for a formula. */
struct weir__amount {
    int64_t milli;
    double value;
};

static struct weir__amount weir__amount_of(double value);
static struct weir__amount weir__amount_of_milli(int64_t milli);

/* What the modifiers' texts come to. */
struct weir__modifiers {
    int32_t enabled, metric_type;
    int32_t target_is_whole;    /* 1: fallback can use it */
    int32_t activation_is_read; /* 0: the text is no number */
    int32_t has_target;         /* 1: there is a text */
    int32_t reserved;
    double target, activation;
    int64_t target_milli;
};

/* The target of a trigger in the units of its values. */
static double weir__target_of(const weir_keda_trigger *trigger);

static void weir__modifiers_of(const weir_keda_modifiers *from, int32_t conversion,
                        struct weir__modifiers *out);

/* Whether fallback is on and makes sense. */
static int weir__fallback_works(const weir_keda_fallback *fallback, const struct weir__modifiers *m);

/* What a metric that fails too often is taken to be. */
struct weir__fallback_input {
    const weir_keda_fallback *fallback;
    const struct weir__modifiers *modifiers;
    int32_t metric_type; /* WEIR_HPA_VALUE, ... of the metric itself */
    int32_t conversion;
    double target; /* of the metric itself */
    int32_t replicas, ready_pods;
    int32_t replicas_known, pods_known;
};

/* 0 when there is none: the failure stays. */
static int weir__fallback_value(const struct weir__fallback_input *in, int64_t *milli);

/* weir_keda_fall_back() for what is at hand already; what `in` says of replicas and pods does not
 * count. */
static weir_status weir__fall_back(const struct weir__fallback_input *in, const weir_keda_observation *o,
                            weir_keda_health *health, int64_t *milli, int32_t *active);

/* From a formula's result to thousandths. 0: it is no number. */
static int weir__composite(const weir_formula_result *result, const weir_keda_fallback *fallback,
                    const struct weir__modifiers *m, int32_t conversion, int64_t *milli);

#endif

weir_status weir_keda_metric_name(uint32_t index, const char *name, int32_t normalize, char *text,
                                  size_t capacity, size_t *need)
{
    struct weir__text out;

    if (name == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    weir__text_open(&out, text, capacity);
    weir__text_char(&out, 's');
    weir__text_int(&out, index);
    weir__text_char(&out, '-');
    for (; *name != '\0'; name++) {
        int odd = *name == '/' || *name == '.' || *name == ':' || *name == '%' || *name == '(' ||
                  *name == ')';

        if (normalize && odd) {
            weir__text_char(&out, '-');
        } else {
            weir__text_char(&out, *name);
        }
    }
    return weir__text_close(&out, need);
}

/* ---- formulas ------------------------------------------------------------------------------- */

static int has_name(const weir_keda_config *config, uint32_t i)
{
    const weir_keda_trigger *t = &config->triggers[i];

    return t->type != WEIR_TRIGGER_CPU && t->type != WEIR_TRIGGER_MEMORY &&
           (i + 1 >= config->trigger_count || !config->triggers[i + 1].continues);
}

static weir_status fail_at(weir_error *err, weir_status status, const char *field)
{
    if (err != NULL) {
        struct weir__text path;

        weir__text_open(&path, err->path, sizeof err->path);
        weir__text_str(&path, "modifiers.");
        weir__text_str(&path, field);
    }
    return status;
}

weir_status weir_keda_formula_compile(const weir_keda_config *config, weir_formula *formula,
                                      size_t bytes, weir_error *err)
{
    const char *names[WEIR_KEDA_TRIGGERS_MAX];
    struct weir__modifiers m;
    size_t length = 0;
    weir_status status;

    if (config == NULL || config->trigger_count > WEIR_KEDA_TRIGGERS_MAX) {
        return weir__fail(err, WEIR_E_ARG, "", "there is no configuration");
    }
    while (length + 1 < sizeof config->modifiers.formula &&
           config->modifiers.formula[length] != '\0') {
        length++;
    }
    if (length == 0) {
        weir__fail(err, WEIR_E_RANGE, "", "expected a formula: the other modifiers need one");
        return fail_at(err, WEIR_E_RANGE, "formula");
    }
    weir__modifiers_of(&config->modifiers, config->conversion, &m);
    if (m.target <= 0.0) { /* NaN passes, as there */
        weir__fail(err, WEIR_E_RANGE, "", "expected a number above 0: a formula needs a target");
        return fail_at(err, WEIR_E_RANGE, "target");
    }
    if (m.metric_type != WEIR_HPA_AVERAGE_VALUE && m.metric_type != WEIR_HPA_VALUE) {
        weir__fail(err, WEIR_E_RANGE, "", "expected AverageValue or Value");
        return fail_at(err, WEIR_E_RANGE, "metric_type");
    }
    for (uint32_t i = 0; i < config->trigger_count; i++) {
        names[i] = has_name(config, i) ? config->triggers[i].name : "";
    }
    status = weir_formula_compile(formula, bytes, config->modifiers.formula, length, names,
                                  config->trigger_count, err);
    return status == WEIR_OK ? status : fail_at(err, status, "formula");
}

weir_status weir_keda_composite(const weir_keda_config *config, const weir_formula *formula,
                                const double *values, uint64_t nil, int64_t *milli, weir_error *err)
{
    struct weir__modifiers m;
    weir_formula_result result;
    weir_status status;

    if (config == NULL || milli == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "an argument is NULL");
    }
    status = weir_formula_eval(formula, values, nil, &result, err);
    if (status == WEIR_E_ARG) {
        return status;
    }
    weir__modifiers_of(&config->modifiers, config->conversion, &m);
    if (status != WEIR_OK ||
        !weir__composite(&result, &config->fallback, &m, config->conversion, milli)) {
        if (status == WEIR_OK) {
            weir__fail(err, WEIR_NO_DATA, "modifiers.formula",
                       result.kind == WEIR_FORMULA_NIL
                           ? "gives nil, and there is no fallback to take its place"
                           : "gives something that is no float");
        }
        return WEIR_NO_DATA;
    }
    return WEIR_OK;
}

double weir_keda_double(double value)
{
    return weir__amount_of(value).value;
}

/* ---- fallback ------------------------------------------------------------------------------- */

/* One more failure; what an int32 cannot hold wraps, as there. */
static void count_failure(weir_keda_health *health)
{
    health->failures = health->failures == INT32_MAX ? INT32_MIN : health->failures + 1;
    health->status = WEIR_HEALTH_FAILING;
}

static weir_status weir__fall_back(const struct weir__fallback_input *in, const weir_keda_observation *o,
                            weir_keda_health *health, int64_t *milli, int32_t *active)
{
    int works = weir__fallback_works(in->fallback, in->modifiers);
    struct weir__fallback_input own = *in;

    *active = 0;
    if (o->status == WEIR_OK) {
        if (works) {
            health->failures = 0;
            health->status = WEIR_HEALTH_HAPPY;
        }
        *milli = o->milli;
        return WEIR_OK;
    }
    if (!works) {
        return WEIR_NO_DATA;
    }
    count_failure(health);
    if (health->failures <= in->fallback->failure_threshold) {
        return WEIR_NO_DATA;
    }
    if (in->fallback->behavior == WEIR_FALLBACK_MODIFIERS) {
        *milli = -1000; /* a place is kept; the formula sees nil */
        return WEIR_OK;
    }
    own.replicas = o->replicas;
    own.ready_pods = o->ready_pods;
    own.replicas_known = o->replicas_status == WEIR_OK;
    own.pods_known = o->pods_status == WEIR_OK;
    if (!weir__fallback_value(&own, milli)) {
        return WEIR_NO_DATA;
    }
    *active = 1;
    return WEIR_OK;
}

weir_status weir_keda_fall_back(const weir_keda_config *config, uint32_t trigger,
                                const weir_keda_observation *observation, weir_keda_health *health,
                                int64_t *milli, int32_t *active)
{
    struct weir__fallback_input in;
    struct weir__modifiers m;

    if (config == NULL || observation == NULL || health == NULL || milli == NULL ||
        active == NULL) {
        return WEIR_E_ARG;
    }
    if (trigger >= config->trigger_count || trigger >= WEIR_KEDA_TRIGGERS_MAX) {
        return WEIR_E_RANGE;
    }
    weir__modifiers_of(&config->modifiers, config->conversion, &m);
    memset(&in, 0, sizeof in);
    in.fallback = &config->fallback;
    in.modifiers = &m;
    in.metric_type = config->triggers[trigger].metric_type;
    in.target = observation->target != 0.0 ? observation->target
                                           : weir__target_of(&config->triggers[trigger]);
    in.conversion = config->conversion;
    return weir__fall_back(&in, observation, health, milli, active);
}

int32_t weir_keda_falls_back(const weir_keda_config *config, const weir_keda_health *healths,
                             size_t count)
{
    for (size_t i = 0; config != NULL && healths != NULL && i < count; i++) {
        if (healths[i].status == WEIR_HEALTH_FAILING &&
            healths[i].failures > config->fallback.failure_threshold) {
            return 1;
        }
    }
    return 0;
}

/* ---- lib/policy/keda_rule.c ---- */

/*
 * policy/keda_rule.c - the arithmetic of KEDA.
 *
 * Two roundings live side by side: what a trigger measures is rounded to three decimals, what a
 * formula or a fallback gives is cut off after them.
 *
 * Upstream: pkg/scalers/scaler.go (GenerateMetricInMili), pkg/fallback/fallback.go,
 * pkg/scaling/modifiers/modifiers.go, k8s.io/apimachinery pkg/api/resource.
 */

/* ---- amounts -------------------------------------------------------------------------------- */

/* Whether n x 2^exponent without its factors of a thousand, of which a suffix takes up to six, has
 * at most 18 digits: longer texts are read another way. */
static int is_short(uint64_t n, int64_t exponent)
{
    for (int k = 0; k < 6 && n % 125 == 0 && exponent >= 3; k++) {
        n /= 125;
        exponent -= 3;
    }
    return exponent < 64 && n <= UINT64_C(999999999999999999) >> exponent;
}

/* Thousandths of a whole number so large that an int64 cannot hold them, by the way of its text:
 * with a suffix they become 0, and a suffix beyond E is dropped. */
static int64_t wrapped_milli(double value)
{
    uint64_t u = weir__bits(value), mantissa = (u & UINT64_C(0x000fffffffffffff)) | UINT64_C(1)
                                                                                        << 52;
    uint64_t five21 = UINT64_C(476837158203125), n = mantissa;
    int64_t exponent = (int64_t)(u >> 52 & 0x7ff) - 1075;

    for (; exponent < 0 || (n & 1) == 0; exponent++) { /* a whole number, 2^exponent taken out */
        n >>= 1;
    }
    if (exponent >= 3 && n % 125 == 0) { /* thousands: k, M, ... */
        if (exponent >= 21 && n % five21 == 0) {
            n /= five21;
            exponent -= 21;
        } else if (is_short(n, exponent)) {
            return 0;
        }
    }
    return exponent > 63 ? 0 : (int64_t)(n * 1000 << exponent);
}

static struct weir__amount weir__amount_of(double value)
{
    struct weir__amount amount = {0, 0.0};

    if (!(value > 0.0) || value == WEIR__INF) {
        return amount;
    }
    if (value < 1e15) {
        return weir__amount_of_milli(weir__milli_of(value));
    }
    amount.value = value * 1e9 * 1e-9; /* more than 18 digits are kept as billionths there */
    /* The last whole number whose thousandths fit is 9223372036854775; doubles are even here. */
    amount.milli = value < 9223372036854775.0 ? weir__milli_of(value) : wrapped_milli(value);
    return amount;
}

static struct weir__amount weir__amount_of_milli(int64_t milli)
{
    struct weir__amount amount = {milli, (double)milli * 0.001};

    return amount;
}

/* Whole targets of external scalers are kept whole, all others as thousandths. */
static double weir__target_of(const weir_keda_trigger *trigger)
{
    int external =
        trigger->type == WEIR_TRIGGER_EXTERNAL || trigger->type == WEIR_TRIGGER_EXTERNAL_PUSH;
    int64_t whole = trigger->target / 1000;

    return external && trigger->target % 1000 == 0 ? (double)whole
                                                   : (double)trigger->target * 0.001;
}

int64_t weir_keda_milli(double value)
{
    return weir__amount_of(value).milli;
}

/* ---- scaling modifiers ---------------------------------------------------------------------- */

static void weir__modifiers_of(const weir_keda_modifiers *from, int32_t conversion,
                        struct weir__modifiers *out)
{
    size_t length = weir__length_within(from->target, sizeof from->target);
    int64_t whole;

    out->enabled = from->enabled;
    out->metric_type = from->metric_type;
    out->has_target = length > 0;
    out->reserved = 0;
    if (weir__parse_real(from->target, length, &out->target) != WEIR_OK) {
        out->target = 0.0;
    }
    out->target_milli = weir__convert_i64(out->target * 1000.0, conversion);
    out->target_is_whole =
        weir__parse_whole(from->target, length, 10, &whole) == WEIR_OK && whole > 0;
    length = weir__length_within(from->activation_target, sizeof from->activation_target);
    out->activation = 0.0;
    out->activation_is_read = length == 0 || weir__parse_real(from->activation_target, length,
                                                              &out->activation) == WEIR_OK;
}

static int weir__composite(const weir_formula_result *result, const weir_keda_fallback *fallback,
                    const struct weir__modifiers *m, int32_t conversion, int64_t *milli)
{
    double value = result->value;

    if (result->kind == WEIR_FORMULA_OTHER ||
        (result->kind == WEIR_FORMULA_NIL && !fallback->enabled)) {
        return 0;
    }
    if (result->kind == WEIR_FORMULA_NIL) {
        value = (double)fallback->replicas * m->target;
    }
    *milli = weir__convert_i64(value * 1000.0, conversion);
    return 1;
}

/* ---- fallback ------------------------------------------------------------------------------- */

static int weir__fallback_works(const weir_keda_fallback *fallback, const struct weir__modifiers *m)
{
    return fallback->enabled && fallback->failure_threshold >= 0 && fallback->replicas >= 0 &&
           (!m->enabled || m->target_is_whole);
}

static int32_t replicas_of(const struct weir__fallback_input *in)
{
    int32_t wanted = in->fallback->replicas;

    switch (in->fallback->behavior) {
    case WEIR_FALLBACK_CURRENT: return in->replicas;
    case WEIR_FALLBACK_CURRENT_IF_HIGHER: return in->replicas > wanted ? in->replicas : wanted;
    case WEIR_FALLBACK_CURRENT_IF_LOWER: return in->replicas < wanted ? in->replicas : wanted;
    default: return wanted;
    }
}

static int weir__fallback_value(const struct weir__fallback_input *in, int64_t *milli)
{
    const struct weir__modifiers *m = in->modifiers;
    int32_t type = m->enabled ? m->metric_type : in->metric_type;
    double replicas, target;

    if (in->fallback->behavior != WEIR_FALLBACK_STATIC && !in->replicas_known) {
        return 0;
    }
    replicas = (double)replicas_of(in);
    if (type == WEIR_HPA_VALUE) {
        if (!in->pods_known || in->ready_pods == 0) {
            return 0;
        }
        replicas = replicas / (double)in->ready_pods;
    }
    target = m->enabled ? m->target : in->target;
    *milli = weir__convert_i64(target * 1000.0 * replicas, in->conversion);
    return 1;
}

/* ---- lib/policy/kpa_rule.c ---- */

/*
 * policy/kpa_rule.c - wanted pods, rates, panic, burst capacity and targets of the KPA.
 *
 *   wanted = ceil(average / target), within [floor(ready / down rate), ceil(up rate * ready)]
 *   panic  when ceil(panic average / target) / ready >= threshold
 *   excess = floor(ready * total - target burst capacity - panic average)
 *
 * Upstream: knative.dev/serving pkg/autoscaler/scaling/autoscaler.go Scale(), multiscaler.go,
 * pkg/reconciler/autoscaling/resources/target.go, kpa/resources/metric.go.
 */

/* ---- lib/policy/kpa_rule.h ---- */

/*
 * policy/kpa_rule.h - the arithmetic of Knative's autoscaler: numbers in, numbers out, no state.
 */
#ifndef WEIR_LIB_POLICY_KPA_RULE_H
#define WEIR_LIB_POLICY_KPA_RULE_H


/* What one step's averages ask for. */
struct weir__kpa_demand {
    double ready;                    /* ready pods, at least 1: what rates and panic compare with */
    double stable_want;              /* pods by the stable window, not limited */
    double panic_want;               /* pods by the panic window, not limited */
    double most, least;              /* what the rates allow */
    int32_t stable_pods, panic_pods; /* the wishes within the rates, then raised to the activation
                                        scale */
    int32_t over;                    /* 1: the panic wish is over the panic threshold */
};

static void weir__kpa_demand(const weir_kpa_decider_config *config, int64_t ready, double stable,
                      double panic, struct weir__kpa_demand *demand);

/* Wanted pods within the rates; `least` gives way where the two contradict each other. */
static double weir__kpa_within_rates(double want, const struct weir__kpa_demand *demand);

/* Spare capacity beyond the target burst capacity; 0 and -1 when that is fixed. */
static double weir__kpa_excess_burst(const weir_kpa_decider_config *config, int64_t ready, double panic);

/* The excess burst capacity of a decider that has not decided yet. */
static int32_t weir__kpa_initial_burst(const weir_kpa_decider_config *config);

/* Panic window of a stable window: whole seconds, at least one. */
static weir_duration weir__kpa_panic_window(weir_duration stable_window, double percentage);

/* Target and total load of a pod by the revision's configuration. */
static void weir__kpa_target(const weir_kpa_config *config, double *target, double *total);

#endif

#define MIN_TARGET 0.01 /* autoscaling.TargetMin */

static double weir__kpa_within_rates(double want, const struct weir__kpa_demand *demand)
{
    return weir__min(weir__max(want, demand->least), demand->most);
}

/* The activation scale applies as soon as there is any demand, and may exceed the rates. */
static int32_t activate(int32_t pods, double want, int32_t activation_scale)
{
    return activation_scale > 1 && want > 0.0 && activation_scale > pods ? activation_scale : pods;
}

static void weir__kpa_demand(const weir_kpa_decider_config *config, int64_t ready, double stable,
                      double panic, struct weir__kpa_demand *demand)
{
    struct weir__kpa_demand *d = demand;

    d->ready = weir__max(1.0, (double)ready);
    d->most = weir__ceil(config->max_scale_up_rate * d->ready);
    d->least = config->reachable ? weir__floor(d->ready / config->max_scale_down_rate) : 0.0;
    d->stable_want = weir__ceil(stable / config->target_value);
    d->panic_want = weir__ceil(panic / config->target_value);
    d->stable_pods = weir__to_i32(weir__kpa_within_rates(d->stable_want, d), config->conversion);
    d->panic_pods = weir__to_i32(weir__kpa_within_rates(d->panic_want, d), config->conversion);
    d->stable_pods = activate(d->stable_pods, d->stable_want, config->activation_scale);
    d->panic_pods = activate(d->panic_pods, d->panic_want, config->activation_scale);
    d->over = d->panic_want / d->ready >= config->panic_threshold;
}

static double weir__kpa_excess_burst(const weir_kpa_decider_config *config, int64_t ready, double panic)
{
    double burst = config->target_burst_capacity;

    if (burst == 0.0) {
        return 0.0;
    }
    if (burst > 0.0) {
        return weir__floor((double)ready * config->total_value - burst - panic);
    }
    return -1.0; /* every other value, NaN included, keeps the activator in the path */
}

static int32_t weir__kpa_initial_burst(const weir_kpa_decider_config *config)
{
    double burst = config->target_burst_capacity;

    if (burst == 0.0 || burst == -1.0) {
        return (int32_t)burst;
    }
    return weir__to_i32((double)config->initial_scale * config->total_value - burst,
                        config->conversion);
}

static weir_duration weir__kpa_panic_window(weir_duration stable_window, double percentage)
{
    weir_duration exact = weir__f64_to_i64((double)stable_window * percentage / 100.0);
    weir_duration rounded = exact > 0 ? weir__round_to_second(exact) : exact;

    return rounded > WEIR_SECOND ? rounded : WEIR_SECOND;
}

static void weir__kpa_target(const weir_kpa_config *config, double *target, double *total)
{
    double limit = (double)config->container_concurrency;
    double utilization = config->container_concurrency_target_percentage;

    *total = limit == 0.0 ? config->container_concurrency_target_default : limit;
    if (config->metric == WEIR_KPA_RPS) {
        *total = config->requests_per_second_target_default;
        utilization = WEIR_KPA_OTHER_UTILIZATION;
    }
    if (config->target != WEIR_UNSET) {
        *total = config->metric == WEIR_KPA_CONCURRENCY && limit != 0.0
                     ? weir__min(config->target, limit)
                     : config->target;
    }
    if (config->target_utilization_percentage != WEIR_UNSET) {
        utilization = config->target_utilization_percentage / 100.0;
    }
    *target = weir__max(MIN_TARGET, *total * utilization);
}

void weir_kpa_scale_bounds(const weir_kpa_config *config, int32_t unreachable, int32_t *min,
                           int32_t *max)
{
    *min = unreachable ? 0 : config->min_scale;
    *max = config->max_scale;
}
#undef MIN_TARGET

/* ---- lib/decide/autoscaler.c ---- */

/*
 * decide/autoscaler.c - the registry of kinds, and the common interface that dispatches on it.
 *
 * A new kind of autoscaler is one row in `kinds` and one row in `tables`.
 */

/* ---- lib/decide/hpa_state.h ---- */

/*
 * decide/hpa_state.h - the block of an HPA, shared by the files that run and save it.
 */
#ifndef WEIR_LIB_DECIDE_HPA_STATE_H
#define WEIR_LIB_DECIDE_HPA_STATE_H


static const struct weir__table weir__hpa_table;

/* What a row has besides its member, for the tables of an HPA and of a ScaledObject alike. */
#define WEIR__LONGEST      (INT64_C(1) << 60)
#define WEIR__HPA_RELEASES "1.37|1.36|1.35|1.34|1.33|1.32|1.31|1.30|1.29|1.28|1.27"
#define WEIR__CONVERSION_ROW                                                                       \
    .key = "", .global_key = "", .unit = "", .values = "saturate|amd64", .type = WEIR_FIELD_ENUM,  \
    .imax = 1,                                                                                     \
    .doc = "How a number that an integer cannot hold becomes one: nearest, or as Go on amd64."
#define WEIR__POD_RESERVE_ROW                                                                      \
    .key = "", .global_key = "", .unit = "pods", .values = "", .type = WEIR_FIELD_INT,             \
    .imax = 10000, .doc = "Pods whose readings are kept apart; 0: only totals are."
#define WEIR__RESERVE_ROW                                                                          \
    .key = "", .global_key = "", .unit = "", .values = "", .type = WEIR_FIELD_INT, .imax = 10000,  \
    .doc = "Wishes and changes to have room for, besides those of the sync period."
#define WEIR__TOLERANCE_ROW                                                                        \
    .key = "", .global_key = "horizontal-pod-autoscaler-tolerance", .unit = "", .values = "",      \
    .type = WEIR_FIELD_DOUBLE, .dmax = DBL_MAX, .ddefault = 0.1,                                   \
    .doc = "Distance from the target that is let be, as a fraction."
#define WEIR__STABILIZATION_ROW                                                                    \
    .key = "", .global_key = "horizontal-pod-autoscaler-downscale-stabilization", .unit = "s",     \
    .values = "", .type = WEIR_FIELD_DURATION, .imax = 21600 * WEIR_SECOND,                        \
    .idefault = 300 * WEIR_SECOND, .doc = "Scale-down window where the rules have none."
#define WEIR__CPU_PERIOD_ROW                                                                       \
    .key = "", .global_key = "horizontal-pod-autoscaler-cpu-initialization-period", .unit = "s",   \
    .values = "", .type = WEIR_FIELD_DURATION, .imax = WEIR__LONGEST,                              \
    .idefault = 300 * WEIR_SECOND,                                                                 \
    .doc = "Time after its start in which a pod's cpu counts only once it is ready."
#define WEIR__READINESS_ROW                                                                        \
    .key = "", .global_key = "horizontal-pod-autoscaler-initial-readiness-delay", .unit = "s",     \
    .values = "", .type = WEIR_FIELD_DURATION, .imax = WEIR__LONGEST,                              \
    .idefault = 30 * WEIR_SECOND,                                                                  \
    .doc = "A pod that became not ready within this time of its start was never ready."

static weir_status weir__hpa_config_take(weir_hpa_config *to, const weir_hpa_config *from,
                                  weir_error *err);

/* The limits of an HPA's configuration. */
static void weir__hpa_limits_of(const weir_hpa_config *config, weir_behavior_config *limits);

/* The last reading of one series, for the common interface. */
struct weir__hpa_held {
    weir_time at; /* WEIR_TIME_NONE: there was none yet */
    int64_t milli;
    weir_status status;
    int32_t by_pod; /* 1: the readings of single pods count */
};

/* One metric in the block. */
struct weir__hpa_slot {
    struct weir__hpa_metric rule;
    weir_hpa_proposal proposal; /* of the last step that evaluated metrics */
    struct weir__hpa_held held;
    int64_t request;
    weir_duration sample_window;
    uint32_t name_at;    /* bytes from the HPA to the name */
    uint32_t samples_at; /* and to the samples of single pods; 0: there is no room for any */
};

/* A rescale that was decided and is taken to succeed: what it changes is kept apart until the next
 * step, for weir_hpa_write_failed(). */
struct weir__hpa_rescale {
    weir_time at;
    int32_t active;
    int32_t from, to;
    int32_t desired_before;
    weir_time last_scale_before;
    uint32_t condition_count; /* the conditions before those of the success */
    int32_t reserved;
    weir_hpa_condition conditions[WEIR_CONDITIONS_MAX];
};

struct weir_hpa {
    struct weir__block block;
    uint64_t digest; /* of the configuration it was made with */
    weir_time seen;  /* the last time that came up */
    weir_time next_sync;
    weir_duration sync_period;
    struct weir__hpa_rules rules;
    uint32_t behavior_at; /* bytes from here to the limits */
    uint32_t metric_count;
    uint32_t pod_reserve;
    int32_t has_outside_metric; /* 1: some metric is Object or External */
    /* status */
    int32_t current, desired;
    int32_t winner, rescale_reason;
    int32_t evaluated, failed;
    weir_time last_scale;
    uint32_t condition_count;
    int32_t reserved;
    weir_hpa_condition conditions[WEIR_CONDITIONS_MAX];
    struct weir__hpa_rescale rescale;
    /* Followed by: the metrics, the limits, the names, the samples of single pods. */
};

static inline struct weir__hpa_slot *weir__hpa_slots(weir_hpa *h)
{
    return (struct weir__hpa_slot *)(void *)(h + 1);
}

static inline const struct weir__hpa_slot *weir__hpa_slots_of(const weir_hpa *h)
{
    return (const struct weir__hpa_slot *)(const void *)(h + 1);
}

static inline weir_behavior *weir__hpa_behavior(weir_hpa *h)
{
    return (weir_behavior *)(void *)((uint8_t *)h + h->behavior_at);
}

static inline const weir_behavior *weir__hpa_behavior_of(const weir_hpa *h)
{
    return (const weir_behavior *)(const void *)((const uint8_t *)h + h->behavior_at);
}

static inline weir_hpa_sample *weir__hpa_samples(weir_hpa *h, const struct weir__hpa_slot *slot)
{
    return (weir_hpa_sample *)(void *)((uint8_t *)h + slot->samples_at);
}

/* Sets or adds a condition, as upstream's setCondition(). */
static void weir__hpa_set_condition(weir_hpa *h, int32_t type, int32_t status, int32_t reason,
                             weir_time now);

/* What one step looks at, wherever its metrics come from. */
struct weir__hpa_step {
    int32_t spec_replicas, status_replicas;
    weir_status scale_status;
    int32_t selector;
    weir_time now;
    const weir_hpa_input *input; /* NULL: the last readings and the target count */
    const weir_target *target;
};

/* One reconcile. Nothing is changed unless it gives WEIR_OK or WEIR_NO_DATA. */
static weir_status weir__hpa_reconcile(weir_hpa *h, const struct weir__hpa_step *step, weir_decision *out,
                                weir_explain *explain);

/* Whether there is room to remember a step, and its time is not past. */
static weir_status weir__hpa_ready(weir_hpa *h, weir_time now);

/* Counts the last rescale: it was written, or else the caller would have said so. */
static void weir__hpa_settle(weir_hpa *h);

/* Records of a snapshot that were found to be there. */
struct weir__hpa_image {
    const uint8_t *times, *status, *rescale;
    const uint8_t *proposals, *ratios, *held;
    const uint8_t *samples[WEIR_HPA_METRICS_MAX];
    uint32_t condition_count, rescale_count;
    const uint8_t *conditions, *rescale_conditions;
    struct weir__behavior_image behavior;
};

/* An HPA's records in a snapshot, its own or that of a machine that holds it. What is read is
 * checked before it is committed. */
static void weir__hpa_write_records(const weir_hpa *h, struct weir__writer *w);
static void weir__hpa_read_records(const weir_hpa *h, struct weir__reader *r,
                            struct weir__hpa_image *image);
static void weir__hpa_commit_records(weir_hpa *h, const struct weir__hpa_image *image);

/* Sums up what the last readings say of one metric. */
static void weir__hpa_measure_held(weir_hpa *h, const struct weir__hpa_slot *slot,
                            const weir_target *target, weir_time now,
                            struct weir__hpa_measure *out);

#endif

/* ---- lib/decide/keda_state.h ---- */

/*
 * decide/keda_state.h - the block of a ScaledObject, shared by the files that run and save it.
 *
 * KEDA works on copies of an object: the stored one; the one that was read when the triggers were
 * built, on which the HPA's pulls work; and the loop's, read afresh at each poll. Who writes what
 * back to which copy can be seen from outside, so the copies are here too.
 */
#ifndef WEIR_LIB_DECIDE_KEDA_STATE_H
#define WEIR_LIB_DECIDE_KEDA_STATE_H


static const struct weir__table weir__keda_table;

/* Takes a caller's configuration over and checks its fields; `whole`: and what belongs together. */
static weir_status weir__keda_config_take(weir_keda_config *to, const weir_keda_config *from, int whole,
                                   weir_error *err);

/* The HPA's configuration, and for each trigger which of its metrics it feeds; -1: none. */
static void weir__keda_hpa_of(const weir_keda_config *config, weir_hpa_config *hpa,
                       int32_t metric_of[WEIR_KEDA_TRIGGERS_MAX]);

/* The name of a trigger's metric, into room for WEIR_KEDA_NAME_MAX. */
static void weir__keda_name_of(const weir_keda_config *config, uint32_t trigger, char *name);

/* A digest of what the API server counts as the spec: annotations are left out. */
static uint64_t weir__keda_generation(const weir_keda_config *config);

/* What one metric was found to be, after fallback. */
struct weir__keda_outcome {
    int32_t present;  /* 0: there is no such record */
    int32_t failed;   /* 1: an error, and no value */
    int32_t active;   /* by itself or by fallback */
    int32_t fallback; /* 1: the value is the fallback's */
    int32_t empty;    /* 1: no error, and no value either */
    int32_t
        unnamed; /* 1: under another metric's name, so that a formula finds nothing; in a pull */
    struct weir__amount amount;
};

/* One metric of one trigger. */
struct weir__keda_slot {
    int32_t type, metric_type;
    int32_t cached, ignore_null, continues, resource;
    int32_t hpa_metric; /* -1: none of its own */
    int32_t cron;       /* index of its schedule; -1: none */
    double activation, target;
    uint32_t name_at; /* bytes from the block to the metric's name */
    int32_t activity; /* as stored; -1: none yet */
    weir_keda_health stored, served;
    struct weir__keda_outcome cache;    /* of the last poll, for useCachedMetrics */
    struct weir__keda_outcome observed; /* of the last pull */
    weir_keda_reading held;             /* for the common interface */
};

/* A cron trigger's schedules and their zones. */
struct weir__keda_cron {
    weir_cron cron;
    int32_t start_zone, end_zone; /* indexes; -1: UTC */
};

struct weir__keda_zone {
    char name[WEIR_ZONE_NAME_MAX];
    int32_t known; /* 1: it was given */
    int32_t offset;
    uint32_t count;
    uint32_t changes_at; /* bytes from the block */
};

enum { WEIR__KEDA_WRITE_NONE, WEIR__KEDA_WRITE_POLL, WEIR__KEDA_WRITE_SYNC };

struct weir_keda {
    struct weir__block block;
    uint64_t digest, generation; /* of the configuration; of its spec alone */
    weir_time seen, poll_due, sync_due;
    weir_duration polling_interval, cooldown, initial_cooldown, sync_period;
    weir_duration poll_phase, sync_phase;
    weir_time created; /* whole seconds */
    /* spec */
    uint32_t trigger_count, cron_count, zone_count, zone_reserve;
    uint32_t resource_triggers, trigger_groups; /* triggers of cpu and memory; triggers at all */
    int32_t min, idle;                          /* WEIR_KEDA_UNSET */
    int32_t paused, paused_replicas, in_paused, out_paused;
    int32_t forced, restore, defect, conversion;
    int32_t trusts_pulls; /* 1: a poll may take what the HPA's pulls found */
    int32_t has_formula;
    weir_keda_fallback fallback;
    struct weir__modifiers modifiers;
    /* where the parts lie, in bytes from here */
    uint32_t slots_at, crons_at, zones_at, hpa_at, formula_at;
    int32_t composite_metric; /* index in the HPA; -1 */
    /* the operator */
    uint64_t loop_generation, built_generation;
    int32_t running, started; /* started: it was reconciled at least once */
    int32_t loop_known;       /* 1: the loop's generation is remembered */
    int32_t built;            /* there is a copy that pulls work on */
    int32_t shared;           /* 1: it is the loop's own */
    int32_t hpa_exists;
    uint32_t asked; /* triggers whose sources the last step asked */
    int32_t last_write;
    int32_t write_activates; /* 1: the write renewed the last activity */
    int32_t original;        /* replicas before KEDA */
    weir_time last_active, last_active_before;
    weir_keda_condition stored[WEIR_KEDA_CONDITIONS];
    weir_keda_condition served[WEIR_KEDA_CONDITIONS];
    /* Followed by: slots, schedules, zones, changes, names, the HPA, the formula. */
};

static inline struct weir__keda_slot *weir__keda_slots(weir_keda *k)
{
    return (struct weir__keda_slot *)(void *)((uint8_t *)k + k->slots_at);
}

static inline const struct weir__keda_slot *weir__keda_slots_of(const weir_keda *k)
{
    return (const struct weir__keda_slot *)(const void *)((const uint8_t *)k + k->slots_at);
}

static inline struct weir__keda_cron *weir__keda_crons(weir_keda *k)
{
    return (struct weir__keda_cron *)(void *)((uint8_t *)k + k->crons_at);
}

static inline struct weir__keda_zone *weir__keda_zones(weir_keda *k)
{
    return (struct weir__keda_zone *)(void *)((uint8_t *)k + k->zones_at);
}

static inline weir_hpa *weir__keda_hpa(weir_keda *k)
{
    return (weir_hpa *)(void *)((uint8_t *)k + k->hpa_at);
}

static inline const weir_formula *weir__keda_formula(const weir_keda *k)
{
    return (const weir_formula *)(const void *)((const uint8_t *)k + k->formula_at);
}

static inline const char *weir__keda_name(const weir_keda *k, uint32_t trigger)
{
    return (const char *)k + weir__keda_slots_of(k)[trigger].name_at;
}

static inline int weir__is_keda(const weir_keda *k)
{
    return weir__block_is(k, WEIR_KIND_KEDA);
}

/* A copy of the object that some part of KEDA works on. */
struct weir__keda_copy {
    int32_t on_served; /* 1: it is the copy in the block that pulls work on */
    int32_t reserved;
    weir_keda_health health[WEIR_KEDA_TRIGGERS_MAX];
    weir_keda_condition conditions[WEIR_KEDA_CONDITIONS];
};

/* Checks what a step is given. */
static weir_status weir__keda_check(const weir_keda *k, const weir_keda_input *input, weir_time now,
                             const weir_decision *out, const weir_explain *explain);

/* Reads the object afresh into the copy that pulls work on. `shared`: it is the loop's. */
static void weir__keda_build(weir_keda *k, int shared);

/* Asks one metric's source and falls back; health is written through `copy`. */
static void weir__keda_observe(weir_keda *k, struct weir__keda_copy *copy, uint32_t trigger,
                        const weir_keda_input *input, weir_time now,
                        struct weir__keda_outcome *outcome);

/* Falls back for what was found already. */
static void weir__keda_fall_back(weir_keda *k, struct weir__keda_copy *copy, uint32_t trigger,
                          const weir_keda_input *input, struct weir__keda_outcome *outcome);

/* The formula over all triggers' outcomes. 0: it gives no metric. */
static int weir__keda_compose(const weir_keda *k, const struct weir__keda_copy *copy,
                       const struct weir__keda_outcome *outcomes, int64_t *milli);

/* The copy that pulls work on, in hand. */
static void weir__keda_take_served(const weir_keda *k, struct weir__keda_copy *copy);
static void weir__keda_put_served(weir_keda *k, const struct weir__keda_copy *copy);

/* The parts of a step, without the checks. */
static weir_status weir__keda_poll(weir_keda *k, const weir_keda_input *input, weir_time now,
                            struct weir__trace *trace, uint32_t *flags, weir_time *next);
static void weir__keda_act(weir_keda *k, int active, int is_error, uint32_t active_metrics,
                    const weir_keda_input *input, weir_time now, struct weir__trace *trace,
                    uint32_t *flags, weir_time *next);
static weir_status weir__keda_reconcile(weir_keda *k, const weir_keda_input *input, weir_time now,
                                 int32_t *polls, struct weir__trace *trace, uint32_t *flags);
static weir_status weir__keda_sync(weir_keda *k, const weir_keda_input *input, weir_time now,
                            weir_decision *out, struct weir__trace *trace);

#endif

/* ---- lib/decide/kpa_state.h ---- */

/*
 * decide/kpa_state.h - the blocks of the KPA's machines, shared by the files that run and save
 * them.
 */
#ifndef WEIR_LIB_DECIDE_KPA_STATE_H
#define WEIR_LIB_DECIDE_KPA_STATE_H


static const struct weir__table weir__kpa_collector_table;
static const struct weir__table weir__kpa_decider_table;
static const struct weir__table weir__kpa_table;

/* The lanes of a collector's windows. */
enum { WEIR__LANE_CONCURRENCY, WEIR__LANE_RPS, WEIR__LANES };

struct weir_kpa_collector {
    struct weir__block block;
    uint64_t digest;    /* of the configuration it was made with */
    uint32_t stable_at; /* bytes from here to the stable window */
    uint32_t panic_at;  /* and to the panic window */
    int32_t scrape_target;
    int32_t reserved;
    /* Followed by: the two windows. */
};

struct weir_kpa_decider {
    struct weir__block block;
    uint64_t digest; /* of the configuration it was made with */
    weir_time panic_since;
    weir_time next_tick;
    int32_t max_panic_pods;
    int32_t desired;
    int32_t excess_burst_capacity;
    int32_t delayed; /* 1: a delay window follows */
    weir_kpa_decider_config config;
    /* Followed by: the delay window, if there was a delay when it was made. */
};

struct weir_kpa {
    struct weir__block block;
    uint64_t digest;
    uint32_t decider_at; /* bytes from here to the decider; the collector is behind it */
    uint32_t collector_at;
    int32_t metric;
    int32_t poked;          /* 1: requests came while no pod was wanted */
    int32_t wish_rule;      /* that had the last word on the decider's last wish */
    int32_t ruled;          /* that had the last word on it in the last reconcile, or NONE */
    uint32_t flags;         /* WEIR_FLAG_* of the last reconcile */
    int32_t reconciled;     /* 1: there was a reconcile */
    weir_time requeue_at;   /* when to reconcile although nothing changed */
    weir_time proxied_from; /* driven by the common interface: when the activator is in the path */
    weir_kpa_reconciler_state reconciler;
    weir_kpa_reconcile_input seen; /* the cluster at the last reconcile */
    weir_kpa_reconcile last;       /* what that decided */
    weir_kpa_config config;
    /* Followed by: the decider, the collector. */
};

static inline weir_window *weir__collector_stable(weir_kpa_collector *c)
{
    return (weir_window *)(void *)((uint8_t *)c + c->stable_at);
}

static inline weir_window *weir__collector_panic(weir_kpa_collector *c)
{
    return (weir_window *)(void *)((uint8_t *)c + c->panic_at);
}

static inline const weir_window *weir__collector_stable_of(const weir_kpa_collector *c)
{
    return (const weir_window *)(const void *)((const uint8_t *)c + c->stable_at);
}

static inline const weir_window *weir__collector_panic_of(const weir_kpa_collector *c)
{
    return (const weir_window *)(const void *)((const uint8_t *)c + c->panic_at);
}

static inline weir_max_window *weir__decider_delay(weir_kpa_decider *d)
{
    return d->delayed ? (weir_max_window *)(void *)(d + 1) : NULL;
}

static inline const weir_max_window *weir__decider_delay_of(const weir_kpa_decider *d)
{
    return d->delayed ? (const weir_max_window *)(const void *)(d + 1) : NULL;
}

static inline const weir_kpa_collector *weir__kpa_collector_of(const weir_kpa *kpa)
{
    return (const weir_kpa_collector *)(const void *)((const uint8_t *)kpa + kpa->collector_at);
}

static inline weir_kpa_decider *weir__kpa_decider(weir_kpa *kpa)
{
    return (weir_kpa_decider *)(void *)((uint8_t *)kpa + kpa->decider_at);
}

static inline const weir_kpa_decider *weir__kpa_decider_of(const weir_kpa *kpa)
{
    return (const weir_kpa_decider *)(const void *)((const uint8_t *)kpa + kpa->decider_at);
}

/* The scale step of weir_kpa_decider_decide() with checked arguments. The trace stands at the
 * replicas it begins with; without data it is left alone. `current` and `step_count` of the
 * decision are the caller's. */
static weir_status weir__decider_step(weir_kpa_decider *d, const weir_kpa_decider_input *input,
                               weir_time now, weir_decision *out, struct weir__trace *trace);

/* A tick was taken at `now`: late ones are not made up for. */
static inline void weir__decider_ticked(weir_kpa_decider *d, weir_time now)
{
    weir_duration late = weir__sub(now, d->next_tick);

    d->next_tick = weir__add(now, WEIR_KPA_TICK - late % WEIR_KPA_TICK);
}

static weir_status weir__kpa_config_take(weir_kpa_config *to, const weir_kpa_config *from,
                                  weir_error *err);

/* Snapshots of the parts inside that of the whole: read everything, then commit. */
struct weir__collector_image {
    struct weir__window_image stable, panic;
    int32_t scrape_target;
};
struct weir__decider_image {
    weir_time panic_since, next_tick;
    int32_t max_panic_pods, desired, excess_burst_capacity;
    weir_kpa_decider_config config;
    struct weir__max_image delay;
};
static void weir__collector_write(const weir_kpa_collector *c, struct weir__writer *w);
static void weir__collector_read(const weir_kpa_collector *c, struct weir__reader *r,
                          struct weir__collector_image *image);
static void weir__collector_commit(weir_kpa_collector *c, const struct weir__collector_image *image);
static void weir__decider_write(const weir_kpa_decider *d, struct weir__writer *w);
static void weir__decider_read(const weir_kpa_decider *d, struct weir__reader *r,
                        struct weir__decider_image *image);
static void weir__decider_commit(weir_kpa_decider *d, const struct weir__decider_image *image);

#endif

/* ---- lib/decide/registry.h ---- */

/*
 * decide/registry.h - what a kind of autoscaler gives to the common interface.
 */
#ifndef WEIR_LIB_DECIDE_REGISTRY_H
#define WEIR_LIB_DECIDE_REGISTRY_H


/* Every function is called with a state of its kind and with checked arguments. */
struct weir__autoscaler_ops {
    const char *const *series; /* names of the input series; NULL: series_name knows them */
    int32_t series_count;      /* < 0: depends on the state, series_name counts them */
    const char *(*series_name)(const void *state, int32_t series); /* NULL past the last */
    int32_t (*main_series)(const void *state);
    weir_status (*record)(void *state, const weir_reading *readings, size_t count);
    int32_t (*zero)(const void *state); /* NULL: WEIR_ZERO_ALWAYS */
    weir_time (*due)(const void *state);
    int32_t (*poked)(const void *state);
    int32_t watches_pods; /* 1: a change of the ready pods is an event */
    weir_status (*decide)(void *state, const weir_target *target, weir_time now, weir_decision *out,
                          weir_explain *explain);
    int64_t (*skip)(void *state, weir_time until); /* NULL: every due time has to be decided */
    weir_status (*save)(const void *state, uint8_t *buffer, size_t capacity, size_t *need);
    weir_status (*load)(void *state, const uint8_t *buffer, size_t length, weir_error *err);
};

/* What a state block's kind gives; NULL for a pointer to anything else. */
static const struct weir__autoscaler_ops *weir__autoscaler_ops_of(const void *autoscaler);

static const struct weir__autoscaler_ops weir__kpa_ops;
static const struct weir__autoscaler_ops weir__hpa_ops;
static const struct weir__autoscaler_ops weir__keda_ops;

#endif

struct kind_row {
    const char *name;                       /* NULL: there is no such kind */
    const struct weir__autoscaler_ops *ops; /* NULL: a part that does not decide by itself */
};

/* By WEIR_KIND_*. */
static const struct kind_row kinds[] = {
    [WEIR_KIND_WINDOW] = {"window", NULL},
    [WEIR_KIND_MAX_WINDOW] = {"max-window", NULL},
    [WEIR_KIND_KPA_COLLECTOR] = {"kpa-collector", NULL},
    [WEIR_KIND_KPA_DECIDER] = {"kpa-decider", NULL},
    [WEIR_KIND_KPA] = {"kpa", &weir__kpa_ops},
    [WEIR_KIND_HPA] = {"hpa", &weir__hpa_ops},
    [WEIR_KIND_BEHAVIOR] = {"behavior", NULL},
    [WEIR_KIND_KEDA] = {"keda", &weir__keda_ops},
    [WEIR_KIND_FORMULA] = {"formula", NULL},
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

struct table_row {
    int32_t config;
    const struct weir__table *table;
};

static const struct table_row tables[] = {
    {WEIR_CONFIG_WINDOW, &weir__window_table},
    {WEIR_CONFIG_KPA_COLLECTOR, &weir__kpa_collector_table},
    {WEIR_CONFIG_KPA_DECIDER, &weir__kpa_decider_table},
    {WEIR_CONFIG_KPA, &weir__kpa_table},
    {WEIR_CONFIG_HPA, &weir__hpa_table},
    {WEIR_CONFIG_BEHAVIOR, &weir__behavior_table},
    {WEIR_CONFIG_KEDA, &weir__keda_table},
};

weir_status weir_fields(int32_t config, const weir_field **fields, size_t *count)
{
    for (size_t i = 0; fields != NULL && count != NULL && i < sizeof tables / sizeof tables[0];
         i++) {
        if (tables[i].config == config) {
            *fields = tables[i].table->fields;
            *count = tables[i].table->count;
            return WEIR_OK;
        }
    }
    return WEIR_E_ARG;
}

static const struct kind_row *row_of(int32_t kind)
{
    return kind > 0 && kind < KIND_COUNT && kinds[kind].name != NULL ? &kinds[kind] : NULL;
}

const char *weir_kind_name(int32_t kind)
{
    const struct kind_row *row = row_of(kind);

    return row != NULL ? row->name : "unknown";
}

/* The row of a state block's kind; NULL for a pointer to anything else. */
static const struct kind_row *row_of_block(const void *autoscaler)
{
    const struct weir__block *block = autoscaler;

    return weir__aligned(block) && block->magic == WEIR__MAGIC ? row_of(block->kind) : NULL;
}

int32_t weir_autoscaler_kind(const void *autoscaler)
{
    const struct weir__block *block = autoscaler;

    return row_of_block(autoscaler) != NULL ? block->kind : 0;
}

size_t weir_autoscaler_bytes(const void *autoscaler)
{
    const struct weir__block *block = autoscaler;

    return row_of_block(autoscaler) != NULL ? (size_t)block->bytes : 0;
}

static const struct weir__autoscaler_ops *ops_of(const void *autoscaler)
{
    const struct kind_row *row = row_of_block(autoscaler);

    return row != NULL ? row->ops : NULL;
}

weir_status weir_target_init(weir_target *target, size_t struct_size)
{
    if (target == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *target) {
        return WEIR_E_STRUCT;
    }
    memset(target, 0, sizeof *target);
    target->struct_size = (uint32_t)sizeof *target;
    return WEIR_OK;
}

static const char *name_of(const struct weir__autoscaler_ops *ops, const void *autoscaler,
                           int32_t series)
{
    if (series < 0) {
        return NULL;
    }
    if (ops->series_name != NULL) {
        return ops->series_name(autoscaler, series);
    }
    return series < ops->series_count ? ops->series[series] : NULL;
}

static const struct weir__autoscaler_ops *weir__autoscaler_ops_of(const void *autoscaler)
{
    return ops_of(autoscaler);
}

const char *weir_autoscaler_series_name(const void *autoscaler, int32_t series)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? name_of(ops, autoscaler, series) : NULL;
}

int32_t weir_autoscaler_series_count(const void *autoscaler)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);
    int32_t count = 0;

    if (ops == NULL) {
        return 0;
    }
    if (ops->series_name == NULL) {
        return ops->series_count;
    }
    while (ops->series_name(autoscaler, count) != NULL) {
        count++;
    }
    return count;
}

int32_t weir_autoscaler_main_series(const void *autoscaler)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? ops->main_series(autoscaler) : 0;
}

int32_t weir_autoscaler_zero(const void *autoscaler)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL && ops->zero != NULL ? ops->zero(autoscaler) : WEIR_ZERO_ALWAYS;
}

weir_status weir_autoscaler_record(void *autoscaler, const weir_reading *readings, size_t count)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    if (ops == NULL || (readings == NULL && count > 0)) {
        return WEIR_E_ARG;
    }
    for (size_t i = 0; i < count; i++) {
        if (name_of(ops, autoscaler, readings[i].series) == NULL) {
            return WEIR_E_RANGE;
        }
        if (readings[i].at < 0) {
            return WEIR_E_TIME;
        }
    }
    return ops->record(autoscaler, readings, count);
}

weir_time weir_autoscaler_due(const void *autoscaler)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? ops->due(autoscaler) : WEIR_TIME_NEVER;
}

int32_t weir_autoscaler_poked(const void *autoscaler)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? ops->poked(autoscaler) : 0;
}

int32_t weir_autoscaler_watches_pods(const void *autoscaler)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? ops->watches_pods : 0;
}

weir_status weir_autoscaler_decide(void *autoscaler, const weir_target *target, weir_time now,
                                   weir_decision *out, weir_explain *explain)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    if (ops == NULL || target == NULL || out == NULL) {
        return WEIR_E_ARG;
    }
    if (target->struct_size != sizeof *target || out->struct_size != sizeof *out) {
        return WEIR_E_STRUCT;
    }
    return ops->decide(autoscaler, target, now, out, explain);
}

int64_t weir_autoscaler_skip(void *autoscaler, weir_time until)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL && ops->skip != NULL ? ops->skip(autoscaler, until) : 0;
}

weir_status weir_autoscaler_save(const void *autoscaler, uint8_t *buffer, size_t capacity,
                                 size_t *need)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? ops->save(autoscaler, buffer, capacity, need) : WEIR_E_ARG;
}

weir_status weir_autoscaler_load(void *autoscaler, const uint8_t *buffer, size_t length,
                                 weir_error *err)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? ops->load(autoscaler, buffer, length, err)
                       : weir__fail(err, WEIR_E_ARG, "", "this is not an autoscaler");
}

/* ---- lib/decide/hpa.c ---- */

/*
 * decide/hpa.c - an HPA's block, its status and what happens to it between steps.
 *
 * Upstream: pkg/controller/podautoscaler/horizontal.go.
 */

static int is_hpa(const weir_hpa *h)
{
    return weir__block_is(h, WEIR_KIND_HPA);
}

/* ---- the block ------------------------------------------------------------------------------ */

struct hpa_layout {
    weir_behavior_config limits;
    size_t behavior_at, names_at, samples_at, bytes;
};

static int hpa_by_pod(const weir_hpa_metric *metric)
{
    return metric->source == WEIR_HPA_RESOURCE || metric->source == WEIR_HPA_CONTAINER_RESOURCE ||
           metric->source == WEIR_HPA_PODS;
}

static size_t name_bytes(const weir_hpa_metric *metric)
{
    return weir__length_within(metric->name, sizeof metric->name - 1) + 1;
}

static weir_status hpa_lay_out(const weir_hpa_config *own, struct hpa_layout *l, weir_error *err)
{
    size_t limits, names = 0, samples = 0;
    weir_status status;

    weir__hpa_limits_of(own, &l->limits);
    status = weir_behavior_bytes(&l->limits, &limits, err);
    if (status != WEIR_OK) {
        return status;
    }
    for (uint32_t i = 0; i < own->metric_count; i++) {
        names += name_bytes(&own->metrics[i]);
        samples += hpa_by_pod(&own->metrics[i]) ? (size_t)own->pod_reserve : 0;
    }
    l->behavior_at = sizeof(weir_hpa) + own->metric_count * sizeof(struct weir__hpa_slot);
    l->samples_at = l->behavior_at + limits;
    l->names_at = l->samples_at + samples * sizeof(weir_hpa_sample);
    l->bytes = l->names_at + weir__round_up8(names);
    return WEIR_OK;
}

weir_status weir_hpa_bytes(const weir_hpa_config *config, size_t *bytes, weir_error *err)
{
    weir_hpa_config own;
    struct hpa_layout l;
    weir_status status = weir__hpa_config_take(&own, config, err);

    if (status == WEIR_OK) {
        status = hpa_lay_out(&own, &l, err);
    }
    return status == WEIR_OK ? weir__give_bytes(bytes, l.bytes, err) : status;
}

static void init_metrics(weir_hpa *h, const weir_hpa_config *own, const struct hpa_layout *l)
{
    size_t name_at = l->names_at, samples_at = l->samples_at;

    for (uint32_t i = 0; i < own->metric_count; i++) {
        const weir_hpa_metric *metric = &own->metrics[i];
        struct weir__hpa_slot *slot = &weir__hpa_slots(h)[i];

        weir__hpa_metric_of(metric, &slot->rule);
        weir_hpa_proposal_init(&slot->proposal, sizeof slot->proposal);
        slot->held.at = WEIR_TIME_NONE;
        slot->held.status = WEIR_NO_DATA;
        slot->request = metric->request > 0 ? metric->request : WEIR_HPA_NO_REQUEST;
        slot->sample_window = metric->sample_window > 0 ? metric->sample_window : 30 * WEIR_SECOND;
        slot->name_at = (uint32_t)name_at;
        memcpy((uint8_t *)h + name_at, metric->name, name_bytes(metric));
        name_at += name_bytes(metric);
        if (hpa_by_pod(metric) && own->pod_reserve > 0) {
            slot->samples_at = (uint32_t)samples_at;
            samples_at += (size_t)own->pod_reserve * sizeof(weir_hpa_sample);
        }
        h->has_outside_metric |=
            metric->source == WEIR_HPA_OBJECT || metric->source == WEIR_HPA_EXTERNAL;
    }
}

weir_status weir_hpa_init(weir_hpa *hpa, size_t bytes, const weir_hpa_config *config, weir_time now,
                          weir_error *err)
{
    weir_hpa *h = hpa;
    weir_hpa_config own;
    struct hpa_layout l;
    weir_status status = weir__hpa_config_take(&own, config, err);

    if (status == WEIR_OK) {
        status = hpa_lay_out(&own, &l, err);
    }
    if (status == WEIR_OK) {
        status = weir__block_fits(h, bytes, l.bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    memset(h, 0, l.bytes);
    weir__block_set(&h->block, WEIR_KIND_HPA, l.bytes);
    h->digest = weir__config_digest(&weir__hpa_table, &own);
    h->seen = WEIR_TIME_NONE;
    h->next_sync = now;
    h->sync_period = own.sync_period;
    weir__hpa_rules_of(&own, &h->rules);
    h->behavior_at = (uint32_t)l.behavior_at;
    h->metric_count = own.metric_count;
    h->pod_reserve = (uint32_t)own.pod_reserve;
    h->desired = WEIR_REPLICAS_UNKNOWN;
    h->winner = -1;
    h->last_scale = WEIR_TIME_NONE;
    init_metrics(h, &own, &l);
    return weir_behavior_init(weir__hpa_behavior(h), l.samples_at - l.behavior_at, &l.limits, err);
}

/* ---- steps ---------------------------------------------------------------------------------- */

weir_status weir_hpa_decide(weir_hpa *hpa, const weir_hpa_input *input, weir_time now,
                            weir_decision *out, weir_explain *explain)
{
    struct weir__hpa_step step;
    weir_status status = weir__hpa_input_check(input);
    int needed;

    if (!is_hpa(hpa) || out == NULL || status != WEIR_OK) {
        return status != WEIR_OK ? status : WEIR_E_ARG;
    }
    if (out->struct_size != sizeof *out ||
        (explain != NULL && explain->struct_size != sizeof *explain)) {
        return WEIR_E_STRUCT;
    }
    needed = input->scale_status == WEIR_OK && input->selector == WEIR_SELECTOR_FINE;
    if (needed && input->reading_count != hpa->metric_count) {
        return WEIR_E_RANGE;
    }
    for (uint32_t i = 0; needed && i < hpa->metric_count; i++) {
        status = weir__hpa_reading_check(&weir__hpa_slots(hpa)[i].rule, input, &input->readings[i]);
        if (status != WEIR_OK) {
            return status;
        }
    }
    step.spec_replicas = input->spec_replicas;
    step.status_replicas = input->status_replicas;
    step.scale_status = input->scale_status;
    step.selector = input->selector;
    step.now = now;
    step.input = input;
    step.target = NULL;
    return weir__hpa_reconcile(hpa, &step, out, explain);
}

weir_status weir_hpa_write_done(weir_hpa *hpa, weir_time at)
{
    if (!is_hpa(hpa) || !hpa->rescale.active) {
        return WEIR_E_ARG;
    }
    if (at < hpa->seen) {
        return WEIR_E_TIME;
    }
    hpa->rescale.at = at;
    hpa->last_scale = at;
    hpa->seen = at;
    return WEIR_OK;
}

weir_status weir_hpa_write_failed(weir_hpa *hpa)
{
    struct weir__hpa_rescale *rescale;

    if (!is_hpa(hpa) || !hpa->rescale.active) {
        return WEIR_E_ARG;
    }
    rescale = &hpa->rescale;
    rescale->active = 0;
    hpa->desired = rescale->desired_before;
    hpa->last_scale = rescale->last_scale_before;
    hpa->condition_count = rescale->condition_count;
    memcpy(hpa->conditions, rescale->conditions, sizeof hpa->conditions);
    weir__hpa_set_condition(hpa, WEIR_CONDITION_ABLE_TO_SCALE, 0, WEIR_REASON_FAILED_UPDATE_SCALE,
                            rescale->at);
    return WEIR_OK;
}

/* ---- status --------------------------------------------------------------------------------- */

/* Where a condition is or, now, comes; there are as many places as types. */
static uint32_t find_condition(weir_hpa *h, int32_t type, weir_time now)
{
    uint32_t i = h->condition_count;

    while (i > 0 && h->conditions[i - 1].type != type) {
        i--;
    }
    if (i > 0) {
        return i - 1;
    }
    h->conditions[h->condition_count] = (weir_hpa_condition){type, -1, 0, 0, now};
    return h->condition_count++;
}

static void weir__hpa_set_condition(weir_hpa *h, int32_t type, int32_t status, int32_t reason,
                             weir_time now)
{
    uint32_t i = (uint32_t)type - 1; /* where it mostly is */

    if (i >= h->condition_count || h->conditions[i].type != type) {
        i = find_condition(h, type, now);
    }
    if (h->conditions[i].status != status) {
        h->conditions[i].status = status;
        h->conditions[i].since = now;
    }
    h->conditions[i].reason = reason;
}

weir_status weir_hpa_set_condition(weir_hpa *hpa, int32_t type, int32_t status)
{
    if (!is_hpa(hpa)) {
        return WEIR_E_ARG;
    }
    if (type < WEIR_CONDITION_NAMELESS || type > WEIR_CONDITION_SCALED_TO_ZERO || status < 0 ||
        status > 2) {
        return WEIR_E_RANGE;
    }
    weir__hpa_set_condition(hpa, type, status, WEIR_REASON_NONE, hpa->seen);
    return WEIR_OK;
}

weir_status weir_hpa_get_status(const weir_hpa *hpa, weir_hpa_status *status, size_t struct_size)
{
    if (!is_hpa(hpa) || status == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *status) {
        return WEIR_E_STRUCT;
    }
    memset(status, 0, sizeof *status);
    status->struct_size = (uint32_t)sizeof *status;
    status->condition_count = hpa->condition_count;
    status->current_replicas = hpa->current;
    status->desired_replicas = hpa->desired;
    status->metric = hpa->winner;
    status->rescale_reason = hpa->rescale_reason;
    status->metrics_evaluated = hpa->evaluated;
    status->metrics_failed = hpa->failed;
    status->last_scale_time = hpa->last_scale;
    status->next_sync = hpa->next_sync;
    memcpy(status->conditions, hpa->conditions, hpa->condition_count * sizeof hpa->conditions[0]);
    return WEIR_OK;
}

weir_status weir_hpa_get_proposal(const weir_hpa *hpa, uint32_t metric, weir_hpa_proposal *proposal,
                                  size_t struct_size)
{
    if (!is_hpa(hpa) || proposal == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *proposal) {
        return WEIR_E_STRUCT;
    }
    if (!hpa->evaluated || metric >= hpa->metric_count) {
        return WEIR_END;
    }
    *proposal = weir__hpa_slots_of(hpa)[metric].proposal;
    return WEIR_OK;
}

const char *weir_condition_name(int32_t type)
{
    static const char *const names[] = {"", "AbleToScale", "ScalingActive", "ScalingLimited",
                                        "ScaledToZero"};

    return type >= 0 && type < (int32_t)(sizeof names / sizeof names[0]) ? names[type] : "";
}

weir_behavior *weir_hpa_get_behavior(weir_hpa *hpa)
{
    if (!is_hpa(hpa)) {
        return NULL;
    }
    weir__hpa_settle(hpa);
    return weir__hpa_behavior(hpa);
}

/* ---- between steps -------------------------------------------------------------------------- */

weir_status weir_hpa_restart(weir_hpa *hpa)
{
    if (!is_hpa(hpa)) {
        return WEIR_E_ARG;
    }
    hpa->rescale.active = 0;
    return weir_behavior_forget(weir__hpa_behavior(hpa));
}

weir_status weir_hpa_adopt(weir_hpa *hpa, weir_hpa *from)
{
    weir_status status;

    if (!is_hpa(hpa) || !is_hpa(from)) {
        return WEIR_E_ARG;
    }
    weir__hpa_settle(from); /* by the rules that were in force */
    status = weir_behavior_adopt(weir__hpa_behavior(hpa), weir__hpa_behavior_of(from));
    if (status != WEIR_OK) {
        return status;
    }
    hpa->seen = from->seen;
    hpa->next_sync = from->next_sync;
    hpa->current = from->current;
    hpa->desired = from->desired;
    hpa->last_scale = from->last_scale;
    hpa->rescale.active = 0;
    hpa->condition_count = from->condition_count;
    memcpy(hpa->conditions, from->conditions, sizeof hpa->conditions);
    if (hpa->metric_count == from->metric_count) { /* until metrics are evaluated again */
        hpa->evaluated = from->evaluated;
        hpa->failed = from->failed;
        for (uint32_t i = 0; i < hpa->metric_count; i++) {
            weir__hpa_slots(hpa)[i].proposal = weir__hpa_slots(from)[i].proposal;
        }
    }
    return WEIR_OK;
}

/* ---- lib/decide/hpa_config.c ---- */

/*
 * decide/hpa_config.c - the configuration of an HPA as a field table, and what is checked of it.
 *
 * Bounds are those that keep the machine sound; of what the API server refuses besides only targets
 * that are not above zero and bounds that contradict each other are refused here.
 */

#define ROW(m) WEIR__MEMBER(weir_hpa_metric, m), .alias = "", .global_key = ""
static const weir_field metric_fields[] = {
    {ROW(source), .key = "type", .unit = "",
     .values = "unknown|Resource|ContainerResource|Pods|Object|External", .type = WEIR_FIELD_ENUM,
     .imax = 5, .doc = "Where the metric comes from."},
    {ROW(target_type), .key = "target", .unit = "", .values = "none|Utilization|Value|AverageValue",
     .type = WEIR_FIELD_ENUM, .imax = 3, .doc = "What the metric is held against."},
    {ROW(target), .key = "target", .unit = "milli or %", .values = "", .type = WEIR_FIELD_INT,
     .imin = INT64_MIN, .imax = INT64_MAX,
     .doc = "Percent of the requests for utilization, else thousandths; above 0."},
    {ROW(request), .key = "", .unit = "milli", .values = "", .type = WEIR_FIELD_INT,
     .imax = INT64_MAX, .doc = "What a pod requests, for a replay that knows totals only."},
    {ROW(sample_window), .key = "", .unit = "s", .values = "", .type = WEIR_FIELD_DURATION,
     .imax = WEIR__LONGEST,
     .doc = "Time that a sample of a pod covers, for a replay; cpu looks at it."},
    {ROW(name), .key = "name", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Name of the resource or the metric."},
    {ROW(container), .key = "container", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Container of a container resource."},
};
#undef ROW

#define ROW(m) WEIR__MEMBER(weir_hpa_config, m), .alias = ""
#define GATE                                                                                       \
    .unit = "", .values = "release|off|on", .type = WEIR_FIELD_ENUM, .imax = 2, .global_key = ""
static const weir_field hpa_fields[] = {
    {ROW(min_replicas), .key = "spec.minReplicas", .global_key = "", .unit = "pods", .values = "",
     .type = WEIR_FIELD_INT, .imax = INT32_MAX, .idefault = 1, .doc = "Lower bound."},
    {ROW(max_replicas), .key = "spec.maxReplicas", .global_key = "", .unit = "pods", .values = "",
     .type = WEIR_FIELD_INT, .imin = 1, .imax = INT32_MAX,
     .doc = "Upper bound; it has no default and has to be set."},
    {ROW(behavior), .key = "spec.behavior", .global_key = "", .unit = "", .values = "",
     .type = WEIR_FIELD_BOOL, .imax = 1,
     .doc =
         "The rules for scaling hold; without, a size at most doubles and falls after a window."},
    {ROW(semantics), .key = "", .global_key = "", .unit = "", .values = WEIR__HPA_RELEASES,
     .type = WEIR_FIELD_ENUM, .imax = WEIR_HPA_1_27,
     .doc =
         "Release of Kubernetes whose rules are used; up to 1.35 metrics count at zero pods where "
         "the minimum is 0, up to 1.34 Value sums and proposals may wrap, up to 1.33 External "
         "averages too, up to 1.32 there is one tolerance and a missing container fails the "
         "metric, up to 1.28 sidecars request nothing, in 1.27 missing pods count as 0 at the "
         "target."},
    {ROW(conversion), WEIR__CONVERSION_ROW},
    {ROW(scale_to_zero), .key = "HPAScaleToZero", GATE,
     .doc = "Feature gate: an HPA may scale to zero and back; on from 1.37."},
    {ROW(configurable_tolerance), .key = "HPAConfigurableTolerance", GATE,
     .doc = "Feature gate: the tolerances of the rules count; on from 1.35."},
    {ROW(pod_reserve), WEIR__POD_RESERVE_ROW},
    {ROW(reserve), WEIR__RESERVE_ROW},
    {ROW(tolerance), WEIR__TOLERANCE_ROW},
    {ROW(downscale_stabilization), WEIR__STABILIZATION_ROW},
    {ROW(cpu_initialization_period), WEIR__CPU_PERIOD_ROW},
    {ROW(initial_readiness_delay), WEIR__READINESS_ROW},
    {ROW(sync_period), .key = "", .global_key = "horizontal-pod-autoscaler-sync-period",
     .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imin = WEIR_SECOND,
     .imax = 3600 * WEIR_SECOND, .idefault = 15 * WEIR_SECOND,
     .doc = "Time between decisions, by which the memory is measured out."},
    {ROW(scale_up), .key = "spec.behavior.scaleUp", .global_key = "", .unit = "", .values = "",
     .type = WEIR_FIELD_STRUCT, .capacity = 1, .fields = weir__scale_up_fields,
     .field_count = WEIR__RULES_FIELDS, .doc = "Rules for more pods."},
    {ROW(scale_down), .key = "spec.behavior.scaleDown", .global_key = "", .unit = "", .values = "",
     .type = WEIR_FIELD_STRUCT, .capacity = 1, .fields = weir__scale_down_fields,
     .field_count = WEIR__RULES_FIELDS, .doc = "Rules for fewer pods."},
    {WEIR__LIST(weir_hpa_config, metrics, metric_count), .key = "spec.metrics", .alias = "",
     .global_key = "", .unit = "", .values = "", .type = WEIR_FIELD_STRUCT, .fields = metric_fields,
     .field_count = sizeof metric_fields / sizeof metric_fields[0],
     .doc = "The metrics; the largest wish counts."},
};
#undef ROW

static const struct weir__table weir__hpa_table = WEIR__TABLE(weir_hpa_config, hpa_fields);

weir_status weir_hpa_config_init(weir_hpa_config *config, size_t struct_size)
{
    weir_status status = weir__config_init(&weir__hpa_table, config, struct_size);

    if (status == WEIR_OK) {
        weir__scaling_rules_init(&config->scale_up, WEIR_SCALE_UP);
        weir__scaling_rules_init(&config->scale_down, WEIR_SCALE_DOWN);
    }
    return status;
}

/* Which targets a source can be held against. */
static int hpa_config_fits(int32_t source, int32_t target_type)
{
    switch (target_type) {
    case WEIR_HPA_UTILIZATION:
        return source == WEIR_HPA_RESOURCE || source == WEIR_HPA_CONTAINER_RESOURCE;
    case WEIR_HPA_VALUE: return source == WEIR_HPA_OBJECT || source == WEIR_HPA_EXTERNAL;
    case WEIR_HPA_AVERAGE_VALUE: return source != WEIR_HPA_SOURCE_UNKNOWN;
    default: return source != WEIR_HPA_PODS; /* upstream crashes on a Pods metric without */
    }
}

static weir_status hpa_config_refuse(weir_error *err, uint32_t metric, const char *field, const char *message)
{
    weir__fail(err, WEIR_E_RANGE, field, message);
    weir__fail_within(err, "metrics", metric);
    return WEIR_E_RANGE;
}

static weir_status hpa_config_check_metric(const weir_hpa_metric *metric, uint32_t index, weir_error *err)
{
    if (!hpa_config_fits(metric->source, metric->target_type)) {
        return hpa_config_refuse(err, index, "target_type", "is not one that this source can be held against");
    }
    if (metric->target_type == WEIR_HPA_TARGET_NONE) {
        return WEIR_OK;
    }
    if (metric->target <= 0) {
        return hpa_config_refuse(err, index, "target", "must be above 0: the metric is divided by it");
    }
    if (metric->target_type == WEIR_HPA_UTILIZATION && metric->target > INT32_MAX) {
        return hpa_config_refuse(err, index, "target", "must be a percentage of at most 2147483647");
    }
    return WEIR_OK;
}

static weir_status weir__hpa_config_take(weir_hpa_config *to, const weir_hpa_config *from, weir_error *err)
{
    weir_status status = weir__config_take(&weir__hpa_table, to, from, err);

    if (status == WEIR_OK) {
        status = weir__config_check(&weir__hpa_table, to, err);
    }
    if (status == WEIR_OK && to->min_replicas > to->max_replicas) {
        status = weir__fail(err, WEIR_E_RANGE, "max_replicas", "must not be below min_replicas");
    }
    for (uint32_t i = 0; status == WEIR_OK && i < to->metric_count; i++) {
        status = hpa_config_check_metric(&to->metrics[i], i, err);
    }
    return status;
}

weir_status weir_hpa_config_check(const weir_hpa_config *config, weir_error *err)
{
    weir_hpa_config own;

    return weir__hpa_config_take(&own, config, err);
}

static void weir__hpa_limits_of(const weir_hpa_config *config, weir_behavior_config *limits)
{
    weir_behavior_config_init(limits, sizeof *limits);
    limits->behavior = config->behavior;
    limits->min_replicas = config->min_replicas;
    limits->max_replicas = config->max_replicas;
    limits->conversion = config->conversion;
    limits->reserve = config->reserve;
    limits->downscale_stabilization = config->downscale_stabilization;
    limits->sync_period = config->sync_period;
    limits->scale_up = config->scale_up;
    limits->scale_down = config->scale_down;
}
#undef GATE

/* ---- lib/decide/hpa_reconcile.c ---- */

/*
 * decide/hpa_reconcile.c - the step of the HPA's controller.
 *
 *   scale -> bounds and zero -> metrics -> the largest wish -> windows -> policies and bounds
 *
 * Upstream: horizontal.go, reconcileAutoscaler(), computeReplicasForMetrics().
 */

/* What a step carries along. */
struct hpa_reconcile_work {
    weir_hpa *h;
    const struct weir__hpa_step *step;
    struct weir__trace trace;
    uint32_t flags;
    weir_time next;
};

static void hpa_reconcile_condition(struct hpa_reconcile_work *w, int32_t type, int32_t status, int32_t reason)
{
    weir__hpa_set_condition(w->h, type, status, reason, w->step->now);
}

static void hpa_reconcile_put_decision(const struct hpa_reconcile_work *w, int32_t valid, weir_decision *out)
{
    out->replicas = w->trace.replicas;
    out->current = w->step->spec_replicas;
    out->valid = valid;
    out->flags = w->flags;
    out->rule = w->trace.rule;
    out->excess_burst_capacity = 0;
    out->step_count = w->trace.count;
    out->at = w->step->now;
    out->next = w->next;
}

/* Nothing is decided: the last decision stays. */
static weir_status hpa_reconcile_no_decision(struct hpa_reconcile_work *w, int32_t rule, double measured, double limit,
                               weir_decision *out)
{
    weir__trace_step(&w->trace, rule, -1, w->h->desired, measured, limit);
    hpa_reconcile_put_decision(w, 0, out);
    out->rule = rule;
    return WEIR_NO_DATA;
}

/* ---- metrics -------------------------------------------------------------------------------- */

static void step_of_pods(struct hpa_reconcile_work *w, int32_t rule, int32_t item, int64_t pods, int64_t counted)
{
    if (pods > 0) {
        weir__trace_step(&w->trace, rule, item, w->trace.replicas, (double)pods, (double)counted);
    }
}

/* A metric's usage and target as people write them. */
static double hpa_reconcile_shown(const struct weir__hpa_metric *metric, int64_t milli)
{
    return metric->target_type == WEIR_HPA_UTILIZATION ? (double)milli : (double)milli / 1000.0;
}

/* The numbers behind a proposal: what was measured, and what it was held against. */
static void numbers_of(const weir_hpa *h, const struct weir__hpa_slot *slot, double *measured,
                       double *limit)
{
    const struct weir__hpa_metric *metric = &slot->rule;
    const weir_hpa_proposal *p = &slot->proposal;

    if (p->status != WEIR_OK) {
        return;
    }
    *measured = p->filled_ratio;
    if (p->rule == WEIR_RULE_HPA_METRIC) {
        *measured =
            hpa_reconcile_shown(metric, metric->target_type == WEIR_HPA_UTILIZATION ? p->utilization : p->usage);
        *limit = hpa_reconcile_shown(metric, metric->target);
    } else if (p->rule == WEIR_RULE_HPA_TOLERANCE) {
        *limit = p->filled_ratio < 1.0 ? 1.0 - h->rules.down : 1.0 + h->rules.up;
    } else if (p->rule == WEIR_RULE_HPA_DIRECTION) {
        *limit = p->ratio;
    }
}

static void hpa_reconcile_explain_metric(struct hpa_reconcile_work *w, int32_t item)
{
    const struct weir__hpa_slot *slot = &weir__hpa_slots(w->h)[item];
    const weir_hpa_proposal *p = &slot->proposal;
    double measured = 0.0, limit = 0.0;

    if (p->ready + p->unready + p->missing + p->ignored > 0) {
        step_of_pods(w, WEIR_RULE_HPA_IGNORED, item, p->ignored, p->ready);
        step_of_pods(w, WEIR_RULE_HPA_UNREADY, item, p->unready, p->ready);
        step_of_pods(w, WEIR_RULE_HPA_MISSING, item, p->missing, p->ready);
    }
    if (w->trace.explain != NULL) {
        numbers_of(w->h, slot, &measured, &limit);
    }
    weir__trace_step(&w->trace, p->rule, item,
                     p->status == WEIR_OK ? p->replicas : w->trace.replicas, measured, limit);
}

static int32_t failure_of(int32_t source)
{
    static const int32_t reasons[] = {WEIR_REASON_INVALID_METRIC_SOURCE_TYPE,
                                      WEIR_REASON_FAILED_GET_RESOURCE_METRIC,
                                      WEIR_REASON_FAILED_GET_CONTAINER_RESOURCE_METRIC,
                                      WEIR_REASON_FAILED_GET_PODS_METRIC,
                                      WEIR_REASON_FAILED_GET_OBJECT_METRIC,
                                      WEIR_REASON_FAILED_GET_EXTERNAL_METRIC};

    return reasons[source];
}

static void propose(struct hpa_reconcile_work *w, struct weir__hpa_slot *slot, uint32_t index)
{
    const struct weir__hpa_step *s = w->step;
    struct weir__hpa_measure measure;

    if (s->input != NULL) {
        weir__hpa_measure(&w->h->rules, &slot->rule, s->input, &s->input->readings[index], s->now,
                          &measure);
    } else {
        weir__hpa_measure_held(w->h, slot, s->target, s->now, &measure);
    }
    weir__hpa_propose(&w->h->rules, &slot->rule, s->spec_replicas, s->status_replicas, &measure,
                      &slot->proposal);
}

/* The largest wish of all metrics. 0 when it must not be followed; then ScalingActive says why. */
static int largest_wish(struct hpa_reconcile_work *w, int32_t *wish)
{
    weir_hpa *h = w->h;
    int32_t best = 0, first_failure = WEIR_REASON_NONE;

    for (uint32_t i = 0; i < h->metric_count; i++) {
        struct weir__hpa_slot *slot = &weir__hpa_slots(h)[i];
        const weir_hpa_proposal *p = &slot->proposal;

        propose(w, slot, i);
        w->next = p->next < w->next ? p->next : w->next;
        hpa_reconcile_explain_metric(w, (int32_t)i);
        if (p->status != WEIR_OK) {
            first_failure = h->failed++ == 0 ? failure_of(slot->rule.source) : first_failure;
            continue;
        }
        if (best == 0 || p->replicas > best) { /* 0 is as good as none, as upstream */
            best = p->replicas;
            h->winner = (int32_t)i;
        } else if (p->replicas < best) {
            weir__trace_step(&w->trace, WEIR_RULE_HPA_LARGEST, h->winner, best, p->replicas, best);
        }
    }
    h->evaluated = 1;
    w->flags |= h->failed > 0 ? WEIR_FLAG_METRIC_FAILED : 0U;
    *wish = best;
    if ((uint32_t)h->failed >= h->metric_count ||
        (h->failed > 0 && best < w->step->spec_replicas)) {
        int32_t type =
            h->metric_count > 0 ? WEIR_CONDITION_SCALING_ACTIVE : WEIR_CONDITION_NAMELESS;

        hpa_reconcile_condition(w, type, 0, first_failure);
        h->winner = -1;
        return 0;
    }
    hpa_reconcile_condition(w, WEIR_CONDITION_SCALING_ACTIVE, 1, WEIR_REASON_VALID_METRIC_FOUND);
    return 1;
}

/* ---- the branches --------------------------------------------------------------------------- */

enum branch { BRANCH_METRICS, BRANCH_DISABLED, BRANCH_ABOVE_MAX, BRANCH_BELOW_MIN };

static int scaled_to_zero(const weir_hpa *h)
{
    for (uint32_t i = 0; (h->rules.release & WEIR__HPA_SCALE_TO_ZERO) && i < h->condition_count;
         i++) {
        if (h->conditions[i].type == WEIR_CONDITION_SCALED_TO_ZERO) {
            return h->conditions[i].status == 1;
        }
    }
    return 0;
}

static enum branch choose(const weir_hpa *h, const weir_behavior_config *limits, int32_t current)
{
    if (h->rules.release & WEIR__HPA_ZERO_BY_CONDITION) {
        if (current == 0) {
            return scaled_to_zero(h) && (limits->min_replicas != 0 || h->has_outside_metric)
                       ? BRANCH_METRICS
                       : BRANCH_DISABLED;
        }
    } else if (current == 0 && limits->min_replicas != 0) {
        return BRANCH_DISABLED;
    }
    return current > limits->max_replicas   ? BRANCH_ABOVE_MAX
           : current < limits->min_replicas ? BRANCH_BELOW_MIN
                                            : BRANCH_METRICS;
}

static void remove_scaled_to_zero(weir_hpa *h)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < h->condition_count; i++) {
        if (h->conditions[i].type != WEIR_CONDITION_SCALED_TO_ZERO) {
            h->conditions[kept++] = h->conditions[i];
        }
    }
    h->condition_count = kept;
}

static void disabled(struct hpa_reconcile_work *w)
{
    hpa_reconcile_condition(w, WEIR_CONDITION_SCALING_ACTIVE, 0, WEIR_REASON_SCALING_DISABLED);
    if ((w->h->rules.release & WEIR__HPA_ZERO_BY_CONDITION) &&
        !(w->h->rules.release & WEIR__HPA_SCALE_TO_ZERO)) {
        remove_scaled_to_zero(w->h);
    }
    weir__trace_step(&w->trace, WEIR_RULE_HPA_DISABLED, -1, 0, 0.0, 0.0);
}

static void hpa_reconcile_outside(struct hpa_reconcile_work *w, int32_t rule, int32_t bound, uint32_t flag, int32_t reason)
{
    weir__trace_step(&w->trace, rule, -1, bound, w->step->spec_replicas, bound);
    w->flags |= flag;
    w->h->rescale_reason = reason;
}

/* From the wish to the allowed size. */
static void hpa_reconcile_normalize(struct hpa_reconcile_work *w, int32_t wish)
{
    weir_behavior *b = weir__hpa_behavior(w->h);
    int32_t current = w->step->spec_replicas, min = b->config.min_replicas;
    int lift = current == 0 && min != 0 && (w->h->rules.release & WEIR__HPA_ZERO_BY_CONDITION);
    struct weir__limits limits;

    if (wish != w->trace.replicas) { /* upstream begins at 0, so no wish is below it */
        weir__trace_step(&w->trace, WEIR_RULE_HPA_NEGATIVE, -1, wish, w->trace.replicas, wish);
    }
    w->h->rescale_reason = wish > current   ? WEIR_RESCALE_ABOVE_TARGET
                           : wish < current ? WEIR_RESCALE_BELOW_TARGET
                                            : WEIR_RESCALE_NONE;
    weir__behavior_stabilize(b, current, wish, w->step->now, &w->trace, &limits);
    hpa_reconcile_condition(w, WEIR_CONDITION_ABLE_TO_SCALE, 1, limits.stabilize_reason);
    weir__behavior_limit(b, current, w->step->now, &w->trace, &limits);
    hpa_reconcile_condition(w, WEIR_CONDITION_SCALING_LIMITED, limits.allowed != limits.stabilized,
              limits.limit_reason);
    if (lift && limits.allowed < min) { /* a wish of zero, and the minimum was raised meanwhile */
        weir__trace_step(&w->trace, WEIR_RULE_BOUNDS_MIN, -1, min, limits.allowed, min);
        limits.flags |= WEIR_FLAG_AT_MIN;
        if (w->h->rescale_reason == WEIR_RESCALE_NONE) {
            w->h->rescale_reason = WEIR_RESCALE_BELOW_MIN;
        }
    }
    w->flags |= limits.flags;
    w->next = limits.next < w->next ? limits.next : w->next;
}

/* ---- the end of a step ---------------------------------------------------------------------- */

/* The size is written, and taken to be: what would be undone if it were not is kept apart. */
static void hpa_reconcile_rescale(struct hpa_reconcile_work *w)
{
    weir_hpa *h = w->h;
    struct weir__hpa_rescale *r = &h->rescale;
    int32_t from = w->step->spec_replicas, to = w->trace.replicas;

    r->active = 1;
    r->at = w->step->now;
    r->from = from;
    r->to = to;
    r->desired_before = h->desired;
    r->last_scale_before = h->last_scale;
    r->condition_count = h->condition_count;
    memcpy(r->conditions, h->conditions, sizeof r->conditions);
    hpa_reconcile_condition(w, WEIR_CONDITION_ABLE_TO_SCALE, 1, WEIR_REASON_SUCCEEDED_RESCALE);
    if (!(h->rules.release & WEIR__HPA_ZERO_BY_CONDITION)) {
        /* there was no such condition yet */
    } else if (h->rules.release & WEIR__HPA_SCALE_TO_ZERO) {
        int to_zero = from > 0 && to == 0 && h->has_outside_metric &&
                      weir__hpa_behavior(h)->config.min_replicas == 0;

        hpa_reconcile_condition(w, WEIR_CONDITION_SCALED_TO_ZERO, to_zero,
                  to_zero ? WEIR_REASON_SCALED_TO_ZERO : WEIR_REASON_NOT_SCALED_TO_ZERO);
    } else {
        remove_scaled_to_zero(h);
    }
    h->last_scale = w->step->now;
    w->flags |= WEIR_FLAG_APPLY;
}

static weir_status hpa_reconcile_decided(struct hpa_reconcile_work *w, weir_decision *out)
{
    weir_hpa *h = w->h;
    int32_t replicas = w->trace.replicas;

    w->flags |= (replicas == 0 ? WEIR_FLAG_TO_ZERO : 0U) |
                (replicas != h->desired ? WEIR_FLAG_CHANGED : 0U);
    if (replicas != w->step->spec_replicas) {
        hpa_reconcile_rescale(w);
    } else {
        h->rescale_reason = WEIR_RESCALE_NONE;
    }
    h->desired = replicas;
    hpa_reconcile_put_decision(w, 1, out);
    return WEIR_OK;
}

/* What the last step decided has been written, or else the caller would have said so. */
static void weir__hpa_settle(weir_hpa *h)
{
    if (h->rescale.active) {
        h->rescale.active = 0;
        weir__behavior_store(weir__hpa_behavior(h), h->rescale.from, h->rescale.to, h->rescale.at);
    }
}

/* The scale was read; how it fares from there mostly says more. */
static void able(struct hpa_reconcile_work *w)
{
    hpa_reconcile_condition(w, WEIR_CONDITION_ABLE_TO_SCALE, 1, WEIR_REASON_SUCCEEDED_GET_SCALE);
}

static weir_status by_metrics(struct hpa_reconcile_work *w, weir_decision *out)
{
    weir_hpa *h = w->h;
    int32_t wish;

    if (h->condition_count == 0 || h->conditions[0].type != WEIR_CONDITION_ABLE_TO_SCALE) {
        able(w); /* it comes before what this step adds */
    }
    if (w->step->selector != WEIR_SELECTOR_FINE) {
        able(w);
        hpa_reconcile_condition(w, WEIR_CONDITION_SCALING_ACTIVE, 0,
                  w->step->selector == WEIR_SELECTOR_AMBIGUOUS ? WEIR_REASON_AMBIGUOUS_SELECTOR
                                                               : WEIR_REASON_INVALID_SELECTOR);
        h->current = w->step->spec_replicas;
        return hpa_reconcile_no_decision(w, WEIR_RULE_HPA_SELECTOR, 0.0, 0.0, out);
    }
    if (!largest_wish(w, &wish) && h->metric_count > 0) {
        able(w);
        h->current = w->step->spec_replicas;
        return hpa_reconcile_no_decision(w, WEIR_RULE_HPA_BLOCKED, h->failed, wish, out);
    }
    hpa_reconcile_normalize(w, wish > 0 ? wish : 0);
    h->current = w->step->spec_replicas;
    return hpa_reconcile_decided(w, out);
}

static weir_status weir__hpa_ready(weir_hpa *h, weir_time now)
{
    int32_t changes[2] = {1, 1};

    if (h->rescale.active) {
        changes[h->rescale.to > h->rescale.from ? WEIR_SCALE_UP : WEIR_SCALE_DOWN]++;
    }
    return now < h->seen ? WEIR_E_TIME : weir__behavior_ready(weir__hpa_behavior(h), now, changes);
}

static weir_status weir__hpa_reconcile(weir_hpa *h, const struct weir__hpa_step *step, weir_decision *out,
                                weir_explain *explain)
{
    struct hpa_reconcile_work w = {.h = h, .step = step, .next = WEIR_TIME_NEVER};
    weir_behavior *b = weir__hpa_behavior(h);
    weir_time begin = weir__before(step->now, 1); /* upstream's clock moves on within a step */
    weir_status status = weir__hpa_ready(h, step->now);
    enum branch branch;

    if (status != WEIR_OK) {
        return status;
    }
    weir__hpa_settle(h);
    begin = begin > h->seen ? begin : h->seen;
    h->seen = step->now;
    if (step->now >= h->next_sync) {
        h->next_sync = weir__after(step->now, h->sync_period);
    }
    weir__trace_open(&w.trace, explain, step->spec_replicas);
    if (step->scale_status != WEIR_OK) {
        hpa_reconcile_condition(&w, WEIR_CONDITION_ABLE_TO_SCALE, 0, WEIR_REASON_FAILED_GET_SCALE);
        return hpa_reconcile_no_decision(&w, WEIR_RULE_HPA_NO_SCALE, 0.0, 0.0, out);
    }
    weir__behavior_begin(b, step->spec_replicas, begin);
    h->winner = -1;
    h->rescale_reason = WEIR_RESCALE_NONE;
    h->evaluated = 0;
    h->failed = 0;
    branch = choose(h, &b->config, step->spec_replicas);
    if (branch == BRANCH_METRICS) {
        return by_metrics(&w, out);
    }
    able(&w);
    switch (branch) {
    case BRANCH_DISABLED: disabled(&w); break;
    case BRANCH_ABOVE_MAX:
        hpa_reconcile_outside(&w, WEIR_RULE_BOUNDS_MAX, b->config.max_replicas, WEIR_FLAG_AT_MAX,
                WEIR_RESCALE_ABOVE_MAX);
        break;
    case BRANCH_BELOW_MIN:
        hpa_reconcile_outside(&w, WEIR_RULE_BOUNDS_MIN, b->config.min_replicas, WEIR_FLAG_AT_MIN,
                WEIR_RESCALE_BELOW_MIN);
        break;
    default: break;
    }
    h->current = step->spec_replicas;
    return hpa_reconcile_decided(&w, out);
}

/* ---- lib/decide/hpa_save.c ---- */

/*
 * decide/hpa_save.c - snapshots of an HPA.
 */

enum {
    hpa_save_RECORD_TIMES = 0x500,
    RECORD_STATUS,
    RECORD_CONDITION_COUNT,
    hpa_save_RECORD_CONDITIONS,
    RECORD_RESCALE,
    RECORD_RESCALE_COUNT,
    RECORD_RESCALE_CONDITIONS,
    RECORD_PROPOSALS = 0x510,
    RECORD_RATIOS,
    RECORD_HELD,
    RECORD_SAMPLES = 0x600 /* and one a metric */
};

enum {
    hpa_save_TIME_VALUES = 3,
    STATUS_VALUES = 6,
    hpa_save_CONDITION_VALUES = 4,
    RESCALE_VALUES = 6,
    PROPOSAL_VALUES = 10,
    RATIO_VALUES = 2,
    HELD_VALUES = 4,
    SAMPLE_VALUES = 5
};

/* ---- writing -------------------------------------------------------------------------------- */

static void write_conditions(struct weir__writer *w, uint16_t id, const weir_hpa_condition *list,
                             uint32_t count)
{
    weir__snapshot_i64s_open(w, id, hpa_save_CONDITION_VALUES * (size_t)count);
    for (uint32_t i = 0; i < count; i++) {
        weir__snapshot_next_i64(w, list[i].type);
        weir__snapshot_next_i64(w, list[i].status);
        weir__snapshot_next_i64(w, list[i].reason);
        weir__snapshot_next_i64(w, list[i].since);
    }
}

static void hpa_save_write_metrics(const weir_hpa *h, struct weir__writer *w)
{
    const struct weir__hpa_slot *slots = weir__hpa_slots_of(h);
    double ratios[RATIO_VALUES * WEIR_HPA_METRICS_MAX];

    weir__snapshot_i64s_open(w, RECORD_PROPOSALS, PROPOSAL_VALUES * (size_t)h->metric_count);
    for (uint32_t i = 0; i < h->metric_count; i++) {
        const weir_hpa_proposal *p = &slots[i].proposal;

        weir__snapshot_next_i64(w, p->status);
        weir__snapshot_next_i64(w, p->replicas);
        weir__snapshot_next_i64(w, p->rule);
        weir__snapshot_next_i64(w, p->utilization);
        weir__snapshot_next_i64(w, p->usage);
        weir__snapshot_next_i64(w, p->ready);
        weir__snapshot_next_i64(w, p->unready);
        weir__snapshot_next_i64(w, p->missing);
        weir__snapshot_next_i64(w, p->ignored);
        weir__snapshot_next_i64(w, p->next);
        ratios[2 * (size_t)i] = p->ratio;
        ratios[2 * (size_t)i + 1] = p->filled_ratio;
    }
    weir__snapshot_f64s(w, RECORD_RATIOS, ratios, RATIO_VALUES * (size_t)h->metric_count);
    weir__snapshot_i64s_open(w, RECORD_HELD, HELD_VALUES * (size_t)h->metric_count);
    for (uint32_t i = 0; i < h->metric_count; i++) {
        weir__snapshot_next_i64(w, slots[i].held.at);
        weir__snapshot_next_i64(w, slots[i].held.milli);
        weir__snapshot_next_i64(w, slots[i].held.status);
        weir__snapshot_next_i64(w, slots[i].held.by_pod);
    }
}

static void write_samples(const weir_hpa *h, struct weir__writer *w)
{
    for (uint32_t i = 0; i < h->metric_count; i++) {
        const struct weir__hpa_slot *slot = &weir__hpa_slots_of(h)[i];
        const weir_hpa_sample *samples =
            (const weir_hpa_sample *)(const void *)((const uint8_t *)h + slot->samples_at);

        if (slot->samples_at == 0) {
            continue;
        }
        weir__snapshot_i64s_open(w, (uint16_t)(RECORD_SAMPLES + i),
                                 SAMPLE_VALUES * (size_t)h->pod_reserve);
        for (uint32_t k = 0; k < h->pod_reserve; k++) {
            weir__snapshot_next_i64(w, samples[k].value);
            weir__snapshot_next_i64(w, samples[k].request);
            weir__snapshot_next_i64(w, samples[k].at);
            weir__snapshot_next_i64(w, samples[k].window);
            weir__snapshot_next_i64(w, samples[k].present);
        }
    }
}

static void weir__hpa_write_records(const weir_hpa *h, struct weir__writer *w)
{
    const struct weir__hpa_rescale *r = &h->rescale;
    const int64_t times[hpa_save_TIME_VALUES] = {h->seen, h->next_sync, h->last_scale};
    const int64_t status[STATUS_VALUES] = {h->current,        h->desired,   h->winner,
                                           h->rescale_reason, h->evaluated, h->failed};
    const int64_t rescale[RESCALE_VALUES] = {
        r->active, r->at, r->from, r->to, r->desired_before, r->last_scale_before};
    uint32_t count = r->active ? r->condition_count : 0;

    weir__snapshot_i64s(w, hpa_save_RECORD_TIMES, times, hpa_save_TIME_VALUES);
    weir__snapshot_i64s(w, RECORD_STATUS, status, STATUS_VALUES);
    weir__snapshot_i64(w, RECORD_CONDITION_COUNT, h->condition_count);
    write_conditions(w, hpa_save_RECORD_CONDITIONS, h->conditions, h->condition_count);
    weir__snapshot_i64s(w, RECORD_RESCALE, rescale, RESCALE_VALUES);
    weir__snapshot_i64(w, RECORD_RESCALE_COUNT, count);
    write_conditions(w, RECORD_RESCALE_CONDITIONS, r->conditions, count);
    hpa_save_write_metrics(h, w);
    write_samples(h, w);
    weir__behavior_write(weir__hpa_behavior_of(h), w);
}

weir_status weir_hpa_save(const weir_hpa *hpa, uint8_t *buffer, size_t capacity, size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(hpa, WEIR_KIND_HPA)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_HPA, hpa->digest);
    weir__hpa_write_records(hpa, &w);
    return weir__snapshot_close(&w, need);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void hpa_save_fail(struct weir__reader *r, uint16_t id)
{
    r->missing = r->failed ? r->missing : id;
    r->failed = 1;
}

/* Whether every value is one that its int32 can hold. */
static void check_range(struct weir__reader *r, uint16_t id, const uint8_t *values, size_t first,
                        size_t count, int64_t min, int64_t max)
{
    for (size_t i = first; values != NULL && i < first + count; i++) {
        if (weir__get_i64(values, i) < min || weir__get_i64(values, i) > max) {
            hpa_save_fail(r, id);
        }
    }
}

static const uint8_t *read_conditions(struct weir__reader *r, uint16_t id, uint32_t count)
{
    const uint8_t *list = weir__record_i64s(r, id, hpa_save_CONDITION_VALUES * (size_t)count);

    for (uint32_t i = 0; i < count; i++) {
        size_t at = hpa_save_CONDITION_VALUES * (size_t)i;

        check_range(r, id, list, at, 1, WEIR_CONDITION_NAMELESS, WEIR_CONDITION_SCALED_TO_ZERO);
        check_range(r, id, list, at + 1, 1, 0, 2);
        check_range(r, id, list, at + 2, 1, 0, INT32_MAX);
    }
    return list;
}

static void weir__hpa_read_records(const weir_hpa *h, struct weir__reader *r,
                            struct weir__hpa_image *image)
{
    size_t metrics = h->metric_count;

    memset(image, 0, sizeof *image);
    image->times = weir__record_i64s(r, hpa_save_RECORD_TIMES, hpa_save_TIME_VALUES);
    image->status = weir__record_i64s(r, RECORD_STATUS, STATUS_VALUES);
    check_range(r, RECORD_STATUS, image->status, 0, 2, INT32_MIN, INT32_MAX);
    check_range(r, RECORD_STATUS, image->status, 2, 1, -1, (int64_t)metrics - 1);
    check_range(r, RECORD_STATUS, image->status, 3, 1, 0, WEIR_RESCALE_BELOW_MIN);
    check_range(r, RECORD_STATUS, image->status, 4, 1, 0, 1);
    check_range(r, RECORD_STATUS, image->status, 5, 1, 0, (int64_t)metrics);
    image->condition_count =
        (uint32_t)weir__record_in(r, RECORD_CONDITION_COUNT, 0, WEIR_CONDITIONS_MAX);
    image->conditions = read_conditions(r, hpa_save_RECORD_CONDITIONS, image->condition_count);
    image->rescale = weir__record_i64s(r, RECORD_RESCALE, RESCALE_VALUES);
    check_range(r, RECORD_RESCALE, image->rescale, 0, 1, 0, 1);
    check_range(r, RECORD_RESCALE, image->rescale, 2, 3, INT32_MIN, INT32_MAX);
    image->rescale_count =
        (uint32_t)weir__record_in(r, RECORD_RESCALE_COUNT, 0, WEIR_CONDITIONS_MAX);
    image->rescale_conditions = read_conditions(r, RECORD_RESCALE_CONDITIONS, image->rescale_count);
    image->proposals = weir__record_i64s(r, RECORD_PROPOSALS, PROPOSAL_VALUES * metrics);
    image->ratios = weir__record_f64s(r, RECORD_RATIOS, RATIO_VALUES * metrics);
    image->held = weir__record_i64s(r, RECORD_HELD, HELD_VALUES * metrics);
    for (size_t i = 0; i < metrics; i++) {
        check_range(r, RECORD_PROPOSALS, image->proposals, PROPOSAL_VALUES * i, 4, INT32_MIN,
                    INT32_MAX);
        check_range(r, RECORD_HELD, image->held, HELD_VALUES * i + 2, 2, INT32_MIN, INT32_MAX);
        if (weir__hpa_slots_of(h)[i].samples_at != 0) {
            image->samples[i] = weir__record_i64s(r, (uint16_t)(RECORD_SAMPLES + i),
                                                  SAMPLE_VALUES * (size_t)h->pod_reserve);
        } else if (image->held != NULL && weir__get_i64(image->held, HELD_VALUES * i + 3) != 0) {
            hpa_save_fail(r, RECORD_HELD); /* readings of pods that there is no room for */
        }
    }
    weir__behavior_read(weir__hpa_behavior_of(h), r, &image->behavior);
}

static int32_t hpa_save_i32(const uint8_t *values, size_t index)
{
    return (int32_t)weir__get_i64(values, index);
}

static void commit_conditions(weir_hpa_condition *list, const uint8_t *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        size_t at = hpa_save_CONDITION_VALUES * (size_t)i;

        list[i] = (weir_hpa_condition){hpa_save_i32(values, at), hpa_save_i32(values, at + 1), hpa_save_i32(values, at + 2), 0,
                                       weir__get_i64(values, at + 3)};
    }
}

static void commit_status(weir_hpa *h, const struct weir__hpa_image *image)
{
    struct weir__hpa_rescale *r = &h->rescale;

    h->seen = weir__get_i64(image->times, 0);
    h->next_sync = weir__get_i64(image->times, 1);
    h->last_scale = weir__get_i64(image->times, 2);
    h->current = hpa_save_i32(image->status, 0);
    h->desired = hpa_save_i32(image->status, 1);
    h->winner = hpa_save_i32(image->status, 2);
    h->rescale_reason = hpa_save_i32(image->status, 3);
    h->evaluated = hpa_save_i32(image->status, 4);
    h->failed = hpa_save_i32(image->status, 5);
    h->condition_count = image->condition_count;
    commit_conditions(h->conditions, image->conditions, image->condition_count);
    r->active = hpa_save_i32(image->rescale, 0);
    r->at = weir__get_i64(image->rescale, 1);
    r->from = hpa_save_i32(image->rescale, 2);
    r->to = hpa_save_i32(image->rescale, 3);
    r->desired_before = hpa_save_i32(image->rescale, 4);
    r->last_scale_before = weir__get_i64(image->rescale, 5);
    r->condition_count = image->rescale_count;
    commit_conditions(r->conditions, image->rescale_conditions, image->rescale_count);
}

static void hpa_save_commit_metric(struct weir__hpa_slot *slot, const struct weir__hpa_image *image,
                          size_t i)
{
    weir_hpa_proposal *p = &slot->proposal;
    size_t at = PROPOSAL_VALUES * i;

    p->status = hpa_save_i32(image->proposals, at);
    p->replicas = hpa_save_i32(image->proposals, at + 1);
    p->rule = hpa_save_i32(image->proposals, at + 2);
    p->utilization = hpa_save_i32(image->proposals, at + 3);
    p->usage = weir__get_i64(image->proposals, at + 4);
    p->ready = weir__get_i64(image->proposals, at + 5);
    p->unready = weir__get_i64(image->proposals, at + 6);
    p->missing = weir__get_i64(image->proposals, at + 7);
    p->ignored = weir__get_i64(image->proposals, at + 8);
    p->next = weir__get_i64(image->proposals, at + 9);
    p->ratio = weir__get_f64(image->ratios, RATIO_VALUES * i);
    p->filled_ratio = weir__get_f64(image->ratios, RATIO_VALUES * i + 1);
    slot->held.at = weir__get_i64(image->held, HELD_VALUES * i);
    slot->held.milli = weir__get_i64(image->held, HELD_VALUES * i + 1);
    slot->held.status = hpa_save_i32(image->held, HELD_VALUES * i + 2);
    slot->held.by_pod = hpa_save_i32(image->held, HELD_VALUES * i + 3) != 0;
}

static void commit_samples(weir_hpa *h, const struct weir__hpa_slot *slot, const uint8_t *values)
{
    weir_hpa_sample *samples = weir__hpa_samples(h, slot);

    for (uint32_t k = 0; k < h->pod_reserve; k++) {
        size_t at = SAMPLE_VALUES * (size_t)k;

        samples[k].value = weir__get_i64(values, at);
        samples[k].request = weir__get_i64(values, at + 1);
        samples[k].at = weir__get_i64(values, at + 2);
        samples[k].window = weir__get_i64(values, at + 3);
        samples[k].present = weir__get_i64(values, at + 4) == WEIR_SAMPLE_PRESENT;
    }
}

static void weir__hpa_commit_records(weir_hpa *h, const struct weir__hpa_image *image)
{
    commit_status(h, image);
    for (uint32_t i = 0; i < h->metric_count; i++) {
        struct weir__hpa_slot *slot = &weir__hpa_slots(h)[i];

        hpa_save_commit_metric(slot, image, i);
        if (slot->samples_at != 0) {
            commit_samples(h, slot, image->samples[i]);
        }
    }
    weir__behavior_commit(weir__hpa_behavior(h), &image->behavior);
}

weir_status weir_hpa_load(weir_hpa *hpa, const uint8_t *buffer, size_t length, weir_error *err)
{
    struct weir__reader r;
    struct weir__hpa_image image;
    weir_status status;

    if (!weir__block_is(hpa, WEIR_KIND_HPA)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not an HPA");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_HPA, hpa->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    weir__hpa_read_records(hpa, &r, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        weir__hpa_commit_records(hpa, &image);
    }
    return status;
}

/* ---- lib/decide/hpa_series.c ---- */

/*
 * decide/hpa_series.c - an HPA behind the common interface: readings held, one series a metric.
 *
 * A reading's double becomes thousandths as the usual adapters of metrics do it: value x 1000,
 * truncated. NaN is no value.
 *
 * Object and External take the whole value. A metric of pods takes readings of single pods, if the
 * configuration has room for them, or one of the whole target: the sum over its ready pods, which
 * then share it evenly.
 *
 * Upstream: prometheus-adapter and KEDA's adapter both make int64(value * 1000) of a double.
 */

static int hpa_series_outside(const struct weir__hpa_slot *slot)
{
    return slot->rule.source == WEIR_HPA_OBJECT || slot->rule.source == WEIR_HPA_EXTERNAL;
}

static const char *hpa_series_series_name(const void *state, int32_t series)
{
    const weir_hpa *h = state;

    return (uint32_t)series < h->metric_count
               ? (const char *)h + weir__hpa_slots_of(h)[series].name_at
               : NULL;
}

static int32_t hpa_series_main_series(const void *state)
{
    const weir_hpa *h = state;

    return h->winner > 0 ? h->winner : 0;
}

/* ---- readings ------------------------------------------------------------------------------- */

static weir_status hpa_series_check_reading(const weir_hpa *h, const weir_reading *reading)
{
    const struct weir__hpa_slot *slot = &weir__hpa_slots_of(h)[reading->series];

    if (reading->pod < 0) {
        return WEIR_OK;
    }
    if (hpa_series_outside(slot)) {
        return WEIR_E_RANGE;
    }
    return slot->samples_at != 0 && (uint32_t)reading->pod < h->pod_reserve ? WEIR_OK
                                                                            : WEIR_E_LIMIT;
}

static void take_reading(weir_hpa *h, const weir_reading *reading)
{
    struct weir__hpa_slot *slot = &weir__hpa_slots(h)[reading->series];
    int fine = reading->status == WEIR_OK && !weir__is_nan(reading->value);
    int64_t milli = fine ? weir__convert_i64(reading->value * 1000.0, WEIR_CONVERT_SATURATE) : 0;
    weir_hpa_sample *samples;

    if (slot->samples_at != 0 && (slot->held.at != reading->at || reading->pod < 0)) {
        /* A new round of readings: pods that are not in it have none. */
        memset(weir__hpa_samples(h, slot), 0, h->pod_reserve * sizeof(weir_hpa_sample));
    }
    slot->held.at = reading->at;
    slot->held.by_pod = reading->pod >= 0;
    if (reading->pod < 0) {
        slot->held.status = fine ? WEIR_OK : WEIR_NO_DATA;
        slot->held.milli = milli;
        return;
    }
    slot->held.status = WEIR_OK;
    samples = weir__hpa_samples(h, slot);
    samples[reading->pod].present = fine ? WEIR_SAMPLE_PRESENT : WEIR_SAMPLE_NONE;
    samples[reading->pod].value = milli;
    samples[reading->pod].at = reading->at;
    samples[reading->pod].window = slot->sample_window;
}

static weir_status hpa_series_record(void *state, const weir_reading *readings, size_t count)
{
    weir_hpa *h = state;

    for (size_t i = 0; i < count; i++) {
        weir_status status = hpa_series_check_reading(h, &readings[i]);

        if (status != WEIR_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < count; i++) {
        take_reading(h, &readings[i]);
    }
    return WEIR_OK;
}

/* ---- from readings to measures -------------------------------------------------------------- */

/* A total over ready pods that share it evenly; the others are starting. */
static void share(const struct weir__hpa_slot *slot, const weir_target *target,
                  struct weir__hpa_pods *out)
{
    int64_t ready = target->ready_replicas, all = target->status_replicas;

    memset(out, 0, sizeof *out);
    out->pods = all > ready ? all : ready;
    out->ready = ready;
    out->unready = out->pods - ready;
    out->usage = ready > 0 ? (uint64_t)slot->held.milli : 0;
    out->no_request = slot->request == WEIR_HPA_NO_REQUEST;
    out->request = (uint64_t)ready * (uint64_t)slot->request;
    out->unready_request = (uint64_t)out->unready * (uint64_t)slot->request;
    out->next = WEIR_TIME_NEVER;
}

static void measure_pods(weir_hpa *h, const struct weir__hpa_slot *slot, const weir_target *target,
                         weir_time now, struct weir__hpa_measure *out)
{
    weir_hpa_sample *samples;

    if (!slot->held.by_pod) {
        share(slot, target, &out->pods);
        return;
    }
    if (target->pods == NULL || target->pod_count > h->pod_reserve) {
        out->status = WEIR_E_LIMIT; /* single readings, and not all pods to relate them to */
        return;
    }
    samples = weir__hpa_samples(h, slot);
    for (uint32_t i = 0; i < target->pod_count; i++) {
        samples[i].request = slot->request;
    }
    weir__hpa_group(&h->rules, &slot->rule, target->pods, target->pod_count, samples,
                    target->pod_count, now, &out->pods);
}

static void weir__hpa_measure_held(weir_hpa *h, const struct weir__hpa_slot *slot,
                            const weir_target *target, weir_time now, struct weir__hpa_measure *out)
{
    out->status = slot->held.status;
    out->total = slot->held.milli;
    if (slot->held.status != WEIR_OK) {
        return;
    }
    if (!hpa_series_outside(slot)) {
        measure_pods(h, slot, target, now, out);
    } else if (target->pods != NULL) {
        weir__hpa_count_ready(target->pods, target->pod_count, &out->pods);
    } else { /* nobody looks at more of it */
        out->pods.pods = target->status_replicas;
        out->pods.running_ready = target->ready_replicas;
        out->pods.no_container = 0;
    }
}

/* ---- the autoscaler interface --------------------------------------------------------------- */

static weir_time hpa_series_due(const void *state)
{
    const weir_hpa *h = state;

    return h->next_sync;
}

static int32_t hpa_series_poked(const void *state)
{
    (void)state;
    return 0;
}

static weir_status hpa_series_decide(void *state, const weir_target *target, weir_time now, weir_decision *out,
                          weir_explain *explain)
{
    struct weir__hpa_step step = {target->spec_replicas,
                                  target->status_replicas,
                                  WEIR_OK,
                                  WEIR_SELECTOR_FINE,
                                  now,
                                  NULL,
                                  target};

    if (explain != NULL && explain->struct_size != sizeof *explain) {
        return WEIR_E_STRUCT;
    }
    return weir__hpa_reconcile(state, &step, out, explain);
}

static weir_status hpa_series_save(const void *state, uint8_t *buffer, size_t capacity, size_t *need)
{
    return weir_hpa_save(state, buffer, capacity, need);
}

static weir_status hpa_series_load(void *state, const uint8_t *buffer, size_t length, weir_error *err)
{
    return weir_hpa_load(state, buffer, length, err);
}

static const struct weir__autoscaler_ops weir__hpa_ops = {
    .series_count = -1,
    .series_name = hpa_series_series_name,
    .main_series = hpa_series_main_series,
    .record = hpa_series_record,
    .due = hpa_series_due,
    .poked = hpa_series_poked,
    .decide = hpa_series_decide,
    .save = hpa_series_save,
    .load = hpa_series_load,
};

/* ---- lib/decide/keda.c ---- */

/*
 * decide/keda.c - a ScaledObject's block, its zones, and what a step is given.
 *
 * Upstream: controllers/keda, pkg/scaling.
 */

/* ---- the block ------------------------------------------------------------------------------ */

/* The parts of a block, and what was worked out on the way. */
struct keda_layout {
    weir_hpa_config hpa;
    int32_t metric_of[WEIR_KEDA_TRIGGERS_MAX];
    const char *zones[2 * WEIR_KEDA_TRIGGERS_MAX];
    int32_t start_zone[WEIR_KEDA_TRIGGERS_MAX], end_zone[WEIR_KEDA_TRIGGERS_MAX];
    weir_cron crons[WEIR_KEDA_TRIGGERS_MAX];
    uint32_t cron_count, zone_count;
    size_t crons_at, zones_at, changes_at, names_at, hpa_at, formula_at, bytes;
    size_t formula_length;
};

/* The index of a zone; -1 for UTC. */
static int32_t keda_zone_of(struct keda_layout *l, const char *name)
{
    if (weir__same_text(name, "UTC")) {
        return -1;
    }
    for (uint32_t i = 0; i < l->zone_count; i++) {
        if (weir__same_text(l->zones[i], name)) {
            return (int32_t)i;
        }
    }
    l->zones[l->zone_count] = name;
    return (int32_t)l->zone_count++;
}

static void lay_out_crons(const weir_keda_config *own, struct keda_layout *l)
{
    for (uint32_t i = 0; i < own->trigger_count; i++) {
        const weir_cron_config *c = &own->triggers[i].cron;
        weir_cron *cron = &l->crons[l->cron_count];
        uint32_t k = l->cron_count;

        if (own->triggers[i].type != WEIR_TRIGGER_CRON ||
            weir_cron_init(cron, c, NULL) != WEIR_OK) {
            continue;
        }
        l->cron_count++;
        l->start_zone[k] = keda_zone_of(l, cron->start.zone[0] != '\0' ? cron->start.zone : c->timezone);
        l->end_zone[k] = keda_zone_of(l, cron->end.zone[0] != '\0' ? cron->end.zone : c->timezone);
    }
}

static weir_status keda_lay_out(const weir_keda_config *own, struct keda_layout *l, weir_error *err)
{
    size_t hpa, names = 0;
    weir_status status;

    memset(l, 0, sizeof *l);
    weir__keda_hpa_of(own, &l->hpa, l->metric_of);
    status = weir_hpa_bytes(&l->hpa, &hpa, err);
    if (status != WEIR_OK) {
        return status;
    }
    lay_out_crons(own, l);
    for (uint32_t i = 0; i < own->trigger_count; i++) {
        char name[WEIR_KEDA_NAME_MAX];

        weir__keda_name_of(own, i, name);
        names += weir__length_within(name, sizeof name - 1) + 1;
    }
    l->formula_length =
        weir__length_within(own->modifiers.formula, sizeof own->modifiers.formula - 1);
    l->crons_at = sizeof(weir_keda) + own->trigger_count * sizeof(struct weir__keda_slot);
    l->zones_at = l->crons_at + l->cron_count * sizeof(struct weir__keda_cron);
    l->changes_at = l->zones_at + l->zone_count * sizeof(struct weir__keda_zone);
    l->hpa_at = l->changes_at +
                (size_t)l->zone_count * (size_t)own->zone_reserve * sizeof(weir_zone_change);
    l->formula_at = l->hpa_at + hpa;
    l->names_at = l->formula_at + (l->formula_length > 0 && own->modifiers.enabled
                                       ? weir_formula_bytes(l->formula_length)
                                       : 0);
    l->bytes = l->names_at + weir__round_up8(names);
    return WEIR_OK;
}

weir_status weir_keda_bytes(const weir_keda_config *config, size_t *bytes, weir_error *err)
{
    weir_keda_config own;
    struct keda_layout l;
    weir_status status = weir__keda_config_take(&own, config, 1, err);

    if (status == WEIR_OK) {
        status = keda_lay_out(&own, &l, err);
    }
    return status == WEIR_OK ? weir__give_bytes(bytes, l.bytes, err) : status;
}

static void init_slots(weir_keda *k, const weir_keda_config *own, const struct keda_layout *l)
{
    size_t name_at = l->names_at;
    int32_t cron = 0;

    for (uint32_t i = 0; i < own->trigger_count; i++) {
        const weir_keda_trigger *t = &own->triggers[i];
        struct weir__keda_slot *slot = &weir__keda_slots(k)[i];
        char name[WEIR_KEDA_NAME_MAX];
        weir_cron unused;

        slot->type = t->type;
        slot->metric_type = t->metric_type;
        slot->cached = t->use_cached_metrics;
        slot->ignore_null = t->ignore_null_values;
        slot->continues = t->continues;
        slot->resource = t->type == WEIR_TRIGGER_CPU || t->type == WEIR_TRIGGER_MEMORY;
        slot->hpa_metric = l->metric_of[i];
        slot->cron =
            t->type == WEIR_TRIGGER_CRON && weir_cron_init(&unused, &t->cron, NULL) == WEIR_OK
                ? cron++
                : -1;
        slot->activation = t->type == WEIR_TRIGGER_CRON ? 0.0 : t->activation;
        slot->target = t->type == WEIR_TRIGGER_CRON ? 1.0 : weir__target_of(t);
        slot->activity = -1;
        slot->held.status = WEIR_NO_DATA;
        slot->name_at = (uint32_t)name_at;
        weir__keda_name_of(own, i, name);
        memcpy((char *)k + name_at, name, weir__length_within(name, sizeof name - 1) + 1);
        name_at += weir__length_within(name, sizeof name - 1) + 1;
        k->resource_triggers += (uint32_t)slot->resource;
        k->trigger_groups += !t->continues;
        k->trusts_pulls &= !t->use_cached_metrics;
    }
}

static void init_crons(weir_keda *k, const struct keda_layout *l)
{
    size_t changes_at = l->changes_at;

    for (uint32_t i = 0; i < l->cron_count; i++) {
        struct weir__keda_cron *cron = &weir__keda_crons(k)[i];

        cron->cron = l->crons[i];
        cron->start_zone = l->start_zone[i];
        cron->end_zone = l->end_zone[i];
    }
    for (uint32_t i = 0; i < l->zone_count; i++) {
        struct weir__keda_zone *zone = &weir__keda_zones(k)[i];

        memcpy(zone->name, l->zones[i],
               weir__length_within(l->zones[i], sizeof zone->name - 1) + 1);
        zone->changes_at = (uint32_t)changes_at;
        changes_at += k->zone_reserve * sizeof(weir_zone_change);
    }
}

static void init_spec(weir_keda *k, const weir_keda_config *own, weir_time now)
{
    k->polling_interval = own->polling_interval;
    k->cooldown = own->cooldown_period;
    k->initial_cooldown = own->initial_cooldown_period;
    k->sync_period = own->sync_period;
    k->poll_phase = own->poll_phase;
    k->sync_phase = own->sync_phase;
    k->created = own->created != WEIR_TIME_NONE ? own->created : now;
    k->created -= weir__floor_mod(k->created, WEIR_SECOND);
    k->trigger_count = own->trigger_count;
    k->min = own->min_replicas;
    k->idle = own->idle_replicas;
    k->paused = own->paused || own->paused_replicas != WEIR_KEDA_UNSET ||
                own->defect == WEIR_KEDA_BAD_PAUSE;
    k->paused_replicas = own->paused_replicas;
    k->in_paused = own->paused_scale_in;
    k->out_paused = own->paused_scale_out;
    k->forced = own->force_activation;
    k->restore = own->restore_original;
    k->defect = own->defect;
    k->conversion = own->conversion;
    k->fallback = own->fallback;
    weir__modifiers_of(&own->modifiers, own->conversion, &k->modifiers);
    k->trusts_pulls =
        own->min_replicas > 0 && own->idle_replicas == WEIR_KEDA_UNSET && !own->modifiers.enabled;
    k->zone_reserve = (uint32_t)own->zone_reserve;
}

static void init_status(weir_keda *k, weir_time now)
{
    k->seen = WEIR_TIME_NONE;
    k->poll_due = now;
    k->sync_due = WEIR_TIME_NEVER;
    k->original = WEIR_REPLICAS_UNKNOWN;
    k->last_active = WEIR_TIME_NONE;
    for (int32_t i = 0; i < WEIR_KEDA_CONDITIONS; i++) {
        k->stored[i].status = i == WEIR_KEDA_PAUSED ? WEIR_STATE_FALSE : WEIR_STATE_UNKNOWN;
    }
}

weir_status weir_keda_init(weir_keda *keda, size_t bytes, const weir_keda_config *config,
                           weir_time now, weir_error *err)
{
    weir_keda *k = keda;
    weir_keda_config own;
    struct keda_layout l;
    weir_status status = weir__keda_config_take(&own, config, 1, err);

    if (status == WEIR_OK) {
        status = keda_lay_out(&own, &l, err);
    }
    if (status == WEIR_OK) {
        status = weir__block_fits(k, bytes, l.bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    memset(k, 0, l.bytes);
    init_spec(k, &own, now);
    k->digest = weir__config_digest(&weir__keda_table, &own);
    k->generation = weir__keda_generation(&own);
    k->slots_at = sizeof *k;
    k->crons_at = (uint32_t)l.crons_at;
    k->zones_at = (uint32_t)l.zones_at;
    k->hpa_at = (uint32_t)l.hpa_at;
    k->formula_at = (uint32_t)l.formula_at;
    k->cron_count = l.cron_count;
    k->zone_count = l.zone_count;
    k->composite_metric = -1;
    if (k->modifiers.enabled && l.hpa.metric_count > 0 &&
        l.hpa.metrics[l.hpa.metric_count - 1].source == WEIR_HPA_EXTERNAL) {
        k->composite_metric = (int32_t)l.hpa.metric_count - 1;
    }
    init_slots(k, &own, &l);
    init_crons(k, &l);
    init_status(k, now);
    status = weir_hpa_init(weir__keda_hpa(k), l.formula_at - l.hpa_at, &l.hpa, now, err);
    if (status == WEIR_OK && l.formula_length > 0 && own.modifiers.enabled &&
        own.defect != WEIR_KEDA_UNBUILDABLE) {
        status =
            weir_keda_formula_compile(&own, (weir_formula *)(void *)((uint8_t *)k + l.formula_at),
                                      l.names_at - l.formula_at, err);
        k->has_formula = status == WEIR_OK;
    }
    if (status == WEIR_OK) {
        weir__block_set(&k->block, WEIR_KIND_KEDA, l.bytes);
    }
    return status;
}

/* ---- zones ---------------------------------------------------------------------------------- */

const char *weir_keda_zone_name(const weir_keda *keda, uint32_t index)
{
    const struct weir__keda_zone *zones;

    if (!weir__is_keda(keda) || index >= keda->zone_count) {
        return NULL;
    }
    zones = (const struct weir__keda_zone *)(const void *)((const uint8_t *)keda + keda->zones_at);
    return zones[index].name;
}

weir_status weir_keda_set_zone(weir_keda *keda, const char *name, const weir_zone *zone)
{
    weir_keda *k = keda;

    if (!weir__is_keda(k) || name == NULL || zone == NULL ||
        (zone->changes == NULL && zone->change_count > 0)) {
        return WEIR_E_ARG;
    }
    for (uint32_t i = 0; i < k->zone_count; i++) {
        struct weir__keda_zone *own = &weir__keda_zones(k)[i];

        if (!weir__same_text(own->name, name)) {
            continue;
        }
        if (zone->change_count > k->zone_reserve) {
            return WEIR_E_LIMIT;
        }
        own->known = 1;
        own->offset = zone->offset;
        own->count = zone->change_count;
        if (zone->change_count > 0) {
            memcpy((uint8_t *)k + own->changes_at, zone->changes,
                   zone->change_count * sizeof *zone->changes);
        }
    }
    return WEIR_OK;
}

/* ---- inputs --------------------------------------------------------------------------------- */

weir_status weir_keda_input_init(weir_keda_input *input, size_t struct_size)
{
    if (input == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *input) {
        return WEIR_E_STRUCT;
    }
    memset(input, 0, sizeof *input);
    input->struct_size = (uint32_t)sizeof *input;
    return WEIR_OK;
}

static weir_status weir__keda_check(const weir_keda *k, const weir_keda_input *input, weir_time now,
                             const weir_decision *out, const weir_explain *explain)
{
    if (!weir__is_keda(k) || input == NULL || out == NULL) {
        return WEIR_E_ARG;
    }
    if (input->struct_size != sizeof *input || out->struct_size != sizeof *out ||
        (explain != NULL && explain->struct_size != sizeof *explain)) {
        return WEIR_E_STRUCT;
    }
    if (input->reading_count != k->trigger_count ||
        (input->readings == NULL && input->reading_count > 0) ||
        (input->pods == NULL && input->pod_count > 0)) {
        return WEIR_E_RANGE;
    }
    return now < k->seen ? WEIR_E_TIME : WEIR_OK;
}

/* ---- lib/decide/keda_check.c ---- */

/*
 * decide/keda_check.c - what a ScaledObject's settings have to be together, and the HPA that KEDA
 * makes of them.
 *
 * Upstream: apis/keda/v1alpha1/scaledobject_types.go, controllers/keda/hpa.go.
 */

static int is_resource(const weir_keda_trigger *t)
{
    return t->type == WEIR_TRIGGER_CPU || t->type == WEIR_TRIGGER_MEMORY;
}

/* ---- names ---------------------------------------------------------------------------------- */

static const char *const type_names[] = {"value",      "prometheus", "cpu",      "memory",  "cron",
                                         "metric-api", "external",   "external", "workload"};

static void weir__keda_name_of(const weir_keda_config *config, uint32_t trigger, char *name)
{
    const weir_keda_trigger *t = &config->triggers[trigger];
    char text[WEIR_KEDA_NAME_MAX];
    uint32_t index = 0;

    if (t->metric_name[0] != '\0') {
        memcpy(name, t->metric_name, WEIR_KEDA_NAME_MAX);
        return;
    }
    if (is_resource(t)) {
        memset(name, 0, WEIR_KEDA_NAME_MAX);
        memcpy(name, type_names[t->type], weir__length(type_names[t->type]));
        return;
    }
    for (uint32_t i = 1; i <= trigger; i++) {
        index += !config->triggers[i].continues;
    }
    if (t->type == WEIR_TRIGGER_CRON) {
        weir_cron_metric_name(&t->cron, text, sizeof text, NULL);
    } else {
        memcpy(text, type_names[t->type], weir__length(type_names[t->type]) + 1);
    }
    memset(name, 0, WEIR_KEDA_NAME_MAX);
    weir_keda_metric_name(index, text, 0, name, WEIR_KEDA_NAME_MAX, NULL);
}

/* ---- checks --------------------------------------------------------------------------------- */

static weir_status keda_check_refuse(weir_error *err, uint32_t trigger, const char *field, const char *message)
{
    weir__fail(err, WEIR_E_RANGE, field, message);
    weir__fail_within(err, "triggers", trigger);
    return WEIR_E_RANGE;
}

static weir_status check_bounds(const weir_keda_config *c, weir_error *err)
{
    int32_t max = c->max_replicas != WEIR_KEDA_UNSET ? c->max_replicas : 100;
    int32_t min = c->min_replicas == WEIR_KEDA_UNSET ? 0
                  : c->min_replicas > 0              ? c->min_replicas
                                                     : 1;

    if (c->max_replicas != WEIR_KEDA_UNSET && c->max_replicas < 1) {
        return weir__fail(err, WEIR_E_RANGE, "max_replicas", "must be at least 1");
    }
    if (c->min_replicas != WEIR_KEDA_UNSET && c->min_replicas < 0) {
        return weir__fail(err, WEIR_E_RANGE, "min_replicas", "must be at least 0");
    }
    if (min > max) {
        return weir__fail(
            err, WEIR_E_RANGE, "min_replicas",
            "must not be above max_replicas (a minimum of 0 that is set counts as 1)");
    }
    if (c->idle_replicas == WEIR_KEDA_UNSET) {
        return WEIR_OK;
    }
    if (c->idle_replicas < 0) {
        return weir__fail(err, WEIR_E_RANGE, "idle_replicas", "must be at least 0");
    }
    return c->idle_replicas < min
               ? WEIR_OK
               : weir__fail(err, WEIR_E_RANGE, "idle_replicas",
                            "must be below min_replicas (0 where that is not set)");
}

static weir_status check_type(const weir_keda_trigger *t, uint32_t i, weir_error *err)
{
    int utilization = t->metric_type == WEIR_HPA_UTILIZATION;

    if (is_resource(t)) {
        if (!utilization && t->metric_type != WEIR_HPA_AVERAGE_VALUE) {
            return keda_check_refuse(err, i, "metric_type", "must be Utilization or AverageValue");
        }
        if (t->use_cached_metrics) {
            return keda_check_refuse(err, i, "use_cached_metrics", "is not for cpu and memory");
        }
    } else if (t->metric_type != WEIR_HPA_AVERAGE_VALUE && t->metric_type != WEIR_HPA_VALUE) {
        return keda_check_refuse(err, i, "metric_type",
                      utilization ? "Utilization is for cpu and memory only"
                                  : "must be AverageValue or Value");
    }
    if (t->type == WEIR_TRIGGER_CRON && t->use_cached_metrics) {
        return keda_check_refuse(err, i, "use_cached_metrics", "is not for cron");
    }
    if (t->type != WEIR_TRIGGER_CRON && t->target <= 0) {
        return keda_check_refuse(err, i, "target", "must be above 0: the metric is divided by it");
    }
    return WEIR_OK;
}

static weir_status check_trigger(const weir_keda_config *c, uint32_t i, weir_error *err)
{
    const weir_keda_trigger *t = &c->triggers[i];
    char name[WEIR_KEDA_NAME_MAX], other[WEIR_KEDA_NAME_MAX];
    weir_status status = check_type(t, i, err);
    weir_cron cron;

    if (status != WEIR_OK) {
        return status;
    }
    if (t->continues && (i == 0 || is_resource(t) || t->type == WEIR_TRIGGER_CRON)) {
        return keda_check_refuse(err, i, "continues", "there is no trigger before it that it could belong to");
    }
    if (t->type == WEIR_TRIGGER_CRON) {
        status = weir_cron_init(&cron, &t->cron, err);
        if (status != WEIR_OK) {
            weir__fail_within(err, "cron", -1);
            weir__fail_within(err, "triggers", i);
            return status;
        }
    }
    weir__keda_name_of(c, i, name);
    for (uint32_t k = 0; k < i; k++) {
        weir__keda_name_of(c, k, other);
        if (!is_resource(t) && !is_resource(&c->triggers[k]) && weir__same_text(name, other)) {
            return keda_check_refuse(err, i, "metric_name", "is that of another metric too");
        }
        if (!t->continues && t->name[0] != '\0' && weir__same_text(t->name, c->triggers[k].name)) {
            return keda_check_refuse(err, i, "name", "is that of another trigger too");
        }
    }
    return WEIR_OK;
}

static weir_status weir__keda_config_take(weir_keda_config *to, const weir_keda_config *from, int whole,
                                   weir_error *err)
{
    weir_status status = weir__config_take(&weir__keda_table, to, from, err);

    if (status == WEIR_OK) {
        status = weir__config_check(&weir__keda_table, to, err);
    }
    if (status != WEIR_OK || !whole || to->defect != WEIR_KEDA_SOUND) {
        return status;
    }
    if (to->trigger_count == 0) {
        return weir__fail(err, WEIR_E_RANGE, "triggers", "there has to be at least one");
    }
    if (to->modifiers.enabled && to->trigger_count == WEIR_HPA_METRICS_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "triggers", "leave no room for the composite metric");
    }
    status = check_bounds(to, err);
    for (uint32_t i = 0; status == WEIR_OK && i < to->trigger_count; i++) {
        status = check_trigger(to, i, err);
    }
    return status;
}

weir_status weir_keda_config_check(const weir_keda_config *config, weir_error *err)
{
    weir_keda_config own;

    return weir__keda_config_take(&own, config, 1, err);
}

static uint64_t weir__keda_generation(const weir_keda_config *config)
{
    weir_keda_config spec = *config;

    spec.paused = 0;
    spec.paused_replicas = WEIR_KEDA_UNSET;
    spec.paused_scale_in = 0;
    spec.paused_scale_out = 0;
    spec.force_activation = 0;
    spec.defect = spec.defect == WEIR_KEDA_BAD_PAUSE ? WEIR_KEDA_SOUND : spec.defect;
    return weir__config_digest(&weir__keda_table, &spec);
}

/* ---- the HPA -------------------------------------------------------------------------------- */

static void add_metric(weir_hpa_config *hpa, int32_t source, const weir_keda_trigger *t,
                       const char *name)
{
    weir_hpa_metric *m = &hpa->metrics[hpa->metric_count++];

    memset(m, 0, sizeof *m);
    m->source = source;
    /* A spec that is refused still gets an HPA that can be made. */
    m->target_type =
        source == WEIR_HPA_EXTERNAL
            ? (t->metric_type == WEIR_HPA_VALUE ? WEIR_HPA_VALUE : WEIR_HPA_AVERAGE_VALUE)
            : (t->metric_type == WEIR_HPA_UTILIZATION ? WEIR_HPA_UTILIZATION
                                                      : WEIR_HPA_AVERAGE_VALUE);
    m->target = t->type == WEIR_TRIGGER_CRON ? 1000 : t->target > 0 ? t->target : 1;
    m->request = t->request;
    m->sample_window = t->sample_window;
    memcpy(m->name, name, sizeof m->name);
    memcpy(m->container, t->container, sizeof m->container);
}

static void add_triggers(const weir_keda_config *c, weir_hpa_config *hpa, int32_t source,
                         int32_t metric_of[WEIR_KEDA_TRIGGERS_MAX])
{
    char name[WEIR_KEDA_NAME_MAX];

    for (uint32_t i = 0; i < c->trigger_count; i++) {
        const weir_keda_trigger *t = &c->triggers[i];
        int32_t own = !is_resource(t)           ? WEIR_HPA_EXTERNAL
                      : t->container[0] != '\0' ? WEIR_HPA_CONTAINER_RESOURCE
                                                : WEIR_HPA_RESOURCE;

        if (own == source) {
            metric_of[i] = (int32_t)hpa->metric_count;
            weir__keda_name_of(c, i, name);
            add_metric(hpa, source, t, name);
        }
    }
}

static void add_composite(const weir_keda_config *c, const struct weir__modifiers *m,
                          weir_hpa_config *hpa)
{
    static const char name[WEIR_HPA_NAME_MAX] = "composite-metric";
    weir_keda_trigger t;

    memset(&t, 0, sizeof t);
    t.metric_type = c->modifiers.metric_type;
    t.target = m->target_milli;
    add_metric(hpa, WEIR_HPA_EXTERNAL, &t, name);
}

static void weir__keda_hpa_of(const weir_keda_config *c, weir_hpa_config *hpa,
                       int32_t metric_of[WEIR_KEDA_TRIGGERS_MAX])
{
    struct weir__modifiers m;

    weir_hpa_config_init(hpa, sizeof *hpa);
    hpa->min_replicas = c->min_replicas > 0 ? c->min_replicas : 1;
    hpa->max_replicas = c->max_replicas > 0 ? c->max_replicas : 100;
    hpa->min_replicas =
        hpa->min_replicas > hpa->max_replicas ? hpa->max_replicas : hpa->min_replicas;
    hpa->behavior = c->behavior || c->paused_scale_in || c->paused_scale_out;
    hpa->semantics = c->semantics;
    hpa->conversion = c->conversion;
    hpa->configurable_tolerance = c->configurable_tolerance;
    hpa->pod_reserve = c->pod_reserve;
    hpa->reserve = c->reserve;
    hpa->tolerance = c->tolerance;
    hpa->downscale_stabilization = c->downscale_stabilization;
    hpa->cpu_initialization_period = c->cpu_initialization_period;
    hpa->initial_readiness_delay = c->initial_readiness_delay;
    hpa->sync_period = c->sync_period;
    if (c->behavior) {
        hpa->scale_up = c->scale_up;
        hpa->scale_down = c->scale_down;
    }
    if (c->paused_scale_in) {
        hpa->scale_down.select_policy = WEIR_SELECT_DISABLED;
    }
    if (c->paused_scale_out) {
        hpa->scale_up.select_policy = WEIR_SELECT_DISABLED;
    }
    for (uint32_t i = 0; i < WEIR_KEDA_TRIGGERS_MAX; i++) {
        metric_of[i] = -1;
    }
    weir__modifiers_of(&c->modifiers, c->conversion, &m);
    if (m.enabled && m.target > 0.0 &&
        c->trigger_count <
            WEIR_HPA_METRICS_MAX) { /* one metric takes the place of all external ones */
        add_triggers(c, hpa, WEIR_HPA_RESOURCE, metric_of);
        add_composite(c, &m, hpa);
        return;
    }
    add_triggers(c, hpa, WEIR_HPA_CONTAINER_RESOURCE, metric_of);
    add_triggers(c, hpa, WEIR_HPA_EXTERNAL, metric_of);
    add_triggers(c, hpa, WEIR_HPA_RESOURCE, metric_of);
}

weir_status weir_keda_hpa_config(const weir_keda_config *config, weir_hpa_config *hpa,
                                 weir_error *err)
{
    int32_t metric_of[WEIR_KEDA_TRIGGERS_MAX];
    weir_keda_config own;
    weir_status status = weir__keda_config_take(&own, config, 1, err);

    if (status == WEIR_OK && hpa == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "there is nowhere to put the configuration");
    }
    if (status == WEIR_OK) {
        weir__keda_hpa_of(&own, hpa, metric_of);
    }
    return status;
}

/* ---- lib/decide/keda_config.c ---- */

/*
 * decide/keda_config.c - the configuration of a ScaledObject as a field table.
 *
 * Upstream: apis/keda/v1alpha1/scaledobject_types.go.
 */

#define SECONDS (INT64_C(2147483647) * WEIR_SECOND)

#define ROW(m) WEIR__MEMBER(weir_cron_config, m), .alias = "", .global_key = ""
static const weir_field cron_fields[] = {
    {ROW(desired_replicas), .key = "desiredReplicas", .unit = "pods", .values = "",
     .type = WEIR_FIELD_INT, .imin = INT64_MIN, .imax = INT64_MAX,
     .doc = "Pods wanted between start and end; not 0."},
    {ROW(start), .key = "start", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "When the window opens, five fields."},
    {ROW(end), .key = "end", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "When the window closes."},
    {ROW(timezone), .key = "timezone", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Time zone of both, by its IANA name."},
};
#undef ROW

#define ROW(m) WEIR__MEMBER(weir_keda_trigger, m), .alias = "", .global_key = ""
static const weir_field trigger_fields[] = {
    {ROW(type), .key = "type", .unit = "",
     .values = "other|prometheus|cpu|memory|cron|metrics-api|external|external-push|"
               "kubernetes-workload",
     .type = WEIR_FIELD_ENUM, .imax = WEIR_TRIGGER_KUBERNETES_WORKLOAD,
     .doc = "What the trigger asks."},
    {ROW(metric_type), .key = "metricType", .unit = "",
     .values = "none|Utilization|Value|AverageValue", .type = WEIR_FIELD_ENUM, .imax = 3,
     .idefault = WEIR_HPA_AVERAGE_VALUE, .doc = "What the metric is held against."},
    {ROW(use_cached_metrics), .key = "useCachedMetrics", .unit = "", .values = "",
     .type = WEIR_FIELD_BOOL, .imax = 1, .doc = "The HPA gets what the last poll saw."},
    {ROW(ignore_null_values), .key = "ignoreNullValues", .unit = "", .values = "",
     .type = WEIR_FIELD_BOOL, .imax = 1, .idefault = 1,
     .doc = "Prometheus: an empty answer is 0, not an error."},
    {ROW(continues), .key = "", .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1,
     .doc = "One more metric of the trigger before it."},
    {ROW(target), .key = "threshold", .unit = "milli or %", .values = "", .type = WEIR_FIELD_INT,
     .imin = INT64_MIN, .imax = INT64_MAX,
     .doc = "Thousandths, or percent for utilization; above 0."},
    {ROW(request), .key = "", .unit = "milli", .values = "", .type = WEIR_FIELD_INT,
     .imax = INT64_MAX, .doc = "What a pod requests, for a replay that knows totals only."},
    {ROW(sample_window), .key = "", .unit = "s", .values = "", .type = WEIR_FIELD_DURATION,
     .imax = WEIR__LONGEST,
     .doc = "Time that a sample of a pod covers, for a replay; cpu looks at it."},
    {ROW(activation), .key = "activationThreshold", .unit = "", .values = "",
     .type = WEIR_FIELD_DOUBLE, .dmin = -DBL_MAX, .dmax = DBL_MAX,
     .doc = "A value above it is activity."},
    {ROW(name), .key = "name", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Name of the trigger, for the formula."},
    {ROW(metric_name), .key = "", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Name of the metric in the HPA; made from index and type where there is none."},
    {ROW(container), .key = "containerName", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Container of a container resource."},
    {ROW(cron), .key = "", .unit = "", .values = "", .type = WEIR_FIELD_STRUCT, .capacity = 1,
     .fields = cron_fields, .field_count = sizeof cron_fields / sizeof cron_fields[0],
     .doc = "Window of a cron trigger."},
};
#undef ROW

#define ROW(m) WEIR__MEMBER(weir_keda_fallback, m), .alias = "", .global_key = ""
static const weir_field fallback_fields[] = {
    {ROW(enabled), .key = "", .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1,
     .doc = "There is a fallback."},
    {ROW(failure_threshold), .key = "failureThreshold", .unit = "", .values = "",
     .type = WEIR_FIELD_INT, .imin = INT32_MIN, .imax = INT32_MAX,
     .doc = "More failures than that, one after another, and it begins."},
    {ROW(replicas), .key = "replicas", .unit = "pods", .values = "", .type = WEIR_FIELD_INT,
     .imin = INT32_MIN, .imax = INT32_MAX, .doc = "Pods to fall back to."},
    {ROW(behavior), .key = "behavior", .unit = "",
     .values = "static|currentReplicas|currentReplicasIfHigher|currentReplicasIfLower|"
               "scalingModifiers|unnamed",
     .type = WEIR_FIELD_ENUM, .imax = WEIR_FALLBACK_UNNAMED,
     .doc = "What takes the place of a failing metric."},
};
#undef ROW

#define ROW(m) WEIR__MEMBER(weir_keda_modifiers, m), .alias = "", .global_key = ""
static const weir_field modifiers_fields[] = {
    {ROW(enabled), .key = "", .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1,
     .doc = "Any of the modifiers is set."},
    {ROW(metric_type), .key = "metricType", .unit = "",
     .values = "none|Utilization|Value|AverageValue", .type = WEIR_FIELD_ENUM, .imax = 3,
     .idefault = WEIR_HPA_AVERAGE_VALUE, .doc = "What the composite metric is held against."},
    {ROW(target), .key = "target", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Target of the composite metric, a number above 0."},
    {ROW(activation_target), .key = "activationTarget", .unit = "", .values = "",
     .type = WEIR_FIELD_TEXT, .doc = "A composite metric above it is activity."},
    {ROW(formula), .key = "formula", .unit = "", .values = "", .type = WEIR_FIELD_TEXT,
     .doc = "Formula of the composite metric."},
};
#undef ROW

#define ROW(m) WEIR__MEMBER(weir_keda_config, m), .alias = ""
#define COUNT                                                                                      \
    .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imin = INT32_MIN, .imax = INT32_MAX,    \
    .idefault = WEIR_KEDA_UNSET, .flags = WEIR_FIELD_OPTIONAL, .global_key = ""
#define FLAG .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1, .global_key = ""
#define WAIT                                                                                       \
    .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imax = SECONDS,                       \
    .flags = WEIR_FIELD_WHOLE_SECONDS, .global_key = ""
static const weir_field keda_fields[] = {
    {ROW(min_replicas), .key = "spec.minReplicaCount", COUNT, .doc = "Lower bound, 0."},
    {ROW(max_replicas), .key = "spec.maxReplicaCount", COUNT, .doc = "Upper bound, 100."},
    {ROW(idle_replicas), .key = "spec.idleReplicaCount", COUNT,
     .doc = "Size without activity, below the minimum."},
    {ROW(paused), .key = "autoscaling.keda.sh/paused", FLAG, .doc = "Nothing is decided."},
    {ROW(paused_replicas), .key = "autoscaling.keda.sh/paused-replicas", COUNT,
     .doc = "Nothing is decided, and the size is set to this."},
    {ROW(paused_scale_in), .key = "autoscaling.keda.sh/paused-scale-in", FLAG,
     .doc = "No pods go."},
    {ROW(paused_scale_out), .key = "autoscaling.keda.sh/paused-scale-out", FLAG,
     .doc = "No pods come."},
    {ROW(force_activation), .key = "autoscaling.keda.sh/force-activation", FLAG,
     .doc = "Active whatever the triggers say."},
    {ROW(restore_original), .key = "spec.advanced.restoreToOriginalReplicaCount", FLAG,
     .doc = "Deleting the object gives the size back that it found."},
    {ROW(defect), .key = "", .global_key = "", .unit = "",
     .values = "sound|unbuildable|refused|bad-pause", .type = WEIR_FIELD_ENUM,
     .imax = WEIR_KEDA_BAD_PAUSE,
     .doc = "What is wrong with a spec that is in force all the same."},
    {ROW(polling_interval), .key = "spec.pollingInterval", .global_key = "", .unit = "s",
     .values = "", .type = WEIR_FIELD_DURATION, .imin = WEIR_SECOND, .imax = SECONDS,
     .idefault = 30 * WEIR_SECOND, .flags = WEIR_FIELD_WHOLE_SECONDS,
     .doc = "Time between two looks at the triggers."},
    {ROW(cooldown_period), .key = "spec.cooldownPeriod", WAIT, .idefault = 300 * WEIR_SECOND,
     .doc = "Time without activity before zero, or idle."},
    {ROW(initial_cooldown_period), .key = "spec.initialCooldownPeriod", WAIT,
     .doc = "The same from the creation on, as long as there was no activity yet."},
    {ROW(created), .key = "", .global_key = "", .unit = "", .values = "", .type = WEIR_FIELD_TIME,
     .imin = INT64_MIN, .imax = INT64_MAX, .idefault = WEIR_TIME_NONE, .flags = WEIR_FIELD_OPTIONAL,
     .doc = "When the object was created."},
    {ROW(fallback), .key = "spec.fallback", .global_key = "", .unit = "", .values = "",
     .type = WEIR_FIELD_STRUCT, .capacity = 1, .fields = fallback_fields,
     .field_count = sizeof fallback_fields / sizeof fallback_fields[0],
     .doc = "What takes the place of a metric that fails."},
    {ROW(modifiers), .key = "spec.advanced.scalingModifiers", .global_key = "", .unit = "",
     .values = "", .type = WEIR_FIELD_STRUCT, .capacity = 1, .fields = modifiers_fields,
     .field_count = sizeof modifiers_fields / sizeof modifiers_fields[0],
     .doc = "One metric made of all by a formula."},
    {WEIR__LIST(weir_keda_config, triggers, trigger_count), .key = "spec.triggers", .alias = "",
     .global_key = "", .unit = "", .values = "", .type = WEIR_FIELD_STRUCT,
     .fields = trigger_fields, .field_count = sizeof trigger_fields / sizeof trigger_fields[0],
     .doc = "The triggers; any that is active activates, the largest wish counts."},
    {ROW(behavior), .key = "spec.advanced.horizontalPodAutoscalerConfig.behavior", FLAG,
     .doc =
         "The rules for scaling hold; without, a size at most doubles and falls after a window."},
    {ROW(semantics), .key = "", .global_key = "", .unit = "", .values = WEIR__HPA_RELEASES,
     .type = WEIR_FIELD_ENUM, .imax = WEIR_HPA_1_27,
     .doc = "Release of Kubernetes whose rules are used."},
    {ROW(conversion), WEIR__CONVERSION_ROW},
    {ROW(configurable_tolerance), .key = "HPAConfigurableTolerance", .global_key = "", .unit = "",
     .values = "release|off|on", .type = WEIR_FIELD_ENUM, .imax = 2,
     .doc = "Feature gate: the tolerances of the rules count; on from 1.35."},
    {ROW(pod_reserve), WEIR__POD_RESERVE_ROW},
    {ROW(reserve), WEIR__RESERVE_ROW},
    {ROW(zone_reserve), .key = "", .global_key = "", .unit = "", .values = "",
     .type = WEIR_FIELD_INT, .imax = 4096, .idefault = 64,
     .doc = "Changes of each time zone that there is room for."},
    {ROW(tolerance), WEIR__TOLERANCE_ROW},
    {ROW(downscale_stabilization), WEIR__STABILIZATION_ROW},
    {ROW(cpu_initialization_period), WEIR__CPU_PERIOD_ROW},
    {ROW(initial_readiness_delay), WEIR__READINESS_ROW},
    {ROW(sync_period), .key = "", .global_key = "horizontal-pod-autoscaler-sync-period",
     .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imin = WEIR_SECOND,
     .imax = 3600 * WEIR_SECOND, .idefault = 15 * WEIR_SECOND,
     .doc = "Time between decisions of the HPA."},
    {ROW(poll_phase), .key = "", .global_key = "", .unit = "s", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = 3600 * WEIR_SECOND,
     .doc = "Time from the start to the first poll."},
    {ROW(sync_phase), .key = "", .global_key = "", .unit = "s", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = 3600 * WEIR_SECOND,
     .doc = "Time from the start to the first decision of the HPA."},
    {ROW(scale_up), .key = "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp",
     .global_key = "", .unit = "", .values = "", .type = WEIR_FIELD_STRUCT, .capacity = 1,
     .fields = weir__scale_up_fields, .field_count = WEIR__RULES_FIELDS,
     .doc = "Rules for more pods."},
    {ROW(scale_down), .key = "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown",
     .global_key = "", .unit = "", .values = "", .type = WEIR_FIELD_STRUCT, .capacity = 1,
     .fields = weir__scale_down_fields, .field_count = WEIR__RULES_FIELDS,
     .doc = "Rules for fewer pods."},
};
#undef ROW

static const struct weir__table weir__keda_table = WEIR__TABLE(weir_keda_config, keda_fields);

weir_status weir_keda_config_init(weir_keda_config *config, size_t struct_size)
{
    weir_status status = weir__config_init(&weir__keda_table, config, struct_size);

    if (status == WEIR_OK) {
        weir__scaling_rules_init(&config->scale_up, WEIR_SCALE_UP);
        weir__scaling_rules_init(&config->scale_down, WEIR_SCALE_DOWN);
    }
    return status;
}

weir_status weir_keda_trigger_init(weir_keda_trigger *trigger, int32_t type)
{
    if (trigger == NULL) {
        return WEIR_E_ARG;
    }
    memset(trigger, 0, sizeof *trigger);
    trigger->type = type;
    trigger->metric_type = WEIR_HPA_AVERAGE_VALUE;
    trigger->ignore_null_values = 1;
    return WEIR_OK;
}
#undef SECONDS
#undef COUNT
#undef FLAG
#undef WAIT

/* ---- lib/decide/keda_metric.c ---- */

/*
 * decide/keda_metric.c - one metric of a ScaledObject: asked, replaced when it fails, counted in
 * the copy of the object that is worked on; and the formula over all of them.
 *
 * Upstream: pkg/scaling/scale_handler.go, pkg/fallback/fallback.go, pkg/scaling/modifiers.
 */

/* ---- copies --------------------------------------------------------------------------------- */

static void weir__keda_take_served(const weir_keda *k, struct weir__keda_copy *copy)
{
    copy->on_served = 1;
    copy->reserved = 0;
    memcpy(copy->conditions, k->served, sizeof copy->conditions);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        copy->health[i] = weir__keda_slots_of(k)[i].served;
    }
}

static void weir__keda_put_served(weir_keda *k, const struct weir__keda_copy *copy)
{
    memcpy(k->served, copy->conditions, sizeof k->served);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        weir__keda_slots(k)[i].served = copy->health[i];
    }
}

static void weir__keda_build(weir_keda *k, int shared)
{
    k->built = 1;
    k->built_generation = k->generation;
    k->shared = shared;
    memcpy(k->served, k->stored, sizeof k->served);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        weir__keda_slots(k)[i].served = weir__keda_slots(k)[i].stored;
    }
}

static int is_failing(const weir_keda *k, const struct weir__keda_copy *copy)
{
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        if (copy->health[i].status == WEIR_HEALTH_FAILING &&
            copy->health[i].failures > k->fallback.failure_threshold) {
            return 1;
        }
    }
    return 0;
}

/* Writes a health as upstream does: what changed against the copy goes to the stored object, the
 * list of conditions as a whole, and the stored object comes back as the new copy. */
static void write_health(weir_keda *k, struct weir__keda_copy *copy, uint32_t trigger,
                         weir_keda_health health)
{
    weir_keda_health *own = &copy->health[trigger];
    weir_keda_health *stored = &weir__keda_slots(k)[trigger].stored;
    weir_keda_condition *condition = &copy->conditions[WEIR_KEDA_FALLBACK], before = *condition;
    int count_changed = own->failures != health.failures || own->status == WEIR_HEALTH_NONE;
    int status_changed = own->status != health.status;
    int failing;

    *own = health;
    failing = is_failing(k, copy);
    condition->status = failing ? WEIR_STATE_TRUE : WEIR_STATE_FALSE;
    condition->reason = failing ? WEIR_KEDA_REASON_FALLBACK : WEIR_KEDA_REASON_NO_FALLBACK;
    if (!count_changed && !status_changed && before.status == condition->status &&
        before.reason == condition->reason) {
        return;
    }
    if (count_changed) {
        stored->failures = health.failures;
    }
    if (status_changed || stored->status == WEIR_HEALTH_NONE) {
        stored->status = health.status;
    }
    if (before.status != condition->status || before.reason != condition->reason) {
        memcpy(k->stored, copy->conditions, sizeof k->stored);
    }
    memcpy(copy->conditions, k->stored, sizeof copy->conditions);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        copy->health[i] = weir__keda_slots(k)[i].stored;
    }
}

/* ---- one metric ----------------------------------------------------------------------------- */

static void keda_metric_fail(struct weir__keda_outcome *outcome)
{
    outcome->failed = 1;
    outcome->active = 0;
}

static void keda_metric_found(struct weir__keda_outcome *outcome, double value, int active)
{
    outcome->active = active;
    outcome->amount = weir__amount_of(value);
}

static const weir_zone *keda_metric_zone_of(weir_keda *k, int32_t index, weir_zone *view)
{
    const struct weir__keda_zone *zone = &weir__keda_zones(k)[index];

    view->change_count = zone->count;
    view->offset = zone->offset;
    view->changes = (const weir_zone_change *)(const void *)((const uint8_t *)k + zone->changes_at);
    return view;
}

static int is_known(weir_keda *k, int32_t zone)
{
    return zone < 0 || weir__keda_zones(k)[zone].known;
}

static void ask_cron(weir_keda *k, const struct weir__keda_slot *slot, weir_time now,
                     struct weir__keda_outcome *outcome)
{
    const struct weir__keda_cron *cron;
    weir_zone start, end;
    weir_cron_answer answer;

    if (slot->cron < 0) {
        keda_metric_fail(outcome);
        return;
    }
    cron = &weir__keda_crons(k)[slot->cron];
    if (!is_known(k, cron->start_zone) || !is_known(k, cron->end_zone) ||
        weir_cron_query(&cron->cron,
                        cron->start_zone < 0 ? NULL : keda_metric_zone_of(k, cron->start_zone, &start),
                        cron->end_zone < 0 ? NULL : keda_metric_zone_of(k, cron->end_zone, &end), now,
                        &answer) != WEIR_OK) {
        keda_metric_fail(outcome);
        return;
    }
    keda_metric_found(outcome, (double)answer.value, answer.active);
}

static void keda_metric_ask(const struct weir__keda_slot *slot, const weir_keda_reading *reading,
                struct weir__keda_outcome *outcome)
{
    int prometheus = slot->type == WEIR_TRIGGER_PROMETHEUS;
    int external = slot->type == WEIR_TRIGGER_EXTERNAL || slot->type == WEIR_TRIGGER_EXTERNAL_PUSH;
    weir_status status = reading->status;
    double value = reading->value;

    if (prometheus && status == WEIR_OK && !weir__is_finite(value)) {
        status = WEIR_NO_DATA;
    }
    if (prometheus && status == WEIR_NO_DATA && slot->ignore_null) {
        status = WEIR_OK;
        value = 0.0;
    }
    if (external && status == WEIR_NO_DATA) {
        outcome->empty = 1;
        outcome->active = reading->activity == WEIR_ACTIVITY_YES;
        return;
    }
    if (status != WEIR_OK) {
        keda_metric_fail(outcome);
        return;
    }
    keda_metric_found(outcome, value,
          reading->activity == WEIR_ACTIVITY_BY_VALUE ? value > slot->activation
                                                      : reading->activity == WEIR_ACTIVITY_YES);
}

static void weir__keda_fall_back(weir_keda *k, struct weir__keda_copy *copy, uint32_t trigger,
                          const weir_keda_input *input, struct weir__keda_outcome *outcome)
{
    const struct weir__keda_slot *slot = &weir__keda_slots(k)[trigger];
    struct weir__fallback_input in;
    weir_keda_observation o;
    weir_keda_health health = copy->health[trigger];
    int64_t milli = 0;
    int32_t active;
    weir_status status;

    if (!weir__fallback_works(&k->fallback, &k->modifiers)) {
        return;
    }
    memset(&in, 0, sizeof in);
    memset(&o, 0, sizeof o);
    in.fallback = &k->fallback;
    in.modifiers = &k->modifiers;
    in.metric_type = slot->metric_type;
    in.target = slot->target;
    in.conversion = k->conversion;
    o.status = outcome->failed ? WEIR_NO_DATA : WEIR_OK;
    o.milli = outcome->amount.milli;
    o.replicas = input->replicas;
    o.ready_pods = input->ready_pods;
    o.replicas_status = input->replicas_status;
    o.pods_status = input->replicas_status; /* the selector comes with the scale */
    status = weir__fall_back(&in, &o, &health, &milli, &active);
    write_health(k, copy, trigger, health);
    if (status == WEIR_OK && outcome->failed) {
        outcome->failed = 0;
        outcome->fallback = active;
        outcome->active = active;
        outcome->amount = weir__amount_of_milli(milli);
    }
}

static void weir__keda_observe(weir_keda *k, struct weir__keda_copy *copy, uint32_t trigger,
                        const weir_keda_input *input, weir_time now,
                        struct weir__keda_outcome *outcome)
{
    const struct weir__keda_slot *slot = &weir__keda_slots(k)[trigger];

    memset(outcome, 0, sizeof *outcome);
    outcome->present = 1;
    k->asked |= UINT32_C(1) << trigger;
    if (slot->type == WEIR_TRIGGER_CRON) {
        ask_cron(k, slot, now, outcome);
    } else {
        keda_metric_ask(slot, &input->readings[trigger], outcome);
    }
    weir__keda_fall_back(k, copy, trigger, input, outcome);
}

/* ---- the formula ---------------------------------------------------------------------------- */

static int weir__keda_compose(const weir_keda *k, const struct weir__keda_copy *copy,
                       const struct weir__keda_outcome *outcomes, int64_t *milli)
{
    double values[WEIR_KEDA_TRIGGERS_MAX];
    uint64_t nil = 0;
    weir_formula_result result;

    for (uint32_t i = 0; i < k->trigger_count; i++) {
        int hidden = k->fallback.enabled && k->fallback.behavior == WEIR_FALLBACK_MODIFIERS &&
                     copy->health[i].status != WEIR_HEALTH_NONE &&
                     copy->health[i].failures > k->fallback.failure_threshold;

        values[i] = outcomes[i].amount.value;
        if (!outcomes[i].present || outcomes[i].failed || outcomes[i].empty ||
            outcomes[i].unnamed || hidden) {
            nil |= UINT64_C(1) << i;
        }
    }
    return weir_formula_eval(weir__keda_formula(k), values, nil, &result, NULL) == WEIR_OK &&
           weir__composite(&result, &k->fallback, &k->modifiers, k->conversion, milli);
}

/* ---- lib/decide/keda_poll.c ---- */

/*
 * decide/keda_poll.c - one poll: is the object active, and what follows for zero, idle and the
 * minimum.
 *
 * Upstream: pkg/scaling/scale_handler.go, getScaledObjectState(); pkg/scaling/executor/
 * scale_scaledobjects.go, RequestScale().
 */

/* ---- the verdict on the triggers ------------------------------------------------------------ */

/* What the triggers come to. */
struct verdict {
    int active, failed;
    int fallback;            /* 1: some metric is replaced */
    int64_t fallback_milli;  /* the first of them */
    uint32_t active_metrics; /* of active triggers */
    struct weir__keda_outcome outcomes[WEIR_KEDA_TRIGGERS_MAX];
};

/* WEIR_SCALING_TRUE, ...: the HPA's condition, of whichever HPA counts. */
static int32_t scaling_of(weir_keda *k, const weir_keda_input *input)
{
    const weir_hpa *hpa = weir__keda_hpa(k);

    if (input->scaling_active != WEIR_SCALING_OWN) {
        return input->scaling_active;
    }
    for (uint32_t i = 0; k->hpa_exists && i < hpa->condition_count; i++) {
        const weir_hpa_condition *c = &hpa->conditions[i];

        if (c->type == WEIR_CONDITION_SCALING_ACTIVE) {
            return c->status == 1                              ? WEIR_SCALING_TRUE
                   : c->reason == WEIR_REASON_SCALING_DISABLED ? WEIR_SCALING_DISABLED
                                                               : WEIR_SCALING_FALSE;
        }
    }
    return WEIR_SCALING_MISSING;
}

static void keda_poll_explain_metric(const weir_keda *k, const struct weir__keda_copy *copy, uint32_t i,
                           const struct weir__keda_outcome *o, int observed,
                           struct weir__trace *trace)
{
    const struct weir__keda_slot *slot = &weir__keda_slots_of(k)[i];
    int32_t item = (int32_t)i, rule;

    if (observed) {
        weir__trace_step(trace, WEIR_RULE_KEDA_OBSERVED, item, trace->replicas, o->amount.value,
                         0.0);
    }
    if (o->failed) {
        weir__trace_step(trace, WEIR_RULE_KEDA_TRIGGER_FAILED, item, trace->replicas,
                         copy->health[i].failures, k->fallback.failure_threshold);
    } else if (o->fallback) {
        weir__trace_step(trace, WEIR_RULE_KEDA_FALLBACK, item, trace->replicas, o->amount.value,
                         k->fallback.failure_threshold);
    } else {
        rule = o->active ? WEIR_RULE_KEDA_TRIGGER_ACTIVE : WEIR_RULE_KEDA_TRIGGER_INACTIVE;
        weir__trace_step(trace, rule, item, trace->replicas, o->amount.value, slot->activation);
    }
}

/* One metric, from the record of a pull or asked. 0: its trigger could not say what it measures. */
static int look_at(weir_keda *k, struct weir__keda_copy *copy, uint32_t i, int trusts,
                   const weir_keda_input *input, weir_time now, struct verdict *v,
                   struct weir__trace *trace)
{
    struct weir__keda_slot *slot = &weir__keda_slots(k)[i];
    struct weir__keda_outcome *o = &v->outcomes[i];
    int observed = trusts && slot->observed.present;

    if (slot->type != WEIR_TRIGGER_CRON && input->readings[i].status == WEIR_E_UNSUPPORTED) {
        o->present = 0;
        weir__trace_step(trace, WEIR_RULE_KEDA_TRIGGER_FAILED, (int32_t)i, trace->replicas, 0.0,
                         0.0);
        return 0;
    }
    if (observed) {
        *o = slot->observed;
    } else {
        weir__keda_observe(k, copy, i, input, now, o);
    }
    if (o->fallback && !v->fallback) {
        v->fallback = 1;
        v->fallback_milli = o->amount.milli;
    }
    keda_poll_explain_metric(k, copy, i, o, observed, trace);
    return 1;
}

static void look_at_triggers(weir_keda *k, struct weir__keda_copy *copy, int trusts,
                             const weir_keda_input *input, weir_time now, struct verdict *v,
                             struct weir__trace *trace)
{
    int active = 0;
    uint32_t metrics = 0;

    v->active = v->failed = v->fallback = 0;
    v->fallback_milli = 0;
    v->active_metrics = 0;
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        const struct weir__keda_slot *slot = &weir__keda_slots(k)[i];
        const struct weir__keda_outcome *o = &v->outcomes[i];

        v->outcomes[i].present = 0;
        if (!slot->continues) {
            active = 0;
            metrics = 0;
        }
        if (slot->resource) {
            weir__trace_step(trace, WEIR_RULE_KEDA_TRIGGER_RESOURCE, (int32_t)i, trace->replicas,
                             0.0, 0.0);
        } else if (!look_at(k, copy, i, trusts, input, now, v, trace) || o->failed) {
            v->failed = 1;
        } else { /* the last metric that did not fail decides for its trigger */
            active = o->active;
            metrics |= o->empty ? 0 : UINT32_C(1) << i;
        }
        if (active && (i + 1 == k->trigger_count || !slot[1].continues)) {
            v->active = 1;
            v->active_metrics |= metrics;
        }
    }
}

/* With modifiers only the composite metric decides. 0: the poll breaks off. */
static int look_at_formula(weir_keda *k, const struct weir__keda_copy *copy, struct verdict *v,
                           struct weir__trace *trace)
{
    const struct weir__modifiers *m = &k->modifiers;
    int64_t milli = v->fallback_milli;
    int32_t rule = WEIR_RULE_KEDA_FORMULA;
    int there = v->fallback;
    double value;

    v->active = 0;
    v->active_metrics = 0;
    if (!there && k->has_formula) {
        there = weir__keda_compose(k, copy, v->outcomes, &milli);
    }
    if (v->failed) {
        return 1;
    }
    if (!m->activation_is_read) {
        return 0;
    }
    if (!v->fallback && !k->has_formula) { /* nothing is composed: each metric counts */
        for (uint32_t i = 0; i < k->trigger_count && !v->active; i++) {
            const struct weir__keda_outcome *o = &v->outcomes[i];

            /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch): all were looked at */
            if (o->present && !o->failed && !o->empty && o->amount.value > m->activation) {
                v->active = 1;
                v->active_metrics = UINT32_C(1) << i;
            }
        }
        return 1;
    }
    value = (double)milli * 0.001;
    v->active = there && value > m->activation;
    if (!there) {
        rule = WEIR_RULE_KEDA_FORMULA_FAILED;
        value = 0.0;
    }
    weir__trace_step(trace, rule, -1, trace->replicas, value, m->activation);
    return 1;
}

static void publish_records(weir_keda *k, const struct verdict *v)
{
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        struct weir__keda_slot *slot = &weir__keda_slots(k)[i];

        if (slot->cached) {
            slot->cache = v->outcomes[i];
        }
    }
}

static weir_status weir__keda_poll(weir_keda *k, const weir_keda_input *input, weir_time now,
                            struct weir__trace *trace, uint32_t *flags, weir_time *next)
{
    struct weir__keda_copy copy;
    struct verdict v;
    int trusts;

    if (k->defect == WEIR_KEDA_UNBUILDABLE) {
        weir__trace_step(trace, WEIR_RULE_KEDA_UNBUILDABLE, -1, trace->replicas, 0.0, 0.0);
        return WEIR_NO_DATA;
    }
    if (!k->built || k->built_generation != k->generation || k->shared) {
        weir__keda_build(k, 1);
    }
    weir__keda_take_served(k, &copy);
    if (!k->shared) { /* another copy than that of the pulls: read afresh */
        copy.on_served = 0;
        memcpy(copy.conditions, k->stored, sizeof copy.conditions);
        for (uint32_t i = 0; i < k->trigger_count; i++) {
            copy.health[i] = weir__keda_slots(k)[i].stored;
        }
    }
    trusts = k->trusts_pulls && scaling_of(k, input) == WEIR_SCALING_TRUE;
    look_at_triggers(k, &copy, trusts, input, now, &v, trace);
    if (copy.on_served) {
        weir__keda_put_served(k, &copy);
    }
    if (v.failed) {
        k->built = 0;
        k->shared = 0;
        *flags |= WEIR_FLAG_METRIC_FAILED;
    }
    *flags |= v.fallback ? WEIR_FLAG_FALLBACK : 0U;
    if (k->modifiers.enabled && !look_at_formula(k, &copy, &v, trace)) {
        weir__trace_step(trace, WEIR_RULE_KEDA_UNBUILDABLE, -1, trace->replicas, 0.0, 0.0);
        return WEIR_NO_DATA;
    }
    if (k->trigger_groups <= k->resource_triggers && !v.failed) {
        v.active = 1;
        weir__trace_step(trace, WEIR_RULE_KEDA_ONLY_RESOURCES, -1, trace->replicas, 0.0, 0.0);
    }
    weir__keda_act(k, v.active, v.failed, v.active_metrics, input, now, trace, flags, next);
    publish_records(k, &v);
    return input->replicas_status == WEIR_OK ? WEIR_OK : WEIR_NO_DATA;
}

/* ---- what follows --------------------------------------------------------------------------- */

static void keda_poll_set(weir_keda *k, int32_t condition, int32_t status, int32_t reason)
{
    k->stored[condition].status = status;
    k->stored[condition].reason = reason;
}

static void keda_poll_write(weir_keda *k, int32_t rule, int32_t replicas, struct weir__trace *trace,
                  uint32_t *flags)
{
    weir__trace_step(trace, rule, -1, replicas, trace->replicas, replicas);
    k->last_write = WEIR__KEDA_WRITE_POLL;
    k->write_activates = 0;
    *flags |= WEIR_FLAG_APPLY | WEIR_FLAG_CHANGED | (replicas == 0 ? WEIR_FLAG_TO_ZERO : 0U);
}

static void quiet(struct weir__trace *trace, int32_t rule)
{
    weir__trace_step(trace, rule, -1, trace->replicas, 0.0, 0.0);
}

static weir_time whole_second(weir_time t)
{
    return t - weir__floor_mod(t, WEIR_SECOND);
}

static void act_on_activity(weir_keda *k, int is_error, weir_time now, struct weir__trace *trace,
                            uint32_t *flags)
{
    int32_t current = trace->replicas, min = k->min == WEIR_KEDA_UNSET ? 0 : k->min;

    keda_poll_set(k, WEIR_KEDA_ACTIVE, WEIR_STATE_TRUE, WEIR_KEDA_REASON_ACTIVE);
    if (current == 0 || (k->idle != WEIR_KEDA_UNSET && current < min)) {
        if (k->out_paused) {
            quiet(trace, WEIR_RULE_KEDA_OUT_PAUSED);
            return;
        }
        keda_poll_write(k, WEIR_RULE_KEDA_ACTIVATE, min > 0 ? min : 1, trace, flags);
        k->write_activates = 1;
        k->last_active_before = k->last_active;
        k->last_active = whole_second(now);
    } else if (is_error) {
        keda_poll_set(k, WEIR_KEDA_READY, WEIR_STATE_UNKNOWN, WEIR_KEDA_REASON_PARTIAL_ERROR);
        quiet(trace, WEIR_RULE_KEDA_PARTIAL_ERROR);
    } else {
        k->last_active = whole_second(now);
        quiet(trace, WEIR_RULE_KEDA_ACTIVE);
    }
}

/* To zero or idle, if it is time. */
static void cool_down(weir_keda *k, weir_time now, struct weir__trace *trace, uint32_t *flags,
                      weir_time *next)
{
    int never = k->last_active == WEIR_TIME_NONE;
    weir_time since = never ? k->created : k->last_active;
    weir_duration period = never ? k->initial_cooldown : k->cooldown;
    weir_time end = weir__add(since, period);

    if (k->in_paused) {
        quiet(trace, WEIR_RULE_KEDA_IN_PAUSED);
    } else if (end < now) {
        keda_poll_write(k, WEIR_RULE_KEDA_DEACTIVATE,
              k->idle != WEIR_KEDA_UNSET  ? k->idle
              : k->min != WEIR_KEDA_UNSET ? k->min
                                          : 0,
              trace, flags);
    } else {
        keda_poll_set(k, WEIR_KEDA_ACTIVE, WEIR_STATE_FALSE, WEIR_KEDA_REASON_COOLDOWN);
        weir__trace_step(trace, WEIR_RULE_KEDA_COOLDOWN, -1, trace->replicas,
                         weir__seconds(weir__sub(now, since)), weir__seconds(period));
        *flags |= WEIR_FLAG_STABILIZED;
        *next = weir__add(end, 1) < *next ? weir__add(end, 1) : *next;
    }
}

static void act_on_quiet(weir_keda *k, int is_error, weir_time now, struct weir__trace *trace,
                         uint32_t *flags, weir_time *next)
{
    int32_t current = trace->replicas, min = k->min == WEIR_KEDA_UNSET ? 0 : k->min;
    int has_idle = k->idle != WEIR_KEDA_UNSET;

    keda_poll_set(k, WEIR_KEDA_ACTIVE, WEIR_STATE_FALSE, WEIR_KEDA_REASON_NOT_ACTIVE);
    if (is_error && k->fallback.enabled && k->fallback.replicas != 0) {
        quiet(trace, WEIR_RULE_KEDA_FROZEN);
    } else if (is_error && !k->fallback.enabled) {
        keda_poll_set(k, WEIR_KEDA_READY, WEIR_STATE_FALSE, WEIR_KEDA_REASON_TRIGGER_ERROR);
        quiet(trace, WEIR_RULE_KEDA_FROZEN);
    } else if ((has_idle && current > k->idle) || (current > 0 && min == 0)) {
        cool_down(k, now, trace, flags, next);
    } else if (!has_idle && current < min) {
        keda_poll_write(k, WEIR_RULE_KEDA_RAISE, min, trace, flags);
        *flags |= WEIR_FLAG_AT_MIN;
    } else {
        quiet(trace, WEIR_RULE_KEDA_INACTIVE);
    }
}

static void mirror_hpa(weir_keda *k, const weir_keda_input *input)
{
    switch (scaling_of(k, input)) {
    case WEIR_SCALING_TRUE:
        keda_poll_set(k, WEIR_KEDA_HPA_ACTIVE, WEIR_STATE_TRUE, WEIR_KEDA_REASON_HPA_ACTIVE);
        break;
    case WEIR_SCALING_DISABLED:
        keda_poll_set(k, WEIR_KEDA_HPA_ACTIVE, WEIR_STATE_TRUE, WEIR_KEDA_REASON_HPA_DISABLED);
        break;
    case WEIR_SCALING_FALSE:
    case WEIR_SCALING_UNKNOWN:
        keda_poll_set(k, WEIR_KEDA_HPA_ACTIVE, WEIR_STATE_FALSE, WEIR_KEDA_REASON_HPA_FAILING);
        break;
    default: break; /* not to be seen: it stays */
    }
}

static void weir__keda_act(weir_keda *k, int active, int is_error, uint32_t active_metrics,
                    const weir_keda_input *input, weir_time now, struct weir__trace *trace,
                    uint32_t *flags, weir_time *next)
{
    keda_poll_set(k, WEIR_KEDA_READY, WEIR_STATE_TRUE, WEIR_KEDA_REASON_READY);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        struct weir__keda_slot *slot = &weir__keda_slots(k)[i];

        slot->activity = slot->resource ? -1 : (int32_t)(active_metrics >> i & 1);
    }
    if (input->replicas_status != WEIR_OK) {
        keda_poll_set(k, WEIR_KEDA_READY, WEIR_STATE_FALSE, WEIR_KEDA_REASON_NO_REPLICAS);
        quiet(trace, WEIR_RULE_KEDA_NO_REPLICAS);
        return;
    }
    if (k->paused) {
        keda_poll_set(k, WEIR_KEDA_PAUSED, WEIR_STATE_TRUE, WEIR_KEDA_REASON_PAUSED);
        *flags |= WEIR_FLAG_PAUSED;
        quiet(trace, WEIR_RULE_KEDA_PAUSED);
        return;
    }
    if (k->forced && !active) {
        quiet(trace, WEIR_RULE_KEDA_FORCED);
    }
    if (active || k->forced) {
        act_on_activity(k, is_error, now, trace, flags);
    } else {
        act_on_quiet(k, is_error, now, trace, flags, next);
    }
    mirror_hpa(k, input);
}

/* ---- lib/decide/keda_reconcile.c ---- */

/*
 * decide/keda_reconcile.c - what happens to a ScaledObject between its steps: failed writes,
 * restarts, the reconciliation that starts its loop, and edits.
 *
 * Upstream: controllers/keda/scaledobject_controller.go, hpa.go.
 */

weir_status weir_keda_write_failed(weir_keda *keda)
{
    weir_keda *k = keda;

    if (!weir__is_keda(k) || k->last_write == WEIR__KEDA_WRITE_NONE) {
        return WEIR_E_ARG;
    }
    if (k->last_write == WEIR__KEDA_WRITE_SYNC) {
        k->last_write = WEIR__KEDA_WRITE_NONE;
        return weir_hpa_write_failed(weir__keda_hpa(k));
    }
    k->last_write = WEIR__KEDA_WRITE_NONE;
    if (k->write_activates) {
        k->last_active = k->last_active_before;
    }
    k->stored[WEIR_KEDA_READY].status = WEIR_STATE_FALSE;
    k->stored[WEIR_KEDA_READY].reason = WEIR_KEDA_REASON_WRITE_ERROR;
    return WEIR_OK;
}

/* The loop ends, and with it all that it has built and remembers. */
static void keda_reconcile_stop(weir_keda *k)
{
    k->running = 0;
    k->built = 0;
    k->shared = 0;
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        weir__keda_slots(k)[i].cache.present = 0;
        weir__keda_slots(k)[i].observed.present = 0;
    }
}

weir_status weir_keda_restart(weir_keda *keda)
{
    if (!weir__is_keda(keda)) {
        return WEIR_E_ARG;
    }
    keda_reconcile_stop(keda);
    keda->loop_known = 0;
    keda->started = 0;
    return WEIR_OK;
}

static void keda_reconcile_set(weir_keda_condition *c, int32_t status, int32_t reason)
{
    c->status = status;
    c->reason = reason;
}

/* paused, or paused-replicas */
static weir_status pause(weir_keda *k, const weir_keda_input *input, struct weir__trace *trace,
                         uint32_t *flags)
{
    keda_reconcile_stop(k);
    k->loop_known = 0;
    k->hpa_exists = 0;
    keda_reconcile_set(&k->stored[WEIR_KEDA_PAUSED], WEIR_STATE_TRUE, WEIR_KEDA_REASON_PAUSED);
    *flags |= WEIR_FLAG_PAUSED;
    if (k->defect == WEIR_KEDA_BAD_PAUSE) {
        return WEIR_E_RANGE;
    }
    if (k->paused_replicas == WEIR_KEDA_UNSET) {
        weir__trace_step(trace, WEIR_RULE_KEDA_PAUSED, -1, trace->replicas, 0.0, 0.0);
        return WEIR_OK;
    }
    if (input->replicas_status != WEIR_OK) {
        return WEIR_E_RANGE;
    }
    weir__trace_step(trace, WEIR_RULE_KEDA_PAUSED, -1, k->paused_replicas, trace->replicas,
                     k->paused_replicas);
    return WEIR_OK;
}

/* The HPA is made or kept; the triggers are built for it. */
static weir_status ensure_hpa(weir_keda *k, const weir_keda_input *input)
{
    if (k->original == WEIR_REPLICAS_UNKNOWN) {
        if (input->replicas_status != WEIR_OK) {
            return WEIR_E_RANGE;
        }
        k->original = input->replicas;
    }
    if (k->defect == WEIR_KEDA_REFUSED || k->defect == WEIR_KEDA_UNBUILDABLE) {
        return WEIR_E_RANGE;
    }
    if (!k->built || k->built_generation != k->generation) {
        weir__keda_build(k, 0);
    }
    return WEIR_OK;
}

static weir_status reconcile_running(weir_keda *k, const weir_keda_input *input, weir_time now,
                                     int32_t *polls)
{
    int known = k->loop_known && k->loop_generation == k->generation;
    weir_status status;

    if (k->in_paused || k->out_paused) {
        keda_reconcile_set(&k->stored[WEIR_KEDA_PAUSED], WEIR_STATE_TRUE, WEIR_KEDA_REASON_PAUSED);
    } else if (k->stored[WEIR_KEDA_PAUSED].status == WEIR_STATE_TRUE) {
        keda_reconcile_set(&k->stored[WEIR_KEDA_PAUSED], WEIR_STATE_FALSE, WEIR_KEDA_REASON_UNPAUSED);
    }
    status = ensure_hpa(k, input);
    if (status != WEIR_OK) {
        return status;
    }
    if (!k->hpa_exists) {
        k->hpa_exists = 1;
        k->sync_due = weir__add(now, k->sync_phase);
        weir_hpa_restart(weir__keda_hpa(k));
        known = 0;
    }
    if (!known) {
        if (k->running) { /* the old loop ends first */
            keda_reconcile_stop(k);
            weir__keda_build(k, 0);
        }
        k->running = 1;
        k->loop_known = 1;
        k->loop_generation = k->generation;
        k->poll_due = weir__add(now, k->poll_phase);
        *polls = 1;
    }
    return WEIR_OK;
}

static weir_status weir__keda_reconcile(weir_keda *k, const weir_keda_input *input, weir_time now,
                                 int32_t *polls, struct weir__trace *trace, uint32_t *flags)
{
    weir_status status;

    *polls = 0;
    k->started = 1;
    status = k->paused ? pause(k, input, trace, flags) : reconcile_running(k, input, now, polls);
    if (status == WEIR_OK) {
        keda_reconcile_set(&k->stored[WEIR_KEDA_READY], WEIR_STATE_TRUE, WEIR_KEDA_REASON_READY);
    } else {
        keda_reconcile_set(&k->stored[WEIR_KEDA_READY], WEIR_STATE_FALSE, WEIR_KEDA_REASON_CHECK_FAILED);
        keda_reconcile_set(&k->stored[WEIR_KEDA_ACTIVE], WEIR_STATE_UNKNOWN, WEIR_KEDA_REASON_UNKNOWN_STATE);
    }
    if (!weir__fallback_works(&k->fallback, &k->modifiers)) {
        keda_reconcile_set(&k->stored[WEIR_KEDA_FALLBACK], WEIR_STATE_FALSE, WEIR_KEDA_REASON_NO_FALLBACK);
    }
    return status;
}

/* Whose names are equal. */
static int32_t find_metric(const weir_keda *k, const char *name)
{
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        if (weir__same_text(weir__keda_name(k, i), name)) {
            return (int32_t)i;
        }
    }
    return -1;
}

weir_status weir_keda_adopt(weir_keda *keda, weir_keda *from)
{
    weir_keda *k = keda;
    weir_status status;

    if (!weir__is_keda(k) || !weir__is_keda(from)) {
        return WEIR_E_ARG;
    }
    status = weir_hpa_adopt(weir__keda_hpa(k), weir__keda_hpa(from));
    if (status != WEIR_OK) {
        return status;
    }
    k->seen = from->seen;
    k->poll_due = from->poll_due;
    k->sync_due = from->sync_due;
    k->created = from->created;
    k->loop_generation = from->loop_generation;
    k->built_generation = from->built_generation;
    k->running = from->running;
    k->started = 0; /* the controller has to look at it */
    k->loop_known = from->loop_known;
    k->built = from->built;
    k->shared = from->shared;
    k->hpa_exists = from->hpa_exists;
    k->original = from->original;
    k->last_active = from->last_active;
    memcpy(k->stored, from->stored, sizeof k->stored);
    memcpy(k->served, from->served, sizeof k->served);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        struct weir__keda_slot *to = &weir__keda_slots(k)[i];
        int32_t old = find_metric(from, weir__keda_name(k, i));

        if (old >= 0) {
            const struct weir__keda_slot *slot = &weir__keda_slots(from)[old];

            to->activity = slot->activity;
            to->stored = slot->stored;
            to->served = slot->served;
            to->cache = slot->cache;
            to->observed = slot->observed;
            to->held = slot->held;
        }
    }
    for (uint32_t i = 0; i < from->zone_count; i++) {
        const struct weir__keda_zone *zone = &weir__keda_zones(from)[i];
        weir_zone view = {
            zone->count, zone->offset,
            (const weir_zone_change *)(const void *)((const uint8_t *)from + zone->changes_at)};

        if (zone->known) {
            weir_keda_set_zone(k, zone->name, &view);
        }
    }
    return WEIR_OK;
}

/* ---- lib/decide/keda_save.c ---- */

/*
 * decide/keda_save.c - snapshots of a ScaledObject, with the HPA's records among its own.
 */

enum {
    keda_save_RECORD_TIMES = 0x700,
    RECORD_STATE,
    keda_save_RECORD_CONDITIONS,
    RECORD_METRICS,
    RECORD_VALUES,
    RECORD_ZONES,
    RECORD_CHANGES = 0x740 /* and one a zone */
};

enum {
    keda_save_TIME_VALUES = 6,
    STATE_VALUES = 11,
    keda_save_CONDITION_VALUES = 4 * WEIR_KEDA_CONDITIONS,
    OUTCOME_VALUES = 6,
    METRIC_VALUES = 7 + 2 * OUTCOME_VALUES,
    DOUBLE_VALUES = 3,
    ZONE_VALUES = 3
};

/* ---- writing -------------------------------------------------------------------------------- */

static void write_outcome(struct weir__writer *w, const struct weir__keda_outcome *o)
{
    weir__snapshot_next_i64(w, o->present);
    weir__snapshot_next_i64(w, o->failed);
    weir__snapshot_next_i64(w, o->active);
    weir__snapshot_next_i64(w, o->fallback);
    weir__snapshot_next_i64(w, o->empty);
    weir__snapshot_next_i64(w, o->amount.milli);
}

static void keda_save_write_metrics(const weir_keda *k, struct weir__writer *w)
{
    double values[DOUBLE_VALUES * WEIR_KEDA_TRIGGERS_MAX];

    weir__snapshot_i64s_open(w, RECORD_METRICS, METRIC_VALUES * (size_t)k->trigger_count);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        const struct weir__keda_slot *slot = &weir__keda_slots_of(k)[i];

        weir__snapshot_next_i64(w, slot->activity);
        weir__snapshot_next_i64(w, slot->stored.status);
        weir__snapshot_next_i64(w, slot->stored.failures);
        weir__snapshot_next_i64(w, slot->served.status);
        weir__snapshot_next_i64(w, slot->served.failures);
        weir__snapshot_next_i64(w, slot->held.status);
        weir__snapshot_next_i64(w, slot->held.activity);
        write_outcome(w, &slot->cache);
        write_outcome(w, &slot->observed);
        values[DOUBLE_VALUES * (size_t)i] = slot->cache.amount.value;
        values[DOUBLE_VALUES * (size_t)i + 1] = slot->observed.amount.value;
        values[DOUBLE_VALUES * (size_t)i + 2] = slot->held.value;
    }
    weir__snapshot_f64s(w, RECORD_VALUES, values, DOUBLE_VALUES * (size_t)k->trigger_count);
}

static const struct weir__keda_zone *zones_of(const weir_keda *k)
{
    return (const struct weir__keda_zone *)(const void *)((const uint8_t *)k + k->zones_at);
}

static void write_zones(const weir_keda *k, struct weir__writer *w)
{
    weir__snapshot_i64s_open(w, RECORD_ZONES, ZONE_VALUES * (size_t)k->zone_count);
    for (uint32_t i = 0; i < k->zone_count; i++) {
        weir__snapshot_next_i64(w, zones_of(k)[i].known);
        weir__snapshot_next_i64(w, zones_of(k)[i].offset);
        weir__snapshot_next_i64(w, zones_of(k)[i].count);
    }
    for (uint32_t i = 0; i < k->zone_count; i++) {
        const struct weir__keda_zone *zone = &zones_of(k)[i];
        const weir_zone_change *changes =
            (const weir_zone_change *)(const void *)((const uint8_t *)k + zone->changes_at);

        weir__snapshot_i64s_open(w, (uint16_t)(RECORD_CHANGES + i), 2 * (size_t)zone->count);
        for (uint32_t c = 0; c < zone->count; c++) {
            weir__snapshot_next_i64(w, changes[c].at);
            weir__snapshot_next_i64(w, changes[c].offset);
        }
    }
}

weir_status weir_keda_save(const weir_keda *keda, uint8_t *buffer, size_t capacity, size_t *need)
{
    const weir_keda *k = keda;
    struct weir__writer w;

    if (!weir__is_keda(k)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_KEDA, k->digest);
    {
        const int64_t times[keda_save_TIME_VALUES] = {k->seen,    k->poll_due,    k->sync_due,
                                            k->created, k->last_active, k->last_active_before};
        const int64_t state[STATE_VALUES] = {(int64_t)k->loop_generation,
                                             (int64_t)k->built_generation,
                                             k->running,
                                             k->started,
                                             k->loop_known,
                                             k->built,
                                             k->shared,
                                             k->hpa_exists,
                                             k->last_write,
                                             k->write_activates,
                                             k->original};

        weir__snapshot_i64s(&w, keda_save_RECORD_TIMES, times, keda_save_TIME_VALUES);
        weir__snapshot_i64s(&w, RECORD_STATE, state, STATE_VALUES);
    }
    weir__snapshot_i64s_open(&w, keda_save_RECORD_CONDITIONS, keda_save_CONDITION_VALUES);
    for (int32_t i = 0; i < WEIR_KEDA_CONDITIONS; i++) {
        weir__snapshot_next_i64(&w, k->stored[i].status);
        weir__snapshot_next_i64(&w, k->stored[i].reason);
        weir__snapshot_next_i64(&w, k->served[i].status);
        weir__snapshot_next_i64(&w, k->served[i].reason);
    }
    keda_save_write_metrics(k, &w);
    write_zones(k, &w);
    weir__hpa_write_records((const weir_hpa *)(const void *)((const uint8_t *)k + k->hpa_at), &w);
    return weir__snapshot_close(&w, need);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Records that were found to be there. */
struct keda_save_image {
    const uint8_t *times, *state, *conditions, *metrics, *values, *zones;
    const uint8_t *changes[2 * WEIR_KEDA_TRIGGERS_MAX];
    struct weir__hpa_image hpa;
};

static void keda_save_fail(struct weir__reader *r, uint16_t id)
{
    r->missing = r->failed ? r->missing : id;
    r->failed = 1;
}

static void keda_save_check(struct weir__reader *r, uint16_t id, const uint8_t *values, size_t index,
                  int64_t min, int64_t max)
{
    if (values != NULL &&
        (weir__get_i64(values, index) < min || weir__get_i64(values, index) > max)) {
        keda_save_fail(r, id);
    }
}

static void keda_save_check_metric(struct weir__reader *r, const uint8_t *m, size_t at)
{
    keda_save_check(r, RECORD_METRICS, m, at, -1, 1);
    keda_save_check(r, RECORD_METRICS, m, at + 1, WEIR_HEALTH_NONE, WEIR_HEALTH_FAILING);
    keda_save_check(r, RECORD_METRICS, m, at + 2, INT32_MIN, INT32_MAX);
    keda_save_check(r, RECORD_METRICS, m, at + 3, WEIR_HEALTH_NONE, WEIR_HEALTH_FAILING);
    keda_save_check(r, RECORD_METRICS, m, at + 4, INT32_MIN, INT32_MAX);
    keda_save_check(r, RECORD_METRICS, m, at + 5, INT32_MIN, INT32_MAX);
    keda_save_check(r, RECORD_METRICS, m, at + 6, WEIR_ACTIVITY_BY_VALUE, WEIR_ACTIVITY_NO);
    for (size_t i = 0; i < 2 * (size_t)OUTCOME_VALUES; i++) {
        if (i % OUTCOME_VALUES != OUTCOME_VALUES - 1) {
            keda_save_check(r, RECORD_METRICS, m, at + 7 + i, 0, 1);
        }
    }
}

static void read_image(const weir_keda *k, struct weir__reader *r, struct keda_save_image *keda_save_image)
{
    size_t metrics = k->trigger_count;

    memset(keda_save_image, 0, sizeof *keda_save_image);
    keda_save_image->times = weir__record_i64s(r, keda_save_RECORD_TIMES, keda_save_TIME_VALUES);
    keda_save_image->state = weir__record_i64s(r, RECORD_STATE, STATE_VALUES);
    for (size_t i = 2; i < STATE_VALUES - 1; i++) {
        keda_save_check(r, RECORD_STATE, keda_save_image->state, i, 0, i == 8 ? WEIR__KEDA_WRITE_SYNC : 1);
    }
    keda_save_check(r, RECORD_STATE, keda_save_image->state, STATE_VALUES - 1, INT32_MIN, INT32_MAX);
    keda_save_image->conditions = weir__record_i64s(r, keda_save_RECORD_CONDITIONS, keda_save_CONDITION_VALUES);
    for (size_t i = 0; i < keda_save_CONDITION_VALUES; i++) {
        keda_save_check(r, keda_save_RECORD_CONDITIONS, keda_save_image->conditions, i, 0,
              i % 2 == 0 ? WEIR_STATE_UNKNOWN : WEIR_KEDA_REASON_HPA_FAILING);
    }
    keda_save_image->metrics = weir__record_i64s(r, RECORD_METRICS, METRIC_VALUES * metrics);
    for (size_t i = 0; i < metrics; i++) {
        keda_save_check_metric(r, keda_save_image->metrics, METRIC_VALUES * i);
    }
    keda_save_image->values = weir__record_f64s(r, RECORD_VALUES, DOUBLE_VALUES * metrics);
    keda_save_image->zones = weir__record_i64s(r, RECORD_ZONES, ZONE_VALUES * (size_t)k->zone_count);
    for (uint32_t i = 0; i < k->zone_count && keda_save_image->zones != NULL; i++) {
        int64_t count = weir__get_i64(keda_save_image->zones, ZONE_VALUES * (size_t)i + 2);

        keda_save_check(r, RECORD_ZONES, keda_save_image->zones, ZONE_VALUES * (size_t)i, 0, 1);
        keda_save_check(r, RECORD_ZONES, keda_save_image->zones, ZONE_VALUES * (size_t)i + 1, INT32_MIN, INT32_MAX);
        if (count < 0 || count > k->zone_reserve) {
            keda_save_fail(r, RECORD_ZONES);
            continue;
        }
        keda_save_image->changes[i] = weir__record_i64s(r, (uint16_t)(RECORD_CHANGES + i), 2 * (size_t)count);
        for (size_t c = 0; c < (size_t)count; c++) {
            keda_save_check(r, (uint16_t)(RECORD_CHANGES + i), keda_save_image->changes[i], 2 * c + 1, INT32_MIN,
                  INT32_MAX);
        }
    }
    weir__hpa_read_records((const weir_hpa *)(const void *)((const uint8_t *)k + k->hpa_at), r,
                           &keda_save_image->hpa);
}

static int32_t keda_save_i32(const uint8_t *values, size_t index)
{
    return (int32_t)weir__get_i64(values, index);
}

static void commit_outcome(struct weir__keda_outcome *o, const uint8_t *m, size_t at, double value)
{
    o->present = keda_save_i32(m, at);
    o->failed = keda_save_i32(m, at + 1);
    o->active = keda_save_i32(m, at + 2);
    o->fallback = keda_save_i32(m, at + 3);
    o->empty = keda_save_i32(m, at + 4);
    o->amount.milli = weir__get_i64(m, at + 5);
    o->amount.value = value;
}

static void keda_save_commit_metric(struct weir__keda_slot *slot, const struct keda_save_image *keda_save_image, size_t i)
{
    const uint8_t *m = keda_save_image->metrics;
    size_t at = METRIC_VALUES * i;

    slot->activity = keda_save_i32(m, at);
    slot->stored = (weir_keda_health){keda_save_i32(m, at + 1), keda_save_i32(m, at + 2)};
    slot->served = (weir_keda_health){keda_save_i32(m, at + 3), keda_save_i32(m, at + 4)};
    slot->held.status = keda_save_i32(m, at + 5);
    slot->held.activity = keda_save_i32(m, at + 6);
    slot->held.value = weir__get_f64(keda_save_image->values, DOUBLE_VALUES * i + 2);
    commit_outcome(&slot->cache, m, at + 7, weir__get_f64(keda_save_image->values, DOUBLE_VALUES * i));
    commit_outcome(&slot->observed, m, at + 7 + OUTCOME_VALUES,
                   weir__get_f64(keda_save_image->values, DOUBLE_VALUES * i + 1));
}

static void commit_zones(weir_keda *k, const struct keda_save_image *keda_save_image)
{
    for (uint32_t i = 0; i < k->zone_count; i++) {
        struct weir__keda_zone *zone = &weir__keda_zones(k)[i];
        weir_zone_change *changes = (weir_zone_change *)(void *)((uint8_t *)k + zone->changes_at);

        zone->known = keda_save_i32(keda_save_image->zones, ZONE_VALUES * (size_t)i);
        zone->offset = keda_save_i32(keda_save_image->zones, ZONE_VALUES * (size_t)i + 1);
        zone->count = (uint32_t)keda_save_i32(keda_save_image->zones, ZONE_VALUES * (size_t)i + 2);
        for (uint32_t c = 0; c < zone->count; c++) {
            changes[c].at = weir__get_i64(keda_save_image->changes[i], 2 * (size_t)c);
            changes[c].offset = keda_save_i32(keda_save_image->changes[i], 2 * (size_t)c + 1);
            changes[c].reserved = 0;
        }
    }
}

static void commit(weir_keda *k, const struct keda_save_image *keda_save_image)
{
    k->seen = weir__get_i64(keda_save_image->times, 0);
    k->poll_due = weir__get_i64(keda_save_image->times, 1);
    k->sync_due = weir__get_i64(keda_save_image->times, 2);
    k->created = weir__get_i64(keda_save_image->times, 3);
    k->last_active = weir__get_i64(keda_save_image->times, 4);
    k->last_active_before = weir__get_i64(keda_save_image->times, 5);
    k->loop_generation = (uint64_t)weir__get_i64(keda_save_image->state, 0);
    k->built_generation = (uint64_t)weir__get_i64(keda_save_image->state, 1);
    k->running = keda_save_i32(keda_save_image->state, 2);
    k->started = keda_save_i32(keda_save_image->state, 3);
    k->loop_known = keda_save_i32(keda_save_image->state, 4);
    k->built = keda_save_i32(keda_save_image->state, 5);
    k->shared = keda_save_i32(keda_save_image->state, 6);
    k->hpa_exists = keda_save_i32(keda_save_image->state, 7);
    k->last_write = keda_save_i32(keda_save_image->state, 8);
    k->write_activates = keda_save_i32(keda_save_image->state, 9);
    k->original = keda_save_i32(keda_save_image->state, 10);
    for (size_t i = 0; i < WEIR_KEDA_CONDITIONS; i++) {
        k->stored[i] =
            (weir_keda_condition){keda_save_i32(keda_save_image->conditions, 4 * i), keda_save_i32(keda_save_image->conditions, 4 * i + 1)};
        k->served[i] = (weir_keda_condition){keda_save_i32(keda_save_image->conditions, 4 * i + 2),
                                             keda_save_i32(keda_save_image->conditions, 4 * i + 3)};
    }
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        keda_save_commit_metric(&weir__keda_slots(k)[i], keda_save_image, i);
    }
    commit_zones(k, keda_save_image);
    weir__hpa_commit_records(weir__keda_hpa(k), &keda_save_image->hpa);
}

weir_status weir_keda_load(weir_keda *keda, const uint8_t *buffer, size_t length, weir_error *err)
{
    struct weir__reader r;
    struct keda_save_image keda_save_image;
    weir_status status;

    if (!weir__is_keda(keda)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a ScaledObject");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_KEDA, keda->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    read_image(keda, &r, &keda_save_image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        commit(keda, &keda_save_image);
    }
    return status;
}

/* ---- lib/decide/keda_series.c ---- */

/*
 * decide/keda_series.c - a ScaledObject behind the common interface: one series a metric, held
 * until the next reading. Cron triggers have none: they are computed.
 */

/* The trigger that a series belongs to; -1 past the last. */
static int32_t trigger_of(const weir_keda *k, int32_t series)
{
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        if (weir__keda_slots_of(k)[i].type != WEIR_TRIGGER_CRON && series-- == 0) {
            return (int32_t)i;
        }
    }
    return -1;
}

static const char *keda_series_series_name(const void *state, int32_t series)
{
    int32_t trigger = trigger_of(state, series);

    return trigger >= 0 ? weir__keda_name(state, (uint32_t)trigger) : NULL;
}

static int32_t keda_series_main_series(const void *state)
{
    (void)state;
    return 0;
}

/* Readings of single pods are the HPA's. */
static weir_status keda_series_check_reading(const weir_keda *k, const weir_reading *reading, int32_t trigger)
{
    const struct weir__keda_slot *slot = &weir__keda_slots_of(k)[trigger];
    const weir_hpa *hpa = weir_keda_get_hpa(k);
    weir_reading own = *reading;

    if (reading->pod < 0) {
        return WEIR_OK;
    }
    own.series = slot->hpa_metric;
    return slot->resource && slot->hpa_metric >= 0 && (uint32_t)own.pod < hpa->pod_reserve
               ? WEIR_OK
               : WEIR_E_RANGE;
}

static weir_status keda_series_record(void *state, const weir_reading *readings, size_t count)
{
    weir_keda *k = state;

    for (size_t i = 0; i < count; i++) {
        int32_t trigger = trigger_of(k, readings[i].series);
        weir_status status = trigger < 0 ? WEIR_E_RANGE : keda_series_check_reading(k, &readings[i], trigger);

        if (status != WEIR_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct weir__keda_slot *slot = &weir__keda_slots(k)[trigger_of(k, readings[i].series)];
        weir_reading own = readings[i];

        slot->held.status = readings[i].status;
        slot->held.value = readings[i].value;
        if (readings[i].pod >= 0) {
            own.series = slot->hpa_metric;
            slot->held.status = WEIR_END; /* the HPA has them, pod by pod */
            weir__hpa_ops.record(weir__keda_hpa(k), &own, 1);
        }
    }
    return WEIR_OK;
}

static weir_time keda_series_due(const void *state)
{
    const weir_keda *k = state;
    weir_time poll = k->running || !k->started ? k->poll_due : WEIR_TIME_NEVER;
    weir_time sync = k->hpa_exists ? k->sync_due : WEIR_TIME_NEVER;

    return poll < sync ? poll : sync;
}

static int32_t keda_series_poked(const void *state)
{
    (void)state;
    return 0;
}

static weir_status keda_series_decide(void *state, const weir_target *target, weir_time now, weir_decision *out,
                          weir_explain *explain)
{
    weir_keda *k = state;
    weir_keda_reading readings[WEIR_KEDA_TRIGGERS_MAX];
    weir_keda_input input;

    memset(&input, 0, sizeof input);
    input.struct_size = (uint32_t)sizeof input;
    input.replicas = target->spec_replicas;
    input.status_replicas = target->status_replicas;
    input.ready_pods = target->ready_replicas;
    input.pods = target->pods;
    input.pod_count = target->pods != NULL ? target->pod_count : 0;
    input.readings = readings;
    input.reading_count = k->trigger_count;
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        readings[i] = weir__keda_slots(k)[i].held;
    }
    return weir_keda_decide(k, &input, now, out, explain);
}

static weir_status keda_series_save(const void *state, uint8_t *buffer, size_t capacity, size_t *need)
{
    return weir_keda_save(state, buffer, capacity, need);
}

static weir_status keda_series_load(void *state, const uint8_t *buffer, size_t length, weir_error *err)
{
    return weir_keda_load(state, buffer, length, err);
}

static const struct weir__autoscaler_ops weir__keda_ops = {
    .series_count = -1,
    .series_name = keda_series_series_name,
    .main_series = keda_series_main_series,
    .record = keda_series_record,
    .due = keda_series_due,
    .poked = keda_series_poked,
    .decide = keda_series_decide,
    .save = keda_series_save,
    .load = keda_series_load,
};

/* ---- lib/decide/keda_serve.c ---- */

/*
 * decide/keda_serve.c - what KEDA hands to the HPA, and the HPA's step with it.
 *
 * Upstream: pkg/scaling/scale_handler.go, GetScaledObjectMetrics().
 */

/* ---- a pull --------------------------------------------------------------------------------- */

/* What a pull comes to. */
struct pull {
    int failed, fallback;
    int64_t fallback_milli;
    struct weir__keda_outcome outcomes[WEIR_KEDA_TRIGGERS_MAX];
};

/* One metric: what the last poll saw, for those that want it so, or asked. */
static void pull_metric(weir_keda *k, struct weir__keda_copy *copy, uint32_t i,
                        const weir_keda_input *input, weir_time now, struct pull *p)
{
    struct weir__keda_slot *slot = &weir__keda_slots(k)[i];
    struct weir__keda_outcome *o = &p->outcomes[i];

    if (slot->cached && slot->cache.present) {
        *o = slot->cache;
        o->unnamed = o->fallback && k->modifiers.enabled; /* the composite metric's name */
        o->fallback = 0;
        weir__keda_fall_back(k, copy, i, input, o);
    } else {
        weir__keda_observe(k, copy, i, input, now, o);
    }
    if (o->fallback && !p->fallback) {
        p->fallback = 1;
        p->fallback_milli = o->amount.milli;
    }
    p->failed |= o->failed;
    if (k->trusts_pulls) {
        slot->observed = *o;
    }
}

enum { ASKED, AT_HAND, EITHER };

/* All metrics are asked at once under modifiers. What is at hand, cached or computed, is there
 * before any source answers; that counts, as each outcome is written by itself. */
static void pull_metrics(weir_keda *k, struct weir__keda_copy *copy, uint32_t metric, int which,
                         const weir_keda_input *input, weir_time now, struct pull *p)
{
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        const struct weir__keda_slot *slot = &weir__keda_slots(k)[i];
        int cron = slot->type == WEIR_TRIGGER_CRON;

        if (slot->resource ||
            (which != EITHER && which != (cron || (slot->cached && slot->cache.present)))) {
            continue;
        }
        if (!cron && input->readings[i].status == WEIR_E_UNSUPPORTED) {
            p->failed = 1;
        } else if (i == metric || k->modifiers.has_target) {
            pull_metric(k, copy, i, input, now, p);
        }
    }
}

static void keda_serve_add(weir_keda_served *list, uint32_t *count, int64_t milli, int32_t trigger)
{
    list[*count].milli = milli == INT64_MIN ? 0 : milli; /* no text of it can be read back */
    list[*count].composite = trigger < 0;
    list[(*count)++].trigger = trigger;
}

/* The values in hand, or what modifiers make of them. */
static weir_status hand_over(const weir_keda *k, const struct weir__keda_copy *copy,
                             const struct pull *p, weir_keda_served *list, uint32_t *count)
{
    int64_t milli;

    for (uint32_t i = 0; i < k->trigger_count; i++) {
        const struct weir__keda_outcome *o = &p->outcomes[i];

        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch): all were pulled */
        if (o->present && !o->failed && !o->empty) {
            keda_serve_add(list, count, o->amount.milli, (int32_t)i);
        }
    }
    if (*count == 0) {
        return WEIR_NO_DATA;
    }
    if (k->modifiers.enabled && p->fallback) {
        *count = 0;
        keda_serve_add(list, count, p->fallback_milli, -1);
    } else if (k->modifiers.enabled && k->has_formula) {
        *count = 0;
        if (weir__keda_compose(k, copy, p->outcomes, &milli)) {
            keda_serve_add(list, count, milli, -1);
        }
    }
    return WEIR_OK;
}

static weir_status serve(weir_keda *k, uint32_t metric, const weir_keda_input *input, weir_time now,
                         weir_keda_served *list, uint32_t *count)
{
    struct weir__keda_copy copy;
    struct pull p;

    *count = 0;
    if (!k->built) {
        if (k->defect == WEIR_KEDA_UNBUILDABLE) {
            return WEIR_NO_DATA;
        }
        weir__keda_build(k, 0);
    }
    p.failed = p.fallback = 0;
    p.fallback_milli = 0;
    weir__keda_take_served(k, &copy);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        p.outcomes[i].present = 0;
    }
    if (k->modifiers.has_target) {
        pull_metrics(k, &copy, metric, AT_HAND, input, now, &p);
        pull_metrics(k, &copy, metric, ASKED, input, now, &p);
    } else {
        pull_metrics(k, &copy, metric, EITHER, input, now, &p);
    }
    weir__keda_put_served(k, &copy);
    if (p.failed) {
        k->built = 0;
        k->shared = 0;
        if (!p.fallback) {
            return WEIR_NO_DATA;
        }
    }
    return hand_over(k, &copy, &p, list, count);
}

weir_status weir_keda_serve(weir_keda *keda, uint32_t metric, const weir_keda_input *input,
                            weir_time now, weir_keda_served *list, uint32_t *count)
{
    weir_decision unused = {.struct_size = (uint32_t)sizeof unused};
    weir_status status = weir__keda_check(keda, input, now, &unused, NULL);

    if (status != WEIR_OK) {
        return status;
    }
    if (list == NULL || count == NULL) {
        return WEIR_E_ARG;
    }
    keda->seen = now;
    keda->asked = 0;
    keda->last_write = WEIR__KEDA_WRITE_NONE;
    return serve(keda, metric, input, now, list, count);
}

/* ---- the HPA -------------------------------------------------------------------------------- */

static void keda_serve_hold(weir_keda *k, int32_t hpa_metric, weir_status status, int64_t milli, weir_time now)
{
    struct weir__hpa_held *held = &weir__hpa_slots(weir__keda_hpa(k))[hpa_metric].held;

    held->at = now;
    held->by_pod = 0;
    held->status = status == WEIR_OK ? WEIR_OK : WEIR_NO_DATA;
    held->milli = milli;
}

/* Several values of one metric are added up, as the HPA does it. */
static void pull_for_hpa(weir_keda *k, uint32_t trigger, int32_t hpa_metric,
                         const weir_keda_input *input, weir_time now, struct weir__trace *trace)
{
    weir_hpa *hpa = weir__keda_hpa(k);
    const struct weir__hpa_metric *rule = &weir__hpa_slots(hpa)[hpa_metric].rule;
    weir_keda_served list[WEIR_KEDA_TRIGGERS_MAX];
    int64_t values[WEIR_KEDA_TRIGGERS_MAX], sum;
    uint32_t count;
    weir_status status = serve(k, trigger, input, now, list, &count);
    int32_t item = (int32_t)(hpa_metric == k->composite_metric ? k->trigger_count : trigger);

    for (uint32_t i = 0; i < count; i++) {
        values[i] = list[i].milli;
    }
    if (status != WEIR_OK || count == 0) {
        keda_serve_hold(k, hpa_metric, WEIR_NO_DATA, 0, now);
        weir__trace_step(trace, WEIR_RULE_KEDA_TRIGGER_FAILED, item, trace->replicas, 0.0, 0.0);
        return;
    }
    sum = weir__hpa_external_sum(&hpa->rules, rule, values, count);
    keda_serve_hold(k, hpa_metric, WEIR_OK, sum, now);
    weir__trace_step(trace, WEIR_RULE_KEDA_SERVED, item, trace->replicas, (double)sum / 1000.0,
                     (double)rule->target / 1000.0);
}

static void pull_all(weir_keda *k, const weir_keda_input *input, weir_time now,
                     struct weir__trace *trace)
{
    if (k->composite_metric >= 0) {
        pull_for_hpa(k, 0, k->composite_metric, input, now, trace);
    }
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        const struct weir__keda_slot *slot = &weir__keda_slots(k)[i];

        if (slot->hpa_metric < 0) {
            continue;
        }
        if (!slot->resource) {
            pull_for_hpa(k, i, slot->hpa_metric, input, now, trace);
        } else if (input->readings[i].status != WEIR_END) { /* else its pods were told apart */
            weir_reading reading = {now, slot->hpa_metric,        -1, input->readings[i].status,
                                    0,   input->readings[i].value};

            weir__hpa_ops.record(weir__keda_hpa(k), &reading, 1);
        }
    }
}

/* What a step of the HPA is about: the trigger that feeds the metric; the composite metric comes
 * behind all triggers. */
static int32_t item_of(const weir_keda *k, const weir_step *step)
{
    if (step->item < 0 || step->rule < WEIR_RULE_HPA_METRIC ||
        step->rule > WEIR_RULE_HPA_DISABLED) {
        return step->item;
    }
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        if (weir__keda_slots_of(k)[i].hpa_metric == step->item) {
            return (int32_t)i;
        }
    }
    return (int32_t)k->trigger_count;
}

/* Puts the HPA's steps behind KEDA's. */
static void keda_serve_append(const weir_keda *k, weir_explain *explain, const weir_explain *more)
{
    if (explain == NULL) {
        return;
    }
    explain->dropped += more->dropped;
    for (uint32_t i = 0; i < more->count; i++) {
        if (explain->count < WEIR_STEPS_MAX) {
            explain->steps[explain->count] = more->steps[i];
            explain->steps[explain->count++].item = item_of(k, &more->steps[i]);
        } else { /* keep the chain */
            explain->dropped++;
            explain->steps[WEIR_STEPS_MAX - 1].after = more->steps[i].after;
        }
    }
}

static weir_status weir__keda_sync(weir_keda *k, const weir_keda_input *input, weir_time now,
                            weir_decision *out, struct weir__trace *trace)
{
    weir_hpa *hpa = weir__keda_hpa(k);
    const weir_behavior_config *limits = &weir__hpa_behavior_of(hpa)->config;
    weir_target target;
    struct weir__hpa_step step = {input->replicas,
                                  input->status_replicas,
                                  input->replicas_status,
                                  WEIR_SELECTOR_FINE,
                                  now,
                                  NULL,
                                  &target};
    weir_explain more;
    weir_status status;

    memset(&target, 0, sizeof target);
    target.struct_size = (uint32_t)sizeof target;
    target.spec_replicas = input->replicas;
    target.status_replicas = input->status_replicas;
    target.ready_replicas = input->ready_pods;
    target.pods = input->pods;
    target.pod_count = input->pod_count;
    /* Outside of its bounds, and at zero, the HPA asks for nothing. */
    if (input->replicas_status == WEIR_OK && input->replicas > 0 &&
        input->replicas >= limits->min_replicas && input->replicas <= limits->max_replicas) {
        pull_all(k, input, now, trace);
    }
    if (trace->explain != NULL) {
        weir_explain_init(&more, sizeof more);
    }
    status = weir__hpa_reconcile(hpa, &step, out, trace->explain != NULL ? &more : NULL);
    if (trace->explain != NULL) {
        keda_serve_append(k, trace->explain, &more);
    }
    trace->count += out->step_count;
    if (status == WEIR_OK && (out->flags & WEIR_FLAG_APPLY) != 0) {
        k->last_write = WEIR__KEDA_WRITE_SYNC;
    }
    return status;
}

/* ---- lib/decide/keda_status.c ---- */

/*
 * decide/keda_status.c - what a ScaledObject says of itself.
 *
 * Upstream: apis/keda/v1alpha1/condition_types.go, pkg/scaling/executor.
 */

const char *weir_keda_condition_name(int32_t condition)
{
    static const char *const names[] = {"Ready", "Active", "Fallback", "Paused", "HPAActive"};

    return condition >= 0 && condition < WEIR_KEDA_CONDITIONS ? names[condition] : "";
}

const char *weir_keda_reason_name(int32_t reason)
{
    static const char *const names[] = {"",
                                        "ScaledObjectReady",
                                        "ScaledObjectCheckFailed",
                                        "ErrorGettingCurrentReplicas",
                                        "TriggerError",
                                        "PartialTriggerError",
                                        "ErrorScalingTarget",
                                        "ScalerActive",
                                        "ScalerNotActive",
                                        "ScalerCooldown",
                                        "UnknownState",
                                        "FallbackExists",
                                        "NoFallbackFound",
                                        "ScaledObjectPaused",
                                        "ScaledObjectUnpaused",
                                        "HPAActive",
                                        "ScalingDisabled",
                                        "HPAMetricsUnavailable"};

    return reason >= 0 && reason < (int32_t)(sizeof names / sizeof names[0]) ? names[reason] : "";
}

weir_status weir_keda_get_status(const weir_keda *keda, weir_keda_status *status,
                                 size_t struct_size)
{
    const weir_keda *k = keda;

    if (!weir__is_keda(k) || status == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *status) {
        return WEIR_E_STRUCT;
    }
    memset(status, 0, sizeof *status);
    status->struct_size = (uint32_t)sizeof *status;
    status->running = k->running;
    status->hpa_exists = k->hpa_exists;
    status->original_replicas = k->original;
    status->built = k->built;
    status->metric_count = k->trigger_count;
    status->last_active = k->last_active;
    status->next_poll = k->running || !k->started ? k->poll_due : WEIR_TIME_NEVER;
    status->next_sync = k->hpa_exists ? k->sync_due : WEIR_TIME_NEVER;
    memcpy(status->conditions, k->stored, sizeof status->conditions);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        const struct weir__keda_slot *slot = &weir__keda_slots_of(k)[i];

        status->metrics[i].health = slot->stored;
        status->metrics[i].served = slot->served;
        status->metrics[i].activity = slot->activity;
    }
    return WEIR_OK;
}

weir_status weir_keda_set_last_active(weir_keda *keda, weir_time last_active)
{
    if (!weir__is_keda(keda)) {
        return WEIR_E_ARG;
    }
    keda->last_active = last_active == WEIR_TIME_NONE
                            ? last_active
                            : last_active - weir__floor_mod(last_active, WEIR_SECOND);
    return WEIR_OK;
}

const weir_hpa *weir_keda_get_hpa(const weir_keda *keda)
{
    return weir__is_keda(keda)
               ? (const weir_hpa *)(const void *)((const uint8_t *)keda + keda->hpa_at)
               : NULL;
}

uint32_t weir_keda_asked(const weir_keda *keda)
{
    return weir__is_keda(keda) ? keda->asked : 0;
}

/* ---- lib/decide/keda_step.c ---- */

/*
 * decide/keda_step.c - the steps of a ScaledObject as callers take them: what is due of the
 * controller, the loop and the HPA.
 */

/* What a step carries along. */
struct keda_step_work {
    struct weir__trace trace;
    uint32_t flags;
    int32_t valid;
    weir_time next;
};

static void open_step(struct keda_step_work *w, weir_keda *k, const weir_keda_input *input, weir_time now,
                      weir_explain *explain)
{
    weir__trace_open(&w->trace, explain, input->replicas);
    w->flags = 0;
    w->valid = 0;
    w->next = WEIR_TIME_NEVER;
    k->seen = now;
    k->asked = 0;
    k->last_write = WEIR__KEDA_WRITE_NONE;
}

static weir_status close_step(const struct keda_step_work *w, const weir_keda_input *input, weir_time now,
                              weir_decision *out)
{
    out->replicas = w->trace.replicas;
    out->current = input->replicas;
    out->valid = w->valid;
    out->flags = w->flags;
    out->rule = w->trace.rule;
    out->excess_burst_capacity = 0;
    out->step_count = w->trace.count;
    out->at = now;
    out->next = w->next;
    return w->valid ? WEIR_OK : WEIR_NO_DATA;
}

static void keda_step_poll(weir_keda *k, const weir_keda_input *input, weir_time now, struct keda_step_work *w)
{
    w->valid |= weir__keda_poll(k, input, now, &w->trace, &w->flags, &w->next) == WEIR_OK;
}

/* The HPA's part, behind what KEDA has decided. */
static void keda_step_sync(weir_keda *k, const weir_keda_input *input, weir_time now, struct keda_step_work *w)
{
    weir_keda_input own = *input;
    weir_decision decision = {.struct_size = (uint32_t)sizeof decision};
    int written = w->trace.replicas != input->replicas;

    own.replicas = w->trace.replicas; /* the write of the poll is there already */
    if (weir__keda_sync(k, &own, now, &decision, &w->trace) == WEIR_OK) {
        w->valid = 1;
        w->flags |= decision.flags;
        if (decision.replicas != own.replicas || !written) {
            w->trace.rule = decision.rule;
        }
        w->trace.replicas = decision.replicas;
    } else {
        w->flags |= decision.flags & WEIR_FLAG_METRIC_FAILED;
        if (w->trace.explain != NULL && w->trace.explain->count > 0) {
            w->trace.explain->steps[w->trace.explain->count - 1].after = own.replicas;
        }
    }
    w->next = decision.next < w->next ? decision.next : w->next;
}

static void keda_step_reconcile(weir_keda *k, const weir_keda_input *input, weir_time now, struct keda_step_work *w,
                      int32_t *polls)
{
    int32_t before = w->trace.replicas;

    w->valid |= weir__keda_reconcile(k, input, now, polls, &w->trace, &w->flags) == WEIR_OK;
    if (w->trace.replicas != before) {
        w->flags |=
            WEIR_FLAG_APPLY | WEIR_FLAG_CHANGED | (w->trace.replicas == 0 ? WEIR_FLAG_TO_ZERO : 0U);
    }
}

/* ---- the public steps ----------------------------------------------------------------------- */

weir_status weir_keda_decide(weir_keda *keda, const weir_keda_input *input, weir_time now,
                             weir_decision *out, weir_explain *explain)
{
    weir_keda *k = keda;
    weir_status status = weir__keda_check(k, input, now, out, explain);
    struct keda_step_work w;
    int32_t polls;
    int loop_due, hpa_due;

    if (status == WEIR_OK) {
        status = weir__hpa_ready(weir__keda_hpa(k), now);
    }
    if (status != WEIR_OK) {
        return status;
    }
    open_step(&w, k, input, now, explain);
    if (!k->started) {
        keda_step_reconcile(k, input, now, &w, &polls);
    }
    loop_due = k->running && now >= k->poll_due;
    hpa_due = k->hpa_exists && now >= k->sync_due;
    if (!loop_due && !hpa_due && w.trace.count == 0) { /* out of turn */
        if (k->running) {
            keda_step_poll(k, input, now, &w);
        }
        if (k->hpa_exists) {
            keda_step_sync(k, input, now, &w);
        }
        return close_step(&w, input, now, out);
    }
    if (loop_due) {
        k->poll_due = weir__add(now, k->polling_interval);
        keda_step_poll(k, input, now, &w);
    }
    if (hpa_due) {
        k->sync_due = weir__add(now, k->sync_period);
        keda_step_sync(k, input, now, &w);
    }
    return close_step(&w, input, now, out);
}

weir_status weir_keda_poll(weir_keda *keda, const weir_keda_input *input, weir_time now,
                           weir_decision *out, weir_explain *explain)
{
    weir_status status = weir__keda_check(keda, input, now, out, explain);
    struct keda_step_work w;

    if (status != WEIR_OK) {
        return status;
    }
    open_step(&w, keda, input, now, explain);
    if (now >= keda->poll_due) {
        keda->poll_due = weir__add(now, keda->polling_interval);
    }
    keda_step_poll(keda, input, now, &w);
    return close_step(&w, input, now, out);
}

weir_status weir_keda_sync(weir_keda *keda, const weir_keda_input *input, weir_time now,
                           weir_decision *out, weir_explain *explain)
{
    weir_status status = weir__keda_check(keda, input, now, out, explain);
    struct keda_step_work w;

    if (status == WEIR_OK) {
        status = weir__hpa_ready(weir__keda_hpa(keda), now);
    }
    if (status != WEIR_OK) {
        return status;
    }
    open_step(&w, keda, input, now, explain);
    if (now >= keda->sync_due) {
        keda->sync_due = weir__add(now, keda->sync_period);
    }
    keda_step_sync(keda, input, now, &w);
    return close_step(&w, input, now, out);
}

static weir_status act(weir_keda *k, int32_t active, int32_t is_error, uint32_t metrics,
                       int32_t rule, const weir_keda_input *input, weir_time now,
                       weir_decision *out, weir_explain *explain)
{
    struct keda_step_work w;

    open_step(&w, k, input, now, explain);
    if (rule != WEIR_RULE_NONE) {
        weir__trace_step(&w.trace, rule, -1, w.trace.replicas, 0.0, 0.0);
    }
    weir__keda_act(k, active != 0, is_error != 0, metrics, input, now, &w.trace, &w.flags, &w.next);
    w.valid = input->replicas_status == WEIR_OK;
    return close_step(&w, input, now, out);
}

weir_status weir_keda_act(weir_keda *keda, int32_t active, int32_t is_error,
                          const weir_keda_input *input, weir_time now, weir_decision *out,
                          weir_explain *explain)
{
    weir_status status = weir__keda_check(keda, input, now, out, explain);

    return status != WEIR_OK
               ? status
               : act(keda, active, is_error, 0, WEIR_RULE_NONE, input, now, out, explain);
}

weir_status weir_keda_push(weir_keda *keda, uint32_t trigger, const weir_keda_input *input,
                           weir_time now, weir_decision *out, weir_explain *explain)
{
    weir_status status = weir__keda_check(keda, input, now, out, explain);
    uint32_t metrics = 0;

    if (status != WEIR_OK) {
        return status;
    }
    if (trigger >= keda->trigger_count) {
        return WEIR_E_RANGE;
    }
    for (uint32_t i = 0; i < keda->trigger_count; i++) {
        metrics |= weir__keda_slots(keda)[i].activity == 1 || i == trigger ? UINT32_C(1) << i : 0;
    }
    return act(keda, 1, 0, metrics, WEIR_RULE_KEDA_PUSH, input, now, out, explain);
}

weir_status weir_keda_reconcile(weir_keda *keda, const weir_keda_input *input, weir_time now,
                                int32_t *polls, weir_decision *out, weir_explain *explain)
{
    weir_status status = weir__keda_check(keda, input, now, out, explain);
    struct keda_step_work w;
    int32_t own;

    if (status != WEIR_OK) {
        return status;
    }
    open_step(&w, keda, input, now, explain);
    keda_step_reconcile(keda, input, now, &w, polls != NULL ? polls : &own);
    return close_step(&w, input, now, out) == WEIR_OK ? WEIR_OK : WEIR_E_RANGE;
}

weir_status weir_keda_delete(weir_keda *keda, const weir_keda_input *input, weir_time now,
                             weir_decision *out, weir_explain *explain)
{
    weir_status status = weir__keda_check(keda, input, now, out, explain);
    struct keda_step_work w;

    if (status != WEIR_OK) {
        return status;
    }
    status = weir_keda_restart(keda);
    if (status != WEIR_OK) {
        return status;
    }
    open_step(&w, keda, input, now, explain);
    keda->started = 1;
    keda->hpa_exists = 0;
    w.valid = 1;
    if (keda->restore && keda->original != WEIR_REPLICAS_UNKNOWN &&
        input->replicas_status == WEIR_OK) {
        weir__trace_step(&w.trace, WEIR_RULE_KEDA_RESTORED, -1, keda->original, w.trace.replicas,
                         keda->original);
        w.flags |= WEIR_FLAG_APPLY | WEIR_FLAG_CHANGED;
    }
    return close_step(&w, input, now, out);
}

/* ---- lib/decide/kpa.c ---- */

/*
 * decide/kpa.c - one revision: its collector, decider and reconciler in one block; how it is made
 * and saved, and how the common interface drives it.
 */

#include <stddef.h>

/* From a change of the mode until the network has followed it, where weir plays the network. */
#define NETWORK_DELAY WEIR_SECOND

struct kpa_layout {
    weir_kpa_collector_config collector;
    weir_kpa_decider_config decider;
    size_t decider_at, collector_at, bytes;
};

static weir_status kpa_lay_out(const weir_kpa_config *own, struct kpa_layout *l, weir_error *err)
{
    size_t decider_bytes, collector_bytes;
    weir_status status = weir_kpa_resolve(own, &l->collector, &l->decider);

    if (status == WEIR_OK) {
        status = weir_kpa_decider_bytes(&l->decider, &decider_bytes, err);
    }
    if (status == WEIR_OK) {
        status = weir_kpa_collector_bytes(&l->collector, &collector_bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    l->decider_at = sizeof(weir_kpa);
    l->collector_at = l->decider_at + decider_bytes;
    l->bytes = l->collector_at + collector_bytes;
    if (l->collector_at > UINT32_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "scale_down_delay", "is too long for one block");
    }
    return WEIR_OK;
}

weir_status weir_kpa_bytes(const weir_kpa_config *config, size_t *bytes, weir_error *err)
{
    weir_kpa_config own;
    struct kpa_layout l;
    weir_status status = weir__kpa_config_take(&own, config, err);

    if (status == WEIR_OK) {
        status = kpa_lay_out(&own, &l, err);
    }
    return status == WEIR_OK ? weir__give_bytes(bytes, l.bytes, err) : status;
}

weir_kpa_collector *weir_kpa_get_collector(weir_kpa *kpa)
{
    return weir__block_is(kpa, WEIR_KIND_KPA)
               ? (weir_kpa_collector *)(void *)((uint8_t *)kpa + kpa->collector_at)
               : NULL;
}

weir_kpa_decider *weir_kpa_get_decider(weir_kpa *kpa)
{
    return weir__block_is(kpa, WEIR_KIND_KPA)
               ? (weir_kpa_decider *)(void *)((uint8_t *)kpa + kpa->decider_at)
               : NULL;
}

weir_status weir_kpa_init(weir_kpa *kpa, size_t bytes, const weir_kpa_config *config, int64_t ready,
                          weir_time now, weir_error *err)
{
    weir_kpa_config own;
    struct kpa_layout l;
    weir_status status = weir__kpa_config_take(&own, config, err);

    if (status == WEIR_OK) {
        status = kpa_lay_out(&own, &l, err);
    }
    if (status == WEIR_OK) {
        status = weir__block_fits(kpa, bytes, l.bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    memset(kpa, 0, sizeof *kpa);
    weir__block_set(&kpa->block, WEIR_KIND_KPA, l.bytes);
    kpa->digest = weir__config_digest(&weir__kpa_table, &own);
    kpa->decider_at = (uint32_t)l.decider_at;
    kpa->collector_at = (uint32_t)l.collector_at;
    kpa->metric = own.metric;
    kpa->config = own;
    kpa->requeue_at = now; /* a new object is reconciled at once */
    kpa->proxied_from = weir__add(now, NETWORK_DELAY);
    weir_kpa_reconciler_init(&kpa->reconciler, sizeof kpa->reconciler);
    weir_kpa_reconcile_input_init(&kpa->seen, sizeof kpa->seen);
    kpa->last.struct_size = (uint32_t)sizeof kpa->last;
    kpa->last.want = WEIR_REPLICAS_UNKNOWN;
    status = weir_kpa_decider_init(weir_kpa_get_decider(kpa), l.collector_at - l.decider_at,
                                   &l.decider, ready, now, err);
    if (status == WEIR_OK) {
        status = weir_kpa_collector_init(weir_kpa_get_collector(kpa), l.bytes - l.collector_at,
                                         &l.collector, err);
    }
    return status;
}

/* ---- snapshots ------------------------------------------------------------------------------ */

/* What a revision remembers beside its collector and its decider. */
struct kpa_member {
    uint16_t record;
    uint16_t wide; /* 1: int64, 0: int32 */
    uint32_t at;
    int64_t min, max;
};

#define NARROW(id, m, min, max)                                                                    \
    {                                                                                              \
        id, 0, (uint32_t)offsetof(struct weir_kpa, m), min, max                                    \
    }
#define WIDE(id, m)                                                                                \
    {                                                                                              \
        id, 1, (uint32_t)offsetof(struct weir_kpa, m), INT64_MIN, INT64_MAX                        \
    }
#define COUNT(id, m) NARROW(id, m, INT32_MIN, INT32_MAX)
#define BOOL(id, m)  NARROW(id, m, 0, 1)

static const struct kpa_member members[] = {
    BOOL(0x300, poked),
    NARROW(0x301, wish_rule, 0, INT32_MAX),
    NARROW(0x302, ruled, 0, INT32_MAX),
    COUNT(0x303, flags),
    BOOL(0x304, reconciled),
    WIDE(0x305, requeue_at),
    WIDE(0x306, proxied_from),
    NARROW(0x310, reconciler.active, WEIR_CONDITION_UNKNOWN, WEIR_CONDITION_FALSE),
    NARROW(0x311, reconciler.reason, WEIR_KPA_REASON_NONE, WEIR_KPA_REASON_TIMED_OUT),
    BOOL(0x312, reconciler.initialized),
    COUNT(0x313, reconciler.desired_scale),
    NARROW(0x314, reconciler.mode, WEIR_KPA_PROXY, WEIR_KPA_SERVE),
    BOOL(0x315, reconciler.has_service),
    WIDE(0x316, reconciler.active_since),
    COUNT(0x320, seen.desired),
    COUNT(0x321, seen.excess_burst_capacity),
    COUNT(0x322, seen.replicas),
    WIDE(0x323, seen.ready),
    WIDE(0x324, seen.proxy_since),
    COUNT(0x325, seen.unreachable),
    COUNT(0x326, seen.has_private_service),
    COUNT(0x327, seen.has_service),
    COUNT(0x328, seen.network_ready),
    COUNT(0x329, seen.probe),
    COUNT(0x32a, seen.system_internal_tls),
    COUNT(0x330, last.want),
    BOOL(0x331, last.decided),
    COUNT(0x332, last.patch),
    BOOL(0x333, last.probed),
    BOOL(0x334, last.async_probe),
    NARROW(0x335, last.mode, WEIR_KPA_PROXY, WEIR_KPA_SERVE),
    COUNT(0x336, last.activators),
    NARROW(0x337, last.active, WEIR_CONDITION_UNKNOWN, WEIR_CONDITION_FALSE),
    NARROW(0x338, last.reason, WEIR_KPA_REASON_NONE, WEIR_KPA_REASON_TIMED_OUT),
    BOOL(0x339, last.initialized),
    NARROW(0x33a, last.ready, WEIR_CONDITION_UNKNOWN, WEIR_CONDITION_FALSE),
    COUNT(0x33b, last.desired_scale),
    NARROW(0x33c, last.requeue_count, 0, 2),
    WIDE(0x33d, last.actual_scale),
    WIDE(0x33e, last.active_since),
    WIDE(0x33f, last.requeue_after[0]),
    WIDE(0x340, last.requeue_after[1]),
};

enum { MEMBERS = sizeof members / sizeof members[0] };

static void write_members(const weir_kpa *kpa, struct weir__writer *w)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        const uint8_t *from = (const uint8_t *)kpa + members[i].at;
        int64_t wide = 0;
        int32_t narrow = 0;

        if (members[i].wide) {
            memcpy(&wide, from, sizeof wide);
        } else {
            memcpy(&narrow, from, sizeof narrow);
        }
        weir__snapshot_i64(w, members[i].record, members[i].wide ? wide : narrow);
    }
}

static void read_members(struct weir__reader *r, int64_t *values)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        values[i] = weir__record_in(r, members[i].record, members[i].min, members[i].max);
    }
}

static void commit_members(weir_kpa *kpa, const int64_t *values)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        uint8_t *to = (uint8_t *)kpa + members[i].at;
        int32_t narrow = (int32_t)values[i];

        if (members[i].wide) {
            memcpy(to, &values[i], sizeof values[i]);
        } else {
            memcpy(to, &narrow, sizeof narrow);
        }
    }
}

weir_status weir_kpa_save(const weir_kpa *kpa, uint8_t *buffer, size_t capacity, size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_KPA, kpa->digest);
    write_members(kpa, &w);
    weir__decider_write(weir__kpa_decider_of(kpa), &w);
    weir__collector_write(weir__kpa_collector_of(kpa), &w);
    return weir__snapshot_close(&w, need);
}

weir_status weir_kpa_load(weir_kpa *kpa, const uint8_t *buffer, size_t length, weir_error *err)
{
    struct weir__decider_image decider;
    struct weir__collector_image collector;
    struct weir__reader r;
    weir_status status;
    int64_t values[MEMBERS];

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a KPA");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_KPA, kpa->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    read_members(&r, values);
    weir__decider_read(weir__kpa_decider_of(kpa), &r, &decider);
    weir__collector_read(weir__kpa_collector_of(kpa), &r, &collector);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        commit_members(kpa, values);
        weir__decider_commit(weir_kpa_get_decider(kpa), &decider);
        weir__collector_commit(weir_kpa_get_collector(kpa), &collector);
    }
    return status;
}

/* ---- the autoscaler interface --------------------------------------------------------------- */

static const char *const kpa_series[] = {"concurrency", "rps"};

static int32_t kpa_main_series(const void *state)
{
    const weir_kpa *kpa = state;

    return kpa->metric == WEIR_KPA_RPS ? WEIR__LANE_RPS : WEIR__LANE_CONCURRENCY;
}

/* All readings of one time are one report. */
static weir_status kpa_record(void *state, const weir_reading *readings, size_t count)
{
    weir_kpa *kpa = state;
    size_t i = 0;

    while (i < count) {
        weir_kpa_stat stat = {0.0, 0.0, 0.0, 0.0};
        weir_time at = readings[i].at;
        int any = 0;

        for (; i < count && readings[i].at == at; i++) {
            if (readings[i].status != WEIR_OK) {
                continue;
            }
            any = 1;
            if (readings[i].series == WEIR__LANE_RPS) {
                stat.request_count = readings[i].value;
            } else {
                stat.average_concurrent_requests = readings[i].value;
            }
        }
        if (any) {
            weir_status status = weir_kpa_record(kpa, at, &stat);

            if (status != WEIR_OK) {
                return status;
            }
            if (stat.request_count != 0.0 && weir__kpa_decider_of(kpa)->desired == 0) {
                kpa->poked = 1; /* requests that were too short to be seen in flight */
            }
        }
    }
    return WEIR_OK;
}

/* Scraped pods report zeros; the activator drops a revision after one, and nobody else is there
 * when no pod is, or when pods are not scraped. */
static int32_t kpa_zero(const void *state)
{
    return weir__kpa_collector_of(state)->scrape_target ? WEIR_ZERO_BY_PODS : WEIR_ZERO_ONCE;
}

/* Once the stable window is empty it stays so until the next report; what remains are reconciles
 * that are asked for. */
static int64_t kpa_skip(void *state, weir_time until)
{
    weir_kpa *kpa = state;
    weir_kpa_decider *decider = weir_kpa_get_decider(kpa);
    const weir_kpa_collector *collector = weir__kpa_collector_of(kpa);
    weir_time stop = until < kpa->requeue_at ? until : kpa->requeue_at;
    weir_duration ahead = weir__sub(stop, decider->next_tick);
    int64_t ticks;

    if (ahead <= 0 || kpa->poked || !collector->scrape_target ||
        !weir_window_empty(weir__collector_stable_of(collector), decider->next_tick)) {
        return 0;
    }
    ticks = (ahead - 1) / WEIR_KPA_TICK;
    decider->next_tick =
        weir__add(weir__add(decider->next_tick, ticks * WEIR_KPA_TICK), WEIR_KPA_TICK);
    return ticks + 1;
}

static weir_time kpa_due(const void *state)
{
    return weir_kpa_due(state);
}

static int32_t was_poked(const void *state)
{
    const weir_kpa *kpa = state;

    return kpa->poked;
}

/* A cluster whose network is there, and routes by the mode a moment after it was set. */
static weir_status kpa_decide(void *state, const weir_target *target, weir_time now, weir_decision *out,
                          weir_explain *explain)
{
    weir_kpa *kpa = state;
    int32_t mode = kpa->reconciler.mode;
    weir_kpa_reconcile_input cluster;
    weir_status status;

    weir_kpa_reconcile_input_init(&cluster, sizeof cluster);
    cluster.replicas = target->spec_replicas;
    cluster.ready = target->ready_replicas;
    cluster.unreachable = target->unreachable;
    cluster.has_private_service = 1;
    cluster.has_service = 1;
    cluster.network_ready = 1;
    if (kpa->proxied_from != WEIR_TIME_NONE && kpa->proxied_from <= now) {
        cluster.proxy_since = kpa->proxied_from;
        cluster.probe = WEIR_KPA_PROBE_OK;
    }
    status = weir_kpa_step(kpa, &cluster, now, out, explain);
    if (status < WEIR_OK) {
        return status;
    }
    if (kpa->reconciler.mode != mode) {
        kpa->proxied_from =
            kpa->reconciler.mode == WEIR_KPA_PROXY ? weir__add(now, NETWORK_DELAY) : WEIR_TIME_NONE;
    }
    if (kpa->proxied_from != WEIR_TIME_NONE && kpa->proxied_from > now &&
        kpa->proxied_from < kpa->requeue_at) {
        kpa->requeue_at = kpa->proxied_from;
        out->next = kpa->requeue_at < out->next ? kpa->requeue_at : out->next;
    }
    return status;
}

static weir_status kpa_save(const void *state, uint8_t *buffer, size_t capacity, size_t *need)
{
    return weir_kpa_save(state, buffer, capacity, need);
}

static weir_status kpa_load(void *state, const uint8_t *buffer, size_t length, weir_error *err)
{
    return weir_kpa_load(state, buffer, length, err);
}

static const struct weir__autoscaler_ops weir__kpa_ops = {
    .series = kpa_series,
    .series_count = WEIR__LANES,
    .main_series = kpa_main_series,
    .record = kpa_record,
    .zero = kpa_zero,
    .due = kpa_due,
    .poked = was_poked,
    .watches_pods = 1,
    .decide = kpa_decide,
    .skip = kpa_skip,
    .save = kpa_save,
    .load = kpa_load,
};
#undef NETWORK_DELAY
#undef NARROW
#undef WIDE
#undef COUNT
#undef BOOL

/* ---- lib/decide/kpa_collector.c ---- */

/*
 * decide/kpa_collector.c - a revision's request statistics to stable and panic averages.
 *
 * Two windows, stable and panic, each with a lane for concurrency and one for requests per second;
 * what came through the activator is taken off, because the activator reports it itself.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/metrics/collector.go.
 */

weir_status weir_kpa_collector_config_init(weir_kpa_collector_config *config, size_t struct_size)
{
    return weir__config_init(&weir__kpa_collector_table, config, struct_size);
}

static weir_status kpa_collector_take(weir_kpa_collector_config *to, const weir_kpa_collector_config *from,
                        weir_error *err)
{
    weir_status status = weir__config_take(&weir__kpa_collector_table, to, from, err);

    return status == WEIR_OK ? weir__config_check(&weir__kpa_collector_table, to, err) : status;
}

weir_status weir_kpa_collector_config_check(const weir_kpa_collector_config *config,
                                            weir_error *err)
{
    weir_kpa_collector_config own;

    return kpa_collector_take(&own, config, err);
}

static void window_config(const weir_kpa_collector_config *c, weir_duration length,
                          weir_duration reserve, weir_window_config *window)
{
    weir_window_config_init(window, sizeof *window);
    window->algorithm = c->algorithm;
    window->window = length;
    window->reserve = reserve;
    window->lanes = WEIR__LANES;
    window->semantics = c->semantics;
}

/* The configurations of both windows, and where they lie in the block. */
struct kpa_collector_layout {
    weir_window_config stable, panic;
    size_t stable_at, panic_at, bytes;
};

static weir_status kpa_collector_lay_out(const weir_kpa_collector_config *config, struct kpa_collector_layout *l,
                           weir_kpa_collector_config *own, weir_error *err)
{
    size_t stable_bytes, panic_bytes;
    weir_status status = kpa_collector_take(own, config, err);

    if (status != WEIR_OK) {
        return status;
    }
    window_config(own, own->stable_window, own->stable_reserve, &l->stable);
    window_config(own, own->panic_window, own->panic_reserve, &l->panic);
    status = weir_window_bytes(&l->stable, &stable_bytes, err);
    if (status == WEIR_OK) {
        status = weir_window_bytes(&l->panic, &panic_bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    /* The small window first: all that a second touches then lies together, but for one bucket. */
    l->panic_at = sizeof(weir_kpa_collector);
    l->stable_at = l->panic_at + panic_bytes;
    l->bytes = l->stable_at + stable_bytes;
    if (l->bytes > UINT32_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "stable_window", "is too long for one block");
    }
    return WEIR_OK;
}

weir_status weir_kpa_collector_bytes(const weir_kpa_collector_config *config, size_t *bytes,
                                     weir_error *err)
{
    weir_kpa_collector_config own;
    struct kpa_collector_layout l;
    weir_status status = kpa_collector_lay_out(config, &l, &own, err);

    return status == WEIR_OK ? weir__give_bytes(bytes, l.bytes, err) : status;
}

weir_status weir_kpa_collector_init(weir_kpa_collector *collector, size_t bytes,
                                    const weir_kpa_collector_config *config, weir_error *err)
{
    weir_kpa_collector_config own;
    struct kpa_collector_layout l;
    weir_status status = kpa_collector_lay_out(config, &l, &own, err);

    if (status == WEIR_OK) {
        status = weir__block_fits(collector, bytes, l.bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    memset(collector, 0, sizeof *collector);
    weir__block_set(&collector->block, WEIR_KIND_KPA_COLLECTOR, l.bytes);
    collector->digest = weir__config_digest(&weir__kpa_collector_table, &own);
    collector->stable_at = (uint32_t)l.stable_at;
    collector->panic_at = (uint32_t)l.panic_at;
    collector->scrape_target = own.scrape_target;
    status =
        weir_window_init(weir__collector_stable(collector), l.bytes - l.stable_at, &l.stable, err);
    if (status == WEIR_OK) {
        status = weir_window_init(weir__collector_panic(collector), l.stable_at - l.panic_at,
                                  &l.panic, err);
    }
    return status;
}

weir_status weir_kpa_collector_record(weir_kpa_collector *collector, weir_time at,
                                      const weir_kpa_stat *stat)
{
    double values[WEIR__LANES];
    weir_window *stable, *panic;
    weir_status status;

    if (!weir__block_is(collector, WEIR_KIND_KPA_COLLECTOR) || stat == NULL) {
        return WEIR_E_ARG;
    }
    values[WEIR__LANE_CONCURRENCY] =
        stat->average_concurrent_requests - stat->average_proxied_concurrent_requests;
    values[WEIR__LANE_RPS] = stat->request_count - stat->proxied_request_count;
    stable = weir__collector_stable(collector);
    panic = weir__collector_panic(collector);
    /* Before 1970 one window may refuse what the other takes; then neither must have it. */
    if (at < 0 || stable->last_write < 0) {
        status = weir__window_would_take(stable, at);
        if (status == WEIR_OK) {
            status = weir__window_would_take(panic, at);
        }
        if (status != WEIR_OK) {
            return status;
        }
    }
    status = weir_window_record(stable, at, values);
    return status == WEIR_OK ? weir_window_record(panic, at, values) : status;
}

weir_status weir_kpa_collector_read(const weir_kpa_collector *collector, int32_t metric,
                                    weir_time now, weir_kpa_averages *averages)
{
    int32_t lane = metric == WEIR_KPA_RPS ? WEIR__LANE_RPS : WEIR__LANE_CONCURRENCY;
    const weir_window *stable, *panic;
    struct weir__bucket bucket;
    weir_status status;

    if (!weir__block_is(collector, WEIR_KIND_KPA_COLLECTOR) || averages == NULL) {
        return WEIR_E_ARG;
    }
    stable = weir__collector_stable_of(collector);
    panic = weir__collector_panic_of(collector);
    bucket = weir__bucket_of(stable, now); /* both have the same granularity */
    if (collector->scrape_target && weir__age(stable, bucket.start) > stable->window) {
        return WEIR_NO_DATA;
    }
    status = weir__window_lane(stable, bucket, lane, &averages->stable);
    return status == WEIR_OK ? weir__window_lane(panic, bucket, lane, &averages->panic) : status;
}

static int kpa_collector_fits(const weir_window *window, weir_duration length)
{
    return weir__bucket_count(length, window->granularity) <= window->capacity;
}

weir_status weir_kpa_collector_update(weir_kpa_collector *collector,
                                      const weir_kpa_collector_config *config, weir_time now,
                                      weir_error *err)
{
    weir_kpa_collector_config own;
    weir_window *stable, *panic;
    weir_status status;

    if (!weir__block_is(collector, WEIR_KIND_KPA_COLLECTOR)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a collector");
    }
    status = kpa_collector_take(&own, config, err);
    if (status != WEIR_OK) {
        return status;
    }
    stable = weir__collector_stable(collector);
    panic = weir__collector_panic(collector);
    if (!kpa_collector_fits(stable, own.stable_window)) {
        return weir__fail(err, WEIR_E_SPACE, "stable_window", "is longer than stable_reserve");
    }
    if (!kpa_collector_fits(panic, own.panic_window)) {
        return weir__fail(err, WEIR_E_SPACE, "panic_window", "is longer than panic_reserve");
    }
    weir_window_resize(stable, own.stable_window, now);
    weir_window_resize(panic, own.panic_window, now);
    collector->scrape_target = own.scrape_target;
    return WEIR_OK;
}

weir_time weir_kpa_collector_next(const weir_kpa_collector *collector, weir_time now)
{
    if (!weir__block_is(collector, WEIR_KIND_KPA_COLLECTOR)) {
        return WEIR_TIME_NEVER;
    }
    /* The panic window is never the last to fall silent: both are recorded at the same times, and
     * what is empty stays 0. */
    return weir_window_next(weir__collector_stable_of(collector), now);
}

/* ---- snapshots ------------------------------------------------------------------------------ */

enum { RECORD_SCRAPE = 0x100, RECORD_STABLE = 0x110, kpa_collector_RECORD_PANIC = 0x120 };

static void weir__collector_write(const weir_kpa_collector *c, struct weir__writer *w)
{
    weir__snapshot_i64(w, RECORD_SCRAPE, c->scrape_target);
    weir__window_write(weir__collector_stable_of(c), w, RECORD_STABLE);
    weir__window_write(weir__collector_panic_of(c), w, kpa_collector_RECORD_PANIC);
}

static void weir__collector_read(const weir_kpa_collector *c, struct weir__reader *r,
                          struct weir__collector_image *image)
{
    image->scrape_target = (int32_t)weir__record_in(r, RECORD_SCRAPE, 0, 1);
    weir__window_read(weir__collector_stable_of(c), r, RECORD_STABLE, &image->stable);
    weir__window_read(weir__collector_panic_of(c), r, kpa_collector_RECORD_PANIC, &image->panic);
}

static void weir__collector_commit(weir_kpa_collector *c, const struct weir__collector_image *image)
{
    c->scrape_target = image->scrape_target;
    weir__window_commit(weir__collector_stable(c), &image->stable);
    weir__window_commit(weir__collector_panic(c), &image->panic);
}

weir_status weir_kpa_collector_save(const weir_kpa_collector *collector, uint8_t *buffer,
                                    size_t capacity, size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(collector, WEIR_KIND_KPA_COLLECTOR)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_KPA_COLLECTOR, collector->digest);
    weir__collector_write(collector, &w);
    return weir__snapshot_close(&w, need);
}

weir_status weir_kpa_collector_load(weir_kpa_collector *collector, const uint8_t *buffer,
                                    size_t length, weir_error *err)
{
    struct weir__collector_image image;
    struct weir__reader r;
    weir_status status;

    if (!weir__block_is(collector, WEIR_KIND_KPA_COLLECTOR)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a collector");
    }
    status =
        weir__snapshot_read(&r, buffer, length, WEIR_KIND_KPA_COLLECTOR, collector->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    weir__collector_read(collector, &r, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        weir__collector_commit(collector, &image);
    }
    return status;
}

/* ---- lib/decide/kpa_config.c ---- */

/*
 * decide/kpa_config.c - the configurations of the KPA as field tables, and what a revision's
 * configuration means for its collector and its decider.
 *
 * Bounds of the decider's and the collector's own fields are those that keep the machine sound, not
 * those of upstream's admission, which only the revision's configuration has.
 */

#define SEMANTICS(config)                                                                          \
    {                                                                                              \
        WEIR__MEMBER(config, semantics), WEIR__NO_KEYS,                                            \
            .unit = "", .type = WEIR_FIELD_ENUM, .values = "serving 0.51|serving 0.42", .imax = 1, \
            .doc = "Release of Knative serving whose arithmetic is used."                          \
    }
#define CONVERSION(config)                                                                         \
    {                                                                                              \
        WEIR__MEMBER(config, conversion), WEIR__NO_KEYS,                                           \
            .unit = "", .type = WEIR_FIELD_ENUM, .values = "saturate|amd64", .imax = 1,            \
            .doc = "How a number that an int32 cannot hold becomes one: nearest, or as Go on "     \
                   "amd64."                                                                        \
    }
#define ANY_DOUBLE                                                                                 \
    .type = WEIR_FIELD_DOUBLE, .values = "", .dmin = -DBL_MAX, .dmax = DBL_MAX,                    \
    .flags = WEIR_FIELD_ANY_FLOAT
#define LONGEST (INT64_C(1) << 60)

/* ---- collector ------------------------------------------------------------------------------ */

#define ROW(m) WEIR__MEMBER(weir_kpa_collector_config, m), WEIR__NO_KEYS
static const weir_field collector_fields[] = {
    {ROW(algorithm), .unit = "", .values = "linear|weighted-exponential", .type = WEIR_FIELD_ENUM,
     .imax = 1, .doc = "How the buckets of all windows are averaged."},
    {ROW(stable_window), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imin = 1,
     .imax = LONGEST, .idefault = 60 * WEIR_SECOND, .doc = "Length of the stable window."},
    {ROW(panic_window), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imin = 1,
     .imax = LONGEST, .idefault = 6 * WEIR_SECOND, .doc = "Length of the panic window."},
    {ROW(stable_reserve), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imax = LONGEST,
     .doc = "Longest stable window that an update may set; 0 is the stable window."},
    {ROW(panic_reserve), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imax = LONGEST,
     .doc = "Longest panic window that an update may set; 0 is the panic window."},
    {ROW(scrape_target), .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1,
     .idefault = 1, .doc = "Pods are scraped, so an empty stable window means no data, not zero."},
    SEMANTICS(weir_kpa_collector_config),
};
#undef ROW

static const struct weir__table weir__kpa_collector_table =
    WEIR__TABLE(weir_kpa_collector_config, collector_fields);

/* ---- decider -------------------------------------------------------------------------------- */

#define ROW(m) WEIR__MEMBER(weir_kpa_decider_config, m), WEIR__NO_KEYS
static const weir_field decider_fields[] = {
    {ROW(scaling_metric), .unit = "", .values = "concurrency|rps|other", .type = WEIR_FIELD_ENUM,
     .imax = 2, .doc = "What the revision scales on; every other metric reads concurrency."},
    {ROW(target_value), .unit = "requests", ANY_DOUBLE, .ddefault = 70,
     .doc = "Wanted load of one pod."},
    {ROW(total_value), .unit = "requests", ANY_DOUBLE, .ddefault = 100,
     .doc = "Load that one pod can take."},
    {ROW(target_burst_capacity), .unit = "requests", ANY_DOUBLE, .ddefault = 211,
     .doc = "Burst that must fit without queueing; 0: activator never in the path, -1: always."},
    {ROW(activator_capacity), .unit = "requests", ANY_DOUBLE, .ddefault = 100,
     .doc = "Requests that one activator takes."},
    {ROW(panic_threshold), .unit = "", ANY_DOUBLE, .ddefault = 2,
     .doc = "Wanted pods over ready pods from which on panic mode holds."},
    {ROW(max_scale_up_rate), .unit = "", ANY_DOUBLE, .ddefault = 1000,
     .doc = "Most pods wanted, as a multiple of the ready pods."},
    {ROW(max_scale_down_rate), .unit = "", ANY_DOUBLE, .ddefault = 2,
     .doc = "Fewest pods wanted are the ready pods divided by this."},
    {ROW(stable_window), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imin = INT64_MIN,
     .imax = INT64_MAX, .idefault = 60 * WEIR_SECOND,
     .doc = "Panic mode ends this long after its last renewal."},
    {ROW(scale_down_delay), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION,
     .imin = INT64_MIN, .imax = INT64_MAX, .doc = "The largest wish within this time counts."},
    {ROW(initial_scale), .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imin = INT32_MIN,
     .imax = INT32_MAX, .idefault = 1, .doc = "Pods of a new revision."},
    {ROW(activation_scale), .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imin = INT32_MIN,
     .imax = INT32_MAX, .doc = "Fewest pods as soon as there is any demand."},
    {ROW(reachable), .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1, .idefault = 1,
     .doc = "A route leads to the revision."},
    SEMANTICS(weir_kpa_decider_config),
    CONVERSION(weir_kpa_decider_config),
};
#undef ROW

static const struct weir__table weir__kpa_decider_table =
    WEIR__TABLE(weir_kpa_decider_config, decider_fields);

/* ---- revision ------------------------------------------------------------------------------- */

#define A       "autoscaling.knative.dev/"
#define ROW(m)  WEIR__MEMBER(weir_kpa_config, m)
#define UNBOUND INT64_MAX

static const weir_field kpa_fields[] = {
    {ROW(metric), .key = A "metric", .alias = "", .global_key = "", .unit = "",
     .values = "concurrency|rps|other", .type = WEIR_FIELD_ENUM, .imax = 2,
     .doc = "What the revision scales on."},
    {ROW(metric_aggregation_algorithm), .key = A "metric-aggregation-algorithm",
     .alias = A "metricAggregationAlgorithm", .global_key = "", .unit = "",
     .values = "linear|weighted-exponential", .type = WEIR_FIELD_ENUM, .imax = 1,
     .doc = "How samples are averaged over the windows."},
    {ROW(min_scale), .key = A "min-scale", .alias = A "minScale", .global_key = "min-scale",
     .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .doc = "Fewest pods while a route leads to the revision."},
    {ROW(max_scale), .key = A "max-scale", .alias = A "maxScale", .global_key = "max-scale",
     .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .doc = "Most pods; 0 is no limit."},
    {ROW(max_scale_limit), .key = "", .alias = "", .global_key = "max-scale-limit", .unit = "pods",
     .values = "", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .doc = "Most that max-scale may be; 0 is no limit."},
    {ROW(initial_scale), .key = A "initial-scale", .alias = A "initialScale",
     .global_key = "initial-scale", .unit = "pods", .values = "", .type = WEIR_FIELD_INT,
     .imax = INT32_MAX, .idefault = 1, .doc = "Pods that a new revision starts with."},
    {ROW(allow_zero_initial_scale), .key = "", .alias = "",
     .global_key = "allow-zero-initial-scale", .unit = "", .values = "", .type = WEIR_FIELD_BOOL,
     .imax = 1, .doc = "Whether initial-scale may be 0."},
    {ROW(activation_scale), .key = A "activation-scale", .alias = "", .global_key = "",
     .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imin = 2, .imax = INT32_MAX,
     .flags = WEIR_FIELD_OPTIONAL, .doc = "Fewest pods as soon as there is any demand."},
    {ROW(enable_scale_to_zero), .key = "", .alias = "", .global_key = "enable-scale-to-zero",
     .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1, .idefault = 1,
     .doc = "Whether a revision without traffic goes to zero pods, or to one."},
    SEMANTICS(weir_kpa_config),
    CONVERSION(weir_kpa_config),
    {ROW(container_concurrency), .key = "containerConcurrency", .alias = "", .global_key = "",
     .unit = "requests", .values = "", .type = WEIR_FIELD_INT, .imax = UNBOUND,
     .doc = "Requests that one container takes at a time; 0 is no limit."},
    {ROW(target), .key = A "target", .alias = "", .global_key = "", .unit = "requests",
     .values = "", .type = WEIR_FIELD_DOUBLE, .dmin = 0.01, .dmax = DBL_MAX, .ddefault = WEIR_UNSET,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_OPTIONAL,
     .doc = "Load of one pod at full utilization; not set, it is the metric's default."},
    {ROW(target_utilization_percentage), .key = A "target-utilization-percentage",
     .alias = A "targetUtilizationPercentage", .global_key = "", .unit = "%", .values = "",
     .type = WEIR_FIELD_DOUBLE, .dmin = 1, .dmax = 100, .ddefault = WEIR_UNSET,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_OPTIONAL,
     .doc = "Share of the target to aim at; not set, it is the cluster's."},
    {ROW(target_burst_capacity), .key = A "target-burst-capacity", .alias = A "targetBurstCapacity",
     .global_key = "target-burst-capacity", .unit = "requests", .values = "",
     .type = WEIR_FIELD_DOUBLE, .dmin = 0, .dmax = DBL_MAX, .ddefault = 211,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_OR_MINUS_ONE,
     .doc = "Burst that must fit without queueing; 0: activator never in the path, -1: always."},
    {ROW(panic_window_percentage), .key = A "panic-window-percentage",
     .alias = A "panicWindowPercentage", .global_key = "panic-window-percentage", .unit = "%",
     .values = "", .type = WEIR_FIELD_DOUBLE, .dmin = 1, .dmax = 100, .ddefault = 10,
     .flags = WEIR_FIELD_ANY_FLOAT, .doc = "Panic window as a share of the stable window."},
    {ROW(panic_threshold_percentage), .key = A "panic-threshold-percentage",
     .alias = A "panicThresholdPercentage", .global_key = "panic-threshold-percentage", .unit = "%",
     ANY_DOUBLE, .ddefault = 200,
     .doc = "Wanted pods over ready pods from which on panic mode holds."},
    {ROW(container_concurrency_target_percentage), .key = "", .alias = "",
     .global_key = "container-concurrency-target-percentage", .unit = "", .values = "",
     .type = WEIR_FIELD_DOUBLE, .dmin = 0, .dmax = 1, .ddefault = 0.7,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_ABOVE_MIN,
     .doc = "Share of a concurrency target to aim at, as a fraction."},
    {ROW(container_concurrency_target_default), .key = "", .alias = "",
     .global_key = "container-concurrency-target-default", .unit = "requests", .values = "",
     .type = WEIR_FIELD_DOUBLE, .dmin = 0, .dmax = DBL_MAX, .ddefault = 100,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_ABOVE_MIN,
     .doc = "Concurrency target of a revision that sets neither a target nor a limit."},
    {ROW(requests_per_second_target_default), .key = "", .alias = "",
     .global_key = "requests-per-second-target-default", .unit = "requests/s", .values = "",
     .type = WEIR_FIELD_DOUBLE, .dmin = 0.01, .dmax = DBL_MAX, .ddefault = 200,
     .flags = WEIR_FIELD_ANY_FLOAT, .doc = "Requests per second target where none is set."},
    {ROW(activator_capacity), .key = "", .alias = "", .global_key = "activator-capacity",
     .unit = "requests", .values = "", .type = WEIR_FIELD_DOUBLE, .dmin = 1, .dmax = DBL_MAX,
     .ddefault = 100, .flags = WEIR_FIELD_ANY_FLOAT, .doc = "Requests that one activator takes."},
    {ROW(max_scale_up_rate), .key = "", .alias = "", .global_key = "max-scale-up-rate", .unit = "",
     .values = "", .type = WEIR_FIELD_DOUBLE, .dmin = 1, .dmax = DBL_MAX, .ddefault = 1000,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_ABOVE_MIN,
     .doc = "Most pods wanted, as a multiple of the ready pods."},
    {ROW(max_scale_down_rate), .key = "", .alias = "", .global_key = "max-scale-down-rate",
     .unit = "", .values = "", .type = WEIR_FIELD_DOUBLE, .dmin = 1, .dmax = DBL_MAX, .ddefault = 2,
     .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_ABOVE_MIN,
     .doc = "Fewest pods wanted are the ready pods divided by this."},
    {ROW(stable_window), .key = A "window", .alias = "", .global_key = "stable-window", .unit = "s",
     .values = "", .type = WEIR_FIELD_DURATION, .imin = 6 * WEIR_SECOND, .imax = 3600 * WEIR_SECOND,
     .idefault = 60 * WEIR_SECOND, .flags = WEIR_FIELD_WHOLE_SECONDS,
     .doc = "Length of the stable window; panic mode lasts as long."},
    {ROW(scale_down_delay), .key = A "scale-down-delay", .alias = A "scaleDownDelay",
     .global_key = "scale-down-delay", .unit = "s", .values = "", .type = WEIR_FIELD_DURATION,
     .imax = LONGEST, .flags = WEIR_FIELD_WHOLE_SECONDS,
     .doc = "Scale down only to the largest wish within this time."},
    {ROW(scale_to_zero_grace_period), .key = "", .alias = "",
     .global_key = "scale-to-zero-grace-period", .unit = "s", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = LONGEST, .idefault = 30 * WEIR_SECOND,
     .flags = WEIR_FIELD_ABOVE_MIN,
     .doc = "Longest time that the network is given to route around the last pod."},
    {ROW(scale_to_zero_pod_retention_period), .key = A "scale-to-zero-pod-retention-period",
     .alias = A "scaleToZeroPodRetentionPeriod", .global_key = "scale-to-zero-pod-retention-period",
     .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imax = LONGEST,
     .doc = "Shortest time that the last pod stays after traffic ended."},
    {ROW(progress_deadline), .key = "serving.knative.dev/progress-deadline", .alias = "",
     .global_key = "progress-deadline", .unit = "s", .values = "", .type = WEIR_FIELD_DURATION,
     .imax = LONGEST, .idefault = 600 * WEIR_SECOND, .flags = WEIR_FIELD_ABOVE_MIN,
     .doc = "How long a revision may take to become ready; 30 s later it is given up."},
    {ROW(pod_autoscaler_class), .key = A "class", .alias = "", .global_key = "pod-autoscaler-class",
     .unit = "", .values = "kpa.autoscaling.knative.dev", .type = WEIR_FIELD_TEXT,
     .doc = "Which autoscaler serves the revision."},
};
#undef ROW
#undef A

static const struct weir__table weir__kpa_table = WEIR__TABLE(weir_kpa_config, kpa_fields);

weir_status weir_kpa_config_init(weir_kpa_config *config, size_t struct_size)
{
    return weir__config_init(&weir__kpa_table, config, struct_size);
}

weir_status weir_kpa_config_check(const weir_kpa_config *config, weir_error *err)
{
    weir_kpa_config own;

    return weir__kpa_config_take(&own, config, err);
}

static weir_status weir__kpa_config_take(weir_kpa_config *to, const weir_kpa_config *from, weir_error *err)
{
    weir_status status = weir__config_take(&weir__kpa_table, to, from, err);

    return status == WEIR_OK ? weir__config_check(&weir__kpa_table, to, err) : status;
}

weir_status weir_kpa_resolve(const weir_kpa_config *config, weir_kpa_collector_config *collector,
                             weir_kpa_decider_config *decider)
{
    weir_kpa_config c;
    weir_status status = weir__config_take(&weir__kpa_table, &c, config, NULL);

    if (status != WEIR_OK) {
        return status;
    }
    if (collector != NULL) {
        weir__config_init(&weir__kpa_collector_table, collector, sizeof *collector);
        collector->algorithm = c.metric_aggregation_algorithm;
        collector->stable_window = c.stable_window;
        collector->panic_window =
            weir__kpa_panic_window(c.stable_window, c.panic_window_percentage);
        collector->scrape_target = c.target_burst_capacity != -1.0;
        collector->semantics = c.semantics;
    }
    if (decider != NULL) {
        weir__config_init(&weir__kpa_decider_table, decider, sizeof *decider);
        decider->scaling_metric = c.metric;
        weir__kpa_target(&c, &decider->target_value, &decider->total_value);
        decider->target_burst_capacity = c.target_burst_capacity;
        decider->activator_capacity = c.activator_capacity;
        decider->panic_threshold = c.panic_threshold_percentage / 100.0;
        decider->max_scale_up_rate = c.max_scale_up_rate;
        decider->max_scale_down_rate = c.max_scale_down_rate;
        decider->stable_window = c.stable_window;
        decider->scale_down_delay = c.scale_down_delay;
        decider->initial_scale = c.initial_scale;
        decider->activation_scale = c.activation_scale;
        decider->semantics = c.semantics;
        decider->conversion = c.conversion;
    }
    return WEIR_OK;
}
#undef SEMANTICS
#undef CONVERSION
#undef ANY_DOUBLE
#undef LONGEST
#undef UNBOUND

/* ---- lib/decide/kpa_decider.c ---- */

/*
 * decide/kpa_decider.c - averages and ready pods to wanted pods: panic mode, latch and delay.
 *
 * In panic mode the wish is the larger of both windows' and never falls; panic ends when a whole
 * stable window has passed since the last step that was over the threshold. A scale-down delay then
 * holds the largest wish of its time.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/scaling/autoscaler.go New(), Scale();
 * multiscaler.go tickScaler(), Poke().
 */

weir_status weir_kpa_decider_config_init(weir_kpa_decider_config *config, size_t struct_size)
{
    return weir__config_init(&weir__kpa_decider_table, config, struct_size);
}

static weir_status kpa_decider_take(weir_kpa_decider_config *to, const weir_kpa_decider_config *from,
                        weir_error *err)
{
    weir_status status = weir__config_take(&weir__kpa_decider_table, to, from, err);

    return status == WEIR_OK ? weir__config_check(&weir__kpa_decider_table, to, err) : status;
}

weir_status weir_kpa_decider_config_check(const weir_kpa_decider_config *config, weir_error *err)
{
    weir_kpa_decider_config own;

    return kpa_decider_take(&own, config, err);
}

/* Bytes of a decider with this (checked) delay, and of the delay window in it. */
static weir_status size_of(const weir_kpa_decider_config *config, size_t *bytes, size_t *kpa_decider_delay,
                           weir_error *err)
{
    *kpa_decider_delay = 0;
    if (config->scale_down_delay > 0 &&
        weir_max_window_bytes(config->scale_down_delay, WEIR_KPA_TICK, kpa_decider_delay) != WEIR_OK) {
        return weir__fail(err, WEIR_E_LIMIT, "scale_down_delay", "is too long for one block");
    }
    *bytes = sizeof(weir_kpa_decider) + *kpa_decider_delay;
    return WEIR_OK;
}

weir_status weir_kpa_decider_bytes(const weir_kpa_decider_config *config, size_t *bytes,
                                   weir_error *err)
{
    weir_kpa_decider_config own;
    size_t need = 0, kpa_decider_delay = 0;
    weir_status status = kpa_decider_take(&own, config, err);

    if (status == WEIR_OK) {
        status = size_of(&own, &need, &kpa_decider_delay, err);
    }
    return status == WEIR_OK ? weir__give_bytes(bytes, need, err) : status;
}

/* Go's conversion of an int to an int32. */
static int32_t low_bits(int64_t x)
{
    uint32_t low = (uint32_t)(uint64_t)x;

    return low <= INT32_MAX ? (int32_t)low : (int32_t)(low - (uint32_t)INT32_MAX - 1) + INT32_MIN;
}

weir_status weir_kpa_decider_init(weir_kpa_decider *decider, size_t bytes,
                                  const weir_kpa_decider_config *config, int64_t ready,
                                  weir_time now, weir_error *err)
{
    weir_kpa_decider *d = decider;
    weir_kpa_decider_config own;
    size_t need = 0, kpa_decider_delay = 0;
    weir_status status = kpa_decider_take(&own, config, err);

    if (status == WEIR_OK) {
        status = size_of(&own, &need, &kpa_decider_delay, err);
    }
    if (status == WEIR_OK) {
        status = weir__block_fits(d, bytes, need, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    memset(d, 0, sizeof *d);
    weir__block_set(&d->block, WEIR_KIND_KPA_DECIDER, need);
    d->digest = weir__config_digest(&weir__kpa_decider_table, &own);
    d->config = own;
    d->max_panic_pods = ready > 0 ? low_bits(ready) : 0;
    /* With several pods ready this is a restart: keep them until there is data for a whole window.
     */
    d->panic_since = ready > 1 ? now : WEIR_TIME_NONE;
    d->next_tick = weir__add(now, WEIR_KPA_TICK);
    d->desired = WEIR_REPLICAS_UNKNOWN;
    d->excess_burst_capacity = weir__kpa_initial_burst(&own);
    d->delayed = kpa_decider_delay > 0;
    if (d->delayed) {
        return weir_max_window_init(weir__decider_delay(d), kpa_decider_delay, own.scale_down_delay,
                                    WEIR_KPA_TICK);
    }
    return WEIR_OK;
}

weir_status weir_kpa_decider_update(weir_kpa_decider *decider,
                                    const weir_kpa_decider_config *config, weir_error *err)
{
    weir_kpa_decider_config own;
    weir_status status;

    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a decider");
    }
    status = kpa_decider_take(&own, config, err);
    if (status == WEIR_OK) {
        decider->config = own;
    }
    return status;
}

weir_status weir_kpa_decider_input_init(weir_kpa_decider_input *input, size_t struct_size)
{
    if (input == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *input) {
        return WEIR_E_STRUCT;
    }
    memset(input, 0, sizeof *input);
    input->struct_size = (uint32_t)sizeof *input;
    return WEIR_OK;
}

/* ---- the scale step ------------------------------------------------------------------------- */

/* What a step changes, kept apart from the state until nothing can fail any more. */
struct kpa_decider_step {
    weir_time panic_since;
    int32_t max_panic_pods;
    int32_t excess_burst_capacity;
    uint32_t flags;
};

static int32_t kpa_decider_shown(double pods)
{
    return weir__to_i32(pods, WEIR_CONVERT_SATURATE);
}

/* From the ready pods to the wish of the stable window. */
static void explain_demand(const weir_kpa_decider *d, const struct weir__kpa_demand *demand,
                           double stable, struct weir__trace *trace, uint32_t *flags)
{
    double allowed = weir__kpa_within_rates(demand->stable_want, demand);
    double want = demand->stable_want;
    int32_t limited = weir__to_i32(allowed, d->config.conversion);

    weir__trace_step(trace, WEIR_RULE_KPA_STABLE, -1, kpa_decider_shown(want), stable, d->config.target_value);
    if (allowed < want) {
        weir__trace_step(trace, WEIR_RULE_KPA_RATE_UP, -1, limited, want, demand->most);
        *flags |= WEIR_FLAG_RATE_LIMITED;
    } else if (allowed > want) {
        weir__trace_step(trace, WEIR_RULE_KPA_RATE_DOWN, -1, limited, want, demand->least);
        *flags |= WEIR_FLAG_RATE_LIMITED;
    }
    if (demand->stable_pods != trace->replicas) {
        weir__trace_step(trace, WEIR_RULE_KPA_ACTIVATION, -1, demand->stable_pods, want,
                         d->config.activation_scale);
    }
}

/* Enters, renews, holds or leaves panic mode. */
static void panic_mode(const weir_kpa_decider *d, const struct weir__kpa_demand *demand,
                       weir_time now, struct kpa_decider_step *kpa_decider_step, struct weir__trace *trace)
{
    double ratio = demand->panic_want / demand->ready, threshold = d->config.panic_threshold;
    double lasts, passed;
    int32_t pods = trace->replicas;

    if (demand->over) {
        int32_t rule = kpa_decider_step->panic_since == WEIR_TIME_NONE ? WEIR_RULE_KPA_PANIC_ENTER
                                                           : WEIR_RULE_KPA_PANIC_EXTEND;

        weir__trace_step(trace, rule, -1, pods, ratio, threshold);
        kpa_decider_step->panic_since = now;
        return;
    }
    if (kpa_decider_step->panic_since == WEIR_TIME_NONE) {
        return;
    }
    lasts = weir__seconds(d->config.stable_window);
    passed = weir__seconds(weir__sub(now, kpa_decider_step->panic_since));
    if (weir__add(kpa_decider_step->panic_since, d->config.stable_window) < now) {
        weir__trace_step(trace, WEIR_RULE_KPA_PANIC_LEAVE, -1, pods, passed, lasts);
        kpa_decider_step->panic_since = WEIR_TIME_NONE;
        kpa_decider_step->max_panic_pods = 0;
    } else {
        weir__trace_step(trace, WEIR_RULE_KPA_PANIC_HOLD, -1, pods, passed, lasts);
    }
}

/* In panic mode: the larger wish, and never less than before. */
static void kpa_decider_panic_pods(const weir_kpa_decider *d, const struct weir__kpa_demand *demand,
                       double panic, struct kpa_decider_step *kpa_decider_step, struct weir__trace *trace)
{
    if (kpa_decider_step->panic_since == WEIR_TIME_NONE) {
        return;
    }
    kpa_decider_step->flags |= WEIR_FLAG_PANIC;
    if (demand->panic_pods > trace->replicas) {
        weir__trace_step(trace, WEIR_RULE_KPA_PANIC_DEMAND, -1, demand->panic_pods, panic,
                         d->config.target_value);
        if (demand->panic_want > demand->most) {
            weir__trace_step(trace, WEIR_RULE_KPA_RATE_UP, -1, trace->replicas, demand->panic_want,
                             demand->most);
            kpa_decider_step->flags |= WEIR_FLAG_RATE_LIMITED;
        }
    }
    if (trace->replicas > kpa_decider_step->max_panic_pods) {
        kpa_decider_step->max_panic_pods = trace->replicas;
    } else if (trace->replicas < kpa_decider_step->max_panic_pods) {
        weir__trace_step(trace, WEIR_RULE_KPA_PANIC_LATCH, -1, kpa_decider_step->max_panic_pods,
                         trace->replicas, kpa_decider_step->max_panic_pods);
    }
}

/* The largest wish within the delay. Only a time that goes back too far makes it fail. */
static weir_status kpa_decider_delay(weir_kpa_decider *d, weir_time now, struct kpa_decider_step *kpa_decider_step,
                         struct weir__trace *trace)
{
    weir_max_window *window = weir__decider_delay(d);
    int32_t obeyed = d->config.reachable || d->config.semantics == WEIR_SERVING_0_42;
    int32_t held;

    if (window == NULL || !obeyed) {
        return WEIR_OK;
    }
    if (weir_max_window_record(window, now, trace->replicas) != WEIR_OK) {
        return WEIR_E_PANIC;
    }
    held = weir_max_window_current(window);
    if (held != trace->replicas) {
        weir__trace_step(trace, WEIR_RULE_KPA_DELAY, -1, held, trace->replicas, held);
        kpa_decider_step->flags |= WEIR_FLAG_STABILIZED;
    }
    return WEIR_OK;
}

/* When the answer can change although the input stays the same: panic ends, or the delay does. */
static weir_time kpa_decider_next_change(const weir_kpa_decider *d, const struct kpa_decider_step *kpa_decider_step, int over,
                             int32_t before_delay, int32_t replicas)
{
    const weir_max_window *window = weir__decider_delay_of(d);
    weir_time next = WEIR_TIME_NEVER;

    if (kpa_decider_step->panic_since != WEIR_TIME_NONE && !over) {
        next = weir__add(weir__add(kpa_decider_step->panic_since, d->config.stable_window), 1);
    }
    if (window != NULL && before_delay != replicas) {
        weir_time expiry = weir__max_window_expiry(window);

        next = expiry < next ? expiry : next;
    }
    return next;
}

/* No data: nothing changes. */
static weir_status kpa_decider_no_decision(const weir_kpa_decider *d, weir_time now, weir_decision *out)
{
    out->replicas = d->desired;
    out->valid = 0;
    out->flags =
        WEIR_FLAG_METRIC_FAILED | (d->panic_since != WEIR_TIME_NONE ? WEIR_FLAG_PANIC : 0U);
    out->rule = WEIR_RULE_NO_DATA;
    out->excess_burst_capacity = 0;
    out->at = now;
    out->next = WEIR_TIME_NEVER;
    return WEIR_NO_DATA;
}

/* Whether a reconciler has to look: the wish changed, or the burst capacity changed its sign. */
static int kpa_decider_changed(const weir_kpa_decider *d, int32_t desired, int32_t excess)
{
    return d->desired != desired || (d->excess_burst_capacity < 0) != (excess < 0);
}

static void kpa_decider_put_decision(weir_kpa_decider *d, const struct kpa_decider_step *kpa_decider_step,
                         const struct weir__trace *trace, weir_decision *out)
{
    uint32_t flags = kpa_decider_step->flags;

    if (kpa_decider_changed(d, trace->replicas, kpa_decider_step->excess_burst_capacity)) {
        flags |= WEIR_FLAG_CHANGED;
    }
    d->panic_since = kpa_decider_step->panic_since;
    d->max_panic_pods = kpa_decider_step->max_panic_pods;
    d->desired = trace->replicas;
    d->excess_burst_capacity = kpa_decider_step->excess_burst_capacity;
    out->replicas = trace->replicas;
    out->valid = 1;
    out->flags = flags;
    out->rule = trace->rule;
    out->excess_burst_capacity = kpa_decider_step->excess_burst_capacity;
}

static weir_status weir__decider_step(weir_kpa_decider *d, const weir_kpa_decider_input *input,
                               weir_time now, weir_decision *out, struct weir__trace *trace)
{
    int64_t ready = input->ready_status == WEIR_OK ? input->ready : 0;
    struct kpa_decider_step kpa_decider_step = {d->panic_since, d->max_panic_pods, 0, 0};
    struct weir__kpa_demand demand;
    int32_t before_delay;
    double excess;

    if (input->ready_status < 0 || input->metric_status != WEIR_OK) {
        return kpa_decider_no_decision(d, now, out);
    }
    weir__kpa_demand(&d->config, ready, input->stable, input->panic, &demand);
    explain_demand(d, &demand, input->stable, trace, &kpa_decider_step.flags);
    panic_mode(d, &demand, now, &kpa_decider_step, trace);
    kpa_decider_panic_pods(d, &demand, input->panic, &kpa_decider_step, trace);
    before_delay = trace->replicas;
    if (kpa_decider_delay(d, now, &kpa_decider_step, trace) != WEIR_OK) {
        return WEIR_E_PANIC;
    }
    excess = weir__kpa_excess_burst(&d->config, ready, input->panic);
    kpa_decider_step.excess_burst_capacity = weir__to_i32(excess, d->config.conversion);
    weir__trace_step(trace, WEIR_RULE_KPA_BURST, -1, trace->replicas, excess,
                     d->config.target_burst_capacity);
    out->at = now;
    kpa_decider_put_decision(d, &kpa_decider_step, trace, out);
    out->next = kpa_decider_next_change(d, &kpa_decider_step, demand.over, before_delay, trace->replicas);
    return WEIR_OK;
}

weir_status weir_kpa_decider_decide(weir_kpa_decider *decider, const weir_kpa_decider_input *input,
                                    weir_time now, weir_decision *out, weir_explain *explain)
{
    struct weir__trace trace;
    weir_status status;
    int32_t ready;

    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER) || input == NULL || out == NULL) {
        return WEIR_E_ARG;
    }
    if (input->struct_size != sizeof *input || out->struct_size != sizeof *out ||
        (explain != NULL && explain->struct_size != sizeof *explain)) {
        return WEIR_E_STRUCT;
    }
    ready = input->ready_status == WEIR_OK ? kpa_decider_shown((double)input->ready) : 0;
    weir__trace_open(&trace, explain, ready);
    status = weir__decider_step(decider, input, now, out, &trace);
    if (status == WEIR_NO_DATA) {
        weir__trace_step(&trace, WEIR_RULE_NO_DATA, -1, decider->desired, 0.0, 0.0);
    } else if (status == WEIR_OK && out->replicas == 0) {
        out->flags |= WEIR_FLAG_TO_ZERO;
    }
    if (status >= WEIR_OK) {
        out->current = ready;
        out->step_count = trace.count;
    }
    return status;
}

weir_status weir_kpa_decider_tick(weir_kpa_decider *decider, const weir_kpa_decider_input *input,
                                  weir_time now, weir_decision *out, weir_explain *explain)
{
    weir_status status;

    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER)) {
        return WEIR_E_ARG;
    }
    if (now < decider->next_tick) {
        return WEIR_NOT_DUE;
    }
    status = weir_kpa_decider_decide(decider, input, now, out, explain);
    if (status >= WEIR_OK) {
        weir__decider_ticked(decider, now);
    }
    return status;
}

weir_status weir_kpa_decider_poke(weir_kpa_decider *decider, const weir_kpa_decider_input *input,
                                  double average_concurrent_requests, weir_time now,
                                  weir_decision *out, weir_explain *explain)
{
    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER)) {
        return WEIR_E_ARG;
    }
    if (decider->desired != 0 || average_concurrent_requests == 0.0) {
        return WEIR_NOT_DUE;
    }
    return weir_kpa_decider_decide(decider, input, now, out, explain);
}

weir_status weir_kpa_decider_status(const weir_kpa_decider *decider, weir_kpa_status *status,
                                    size_t struct_size)
{
    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER) || status == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *status) {
        return WEIR_E_STRUCT;
    }
    status->struct_size = (uint32_t)sizeof *status;
    status->desired = decider->desired;
    status->excess_burst_capacity = decider->excess_burst_capacity;
    status->max_panic_pods = decider->max_panic_pods;
    status->panic_since = decider->panic_since;
    status->next_tick = decider->next_tick;
    return WEIR_OK;
}

/* ---- lib/decide/kpa_decider_state.c ---- */

/*
 * decide/kpa_decider_state.c - snapshots of a decider.
 */

enum {
    kpa_decider_state_RECORD_PANIC = 0x200,
    RECORD_TICK,
    RECORD_PODS,
    RECORD_DESIRED,
    RECORD_BURST,
    RECORD_DELAY = 0x210,
    RECORD_CONFIG = 0x220
};

static void weir__decider_write(const weir_kpa_decider *d, struct weir__writer *w)
{
    weir__snapshot_i64(w, kpa_decider_state_RECORD_PANIC, d->panic_since);
    weir__snapshot_i64(w, RECORD_TICK, d->next_tick);
    weir__snapshot_i64(w, RECORD_PODS, d->max_panic_pods);
    weir__snapshot_i64(w, RECORD_DESIRED, d->desired);
    weir__snapshot_i64(w, RECORD_BURST, d->excess_burst_capacity);
    if (d->delayed) {
        weir__max_window_write(weir__decider_delay_of(d), w, RECORD_DELAY);
    }
    /* The configuration in force, which an update may have changed since the decider was made. */
    weir__config_write(&weir__kpa_decider_table, &d->config, w, RECORD_CONFIG);
}

static void weir__decider_read(const weir_kpa_decider *d, struct weir__reader *r,
                        struct weir__decider_image *image)
{
    memset(image, 0, sizeof *image);
    image->panic_since = weir__record_i64(r, kpa_decider_state_RECORD_PANIC);
    image->next_tick = weir__record_i64(r, RECORD_TICK);
    image->max_panic_pods = (int32_t)weir__record_in(r, RECORD_PODS, INT32_MIN, INT32_MAX);
    image->desired = (int32_t)weir__record_in(r, RECORD_DESIRED, INT32_MIN, INT32_MAX);
    image->excess_burst_capacity = (int32_t)weir__record_in(r, RECORD_BURST, INT32_MIN, INT32_MAX);
    if (d->delayed) {
        weir__max_window_read(weir__decider_delay_of(d), r, RECORD_DELAY, &image->delay);
    }
    weir__config_read(&weir__kpa_decider_table, &image->config, r, RECORD_CONFIG);
    if (!r->failed &&
        weir__config_check(&weir__kpa_decider_table, &image->config, NULL) != WEIR_OK) {
        r->failed = 1;
        r->missing = RECORD_CONFIG;
    }
}

static void weir__decider_commit(weir_kpa_decider *d, const struct weir__decider_image *image)
{
    d->panic_since = image->panic_since;
    d->next_tick = image->next_tick;
    d->max_panic_pods = image->max_panic_pods;
    d->desired = image->desired;
    d->excess_burst_capacity = image->excess_burst_capacity;
    d->config = image->config;
    if (d->delayed) {
        weir__max_window_commit(weir__decider_delay(d), &image->delay);
    }
}

weir_status weir_kpa_decider_save(const weir_kpa_decider *decider, uint8_t *buffer, size_t capacity,
                                  size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_KPA_DECIDER, decider->digest);
    weir__decider_write(decider, &w);
    return weir__snapshot_close(&w, need);
}

weir_status weir_kpa_decider_load(weir_kpa_decider *decider, const uint8_t *buffer, size_t length,
                                  weir_error *err)
{
    struct weir__decider_image image;
    struct weir__reader r;
    weir_status status;

    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a decider");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_KPA_DECIDER, decider->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    weir__decider_read(decider, &r, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        weir__decider_commit(decider, &image);
    }
    return status;
}

/* ---- lib/decide/kpa_reconcile.c ---- */

/*
 * decide/kpa_reconcile.c - from the decider's wish to replicas: bounds, scale to zero, mode,
 * status.
 *
 * Scale to zero has two steps. A revision that was active for a whole stable window first becomes
 * inactive, which brings the activator into the path; its pods go when a probe has reached the
 * activator and the grace period or the pod retention has passed.
 *
 * Upstream: knative.dev/serving pkg/reconciler/autoscaling/kpa/kpa.go, scaler.go, and
 * pkg/apis/autoscaling/v1alpha1/pa_lifecycle.go.
 */

/* ---- lib/decide/kpa_reconcile.h ---- */

/*
 * decide/kpa_reconcile.h - one reconcile as a part of a revision's step.
 */
#ifndef WEIR_LIB_DECIDE_KPA_RECONCILE_H
#define WEIR_LIB_DECIDE_KPA_RECONCILE_H


/* Which of the reconciler's rules had the last word; WEIR_RULE_NONE: the wish stands. */
struct weir__ruling {
    int32_t rule;
    uint32_t flags; /* WEIR_FLAG_AT_MIN, WEIR_FLAG_AT_MAX */
};

/* As weir_kpa_reconcile_step(), with checked arguments; the trace stands at the decider's wish. */
static void weir__kpa_reconcile(const weir_kpa_config *config, weir_kpa_reconciler_state *state,
                         const weir_kpa_reconcile_input *input, weir_time now,
                         weir_kpa_reconcile *out, struct weir__trace *trace,
                         struct weir__ruling *ruling);

#endif

#define ACTIVATION_BUFFER (30 * WEIR_SECOND) /* added to the progress deadline */
#define PROXY_REQUEUE     (3 * WEIR_SECOND)  /* when the activator is in the path already */
#define MIN_ACTIVATORS    2

/* One reconcile under way. */
struct kpa_reconcile_round {
    const weir_kpa_config *config;
    const weir_kpa_reconciler_state *before;
    const weir_kpa_reconcile_input *in;
    weir_time now, since; /* since: when the Active condition last changed */
    weir_kpa_reconcile *out;
    struct weir__trace *trace;
    struct weir__ruling *ruling;
};

static void kpa_reconcile_requeue(struct kpa_reconcile_round *r, weir_duration after)
{
    r->out->requeue_after[r->out->requeue_count++] = after;
}

static double kpa_reconcile_seconds(weir_duration d)
{
    return weir__seconds(d);
}

static void kpa_reconcile_step(struct kpa_reconcile_round *r, int32_t rule, int32_t pods, double measured, double limit)
{
    weir__trace_step(r->trace, rule, -1, pods, measured, limit);
    r->ruling->rule = rule;
}

/* The API keeps transition times in whole seconds. */
static weir_time as_stored(weir_time t)
{
    return weir__sub(t, weir__floor_mod(t, WEIR_SECOND));
}

/* ---- want ----------------------------------------------------------------------------------- */

/* Sets the replicas, unless they are that already. */
static int32_t apply(struct kpa_reconcile_round *r, int32_t want)
{
    int32_t current = r->in->replicas != WEIR_KPA_ABSENT ? r->in->replicas : 1;

    if (want != current) {
        r->out->patch = want;
    }
    return want;
}

/* A revision that is being activated: left alone, or given up. */
static int32_t zero_while_activating(struct kpa_reconcile_round *r)
{
    weir_duration timeout = weir__add(r->config->progress_deadline, ACTIVATION_BUFFER);
    weir_duration age = weir__sub(r->now, r->since);

    if (age > timeout) {
        kpa_reconcile_step(r, WEIR_RULE_KPA_ACTIVATION_TIMEOUT, 0, kpa_reconcile_seconds(age), kpa_reconcile_seconds(timeout));
        return apply(r, 0);
    }
    kpa_reconcile_step(r, WEIR_RULE_KPA_ACTIVATING, WEIR_REPLICAS_UNKNOWN, kpa_reconcile_seconds(age), kpa_reconcile_seconds(timeout));
    kpa_reconcile_requeue(r, timeout);
    return WEIR_REPLICAS_UNKNOWN;
}

/* An active revision: one pod until the stable window has passed, then inactive. */
static int32_t zero_while_active(struct kpa_reconcile_round *r)
{
    weir_duration window = r->config->stable_window, age = weir__sub(r->now, r->since);

    if (age < window) {
        kpa_reconcile_step(r, WEIR_RULE_KPA_STILL_ACTIVE, 1, kpa_reconcile_seconds(age), kpa_reconcile_seconds(window));
        kpa_reconcile_requeue(r, weir__sub(window, age));
        return apply(r, 1);
    }
    kpa_reconcile_step(r, WEIR_RULE_KPA_DEACTIVATE, 0, kpa_reconcile_seconds(age), kpa_reconcile_seconds(window));
    if (r->before->mode == WEIR_KPA_PROXY) {
        kpa_reconcile_requeue(r, PROXY_REQUEUE);
    }
    return 0;
}

/* Whether requests reach the activator; with a burst capacity of -1 they always do. The probe asks
 * for the service whose name the status has, which is that of the reconcile before. */
static int kpa_reconcile_probe(struct kpa_reconcile_round *r)
{
    if (r->config->target_burst_capacity == -1.0) {
        return 1;
    }
    r->out->probed = 1;
    return r->before->has_service && r->in->probe == WEIR_KPA_PROBE_OK;
}

/* An inactive revision: probe, retention, grace period, and then zero. */
static int32_t zero_while_inactive(struct kpa_reconcile_round *r)
{
    weir_duration age = weir__sub(r->now, r->since), grace = r->config->scale_to_zero_grace_period;
    weir_duration retention =
        r->in->unreachable ? 0 : r->config->scale_to_zero_pod_retention_period;
    weir_duration proxied =
        r->in->proxy_since == WEIR_TIME_NONE ? 0 : weir__sub(r->now, as_stored(r->in->proxy_since));

    if (!kpa_reconcile_probe(r)) {
        kpa_reconcile_step(r, WEIR_RULE_KPA_PROBE, 0, 0.0, 0.0);
        r->out->async_probe = 1;
        return 0;
    }
    if (age >= (grace > retention ? grace : retention)) {
        kpa_reconcile_step(r, WEIR_RULE_KPA_TO_ZERO, 0, kpa_reconcile_seconds(age),
             kpa_reconcile_seconds(grace > retention ? grace : retention));
        return apply(r, 0);
    }
    if (retention > 0 && age < retention) {
        kpa_reconcile_step(r, WEIR_RULE_KPA_RETENTION, 0, kpa_reconcile_seconds(age), kpa_reconcile_seconds(retention));
        kpa_reconcile_requeue(r, weir__sub(retention, age));
        return 0;
    }
    kpa_reconcile_step(r, WEIR_RULE_KPA_GRACE, 0, kpa_reconcile_seconds(proxied), kpa_reconcile_seconds(grace));
    if (weir__sub(grace, proxied) <= 0) {
        return apply(r, 0);
    }
    kpa_reconcile_requeue(r, weir__sub(grace, proxied));
    return 0;
}

/* What to do about a wish for no pods. */
static int32_t want_zero(struct kpa_reconcile_round *r)
{
    if (!r->config->enable_scale_to_zero) {
        kpa_reconcile_step(r, WEIR_RULE_KPA_KEEP_ONE, 1, 0.0, 1.0);
        return apply(r, 1);
    }
    switch (r->before->active) {
    case WEIR_CONDITION_UNKNOWN: return zero_while_activating(r);
    case WEIR_CONDITION_TRUE: return zero_while_active(r);
    default: return zero_while_inactive(r);
    }
}

/* Initial scale of a revision that is new: not for one without a route, but in 0.42. */
static int starts(const struct kpa_reconcile_round *r)
{
    return !r->before->initialized &&
           (!r->in->unreachable || r->config->semantics == WEIR_SERVING_0_42);
}

/* The lower bound comes first, so it wins over a smaller upper one, but only from below. */
static int32_t within_bounds(struct kpa_reconcile_round *r)
{
    int32_t pods = r->in->desired, min, max, rule = WEIR_RULE_BOUNDS_MIN;

    weir_kpa_scale_bounds(r->config, r->in->unreachable, &min, &max);
    if (r->config->initial_scale > 1 && r->config->initial_scale > min && starts(r)) {
        min = r->config->initial_scale;
        rule = WEIR_RULE_KPA_INITIAL_SCALE;
    }
    if (pods < 0 && min >= 0) { /* a revision that is being activated and wants nothing yet */
        kpa_reconcile_step(r, WEIR_RULE_KPA_UNKNOWN, 0, 0.0, 0.0);
        if (min == 0) {
            return 0; /* the lower bound has spoken: an upper one below it is not asked */
        }
        pods = 0;
    }
    if (pods < min) {
        kpa_reconcile_step(r, rule, min, pods, min);
        r->ruling->flags |= WEIR_FLAG_AT_MIN;
        return min;
    }
    if (max != 0 && pods > max) {
        kpa_reconcile_step(r, WEIR_RULE_BOUNDS_MAX, max, pods, max);
        r->ruling->flags |= WEIR_FLAG_AT_MAX;
        return max;
    }
    return pods;
}

static int32_t decide_want(struct kpa_reconcile_round *r)
{
    int32_t pods;

    if (r->in->desired < 0 && r->before->active != WEIR_CONDITION_UNKNOWN) {
        kpa_reconcile_step(r, WEIR_RULE_KPA_UNKNOWN, r->in->desired, 0.0, 0.0);
        return r->in->desired;
    }
    pods = within_bounds(r);
    return pods != 0 ? apply(r, pods) : want_zero(r);
}

/* ---- status --------------------------------------------------------------------------------- */

/* Ready pods from which on the revision counts as active. */
static int32_t active_threshold(const struct kpa_reconcile_round *r)
{
    int32_t min, max;
    int32_t least = r->before->initialized ? 1 : r->config->initial_scale;

    weir_kpa_scale_bounds(r->config, r->in->unreachable, &min, &max);
    return min > least ? min : least;
}

static void set_active(struct kpa_reconcile_round *r, int32_t min_ready)
{
    weir_kpa_reconcile *out = r->out;
    int64_t ready = out->actual_scale;
    int awake = out->want > 0 || r->before->active != WEIR_CONDITION_FALSE;

    if (out->want == 0 || min_ready == 0) {
        out->active = WEIR_CONDITION_FALSE;
        out->reason = r->before->active == WEIR_CONDITION_UNKNOWN && min_ready > 0
                          ? WEIR_KPA_REASON_TIMED_OUT
                          : WEIR_KPA_REASON_NO_TRAFFIC;
    } else if (ready < min_ready && awake) {
        out->active = WEIR_CONDITION_UNKNOWN;
        out->reason = WEIR_KPA_REASON_QUEUED;
    } else if (ready < min_ready) {
        out->active = WEIR_CONDITION_FALSE;
        out->reason = WEIR_KPA_REASON_NO_TRAFFIC;
    } else if (awake) {
        out->active = WEIR_CONDITION_TRUE;
        out->reason = WEIR_KPA_REASON_NONE;
    } /* else: as it was */
}

static int32_t all_of(int32_t a, int32_t b, int32_t c)
{
    if (a == WEIR_CONDITION_FALSE || b == WEIR_CONDITION_FALSE || c == WEIR_CONDITION_FALSE) {
        return WEIR_CONDITION_FALSE;
    }
    return a == WEIR_CONDITION_TRUE && b == WEIR_CONDITION_TRUE && c == WEIR_CONDITION_TRUE
               ? WEIR_CONDITION_TRUE
               : WEIR_CONDITION_UNKNOWN;
}

static void set_status(struct kpa_reconcile_round *r, int32_t network)
{
    weir_kpa_reconcile *out = r->out;
    int32_t min_ready = active_threshold(r);
    int32_t has_service = out->decided ? r->in->has_service : r->before->has_service;

    out->actual_scale = out->decided ? r->in->ready : 0; /* before that nobody counts */
    out->desired_scale = out->want == WEIR_REPLICAS_UNKNOWN && r->before->desired_scale >= 0
                             ? r->before->desired_scale
                             : out->want;
    out->initialized = r->before->initialized || (out->actual_scale >= min_ready && has_service);
    out->active = r->before->active;
    out->reason = r->before->reason;
    set_active(r, min_ready);
    out->active_since =
        out->active == r->before->active && out->reason == r->before->reason ? r->since : r->now;
    out->ready = all_of(out->active,
                        out->initialized ? WEIR_CONDITION_TRUE : WEIR_CONDITION_UNKNOWN, network);
}

/* ---- mode and activators -------------------------------------------------------------------- */

static void set_mode(struct kpa_reconcile_round *r, double total)
{
    weir_kpa_reconcile *out = r->out;
    double burst = r->config->target_burst_capacity, capacity;
    int tls = r->in->system_internal_tls && r->config->semantics == WEIR_SERVING_0_42;

    out->mode = out->want > 0 && r->in->excess_burst_capacity >= 0 && !tls ? WEIR_KPA_SERVE
                                                                           : WEIR_KPA_PROXY;
    out->activators = MIN_ACTIVATORS;
    if (burst != 0.0) {
        capacity = (double)r->in->ready * total;
        capacity = burst > 0.0 ? capacity + burst : capacity;
        out->activators = weir__to_i32(
            weir__max(MIN_ACTIVATORS, weir__ceil(capacity / r->config->activator_capacity)),
            r->config->conversion);
    }
}

/* ---- public --------------------------------------------------------------------------------- */

weir_status weir_kpa_reconciler_init(weir_kpa_reconciler_state *state, size_t struct_size)
{
    if (state == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *state) {
        return WEIR_E_STRUCT;
    }
    memset(state, 0, sizeof *state);
    state->struct_size = (uint32_t)sizeof *state;
    state->desired_scale = WEIR_REPLICAS_UNKNOWN;
    state->active_since = WEIR_TIME_NONE;
    return WEIR_OK;
}

weir_status weir_kpa_reconcile_input_init(weir_kpa_reconcile_input *input, size_t struct_size)
{
    if (input == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *input) {
        return WEIR_E_STRUCT;
    }
    memset(input, 0, sizeof *input);
    input->struct_size = (uint32_t)sizeof *input;
    input->desired = WEIR_REPLICAS_UNKNOWN;
    input->proxy_since = WEIR_TIME_NONE;
    return WEIR_OK;
}

static void carry_over(weir_kpa_reconciler_state *state, const weir_kpa_reconcile_input *input,
                       const weir_kpa_reconcile *out)
{
    state->has_service = out->decided ? input->has_service : state->has_service;
    state->active = out->active;
    state->reason = out->reason;
    state->initialized = out->initialized;
    state->desired_scale = out->desired_scale;
    state->mode = out->mode;
    state->active_since = as_stored(out->active_since);
}

static void weir__kpa_reconcile(const weir_kpa_config *config, weir_kpa_reconciler_state *state,
                         const weir_kpa_reconcile_input *input, weir_time now,
                         weir_kpa_reconcile *out, struct weir__trace *trace,
                         struct weir__ruling *ruling)
{
    struct kpa_reconcile_round r = {config, state, input, now, now, out, trace, ruling};
    double target, total;
    int32_t network = input->network_ready ? WEIR_CONDITION_TRUE : WEIR_CONDITION_UNKNOWN;

    memset(out, 0, sizeof *out);
    out->struct_size = (uint32_t)sizeof *out;
    out->patch = WEIR_KPA_ABSENT;
    *ruling = (struct weir__ruling){WEIR_RULE_NONE, 0};
    r.since = state->active_since != WEIR_TIME_NONE ? state->active_since : now;
    weir__kpa_target(config, &target, &total);
    if (!input->has_private_service) { /* nothing to route with: ask for it, and wait */
        out->want = WEIR_REPLICAS_UNKNOWN;
        out->mode = WEIR_KPA_PROXY;
        out->activators = MIN_ACTIVATORS;
        network = WEIR_CONDITION_UNKNOWN;
    } else {
        out->decided = 1;
        out->want = decide_want(&r);
        set_mode(&r, total);
    }
    set_status(&r, network);
    carry_over(state, input, out);
}

weir_status weir_kpa_reconcile_step(const weir_kpa_config *config, weir_kpa_reconciler_state *state,
                                    const weir_kpa_reconcile_input *input, weir_time now,
                                    weir_kpa_reconcile *out, weir_explain *explain)
{
    struct weir__trace trace;
    struct weir__ruling ruling;

    if (config == NULL || state == NULL || input == NULL || out == NULL) {
        return WEIR_E_ARG;
    }
    if (config->struct_size != sizeof *config || state->struct_size != sizeof *state ||
        input->struct_size != sizeof *input ||
        (explain != NULL && explain->struct_size != sizeof *explain)) {
        return WEIR_E_STRUCT;
    }
    weir__trace_open(&trace, explain, input->desired);
    weir__kpa_reconcile(config, state, input, now, out, &trace, &ruling);
    return WEIR_OK;
}
#undef ACTIVATION_BUFFER
#undef PROXY_REQUEUE
#undef MIN_ACTIVATORS

/* ---- lib/decide/kpa_revision.c ---- */

/*
 * decide/kpa_revision.c - one revision at work: reports in, and at every event the scale step that
 * is due and the reconciles that it calls for.
 *
 * Upstream: knative.dev/serving, the MetricCollector, the MultiScaler and the KPA reconciler as
 * the autoscaler's main() wires them: pkg/reconciler/autoscaling/kpa/controller.go says what calls
 * for a reconcile.
 */

/* A status that goes on changing is looked at again at the next event. */
#define ROUNDS_MAX 8

/* From the offer of a probe in the background to the reconcile that it asks for when it is done. */
#define PROBE_REQUEUE (2 * WEIR_SECOND)

weir_status weir_kpa_record(weir_kpa *kpa, weir_time at, const weir_kpa_stat *stat)
{
    weir_status status;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_E_ARG;
    }
    status = weir_kpa_collector_record(weir_kpa_get_collector(kpa), at, stat);
    if (status == WEIR_OK && weir__kpa_decider_of(kpa)->desired == 0 &&
        stat->average_concurrent_requests != 0.0) {
        kpa->poked = 1;
    }
    return status;
}

weir_status weir_kpa_set_idle(weir_kpa *kpa, weir_time now)
{
    weir_kpa_decider *decider;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_E_ARG;
    }
    decider = weir__kpa_decider(kpa);
    decider->desired = 0;
    decider->excess_burst_capacity =
        weir__to_i32(weir__kpa_excess_burst(&decider->config, 0, 0.0), decider->config.conversion);
    kpa->reconciler.active = WEIR_CONDITION_FALSE;
    kpa->reconciler.reason = WEIR_KPA_REASON_NO_TRAFFIC;
    kpa->reconciler.active_since = weir__sub(now, weir__floor_mod(now, WEIR_SECOND));
    kpa->reconciler.initialized = 1;
    kpa->reconciler.desired_scale = 0;
    kpa->reconciler.has_service = 1;
    return WEIR_OK;
}

/* ---- the scale step ------------------------------------------------------------------------- */

/* What the decider is to look at. */
static void kpa_revision_gather(const weir_kpa *kpa, int64_t ready, weir_time now, weir_kpa_decider_input *input)
{
    weir_kpa_averages averages = {0.0, 0.0};

    weir_kpa_decider_input_init(input, sizeof *input);
    input->ready = ready;
    input->ready_status = ready < 0 ? WEIR_E_RANGE : WEIR_OK;
    input->metric_status =
        weir_kpa_collector_read(weir__kpa_collector_of(kpa), kpa->metric, now, &averages);
    input->stable = averages.stable;
    input->panic = averages.panic;
}

/* A valid decision also changes when a bucket of a window ages. */
static void look_at_ageing(const weir_kpa *kpa, weir_time now, weir_decision *out)
{
    weir_time ageing = weir_kpa_collector_next(weir__kpa_collector_of(kpa), now);

    out->next = ageing < out->next ? ageing : out->next;
}

weir_status weir_kpa_decide(weir_kpa *kpa, int64_t ready, int32_t reachable, weir_time now,
                            weir_decision *out, weir_explain *explain)
{
    weir_kpa_decider_input input;
    weir_kpa_decider *decider;
    weir_status status;
    int32_t was_reachable;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_E_ARG;
    }
    decider = weir__kpa_decider(kpa);
    kpa_revision_gather(kpa, ready, now, &input);
    was_reachable = decider->config.reachable;
    decider->config.reachable = reachable != 0;
    status = now >= decider->next_tick
                 ? weir_kpa_decider_tick(decider, &input, now, out, explain)
                 : weir_kpa_decider_decide(decider, &input, now, out, explain);
    if (status < WEIR_OK) {
        decider->config.reachable = was_reachable;
        return status;
    }
    kpa->poked = 0;
    if (status == WEIR_OK) {
        look_at_ageing(kpa, now, out);
    }
    return status;
}

/* ---- the whole revision --------------------------------------------------------------------- */

/* The scale step of a tick or a poke. */
static weir_status kpa_revision_scale(weir_kpa *kpa, const weir_kpa_reconcile_input *cluster, weir_time now,
                         weir_decision *out, struct weir__trace *trace)
{
    weir_kpa_decider *decider = weir__kpa_decider(kpa);
    int32_t was_reachable = decider->config.reachable;
    weir_kpa_decider_input input;
    weir_status status;

    kpa_revision_gather(kpa, cluster->ready, now, &input);
    decider->config.reachable = !cluster->unreachable;
    status = weir__decider_step(decider, &input, now, out, trace);
    if (status < WEIR_OK) {
        decider->config.reachable = was_reachable;
        return status;
    }
    kpa->poked = 0;
    if (now >= decider->next_tick) {
        weir__decider_ticked(decider, now);
    }
    if (status == WEIR_OK) {
        kpa->wish_rule = out->rule;
        look_at_ageing(kpa, now, out);
    } else {
        weir__trace_step(trace, WEIR_RULE_NO_DATA, -1, trace->replicas, 0.0, 0.0);
    }
    return status;
}

/* An event without a scale step: the wish is what it was, until the next tick. */
static void no_scale(const weir_kpa *kpa, weir_time now, weir_decision *out)
{
    const weir_kpa_decider *decider = weir__kpa_decider_of(kpa);

    out->flags = decider->panic_since != WEIR_TIME_NONE ? WEIR_FLAG_PANIC : 0U;
    out->rule = kpa->wish_rule;
    out->valid = 0;
    out->at = now;
    out->next = decider->next_tick;
}

/* Whether the cluster is another one than at the last reconcile. */
static int kpa_revision_is_new(const weir_kpa_reconcile_input *seen, const weir_kpa_reconcile_input *now)
{
    return seen->ready != now->ready || seen->unreachable != now->unreachable ||
           seen->has_private_service != now->has_private_service ||
           seen->has_service != now->has_service || seen->network_ready != now->network_ready ||
           seen->proxy_since != now->proxy_since ||
           seen->system_internal_tls != now->system_internal_tls;
}

static void kpa_revision_requeue(weir_kpa *kpa, weir_time at)
{
    kpa->requeue_at = at < kpa->requeue_at ? at : kpa->requeue_at;
}

/* Takes steps back that say nothing new. */
static void take_back(struct weir__trace *trace, const struct weir__trace *before, uint32_t count)
{
    *trace = *before;
    if (trace->explain != NULL && trace->explain->dropped == 0) {
        trace->explain->count = count;
    }
}

/* Reconciles until the status stays: a status that changed is an event of its own. Gives the size
 * of the deployment afterwards. */
static int32_t kpa_revision_reconcile(weir_kpa *kpa, const weir_kpa_reconcile_input *cluster, weir_time now,
                         int scaled, struct weir__trace *trace)
{
    const weir_kpa_decider *decider = weir__kpa_decider_of(kpa);
    weir_kpa_reconcile_input input = *cluster;
    weir_kpa_reconciler_state before;
    struct weir__ruling ruling = {WEIR_RULE_NONE, 0};

    input.desired = decider->desired;
    input.excess_burst_capacity = decider->excess_burst_capacity;
    if (kpa->requeue_at <= now) {
        kpa->requeue_at = WEIR_TIME_NEVER;
    }
    for (int round = 0; round < ROUNDS_MAX; round++) {
        struct weir__trace start = *trace;
        uint32_t steps = trace->explain != NULL ? trace->explain->count : 0;
        int32_t ruled = ruling.rule;

        if (round > 0 || !scaled) {
            weir__trace_step(trace, WEIR_RULE_KPA_WISH, -1, decider->desired, 0.0, 0.0);
        }
        before = kpa->reconciler;
        weir__kpa_reconcile(&kpa->config, &kpa->reconciler, &input, now, &kpa->last, trace,
                            &ruling);
        for (int32_t i = 0; i < kpa->last.requeue_count; i++) {
            kpa_revision_requeue(kpa, weir__add(now, kpa->last.requeue_after[i]));
        }
        if (kpa->last.async_probe) {
            kpa_revision_requeue(kpa, weir__add(now, PROBE_REQUEUE));
        }
        if (kpa->last.patch != WEIR_KPA_ABSENT) {
            input.replicas = kpa->last.patch;
        }
        if (round > 0 && ruling.rule == ruled && trace->replicas == start.replicas) {
            take_back(trace, &start, steps);
        }
        if (memcmp(&before, &kpa->reconciler, sizeof before) == 0) {
            break;
        }
    }
    kpa->ruled = ruling.rule;
    kpa->flags = ruling.flags;
    kpa->seen = input;
    kpa->reconciled = 1;
    return input.replicas;
}

weir_status weir_kpa_step(weir_kpa *kpa, const weir_kpa_reconcile_input *cluster, weir_time now,
                          weir_decision *out, weir_explain *explain)
{
    struct weir__trace trace;
    weir_status status = WEIR_OK;
    int32_t replicas, current;
    int ticks, reconciles;

    if (!weir__block_is(kpa, WEIR_KIND_KPA) || cluster == NULL || out == NULL) {
        return WEIR_E_ARG;
    }
    if (cluster->struct_size != sizeof *cluster || out->struct_size != sizeof *out ||
        (explain != NULL && explain->struct_size != sizeof *explain)) {
        return WEIR_E_STRUCT;
    }
    current = cluster->replicas != WEIR_KPA_ABSENT ? cluster->replicas : 1;
    replicas = current;
    weir__trace_open(&trace, explain, current);
    ticks = kpa->poked || now >= weir__kpa_decider_of(kpa)->next_tick;
    if (ticks) {
        status = kpa_revision_scale(kpa, cluster, now, out, &trace);
        if (status < WEIR_OK) {
            return status;
        }
    } else {
        no_scale(kpa, now, out);
    }
    reconciles = !ticks || (out->flags & WEIR_FLAG_CHANGED) || kpa->requeue_at <= now ||
                 kpa_revision_is_new(&kpa->seen, cluster);
    if (reconciles && cluster->ready >= 0) {
        int32_t left = kpa_revision_reconcile(kpa, cluster, now, ticks && status == WEIR_OK, &trace);

        replicas = left != WEIR_KPA_ABSENT ? left : 1;
        out->valid = 1;
        out->flags |= replicas != current ? WEIR_FLAG_APPLY : 0U;
        out->rule = kpa->ruled != WEIR_RULE_NONE ? kpa->ruled : kpa->wish_rule;
    } else if (out->valid && trace.replicas != replicas && kpa->ruled != WEIR_RULE_NONE) {
        out->rule = kpa->ruled;
    }
    if (trace.replicas != replicas) {
        weir__trace_step(&trace, WEIR_RULE_KPA_KEPT, -1, replicas, kpa->last.want, replicas);
    }
    out->flags |= kpa->flags | (replicas == 0 ? WEIR_FLAG_TO_ZERO : 0U) |
                  (kpa->reconciler.mode == WEIR_KPA_PROXY ? WEIR_FLAG_PROXY : 0U);
    out->replicas = replicas;
    out->current = current;
    out->excess_burst_capacity = weir__kpa_decider_of(kpa)->excess_burst_capacity;
    out->step_count = trace.count;
    if (kpa->requeue_at < out->next && kpa->requeue_at > now) {
        out->next = kpa->requeue_at;
    }
    return out->valid ? WEIR_OK : WEIR_NO_DATA;
}

weir_time weir_kpa_due(const weir_kpa *kpa)
{
    weir_time tick;

    if (!weir__block_is(kpa, WEIR_KIND_KPA)) {
        return WEIR_TIME_NEVER;
    }
    tick = weir__kpa_decider_of(kpa)->next_tick;
    return kpa->requeue_at < tick ? kpa->requeue_at : tick;
}

weir_status weir_kpa_get_reconcile(const weir_kpa *kpa, weir_kpa_reconcile *kpa_revision_reconcile,
                                   size_t struct_size)
{
    if (!weir__block_is(kpa, WEIR_KIND_KPA) || kpa_revision_reconcile == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *kpa_revision_reconcile) {
        return WEIR_E_STRUCT;
    }
    *kpa_revision_reconcile = kpa->last;
    return kpa->reconciled ? WEIR_OK : WEIR_NO_DATA;
}

weir_kpa_reconciler_state *weir_kpa_get_reconciler(weir_kpa *kpa)
{
    return weir__block_is(kpa, WEIR_KIND_KPA) ? &kpa->reconciler : NULL;
}

weir_status weir_kpa_get_status(const weir_kpa *kpa, weir_kpa_status *status, size_t struct_size)
{
    return weir__block_is(kpa, WEIR_KIND_KPA)
               ? weir_kpa_decider_status(weir__kpa_decider_of(kpa), status, struct_size)
               : WEIR_E_ARG;
}
#undef ROUNDS_MAX
#undef PROBE_REQUEUE

/* ---- lib/decide/kpa_stats.c ---- */

/*
 * decide/kpa_stats.c - requests to reports: queue-proxy, activator, and the scraper's
 * extrapolation.
 *
 *   average concurrency = sum of (requests in flight * seconds) / seconds
 *   sample size = ceil(n * S / (n + S - 1)), S = 1.96^2 * 100 / 25
 *
 * Upstream: knative.dev/networking pkg/http/stats/request.go; knative.dev/serving pkg/activator/
 * handler/concurrency_reporter.go, pkg/autoscaler/metrics/stats_scraper.go.
 */

/* ---- queue-proxy ---------------------------------------------------------------------------- */

static int is_requests(const weir_kpa_requests *r)
{
    return r != NULL && r->struct_size == sizeof *r;
}

weir_status weir_kpa_requests_init(weir_kpa_requests *requests, size_t struct_size, weir_time start)
{
    if (requests == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *requests) {
        return WEIR_E_STRUCT;
    }
    memset(requests, 0, sizeof *requests);
    requests->struct_size = (uint32_t)sizeof *requests;
    requests->last_change = start;
    return WEIR_OK;
}

static void kpa_stats_advance(weir_kpa_requests *r, weir_time at)
{
    weir_duration passed = weir__sub(at, r->last_change);

    if (passed > 0) {
        double seconds = weir__seconds(passed);

        r->seconds += seconds;
        r->busy += r->in_flight * seconds;
        r->proxied_busy += r->proxied * seconds;
        r->last_change = at;
    }
}

weir_status weir_kpa_requests_event(weir_kpa_requests *requests, int32_t event, weir_time at)
{
    weir_kpa_requests *r = requests;

    if (!is_requests(r) || event < WEIR_KPA_REQUEST_IN || event > WEIR_KPA_REQUEST_PROXIED_OUT) {
        return WEIR_E_ARG;
    }
    kpa_stats_advance(r, at);
    switch (event) {
    case WEIR_KPA_REQUEST_PROXIED_IN:
        r->proxied += 1.0;
        r->proxied_count += 1.0;
        r->in_flight += 1.0;
        r->count += 1.0;
        break;
    case WEIR_KPA_REQUEST_IN:
        r->in_flight += 1.0;
        r->count += 1.0;
        break;
    case WEIR_KPA_REQUEST_PROXIED_OUT:
        r->proxied -= 1.0;
        r->in_flight -= 1.0;
        break;
    default: r->in_flight -= 1.0; break;
    }
    return WEIR_OK;
}

weir_status weir_kpa_requests_report(weir_kpa_requests *requests, weir_time at, weir_kpa_stat *stat)
{
    weir_kpa_requests *r = requests;

    if (!is_requests(r) || stat == NULL) {
        return WEIR_E_ARG;
    }
    kpa_stats_advance(r, at);
    stat->average_concurrent_requests = r->seconds > 0.0 ? r->busy / r->seconds : 0.0;
    stat->average_proxied_concurrent_requests =
        r->seconds > 0.0 ? r->proxied_busy / r->seconds : 0.0;
    stat->request_count = r->count;
    stat->proxied_request_count = r->proxied_count;
    r->count = r->proxied_count = r->busy = r->proxied_busy = r->seconds = 0.0;
    return WEIR_OK;
}

/* ---- activator ------------------------------------------------------------------------------ */

weir_status weir_kpa_activator_init(weir_kpa_activator *activator, size_t struct_size)
{
    if (activator == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *activator) {
        return WEIR_E_STRUCT;
    }
    memset(activator, 0, sizeof *activator);
    activator->struct_size = (uint32_t)sizeof *activator;
    return WEIR_OK;
}

static int is_activator(const weir_kpa_activator *a)
{
    return a != NULL && a->struct_size == sizeof *a;
}

weir_status weir_kpa_activator_event(weir_kpa_activator *activator, int32_t event, weir_time at,
                                     weir_kpa_stat *stat)
{
    weir_kpa_activator *a = activator;
    int is_new;

    if (!is_activator(a) || stat == NULL ||
        (event != WEIR_KPA_REQUEST_IN && event != WEIR_KPA_REQUEST_OUT)) {
        return WEIR_E_ARG;
    }
    is_new = event == WEIR_KPA_REQUEST_IN && !a->known;
    if (is_new) {
        a->known = 1;
        a->first = 1.0;
        weir_kpa_requests_init(&a->requests, sizeof a->requests, at);
    }
    a->in_flight += event == WEIR_KPA_REQUEST_IN ? 1 : -1;
    if (a->known) {
        weir_kpa_requests_event(&a->requests, event, at);
    }
    if (!is_new) {
        return WEIR_END;
    }
    *stat = (weir_kpa_stat){1.0, 0.0, 1.0, 0.0};
    return WEIR_OK;
}

weir_status weir_kpa_activator_report(weir_kpa_activator *activator, weir_time at,
                                      weir_kpa_stat *stat)
{
    weir_kpa_activator *a = activator;

    if (!is_activator(a) || stat == NULL) {
        return WEIR_E_ARG;
    }
    if (!a->known) {
        return WEIR_END;
    }
    weir_kpa_requests_report(&a->requests, at, stat);
    if (stat->average_concurrent_requests == 0.0 && a->in_flight == 0) {
        a->known = 0;
    }
    stat->average_concurrent_requests =
        weir__max(stat->average_concurrent_requests - a->first, 0.0);
    stat->request_count -= a->first;
    a->first = 0.0;
    return WEIR_OK;
}

/* ---- scraper -------------------------------------------------------------------------------- */

int64_t weir_kpa_sample_size(int64_t pods)
{
    const double s = 15.3664; /* 95 % confidence: 1.96^2 * 100 / 25 */
    double n = (double)pods;

    if (pods <= 3) {
        return pods > 0 ? pods : 0;
    }
    return weir__f64_to_i64(weir__ceil(n * s / (n + s - 1.0)));
}

/* Asks the pods of one age in order, until the sample is full. */
static void kpa_stats_ask(const weir_kpa_pod *pods, size_t count, double window, int old, int64_t sample,
                weir_kpa_stat *sum, int64_t *answered, int64_t *asked)
{
    for (size_t i = 0; i < count && *answered < sample; i++) {
        const weir_kpa_stat *stat = &pods[i].stat;

        if ((pods[i].age >= window) != old) {
            continue;
        }
        (*asked)++;
        if (pods[i].failed) {
            continue;
        }
        (*answered)++;
        sum->average_concurrent_requests += stat->average_concurrent_requests;
        sum->average_proxied_concurrent_requests += stat->average_proxied_concurrent_requests;
        sum->request_count += stat->request_count;
        sum->proxied_request_count += stat->proxied_request_count;
    }
}

weir_status weir_kpa_scrape(const weir_kpa_pod *pods, size_t count, double window,
                            weir_kpa_stat *stat, int64_t *asked)
{
    int64_t sample = weir_kpa_sample_size((int64_t)count), answered = 0, tried = 0;
    weir_kpa_stat sum = {0.0, 0.0, 0.0, 0.0};
    double part = (double)sample, all = (double)count;

    if ((pods == NULL && count > 0) || stat == NULL) {
        return WEIR_E_ARG;
    }
    kpa_stats_ask(pods, count, window, 1, sample, &sum, &answered, &tried);
    kpa_stats_ask(pods, count, window, 0, sample, &sum, &answered, &tried);
    if (asked != NULL) {
        *asked = tried;
    }
    if (count == 0) {
        return WEIR_END;
    }
    if (answered < sample) {
        return WEIR_E_IO;
    }
    stat->average_concurrent_requests = sum.average_concurrent_requests / part * all;
    stat->average_proxied_concurrent_requests =
        sum.average_proxied_concurrent_requests / part * all;
    stat->request_count = sum.request_count / part * all;
    stat->proxied_request_count = sum.proxied_request_count / part * all;
    return WEIR_OK;
}

/* ---- lib/replay/plant.c ---- */

/*
 * replay/plant.c - pods over time: asked for, ready after pod_start, gone after pod_stop.
 *
 * Scaling down takes pods that are still starting first, the newest of them first, as the
 * ReplicaSet controller prefers; they are gone at once.
 */

/* ---- lib/replay/plant.h ---- */

/*
 * replay/plant.h - the cluster of a replay: pods that start, are ready, and stop.
 *
 * Pods are kept as batches that were asked for, or told to stop, at the same time.
 */
#ifndef WEIR_LIB_REPLAY_PLANT_H
#define WEIR_LIB_REPLAY_PLANT_H


struct weir__batch {
    weir_time at; /* when the pods will be ready, or gone */
    int64_t pods;
};

/* A queue of batches in order of time. */
struct weir__queue {
    int32_t first, length, capacity;
    int32_t reserved;
    int64_t pods; /* of all batches */
};

/* How long something was so, in all. */
struct weir__span {
    int64_t on;      /* 1: it is so */
    weir_time since; /* counted up to here */
    int64_t total;   /* ns */
};

/* What was, integrated over time. Brought up to date only where something changes, so that a sum
 * does not depend on how often anybody looked. */
struct weir__sums {
    weir_time since; /* pods are counted up to here */
    double replica_seconds, ready_seconds;
    int64_t peak;
    struct weir__span zero, overload;
};

struct weir__plant {
    weir_time now;
    weir_duration pod_start, pod_stop;
    int64_t wanted, ready; /* wanted: the ready and the starting ones */
    struct weir__queue starting, stopping;
    double load, pod_capacity; /* pod_capacity 0: it is not known what a pod can take */
    struct weir__sums sums;
    int64_t pods_max;    /* room for single pods behind the batches; 0: nobody looks at them */
    int64_t pods_marked; /* of these, marked as ready */
};

/* Batches that a queue needs so that none has to join another one at one change a second. */
static int32_t weir__plant_batches(weir_duration delay);

/* Bytes behind the plant: the batches of both queues, then the single pods. */
static size_t weir__plant_bytes(const struct weir__plant *plant);

/* Begins with `replicas` ready pods. The capacities and durations are set already. */
static void weir__plant_begin(struct weir__plant *plant, struct weir__batch *memory, weir_time now,
                       int64_t replicas);
static void weir__plant_advance(struct weir__plant *plant, const struct weir__batch *memory,
                         weir_time now);
static void weir__plant_scale(struct weir__plant *plant, struct weir__batch *memory, int64_t replicas);
static void weir__plant_load(struct weir__plant *plant, double load);

/* When the next pods become ready by themselves; WEIR_TIME_NEVER: none are starting. */
static weir_time weir__plant_next_ready(const struct weir__plant *plant, const struct weir__batch *memory);

/* The single pods, the oldest first; terminating ones are not among them. NULL without room. */
static const weir_pod *weir__plant_look(struct weir__plant *plant, struct weir__batch *memory);

/* Turns a span on or off at a time. */
static inline void weir__span_set(struct weir__span *span, int on, weir_time now)
{
    if (span->on != on) {
        span->total += span->on ? now - span->since : 0;
        span->since = now;
        span->on = on;
    }
}

/* Its length in seconds by `now`. */
static inline double weir__span_seconds(const struct weir__span *span, weir_time now)
{
    return (double)(span->total + (span->on ? now - span->since : 0)) / 1e9;
}

/* The sums by `now`, which is the plant's time or later and before its next event. */
static double weir__plant_replica_seconds(const struct weir__plant *plant);
static double weir__plant_ready_seconds(const struct weir__plant *plant);

#endif

/* Pods of the beginning are not new: they were started so long before. */
#define OLD (INT64_C(3600) * WEIR_SECOND)

static int32_t weir__plant_batches(weir_duration delay)
{
    return (int32_t)(delay / WEIR_SECOND + 2);
}

static size_t weir__plant_bytes(const struct weir__plant *p)
{
    size_t batches = (size_t)p->starting.capacity + (size_t)p->stopping.capacity;

    return batches * sizeof(struct weir__batch) + (size_t)p->pods_max * sizeof(weir_pod);
}

static weir_pod *single_pods(const struct weir__plant *p, struct weir__batch *memory)
{
    return (weir_pod *)(void *)(memory + p->starting.capacity + p->stopping.capacity);
}

static int32_t plant_place_of(const struct weir__queue *q, int32_t i)
{
    int32_t place = q->first + i;

    return place < q->capacity ? place : place - q->capacity;
}

/* A full queue lets the batch join the newest one, which then comes a little later. */
static void plant_push(struct weir__queue *q, struct weir__batch *ring, weir_time at, int64_t pods)
{
    struct weir__batch *newest;

    if (q->length == 0 || (q->length < q->capacity && ring[plant_place_of(q, q->length - 1)].at != at)) {
        q->length++;
        ring[plant_place_of(q, q->length - 1)].pods = 0;
    }
    newest = &ring[plant_place_of(q, q->length - 1)];
    newest->at = at;
    newest->pods += pods;
    q->pods += pods;
}

/* Takes up to `pods` from the newest batches; gives how many were there. */
static int64_t take_newest(struct weir__queue *q, struct weir__batch *ring, int64_t pods)
{
    int64_t taken = 0;

    while (q->length > 0 && taken < pods) {
        struct weir__batch *newest = &ring[plant_place_of(q, q->length - 1)];
        int64_t part = newest->pods < pods - taken ? newest->pods : pods - taken;

        newest->pods -= part;
        taken += part;
        q->length -= newest->pods == 0;
    }
    q->pods -= taken;
    return taken;
}

/* ---- sums ----------------------------------------------------------------------------------- */

static int64_t in_existence(const struct weir__plant *p)
{
    return p->wanted + p->stopping.pods;
}

static double pods_over(int64_t pods, const struct weir__plant *p)
{
    return (double)pods * ((double)(p->now - p->sums.since) / 1e9);
}

static double weir__plant_replica_seconds(const struct weir__plant *p)
{
    return p->sums.replica_seconds + pods_over(in_existence(p), p);
}

static double weir__plant_ready_seconds(const struct weir__plant *p)
{
    return p->sums.ready_seconds + pods_over(p->ready, p);
}

/* Counts the pods as they were, before something changes now. */
static void plant_count(struct weir__plant *p)
{
    p->sums.replica_seconds = weir__plant_replica_seconds(p);
    p->sums.ready_seconds = weir__plant_ready_seconds(p);
    p->sums.since = p->now;
}

/* What is so from now on. */
static void judge(struct weir__plant *p)
{
    int64_t pods = in_existence(p);

    p->sums.peak = pods > p->sums.peak ? pods : p->sums.peak;
    weir__span_set(&p->sums.zero, pods == 0, p->now);
    weir__span_set(&p->sums.overload,
                   p->pod_capacity > 0 && p->load > (double)p->ready * p->pod_capacity, p->now);
}

static void weir__plant_load(struct weir__plant *p, double load)
{
    if (load != p->load) {
        p->load = load;
        judge(p);
    }
}

/* ---- time ----------------------------------------------------------------------------------- */

static void weir__plant_begin(struct weir__plant *p, struct weir__batch *memory, weir_time now,
                       int64_t replicas)
{
    weir_pod *pods = single_pods(p, memory);

    p->now = now;
    p->wanted = replicas;
    p->ready = replicas;
    p->sums.since = now;
    for (int64_t i = 0; i < replicas && i < p->pods_max; i++) {
        pods[i].started = weir__sub(now, OLD);
        pods[i].ready_since = pods[i].started;
        pods[i].ready = 1;
        p->pods_marked = i + 1;
    }
    judge(p);
}

/* The queue whose first batch comes next; NULL when nothing is under way. */
static struct weir__queue *next_queue(struct weir__plant *p, const struct weir__batch *memory,
                                      const struct weir__batch **batch)
{
    const struct weir__batch *start = memory + p->starting.first;
    const struct weir__batch *stop = memory + p->starting.capacity + p->stopping.first;
    struct weir__queue *q = p->starting.length > 0 ? &p->starting : NULL;

    *batch = start;
    if (p->stopping.length > 0 && (q == NULL || stop->at < start->at)) {
        q = &p->stopping;
        *batch = stop;
    }
    return q;
}

static weir_time weir__plant_next_ready(const struct weir__plant *p, const struct weir__batch *memory)
{
    return p->starting.length > 0 ? memory[p->starting.first].at : WEIR_TIME_NEVER;
}

static void weir__plant_advance(struct weir__plant *p, const struct weir__batch *memory, weir_time now)
{
    const struct weir__batch *batch;
    struct weir__queue *q;

    if (p->starting.length == 0 && p->stopping.length == 0) {
        p->now = now;
        return;
    }
    while ((q = next_queue(p, memory, &batch)) != NULL && batch->at <= now) {
        p->now = batch->at > p->now ? batch->at : p->now;
        plant_count(p);
        p->ready += q == &p->starting ? batch->pods : 0;
        q->pods -= batch->pods;
        q->first = plant_place_of(q, 1);
        q->length--;
        judge(p);
    }
    p->now = now;
}

/* ---- scaling -------------------------------------------------------------------------------- */

static void add_singles(const struct weir__plant *p, struct weir__batch *memory, int64_t before)
{
    weir_pod *pods = single_pods(p, memory);

    for (int64_t i = before; i < p->wanted && i < p->pods_max; i++) {
        pods[i].started = p->now;
        pods[i].ready_since = p->now; /* the condition was set to false then */
        pods[i].ready = 0;
        pods[i].deleted = 0;
    }
}

static void weir__plant_scale(struct weir__plant *p, struct weir__batch *memory, int64_t replicas)
{
    int64_t change = replicas - p->wanted, before = p->wanted;

    if (change == 0) {
        return;
    }
    plant_count(p);
    p->wanted = replicas;
    if (change > 0) {
        if (p->pod_start > 0) {
            plant_push(&p->starting, memory, weir__add(p->now, p->pod_start), change);
        } else {
            p->ready += change;
        }
        add_singles(p, memory, before);
    } else {
        int64_t ready = -change - take_newest(&p->starting, memory, -change);

        p->ready -= ready;
        p->pods_marked = p->pods_marked < p->ready ? p->pods_marked : p->ready;
        if (ready > 0 && p->pod_stop > 0) {
            plant_push(&p->stopping, memory + p->starting.capacity, weir__add(p->now, p->pod_stop),
                 ready);
        }
    }
    judge(p);
}

static const weir_pod *weir__plant_look(struct weir__plant *p, struct weir__batch *memory)
{
    weir_pod *pods = single_pods(p, memory);

    if (p->pods_max == 0) {
        return NULL;
    }
    for (; p->pods_marked < p->ready && p->pods_marked < p->pods_max; p->pods_marked++) {
        weir_pod *pod = &pods[p->pods_marked];

        pod->ready = 1;
        pod->ready_since = weir__add(pod->started, p->pod_start);
    }
    return pods;
}
#undef OLD

/* ---- lib/replay/replay.c ---- */

/*
 * replay/replay.c - rows to samples, samples to decisions when they are due, and pods that follow.
 *
 * Events are taken in order of time; at one time first pods become ready or go, then the sample is
 * recorded, then the decision is made.
 */

/* ---- lib/replay/state.h ---- */

/*
 * replay/state.h - the block of a replay, and its files' part of it.
 */
#ifndef WEIR_LIB_REPLAY_STATE_H
#define WEIR_LIB_REPLAY_STATE_H


/* ---- lib/replay/sampler.h ---- */

/*
 * replay/sampler.h - rows of a trace to the samples that a scraper would have taken.
 */
#ifndef WEIR_LIB_REPLAY_SAMPLER_H
#define WEIR_LIB_REPLAY_SAMPLER_H


/* What is known of one series. */
struct weir__held {
    weir_time at;   /* of its newest row; WEIR_TIME_NONE: there was none */
    double value;   /* of that row */
    double sum;     /* of the rows since the last sample */
    int64_t rows;   /* their number */
    int64_t status; /* of the newest row */
};

struct weir__sampler {
    weir_time start;        /* samples are taken at start + k * interval */
    weir_duration interval; /* > 0 */
    weir_duration hold;
    int64_t newest; /* 1: the newest row counts, and that it no longer stands is a sample too */
    weir_time next; /* next sample; WEIR_TIME_NEVER: no row stands any more */
    int64_t series; /* in use: 0 ... series - 1 */
    struct weir__held held[WEIR_REPLAY_SERIES_MAX];
};

static void weir__sampler_begin(struct weir__sampler *s, weir_time start, weir_duration interval,
                         weir_duration hold, int newest);

/* Takes a row in, which is not before the next sample less an interval. */
static void weir__sampler_put(struct weir__sampler *s, const weir_reading *row, size_t count);

/* Whether a row of so many series at this time would be the next sample as it is. */
static int weir__sampler_is_due(const struct weir__sampler *s, weir_time at, size_t count);

/* Takes such a row, and its sample at once. Only where the newest row counts. */
static void weir__sampler_pass(struct weir__sampler *s, const weir_reading *row, size_t count);

/* Takes the next sample: at most WEIR_REPLAY_SERIES_MAX readings; their number. */
static size_t weir__sampler_take(struct weir__sampler *s, weir_reading *sample);

#endif

/* ---- lib/replay/score.h ---- */

/*
 * replay/score.h - what a replay's decisions came to.
 */
#ifndef WEIR_LIB_REPLAY_SCORE_H
#define WEIR_LIB_REPLAY_SCORE_H


struct weir__score {
    int64_t decisions, invalid, scale_ups, scale_downs, reversals, cold_starts;
    int64_t direction; /* of the last change: 1 up, -1 down, 0 none yet */
    struct weir__span panic, proxy;
    uint64_t digest;
};

static void weir__score_begin(struct weir__score *score);

/* A decision, the pods wanted before it and after it. */
static void weir__score_decision(struct weir__score *score, const weir_decision *decision, int64_t before,
                          int64_t after);

/* Decisions without data that were passed over. */
static void weir__score_skipped(struct weir__score *score, int64_t count);

#endif

/* ---- lib/replay/traffic.h ---- */

/*
 * replay/traffic.h - requests one by one: who holds them, who runs them, what is reported of them.
 *
 * All pods together are one server that runs as many requests at once as its ready pods take; that
 * is a perfect balance over the pods, and a scrape of every one of them.
 */
#ifndef WEIR_LIB_REPLAY_TRAFFIC_H
#define WEIR_LIB_REPLAY_TRAFFIC_H


/* A request that runs: its end; and one that waits: its arrival and how long it will run. */
struct weir__running {
    weir_time end;
    int64_t proxied; /* 1: it came through the activator */
};
struct weir__waiting {
    weir_time arrival;
    weir_duration duration;
    int64_t proxied;
};

struct weir__traffic {
    int64_t max;  /* room for requests; 0: there is no traffic */
    int64_t each; /* requests that a pod takes at once, 0: any number */
    int64_t ready;
    int64_t proxied; /* 1: requests go through the activator */
    weir_time now;
    int64_t any;           /* 1: there was a request */
    weir_time origin;      /* reports come at whole seconds from here on */
    weir_time next_report; /* WEIR_TIME_NEVER: there is nobody to report */
    weir_time first_at;    /* of the activator's report at once; WEIR_TIME_NONE: none is pending */
    weir_kpa_stat first;
    weir_kpa_requests pods;
    weir_kpa_activator activator;
    int64_t running, waiting, waiting_first;
    /* Workers that send the next request when the last one was answered. */
    weir_time workers_until;
    weir_duration service_time;
    int64_t completed, held;
    weir_duration longest;
    double waited; /* seconds, of all */
    int64_t waits[WEIR_WAITS_BUCKETS];
};

/* Bytes behind the traffic: the heap of the running requests, then the ring of the waiting ones. */
static size_t weir__traffic_bytes(int64_t max);

static void weir__traffic_begin(struct weir__traffic *t, int64_t max, int64_t each, weir_time now,
                         int64_t ready);

/* Answers the requests that end by `now`. WEIR_OK or WEIR_E_LIMIT. */
static weir_status weir__traffic_advance(struct weir__traffic *t, void *memory, weir_time now);

/* A request at the time advanced to. WEIR_OK or WEIR_E_LIMIT. */
static weir_status weir__traffic_arrive(struct weir__traffic *t, void *memory, weir_duration duration);

/* The pods that are ready from the time advanced to on, and the mode. */
static void weir__traffic_pods(struct weir__traffic *t, void *memory, int64_t ready, int proxied);

/* The reports of the second at the time advanced to: how many of the two there are, the pods' own
 * first. Proxied requests are in the activator's alone. */
static int weir__traffic_report(struct weir__traffic *t, weir_kpa_stat stats[2]);

#endif

#define WEIR__KIND_REPLAY 100 /* of the block; a replay is no kind of autoscaler */

struct weir_replay {
    struct weir__block block;
    weir_time started;
    weir_time row_at;      /* of the last row; WEIR_TIME_NONE: none yet */
    weir_time passed;      /* all before it is done */
    weir_time reported_at; /* of the last report to the autoscaler */
    int64_t ready;         /* pods that the last decision saw ready */
    int32_t main_series;
    int32_t series; /* the autoscaler's; 0: not asked for yet */
    int32_t loaded; /* 1: the last report was of a load above zero */
    int32_t idle;   /* 1: the last decision had no data */
    int32_t skip_idle;
    int32_t sampled;          /* 1: rows are sampled; 0: they are reported as they are */
    int32_t concurrency, rps; /* series that requests are reported as */
    size_t traffic_at;        /* bytes from here to what belongs to the traffic */
    struct weir__sampler sampler;
    struct weir__score score;
    struct weir__plant plant;
    struct weir__traffic traffic;
    /* Followed by: what belongs to the plant, what belongs to the traffic. */
};

static inline struct weir__batch *weir__yard(weir_replay *r)
{
    return (struct weir__batch *)(void *)(r + 1);
}

static inline const struct weir__batch *weir__yard_of(const weir_replay *r)
{
    return (const struct weir__batch *)(const void *)(r + 1);
}

/* Whether weir__replay_regular() may be asked at all. */
static int weir__replay_is_simple(const weir_replay *r, const struct weir__autoscaler_ops *ops);

/* A row whose sample and decision are due at its own time, as those of a regular trace are: takes
 * it and decides, as weir_replay_record() and weir_replay_next() up to `until` would. 0 when it is
 * no such row, and nothing was done; else 1, and what came of it in *status.
 * Only for a replay that is simple. */
static int weir__replay_regular(weir_replay *r, void *autoscaler, const struct weir__autoscaler_ops *ops,
                         const weir_reading *row, size_t count, weir_time until, weir_decision *out,
                         weir_status *status);

/* requests.c: the reports of a second, and what a decision means to the requests in flight. */
static weir_status weir__replay_report_requests(weir_replay *r, void *autoscaler);
static weir_status weir__replay_requests_follow(weir_replay *r, weir_time at, int proxied);

#endif

#define ROW(m)  WEIR__MEMBER(weir_replay_config, m), WEIR__NO_KEYS, .values = ""
#define LONGEST (INT64_C(1) << 60)
static const weir_field replay_fields[] = {
    {ROW(initial_replicas), .unit = "pods", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .idefault = 1, .doc = "Pods that are ready when the replay begins."},
    {ROW(pods_max), .unit = "pods", .type = WEIR_FIELD_INT, .imax = 1000000,
     .doc = "Single pods that the target shows."},
    {ROW(skip_idle), .unit = "", .type = WEIR_FIELD_BOOL, .imax = 1, .idefault = 1,
     .doc = "Decisions without data are counted but not given."},
    {ROW(pod_start), .unit = "s", .type = WEIR_FIELD_DURATION, .imax = WEIR_REPLAY_POD_DELAY_MAX,
     .doc = "From the time a pod is asked for until it is ready."},
    {ROW(pod_stop), .unit = "s", .type = WEIR_FIELD_DURATION, .imax = WEIR_REPLAY_POD_DELAY_MAX,
     .doc = "From the time a pod is told to stop until it is gone."},
    {ROW(sample_interval), .unit = "s", .type = WEIR_FIELD_DURATION, .imax = LONGEST,
     .idefault = WEIR_SECOND, .doc = "Time between two samples; 0 reports rows as they are."},
    {ROW(hold), .unit = "s", .type = WEIR_FIELD_DURATION, .imin = 1, .imax = LONGEST,
     .idefault = 300 * WEIR_SECOND,
     .doc = "How long a row stands for; after that there is no data."},
    {ROW(requests_max), .unit = "requests", .type = WEIR_FIELD_INT,
     .imax = WEIR_REPLAY_REQUESTS_MAX,
     .doc = "Requests in flight at once that there is room for; 0 takes rows."},
    {ROW(container_concurrency), .unit = "requests", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .doc = "Requests that a pod runs at once; 0 is any number."},
    {ROW(pod_capacity), .unit = "", .type = WEIR_FIELD_DOUBLE, .dmax = 1e300,
     .doc = "Load of the main series that a pod can take; 0 is not known."},
    {WEIR__MEMBER(weir_replay_config, sampling), WEIR__NO_KEYS, .values = "mean|newest", .unit = "",
     .type = WEIR_FIELD_ENUM, .imax = 1, .doc = "How rows become samples."},
};

static const struct weir__table replay_table = WEIR__TABLE(weir_replay_config, replay_fields);

/* ---- making --------------------------------------------------------------------------------- */

weir_status weir_replay_config_init(weir_replay_config *config, size_t struct_size)
{
    return weir__config_init(&replay_table, config, struct_size);
}

static weir_status replay_take(weir_replay_config *to, const weir_replay_config *from, weir_error *err)
{
    weir_status status = weir__config_take(&replay_table, to, from, err);

    if (status == WEIR_OK) {
        status = weir__config_check(&replay_table, to, err);
    }
    if (status == WEIR_OK && to->pods_max > 0 && to->initial_replicas > to->pods_max) {
        return weir__fail(err, WEIR_E_RANGE, "initial_replicas", "must not be above pods_max");
    }
    return status;
}

weir_status weir_replay_config_check(const weir_replay_config *config, weir_error *err)
{
    weir_replay_config own;

    return replay_take(&own, config, err);
}

static void begin_plant(const weir_replay_config *own, struct weir__plant *plant)
{
    memset(plant, 0, sizeof *plant);
    plant->pod_start = own->pod_start;
    plant->pod_stop = own->pod_stop;
    plant->pod_capacity = own->pod_capacity;
    plant->pods_max = own->pods_max;
    plant->starting.capacity = weir__plant_batches(own->pod_start);
    plant->stopping.capacity = weir__plant_batches(own->pod_stop);
}

/* Where the traffic's part begins, and the end of the block. */
static size_t replay_bytes_of(const weir_replay_config *own, size_t *traffic_at)
{
    struct weir__plant plant;

    begin_plant(own, &plant);
    *traffic_at = sizeof(weir_replay) + weir__plant_bytes(&plant);
    return *traffic_at + weir__traffic_bytes(own->requests_max);
}

weir_status weir_replay_bytes(const weir_replay_config *config, size_t *bytes, weir_error *err)
{
    weir_replay_config own;
    weir_status status = replay_take(&own, config, err);
    size_t traffic_at;

    return status == WEIR_OK ? weir__give_bytes(bytes, replay_bytes_of(&own, &traffic_at), err) : status;
}

weir_status weir_replay_init(weir_replay *replay, size_t bytes, const weir_replay_config *config,
                             weir_time start, weir_error *err)
{
    weir_replay *r = replay;
    weir_replay_config own;
    weir_status status = replay_take(&own, config, err);
    size_t need, traffic_at;

    if (status != WEIR_OK) {
        return status;
    }
    need = replay_bytes_of(&own, &traffic_at);
    status = weir__block_fits(r, bytes, need, err);
    if (status != WEIR_OK) {
        return status;
    }
    memset(r, 0, traffic_at);
    weir__block_set(&r->block, WEIR__KIND_REPLAY, need);
    r->traffic_at = traffic_at;
    r->started = start;
    r->row_at = WEIR_TIME_NONE;
    r->passed = start;
    r->reported_at = start;
    r->ready = own.initial_replicas;
    r->skip_idle = own.skip_idle;
    r->sampled = own.sample_interval > 0;
    weir__sampler_begin(&r->sampler, start, own.sample_interval, own.hold,
                        own.sampling == WEIR_SAMPLING_NEWEST);
    weir__score_begin(&r->score);
    begin_plant(&own, &r->plant);
    weir__plant_begin(&r->plant, weir__yard(r), start, own.initial_replicas);
    weir__traffic_begin(&r->traffic, own.requests_max, own.container_concurrency, start,
                        own.initial_replicas);
    return WEIR_OK;
}

/* ---- samples -------------------------------------------------------------------------------- */

/* When an autoscaler that watches the pods has something to look at. */
static weir_time replay_next_change(const weir_replay *r, const void *autoscaler)
{
    if (!weir_autoscaler_watches_pods(autoscaler)) {
        return WEIR_TIME_NEVER;
    }
    return r->plant.ready != r->ready ? r->plant.now
                                      : weir__plant_next_ready(&r->plant, weir__yard_of(r));
}

static weir_time earlier(weir_time a, weir_time b)
{
    return a < b ? a : b;
}

static weir_status check_row(const weir_replay *r, const void *autoscaler, const weir_reading *row,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (row[i].series < 0 || row[i].series >= r->series) {
            return WEIR_E_RANGE;
        }
        if (row[i].at != row[0].at || (r->sampled && row[i].pod != -1)) {
            return WEIR_E_ARG;
        }
        if (r->sampled && row[i].series >= WEIR_REPLAY_SERIES_MAX) {
            return WEIR_E_LIMIT;
        }
    }
    if (r->traffic.any) {
        return WEIR_E_ARG; /* there are requests */
    }
    if (row[0].at < 0 || row[0].at < r->passed || row[0].at <= r->row_at ||
        row[0].at > (r->sampled
                         ? r->sampler.next
                         : earlier(weir_autoscaler_due(autoscaler), replay_next_change(r, autoscaler)))) {
        return WEIR_E_TIME;
    }
    return WEIR_OK;
}

/* Whether anybody is there to report these readings. */
static int is_reported(const weir_replay *r, const void *autoscaler, int loaded)
{
    if (loaded || r->loaded) {
        return 1;
    }
    switch (weir_autoscaler_zero(autoscaler)) {
    case WEIR_ZERO_BY_PODS: return r->plant.ready > 0;
    case WEIR_ZERO_ONCE: return 0;
    default: return 1;
    }
}

/* Whether readings are of a load above zero, and the load of the main series. */
static int load_of(const weir_replay *r, const weir_reading *readings, size_t count, double *load)
{
    int loaded = 0;

    *load = r->plant.load;
    for (size_t i = 0; i < count; i++) {
        loaded |= readings[i].status != WEIR_OK || readings[i].value != 0.0;
        if (readings[i].series == r->main_series && readings[i].status == WEIR_OK) {
            *load = readings[i].value;
        }
    }
    return loaded;
}

/* Readings of one time, as the autoscaler gets to know them. */
static weir_status report(weir_replay *r, void *autoscaler, const weir_reading *readings,
                          size_t count)
{
    weir_status status = WEIR_OK;
    double load;
    int loaded = load_of(r, readings, count, &load);

    weir__plant_advance(&r->plant, weir__yard_of(r), readings[0].at);
    if (is_reported(r, autoscaler, loaded)) {
        status = weir_autoscaler_record(autoscaler, readings, count);
        r->reported_at = readings[0].at;
    }
    r->loaded = loaded;
    weir__plant_load(&r->plant, load);
    return status;
}

weir_status weir_replay_record(weir_replay *replay, void *autoscaler, const weir_reading *readings,
                               size_t count)
{
    weir_replay *r = replay;
    weir_status status;

    if (!weir__block_is(r, WEIR__KIND_REPLAY) || weir_autoscaler_kind(autoscaler) == 0 ||
        readings == NULL || count == 0) {
        return WEIR_E_ARG;
    }
    if (count > WEIR_REPLAY_SERIES_MAX) {
        return WEIR_E_LIMIT;
    }
    if (r->series == 0) {
        r->series = weir_autoscaler_series_count(autoscaler);
        r->main_series = weir_autoscaler_main_series(autoscaler);
    }
    status = check_row(r, autoscaler, readings, count);
    if (status != WEIR_OK) {
        return status;
    }
    if (r->sampled) {
        weir__sampler_put(&r->sampler, readings, count);
    } else {
        status = report(r, autoscaler, readings, count);
    }
    r->row_at = readings[0].at;
    return status;
}

/* ---- samples and reports -------------------------------------------------------------------- */

static weir_time next_sample(const weir_replay *r)
{
    return r->sampler.next < r->traffic.next_report ? r->sampler.next : r->traffic.next_report;
}

static weir_status take_sample(weir_replay *r, void *autoscaler)
{
    weir_reading sample[WEIR_REPLAY_SERIES_MAX];
    size_t count;

    if (r->traffic.any) {
        return weir__replay_report_requests(r, autoscaler);
    }
    count = weir__sampler_take(&r->sampler, sample);
    if (count == 0) { /* no row stands any more: what the load is, nobody knows */
        weir__plant_load(&r->plant, 0.0);
        return WEIR_OK;
    }
    return report(r, autoscaler, sample, count);
}

/* ---- decisions ------------------------------------------------------------------------------ */

static weir_status look(weir_replay *r, weir_target *target)
{
    struct weir__plant *p = &r->plant;

    weir_target_init(target, sizeof *target);
    target->spec_replicas = (int32_t)p->wanted;
    target->status_replicas = (int32_t)p->wanted;
    target->ready_replicas = (int32_t)p->ready;
    target->pods = weir__plant_look(p, weir__yard(r));
    target->pod_count = target->pods != NULL ? (uint32_t)p->wanted : 0;
    return target->pods != NULL && p->wanted > p->pods_max ? WEIR_E_LIMIT : WEIR_OK;
}

/* Counts a decision and lets the cluster follow it. */
static void follow(weir_replay *r, const weir_decision *d)
{
    int64_t replicas = d->valid && d->replicas >= 0 ? d->replicas : r->plant.wanted;

    weir__score_decision(&r->score, d, r->plant.wanted, replicas);
    weir__plant_scale(&r->plant, weir__yard(r), replicas);
    r->idle = !d->valid;
}

/* Goes through the samples up to the next decision; its time, or WEIR_TIME_NEVER when it is not
 * before `until`. */
static weir_status go_to_decision(weir_replay *r, void *autoscaler, weir_time until, weir_time *at)
{
    for (;;) {
        weir_time change = replay_next_change(r, autoscaler);
        weir_time due = earlier(weir_autoscaler_due(autoscaler), change);
        weir_status status;
        int64_t skipped;

        if (weir_autoscaler_poked(autoscaler)) {
            due = earlier(due, r->reported_at);
        }
        if (next_sample(r) <= due && next_sample(r) < until) {
            status = take_sample(r, autoscaler);
            if (status != WEIR_OK) {
                return status;
            }
            continue;
        }
        if (due >= until) {
            *at = WEIR_TIME_NEVER;
            return WEIR_OK;
        }
        skipped =
            r->idle && r->skip_idle
                ? weir_autoscaler_skip(autoscaler, earlier(change, earlier(next_sample(r), until)))
                : 0;
        if (skipped == 0) {
            *at = due > r->plant.now ? due : r->plant.now;
            return WEIR_OK;
        }
        weir__score_skipped(&r->score, skipped);
    }
}

weir_status weir_replay_next(weir_replay *replay, void *autoscaler, weir_time until,
                             weir_decision *out, weir_explain *explain, weir_target *target)
{
    weir_replay *r = replay;
    weir_target seen;
    weir_status status;
    weir_time at;

    if (!weir__block_is(r, WEIR__KIND_REPLAY) || weir_autoscaler_kind(autoscaler) == 0 ||
        out == NULL) {
        return WEIR_E_ARG;
    }
    status = go_to_decision(r, autoscaler, until, &at);
    if (status != WEIR_OK) {
        return status;
    }
    if (at == WEIR_TIME_NEVER) {
        r->passed = until > r->passed ? until : r->passed;
        return WEIR_END;
    }
    weir__plant_advance(&r->plant, weir__yard_of(r), at);
    r->passed = at > r->passed ? at : r->passed;
    status = look(r, &seen);
    if (status == WEIR_OK) {
        status = weir_autoscaler_decide(autoscaler, &seen, at, out, explain);
    }
    if (status < WEIR_OK) {
        return status;
    }
    if (target != NULL) {
        *target = seen;
    }
    r->ready = seen.ready_replicas;
    follow(r, out);
    if (r->traffic.max > 0) {
        weir_status moved =
            weir__replay_requests_follow(r, at, (out->flags & WEIR_FLAG_PROXY) != 0);

        status = moved != WEIR_OK ? moved : status;
    }
    return status;
}

static int weir__replay_is_simple(const weir_replay *r, const struct weir__autoscaler_ops *ops)
{
    return ops != NULL && ops->zero == NULL && ops->skip == NULL && !ops->watches_pods &&
           r->sampled && r->sampler.newest && r->traffic.max == 0;
}

static int weir__replay_regular(weir_replay *r, void *autoscaler, const struct weir__autoscaler_ops *ops,
                         const weir_reading *row, size_t count, weir_time until, weir_decision *out,
                         weir_status *status)
{
    weir_time at = row[0].at;
    weir_target seen;
    double load;

    if (at < r->passed || at <= r->row_at || at < r->plant.now || at >= until ||
        !weir__sampler_is_due(&r->sampler, at, count) || ops->due(autoscaler) != at) {
        return 0;
    }
    weir__sampler_pass(&r->sampler, row, count);
    r->row_at = r->passed = r->reported_at = at;
    r->loaded = load_of(r, row, count, &load);
    weir__plant_advance(&r->plant, weir__yard_of(r), at);
    *status = ops->record(autoscaler, row, count);
    weir__plant_load(&r->plant, load);
    if (*status == WEIR_OK) {
        *status = look(r, &seen);
    }
    if (*status != WEIR_OK) {
        return 1;
    }
    *status = ops->decide(autoscaler, &seen, at, out, NULL);
    if (*status >= WEIR_OK) {
        r->ready = seen.ready_replicas;
        follow(r, out);
    }
    return 1;
}

weir_status weir_replay_target(weir_replay *replay, weir_target *target)
{
    if (!weir__block_is(replay, WEIR__KIND_REPLAY) || target == NULL) {
        return WEIR_E_ARG;
    }
    return look(replay, target);
}

weir_status weir_replay_report(const weir_replay *replay, weir_time end, weir_report *report,
                               size_t struct_size)
{
    const weir_replay *r = replay;
    struct weir__plant plant; /* goes on to the end, while the replay's own stays */

    if (!weir__block_is(r, WEIR__KIND_REPLAY) || report == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *report) {
        return WEIR_E_STRUCT;
    }
    if (end < r->plant.now) {
        return WEIR_E_TIME;
    }
    plant = r->plant;
    weir__plant_advance(&plant, weir__yard_of(r), end);
    memset(report, 0, sizeof *report);
    report->struct_size = (uint32_t)sizeof *report;
    report->peak_replicas = (int32_t)(plant.sums.peak < INT32_MAX ? plant.sums.peak : INT32_MAX);
    report->decisions = r->score.decisions;
    report->invalid = r->score.invalid;
    report->scale_ups = r->score.scale_ups;
    report->scale_downs = r->score.scale_downs;
    report->reversals = r->score.reversals;
    report->cold_starts = r->score.cold_starts;
    report->seconds = (double)(end - r->started) / 1e9;
    report->replica_seconds = weir__plant_replica_seconds(&plant);
    report->ready_seconds = weir__plant_ready_seconds(&plant);
    report->panic_seconds = weir__span_seconds(&r->score.panic, end);
    report->proxy_seconds = weir__span_seconds(&r->score.proxy, end);
    report->zero_seconds = weir__span_seconds(&plant.sums.zero, end);
    report->overload_seconds = weir__span_seconds(&plant.sums.overload, end);
    report->digest = r->score.digest;
    return WEIR_OK;
}
#undef ROW
#undef LONGEST

/* ---- lib/replay/requests.c ---- */

/*
 * replay/requests.c - requests instead of rows: they arrive, and every second the activator and the
 * pods report what they came to.
 */

static void *requests_in_flight(weir_replay *r)
{
    return (uint8_t *)r + r->traffic_at;
}

/* One report about requests to the autoscaler. */
static weir_status report_stat(weir_replay *r, void *autoscaler, weir_time at,
                               const weir_kpa_stat *stat)
{
    weir_reading readings[2] = {
        {at, r->concurrency, -1, WEIR_OK, 0,
         stat->average_concurrent_requests - stat->average_proxied_concurrent_requests},
        {at, r->rps, -1, WEIR_OK, 0, stat->request_count - stat->proxied_request_count},
    };

    r->reported_at = at;
    return weir_autoscaler_record(autoscaler, readings, 2);
}

/* What the activator reports of a first request, at the time of that. */
static weir_status report_first(weir_replay *r, void *autoscaler)
{
    weir_time at = r->traffic.first_at;

    if (at == WEIR_TIME_NONE) {
        return WEIR_OK;
    }
    r->traffic.first_at = WEIR_TIME_NONE;
    return report_stat(r, autoscaler, at, &r->traffic.first);
}

/* The reports of a second. */
static weir_status weir__replay_report_requests(weir_replay *r, void *autoscaler)
{
    weir_time at = r->traffic.next_report;
    weir_status status = weir__traffic_advance(&r->traffic, requests_in_flight(r), at);
    weir_kpa_stat stats[2];
    double load = 0.0;
    int count;

    if (status == WEIR_OK) {
        status = report_first(r, autoscaler);
    }
    if (status != WEIR_OK) {
        return status;
    }
    weir__plant_advance(&r->plant, weir__yard_of(r), at);
    count = weir__traffic_report(&r->traffic, stats);
    for (int i = 0; i < count; i++) {
        load += r->main_series == r->rps ? stats[i].request_count - stats[i].proxied_request_count
                                         : stats[i].average_concurrent_requests -
                                               stats[i].average_proxied_concurrent_requests;
        status = report_stat(r, autoscaler, at, &stats[i]);
        if (status != WEIR_OK) {
            return status;
        }
    }
    weir__plant_load(&r->plant, load);
    return WEIR_OK;
}

static int32_t series_named(const void *autoscaler, const char *name)
{
    const char *series;

    for (int32_t i = 0; (series = weir_autoscaler_series_name(autoscaler, i)) != NULL; i++) {
        size_t at = 0;

        while (series[at] != '\0' && series[at] == name[at]) {
            at++;
        }
        if (series[at] == name[at]) {
            return i;
        }
    }
    return -1;
}

/* Whether a request may arrive at a time; everything before it has happened then. */
static weir_status open_for_requests(weir_replay *r, void *autoscaler, weir_time at)
{
    if (!weir__block_is(r, WEIR__KIND_REPLAY) || weir_autoscaler_kind(autoscaler) == 0 ||
        r->traffic.max == 0 || r->row_at != WEIR_TIME_NONE) {
        return WEIR_E_ARG;
    }
    if (r->series == 0) {
        r->series = weir_autoscaler_series_count(autoscaler);
        r->main_series = weir_autoscaler_main_series(autoscaler);
        r->concurrency = series_named(autoscaler, "concurrency");
        r->rps = series_named(autoscaler, "rps");
    }
    if (r->concurrency < 0 || r->rps < 0 || !weir_autoscaler_watches_pods(autoscaler)) {
        return WEIR_E_RANGE;
    }
    if (at < r->passed || at < r->traffic.now || at > r->traffic.next_report ||
        at > weir_autoscaler_due(autoscaler)) {
        return WEIR_E_TIME;
    }
    return weir__traffic_advance(&r->traffic, requests_in_flight(r), at);
}

weir_status weir_replay_request(weir_replay *replay, void *autoscaler, weir_time at,
                                weir_duration duration)
{
    weir_status status = open_for_requests(replay, autoscaler, at);

    if (status != WEIR_OK) {
        return status;
    }
    if (duration < 0) {
        return WEIR_E_ARG;
    }
    status = weir__traffic_arrive(&replay->traffic, requests_in_flight(replay), duration);
    return status == WEIR_OK ? report_first(replay, autoscaler) : status;
}

weir_status weir_replay_workers(weir_replay *replay, void *autoscaler, weir_time at,
                                int64_t workers, weir_duration duration, weir_time until)
{
    weir_status status = open_for_requests(replay, autoscaler, at);

    if (status != WEIR_OK) {
        return status;
    }
    if (duration <= 0 || workers < 0 || replay->traffic.workers_until != WEIR_TIME_NONE) {
        return WEIR_E_ARG;
    }
    replay->traffic.workers_until = until;
    replay->traffic.service_time = duration;
    for (int64_t i = 0; i < workers && status == WEIR_OK; i++) {
        status = weir__traffic_arrive(&replay->traffic, requests_in_flight(replay), duration);
    }
    return status == WEIR_OK ? report_first(replay, autoscaler) : status;
}

weir_status weir_replay_waits(const weir_replay *replay, weir_waits *waits, size_t struct_size)
{
    const struct weir__traffic *t;

    if (!weir__block_is(replay, WEIR__KIND_REPLAY) || waits == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *waits) {
        return WEIR_E_STRUCT;
    }
    t = &replay->traffic;
    memset(waits, 0, sizeof *waits);
    waits->struct_size = (uint32_t)sizeof *waits;
    waits->completed = t->completed;
    waits->running = t->running;
    waits->waiting = t->waiting;
    waits->held = t->held;
    waits->longest = t->longest;
    waits->waited = t->waited;
    memcpy(waits->buckets, t->waits, sizeof waits->buckets);
    return WEIR_OK;
}

double weir_replay_load(const weir_replay *replay)
{
    return weir__block_is(replay, WEIR__KIND_REPLAY) ? replay->plant.load : 0.0;
}

/* ---- decisions ------------------------------------------------------------------------------ */

static weir_status weir__replay_requests_follow(weir_replay *r, weir_time at, int proxied)
{
    weir_status status = weir__traffic_advance(&r->traffic, requests_in_flight(r), at);

    if (status == WEIR_OK) {
        weir__traffic_pods(&r->traffic, requests_in_flight(r), r->plant.ready, proxied);
    }
    return status;
}

/* ---- lib/replay/run.c ---- */

/*
 * replay/run.c - a trace that lies in memory, replayed at once.
 */

weir_status weir_rows_init(weir_rows *rows, size_t struct_size)
{
    if (rows == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *rows) {
        return WEIR_E_STRUCT;
    }
    memset(rows, 0, sizeof *rows);
    rows->struct_size = (uint32_t)sizeof *rows;
    rows->step = WEIR_SECOND;
    return WEIR_OK;
}

static weir_status run_check(const weir_rows *rows, const size_t *next, const weir_decision *run_decisions,
                         size_t capacity, const size_t *count)
{
    if (rows == NULL || next == NULL || count == NULL || (run_decisions == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    if (rows->struct_size != sizeof *rows) {
        return WEIR_E_STRUCT;
    }
    if (rows->count > 0 && (rows->values == NULL || rows->series_count == 0 ||
                            (rows->times == NULL && rows->step <= 0))) {
        return WEIR_E_ARG;
    }
    if (rows->count > 0 && rows->times == NULL &&
        (uint64_t)rows->step > (uint64_t)INT64_MAX / rows->count) {
        return WEIR_E_TIME;
    }
    return rows->series_count > WEIR_REPLAY_SERIES_MAX ? WEIR_E_LIMIT : WEIR_OK;
}

static weir_time time_of(const weir_rows *rows, size_t row)
{
    return rows->times != NULL ? rows->times[row]
                               : weir__add(rows->start, (weir_time)row * rows->step);
}

/* The readings of a row. */
static inline void read_row(const weir_rows *rows, size_t row, weir_time at, weir_reading *readings)
{
    const double *values = rows->values + row * rows->series_count;

    for (uint32_t i = 0; i < rows->series_count; i++) {
        int is_value = !weir__is_nan(values[i]);

        readings[i] = (weir_reading){
            at, (int32_t)i, -1, is_value ? WEIR_OK : WEIR_NO_DATA, 0, is_value ? values[i] : 0.0};
    }
}

/* What a run works with. */
struct run_run {
    weir_replay *r;
    void *autoscaler;
    const weir_rows *rows;
    size_t *next;
    weir_time end;
    const struct weir__autoscaler_ops *ops; /* NULL: rows are taken one by one */
};

/* Where decisions go. */
struct run_decisions {
    weir_decision *list; /* NULL: nobody wants them, and each goes over the one before */
    size_t capacity, count;
    weir_decision own;
};

static inline int run_has_room(const struct run_decisions *d)
{
    return d->list == NULL || d->count < d->capacity;
}

/* Where the next one goes; there is room. */
static inline weir_decision *run_place_of(struct run_decisions *d)
{
    if (d->list == NULL) {
        return &d->own;
    }
    weir_decision_init(&d->list[d->count], sizeof d->list[0]);
    return &d->list[d->count];
}

/* Takes the next row. Once that is known to fit, the others need less looking at. */
static weir_status take_row(struct run_run *run_run)
{
    weir_reading readings[WEIR_REPLAY_SERIES_MAX];
    const struct weir__autoscaler_ops *ops = weir__autoscaler_ops_of(run_run->autoscaler);
    weir_status status;

    read_row(run_run->rows, *run_run->next, time_of(run_run->rows, *run_run->next), readings);
    status = weir_replay_record(run_run->r, run_run->autoscaler, readings, run_run->rows->series_count);
    if (status == WEIR_OK) {
        (*run_run->next)++;
        run_run->ops = weir__replay_is_simple(run_run->r, ops) ? ops : NULL;
    }
    return status;
}

/* Takes rows with the decision that is due at the time of each, as long as there is just that to do
 * and room for the decisions. WEIR_OK, or the error of a decision. */
static weir_status take_regular(struct run_run *run_run, struct run_decisions *d)
{
    const weir_rows *rows = run_run->rows;
    size_t row = *run_run->next;
    weir_status status = WEIR_OK;
    weir_time at, until = row < rows->count ? time_of(rows, row) : run_run->end;

    while (row < rows->count && status >= WEIR_OK && run_has_room(d)) {
        weir_reading readings[WEIR_REPLAY_SERIES_MAX];

        at = until;
        until = row + 1 < rows->count ? time_of(rows, row + 1) : run_run->end;
        read_row(rows, row, at, readings);
        if (!weir__replay_regular(run_run->r, run_run->autoscaler, run_run->ops, readings, rows->series_count,
                                  until, run_place_of(d), &status)) {
            break;
        }
        row++;
        d->count += status >= WEIR_OK && d->list != NULL;
    }
    *run_run->next = row;
    return status >= WEIR_OK ? WEIR_OK : status;
}

weir_status weir_replay_run(weir_replay *replay, void *autoscaler, const weir_rows *rows,
                            size_t *next, weir_time end, weir_decision *run_decisions, size_t capacity,
                            size_t *count)
{
    weir_status status = run_check(rows, next, run_decisions, capacity, count);
    struct run_run run_run = {replay, autoscaler, rows, next, end, NULL};
    struct run_decisions d = {run_decisions, capacity, 0, {0}};

    if (status != WEIR_OK) {
        return status;
    }
    weir_decision_init(&d.own, sizeof d.own);
    do {
        int has_row = *next < rows->count;

        status = has_row && run_run.ops != NULL ? take_regular(&run_run, &d) : WEIR_OK;
        has_row = *next < rows->count;
        if (status != WEIR_OK || !run_has_room(&d)) {
            break;
        }
        status = weir_replay_next(replay, autoscaler, has_row ? time_of(rows, *next) : end,
                                  run_place_of(&d), NULL, NULL);
        if (status == WEIR_OK || status == WEIR_NO_DATA) {
            d.count += d.list != NULL;
            status = WEIR_OK;
        } else if (status == WEIR_END && has_row) {
            status = take_row(&run_run);
        }
    } while (status == WEIR_OK);
    *count = d.count;
    return status;
}

/* ---- lib/replay/sampler.c ---- */

/*
 * replay/sampler.c - the sample at s = start + k * interval:
 *
 *   the mean of the rows in (s - interval, s], or if there is none
 *   the newest row, unless it is `hold` old or older: then there is no sample.
 *
 * So a trace with one row an interval is sampled as it is, a finer one is averaged, and a coarser
 * one is repeated, however its rows lie. Where the newest row alone counts there is no mean, and
 * one sample says so when it no longer stands.
 */

static void weir__sampler_begin(struct weir__sampler *s, weir_time start, weir_duration interval,
                         weir_duration hold, int newest)
{
    s->start = start;
    s->interval = interval;
    s->hold = hold;
    s->newest = newest;
    s->next = WEIR_TIME_NEVER;
    s->series = 0;
    for (int32_t i = 0; i < WEIR_REPLAY_SERIES_MAX; i++) {
        s->held[i].at = WEIR_TIME_NONE;
    }
}

/* The first sample at or after a time. */
static weir_time sample_from(const struct weir__sampler *s, weir_time at)
{
    weir_duration past = weir__sub(at, s->start) % s->interval;

    return past == 0 ? at : weir__add(at, s->interval - past);
}

static void weir__sampler_put(struct weir__sampler *s, const weir_reading *row, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct weir__held *h = &s->held[row[i].series];

        h->at = row[i].at;
        h->value = row[i].value;
        h->status = row[i].status;
        if (row[i].status == WEIR_OK && !s->newest) {
            h->sum = h->rows > 0 ? h->sum + row[i].value : row[i].value;
            h->rows++;
        }
        s->series = row[i].series < s->series ? s->series : row[i].series + 1;
    }
    if (s->next == WEIR_TIME_NEVER) {
        s->next = sample_from(s, row[0].at);
    }
}

static int weir__sampler_is_due(const struct weir__sampler *s, weir_time at, size_t count)
{
    return s->series <= (int64_t)count &&
           (s->next == at || (s->next == WEIR_TIME_NEVER && sample_from(s, at) == at));
}

static void weir__sampler_pass(struct weir__sampler *s, const weir_reading *row, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct weir__held *h = &s->held[i];

        h->at = row[i].at;
        h->value = row[i].value;
        h->status = row[i].status;
    }
    s->series = (int64_t)count;
    s->next = weir__add(row[0].at, s->interval);
}

static size_t weir__sampler_take(struct weir__sampler *s, weir_reading *sample)
{
    size_t count = 0;

    for (int32_t i = 0; i < s->series; i++) {
        struct weir__held *h = &s->held[i];
        int stands = h->at != WEIR_TIME_NONE && weir__sub(s->next, h->at) < s->hold;

        if (!stands && (h->at == WEIR_TIME_NONE || !s->newest)) {
            continue;
        }
        sample[count].at = s->next;
        sample[count].series = i;
        sample[count].pod = -1;
        sample[count].status = !stands       ? WEIR_NO_DATA
                               : h->rows > 0 ? WEIR_OK
                                             : (weir_status)h->status;
        sample[count].reserved = 0;
        h->at = stands ? h->at : WEIR_TIME_NONE;
        sample[count].value = h->rows > 1    ? h->sum / (double)h->rows
                              : h->rows == 1 ? h->sum
                                             : h->value;
        h->rows = 0;
        count++;
    }
    s->next = count > 0 ? weir__add(s->next, s->interval) : WEIR_TIME_NEVER;
    return count;
}

/* ---- lib/replay/score.c ---- */

/*
 * replay/score.c - counts of decisions and their digest.
 *
 * The digest is taken over the valid decisions, as words of 64 bits in the way of FNV-1a: with each
 * word the hash becomes h = (h xor word) * prime, then h xor (h >> 32). So it is the same on every
 * machine, and whether decisions without data were made or passed over.
 */

#define FNV_PRIME UINT64_C(0x100000001b3)

static void weir__score_begin(struct weir__score *score)
{
    score->digest = WEIR__FNV_START;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * FNV_PRIME;
    return hash ^ hash >> 32;
}

static uint64_t pair(int32_t high, int32_t low)
{
    return (uint64_t)(uint32_t)high << 32 | (uint32_t)low;
}

static uint64_t score_digest(uint64_t hash, const weir_decision *d)
{
    hash = mix(hash, (uint64_t)d->at);
    hash = mix(hash, pair(d->replicas, d->current));
    hash = mix(hash, pair(d->excess_burst_capacity, d->rule));
    return mix(hash, d->flags);
}

static void weir__score_decision(struct weir__score *s, const weir_decision *d, int64_t before,
                          int64_t after)
{
    int64_t direction = after > before ? 1 : -1;

    s->decisions++;
    weir__span_set(&s->panic, (d->flags & WEIR_FLAG_PANIC) != 0, d->at);
    weir__span_set(&s->proxy, (d->flags & WEIR_FLAG_PROXY) != 0, d->at);
    if (!d->valid) {
        s->invalid++;
        return;
    }
    s->digest = score_digest(s->digest, d);
    if (after == before) {
        return;
    }
    s->scale_ups += after > before;
    s->scale_downs += after < before;
    s->cold_starts += before == 0;
    s->reversals += s->direction == -direction;
    s->direction = direction;
}

static void weir__score_skipped(struct weir__score *s, int64_t count)
{
    s->decisions += count;
    s->invalid += count;
}
#undef FNV_PRIME

/* ---- lib/replay/traffic.c ---- */

/*
 * replay/traffic.c - a request arrives at the activator or at the pods, waits for a place, runs,
 * and is answered; every second both report as the real ones do.
 *
 * The activator is in the way in Proxy mode and when there are no ready pods. What it holds counts
 * in its own report only, also while it runs in a pod: pods report such a request as proxied, and
 * the collector takes it off.
 *
 * Waiting times are counted in buckets of an eighth of an octave, from a microsecond on.
 */

#define REPORT_PERIOD WEIR_SECOND

static struct weir__running *heap_of(void *memory)
{
    return memory;
}

static struct weir__waiting *ring_of(const struct weir__traffic *t, void *memory)
{
    return (struct weir__waiting *)(void *)(heap_of(memory) + t->max);
}

static size_t weir__traffic_bytes(int64_t max)
{
    return (size_t)max * (sizeof(struct weir__running) + sizeof(struct weir__waiting));
}

static void weir__traffic_begin(struct weir__traffic *t, int64_t max, int64_t each, weir_time now,
                         int64_t ready)
{
    memset(t, 0, sizeof *t);
    t->max = max;
    t->each = each;
    t->ready = ready;
    t->proxied = 1;
    t->now = now;
    t->origin = now;
    t->next_report = WEIR_TIME_NEVER;
    t->first_at = WEIR_TIME_NONE;
    t->workers_until = WEIR_TIME_NONE;
    weir_kpa_requests_init(&t->pods, sizeof t->pods, now);
    weir_kpa_activator_init(&t->activator, sizeof t->activator);
}

/* ---- the heap of ends ----------------------------------------------------------------------- */

static void heap_push(struct weir__running *heap, int64_t *count, struct weir__running item)
{
    int64_t i = (*count)++;

    while (i > 0 && heap[(i - 1) / 2].end > item.end) {
        heap[i] = heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap[i] = item;
}

static struct weir__running heap_pop(struct weir__running *heap, int64_t *count)
{
    struct weir__running top = heap[0], last = heap[--(*count)];
    int64_t i = 0, child;

    while ((child = 2 * i + 1) < *count) {
        child += child + 1 < *count && heap[child + 1].end < heap[child].end;
        if (last.end <= heap[child].end) {
            break;
        }
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return top;
}

/* ---- waiting -------------------------------------------------------------------------------- */

int32_t weir_waits_bucket(weir_duration wait)
{
    uint64_t us = wait > 0 ? (uint64_t)wait / 1000 : 0;
    int32_t octave = 3, bucket;

    if (wait <= 0) {
        return 0;
    }
    if (us < 8) {
        return 1 + (int32_t)us;
    }
    while (us >> (octave + 1) != 0) {
        octave++;
    }
    bucket = 1 + (octave - 2) * 8 + (int32_t)(us >> (octave - 3) & 7);
    return bucket < WEIR_WAITS_BUCKETS ? bucket : WEIR_WAITS_BUCKETS - 1;
}

weir_duration weir_waits_bound(int32_t bucket)
{
    int32_t octave = (bucket - 1) / 8 + 2;
    int64_t eighth = (bucket - 1) % 8;

    if (bucket <= 0) {
        return 0;
    }
    if (bucket >= WEIR_WAITS_BUCKETS) {
        return WEIR_TIME_NEVER;
    }
    return bucket <= 8 ? bucket * INT64_C(1000) : ((9 + eighth) << (octave - 3)) * 1000;
}

/* Somebody is there to report from now on. */
static void wake(struct weir__traffic *t)
{
    if (t->next_report == WEIR_TIME_NEVER) {
        weir_duration into = weir__sub(t->now, t->origin) % REPORT_PERIOD;

        t->next_report = weir__add(t->now, REPORT_PERIOD - into);
    }
}

static int traffic_has_room(const struct weir__traffic *t)
{
    return t->ready > 0 && (t->each == 0 || t->running < t->ready * t->each);
}

static void traffic_run(struct weir__traffic *t, void *memory, const struct weir__waiting *request)
{
    weir_duration wait = weir__sub(t->now, request->arrival);

    if (request->proxied) {
        weir_kpa_requests_event(&t->pods, WEIR_KPA_REQUEST_PROXIED_IN, t->now);
    }
    heap_push(heap_of(memory), &t->running,
              (struct weir__running){weir__add(t->now, request->duration), request->proxied});
    t->waits[weir_waits_bucket(wait)]++;
    t->held += wait > 0;
    t->waited += weir__seconds(wait);
    t->longest = wait > t->longest ? wait : t->longest;
}

/* Lets those run for whom there is room, in the order in which they came. */
static void dispatch(struct weir__traffic *t, void *memory)
{
    while (t->waiting > 0 && traffic_has_room(t)) {
        struct weir__waiting request = ring_of(t, memory)[t->waiting_first];

        t->waiting_first = t->waiting_first + 1 < t->max ? t->waiting_first + 1 : 0;
        t->waiting--;
        traffic_run(t, memory, &request);
    }
}

static void to_activator(struct weir__traffic *t, int32_t event)
{
    weir_kpa_stat stat;

    if (weir_kpa_activator_event(&t->activator, event, t->now, &stat) == WEIR_OK) {
        t->first = stat;
        t->first_at = t->now;
    }
}

static weir_status weir__traffic_arrive(struct weir__traffic *t, void *memory, weir_duration duration)
{
    struct weir__waiting request = {t->now, duration, t->proxied || t->ready == 0};
    int64_t place;

    if (t->running + t->waiting >= t->max) {
        return WEIR_E_LIMIT;
    }
    if (request.proxied) {
        to_activator(t, WEIR_KPA_REQUEST_IN);
    } else {
        weir_kpa_requests_event(&t->pods, WEIR_KPA_REQUEST_IN, t->now);
    }
    t->any = 1;
    wake(t);
    if (t->waiting == 0 && traffic_has_room(t)) {
        traffic_run(t, memory, &request);
        return WEIR_OK;
    }
    place = t->waiting_first + t->waiting;
    ring_of(t, memory)[place < t->max ? place : place - t->max] = request;
    t->waiting++;
    return WEIR_OK;
}

/* ---- time ----------------------------------------------------------------------------------- */

static weir_status traffic_answer(struct weir__traffic *t, void *memory)
{
    struct weir__running request = heap_pop(heap_of(memory), &t->running);

    t->now = request.end > t->now ? request.end : t->now;
    if (request.proxied) {
        weir_kpa_requests_event(&t->pods, WEIR_KPA_REQUEST_PROXIED_OUT, t->now);
        to_activator(t, WEIR_KPA_REQUEST_OUT);
    } else {
        weir_kpa_requests_event(&t->pods, WEIR_KPA_REQUEST_OUT, t->now);
    }
    t->completed++;
    dispatch(t, memory);
    return t->now < t->workers_until ? weir__traffic_arrive(t, memory, t->service_time) : WEIR_OK;
}

static weir_status weir__traffic_advance(struct weir__traffic *t, void *memory, weir_time now)
{
    weir_status status = WEIR_OK;

    while (status == WEIR_OK && t->running > 0 && heap_of(memory)[0].end <= now) {
        status = traffic_answer(t, memory);
    }
    t->now = now > t->now ? now : t->now;
    return status;
}

static void weir__traffic_pods(struct weir__traffic *t, void *memory, int64_t ready, int proxied)
{
    weir_kpa_stat old;

    if (t->ready == 0 && ready > 0) { /* new pods know nothing of before */
        weir_kpa_requests_report(&t->pods, t->now, &old);
    }
    t->ready = ready;
    t->proxied = proxied;
    if (t->any && ready > 0) {
        wake(t);
    }
    dispatch(t, memory);
}

static int weir__traffic_report(struct weir__traffic *t, weir_kpa_stat stats[2])
{
    weir_kpa_stat pods;
    int count = 0;

    weir_kpa_requests_report(&t->pods, t->now, &pods);
    if (t->ready > 0) {
        stats[count++] = pods;
    }
    count += weir_kpa_activator_report(&t->activator, t->now, &stats[count]) == WEIR_OK;
    t->next_report = t->ready > 0 || t->activator.known ? weir__add(t->next_report, REPORT_PERIOD)
                                                        : WEIR_TIME_NEVER;
    return count;
}
#undef REPORT_PERIOD
