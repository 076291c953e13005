/*
 * manifest/go_syntax.h - numbers, booleans and durations as Go's standard library reads them, which
 * is how Knative reads its annotations and ConfigMaps. Each gives 1, or 0 for what Go refuses.
 */
#ifndef WEIR_LIB_MANIFEST_GO_SYNTAX_H
#define WEIR_LIB_MANIFEST_GO_SYNTAX_H

#include <weir/base.h>

/* strconv.ParseFloat(text, 64): decimal, hexadecimal with its p exponent, inf, infinity, nan;
 * single underscores between digits. Overflow is refused, underflow gives zero. */
int go_parse_float(const char *text, double *value);

/* strconv.ParseInt(text, 10, bits) */
int go_parse_int(const char *text, int32_t bits, int64_t *value);

/* strconv.ParseBool */
int go_parse_bool(const char *text, int32_t *value);

/* time.ParseDuration */
int go_parse_duration(const char *text, weir_duration *value);

#endif
