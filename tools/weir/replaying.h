/*
 * replaying.h - what `weir replay` and `weir explain` share: manifests and a load in, decisions
 * out.
 */
#ifndef WEIR_TOOLS_REPLAYING_H
#define WEIR_TOOLS_REPLAYING_H

#include "answers.h"
#include "kinds.h"
#include "manifests.h"
#include "program.h"
#include "series.h"

#include <weir/autoscaler.h>
#include <weir/hpa.h>
#include <weir/manifest.h>
#include <weir/replay.h>

/* ---- the request (request.c) ---------------------------------------------------------------- */

enum { WORKERS_MAX = 1000000 };

/* The options that both commands begin with, in this order. */
#define REPLAY_OPTIONS                                                                             \
    {"--file", 'f', "MANIFEST", "a Kubernetes manifest, YAML or JSON; may be given again"},        \
        {"--load", 0, "FILE.csv",                                                                  \
         "the recorded load, plain or gzip; - is the standard input; HPA, KEDA: may be given "     \
         "again"},                                                                                 \
        {"--requests", 0, "FILE.csv", "instead: a log of requests, one a row, in order of start"}, \
        {"--workers", 0, "N", "instead: a load generator with N requests in flight"},              \
        {"--for", 0, "TIME", "how long the workers send requests (default 30s)"},                  \
        {"--name", 0, "NAME", "which autoscaler, where the files have several"},                   \
        {"--time", 0, "COLUMN", "the column of times (default time)"},                             \
        {"--concurrency", 0, "COLUMN", "the column of requests in flight"},                        \
        {"--rps", 0, "COLUMN", "the column of requests per second"},                               \
        {"--service-time", 0, "TIME", "of a request; with rows: derives concurrency from rps"},    \
        {"--start", 0, "COLUMN", "the column of the requests' starts (default start)"},            \
        {"--duration", 0, "COLUMN",                                                                \
         "the column of their durations in seconds (default duration)"},                           \
        {"--end", 0, "COLUMN", "instead: the column of their ends"},                               \
        {"--scale", 0, "FACTOR", "multiplies the load: what if there were twice as much"},         \
        {"--pod-start", 0, "TIME", "from a pod's start to its readiness (default 0s)"},            \
        {"--pod-stop", 0, "TIME", "from telling a pod to stop to its end (default 0s)"},           \
        {"--initial", 0, "N", "pods that are ready at the start (default: initial-scale)"},        \
        {"--hold", 0, "TIME", "how long a row stands for (default 5m)"},                           \
        {"--from", 0, "TIME", "leaves earlier rows out"},                                          \
        {"--to", 0, "TIME", "leaves later rows out; requests: goes on up to then"},                \
        {"--semantics", 0, "RELEASE",                                                              \
         "'serving 0.51' (default) or 'serving 0.42'; HPA: '1.37' (default) to '1.27'; "           \
         "series: 'prometheus 3' (default) or 'prometheus 2.42'; may be given again"},             \
        {"--metric", 0, "NAME=COLUMN",                                                             \
         "HPA, KEDA: the column of a metric, or several: COLUMN,COLUMN; may be given again"},      \
        {"--replicas", 0, "COLUMN|N",                                                              \
         "HPA, KEDA: the recorded pods; values of pods are then averages over so many"},           \
        {"--pod", 0, "COLUMN", "HPA: rows are single pods', named in this column (default pod)"},  \
        {"--pod-request", 0, "NAME=QUANTITY",                                                      \
         "HPA: what a pod requests of a resource (default: the load has percent of it)"},          \
        {"--sync-period", 0, "TIME", "HPA, KEDA: time between syncs, or NAME=TIME (default 15s)"}, \
        {"--poll-phase", 0, "TIME", "KEDA: from the start to its first poll (default 0s)"},        \
        {"--sync-phase", 0, "TIME", "KEDA: from the start to the HPA's first sync (default 1s)"},  \
        {"--flag", 0, "NAME=VALUE",                                                                \
         "HPA, KEDA: a flag or feature gate of the controller; may be given again"},               \
        {"--keep-going", 0, NULL, "leave bad rows out and count them, and bad manifests"},         \
        {"--series", 0, "FILE...",                                                                 \
         "instead: raw series, over which the metrics' queries are evaluated; may be given "       \
         "again"},                                                                                 \
        {"--query", 0, "NAME=PROMQL",                                                              \
         "the query of a metric that has none of its own; Knative: concurrency or rps"},           \
        {"--input", 0, "NAME", "the format of --series, where it is not to be found out"},         \
        {"--nan", 0, "marker|value",                                                               \
         "whether a NaN in --series ends its series (default: in dumps and exports)"},             \
        {"--mark-stale", 0, NULL, "series end at the first scrape (sample of up) without them"},   \
        {"--lookback", 0, "DURATION", "how old an instant selector's sample may be (default 5m)"}, \
        SERVER_OPTIONS

enum {
    OPTION_FILE,
    OPTION_LOAD,
    OPTION_REQUESTS,
    OPTION_WORKERS,
    OPTION_FOR,
    OPTION_NAME,
    OPTION_TIME,
    OPTION_CONCURRENCY,
    OPTION_RPS,
    OPTION_SERVICE_TIME,
    OPTION_START,
    OPTION_DURATION,
    OPTION_END,
    OPTION_SCALE,
    OPTION_POD_START,
    OPTION_POD_STOP,
    OPTION_INITIAL,
    OPTION_HOLD,
    OPTION_FROM,
    OPTION_TO,
    OPTION_SEMANTICS,
    OPTION_METRIC,
    OPTION_REPLICAS,
    OPTION_POD,
    OPTION_POD_REQUEST,
    OPTION_SYNC_PERIOD,
    OPTION_POLL_PHASE,
    OPTION_SYNC_PHASE,
    OPTION_FLAG,
    OPTION_KEEP_GOING,
    OPTION_SERIES,
    OPTION_QUERY,
    OPTION_INPUT,
    OPTION_NAN,
    OPTION_MARK_STALE,
    OPTION_LOOKBACK,
    OPTION_SERVER, /* the first of SERVER_OPTIONS */
    OPTION_SERVER_LAST = OPTION_SERVER + SERVER_OPTION_COUNT - 1,
    REPLAY_OPTION_COUNT /* a command's own options begin here */
};

struct request {
    struct words files, loads;
    const char *load; /* the first file of --load, or that of --requests; NULL: none was given */
    const char *name, *time_column, *concurrency, *rps, *start, *duration, *end;
    int64_t service_time, from, to, workers, workers_for;
    int by_requests; /* 1: one by one, from the file or by workers */
    double scale;
    int has_service_time, has_initial, keep_going;
    int32_t semantics;
    weir_replay_config replay;
    struct words metrics, pod_requests, sync_periods; /* each word has a "=", but sync periods */
    const char *replicas, *pod;
    int64_t poll_phase, sync_phase; /* of KEDA's clocks */
    int several;                    /* autoscalers are replayed one after the other */
    const struct command *command;  /* of the options */
    uint64_t given;                 /* a bit for each option of the command line */
    unsigned releases;              /* --semantics named one of: bit 0 serving, 1 Kubernetes,
                                       2 Prometheus */
    weir_hpa_config hpa;            /* what the controller has been told */
    weir_manifest *manifest;        /* once it is read */
    struct words series, queries;   /* files; "NAME=PROMQL" */
    struct series_wishes wishes;    /* how to read the files */
    struct server server;           /* or whom to ask */
    struct respondent respondent;   /* once it is open: who answers queries */
    weir_series_store *store;       /* what the files had */
};

/* Whether queries are to be answered, from series or by a server. */
static inline int request_asks(const struct request *request)
{
    return request->series.count > 0 || request->server.options.url != NULL;
}

/* Sets the defaults of a request. */
void request_init(struct request *request);

/* Takes one of the options above. 1 when it was one and fine, 0 when it was another, -1 after a
 * message. */
int request_take(struct request *request, const struct command *command,
                 const struct argument *argument);

/* Reads a time of the command line: seconds or RFC 3339. 1, or -1 after a message. */
int take_time(const char *option, const char *value, int64_t *ns);

/* Adds a word; one that must be "NAME=WHAT". 1, or -1 after a message. */
int take_word(struct words *words, const char *option, const char *value);
int take_pair(struct words *words, const char *option, const char *value, const char *what);

/* Reads the files of a request. 1, or 0 after messages. *manifest is to be freed in any case. */
int request_load_manifests(struct request *request, weir_manifest **manifest);

/* The autoscalers that the request is about, at most `max`, none of them with errors: how many. 0
 * after a message, with the exit code in *code. */
size_t request_choose(const struct request *request, const weir_manifest *manifest,
                      const weir_manifest_item **items, size_t max, int *code);

/* Whether every option that was given means something for one of these autoscalers. 1, or 0 after a
 * message. */
int request_fits(const struct request *request, const weir_manifest_item *const *items,
                 size_t count);

/* Whether every word about metrics names one, of one of these autoscalers (kinds_hpa.c). 1, or 0
 * after a message. */
int request_check_names(const struct request *request, const weir_manifest_item *const *items,
                        size_t count);

/* Whether a word of --query, so long up to its "=", names a series of an autoscaler. */
int query_names(const char *word, size_t length, const char *autoscaler, const char *series);

/* Takes an option about series or the server; as request_take() (request_series.c). */
int request_take_series(struct request *request, int option, const char *name, const char *value);

/* What does not go together in options about series. 1 when it does, 0 after a message. */
int request_check_series(const struct request *request);

/* Reads the series, or makes the server's client, and knows from when to when there are answers.
 * The exit code. */
int request_open_series(struct request *request);
void request_close_series(struct request *request);

/* ---- carrying it out (replaying.c) ---------------------------------------------------------- */

/* One decision with what it was made on. */
struct moment {
    weir_decision decision;
    weir_explain explain;
    weir_target target;
    double load;                   /* last value of the main series */
    double measures[MEASURES_MAX]; /* what the kind looks at, see kinds.h; NaN: nothing */
    int has_load;                  /* 0: no row stands */
    char labels[LABELS_MAX][LABEL_SIZE];
};

/* What came of it, besides the moments. */
struct outcome {
    weir_report report;
    const weir_manifest_item *item;
    const struct kind *kind;
    void *config; /* of the item, with what the request adds */
    struct measure measures[MEASURES_MAX];
    size_t measure_count;
    int one_of_several; /* autoscalers: each line says which */
    const char *series; /* the main one */
    weir_time first, last;
    int64_t rows, bad_rows, gaps;
    int started; /* a row was read */
};

struct replaying; /* a request being carried out */

/* Sees a decision; returns 0 to stop. */
typedef int (*witness)(void *user, const struct moment *moment);

/* Opens the load for one autoscaler of a manifest. NULL after messages; the exit code in *code. */
struct replaying *replaying_open(const struct request *request, const weir_manifest_item *item,
                                 int *code);
const struct outcome *replaying_outcome(const struct replaying *r);

/* What does not go together in a request. 1 when it does, 0 after a message. */
int replaying_check(const struct request *request);

/* Prints where the load comes from, and how it answers to the pods. */
void replaying_print_load(const struct replaying *r);

/* Whether what is replayed is requests; then what they came to. */
int replaying_waits(const struct replaying *r, weir_waits *waits);

/* The replay's configuration, complete once it is open. */
const weir_replay_config *replaying_config(const struct replaying *r);

/* Gives every decision to `see`, which may be NULL. The exit code; what was seen before an error
 * stays seen. */
int replaying_run(struct replaying *r, witness see, void *user);
void replaying_close(struct replaying *r);

/* ---- requests (waits.c) --------------------------------------------------------------------- */

/* What the requests waited for: two lines of the summary and a histogram. */
void print_waits(const weir_waits *waits);

/* ---- words (words.c) ------------------------------------------------------------------------ */

/* "0:01:30" for times since the start of a trace, RFC 3339 for times of day. */
void put_time(char *text, size_t size, weir_time time, weir_time first);

/* "90" or "90.25": as it can be given to --at. */
void put_seconds(char *text, size_t size, weir_time time);

/* "1m30s", "250ms". */
void put_duration(char *text, size_t size, weir_duration duration);

/* The shortest decimal number that reads back as the same double; JSON has no NaN: "null". */
void put_number(char *text, size_t size, double x);

/* ---- reasons (reasons.c) -------------------------------------------------------------------- */

/* One step, with the name of the metric that it is about. */
void put_step(char *text, size_t size, const struct outcome *outcome, const weir_step *step);

/* What moved the decision, in words. relabeled: its conditions or its mode are new. */
void put_reason(char *text, size_t size, const struct outcome *outcome, const weir_explain *explain,
                int relabeled);

/* ---- JSON and csv (words.c) ----------------------------------------------------------------- */

/* A text in quotes, as JSON and as csv have it; of csv only where it needs them. */
void print_json_text(const char *text);
void print_csv_text(const char *text);

/* The steps of a decision as the JSON list "steps":[...]. */
void print_json_steps(const weir_explain *explain);

/* A decision as one JSON object without its closing brace. */
void print_json_decision(const struct outcome *outcome, const struct moment *moment);

#endif
