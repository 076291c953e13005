/*
 * conform_kserve.c - the operations about KServe: manifests to the objects that scale them.
 *
 * Upstream's sentences are not weir's: of an error only that there is one counts.
 */
#include "conform_kserve.h"

#include <stdlib.h>
#include <string.h>
#include <weir/quantity.h>

/* ---- isvc ----------------------------------------------------------------------------------- */

static cJSON *admission(const cJSON *given, int bad_settings)
{
    cJSON *made = cJSON_CreateObject(), *annotations;
    int bad_metadata = conform_int(given, "metadata", 0) > 0;

    if (!bad_settings) {
        cJSON_AddItemToObject(made, "accepted", cJSON_Duplicate(kserve_at(given, "accepted"), 1));
    }
    kserve_add_error(made, "metadata", "error", bad_metadata);
    if (bad_metadata) {
        return made;
    }
    cJSON_AddBoolToObject(made, "schema", conform_int(given, "schema", 0) > 0);
    cJSON_AddItemToObject(made, "pruned", cJSON_Duplicate(kserve_at(given, "dropped"), 1));
    kserve_add_error(made, "decode", "error", conform_int(given, "decode", 0) > 0);
    kserve_add_error(made, "defaulting", "panic", conform_has(given, "panic"));
    annotations = cJSON_Duplicate(kserve_at(given, "annotations"), 1);
    if (!cJSON_IsNull(annotations)) {
        kserve_strip(annotations);
        kserve_add_error(made, "webhook", "error", conform_has(given, "webhook"));
    }
    cJSON_AddItemToObject(made, "annotations", annotations);
    return made;
}

static cJSON *components(const cJSON *given)
{
    cJSON *made = cJSON_CreateObject();
    const cJSON *c;

    cJSON_ArrayForEach(c, given)
    {
        const char *outcome = kserve_text(c, "outcome");

        kserve_add_error(made, kserve_text(c, "name"), outcome, strcmp(outcome, "fine") != 0);
    }
    return made;
}

static cJSON *isvc_answer(const struct scenario *s, const cJSON *given)
{
    const cJSON *reconcile = kserve_at(given, "reconcile");
    cJSON *made = cJSON_CreateObject(), *part;

    if (!cJSON_IsTrue(kserve_at(given, "readable"))) {
        kserve_add_error(made, "yaml", "error", 1);
        return made;
    }
    cJSON_AddItemToObject(made, "admission",
                          admission(kserve_at(given, "admission"), conform_has(given, "settings")));
    kserve_add_error(made, "config", "error", conform_has(given, "settings"));
    if (cJSON_IsNull(reconcile) || conform_is(s->root, "op", "isvc_admission")) {
        return made;
    }
    part = cJSON_AddObjectToObject(made, "reconcile");
    kserve_add_or_null(part, "mode", kserve_at(reconcile, "mode"));
    if (conform_has(reconcile, "error")) {
        cJSON_AddStringToObject(part, "error", "stopped");
        return made;
    }
    if (cJSON_IsTrue(kserve_at(reconcile, "skipped"))) {
        cJSON_AddTrueToObject(part, "skipped");
    } else {
        cJSON_AddItemToObject(part, "components", components(kserve_at(reconcile, "components")));
    }
    cJSON_AddItemToObject(part, "objects", kserve_objects(kserve_at(given, "objects")));
    return made;
}

/* ---- comparing ------------------------------------------------------------------------------ */

/* A quantity in its canonical form. */
static void canonical(cJSON *item)
{
    char text[WEIR_QUANTITY_TEXT_MAX];
    weir_quantity q;

    if (cJSON_IsString(item) &&
        weir_quantity_parse(item->valuestring, strlen(item->valuestring), &q, NULL) == WEIR_OK &&
        weir_quantity_text(&q, text, sizeof text, NULL) == WEIR_OK) {
        cJSON_SetValuestring(item, text);
    }
}

/* What is not compared: an encoder's artefacts, spellings of quantities, sentences. */
static void normalise(cJSON *json, const char *inside)
{
    cJSON *item = json != NULL ? json->child : NULL;

    while (item != NULL) {
        cJSON *next = item->next;
        const char *name = conform_key(item);

        if (cJSON_IsString(item) &&
            (strcmp(name, "panic") == 0 || strcmp(inside, "keda_admission") == 0)) {
            cJSON_SetValuestring(item, "refused");
        } else if (strcmp(name, "scalingModifiers") == 0 && cJSON_IsObject(item) &&
                   item->child == NULL) {
            cJSON_DeleteItemFromObjectCaseSensitive(json, name);
        } else if (strcmp(name, "triggers") == 0 && cJSON_IsNull(item)) {
            cJSON_ReplaceItemInObjectCaseSensitive(json, name, cJSON_CreateArray());
        } else if (strcmp(name, "annotations") == 0 || strcmp(name, "template_annotations") == 0) {
            kserve_strip(item);
        } else if (strcmp(inside, "requests") == 0 ||
                   (strcmp(inside, "target") == 0 && strstr(name, "alue") != NULL)) {
            canonical(item);
        } else {
            normalise(item, name);
        }
        item = next;
    }
}

/* Gives what is wanted a null for each member that weir gave and that is not wanted: the comparison
 * would not see it. */
static void level(cJSON *want, const cJSON *got)
{
    const cJSON *item;
    int index = 0;

    cJSON_ArrayForEach(item, got)
    {
        if (cJSON_IsArray(got)) {
            if (cJSON_IsArray(want) && cJSON_GetArrayItem(want, index) != NULL) {
                level(cJSON_GetArrayItem(want, index), item);
            }
            index++;
        } else if (cJSON_IsObject(want) && item->string != NULL) {
            if (kserve_at(want, item->string) == NULL) {
                cJSON_AddNullToObject(want, item->string);
            } else {
                level(kserve_at(want, item->string), item);
            }
        }
    }
}

/* Of lists of errors counts whether there are any. */
static void want_flag(cJSON *object, const char *name)
{
    cJSON *list = kserve_at(object, name);

    if (cJSON_IsArray(list)) {
        cJSON_ReplaceItemInObjectCaseSensitive(object, name,
                                               cJSON_CreateBool(cJSON_GetArraySize(list) > 0));
    }
}

static void prepare_want(struct scenario *s)
{
    cJSON *want = kserve_at(s->step, "want"), *admission_ = kserve_at(want, "admission"), *refused;

    want_flag(admission_ != NULL ? admission_ : want, "schema");
    want_flag(admission_, "rules");
    cJSON_ArrayForEach(
        refused, kserve_at(kserve_at(kserve_at(want, "reconcile"), "objects"), "refused_hpas"))
    {
        want_flag(refused, "errors");
    }
    if (cJSON_IsObject(admission_) && kserve_at(admission_, "pruned") == NULL &&
        kserve_at(admission_, "metadata") == NULL) {
        cJSON_AddArrayToObject(admission_, "pruned");
    }
    normalise(want, "");
}

static void answer(struct scenario *s, weir_kserve *cluster,
                   cJSON *(*form)(const struct scenario *s, const cJSON *given))
{
    size_t need = 0;
    cJSON *given = NULL, *got;
    char *text;

    weir_kserve_json(cluster, NULL, 0, &need);
    text = conform_block(need);
    if (text != NULL && weir_kserve_json(cluster, text, need, NULL) == WEIR_OK) {
        given = cJSON_Parse(text);
    }
    free(text);
    if (given == NULL) {
        conform_answer(s, conform_failure(WEIR_E_MEMORY));
        return;
    }
    got = form(s, given);
    cJSON_Delete(given);
    prepare_want(s);
    normalise(got, "");
    level(kserve_at(s->step, "want"), got);
    conform_answer(s, got);
}

static void run_steps(struct scenario *s,
                      cJSON *(*form)(const struct scenario *s, const cJSON *given))
{
    weir_kserve *cluster = kserve_cluster(s);

    while (cluster != NULL && conform_next(s)) {
        const char *yaml = kserve_text(s->step, "yaml");

        kserve_before_step(s, cluster);
        if (conform_is(s->step, "event", "reconcile")) {
            weir_kserve_reconcile(cluster);
        } else {
            weir_kserve_apply(cluster, yaml, strlen(yaml));
        }
        answer(s, cluster, form);
    }
    weir_kserve_free(cluster);
}

static void run_isvc(struct scenario *s)
{
    run_steps(s, isvc_answer);
}

/* ---- llmisvc -------------------------------------------------------------------------------- */

static cJSON *llm_admission(const cJSON *given)
{
    cJSON *made = cJSON_CreateObject(), *webhook, *cause;

    cJSON_AddItemToObject(made, "accepted", cJSON_Duplicate(kserve_at(given, "accepted"), 1));
    cJSON_AddBoolToObject(made, "schema", conform_int(given, "schema", 0) > 0);
    cJSON_AddBoolToObject(made, "rules", conform_int(given, "rules", 0) > 0);
    cJSON_AddItemToObject(made, "pruned", cJSON_Duplicate(kserve_at(given, "dropped"), 1));
    kserve_add_error(made, "decode", "error", conform_int(given, "decode", 0) > 0);
    if (conform_int(given, "decode", 0) > 0) {
        return made;
    }
    kserve_add_error(made, "webhook", "error", conform_has(given, "webhook"));
    webhook = kserve_at(made, "webhook");
    if (conform_has(given, "causes")) {
        cJSON_AddItemToObject(webhook, "causes", cJSON_Duplicate(kserve_at(given, "causes"), 1));
        cJSON_ArrayForEach(cause, kserve_at(webhook, "causes"))
        {
            cJSON_SetValuestring(kserve_at(cause, "message"), "refused");
        }
    }
    cJSON_AddItemToObject(made, "defaulted", cJSON_Duplicate(kserve_at(given, "defaulted"), 1));
    return made;
}

static cJSON *llm_answer(const struct scenario *s, const cJSON *given)
{
    const cJSON *reconcile = kserve_at(given, "reconcile");
    cJSON *made = cJSON_CreateObject(), *part, *cause;

    cJSON_AddItemToObject(made, "admission", llm_admission(kserve_at(given, "admission")));
    cJSON_ArrayForEach(
        cause, kserve_at(kserve_at(kserve_at(kserve_at(s->step, "want"), "admission"), "webhook"),
                         "causes"))
    {
        cJSON_SetValuestring(kserve_at(cause, "message"), "refused");
    }
    if (cJSON_IsNull(reconcile)) {
        return made;
    }
    part = cJSON_AddObjectToObject(made, "reconcile");
    kserve_add_error(part, "result", "error", conform_has(reconcile, "error"));
    kserve_add_or_null(part, "conditions", kserve_at(reconcile, "conditions"));
    cJSON_AddItemToObject(part, "objects", kserve_objects(kserve_at(given, "objects")));
    return made;
}

static void run_llmisvc(struct scenario *s)
{
    run_steps(s, llm_answer);
}

/* ---- ScaledObjects by themselves ------------------------------------------------------------ */

static cJSON *scaled_object_answer(const struct scenario *s, const cJSON *given)
{
    const cJSON *entries = kserve_at(given, "objects");
    const cJSON *entry = cJSON_GetArrayItem(entries, cJSON_GetArraySize(entries) - 1);
    cJSON *made = cJSON_CreateObject();

    (void)s;
    cJSON_AddBoolToObject(made, "schema",
                          conform_int(kserve_at(given, "admission"), "schema", 0) > 0);
    kserve_add_keda(made, entry);
    kserve_add_or_null(made, "spec", kserve_at(kserve_at(entry, "object"), "spec"));
    return made;
}

static void run_scaled_object(struct scenario *s)
{
    run_steps(s, scaled_object_answer);
}

const struct conform_op conform_kserve_ops[] = {
    {"isvc", run_isvc},
    {"isvc_admission", run_isvc},
    {"llmisvc", run_llmisvc},
    {NULL, NULL},
};

const struct conform_op conform_scaled_object_ops[] = {
    {"scaledobject_admission", run_scaled_object},
    {NULL, NULL},
};
