/*
 * weir/weir.h - the whole core of weir, an embeddable autoscaling policy library.
 *
 *   samples -> window -> policy rule -> limits -> decision + explain -> replay -> score
 *
 * Time is an argument, never a clock: the same input gives the same decision on every machine, to
 * the bit. Read base, fields, window, decision and autoscaler, then a kind (kpa, kpa_stats;
 * behavior, quantity, hpa; cron, formula, keda), then replay.
 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <weir/autoscaler.h>
#include <weir/base.h>
#include <weir/behavior.h>
#include <weir/cron.h>
#include <weir/decision.h>
#include <weir/fields.h>
#include <weir/formula.h>
#include <weir/hpa.h>
#include <weir/keda.h>
#include <weir/kpa.h>
#include <weir/kpa_stats.h>
#include <weir/quantity.h>
#include <weir/replay.h>
#include <weir/window.h>

#endif
