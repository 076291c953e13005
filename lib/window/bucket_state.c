/*
 * window/bucket_state.c - a bucket window's change of length, and its snapshots.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/aggregation/bucketing.go, ResizeWindow().
 */
#include "window/bucket_window.h"

/* ---- resizing ------------------------------------------------------------------------------- */

static void swap_buckets(double *values, int32_t lanes, int64_t a, int64_t b)
{
    for (int32_t lane = 0; lane < lanes; lane++) {
        double held = values[a * lanes + lane];

        values[a * lanes + lane] = values[b * lanes + lane];
        values[b * lanes + lane] = held;
    }
}

static void reverse(double *values, int32_t lanes, int64_t from, int64_t to)
{
    for (to--; from < to; from++, to--) {
        swap_buckets(values, lanes, from, to);
    }
}

/* Moves every bucket `by` places down, those that fall off coming back at the top. */
static void rotate_down(double *values, int32_t lanes, int64_t count, int64_t by)
{
    reverse(values, lanes, 0, by);
    reverse(values, lanes, by, count);
    reverse(values, lanes, 0, count);
}

/* Keeps the newest buckets, each in the slot that its index has in the new ring. In place: the old
 * ring is turned so that it ends with the newest bucket, cut or grown, and turned to its new phase.
 */
static void keep_newest(weir_window *w, int32_t buckets)
{
    double *values = weir__ring(w), *total = weir__totals(w);
    int64_t last = w->last_index;
    int64_t old = w->buckets, kept = old < buckets ? old : buckets;
    int32_t lanes = w->lanes;

    rotate_down(values, lanes, old, (weir__floor_mod(last, old) + 1) % old);
    memmove(values, values + (old - kept) * lanes, sizeof(double) * (size_t)(kept * lanes));
    memset(total, 0, sizeof(double) * (size_t)lanes);
    for (int64_t i = kept - 1; i >= 0; i--) { /* newest first: upstream's order of summation */
        for (int32_t lane = 0; lane < lanes; lane++) {
            total[lane] += values[i * lanes + lane];
        }
    }
    memset(values + kept * lanes, 0, sizeof(double) * (size_t)((buckets - kept) * lanes));
    /* The newest is at kept - 1 and belongs at last mod buckets. */
    rotate_down(values, lanes, buckets,
                weir__floor_mod(kept - 1 - weir__floor_mod(last, buckets), buckets));
}

weir_status weir_window_resize(weir_window *window, weir_duration length, weir_time now)
{
    weir_window *w = window;
    int64_t buckets;

    if (!weir__block_is(w, WEIR_KIND_WINDOW)) {
        return WEIR_E_ARG;
    }
    if (length == w->window) {
        return WEIR_OK;
    }
    if (length < 0 || length > INT64_C(1) << 60) {
        return WEIR_E_RANGE;
    }
    buckets = weir__bucket_count(length, w->granularity);
    if (buckets > w->capacity) {
        return WEIR_E_SPACE;
    }
    if (w->buckets > 0 && buckets > 0 && weir__age(w, weir__bucket_of(w, now).start) <= w->window) {
        keep_newest(w, (int32_t)buckets);
        w->first_write = weir__sub(w->last_write, (w->buckets - 1) * w->granularity);
    } else {
        memset(weir__totals(w), 0, sizeof(double) * (size_t)w->lanes * (2 + (size_t)w->capacity));
        w->first_write = WEIR_TIME_NONE;
    }
    w->window = length;
    w->buckets = (int32_t)buckets;
    w->coefficient = weir__window_coefficient(w->buckets);
    w->last_slot = buckets > 0 ? (int32_t)weir__floor_mod(w->last_index, buckets) : 0;
    return WEIR_OK;
}

/* ---- snapshots ------------------------------------------------------------------------------ */

enum {
    RECORD_WINDOW,
    RECORD_FIRST,
    RECORD_LAST,
    RECORD_INDEX,
    RECORD_TOTALS,
    RECORD_BOUNDS,
    RECORD_RING
};

void weir__window_write(const weir_window *window, struct weir__writer *w, uint16_t id)
{
    size_t lanes = (size_t)window->lanes;

    weir__snapshot_i64(w, (uint16_t)(id + RECORD_WINDOW), window->window);
    weir__snapshot_i64(w, (uint16_t)(id + RECORD_FIRST), window->first_write);
    weir__snapshot_i64(w, (uint16_t)(id + RECORD_LAST), window->last_write);
    weir__snapshot_i64(w, (uint16_t)(id + RECORD_INDEX), window->last_index);
    weir__snapshot_f64s(w, (uint16_t)(id + RECORD_TOTALS), weir__totals_of(window), lanes);
    weir__snapshot_f64s(w, (uint16_t)(id + RECORD_BOUNDS), weir__bounds_of(window), lanes);
    weir__snapshot_f64s(w, (uint16_t)(id + RECORD_RING), weir__ring_of(window),
                        lanes * (size_t)window->buckets);
}

void weir__window_read(const weir_window *window, struct weir__reader *r, uint16_t id,
                       struct weir__window_image *image)
{
    size_t lanes = (size_t)window->lanes;
    int64_t longest = window->capacity * window->granularity;
    int64_t index_min = -(INT64_MAX / WEIR_SECOND), index_max = -index_min;

    memset(image, 0, sizeof *image);
    image->window = weir__record_in(r, (uint16_t)(id + RECORD_WINDOW), 0, longest);
    image->first_write = weir__record_i64(r, (uint16_t)(id + RECORD_FIRST));
    image->last_write = weir__record_i64(r, (uint16_t)(id + RECORD_LAST));
    if (image->last_write != WEIR_TIME_NONE) { /* walks from it to now have to end */
        index_min = index_max = weir__bucket_of(window, image->last_write).index;
    }
    image->last_index = weir__record_in(r, (uint16_t)(id + RECORD_INDEX), index_min, index_max);
    image->totals = weir__record_f64s(r, (uint16_t)(id + RECORD_TOTALS), lanes);
    image->bounds = weir__record_f64s(r, (uint16_t)(id + RECORD_BOUNDS), lanes);
    image->ring =
        weir__record_f64s(r, (uint16_t)(id + RECORD_RING),
                          lanes * (size_t)weir__bucket_count(image->window, window->granularity));
}

static void copy(double *to, const uint8_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = weir__get_f64(from, i);
    }
}

void weir__window_commit(weir_window *window, const struct weir__window_image *image)
{
    size_t lanes = (size_t)window->lanes;

    window->window = image->window;
    window->buckets = (int32_t)weir__bucket_count(image->window, window->granularity);
    window->first_write = image->first_write;
    window->last_write = image->last_write;
    window->last_index = image->last_index;
    window->last_slot =
        window->buckets > 0 ? (int32_t)weir__floor_mod(image->last_index, window->buckets) : 0;
    window->coefficient = weir__window_coefficient(window->buckets);
    copy(weir__totals(window), image->totals, lanes);
    copy(weir__bounds(window), image->bounds, lanes);
    copy(weir__ring(window), image->ring, lanes * (size_t)window->buckets);
}

weir_status weir_window_save(const weir_window *window, uint8_t *buffer, size_t capacity,
                             size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(window, WEIR_KIND_WINDOW)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_WINDOW, window->digest);
    weir__window_write(window, &w, WEIR__WINDOW_RECORDS);
    return weir__snapshot_close(&w, need);
}

weir_status weir_window_load(weir_window *window, const uint8_t *buffer, size_t length,
                             weir_error *err)
{
    struct weir__window_image image;
    struct weir__reader r;
    weir_status status;

    if (!weir__block_is(window, WEIR_KIND_WINDOW)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a window");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_WINDOW, window->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    weir__window_read(window, &r, WEIR__WINDOW_RECORDS, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        weir__window_commit(window, &image);
    }
    return status;
}
