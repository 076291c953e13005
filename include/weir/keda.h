/*
 * weir/keda.h - a KEDA ScaledObject, whole: the polling loop that decides between zero, idle and
 * the rest, and the HPA that KEDA makes for the rest, each on its own clock.
 *
 *   poll:  triggers -> fallback -> formula -> active? -> cooldown -> 0, idle, min or 1
 *   sync:  pull of each metric -> fallback -> formula -> weir/hpa.h -> 1 to max
 *
 * weir_keda_decide() runs what is due of both. What a trigger's source answered is handed in as a
 * value or an error; how KEDA asks a source is not weir's business, except for cron, which is
 * computed (weir/cron.h).
 *
 * Upstream: KEDA v2.21 pkg/scaling, pkg/fallback, controllers/keda.
 */
#ifndef WEIR_KEDA_H
#define WEIR_KEDA_H

#include <weir/autoscaler.h>
#include <weir/base.h>
#include <weir/behavior.h>
#include <weir/cron.h>
#include <weir/decision.h>
#include <weir/formula.h>
#include <weir/hpa.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- configuration -------------------------------------------------------------------------- */

/** What a trigger asks. */
enum {
    WEIR_TRIGGER_OTHER = 0, /**< any type that weir knows nothing about: its value counts */
    WEIR_TRIGGER_PROMETHEUS = 1,
    WEIR_TRIGGER_CPU = 2,
    WEIR_TRIGGER_MEMORY = 3,
    WEIR_TRIGGER_CRON = 4,
    WEIR_TRIGGER_METRICS_API = 5,
    WEIR_TRIGGER_EXTERNAL = 6,
    WEIR_TRIGGER_EXTERNAL_PUSH = 7,
    WEIR_TRIGGER_KUBERNETES_WORKLOAD = 8
};

/** How a failing metric is replaced. */
enum {
    WEIR_FALLBACK_STATIC = 0,
    WEIR_FALLBACK_CURRENT = 1,           /**< currentReplicas */
    WEIR_FALLBACK_CURRENT_IF_HIGHER = 2, /**< currentReplicasIfHigher */
    WEIR_FALLBACK_CURRENT_IF_LOWER = 3,  /**< currentReplicasIfLower */
    WEIR_FALLBACK_MODIFIERS = 4,         /**< scalingModifiers: the formula sees nil */
    WEIR_FALLBACK_UNNAMED = 5 /**< none, or one upstream does not know: as static, but it fails
                                   where the current replicas cannot be read */
};

/** What is wrong with a spec that is in force all the same, as in a cluster without admission. */
enum {
    WEIR_KEDA_SOUND = 0,
    WEIR_KEDA_UNBUILDABLE =
        1,                  /**< a trigger or the formula cannot be built: each poll breaks off */
    WEIR_KEDA_REFUSED = 2,  /**< the reconciler refuses it: no loop is started or restarted */
    WEIR_KEDA_BAD_PAUSE = 3 /**< paused-replicas is no number: the loop stops, nothing is set */
};

/** A count that is not set. */
#define WEIR_KEDA_UNSET INT32_MIN

#define WEIR_KEDA_TRIGGERS_MAX 16 /**< triggers, or rather their metrics */
#define WEIR_KEDA_NAME_MAX     128
#define WEIR_KEDA_NUMBER_MAX   64

/** One metric of a trigger; nearly always a trigger has one. */
typedef struct weir_keda_trigger {
    int32_t type;               /**< WEIR_TRIGGER_* */
    int32_t metric_type;        /**< WEIR_HPA_AVERAGE_VALUE, _VALUE; _UTILIZATION: cpu, memory */
    int32_t use_cached_metrics; /**< 1: the HPA gets what the last poll saw */
    int32_t ignore_null_values; /**< prometheus: 1: an empty answer is 0; 0: it is an error */
    int32_t continues;          /**< 1: one more metric of the trigger before it (external) */
    int32_t reserved;           /**< 0 */
    int64_t target;             /**< milli, see weir_keda_milli(); percent for utilization; > 0 */
    int64_t request; /**< cpu, memory: milli that a pod requests, for a driver with totals; 0 */
    weir_duration sample_window;          /**< ns, as in weir_hpa_metric; 0 is 30 s */
    double activation;                    /**< a value above it is activity, 0 */
    char name[WEIR_KEDA_NAME_MAX];        /**< of the trigger, for the formula; "" */
    char metric_name[WEIR_KEDA_NAME_MAX]; /**< "s0-prometheus"; "": made from type and index */
    char container[64];                   /**< cpu, memory: of a container resource */
    weir_cron_config cron;                /**< of a cron trigger */
} weir_keda_trigger;

/** Fallback (upstream: spec.fallback). */
typedef struct weir_keda_fallback {
    int32_t enabled;           /**< 1: spec.fallback is there */
    int32_t failure_threshold; /**< more failures than that */
    int32_t replicas;
    int32_t behavior; /**< WEIR_FALLBACK_* */
} weir_keda_fallback;

/** Scaling modifiers (upstream: spec.advanced.scalingModifiers). Numbers are texts, as upstream
 * reads them late and by different rules. */
typedef struct weir_keda_modifiers {
    int32_t enabled;                              /**< 1: any of them is set upstream */
    int32_t metric_type;                          /**< WEIR_HPA_AVERAGE_VALUE, WEIR_HPA_VALUE */
    char target[WEIR_KEDA_NUMBER_MAX];            /**< > 0 */
    char activation_target[WEIR_KEDA_NUMBER_MAX]; /**< "": 0 */
    char formula[WEIR_FORMULA_TEXT_MAX];
} weir_keda_modifiers;

/** Configuration of a ScaledObject with the annotations that count, and of the HPA's controller.
 * Start from weir_keda_config_init(). */
typedef struct weir_keda_config {
    uint32_t struct_size;
    uint32_t trigger_count;         /**< of the array */
    int32_t min_replicas;           /**< >= 0; WEIR_KEDA_UNSET */
    int32_t max_replicas;           /**< >= 1; WEIR_KEDA_UNSET is 100 */
    int32_t idle_replicas;          /**< >= 0, below the minimum; WEIR_KEDA_UNSET: no idle mode */
    int32_t paused;                 /**< 1: by annotation paused, or paused-replicas */
    int32_t paused_replicas;        /**< what paused-replicas sets; WEIR_KEDA_UNSET */
    int32_t paused_scale_in;        /**< 1: never fewer */
    int32_t paused_scale_out;       /**< 1: never more */
    int32_t force_activation;       /**< 1: active whatever the triggers say */
    int32_t restore_original;       /**< 1: on deletion, back to the size before KEDA */
    int32_t defect;                 /**< WEIR_KEDA_SOUND, ... */
    weir_duration polling_interval; /**< ns, whole seconds, >= 1 s, 30 s */
    weir_duration cooldown_period;  /**< ns, whole seconds, 300 s */
    weir_duration initial_cooldown_period; /**< ns, whole seconds, 0 */
    weir_time created; /**< creationTimestamp, a whole second; WEIR_TIME_NONE: when it is made */
    weir_keda_fallback fallback;
    weir_keda_modifiers modifiers;
    weir_keda_trigger triggers[WEIR_KEDA_TRIGGERS_MAX];
    /* What KEDA hands on to the HPA, and the HPA's controller: as in weir_hpa_config. */
    int32_t behavior; /**< 1: advanced.horizontalPodAutoscalerConfig.behavior is there */
    int32_t semantics;
    int32_t conversion; /**< WEIR_CONVERT_*, also where a formula's result becomes an integer */
    int32_t configurable_tolerance;
    int32_t pod_reserve;
    int32_t reserve;
    int32_t zone_reserve; /**< [0, 4096], 64: changes of each time zone that there is room for */
    int32_t reserved;     /**< 0 */
    double tolerance;
    weir_duration downscale_stabilization;
    weir_duration cpu_initialization_period;
    weir_duration initial_readiness_delay;
    weir_duration sync_period;
    weir_duration poll_phase; /**< ns, [0, 1 h], 0: from the start to the first poll */
    weir_duration sync_phase; /**< ns, [0, 1 h], 0: from the start to the first sync */
    weir_scaling_rules scale_up;
    weir_scaling_rules scale_down;
} weir_keda_config;

/** Writes a trigger's defaults: AverageValue, empty answers of Prometheus count as 0. @return
 * WEIR_OK; WEIR_E_ARG */
WEIR_API weir_status weir_keda_trigger_init(weir_keda_trigger *trigger, int32_t type);

/** A ScaledObject: an opaque block of weir_keda_bytes(). */
typedef struct weir_keda weir_keda;

/** Writes the defaults: upstream's, and no trigger. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_keda_config_init(weir_keda_config *config, size_t struct_size);

/**
 * Checks what KEDA and the API server would refuse and the machine can see: bounds, triggers and
 * their targets, cron schedules. A configuration with a `defect` has only its fields checked.
 *
 * It takes no memory, which a formula needs to be compiled and tried. The check of everything is
 * weir_keda_init(), into weir_keda_bytes() that may be thrown away: it says of a bad formula where
 * in the text, by line and column. weir_keda_formula_compile() is the formula alone.
 * @return WEIR_OK; WEIR_E_STRUCT, WEIR_E_RANGE, WEIR_E_PARSE or WEIR_E_LIMIT with the field in err
 */
WEIR_API weir_status weir_keda_config_check(const weir_keda_config *config, weir_error *err);

/**
 * The HPA that KEDA makes: bounds, metrics in its order, behavior.
 * @return as the check of the configuration; WEIR_E_ARG
 */
WEIR_API weir_status weir_keda_hpa_config(const weir_keda_config *config, weir_hpa_config *hpa,
                                          weir_error *err);

/** Bytes that a ScaledObject of this configuration takes. @return as the check */
WEIR_API weir_status weir_keda_bytes(const weir_keda_config *config, size_t *bytes,
                                     weir_error *err);

/**
 * Makes a ScaledObject that was created just now: the first step starts its loop and makes its HPA.
 * @return as the check; as weir_keda_formula_compile(): the block then holds none; WEIR_E_SPACE;
 *         WEIR_E_ARG
 */
WEIR_API weir_status weir_keda_init(weir_keda *keda, size_t bytes, const weir_keda_config *config,
                                    weir_time now, weir_error *err);

/** What is known of a metric's failures. */
enum { WEIR_HEALTH_NONE = 0, WEIR_HEALTH_HAPPY = 1, WEIR_HEALTH_FAILING = 2 };

/** The health of one metric. */
typedef struct weir_keda_health {
    int32_t status;   /**< WEIR_HEALTH_*; NONE: there is no entry yet */
    int32_t failures; /**< one after another */
} weir_keda_health;

/* ---- what a step looks at ------------------------------------------------------------------- */

/** Whether a trigger says itself that it is active. */
enum {
    WEIR_ACTIVITY_BY_VALUE = 0, /**< no: its value is held against the activation threshold */
    WEIR_ACTIVITY_YES = 1,
    WEIR_ACTIVITY_NO = 2
};

/** What a trigger's source answered, after the one repetition that KEDA grants it. */
typedef struct weir_keda_reading {
    double value;       /**< of cpu and memory: the total over the target's pods */
    weir_status status; /**< WEIR_OK; WEIR_NO_DATA: an answer without a value; WEIR_E_UNSUPPORTED:
                           it could not even say what it measures; anything else: it failed */
    int32_t activity;   /**< WEIR_ACTIVITY_* */
} weir_keda_reading;

/** What is known of the HPA's condition ScalingActive. */
enum {
    WEIR_SCALING_OWN = 0, /**< what the HPA inside says */
    WEIR_SCALING_TRUE = 1,
    WEIR_SCALING_FALSE = 2,
    WEIR_SCALING_UNKNOWN = 3,
    WEIR_SCALING_DISABLED = 4, /**< False, for the reason ScalingDisabled */
    WEIR_SCALING_MISSING = 5   /**< there is no HPA, or no such condition yet */
};

/** What one step looks at. Fill with weir_keda_input_init() before the first use. */
typedef struct weir_keda_input {
    uint32_t struct_size;
    uint32_t reading_count;      /**< as many as triggers; a cron trigger's is not looked at */
    int32_t replicas;            /**< of the scale target: asked for */
    int32_t status_replicas;     /**< in existence */
    int32_t ready_pods;          /**< Running and Ready */
    weir_status replicas_status; /**< WEIR_OK; anything else: they could not be read */
    int32_t scaling_active;      /**< WEIR_SCALING_* */
    uint32_t pod_count;          /**< in `pods` */
    const weir_keda_reading *readings;
    const weir_pod *pods; /**< NULL: only the totals are known */
} weir_keda_input;

/** Empties an input. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_keda_input_init(weir_keda_input *input, size_t struct_size);

/* ---- the steps ------------------------------------------------------------------------------ */

/**
 * Gives a cron trigger the zone that it asks for: its own, or that of a schedule's prefix. A zone
 * that was not given fails the trigger, as one that does not exist; UTC needs none.
 * @param name  as the configuration has it
 * @return WEIR_OK, also when no trigger asks for it; WEIR_E_LIMIT: more changes than zone_reserve;
 *         WEIR_E_ARG
 */
WEIR_API weir_status weir_keda_set_zone(weir_keda *keda, const char *name, const weir_zone *zone);

/** The zone that some trigger asks for, by index; NULL past the last. */
WEIR_API const char *weir_keda_zone_name(const weir_keda *keda, uint32_t index);

/**
 * What is due of both: the reconciliation that starts the loop, a poll, a sync of the HPA, in this
 * order. When nothing is due, both a poll and a sync are done and the clocks stay.
 *
 * Writes are taken to succeed; weir_keda_write_failed() tells otherwise.
 *
 * @param now      not before any time this object has seen
 * @param explain  may be NULL: KEDA's steps, then the HPA's; items are triggers, and the number of
 *                 triggers is the composite metric
 * @return WEIR_OK; WEIR_NO_DATA: nothing was decided (out->valid is 0); WEIR_E_TIME; WEIR_E_LIMIT;
 *         WEIR_E_RANGE: an input that does not fit together; WEIR_E_ARG; WEIR_E_STRUCT. On error
 *         nothing changes.
 */
WEIR_API weir_status weir_keda_decide(weir_keda *keda, const weir_keda_input *input, weir_time now,
                                      weir_decision *out, weir_explain *explain);

/** One poll alone. As weir_keda_decide(). */
WEIR_API weir_status weir_keda_poll(weir_keda *keda, const weir_keda_input *input, weir_time now,
                                    weir_decision *out, weir_explain *explain);

/** One step of the HPA alone, with the pulls that it makes. As weir_keda_decide(). */
WEIR_API weir_status weir_keda_sync(weir_keda *keda, const weir_keda_input *input, weir_time now,
                                    weir_decision *out, weir_explain *explain);

/**
 * A push trigger reports that it is active. (That it is not is never listened to.) As
 * weir_keda_decide().
 */
WEIR_API weir_status weir_keda_push(weir_keda *keda, uint32_t trigger, const weir_keda_input *input,
                                    weir_time now, weir_decision *out, weir_explain *explain);

/**
 * The second half of a poll alone, for a verdict that comes from elsewhere. As weir_keda_decide().
 * Upstream: pkg/scaling/executor.
 */
WEIR_API weir_status weir_keda_act(weir_keda *keda, int32_t active, int32_t is_error,
                                   const weir_keda_input *input, weir_time now, weir_decision *out,
                                   weir_explain *explain);

/** What the HPA gets for one metric. */
typedef struct weir_keda_served {
    int64_t milli;
    int32_t composite; /**< 1: it is the formula's, or a fallback's under modifiers */
    int32_t trigger;   /**< whose value it is; -1: the composite's */
} weir_keda_served;

/**
 * The HPA asks for one metric, with the pulls that this takes.
 * @param metric    index of a trigger, or with modifiers any; others have no metric
 * @param list      room for WEIR_KEDA_TRIGGERS_MAX
 * @param count     set to how many values there are: none, without an error, when a formula fails
 * @return WEIR_OK; WEIR_NO_DATA: the HPA gets an error; WEIR_E_TIME; WEIR_E_RANGE: an input that
 *         does not fit together; WEIR_E_ARG; WEIR_E_STRUCT
 * Upstream: GetScaledObjectMetrics().
 */
WEIR_API weir_status weir_keda_serve(weir_keda *keda, uint32_t metric, const weir_keda_input *input,
                                     weir_time now, weir_keda_served *list, uint32_t *count);

/** Triggers whose sources the last step really asked, bit by bit. */
WEIR_API uint32_t weir_keda_asked(const weir_keda *keda);

/**
 * The controller looks at the object: starts, restarts or stops the loop, sets paused-replicas.
 * weir_keda_decide() does this first of all by itself.
 * @param polls  set to 1 when the loop was started and polls at once; may be NULL
 * @return WEIR_OK; WEIR_E_RANGE: it refuses the spec; WEIR_E_TIME; WEIR_E_ARG; WEIR_E_STRUCT
 * Upstream: controllers/keda/scaledobject_controller.go.
 */
WEIR_API weir_status weir_keda_reconcile(weir_keda *keda, const weir_keda_input *input,
                                         weir_time now, int32_t *polls, weir_decision *out,
                                         weir_explain *explain);

/** The operator restarts: what it had built and remembered in memory is gone, and its loop. The HPA
 * and the object's status stay. @return WEIR_OK; WEIR_E_ARG */
WEIR_API weir_status weir_keda_restart(weir_keda *keda);

/** The object is deleted: the loop ends, the size goes back if that is wanted. As
 * weir_keda_decide(). */
WEIR_API weir_status weir_keda_delete(weir_keda *keda, const weir_keda_input *input, weir_time now,
                                      weir_decision *out, weir_explain *explain);

/**
 * Takes over what another one knows: the object was edited. Metrics are matched by name. The
 * reconciliation that follows is the caller's, or that of the next weir_keda_decide().
 * @param keda  made with the new configuration
 * @return WEIR_OK; WEIR_E_SPACE: no room for what the HPA remembers, nothing changed; WEIR_E_ARG
 */
WEIR_API weir_status weir_keda_adopt(weir_keda *keda, weir_keda *from);

/** Tells that what the last step decided could not be written. @return WEIR_OK; WEIR_E_ARG, also
 * when there was nothing to write */
WEIR_API weir_status weir_keda_write_failed(weir_keda *keda);

/* ---- status --------------------------------------------------------------------------------- */

/** Conditions of a ScaledObject, in this order. */
enum {
    WEIR_KEDA_READY = 0,
    WEIR_KEDA_ACTIVE = 1,
    WEIR_KEDA_FALLBACK = 2,
    WEIR_KEDA_PAUSED = 3,
    WEIR_KEDA_HPA_ACTIVE = 4
};

#define WEIR_KEDA_CONDITIONS 5

/** Their states. */
enum { WEIR_STATE_FALSE = 0, WEIR_STATE_TRUE = 1, WEIR_STATE_UNKNOWN = 2 };

/** Their reasons; weir_keda_reason_name() has upstream's words. */
enum {
    WEIR_KEDA_REASON_NONE = 0,
    WEIR_KEDA_REASON_READY = 1,
    WEIR_KEDA_REASON_CHECK_FAILED = 2,
    WEIR_KEDA_REASON_NO_REPLICAS = 3,
    WEIR_KEDA_REASON_TRIGGER_ERROR = 4,
    WEIR_KEDA_REASON_PARTIAL_ERROR = 5,
    WEIR_KEDA_REASON_WRITE_ERROR = 6,
    WEIR_KEDA_REASON_ACTIVE = 7,
    WEIR_KEDA_REASON_NOT_ACTIVE = 8,
    WEIR_KEDA_REASON_COOLDOWN = 9,
    WEIR_KEDA_REASON_UNKNOWN_STATE = 10,
    WEIR_KEDA_REASON_FALLBACK = 11,
    WEIR_KEDA_REASON_NO_FALLBACK = 12,
    WEIR_KEDA_REASON_PAUSED = 13,
    WEIR_KEDA_REASON_UNPAUSED = 14,
    WEIR_KEDA_REASON_HPA_ACTIVE = 15,
    WEIR_KEDA_REASON_HPA_DISABLED = 16,
    WEIR_KEDA_REASON_HPA_FAILING = 17 /**< upstream passes the HPA's own reason on */
};

WEIR_API const char *weir_keda_condition_name(int32_t condition);
WEIR_API const char *weir_keda_reason_name(int32_t reason);

/** One condition. */
typedef struct weir_keda_condition {
    int32_t status; /**< WEIR_STATE_* */
    int32_t reason; /**< WEIR_KEDA_REASON_* */
} weir_keda_condition;

/** One metric, as the status has it. */
typedef struct weir_keda_metric_status {
    weir_keda_health health; /**< as stored */
    weir_keda_health served; /**< in the copy that pulls of the HPA work on, when there is one */
    int32_t activity;        /**< of the last poll: 1: active, 0: not, -1: none yet */
    int32_t reserved;        /**< 0 */
} weir_keda_metric_status;

/** What a client of the API server would see, as of the last step. */
typedef struct weir_keda_status {
    uint32_t struct_size;
    int32_t running;           /**< 1: the loop runs */
    int32_t hpa_exists;        /**< 1 */
    int32_t original_replicas; /**< before KEDA; WEIR_REPLICAS_UNKNOWN */
    int32_t built;             /**< 1: there is a copy that pulls work on */
    uint32_t metric_count;
    weir_time last_active; /**< whole seconds; WEIR_TIME_NONE */
    weir_time next_poll;   /**< WEIR_TIME_NEVER when the loop does not run */
    weir_time next_sync;   /**< WEIR_TIME_NEVER when there is no HPA */
    weir_keda_condition conditions[WEIR_KEDA_CONDITIONS];
    weir_keda_metric_status metrics[WEIR_KEDA_TRIGGERS_MAX];
} weir_keda_status;

/** Reads the status. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_keda_get_status(const weir_keda *keda, weir_keda_status *status,
                                          size_t struct_size);

/** Sets the last activity, for an object that lived before; whole seconds are kept. @return
 * WEIR_OK; WEIR_E_ARG */
WEIR_API weir_status weir_keda_set_last_active(weir_keda *keda, weir_time last_active);

/** The HPA inside, to be looked at; NULL for a foreign pointer. */
WEIR_API const weir_hpa *weir_keda_get_hpa(const weir_keda *keda);

/** As weir_window_save(). */
WEIR_API weir_status weir_keda_save(const weir_keda *keda, uint8_t *buffer, size_t capacity,
                                    size_t *need);

/** As weir_window_load(). */
WEIR_API weir_status weir_keda_load(weir_keda *keda, const uint8_t *buffer, size_t length,
                                    weir_error *err);

/* ---- rules alone ---------------------------------------------------------------------------- */

/** The thousandths that a trigger's value, or its target, has for the HPA: rounded to three
 * decimals as printf does; 0 for NaN, the infinities and all below 0. What an int64 cannot hold
 * becomes what upstream's Quantity makes of it. */
WEIR_API int64_t weir_keda_milli(double value);

/** The double that a formula sees for the same value. */
WEIR_API double weir_keda_double(double value);

/**
 * The name of a metric in the HPA: "s<index>-" and the name, normalized if asked for.
 * @return WEIR_OK; WEIR_E_SPACE when it was cut; WEIR_E_ARG
 */
WEIR_API weir_status weir_keda_metric_name(uint32_t index, const char *name, int32_t normalize,
                                           char *text, size_t capacity, size_t *need);

/**
 * Compiles the formula of a configuration, and checks what belongs to it: a target above 0, names
 * of triggers. Its variables are the triggers by index; cpu, memory and unnamed ones have no name,
 * and of several metrics of one trigger the last has it.
 * @param bytes  at least weir_formula_bytes() of the formula's length
 * @return as weir_formula_compile(), with the path in err; WEIR_E_RANGE: the target
 */
WEIR_API weir_status weir_keda_formula_compile(const weir_keda_config *config,
                                               weir_formula *formula, size_t bytes,
                                               weir_error *err);

/**
 * Runs a formula to the composite metric.
 * @param values  one a trigger, as weir_keda_double() has them
 * @param nil     bit i: trigger i has no value
 * @return WEIR_OK; WEIR_NO_DATA: it failed or is no number, so there is no metric, err says why;
 *         WEIR_E_ARG
 * Upstream: pkg/scaling/modifiers.
 */
WEIR_API weir_status weir_keda_composite(const weir_keda_config *config,
                                         const weir_formula *formula, const double *values,
                                         uint64_t nil, int64_t *milli, weir_error *err);

/** What asking one metric gave. */
typedef struct weir_keda_observation {
    int64_t milli;
    double target;      /**< as weir_quantity_double() has it; 0: the trigger's own counts */
    weir_status status; /**< WEIR_OK; anything else: it failed */
    int32_t replicas;   /**< of the scale target: asked for */
    int32_t ready_pods; /**< Running and Ready */
    weir_status replicas_status; /**< WEIR_OK; anything else: they could not be read */
    weir_status pods_status;
    int32_t reserved; /**< 0 */
} weir_keda_observation;

/**
 * Counts an observation and falls back, if it is time to. The configuration is not checked.
 * @param trigger  index of the metric; its type and target count
 * @param health   of this metric, changed
 * @param milli    the value, of the metric or of the fallback
 * @param active   1: it is the fallback's
 * @return WEIR_OK; WEIR_NO_DATA: the failure stays; WEIR_E_RANGE: no such trigger; WEIR_E_ARG
 * Upstream: pkg/fallback/fallback.go.
 */
WEIR_API weir_status weir_keda_fall_back(const weir_keda_config *config, uint32_t trigger,
                                         const weir_keda_observation *observation,
                                         weir_keda_health *health, int64_t *milli, int32_t *active);

/** 1 when any of these healths is failing for longer than the threshold: condition Fallback. */
WEIR_API int32_t weir_keda_falls_back(const weir_keda_config *config,
                                      const weir_keda_health *healths, size_t count);

#ifdef __cplusplus
}
#endif
#endif
