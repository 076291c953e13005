/*
 * weir/quantity.h - numbers as Kubernetes writes them: "250m", "1.5Gi", "2e3".
 *
 * A quantity is exact when it is read; what a controller computes with is its milli-value, a count
 * of thousandths. Both are upstream's to the last bit, corners included: a milli-value that does
 * not fit an int64 wraps for some suffixes and is 0 for others, and values below zero are rounded
 * in different directions depending on how they were written. Values from 0 up whose milli-value
 * fits are always rounded up.
 *
 * What upstream reads and weir refuses (WEIR_E_LIMIT), all of it beyond 18 digits or below a
 * billionth: exponents above WEIR_QUANTITY_EXPONENT_MAX either way, which can keep upstream's
 * parser busy for minutes, more than WEIR_QUANTITY_DIGITS_MAX digits, and numbers of 2^256
 * billionths and more.
 *
 * Upstream: k8s.io/apimachinery pkg/api/resource, quantity.go, amount.go, suffix.go, scale_int.go.
 */
#ifndef WEIR_QUANTITY_H
#define WEIR_QUANTITY_H

#include <weir/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Family of suffixes that a quantity is shown with; it never changes the value. */
enum {
    WEIR_QUANTITY_DECIMAL = 0, /**< n, u, m, k, M, G, T, P, E */
    WEIR_QUANTITY_BINARY = 1,  /**< Ki, Mi, Gi, Ti, Pi, Ei */
    WEIR_QUANTITY_EXPONENT = 2 /**< e3, e-6 */
};

#define WEIR_QUANTITY_EXPONENT_MAX 10000 /**< largest exponent of a long number, either way */
#define WEIR_QUANTITY_DIGITS_MAX   128   /**< most digits that are read, leading zeros left out */
#define WEIR_QUANTITY_TEXT_MAX     112 /**< bytes that hold every formatted quantity, with its NUL */

/** A number: magnitude x 10^exponent. Filled by the functions below; not to be changed by hand. */
typedef struct weir_quantity {
    uint32_t magnitude[8]; /**< without the sign, least significant part first */
    int32_t exponent;
    int32_t negative; /**< 1: below zero */
    int32_t format;   /**< WEIR_QUANTITY_* */
    int32_t wide;     /**< 1: in upstream's wide form, which converts by other rules */
    int32_t verbatim; /**< 1: upstream keeps the text as it was written when it stores it */
    int32_t reserved; /**< 0 */
} weir_quantity;

/**
 * Reads a quantity. White space is not skipped.
 * @param text    need not be terminated
 * @return WEIR_OK; WEIR_E_PARSE with upstream's reason in err; WEIR_E_LIMIT; WEIR_E_ARG
 */
WEIR_API weir_status weir_quantity_parse(const char *text, size_t length, weir_quantity *out,
                                         weir_error *err);

/** A quantity of so many thousandths. @return WEIR_OK; WEIR_E_ARG; WEIR_E_RANGE: the format */
WEIR_API weir_status weir_quantity_from_milli(int64_t milli, int32_t format, weir_quantity *out);

/** Thousandths: what a controller computes with (upstream: MilliValue). 0 for NULL. */
WEIR_API int64_t weir_quantity_milli(const weir_quantity *quantity);

/** Whole units, rounded like the milli-value (upstream: Value). 0 for NULL. */
WEIR_API int64_t weir_quantity_value(const weir_quantity *quantity);

/** -1, 0 or 1. */
WEIR_API int32_t weir_quantity_sign(const weir_quantity *quantity);

/**
 * A double near the quantity: magnitude times a power of ten, rounded twice, so that 9m is
 * 0.009000000000000001 (upstream: AsApproximateFloat64). Tolerances are read this way.
 */
WEIR_API double weir_quantity_double(const weir_quantity *quantity);

/**
 * Writes the canonical text: as few digits as possible, no fraction, the largest suffix that fits.
 *
 * @param text      NUL-terminated result; may be NULL when capacity is 0
 * @param capacity  bytes in text, WEIR_QUANTITY_TEXT_MAX are always enough
 * @param need      set to the bytes wanted, the NUL included; may be NULL
 * @return WEIR_OK; WEIR_E_SPACE when it was cut (it is still terminated); WEIR_E_ARG
 */
WEIR_API weir_status weir_quantity_text(const weir_quantity *quantity, char *text, size_t capacity,
                                        size_t *need);

/**
 * Reads a quantity the way it reaches a controller through the API server: stored in canonical
 * form, then read again. It differs from weir_quantity_parse() below zero and where a milli-value
 * does not fit an int64.
 * @return as weir_quantity_parse()
 */
WEIR_API weir_status weir_quantity_parse_stored(const char *text, size_t length, weir_quantity *out,
                                                weir_error *err);

#ifdef __cplusplus
}
#endif
#endif
