/*
 * manifest/knative.c - Knative Services, Configurations, Revisions and ConfigMap config-autoscaler
 * to the configuration of a KPA.
 *
 * The field table says which key is which field, of what type and within what bounds; here stands
 * only what the table cannot say. The ConfigMap is laid down first, the annotations over it.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/config/config.go and pkg/apis/autoscaling/
 * annotation_validation.go.
 */
#include "go_syntax.h"
#include "manifest.h"

#include <stdio.h>
#include <string.h>
#include <weir/autoscaler.h>
#include <weir/fields.h>
#include <weir/kpa.h>

#define PREFIX    "autoscaling.knative.dev/"
#define KPA_CLASS "kpa.autoscaling.knative.dev"

/* Keys that upstream has and this version of weir does not apply: the reconciler's. */
static const char *const later_annotations[] = {
    PREFIX "min-scale",
    PREFIX "minScale",
    PREFIX "max-scale",
    PREFIX "maxScale",
    PREFIX "scale-to-zero-pod-retention-period",
    PREFIX "scaleToZeroPodRetentionPeriod",
};
static const char *const later_settings[] = {
    "scale-to-zero-grace-period",
    "scale-to-zero-pod-retention-period",
    "min-scale",
    "max-scale",
    "max-scale-limit",
    "enable-scale-to-zero",
};
/* Keys that have a meaning of their own below, or none at all. */
static const char *const own_annotations[] = {PREFIX "class"};
static const char *const own_settings[] = {"allow-zero-initial-scale", "pod-autoscaler-class",
                                           "_example", "tick-interval"};

/* Annotations whose admission is stricter than what the field can hold. */
static const struct {
    const char *name;
    double dmin, dmax;
    int64_t imax;
} stricter[] = {
    {"panic_threshold_percentage", 110, 1000, 0},
    {"scale_down_delay", 0, 0, 3600 * WEIR_SECOND},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int is_in(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0) {
            return 1;
        }
    }
    return 0;
}

static const weir_field *table(size_t *count)
{
    const weir_field *fields = NULL;

    *count = 0;
    weir_fields(WEIR_CONFIG_KPA, &fields, count);
    return fields;
}

/* ---- one value ------------------------------------------------------------------------------ */

/* A value being read into its field. */
struct value {
    const weir_field *field;
    const char *text, *path;
    int32_t line, column;
    int is_annotation;
};

static void refuse(weir_manifest *m, const struct value *v, const char *expected)
{
    manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_RANGE, v->line, v->column, v->path,
                    "must be %s, got \"%.60s\"", expected, v->text);
}

static void put(weir_kpa_config *config, const weir_field *field, const void *value, size_t size)
{
    memcpy((char *)config + field->offset, value, size);
}

static void read_double(weir_manifest *m, const struct value *v, weir_kpa_config *config)
{
    double x, min = v->field->dmin, max = v->field->dmax;
    int above = (v->field->flags & WEIR_FIELD_ABOVE_MIN) != 0;
    char expected[80];

    for (size_t i = 0; v->is_annotation && i < COUNT(stricter); i++) {
        if (strcmp(stricter[i].name, v->field->name) == 0) {
            min = stricter[i].dmin;
            max = stricter[i].dmax;
        }
    }
    if (!go_parse_float(v->text, &x)) {
        refuse(m, v, "a number");
        return;
    }
    if (!v->is_annotation &&
        strcmp(v->field->global_key, "container-concurrency-target-percentage") == 0 && x > 1.0) {
        x /= 100.0; /* 70 means 0.7, and 1 means 1 */
    }
    if ((x < min || x > max || (above && x == min)) &&
        !((v->field->flags & WEIR_FIELD_OR_MINUS_ONE) != 0 && x == -1.0)) {
        if (max >= -WEIR_UNSET) {
            snprintf(expected, sizeof expected, "%s %g%s", above ? "above" : "at least", min,
                     (v->field->flags & WEIR_FIELD_OR_MINUS_ONE) != 0 ? ", or -1" : "");
        } else {
            snprintf(expected, sizeof expected, "in %c%g, %g]", above ? '(' : '[', min, max);
        }
        refuse(m, v, expected);
        return;
    }
    put(config, v->field, &x, sizeof x);
}

static void read_duration(weir_manifest *m, const struct value *v, weir_kpa_config *config)
{
    weir_duration d;
    int64_t max = v->field->imax;
    char expected[80];

    for (size_t i = 0; v->is_annotation && i < COUNT(stricter); i++) {
        if (strcmp(stricter[i].name, v->field->name) == 0) {
            max = stricter[i].imax;
        }
    }
    if (!go_parse_duration(v->text, &d)) {
        refuse(m, v, "a duration like 90s or 2m30s");
    } else if (d < v->field->imin || d > max) {
        snprintf(expected, sizeof expected, "in [%llds, %llds]",
                 (long long)(v->field->imin / WEIR_SECOND), (long long)(max / WEIR_SECOND));
        refuse(m, v, expected);
    } else if ((v->field->flags & WEIR_FIELD_WHOLE_SECONDS) != 0 && d % WEIR_SECOND != 0) {
        refuse(m, v, "whole seconds");
    } else {
        put(config, v->field, &d, sizeof d);
    }
}

static void read_int(weir_manifest *m, const struct value *v, weir_kpa_config *config)
{
    int64_t n;
    int32_t narrow;
    char expected[80];

    if (!go_parse_int(v->text, v->field->size == 8 ? 64 : 32, &n)) {
        refuse(m, v, "a whole number");
    } else if (n < v->field->imin || n > v->field->imax) {
        snprintf(expected, sizeof expected, "at least %lld", (long long)v->field->imin);
        refuse(m, v, expected);
    } else if (v->field->size == 8) {
        put(config, v->field, &n, sizeof n);
    } else {
        narrow = (int32_t)n;
        put(config, v->field, &narrow, sizeof narrow);
    }
}

static void read_enum(weir_manifest *m, const struct value *v, weir_kpa_config *config)
{
    const char *name = v->field->values, *text = v->text;
    int32_t n = 0;
    char expected[120];

    if (strcmp(v->field->name, "metric_aggregation_algorithm") == 0) {
        text = strcmp(text, "weightedExponential") == 0 ? "weighted-exponential" : text;
        text = text[0] == '\0' ? "linear" : text;
    }
    while (*name != '\0') {
        size_t length = strcspn(name, "|");

        if (strlen(text) == length && strncmp(text, name, length) == 0 &&
            strcmp(text, "other") != 0) {
            put(config, v->field, &n, sizeof n);
            return;
        }
        name += length + (name[length] == '|');
        n++;
    }
    snprintf(expected, sizeof expected, "%s",
             strcmp(v->field->name, "metric") == 0 ? "concurrency or rps (class kpa)"
                                                   : "linear or weighted-exponential");
    refuse(m, v, expected);
}

static void read_value(weir_manifest *m, const struct value *v, weir_kpa_config *config)
{
    switch (v->field->type) {
    case WEIR_FIELD_DOUBLE: read_double(m, v, config); break;
    case WEIR_FIELD_DURATION: read_duration(m, v, config); break;
    case WEIR_FIELD_ENUM: read_enum(m, v, config); break;
    default: read_int(m, v, config); break;
    }
}

/* Values of annotations and ConfigMaps are strings; a bare number is refused by the API server. */
static int is_text(weir_manifest *m, const struct node *node, const char *path)
{
    if (node->type == NODE_STRING) {
        return 1;
    }
    manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, node->line, node->column, path,
                    "must be text, got %s; write \"%.40s\" in quotes", node_type_name(node),
                    node->text != NULL ? node->text : "...");
    return 0;
}

static void path_of(char *path, size_t size, const char *parent, const char *key)
{
    snprintf(path, size, "%s[%.90s]", parent, key);
}

/* ---- ConfigMap config-autoscaler ------------------------------------------------------------ */

static void unknown_setting(weir_manifest *m, const struct node *node, const char *path)
{
    const char *names[64], *near;
    size_t count, fields, n = 0;
    const weir_field *f = table(&fields);

    for (count = 0; count < fields; count++) {
        if (f[count].global_key[0] != '\0') {
            names[n++] = f[count].global_key;
        }
    }
    for (count = 0; count < COUNT(later_settings); count++) {
        names[n++] = later_settings[count];
    }
    near = weir_nearest_name(node->key, names, n);
    manifest_report(m, WEIR_PROBLEM_WARNING, WEIR_E_PARSE, node->key_line, node->key_column, path,
                    "is no setting of Knative, which ignores it%s%s",
                    near != NULL ? "; did you mean " : "", near != NULL ? near : "");
}

static void read_setting(weir_manifest *m, const struct node *node, const char *path,
                         weir_kpa_config *config, int32_t *allow_zero)
{
    size_t count;
    const weir_field *fields = table(&count);

    if (!is_text(m, node, path)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].global_key, node->key) == 0) {
            struct value v = {&fields[i], node->text, path, node->line, node->column, 0};

            read_value(m, &v, config);
            return;
        }
    }
    if (strcmp(node->key, "allow-zero-initial-scale") == 0) {
        if (!go_parse_bool(node->text, allow_zero)) {
            manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_RANGE, node->line, node->column, path,
                            "must be true or false, got \"%.60s\"", node->text);
        }
    } else if (is_in(node->key, later_settings, COUNT(later_settings))) {
        manifest_report(m, WEIR_PROBLEM_WARNING, WEIR_E_UNSUPPORTED, node->line, node->column, path,
                        "is not applied yet: decisions are shown before the reconciler's bounds");
    } else if (!is_in(node->key, own_settings, COUNT(own_settings))) {
        unknown_setting(m, node, path);
    }
}

void knative_begin(weir_manifest *m)
{
    const struct node *data = m->autoscaler_settings;
    weir_kpa_config *config = &m->settings;
    int32_t *allow_zero = &m->allow_zero_initial_scale;
    size_t before = m->errors;
    char path[128];

    weir_kpa_config_init(config, sizeof *config);
    if (data == NULL) {
        return;
    }
    m->file = m->settings_file;
    m->document = m->settings_document;
    for (const struct node *node = data->first; node != NULL; node = node->next) {
        path_of(path, sizeof path, "data", node->key);
        read_setting(m, node, path, config, allow_zero);
    }
    if (config->initial_scale == 0 && !*allow_zero) {
        manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_RANGE, data->line, data->column,
                        "data[initial-scale]",
                        "must be at least 1 unless allow-zero-initial-scale");
    }
    if (config->container_concurrency_target_percentage *
            config->container_concurrency_target_default <
        0.01) {
        manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_RANGE, data->line, data->column,
                        "data[container-concurrency-target-default]",
                        "times container-concurrency-target-percentage must be at least 0.01");
    }
    if (m->errors != before) {
        weir_kpa_config_init(config, sizeof *config); /* Knative refuses the whole ConfigMap */
    }
}

/* ---- annotations ---------------------------------------------------------------------------- */

static void unknown_annotation(weir_manifest *m, const struct node *node, const char *path)
{
    const char *names[96], *near;
    size_t fields, n = 0;
    const weir_field *f = table(&fields);

    for (size_t i = 0; i < fields; i++) {
        if (strncmp(f[i].key, PREFIX, sizeof PREFIX - 1) == 0) {
            names[n++] = f[i].key;
        }
    }
    for (size_t i = 0; i < COUNT(later_annotations); i++) {
        names[n++] = later_annotations[i];
    }
    near = weir_nearest_name(node->key, names, n);
    manifest_report(m, WEIR_PROBLEM_WARNING, WEIR_E_PARSE, node->key_line, node->key_column, path,
                    "is no annotation of Knative, which ignores it%s%s",
                    near != NULL ? "; did you mean " : "", near != NULL ? near : "");
}

static int is_fields_own(const weir_field *field, const char *key)
{
    return strncmp(key, PREFIX, sizeof PREFIX - 1) == 0 &&
           (strcmp(field->key, key) == 0 ||
            (field->alias[0] != '\0' && strcmp(field->alias, key) == 0));
}

static void read_annotation(weir_manifest *m, const struct node *annotations,
                            const struct node *node, const char *path, weir_kpa_config *config)
{
    size_t count;
    const weir_field *fields = table(&count);

    if (!is_text(m, node, path)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct value v = {&fields[i], node->text, path, node->line, node->column, 1};

        if (!is_fields_own(&fields[i], node->key)) {
            continue;
        }
        if (strcmp(fields[i].alias, node->key) == 0 &&
            node_get(annotations, fields[i].key) != NULL) {
            manifest_report(m, WEIR_PROBLEM_WARNING, WEIR_E_PARSE, node->key_line, node->key_column,
                            path, "is ignored beside %s", fields[i].key);
            return;
        }
        read_value(m, &v, config);
        return;
    }
    if (strcmp(node->key, PREFIX "class") == 0) {
        if (strcmp(node->text, KPA_CLASS) != 0) {
            manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_UNSUPPORTED, node->line, node->column,
                            path, "is %.60s; weir runs %s only", node->text, KPA_CLASS);
        }
    } else if (is_in(node->key, later_annotations, COUNT(later_annotations))) {
        manifest_report(m, WEIR_PROBLEM_WARNING, WEIR_E_UNSUPPORTED, node->line, node->column, path,
                        "is not applied yet: decisions are shown before the reconciler's bounds");
    } else if (!is_in(node->key, own_annotations, COUNT(own_annotations))) {
        unknown_annotation(m, node, path);
    }
}

static void read_annotations(weir_manifest *m, const struct node *annotations, const char *parent,
                             weir_kpa_config *config)
{
    int32_t cluster_scale = config->initial_scale;
    char path[128];

    for (const struct node *node = annotations != NULL ? annotations->first : NULL; node != NULL;
         node = node->next) {
        if (strncmp(node->key, PREFIX, sizeof PREFIX - 1) == 0) {
            path_of(path, sizeof path, parent, node->key);
            read_annotation(m, annotations, node, path, config);
        }
    }
    if (config->initial_scale == 0 && cluster_scale != 0 && !m->allow_zero_initial_scale) {
        manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_RANGE, annotations->line, annotations->column,
                        parent,
                        "initial-scale=0 is not allowed by the cluster (allow-zero-initial-scale)");
    }
}

/* Autoscaling annotations on the Service itself are refused: they must be on the template. */
static void check_misplaced(weir_manifest *m, const struct node *annotations)
{
    char path[128];

    for (const struct node *node = annotations != NULL ? annotations->first : NULL; node != NULL;
         node = node->next) {
        if (strncmp(node->key, PREFIX, sizeof PREFIX - 1) == 0) {
            path_of(path, sizeof path, "metadata.annotations", node->key);
            manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, node->key_line, node->key_column,
                            path, "must be under spec.template.metadata.annotations");
        }
    }
}

static void read_concurrency(weir_manifest *m, const struct node *spec, const char *path,
                             weir_kpa_config *config)
{
    const struct node *node = node_get(spec, "containerConcurrency");
    int64_t n = 0;

    if (node == NULL) {
        return;
    }
    if (node->type != NODE_INT || !go_parse_int(node->text, 64, &n) || n < 0 || n > 1000) {
        manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_RANGE, node->line, node->column, path,
                        "must be a whole number in [0, 1000], got %.60s",
                        node->text != NULL ? node->text : node_type_name(node));
        return;
    }
    config->container_concurrency = n;
}

/* ---- objects -------------------------------------------------------------------------------- */

int knative_read(weir_manifest *m, const struct node *root, const char *api, const char *kind)
{
    const struct node *metadata = node_get(root, "metadata"), *name = node_get(metadata, "name");

    if (strcmp(api, "v1") == 0 && strcmp(kind, "ConfigMap") == 0 && name != NULL &&
        name->text != NULL && strcmp(name->text, "config-autoscaler") == 0) {
        const struct node *data = node_get(root, "data");

        if (m->autoscaler_settings != NULL) {
            manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, root->line, root->column,
                            "metadata.name", "there is a second ConfigMap config-autoscaler");
        } else if (data != NULL && data->type == NODE_MAP) {
            m->autoscaler_settings = data;
            m->settings_file = m->file;
            m->settings_document = m->document;
        }
        return 1;
    }
    if (strncmp(api, "serving.knative.dev/", 20) != 0 ||
        (strcmp(kind, "Service") != 0 && strcmp(kind, "Configuration") != 0 &&
         strcmp(kind, "Revision") != 0)) {
        return 0;
    }
    manifest_add_item(m, root, kind, WEIR_KIND_KPA);
    return 1;
}

void knative_finish(weir_manifest *m, struct item *item)
{
    weir_kpa_config *config = arena_take(&m->arena, sizeof *config);
    const struct node *object = item->root, *metadata;
    int is_revision = strcmp(item->open.api_kind, "Revision") == 0;

    if (config == NULL) {
        return;
    }
    *config = m->settings;
    if (!is_revision) {
        check_misplaced(m, node_get(node_get(object, "metadata"), "annotations"));
        object = node_get(node_get(object, "spec"), "template");
    }
    metadata = node_get(object, "metadata");
    read_annotations(m, node_get(metadata, "annotations"),
                     is_revision ? "metadata.annotations" : "spec.template.metadata.annotations",
                     config);
    read_concurrency(m, node_get(object, "spec"),
                     is_revision ? "spec.containerConcurrency"
                                 : "spec.template.spec.containerConcurrency",
                     config);
    item->open.config = config;
}
