/*
 * chart.h - load against pods over time, on a terminal or as SVG.
 */
#ifndef WEIR_TOOLS_CHART_H
#define WEIR_TOOLS_CHART_H

#include "history.h"

#include <stdio.h>
#include <weir/base.h>

/* What is shown. */
struct chart {
    const struct history *history;
    const char *title;   /* "Service default/demo" */
    const char *about;   /* a line below it */
    const char *series;  /* what the load is: "concurrency" */
    weir_time first;     /* of the trace, see put_time() */
    double pod_capacity; /* load that a pod can take; 0: not known */
};

void chart_terminal(FILE *out, const struct chart *chart, int colour);

/* 0 after a message. */
int chart_svg(const char *path, const struct chart *chart);

/* Ticks of a time axis: a round step so that there are at most `most` of them. */
int64_t chart_time_step(int64_t span, int most);

/* The least round number that is not below a value above 0. */
double chart_round_up(double value);

/* The time of a tick as its label: the time of day where that is enough. */
void chart_put_tick(char *text, size_t size, const struct chart *chart, int64_t at, int64_t step);

#endif
