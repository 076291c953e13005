/*
 * weir/hpa.h - the Kubernetes HorizontalPodAutoscaler (autoscaling/v2), exact.
 *
 *   metrics -> one proposal each -> the largest -> windows -> policies and bounds -> decision
 *
 * weir_hpa_decide() is one reconcile of the real controller: proposals, limits, conditions and
 * status. weir_hpa_propose() is the rule of one metric alone. All amounts are int64 thousandths
 * (milli), as the controller has them: weir/quantity.h reads them.
 *
 * Upstream: Kubernetes pkg/controller/podautoscaler, horizontal.go and replica_calculator.go.
 */
#ifndef WEIR_HPA_H
#define WEIR_HPA_H

#include <weir/autoscaler.h>
#include <weir/base.h>
#include <weir/behavior.h>
#include <weir/decision.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- configuration -------------------------------------------------------------------------- */

/** Where a metric comes from. */
enum {
    WEIR_HPA_SOURCE_UNKNOWN = 0, /**< a type upstream does not know: always fails */
    WEIR_HPA_RESOURCE = 1,
    WEIR_HPA_CONTAINER_RESOURCE = 2,
    WEIR_HPA_PODS = 3,
    WEIR_HPA_OBJECT = 4,
    WEIR_HPA_EXTERNAL = 5
};

/** What a metric is held against. */
enum {
    WEIR_HPA_TARGET_NONE = 0, /**< none that its source can use: always fails, as upstream */
    WEIR_HPA_UTILIZATION = 1, /**< percent of what the pods request */
    WEIR_HPA_VALUE = 2,       /**< the whole value */
    WEIR_HPA_AVERAGE_VALUE = 3
};

/** Release of Kubernetes whose rules are used; the default is the newest. Read from their sources.
 */
enum {
    WEIR_HPA_1_37 = 0,
    WEIR_HPA_1_36 = 1,
    WEIR_HPA_1_35 = 2, /**< and older: at zero pods metrics count whenever minReplicas is 0 */
    WEIR_HPA_1_34 = 3, /**< and older: sums and proposals of Value targets are not held back; a
                            container that a pod lacks requests nothing */
    WEIR_HPA_1_33 = 4, /**< and older: External sums and proposals of AverageValue likewise */
    WEIR_HPA_1_32 = 5, /**< and older: one tolerance, and at its upper edge it may already scale; a
                            pod reported without the container fails the metric */
    WEIR_HPA_1_31 = 6,
    WEIR_HPA_1_30 = 7,
    WEIR_HPA_1_29 = 8,
    WEIR_HPA_1_28 = 9, /**< and older: sidecars request nothing */
    WEIR_HPA_1_27 = 10 /**< missing pods count as 0 also exactly at an average target */
};

/** A feature gate of the controller. */
enum {
    WEIR_GATE_RELEASE = 0, /**< as the release has it */
    WEIR_GATE_OFF = 1,
    WEIR_GATE_ON = 2
};

#define WEIR_HPA_METRICS_MAX 16
#define WEIR_HPA_NAME_MAX    128 /**< bytes of a metric's name, with its NUL */

/** One metric of the spec. */
typedef struct weir_hpa_metric {
    int32_t source;      /**< WEIR_HPA_RESOURCE, ... */
    int32_t target_type; /**< WEIR_HPA_UTILIZATION, ... */
    int64_t target;      /**< percent for utilization, otherwise milli; > 0 */
    int64_t request;     /**< milli, 0: what a pod requests, where a driver knows the total
                              only */
    weir_duration
        sample_window; /**< ns, 0 is 30 s: what a cpu sample covers, where a driver does not say */
    char name[WEIR_HPA_NAME_MAX]; /**< the resource ("cpu" has rules of its own) or the metric */
    char container[64];           /**< of a container resource */
} weir_hpa_metric;

/** Configuration of an HPA: its spec, and the controller's flags. Start from
 * weir_hpa_config_init(). */
typedef struct weir_hpa_config {
    uint32_t struct_size;
    uint32_t metric_count;          /**< of the array; none: upstream scales to the minimum */
    int32_t min_replicas;           /**< >= 0, 1 */
    int32_t max_replicas;           /**< >= 1, has to be set */
    int32_t behavior;               /**< 1: spec.behavior is there; 0: null */
    int32_t semantics;              /**< WEIR_HPA_1_37, ... */
    int32_t conversion;             /**< WEIR_CONVERT_* */
    int32_t scale_to_zero;          /**< WEIR_GATE_*, HPAScaleToZero: on from 1.37 */
    int32_t configurable_tolerance; /**< WEIR_GATE_*, HPAConfigurableTolerance: on from 1.35 */
    int32_t pod_reserve;            /**< pods whose readings are kept apart, [0, 10000], 0; only
                                         weir_autoscaler_record() uses it */
    int32_t reserve;                /**< [0, 10000], 0: wishes and changes more to hold */
    int32_t reserved;               /**< 0 */
    double tolerance;               /**< fraction, >= 0, 0.1 */
    weir_duration downscale_stabilization;   /**< ns, [0, 6 h], 5 min */
    weir_duration cpu_initialization_period; /**< ns, >= 0, 5 min */
    weir_duration initial_readiness_delay;   /**< ns, >= 0, 30 s */
    weir_duration sync_period;               /**< ns, [1 s, 1 h], 15 s */
    weir_scaling_rules scale_up;
    weir_scaling_rules scale_down;
    weir_hpa_metric metrics[WEIR_HPA_METRICS_MAX];
} weir_hpa_config;

/** An HPA: an opaque block of weir_hpa_bytes(). */
typedef struct weir_hpa weir_hpa;

/** Writes the defaults: upstream's, and no metric. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_hpa_config_init(weir_hpa_config *config, size_t struct_size);

/**
 * Checks what the machine needs, and that every target is above zero: upstream divides by it. What
 * the API server refuses besides, weir/manifest.h checks.
 * @return WEIR_OK; WEIR_E_STRUCT, WEIR_E_RANGE or WEIR_E_LIMIT with the field in err
 */
WEIR_API weir_status weir_hpa_config_check(const weir_hpa_config *config, weir_error *err);

/** Bytes that an HPA of this configuration takes. @return as the check */
WEIR_API weir_status weir_hpa_bytes(const weir_hpa_config *config, size_t *bytes, weir_error *err);

/**
 * Makes an HPA that remembers nothing and is due at `now`.
 * @return as the check; WEIR_E_SPACE; WEIR_E_ARG
 */
WEIR_API weir_status weir_hpa_init(weir_hpa *hpa, size_t bytes, const weir_hpa_config *config,
                                   weir_time now, weir_error *err);

/* ---- what a step looks at ------------------------------------------------------------------- */

/** A sample's request when the pod, or one of its containers, requests nothing of the resource. */
#define WEIR_HPA_NO_REQUEST INT64_MIN

/** Whether a pod has a sample. */
enum {
    WEIR_SAMPLE_NONE = 0,
    WEIR_SAMPLE_PRESENT = 1,
    WEIR_SAMPLE_NO_CONTAINER = 2 /**< the pod was reported, without the container asked for */
};

/** One pod's sample of one metric. */
typedef struct weir_hpa_sample {
    int64_t value;        /**< milli */
    int64_t request;      /**< milli, see weir_hpa_pod_request(); only utilization looks at it */
    weir_time at;         /**< end of the time it covers */
    weir_duration window; /**< ns, length of that time; only cpu looks at both */
    int32_t present;      /**< WEIR_SAMPLE_* */
    int32_t reserved;     /**< 0 */
} weir_hpa_sample;

/**
 * What one metric's source answered.
 *
 * Object: one value. External: all values of the series that matched; none with WEIR_OK is a sum of
 * 0, so hand WEIR_NO_DATA over for an empty answer, as the metrics client does. Resource,
 * ContainerResource, Pods: one sample for every pod of the input in its order, absent ones too,
 * then those of pods that are not in the input.
 */
typedef struct weir_hpa_reading {
    weir_status status; /**< WEIR_OK; anything else: the source failed */
    uint32_t first;     /**< index into the values, or into the samples */
    uint32_t count;     /**< of them */
    uint32_t reserved;  /**< 0 */
} weir_hpa_reading;

/** Whether the scale target's selector can be used. */
enum {
    WEIR_SELECTOR_FINE = 0,
    WEIR_SELECTOR_MISSING = 1,
    WEIR_SELECTOR_INVALID = 2,
    WEIR_SELECTOR_AMBIGUOUS = 3 /**< another HPA selects some of the same pods */
};

/** What one step looks at. Fill with weir_hpa_input_init() before the first use. */
typedef struct weir_hpa_input {
    uint32_t struct_size;
    int32_t spec_replicas;    /**< of the scale target: what "current" is everywhere */
    int32_t status_replicas;  /**< of the scale target: what AverageValue of Object and External
                                   compares with */
    weir_status scale_status; /**< WEIR_OK; anything else: the scale could not be read */
    int32_t selector;         /**< WEIR_SELECTOR_* */
    uint32_t reading_count;   /**< as many as the configuration has metrics */
    uint32_t value_count;
    uint32_t sample_count;
    uint32_t pod_count; /**< all pods that the selector matches, dead ones too */
    uint32_t reserved;  /**< 0 */
    const weir_hpa_reading *readings;
    const int64_t *values; /**< milli */
    const weir_hpa_sample *samples;
    const weir_pod *pods;
} weir_hpa_input;

/** Empties an input. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_hpa_input_init(weir_hpa_input *input, size_t struct_size);

/** What a container is to its pod. */
enum {
    WEIR_CONTAINER_MAIN = 0,
    WEIR_CONTAINER_INIT = 1,   /**< runs before the main ones */
    WEIR_CONTAINER_SIDECAR = 2 /**< an init container with restartPolicy Always */
};

/** One container's request of one resource. */
typedef struct weir_hpa_container {
    int64_t request; /**< milli, rounded up as the API server does; WEIR_HPA_NO_REQUEST */
    int32_t kind;    /**< WEIR_CONTAINER_*, init containers and sidecars in their order */
    int32_t named;   /**< 1: it has the name that the metric asks for */
} weir_hpa_container;

/** The requests of one pod for one resource. */
typedef struct weir_hpa_requests {
    const weir_hpa_container *containers;
    uint32_t container_count;
    int32_t one_container; /**< 1: the named container's only (ContainerResource) */
    int32_t pod_level;     /**< 1: the pod has requests of its own for cpu, memory or huge pages,
                                and the gate PodLevelResources is on (from 1.34) */
    int32_t semantics;     /**< WEIR_HPA_1_37, ... */
    int64_t pod_request;   /**< the pod's own for this resource, milli; WEIR_HPA_NO_REQUEST */
    int64_t overhead; /**< of the pod, milli; WEIR_HPA_NO_REQUEST; counts with pod_level only */
} weir_hpa_requests;

/**
 * What a pod requests of a resource: the sum over its containers and sidecars, or the named
 * container's, or what the pod itself requests.
 * @return milli; WEIR_HPA_NO_REQUEST when upstream finds none, which fails the whole metric
 * Upstream: calculateRequests(), and PodRequests() of component-helpers.
 */
WEIR_API int64_t weir_hpa_pod_request(const weir_hpa_requests *requests);

/* ---- one metric ----------------------------------------------------------------------------- */

/** What one metric asks for. Fill with weir_hpa_proposal_init() before the first use. */
typedef struct weir_hpa_proposal {
    uint32_t struct_size;
    weir_status status;  /**< WEIR_OK; WEIR_NO_DATA: it failed, see `rule` */
    int32_t replicas;    /**< wanted; 0 when it failed */
    int32_t rule;        /**< WEIR_RULE_HPA_*: what settled it, or why it failed */
    int32_t utilization; /**< percent of the requests, of the samples there are */
    int32_t reserved;    /**< 0 */
    int64_t usage;       /**< milli, as the status shows it: the value, or the average per pod */
    double ratio;        /**< usage to target, of the samples there are */
    double filled_ratio; /**< with what is assumed for the pods set aside; else as `ratio` */
    int64_t ready;       /**< pods whose samples count */
    int64_t unready;     /**< pods that are pending or, by cpu's rules, not ready */
    int64_t missing;     /**< pods without a sample */
    int64_t ignored;     /**< pods that are failed or going */
    weir_time next;      /**< when an unready pod's sample begins to count; WEIR_TIME_NEVER */
} weir_hpa_proposal;

/** Empties a proposal. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_hpa_proposal_init(weir_hpa_proposal *proposal, size_t struct_size);

/**
 * The rule of one metric: what it asks for, with no memory and no limits. The configuration is not
 * checked, so that every target can be tried.
 * @param metric  index into the configuration's metrics
 * @return WEIR_OK; WEIR_NO_DATA: the metric failed; WEIR_E_RANGE: indexes that are out of range;
 *         WEIR_E_ARG; WEIR_E_STRUCT
 * Upstream: replica_calculator.go.
 */
WEIR_API weir_status weir_hpa_propose(const weir_hpa_config *config, uint32_t metric,
                                      const weir_hpa_input *input, weir_time now,
                                      weir_hpa_proposal *out);

/* ---- the whole step ------------------------------------------------------------------------- */

/**
 * One reconcile. Where the decision is to be written (WEIR_FLAG_APPLY), the HPA takes it that the
 * writing succeeds; weir_hpa_write_failed() tells otherwise.
 *
 * A failing metric only keeps the size from going down; when all fail, nothing is decided.
 *
 * @param now      not before any time this HPA has seen
 * @param out      replicas, flags, rule, next
 * @param explain  may be NULL
 * @return WEIR_OK; WEIR_NO_DATA: not valid (out->valid is 0): no metric, no scale or no selector;
 *         WEIR_E_TIME; WEIR_E_LIMIT: no room to remember the step; WEIR_E_RANGE: an input that
 *         does not fit together; WEIR_E_ARG; WEIR_E_STRUCT. On error nothing changes.
 * Upstream: reconcileAutoscaler().
 */
WEIR_API weir_status weir_hpa_decide(weir_hpa *hpa, const weir_hpa_input *input, weir_time now,
                                     weir_decision *out, weir_explain *explain);

/**
 * Tells when the last decision was written to the scale target: policies count the change from then
 * on. Without this, the time of the decision counts.
 * @return WEIR_OK; WEIR_E_TIME: that is before the decision; WEIR_E_ARG, also when there was
 *         nothing to write
 */
WEIR_API weir_status weir_hpa_write_done(weir_hpa *hpa, weir_time at);

/**
 * Tells that the last decision could not be written to the scale target: no change is counted, and
 * AbleToScale becomes False.
 * @return WEIR_OK; WEIR_E_ARG, also when there was nothing to write
 */
WEIR_API weir_status weir_hpa_write_failed(weir_hpa *hpa);

/** Conditions of the status. */
enum {
    WEIR_CONDITION_NAMELESS = 0, /**< upstream's slip with an empty list of metrics */
    WEIR_CONDITION_ABLE_TO_SCALE = 1,
    WEIR_CONDITION_SCALING_ACTIVE = 2,
    WEIR_CONDITION_SCALING_LIMITED = 3,
    WEIR_CONDITION_SCALED_TO_ZERO = 4
};

#define WEIR_CONDITIONS_MAX 5

/** Reasons besides those of weir/behavior.h. */
enum {
    WEIR_REASON_SUCCEEDED_GET_SCALE = 20,
    WEIR_REASON_FAILED_GET_SCALE = 21,
    WEIR_REASON_SUCCEEDED_RESCALE = 22,
    WEIR_REASON_FAILED_UPDATE_SCALE = 23,
    WEIR_REASON_VALID_METRIC_FOUND = 24,
    WEIR_REASON_SCALING_DISABLED = 25,
    WEIR_REASON_INVALID_SELECTOR = 26,
    WEIR_REASON_AMBIGUOUS_SELECTOR = 27,
    WEIR_REASON_INVALID_METRIC_SOURCE_TYPE = 28,
    WEIR_REASON_FAILED_GET_RESOURCE_METRIC = 29,
    WEIR_REASON_FAILED_GET_CONTAINER_RESOURCE_METRIC = 30,
    WEIR_REASON_FAILED_GET_PODS_METRIC = 31,
    WEIR_REASON_FAILED_GET_OBJECT_METRIC = 32,
    WEIR_REASON_FAILED_GET_EXTERNAL_METRIC = 33,
    WEIR_REASON_SCALED_TO_ZERO = 34,
    WEIR_REASON_NOT_SCALED_TO_ZERO = 35
};

/** What the event of a rescale says. */
enum {
    WEIR_RESCALE_NONE = 0,         /**< no rescale, or one without a reason, as upstream */
    WEIR_RESCALE_ABOVE_TARGET = 1, /**< the winning metric is above its target */
    WEIR_RESCALE_BELOW_TARGET = 2, /**< all metrics are below theirs */
    WEIR_RESCALE_ABOVE_MAX = 3,    /**< current number of replicas above maxReplicas */
    WEIR_RESCALE_BELOW_MIN = 4     /**< ... below minReplicas */
};

/** One condition. */
typedef struct weir_hpa_condition {
    int32_t type;   /**< WEIR_CONDITION_* */
    int32_t status; /**< 1: True, 0: False */
    int32_t reason; /**< WEIR_REASON_* */
    int32_t reserved;
    weir_time since; /**< when the status last changed */
} weir_hpa_condition;

/** What a client of the API server would see, as of the last step. */
typedef struct weir_hpa_status {
    uint32_t struct_size;
    uint32_t condition_count;
    int32_t current_replicas;
    int32_t desired_replicas;  /**< of the last step that decided; -1 before the first */
    int32_t metric;            /**< index of the metric that won; -1 */
    int32_t rescale_reason;    /**< WEIR_RESCALE_*, of the last step */
    int32_t metrics_evaluated; /**< 1: weir_hpa_get_proposal() has the last step's metrics */
    int32_t metrics_failed;    /**< how many of them failed */
    weir_time last_scale_time; /**< WEIR_TIME_NONE before the first */
    weir_time next_sync;       /**< when the next step is due */
    weir_hpa_condition conditions[WEIR_CONDITIONS_MAX]; /**< in the order they first came up */
} weir_hpa_status;

/** Reads the status. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_hpa_get_status(const weir_hpa *hpa, weir_hpa_status *status,
                                         size_t struct_size);

/** Reads the proposal of a metric. @return WEIR_OK; WEIR_END: there is none; WEIR_E_ARG;
 * WEIR_E_STRUCT */
WEIR_API weir_status weir_hpa_get_proposal(const weir_hpa *hpa, uint32_t metric,
                                           weir_hpa_proposal *proposal, size_t struct_size);

/** The name that upstream gives a condition ("AbleToScale"); static text, never NULL. */
WEIR_API const char *weir_condition_name(int32_t type);

/** The limits inside, to be looked at; the last rescale then counts for good. NULL for a foreign
 * pointer. */
WEIR_API weir_behavior *weir_hpa_get_behavior(weir_hpa *hpa);

/**
 * Sets a condition as the API server has it (status as in weir_hpa_condition), with no reason; of
 * all conditions only ScaledToZero ever counts. @return WEIR_OK; WEIR_E_RANGE; WEIR_E_ARG
 */
WEIR_API weir_status weir_hpa_set_condition(weir_hpa *hpa, int32_t type, int32_t status);

/** Forgets wishes and changes, as a controller that restarts; the status stays. @return WEIR_OK;
 * WEIR_E_ARG */
WEIR_API weir_status weir_hpa_restart(weir_hpa *hpa);

/**
 * Takes over what another one remembers and its status: a spec was edited, and all else goes on.
 * @param hpa   made with the new configuration
 * @param from  its last rescale then counts for good
 * @return WEIR_OK; WEIR_E_SPACE when it has no room for so much, it stays as it was; WEIR_E_ARG
 */
WEIR_API weir_status weir_hpa_adopt(weir_hpa *hpa, weir_hpa *from);

/** As weir_window_save(). */
WEIR_API weir_status weir_hpa_save(const weir_hpa *hpa, uint8_t *buffer, size_t capacity,
                                   size_t *need);

/** As weir_window_load(). */
WEIR_API weir_status weir_hpa_load(weir_hpa *hpa, const uint8_t *buffer, size_t length,
                                   weir_error *err);

#ifdef __cplusplus
}
#endif
#endif
