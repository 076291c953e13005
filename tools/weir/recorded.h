/*
 * recorded.h - answers to a query that a recording has, instead of the series behind them.
 *
 * In a store they are series with the query's text as a label; docs/recording.md has the form.
 */
#ifndef WEIR_TOOLS_RECORDED_H
#define WEIR_TOOLS_RECORDED_H

#include <weir/promql.h>

struct recorded;

/* What a recording has of one time. */
struct recorded_answer_at {
    uint32_t elements;
    double sum;          /* of them */
    const char *error;   /* instead of an answer; NULL: none. It lives as long as the store, */
    size_t error_length; /* and has no NUL at its end */
};

/* The answers to a query, found by its text, or by that of an expression that is the same. *found
 * is NULL when there are none, but series to evaluate it over. 1; 0 after a message that names who
 * asks, as where there are answers to other queries alone. */
int recorded_find(const weir_series_store *store, const char *query, const char *who,
                  struct recorded **found);

/* The answer that held at a time: the newest that is less than the distance of answers old. 0 when
 * there is none. */
int recorded_at(const struct recorded *recorded, int64_t ms, struct recorded_answer_at *answer);

void recorded_free(struct recorded *recorded);

#endif
