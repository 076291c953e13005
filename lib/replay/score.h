/*
 * replay/score.h - what a replay's decisions came to.
 */
#ifndef WEIR_LIB_REPLAY_SCORE_H
#define WEIR_LIB_REPLAY_SCORE_H

#include "replay/plant.h"
#include <weir/decision.h>
#include <weir/replay.h>

struct weir__score {
    int64_t decisions, invalid, scale_ups, scale_downs, reversals, cold_starts;
    int64_t direction; /* of the last change: 1 up, -1 down, 0 none yet */
    struct weir__span panic, proxy;
    uint64_t digest;
};

void weir__score_begin(struct weir__score *score);

/* A decision, the pods wanted before it and after it. */
void weir__score_decision(struct weir__score *score, const weir_decision *decision, int64_t before,
                          int64_t after);

/* Decisions without data that were passed over. */
void weir__score_skipped(struct weir__score *score, int64_t count);

#endif
