/*
 * weir/replay.h - a recorded load in, decisions out: what an autoscaler would have done.
 *
 * A replay drives any kind of autoscaler through weir/autoscaler.h, at the times at which the real
 * controller would decide, and plays the cluster: pods become ready some time after they are asked
 * for and go some time after they are told to. The load is open-loop: it is what was recorded,
 * whatever is decided.
 *
 *   for each row:  while (weir_replay_next(r, a, row.at, &d, why) >= WEIR_OK, not WEIR_END) use d
 *                  weir_replay_record(r, a, readings, count)
 *   at the end:    the same loop once more, up to the end of the trace
 */
#ifndef WEIR_REPLAY_H
#define WEIR_REPLAY_H

#include <weir/autoscaler.h>
#include <weir/base.h>
#include <weir/decision.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most series that a replay holds between two rows. */
#define WEIR_REPLAY_SERIES_MAX 32

/** Configuration of a replay. Start from weir_replay_config_init(). */
typedef struct weir_replay_config {
    uint32_t struct_size;
    int32_t initial_replicas;      /**< pods that are ready at the start, >= 0, 1 */
    weir_duration pod_start;       /**< ns, >= 0, 0: from asked for to ready */
    weir_duration pod_stop;        /**< ns, >= 0, 0: from told to stop to gone */
    weir_duration sample_interval; /**< ns, >= 0, 1 s: a row is recorded again so often until the
                                        next one, as a scraper would; 0: only once */
    weir_duration hold;            /**< ns, >= 0, 5 min: how long a row stands for; then no data */
} weir_replay_config;

/** What a whole replay came to. */
typedef struct weir_report {
    uint32_t struct_size;
    int32_t peak_replicas;  /**< most pods in existence */
    int64_t decisions;      /**< decisions made, valid or not */
    int64_t invalid;        /**< of these, without data */
    int64_t scale_ups;      /**< decisions that asked for more pods */
    int64_t scale_downs;    /**< decisions that asked for fewer */
    int64_t reversals;      /**< changes in the other direction than the one before */
    double seconds;         /**< length of the trace */
    double replica_seconds; /**< pods in existence, starting and stopping ones too, over time */
    double ready_seconds;   /**< ready pods over time */
    double panic_seconds;   /**< time in panic mode */
    double zero_seconds;    /**< time with no pod in existence */
    uint64_t digest;        /**< of every decision: the same on every machine */
} weir_report;

typedef struct weir_replay weir_replay;

/** Writes the defaults. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_replay_config_init(weir_replay_config *config, size_t struct_size);

/** @return WEIR_OK; WEIR_E_STRUCT or WEIR_E_RANGE with the field in err */
WEIR_API weir_status weir_replay_config_check(const weir_replay_config *config, weir_error *err);

/** Bytes that a replay of this configuration takes. @return as the check */
WEIR_API weir_status weir_replay_bytes(const weir_replay_config *config, size_t *bytes,
                                       weir_error *err);

/**
 * Makes a replay that begins at `start`, when the autoscaler was made too.
 * @return as the check; WEIR_E_SPACE; WEIR_E_ARG
 */
WEIR_API weir_status weir_replay_init(weir_replay *replay, size_t bytes,
                                      const weir_replay_config *config, weir_time start,
                                      weir_error *err);

/**
 * Takes one row in: readings of one time, at most one a series.
 * @return WEIR_OK; WEIR_E_TIME when it is before a row or a decision that was already made;
 *         WEIR_E_LIMIT for more than WEIR_REPLAY_SERIES_MAX readings; else the autoscaler's error.
 *         On error nothing changes.
 */
WEIR_API weir_status weir_replay_record(weir_replay *replay, void *autoscaler,
                                        const weir_reading *readings, size_t count);

/**
 * Makes the next decision before `until`, and lets the cluster follow it.
 * @param target  the scale target as the decision saw it; may be NULL
 * @return WEIR_OK, WEIR_NO_DATA: a decision was made; WEIR_END: none is due before `until`;
 *         the autoscaler's error otherwise
 */
WEIR_API weir_status weir_replay_next(weir_replay *replay, void *autoscaler, weir_time until,
                                      weir_decision *out, weir_explain *explain,
                                      weir_target *target);

/** The scale target at the time of the last decision or row. @return WEIR_OK; WEIR_E_ARG */
WEIR_API weir_status weir_replay_target(const weir_replay *replay, weir_target *target);

/**
 * What the replay came to by `end`, which is not before the last decision.
 * @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT
 */
WEIR_API weir_status weir_replay_report(weir_replay *replay, weir_time end, weir_report *report,
                                        size_t struct_size);

#ifdef __cplusplus
}
#endif
#endif
