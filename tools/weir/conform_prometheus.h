/*
 * conform_prometheus.h - texts of the Prometheus vectors, which may hold any bytes.
 */
#ifndef WEIR_TOOLS_CONFORM_PROMETHEUS_H
#define WEIR_TOOLS_CONFORM_PROMETHEUS_H

#include "conform.h"

#include <weir/prometheus.h>

/* A text of weir, with the engine's stand-in for NULs. */
void conform_put_text(cJSON *object, const char *name, const char *text, size_t length);

/* The bytes of a member, or of NAME_b64, where they come in base64 because they are no UTF-8.
 * Freed by the caller; NULL when there is no memory. */
char *conform_bytes(const cJSON *object, const char *name, size_t *length);

#endif
