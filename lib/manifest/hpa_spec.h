/*
 * manifest/hpa_spec.h - the spec of a HorizontalPodAutoscaler as it is written: read, given the API
 * server's defaults, checked by its rules, and turned into a configuration.
 *
 * Names are those of autoscaling/v2. Of what the spec holds, weir's configuration keeps what
 * decides.
 */
#ifndef WEIR_LIB_MANIFEST_HPA_SPEC_H
#define WEIR_LIB_MANIFEST_HPA_SPEC_H

#include "shape_tree.h"
#include <weir/hpa.h>

struct weir__hpa_reference {
    struct weir__shaped is;
    struct weir__text kind, name, api_version;
};

struct weir__hpa_expression {
    struct weir__shaped is;
    struct weir__text key, operator;
    struct weir__list values;
};

struct weir__hpa_selector {
    struct weir__shaped is;
    struct weir__list labels, expressions;
};

struct weir__hpa_identifier {
    struct weir__shaped is;
    struct weir__text name;
    struct weir__hpa_selector *selector;
};

struct weir__hpa_target {
    struct weir__shaped is;
    struct weir__text type;
    struct weir__amount value, average_value;
    struct weir__int32 average_utilization;
};

/* One struct for the sources of all types; each fills what it has. */
struct weir__hpa_source {
    struct weir__shaped is;
    struct weir__text name, container;      /* resources */
    struct weir__hpa_identifier metric;     /* the others */
    struct weir__hpa_reference description; /* objects */
    struct weir__hpa_target target;
};

struct weir__hpa_metric {
    struct weir__shaped is;
    struct weir__text type;
    struct weir__hpa_source *sources[WEIR_HPA_EXTERNAL + 1]; /* by WEIR_HPA_RESOURCE, ... */
};

struct weir__hpa_policy {
    struct weir__shaped is;
    struct weir__text type;
    struct weir__int32 value, period;
};

struct weir__hpa_rules {
    struct weir__shaped is;
    struct weir__int32 window;
    struct weir__text select;
    struct weir__list policies; /* struct weir__hpa_policy */
    struct weir__amount tolerance;
};

struct weir__hpa_behavior {
    struct weir__shaped is;
    struct weir__hpa_rules *up, *down;
};

struct weir__hpa_spec {
    struct weir__shaped is;
    struct weir__hpa_reference target;
    struct weir__int32 min_replicas, max_replicas;
    struct weir__list metrics; /* struct weir__hpa_metric */
    struct weir__hpa_behavior *behavior;
    int has_tolerance; /* as it is written, whatever is dropped */
};

/* The words of metrics[].type, and their members, by WEIR_HPA_RESOURCE, ...; those of target.type
 * by WEIR_HPA_UTILIZATION, ...; the first of each is "". */
extern const char *const weir__hpa_sources[WEIR_HPA_EXTERNAL + 1];
extern const char *const weir__hpa_members[WEIR_HPA_EXTERNAL + 1];
extern const char *const weir__hpa_targets[WEIR_HPA_AVERAGE_VALUE + 1];

/* The number of a text among some; 0 when it is none of them. */
int32_t weir__hpa_word(const struct weir__text *text, const char *const *words, int32_t count);

/* Of `behavior`, which other kinds have too. */
extern const struct weir__shape weir__hpa_behavior_shape;

/* What is there of a spec, and its defaults. `node` may be NULL or null: an empty spec. */
void weir__hpa_read(struct weir__hpa_spec *spec, const struct weir__node *node,
                    struct weir__path *path, struct weir__arena *arena,
                    struct weir__problems *problems);

/* The API server's defaults alone. */
void weir__hpa_default(struct weir__hpa_spec *spec, struct weir__arena *arena,
                       struct weir__problems *problems);

/* Drops what the cluster's gates drop. `old`: the spec that it replaces, or NULL. */
void weir__hpa_drop(struct weir__hpa_spec *spec, const weir_hpa_config *cluster,
                    const struct weir__hpa_spec *old);

/* Reports everything that the API server would refuse. `mark` is the place of the object. */
void weir__hpa_check(const struct weir__hpa_spec *spec, const weir_hpa_config *cluster,
                     const struct weir__hpa_spec *old, struct weir__path *path,
                     struct weir__mark mark, struct weir__problems *problems);

/* Lays a spec over the controller's configuration. Reports what weir has no room for, and targets
 * that a controller could not divide by; what a check refuses is not reported again. */
void weir__hpa_convert(const struct weir__hpa_spec *spec, weir_hpa_config *config,
                       struct weir__path *path, struct weir__mark mark,
                       struct weir__problems *problems);

/* As a tree, for other objects' sake. */
struct weir__node *weir__hpa_tree(struct weir__grower *g, const struct weir__hpa_spec *spec);

/* As weir__shape_print(). */
size_t weir__hpa_print(const struct weir__hpa_spec *spec, char *text, size_t capacity);

#endif
