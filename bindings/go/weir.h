/*
 * The public headers of weir 0.1.0, an embeddable autoscaling policy library, in one file.
 * Made by tools/amalgamate.py out of include/ and lib/: change these instead.
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * weir/base.h - time, status, errors, memory and version: what every other header builds on.
 *
 * The core of weir reads no clock, allocates nothing behind the caller's back, does no I/O and
 * keeps no global state. Different objects may be used from different threads at the same time; one
 * object must be used by one thread at a time, except that functions which take a const object may
 * run together while nobody writes to it.
 *
 * State objects (weir_window, weir_kpa, ...) are blocks of memory that the caller owns: ask
 * weir_X_bytes() for the size, give an 8-byte aligned block to weir_X_init(). A block holds no
 * pointers, so memcpy of all its bytes is an independent copy (a what-if run from here), and it may
 * live in memory that another language's runtime owns.
 */
#ifndef WEIR_BASE_H
#define WEIR_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifndef WEIR_API
#if defined(__GNUC__) && !defined(WEIR_STATIC)
#define WEIR_API __attribute__((visibility("default")))
#else
#define WEIR_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_VERSION_MAJOR 0
#define WEIR_VERSION_MINOR 1
#define WEIR_VERSION_PATCH 0

/** An instant: nanoseconds since the Unix epoch, as Go's time.Time.UnixNano. */
typedef int64_t weir_time;

/** A length of time in nanoseconds, as Go's time.Duration. */
typedef int64_t weir_duration;

/** 0: done; greater than 0: not an error, see the constant; less than 0: an error. */
typedef int32_t weir_status;

#define WEIR_TIME_NONE  INT64_MIN /**< the instant of what has never happened */
#define WEIR_TIME_NEVER INT64_MAX /**< the instant of what will never happen by itself */
#define WEIR_SECOND     INT64_C(1000000000)

/** A double setting that is not set: no such number can be meant. */
#define WEIR_UNSET (-1.7976931348623157e308)

/** Status values. They are never reused or renumbered. */
enum {
    WEIR_OK = 0,
    WEIR_END = 1,     /**< nothing left to give; feed more, or stop */
    WEIR_NO_DATA = 2, /**< the metric has no value now; the decision is not valid */
    WEIR_NOT_DUE = 3, /**< asked before the next step is due; nothing was done */

    WEIR_E_ARG = -1,         /**< NULL, misaligned or foreign argument */
    WEIR_E_RANGE = -2,       /**< a configuration or input value is outside its bounds */
    WEIR_E_STRUCT = -3,      /**< struct_size is too small, or unknown fields are set */
    WEIR_E_SPACE = -4,       /**< the buffer is too small; the needed size was returned */
    WEIR_E_TIME = -5,        /**< `now` is before a time this state has already seen */
    WEIR_E_MEMORY = -6,      /**< an allocator returned NULL (never from the core) */
    WEIR_E_PARSE = -7,       /**< malformed text */
    WEIR_E_LIMIT = -8,       /**< larger than a documented limit */
    WEIR_E_UNSUPPORTED = -9, /**< understood, but weir does not do it */
    WEIR_E_CORRUPT = -10,    /**< a snapshot that is damaged */
    WEIR_E_VERSION = -11,    /**< a snapshot of another major format version */
    WEIR_E_MISMATCH = -12,   /**< a snapshot of another kind or configuration */
    WEIR_E_IO = -13,         /**< reading or writing failed (never from the core) */
    WEIR_E_PANIC = -14       /**< the upstream program would crash on this input */
};

/** What went wrong, where. Filled by functions that take one; NULL is always allowed. */
typedef struct weir_error {
    weir_status status;
    int32_t line;      /**< 1-based line of the source text; 0: there is none */
    int32_t column;    /**< 1-based column, in bytes; 0: there is none */
    int32_t reserved;  /**< 0 */
    char path[128];    /**< the field, "spec.behavior.scaleDown.policies[1].periodSeconds" */
    char message[240]; /**< "must be in [1, 1800], got 0" */
} weir_error;

/** Memory for the few functions that allocate: *_create, and the adapters. */
typedef struct weir_allocator {
    void *(*alloc)(void *user, size_t size);          /**< NULL when there is no memory left */
    void (*free)(void *user, void *ptr, size_t size); /**< ptr is never NULL */
    void *user;
} weir_allocator;

/** An English sentence for a status; static text, never NULL. */
WEIR_API const char *weir_strerror(weir_status status);

/** The constant's name for a status ("WEIR_E_RANGE"); static text, never NULL. */
WEIR_API const char *weir_status_name(weir_status status);

/** major << 16 | minor << 8 | patch of the library that is linked. */
WEIR_API uint32_t weir_version(void);

/** "major.minor.patch" of the library that is linked; static text. */
WEIR_API const char *weir_version_text(void);

/** How a double that an int32 cannot hold becomes one. Go leaves it to the machine. */
enum {
    WEIR_CONVERT_SATURATE = 0, /**< nearest int32; NaN becomes INT32_MIN */
    WEIR_CONVERT_AMD64 = 1 /**< INT32_MIN for NaN and all that is out of range, as Go on amd64 */
};

/**
 * Converts to int32, truncating toward zero: the one place where a measured or computed double
 * becomes a replica count.
 *
 * @param conversion  WEIR_CONVERT_*; any other value acts as WEIR_CONVERT_SATURATE
 * Upstream: the conversions int32(float64) of Knative's autoscaler.go and Kubernetes'
 * replica_calculator.go, which Go defines only for values that fit.
 */
WEIR_API int32_t weir_f64_to_i32(double value, int32_t conversion);

/**
 * Reads a whole text as a number, by the rules of Go's strconv.ParseFloat: decimal or hexadecimal
 * with an exponent, underscores between digits, infinities and NaN in any case, no white space.
 * Rounded once, whatever the locale.
 *
 * @param text   need not be terminated; may be NULL when length is 0
 * @param value  set to the number; beyond the largest double to an infinity
 * @return WEIR_OK; WEIR_E_PARSE: no number, *value is 0; WEIR_E_LIMIT: beyond the largest;
 *         WEIR_E_ARG
 */
WEIR_API weir_status weir_f64_parse(const char *text, size_t length, double *value);

#ifdef __cplusplus
}
#endif
#endif

/*
 * weir/decision.h - the answer of an autoscaler, and why.
 *
 * One decision type and one explain record serve every kind of autoscaler. The steps of an explain
 * record chain: each begins with the replicas that the one before it left, and the last one ends
 * with the decision. Asking for the record never changes the decision.
 */
#ifndef WEIR_DECISION_H
#define WEIR_DECISION_H


#ifdef __cplusplus
extern "C" {
#endif

/** What is true of a decision. Values are never reused. */
enum {
    WEIR_FLAG_PANIC = 1 << 0,          /**< Knative: in panic mode after this step */
    WEIR_FLAG_AT_MIN = 1 << 1,         /**< held up by a lower bound */
    WEIR_FLAG_AT_MAX = 1 << 2,         /**< held down by an upper bound */
    WEIR_FLAG_RATE_LIMITED = 1 << 3,   /**< a rate or policy cut the change */
    WEIR_FLAG_STABILIZED = 1 << 4,     /**< a stabilization or delay window held it */
    WEIR_FLAG_TO_ZERO = 1 << 5,        /**< the decision is to scale to zero */
    WEIR_FLAG_FALLBACK = 1 << 6,       /**< KEDA: a fallback value was used */
    WEIR_FLAG_PAUSED = 1 << 7,         /**< KEDA: the object is paused */
    WEIR_FLAG_CHANGED = 1 << 8,        /**< the status that a reconciler looks at changed */
    WEIR_FLAG_APPLY = 1 << 9,          /**< replicas are to be written to the scale target */
    WEIR_FLAG_METRIC_FAILED = 1 << 10, /**< at least one metric had no value */
    WEIR_FLAG_PROXY = 1 << 11          /**< Knative: the activator is in the path */
};

/** The number of replicas that is not known (yet). */
#define WEIR_REPLICAS_UNKNOWN (-1)

/** One decision. Fill with weir_decision_init() before the first use. */
typedef struct weir_decision {
    uint32_t struct_size; /**< set by weir_decision_init() */
    int32_t replicas; /**< wanted; where valid is 0: as the last valid decision left it, or -1 */
    int32_t current;  /**< the replicas it started from */
    int32_t valid;    /**< 1; 0: there was no data to decide on, and nothing changed */
    uint32_t flags;   /**< WEIR_FLAG_* */
    int32_t rule;     /**< WEIR_RULE_* that had the last word */
    int32_t excess_burst_capacity; /**< Knative: spare capacity in requests; below 0: short */
    uint32_t step_count;           /**< steps taken, counted also when no record was asked for */
    weir_time at;                  /**< the time decided for */
    weir_time next;                /**< first time the answer can change without a new sample */
} weir_decision;

/** One rule's part: replicas went from `before` to `after` because of `measured` and `limit`. */
typedef struct weir_step {
    int32_t rule;    /**< WEIR_RULE_* */
    int32_t item;    /**< which metric, trigger or policy; -1: none */
    int32_t before;  /**< replicas before the rule */
    int32_t after;   /**< replicas after it */
    double measured; /**< the number that the rule looked at */
    double limit;    /**< the number that it was held against */
} weir_step;

#define WEIR_STEPS_MAX 64

/** Why. Fill with weir_explain_init() before the first use. */
typedef struct weir_explain {
    uint32_t struct_size; /**< set by weir_explain_init() */
    uint32_t count;       /**< steps recorded */
    uint32_t dropped;     /**< steps that found no room */
    uint32_t reserved;    /**< 0 */
    weir_step steps[WEIR_STEPS_MAX];
} weir_explain;

/** The rules. Numbers and names are stable: a rule may be added, never renumbered or renamed. */
enum {
    WEIR_RULE_NONE = 0,
    WEIR_RULE_NO_DATA = 1,                 /**< metric.no_data */
    WEIR_RULE_KPA_STABLE = 10,             /**< kpa.stable */
    WEIR_RULE_KPA_RATE_UP = 11,            /**< kpa.rate.up */
    WEIR_RULE_KPA_RATE_DOWN = 12,          /**< kpa.rate.down */
    WEIR_RULE_KPA_ACTIVATION = 13,         /**< kpa.activation_scale */
    WEIR_RULE_KPA_PANIC_ENTER = 14,        /**< kpa.panic.enter */
    WEIR_RULE_KPA_PANIC_EXTEND = 15,       /**< kpa.panic.extend */
    WEIR_RULE_KPA_PANIC_HOLD = 16,         /**< kpa.panic.hold */
    WEIR_RULE_KPA_PANIC_LEAVE = 17,        /**< kpa.panic.leave */
    WEIR_RULE_KPA_PANIC_DEMAND = 18,       /**< kpa.panic.demand */
    WEIR_RULE_KPA_PANIC_LATCH = 19,        /**< kpa.panic.latch */
    WEIR_RULE_KPA_DELAY = 20,              /**< kpa.scale_down_delay */
    WEIR_RULE_KPA_BURST = 21,              /**< kpa.burst_capacity */
    WEIR_RULE_KPA_INITIAL_SCALE = 22,      /**< kpa.initial_scale */
    WEIR_RULE_KPA_KEEP_ONE = 23,           /**< kpa.zero.disabled */
    WEIR_RULE_KPA_ACTIVATING = 24,         /**< kpa.zero.activating */
    WEIR_RULE_KPA_ACTIVATION_TIMEOUT = 25, /**< kpa.zero.activation_timeout */
    WEIR_RULE_KPA_STILL_ACTIVE = 26,       /**< kpa.zero.stable_window */
    WEIR_RULE_KPA_DEACTIVATE = 27,         /**< kpa.zero.deactivate */
    WEIR_RULE_KPA_PROBE = 28,              /**< kpa.zero.probe */
    WEIR_RULE_KPA_RETENTION = 29,          /**< kpa.zero.pod_retention */
    WEIR_RULE_KPA_GRACE = 30,              /**< kpa.zero.grace_period */
    WEIR_RULE_KPA_TO_ZERO = 31,            /**< kpa.zero.apply */
    WEIR_RULE_KPA_UNKNOWN = 32,            /**< kpa.unknown */
    WEIR_RULE_KPA_WISH = 33,               /**< kpa.wish */
    WEIR_RULE_KPA_KEPT = 34,               /**< kpa.kept */
    WEIR_RULE_HPA_METRIC = 40,             /**< hpa.metric */
    WEIR_RULE_HPA_TOLERANCE = 41,          /**< hpa.tolerance */
    WEIR_RULE_HPA_DIRECTION = 42,          /**< hpa.direction_flip */
    WEIR_RULE_HPA_SIZE = 43,               /**< hpa.size_flip */
    WEIR_RULE_HPA_LARGEST = 44,            /**< hpa.largest */
    WEIR_RULE_HPA_NO_SOURCE = 45,          /**< hpa.failed.source */
    WEIR_RULE_HPA_NO_TARGET = 46,          /**< hpa.failed.target */
    WEIR_RULE_HPA_NO_PODS = 47,            /**< hpa.failed.pods */
    WEIR_RULE_HPA_NO_SAMPLES = 48,         /**< hpa.failed.samples */
    WEIR_RULE_HPA_NO_REQUEST = 49,         /**< hpa.failed.request */
    WEIR_RULE_HPA_IGNORED = 50,            /**< hpa.pods.ignored */
    WEIR_RULE_HPA_UNREADY = 51,            /**< hpa.pods.unready */
    WEIR_RULE_HPA_MISSING = 52,            /**< hpa.pods.missing */
    WEIR_RULE_HPA_BLOCKED = 53,            /**< hpa.blocked */
    WEIR_RULE_HPA_NEGATIVE = 54,           /**< hpa.negative */
    WEIR_RULE_HPA_NO_SCALE = 55,           /**< hpa.no_scale */
    WEIR_RULE_HPA_SELECTOR = 56,           /**< hpa.selector */
    WEIR_RULE_HPA_DISABLED = 57,           /**< hpa.disabled */
    WEIR_RULE_BOUNDS_MIN = 70,             /**< bounds.min */
    WEIR_RULE_BOUNDS_MAX = 71,             /**< bounds.max */
    WEIR_RULE_BEHAVIOR_WINDOW_UP = 72,     /**< behavior.window.up */
    WEIR_RULE_BEHAVIOR_WINDOW_DOWN = 73,   /**< behavior.window.down */
    WEIR_RULE_BEHAVIOR_POLICY_UP = 74,     /**< behavior.policy.up */
    WEIR_RULE_BEHAVIOR_POLICY_DOWN = 75,   /**< behavior.policy.down */
    WEIR_RULE_BEHAVIOR_DISABLED_UP = 76,   /**< behavior.disabled.up */
    WEIR_RULE_BEHAVIOR_DISABLED_DOWN = 77, /**< behavior.disabled.down */
    WEIR_RULE_BEHAVIOR_FACTOR = 78,        /**< behavior.factor */
    WEIR_RULE_BEHAVIOR_DESIRED = 79,       /**< behavior.desired */
    WEIR_RULE_KEDA_TRIGGER_ACTIVE = 90,    /**< keda.trigger.active */
    WEIR_RULE_KEDA_TRIGGER_INACTIVE = 91,  /**< keda.trigger.inactive */
    WEIR_RULE_KEDA_TRIGGER_FAILED = 92,    /**< keda.trigger.failed */
    WEIR_RULE_KEDA_TRIGGER_RESOURCE = 93,  /**< keda.trigger.resource */
    WEIR_RULE_KEDA_OBSERVED = 94,          /**< keda.trigger.observed */
    WEIR_RULE_KEDA_FALLBACK = 95,          /**< keda.fallback */
    WEIR_RULE_KEDA_FORMULA = 96,           /**< keda.formula */
    WEIR_RULE_KEDA_FORMULA_FAILED = 97,    /**< keda.formula.failed */
    WEIR_RULE_KEDA_ONLY_RESOURCES = 98,    /**< keda.only_resources */
    WEIR_RULE_KEDA_FORCED = 99,            /**< keda.forced */
    WEIR_RULE_KEDA_ACTIVATE = 100,         /**< keda.activate */
    WEIR_RULE_KEDA_ACTIVE = 101,           /**< keda.active */
    WEIR_RULE_KEDA_PARTIAL_ERROR = 102,    /**< keda.partial_error */
    WEIR_RULE_KEDA_OUT_PAUSED = 103,       /**< keda.paused.out */
    WEIR_RULE_KEDA_FROZEN = 104,           /**< keda.frozen */
    WEIR_RULE_KEDA_COOLDOWN = 105,         /**< keda.cooldown */
    WEIR_RULE_KEDA_DEACTIVATE = 106,       /**< keda.deactivate */
    WEIR_RULE_KEDA_IN_PAUSED = 107,        /**< keda.paused.in */
    WEIR_RULE_KEDA_RAISE = 108,            /**< keda.raise */
    WEIR_RULE_KEDA_INACTIVE = 109,         /**< keda.inactive */
    WEIR_RULE_KEDA_PAUSED = 110,           /**< keda.paused */
    WEIR_RULE_KEDA_NO_REPLICAS = 111,      /**< keda.no_replicas */
    WEIR_RULE_KEDA_UNBUILDABLE = 112,      /**< keda.unbuildable */
    WEIR_RULE_KEDA_PUSH = 113,             /**< keda.push */
    WEIR_RULE_KEDA_SERVED = 114,           /**< keda.served */
    WEIR_RULE_KEDA_RESTORED = 115          /**< keda.restored */
};

/**
 * Empties a decision and sets its struct_size.
 * @return WEIR_OK; WEIR_E_ARG for NULL; WEIR_E_STRUCT for a size this library does not know
 */
WEIR_API weir_status weir_decision_init(weir_decision *decision, size_t struct_size);

/** Empties an explain record and sets its struct_size; as weir_decision_init(). */
WEIR_API weir_status weir_explain_init(weir_explain *explain, size_t struct_size);

/** A rule's stable name ("kpa.panic.enter"), "unknown" for a number that is none; static text. */
WEIR_API const char *weir_rule_name(int32_t rule);

/** The rule of a name; WEIR_RULE_NONE when there is none. */
WEIR_API int32_t weir_rule_from_name(const char *name);

/** One sentence about what a rule does; static text, never NULL. */
WEIR_API const char *weir_rule_doc(int32_t rule);

/** The number of rules, and the rule at a position of the registry (in order of number). */
WEIR_API size_t weir_rule_count(void);
WEIR_API int32_t weir_rule_at(size_t position);

/**
 * Writes one step as an English line without a newline:
 * "kpa.rate.up: 40 -> 10; wanted 40, at most 10 (max-scale-up-rate x ready pods)".
 *
 * @param text      NUL-terminated result; may be NULL when capacity is 0
 * @param capacity  bytes in text
 * @param need      set to the bytes wanted, the NUL included; may be NULL
 * @return WEIR_OK; WEIR_E_SPACE when it was cut (it is still terminated); WEIR_E_ARG
 */
WEIR_API weir_status weir_step_text(const weir_step *step, char *text, size_t capacity,
                                    size_t *need);

#ifdef __cplusplus
}
#endif
#endif

/*
 * weir/autoscaler.h - one small interface to every kind of autoscaler.
 *
 * A driver (weir/replay.h, a controller) feeds readings and asks for decisions without knowing what
 * kind it drives: every state block says its kind itself, and a constant registry does the rest.
 */
#ifndef WEIR_AUTOSCALER_H
#define WEIR_AUTOSCALER_H


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

/*
 * weir/behavior.h - how fast a size may change: "give me the desired size, get the allowed one".
 *
 * The limits of the HorizontalPodAutoscaler, for any controller: stabilization windows hold a size
 * until a wish has lasted, policies cap how many pods come or go in a period, and the bounds cut
 * off the rest. Without rules (behavior = 0) it is the older pair of limits that upstream uses for
 * `behavior: null`: the largest wish within the downscale stabilization, at most double (or 4).
 *
 *   weir_behavior_apply(b, current, desired, now, &decision, NULL);
 *   if (decision.flags & WEIR_FLAG_APPLY) {
 *       scale to decision.replicas;
 *       weir_behavior_scaled(b, current, decision.replicas, now);
 *   }
 *
 * Memory: the block holds the wishes of the longest window and the changes of the longest period at
 * one decision every sync period, and a few more (`reserve` makes it more). Deciding more often
 * than that is fine as long as what has to be remembered fits; where it does not, the answer is
 * WEIR_E_LIMIT and nothing changes.
 *
 * Upstream: Kubernetes pkg/controller/podautoscaler/horizontal.go.
 */
#ifndef WEIR_BEHAVIOR_H
#define WEIR_BEHAVIOR_H


#ifdef __cplusplus
extern "C" {
#endif

/** Which way a size changes. */
enum { WEIR_SCALE_UP = 0, WEIR_SCALE_DOWN = 1 };

/** What a policy's value counts. */
enum {
    WEIR_POLICY_PODS = 0,
    WEIR_POLICY_PERCENT = 1, /**< of the size at the beginning of the period */
    WEIR_POLICY_UNKNOWN = 2  /**< a type that upstream does not know: repeats the policy before */
};

/** Which of several policies counts. */
enum {
    WEIR_SELECT_MAX = 0,     /**< the one that allows the largest change */
    WEIR_SELECT_MIN = 1,     /**< the one that allows the smallest change */
    WEIR_SELECT_DISABLED = 2 /**< none: no change in this direction */
};

#define WEIR_POLICIES_MAX 8 /**< policies of one direction */

/** The stabilization window that is not set: the downscale stabilization counts. */
#define WEIR_STABILIZATION_UNSET (-1)

/** One policy: at most `value` pods, or percent, within `period`. */
typedef struct weir_policy {
    int32_t type;         /**< WEIR_POLICY_* */
    int32_t value;        /**< pods or percent, > 0 */
    weir_duration period; /**< ns, whole seconds, [1 s, 30 min] */
} weir_policy;

/** The rules of one direction (upstream: HPAScalingRules, whose names these are). */
typedef struct weir_scaling_rules {
    weir_duration stabilization_window; /**< ns, whole seconds, [0, 1 h]; up: 0, down: not set */
    double tolerance;                   /**< fraction, for the HPA only; WEIR_UNSET */
    int32_t select_policy;              /**< WEIR_SELECT_*, max */
    uint32_t policy_count;              /**< of the array; 0 freezes the direction */
    weir_policy policies[WEIR_POLICIES_MAX];
} weir_scaling_rules;

/** Configuration. Start from weir_behavior_config_init(), which writes upstream's defaults: up 4
 * pods or 100 % in 15 s, down 100 % in 15 s. */
typedef struct weir_behavior_config {
    uint32_t struct_size;
    int32_t behavior;                      /**< 1: the rules below; 0: as `behavior: null` */
    int32_t min_replicas;                  /**< lower bound, 1 */
    int32_t max_replicas;                  /**< upper bound, INT32_MAX */
    int32_t conversion;                    /**< WEIR_CONVERT_* */
    int32_t reserve;                       /**< [0, 10000], 0: wishes and changes more to hold */
    weir_duration downscale_stabilization; /**< ns, [0, 6 h], 5 min */
    weir_duration sync_period;             /**< ns, [1 s, 1 h], 15 s: sizes the memory */
    weir_scaling_rules scale_up;
    weir_scaling_rules scale_down;
} weir_behavior_config;

/** Why a size is what it is, in upstream's words: weir_reason_name() has them. */
enum {
    WEIR_REASON_NONE = 0,
    WEIR_REASON_READY_FOR_NEW_SCALE = 1,
    WEIR_REASON_SCALE_UP_STABILIZED = 2,
    WEIR_REASON_SCALE_DOWN_STABILIZED = 3,
    WEIR_REASON_DESIRED_WITHIN_RANGE = 4,
    WEIR_REASON_TOO_FEW_REPLICAS = 5,
    WEIR_REASON_TOO_MANY_REPLICAS = 6,
    WEIR_REASON_SCALE_UP_LIMIT = 7,
    WEIR_REASON_SCALE_DOWN_LIMIT = 8
};

/** The name that upstream gives a reason ("ScaleUpLimit"); "" for WEIR_REASON_NONE; static text. */
WEIR_API const char *weir_reason_name(int32_t reason);

/** One wish that is remembered. */
typedef struct weir_recommendation {
    weir_time at;
    int32_t replicas;
    int32_t reserved; /**< 0 */
} weir_recommendation;

/** One change of the size that is remembered. */
typedef struct weir_scale_event {
    weir_time at;
    int32_t change;   /**< pods that came, or pods that went */
    int32_t outdated; /**< 1: was older than every policy of its direction; its place is free */
} weir_scale_event;

/** A behavior: an opaque block of weir_behavior_bytes(). */
typedef struct weir_behavior weir_behavior;

/** Writes the defaults. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_behavior_config_init(weir_behavior_config *config, size_t struct_size);

/** @return WEIR_OK; WEIR_E_STRUCT, WEIR_E_RANGE or WEIR_E_LIMIT with the field in err */
WEIR_API weir_status weir_behavior_config_check(const weir_behavior_config *config,
                                                weir_error *err);

/** Bytes that a behavior of this configuration takes. @return as the check */
WEIR_API weir_status weir_behavior_bytes(const weir_behavior_config *config, size_t *bytes,
                                         weir_error *err);

/** Makes one that remembers nothing. @return as the check; WEIR_E_SPACE; WEIR_E_ARG */
WEIR_API weir_status weir_behavior_init(weir_behavior *behavior, size_t bytes,
                                        const weir_behavior_config *config, weir_error *err);

/**
 * One step: windows, then policies and bounds. The wish is remembered as it is, unlimited. The
 * first step of all remembers the current size before it, as the HPA does, so that a window holds
 * from the start.
 *
 * @param current  size now
 * @param desired  size wanted
 * @param now      not before any time this behavior has seen
 * @param out      replicas, flags, rule, next; WEIR_FLAG_APPLY when they differ from `current`
 * @param explain  may be NULL
 * @return WEIR_OK; WEIR_E_TIME; WEIR_E_LIMIT: no room to remember; WEIR_E_ARG; WEIR_E_STRUCT
 */
WEIR_API weir_status weir_behavior_apply(weir_behavior *behavior, int32_t current, int32_t desired,
                                         weir_time now, weir_decision *out, weir_explain *explain);

/**
 * Tells that the size was changed: policies count what really happened. Without rules nothing is
 * remembered.
 * @return WEIR_OK; WEIR_E_TIME; WEIR_E_LIMIT; WEIR_E_ARG
 * Upstream: storeScaleEvent().
 */
WEIR_API weir_status weir_behavior_scaled(weir_behavior *behavior, int32_t from, int32_t to,
                                          weir_time now);

/**
 * The first half of a step alone: remembers the wish and holds it within the windows.
 * @param reason  WEIR_REASON_*: ready, or stabilized up or down; may be NULL
 * @return WEIR_OK; WEIR_E_TIME; WEIR_E_LIMIT; WEIR_E_ARG
 * Upstream: stabilizeRecommendation(), stabilizeRecommendationWithBehaviors().
 */
WEIR_API weir_status weir_behavior_stabilize(weir_behavior *behavior, int32_t current,
                                             int32_t desired, weir_time now, int32_t *stabilized,
                                             int32_t *reason);

/**
 * The second half alone: policies and bounds for a size that went through the windows.
 * @param reason  WEIR_REASON_*: within range, or what cut it; may be NULL
 * @return WEIR_OK; WEIR_E_ARG
 * Upstream: convertDesiredReplicasWithRules(), convertDesiredReplicasWithBehaviorRate().
 */
WEIR_API weir_status weir_behavior_limit(const weir_behavior *behavior, int32_t current,
                                         int32_t stabilized, weir_time now, int32_t *allowed,
                                         int32_t *reason);

/** Forgets wishes and changes, as a controller that restarts. @return WEIR_OK; WEIR_E_ARG */
WEIR_API weir_status weir_behavior_forget(weir_behavior *behavior);

/**
 * Takes over what another one remembers: a spec was edited, and its memory goes on.
 * @param behavior  made with the new configuration
 * @return WEIR_OK; WEIR_E_SPACE when it has no room for so much, nothing changed; WEIR_E_ARG
 */
WEIR_API weir_status weir_behavior_adopt(weir_behavior *behavior, const weir_behavior *from);

/**
 * The wishes that are remembered, in the order that upstream keeps them in: a wish that is older
 * than every window is overwritten by the next one, in place.
 * @param list   may be NULL when capacity is 0
 * @param count  set to how many there are
 * @return WEIR_OK; WEIR_E_SPACE when they are more than `capacity`; WEIR_E_ARG
 */
WEIR_API weir_status weir_behavior_recommendations(const weir_behavior *behavior,
                                                   weir_recommendation *list, size_t capacity,
                                                   size_t *count);

/** The changes of one direction (WEIR_SCALE_*) likewise. */
WEIR_API weir_status weir_behavior_events(const weir_behavior *behavior, int32_t direction,
                                          weir_scale_event *list, size_t capacity, size_t *count);

/** Replaces the wishes. @return WEIR_OK; WEIR_E_SPACE when there is no room; WEIR_E_ARG */
WEIR_API weir_status weir_behavior_set_recommendations(weir_behavior *behavior,
                                                       const weir_recommendation *list,
                                                       size_t count);

/** Replaces the changes of one direction. @return WEIR_OK; WEIR_E_SPACE; WEIR_E_ARG */
WEIR_API weir_status weir_behavior_set_events(weir_behavior *behavior, int32_t direction,
                                              const weir_scale_event *list, size_t count);

/** As weir_window_save(). */
WEIR_API weir_status weir_behavior_save(const weir_behavior *behavior, uint8_t *buffer,
                                        size_t capacity, size_t *need);

/** As weir_window_load(). */
WEIR_API weir_status weir_behavior_load(weir_behavior *behavior, const uint8_t *buffer,
                                        size_t length, weir_error *err);

#ifdef __cplusplus
}
#endif
#endif

/*
 * weir/cron.h - the windows of KEDA's cron trigger: from one schedule to the next.
 *
 * weir knows no time zones: the caller gives a zone as its offsets from UTC and the instants at
 * which they change, from the time that is asked about to six years later.
 *
 * Upstream: KEDA pkg/scalers/cron_scaler.go; github.com/robfig/cron v3.
 */
#ifndef WEIR_CRON_H
#define WEIR_CRON_H


#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_CRON_TEXT_MAX 128 /**< bytes of a schedule, with its NUL */
#define WEIR_ZONE_NAME_MAX 64  /**< bytes of a zone's name, with its NUL */

/** From `at` on the zone is `offset` seconds east of UTC. */
typedef struct weir_zone_change {
    weir_time at;
    int32_t offset;   /**< s, in (-86400, 86400) */
    int32_t reserved; /**< 0 */
} weir_zone_change;

/** A time zone, for as long as its changes are known. */
typedef struct weir_zone {
    uint32_t change_count;
    int32_t offset;                  /**< s, before the first change */
    const weir_zone_change *changes; /**< in order of time; NULL when there are none */
} weir_zone;

/** The settings of a cron trigger. */
typedef struct weir_cron_config {
    int64_t desired_replicas;       /**< not 0 */
    char start[WEIR_CRON_TEXT_MAX]; /**< "0 8 * * 1-5" */
    char end[WEIR_CRON_TEXT_MAX];
    char timezone[WEIR_ZONE_NAME_MAX]; /**< IANA name */
} weir_cron_config;

/** A schedule that was read. Filled by weir_cron_parse(). */
typedef struct weir_cron_schedule {
    uint64_t minutes; /**< bit m: minute m is one */
    uint32_t hours, days, months, weekdays;
    int32_t any_day, any_weekday;  /**< 1: the field holds a star or `?` */
    char zone[WEIR_ZONE_NAME_MAX]; /**< of a CRON_TZ= or TZ= prefix, else "" */
} weir_cron_schedule;

/**
 * Reads a schedule: five fields, minute to weekday.
 * @param text  need not be terminated
 * @return WEIR_OK; WEIR_E_PARSE with the column and what was expected; WEIR_E_PANIC: a prefix with
 *         nothing after it, at which upstream crashes; WEIR_E_LIMIT; WEIR_E_ARG
 */
WEIR_API weir_status weir_cron_parse(const char *text, size_t length, weir_cron_schedule *schedule,
                                     weir_error *err);

/**
 * The first instant after `after` that a schedule names.
 * @param zone  NULL: UTC
 * @return WEIR_OK; WEIR_END: none within five years, *next is WEIR_TIME_NEVER; WEIR_E_ARG
 */
WEIR_API weir_status weir_cron_next(const weir_cron_schedule *schedule, const weir_zone *zone,
                                    weir_time after, weir_time *next);

/** A cron trigger that was read. Filled by weir_cron_init(). */
typedef struct weir_cron {
    weir_cron_schedule start, end;
    int64_t desired_replicas;
} weir_cron;

/**
 * Reads the settings of a cron trigger.
 * @return WEIR_OK; WEIR_E_PARSE or WEIR_E_RANGE with the field in err; WEIR_E_PANIC; WEIR_E_ARG
 */
WEIR_API weir_status weir_cron_init(weir_cron *cron, const weir_cron_config *config,
                                    weir_error *err);

/** What a cron trigger says. */
typedef struct weir_cron_answer {
    int32_t active;
    int32_t reserved; /**< 0 */
    int64_t value;    /**< desired replicas, or 0; below zero counts as 0 for the HPA */
    weir_time next;   /**< when it may say something else */
} weir_cron_answer;

/**
 * Asks a cron trigger.
 * @param start  zone of the start schedule; NULL: UTC
 * @param end    zone of the end schedule; NULL: UTC
 * @return WEIR_OK; WEIR_E_ARG
 */
WEIR_API weir_status weir_cron_query(const weir_cron *cron, const weir_zone *start,
                                     const weir_zone *end, weir_time now, weir_cron_answer *answer);

/**
 * The name of a cron trigger's metric before the index: "cron-UTC-08xxx-020xxx".
 * @return WEIR_OK; WEIR_E_SPACE when it was cut; WEIR_E_ARG
 */
WEIR_API weir_status weir_cron_metric_name(const weir_cron_config *config, char *name,
                                           size_t capacity, size_t *need);

#ifdef __cplusplus
}
#endif
#endif

/*
 * weir/fields.h - every configuration described as data.
 *
 * One table per configuration struct gives its defaults, its bounds, the upstream spellings that
 * the manifest loader reads, `weir fields`, the reference in docs/ and the classes of the bindings.
 */
#ifndef WEIR_FIELDS_H
#define WEIR_FIELDS_H


#ifdef __cplusplus
extern "C" {
#endif

/** What a field holds, and the C type of its member. */
enum {
    WEIR_FIELD_BOOL = 0,     /**< int32_t, 0 or 1 */
    WEIR_FIELD_INT = 1,      /**< int32_t or int64_t, see size */
    WEIR_FIELD_DOUBLE = 2,   /**< double */
    WEIR_FIELD_DURATION = 3, /**< weir_duration (ns) */
    WEIR_FIELD_ENUM = 4,     /**< int32_t; `values` names 0, 1, 2, ... */
    WEIR_FIELD_TEXT = 5,     /**< char[size], NUL-terminated */
    WEIR_FIELD_TIME = 6,     /**< weir_time (ns) */
    WEIR_FIELD_STRUCT = 7    /**< nested struct, or with capacity > 1 an array of them */
};

/** Flags of a field. */
enum {
    WEIR_FIELD_ABOVE_MIN = 1,     /**< the bound `min` is exclusive */
    WEIR_FIELD_OR_MINUS_ONE = 2,  /**< -1 is allowed besides [min, max] */
    WEIR_FIELD_WHOLE_SECONDS = 4, /**< a duration must be a multiple of one second */
    WEIR_FIELD_ANY_FLOAT = 8,     /**< NaN and infinities pass, as they do upstream */
    WEIR_FIELD_OPTIONAL = 16      /**< the default means "not set" */
};

/** One field of one configuration. Library-owned constants; never freed. */
typedef struct weir_field {
    const char *name;       /**< C member, and the name in the bindings: "stable_window" */
    const char *key;        /**< upstream key on the object itself (annotation or path), or "" */
    const char *alias;      /**< older upstream spelling of `key`, or "" */
    const char *global_key; /**< upstream key of the cluster-wide setting, or "" */
    const char *unit;       /**< "s", "requests", "requests/s", "%", "pods", or "" */
    const char *values;     /**< WEIR_FIELD_ENUM: "linear|weighted-exponential"; else "" */
    const char *doc;        /**< one sentence */
    int64_t imin, imax, idefault;    /**< BOOL, INT, DURATION, ENUM, TIME */
    double dmin, dmax, ddefault;     /**< DOUBLE */
    const struct weir_field *fields; /**< STRUCT: the table of the nested struct */
    uint32_t field_count;            /**< STRUCT: its length */
    uint32_t capacity;               /**< STRUCT: elements in the array, 1 for a plain struct */
    uint32_t count_offset;           /**< STRUCT array: where its uint32_t length is; else 0 */
    uint32_t offset, size;           /**< of the member; of one element for an array */
    int32_t type;                    /**< WEIR_FIELD_BOOL, ... */
    uint32_t flags;                  /**< WEIR_FIELD_ABOVE_MIN, ... */
    int32_t since;                   /**< minor version of weir that added it */
} weir_field;

/** The configurations that have a table. */
enum {
    WEIR_CONFIG_WINDOW = 1,
    WEIR_CONFIG_KPA_COLLECTOR = 2,
    WEIR_CONFIG_KPA_DECIDER = 3,
    WEIR_CONFIG_KPA = 4,
    WEIR_CONFIG_HPA = 10,
    WEIR_CONFIG_BEHAVIOR = 11,
    WEIR_CONFIG_KEDA = 20
};

/**
 * The table of a configuration.
 *
 * @param config  WEIR_CONFIG_*
 * @param fields  set to the first field; the table is in the order of the struct
 * @param count   set to the number of fields
 * @return WEIR_OK; WEIR_E_ARG for an unknown configuration or a NULL argument
 */
WEIR_API weir_status weir_fields(int32_t config, const weir_field **fields, size_t *count);

#ifdef __cplusplus
}
#endif
#endif

/*
 * weir/formula.h - the formula language of KEDA's scalingModifiers, compiled once, run without
 * memory of its own.
 *
 *   "count([a, b], # > 1) > 1 ? max(a, b) : 0"  ->  weir_formula_compile()  ->  weir_formula_eval()
 *
 * KEDA hands formulas to the expr language: floats for triggers, ints, bools, strings, nil, arrays,
 * predicates, let, if, and its builtin functions. weir takes what has a meaning for numbers, with
 * the same precedences, types and results, and refuses the rest by name. Types are checked when a
 * formula is compiled, as upstream does it; what can only be seen with values is an error of the
 * run.
 *
 * Upstream: KEDA pkg/scaling/modifiers, pkg/scalers/validation; github.com/expr-lang/expr v1.17.
 */
#ifndef WEIR_FORMULA_H
#define WEIR_FORMULA_H


#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_FORMULA_TEXT_MAX  2048 /**< bytes of a formula, with a NUL */
#define WEIR_FORMULA_NAMES_MAX 64   /**< variables */

/** What a formula gave. */
enum {
    WEIR_FORMULA_FLOAT = 0,
    WEIR_FORMULA_NIL = 1,  /**< only formulas with `??` may */
    WEIR_FORMULA_OTHER = 2 /**< something else than a float: upstream counts it as an error */
};

/** A compiled formula: an opaque block of weir_formula_bytes(); memcpy copies it. */
typedef struct weir_formula weir_formula;

/** What a run gave. */
typedef struct weir_formula_result {
    int32_t kind;     /**< WEIR_FORMULA_* */
    int32_t reserved; /**< 0 */
    double value;     /**< of a float; else 0 */
} weir_formula_result;

/** Bytes that hold the compiled form of any formula of this length. @return 0 above the limit */
WEIR_API size_t weir_formula_bytes(size_t length);

/**
 * Writes the text that KEDA compiles: float(...) around the formula, unless it begins so; with a
 * `??` in it, a form that lets nil pass.
 * @param wrapped   NUL-terminated result; may be NULL when capacity is 0
 * @param need      set to the bytes wanted, the NUL included; may be NULL
 * @return WEIR_OK; WEIR_E_SPACE when it was cut; WEIR_E_ARG
 */
WEIR_API weir_status weir_formula_wrap(const char *text, size_t length, char *wrapped,
                                       size_t capacity, size_t *need);

/**
 * Compiles a formula, wrapped by KEDA's rule.
 * @param formula  8-byte aligned
 * @param bytes    at least weir_formula_bytes(length)
 * @param text     need not be terminated
 * @param names    the variables, in the order of the values of a run; "" is a place without a name
 * @param err      where (line and column in the text) and what was expected; may be NULL
 * @return WEIR_OK; WEIR_E_PARSE: it is not a formula, or its types do not fit; WEIR_E_LIMIT;
 *         WEIR_E_UNSUPPORTED: upstream would take it, and weir does not; WEIR_E_SPACE; WEIR_E_ARG
 */
WEIR_API weir_status weir_formula_compile(weir_formula *formula, size_t bytes, const char *text,
                                          size_t length, const char *const *names,
                                          uint32_t name_count, weir_error *err);

/** Bytes in use, from the beginning of the block; 0 for a block that holds none. */
WEIR_API size_t weir_formula_size(const weir_formula *formula);

/**
 * Runs a formula.
 * @param values  one a variable
 * @param nil     bit i: variable i is nil, whatever its value
 * @param err     why it failed; may be NULL
 * @return WEIR_OK; WEIR_E_RANGE: upstream's run fails too; WEIR_E_LIMIT: an array beyond what weir
 *         has room for; WEIR_E_ARG
 */
WEIR_API weir_status weir_formula_eval(const weir_formula *formula, const double *values,
                                       uint64_t nil, weir_formula_result *result, weir_error *err);

#ifdef __cplusplus
}
#endif
#endif

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

/*
 * weir/kpa.h - the Knative Pod Autoscaler.
 *
 * Machines that can be used alone or together:
 *   weir_kpa_collector       request statistics -> stable and panic averages of concurrency and rps
 *   weir_kpa_decider         averages and ready pods -> wanted pods (panic mode, rates, delay)
 *   weir_kpa_reconcile_step  wanted pods -> replicas (bounds, scale to zero), mode, conditions
 *   weir_kpa                 all of one revision, on the clock of the real system
 *
 * Upstream: knative.dev/serving v0.51 pkg/autoscaler/metrics/collector.go, scaling/autoscaler.go,
 * scaling/multiscaler.go, pkg/reconciler/autoscaling/kpa/resources. Every number equals upstream's
 * on linux/amd64 to the bit; conversions of doubles that an int32 cannot hold follow `conversion`.
 */
#ifndef WEIR_KPA_H
#define WEIR_KPA_H


#ifdef __cplusplus
extern "C" {
#endif

/** What a revision scales on. Upstream treats every name but "rps" as concurrency. */
enum { WEIR_KPA_CONCURRENCY = 0, WEIR_KPA_RPS = 1, WEIR_KPA_OTHER = 2 };

/** What is used of a target that is not concurrency; not a setting, upstream. */
#define WEIR_KPA_OTHER_UTILIZATION 0.7

/** Time between two decisions of the real system. */
#define WEIR_KPA_TICK (2 * WEIR_SECOND)

/* ---- collector ------------------------------------------------------------------------------ */

/** Configuration of a collector (upstream: the MetricSpec). */
typedef struct weir_kpa_collector_config {
    uint32_t struct_size;
    int32_t algorithm;            /**< WEIR_WINDOW_*, linear; fixed for the collector's life */
    weir_duration stable_window;  /**< ns, > 0, 60 s */
    weir_duration panic_window;   /**< ns, > 0, 6 s */
    weir_duration stable_reserve; /**< ns, longest stable window an update may set; 0: as is */
    weir_duration panic_reserve;  /**< ns, longest panic window an update may set; 0: as is */
    int32_t scrape_target;        /**< 1: pods are scraped, so an empty window is "no data"; 1 */
    int32_t semantics;            /**< WEIR_SERVING_* */
} weir_kpa_collector_config;

/** One report about a revision's requests (upstream: metrics.Stat). Doubles, any value. */
typedef struct weir_kpa_stat {
    double average_concurrent_requests;         /**< requests in flight, averaged over the period */
    double average_proxied_concurrent_requests; /**< of these, those that came via the activator */
    double request_count;                       /**< requests per second */
    double proxied_request_count;               /**< of these, those that came via the activator */
} weir_kpa_stat;

/** The averages of one metric. */
typedef struct weir_kpa_averages {
    double stable;
    double panic;
} weir_kpa_averages;

typedef struct weir_kpa_collector weir_kpa_collector;

/** Writes the defaults. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_kpa_collector_config_init(weir_kpa_collector_config *config,
                                                    size_t struct_size);

/** @return WEIR_OK; WEIR_E_STRUCT or WEIR_E_RANGE with the field in err */
WEIR_API weir_status weir_kpa_collector_config_check(const weir_kpa_collector_config *config,
                                                     weir_error *err);

/** Bytes that a collector of this configuration takes. @return as the check */
WEIR_API weir_status weir_kpa_collector_bytes(const weir_kpa_collector_config *config,
                                              size_t *bytes, weir_error *err);

/** Makes an empty collector. @return as the check; WEIR_E_SPACE; WEIR_E_ARG */
WEIR_API weir_status weir_kpa_collector_init(weir_kpa_collector *collector, size_t bytes,
                                             const weir_kpa_collector_config *config,
                                             weir_error *err);

/**
 * Records one report. Reports may be late and out of order; what is not newer than the last one
 * less a window leaves that window as it is.
 * @param at  the time of the report: of the scrape, or the stamp of a pushed one
 * @return WEIR_OK; WEIR_E_PANIC at most times before 1970; WEIR_E_ARG
 */
WEIR_API weir_status weir_kpa_collector_record(weir_kpa_collector *collector, weir_time at,
                                               const weir_kpa_stat *stat);

/**
 * Reads the averages of a metric (WEIR_KPA_*; all but WEIR_KPA_RPS read concurrency).
 * @return WEIR_OK; WEIR_NO_DATA when the stable window is empty and pods are scraped; WEIR_E_ARG
 */
WEIR_API weir_status weir_kpa_collector_read(const weir_kpa_collector *collector, int32_t metric,
                                             weir_time now, weir_kpa_averages *averages);

/**
 * Changes windows and scrape target while running; the algorithm and the reserves stay.
 * @return WEIR_OK; WEIR_E_SPACE when a window is above its reserve (nothing changes); WEIR_E_RANGE
 */
WEIR_API weir_status weir_kpa_collector_update(weir_kpa_collector *collector,
                                               const weir_kpa_collector_config *config,
                                               weir_time now, weir_error *err);

/** The first time after `now` at which an average can change without a report. */
WEIR_API weir_time weir_kpa_collector_next(const weir_kpa_collector *collector, weir_time now);

/** As weir_window_save(). */
WEIR_API weir_status weir_kpa_collector_save(const weir_kpa_collector *collector, uint8_t *buffer,
                                             size_t capacity, size_t *need);

/** As weir_window_load(). */
WEIR_API weir_status weir_kpa_collector_load(weir_kpa_collector *collector, const uint8_t *buffer,
                                             size_t length, weir_error *err);

/* ---- decider -------------------------------------------------------------------------------- */

/** Configuration of a decider (upstream: the DeciderSpec, whose names these are). */
typedef struct weir_kpa_decider_config {
    uint32_t struct_size;
    int32_t scaling_metric;         /**< WEIR_KPA_*, concurrency */
    double target_value;            /**< wanted load of a pod, 70 */
    double total_value;             /**< load that a pod can take, 100 */
    double target_burst_capacity;   /**< requests, 211; 0: never in the path, -1: always */
    double activator_capacity;      /**< requests that one activator takes, 100 */
    double panic_threshold;         /**< wanted pods / ready pods at which panic starts, 2 */
    double max_scale_up_rate;       /**< most wanted pods / ready pods, 1000 */
    double max_scale_down_rate;     /**< most ready pods / wanted pods, 2 */
    weir_duration stable_window;    /**< ns, 60 s: how long panic lasts */
    weir_duration scale_down_delay; /**< ns, 0; a delay window is made when it is > 0 */
    int32_t initial_scale;          /**< pods, 1 */
    int32_t activation_scale;       /**< pods when there is any demand, 0: off */
    int32_t reachable;              /**< 0: no route leads here, scale down at once; 1 */
    int32_t semantics;              /**< WEIR_SERVING_* */
    int32_t conversion;             /**< WEIR_CONVERT_* */
    int32_t reserved;               /**< 0 */
} weir_kpa_decider_config;

/** What one step looks at. Fill with weir_kpa_decider_input_init() before the first use. */
typedef struct weir_kpa_decider_input {
    uint32_t struct_size;
    weir_status ready_status;  /**< WEIR_OK; WEIR_NO_DATA: no such revision, counts as 0 pods;
                                    an error: the step is not valid */
    weir_status metric_status; /**< WEIR_OK; anything else: the step is not valid */
    int32_t reserved;          /**< 0 */
    int64_t ready;             /**< ready pods */
    double stable;             /**< average over the stable window */
    double panic;              /**< average over the panic window */
} weir_kpa_decider_input;

/** What a decider remembers, for reading. */
typedef struct weir_kpa_status {
    uint32_t struct_size;
    int32_t desired;               /**< last valid decision, -1 before the first */
    int32_t excess_burst_capacity; /**< of the last valid decision, or the initial one */
    int32_t max_panic_pods;        /**< most pods wanted since panic began */
    weir_time panic_since;         /**< start or last renewal of panic; WEIR_TIME_NONE: no panic */
    weir_time next_tick;           /**< when the next tick is due */
} weir_kpa_status;

typedef struct weir_kpa_decider weir_kpa_decider;

/** Writes the defaults. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_kpa_decider_config_init(weir_kpa_decider_config *config,
                                                  size_t struct_size);

/**
 * Checks what would break the machine, not taste: upstream checks none of this at use. Rates,
 * targets and thresholds may be any double, NaN and infinities included.
 * @return WEIR_OK; WEIR_E_STRUCT or WEIR_E_RANGE with the field in err
 */
WEIR_API weir_status weir_kpa_decider_config_check(const weir_kpa_decider_config *config,
                                                   weir_error *err);

/** Bytes that a decider of this configuration takes. @return as the check */
WEIR_API weir_status weir_kpa_decider_bytes(const weir_kpa_decider_config *config, size_t *bytes,
                                            weir_error *err);

/**
 * Makes a decider. With two or more pods ready it starts in panic mode, so that a restart does not
 * scale down on little data.
 * @param ready  ready pods now; below 0: not known, counts as 0
 * @return as the check; WEIR_E_SPACE; WEIR_E_ARG
 */
WEIR_API weir_status weir_kpa_decider_init(weir_kpa_decider *decider, size_t bytes,
                                           const weir_kpa_decider_config *config, int64_t ready,
                                           weir_time now, weir_error *err);

/**
 * Replaces the configuration while running. Panic and the delay window survive; a delay that was
 * off when the decider was made stays off, and one that was on keeps its length.
 * @return as the check; on error nothing changes
 */
WEIR_API weir_status weir_kpa_decider_update(weir_kpa_decider *decider,
                                             const weir_kpa_decider_config *config,
                                             weir_error *err);

/** Empties an input, with no pods and no load. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_kpa_decider_input_init(weir_kpa_decider_input *input, size_t struct_size);

/**
 * One scale step. A step without data is not valid and changes nothing at all.
 *
 * @param now      any time; only a delay window refuses times that go back too far
 * @param out      replicas, excess burst capacity, flags, next
 * @param explain  may be NULL
 * @return WEIR_OK; WEIR_NO_DATA: not valid (out->valid is 0); WEIR_E_PANIC: time went back so far
 * that upstream panics in the delay window; WEIR_E_ARG; WEIR_E_STRUCT Upstream:
 * scaling/autoscaler.go, Scale().
 */
WEIR_API weir_status weir_kpa_decider_decide(weir_kpa_decider *decider,
                                             const weir_kpa_decider_input *input, weir_time now,
                                             weir_decision *out, weir_explain *explain);

/**
 * A step if a tick is due at `now` (every 2 s from the creation on); late ticks are not made up
 * for.
 * @return as weir_kpa_decider_decide(); WEIR_NOT_DUE
 * Upstream: scaling/multiscaler.go, the scaler's ticker.
 */
WEIR_API weir_status weir_kpa_decider_tick(weir_kpa_decider *decider,
                                           const weir_kpa_decider_input *input, weir_time now,
                                           weir_decision *out, weir_explain *explain);

/**
 * A step outside of the ticks, if the decider wants zero pods and the activator reports requests.
 * @param average_concurrent_requests  of the activator's report
 * @return as weir_kpa_decider_decide(); WEIR_NOT_DUE
 * Upstream: scaling/multiscaler.go, Poke().
 */
WEIR_API weir_status weir_kpa_decider_poke(weir_kpa_decider *decider,
                                           const weir_kpa_decider_input *input,
                                           double average_concurrent_requests, weir_time now,
                                           weir_decision *out, weir_explain *explain);

/** Reads what the decider remembers. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_kpa_decider_status(const weir_kpa_decider *decider,
                                             weir_kpa_status *status, size_t struct_size);

/** As weir_window_save(). */
WEIR_API weir_status weir_kpa_decider_save(const weir_kpa_decider *decider, uint8_t *buffer,
                                           size_t capacity, size_t *need);

/** As weir_window_load(). */
WEIR_API weir_status weir_kpa_decider_load(weir_kpa_decider *decider, const uint8_t *buffer,
                                           size_t length, weir_error *err);

/* ---- one revision --------------------------------------------------------------------------- */

/**
 * Configuration of a revision, in the words of its users: the cluster's ConfigMap with the
 * revision's annotations laid over it. weir_fields(WEIR_CONFIG_KPA) has every key and bound.
 */
typedef struct weir_kpa_config {
    uint32_t struct_size;
    int32_t metric;                       /**< WEIR_KPA_*, concurrency */
    int32_t metric_aggregation_algorithm; /**< WEIR_WINDOW_*, linear */
    int32_t min_scale;                    /**< pods, 0: none */
    int32_t max_scale;                    /**< pods, 0: no limit */
    int32_t max_scale_limit;              /**< most that max_scale may be, 0: no limit */
    int32_t initial_scale;                /**< pods, 1 */
    int32_t allow_zero_initial_scale;     /**< 0 or 1, 0 */
    int32_t activation_scale;             /**< pods, 0: off */
    int32_t enable_scale_to_zero;         /**< 0 or 1, 1 */
    int32_t semantics;                    /**< WEIR_SERVING_* */
    int32_t conversion;                   /**< WEIR_CONVERT_* */
    int64_t container_concurrency;        /**< requests that a container takes, 0: no limit */
    double target;                        /**< requests or requests/s, WEIR_UNSET */
    double target_utilization_percentage; /**< percent, WEIR_UNSET */
    double target_burst_capacity;         /**< requests, 211 */
    double panic_window_percentage;       /**< percent of the stable window, 10 */
    double panic_threshold_percentage;    /**< percent, 200 */
    double container_concurrency_target_percentage;   /**< fraction in (0, 1], 0.7 */
    double container_concurrency_target_default;      /**< requests, 100 */
    double requests_per_second_target_default;        /**< requests/s, 200 */
    double activator_capacity;                        /**< requests, 100 */
    double max_scale_up_rate;                         /**< 1000 */
    double max_scale_down_rate;                       /**< 2 */
    weir_duration stable_window;                      /**< ns, [6 s, 1 h], 60 s */
    weir_duration scale_down_delay;                   /**< ns, 0 */
    weir_duration scale_to_zero_grace_period;         /**< ns, > 0, 30 s */
    weir_duration scale_to_zero_pod_retention_period; /**< ns, 0 */
    weir_duration progress_deadline;                  /**< ns, > 0, 600 s */
    char pod_autoscaler_class[64];                    /**< "kpa.autoscaling.knative.dev" */
} weir_kpa_config;

typedef struct weir_kpa weir_kpa;

/** Writes the defaults. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_kpa_config_init(weir_kpa_config *config, size_t struct_size);

/** @return WEIR_OK; WEIR_E_STRUCT or WEIR_E_RANGE with the field in err */
WEIR_API weir_status weir_kpa_config_check(const weir_kpa_config *config, weir_error *err);

/**
 * What a revision's configuration means for its collector and its decider.
 * @param collector, decider  either may be NULL; struct_size is set
 * @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT
 * Upstream: kpa/resources ResolveMetricTarget(), MakeMetric(), MakeDecider().
 */
WEIR_API weir_status weir_kpa_resolve(const weir_kpa_config *config,
                                      weir_kpa_collector_config *collector,
                                      weir_kpa_decider_config *decider);

/**
 * The bounds that the reconciler puts on the pods: min-scale, or 0 when no route leads to the
 * revision, and max-scale; 0 is no bound.
 * Upstream: pkg/apis/autoscaling/v1alpha1 PodAutoscaler.ScaleBounds().
 */
WEIR_API void weir_kpa_scale_bounds(const weir_kpa_config *config, int32_t unreachable,
                                    int32_t *min, int32_t *max);

/* ---- reconciler ----------------------------------------------------------------------------- */

/** The Active condition and other conditions. */
enum { WEIR_CONDITION_UNKNOWN = 0, WEIR_CONDITION_TRUE = 1, WEIR_CONDITION_FALSE = 2 };

/** Reasons of the Active condition: "", "Queued", "NoTraffic", "TimedOut". */
enum {
    WEIR_KPA_REASON_NONE = 0,
    WEIR_KPA_REASON_QUEUED = 1,
    WEIR_KPA_REASON_NO_TRAFFIC = 2,
    WEIR_KPA_REASON_TIMED_OUT = 3
};

/** What routes requests: the activator (Proxy), or straight to the pods (Serve). */
enum { WEIR_KPA_PROXY = 0, WEIR_KPA_SERVE = 1 };

/** What asking the activator whether it is in the path gave. */
enum { WEIR_KPA_PROBE_NO = 0, WEIR_KPA_PROBE_OK = 1, WEIR_KPA_PROBE_ERROR = 2 };

/** A number of replicas that is not there: a field that is absent, no patch. */
#define WEIR_KPA_ABSENT INT32_MIN

/** Everything one reconcile looks at. Fill with weir_kpa_reconcile_input_init(). */
typedef struct weir_kpa_reconcile_input {
    uint32_t struct_size;
    int32_t desired;               /**< the decider's, -1: not known */
    int32_t excess_burst_capacity; /**< the decider's */
    int32_t replicas;              /**< of the deployment; WEIR_KPA_ABSENT counts as 1 */
    int64_t ready;                 /**< ready pods */
    weir_time proxy_since;         /**< since when the activator is in the path; NONE: it is not */
    int32_t unreachable;           /**< 1: no route leads to the revision */
    int32_t has_private_service;   /**< 1: the service of the pods exists */
    int32_t has_service;           /**< 1: the service of the revision has its name */
    int32_t network_ready;         /**< 1: the networking reports ready */
    int32_t probe;                 /**< WEIR_KPA_PROBE_*, what a probe would give */
    int32_t system_internal_tls;   /**< 1: with serving 0.42, keeps the mode at Proxy */
} weir_kpa_reconcile_input;

/** What one reconcile decided. */
typedef struct weir_kpa_reconcile {
    uint32_t struct_size;
    int32_t want;          /**< pods; -1: not known */
    int32_t decided;       /**< 0: it ended before `want`, because the networking is missing */
    int32_t patch;         /**< replicas to be set, or WEIR_KPA_ABSENT */
    int32_t probed;        /**< 1: the activator was probed */
    int32_t async_probe;   /**< 1: it is to be probed in the background */
    int32_t mode;          /**< WEIR_KPA_PROXY or WEIR_KPA_SERVE */
    int32_t activators;    /**< how many are to carry the revision */
    int32_t active;        /**< WEIR_CONDITION_* */
    int32_t reason;        /**< WEIR_KPA_REASON_* */
    int32_t initialized;   /**< 1: the first scale was reached once */
    int32_t ready;         /**< WEIR_CONDITION_* of the whole object */
    int32_t desired_scale; /**< as the status reports it */
    int32_t requeue_count; /**< how many of requeue_after are used */
    int64_t actual_scale;  /**< ready pods, as the status reports them */
    weir_time
        active_since; /**< when the Active condition changed, before the API drops its fraction */
    weir_duration requeue_after[2]; /**< look again after so long */
} weir_kpa_reconcile;

/** What a reconciler carries from one step to the next: its part of the status. */
typedef struct weir_kpa_reconciler_state {
    uint32_t struct_size;
    int32_t active, reason, initialized;
    int32_t desired_scale; /**< -1: not known, or never set */
    int32_t mode;
    int32_t has_service;    /**< the status has the name of the service */
    int32_t reserved;       /**< 0 */
    weir_time active_since; /**< whole seconds, as the API keeps it; NONE: a new object */
} weir_kpa_reconciler_state;

/** The state of a new object. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_kpa_reconciler_init(weir_kpa_reconciler_state *state, size_t struct_size);

/** Empties an input. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_kpa_reconcile_input_init(weir_kpa_reconcile_input *input,
                                                   size_t struct_size);

/**
 * One reconcile of a pod autoscaler: bounds, scale to zero, mode, activators, conditions.
 * @param config   of the revision; read as it is, not checked
 * @param state    carried over; a plain struct, so a copy of it is a fork
 * @param out      struct_size is set
 * @param explain  may be NULL
 * @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT; on error nothing changes
 * Upstream: pkg/reconciler/autoscaling/kpa/kpa.go ReconcileKind(), scaler.go scale().
 */
WEIR_API weir_status weir_kpa_reconcile_step(const weir_kpa_config *config,
                                             weir_kpa_reconciler_state *state,
                                             const weir_kpa_reconcile_input *input, weir_time now,
                                             weir_kpa_reconcile *out, weir_explain *explain);

/** Bytes that a revision of this configuration takes. @return as the check */
WEIR_API weir_status weir_kpa_bytes(const weir_kpa_config *config, size_t *bytes, weir_error *err);

/**
 * Makes a revision: an empty collector, a decider, and the reconciler of a new object, which is due
 * at once. @return as weir_kpa_decider_init()
 */
WEIR_API weir_status weir_kpa_init(weir_kpa *kpa, size_t bytes, const weir_kpa_config *config,
                                   int64_t ready, weir_time now, weir_error *err);

/**
 * Makes a new revision one that was scaled to zero before `now`: inactive, no pod wanted, so that
 * the next request wakes it at once. To be called before anything else.
 * @return WEIR_OK; WEIR_E_ARG
 */
WEIR_API weir_status weir_kpa_set_idle(weir_kpa *kpa, weir_time now);

/** The collector and the decider inside, to be used as such. NULL for a foreign pointer. */
WEIR_API weir_kpa_collector *weir_kpa_get_collector(weir_kpa *kpa);
WEIR_API weir_kpa_decider *weir_kpa_get_decider(weir_kpa *kpa);

/** As weir_kpa_collector_record(). */
WEIR_API weir_status weir_kpa_record(weir_kpa *kpa, weir_time at, const weir_kpa_stat *stat);

/**
 * One scale step on what the collector holds at `now`.
 * @param ready      ready pods; below 0: their number is not known, the step is not valid
 * @param reachable  0: no route leads to the revision; else 1
 * @return as weir_kpa_decider_decide()
 */
WEIR_API weir_status weir_kpa_decide(weir_kpa *kpa, int64_t ready, int32_t reachable, weir_time now,
                                     weir_decision *out, weir_explain *explain);

/**
 * Everything that the real system does at `now`: the scale step if a tick is due or requests came
 * while no pod was wanted, and the reconciles that are called for: because the wish or the sign of
 * the excess burst capacity changed, a requeue time has come, or `cluster` (but for its replicas
 * and its probe) is another one than at the last reconcile; and again for as long as that changes
 * the status. A step that nothing calls for reconciles once, as a resync does.
 *
 * To be called at weir_kpa_due(), when requests come while no pod is wanted (weir_autoscaler_poked)
 * and when the cluster changes. Use either this or weir_kpa_decide(), whose wish is not bounded.
 *
 * @param cluster  as for weir_kpa_reconcile_step(); `desired` and `excess_burst_capacity` are the
 *                 decider's, not looked at here; `ready` below 0: not known, nothing is decided
 * @param out      replicas: the size that the deployment is to have; current: the one it has;
 *                 WEIR_FLAG_APPLY: they differ
 * @param explain  may be NULL
 * @return WEIR_OK; WEIR_NO_DATA: a tick without data, and no reconcile; WEIR_E_PANIC as
 *         weir_kpa_decider_decide(); WEIR_E_ARG; WEIR_E_STRUCT; on error nothing changes
 * Upstream: pkg/reconciler/autoscaling/kpa/controller.go NewController().
 */
WEIR_API weir_status weir_kpa_step(weir_kpa *kpa, const weir_kpa_reconcile_input *cluster,
                                   weir_time now, weir_decision *out, weir_explain *explain);

/** When the next tick or requeued reconcile is due; WEIR_TIME_NEVER for a foreign pointer. */
WEIR_API weir_time weir_kpa_due(const weir_kpa *kpa);

/** The last reconcile inside weir_kpa_step(). @return WEIR_OK; WEIR_NO_DATA: there was none;
 * WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_kpa_get_reconcile(const weir_kpa *kpa, weir_kpa_reconcile *reconcile,
                                            size_t struct_size);

/**
 * What the reconciler inside carries over, to be read, or to be set before the first step of a
 * revision that is not new. NULL for a foreign pointer.
 */
WEIR_API weir_kpa_reconciler_state *weir_kpa_get_reconciler(weir_kpa *kpa);

/** As weir_kpa_decider_status(). */
WEIR_API weir_status weir_kpa_get_status(const weir_kpa *kpa, weir_kpa_status *status,
                                         size_t struct_size);

/** As weir_window_save(). */
WEIR_API weir_status weir_kpa_save(const weir_kpa *kpa, uint8_t *buffer, size_t capacity,
                                   size_t *need);

/** As weir_window_load(). */
WEIR_API weir_status weir_kpa_load(weir_kpa *kpa, const uint8_t *buffer, size_t length,
                                   weir_error *err);

#ifdef __cplusplus
}
#endif
#endif

/*
 * weir/kpa_stats.h - where Knative's request statistics come from: requests that begin and end.
 *
 *   weir_kpa_requests   what the queue-proxy of one pod reports
 *   weir_kpa_activator  what the activator reports about a revision whose requests it holds
 *   weir_kpa_scrape     the reports of some pods, extrapolated to all of them
 *
 * Plain structs without pointers: a copy is a fork.
 */
#ifndef WEIR_KPA_STATS_H
#define WEIR_KPA_STATS_H


#ifdef __cplusplus
extern "C" {
#endif

/** What happens to a request. */
enum {
    WEIR_KPA_REQUEST_IN = 0,
    WEIR_KPA_REQUEST_OUT = 1,
    WEIR_KPA_REQUEST_PROXIED_IN = 2, /**< it came through the activator */
    WEIR_KPA_REQUEST_PROXIED_OUT = 3
};

/** Requests in flight at a pod, and what they came to since the last report. */
typedef struct weir_kpa_requests {
    uint32_t struct_size;
    uint32_t reserved;     /**< 0 */
    weir_time last_change; /**< up to when the sums go */
    double in_flight;      /**< requests */
    double proxied;        /**< of these, through the activator */
    double count;          /**< that began since the last report */
    double proxied_count;  /**< of these, through the activator */
    double busy;           /**< request-seconds since the last report */
    double proxied_busy;   /**< of these, through the activator */
    double seconds;        /**< since the last report */
} weir_kpa_requests;

/** Begins at `start`. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_kpa_requests_init(weir_kpa_requests *requests, size_t struct_size,
                                            weir_time start);

/**
 * Takes an event in. A time before the last one adds no time, as upstream.
 * @param event  WEIR_KPA_REQUEST_*
 * @return WEIR_OK; WEIR_E_ARG
 * Upstream: knative.dev/networking pkg/http/stats/request.go HandleEvent().
 */
WEIR_API weir_status weir_kpa_requests_event(weir_kpa_requests *requests, int32_t event,
                                             weir_time at);

/**
 * Reports what happened since the last report: concurrencies averaged over the time, and counts
 * (the queue-proxy divides these by its reporting period of 1 s). Requests in flight stay in
 * flight.
 * @return WEIR_OK; WEIR_E_ARG
 */
WEIR_API weir_status weir_kpa_requests_report(weir_kpa_requests *requests, weir_time at,
                                              weir_kpa_stat *stat);

/** The activator's view of one revision. */
typedef struct weir_kpa_activator {
    uint32_t struct_size;
    int32_t known;     /**< 1: there are statistics, because requests came lately */
    int64_t in_flight; /**< requests that it holds */
    double first;      /**< 1: the first request was reported already */
    weir_kpa_requests requests;
} weir_kpa_activator;

/** A revision without requests. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_kpa_activator_init(weir_kpa_activator *activator, size_t struct_size);

/**
 * A request comes (WEIR_KPA_REQUEST_IN) or is done (WEIR_KPA_REQUEST_OUT).
 * @param stat  set when WEIR_OK: the report that the activator sends at once, so that a revision
 *              without pods wakes up
 * @return WEIR_OK: a report is sent; WEIR_END: none is; WEIR_E_ARG
 * Upstream: pkg/activator/handler/concurrency_reporter.go handleRequestIn(), handleRequestOut().
 */
WEIR_API weir_status weir_kpa_activator_event(weir_kpa_activator *activator, int32_t event,
                                              weir_time at, weir_kpa_stat *stat);

/**
 * The report of every second. A revision without requests is forgotten after its last report.
 * @return WEIR_OK: a report is sent; WEIR_END: none is; WEIR_E_ARG
 * Upstream: concurrency_reporter.go report(), computeReport().
 */
WEIR_API weir_status weir_kpa_activator_report(weir_kpa_activator *activator, weir_time at,
                                               weir_kpa_stat *stat);

/** One pod as a scrape finds it. */
typedef struct weir_kpa_pod {
    double age;         /**< seconds since it started, or the uptime that it reports */
    int32_t failed;     /**< 1: it does not answer */
    int32_t reserved;   /**< 0 */
    weir_kpa_stat stat; /**< what it answers */
} weir_kpa_pod;

/** How many of so many pods are asked: enough for the average, at most 16. */
WEIR_API int64_t weir_kpa_sample_size(int64_t pods);

/**
 * Asks a sample of pods, those older than the stable window first, and extrapolates to all.
 *
 * @param pods    in the order in which they are asked and summed; upstream's order is random
 * @param window  seconds of the stable window: younger pods are asked only where older ones lack
 * @param asked   set to the number of pods asked; may be NULL
 * @return WEIR_OK; WEIR_END: there are no pods, nothing is recorded; WEIR_E_IO: fewer pods answered
 *         than the sample has, nothing is recorded; WEIR_E_ARG
 * Upstream: pkg/autoscaler/metrics/stats_scraper.go scrapePods().
 */
WEIR_API weir_status weir_kpa_scrape(const weir_kpa_pod *pods, size_t count, double window,
                                     weir_kpa_stat *stat, int64_t *asked);

#ifdef __cplusplus
}
#endif
#endif

/*
 * weir/quantity.h - numbers as Kubernetes writes them: "250m", "1.5Gi", "2e3".
 *
 * A quantity is exact when it is read; what a controller computes with is its milli-value, a count
 * of thousandths. Both are upstream's to the last bit, corners included: a milli-value that does
 * not fit an int64 wraps for some suffixes and is 0 for others, and values below zero are rounded
 * in different directions depending on how they were written. Values from 0 up whose milli-value
 * fits are always rounded up.
 *
 * What upstream reads and weir refuses (WEIR_E_LIMIT), all of it beyond 18 digits or below a
 * billionth: exponents above WEIR_QUANTITY_EXPONENT_MAX either way, which can keep upstream's
 * parser busy for minutes, more than WEIR_QUANTITY_DIGITS_MAX digits, and numbers of 2^256
 * billionths and more.
 *
 * Upstream: k8s.io/apimachinery pkg/api/resource, quantity.go, amount.go, suffix.go, scale_int.go.
 */
#ifndef WEIR_QUANTITY_H
#define WEIR_QUANTITY_H


#ifdef __cplusplus
extern "C" {
#endif

/** Family of suffixes that a quantity is shown with; it never changes the value. */
enum {
    WEIR_QUANTITY_DECIMAL = 0, /**< n, u, m, k, M, G, T, P, E */
    WEIR_QUANTITY_BINARY = 1,  /**< Ki, Mi, Gi, Ti, Pi, Ei */
    WEIR_QUANTITY_EXPONENT = 2 /**< e3, e-6 */
};

#define WEIR_QUANTITY_EXPONENT_MAX 10000 /**< largest exponent of a long number, either way */
#define WEIR_QUANTITY_DIGITS_MAX   128   /**< most digits that are read, leading zeros left out */
#define WEIR_QUANTITY_TEXT_MAX     112 /**< bytes that hold every formatted quantity, with its NUL */

/** A number: magnitude x 10^exponent. Filled by the functions below; not to be changed by hand. */
typedef struct weir_quantity {
    uint32_t magnitude[8]; /**< without the sign, least significant part first */
    int32_t exponent;
    int32_t negative; /**< 1: below zero */
    int32_t format;   /**< WEIR_QUANTITY_* */
    int32_t wide;     /**< 1: in upstream's wide form, which converts by other rules */
    int32_t verbatim; /**< 1: upstream keeps the text as it was written when it stores it */
    int32_t reserved; /**< 0 */
} weir_quantity;

/**
 * Reads a quantity. White space is not skipped.
 * @param text    need not be terminated
 * @return WEIR_OK; WEIR_E_PARSE with upstream's reason in err; WEIR_E_LIMIT; WEIR_E_ARG
 */
WEIR_API weir_status weir_quantity_parse(const char *text, size_t length, weir_quantity *out,
                                         weir_error *err);

/** A quantity of so many thousandths. @return WEIR_OK; WEIR_E_ARG; WEIR_E_RANGE: the format */
WEIR_API weir_status weir_quantity_from_milli(int64_t milli, int32_t format, weir_quantity *out);

/** Thousandths: what a controller computes with (upstream: MilliValue). 0 for NULL. */
WEIR_API int64_t weir_quantity_milli(const weir_quantity *quantity);

/** Whole units, rounded like the milli-value (upstream: Value). 0 for NULL. */
WEIR_API int64_t weir_quantity_value(const weir_quantity *quantity);

/** -1, 0 or 1. */
WEIR_API int32_t weir_quantity_sign(const weir_quantity *quantity);

/**
 * A double near the quantity: magnitude times a power of ten, rounded twice, so that 9m is
 * 0.009000000000000001 (upstream: AsApproximateFloat64). Tolerances are read this way.
 */
WEIR_API double weir_quantity_double(const weir_quantity *quantity);

/**
 * Writes the canonical text: as few digits as possible, no fraction, the largest suffix that fits.
 *
 * @param text      NUL-terminated result; may be NULL when capacity is 0
 * @param capacity  bytes in text, WEIR_QUANTITY_TEXT_MAX are always enough
 * @param need      set to the bytes wanted, the NUL included; may be NULL
 * @return WEIR_OK; WEIR_E_SPACE when it was cut (it is still terminated); WEIR_E_ARG
 */
WEIR_API weir_status weir_quantity_text(const weir_quantity *quantity, char *text, size_t capacity,
                                        size_t *need);

/**
 * Reads a quantity the way it reaches a controller through the API server: stored in canonical
 * form, then read again. It differs from weir_quantity_parse() below zero and where a milli-value
 * does not fit an int64.
 * @return as weir_quantity_parse()
 */
WEIR_API weir_status weir_quantity_parse_stored(const char *text, size_t length, weir_quantity *out,
                                                weir_error *err);

#ifdef __cplusplus
}
#endif
#endif

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

/*
 * weir/weir.h - the whole core of weir, an embeddable autoscaling policy library.
 *
 *   samples -> window -> policy rule -> limits -> decision + explain -> replay -> score
 *
 * Time is an argument, never a clock: the same input gives the same decision on every machine, to
 * the bit. Read base, fields, window, decision and autoscaler, then a kind (kpa, kpa_stats;
 * behavior, quantity, hpa; cron, formula, keda), then replay.
 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H


#endif
