/*
 * weir/autoscaler.h - one small interface to every kind of autoscaler.
 *
 * A driver (weir/replay.h, a controller) feeds readings and asks for decisions without knowing what
 * kind it drives: every state block says its kind itself, and a constant registry does the rest.
 */
#ifndef WEIR_AUTOSCALER_H
#define WEIR_AUTOSCALER_H

#include <weir/base.h>
#include <weir/decision.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The kinds of state block. Values are never reused; the first that can decide alone is the KPA.
 */
enum {
    WEIR_KIND_WINDOW = 1,
    WEIR_KIND_MAX_WINDOW = 2,
    WEIR_KIND_KPA_COLLECTOR = 3,
    WEIR_KIND_KPA_DECIDER = 4,
    WEIR_KIND_KPA = 5,
    WEIR_KIND_HPA = 10,
    WEIR_KIND_BEHAVIOR = 11,
    WEIR_KIND_KEDA = 20,
    WEIR_KIND_FORMULA = 21
};

/** One value of one input series, or the reason why there is none. */
typedef struct weir_reading {
    weir_time at;   /**< when it was measured */
    int32_t series; /**< index into the autoscaler's series, see weir_autoscaler_series_name() */
    int32_t pod;    /**< index of the pod it is about; -1: of the whole target */
    weir_status status; /**< WEIR_OK; WEIR_NO_DATA: there is none; an error: asking for it failed */
    int32_t reserved;   /**< 0 */
    double value;
} weir_reading;

/** The Ready condition of a pod. */
enum {
    WEIR_READY_FALSE = 0,
    WEIR_READY_TRUE = 1,
    WEIR_READY_UNKNOWN = 2, /**< the node does not answer */
    WEIR_READY_NONE = 3     /**< the pod has no such condition yet */
};

/** The phase of a pod. */
enum {
    WEIR_PHASE_RUNNING = 0,
    WEIR_PHASE_PENDING = 1,
    WEIR_PHASE_SUCCEEDED = 2,
    WEIR_PHASE_FAILED = 3,
    WEIR_PHASE_UNKNOWN = 4 /**< unknown, or none at all */
};

/** A pod of the scale target, as a controller sees it. */
typedef struct weir_pod {
    weir_time started;     /**< status.startTime; WEIR_TIME_NONE: not started */
    weir_time ready_since; /**< last transition of the Ready condition; WEIR_TIME_NONE: none */
    int32_t ready;         /**< WEIR_READY_* */
    int32_t deleted;       /**< 1: it is being deleted */
    int32_t phase;         /**< WEIR_PHASE_* */
    int32_t reserved;      /**< 0 */
} weir_pod;

/** The scale target at one instant. Fill with weir_target_init() before the first use. */
typedef struct weir_target {
    uint32_t struct_size;
    int32_t spec_replicas;   /**< asked for */
    int32_t status_replicas; /**< in existence, terminating ones not counted */
    int32_t ready_replicas;  /**< of these, ready */
    int32_t unreachable;     /**< Knative: 1: no route leads to the revision */
    uint32_t pod_count;      /**< pods in `pods` */
    const weir_pod *pods;    /**< NULL where the kind does not look at single pods */
} weir_target;

/** Empties a target. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_target_init(weir_target *target, size_t struct_size);

/** The kind's name ("kpa"); "unknown" for a number that is none; static text. */
WEIR_API const char *weir_kind_name(int32_t kind);

/** The kind of a state block (WEIR_KIND_*); 0 when it is none. */
WEIR_API int32_t weir_autoscaler_kind(const void *autoscaler);

/** Bytes of a state block, as it was made; 0 when it is none. */
WEIR_API size_t weir_autoscaler_bytes(const void *autoscaler);

/** How many input series the autoscaler reads. */
WEIR_API int32_t weir_autoscaler_series_count(const void *autoscaler);

/** The name of an input series ("concurrency"), NULL past the last; lives as long as the state. */
WEIR_API const char *weir_autoscaler_series_name(const void *autoscaler, int32_t series);

/** The series that the decision depends on most: what a chart would show as the load. */
WEIR_API int32_t weir_autoscaler_main_series(const void *autoscaler);

/** Who reports a load of zero: what a replay of a recorded load has to know to be true to life. */
enum {
    WEIR_ZERO_ALWAYS = 0,  /**< it is measured outside of the pods: always reported */
    WEIR_ZERO_BY_PODS = 1, /**< Knative: by ready pods; without any, once after a load above zero */
    WEIR_ZERO_ONCE = 2 /**< Knative, activator always in the path: once after a load above zero */
};

/** WEIR_ZERO_*; WEIR_ZERO_ALWAYS for a state that is none. */
WEIR_API int32_t weir_autoscaler_zero(const void *autoscaler);

/**
 * Takes readings in. Readings of one time belong together.
 * @return WEIR_OK; WEIR_E_RANGE for an unknown series; WEIR_E_TIME; WEIR_E_ARG
 */
WEIR_API weir_status weir_autoscaler_record(void *autoscaler, const weir_reading *readings,
                                            size_t count);

/**
 * The next time at which the real controller would decide by itself (its tick, its sync period).
 * WEIR_TIME_NEVER for a state that is none.
 */
WEIR_API weir_time weir_autoscaler_due(const void *autoscaler);

/**
 * Whether readings taken in since the last decision make the real controller decide at once, before
 * it is due (Knative: requests that arrive at zero pods). 1 or 0.
 */
WEIR_API int32_t weir_autoscaler_poked(const void *autoscaler);

/**
 * Whether the real controller also decides when the number of ready pods changes (Knative: the
 * reconciler watches them). 1 or 0.
 */
WEIR_API int32_t weir_autoscaler_watches_pods(const void *autoscaler);

/**
 * One decision. A decision at or after the due time moves the due time on.
 * @return WEIR_OK; WEIR_NO_DATA: not valid; WEIR_E_TIME; WEIR_E_ARG; on error nothing changes
 */
WEIR_API weir_status weir_autoscaler_decide(void *autoscaler, const weir_target *target,
                                            weir_time now, weir_decision *out,
                                            weir_explain *explain);

/**
 * Passes over the due times before `until` at which there is no data, so that a decision would not
 * be valid and would change nothing. To be called when no reading comes before `until`.
 * @return how many were passed over; 0: the next due time has to be decided
 */
WEIR_API int64_t weir_autoscaler_skip(void *autoscaler, weir_time until);

/** Writes and reads snapshots, as weir_window_save() and weir_window_load(). */
WEIR_API weir_status weir_autoscaler_save(const void *autoscaler, uint8_t *buffer, size_t capacity,
                                          size_t *need);
WEIR_API weir_status weir_autoscaler_load(void *autoscaler, const uint8_t *buffer, size_t length,
                                          weir_error *err);

#ifdef __cplusplus
}
#endif
#endif
