/*
 * recording_rows.c - what the CSV files of a recording hold: reconciles, answers of metrics APIs,
 * pods.
 */
#include "recording_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <weir/quantity.h>

/* ---- reconciles ----------------------------------------------------------------------------- */

/* A row that waits for its autoscaler. */
struct row {
    const char *autoscaler;
    size_t order; /* in the file */
    struct recorded_step step;
    struct recorded_answer answer;
};

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int order = strcmp(x->autoscaler, y->autoscaler);

    if (order == 0 && x->step.number != y->step.number) {
        return x->step.number < y->step.number ? -1 : 1;
    }
    return order != 0 ? order : x->order < y->order ? -1 : 1;
}

enum {
    STEP_TIME,
    STEP_AUTOSCALER,
    STEP_SEQ,
    STEP_GOT,
    STEP_SPEC,
    STEP_STATUS,
    STEP_PROPOSED_AT,
    STEP_PROPOSED,
    STEP_WINNER,
    STEP_PUT,
    STEP_OUTCOME_AT,
    STEP_OUTCOME,
    STEP_REPLICAS,
    STEP_REASON,
    STEP_GENERATION,
    STEP_CONDITIONS
};

static const char *const step_columns[] = {
    "time_ns",       "autoscaler",       "seq",         "got_ns",
    "spec_replicas", "status_replicas",  "proposed_ns", "proposed",
    "winner",        "put_ns",           "outcome_ns",  "outcome",
    "new_replicas",  "reason",           "generation",  "conditions",
    "?put_done_ns",  "?put_failed",      "?status_ns",  "?current",
    "?desired",      "?last_scale_time", NULL};

static void read_step(struct rows *rows, struct row *row)
{
    static const char *const outcomes[] = {"", "rescaled", "held", "failed", NULL};
    struct recorded_step *s = &row->step;

    memset(row, 0, sizeof *row);
    row->autoscaler = rows_text(rows, STEP_AUTOSCALER);
    s->line = csv_line(rows->csv);
    s->begun = rows_time(rows, STEP_TIME);
    s->number = rows_int(rows, STEP_SEQ, 0, INT64_MAX);
    s->got = rows_has(rows, STEP_GOT) ? rows_time(rows, STEP_GOT) : s->begun;
    s->spec_replicas = (int32_t)rows_int(rows, STEP_SPEC, 0, INT32_MAX);
    s->status_replicas = (int32_t)rows_int(rows, STEP_STATUS, 0, INT32_MAX);
    s->proposed_at = rows_time(rows, STEP_PROPOSED_AT);
    s->has_proposal = rows_has(rows, STEP_PROPOSED);
    if (s->has_proposal) {
        s->proposed = (int32_t)rows_int(rows, STEP_PROPOSED, INT32_MIN, INT32_MAX);
    }
    s->winner = rows_text(rows, STEP_WINNER);
    s->put = rows_time(rows, STEP_PUT);
    s->outcome_at = rows_time(rows, STEP_OUTCOME_AT);
    s->outcome = rows_word(rows, STEP_OUTCOME, outcomes);
    s->has_replicas = rows_has(rows, STEP_REPLICAS);
    if (s->has_replicas) {
        s->replicas = (int32_t)rows_int(rows, STEP_REPLICAS, INT32_MIN, INT32_MAX);
    }
    s->reason = rows_text(rows, STEP_REASON);
    s->generation =
        rows_has(rows, STEP_GENERATION) ? rows_int(rows, STEP_GENERATION, 0, INT64_MAX) : 0;
    s->conditions = rows_text(rows, STEP_CONDITIONS);
}

static void check_step(struct rows *rows, const struct row *row)
{
    if (rows->row_is_bad) {
        return;
    }
    if (row->autoscaler[0] == '\0') {
        rows_complain(rows, STEP_AUTOSCALER, "a name was expected");
    } else if (row->step.begun == WEIR_TIME_NONE) {
        rows_complain(rows, STEP_TIME, "a time in nanoseconds was expected");
    } else if (row->step.has_proposal && row->step.proposed_at == WEIR_TIME_NONE) {
        rows_complain(rows, STEP_PROPOSED_AT, "the time of the proposal was expected");
    } else if ((row->step.outcome == RECORDED_RESCALED || row->step.outcome == RECORDED_HELD) &&
               !row->step.has_replicas) {
        rows_complain(rows, STEP_REPLICAS, "the size that was decided for was expected");
    }
}

/* Gives every autoscaler its steps. */
static void share_steps(struct recording *r, struct row *list, size_t count, const char *file)
{
    struct recorded_autoscaler *a = NULL;

    qsort(list, count, sizeof list[0], compare_rows);
    for (size_t i = 0; i < count; i++) {
        if (a == NULL || strcmp(a->name, list[i].autoscaler) != 0) {
            r->autoscalers = recording_grow(r, r->autoscalers, r->autoscaler_count, sizeof *a);
            a = &r->autoscalers[r->autoscaler_count++];
            memset(a, 0, sizeof *a);
            a->name = list[i].autoscaler;
        } else if (a->steps[a->step_count - 1].number == list[i].step.number) {
            recording_problem(r, RECORDED_ERROR, file, list[i].step.line,
                              "%s has step %" PRId64 " on line %" PRId64 " already: left out",
                              a->name, list[i].step.number, a->steps[a->step_count - 1].line);
            continue;
        } else if (list[i].step.begun < a->steps[a->step_count - 1].begun) {
            recording_problem(r, RECORDED_ERROR, file, list[i].step.line,
                              "step %" PRId64 " of %s is earlier than the step before it, on line "
                              "%" PRId64 ": left out",
                              list[i].step.number, a->name, a->steps[a->step_count - 1].line);
            continue;
        }
        a->steps = recording_grow(r, a->steps, a->step_count, sizeof a->steps[0]);
        a->steps[a->step_count++] = list[i].step;
    }
}

/* ---- values ---------------------------------------------------------------------------------- */

const char *recorded_value_next(const char *text, int of_pods, struct recorded_value *value)
{
    size_t length = strcspn(text, ";"), name = of_pods ? strcspn(text, "=;") : 0;
    weir_quantity quantity;

    if (of_pods && text[name] != '=') {
        return NULL;
    }
    value->pod = text;
    value->pod_length = name;
    name += of_pods ? 1U : 0U;
    if (weir_quantity_parse(text + name, length - name, &quantity, NULL) != WEIR_OK) {
        return NULL;
    }
    value->milli = weir_quantity_milli(&quantity);
    return text + length + (text[length] == ';');
}

/* ---- answers -------------------------------------------------------------------------------- */

enum { ANSWER_TIME, ANSWER_AUTOSCALER, ANSWER_SEQ, ANSWER_SOURCE, ANSWER_METRIC, ANSWER_VALUE };

static const char *const answer_columns[] = {"time_ns", "autoscaler", "seq", "source",
                                             "metric",  "value",      NULL};

/* Gives every step its answers; both are in order. */
static void share_answers(struct recording *r, struct row *list, size_t count)
{
    size_t n = 0;

    qsort(list, count, sizeof list[0], compare_rows);
    for (size_t i = 0; i < r->autoscaler_count; i++) {
        struct recorded_autoscaler *a = &r->autoscalers[i];
        size_t step = 0;

        while (n < count && strcmp(list[n].autoscaler, a->name) < 0) {
            n++;
        }
        for (; n < count && strcmp(list[n].autoscaler, a->name) == 0; n++) {
            while (step < a->step_count && a->steps[step].number < list[n].step.number) {
                step++;
            }
            if (step == a->step_count || a->steps[step].number != list[n].step.number) {
                continue; /* of a step that is not there, as after the end of the recording */
            }
            a->answers = recording_grow(r, a->answers, a->answer_count, sizeof a->answers[0]);
            if (a->steps[step].answer_count++ == 0) {
                a->steps[step].first_answer = a->answer_count;
            }
            a->answers[a->answer_count++] = list[n].answer;
        }
    }
}

/* "5", "5;7" of a total, "pod=5;other=7" of pods; or "!500": it failed. */
static void check_value(struct rows *rows, const struct recorded_answer *answer)
{
    int of_pods = strcmp(answer->source, "pods") == 0 || strcmp(answer->source, "resource") == 0;
    const char *at = answer->value;
    struct recorded_value value;

    if (*at == '!' || *at == '\0') { /* failed, or an empty list */
        return;
    }
    do {
        at = recorded_value_next(at, of_pods, &value);
    } while (at != NULL && *at != '\0');
    if (at == NULL) {
        rows_complain(rows, ANSWER_VALUE,
                      of_pods ? "pod=quantity;... or !failure was expected"
                              : "quantities with ; between them, or !failure, were expected");
    }
}

static void read_answers(struct recording *r, struct bundle *b)
{
    struct rows rows;
    struct row *list = NULL;
    size_t count = 0;

    if (!rows_open(&rows, r, b, "metrics.csv", "every metric is taken to have failed",
                   answer_columns)) {
        return;
    }
    while (rows_next(&rows)) {
        struct row row;

        memset(&row, 0, sizeof row);
        if (!rows_has(&rows, ANSWER_SEQ)) {
            continue; /* asked by somebody else, or before the first step */
        }
        row.autoscaler = rows_text(&rows, ANSWER_AUTOSCALER);
        row.order = count;
        row.step.number = row.answer.step = rows_int(&rows, ANSWER_SEQ, 0, INT64_MAX);
        row.answer.at = rows_time(&rows, ANSWER_TIME);
        row.answer.line = csv_line(rows.csv);
        row.answer.source = rows_text(&rows, ANSWER_SOURCE);
        row.answer.metric = rows_text(&rows, ANSWER_METRIC);
        row.answer.value = rows_text(&rows, ANSWER_VALUE);
        if (row.answer.at == WEIR_TIME_NONE) {
            rows_complain(&rows, ANSWER_TIME, "a time in nanoseconds was expected");
        }
        check_value(&rows, &row.answer);
        if (!rows.row_is_bad) {
            list = recording_grow(r, list, count, sizeof list[0]);
            list[count++] = row;
        }
    }
    if (count > 0) {
        share_answers(r, list, count);
    }
}

void recording_read_steps(struct recording *r, struct bundle *b)
{
    struct rows rows;
    struct row *list = NULL, row;
    size_t count = 0;

    if (!rows_open(&rows, r, b, "decisions.csv", "there is nothing to compare with",
                   step_columns)) {
        return;
    }
    while (rows_next(&rows)) {
        read_step(&rows, &row);
        check_step(&rows, &row);
        if (!rows.row_is_bad) {
            row.order = count;
            list = recording_grow(r, list, count, sizeof list[0]);
            list[count++] = row;
        }
    }
    if (count > 0) {
        share_steps(r, list, count, rows.file->shown);
        read_answers(r, b);
    }
}

/* ---- pods ----------------------------------------------------------------------------------- */

enum {
    POD_TIME,
    POD_EVENT,
    POD_NAME,
    POD_APP,
    POD_PHASE,
    POD_START,
    POD_READY,
    POD_SINCE,
    POD_GOING
};

static const char *const pod_columns[] = {"time_ns",  "event",
                                          "pod",      "app",
                                          "phase",    "start_time",
                                          "ready",    "ready_transition",
                                          "deletion", "?resource_version",
                                          NULL};

static int read_pod(struct rows *rows, struct recorded_pod *p)
{
    static const char *const events[] = {"ADDED", "MODIFIED", "DELETED", NULL};
    static const char *const phases[] = {"",       "Running", "Pending", "Succeeded",
                                         "Failed", "Unknown", NULL};
    static const int32_t phase_of[] = {WEIR_PHASE_UNKNOWN, WEIR_PHASE_RUNNING,
                                       WEIR_PHASE_PENDING, WEIR_PHASE_SUCCEEDED,
                                       WEIR_PHASE_FAILED,  WEIR_PHASE_UNKNOWN};
    static const char *const readies[] = {"", "True", "False", "Unknown", NULL};
    static const int32_t ready_of[] = {WEIR_READY_NONE, WEIR_READY_TRUE, WEIR_READY_FALSE,
                                       WEIR_READY_UNKNOWN};

    memset(p, 0, sizeof *p);
    p->line = csv_line(rows->csv);
    p->at = rows_time(rows, POD_TIME);
    if (p->at == WEIR_TIME_NONE) {
        rows_complain(rows, POD_TIME, "a time in nanoseconds was expected");
    }
    p->gone = rows_word(rows, POD_EVENT, events) == 2;
    p->name = rows_text(rows, POD_NAME);
    p->pod.phase = phase_of[rows_word(rows, POD_PHASE, phases)];
    p->pod.started = rows_stamp(rows, POD_START);
    p->pod.ready = ready_of[rows_word(rows, POD_READY, readies)];
    p->pod.ready_since = rows_stamp(rows, POD_SINCE);
    p->pod.deleted = rows_has(rows, POD_GOING);
    return !rows->row_is_bad;
}

static int compare_changes(const void *a, const void *b)
{
    const struct recorded_pod *x = a, *y = b;

    if (x->at != y->at) {
        return x->at < y->at ? -1 : 1;
    }
    return x->line < y->line ? -1 : 1;
}

static int compare_pods(const void *a, const void *b)
{
    const struct recorded_pod *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order != 0 ? order : compare_changes(a, b);
}

/* Numbers the pods of a target, and puts their changes in order. */
static void order_pods(struct recorded_target *t)
{
    struct recorded_pod *list = t->changes;

    if (t->change_count == 0) {
        return;
    }
    qsort(list, t->change_count, sizeof list[0], compare_pods);
    for (size_t i = 0; i < t->change_count; i++) {
        t->pod_count += i == 0 || strcmp(list[i].name, list[i - 1].name) != 0;
        list[i].index = t->pod_count - 1;
    }
    qsort(list, t->change_count, sizeof list[0], compare_changes);
}

/* The target whose pods have this label. */
static struct recorded_target *target_of(struct recording *r, const char *app)
{
    for (size_t i = 0; i < r->target_count; i++) {
        if (strcmp(r->targets[i]->app, app) == 0) {
            return r->targets[i];
        }
    }
    return NULL;
}

void recording_read_pods(struct recording *r, struct bundle *b)
{
    struct rows rows;
    struct recorded_pod change;
    struct recorded_target *t = NULL;

    if (!rows_open(&rows, r, b, "pods.csv", "no metric of pods can be decided again",
                   pod_columns)) {
        return;
    }
    while (rows_next(&rows)) {
        const char *app = rows_text(&rows, POD_APP);

        if (t == NULL || strcmp(t->app, app) != 0) {
            t = target_of(r, app);
        }
        if (read_pod(&rows, &change) && t != NULL) {
            t->changes = recording_grow(r, t->changes, t->change_count, sizeof change);
            t->changes[t->change_count++] = change;
        }
    }
    for (size_t i = 0; i < r->target_count; i++) {
        order_pods(r->targets[i]);
    }
}
