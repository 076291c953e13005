/*
 * agree_happenings.h - what happened to a ScaledObject, in order of time: changes, polls, answers.
 *
 * KEDA's queries are recorded without what they were for. One that ended just before an answer to
 * the HPA was sent for it; the others are polls, and those of one poll are near each other. What
 * failed is asked once more at once.
 */
#ifndef WEIR_TOOLS_AGREE_HAPPENINGS_H
#define WEIR_TOOLS_AGREE_HAPPENINGS_H

#include "agree_keda.h"

/* Something that happened, in order of time. */
struct happening {
    weir_time at;
    int32_t kind;
    size_t index; /* of the object, the answer, or the poll's first query; SIZE_MAX: none */
    size_t order; /* among those of the same time */
    size_t queries[WEIR_KEDA_TRIGGERS_MAX]; /* of a poll or an answer: the last of each trigger,
                                               plus 1; 0: none */
    int repeated[WEIR_KEDA_TRIGGERS_MAX];   /* it is the second try */
    weir_time begun;                        /* of a poll: its first query */
};

/* All of them, to be freed; marks the queries with what they were for. */
struct happening *happenings_of(struct recorded_scaled_object *so, size_t *count);

/* The object's configuration at a time; NULL: it had none. */
const weir_keda_config *happening_config(const struct recorded_scaled_object *so, weir_time at);

/* The trigger that an answer is about; -1: all of them. */
int happening_trigger(const struct recorded_answer *answer);

/* Whether a query failed, for its trigger. */
int happening_failed(const struct recorded_query *q, const weir_keda_config *config);

#endif
