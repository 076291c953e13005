/*
 * Random numbers from a seed, the same on every machine: whole numbers by splitmix64, doubles by
 * exact operations on them. A failed run is repeated by its seed.
 */
#ifndef WEIR_TESTS_SUPPORT_RANDOM_H
#define WEIR_TESTS_SUPPORT_RANDOM_H

#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_bits(struct rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* In [low, high]; the slight bias of the remainder does not matter here. */
static inline int64_t rng_int(struct rng *r, int64_t low, int64_t high)
{
    return low + (int64_t)(rng_bits(r) % ((uint64_t)(high - low) + 1));
}

/* In [low, high), in steps of 1 / 2^53 of the range. */
static inline double rng_real(struct rng *r, double low, double high)
{
    double unit = (double)(rng_bits(r) >> 11) * (1.0 / 9007199254740992.0);

    return low + (high - low) * unit;
}

/* 1 in `n` times 1, else 0. */
static inline int rng_one_in(struct rng *r, int64_t n)
{
    return rng_int(r, 1, n) == 1;
}

#endif
