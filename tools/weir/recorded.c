/*
 * recorded.c - the answers of a recording by query and time; see recorded.h.
 */
#include "recorded.h"
#include "program.h"
#include "record.h"
#include "series.h"

#include <stdlib.h>
#include <string.h>

/* One series of the store. */
struct part {
    weir_samples samples;
    const char *error; /* it says when there was this one */
    size_t error_length;
    int64_t step; /* above 0: it says when the query was asked, and how far apart */
};

struct recorded {
    struct part *parts;
    size_t count;
};

/* ---- finding -------------------------------------------------------------------------------- */

/* An expression as it is printed; NULL when it is none, or for want of memory. */
static char *canonical(const char *text, size_t length)
{
    weir_promql_expr *expr = NULL;
    char *printed = NULL;
    size_t need = 0;

    if (weir_promql_parse(text, length, &series_memory, &expr, NULL) == WEIR_OK) {
        weir_promql_print(expr, NULL, 0, &need);
        printed = malloc(need);
        if (printed != NULL) {
            weir_promql_print(expr, printed, need, NULL);
        }
    }
    weir_promql_expr_free(expr);
    return printed;
}

struct search {
    const weir_series_store *store;
    const char *query;
    char *printed;
    const char *other; /* a query that is another one */
    size_t other_length;
    int others, raw; /* how many series are of others, or of none */
    weir_label *labels;
    size_t room;
};

static int is_same(const struct search *s, const char *text, size_t length)
{
    char *printed;
    int same = record_is(text, length, s->query);

    if (!same && s->printed != NULL) {
        printed = canonical(text, length);
        same = printed != NULL && strcmp(printed, s->printed) == 0;
        free(printed);
    }
    return same;
}

static int64_t step_of(const weir_label *label)
{
    char digits[24] = "";

    if (label->value_length < sizeof digits) {
        memcpy(digits, label->value, label->value_length);
    }
    return strtoll(digits, NULL, 10);
}

/* Reads the labels of a series. 1 when it is of the query; -1 without memory. */
static int look_at(struct search *s, uint32_t series, struct part *part)
{
    size_t count = weir_series_store_labels(s->store, series, NULL, 0);
    const weir_label *query = NULL;

    memset(part, 0, sizeof *part);
    if (count > s->room) {
        free(s->labels);
        s->room = 2 * count;
        s->labels = calloc(s->room, sizeof *s->labels);
        if (s->labels == NULL) {
            s->room = 0;
            return -1;
        }
    }
    weir_series_store_labels(s->store, series, s->labels, count);
    for (size_t i = 0; i < count; i++) {
        const weir_label *label = &s->labels[i];

        if (record_is(label->name, label->name_length, RECORD_QUERY)) {
            query = label;
        } else if (record_is(label->name, label->name_length, RECORD_ERROR)) {
            part->error = label->value;
            part->error_length = label->value_length;
        } else if (record_is(label->name, label->name_length, RECORD_STEP)) {
            part->step = step_of(label);
        }
    }
    if (query == NULL) {
        s->raw++;
        return 0;
    }
    /* The texts of labels are kept once in a store. */
    if (query->value == s->other || !is_same(s, query->value, query->value_length)) {
        s->other = query->value;
        s->other_length = query->value_length;
        s->others++;
        return 0;
    }
    weir_series_store_samples(s->store, series, &part->samples);
    return 1;
}

static int find_all(struct search *s, struct recorded *r)
{
    for (uint32_t i = 0; i < weir_series_store_count(s->store); i++) {
        struct part part;
        int found = look_at(s, i, &part);

        if (found < 0) {
            return 0;
        }
        if (found) {
            struct part *grown = realloc(r->parts, (r->count + 1) * sizeof *grown);

            if (grown == NULL) {
                return 0;
            }
            r->parts = grown;
            r->parts[r->count++] = part;
        }
    }
    return 1;
}

int recorded_find(const weir_series_store *store, const char *query, const char *who,
                  struct recorded **found)
{
    struct search s = {.store = store, .query = query, .printed = canonical(query, strlen(query))};
    struct recorded *r = calloc(1, sizeof *r);
    int fine = r != NULL && find_all(&s, r);

    *found = r;
    if (!fine) {
        complain("there is no memory left");
    } else if (r->count == 0 && s.others > 0 && s.raw == 0) {
        complain("%s: the recording has no answers to its query, but to others, as %.*s", who,
                 (int)(s.other_length < 200 ? s.other_length : 200), s.other);
        fine = 0;
    }
    if (!fine || r->count == 0) {
        recorded_free(r);
        *found = NULL;
    }
    free(s.labels);
    free(s.printed);
    return fine;
}

void recorded_free(struct recorded *r)
{
    if (r != NULL) {
        free(r->parts);
        free(r);
    }
}

/* ---- answers -------------------------------------------------------------------------------- */

/* How many of the times are at or before one. */
static size_t count_until(const weir_samples *s, int64_t ms)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->times_ms[middle] <= ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* When the query was asked last. 0 when that is too long ago. */
static int asked_at(const struct recorded *r, int64_t ms, int64_t *asked)
{
    int64_t step = 0;

    *asked = INT64_MIN;
    for (size_t i = 0; i < r->count; i++) {
        const struct part *part = &r->parts[i];
        size_t count = count_until(&part->samples, ms);

        step = part->step > step ? part->step : step;
        if ((part->step > 0 || part->error != NULL) && count > 0 &&
            part->samples.times_ms[count - 1] > *asked) {
            *asked = part->samples.times_ms[count - 1];
        }
    }
    return *asked != INT64_MIN && ms - *asked < step;
}

int recorded_at(const struct recorded *r, int64_t ms, struct recorded_answer_at *answer)
{
    int64_t asked;

    memset(answer, 0, sizeof *answer);
    if (!asked_at(r, ms, &asked)) {
        return 0;
    }
    for (size_t i = 0; i < r->count; i++) {
        const struct part *part = &r->parts[i];
        size_t count = count_until(&part->samples, asked);

        if (part->step > 0 || count == 0 || part->samples.times_ms[count - 1] != asked) {
            continue;
        }
        if (part->error != NULL) {
            answer->error = part->error;
            answer->error_length = part->error_length;
        } else {
            double value = part->samples.values[count - 1];

            answer->sum = answer->elements++ == 0 ? value : answer->sum + value;
        }
    }
    return 1;
}
