/*
 * manifest/hazards.h - hazards: small functions that look at one object, or at all, and say where a
 * manifest that is accepted will not do what it seems to.
 *
 * A hazard is a row of a table: an id, what it looks at, the function, and two sentences.
 */
#ifndef WEIR_LIB_MANIFEST_HAZARDS_H
#define WEIR_LIB_MANIFEST_HAZARDS_H

#include "object.h"

/* What is looked at. */
struct weir__look {
    weir_manifest *manifest;
    const char *id;                     /* of the hazard that is looked for */
    const struct weir__object *object;  /* that problems are about */
    const struct weir__node *component; /* of a service, or the spec of an item */
    struct weir__path path;             /* of the component, or of the item */

    /* components of InferenceServices, and InferenceGraphs */
    const struct weir__node *own, *top; /* annotations: the component's, the service's */
    const char *mode, *class_name;      /* "Knative" or "Standard"; "hpa", ... */
    const char *role;                   /* "predictor"; "": an InferenceGraph */
    const char *name;                   /* of the objects made */

    /* items */
    struct weir__item *item;
    const struct weir__hpa_spec *hpa; /* an HPA's, or that of the HPA that KEDA makes */
};

enum {
    WEIR__LOOK_COMPONENT, /* of an InferenceService; an InferenceGraph is one */
    WEIR__LOOK_REVISION,  /* Knative's */
    WEIR__LOOK_HPA,       /* also the one that KEDA makes */
    WEIR__LOOK_SCALED_OBJECT,
    WEIR__LOOK_NOWHERE /* a loader finds it while it reads */
};

struct weir__hazard {
    weir_hazard open;
    int32_t at;                         /* WEIR__LOOK_* */
    void (*look)(struct weir__look *l); /* NULL: NOWHERE */
};

/* The tables; each ends with a row without an id. */
extern const struct weir__hazard weir__kserve_hazards[];
extern const struct weir__hazard weir__knative_hazards[];
extern const struct weir__hazard weir__hpa_hazards[];
extern const struct weir__hazard weir__keda_hazards[];

/* Reports the hazard that is looked for, at a node; `under` goes on from the path. */
void weir__hazard_say(struct weir__look *l, const struct weir__node *at, const char *under,
                      const char *message);

/* An annotation of a component: its own, or else the service's; NULL: none. */
const struct weir__node *weir__look_annotation(const struct weir__look *l, const char *key);

/* Whether a component is scaled this way in deployment mode Standard. */
int weir__look_is(const struct weir__look *l, const char *classes);

#endif
