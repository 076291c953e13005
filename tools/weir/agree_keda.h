/*
 * agree_keda.h - does weir do as KEDA did that was recorded? What it wrote to the targets, what it
 * served to the HPAs, the HPAs that it made.
 *
 * The queries that KEDA sent are recorded, and so are the answers that the HPAs got. A query that
 * ended just before such an answer was sent for it; the others were polls.
 */
#ifndef WEIR_TOOLS_AGREE_KEDA_H
#define WEIR_TOOLS_AGREE_KEDA_H

#include "recording.h"

enum { AGREE_POLL, AGREE_SERVED, AGREE_CHANGE, AGREE_MADE };

/* One thing that KEDA did, and weir. */
struct agree_keda_event {
    const struct recorded_scaled_object *object;
    int32_t kind; /* AGREE_* */
    int agrees;
    weir_time at;
    const char *file; /* where it is recorded */
    int64_t line;
    char recorded[160], weir[160]; /* in words */
    weir_explain explain;          /* of polls */
};

struct agree_keda_tally {
    int64_t polls, polls_agreed; /* a poll: whether a size is written, and which; so for changes
                                    of the object */
    int64_t writes;              /* among them */
    int64_t served, served_agreed;
    int64_t shifted;           /* of those, answers as of before a poll that was not done yet */
    int64_t made, made_agreed; /* HPAs written */
};

/* Runs one ScaledObject, and tells of everything that KEDA did. */
void agree_keda_run(const struct recording *recording, struct recorded_scaled_object *object,
                    struct agree_keda_tally *tally,
                    void (*see)(void *user, const struct agree_keda_event *event), void *user);

#endif
