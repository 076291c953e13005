/*
 * eval_histogram.c - histogram_quantile() over classic buckets: series that differ only in le,
 * whose counts are cumulative, linear within a bucket.
 *
 * Upstream: promql/functions.go and quantile.go, BucketQuantile().
 */
#include "promql/eval.h"
#include "promql/number.h"

struct bucket {
    double bound, count;
};

/* A series that is a bucket: of which histogram, up to where. */
struct bucket_row {
    const struct row *row;
    uint32_t histogram;
    double bound;
};

/* ---- one histogram -------------------------------------------------------------------------- */

static void sort_buckets(struct bucket *b, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct bucket one = b[i];
        size_t at = i;

        for (; at > 0 && b[at - 1].bound > one.bound; at--) {
            b[at] = b[at - 1];
        }
        b[at] = one;
    }
}

/* Adds up buckets with equal bounds. */
static size_t merge_buckets(struct bucket *b, size_t count)
{
    size_t kept = 0;

    for (size_t i = 1; i < count; i++) {
        if (b[i].bound == b[kept].bound) {
            b[kept].count += b[i].count;
        } else {
            b[++kept] = b[i];
        }
    }
    return kept + 1;
}

/* Differences that only inexact arithmetic makes. */
static bool nearly_equal(double a, double b)
{
    const double tolerance = 1e-12, smallest = 2.2250738585072014e-308;
    double sum = magnitude(a) + magnitude(b), difference = magnitude(a - b);

    if (is_nan(a) && is_nan(b)) {
        return true;
    }
    if (a == 0 || b == 0 || sum < smallest) {
        return difference < tolerance * smallest;
    }
    return difference / (sum < DOUBLE_MAX ? sum : DOUBLE_MAX) < tolerance;
}

/* Counts must not go down; gives whether any went down by more than inexactness. */
static bool make_monotonic(struct bucket *b, size_t count, bool exactly)
{
    double before = b[0].count;
    bool forced = false;

    for (size_t i = 1; i < count; i++) {
        double now = b[i].count;

        if (now == before) {
            continue;
        }
        if (!exactly && nearly_equal(before, now)) {
            b[i].count = before;
        } else if (now < before) {
            b[i].count = before;
            forced = true;
        } else if (!exactly || now > before) {
            before = now;
        }
    }
    return forced;
}

static double bucket_quantile(double q, struct bucket *b, size_t count, bool old, bool *forced)
{
    double rank, start = 0, in_bucket;
    size_t low = 0, high;

    *forced = false;
    if (is_nan(q) || q < 0 || q > 1) {
        return is_nan(q) ? q : q < 0 ? -INFINITE : INFINITE;
    }
    sort_buckets(b, count);
    if (b[count - 1].bound != INFINITE) {
        return NOT_A_NUMBER;
    }
    count = merge_buckets(b, count);
    *forced = make_monotonic(b, count, old);
    if (count < 2 || b[count - 1].count == 0) {
        return NOT_A_NUMBER;
    }
    rank = q * b[count - 1].count;
    for (high = count - 1; low < high;) { /* the lowest bucket that reaches the rank */
        size_t middle = low + (high - low) / 2;

        if (b[middle].count >= rank) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if (low == count - 1) {
        return b[count - 2].bound;
    }
    if (low == 0 && b[0].bound <= 0) {
        return b[0].bound;
    }
    in_bucket = b[low].count;
    if (low > 0) {
        start = b[low - 1].bound;
        in_bucket -= b[low - 1].count;
        rank -= b[low - 1].count;
    }
    return start + (b[low].bound - start) * (rank / in_bucket);
}

/* ---- all of them ---------------------------------------------------------------------------- */

struct quantiles {
    struct eval *ev;
    const struct grid *grid;
    const struct node *call;
    const double *q; /* one a step */
    struct bucket_row *rows;
    uint32_t count;
    struct label_index histograms;
};

/* Reads the bounds, and finds which series belong together. */
static weir_status open_buckets(struct quantiles *h, const struct matrix *in)
{
    uint32_t *names = arena_array(&h->ev->arena, 1, sizeof *names);

    h->rows = arena_array(&h->ev->arena, in->count, sizeof *h->rows);
    if (h->rows == NULL || names == NULL) {
        return eval_memory(h->ev);
    }
    names[0] = SYMBOL_LE;
    weir__pq_index_open(&h->histograms, h->ev, (struct projection){false, 1, names});
    for (uint32_t i = 0; i < in->count; i++) {
        const struct row *row = &in->rows[i];
        struct text text = weir__pq_eval_text(h->ev, weir__pq_label_get(row->labels, SYMBOL_LE));
        struct bucket_row *bucket = &h->rows[h->count];

        if (weir__pq_number_parse(text, &bucket->bound) != NUMBER_FINE ||
            (is_nan(bucket->bound) && !is_2_42(h->ev))) {
            if (row->count > 0) {
                weir__pq_note(h->ev, WEIR_PROMQL_WARNING, h->call->call.args[1],
                              "bucket label le is missing or has a malformed value", text);
            }
            continue;
        }
        bucket->row = row;
        bucket->histogram = weir__pq_index_of(&h->histograms, row->labels);
        if (bucket->histogram == SYMBOL_NONE) {
            return WEIR_E_MEMORY;
        }
        h->count++;
    }
    return WEIR_OK;
}

/* The buckets of each histogram in a row of their own: `first` says where each begins. */
static weir_status arrange(struct quantiles *h, uint32_t **first)
{
    struct bucket_row *sorted = arena_array(&h->ev->arena, h->count, sizeof *sorted);
    uint32_t count = h->histograms.count;

    *first = weir__pq_arena_zeroed(&h->ev->arena, (size_t)count + 2, sizeof **first);
    if (sorted == NULL || *first == NULL) {
        return eval_memory(h->ev);
    }
    for (uint32_t i = 0; i < h->count; i++) {
        (*first)[h->rows[i].histogram + 2]++;
    }
    for (uint32_t g = 2; g < count + 2; g++) {
        (*first)[g] += (*first)[g - 1];
    }
    for (uint32_t i = 0; i < h->count; i++) {
        sorted[(*first)[h->rows[i].histogram + 1]++] = h->rows[i];
    }
    h->rows = sorted;
    return WEIR_OK;
}

static weir_status fill_row(struct quantiles *h, const struct bucket_row *rows, uint32_t count,
                            struct bucket *buckets, struct row *out)
{
    for (uint32_t k = 0; k < h->grid->count; k++) {
        size_t n = 0;
        bool forced;

        for (uint32_t i = 0; i < count; i++) {
            if (rows[i].row->has[k]) {
                buckets[n++] = (struct bucket){rows[i].bound, rows[i].row->values[k]};
            }
        }
        if (n == 0) {
            continue;
        }
        row_put(out, k, bucket_quantile(h->q[k], buckets, n, is_2_42(h->ev), &forced));
        if (forced) {
            weir__pq_note(h->ev, WEIR_PROMQL_INFO, h->call->call.args[1],
                          "input to histogram_quantile needed to be fixed for monotonicity",
                          TEXT(""));
        }
    }
    return WEIR_OK;
}

weir_status weir__pq_eval_histogram_quantile(struct eval *ev, const struct grid *grid,
                                             const struct node *call, struct value *out)
{
    struct quantiles h = {.ev = ev, .grid = grid, .call = call};
    struct value q, in;
    struct bucket *buckets;
    uint32_t *first = NULL;
    weir_status status = weir__pq_eval(ev, grid, call->call.args[0], &q);

    status = status == WEIR_OK ? weir__pq_eval(ev, grid, call->call.args[1], &in) : status;
    if (status != WEIR_OK) {
        return status;
    }
    h.q = q.scalar;
    for (uint32_t k = 0; k < grid->count; k++) {
        if (!(h.q[k] >= 0 && h.q[k] <= 1)) {
            weir__pq_note(ev, WEIR_PROMQL_WARNING, call->call.args[0],
                          "quantile value should be between 0 and 1", TEXT(""));
        }
    }
    status = open_buckets(&h, &in.matrix);
    status = status == WEIR_OK ? arrange(&h, &first) : status;
    buckets = arena_array(&ev->arena, h.count, sizeof *buckets);
    for (uint32_t i = 0; status == WEIR_OK && i < h.histograms.count; i++) {
        struct labels labels =
            weir__pq_labels_with(ev, h.histograms.entries[i].labels, SYMBOL_LE, SYMBOL_EMPTY);
        struct row *row =
            labels.set != NULL ? weir__pq_row_add(ev, &out->matrix, grid, labels) : NULL;

        if (row == NULL || buckets == NULL) {
            return eval_memory(ev);
        }
        status = fill_row(&h, h.rows + first[i], first[i + 1] - first[i], buckets, row);
    }
    return status == WEIR_OK ? weir__pq_rows_drop_names(ev, grid, call, &out->matrix) : status;
}
