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

#include <weir/base.h>
#include <weir/decision.h>

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
