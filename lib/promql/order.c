/*
 * order.c - sorting of values, and quantiles of sorted ones.
 *
 * Upstream: promql/functions.go and quantile.go, quantile().
 */
#include "promql/eval.h"
#include "promql/gomath.h"

static bool comes_after(double a, double b, bool descending)
{
    return is_nan(a) ? !is_nan(b) : descending ? a < b : a > b;
}

static void merge(const struct ranked *from, size_t middle, size_t end, bool descending,
                  struct ranked *to)
{
    size_t left = 0, right = middle;

    for (size_t i = 0; i < end; i++) {
        bool take_right =
            right < end &&
            (left == middle || comes_after(from[left].value, from[right].value, descending));

        to[i] = take_right ? from[right++] : from[left++];
    }
}

void weir__pq_sort_ranked(struct ranked *items, struct ranked *scratch, size_t count,
                          bool descending)
{
    struct ranked *from = items, *to = scratch;

    for (size_t size = 1; size < count; size *= 2) {
        struct ranked *other = from;

        for (size_t at = 0; at < count; at += 2 * size) {
            size_t end = count - at < 2 * size ? count - at : 2 * size;

            merge(from + at, size < end ? size : end, end, descending, to + at);
        }
        from = to;
        to = other;
    }
    if (from != items && count > 0) {
        memcpy(items, from, count * sizeof *items);
    }
}

static bool below(double a, double b)
{
    return is_nan(a) ? !is_nan(b) : a < b;
}

static void sift(double *values, size_t at, size_t count)
{
    for (;;) {
        size_t child = 2 * at + 1;
        double value = values[at];

        if (child >= count) {
            return;
        }
        child += child + 1 < count && below(values[child], values[child + 1]);
        if (!below(value, values[child])) {
            return;
        }
        values[at] = values[child];
        values[child] = value;
        at = child;
    }
}

void weir__pq_sort_values(double *values, size_t count)
{
    enum { FEW = 16 };

    if (count <= FEW) {
        for (size_t i = 1; i < count; i++) {
            double value = values[i];
            size_t at = i;

            for (; at > 0 && below(value, values[at - 1]); at--) {
                values[at] = values[at - 1];
            }
            values[at] = value;
        }
        return;
    }
    for (size_t at = count / 2; at > 0; at--) {
        sift(values, at - 1, count);
    }
    for (size_t end = count - 1; end > 0; end--) {
        double value = values[0];

        values[0] = values[end];
        values[end] = value;
        sift(values, 0, end);
    }
}

double weir__pq_quantile(double q, const double *sorted, size_t count, bool exact)
{
    double rank, low, high, weight;

    if (is_nan(q) || count == 0) {
        return NOT_A_NUMBER;
    }
    if (q < 0) {
        return -INFINITE;
    }
    if (q > 1) {
        return INFINITE;
    }
    rank = q * ((double)count - 1);
    low = weir__pq_go_max(0, weir__pq_go_floor(rank));
    high = weir__pq_go_min((double)count - 1, low + 1);
    weight = rank - weir__pq_go_floor(rank);
    if (exact && weight == 0) {
        return sorted[(size_t)low];
    }
    return sorted[(size_t)low] * (1 - weight) + sorted[(size_t)high] * weight;
}
