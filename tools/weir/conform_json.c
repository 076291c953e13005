/*
 * conform_json.c - numbers and texts in and out of conformance vectors.
 *
 * Doubles are written in their shortest form; NaN and the infinities as strings; integers beyond
 * 2^53 as decimal strings.
 */
#include "conform.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT INT64_C(9007199254740992)

double conform_number(const cJSON *item)
{
    if (cJSON_IsNumber(item)) {
        return item->valuedouble;
    }
    if (!cJSON_IsString(item)) {
        return 0.0;
    }
    if (strcmp(item->valuestring, "NaN") == 0) {
        return NAN;
    }
    return strtod(item->valuestring, NULL); /* +Inf, -Inf, and long integers */
}

int64_t conform_integer(const cJSON *item)
{
    if (cJSON_IsString(item)) {
        return strtoll(item->valuestring, NULL, 10);
    }
    if (!cJSON_IsNumber(item)) {
        return 0;
    }
    if (!(fabs(item->valuedouble) < 9.2e18)) {
        return item->valuedouble < 0 ? INT64_MIN : INT64_MAX;
    }
    return (int64_t)item->valuedouble;
}

static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsNull(item) ? NULL : item;
}

int conform_has(const cJSON *object, const char *name)
{
    return member(object, name) != NULL;
}

int64_t conform_int(const cJSON *object, const char *name, int64_t missing)
{
    const cJSON *item = member(object, name);

    if (cJSON_IsBool(item)) {
        return cJSON_IsTrue(item);
    }
    return item != NULL ? conform_integer(item) : missing;
}

double conform_double(const cJSON *object, const char *name, double missing)
{
    const cJSON *item = member(object, name);

    return item != NULL ? conform_number(item) : missing;
}

const char *conform_text(const cJSON *object, const char *name, const char *missing)
{
    const cJSON *item = member(object, name);

    return cJSON_IsString(item) ? item->valuestring : missing;
}

int conform_is(const cJSON *object, const char *name, const char *text)
{
    return strcmp(conform_text(object, name, ""), text) == 0;
}

/* The sum of two instants as a wrong file may have them, without overflow. */
static weir_time later(weir_time epoch, int64_t t)
{
    if (t > 0 ? epoch > INT64_MAX - t : epoch < INT64_MIN - t) {
        return t > 0 ? INT64_MAX : INT64_MIN;
    }
    return epoch + t;
}

weir_time conform_time(const struct scenario *s, const cJSON *object, const char *name)
{
    return later(s->epoch, conform_int(object, name, 0));
}

void conform_put_double(cJSON *object, const char *name, double value)
{
    if (isnan(value)) {
        cJSON_AddStringToObject(object, name, "NaN");
    } else if (isinf(value)) {
        cJSON_AddStringToObject(object, name, value < 0 ? "-Inf" : "+Inf");
    } else {
        cJSON_AddNumberToObject(object, name, value);
    }
}

void conform_put_int(cJSON *object, const char *name, int64_t value)
{
    if (value > EXACT || value < -EXACT) {
        char text[32];

        snprintf(text, sizeof text, "%" PRId64, value);
        cJSON_AddStringToObject(object, name, text);
    } else {
        cJSON_AddNumberToObject(object, name, (double)value);
    }
}

void conform_put_time(cJSON *object, const char *name, const struct scenario *s, weir_time value)
{
    if (value == WEIR_TIME_NONE) {
        cJSON_AddNullToObject(object, name);
    } else {
        conform_put_int(object, name, value - s->epoch);
    }
}

cJSON *conform_error(const char *kind)
{
    cJSON *got = cJSON_CreateObject();

    cJSON_AddStringToObject(got, "error", kind);
    cJSON_AddStringToObject(got, "kind", kind);
    return got;
}
