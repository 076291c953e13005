/*
 * manifest/llmisvc.c - the scaling of LLMInferenceServices: schema, webhook, and the objects made.
 */
#include "kserve.h"

void weir__llmisvc_apply(struct weir__kserve *k, const struct weir__node *node,
                         const struct weir__path *path)
{
    (void)k; (void)node; (void)path;
}
