/*
 * big.h - natural numbers of up to 5120 bits, for reading and writing decimal numbers exactly.
 */
#ifndef WEIR_PROMQL_BIG_H
#define WEIR_PROMQL_BIG_H

#include <stdbool.h>
#include <stdint.h>

enum { BIG_LIMBS = 160 };

/* Limbs from the lowest up; the highest is not 0. */
struct big {
    uint32_t limb[BIG_LIMBS];
    int count;
};

void weir__pq_big_set(struct big *a, uint64_t value);
void weir__pq_big_multiply_add(struct big *a, uint32_t factor, uint32_t more);
void weir__pq_big_multiply_ten(struct big *a, int power);       /* times 10^power, power >= 0 */
void weir__pq_big_shift(struct big *a, int bits);               /* times 2^bits, bits >= 0 */
void weir__pq_big_subtract(struct big *a, const struct big *b); /* a >= b */
int weir__pq_big_bits(const struct big *a);

/* Below, at or above 0 as a is to b. */
int weir__pq_big_compare(const struct big *a, const struct big *b);

/* As a + b is to c. */
int weir__pq_big_compare_sum(const struct big *a, const struct big *b, const struct big *c);

#endif
