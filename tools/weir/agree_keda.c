/*
 * agree_keda.c - one ScaledObject of a recording, run again; see agree_keda.h.
 */
#include "agree_keda.h"
#include "agree_happenings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A poll hands over what it saw so long after its last answer at most. */
#define POLL_SLACK (WEIR_SECOND / 10)

struct run {
    const struct recording *recording;
    struct recorded_scaled_object *object;
    const struct recorded_object *now; /* the version in force */
    weir_keda *keda;                   /* NULL: it cannot be built */
    weir_keda *before;                 /* as it was before the last poll; NULL: there was none */
    weir_time polled;                  /* when that poll's query was answered */
    struct happening *list;
    size_t count;
    weir_keda_reading readings[WEIR_KEDA_TRIGGERS_MAX];
    weir_keda_input input;
    struct agree_keda_tally *tally;
    void (*see)(void *user, const struct agree_keda_event *event);
    void *user;
};

static void *block(size_t bytes)
{
    void *memory = calloc(1, bytes > 0 ? bytes : 1);

    if (memory == NULL) {
        fputs("weir: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

static weir_keda *copy_of(const weir_keda *keda)
{
    size_t bytes = weir_autoscaler_bytes(keda);
    weir_keda *copy = block(bytes);

    memcpy(copy, keda, bytes);
    return copy;
}

/* ---- what a step looks at ------------------------------------------------------------------- */

/* The HPA's condition ScalingActive, as of its last step. */
static int32_t scaling_at(const struct recorded_autoscaler *hpa, weir_time at)
{
    static const char name[] = "ScalingActive=";
    const struct recorded_step *last = NULL;
    const char *found;
    size_t low = 0, high = hpa != NULL ? hpa->step_count : 0;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (hpa->steps[middle].outcome_at <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    last = low > 0 ? &hpa->steps[low - 1] : NULL;
    for (size_t i = 0; last != NULL && i < hpa->spec_count; i++) {
        if (hpa->specs[i].created && hpa->specs[i].from > last->begun && hpa->specs[i].from <= at) {
            return WEIR_SCALING_MISSING; /* it has been made anew since */
        }
    }
    found = last != NULL ? strstr(last->conditions, name) : NULL;
    if (found == NULL) {
        return WEIR_SCALING_MISSING;
    }
    found += sizeof name - 1;
    return strncmp(found, "True", 4) == 0                     ? WEIR_SCALING_TRUE
           : strncmp(found, "False/ScalingDisabled", 21) == 0 ? WEIR_SCALING_DISABLED
           : strncmp(found, "False", 5) == 0                  ? WEIR_SCALING_FALSE
                                                              : WEIR_SCALING_UNKNOWN;
}

static void look(struct run *run, weir_time at)
{
    const struct recorded_target *t = run->object->target;
    size_t i = t->size_count;

    weir_keda_input_init(&run->input, sizeof run->input);
    while (i > 1 && t->sizes[i - 1].at > at) {
        i--;
    }
    run->input.replicas_status = i > 0 ? WEIR_OK : WEIR_E_IO;
    if (i > 0) {
        run->input.replicas = t->sizes[i - 1].spec;
        run->input.status_replicas = t->sizes[i - 1].status;
        run->input.ready_pods = t->sizes[i - 1].ready;
    }
    run->input.scaling_active = scaling_at(run->object->hpa, at);
    run->input.reading_count = run->now->config->trigger_count;
    run->input.readings = run->readings;
}

/* What the sources answered; those that were not asked keep their last answer. */
static void take_readings(struct run *run, const struct happening *h)
{
    for (uint32_t i = 0; i < run->now->config->trigger_count; i++) {
        if (h->queries[i] > 0) {
            const struct recorded_query *q = &run->object->queries[h->queries[i] - 1];

            run->readings[i].status = q->status;
            run->readings[i].value = q->value;
            if (h->kind == AGREE_SERVED && happening_failed(q, run->now->config) &&
                !h->repeated[i]) {
                /* What another pull had thrown away meanwhile is not asked again, nor counted. */
                run->readings[i].status = WEIR_E_UNSUPPORTED;
            }
        }
    }
}

/* ---- comparing ------------------------------------------------------------------------------ */

static void tell(struct run *run, struct agree_keda_event *e)
{
    e->object = run->object;
    run->see(run->user, e);
}

static void put_write(char *text, size_t size, int written, int32_t replicas)
{
    if (written) {
        snprintf(text, size, "writes %" PRId32 " replicas", replicas);
    } else {
        snprintf(text, size, "writes nothing");
    }
}

/* The write that the operator made between two times; NULL: none. */
static const struct recorded_write *write_between(const struct recorded_scaled_object *so,
                                                  weir_time from, weir_time to)
{
    for (size_t i = 0; i < so->write_count; i++) {
        if (so->writes[i].received >= from && so->writes[i].received < to) {
            return &so->writes[i];
        }
    }
    return NULL;
}

/* Holds what weir would write against what was written. */
static void compare_write(struct run *run, const struct happening *h, weir_time until,
                          const weir_decision *d, struct agree_keda_event *e)
{
    const struct recorded_write *w = write_between(run->object, h->begun, until);
    int mine = (d->flags & WEIR_FLAG_APPLY) != 0;

    put_write(e->recorded, sizeof e->recorded, w != NULL, w != NULL ? w->replicas : 0);
    put_write(e->weir, sizeof e->weir, mine, d->replicas);
    e->agrees = mine == (w != NULL) && (!mine || d->replicas == w->replicas);
    if (mine && (w == NULL || !w->accepted)) {
        weir_keda_write_failed(run->keda);
    }
    run->tally->polls++;
    run->tally->polls_agreed += e->agrees;
    run->tally->writes += w != NULL;
    tell(run, e);
}

/* When the next poll, or change, begins: what is written before it belongs to the one before. */
static weir_time next_turn(const struct run *run, size_t i)
{
    for (i++; i < run->count; i++) {
        if (run->list[i].kind == AGREE_POLL) {
            return run->list[i].begun;
        }
        if (run->list[i].kind == AGREE_CHANGE) {
            return run->object->objects[run->list[i].index].from;
        }
    }
    return WEIR_TIME_NEVER;
}

static void run_poll(struct run *run, size_t i)
{
    const struct happening *h = &run->list[i];
    struct agree_keda_event e = {.kind = AGREE_POLL, .at = h->at, .file = "queries.csv"};
    weir_decision d;
    weir_status status;

    if (h->index < run->object->query_count) {
        e.line = run->object->queries[h->index].line;
    } else {
        e.file = "keda_writes.csv";
    }
    take_readings(run, h);
    look(run, h->at);
    free(run->before);
    run->before = copy_of(run->keda);
    run->polled = h->at;
    weir_decision_init(&d, sizeof d);
    weir_explain_init(&e.explain, sizeof e.explain);
    status = weir_keda_poll(run->keda, &run->input, h->at, &d, &e.explain);
    if (status < 0) {
        snprintf(e.weir, sizeof e.weir, "%s", weir_strerror(status));
        run->tally->polls++;
        tell(run, &e);
        return;
    }
    if (status != WEIR_OK) {
        d.flags = 0;
    }
    compare_write(run, h, next_turn(run, i), &d, &e);
}

/* The milli-value of an answer of one value; 0: it has not just one. */
static int single_value(const char *text, int64_t *milli)
{
    struct recorded_value value;
    const char *end = recorded_value_next(text, 0, &value);

    *milli = end != NULL ? value.milli : 0;
    return end != NULL && *end == '\0';
}

/* Asks for what a recorded answer was about, and says whether it is the same. */
static int serve(const struct run *run, weir_keda *keda, const struct recorded_answer *answer,
                 char *text, size_t size)
{
    weir_keda_served list[WEIR_KEDA_TRIGGERS_MAX];
    int trigger = happening_trigger(answer);
    uint32_t count = 0;
    int64_t milli;
    int has = single_value(answer->value, &milli);
    weir_status status = weir_keda_serve(keda, trigger >= 0 ? (uint32_t)trigger : 0, &run->input,
                                         answer->at, list, &count);

    if (status == WEIR_OK && count == 1) {
        snprintf(text, size, "%s = %" PRId64 "m", answer->metric, list[0].milli);
        return has && list[0].milli == milli;
    }
    snprintf(text, size, "%s fails%s%s", answer->metric, status < 0 ? ": " : "",
             status < 0 ? weir_strerror(status) : "");
    return !has && status >= 0;
}

static void run_serve(struct run *run, const struct happening *h)
{
    const struct recorded_answer *answer = &run->object->hpa->answers[h->index];
    struct agree_keda_event e = {.kind = AGREE_SERVED, .at = h->at, .file = "metrics.csv"};
    char other[sizeof e.weir];

    e.line = answer->line;
    weir_explain_init(&e.explain, sizeof e.explain);
    take_readings(run, h);
    look(run, h->at);
    snprintf(e.recorded, sizeof e.recorded, "%s = %.100s", answer->metric, answer->value);
    e.agrees = serve(run, run->keda, answer, e.weir, sizeof e.weir);
    if (!e.agrees && run->before != NULL && run->polled > h->at - POLL_SLACK &&
        serve(run, run->before, answer, other, sizeof other)) {
        e.agrees = 1; /* the poll had its answers, and was not done with them */
        run->tally->shifted++;
    }
    run->tally->served++;
    run->tally->served_agreed += e.agrees;
    tell(run, &e);
}

/* ---- objects -------------------------------------------------------------------------------- */

/* A machine for a version of the object, which goes on from the one before. */
static void make(struct run *run, const struct recorded_object *object, weir_time now)
{
    size_t bytes;
    weir_keda *keda = NULL;

    if (object->config != NULL && weir_keda_bytes(object->config, &bytes, NULL) == WEIR_OK) {
        keda = block(bytes);
        if (weir_keda_init(keda, bytes, object->config, now, NULL) != WEIR_OK) {
            free(keda);
            keda = NULL;
        }
    }
    if (keda != NULL && run->keda != NULL) {
        weir_keda_adopt(keda, run->keda);
    }
    free(run->keda);
    free(run->before);
    run->before = NULL;
    run->keda = keda;
    run->now = object;
}

/* The controller looks at the object, and may set a size. */
static void run_change(struct run *run, size_t i)
{
    const struct happening *h = &run->list[i];
    const struct recorded_object *object = &run->object->objects[h->index];
    struct agree_keda_event e = {.kind = AGREE_CHANGE, .at = h->at, .file = "actions.csv"};
    struct happening span = *h;
    weir_decision d;

    make(run, object, h->at);
    if (run->keda == NULL) {
        return;
    }
    look(run, h->at);
    weir_decision_init(&d, sizeof d);
    weir_explain_init(&e.explain, sizeof e.explain);
    if (weir_keda_reconcile(run->keda, &run->input, h->at, NULL, &d, &e.explain) != WEIR_OK) {
        d.flags = 0;
    }
    span.begun = object->from;
    compare_write(run, &span, next_turn(run, i), &d, &e);
}

/* ---- the HPAs that KEDA made ---------------------------------------------------------------- */

static void compare_made(struct run *run)
{
    const struct recorded_scaled_object *so = run->object;

    for (size_t i = 0; so->hpa != NULL && i < so->hpa->spec_count; i++) {
        const struct recorded_spec *spec = &so->hpa->specs[i];
        const weir_keda_config *config = happening_config(so, spec->from);
        struct agree_keda_event e = {
            .kind = AGREE_MADE, .at = spec->from, .file = "autoscalers.json"};
        weir_hpa_config mine, theirs;

        if (spec->config == NULL || config == NULL) {
            continue;
        }
        theirs = *spec->config;
        weir_explain_init(&e.explain, sizeof e.explain);
        snprintf(e.recorded, sizeof e.recorded, "%" PRId32 " to %" PRId32 " replicas, %u metrics",
                 theirs.min_replicas, theirs.max_replicas, theirs.metric_count);
        if (weir_keda_hpa_config(config, &mine, NULL) == WEIR_OK) {
            snprintf(e.weir, sizeof e.weir, "%" PRId32 " to %" PRId32 " replicas, %u metrics",
                     mine.min_replicas, mine.max_replicas, mine.metric_count);
            mine.reserve = theirs.reserve;
            mine.scale_to_zero = theirs.scale_to_zero;
            e.agrees = memcmp(&mine, &theirs, sizeof mine) == 0;
        }
        run->tally->made++;
        run->tally->made_agreed += e.agrees;
        tell(run, &e);
    }
}

/* ---- the run -------------------------------------------------------------------------------- */

void agree_keda_run(const struct recording *recording, struct recorded_scaled_object *object,
                    struct agree_keda_tally *tally,
                    void (*see)(void *user, const struct agree_keda_event *event), void *user)
{
    struct run run;

    memset(tally, 0, sizeof *tally);
    memset(&run, 0, sizeof run);
    run.recording = recording;
    run.object = object;
    run.tally = tally;
    run.see = see;
    run.user = user;
    for (size_t i = 0; i < WEIR_KEDA_TRIGGERS_MAX; i++) {
        run.readings[i].status = WEIR_E_IO;
    }
    run.list = happenings_of(object, &run.count);
    make(&run, &object->objects[0], object->created);
    if (run.keda != NULL) {
        look(&run, object->created);
        weir_keda_reconcile(run.keda, &run.input, object->created, NULL,
                            &(weir_decision){.struct_size = sizeof(weir_decision)}, NULL);
    }
    compare_made(&run);
    for (size_t i = 0; i < run.count; i++) {
        if (run.list[i].kind == AGREE_CHANGE) {
            run_change(&run, i);
        } else if (run.keda != NULL && run.list[i].kind == AGREE_POLL) {
            run_poll(&run, i);
        } else if (run.keda != NULL) {
            run_serve(&run, &run.list[i]);
        }
    }
    free(run.keda);
    free(run.before);
    free(run.list);
}
