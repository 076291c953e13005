/*
 * chart.h - load against replicas over time, on a terminal or as SVG.
 */
#ifndef WEIR_TOOLS_CHART_H
#define WEIR_TOOLS_CHART_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One decision's worth of a chart. */
struct point {
    int64_t at; /* ns */
    double load;
    int32_t desired, ready;
    int32_t panic;
};

/* All of them, growing. */
struct points {
    struct point *all;
    size_t count, room;
};

/* 0 when there is no memory left. */
int points_add(struct points *points, const struct point *point);
void points_free(struct points *points);

/* `title` and `series` name what is shown. */
void chart_terminal(FILE *out, const struct points *points, const char *series, int colour);
/* 0 after a message. */
int chart_svg(const char *path, const struct points *points, const char *title, const char *series);

#endif
