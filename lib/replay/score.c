/*
 * replay/score.c - counts of decisions and their digest.
 *
 * The digest is taken over the valid decisions, as words of 64 bits in the way of FNV-1a: with each
 * word the hash becomes h = (h xor word) * prime, then h xor (h >> 32). So it is the same on every
 * machine, and whether decisions without data were made or passed over.
 */
#include "replay/score.h"
#include "base/bytes.h"

#define FNV_PRIME UINT64_C(0x100000001b3)

void weir__score_begin(struct weir__score *score)
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

static uint64_t digest(uint64_t hash, const weir_decision *d)
{
    hash = mix(hash, (uint64_t)d->at);
    hash = mix(hash, pair(d->replicas, d->current));
    hash = mix(hash, pair(d->excess_burst_capacity, d->rule));
    return mix(hash, d->flags);
}

void weir__score_decision(struct weir__score *s, const weir_decision *d, int64_t before,
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
    s->digest = digest(s->digest, d);
    if (after == before) {
        return;
    }
    s->scale_ups += after > before;
    s->scale_downs += after < before;
    s->cold_starts += before == 0;
    s->reversals += s->direction == -direction;
    s->direction = direction;
}

void weir__score_skipped(struct weir__score *s, int64_t count)
{
    s->decisions += count;
    s->invalid += count;
}
