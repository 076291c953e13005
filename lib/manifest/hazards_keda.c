/*
 * manifest/hazards_keda.c - hazards of ScaledObjects: their queries, thresholds and targets.
 */
#include "go_syntax.h"
#include "hazards.h"

#include <string.h>

enum { SCRAPE_SECONDS = 30 }; /* what most Prometheus operators set */

/* ---- triggers ------------------------------------------------------------------------------- */

static const struct weir__entry *triggers(const struct weir__look *l)
{
    const struct weir__node *list = weir__node_at(l->component, "triggers");

    return list != NULL && list->type == WEIR__NODE_SEQUENCE ? list->first : NULL;
}

static const struct weir__node *metadata_at(const struct weir__entry *trigger, const char *key)
{
    return weir__node_at(weir__node_at(trigger->value, "metadata"), key);
}

static const char *query_of(const struct weir__entry *trigger)
{
    const struct weir__node *query = metadata_at(trigger, "query");

    query = query != NULL ? query : metadata_at(trigger, "metricQuery");
    return query != NULL && query->text != NULL ? query->text : "";
}

static const struct weir__node *query_node(const struct weir__entry *trigger)
{
    const struct weir__node *query = metadata_at(trigger, "query");

    return query != NULL ? query : metadata_at(trigger, "metricQuery");
}

/* Says it of a member of a trigger's metadata. */
static void say(struct weir__look *l, const struct weir__entry *trigger, const char *key,
                const struct weir__node *at, const char *message)
{
    struct weir__path under;
    size_t index = 0;

    for (const struct weir__entry *e = triggers(l); e != NULL && e != trigger; e = e->next) {
        index++;
    }
    weir__path_clear(&under);
    weir__path_text(&under, "spec.triggers");
    weir__path_index(&under, index);
    weir__path_text(&under, ".metadata.");
    weir__path_text(&under, key);
    weir__hazard_say(l, at, under.text, message);
}

static double threshold_of(const struct weir__entry *trigger)
{
    const struct weir__node *threshold = metadata_at(trigger, "threshold");
    double value = 0;

    if (threshold == NULL || threshold->text == NULL ||
        weir__go_float(threshold->text, threshold->length, &value) != WEIR__GO_OK) {
        return 0;
    }
    return value;
}

static int begins_with(const char *text, const char *word)
{
    text += strspn(text, " \t\n(");
    return strncmp(text, word, strlen(word)) == 0;
}

/* ---- queries -------------------------------------------------------------------------------- */

static void look_average(struct weir__look *l)
{
    static const char *const words[] = {"avg(",           "avg by", "avg without",
                                        "avg_over_time(", "avg (",  "histogram_quantile(",
                                        "quantile("};

    for (const struct weir__entry *e = triggers(l); e != NULL; e = e->next) {
        const char *type = weir__node_text(e->value, "metricType");
        double threshold = threshold_of(e);
        struct weir__message m;
        int is_average = 0;

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            is_average |= begins_with(query_of(e), words[i]);
        }
        if (!is_average || !(threshold > 0) || !weir__is_word("|AverageValue", type)) {
            continue;
        }
        weir__message_clear(&m);
        weir__message_add(&m,
                          "the query gives an average, which is divided by the pods once more: ");
        weir__message_double(&m, threshold * 1.2);
        weir__message_add(&m, " on 3 pods makes ceil(");
        weir__message_double(&m, threshold * 1.2);
        weir__message_add(&m, " / ");
        weir__message_double(&m, threshold);
        weir__message_add(&m, ") = 2 pods, down from 3");
        say(l, e, "query", query_node(e), m.text);
    }
}

static void look_renamed(struct weir__look *l)
{
    for (const struct weir__entry *e = triggers(l); e != NULL; e = e->next) {
        if (strstr(query_of(e), "vllm:gpu_cache_usage_perc") != NULL) {
            say(l, e, "query", query_node(e),
                "vllm:gpu_cache_usage_perc is now vllm:kv_cache_usage_perc: the query finds "
                "nothing");
        }
    }
}

static void look_latency(struct weir__look *l)
{
    static const char *const words[] = {
        "latency",          "duration_seconds", "time_to_first_token",
        "per_output_token", "response_time",    "queue_time"};

    for (const struct weir__entry *e = triggers(l); e != NULL; e = e->next) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            const char *found = strstr(query_of(e), words[i]);

            if (found != NULL && strncmp(found + strcspn(found, "{[() "), "_count", 6) != 0) {
                say(l, e, "query", query_node(e),
                    "scales on a latency: more pods lower it, fewer raise it, and the size swings");
                break;
            }
        }
    }
}

/* Seconds of a range such as "[1m30s" behind its bracket; 0 for none. */
static double range_seconds(const char *text)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
    double total = 0;

    while (*text >= '0' && *text <= '9') {
        double number = 0;
        size_t i = 0;

        for (; *text >= '0' && *text <= '9'; text++) {
            number = number * 10 + (*text - '0');
        }
        while (i < sizeof units / sizeof units[0] &&
               strncmp(text, units[i].unit, strlen(units[i].unit)) != 0) {
            i++;
        }
        if (i == sizeof units / sizeof units[0]) {
            return 0;
        }
        total += number * units[i].seconds;
        text += strlen(units[i].unit);
    }
    return *text == ']' || *text == ':' ? total : 0;
}

static void look_window(struct weir__look *l)
{
    int64_t poll = 30, min = 0;

    weir__node_int(l->component, "pollingInterval", &poll);
    weir__node_int(l->component, "minReplicaCount", &min);
    for (const struct weir__entry *e = triggers(l); e != NULL; e = e->next) {
        for (const char *at = strchr(query_of(e), '['); at != NULL; at = strchr(at + 1, '[')) {
            double seconds = range_seconds(at + 1);
            struct weir__message m;

            if (!(seconds > 0) ||
                (seconds >= 2 * SCRAPE_SECONDS && (min > 0 || seconds >= (double)poll))) {
                continue;
            }
            weir__message_clear(&m);
            weir__message_add(&m, "a window of ");
            weir__message_double(&m, seconds);
            weir__message_add(&m, seconds < 2 * SCRAPE_SECONDS
                                      ? " s holds less than two samples at a scrape every 30 s"
                                      : " s is shorter than the time between two polls");
            say(l, e, "query", query_node(e), m.text);
            break;
        }
    }
}

/* ---- thresholds ----------------------------------------------------------------------------- */

static void look_threshold(struct weir__look *l)
{
    for (const struct weir__entry *e = triggers(l); e != NULL; e = e->next) {
        double threshold = threshold_of(e);

        if (threshold > 0 && threshold < 0.001) {
            say(l, e, "threshold", metadata_at(e, "threshold"),
                "is below a thousandth, and HPAs compute in thousandths: it becomes 0");
        }
    }
}

static void look_zero(struct weir__look *l)
{
    int64_t min = 0;
    size_t count = 0, resources = 0;

    weir__node_int(l->component, "minReplicaCount", &min);
    for (const struct weir__entry *e = triggers(l); e != NULL; e = e->next) {
        count++;
        resources += (size_t)weir__is_word("cpu|memory", weir__node_text(e->value, "type"));
    }
    if (min == 0 && count > 0 && count == resources) {
        const struct weir__node *written = weir__node_at(l->component, "minReplicaCount");

        weir__hazard_say(l, written, "spec.minReplicaCount",
                         "0 with cpu or memory alone: without pods nothing uses any, so nothing "
                         "would wake it up");
    }
}

/* ---- targets -------------------------------------------------------------------------------- */

/* Whether KServe, or a Deployment of the files, has that name. */
static int exists(const struct weir__look *l, const char *name)
{
    const weir_manifest *manifest = l->manifest;
    const char *name_space = l->item->open.name_space;

    for (const struct weir__bystander *b = manifest->bystanders; b != NULL; b = b->next) {
        if (strcmp(b->object.name, name) == 0) {
            return 1;
        }
    }
    return weir__find_thing(manifest->kserve, WEIR__DEPLOYMENT, name_space, name) != NULL;
}

static void look_target(struct weir__look *l)
{
    const struct weir__node *target = weir__node_at(l->component, "scaleTargetRef");
    const char *kind = weir__node_text(target, "kind"), *name = weir__node_text(target, "name");
    const char *name_space = l->item->open.name_space;
    const char *names[64], *near;
    size_t count = 0;
    struct weir__message m;

    if (l->item->open.maker_kind[0] != '\0' || l->manifest->kserve == NULL ||
        !weir__is_word("|Deployment", kind) || exists(l, name)) {
        return;
    }
    for (const struct weir__thing *t = l->manifest->kserve->things; t != NULL && count < 64;
         t = t->next) {
        if (t->kind == WEIR__DEPLOYMENT && strcmp(t->name_space, name_space) == 0) {
            names[count++] = t->name;
        }
    }
    if (count == 0) {
        return; /* no InferenceService of this namespace has any */
    }
    near = weir_nearest_name(name, names, count);
    for (size_t i = 0; i < count && near == NULL; i++) {
        near = strncmp(names[i], name, strlen(name)) == 0 ? names[i] : NULL;
    }
    weir__message_clear(&m);
    weir__message_add(&m, "no InferenceService here makes a Deployment of this name; ");
    weir__message_add(&m, near != NULL ? "did you mean " : "there is ");
    weir__message_add(&m, near != NULL ? near : names[0]);
    weir__hazard_say(l, weir__node_at(target, "name"), "spec.scaleTargetRef.name", m.text);
}

const struct weir__hazard weir__keda_hazards[] = {
    {{"keda.metric-type-in-metadata",
      "KEDA reads metricType beside a trigger's type; in its metadata it is ignored, and "
      "AverageValue holds.",
      "Move metricType one level up."},
     WEIR__LOOK_NOWHERE,
     NULL},
    {{"keda.cooldown-without-zero",
      "cooldownPeriod delays the step to zero, or to idleReplicaCount, which minReplicaCount above "
      "0 never lets come.",
      "Use advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds."},
     WEIR__LOOK_NOWHERE,
     NULL},
    {{"keda.polling-without-zero",
      "Between one pod and the most, the HPA asks KEDA at its own pace; pollingInterval only paces "
      "the step from and to zero.",
      "Delete it, or set useCachedMetrics: true to let it pace the queries."},
     WEIR__LOOK_NOWHERE,
     NULL},
    {{"keda.unknown-target",
      "The Deployments of an InferenceService are named NAME-predictor, NAME-transformer and "
      "NAME-explainer; a ScaledObject for another name scales nothing.",
      "Write the name with its suffix into scaleTargetRef.name."},
     WEIR__LOOK_SCALED_OBJECT,
     look_target},
    {{"keda.average-of-average",
      "With AverageValue KEDA divides the query's result by the number of pods, which is right for "
      "a "
      "sum and wrong for what is an average already.",
      "Write sum(...) instead of avg(...), or set metricType: Value beside type."},
     WEIR__LOOK_SCALED_OBJECT,
     look_average},
    {{"keda.renamed-metric",
      "vLLM has renamed the metric; a query that finds nothing is an error or 0, by "
      "ignoreNullValues.",
      "Write vllm:kv_cache_usage_perc."},
     WEIR__LOOK_SCALED_OBJECT,
     look_renamed},
    {{"keda.latency-trigger",
      "Latency answers to the number of pods, and hardly to load until pods are full, so that the "
      "loop is closed on its own effect.",
      "Scale on what arrives or waits: requests, tokens, the queue, the cache; keep latency for "
      "alerts."},
     WEIR__LOOK_SCALED_OBJECT,
     look_latency},
    {{"keda.rate-window",
      "A rate needs two samples in its window, and load between two polls is not seen by a window "
      "that is shorter.",
      "Use a window of at least four scrape intervals, such as [2m]."},
     WEIR__LOOK_SCALED_OBJECT,
     look_window},
    {{"keda.threshold-rounds-to-zero",
      "HPAs compute in thousandths, so that a threshold below 0.001 is 0, which nothing can be "
      "divided by.",
      "Multiply query and threshold by 1000."},
     WEIR__LOOK_SCALED_OBJECT,
     look_threshold},
    {{"keda.zero-with-cpu-only",
      "KEDA's webhook refuses minReplicaCount 0 with triggers cpu and memory alone.",
      "Add a trigger from outside the pods, or set minReplicaCount to 1."},
     WEIR__LOOK_SCALED_OBJECT,
     look_zero},
    {{NULL, NULL, NULL}, 0, NULL},
};
