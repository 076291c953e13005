/*
 * gomath.h - the functions of Go's package math that PromQL calls, equal to the bit on amd64 with
 * FMA, computed with + - * / alone. C libraries differ among each other in the last bits of these.
 */
#ifndef WEIR_PROMQL_GOMATH_H
#define WEIR_PROMQL_GOMATH_H

double weir__pq_go_floor(double x);
double weir__pq_go_ceil(double x);
double weir__pq_go_trunc(double x);
double weir__pq_go_round(double x);         /* half away from zero */
double weir__pq_go_max(double x, double y); /* +Inf wins, then NaN; 0 above -0 */
double weir__pq_go_min(double x, double y); /* -Inf wins, then NaN; -0 below 0 */
double weir__pq_go_sqrt(double x);
double weir__pq_go_mod(double x, double y); /* with the sign of x */
double weir__pq_go_exp(double x);
double weir__pq_go_log(double x);
double weir__pq_go_log2(double x);
double weir__pq_go_log10(double x);
double weir__pq_go_pow(double x, double y);

double weir__pq_go_sin(double x);
double weir__pq_go_cos(double x);
double weir__pq_go_tan(double x);
double weir__pq_go_asin(double x);
double weir__pq_go_acos(double x);
double weir__pq_go_atan(double x);
double weir__pq_go_atan2(double y, double x);
double weir__pq_go_sinh(double x);
double weir__pq_go_cosh(double x);
double weir__pq_go_tanh(double x);
double weir__pq_go_asinh(double x);
double weir__pq_go_acosh(double x);
double weir__pq_go_atanh(double x);

/* x = fraction * 2^exponent with fraction in [0.5, 1); 0, NaN and infinities as they are. */
double weir__pq_go_frexp(double x, int *exponent);
double weir__pq_go_ldexp(double fraction, int exponent);

#endif
