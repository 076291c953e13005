/*
 * weir/fields.h - every configuration described as data.
 *
 * One table per configuration struct gives its defaults, its bounds, the upstream spellings that
 * the manifest loader reads, `weir fields`, the reference in docs/ and the classes of the bindings.
 */
#ifndef WEIR_FIELDS_H
#define WEIR_FIELDS_H

#include <weir/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a field holds, and the C type of its member. */
enum {
    WEIR_FIELD_BOOL = 0,     /**< int32_t, 0 or 1 */
    WEIR_FIELD_INT = 1,      /**< int32_t or int64_t, see size */
    WEIR_FIELD_DOUBLE = 2,   /**< double */
    WEIR_FIELD_DURATION = 3, /**< weir_duration (ns) */
    WEIR_FIELD_ENUM = 4,     /**< int32_t; `values` names 0, 1, 2, ... */
    WEIR_FIELD_TEXT = 5,     /**< char[size], NUL-terminated */
    WEIR_FIELD_TIME = 6,     /**< weir_time (ns) */
    WEIR_FIELD_STRUCT = 7    /**< nested struct, or with capacity > 1 an array of them */
};

/** Flags of a field. */
enum {
    WEIR_FIELD_ABOVE_MIN = 1,     /**< the bound `min` is exclusive */
    WEIR_FIELD_OR_MINUS_ONE = 2,  /**< -1 is allowed besides [min, max] */
    WEIR_FIELD_WHOLE_SECONDS = 4, /**< a duration must be a multiple of one second */
    WEIR_FIELD_ANY_FLOAT = 8,     /**< NaN and infinities pass, as they do upstream */
    WEIR_FIELD_OPTIONAL = 16      /**< the default means "not set" */
};

/** One field of one configuration. Library-owned constants; never freed. */
typedef struct weir_field {
    const char *name;       /**< C member, and the name in the bindings: "stable_window" */
    const char *key;        /**< upstream key on the object itself (annotation or path), or "" */
    const char *alias;      /**< older upstream spelling of `key`, or "" */
    const char *global_key; /**< upstream key of the cluster-wide setting, or "" */
    const char *unit;       /**< "s", "requests", "requests/s", "%", "pods", or "" */
    const char *values;     /**< WEIR_FIELD_ENUM: "linear|weighted-exponential"; else "" */
    const char *doc;        /**< one sentence */
    int64_t imin, imax, idefault;    /**< BOOL, INT, DURATION, ENUM, TIME */
    double dmin, dmax, ddefault;     /**< DOUBLE */
    const struct weir_field *fields; /**< STRUCT: the table of the nested struct */
    uint32_t field_count;            /**< STRUCT: its length */
    uint32_t capacity;               /**< STRUCT: elements in the array, 1 for a plain struct */
    uint32_t count_offset;           /**< STRUCT array: where its uint32_t length is; else 0 */
    uint32_t offset, size;           /**< of the member; of one element for an array */
    int32_t type;                    /**< WEIR_FIELD_BOOL, ... */
    uint32_t flags;                  /**< WEIR_FIELD_ABOVE_MIN, ... */
    int32_t since;                   /**< minor version of weir that added it */
} weir_field;

/** The configurations that have a table. */
enum {
    WEIR_CONFIG_WINDOW = 1,
    WEIR_CONFIG_KPA_COLLECTOR = 2,
    WEIR_CONFIG_KPA_DECIDER = 3,
    WEIR_CONFIG_KPA = 4,
    WEIR_CONFIG_HPA = 10,
    WEIR_CONFIG_BEHAVIOR = 11,
    WEIR_CONFIG_KEDA = 20
};

/**
 * The table of a configuration.
 *
 * @param config  WEIR_CONFIG_*
 * @param fields  set to the first field; the table is in the order of the struct
 * @param count   set to the number of fields
 * @return WEIR_OK; WEIR_E_ARG for an unknown configuration or a NULL argument
 */
WEIR_API weir_status weir_fields(int32_t config, const weir_field **fields, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
