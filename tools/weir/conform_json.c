/*
 * conform_json.c - numbers, texts and times in and out of conformance vectors.
 *
 * Doubles are written in their shortest form; NaN and the infinities as strings; integers beyond
 * 2^53 as decimal strings.
 */
#include "conform.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT INT64_C(9007199254740992)

/* A window of a year, a delay of a year: more than any sensible scenario needs. */
size_t conform_block_max = (size_t)256 << 20;

void *conform_block(size_t bytes)
{
    return bytes <= conform_block_max ? malloc(bytes) : NULL;
}

/* ---- inputs --------------------------------------------------------------------------------- */

/* A whole text as an integer. */
static int parse_integer(const char *text, int64_t *value)
{
    const char *digits = text + (text[0] == '-');
    char *end;

    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno == 0 && *digits >= '0' && *digits <= '9' && *end == '\0';
}

/* A whole text as a double. */
static int parse_double(const char *text, double *value)
{
    char *end;

    *value = strtod(text, &end);
    return end != text && *end == '\0';
}

/* Whether an item stands for a number, and which. */
static int read_number(const cJSON *item, double *value)
{
    if (cJSON_IsNumber(item)) {
        *value = item->valuedouble;
        return 1;
    }
    if (!cJSON_IsString(item)) {
        return 0;
    }
    if (strcmp(item->valuestring, "NaN") == 0) {
        *value = (double)NAN;
        return 1;
    }
    return parse_double(item->valuestring, value); /* +Inf, -Inf, and long integers */
}

static int read_integer(const cJSON *item, int64_t *value)
{
    double number;

    if (cJSON_IsString(item)) {
        return parse_integer(item->valuestring, value);
    }
    if (!cJSON_IsNumber(item)) {
        return 0;
    }
    number = item->valuedouble;
    if (!(number >= -0x1p63 && number < 0x1p63)) {
        return 0;
    }
    *value = (int64_t)number;
    return 1;
}

double conform_number(const cJSON *item)
{
    double value;

    return read_number(item, &value) ? value : 0.0;
}

int64_t conform_integer(const cJSON *item)
{
    int64_t value;

    return read_integer(item, &value) ? value : 0;
}

int conform_is_integer(const cJSON *item)
{
    int64_t value;

    return read_integer(item, &value) &&
           (cJSON_IsString(item) || (double)value == item->valuedouble);
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
    int64_t value;

    if (cJSON_IsBool(item)) {
        return cJSON_IsTrue(item);
    }
    return read_integer(item, &value) ? value : missing;
}

double conform_double(const cJSON *object, const char *name, double missing)
{
    double value;

    return read_number(member(object, name), &value) ? value : missing;
}

const char *conform_text(const cJSON *object, const char *name, const char *missing)
{
    const cJSON *item = member(object, name);

    return cJSON_IsString(item) ? item->valuestring : missing;
}

const char *conform_key(const cJSON *item)
{
    return item != NULL && item->string != NULL ? item->string : "";
}

int conform_is(const cJSON *object, const char *name, const char *text)
{
    return strcmp(conform_text(object, name, ""), text) == 0;
}

weir_time conform_time_of(const struct scenario *s, const cJSON *item)
{
    int64_t t = conform_integer(item);

    /* Instants of a wrong file may not fit. */
    if (t > 0 ? s->epoch > INT64_MAX - t : s->epoch < INT64_MIN - t) {
        return t > 0 ? INT64_MAX : INT64_MIN;
    }
    return s->epoch + t;
}

weir_time conform_time(const struct scenario *s, const cJSON *object, const char *name)
{
    return conform_time_of(s, cJSON_GetObjectItemCaseSensitive(object, name));
}

weir_duration conform_seconds(const cJSON *object, const char *name, int64_t missing)
{
    int64_t seconds = conform_int(object, name, missing);

    if (seconds > INT64_MAX / WEIR_SECOND || seconds < INT64_MIN / WEIR_SECOND) {
        return seconds < 0 ? INT64_MIN : INT64_MAX;
    }
    return seconds * WEIR_SECOND;
}

int64_t conform_since(const struct scenario *s, weir_time t)
{
    if (s->epoch < 0 ? t > INT64_MAX + s->epoch : t < INT64_MIN + s->epoch) {
        return t < 0 ? INT64_MIN : INT64_MAX;
    }
    return t - s->epoch;
}

/* ---- answers -------------------------------------------------------------------------------- */

static cJSON *double_item(double value)
{
    if (isnan(value) || isinf(value)) {
        return cJSON_CreateString(isnan(value) ? "NaN" : value < 0 ? "-Inf" : "+Inf");
    }
    return cJSON_CreateNumber(value);
}

static cJSON *int_item(int64_t value)
{
    char text[32];

    if (value <= EXACT && value >= -EXACT) {
        return cJSON_CreateNumber((double)value);
    }
    snprintf(text, sizeof text, "%" PRId64, value);
    return cJSON_CreateString(text);
}

void conform_put_double(cJSON *object, const char *name, double value)
{
    cJSON_AddItemToObject(object, name, double_item(value));
}

void conform_put_int(cJSON *object, const char *name, int64_t value)
{
    cJSON_AddItemToObject(object, name, int_item(value));
}

void conform_add_double(cJSON *array, double value)
{
    cJSON_AddItemToArray(array, double_item(value));
}

void conform_add_int(cJSON *array, int64_t value)
{
    cJSON_AddItemToArray(array, int_item(value));
}

void conform_put_time(cJSON *object, const char *name, const struct scenario *s, weir_time value)
{
    if (value == WEIR_TIME_NONE) {
        cJSON_AddNullToObject(object, name);
    } else {
        conform_put_int(object, name, conform_since(s, value));
    }
}

cJSON *conform_error(const char *kind)
{
    cJSON *got = cJSON_CreateObject();

    cJSON_AddStringToObject(got, "error", kind);
    cJSON_AddStringToObject(got, "kind", kind);
    return got;
}

cJSON *conform_failure(weir_status status)
{
    cJSON *got = cJSON_CreateObject();
    int panics = status == WEIR_E_PANIC || status == WEIR_E_TIME || status == WEIR_E_RANGE;

    cJSON_AddStringToObject(got, "error",
                            status == WEIR_E_MEMORY ? "larger than a scenario may be"
                                                    : weir_strerror(status));
    cJSON_AddStringToObject(got, "kind",
                            panics                    ? "panic"
                            : status == WEIR_NO_DATA  ? "no_data"
                            : status == WEIR_E_MEMORY ? "memory"
                                                      : weir_status_name(status));
    return got;
}
