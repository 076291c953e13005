/*
 * manifest/keda_metadata.c - typed parameters out of a trigger's metadata; see keda_metadata.h.
 *
 * Upstream: KEDA pkg/scalers/scalersconfig/typed_config.go.
 */
#include "keda_metadata.h"
#include "go_syntax.h"

#include <string.h>

/* ---- texts ---------------------------------------------------------------------------------- */

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim(const char **text, size_t *length)
{
    for (; *length > 0 && is_space((*text)[0]); --*length) {
        ++*text;
    }
    while (*length > 0 && is_space((*text)[*length - 1])) {
        --*length;
    }
}

const char *weir__metadata_get(const struct weir__keda_trigger *trigger, const char *key,
                               size_t *length)
{
    const char *const *pairs = trigger->metadata.items;

    for (size_t i = 0; i + 1 < trigger->metadata.count; i += 2) {
        if (strcmp(pairs[i], key) == 0) {
            const char *text = pairs[i + 1];

            *length = strlen(text);
            trim(&text, length);
            return *length > 0 ? text : NULL;
        }
    }
    return NULL;
}

static int is_digit(const char *text, size_t length, size_t at)
{
    return at < length && text[at] >= '0' && text[at] <= '9';
}

static size_t skip_digits(const char *text, size_t length, size_t at)
{
    while (is_digit(text, length, at)) {
        at++;
    }
    return at;
}

int weir__json_number(const char *text, size_t length, double *value)
{
    size_t at = length > 0 && text[0] == '-', from = at;

    if (!is_digit(text, length, at)) {
        return 0;
    }
    at = skip_digits(text, length, at);
    if (text[from] == '0' && at > from + 1) {
        return 0;
    }
    if (at < length && text[at] == '.') {
        if (!is_digit(text, length, at + 1)) {
            return 0;
        }
        at = skip_digits(text, length, at + 1);
    }
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        at += at < length && (text[at] == '+' || text[at] == '-');
        if (!is_digit(text, length, at)) {
            return 0;
        }
        at = skip_digits(text, length, at);
    }
    return at == length && weir__go_float(text, length, value) == WEIR__GO_OK;
}

/* ---- reporting ------------------------------------------------------------------------------ */

void weir__metadata_say(struct weir__keda_check *c, const struct weir__keda_trigger *trigger,
                        const char *key, int32_t severity, int32_t stages,
                        const struct weir__message *m)
{
    struct weir__keda_spot spot = weir__keda_enter(c, &trigger->is, "metadata");

    weir__keda_say(c, &trigger->metadata.is, key, severity, stages, m);
    weir__keda_leave(c, spot);
}

void weir__metadata_error(struct weir__keda_check *c, const struct weir__keda_trigger *trigger,
                          const char *key, int32_t stages, const char *text)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, text);
    weir__metadata_say(c, trigger, key, WEIR_PROBLEM_ERROR, stages, &m);
}

static void refuse(struct weir__keda_check *c, const struct weir__keda_trigger *trigger,
                   const struct weir__param *param, struct weir__argument *value,
                   const char *wanted)
{
    struct weir__message m;

    value->is_set = 0;
    value->is_wrong = 1;
    weir__message_clear(&m);
    weir__message_add(&m, wanted);
    weir__message_add(&m, ", got ");
    weir__message_quote(&m, value->text, value->length);
    weir__metadata_say(c, trigger, param->key, WEIR_PROBLEM_ERROR, WEIR_STAGE_BUILD, &m);
}

/* ---- values --------------------------------------------------------------------------------- */

/* Milliseconds wrap where they are too many, as they do upstream. */
static int read_duration(struct weir__argument *v)
{
    int64_t count;

    if (weir__go_duration(v->text, v->length, &v->integer) == WEIR__GO_OK) {
        return v->integer >= 0;
    }
    if (weir__go_int(v->text, v->length, 10, 64, &count) != WEIR__GO_OK || count < 0) {
        return 0;
    }
    v->integer = (int64_t)((uint64_t)count * (WEIR_SECOND / 1000));
    return 1;
}

/* Each item has just one "=". */
static int is_map(const char *text, size_t length)
{
    size_t equals = 0;

    for (size_t i = 0; i <= length; i++) {
        if (i == length || text[i] == ',') {
            if (equals != 1) {
                return 0;
            }
            equals = 0;
        } else {
            equals += text[i] == '=';
        }
    }
    return 1;
}

static int is_word(const char *words, const char *text, size_t length)
{
    while (*words != '\0') {
        size_t n = strcspn(words, "|");

        if (n == length && memcmp(words, text, n) == 0) {
            return 1;
        }
        words += n + (words[n] == '|');
    }
    return 0;
}

static int are_words(const char *words, const char *text, size_t length)
{
    size_t from = 0;

    for (size_t i = 0; i <= length; i++) {
        if (i == length || text[i] == ',') {
            const char *item = text + from;
            size_t n = i - from;

            trim(&item, &n);
            if (!is_word(words, item, n)) {
                return 0;
            }
            from = i + 1;
        }
    }
    return 1;
}

static void say_words(const char *words, struct weir__message *m)
{
    weir__message_clear(m);
    weir__message_add(m, "must be one of ");
    for (; *words != '\0'; words++) {
        char letter[2] = {*words, '\0'};

        weir__message_add(m, *words == '|' ? ", " : letter);
    }
}

static void read_value(struct weir__keda_check *c, const struct weir__keda_trigger *trigger,
                       const struct weir__param *param, struct weir__argument *v)
{
    struct weir__message m;
    int32_t yes = 0;

    v->is_set = 1;
    switch (param->type) {
    case WEIR__PARAM_FLOAT:
        if (!weir__json_number(v->text, v->length, &v->number)) {
            refuse(c, trigger, param, v, "must be a number as JSON has it, such as 5, 0.5 or 1e3");
        }
        break;
    case WEIR__PARAM_INT:
        if (!weir__json_number(v->text, v->length, &v->number) ||
            weir__go_int(v->text, v->length, 10, 64, &v->integer) != WEIR__GO_OK) {
            refuse(c, trigger, param, v, "must be a whole number");
        }
        break;
    case WEIR__PARAM_BOOL:
        if (weir__go_bool(v->text, v->length, &yes) != WEIR__GO_OK) {
            refuse(c, trigger, param, v, "must be true or false");
        }
        v->integer = yes;
        break;
    case WEIR__PARAM_DURATION:
        if (!read_duration(v)) {
            refuse(c, trigger, param, v,
                   "must be a duration of 0 or more such as 30s, or whole milliseconds");
        }
        break;
    case WEIR__PARAM_MAP:
        if (!is_map(v->text, v->length)) {
            refuse(c, trigger, param, v, "must be key=value pairs with commas between them");
        }
        break;
    case WEIR__PARAM_WORD:
    case WEIR__PARAM_WORDS:
        say_words(param->words, &m);
        if (param->type == WEIR__PARAM_WORD ? !is_word(param->words, v->text, v->length)
                                            : !are_words(param->words, v->text, v->length)) {
            refuse(c, trigger, param, v, m.text);
        }
        break;
    default: break;
    }
}

/* ---- keys that nothing reads ---------------------------------------------------------------- */

static void warn_key(struct weir__keda_check *c, const struct weir__keda_trigger *trigger,
                     const char *key, const struct weir__param *params, size_t count)
{
    static const char suffix[] = "FromEnv";
    const char *names[WEIR__PARAMS_MAX], *near;
    size_t length = strlen(key), n = sizeof suffix - 1;
    struct weir__message m;

    weir__message_clear(&m);
    if (length > n && strcmp(key + length - n, suffix) == 0) {
        return;
    }
    if (strcmp(key, "metricType") == 0) {
        c->problems->rule = "keda.metric-type-in-metadata";
        weir__message_add(&m,
                          "is ignored here: KEDA reads metricType beside type, not in metadata; "
                          "what counts is ");
        weir__message_add(&m, weir__keda_text(&trigger->metric_type)[0] != '\0'
                                  ? weir__keda_text(&trigger->metric_type)
                                  : "the default, AverageValue");
    } else {
        for (size_t i = 0; i < count; i++) {
            names[i] = params[i].key;
        }
        near = weir_nearest_name(key, names, count);
        weir__message_add(&m, "is nothing that a trigger of type ");
        weir__message_add(&m, weir__keda_text(&trigger->type));
        weir__message_add(&m, " reads, and ignored");
        if (near != NULL) {
            weir__message_add(&m, "; did you mean ");
            weir__message_add(&m, near);
        }
    }
    weir__metadata_say(c, trigger, key, WEIR_PROBLEM_WARNING, 0, &m);
    c->problems->rule = NULL;
}

static void warn_keys(struct weir__keda_check *c, const struct weir__keda_trigger *trigger,
                      const struct weir__param *params, size_t count)
{
    const char *const *pairs = trigger->metadata.items;

    for (size_t i = 0; i + 1 < trigger->metadata.count; i += 2) {
        size_t at = 0;

        while (at < count && strcmp(params[at].key, pairs[i]) != 0) {
            at++;
        }
        if (at == count) {
            warn_key(c, trigger, pairs[i], params, count);
        }
    }
}

void weir__metadata_read(struct weir__keda_check *c, const struct weir__keda_trigger *trigger,
                         const struct weir__param *params, size_t count,
                         struct weir__argument *values)
{
    memset(values, 0, count * sizeof *values);
    for (size_t i = 0; i < count; i++) {
        struct weir__argument *v = &values[i];

        v->text = weir__metadata_get(trigger, params[i].key, &v->length);
        if (v->text != NULL) {
            read_value(c, trigger, &params[i], v);
        } else if (params[i].required && trigger->metadata.is.state == WEIR__PRESENT) {
            v->is_wrong = 1;
            weir__metadata_error(c, trigger, params[i].key, WEIR_STAGE_BUILD,
                                 weir__node_get(trigger->metadata.is.node, params[i].key) != NULL
                                     ? "must not be empty"
                                     : "is missing");
        }
    }
    warn_keys(c, trigger, params, count);
}
