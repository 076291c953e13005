/*
 * chart.c - the terminal chart: two panels of blocks, load above, replicas below, panic marked.
 */
#include "chart.h"
#include "replaying.h"

#include <stdlib.h>
#include <string.h>

enum { LABEL = 9, WIDTH_MIN = 30, WIDTH_MAX = 200, HEIGHT = 8 };

int points_add(struct points *points, const struct point *point)
{
    if (points->count == points->room) {
        size_t room = points->room > 0 ? 2 * points->room : 1024;
        struct point *more = realloc(points->all, room * sizeof *more);

        if (more == NULL) {
            return 0;
        }
        points->all = more;
        points->room = room;
    }
    points->all[points->count++] = *point;
    return 1;
}

void points_free(struct points *points)
{
    free(points->all);
    memset(points, 0, sizeof *points);
}

/* What one column of the chart shows: the largest values of its time. */
struct column {
    double load, desired, ready;
    int panic, any;
};

static int has_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0') {
            return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL ||
                   strstr(value, "UTF8") != NULL;
        }
    }
    return 0;
}

static size_t chart_width(void)
{
    const char *columns = getenv("COLUMNS");
    long n = columns != NULL ? strtol(columns, NULL, 10) : 80;

    n -= LABEL + 1;
    return (size_t)(n < WIDTH_MIN ? WIDTH_MIN : n > WIDTH_MAX ? WIDTH_MAX : n);
}

static void gather(const struct points *points, struct column *columns, size_t width)
{
    int64_t first = points->all[0].at, last = points->all[points->count - 1].at;
    double span = last > first ? (double)(last - first) : 1.0;
    struct column before = {0};

    for (size_t i = 0; i < points->count; i++) {
        const struct point *p = &points->all[i];
        size_t at = (size_t)((double)(p->at - first) / span * (double)(width - 1));
        struct column *c = &columns[at];

        c->load = p->load > c->load || !c->any ? p->load : c->load;
        c->desired = p->desired > c->desired || !c->any ? p->desired : c->desired;
        c->ready = p->ready > c->ready || !c->any ? p->ready : c->ready;
        c->panic |= p->panic;
        c->any = 1;
    }
    for (size_t i = 0; i < width; i++) { /* a decision holds until the next one */
        if (!columns[i].any) {
            columns[i] = before;
        }
        before = columns[i];
    }
}

/* One panel: value of column i by `which`, scaled to HEIGHT rows of eighths. */
static void panel(FILE *out, const struct column *columns, size_t width, int which, int utf8,
                  const char *name, const char *paint)
{
    static const char *const blocks[] = {" ",      "\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};
    double top = 0;

    for (size_t i = 0; i < width; i++) {
        double v = which == 0 ? columns[i].load : columns[i].desired;

        top = v > top ? v : top;
    }
    fprintf(out, "%s\n", name);
    for (int row = HEIGHT - 1; row >= 0; row--) {
        if (row == HEIGHT - 1) {
            fprintf(out, "%*.4g ", LABEL - 1, top);
        } else {
            fprintf(out, "%*s ", LABEL - 1, row == 0 ? "0" : "");
        }
        fputs(utf8 ? "\u2502" : "|", out);
        fputs(paint, out);
        for (size_t i = 0; i < width; i++) {
            double v = which == 0 ? columns[i].load : columns[i].desired;
            double eighths = top > 0 ? v / top * HEIGHT * 8 - row * 8.0 : 0;
            int level = eighths >= 8 ? 8 : eighths <= 0 ? 0 : (int)(eighths + 0.5);

            level = level == 0 && row == 0 && v > 0 ? 1 : level; /* little is not nothing */
            fputs(utf8 ? blocks[level] : level >= 4 ? "#" : level > 0 ? "." : " ", out);
        }
        fputs(paint[0] != '\0' ? "\033[0m\n" : "\n", out);
    }
}

void chart_terminal(FILE *out, const struct points *points, const char *series, int colour)
{
    static struct column columns[WIDTH_MAX];
    size_t width = chart_width();
    char name[96], from[40], to[40];
    int utf8 = has_utf8(), panics = 0;

    if (points->count == 0) {
        return;
    }
    memset(columns, 0, sizeof columns);
    gather(points, columns, width);
    snprintf(name, sizeof name, "load: %s", series);
    panel(out, columns, width, 0, utf8, name, colour ? "\033[36m" : "");
    panel(out, columns, width, 1, utf8, "replicas wanted", colour ? "\033[32m" : "");
    for (size_t i = 0; i < width; i++) {
        panics |= columns[i].panic;
    }
    if (panics) {
        fprintf(out, "%*s %s", LABEL - 1, "panic", utf8 ? "\u2502" : "|");
        fputs(colour ? "\033[31m" : "", out);
        for (size_t i = 0; i < width; i++) {
            fputs(columns[i].panic ? (utf8 ? "\u2580" : "=") : " ", out);
        }
        fputs(colour ? "\033[0m\n" : "\n", out);
    }
    put_time(from, sizeof from, points->all[0].at, points->all[0].at);
    put_time(to, sizeof to, points->all[points->count - 1].at, points->all[0].at);
    fprintf(out, "%*s %s%*s\n", LABEL, "", from, (int)(width - strlen(from)), to);
}
