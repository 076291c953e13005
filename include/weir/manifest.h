/*
 * weir/manifest.h - Kubernetes manifests, YAML or JSON, to configurations.
 *
 * An adapter, in a library of its own: it allocates, and reads YAML with libfyaml and JSON with
 * cJSON. Files are added as text, in the order in which they would be applied; every problem in
 * them is reported at once, with file, line, column and field path. A bad document loses no other
 * one, and what is not about autoscaling is passed over with a notice, never silently.
 *
 * Texts are read as the API server reads them (sigs.k8s.io/yaml, with the scalars of YAML 1.1),
 * within limits that no real manifest comes near.
 *
 * Kinds so far: Service, Configuration and Revision of serving.knative.dev/v1, PodAutoscaler of
 * autoscaling.internal.knative.dev/v1alpha1, and the ConfigMaps config-autoscaler,
 * config-deployment and config-defaults, whose settings hold for every object of the same run;
 * HorizontalPodAutoscaler of autoscaling/v2, which a revision of class hpa.autoscaling.knative.dev
 * becomes as well; ScaledObject of keda.sh/v1alpha1, for which Deployments, StatefulSets,
 * LimitRanges and HorizontalPodAutoscalers in the same files are looked at as KEDA's webhook does.
 *
 * InferenceService of serving.kserve.io/v1beta1, LLMInferenceService and InferenceGraph are not run
 * themselves: what counts are the objects that KServe makes of them, with the ConfigMap
 * inferenceservice-config and the ServingRuntimes of the same run, or what KServe ships.
 */
#ifndef WEIR_MANIFEST_H
#define WEIR_MANIFEST_H

#include <weir/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How bad a problem is. */
enum {
    WEIR_PROBLEM_ERROR = 0,   /**< a cluster would refuse this, or weir cannot read it */
    WEIR_PROBLEM_WARNING = 1, /**< accepted, but hardly what was meant */
    WEIR_PROBLEM_NOTICE = 2   /**< passed over */
};

/** What is wrong with a field, as the API server tells its errors apart. */
enum {
    WEIR_CAUSE_OTHER = 0,         /**< nothing that the API server would say */
    WEIR_CAUSE_TYPE = 1,          /**< of another type: the object does not decode */
    WEIR_CAUSE_REQUIRED = 2,      /**< missing */
    WEIR_CAUSE_INVALID = 3,       /**< a value that is not allowed */
    WEIR_CAUSE_NOT_SUPPORTED = 4, /**< none of the words that are known */
    WEIR_CAUSE_FORBIDDEN = 5      /**< not allowed to be there */
};

/** The name that upstream gives a cause ("FieldValueRequired"); "" for WEIR_CAUSE_OTHER; static
 * text. */
WEIR_API const char *weir_cause_name(int32_t cause);

/** Where a cluster refuses an object; or'ed where several do. */
enum {
    WEIR_STAGE_API = 1,       /**< the API server: the schema, or its own checks */
    WEIR_STAGE_WEBHOOK = 2,   /**< the controller's webhook; without it the object is let in */
    WEIR_STAGE_RECONCILE = 4, /**< let in, but the controller does not run it */
    WEIR_STAGE_BUILD = 8,     /**< KEDA: a trigger or the formula cannot be built; nothing runs */
    WEIR_STAGE_HPA = 16,      /**< KEDA: the API server refuses the HPA that comes of it */
    WEIR_STAGE_OBJECT = 32,   /**< KServe: an object that the controller makes is refused */
    WEIR_STAGE_HAZARD = 64    /**< nobody refuses it, and it does not do what it seems to */
};

/** The name of the first stage of some ("webhook"); "" for none; static text. */
WEIR_API const char *weir_stage_name(int32_t stages);

/** One problem. Its texts live as long as the manifest. */
typedef struct weir_problem {
    weir_error error; /**< status (WEIR_OK unless it is an error), line, column, path, message */
    const char *file; /**< name as it was given */
    int32_t severity; /**< WEIR_PROBLEM_* */
    int32_t document; /**< 1-based number of the document in its file; 0: the file as a whole */
    int32_t cause;    /**< WEIR_CAUSE_*: of HorizontalPodAutoscalers and ScaledObjects only */
    int32_t stages;   /**< WEIR_STAGE_*; 0: it does not say */
    const char *rule; /**< stable id of a hazard, a section of docs/hazards.md; "" for others */
} weir_problem;

/** One autoscaler that the files describe. Its texts live as long as the manifest. */
typedef struct weir_manifest_item {
    const char *api_kind;   /**< "Service" */
    const char *name_space; /**< metadata.namespace, "default" where it is missing */
    const char *name;       /**< metadata.name, "" where it is missing, which is an error */
    const char *file;
    const void *config;     /**< by `kind`: weir_kpa_config, weir_hpa_config, weir_keda_config */
    int32_t kind;           /**< WEIR_KIND_KPA, WEIR_KIND_HPA, WEIR_KIND_KEDA */
    int32_t line;           /**< where the object begins */
    int32_t error_count;    /**< errors in this object; above 0 no cluster would run it, and the
                                 configuration is what use would make of it all the same */
    int32_t reserved;       /**< 0 */
    const char *maker_kind; /**< "InferenceService": what a controller makes it of; "" for an
                                 object that is in the files itself */
    const char *maker_name; /**< that one's name; "" likewise */
} weir_manifest_item;

typedef struct weir_manifest weir_manifest;

/** Longest text that is read, in bytes. */
#define WEIR_MANIFEST_BYTES_MAX 33554432
/** Most values in one document, aliases written out. */
#define WEIR_MANIFEST_NODES_MAX 1000000
/** Most values within values. */
#define WEIR_MANIFEST_DEPTH_MAX 100
/** Most problems that are kept; those beyond are only counted. */
#define WEIR_MANIFEST_PROBLEMS_MAX 10000

/**
 * Makes an empty manifest.
 * @param allocator  copied; NULL takes malloc and free, as libfyaml and cJSON do in any case
 * @return WEIR_OK; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_manifest_create(const weir_allocator *allocator, weir_manifest **out);

/** Frees a manifest and all that came from it; NULL is fine. */
WEIR_API void weir_manifest_free(weir_manifest *manifest);

/**
 * Sets what the files are laid over, instead of the defaults: with it come the settings that no
 * manifest has, as whose arithmetic to use.
 * @param kind    WEIR_KIND_KPA, WEIR_KIND_HPA, WEIR_KIND_KEDA
 * @param config  by kind: weir_kpa_config; weir_hpa_config, of which an object's spec replaces
 *                replicas, metrics and behavior; weir_keda_config likewise; copied
 * @return WEIR_OK; WEIR_E_STRUCT, WEIR_E_RANGE: not a sound configuration; WEIR_E_UNSUPPORTED:
 * another kind; WEIR_E_ARG, also after weir_manifest_finish()
 */
WEIR_API weir_status weir_manifest_set_defaults(weir_manifest *manifest, int32_t kind,
                                                const void *config);

/** How objects come into the cluster, for those checks that look beyond an object. */
typedef struct weir_admission {
    uint32_t struct_size;
    int32_t dry_run;       /**< 1: as with kubectl apply --dry-run=server, 0 */
    int32_t whole_cluster; /**< 1: what is not in the files is not in the cluster, 0 */
    int32_t reserved;      /**< 0 */
} weir_admission;

/** Writes the defaults. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_admission_init(weir_admission *admission, size_t struct_size);

/** @return WEIR_OK; WEIR_E_STRUCT; WEIR_E_ARG, also after weir_manifest_finish() */
WEIR_API weir_status weir_manifest_set_admission(weir_manifest *manifest,
                                                 const weir_admission *admission);

/**
 * Reads one file's text: one or more YAML documents, or JSON. A bad document does not lose the
 * others; problems are collected, not returned.
 * @param file  the name to report; copied
 * @param text  need not be terminated; not kept
 * @return WEIR_OK, also when there were problems; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_manifest_add(weir_manifest *manifest, const char *file, const char *text,
                                       size_t length);

/**
 * Lays the cluster's settings under those of the objects; to be called once, after the last file.
 * An object that is there twice counts as it was added last, as in a cluster.
 * @return WEIR_OK; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_manifest_finish(weir_manifest *manifest);

/** Autoscalers found, in the order of the files; none before weir_manifest_finish(); NULL past the
 * last. */
WEIR_API size_t weir_manifest_item_count(const weir_manifest *manifest);
WEIR_API const weir_manifest_item *weir_manifest_get_item(const weir_manifest *manifest,
                                                          size_t index);

/**
 * Problems found, in the order of files and lines; NULL past the last. A pointer is good until the
 * next call that adds or finishes.
 */
WEIR_API size_t weir_manifest_problem_count(const weir_manifest *manifest);
WEIR_API const weir_problem *weir_manifest_get_problem(const weir_manifest *manifest, size_t index);

/** How many problems have severity error, those that are only counted included. */
WEIR_API size_t weir_manifest_error_count(const weir_manifest *manifest);

/** A way in which a manifest that is accepted does not do what it seems to. */
typedef struct weir_hazard {
    const char *id;  /**< "kserve.behavior-dropped": stable; also a section of docs/hazards.md */
    const char *why; /**< one sentence: what happens, and why */
    const char *fix; /**< one sentence: what to write instead */
} weir_hazard;

/** All hazards that are looked for, by id; NULL past the last. */
WEIR_API size_t weir_hazard_count(void);
WEIR_API const weir_hazard *weir_get_hazard(size_t index);

/**
 * Looks for hazards in what the files describe, and adds them to the problems, as warnings of stage
 * WEIR_STAGE_HAZARD with their id; to be called once, after weir_manifest_finish().
 * @return WEIR_OK, also when there are some; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_manifest_check(weir_manifest *manifest);

/** A number that decides, and the layer that it comes from. Its texts live as long as the manifest.
 */
typedef struct weir_origin {
    const char *path;  /**< "spec.maxReplicas", of the object that is run */
    const char *value; /**< "3", "1m0s" */
    const char *layer; /**< "spec.predictor.maxReplicas" of the maker, "KServe's default",
                            "ConfigMap config-autoscaler", "Kubernetes' default"; "" for what the
                            object itself says */
    int32_t line;      /**< where it is written in the item's file; 0: nowhere there */
    int32_t reserved;  /**< 0 */
} weir_origin;

/**
 * Where the numbers of an item come from, one after the other.
 * @param origins  set to an array that lives as long as the manifest
 * @return WEIR_OK; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_manifest_origins(weir_manifest *manifest, size_t index,
                                           const weir_origin **origins, size_t *count);

/**
 * What the metadata of a ScaledObject's trigger has under a key, without the spaces around it, as
 * KEDA reads it: the "query" of a prometheus trigger, its "serverAddress", "namespace", ...
 *
 * @param index    of the item
 * @param trigger  as in weir_keda_config
 * @return NUL-terminated, good as long as the manifest; NULL where it is missing or blank, where
 *         there is no such item or trigger, or the item is no ScaledObject, and without memory
 */
WEIR_API const char *weir_manifest_trigger_metadata(weir_manifest *manifest, size_t index,
                                                    uint32_t trigger, const char *key);

/** How objects are shown; or'ed. */
enum {
    WEIR_SHOW_YAML = 0,
    WEIR_SHOW_JSON = 1,
    WEIR_SHOW_AS_SENT = 2 /**< as the controller sends it, without the API server's defaults */
};

/**
 * Writes the objects that a controller would make of an item, as the cluster has them: of a
 * ScaledObject the HorizontalPodAutoscaler; before that the item itself, if a controller makes it
 * of another object. Keys in alphabetical order, quantities in canonical form, several objects as
 * several documents; what only a cluster knows (uid, status) is left out.
 *
 * @param index  of the item
 * @param text   NUL-terminated result; may be NULL when capacity is 0
 * @param need   set to the bytes wanted, the NUL included; may be NULL
 * @return WEIR_OK; WEIR_END: none is made, as of a paused ScaledObject, the text is empty;
 *         WEIR_E_UNSUPPORTED: of a kind of which no others are made; WEIR_E_PARSE: its spec could
 *         not be read; WEIR_E_SPACE when it was cut; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_manifest_show(weir_manifest *manifest, size_t index, int32_t how,
                                        char *text, size_t capacity, size_t *need);

/**
 * Writes what a text of manifests says as JSON, as the API server takes YAML for JSON: a list with
 * one item for each document that is not empty.
 * @param text  YAML or JSON; need not be terminated
 * @param json  NUL-terminated result; may be NULL when capacity is 0
 * @param need  set to the bytes wanted, the NUL included; may be NULL
 * @param err   the first problem
 * @return WEIR_OK; WEIR_E_SPACE when it was cut; the status of the first problem, with nothing
 *         written; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_manifest_to_json(const char *text, size_t length, char *json,
                                           size_t capacity, size_t *need, weir_error *err);

/**
 * The candidate that is spelled most like a word, for "did you mean": fewest letters to change, and
 * no more than half of the word's; NULL when none is that near. Case, dashes and underscores do not
 * count.
 */
WEIR_API const char *weir_nearest_name(const char *word, const char *const *candidates,
                                       size_t count);

#ifdef __cplusplus
}
#endif
#endif
