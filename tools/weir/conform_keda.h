/*
 * conform_keda.h - what the runners of KEDA's operations share.
 */
#ifndef WEIR_TOOLS_CONFORM_KEDA_H
#define WEIR_TOOLS_CONFORM_KEDA_H

#include "conform.h"

#include <weir/keda.h>
#include <weir/manifest.h>

static inline const cJSON *keda_at(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* Copies a text that may be missing; longer ones are cut. */
void keda_copy(char *to, size_t size, const char *from);

/* Parts of a spec. */
void keda_read_fallback(const cJSON *fallback, weir_keda_fallback *out);
void keda_read_modifiers(const cJSON *modifiers, weir_keda_modifiers *out);
int32_t keda_metric_type(const char *name);

void keda_read_annotations(const cJSON *annotations, weir_keda_config *out);
void keda_read_spec(const cJSON *spec, const cJSON *annotations, weir_keda_config *out);

/* The conditions that a step wants, as the status has them; those of the HPA by what it was told.
 */
void keda_put_conditions(struct scenario *s, cJSON *got, const weir_keda_status *status,
                         const char *hpa_reason);

/* What the input says of the HPA's condition; *reason is that of the HPA. */
int32_t keda_scaling_active(const cJSON *item, const char **reason);

/* Members for what a trigger measured: `milli`, and `quantity`, its text. */
void keda_put_amount(cJSON *got, double value);

/* The same for a target: `target_milli` and `target`, its text. */
void keda_put_target(cJSON *got, double target, int64_t milli);
void keda_put_whole_target(cJSON *got, int64_t target, int64_t milli);

/* ---- manifests (conform_keda_manifest.c) ---------------------------------------------------- */

/* An object with a name and an empty spec, which is returned. */
cJSON *keda_begin_object(cJSON *object, const char *api_version, const char *kind,
                         const char *name);
void keda_put_scale_target(cJSON *spec, const char *kind, const char *name);
void keda_add_document(weir_manifest *manifest, const cJSON *document);

/* The scenario's ScaledObject, the last one of the items, with the rest of its cluster or without
 * it. NULL when there is none. */
weir_manifest *keda_read_scenario(struct scenario *s, int with_cluster);
const weir_manifest_item *keda_subject(const weir_manifest *manifest);

/* The HPA of the last item as text, to be freed; NULL with a status. (conform_keda_spec.c) */
char *keda_show(weir_manifest *manifest, int32_t how, weir_status *status);

/* What the vectors say of a metric of an HPA. (conform_keda_spec.c) */
cJSON *keda_metric_spec(const cJSON *metric);

#endif
