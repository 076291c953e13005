/*
 * manifest/origins.c - which layer each number of an autoscaler comes from.
 *
 * The object as it is run, with all defaults, is walked beside the object as it was written or
 * made: what only the first has is a default.
 */
#include "knative_hpa.h"
#include "object.h"

#include <string.h>

#define CONTROLLER_DEFAULT "the HPA controller's default"

struct origins {
    weir_manifest *manifest;
    const struct weir__item *item;
    weir_origin *list;
    size_t count, room;
    struct weir__path path;
};

static const char *keep(struct origins *o, const char *text)
{
    const char *copy = weir__arena_text(&o->manifest->arena, text, strlen(text));

    o->manifest->problems.out_of_memory |= copy == NULL;
    return copy != NULL ? copy : "";
}

static void add(struct origins *o, const char *path, const char *value, const char *layer,
                int32_t line)
{
    size_t room = o->room > 0 ? 2 * o->room : 16;
    weir_origin *list = o->list;

    if (o->count == o->room) {
        list = weir__arena_take(&o->manifest->arena, room * sizeof *list);
        if (list == NULL) {
            o->manifest->problems.out_of_memory = 1;
            return;
        }
        if (o->count > 0) {
            memcpy(list, o->list, o->count * sizeof *list);
        }
        o->list = list;
        o->room = room;
    }
    list[o->count].path = keep(o, path);
    list[o->count].value = keep(o, value);
    list[o->count].layer = layer;
    list[o->count++].line = line;
}

/* A value with the node that says it, in the file or made of it. */
static void add_written(struct origins *o, const char *path, const char *value,
                        const struct weir__node *written, const char *otherwise)
{
    if (written == NULL) {
        add(o, path, value, otherwise, 0);
    } else if (written->origin != NULL) {
        int is_path = strncmp(written->origin, "spec.", 5) == 0;

        add(o, path, value, written->origin, is_path ? written->mark.line : 0);
    } else {
        add(o, path, value, "", written->mark.line);
    }
}

/* ---- HorizontalPodAutoscalers --------------------------------------------------------------- */

static int is_number(const struct weir__node *node, const char *key)
{
    return node->type == WEIR__NODE_INT ||
           (node->type == WEIR__NODE_STRING && weir__is_word("value|averageValue|tolerance", key));
}

static void walk(struct origins *o, const struct weir__node *stored,
                 const struct weir__node *written)
{
    const struct weir__entry *beside =
        written != NULL && written->type == WEIR__NODE_SEQUENCE ? written->first : NULL;
    size_t index = 0;

    for (const struct weir__entry *e = stored->first; e != NULL; e = e->next) {
        const char *key = stored->type == WEIR__NODE_MAPPING ? e->key : "";
        const struct weir__node *other = key[0] != '\0'   ? weir__node_at(written, key)
                                         : beside != NULL ? beside->value
                                                          : NULL;
        size_t length = o->path.length;

        if (key[0] != '\0') {
            weir__path_key(&o->path, key, e->key_length);
        } else {
            weir__path_index(&o->path, index++);
        }
        if (e->value->first != NULL) {
            walk(o, e->value, other);
        } else if (is_number(e->value, key)) {
            add_written(o, o->path.text, e->value->text, other, WEIR__KUBERNETES_DEFAULT);
        }
        weir__path_cut(&o->path, length);
        beside = beside != NULL ? beside->next : NULL;
    }
}

/* A behavior, with the one window that no API server fills in. */
static void walk_behavior(struct origins *o, const struct weir__hpa_behavior *behavior,
                          const struct weir__node *stored, const struct weir__node *written)
{
    size_t length = o->path.length;

    weir__path_key(&o->path, "behavior", strlen("behavior"));
    if (stored != NULL) {
        walk(o, stored, written);
    }
    weir__path_text(&o->path, ".scaleDown.stabilizationWindowSeconds");
    if (behavior == NULL || behavior->down == NULL ||
        behavior->down->window.state == WEIR__ABSENT) {
        add(o, o->path.text, "300", CONTROLLER_DEFAULT, 0);
    }
    weir__path_cut(&o->path, length);
}

static void walk_hpa(struct origins *o, const struct weir__hpa_spec *spec,
                     const struct weir__node *written)
{
    struct weir__grower g = {&o->manifest->arena, 0};
    struct weir__node *stored = weir__hpa_tree(&g, spec);
    const struct weir__node *behavior = weir__node_get(stored, "behavior");

    o->manifest->problems.out_of_memory |= g.failed;
    if (stored != NULL) {
        weir__path_clear(&o->path);
        weir__path_text(&o->path, "spec");
        weir__grow_drop(stored, "behavior");
        walk(o, stored, written);
        walk_behavior(o, spec->behavior, behavior, weir__node_at(written, "behavior"));
    }
}

/* ---- ScaledObjects -------------------------------------------------------------------------- */

static const struct {
    const char *key, *value; /* NULL: it is off without a value */
} keda_knobs[] = {
    {"minReplicaCount", "0"},  {"maxReplicaCount", "100"}, {"idleReplicaCount", NULL},
    {"pollingInterval", "30"}, {"cooldownPeriod", "300"},  {"initialCooldownPeriod", "0"},
};

/* The numbers of a trigger's metadata. */
static void add_trigger(struct origins *o, const struct weir__node *trigger, size_t index)
{
    static const char numbers[] = "threshold|activationThreshold|value|activationValue|targetValue|"
                                  "activationTargetValue|desiredReplicas";
    const struct weir__node *metadata = weir__node_at(trigger, "metadata");

    for (const struct weir__entry *e = metadata != NULL ? metadata->first : NULL; e != NULL;
         e = e->next) {
        struct weir__path path;

        weir__path_clear(&path);
        weir__path_text(&path, "spec.triggers");
        weir__path_index(&path, index);
        weir__path_text(&path, ".metadata");
        weir__path_key(&path, e->key, e->key_length);
        if (weir__is_word(numbers, e->key) && e->value->text != NULL) {
            add_written(o, path.text, e->value->text, e->value, NULL);
        }
    }
}

static void walk_scaled_object(struct origins *o, struct weir__item *item)
{
    const struct weir__node *spec = weir__node_at(item->object.node, "spec");
    const struct weir__node *triggers = weir__node_at(spec, "triggers");
    const struct weir__node *behavior = weir__node_at(
        weir__node_at(weir__node_at(spec, "advanced"), "horizontalPodAutoscalerConfig"),
        "behavior");
    const struct weir__hpa_spec *hpa = weir__scaled_object_hpa(o->manifest, item);
    struct weir__grower g = {&o->manifest->arena, 0};
    size_t index = 0;

    for (size_t i = 0; i < sizeof keda_knobs / sizeof keda_knobs[0]; i++) {
        const struct weir__node *value = weir__node_at(spec, keda_knobs[i].key);
        struct weir__path path;

        weir__path_clear(&path);
        weir__path_text(&path, "spec.");
        weir__path_text(&path, keda_knobs[i].key);
        if (value != NULL && value->text != NULL) {
            add_written(o, path.text, value->text, value, NULL);
        } else if (keda_knobs[i].value != NULL) {
            add(o, path.text, keda_knobs[i].value, "KEDA's default", 0);
        }
    }
    for (const struct weir__entry *e =
             triggers != NULL && triggers->type == WEIR__NODE_SEQUENCE ? triggers->first : NULL;
         e != NULL; e = e->next) {
        add_trigger(o, e->value, index++);
    }
    if (hpa != NULL) {
        const struct weir__node *stored = weir__hpa_tree(&g, hpa);

        weir__path_clear(&o->path);
        weir__path_text(&o->path, "spec.advanced.horizontalPodAutoscalerConfig");
        walk_behavior(o, hpa->behavior, weir__node_get(stored, "behavior"), behavior);
        o->manifest->problems.out_of_memory |= g.failed;
    }
}

/* ---- Knative -------------------------------------------------------------------------------- */

static void say_value(const weir_field *field, const weir_kpa_config *config,
                      struct weir__message *m)
{
    const char *at = (const char *)config + field->offset, *words = field->values;
    int64_t integer = 0;
    int32_t small = 0;
    double number = 0;

    if (field->type == WEIR_FIELD_TEXT) {
        weir__message_add(m, at);
    } else if (field->type == WEIR_FIELD_DOUBLE) {
        memcpy(&number, at, sizeof number);
        weir__message_double(m, number);
    } else if (field->size == sizeof integer) {
        memcpy(&integer, at, sizeof integer);
        if (field->type == WEIR_FIELD_DURATION) {
            weir__message_duration(m, integer);
        } else {
            weir__message_int(m, integer);
        }
    } else {
        memcpy(&small, at, sizeof small);
        for (int32_t i = 0; field->type == WEIR_FIELD_ENUM && i < small; i++) {
            words = strchr(words, '|') != NULL ? strchr(words, '|') + 1 : "";
        }
        if (field->type == WEIR_FIELD_ENUM) {
            char word[32] = "";
            size_t n = strcspn(words, "|");

            memcpy(word, words, n < sizeof word ? n : sizeof word - 1);
            weir__message_add(m, word);
        } else if (field->type == WEIR_FIELD_BOOL) {
            weir__message_add(m, small ? "true" : "false");
        } else {
            weir__message_int(m, small);
        }
    }
}

/* Whether a field has the value that stands for none. */
static int is_unset(const weir_field *field, const weir_kpa_config *config)
{
    double number = 0;

    if ((field->flags & WEIR_FIELD_OPTIONAL) == 0 || field->type != WEIR_FIELD_DOUBLE) {
        return 0;
    }
    memcpy(&number, (const char *)config + field->offset, sizeof number);
    return !(number < field->ddefault) && !(number > field->ddefault);
}

/* The node that says a setting of a revision: an annotation, or a member of its spec. */
static const struct weir__node *find_setting(const struct weir__item *item, const weir_field *field)
{
    const struct weir__node *holder = item->object.node, *annotations, *found;
    const struct weir__node *template = weir__node_at(weir__node_at(holder, "spec"), "template");

    holder = template != NULL ? template : holder;
    annotations = weir__node_at(weir__node_at(holder, "metadata"), "annotations");
    if (!weir__is_annotation(field)) {
        return weir__node_at(weir__node_at(holder, "spec"), field->key);
    }
    found = weir__node_at(annotations, field->key);
    return found != NULL || field->alias[0] == '\0' ? found
                                                    : weir__node_at(annotations, field->alias);
}

static const char *cluster_layer(const weir_manifest *manifest, const weir_field *field)
{
    static const char *const names[WEIR__CONFIGMAPS] = {
        "ConfigMap config-autoscaler", "ConfigMap config-deployment", "ConfigMap config-defaults"};

    for (int i = 0; i < WEIR__CONFIGMAPS; i++) {
        if (weir__pairs_get(&manifest->configmaps[i].data.pairs, field->global_key) != NULL) {
            return names[i];
        }
    }
    return "Knative's default";
}

static void walk_revision(struct origins *o)
{
    size_t count;
    const weir_field *fields = weir__kpa_fields(&count);

    for (size_t i = 0; i < count; i++) {
        const struct weir__node *setting = find_setting(o->item, &fields[i]);
        struct weir__message m;

        if ((fields[i].key[0] == '\0' && fields[i].global_key[0] == '\0') ||
            is_unset(&fields[i], &o->item->kpa)) {
            continue; /* weir's own, or nobody's */
        }
        weir__message_clear(&m);
        say_value(&fields[i], &o->item->kpa, &m);
        if (m.length > 0) {
            add_written(o, fields[i].key[0] != '\0' ? fields[i].key : fields[i].global_key, m.text,
                        setting, cluster_layer(o->manifest, &fields[i]));
        }
    }
}

/* ---- Knative's class hpa -------------------------------------------------------------------- */

static void add_setting(struct origins *o, const char *path, const char *value, const char *name)
{
    const weir_field *field = weir__kpa_field(name);

    add_written(o, path, value, find_setting(o->item, field), cluster_layer(o->manifest, field));
}

static void add_count(struct origins *o, const char *path, const struct weir__int32 *count,
                      const char *name)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_int(&m, count->value);
    if (count->state == WEIR__PRESENT) {
        add_setting(o, path, m.text, name);
    }
}

/* The target of the one metric that there is, at most. */
static void add_target(struct origins *o, const struct weir__knative_hpa *made)
{
    const struct weir__hpa_target *target = &made->source.target;
    int is_resource = made->metric.sources[WEIR_HPA_RESOURCE] != NULL;

    if (made->spec.metrics.count == 0) {
        add(o, "spec.metrics[0].resource.target.averageUtilization", "80", WEIR__KUBERNETES_DEFAULT,
            0);
    } else if (target->average_value.state == WEIR__PRESENT) {
        add_setting(o,
                    is_resource ? "spec.metrics[0].resource.target.averageValue"
                                : "spec.metrics[0].pods.target.averageValue",
                    target->average_value.text, "target");
    } else {
        add_count(o, "spec.metrics[0].resource.target.averageUtilization",
                  &target->average_utilization, "target");
    }
}

static void walk_knative_hpa(struct origins *o, const struct weir__knative_hpa *made)
{
    const struct weir__hpa_spec *spec = &made->spec;

    if (spec->min_replicas.state == WEIR__ABSENT) {
        add(o, "spec.minReplicas", "1", WEIR__KUBERNETES_DEFAULT, 0);
    }
    add_count(o, "spec.minReplicas", &spec->min_replicas, "min_scale");
    add_count(o, "spec.maxReplicas", &spec->max_replicas, "max_scale");
    add_target(o, made);
    add_count(o, "spec.behavior.scaleUp.stabilizationWindowSeconds", &made->up.window,
              "stable_window");
    if (made->down.window.state == WEIR__PRESENT) {
        add_count(o, "spec.behavior.scaleDown.stabilizationWindowSeconds", &made->down.window,
                  "stable_window");
    } else {
        add(o, "spec.behavior.scaleDown.stabilizationWindowSeconds", "300", CONTROLLER_DEFAULT, 0);
    }
}

/* ---- all ------------------------------------------------------------------------------------ */

weir_status weir__origins_of(weir_manifest *manifest, struct weir__item *item,
                             const weir_origin **origins, size_t *count)
{
    struct origins o = {manifest, item, NULL, 0, 0, {{0}, 0}};

    if (item->keda != NULL) {
        walk_scaled_object(&o, item);
    } else if (item->hpa_spec != NULL) {
        walk_hpa(&o, item->hpa_spec, weir__node_at(item->object.node, "spec"));
    } else if (item->knative_hpa != NULL) {
        walk_knative_hpa(&o, item->knative_hpa);
    } else {
        walk_revision(&o);
    }
    *origins = o.list;
    *count = o.count;
    return manifest->problems.out_of_memory ? WEIR_E_MEMORY : WEIR_OK;
}
