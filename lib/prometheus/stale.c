/*
 * prometheus/stale.c - staleness markers where a scrape did not see a series any more, from the
 * times of the scrapes, which are those of `up`.
 */
#include "common.h"

enum { TARGET_LABELS = 2 };

static const struct text target_labels[TARGET_LABELS] = {{"instance", 8}, {"job", 3}};

/* What identifies a target. */
struct target {
    struct text labels[TARGET_LABELS];
};

static bool read_labels(const weir_allocator *a, const weir_series_store *store, uint32_t series,
                        struct array *labels)
{
    size_t count = weir_series_store_labels(store, series, NULL, 0);

    labels->count = 0;
    if (!weir__pm_reserve(a, labels, count, sizeof(weir_label))) {
        return false;
    }
    labels->count = weir_series_store_labels(store, series, labels->items, count);
    return true;
}

static struct text value_of(const struct array *labels, struct text name)
{
    const weir_label *list = labels->items;

    for (size_t i = 0; i < labels->count; i++) {
        if (text_is((struct text){list[i].name, list[i].name_length}, name)) {
            return (struct text){list[i].value, list[i].value_length};
        }
    }
    return (struct text){NULL, 0};
}

static struct target target_of(const struct array *labels)
{
    struct target target;

    for (int i = 0; i < TARGET_LABELS; i++) {
        target.labels[i] = value_of(labels, target_labels[i]);
    }
    return target;
}

static bool same_target(const struct target *a, const struct target *b)
{
    for (int i = 0; i < TARGET_LABELS; i++) {
        if (!text_is(a->labels[i], b->labels[i])) {
            return false;
        }
    }
    return a->labels[0].length > 0;
}

/* ---- scrapes -------------------------------------------------------------------------------- */

/* The scrapes of one target. */
struct scrapes {
    struct target target;
    weir_samples samples;
};

/* All series `up`. Their texts live in the store. */
static bool find_scrapes(const weir_allocator *a, const weir_series_store *store,
                         struct array *labels, struct array *all)
{
    for (uint32_t i = 0; i < weir_series_store_count(store); i++) {
        struct scrapes scrapes;

        if (!read_labels(a, store, i, labels)) {
            return false;
        }
        if (!text_is(value_of(labels, TEXT("__name__")), TEXT("up"))) {
            continue;
        }
        scrapes.target = target_of(labels);
        weir_series_store_samples(store, i, &scrapes.samples);
        if (!weir__pm_reserve(a, all, 1, sizeof scrapes)) {
            return false;
        }
        ((struct scrapes *)all->items)[all->count++] = scrapes;
    }
    return true;
}

static const weir_samples *scrapes_of(const struct array *all, const struct array *labels)
{
    struct target target = target_of(labels);
    const struct scrapes *list = all->items;

    for (size_t i = 0; i < all->count; i++) {
        if (same_target(&list[i].target, &target)) {
            return &list[i].samples;
        }
    }
    return NULL;
}

/* The first scrape after a time; INT64_MIN when there is none, or the time is of no scrape. */
static int64_t scrape_after(const weir_samples *scrapes, size_t *at, int64_t time)
{
    while (*at < scrapes->count && scrapes->times_ms[*at] < time) {
        (*at)++;
    }
    return *at + 1 < scrapes->count && scrapes->times_ms[*at] == time ? scrapes->times_ms[*at + 1]
                                                                      : INT64_MIN;
}

/* ---- copying -------------------------------------------------------------------------------- */

struct copy {
    weir_series_store *to;
    uint32_t series;
    uint64_t marked;
};

/* Samples and markers of one series in order of time, and the markers that the scrapes tell. */
static weir_status copy_samples(struct copy *c, const weir_samples *s, const weir_samples *scrapes)
{
    size_t i = 0, m = 0, at = 0;
    weir_status status = WEIR_OK;

    while (status == WEIR_OK && (i < s->count || m < s->stale_count)) {
        int64_t next, ends;

        if (m < s->stale_count && (i == s->count || s->stale_ms[m] < s->times_ms[i])) {
            status =
                weir_series_store_append(c->to, c->series, s->stale_ms[m++], weir_stale_marker());
            continue;
        }
        status = weir_series_store_append(c->to, c->series, s->times_ms[i], s->values[i]);
        next = i + 1 < s->count ? s->times_ms[i + 1] : INT64_MAX;
        next = m < s->stale_count && s->stale_ms[m] < next ? s->stale_ms[m] : next;
        ends = scrapes != NULL ? scrape_after(scrapes, &at, s->times_ms[i]) : INT64_MIN;
        if (status == WEIR_OK && ends != INT64_MIN && ends < next) {
            status = weir_series_store_append(c->to, c->series, ends, weir_stale_marker());
            c->marked++;
        }
        i++;
    }
    return status;
}

static weir_status copy_all(const weir_series_store *from, struct copy *c, const weir_allocator *a,
                            struct array *labels, const struct array *scrapes, weir_error *err)
{
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; status == WEIR_OK && i < weir_series_store_count(from); i++) {
        const weir_samples *own;
        weir_samples samples;

        if (!read_labels(a, from, i, labels)) {
            return weir__pm_error(err, WEIR_E_MEMORY, "out of memory");
        }
        own = text_is(value_of(labels, TEXT("__name__")), TEXT("up")) ? NULL
                                                                      : scrapes_of(scrapes, labels);
        weir_series_store_samples(from, i, &samples);
        status = weir_series_store_series(c->to, labels->items, labels->count, &c->series, err);
        if (status == WEIR_OK) {
            status = copy_samples(c, &samples, own);
            if (status != WEIR_OK) {
                weir__pm_error(err, status, "out of memory");
            }
        }
    }
    return status;
}

weir_status weir_series_mark_stale(const weir_series_store *from, weir_series_store *to,
                                   const weir_allocator *allocator, uint64_t *marked,
                                   weir_error *err)
{
    struct array labels = {0}, scrapes = {0};
    struct copy copy = {.to = to};
    weir_status status;

    if (from == NULL || to == NULL || allocator == NULL || weir_series_store_count(to) > 0) {
        return weir__pm_error(err, WEIR_E_ARG,
                              "from, to and allocator must not be NULL, and to must be empty");
    }
    status = find_scrapes(allocator, from, &labels, &scrapes)
                 ? copy_all(from, &copy, allocator, &labels, &scrapes, err)
                 : weir__pm_error(err, WEIR_E_MEMORY, "out of memory");
    weir__pm_release(allocator, &labels, sizeof(weir_label));
    weir__pm_release(allocator, &scrapes, sizeof(struct scrapes));
    if (marked != NULL) {
        *marked = copy.marked;
    }
    return status;
}
