/*
 * Series and results of PromQL as short texts, for tests.
 *
 * Series: a line each, "name{label='value'} VALUES", samples a step apart from time 0 on. VALUES
 * are a number, NaN, +Inf, -Inf; "stale", a staleness marker; "_", no sample; "axN", N + 1 times a;
 * "a+bxN" and "a-bxN", a and N more, each further by b.
 *
 * Results: "name{label='value'} 1; ..." of a vector, "name 1@60 2@120; ..." of a matrix with times
 * in seconds, the number of a scalar, "'text'" of a string, "nothing" of no series. Errors:
 * "STATUS line:column message".
 */
#ifndef WEIR_TESTS_SUPPORT_PROMQL_WORLD_H
#define WEIR_TESTS_SUPPORT_PROMQL_WORLD_H

#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <weir/promql.h>

enum { WORLD_TEXT_MAX = 4096, WORLD_LABELS_MAX = 16 };

static inline void *world_take(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static inline void world_give(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static const weir_allocator world_memory = {world_take, world_give, NULL};

/* ---- series --------------------------------------------------------------------------------- */

/* "name{a='b',c='d'}": the labels, and where the text goes on. */
static inline const char *world_labels(const char *text, weir_label *labels, size_t *count)
{
    size_t at = strcspn(text, "{ "), length;

    *count = 0;
    if (at > 0) {
        labels[(*count)++] = (weir_label){"__name__", 8, text, at};
    }
    if (text[at] != '{') {
        return text + at;
    }
    for (at++; text[at] != '}'; at += length + 1 + (text[at + length + 1] == ',')) {
        weir_label *label = &labels[(*count)++];

        assert_true(*count < WORLD_LABELS_MAX);
        label->name = text + at;
        label->name_length = strcspn(label->name, "=");
        at += label->name_length + 2;
        length = strcspn(text + at, "'");
        label->value = text + at;
        label->value_length = length;
    }
    return text + at + 1;
}

/* One item of VALUES from the sample number `k` on; gives the number of the next one. */
static inline int64_t world_values(weir_series_store *store, uint32_t series, int64_t step_ms,
                                   int64_t k, const char *item)
{
    double value = 0, more = 0;
    int64_t times = 0;
    char *end;

    if (*item == '_') {
        return k + 1;
    }
    if (strncmp(item, "stale", 5) == 0) {
        value = weir_stale_marker();
    } else {
        value = strtod(item, &end);
        if (*end == '+' || *end == '-') {
            more = strtod(end, &end);
        }
        if (*end == 'x') {
            times = strtoll(end + 1, &end, 10);
        }
        assert_true(*end == ' ' || *end == '\0');
    }
    for (int64_t i = 0; i <= times; i++, k++, value += more) {
        assert_int_equal(weir_series_store_append(store, series, k * step_ms, value), WEIR_OK);
    }
    return k;
}

static inline void world_line(weir_series_store *store, int64_t step_ms, const char *line)
{
    weir_label labels[WORLD_LABELS_MAX];
    size_t count;
    uint32_t series;
    int64_t k = 0;

    line = world_labels(line, labels, &count);
    assert_int_equal(weir_series_store_series(store, labels, count, &series, NULL), WEIR_OK);
    for (line += strspn(line, " "); *line != '\0'; line += strspn(line, " ")) {
        k = world_values(store, series, step_ms, k, line);
        line += strcspn(line, " ");
    }
}

/* A store with series; freed by the caller. */
static inline weir_series_store *world_store(int64_t step_ms, const char *lines)
{
    weir_series_store *store = NULL;
    char line[WORLD_TEXT_MAX];

    assert_int_equal(weir_series_store_create(&world_memory, &store), WEIR_OK);
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");

        assert_true(length < sizeof line);
        memcpy(line, lines, length);
        line[length] = '\0';
        world_line(store, step_ms, line);
        lines += length + (lines[length] == '\n');
    }
    return store;
}

/* ---- results -------------------------------------------------------------------------------- */

struct world_text {
    char text[WORLD_TEXT_MAX];
    size_t length;
};

static inline void world_put(struct world_text *out, const char *text, size_t length)
{
    assert_true(out->length + length < sizeof out->text);
    memcpy(out->text + out->length, text, length);
    out->length += length;
    out->text[out->length] = '\0';
}

static inline void world_put_string(struct world_text *out, const char *text)
{
    world_put(out, text, strlen(text));
}

/* The fewest digits that read back as the same number. */
static inline void world_put_number(struct world_text *out, double value)
{
    char text[40];

    if (value != value) {
        world_put_string(out, "NaN");
        return;
    }
    for (int digits = value > -1e6 && value < 1e6 ? 6 : 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    world_put_string(out, text[0] == 'i' ? "+Inf" : text[1] == 'i' ? "-Inf" : text);
}

static inline void world_put_labels(struct world_text *out, const weir_promql_result *r, uint32_t i)
{
    const char *before = "{";

    for (size_t at = r->label_at[i]; at < r->label_at[i + 1]; at++) {
        if (r->labels[at].name_length == 8 && memcmp(r->labels[at].name, "__name__", 8) == 0) {
            world_put(out, r->labels[at].value, r->labels[at].value_length);
        }
    }
    for (size_t at = r->label_at[i]; at < r->label_at[i + 1]; at++) {
        const weir_label *label = &r->labels[at];

        if (label->name_length == 8 && memcmp(label->name, "__name__", 8) == 0) {
            continue;
        }
        world_put_string(out, before);
        world_put(out, label->name, label->name_length);
        world_put_string(out, "='");
        world_put(out, label->value, label->value_length);
        world_put_string(out, "'");
        before = ",";
    }
    if (*before == ',') {
        world_put_string(out, "}");
    } else if (r->label_at[i] == r->label_at[i + 1]) {
        world_put_string(out, "{}");
    }
}

static inline void world_put_result(struct world_text *out, const weir_promql_result *r)
{
    char text[32];

    if (r->type == WEIR_PROMQL_STRING) {
        world_put_string(out, "'");
        world_put(out, r->text, r->text_length);
        world_put_string(out, "'");
        return;
    }
    if (r->type == WEIR_PROMQL_SCALAR) {
        world_put_number(out, r->values[0]);
        return;
    }
    for (uint32_t i = 0; i < r->series_count; i++) {
        world_put_string(out, i > 0 ? "; " : "");
        world_put_labels(out, r, i);
        for (size_t at = r->point_at[i]; at < r->point_at[i + 1]; at++) {
            world_put_string(out, " ");
            world_put_number(out, r->values[at]);
            if (r->type == WEIR_PROMQL_MATRIX) {
                snprintf(text, sizeof text, "@%g", (double)r->times_ms[at] / 1000);
                world_put_string(out, text);
            }
        }
    }
    world_put_string(out, r->series_count == 0 ? "nothing" : "");
}

static inline void world_put_error(struct world_text *out, weir_status status,
                                   const weir_error *err)
{
    char place[32];

    snprintf(place, sizeof place, " %d:%d ", (int)err->line, (int)err->column);
    world_put_string(out, weir_status_name(status));
    world_put_string(out, err->line > 0 ? place : " ");
    world_put_string(out, err->message);
}

/* ---- queries -------------------------------------------------------------------------------- */

/* A grid of times in ms; step 0: an instant. */
struct world_grid {
    int64_t start, end, step;
};

/* The answer to a query as text. */
static inline void world_query(struct world_text *out, const weir_series_store *store,
                               const char *query, struct world_grid grid,
                               const weir_promql_options *options)
{
    weir_promql_expr *expr = NULL;
    weir_promql_result *result = NULL;
    weir_error err;
    weir_status status = weir_promql_parse(query, strlen(query), &world_memory, &expr, &err);

    out->length = 0;
    out->text[0] = '\0';
    if (status == WEIR_OK && grid.step == 0) {
        status =
            weir_promql_instant(store, expr, grid.start, options, &world_memory, &result, &err);
    } else if (status == WEIR_OK) {
        status = weir_promql_range(store, expr, grid.start, grid.end, grid.step, options,
                                   &world_memory, &result, &err);
    }
    if (status == WEIR_OK) {
        world_put_result(out, result);
    } else {
        world_put_error(out, status, &err);
    }
    weir_promql_result_free(result);
    weir_promql_expr_free(expr);
}

#endif
