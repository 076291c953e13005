/*
 * weir/hpa_spec.h - the spec of a HorizontalPodAutoscaler (autoscaling/v2) through the eyes of the
 * API server: read, given its defaults, checked, and turned into a configuration.
 *
 * Part of the manifest library, for a spec that comes from elsewhere than a file: an admission
 * webhook, an editor. weir/manifest.h reads whole files by the same rules.
 *
 * Upstream: Kubernetes pkg/apis/autoscaling/v2/defaults.go, pkg/apis/autoscaling/validation,
 * pkg/registry/autoscaling/horizontalpodautoscaler.
 */
#ifndef WEIR_HPA_SPEC_H
#define WEIR_HPA_SPEC_H

#include <weir/base.h>
#include <weir/hpa.h>
#include <weir/manifest.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A spec that was read, with what is wrong with it. */
typedef struct weir_hpa_spec weir_hpa_spec;

/**
 * Reads a spec as the API server takes a new object, or an update.
 * @param allocator  copied; NULL takes malloc and free
 * @param cluster    the release and its gates, and the flags of the controller; NULL: the defaults
 * @param text       the spec alone, as JSON or YAML; need not be terminated
 * @param old        the spec that is there, already let in; NULL: none
 * @return WEIR_OK, also when there are problems; WEIR_E_MEMORY; WEIR_E_ARG; WEIR_E_STRUCT
 */
WEIR_API weir_status weir_hpa_spec_create(const weir_allocator *allocator,
                                          const weir_hpa_config *cluster, const char *text,
                                          size_t length, const weir_hpa_spec *old,
                                          weir_hpa_spec **out);

/** Frees a spec and all that came from it; NULL is fine. */
WEIR_API void weir_hpa_spec_free(weir_hpa_spec *spec);

/** What is wrong, in the order of the text; NULL past the last. Paths begin with "spec". */
WEIR_API size_t weir_hpa_spec_problem_count(const weir_hpa_spec *spec);
WEIR_API const weir_problem *weir_hpa_spec_get_problem(const weir_hpa_spec *spec, size_t index);

/** How many problems are errors, those that are only counted included. */
WEIR_API size_t weir_hpa_spec_error_count(const weir_hpa_spec *spec);

/**
 * Writes the spec as it is stored: JSON with all defaults, quantities in canonical form.
 * @param text      NUL-terminated result; may be NULL when capacity is 0
 * @param need      set to the bytes wanted, the NUL included; may be NULL
 * @return WEIR_OK; WEIR_E_SPACE when it was cut; WEIR_E_PARSE: it could not be read; WEIR_E_ARG
 */
WEIR_API weir_status weir_hpa_spec_json(const weir_hpa_spec *spec, char *text, size_t capacity,
                                        size_t *need);

/** The configuration that it comes to; lives as long as the spec. NULL where there are errors. */
WEIR_API const weir_hpa_config *weir_hpa_spec_config(const weir_hpa_spec *spec);

#ifdef __cplusplus
}
#endif
#endif
