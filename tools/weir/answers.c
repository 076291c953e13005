/*
 * answers.c - answers to a query at the times of a clock; see answers.h.
 *
 * Where one time of a block fails, as series that match twice do for as long as they do, the whole
 * block does: it is then halved until it is known which.
 */
#include "answers.h"
#include "recorded.h"
#include "series.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_MAX = WEIR_HTTP_POINTS_MAX, /* of a server, which has to be asked as rarely as can be */
    BLOCK_LOCAL = 1024 /* of series here: evaluation holds each step of each series on its way */
};

struct answers {
    const struct respondent *from;
    struct question question;
    weir_promql_expr *expr;    /* NULL: a server's own dialect */
    struct recorded *recorded; /* answers that were recorded; NULL: it is evaluated */
    int32_t type;              /* WEIR_PROMQL_* */
    int64_t step, last;        /* of the grid, ms */
    int64_t start;             /* of the block */
    uint32_t count;            /* times of it; 0: there is none yet */
    uint64_t asked, failed, numbers;
    int64_t failed_at;
    char why[256]; /* the first failed */
    struct answer block[BLOCK_MAX];
    uint32_t elements[BLOCK_MAX]; /* of each answer */
};

/* ---- opening -------------------------------------------------------------------------------- */

/* Parses the query. 1; 0 after a message. What only a server understands is left to it. */
static int parse(struct answers *a)
{
    const char *text = a->question.text;
    weir_error err = {0};
    weir_status status = weir_promql_parse(text, strlen(text), &series_memory, &a->expr, &err);

    a->type = status == WEIR_OK ? weir_promql_type(a->expr) : WEIR_PROMQL_VECTOR;
    if (status != WEIR_E_MEMORY && a->from->server == NULL &&
        !recorded_find(a->from->store, text, a->question.who, &a->recorded)) {
        return 0;
    }
    if (status != WEIR_E_MEMORY && (a->from->server != NULL || a->recorded != NULL)) {
        return 1;
    }
    if (status == WEIR_OK) {
        status = weir_promql_supported(a->expr, &err);
    }
    if (status != WEIR_OK) {
        complain("%s: the query, %d:%d: %s", a->question.who, (int)err.line, (int)err.column,
                 err.message);
    }
    return status == WEIR_OK;
}

static int64_t cut_to(weir_time at, weir_duration unit)
{
    weir_time rest = at % unit;

    return weir_promql_ms(at - (rest < 0 ? rest + unit : rest));
}

struct answers *answers_open(const struct respondent *from, const struct question *question,
                             const struct clock *clock)
{
    struct answers *a = calloc(1, sizeof *a);
    weir_duration step = clock->period % question->unit == 0 ? clock->period : question->unit;

    if (a == NULL) {
        complain("there is no memory left");
        return NULL;
    }
    a->from = from;
    a->question = *question;
    a->step = weir_promql_ms(step);
    a->last = cut_to(question->end, question->unit);
    if (!parse(a)) {
        answers_close(a);
        return NULL;
    }
    return a;
}

void answers_close(struct answers *a)
{
    if (a != NULL) {
        weir_promql_expr_free(a->expr);
        recorded_free(a->recorded);
        free(a);
    }
}

/* ---- one block ------------------------------------------------------------------------------ */

static void fail(struct answers *a, uint32_t i, const char *why)
{
    a->block[i] = (struct answer){WEIR_E_IO, 0.0};
    if (a->failed++ == 0) {
        a->failed_at = a->start + (int64_t)i * a->step;
        snprintf(a->why, sizeof a->why, "%s", why);
    }
}

/* One more element of an answer. */
static void add(struct answers *a, uint32_t i, double value)
{
    struct answer *answer = &a->block[i];

    answer->value = a->elements[i]++ == 0 ? value : answer->value + value;
    answer->status = WEIR_OK;
}

static void add_points(struct answers *a, const int64_t *times_ms, const double *values,
                       size_t count)
{
    for (size_t p = 0; p < count; p++) {
        add(a, (uint32_t)((times_ms[p] - a->start) / a->step), values[p]);
    }
}

/* The answer as its asker reads it. */
static void read_answer(struct answers *a, uint32_t i)
{
    struct answer *answer = &a->block[i];
    char why[96];

    if (a->question.single && a->elements[i] > 1) {
        snprintf(why, sizeof why, "the answer has %" PRIu32 " elements, and KEDA takes one",
                 a->elements[i]);
        fail(a, i, why);
    } else if (answer->status == WEIR_OK && !isfinite(answer->value)) {
        answer->status = WEIR_NO_DATA;
    }
}

static int evaluate_here(struct answers *a, uint32_t first, uint32_t count, weir_error *err)
{
    int64_t start = a->start + (int64_t)first * a->step;
    weir_promql_result *result = NULL;
    weir_status status =
        weir_promql_range(a->from->store, a->expr, start, start + (int64_t)(count - 1) * a->step,
                          a->step, &a->from->options, &series_memory, &result, err);

    for (uint32_t s = 0; status == WEIR_OK && s < result->series_count; s++) {
        size_t at = result->point_at[s];

        add_points(a, result->times_ms + at, result->values + at, result->point_at[s + 1] - at);
    }
    weir_promql_result_free(result);
    return status;
}

static int evaluate_there(struct answers *a, uint32_t first, uint32_t count, weir_error *err)
{
    int64_t start = a->start + (int64_t)first * a->step;
    weir_series_store *store = NULL;
    weir_status status = weir_series_store_create(&series_memory, &store);

    if (status == WEIR_OK) {
        status = weir_http_query_range(a->from->server->http, a->question.text, start,
                                       start + (int64_t)(count - 1) * a->step, a->step, store, NULL,
                                       err);
    }
    for (uint32_t s = 0; status == WEIR_OK && s < weir_series_store_count(store); s++) {
        weir_samples samples;

        weir_series_store_samples(store, s, &samples);
        add_points(a, samples.times_ms, samples.values, samples.count);
    }
    weir_series_store_free(store);
    return status;
}

/* Whether an error is one of evaluation at some time, and would pass. */
static int is_passing(const struct answers *a, const weir_error *err)
{
    static const char execution[] = "the server says: execution";

    return a->from->server != NULL ? err->status == WEIR_E_RANGE &&
                                         strncmp(err->message, execution, sizeof execution - 1) == 0
                                   : err->status == WEIR_E_RANGE || err->status == WEIR_E_LIMIT;
}

/* Fills a part of the block. EXIT_FINE; EXIT_INPUT after a message. */
static int evaluate(struct answers *a, uint32_t first, uint32_t count)
{
    weir_error err = {0};
    weir_status status = a->from->server != NULL ? evaluate_there(a, first, count, &err)
                                                 : evaluate_here(a, first, count, &err);

    if (status == WEIR_OK) {
        return EXIT_FINE;
    }
    err.status = status;
    if (!is_passing(a, &err)) {
        if (a->from->server != NULL) {
            return server_complain(a->from->server, a->question.who, &err);
        }
        complain("%s: the query: %s", a->question.who,
                 err.message[0] != '\0' ? err.message : weir_strerror(status));
        return EXIT_INPUT;
    }
    if (count == 1) {
        fail(a, first, err.message);
        return EXIT_FINE;
    }
    return evaluate(a, first, count / 2) == EXIT_FINE
               ? evaluate(a, first + count / 2, count - count / 2)
               : EXIT_INPUT;
}

/* ---- answers that are no vectors ------------------------------------------------------------ */

/* A range of samples has no value that KEDA would see, and one element at most. */
static void read_samples(struct answers *a, uint32_t i, size_t series)
{
    if (series > 1 || !a->question.single) {
        fail(a, i,
             series > 1 ? "the answer has several elements, and KEDA takes one"
                        : "the query gives a range of samples, not a number");
    }
}

static int ask_for_samples(struct answers *a, uint32_t i)
{
    int64_t at = a->start + (int64_t)i * a->step;
    weir_api_reply *reply = NULL;
    weir_promql_result *result = NULL;
    weir_error err = {0};
    weir_status status;

    if (a->from->server == NULL) {
        status = weir_promql_instant(a->from->store, a->expr, at, &a->from->options, &series_memory,
                                     &result, &err);
        if (status == WEIR_OK) {
            read_samples(a, i, result->series_count);
        } else {
            fail(a, i, err.message);
        }
        weir_promql_result_free(result);
        return EXIT_FINE;
    }
    status = weir_http_query(a->from->server->http, a->question.text, at, &reply, &err);
    if (status != WEIR_OK) {
        err.status = status;
        return server_complain(a->from->server, a->question.who, &err);
    }
    if (reply->kind == WEIR_API_SUCCESS) {
        read_samples(a, i, reply->series_count);
    } else {
        fail(a, i, reply->error.length > 0 ? reply->error.text : reply->message.text);
    }
    weir_api_reply_free(reply);
    return EXIT_FINE;
}

/* KEDA cannot read a scalar's reply, nor a text's. */
static int is_unreadable(const struct answers *a)
{
    return a->type == WEIR_PROMQL_STRING || (a->type == WEIR_PROMQL_SCALAR && a->question.single);
}

/* ---- asking --------------------------------------------------------------------------------- */

/* Answers as they were recorded. */
static void take_recorded(struct answers *a)
{
    for (uint32_t i = 0; i < a->count; i++) {
        struct recorded_answer_at at;
        char why[sizeof a->why];

        if (!recorded_at(a->recorded, a->start + (int64_t)i * a->step, &at)) {
            fail(a, i, "the recording has no answer of that time");
        } else if (at.error != NULL) {
            snprintf(why, sizeof why, "%.*s", (int)(at.error_length < 200 ? at.error_length : 200),
                     at.error);
            fail(a, i, why);
        } else if (at.elements > 0) {
            a->elements[i] = at.elements;
            a->block[i] = (struct answer){WEIR_OK, at.sum};
            read_answer(a, i);
        }
        a->numbers += a->block[i].status == WEIR_OK;
    }
}

static int fill_block(struct answers *a)
{
    int code = EXIT_FINE;

    for (uint32_t i = 0; i < a->count; i++) {
        a->block[i] = (struct answer){WEIR_NO_DATA, 0.0};
        a->elements[i] = 0;
    }
    a->asked += a->count;
    if (is_unreadable(a)) {
        for (uint32_t i = 0; i < a->count; i++) {
            fail(a, i,
                 a->type == WEIR_PROMQL_STRING
                     ? "the query gives a text, not a number"
                     : "the query gives a scalar, whose reply KEDA cannot read: "
                       "vector(...) makes it one that it can");
        }
        return EXIT_FINE;
    }
    if (a->recorded != NULL) {
        take_recorded(a);
        return EXIT_FINE;
    }
    if (a->type == WEIR_PROMQL_MATRIX) {
        for (uint32_t i = 0; i < a->count && code == EXIT_FINE; i++) {
            code = ask_for_samples(a, i);
        }
        return code;
    }
    code = evaluate(a, 0, a->count);
    for (uint32_t i = 0; i < a->count && code == EXIT_FINE; i++) {
        read_answer(a, i);
        a->numbers += a->block[i].status == WEIR_OK;
    }
    return code;
}

int answers_at(struct answers *a, weir_time at, struct answer *answer)
{
    int64_t ms = cut_to(at, a->question.unit), left;
    int code;

    if (a->count == 0 || ms > a->start + (int64_t)(a->count - 1) * a->step) {
        uint32_t most = a->from->server != NULL ? BLOCK_MAX : BLOCK_LOCAL;

        left = ms < a->last ? (a->last - ms) / a->step + 1 : 1;
        a->start = ms;
        a->count = left < most ? (uint32_t)left : most;
        code = fill_block(a);
        if (code != EXIT_FINE) {
            return code;
        }
    }
    *answer = a->block[(ms - a->start) / a->step];
    return EXIT_FINE;
}

void answers_report(struct answers *const *list, size_t count)
{
    const struct answers *first = NULL;
    const char *who = "";
    uint64_t asked = 0, failed = 0, numbers = 0;
    char time[40];

    for (size_t i = 0; i < count; i++) {
        const struct answers *a = list[i];

        if (a != NULL) {
            asked += a->asked;
            failed += a->failed;
            numbers += a->numbers;
            who = a->question.who;
            first = a->failed > 0 && (first == NULL || a->failed_at < first->failed_at) ? a : first;
        }
    }
    if (asked > 0 && failed == 0 && numbers == 0) {
        complain("notice: %s: none of the %" PRIu64 " answers has a value: does the query meet the "
                 "series?",
                 who, asked);
    }
    if (first != NULL) {
        put_utc(time, sizeof time, first->failed_at * (WEIR_SECOND / 1000));
        complain("notice: %s: %" PRIu64 " of %" PRIu64 " answers are errors, the first at %s: %s",
                 first->question.who, failed, asked, time, first->why);
    }
}
