/*
 * record_live.c - targets scraped at an interval, each by a thread of its own, so that a slow one
 * delays no other; see record.h.
 *
 * Times are those of the clock when the recording began, and what has passed since then: they never
 * go back.
 */
#include "record.h"
#include "series.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_MS = 1000000 };

static const int64_t ns_per_s = 1000000000, block_ms = 30000, most_timeout_ms = 10000,
                     most_tolerance_ms = 2;

struct live {
    const struct record_request *request;
    struct record_target *targets;
    size_t count;
    struct record_file file;
    int64_t began_ms; /* of the clock, and */
    int64_t began_ns; /* of the time that passes */
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    int stopped, code;
};

/* What one thread does. */
struct work {
    struct live *live;
    struct record_target *target;
    pthread_t thread;
};

/* ---- time ----------------------------------------------------------------------------------- */

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * ns_per_s + now.tv_nsec;
}

static int64_t passed_ms(const struct live *l)
{
    return (now_ns() - l->began_ns) / NS_PER_MS;
}

/* Sleeps until a time since the beginning. 0 when the recording is stopped. */
static int sleep_until(struct live *l, int64_t ms)
{
    int64_t ns = l->began_ns + ms * NS_PER_MS;
    struct timespec at = {(time_t)(ns / ns_per_s), (long)(ns % ns_per_s)};
    int on;

    pthread_mutex_lock(&l->mutex);
    while (!l->stopped && now_ns() < ns) {
        pthread_cond_timedwait(&l->woken, &l->mutex, &at);
    }
    on = !l->stopped;
    pthread_mutex_unlock(&l->mutex);
    return on;
}

static void stop(struct live *l, int code)
{
    pthread_mutex_lock(&l->mutex);
    l->stopped = 1;
    l->code = l->code == EXIT_FINE ? code : l->code;
    pthread_cond_broadcast(&l->woken);
    pthread_mutex_unlock(&l->mutex);
}

/* ---- one target ----------------------------------------------------------------------------- */

/* Writes what a target has gathered. */
static int write_batch(struct live *l, struct record_target *t, int64_t done)
{
    int code;

    pthread_mutex_lock(&l->mutex);
    record_put_store(&l->file.block, t->batch, INT64_MIN);
    code = record_commit(&l->file, done, 0);
    pthread_mutex_unlock(&l->mutex);
    weir_series_store_free(t->batch);
    t->batch = NULL;
    if (code == EXIT_FINE && weir_series_store_create(&series_memory, &t->batch) != WEIR_OK) {
        complain("there is no memory left");
        code = EXIT_INPUT;
    }
    return code;
}

/* A problem is said when it comes, or is another, and that it is over. */
static void say_change(struct live *l, const struct record_target *t, char *before, size_t size)
{
    if (strcmp(before, t->problem) == 0) {
        return;
    }
    pthread_mutex_lock(&l->mutex);
    progress_end();
    if (t->problem[0] != '\0') {
        complain("warning: %s: %s", t->url, server_less_url(t->url, t->problem));
    } else {
        complain("notice: %s: scrapes succeed again", t->url);
    }
    pthread_mutex_unlock(&l->mutex);
    snprintf(before, size, "%s", t->problem);
}

static int64_t tolerance_ms(int64_t interval)
{
    return interval / 100 < most_tolerance_ms ? interval / 100 : most_tolerance_ms;
}

static void *scrape_target(void *argument)
{
    struct work *work = argument;
    struct live *l = work->live;
    struct record_target *t = work->target;
    int64_t interval = l->request->interval, written = 0, last = l->began_ms - 1;
    char before[sizeof t->problem] = "";
    int code = EXIT_FINE;

    for (int64_t due = 0; code == EXIT_FINE && due < l->request->span && sleep_until(l, due);) {
        int64_t passed = passed_ms(l);

        passed = passed - due <= tolerance_ms(interval) ? due : passed;
        last = l->began_ms + passed;
        if (!record_scrape(t, last)) {
            complain("there is no memory left");
            code = EXIT_INPUT;
            break;
        }
        say_change(l, t, before, sizeof before);
        if (passed + interval - written >= block_ms) {
            code = write_batch(l, t, last);
            written = passed + interval;
        }
        due =
            (passed_ms(l) / interval + 1) * interval; /* scrapes do not overlap: some are skipped */
    }
    if (code == EXIT_FINE && weir_series_store_count(t->batch) > 0) {
        code = write_batch(l, t, last);
    }
    if (code != EXIT_FINE) {
        stop(l, code);
    }
    return NULL;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void put_head(const struct live *l, struct record_text *head)
{
    char begun[40];

    put_utc(begun, sizeof begun, (int64_t)time(NULL) * WEIR_SECOND);
    record_put(head,
               "{\"weir_recording\":1,\"kind\":\"live\",\"by\":\"weir %s\",\"begun\":\"%s\","
               "\"interval\":%" PRId64 ",\"targets\":[",
               weir_version_text(), begun, l->request->interval);
    for (size_t i = 0; i < l->count; i++) {
        const struct record_target *t = &l->targets[i];

        record_put(head, "%s{\"url\":", i > 0 ? "," : "");
        record_put_json(head, t->url, strlen(t->url));
        record_put(head, ",\"job\":");
        record_put_json(head, t->job, strlen(t->job));
        record_put(head, ",\"instance\":");
        record_put_json(head, t->instance, strlen(t->instance));
        record_put(head, "}");
    }
    record_put(head, "]}");
}

static int same_target(const struct record_target *a, const struct record_target *b)
{
    return strcmp(a->job, b->job) == 0 && strcmp(a->instance, b->instance) == 0;
}

static int open_targets(struct live *l)
{
    const struct record_request *r = l->request;
    struct server server = r->server;
    int code = EXIT_FINE;

    if (!r->has_timeout) {
        server.options.timeout =
            (r->interval < most_timeout_ms ? r->interval : most_timeout_ms) * NS_PER_MS;
    }
    for (size_t i = 0; code == EXIT_FINE && i < l->count; i++) {
        code = record_target_read(&l->targets[i], r->targets.list[i]) ? EXIT_FINE : EXIT_USAGE;
        for (size_t k = 0; code == EXIT_FINE && k < i; k++) {
            if (same_target(&l->targets[k], &l->targets[i])) {
                complain("two targets have job %s and instance %s; JOB=URL tells them apart",
                         l->targets[i].job, l->targets[i].instance);
                code = EXIT_USAGE;
            }
        }
        code = code == EXIT_FINE ? record_target_open(&l->targets[i], &server) : code;
    }
    return code;
}

/* Waits for Ctrl-C, for the time to be over, or for an error. */
static void wait_for_end(struct live *l, const sigset_t *signals)
{
    int64_t span = l->request->span;
    int stopped = 0;

    while (!stopped && (span == INT64_MAX || passed_ms(l) < span)) {
        struct timespec pause = {0, (long)(ns_per_s / 10)};
        int64_t left = span == INT64_MAX ? 1000 : span - passed_ms(l);
        char text[40];

        if (left < 100) {
            pause.tv_nsec = left > 0 ? (long)(left * NS_PER_MS) : 1;
        }
        if (sigtimedwait(signals, NULL, &pause) > 0) {
            break;
        }
        put_utc(text, sizeof text, (l->began_ms + passed_ms(l)) * NS_PER_MS);
        text[19] = '\0';
        pthread_mutex_lock(&l->mutex);
        stopped = l->stopped;
        if (isatty(STDERR_FILENO)) {
            progress("recording: %sZ, Ctrl-C ends it", text);
        }
        pthread_mutex_unlock(&l->mutex);
    }
    progress_end();
    stop(l, EXIT_FINE);
    pthread_sigmask(SIG_UNBLOCK, signals, NULL); /* a second Ctrl-C does not wait */
}

static int run_threads(struct live *l)
{
    struct work *works = calloc(l->count, sizeof *works);
    sigset_t signals;
    size_t running = 0;

    if (works == NULL) {
        complain("there is no memory left");
        return EXIT_INPUT;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    for (size_t i = 0; i < l->count; i++) {
        works[i].live = l;
        works[i].target = &l->targets[i];
        if (pthread_create(&works[i].thread, NULL, scrape_target, &works[i]) != 0) {
            complain("a thread for %s cannot be started", l->targets[i].url);
            stop(l, EXIT_INPUT);
            break;
        }
        running++;
    }
    wait_for_end(l, &signals);
    for (size_t i = 0; i < running; i++) {
        pthread_join(works[i].thread, NULL);
    }
    free(works);
    return l->code;
}

static void say_done(const struct live *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct record_target *t = &l->targets[i];

        complain("%s: %" PRIu64 " scrapes of %s, %" PRIu64 " of them failed", l->file.path,
                 t->scrapes, t->url, t->failures);
    }
}

static int record_to_file(struct live *l)
{
    struct record_text head = {0};
    pthread_condattr_t monotonic;
    int code = EXIT_INPUT, closed;

    put_head(l, &head);
    if (head.failed) {
        complain("there is no memory left");
    } else {
        code = record_open(&l->file, l->request->output, head.at);
    }
    if (code == EXIT_FINE) {
        struct timespec now;

        pthread_mutex_init(&l->mutex, NULL);
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&l->woken, &monotonic);
        clock_gettime(CLOCK_REALTIME, &now);
        l->began_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
        l->began_ns = now_ns();
        code = run_threads(l);
        pthread_cond_destroy(&l->woken);
        pthread_condattr_destroy(&monotonic);
        pthread_mutex_destroy(&l->mutex);
    }
    closed = record_close(&l->file);
    record_text_free(&head);
    return code == EXIT_FINE ? closed : code;
}

int record_live(const struct record_request *request)
{
    struct live l = {.request = request, .count = request->targets.count};
    int code = EXIT_INPUT;

    l.file.fd = -1;
    l.targets = calloc(l.count, sizeof *l.targets);
    if (l.targets == NULL) {
        complain("there is no memory left");
        return EXIT_INPUT;
    }
    code = open_targets(&l);
    if (code == EXIT_FINE) {
        code = record_to_file(&l);
    }
    if (code == EXIT_FINE) {
        say_done(&l);
    }
    for (size_t i = 0; i < l.count; i++) {
        record_target_close(&l.targets[i]);
    }
    free(l.targets);
    return code;
}
