/*
 * feeds.h - the files of an HPA's load, and which of their columns are which metric.
 */
#ifndef WEIR_TOOLS_FEEDS_H
#define WEIR_TOOLS_FEEDS_H

#include "kinds_hpa.h"
#include "replaying_state.h"

enum { COLUMNS_MAX = 4096, PODS_MAX = 16384 };

/* One file. */
struct feed {
    const char *path;
    struct csv *csv;
    int time_column;
    int pod_column; /* -1: a row is all there is of a time; else it is one pod */
    int has_row, has_last, ended;
    weir_time at, last; /* of the row at hand, of the one before */
};

struct column {
    struct feed *feed;
    int column;
    int32_t series; /* -1: the recorded pods */
};

/* One metric. */
struct metric {
    size_t columns;
    int single_pods; /* 1: each value is one pod */
    double sum;      /* of the values at the time at hand */
    int64_t values;  /* how many there are */
    int failed;      /* one of them says that asking failed */
    int rows;        /* rows of that time, empty ones too */
};

/* Queries that are answered at the times of some clocks. */
enum { CLOCKS_MAX = 2 };

struct asking {
    struct clock clocks[CLOCKS_MAX];
    size_t clock_count;
    weir_time start;            /* a time without answers, with which the replay begins */
    weir_time end;              /* the last that is asked for */
    weir_time next[CLOCKS_MAX]; /* WEIR_TIME_NEVER: past the last */
    struct asked {
        const char *text;
        char who[WEIR_HPA_NAME_MAX + 320];
        struct answers *answers[CLOCKS_MAX];
    } list[WEIR_HPA_METRICS_MAX]; /* by series; text NULL: it has columns */
    size_t count;
};

struct feeds {
    struct feed list[FILES_MAX];
    size_t count;
    struct column columns[COLUMNS_MAX];
    size_t column_count;
    struct metric metrics[WEIR_HPA_METRICS_MAX];
    weir_hpa_config config; /* the series, as metrics */
    int gathering;          /* rows of `at` are being put together */
    weir_time at;
    int has_replicas, constant_replicas; /* --replicas was given, and is a number */
    double replicas;                     /* NaN: not known at the time */
    weir_reading fresh[WEIR_HPA_METRICS_MAX];
    size_t fresh_count;
    uint64_t pods[PODS_MAX];   /* hashes of the names of `at`, to find one that is there twice */
    uint32_t stamps[PODS_MAX]; /* a place is taken if it has the stamp of `at` */
    uint32_t stamp;
    size_t pod_count;
    struct asking asking;
};

/* Columns by a word of the command line (columns.c): one by its name, or "PREFIX*", or several,
 * "A,B,C"; "FILE:" may stand before a name. Series -1 is the recorded pods. */

/* One name: 1, 0 where there is none, -1 after a message. */
int feeds_find(struct feeds *feeds, const char *word, int32_t series);

/* Several. The exit code. */
int feeds_find_list(struct feeds *feeds, const char *list, int32_t series);

/* Says what columns there are instead of one that is missing. */
void feeds_complain_missing(struct feeds *feeds, const char *word);

/* Queries (asking.c): gives a series its query, if it has one and there is somebody to answer it:
 * 1, 0 where not, -1 after a message. */
int asking_bind(struct replaying *r, const struct asked_series *asked);

/* The next time with answers, or the start; WEIR_TIME_NEVER: there is none. */
weir_time asking_next(const struct asking *asking);

/* Adds the answers of that time to what is known of it, and goes on. EXIT_FINE; EXIT_INPUT after a
 * message. */
int asking_gather(struct feeds *feeds);

/* Says which answers were errors. */
void asking_close(struct asking *asking);

/* Prints the heading's lines about the load. */
void feeds_describe(const struct replaying *r);

#endif
