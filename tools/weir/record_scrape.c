/*
 * record_scrape.c - one page, scraped as Prometheus scrapes it: labels of the target, the report,
 * and staleness markers for what is gone; see record.h.
 *
 * Upstream: scrape/scrape.go, scrapeAndReport(), append(), report() and
 * resolveConflictingExposedLabels().
 */
#include "record.h"
#include "series.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TARGET_LABELS = 2, NAME_ROOM = 1024 };

#define BODY_MAX ((size_t)64 << 20)

static const int64_t ahead_ms = 600000; /* samples of later times are left out */

/* What is known of a series. */
enum {
    SEEN_BEFORE = 1, /* in the last scrape, without a time of its own */
    SEEN_NOW = 2,    /* the same in this one */
    CACHED = 4,      /* it is not new */
    SCRAPED = 8      /* in this page */
};

static const char accepted[] = "application/openmetrics-text;version=1.0.0;q=0.5,"
                               "text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,"
                               "*/*;q=0.1";

/* One page being taken. */
struct page {
    struct record_target *target;
    int64_t time;
    weir_series_store *store; /* its samples */
    unsigned char *tracked;   /* of its series: a sample had no time of its own */
    size_t room;
    uint64_t total, added, fresh;
    weir_label labels[WEIR_SERIES_LABELS_MAX + TARGET_LABELS];
    char renamed[TARGET_LABELS][NAME_ROOM];
    char problem[sizeof((struct record_target *)NULL)->problem];
};

static weir_label label_of(const char *name, const char *value)
{
    return (weir_label){name, strlen(name), value, strlen(value)};
}

/* ---- labels --------------------------------------------------------------------------------- */

static weir_label *find(struct page *p, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        weir_label *label = &p->labels[i];

        if (label->name_length == length && memcmp(label->name, name, length) == 0) {
            return label;
        }
    }
    return NULL;
}

/* Puts "exported_" before the name of a label, until no other has it. 0: it is too long then. */
static int rename_label(struct page *p, weir_label *label, size_t count, char name[NAME_ROOM])
{
    static const char prefix[] = "exported_";
    size_t length = label->name_length;

    memcpy(name, label->name, length); /* "job" or "instance" */
    do {
        if (length + sizeof prefix > NAME_ROOM) {
            return 0;
        }
        memmove(name + sizeof prefix - 1, name, length);
        memcpy(name, prefix, sizeof prefix - 1);
        length += sizeof prefix - 1;
    } while (find(p, count, name, length) != NULL);
    label->name = name;
    label->name_length = length;
    return 1;
}

/* The labels of a sample with those of the target; how many, 0 after a problem. */
static size_t join_labels(struct page *p, const weir_entry *entry)
{
    size_t count = 0;
    const weir_label own[TARGET_LABELS] = {label_of("job", p->target->job),
                                           label_of("instance", p->target->instance)};
    weir_label *conflicts[TARGET_LABELS];

    for (size_t i = 0; i < entry->label_count; i++) {
        if (entry->labels[i].value_length > 0) { /* an empty one is none */
            p->labels[count++] = entry->labels[i];
        }
    }
    for (int i = 0; i < TARGET_LABELS; i++) {
        conflicts[i] = find(p, count, own[i].name, own[i].name_length);
    }
    for (int i = 0; i < TARGET_LABELS; i++) {
        if (conflicts[i] != NULL && !rename_label(p, conflicts[i], count, p->renamed[i])) {
            snprintf(p->problem, sizeof p->problem, "line %d: too many labels exported_...",
                     (int)entry->line);
            return 0;
        }
        p->labels[count + (size_t)i] = own[i];
    }
    return count + TARGET_LABELS;
}

/* ---- reading -------------------------------------------------------------------------------- */

static void put_problem(struct page *p, int32_t line, int32_t column, const char *message)
{
    if (line > 0 && column > 0) {
        snprintf(p->problem, sizeof p->problem, "line %d, column %d: %s", (int)line, (int)column,
                 message);
    } else if (line > 0) {
        snprintf(p->problem, sizeof p->problem, "line %d: %s", (int)line, message);
    } else {
        snprintf(p->problem, sizeof p->problem, "%s", message);
    }
}

/* Room for what is known of a series. */
static int make_room(unsigned char **marks, size_t *room, uint32_t series)
{
    size_t larger = *room > 0 ? *room : 1024;
    unsigned char *grown;

    while (larger <= series) {
        larger *= 2;
    }
    if (larger > *room) {
        grown = realloc(*marks, larger);
        if (grown == NULL) {
            return 0;
        }
        memset(grown + *room, 0, larger - *room);
        *marks = grown;
        *room = larger;
    }
    return 1;
}

/* 1; 0 when there is no memory left. A sample that a server would not take is counted all the
 * same. */
static int take_sample(struct page *p, const weir_entry *entry)
{
    size_t count;
    uint32_t series = 0;
    weir_error err = {0};
    weir_status status;

    p->total++;
    count = join_labels(p, entry);
    if (count == 0) {
        return 1;
    }
    status = weir_series_store_series(p->store, p->labels, count, &series, &err);
    if (status == WEIR_E_RANGE) {
        put_problem(p, entry->line, 0, err.message);
        return 1;
    }
    if (status != WEIR_OK || !make_room(&p->tracked, &p->room, series)) {
        return 0;
    }
    if (entry->time_ms <= p->time + ahead_ms) {
        status = weir_series_store_append(p->store, series, entry->time_ms, entry->value);
        p->tracked[series] |= (unsigned char)(status == WEIR_OK && !entry->has_time);
    }
    p->added++;
    return status != WEIR_E_MEMORY;
}

static int read_entries(struct page *p, weir_series_reader *reader)
{
    weir_entry entry;
    weir_error err = {0};
    weir_status status = WEIR_OK;
    int fine = 1;

    while (fine && p->problem[0] == '\0') {
        status = weir_series_reader_next(reader, &entry, &err);
        if (status == WEIR_END) {
            return 1;
        }
        if (status != WEIR_OK) {
            put_problem(p, err.line, err.column, err.message);
        } else if (entry.kind == WEIR_ENTRY_SAMPLE) {
            fine = take_sample(p, &entry);
        }
    }
    return fine && status != WEIR_E_MEMORY;
}

/* 1; 0 when there is no memory left. */
static int read_page(struct page *p, const weir_http_page *page)
{
    weir_series_reader_options options;
    weir_series_reader *reader = NULL;
    weir_error err = {0};
    int fine;

    weir_series_reader_options_init(&options, sizeof options);
    options.default_time_ms = p->time;
    options.nan_is_stale = 0;
    if (weir_series_format_of_content_type(page->content_type, &options.format, &err) != WEIR_OK) {
        snprintf(p->problem, sizeof p->problem, "its Content-Type is \"%.100s\": %s",
                 page->content_type, err.message);
        return 1;
    }
    fine = weir_series_reader_create(&options, &series_memory, &reader, NULL) == WEIR_OK &&
           weir_series_reader_feed(reader, page->body, page->length, &err) == WEIR_OK &&
           weir_series_reader_finish(reader, &err) == WEIR_OK && read_entries(p, reader);
    weir_series_reader_free(reader);
    return fine;
}

/* ---- what is kept --------------------------------------------------------------------------- */

/* The number of a series in the batch, by its number among those known, and the other way. */
static int number_of(const weir_series_store *from, uint32_t series, weir_series_store *to,
                     struct page *p, uint32_t *number)
{
    size_t count =
        weir_series_store_labels(from, series, p->labels, WEIR_SERIES_LABELS_MAX + TARGET_LABELS);

    return weir_series_store_series(to, p->labels, count, number, NULL) == WEIR_OK;
}

/* Takes over what a page had; of one that could not be read only which series were seen, since
 * Prometheus has noted these by then. */
static int keep_samples(struct page *p)
{
    struct record_target *t = p->target;
    int fine = 1;

    for (uint32_t i = 0; fine && i < weir_series_store_count(p->store); i++) {
        weir_samples s;
        uint32_t known = 0, batch = 0;

        weir_series_store_samples(p->store, i, &s);
        fine = number_of(p->store, i, t->known, p, &known) && make_room(&t->marks, &t->room, known);
        if (!fine || s.count + s.stale_count == 0) {
            continue;
        }
        p->fresh += (t->marks[known] & CACHED) == 0;
        t->marks[known] |= (unsigned char)(CACHED | SCRAPED | (p->tracked[i] ? SEEN_NOW : 0));
        if (p->problem[0] == '\0') {
            fine = number_of(p->store, i, t->batch, p, &batch) &&
                   weir_series_store_append_all(t->batch, batch, s.times_ms, s.values, s.count,
                                                NULL) == WEIR_OK;
        }
    }
    return fine;
}

/* Marks the end of series that are gone; what is seen now was seen before from now on. */
static int mark_gone(struct page *p, int whole)
{
    struct record_target *t = p->target;
    size_t count = weir_series_store_count(t->known);

    for (uint32_t i = 0; i < count; i++) {
        unsigned char *marks = &t->marks[i];
        uint32_t batch = 0;

        if ((*marks & (SEEN_BEFORE | SEEN_NOW)) == SEEN_BEFORE) {
            if (!number_of(t->known, i, t->batch, p, &batch) ||
                weir_series_store_append(t->batch, batch, p->time, weir_stale_marker()) ==
                    WEIR_E_MEMORY) {
                return 0;
            }
        }
        if (whole && (*marks & SCRAPED) == 0) {
            *marks &= (unsigned char)~CACHED;
        }
        *marks = (unsigned char)((*marks & CACHED) | ((*marks & SEEN_NOW) ? SEEN_BEFORE : 0));
    }
    return 1;
}

static int report(struct page *p, double seconds)
{
    const struct {
        const char *name;
        double value;
    } reported[] = {
        {"up", p->problem[0] == '\0'},
        {"scrape_duration_seconds", seconds},
        {"scrape_samples_scraped", (double)p->total},
        {"scrape_samples_post_metric_relabeling", (double)p->added},
        {"scrape_series_added", (double)p->fresh},
    };

    for (size_t i = 0; i < sizeof reported / sizeof reported[0]; i++) {
        const weir_label labels[] = {label_of("__name__", reported[i].name),
                                     label_of("instance", p->target->instance),
                                     label_of("job", p->target->job)};
        uint32_t series = 0;

        if (weir_series_store_series(p->target->batch, labels, 3, &series, NULL) != WEIR_OK ||
            weir_series_store_append(p->target->batch, series, p->time, reported[i].value) ==
                WEIR_E_MEMORY) {
            return 0;
        }
    }
    return 1;
}

int record_scraped(struct record_target *t, int64_t time_ms, double seconds,
                   const weir_http_page *page, const char *problem)
{
    struct page *p = calloc(1, sizeof *p);
    int fine = p != NULL && weir_series_store_create(&series_memory, &p->store) == WEIR_OK;
    int has_body = page != NULL && page->status == 200 && page->length > 0;

    if (fine) {
        p->target = t;
        p->time = time_ms;
        if (page != NULL && page->status != 200) {
            snprintf(p->problem, sizeof p->problem, "HTTP status %d%s", (int)page->status,
                     page->status / 100 == 3 ? ": redirects are not followed" : "");
        } else if (page == NULL) {
            snprintf(p->problem, sizeof p->problem, "%s", problem);
        }
        fine = (!has_body || read_page(p, page)) && keep_samples(p);
    }
    if (fine) {
        t->scrapes++;
        t->failures += p->problem[0] != '\0';
        memcpy(t->problem, p->problem, sizeof t->problem);
        fine = mark_gone(p, has_body && p->problem[0] == '\0') && report(p, seconds);
    }
    if (p != NULL) {
        weir_series_store_free(p->store);
        free(p->tracked);
    }
    free(p);
    return fine;
}

int record_scrape(struct record_target *t, int64_t time_ms)
{
    struct timespec before, after;
    weir_http_page *page = NULL;
    weir_error err = {0};
    weir_status status;
    int fine;

    clock_gettime(CLOCK_MONOTONIC, &before);
    status = weir_http_page_get(t->server.http, accepted, BODY_MAX, &page, &err);
    clock_gettime(CLOCK_MONOTONIC, &after);
    fine = record_scraped(t, time_ms,
                          (double)(after.tv_sec - before.tv_sec) +
                              (double)(after.tv_nsec - before.tv_nsec) / 1e9,
                          page, err.message);
    weir_http_page_free(page);
    return fine && status != WEIR_E_MEMORY;
}

/* ---- targets -------------------------------------------------------------------------------- */

static int refuse(const char *word, const char *why)
{
    complain("--live takes [JOB=]URL or [JOB=]HOST:PORT[/PATH]; %s: %s", word, why);
    return 0;
}

/* "JOB=" before a target. */
static const char *read_job(struct record_target *t, const char *word)
{
    size_t length = strcspn(word, "=:/?");

    if (word[length] != '=' || length == 0 || length >= sizeof t->job) {
        snprintf(t->job, sizeof t->job, "live");
        return word;
    }
    memcpy(t->job, word, length);
    t->job[length] = '\0';
    return word + length + 1;
}

int record_target_read(struct record_target *t, const char *word)
{
    const char *rest = read_job(t, word), *host = strstr(rest, "://"), *scheme = "";
    size_t authority, length;

    if (host == NULL) {
        host = rest;
        scheme = "http://";
    } else if (strncmp(rest, "http://", 7) == 0 || strncmp(rest, "https://", 8) == 0) {
        host += 3;
    } else {
        return refuse("the scheme", "http or https");
    }
    authority = strcspn(host, "/?#");
    length = strcspn(host, "?#");
    if (memchr(host, '@', authority) != NULL) { /* the word is not shown: it has a secret */
        return refuse("a user or a password", "not in a URL; see --user and --password-file");
    }
    if (authority == 0 || authority >= sizeof t->instance || strpbrk(rest, " \t\r\n#") != NULL ||
        (size_t)(host - rest) + length + 32 > sizeof t->url) {
        return refuse(word, "no host, a blank, a #, or too long");
    }
    memcpy(t->instance, host, authority);
    t->instance[authority] = '\0';
    t->parameters = host[length] == '?' && host[length + 1] != '\0' ? host + length + 1 : NULL;
    snprintf(t->url, sizeof t->url, "%s%.*s%s", scheme, (int)((size_t)(host - rest) + length), rest,
             authority == length ? "/metrics" : "");
    return 1;
}

int record_target_open(struct record_target *t, const struct server *server)
{
    t->server = *server;
    t->server.options.url = t->url;
    t->server.options.tries = 1;
    if (t->parameters != NULL) {
        t->server.options.parameters = t->parameters;
    }
    if (weir_series_store_create(&series_memory, &t->batch) != WEIR_OK ||
        weir_series_store_create(&series_memory, &t->known) != WEIR_OK) {
        complain("there is no memory left");
        return EXIT_INPUT;
    }
    return server_open(&t->server);
}

void record_target_close(struct record_target *t)
{
    server_close(&t->server);
    weir_series_store_free(t->batch);
    weir_series_store_free(t->known);
    free(t->marks);
}
