/*
 * weir/replay.h - a recorded load in, decisions out: what an autoscaler would have done.
 *
 * A replay drives any kind of autoscaler through weir/autoscaler.h, at the times at which the real
 * controller would decide, and plays the cluster: pods become ready some time after they are asked
 * for and go some time after they are told to. The load is open-loop: it is what was recorded,
 * whatever is decided.
 *
 *   for each row:  while (weir_replay_next(r, a, row.at, &d, why, NULL) is 0 or NO_DATA) use d
 *                  weir_replay_record(r, a, readings, count)
 *   at the end:    the same loop once more, up to the end of the trace
 *
 * Rows become samples at fixed times, `sample_interval` apart, as a scraper takes them: the mean of
 * the rows since the last sample, or the newest row again for as long as `hold` lets it stand; or
 * always the newest row, as a controller sees it that asks for a metric's value now (the HPA). What
 * a sample is worth depends on who is there to report it, see weir_autoscaler_zero(). A sample of
 * some time is recorded before a decision of the same time.
 *
 * Instead of rows a Knative revision can be given requests one by one: then the activator and the
 * pods make the reports, a request waits for a pod that has room for it, and what it waited for is
 * counted.
 *
 *   for each request:  the loop as above, up to its arrival
 *                      weir_replay_request(r, a, arrival, duration)
 *
 * A trace that lies in memory is replayed at once by weir_replay_run().
 */
#ifndef WEIR_REPLAY_H
#define WEIR_REPLAY_H

#include <weir/autoscaler.h>
#include <weir/base.h>
#include <weir/decision.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most series that a replay samples. */
#define WEIR_REPLAY_SERIES_MAX 32

/** Longest time that a pod may take to start or to stop: a day. */
#define WEIR_REPLAY_POD_DELAY_MAX (86400 * WEIR_SECOND)

/** Most requests in flight at once that a replay can have room for. */
#define WEIR_REPLAY_REQUESTS_MAX 100000000

/** How rows become samples. */
enum {
    WEIR_SAMPLING_MEAN = 0,  /**< the mean of the rows since the sample before */
    WEIR_SAMPLING_NEWEST = 1 /**< the newest row; once it no longer stands there is no value */
};

/** Configuration of a replay. Start from weir_replay_config_init(). */
typedef struct weir_replay_config {
    uint32_t struct_size;
    int32_t initial_replicas;      /**< pods that are ready at the start, >= 0, 1 */
    int32_t pods_max;              /**< single pods that a target shows, [0, 1000000], 0: none */
    int32_t skip_idle;             /**< 1: decisions without data are counted but not given; 1 */
    weir_duration pod_start;       /**< ns, [0, 1 day], 0: from asked for to ready */
    weir_duration pod_stop;        /**< ns, [0, 1 day], 0: from told to stop to gone */
    weir_duration sample_interval; /**< ns, >= 0, 1 s; 0: rows are recorded as they are, once */
    weir_duration hold;            /**< ns, > 0, 5 min: how long a row stands; then no data */
    int64_t requests_max; /**< requests in flight at once, [0, 1e8], 0: rows, not requests */
    int64_t container_concurrency; /**< requests that a pod runs at once, >= 0, 0: any number */
    double pod_capacity; /**< load of the main series that a pod can take, >= 0, 0: not known */
    int32_t sampling;    /**< WEIR_SAMPLING_*, the mean */
    int32_t reserved;    /**< 0 */
} weir_replay_config;

/** Buckets of waiting times: no wait, then eight an octave, from a microsecond to 9 days. */
#define WEIR_WAITS_BUCKETS 320

/** What requests came to. */
typedef struct weir_waits {
    uint32_t struct_size;
    int32_t reserved;                    /**< 0 */
    int64_t completed;                   /**< requests that were answered */
    int64_t running;                     /**< that run */
    int64_t waiting;                     /**< that wait for a pod */
    int64_t held;                        /**< that had to wait, of those that ran or run */
    weir_duration longest;               /**< ns, longest wait */
    double waited;                       /**< s, all waits together */
    int64_t buckets[WEIR_WAITS_BUCKETS]; /**< requests by their wait, see weir_waits_bound() */
} weir_waits;

/** The bucket of a waiting time; 0 for none. */
WEIR_API int32_t weir_waits_bucket(weir_duration wait);

/** The end of a bucket: every wait in it is shorter; 0 for the first, which is no wait. */
WEIR_API weir_duration weir_waits_bound(int32_t bucket);

/** What a whole replay came to. */
typedef struct weir_report {
    uint32_t struct_size;
    int32_t peak_replicas;   /**< most pods in existence */
    int64_t decisions;       /**< decisions made or passed over, valid or not */
    int64_t invalid;         /**< of these, without data */
    int64_t scale_ups;       /**< decisions that asked for more pods */
    int64_t scale_downs;     /**< decisions that asked for fewer */
    int64_t reversals;       /**< changes in the other direction than the one before */
    int64_t cold_starts;     /**< scale-ups from zero pods */
    double seconds;          /**< length of the trace */
    double replica_seconds;  /**< pods in existence, starting and stopping ones too, over time */
    double ready_seconds;    /**< ready pods over time */
    double panic_seconds;    /**< time in panic mode */
    double proxy_seconds;    /**< Knative: time with the activator in the path */
    double zero_seconds;     /**< time with no pod in existence */
    double overload_seconds; /**< time with more load than the ready pods can take */
    uint64_t digest;         /**< of every valid decision: the same on every machine */
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
 * Takes one row in: readings of one time, at most one a series and, where rows are sampled, of the
 * whole target (pod -1).
 * @return WEIR_OK; WEIR_E_TIME unless it is after the row before, and weir_replay_next() has been
 *         called up to its time and not beyond; WEIR_E_RANGE for a series that the autoscaler does
 *         not have; WEIR_E_LIMIT for more than WEIR_REPLAY_SERIES_MAX; WEIR_E_ARG. On error nothing
 *         changes.
 */
WEIR_API weir_status weir_replay_record(weir_replay *replay, void *autoscaler,
                                        const weir_reading *readings, size_t count);

/**
 * A request arrives. Needs room (`requests_max`) and an autoscaler that reads "concurrency" and
 * "rps" and watches the pods (Knative); rows and requests exclude each other.
 *
 * @param at        not before the request before, and as for a row
 * @param duration  ns, >= 0: how long it runs once a pod has taken it
 * @return WEIR_OK; WEIR_E_TIME; WEIR_E_LIMIT for more in flight than there is room for;
 * WEIR_E_RANGE for an autoscaler without these series; WEIR_E_ARG
 */
WEIR_API weir_status weir_replay_request(weir_replay *replay, void *autoscaler, weir_time at,
                                         weir_duration duration);

/**
 * A load generator: so many workers, each of which sends its next request as soon as its last one
 * was answered, until `until`.
 * @param duration  ns, > 0: how long every request runs
 * @return as weir_replay_request(); WEIR_E_ARG when there are workers already
 */
WEIR_API weir_status weir_replay_workers(weir_replay *replay, void *autoscaler, weir_time at,
                                         int64_t workers, weir_duration duration, weir_time until);

/** What the requests came to so far. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_replay_waits(const weir_replay *replay, weir_waits *waits,
                                       size_t struct_size);

/** The load of the main series as it was last reported; 0 for a replay that is none. */
WEIR_API double weir_replay_load(const weir_replay *replay);

/**
 * Makes the next decision before `until`, and lets the cluster follow it.
 * @param explain  may be NULL
 * @param target   the scale target as the decision saw it, its pods valid until the next call; may
 *                 be NULL
 * @return WEIR_OK, WEIR_NO_DATA: a decision was made; WEIR_END: none is due before `until`;
 *         WEIR_E_LIMIT: there are more pods than `pods_max`, and it is not 0; else the autoscaler's
 *         error
 */
WEIR_API weir_status weir_replay_next(weir_replay *replay, void *autoscaler, weir_time until,
                                      weir_decision *out, weir_explain *explain,
                                      weir_target *target);

/** A trace in memory: rows of one value a series. */
typedef struct weir_rows {
    uint32_t struct_size;
    uint32_t series_count;  /**< values of a row: the autoscaler's first series, in their order */
    size_t count;           /**< of rows */
    const weir_time *times; /**< of each row, rising; NULL: `start` and then one every `step` */
    weir_time start;
    weir_duration step;   /**< ns, > 0; used without `times` only */
    const double *values; /**< row after row; NaN: there is no value then */
} weir_rows;

/** Empties rows. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_rows_init(weir_rows *rows, size_t struct_size);

/**
 * Replays rows that lie in memory, from row *next on, with all decisions that are due before the
 * time of `end`. The same as the loop at the beginning of this file, only faster.
 *
 * @param next       the row to take next; 0 at first; moved on
 * @param end        decisions up to here, exclusive, once the rows are used up
 * @param decisions  filled in order; may be NULL when capacity is 0: then only the report counts
 * @param count      how many were filled
 * @return WEIR_END: all is done; WEIR_OK: `decisions` is full, call again; otherwise the error of
 *         weir_replay_record() or weir_replay_next(), about the row *next or what comes before it
 */
WEIR_API weir_status weir_replay_run(weir_replay *replay, void *autoscaler, const weir_rows *rows,
                                     size_t *next, weir_time end, weir_decision *decisions,
                                     size_t capacity, size_t *count);

/** The scale target at the time of the last sample or decision. @return as weir_replay_next() */
WEIR_API weir_status weir_replay_target(weir_replay *replay, weir_target *target);

/**
 * What the replay came to by `end`. The replay itself stays where it is.
 * @return WEIR_OK; WEIR_E_TIME when `end` is before the last sample or decision; WEIR_E_ARG;
 *         WEIR_E_STRUCT
 */
WEIR_API weir_status weir_replay_report(const weir_replay *replay, weir_time end,
                                        weir_report *report, size_t struct_size);

#ifdef __cplusplus
}
#endif
#endif
