/*
 * kinds.c - the kinds of autoscaler that can be replayed; see kinds.h.
 */
#include "kinds.h"

const struct kind *kind_of(int32_t kind)
{
    static const struct kind *const kinds[] = {&kpa_kind, &hpa_kind, &keda_kind};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i]->kind == kind) {
            return kinds[i];
        }
    }
    return NULL;
}
