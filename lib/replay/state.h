/*
 * replay/state.h - the block of a replay, and its files' part of it.
 */
#ifndef WEIR_LIB_REPLAY_STATE_H
#define WEIR_LIB_REPLAY_STATE_H

#include "decide/registry.h"
#include "replay/sampler.h"
#include "replay/score.h"
#include "replay/traffic.h"

#define WEIR__KIND_REPLAY 100 /* of the block; a replay is no kind of autoscaler */

struct weir_replay {
    struct weir__block block;
    weir_time started;
    weir_time row_at;      /* of the last row; WEIR_TIME_NONE: none yet */
    weir_time passed;      /* all before it is done */
    weir_time reported_at; /* of the last report to the autoscaler */
    int64_t ready;         /* pods that the last decision saw ready */
    int32_t main_series;
    int32_t series; /* the autoscaler's; 0: not asked for yet */
    int32_t loaded; /* 1: the last report was of a load above zero */
    int32_t idle;   /* 1: the last decision had no data */
    int32_t skip_idle;
    int32_t sampled;          /* 1: rows are sampled; 0: they are reported as they are */
    int32_t concurrency, rps; /* series that requests are reported as */
    size_t traffic_at;        /* bytes from here to what belongs to the traffic */
    struct weir__sampler sampler;
    struct weir__score score;
    struct weir__plant plant;
    struct weir__traffic traffic;
    /* Followed by: what belongs to the plant, what belongs to the traffic. */
};

static inline struct weir__batch *weir__yard(weir_replay *r)
{
    return (struct weir__batch *)(void *)(r + 1);
}

static inline const struct weir__batch *weir__yard_of(const weir_replay *r)
{
    return (const struct weir__batch *)(const void *)(r + 1);
}

/* Whether weir__replay_regular() may be asked at all. */
int weir__replay_is_simple(const weir_replay *r, const struct weir__autoscaler_ops *ops);

/* A row whose sample and decision are due at its own time, as those of a regular trace are: takes
 * it and decides, as weir_replay_record() and weir_replay_next() up to `until` would. 0 when it is
 * no such row, and nothing was done; else 1, and what came of it in *status.
 * Only for a replay that is simple. */
int weir__replay_regular(weir_replay *r, void *autoscaler, const struct weir__autoscaler_ops *ops,
                         const weir_reading *row, size_t count, weir_time until, weir_decision *out,
                         weir_status *status);

/* requests.c: the reports of a second, and what a decision means to the requests in flight. */
weir_status weir__replay_report_requests(weir_replay *r, void *autoscaler);
weir_status weir__replay_requests_follow(weir_replay *r, weir_time at, int proxied);

#endif
