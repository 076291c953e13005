/*
 * prometheus/json.h - JSON that is JSON: what cJSON lets pass is found before it gets to see it.
 */
#ifndef WEIR_LIB_PROMETHEUS_JSON_H
#define WEIR_LIB_PROMETHEUS_JSON_H

#include "common.h"

#include <cjson/cJSON.h>

/*
 * Whether a text is one JSON value (RFC 8259) in UTF-8, with nothing behind it, that cJSON reads
 * without loss: no NUL in texts, no number over 60 bytes, not nested over 200 deep. NULL when it
 * is, else what was expected at *at.
 */
const char *weir__pm_json_check(const char *text, size_t length, const char **at);

/* Line and column, both from 1, of a byte of a text. */
void weir__pm_position(const char *text, const char *at, int32_t *line, int32_t *column);

/* The last member of a name, as Go decodes; NULL for none, and for null. */
cJSON *weir__pm_json_member(const cJSON *object, const char *name);

#endif
