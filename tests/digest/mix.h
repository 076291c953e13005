/*
 * A digest of 64-bit numbers and doubles, the same on every machine.
 */
#ifndef WEIR_TESTS_DIGEST_MIX_H
#define WEIR_TESTS_DIGEST_MIX_H

#include <stdint.h>
#include <string.h>

#define DIGEST_EMPTY UINT64_C(0xcbf29ce484222325)

/* FNV-1a over the bytes of 64-bit numbers, lowest first. */
static inline void mix(uint64_t *digest, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        *digest = (*digest ^ (value >> (8 * i) & 0xff)) * UINT64_C(0x100000001b3);
    }
}

static inline void mix_double(uint64_t *digest, double value)
{
    uint64_t bits = UINT64_C(0x7ff8000000000000); /* one NaN for all: their bits are not portable */

    if (value == value) {
        memcpy(&bits, &value, sizeof bits);
    }
    mix(digest, bits);
}

#endif
