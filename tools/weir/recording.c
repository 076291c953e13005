/*
 * recording.c - a recording as a whole: memory, problems, run.json; see recording.h.
 */
#include "recording_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/fields.h>

/* ---- memory --------------------------------------------------------------------------------- */

struct recording_memory {
    void **blocks;
    size_t block_count, block_room;
    cJSON **values;
    size_t value_count, value_room;
    struct bundle *bundle;
};

static void *checked(void *memory)
{
    if (memory == NULL) {
        fputs("weir: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

void *recording_take(struct recording *r, size_t size)
{
    struct recording_memory *m = r->memory;

    if (m->block_count == m->block_room) {
        m->block_room = m->block_room > 0 ? 2 * m->block_room : 1024;
        m->blocks = checked(realloc(m->blocks, m->block_room * sizeof m->blocks[0]));
    }
    m->blocks[m->block_count] = checked(calloc(1, size > 0 ? size : 1));
    return m->blocks[m->block_count++];
}

char *recording_text(struct recording *r, const char *text, size_t length)
{
    char *copy = recording_take(r, length + 1);

    memcpy(copy, text, length);
    return copy;
}

/* Arrays double, so that all that they were before is no more than what they are. */
void *recording_grow(struct recording *r, void *items, size_t count, size_t size)
{
    void *larger;

    if (count >= 8 && (count & (count - 1)) != 0) {
        return items;
    }
    if (count > 0 && count < 8) {
        return items;
    }
    larger = recording_take(r, (count > 0 ? 2 * count : 8) * size);
    if (count > 0) {
        memcpy(larger, items, count * size);
    }
    return larger;
}

cJSON *recording_keep(struct recording *r, cJSON *json)
{
    struct recording_memory *m = r->memory;

    if (json == NULL) {
        return NULL;
    }
    if (m->value_count == m->value_room) {
        m->value_room = m->value_room > 0 ? 2 * m->value_room : 64;
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
        m->values = checked(realloc(m->values, m->value_room * sizeof m->values[0]));
    }
    m->values[m->value_count++] = json;
    return json;
}

void recording_close(struct recording *recording)
{
    struct recording_memory *m;

    if (recording == NULL) {
        return;
    }
    m = recording->memory;
    for (size_t i = 0; i < m->block_count; i++) {
        free(m->blocks[i]);
    }
    for (size_t i = 0; i < m->value_count; i++) {
        cJSON_Delete(m->values[i]);
    }
    bundle_close(m->bundle);
    free(m->blocks);
    free(m->values);
    free(m);
    free(recording);
}

/* ---- problems ------------------------------------------------------------------------------- */

void recording_problem(struct recording *r, int severity, const char *file, int64_t line,
                       const char *format, ...)
{
    char text[1024], place[32] = "";
    int used;
    va_list arguments;
    struct recorded_problem *p;

    if (line > 0) {
        snprintf(place, sizeof place, ":%lld", (long long)line);
    }
    used = file != NULL ? snprintf(text, sizeof text, "%.300s%s: ", file, place) : 0;
    va_start(arguments, format);
    vsnprintf(text + used, sizeof text - (size_t)used, format, arguments);
    va_end(arguments);
    r->problems = recording_grow(r, r->problems, r->problem_count, sizeof r->problems[0]);
    p = &r->problems[r->problem_count++];
    p->severity = severity;
    p->text = recording_text(r, text, strlen(text));
    r->error_count += severity == RECORDED_ERROR;
}

const struct bundle_file *recording_file(struct recording *r, struct bundle *b, const char *name,
                                         const char *why)
{
    const struct bundle_file *file = bundle_find(b, name);

    if (file == NULL && why != NULL) {
        recording_problem(r, RECORDED_ERROR, r->name, 0, "there is no file %s: %s", name, why);
    } else if (file != NULL && file->problem != NULL) {
        recording_problem(r, RECORDED_ERROR, file->shown, 0, "%s%s", file->problem,
                          file->length > 0 ? "; what comes before that is read" : "");
    }
    return file;
}

cJSON *recording_json(struct recording *r, const struct bundle_file *file)
{
    const char *end = NULL;
    cJSON *json = cJSON_ParseWithLengthOpts(file->text, file->length, &end, 0);
    int64_t line = 1;

    if (json == NULL && (file->problem == NULL || file->length > 0)) {
        for (const char *at = file->text; end != NULL && at < end; at++) {
            line += *at == '\n';
        }
        recording_problem(r, RECORDED_ERROR, file->shown, line, "JSON was expected, this is none");
    }
    return recording_keep(r, json);
}

/* ---- run.json ------------------------------------------------------------------------------- */

/* A number of seconds as a duration within bounds; what is out of them is reported. */
static void take_seconds(struct recording *r, const char *file, const cJSON *item, int64_t min,
                         weir_duration *out)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0.0) || item->valuedouble > 1e7) {
        recording_problem(r, RECORDED_ERROR, file, 0,
                          "flags.%s: a number of seconds was expected; the default is taken",
                          item->string);
        return;
    }
    *out = (weir_duration)(item->valuedouble * 1e9 + 0.5);
    *out = *out < min ? min : *out;
}

static void read_flags(struct recording *r, const char *file, const cJSON *flags)
{
    weir_hpa_config *c = &r->controller;
    const cJSON *item;

    cJSON_ArrayForEach(item, flags)
    {
        const char *name = item->string;

        if (strcmp(name, "sync_period_s") == 0) {
            /* The memory is sized by it; a shorter period needs more room, see below. */
            take_seconds(r, file, item, WEIR_SECOND, &c->sync_period);
        } else if (strcmp(name, "tolerance") == 0 && cJSON_IsNumber(item) &&
                   item->valuedouble >= 0.0) {
            c->tolerance = item->valuedouble;
        } else if (strcmp(name, "downscale_stabilization_s") == 0) {
            take_seconds(r, file, item, 0, &c->downscale_stabilization);
        } else if (strcmp(name, "cpu_initialization_period_s") == 0) {
            take_seconds(r, file, item, 0, &c->cpu_initialization_period);
        } else if (strcmp(name, "initial_readiness_delay_s") == 0) {
            take_seconds(r, file, item, 0, &c->initial_readiness_delay);
        } else {
            recording_problem(r, RECORDED_NOTICE, file, 0,
                              "flags.%s is not known to weir, or no number: passed over", name);
        }
    }
}

/* The words of a field of the HPA's configuration. */
static int32_t release_of(const char *version)
{
    const weir_field *fields = NULL;
    size_t count = 0;

    weir_fields(WEIR_CONFIG_HPA, &fields, &count);
    for (size_t i = 0; i < count; i++) {
        const char *words = fields[i].values;

        if (strcmp(fields[i].name, "semantics") != 0) {
            continue;
        }
        for (int32_t n = 0; *words != '\0'; n++) {
            size_t length = strcspn(words, "|");

            if (strncmp(version, words, length) == 0 &&
                (version[length] < '0' || version[length] > '9')) {
                return n;
            }
            words += length + (words[length] == '|');
        }
    }
    return -1;
}

static void read_versions(struct recording *r, const char *file, const cJSON *upstream)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(upstream, "kubernetes");
    const cJSON *platform = cJSON_GetObjectItemCaseSensitive(upstream, "platform");
    int32_t release;

    if (cJSON_IsString(item)) {
        release = release_of(item->valuestring + (item->valuestring[0] == 'v'));
        if (release < 0) {
            recording_problem(r, RECORDED_NOTICE, file, 0,
                              "upstream.kubernetes: weir has no rules for release %s, and takes "
                              "those of its newest",
                              item->valuestring);
        }
        r->controller.semantics = release < 0 ? WEIR_HPA_1_37 : release;
    }
    if (cJSON_IsString(platform)) {
        const char *slash = strrchr(platform->valuestring, '/');

        r->controller.conversion = strcmp(slash != NULL ? slash + 1 : "", "amd64") == 0
                                       ? WEIR_CONVERT_AMD64
                                       : WEIR_CONVERT_SATURATE;
    }
}

static void read_gates(struct recording *r, const char *file, const cJSON *gates)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, gates)
    {
        int32_t gate = cJSON_IsTrue(item) ? WEIR_GATE_ON : WEIR_GATE_OFF;

        if (cJSON_IsBool(item) && strcmp(item->string, "HPAScaleToZero") == 0) {
            r->controller.scale_to_zero = gate;
        } else if (cJSON_IsBool(item) && strcmp(item->string, "HPAConfigurableTolerance") == 0) {
            r->controller.configurable_tolerance = gate;
        } else {
            recording_problem(r, RECORDED_NOTICE, file, 0,
                              "gates.%s is not known to weir, or neither true nor false: passed "
                              "over",
                              item->string);
        }
    }
}

static void read_restarts(struct recording *r, const char *file, const cJSON *list)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsNumber(item) || !(item->valuedouble > 0.0) || item->valuedouble > 9e18) {
            recording_problem(r, RECORDED_ERROR, file, 0,
                              "controller_restarts_ns: times in nanoseconds were expected");
            continue;
        }
        r->restarts = recording_grow(r, r->restarts, r->restart_count, sizeof r->restarts[0]);
        /* A double is exact to a quarter of a microsecond here, which is enough for a restart. */
        r->restarts[r->restart_count++] = (weir_time)item->valuedouble;
    }
}

static void read_run(struct recording *r, struct bundle *b)
{
    const struct bundle_file *file =
        recording_file(r, b, "run.json", "the controller is taken to run upstream's defaults");
    const cJSON *run = file != NULL ? recording_json(r, file) : NULL, *what;

    if (run == NULL) {
        return;
    }
    what = cJSON_GetObjectItemCaseSensitive(run, "what");
    r->what = cJSON_IsString(what) ? what->valuestring : "";
    read_versions(r, file->shown, cJSON_GetObjectItemCaseSensitive(run, "upstream"));
    read_flags(r, file->shown, cJSON_GetObjectItemCaseSensitive(run, "flags"));
    read_gates(r, file->shown, cJSON_GetObjectItemCaseSensitive(run, "gates"));
    read_restarts(r, file->shown, cJSON_GetObjectItemCaseSensitive(run, "controller_restarts_ns"));
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* "hpa-fast" of "data/hpa-fast/" and of "hpa-fast.tar.gz". */
static char *name_of(struct recording *r, const char *path)
{
    size_t end = strlen(path), start, length;

    while (end > 1 && path[end - 1] == '/') {
        end--;
    }
    for (start = end; start > 0 && path[start - 1] != '/'; start--) {
    }
    length = end - start;
    for (size_t i = start; i + 4 <= end; i++) {
        if (strncmp(path + i, ".tar", 4) == 0 || strncmp(path + i, ".tgz", 4) == 0) {
            length = i > start ? i - start : length;
            break;
        }
    }
    return recording_text(r, path + start, length);
}

static struct recording *read_all(struct bundle *b, const char *path, const char *problem,
                                  char *message, size_t size)
{
    struct recording *r;

    if (b == NULL) {
        snprintf(message, size, "%s", problem);
        return NULL;
    }
    r = checked(calloc(1, sizeof *r));
    r->memory = checked(calloc(1, sizeof *r->memory));
    r->memory->bundle = b;
    r->name = name_of(r, path);
    r->what = "";
    weir_hpa_config_init(&r->controller, sizeof r->controller);
    if (problem[0] != '\0') {
        recording_problem(r, RECORDED_ERROR, NULL, 0, "%s", problem);
    }
    read_run(r, b);
    recording_read_steps(r, b);
    if (r->autoscaler_count == 0 && r->error_count == 0) {
        recording_problem(r, RECORDED_ERROR, path, 0, "there is no row in decisions.csv");
    }
    recording_read_manifests(r, b);
    recording_read_pods(r, b);
    return r;
}

struct recording *recording_open(const char *path, char *message, size_t size)
{
    char problem[BUNDLE_PROBLEM_MAX];
    struct bundle *b = bundle_open(path, "decisions.csv", problem);

    return read_all(b, path, problem, message, size);
}

struct recording *recording_open_memory(const char *name, const char *bytes, size_t length,
                                        char *message, size_t size)
{
    char problem[BUNDLE_PROBLEM_MAX];
    struct bundle *b = bundle_open_memory(name, bytes, length, "decisions.csv", problem);

    return read_all(b, name, problem, message, size);
}
