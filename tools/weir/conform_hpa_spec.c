/*
 * conform_hpa_spec.c - the conformance operation about the specs of HorizontalPodAutoscalers: their
 * defaults, and what the API server refuses.
 *
 * Upstream's sentences are not weir's: of an error its field and its kind count.
 */
#include "conform_hpa.h"

#include <stdlib.h>
#include <string.h>
#include <weir/hpa_spec.h>

static const cJSON *at(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static int32_t gate(const struct scenario *s, const char *name)
{
    const cJSON *value = at(at(s->config, "featureGates"), name);

    return cJSON_IsBool(value) ? (cJSON_IsTrue(value) ? WEIR_GATE_ON : WEIR_GATE_OFF)
                               : WEIR_GATE_RELEASE;
}

/* cJSON would write small numbers with an exponent, which quantities keep. */
static void spell_out(cJSON *json)
{
    for (cJSON *item = json->child; item != NULL; item = item->next) {
        char text[64];
        size_t length;

        if (!cJSON_IsNumber(item) || conform_is_integer(item)) {
            spell_out(item);
            continue;
        }
        length = (size_t)snprintf(text, sizeof text, "%.15f", item->valuedouble);
        while (length > 0 && length < sizeof text && text[length - 1] == '0') {
            text[--length] = '\0';
        }
        if (length < sizeof text) {
            item->type = cJSON_Raw;
            item->valuestring = cJSON_malloc(length + 1);
            if (item->valuestring != NULL) {
                memcpy(item->valuestring, text, length + 1);
            }
        }
    }
}

static weir_hpa_spec *read_spec(const struct scenario *s, const cJSON *json,
                                const weir_hpa_spec *old)
{
    cJSON *copy = cJSON_Duplicate(json, 1);
    weir_hpa_config cluster;
    weir_hpa_spec *spec = NULL;
    char *text;

    weir_hpa_config_init(&cluster, sizeof cluster);
    cluster.scale_to_zero = gate(s, "HPAScaleToZero");
    cluster.configurable_tolerance = gate(s, "HPAConfigurableTolerance");
    spell_out(copy);
    text = cJSON_PrintUnformatted(copy);
    if (text != NULL) {
        weir_hpa_spec_create(NULL, &cluster, text, strlen(text), old, &spec);
    }
    cJSON_free(text);
    cJSON_Delete(copy);
    return spec;
}

/* "FIELD KIND" of each error, in order. */
struct errors {
    char (*text)[256];
    size_t count;
};

static void add_error(struct errors *errors, const char *field, const char *kind)
{
    snprintf(errors->text[errors->count++], sizeof errors->text[0], "%s %s", field, kind);
}

static int compare_errors(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* As a list of texts; gives their memory back. */
static cJSON *list_of(struct errors *errors)
{
    cJSON *list = cJSON_CreateArray();

    if (errors->count > 0) {
        qsort(errors->text, errors->count, sizeof errors->text[0], compare_errors);
    }
    for (size_t i = 0; i < errors->count; i++) {
        cJSON_AddItemToArray(list, cJSON_CreateString(errors->text[i]));
    }
    free(errors->text);
    return list;
}

/* Takes upstream's sentences out of what is wanted. */
static void want_errors(struct scenario *s)
{
    const cJSON *error, *list = at(at(s->step, "want"), "errors");
    struct errors errors = {NULL, 0};

    errors.text = conform_block(((size_t)cJSON_GetArraySize(list) + 1) * sizeof errors.text[0]);
    cJSON_ArrayForEach(error, list)
    {
        if (errors.text != NULL) {
            add_error(&errors, conform_text(error, "field", ""),
                      cJSON_GetArraySize(error) == 3 ? conform_text(error, "type", "")
                                                     : "with more than field, type and detail");
        }
    }
    conform_ignore(s, "errors");
    conform_expect(s, "errors", list_of(&errors));
}

static void put_errors(cJSON *got, const weir_hpa_spec *spec)
{
    size_t count = weir_hpa_spec_problem_count(spec);
    struct errors errors = {NULL, 0};

    errors.text = conform_block((count + 1) * sizeof errors.text[0]);
    for (size_t i = 0; i < count && errors.text != NULL; i++) {
        const weir_problem *p = weir_hpa_spec_get_problem(spec, i);

        if (p->severity == WEIR_PROBLEM_ERROR && p->cause != WEIR_CAUSE_OTHER) {
            add_error(&errors, p->error.path, weir_cause_name(p->cause));
        }
    }
    cJSON_AddBoolToObject(got, "accepted", errors.count == 0);
    cJSON_AddItemToObject(got, "errors", list_of(&errors));
}

static cJSON *spec_answer(struct scenario *s, const weir_hpa_spec *spec)
{
    const cJSON *want = at(at(s->step, "want"), "spec");
    size_t need = 0;
    cJSON *got, *json;
    char *text;

    if (weir_hpa_spec_json(spec, NULL, 0, &need) == WEIR_E_PARSE) {
        return conform_error("spec");
    }
    text = conform_block(need);
    if (text == NULL) {
        return conform_failure(WEIR_E_MEMORY);
    }
    weir_hpa_spec_json(spec, text, need, NULL);
    json = cJSON_Parse(text);
    free(text);
    got = cJSON_CreateObject();
    put_errors(got, spec);
    if (want != NULL) { /* the comparison does not see what is there and not wanted */
        cJSON_AddBoolToObject(got, "same", cJSON_Compare(want, json, 1));
        conform_expect(s, "same", cJSON_CreateTrue());
    }
    cJSON_AddItemToObject(got, "spec", json);
    want_errors(s);
    return got;
}

static void run_defaults_validation(struct scenario *s)
{
    while (conform_next(s)) {
        weir_hpa_spec *old = NULL, *spec;

        if (conform_has(s->step, "old")) {
            old = read_spec(s, at(s->step, "old"), NULL);
        }
        spec = read_spec(s, at(s->step, "spec"), old);
        conform_answer(s, spec != NULL ? spec_answer(s, spec) : conform_failure(WEIR_E_MEMORY));
        weir_hpa_spec_free(spec);
        weir_hpa_spec_free(old);
    }
}

const struct conform_op conform_hpa_spec_ops[] = {
    {"defaults_validation", run_defaults_validation},
    {NULL, NULL},
};
