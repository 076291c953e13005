/*
 * replaying_state.h - a request being carried out, for the files that do: replaying.c opens and
 * decides, rows.c and requests.c know what a row of the file is.
 */
#ifndef WEIR_TOOLS_REPLAYING_STATE_H
#define WEIR_TOOLS_REPLAYING_STATE_H

#include "csv.h"
#include "replaying.h"

enum { BINDINGS_MAX = WEIR_REPLAY_SERIES_MAX };

struct replaying;

/* What the rows of the load are. */
struct source {
    /* Finds the columns. The exit code. */
    int (*open)(struct replaying *r);
    /* Reads the row at hand, with its time. 0 when it is bad, with csv_message(). */
    int (*read)(struct replaying *r, weir_time *at);
    /* Gives it to the replay, once all before it is decided. WEIR_OK or an error. */
    weir_status (*take)(struct replaying *r, weir_time at);
    /* Makes the decisions after the last row; sets *end. As decide_until(). */
    int (*finish)(struct replaying *r, witness see, void *user, weir_time *end);
};

extern const struct source rows_source, requests_source;

struct binding {
    int column;
    double factor; /* what a value is multiplied by */
};

struct replaying {
    struct request request;
    struct outcome outcome;
    weir_manifest *manifest;
    struct csv *csv;
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
    struct moment moment;
};

/* Makes the decisions before a time. 1 to go on, 0 when `see` stops, -1 after a message. */
int decide_until(struct replaying *r, weir_time until, witness see, void *user);

/* The column with this name; if that is NULL, the one with a usual name, or -1 where none has to be
 * there. -2 after a message. */
int find_column(struct replaying *r, const char *name, const char *const *usual, int needed);

#endif
