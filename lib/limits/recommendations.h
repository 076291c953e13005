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

#include "base/bytes.h"
#include <weir/behavior.h>

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
size_t weir__recommendations_bytes(uint16_t capacity);

/* Empties it; the arrays are `at` bytes from the struct. Where the scale-up window has no length
 * the queue of low wishes is left out, until a list of foreign times is set. */
void weir__recommendations_lay(struct weir__recommendations *r, uint32_t at, uint16_t capacity,
                               int with_lows);

/* Forgets all wishes. */
void weir__recommendations_clear(struct weir__recommendations *r);

/* Drops what has left its window: wishes not after `up` (low), and not after `down` (high). */
struct weir__extremes weir__recommendations_look(struct weir__recommendations *r, weir_time up,
                                                 weir_time down);

/* Whether one more wish finds room when the list is full, those before `old` being overwritten. */
int weir__recommendations_room(struct weir__recommendations *r, weir_time up, weir_time down,
                               weir_time old);

/* Remembers a wish; there has to be room. */
void weir__recommendations_add(struct weir__recommendations *r, weir_time at, int32_t replicas,
                               weir_time old);

/* Slot i of the list, i < count. */
const struct weir__slot *weir__recommendations_get(const struct weir__recommendations *r,
                                                   uint16_t i);

/* Replaces the list: set all slots' at and replicas in order, then finish. */
void weir__recommendations_set(struct weir__recommendations *r, uint16_t i, weir_time at,
                               int32_t replicas);
void weir__recommendations_finish(struct weir__recommendations *r, uint16_t count);

#endif
