/*
 * decide/keda_state.h - the block of a ScaledObject, shared by the files that run and save it.
 */
#ifndef WEIR_LIB_DECIDE_KEDA_STATE_H
#define WEIR_LIB_DECIDE_KEDA_STATE_H

#include "base/explain.h"
#include "limits/behavior.h"
#include "policy/keda_rule.h"
#include <weir/autoscaler.h>
#include <weir/keda.h>

extern const struct weir__table weir__keda_table;

#endif
