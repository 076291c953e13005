/*
 * weir/http.h - questions to a Prometheus server, or to what speaks its API (Thanos, Mimir,
 * VictoriaMetrics).
 *
 * A query at an instant gives the reply as weir/prometheus.h reads it; one over a grid of times is
 * split so that no request asks for more points than a server gives, and its parts are put together
 * in a series store. Failures of the connection, timeouts, HTTP 429 and 5xx are tried again, with
 * pauses that double. Redirects are not followed, certificates are always verified.
 *
 * Credentials come from files or the environment, are read anew for every try (tokens are renewed),
 * and appear in no message; a URL that contains some is refused.
 *
 * An adapter, in a library of its own (weir_http, weir::http) on libcurl, which takes its memory
 * from malloc whatever the allocator. One client is for one thread at a time.
 */
#ifndef WEIR_HTTP_H
#define WEIR_HTTP_H

#include <weir/base.h>
#include <weir/prometheus.h>
#include <weir/promql.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WEIR_HTTP_POST = 0, /**< a form in the body: queries of any length */
    WEIR_HTTP_GET = 1   /**< for who lets nothing else through */
};

/** Most points that a server gives in one reply, of each series. */
#define WEIR_HTTP_POINTS_MAX 11000

/** Whom to ask, and how. Start from weir_http_options_init(). Texts are NUL-terminated, copied. */
typedef struct weir_http_options {
    uint32_t struct_size;
    int32_t method;                /**< WEIR_HTTP_*, WEIR_HTTP_POST */
    int32_t tries;                 /**< 1 to 20, 4: how often a request is sent at most */
    int32_t points;                /**< 1 to 11000, 11000: points that one request asks for */
    weir_duration timeout;         /**< > 0, 60 s: of one try, from its beginning to its end */
    weir_duration connect_timeout; /**< > 0, 10 s */
    weir_duration backoff;         /**< > 0, 500 ms: before the second try; at most 30 s later on */
    const char *url;               /**< needed: "https://host:9090", "https://host/prometheus" */
    const char *parameters;        /**< NULL: none; added to every request as they are: "nocache=1",
                                        "partial_response=false&dedup=true" */
    const char *ca_file;           /**< NULL: the system's; certificates to trust, PEM */
    const char *bearer_file;       /**< NULL: none; a file with a token */
    const char *bearer_variable;   /**< NULL: none; an environment variable with a token */
    const char *user;              /**< NULL: none; for basic authentication, with a password of */
    const char *password_file;     /**< NULL, or a file, */
    const char *password_variable; /**< NULL, or an environment variable */
    const char *const *headers;    /**< "X-Scope-OrgID: team"; not Authorization, see above */
    size_t header_count;
} weir_http_options;

/** Writes the defaults. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_http_options_init(weir_http_options *options, size_t struct_size);

/** A client of one server; it keeps its connection. */
typedef struct weir_http weir_http;

/**
 * Makes a client. Nothing is sent yet.
 * @param allocator  used until the client is freed; copied
 * @return WEIR_OK; WEIR_E_RANGE with the option's name as path; WEIR_E_STRUCT; WEIR_E_MEMORY;
 *         WEIR_E_ARG
 */
WEIR_API weir_status weir_http_create(const weir_http_options *options,
                                      const weir_allocator *allocator, weir_http **http,
                                      weir_error *err);

/** Frees a client; NULL is allowed. */
WEIR_API void weir_http_free(weir_http *http);

/** What asking took; added up over the client's life. */
typedef struct weir_http_counts {
    uint64_t requests;         /**< replies wanted */
    uint64_t tries;            /**< requests sent, those that failed included */
    uint64_t bytes;            /**< of replies, as they were after decoding */
    uint64_t warnings;         /**< in replies that are successes */
    uint64_t foreign_warnings; /**< of them those that no query makes: data may be incomplete */
} weir_http_counts;

/** What asking took so far. */
WEIR_API weir_status weir_http_count(const weir_http *http, weir_http_counts *counts);

/**
 * Asks for a query at an instant (/api/v1/query). Raw samples are had with a range selector:
 * "x[5m]".
 *
 * @param query  PromQL, NUL-terminated
 * @param at_ms  INT64_MIN: the server's now
 * @param reply  set whenever WEIR_OK is returned, also to replies that are errors (`kind`)
 * @return WEIR_OK; WEIR_E_IO when no reply came, or only HTTP 5xx and 429, however often it was
 *         tried; credentials that cannot be read; WEIR_E_LIMIT for a reply that is too long;
 *         WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_http_query(weir_http *http, const char *query, int64_t at_ms,
                                     weir_api_reply **reply, weir_error *err);

/**
 * Asks for a query at start, start + step, ... up to end (/api/v1/query_range), in as many requests
 * as it takes, and puts the points into a store, as series of their labels.
 *
 * @param step_ms  > 0
 * @param store    samples that are there already must be older; after an error it has what came
 *                 before
 * @param counts   added to; may be NULL
 * @return WEIR_OK; as weir_http_query(); WEIR_E_RANGE for what the server refuses (its error is the
 *         message), for a grid that is none, or points that are not on it (a server that moves
 *         times: VictoriaMetrics does unless `parameters` has "nocache=1"); WEIR_E_PARSE for what
 * is no reply of this API
 */
WEIR_API weir_status weir_http_query_range(weir_http *http, const char *query, int64_t start_ms,
                                           int64_t end_ms, int64_t step_ms,
                                           weir_series_store *store, weir_series_counts *counts,
                                           weir_error *err);

/**
 * Asks for a query at start, start + step, ... up to end in one request, and gives the reply with
 * its warnings. A grid of more points than a server gives is for weir_http_query_range().
 *
 * @param step_ms  > 0
 * @param reply    set whenever WEIR_OK is returned, also to replies that are errors (`kind`)
 * @return as weir_http_query(); WEIR_E_RANGE for a grid that is none, or points that are not on it;
 *         WEIR_E_PARSE for a success that is no matrix
 */
WEIR_API weir_status weir_http_query_part(weir_http *http, const char *query, int64_t start_ms,
                                          int64_t end_ms, int64_t step_ms, weir_api_reply **reply,
                                          weir_error *err);

/** A page, read-only. */
typedef struct weir_http_page {
    int32_t status;           /**< of HTTP */
    int32_t reserved;         /**< 0 */
    const char *content_type; /**< "" when the server did not say */
    const char *body;         /**< "" for none; need not be terminated */
    size_t length;            /**< of the body, as it is after decoding */
} weir_http_page;

/**
 * Gets the page at the client's URL, with its parameters: what a scrape does. HTTP 429 and 5xx are
 * tried again as often as the client's options say, which for a scrape is once.
 *
 * @param accept  value of the header Accept; NULL: any type
 * @param most    > 0: bytes that the body may have
 * @param page    set whenever WEIR_OK is returned, whatever the HTTP status
 * @return WEIR_OK; WEIR_E_IO when no page came; credentials that cannot be read; WEIR_E_LIMIT for a
 *         body that is too long; WEIR_E_RANGE; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_http_page_get(weir_http *http, const char *accept, size_t most,
                                        weir_http_page **page, weir_error *err);

/** Frees a page; NULL is allowed. */
WEIR_API void weir_http_page_free(weir_http_page *page);

#ifdef __cplusplus
}
#endif
#endif
