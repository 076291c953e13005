/*
 * conform_hpa_input.c - specs, pods and metrics of the HPA's vectors to what weir reads.
 */
#include "conform_hpa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/quantity.h>

static const cJSON *at(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

int64_t hpa_milli(const cJSON *item, int64_t missing)
{
    char number[40];
    const char *text = number;
    weir_quantity q;

    if (cJSON_IsString(item)) {
        text = item->valuestring;
    } else if (cJSON_IsNumber(item)) {
        snprintf(number, sizeof number, "%.17g", item->valuedouble);
    } else {
        return missing;
    }
    return weir_quantity_parse(text, strlen(text), &q, NULL) == WEIR_OK ? weir_quantity_milli(&q)
                                                                        : 0;
}

/* ---- specs ---------------------------------------------------------------------------------- */

static void read_rules(const cJSON *rules, weir_scaling_rules *out)
{
    const cJSON *policy, *tolerance = at(rules, "tolerance");
    weir_quantity q;

    if (conform_has(rules, "stabilizationWindowSeconds")) {
        out->stabilization_window = conform_seconds(rules, "stabilizationWindowSeconds", 0);
    }
    out->select_policy = conform_is(rules, "selectPolicy", "Disabled") ? WEIR_SELECT_DISABLED
                         : conform_is(rules, "selectPolicy", "Min")    ? WEIR_SELECT_MIN
                                                                       : WEIR_SELECT_MAX;
    out->policy_count = 0;
    cJSON_ArrayForEach(policy, at(rules, "policies"))
    {
        weir_policy *p = &out->policies[out->policy_count];

        if (out->policy_count == WEIR_POLICIES_MAX) {
            break;
        }
        out->policy_count++;
        p->type = conform_is(policy, "type", "Pods")      ? WEIR_POLICY_PODS
                  : conform_is(policy, "type", "Percent") ? WEIR_POLICY_PERCENT
                                                          : WEIR_POLICY_UNKNOWN;
        p->value = (int32_t)conform_int(policy, "value", 0);
        p->period = conform_seconds(policy, "periodSeconds", 0);
    }
    if (cJSON_IsString(tolerance) &&
        weir_quantity_parse(tolerance->valuestring, strlen(tolerance->valuestring), &q, NULL) ==
            WEIR_OK) {
        out->tolerance = weir_quantity_double(&q);
    }
}

void hpa_read_behavior(const cJSON *behavior, int32_t *present, weir_scaling_rules *up,
                       weir_scaling_rules *down)
{
    *present = cJSON_IsObject(behavior);
    if (*present) {
        read_rules(at(behavior, "scaleUp"), up);
        read_rules(at(behavior, "scaleDown"), down);
    }
}

/* The target that upstream would use, if there is one. */
static void read_target(const cJSON *target, weir_hpa_metric *metric)
{
    const cJSON *average = at(target, "averageValue"), *value = at(target, "value");
    int is_object = metric->source == WEIR_HPA_OBJECT;
    int whole = metric->source == WEIR_HPA_EXTERNAL || is_object;

    if (average != NULL && (!is_object || conform_is(target, "type", "AverageValue"))) {
        metric->target_type = WEIR_HPA_AVERAGE_VALUE;
        metric->target = hpa_milli(average, 0);
    } else if (value != NULL && whole && (!is_object || conform_is(target, "type", "Value"))) {
        metric->target_type = WEIR_HPA_VALUE;
        metric->target = hpa_milli(value, 0);
    } else if (!whole && conform_has(target, "averageUtilization")) {
        metric->target_type = WEIR_HPA_UTILIZATION;
        metric->target = conform_int(target, "averageUtilization", 0);
    }
}

static void read_metric(const cJSON *spec, weir_hpa_metric *metric)
{
    static const char *const types[] = {"Resource", "ContainerResource", "Pods", "Object",
                                        "External"};
    static const char *const members[] = {"resource", "containerResource", "pods", "object",
                                          "external"};

    memset(metric, 0, sizeof *metric);
    for (int32_t i = 0; i < 5; i++) {
        if (conform_is(spec, "type", types[i])) {
            const cJSON *source = at(spec, members[i]);
            const char *name = i < 2 ? conform_text(source, "name", "")
                                     : conform_text(at(source, "metric"), "name", "");

            metric->source = i + 1;
            snprintf(metric->name, sizeof metric->name, "%s", name);
            snprintf(metric->container, sizeof metric->container, "%s",
                     conform_text(source, "container", ""));
            read_target(at(source, "target"), metric);
        }
    }
}

void hpa_read_spec(const cJSON *spec, weir_hpa_config *config)
{
    const cJSON *metric;
    weir_hpa_config defaults;

    weir_hpa_config_init(&defaults, sizeof defaults);
    config->scale_up = defaults.scale_up;
    config->scale_down = defaults.scale_down;
    config->min_replicas = (int32_t)conform_int(spec, "minReplicas", 1);
    config->max_replicas = (int32_t)conform_int(spec, "maxReplicas", 0);
    hpa_read_behavior(at(spec, "behavior"), &config->behavior, &config->scale_up,
                      &config->scale_down);
    config->metric_count = 0;
    cJSON_ArrayForEach(metric, at(spec, "metrics"))
    {
        if (config->metric_count < WEIR_HPA_METRICS_MAX) {
            read_metric(metric, &config->metrics[config->metric_count++]);
        }
    }
}

/* ---- pods ----------------------------------------------------------------------------------- */

/* The value of a key among labels; a pod without labels has app=x. */
static const char *label(const cJSON *labels, const char *key, size_t length)
{
    const cJSON *item;

    if (labels == NULL) {
        return length == 3 && memcmp(key, "app", 3) == 0 ? "x" : NULL;
    }
    cJSON_ArrayForEach(item, labels)
    {
        if (strlen(conform_key(item)) == length && memcmp(conform_key(item), key, length) == 0) {
            return item->valuestring;
        }
    }
    return NULL;
}

int hpa_selects(const char *selector, const cJSON *labels)
{
    int fine = 1;

    while (*selector != '\0') {
        size_t key = strcspn(selector, "=,"), value;
        const char *has = label(labels, selector, key);

        if (selector[key] != '=' || strcspn(selector, " ()!") < key) {
            return -1;
        }
        value = strcspn(selector + key + 1, ",");
        fine = fine && has != NULL && strlen(has) == value &&
               memcmp(has, selector + key + 1, value) == 0;
        selector += key + 1 + value;
        selector += *selector == ',';
    }
    return fine;
}

static int32_t phase_of(const cJSON *pod)
{
    return conform_is(pod, "phase", "Running")     ? WEIR_PHASE_RUNNING
           : conform_is(pod, "phase", "Pending")   ? WEIR_PHASE_PENDING
           : conform_is(pod, "phase", "Succeeded") ? WEIR_PHASE_SUCCEEDED
           : conform_is(pod, "phase", "Failed")    ? WEIR_PHASE_FAILED
                                                   : WEIR_PHASE_UNKNOWN;
}

static int32_t ready_of(const cJSON *pod)
{
    return conform_is(pod, "ready", "True")      ? WEIR_READY_TRUE
           : conform_is(pod, "ready", "False")   ? WEIR_READY_FALSE
           : conform_is(pod, "ready", "Unknown") ? WEIR_READY_UNKNOWN
                                                 : WEIR_READY_NONE;
}

void hpa_read_pods(const struct scenario *s, const cJSON *pods, const char *selector,
                   struct hpa_pods *out)
{
    size_t room = (size_t)cJSON_GetArraySize(pods) + 1;
    const cJSON *json;

    out->count = 0;
    out->pods = calloc(room, sizeof *out->pods);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    out->json = calloc(room, sizeof *out->json);
    if (out->pods == NULL || out->json == NULL) {
        return;
    }
    cJSON_ArrayForEach(json, pods)
    {
        weir_pod *pod = &out->pods[out->count];

        if (selector != NULL && hpa_selects(selector, at(json, "labels")) != 1) {
            continue;
        }
        pod->started = conform_has(json, "start") ? conform_time(s, json, "start") : WEIR_TIME_NONE;
        pod->ready = ready_of(json);
        pod->ready_since =
            pod->ready != WEIR_READY_NONE ? conform_time(s, json, "since") : WEIR_TIME_NONE;
        pod->phase = phase_of(json);
        pod->deleted = (int32_t)conform_int(json, "deleted", 0);
        out->json[out->count++] = json;
    }
}

void hpa_free_pods(struct hpa_pods *pods)
{
    free(pods->pods);
    free(pods->json);
    pods->pods = NULL;
    pods->json = NULL;
    pods->count = 0;
}

/* ---- requests ------------------------------------------------------------------------------- */

static int is_pod_level(const cJSON *requests)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, requests)
    {
        if (strcmp(conform_key(item), "cpu") == 0 || strcmp(conform_key(item), "memory") == 0 ||
            strncmp(conform_key(item), "hugepages-", 10) == 0) {
            return 1;
        }
    }
    return 0;
}

static uint32_t read_containers(const cJSON *list, int are_init, const weir_hpa_metric *metric,
                                weir_hpa_container *out)
{
    uint32_t count = 0;
    const cJSON *json;

    cJSON_ArrayForEach(json, list)
    {
        weir_hpa_container *c = &out[count++];

        c->request = hpa_milli(at(at(json, "requests"), metric->name), WEIR_HPA_NO_REQUEST);
        c->named = conform_is(json, "name", metric->container);
        c->kind = !are_init                                     ? WEIR_CONTAINER_MAIN
                  : conform_is(json, "restartPolicy", "Always") ? WEIR_CONTAINER_SIDECAR
                                                                : WEIR_CONTAINER_INIT;
    }
    return count;
}

static int64_t request_of(const cJSON *pod, const weir_hpa_metric *metric, int pod_level)
{
    const cJSON *main = at(pod, "containers"), *init = at(pod, "initContainers");
    size_t room = (size_t)cJSON_GetArraySize(main) + (size_t)cJSON_GetArraySize(init) + 1;
    weir_hpa_container *containers = calloc(room, sizeof *containers);
    weir_hpa_requests r;
    int64_t request;

    if (containers == NULL) {
        return WEIR_HPA_NO_REQUEST;
    }
    memset(&r, 0, sizeof r);
    r.containers = containers;
    r.container_count = read_containers(main, 0, metric, containers);
    r.container_count += read_containers(init, 1, metric, containers + r.container_count);
    r.one_container = metric->container[0] != '\0';
    r.pod_level = pod_level && is_pod_level(at(pod, "requests"));
    r.pod_request = hpa_milli(at(at(pod, "requests"), metric->name), WEIR_HPA_NO_REQUEST);
    r.overhead = hpa_milli(at(at(pod, "overhead"), metric->name), WEIR_HPA_NO_REQUEST);
    request = weir_hpa_pod_request(&r);
    free(containers);
    return request;
}

/* ---- metrics -------------------------------------------------------------------------------- */

static void *grown(void *memory, size_t count, size_t more, size_t size)
{
    void *larger = realloc(memory, (count + more + 1) * size);

    if (larger == NULL) {
        fputs("weir: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    memset((char *)larger + count * size, 0, (more + 1) * size);
    return larger;
}

static void read_sample(const struct scenario *s, const cJSON *triple, weir_hpa_sample *sample)
{
    if (triple != NULL) {
        sample->present = WEIR_SAMPLE_PRESENT;
        sample->value = conform_integer(cJSON_GetArrayItem(triple, 0));
        sample->at = conform_time_of(s, cJSON_GetArrayItem(triple, 1));
        sample->window = conform_integer(cJSON_GetArrayItem(triple, 2));
    }
}

/* Samples of the pods in their order, then those of strangers. */
static void add_samples(const struct scenario *s, struct hpa_input *input,
                        const struct hpa_pods *pods, const weir_hpa_metric *metric, int pod_level,
                        const cJSON *answer, weir_hpa_reading *reading)
{
    size_t room = pods->count + (size_t)cJSON_GetArraySize(answer);
    const cJSON *item;
    weir_hpa_sample *sample;

    input->samples = grown(input->samples, input->open.sample_count, room, sizeof *input->samples);
    reading->first = input->open.sample_count;
    sample = input->samples + reading->first;
    for (uint32_t i = 0; i < pods->count; i++, sample++) {
        read_sample(s, at(answer, conform_text(pods->json[i], "name", "")), sample);
        sample->request = request_of(pods->json[i], metric, pod_level);
    }
    cJSON_ArrayForEach(item, answer)
    {
        int known = 0;

        for (uint32_t i = 0; i < pods->count; i++) {
            known |= conform_is(pods->json[i], "name", conform_key(item));
        }
        if (!known) {
            read_sample(s, item, sample++);
        }
    }
    input->open.sample_count = (uint32_t)(sample - input->samples);
    reading->count = input->open.sample_count - reading->first;
}

void hpa_add_metric(const struct scenario *s, struct hpa_input *input, const struct hpa_pods *pods,
                    const weir_hpa_metric *metric, int pod_level, const cJSON *answer)
{
    weir_hpa_reading *reading = &input->readings[input->open.reading_count++];
    const cJSON *external = at(answer, "external"), *object = at(answer, "object"), *item;

    memset(reading, 0, sizeof *reading);
    if (answer == NULL || conform_has(answer, "error")) {
        reading->status = WEIR_NO_DATA;
    } else if (at(answer, "pods") != NULL) {
        add_samples(s, input, pods, metric, pod_level, at(answer, "pods"), reading);
    } else {
        input->values = grown(input->values, input->open.value_count,
                              (size_t)cJSON_GetArraySize(external) + 1, sizeof *input->values);
        reading->first = input->open.value_count;
        if (object != NULL) {
            input->values[input->open.value_count++] = conform_integer(object);
        }
        cJSON_ArrayForEach(item, external)
        {
            input->values[input->open.value_count++] = conform_integer(item);
        }
        reading->count = input->open.value_count - reading->first;
    }
    input->open.readings = input->readings;
    input->open.values = input->values;
    input->open.samples = input->samples;
    input->open.pods = pods->pods;
    input->open.pod_count = pods->count;
}

void hpa_free_input(struct hpa_input *input)
{
    free(input->values);
    free(input->samples);
    input->values = NULL;
    input->samples = NULL;
}
