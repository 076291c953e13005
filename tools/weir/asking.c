/*
 * asking.c - metrics that are queries: asked whenever their autoscaler asks, see feeds.h.
 */
#include "feeds.h"

#include <string.h>

/* ---- opening -------------------------------------------------------------------------------- */

/* The clocks of the autoscaler, from the start of the replay on. */
static void start_clocks(struct replaying *r)
{
    struct asking *a = &r->feeds->asking;

    a->start = r->request.from;
    a->end = r->request.to;
    a->clock_count = r->outcome.kind->clocks(r->outcome.config, a->clocks);
    for (size_t c = 0; c < a->clock_count; c++) {
        a->clocks[c].first += a->start;
        a->next[c] = a->clocks[c].first <= r->request.to ? a->clocks[c].first : WEIR_TIME_NEVER;
    }
}

int asking_bind(struct replaying *r, const struct asked_series *asked)
{
    struct asking *a = &r->feeds->asking;
    struct asked *query = &a->list[asked->series];
    const struct kind *kind = asked->kind;
    struct question question = {.end = r->request.to, .unit = kind->query_unit};
    const char *own = NULL, *given = query_for(asked);
    char name[WEIR_HPA_NAME_MAX + 8];

    if (!request_asks(&r->request)) {
        return 0;
    }
    if (kind->query != NULL) {
        own = kind->query(asked->request, r->outcome.item, asked->config, asked->series,
                          &question.single);
    }
    question.text = given != NULL ? given : own;
    if (question.text == NULL) {
        return 0;
    }
    if (a->count == 0) {
        start_clocks(r);
    }
    hpa_put_name(&r->feeds->config, asked->series, name, sizeof name);
    snprintf(query->who, sizeof query->who, "%s: %s", asked->autoscaler, name);
    question.who = query->who;
    for (size_t c = 0; c < a->clock_count; c++) {
        query->answers[c] = answers_open(&r->request.respondent, &question, &a->clocks[c]);
        if (query->answers[c] == NULL) {
            return -1;
        }
    }
    query->text = question.text;
    a->count++;
    return 1;
}

void asking_close(struct asking *a)
{
    for (size_t i = 0; i < WEIR_HPA_METRICS_MAX; i++) {
        answers_report(a->list[i].answers, CLOCKS_MAX);
        for (size_t c = 0; c < CLOCKS_MAX; c++) {
            answers_close(a->list[i].answers[c]);
        }
    }
}

void print_query(const struct replaying *r, const char *text)
{
    const struct request *q = &r->request;
    int blank = 0;

    if (q->server.options.url != NULL) {
        printf("asked of %s", q->server.options.url);
    } else if (q->series.count == 1) {
        printf("evaluated over %s", q->series.list[0]);
    } else {
        printf("evaluated over %zu files", q->series.count);
    }
    printf("\n      ");
    for (const char *at = text; *at != '\0'; at++) {
        int is_blank = strchr(" \t\r\n", *at) != NULL;

        if (!is_blank) {
            printf("%s%c", blank ? " " : "", *at);
        }
        blank = is_blank;
    }
    printf("\n");
}

/* ---- answers -------------------------------------------------------------------------------- */

weir_time asking_next(const struct asking *a)
{
    weir_time next = WEIR_TIME_NEVER;

    if (a->count == 0) {
        return WEIR_TIME_NEVER;
    }
    for (size_t c = 0; c < a->clock_count; c++) {
        next = a->next[c] < next ? a->next[c] : next;
    }
    return a->start < next ? a->start : next;
}

static int gather(struct feeds *f, size_t clock, weir_time at)
{
    for (size_t i = 0; i < f->config.metric_count; i++) {
        struct metric *m = &f->metrics[i];
        struct answer answer;

        if (f->asking.list[i].text == NULL) {
            continue;
        }
        if (answers_at(f->asking.list[i].answers[clock], at, &answer) != EXIT_FINE) {
            return EXIT_INPUT;
        }
        m->rows = 1;
        m->values = answer.status == WEIR_OK;
        m->sum = answer.value;
        m->failed = answer.status == WEIR_E_IO;
    }
    return EXIT_FINE;
}

int asking_gather(struct feeds *f)
{
    struct asking *a = &f->asking;
    weir_time at = asking_next(a);

    for (size_t c = 0; c < a->clock_count; c++) {
        if (a->next[c] != at) {
            continue;
        }
        if (gather(f, c, at) != EXIT_FINE) {
            return EXIT_INPUT;
        }
        a->next[c] = a->next[c] <= a->end - a->clocks[c].period ? a->next[c] + a->clocks[c].period
                                                                : WEIR_TIME_NEVER;
    }
    if (a->start == at) {
        a->start = WEIR_TIME_NEVER;
    }
    return EXIT_FINE;
}
