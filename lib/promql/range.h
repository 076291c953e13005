/*
 * range.h - functions over the samples of a range: a window that slides over a series, and what
 * each function keeps from one step to the next.
 */
#ifndef WEIR_PROMQL_RANGE_H
#define WEIR_PROMQL_RANGE_H

#include "promql/eval.h"

/* A call being evaluated over one series after another. */
struct range_call {
    struct eval *ev;
    const struct node *call;
    const struct node *argument; /* the range selector or subquery */
    uint8_t id;                  /* FN_* */
    const struct grid *grid;
    int64_t range_ms, offset, at;
    double range_s;
    bool fixed, closed;       /* @ was given; the range includes its left end */
    const double *parameters; /* one a step, NULL: the function has none */
    double parameter;         /* of the step at hand */

    /* The series at hand: its samples, and those in the window, [low, high). */
    const int64_t *times;
    const double *values;
    size_t count, low, high;
    int64_t now;      /* of the step */
    int64_t from, to; /* ends of the range */

    /* What functions keep. `seen`: how many samples were taken in; `left`: how many left again. */
    size_t seen, left;
    uint32_t events; /* in the window: changes, resets, or zeros with a minus */
    size_t *queue;   /* positions: of resets, or of candidates for the extreme */
    size_t queue_room, queue_first, queue_end;
    double *sorted; /* the window's values */
    size_t sorted_room, sorted_count;
    double total, weight; /* sum and sum of magnitudes of whole numbers in the window */
    size_t fractions;     /* values in the window that are not whole, or large */
    bool failed;          /* no memory */
};

/* The value of a function at a step; false: there is none. The window is not empty. */
typedef bool range_function(struct range_call *c, double *out);

/* In range_rate.c: rate, increase and delta for all steps of one series. */
void weir__pq_range_rate(struct range_call *c, struct row *row);

/* In range_functions.c */
range_function *weir__pq_range_function(uint8_t id);

/* Starts a series: the window of the first step, nothing seen. */
void weir__pq_window_open(struct range_call *c);

/* Where the range of a step ends. */
int64_t weir__pq_window_end(const struct range_call *c, uint32_t step);

/* How many samples there are up to the end of the last step's range. */
size_t weir__pq_window_limit(const struct range_call *c);

/* Room for `count` positions in the queue. */
bool weir__pq_range_queue(struct range_call *c, size_t count);

/* Moves the window to a step. */
static inline void window_move(struct range_call *c, uint32_t step)
{
    c->now = grid_time(c->grid, step);
    c->to = (c->fixed ? c->at : c->now) - c->offset;
    c->from = c->to - c->range_ms;
    while (c->high < c->count && c->times[c->high] <= c->to) {
        c->high++;
    }
    while (c->low < c->high &&
           (c->closed ? c->times[c->low] < c->from : c->times[c->low] <= c->from)) {
        c->low++;
    }
}

#endif
