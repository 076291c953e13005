/*
 * agree_input.h - what an autoscaler of a recording looked at in one step, as weir takes it.
 */
#ifndef WEIR_TOOLS_AGREE_INPUT_H
#define WEIR_TOOLS_AGREE_INPUT_H

#include "recording.h"

/* The inputs of one autoscaler, step after step. Its arrays are used again for each. */
struct agree_input {
    const struct recorded_autoscaler *autoscaler;
    weir_hpa_input open;
    weir_hpa_reading readings[WEIR_HPA_METRICS_MAX];
    const struct recorded_answer *answers[WEIR_HPA_METRICS_MAX]; /* NULL: there was none */
    int64_t *values;
    weir_hpa_sample *samples;
    weir_pod *pods;
    size_t value_room, sample_room, pod_room;

    /* The pods as of a time: the last change of each. */
    const struct recorded_pod **last;
    const struct recorded_template **templates; /* of each pod that was seen */
    const struct recorded_pod **listed;         /* those in the input, in its order */
    size_t changes_taken;
};

void agree_input_init(struct agree_input *input, const struct recorded_autoscaler *autoscaler);
void agree_input_free(struct agree_input *input);

/* Finds the answers to the metrics of a spec. Gives the time at which the pods were looked at, as
 * the answers tell: when the first metric that needs them was there; WEIR_TIME_NONE: none needs
 * them. */
weir_time agree_input_answers(struct agree_input *input, const struct recorded_step *step,
                              const weir_hpa_config *config);

/* Fills `open` with the pods as they were known at a time. */
void agree_input_fill(struct agree_input *input, const struct recorded_step *step,
                      const weir_hpa_config *config, weir_time pods_at);

#endif
