/*
 * big.c - natural numbers of up to 5120 bits. Callers keep their numbers within that: 800 decimal
 * digits times 10^310 are below 2^3700.
 */
#include "promql/big.h"

#include <string.h>

static void trim(struct big *a)
{
    while (a->count > 0 && a->limb[a->count - 1] == 0) {
        a->count--;
    }
}

void weir__pq_big_set(struct big *a, uint64_t value)
{
    a->limb[0] = (uint32_t)value;
    a->limb[1] = (uint32_t)(value >> 32);
    a->count = 2;
    trim(a);
}

void weir__pq_big_multiply_add(struct big *a, uint32_t factor, uint32_t more)
{
    uint64_t carry = more;

    for (int i = 0; i < a->count; i++) {
        carry += (uint64_t)a->limb[i] * factor;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0 && a->count < BIG_LIMBS) {
        a->limb[a->count++] = (uint32_t)carry;
    }
}

void weir__pq_big_multiply_ten(struct big *a, int power)
{
    for (; power >= 9; power -= 9) {
        weir__pq_big_multiply_add(a, 1000000000, 0);
    }
    for (; power > 0; power--) {
        weir__pq_big_multiply_add(a, 10, 0);
    }
}

void weir__pq_big_shift(struct big *a, int bits)
{
    int limbs = bits / 32;

    if (a->count == 0) {
        return;
    }
    weir__pq_big_multiply_add(a, UINT32_C(1) << (bits % 32), 0);
    if (limbs > BIG_LIMBS - a->count) {
        limbs = BIG_LIMBS - a->count;
    }
    memmove(a->limb + limbs, a->limb, (size_t)a->count * sizeof a->limb[0]);
    memset(a->limb, 0, (size_t)limbs * sizeof a->limb[0]);
    a->count += limbs;
}

void weir__pq_big_subtract(struct big *a, const struct big *b)
{
    int64_t carry = 0;

    for (int i = 0; i < a->count; i++) {
        carry += (int64_t)a->limb[i] - (i < b->count ? (int64_t)b->limb[i] : 0);
        a->limb[i] = (uint32_t)carry;
        carry = carry < 0 ? -1 : 0;
    }
    trim(a);
}

int weir__pq_big_bits(const struct big *a)
{
    int bits = 32 * a->count;

    if (a->count > 0) {
        for (uint32_t top = a->limb[a->count - 1]; (top & UINT32_C(0x80000000)) == 0; top <<= 1) {
            bits--;
        }
    }
    return bits;
}

int weir__pq_big_compare(const struct big *a, const struct big *b)
{
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (int i = a->count - 1; i >= 0; i--) {
        if (a->limb[i] != b->limb[i]) {
            return a->limb[i] < b->limb[i] ? -1 : 1;
        }
    }
    return 0;
}

int weir__pq_big_compare_sum(const struct big *a, const struct big *b, const struct big *c)
{
    struct big sum = *a;
    uint64_t carry = 0;

    while (sum.count < b->count) {
        sum.limb[sum.count++] = 0;
    }
    for (int i = 0; i < sum.count; i++) {
        carry += (uint64_t)sum.limb[i] + (i < b->count ? b->limb[i] : 0);
        sum.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0 && sum.count < BIG_LIMBS) {
        sum.limb[sum.count++] = (uint32_t)carry;
    }
    return weir__pq_big_compare(&sum, c);
}
