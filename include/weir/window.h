/*
 * weir/window.h - samples to numbers: bucketed averages and a sliding maximum.
 *
 * A window is a ring of time buckets. Values recorded into one bucket are summed; each lane is a
 * series of its own, all lanes of a window being recorded at the same times. Two averages can be
 * read: the linear one (the running total over the buckets in use, rounded to six decimals) and the
 * weighted one (newest buckets weigh most, exponentially). Silence is not zero: time without
 * records only takes old buckets away.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/aggregation/bucketing.go and
 * aggregation/max/window.go, equal to the bit.
 */
#ifndef WEIR_WINDOW_H
#define WEIR_WINDOW_H

#include <weir/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a window is read. */
enum { WEIR_WINDOW_LINEAR = 0, WEIR_WINDOW_WEIGHTED = 1 };

/** Whose arithmetic. */
enum {
    WEIR_SERVING_0_51 = 0, /**< Knative serving from 0.43 on: averages are rounded at 1e-6 */
    WEIR_SERVING_0_42 = 1  /**< Knative serving 0.42: averages are floored at 1e-6 */
};

#define WEIR_WINDOW_LANES_MAX 8

/** Configuration of a window. Start from weir_window_config_init(). */
typedef struct weir_window_config {
    uint32_t struct_size;
    int32_t algorithm;         /**< WEIR_WINDOW_*, linear */
    weir_duration window;      /**< ns, >= 0, 60 s */
    weir_duration granularity; /**< ns, > 0, 1 s: width of a bucket */
    weir_duration reserve;     /**< ns, longest window a later resize may ask for; 0: `window` */
    int32_t lanes;             /**< series in the window, [1, 8], 1 */
    int32_t semantics;         /**< WEIR_SERVING_*, serving 0.51 */
} weir_window_config;

/** A window: an opaque block of weir_window_bytes(). */
typedef struct weir_window weir_window;

/** Writes the defaults. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_window_config_init(weir_window_config *config, size_t struct_size);

/** @return WEIR_OK; WEIR_E_STRUCT or WEIR_E_RANGE with the field in err */
WEIR_API weir_status weir_window_config_check(const weir_window_config *config, weir_error *err);

/** Bytes that a window of this configuration takes. @return as weir_window_config_check() */
WEIR_API weir_status weir_window_bytes(const weir_window_config *config, size_t *bytes,
                                       weir_error *err);

/**
 * Makes an empty window in the caller's block.
 * @return as weir_window_config_check(); WEIR_E_SPACE when bytes is too small; WEIR_E_ARG
 */
WEIR_API weir_status weir_window_init(weir_window *window, size_t bytes,
                                      const weir_window_config *config, weir_error *err);

/**
 * Adds one value per lane to the bucket of `at`. Records may come late and in any order: one that
 * is not newer than the last record less the window is dropped (that is no error).
 *
 * @param values  one per lane; any double, NaN and infinities included, as upstream
 * @return WEIR_OK; WEIR_E_ARG; WEIR_E_PANIC where upstream panics, nothing changed: at most times
 * before 1970, with a window of no buckets, with a granularity below a second
 */
WEIR_API weir_status weir_window_record(weir_window *window, weir_time at, const double *values);

/**
 * The average of each lane at `now`, which may be before the last record.
 * @param averages  one per lane; 0 for an empty window, and once the last record is `window` old
 * @return WEIR_OK; WEIR_E_ARG; WEIR_E_PANIC as weir_window_record()
 */
WEIR_API weir_status weir_window_average(const weir_window *window, weir_time now,
                                         double *averages);

/** 1 when the last record is older than the window (strictly), or there is none; else 0. */
WEIR_API int32_t weir_window_empty(const weir_window *window, weir_time now);

/**
 * Changes the length of the window, keeping the newest buckets if the last record is not older
 * than the old window. As upstream, the age of the data is then taken to be the whole old window.
 *
 * @return WEIR_OK; WEIR_E_SPACE when `length` is above the reserve; WEIR_E_RANGE; WEIR_E_ARG
 */
WEIR_API weir_status weir_window_resize(weir_window *window, weir_duration length, weir_time now);

/**
 * The first time after `now` at which an average or the emptiness can change without a record;
 * WEIR_TIME_NEVER when it cannot.
 */
WEIR_API weir_time weir_window_next(const weir_window *window, weir_time now);

/**
 * Writes a snapshot: a portable record of the state, not an image of the block.
 * @param buffer  may be NULL when capacity is 0
 * @param need    set to the bytes of the snapshot; may be NULL
 * @return WEIR_OK; WEIR_E_SPACE when capacity is too small (nothing useful was written); WEIR_E_ARG
 */
WEIR_API weir_status weir_window_save(const weir_window *window, uint8_t *buffer, size_t capacity,
                                      size_t *need);

/**
 * Takes the state of a snapshot over into a window that was made with the same configuration.
 * @return WEIR_OK; WEIR_E_CORRUPT, WEIR_E_VERSION, WEIR_E_MISMATCH, WEIR_E_SPACE: nothing changed
 */
WEIR_API weir_status weir_window_load(weir_window *window, const uint8_t *buffer, size_t length,
                                      weir_error *err);

/** A sliding maximum of int32 values: an opaque block of weir_max_window_bytes(). */
typedef struct weir_max_window weir_max_window;

/**
 * Bytes that a maximum over `duration` in buckets of `granularity` takes.
 * @return WEIR_OK; WEIR_E_RANGE unless duration > 0 and granularity > 0; WEIR_E_ARG
 */
WEIR_API weir_status weir_max_window_bytes(weir_duration duration, weir_duration granularity,
                                           size_t *bytes);

/** Makes an empty one. @return as weir_max_window_bytes(); WEIR_E_SPACE */
WEIR_API weir_status weir_max_window_init(weir_max_window *window, size_t bytes,
                                          weir_duration duration, weir_duration granularity);

/**
 * Records a value. Amortized O(1): values that can never be the maximum again are dropped.
 * @return WEIR_OK; WEIR_E_PANIC where upstream panics, nothing changed: after time went back far,
 * or with a granularity below a second; WEIR_E_ARG
 */
WEIR_API weir_status weir_max_window_record(weir_max_window *window, weir_time at, int32_t value);

/** The largest value still in the window as of the last record; 0 before the first. */
WEIR_API int32_t weir_max_window_current(const weir_max_window *window);

/** As weir_window_save(). */
WEIR_API weir_status weir_max_window_save(const weir_max_window *window, uint8_t *buffer,
                                          size_t capacity, size_t *need);

/** As weir_window_load(). */
WEIR_API weir_status weir_max_window_load(weir_max_window *window, const uint8_t *buffer,
                                          size_t length, weir_error *err);

#ifdef __cplusplus
}
#endif
#endif
