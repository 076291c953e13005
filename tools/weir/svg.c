/*
 * svg.c - the chart as SVG: load above, replicas below, time in panic shaded.
 */
#include "chart.h"
#include "replaying.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { WIDTH = 960, LEFT = 64, RIGHT = 24, TOP = 64, PANEL = 180, BETWEEN = 56, TICKS = 6 };

struct frame {
    FILE *out;
    const struct points *points;
    int64_t first, last;
};

static double x_of(const struct frame *f, int64_t at)
{
    double span = f->last > f->first ? (double)(f->last - f->first) : 1.0;

    return LEFT + (double)(at - f->first) / span * (WIDTH - LEFT - RIGHT);
}

/* A round number that is not below the value. */
static double round_up(double value)
{
    static const double steps[] = {1, 2, 3, 4, 5, 6, 8, 10};
    double power = 1;

    while (power * 10 < value) {
        power *= 10;
    }
    while (power >= value && power > 1e-6 && value > 0) {
        power /= 10;
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i] * power >= value) {
            return steps[i] * power;
        }
    }
    return 10 * power;
}

static void put_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*text, out); break;
        }
    }
}

static double value_of(const struct point *p, int which)
{
    return which == 0 ? p->load : which == 1 ? p->desired : p->ready;
}

/* A stepped line: a value holds until the next decision. */
static void line(const struct frame *f, int which, double top, int base, const char *style)
{
    double last_y = -1;

    fprintf(f->out, "<path d=\"");
    for (size_t i = 0; i < f->points->count; i++) {
        const struct point *p = &f->points->all[i];
        double x = x_of(f, p->at), y = base - value_of(p, which) / top * PANEL;

        if (i == 0) {
            fprintf(f->out, "M%.1f %.1f", x, y);
        } else if (y != last_y || i + 1 == f->points->count) {
            fprintf(f->out, "H%.1fV%.1f", x, y);
        }
        last_y = y;
    }
    fprintf(f->out, "\" fill=\"none\" %s/>\n", style);
}

static void shade_panic(const struct frame *f, int base)
{
    const struct points *points = f->points;

    for (size_t i = 0; i < points->count; i++) {
        size_t begin = i;

        if (!points->all[i].panic) {
            continue;
        }
        while (i + 1 < points->count && points->all[i + 1].panic) {
            i++;
        }
        fprintf(f->out,
                "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"#e5484d\" "
                "fill-opacity=\"0.12\"/>\n",
                x_of(f, points->all[begin].at), base - PANEL,
                x_of(f, points->all[i + 1 < points->count ? i + 1 : i].at) -
                    x_of(f, points->all[begin].at),
                PANEL);
    }
}

static void axes(const struct frame *f, double top, int base, const char *unit, int with_times)
{
    for (int i = 0; i <= 4; i++) {
        double y = base - PANEL * i / 4.0;

        fprintf(f->out,
                "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#d9d9e0\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.4g</text>\n",
                LEFT, y, WIDTH - RIGHT, y, LEFT - 8, y + 4, top * i / 4.0);
    }
    fprintf(f->out, "<text x=\"%d\" y=\"%d\" font-weight=\"600\">", LEFT, base - PANEL - 12);
    put_escaped(f->out, unit);
    fprintf(f->out, "</text>\n");
    for (int i = 0; with_times && i <= TICKS; i++) {
        int64_t at = f->first + (int64_t)((double)(f->last - f->first) * i / TICKS);
        char text[40];

        put_time(text, sizeof text, at, f->first);
        fprintf(f->out,
                "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#8b8d98\"/>"
                "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                x_of(f, at), base, x_of(f, at), base + 5, x_of(f, at), base + 20,
                strlen(text) > 12 ? text + 11 : text); /* the time of day is enough */
    }
}

static void legend(const struct frame *f, int x, int y, const char *name, const char *mark)
{
    fprintf(f->out, "<rect x=\"%d\" y=\"%d\" width=\"18\" height=\"4\" %s/>", x, y - 6, mark);
    fprintf(f->out, "<text x=\"%d\" y=\"%d\">%s</text>\n", x + 24, y, name);
}

static void draw(const struct frame *f, const char *title, const char *series)
{
    double top_load = 0, top_pods = 0;
    int upper = TOP + PANEL, lower = upper + BETWEEN + PANEL, height = lower + 40;

    for (size_t i = 0; i < f->points->count; i++) {
        const struct point *p = &f->points->all[i];
        int32_t pods = p->desired > p->ready ? p->desired : p->ready;

        top_load = p->load > top_load ? p->load : top_load;
        top_pods = pods > top_pods ? pods : top_pods;
    }
    top_load = round_up(top_load > 0 ? top_load : 1);
    top_pods = top_pods < 1 ? 1 : top_pods;
    top_pods = 4 * round_up(ceil(top_pods / 4)); /* four whole steps */
    fprintf(
        f->out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "height=\"%d\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#1c2024\">\n"
        "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n<text x=\"%d\" y=\"28\" "
        "font-size=\"16\" font-weight=\"600\">",
        WIDTH, height, WIDTH, height, WIDTH, height, LEFT);
    put_escaped(f->out, title);
    fprintf(f->out, "</text>\n");
    shade_panic(f, upper);
    shade_panic(f, lower);
    axes(f, top_load, upper, series, 0);
    axes(f, top_pods, lower, "pods", 1);
    line(f, 0, top_load, upper, "stroke=\"#0d74ce\" stroke-width=\"1.5\"");
    line(f, 2, top_pods, lower, "stroke=\"#8b8d98\" stroke-width=\"1.5\" stroke-dasharray=\"4 3\"");
    line(f, 1, top_pods, lower, "stroke=\"#218358\" stroke-width=\"2\"");
    legend(f, WIDTH - 330, 28, "load", "fill=\"#0d74ce\"");
    legend(f, WIDTH - 260, 28, "wanted", "fill=\"#218358\"");
    legend(f, WIDTH - 170, 28, "ready", "fill=\"#8b8d98\"");
    legend(f, WIDTH - 90, 28, "panic", "fill=\"#e5484d\" fill-opacity=\"0.3\"");
    fprintf(f->out, "</svg>\n");
}

int chart_svg(const char *path, const struct points *points, const char *title, const char *series)
{
    struct frame f = {NULL, points, 0, 0};
    int fine;

    if (points->count == 0) {
        complain("%s: there is no decision to draw", path);
        return 0;
    }
    f.first = points->all[0].at;
    f.last = points->all[points->count - 1].at;
    f.out = fopen(path, "w");
    if (f.out == NULL) {
        complain("%s: %s", path, strerror(errno));
        return 0;
    }
    draw(&f, title, series);
    fine = !ferror(f.out);
    if (fclose(f.out) != 0 || !fine) {
        complain("%s: %s", path, strerror(errno));
        return 0;
    }
    return 1;
}
