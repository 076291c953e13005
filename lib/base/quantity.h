/*
 * base/quantity.h - what reading and showing quantities share.
 */
#ifndef WEIR_LIB_BASE_QUANTITY_H
#define WEIR_LIB_BASE_QUANTITY_H

#include "base/wide.h"
#include <weir/quantity.h>

#define WEIR__NANO    (-9) /* the smallest exponent of a quantity */
#define WEIR__MILLI   (-3)
#define WEIR__MILLION UINT32_C(1000000)
#define WEIR__BILLION UINT32_C(1000000000)

struct weir__suffix {
    const char *text;
    int32_t base, exponent, format;
};

enum { WEIR__SUFFIXES = 16 };
extern const struct weir__suffix weir__suffixes[WEIR__SUFFIXES];

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
