/*
 * recording.h - what running autoscalers did, step by step: files to rows that make sense.
 *
 * A recording is a folder or archive of CSV files, manifests and run.json; docs/agree.md has the
 * form. Whatever is wrong with a file is a problem that names file and line; the rest is read all
 * the same.
 */
#ifndef WEIR_TOOLS_RECORDING_H
#define WEIR_TOOLS_RECORDING_H

#include <stddef.h>
#include <stdint.h>
#include <weir/autoscaler.h>
#include <weir/hpa.h>
#include <weir/keda.h>

/* ---- rows ----------------------------------------------------------------------------------- */

enum { RECORDED_NOTHING, RECORDED_RESCALED, RECORDED_HELD, RECORDED_FAILED };

/* One reconcile. Times are WEIR_TIME_NONE where there are none. */
struct recorded_step {
    weir_time begun, got;      /* the scale was asked for, and answered */
    weir_time proposed_at;     /* the outcome of the metrics was logged */
    weir_time put, outcome_at; /* the scale was written; the outcome was logged */
    int64_t number;            /* of this autoscaler, from 0 */
    int64_t line;              /* of decisions.csv */
    int64_t generation;        /* of the spec that was used; 0: not known */
    int32_t spec_replicas, status_replicas;
    int32_t outcome;                          /* RECORDED_* */
    int32_t has_proposal, proposed;           /* replicas before any limit */
    int32_t has_replicas, replicas;           /* the size that was decided for */
    const char *winner, *reason, *conditions; /* "" where there is none */
    size_t first_answer, answer_count;        /* of the autoscaler's answers */
};

/* One answer of a metrics API. */
struct recorded_answer {
    weir_time at;
    int64_t step; /* number of the step */
    int64_t line; /* of metrics.csv */
    const char *source, *metric, *value;
};

/* One change of a pod. */
struct recorded_pod {
    weir_time at;
    int64_t line; /* of pods.csv */
    const char *name;
    int gone;     /* 1: it is no more */
    size_t index; /* of the pod among those of its target */
    weir_pod pod;
};

/* A pod template, from a time on. */
struct recorded_template {
    weir_time from;
    const struct cJSON *spec; /* template.spec; NULL: none */
};

/* The size of a target, from a time on. */
struct recorded_size {
    weir_time at;
    int32_t spec, status, ready;
};

/* A scale target. */
struct recorded_target {
    const char *name, *app; /* app: the label that its pods have */
    struct recorded_template *templates;
    size_t template_count;
    struct recorded_pod *changes; /* of its pods, in order of time */
    size_t change_count;
    size_t pod_count; /* different pods in them */
    struct recorded_size *sizes;
    size_t size_count;
};

/* A spec, from a time on. */
struct recorded_spec {
    weir_time from, until;   /* the writing began, and was done */
    int64_t generation;      /* 0: not counted */
    int created;             /* 1: the autoscaler was made anew */
    weir_hpa_config *config; /* NULL: it could not be read */
};

struct recorded_autoscaler {
    const char *name;
    struct recorded_target *target; /* NULL: not known */
    struct recorded_spec *specs;
    size_t spec_count;
    struct recorded_step *steps;
    size_t step_count;
    struct recorded_answer *answers; /* in order of step and time */
    size_t answer_count;
};

/* ---- KEDA ----------------------------------------------------------------------------------- */

/* One query that KEDA sent for a trigger. */
struct recorded_query {
    weir_time begun, done;
    size_t trigger;
    weir_status status; /* WEIR_OK, WEIR_NO_DATA, WEIR_E_IO */
    double value;
    int64_t line;  /* of queries.csv */
    int64_t serve; /* number of the answer that it was sent for, from 0; -1: of none */
};

/* One size that KEDA's operator wrote to a target. */
struct recorded_write {
    weir_time received;
    int32_t replicas;
    int accepted;
    int64_t line; /* of keda_writes.csv */
};

/* A ScaledObject as it was, from a time on. */
struct recorded_object {
    weir_time from, until;    /* the writing began, and was done */
    weir_keda_config *config; /* NULL: it could not be read */
    const struct cJSON *triggers;
};

struct recorded_scaled_object {
    const char *name;
    weir_time created;
    struct recorded_autoscaler *hpa; /* the one that KEDA made; NULL: there is none */
    struct recorded_target *target;
    struct recorded_object *objects;
    size_t object_count;
    struct recorded_query *queries; /* in order of their ends */
    size_t query_count;
    struct recorded_write *writes; /* in order of time */
    size_t write_count;
};

enum { RECORDED_ERROR, RECORDED_NOTICE };

struct recorded_problem {
    int severity;
    char *text;
};

struct recording {
    const char *name; /* the path's last part */
    const char *what; /* what run.json says about it */
    weir_hpa_config controller;
    weir_time *restarts; /* of the controller */
    size_t restart_count;
    struct recorded_autoscaler *autoscalers; /* in order of name */
    size_t autoscaler_count;
    struct recorded_target **targets;
    size_t target_count;
    struct recorded_scaled_object *scaled_objects; /* in order of name */
    size_t scaled_object_count;
    struct recorded_problem *problems;
    size_t problem_count, error_count;
    struct recording_memory *memory;
};

/* One value of an answer. */
struct recorded_value {
    const char *pod; /* whose it is; not NUL-terminated */
    size_t pod_length;
    int64_t milli;
};

/* Reads the value at the text, and gives what comes after it; NULL when there is none. */
const char *recorded_value_next(const char *text, int of_pods, struct recorded_value *value);

/* Reads a recording. NULL with a message when there is nothing that can be read at all. */
struct recording *recording_open(const char *path, char *message, size_t size);
void recording_close(struct recording *recording);

/* The same of an archive in memory. */
struct recording *recording_open_memory(const char *name, const char *bytes, size_t length,
                                        char *message, size_t size);

#endif
