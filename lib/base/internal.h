/*
 * base/internal.h - what every file of the core may assume: doubles, block headers, saturating
 * time arithmetic.
 */
#ifndef WEIR_LIB_BASE_INTERNAL_H
#define WEIR_LIB_BASE_INTERNAL_H

#include "base/double.h"
#include <weir/base.h>

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
weir_status weir__fail(weir_error *err, weir_status status, const char *path, const char *message);

/* Puts "name[index]." before the path of an error, if there is one; below 0 there is no index. */
void weir__fail_within(weir_error *err, const char *name, int64_t index);

/* Gives a caller the size of a block. */
weir_status weir__give_bytes(size_t *bytes, size_t need, weir_error *err);

/* Checks a caller's block: that it is there, aligned, and of the size that was asked for. */
weir_status weir__block_fits(const void *block, size_t bytes, size_t need, weir_error *err);

#endif
