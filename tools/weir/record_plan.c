/*
 * record_plan.c - what a recording needs from a server: the queries of the manifests' triggers, or
 * the series that they look at; see record.h.
 */
#include "record.h"
#include "series.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weir/keda.h>

enum { OF_MAX = 600, NS_PER_MS = 1000000 };

static const int64_t default_step = 30000; /* KEDA's polling interval */

static int no_memory(void)
{
    complain("there is no memory left");
    return EXIT_INPUT;
}

/* ---- sources -------------------------------------------------------------------------------- */

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *made = malloc(size);

    return made != NULL ? memcpy(made, text, size) : NULL;
}

/* One more owner of a source; too many are cut. */
static int add_owner(struct record_source *s, const char *of)
{
    size_t length = s->of != NULL ? strlen(s->of) : 0, room;
    char *joined;

    if (length > OF_MAX || (s->of != NULL && strstr(s->of, of) != NULL)) {
        return 1;
    }
    room = length + strlen(of) + 3;
    joined = malloc(room);
    if (joined == NULL) {
        return 0;
    }
    snprintf(joined, room, "%s%s%s", s->of != NULL ? s->of : "", s->of != NULL ? "; " : "", of);
    free(s->of);
    s->of = joined;
    return 1;
}

/* Adds a source, or an owner and a wider span to one that is there. */
static int add_source(struct record_plan *plan, const struct record_source *wanted, const char *of)
{
    struct record_source *s;

    for (size_t i = 0; i < plan->count; i++) {
        s = &plan->sources[i];
        if (s->step == wanted->step && strcmp(s->text, wanted->text) == 0) {
            s->from = wanted->from < s->from ? wanted->from : s->from;
            s->to = wanted->to > s->to ? wanted->to : s->to;
            return add_owner(s, of) ? EXIT_FINE : no_memory();
        }
    }
    if (plan->count == RECORD_SOURCES_MAX) {
        complain("more than %d queries or selectors", RECORD_SOURCES_MAX);
        return EXIT_USAGE;
    }
    s = &plan->sources[plan->count++];
    *s = *wanted;
    s->of = NULL;
    s->text = copy(wanted->text);
    return s->text != NULL && add_owner(s, of) ? EXIT_FINE : no_memory();
}

/* ---- one query ------------------------------------------------------------------------------ */

/* A selector of an expression, with the times that it looks at. */
static int add_selector(const struct record_request *r, struct record_plan *plan,
                        const weir_promql_expr *expr, size_t selector, const char *of)
{
    struct record_source wanted = {0};
    weir_status status = weir_promql_selector_window(expr, selector, r->from, r->to, &r->options,
                                                     &wanted.from, &wanted.to);
    size_t need = 0;
    int code;

    if (status != WEIR_OK) {
        complain("%s: the times that its query looks at: %s", of, weir_strerror(status));
        return EXIT_USAGE;
    }
    weir_promql_selector(expr, selector, NULL, 0, &need);
    wanted.text = malloc(need);
    if (wanted.text == NULL) {
        return no_memory();
    }
    weir_promql_selector(expr, selector, wanted.text, need, NULL);
    code = add_source(plan, &wanted, of);
    free(wanted.text);
    return code;
}

/* Whether the answers of a query over a grid are those that it has when it is asked by itself. */
static int stands_alone(const weir_promql_expr *expr, const char *of)
{
    char text[4096] = "";

    weir_promql_print(expr, text, sizeof text, NULL);
    if (weir_promql_type(expr) == WEIR_PROMQL_MATRIX) {
        complain("%s: its query gives a range of samples, which has no answers on a grid; --raw "
                 "records what it looks at",
                 of);
        return 0;
    }
    if (strstr(text, "@ start()") != NULL || strstr(text, "@ end()") != NULL) {
        complain("%s: its query has @ start() or @ end(), which mean something else on a grid; "
                 "--raw records what it looks at",
                 of);
        return 0;
    }
    return 1;
}

static int add_query(const struct record_request *r, struct record_plan *plan, const char *text,
                     int64_t step, const char *of)
{
    struct record_source wanted = {NULL, NULL, r->from, r->to, step};
    weir_promql_expr *expr = NULL;
    weir_error err = {0};
    weir_status status = weir_promql_parse(text, strlen(text), &series_memory, &expr, &err);
    int code = EXIT_FINE;

    if (status != WEIR_OK && (r->raw || status == WEIR_E_MEMORY)) {
        complain("%s: its query, %d:%d: %s", of, (int)err.line, (int)err.column, err.message);
        return EXIT_USAGE;
    }
    if (!r->raw) { /* what weir does not parse may be the server's own dialect */
        wanted.text = copy(text);
        code = expr != NULL && !stands_alone(expr, of) ? EXIT_USAGE
               : wanted.text == NULL                   ? no_memory()
                                                       : add_source(plan, &wanted, of);
        free(wanted.text);
    }
    for (size_t i = 0; r->raw && code == EXIT_FINE && i < weir_promql_selector_count(expr); i++) {
        code = add_selector(r, plan, expr, i, of);
    }
    weir_promql_expr_free(expr);
    return code;
}

/* ---- manifests ------------------------------------------------------------------------------ */

static int add_trigger(const struct record_request *r, struct record_plan *plan,
                       weir_manifest *manifest, size_t index, uint32_t trigger)
{
    const weir_manifest_item *item = weir_manifest_get_item(manifest, index);
    const weir_keda_config *config = item->config;
    const weir_keda_trigger *t = &config->triggers[trigger];
    const char *query = weir_manifest_trigger_metadata(manifest, index, trigger, "query");
    int made = item->maker_kind[0] != '\0';
    char of[400];

    if (t->type != WEIR_TRIGGER_PROMETHEUS || t->continues || query == NULL) {
        return EXIT_FINE;
    }
    snprintf(of, sizeof of, "%s %s/%s, trigger %" PRIu32 "%s%s",
             made ? item->maker_kind : item->api_kind, item->name_space,
             made ? item->maker_name : item->name, trigger, t->name[0] != '\0' ? " " : "", t->name);
    if (weir_manifest_trigger_metadata(manifest, index, trigger, "namespace") != NULL ||
        weir_manifest_trigger_metadata(manifest, index, trigger, "queryParameters") != NULL) {
        complain("notice: %s: KEDA adds its namespace or queryParameters to every request; "
                 "--parameters does that here",
                 of);
    }
    return add_query(r, plan, query, r->step > 0 ? r->step : config->polling_interval / NS_PER_MS,
                     of);
}

static int add_items(const struct record_request *r, struct record_plan *plan,
                     weir_manifest *manifest)
{
    int named = 0, code = EXIT_FINE;

    for (size_t i = 0; i < weir_manifest_item_count(manifest); i++) {
        const weir_manifest_item *item = weir_manifest_get_item(manifest, i);
        const weir_keda_config *config = item->config;

        if (r->name != NULL && strcmp(r->name, item->name) != 0 &&
            strcmp(r->name, item->maker_name) != 0) {
            continue;
        }
        named = 1;
        for (uint32_t t = 0; item->kind == WEIR_KIND_KEDA && t < config->trigger_count; t++) {
            code = code == EXIT_FINE ? add_trigger(r, plan, manifest, i, t) : code;
        }
    }
    if (!named && r->name != NULL) {
        manifests_complain_of_name(manifest, r->name);
        return EXIT_USAGE;
    }
    return code;
}

static int add_manifests(const struct record_request *r, struct record_plan *plan)
{
    weir_manifest *manifest = NULL;
    int code = EXIT_INPUT;

    if (weir_manifest_create(NULL, &manifest) != WEIR_OK) {
        return no_memory();
    }
    if (manifests_read(manifest, &r->files, 0, "recorded")) {
        code = add_items(r, plan, manifest);
    }
    weir_manifest_free(manifest);
    return code;
}

/* ---- the head ------------------------------------------------------------------------------- */

static void put_text(struct record_text *head, const char *text)
{
    record_put_json(head, text, strlen(text));
}

static void put_sources(const struct record_request *r, struct record_plan *plan)
{
    struct record_text *head = &plan->head;

    record_put(head, ",\"%s\":[", r->raw ? "selectors" : "queries");
    for (size_t i = 0; i < plan->count; i++) {
        const struct record_source *s = &plan->sources[i];

        record_put(head, "%s{\"%s\":", i > 0 ? "," : "", r->raw ? "selector" : "query");
        put_text(head, s->text);
        if (r->raw) {
            record_put(head, ",\"from\":%" PRId64 ",\"to\":%" PRId64, s->from, s->to);
        } else {
            record_put(head, ",\"step\":%" PRId64, s->step);
        }
        record_put(head, ",\"of\":");
        put_text(head, s->of);
        record_put(head, "}");
    }
    record_put(head, "]}");
}

static void put_head(const struct record_request *r, struct record_plan *plan)
{
    struct record_text *head = &plan->head;
    char begun[40];

    put_utc(begun, sizeof begun, (int64_t)time(NULL) * WEIR_SECOND);
    record_put(head, "{\"weir_recording\":1,\"kind\":\"%s\",\"by\":\"weir %s\",\"begun\":\"%s\"",
               r->raw ? "raw" : "answers", weir_version_text(), begun);
    record_put(head, ",\"server\":");
    put_text(head, r->server.options.url);
    record_put(head, ",\"from\":%" PRId64 ",\"to\":%" PRId64, r->from, r->to);
    put_sources(r, plan);
}

int record_plan_make(const struct record_request *r, struct record_plan *plan)
{
    int code = EXIT_FINE;

    memset(plan, 0, sizeof *plan);
    if (r->files.count > 0) {
        code = add_manifests(r, plan);
    }
    for (size_t i = 0; code == EXIT_FINE && i < r->queries.count; i++) {
        char of[48];

        snprintf(of, sizeof of, "--query number %zu", i + 1);
        code = add_query(r, plan, r->queries.list[i], r->step > 0 ? r->step : default_step, of);
    }
    if (code == EXIT_FINE && plan->count == 0) {
        complain(r->queries.count > 0
                     ? "the queries select no series; there is nothing to record"
                     : "the files have no prometheus trigger; --query EXPR records "
                       "what no manifest names");
        code = EXIT_INPUT;
    }
    if (code == EXIT_FINE) {
        put_head(r, plan);
        code = plan->head.failed ? no_memory() : EXIT_FINE;
    }
    return code;
}

void record_plan_free(struct record_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        free(plan->sources[i].text);
        free(plan->sources[i].of);
    }
    record_text_free(&plan->head);
    plan->count = 0;
}
