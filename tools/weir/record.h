/*
 * record.h - recordings of series: what `weir record` writes, and `--series` reads.
 *
 * A recording is JSON lines, in gzip where its name ends in .gz; docs/recording.md has the form. It
 * is written block by block, each in one piece and ended by a line that says so, so that one that
 * was cut off is continued behind its last whole block.
 */
#ifndef WEIR_TOOLS_RECORD_H
#define WEIR_TOOLS_RECORD_H

#include "manifests.h"
#include "server.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <weir/promql.h>

/* ---- text (record_text.c) ------------------------------------------------------------------- */

/* Text that grows. Once memory ran out, it stays as it is and `failed` is 1. */
struct record_text {
    char *at;
    size_t length, room;
    int failed;
};

void record_put(struct record_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A text in quotes, as JSON has it. */
void record_put_json(struct record_text *text, const char *bytes, size_t length);

/* Labels of answers: the text of the query; the error that it had instead; and of the series that
 * has the number of elements of each answer, the milliseconds between them. */
#define RECORD_QUERY "__query__"
#define RECORD_ERROR "__error__"
#define RECORD_STEP  "__step__"

/* Lines with all samples of a store that are later than a time, series by series. */
void record_put_store(struct record_text *text, const weir_series_store *store, int64_t after_ms);

void record_text_free(struct record_text *text);

/* Whether a text with a length is this one. */
int record_is(const char *text, size_t length, const char *is);

/* ---- file (record_file.c) ------------------------------------------------------------------- */

struct record_file {
    const char *path;
    int fd, gzip, regular;
    off_t good;               /* where its last whole block ends */
    int64_t done;             /* all up to this time is there, ms; INT64_MIN: nothing */
    int continued, ended;     /* it was there already; and is whole */
    struct record_text block; /* what is being put together */
};

/* Opens a file for a recording with this head, one line without its end. One that is there is
 * continued if it has the same head, but for when it was begun and by whom; of any other the
 * difference is said. EXIT_FINE; EXIT_USAGE, EXIT_INPUT or EXIT_OUTPUT after a message. */
int record_open(struct record_file *file, const char *path, const char *head);

/* Writes the block; all up to `done` is there then, and with `end` the recording is whole.
 * EXIT_FINE; EXIT_OUTPUT after a message, and then the file is as it was before. */
int record_commit(struct record_file *file, int64_t done, int end);

/* EXIT_FINE; EXIT_OUTPUT after a message. */
int record_close(struct record_file *file);

/* ---- plan (record_plan.c) ------------------------------------------------------------------- */

enum { RECORD_SOURCES_MAX = 1024 };

/* What a server is asked for: a query, on a grid, or a selector, for all of its samples. */
struct record_source {
    char *text;
    char *of;               /* whose it is: "ScaledObject default/web, s0-prometheus" */
    int64_t from, to, step; /* ms, both included; step 0: of a selector */
};

struct record_request {
    struct words files, queries, targets;
    const char *name, *output;
    struct server server;
    weir_promql_options options; /* the lookback */
    int64_t from, to, step;      /* ms; step 0: each trigger's own polling interval */
    int64_t interval, span;      /* ms, of --live; span INT64_MAX: until it is stopped */
    int has_from, has_to, raw, has_timeout;
};

struct record_plan {
    struct record_source sources[RECORD_SOURCES_MAX];
    size_t count;
    struct record_text head;
};

/* What a request asks for. The exit code, after a message where it is not EXIT_FINE. */
int record_plan_make(const struct record_request *request, struct record_plan *plan);
void record_plan_free(struct record_plan *plan);

/* ---- asking (record_fetch.c, record_raw.c) -------------------------------------------------- */

/* Records what a plan asks for, from where the file ends on. The exit code. */
int record_fetch(const struct record_request *request, const struct record_plan *plan,
                 struct record_file *file);

/* Puts answers of a query on a grid into the block, those from `first` to `last`. The exit code. */
int record_answers(const struct record_request *request, const struct record_source *source,
                   int64_t first, int64_t last, struct record_text *block);

/* The series of a raw recording as they were when the last block ended, for their ends to be seen
 * in the next one. */
struct record_raw {
    weir_series_store *tail; /* of each series that goes on the newest sample */
};

/* Begins, or takes up what a file has. The exit code. */
int record_raw_open(struct record_raw *raw, const struct record_file *file);

/* Puts samples of all selectors from `first` to `last` into the block, and markers where series
 * ended. The exit code. */
int record_raw_block(struct record_raw *raw, const struct record_request *request,
                     const struct record_plan *plan, int64_t first, int64_t last,
                     struct record_text *block);
void record_raw_close(struct record_raw *raw);

/* Finds or adds a series of one store in another. WEIR_OK, or a lack of memory. */
weir_status record_same_series(const weir_series_store *from, uint32_t series,
                               weir_series_store *to, uint32_t *number);

/* Copies series with a marker where they ended within a block (record_ends.c). The exit code. */
int record_ends(const struct record_request *request, const struct record_plan *plan, int64_t first,
                int64_t last, const weir_series_store *from, weir_series_store *to);

/* Says what a server says beside its answers: warnings and infos, each text once, and puts those
 * that mean that data may be incomplete into the block. */
void record_notes(const struct record_request *request, const struct record_source *source,
                  const weir_api_reply *reply, struct record_text *block);

/* Says why a reply is none. EXIT_INPUT. */
int record_refused(const struct record_request *request, const struct record_source *source,
                   const weir_api_reply *reply);

/* ---- looking at it (record_check.c) --------------------------------------------------------- */

/* Reads a recording back and says what it lacks: sources without samples, edges without any, and
 * samples that stop. The exit code. */
int record_check(const struct record_plan *plan, const struct record_file *file);

/* ---- scrapes (record_scrape.c, record_live.c) ----------------------------------------------- */

/* A page that is scraped. */
struct record_target {
    char url[1024]; /* without parameters */
    char job[128], instance[256];
    const char *parameters; /* behind the ?, NULL: none */
    struct server server;
    weir_series_store *batch; /* samples that are not written yet */
    weir_series_store *known; /* every series ever seen, to have a number */
    unsigned char *marks;     /* of each of them, RECORD_*: bits */
    size_t room;
    uint64_t scrapes, failures;
    char problem[512]; /* of the last scrape; "": none */
};

/* Reads "URL", "HOST:PORT/PATH", or either behind "JOB=". 0 after a message. */
int record_target_read(struct record_target *target, const char *word);

/* Opens its client. EXIT_FINE, or another exit code after a message. */
int record_target_open(struct record_target *target, const struct server *server);
void record_target_close(struct record_target *target);

/* Scrapes once; samples have this time, and those of the report too. 0 when there is no memory
 * left; a failed scrape is no failure here. */
int record_scrape(struct record_target *target, int64_t time_ms);

/* Takes a page that came, or NULL for a scrape that failed with `problem`, without asking for one:
 * what record_scrape() does with it. */
int record_scraped(struct record_target *target, int64_t time_ms, double seconds,
                   const weir_http_page *page, const char *problem);

/* Scrapes all targets until it is time, or until it is stopped. The exit code. */
int record_live(const struct record_request *request);

#endif
