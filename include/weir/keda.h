/*
 * weir/keda.h - a KEDA ScaledObject, whole: the polling loop that decides between zero, idle and
 * the rest, and the HPA that KEDA makes for the rest, each on its own clock.
 *
 *   poll:  triggers -> fallback -> formula -> active? -> cooldown -> 0, idle, min or 1
 *   sync:  pull of each metric -> fallback -> formula -> weir/hpa.h -> 1 to max
 *
 * weir_keda_decide() runs what is due of both. What a trigger's source answered is handed in as a
 * value or an error; how KEDA asks a source is not weir's business, except for cron, which is
 * computed (weir/cron.h), and for what answers mean (weir/trigger.h).
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

/** A ScaledObject: an opaque block of weir_keda_bytes(). */
typedef struct weir_keda weir_keda;

/** Writes the defaults: upstream's, and no trigger. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_keda_config_init(weir_keda_config *config, size_t struct_size);

/**
 * Checks what KEDA and the API server would refuse and the machine can see: bounds, triggers, cron
 * schedules, the formula, targets. A configuration whose `defect` says that it is refused has only
 * its fields checked.
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
 * Makes a ScaledObject that was created just now: its loop runs and its HPA is there.
 * @return as the check; WEIR_E_SPACE; WEIR_E_ARG
 */
WEIR_API weir_status weir_keda_init(weir_keda *keda, size_t bytes, const weir_keda_config *config,
                                    weir_time now, weir_error *err);

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

/** What is known of a metric's failures. */
enum { WEIR_HEALTH_NONE = 0, WEIR_HEALTH_HAPPY = 1, WEIR_HEALTH_FAILING = 2 };

/** The health of one metric. */
typedef struct weir_keda_health {
    int32_t status;   /**< WEIR_HEALTH_*; NONE: there is no entry yet */
    int32_t failures; /**< one after another */
} weir_keda_health;

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
