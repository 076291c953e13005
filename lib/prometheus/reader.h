/*
 * prometheus/reader.h - the reader: its buffer, the line at hand, and what each format keeps.
 *
 * A format's parser is given the buffer at the start of a line. It either takes a record (a line,
 * or more where quotes hold line breaks), or says that it is not all there, or what is wrong. A
 * line break stands behind the last byte of the buffer, which the parsers need not look out for:
 * only within quotes does a line break not end what they scan.
 */
#ifndef WEIR_LIB_PROMETHEUS_READER_H
#define WEIR_LIB_PROMETHEUS_READER_H

#include "common.h"

enum outcome {
    TAKEN,  /* an entry; `at` is behind it */
    PASSED, /* nothing to give; `at` is behind it */
    SHORT,  /* the record is not all there */
    ENDED,  /* no more input is wanted */
    FAILED  /* the error is set */
};

/* Room for bounds that are written anew. */
enum { BOUNDS_MAX = 4, BOUND_BYTES = 32 };

/* Of OpenMetrics and the text format. */
struct exposition {
    int32_t type;             /* of the last TYPE line */
    bool eof;                 /* "# EOF" was there */
    bool dumped;              /* label values are quoted as Go does */
    size_t name, name_length; /* of the last sample, in the buffer; 0 bytes when it is gone */
    int bounds;               /* how many of the room for them are in use */
    char bound[BOUNDS_MAX][BOUND_BYTES];
};

/* The samples of a record that has many; VictoriaMetrics' lines, and those of a recording. */
struct batch {
    struct array times;  /* int64_t */
    struct array values; /* double */
    size_t next;
    struct cJSON *tree; /* has the labels' texts */
    bool headed;        /* the head of a recording was there */
};

struct csv_state;

struct weir_series_reader {
    weir_allocator allocator;
    int32_t format;
    bool stale_nan; /* a NaN is a staleness marker */
    int32_t nan_is_stale;
    int64_t default_time;

    struct array buffer; /* char */
    size_t at;           /* where the record at hand begins */
    size_t whole;        /* behind the last line break */
    bool finished, ended;
    int32_t line;     /* of the record at hand */
    weir_error error; /* .status is not 0 when reading cannot go on, */
    bool passed;      /* unless it is about a record that was passed */

    struct array labels; /* weir_label, those of the exemplar behind those of the sample */
    struct array
        escaped; /* uint32_t: which of their texts have escapes: 2 * label, + 1 for names */
    struct exposition exposition;
    struct batch batch;
    struct csv_state *csv;
    weir_api_reply *reply;
    size_t series, point, histogram; /* of the reply, next to give */
};

/* ---- where things are ----------------------------------------------------------------------- */

static inline char *reader_text(const weir_series_reader *r)
{
    return r->buffer.items;
}

/* A byte of the reader's own memory that was given out to be read. */
static inline char *writable(const char *at)
{
    char *to;

    memcpy(&to, &at, sizeof to);
    return to;
}

static inline const char *reader_end(const weir_series_reader *r)
{
    return reader_text(r) + r->buffer.count;
}

/* Records an error at a byte of the record: "MESSAGE, got WHAT IS THERE"; gives FAILED. */
enum outcome weir__pm_expected(weir_series_reader *r, const char *at, const char *message);

/* The same without what is there. */
enum outcome weir__pm_fail(weir_series_reader *r, const char *at, weir_status status,
                           const char *message);
enum outcome weir__pm_no_memory(weir_series_reader *r);

/* The record ends before `end`: how many lines it had, 1 unless quotes hold line breaks. */
void weir__pm_next_record(weir_series_reader *r, const char *end, int32_t lines);

/* ---- formats -------------------------------------------------------------------------------- */

enum outcome weir__pm_text_record(weir_series_reader *r, weir_entry *entry);
enum outcome weir__pm_openmetrics_record(weir_series_reader *r, weir_entry *entry);
enum outcome weir__pm_dump_record(weir_series_reader *r, weir_entry *entry);
enum outcome weir__pm_export_record(weir_series_reader *r, weir_entry *entry);
enum outcome weir__pm_csv_record(weir_series_reader *r, weir_entry *entry);
enum outcome weir__pm_reply_record(weir_series_reader *r, weir_entry *entry);

void weir__pm_csv_close(weir_series_reader *r);
void weir__pm_export_close(weir_series_reader *r);

#endif
