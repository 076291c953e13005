/*
 * manifest/knative_hpa.h - the HorizontalPodAutoscaler that Knative makes for a revision.
 */
#ifndef WEIR_LIB_MANIFEST_KNATIVE_HPA_H
#define WEIR_LIB_MANIFEST_KNATIVE_HPA_H

#include "hpa_spec.h"
#include "knative.h"

/* A spec with room for all that Knative puts into one; it points into itself. */
struct weir__knative_hpa {
    struct weir__hpa_spec spec;
    struct weir__hpa_metric metric;
    struct weir__hpa_source source;
    struct weir__hpa_behavior behavior;
    struct weir__hpa_rules up, down;
    char amount[WEIR_QUANTITY_TEXT_MAX];
};

/* Makes it, as Knative sends it. `deployment` is what it scales; `unreachable`: no traffic goes to
 * the revision. The texts have to last as long as it does. */
void weir__knative_make_hpa(struct weir__knative_hpa *made, const weir_kpa_config *cluster,
                            const struct weir__pairs *annotations, const char *deployment,
                            int unreachable);

#endif
