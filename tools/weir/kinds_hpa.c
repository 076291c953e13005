/*
 * kinds_hpa.c - HorizontalPodAutoscalers for `weir replay` and `weir explain`; see kinds.h.
 */
#include "kinds_hpa.h"
#include "replaying.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <weir/quantity.h>

/* ---- names of metrics ----------------------------------------------------------------------- */

void skip_autoscaler(const char *autoscaler, const char **word, size_t *length)
{
    size_t own = strlen(autoscaler);

    if (own > 0 && *length > own && strncmp(*word, autoscaler, own) == 0 && (*word)[own] == '/') {
        *word += own + 1;
        *length -= own + 1;
    }
}

int query_names(const char *word, size_t length, const char *autoscaler, const char *series)
{
    skip_autoscaler(autoscaler, &word, &length);
    return is_word(series, word, length);
}

int is_word(const char *text, const char *word, size_t length)
{
    return strlen(text) == length && strncmp(text, word, length) == 0;
}

/* "NAME" or "metrics[2]". */
static int is_named(const void *config, uint32_t metric, const char *autoscaler, const char *word,
                    size_t length)
{
    char place[32];

    skip_autoscaler(autoscaler, &word, &length);
    snprintf(place, sizeof place, "metrics[%u]", metric);
    return is_word(((const weir_hpa_config *)config)->metrics[metric].name, word, length) ||
           is_word(place, word, length);
}

static uint32_t list_series(const void *config, weir_hpa_config *as_hpa)
{
    *as_hpa = *(const weir_hpa_config *)config;
    return as_hpa->metric_count;
}

void hpa_put_name(const weir_hpa_config *config, uint32_t metric, char *text, size_t size)
{
    const char *name = config->metrics[metric].name;
    int before = 0;

    for (uint32_t i = 0; i < metric; i++) {
        before += strcmp(config->metrics[i].name, name) == 0;
    }
    if (before > 0) {
        snprintf(text, size, "%s#%d", name, before + 1);
    } else {
        snprintf(text, size, "%s", name);
    }
}

const char *hpa_source_name(const weir_hpa_metric *metric)
{
    static const char *const names[] = {"unknown", "Resource", "ContainerResource",
                                        "Pods",    "Object",   "External"};

    return names[metric->source];
}

int hpa_is_per_pod(const weir_hpa_metric *metric)
{
    return metric->source < WEIR_HPA_OBJECT;
}

/* ---- the request ---------------------------------------------------------------------------- */

/* The text after the "=" of the last of some words that names a series; NULL: none does. */
static const char *value_for(const struct words *words, const struct asked_series *asked)
{
    const char *value = NULL;

    for (size_t i = 0; i < words->count; i++) {
        const char *equals = strchr(words->list[i], '=');

        if (asked->kind->is_named(asked->config, asked->series, asked->autoscaler, words->list[i],
                                  (size_t)(equals - words->list[i]))) {
            value = equals + 1;
        }
    }
    return value;
}

const char *column_for(const struct asked_series *asked)
{
    return value_for(&asked->request->metrics, asked);
}

const char *query_for(const struct asked_series *asked)
{
    return value_for(&asked->request->queries, asked);
}

const char *request_for(const struct asked_series *asked)
{
    return value_for(&asked->request->pod_requests, asked);
}

enum { NAMES_MAX = 256, NAMES_BYTES = NAMES_MAX * 32 };

/* Names of series, each once. */
struct names {
    const char *list[NAMES_MAX];
    size_t count, used;
    char text[NAMES_BYTES];
};

static void add_name(struct names *names, const char *name)
{
    size_t length = strlen(name) + 1;

    for (size_t k = 0; k < names->count; k++) {
        if (strcmp(names->list[k], name) == 0) {
            return;
        }
    }
    if (names->count < NAMES_MAX && names->used + length <= sizeof names->text) {
        names->list[names->count++] = memcpy(names->text + names->used, name, length);
        names->used += length;
    }
}

static void list_names(const weir_manifest_item *const *items, size_t count, struct names *names)
{
    memset(names, 0, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        const struct kind *kind = kind_of(items[i]->kind);
        weir_hpa_config series;
        uint32_t n =
            kind != NULL && kind->series != NULL ? kind->series(items[i]->config, &series) : 0;

        for (uint32_t m = 0; m < n; m++) {
            if (kind->own_name != NULL) {
                add_name(names, kind->own_name(items[i]->config, m));
            }
            add_name(names, series.metrics[m].name);
        }
        for (size_t k = 0; kind != NULL && kind->rows[k] != NULL; k++) {
            add_name(names, kind->rows[k]);
        }
    }
}

static int is_known(const char *word, size_t length, const weir_manifest_item *const *items,
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct kind *kind = kind_of(items[i]->kind);
        weir_hpa_config series;
        uint32_t n =
            kind != NULL && kind->series != NULL ? kind->series(items[i]->config, &series) : 0;

        for (uint32_t m = 0; m < n; m++) {
            if (kind->is_named(items[i]->config, m, items[i]->name, word, length)) {
                return 1;
            }
        }
        for (size_t k = 0; kind != NULL && kind->rows[k] != NULL; k++) {
            if (query_names(word, length, items[i]->name, kind->rows[k])) {
                return 1;
            }
        }
    }
    return 0;
}

static int check_metric_names(const struct words *words, const char *option,
                              const weir_manifest_item *const *items, size_t count)
{
    struct names names;

    list_names(items, count, &names);
    for (size_t i = 0; i < words->count; i++) {
        size_t length = strcspn(words->list[i], "=");
        const char *near;
        char word[256];

        if (is_known(words->list[i], length, items, count)) {
            continue;
        }
        snprintf(word, sizeof word, "%.*s", (int)length, words->list[i]);
        near = weir_nearest_name(word, names.list, names.count);
        fprintf(stderr, "weir: %s: there is no metric %s", option, word);
        if (near != NULL) {
            fprintf(stderr, "; did you mean %s?", near);
        }
        fprintf(stderr, "%s", near != NULL ? " The metrics are:" : "; the metrics are:");
        for (size_t k = 0; k < names.count; k++) {
            fprintf(stderr, " %s", names.list[k]);
        }
        fprintf(stderr, "%s\n", names.count == 0 ? " none" : "");
        return 0;
    }
    return 1;
}

static int check_sync_names(const struct words *words, const weir_manifest_item *const *items,
                            size_t count)
{
    for (size_t i = 0; i < words->count; i++) {
        const char *equals = strchr(words->list[i], '=');
        size_t k = 0, length = equals != NULL ? (size_t)(equals - words->list[i]) : 0;

        while (equals != NULL && k < count &&
               (strlen(items[k]->name) != length ||
                strncmp(items[k]->name, words->list[i], length) != 0)) {
            k++;
        }
        if (equals != NULL && k == count) {
            complain("--sync-period: there is no autoscaler %.*s", (int)length, words->list[i]);
            return 0;
        }
    }
    return 1;
}

int request_check_names(const struct request *request, const weir_manifest_item *const *items,
                        size_t count)
{
    return check_metric_names(&request->metrics, "--metric", items, count) &&
           check_metric_names(&request->queries, "--query", items, count) &&
           check_metric_names(&request->pod_requests, "--pod-request", items, count) &&
           check_sync_names(&request->sync_periods, items, count);
}

/* "TIME" for all, "NAME=TIME" for one; the last that fits counts. */
int take_sync_periods(const struct request *request, const char *name, weir_duration *period)
{
    for (size_t i = 0; i < request->sync_periods.count; i++) {
        const char *word = request->sync_periods.list[i], *equals = strchr(word, '=');

        if (equals != NULL && (strlen(name) != (size_t)(equals - word) ||
                               strncmp(word, name, (size_t)(equals - word)) != 0)) {
            continue;
        }
        word = equals != NULL ? equals + 1 : word;
        if (!parse_duration(word, period)) {
            complain("--sync-period takes [NAME=]TIME, a duration like 15s, not %s",
                     request->sync_periods.list[i]);
            return 0;
        }
    }
    return 1;
}

/* Without the pods' requests utilization is recorded as percent: of requests of 100. */
int take_pod_request(const struct asked_series *asked, weir_hpa_metric *m)
{
    const char *text = request_for(asked), *name = asked->autoscaler;
    weir_quantity quantity;
    weir_error err;

    if (m->target_type != WEIR_HPA_UTILIZATION) {
        if (text != NULL) {
            complain("%s: %s is not held against what pods request; --pod-request is for "
                     "Utilization targets",
                     name, m->name);
        }
        return text == NULL;
    }
    if (text == NULL) {
        m->request = HPA_PERCENT_REQUEST;
        return 1;
    }
    if (weir_quantity_parse(text, strlen(text), &quantity, &err) != WEIR_OK ||
        weir_quantity_milli(&quantity) <= 0) {
        complain("--pod-request takes NAME=QUANTITY, like cpu=500m or memory=1Gi, not %s", text);
        return 0;
    }
    m->request = weir_quantity_milli(&quantity);
    return 1;
}

static int prepare(void *config, const struct request *request, const char *name)
{
    weir_hpa_config *own = config;

    if (!take_sync_periods(request, name, &own->sync_period)) {
        return 0;
    }
    for (uint32_t i = 0; i < own->metric_count; i++) {
        const struct asked_series asked = {request, &hpa_kind, config, name, i};

        if (!take_pod_request(&asked, &own->metrics[i])) {
            return 0;
        }
    }
    return 1;
}

/* ---- the machine ---------------------------------------------------------------------------- */

static weir_status bytes_of(const void *config, size_t *bytes, weir_error *err)
{
    return weir_hpa_bytes(config, bytes, err);
}

static weir_status make(void *state, size_t bytes, const void *config, int32_t ready,
                        weir_time start, weir_error *err)
{
    weir_status status = weir_hpa_init(state, bytes, config, start, err);

    if (status == WEIR_OK && ready == 0) { /* at zero by its own doing, not switched off by hand */
        status = weir_hpa_set_condition(state, WEIR_CONDITION_SCALED_TO_ZERO, 1);
    }
    return status;
}

double hpa_at_target(const weir_hpa_config *c)
{
    const weir_hpa_metric *m = &c->metrics[0];

    if (c->metric_count == 0) {
        return 0.0;
    }
    switch (m->target_type) {
    case WEIR_HPA_AVERAGE_VALUE: return (double)m->target / 1000;
    case WEIR_HPA_UTILIZATION: return (double)m->target / 100 * ((double)m->request / 1000);
    default: return 0.0;
    }
}

static void set_replay(const void *config, int has_initial, weir_replay_config *replay)
{
    const weir_hpa_config *c = config;

    replay->sampling = WEIR_SAMPLING_NEWEST;
    replay->sample_interval = c->sync_period;
    replay->pod_capacity = hpa_at_target(c);
    if (!has_initial) {
        replay->initial_replicas = c->min_replicas > 0 ? c->min_replicas : 1;
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

void hpa_put_target(const weir_hpa_metric *m, char *text, size_t size)
{
    switch (m->target_type) {
    case WEIR_HPA_UTILIZATION:
        snprintf(text, size, "%lld%% of what pods request", (long long)m->target);
        break;
    case WEIR_HPA_VALUE: snprintf(text, size, "%.6g in all", (double)m->target / 1000); break;
    case WEIR_HPA_AVERAGE_VALUE:
        snprintf(text, size, "%.6g a pod", (double)m->target / 1000);
        break;
    default: snprintf(text, size, "no target"); break;
    }
}

static void describe(char *text, size_t size, const void *config)
{
    const weir_hpa_config *c = config;
    size_t used = 0;

    snprintf(text, size, "nothing");
    for (uint32_t i = 0; i < c->metric_count && used < size; i++) {
        char name[WEIR_HPA_NAME_MAX + 8], target[64];
        int n;

        hpa_put_name(c, i, name, sizeof name);
        hpa_put_target(&c->metrics[i], target, sizeof target);
        n = snprintf(text + used, size - used, "%s%s at %s", i > 0 ? "; " : "", name, target);
        used += n > 0 ? (size_t)n : 0;
    }
}

static void bounds(char *text, size_t size, const void *config)
{
    const weir_hpa_config *c = config;
    char period[32];

    put_duration(period, sizeof period, c->sync_period);
    snprintf(text, size, "at least %d, at most %d; decided every %s", c->min_replicas,
             c->max_replicas, period);
}

size_t hpa_name_measures(const void *config, struct measure *measures)
{
    const weir_hpa_config *c = config;

    for (uint32_t i = 0; i < c->metric_count; i++) {
        char name[WEIR_HPA_NAME_MAX + 8];

        hpa_put_name(c, i, name, sizeof name);
        snprintf(measures[i].column, sizeof measures[i].column, "usage_%s", name);
        measures[i].heading[0] = '\0';
        if (i < 4) { /* a table of more would be too wide */
            snprintf(measures[i].heading, HEADING_SIZE, "%.*s", HEADING_SIZE - 1, name);
        }
    }
    return c->metric_count;
}

void hpa_measure(const weir_hpa *hpa, const weir_hpa_config *c, double *values)
{
    for (uint32_t i = 0; i < c->metric_count; i++) {
        weir_hpa_proposal p;

        values[i] = (double)NAN;
        if (weir_hpa_get_proposal(hpa, i, &p, sizeof p) == WEIR_OK && p.status == WEIR_OK &&
            p.usage < INT64_MAX) { /* an average over no pods */
            values[i] = c->metrics[i].target_type == WEIR_HPA_UTILIZATION ? (double)p.utilization
                                                                          : (double)p.usage / 1000;
        }
    }
}

static size_t list_clocks(const void *config, struct clock *clocks)
{
    clocks[0] = (struct clock){0, ((const weir_hpa_config *)config)->sync_period};
    return 1;
}

static void measure(void *state, const void *config, weir_time now, double *values)
{
    (void)now;
    hpa_measure(state, config, values);
}

static void name_item(const void *config, int32_t rule, int32_t item, char *text, size_t size)
{
    (void)rule;
    hpa_put_name(config, (uint32_t)item, text, size);
}

static const weir_hpa_condition *condition_of(const weir_hpa_status *status, int32_t type)
{
    for (uint32_t i = 0; i < status->condition_count; i++) {
        if (status->conditions[i].type == type) {
            return &status->conditions[i];
        }
    }
    return NULL;
}

static void label(void *state, char (*values)[LABEL_SIZE])
{
    const weir_hpa_condition *active, *limited, *able;
    weir_hpa_status status;
    const char *winner;

    if (weir_hpa_get_status(state, &status, sizeof status) != WEIR_OK) {
        memset(&status, 0, sizeof status);
        status.metric = -1;
    }
    active = condition_of(&status, WEIR_CONDITION_SCALING_ACTIVE);
    limited = condition_of(&status, WEIR_CONDITION_SCALING_LIMITED);
    able = condition_of(&status, WEIR_CONDITION_ABLE_TO_SCALE);
    winner = status.metric >= 0 ? weir_autoscaler_series_name(state, status.metric) : NULL;
    snprintf(values[0], LABEL_SIZE, "%s",
             active == NULL        ? ""
             : active->status == 1 ? "True"
                                   : "False");
    snprintf(values[1], LABEL_SIZE, "%s", active != NULL ? weir_reason_name(active->reason) : "");
    limited = limited != NULL && limited->status == 1 ? limited : able;
    snprintf(values[2], LABEL_SIZE, "%s", limited != NULL ? weir_reason_name(limited->reason) : "");
    snprintf(values[3], LABEL_SIZE, "%.*s", LABEL_SIZE - 1, winner != NULL ? winner : "");
}

const struct kind hpa_kind = {
    .kind = WEIR_KIND_HPA,
    .config_bytes = sizeof(weir_hpa_config),
    .prepare = prepare,
    .bytes = bytes_of,
    .make = make,
    .replay = set_replay,
    .series = list_series,
    .is_named = is_named,
    .clocks = list_clocks,
    .query_unit = WEIR_SECOND / 1000,
    .describe = describe,
    .bounds = bounds,
    .overload = "above target",
    .measures = hpa_name_measures,
    .measure = measure,
    .item = name_item,
    .labels = {"active", "reason", "scale", "metric", NULL},
    .news = 1,
    .label = label,
};
