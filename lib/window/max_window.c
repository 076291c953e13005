/*
 * window/max_window.c - the largest int32 over a sliding window of time.
 *
 * A queue of (index, value) pairs with rising indexes and falling values: what is older and not
 * larger than a newer value can never be the maximum again. Amortized O(1) a record.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/aggregation/max/window.go and timewindow.go.
 */
#include "window/max_window.h"
#include "base/num.h"

/* Entries that keep the size of a block far from overflow. */
#define ENTRIES_MAX (INT64_C(1) << 30)

static struct weir__max_entry *entries(weir_max_window *w)
{
    return (struct weir__max_entry *)(void *)(w + 1);
}

static const struct weir__max_entry *entries_of(const weir_max_window *w)
{
    return (const struct weir__max_entry *)(const void *)(w + 1);
}

/* The place of the i-th entry from the oldest. */
static size_t place(const weir_max_window *w, int32_t i)
{
    int64_t at = (int64_t)w->first + i;

    return (size_t)(at < w->size ? at : at - w->size);
}

weir_status weir_max_window_bytes(weir_duration duration, weir_duration granularity, size_t *bytes)
{
    double size;

    if (bytes == NULL) {
        return WEIR_E_ARG;
    }
    if (duration < 1 || granularity < 1) {
        return WEIR_E_RANGE;
    }
    size = weir__ceil((double)duration / (double)granularity);
    if (size > (double)ENTRIES_MAX) {
        return WEIR_E_LIMIT;
    }
    *bytes = sizeof(weir_max_window) + (size_t)size * sizeof(struct weir__max_entry);
    return WEIR_OK;
}

weir_status weir_max_window_init(weir_max_window *window, size_t bytes, weir_duration duration,
                                 weir_duration granularity)
{
    size_t need;
    weir_status status = weir_max_window_bytes(duration, granularity, &need);

    if (status != WEIR_OK) {
        return status;
    }
    if (!weir__aligned(window)) {
        return WEIR_E_ARG;
    }
    if (bytes < need) {
        return WEIR_E_SPACE;
    }
    memset(window, 0, need);
    weir__block_set(&window->block, WEIR_KIND_MAX_WINDOW, need);
    window->granularity_s = granularity / WEIR_SECOND;
    window->size = (int32_t)((need - sizeof *window) / sizeof(struct weir__max_entry));
    return WEIR_OK;
}

weir_status weir_max_window_record(weir_max_window *window, weir_time at, int32_t value)
{
    weir_max_window *w = window;
    int32_t first, length;
    int64_t index;

    if (!weir__block_is(w, WEIR_KIND_MAX_WINDOW)) {
        return WEIR_E_ARG;
    }
    if (w->granularity_s == 0) {
        return WEIR_E_PANIC;
    }
    index = weir__floor_div(at, WEIR_SECOND) / w->granularity_s;
    first = w->first;
    length = w->length;
    while (length > 0 && value >= entries(w)[place(w, length - 1)].value) {
        length--;
    }
    while (length > 0 && weir__sub(index, entries(w)[first].index) >= w->size) {
        first = first + 1 < w->size ? first + 1 : 0;
        length--;
    }
    if (length > 0) {
        int64_t last = (int64_t)first + length - 1;
        const struct weir__max_entry *newest = &entries(w)[last < w->size ? last : last - w->size];

        if (newest->index == index) { /* of the same bucket, and larger: it stays */
            value = newest->value;
            length--;
        }
    }
    if (length == w->size) {
        return WEIR_E_PANIC; /* only with indexes that go back; upstream panics */
    }
    w->first = first;
    w->length = length + 1;
    entries(w)[place(w, length)].index = index;
    entries(w)[place(w, length)].value = value;
    return WEIR_OK;
}

int32_t weir_max_window_current(const weir_max_window *window)
{
    if (!weir__block_is(window, WEIR_KIND_MAX_WINDOW) || window->length == 0) {
        return 0;
    }
    return entries_of(window)[window->first].value;
}

weir_time weir__max_window_expiry(const weir_max_window *window)
{
    int64_t bucket = window->granularity_s * WEIR_SECOND, index;

    if (window->length == 0 || bucket == 0) {
        return WEIR_TIME_NEVER;
    }
    /* A snapshot may hold any index. */
    index = weir__add(entries_of(window)[window->first].index, window->size);
    if (index > INT64_MAX / bucket || index < INT64_MIN / bucket) {
        return index > 0 ? WEIR_TIME_NEVER : WEIR_TIME_NONE;
    }
    return index * bucket;
}

/* ---- snapshots ------------------------------------------------------------------------------ */

enum { RECORD_SIZE, RECORD_ENTRIES };

void weir__max_window_write(const weir_max_window *window, struct weir__writer *w, uint16_t id)
{
    weir__snapshot_i64(w, (uint16_t)(id + RECORD_SIZE), window->length);
    weir__snapshot_i64s_open(w, (uint16_t)(id + RECORD_ENTRIES), 2 * (size_t)window->length);
    for (int32_t i = 0; i < window->length; i++) {
        const struct weir__max_entry *entry = &entries_of(window)[place(window, i)];

        weir__snapshot_next_i64(w, entry->index);
        weir__snapshot_next_i64(w, entry->value);
    }
}

void weir__max_window_read(const weir_max_window *window, struct weir__reader *r, uint16_t id,
                           struct weir__max_image *image)
{
    image->length = (int32_t)weir__record_in(r, (uint16_t)(id + RECORD_SIZE), 0, window->size);
    image->entries =
        weir__record_i64s(r, (uint16_t)(id + RECORD_ENTRIES), 2 * (size_t)image->length);
}

void weir__max_window_commit(weir_max_window *window, const struct weir__max_image *image)
{
    window->first = 0;
    window->length = image->length;
    for (int32_t i = 0; i < image->length; i++) {
        entries(window)[i].index = weir__get_i64(image->entries, 2 * (size_t)i);
        entries(window)[i].value = (int32_t)weir__get_i64(image->entries, 2 * (size_t)i + 1);
    }
}

/* The configuration of a maximum window is its size and its granularity. */
static uint64_t digest(const weir_max_window *window)
{
    return weir__fnv_u64(weir__fnv_u64(WEIR__FNV_START, (uint64_t)window->size),
                         (uint64_t)window->granularity_s);
}

weir_status weir_max_window_save(const weir_max_window *window, uint8_t *buffer, size_t capacity,
                                 size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(window, WEIR_KIND_MAX_WINDOW)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_MAX_WINDOW, digest(window));
    weir__max_window_write(window, &w, 1);
    return weir__snapshot_close(&w, need);
}

weir_status weir_max_window_load(weir_max_window *window, const uint8_t *buffer, size_t length,
                                 weir_error *err)
{
    struct weir__max_image image;
    struct weir__reader r;
    weir_status status;

    if (!weir__block_is(window, WEIR_KIND_MAX_WINDOW)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a maximum window");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_MAX_WINDOW, digest(window), err);
    if (status != WEIR_OK) {
        return status;
    }
    weir__max_window_read(window, &r, 1, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        weir__max_window_commit(window, &image);
    }
    return status;
}
