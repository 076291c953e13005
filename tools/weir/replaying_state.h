/*
 * replaying_state.h - a request being carried out, for the files that do: replaying.c opens and
 * decides, replaying_rows.c, _requests.c and _metrics.c know what a row of the file is.
 */
#ifndef WEIR_TOOLS_REPLAYING_STATE_H
#define WEIR_TOOLS_REPLAYING_STATE_H

#include "csv.h"
#include "replaying.h"

enum { BINDINGS_MAX = WEIR_REPLAY_SERIES_MAX };

struct replaying;

/* What the rows of the load are. */
struct source {
    /* Opens the load and finds the columns. The exit code. */
    int (*open)(struct replaying *r);
    /* Goes to the next row and reads it, with its time: 1; 0 at the end; -1 when it is bad, with
     * csv_message(), and reading may go on; -2 when it may not; -3 when it may not, after a
     * message. */
    int (*next)(struct replaying *r, weir_time *at);
    /* Gives it to the replay, once all before it is decided. WEIR_OK or an error. */
    weir_status (*take)(struct replaying *r, weir_time at);
    /* Makes the decisions after the last row; sets *end. As decide_until(). */
    int (*finish)(struct replaying *r, witness see, void *user, weir_time *end);
    /* Prints the heading's lines about the load. */
    void (*describe)(const struct replaying *r);
    /* Pods to begin with, where the load has them; -1: it does not. NULL: it never has. */
    int32_t (*initial)(const struct replaying *r);
    void (*close)(struct replaying *r); /* NULL: there is nothing to close but the csv */
};

extern const struct source rows_source, requests_source, metrics_source, series_source;

struct binding {
    int column;    /* or the number of the query */
    double factor; /* what a value is multiplied by */
};

enum { SERIES_QUERIES_MAX = 2 };

/* A query that is Knative's load; see replaying_series.c. */
struct series_query {
    const char *text; /* NULL: none was given */
    char who[320];    /* for messages */
    struct answers *answers;
};

struct replaying {
    struct request request;
    struct outcome outcome;
    struct csv *csv;     /* that the row at hand is from */
    struct feeds *feeds; /* of metrics: see replaying_metrics.c */
    int time_column;
    size_t binding_count, main; /* main: the binding of the main series */
    struct binding bindings[BINDINGS_MAX];
    weir_reading readings[BINDINGS_MAX]; /* of the row at hand */
    void *autoscaler;
    size_t autoscaler_bytes;
    weir_replay *replay;
    const struct source *source;
    int duration_column, end_column; /* of requests; -1: none */
    weir_duration duration;          /* of the request at hand */
    weir_duration step;              /* least between two rows; 0: there is one at most */
    int has_load;                    /* the last row that was taken has the main series */
    struct moment moment;
    struct series_query series_queries[SERIES_QUERIES_MAX];
    struct clock clock; /* when they are asked; its first: the next time */
};

/* Opens a file of the load and finds its column of times. The exit code. */
int open_csv(struct replaying *r, const char *path, int *time_column);

/* "evaluated over FILE", and the query on one line, whatever it was in the manifest. */
void print_query(const struct replaying *r, const char *text);

/* Reads the time of the row at hand, which must be after `last`, or at it where that is fine.
 * NULL, or what was expected. */
const char *read_time(const struct csv_field *field, weir_time *at, int has_last, weir_time last,
                      int same_is_fine);

/* Says so at the first gap between rows, and counts. */
void note_gap(struct replaying *r, const struct csv_field *field, weir_duration gap);

/* Until when the last row stands: for as long as rows are apart. As decide_until(). */
int let_stand(struct replaying *r, witness see, void *user, weir_time *end);

/* Makes the decisions before a time. 1 to go on, 0 when `see` stops, -1 after a message. */
int decide_until(struct replaying *r, weir_time until, witness see, void *user);

/* The column with this name; if that is NULL, the one with a usual name, or -1 where none has to be
 * there. -2 after a message. */
int find_column(struct replaying *r, const char *name, const char *const *usual, int needed);

#endif
