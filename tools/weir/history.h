/*
 * history.h - a replay's decisions thinned out to what a chart can show, in constant memory.
 */
#ifndef WEIR_TOOLS_HISTORY_H
#define WEIR_TOOLS_HISTORY_H

#include <stddef.h>
#include <stdint.h>

enum { HISTORY_BINS = 2048 };

/* Some decisions in a row. */
struct bin {
    int64_t at;                  /* ns, of the first */
    double load_low, load_high;  /* NaN: no load was known */
    int32_t wanted, wanted_high; /* of the last, and the most */
    int32_t ready, ready_high;   /* of the last, and the most */
    int32_t decisions, panics;   /* how many, and how many of them in panic */
};

/* Every bin but the last holds `each` decisions, a power of two. */
struct history {
    struct bin bins[HISTORY_BINS];
    size_t count, each, in_last;
    int64_t end; /* ns, of the whole */
};

/* An empty history. */
void history_init(struct history *history);

/* Adds a decision, given as a bin of one. When there is no room, neighbours join. */
void history_add(struct history *history, const struct bin *one);

/* The bins that lie in [from, to) as one bin, as what was before goes on where there is none:
 * *i walks along with rising times. */
struct bin history_span(const struct history *history, size_t *i, int64_t to);

#endif
