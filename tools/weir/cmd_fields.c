/*
 * cmd_fields.c - `weir fields`: the reference of every knob, from the library's own field tables.
 */
#include "program.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>
#include <weir/fields.h>
#include <weir/manifest.h>

struct table {
    const char *name;
    int32_t config;
    const char *about;
};

static const struct table tables[] = {
    {"kpa", WEIR_CONFIG_KPA, "a Knative revision: annotations and ConfigMap config-autoscaler"},
    {"kpa-decider", WEIR_CONFIG_KPA_DECIDER, "the Knative decider alone (DeciderSpec)"},
    {"kpa-collector", WEIR_CONFIG_KPA_COLLECTOR, "the Knative metric collector alone (MetricSpec)"},
    {"hpa", WEIR_CONFIG_HPA,
     "a HorizontalPodAutoscaler (autoscaling/v2), and the flags of its controller"},
    {"scaledobject", WEIR_CONFIG_KEDA,
     "a KEDA ScaledObject: spec, annotations, and the HPA that KEDA makes"},
    {"behavior", WEIR_CONFIG_BEHAVIOR, "stabilization windows and scaling policies alone"},
    {"window", WEIR_CONFIG_WINDOW, "a bucketed average over a sliding window"},
};

enum { TABLE_COUNT = sizeof tables / sizeof tables[0], OPTION_FORMAT = 0 };

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_MARKDOWN };

static const struct option options[] = {
    {"--format", 0, "text|json|markdown", "how to print it (default text)"},
    {NULL, 0, NULL, NULL},
};

/* ---- parts of a field ----------------------------------------------------------------------- */

static const char *type_name(const weir_field *f)
{
    static const char *const names[] = {"bool", "int",  "float", "duration",
                                        "enum", "text", "time",  "struct"};

    if (f->type < 0 || (size_t)f->type >= sizeof names / sizeof names[0]) {
        return "unknown";
    }
    return f->type == WEIR_FIELD_STRUCT && f->capacity > 1 ? "list" : names[f->type];
}

static int has_flag(const weir_field *f, uint32_t flag)
{
    return (f->flags & flag) != 0;
}

/* Whether a default means that nothing is set. */
static int is_unset(const weir_field *f)
{
    if (f->type == WEIR_FIELD_DURATION && f->idefault < f->imin) {
        return has_flag(f, WEIR_FIELD_OPTIONAL);
    }
    if (f->type == WEIR_FIELD_INT || f->type == WEIR_FIELD_TIME) {
        return has_flag(f, WEIR_FIELD_OPTIONAL) &&
               (f->idefault == INT32_MIN || f->idefault == INT64_MIN);
    }
    return f->type == WEIR_FIELD_DOUBLE && has_flag(f, WEIR_FIELD_OPTIONAL) &&
           f->ddefault == WEIR_UNSET;
}

static int has_bounds(const weir_field *f)
{
    return f->type == WEIR_FIELD_INT || f->type == WEIR_FIELD_DOUBLE ||
           f->type == WEIR_FIELD_DURATION || f->type == WEIR_FIELD_TIME;
}

/* The tables write "no bound" as the limits of the type, or of what a block can hold. */
static int has_min(const weir_field *f)
{
    if (f->type == WEIR_FIELD_DOUBLE) {
        return f->dmin > WEIR_UNSET;
    }
    return f->imin != INT64_MIN && !(f->size == 4 && f->imin == INT32_MIN);
}

static int has_max(const weir_field *f)
{
    if (f->type == WEIR_FIELD_DOUBLE) {
        return f->dmax < -WEIR_UNSET;
    }
    return f->imax < (INT64_C(1) << 60) && !(f->size == 4 && f->imax == INT32_MAX);
}

static void put_choice(char *text, size_t size, const char *words, int64_t index)
{
    const char *word;
    size_t length;

    text[0] = '\0';
    while (index >= 0 && (word = next_choice(&words, &length)) != NULL) {
        if (index-- == 0) {
            snprintf(text, size, "%.*s", (int)length, word);
        }
    }
}

/* One value of a field as its user would write it. */
static void put_value(char *text, size_t size, const weir_field *f, int64_t integer, double number)
{
    text[0] = '\0';
    switch (f->type) {
    case WEIR_FIELD_BOOL: snprintf(text, size, "%s", integer != 0 ? "true" : "false"); break;
    case WEIR_FIELD_DOUBLE: put_double(text, size, number); break;
    case WEIR_FIELD_ENUM: put_choice(text, size, f->values, integer); break;
    case WEIR_FIELD_TEXT:
    case WEIR_FIELD_STRUCT: break; /* their defaults are not in the table */
    case WEIR_FIELD_DURATION:
        if (integer % WEIR_SECOND == 0) {
            snprintf(text, size, "%" PRId64 "s", integer / WEIR_SECOND);
        } else {
            snprintf(text, size, "%" PRId64 "ns", integer);
        }
        break;
    default: snprintf(text, size, "%" PRId64, integer); break;
    }
}

static void put_default(char *text, size_t size, const weir_field *f)
{
    if (is_unset(f)) {
        snprintf(text, size, "not set");
    } else {
        put_value(text, size, f, f->idefault, f->ddefault);
    }
}

static void put_bounds(char *text, size_t size, const weir_field *f)
{
    char low[40], high[40];

    if (f->type == WEIR_FIELD_ENUM) {
        snprintf(text, size, "%s", f->values);
    } else if (f->type == WEIR_FIELD_BOOL) {
        snprintf(text, size, "true or false");
    } else if (f->type == WEIR_FIELD_TEXT) {
        snprintf(text, size, "at most %" PRIu32 " bytes", f->size > 0 ? f->size - 1 : 0);
    } else if (f->type == WEIR_FIELD_STRUCT) {
        text[0] = '\0';
        if (f->capacity > 1) {
            snprintf(text, size, "at most %" PRIu32, f->capacity);
        }
    } else if (!has_min(f) && !has_max(f)) {
        snprintf(text, size, "any");
    } else {
        put_value(low, sizeof low, f, f->imin, f->dmin);
        put_value(high, sizeof high, f, f->imax, f->dmax);
        snprintf(text, size, "%s %s%s%s%s%s",
                 !has_min(f)                         ? "at most"
                 : has_flag(f, WEIR_FIELD_ABOVE_MIN) ? "above"
                 : has_max(f)                        ? "from"
                                                     : "at least",
                 has_min(f) ? low : high, has_min(f) && has_max(f) ? " to " : "",
                 has_min(f) && has_max(f) ? high : "",
                 has_flag(f, WEIR_FIELD_OR_MINUS_ONE) ? ", or -1" : "",
                 has_flag(f, WEIR_FIELD_WHOLE_SECONDS) ? ", whole seconds" : "");
    }
}

/* ---- formats -------------------------------------------------------------------------------- */

static void print_text(const weir_field *f, const char *path)
{
    char bounds[256], normal[64];

    put_bounds(bounds, sizeof bounds, f);
    put_default(normal, sizeof normal, f);
    printf("%s  (%s", path, type_name(f));
    if (f->unit[0] != '\0') {
        printf(", %s", f->unit);
    }
    if (normal[0] != '\0') {
        printf("; default %s", normal);
    }
    if (bounds[0] != '\0') {
        printf("; %s", bounds);
    }
    printf(")\n    %s\n", f->doc);
    if (f->key[0] != '\0') {
        printf("    per object: %s%s%s\n", f->key, f->alias[0] != '\0' ? ", also " : "", f->alias);
    }
    if (f->global_key[0] != '\0') {
        printf("    cluster-wide: %s\n", f->global_key);
    }
    printf("\n");
}

static void print_markdown(const weir_field *f, const char *path)
{
    char bounds[256], normal[64];

    put_bounds(bounds, sizeof bounds, f);
    for (char *bar = bounds; (bar = strchr(bar, '|')) != NULL;) {
        *bar = '/'; /* a bar would end the cell */
    }
    put_default(normal, sizeof normal, f);
    printf("| `%s` | %s%s%s | %s | %s | %s | %s | %s | %s |\n", path, f->key,
           f->alias[0] != '\0' ? "<br>" : "", f->alias, f->global_key, type_name(f), f->unit,
           normal, bounds, f->doc);
}

/* A value as JSON has it; what JSON cannot hold as its text. */
static cJSON *json_value(const weir_field *f, int64_t integer, double number)
{
    char text[64];

    if (f->type == WEIR_FIELD_BOOL) {
        return cJSON_CreateBool(integer != 0);
    }
    if (f->type == WEIR_FIELD_DOUBLE && number - number == 0.0) {
        return cJSON_CreateNumber(number);
    }
    if (f->type == WEIR_FIELD_INT && integer <= INT32_MAX && integer >= INT32_MIN) {
        return cJSON_CreateNumber((double)integer);
    }
    put_value(text, sizeof text, f, integer, number);
    return cJSON_CreateString(text);
}

static void json_bounds(cJSON *object, const weir_field *f)
{
    if (has_bounds(f)) {
        cJSON_AddItemToObject(object, "min",
                              has_min(f) ? json_value(f, f->imin, f->dmin) : cJSON_CreateNull());
        cJSON_AddItemToObject(object, "max",
                              has_max(f) ? json_value(f, f->imax, f->dmax) : cJSON_CreateNull());
        cJSON_AddBoolToObject(object, "above_min", has_flag(f, WEIR_FIELD_ABOVE_MIN));
        cJSON_AddBoolToObject(object, "or_minus_one", has_flag(f, WEIR_FIELD_OR_MINUS_ONE));
        cJSON_AddBoolToObject(object, "whole_seconds", has_flag(f, WEIR_FIELD_WHOLE_SECONDS));
    } else if (f->type == WEIR_FIELD_ENUM) {
        cJSON *values = cJSON_AddArrayToObject(object, "values");
        char word[64];

        for (int64_t i = 0; i <= f->imax; i++) {
            put_choice(word, sizeof word, f->values, i);
            cJSON_AddItemToArray(values, cJSON_CreateString(word));
        }
    } else if (f->type == WEIR_FIELD_TEXT) {
        cJSON_AddNumberToObject(object, "max_bytes", f->size > 0 ? f->size - 1 : 0);
    } else if (f->type == WEIR_FIELD_STRUCT && f->capacity > 1) {
        cJSON_AddNumberToObject(object, "max_items", f->capacity);
    }
}

static void print_json(const weir_field *f, const char *path)
{
    cJSON *object = cJSON_CreateObject();
    char *text;

    cJSON_AddStringToObject(object, "name", path);
    cJSON_AddStringToObject(object, "key", f->key);
    cJSON_AddStringToObject(object, "alias", f->alias);
    cJSON_AddStringToObject(object, "global_key", f->global_key);
    cJSON_AddStringToObject(object, "type", type_name(f));
    cJSON_AddStringToObject(object, "unit", f->unit);
    if (f->type != WEIR_FIELD_TEXT && f->type != WEIR_FIELD_STRUCT) {
        cJSON_AddItemToObject(object, "default",
                              is_unset(f) ? cJSON_CreateNull()
                                          : json_value(f, f->idefault, f->ddefault));
    }
    json_bounds(object, f);
    cJSON_AddStringToObject(object, "doc", f->doc);
    text = cJSON_PrintUnformatted(object);
    printf("%s", text != NULL ? text : "null");
    cJSON_free(text);
    cJSON_Delete(object);
}

/* ---- tables --------------------------------------------------------------------------------- */

/* Prints a table's fields; those of a struct follow it, named "struct.field" or "list[].field". */
static void print_fields(const weir_field *fields, size_t count, const char *prefix,
                         enum format format, int first)
{
    for (size_t i = 0; i < count; i++) {
        const weir_field *f = &fields[i];
        char path[160];

        snprintf(path, sizeof path, "%s%s", prefix, f->name);
        if (format == FORMAT_JSON) {
            printf("%s\n    ", first && i == 0 ? "" : ",");
            print_json(f, path);
        } else if (format == FORMAT_MARKDOWN) {
            print_markdown(f, path);
        } else {
            print_text(f, path);
        }
        if (f->type == WEIR_FIELD_STRUCT) {
            snprintf(path, sizeof path, "%s%s%s.", prefix, f->name, f->capacity > 1 ? "[]" : "");
            print_fields(f->fields, f->field_count, path, format, 0);
        }
    }
}

static void print_table(const struct table *table, enum format format, int first)
{
    const weir_field *fields = NULL;
    size_t count = 0;

    weir_fields(table->config, &fields, &count);
    if (format == FORMAT_JSON) {
        printf("%s\n  {\"config\": \"%s\", \"about\": \"%s\", \"fields\": [", first ? "[" : ",",
               table->name, table->about);
    } else if (format == FORMAT_MARKDOWN) {
        printf(
            "## %s: %s\n\n| field | per object | cluster-wide | type | unit | default | bounds | "
            "meaning |\n|---|---|---|---|---|---|---|---|\n",
            table->name, table->about);
    } else {
        printf("%s: %s\n\n", table->name, table->about);
    }
    print_fields(fields, count, "", format, 1);
    if (format == FORMAT_JSON) {
        printf("\n  ]}");
    } else if (format == FORMAT_MARKDOWN) {
        printf("\n");
    }
}

/* The table of a name, or -1 after a message. */
static int find_table(const char *name)
{
    const char *names[TABLE_COUNT], *near;

    for (int i = 0; i < TABLE_COUNT; i++) {
        if (strcmp(tables[i].name, name) == 0) {
            return i;
        }
        names[i] = tables[i].name;
    }
    near = weir_nearest_name(name, names, TABLE_COUNT);
    complain("there are no fields of %s%s%s; there are:", name,
             near != NULL ? "; did you mean " : "", near != NULL ? near : "");
    for (int i = 0; i < TABLE_COUNT; i++) {
        fprintf(stderr, "  %s\n", names[i]);
    }
    return -1;
}

static int run(int count, char **words)
{
    struct argument a;
    int position = 0, more, format = FORMAT_TEXT, wanted[TABLE_COUNT] = {0}, any = 0, printed = 0;

    while ((more = next_argument(&command_fields, count, words, &position, &a)) > 0) {
        if (a.option == OPTION_FORMAT) {
            format = choose_word("--format", options[OPTION_FORMAT].argument, a.value);
            if (format < 0) {
                return EXIT_USAGE;
            }
        } else {
            int i = find_table(a.value);

            if (i < 0) {
                return EXIT_USAGE;
            }
            wanted[i] = any = 1;
        }
    }
    if (more < 0) {
        return EXIT_USAGE;
    }
    for (int i = 0; i < TABLE_COUNT; i++) {
        if (wanted[i] || !any) {
            print_table(&tables[i], (enum format)format, printed++ == 0);
        }
    }
    if (format == FORMAT_JSON) {
        printf("\n]\n");
    }
    return finish_output(EXIT_FINE);
}

const struct command command_fields = {
    .name = "fields",
    .summary = "print the reference of every setting",
    .usage =
        "fields [OPTION...] [kpa|kpa-decider|kpa-collector|hpa|scaledobject|behavior|window]...",
    .help =
        "Each setting is listed with its name in weir, its upstream keys, type, unit, default,\n"
        "bounds and meaning.\n\n"
        "Examples:\n"
        "  weir fields kpa\n"
        "  weir fields kpa --format markdown > fields.md\n"
        "  weir fields --format json | jq -r '.[].fields[].global_key'\n",
    .operands = "kpa|kpa-decider|kpa-collector|hpa|scaledobject|behavior|window",
    .options = options,
    .run = run,
};
