/*
 * report.h - what `weir replay` says before and after the decisions: the autoscaler and its load,
 * then what it came to.
 */
#ifndef WEIR_TOOLS_REPORT_H
#define WEIR_TOOLS_REPORT_H

#include "replaying.h"

/* What the last table of several autoscalers says of one. */
struct report_line {
    weir_report report;
    int started;
};

/* What is replayed, and how. */
void report_heading(const struct request *request, const struct replaying *r);

/* What it came to. `waits` is NULL unless the load was requests. */
void report_summary(const struct outcome *outcome, double pod_capacity, const weir_waits *waits);

/* One line for each of several autoscalers. */
void report_lines(const struct report_line *lines, const weir_manifest_item *const *items,
                  size_t count);

#endif
