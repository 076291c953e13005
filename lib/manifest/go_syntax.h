/*
 * manifest/go_syntax.h - numbers, switches and durations as Go's standard library reads them.
 *
 * Knative, Kubernetes and KEDA hand the texts of annotations and ConfigMaps to Go's strconv and
 * time packages. What these accept is what a manifest may say, to the letter: "0x1p4", "1_0" and
 * "Infinity" are numbers, " 5" and "5 " are not, "1.5h" is a duration and "1d" is none. Nothing
 * here looks at the locale.
 */
#ifndef WEIR_LIB_MANIFEST_GO_SYNTAX_H
#define WEIR_LIB_MANIFEST_GO_SYNTAX_H

#include <stddef.h>
#include <stdint.h>

/* How a text was read. Where it is not WEIR__GO_OK the value is not to be used. */
enum {
    WEIR__GO_OK = 0,
    WEIR__GO_SYNTAX = 1, /* not of this form at all */
    WEIR__GO_RANGE = 2   /* of this form, but larger than the type holds */
};

/* strconv.ParseFloat(text, 64). A number too small becomes a denormal or zero, as there. */
int weir__go_float(const char *text, size_t length, double *value);

/* strconv.ParseInt(text, base, bits): base 10, or 0 for a base by prefix without underscores (as
 * the YAML decoder calls it, which takes them out before); bits is 32 or 64. */
int weir__go_int(const char *text, size_t length, int base, int bits, int64_t *value);

/* strconv.ParseUint(text, base, bits), the largest number of so many bits being `most`. */
int weir__go_uint(const char *text, size_t length, int base, uint64_t most, uint64_t *value);

/* strconv.ParseBool(text). */
int weir__go_bool(const char *text, size_t length, int32_t *value);

/* time.ParseDuration(text), in nanoseconds. Go calls an overflow a syntax error too. */
int weir__go_duration(const char *text, size_t length, int64_t *value);

#endif
