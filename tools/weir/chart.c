/*
 * chart.c - the terminal chart: load above, pods below, panic marked; and the scales of all charts.
 */
#include "chart.h"
#include "replaying.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL = 8, WIDTH_MIN = 24, WIDTH_MAX = 240, HEIGHT = 8 };

/* ---- scales --------------------------------------------------------------------------------- */

int64_t chart_time_step(int64_t span, int most)
{
    static const int64_t seconds[] = {1,     2,     5,      10,     15,     30,      60,     120,
                                      300,   600,   900,    1800,   3600,   7200,    10800,  21600,
                                      43200, 86400, 172800, 432000, 604800, 1209600, 2592000};
    size_t count = sizeof seconds / sizeof seconds[0];

    for (size_t i = 0; i < count; i++) {
        if (span / (seconds[i] * WEIR_SECOND) < most) {
            return seconds[i] * WEIR_SECOND;
        }
    }
    return (span / most / (seconds[count - 1] * WEIR_SECOND) + 1) * seconds[count - 1] *
           WEIR_SECOND;
}

double chart_round_up(double value)
{
    static const double steps[] = {1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10};
    double power = 1;

    while (power * 10 < value && power < 1e300) {
        power *= 10;
    }
    while (power > value && power > 1e-9) {
        power /= 10;
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i] * power >= value) {
            return steps[i] * power;
        }
    }
    return 10 * power;
}

void chart_put_tick(char *text, size_t size, const struct chart *chart, int64_t at, int64_t step)
{
    char whole[40];
    const char *t;

    put_time(whole, sizeof whole, at, chart->first);
    t = strchr(whole, 'T');
    if (t == NULL && step >= 86400 * WEIR_SECOND) {
        snprintf(text, size, "day %lld", (long long)(at / (86400 * WEIR_SECOND)));
    } else if (t == NULL) {
        snprintf(text, size, "%s", whole);
    } else if (step >= 86400 * WEIR_SECOND) {
        snprintf(text, size, "%.5s", whole + 5); /* month and day */
    } else if (step >= 60 * WEIR_SECOND) {
        snprintf(text, size, "%.5s", t + 1);
    } else {
        snprintf(text, size, "%.8s", t + 1);
    }
}

/* ---- the terminal --------------------------------------------------------------------------- */

/* What the terminal can show. */
struct style {
    int utf8;
    const char *load, *ready, *wanted, *panic, *end; /* colours */
};

static int has_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0') {
            return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL ||
                   strstr(value, "utf-8") != NULL || strstr(value, "UTF8") != NULL;
        }
    }
    return 0;
}

static size_t chart_width(void)
{
    const char *columns = getenv("COLUMNS");
    long n = columns != NULL ? strtol(columns, NULL, 10) : 0;

    n = (n > 0 ? n : 80) - LABEL - 2;
    return (size_t)(n < WIDTH_MIN ? WIDTH_MIN : n > WIDTH_MAX ? WIDTH_MAX : n);
}

/* The left edge of a row of a panel: a label at the top, in the middle and at the bottom. */
static void edge(FILE *out, int row, double top, int utf8)
{
    if (row == HEIGHT - 1 || row == HEIGHT / 2 - 1) {
        fprintf(out, "%*.4g ", LABEL, row == HEIGHT - 1 ? top : top / 2);
    } else {
        fprintf(out, "%*s ", LABEL, "");
    }
    fputs(utf8 ? "\u2502" : "|", out);
}

/* How much of a row's cell a value fills, in eighths. */
static int eighths(double value, double top, int row)
{
    double e = value / top * HEIGHT * 8 - row * 8.0;

    if (e >= 8) {
        return 8;
    }
    if (row == 0 && value > 0 && e < 1) {
        return 1; /* little is not nothing */
    }
    return e <= 0 ? 0 : (int)(e + 0.5);
}

static void put_cell(FILE *out, int level, int utf8)
{
    static const char *const blocks[] = {" ",      "\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};

    fputs(utf8 ? blocks[level] : level >= 5 ? "#" : level > 0 ? "." : " ", out);
}

static void load_panel(FILE *out, const struct bin *columns, size_t width, const char *series,
                       const struct style *style)
{
    double top = 0;

    for (size_t i = 0; i < width; i++) {
        top = fmax(top, columns[i].load_high);
    }
    top = chart_round_up(top > 0 ? top : 1);
    fprintf(out, "%*s  %s%s%s\n", LABEL, "load", style->load, series, style->end);
    for (int row = HEIGHT - 1; row >= 0; row--) {
        edge(out, row, top, style->utf8);
        fputs(style->load, out);
        for (size_t i = 0; i < width; i++) {
            put_cell(out, isnan(columns[i].load_high) ? 0 : eighths(columns[i].load_high, top, row),
                     style->utf8);
        }
        fprintf(out, "%s\n", style->end);
    }
}

/* Ready pods are solid; wanted ones that are not ready are hatched above them. */
static void pods_panel(FILE *out, const struct bin *columns, size_t width,
                       const struct style *style)
{
    double top = 0;

    for (size_t i = 0; i < width; i++) {
        top = fmax(top, fmax(columns[i].wanted_high, columns[i].ready_high));
    }
    top = top <= 4 ? 4 : top <= HEIGHT ? HEIGHT : chart_round_up(top);
    fprintf(out, "%*s  %s%s ready%s  %s%s wanted, not ready%s\n", LABEL, "pods", style->ready,
            style->utf8 ? "\u2588" : "#", style->end, style->wanted, style->utf8 ? "\u2591" : "+",
            style->end);
    for (int row = HEIGHT - 1; row >= 0; row--) {
        edge(out, row, top, style->utf8);
        for (size_t i = 0; i < width; i++) {
            int ready = eighths(columns[i].ready_high, top, row);
            int wanted = eighths(columns[i].wanted_high, top, row);

            if (ready == 0 && wanted >= 4) {
                fprintf(out, "%s%s%s", style->wanted, style->utf8 ? "\u2591" : "+", style->end);
            } else {
                fputs(ready > 0 ? style->ready : "", out);
                put_cell(out, ready, style->utf8);
                fputs(ready > 0 ? style->end : "", out);
            }
        }
        fputc('\n', out);
    }
}

/* A full mark for panic in at least half of the decisions, a slight one for less. */
static void panic_row(FILE *out, const struct bin *columns, size_t width, const struct style *style)
{
    int panics = 0;

    for (size_t i = 0; i < width; i++) {
        panics |= columns[i].panics;
    }
    if (!panics) {
        return;
    }
    fprintf(out, "%*s %s%s", LABEL, "panic", style->utf8 ? "\u2502" : "|", style->panic);
    for (size_t i = 0; i < width; i++) {
        const struct bin *c = &columns[i];

        if (c->panics == 0) {
            fputc(' ', out);
        } else if (2 * c->panics >= c->decisions) {
            fputs(style->utf8 ? "\u2580" : "=", out);
        } else {
            fputs(style->utf8 ? "\u2594" : "-", out);
        }
    }
    fprintf(out, "%s\n", style->end);
}

/* Round times below the panels. */
static void time_axis(FILE *out, const struct chart *chart, int64_t from, int64_t to, size_t width)
{
    int64_t step = chart_time_step(to - from, (int)(width / 12) + 1);
    char line[WIDTH_MAX + 40];
    size_t free_from = 0;

    memset(line, ' ', sizeof line);
    for (int64_t at = (from + step - 1) / step * step; at < to; at += step) {
        char text[40];
        size_t place = (size_t)((double)(at - from) / (double)(to - from) * (double)width);
        size_t length;

        chart_put_tick(text, sizeof text, chart, at, step);
        length = strlen(text);
        place = place > length / 2 ? place - length / 2 : 0;
        if (place >= free_from && place + length <= width) {
            memcpy(line + place, text, length);
            free_from = place + length + 2;
        }
    }
    line[free_from] = '\0';
    fprintf(out, "%*s  %s\n", LABEL, "", line);
}

void chart_terminal(FILE *out, const struct chart *chart, int colour)
{
    struct bin columns[WIDTH_MAX];
    struct style style = {has_utf8(), "", "", "", "", ""};
    const struct history *h = chart->history;
    size_t width = chart_width(), at = 0;
    int64_t from, to;

    if (h->count == 0) {
        return;
    }
    if (colour) {
        style =
            (struct style){style.utf8, "\033[36m", "\033[32m", "\033[33m", "\033[31m", "\033[0m"};
    }
    from = h->bins[0].at;
    to = h->end > from ? h->end : from + WEIR_SECOND;
    for (size_t i = 0; i < width; i++) {
        columns[i] = history_span(
            h, &at, from + (int64_t)((double)(to - from) * (double)(i + 1) / (double)width));
    }
    load_panel(out, columns, width, chart->series, &style);
    pods_panel(out, columns, width, &style);
    panic_row(out, columns, width, &style);
    time_axis(out, chart, from, to, width);
}
