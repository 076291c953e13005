/*
 * limits/rates.h - policies over the changes of the recent past, and the bounds. Numbers in,
 * numbers out; the lists are the caller's.
 */
#ifndef WEIR_LIB_LIMITS_RATES_H
#define WEIR_LIB_LIMITS_RATES_H

#include "base/internal.h"
#include <weir/behavior.h>

/* The changes of one direction, in upstream's order. */
struct weir__events {
    weir_scale_event *list;
    uint16_t count, capacity;
};

/* What the policies of a direction allow. */
struct weir__rate {
    int32_t limit;
    int32_t policy; /* the one that makes it; -1: none does */
    int32_t start;  /* pods at the beginning of its period */
    weir_time next; /* when a change leaves a period, so that more may be allowed */
};

struct weir__rate weir__rate_limit(const weir_scaling_rules *rules, int32_t direction,
                                   int32_t current, const struct weir__events *up,
                                   const struct weir__events *down, weir_time now,
                                   int32_t conversion);

/* At most double, or 4: what holds without rules. */
int32_t weir__double_limit(int32_t current, int32_t conversion);

/* The longest and the shortest period of a direction's policies; 0 without any. */
weir_duration weir__longest_period(const weir_scaling_rules *rules);
weir_duration weir__shortest_period(const weir_scaling_rules *rules);

/*
 * Stores a change in the place of the last outdated one, or at the end. `outdated` is the time
 * before which changes of this direction are, `useless` that up to which no policy counts them.
 * weir__events_room() says beforehand whether there are so many places.
 */
int weir__events_room(const struct weir__events *events, int32_t wanted, weir_time outdated,
                      weir_time useless);
void weir__events_add(struct weir__events *events, weir_time at, int32_t change, weir_time outdated,
                      weir_time useless);

#endif
