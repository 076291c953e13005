/*
 * cmd_record.c - `weir record`: from a server what triggers need, or from pages what they expose,
 * into a file that replays.
 */
#include "record.h"
#include "series.h"

#include <string.h>
#include <time.h>

enum {
    OPTION_FILE,
    OPTION_QUERY,
    OPTION_NAME,
    OPTION_FROM,
    OPTION_TO,
    OPTION_STEP,
    OPTION_RAW,
    OPTION_LOOKBACK,
    OPTION_OUTPUT,
    OPTION_LIVE,
    OPTION_INTERVAL,
    OPTION_FOR,
    OPTION_SERVER,
    OPTION_SERVER_LAST = OPTION_SERVER + SERVER_OPTION_COUNT - 1
};

static const struct option options[] = {
    {"--file", 'f', "MANIFEST...", "the manifests whose triggers are recorded; repeatable"},
    {"--query", 0, "PROMQL", "a query that no manifest has; repeatable"},
    {"--name", 0, "NAME", "only the autoscaler of this name"},
    {"--from", 0, "TIME", "the first time that counts: RFC 3339, or seconds since 1970"},
    {"--to", 0, "TIME", "the last one"},
    {"--step", 0, "DURATION", "between answers (default: the polling interval; 30s for --query)"},
    {"--raw", 0, NULL, "not answers, but all samples that the queries look at"},
    {"--lookback", 0, "DURATION",
     "--raw: how old an instant selector's sample may be (default 5m)"},
    {"--output", 'o', "FILE", "the recording; gzip where it ends in .gz; continued if it is there"},
    {"--live", 0, "TARGET...", "scrape a page itself: [JOB=]URL or [JOB=]HOST:PORT; repeatable"},
    {"--interval", 0, "DURATION", "--live: between scrapes (default 15s)"},
    {"--for", 0, "DURATION", "--live: how long (default: until Ctrl-C)"},
    SERVER_OPTIONS,
    {NULL, 0, NULL, NULL},
};

static int run(int count, char **words);

const struct command command_record = {
    "record",
    "what triggers need from a Prometheus server, or pages scraped, into a file that replays",
    "record -f MANIFEST --prometheus URL --from TIME --to TIME -o FILE [OPTION...]\n"
    "       weir record --live TARGET [--interval DURATION] [--for DURATION] -o FILE",
    "The manifests are any that weir replays: ScaledObjects, and InferenceServices that become "
    "some.\n"
    "Recorded are the answers to their triggers' queries, at every polling interval, or with "
    "--raw\n"
    "the series behind them, from early enough on for their ranges and offsets. A recording that "
    "was\n"
    "cut off goes on where it stopped when the same command is given again.\n"
    "\n"
    "--live needs no server: it scrapes pages such as those of vLLM or a queue-proxy by itself, "
    "with\n"
    "the labels, the report (up, ...) and the staleness markers of Prometheus. The options of a\n"
    "server but --prometheus are then about the targets.\n"
    "\n"
    "What data lack is said on stderr. Credentials come from files or the environment alone, and\n"
    "appear nowhere. Replay a recording with weir replay -f MANIFEST --series FILE.\n"
    "\n"
    "Examples:\n"
    "  weir record -f so.yaml --prometheus http://localhost:9090 --from 2026-11-24T08:00:00Z \\\n"
    "      --to 2026-11-24T12:00:00Z -o day.gz --raw\n"
    "  weir record --query 'sum(rate(x[2m]))' --prometheus https://mimir/prometheus --from "
    "1795500000 \\\n"
    "      --to 1795586400 --step 15s --bearer-env TOKEN --header X-Scope-OrgID:team -o "
    "answers.gz\n"
    "  weir record --live vllm=http://10.0.0.7:8000/metrics --interval 5s --for 10m -o vllm.gz\n",
    NULL,
    options,
    run,
};

enum { NS_PER_MS = 1000000 };

/* ---- command line --------------------------------------------------------------------------- */

static int add_word(struct words *words, const char *option, const char *value)
{
    if (words->count == FILES_MAX) {
        complain("%s can be given at most %d times", option, FILES_MAX);
        return 0;
    }
    words->list[words->count++] = value;
    return 1;
}

/* 1, or 0 after a message. */
static int read_option(struct record_request *r, const struct argument *a)
{
    const char *name = options[a->option].name, *value = a->value;

    if (a->option >= OPTION_SERVER) {
        r->has_timeout |= a->option == OPTION_SERVER + SERVER_TIMEOUT;
        return server_take(&r->server, a->option - OPTION_SERVER, name, value) == 1;
    }
    switch (a->option) {
    case OPTION_FILE: return add_word(&r->files, name, value);
    case OPTION_QUERY: return add_word(&r->queries, name, value);
    case OPTION_NAME: r->name = value; return 1;
    case OPTION_FROM: r->has_from = 1; return series_time(name, value, &r->from);
    case OPTION_TO: r->has_to = 1; return series_time(name, value, &r->to);
    case OPTION_STEP: return series_duration(name, value, &r->step);
    case OPTION_RAW: r->raw = 1; return 1;
    case OPTION_LOOKBACK: return series_duration(name, value, &r->options.lookback_ms);
    case OPTION_OUTPUT: r->output = value; return 1;
    case OPTION_LIVE: return add_word(&r->targets, name, value);
    case OPTION_INTERVAL: return series_duration(name, value, &r->interval);
    default: return series_duration(name, value, &r->span);
    }
}

/* Nobody has recorded anything before; from there on every answer would be asked for. */
#define YEAR_2001_MS INT64_C(1000000000000)

static int refuse(const char *message)
{
    complain("%s", message);
    return 0;
}

static int check_live(const struct record_request *r)
{
    if (r->files.count > 0 || r->queries.count > 0 || r->server.options.url != NULL ||
        r->has_from || r->has_to || r->step > 0 || r->raw || r->name != NULL) {
        return refuse("--live scrapes pages: it goes with --interval, --for and -o, and not with "
                      "what is about a server's past");
    }
    if (r->has_timeout && r->server.options.timeout > r->interval * NS_PER_MS) {
        return refuse("--timeout is longer than --interval, and scrapes do not overlap");
    }
    return 1;
}

static int check_request(const struct record_request *r)
{
    if (r->output == NULL) {
        return refuse("-o FILE is needed; see weir record --help");
    }
    if (r->targets.count > 0) {
        return check_live(r);
    }
    if (r->interval > 0 || r->span != INT64_MAX) {
        return refuse("--interval and --for go with --live");
    }
    if (!server_check(&r->server)) {
        return 0;
    }
    if (r->server.options.url == NULL || !r->has_from || !r->has_to ||
        (r->files.count == 0 && r->queries.count == 0)) {
        return refuse("--prometheus URL, --from, --to, and -f MANIFEST or --query are needed, or "
                      "--live TARGET; see weir record --help");
    }
    if (r->to < r->from) {
        return refuse("--to is before --from");
    }
    if (r->from < YEAR_2001_MS && r->to >= YEAR_2001_MS) {
        return refuse("--from is before 2001 and --to is not: seconds since 1970 or RFC 3339 were "
                      "expected");
    }
    if (r->raw && r->step > 0) {
        return refuse("--step is about answers; --raw records all samples");
    }
    return 1;
}

static int read_request(struct record_request *r, int count, char **words)
{
    int position = 0, more;
    struct argument a;

    server_init(&r->server);
    weir_promql_options_init(&r->options, sizeof r->options);
    r->span = INT64_MAX;
    while ((more = next_argument(&command_record, count, words, &position, &a)) == 1) {
        if (a.option < 0) {
            complain("record does not know what to do with %s; see weir record --help", a.value);
            return 0;
        }
        if (!read_option(r, &a)) {
            return 0;
        }
    }
    if (more == 0 && r->targets.count > 0 && r->interval == 0) {
        r->interval = 15000;
    }
    return more == 0 && check_request(r);
}

/* ---- from a server -------------------------------------------------------------------------- */

static void say_done(const struct record_file *file, const struct record_plan *plan, int raw)
{
    complain("%s has all that %zu %s gave", file->path, plan->count,
             raw ? (plan->count == 1 ? "selector" : "selectors")
                 : (plan->count == 1 ? "query" : "queries"));
}

static int open_and_fetch(struct record_request *r, const struct record_plan *plan,
                          struct record_file *file)
{
    int code = server_open(&r->server); /* first of all, as it refuses a URL with a secret */

    if (code == EXIT_FINE) {
        code = record_open(file, r->output, plan->head.at);
    }
    if (code != EXIT_FINE || file->ended) {
        return code;
    }
    if (file->continued) {
        complain("%s is continued", file->path);
    }
    code = record_fetch(r, plan, file);
    if (code != EXIT_FINE && file->regular) {
        complain("%s ends before that; the same command goes on from there", file->path);
    }
    return code;
}

static int from_server(struct record_request *r)
{
    static struct record_plan plan;
    struct record_file file = {.fd = -1};
    int code = record_plan_make(r, &plan), closed;

    if (code == EXIT_FINE) {
        if (r->to > (int64_t)time(NULL) * 1000) {
            complain("warning: --to is in the future; what comes later is not in the recording");
        }
        code = open_and_fetch(r, &plan, &file);
    }
    if (code == EXIT_FINE) {
        code = record_check(&plan, &file);
    }
    closed = record_close(&file);
    code = code == EXIT_FINE ? closed : code;
    if (code == EXIT_FINE) {
        say_done(&file, &plan, r->raw);
    }
    server_close(&r->server);
    record_plan_free(&plan);
    return code;
}

static int run(int count, char **words)
{
    static struct record_request r;

    if (!read_request(&r, count, words)) {
        return EXIT_USAGE;
    }
    return r.targets.count > 0 ? record_live(&r) : from_server(&r);
}
