/*
 * server.h - the Prometheus server that a command asks: the options that say which and how, and the
 * client made of them.
 *
 * Credentials are named on the command line and never given there: a file or an environment
 * variable has them.
 */
#ifndef WEIR_TOOLS_SERVER_H
#define WEIR_TOOLS_SERVER_H

#include "program.h"

#include <weir/http.h>

/* Rows of a command's option table, one for each of the numbers below, in this order. */
#define SERVER_OPTIONS                                                                             \
    {"--prometheus", 0, "URL",                                                                     \
     "a Prometheus server, or what speaks its API (Thanos, Mimir, VictoriaMetrics)"},              \
        {"--bearer-file", 0, "FILE", "server: a file with a token"},                               \
        {"--bearer-env", 0, "VARIABLE", "server: an environment variable with a token"},           \
        {"--user", 0, "NAME", "server: for basic authentication, with a password of"},             \
        {"--password-file", 0, "FILE", "a file"},                                                  \
        {"--password-env", 0, "VARIABLE", "or an environment variable"},                           \
        {"--header", 0, "NAME:VALUE", "server: sent with every request (X-Scope-OrgID: team)"},    \
        {"--header-file", 0, "FILE", "server: a file with such lines, where they are secret"},     \
        {"--ca-file", 0, "FILE", "server: certificates to trust, PEM (default: the system's)"},    \
        {"--parameters", 0, "TEXT", "server: added to every request (nocache=1)"},                 \
        {"--method", 0, "post|get", "server: how queries are sent (default post)"},                \
        {"--timeout", 0, "TIME", "server: of one try of a request (default 60s)"},                 \
    {                                                                                              \
        "--tries", 0, "N", "server: how often a request is sent at most (default 4)"               \
    }

enum {
    SERVER_URL,
    SERVER_BEARER_FILE,
    SERVER_BEARER_ENV,
    SERVER_USER,
    SERVER_PASSWORD_FILE,
    SERVER_PASSWORD_ENV,
    SERVER_HEADER,
    SERVER_HEADER_FILE,
    SERVER_CA_FILE,
    SERVER_PARAMETERS,
    SERVER_METHOD,
    SERVER_TIMEOUT,
    SERVER_TRIES,
    SERVER_OPTION_COUNT
};

enum { SERVER_HEADERS_MAX = 32 };

/* A server as the options describe it. Start from server_init(); free it with server_close(). */
struct server {
    weir_http_options options; /* url NULL: none is asked */
    const char *headers[SERVER_HEADERS_MAX];
    const char *header_file;
    const char *first; /* the first option that was given beside --prometheus; NULL: none */
    weir_http *http;   /* NULL: not open */
};

void server_init(struct server *server);

/* Takes one option; `which` is SERVER_*, `name` as the table has it. 1, or -1 after a message. */
int server_take(struct server *server, int which, const char *name, const char *value);

/* Whether options were given that mean nothing without --prometheus. 1 when all is well, 0 after a
 * message. */
int server_check(const struct server *server);

/* Makes the client; nothing is sent yet. EXIT_FINE; EXIT_USAGE or EXIT_INPUT after a message. */
int server_open(struct server *server);

/* A message of the client without the URL that it may begin with, for who has said it already. */
const char *server_less_url(const char *url, const char *message);

/* "weir: URL: what the error says, about what". `what` may be NULL. EXIT_INPUT. */
int server_complain(const struct server *server, const char *what, const weir_error *err);

/* Says how many warnings replies had, if any, and whether data may be incomplete. */
void server_report(const struct server *server);

void server_close(struct server *server);

#endif
