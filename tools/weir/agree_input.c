/*
 * agree_input.c - answers and pods of a recording to the input of a step; see agree_input.h.
 */
#include "agree_input.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/quantity.h>

/* A resource's sample covers this long; the recorder stands in for the kubelet. */
#define SAMPLE_WINDOW (5 * WEIR_SECOND)

static void *grown(void *items, size_t *room, size_t want, size_t size)
{
    void *larger = items;

    if (want > *room || items == NULL) {
        *room = want + want / 2 + 16;
        larger = realloc(items, *room * size);
    }
    if (larger == NULL) {
        fputs("weir: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return larger;
}

void agree_input_init(struct agree_input *input, const struct recorded_autoscaler *autoscaler)
{
    size_t pods = autoscaler->target != NULL ? autoscaler->target->pod_count : 0, room = 0;

    memset(input, 0, sizeof *input);
    input->autoscaler = autoscaler;
    weir_hpa_input_init(&input->open, sizeof input->open);
    /* NOLINTBEGIN(bugprone-sizeof-expression): arrays of pointers */
    input->last = grown(NULL, &room, pods, sizeof *input->last);
    input->templates = grown(NULL, &room, pods, sizeof *input->templates);
    input->listed = grown(NULL, &room, pods, sizeof *input->listed);
    memset(input->last, 0, pods * sizeof *input->last);
    memset(input->templates, 0, pods * sizeof *input->templates);
    /* NOLINTEND(bugprone-sizeof-expression) */
}

void agree_input_free(struct agree_input *input)
{
    free(input->values);
    free(input->samples);
    free(input->pods);
    free(input->last);
    free(input->templates);
    free(input->listed);
}

/* ---- answers -------------------------------------------------------------------------------- */

static int is_resource(const weir_hpa_metric *metric)
{
    return metric->source == WEIR_HPA_RESOURCE || metric->source == WEIR_HPA_CONTAINER_RESOURCE;
}

static int needs_pods(const weir_hpa_metric *metric)
{
    return is_resource(metric) || metric->source == WEIR_HPA_PODS ||
           metric->target_type == WEIR_HPA_VALUE;
}

static const char *source_of(const weir_hpa_metric *metric)
{
    static const char *const names[] = {"", "resource", "resource", "pods", "object", "external"};

    return names[metric->source];
}

/* Whether a row is about this resource: TARGET_cpu, TARGET_mem. */
static int is_of_resource(const struct recorded_answer *answer, const weir_hpa_metric *metric)
{
    const char *suffix = strrchr(answer->metric, '_');
    const char *name = suffix != NULL ? suffix + 1 : answer->metric;

    return strcmp(name, metric->name) == 0 ||
           (strcmp(metric->name, "memory") == 0 && strcmp(name, "mem") == 0);
}

/* The n-th answer of its resource belongs to the n-th resource metric of the spec, since all
 * resources come with each answer; another metric's n-th answer to its n-th place in the spec. */
static const struct recorded_answer *answer_to(const struct recorded_answer *list, size_t count,
                                               const weir_hpa_config *config, uint32_t metric)
{
    const weir_hpa_metric *m = &config->metrics[metric];
    const struct recorded_answer *found = NULL;
    uint32_t skip = 0;

    for (uint32_t i = 0; i < metric; i++) {
        const weir_hpa_metric *other = &config->metrics[i];

        if (is_resource(m) ? is_resource(other)
                           : other->source == m->source && strcmp(other->name, m->name) == 0) {
            skip++;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].source, source_of(m)) != 0 ||
            !(is_resource(m) ? is_of_resource(&list[i], m)
                             : strcmp(list[i].metric, m->name) == 0)) {
            continue;
        }
        found = &list[i];
        if (skip-- == 0) {
            return found;
        }
    }
    /* Fewer answers than metrics: a resource's last one is as good as any. */
    return is_resource(m) ? found : NULL;
}

weir_time agree_input_answers(struct agree_input *input, const struct recorded_step *step,
                              const weir_hpa_config *config)
{
    const struct recorded_answer *list = input->autoscaler->answers + step->first_answer;
    weir_time pods_at = WEIR_TIME_NONE;

    for (uint32_t i = 0; i < config->metric_count; i++) {
        input->answers[i] =
            step->answer_count > 0 ? answer_to(list, step->answer_count, config, i) : NULL;
        if (pods_at == WEIR_TIME_NONE && input->answers[i] != NULL &&
            needs_pods(&config->metrics[i])) {
            pods_at = input->answers[i]->at;
        }
    }
    return pods_at;
}

/* ---- pods ----------------------------------------------------------------------------------- */

/* The template that a pod which is first seen now was made from. */
static const struct recorded_template *template_at(const struct recorded_target *t, weir_time now)
{
    const struct recorded_template *found = NULL;

    for (size_t i = 0; i < t->template_count && t->templates[i].from <= now; i++) {
        found = &t->templates[i];
    }
    return found;
}

/* Lists the pods that there are at a time. */
static void list_pods(struct agree_input *input, weir_time now)
{
    const struct recorded_target *t = input->autoscaler->target;
    uint32_t count = 0;

    if (input->changes_taken > 0 && t->changes[input->changes_taken - 1].at > now) {
        input->changes_taken = 0; /* back in time: from the beginning */
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
        memset(input->last, 0, t->pod_count * sizeof *input->last);
    }
    while (input->changes_taken < t->change_count && t->changes[input->changes_taken].at <= now) {
        const struct recorded_pod *change = &t->changes[input->changes_taken++];

        if (input->templates[change->index] == NULL) {
            input->templates[change->index] = template_at(t, change->at);
        }
        input->last[change->index] = change;
    }
    input->pods = grown(input->pods, &input->pod_room, t->pod_count, sizeof *input->pods);
    for (size_t i = 0; i < t->pod_count; i++) {
        if (input->last[i] != NULL && !input->last[i]->gone) {
            input->pods[count] = input->last[i]->pod;
            input->listed[count++] = input->last[i];
        }
    }
    input->open.pod_count = count;
}

/* Pods that never run are not recorded one by one: there are as many as the target says, all
 * pending. */
static void list_pending(struct agree_input *input, int32_t count)
{
    static const weir_pod pending = {
        WEIR_TIME_NONE, WEIR_TIME_NONE, WEIR_READY_NONE, 0, WEIR_PHASE_PENDING, 0};
    uint32_t most = count > 0 ? (uint32_t)count : 0;

    input->pods = grown(input->pods, &input->pod_room, most, sizeof *input->pods);
    for (uint32_t i = 0; i < most; i++) {
        input->pods[i] = pending;
    }
    input->open.pod_count = most;
}

/* ---- requests ------------------------------------------------------------------------------- */

static const cJSON *at(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static int64_t milli_of(const cJSON *item)
{
    int64_t milli = WEIR_HPA_NO_REQUEST;
    weir_quantity quantity;
    char *text = cJSON_IsNumber(item) ? cJSON_PrintUnformatted(item) : NULL;
    const char *written = cJSON_IsString(item) ? item->valuestring : text;

    if (written != NULL &&
        weir_quantity_parse_stored(written, strlen(written), &quantity, NULL) == WEIR_OK) {
        milli = weir_quantity_milli(&quantity);
    }
    cJSON_free(text);
    return milli;
}

/* A request, or the limit that the API server takes for it. */
static int64_t request_in(const cJSON *resources, const char *name)
{
    const cJSON *request = at(at(resources, "requests"), name);

    return milli_of(request != NULL ? request : at(at(resources, "limits"), name));
}

static int is_pod_level(const cJSON *resources)
{
    const cJSON *list[] = {at(resources, "requests"), at(resources, "limits")}, *item;

    for (size_t i = 0; i < 2; i++) {
        cJSON_ArrayForEach(item, list[i])
        {
            if (strcmp(item->string, "cpu") == 0 || strcmp(item->string, "memory") == 0 ||
                strncmp(item->string, "hugepages-", 10) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

enum { CONTAINERS_MAX = 64 };

static uint32_t read_containers(const cJSON *list, int are_init, const weir_hpa_metric *metric,
                                weir_hpa_container *out, uint32_t count)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        const cJSON *name = at(item, "name"), *restart = at(item, "restartPolicy");
        weir_hpa_container *c = &out[count];

        if (count == CONTAINERS_MAX) {
            break;
        }
        c->request = request_in(at(item, "resources"), metric->name);
        c->named = cJSON_IsString(name) && strcmp(name->valuestring, metric->container) == 0;
        c->kind = !are_init ? WEIR_CONTAINER_MAIN
                  : cJSON_IsString(restart) && strcmp(restart->valuestring, "Always") == 0
                      ? WEIR_CONTAINER_SIDECAR
                      : WEIR_CONTAINER_INIT;
        count++;
    }
    return count;
}

static int64_t request_of(const struct recorded_template *template, const weir_hpa_metric *metric,
                          int32_t semantics)
{
    weir_hpa_container containers[CONTAINERS_MAX];
    const cJSON *spec = template != NULL ? template->spec : NULL;
    weir_hpa_requests r;

    if (spec == NULL || metric->target_type != WEIR_HPA_UTILIZATION) {
        return WEIR_HPA_NO_REQUEST;
    }
    memset(&r, 0, sizeof r);
    r.containers = containers;
    r.container_count = read_containers(at(spec, "containers"), 0, metric, containers, 0);
    r.container_count =
        read_containers(at(spec, "initContainers"), 1, metric, containers, r.container_count);
    r.one_container = metric->source == WEIR_HPA_CONTAINER_RESOURCE;
    r.semantics = semantics;
    r.pod_level = semantics <= WEIR_HPA_1_34 && is_pod_level(at(spec, "resources"));
    r.pod_request = request_in(at(spec, "resources"), metric->name);
    r.overhead = milli_of(at(at(spec, "overhead"), metric->name));
    return weir_hpa_pod_request(&r);
}

/* ---- readings ------------------------------------------------------------------------------- */

static void add_values(struct agree_input *input, const char *text, weir_hpa_reading *reading)
{
    struct recorded_value value;

    reading->first = input->open.value_count;
    while (text != NULL && *text != '\0' && (text = recorded_value_next(text, 0, &value)) != NULL) {
        input->values = grown(input->values, &input->value_room, input->open.value_count + 1,
                              sizeof *input->values);
        input->values[input->open.value_count++] = value.milli;
    }
    reading->count = input->open.value_count - reading->first;
    if (text == NULL || reading->count == 0) {
        reading->status = WEIR_NO_DATA;
    }
}

/* The place of a pod in the input; -1: it is not there. */
static int64_t place_of(const struct agree_input *input, const struct recorded_value *value)
{
    for (uint32_t i = 0; input->autoscaler->target->pod_count > 0 && i < input->open.pod_count;
         i++) {
        const char *name = input->listed[i]->name;

        if (strncmp(name, value->pod, value->pod_length) == 0 && name[value->pod_length] == '\0') {
            return i;
        }
    }
    return -1;
}

static weir_hpa_sample *new_sample(struct agree_input *input)
{
    weir_hpa_sample *sample;

    input->samples = grown(input->samples, &input->sample_room, input->open.sample_count + 1,
                           sizeof *input->samples);
    sample = &input->samples[input->open.sample_count++];
    memset(sample, 0, sizeof *sample);
    return sample;
}

static void add_samples(struct agree_input *input, const weir_hpa_metric *metric, int32_t semantics,
                        const struct recorded_answer *answer, weir_hpa_reading *reading)
{
    const char *text = answer->value;
    struct recorded_value value;

    reading->first = input->open.sample_count;
    for (uint32_t i = 0; i < input->open.pod_count; i++) {
        weir_hpa_sample *sample = new_sample(input);

        sample->request =
            input->autoscaler->target->pod_count > 0
                ? request_of(input->templates[input->listed[i]->index], metric, semantics)
                : WEIR_HPA_NO_REQUEST;
    }
    while (*text != '\0' && (text = recorded_value_next(text, 1, &value)) != NULL) {
        int64_t place = place_of(input, &value);
        weir_hpa_sample *sample =
            place >= 0 ? &input->samples[reading->first + (size_t)place] : new_sample(input);

        if (place < 0) { /* a pod that the controller does not know */
            sample->request = WEIR_HPA_NO_REQUEST;
        }
        sample->present = WEIR_SAMPLE_PRESENT;
        sample->value = value.milli;
        sample->at = answer->at - answer->at % WEIR_SECOND;
        sample->window = SAMPLE_WINDOW;
    }
    reading->count = input->open.sample_count - reading->first;
    if (text == NULL || answer->value[0] == '\0') {
        reading->status = WEIR_NO_DATA;
    }
}

void agree_input_fill(struct agree_input *input, const struct recorded_step *step,
                      const weir_hpa_config *config, weir_time pods_at)
{
    const struct recorded_target *t = input->autoscaler->target;

    weir_hpa_input_init(&input->open, sizeof input->open);
    input->open.spec_replicas = step->spec_replicas;
    input->open.status_replicas = step->status_replicas;
    if (pods_at != WEIR_TIME_NONE && t != NULL) {
        if (t->pod_count > 0) {
            list_pods(input, pods_at);
        } else {
            list_pending(input, step->status_replicas);
        }
    }
    for (uint32_t i = 0; i < config->metric_count; i++) {
        const struct recorded_answer *answer = input->answers[i];
        weir_hpa_reading *reading = &input->readings[i];

        memset(reading, 0, sizeof *reading);
        if (answer == NULL || answer->value[0] == '!') {
            reading->status = WEIR_NO_DATA;
        } else if (config->metrics[i].source == WEIR_HPA_OBJECT ||
                   config->metrics[i].source == WEIR_HPA_EXTERNAL) {
            add_values(input, answer->value, reading);
        } else {
            add_samples(input, &config->metrics[i], config->semantics, answer, reading);
        }
    }
    input->open.reading_count = config->metric_count;
    input->open.readings = input->readings;
    input->open.values = input->values;
    input->open.samples = input->samples;
    input->open.pods = input->pods;
}
