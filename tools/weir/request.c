/*
 * request.c - what is to be replayed: the options, the manifests, the autoscaler in them.
 */
#include "csv.h"
#include "manifests.h"
#include "replaying.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <weir/fields.h>
#include <weir/kpa.h>

/* ---- options -------------------------------------------------------------------------------- */

void request_init(struct request *request)
{
    memset(request, 0, sizeof *request);
    request->from = INT64_MIN;
    request->to = INT64_MAX;
    request->scale = 1.0;
    request->workers_for = 30 * WEIR_SECOND;
    request->sync_phase = WEIR_SECOND; /* KEDA makes the HPA, and only then it decides */
    weir_replay_config_init(&request->replay, sizeof request->replay);
    weir_hpa_config_init(&request->hpa, sizeof request->hpa);
    request->hpa.max_replicas = 1; /* any: each manifest has its own */
    series_wishes_init(&request->wishes);
    server_init(&request->server);
    weir_promql_options_init(&request->respondent.options, sizeof request->respondent.options);
}

static int take_duration(const char *option, const char *value, int64_t *ns)
{
    if (!parse_duration(value, ns)) {
        complain("%s takes a duration like 8s, 1m30s or 250ms, not %s", option, value);
        return -1;
    }
    return 1;
}

/* "0:05:46", as the table shows times of a trace. */
static int clock_time(const char *value, int64_t *ns)
{
    char *end;
    long hours = strtol(value, &end, 10);

    if (end == value || end - value > 6 || hours < 0 || strlen(end) != 6 || end[0] != ':' ||
        end[3] != ':' || strspn(end, ":0123456789") != 6 || end[1] > '5' || end[4] > '5' ||
        end[1] == ':' || end[2] == ':' || end[4] == ':' || end[5] == ':') {
        return 0;
    }
    *ns = ((int64_t)hours * 3600 + (int64_t)(end[1] - '0') * 600 + (int64_t)(end[2] - '0') * 60 +
           (int64_t)(end[4] - '0') * 10 + (end[5] - '0')) *
          WEIR_SECOND;
    return 1;
}

int take_time(const char *option, const char *value, int64_t *ns)
{
    struct csv_field field = {value, strlen(value), 1};

    if (!clock_time(value, ns) && csv_time(&field, ns) != NULL) {
        complain("%s takes seconds, 0:05:46, or a time like 2026-11-24T10:00:00Z, not %s", option,
                 value);
        return -1;
    }
    return 1;
}

static int take_scale(const char *option, const char *value, double *scale)
{
    struct csv_field field = {value, strlen(value), 1};

    if (!csv_number(&field, scale) || !isfinite(*scale) || *scale < 0) {
        complain("%s takes a number of 0 or more, not %s", option, value);
        return -1;
    }
    return 1;
}

static int take_initial(struct request *request, const char *value)
{
    char *end;
    long long n = strtoll(value, &end, 10);

    if (*end != '\0' || end == value || n < 0 || n > INT32_MAX) {
        complain("--initial takes a number of pods, not %s", value);
        return -1;
    }
    request->replay.initial_replicas = (int32_t)n;
    request->has_initial = 1;
    return 1;
}

static int take_workers(struct request *request, const char *value)
{
    char *end;
    long long n = strtoll(value, &end, 10);

    if (*end != '\0' || end == value || n < 1 || n > WORKERS_MAX) {
        complain("--workers takes a number from 1 to %d, not %s", WORKERS_MAX, value);
        return -1;
    }
    request->workers = n;
    request->by_requests = 1;
    return 1;
}

/* Which of the words of an enum a text is; -1: none. */
static int64_t word_of(const char *words, const char *text)
{
    const char *word;
    size_t length;

    for (int64_t i = 0; (word = next_choice(&words, &length)) != NULL; i++) {
        if (strlen(text) == length && strncmp(word, text, length) == 0) {
            return i;
        }
    }
    return -1;
}

static const weir_field *hpa_fields(size_t *count)
{
    const weir_field *fields;

    weir_fields(WEIR_CONFIG_HPA, &fields, count);
    return fields;
}

static int take_semantics(struct request *request, const char *value)
{
    size_t count;
    const weir_field *fields = hpa_fields(&count);

    if (strcmp(value, "serving 0.51") == 0) {
        request->semantics = WEIR_SERVING_0_51;
        request->releases |= 1;
        return 1;
    }
    if (strcmp(value, "serving 0.42") == 0) {
        request->semantics = WEIR_SERVING_0_42;
        request->releases |= 1;
        return 1;
    }
    if (strcmp(value, "prometheus 3") == 0 || strcmp(value, "prometheus 2.42") == 0) {
        request->respondent.options.semantics =
            value[11] == '3' ? WEIR_PROMETHEUS_3 : WEIR_PROMETHEUS_2_42;
        request->releases |= 4;
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, "semantics") == 0 && word_of(fields[i].values, value) >= 0) {
            request->hpa.semantics = (int32_t)word_of(fields[i].values, value);
            request->releases |= 2;
            return 1;
        }
    }
    complain("--semantics is 'serving 0.51' or 'serving 0.42', for series 'prometheus 3' or "
             "'prometheus 2.42', for HPAs '1.37' to '1.27', not %s",
             value);
    return -1;
}

/* Sets a field of the controller from a flag's text. 0 when that is no value for it. */
static int set_flag(weir_hpa_config *config, const weir_field *field, const char *text)
{
    char *at = (char *)config + field->offset;
    struct csv_field number = {text, strlen(text), 1};
    int32_t gate;

    switch (field->type) {
    case WEIR_FIELD_DOUBLE: return csv_number(&number, (double *)(void *)at);
    case WEIR_FIELD_DURATION: return parse_duration(text, (int64_t *)(void *)at);
    default:
        gate = strcmp(text, "true") == 0    ? WEIR_GATE_ON
               : strcmp(text, "false") == 0 ? WEIR_GATE_OFF
                                            : -1;
        memcpy(at, &gate, sizeof gate);
        return gate >= 0;
    }
}

/* A flag or a gate by its upstream name. */
static int take_flag(struct request *request, const char *value)
{
    const char *equals = strchr(value, '='), *names[FILES_MAX], *near;
    size_t count, known = 0, length = equals != NULL ? (size_t)(equals - value) : strlen(value);
    const weir_field *fields = hpa_fields(&count);
    char name[128];
    weir_error err;

    snprintf(name, sizeof name, "%.*s", (int)length, value);
    for (size_t i = 0; i < count && known < FILES_MAX; i++) {
        const char *key = fields[i].global_key[0] != '\0'         ? fields[i].global_key
                          : strncmp(fields[i].key, "HPA", 3) == 0 ? fields[i].key
                                                                  : NULL;

        if (key == NULL) {
            continue;
        }
        names[known++] = key;
        if (strcmp(key, name) == 0) {
            if (equals != NULL && set_flag(&request->hpa, &fields[i], equals + 1) &&
                weir_hpa_config_check(&request->hpa, &err) == WEIR_OK) {
                return 1;
            }
            complain("--flag %s takes a %s, not %s", name,
                     fields[i].type == WEIR_FIELD_DOUBLE     ? "fraction like 0.1"
                     : fields[i].type == WEIR_FIELD_DURATION ? "duration like 5m0s"
                                                             : "word, true or false",
                     equals != NULL ? equals + 1 : "nothing");
            return -1;
        }
    }
    near = weir_nearest_name(name, names, known);
    complain("--flag does not know %s%s%s%s; weir fields hpa has the flags and gates", name,
             near != NULL ? "; did you mean " : "", near != NULL ? near : "",
             near != NULL ? "?" : "");
    return -1;
}

int take_word(struct words *words, const char *option, const char *value)
{
    if (words->count == FILES_MAX) {
        complain("%s can be given at most %d times", option, FILES_MAX);
        return -1;
    }
    words->list[words->count++] = value;
    return 1;
}

int take_pair(struct words *words, const char *option, const char *value, const char *what)
{
    const char *equals = strchr(value, '=');

    if (equals == NULL || equals == value || equals[1] == '\0') {
        complain("%s takes NAME=%s, not %s", option, what, value);
        return -1;
    }
    return take_word(words, option, value);
}

int request_take(struct request *request, const struct command *command,
                 const struct argument *argument)
{
    const char *value = argument->value;
    const char *name;

    if (argument->option < 0) {
        complain("%s does not know what to do with %s (a manifest is given with -f, a load with "
                 "--load); see weir %s --help",
                 command->name, value, command->name);
        return -1;
    }
    name = command->options[argument->option].name;
    request->command = command;
    request->given |= UINT64_C(1) << argument->option;
    switch (argument->option) {
    case OPTION_FILE: return take_word(&request->files, name, value);
    case OPTION_LOAD:
        request->load = request->load != NULL ? request->load : value;
        return take_word(&request->loads, name, value);
    case OPTION_REQUESTS:
        request->load = value;
        request->by_requests = 1;
        return 1;
    case OPTION_WORKERS: return take_workers(request, value);
    case OPTION_FOR: return take_duration(name, value, &request->workers_for);
    case OPTION_NAME: request->name = value; return 1;
    case OPTION_TIME: request->time_column = value; return 1;
    case OPTION_CONCURRENCY: request->concurrency = value; return 1;
    case OPTION_RPS: request->rps = value; return 1;
    case OPTION_SERVICE_TIME:
        request->has_service_time = 1;
        return take_duration(name, value, &request->service_time);
    case OPTION_START: request->start = value; return 1;
    case OPTION_DURATION: request->duration = value; return 1;
    case OPTION_END: request->end = value; return 1;
    case OPTION_SCALE: return take_scale(name, value, &request->scale);
    case OPTION_POD_START: return take_duration(name, value, &request->replay.pod_start);
    case OPTION_POD_STOP: return take_duration(name, value, &request->replay.pod_stop);
    case OPTION_INITIAL: return take_initial(request, value);
    case OPTION_HOLD: return take_duration(name, value, &request->replay.hold);
    case OPTION_FROM: return take_time(name, value, &request->from);
    case OPTION_TO: return take_time(name, value, &request->to);
    case OPTION_SEMANTICS: return take_semantics(request, value);
    case OPTION_METRIC: return take_pair(&request->metrics, name, value, "COLUMN");
    case OPTION_REPLICAS: request->replicas = value; return 1;
    case OPTION_POD: request->pod = value; return 1;
    case OPTION_POD_REQUEST: return take_pair(&request->pod_requests, name, value, "QUANTITY");
    case OPTION_SYNC_PERIOD: return take_word(&request->sync_periods, name, value);
    case OPTION_POLL_PHASE: return take_duration(name, value, &request->poll_phase);
    case OPTION_SYNC_PHASE: return take_duration(name, value, &request->sync_phase);
    case OPTION_FLAG: return take_flag(request, value);
    case OPTION_KEEP_GOING: request->keep_going = 1; return 1;
    default: return request_take_series(request, argument->option, name, value);
    }
}

/* ---- manifests ------------------------------------------------------------------------------ */

int request_load_manifests(struct request *request, weir_manifest **manifest)
{
    *manifest = NULL;
    if (weir_manifest_create(NULL, manifest) != WEIR_OK) {
        complain("there is no memory left");
        return 0;
    }
    request->manifest = *manifest;
    weir_manifest_set_defaults(*manifest, WEIR_KIND_HPA, &request->hpa);
    return manifests_read(*manifest, &request->files, request->keep_going, "replayed");
}

/* Those that can run, of a name if there is one; others are there only with --keep-going. Returns
 * how many there are; the list has the first `max` of them. */
static size_t list_fine(const weir_manifest *manifest, const char *name,
                        const weir_manifest_item **items, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < weir_manifest_item_count(manifest); i++) {
        const weir_manifest_item *item = weir_manifest_get_item(manifest, i);

        if (item->error_count == 0 && (name == NULL || manifests_is_named(item, name))) {
            if (count < max) {
                items[count] = item;
            }
            count++;
        }
    }
    return count;
}

/* Several can be replayed in one run, unless two of them would scale on the same column. */
static int may_be_several(const weir_manifest_item **items, size_t count)
{
    int revisions = 0;

    for (size_t i = 0; i < count; i++) {
        revisions += items[i]->kind == WEIR_KIND_KPA;
    }
    return revisions <= 1;
}

size_t request_choose(const struct request *request, const weir_manifest *manifest,
                      const weir_manifest_item **items, size_t max, int *code)
{
    size_t chosen = list_fine(manifest, request->name, items, max);

    if (chosen > 0 && chosen <= max && (chosen == 1 || may_be_several(items, chosen))) {
        return chosen;
    }
    if (list_fine(manifest, NULL, items, 0) == 0) {
        complain("the files describe no autoscaler (a HorizontalPodAutoscaler, a ScaledObject, "
                 "an InferenceService, or a Knative Service, Configuration or Revision)");
        *code = EXIT_INPUT;
        return 0;
    }
    *code = EXIT_USAGE;
    if (chosen == 0) {
        manifests_complain_of_name(manifest, request->name);
        return 0;
    }
    fprintf(stderr, "weir: choose one with --name; the files have:");
    manifests_print_names(manifest);
    return 0;
}

/* ---- what goes with what -------------------------------------------------------------------- */

/* What a load can be. */
enum { ROWS = 1, LOG = 2, WORKERS = 4, METRICS = 8, POLLS = 16 };

static unsigned load_of(const struct request *request, const weir_manifest_item *item)
{
    if (request->by_requests) {
        return request->workers > 0 ? WORKERS : LOG;
    }
    return item->kind == WEIR_KIND_KPA    ? ROWS
           : item->kind == WEIR_KIND_KEDA ? METRICS | POLLS
                                          : METRICS;
}

static int is_given(const struct request *request, int option)
{
    return (request->given >> option & 1) != 0;
}

int request_fits(const struct request *request, const weir_manifest_item *const *items,
                 size_t count)
{
    static const struct {
        int option;
        unsigned loads;
        const char *text;
    } limits[] = {
        {OPTION_FOR, WORKERS, "goes with --workers"},
        {OPTION_START, LOG, "goes with --requests"},
        {OPTION_DURATION, LOG, "goes with --requests"},
        {OPTION_END, LOG, "goes with --requests"},
        {OPTION_TIME, ROWS | METRICS, "goes with --load; --start is the column of a log"},
        {OPTION_HOLD, ROWS | METRICS, "goes with --load"},
        {OPTION_CONCURRENCY, ROWS, "is for rows of Knative's load; --metric is for the others"},
        {OPTION_RPS, ROWS, "is for rows of Knative's load; --metric is for the others"},
        {OPTION_SERVICE_TIME, ROWS | LOG | WORKERS, "is for Knative"},
        {OPTION_METRIC, METRICS,
         "is for HPAs and ScaledObjects; Knative's columns are "
         "--concurrency and --rps"},
        {OPTION_REPLICAS, METRICS, "is for HPAs and ScaledObjects"},
        {OPTION_POD, METRICS, "is for HPAs and ScaledObjects"},
        {OPTION_POD_REQUEST, METRICS, "is for HPAs and ScaledObjects"},
        {OPTION_SYNC_PERIOD, METRICS, "is for HPAs and ScaledObjects"},
        {OPTION_FLAG, METRICS, "is for HPAs and ScaledObjects"},
        {OPTION_POLL_PHASE, POLLS, "is for ScaledObjects"},
        {OPTION_SYNC_PHASE, POLLS, "is for ScaledObjects"},
    };
    unsigned loads = 0, releases = 0;

    for (size_t i = 0; i < count; i++) {
        loads |= load_of(request, items[i]);
        releases |= items[i]->kind == WEIR_KIND_KPA ? 1 : 2;
    }
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (is_given(request, limits[i].option) && (limits[i].loads & loads) == 0) {
            complain("%s %s", request->command->options[limits[i].option].name, limits[i].text);
            return 0;
        }
    }
    if ((request->releases & 4) != 0 && request->series.count == 0) {
        complain("--semantics 'prometheus ...' goes with --series");
        return 0;
    }
    if ((request->releases & 3 & ~releases) != 0) {
        complain("--semantics takes %s here",
                 releases == 1 ? "'serving 0.51' or 'serving 0.42'" : "'1.37' to '1.27'");
        return 0;
    }
    return 1;
}
