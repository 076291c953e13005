/*
 * record_fetch.c - a plan carried out, block by block, and the answers of queries; see record.h.
 *
 * Where a grid fails because of some of its times, as series that match twice do for as long as
 * they do, it is halved until it is known which; the others have their answers.
 */
#include "record.h"
#include "series.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK_STEPS = 1000, NOTES_MAX = 64, PAUSE_SECONDS = 10 };

static const int64_t raw_block = INT64_C(3600) * 1000;

/* ---- what a server says ----------------------------------------------------------------------*/

/* 1 for a text that was not said before; the first ones are remembered. */
static int is_new(const char *text)
{
    static char *said[NOTES_MAX];
    static size_t count;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(said[i], text) == 0) {
            return 0;
        }
    }
    if (count < NOTES_MAX) {
        size_t size = strlen(text) + 1;

        said[count] = malloc(size);
        if (said[count] != NULL) {
            memcpy(said[count++], text, size);
        }
    }
    return 1;
}

void record_notes(const struct record_request *request, const struct record_source *source,
                  const weir_api_reply *reply, struct record_text *block)
{
    (void)request;
    for (size_t i = 0; i < reply->warning_count; i++) {
        const weir_api_text *w = &reply->warnings[i];
        int foreign = strncmp(w->text, "PromQL ", 7) != 0;

        if (foreign) {
            record_put(block, "{\"warning\":");
            record_put_json(block, w->text, w->length);
            record_put(block, ",\"of\":");
            record_put_json(block, source->text, strlen(source->text));
            record_put(block, "}\n");
        }
        if (is_new(w->text)) {
            progress_end();
            complain("warning: %s: %s%s", source->of, w->text,
                     foreign ? "; data may be incomplete" : "");
        }
    }
    for (size_t i = 0; i < reply->info_count; i++) {
        if (is_new(reply->infos[i].text)) {
            progress_end();
            complain("notice: %s: %s", source->of, reply->infos[i].text);
        }
    }
}

int record_refused(const struct record_request *request, const struct record_source *source,
                   const weir_api_reply *reply)
{
    const weir_api_text *text = reply->error.length > 0 ? &reply->error : &reply->message;

    progress_end();
    complain("%s: %s: %s%s%s", request->server.options.url, source->of,
             reply->error.length > 0 ? reply->error_type.text : "",
             reply->error.length > 0 ? ": " : "", text->text);
    return EXIT_INPUT;
}

/* ---- answers -------------------------------------------------------------------------------- */

/* A grid and what is known of it. */
struct asking {
    const struct record_request *request;
    const struct record_source *source;
    weir_series_store *store; /* answers, each series with the label of the query */
    struct record_text *block;
    uint32_t *elements; /* of the answer at each time of the grid */
    int64_t first;      /* of its times */
};

static weir_label label_of(const char *name, const char *value)
{
    return (weir_label){name, strlen(name), value, strlen(value)};
}

/* Adds a series of labels and two more, and gives its number. */
static weir_status add_series(struct asking *a, const weir_label *labels, size_t count,
                              const char *name, const char *value, uint32_t *series)
{
    weir_label *all = calloc(count + 2, sizeof *all);
    weir_status status = WEIR_E_MEMORY;

    if (all != NULL) {
        if (count > 0) {
            memcpy(all, labels, count * sizeof *all);
        }
        all[count] = label_of(RECORD_QUERY, a->source->text);
        all[count + 1] = label_of(name, value);
        status =
            weir_series_store_series(a->store, all, count + 2 - (value[0] == '\0'), series, NULL);
        free(all);
    }
    return status;
}

static weir_status take_reply(struct asking *a, const weir_api_reply *r)
{
    weir_status status = WEIR_OK;

    record_notes(a->request, a->source, r, a->block);
    for (size_t i = 0; status == WEIR_OK && i < r->series_count; i++) {
        uint32_t series = 0;

        status = add_series(a, r->labels + r->label_at[i], r->label_at[i + 1] - r->label_at[i],
                            RECORD_QUERY, "", &series);
        for (size_t p = r->point_at[i]; status == WEIR_OK && p < r->point_at[i + 1]; p++) {
            status = weir_series_store_append(a->store, series, r->times_ms[p], r->values[p]);
            a->elements[(r->times_ms[p] - a->first) / a->source->step]++;
        }
    }
    return status;
}

static weir_status take_error(struct asking *a, const weir_api_reply *r, int64_t first,
                              int64_t last)
{
    struct record_text why = {0};
    uint32_t series = 0;
    weir_status status;

    record_put(&why, "%.100s: %.1000s", r->error_type.text, r->error.text);
    status = why.failed ? WEIR_E_MEMORY : add_series(a, NULL, 0, RECORD_ERROR, why.at, &series);
    for (int64_t t = first; status == WEIR_OK && t <= last; t += a->source->step) {
        status = weir_series_store_append(a->store, series, t, 1);
        a->elements[(t - a->first) / a->source->step] = UINT32_MAX;
    }
    if (status == WEIR_OK && is_new(why.at)) {
        progress_end();
        complain("warning: %s: the server gives errors, and they are recorded: %s", a->source->of,
                 why.at);
    }
    record_text_free(&why);
    return status;
}

/* Asks for a part of the grid. The exit code. */
static int ask(struct asking *a, int64_t first, int64_t last)
{
    const struct record_source *s = a->source;
    int64_t steps = (last - first) / s->step + 1, half = first + (steps / 2) * s->step;
    weir_api_reply *reply = NULL;
    weir_error err = {0};
    weir_status status =
        weir_http_query_part(a->request->server.http, s->text, first, last, s->step, &reply, &err);
    int passing = status == WEIR_OK && reply->kind == WEIR_API_ERROR &&
                  strcmp(reply->error_type.text, "bad_data") != 0;
    int halve = steps > 1 && (passing || status == WEIR_E_LIMIT), code = EXIT_FINE;

    if (halve) {
        status = WEIR_OK;
    } else if (status != WEIR_OK) {
        progress_end();
        return server_complain(&a->request->server, s->of, &err);
    } else if (reply->kind == WEIR_API_SUCCESS) {
        status = take_reply(a, reply);
    } else if (reply->kind != WEIR_API_ERROR) {
        code = record_refused(a->request, s, reply);
    } else {
        status = take_error(a, reply, first, last);
    }
    weir_api_reply_free(reply);
    if (halve) {
        code = ask(a, first, half - s->step);
        return code == EXIT_FINE ? ask(a, half, last) : code;
    }
    if (status != WEIR_OK) {
        complain("%s: %s", s->of, weir_strerror(status));
        code = EXIT_INPUT;
    }
    return code;
}

/* How many elements each answer had; errors have their own series. */
static weir_status add_counts(struct asking *a, int64_t last)
{
    char step[32];
    uint32_t series = 0;
    weir_status status;

    snprintf(step, sizeof step, "%" PRId64, a->source->step);
    status = add_series(a, NULL, 0, RECORD_STEP, step, &series);
    for (int64_t t = a->first; status == WEIR_OK && t <= last; t += a->source->step) {
        uint32_t count = a->elements[(t - a->first) / a->source->step];

        if (count != UINT32_MAX) {
            status = weir_series_store_append(a->store, series, t, count);
        }
    }
    return status;
}

int record_answers(const struct record_request *request, const struct record_source *source,
                   int64_t first, int64_t last, struct record_text *block)
{
    struct asking a = {request, source, NULL, block, NULL, first};
    int code = EXIT_INPUT;

    a.elements = calloc((size_t)((last - first) / source->step) + 1, sizeof *a.elements);
    if (a.elements == NULL || weir_series_store_create(&series_memory, &a.store) != WEIR_OK) {
        complain("there is no memory left");
    } else {
        code = ask(&a, first, last);
        if (code == EXIT_FINE && add_counts(&a, last) != WEIR_OK) {
            complain("there is no memory left");
            code = EXIT_INPUT;
        }
    }
    if (code == EXIT_FINE) {
        record_put_store(block, a.store, INT64_MIN);
    }
    weir_series_store_free(a.store);
    free(a.elements);
    return code;
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* Times that a plan is about, and how long a block of it is. */
struct span {
    int64_t first, last, length;
};

static struct span span_of(const struct record_plan *plan, int raw)
{
    struct span span = {INT64_MAX, INT64_MIN, raw ? raw_block : INT64_MAX};

    for (size_t i = 0; i < plan->count; i++) {
        const struct record_source *s = &plan->sources[i];

        span.first = s->from < span.first ? s->from : span.first;
        span.last = s->to > span.last ? s->to : span.last;
        if (!raw && s->step < span.length / BLOCK_STEPS) {
            span.length = s->step * BLOCK_STEPS;
        }
    }
    return span;
}

/* The end of the block that begins at a time. Selectors begin and end with blocks, so that those
 * that select the same series have the same samples of it. */
static int64_t block_end(const struct record_plan *plan, const struct span *span, int raw,
                         int64_t first)
{
    int64_t last = span->last - first < span->length ? span->last : first + span->length - 1;

    for (size_t i = 0; raw && i < plan->count; i++) {
        const struct record_source *s = &plan->sources[i];

        last = s->from > first && s->from - 1 < last ? s->from - 1 : last;
        last = s->to >= first && s->to < last ? s->to : last;
    }
    return last;
}

static void show_progress(const struct span *span, int64_t at)
{
    static time_t shown;
    double part = (double)(at - span->first) / (double)(span->last - span->first + 1);
    time_t now = time(NULL);
    char text[40];

    put_utc(text, sizeof text, at * (WEIR_SECOND / 1000));
    text[19] = '\0';
    if (isatty(STDERR_FILENO)) {
        progress("recording: %3.0f%%, at %sZ", 100 * part, text);
    } else if (now - shown >= PAUSE_SECONDS) {
        if (shown != 0) {
            complain("recording: %.0f%%, at %sZ", 100 * part, text);
        }
        shown = now;
    }
}

static int one_block(const struct record_request *r, const struct record_plan *plan,
                     struct record_raw *raw, int64_t first, int64_t last, struct record_text *block)
{
    int code = EXIT_FINE;

    if (r->raw) {
        return record_raw_block(raw, r, plan, first, last, block);
    }
    for (size_t i = 0; code == EXIT_FINE && i < plan->count; i++) {
        const struct record_source *s = &plan->sources[i];
        int64_t skipped = (first - s->from + s->step - 1) / s->step;
        int64_t begin = s->from + skipped * s->step;
        int64_t end = s->from + (last - s->from) / s->step * s->step;

        if (begin <= last) {
            code = record_answers(r, s, begin, end, block);
        }
    }
    return code;
}

int record_fetch(const struct record_request *r, const struct record_plan *plan,
                 struct record_file *file)
{
    struct span span = span_of(plan, r->raw);
    struct record_raw raw = {0};
    int64_t first = file->done == INT64_MIN ? span.first : file->done + 1;
    int code = r->raw ? record_raw_open(&raw, file) : EXIT_FINE;

    while (code == EXIT_FINE && first <= span.last) {
        int64_t last = block_end(plan, &span, r->raw, first);

        show_progress(&span, first);
        code = one_block(r, plan, &raw, first, last, &file->block);
        if (code == EXIT_FINE) {
            code = record_commit(file, last, last == span.last);
        }
        first = last + 1;
    }
    progress_end();
    record_raw_close(&raw);
    return code;
}
