/*
 * manifest/keda_metadata.h - the metadata of a trigger: texts that KEDA reads as typed parameters.
 *
 * A table names the parameters of a trigger's type; reading fills one value for each and reports
 * everything that KEDA could not build the trigger from.
 */
#ifndef WEIR_LIB_MANIFEST_KEDA_METADATA_H
#define WEIR_LIB_MANIFEST_KEDA_METADATA_H

#include "keda_spec.h"

enum {
    WEIR__PARAM_TEXT,
    WEIR__PARAM_FLOAT, /* a number of JSON */
    WEIR__PARAM_INT,   /* a whole number of JSON, 64 bits */
    WEIR__PARAM_BOOL,
    WEIR__PARAM_DURATION, /* of Go, or milliseconds */
    WEIR__PARAM_MAP,      /* "k=v,k=v" */
    WEIR__PARAM_WORD,     /* one of `words` */
    WEIR__PARAM_WORDS,    /* some of `words`, with commas */
    WEIR__PARAM_IGNORED   /* KEDA read it once, or reads it where weir need not look */
};

struct weir__param {
    const char *key;
    int32_t type;
    int32_t required;
    const char *words; /* "json|yaml" */
};

/* One value; not `is_set` where it is missing, empty or wrong. */
struct weir__argument {
    const char *text; /* without the spaces around it; not NUL-terminated */
    size_t length;
    double number;
    int64_t integer;
    int is_set;
    int is_wrong; /* there, and reported */
};

enum { WEIR__PARAMS_MAX = 24 };

/* Reads the metadata of a trigger. `values` has one for each of the parameters. */
void weir__metadata_read(struct weir__keda_check *c, const struct weir__keda_trigger *trigger,
                         const struct weir__param *params, size_t count,
                         struct weir__argument *values);

/* The value of a key as it is; NULL where it is missing or blank. Its length without the spaces
 * around it. */
const char *weir__metadata_get(const struct weir__keda_trigger *trigger, const char *key,
                               size_t *length);

/* Whether a text is a number of JSON, and which one. */
int weir__json_number(const char *text, size_t length, double *value);

/* Reports about a key of the metadata. */
void weir__metadata_say(struct weir__keda_check *c, const struct weir__keda_trigger *trigger,
                        const char *key, int32_t severity, int32_t stages,
                        const struct weir__message *m);
void weir__metadata_error(struct weir__keda_check *c, const struct weir__keda_trigger *trigger,
                          const char *key, int32_t stages, const char *text);

#endif
