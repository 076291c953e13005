/*
 * agree.h - does weir decide as an autoscaler did that was recorded? Step by step, with its
 * reasons.
 *
 * Every step begins with what was recorded: time, the target's scale, answers and pods. What weir
 * remembers is carried from step to step. A recording leaves a little open: when exactly the
 * controller read its clock, and which changes of pods and spec it had seen. Where weir would
 * disagree and another reading within those bounds agrees, that one is taken, and counted.
 */
#ifndef WEIR_TOOLS_AGREE_H
#define WEIR_TOOLS_AGREE_H

#include "agree_input.h"
#include "recording.h"

enum { AGREE_CONDITIONS_MAX = 512 };

/* What weir made of a step. */
struct agree_step {
    const struct recorded_autoscaler *autoscaler;
    const struct recorded_step *recorded;
    const weir_hpa_config *config;   /* of the spec that was used; NULL: there is none */
    const struct agree_input *input; /* what it was decided on */
    weir_status status;              /* of weir; an error: there is no decision at all */
    int has_proposal;
    int32_t proposed;
    int32_t outcome;  /* RECORDED_* */
    int32_t replicas; /* decided for */
    char conditions[AGREE_CONDITIONS_MAX];
    weir_explain explain;
    int compared; /* 0: there is no spec to decide by, or weir gave an error */
    int proposal_agrees, outcome_agrees, conditions_agree;
    int shifted; /* it agrees when the pods, the clock or the spec are read within what is open */
};

/* What came of one autoscaler. */
struct agree_tally {
    int64_t steps, rescales;                 /* recorded */
    int64_t compared;                        /* of the steps */
    int64_t agreed;                          /* in everything */
    int64_t proposals, outcomes, conditions; /* that agree */
    int64_t shifted;
};

/* Runs one autoscaler, and tells of each step. */
void agree_run(const struct recording *recording, const struct recorded_autoscaler *autoscaler,
               struct agree_tally *tally, void (*see)(void *user, const struct agree_step *step),
               void *user);

#endif
