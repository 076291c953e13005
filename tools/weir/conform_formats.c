/*
 * conform_formats.c - conformance of what reads scrapes and replies: the operations `exposition`
 * (the entries of a text by its Content-Type) and `api` (replies of the HTTP API).
 */
#include "conform_prometheus.h"
#include "series.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- what weir gave beyond what was wanted -------------------------------------------------- */

/* Members that `want` does not have are differences here: each object with one gets an error. */
static void mark_extras(cJSON *got, const cJSON *want)
{
    cJSON *item;
    const cJSON *other = cJSON_IsArray(want) ? want->child : NULL;
    const char *extra = NULL;

    if ((got->type & 0xff) != (want->type & 0xff)) {
        return;
    }
    cJSON_ArrayForEach(item, got)
    {
        if (cJSON_IsObject(got)) {
            other = cJSON_GetObjectItemCaseSensitive(want, item->string);
            extra = other == NULL ? item->string : extra;
        }
        if (other != NULL) {
            mark_extras(item, other);
        }
        if (cJSON_IsArray(got) && other != NULL) {
            other = other->next;
        }
    }
    if (extra != NULL && cJSON_GetObjectItemCaseSensitive(got, "error") == NULL) {
        char text[300];

        snprintf(text, sizeof text, "there is %s as well", extra);
        cJSON_AddStringToObject(got, "error", text);
    }
}

static void answer(struct scenario *s, cJSON *got)
{
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(s->step, "want");

    if (want != NULL && got != NULL) {
        mark_extras(got, want);
    }
    conform_answer(s, got);
}

/* Text of weir that a member names: a label's name may hold any bytes too. */
static void put_label(cJSON *object, const weir_label *label)
{
    char *name = malloc(label->name_length + 1);

    if (name != NULL) {
        memcpy(name, label->name, label->name_length);
        name[label->name_length] = '\0';
        cJSON_DeleteItemFromObjectCaseSensitive(object, name); /* the last of several counts */
        conform_put_text(object, name, label->value, label->value_length);
        free(name);
    }
}

static cJSON *labels_of(const weir_label *labels, size_t count)
{
    cJSON *object = cJSON_CreateObject();

    for (size_t i = 0; i < count; i++) {
        put_label(object, &labels[i]);
    }
    return object;
}

/* ---- exposition ----------------------------------------------------------------------------- */

/* Whether one name stands twice among the labels. */
static int has_duplicates(const weir_entry *e)
{
    for (size_t i = 0; i < e->label_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (e->labels[i].name_length == e->labels[j].name_length &&
                memcmp(e->labels[i].name, e->labels[j].name, e->labels[i].name_length) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

static void put_exemplar(cJSON *item, const weir_exemplar *exemplar)
{
    cJSON *list = cJSON_AddArrayToObject(item, "exemplars"), *one = cJSON_CreateObject();

    cJSON_AddItemToObject(one, "labels", labels_of(exemplar->labels, exemplar->label_count));
    conform_put_double(one, "value", exemplar->value);
    if (exemplar->has_time) {
        conform_put_int(one, "timestamp_ms", exemplar->time_ms);
    }
    cJSON_AddItemToArray(list, one);
}

static void put_sample(cJSON *item, const weir_entry *e)
{
    cJSON_AddStringToObject(item, "entry", "series");
    cJSON_AddItemToObject(item, "labels", labels_of(e->labels, e->label_count));
    if (has_duplicates(e)) {
        cJSON_AddTrueToObject(item, "duplicate_labels");
    }
    conform_put_double(item, "value", e->value);
    if (e->has_time) {
        conform_put_int(item, "timestamp_ms", e->time_ms);
    }
    if (e->has_exemplar) {
        put_exemplar(item, &e->exemplar);
    }
}

/* A comment may hold any bytes; those that are no UTF-8 stand in the vectors in base64. */
static void put_comment(cJSON *item, const weir_entry *e, const cJSON *want)
{
    size_t length;
    char *bytes;

    cJSON_AddStringToObject(item, "entry", "comment");
    if (!conform_has(want, "text_b64")) {
        conform_put_text(item, "text", e->text, e->text_length);
        return;
    }
    bytes = conform_bytes(want, "text", &length);
    cJSON_AddStringToObject(item, "text_b64",
                            bytes != NULL && length == e->text_length &&
                                    memcmp(bytes, e->text, length) == 0
                                ? conform_text(want, "text_b64", "")
                                : "other bytes");
    free(bytes);
}

static cJSON *entry_item(const weir_entry *e, const cJSON *want)
{
    cJSON *item = cJSON_CreateObject();

    switch (e->kind) {
    case WEIR_ENTRY_SAMPLE: put_sample(item, e); break;
    case WEIR_ENTRY_COMMENT: put_comment(item, e, want); break;
    case WEIR_ENTRY_TYPE:
        cJSON_AddStringToObject(item, "entry", "type");
        conform_put_text(item, "name", e->name, e->name_length);
        cJSON_AddStringToObject(item, "type", weir_metric_type_name(e->metric_type));
        break;
    default:
        cJSON_AddStringToObject(item, "entry", e->kind == WEIR_ENTRY_HELP ? "help" : "unit");
        conform_put_text(item, "name", e->name, e->name_length);
        conform_put_text(item, "text", e->text, e->text_length);
        break;
    }
    return item;
}

/* Takes the entries that are there; the status that ended them. */
static weir_status take_entries(weir_series_reader *reader, cJSON *entries, const cJSON *wanted,
                                weir_error *err)
{
    weir_entry entry;
    weir_status status;

    while ((status = weir_series_reader_next(reader, &entry, err)) == WEIR_OK) {
        const cJSON *want = cJSON_GetArrayItem(wanted, cJSON_GetArraySize(entries));

        cJSON_AddItemToArray(entries, entry_item(&entry, want));
    }
    return status;
}

/* Reads a text in chunks of so many bytes. */
static cJSON *read_text(const struct scenario *s, const char *text, size_t length, size_t chunk)
{
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(s->step, "want");
    const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(want, "entries");
    cJSON *got = cJSON_CreateObject(), *entries = cJSON_AddArrayToObject(got, "entries");
    weir_series_reader_options options;
    weir_series_reader *reader = NULL;
    weir_error err = {0};
    weir_status status;

    weir_series_reader_options_init(&options, sizeof options);
    status = weir_series_format_of_content_type(conform_text(s->config, "contentType", ""),
                                                &options.format, &err);
    status = status == WEIR_OK ? weir_series_reader_create(&options, &series_memory, &reader, &err)
                               : status;
    for (size_t at = 0; status >= 0 && at < length; at += chunk) {
        size_t bytes = length - at < chunk ? length - at : chunk;

        status = weir_series_reader_feed(reader, text + at, bytes, &err);
        status = status == WEIR_OK ? take_entries(reader, entries, wanted, &err) : status;
    }
    if (status >= 0) {
        status = weir_series_reader_finish(reader, &err);
        status = status == WEIR_OK ? take_entries(reader, entries, wanted, &err) : status;
    }
    if (status != WEIR_END) {
        cJSON_AddStringToObject(got, "error", err.message);
    }
    weir_series_reader_free(reader);
    return got;
}

static void run_exposition(struct scenario *s)
{
    while (conform_next(s)) {
        size_t length = 0;
        char *text = conform_bytes(s->step, "text", &length);
        cJSON *whole, *pieces;

        if (text == NULL) {
            return;
        }
        /* However the text is cut into chunks, the entries are the same. */
        whole = read_text(s, text, length, SIZE_MAX);
        pieces = read_text(s, text, length, 1 + (size_t)s->index % 7);
        if (!cJSON_Compare(whole, pieces, 1)) {
            cJSON_DeleteItemFromObjectCaseSensitive(whole, "entries");
            cJSON_AddItemToObject(whole, "entries", cJSON_CreateString("other ones in chunks"));
        }
        cJSON_Delete(pieces);
        answer(s, whole);
        free(text);
    }
}

/* ---- api ------------------------------------------------------------------------------------ */

static cJSON *point_item(int64_t time, double value)
{
    cJSON *point = cJSON_CreateArray();

    conform_add_int(point, time);
    conform_add_double(point, value);
    return point;
}

static cJSON *histogram_item(const weir_api_reply *r, const weir_api_histogram *h)
{
    cJSON *item = cJSON_CreateObject(), *list;

    conform_put_double(item, "count", h->count);
    conform_put_double(item, "sum", h->sum);
    if (h->bucket_count == 0) {
        return item;
    }
    list = cJSON_AddArrayToObject(item, "buckets");
    for (size_t i = h->bucket_at; i < h->bucket_at + h->bucket_count; i++) {
        cJSON *bucket = cJSON_CreateArray();

        conform_add_int(bucket, r->buckets[i].boundaries);
        conform_add_double(bucket, r->buckets[i].lower);
        conform_add_double(bucket, r->buckets[i].upper);
        conform_add_double(bucket, r->buckets[i].count);
        cJSON_AddItemToArray(list, bucket);
    }
    return item;
}

static void put_vector(cJSON *item, const weir_api_reply *r, size_t i)
{
    size_t p = r->point_at[i], h = r->histogram_at[i];

    if (h < r->histogram_at[i + 1]) {
        conform_put_int(item, "timestamp_ms", r->histograms[h].time_ms);
        cJSON_AddItemToObject(item, "histogram", histogram_item(r, &r->histograms[h]));
    } else {
        conform_put_int(item, "timestamp_ms", r->times_ms[p]);
        conform_put_double(item, "value", r->values[p]);
    }
}

static void put_matrix(cJSON *item, const weir_api_reply *r, size_t i)
{
    cJSON *list = NULL;

    for (size_t p = r->point_at[i]; p < r->point_at[i + 1]; p++) {
        list = list != NULL ? list : cJSON_AddArrayToObject(item, "values");
        cJSON_AddItemToArray(list, point_item(r->times_ms[p], r->values[p]));
    }
    list = NULL;
    for (size_t h = r->histogram_at[i]; h < r->histogram_at[i + 1]; h++) {
        cJSON *point = cJSON_CreateArray();

        list = list != NULL ? list : cJSON_AddArrayToObject(item, "histograms");
        conform_add_int(point, r->histograms[h].time_ms);
        cJSON_AddItemToArray(point, histogram_item(r, &r->histograms[h]));
        cJSON_AddItemToArray(list, point);
    }
}

static void put_result(cJSON *got, const weir_api_reply *r)
{
    cJSON *list;

    if (r->type == WEIR_PROMQL_SCALAR) {
        cJSON_AddStringToObject(got, "resultType", "scalar");
        cJSON_AddItemToObject(got, "result", point_item(r->times_ms[0], r->values[0]));
        return;
    }
    if (r->type == WEIR_PROMQL_STRING) { /* which the official client cannot read */
        cJSON_AddStringToObject(got, "error", r->text.text);
        cJSON_AddStringToObject(got, "errorType", "bad_response");
        return;
    }
    cJSON_AddStringToObject(got, "resultType", r->type == WEIR_PROMQL_VECTOR ? "vector" : "matrix");
    list = cJSON_AddArrayToObject(got, "result");
    for (size_t i = 0; i < r->series_count; i++) {
        cJSON *item = cJSON_CreateObject();

        cJSON_AddItemToObject(
            item, "metric",
            labels_of(r->labels + r->label_at[i], r->label_at[i + 1] - r->label_at[i]));
        if (r->type == WEIR_PROMQL_VECTOR) {
            put_vector(item, r, i);
        } else {
            put_matrix(item, r, i);
        }
        cJSON_AddItemToArray(list, item);
    }
}

static void put_texts(cJSON *got, const char *name, const weir_api_text *texts, size_t count)
{
    cJSON *list = count > 0 ? cJSON_AddArrayToObject(got, name) : NULL;

    for (size_t i = 0; i < count; i++) {
        cJSON_AddItemToArray(list, cJSON_CreateString(texts[i].text));
    }
}

static cJSON *reply_item(const weir_api_reply *r)
{
    static const char *const kinds[] = {"", "", "client_error", "server_error", "bad_response"};
    cJSON *got = cJSON_CreateObject();

    if (r->kind == WEIR_API_SUCCESS) {
        put_result(got, r);
    } else if (r->kind == WEIR_API_ERROR) {
        cJSON_AddStringToObject(got, "error", r->error.text);
        cJSON_AddStringToObject(got, "errorType", r->error_type.text);
    } else {
        cJSON_AddStringToObject(got, "error", r->message.text);
        cJSON_AddStringToObject(got, "errorType", kinds[r->kind]);
    }
    put_texts(got, "warnings", r->warnings, r->warning_count);
    put_texts(got, "infos", r->infos, r->info_count);
    return got;
}

static void run_api(struct scenario *s)
{
    while (conform_next(s)) {
        size_t length = 0;
        char *body = conform_bytes(s->step, "body", &length);
        weir_api_reply *reply = NULL;
        int32_t http_status = (int32_t)conform_int(s->step, "http_status", 200);

        if (body == NULL || weir_api_reply_parse(body, length, http_status, &series_memory, &reply,
                                                 NULL) != WEIR_OK) {
            free(body);
            return;
        }
        answer(s, reply_item(reply));
        weir_api_reply_free(reply);
        free(body);
    }
}

const struct conform_op conform_formats_ops[] = {
    {"exposition", run_exposition},
    {"api", run_api},
    {NULL, NULL},
};
