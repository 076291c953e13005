/*
 * conform.h - conformance vectors: what an operation's runner gets, and how it answers.
 *
 * A runner walks the steps of a scenario, runs weir on each step's input and hands over what weir
 * gave as a JSON object of the same form as the step's `want`. One comparison serves all areas:
 * every member of `want` must be there and equal, doubles to the bit; of an error's text only that
 * there is one counts. A NUL in a text is U+E000, on both sides.
 */
#ifndef WEIR_TOOLS_CONFORM_H
#define WEIR_TOOLS_CONFORM_H

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>
#include <weir/base.h>

/* What is known about one file. */
struct conform_report {
    int64_t steps, matched;
    int64_t mismatches; /* fields that differ */
    int64_t limit;      /* how many of them go to `lines` */
    FILE *lines;        /* one line a mismatch */
    cJSON *unknown;     /* operations that this weir does not know: name to steps */
};

/* One scenario being run. */
struct scenario {
    const char *name;
    const cJSON *root, *config, *steps;
    weir_time epoch;      /* what every `t` counts from */
    const char *upstream; /* module and version that was recorded */
    const cJSON *step;    /* the step at hand */
    int index;            /* its number, from 0 */
    int answered;         /* steps that were answered */
    const char *misread;  /* a member of the step at hand that is not understood */
    struct conform_report *report;
};

/* An operation of the vectors. */
struct conform_op {
    const char *name;
    void (*run)(struct scenario *scenario);
};

/* The operations of a file of runners; each list ends with a row without a name. */
extern const struct conform_op conform_kpa_ops[];
extern const struct conform_op conform_decider_ops[];
extern const struct conform_op conform_knative_ops[];
extern const struct conform_op conform_reconcile_ops[];
extern const struct conform_op conform_stats_ops[];
extern const struct conform_op conform_hpa_ops[];
extern const struct conform_op conform_hpa_reconcile_ops[];
extern const struct conform_op conform_hpa_spec_ops[];
extern const struct conform_op conform_keda_spec_ops[];
extern const struct conform_op conform_scaled_object_ops[];
extern const struct conform_op conform_keda_ops[];
extern const struct conform_op conform_cron_ops[];
extern const struct conform_op conform_keda_loop_ops[];
extern const struct conform_op conform_scaler_ops[];
extern const struct conform_op conform_prometheus_ops[];
extern const struct conform_op conform_formats_ops[];
extern const struct conform_op conform_kserve_ops[];

/* ---- engine (conform.c, conform_compare.c) -------------------------------------------------- */

/* Runs the scenario of one line, which must be followed by a NUL. WEIR_E_PARSE with column and
 * message when the line holds none; nothing is counted then. */
weir_status conform_line(struct conform_report *report, const char *line, size_t length,
                         weir_error *err);

/* Goes to the next step. 0 past the last one. */
int conform_next(struct scenario *scenario);

/* Which of the names (up to a NULL) the step's `do` is. -1 for none, and then the step does not
 * match whatever the answer. */
int conform_action(struct scenario *scenario, const char *const *names);

/* Takes a member out of the `want` of the step at hand: upstream recorded it and does not use it.
 */
void conform_ignore(struct scenario *scenario, const char *name);

/* Gives the `want` of the step at hand a member that it lacks: what the vectors leave out because
 * it is as before, or empty. Takes the value over. */
void conform_expect(struct scenario *scenario, const char *name, cJSON *value);

/* Takes what weir gave for the step at hand, frees it, and counts the step. */
void conform_answer(struct scenario *scenario, cJSON *got);

/* Compares, and notes what differs; `path` is where in the step's want. 1 when equal. */
int conform_matches(struct scenario *scenario, const char *path, const cJSON *want,
                    const cJSON *got);

/* Notes a difference of the step at hand; NULL is nothing. */
void conform_note(struct scenario *scenario, const char *field, const cJSON *want,
                  const cJSON *got);

/* Notes that an input of the step at hand, at a field of it, is not understood. */
void conform_note_input(struct scenario *scenario, const char *field, const cJSON *item);

/* ---- answers (conform_json.c) --------------------------------------------------------------- */

/* An answer that is an error of this kind ("panic", "no_data"). */
cJSON *conform_error(const char *kind);

/* The error that a status stands for. What weir refuses where upstream panics is of kind "panic".
 */
cJSON *conform_failure(weir_status status);

/* Members for an answer, or items for a list of it: a double that may not be finite, an integer of
 * any size, a time. */
void conform_put_double(cJSON *object, const char *name, double value);
void conform_put_int(cJSON *object, const char *name, int64_t value);
void conform_add_double(cJSON *array, double value);
void conform_add_int(cJSON *array, int64_t value);
void conform_put_time(cJSON *object, const char *name, const struct scenario *s, weir_time value);

/* ---- inputs (conform_json.c) ---------------------------------------------------------------- */

/* Values of an input, which may be numbers or strings that stand for numbers. A member that is
 * missing, null or something else gives `missing`. */
int64_t conform_int(const cJSON *object, const char *name, int64_t missing);
double conform_double(const cJSON *object, const char *name, double missing);
const char *conform_text(const cJSON *object, const char *name, const char *missing);
const char *conform_key(const cJSON *item); /* a member's name, "" for an item of a list */

/* Of an item itself; 0 when it is none. */
double conform_number(const cJSON *item);
int64_t conform_integer(const cJSON *item);

int conform_is_integer(const cJSON *item); /* a whole number that an int64 can hold */
int conform_is(const cJSON *object, const char *name, const char *text);
int conform_has(const cJSON *object, const char *name); /* present and not null */

/* A member, or an item itself, that counts nanoseconds from the scenario's epoch. */
weir_time conform_time(const struct scenario *s, const cJSON *object, const char *name);
weir_time conform_time_of(const struct scenario *s, const cJSON *item);

/* A member in whole seconds, as a duration. */
weir_duration conform_seconds(const cJSON *object, const char *name, int64_t missing);

/* The way back: nanoseconds from the scenario's epoch. */
int64_t conform_since(const struct scenario *s, weir_time t);

/* Memory for a state of weir; NULL for more than conform_block_max, which a fuzzer lowers. */
void *conform_block(size_t bytes);
extern size_t conform_block_max;

#endif
