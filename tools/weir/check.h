/*
 * check.h - what `weir check` found, in four forms.
 */
#ifndef WEIR_TOOLS_CHECK_H
#define WEIR_TOOLS_CHECK_H

#include <stddef.h>
#include <stdio.h>
#include <weir/manifest.h>

/* What was found: problems of a manifest, without those that are allowed. */
struct findings {
    const weir_problem **list;
    size_t count;
    size_t errors, warnings, notices; /* errors with those that found no room */
    size_t files;
};

/* In the order of --format. */
enum { CHECK_TEXT, CHECK_JSON, CHECK_SARIF, CHECK_JUNIT };

void check_print(FILE *out, const struct findings *findings, int format);

/* The reference of all hazards, as Markdown. */
void check_print_hazards(FILE *out);

/* The hazard of an id; NULL: there is none. */
const weir_hazard *check_hazard(const char *id);

#endif
