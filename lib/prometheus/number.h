/*
 * prometheus/number.h - numbers as text, by Go's rules (strconv) and rounded once, whatever the
 * locale.
 */
#ifndef WEIR_LIB_PROMETHEUS_NUMBER_H
#define WEIR_LIB_PROMETHEUS_NUMBER_H

#include "common.h"

enum number_outcome { NUMBER_FINE, NUMBER_SYNTAX, NUMBER_RANGE };

/*
 * Reads as much of a plain decimal number as is there, when that is quick and exact: up to 19
 * digits and a small power of ten. Gives where it ends; NULL when it takes the function below. What
 * is read ends with a byte that belongs to no number.
 */
const char *weir__pm_number_quick(const char *at, double *value);

/*
 * Reads a whole text as strconv.ParseFloat(text, 64) does: decimal and hexadecimal, underscores
 * between digits, infinities and NaN in any case. NUMBER_RANGE leaves an infinity in *value; what
 * is too small becomes 0 and is fine.
 */
enum number_outcome weir__pm_number_parse(struct text text, double *value);

/* The same without 'p', 'P' and '_', as in the text formats: no hexadecimals, no separators.
 * Upstream: model/textparse/promparse.go, parseFloat(). */
enum number_outcome weir__pm_number_plain(struct text text, double *value);

/* A decimal integer with an optional sign, as strconv.ParseInt(text, 10, 64). */
enum number_outcome weir__pm_integer_parse(struct text text, int64_t *value);

enum { NUMBER_TEXT_MAX = 32 };

/*
 * Writes a bound or quantile as the server stores it: the shortest digits that read back, with a
 * point or an exponent in any case ("1.0", "1e-06", "+Inf"). Gives the bytes; no NUL.
 * Upstream: model/labels/float.go, FormatOpenMetricsFloat().
 */
size_t weir__pm_number_bound(double value, char text[NUMBER_TEXT_MAX]);

#endif
