/*
 * base/double.h - doubles as every file computes with them: IEEE, evaluated as written.
 */
#ifndef WEIR_LIB_BASE_DOUBLE_H
#define WEIR_LIB_BASE_DOUBLE_H

#include <float.h>

#if defined(__FAST_MATH__)
#error "weir's decisions are exact; do not build it with -ffast-math"
#endif
#if FLT_EVAL_METHOD != 0 || FLT_RADIX != 2 || DBL_MANT_DIG != 53
#error "weir needs IEEE-754 doubles without excess precision (on 32-bit x86: -msse2 -mfpmath=sse)"
#endif
/* For those who compile the sources with flags of their own. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#endif
