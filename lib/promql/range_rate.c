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

/* ---- spacing -------------------------------------------------------------------------------- */

/*
 * What depends on times alone, kept because with steady scrapes it stays the same for many steps.
 */
struct spacing {
    int64_t before_ms, after_ms, sampled_ms;
    size_t count;
    double before, after, sampled; /* seconds, already limited by the distance of samples */
    double threshold, half;
    double factor; /* without a limit by zero */
};

/* `limit` is off where 2.42 limits later. */
static struct spacing measure(const struct range_call *c, size_t count, int64_t before_ms,
                              int64_t after_ms, int64_t sampled_ms)
{
    struct spacing s = {before_ms, after_ms, sampled_ms, count, 0, 0, 0, 0, 0, 0};
    double mean, reach;

    s.before = (double)before_ms / 1000;
    s.after = (double)after_ms / 1000;
    s.sampled = (double)sampled_ms / 1000;
    mean = s.sampled / (double)(count - 1);
    s.threshold = mean * 1.1;
    s.half = mean / 2;
    reach = s.before >= s.threshold ? s.half : s.before;
    if (!is_2_42(c->ev)) {
        s.before = reach;
    }
    s.after = s.after >= s.threshold ? s.half : s.after;
    s.factor = (s.sampled + reach + s.after) / s.sampled;
    s.factor = c->id == FN_RATE ? s.factor / c->range_s : s.factor;
    return s;
}

/* The factor where a counter would be zero before the range begins. */
static double limited_factor(const struct range_call *c, struct spacing s, double zero)
{
    double factor;

    if (is_2_42(c->ev) && zero >= s.threshold) { /* limits first, then judges the distance */
        zero = s.half;
    }
    factor = (s.sampled + zero + s.after) / s.sampled;
    return c->id == FN_RATE ? factor / c->range_s : factor;
}

/* ---- resets --------------------------------------------------------------------------------- */

/* Lists in the queue where the counter went down, up to the sample `end`; false: no memory. */
static bool list_resets(struct range_call *c, size_t end)
{
    const double *values = c->values;
    uint64_t down = 0; /* the sign of any difference; also of a NaN, which is looked at closer */

    c->queue_first = c->queue_end = 0;
    for (size_t i = c->low + 1; i < end; i++) {
        down |= to_bits(values[i] - values[i - 1]);
    }
    for (size_t i = c->low + 1; i < end && (down & BITS_SIGN) != 0; i++) {
        if (values[i] < values[i - 1]) {
            if (!weir__pq_range_queue(c, c->queue_end + 1)) {
                return false;
            }
            c->queue[c->queue_end++] = i;
        }
    }
    return true;
}

/* Adds what was lost at the resets within a window. */
static double add_resets(struct range_call *c, size_t low, size_t high, double result)
{
    while (c->queue_first < c->queue_end && c->queue[c->queue_first] <= low) {
        c->queue_first++;
    }
    for (size_t i = c->queue_first; i < c->queue_end && c->queue[i] < high; i++) {
        result += c->values[c->queue[i] - 1];
    }
    return result;
}

enum { CHUNK = 16 };

/* ---- steps ---------------------------------------------------------------------------------- */

/* Whether the counter would be zero before the range begins. */
static inline bool is_limited(double result, double first, double zero, double before)
{
    return result > 0 && first >= 0 && zero < before;
}

static double one_rate(const struct range_call *c, struct spacing s, double first, double result)
{
    double zero = s.sampled * (first / result), factor = s.factor;

    if (c->id != FN_DELTA && is_limited(result, first, zero, s.before)) {
        factor = limited_factor(c, s, zero);
    }
    return result * factor;
}

/* Samples at equal distances, [low, high], and from where on to look for the next such. */
struct run {
    size_t low, high, next;
    int64_t distance;
};

/* How many times of `count`, from the second on, are `distance` after the one before them. */
static size_t equal_distances(const int64_t *times, size_t count, int64_t distance)
{
    size_t n = 0;

    for (uint64_t differ = 0; n + CHUNK < count; n += CHUNK) { /* many are looked at at once */
        for (size_t i = n; i < n + CHUNK; i++) {
            differ |= (uint64_t)(times[i + 1] - times[i]) ^ (uint64_t)distance;
        }
        if (differ != 0) {
            break;
        }
    }
    while (n + 1 < count && times[n + 1] - times[n] == distance) {
        n++;
    }
    return n;
}

/* Whether the window [low, high) lies in a run; finds one in time that grows with the samples. */
static bool in_run(struct run *run, const int64_t *times, size_t end, size_t low, size_t high)
{
    if (run->low <= low && high <= run->high + 1) {
        return true;
    }
    if (low < run->next) {
        return false;
    }
    run->low = low;
    run->high = low + 1;
    run->distance = times[low + 1] - times[low];
    run->high += equal_distances(times + low + 1, end - low - 1, run->distance);
    run->next = run->high;
    return high <= run->high + 1;
}

/* Windows that follow one another: the first is [low, high), each is `stride` samples on. */
struct windows {
    size_t low, high, stride;
    uint32_t count;
};

/* Adds what was lost at each reset to the windows that it lies in, reset by reset. */
static void add_resets_to(struct range_call *c, struct windows w, double *results)
{
    for (size_t i = c->queue_first; i < c->queue_end; i++) {
        size_t at = c->queue[i];
        size_t first = at >= w.high ? (at - w.high) / w.stride + 1 : 0;
        size_t end = at > w.low ? (at - 1 - w.low) / w.stride + 1 : 0;
        double lost = c->values[at - 1];

        if (first >= w.count) {
            return;
        }
        end = end < w.count ? end : w.count;
        for (size_t j = first; j < end; j++) {
            results[j] += lost;
        }
    }
}

/* Makes rates of results, which the windows from `first` on begin with: one sample apart. */
static void scale(const struct range_call *c, struct spacing s, const double *first, uint32_t count,
                  double *out)
{
    const double sampled = s.sampled, before = s.before, factor = s.factor;
    uint64_t limited = 0; /* the sign is set for any step that is_limited(), perhaps for others */

    for (uint32_t j = 0; j < count; j++) {
        double zero = sampled * (first[j] / out[j]);

        limited |= to_bits(zero - before) & to_bits(0 - out[j]) & ~to_bits(first[j] + 0.0);
    }
    if (c->id == FN_DELTA || (limited & BITS_SIGN) == 0) {
        for (uint32_t j = 0; j < count; j++) {
            out[j] *= factor;
        }
        return;
    }
    for (uint32_t j = 0; j < count; j++) {
        out[j] = one_rate(c, s, first[j], out[j]);
    }
}

/*
 * Steps whose windows all have the same spacing. Where they are one sample apart, what is done is
 * the same for all, and the compiler does several at once.
 */
static void equal_steps(struct range_call *c, struct spacing s, struct windows w, double *out)
{
    const double *first = c->values + w.low, *last = c->values + w.high - 1;

    if (w.stride == 1) {
        for (uint32_t j = 0; j < w.count; j++) {
            out[j] = last[j] - first[j];
        }
    } else {
        for (uint32_t j = 0; j < w.count; j++) {
            out[j] = last[j * w.stride] - first[j * w.stride];
        }
    }
    if (c->id != FN_DELTA) {
        add_resets_to(c, w, out);
    }
    for (uint32_t j = 0; j < w.count && w.stride == 1; j += CHUNK) {
        scale(c, s, first + j, w.count - j < CHUNK ? w.count - j : CHUNK, out + j);
    }
    for (uint32_t j = 0; j < w.count && w.stride != 1; j++) {
        out[j] = one_rate(c, s, first[j * w.stride], out[j]);
    }
}

/* The windows of up to `left` steps after this one that shift by whole samples of a run. */
static struct windows windows_alike(const struct range_call *c, const struct run *run, size_t low,
                                    size_t high, int64_t to, uint32_t left)
{
    int64_t step = c->fixed ? 0 : c->grid->step, distance = run->distance;
    int64_t edge = to - c->range_ms - c->closed;
    struct windows w = {0};
    size_t room;

    if (step == 0 || distance == 0 || step % distance != 0 || c->times[low] - distance > edge ||
        c->times[high - 1] + distance <= to || high >= run->high) {
        return w;
    }
    w.stride = (size_t)(step / distance);
    room = (run->high - high) / w.stride;
    w.low = low + w.stride;
    w.high = high + w.stride;
    w.count = room < left ? (uint32_t)room : left;
    return w;
}

/* Numbers are kept in locals, since a byte written to `has` might be a part of anything else. */
void weir__pq_range_rate(struct range_call *c, struct row *row)
{
    const int64_t *times = c->times;
    const double *values = c->values;
    const int64_t step = c->fixed ? 0 : c->grid->step, range = c->range_ms, closed = c->closed;
    const size_t end = weir__pq_window_limit(c);
    const uint32_t steps = c->grid->count;
    int64_t to = weir__pq_window_end(c, 0);
    size_t low = c->low, high = c->low;
    uint32_t found = 0;
    struct spacing s = {.count = 0};
    struct run run = {1, 0, 0, 0};
    bool resets;

    if (c->id != FN_DELTA && !list_resets(c, end)) {
        return;
    }
    resets = c->id != FN_DELTA && c->queue_end > 0;
    for (uint32_t k = 0; k < steps; k++, to += step) {
        const int64_t from = to - range;
        const uint32_t left = steps - 1 - k;
        double result;

        while (high < end && times[high] <= to) {
            high++;
        }
        while (low < high && times[low] <= from - closed) {
            low++;
        }
        if (high < low + 2) {
            continue;
        }
        result = values[high - 1] - values[low];
        result = resets ? add_resets(c, low, high, result) : result;
        if (s.count != high - low || s.before_ms != times[low] - from ||
            s.after_ms != to - times[high - 1] || s.sampled_ms != times[high - 1] - times[low]) {
            s = measure(c, high - low, times[low] - from, to - times[high - 1],
                        times[high - 1] - times[low]);
        }
        row->values[k] = one_rate(c, s, values[low], result);
        row->has[k] = 1;
        found++;
        if (left > 0 && in_run(&run, times, end, low, high)) {
            struct windows w = windows_alike(c, &run, low, high, to, left);

            if (w.count > 0) {
                equal_steps(c, s, w, row->values + k + 1);
                memset(row->has + k + 1, 1, w.count);
                low += w.stride * w.count;
                high += w.stride * w.count;
                to += step * w.count;
                found += w.count;
                k += w.count;
            }
        }
    }
    row->count = found;
}
