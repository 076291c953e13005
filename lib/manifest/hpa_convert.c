/*
 * manifest/hpa_convert.c - the spec of a HorizontalPodAutoscaler to the configuration of a machine,
 * read as upstream's controller reads it.
 *
 * Upstream: Kubernetes pkg/controller/podautoscaler/horizontal.go.
 */
#include "hpa_spec.h"

#include <string.h>

struct convert {
    struct weir__path *path;
    struct weir__problems *problems;
    struct weir__mark mark;
};

static void report(struct convert *c, int32_t severity, weir_status status,
                   const struct weir__shaped *in, const char *key, const char *text)
{
    const struct weir__node *node = weir__node_get(in->node, key);
    size_t length = c->path->length;
    struct weir__mark mark = c->mark;

    if (node != NULL || in->node != NULL) {
        mark = node != NULL ? node->mark : in->node->mark;
    }
    weir__path_key(c->path, key, strlen(key));
    weir__problem(c->problems, severity, status, mark, c->path->text, text);
    weir__path_cut(c->path, length);
}

static void report_room(struct convert *c, const struct weir__shaped *in, const char *key,
                        int64_t most, const char *of)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, "weir has room for ");
    weir__message_int(&m, most);
    weir__message_add(&m, of);
    report(c, WEIR_PROBLEM_ERROR, WEIR_E_LIMIT, in, key, m.text);
}

/* ---- metrics -------------------------------------------------------------------------------- */

static void convert_name(struct convert *c, const struct weir__shaped *in, const char *key,
                         const struct weir__text *text, char *out, size_t room)
{
    size_t length = text->text != NULL ? strlen(text->text) : 0;

    if (length >= room) {
        report_room(c, in, key, (int64_t)room - 1, " bytes");
        length = room - 1;
    }
    if (length > 0) {
        memcpy(out, text->text, length);
        out[length] = '\0';
    }
}

/* A quantity above 0 can have a milli-value that is not. What is not above 0 the check refuses. */
static void convert_amount(struct convert *c, const struct weir__hpa_target *target,
                           const char *key, const struct weir__amount *amount,
                           weir_hpa_metric *metric)
{
    metric->target = weir_quantity_milli(&amount->value);
    if (amount->state == WEIR__PRESENT && weir_quantity_sign(&amount->value) > 0 &&
        metric->target <= 0) {
        report(c, WEIR_PROBLEM_ERROR, WEIR_E_RANGE, &target->is, key,
               "is above 0, but too large for the controller, which divides by thousandths of 64 "
               "bits");
    }
}

/* The controller takes the average where there is one; only of an Object it asks for the type. */
static void convert_target(struct convert *c, const struct weir__hpa_target *target,
                           weir_hpa_metric *metric)
{
    int32_t type = weir__hpa_word(&target->type, weir__hpa_targets, 4);
    int is_object = metric->source == WEIR_HPA_OBJECT;
    int whole = is_object || metric->source == WEIR_HPA_EXTERNAL;
    int average = target->average_value.state == WEIR__PRESENT;
    int value = target->value.state == WEIR__PRESENT;
    int utilization = target->average_utilization.state == WEIR__PRESENT;

    if (average && (!is_object || type == WEIR_HPA_AVERAGE_VALUE)) {
        metric->target_type = WEIR_HPA_AVERAGE_VALUE;
        convert_amount(c, target, "averageValue", &target->average_value, metric);
    } else if (value && whole && (!is_object || type == WEIR_HPA_VALUE)) {
        metric->target_type = WEIR_HPA_VALUE;
        convert_amount(c, target, "value", &target->value, metric);
    } else if (!whole && metric->source != WEIR_HPA_PODS && utilization) {
        metric->target_type = WEIR_HPA_UTILIZATION;
        metric->target = target->average_utilization.value;
    }
    if (is_object && metric->target_type == WEIR_HPA_TARGET_NONE && type != 0 &&
        (average || value)) {
        report(c, WEIR_PROBLEM_WARNING, WEIR_OK, &target->is, "type",
               "does not go with the value that is set: the controller would always fail to read "
               "this metric");
    } else if (type != 0 && metric->target_type != WEIR_HPA_TARGET_NONE &&
               type != metric->target_type && average + value + utilization == 1) {
        report(c, WEIR_PROBLEM_WARNING, WEIR_OK, &target->is, "type",
               "does not go with the value that is set, which is what counts");
    }
}

static void convert_metric(struct convert *c, const struct weir__hpa_metric *from,
                           weir_hpa_metric *metric)
{
    const struct weir__hpa_source *source;
    size_t length = c->path->length;

    memset(metric, 0, sizeof *metric);
    metric->source = weir__hpa_word(&from->type, weir__hpa_sources, 6);
    source = metric->source != WEIR_HPA_SOURCE_UNKNOWN ? from->sources[metric->source] : NULL;
    if (source == NULL) {
        return;
    }
    weir__path_key(c->path, weir__hpa_members[metric->source],
                   strlen(weir__hpa_members[metric->source]));
    if (metric->source <= WEIR_HPA_CONTAINER_RESOURCE) {
        convert_name(c, &source->is, "name", &source->name, metric->name, sizeof metric->name);
        convert_name(c, &source->is, "container", &source->container, metric->container,
                     sizeof metric->container);
    } else {
        size_t inner = c->path->length;

        weir__path_key(c->path, "metric", 6);
        convert_name(c, &source->metric.is, "name", &source->metric.name, metric->name,
                     sizeof metric->name);
        weir__path_cut(c->path, inner);
    }
    weir__path_key(c->path, "target", 6);
    convert_target(c, &source->target, metric);
    weir__path_cut(c->path, length);
}

static void convert_metrics(struct convert *c, const struct weir__hpa_spec *spec,
                            weir_hpa_config *config)
{
    const struct weir__hpa_metric *metric = spec->metrics.items;
    size_t length = c->path->length;

    config->metric_count = 0;
    if (spec->metrics.count > WEIR_HPA_METRICS_MAX) {
        report_room(c, &spec->is, "metrics", WEIR_HPA_METRICS_MAX, " metrics");
    }
    weir__path_key(c->path, "metrics", 7);
    for (size_t i = 0; i < spec->metrics.count && i < WEIR_HPA_METRICS_MAX; i++, metric++) {
        size_t inner = c->path->length;

        weir__path_index(c->path, i);
        convert_metric(c, metric, &config->metrics[config->metric_count++]);
        weir__path_cut(c->path, inner);
    }
    weir__path_cut(c->path, length);
}

/* ---- behavior ------------------------------------------------------------------------------- */

static void convert_rules(struct convert *c, const struct weir__hpa_rules *from,
                          weir_scaling_rules *rules)
{
    static const char *const selects[] = {"", "Min", "Disabled"};
    static const char *const types[] = {"", "Percent"};
    const struct weir__hpa_policy *policy = from->policies.items;

    rules->stabilization_window = from->window.state == WEIR__PRESENT
                                      ? from->window.value * WEIR_SECOND
                                      : WEIR_STABILIZATION_UNSET;
    rules->select_policy = weir__hpa_word(&from->select, selects, 3); /* "Max" is 0 */
    rules->tolerance = from->tolerance.state == WEIR__PRESENT
                           ? weir_quantity_double(&from->tolerance.value)
                           : WEIR_UNSET;
    rules->policy_count = 0;
    if (from->policies.count > WEIR_POLICIES_MAX) {
        report_room(c, &from->is, "policies", WEIR_POLICIES_MAX, " policies");
    }
    for (size_t i = 0; i < from->policies.count && i < WEIR_POLICIES_MAX; i++, policy++) {
        weir_policy *p = &rules->policies[rules->policy_count++];

        p->type = weir__hpa_word(&policy->type, types, 2); /* "Pods" is 0 */
        p->value = policy->value.value;
        p->period = policy->period.value * WEIR_SECOND;
    }
}

static void convert_behavior(struct convert *c, const struct weir__hpa_behavior *b,
                             weir_hpa_config *config)
{
    size_t length = c->path->length;

    config->behavior = b != NULL;
    for (int down = 0; b != NULL && down < 2; down++) {
        const struct weir__hpa_rules *rules = down ? b->down : b->up;

        if (rules != NULL) {
            weir__path_text(c->path, down ? ".behavior.scaleDown" : ".behavior.scaleUp");
            convert_rules(c, rules, down ? &config->scale_down : &config->scale_up);
            weir__path_cut(c->path, length);
        }
    }
}

void weir__hpa_convert(const struct weir__hpa_spec *spec, weir_hpa_config *config,
                       struct weir__path *path, struct weir__mark mark,
                       struct weir__problems *problems)
{
    struct convert c = {path, problems, mark};

    if (spec->is.node != NULL) {
        c.mark = spec->is.node->mark;
    }
    config->min_replicas = spec->min_replicas.value;
    config->max_replicas = spec->max_replicas.value;
    convert_metrics(&c, spec, config);
    convert_behavior(&c, spec->behavior, config);
}
