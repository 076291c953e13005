/*
 * conform.h - conformance vectors: what an operation's runner gets, and how it answers.
 *
 * A runner walks the steps of a scenario, runs weir on each step's input and hands over what weir
 * gave as a JSON object of the same form as the step's `want`. One comparison serves all areas:
 * every member of `want` must be there and equal, doubles to the bit.
 */
#ifndef WEIR_TOOLS_CONFORM_H
#define WEIR_TOOLS_CONFORM_H

#include <cjson/cJSON.h>
#include <stdint.h>
#include <weir/base.h>

struct conform_report;

/* One scenario being run. */
struct scenario {
    const char *name;
    const char *line; /* as it was read, and how long that is */
    size_t length;
    const cJSON *root, *config, *steps;
    weir_time epoch;      /* what every `t` counts from */
    const char *upstream; /* module and version that was recorded */
    const cJSON *step;    /* the step at hand */
    int index;            /* its number */
    struct conform_report *report;
};

/* An operation of the vectors. */
struct conform_op {
    const char *name;
    void (*run)(struct scenario *scenario);
};

/* The operations, by area; each list ends with a row without a name. */
extern const struct conform_op conform_kpa_ops[];
extern const struct conform_op conform_knative_ops[];
extern const struct conform_op conform_reconcile_ops[];
extern const struct conform_op conform_stats_ops[];
extern const struct conform_op conform_prometheus_ops[];

/* Goes to the next step. 0 past the last one. */
int conform_next(struct scenario *scenario);

/* Takes what weir gave for the step at hand, frees it, and counts the step. */
void conform_answer(struct scenario *scenario, cJSON *got);

/* An answer that is an error of this kind ("panic", "no_data"). */
cJSON *conform_error(const char *kind);

/* Members for an answer: a double that may not be finite, an integer of any size, a time. */
void conform_put_double(cJSON *object, const char *name, double value);
void conform_put_int(cJSON *object, const char *name, int64_t value);
void conform_put_time(cJSON *object, const char *name, const struct scenario *s, weir_time value);

/* Values of an input, which may be numbers or strings that stand for numbers. */
int64_t conform_int(const cJSON *object, const char *name, int64_t missing);
double conform_double(const cJSON *object, const char *name, double missing);
double conform_number(const cJSON *item); /* of an item itself, 0 when it is none */
int64_t conform_integer(const cJSON *item);
const char *conform_text(const cJSON *object, const char *name, const char *missing);
int conform_is(const cJSON *object, const char *name, const char *text);
int conform_has(const cJSON *object, const char *name); /* present and not null */
weir_time conform_time(const struct scenario *s, const cJSON *object, const char *name);

#endif
