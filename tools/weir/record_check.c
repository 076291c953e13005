/*
 * record_check.c - a recording read back, and what it lacks; see record.h.
 */
#include "record.h"
#include "series.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const int64_t day_ms = INT64_C(86400) * 1000;

/* Times at which there is something, in order. */
struct times {
    int64_t *list;
    size_t count;
};

static void put_ms(char text[40], int64_t ms)
{
    char *dot;

    put_utc(text, 40, ms * (WEIR_SECOND / 1000));
    dot = strchr(text, '.');
    if (dot != NULL && ms % 1000 == 0) {
        memcpy(dot, "Z", 2);
    }
}

static void put_span(char *text, size_t size, int64_t ms)
{
    if (ms >= day_ms) {
        snprintf(text, size, "%.1f days", (double)ms / (double)day_ms);
    } else if (ms >= 60000) {
        snprintf(text, size, "%.0f minutes", (double)ms / 60000);
    } else {
        snprintf(text, size, "%.0f seconds", (double)ms / 1000);
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Edges and the longest hole in between, where they are longer than `most`. */
static void say_holes(const struct record_source *s, const struct times *t, int64_t most,
                      const char *what)
{
    char time[40], until[40], span[40];
    int64_t longest = 0, at = 0;

    for (size_t i = 1; i < t->count; i++) {
        if (t->list[i] - t->list[i - 1] > longest) {
            longest = t->list[i] - t->list[i - 1];
            at = t->list[i - 1];
        }
    }
    if (t->list[0] - s->from > most) {
        put_ms(time, t->list[0]);
        complain("warning: %s: there are no %s before %s", s->of, what, time);
    }
    if (s->to - t->list[t->count - 1] > most) {
        put_ms(time, t->list[t->count - 1]);
        complain("warning: %s: there are no %s after %s", s->of, what, time);
    }
    if (longest > most) {
        put_ms(time, at);
        put_ms(until, at + longest);
        put_span(span, sizeof span, longest);
        complain("warning: %s: there are no %s between %s and %s (%s)", s->of, what, time, until,
                 span);
    }
}

/* ---- answers -------------------------------------------------------------------------------- */

/* Whether a series is of a query, and has the label. */
static int is_of(const weir_series_store *store, uint32_t series, const char *query,
                 const char *name)
{
    weir_label labels[64];
    size_t count = weir_series_store_labels(store, series, labels, 64);
    int of = 0, has = 0;

    for (size_t i = 0; i < count && i < 64; i++) {
        const weir_label *l = &labels[i];

        of += record_is(l->name, l->name_length, RECORD_QUERY) &&
              record_is(l->value, l->value_length, query);
        has += record_is(l->name, l->name_length, name);
    }
    return of && has;
}

static void say_answers(const struct record_source *s, const weir_series_store *store)
{
    struct times t = {NULL, 0};
    uint64_t failed = 0, asked = (uint64_t)((s->to - s->from) / s->step) + 1;

    for (uint32_t i = 0; i < weir_series_store_count(store); i++) {
        weir_samples samples;
        int counts = is_of(store, i, s->text, RECORD_STEP);

        weir_series_store_samples(store, i, &samples);
        failed += is_of(store, i, s->text, RECORD_ERROR) ? samples.count : 0;
        if (!counts || t.list != NULL) {
            continue;
        }
        t.list = calloc(samples.count + 1, sizeof *t.list);
        for (size_t p = 0; t.list != NULL && p < samples.count; p++) {
            if (samples.values[p] > 0) {
                t.list[t.count++] = samples.times_ms[p];
            }
        }
    }
    if (failed > 0) {
        complain("warning: %s: %" PRIu64 " of %" PRIu64 " answers are errors", s->of, failed,
                 asked);
    }
    if (t.count == 0 && failed < asked) {
        complain("warning: %s: all answers are empty", s->of);
    } else if (t.count > 0) {
        say_holes(s, &t, s->step, "answers");
    }
    free(t.list);
}

/* ---- selectors ------------------------------------------------------------------------------ */

static int collect(const weir_promql_result *result, struct times *t)
{
    size_t count = result->series_count > 0 ? result->point_at[result->series_count] : 0;

    t->list = calloc(count + 1, sizeof *t->list);
    if (t->list == NULL) {
        return 0;
    }
    t->count = count;
    if (count > 0) {
        memcpy(t->list, result->times_ms, count * sizeof *t->list);
        qsort(t->list, count, sizeof *t->list, compare);
    }
    return 1;
}

/* What a recording has of a selector. */
static void say_samples(const struct record_source *s, const weir_series_store *store)
{
    weir_promql_options options;
    weir_promql_expr *expr = NULL;
    weir_promql_result *result = NULL;
    struct record_text text = {0};
    struct times t = {NULL, 0};

    weir_promql_options_init(&options, sizeof options);
    options.max_samples = UINT64_MAX;
    record_put(&text, "%s[%" PRId64 "ms]", s->text, s->to - s->from + 1);
    if (!text.failed &&
        weir_promql_parse(text.at, text.length, &series_memory, &expr, NULL) == WEIR_OK &&
        weir_promql_instant(store, expr, s->to, &options, &series_memory, &result, NULL) ==
            WEIR_OK &&
        collect(result, &t)) {
        if (t.count == 0) {
            complain("warning: %s: there are no samples of %s", s->of, s->text);
        } else {
            say_holes(s, &t, options.lookback_ms, "samples");
        }
    }
    free(t.list);
    weir_promql_result_free(result);
    weir_promql_expr_free(expr);
    record_text_free(&text);
}

int record_check(const struct record_plan *plan, const struct record_file *file)
{
    const char *paths[] = {file->path};
    struct series_wishes wishes;
    weir_series_store *store = NULL;
    int code;

    if (!file->regular) {
        return EXIT_FINE;
    }
    series_wishes_init(&wishes);
    code = series_load(paths, 1, &wishes, &store);
    for (size_t i = 0; code == EXIT_FINE && i < plan->count; i++) {
        const struct record_source *s = &plan->sources[i];

        if (s->step > 0) {
            say_answers(s, store);
        } else {
            say_samples(s, store);
        }
    }
    weir_series_store_free(store);
    return code;
}
