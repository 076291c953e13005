/*
 * answers.h - what a query answers at the times at which an autoscaler asks it, from series in
 * memory or from a server, block by block of the grid that the times make.
 */
#ifndef WEIR_TOOLS_ANSWERS_H
#define WEIR_TOOLS_ANSWERS_H

#include "server.h"

#include <weir/promql.h>

/* Who answers: a server when it is open, else a store. */
struct respondent {
    const weir_series_store *store;
    const struct server *server;
    weir_promql_options options;
};

/* Times at which something is asked: first, first + period, ... up to end. */
struct clock {
    weir_time first;
    weir_duration period;
};

struct question {
    const char *text; /* PromQL */
    const char *who;  /* asks, for messages: "so: s0-prometheus" */
    int single;       /* 1: as KEDA's prometheus scaler reads a reply, one number or an error;
                         0: the sum of all that there is */
    weir_time end;
    weir_duration unit; /* times are cut to whole ones of it: 1 s, 1 ms */
};

/* WEIR_OK: a number. WEIR_NO_DATA: an answer without one. WEIR_E_IO: an error. */
struct answer {
    weir_status status;
    double value;
};

struct answers;

/* NULL after a message, as for a query that weir cannot evaluate. Texts and the respondent must
 * live as long. */
struct answers *answers_open(const struct respondent *from, const struct question *question,
                             const struct clock *clock);

/* The answer at a time of the clock, not before the last that was asked for. EXIT_FINE; EXIT_INPUT
 * after a message. */
int answers_at(struct answers *answers, weir_time at, struct answer *answer);

/* Says on stderr how many answers to one question, asked by several clocks, were errors, if any,
 * and why the first was. */
void answers_report(struct answers *const *list, size_t count);

/* NULL is fine. */
void answers_close(struct answers *answers);

#endif
