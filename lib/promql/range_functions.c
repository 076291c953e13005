/*
 * range_functions.c - functions over the samples of a range other than rates.
 *
 * What can be kept from one step to the next without changing a bit is kept: counts of changes and
 * resets, candidates for the extremes, sorted values, and sums of whole numbers, which are exact in
 * any order. Compensated sums of fractions depend on their order and are computed anew.
 *
 * Upstream: promql/functions.go.
 */
#include "promql/gomath.h"
#include "promql/range.h"

/* ---- counts --------------------------------------------------------------------------------- */

static bool count_over_time(struct range_call *c, double *out)
{
    *out = (double)(c->high - c->low);
    return true;
}

static bool present_over_time(struct range_call *c, double *out)
{
    (void)c;
    *out = 1;
    return true;
}

/* Whether something happened from the sample before `at` to it. */
static bool is_event(const struct range_call *c, size_t at)
{
    double before = c->values[at - 1], now = c->values[at];

    return c->id == FN_RESETS ? now < before : now != before && !(is_nan(now) && is_nan(before));
}

static bool count_events(struct range_call *c, double *out)
{
    if (c->left < c->low && c->seen <= c->low) { /* nothing of the last window is left */
        c->events = 0;
        c->left = c->seen = c->low;
    }
    for (; c->left < c->low; c->left++) {
        c->events -= c->left + 1 < c->seen && is_event(c, c->left + 1);
    }
    for (; c->seen < c->high; c->seen++) {
        c->events += c->seen > c->low && is_event(c, c->seen);
    }
    *out = c->events;
    return true;
}

/* ---- single samples ------------------------------------------------------------------------- */

static bool first_over_time(struct range_call *c, double *out)
{
    *out = c->values[c->low];
    return true;
}

static bool last_over_time(struct range_call *c, double *out)
{
    *out = c->values[c->high - 1];
    return true;
}

static bool instant_rate(struct range_call *c, double *out)
{
    double last, before;

    if (c->high - c->low < 2) {
        return false;
    }
    last = c->values[c->high - 1];
    before = c->values[c->high - 2];
    *out = c->id == FN_IRATE && last < before ? last : last - before;
    if (c->id == FN_IRATE) {
        *out /= (double)(c->times[c->high - 1] - c->times[c->high - 2]) / 1000;
    }
    return true;
}

/* ---- extremes ------------------------------------------------------------------------------- */

static bool beats(const struct range_call *c, double a, double b)
{
    return c->id == FN_MAX_OVER_TIME ? a > b : a < b;
}

/*
 * The queue holds the positions that may yet be the extreme: each beats all that come after it, or
 * is as good and earlier. NaN never gets in, and is the answer when nothing else is there.
 */
static bool extreme(struct range_call *c, double *out)
{
    if (c->seen < c->low) {
        c->seen = c->low;
    }
    while (c->queue_first < c->queue_end && c->queue[c->queue_first] < c->low) {
        c->queue_first++;
    }
    for (; c->seen < c->high; c->seen++) {
        double value = c->values[c->seen];

        if (is_nan(value)) {
            continue;
        }
        while (c->queue_end > c->queue_first &&
               beats(c, value, c->values[c->queue[c->queue_end - 1]])) {
            c->queue_end--;
        }
        if (c->queue_first == c->queue_end) {
            c->queue_first = c->queue_end = 0;
        }
        if (!weir__pq_range_queue(c, c->queue_end + 1)) {
            return false;
        }
        c->queue[c->queue_end++] = c->seen;
    }
    *out = c->queue_first < c->queue_end ? c->values[c->queue[c->queue_first]] : c->values[c->low];
    return true;
}

/* ---- sums ----------------------------------------------------------------------------------- */

#define WHOLE_MAX 4398046511104.0 /* 2^42: two thousand of these are still exact */

static bool is_whole(double x)
{
    return magnitude(x) <= WHOLE_MAX && (double)(int64_t)x == x && !(x == 0 && is_negative(x));
}

/* Adds a sample to the sum of whole numbers, or takes it away. */
static void count_in(struct range_call *c, double x, double sign)
{
    if (is_whole(x)) {
        c->total += sign * x;
        c->weight += sign * magnitude(x);
    } else if (sign > 0) {
        c->fractions++;
    } else {
        c->fractions--;
    }
}

/*
 * Keeps the sum of a window of whole numbers. As long as all partial sums of magnitudes stay below
 * 2^53 every order gives the same, and there is nothing to compensate.
 */
static bool whole_sum(struct range_call *c, double *sum)
{
    if (c->seen <= c->low) {
        c->left = c->seen = c->low;
        c->total = c->weight = 0;
        c->fractions = 0;
    }
    for (; c->left < c->low; c->left++) {
        count_in(c, c->values[c->left], -1);
    }
    for (; c->seen < c->high; c->seen++) {
        count_in(c, c->values[c->seen], 1);
        if (c->weight > 9007199254740992.0) { /* no longer exact: begin again another time */
            c->seen = 0;
            return false;
        }
    }
    *sum = c->total;
    return c->fractions == 0;
}

static bool sum_over_time(struct range_call *c, double *out)
{
    struct compensated sum = {0, 0};

    if (whole_sum(c, out)) {
        return true;
    }
    if (is_2_42(c->ev)) {
        for (size_t i = c->low; i < c->high; i++) {
            sum = add_compensated_2_42(c->values[i], sum);
        }
    } else {
        for (size_t i = c->low; i < c->high; i++) {
            sum = add_compensated(c->values[i], sum);
        }
    }
    *out = is_inf(sum.sum) ? sum.sum : sum.sum + sum.c;
    return true;
}

/* The mean as 2.42 keeps it: corrected by each value, an infinity staying. */
static double mean_2_42(const struct range_call *c)
{
    struct compensated mean = {0, 0};
    double count = 0;

    for (size_t i = c->low; i < c->high; i++) {
        double x = c->values[i];

        count++;
        if (is_inf(mean.sum) && (is_inf(x) ? (mean.sum > 0) == (x > 0) : !is_nan(x))) {
            continue;
        }
        mean = add_compensated_2_42(x / count - mean.sum / count, mean);
    }
    return is_inf(mean.sum) ? mean.sum : mean.sum + mean.c;
}

static bool avg_over_time(struct range_call *c, double *out)
{
    struct compensated sum = {c->values[c->low], 0};
    double count = 1, q;
    size_t i = c->low + 1;

    if (is_2_42(c->ev)) {
        *out = mean_2_42(c);
        return true;
    }
    if (whole_sum(c, out)) {
        *out /= (double)(c->high - c->low);
        return true;
    }
    for (; i < c->high; i++) {
        struct compensated next = add_compensated(c->values[i], sum);

        if (is_inf(next.sum)) {
            break;
        }
        sum = next;
        count++;
    }
    if (i == c->high) {
        *out = sum.sum / count + sum.c / count;
        return true;
    }
    sum.sum /= count; /* the sum would overflow: from here on the mean is corrected */
    sum.c /= count;
    for (; i < c->high; i++) {
        count++;
        q = (count - 1) / count;
        sum = add_compensated(c->values[i] / count, (struct compensated){q * sum.sum, q * sum.c});
    }
    *out = sum.sum + sum.c;
    return true;
}

static bool variance_over_time(struct range_call *c, double *out)
{
    struct compensated mean = {0, 0}, squares = {0, 0};
    double count = 0;
    bool old = is_2_42(c->ev);

    for (size_t i = c->low; i < c->high; i++) {
        double x = c->values[i], delta = x - (mean.sum + mean.c), term;

        count++;
        mean =
            old ? add_compensated_2_42(delta / count, mean) : add_compensated(delta / count, mean);
        term = delta * (x - (mean.sum + mean.c));
        squares = old ? add_compensated_2_42(term, squares) : add_compensated(term, squares);
    }
    *out = (squares.sum + squares.c) / count;
    if (c->id == FN_STDDEV_OVER_TIME) {
        *out = weir__pq_go_sqrt(*out);
    }
    return true;
}

/* ---- regression ----------------------------------------------------------------------------- */

/* Least squares with x in seconds after `origin`. */
static void regress(const struct range_call *c, int64_t origin, double *slope, double *intercept)
{
    struct compensated x1 = {0, 0}, y1 = {0, 0}, xy = {0, 0}, x2 = {0, 0};
    double n = 0, first = c->values[c->low], sx, sy, covariance, variance;
    bool constant = true, old = is_2_42(c->ev);

    for (size_t i = c->low; i < c->high; i++) {
        double x = (double)(c->times[i] - origin) / 1e3, y = c->values[i];

        constant = constant && (i == c->low || y == first);
        n++;
        if (old) {
            x1 = add_compensated_2_42(x, x1);
            y1 = add_compensated_2_42(y, y1);
            xy = add_compensated_2_42(x * y, xy);
            x2 = add_compensated_2_42(x * x, x2);
        } else {
            x1 = add_compensated(x, x1);
            y1 = add_compensated(y, y1);
            xy = add_compensated(x * y, xy);
            x2 = add_compensated(x * x, x2);
        }
    }
    if (constant) {
        *slope = is_inf(first) ? NOT_A_NUMBER : 0;
        *intercept = is_inf(first) ? NOT_A_NUMBER : first;
        return;
    }
    sx = x1.sum + x1.c;
    sy = y1.sum + y1.c;
    covariance = (xy.sum + xy.c) - sx * sy / n;
    variance = (x2.sum + x2.c) - sx * sx / n;
    *slope = covariance / variance;
    *intercept = sy / n - *slope * sx / n;
}

static bool deriv(struct range_call *c, double *out)
{
    double intercept;

    if (c->high - c->low < 2) {
        return false;
    }
    regress(c, c->times[c->low], out, &intercept);
    return true;
}

static bool predict_linear(struct range_call *c, double *out)
{
    double slope, intercept;

    if (c->high - c->low < 2) {
        return false;
    }
    regress(c, c->now, &slope, &intercept);
    *out = slope * c->parameter + intercept;
    return true;
}

/* ---- quantile ------------------------------------------------------------------------------- */

/* Where a value goes among sorted ones: behind those that are not above it. NaN is smallest. */
static size_t sorted_place(const double *sorted, size_t count, double x)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (is_nan(sorted[middle]) || sorted[middle] <= x) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Where a value is among sorted ones. */
static size_t sorted_find(const double *sorted, size_t count, double x)
{
    size_t at = is_nan(x) ? count : sorted_place(sorted, count, x);

    while (at > 0 && to_bits(sorted[at - 1]) != to_bits(x)) {
        at--;
    }
    return at - 1;
}

/*
 * Sorts the values of the window anew. How many zeros have a minus is counted, since with them the
 * order of equal values can be seen.
 */
static void sort_window(struct range_call *c)
{
    c->sorted_count = c->high - c->low;
    c->left = c->low;
    c->seen = c->high;
    c->events = 0;
    memcpy(c->sorted, c->values + c->low, c->sorted_count * sizeof *c->sorted);
    for (size_t i = 0; i < c->sorted_count; i++) {
        c->events += to_bits(c->sorted[i]) == BITS_SIGN;
    }
    weir__pq_sort_values(c->sorted, c->sorted_count);
}

static void take_out(struct range_call *c, double x)
{
    size_t at = sorted_find(c->sorted, c->sorted_count, x);

    c->events -= to_bits(x) == BITS_SIGN;
    c->sorted_count--;
    memmove(c->sorted + at, c->sorted + at + 1, (c->sorted_count - at) * sizeof *c->sorted);
}

static void put_in(struct range_call *c, double x)
{
    size_t at = is_nan(x) ? 0 : sorted_place(c->sorted, c->sorted_count, x);

    c->events += to_bits(x) == BITS_SIGN;
    memmove(c->sorted + at + 1, c->sorted + at, (c->sorted_count - at) * sizeof *c->sorted);
    c->sorted[at] = x;
    c->sorted_count++;
}

static bool sorted_window(struct range_call *c)
{
    size_t size = c->high - c->low;

    if (size > c->sorted_room) {
        c->sorted_room = 2 * size;
        c->sorted = arena_array(&c->ev->arena, c->sorted_room, sizeof *c->sorted);
        c->failed = c->sorted == NULL;
        c->seen = 0;
    }
    if (c->failed) {
        return false;
    }
    if (c->seen <= c->low || c->high - c->seen > size / 4) { /* most of it is new */
        sort_window(c);
        return true;
    }
    for (; c->left < c->low; c->left++) {
        take_out(c, c->values[c->left]);
    }
    for (; c->seen < c->high; c->seen++) {
        put_in(c, c->values[c->seen]);
    }
    if (c->events > 0) {
        sort_window(c);
    }
    return true;
}

static bool quantile_over_time(struct range_call *c, double *out)
{
    double q = c->parameter;

    if (!(q >= 0 && q <= 1)) {
        weir__pq_note(c->ev, WEIR_PROMQL_WARNING, c->call,
                      "quantile value should be between 0 and 1", TEXT(""));
    }
    if (!sorted_window(c)) {
        return false;
    }
    *out = weir__pq_quantile(q, c->sorted, c->sorted_count, !is_2_42(c->ev));
    return true;
}

/* ---- table ---------------------------------------------------------------------------------- */

range_function *weir__pq_range_function(uint8_t id)
{
    switch (id) {
    case FN_AVG_OVER_TIME: return avg_over_time;
    case FN_CHANGES:
    case FN_RESETS: return count_events;
    case FN_COUNT_OVER_TIME: return count_over_time;
    case FN_DERIV: return deriv;
    case FN_FIRST_OVER_TIME: return first_over_time;
    case FN_IDELTA:
    case FN_IRATE: return instant_rate;
    case FN_LAST_OVER_TIME: return last_over_time;
    case FN_MAX_OVER_TIME:
    case FN_MIN_OVER_TIME: return extreme;
    case FN_PREDICT_LINEAR: return predict_linear;
    case FN_QUANTILE_OVER_TIME: return quantile_over_time;
    case FN_STDDEV_OVER_TIME:
    case FN_STDVAR_OVER_TIME: return variance_over_time;
    case FN_SUM_OVER_TIME: return sum_over_time;
    default: return present_over_time; /* and absent_over_time, which is its opposite */
    }
}
