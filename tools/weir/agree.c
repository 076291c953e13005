/*
 * agree.c - one autoscaler of a recording, decided again step by step; see agree.h.
 *
 * The machine is copied before a step, so that a step can be tried with other readings of what the
 * recording leaves open.
 */
#include "agree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far a change of a pod, or of the spec, may have reached the controller from when it was
 * recorded; and after an answer, when the pods were looked at. */
#define POD_SLACK  (WEIR_SECOND / 10)
#define SPEC_SLACK WEIR_SECOND
#define POD_DELAY  (WEIR_SECOND / 1000)

enum { TRIES_MAX = 64, RESERVE = 512 };

/* An autoscaler as it is at some step. */
struct machine {
    const struct recorded_spec *spec; /* NULL: there is none yet */
    weir_hpa *hpa;                    /* NULL: its spec could not be read */
    int fresh;                        /* it has not run yet, or forgot everything */
};

struct run {
    const struct recording *recording;
    const struct recorded_autoscaler *autoscaler;
    struct agree_input input;
    struct machine machine;
    size_t restarts; /* that have passed */
};

static void *block(size_t bytes)
{
    void *memory = calloc(1, bytes);

    if (memory == NULL) {
        fputs("weir: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

/* ---- machines ------------------------------------------------------------------------------- */

/* A new machine; its status says so when weir cannot run the configuration. */
static weir_hpa *make(const weir_hpa_config *config, weir_time now, weir_status *status)
{
    size_t bytes;
    weir_hpa *hpa;

    *status = weir_hpa_bytes(config, &bytes, NULL);
    if (*status != WEIR_OK) {
        return NULL;
    }
    hpa = block(bytes);
    *status = weir_hpa_init(hpa, bytes, config, now, NULL);
    return hpa;
}

/* A machine that goes on from another one under a spec. */
static struct machine fork_machine(const struct machine *from, const struct recorded_spec *spec,
                                   weir_time now)
{
    struct machine m = {spec, NULL, from->fresh};
    weir_hpa_config config;
    weir_status status;

    if (spec == NULL || spec->config == NULL) {
        m.fresh = 1;
        return m;
    }
    if (from->spec == spec && from->hpa != NULL) {
        size_t bytes = weir_autoscaler_bytes(from->hpa);

        m.hpa = block(bytes);
        memcpy(m.hpa, from->hpa, bytes);
        return m;
    }
    config = *spec->config;
    config.reserve = RESERVE; /* a changed spec is reconciled at once, whatever the period */
    m.hpa = make(&config, now, &status);
    if (from->hpa == NULL || spec->created || weir_hpa_adopt(m.hpa, from->hpa) != WEIR_OK) {
        m.fresh = 1;
    }
    return m;
}

/* ---- one try -------------------------------------------------------------------------------- */

/* What the recording leaves open, decided. */
struct reading {
    const struct recorded_spec *spec;
    weir_time now, pods_at;
};

static void put_conditions(const weir_hpa_status *status, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < status->condition_count && used < size; i++) {
        const weir_hpa_condition *c = &status->conditions[i];
        const char *reason = weir_reason_name(c->reason);

        /* Where the recording told the status of this one, it has no reason but its own. */
        if (c->type == WEIR_CONDITION_SCALED_TO_ZERO) {
            reason = c->status == 1 ? "ScaledToZero" : "NotScaledToZero";
        }
        used += (size_t)snprintf(text + used, size - used, "%s%s=%s/%s", i > 0 ? " " : "",
                                 weir_condition_name(c->type),
                                 c->status == 1   ? "True"
                                 : c->status == 0 ? "False"
                                                  : "Unknown",
                                 reason);
    }
}

static int scale_failed(const struct recorded_step *recorded)
{
    return recorded->outcome == RECORDED_FAILED && !recorded->has_proposal &&
           strstr(recorded->conditions, "FailedGetScale") != NULL;
}

static int write_failed(const struct recorded_step *recorded)
{
    return recorded->outcome != RECORDED_RESCALED &&
           strstr(recorded->conditions, "FailedUpdateScale") != NULL;
}

/* The controller notes the size that it found before anything else. */
static void note_first(struct machine *m, const struct recorded_step *recorded)
{
    weir_recommendation first = {recorded->got, recorded->spec_replicas, 0};

    if (m->fresh && !scale_failed(recorded)) {
        weir_behavior_set_recommendations(weir_hpa_get_behavior(m->hpa), &first, 1);
        m->fresh = 0;
    }
}

/* What was written, and when: policies count it from then on. */
static void note_write(struct machine *m, const weir_decision *d,
                       const struct recorded_step *recorded, weir_time now)
{
    if ((d->flags & WEIR_FLAG_APPLY) == 0) {
        return;
    }
    if (write_failed(recorded) ||
        (recorded->outcome == RECORDED_NOTHING && recorded->put == WEIR_TIME_NONE)) {
        weir_hpa_write_failed(m->hpa);
    } else if (recorded->outcome_at != WEIR_TIME_NONE && recorded->outcome_at > now) {
        weir_hpa_write_done(m->hpa, recorded->outcome_at);
    }
}

/* What the machine shows after a step. */
static void take_result(const struct machine *m, const weir_decision *d, struct agree_step *step)
{
    weir_hpa_status status;
    weir_hpa_proposal proposal;

    weir_hpa_get_status(m->hpa, &status, sizeof status);
    put_conditions(&status, step->conditions, sizeof step->conditions);
    step->replicas = d->replicas;
    step->outcome = step->status != WEIR_OK              ? RECORDED_FAILED
                    : (d->flags & WEIR_FLAG_APPLY) != 0U ? RECORDED_RESCALED
                                                         : RECORDED_HELD;
    step->has_proposal = 0;
    if (step->status == WEIR_OK && status.metric >= 0 &&
        weir_hpa_get_proposal(m->hpa, (uint32_t)status.metric, &proposal, sizeof proposal) ==
            WEIR_OK) {
        step->has_proposal = 1;
        step->proposed = proposal.replicas;
    }
}

static void compare(struct agree_step *step)
{
    const struct recorded_step *r = step->recorded;
    int wanted = step->outcome;

    step->compared = step->config != NULL && step->status >= 0;
    step->proposal_agrees = step->has_proposal == r->has_proposal &&
                            (!r->has_proposal || step->proposed == r->proposed);
    if (wanted == RECORDED_RESCALED && write_failed(r)) {
        wanted = RECORDED_FAILED;
    }
    step->outcome_agrees =
        r->outcome == RECORDED_NOTHING ||
        (wanted == r->outcome && (r->outcome == RECORDED_FAILED || step->replicas == r->replicas));
    step->conditions_agree =
        r->outcome == RECORDED_NOTHING || strcmp(step->conditions, r->conditions) == 0;
    if (!step->compared) {
        step->proposal_agrees = step->outcome_agrees = step->conditions_agree = 0;
    }
}

static int agrees(const struct agree_step *step)
{
    return step->compared && step->proposal_agrees && step->outcome_agrees &&
           step->conditions_agree;
}

/* Decides a step with one reading of what is open; the machine that comes out of it. */
static struct machine try_reading(struct run *run, const struct recorded_step *recorded,
                                  const struct reading *reading, struct agree_step *step)
{
    struct machine m = fork_machine(&run->machine, reading->spec, reading->now);
    weir_decision d;

    memset(step, 0, sizeof *step);
    weir_explain_init(&step->explain, sizeof step->explain);
    step->autoscaler = run->autoscaler;
    step->recorded = recorded;
    step->input = &run->input;
    step->config = reading->spec != NULL ? reading->spec->config : NULL;
    step->status = WEIR_E_ARG;
    if (m.hpa != NULL) {
        agree_input_answers(&run->input, recorded, step->config);
        agree_input_fill(&run->input, recorded, step->config, reading->pods_at);
        run->input.open.scale_status = scale_failed(recorded) ? WEIR_E_IO : WEIR_OK;
        note_first(&m, recorded);
        weir_decision_init(&d, sizeof d);
        step->status = weir_hpa_decide(m.hpa, &run->input.open, reading->now, &d, &step->explain);
        if (step->status >= 0) {
            note_write(&m, &d, recorded, reading->now);
            take_result(&m, &d, step);
        }
    }
    compare(step);
    return m;
}

/* ---- what is open --------------------------------------------------------------------------- */

/* The spec in force: by its generation, else by time. */
static const struct recorded_spec *spec_of(const struct run *run,
                                           const struct recorded_step *recorded)
{
    const struct recorded_autoscaler *a = run->autoscaler;
    const struct recorded_spec *found = a->spec_count > 0 ? &a->specs[0] : NULL;
    weir_time end = recorded->outcome_at != WEIR_TIME_NONE ? recorded->outcome_at : recorded->got;

    for (size_t i = 0; i < a->spec_count && a->specs[i].until <= recorded->begun; i++) {
        found = &a->specs[i];
    }
    for (size_t i = a->spec_count; recorded->generation > 0 && i > 0; i--) {
        const struct recorded_spec *spec = &a->specs[i - 1];

        if (spec->generation == recorded->generation && spec->from <= end) {
            return spec;
        }
        if (spec->created && spec->until <= recorded->begun) {
            break; /* generations are counted anew from here */
        }
    }
    return found;
}

/* Readings to try after the first one, the nearest first. */
struct readings {
    struct reading list[TRIES_MAX];
    size_t count;
};

static void add_reading(struct readings *readings, const struct recorded_spec *spec, weir_time now,
                        weir_time pods_at)
{
    if (readings->count < TRIES_MAX) {
        readings->list[readings->count++] = (struct reading){spec, now, pods_at};
    }
}

/* Moments on either side of the first reading's at which the pods were different. */
static void add_moments(const struct run *run, struct readings *readings, const struct reading *r,
                        weir_time now)
{
    const struct recorded_target *t = run->autoscaler->target;
    size_t before = 0, after;

    if (t == NULL || r->pods_at == WEIR_TIME_NONE) {
        return;
    }
    while (before < t->change_count && t->changes[before].at <= r->pods_at) {
        before++;
    }
    for (after = before; after < t->change_count && t->changes[after].at <= r->pods_at + POD_SLACK;
         after++) {
        add_reading(readings, r->spec, now, t->changes[after].at);
    }
    for (; before > 0 && t->changes[before - 1].at > r->pods_at - POD_SLACK; before--) {
        add_reading(readings, r->spec, now, t->changes[before - 1].at - 1);
    }
}

/* Other specs that may have been in force. */
static void add_specs(const struct run *run, struct readings *readings, const struct reading *r,
                      const struct recorded_step *recorded)
{
    const struct recorded_autoscaler *a = run->autoscaler;

    for (size_t i = 0; i < a->spec_count; i++) {
        const struct recorded_spec *spec = &a->specs[i];
        weir_time begun = i + 1 < a->spec_count ? a->specs[i + 1].until : WEIR_TIME_NEVER;

        if (spec != r->spec && spec->from <= r->now &&
            (begun == WEIR_TIME_NEVER || begun > recorded->begun - SPEC_SLACK)) {
            add_reading(readings, spec, r->now, r->pods_at);
        }
    }
}

static struct reading first_reading(struct run *run, const struct recorded_step *recorded)
{
    struct reading r = {spec_of(run, recorded), recorded->got, WEIR_TIME_NONE};

    if (recorded->proposed_at != WEIR_TIME_NONE) {
        r.now = recorded->proposed_at;
    } else if (recorded->outcome_at != WEIR_TIME_NONE) {
        r.now = recorded->outcome_at;
    }
    if (r.spec != NULL && r.spec->config != NULL) {
        r.pods_at = agree_input_answers(&run->input, recorded, r.spec->config);
        r.pods_at += r.pods_at != WEIR_TIME_NONE ? POD_DELAY : 0;
    }
    return r;
}

/* ---- after a disagreement ------------------------------------------------------------------- */

/* Decides the step again with the recorded proposal in the place of the metrics', so that limits
 * are compared for themselves and one difference does not make others. */
static struct machine follow_proposal(struct run *run, const struct recorded_step *recorded,
                                      const struct reading *reading, struct agree_step *step)
{
    struct machine m = fork_machine(&run->machine, reading->spec, reading->now);
    weir_hpa_config config = *reading->spec->config;
    struct recorded_spec spec = *reading->spec;
    struct agree_step limits = *step;
    int64_t value = (int64_t)recorded->proposed * 1000;
    weir_hpa_reading answer = {WEIR_OK, 0, 1, 0};
    weir_hpa_input input;
    weir_decision d;

    config.metric_count = 1;
    memset(&config.metrics[0], 0, sizeof config.metrics[0]);
    config.metrics[0].source = WEIR_HPA_OBJECT;
    config.metrics[0].target_type = WEIR_HPA_AVERAGE_VALUE;
    config.metrics[0].target = 1000;
    config.tolerance = 0.0;
    config.scale_up.tolerance = config.scale_down.tolerance = 0.0;
    spec.config = &config;
    spec.created = 0;
    if (m.hpa != NULL) {
        struct machine other;

        note_first(&m, recorded);
        other = fork_machine(&m, &spec, reading->now);
        weir_hpa_input_init(&input, sizeof input);
        input.spec_replicas = recorded->spec_replicas;
        input.status_replicas = recorded->status_replicas;
        input.reading_count = input.value_count = 1;
        input.readings = &answer;
        input.values = &value;
        weir_decision_init(&d, sizeof d);
        limits.status = weir_hpa_decide(other.hpa, &input, reading->now, &d, NULL);
        if (limits.status >= 0) {
            note_write(&other, &d, recorded, reading->now);
            take_result(&other, &d, &limits);
            compare(&limits);
            step->outcome_agrees = limits.outcome_agrees;
            step->conditions_agree = limits.conditions_agree;
            step->replicas = limits.replicas;
            step->outcome = limits.outcome;
            memcpy(step->conditions, limits.conditions, sizeof step->conditions);
            weir_hpa_adopt(m.hpa, other.hpa);
        }
        free(other.hpa);
    }
    return m;
}

/* From here on the recorded outcome is what happened. */
static void follow_outcome(struct machine *m, const struct agree_step *step)
{
    const struct recorded_step *r = step->recorded;
    const char *zero = strstr(r->conditions, "ScaledToZero=");

    if (m->hpa == NULL || step->outcome_agrees) {
        return;
    }
    weir_hpa_write_failed(m->hpa); /* if it wrote anything, that did not happen */
    if (r->outcome == RECORDED_RESCALED) {
        weir_behavior_scaled(weir_hpa_get_behavior(m->hpa), r->spec_replicas, r->replicas,
                             r->outcome_at);
    }
    if (zero != NULL) {
        weir_hpa_set_condition(m->hpa, WEIR_CONDITION_SCALED_TO_ZERO,
                               strncmp(zero, "ScaledToZero=True", 17) == 0);
    }
}

/* ---- the run -------------------------------------------------------------------------------- */

static void take_restarts(struct run *run, const struct recorded_step *recorded)
{
    while (run->restarts < run->recording->restart_count &&
           run->recording->restarts[run->restarts] <= recorded->begun) {
        run->restarts++;
        if (run->machine.hpa != NULL) {
            weir_hpa_restart(run->machine.hpa);
        }
        run->machine.fresh = 1;
    }
}

/* Decides one step, and leaves the machine as it is after it. */
static void run_step(struct run *run, const struct recorded_step *recorded, struct agree_step *step)
{
    struct reading first = first_reading(run, recorded);
    struct machine m = try_reading(run, recorded, &first, step);
    struct readings others;
    struct agree_step other;

    others.count = 0;
    if (!agrees(step) && m.hpa != NULL) {
        add_moments(run, &others, &first, first.now);
        if (first.pods_at != WEIR_TIME_NONE) { /* the clock as the metrics saw it */
            add_reading(&others, first.spec, first.pods_at, first.pods_at);
            add_moments(run, &others, &first, first.pods_at);
        }
        add_specs(run, &others, &first, recorded);
    }
    for (size_t i = 0; i < others.count; i++) {
        struct machine again = try_reading(run, recorded, &others.list[i], &other);

        if (agrees(&other)) {
            free(m.hpa);
            m = again;
            *step = other;
            step->shifted = 1;
            break;
        }
        free(again.hpa);
    }
    if (!agrees(step) && others.count > 0) { /* show what the first reading was decided on */
        free(m.hpa);
        m = try_reading(run, recorded, &first, step);
    }
    if (step->compared && !step->proposal_agrees && recorded->has_proposal) {
        free(m.hpa);
        m = follow_proposal(run, recorded, &first, step);
    }
    follow_outcome(&m, step);
    free(run->machine.hpa);
    run->machine = m;
}

void agree_run(const struct recording *recording, const struct recorded_autoscaler *autoscaler,
               struct agree_tally *tally, void (*see)(void *user, const struct agree_step *step),
               void *user)
{
    struct run run;
    struct agree_step step;

    memset(tally, 0, sizeof *tally);
    memset(&run, 0, sizeof run);
    run.recording = recording;
    run.autoscaler = autoscaler;
    run.machine.fresh = 1;
    agree_input_init(&run.input, autoscaler);
    for (size_t i = 0; i < autoscaler->step_count; i++) {
        const struct recorded_step *recorded = &autoscaler->steps[i];

        take_restarts(&run, recorded);
        run_step(&run, recorded, &step);
        tally->steps++;
        tally->rescales += recorded->outcome == RECORDED_RESCALED;
        tally->compared += step.compared;
        tally->proposals += step.proposal_agrees;
        tally->outcomes += step.outcome_agrees;
        tally->conditions += step.conditions_agree;
        tally->agreed += agrees(&step);
        tally->shifted += step.shifted;
        see(user, &step);
    }
    free(run.machine.hpa);
    agree_input_free(&run.input);
}
