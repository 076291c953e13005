/*
 * conform_kpa.h - what the files with Knative's operations share.
 */
#ifndef WEIR_TOOLS_CONFORM_KPA_H
#define WEIR_TOOLS_CONFORM_KPA_H

#include "conform.h"

/* WEIR_SERVING_* of the release that a scenario was recorded from. */
int32_t conform_semantics(const struct scenario *scenario);

#endif
