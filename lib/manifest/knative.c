/*
 * manifest/knative.c - the settings of Knative's autoscaler, and ConfigMap config-autoscaler.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/config, NewConfigFromMap(). It reports the first
 * thing that is wrong; here all are, and what it accepts is the same.
 */
#include "manifest/knative.h"
#include "manifest/go_syntax.h"

#include <float.h>
#include <string.h>

/* ---- the private table ---------------------------------------------------------------------- */

#define ROW(m)                                                                                     \
    .name = #m, .offset = (uint32_t)offsetof(struct weir__knative_rest, m),                        \
    .size = (uint32_t)sizeof(((struct weir__knative_rest *)0)->m)
#define A WEIR__KNATIVE_PREFIX

static const weir_field rest_fields[] = {
    {ROW(min_scale), .key = A "min-scale", .alias = A "minScale", .global_key = "min-scale",
     .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .doc = "Fewest pods while a route leads to the revision."},
    {ROW(max_scale), .key = A "max-scale", .alias = A "maxScale", .global_key = "max-scale",
     .unit = "pods", .values = "", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .doc = "Most pods; 0 is no limit."},
    {ROW(max_scale_limit), .key = "", .alias = "", .global_key = "max-scale-limit", .unit = "pods",
     .values = "", .type = WEIR_FIELD_INT, .imax = INT32_MAX,
     .doc = "Largest max-scale that a revision may ask for; 0 is no limit."},
    {ROW(allow_zero_initial_scale), .key = "", .alias = "",
     .global_key = "allow-zero-initial-scale", .unit = "", .values = "", .type = WEIR_FIELD_BOOL,
     .imax = 1, .doc = "Whether revisions may start with no pods."},
    {ROW(enable_scale_to_zero), .key = "", .alias = "", .global_key = "enable-scale-to-zero",
     .unit = "", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1, .idefault = 1,
     .doc = "Whether revisions without load lose their last pod."},
    {ROW(scale_to_zero_grace_period), .key = "", .alias = "",
     .global_key = "scale-to-zero-grace-period", .unit = "s", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = INT64_MAX, .idefault = 30 * WEIR_SECOND,
     .flags = WEIR_FIELD_ABOVE_MIN,
     .doc = "Longest wait for the network before the last pod goes."},
    {ROW(scale_to_zero_pod_retention_period), .key = A "scale-to-zero-pod-retention-period",
     .alias = A "scaleToZeroPodRetentionPeriod",
     .global_key = "scale-to-zero-pod-retention-period", .unit = "s", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = INT64_MAX, .doc = "The last pod stays at least so long."},
    {ROW(pod_autoscaler_class), .key = A "class", .alias = "", .global_key = "pod-autoscaler-class",
     .unit = "", .values = "", .type = WEIR_FIELD_TEXT, .doc = "Which autoscaler is in charge."},
};

enum { REST_COUNT = sizeof rest_fields / sizeof rest_fields[0] };

static int is_public(const char *name)
{
    const weir_field *fields = NULL;
    size_t count = 0;

    weir_fields(WEIR_CONFIG_KPA, &fields, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

void weir__knobs_bind(struct weir__knobs *knobs, struct weir__knative *knative)
{
    const weir_field *fields = NULL;
    size_t count = 0;

    knobs->count = 0;
    weir_fields(WEIR_CONFIG_KPA, &fields, &count);
    for (size_t i = 0; i < count + REST_COUNT && knobs->count < WEIR__KNOBS_MAX; i++) {
        struct weir__knob knob = {NULL, NULL, 0};

        knob.field = i < count ? &fields[i] : &rest_fields[i - count];
        knob.config = i < count ? (void *)&knative->kpa : (void *)&knative->rest;
        if (i < count || !is_public(knob.field->name)) {
            knobs->list[knobs->count++] = knob;
        }
    }
}

struct weir__knob *weir__knobs_find(struct weir__knobs *knobs, const char *name)
{
    size_t i = 0;

    while (i + 1 < knobs->count && strcmp(knobs->list[i].field->name, name) != 0) {
        i++;
    }
    return &knobs->list[i];
}

int64_t weir__knob_integer(const struct weir__knob *knob)
{
    const char *member = (const char *)knob->config + knob->field->offset;
    int32_t narrow;
    int64_t wide;

    if (knob->field->size == sizeof narrow) {
        memcpy(&narrow, member, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, member, sizeof wide);
    return wide;
}

static double number_of(const struct weir__knob *knob)
{
    double number;

    memcpy(&number, (const char *)knob->config + knob->field->offset, sizeof number);
    return number;
}

void weir__knative_defaults(struct weir__knative *knative, int32_t semantics)
{
    memset(knative, 0, sizeof *knative);
    weir_kpa_config_init(&knative->kpa, sizeof knative->kpa);
    knative->kpa.semantics = semantics;
    for (size_t i = 0; i < REST_COUNT; i++) {
        struct weir__value value = {rest_fields[i].idefault, 0.0, WEIR__KNATIVE_KPA_CLASS,
                                    sizeof WEIR__KNATIVE_KPA_CLASS - 1};

        weir__field_store(&rest_fields[i], &knative->rest, &value);
    }
}

const char *weir__settings_get(const struct weir__settings *settings, const char *key)
{
    for (size_t i = 0; key[0] != '\0' && i < settings->count; i++) {
        if (strcmp(settings->list[i].key, key) == 0) {
            return settings->list[i].value;
        }
    }
    return NULL;
}

/* ---- names ---------------------------------------------------------------------------------- */

static size_t names_by(const char *(*name_of)(const weir_field *field, int spelling),
                       const char **names, size_t capacity)
{
    struct weir__knative knative;
    struct weir__knobs knobs;
    size_t count = 0;

    weir__knobs_bind(&knobs, &knative);
    for (int spelling = 0; spelling < 2; spelling++) {
        for (size_t i = 0; i < knobs.count && count < capacity; i++) {
            const char *name = name_of(knobs.list[i].field, spelling);

            if (name[0] != '\0') {
                names[count++] = name;
            }
        }
    }
    return count;
}

static const char *annotation_name(const weir_field *field, int spelling)
{
    const char *name = spelling == 0 ? field->key : field->alias;

    return strchr(name, '/') != NULL ? name : "";
}

static const char *configmap_name(const weir_field *field, int spelling)
{
    return spelling == 0 ? field->global_key : "";
}

size_t weir__knative_annotation_names(const char **names, size_t capacity)
{
    return names_by(annotation_name, names, capacity);
}

size_t weir__knative_configmap_names(const char **names, size_t capacity)
{
    return names_by(configmap_name, names, capacity);
}

const char *weir__knative_canonical(const char *key)
{
    struct weir__knative knative;
    struct weir__knobs knobs;

    weir__knobs_bind(&knobs, &knative);
    for (size_t i = 0; i < knobs.count; i++) {
        const weir_field *field = knobs.list[i].field;

        if (field->alias[0] != '\0' && strcmp(field->alias, key) == 0) {
            return field->key;
        }
    }
    return NULL;
}

/* ---- reading one value ---------------------------------------------------------------------- */

void weir__knative_report(struct weir__knative_sink sink, weir_status status, const char *key,
                          struct weir__message *m, const char *value)
{
    if (value != NULL) {
        weir__message_add(m, ", got ");
        weir__message_quote(m, value, strlen(value));
    }
    sink.report(sink.user, status, key, m->text);
}

int weir__knob_read(struct weir__knob *knob, const struct weir__bounds *bounds, const char *key,
                    const char *text, struct weir__value *value, struct weir__knative_sink sink)
{
    int result = weir__field_parse(knob->field, text, strlen(text), value);
    struct weir__message m;

    weir__message_clear(&m);
    if (result == WEIR__GO_OK && weir__field_within(knob->field, bounds, value)) {
        return 1;
    }
    knob->bad = 1;
    if (result == WEIR__GO_SYNTAX ||
        (result == WEIR__GO_RANGE && knob->field->type != WEIR_FIELD_INT)) {
        weir__field_say_type(knob->field, &m);
        if (result == WEIR__GO_RANGE) {
            weir__message_add(&m, " that is not that large");
        }
        weir__knative_report(sink, WEIR_E_PARSE, key, &m, text);
    } else {
        weir__field_say_bounds(knob->field, bounds, &m);
        weir__knative_report(sink, WEIR_E_RANGE, key, &m, text);
    }
    return 0;
}

/* ---- ConfigMap ------------------------------------------------------------------------------ */

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Blanks around the class do not count, but in serving 0.42 they do. */
static void read_class(struct weir__knob *knob, const char *key, const char *text,
                       int32_t semantics, struct weir__knative_sink sink)
{
    size_t length = strlen(text);
    struct weir__value value = {0, 0.0, text, length};
    struct weir__message m;

    while (semantics != WEIR_SERVING_0_42 && length > 0 && is_space(text[length - 1])) {
        length--;
    }
    while (semantics != WEIR_SERVING_0_42 && length > 0 && is_space(*text)) {
        text++;
        length--;
    }
    value.text = text;
    value.length = length;
    if (length < knob->field->size) {
        weir__field_store(knob->field, knob->config, &value);
        return;
    }
    knob->bad = 1;
    weir__message_clear(&m);
    weir__message_add(&m, "is longer than weir has room for");
    weir__knative_report(sink, WEIR_E_LIMIT, key, &m, NULL);
}

/* Where the ConfigMap's bounds are not the table's. */
static void configmap_bounds(const struct weir__knob *knob, struct weir__bounds *bounds)
{
    weir__bounds_of(knob->field, bounds);
    if (knob->field->type == WEIR_FIELD_DURATION && bounds->imax >= INT64_C(1) << 60) {
        bounds->imax = INT64_MAX;
    }
    if (strcmp(knob->field->name, "container_concurrency_target_default") == 0) {
        bounds->dmin = -DBL_MAX; /* only its product with the percentage is checked */
    }
}

/* Above 1 it is a percentage, up to 1 a fraction. */
static void read_percentage(struct weir__knob *knob, const char *key, const char *text,
                            struct weir__knative_sink sink)
{
    struct weir__message m;
    struct weir__value value;

    weir__message_clear(&m);
    if (weir__field_parse(knob->field, text, strlen(text), &value) != WEIR__GO_OK) {
        weir__field_say_type(knob->field, &m);
        weir__knative_report(sink, WEIR_E_PARSE, key, &m, text);
        knob->bad = 1;
        return;
    }
    if (value.number > 1.0) {
        value.number /= 100.0;
    }
    if (value.number <= 0.0 || value.number > 1.0) {
        weir__message_add(&m, "must be in (0, 100] percent, where up to 1 is a fraction");
        weir__knative_report(sink, WEIR_E_RANGE, key, &m, text);
        knob->bad = 1;
    }
    weir__field_store(knob->field, knob->config, &value);
}

static const char *present(const struct weir__settings *data, const struct weir__knob *first,
                           const struct weir__knob *second)
{
    return weir__settings_get(data, first->field->global_key) != NULL ? first->field->global_key
                                                                      : second->field->global_key;
}

static int check_target(struct weir__knobs *knobs, const struct weir__settings *data,
                        struct weir__knative_sink sink)
{
    const struct weir__knob *share =
        weir__knobs_find(knobs, "container_concurrency_target_percentage");
    const struct weir__knob *target =
        weir__knobs_find(knobs, "container_concurrency_target_default");
    double product = number_of(share) * number_of(target);
    struct weir__message m;

    if (share->bad || target->bad || !(product < 0.01)) {
        return 1;
    }
    weir__message_clear(&m);
    weir__message_add(&m, target->field->global_key);
    weir__message_add(&m, " times ");
    weir__message_add(&m, share->field->global_key);
    weir__message_add(&m, " must be at least 0.01, but is ");
    weir__message_double(&m, product);
    weir__knative_report(sink, WEIR_E_RANGE, present(data, target, share), &m, NULL);
    return 0;
}

static int check_scales(struct weir__knobs *knobs, const struct weir__settings *data,
                        struct weir__knative_sink sink)
{
    const struct weir__knob *initial = weir__knobs_find(knobs, "initial_scale");
    const struct weir__knob *zero = weir__knobs_find(knobs, "allow_zero_initial_scale");
    const struct weir__knob *min = weir__knobs_find(knobs, "min_scale");
    const struct weir__knob *max = weir__knobs_find(knobs, "max_scale");
    const struct weir__knob *limit = weir__knobs_find(knobs, "max_scale_limit");
    int64_t most = weir__knob_integer(limit), maximum = weir__knob_integer(max);
    int fine = 1;
    struct weir__message m;

    if (!initial->bad && !zero->bad && weir__knob_integer(initial) == 0 &&
        weir__knob_integer(zero) == 0) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be at least 1 unless allow-zero-initial-scale is true, got 0");
        weir__knative_report(sink, WEIR_E_RANGE, initial->field->global_key, &m, NULL);
        fine = 0;
    }
    if (!max->bad && !limit->bad && most > 0 && (maximum < 1 || maximum > most)) {
        weir__message_clear(&m);
        weir__message_add(&m, "max-scale must be in [1, max-scale-limit ");
        weir__message_int(&m, most);
        weir__message_add(&m, "], but is ");
        weir__message_int(&m, maximum);
        weir__knative_report(sink, WEIR_E_RANGE, present(data, max, limit), &m, NULL);
        fine = 0;
    }
    if (!min->bad && !max->bad && maximum > 0 && weir__knob_integer(min) > maximum) {
        weir__message_clear(&m);
        weir__message_add(&m, "min-scale ");
        weir__message_int(&m, weir__knob_integer(min));
        weir__message_add(&m, " is above max-scale ");
        weir__message_int(&m, maximum);
        weir__knative_report(sink, WEIR_E_RANGE, min->field->global_key, &m, NULL);
        fine = 0;
    }
    return fine;
}

int weir__knative_configmap(struct weir__knative *cluster, const struct weir__settings *data,
                            struct weir__knative_sink sink)
{
    struct weir__knobs knobs;
    int fine = 1, target_fine, scales_fine;

    weir__knobs_bind(&knobs, cluster);
    for (size_t i = 0; i < knobs.count; i++) {
        struct weir__knob *knob = &knobs.list[i];
        const char *key = knob->field->global_key;
        const char *text = weir__settings_get(data, key);
        struct weir__bounds bounds;
        struct weir__value value;

        if (text == NULL) {
            continue;
        }
        if (knob->field->type == WEIR_FIELD_TEXT) {
            read_class(knob, key, text, cluster->kpa.semantics, sink);
        } else if (strcmp(knob->field->name, "container_concurrency_target_percentage") == 0) {
            read_percentage(knob, key, text, sink);
        } else {
            configmap_bounds(knob, &bounds);
            if (weir__knob_read(knob, &bounds, key, text, &value, sink)) {
                weir__field_store(knob->field, knob->config, &value);
            }
        }
        fine = fine && !knob->bad;
    }
    target_fine = check_target(&knobs, data, sink);
    scales_fine = check_scales(&knobs, data, sink);
    return fine && target_fine && scales_fine;
}
