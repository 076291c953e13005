/*
 * weir/manifest.h - Kubernetes manifests, YAML or JSON, to configurations.
 *
 * An adapter, in a library of its own. Files are added as text; every problem in them is reported
 * at once, with file, line, column and field path. What is not about autoscaling is passed over
 * with a notice, never silently.
 *
 * Kinds so far: Service, Configuration and Revision of serving.knative.dev/v1, and the ConfigMap
 * config-autoscaler, whose settings hold for every object of the same run.
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

/** One problem. Its texts live as long as the manifest. */
typedef struct weir_problem {
    weir_error error; /**< status, line, column, field path, message */
    const char *file; /**< name as it was given */
    int32_t severity; /**< WEIR_PROBLEM_* */
    int32_t document; /**< 1-based number of the document in its file */
} weir_problem;

/** One autoscaler that the files describe. Its texts live as long as the manifest. */
typedef struct weir_manifest_item {
    const char *api_kind;   /**< "Service" */
    const char *name_space; /**< metadata.namespace, "default" where it is missing */
    const char *name;       /**< metadata.name */
    const char *file;
    const void *config;  /**< by `kind`: weir_kpa_config */
    int32_t kind;        /**< WEIR_KIND_KPA */
    int32_t line;        /**< where the object begins */
    int32_t error_count; /**< problems of severity error in this object */
    int32_t reserved;    /**< 0 */
} weir_manifest_item;

typedef struct weir_manifest weir_manifest;

/** Longest text that is read, in bytes. */
#define WEIR_MANIFEST_BYTES_MAX 33554432

/**
 * Makes an empty manifest.
 * @param allocator  copied; NULL takes malloc and free
 * @return WEIR_OK; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_manifest_create(const weir_allocator *allocator, weir_manifest **out);

/** Frees a manifest and all that came from it; NULL is fine. */
WEIR_API void weir_manifest_free(weir_manifest *manifest);

/**
 * Reads one file's text: one or more YAML documents, or JSON. A bad document does not lose the
 * others; problems are collected, not returned.
 * @param file  the name to report; copied
 * @return WEIR_OK, also when there were problems; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_manifest_add(weir_manifest *manifest, const char *file, const char *text,
                                       size_t length);

/**
 * Lays the cluster's settings under those of the objects; to be called once, after the last file.
 * @return WEIR_OK; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_manifest_finish(weir_manifest *manifest);

/** Autoscalers found, in the order of the files; NULL past the last. */
WEIR_API size_t weir_manifest_item_count(const weir_manifest *manifest);
WEIR_API const weir_manifest_item *weir_manifest_get_item(const weir_manifest *manifest,
                                                          size_t index);

/** Problems found, in the order they were found; NULL past the last. */
WEIR_API size_t weir_manifest_problem_count(const weir_manifest *manifest);
WEIR_API const weir_problem *weir_manifest_get_problem(const weir_manifest *manifest, size_t index);

/**
 * The candidate that is spelled most like a word, for "did you mean": fewest letters to change, and
 * no more than half of the word's; NULL when none is that near.
 */
WEIR_API const char *weir_nearest_name(const char *word, const char *const *candidates,
                                       size_t count);

/** How many problems have severity error. */
WEIR_API size_t weir_manifest_error_count(const weir_manifest *manifest);

#ifdef __cplusplus
}
#endif
#endif
