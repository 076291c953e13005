/*
 * weir/decision.h - the answer of an autoscaler, and why.
 *
 * One decision type and one explain record serve every kind of autoscaler. The steps of an explain
 * record chain: each begins with the replicas that the one before it left, and the last one ends
 * with the decision. Asking for the record never changes the decision.
 */
#ifndef WEIR_DECISION_H
#define WEIR_DECISION_H

#include <weir/base.h>

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
