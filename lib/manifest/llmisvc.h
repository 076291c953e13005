/*
 * manifest/llmisvc.h - parts of what is made of LLMInferenceServices.
 */
#ifndef WEIR_LIB_MANIFEST_LLMISVC_H
#define WEIR_LIB_MANIFEST_LLMISVC_H

#include "kserve.h"

/* A workload's scaling block with the schema's defaults; NULL: it has none. */
struct weir__node *weir__llm_scaling(struct weir__kserve *k, const struct weir__node *workload);

/* The schema's rules between fields, where the schema itself is content, then the webhook's. */
void weir__llmisvc_validate(struct weir__kserve *k, const struct weir__node *spec,
                            const struct weir__node *scaling, const struct weir__node *prefill,
                            const struct weir__path *object);

#endif
