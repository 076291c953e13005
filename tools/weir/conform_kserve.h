/*
 * conform_kserve.h - the rooms of conform_kserve*.c among themselves.
 */
#ifndef WEIR_TOOLS_CONFORM_KSERVE_H
#define WEIR_TOOLS_CONFORM_KSERVE_H

#include "conform.h"

#include <weir/kserve.h>

/* A member; NULL where there is none. And a text; "" where it is none. */
cJSON *kserve_at(const cJSON *object, const char *name);
const char *kserve_text(const cJSON *object, const char *name);

/* The cluster that a scenario begins with, and what else changes before a step. NULL: no memory. */
weir_kserve *kserve_cluster(const struct scenario *s);
void kserve_before_step(const struct scenario *s, weir_kserve *cluster);

/* The objects that weir made, as the vectors list them, by kind and name. */
cJSON *kserve_objects(const cJSON *entries);

/* Of a ScaledObject: what KEDA's admission and controller say, and the bounds of its HPA. */
void kserve_add_keda(cJSON *made, const cJSON *entry);

/* A copy of an item, or null; and {kind: "refused"} where there is an error, or null. */
void kserve_add_or_null(cJSON *object, const char *name, const cJSON *item);
void kserve_add_error(cJSON *object, const char *name, const char *kind, int there);

/* Takes out annotations that have nothing to do with scaling. */
void kserve_strip(cJSON *annotations);

#endif
