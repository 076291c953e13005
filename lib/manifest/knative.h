/*
 * manifest/knative.h - Knative's texts to fields, for manifests with places and for lone pairs.
 *
 * The table of weir_kpa_config says which key is which member, of what type and within what bounds.
 * The files knative_*.c say what it cannot: rules between settings, and where admission asks for
 * more or less than the member.
 */
#ifndef WEIR_LIB_MANIFEST_KNATIVE_H
#define WEIR_LIB_MANIFEST_KNATIVE_H

#include "table.h"
#include <weir/knative.h>

#define WEIR__KNATIVE_PREFIX    "autoscaling.knative.dev/"
#define WEIR__KNATIVE_KPA_CLASS "kpa.autoscaling.knative.dev"
#define WEIR__KNATIVE_HPA_CLASS "hpa.autoscaling.knative.dev"

struct weir__pairs {
    const weir_pair *list;
    size_t count;
};

/* The text of a key; NULL when it is not there. */
const char *weir__pairs_get(const struct weir__pairs *pairs, const char *key);

/* Where errors go: with the key that they are about, which is one of the pairs. */
struct weir__knative_sink {
    void (*report)(void *user, weir_status status, const char *key, const char *message);
    void *user;
};

/* Reports a message, with ", got "TEXT"" behind it where there is a text. */
void weir__knative_report(struct weir__knative_sink sink, weir_status status, const char *key,
                          struct weir__message *m, const char *text);

/* Reads a text and holds it against bounds; reports what is wrong, and returns 0 then. */
int weir__knative_read(const weir_field *field, const struct weir__bounds *bounds, const char *key,
                       const char *text, struct weir__value *value, struct weir__knative_sink sink);

/* A field of weir_kpa_config by its name, which must be one. */
const weir_field *weir__kpa_field(const char *name);
const weir_field *weir__kpa_fields(size_t *count);

/* Whether a field is an annotation, and not a member of a spec or of the ConfigMap alone. */
int weir__is_annotation(const weir_field *field);

/* Fields whose cluster-wide key is in ConfigMap config-deployment, not config-autoscaler. */
int weir__is_deployment_setting(const weir_field *field);

/* Lay the data of ConfigMaps config-autoscaler and config-deployment over a configuration. Return
 * whether the ConfigMap is accepted; if not, nothing changes. */
int weir__knative_settings(weir_kpa_config *config, const struct weir__pairs *data,
                           struct weir__knative_sink sink);
int weir__knative_deployment(weir_kpa_config *config, const struct weir__pairs *data,
                             struct weir__knative_sink sink);

/* What ConfigMap config-defaults says about containerConcurrency. */
struct weir__knative_defaults {
    int64_t container_concurrency;           /* where a revision has none */
    int64_t container_concurrency_max_limit; /* most that one may have */
    int32_t allow_container_concurrency_zero, reserved;
};

void weir__knative_defaults_init(struct weir__knative_defaults *defaults);
int weir__knative_defaults_read(struct weir__knative_defaults *defaults,
                                const struct weir__pairs *data, struct weir__knative_sink sink);

/* Admission: whether all is accepted. Use: annotations over the cluster's configuration. */
int weir__knative_admit(const weir_kpa_config *cluster, const struct weir__pairs *annotations,
                        struct weir__knative_sink sink);
void weir__knative_use(weir_kpa_config *config, const struct weir__pairs *annotations);

/* Reports what admission refuses of a Service beyond its annotations and containerConcurrency; the
 * path is that of the object. */
void weir__knative_service_check(const struct weir__node *node, const struct weir__path *object,
                                 struct weir__problems *problems);

#endif
