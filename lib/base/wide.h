/*
 * base/wide.h - unsigned integers of 512 bits: just what reading and writing quantities needs.
 *
 * Parts are 32 bits, least significant first. What does not fit is reported, never dropped.
 */
#ifndef WEIR_LIB_BASE_WIDE_H
#define WEIR_LIB_BASE_WIDE_H

#include "base/internal.h"
#include <string.h>

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
