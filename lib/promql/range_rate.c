/*
 * range_rate.c - rate, increase, delta: the difference over the samples of a range, with what
 * counters lost at resets, extrapolated to the ends of the range.
 *
 *   result = last - first, for counters plus each value that a smaller one follows
 *   times (sampled + before + after) / sampled, for rate divided by the range
 *
 * where `before` and `after` reach to the ends of the range, or by half the mean distance of
 * samples when the next sample would have been due within it. A counter is not extrapolated below
 * zero.
 *
 * Upstream: promql/functions.go, extrapolatedRate().
 */
#include "promql/range.h"

/* What depends on times alone, kept because with steady scrapes it stays the same for many steps.
 */
struct spacing {
    int64_t before_ms, after_ms, sampled_ms;
    size_t count;
    double before, after, sampled; /* seconds, already limited by the distance of samples */
    double threshold, half;
    double factor; /* without a limit by zero */
};

/* Spacing of the window; `limit` is off where 2.42 limits later. */
static void measure(const struct range_call *c, struct spacing *s)
{
    int64_t before_ms = c->times[c->low] - c->from, after_ms = c->to - c->times[c->high - 1];
    int64_t sampled_ms = c->times[c->high - 1] - c->times[c->low];
    double mean, reach;

    if (s->count == c->high - c->low && s->before_ms == before_ms && s->after_ms == after_ms &&
        s->sampled_ms == sampled_ms) {
        return;
    }
    s->count = c->high - c->low;
    s->before_ms = before_ms;
    s->after_ms = after_ms;
    s->sampled_ms = sampled_ms;
    s->before = (double)before_ms / 1000;
    s->after = (double)after_ms / 1000;
    s->sampled = (double)sampled_ms / 1000;
    mean = s->sampled / (double)(s->count - 1);
    s->threshold = mean * 1.1;
    s->half = mean / 2;
    reach = s->before >= s->threshold ? s->half : s->before;
    if (!is_2_42(c->ev)) {
        s->before = reach;
    }
    s->after = s->after >= s->threshold ? s->half : s->after;
    s->factor = (s->sampled + reach + s->after) / s->sampled;
    s->factor = c->id == FN_RATE ? s->factor / c->range_s : s->factor;
}

/* The factor where a counter would be zero before the range begins. */
static double limited_factor(const struct range_call *c, const struct spacing *s, double zero)
{
    double factor;

    if (is_2_42(c->ev) && zero >= s->threshold) { /* limits first, then judges the distance */
        zero = s->half;
    }
    factor = (s->sampled + zero + s->after) / s->sampled;
    return c->id == FN_RATE ? factor / c->range_s : factor;
}

/* Takes new samples in: notes where the counter went down. */
static bool take_resets(struct range_call *c)
{
    size_t at = c->seen > c->low ? c->seen : c->low;

    for (; at < c->high; at++) {
        if (at > c->low && c->values[at] < c->values[at - 1]) {
            if (!weir__pq_range_queue(c, c->queue_end + 1)) {
                return false;
            }
            c->queue[c->queue_end++] = at;
        }
    }
    c->seen = c->high > c->seen ? c->high : c->seen;
    while (c->queue_first < c->queue_end && c->queue[c->queue_first] <= c->low) {
        c->queue_first++;
    }
    return true;
}

void weir__pq_range_rate(struct range_call *c, struct row *row)
{
    bool counter = c->id != FN_DELTA;
    struct spacing s = {.count = 0};

    for (uint32_t k = 0; k < c->grid->count; k++) {
        double result, factor, first;

        window_move(c, k);
        if (c->high < c->low + 2) {
            continue;
        }
        first = c->values[c->low];
        result = c->values[c->high - 1] - first;
        if (counter) {
            if (!take_resets(c)) {
                return;
            }
            for (size_t i = c->queue_first; i < c->queue_end; i++) {
                result += c->values[c->queue[i] - 1];
            }
        }
        measure(c, &s);
        factor = s.factor;
        if (counter && result > 0 && first >= 0) {
            double zero = s.sampled * (first / result);

            if (zero < s.before) {
                factor = limited_factor(c, &s, zero);
            }
        }
        row->values[k] = result * factor;
        row->has[k] = 1;
        row->count++;
    }
}
