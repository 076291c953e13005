/*
 * limits/rates.c - policies and changes.
 *
 *   start = current - pods that came in the period + pods that went in it
 *   up    start + value, or ceil(start x (1 + value / 100))
 *   down  start - value, or start x (1 - value / 100), truncated
 *
 * Pods come and go as int32, and wrap as Go's do. Both lists count in both directions.
 *
 * Upstream: horizontal.go, calculateScaleUpLimitWithScalingRules(),
 * calculateScaleDownLimitWithBehaviors(), storeScaleEvent().
 */
#include "limits/rates.h"
#include "base/num.h"

/* a + b and a - b of int32, wrapping. */
static int32_t add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static int32_t subtract(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

/* Pods of the changes after now - period. */
static int32_t changed(const struct weir__events *events, weir_duration period, weir_time now,
                       weir_time *next)
{
    weir_time since = weir__sub(now, period);
    int32_t pods = 0;

    for (uint16_t i = 0; i < events->count; i++) {
        const weir_scale_event *event = &events->list[i];

        if (event->at > since) {
            weir_time leaves = weir__add(event->at, period);

            pods = add(pods, event->change);
            *next = leaves < *next ? leaves : *next;
        }
    }
    return pods;
}

static int32_t proposal(const weir_policy *policy, int32_t direction, int32_t start,
                        int32_t conversion, int32_t before)
{
    double part = (double)policy->value / 100.0;

    if (policy->type == WEIR_POLICY_PODS) {
        return direction == WEIR_SCALE_UP ? add(start, policy->value)
                                          : subtract(start, policy->value);
    }
    if (policy->type == WEIR_POLICY_PERCENT) {
        return direction == WEIR_SCALE_UP
                   ? weir_f64_to_i32(weir__ceil((double)start * (1.0 + part)), conversion)
                   : weir_f64_to_i32((double)start * (1.0 - part), conversion);
    }
    return before;
}

struct weir__rate weir__rate_limit(const weir_scaling_rules *rules, int32_t direction,
                                   int32_t current, const struct weir__events *up,
                                   const struct weir__events *down, weir_time now,
                                   int32_t conversion)
{
    struct weir__rate rate = {current, -1, current, WEIR_TIME_NEVER};
    /* The policy that allows most: upward the largest limit, downward the smallest. */
    int largest = (rules->select_policy == WEIR_SELECT_MIN) != (direction == WEIR_SCALE_UP);
    int32_t proposed = 0;

    if (rules->select_policy == WEIR_SELECT_DISABLED) {
        return rate;
    }
    rate.limit = largest ? INT32_MIN : INT32_MAX;
    for (uint32_t i = 0; i < rules->policy_count; i++) {
        const weir_policy *policy = &rules->policies[i];
        int32_t came = changed(up, policy->period, now, &rate.next);
        int32_t went = changed(down, policy->period, now, &rate.next);
        int32_t start = add(subtract(current, came), went);

        proposed = proposal(policy, direction, start, conversion, proposed);
        if (largest ? proposed > rate.limit : proposed < rate.limit) {
            rate.limit = proposed;
            rate.policy = (int32_t)i;
            rate.start = start;
        }
    }
    return rate;
}

int32_t weir__double_limit(int32_t current, int32_t conversion)
{
    return weir_f64_to_i32(weir__max(2.0 * (double)current, 4.0), conversion);
}

weir_duration weir__longest_period(const weir_scaling_rules *rules)
{
    weir_duration longest = 0;

    for (uint32_t i = 0; i < rules->policy_count; i++) {
        longest = rules->policies[i].period > longest ? rules->policies[i].period : longest;
    }
    return longest;
}

weir_duration weir__shortest_period(const weir_scaling_rules *rules)
{
    weir_duration shortest = weir__longest_period(rules);

    for (uint32_t i = 0; i < rules->policy_count; i++) {
        shortest = rules->policies[i].period < shortest ? rules->policies[i].period : shortest;
    }
    return shortest;
}

/* ---- the lists ------------------------------------------------------------------------------ */

static int is_free(const weir_scale_event *event, weir_time outdated, weir_time useless)
{
    return event->outdated || event->at < outdated || event->at <= useless;
}

int weir__events_room(const struct weir__events *events, int32_t wanted, weir_time outdated,
                      weir_time useless)
{
    int32_t places = events->capacity - events->count;

    for (uint16_t i = 0; places < wanted && i < events->count; i++) {
        places += is_free(&events->list[i], outdated, useless);
    }
    return places >= wanted;
}

void weir__events_add(struct weir__events *events, weir_time at, int32_t change, weir_time outdated,
                      weir_time useless)
{
    uint16_t slot = events->count;

    for (uint16_t i = 0; i < events->count; i++) {
        if (events->list[i].at < outdated) {
            events->list[i].outdated = 1;
        }
        if (events->list[i].outdated) {
            slot = i;
        }
    }
    if (slot == events->capacity) { /* more changes than the list was made for */
        for (slot = 0; events->list[slot].at > useless; slot++) {
        }
    }
    if (slot == events->count) {
        events->count++;
    }
    events->list[slot] = (weir_scale_event){at, change, 0};
}
