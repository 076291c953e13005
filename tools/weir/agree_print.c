/*
 * agree_print.c - agreement and disagreements in words and as JSON; see agree_print.h.
 */
#include "agree_print.h"
#include "program.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_WIDTH_MIN = 12, NAME_WIDTH_MAX = 60, ANSWER_SHOWN = 120 };

static const char *outcome_name(int32_t outcome)
{
    static const char *const names[] = {"nothing", "rescaled", "held", "failed"};

    return names[outcome];
}

/* ---- for people ----------------------------------------------------------------------------- */

int agree_name_width(const struct recording *recording)
{
    int width = NAME_WIDTH_MIN;

    for (size_t i = 0; i < recording->autoscaler_count; i++) {
        size_t length = strlen(recording->autoscalers[i].name);

        width = length > (size_t)width ? (int)length : width;
    }
    return width < NAME_WIDTH_MAX ? width : NAME_WIDTH_MAX;
}

void agree_print_heading(FILE *out, const struct recording *recording)
{
    fprintf(out, "%s: %s\n\n%-*s %8s %8s %8s %8s %8s %10s\n", recording->name, recording->what,
            agree_name_width(recording), "autoscaler", "steps", "rescales", "agree", "proposal",
            "outcome", "conditions");
}

void agree_print_tally(FILE *out, int width, const char *name, const struct agree_tally *t)
{
    fprintf(out,
            "%-*s %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 " %10" PRId64 "\n",
            width, name, t->steps, t->rescales, t->agreed, t->proposals, t->outcomes,
            t->conditions);
}

static void print_time(FILE *out, weir_time time)
{
    char text[40];

    put_utc(text, sizeof text, time);
    fputs(text, out);
}

/* A proposal, an outcome and conditions, as both sides have them. */
static void print_decision(FILE *out, int has_proposal, int32_t proposed, int32_t outcome,
                           int32_t replicas, const char *conditions)
{
    if (has_proposal) {
        fprintf(out, "    proposal    %" PRId32 "\n", proposed);
    } else {
        fprintf(out, "    proposal    none\n");
    }
    fprintf(out, "    outcome     %s", outcome_name(outcome));
    if (outcome == RECORDED_RESCALED || outcome == RECORDED_HELD) {
        fprintf(out, " %s %" PRId32, outcome == RECORDED_RESCALED ? "to" : "at", replicas);
    }
    fprintf(out, "\n    conditions  %s\n", conditions);
}

static void print_answers(FILE *out, const struct agree_step *step)
{
    const struct recorded_step *r = step->recorded;

    for (size_t i = 0; i < r->answer_count; i++) {
        const struct recorded_answer *answer = &step->autoscaler->answers[r->first_answer + i];
        size_t length = strlen(answer->value);

        fprintf(out, "    %-11s %s = %.*s%s\n", answer->source, answer->metric, ANSWER_SHOWN,
                answer->value, length > ANSWER_SHOWN ? "..." : "");
    }
}

void agree_print_step(FILE *out, const struct agree_step *step)
{
    const struct recorded_step *r = step->recorded;
    const char *separator = "";

    fprintf(out, "\n%s, step %" PRId64 " at ", step->autoscaler->name, r->number);
    print_time(out, r->begun);
    fprintf(out, " (decisions.csv:%" PRId64 "): ", r->line);
    if (!step->compared) {
        fprintf(out, "not compared: %s\n",
                step->config == NULL ? "there is no spec" : weir_strerror(step->status));
        return;
    }
    fputs("different ", out);
    if (!step->proposal_agrees) {
        fputs("proposal", out);
        separator = ", ";
    }
    if (!step->outcome_agrees) {
        fprintf(out, "%soutcome", separator);
        separator = ", ";
    }
    fprintf(out, "%s\n",
            step->conditions_agree ? ""
            : separator[0] != '\0' ? ", conditions"
                                   : "conditions");
    fprintf(out, "  decided on\n    scale       spec %" PRId32 ", status %" PRId32 "\n",
            r->spec_replicas, r->status_replicas);
    print_answers(out, step);
    fputs("  recorded\n", out);
    print_decision(out, r->has_proposal, r->proposed, r->outcome, r->replicas, r->conditions);
    if (r->winner[0] != '\0') {
        fprintf(out, "    winner      %s\n", r->winner);
    }
    if (r->reason[0] != '\0') {
        fprintf(out, "    reason      %s\n", r->reason);
    }
    fputs("  weir\n", out);
    print_decision(out, step->has_proposal, step->proposed, step->outcome, step->replicas,
                   step->conditions);
    for (uint32_t i = 0; i < step->explain.count; i++) {
        char line[256];

        weir_step_text(&step->explain.steps[i], line, sizeof line, NULL);
        fprintf(out, "    %-11s %s\n", i == 0 ? "why" : "", line);
    }
}

/* ---- KEDA, for people ----------------------------------------------------------------------- */

static const char *event_name(int32_t kind)
{
    static const char *const names[] = {"poll", "answer", "change", "HPA"};

    return names[kind];
}

void agree_print_keda_heading(FILE *out, const struct recording *recording)
{
    fprintf(out, "\n%-*s %8s %8s %8s %8s %8s %8s %8s\n", agree_name_width(recording),
            "ScaledObject", "polls", "writes", "agree", "served", "agree", "HPAs", "agree");
}

void agree_print_keda(FILE *out, int width, const char *name, const struct agree_keda_tally *t)
{
    fprintf(out,
            "%-*s %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64
            " %8" PRId64 "\n",
            width, name, t->polls, t->writes, t->polls_agreed, t->served, t->served_agreed, t->made,
            t->made_agreed);
}

void agree_print_event(FILE *out, const struct agree_keda_event *e)
{
    fprintf(out, "\n%s, %s at ", e->object->name, event_name(e->kind));
    print_time(out, e->at);
    fprintf(out, " (%s", e->file);
    if (e->line > 0) {
        fprintf(out, ":%" PRId64, e->line);
    }
    fprintf(out, ")\n    recorded    %s\n    weir        %s\n", e->recorded, e->weir);
    for (uint32_t i = 0; i < e->explain.count; i++) {
        char line[256];

        weir_step_text(&e->explain.steps[i], line, sizeof line, NULL);
        fprintf(out, "    %-11s %s\n", i == 0 ? "why" : "", line);
    }
}

/* ---- for programs --------------------------------------------------------------------------- */

static void print_json(FILE *out, cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);

    if (text == NULL) {
        fputs("weir: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    fprintf(out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(object);
}

static void add_count(cJSON *object, const char *name, int64_t value)
{
    cJSON_AddNumberToObject(object, name, (double)value);
}

/* Nanoseconds have more digits than a double: as a text. */
static void add_time(cJSON *object, const char *name, weir_time time)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, time);
    cJSON_AddRawToObject(object, name, text);
}

void agree_json_tally(FILE *out, const struct recording *recording, const char *name,
                      const struct agree_tally *t)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "recording", recording->name);
    cJSON_AddStringToObject(object, name != NULL ? "autoscaler" : "of",
                            name != NULL ? name : "all");
    add_count(object, "steps", t->steps);
    add_count(object, "rescales", t->rescales);
    add_count(object, "compared", t->compared);
    add_count(object, "agree", t->agreed);
    add_count(object, "proposal", t->proposals);
    add_count(object, "outcome", t->outcomes);
    add_count(object, "conditions", t->conditions);
    add_count(object, "shifted", t->shifted);
    print_json(out, object);
}

static cJSON *decision_json(int has_proposal, int32_t proposed, int32_t outcome, int32_t replicas,
                            const char *conditions)
{
    cJSON *object = cJSON_CreateObject();

    if (has_proposal) {
        add_count(object, "proposal", proposed);
    } else {
        cJSON_AddNullToObject(object, "proposal");
    }
    cJSON_AddStringToObject(object, "outcome", outcome_name(outcome));
    if (outcome == RECORDED_RESCALED || outcome == RECORDED_HELD) {
        add_count(object, "replicas", replicas);
    } else {
        cJSON_AddNullToObject(object, "replicas");
    }
    cJSON_AddStringToObject(object, "conditions", conditions);
    return object;
}

/* A number, or null: JSON has no infinities. */
static void add_number(cJSON *object, const char *name, double value)
{
    if (isfinite(value)) {
        cJSON_AddNumberToObject(object, name, value);
    } else {
        cJSON_AddNullToObject(object, name);
    }
}

static cJSON *steps_json(const weir_explain *explain)
{
    cJSON *list = cJSON_CreateArray();

    for (uint32_t i = 0; i < explain->count; i++) {
        const weir_step *step = &explain->steps[i];
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "rule", weir_rule_name(step->rule));
        add_count(object, "item", step->item);
        add_count(object, "before", step->before);
        add_count(object, "after", step->after);
        add_number(object, "measured", step->measured);
        add_number(object, "limit", step->limit);
        cJSON_AddItemToArray(list, object);
    }
    return list;
}

void agree_json_step(FILE *out, const struct agree_step *step)
{
    const struct recorded_step *r = step->recorded;
    cJSON *object = cJSON_CreateObject(), *different = cJSON_CreateArray(), *answers, *side;

    cJSON_AddStringToObject(object, "autoscaler", step->autoscaler->name);
    add_count(object, "step", r->number);
    add_count(object, "line", r->line);
    add_time(object, "time_ns", r->begun);
    cJSON_AddItemToObject(object, "different", different);
    if (!step->compared) {
        cJSON_AddStringToObject(object, "not_compared",
                                step->config == NULL ? "there is no spec"
                                                     : weir_strerror(step->status));
        print_json(out, object);
        return;
    }
    if (!step->proposal_agrees) {
        cJSON_AddItemToArray(different, cJSON_CreateString("proposal"));
    }
    if (!step->outcome_agrees) {
        cJSON_AddItemToArray(different, cJSON_CreateString("outcome"));
    }
    if (!step->conditions_agree) {
        cJSON_AddItemToArray(different, cJSON_CreateString("conditions"));
    }
    add_count(object, "spec_replicas", r->spec_replicas);
    add_count(object, "status_replicas", r->status_replicas);
    answers = cJSON_AddArrayToObject(object, "answers");
    for (size_t i = 0; i < r->answer_count; i++) {
        const struct recorded_answer *a = &step->autoscaler->answers[r->first_answer + i];
        cJSON *answer = cJSON_CreateObject();

        cJSON_AddStringToObject(answer, "source", a->source);
        cJSON_AddStringToObject(answer, "metric", a->metric);
        cJSON_AddStringToObject(answer, "value", a->value);
        cJSON_AddItemToArray(answers, answer);
    }
    side = decision_json(r->has_proposal, r->proposed, r->outcome, r->replicas, r->conditions);
    cJSON_AddStringToObject(side, "winner", r->winner);
    cJSON_AddStringToObject(side, "reason", r->reason);
    cJSON_AddItemToObject(object, "recorded", side);
    side = decision_json(step->has_proposal, step->proposed, step->outcome, step->replicas,
                         step->conditions);
    cJSON_AddItemToObject(side, "steps", steps_json(&step->explain));
    cJSON_AddItemToObject(object, "weir", side);
    print_json(out, object);
}

/* ---- KEDA, for programs --------------------------------------------------------------------- */

void agree_json_keda(FILE *out, const struct recording *recording, const char *name,
                     const struct agree_keda_tally *t)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "recording", recording->name);
    cJSON_AddStringToObject(object, name != NULL ? "scaled_object" : "of",
                            name != NULL ? name : "all ScaledObjects");
    add_count(object, "polls", t->polls);
    add_count(object, "writes", t->writes);
    add_count(object, "polls_agree", t->polls_agreed);
    add_count(object, "served", t->served);
    add_count(object, "served_agree", t->served_agreed);
    add_count(object, "shifted", t->shifted);
    add_count(object, "hpas", t->made);
    add_count(object, "hpas_agree", t->made_agreed);
    print_json(out, object);
}

void agree_json_event(FILE *out, const struct agree_keda_event *e)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "scaled_object", e->object->name);
    cJSON_AddStringToObject(object, "event", event_name(e->kind));
    add_time(object, "time_ns", e->at);
    cJSON_AddStringToObject(object, "file", e->file);
    add_count(object, "line", e->line);
    cJSON_AddStringToObject(object, "recorded", e->recorded);
    cJSON_AddStringToObject(object, "weir", e->weir);
    cJSON_AddItemToObject(object, "steps", steps_json(&e->explain));
    print_json(out, object);
}
