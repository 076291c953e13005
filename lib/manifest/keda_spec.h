/*
 * manifest/keda_spec.h - a ScaledObject as it is written: read, checked as the API server's schema,
 * KEDA's webhook and its controller do, and turned into a configuration and the HPA that KEDA
 * makes.
 *
 * Names are those of keda.sh/v1alpha1.
 */
#ifndef WEIR_LIB_MANIFEST_KEDA_SPEC_H
#define WEIR_LIB_MANIFEST_KEDA_SPEC_H

#include "hpa_spec.h"
#include <weir/keda.h>
#include <weir/knative.h>

struct weir__keda_target {
    struct weir__shaped is;
    struct weir__text name, api_version, kind, container;
};

struct weir__keda_hpa {
    struct weir__shaped is;
    struct weir__text name;
    struct weir__hpa_behavior *behavior;
};

struct weir__keda_modifiers {
    struct weir__shaped is;
    struct weir__text formula, target, activation_target, metric_type;
};

struct weir__keda_advanced {
    struct weir__shaped is;
    struct weir__int32 restore;
    struct weir__keda_hpa hpa;
    struct weir__keda_modifiers modifiers;
};

struct weir__keda_fallback {
    struct weir__shaped is;
    struct weir__int32 failure_threshold, replicas;
    struct weir__text behavior;
};

struct weir__keda_authentication {
    struct weir__shaped is;
    struct weir__text name, kind;
    const struct weir__node *spec; /* of the object that it names; NULL: it is not in the files */
};

struct weir__keda_trigger {
    struct weir__shaped is;
    struct weir__text type, name, metric_type;
    struct weir__int32 cached;
    struct weir__list metadata; /* keys and texts in turn */
    struct weir__keda_authentication *authentication;
};

struct weir__keda_spec {
    struct weir__shaped is;
    struct weir__keda_target target;
    struct weir__int32 polling, cooldown, initial_cooldown, idle, min, max;
    struct weir__keda_advanced advanced;
    struct weir__keda_fallback *fallback;
    struct weir__list triggers; /* struct weir__keda_trigger */
};

/* A ScaledObject with what is known around it. */
struct weir__keda_object {
    const char *name, *name_space;
    const weir_pair *annotations;
    size_t annotation_count;
    const weir_pair *labels;
    size_t label_count;
    struct weir__keda_spec spec;
};

/* Where a check is in the document, and what it reports to. */
struct weir__keda_check {
    const struct weir__keda_object *object;
    struct weir__path path; /* of the spec, or of what is looked at in it */
    struct weir__path annotations;
    struct weir__mark mark;                  /* of the innermost value that is written */
    struct weir__mark name_mark, pause_mark; /* of metadata.name and of paused-replicas */
    struct weir__arena *arena;
    struct weir__problems *problems;
    int32_t stages;            /* at which some error was found */
    int32_t behavior_is_wrong; /* the schema refuses it already */
};

/* Where it was before it went deeper. */
struct weir__keda_spot {
    size_t length;
    struct weir__mark mark;
};

struct weir__keda_spot weir__keda_enter(struct weir__keda_check *c, const struct weir__shaped *in,
                                        const char *key);
struct weir__keda_spot weir__keda_enter_trigger(struct weir__keda_check *c, size_t index);
void weir__keda_leave(struct weir__keda_check *c, struct weir__keda_spot spot);

/* Reports at a place that is not below the path. Without a stage it is weir's own limit. */
void weir__keda_report(struct weir__keda_check *c, int32_t severity, int32_t stages,
                       const char *path, const char *text);

/* Reports about a member (NULL: what is looked at itself). */
void weir__keda_say(struct weir__keda_check *c, const struct weir__shaped *in, const char *key,
                    int32_t severity, int32_t stages, const struct weir__message *m);
void weir__keda_error(struct weir__keda_check *c, const struct weir__shaped *in, const char *key,
                      int32_t stages, const char *text);

/* ---- reading (keda_spec.c) ------------------------------------------------------------------ */

/* What is there. `node` may be NULL: an empty spec. */
void weir__keda_read(struct weir__keda_spec *spec, const struct weir__node *node,
                     struct weir__path *path, struct weir__arena *arena,
                     struct weir__problems *problems);

/* Triggers, and one of them. */
const struct weir__keda_trigger *weir__keda_trigger_at(const struct weir__keda_spec *spec,
                                                       size_t index);

/* Text that is there; "" where there is none. */
const char *weir__keda_text(const struct weir__text *text);

/* Whether a target is what another object names, the defaults filled in. */
int weir__keda_is_target(const struct weir__keda_target *target, const char *api_version,
                         const char *kind, const char *name);

/* A text, or what stands for none. */
const char *weir__keda_text_or(const struct weir__text *text, const char *otherwise);

/* Whether a trigger is of type cpu or memory. */
int weir__keda_is_resource(const struct weir__keda_trigger *trigger);

/* Whether any scaling modifier is set. */
int weir__keda_has_modifiers(const struct weir__keda_spec *spec);

/* The HPA's name. */
const char *weir__keda_hpa_name(const struct weir__keda_object *object, struct weir__arena *arena);

/* An annotation; NULL where there is none. */
const char *weir__keda_annotation(const struct weir__keda_object *object, const char *key);

/* A switch of an annotation: everything that is no clear "false" is true. */
int weir__keda_switch(const struct weir__keda_object *object, const char *key);

/* The annotation paused-replicas: 0: none; 1: *replicas; -1: it is no number. */
int weir__keda_paused_replicas(const struct weir__keda_object *object, int32_t *replicas);

#define WEIR__KEDA_PAUSED           "autoscaling.keda.sh/paused"
#define WEIR__KEDA_PAUSED_REPLICAS  "autoscaling.keda.sh/paused-replicas"
#define WEIR__KEDA_PAUSED_IN        "autoscaling.keda.sh/paused-scale-in"
#define WEIR__KEDA_PAUSED_OUT       "autoscaling.keda.sh/paused-scale-out"
#define WEIR__KEDA_FORCE_ACTIVATION "autoscaling.keda.sh/force-activation"
#define WEIR__KEDA_TRANSFER         "scaledobject.keda.sh/transfer-hpa-ownership"
#define WEIR__KEDA_EXCLUDED_LABELS  "scaledobject.keda.sh/hpa-excluded-labels"
#define WEIR__KEDA_HPA_OWNERSHIP    "validations.keda.sh/hpa-ownership"

/* ---- checking ------------------------------------------------------------------------------- */

/* What the schema of the custom resource refuses (keda_schema.c). */
void weir__keda_check_schema(struct weir__keda_check *c);

/* What KEDA's webhook and controller refuse in the object alone (keda_check.c). `dry_run`: as
 * kubectl apply --dry-run=server. */
void weir__keda_check_admission(struct weir__keda_check *c, int dry_run);

/* Whether a list of requests or limits has an amount above 0 of a resource. */
int weir__keda_asks(const struct weir__node *amounts, const char *resource);

/* Reports the first container of a pod that does not ask for the resource of a trigger cpu or
 * memory. `otherwise`: the namespace gives them what they do not ask for. */
void weir__keda_check_request(struct weir__keda_check *c, size_t index,
                              const struct weir__node *pod, int otherwise);

/* An HPA that somebody else made: whether it scales the same workload. */
enum { WEIR__HPA_APART, WEIR__HPA_TAKES, WEIR__HPA_MISNAMED };

/* MISNAMED: the annotation asks to take an HPA over, and the name of another one is given. */
int32_t weir__keda_meets_hpa(const struct weir__keda_object *object, const struct weir__node *hpa);

/* Names of the checks of KEDA's webhook, and of the one of its controller. */
#define WEIR__KEDA_CHECK_TRIGGERS  "verifyTriggers"
#define WEIR__KEDA_CHECK_RESOURCES "verifyCPUMemoryScalers"
#define WEIR__KEDA_CHECK_HPAS      "verifyHpas"
#define WEIR__KEDA_CHECK_FALLBACK  "verifyFallback"
#define WEIR__KEDA_CHECK_OBJECTS   "verifyScaledObjects"
#define WEIR__KEDA_CHECK_BOUNDS    "bounds"

/* ---- building ------------------------------------------------------------------------------- */

/* What a trigger asks of the HPA. */
struct weir__keda_metric {
    weir_keda_trigger trigger;
    struct weir__amount target; /* as the HPA has it; absent: of utilization, or not known */
    const char *target_type;    /* "AverageValue", or whatever is written */
};

/* Reads what a trigger is given (keda_trigger.c), reporting what KEDA could not build. `out` is all
 * zeros. */
void weir__keda_build_trigger(struct weir__keda_check *c, size_t index,
                              struct weir__keda_metric *out);

/* Takes a number for a target, as KEDA rounds it. 0: it is beyond what a quantity can be. */
int weir__keda_target(struct weir__keda_check *c, double number, struct weir__amount *out);

/* Reads all triggers, and lays a ScaledObject over a configuration (keda_convert.c). NULL: there
 * is no memory left. */
struct weir__keda_metric *weir__keda_convert(struct weir__keda_check *c, weir_keda_config *config);

/* A copy of the behavior that is asked for; NULL where there is none. */
struct weir__hpa_behavior *weir__keda_copy_behavior(struct weir__keda_check *c);

/* The spec of the HPA that KEDA makes (keda_hpa.c), as it sends it; NULL: there is no memory left.
 */
struct weir__hpa_spec *weir__keda_hpa(struct weir__keda_check *c,
                                      const struct weir__keda_metric *metrics);

#endif
