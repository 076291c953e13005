/*
 * weir/base.h - time, status, errors, memory and version: what every other header builds on.
 *
 * The core of weir reads no clock, allocates nothing behind the caller's back, does no I/O and
 * keeps no global state. Different objects may be used from different threads at the same time; one
 * object must be used by one thread at a time, except that functions which take a const object may
 * run together while nobody writes to it.
 *
 * State objects (weir_window, weir_kpa, ...) are blocks of memory that the caller owns: ask
 * weir_X_bytes() for the size, give an 8-byte aligned block to weir_X_init(). A block holds no
 * pointers, so memcpy of all its bytes is an independent copy (a what-if run from here), and it may
 * live in memory that another language's runtime owns.
 */
#ifndef WEIR_BASE_H
#define WEIR_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifndef WEIR_API
#if defined(__GNUC__) && !defined(WEIR_STATIC)
#define WEIR_API __attribute__((visibility("default")))
#else
#define WEIR_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_VERSION_MAJOR 0
#define WEIR_VERSION_MINOR 1
#define WEIR_VERSION_PATCH 0

/** An instant: nanoseconds since the Unix epoch, as Go's time.Time.UnixNano. */
typedef int64_t weir_time;

/** A length of time in nanoseconds, as Go's time.Duration. */
typedef int64_t weir_duration;

/** 0: done; greater than 0: not an error, see the constant; less than 0: an error. */
typedef int32_t weir_status;

#define WEIR_TIME_NONE  INT64_MIN /**< the instant of what has never happened */
#define WEIR_TIME_NEVER INT64_MAX /**< the instant of what will never happen by itself */
#define WEIR_SECOND     INT64_C(1000000000)

/** A double setting that is not set: no such number can be meant. */
#define WEIR_UNSET (-1.7976931348623157e308)

/** Status values. They are never reused or renumbered. */
enum {
    WEIR_OK = 0,
    WEIR_END = 1,     /**< nothing left to give; feed more, or stop */
    WEIR_NO_DATA = 2, /**< the metric has no value now; the decision is not valid */
    WEIR_NOT_DUE = 3, /**< asked before the next step is due; nothing was done */

    WEIR_E_ARG = -1,         /**< NULL, misaligned or foreign argument */
    WEIR_E_RANGE = -2,       /**< a configuration or input value is outside its bounds */
    WEIR_E_STRUCT = -3,      /**< struct_size is too small, or unknown fields are set */
    WEIR_E_SPACE = -4,       /**< the buffer is too small; the needed size was returned */
    WEIR_E_TIME = -5,        /**< `now` is before a time this state has already seen */
    WEIR_E_MEMORY = -6,      /**< an allocator returned NULL (never from the core) */
    WEIR_E_PARSE = -7,       /**< malformed text */
    WEIR_E_LIMIT = -8,       /**< larger than a documented limit */
    WEIR_E_UNSUPPORTED = -9, /**< understood, but weir does not do it */
    WEIR_E_CORRUPT = -10,    /**< a snapshot that is damaged */
    WEIR_E_VERSION = -11,    /**< a snapshot of another major format version */
    WEIR_E_MISMATCH = -12,   /**< a snapshot of another kind or configuration */
    WEIR_E_IO = -13,         /**< reading or writing failed (never from the core) */
    WEIR_E_PANIC = -14       /**< the upstream program would crash on this input */
};

/** What went wrong, where. Filled by functions that take one; NULL is always allowed. */
typedef struct weir_error {
    weir_status status;
    int32_t line;      /**< 1-based line of the source text; 0: there is none */
    int32_t column;    /**< 1-based column, in bytes; 0: there is none */
    int32_t reserved;  /**< 0 */
    char path[128];    /**< the field, "spec.behavior.scaleDown.policies[1].periodSeconds" */
    char message[240]; /**< "must be in [1, 1800], got 0" */
} weir_error;

/** Memory for the few functions that allocate: *_create, and the adapters. */
typedef struct weir_allocator {
    void *(*alloc)(void *user, size_t size);          /**< NULL when there is no memory left */
    void (*free)(void *user, void *ptr, size_t size); /**< ptr is never NULL */
    void *user;
} weir_allocator;

/** An English sentence for a status; static text, never NULL. */
WEIR_API const char *weir_strerror(weir_status status);

/** The constant's name for a status ("WEIR_E_RANGE"); static text, never NULL. */
WEIR_API const char *weir_status_name(weir_status status);

/** major << 16 | minor << 8 | patch of the library that is linked. */
WEIR_API uint32_t weir_version(void);

/** "major.minor.patch" of the library that is linked; static text. */
WEIR_API const char *weir_version_text(void);

/** How a double that an int32 cannot hold becomes one. Go leaves it to the machine. */
enum {
    WEIR_CONVERT_SATURATE = 0, /**< nearest int32; NaN becomes INT32_MIN */
    WEIR_CONVERT_AMD64 = 1 /**< INT32_MIN for NaN and all that is out of range, as Go on amd64 */
};

/**
 * Converts to int32, truncating toward zero: the one place where a measured or computed double
 * becomes a replica count.
 *
 * @param conversion  WEIR_CONVERT_*; any other value acts as WEIR_CONVERT_SATURATE
 * Upstream: the conversions int32(float64) of Knative's autoscaler.go and Kubernetes'
 * replica_calculator.go, which Go defines only for values that fit.
 */
WEIR_API int32_t weir_f64_to_i32(double value, int32_t conversion);

/**
 * Reads a whole text as a number, by the rules of Go's strconv.ParseFloat: decimal or hexadecimal
 * with an exponent, underscores between digits, infinities and NaN in any case, no white space.
 * Rounded once, whatever the locale.
 *
 * @param text   need not be terminated; may be NULL when length is 0
 * @param value  set to the number; beyond the largest double to an infinity
 * @return WEIR_OK; WEIR_E_PARSE: no number, *value is 0; WEIR_E_LIMIT: beyond the largest;
 *         WEIR_E_ARG
 */
WEIR_API weir_status weir_f64_parse(const char *text, size_t length, double *value);

#ifdef __cplusplus
}
#endif
#endif
