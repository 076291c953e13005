/*
 * weir/formula.h - the formula language of KEDA's scalingModifiers, compiled once, run without
 * memory of its own.
 *
 *   "count([a, b], # > 1) > 1 ? max(a, b) : 0"  ->  weir_formula_compile()  ->  weir_formula_eval()
 *
 * KEDA hands formulas to the expr language: floats for triggers, ints, bools, strings, nil, arrays,
 * predicates, let, if, and its builtin functions. weir takes what has a meaning for numbers, with
 * the same precedences, types and results, and refuses the rest by name. Types are checked when a
 * formula is compiled, as upstream does it; what can only be seen with values is an error of the
 * run.
 *
 * Upstream: KEDA pkg/scaling/modifiers, pkg/scalers/validation; github.com/expr-lang/expr v1.17.
 */
#ifndef WEIR_FORMULA_H
#define WEIR_FORMULA_H

#include <weir/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_FORMULA_TEXT_MAX  2048 /**< bytes of a formula, with a NUL */
#define WEIR_FORMULA_NAMES_MAX 64   /**< variables */

/** What a formula gave. */
enum {
    WEIR_FORMULA_FLOAT = 0,
    WEIR_FORMULA_NIL = 1,  /**< only formulas with `??` may */
    WEIR_FORMULA_OTHER = 2 /**< something else than a float: upstream counts it as an error */
};

/** A compiled formula: an opaque block of weir_formula_bytes(); memcpy copies it. */
typedef struct weir_formula weir_formula;

/** What a run gave. */
typedef struct weir_formula_result {
    int32_t kind;     /**< WEIR_FORMULA_* */
    int32_t reserved; /**< 0 */
    double value;     /**< of a float; else 0 */
} weir_formula_result;

/** Bytes that hold the compiled form of any formula of this length. @return 0 above the limit */
WEIR_API size_t weir_formula_bytes(size_t length);

/**
 * Writes the text that KEDA compiles: float(...) around the formula, unless it begins so; with a
 * `??` in it, a form that lets nil pass.
 * @param wrapped   NUL-terminated result; may be NULL when capacity is 0
 * @param need      set to the bytes wanted, the NUL included; may be NULL
 * @return WEIR_OK; WEIR_E_SPACE when it was cut; WEIR_E_ARG
 */
WEIR_API weir_status weir_formula_wrap(const char *text, size_t length, char *wrapped,
                                       size_t capacity, size_t *need);

/**
 * Compiles a formula, wrapped by KEDA's rule.
 * @param formula  8-byte aligned
 * @param bytes    at least weir_formula_bytes(length)
 * @param text     need not be terminated
 * @param names    the variables, in the order of the values of a run; "" is a place without a name
 * @param err      where (line and column in the text) and what was expected; may be NULL
 * @return WEIR_OK; WEIR_E_PARSE: it is not a formula, or its types do not fit; WEIR_E_LIMIT;
 *         WEIR_E_UNSUPPORTED: upstream would take it, and weir does not; WEIR_E_SPACE; WEIR_E_ARG
 */
WEIR_API weir_status weir_formula_compile(weir_formula *formula, size_t bytes, const char *text,
                                          size_t length, const char *const *names,
                                          uint32_t name_count, weir_error *err);

/** Bytes in use, from the beginning of the block; 0 for a block that holds none. */
WEIR_API size_t weir_formula_size(const weir_formula *formula);

/**
 * Runs a formula.
 * @param values  one a variable
 * @param nil     bit i: variable i is nil, whatever its value
 * @param err     why it failed; may be NULL
 * @return WEIR_OK; WEIR_E_RANGE: upstream's run fails too; WEIR_E_LIMIT: an array beyond what weir
 *         has room for; WEIR_E_ARG
 */
WEIR_API weir_status weir_formula_eval(const weir_formula *formula, const double *values,
                                       uint64_t nil, weir_formula_result *result, weir_error *err);

#ifdef __cplusplus
}
#endif
#endif
