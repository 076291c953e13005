/*
 * cmd_fields.c - `weir fields`: the reference of every knob, from the library's own field tables.
 */
#include "program.h"

#include <inttypes.h>
#include <stdlib.h>
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
    {"window", WEIR_CONFIG_WINDOW, "a bucketed average over a sliding window"},
};

enum { TABLE_COUNT = sizeof tables / sizeof tables[0], OPTION_FORMAT = 0 };

static const struct option options[] = {
    {"--format", 0, "FORMAT", "text (default) or markdown"},
    {NULL, 0, NULL, NULL},
};

static const char *type_name(const weir_field *f)
{
    static const char *const names[] = {"bool", "int",  "float", "duration",
                                        "enum", "text", "time",  "struct"};

    return names[f->type];
}

static void put_ns(char *text, size_t size, int64_t ns)
{
    if (ns != 0 && ns % WEIR_SECOND != 0) {
        snprintf(text, size, "%" PRId64 "ns", ns);
    } else {
        snprintf(text, size, "%" PRId64 "s", ns / WEIR_SECOND);
    }
}

/* One value of a field as its user would write it. */
static void put_value(char *text, size_t size, const weir_field *f, int64_t integer, double number)
{
    if (f->type == WEIR_FIELD_DOUBLE) {
        if ((f->flags & WEIR_FIELD_OPTIONAL) != 0 && number == WEIR_UNSET) {
            snprintf(text, size, "not set");
        } else {
            snprintf(text, size, "%.17g", number);
            for (int digits = 1; digits < 17; digits++) { /* the shortest that reads back */
                snprintf(text, size, "%.*g", digits, number);
                if (strtod(text, NULL) == number) {
                    break;
                }
            }
        }
    } else if (f->type == WEIR_FIELD_DURATION) {
        put_ns(text, size, integer);
    } else if (f->type == WEIR_FIELD_BOOL) {
        snprintf(text, size, "%s", integer != 0 ? "true" : "false");
    } else if (f->type == WEIR_FIELD_ENUM) {
        const char *name = f->values;

        for (; integer > 0 && name != NULL && strchr(name, '|') != NULL; integer--) {
            name = strchr(name, '|') + 1;
        }
        snprintf(text, size, "%.*s", name != NULL ? (int)strcspn(name, "|") : 0,
                 name != NULL ? name : "");
    } else {
        snprintf(text, size, "%" PRId64, integer);
    }
}

static void put_bounds(char *text, size_t size, const weir_field *f)
{
    char low[40], high[40];
    int open_low, open_high;

    if (f->type == WEIR_FIELD_ENUM) {
        snprintf(text, size, "%s", f->values);
        return;
    }
    if (f->type == WEIR_FIELD_BOOL) {
        snprintf(text, size, "true or false");
        return;
    }
    put_value(low, sizeof low, f, f->imin, f->dmin);
    put_value(high, sizeof high, f, f->imax, f->dmax);
    open_low = f->type == WEIR_FIELD_DOUBLE ? f->dmin <= WEIR_UNSET : f->imin == INT64_MIN;
    open_high = f->type == WEIR_FIELD_DOUBLE
                    ? f->dmax >= -WEIR_UNSET
                    : f->imax >= (INT64_C(1) << 60) || (f->size == 4 && f->imax == INT32_MAX);
    if (open_low && open_high) {
        snprintf(text, size, "any");
    } else {
        snprintf(text, size, "%s %s%s%s%s%s",
                 (f->flags & WEIR_FIELD_ABOVE_MIN) != 0 ? "above"
                 : open_high                            ? "at least"
                                                        : "from",
                 low, open_high ? "" : " to ", open_high ? "" : high,
                 (f->flags & WEIR_FIELD_OR_MINUS_ONE) != 0 ? ", or -1" : "",
                 (f->flags & WEIR_FIELD_WHOLE_SECONDS) != 0 ? ", whole seconds" : "");
    }
}

static void print_text(const weir_field *f)
{
    char bounds[160], normal[64];

    put_bounds(bounds, sizeof bounds, f);
    put_value(normal, sizeof normal, f, f->idefault, f->ddefault);
    printf("%s  (%s%s%s; default %s; %s)\n    %s\n", f->name, type_name(f),
           f->unit[0] != '\0' ? ", " : "", f->unit, normal, bounds, f->doc);
    if (f->key[0] != '\0') {
        printf("    per object: %s%s%s\n", f->key, f->alias[0] != '\0' ? ", also " : "", f->alias);
    }
    if (f->global_key[0] != '\0') {
        printf("    cluster-wide: %s\n", f->global_key);
    }
    printf("\n");
}

static void print_markdown(const weir_field *f)
{
    char bounds[160], normal[64];

    put_bounds(bounds, sizeof bounds, f);
    for (char *p = bounds; *p != '\0'; p++) {
        if (*p == '|') {
            *p = '/';
        }
    }
    put_value(normal, sizeof normal, f, f->idefault, f->ddefault);
    printf("| `%s` | %s | %s | %s | %s | %s | %s | %s |\n", f->name, f->key, f->global_key,
           type_name(f), f->unit, normal, bounds, f->doc);
}

static void print_table(const struct table *table, int markdown)
{
    const weir_field *fields = NULL;
    size_t count = 0;

    weir_fields(table->config, &fields, &count);
    if (markdown) {
        printf(
            "## %s: %s\n\n| field | per object | cluster-wide | type | unit | default | bounds | "
            "meaning |\n|---|---|---|---|---|---|---|---|\n",
            table->name, table->about);
    } else {
        printf("%s: %s\n\n", table->name, table->about);
    }
    for (size_t i = 0; i < count; i++) {
        if (markdown) {
            print_markdown(&fields[i]);
        } else {
            print_text(&fields[i]);
        }
    }
    if (markdown) {
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
    int position = 0, more, markdown = 0, wanted[TABLE_COUNT] = {0}, any = 0;

    while ((more = next_argument(&command_fields, count, words, &position, &a)) > 0) {
        if (a.option == OPTION_FORMAT) {
            if (strcmp(a.value, "text") != 0 && strcmp(a.value, "markdown") != 0) {
                complain("--format is text or markdown, not %s", a.value);
                return EXIT_USAGE;
            }
            markdown = strcmp(a.value, "markdown") == 0;
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
            print_table(&tables[i], markdown);
        }
    }
    return finish_output(EXIT_FINE);
}

const struct command command_fields = {
    .name = "fields",
    .summary = "print the reference of every setting",
    .usage = "fields [OPTION...] [kpa|kpa-decider|kpa-collector|window]",
    .help =
        "Each setting is listed with its name in weir, its upstream keys, type, unit, default,\n"
        "bounds and meaning.\n\n"
        "Examples:\n"
        "  weir fields kpa\n"
        "  weir fields kpa --format markdown > fields.md\n",
    .options = options,
    .run = run,
};
