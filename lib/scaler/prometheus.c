/*
 * scaler/prometheus.c - the value that KEDA's prometheus scaler reads out of an answer.
 *
 * KEDA decodes into a struct: names in any case, the last of equal ones wins, objects of the same
 * name are merged, and so are the first elements of two lists of the same name. A member of the
 * wrong type is an error wherever it stands.
 */
#include "json.h"

enum { NUMBER_MAX = 4096 };

/* Where members have to be of the type of a field. */
enum field { FIELD_TEXT, FIELD_OBJECT, FIELD_LIST };

/* What was decoded so far. */
struct answer {
    struct text body;
    size_t elements;    /* of the result */
    size_t values;      /* of the `value` of its first element */
    char kind;          /* of the second of them: its first byte */
    struct text sample; /* it, when it is a text: as it is written */
    const char *wrong;  /* what a member should have been, the first that was not */
    const char *wrong_at;
};

static void complain(struct answer *a, const char *at, const char *wanted)
{
    if (a->wrong == NULL) {
        a->wrong = wanted;
        a->wrong_at = at;
    }
}

/* Whether a field's value comes next; null leaves a field as it is, other types are errors. Past
 * what is no value of it. */
static bool expect(struct answer *a, struct json *j, enum field field)
{
    static const char begins[] = {'"', '{', '['};
    static const char *const wanted[] = {"expected a text", "expected an object",
                                         "expected a list"};
    char kind = weir__sc_json_kind(j);

    if (kind == begins[field]) {
        return true;
    }
    if (kind != 'n') {
        complain(a, j->at, wanted[field]);
    }
    weir__sc_json_skip(j);
    return false;
}

/* ---- decoding ------------------------------------------------------------------------------- */

/* A value of any type, past which it goes: numbers have to fit a double. */
static void take_any(struct answer *a, struct json *j)
{
    struct json numbers = *j;

    weir__sc_json_skip(j);
    while (numbers.at < j->at) {
        char kind = weir__sc_json_kind(&numbers);

        if (kind == '"') {
            weir__sc_json_text(&numbers);
        } else if (kind == '-' || (kind >= '0' && kind <= '9')) {
            const char *first = numbers.at;
            double value;

            weir__sc_json_skip(&numbers);
            if (weir_f64_parse(first, (size_t)(numbers.at - first), &value) != WEIR_OK) {
                complain(a, first, "a number beyond the largest");
            }
        } else {
            numbers.at++;
        }
    }
}

static void take_value(struct answer *a, struct json *j)
{
    if (weir__sc_json_kind(j) == 'n') {
        a->values = 0; /* null empties a list, and a list only */
    }
    if (!expect(a, j, FIELD_LIST)) {
        return;
    }
    weir__sc_json_enter(j);
    for (a->values = 0; weir__sc_json_item(j); a->values++) {
        if (a->values == 1) {
            a->kind = weir__sc_json_kind(j);
            if (a->kind == '"') {
                a->sample = weir__sc_json_text(&(struct json){j->at, j->end});
            }
        }
        take_any(a, j);
    }
}

/* Only the first element can be the one. */
static void take_element(struct answer *a, struct json *j, bool first)
{
    struct answer other = {.body = a->body};
    struct answer *to = first ? a : &other;
    struct text name;

    if (!expect(a, j, FIELD_OBJECT)) {
        return;
    }
    weir__sc_json_enter(j);
    while (weir__sc_json_member(j, &name)) {
        if (weir__sc_json_names(name, "metric")) {
            if (expect(a, j, FIELD_OBJECT)) {
                weir__sc_json_skip(j);
            }
        } else if (weir__sc_json_names(name, "value")) {
            take_value(to, j);
        } else {
            weir__sc_json_skip(j);
        }
    }
    if (other.wrong != NULL) {
        complain(a, other.wrong_at, other.wrong);
    }
}

static void take_result(struct answer *a, struct json *j)
{
    char kind = weir__sc_json_kind(j);
    size_t count = 0;

    if (kind == 'n') {
        a->elements = a->values = 0;
    }
    if (!expect(a, j, FIELD_LIST)) {
        return;
    }
    weir__sc_json_enter(j);
    for (; weir__sc_json_item(j); count++) {
        take_element(a, j, count == 0);
    }
    a->elements = count;
    a->values = count > 0 ? a->values : 0; /* else a later list goes on with what was there */
}

static void take_data(struct answer *a, struct json *j)
{
    struct text name;

    if (!expect(a, j, FIELD_OBJECT)) {
        return;
    }
    weir__sc_json_enter(j);
    while (weir__sc_json_member(j, &name)) {
        if (weir__sc_json_names(name, "resulttype")) {
            if (expect(a, j, FIELD_TEXT)) {
                weir__sc_json_skip(j);
            }
        } else if (weir__sc_json_names(name, "result")) {
            take_result(a, j);
        } else {
            weir__sc_json_skip(j);
        }
    }
}

static void take_answer(struct answer *a, struct json *j)
{
    struct text name;

    if (!expect(a, j, FIELD_OBJECT)) {
        return;
    }
    weir__sc_json_enter(j);
    while (weir__sc_json_member(j, &name)) {
        if (weir__sc_json_names(name, "status")) {
            if (expect(a, j, FIELD_TEXT)) {
                weir__sc_json_skip(j);
            }
        } else if (weir__sc_json_names(name, "data")) {
            take_data(a, j);
        } else {
            weir__sc_json_skip(j);
        }
    }
}

/* ---- the rules ------------------------------------------------------------------------------ */

static weir_status no_data(weir_error *err, const char *why)
{
    return weir__sc_error(err, WEIR_NO_DATA, why);
}

/* NaN and the infinities are what other answers without a value are. */
static weir_status finish(double sample, double *value, weir_error *err)
{
    if (sample - sample != 0) {
        return no_data(err, "the sample is no finite number");
    }
    *value = sample;
    return WEIR_OK;
}

static weir_status read_sample(const struct answer *a, double *value, weir_error *err)
{
    const char *at = a->sample.at, *end = at + a->sample.length;
    char plain[NUMBER_MAX + 4];
    size_t length = 0;
    double sample;
    weir_status status;

    while (at < end && length < NUMBER_MAX) {
        length += weir__sc_put_utf8(weir__sc_json_character(&at, end), plain + length);
    }
    if (at < end) {
        return weir__sc_error_at(err, WEIR_E_LIMIT, a->body, a->sample.at,
                                 "the sample is longer than 4096 bytes");
    }
    status = weir_f64_parse(plain, length, &sample);
    if (status != WEIR_OK) {
        return weir__sc_error_at(err, status, a->body, a->sample.at,
                                 status == WEIR_E_LIMIT ? "the sample is beyond the largest number"
                                                        : "the sample is no number as Go reads it");
    }
    return finish(sample, value, err);
}

static weir_status several(weir_error *err)
{
    return weir__sc_error(err, WEIR_E_RANGE,
                          "the result has more than one element: the query has to give one");
}

static weir_status judge(const struct answer *a, double *value, weir_error *err)
{
    if (a->elements > 1) {
        return several(err);
    }
    if (a->elements == 0) {
        return no_data(err, "the result is empty");
    }
    if (a->values == 0) {
        return no_data(err, "the element of the result has no value");
    }
    if (a->values == 1) {
        return weir__sc_error(err, WEIR_E_RANGE, "the value is a time without a sample");
    }
    if (a->kind == 'n') {
        *value = -1.0; /* what KEDA's variable holds to begin with */
        return WEIR_OK;
    }
    if (a->kind != '"') {
        return weir__sc_error(err, WEIR_E_PANIC, "the sample is no text: KEDA crashes on it");
    }
    return read_sample(a, value, err);
}

weir_status weir_scaler_prometheus_answer(const char *body, size_t length, int32_t http_status,
                                          double *value, weir_error *err)
{
    struct text text = {body != NULL ? body : "", length};
    struct answer a = {.body = text};
    struct json j = {text.at, text.at + length};
    const char *at, *wrong;

    if ((body == NULL && length > 0) || value == NULL) {
        return WEIR_E_ARG;
    }
    if (http_status != 0 && (http_status < 200 || http_status > 299)) {
        return weir__sc_http_error(err, http_status);
    }
    wrong = weir__sc_json_check(text, &at);
    if (wrong == NULL) {
        take_answer(&a, &j);
        wrong = a.wrong;
        at = a.wrong_at;
    }
    if (wrong != NULL) {
        return weir__sc_error_at(err, WEIR_E_PARSE, text, at, wrong);
    }
    return judge(&a, value, err);
}

weir_status weir_scaler_prometheus_result(const weir_promql_result *result, double *value,
                                          weir_error *err)
{
    if (result == NULL || value == NULL) {
        return WEIR_E_ARG;
    }
    if (result->type != WEIR_PROMQL_VECTOR && result->type != WEIR_PROMQL_MATRIX) {
        return weir__sc_error(err, WEIR_E_PARSE,
                              "KEDA reads no scalars and strings: the query has to give a "
                              "vector of one element, as vector() makes of a scalar");
    }
    if (result->series_count > 1) {
        return several(err);
    }
    if (result->series_count == 0) {
        return no_data(err, "the result is empty");
    }
    if (result->type == WEIR_PROMQL_MATRIX || result->point_at[1] == result->point_at[0]) {
        return no_data(err, "the element of the result has no value");
    }
    return finish(result->values[0], value, err);
}
