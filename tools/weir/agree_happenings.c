/*
 * agree_happenings.c - queries to polls and answers; see agree_happenings.h.
 */
#include "agree_happenings.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A query for an answer ends so long before it at most, the time that KEDA's adapter waits; the
 * repetition of a query that failed begins so soon after it. */
#define ANSWER_DELAY (7 * WEIR_SECOND / 2)
#define RETRY_DELAY  (WEIR_SECOND / 50)

/* The list being made. */
struct happenings {
    struct recorded_scaled_object *so;
    struct happening *list;
    size_t count;
};

int happening_trigger(const struct recorded_answer *answer)
{
    return answer->metric[0] == 's' ? (int)strtol(answer->metric + 1, NULL, 10) : -1;
}

/* The last query of a trigger that ended before an answer and belongs to none; its place plus 1. */
static size_t query_for(struct recorded_scaled_object *so, size_t trigger, weir_time at)
{
    size_t low = 0, high = so->query_count;

    while (low < high) { /* the first one that ends later */
        size_t middle = (low + high) / 2;

        if (so->queries[middle].done <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low > 0 && so->queries[low - 1].done > at - ANSWER_DELAY; low--) {
        if (so->queries[low - 1].trigger == trigger && so->queries[low - 1].serve < 0) {
            return low;
        }
    }
    return 0;
}

int happening_failed(const struct recorded_query *q, const weir_keda_config *config)
{
    return q->status != WEIR_OK &&
           !(q->status == WEIR_NO_DATA && q->trigger < config->trigger_count &&
             config->triggers[q->trigger].ignore_null_values);
}

/* Whether one query repeats another one, which failed. */
static int is_repetition(const struct recorded_query *first, const struct recorded_query *again,
                         const weir_keda_config *config)
{
    weir_duration gap = again->begun - first->done;

    return happening_failed(first, config) && gap < RETRY_DELAY && gap > -RETRY_DELAY;
}

const weir_keda_config *happening_config(const struct recorded_scaled_object *so, weir_time at)
{
    const weir_keda_config *found = NULL;

    for (size_t i = 0; i < so->object_count && so->objects[i].from <= at; i++) {
        found = so->objects[i].config;
    }
    return found;
}

/* Takes the queries that were sent for an answer. */
static void take_queries(struct recorded_scaled_object *so, size_t answer, struct happening *h)
{
    const weir_keda_config *config = happening_config(so, h->at);
    int wanted = happening_trigger(&so->hpa->answers[answer]);

    for (uint32_t i = 0; config != NULL && i < config->trigger_count; i++) {
        size_t found;

        if ((wanted >= 0 && (uint32_t)wanted != i) || config->triggers[i].use_cached_metrics) {
            continue;
        }
        found = query_for(so, i, h->at);
        if (found == 0) {
            continue;
        }
        h->queries[i] = found;
        so->queries[found - 1].serve = (int64_t)answer;
        if (happening_failed(&so->queries[found - 1], config)) { /* it was the second try */
            size_t first = query_for(so, i, so->queries[found - 1].begun + RETRY_DELAY);

            h->repeated[i] = first > 0 && is_repetition(&so->queries[first - 1],
                                                        &so->queries[found - 1], config);
            if (h->repeated[i]) {
                so->queries[first - 1].serve = (int64_t)answer;
            }
        }
    }
}

static int compare_happenings(const void *a, const void *b)
{
    const struct happening *x = a, *y = b;

    if (x->at != y->at) {
        return x->at < y->at ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

static struct happening *add(struct happenings *all, int32_t kind, weir_time at, size_t index)
{
    struct happening *h = &all->list[all->count];

    memset(h, 0, sizeof *h);
    h->kind = kind;
    h->at = at;
    h->index = index;
    h->order = all->count++;
    return h;
}

/* The polls: queries that belong to no answer, and to one another when they are near. */
static void find_polls(struct happenings *all)
{
    struct recorded_scaled_object *so = all->so;
    struct happening *poll = NULL;

    for (size_t i = 0; i < so->query_count; i++) {
        const struct recorded_query *q = &so->queries[i];
        const weir_keda_config *config = happening_config(so, q->begun);
        const struct recorded_query *before;

        if (q->serve >= 0 || config == NULL || q->trigger >= WEIR_KEDA_TRIGGERS_MAX) {
            continue;
        }
        before = poll != NULL && poll->queries[q->trigger] > 0
                     ? &so->queries[poll->queries[q->trigger] - 1]
                     : NULL;
        if (poll == NULL ||
            (before != NULL ? !is_repetition(before, q, config) || poll->repeated[q->trigger]
                            : q->begun > poll->begun + config->polling_interval / 2)) {
            poll = add(all, AGREE_POLL, q->done, i);
            poll->begun = q->begun;
            before = NULL;
        }
        poll->repeated[q->trigger] = before != NULL;
        poll->queries[q->trigger] = i + 1;
        poll->at = q->done;
    }
}

/* Polls that asked nothing, and wrote all the same: a write long after every poll that is seen. */
static void find_silent_polls(struct happenings *all)
{
    const struct recorded_scaled_object *so = all->so;
    size_t seen = all->count;

    for (size_t i = 0; i < so->write_count; i++) {
        weir_time at = so->writes[i].received;
        const weir_keda_config *config = happening_config(so, at);
        int found = config == NULL;

        for (size_t k = 0; k < seen; k++) {
            const struct happening *h = &all->list[k];
            weir_time from = h->kind == AGREE_CHANGE ? so->objects[h->index].from : h->begun;

            found |= h->kind != AGREE_SERVED && from <= at &&
                     (config == NULL || at < h->at + config->polling_interval);
        }
        if (!found) {
            add(all, AGREE_POLL, at, SIZE_MAX)->begun = at;
        }
    }
}

struct happening *happenings_of(struct recorded_scaled_object *so, size_t *count)
{
    size_t answers = so->hpa != NULL ? so->hpa->answer_count : 0;
    struct happenings all = {so, NULL, 0};

    all.list = calloc(so->object_count + answers + so->query_count + so->write_count + 1,
                      sizeof all.list[0]);
    if (all.list == NULL) {
        fputs("weir: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    for (size_t i = 1; i < so->object_count; i++) {
        add(&all, AGREE_CHANGE, so->objects[i].until, i);
    }
    for (size_t i = 0; i < answers; i++) {
        take_queries(so, i, add(&all, AGREE_SERVED, so->hpa->answers[i].at, i));
    }
    find_polls(&all);
    find_silent_polls(&all);
    qsort(all.list, all.count, sizeof all.list[0], compare_happenings);
    *count = all.count;
    return all.list;
}
