/*
 * recording_keda.c - KEDA's half of a recording: ScaledObjects over time, what they asked
 * Prometheus, the sizes that the operator wrote.
 */
#include "program.h"
#include "recording_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/keda.h>
#include <weir/manifest.h>

static const cJSON *at(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_at(const cJSON *object, const char *name)
{
    const cJSON *item = at(object, name);

    return cJSON_IsString(item) ? item->valuestring : "";
}

/* ---- objects -------------------------------------------------------------------------------- */

/* The controller's flags for the HPAs that KEDA makes. */
static void controller_of(const struct recording *r, weir_keda_config *config)
{
    const weir_hpa_config *c = &r->controller;

    weir_keda_config_init(config, sizeof *config);
    config->semantics = c->semantics;
    config->conversion = c->conversion;
    config->configurable_tolerance = c->configurable_tolerance;
    config->tolerance = c->tolerance;
    config->downscale_stabilization = c->downscale_stabilization;
    config->cpu_initialization_period = c->cpu_initialization_period;
    config->initial_readiness_delay = c->initial_readiness_delay;
    config->sync_period = c->sync_period;
    config->reserve = 512;
}

/* Reports what is wrong with an object. */
static void report_object(struct recording *r, const weir_manifest *m, const char *file,
                          int64_t line, const char *name)
{
    for (size_t i = 0; i < weir_manifest_problem_count(m); i++) {
        const weir_problem *p = weir_manifest_get_problem(m, i);

        if (p->severity == WEIR_PROBLEM_ERROR) {
            recording_problem(r, RECORDED_ERROR, file, line, "ScaledObject %s: %s: %s", name,
                              p->error.path, p->error.message);
        }
    }
}

/* The configuration that an object comes to; NULL after a problem. */
static weir_keda_config *config_of(struct recording *r, const cJSON *object, const char *file,
                                   int64_t line)
{
    const char *name = text_at(at(object, "metadata"), "name");
    char *text = cJSON_PrintUnformatted(object);
    weir_keda_config base, *config = NULL;
    weir_manifest *m = NULL;

    controller_of(r, &base);
    if (text != NULL && weir_manifest_create(NULL, &m) == WEIR_OK &&
        weir_manifest_set_defaults(m, WEIR_KIND_KEDA, &base) == WEIR_OK &&
        weir_manifest_add(m, file, text, strlen(text)) == WEIR_OK &&
        weir_manifest_finish(m) == WEIR_OK) {
        const weir_manifest_item *item = weir_manifest_get_item(m, 0);

        report_object(r, m, file, line, name);
        if (item != NULL && item->kind == WEIR_KIND_KEDA && item->error_count == 0) {
            config = recording_take(r, sizeof *config);
            memcpy(config, item->config, sizeof *config);
        }
    }
    weir_manifest_free(m);
    cJSON_free(text);
    return config;
}

static void add_object(struct recording *r, struct recorded_scaled_object *so, cJSON *object,
                       weir_time from, weir_time until, const char *file, int64_t line)
{
    struct recorded_object next = {.from = from, .until = until};

    next.config = config_of(r, object, file, line);
    next.triggers = at(at(object, "spec"), "triggers");
    so->objects = recording_grow(r, so->objects, so->object_count, sizeof next);
    so->objects[so->object_count++] = next;
}

/* The name of the HPA that KEDA makes. */
static struct recorded_autoscaler *hpa_of(struct recording *r, const cJSON *object)
{
    const char *name =
        text_at(at(at(at(object, "spec"), "advanced"), "horizontalPodAutoscalerConfig"), "name");
    char text[300];

    if (name[0] == '\0') {
        snprintf(text, sizeof text, "keda-hpa-%.253s", text_at(at(object, "metadata"), "name"));
        name = text;
    }
    return recording_autoscaler(r, name);
}

static void read_object(struct recording *r, const cJSON *object, const char *file,
                        const struct recording_sources *sources)
{
    struct recorded_scaled_object *so;
    const char *name = text_at(at(object, "metadata"), "name");
    cJSON *now = recording_keep(r, cJSON_Duplicate(object, 1));

    r->scaled_objects = recording_grow(r, r->scaled_objects, r->scaled_object_count, sizeof *so);
    so = &r->scaled_objects[r->scaled_object_count++];
    memset(so, 0, sizeof *so);
    so->name = name;
    so->created = WEIR_TIME_NONE;
    so->hpa = hpa_of(r, object);
    so->target = recording_target(r, text_at(at(at(object, "spec"), "scaleTargetRef"), "name"));
    add_object(r, so, now, WEIR_TIME_NONE, WEIR_TIME_NONE, file, 0);
    for (size_t i = 0; i < sources->action_count; i++) {
        const struct recording_action *a = &sources->actions[i];

        if (strcmp(a->kind, "ScaledObject") == 0 && strcmp(a->name, name) == 0) {
            now = recording_merge(cJSON_Duplicate(now, 1), cJSON_Duplicate(a->patch, 1));
            now = recording_keep(r, now);
            add_object(r, so, now, a->begun, a->done, sources->actions_file, a->line);
        }
    }
}

static void read_objects(struct recording *r, const cJSON *documents, const char *file,
                         const struct recording_sources *sources)
{
    const cJSON *document;

    cJSON_ArrayForEach(document, documents)
    {
        if (cJSON_IsArray(at(document, "items"))) {
            read_objects(r, at(document, "items"), file, sources);
        } else if (strcmp(text_at(document, "kind"), "ScaledObject") == 0) {
            read_object(r, document, file, sources);
        }
    }
}

static struct recorded_scaled_object *find_object(struct recording *r, const char *name)
{
    for (size_t i = 0; i < r->scaled_object_count; i++) {
        if (strcmp(r->scaled_objects[i].name, name) == 0) {
            return &r->scaled_objects[i];
        }
    }
    return NULL;
}

/* "created ScaledObject NAME": when each was made. */
static void read_clock(struct recording *r, struct bundle *b)
{
    enum { WHAT, TIME };
    static const char *const columns[] = {"what", "time_ns", "?utc", NULL};
    static const char created[] = "created ScaledObject ";
    struct rows rows;

    if (!rows_open(&rows, r, b, "clock.csv",
                   "the ScaledObjects are taken to be as old as their first query", columns)) {
        return;
    }
    while (rows_next(&rows)) {
        const char *what = rows_text(&rows, WHAT);
        struct recorded_scaled_object *so;

        if (strncmp(what, created, sizeof created - 1) == 0 &&
            (so = find_object(r, what + sizeof created - 1)) != NULL) {
            so->created = rows_time(&rows, TIME);
        }
    }
}

/* ---- queries -------------------------------------------------------------------------------- */

/* Which trigger sends a query; -1: none. */
static int trigger_of(const struct recorded_scaled_object *so, const char *query)
{
    for (size_t i = so->object_count; i > 0; i--) {
        const cJSON *trigger;
        int n = 0;

        cJSON_ArrayForEach(trigger, so->objects[i - 1].triggers)
        {
            if (strcmp(text_at(at(trigger, "metadata"), "query"), query) == 0) {
                return n;
            }
            n++;
        }
    }
    return -1;
}

/* What an answer of Prometheus is to KEDA: a list with one element, whose value is a number. */
static void take_result(struct recorded_query *q, int64_t code, const char *result)
{
    cJSON *list = cJSON_Parse(result);
    const cJSON *value = at(cJSON_GetArrayItem(list, 0), "value"), *text;
    struct csv_field field;

    q->status = WEIR_E_IO;
    if (code >= 200 && code < 300 && cJSON_IsArray(list) && cJSON_GetArraySize(list) <= 1) {
        text = cJSON_GetArrayItem(value, 1);
        if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) == 0) {
            q->status = WEIR_NO_DATA;
        } else if (cJSON_IsNull(text)) {
            q->status = WEIR_OK;
            q->value = -1.0; /* upstream's slip */
        } else if (cJSON_IsString(text)) {
            field = (struct csv_field){text->valuestring, strlen(text->valuestring), 1};
            if (csv_number(&field, &q->value)) {
                q->status = isfinite(q->value) ? WEIR_OK : WEIR_NO_DATA;
            }
        }
    }
    cJSON_Delete(list);
}

/* How long KEDA waits for an answer: a trigger's timeout, in milliseconds or as a duration. */
static weir_duration patience_of(const struct recorded_scaled_object *so, size_t trigger)
{
    const cJSON *triggers = so->objects[0].triggers;
    const char *text =
        text_at(at(cJSON_GetArrayItem(triggers, (int)trigger), "metadata"), "timeout");
    int64_t ns = 0;
    char *end;
    long long n = strtoll(text, &end, 10);

    if (text[0] != '\0' && *end == '\0' && n < 1000000) {
        ns = n * 1000000;
    } else if (text[0] != '\0' && !parse_duration(text, &ns)) {
        ns = 0;
    }
    return ns > 0 ? ns : 3 * WEIR_SECOND;
}

/* What takes longer than KEDA waits is an error for it, and ended when it gave up. */
static void take_patience(struct recorded_query *q, weir_duration patience)
{
    if (q->done - q->begun > patience) {
        q->done = q->begun + patience;
        q->status = WEIR_E_IO;
    }
}

static int compare_queries(const void *a, const void *b)
{
    const struct recorded_query *x = a, *y = b;

    if (x->done != y->done) {
        return x->done < y->done ? -1 : 1;
    }
    return x->line < y->line ? -1 : 1;
}

static void read_queries(struct recording *r, struct bundle *b)
{
    enum { BEGIN, END, OBJECT, QUERY, CODE, RESULT };
    static const char *const columns[] = {"begin_ns", "end_ns", "scaledobject", "query",
                                          "code",     "result", "?eval_time",   NULL};
    struct rows rows;

    if (!rows_open(&rows, r, b, "queries.csv", "what KEDA served is not compared", columns)) {
        return;
    }
    while (rows_next(&rows)) {
        struct recorded_scaled_object *so = find_object(r, rows_text(&rows, OBJECT));
        struct recorded_query q = {.serve = -1};
        int trigger = so != NULL ? trigger_of(so, rows_text(&rows, QUERY)) : -1;

        q.begun = rows_time(&rows, BEGIN);
        q.done = rows_time(&rows, END);
        q.line = csv_line(rows.csv);
        take_result(&q, rows_int(&rows, CODE, 0, 999), rows_text(&rows, RESULT));
        if (!rows.row_is_bad && trigger < 0) {
            rows_complain(&rows, so == NULL ? OBJECT : QUERY,
                          so == NULL ? "a ScaledObject of the manifests was expected"
                                     : "the query of one of its triggers was expected");
        }
        if (!rows.row_is_bad) {
            q.trigger = (size_t)trigger;
            take_patience(&q, patience_of(so, q.trigger));
            so->queries = recording_grow(r, so->queries, so->query_count, sizeof q);
            so->queries[so->query_count++] = q;
        }
    }
    for (size_t i = 0; i < r->scaled_object_count; i++) {
        struct recorded_scaled_object *so = &r->scaled_objects[i];

        if (so->query_count > 0) {
            qsort(so->queries, so->query_count, sizeof so->queries[0], compare_queries);
        }
    }
}

/* ---- writes and sizes ----------------------------------------------------------------------- */

static void read_writes(struct recording *r, struct bundle *b)
{
    enum { RECEIVED, DONE, VERB, RESOURCE, NAME, CODE, REQUEST };
    static const char *const columns[] = {"received_ns", "done_ns", "verb",    "resource",
                                          "name",        "code",    "request", NULL};
    struct rows rows;

    if (!rows_open(&rows, r, b, "keda_writes.csv", "what KEDA wrote is not compared", columns)) {
        return;
    }
    while (rows_next(&rows)) {
        const char *resource = rows_text(&rows, RESOURCE), *name = rows_text(&rows, NAME);
        const char *part = strrchr(resource, '/');
        struct recorded_write w;
        cJSON *request;

        if (part == NULL || strcmp(part, "/scale") != 0) {
            continue;
        }
        memset(&w, 0, sizeof w);
        w.received = rows_time(&rows, RECEIVED);
        w.line = csv_line(rows.csv);
        w.accepted = rows_int(&rows, CODE, 0, 999) / 100 == 2;
        request = cJSON_Parse(rows_text(&rows, REQUEST));
        if (!cJSON_IsNumber(at(request, "replicas"))) {
            rows_complain(&rows, REQUEST, "{\"replicas\":N} was expected");
        } else {
            w.replicas = (int32_t)at(request, "replicas")->valuedouble;
        }
        cJSON_Delete(request);
        for (size_t i = 0; !rows.row_is_bad && i < r->scaled_object_count; i++) {
            struct recorded_scaled_object *so = &r->scaled_objects[i];

            if (strcmp(so->target->name, name) == 0) {
                so->writes = recording_grow(r, so->writes, so->write_count, sizeof w);
                so->writes[so->write_count++] = w;
            }
        }
    }
}

void recording_read_sizes(struct recording *r, struct bundle *b)
{
    enum { TIME, EVENT, TARGET, SPEC, STATUS, READY };
    static const char *const columns[] = {"time_ns",
                                          "event",
                                          "target",
                                          "spec_replicas",
                                          "status_replicas",
                                          "ready_replicas",
                                          "?resource_version",
                                          "?generation",
                                          "?observed_generation",
                                          NULL};
    struct rows rows;

    if (!rows_open(&rows, r, b, "targets.csv", "the sizes of the targets are those of the steps",
                   columns)) {
        return;
    }
    while (rows_next(&rows)) {
        struct recorded_target *t = recording_target(r, rows_text(&rows, TARGET));
        struct recorded_size size = {.at = rows_time(&rows, TIME)};

        size.spec = (int32_t)rows_int(&rows, SPEC, 0, INT32_MAX);
        size.status = (int32_t)rows_int(&rows, STATUS, 0, INT32_MAX);
        size.ready = (int32_t)rows_int(&rows, READY, 0, INT32_MAX);
        if (!rows.row_is_bad && strcmp(rows_text(&rows, EVENT), "DELETED") != 0) {
            t->sizes = recording_grow(r, t->sizes, t->size_count, sizeof size);
            t->sizes[t->size_count++] = size;
        }
    }
}

void recording_read_keda(struct recording *r, struct bundle *b,
                         const struct recording_sources *sources)
{
    for (size_t i = 0; i < sources->manifest_count; i++) {
        read_objects(r, sources->manifests[i].documents, sources->manifests[i].file, sources);
    }
    if (r->scaled_object_count == 0) {
        return;
    }
    read_clock(r, b);
    read_queries(r, b);
    read_writes(r, b);
    recording_read_sizes(r, b);
    for (size_t i = 0; i < r->scaled_object_count; i++) {
        struct recorded_scaled_object *so = &r->scaled_objects[i];

        if (so->created == WEIR_TIME_NONE && so->query_count > 0) {
            so->created = so->queries[0].begun;
        }
        for (size_t k = 0; k < so->object_count && so->created != WEIR_TIME_NONE; k++) {
            if (so->objects[k].config != NULL) { /* its time of creation is in whole seconds */
                so->objects[k].config->created = so->created - so->created % WEIR_SECOND;
            }
        }
    }
}
