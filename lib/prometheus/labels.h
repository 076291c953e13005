/*
 * prometheus/labels.h - label sets in braces, as the text formats write them.
 */
#ifndef WEIR_LIB_PROMETHEUS_LABELS_H
#define WEIR_LIB_PROMETHEUS_LABELS_H

#include "reader.h"

/* What a format allows. */
enum {
    LABELS_BLANKS = 1,    /* blanks between the tokens */
    LABELS_LINES = 2,     /* line breaks within quotes */
    LABELS_NO_COMMAS = 4, /* commas may be missing */
    LABELS_NO_METRIC = 8  /* no quoted name of a metric among them */
};

struct label_scan {
    weir_series_reader *reader;
    const char *end;   /* of the buffer */
    bool whole;        /* nothing will come behind that */
    unsigned rules;    /* LABELS_* */
    bool named;        /* the metric's name is known; else it is put into label 0 */
    bool bounded;      /* a label is written anew if it is named `bound` */
    struct text bound; /* "le", "quantile" */
    int32_t lines;     /* line breaks within quotes so far */
};

/* Takes the labels behind an opening brace; *at is moved behind the closing one. TAKEN, SHORT or
 * FAILED. Escapes stay as they are. */
enum outcome weir__pm_labels(struct label_scan *scan, const char **at);

/* Takes a sample's name and labels as the text formats write them, of the type that is in force;
 * *at is moved behind them. */
enum outcome weir__pm_series(struct label_scan *scan, const char **at);

/* Past the closing quote of what begins behind an opening one, with where it is in *text. */
enum outcome weir__pm_quoted(struct label_scan *scan, const char **at, struct text *text,
                             bool *escaped);

/* Past a metric's name in a line that describes it, in quotes or not, with where it is in *name. */
enum outcome weir__pm_metric_name(struct label_scan *scan, const char **at, struct text *name);

/* Adds a label; false when there is no memory, or are too many. */
bool weir__pm_label_add(weir_series_reader *r, struct text name, struct text value);

/* Takes the escapes out of the labels' texts, in the buffer: nothing may fail after that. */
void weir__pm_unescape(weir_series_reader *r);

/* \\, \n and, within quotes, \"; other escapes stay. Gives the length. */
size_t weir__pm_unescape_text(char *at, size_t length, bool quotes);

#endif
