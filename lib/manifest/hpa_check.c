/*
 * manifest/hpa_check.c - what the API server refuses in the spec of a HorizontalPodAutoscaler; all
 * of it at once, as upstream.
 *
 * Upstream: Kubernetes pkg/apis/autoscaling/validation/validation.go, and the options of
 * pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go.
 */
#include "hpa_spec.h"
#include "names.h"

#include <string.h>

enum { WINDOW_MAX = 3600, PERIOD_MAX = 1800 };

struct check {
    struct weir__path *path;
    struct weir__problems *problems;
    struct weir__mark mark; /* of the innermost value that is written */
    const weir_hpa_config *cluster;
    const struct weir__hpa_spec *old; /* the spec that this one replaces, or NULL */
    int described_are_free;           /* apiVersions of described objects are not checked */
};

/* Where the check was before it went deeper. */
struct spot {
    size_t length;
    struct weir__mark mark;
};

static void go_to(struct check *c, const struct weir__node *node)
{
    if (node != NULL) {
        c->mark = node->mark;
    }
}

static struct spot enter(struct check *c, const struct weir__shaped *in, const char *key)
{
    struct spot spot = {c->path->length, c->mark};

    weir__path_key(c->path, key, strlen(key));
    go_to(c, weir__node_get(in->node, key));
    return spot;
}

static struct spot enter_item(struct check *c, const struct weir__shaped *item, size_t index)
{
    struct spot spot = {c->path->length, c->mark};

    weir__path_index(c->path, index);
    go_to(c, item->node);
    return spot;
}

static void leave(struct check *c, struct spot spot)
{
    weir__path_cut(c->path, spot.length);
    c->mark = spot.mark;
}

/* ---- reporting ------------------------------------------------------------------------------ */

static void complain(struct check *c, const struct weir__shaped *in, const char *key, int32_t cause,
                     const struct weir__message *m)
{
    struct spot spot = enter(c, in, key);

    weir__field_problem(c->problems, cause, c->mark, c->path, m);
    leave(c, spot);
}

static void say(struct check *c, const struct weir__shaped *in, const char *key, int32_t cause,
                const char *text)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, text);
    complain(c, in, key, cause, &m);
}

static void say_text(struct check *c, const struct weir__shaped *in, const char *key, int32_t cause,
                     const char *text, const struct weir__text *got)
{
    const char *value = got->text != NULL ? got->text : "";
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, text);
    weir__message_add(&m, ", got ");
    weir__message_quote(&m, value, strlen(value));
    complain(c, in, key, cause, &m);
}

static void say_int(struct check *c, const struct weir__shaped *in, const char *key,
                    const char *text, int32_t got)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, text);
    weir__message_add(&m, ", got ");
    weir__message_int(&m, got);
    complain(c, in, key, WEIR_CAUSE_INVALID, &m);
}

static int is_empty(const struct weir__text *text)
{
    return text->state != WEIR__UNREADABLE && (text->text == NULL || text->text[0] == '\0');
}

/* ---- names ---------------------------------------------------------------------------------- */

/* One error a fault, as upstream. */
static void say_faults(struct check *c, const struct weir__shaped *in, const char *key,
                       const struct weir__text *text, int faults)
{
    static const struct {
        int fault;
        const char *text;
    } messages[] = {
        {WEIR__NAME_EMPTY, "must have a name behind the /"},
        {WEIR__NAME_LONG, "must have a name of at most 63 bytes"},
        {WEIR__NAME_ILL_SPELLED,
         "must begin and end with a letter or digit and have no odd ones between"},
        {WEIR__NAME_EMPTY * 8, "must have a domain before the /"},
        {WEIR__NAME_LONG * 8, "must have a domain of at most 253 bytes"},
        {WEIR__NAME_ILL_SPELLED * 8, "must have a domain of lower case before the /"},
    };

    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        if (faults & messages[i].fault) {
            say_text(c, in, key, WEIR_CAUSE_INVALID, messages[i].text, text);
        }
    }
}

/* A name that can stand in an URL. */
static void check_segment(struct check *c, const struct weir__shaped *in, const char *key,
                          const struct weir__text *text)
{
    if (text->state != WEIR__PRESENT) {
        return;
    }
    if (strcmp(text->text, ".") == 0 || strcmp(text->text, "..") == 0) {
        say_text(c, in, key, WEIR_CAUSE_INVALID, "must not be . or ..", text);
        return;
    }
    if (strchr(text->text, '/') != NULL) {
        say_text(c, in, key, WEIR_CAUSE_INVALID, "must not contain /", text);
    }
    if (strchr(text->text, '%') != NULL) {
        say_text(c, in, key, WEIR_CAUSE_INVALID, "must not contain %", text);
    }
}

static void check_container_resource(struct check *c, const struct weir__hpa_source *source)
{
    const char *name = source->name.text;
    static const char key[] = "name";
    int faults;

    if (is_empty(&source->name)) {
        say(c, &source->is, key, WEIR_CAUSE_REQUIRED, "is missing: name a resource");
        return;
    }
    if (source->name.state != WEIR__PRESENT) {
        return;
    }
    faults = weir__qualified_faults(name);
    if (faults != 0) {
        say_faults(c, &source->is, key, &source->name, faults);
    } else if (strchr(name, '/') == NULL && !weir__is_standard_resource(name)) {
        say_text(c, &source->is, key, WEIR_CAUSE_INVALID,
                 "must be a resource of Kubernetes, or have a domain", &source->name);
    }
    if (strchr(name, '/') == NULL) {
        if (!weir__is_container_resource(name)) {
            say_text(c, &source->is, key, WEIR_CAUSE_INVALID,
                     "must be cpu, memory, ephemeral-storage or huge pages", &source->name);
        }
    } else if (strstr(name, "kubernetes.io/") == NULL && !weir__is_extended_resource(name)) {
        say_text(c, &source->is, key, WEIR_CAUSE_INVALID, "is no name of an extended resource",
                 &source->name);
    }
}

/* ---- references ----------------------------------------------------------------------------- */

/* "group/version"; "", "/" and "v1" have no group. */
static int version_is_fine(const struct weir__text *version, int needs_group)
{
    const char *text = version->text != NULL ? version->text : "";
    const char *slash = strchr(text, '/');

    if (slash == NULL || strcmp(text, "/") == 0) {
        return !needs_group;
    }
    return strchr(slash + 1, '/') == NULL && (slash > text || !needs_group);
}

static void check_version(struct check *c, const struct weir__hpa_reference *r, int needs_group)
{
    if (r->api_version.state != WEIR__UNREADABLE &&
        !version_is_fine(&r->api_version, needs_group)) {
        say_text(c, &r->is, "apiVersion", WEIR_CAUSE_INVALID,
                 needs_group ? "must be group/version, as apps/v1" : "has more than one /",
                 &r->api_version);
    }
}

static void check_reference(struct check *c, const struct weir__hpa_reference *r)
{
    if (is_empty(&r->kind)) {
        say(c, &r->is, "kind", WEIR_CAUSE_REQUIRED, "is missing");
    } else {
        check_segment(c, &r->is, "kind", &r->kind);
    }
    if (is_empty(&r->name)) {
        say(c, &r->is, "name", WEIR_CAUSE_REQUIRED, "is missing");
    } else {
        check_segment(c, &r->is, "name", &r->name);
    }
}

static int same_text(const struct weir__text *a, const struct weir__text *b)
{
    return strcmp(a->text != NULL ? a->text : "", b->text != NULL ? b->text : "") == 0;
}

/* A target that was let in before there was a check of its version may stay. */
static void check_scale_target(struct check *c, const struct weir__hpa_spec *spec)
{
    const struct weir__hpa_reference *r = &spec->target;
    const struct weir__hpa_reference *old = c->old != NULL ? &c->old->target : NULL;
    struct spot spot = enter(c, &spec->is, "scaleTargetRef");

    if (r->is.state != WEIR__UNREADABLE) {
        check_reference(c, r);
        if (c->cluster->semantics <= WEIR_HPA_1_34 &&
            (old == NULL || !same_text(&old->kind, &r->kind) ||
             !same_text(&old->api_version, &r->api_version))) {
            check_version(
                c, r, r->kind.text == NULL || strcmp(r->kind.text, "ReplicationController") != 0);
        }
    }
    leave(c, spot);
}

/* ---- metrics -------------------------------------------------------------------------------- */

static void check_amount(struct check *c, const struct weir__shaped *in, const char *key,
                         const struct weir__amount *amount)
{
    const struct weir__text got = {amount->text, WEIR__PRESENT};

    if (amount->state == WEIR__PRESENT && weir_quantity_sign(&amount->value) != 1) {
        say_text(c, in, key, WEIR_CAUSE_INVALID, "must be above 0", &got);
    }
}

static void check_target(struct check *c, const struct weir__hpa_target *t)
{
    if (is_empty(&t->type)) {
        say(c, &t->is, "type", WEIR_CAUSE_REQUIRED, "is missing: name the type of the target");
    }
    if (t->type.state != WEIR__UNREADABLE && weir__hpa_word(&t->type, weir__hpa_targets, 4) == 0) {
        say_text(c, &t->is, "type", WEIR_CAUSE_INVALID,
                 "must be Utilization, Value or AverageValue", &t->type);
    }
    check_amount(c, &t->is, "value", &t->value);
    check_amount(c, &t->is, "averageValue", &t->average_value);
    if (t->average_utilization.state == WEIR__PRESENT && t->average_utilization.value < 1) {
        say_int(c, &t->is, "averageUtilization", "must be above 0", t->average_utilization.value);
    }
}

/* Which members of a target a source needs: one of two, or both, or just one. */
static void check_choice(struct check *c, const struct weir__hpa_target *t, int32_t source)
{
    int has_value = t->value.state != WEIR__ABSENT;
    int has_average = t->average_value.state != WEIR__ABSENT;
    int has_utilization = t->average_utilization.state != WEIR__ABSENT;

    if (source == WEIR_HPA_PODS) {
        if (!has_average) {
            say(c, &t->is, "averageValue", WEIR_CAUSE_REQUIRED, "is missing");
        }
    } else if (source == WEIR_HPA_OBJECT || source == WEIR_HPA_EXTERNAL) {
        if (!has_value && !has_average) {
            say(c, &t->is, "averageValue", WEIR_CAUSE_REQUIRED, "is missing, and so is value");
        }
        if (source == WEIR_HPA_EXTERNAL && has_value && has_average) {
            say(c, &t->is, "value", WEIR_CAUSE_FORBIDDEN, "must not be there with averageValue");
        }
    } else {
        if (!has_utilization && !has_average) {
            say(c, &t->is, "averageUtilization", WEIR_CAUSE_REQUIRED,
                "is missing, and so is averageValue");
        }
        if (has_utilization && has_average) {
            say(c, &t->is, "averageValue", WEIR_CAUSE_FORBIDDEN,
                "must not be there with averageUtilization");
        }
    }
}

static void check_identifier(struct check *c, const struct weir__hpa_source *source)
{
    const struct weir__hpa_identifier *metric = &source->metric;
    struct spot spot = enter(c, &source->is, "metric");

    if (metric->is.state != WEIR__UNREADABLE) {
        if (is_empty(&metric->name)) {
            say(c, &metric->is, "name", WEIR_CAUSE_REQUIRED, "is missing: name a metric");
        } else {
            check_segment(c, &metric->is, "name", &metric->name);
        }
    }
    leave(c, spot);
}

static void check_described(struct check *c, const struct weir__hpa_source *source)
{
    const struct weir__hpa_reference *r = &source->description;
    struct spot spot = enter(c, &source->is, "describedObject");

    if (r->is.state != WEIR__UNREADABLE) {
        check_reference(c, r);
        if (!c->described_are_free) {
            check_version(c, r, 0);
        }
    }
    leave(c, spot);
}

static void check_container(struct check *c, const struct weir__hpa_source *source)
{
    const struct weir__text *name = &source->container;

    check_container_resource(c, source);
    if (is_empty(name)) {
        say(c, &source->is, "container", WEIR_CAUSE_REQUIRED, "is missing: name a container");
    } else if (name->state == WEIR__PRESENT) {
        say_faults(c, &source->is, "container", name, weir__label_faults(name->text));
    }
}

static void check_source(struct check *c, const struct weir__hpa_source *source, int32_t type)
{
    struct spot spot;

    if (source->is.state == WEIR__UNREADABLE) {
        return;
    }
    switch (type) {
    case WEIR_HPA_RESOURCE:
        if (is_empty(&source->name)) {
            say(c, &source->is, "name", WEIR_CAUSE_REQUIRED, "is missing: name a resource");
        }
        break;
    case WEIR_HPA_CONTAINER_RESOURCE: check_container(c, source); break;
    case WEIR_HPA_OBJECT:
        check_described(c, source);
        check_identifier(c, source);
        break;
    default: check_identifier(c, source);
    }
    spot = enter(c, &source->is, "target");
    if (source->target.is.state != WEIR__UNREADABLE) {
        check_target(c, &source->target);
        check_choice(c, &source->target, type);
    }
    leave(c, spot);
}

static void check_type(struct check *c, const struct weir__hpa_metric *metric, int32_t type)
{
    if (is_empty(&metric->type)) {
        say(c, &metric->is, "type", WEIR_CAUSE_REQUIRED, "is missing: name the type of the metric");
    }
    if (metric->type.state != WEIR__UNREADABLE && type == WEIR_HPA_SOURCE_UNKNOWN) {
        say_text(c, &metric->is, "type", WEIR_CAUSE_NOT_SUPPORTED,
                 "must be Resource, ContainerResource, Pods, Object or External", &metric->type);
    }
}

/* Of several sources upstream looks into the first one, in this order. */
static void check_metric(struct check *c, const struct weir__hpa_metric *metric)
{
    static const int32_t order[] = {WEIR_HPA_OBJECT, WEIR_HPA_EXTERNAL, WEIR_HPA_PODS,
                                    WEIR_HPA_RESOURCE, WEIR_HPA_CONTAINER_RESOURCE};
    int32_t type = weir__hpa_word(&metric->type, weir__hpa_sources, 6);
    int count = 0;

    check_type(c, metric, type);
    for (int i = 0; i < 5; i++) {
        const struct weir__hpa_source *source = metric->sources[order[i]];

        if (source != NULL && count++ == 0) {
            struct spot spot = enter(c, &metric->is, weir__hpa_members[order[i]]);

            check_source(c, source, order[i]);
            leave(c, spot);
        }
    }
    if (type != WEIR_HPA_SOURCE_UNKNOWN && metric->sources[type] == NULL) {
        say(c, &metric->is, weir__hpa_members[type], WEIR_CAUSE_REQUIRED,
            "is missing: it belongs to the type of the metric");
    }
    for (int32_t i = WEIR_HPA_RESOURCE; count > 1 && i <= WEIR_HPA_EXTERNAL; i++) {
        if (i != type && metric->sources[i] != NULL) {
            say(c, &metric->is, weir__hpa_members[i], WEIR_CAUSE_FORBIDDEN,
                "does not belong to the type of the metric");
        }
    }
}

static int counts_at_zero(const struct weir__hpa_metric *metric)
{
    int32_t type = weir__hpa_word(&metric->type, weir__hpa_sources, 6);

    return type == WEIR_HPA_OBJECT || type == WEIR_HPA_EXTERNAL;
}

static void check_metrics(struct check *c, const struct weir__hpa_spec *spec)
{
    const struct weir__hpa_metric *metric = spec->metrics.items;
    struct spot spot = enter(c, &spec->is, "metrics");
    int at_zero = 0;

    for (size_t i = 0; i < spec->metrics.count; i++, metric++) {
        struct spot here = enter_item(c, &metric->is, i);

        if (metric->is.state != WEIR__UNREADABLE) {
            check_metric(c, metric);
        }
        at_zero |= counts_at_zero(metric) || metric->is.state == WEIR__UNREADABLE;
        leave(c, here);
    }
    leave(c, spot);
    if (spec->min_replicas.state == WEIR__PRESENT && spec->min_replicas.value == 0 && !at_zero &&
        spec->metrics.is.state != WEIR__UNREADABLE) {
        say(c, &spec->is, "metrics", WEIR_CAUSE_FORBIDDEN,
            "must have an Object or External metric: with minReplicas 0 no other one brings the "
            "first pod back");
    }
}

/* ---- behavior ------------------------------------------------------------------------------- */

static void check_policy(struct check *c, const struct weir__hpa_policy *p)
{
    static const char *const types[] = {"", "Pods", "Percent"};

    if (p->type.state != WEIR__UNREADABLE && weir__hpa_word(&p->type, types, 3) == 0) {
        say_text(c, &p->is, "type", WEIR_CAUSE_NOT_SUPPORTED, "must be Pods or Percent", &p->type);
    }
    if (p->value.state != WEIR__UNREADABLE && p->value.value <= 0) {
        say_int(c, &p->is, "value", "must be above 0", p->value.value);
    }
    if (p->period.state != WEIR__UNREADABLE &&
        (p->period.value <= 0 || p->period.value > PERIOD_MAX)) {
        say_int(c, &p->is, "periodSeconds", "must be in [1, 1800]", p->period.value);
    }
}

static void check_policies(struct check *c, const struct weir__hpa_rules *rules)
{
    const struct weir__hpa_policy *policy = rules->policies.items;
    struct spot spot;

    if (rules->policies.is.state != WEIR__UNREADABLE && rules->policies.count == 0) {
        say(c, &rules->is, "policies", WEIR_CAUSE_REQUIRED,
            "must have a policy; null stands for upstream's");
    }
    spot = enter(c, &rules->is, "policies");
    for (size_t i = 0; i < rules->policies.count; i++, policy++) {
        struct spot here = enter_item(c, &policy->is, i);

        if (policy->is.state != WEIR__UNREADABLE) {
            check_policy(c, policy);
        }
        leave(c, here);
    }
    leave(c, spot);
}

static void check_rules(struct check *c, const struct weir__hpa_rules *rules)
{
    static const char *const words[] = {"", "Max", "Min", "Disabled"};
    const struct weir__amount *tolerance = &rules->tolerance;

    if (rules->window.state == WEIR__PRESENT &&
        (rules->window.value < 0 || rules->window.value > WINDOW_MAX)) {
        say_int(c, &rules->is, "stabilizationWindowSeconds", "must be in [0, 3600]",
                rules->window.value);
    }
    if (rules->select.state == WEIR__PRESENT && weir__hpa_word(&rules->select, words, 4) == 0) {
        say_text(c, &rules->is, "selectPolicy", WEIR_CAUSE_NOT_SUPPORTED,
                 "must be Max, Min or Disabled", &rules->select);
    }
    check_policies(c, rules);
    if (tolerance->state == WEIR__PRESENT && weir_quantity_sign(&tolerance->value) < 0) {
        const struct weir__text got = {tolerance->text, WEIR__PRESENT};

        say_text(c, &rules->is, "tolerance", WEIR_CAUSE_INVALID, "must be at least 0", &got);
    }
}

static void check_behavior(struct check *c, const struct weir__hpa_spec *spec)
{
    const struct weir__hpa_behavior *b = spec->behavior;
    struct spot spot = enter(c, &spec->is, "behavior");

    for (int down = 0; b != NULL && down < 2; down++) {
        const struct weir__hpa_rules *rules = down ? b->down : b->up;

        if (rules != NULL && rules->is.state != WEIR__UNREADABLE) {
            struct spot here = enter(c, &b->is, down ? "scaleDown" : "scaleUp");

            check_rules(c, rules);
            leave(c, here);
        }
    }
    leave(c, spot);
}

/* ---- the spec ------------------------------------------------------------------------------- */

static int allows_zero(const struct check *c)
{
    int32_t gate = c->cluster->scale_to_zero;

    return gate == WEIR_GATE_ON ||
           (gate == WEIR_GATE_RELEASE && c->cluster->semantics <= WEIR_HPA_1_37) ||
           (c->old != NULL && c->old->min_replicas.value == 0);
}

static void check_replicas(struct check *c, const struct weir__hpa_spec *spec)
{
    const struct weir__int32 *min = &spec->min_replicas, *max = &spec->max_replicas;
    int32_t least = allows_zero(c) ? 0 : 1;

    if (min->state == WEIR__PRESENT && min->value < least) {
        say_int(c, &spec->is, "minReplicas", least == 0 ? "must be at least 0" : "must be above 0",
                min->value);
    }
    if (max->state == WEIR__UNREADABLE) {
        return;
    }
    if (max->value == 0 && c->cluster->semantics <= WEIR_HPA_1_36) {
        say(c, &spec->is, "maxReplicas", WEIR_CAUSE_REQUIRED, "must be there and above 0");
    } else if (max->value <= 0) {
        say_int(c, &spec->is, "maxReplicas", "must be above 0", max->value);
    }
    if (min->state == WEIR__PRESENT && max->value < min->value) {
        say_int(c, &spec->is, "maxReplicas", "must not be below minReplicas", max->value);
    }
}

/* Whether an object that the old spec described had a version that no check would let in now. */
static int has_bad_description(const struct weir__hpa_spec *spec)
{
    const struct weir__hpa_metric *metric = spec->metrics.items;

    for (size_t i = 0; i < spec->metrics.count; i++, metric++) {
        const struct weir__hpa_source *source = metric->sources[WEIR_HPA_OBJECT];

        if (source != NULL &&
            weir__hpa_word(&metric->type, weir__hpa_sources, 6) == WEIR_HPA_OBJECT &&
            !version_is_fine(&source->description.api_version, 0)) {
            return 1;
        }
    }
    return 0;
}

void weir__hpa_check(const struct weir__hpa_spec *spec, const weir_hpa_config *cluster,
                     const struct weir__hpa_spec *old, struct weir__path *path,
                     struct weir__mark mark, struct weir__problems *problems)
{
    struct check c = {path, problems, mark, cluster, old, 0};

    if (spec->is.state == WEIR__UNREADABLE) {
        return;
    }
    go_to(&c, spec->is.node);
    c.described_are_free =
        cluster->semantics > WEIR_HPA_1_34 || (old != NULL && has_bad_description(old));
    check_replicas(&c, spec);
    check_scale_target(&c, spec);
    check_metrics(&c, spec);
    check_behavior(&c, spec);
}
