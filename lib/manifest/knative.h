/*
 * manifest/knative.h - what ConfigMap config-autoscaler and a revision's annotations say.
 *
 * All is driven by field tables: that of weir_kpa_config, and a private one of the settings that
 * weir_kpa_config has no member for, which other settings are checked against. A setting moves from
 * the private table to the public one by being added there; nothing here needs to know.
 */
#ifndef WEIR_LIB_MANIFEST_KNATIVE_H
#define WEIR_LIB_MANIFEST_KNATIVE_H

#include "manifest/table.h"
#include <weir/manifest.h>

#define WEIR__KNATIVE_PREFIX    "autoscaling.knative.dev/"
#define WEIR__KNATIVE_KPA_CLASS "kpa.autoscaling.knative.dev"
#define WEIR__KNATIVE_HPA_CLASS "hpa.autoscaling.knative.dev"

/* Settings that weir_kpa_config has no member for. */
struct weir__knative_rest {
    int32_t min_scale, max_scale, max_scale_limit;
    int32_t allow_zero_initial_scale, enable_scale_to_zero, reserved;
    weir_duration scale_to_zero_grace_period;
    weir_duration scale_to_zero_pod_retention_period;
    char pod_autoscaler_class[256];
};

/* The cluster's settings, or with the annotations laid over them a revision's. */
struct weir__knative {
    weir_kpa_config kpa;
    struct weir__knative_rest rest;
};

struct weir__settings {
    const weir_setting *list;
    size_t count;
};

/* Where errors go: the key that they are about is in the settings. */
struct weir__knative_sink {
    void (*report)(void *user, weir_status status, const char *key, const char *message);
    void *user;
};

/* The value of a key; NULL when it is not there. */
const char *weir__settings_get(const struct weir__settings *settings, const char *key);

void weir__knative_defaults(struct weir__knative *knative, int32_t semantics);

/* One setting, in whichever of the two structs it is. */
struct weir__knob {
    const weir_field *field;
    void *config;
    int bad; /* it was given, and refused: do not hold others against it */
};

enum { WEIR__KNOBS_MAX = 64 };

struct weir__knobs {
    struct weir__knob list[WEIR__KNOBS_MAX];
    size_t count;
};

void weir__knobs_bind(struct weir__knobs *knobs, struct weir__knative *knative);

/* By the name in the tables ("min_scale"), which must be one. */
struct weir__knob *weir__knobs_find(struct weir__knobs *knobs, const char *name);
int64_t weir__knob_integer(const struct weir__knob *knob);

/* ", got "VALUE"" at the end of a message, then off it goes. */
void weir__knative_report(struct weir__knative_sink sink, weir_status status, const char *key,
                          struct weir__message *m, const char *value);

/* Reads a text and holds it against the bounds; reports what is wrong and marks the knob. */
int weir__knob_read(struct weir__knob *knob, const struct weir__bounds *bounds, const char *key,
                    const char *text, struct weir__value *value, struct weir__knative_sink sink);

/* All names under which an annotation or a key of the ConfigMap is known, canonical spellings
 * before older ones. At most `capacity`; returns their number. */
size_t weir__knative_annotation_names(const char **names, size_t capacity);
size_t weir__knative_configmap_names(const char **names, size_t capacity);

/* The canonical spelling of an annotation that is given in an older one; NULL for any other. */
const char *weir__knative_canonical(const char *key);

/* As weir_knative_configmap(), _admit() and _use(), upon the settings as a whole. The first two
 * return whether all is accepted. */
int weir__knative_configmap(struct weir__knative *cluster, const struct weir__settings *data,
                            struct weir__knative_sink sink);
int weir__knative_admit(const struct weir__knative *cluster,
                        const struct weir__settings *annotations, struct weir__knative_sink sink);
void weir__knative_use(struct weir__knative *knative, const struct weir__settings *annotations,
                       int64_t container_concurrency);

#endif
