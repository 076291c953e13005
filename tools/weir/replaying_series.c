/*
 * replaying_series.c - a load for Knative that is queries: concurrency, requests per second, or
 * both, asked every second, as pods are read.
 */
#include "replaying_state.h"

#include <string.h>

/* The series that a query can be given for. */
static const char *const names[SERIES_QUERIES_MAX] = {"concurrency", "rps"};

/* ---- opening -------------------------------------------------------------------------------- */

static int series_of(const struct replaying *r, const char *wanted)
{
    const char *name;

    for (int32_t i = 0; (name = weir_autoscaler_series_name(r->autoscaler, i)) != NULL; i++) {
        if (strcmp(name, wanted) == 0) {
            return i;
        }
    }
    return -1;
}

/* One more reading, of the answers to a query. */
static void bind(struct replaying *r, const char *series, size_t query, double factor)
{
    struct binding *b = &r->bindings[r->binding_count];
    weir_reading *reading = &r->readings[r->binding_count++];

    b->column = (int)query;
    b->factor = factor * r->request.scale;
    reading->pod = -1;
    reading->series = series_of(r, series);
}

static const char *query_of(const struct replaying *r, const char *name)
{
    const char *text = NULL;

    for (size_t i = 0; i < r->request.queries.count; i++) {
        const char *word = r->request.queries.list[i];

        if (query_names(word, strcspn(word, "="), r->outcome.item->name, name)) {
            text = strchr(word, '=') + 1;
        }
    }
    return text;
}

/* Opens the answers to one of the queries, if it was given. 0 after a message. */
static int open_query(struct replaying *r, size_t i)
{
    struct series_query *query = &r->series_queries[i];
    struct question question = {.text = query_of(r, names[i]),
                                .who = query->who,
                                .end = r->request.to,
                                .unit = r->outcome.kind->query_unit};

    if (question.text == NULL) {
        return 1;
    }
    snprintf(query->who, sizeof query->who, "%s: %s", r->outcome.item->name, names[i]);
    query->text = question.text;
    query->answers = answers_open(&r->request.respondent, &question, &r->clock);
    return query->answers != NULL;
}

static int open_all(struct replaying *r)
{
    int32_t series = weir_autoscaler_main_series(r->autoscaler);
    const struct request *q = &r->request;

    r->outcome.series = weir_autoscaler_series_name(r->autoscaler, series);
    r->outcome.kind->clocks(r->outcome.config, &r->clock);
    r->clock.first += q->from;
    if (q->loads.count > 0) {
        complain("%s reads one load: --load, or queries over --series or of --prometheus",
                 r->outcome.item->name);
        return EXIT_USAGE;
    }
    if (!open_query(r, 0) || !open_query(r, 1)) {
        return EXIT_INPUT;
    }
    if (r->series_queries[0].answers != NULL) {
        bind(r, names[0], 0, 1.0);
    } else if (r->series_queries[1].answers != NULL && q->has_service_time) {
        bind(r, names[0], 1, (double)q->service_time / 1e9);
    }
    if (r->series_queries[1].answers != NULL) {
        bind(r, names[1], 1, 1.0);
    }
    for (r->main = 0; r->main < r->binding_count; r->main++) {
        if (r->readings[r->main].series == series) {
            return EXIT_FINE;
        }
    }
    complain("%s scales on %s, which has no query of its own: give it one with --query %s=PROMQL%s",
             r->outcome.item->name, r->outcome.series, r->outcome.series,
             strcmp(r->outcome.series, names[0]) == 0 ? ", or rps and --service-time" : "");
    return EXIT_USAGE;
}

static void close_all(struct replaying *r)
{
    for (size_t i = 0; i < SERIES_QUERIES_MAX; i++) {
        answers_report(&r->series_queries[i].answers, 1);
        answers_close(r->series_queries[i].answers);
    }
}

/* ---- answers -------------------------------------------------------------------------------- */

/* A load is 0 or more; less is none, as what is no number. */
static void read_answer(const struct answer *answer, const struct binding *binding,
                        weir_reading *reading)
{
    double value = answer->value * binding->factor;
    int is_load = answer->status == WEIR_OK && value >= 0.0 && value <= 1e300;

    reading->status = is_load ? WEIR_OK : WEIR_NO_DATA;
    reading->value = is_load ? value : 0.0;
}

static int next(struct replaying *r, weir_time *at)
{
    if (r->clock.first > r->request.to) {
        return 0;
    }
    *at = r->clock.first;
    r->clock.first += r->clock.period;
    for (size_t i = 0; i < r->binding_count; i++) {
        const struct binding *b = &r->bindings[i];
        struct answer answer;

        if (answers_at(r->series_queries[b->column].answers, *at, &answer) != EXIT_FINE) {
            return -3;
        }
        r->readings[i].at = *at;
        read_answer(&answer, b, &r->readings[i]);
    }
    return 1;
}

static weir_status take(struct replaying *r, weir_time at)
{
    weir_status status =
        weir_replay_record(r->replay, r->autoscaler, r->readings, r->binding_count);

    (void)at;
    if (status == WEIR_OK) {
        r->moment.load = r->readings[r->main].value;
        r->has_load = r->readings[r->main].status == WEIR_OK;
        r->step = r->clock.period;
    }
    return status;
}

static void describe(const struct replaying *r)
{
    printf("  load as recorded, whatever is decided");
    if (r->request.scale != 1.0) {
        printf(", times %.6g", r->request.scale);
    }
    printf("\n");
    for (size_t i = 0; i < SERIES_QUERIES_MAX; i++) {
        if (r->series_queries[i].text != NULL) {
            printf("    %s: ", names[i]);
            print_query(r, r->series_queries[i].text);
        }
    }
}

const struct source series_source = {.open = open_all,
                                     .next = next,
                                     .take = take,
                                     .finish = let_stand,
                                     .describe = describe,
                                     .close = close_all};
