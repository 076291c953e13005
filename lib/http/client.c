/*
 * http/client.c - clients: their options, made and checked.
 */
#include "client.h"

#include <stdio.h>
#include <string.h>

weir_status weir__http_error(weir_error *err, weir_status status, const char *path,
                             const char *message)
{
    if (err != NULL) {
        memset(err, 0, sizeof *err);
        err->status = status;
        snprintf(err->path, sizeof err->path, "%s", path);
        snprintf(err->message, sizeof err->message, "%s", message);
    }
    return status;
}

static const weir_http_options defaults = {
    .struct_size = sizeof defaults,
    .method = WEIR_HTTP_POST,
    .tries = 4,
    .points = WEIR_HTTP_POINTS_MAX,
    .timeout = 60 * WEIR_SECOND,
    .connect_timeout = 10 * WEIR_SECOND,
    .backoff = WEIR_SECOND / 2,
};

weir_status weir_http_options_init(weir_http_options *options, size_t struct_size)
{
    if (options == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *options) {
        return WEIR_E_STRUCT;
    }
    *options = defaults;
    return WEIR_OK;
}

/* ---- checks --------------------------------------------------------------------------------- */

static weir_status check_url(const char *url, weir_error *err)
{
    const char *host = url != NULL ? strstr(url, "://") : NULL;
    bool known =
        host != NULL && (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0);

    if (!known || host[3] == '\0' || host[3] == '/') {
        return weir__http_error(err, WEIR_E_RANGE, "url", "must be http://HOST or https://HOST");
    }
    if (memchr(host + 3, '@', strcspn(host + 3, "/?#")) != NULL) {
        return weir__http_error(err, WEIR_E_RANGE, "url",
                                "must not have a user or a password in it: use user and a file or "
                                "an environment variable");
    }
    if (strpbrk(url, "?# \t\r\n") != NULL) {
        return weir__http_error(err, WEIR_E_RANGE, "url",
                                "must have no query, fragment or blank; see parameters");
    }
    return WEIR_OK;
}

static weir_status check_headers(const weir_http_options *o, weir_error *err)
{
    static const char own[] = "authorization";

    for (size_t i = 0; i < o->header_count; i++) {
        const char *header = o->headers[i];
        size_t name = header != NULL ? strcspn(header, ":") : 0, same = 0;

        if (name == 0 || header[name] != ':' || strpbrk(header, "\r\n") != NULL) {
            return weir__http_error(err, WEIR_E_RANGE, "headers", "must be \"Name: value\"");
        }
        while (same < sizeof own - 1 && (header[same] | 0x20) == own[same]) {
            same++;
        }
        if (same == name && same == sizeof own - 1) {
            return weir__http_error(err, WEIR_E_RANGE, "headers",
                                    "must not have Authorization: use a file or an environment "
                                    "variable");
        }
    }
    return WEIR_OK;
}

static weir_status check_credentials(const weir_http_options *o, weir_error *err)
{
    bool bearer = o->bearer_file != NULL || o->bearer_variable != NULL;
    bool password = o->password_file != NULL || o->password_variable != NULL;

    if ((o->bearer_file != NULL && o->bearer_variable != NULL) || (bearer && o->user != NULL)) {
        return weir__http_error(err, WEIR_E_RANGE, "bearer_file",
                                "must be the only credentials that are set");
    }
    if ((o->user != NULL) != password ||
        (o->password_file != NULL && o->password_variable != NULL)) {
        return weir__http_error(err, WEIR_E_RANGE, "user",
                                "needs one of password_file and "
                                "password_variable, and they need it");
    }
    return WEIR_OK;
}

static weir_status check_options(const weir_http_options *o, weir_error *err)
{
    weir_status status;

    if (o->method != WEIR_HTTP_POST && o->method != WEIR_HTTP_GET) {
        return weir__http_error(err, WEIR_E_RANGE, "method", "must be WEIR_HTTP_*");
    }
    if (o->tries < 1 || o->tries > 20) {
        return weir__http_error(err, WEIR_E_RANGE, "tries", "must be in [1, 20]");
    }
    if (o->points < 1 || o->points > WEIR_HTTP_POINTS_MAX) {
        return weir__http_error(err, WEIR_E_RANGE, "points", "must be in [1, 11000]");
    }
    if (o->timeout <= 0 || o->connect_timeout <= 0 || o->backoff <= 0) {
        return weir__http_error(err, WEIR_E_RANGE, "timeout",
                                "timeout, connect_timeout and backoff must be above 0");
    }
    status = check_url(o->url, err);
    status = status == WEIR_OK ? check_headers(o, err) : status;
    return status == WEIR_OK ? check_credentials(o, err) : status;
}

/* ---- making --------------------------------------------------------------------------------- */

static bool copy_text(const weir_allocator *a, const char *text, char **copy)
{
    size_t size = text != NULL ? strlen(text) + 1 : 0;

    *copy = NULL;
    if (text == NULL) {
        return true;
    }
    *copy = a->alloc(a->user, size);
    if (*copy != NULL) {
        memcpy(*copy, text, size);
    }
    return *copy != NULL;
}

static void free_text(const weir_allocator *a, char *text)
{
    if (text != NULL) {
        a->free(a->user, text, strlen(text) + 1);
    }
}

static bool add_headers(weir_http *http, const weir_http_options *o)
{
    for (size_t i = 0; i < o->header_count; i++) {
        struct curl_slist *more = curl_slist_append(http->headers, o->headers[i]);

        if (more == NULL) {
            return false;
        }
        http->headers = more;
    }
    return true;
}

static bool fill(weir_http *http, const weir_http_options *o)
{
    const weir_allocator *a = &http->allocator;

    http->method = o->method;
    http->tries = o->tries;
    http->points = o->points;
    http->timeout = o->timeout;
    http->connect_timeout = o->connect_timeout;
    http->backoff = o->backoff;
    http->curl = curl_easy_init();
    if (!copy_text(a, o->url, &http->url) || !copy_text(a, o->parameters, &http->parameters) ||
        !copy_text(a, o->ca_file, &http->ca_file) || !copy_text(a, o->user, &http->user) ||
        !copy_text(a, o->bearer_file, &http->bearer.file) ||
        !copy_text(a, o->bearer_variable, &http->bearer.variable) ||
        !copy_text(a, o->password_file, &http->password.file) ||
        !copy_text(a, o->password_variable, &http->password.variable)) {
        return false;
    }
    return http->curl != NULL && add_headers(http, o);
}

weir_status weir_http_create(const weir_http_options *options, const weir_allocator *allocator,
                             weir_http **out, weir_error *err)
{
    weir_http *http;
    weir_status status;

    if (options == NULL || allocator == NULL || out == NULL) {
        return weir__http_error(err, WEIR_E_ARG, "",
                                "options, allocator and http must not be NULL");
    }
    if (options->struct_size != sizeof *options) {
        return weir__http_error(err, WEIR_E_STRUCT, "struct_size", "is not that of this library");
    }
    status = check_options(options, err);
    if (status != WEIR_OK) {
        return status;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return weir__http_error(err, WEIR_E_MEMORY, "", "libcurl does not start");
    }
    http = allocator->alloc(allocator->user, sizeof *http);
    if (http == NULL) {
        curl_global_cleanup();
        return weir__http_error(err, WEIR_E_MEMORY, "", "out of memory");
    }
    memset(http, 0, sizeof *http);
    http->allocator = *allocator;
    if (!fill(http, options)) {
        weir_http_free(http);
        return weir__http_error(err, WEIR_E_MEMORY, "", "out of memory");
    }
    *out = http;
    return WEIR_OK;
}

void weir_http_free(weir_http *http)
{
    weir_allocator a;

    if (http == NULL) {
        return;
    }
    a = http->allocator;
    curl_slist_free_all(http->headers);
    curl_easy_cleanup(http->curl);
    curl_global_cleanup();
    free_text(&a, http->url);
    free_text(&a, http->parameters);
    free_text(&a, http->ca_file);
    free_text(&a, http->user);
    free_text(&a, http->bearer.file);
    free_text(&a, http->bearer.variable);
    free_text(&a, http->password.file);
    free_text(&a, http->password.variable);
    a.free(a.user, http, sizeof *http);
}

weir_status weir_http_count(const weir_http *http, weir_http_counts *counts)
{
    if (http == NULL || counts == NULL) {
        return WEIR_E_ARG;
    }
    *counts = http->counts;
    return WEIR_OK;
}
