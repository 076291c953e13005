/*
 * agree_print.h - how far weir agrees with a recording, for people and for programs.
 */
#ifndef WEIR_TOOLS_AGREE_PRINT_H
#define WEIR_TOOLS_AGREE_PRINT_H

#include "agree.h"
#include "agree_keda.h"

#include <stdio.h>

/* For people: the heading, a line an autoscaler whose names take so many columns, a step that
 * differs. */
void agree_print_heading(FILE *out, const struct recording *recording);
int agree_name_width(const struct recording *recording);
void agree_print_tally(FILE *out, int width, const char *name, const struct agree_tally *tally);
void agree_print_step(FILE *out, const struct agree_step *step);

/* Changes of a size, a line each, recorded beside weir's. */
void agree_print_changes_heading(FILE *out);
void agree_print_change(FILE *out, const struct agree_step *step);

/* What KEDA did: a line a ScaledObject, one that differs. */
void agree_print_keda_heading(FILE *out, const struct recording *recording);
void agree_print_keda(FILE *out, int width, const char *name, const struct agree_keda_tally *tally);
void agree_print_event(FILE *out, const struct agree_keda_event *event);

/* For programs: an object a line. */
void agree_json_tally(FILE *out, const struct recording *recording, const char *name,
                      const struct agree_tally *tally);
void agree_json_step(FILE *out, const struct agree_step *step);
void agree_json_keda(FILE *out, const struct recording *recording, const char *name,
                     const struct agree_keda_tally *tally);
void agree_json_event(FILE *out, const struct agree_keda_event *event);

#endif
