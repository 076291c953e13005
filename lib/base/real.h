/*
 * base/real.h - doubles from and to decimal digits, and the power: exact, and the same everywhere.
 *
 * For what is read once (settings, literals) and for the few formulas that raise to a power; the
 * arithmetic of decisions is in base/num.h.
 */
#ifndef WEIR_LIB_BASE_REAL_H
#define WEIR_LIB_BASE_REAL_H

#include "base/internal.h"

/* Go's strconv.ParseFloat(text, 64). WEIR_OK; WEIR_E_PARSE: no number; WEIR_E_LIMIT: one beyond the
 * largest, *value is then an infinity. */
weir_status weir__parse_real(const char *text, size_t length, double *value);

/* Go's strconv.ParseInt(text, base, 64) without underscores; base 2 to 16, and no prefix. Likewise.
 */
weir_status weir__parse_whole(const char *text, size_t length, int32_t base, int64_t *value);

/* The square root, rounded correctly. */
double weir__sqrt(double x);

/* Go's math.Pow as compiled for amd64 machines with fused multiplication. */
double weir__pow(double x, double y);

/* value x 1000 as printf("%.3f") rounds it, ties to even, for 0 <= value < 9.2e15. */
int64_t weir__milli_of(double value);

#endif
