/*
 * columns.c - columns of an HPA's load by the words of the command line, and in words again.
 */
#include "feeds.h"

#include <string.h>

/* ---- columns -------------------------------------------------------------------------------- */

static int add_column(struct feeds *f, struct feed *feed, int column, int32_t series)
{
    if (f->column_count == COLUMNS_MAX) {
        complain("there are more than %d columns of metrics", COLUMNS_MAX);
        return 0;
    }
    f->columns[f->column_count++] = (struct column){feed, column, series};
    if (series >= 0) {
        f->metrics[series].columns++;
    }
    return 1;
}

/* The columns that begin with a word; how many, -1 after a message. */
static int add_all(struct feeds *f, struct feed *feed, const char *word, size_t length,
                   int32_t series)
{
    int count = 0;

    for (int i = 0; i < csv_column_count(feed->csv); i++) {
        if (i != feed->time_column && i != feed->pod_column &&
            strncmp(csv_column_name(feed->csv, i), word, length) == 0) {
            if (!add_column(f, feed, i, series)) {
                return -1;
            }
            count++;
        }
    }
    return count;
}

int feeds_find(struct feeds *f, const char *word, int32_t series)
{
    size_t length = strlen(word), found = 0, star = length > 0 && word[length - 1] == '*';

    for (size_t i = 0; i < f->count; i++) {
        struct feed *feed = &f->list[i];
        size_t own = strlen(feed->path);
        const char *name =
            strncmp(word, feed->path, own) == 0 && word[own] == ':' ? word + own + 1 : word;
        int column = csv_find(feed->csv, name);
        int more =
            column == -1 && star ? add_all(f, feed, name, strlen(name) - 1, series) : column >= 0;

        if (column == -2) {
            complain("%s", csv_message(feed->csv));
        }
        if (column == -2 || more < 0 || (column >= 0 && !add_column(f, feed, column, series))) {
            return -1;
        }
        found += more > 0;
    }
    if (found > 1 && !star) {
        complain("several files have a column %s; write FILE:%s", word, word);
        return -1;
    }
    return found > 0;
}

void feeds_complain_missing(struct feeds *f, const char *word)
{
    for (size_t i = 0; i < f->count; i++) {
        if (csv_column(f->list[i].csv, word) < 0) {
            complain("%s", csv_message(f->list[i].csv));
        }
    }
}

int feeds_find_list(struct feeds *f, const char *list, int32_t series)
{
    char word[256];

    for (const char *rest = list;; rest++) {
        size_t length = strcspn(rest, ",");
        int found;

        snprintf(word, sizeof word, "%.*s", (int)length, rest);
        found = feeds_find(f, word, series);
        if (found <= 0) {
            if (found == 0) {
                feeds_complain_missing(f, word);
            }
            return EXIT_INPUT;
        }
        rest += length;
        if (*rest == '\0') {
            return EXIT_FINE;
        }
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

/* "column q of load.csv", "3 columns of load.csv". */
static void print_columns(const struct feeds *f, int32_t series)
{
    const struct column *first = NULL;

    for (size_t i = 0; i < f->column_count && first == NULL; i++) {
        first = f->columns[i].series == series ? &f->columns[i] : NULL;
    }
    if (first == NULL) {
        return;
    }
    if (series >= 0 && f->metrics[series].columns > 1) {
        printf("%zu columns of %s", f->metrics[series].columns, first->feed->path);
    } else {
        printf("column %s of %s", csv_column_name(first->feed->csv, first->column),
               first->feed->path);
    }
}

static void print_recorded_pods(const struct feeds *f)
{
    if (f->constant_replicas) {
        printf(" times %.6g recorded pods", f->replicas);
    } else {
        printf(" times the recorded pods (");
        print_columns(f, -1);
        printf(")");
    }
}

static void print_metric(const struct replaying *r, int32_t series)
{
    const struct feeds *f = r->feeds;
    const weir_hpa_metric *metric = &f->config.metrics[series];
    const struct metric *m = &f->metrics[series];
    char name[WEIR_HPA_NAME_MAX + 8];
    int per_pod = hpa_is_per_pod(metric);

    hpa_put_name(&f->config, (uint32_t)series, name, sizeof name);
    printf("    %s (%s): ", name, hpa_source_name(metric));
    if (f->asking.list[series].text != NULL) {
        print_query(r, f->asking.list[series].text);
        return;
    }
    printf("%s", m->columns > 1 || m->single_pods
                     ? per_pod && f->has_replicas ? "mean over the pods of " : "sum of "
                 : per_pod && !f->has_replicas ? "total in "
                                               : "");
    print_columns(f, series);
    if (per_pod && f->has_replicas) {
        print_recorded_pods(f);
    }
    if (metric->target_type == WEIR_HPA_UTILIZATION) {
        if (metric->request == HPA_PERCENT_REQUEST) {
            printf(", in percent of what a pod requests");
        } else {
            printf("; a pod requests %.6g", (double)metric->request / 1000);
        }
    }
    printf("\n");
}

static void print_heading(const struct replaying *r, int per_pod)
{
    printf("  %s", per_pod
                       ? "load of single pods: usage of a pod = recorded usage x recorded pods / "
                         "ready pods"
                       : "load of all pods together, as recorded whatever is decided");
    if (r->request.scale != 1.0) {
        printf(", times %.6g", r->request.scale);
    }
    printf("\n");
}

void feeds_describe(const struct replaying *r)
{
    const struct feeds *f = r->feeds;

    for (int per_pod = 0; per_pod < 2; per_pod++) {
        int any = 0;

        for (uint32_t i = 0; i < f->config.metric_count; i++) {
            if (hpa_is_per_pod(&f->config.metrics[i]) != per_pod) {
                continue;
            }
            if (!any++) {
                print_heading(r, per_pod);
            }
            print_metric(r, (int32_t)i);
        }
        if (any && per_pod && !f->has_replicas && f->count > 0 &&
            csv_find(f->list[0].csv, "replicas") >= 0) {
            printf(
                "    (with --replicas replicas they would be averages over that column's pods)\n");
        }
    }
}
