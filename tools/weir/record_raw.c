/*
 * record_raw.c - all samples of selectors, and where series ended; see record.h.
 *
 * A server hands out samples by a range selector at an instant, and no staleness markers. For these
 * the times of scrapes are needed, the samples of `up` of the series' job and instance, which are
 * asked for besides.
 */
#include "record.h"
#include "series.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS_MAX = 256, NAME_MAX_BYTES = 512 };

static const int64_t shortest = 60000; /* of a block that was halved */

static int no_memory(void)
{
    complain("there is no memory left");
    return EXIT_INPUT;
}

/* ---- asking --------------------------------------------------------------------------------- */

/* Samples from first to last into a store. */
static int ask(const struct record_request *r, const struct record_source *s, int64_t first,
               int64_t last, weir_series_store *store, struct record_text *block)
{
    int64_t middle = first + (last - first) / 2;
    struct record_text query = {0};
    weir_api_reply *reply = NULL;
    weir_error err = {0};
    weir_status status;
    int code = EXIT_FINE, halve;

    record_put(&query, "%s[%" PRId64 "ms]", s->text, last - first + 1);
    if (query.failed) {
        return no_memory();
    }
    status = weir_http_query(r->server.http, query.at, last, &reply, &err);
    record_text_free(&query);
    halve = last - first > shortest &&
            (status == WEIR_E_LIMIT || (status == WEIR_OK && reply->kind == WEIR_API_ERROR &&
                                        strcmp(reply->error_type.text, "bad_data") != 0));
    if (halve) {
        weir_api_reply_free(reply);
        code = ask(r, s, first, middle, store, block);
        return code == EXIT_FINE ? ask(r, s, middle + 1, last, store, block) : code;
    }
    if (status != WEIR_OK) {
        progress_end();
        return server_complain(&r->server, s->of, &err);
    }
    if (reply->kind != WEIR_API_SUCCESS || reply->type != WEIR_PROMQL_MATRIX) {
        code = record_refused(r, s, reply);
    } else {
        record_notes(r, s, reply, block);
        status = weir_api_reply_load(reply, store, NULL, &err);
        if (status != WEIR_OK) {
            code = server_complain(&r->server, s->of, &err);
        }
    }
    weir_api_reply_free(reply);
    return code;
}

/* ---- copies --------------------------------------------------------------------------------- */

weir_status record_same_series(const weir_series_store *from, uint32_t series,
                               weir_series_store *to, uint32_t *number)
{
    size_t count = weir_series_store_labels(from, series, NULL, 0);
    weir_label *labels = calloc(count + 1, sizeof *labels);
    weir_status status = WEIR_E_MEMORY;

    if (labels != NULL) {
        weir_series_store_labels(from, series, labels, count);
        status = weir_series_store_series(to, labels, count, number, NULL);
        free(labels);
    }
    return status;
}

static weir_status copy_samples(const weir_series_store *from, weir_series_store *to)
{
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; status == WEIR_OK && i < weir_series_store_count(from); i++) {
        weir_samples s;
        uint32_t number = 0;

        weir_series_store_samples(from, i, &s);
        status = record_same_series(from, i, to, &number);
        if (status == WEIR_OK) {
            status = weir_series_store_append_all(to, number, s.times_ms, s.values, s.count, NULL);
        }
    }
    return status;
}

/* The newest sample of each series that has not ended. */
static weir_status copy_tail(const weir_series_store *from, weir_series_store *to)
{
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; status == WEIR_OK && i < weir_series_store_count(from); i++) {
        weir_samples s;
        uint32_t number = 0;

        weir_series_store_samples(from, i, &s);
        if (s.count == 0 ||
            (s.stale_count > 0 && s.stale_ms[s.stale_count - 1] > s.times_ms[s.count - 1])) {
            continue;
        }
        status = record_same_series(from, i, to, &number);
        if (status == WEIR_OK) {
            status = weir_series_store_append(to, number, s.times_ms[s.count - 1],
                                              s.values[s.count - 1]);
        }
    }
    return status;
}

/* ---- scrapes -------------------------------------------------------------------------------- */

static const weir_label *find_label(const weir_label *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (record_is(labels[i].name, labels[i].name_length, name)) {
            return &labels[i];
        }
    }
    return NULL;
}

/* The jobs of the series of a store, but that of `up` itself; how many. */
static size_t find_jobs(const weir_series_store *store, char (*jobs)[NAME_MAX_BYTES])
{
    size_t found = 0;

    for (uint32_t i = 0; i < weir_series_store_count(store); i++) {
        weir_label labels[64];
        size_t count = weir_series_store_labels(store, i, labels, 64), k = 0;
        const weir_label *job = find_label(labels, count < 64 ? count : 64, "job");

        if (job == NULL || job->value_length >= NAME_MAX_BYTES || found == JOBS_MAX) {
            continue;
        }
        while (k < found && !record_is(job->value, job->value_length, jobs[k])) {
            k++;
        }
        if (k == found) {
            memcpy(jobs[found], job->value, job->value_length);
            jobs[found++][job->value_length] = '\0';
        }
    }
    return found;
}

/* Adds `up` of all jobs. */
static int ask_for_scrapes(const struct record_request *r, int64_t first, int64_t last,
                           weir_series_store *store, struct record_text *block)
{
    static char jobs[JOBS_MAX][NAME_MAX_BYTES];
    size_t count = find_jobs(store, jobs);
    int code = EXIT_FINE;

    for (size_t i = 0; code == EXIT_FINE && i < count; i++) {
        struct record_text selector = {0};
        char of[] = "the times of scrapes";
        struct record_source s = {.of = of};

        record_put(&selector, "up{job=");
        record_put_json(&selector, jobs[i], strlen(jobs[i]));
        record_put(&selector, "}");
        s.text = selector.at;
        code = selector.failed ? no_memory() : ask(r, &s, first, last, store, block);
        record_text_free(&selector);
    }
    return code;
}

/* ---- blocks --------------------------------------------------------------------------------- */

int record_raw_open(struct record_raw *raw, const struct record_file *file)
{
    const char *paths[] = {file->path};
    struct series_wishes wishes;
    weir_series_store *all = NULL;
    weir_status status = weir_series_store_create(&series_memory, &raw->tail);
    int code = EXIT_FINE;

    if (status != WEIR_OK) {
        return no_memory();
    }
    if (file->done == INT64_MIN) {
        return EXIT_FINE;
    }
    series_wishes_init(&wishes);
    code = series_load(paths, 1, &wishes, &all);
    if (code == EXIT_FINE && copy_tail(all, raw->tail) != WEIR_OK) {
        code = no_memory();
    }
    weir_series_store_free(all);
    return code;
}

void record_raw_close(struct record_raw *raw)
{
    weir_series_store_free(raw->tail);
    raw->tail = NULL;
}

/* Puts the markers in, writes what is new, and keeps the newest samples. */
static int finish_block(struct record_raw *raw, const struct record_request *r,
                        const struct record_plan *plan, int64_t first, int64_t last,
                        const weir_series_store *all, struct record_text *block)
{
    weir_series_store *marked = NULL, *tail = NULL;
    weir_status status = weir_series_store_create(&series_memory, &marked);
    int code = status == WEIR_OK ? record_ends(r, plan, first, last, all, marked) : EXIT_FINE;

    if (code == EXIT_FINE) {
        status = status == WEIR_OK ? weir_series_store_create(&series_memory, &tail) : status;
        status = status == WEIR_OK ? copy_tail(marked, tail) : status;
        code = status == WEIR_OK ? EXIT_FINE : no_memory();
    }
    if (code == EXIT_FINE) {
        record_put_store(block, marked, first - 1);
        weir_series_store_free(raw->tail);
        raw->tail = tail;
        tail = NULL;
    }
    weir_series_store_free(tail);
    weir_series_store_free(marked);
    return code;
}

int record_raw_block(struct record_raw *raw, const struct record_request *r,
                     const struct record_plan *plan, int64_t first, int64_t last,
                     struct record_text *block)
{
    weir_series_store *all = NULL;
    int code = EXIT_FINE;

    if (weir_series_store_create(&series_memory, &all) != WEIR_OK ||
        copy_samples(raw->tail, all) != WEIR_OK) {
        weir_series_store_free(all);
        return no_memory();
    }
    for (size_t i = 0; code == EXIT_FINE && i < plan->count; i++) {
        const struct record_source *s = &plan->sources[i];

        if (s->from <= first && s->to >= last) {
            code = ask(r, s, first, last, all, block);
        }
    }
    code = code == EXIT_FINE ? ask_for_scrapes(r, first, last, all, block) : code;
    code = code == EXIT_FINE ? finish_block(raw, r, plan, first, last, all, block) : code;
    weir_series_store_free(all);
    return code;
}
