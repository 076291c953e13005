/*
 * manifest/knative.c - one text of Knative's to one field, and the public functions about pairs.
 */
#include "knative.h"
#include "go_syntax.h"

#include <string.h>
#include <weir/fields.h>

/* ---- fields --------------------------------------------------------------------------------- */

const weir_field *weir__kpa_fields(size_t *count)
{
    const weir_field *fields = NULL;

    *count = 0;
    weir_fields(WEIR_CONFIG_KPA, &fields, count);
    return fields;
}

const weir_field *weir__kpa_field(const char *name)
{
    size_t count;
    const weir_field *field = weir__kpa_fields(&count);

    for (; count > 1 && strcmp(field->name, name) != 0; count--) {
        field++;
    }
    return field;
}

int weir__is_annotation(const weir_field *field)
{
    return strchr(field->key, '/') != NULL;
}

int weir__is_deployment_setting(const weir_field *field)
{
    return strcmp(field->name, "progress_deadline") == 0;
}

const char *weir__pairs_get(const struct weir__pairs *pairs, const char *key)
{
    for (size_t i = 0; key[0] != '\0' && i < pairs->count; i++) {
        if (strcmp(pairs->list[i].key, key) == 0) {
            return pairs->list[i].text;
        }
    }
    return NULL;
}

/* ---- one text ------------------------------------------------------------------------------- */

void weir__knative_report(struct weir__knative_sink sink, weir_status status, const char *key,
                          struct weir__message *m, const char *text)
{
    if (text != NULL) {
        weir__message_add(m, ", got ");
        weir__message_quote(m, text, strlen(text));
    }
    sink.report(sink.user, status, key, m->text);
}

int weir__knative_read(const weir_field *field, const struct weir__bounds *bounds, const char *key,
                       const char *text, struct weir__value *value, struct weir__knative_sink sink)
{
    int result = weir__field_parse(field, text, strlen(text), value);
    struct weir__message m;

    weir__message_clear(&m);
    if (result == WEIR__GO_OK && weir__field_within(field, bounds, value)) {
        return 1;
    }
    if (result == WEIR__GO_OK || (result == WEIR__GO_RANGE && field->type == WEIR_FIELD_INT)) {
        weir__field_say_bounds(field, bounds, &m);
        weir__knative_report(sink, WEIR_E_RANGE, key, &m, text);
    } else {
        weir__field_say_type(field, &m);
        weir__message_add(&m, result == WEIR__GO_RANGE ? " that a double can hold" : "");
        weir__knative_report(sink, WEIR_E_PARSE, key, &m, text);
    }
    return 0;
}

/* ---- pairs ---------------------------------------------------------------------------------- */

/* Keeps the first error, and counts. */
struct first {
    weir_error *err;
    weir_status status;
};

static void keep_first(void *user, weir_status status, const char *key, const char *message)
{
    struct first *first = user;
    struct weir__path path;
    struct weir__message m;

    if (first->status != WEIR_OK) {
        return;
    }
    first->status = status;
    if (first->err != NULL) {
        weir__path_clear(&path); /* for its cutting */
        weir__path_text(&path, key);
        weir__message_clear(&m);
        weir__message_add(&m, message);
        first->err->status = status;
        memcpy(first->err->path, path.text, strlen(path.text) + 1);
        memcpy(first->err->message, m.text, strlen(m.text) + 1);
    }
}

static struct weir__knative_sink first_into(struct first *first, weir_error *err)
{
    struct weir__knative_sink sink = {keep_first, first};

    first->err = err;
    first->status = WEIR_OK;
    if (err != NULL) {
        memset(err, 0, sizeof *err);
    }
    return sink;
}

static int are_pairs(const weir_pair *pairs, size_t count)
{
    for (size_t i = 0; pairs != NULL && i < count; i++) {
        if (pairs[i].key == NULL || pairs[i].text == NULL) {
            return 0;
        }
    }
    return pairs != NULL || count == 0;
}

static int is_config(const weir_kpa_config *config)
{
    return config != NULL && config->struct_size == sizeof *config;
}

weir_status weir_knative_settings(const weir_pair *data, size_t count, weir_kpa_config *config,
                                  weir_error *err)
{
    struct first first;
    struct weir__knative_sink sink = first_into(&first, err);
    struct weir__pairs pairs = {data, count};

    if (!are_pairs(data, count) || !is_config(config)) {
        return WEIR_E_ARG;
    }
    weir__knative_settings(config, &pairs, sink);
    return first.status;
}

weir_status weir_knative_deployment(const weir_pair *data, size_t count, weir_kpa_config *config,
                                    weir_error *err)
{
    struct first first;
    struct weir__knative_sink sink = first_into(&first, err);
    struct weir__pairs pairs = {data, count};

    if (!are_pairs(data, count) || !is_config(config)) {
        return WEIR_E_ARG;
    }
    weir__knative_deployment(config, &pairs, sink);
    return first.status;
}

weir_status weir_knative_admit(const weir_kpa_config *cluster, const weir_pair *annotations,
                               size_t count, weir_error *err)
{
    struct first first;
    struct weir__knative_sink sink = first_into(&first, err);
    struct weir__pairs pairs = {annotations, count};

    if (!are_pairs(annotations, count) || !is_config(cluster)) {
        return WEIR_E_ARG;
    }
    weir__knative_admit(cluster, &pairs, sink);
    return first.status;
}

weir_status weir_knative_use(const weir_pair *annotations, size_t count, weir_kpa_config *config)
{
    struct weir__pairs pairs = {annotations, count};

    if (!are_pairs(annotations, count) || !is_config(config)) {
        return WEIR_E_ARG;
    }
    weir__knative_use(config, &pairs);
    return WEIR_OK;
}
