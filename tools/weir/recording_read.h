/*
 * recording_read.h - what the files that read a recording share.
 */
#ifndef WEIR_TOOLS_RECORDING_READ_H
#define WEIR_TOOLS_RECORDING_READ_H

#include "bundle.h"
#include "csv.h"
#include "recording.h"

#include <cjson/cJSON.h>

/* ---- memory and problems (recording.c) ------------------------------------------------------ */

/* Memory that lives as long as the recording, zeroed; never NULL: without memory the program ends.
 */
void *recording_take(struct recording *r, size_t size);
char *recording_text(struct recording *r, const char *text, size_t length);

/* Room for one more item of an array that is freed with the recording's own memory. */
void *recording_grow(struct recording *r, void *items, size_t count, size_t size);

/* A JSON value that lives as long as the recording; NULL stays NULL. */
cJSON *recording_keep(struct recording *r, cJSON *json);

/* Adds a problem: "FILE:LINE: ...", line 0 is left out. */
void recording_problem(struct recording *r, int severity, const char *file, int64_t line,
                       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A file of the recording; NULL when there is none, which is a problem when `why` says what it is
 * needed for. What is wrong with it is reported once. */
const struct bundle_file *recording_file(struct recording *r, struct bundle *b, const char *name,
                                         const char *why);

/* The file as JSON, with its problems reported; NULL when it is none. */
cJSON *recording_json(struct recording *r, const struct bundle_file *file);

/* ---- rows (recording_csv.c) ---------------------------------------------------------------- */

enum { ROWS_COLUMNS_MAX = 24, ROWS_PROBLEMS_MAX = 5 };

/* A CSV file being read. */
struct rows {
    struct recording *recording;
    const struct bundle_file *file;
    struct csv *csv;
    int columns[ROWS_COLUMNS_MAX];
    int64_t bad; /* rows with a problem so far */
    int row_is_bad;
};

/* Opens a file with these columns (up to a NULL), "?" before a name: it may be missing. 0 when
 * there is no such file, or when it has not the columns; that is reported. */
int rows_open(struct rows *rows, struct recording *r, struct bundle *b, const char *name,
              const char *why, const char *const *columns);
/* The next row that reads well; 0 at the end, and then all is closed. */
int rows_next(struct rows *rows);

/* Reports that a field of the row is not what was expected; the row is bad. */
void rows_complain(struct rows *rows, int column, const char *expected);

/* A field of the row, by its place among the columns; "" where the column is missing. The copy
 * lives as long as the recording. */
const char *rows_text(struct rows *rows, int column);
/* Whether it says something. */
int rows_has(struct rows *rows, int column);
/* A whole number in a range; when it is none, or empty and needed, that is reported, the row is
 * bad, and it is 0. */
int64_t rows_int(struct rows *rows, int column, int64_t min, int64_t max);
/* A time in nanoseconds; empty: WEIR_TIME_NONE. */
weir_time rows_time(struct rows *rows, int column);
/* A time as RFC 3339; empty: WEIR_TIME_NONE. */
weir_time rows_stamp(struct rows *rows, int column);
/* Which of the words (up to a NULL) it is; when none, that is reported, and it is 0. */
int rows_word(struct rows *rows, int column, const char *const *words);

/* ---- objects (recording_manifests.c) -------------------------------------------------------- */

/* What a hand changed. */
struct recording_action {
    weir_time begun, done;
    int64_t line;
    const char *kind, *name;
    cJSON *patch;
};

/* Every manifest of the recording, and what was changed. */
struct recording_sources {
    struct {
        const cJSON *documents;
        const char *file;
    } * manifests;
    size_t manifest_count;
    struct recording_action *actions;
    size_t action_count;
    const char *actions_file;
};

/* Lays a merge patch over a value (RFC 7386), both given up. */
cJSON *recording_merge(cJSON *value, cJSON *patch);

/* ---- parts ---------------------------------------------------------------------------------- */

void recording_read_manifests(struct recording *r, struct bundle *b);
void recording_read_steps(struct recording *r, struct bundle *b);
void recording_read_pods(struct recording *r, struct bundle *b);
void recording_read_sizes(struct recording *r, struct bundle *b);
void recording_read_keda(struct recording *r, struct bundle *b,
                         const struct recording_sources *sources);

/* By name; NULL when there is none. */
struct recorded_autoscaler *recording_autoscaler(struct recording *r, const char *name);

/* By name; made when there is none. */
struct recorded_target *recording_target(struct recording *r, const char *name);

#endif
