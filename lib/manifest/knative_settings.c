/*
 * manifest/knative_settings.c - the cluster's ConfigMaps: config-autoscaler, and of
 * config-deployment and config-defaults what autoscaling reads.
 *
 * One wrong text and the cluster refuses the whole ConfigMap. Upstream reports the first, here all
 * are. Upstream: knative.dev/serving pkg/autoscaler/config, pkg/deployment and pkg/apis/config,
 * NewConfigFromMap() of each.
 */
#include "go_syntax.h"
#include "knative.h"

#include <float.h>
#include <string.h>

#define SHARE  "container-concurrency-target-percentage"
#define TARGET "container-concurrency-target-default"

/* A ConfigMap being read. A setting that is wrong is not held against another one. */
struct settings {
    const struct weir__pairs *data;
    struct weir__knative_sink sink;
    weir_kpa_config config;
    const char *bad[64];
    size_t bad_count;
    int refused;
};

static int is_bad(const struct settings *s, const char *key)
{
    for (size_t i = 0; i < s->bad_count; i++) {
        if (strcmp(s->bad[i], key) == 0) {
            return 1;
        }
    }
    return 0;
}

static void mark_bad(struct settings *s, const char *key)
{
    s->refused = 1;
    if (s->bad_count < sizeof s->bad / sizeof s->bad[0]) {
        s->bad[s->bad_count++] = key;
    }
}

/* ---- single settings ------------------------------------------------------------------------ */

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Blanks around the class do not count, but in serving 0.42 they do. A class that the member has no
 * room for is none that weir runs, and stays so when it is cut. */
static void read_class(struct settings *s, const weir_field *field, const char *text)
{
    struct weir__value value = {0, 0.0, text, strlen(text)};

    if (s->config.semantics != WEIR_SERVING_0_42) {
        while (value.length > 0 && is_space(value.text[value.length - 1])) {
            value.length--;
        }
        while (value.length > 0 && is_space(value.text[0])) {
            value.text++;
            value.length--;
        }
    }
    weir__field_store(field, &s->config, &value);
}

/* Above 1 it is a percentage, up to 1 a fraction. */
static void read_share(struct settings *s, const weir_field *field, const char *text)
{
    struct weir__message m;
    struct weir__value value;

    weir__message_clear(&m);
    if (weir__field_parse(field, text, strlen(text), &value) != WEIR__GO_OK) {
        weir__field_say_type(field, &m);
        weir__knative_report(s->sink, WEIR_E_PARSE, SHARE, &m, text);
        mark_bad(s, SHARE);
        return;
    }
    if (value.number > 1.0) {
        value.number /= 100.0;
    }
    if (value.number <= 0.0 || value.number > 1.0) {
        weir__message_add(&m, "must be in (0, 100] percent, where up to 1 is a fraction");
        weir__knative_report(s->sink, WEIR_E_RANGE, SHARE, &m, text);
        mark_bad(s, SHARE);
        return;
    }
    weir__field_store(field, &s->config, &value);
}

/* Bounds of the cluster's, where they are not the table's. */
static void bounds_of(const weir_field *field, struct weir__bounds *bounds)
{
    weir__bounds_of(field, bounds);
    if (field->type == WEIR_FIELD_DURATION && bounds->imax >= INT64_C(1) << 60) {
        bounds->imax = INT64_MAX; /* what is absurd weir refuses, Knative does not */
    }
    if (strcmp(field->global_key, TARGET) == 0) {
        bounds->dmin = -DBL_MAX; /* only its product with the share is checked */
    }
}

static void read_setting(struct settings *s, const weir_field *field)
{
    const char *key = field->global_key, *text = weir__pairs_get(s->data, key);
    struct weir__bounds bounds;
    struct weir__value value;

    if (text == NULL) {
        return;
    }
    bounds_of(field, &bounds);
    if (field->type == WEIR_FIELD_TEXT) {
        read_class(s, field, text);
    } else if (strcmp(key, SHARE) == 0) {
        read_share(s, field, text);
    } else if (weir__knative_read(field, &bounds, key, text, &value, s->sink)) {
        weir__field_store(field, &s->config, &value);
    } else {
        mark_bad(s, key);
    }
}

/* ---- settings together ---------------------------------------------------------------------- */

/* Refuses what two settings make together, at the one that is written. */
static void refuse(struct settings *s, const char *key, const char *other,
                   const struct weir__message *m)
{
    key = weir__pairs_get(s->data, key) != NULL ? key : other;
    s->sink.report(s->sink.user, WEIR_E_RANGE, key, m->text);
    s->refused = 1;
}

static void check_target(struct settings *s)
{
    double product = s->config.container_concurrency_target_percentage *
                     s->config.container_concurrency_target_default;
    struct weir__message m;

    if (!is_bad(s, SHARE) && !is_bad(s, TARGET) && product < 0.01) {
        weir__message_clear(&m);
        weir__message_add(&m, TARGET " times " SHARE " must be at least 0.01, but is ");
        weir__message_double(&m, product);
        refuse(s, TARGET, SHARE, &m);
    }
}

static void check_scales(struct settings *s)
{
    const weir_kpa_config *c = &s->config;
    struct weir__message m;

    if (!is_bad(s, "initial-scale") && !is_bad(s, "allow-zero-initial-scale") &&
        c->initial_scale == 0 && c->allow_zero_initial_scale == 0) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be at least 1 unless allow-zero-initial-scale is true, got 0");
        refuse(s, "initial-scale", "allow-zero-initial-scale", &m);
    }
    if (!is_bad(s, "max-scale") && !is_bad(s, "max-scale-limit") && c->max_scale_limit > 0 &&
        (c->max_scale < 1 || c->max_scale > c->max_scale_limit)) {
        weir__message_clear(&m);
        weir__message_add(&m, "max-scale must be in [1, max-scale-limit ");
        weir__message_int(&m, c->max_scale_limit);
        weir__message_add(&m, "], but is ");
        weir__message_int(&m, c->max_scale);
        refuse(s, "max-scale", "max-scale-limit", &m);
    }
    if (!is_bad(s, "min-scale") && !is_bad(s, "max-scale") && c->max_scale > 0 &&
        c->min_scale > c->max_scale) {
        weir__message_clear(&m);
        weir__message_add(&m, "min-scale ");
        weir__message_int(&m, c->min_scale);
        weir__message_add(&m, " is above max-scale ");
        weir__message_int(&m, c->max_scale);
        refuse(s, "min-scale", "max-scale", &m);
    }
}

int weir__knative_settings(weir_kpa_config *config, const struct weir__pairs *data,
                           struct weir__knative_sink sink)
{
    size_t count;
    const weir_field *fields = weir__kpa_fields(&count);
    struct settings s;

    memset(&s, 0, sizeof s);
    s.data = data;
    s.sink = sink;
    s.config = *config;
    for (size_t i = 0; i < count; i++) {
        if (!weir__is_deployment_setting(&fields[i])) {
            read_setting(&s, &fields[i]);
        }
    }
    check_target(&s);
    check_scales(&s);
    if (!s.refused) {
        *config = s.config;
    }
    return !s.refused;
}

/* ---- config-deployment and config-defaults -------------------------------------------------- */

/* The older spelling is read first, so the newer one wins; both must be durations. */
int weir__knative_deployment(weir_kpa_config *config, const struct weir__pairs *data,
                             struct weir__knative_sink sink)
{
    const weir_field *field = weir__kpa_field("progress_deadline");
    const char *keys[] = {"progressDeadline", field->global_key}, *key = NULL;
    struct weir__bounds bounds;
    struct weir__value value;
    int fine = 1;

    bounds_of(field, &bounds);
    bounds.flags |= WEIR_FIELD_WHOLE_SECONDS;
    for (size_t i = 0; i < 2; i++) {
        const char *text = weir__pairs_get(data, keys[i]);

        if (text == NULL) {
            continue;
        }
        key = keys[i];
        if (weir__field_parse(field, text, strlen(text), &value) != WEIR__GO_OK) {
            fine = weir__knative_read(field, &bounds, key, text, &value, sink);
        }
    }
    if (fine && key != NULL) {
        fine = weir__knative_read(field, &bounds, key, weir__pairs_get(data, key), &value, sink);
        if (fine) {
            weir__field_store(field, config, &value);
        }
    }
    return fine;
}

#define ROW(m)                                                                                     \
    .name = #m, .offset = (uint32_t)offsetof(struct weir__knative_defaults, m),                    \
    .size = (uint32_t)sizeof(((struct weir__knative_defaults *)0)->m), .key = "", .alias = "",     \
    .unit = "", .values = "", .doc = ""

static const weir_field defaults_fields[] = {
    {ROW(container_concurrency), .global_key = "container-concurrency", .type = WEIR_FIELD_INT,
     .imax = INT64_MAX},
    {ROW(container_concurrency_max_limit), .global_key = "container-concurrency-max-limit",
     .type = WEIR_FIELD_INT, .imin = 1, .imax = INT64_MAX},
    {ROW(allow_container_concurrency_zero), .global_key = "allow-container-concurrency-zero",
     .type = WEIR_FIELD_BOOL, .imax = 1},
};

void weir__knative_defaults_init(struct weir__knative_defaults *defaults)
{
    memset(defaults, 0, sizeof *defaults);
    defaults->container_concurrency_max_limit = 1000;
    defaults->allow_container_concurrency_zero = 1;
}

int weir__knative_defaults_read(struct weir__knative_defaults *defaults,
                                const struct weir__pairs *data, struct weir__knative_sink sink)
{
    struct weir__knative_defaults own = *defaults;
    struct weir__message m;
    int fine = 1;

    for (size_t i = 0; i < sizeof defaults_fields / sizeof defaults_fields[0]; i++) {
        const weir_field *field = &defaults_fields[i];
        const char *text = weir__pairs_get(data, field->global_key);
        struct weir__bounds bounds;
        struct weir__value value;

        weir__bounds_of(field, &bounds);
        if (text == NULL) {
            continue;
        }
        if (weir__knative_read(field, &bounds, field->global_key, text, &value, sink)) {
            weir__field_store(field, &own, &value);
        } else {
            fine = 0;
        }
    }
    if (fine && own.container_concurrency > own.container_concurrency_max_limit) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be at most container-concurrency-max-limit, which is ");
        weir__message_int(&m, own.container_concurrency_max_limit);
        sink.report(sink.user, WEIR_E_RANGE, defaults_fields[0].global_key, m.text);
        fine = 0;
    }
    if (fine) {
        *defaults = own;
    }
    return fine;
}
