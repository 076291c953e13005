/*
 * replaying.h - what `weir replay` and `weir explain` share: manifests and a load in, decisions
 * out.
 */
#ifndef WEIR_TOOLS_REPLAYING_H
#define WEIR_TOOLS_REPLAYING_H

#include "kinds.h"
#include "program.h"

#include <weir/autoscaler.h>
#include <weir/manifest.h>
#include <weir/replay.h>

/* ---- the request (request.c) ---------------------------------------------------------------- */

enum { FILES_MAX = 64, WORKERS_MAX = 1000000 };

/* The options that both commands begin with, in this order. */
#define REPLAY_OPTIONS                                                                             \
    {"--file", 'f', "MANIFEST", "a Kubernetes manifest, YAML or JSON; may be given again"},        \
        {"--load", 0, "FILE.csv", "the recorded load, plain or gzip; - is the standard input"},    \
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
        {"--semantics", 0, "RELEASE", "'serving 0.51' (default) or 'serving 0.42'"},               \
    {                                                                                              \
        "--keep-going", 0, NULL, "leave bad rows out and count them"                               \
    }

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
    OPTION_KEEP_GOING,
    REPLAY_OPTION_COUNT /* a command's own options begin here */
};

struct request {
    const char *files[FILES_MAX];
    size_t file_count;
    const char *load; /* the file of --load or --requests; NULL: none was given */
    const char *name, *time_column, *concurrency, *rps, *start, *duration, *end;
    int64_t service_time, from, to, workers, workers_for;
    int by_requests; /* 1: one by one, from the file or by workers */
    double scale;
    int has_service_time, has_initial, keep_going;
    int32_t semantics;
    weir_replay_config replay;
};

/* Sets the defaults of a request. */
void request_init(struct request *request);

/* Takes one of the options above. 1 when it was one and fine, 0 when it was another, -1 after a
 * message. */
int request_take(struct request *request, const struct command *command,
                 const struct argument *argument);

/* Reads a time of the command line: seconds or RFC 3339. 1, or -1 after a message. */
int take_time(const char *option, const char *value, int64_t *ns);

/* Reads the files of a request. 1, or 0 after messages. *manifest is to be freed in any case. */
int request_load_manifests(const struct request *request, weir_manifest **manifest);

/* The autoscaler that the request is about; NULL after a message. */
const weir_manifest_item *request_choose(const struct request *request,
                                         const weir_manifest *manifest);

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
    const char *series; /* the main one */
    weir_time first, last;
    int64_t rows, bad_rows, gaps;
    int started; /* a row was read */
};

struct replaying; /* a request being carried out */

/* Sees a decision; returns 0 to stop. */
typedef int (*witness)(void *user, const struct moment *moment);

/* Loads manifests and opens the load. NULL after messages; the exit code in *code. */
struct replaying *replaying_open(const struct request *request, int *code);
const struct outcome *replaying_outcome(const struct replaying *r);

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

/* What moved the decision, in words. relabeled: its conditions or its mode are new. */
void put_reason(char *text, size_t size, const weir_explain *explain, int relabeled);

/* The steps of a decision as the JSON list "steps":[...]. */
void print_json_steps(const weir_explain *explain);

/* A decision as one JSON object without its closing brace. */
void print_json_decision(const struct outcome *outcome, const struct moment *moment);

#endif
