/*
 * conform_prometheus.c - conformance of PromQL: the operations `parse` (an expression's type and
 * canonical text) and `promql` (samples appended to a store, queries over it).
 *
 * Upstream's order is only its habit where values tie, and its texts of annotations are only
 * information.
 */
#include "conform_prometheus.h"
#include "program.h"
#include "series.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <weir/promql.h>

enum { NS_PER_MS = 1000000, LABELS_MAX = 64 };

/* An error of weir as one of the vectors. */
static cJSON *failure(const char *kind, const weir_error *err)
{
    cJSON *got = cJSON_CreateObject();

    cJSON_AddStringToObject(got, "error", err->message);
    cJSON_AddStringToObject(got, "kind", kind);
    return got;
}

/* ---- parse ---------------------------------------------------------------------------------- */

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

static size_t base64_decode(const char *text, char *to)
{
    unsigned bits = 0;
    int have = 0;
    size_t n = 0;

    for (; base64_digit(*text) >= 0; text++) {
        bits = bits << 6 | (unsigned)base64_digit(*text);
        have += 6;
        if (have >= 8) {
            have -= 8;
            to[n++] = (char)(bits >> have & 0xFF);
        }
    }
    return n;
}

void conform_put_text(cJSON *object, const char *name, const char *text, size_t length)
{
    static const char stand_in[] = "\xEE\x80\x80";
    char *copy = malloc(3 * length + 1);
    size_t n = 0;

    for (size_t i = 0; copy != NULL && i < length; i++) {
        if (text[i] == '\0') {
            memcpy(copy + n, stand_in, 3);
            n += 3;
        } else {
            copy[n++] = text[i];
        }
    }
    if (copy != NULL) {
        copy[n] = '\0';
        cJSON_AddStringToObject(object, name, copy);
        free(copy);
    }
}

typedef weir_status printer(const weir_promql_expr *expr, char *text, size_t capacity,
                            size_t *need);

static void put_printed(cJSON *got, const char *name, const weir_promql_expr *expr, printer *print)
{
    size_t need = 0;
    char *text;

    print(expr, NULL, 0, &need);
    text = malloc(need);
    if (text != NULL && print(expr, text, need, NULL) == WEIR_OK) {
        conform_put_text(got, name, text, need - 1);
    }
    free(text);
}

static const char *type_name(int32_t type)
{
    switch (type) {
    case WEIR_PROMQL_SCALAR: return "scalar";
    case WEIR_PROMQL_VECTOR: return "vector";
    case WEIR_PROMQL_MATRIX: return "matrix";
    default: return "string";
    }
}

static cJSON *parsed(const char *text, size_t length)
{
    weir_promql_expr *expr;
    weir_error err;
    cJSON *got;

    if (weir_promql_parse(text, length, &series_memory, &expr, &err) != WEIR_OK) {
        return failure("parse", &err);
    }
    got = cJSON_CreateObject();
    cJSON_AddStringToObject(got, "type", type_name(weir_promql_type(expr)));
    put_printed(got, "string", expr, weir_promql_print);
    put_printed(got, "pretty", expr, weir_promql_format);
    weir_promql_expr_free(expr);
    return got;
}

/* Turns stand-ins for NULs back; `to` has room for the text. */
static size_t restore_nuls(const char *text, char *to)
{
    static const char stand_in[] = "\xEE\x80\x80";
    size_t n = 0;

    while (*text != '\0') {
        if (strncmp(text, stand_in, 3) == 0) {
            to[n++] = '\0';
            text += 3;
        } else {
            to[n++] = *text++;
        }
    }
    return n;
}

char *conform_bytes(const cJSON *object, const char *name, size_t *length)
{
    char coded_name[32];
    const char *coded, *plain = conform_text(object, name, "");
    char *text;

    snprintf(coded_name, sizeof coded_name, "%s_b64", name);
    coded = conform_text(object, coded_name, NULL);
    text = malloc(strlen(coded != NULL ? coded : plain) + 1);
    if (text != NULL) {
        *length = coded != NULL ? base64_decode(coded, text) : restore_nuls(plain, text);
    }
    return text;
}

static void run_parse(struct scenario *s)
{
    while (conform_next(s)) {
        size_t length;
        char *text = conform_bytes(s->step, "expr", &length);

        conform_answer(s, text != NULL ? parsed(text, length) : NULL);
        free(text);
    }
}

/* ---- appending ------------------------------------------------------------------------------ */

static int64_t ms_of(const struct scenario *s, int64_t t)
{
    return weir_promql_ms(s->epoch + t);
}

static double sample_value(const cJSON *item)
{
    return cJSON_IsString(item) && strcmp(item->valuestring, "stale") == 0 ? weir_stale_marker()
                                                                           : conform_number(item);
}

static size_t labels_of(const cJSON *object, weir_label *labels)
{
    size_t count = 0;
    const cJSON *item;

    cJSON_ArrayForEach(item, object)
    {
        if (count < LABELS_MAX && cJSON_IsString(item)) {
            labels[count++] = (weir_label){item->string, strlen(item->string), item->valuestring,
                                           strlen(item->valuestring)};
        }
    }
    return count;
}

/* Why the store refused a sample: upstream's text of that kind, with its details if it has some. */
static cJSON *refusal(weir_status status, const cJSON *wanted)
{
    static const char duplicate[] = "duplicate sample for timestamp";
    const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(wanted, 2));

    if (status == WEIR_E_TIME) {
        return cJSON_CreateString("out of order sample");
    }
    return cJSON_CreateString(
        text != NULL && strncmp(text, duplicate, strlen(duplicate)) == 0 ? text : duplicate);
}

static void append_series(const struct scenario *s, weir_series_store *store, const cJSON *one,
                          int index, cJSON *rejected)
{
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(s->step, "want"), *sample;
    const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(want, "rejected");
    weir_label labels[LABELS_MAX];
    size_t count = labels_of(cJSON_GetObjectItemCaseSensitive(one, "labels"), labels);
    uint32_t series;
    int i = 0;

    if (weir_series_store_series(store, labels, count, &series, NULL) != WEIR_OK) {
        return;
    }
    cJSON_ArrayForEach(sample, cJSON_GetObjectItemCaseSensitive(one, "samples"))
    {
        int64_t t = ms_of(s, conform_integer(cJSON_GetArrayItem(sample, 0)));
        double value = sample_value(cJSON_GetArrayItem(sample, 1));
        weir_status status = weir_series_store_append(store, series, t, value);

        if (status != WEIR_OK) {
            cJSON *row = cJSON_CreateArray();

            cJSON_AddItemToArray(row, cJSON_CreateNumber(index));
            cJSON_AddItemToArray(row, cJSON_CreateNumber(i));
            cJSON_AddItemToArray(
                row, refusal(status, cJSON_GetArrayItem(wanted, cJSON_GetArraySize(rejected))));
            cJSON_AddItemToArray(rejected, row);
        }
        i++;
    }
}

static cJSON *appended(const struct scenario *s, weir_series_store *store, const cJSON *list)
{
    cJSON *got = cJSON_CreateObject(), *rejected = cJSON_AddArrayToObject(got, "rejected");
    const cJSON *one;
    int index = 0;

    cJSON_ArrayForEach(one, list)
    {
        append_series(s, store, one, index++, rejected);
    }
    return got;
}

/* ---- results -------------------------------------------------------------------------------- */

static cJSON *number_item(double value)
{
    if (isnan(value)) {
        return cJSON_CreateString("NaN");
    }
    if (isinf(value)) {
        return cJSON_CreateString(value < 0 ? "-Inf" : "+Inf");
    }
    return cJSON_CreateNumber(value);
}

static cJSON *labels_item(const weir_promql_result *r, uint32_t series)
{
    cJSON *object = cJSON_CreateObject();

    for (size_t i = r->label_at[series]; i < r->label_at[series + 1]; i++) {
        char name[256];
        size_t length = r->labels[i].name_length;

        length = length < sizeof name ? length : sizeof name - 1;
        memcpy(name, r->labels[i].name, length);
        name[length] = '\0';
        conform_put_text(object, name, r->labels[i].value, r->labels[i].value_length);
    }
    return object;
}

static int compare_texts(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

/* Labels in their order, name before value; the shorter of two equal beginnings is first. */
static int compare_series(const weir_promql_result *r, uint32_t a, uint32_t b)
{
    size_t i = r->label_at[a], j = r->label_at[b];

    for (; i < r->label_at[a + 1] && j < r->label_at[b + 1]; i++, j++) {
        const weir_label *x = &r->labels[i], *y = &r->labels[j];
        int order = compare_texts(x->name, x->name_length, y->name, y->name_length);

        if (order == 0) {
            order = compare_texts(x->value, x->value_length, y->value, y->value_length);
        }
        if (order != 0) {
            return order;
        }
    }
    return (r->label_at[a + 1] - i > 0) - (r->label_at[b + 1] - j > 0);
}

/* The series in order of labels (or as they are), as positions; freed by the caller. */
static uint32_t *series_order(const weir_promql_result *r, int sorted)
{
    uint32_t *order = malloc((r->series_count + 1) * sizeof *order);

    for (uint32_t i = 0; order != NULL && i < r->series_count; i++) {
        uint32_t at = i;

        for (; sorted && at > 0 && compare_series(r, i, order[at - 1]) < 0; at--) {
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
    return order;
}

static cJSON *vector_item(const weir_promql_result *r, uint32_t i)
{
    cJSON *item = cJSON_CreateObject();

    cJSON_AddItemToObject(item, "labels", labels_item(r, i));
    cJSON_AddItemToObject(item, "value", number_item(r->values[r->point_at[i]]));
    return item;
}

static cJSON *matrix_item(const struct scenario *s, const weir_promql_result *r, uint32_t i)
{
    cJSON *item = cJSON_CreateObject(), *values;

    cJSON_AddItemToObject(item, "labels", labels_item(r, i));
    values = cJSON_AddArrayToObject(item, "values");
    for (size_t p = r->point_at[i]; p < r->point_at[i + 1]; p++) {
        cJSON *point = cJSON_CreateArray();
        int64_t t = (r->times_ms[p] - s->epoch / NS_PER_MS) * NS_PER_MS;

        cJSON_AddItemToArray(point, cJSON_CreateNumber((double)t));
        cJSON_AddItemToArray(point, number_item(r->values[p]));
        cJSON_AddItemToArray(values, point);
    }
    return item;
}

/* Where upstream's order is a habit, its order: elements with equal values change places. */
static void follow_habit(cJSON **items, int count, const cJSON *want)
{
    for (int i = 0; i < count && i < cJSON_GetArraySize(want); i++) {
        const cJSON *labels =
            cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(want, i), "labels");
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(items[i], "value");

        for (int j = i; j < count; j++) {
            cJSON *other = items[j];

            if (!cJSON_Compare(cJSON_GetObjectItemCaseSensitive(other, "value"), value, 1)) {
                break;
            }
            if (cJSON_Compare(cJSON_GetObjectItemCaseSensitive(other, "labels"), labels, 1)) {
                memmove(&items[i + 1], &items[i], (size_t)(j - i) * sizeof(cJSON *));
                items[i] = other;
                break;
            }
        }
    }
}

/* Label sets must be equal, while the comparison lets answers have more members than wanted. */
static void check_labels(cJSON *got, const cJSON *want)
{
    for (int i = 0; i < cJSON_GetArraySize(got) && i < cJSON_GetArraySize(want); i++) {
        cJSON *mine = cJSON_GetArrayItem(got, i);
        const cJSON *labels = cJSON_GetObjectItemCaseSensitive(mine, "labels");

        if (!cJSON_Compare(labels,
                           cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(want, i), "labels"),
                           1)) {
            char *text = cJSON_PrintUnformatted(labels);

            cJSON_ReplaceItemInObjectCaseSensitive(
                mine, "labels", cJSON_CreateString(text != NULL ? text : "other labels"));
            cJSON_free(text);
        }
    }
}

/* That there are warnings (or infos) counts, not what they say. */
static void put_notes(cJSON *got, const cJSON *want, const weir_promql_result *r, int32_t level,
                      const char *name)
{
    const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(want, name);
    const weir_promql_note *found = NULL;

    for (size_t i = 0; i < r->note_count; i++) {
        found = r->notes[i].level == level ? &r->notes[i] : found;
    }
    if (found != NULL && wanted != NULL) {
        cJSON_AddItemToObject(got, name, cJSON_Duplicate(wanted, 1));
    } else if (found != NULL) {
        conform_put_text(got, "error", found->message, found->message_length);
    }
}

/* The series of a result, in order of labels or as they are. */
static void put_series(const struct scenario *s, const weir_promql_result *r, cJSON *list,
                       int sorted)
{
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(s->step, "want");
    uint32_t *order = series_order(r, sorted);
    cJSON **items = malloc((r->series_count + 1) * sizeof(cJSON *));

    for (uint32_t i = 0; order != NULL && items != NULL && i < r->series_count; i++) {
        items[i] =
            r->type == WEIR_PROMQL_VECTOR ? vector_item(r, order[i]) : matrix_item(s, r, order[i]);
    }
    if (order != NULL && items != NULL &&
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(want, "ties"))) {
        follow_habit(items, (int)r->series_count, cJSON_GetObjectItemCaseSensitive(want, "result"));
    }
    for (uint32_t i = 0; order != NULL && items != NULL && i < r->series_count; i++) {
        cJSON_AddItemToArray(list, items[i]);
    }
    free(order);
    free(items);
}

static cJSON *result_item(const struct scenario *s, const weir_promql_result *r)
{
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(s->step, "want");
    const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(want, "result");
    int ordered = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(want, "ordered"));
    cJSON *got = cJSON_CreateObject();

    cJSON_AddStringToObject(got, "type", type_name(r->type));
    if (r->type == WEIR_PROMQL_SCALAR) {
        cJSON_AddItemToObject(got, "value", number_item(r->values[0]));
    } else if (r->type == WEIR_PROMQL_STRING) {
        conform_put_text(got, "value", r->text, r->text_length);
    } else {
        cJSON *list = cJSON_AddArrayToObject(got, "result");

        put_series(s, r, list, r->type == WEIR_PROMQL_VECTOR && !ordered);
        if (ordered) {
            cJSON_AddTrueToObject(got, "ordered");
        }
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(want, "ties"))) {
            cJSON_AddTrueToObject(got, "ties");
        }
        check_labels(list, wanted);
    }
    put_notes(got, want, r, WEIR_PROMQL_WARNING, "warnings");
    put_notes(got, want, r, WEIR_PROMQL_INFO, "infos");
    return got;
}

/* ---- queries -------------------------------------------------------------------------------- */

static weir_status evaluate(const struct scenario *s, const weir_series_store *store,
                            const weir_promql_expr *expr, weir_promql_result **result,
                            weir_error *err)
{
    weir_promql_options options;

    weir_promql_options_init(&options, sizeof options);
    options.lookback_ms = conform_int(s->config, "LookbackDelta", 300000000000) / NS_PER_MS;
    options.subquery_step_ms =
        conform_int(s->config, "NoStepSubqueryInterval", 60000000000) / NS_PER_MS;
    if (strstr(s->upstream, " v0.42.") != NULL) {
        options.semantics = WEIR_PROMETHEUS_2_42;
    }
    if (conform_has(s->step, "step")) {
        return weir_promql_range(store, expr, ms_of(s, conform_int(s->step, "start", 0)),
                                 ms_of(s, conform_int(s->step, "end", 0)),
                                 weir_promql_ms(conform_int(s->step, "step", 0)), &options,
                                 &series_memory, result, err);
    }
    return weir_promql_instant(store, expr, ms_of(s, conform_int(s->step, "t", 0)), &options,
                               &series_memory, result, err);
}

static cJSON *queried(const struct scenario *s, const weir_series_store *store, const char *text)
{
    weir_promql_expr *expr;
    weir_promql_result *result;
    weir_error err;
    weir_status status = weir_promql_parse(text, strlen(text), &series_memory, &expr, &err);
    int ranged;
    cJSON *got;

    if (status != WEIR_OK) {
        return failure("parse", &err);
    }
    ranged = conform_has(s->step, "step") && weir_promql_type(expr) != WEIR_PROMQL_SCALAR &&
             weir_promql_type(expr) != WEIR_PROMQL_VECTOR;
    status = evaluate(s, store, expr, &result, &err);
    if (status == WEIR_OK) {
        got = result_item(s, result);
        weir_promql_result_free(result);
    } else if (status == WEIR_E_UNSUPPORTED) {
        got = failure("unsupported", &err);
    } else {
        got = failure(ranged ? "parse" : "exec", &err);
    }
    weir_promql_expr_free(expr);
    return got;
}

static void run_promql(struct scenario *s)
{
    weir_series_store *store;

    if (weir_series_store_create(&series_memory, &store) != WEIR_OK) {
        return;
    }
    while (conform_next(s)) {
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(s->step, "append");

        conform_answer(s, list != NULL ? appended(s, store, list)
                                       : queried(s, store, conform_text(s->step, "query", "")));
    }
    weir_series_store_free(store);
}

const struct conform_op conform_prometheus_ops[] = {
    {"parse", run_parse},
    {"promql", run_promql},
    {NULL, NULL},
};
