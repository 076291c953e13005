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

#include <weir/base.h>
#include <weir/decision.h>
#include <weir/window.h>

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
