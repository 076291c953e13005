/*
 * conform_keda_loop.c - KEDA's executor alone, and its whole loop: reconciler, polls, pulls.
 */
#include "conform_keda.h"
#include "zone.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <weir/quantity.h>

/* ---- shared --------------------------------------------------------------------------------- */

void keda_put_conditions(struct scenario *s, cJSON *got, const weir_keda_status *status,
                         const char *hpa_reason)
{
    static const char *const keys[] = {"ready", "active", "fallback", "paused", "hpa_active"};
    static const char *const states[] = {"False", "True", "Unknown"};
    const cJSON *want = keda_at(keda_at(s->step, "want"), "conditions");
    cJSON *list = cJSON_CreateObject();

    for (int32_t i = 0; i < WEIR_KEDA_CONDITIONS; i++) {
        const weir_keda_condition *c = &status->conditions[i];
        const char *reason = weir_keda_reason_name(c->reason);
        const char *wanted = conform_text(want, keys[i], "");
        char text[120];

        if (c->reason == WEIR_KEDA_REASON_HPA_FAILING && hpa_reason != NULL &&
            hpa_reason[0] != '\0') {
            reason = hpa_reason; /* passed on */
        }
        if (strchr(wanted, '/') == NULL) {
            reason = ""; /* the vectors leave the reason out here */
        }
        snprintf(text, sizeof text, "%s%s%s", states[c->status], reason[0] != '\0' ? "/" : "",
                 reason);
        cJSON_AddStringToObject(list, keys[i], text);
    }
    cJSON_AddItemToObject(got, "conditions", list);
}

int32_t keda_scaling_active(const cJSON *item, const char **reason)
{
    *reason = conform_text(item, "reason", "");
    if (!cJSON_IsObject(item)) {
        return WEIR_SCALING_MISSING;
    }
    return conform_is(item, "status", "True")        ? WEIR_SCALING_TRUE
           : strcmp(*reason, "ScalingDisabled") == 0 ? WEIR_SCALING_DISABLED
           : conform_is(item, "status", "Unknown")   ? WEIR_SCALING_UNKNOWN
                                                     : WEIR_SCALING_FALSE;
}

static weir_keda *make(const weir_keda_config *config, weir_time now)
{
    size_t bytes = 0;
    weir_keda *k = weir_keda_bytes(config, &bytes, NULL) == WEIR_OK ? conform_block(bytes) : NULL;

    if (k != NULL && weir_keda_init(k, bytes, config, now, NULL) != WEIR_OK) {
        free(k);
        k = NULL;
    }
    for (uint32_t i = 0; k != NULL && weir_keda_zone_name(k, i) != NULL; i++) {
        weir_zone zone;

        if (zone_load(weir_keda_zone_name(k, i), &zone) == WEIR_OK) {
            weir_keda_set_zone(k, weir_keda_zone_name(k, i), &zone);
        }
        zone_free(&zone);
    }
    return k;
}

static void put_last_active(cJSON *got, const struct scenario *s, const weir_keda_status *status)
{
    if (status->last_active == WEIR_TIME_NONE) {
        cJSON_AddNullToObject(got, "last_active_t");
    } else {
        conform_put_int(got, "last_active_t", conform_since(s, status->last_active));
    }
}

static void begin(struct scenario *s, weir_keda_config *config)
{
    keda_read_spec(keda_at(s->config, "spec"), keda_at(s->config, "annotations"), config);
    config->created = conform_time(s, s->config, "creation_t");
    config->zone_reserve = 1024;
}

/* ---- the executor --------------------------------------------------------------------------- */

static void read_step(const struct scenario *s, weir_keda_input *in)
{
    if (conform_has(s->step, "set_replicas")) {
        in->replicas = (int32_t)conform_int(s->step, "set_replicas", 0);
    }
    if (cJSON_IsTrue(keda_at(s->step, "replicas_absent"))) {
        in->replicas = 1;
    }
    in->replicas_status = cJSON_IsTrue(keda_at(s->step, "read_error")) ? WEIR_E_IO : WEIR_OK;
}

static cJSON *execute(struct scenario *s, weir_keda *k, weir_keda_input *in)
{
    weir_decision d;
    weir_keda_status status;
    const char *reason;
    cJSON *got = cJSON_CreateObject();
    int failed = cJSON_IsTrue(keda_at(s->step, "write_error")), written;

    in->scaling_active = keda_scaling_active(keda_at(s->step, "hpa_scaling_active"), &reason);
    weir_decision_init(&d, sizeof d);
    weir_keda_act(k, cJSON_IsTrue(keda_at(s->step, "active")),
                  cJSON_IsTrue(keda_at(s->step, "is_error")), in, conform_time(s, s->step, "t"), &d,
                  NULL);
    written = (d.flags & WEIR_FLAG_APPLY) != 0;
    if (written && failed) {
        weir_keda_write_failed(k);
        written = 0;
    }
    if (written) {
        in->replicas = d.replicas;
        conform_put_int(got, "write", d.replicas);
    } else {
        cJSON_AddNullToObject(got, "write");
    }
    weir_keda_get_status(k, &status, sizeof status);
    conform_put_int(got, "replicas", in->replicas);
    put_last_active(got, s, &status);
    keda_put_conditions(s, got, &status, reason);
    if (in->replicas_status != WEIR_OK || ((d.flags & WEIR_FLAG_APPLY) != 0 && failed)) {
        cJSON_AddStringToObject(got, "error", "the API failed");
    }
    return got;
}

static void run_executor(struct scenario *s)
{
    weir_keda_config *config = calloc(1, sizeof *config);
    weir_keda_input in;
    weir_keda *k;

    if (config == NULL) {
        return;
    }
    begin(s, config);
    config->trigger_count = 0; /* the verdict comes from the vectors */
    config->defect = WEIR_KEDA_REFUSED;
    weir_keda_input_init(&in, sizeof in);
    in.replicas = (int32_t)conform_int(s->config, "replicas", 0);
    k = make(config, config->created);
    if (k != NULL && conform_has(s->config, "last_active_t")) {
        weir_keda_set_last_active(k, conform_time(s, s->config, "last_active_t"));
    }
    while (k != NULL && conform_next(s)) {
        const cJSON *annotations = keda_at(s->step, "annotations");

        if (annotations != NULL) {
            weir_keda *next;

            keda_read_annotations(annotations, config);
            config->defect = WEIR_KEDA_REFUSED;
            next = make(config, config->created);
            if (next != NULL) {
                weir_keda_adopt(next, k);
                free(k);
                k = next;
            }
        }
        read_step(s, &in);
        conform_answer(s, execute(s, k, &in));
    }
    free(k);
    free(config);
}

/* ---- the loop ------------------------------------------------------------------------------- */

enum action { START, POLL, SERVE, WAIT, RECONCILE, RESTART, DELETE };

static const char *const actions[] = {"start",     "poll",    "serve",  "wait",
                                      "reconcile", "restart", "delete", NULL};

struct loop {
    struct scenario *s;
    weir_keda *k;
    weir_keda_config config;
    const cJSON *spec, *annotations;
    weir_keda_input in;
    weir_keda_reading readings[WEIR_KEDA_TRIGGERS_MAX];
    int fails_first[WEIR_KEDA_TRIGGERS_MAX]; /* in each step the first query fails */
    int fails_now[WEIR_KEDA_TRIGGERS_MAX];
    int queries[WEIR_KEDA_TRIGGERS_MAX];
    const char *hpa_reason;
    int unwritable;
    cJSON *writes;
};

static int same_name(const char *a, const char *b)
{
    while (*a != '\0' && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

static void read_sources(struct loop *l)
{
    const cJSON *item;
    uint32_t i = 0;

    cJSON_ArrayForEach(item, keda_at(l->s->step, "triggers"))
    {
        weir_keda_reading *r = &l->readings[i];

        if (i == WEIR_KEDA_TRIGGERS_MAX) {
            break;
        }
        if (cJSON_IsObject(item)) {
            r->status = cJSON_IsTrue(keda_at(item, "is_error")) ? WEIR_E_IO
                        : cJSON_IsTrue(keda_at(item, "empty"))  ? WEIR_NO_DATA
                                                                : WEIR_OK;
            r->value = conform_double(item, "value", 0.0);
            l->fails_first[i] = cJSON_IsTrue(keda_at(item, "fail_first"));
        }
        i++;
    }
    memcpy(l->fails_now, l->fails_first, sizeof l->fails_now);
}

/* The object is edited. */
static void edit(struct loop *l)
{
    weir_keda *next;

    if (conform_has(l->s->step, "spec")) {
        l->spec = keda_at(l->s->step, "spec");
    }
    if (keda_at(l->s->step, "annotations") != NULL) {
        l->annotations = keda_at(l->s->step, "annotations");
    }
    keda_read_spec(l->spec, l->annotations, &l->config);
    l->config.created = conform_time(l->s, l->s->config, "creation_t");
    l->config.zone_reserve = 1024;
    next = make(&l->config, conform_time(l->s, l->s->step, "t"));
    if (next != NULL) {
        weir_keda_adopt(next, l->k);
        free(l->k);
        l->k = next;
    }
    l->in.reading_count = l->config.trigger_count;
}

static void read_changes(struct loop *l)
{
    const cJSON *step = l->s->step;

    read_sources(l);
    if (conform_has(step, "set_replicas")) {
        l->in.replicas = (int32_t)conform_int(step, "set_replicas", 0);
    }
    if (conform_has(step, "ready_pods")) {
        l->in.ready_pods = (int32_t)conform_int(step, "ready_pods", 0);
    }
    if (conform_has(step, "hpa_scaling_active")) {
        l->in.scaling_active =
            keda_scaling_active(keda_at(step, "hpa_scaling_active"), &l->hpa_reason);
    }
    if (conform_has(step, "replicas_unreadable")) {
        l->in.replicas_status =
            cJSON_IsTrue(keda_at(step, "replicas_unreadable")) ? WEIR_E_IO : WEIR_OK;
    }
    if (conform_has(step, "replicas_unwritable")) {
        l->unwritable = cJSON_IsTrue(keda_at(step, "replicas_unwritable"));
    }
    if (conform_has(step, "spec") || keda_at(step, "annotations") != NULL) {
        edit(l);
    }
}

/* Counts the queries of one part of a step: a failing source is asked twice. */
static void count_queries(struct loop *l)
{
    uint32_t asked = weir_keda_asked(l->k);

    for (uint32_t i = 0; i < l->config.trigger_count; i++) {
        if ((asked >> i & 1) != 0 && l->config.triggers[i].type == WEIR_TRIGGER_PROMETHEUS) {
            int empty_error =
                (l->readings[i].status == WEIR_NO_DATA || !isfinite(l->readings[i].value)) &&
                !l->config.triggers[i].ignore_null_values;

            l->queries[i] +=
                l->readings[i].status == WEIR_E_IO || empty_error || l->fails_now[i] ? 2 : 1;
            l->fails_now[i] = 0;
        }
    }
}

static void take_write(struct loop *l, const weir_decision *d)
{
    if ((d->flags & WEIR_FLAG_APPLY) == 0) {
        return;
    }
    if (l->unwritable) {
        weir_keda_write_failed(l->k);
        return;
    }
    l->in.replicas = d->replicas;
    conform_add_int(l->writes, d->replicas);
}

static void poll(struct loop *l)
{
    weir_decision d;

    weir_decision_init(&d, sizeof d);
    weir_keda_poll(l->k, &l->in, conform_time(l->s, l->s->step, "t"), &d, NULL);
    count_queries(l);
    take_write(l, &d);
}

static void reconcile(struct loop *l, cJSON *got)
{
    weir_decision d;
    int32_t polls = 0;
    weir_keda_status status;
    weir_status fine;

    weir_decision_init(&d, sizeof d);
    fine = weir_keda_reconcile(l->k, &l->in, conform_time(l->s, l->s->step, "t"), &polls, &d, NULL);
    take_write(l, &d);
    if (fine != WEIR_OK) {
        cJSON_AddStringToObject(got, "error", "the reconciler refuses it");
    } else if (polls) {
        poll(l);
    }
    weir_keda_get_status(l->k, &status, sizeof status);
    cJSON_AddBoolToObject(got, "polled", polls);
    cJSON_AddBoolToObject(got, "loop_running", status.running);
    cJSON_AddBoolToObject(got, "hpa_exists", status.hpa_exists);
    if (!status.hpa_exists) {
        l->in.scaling_active = WEIR_SCALING_MISSING;
    }
}

static const char *metric_name(const struct loop *l, uint32_t i, char *text, size_t size)
{
    char name[WEIR_KEDA_NAME_MAX];

    if (l->config.triggers[i].type == WEIR_TRIGGER_CRON) {
        weir_cron_metric_name(&l->config.triggers[i].cron, name, sizeof name, NULL);
    } else {
        keda_copy(name, sizeof name, "prometheus");
    }
    weir_keda_metric_name(i, name, 0, text, size, NULL);
    return text;
}

static uint32_t metric_asked(const struct loop *l)
{
    const char *wanted = conform_text(l->s->step, "metric", "");
    char name[200];

    for (uint32_t i = 0; i < l->config.trigger_count; i++) {
        if (same_name(metric_name(l, i, name, sizeof name), wanted)) {
            return i;
        }
    }
    return WEIR_KEDA_TRIGGERS_MAX;
}

/* By name, as the vectors have them. */
static void sort_values(struct loop *l, weir_keda_served *list, uint32_t count)
{
    (void)l;
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t k = i; k > 0 && list[k].trigger < list[k - 1].trigger; k--) {
            weir_keda_served v = list[k];

            list[k] = list[k - 1];
            list[k - 1] = v;
        }
    }
}

/* The text is one of several that upstream may keep: it has to be that of the number. */
static void put_quantity(const struct scenario *s, cJSON *value, int index, int64_t milli)
{
    const cJSON *want = cJSON_GetArrayItem(keda_at(keda_at(s->step, "want"), "metrics"), index);
    const char *text = conform_text(want, "quantity", "");
    weir_quantity q;

    if (weir_quantity_parse(text, strlen(text), &q, NULL) == WEIR_OK &&
        weir_quantity_milli(&q) == milli) {
        cJSON_AddStringToObject(value, "quantity", text);
    }
}

static void serve(struct loop *l, cJSON *got)
{
    weir_keda_served list[WEIR_KEDA_TRIGGERS_MAX];
    uint32_t count = 0;
    weir_status status = weir_keda_serve(l->k, metric_asked(l), &l->in,
                                         conform_time(l->s, l->s->step, "t"), list, &count);
    cJSON *metrics;

    count_queries(l);
    if (status != WEIR_OK) {
        cJSON_AddStringToObject(got, "error", "the HPA gets an error");
        return;
    }
    metrics = cJSON_AddArrayToObject(got, "metrics");
    sort_values(l, list, count);
    for (uint32_t i = 0; i < count; i++) {
        cJSON *value = cJSON_CreateObject();
        char name[200] = "composite-metric";

        if (!list[i].composite) {
            metric_name(l, (uint32_t)list[i].trigger, name, sizeof name);
        }
        cJSON_AddItemToArray(metrics, value);
        cJSON_AddStringToObject(value, "metric", name);
        conform_put_int(value, "milli", list[i].milli);
        put_quantity(l->s, value, (int)i, list[i].milli);
    }
}

static void delete_object(struct loop *l, cJSON *got)
{
    weir_decision d;

    weir_decision_init(&d, sizeof d);
    weir_keda_delete(l->k, &l->in, conform_time(l->s, l->s->step, "t"), &d, NULL);
    take_write(l, &d);
    cJSON_AddTrueToObject(got, "deleted");
}

static void put_health(const struct loop *l, cJSON *got, const weir_keda_status *status, int served)
{
    cJSON *all = cJSON_AddObjectToObject(got, served ? "served_health" : "health");

    for (uint32_t i = 0; i < status->metric_count; i++) {
        const weir_keda_health *h =
            served ? &status->metrics[i].served : &status->metrics[i].health;
        char name[200];
        cJSON *entry;

        if (h->status == WEIR_HEALTH_NONE) {
            continue;
        }
        entry = cJSON_AddObjectToObject(all, metric_name(l, i, name, sizeof name));
        conform_put_int(entry, "failures", h->failures);
        cJSON_AddStringToObject(entry, "status",
                                h->status == WEIR_HEALTH_HAPPY ? "Happy" : "Failing");
    }
}

static void put_state(struct loop *l, cJSON *got)
{
    weir_keda_status status;
    cJSON *activity = cJSON_CreateObject(), *queries = cJSON_CreateArray();

    weir_keda_get_status(l->k, &status, sizeof status);
    for (uint32_t i = 0; i < l->config.trigger_count; i++) {
        char name[200];

        conform_add_int(queries, l->queries[i]);
        if (status.metrics[i].activity >= 0) {
            cJSON_AddBoolToObject(activity, metric_name(l, i, name, sizeof name),
                                  status.metrics[i].activity);
        }
    }
    cJSON_AddItemToObject(got, "queries", queries);
    cJSON_AddItemToObject(got, "triggers_activity", activity);
    put_last_active(got, l->s, &status);
    put_health(l, got, &status, 0);
    put_health(l, got, &status, 1);
    keda_put_conditions(l->s, got, &status, l->hpa_reason);
}

static cJSON *run_step(struct loop *l)
{
    cJSON *got = cJSON_CreateObject();
    int action = conform_action(l->s, actions);

    l->writes = cJSON_CreateArray();
    memset(l->queries, 0, sizeof l->queries);
    read_changes(l);
    switch (action) {
    case START:
    case RECONCILE: reconcile(l, got); break;
    case RESTART:
        weir_keda_restart(l->k);
        reconcile(l, got);
        break;
    case POLL: poll(l); break;
    case SERVE: serve(l, got); break;
    case DELETE: delete_object(l, got); break;
    default: break;
    }
    cJSON_AddItemToObject(got, "writes", l->writes);
    conform_put_int(got, "replicas", l->in.replicas);
    put_state(l, got);
    return got;
}

static void run_loop(struct scenario *s)
{
    struct loop *l = calloc(1, sizeof *l);

    if (l == NULL) {
        return;
    }
    l->s = s;
    begin(s, &l->config);
    l->spec = keda_at(s->config, "spec");
    l->annotations = keda_at(s->config, "annotations");
    weir_keda_input_init(&l->in, sizeof l->in);
    l->in.replicas = (int32_t)conform_int(s->config, "replicas", 0);
    l->in.ready_pods = (int32_t)conform_int(s->config, "ready_pods", 0);
    l->in.scaling_active = WEIR_SCALING_MISSING;
    l->in.readings = l->readings;
    l->in.reading_count = l->config.trigger_count;
    l->k = make(&l->config, conform_time(s, s->config, "start_t"));
    if (l->k != NULL && conform_has(s->config, "last_active_t")) {
        weir_keda_set_last_active(l->k, conform_time(s, s->config, "last_active_t"));
    }
    while (l->k != NULL && conform_next(s)) {
        conform_answer(s, run_step(l));
    }
    free(l->k);
    free(l);
}

const struct conform_op conform_keda_loop_ops[] = {
    {"keda.executor", run_executor},
    {"keda.loop", run_loop},
    {NULL, NULL},
};
