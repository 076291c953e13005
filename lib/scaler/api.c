/*
 * scaler/api.c - metrics-api: an answer by its format, and the answers of several endpoints.
 */
#include "gjson.h"
#include "readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <weir/quantity.h>

int32_t weir_scaler_format_of(const char *name)
{
    static const char *const names[] = {"json", "xml", "yaml", "prometheus"};

    for (int32_t i = 0; name != NULL && i < (int32_t)(sizeof names / sizeof names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

weir_status weir__sc_refuse(const struct question *q, weir_status status, const char *what)
{
    char message[240];

    snprintf(message, sizeof message, "at the location `%.*s%s`: %s",
             (int)(q->location.length < 80 ? q->location.length : 80), q->location.at,
             q->location.length < 80 ? "" : "...", what);
    return weir__sc_error(q->err, status, message);
}

weir_status weir__sc_quantity(const struct question *q, struct text text, double *value)
{
    weir_quantity quantity;

    if (weir_quantity_parse(text.at, text.length, &quantity, NULL) != WEIR_OK) {
        return weir__sc_refuse(q, WEIR_E_PARSE,
                               "expected a number or a quantity, got a text that "
                               "is neither");
    }
    *value = weir_quantity_double(&quantity);
    return WEIR_OK;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static weir_status text_value(const struct question *q, struct text raw, double *value)
{
    size_t room = raw.length + 4;
    char *characters = malloc(room);
    weir_status status;

    if (characters == NULL) {
        return weir__sc_error(q->err, WEIR_E_MEMORY, "out of memory");
    }
    room = weir__sc_gjson_unescape((struct text){raw.at + 1, raw.length - 2}, characters, room);
    status = weir__sc_quantity(q, (struct text){characters, room}, value);
    free(characters);
    return status;
}

weir_status weir__sc_read_json(const struct question *q, double *value)
{
    static const char *const got[] = {"null",     "false",  "true",
                                      "a number", "a text", "a list or an object"};
    struct gjson_query query = {WEIR_OK, NULL, NULL};
    struct gjson found = weir__sc_gjson_get(&query, q->body, q->location);
    weir_status status = query.status;
    char message[80];

    if (status != WEIR_OK) {
        weir__sc_refuse(q, status, query.problem);
    } else if (found.type == GJSON_NUMBER) {
        *value = found.number;
    } else if (found.type == GJSON_TEXT) {
        status = text_value(q, found.raw, value);
    } else {
        snprintf(message, sizeof message, "expected a number or a quantity, got %s",
                 found.raw.length > 0 ? got[found.type] : "nothing");
        status = weir__sc_refuse(q, WEIR_E_PARSE, message);
    }
    weir__sc_gjson_free(&query);
    return status;
}

/* ---- all formats ---------------------------------------------------------------------------- */

weir_status weir_scaler_api_answer(int32_t format, const char *location, const char *body,
                                   size_t length, int32_t http_status, double *value,
                                   weir_error *err)
{
    struct question q = {{location, 0}, {body != NULL ? body : "", length}, err};

    if (location == NULL || (body == NULL && length > 0) || value == NULL ||
        format < WEIR_ANSWER_JSON || format > WEIR_ANSWER_PROMETHEUS) {
        return WEIR_E_ARG;
    }
    q.location.length = strlen(location);
    if (q.location.length > WEIR_SCALER_LOCATION_MAX) {
        return weir__sc_refuse(&q, WEIR_E_LIMIT, "it is longer than 1024 bytes");
    }
    if (http_status != 0 && http_status != 200) {
        return weir__sc_http_error(err, http_status);
    }
    switch (format) {
    case WEIR_ANSWER_JSON: return weir__sc_read_json(&q, value);
    case WEIR_ANSWER_YAML: return weir__sc_read_yaml(&q, value);
    case WEIR_ANSWER_PROMETHEUS: return weir__sc_read_exposition(&q, value);
    default:
        return weir__sc_error(err, WEIR_E_UNSUPPORTED,
                              "KEDA cannot read XML: its decoder has no place for it");
    }
}

weir_status weir_scaler_api_aggregate(int32_t aggregation, const double *values,
                                      const weir_status *statuses, size_t count, double *value)
{
    double total = 0.0;
    size_t taken = 0;

    if (values == NULL || statuses == NULL || value == NULL ||
        aggregation < WEIR_AGGREGATE_AVERAGE || aggregation > WEIR_AGGREGATE_MIN) {
        return WEIR_E_ARG;
    }
    for (size_t i = 0; i < count; i++) {
        if (statuses[i] != WEIR_OK) {
            continue;
        }
        if (aggregation == WEIR_AGGREGATE_AVERAGE || aggregation == WEIR_AGGREGATE_SUM) {
            total += values[i];
        } else if (taken == 0 ||
                   (aggregation == WEIR_AGGREGATE_MAX ? values[i] > total : values[i] < total)) {
            total = values[i];
        }
        taken++;
    }
    if (taken == 0) {
        return WEIR_E_IO;
    }
    *value = aggregation == WEIR_AGGREGATE_AVERAGE ? total / (double)taken : total;
    return WEIR_OK;
}
