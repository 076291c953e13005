/*
 * manifest/knative_text.c - ConfigMap data and annotations to fields, driven by the field table.
 *
 * The table says which key is which field, of what type and within what bounds. Here stands what it
 * cannot say: where an annotation is held to more than its field, and rules between fields.
 */
#include "knative_text.h"
#include "go_syntax.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <weir/fields.h>
#include <weir/manifest.h>

#define PREFIX    "autoscaling.knative.dev/"
#define KPA_CLASS "kpa.autoscaling.knative.dev"
#define HPA_CLASS "hpa.autoscaling.knative.dev"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Annotations that admission holds to more than their field. */
static const struct {
    const char *name;
    double dmin, dmax;
    int64_t imax;
} stricter[] = {
    {"panic_threshold_percentage", 110, 1000, 0},
    {"scale_down_delay", 0, 0, 3600 * WEIR_SECOND},
    {"scale_to_zero_pod_retention_period", 0, 0, 3600 * WEIR_SECOND},
};

static const weir_field *table(size_t *count)
{
    const weir_field *fields = NULL;

    *count = 0;
    weir_fields(WEIR_CONFIG_KPA, &fields, count);
    return fields;
}

static void tell(struct teller *t, int pair, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void tell(struct teller *t, int pair, const char *key, const char *format, ...)
{
    char message[240];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    t->count++;
    t->tell(t->user, pair, key, message);
}

/* ---- one value ------------------------------------------------------------------------------ */

/* A text as its field has it. */
struct value {
    double number;
    int64_t integer; /* also durations, booleans, enumerations */
};

static int read_enum(const weir_field *f, const char *text, int64_t *value)
{
    const char *name = f->values;

    if (strcmp(f->name, "metric_aggregation_algorithm") == 0) { /* every other text is linear */
        *value =
            strcmp(text, "weighted-exponential") == 0 || strcmp(text, "weightedExponential") == 0;
        return 1;
    }
    for (*value = 0; strchr(name, '|') != NULL; (*value)++) {
        size_t length = strcspn(name, "|");

        if (strlen(text) == length && strncmp(text, name, length) == 0) {
            return 1;
        }
        name += length + 1;
    }
    return 1; /* the last name stands for all others */
}

/* Whether Go can read the text as the field's type. */
static int parse(const weir_field *f, const char *text, struct value *v)
{
    int32_t truth;

    switch (f->type) {
    case WEIR_FIELD_DOUBLE: return go_parse_float(text, &v->number);
    case WEIR_FIELD_DURATION: return go_parse_duration(text, &v->integer);
    case WEIR_FIELD_ENUM: return read_enum(f, text, &v->integer);
    case WEIR_FIELD_TEXT: return 1;
    case WEIR_FIELD_BOOL:
        if (!go_parse_bool(text, &truth)) {
            return 0;
        }
        v->integer = truth;
        return 1;
    default: return go_parse_int(text, 32, &v->integer);
    }
}

static void store(weir_kpa_config *config, const weir_field *f, const struct value *v,
                  const char *text)
{
    char *at = (char *)config + f->offset;
    int32_t narrow = (int32_t)v->integer;

    if (f->type == WEIR_FIELD_DOUBLE) {
        memcpy(at, &v->number, sizeof v->number);
    } else if (f->type == WEIR_FIELD_TEXT) {
        snprintf(at, f->size, "%s", text);
    } else if (f->size == sizeof v->integer) {
        memcpy(at, &v->integer, sizeof v->integer);
    } else {
        memcpy(at, &narrow, sizeof narrow);
    }
}

static const char *type_words(const weir_field *f)
{
    return f->type == WEIR_FIELD_DOUBLE     ? "a number"
           : f->type == WEIR_FIELD_DURATION ? "a duration like 90s or 2m30s"
           : f->type == WEIR_FIELD_BOOL     ? "true or false"
                                            : "a whole number";
}

static void check_double(const weir_field *f, const char *key, const char *text, double x,
                         double min, double max, int pair, struct teller *t)
{
    int above = (f->flags & WEIR_FIELD_ABOVE_MIN) != 0;
    const char *minus = (f->flags & WEIR_FIELD_OR_MINUS_ONE) != 0 ? " or -1" : "";

    if (minus[0] != '\0' && x == -1.0) {
        return;
    }
    if ((x < min && min > WEIR_UNSET) || (x > max && max < -WEIR_UNSET) ||
        (above && x == min)) { /* NaN passes, as it does upstream */
        if (max >= -WEIR_UNSET) {
            tell(t, pair, key, "must be %s %g%s, got \"%.60s\"", above ? "above" : "at least", min,
                 minus, text);
        } else {
            tell(t, pair, key, "must be in %c%g, %g], got \"%.60s\"", above ? '(' : '[', min, max,
                 text);
        }
    }
}

/* Equal to itself rounded to seconds, as Go rounds: at the top of the range rounding saturates. */
static int is_whole_seconds(weir_duration d)
{
    weir_duration past = d % WEIR_SECOND;

    return past == 0 || (past + past >= WEIR_SECOND && d > INT64_MAX - (WEIR_SECOND - past));
}

static void check_integer(const weir_field *f, const char *key, const char *text, int64_t x,
                          int64_t max, int pair, struct teller *t)
{
    int above = (f->flags & WEIR_FIELD_ABOVE_MIN) != 0;
    int64_t unit = f->type == WEIR_FIELD_DURATION ? WEIR_SECOND : 1;
    const char *s = f->type == WEIR_FIELD_DURATION ? "s" : "";

    int open = max >= (INT64_C(1) << 60) || max == INT32_MAX; /* no bound of upstream's */

    if (x < f->imin || (x > max && !open) || (above && x == f->imin)) {
        if (open) {
            tell(t, pair, key, "must be %s %lld%s, got \"%.60s\"", above ? "above" : "at least",
                 (long long)(f->imin / unit), s, text);
        } else {
            tell(t, pair, key, "must be in [%lld%s, %lld%s], got \"%.60s\"",
                 (long long)(f->imin / unit), s, (long long)(max / unit), s, text);
        }
    } else if ((f->flags & WEIR_FIELD_WHOLE_SECONDS) != 0 && !is_whole_seconds(x)) {
        tell(t, pair, key, "must be whole seconds, got \"%.60s\"", text);
    }
}

/* The bounds of a field, or for an annotation those of admission. */
static void check(const weir_field *f, const char *key, const char *text, const struct value *v,
                  int annotation, int pair, struct teller *t)
{
    double dmin = f->dmin, dmax = f->dmax;
    int64_t imax = f->imax;

    for (size_t i = 0; annotation && i < COUNT(stricter); i++) {
        if (strcmp(stricter[i].name, f->name) == 0) {
            dmin = stricter[i].dmin;
            dmax = stricter[i].dmax;
            imax = stricter[i].imax;
        }
    }
    if (f->type == WEIR_FIELD_DOUBLE) {
        check_double(f, key, text, v->number, dmin, dmax, pair, t);
    } else if (f->type == WEIR_FIELD_INT || f->type == WEIR_FIELD_DURATION) {
        check_integer(f, key, text, v->integer, imax, pair, t);
    }
}

/* ---- ConfigMap config-autoscaler ------------------------------------------------------------ */

/* Settings that come from another ConfigMap. */
static int is_foreign(const weir_field *f)
{
    return strcmp(f->global_key, "progress-deadline") == 0;
}

static const weir_field *setting(const char *key)
{
    size_t count;
    const weir_field *f = table(&count);

    for (size_t i = 0; i < count; i++) {
        if (f[i].global_key[0] != '\0' && strcmp(f[i].global_key, key) == 0 && !is_foreign(&f[i])) {
            return &f[i];
        }
    }
    return NULL;
}

/* Knative 0.51 trims the class, 0.42 does not. */
static void trim(char *text)
{
    size_t from = strspn(text, " \t\r\n\v\f"), length = strlen(text);

    while (length > from && strchr(" \t\r\n\v\f", text[length - 1]) != NULL) {
        length--;
    }
    memmove(text, text + from, length - from);
    text[length - from] = '\0';
}

static void check_together(const weir_kpa_config *c, struct teller *t)
{
    if (c->container_concurrency_target_percentage * c->container_concurrency_target_default <
        0.01) {
        tell(t, -1, "container-concurrency-target-default",
             "times container-concurrency-target-percentage must be at least 0.01");
    }
    if (c->initial_scale == 0 && !c->allow_zero_initial_scale) {
        tell(t, -1, "initial-scale", "must be at least 1 unless allow-zero-initial-scale is true");
    }
    if (c->max_scale_limit > 0 && (c->max_scale < 1 || c->max_scale > c->max_scale_limit)) {
        tell(t, -1, "max-scale", "must be in [1, %d] under max-scale-limit, is %d",
             c->max_scale_limit, c->max_scale);
    }
    if (c->max_scale > 0 && c->min_scale > c->max_scale) {
        tell(t, -1, "min-scale", "must not be above max-scale %d, is %d", c->max_scale,
             c->min_scale);
    }
}

void knative_read_settings(const weir_pair *data, size_t count, weir_kpa_config *config,
                           struct teller *t)
{
    weir_kpa_config changed = *config;
    int before = t->count;

    for (size_t i = 0; i < count; i++) {
        const weir_field *f = setting(data[i].key);
        struct value v = {0.0, 0};

        if (f == NULL) {
            continue;
        }
        if (!parse(f, data[i].text, &v)) {
            tell(t, (int)i, data[i].key, "must be %s, got \"%.60s\"", type_words(f), data[i].text);
            continue;
        }
        if (strcmp(f->global_key, "container-concurrency-target-percentage") == 0 &&
            v.number > 1.0) {
            v.number /= 100.0; /* 70 means 0.7, and 1 means 1 */
        }
        check(f, data[i].key, data[i].text, &v, 0, (int)i, t);
        store(&changed, f, &v, data[i].text);
    }
    if (config->semantics == WEIR_SERVING_0_51) {
        trim(changed.pod_autoscaler_class);
    }
    if (t->count == before) {
        check_together(&changed, t);
    }
    if (t->count == before) {
        *config = changed;
    }
}

/* ---- annotations ---------------------------------------------------------------------------- */

/* The text of an annotation: its own key first, then the alias. NULL when neither is there. */
static const weir_pair *find(const weir_pair *annotations, size_t count, const weir_field *f)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(annotations[i].key, f->key) == 0) {
            return &annotations[i];
        }
    }
    for (size_t i = 0; f->alias[0] != '\0' && i < count; i++) {
        if (strcmp(annotations[i].key, f->alias) == 0) {
            return &annotations[i];
        }
    }
    return NULL;
}

static const weir_field *field_named(const char *name)
{
    size_t count;
    const weir_field *f = table(&count);

    while (count > 0 && strcmp(f->name, name) != 0) {
        f++;
        count--;
    }
    return f;
}

static const char *text_of(const weir_pair *annotations, size_t count, const char *name)
{
    const weir_pair *pair = find(annotations, count, field_named(name));

    return pair != NULL ? pair->text : NULL;
}

static int is_annotation(const weir_field *f)
{
    return strchr(f->key, '/') != NULL;
}

/* A revision being admitted. */
struct admission {
    const weir_kpa_config *cluster;
    const weir_pair *annotations;
    size_t count;
    const char *class_name;
    int has_class;
    struct teller *t;
};

static void admit_class(const struct admission *a, const weir_pair *pair, int number)
{
    size_t length = strlen(pair->text);

    if (length >= 12 && strcmp(pair->text + length - 12, ".knative.dev") == 0 &&
        strcmp(pair->text, KPA_CLASS) != 0 && strcmp(pair->text, HPA_CLASS) != 0) {
        tell(a->t, number, pair->key, "must be %s or %s, got \"%.60s\"", KPA_CLASS, HPA_CLASS,
             pair->text);
    }
}

static void admit_metric(const struct admission *a, const weir_pair *pair, int number)
{
    if (strcmp(a->class_name, KPA_CLASS) == 0 && strcmp(pair->text, "concurrency") != 0 &&
        strcmp(pair->text, "rps") != 0) {
        tell(a->t, number, pair->key, "must be concurrency or rps (class kpa), got \"%.60s\"",
             pair->text);
    } else if (strcmp(a->class_name, HPA_CLASS) == 0 && pair->text[0] == '\0') {
        tell(a->t, number, pair->key, "must not be empty (class hpa)");
    }
}

static void admit_algorithm(const struct admission *a, const weir_pair *pair, int number)
{
    static const char *const names[] = {"", "linear", "weighted-exponential",
                                        "weightedExponential"};

    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(pair->text, names[i]) == 0) {
            return;
        }
    }
    if (a->has_class && strcmp(a->class_name, KPA_CLASS) == 0) {
        tell(a->t, number, pair->key, "must be linear or weighted-exponential, got \"%.60s\"",
             pair->text);
    }
}

/* Initial scale is read as 64 bits here, and as 32 at use. */
static void admit_initial(const struct admission *a, const weir_pair *pair, int number)
{
    int64_t n;

    if (!go_parse_int(pair->text, 64, &n)) {
        tell(a->t, number, pair->key, "must be a whole number, got \"%.60s\"", pair->text);
    } else if (n < 0) {
        tell(a->t, number, pair->key, "must be at least 0, got \"%.60s\"", pair->text);
    } else if (n == 0 && !a->cluster->allow_zero_initial_scale) {
        tell(a->t, number, pair->key,
             "=0 is not allowed by the cluster (allow-zero-initial-scale)");
    }
}

/* An annotation's own bound: 0 when it is absent or does not parse. */
static int64_t bound_of(const struct admission *a, const char *name)
{
    const char *text = text_of(a->annotations, a->count, name);
    int64_t n;

    return text != NULL && go_parse_int(text, 32, &n) ? n : 0;
}

static void admit_max(const struct admission *a, const weir_pair *pair, int number)
{
    int64_t n, limit = a->cluster->max_scale_limit;

    if (limit > 0 && go_parse_int(pair->text, 32, &n) && n >= 0) {
        if (n > limit) {
            tell(a->t, number, pair->key, "must be in [1, %lld], got \"%.60s\"", (long long)limit,
                 pair->text);
        } else if (n == 0) {
            tell(a->t, number, pair->key, "=0 (unlimited) must be less than %lld",
                 (long long)limit);
        }
    }
}

static void admit_activation(const struct admission *a, const weir_pair *pair, int number)
{
    int64_t min = bound_of(a, "min_scale"), max = bound_of(a, "max_scale"), n;

    if (!go_parse_int(pair->text, 32, &n)) {
        tell(a->t, number, pair->key, "must be a whole number, got \"%.60s\"", pair->text);
    } else if (min > n) {
        tell(a->t, number, pair->key, "must not be below min-scale %lld, got \"%.60s\"",
             (long long)min, pair->text);
    } else if (max != 0 && max < n) {
        tell(a->t, number, pair->key, "must not be above max-scale %lld, got \"%.60s\"",
             (long long)max, pair->text);
    } else if (n < 2) {
        tell(a->t, number, pair->key, "must be at least 2, got \"%.60s\"", pair->text);
    }
}

/* Annotations with rules of their own. */
static const struct {
    const char *name;
    void (*admit)(const struct admission *a, const weir_pair *pair, int number);
    int also_bounds; /* the field's bounds hold too */
} own_rules[] = {
    {"pod_autoscaler_class", admit_class, 0},
    {"metric", admit_metric, 0},
    {"metric_aggregation_algorithm", admit_algorithm, 0},
    {"initial_scale", admit_initial, 0},
    {"max_scale", admit_max, 1},
    {"activation_scale", admit_activation, 0},
};

static void admit_one(const struct admission *a, const weir_field *f, const weir_pair *pair)
{
    int number = (int)(pair - a->annotations);
    struct value v = {0.0, 0};

    for (size_t i = 0; i < COUNT(own_rules); i++) {
        if (strcmp(own_rules[i].name, f->name) == 0) {
            own_rules[i].admit(a, pair, number);
            if (!own_rules[i].also_bounds) {
                return;
            }
        }
    }
    if (!parse(f, pair->text, &v)) {
        tell(a->t, number, pair->key, "must be %s, got \"%.60s\"", type_words(f), pair->text);
        return;
    }
    check(f, pair->key, pair->text, &v, 1, number, a->t);
}

void knative_admit(const weir_kpa_config *cluster, const weir_pair *annotations, size_t count,
                   struct teller *t)
{
    struct admission a = {cluster, annotations, count, cluster->pod_autoscaler_class, 0, t};
    size_t fields;
    const weir_field *f = table(&fields);
    const char *class_name = text_of(annotations, count, "pod_autoscaler_class");
    int64_t min, max;

    if (class_name != NULL) {
        a.class_name = class_name;
        a.has_class = 1;
    }
    for (size_t i = 0; i < fields; i++) {
        const weir_pair *pair = is_annotation(&f[i]) ? find(annotations, count, &f[i]) : NULL;

        if (pair != NULL) {
            admit_one(&a, &f[i], pair);
        }
    }
    min = bound_of(&a, "min_scale");
    max = bound_of(&a, "max_scale");
    if (max > 0 && max < min) {
        tell(t, -1, PREFIX "max-scale", "=%lld is less than min-scale=%lld", (long long)max,
             (long long)min);
    }
}

/* ---- public --------------------------------------------------------------------------------- */

static void keep_first(void *user, int pair, const char *key, const char *message)
{
    weir_error *err = user;

    (void)pair;
    if (err != NULL && err->status == WEIR_OK) {
        err->status = WEIR_E_RANGE;
        snprintf(err->path, sizeof err->path, "%s", key);
        snprintf(err->message, sizeof err->message, "%s", message);
    }
}

static void clear(weir_error *err)
{
    if (err != NULL) {
        memset(err, 0, sizeof *err);
    }
}

weir_status weir_knative_settings(const weir_pair *data, size_t count, weir_kpa_config *config,
                                  weir_error *err)
{
    struct teller t = {keep_first, err, 0};

    if ((data == NULL && count > 0) || config == NULL || config->struct_size != sizeof *config) {
        return WEIR_E_ARG;
    }
    clear(err);
    knative_read_settings(data, count, config, &t);
    return t.count == 0 ? WEIR_OK : WEIR_E_RANGE;
}

weir_status weir_knative_deployment(const weir_pair *data, size_t count, weir_kpa_config *config,
                                    weir_error *err)
{
    struct teller t = {keep_first, err, 0};
    weir_duration deadline;

    if ((data == NULL && count > 0) || config == NULL || config->struct_size != sizeof *config) {
        return WEIR_E_ARG;
    }
    clear(err);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(data[i].key, "progress-deadline") != 0 &&
            strcmp(data[i].key, "progressDeadline") != 0) {
            continue;
        }
        if (!go_parse_duration(data[i].text, &deadline) || deadline <= 0 ||
            !is_whole_seconds(deadline)) {
            tell(&t, (int)i, data[i].key, "must be a duration of whole seconds, got \"%.60s\"",
                 data[i].text);
            return WEIR_E_RANGE;
        }
        config->progress_deadline = deadline;
    }
    return WEIR_OK;
}

weir_status weir_knative_admit(const weir_kpa_config *cluster, const weir_pair *annotations,
                               size_t count, weir_error *err)
{
    struct teller t = {keep_first, err, 0};

    if ((annotations == NULL && count > 0) || cluster == NULL) {
        return WEIR_E_ARG;
    }
    clear(err);
    knative_admit(cluster, annotations, count, &t);
    return t.count == 0 ? WEIR_OK : WEIR_E_RANGE;
}

weir_status weir_knative_use(const weir_pair *annotations, size_t count, weir_kpa_config *config)
{
    size_t fields;
    const weir_field *f = table(&fields), *metric = field_named("metric");
    struct value kind = {0.0, 0};

    if ((annotations == NULL && count > 0) || config == NULL ||
        config->struct_size != sizeof *config) {
        return WEIR_E_ARG;
    }
    for (size_t i = 0; i < fields; i++) {
        const weir_pair *pair = is_annotation(&f[i]) ? find(annotations, count, &f[i]) : NULL;
        struct value v = {0.0, 0};

        if (pair == NULL || strcmp(f[i].name, "metric") == 0 || !parse(&f[i], pair->text, &v)) {
            continue; /* what does not parse counts as absent */
        }
        if (strcmp(f[i].name, "initial_scale") == 0 && v.integer == 0 &&
            !config->allow_zero_initial_scale) {
            continue;
        }
        store(config, &f[i], &v, pair->text);
    }
    read_enum(metric, weir_knative_metric(annotations, count), &kind.integer);
    store(config, metric, &kind, "");
    return WEIR_OK;
}

const char *weir_knative_metric(const weir_pair *annotations, size_t count)
{
    const char *text = text_of(annotations, count, "metric");
    const char *class_name = text_of(annotations, count, "pod_autoscaler_class");

    if (text != NULL) {
        return text;
    }
    /* At use, unlike at admission, the cluster's default class does not count. */
    return class_name == NULL || strcmp(class_name, KPA_CLASS) == 0 ? "concurrency"
           : strcmp(class_name, HPA_CLASS) == 0                     ? "cpu"
                                                                    : "";
}

/* ---- what Knative knows --------------------------------------------------------------------- */

int knative_knows_setting(const char *key)
{
    return setting(key) != NULL || strcmp(key, "_example") == 0 ||
           strcmp(key, "tick-interval") == 0;
}

int knative_knows_annotation(const char *key)
{
    size_t count;
    const weir_field *f = table(&count);

    for (size_t i = 0; i < count; i++) {
        if (is_annotation(&f[i]) && (strcmp(f[i].key, key) == 0 || strcmp(f[i].alias, key) == 0)) {
            return 1;
        }
    }
    return 0;
}

const char *knative_newer_spelling(const char *key)
{
    size_t count;
    const weir_field *f = table(&count);

    for (size_t i = 0; i < count; i++) {
        if (f[i].alias[0] != '\0' && strcmp(f[i].alias, key) == 0) {
            return f[i].key;
        }
    }
    return NULL;
}

const char *knative_nearest_setting(const char *key)
{
    const char *names[64];
    size_t count, n = 0;
    const weir_field *f = table(&count);

    for (size_t i = 0; i < count && n < COUNT(names); i++) {
        if (f[i].global_key[0] != '\0' && !is_foreign(&f[i])) {
            names[n++] = f[i].global_key;
        }
    }
    return weir_nearest_name(key, names, n);
}

const char *knative_nearest_annotation(const char *key)
{
    const char *names[64];
    size_t count, n = 0;
    const weir_field *f = table(&count);

    for (size_t i = 0; i < count && n < COUNT(names); i++) {
        if (strncmp(f[i].key, PREFIX, sizeof PREFIX - 1) == 0) {
            names[n++] = f[i].key;
        }
    }
    return weir_nearest_name(key, names, n);
}
