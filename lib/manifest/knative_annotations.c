/*
 * manifest/knative_annotations.c - a revision's annotations: admission, and use.
 *
 * The two differ on purpose, as upstream's webhook and its reconciler do. Admission refuses what is
 * out of bounds; at use a value that cannot be read counts as absent, and any other is taken as it
 * is. Upstream: knative.dev/serving pkg/apis/autoscaling, ValidateAnnotations(), and
 * pkg/apis/autoscaling/v1alpha1, the getters of the PodAutoscaler.
 */
#include "manifest/go_syntax.h"
#include "manifest/knative.h"

#include <string.h>

/* ---- looking up ----------------------------------------------------------------------------- */

/* The text of an annotation and the spelling it was found under; the canonical one comes first,
 * even with a value that cannot be read. NULL: it is not there. */
static const char *find(const struct weir__settings *annotations, const weir_field *field,
                        const char **key)
{
    const char *text = NULL;

    if (strchr(field->key, '/') != NULL) {
        *key = field->key;
        text = weir__settings_get(annotations, field->key);
        if (text == NULL && field->alias[0] != '\0') {
            *key = field->alias;
            text = weir__settings_get(annotations, field->alias);
        }
    }
    return text;
}

static int is_weighted(const char *text)
{
    return strcmp(text, "weighted-exponential") == 0 || strcmp(text, "weightedExponential") == 0;
}

/* ---- admission ------------------------------------------------------------------------------ */

struct admission {
    const struct weir__settings *annotations;
    struct weir__knative_sink sink;
    struct weir__knobs knobs;
    int refused;
};

static void refuse(struct admission *a, weir_status status, const char *key,
                   struct weir__message *m, const char *text)
{
    weir__knative_report(a->sink, status, key, m, text);
    a->refused = 1;
}

static const char *text_of(struct admission *a, const char *name, const char **key)
{
    return find(a->annotations, weir__knobs_find(&a->knobs, name)->field, key);
}

/* Reads a scale, within the table's bounds; 0 when it is absent or wrong, as upstream goes on. */
static int64_t admit_scale(struct admission *a, const char *name)
{
    struct weir__knob *knob = weir__knobs_find(&a->knobs, name);
    struct weir__bounds bounds;
    struct weir__value value;
    const char *key, *text = find(a->annotations, knob->field, &key);

    weir__bounds_of(knob->field, &bounds);
    if (text == NULL) {
        return 0;
    }
    if (weir__knob_read(knob, &bounds, key, text, &value, a->sink)) {
        return value.integer;
    }
    a->refused = 1;
    return 0;
}

static void compare_scales(struct admission *a, const char *key, const char *first, int64_t one,
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
    struct weir__knob *knob = weir__knobs_find(&a->knobs, "activation_scale");
    const char *key, *text = find(a->annotations, knob->field, &key);
    struct weir__message m;
    struct weir__value value;

    if (text == NULL) {
        return;
    }
    if (weir__field_parse(knob->field, text, strlen(text), &value) != WEIR__GO_OK) {
        weir__message_clear(&m);
        weir__field_say_type(knob->field, &m);
        refuse(a, WEIR_E_PARSE, key, &m, text);
    } else if (min > value.integer) {
        compare_scales(a, key, "min-scale ", min, " is above activation-scale ", value.integer);
    } else if (max < value.integer && max != 0) {
        compare_scales(a, key, "max-scale ", max, " is below activation-scale ", value.integer);
    } else if (value.integer < knob->field->imin) {
        compare_scales(a, key, "must be at least ", knob->field->imin, ", got ", value.integer);
    }
}

/* min-scale, max-scale and activation-scale, each alone and together. */
static void admit_scales(struct admission *a)
{
    int64_t min = admit_scale(a, "min_scale"), max = admit_scale(a, "max_scale");
    int64_t limit = weir__knob_integer(weir__knobs_find(&a->knobs, "max_scale_limit"));
    int max_is_bad = weir__knobs_find(&a->knobs, "max_scale")->bad;
    const char *key = "";

    if (text_of(a, "max_scale", &key) != NULL && !max_is_bad) {
        if (max != 0 && max < min) {
            compare_scales(a, key, "max-scale ", max, " is below min-scale ", min);
        }
        if (limit != 0 && (max > limit || max == 0)) {
            compare_scales(a, key, "must be in [1, ", limit,
                           "], the cluster's max-scale-limit, got ", max);
        }
    }
    admit_activation_scale(a, min, max);
}

/* Upstream reads it with 64 bits here, and with 32 at use. */
static void admit_initial_scale(struct admission *a)
{
    const char *key, *text = text_of(a, "initial_scale", &key);
    int64_t zero = weir__knob_integer(weir__knobs_find(&a->knobs, "allow_zero_initial_scale"));
    int64_t value = 0;
    struct weir__message m;

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
    } else if (value == 0 && zero == 0) {
        weir__message_add(&m, "must be at least 1, as the cluster does not allow 0 "
                              "(allow-zero-initial-scale)");
        refuse(a, WEIR_E_RANGE, key, &m, text);
    }
}

/* Knative's own domain has two classes; any other may be anybody's. */
static void admit_class(struct admission *a)
{
    static const char domain[] = ".knative.dev";
    const char *key, *text = text_of(a, "pod_autoscaler_class", &key);
    size_t length = text != NULL ? strlen(text) : 0, tail = sizeof domain - 1;
    struct weir__message m;

    if (length >= tail && strcmp(text + length - tail, domain) == 0 &&
        strcmp(text, WEIR__KNATIVE_KPA_CLASS) != 0 && strcmp(text, WEIR__KNATIVE_HPA_CLASS) != 0) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be " WEIR__KNATIVE_KPA_CLASS " or " WEIR__KNATIVE_HPA_CLASS);
        refuse(a, WEIR_E_RANGE, key, &m, text);
    }
}

/* What metrics there are depends on the class: the annotation's, else the cluster's. */
static void admit_metric(struct admission *a, const struct weir__knative *cluster)
{
    const char *key, *text = text_of(a, "metric", &key), *class_key;
    const char *class = text_of(a, "pod_autoscaler_class", &class_key);
    struct weir__message m;

    class = class != NULL ? class : cluster->rest.pod_autoscaler_class;
    if (text == NULL) {
        return;
    }
    weir__message_clear(&m);
    if (strcmp(class, WEIR__KNATIVE_KPA_CLASS) == 0) {
        if (strcmp(text, "concurrency") != 0 && strcmp(text, "rps") != 0) {
            weir__message_add(&m, "must be concurrency or rps");
            refuse(a, WEIR_E_RANGE, key, &m, text);
        }
    } else if (strcmp(class, WEIR__KNATIVE_HPA_CLASS) == 0 && text[0] == '\0') {
        weir__message_add(&m, "must not be empty");
        refuse(a, WEIR_E_RANGE, key, &m, NULL);
    }
}

/* Looked at only where the annotations themselves name the class. */
static void admit_algorithm(struct admission *a)
{
    const char *key, *text = text_of(a, "metric_aggregation_algorithm", &key), *class_key;
    const char *class = text_of(a, "pod_autoscaler_class", &class_key);
    struct weir__message m;

    if (text != NULL && text[0] != '\0' && class != NULL &&
        strcmp(class, WEIR__KNATIVE_KPA_CLASS) == 0 && strcmp(text, "linear") != 0 &&
        !is_weighted(text)) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be linear or weighted-exponential");
        refuse(a, WEIR_E_RANGE, key, &m, text);
    }
}

/* Where admission's bounds are not the table's. */
static void admission_bounds(const weir_field *field, struct weir__bounds *bounds)
{
    weir__bounds_of(field, bounds);
    if (strcmp(field->name, "panic_threshold_percentage") == 0) {
        bounds->dmin = 110.0;
        bounds->dmax = 1000.0;
    } else if (strcmp(field->name, "scale_down_delay") == 0 ||
               strcmp(field->name, "scale_to_zero_pod_retention_period") == 0) {
        bounds->imax = 3600 * WEIR_SECOND;
    }
}

int weir__knative_admit(const struct weir__knative *cluster,
                        const struct weir__settings *annotations, struct weir__knative_sink sink)
{
    struct weir__knative own = *cluster;
    struct admission a;

    memset(&a, 0, sizeof a);
    a.annotations = annotations;
    a.sink = sink;
    weir__knobs_bind(&a.knobs, &own);
    admit_class(&a);
    admit_scales(&a);
    for (size_t i = 0; i < a.knobs.count; i++) {
        struct weir__knob *knob = &a.knobs.list[i];
        struct weir__bounds bounds;
        struct weir__value value;
        const char *key, *text = find(annotations, knob->field, &key);

        if (text != NULL && (knob->field->type == WEIR_FIELD_DOUBLE ||
                             knob->field->type == WEIR_FIELD_DURATION)) {
            admission_bounds(knob->field, &bounds);
            if (!weir__knob_read(knob, &bounds, key, text, &value, sink)) {
                a.refused = 1;
            }
        }
    }
    admit_metric(&a, cluster);
    admit_algorithm(&a);
    admit_initial_scale(&a);
    return !a.refused;
}

/* ---- use ------------------------------------------------------------------------------------ */

/* Every name but two is a metric that reads as concurrency does but for one rule; a class that is
 * not the KPA has another metric where none is given. */
static int32_t metric_of(const struct weir__settings *annotations, const weir_field *metric,
                         const weir_field *class)
{
    const char *key, *text = find(annotations, metric, &key);

    if (text == NULL) {
        text = find(annotations, class, &key);
        return text == NULL || strcmp(text, WEIR__KNATIVE_KPA_CLASS) == 0 ? WEIR_KPA_CONCURRENCY
                                                                          : WEIR_KPA_OTHER;
    }
    return strcmp(text, "concurrency") == 0 ? WEIR_KPA_CONCURRENCY
           : strcmp(text, "rps") == 0       ? WEIR_KPA_RPS
                                            : WEIR_KPA_OTHER;
}

static int32_t algorithm_of(const struct weir__settings *annotations, const weir_field *algorithm)
{
    const char *key, *text = find(annotations, algorithm, &key);

    return text != NULL && is_weighted(text) ? WEIR_WINDOW_WEIGHTED : WEIR_WINDOW_LINEAR;
}

void weir__knative_use(struct weir__knative *knative, const struct weir__settings *annotations,
                       int64_t container_concurrency)
{
    struct weir__knobs knobs;
    int64_t zero;

    weir__knobs_bind(&knobs, knative);
    zero = weir__knob_integer(weir__knobs_find(&knobs, "allow_zero_initial_scale"));
    for (size_t i = 0; i < knobs.count; i++) {
        const struct weir__knob *knob = &knobs.list[i];
        struct weir__value value;
        const char *key, *text = find(annotations, knob->field, &key);

        if (text == NULL || knob->field->type == WEIR_FIELD_ENUM ||
            weir__field_parse(knob->field, text, strlen(text), &value) != WEIR__GO_OK ||
            (strcmp(knob->field->name, "initial_scale") == 0 && value.integer == 0 && zero == 0)) {
            continue;
        }
        weir__field_store(knob->field, knob->config, &value);
    }
    knative->kpa.metric = metric_of(annotations, weir__knobs_find(&knobs, "metric")->field,
                                    weir__knobs_find(&knobs, "pod_autoscaler_class")->field);
    knative->kpa.metric_aggregation_algorithm =
        algorithm_of(annotations, weir__knobs_find(&knobs, "metric_aggregation_algorithm")->field);
    knative->kpa.container_concurrency = container_concurrency;
}
