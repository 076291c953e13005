/*
 * prometheus/api_result.c - results of the HTTP API: vectors, matrices, scalars and strings.
 *
 * Values are texts and times numbers, cut to milliseconds. What the official client takes for 0
 * (null, an element that is not there) is an error here.
 */
#include "api.h"
#include "number.h"

#include <stdio.h>

/* Where in the result something is, for a message. */
struct place {
    size_t series, point;
    const char *member; /* "value", "values[", ... */
};

static bool wrong(struct reply *r, const struct place *p, const char *message)
{
    char path[sizeof r->problem.path];

    if (p->member == NULL) {
        snprintf(path, sizeof path, "data.result");
    } else if (p->member[strlen(p->member) - 1] == '[') {
        snprintf(path, sizeof path, "data.result[%zu].%s%zu]", p->series, p->member, p->point);
    } else {
        snprintf(path, sizeof path, "data.result[%zu].%s", p->series, p->member);
    }
    return weir__pm_reply_wrong(r, path, message);
}

/* Room for one more; its place is items[count], and the caller counts it. */
static bool room(struct reply *r, struct array *array, size_t size)
{
    bool there = weir__pm_reserve(&r->allocator, array, 1, size);

    r->no_memory = r->no_memory || !there;
    return there;
}

static bool put_position(struct reply *r, struct array *array, size_t position)
{
    if (!room(r, array, sizeof position)) {
        return false;
    }
    ((size_t *)array->items)[array->count++] = position;
    return true;
}

/* ---- points --------------------------------------------------------------------------------- */

/* Seconds, cut to milliseconds: the double nearest to a text with three decimals is that of the
 * whole milliseconds over 1000. */
static bool read_time(const cJSON *item, int64_t *ms)
{
    double seconds = cJSON_IsNumber(item) ? item->valuedouble : INFINITE, nearest;

    if (!(seconds > -9007199254740.0 && seconds < 9007199254740.0)) {
        return false; /* beyond, a double does not tell milliseconds apart */
    }
    *ms = (int64_t)(seconds * 1000 + (seconds < 0 ? -0.5 : 0.5));
    nearest = (double)*ms / 1000;
    if (seconds < 0 ? nearest < seconds : nearest > seconds) {
        *ms -= seconds < 0 ? -1 : 1;
    }
    return true;
}

static bool read_number(const cJSON *item, double *value)
{
    struct text text = {NULL, 0};

    if (!cJSON_IsString(item)) {
        return false;
    }
    text = (struct text){item->valuestring, strlen(item->valuestring)};
    if (weir__pm_number_quick(text.at, value) == text.at + text.length && text.length > 0) {
        return true;
    }
    return weir__pm_number_parse(text, value) == NUMBER_FINE;
}

/* [time, second]; the second stays with the caller. */
static const cJSON *read_pair(struct reply *r, const struct place *p, const cJSON *pair,
                              int64_t *ms)
{
    const cJSON *time = cJSON_IsArray(pair) ? pair->child : NULL;
    const cJSON *second = time != NULL ? time->next : NULL;

    if (second == NULL || second->next != NULL) {
        wrong(r, p, "expected a list of two, time and value");
        return NULL;
    }
    if (!read_time(time, ms)) {
        wrong(r, p, "expected a time in seconds, of years that milliseconds can tell");
        return NULL;
    }
    return second;
}

static bool read_point(struct reply *r, const struct place *p, const cJSON *pair)
{
    int64_t ms;
    double value;
    const cJSON *second = read_pair(r, p, pair, &ms);

    if (second == NULL) {
        return false;
    }
    if (!read_number(second, &value)) {
        return wrong(r, p, "expected a value: a number in a text");
    }
    if (!room(r, &r->times, sizeof ms) || !room(r, &r->values, sizeof value)) {
        return false;
    }
    ((int64_t *)r->times.items)[r->times.count++] = ms;
    ((double *)r->values.items)[r->values.count++] = value;
    return true;
}

/* ---- native histograms ---------------------------------------------------------------------- */

static bool read_bucket(struct reply *r, const struct place *p, const cJSON *item)
{
    const cJSON *rule = cJSON_IsArray(item) && cJSON_GetArraySize(item) == 4 ? item->child : NULL;
    weir_api_bucket bucket = {0};

    if (rule == NULL || !cJSON_IsNumber(rule) ||
        !(rule->valuedouble == 0 || rule->valuedouble == 1 || rule->valuedouble == 2 ||
          rule->valuedouble == 3) ||
        !read_number(rule->next, &bucket.lower) || !read_number(rule->next->next, &bucket.upper) ||
        !read_number(rule->next->next->next, &bucket.count)) {
        return wrong(r, p, "expected buckets: boundaries 0 to 3, lower, upper and count");
    }
    bucket.boundaries = (int32_t)rule->valuedouble;
    if (!room(r, &r->buckets, sizeof bucket)) {
        return false;
    }
    ((weir_api_bucket *)r->buckets.items)[r->buckets.count++] = bucket;
    return true;
}

static bool read_histogram(struct reply *r, const struct place *p, const cJSON *pair)
{
    weir_api_histogram h = {0};
    const cJSON *second = read_pair(r, p, pair, &h.time_ms), *buckets, *item;

    if (second == NULL) {
        return false;
    }
    buckets = weir__pm_json_member(second, "buckets");
    if (!read_number(weir__pm_json_member(second, "count"), &h.count) ||
        !read_number(weir__pm_json_member(second, "sum"), &h.sum) ||
        (buckets != NULL && !cJSON_IsArray(buckets))) {
        return wrong(r, p, "expected a native histogram: count, sum and buckets");
    }
    h.bucket_at = r->buckets.count;
    cJSON_ArrayForEach(item, buckets)
    {
        if (!read_bucket(r, p, item)) {
            return false;
        }
    }
    h.bucket_count = r->buckets.count - h.bucket_at;
    if (!room(r, &r->histograms, sizeof h)) {
        return false;
    }
    ((weir_api_histogram *)r->histograms.items)[r->histograms.count++] = h;
    return true;
}

/* ---- series --------------------------------------------------------------------------------- */

/* The last of several labels of one name counts, as in Go. */
static bool put_label(struct reply *r, size_t first, const cJSON *item)
{
    weir_label label = {item->string, strlen(item->string), item->valuestring,
                        strlen(item->valuestring)};
    weir_label *labels;

    if (!room(r, &r->labels, sizeof label)) {
        return false;
    }
    labels = r->labels.items;
    for (size_t i = first; i < r->labels.count; i++) {
        if (strcmp(labels[i].name, label.name) == 0) {
            labels[i] = label;
            return true;
        }
    }
    labels[r->labels.count++] = label;
    return true;
}

/* The client takes an empty name in a vector, and refuses it in a matrix. */
static bool read_labels(struct reply *r, struct place *p, bool vector, const cJSON *series)
{
    const cJSON *metric = weir__pm_json_member(series, "metric"), *item;
    size_t first = r->labels.count;

    p->member = "metric";
    if (metric != NULL && !cJSON_IsObject(metric)) {
        return wrong(r, p, "expected an object of labels");
    }
    cJSON_ArrayForEach(item, metric)
    {
        if (!cJSON_IsString(item)) {
            return wrong(r, p, "expected texts as values of labels");
        }
        if (!vector && item->string[0] == '\0') {
            return wrong(r, p, "expected names of labels that are not empty");
        }
        if (r->labels.count - first >= WEIR_SERIES_LABELS_MAX) {
            return wrong(r, p, "more than 4096 labels");
        }
        if (!put_label(r, first, item)) {
            return false;
        }
    }
    return true;
}

static bool read_element(struct reply *r, struct place *p, const cJSON *element)
{
    const cJSON *value = weir__pm_json_member(element, "value");
    const cJSON *histogram = weir__pm_json_member(element, "histogram");

    p->member = histogram != NULL ? "histogram" : "value";
    if (histogram != NULL) {
        return read_histogram(r, p, histogram);
    }
    return value != NULL ? read_point(r, p, value) : wrong(r, p, "expected a value");
}

static bool read_list(struct reply *r, struct place *p, const cJSON *list, bool histograms)
{
    const cJSON *item;

    p->member = histograms ? "histograms[" : "values[";
    p->point = 0;
    if (!cJSON_IsArray(list) && !cJSON_IsNull(list)) {
        return wrong(r, p, "expected a list");
    }
    cJSON_ArrayForEach(item, list)
    {
        if (!(histograms ? read_histogram(r, p, item) : read_point(r, p, item))) {
            return false;
        }
        p->point++;
    }
    return true;
}

/* Reads the points and frees what held them, which is the most of a reply. */
static bool read_stream(struct reply *r, struct place *p, cJSON *stream)
{
    cJSON *item, *next;

    for (item = stream->child; item != NULL; item = next) {
        bool histograms = strcmp(item->string, "histograms") == 0;

        next = item->next;
        if (strcmp(item->string, "metric") == 0) {
            continue;
        }
        if (!histograms && strcmp(item->string, "values") != 0) {
            p->member = item->string;
            return wrong(r, p, "expected metric, values and histograms alone");
        }
        if (!read_list(r, p, item, histograms)) {
            return false;
        }
        cJSON_Delete(cJSON_DetachItemViaPointer(stream, item));
    }
    return true;
}

static bool read_series(struct reply *r, bool vector, cJSON *list)
{
    struct place p = {0};
    cJSON *item = cJSON_IsArray(list) ? list->child : NULL;

    if (!cJSON_IsArray(list) && !cJSON_IsNull(list)) {
        return wrong(r, &p, "expected a list");
    }
    for (; item != NULL; item = item->next, p.series++) {
        p.member = "metric";
        if (!cJSON_IsObject(item)) {
            return wrong(r, &p, "expected an object with metric and values");
        }
        if (!read_labels(r, &p, vector, item) ||
            !(vector ? read_element(r, &p, item) : read_stream(r, &p, item)) ||
            !put_position(r, &r->label_at, r->labels.count) ||
            !put_position(r, &r->point_at, r->times.count) ||
            !put_position(r, &r->histogram_at, r->histograms.count)) {
            return false;
        }
    }
    return true;
}

static bool read_string(struct reply *r, const struct place *p, const cJSON *pair)
{
    const cJSON *second = read_pair(r, p, pair, &r->public.text_time_ms);

    if (second == NULL) {
        return false;
    }
    if (!cJSON_IsString(second)) {
        return wrong(r, p, "expected a text");
    }
    r->public.text = (weir_api_text){second->valuestring, strlen(second->valuestring)};
    return true;
}

bool weir__pm_result_read(struct reply *r, int32_t type, cJSON *result)
{
    struct place p = {0};

    if (!put_position(r, &r->label_at, 0) || !put_position(r, &r->point_at, 0) ||
        !put_position(r, &r->histogram_at, 0)) {
        return false;
    }
    switch (type) {
    case WEIR_PROMQL_VECTOR: return read_series(r, true, result);
    case WEIR_PROMQL_MATRIX: return read_series(r, false, result);
    case WEIR_PROMQL_STRING: return read_string(r, &p, result);
    default:
        return read_point(r, &p, result) && put_position(r, &r->label_at, 0) &&
               put_position(r, &r->point_at, 1) && put_position(r, &r->histogram_at, 0);
    }
}
