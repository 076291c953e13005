/*
 * weir/manifest.h - Kubernetes manifests to configurations of autoscalers.
 *
 * A library of its own (weir_manifest): it allocates, and it reads YAML with libfyaml and JSON with
 * cJSON. Give it the texts of files in the order in which they would be applied, ask it to finish,
 * then read what it found: the autoscalers, each with its configuration, and every problem with its
 * place. A bad document loses no other one, and a problem stops nothing: whether to go on is the
 * caller's choice.
 *
 * Texts are read as the API server reads them (sigs.k8s.io/yaml: the scalars of YAML 1.1), with
 * limits that no real manifest comes near.
 */
#ifndef WEIR_MANIFEST_H
#define WEIR_MANIFEST_H

#include <weir/autoscaler.h>
#include <weir/base.h>
#include <weir/kpa.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Limits of what is read. Beyond them is an error that says so, WEIR_E_LIMIT. */
#define WEIR_MANIFEST_BYTES_MAX    (32u << 20) /**< bytes of one file */
#define WEIR_MANIFEST_NODES_MAX    (1u << 20)  /**< values in a document, aliases written out */
#define WEIR_MANIFEST_DEPTH_MAX    100u        /**< values within values */
#define WEIR_MANIFEST_PROBLEMS_MAX 1000u       /**< problems kept; the rest is counted */

/** How bad a problem is. */
enum {
    WEIR_SEVERITY_ERROR = 1,   /**< a cluster would refuse this, or it cannot be read */
    WEIR_SEVERITY_WARNING = 2, /**< a cluster would accept this, but hardly as it was meant */
    WEIR_SEVERITY_NOTICE = 3   /**< something was passed over */
};

/** One problem. */
typedef struct weir_problem {
    weir_error error;   /**< what and where; the status is WEIR_OK unless it is an error */
    int32_t severity;   /**< WEIR_SEVERITY_* */
    int32_t file;       /**< which file, in the order of adding; see weir_manifest_file() */
    int32_t document;   /**< which document of the file, from 0; -1: the file as a whole */
    int32_t autoscaler; /**< which autoscaler; -1: none */
} weir_problem;

/** Settings of the loader. Start from weir_manifest_options_init(). */
typedef struct weir_manifest_options {
    uint32_t struct_size;
    int32_t semantics;  /**< WEIR_SERVING_*, serving 0.51; goes into the configurations too */
    int32_t conversion; /**< WEIR_CONVERT_*, saturate; likewise */
    int32_t reserved;   /**< 0 */
} weir_manifest_options;

/** One autoscaler that the files describe. The pointers live as long as the manifest. */
typedef struct weir_manifest_autoscaler {
    uint32_t struct_size;
    int32_t kind;     /**< WEIR_KIND_KPA */
    int32_t file;     /**< where it is described */
    int32_t document; /**< likewise, as in weir_problem */
    int32_t line;     /**< line of its object */
    int32_t errors;   /**< problems that are errors and about it; above 0: no cluster would run it */
    const char *object_kind;      /**< "Service" */
    const char *object_namespace; /**< "" where none is given */
    const char *object_name;      /**< "" where none is given, which is an error */
    const void *config;           /**< of that kind: const weir_kpa_config * */
} weir_manifest_autoscaler;

typedef struct weir_manifest weir_manifest;

/** Writes the defaults. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_manifest_options_init(weir_manifest_options *options, size_t struct_size);

/**
 * Makes an empty manifest.
 * @param options    NULL: the defaults
 * @param allocator  NULL: malloc and free; else copied. libfyaml and cJSON use malloc whatever it is
 * @param out        to be given to weir_manifest_destroy(); NULL on error
 * @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT; WEIR_E_RANGE; WEIR_E_MEMORY
 */
WEIR_API weir_status weir_manifest_create(const weir_manifest_options *options,
                                          const weir_allocator *allocator, weir_manifest **out);

/** Frees everything. NULL is allowed. */
WEIR_API void weir_manifest_destroy(weir_manifest *manifest);

/**
 * Reads one file: YAML or JSON, one document or many, lists of objects. What is wrong with it
 * becomes a problem, not a status.
 *
 * @param name    for messages; copied
 * @param text    need not be terminated; not kept
 * @param length  its bytes; with more than WEIR_MANIFEST_BYTES_MAX the text is not looked at
 * @return WEIR_OK; WEIR_E_MEMORY: destroy the manifest; WEIR_E_ARG, also after finishing
 */
WEIR_API weir_status weir_manifest_add(weir_manifest *manifest, const char *name, const char *text,
                                       size_t length);

/**
 * Puts together what all files say: the cluster's ConfigMaps wherever they stand, then each
 * autoscaler. An object that is there twice counts as it is written last, as in a cluster.
 *
 * @param err  the first error among the problems, if there is one
 * @return WEIR_OK; the status of that error (all can still be read); WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_manifest_finish(weir_manifest *manifest, weir_error *err);

/** How many autoscalers were found; 0 before finishing. */
WEIR_API size_t weir_manifest_count(const weir_manifest *manifest);

/**
 * One autoscaler, in the order of the files. One with errors has the configuration that the
 * running system would make of it all the same.
 * @param struct_size  size of *out as the caller knows it
 * @return WEIR_OK; WEIR_E_RANGE: there is no such one; WEIR_E_ARG; WEIR_E_STRUCT
 */
WEIR_API weir_status weir_manifest_get(const weir_manifest *manifest, size_t index,
                                       weir_manifest_autoscaler *out, size_t struct_size);

/** How many problems are kept. */
WEIR_API size_t weir_manifest_problem_count(const weir_manifest *manifest);

/** One problem, in the order of files and lines. @return WEIR_OK; WEIR_E_RANGE; WEIR_E_ARG */
WEIR_API weir_status weir_manifest_problem(const weir_manifest *manifest, size_t index,
                                           weir_problem *out);

/** How many problems of a severity there were, those beyond WEIR_MANIFEST_PROBLEMS_MAX included. */
WEIR_API size_t weir_manifest_severity_count(const weir_manifest *manifest, int32_t severity);

/** The name of a file; "" when there is none. Lives as long as the manifest. */
WEIR_API const char *weir_manifest_file(const weir_manifest *manifest, int32_t file);

/* ---- Knative's settings without a manifest -------------------------------------------------- */

/** One entry of an object's annotations or of a ConfigMap's data; keys are not there twice. */
typedef struct weir_setting {
    const char *key;
    const char *value;
} weir_setting;

/**
 * What the cluster makes of its ConfigMap config-autoscaler. One wrong value and it refuses all.
 *
 * @param data       its data, as text; unknown keys are passed over
 * @param semantics  WEIR_SERVING_*
 * @param config     every revision's configuration, before its annotations; the defaults where the
 *                   ConfigMap is refused
 * @param errors     room for `capacity` errors, each with its key as the path
 * @param count      set to the number of errors, which may be more; may be NULL
 * @return WEIR_OK; WEIR_E_RANGE or WEIR_E_PARSE: refused; WEIR_E_ARG
 * Upstream: knative.dev/serving pkg/autoscaler/config, NewConfigFromMap().
 */
WEIR_API weir_status weir_knative_configmap(const weir_setting *data, size_t data_count,
                                            int32_t semantics, weir_kpa_config *config,
                                            weir_error *errors, size_t capacity, size_t *count);

/**
 * Whether the cluster's admission lets a revision with these annotations in. All that is wrong is
 * reported at once.
 *
 * @param data         data of config-autoscaler; where that is refused the defaults hold
 * @param annotations  all annotations of the revision; those of others are passed over
 * @param errors, capacity, count  as for weir_knative_configmap()
 * @return WEIR_OK; WEIR_E_RANGE or WEIR_E_PARSE: not admitted; WEIR_E_ARG
 * Upstream: pkg/apis/autoscaling, ValidateAnnotations().
 */
WEIR_API weir_status weir_knative_admit(const weir_setting *data, size_t data_count,
                                        const weir_setting *annotations, size_t annotation_count,
                                        int32_t semantics, weir_error *errors, size_t capacity,
                                        size_t *count);

/**
 * What the running system makes of a revision's annotations, admitted or not: a value that cannot
 * be read counts as absent, and one that is out of bounds is used as it is.
 *
 * @param data                   as for weir_knative_admit()
 * @param container_concurrency  the revision's containerConcurrency
 * @return WEIR_OK; WEIR_E_ARG
 * Upstream: pkg/apis/autoscaling/v1alpha1, the getters of the PodAutoscaler.
 */
WEIR_API weir_status weir_knative_use(const weir_setting *data, size_t data_count,
                                      const weir_setting *annotations, size_t annotation_count,
                                      int64_t container_concurrency, int32_t semantics,
                                      weir_kpa_config *config);

#ifdef __cplusplus
}
#endif
#endif
