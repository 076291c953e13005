/*
 * http/send.c - one request, as often as it takes: which failures are worth another try, and the
 * pauses between.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NS_PER_MS = 1000000 };

static const weir_duration longest_pause = 30 * WEIR_SECOND;

/* ---- receiving ------------------------------------------------------------------------------ */

static size_t receive(char *bytes, size_t size, size_t count, void *user)
{
    struct response *r = user;
    size_t more = size * count;

    if (more > r->most - r->length) {
        r->too_long = true;
        return 0;
    }
    if (r->room - r->length < more) {
        size_t room = r->room < 65536 ? 65536 : 2 * r->room;
        char *grown;

        room = room < r->length + more ? r->length + more : room;
        grown = realloc(r->body, room);
        if (grown == NULL) {
            r->no_memory = true;
            return 0;
        }
        r->body = grown;
        r->room = room;
    }
    memcpy(r->body + r->length, bytes, more);
    r->length += more;
    return more;
}

static void empty(struct response *r)
{
    size_t most = r->most;

    free(r->body);
    memset(r, 0, sizeof *r);
    r->most = most;
}

/* ---- asking --------------------------------------------------------------------------------- */

static long whole_ms(weir_duration d)
{
    weir_duration ms = d / NS_PER_MS;

    return ms < 1 ? 1 : ms > INT32_MAX ? INT32_MAX : (long)ms;
}

static weir_status set_credentials(weir_http *http, weir_error *err)
{
    char text[SECRET_MAX];
    weir_status status = WEIR_OK;

    if (http->bearer.file != NULL || http->bearer.variable != NULL) {
        status = weir__http_secret(&http->bearer, "bearer_file", text, err);
        if (status == WEIR_OK) {
            curl_easy_setopt(http->curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
            curl_easy_setopt(http->curl, CURLOPT_XOAUTH2_BEARER, text);
        }
    } else if (http->user != NULL) {
        status = weir__http_secret(&http->password, "password_file", text, err);
        if (status == WEIR_OK) {
            curl_easy_setopt(http->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
            curl_easy_setopt(http->curl, CURLOPT_USERNAME, http->user);
            curl_easy_setopt(http->curl, CURLOPT_PASSWORD, text);
        }
    }
    weir__http_wipe(text, sizeof text);
    return status;
}

/* A request: of a page when there is no form, which a GET has in its URL. */
struct request {
    const char *url, *form;
    struct curl_slist *headers;
};

static void set_request(weir_http *http, const struct request *request, struct response *r)
{
    CURL *curl = http->curl;

    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
    if (request->form != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->form);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(request->form));
    }
    if (http->ca_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca_file);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, request->headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "weir");
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, whole_ms(http->timeout));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, whole_ms(http->connect_timeout));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, r);
}

/* Whether what went wrong on the way may go right next time. */
static bool may_pass(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return true;
    default: return false;
    }
}

static void pause_for(weir_duration d)
{
    struct timespec pause = {(time_t)(d / WEIR_SECOND), (long)(d % WEIR_SECOND)};

    while (nanosleep(&pause, &pause) != 0) {
    }
}

/* The pause before the next try: twice the one before, or what the server asks for. */
static weir_duration next_pause(weir_http *http, int32_t tried)
{
    weir_duration pause = http->backoff < longest_pause ? http->backoff : longest_pause;
    curl_off_t wish = 0;

    for (int32_t i = 1; i < tried && pause < longest_pause; i++) {
        pause *= 2;
    }
    if (curl_easy_getinfo(http->curl, CURLINFO_RETRY_AFTER, &wish) == CURLE_OK && wish > 0) {
        weir_duration wanted = wish < 30 ? (weir_duration)wish * WEIR_SECOND : longest_pause;

        pause = wanted > pause ? wanted : pause;
    }
    return pause < longest_pause ? pause : longest_pause;
}

static weir_status give_up(const weir_http *http, CURLcode code, const struct response *r,
                           weir_error *err)
{
    char message[sizeof err->message];

    if (r->no_memory) {
        return weir__http_error(err, WEIR_E_MEMORY, "", "out of memory");
    }
    if (r->too_long) {
        snprintf(message, sizeof message, "a reply of more than %zu bytes", r->most);
        return weir__http_error(err, WEIR_E_LIMIT, "", message);
    }
    snprintf(message, sizeof message, "%.100s: %.80s, tried %d time%s", http->url,
             curl_easy_strerror(code), (int)http->counts.tries, http->counts.tries == 1 ? "" : "s");
    return weir__http_error(err, WEIR_E_IO, "", message);
}

/* One try. *again is set when another is worth it. */
static CURLcode try_once(weir_http *http, struct response *r, bool *again)
{
    CURLcode code;
    const char *type = NULL;
    long status = 0;

    empty(r);
    curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, r);
    http->counts.tries++;
    code = curl_easy_perform(http->curl);
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(http->curl, CURLINFO_CONTENT_TYPE, &type);
    r->status = (int32_t)status;
    snprintf(r->type, sizeof r->type, "%s", type != NULL ? type : "");
    *again = code == CURLE_OK ? status == 429 || status / 100 == 5 : may_pass(code);
    return code;
}

static weir_status send_request(weir_http *http, const struct request *request, struct response *r,
                                weir_error *err)
{
    CURLcode code = CURLE_OK;
    uint64_t before = http->counts.tries;
    bool again = true;

    for (int32_t tried = 0; again && tried < http->tries; tried++) {
        weir_status status;

        if (tried > 0) {
            pause_for(next_pause(http, tried));
        }
        set_request(http, request, r);
        status = set_credentials(http, err);
        if (status != WEIR_OK) {
            return status;
        }
        code = try_once(http, r, &again);
    }
    curl_easy_setopt(http->curl, CURLOPT_XOAUTH2_BEARER, NULL);
    curl_easy_setopt(http->curl, CURLOPT_PASSWORD, NULL);
    if (code != CURLE_OK) {
        weir_http_counts all = http->counts;
        weir_status status;

        http->counts.tries -= before; /* for the message: those of this request */
        status = give_up(http, code, r, err);
        http->counts = all;
        return status;
    }
    http->counts.bytes += r->length;
    return WEIR_OK;
}

/* "URL/PATH?QUERY" without the slashes at the URL's end, from malloc. */
static char *join(const char *url, const char *path, const char *query)
{
    size_t base = strlen(url), room = base + strlen(path) + strlen(query) + 3;
    char *joined = malloc(room);

    while (path[0] != '\0' && base > 0 && url[base - 1] == '/') {
        base--;
    }
    if (joined != NULL) {
        snprintf(joined, room, "%.*s%s%s%s", (int)base, url, path, query[0] != '\0' ? "?" : "",
                 query);
    }
    return joined;
}

static weir_status send_joined(weir_http *http, struct request *request, char *url,
                               struct response *response, weir_error *err)
{
    weir_status status;

    if (url == NULL) {
        return weir__http_error(err, WEIR_E_MEMORY, "", "out of memory");
    }
    request->url = url;
    http->counts.requests++;
    status = send_request(http, request, response, err);
    free(url);
    if (status != WEIR_OK) {
        empty(response);
    }
    return status;
}

weir_status weir__http_send(weir_http *http, const char *path, const char *form,
                            struct response *response, weir_error *err)
{
    bool post = http->method == WEIR_HTTP_POST;
    struct request request = {NULL, post ? form : NULL, http->headers};

    memset(response, 0, sizeof *response);
    response->most = WEIR_API_REPLY_MAX;
    return send_joined(http, &request, join(http->url, path, post ? "" : form), response, err);
}

weir_status weir__http_get(weir_http *http, const char *header, size_t most,
                           struct response *response, weir_error *err)
{
    struct curl_slist *headers = NULL, *more;
    struct request request = {0};
    weir_status status;

    memset(response, 0, sizeof *response);
    response->most = most;
    for (const struct curl_slist *h = http->headers; h != NULL || header != NULL;) {
        more = curl_slist_append(headers, h != NULL ? h->data : header);
        if (more == NULL) {
            curl_slist_free_all(headers);
            return weir__http_error(err, WEIR_E_MEMORY, "", "out of memory");
        }
        headers = more;
        header = h != NULL ? header : NULL;
        h = h != NULL ? h->next : NULL;
    }
    request.headers = headers;
    status = send_joined(http, &request,
                         join(http->url, "", http->parameters != NULL ? http->parameters : ""),
                         response, err);
    curl_slist_free_all(headers);
    return status;
}
