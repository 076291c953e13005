/*
 * http/client.h - a client while it is used.
 */
#ifndef WEIR_LIB_HTTP_CLIENT_H
#define WEIR_LIB_HTTP_CLIENT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <weir/http.h>

/* Where a secret is. */
struct secret {
    char *file, *variable; /* NULL: not there */
};

struct weir_http {
    weir_allocator allocator;
    CURL *curl;
    struct curl_slist *headers;
    char *url, *parameters, *ca_file, *user;
    struct secret bearer, password;
    int32_t method, tries, points;
    weir_duration timeout, connect_timeout, backoff;
    weir_http_counts counts;
};

enum { TYPE_MAX = 256 };

/* What came back. */
struct response {
    int32_t status; /* HTTP */
    char *body;     /* from malloc */
    size_t length, room, most;
    char type[TYPE_MAX]; /* its Content-Type, "" for none */
    bool too_long, no_memory;
};

weir_status weir__http_error(weir_error *err, weir_status status, const char *path,
                             const char *message);

/* Sends a form to PATH ("/api/v1/query") until a reply comes that is worth no other try; the
 * response is to be freed with free(response->body). */
weir_status weir__http_send(weir_http *http, const char *path, const char *form,
                            struct response *response, weir_error *err);

/* Asks for the page at the client's URL in the same way, with one more header, or NULL. The
 * response may have `most` bytes. */
weir_status weir__http_get(weir_http *http, const char *header, size_t most,
                           struct response *response, weir_error *err);

enum { SECRET_MAX = 16384 };

/* Reads a secret into `text`; WEIR_OK, or WEIR_E_IO with a message that does not show it. */
weir_status weir__http_secret(const struct secret *secret, const char *name, char text[SECRET_MAX],
                              weir_error *err);

/* Overwrites what was secret. */
void weir__http_wipe(char *text, size_t size);

#endif
