/*
 * manifest/keda_trigger.h - what the types of triggers share while they are built.
 */
#ifndef WEIR_LIB_MANIFEST_KEDA_TRIGGER_H
#define WEIR_LIB_MANIFEST_KEDA_TRIGGER_H

#include "keda_metadata.h"

struct weir__trigger_build {
    struct weir__keda_check *c;
    const struct weir__keda_trigger *in;
    size_t index;
    struct weir__keda_metric *out;
};

#define WEIR__COUNT(list) (sizeof(list) / sizeof(list)[0])

/* Copies a value that may be too long for its place. */
void weir__trigger_copy(struct weir__trigger_build *b, const char *key, const char *text,
                        size_t length, char *out, size_t room);

/* "s2-" and a name, which may be too long. */
void weir__trigger_name(struct weir__trigger_build *b, const char *key, const char *name,
                        int normalize);

/* The target of an External metric, which the API server wants above 0. */
void weir__trigger_target(struct weir__trigger_build *b, const char *key, double number);

/* AverageValue, Value, or what no API server takes: KEDA hands on any word but Utilization. */
void weir__trigger_external_type(struct weir__trigger_build *b);

/* ---- authentication (keda_login.c) ---------------------------------------------------------- */

/* Modes of authentication as WEIR__PARAM_WORDS. */
#define WEIR__LOGIN_MODES "apiKey|basic|tls|bearer|custom|oauth"

/* Checks the modes that authModes, or else authMode, names: each needs parameters, which come from
 * the object that authenticationRef names. `allowed` are those that the type can use; NULL: all,
 * but none beside the identity of a pod. */
void weir__login_check(struct weir__trigger_build *b, const struct weir__argument *modes_arg,
                       const struct weir__argument *mode_arg, const char *allowed);

/* ---- types (keda_types.c, keda_others.c) ---------------------------------------------------- */

void weir__build_prometheus(struct weir__trigger_build *b);
void weir__build_resource(struct weir__trigger_build *b);
void weir__build_cron(struct weir__trigger_build *b);
void weir__build_metrics_api(struct weir__trigger_build *b);
void weir__build_workload(struct weir__trigger_build *b);
void weir__build_external(struct weir__trigger_build *b);
void weir__build_other(struct weir__trigger_build *b);

#endif
