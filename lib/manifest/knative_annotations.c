/*
 * manifest/knative_annotations.c - a revision's annotations: admission, and use.
 *
 * The two differ on purpose, as upstream's webhook and its reconciler do. Admission refuses what is
 * out of bounds; at use a text that cannot be read counts as absent, and any other is taken as it
 * is. Upstream: knative.dev/serving pkg/apis/autoscaling, ValidateAnnotations(), and
 * pkg/apis/autoscaling/v1alpha1, the getters of the PodAutoscaler.
 */
#include "go_syntax.h"
#include "knative.h"

#include <string.h>

/* ---- looking up ----------------------------------------------------------------------------- */

/* The text of an annotation and the spelling it was found under; the canonical one comes first,
 * even with a text that cannot be read. NULL: it is not there. */
static const char *find(const struct weir__pairs *annotations, const weir_field *field,
                        const char **key)
{
    const char *text = NULL;

    *key = field->key;
    if (weir__is_annotation(field)) {
        text = weir__pairs_get(annotations, field->key);
        if (text == NULL && field->alias[0] != '\0') {
            *key = field->alias;
            text = weir__pairs_get(annotations, field->alias);
        }
    }
    return text;
}

static const char *text_of(const struct weir__pairs *annotations, const char *name,
                           const char **key)
{
    return find(annotations, weir__kpa_field(name), key);
}

static int is_weighted(const char *text)
{
    return strcmp(text, "weighted-exponential") == 0 || strcmp(text, "weightedExponential") == 0;
}

/* ---- admission ------------------------------------------------------------------------------ */

struct admission {
    const weir_kpa_config *cluster;
    const struct weir__pairs *annotations;
    struct weir__knative_sink sink;
    const char *class_name; /* the annotation's; NULL: there is none */
    int refused;
};

static void refuse(struct admission *a, weir_status status, const char *key,
                   struct weir__message *m, const char *text)
{
    weir__knative_report(a->sink, status, key, m, text);
    a->refused = 1;
}

/* Knative's own domain has two classes; any other may be anybody's. */
static void admit_class(struct admission *a)
{
    static const char domain[] = ".knative.dev";
    const char *key, *text = text_of(a->annotations, "pod_autoscaler_class", &key);
    size_t length = text != NULL ? strlen(text) : 0, tail = sizeof domain - 1;
    struct weir__message m;

    if (length >= tail && strcmp(text + length - tail, domain) == 0 &&
        strcmp(text, WEIR__KNATIVE_KPA_CLASS) != 0 && strcmp(text, WEIR__KNATIVE_HPA_CLASS) != 0) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be " WEIR__KNATIVE_KPA_CLASS " or " WEIR__KNATIVE_HPA_CLASS);
        refuse(a, WEIR_E_RANGE, key, &m, text);
    }
}

/* Reads a scale; 0 when it is absent or wrong, as upstream goes on. */
static int64_t admit_scale(struct admission *a, const char *name)
{
    const weir_field *field = weir__kpa_field(name);
    const char *key, *text = find(a->annotations, field, &key);
    struct weir__bounds bounds;
    struct weir__value value;

    if (text == NULL) {
        return 0;
    }
    weir__bounds_of(field, &bounds);
    if (weir__knative_read(field, &bounds, key, text, &value, a->sink)) {
        return value.integer;
    }
    a->refused = 1;
    return 0;
}

static void refuse_relation(struct admission *a, const char *key, const char *first, int64_t one,
                            const char *relation, int64_t other)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, first);
    weir__message_int(&m, one);
    weir__message_add(&m, relation);
    weir__message_int(&m, other);
    refuse(a, WEIR_E_RANGE, key, &m, NULL);
}

static void admit_activation_scale(struct admission *a, int64_t min, int64_t max)
{
    const weir_field *field = weir__kpa_field("activation_scale");
    const char *key, *text = find(a->annotations, field, &key);
    struct weir__message m;
    struct weir__value value;

    if (text == NULL) {
        return;
    }
    if (weir__field_parse(field, text, strlen(text), &value) != WEIR__GO_OK) {
        weir__message_clear(&m);
        weir__field_say_type(field, &m);
        refuse(a, WEIR_E_PARSE, key, &m, text);
    } else if (min > value.integer) {
        refuse_relation(a, key, "min-scale ", min, " is above activation-scale ", value.integer);
    } else if (max < value.integer && max != 0) {
        refuse_relation(a, key, "max-scale ", max, " is below activation-scale ", value.integer);
    } else if (value.integer < field->imin) {
        refuse_relation(a, key, "must be at least ", field->imin, ", got ", value.integer);
    }
}

/* min-scale, max-scale and activation-scale, each alone and together. */
static void admit_scales(struct admission *a)
{
    int64_t limit = a->cluster->max_scale_limit, min = admit_scale(a, "min_scale"), max;
    int before = a->refused;
    const char *key;

    a->refused = 0;
    max = admit_scale(a, "max_scale");
    if (text_of(a->annotations, "max_scale", &key) != NULL && !a->refused) {
        if (max != 0 && max < min) {
            refuse_relation(a, key, "max-scale ", max, " is below min-scale ", min);
        }
        if (limit != 0 && (max > limit || max == 0)) {
            refuse_relation(a, key, "must be in [1, ", limit,
                            "], the cluster's max-scale-limit, got ", max);
        }
    }
    a->refused = a->refused || before;
    admit_activation_scale(a, min, max);
}

/* Upstream reads it with 64 bits here, and with 32 at use. */
static void admit_initial_scale(struct admission *a)
{
    const char *key, *text = text_of(a->annotations, "initial_scale", &key);
    struct weir__message m;
    int64_t value = 0;

    if (text == NULL) {
        return;
    }
    weir__message_clear(&m);
    if (weir__go_int(text, strlen(text), 10, 64, &value) != WEIR__GO_OK) {
        weir__message_add(&m, "must be a whole number");
        refuse(a, WEIR_E_PARSE, key, &m, text);
    } else if (value < 0) {
        weir__message_add(&m, "must be at least 0");
        refuse(a, WEIR_E_RANGE, key, &m, text);
    } else if (value == 0 && a->cluster->allow_zero_initial_scale == 0) {
        weir__message_add(&m, "0 is not allowed by the cluster (allow-zero-initial-scale)");
        refuse(a, WEIR_E_RANGE, key, &m, NULL);
    }
}

/* What metrics there are depends on the class: the annotation's, else the cluster's. */
static void admit_metric(struct admission *a)
{
    const char *key, *text = text_of(a->annotations, "metric", &key);
    const char *class_name =
        a->class_name != NULL ? a->class_name : a->cluster->pod_autoscaler_class;
    struct weir__message m;

    if (text == NULL) {
        return;
    }
    weir__message_clear(&m);
    if (strcmp(class_name, WEIR__KNATIVE_KPA_CLASS) == 0) {
        if (strcmp(text, "concurrency") != 0 && strcmp(text, "rps") != 0) {
            weir__message_add(&m, "must be concurrency or rps");
            refuse(a, WEIR_E_RANGE, key, &m, text);
        }
    } else if (strcmp(class_name, WEIR__KNATIVE_HPA_CLASS) == 0 && text[0] == '\0') {
        weir__message_add(&m, "must not be empty");
        refuse(a, WEIR_E_RANGE, key, &m, NULL);
    }
}

/* Looked at only where the annotations themselves name the class. */
static void admit_algorithm(struct admission *a)
{
    const char *key, *text = text_of(a->annotations, "metric_aggregation_algorithm", &key);
    struct weir__message m;

    if (text != NULL && text[0] != '\0' && a->class_name != NULL &&
        strcmp(a->class_name, WEIR__KNATIVE_KPA_CLASS) == 0 && strcmp(text, "linear") != 0 &&
        !is_weighted(text)) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be linear or weighted-exponential");
        refuse(a, WEIR_E_RANGE, key, &m, text);
    }
}

/* Bounds of admission, where they are not the table's. 0: an empty text stands for no annotation.
 */
static int bounds_of(const weir_field *field, const char *text, struct weir__bounds *bounds)
{
    weir__bounds_of(field, bounds);
    if (strcmp(field->name, "panic_threshold_percentage") == 0) {
        bounds->dmin = 110.0;
        bounds->dmax = 1000.0;
    } else if (strcmp(field->name, "scale_down_delay") == 0 ||
               strcmp(field->name, "scale_to_zero_pod_retention_period") == 0) {
        bounds->imax = 3600 * WEIR_SECOND;
    } else if (strcmp(field->name, "progress_deadline") == 0) {
        bounds->imax = INT64_MAX;
        bounds->flags = WEIR_FIELD_WHOLE_SECONDS;
        return text[0] != '\0';
    }
    return 1;
}

/* Numbers and durations, each of which is checked by itself. */
static void admit_measures(struct admission *a)
{
    size_t count;
    const weir_field *fields = weir__kpa_fields(&count);

    for (size_t i = 0; i < count; i++) {
        const weir_field *field = &fields[i];
        const char *key, *text = find(a->annotations, field, &key);
        struct weir__bounds bounds;
        struct weir__value value;

        if (text != NULL &&
            (field->type == WEIR_FIELD_DOUBLE || field->type == WEIR_FIELD_DURATION) &&
            bounds_of(field, text, &bounds) &&
            !weir__knative_read(field, &bounds, key, text, &value, a->sink)) {
            a->refused = 1;
        }
    }
}

int weir__knative_admit(const weir_kpa_config *cluster, const struct weir__pairs *annotations,
                        struct weir__knative_sink sink)
{
    struct admission a = {cluster, annotations, sink, NULL, 0};
    const char *key;

    a.class_name = text_of(annotations, "pod_autoscaler_class", &key);
    admit_class(&a);
    admit_scales(&a);
    admit_measures(&a);
    admit_metric(&a);
    admit_algorithm(&a);
    admit_initial_scale(&a);
    return !a.refused;
}

/* ---- use ------------------------------------------------------------------------------------ */

const char *weir_knative_metric(const weir_pair *annotations, size_t count)
{
    struct weir__pairs pairs = {annotations, annotations != NULL ? count : 0};
    const char *key, *text = text_of(&pairs, "metric", &key);
    const char *class_name = text_of(&pairs, "pod_autoscaler_class", &key);

    if (text != NULL) {
        return text;
    }
    /* At use, unlike at admission, the cluster's default class does not count. */
    return class_name == NULL || strcmp(class_name, WEIR__KNATIVE_KPA_CLASS) == 0 ? "concurrency"
           : strcmp(class_name, WEIR__KNATIVE_HPA_CLASS) == 0                     ? "cpu"
                                                                                  : "";
}

/* Every name but two is a metric that reads as concurrency does, but for one rule. */
static int32_t metric_of(const struct weir__pairs *annotations)
{
    const char *name = weir_knative_metric(annotations->list, annotations->count);

    return strcmp(name, "concurrency") == 0 ? WEIR_KPA_CONCURRENCY
           : strcmp(name, "rps") == 0       ? WEIR_KPA_RPS
                                            : WEIR_KPA_OTHER;
}

void weir__knative_use(weir_kpa_config *config, const struct weir__pairs *annotations)
{
    size_t count;
    const weir_field *fields = weir__kpa_fields(&count);

    config->metric = metric_of(annotations);
    for (size_t i = 0; i < count; i++) {
        const weir_field *field = &fields[i];
        const char *key, *text = find(annotations, field, &key);
        struct weir__value value;
        int result =
            text != NULL ? weir__field_parse(field, text, strlen(text), &value) : WEIR__GO_SYNTAX;

        if (text == NULL || strcmp(field->name, "metric") == 0) {
            continue;
        }
        if (strcmp(field->name, "metric_aggregation_algorithm") == 0) {
            config->metric_aggregation_algorithm =
                is_weighted(text) ? WEIR_WINDOW_WEIGHTED : WEIR_WINDOW_LINEAR;
        } else if (result != WEIR__GO_OK && field->type != WEIR_FIELD_TEXT) {
            continue; /* as if it were not there */
        } else if (strcmp(field->name, "initial_scale") != 0 || value.integer != 0 ||
                   config->allow_zero_initial_scale != 0) {
            weir__field_store(field, config, &value);
        }
    }
}
