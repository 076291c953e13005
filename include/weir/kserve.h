/*
 * weir/kserve.h - what KServe makes of an InferenceService: admission, then the objects that scale
 * it.
 *
 * Part of the manifest library, for manifests that come from elsewhere than files, one after
 * another: a webhook, an editor, a stream of updates. weir/manifest.h reads whole files by the same
 * rules. A cluster here is settings, runtimes, services and the objects made for them; nothing in
 * it runs, and pods there are none.
 *
 * Upstream: github.com/kserve/kserve pkg/apis/serving/v1beta1, pkg/controller/v1beta1,
 * pkg/controller/v1alpha2/llmisvc, at commit aaac4e2.
 */
#ifndef WEIR_KSERVE_H
#define WEIR_KSERVE_H

#include <weir/base.h>
#include <weir/manifest.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A cluster with KServe in it. */
typedef struct weir_kserve weir_kserve;

/** Which of the two definitions that KServe ships a cluster has. */
enum {
    WEIR_KSERVE_FULL = 0,   /**< with a schema: unknown fields are dropped, wrong ones refused */
    WEIR_KSERVE_MINIMAL = 1 /**< without: only the webhooks look */
};

/**
 * Makes a cluster that has the settings which KServe ships, and nothing else.
 * @param allocator  copied; NULL takes malloc and free
 * @param definition WEIR_KSERVE_*
 * @return WEIR_OK; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_kserve_create(const weir_allocator *allocator, int32_t definition,
                                        weir_kserve **out);

/** Frees a cluster and all that came from it; NULL is fine. */
WEIR_API void weir_kserve_free(weir_kserve *cluster);

/**
 * Puts documents into the cluster that are there already, unchecked: the ConfigMaps
 * inferenceservice-config and config-autoscaler, ServingRuntimes and ClusterServingRuntimes, an
 * HPA that somebody else made, a Deployment whose status has availableReplicas, an
 * InferenceService of which only status.components counts. Others do nothing.
 * @return WEIR_OK; WEIR_E_PARSE: not readable; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_kserve_put(weir_kserve *cluster, const char *text, size_t length);

/**
 * Applies one InferenceService or LLMInferenceService, new or changed, and lets the controller run
 * once, also on what admission refuses: it may have been let in before there were rules.
 * @return WEIR_OK, also when there are problems; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_kserve_apply(weir_kserve *cluster, const char *text, size_t length);

/** Lets the controller run once more on what was applied last. @return as weir_kserve_apply() */
WEIR_API weir_status weir_kserve_reconcile(weir_kserve *cluster);

/** What is wrong with what was applied last, in the order of the text; NULL past the last. */
WEIR_API size_t weir_kserve_problem_count(const weir_kserve *cluster);
WEIR_API const weir_problem *weir_kserve_get_problem(const weir_kserve *cluster, size_t index);

/**
 * Writes what came of the last step, as JSON, with integers beyond 2^53 as texts: `readable`;
 * `settings`, what is wrong with the ConfigMap, or null; `admission` with `accepted`, the counts
 * `metadata`, `schema`, `rules` and `decode` of errors, the paths `dropped`, `panic` and `webhook`
 * as text or null, `annotations` as the mutating webhook leaves them, and of an LLMInferenceService
 * the schema's `defaulted` blocks and all `causes` of its webhook; `reconcile`, null if it did not
 * come so far, with `mode`, `skipped`, `error`, `components` and, of an LLMInferenceService,
 * `conditions`; and `objects`, everything that there is afterwards, each with `object`,
 * `by_kserve`, `refused` by the API server and `refusals` of the webhook that looks at it.
 * @param text      NUL-terminated result; may be NULL when capacity is 0
 * @param need      set to the bytes wanted, the NUL included; may be NULL
 * @return WEIR_OK; WEIR_E_SPACE when it was cut; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_kserve_json(weir_kserve *cluster, char *text, size_t capacity,
                                      size_t *need);

#ifdef __cplusplus
}
#endif
#endif
