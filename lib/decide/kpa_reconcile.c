/*
 * decide/kpa_reconcile.c - from the decider's wish to replicas: bounds, scale to zero, mode,
 * status.
 *
 * Scale to zero has two steps. A revision that was active for a whole stable window first becomes
 * inactive, which brings the activator into the path; its pods go when a probe has reached the
 * activator and the grace period or the pod retention has passed.
 *
 * Upstream: knative.dev/serving pkg/reconciler/autoscaling/kpa/kpa.go, scaler.go, and
 * pkg/apis/autoscaling/v1alpha1/pa_lifecycle.go.
 */
#include "decide/kpa_reconcile.h"
#include "policy/kpa_rule.h"

#define ACTIVATION_BUFFER (30 * WEIR_SECOND) /* added to the progress deadline */
#define PROXY_REQUEUE     (3 * WEIR_SECOND)  /* when the activator is in the path already */
#define MIN_ACTIVATORS    2

/* One reconcile under way. */
struct round {
    const weir_kpa_config *config;
    const weir_kpa_reconciler_state *before;
    const weir_kpa_reconcile_input *in;
    weir_time now, since; /* since: when the Active condition last changed */
    weir_kpa_reconcile *out;
    struct weir__trace *trace;
    struct weir__ruling *ruling;
};

static void requeue(struct round *r, weir_duration after)
{
    r->out->requeue_after[r->out->requeue_count++] = after;
}

static double seconds(weir_duration d)
{
    return weir__seconds(d);
}

static void step(struct round *r, int32_t rule, int32_t pods, double measured, double limit)
{
    weir__trace_step(r->trace, rule, -1, pods, measured, limit);
    r->ruling->rule = rule;
}

/* The API keeps transition times in whole seconds. */
static weir_time as_stored(weir_time t)
{
    return weir__sub(t, weir__floor_mod(t, WEIR_SECOND));
}

/* ---- want ----------------------------------------------------------------------------------- */

/* Sets the replicas, unless they are that already. */
static int32_t apply(struct round *r, int32_t want)
{
    int32_t current = r->in->replicas != WEIR_KPA_ABSENT ? r->in->replicas : 1;

    if (want != current) {
        r->out->patch = want;
    }
    return want;
}

/* A revision that is being activated: left alone, or given up. */
static int32_t zero_while_activating(struct round *r)
{
    weir_duration timeout = weir__add(r->config->progress_deadline, ACTIVATION_BUFFER);
    weir_duration age = weir__sub(r->now, r->since);

    if (age > timeout) {
        step(r, WEIR_RULE_KPA_ACTIVATION_TIMEOUT, 0, seconds(age), seconds(timeout));
        return apply(r, 0);
    }
    step(r, WEIR_RULE_KPA_ACTIVATING, WEIR_REPLICAS_UNKNOWN, seconds(age), seconds(timeout));
    requeue(r, timeout);
    return WEIR_REPLICAS_UNKNOWN;
}

/* An active revision: one pod until the stable window has passed, then inactive. */
static int32_t zero_while_active(struct round *r)
{
    weir_duration window = r->config->stable_window, age = weir__sub(r->now, r->since);

    if (age < window) {
        step(r, WEIR_RULE_KPA_STILL_ACTIVE, 1, seconds(age), seconds(window));
        requeue(r, weir__sub(window, age));
        return apply(r, 1);
    }
    step(r, WEIR_RULE_KPA_DEACTIVATE, 0, seconds(age), seconds(window));
    if (r->before->mode == WEIR_KPA_PROXY) {
        requeue(r, PROXY_REQUEUE);
    }
    return 0;
}

/* Whether requests reach the activator; with a burst capacity of -1 they always do. The probe asks
 * for the service whose name the status has, which is that of the reconcile before. */
static int probe(struct round *r)
{
    if (r->config->target_burst_capacity == -1.0) {
        return 1;
    }
    r->out->probed = 1;
    return r->before->has_service && r->in->probe == WEIR_KPA_PROBE_OK;
}

/* An inactive revision: probe, retention, grace period, and then zero. */
static int32_t zero_while_inactive(struct round *r)
{
    weir_duration age = weir__sub(r->now, r->since), grace = r->config->scale_to_zero_grace_period;
    weir_duration retention =
        r->in->unreachable ? 0 : r->config->scale_to_zero_pod_retention_period;
    weir_duration proxied =
        r->in->proxy_since == WEIR_TIME_NONE ? 0 : weir__sub(r->now, as_stored(r->in->proxy_since));

    if (!probe(r)) {
        step(r, WEIR_RULE_KPA_PROBE, 0, 0.0, 0.0);
        r->out->async_probe = 1;
        return 0;
    }
    if (age >= (grace > retention ? grace : retention)) {
        step(r, WEIR_RULE_KPA_TO_ZERO, 0, seconds(age),
             seconds(grace > retention ? grace : retention));
        return apply(r, 0);
    }
    if (retention > 0 && age < retention) {
        step(r, WEIR_RULE_KPA_RETENTION, 0, seconds(age), seconds(retention));
        requeue(r, weir__sub(retention, age));
        return 0;
    }
    step(r, WEIR_RULE_KPA_GRACE, 0, seconds(proxied), seconds(grace));
    if (weir__sub(grace, proxied) <= 0) {
        return apply(r, 0);
    }
    requeue(r, weir__sub(grace, proxied));
    return 0;
}

/* What to do about a wish for no pods. */
static int32_t want_zero(struct round *r)
{
    if (!r->config->enable_scale_to_zero) {
        step(r, WEIR_RULE_KPA_KEEP_ONE, 1, 0.0, 1.0);
        return apply(r, 1);
    }
    switch (r->before->active) {
    case WEIR_CONDITION_UNKNOWN: return zero_while_activating(r);
    case WEIR_CONDITION_TRUE: return zero_while_active(r);
    default: return zero_while_inactive(r);
    }
}

/* Initial scale of a revision that is new: not for one without a route, but in 0.42. */
static int starts(const struct round *r)
{
    return !r->before->initialized &&
           (!r->in->unreachable || r->config->semantics == WEIR_SERVING_0_42);
}

/* The lower bound comes first, so it wins over a smaller upper one, but only from below. */
static int32_t within_bounds(struct round *r)
{
    int32_t pods = r->in->desired, min, max, rule = WEIR_RULE_BOUNDS_MIN;

    weir_kpa_scale_bounds(r->config, r->in->unreachable, &min, &max);
    if (r->config->initial_scale > 1 && r->config->initial_scale > min && starts(r)) {
        min = r->config->initial_scale;
        rule = WEIR_RULE_KPA_INITIAL_SCALE;
    }
    if (pods < 0 && min >= 0) { /* a revision that is being activated and wants nothing yet */
        step(r, WEIR_RULE_KPA_UNKNOWN, 0, 0.0, 0.0);
        if (min == 0) {
            return 0; /* the lower bound has spoken: an upper one below it is not asked */
        }
        pods = 0;
    }
    if (pods < min) {
        step(r, rule, min, pods, min);
        r->ruling->flags |= WEIR_FLAG_AT_MIN;
        return min;
    }
    if (max != 0 && pods > max) {
        step(r, WEIR_RULE_BOUNDS_MAX, max, pods, max);
        r->ruling->flags |= WEIR_FLAG_AT_MAX;
        return max;
    }
    return pods;
}

static int32_t decide_want(struct round *r)
{
    int32_t pods;

    if (r->in->desired < 0 && r->before->active != WEIR_CONDITION_UNKNOWN) {
        step(r, WEIR_RULE_KPA_UNKNOWN, r->in->desired, 0.0, 0.0);
        return r->in->desired;
    }
    pods = within_bounds(r);
    return pods != 0 ? apply(r, pods) : want_zero(r);
}

/* ---- status --------------------------------------------------------------------------------- */

/* Ready pods from which on the revision counts as active. */
static int32_t active_threshold(const struct round *r)
{
    int32_t min, max;
    int32_t least = r->before->initialized ? 1 : r->config->initial_scale;

    weir_kpa_scale_bounds(r->config, r->in->unreachable, &min, &max);
    return min > least ? min : least;
}

static void set_active(struct round *r, int32_t min_ready)
{
    weir_kpa_reconcile *out = r->out;
    int64_t ready = out->actual_scale;
    int awake = out->want > 0 || r->before->active != WEIR_CONDITION_FALSE;

    if (out->want == 0 || min_ready == 0) {
        out->active = WEIR_CONDITION_FALSE;
        out->reason = r->before->active == WEIR_CONDITION_UNKNOWN && min_ready > 0
                          ? WEIR_KPA_REASON_TIMED_OUT
                          : WEIR_KPA_REASON_NO_TRAFFIC;
    } else if (ready < min_ready && awake) {
        out->active = WEIR_CONDITION_UNKNOWN;
        out->reason = WEIR_KPA_REASON_QUEUED;
    } else if (ready < min_ready) {
        out->active = WEIR_CONDITION_FALSE;
        out->reason = WEIR_KPA_REASON_NO_TRAFFIC;
    } else if (awake) {
        out->active = WEIR_CONDITION_TRUE;
        out->reason = WEIR_KPA_REASON_NONE;
    } /* else: as it was */
}

static int32_t all_of(int32_t a, int32_t b, int32_t c)
{
    if (a == WEIR_CONDITION_FALSE || b == WEIR_CONDITION_FALSE || c == WEIR_CONDITION_FALSE) {
        return WEIR_CONDITION_FALSE;
    }
    return a == WEIR_CONDITION_TRUE && b == WEIR_CONDITION_TRUE && c == WEIR_CONDITION_TRUE
               ? WEIR_CONDITION_TRUE
               : WEIR_CONDITION_UNKNOWN;
}

static void set_status(struct round *r, int32_t network)
{
    weir_kpa_reconcile *out = r->out;
    int32_t min_ready = active_threshold(r);
    int32_t has_service = out->decided ? r->in->has_service : r->before->has_service;

    out->actual_scale = out->decided ? r->in->ready : 0; /* before that nobody counts */
    out->desired_scale = out->want == WEIR_REPLICAS_UNKNOWN && r->before->desired_scale >= 0
                             ? r->before->desired_scale
                             : out->want;
    out->initialized = r->before->initialized || (out->actual_scale >= min_ready && has_service);
    out->active = r->before->active;
    out->reason = r->before->reason;
    set_active(r, min_ready);
    out->active_since =
        out->active == r->before->active && out->reason == r->before->reason ? r->since : r->now;
    out->ready = all_of(out->active,
                        out->initialized ? WEIR_CONDITION_TRUE : WEIR_CONDITION_UNKNOWN, network);
}

/* ---- mode and activators -------------------------------------------------------------------- */

static void set_mode(struct round *r, double total)
{
    weir_kpa_reconcile *out = r->out;
    double burst = r->config->target_burst_capacity, capacity;
    int tls = r->in->system_internal_tls && r->config->semantics == WEIR_SERVING_0_42;

    out->mode = out->want > 0 && r->in->excess_burst_capacity >= 0 && !tls ? WEIR_KPA_SERVE
                                                                           : WEIR_KPA_PROXY;
    out->activators = MIN_ACTIVATORS;
    if (burst != 0.0) {
        capacity = (double)r->in->ready * total;
        capacity = burst > 0.0 ? capacity + burst : capacity;
        out->activators = weir__to_i32(
            weir__max(MIN_ACTIVATORS, weir__ceil(capacity / r->config->activator_capacity)),
            r->config->conversion);
    }
}

/* ---- public --------------------------------------------------------------------------------- */

weir_status weir_kpa_reconciler_init(weir_kpa_reconciler_state *state, size_t struct_size)
{
    if (state == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *state) {
        return WEIR_E_STRUCT;
    }
    memset(state, 0, sizeof *state);
    state->struct_size = (uint32_t)sizeof *state;
    state->desired_scale = WEIR_REPLICAS_UNKNOWN;
    state->active_since = WEIR_TIME_NONE;
    return WEIR_OK;
}

weir_status weir_kpa_reconcile_input_init(weir_kpa_reconcile_input *input, size_t struct_size)
{
    if (input == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *input) {
        return WEIR_E_STRUCT;
    }
    memset(input, 0, sizeof *input);
    input->struct_size = (uint32_t)sizeof *input;
    input->desired = WEIR_REPLICAS_UNKNOWN;
    input->proxy_since = WEIR_TIME_NONE;
    return WEIR_OK;
}

static void carry_over(weir_kpa_reconciler_state *state, const weir_kpa_reconcile_input *input,
                       const weir_kpa_reconcile *out)
{
    state->has_service = out->decided ? input->has_service : state->has_service;
    state->active = out->active;
    state->reason = out->reason;
    state->initialized = out->initialized;
    state->desired_scale = out->desired_scale;
    state->mode = out->mode;
    state->active_since = as_stored(out->active_since);
}

void weir__kpa_reconcile(const weir_kpa_config *config, weir_kpa_reconciler_state *state,
                         const weir_kpa_reconcile_input *input, weir_time now,
                         weir_kpa_reconcile *out, struct weir__trace *trace,
                         struct weir__ruling *ruling)
{
    struct round r = {config, state, input, now, now, out, trace, ruling};
    double target, total;
    int32_t network = input->network_ready ? WEIR_CONDITION_TRUE : WEIR_CONDITION_UNKNOWN;

    memset(out, 0, sizeof *out);
    out->struct_size = (uint32_t)sizeof *out;
    out->patch = WEIR_KPA_ABSENT;
    *ruling = (struct weir__ruling){WEIR_RULE_NONE, 0};
    r.since = state->active_since != WEIR_TIME_NONE ? state->active_since : now;
    weir__kpa_target(config, &target, &total);
    if (!input->has_private_service) { /* nothing to route with: ask for it, and wait */
        out->want = WEIR_REPLICAS_UNKNOWN;
        out->mode = WEIR_KPA_PROXY;
        out->activators = MIN_ACTIVATORS;
        network = WEIR_CONDITION_UNKNOWN;
    } else {
        out->decided = 1;
        out->want = decide_want(&r);
        set_mode(&r, total);
    }
    set_status(&r, network);
    carry_over(state, input, out);
}

weir_status weir_kpa_reconcile_step(const weir_kpa_config *config, weir_kpa_reconciler_state *state,
                                    const weir_kpa_reconcile_input *input, weir_time now,
                                    weir_kpa_reconcile *out, weir_explain *explain)
{
    struct weir__trace trace;
    struct weir__ruling ruling;

    if (config == NULL || state == NULL || input == NULL || out == NULL) {
        return WEIR_E_ARG;
    }
    if (config->struct_size != sizeof *config || state->struct_size != sizeof *state ||
        input->struct_size != sizeof *input ||
        (explain != NULL && explain->struct_size != sizeof *explain)) {
        return WEIR_E_STRUCT;
    }
    weir__trace_open(&trace, explain, input->desired);
    weir__kpa_reconcile(config, state, input, now, out, &trace, &ruling);
    return WEIR_OK;
}
