/*
 * prometheus/api.c - replies of the HTTP API: the envelope, and what the HTTP status makes of it.
 *
 * A body counts with 2xx, 400 and 422; with others the status says it all, and the body is only
 * looked at for what more it says. Upstream: client_golang api/prometheus/v1/api.go, Do().
 */
#include "api.h"

#include <stdio.h>

bool weir__pm_reply_wrong(struct reply *r, const char *path, const char *message)
{
    weir__pm_error(&r->problem, WEIR_E_PARSE, message);
    snprintf(r->problem.path, sizeof r->problem.path, "%s", path);
    return false;
}

/* ---- the envelope --------------------------------------------------------------------------- */

static weir_api_text text_of(const cJSON *item)
{
    weir_api_text text = {"", 0};

    if (cJSON_IsString(item)) {
        text = (weir_api_text){item->valuestring, strlen(item->valuestring)};
    }
    return text;
}

static bool read_texts(struct reply *r, const char *name, struct array *list)
{
    const cJSON *array = weir__pm_json_member(r->root, name), *item;

    if (array != NULL && !cJSON_IsArray(array)) {
        return weir__pm_reply_wrong(r, name, "expected a list of texts");
    }
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsString(item)) {
            return weir__pm_reply_wrong(r, name, "expected a list of texts");
        }
        if (!weir__pm_reserve(&r->allocator, list, 1, sizeof(weir_api_text))) {
            r->no_memory = true;
            return false;
        }
        ((weir_api_text *)list->items)[list->count++] = text_of(item);
    }
    return true;
}

static int32_t type_of(const cJSON *item)
{
    static const char *const names[] = {"", "scalar", "vector", "matrix", "string"};

    for (int32_t type = WEIR_PROMQL_SCALAR; type <= WEIR_PROMQL_STRING; type++) {
        if (cJSON_IsString(item) && strcmp(item->valuestring, names[type]) == 0) {
            return type;
        }
    }
    return 0;
}

static bool read_data(struct reply *r)
{
    const cJSON *data = weir__pm_json_member(r->root, "data");
    cJSON *result = NULL;

    if (!cJSON_IsObject(data)) {
        return weir__pm_reply_wrong(r, "data", "expected an object with resultType and result");
    }
    r->public.type = type_of(weir__pm_json_member(data, "resultType"));
    if (r->public.type == 0) {
        return weir__pm_reply_wrong(r, "data.resultType",
                                    "expected scalar, vector, matrix or string");
    }
    for (cJSON *item = data->child; item != NULL; item = item->next) { /* null is an empty list */
        result = strcmp(item->string, "result") == 0 ? item : result;
    }
    if (result == NULL) {
        return weir__pm_reply_wrong(r, "data.result", "expected a result");
    }
    return weir__pm_result_read(r, r->public.type, result);
}

/* An envelope whose status says that it is good, or not; false: it is neither. */
static bool read_envelope(struct reply *r)
{
    const char *status = text_of(weir__pm_json_member(r->root, "status")).text;

    if (!cJSON_IsObject(r->root)) {
        return weir__pm_reply_wrong(r, "", "expected an object with status and data");
    }
    r->public.error = text_of(weir__pm_json_member(r->root, "error"));
    r->public.error_type = text_of(weir__pm_json_member(r->root, "errorType"));
    if (!read_texts(r, "warnings", &r->warnings) || !read_texts(r, "infos", &r->infos)) {
        return false;
    }
    if (strcmp(status, "error") == 0) {
        r->public.kind = WEIR_API_ERROR;
        return true;
    }
    if (strcmp(status, "success") != 0) {
        return weir__pm_reply_wrong(r, "status", "expected success or error");
    }
    return read_data(r);
}

/* The list of a result without its envelope: a matrix where its elements have values. */
static bool read_list(struct reply *r)
{
    const cJSON *first = r->root->child;
    bool vector = cJSON_GetObjectItemCaseSensitive(first, "value") != NULL ||
                  cJSON_GetObjectItemCaseSensitive(first, "histogram") != NULL;

    r->public.type = vector ? WEIR_PROMQL_VECTOR : WEIR_PROMQL_MATRIX;
    return weir__pm_result_read(r, r->public.type, r->root);
}

/* ---- the HTTP status ------------------------------------------------------------------------ */

/* The body as a tree; false with what is wrong with it. */
static bool parse_body(struct reply *r, const char *body, size_t length)
{
    const char *at, *wrong = weir__pm_json_check(body, length, &at);
    char got[32], message[200];

    if (wrong == NULL) {
        r->root = cJSON_ParseWithLength(body, length);
        r->no_memory = r->root == NULL;
        return r->root != NULL;
    }
    weir__pm_describe(got, sizeof got, at, body + length);
    snprintf(message, sizeof message, "%s, got %s", wrong, got);
    weir__pm_reply_wrong(r, "", length > 0 ? message : "the body is empty");
    weir__pm_position(body, at, &r->problem.line, &r->problem.column);
    return false;
}

/* A status beside 2xx, 400 and 422, or one of those without a body that says more. */
static void judge_status(struct reply *r, int32_t http_status)
{
    char message[64];
    bool client = http_status / 100 == 4, server = http_status / 100 == 5;

    snprintf(message, sizeof message, "%s %d",
             client   ? "client error: HTTP status"
             : server ? "server error: HTTP status"
                      : "unexpected HTTP status",
             (int)http_status);
    weir__pm_reply_wrong(r, "", message);
    r->public.kind = client   ? WEIR_API_CLIENT_ERROR
                     : server ? WEIR_API_SERVER_ERROR
                              : WEIR_API_BAD_RESPONSE;
}

static void read_body(struct reply *r, const char *body, size_t length, int32_t http_status,
                      bool lists)
{
    bool counts = http_status / 100 == 2 || http_status == 400 || http_status == 422;
    bool good = parse_body(r, body, length), failed = http_status / 100 != 2;

    if (r->no_memory) {
        return;
    }
    if (good && lists && cJSON_IsArray(r->root)) {
        good = read_list(r);
    } else if (good && counts) {
        good = read_envelope(r);
    } else if (good && cJSON_IsObject(r->root)) {
        r->public.error = text_of(weir__pm_json_member(r->root, "error"));
        r->public.error_type = text_of(weir__pm_json_member(r->root, "errorType"));
    }
    if (failed && good && counts && r->public.kind == WEIR_API_SUCCESS) {
        weir__pm_reply_wrong(r, "status", "the body says success, the HTTP status does not");
        r->public.kind = WEIR_API_BAD_RESPONSE;
    } else if (failed &&
               (!good || r->public.kind != WEIR_API_ERROR || r->public.error_type.length == 0)) {
        judge_status(r, http_status);
    } else if (!good) {
        r->public.kind = WEIR_API_BAD_RESPONSE;
    }
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void count_foreign(weir_api_reply *public)
{
    struct text own = TEXT("PromQL warning: ");

    for (size_t i = 0; i < public->warning_count; i++) {
        struct text warning = {public->warnings[i].text, public->warnings[i].length};

        public->foreign_warning_count += begins_with(warning, own) ? 0 : 1;
    }
}

/* "data.result[3].value: expected ..., line 1, column 7". */
static weir_api_text message_of(struct reply *r)
{
    weir_error *p = &r->problem;
    char text[sizeof p->message];

    if (p->path[0] != '\0') {
        snprintf(text, sizeof text, "%.100s: %.130s", p->path, p->message);
        memcpy(p->message, text, sizeof text);
    } else if (p->line > 0) {
        snprintf(text, sizeof text, "line %d, column %d: %.180s", (int)p->line, (int)p->column,
                 p->message);
        memcpy(p->message, text, sizeof text);
    }
    return (weir_api_text){p->message, strlen(p->message)};
}

static void publish(struct reply *r)
{
    weir_api_reply *public = &r->public;

    if (public->kind != WEIR_API_SUCCESS) {
        r->labels.count = 0;
        r->label_at.count = 0;
        public->type = 0;
    }
    if (public->kind > WEIR_API_ERROR) {
        public->message = message_of(r);
    }
    public->series_count = r->label_at.count > 0 ? r->label_at.count - 1 : 0;
    public->label_at = r->label_at.items;
    public->labels = r->labels.items;
    public->point_at = r->point_at.items;
    public->times_ms = r->times.items;
    public->values = r->values.items;
    public->histogram_at = r->histogram_at.items;
    public->histograms = r->histograms.items;
    public->buckets = r->buckets.items;
    public->warnings = r->warnings.items;
    public->warning_count = r->warnings.count;
    public->infos = r->infos.items;
    public->info_count = r->infos.count;
    count_foreign(public);
}

weir_status weir__pm_reply_read(const char *body, size_t length, int32_t http_status, bool lists,
                                const weir_allocator *allocator, struct reply **reply)
{
    static const weir_api_text none = {"", 0};
    struct reply *r = take(allocator, sizeof *r);

    if (r == NULL) {
        return WEIR_E_MEMORY;
    }
    memset(r, 0, sizeof *r);
    r->allocator = *allocator;
    r->public.message = none;
    r->public.error = none;
    r->public.error_type = none;
    r->public.text = none;
    read_body(r, body, length, http_status != 0 ? http_status : 200, lists);
    if (r->no_memory) {
        weir_api_reply_free(&r->public);
        return WEIR_E_MEMORY;
    }
    publish(r);
    *reply = r;
    return WEIR_OK;
}

weir_status weir_api_reply_parse(const char *body, size_t length, int32_t http_status,
                                 const weir_allocator *allocator, weir_api_reply **reply,
                                 weir_error *err)
{
    struct reply *r;
    weir_status status;

    if ((body == NULL && length > 0) || allocator == NULL || reply == NULL) {
        return weir__pm_error(err, WEIR_E_ARG, "body, allocator and reply must not be NULL");
    }
    if (length > WEIR_API_REPLY_MAX) {
        return weir__pm_error(err, WEIR_E_LIMIT, "a reply of more than 256 MiB");
    }
    status = weir__pm_reply_read(body, length, http_status, false, allocator, &r);
    if (status != WEIR_OK) {
        return weir__pm_error(err, status, "out of memory");
    }
    *reply = &r->public;
    return WEIR_OK;
}

void weir_api_reply_free(weir_api_reply *reply)
{
    struct reply *r = (struct reply *)(void *)reply;
    weir_allocator allocator;

    if (reply == NULL) {
        return;
    }
    allocator = r->allocator;
    cJSON_Delete(r->root);
    weir__pm_release(&allocator, &r->label_at, sizeof(size_t));
    weir__pm_release(&allocator, &r->labels, sizeof(weir_label));
    weir__pm_release(&allocator, &r->point_at, sizeof(size_t));
    weir__pm_release(&allocator, &r->times, sizeof(int64_t));
    weir__pm_release(&allocator, &r->values, sizeof(double));
    weir__pm_release(&allocator, &r->histogram_at, sizeof(size_t));
    weir__pm_release(&allocator, &r->histograms, sizeof(weir_api_histogram));
    weir__pm_release(&allocator, &r->buckets, sizeof(weir_api_bucket));
    weir__pm_release(&allocator, &r->warnings, sizeof(weir_api_text));
    weir__pm_release(&allocator, &r->infos, sizeof(weir_api_text));
    give_back(&allocator, r, sizeof *r);
}
