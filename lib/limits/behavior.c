/*
 * limits/behavior.c - windows, then policies and bounds: one size to one allowed size.
 *
 *   window   current, held within [lowest wish of the scale-up window, highest of the scale-down]
 *   limit    up: at most the policies' limit and the upper bound; down: at least ... and the lower
 *   no rules at least the highest wish of the downscale stabilization, at most double (or 4)
 *
 * Upstream: horizontal.go, stabilizeRecommendation*(), convertDesiredReplicasWith*().
 */
#include "limits/behavior.h"
#include "base/num.h"
#include <weir/autoscaler.h>

enum {
    SPARE_RECOMMENDATIONS = 4, /* steps besides those of the sync period */
    SPARE_EVENTS = 2
};

/* ---- configuration -------------------------------------------------------------------------- */

#define ROW(m, name) WEIR__MEMBER(weir_policy, m), .key = name, .alias = "", .global_key = ""
static const weir_field policy_fields[] = {
    {ROW(type, "type"), .unit = "", .values = "Pods|Percent|unknown", .type = WEIR_FIELD_ENUM,
     .imax = 2, .doc = "What the value counts."},
    {ROW(value, "value"), .unit = "pods or %", .values = "", .type = WEIR_FIELD_INT, .imin = 1,
     .imax = INT32_MAX, .doc = "The largest change in one period."},
    {ROW(period, "periodSeconds"), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION,
     .imin = WEIR_SECOND, .imax = 1800 * WEIR_SECOND, .idefault = 15 * WEIR_SECOND,
     .flags = WEIR_FIELD_WHOLE_SECONDS, .doc = "Time over which changes add up."},
};
#undef ROW

#define ROW(m, name) WEIR__MEMBER(weir_scaling_rules, m), .key = name, .alias = "", .global_key = ""
#define WINDOW_DOC   "How long a wish has to last: the most cautious one of that time counts."
/* The rows that both directions have. */
#define TOLERANCE                                                                                  \
    {                                                                                              \
        ROW(tolerance, "tolerance"),                                                               \
            .unit = "", .values = "", .type = WEIR_FIELD_DOUBLE, .dmax = DBL_MAX,                  \
            .ddefault = WEIR_UNSET, .flags = WEIR_FIELD_OPTIONAL,                                  \
            .doc = "Distance from the target that is let be, a fraction; HPA only."                \
    }
#define SELECT_POLICY                                                                              \
    {                                                                                              \
        ROW(select_policy, "selectPolicy"),                                                        \
            .unit = "", .values = "Max|Min|Disabled", .type = WEIR_FIELD_ENUM, .imax = 2,          \
            .doc = "Which policy counts: that of the largest or smallest change."                  \
    }
#define POLICIES                                                                                   \
    {                                                                                              \
        WEIR__LIST(weir_scaling_rules, policies, policy_count),                                    \
            .key = "policies", .alias = "", .global_key = "", .unit = "", .values = "",            \
            .type = WEIR_FIELD_STRUCT, .fields = policy_fields,                                    \
            .field_count = sizeof policy_fields / sizeof policy_fields[0],                         \
            .doc = "Caps of the change in a period."                                               \
    }
const weir_field weir__scale_up_fields[WEIR__RULES_FIELDS] = {
    {ROW(stabilization_window, "stabilizationWindowSeconds"), .unit = "s", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = 3600 * WEIR_SECOND, .flags = WEIR_FIELD_WHOLE_SECONDS,
     .doc = WINDOW_DOC},
    TOLERANCE,
    SELECT_POLICY,
    POLICIES};
const weir_field weir__scale_down_fields[WEIR__RULES_FIELDS] = {
    {ROW(stabilization_window, "stabilizationWindowSeconds"), .unit = "s", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = 3600 * WEIR_SECOND, .idefault = WEIR_STABILIZATION_UNSET,
     .flags = WEIR_FIELD_WHOLE_SECONDS | WEIR_FIELD_OPTIONAL, .doc = WINDOW_DOC},
    TOLERANCE,
    SELECT_POLICY,
    POLICIES};
#undef ROW

#define ROW(m) WEIR__MEMBER(weir_behavior_config, m), WEIR__NO_KEYS, .values = ""
static const weir_field behavior_fields[] = {
    {ROW(behavior), .unit = "", .type = WEIR_FIELD_BOOL, .imax = 1, .idefault = 1,
     .doc = "There are rules; without, a size at most doubles and falls after a window."},
    {ROW(min_replicas), .unit = "pods", .type = WEIR_FIELD_INT, .imin = INT32_MIN,
     .imax = INT32_MAX, .idefault = 1, .doc = "Lower bound."},
    {ROW(max_replicas), .unit = "pods", .type = WEIR_FIELD_INT, .imin = INT32_MIN,
     .imax = INT32_MAX, .idefault = INT32_MAX, .doc = "Upper bound."},
    {WEIR__MEMBER(weir_behavior_config, conversion), WEIR__NO_KEYS, .unit = "",
     .type = WEIR_FIELD_ENUM, .values = "saturate|amd64", .imax = 1,
     .doc = "How a number that an int32 cannot hold becomes one: nearest, or as Go on amd64."},
    {ROW(reserve), .unit = "", .type = WEIR_FIELD_INT, .imax = 10000,
     .doc = "Wishes and changes to have room for, besides those of the sync period."},
    {ROW(downscale_stabilization), .unit = "s", .type = WEIR_FIELD_DURATION,
     .imax = 21600 * WEIR_SECOND, .idefault = 300 * WEIR_SECOND,
     .doc = "Scale-down window where the rules have none."},
    {ROW(sync_period), .unit = "s", .type = WEIR_FIELD_DURATION, .imin = WEIR_SECOND,
     .imax = 3600 * WEIR_SECOND, .idefault = 15 * WEIR_SECOND,
     .doc = "Time between decisions, by which the memory is measured out."},
    {ROW(scale_up), .unit = "", .type = WEIR_FIELD_STRUCT, .capacity = 1,
     .fields = weir__scale_up_fields, .field_count = WEIR__RULES_FIELDS,
     .doc = "Rules for more pods."},
    {ROW(scale_down), .unit = "", .type = WEIR_FIELD_STRUCT, .capacity = 1,
     .fields = weir__scale_down_fields, .field_count = WEIR__RULES_FIELDS,
     .doc = "Rules for fewer pods."},
};
#undef ROW

const struct weir__table weir__behavior_table = WEIR__TABLE(weir_behavior_config, behavior_fields);

void weir__scaling_rules_init(weir_scaling_rules *rules, int32_t direction)
{
    rules->policies[0] = (weir_policy){WEIR_POLICY_PODS, 4, 15 * WEIR_SECOND};
    rules->policies[1] = (weir_policy){WEIR_POLICY_PERCENT, 100, 15 * WEIR_SECOND};
    rules->policy_count = 2;
    if (direction == WEIR_SCALE_DOWN) {
        rules->policies[0] = rules->policies[1];
        rules->policies[1] = (weir_policy){0, 0, 0};
        rules->policy_count = 1;
    }
}

weir_status weir_behavior_config_init(weir_behavior_config *config, size_t struct_size)
{
    weir_status status = weir__config_init(&weir__behavior_table, config, struct_size);

    if (status == WEIR_OK) {
        weir__scaling_rules_init(&config->scale_up, WEIR_SCALE_UP);
        weir__scaling_rules_init(&config->scale_down, WEIR_SCALE_DOWN);
    }
    return status;
}

static weir_status take(weir_behavior_config *to, const weir_behavior_config *from, weir_error *err)
{
    weir_status status = weir__config_take(&weir__behavior_table, to, from, err);

    return status == WEIR_OK ? weir__config_check(&weir__behavior_table, to, err) : status;
}

weir_status weir_behavior_config_check(const weir_behavior_config *config, weir_error *err)
{
    weir_behavior_config own;

    return take(&own, config, err);
}

/* ---- the block ------------------------------------------------------------------------------ */

/* The scale-down window of the rules: upstream cuts the controller's to whole seconds. */
static weir_duration down_window(const weir_behavior_config *c)
{
    if (c->scale_down.stabilization_window != WEIR_STABILIZATION_UNSET) {
        return c->scale_down.stabilization_window;
    }
    return c->downscale_stabilization - c->downscale_stabilization % WEIR_SECOND;
}

static weir_duration longer(weir_duration a, weir_duration b)
{
    return a > b ? a : b;
}

/* Steps in so long a time, the first and the last of them included. */
static uint16_t steps_in(weir_duration time, weir_duration period, int32_t spare)
{
    return (uint16_t)((time + period - 1) / period + spare);
}

struct layout {
    uint16_t recommendations, events[2];
    size_t recommendations_at, events_at[2], bytes;
};

static struct layout lay_out(const weir_behavior_config *c)
{
    weir_duration window = c->behavior ? longer(c->scale_up.stabilization_window, down_window(c))
                                       : c->downscale_stabilization;
    weir_duration periods[2] = {weir__longest_period(&c->scale_up),
                                weir__longest_period(&c->scale_down)};
    struct layout l = {.recommendations_at = sizeof(weir_behavior)};

    l.recommendations = steps_in(window, c->sync_period, c->reserve + SPARE_RECOMMENDATIONS);
    l.bytes = l.recommendations_at + weir__recommendations_bytes(l.recommendations);
    for (int32_t i = 0; i < 2; i++) {
        /* Where a direction has no policies, the other's may still count its changes. */
        weir_duration period = periods[i] > 0 ? periods[i] : periods[1 - i];

        l.events[i] = steps_in(period, c->sync_period, c->reserve + SPARE_EVENTS);
        l.events_at[i] = l.bytes;
        l.bytes += l.events[i] * sizeof(weir_scale_event);
    }
    return l;
}

weir_status weir_behavior_bytes(const weir_behavior_config *config, size_t *bytes, weir_error *err)
{
    weir_behavior_config own;
    weir_status status = take(&own, config, err);

    return status == WEIR_OK ? weir__give_bytes(bytes, lay_out(&own).bytes, err) : status;
}

weir_status weir_behavior_init(weir_behavior *behavior, size_t bytes,
                               const weir_behavior_config *config, weir_error *err)
{
    weir_behavior *b = behavior;
    weir_behavior_config own;
    struct layout l;
    weir_status status = take(&own, config, err);

    if (status != WEIR_OK) {
        return status;
    }
    l = lay_out(&own);
    status = weir__block_fits(b, bytes, l.bytes, err);
    if (status != WEIR_OK) {
        return status;
    }
    memset(b, 0, l.bytes);
    weir__block_set(&b->block, WEIR_KIND_BEHAVIOR, l.bytes);
    b->digest = weir__config_digest(&weir__behavior_table, &own);
    b->seen = WEIR_TIME_NONE;
    b->config = own;
    b->windows[WEIR_SCALE_UP] = own.scale_up.stabilization_window;
    b->windows[WEIR_SCALE_DOWN] = own.behavior ? down_window(&own) : own.downscale_stabilization;
    b->periods[WEIR_SCALE_UP] = weir__longest_period(&own.scale_up);
    b->periods[WEIR_SCALE_DOWN] = weir__longest_period(&own.scale_down);
    weir__recommendations_lay(
        &b->recommendations,
        (uint32_t)(l.recommendations_at - offsetof(weir_behavior, recommendations)),
        l.recommendations, own.behavior && own.scale_up.stabilization_window > 0);
    for (int32_t i = 0; i < 2; i++) {
        b->events_at[i] = (uint32_t)l.events_at[i];
        b->event_capacity[i] = l.events[i];
    }
    return WEIR_OK;
}

/* ---- windows -------------------------------------------------------------------------------- */

/* The times at which the windows begin, at `now`. */
struct cuts {
    weir_time up, down; /* what is not after these has left */
    weir_time old;      /* what is before this may be overwritten */
};

static struct cuts cuts_of(const weir_behavior *b, weir_time now)
{
    struct cuts cuts;

    cuts.down = weir__before(now, b->windows[WEIR_SCALE_DOWN]);
    if (!b->config.behavior) { /* what is exactly as old as the window still counts */
        cuts.old = cuts.down;
        cuts.down = weir__sub(cuts.down, 1);
        cuts.up = WEIR_TIME_NEVER;
        return cuts;
    }
    cuts.up = weir__before(now, b->windows[WEIR_SCALE_UP]);
    cuts.old = cuts.up < cuts.down ? cuts.up : cuts.down;
    return cuts;
}

void weir__behavior_begin(weir_behavior *b, int32_t current, weir_time at)
{
    if (!b->recommendations.begun) {
        weir__recommendations_add(&b->recommendations, at, current, WEIR_TIME_NONE);
    }
}

/* Without rules: the largest wish of the window. */
static void stabilize_largest(const struct weir__extremes *e, int32_t desired,
                              struct weir__limits *out)
{
    out->stabilized = e->high > desired ? e->high : desired;
    out->stabilize_reason = out->stabilized != desired ? WEIR_REASON_SCALE_DOWN_STABILIZED
                                                       : WEIR_REASON_READY_FOR_NEW_SCALE;
}

/* With rules: the current size, as far as the wishes of both windows let it stay. */
static void stabilize_within(const struct weir__extremes *e, int32_t current, int32_t desired,
                             struct weir__limits *out)
{
    int32_t low = e->low < desired ? e->low : desired;
    int32_t high = e->high > desired ? e->high : desired;
    int32_t size = current < low ? low : current;

    out->stabilized = size > high ? high : size;
    out->stabilize_reason = out->stabilized == desired ? WEIR_REASON_READY_FOR_NEW_SCALE
                            : desired >= current       ? WEIR_REASON_SCALE_UP_STABILIZED
                                                       : WEIR_REASON_SCALE_DOWN_STABILIZED;
}

void weir__behavior_stabilize(weir_behavior *b, int32_t current, int32_t desired, weir_time now,
                              struct weir__trace *trace, struct weir__limits *out)
{
    const weir_behavior_config *c = &b->config;
    struct cuts cuts = cuts_of(b, now);
    struct weir__extremes e = weir__recommendations_look(&b->recommendations, cuts.up, cuts.down);

    memset(out, 0, sizeof *out);
    out->next = WEIR_TIME_NEVER;
    if (c->behavior) {
        stabilize_within(&e, current, desired, out);
    } else {
        stabilize_largest(&e, desired, out);
    }
    if (out->stabilize_reason == WEIR_REASON_SCALE_UP_STABILIZED) {
        out->next = weir__add(e.low_at, c->scale_up.stabilization_window);
        weir__trace_step(trace, WEIR_RULE_BEHAVIOR_WINDOW_UP, -1, out->stabilized, desired, e.low);
    } else if (out->stabilize_reason == WEIR_REASON_SCALE_DOWN_STABILIZED) {
        out->next = weir__add(e.high_at, weir__sub(now, cuts.down));
        weir__trace_step(trace, WEIR_RULE_BEHAVIOR_WINDOW_DOWN, -1, out->stabilized, desired,
                         e.high);
    }
    out->flags |= out->stabilized != desired ? WEIR_FLAG_STABILIZED : 0U;
    weir__recommendations_add(&b->recommendations, now, desired, cuts.old);
    b->seen = now;
}

/* ---- policies and bounds -------------------------------------------------------------------- */

struct weir__events weir__behavior_events(const weir_behavior *b, int32_t direction)
{
    const uint8_t *at = (const uint8_t *)b + b->events_at[direction];
    union {
        const void *in;
        void *out;
    } list = {at};
    struct weir__events e = {list.out, b->event_count[direction], b->event_capacity[direction]};

    return e;
}

static void bound(struct weir__limits *out, struct weir__trace *trace, int32_t allowed,
                  int32_t reason)
{
    int32_t rule =
        reason == WEIR_REASON_TOO_FEW_REPLICAS ? WEIR_RULE_BOUNDS_MIN : WEIR_RULE_BOUNDS_MAX;

    out->allowed = allowed;
    out->limit_reason = reason;
    out->flags |= rule == WEIR_RULE_BOUNDS_MIN ? WEIR_FLAG_AT_MIN : WEIR_FLAG_AT_MAX;
    weir__trace_step(trace, rule, -1, allowed, out->stabilized, allowed);
}

/* Without rules: the lower bound first, then twice the size or the upper bound. */
static void limit_without_rules(const weir_behavior_config *c, int32_t current, weir_time now,
                                struct weir__trace *trace, struct weir__limits *out)
{
    int32_t most = weir__double_limit(current, c->conversion);

    if (out->stabilized < c->min_replicas) {
        bound(out, trace, c->min_replicas, WEIR_REASON_TOO_FEW_REPLICAS);
    } else if (c->max_replicas > most && out->stabilized > most) {
        out->allowed = most;
        out->limit_reason = WEIR_REASON_SCALE_UP_LIMIT;
        out->flags |= WEIR_FLAG_RATE_LIMITED;
        out->next = weir__add(now, c->sync_period); /* it may double again then */
        weir__trace_step(trace, WEIR_RULE_BEHAVIOR_FACTOR, -1, most, out->stabilized, most);
    } else if (c->max_replicas <= most && out->stabilized > c->max_replicas) {
        bound(out, trace, c->max_replicas, WEIR_REASON_TOO_MANY_REPLICAS);
    }
}

static void limit_by_rate(const weir_scaling_rules *rules, int32_t direction, int32_t current,
                          const struct weir__rate *rate, int32_t limit, weir_time now,
                          struct weir__trace *trace, struct weir__limits *out)
{
    int up = direction == WEIR_SCALE_UP;
    weir_time next = rate->next;

    out->allowed = limit;
    out->limit_reason = up ? WEIR_REASON_SCALE_UP_LIMIT : WEIR_REASON_SCALE_DOWN_LIMIT;
    out->flags |= WEIR_FLAG_RATE_LIMITED;
    if (rules->select_policy == WEIR_SELECT_DISABLED) {
        weir__trace_step(trace,
                         up ? WEIR_RULE_BEHAVIOR_DISABLED_UP : WEIR_RULE_BEHAVIOR_DISABLED_DOWN, -1,
                         limit, out->stabilized, limit);
        return;
    }
    if (limit != current) { /* this change, too, leaves its period one day */
        weir_time leaves = weir__add(now, weir__shortest_period(rules));

        next = leaves < next ? leaves : next;
    }
    out->next = next < out->next ? next : out->next;
    weir__trace_step(trace, up ? WEIR_RULE_BEHAVIOR_POLICY_UP : WEIR_RULE_BEHAVIOR_POLICY_DOWN,
                     rate->policy, limit, rate->start, limit);
}

/* With rules: only the side that the size moves to is looked at. */
static void limit_by_rules(const weir_behavior *b, int32_t current, weir_time now,
                           struct weir__trace *trace, struct weir__limits *out)
{
    const weir_behavior_config *c = &b->config;
    struct weir__events up, down;
    struct weir__rate rate;

    if (out->stabilized == current) {
        return;
    }
    up = weir__behavior_events(b, WEIR_SCALE_UP);
    down = weir__behavior_events(b, WEIR_SCALE_DOWN);
    if (out->stabilized > current) {
        int32_t limit;

        rate =
            weir__rate_limit(&c->scale_up, WEIR_SCALE_UP, current, &up, &down, now, c->conversion);
        limit = rate.limit < current ? current : rate.limit;
        if (c->max_replicas <= limit && out->stabilized > c->max_replicas) {
            bound(out, trace, c->max_replicas, WEIR_REASON_TOO_MANY_REPLICAS);
        } else if (c->max_replicas > limit && out->stabilized > limit) {
            limit_by_rate(&c->scale_up, WEIR_SCALE_UP, current, &rate, limit, now, trace, out);
        }
    } else {
        int32_t limit;

        rate = weir__rate_limit(&c->scale_down, WEIR_SCALE_DOWN, current, &up, &down, now,
                                c->conversion);
        limit = rate.limit > current ? current : rate.limit;
        if (c->min_replicas >= limit && out->stabilized < c->min_replicas) {
            bound(out, trace, c->min_replicas, WEIR_REASON_TOO_FEW_REPLICAS);
        } else if (c->min_replicas < limit && out->stabilized < limit) {
            limit_by_rate(&c->scale_down, WEIR_SCALE_DOWN, current, &rate, limit, now, trace, out);
        }
    }
}

void weir__behavior_limit(const weir_behavior *b, int32_t current, weir_time now,
                          struct weir__trace *trace, struct weir__limits *out)
{
    out->allowed = out->stabilized;
    out->limit_reason = WEIR_REASON_DESIRED_WITHIN_RANGE;
    if (b->config.behavior) {
        limit_by_rules(b, current, now, trace, out);
    } else {
        limit_without_rules(&b->config, current, now, trace, out);
    }
}

/* ---- memory --------------------------------------------------------------------------------- */

/* Before what a change of this direction is outdated, and up to what no policy counts it. */
static void event_cuts(const weir_behavior *b, int32_t direction, weir_time now,
                       weir_time *outdated, weir_time *useless)
{
    *outdated = weir__sub(now, b->periods[direction]);
    *useless = weir__sub(now, longer(b->periods[0], b->periods[1]));
}

/* Whether there are places for the wish and the changes in lists that may be full. */
static int has_room(weir_behavior *b, weir_time now, const int32_t changes[2])
{
    struct weir__recommendations *r = &b->recommendations;
    struct cuts cuts = cuts_of(b, now);

    if (r->count == r->capacity && !weir__recommendations_room(r, cuts.up, cuts.down, cuts.old)) {
        return 0;
    }
    for (int32_t i = 0; b->config.behavior && i < 2; i++) {
        struct weir__events events = weir__behavior_events(b, i);
        weir_time outdated, useless;

        event_cuts(b, i, now, &outdated, &useless);
        if (!weir__events_room(&events, changes[i], outdated, useless)) {
            return 0;
        }
    }
    return 1;
}

weir_status weir__behavior_ready(weir_behavior *b, weir_time now, const int32_t changes[2])
{
    if (now < b->seen) {
        return WEIR_E_TIME;
    }
    if (b->recommendations.count < b->recommendations.capacity &&
        b->event_count[0] + changes[0] <= b->event_capacity[0] &&
        b->event_count[1] + changes[1] <= b->event_capacity[1]) {
        return WEIR_OK;
    }
    return has_room(b, now, changes) ? WEIR_OK : WEIR_E_LIMIT;
}

void weir__behavior_store(weir_behavior *b, int32_t from, int32_t to, weir_time at)
{
    int32_t direction = to > from ? WEIR_SCALE_UP : WEIR_SCALE_DOWN;
    struct weir__events events = weir__behavior_events(b, direction);
    weir_time outdated, useless;
    uint32_t change = to > from ? (uint32_t)to - (uint32_t)from : (uint32_t)from - (uint32_t)to;

    if (!b->config.behavior) {
        return;
    }
    event_cuts(b, direction, at, &outdated, &useless);
    weir__events_add(&events, at, (int32_t)change, outdated, useless);
    b->event_count[direction] = events.count;
    b->seen = at;
}
