/*
 * limits/recommendations.c - see recommendations.h.
 */
#include "limits/recommendations.h"
#include <string.h>

enum { IN_HIGHS = 1, IN_LOWS = 2 };

static struct weir__slot *slots(struct weir__recommendations *r)
{
    return (struct weir__slot *)(void *)((uint8_t *)r + r->slots_at);
}

static uint16_t *highs(struct weir__recommendations *r)
{
    return (uint16_t *)(void *)((uint8_t *)r + r->highs_at);
}

static uint16_t *lows(struct weir__recommendations *r)
{
    return (uint16_t *)(void *)((uint8_t *)r + r->lows_at);
}

static uint64_t *old_bits(struct weir__recommendations *r)
{
    return (uint64_t *)(void *)((uint8_t *)r + r->old_at);
}

static size_t words(uint16_t capacity)
{
    return ((size_t)capacity + 63) / 64;
}

size_t weir__recommendations_bytes(uint16_t capacity)
{
    return capacity * sizeof(struct weir__slot) + words(capacity) * sizeof(uint64_t) +
           2 * weir__round_up8(capacity * sizeof(uint16_t));
}

void weir__recommendations_lay(struct weir__recommendations *r, uint32_t at, uint16_t capacity,
                               int with_lows)
{
    memset(r, 0, sizeof *r);
    r->capacity = capacity;
    r->slots_at = at;
    r->old_at = r->slots_at + (uint32_t)(capacity * sizeof(struct weir__slot));
    r->highs_at = r->old_at + (uint32_t)(words(capacity) * sizeof(uint64_t));
    r->lows_at = r->highs_at + (uint32_t)weir__round_up8(capacity * sizeof(uint16_t));
    r->with_lows = with_lows != 0;
    weir__recommendations_clear(r);
}

void weir__recommendations_clear(struct weir__recommendations *r)
{
    memset(slots(r), 0, weir__recommendations_bytes(r->capacity));
    r->count = 0;
    r->old_count = 0;
    r->oldest = r->newest = WEIR__NO_SLOT;
    r->highs = r->lows = (struct weir__slot_queue){0, 0};
    r->begun = 0;
}

const struct weir__slot *weir__recommendations_get(const struct weir__recommendations *r,
                                                   uint16_t i)
{
    return (const struct weir__slot *)(const void *)((const uint8_t *)r + r->slots_at) + i;
}

/* ---- queues --------------------------------------------------------------------------------- */

static uint16_t place(const struct weir__recommendations *r, const struct weir__slot_queue *q,
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
        struct weir__slot *slot = &slots(r)[ring[q->first]];

        if (slot->at > cut) {
            return slot;
        }
        slot->queues = (uint16_t)(slot->queues & ~bit);
        q->first = place(r, q, 1);
        q->length--;
    }
    return NULL;
}

/* Puts a slot at the back. What is there and can never be the extreme again goes: sign is 1 for the
 * queue of high wishes and -1 for that of low ones. */
static inline void push(struct weir__recommendations *r, struct weir__slot_queue *q, uint16_t *ring,
                        uint16_t bit, int32_t sign, uint16_t index)
{
    struct weir__slot *s = slots(r);
    int64_t wish = (int64_t)s[index].replicas * sign;
    uint16_t length = q->length;

    while (length > 0) {
        struct weir__slot *back = &s[ring[place(r, q, (uint16_t)(length - 1))]];

        if ((int64_t)back->replicas * sign > wish) {
            break;
        }
        back->queues = (uint16_t)(back->queues & ~bit);
        length--;
    }
    ring[place(r, q, length)] = index;
    q->length = (uint16_t)(length + 1);
    s[index].queues |= bit;
}

struct weir__extremes weir__recommendations_look(struct weir__recommendations *r, weir_time up,
                                                 weir_time down)
{
    struct weir__extremes e = {INT32_MAX, INT32_MIN, WEIR_TIME_NEVER, WEIR_TIME_NEVER};
    const struct weir__slot *high = front(r, &r->highs, highs(r), IN_HIGHS, down);
    const struct weir__slot *low = r->with_lows ? front(r, &r->lows, lows(r), IN_LOWS, up) : NULL;

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
static void append(struct weir__recommendations *r, uint16_t index)
{
    struct weir__slot *s = slots(r);

    s[index].newer = WEIR__NO_SLOT;
    s[index].queues = 0;
    if (r->newest != WEIR__NO_SLOT) {
        s[r->newest].newer = index;
    } else {
        r->oldest = index;
    }
    r->newest = index;
    push(r, &r->highs, highs(r), IN_HIGHS, 1, index);
    if (r->with_lows) {
        push(r, &r->lows, lows(r), IN_LOWS, -1, index);
    }
}

/* Links all slots in order of time and fills the queues again, none being old. The slots are in
 * order but for a few runs, so that looking for a place from the newest on is quick. */
static void rebuild(struct weir__recommendations *r)
{
    struct weir__slot *s = slots(r);
    uint16_t index;

    memset(old_bits(r), 0, words(r->capacity) * sizeof(uint64_t));
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

        append(r, index);
        index = newer;
    }
}

/* Marks the slots before `old`, which are at the front. */
static void mark_old(struct weir__recommendations *r, weir_time old)
{
    while (r->oldest != WEIR__NO_SLOT && slots(r)[r->oldest].at < old) {
        uint16_t marked = r->oldest;

        old_bits(r)[marked / 64] |= UINT64_C(1) << marked % 64;
        r->old_count++;
        r->oldest = slots(r)[marked].newer;
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
    size_t i = words(r->count) - 1;

    while (bits[i] == 0) {
        i--;
    }
    return (uint16_t)(i * 64 + highest_bit(bits[i]));
}

/* A slot that no window can need before another one: it is in neither queue. */
static uint16_t useless(const struct weir__recommendations *r)
{
    for (uint16_t i = 0; i < r->count; i++) {
        if (weir__recommendations_get(r, i)->queues == 0) {
            return i;
        }
    }
    return WEIR__NO_SLOT;
}

int weir__recommendations_room(struct weir__recommendations *r, weir_time up, weir_time down,
                               weir_time old)
{
    weir__recommendations_look(r, up, down);
    mark_old(r, old);
    return r->old_count > 0 || useless(r) != WEIR__NO_SLOT;
}

/* The slot to write over, where exactly one is old: as a rule one grows old at each step, and need
 * not be marked. */
static uint16_t take_only_old(struct weir__recommendations *r, weir_time old)
{
    const struct weir__slot *s = slots(r);
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
    *is_last = r->newest == WEIR__NO_SLOT || slots(r)[r->newest].at <= at;
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
        index = useless(r); /* more steps than the list was made for */
        *is_last = 0;
    }
    return index;
}

void weir__recommendations_add(struct weir__recommendations *r, weir_time at, int32_t replicas,
                               weir_time old)
{
    int is_last;
    uint16_t index = take_slot(r, at, old, &is_last);

    r->begun = 1;
    slots(r)[index].at = at;
    slots(r)[index].replicas = replicas;
    if (is_last) {
        append(r, index);
    } else {
        rebuild(r);
    }
}

void weir__recommendations_set(struct weir__recommendations *r, uint16_t i, weir_time at,
                               int32_t replicas)
{
    slots(r)[i].at = at;
    slots(r)[i].replicas = replicas;
}

void weir__recommendations_finish(struct weir__recommendations *r, uint16_t count)
{
    r->count = count;
    r->begun = 1;
    r->with_lows = 1;
    rebuild(r);
}
