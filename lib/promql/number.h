/*
 * number.h - numbers as text, by Go's rules (strconv) and exactly rounded in both directions.
 */
#ifndef WEIR_PROMQL_NUMBER_H
#define WEIR_PROMQL_NUMBER_H

#include "promql/common.h"

/* Bytes that any double needs in any format here. */
enum { NUMBER_TEXT_MAX = 352 };

enum number_outcome { NUMBER_FINE, NUMBER_SYNTAX, NUMBER_RANGE };

/*
 * Writes the shortest digits that read back to the same double, without NUL, and gives the bytes:
 * 'f' without exponent, 'e' with one of at least two digits, 'g' the one or the other as Go's %v.
 * Upstream: strconv.FormatFloat(value, format, -1, 64).
 */
size_t weir__pq_number_print(double value, char format, char text[NUMBER_TEXT_MAX]);

/*
 * Reads a decimal or hexadecimal floating-point number, underscores between digits, infinities and
 * NaN. NUMBER_RANGE leaves an infinity in *value; what is too small becomes 0 and is fine.
 * Upstream: strconv.ParseFloat(text, 64).
 */
enum number_outcome weir__pq_number_parse(struct text text, double *value);

/*
 * Reads a number of an expression: an integer with the prefixes 0x, 0 (octal), else as above.
 * Upstream: promql/parser/parse.go, number().
 */
enum number_outcome weir__pq_literal_parse(struct text text, double *value);

#endif
