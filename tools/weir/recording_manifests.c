/*
 * recording_manifests.c - the specs of a recording over time: manifests, what a hand changed, and
 * what KEDA wrote.
 */
#include "recording_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <weir/hpa_spec.h>
#include <weir/manifest.h>

/* ---- JSON ----------------------------------------------------------------------------------- */

static const cJSON *at(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_at(const cJSON *object, const char *name)
{
    const cJSON *item = at(object, name);

    return cJSON_IsString(item) ? item->valuestring : "";
}

cJSON *recording_merge(cJSON *value, cJSON *patch)
{
    cJSON *item;

    if (!cJSON_IsObject(patch)) {
        cJSON_Delete(value);
        return patch;
    }
    if (!cJSON_IsObject(value)) {
        cJSON_Delete(value);
        value = cJSON_CreateObject();
    }
    while ((item = patch->child) != NULL) {
        cJSON *old = cJSON_DetachItemFromObjectCaseSensitive(value, item->string);

        cJSON_DetachItemViaPointer(patch, item);
        if (cJSON_IsNull(item)) {
            cJSON_Delete(old);
            cJSON_Delete(item);
        } else {
            char *name = item->string;

            item->string = NULL; /* the name goes with the item, under its own copy */
            cJSON_AddItemToObject(value, name, recording_merge(old, item));
            cJSON_free(name);
        }
    }
    cJSON_Delete(patch);
    return value;
}

/* ---- specs ---------------------------------------------------------------------------------- */

/* An autoscaler's spec as it is stored, on the way through its changes. */
struct stored {
    weir_hpa_spec *spec;
    cJSON *json; /* as the API server has it; NULL: it could not be read */
};

static void report_spec(struct recording *r, const char *file, int64_t line, const char *name,
                        const weir_hpa_spec *spec)
{
    for (size_t i = 0; i < weir_hpa_spec_problem_count(spec); i++) {
        const weir_problem *p = weir_hpa_spec_get_problem(spec, i);

        if (p->severity == WEIR_PROBLEM_ERROR) {
            recording_problem(r, RECORDED_ERROR, file, line,
                              "HorizontalPodAutoscaler %s: %s: %s; its steps are not compared",
                              name, p->error.path, p->error.message);
        }
    }
}

static cJSON *stored_json(const weir_hpa_spec *spec)
{
    size_t need = 0;
    char *text;
    cJSON *json = NULL;

    if (weir_hpa_spec_json(spec, NULL, 0, &need) == WEIR_E_SPACE && (text = malloc(need)) != NULL) {
        weir_hpa_spec_json(spec, text, need, &need);
        json = cJSON_Parse(text);
        free(text);
    }
    return json;
}

/* Stores a spec that is written now. Where it changes anything it is a new one. */
static void write_spec(struct recording *r, struct recorded_autoscaler *a, struct stored *stored,
                       const cJSON *json, struct recorded_spec next, const char *file, int64_t line)
{
    char *text = cJSON_PrintUnformatted(json);
    weir_hpa_spec *spec = NULL;
    const weir_hpa_config *config;
    cJSON *now;

    if (text == NULL || weir_hpa_spec_create(NULL, &r->controller, text, strlen(text),
                                             next.created ? NULL : stored->spec, &spec) < 0) {
        cJSON_free(text);
        return;
    }
    cJSON_free(text);
    now = stored_json(spec);
    if (!next.created && stored->spec != NULL && cJSON_Compare(now, stored->json, 1)) {
        cJSON_Delete(now);
        weir_hpa_spec_free(spec);
        return;
    }
    report_spec(r, file, line, a->name, spec);
    config = weir_hpa_spec_config(spec);
    next.generation =
        next.created || a->spec_count == 0 ? 1 : a->specs[a->spec_count - 1].generation + 1;
    if (config != NULL) {
        next.config = recording_take(r, sizeof *next.config);
        *next.config = *config;
    }
    if (a->spec_count == 0) {
        const char *target = text_at(at(json, "scaleTargetRef"), "name");

        a->target = recording_target(r, target);
    }
    a->specs = recording_grow(r, a->specs, a->spec_count, sizeof a->specs[0]);
    a->specs[a->spec_count++] = next;
    weir_hpa_spec_free(stored->spec);
    cJSON_Delete(stored->json);
    stored->spec = spec;
    stored->json = now;
}

static void drop_stored(struct stored *stored)
{
    weir_hpa_spec_free(stored->spec);
    cJSON_Delete(stored->json);
}

/* ---- targets -------------------------------------------------------------------------------- */

struct recorded_target *recording_target(struct recording *r, const char *name)
{
    struct recorded_target *t;

    for (size_t i = 0; i < r->target_count; i++) {
        if (strcmp(r->targets[i]->name, name) == 0) {
            return r->targets[i];
        }
    }
    r->targets = recording_grow(r, r->targets, r->target_count, sizeof(struct recorded_target *));
    t = r->targets[r->target_count++] = recording_take(r, sizeof *t);
    t->name = t->app = recording_text(r, name, strlen(name));
    return t;
}

struct recorded_autoscaler *recording_autoscaler(struct recording *r, const char *name)
{
    size_t low = 0, high = r->autoscaler_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, r->autoscalers[middle].name);

        if (order == 0) {
            return &r->autoscalers[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

static void add_template(struct recording *r, struct recorded_target *t, weir_time from,
                         const cJSON *spec)
{
    struct recorded_template *template;

    t->templates = recording_grow(r, t->templates, t->template_count, sizeof t->templates[0]);
    template = &t->templates[t->template_count++];
    template->from = from;
    template->spec = spec;
}

/* A workload: what has a pod template. */
static void read_target(struct recording *r, const cJSON *object)
{
    const cJSON *spec = at(object, "spec");
    const char *app = text_at(at(at(spec, "selector"), "matchLabels"), "app");
    struct recorded_target *t = recording_target(r, text_at(at(object, "metadata"), "name"));

    if (app[0] != '\0') {
        t->app = app;
    }
    add_template(r, t, WEIR_TIME_NONE, at(at(spec, "template"), "spec"));
}

/* ---- manifests ------------------------------------------------------------------------------ */

/* The documents of a file as a list that lives as long as the recording; NULL after a problem. */
static const cJSON *read_documents(struct recording *r, const struct bundle_file *file)
{
    weir_error err = {.line = 0};
    size_t need = 0;
    char *text;
    weir_status status = weir_manifest_to_json(file->text, file->length, NULL, 0, &need, &err);
    cJSON *list = NULL;

    if (status != WEIR_E_SPACE) {
        recording_problem(r, RECORDED_ERROR, file->shown, err.line, "%s",
                          err.message[0] != '\0' ? err.message : weir_strerror(status));
        return NULL;
    }
    text = malloc(need);
    if (text != NULL) {
        weir_manifest_to_json(file->text, file->length, text, need, &need, &err);
        list = cJSON_ParseWithLength(text, need);
        free(text);
    }
    return recording_keep(r, list);
}

/* The scale targets among documents, lists of objects opened. */
static void read_targets(struct recording *r, const cJSON *documents)
{
    const cJSON *document;

    cJSON_ArrayForEach(document, documents)
    {
        if (cJSON_IsArray(at(document, "items"))) {
            read_targets(r, at(document, "items"));
        } else if (at(at(document, "spec"), "template") != NULL) {
            read_target(r, document);
        }
    }
}

/* The spec of the autoscaler of a name among documents; NULL when it is not there. */
static const cJSON *find_spec(const cJSON *documents, const char *name)
{
    const cJSON *document, *found;

    cJSON_ArrayForEach(document, documents)
    {
        if (cJSON_IsArray(at(document, "items")) &&
            (found = find_spec(at(document, "items"), name)) != NULL) {
            return found;
        }
        if (strcmp(text_at(document, "kind"), "HorizontalPodAutoscaler") == 0 &&
            strcmp(text_at(at(document, "metadata"), "name"), name) == 0) {
            return at(document, "spec");
        }
    }
    return NULL;
}

/* ---- what a hand changed -------------------------------------------------------------------- */

static void read_actions(struct recording *r, struct bundle *b, struct recording_sources *sources)
{
    enum { BEGIN, END, KIND, NAME, PATCH, ERROR };
    static const char *const columns[] = {"begin_ns", "end_ns", "kind",      "name",
                                          "patch",    "error",  "?offset_s", NULL};
    struct rows rows;

    if (!rows_open(&rows, r, b, "actions.csv", NULL, columns)) {
        return;
    }
    sources->actions_file = rows.file->shown;
    while (rows_next(&rows)) {
        struct recording_action a = {.begun = rows_time(&rows, BEGIN),
                                     .done = rows_time(&rows, END)};

        if (rows.row_is_bad || rows_has(&rows, ERROR)) {
            continue; /* it was refused */
        }
        a.line = csv_line(rows.csv);
        a.kind = rows_text(&rows, KIND);
        a.name = rows_text(&rows, NAME);
        a.patch = recording_keep(r, cJSON_ParseWithOpts(rows_text(&rows, PATCH), NULL, 1));
        if (a.patch == NULL) {
            recording_problem(r, RECORDED_ERROR, rows.file->shown, a.line,
                              "patch: a merge patch in JSON was expected");
            continue;
        }
        sources->actions = recording_grow(r, sources->actions, sources->action_count, sizeof a);
        sources->actions[sources->action_count++] = a;
    }
}

/* The versions of a spec from a manifest on. */
static void change_autoscaler(struct recording *r, struct recorded_autoscaler *a, const cJSON *spec,
                              const char *file, const struct recording_sources *sources)
{
    struct stored stored = {NULL, NULL};
    struct recorded_spec next = {.from = WEIR_TIME_NONE, .until = WEIR_TIME_NONE};

    write_spec(r, a, &stored, spec, next, file, 0);
    for (size_t i = 0; i < sources->action_count; i++) {
        const struct recording_action *action = &sources->actions[i];
        cJSON *object;

        if (strcmp(action->kind, "HorizontalPodAutoscaler") != 0 ||
            strcmp(action->name, a->name) != 0 || stored.json == NULL) {
            continue;
        }
        object = cJSON_CreateObject();
        cJSON_AddItemToObject(object, "spec", cJSON_Duplicate(stored.json, 1));
        object = recording_merge(object, cJSON_Duplicate(action->patch, 1));
        next.from = action->begun;
        next.until = action->done;
        write_spec(r, a, &stored, at(object, "spec"), next, sources->actions_file, action->line);
        cJSON_Delete(object);
    }
    drop_stored(&stored);
}

static void change_targets(struct recording *r, const struct recording_sources *sources)
{
    for (size_t i = 0; i < sources->action_count; i++) {
        const struct recording_action *action = &sources->actions[i];
        const cJSON *patch = at(at(at(action->patch, "spec"), "template"), "spec");
        struct recorded_target *t;
        cJSON *spec;

        if (patch == NULL) {
            continue;
        }
        t = recording_target(r, action->name);
        spec = cJSON_Duplicate(
            t->template_count > 0 ? t->templates[t->template_count - 1].spec : NULL, 1);
        spec = recording_keep(r, recording_merge(spec, cJSON_Duplicate(patch, 1)));
        add_template(r, t, action->begun, spec);
    }
}

/* ---- what KEDA wrote ------------------------------------------------------------------------ */

static void read_written(struct recording *r, struct recorded_autoscaler *a, const cJSON *list,
                         const char *file)
{
    struct stored stored = {NULL, NULL};
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        const cJSON *time = at(item, "time_ns"), *spec = at(item, "spec");
        struct recorded_spec next = {.created = strcmp(text_at(item, "verb"), "create") == 0};

        if (!cJSON_IsNumber(time) || !(time->valuedouble > 1e18) || time->valuedouble > 9e18 ||
            !cJSON_IsObject(spec)) {
            recording_problem(r, RECORDED_ERROR, file, 0,
                              "%s: items with time_ns in nanoseconds and a spec were expected",
                              a->name);
            continue;
        }
        next.from = next.until = (weir_time)time->valuedouble;
        write_spec(r, a, &stored, spec, next, file, 0);
    }
    drop_stored(&stored);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void read_manifests(struct recording *r, struct bundle *b, struct recording_sources *s)
{
    const char *name;

    for (size_t i = 0; (name = bundle_name(b, i)) != NULL; i++) {
        const struct bundle_file *file;

        if (strncmp(name, "manifests/", 10) != 0) {
            continue;
        }
        file = recording_file(r, b, name, NULL);
        s->manifests = recording_grow(r, s->manifests, s->manifest_count, sizeof s->manifests[0]);
        s->manifests[s->manifest_count].documents = read_documents(r, file);
        s->manifests[s->manifest_count].file = file->shown;
        read_targets(r, s->manifests[s->manifest_count++].documents);
    }
}

static void read_specs(struct recording *r, struct recorded_autoscaler *a,
                       const struct recording_sources *sources)
{
    for (size_t i = 0; i < sources->manifest_count; i++) {
        const cJSON *spec = find_spec(sources->manifests[i].documents, a->name);

        if (spec != NULL) {
            change_autoscaler(r, a, spec, sources->manifests[i].file, sources);
            return;
        }
    }
    recording_problem(r, RECORDED_ERROR, r->name, 0,
                      "no manifest has the HorizontalPodAutoscaler %s: its %zu steps are not "
                      "compared",
                      a->name, a->step_count);
}

void recording_read_manifests(struct recording *r, struct bundle *b)
{
    const struct bundle_file *file = recording_file(r, b, "autoscalers.json", NULL);
    const cJSON *written = file != NULL ? recording_json(r, file) : NULL;
    struct recording_sources sources;

    memset(&sources, 0, sizeof sources);
    read_manifests(r, b, &sources);
    read_actions(r, b, &sources);
    change_targets(r, &sources);
    for (size_t i = 0; i < r->autoscaler_count; i++) {
        struct recorded_autoscaler *a = &r->autoscalers[i];

        if (file != NULL && at(written, a->name) != NULL) {
            read_written(r, a, at(written, a->name), file->shown);
        } else {
            read_specs(r, a, &sources);
        }
    }
    recording_read_keda(r, b, &sources);
}
