/*
 * manifest/kserve.h - what KServe makes of its objects: admission, then the controllers, in a
 * cluster that is only as real as scaling needs it to be.
 *
 * A model of a cluster holds settings, runtimes, services and the objects made for them. Applying a
 * service goes the way of a real one: schema, decoding, mutating and validating webhook, then the
 * controller, which makes Knative Services, HorizontalPodAutoscalers, ScaledObjects and
 * Deployments as trees (grow.h). The controller runs whatever admission said, as upstream's does
 * on objects that are already there.
 *
 * Upstream: github.com/kserve/kserve pkg/apis/serving/v1beta1, pkg/controller/v1beta1.
 */
#ifndef WEIR_LIB_MANIFEST_KSERVE_H
#define WEIR_LIB_MANIFEST_KSERVE_H

#include "grow.h"
#include "knative.h"
#include "schema.h"

#define WEIR__KSERVE             "serving.kserve.io/"
#define WEIR__DEPLOYMENT_MODE    WEIR__KSERVE "deploymentMode"
#define WEIR__AUTOSCALER_CLASS   WEIR__KSERVE "autoscalerClass"
#define WEIR__STOP               WEIR__KSERVE "stop"
#define WEIR__MODE_KNATIVE       "Knative"
#define WEIR__MODE_STANDARD      "Standard"
#define WEIR__MODE_MODELMESH     "ModelMesh"
#define WEIR__KSERVE_DEFAULT     "KServe's default"
#define WEIR__KSERVE_CONFIG      "ConfigMap inferenceservice-config"
#define WEIR__KUBERNETES_DEFAULT "Kubernetes' default"

/* ---- settings ------------------------------------------------------------------------------- */

/* ConfigMap inferenceservice-config. Texts that are JSON are kept as they are where upstream only
 * reads them when it needs them. */
struct weir__kserve_settings {
    const struct weir__node *data; /* NULL: none was given, and what upstream ships holds */
    const char *error;             /* it is a bad one: nothing works; "" otherwise */
    const char *default_mode;      /* "" without an entry "deploy" */
    const struct weir__node *inference_service; /* NULL: no such entry */
};

/* Objects that exist. */
enum {
    WEIR__KNATIVE_SERVICE,
    WEIR__HPA,
    WEIR__DEPLOYMENT,
    WEIR__SCALED_OBJECT,
    WEIR__OTEL_COLLECTOR
};

struct weir__thing {
    struct weir__thing *next;
    int32_t kind;
    int32_t by_kserve;    /* its spec is what KServe wrote */
    int32_t is_available; /* a Deployment with a pod that is available */
    int32_t is_new;       /* written in the last step */
    int32_t refused;      /* the API server let it not in: it is not there */
    const char *name_space, *name;
    struct weir__node *tree;
    const void *source; /* of whom: a struct weir__service */
};

/* A service that was applied. */
struct weir__service {
    struct weir__service *next;
    const struct weir__node *node; /* as it was applied last */
    const char *kind, *name_space, *name;
    const char *mode;                     /* status.deploymentMode; "": none yet */
    const struct weir__node *rolled_out;  /* component to revision; NULL: none */
    const struct weir__node *annotations; /* after the mutating webhook */
    struct weir__node *conditions;        /* of its status, about scaling; NULL: none yet */
};

/* ---- what came of a step -------------------------------------------------------------------- */

enum { WEIR__COMPONENT_FINE, WEIR__COMPONENT_ERROR, WEIR__COMPONENT_PANIC };

struct weir__component_result {
    const char *name;
    int32_t outcome; /* WEIR__COMPONENT_* */
    int32_t reserved;
    const char *message;
};

enum { WEIR__COMPONENTS_MAX = 4 };

struct weir__kserve_result {
    struct weir__schema_result schema;
    size_t metadata;                      /* errors of labels and annotations */
    size_t rules;                         /* rules of the schema between fields that fail */
    const char *panic;                    /* of the mutating webhook; NULL: none */
    const char *webhook;                  /* its error; NULL: none */
    const struct weir__node *annotations; /* after the mutating webhook; NULL: not come so far */
    int32_t accepted;
    int32_t reconciled;                 /* the controller ran */
    const struct weir__node *defaulted; /* an LLMInferenceService's blocks after defaulting */
    struct weir__node *causes;          /* all that its webhook says; NULL: nothing */
    struct weir__node *conditions;      /* of its status; NULL: none */
    const char *mode;
    const char *error; /* of the controller before any component; NULL: none */
    int32_t skipped;
    int32_t component_count;
    struct weir__component_result components[WEIR__COMPONENTS_MAX];
};

/* ---- the cluster ---------------------------------------------------------------------------- */

struct weir__kserve {
    struct weir__arena *arena;
    struct weir__problems *problems;
    struct weir__grower g;
    int32_t definition; /* WEIR__SCHEMA_* */
    struct weir__kserve_settings settings;
    weir_kpa_config knative;              /* of the cluster */
    const char *allow_zero_initial_scale; /* as written in config-autoscaler; "": not */
    const struct weir__node *runtimes;    /* a list of ServingRuntimes and cluster-wide ones */
    struct weir__service *services;
    struct weir__thing *things;
    struct weir__kserve_result result; /* of the last step */
};

void weir__kserve_open(struct weir__kserve *k, struct weir__arena *arena,
                       struct weir__problems *problems);

/* Reads the data of ConfigMap inferenceservice-config; NULL: what upstream ships. */
void weir__kserve_configure(struct weir__kserve *k, const struct weir__node *data);

/* The entry of the ConfigMap as JSON. NULL: there is none, or it is none, and then *bad is 1. */
const struct weir__node *weir__kserve_setting(struct weir__kserve *k, const char *key, int *bad);

/* A text that is JSON; NULL when it is not. */
const struct weir__node *weir__json_text(struct weir__kserve *k, const char *text);

/* "Knative", "Standard", "ModelMesh" for a word, older ones included; "" for any other. */
const char *weir__kserve_mode(const char *word);

/* Applies an InferenceService: admission, then the controller; `path` is that of the object. */
void weir__isvc_apply(struct weir__kserve *k, const struct weir__node *node,
                      const struct weir__path *object);

/* The service of an object's kind, namespace and name; with `make`, it is there afterwards. */
struct weir__service *weir__kserve_service(struct weir__kserve *k, const struct weir__node *node,
                                           int make);

/* Takes a service and what was made of it away, without a trace. */
void weir__kserve_forget(struct weir__kserve *k, const struct weir__service *service);

/* Lets the controller run on a service once more. */
void weir__isvc_reconcile(struct weir__kserve *k, struct weir__service *service,
                          const struct weir__path *path);

/* Applies an LLMInferenceService likewise. */
void weir__llmisvc_apply(struct weir__kserve *k, const struct weir__node *node,
                         const struct weir__path *object);

/* Applies an InferenceGraph likewise. */
void weir__graph_apply(struct weir__kserve *k, const struct weir__node *node,
                       const struct weir__path *object);

/* A list of {check, message}: what the webhook of its kind says to an object that exists. */
struct weir__node *weir__kserve_refusals(struct weir__kserve *k, const struct weir__thing *thing);

/* Admission's parts. Each returns whether things may go on. */
int weir__metadata_check(struct weir__kserve *k, const struct weir__node *node,
                         struct weir__path *path);
int weir__isvc_check(struct weir__kserve *k, const struct weir__node *node,
                     struct weir__path *path);
int weir__isvc_mutate(struct weir__kserve *k, const struct weir__node *node,
                      const struct weir__path *path);
void weir__isvc_validate(struct weir__kserve *k, const struct weir__node *node,
                         const struct weir__service *old, const struct weir__path *path);

/* The validating webhook's rules about how a component scales. Reports the first that fails, and
 * returns whether none did. */
int weir__isvc_scaling_rules(struct weir__kserve *k, const struct weir__node *component,
                             const struct weir__path *path);
int weir__isvc_extension_rules(struct weir__kserve *k, const struct weir__node *component,
                               const struct weir__path *path);

/* Reports what the validating webhook says; the first error is the one that it would give. */
void weir__webhook_says(struct weir__kserve *k, struct weir__mark mark,
                        const struct weir__path *object, const char *key, const char *message);

/* ---- the controllers ------------------------------------------------------------------------ */

/* A component of a service, as the builders of objects see it. */
struct weir__workload {
    struct weir__kserve *k;
    struct weir__service *service;
    const struct weir__path *path;      /* of the component */
    const char *role;                   /* "predictor" */
    const char *name;                   /* of the objects */
    const struct weir__node *extension; /* where the component's fields are */
    const struct weir__node *min;       /* its minReplicas; NULL: none */
    const char *min_origin;             /* where that comes from when it is not the field */
    int32_t fixed;                      /* only minReplicas counts: a canary */
    struct weir__node *annotations;     /* merged */
    const struct weir__node *requests;  /* of the container; NULL: none */
    const char *container;              /* its name */
    const struct weir__node *image;     /* NULL: not its own */
};

/* Lets the controller run on a service that is one workload. */
void weir__workload_reconcile(struct weir__kserve *k, struct weir__service *service,
                              struct weir__workload *w);

/* The annotations of a service as they go on: in Knative mode without an initial-scale that Knative
 * would not take. */
struct weir__node *weir__own_annotations(struct weir__kserve *k, struct weir__service *service);

struct weir__node *weir__make_knative_service(struct weir__workload *w);
struct weir__node *weir__make_hpa(struct weir__workload *w);
struct weir__node *weir__make_scaled_object(struct weir__workload *w, const char **error);
struct weir__node *weir__make_deployment(struct weir__workload *w, const char *class_name);

/* Whether class keda would have upstream follow a pointer to nothing. */
int weir__keda_panics(const struct weir__workload *w);

/* A quantity as it was written; an integer, however it is spelled, in digits; "0" for none. */
const char *weir__amount_text(struct weir__grower *g, const struct weir__node *amount);

/* An object of a workload's name, which stands where its component is written. */
struct weir__node *weir__make_object(struct weir__workload *w, const char *api_version,
                                     const char *kind, const struct weir__node *annotations);

/* metadata of an object. */
struct weir__node *weir__make_metadata(struct weir__kserve *k, const struct weir__service *service,
                                       const char *name, const struct weir__node *annotations);

/* Things by kind and name; NULL: there is none. */
struct weir__thing *weir__find_thing(struct weir__kserve *k, int32_t kind, const char *name_space,
                                     const char *name);
struct weir__thing *weir__put_thing(struct weir__kserve *k, int32_t kind,
                                    const struct weir__service *service, const char *name,
                                    struct weir__node *tree);
void weir__drop_thing(struct weir__kserve *k, int32_t kind, const char *name_space,
                      const char *name);

/* Notes an object that the API server refuses: it is not there, and gone with the next step. */
struct weir__thing *weir__refuse_thing(struct weir__kserve *k, int32_t kind,
                                       const struct weir__service *service, const char *name,
                                       struct weir__node *tree);

/* Before the controller runs: nothing is new, and what was refused is forgotten. */
void weir__begin_round(struct weir__kserve *k);

/* Makes the workload of a component: all but the minimum that ready canaries take off, and `fixed`.
 * The path is that of the component, and has to last. */
void weir__workload_open(struct weir__workload *w, struct weir__kserve *k,
                         struct weir__service *service, const struct weir__node *annotations,
                         const char *role, const struct weir__node *component,
                         struct weir__path *path);

/* Whether a revision may begin without pods; *bad is 1 where the setting is no switch. */
int weir__kserve_allows_zero(const struct weir__kserve *k, int *bad);

/* Whether annotations stop a service. */
int weir__is_stopped(const struct weir__node *annotations);

/* What the API server says to the spec of an HPA that KServe writes: whether it lets it in. */
int weir__hpa_is_let_in(struct weir__kserve *k, const struct weir__node *tree,
                        const struct weir__path *object);

extern const struct weir__rule weir__isvc_rules[];
extern const struct weir__rule weir__llmisvc_rules[];
extern const struct weir__rule weir__scaled_object_rules[];
extern const struct weir__rule weir__graph_rules[];

#endif
