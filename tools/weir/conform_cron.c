/*
 * conform_cron.c - KEDA's cron trigger, with the time zones of this system.
 */
#include "conform_keda.h"
#include "zone.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct cron_run {
    weir_cron cron;
    weir_cron_config config;
    weir_zone zone, start, end;
    weir_status zone_status;
};

/* A value of metadata: white space around it does not count. */
static void read_value(const cJSON *metadata, const char *name, char *to, size_t size)
{
    const char *text = conform_text(metadata, name, "");
    size_t length;

    while (isspace((unsigned char)*text)) {
        text++;
    }
    length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1])) {
        length--;
    }
    snprintf(to, size, "%.*s", (int)length, text);
}

/* A whole number of JSON, no other text. */
static int read_count(const cJSON *metadata, const char *name, int64_t *value)
{
    char text[64], shown[64];
    const char *digits;

    read_value(metadata, name, text, sizeof text);
    digits = text + (text[0] == '-');
    if (digits[0] == '\0' || (digits[0] == '0' && digits[1] != '\0') ||
        strspn(digits, "0123456789") != strlen(digits)) {
        return 0;
    }
    *value = strtoll(text, NULL, 10);
    snprintf(shown, sizeof shown, "%lld", (long long)*value);
    return strcmp(shown, text) == 0 || strcmp(text, "-0") == 0;
}

/* A schedule's own zone, or that of the trigger. */
static weir_status load_own(const char *name, const weir_zone *other, weir_zone *zone)
{
    memset(zone, 0, sizeof *zone);
    if (name[0] != '\0') {
        return zone_load(name, zone);
    }
    *zone = *other;
    return WEIR_OK;
}

static weir_status build(const cJSON *metadata, struct cron_run *run)
{
    weir_status status;

    if (!read_count(metadata, "desiredReplicas", &run->config.desired_replicas)) {
        return WEIR_E_PARSE;
    }
    read_value(metadata, "start", run->config.start, sizeof run->config.start);
    read_value(metadata, "end", run->config.end, sizeof run->config.end);
    read_value(metadata, "timezone", run->config.timezone, sizeof run->config.timezone);
    status = weir_cron_init(&run->cron, &run->config, NULL);
    if (status == WEIR_OK) {
        run->zone_status = zone_load(run->config.timezone, &run->zone);
        status = load_own(run->cron.start.zone, &run->zone, &run->start);
    }
    if (status == WEIR_OK) {
        status = load_own(run->cron.end.zone, &run->zone, &run->end);
    }
    return status;
}

static cJSON *built(const struct scenario *s, const struct cron_run *run)
{
    char name[512], full[600];
    cJSON *got = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(got, "metric_specs");
    cJSON *spec = cJSON_CreateObject();

    weir_cron_metric_name(&run->config, name, sizeof name, NULL);
    weir_keda_metric_name((uint32_t)conform_int(s->config, "trigger_index", 0), name, 0, full,
                          sizeof full, NULL);
    cJSON_AddItemToArray(list, spec);
    cJSON_AddStringToObject(spec, "name", full);
    cJSON_AddStringToObject(spec, "target", "1");
    conform_put_int(spec, "target_milli", 1000);
    cJSON_AddStringToObject(spec, "target_type", "AverageValue");
    cJSON_AddStringToObject(spec, "type", "External");
    return got;
}

static cJSON *queried(const struct scenario *s, const struct cron_run *run)
{
    weir_cron_answer answer;
    cJSON *got;

    if (run->zone_status != WEIR_OK) {
        return conform_failure(run->zone_status);
    }
    weir_cron_query(&run->cron, &run->start, &run->end, conform_time(s, s->step, "t"), &answer);
    got = cJSON_CreateObject();
    cJSON_AddBoolToObject(got, "active", answer.active);
    keda_put_amount(got, (double)answer.value);
    return got;
}

static void run_cron(struct scenario *s)
{
    static const char *const actions[] = {"build", "query", NULL};
    struct cron_run *run = calloc(1, sizeof *run);
    weir_status status = WEIR_E_MEMORY;

    while (run != NULL && conform_next(s)) {
        if (conform_action(s, actions) == 0) {
            status = build(keda_at(s->config, "metadata"), run);
            conform_answer(s, status == WEIR_OK ? built(s, run) : conform_failure(status));
        } else {
            conform_answer(s, status == WEIR_OK ? queried(s, run) : conform_failure(status));
        }
    }
    if (run != NULL) {
        if (run->start.changes != run->zone.changes) {
            zone_free(&run->start);
        }
        if (run->end.changes != run->zone.changes) {
            zone_free(&run->end);
        }
        zone_free(&run->zone);
    }
    free(run);
}

const struct conform_op conform_cron_ops[] = {
    {"keda.cron", run_cron},
    {NULL, NULL},
};
