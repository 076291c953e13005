/*
 * weir/knative.h - Knative's own texts, ConfigMap data and annotations, to the configuration of a
 * KPA.
 *
 * Part of the manifest library. Upstream reads annotations twice: admission refuses bad ones, and
 * at use a text that does not parse counts as absent while one that parses is used whatever its
 * value.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/config/config.go, pkg/apis/autoscaling/
 * annotation_validation.go, pkg/reconciler/autoscaling/resources.
 */
#ifndef WEIR_KNATIVE_H
#define WEIR_KNATIVE_H

#include <weir/base.h>
#include <weir/kpa.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A key with its text; not owned. */
typedef struct weir_pair {
    const char *key;
    const char *text;
} weir_pair;

/**
 * Lays the data of ConfigMap config-autoscaler over a configuration. Any problem refuses the whole
 * ConfigMap, and then nothing changes.
 * @param data    unknown keys are ignored, as upstream does
 * @param config  with struct_size set, usually the defaults; semantics matter for the class
 * @return WEIR_OK; WEIR_E_RANGE with the first problem in err; WEIR_E_ARG
 */
WEIR_API weir_status weir_knative_settings(const weir_pair *data, size_t count,
                                           weir_kpa_config *config, weir_error *err);

/**
 * Lays the data of ConfigMap config-deployment over a configuration: progress-deadline, the only
 * key of it that autoscaling reads. A text that is no duration of whole seconds above 0 refuses it.
 * @return as weir_knative_settings()
 */
WEIR_API weir_status weir_knative_deployment(const weir_pair *data, size_t count,
                                             weir_kpa_config *config, weir_error *err);

/**
 * Checks the annotations of a revision as admission does.
 * @param cluster  the configuration that weir_knative_settings() made
 * @return WEIR_OK; WEIR_E_RANGE with the first problem in err; WEIR_E_ARG
 */
WEIR_API weir_status weir_knative_admit(const weir_kpa_config *cluster,
                                        const weir_pair *annotations, size_t count,
                                        weir_error *err);

/**
 * Lays annotations over a configuration as the reconciler uses them.
 * @return WEIR_OK; WEIR_E_ARG
 */
WEIR_API weir_status weir_knative_use(const weir_pair *annotations, size_t count,
                                      weir_kpa_config *config);

/**
 * The name of the metric that a revision scales on: the annotation's text, or the default of its
 * class ("concurrency", "cpu", ""). Lives as long as the annotations.
 */
WEIR_API const char *weir_knative_metric(const weir_pair *annotations, size_t count);

/**
 * Writes the spec of the HorizontalPodAutoscaler that Knative makes for a revision of class
 * hpa.autoscaling.knative.dev, as JSON and before the API server gives it its defaults:
 * weir_hpa_spec_create() (weir/hpa_spec.h) reads it as the API server does. Of the annotations only
 * metric, target, window and the scale bounds count.
 * @param cluster      the configuration that weir_knative_settings() made
 * @param deployment   name of the revision's Deployment
 * @param unreachable  1: no route leads to the revision, so that min-scale does not hold
 * @param text         NUL-terminated result; may be NULL when capacity is 0
 * @param need         set to the bytes wanted, the NUL included; may be NULL
 * @return WEIR_OK; WEIR_E_SPACE when it was cut; WEIR_E_ARG; WEIR_E_STRUCT
 */
WEIR_API weir_status weir_knative_hpa(const weir_kpa_config *cluster, const weir_pair *annotations,
                                      size_t count, const char *deployment, int32_t unreachable,
                                      char *text, size_t capacity, size_t *need);

#ifdef __cplusplus
}
#endif
#endif
