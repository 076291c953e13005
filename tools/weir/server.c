/*
 * server.c - options of a server, and the client made of them; see server.h.
 */
#include "server.h"
#include "series.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS_BYTES = 65536 };

void server_init(struct server *s)
{
    memset(s, 0, sizeof *s);
    weir_http_options_init(&s->options, sizeof s->options);
}

/* ---- options -------------------------------------------------------------------------------- */

static int add_header(struct server *s, const char *name, const char *header)
{
    if (s->options.header_count == SERVER_HEADERS_MAX) {
        complain("%s: there are more than %d headers", name, SERVER_HEADERS_MAX);
        return -1;
    }
    s->headers[s->options.header_count++] = header;
    return 1;
}

static int take_timeout(struct server *s, const char *name, const char *value)
{
    if (!parse_duration(value, &s->options.timeout) || s->options.timeout <= 0) {
        complain("%s takes a duration like 30s or 2m, not %s", name, value);
        return -1;
    }
    return 1;
}

static int take_tries(struct server *s, const char *name, const char *value)
{
    char *end;
    long n = strtol(value, &end, 10);

    if (end == value || *end != '\0' || n < 1 || n > 20) {
        complain("%s takes a number from 1 to 20, not %s", name, value);
        return -1;
    }
    s->options.tries = (int32_t)n;
    return 1;
}

static int take_method(struct server *s, const char *name, const char *value)
{
    int method = choose_word(name, "post|get", value);

    s->options.method = method == 1 ? WEIR_HTTP_GET : WEIR_HTTP_POST;
    return method < 0 ? -1 : 1;
}

int server_take(struct server *s, int which, const char *name, const char *value)
{
    weir_http_options *o = &s->options;

    if (which != SERVER_URL && s->first == NULL) {
        s->first = name;
    }
    switch (which) {
    case SERVER_URL: o->url = value; return 1;
    case SERVER_BEARER_FILE: o->bearer_file = value; return 1;
    case SERVER_BEARER_ENV: o->bearer_variable = value; return 1;
    case SERVER_USER: o->user = value; return 1;
    case SERVER_PASSWORD_FILE: o->password_file = value; return 1;
    case SERVER_PASSWORD_ENV: o->password_variable = value; return 1;
    case SERVER_HEADER: return add_header(s, name, value);
    case SERVER_HEADER_FILE: s->header_file = value; return 1;
    case SERVER_CA_FILE: o->ca_file = value; return 1;
    case SERVER_PARAMETERS: o->parameters = value; return 1;
    case SERVER_METHOD: return take_method(s, name, value);
    case SERVER_TIMEOUT: return take_timeout(s, name, value);
    default: return take_tries(s, name, value);
    }
}

int server_check(const struct server *s)
{
    if (s->options.url == NULL && s->first != NULL) {
        complain("%s is about a server; say which with --prometheus URL", s->first);
        return 0;
    }
    return 1;
}

/* ---- the client ----------------------------------------------------------------------------- */

/* The lines of the file of headers, which `text` holds. EXIT_FINE; EXIT_INPUT after a message. */
static int read_headers(struct server *s, char text[HEADERS_BYTES])
{
    FILE *file = fopen(s->header_file, "rb");
    size_t length;

    if (file == NULL) {
        complain("%s: %s", s->header_file, strerror(errno));
        return EXIT_INPUT;
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy of it in a buffer */
    length = fread(text, 1, HEADERS_BYTES - 1, file);
    text[length] = '\0';
    if (ferror(file) || length == HEADERS_BYTES - 1 || strlen(text) != length) {
        complain("%s: %s", s->header_file,
                 ferror(file) ? strerror(errno) : "lines of headers, NAME: VALUE, were expected");
        fclose(file);
        return EXIT_INPUT;
    }
    fclose(file);
    for (char *line = strtok(text, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
        if (add_header(s, s->header_file, line) < 0) {
            return EXIT_INPUT;
        }
    }
    return EXIT_FINE;
}

/* The option that an error of the client's options is about. */
static const char *option_of(const char *path)
{
    static const struct {
        const char *path, *option;
    } names[] = {{"url", "--prometheus"},
                 {"headers", "--header"},
                 {"bearer_file", "--bearer-file or --bearer-env"},
                 {"user", "--user"},
                 {"timeout", "--timeout"}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(path, names[i].path) == 0) {
            return names[i].option;
        }
    }
    return path;
}

int server_open(struct server *s)
{
    char *text = s->header_file != NULL ? calloc(1, HEADERS_BYTES) : NULL;
    size_t given = s->options.header_count;
    weir_error err = {0};
    int code = EXIT_FINE;

    if (s->header_file != NULL && text == NULL) {
        complain("there is no memory left");
        return EXIT_INPUT;
    }
    if (text != NULL) {
        code = read_headers(s, text);
    }
    s->options.headers = s->headers;
    if (code == EXIT_FINE &&
        weir_http_create(&s->options, &series_memory, &s->http, &err) != WEIR_OK) {
        int shown = strcmp(err.path, "url") == 0 && strchr(s->options.url, '@') == NULL;

        complain("%s %s%s%s", option_of(err.path), err.message, shown ? ", not " : "",
                 shown ? s->options.url : "");
        code = err.status == WEIR_E_MEMORY ? EXIT_INPUT : EXIT_USAGE;
    }
    s->options.header_count = given; /* the client has its own copies */
    for (volatile char *at = text; text != NULL && at < text + HEADERS_BYTES; at++) {
        *at = '\0';
    }
    free(text);
    return code;
}

const char *server_less_url(const char *url, const char *message)
{
    size_t length = strlen(url);

    return strncmp(message, url, length) == 0 && strncmp(message + length, ": ", 2) == 0
               ? message + length + 2
               : message;
}

int server_complain(const struct server *s, const char *what, const weir_error *err)
{
    const char *option = option_of(err->path);
    const char *message = err->message[0] != '\0' ? err->message : weir_strerror(err->status);

    complain("%s: %s%s%s%s%s", s->options.url, what != NULL ? what : "", what != NULL ? ": " : "",
             option, option[0] != '\0' ? ": " : "", server_less_url(s->options.url, message));
    if (strstr(message, "HTTP status 404") != NULL) {
        complain("a server's URL is what comes before /api/v1, as http://localhost:9090");
    }
    return EXIT_INPUT;
}

void server_report(const struct server *s)
{
    weir_http_counts counts;

    if (s->http == NULL || weir_http_count(s->http, &counts) != WEIR_OK) {
        return;
    }
    if (counts.foreign_warnings > 0) {
        complain("warning: %s: %" PRIu64 " warnings that are not about queries: data may be "
                 "incomplete",
                 s->options.url, counts.foreign_warnings);
    }
    if (counts.warnings > counts.foreign_warnings) {
        complain("notice: %s: %" PRIu64 " warnings about queries", s->options.url,
                 counts.warnings - counts.foreign_warnings);
    }
}

void server_close(struct server *s)
{
    weir_http_free(s->http);
    s->http = NULL;
}
