/*
 * record_ends.c - where series ended: the staleness markers that a server has and does not hand
 * out; see record.h.
 *
 * A server writes one at the first scrape of a target that does not show the series any more. The
 * times of scrapes are the samples of `up`. Whether the series ended there, the server knows: then
 * an instant selector does not find it. (A page that cannot be read ends none of the series that
 * it had shown before the error.)
 */
#include "record.h"
#include "series.h"

#include <stdlib.h>
#include <string.h>

enum { LABELS = 64, MOMENTS_MAX = 512 };

/* A target, and when it was scraped. */
struct scrapes {
    weir_label job, instance;
    weir_samples samples;
};

/* The series that the server had at a time. */
struct moment {
    int64_t time;
    weir_series_store *alive;
};

struct ends {
    const struct record_request *request;
    const struct record_plan *plan;
    int64_t first, last; /* of the block */
    struct scrapes *scrapes;
    size_t scrape_count;
    struct moment *moments;
    size_t moment_count;
    const weir_series_store *from;
    weir_series_store *to;
    int code;
};

static int no_memory(struct ends *e)
{
    if (e->code == EXIT_FINE) {
        complain("there is no memory left");
    }
    e->code = EXIT_INPUT;
    return 0;
}

/* ---- scrapes -------------------------------------------------------------------------------- */

static size_t read_labels(const weir_series_store *store, uint32_t series, weir_label *labels)
{
    size_t count = weir_series_store_labels(store, series, labels, LABELS);

    return count < LABELS ? count : LABELS;
}

static weir_label find(const weir_label *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (record_is(labels[i].name, labels[i].name_length, name)) {
            return labels[i];
        }
    }
    return (weir_label){"", 0, "", 0};
}

static int is_up(const weir_label *labels, size_t count)
{
    weir_label name = find(labels, count, "__name__");

    return record_is(name.value, name.value_length, "up");
}

static int find_scrapes(struct ends *e)
{
    size_t count = weir_series_store_count(e->from);

    e->scrapes = calloc(count + 1, sizeof *e->scrapes);
    if (e->scrapes == NULL) {
        return no_memory(e);
    }
    for (uint32_t i = 0; i < count; i++) {
        weir_label labels[LABELS];
        size_t n = read_labels(e->from, i, labels);

        if (is_up(labels, n)) {
            struct scrapes *s = &e->scrapes[e->scrape_count++];

            s->job = find(labels, n, "job");
            s->instance = find(labels, n, "instance");
            weir_series_store_samples(e->from, i, &s->samples);
        }
    }
    return 1;
}

/* Texts of labels are kept once in a store. */
static int same_value(const weir_label *a, const weir_label *b)
{
    return a->value_length == b->value_length && memcmp(a->value, b->value, a->value_length) == 0;
}

static const weir_samples *scrapes_of(const struct ends *e, uint32_t series)
{
    weir_label labels[LABELS];
    size_t n = read_labels(e->from, series, labels);
    weir_label job = find(labels, n, "job"), instance = find(labels, n, "instance");

    for (size_t i = 0; !is_up(labels, n) && i < e->scrape_count; i++) {
        if (same_value(&e->scrapes[i].job, &job) &&
            same_value(&e->scrapes[i].instance, &instance)) {
            return &e->scrapes[i].samples;
        }
    }
    return NULL;
}

/* ---- what the server has at a time ---------------------------------------------------------- */

static void ask(struct ends *e, const struct record_source *s, struct moment *m)
{
    weir_api_reply *reply = NULL;
    weir_error err = {0};

    if (weir_http_query(e->request->server.http, s->text, m->time, &reply, &err) != WEIR_OK) {
        progress_end();
        e->code = server_complain(&e->request->server, s->of, &err);
        return;
    }
    if (reply->kind == WEIR_API_SUCCESS &&
        weir_api_reply_load(reply, m->alive, NULL, &err) != WEIR_OK) {
        no_memory(e);
    }
    weir_api_reply_free(reply);
}

/* NULL after too many; then a series is taken to have ended where it was not seen. */
static struct moment *moment_at(struct ends *e, int64_t time)
{
    struct moment *m = e->moments;

    for (size_t i = 0; i < e->moment_count; i++) {
        if (m[i].time == time) {
            return &m[i];
        }
    }
    if (e->moment_count == MOMENTS_MAX) {
        return NULL;
    }
    m = realloc(m, (e->moment_count + 1) * sizeof *m);
    if (m == NULL) {
        no_memory(e);
        return NULL;
    }
    e->moments = m;
    m += e->moment_count;
    m->time = time;
    if (weir_series_store_create(&series_memory, &m->alive) != WEIR_OK) {
        no_memory(e);
        return NULL;
    }
    e->moment_count++;
    for (size_t i = 0; e->code == EXIT_FINE && i < e->plan->count; i++) {
        const struct record_source *s = &e->plan->sources[i];

        if (s->from <= e->first && s->to >= e->last) {
            ask(e, s, m);
        }
    }
    return m;
}

static int is_alive(struct ends *e, uint32_t series, int64_t time)
{
    struct moment *m = moment_at(e, time);
    uint32_t number = 0;
    weir_samples samples;

    if (m == NULL) {
        return 0;
    }
    if (record_same_series(e->from, series, m->alive, &number) != WEIR_OK) {
        return no_memory(e);
    }
    weir_series_store_samples(m->alive, number, &samples);
    return samples.count > 0; /* none: it was added just now */
}

/* ---- ends ----------------------------------------------------------------------------------- */

/* Where a series ended between two of its samples; INT64_MIN: nowhere that is known. */
static int64_t end_between(struct ends *e, uint32_t series, const weir_samples *scrapes, size_t *at,
                           int64_t sample, int64_t next)
{
    while (*at < scrapes->count && scrapes->times_ms[*at] < sample) {
        (*at)++;
    }
    if (*at == scrapes->count || scrapes->times_ms[*at] != sample) {
        return INT64_MIN; /* a time of its own */
    }
    for (size_t k = *at + 1; e->code == EXIT_FINE && k < scrapes->count; k++) {
        int64_t time = scrapes->times_ms[k];

        if (time >= next || time - sample >= e->request->options.lookback_ms) {
            break;
        }
        if (!is_alive(e, series, time)) {
            return time;
        }
    }
    return INT64_MIN;
}

static void copy_series(struct ends *e, uint32_t series)
{
    const weir_samples *scrapes = scrapes_of(e, series);
    uint32_t number = 0;
    weir_samples s;
    size_t at = 0;

    weir_series_store_samples(e->from, series, &s);
    if (record_same_series(e->from, series, e->to, &number) != WEIR_OK) {
        no_memory(e);
        return;
    }
    for (size_t i = 0; e->code == EXIT_FINE && i < s.count; i++) {
        int64_t next = i + 1 < s.count ? s.times_ms[i + 1] : INT64_MAX, end = INT64_MIN;

        if (scrapes != NULL) {
            end = end_between(e, series, scrapes, &at, s.times_ms[i], next);
        }
        if (weir_series_store_append(e->to, number, s.times_ms[i], s.values[i]) != WEIR_OK ||
            (end != INT64_MIN &&
             weir_series_store_append(e->to, number, end, weir_stale_marker()) != WEIR_OK)) {
            no_memory(e);
        }
    }
}

int record_ends(const struct record_request *request, const struct record_plan *plan, int64_t first,
                int64_t last, const weir_series_store *from, weir_series_store *to)
{
    struct ends e = {.request = request,
                     .plan = plan,
                     .first = first,
                     .last = last,
                     .from = from,
                     .to = to,
                     .code = EXIT_FINE};

    find_scrapes(&e);
    for (uint32_t i = 0; e.code == EXIT_FINE && i < weir_series_store_count(from); i++) {
        copy_series(&e, i);
    }
    for (size_t i = 0; i < e.moment_count; i++) {
        weir_series_store_free(e.moments[i].alive);
    }
    free(e.moments);
    free(e.scrapes);
    return e.code;
}
