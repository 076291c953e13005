/*
 * svg.c - the chart as SVG: load above, pods below, time in panic shaded in both.
 */
#include "chart.h"
#include "replaying.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum {
    WIDTH = 960,
    LEFT = 72,
    RIGHT = 24,
    TOP = 96, /* of the upper panel */
    PANEL = 190,
    BETWEEN = 58,
    FOOT = 62
};

#define INK   "#1f2933"
#define FAINT "#66737f"
#define GRID  "#e4e7eb"
#define LOAD  "#1769aa"
#define READY "#7bc4a4"
#define WISH  "#0b6e4f"
#define PANIC "#d64545"

struct frame {
    FILE *out;
    const struct chart *chart;
    const struct history *history;
    int64_t from, to;
};

static double x_of(const struct frame *f, int64_t at)
{
    double x = (double)(at - f->from) / (double)(f->to - f->from);

    return LEFT + (x < 0 ? 0 : x > 1 ? 1 : x) * (WIDTH - LEFT - RIGHT);
}

static double y_of(double value, double top, int base)
{
    return base - (value < top ? value : top) / top * PANEL;
}

static void put_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc((unsigned char)*text < ' ' ? ' ' : *text, out); break;
        }
    }
}

static void text_at(const struct frame *f, double x, double y, const char *style, const char *text)
{
    fprintf(f->out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, style);
    put_escaped(f->out, text);
    fprintf(f->out, "</text>\n");
}

/* ---- axes ----------------------------------------------------------------------------------- */

static void value_axis(const struct frame *f, double top, int base, const char *name)
{
    int parts = top <= 4 ? (int)top : 4;

    for (int i = 0; i <= parts; i++) {
        double y = base - (double)PANEL * i / parts;
        char label[32];

        snprintf(label, sizeof label, "%.4g", top * i / parts);
        fprintf(f->out, "<path d=\"M%d %.1fH%d\" stroke=\"%s\"/>\n", LEFT, y, WIDTH - RIGHT,
                i == 0 ? FAINT : GRID);
        text_at(f, LEFT - 10, y + 4, "text-anchor=\"end\" fill=\"" FAINT "\"", label);
    }
    text_at(f, LEFT, base - PANEL - 12, "font-weight=\"600\"", name);
}

static void time_axis(const struct frame *f, int base)
{
    int64_t step = chart_time_step(f->to - f->from, 10);

    for (int64_t at = (f->from + step - 1) / step * step; at <= f->to; at += step) {
        char label[40];

        chart_put_tick(label, sizeof label, f->chart, at, step);
        fprintf(f->out, "<path d=\"M%.1f %dv5\" stroke=\"%s\"/>\n", x_of(f, at), base, FAINT);
        text_at(f, x_of(f, at), base + 20, "text-anchor=\"middle\" fill=\"" FAINT "\"", label);
    }
    text_at(f, (LEFT + WIDTH - RIGHT) / 2.0, base + 42, "text-anchor=\"middle\" fill=\"" FAINT "\"",
            f->chart->first < 1000000000 * WEIR_SECOND ? "time of the trace" : "time (UTC)");
}

/* How much of a bin was in panic, in quarters, rounded up. */
static int panic_quarters(const struct bin *b)
{
    return (4 * b->panics + b->decisions - 1) / b->decisions;
}

static void shade_panic(const struct frame *f, int base)
{
    const struct history *h = f->history;

    for (size_t i = 0; i < h->count; i++) {
        int quarters = panic_quarters(&h->bins[i]);
        size_t begin = i;
        double x, end;

        if (quarters == 0) {
            continue;
        }
        while (i + 1 < h->count && panic_quarters(&h->bins[i + 1]) == quarters) {
            i++;
        }
        x = x_of(f, h->bins[begin].at);
        end = x_of(f, i + 1 < h->count ? h->bins[i + 1].at : f->to);
        fprintf(f->out,
                "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"" PANIC
                "\" fill-opacity=\"%.2f\"/>\n",
                x, base - PANEL, end - x, PANEL, 0.03 * quarters);
    }
}

/* ---- lines ---------------------------------------------------------------------------------- */

enum value { LOAD_HIGH, LOAD_LOW, WANTED, READY_PODS, TAKEN };

static double value_of(const struct frame *f, const struct bin *b, enum value which)
{
    switch (which) {
    case LOAD_HIGH: return b->load_high;
    case LOAD_LOW: return b->load_low;
    case WANTED: return b->wanted_high;
    case READY_PODS: return b->ready_high;
    default: return b->ready_high * f->chart->pod_capacity;
    }
}

static void end_piece(const struct frame *f, double x, int base, int area)
{
    fprintf(f->out, "H%.1f", x);
    if (area) {
        fprintf(f->out, "V%dZ", base);
    }
}

/* A stepped path: a value holds until the next bin. It breaks where there is no value. With `area`
 * it goes down to the base at both ends of each piece. */
static void steps(const struct frame *f, enum value which, double top, int base, int area,
                  const char *style)
{
    const struct history *h = f->history;
    double y = (double)NAN;

    fprintf(f->out, "<path %s d=\"", style);
    for (size_t i = 0; i < h->count; i++) {
        double value = value_of(f, &h->bins[i], which), x = x_of(f, h->bins[i].at);
        double next = isnan(value) ? (double)NAN : y_of(value, top, base);

        if (isnan(next) && !isnan(y)) {
            end_piece(f, x, base, area);
        } else if (!isnan(next) && isnan(y)) {
            if (area) {
                fprintf(f->out, "M%.1f %dV%.1f", x, base, next);
            } else {
                fprintf(f->out, "M%.1f %.1f", x, next);
            }
        } else if (!isnan(next) && next != y) {
            fprintf(f->out, "H%.1fV%.1f", x, next);
        }
        y = next;
    }
    if (!isnan(y)) {
        end_piece(f, x_of(f, f->to), base, area);
    }
    fprintf(f->out, "\"/>\n");
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int legend(const struct frame *f, int right, const char *name, const char *mark)
{
    int width = (int)strlen(name) * 7 + 30, x = right - width;

    fprintf(f->out, "<rect x=\"%d\" y=\"%d\" width=\"16\" %s/>\n", x, TOP - 24, mark);
    text_at(f, x + 22, TOP - 14, "", name);
    return x - 8;
}

static int has_panic(const struct history *h)
{
    int any = 0;

    for (size_t i = 0; i < h->count; i++) {
        any |= h->bins[i].panics > 0;
    }
    return any;
}

static void heading(const struct frame *f, int height)
{
    const struct chart *c = f->chart;
    int right = WIDTH - RIGHT;

    fprintf(f->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "height=\"%d\" role=\"img\" font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', "
            "sans-serif\" font-size=\"12\" fill=\"" INK "\">\n<title>",
            WIDTH, height, WIDTH, height);
    put_escaped(f->out, c->title);
    fprintf(f->out,
            ": load and pods over time</title>\n<rect width=\"%d\" height=\"%d\" "
            "fill=\"#ffffff\"/>\n",
            WIDTH, height);
    text_at(f, LEFT, 30, "font-size=\"17\" font-weight=\"600\"", c->title);
    text_at(f, LEFT, 50, "fill=\"" FAINT "\"", c->about);
    if (has_panic(c->history)) {
        right =
            legend(f, right, "panic mode", "height=\"12\" fill=\"" PANIC "\" fill-opacity=\"0.2\"");
    }
    right = legend(f, right, "ready", "height=\"12\" fill=\"" READY "\"");
    right = legend(f, right, "wanted",
                   "height=\"3\" rx=\"1\" transform=\"translate(0 5)\" fill=\"" WISH "\"");
    if (c->pod_capacity > 0) {
        right = legend(f, right, "what ready pods can take",
                       "height=\"2\" transform=\"translate(0 5)\" fill=\"" FAINT "\"");
    }
    legend(f, right, "load",
           "height=\"3\" rx=\"1\" transform=\"translate(0 5)\" fill=\"" LOAD "\"");
}

static void draw(const struct frame *f)
{
    const struct history *h = f->history;
    const char *series = f->chart->series;
    int upper = TOP + PANEL, lower = upper + BETWEEN + PANEL;
    double top_load = 0, top_pods = 0;

    for (size_t i = 0; i < h->count; i++) {
        top_load = fmax(top_load, h->bins[i].load_high);
        top_pods = fmax(top_pods, fmax(h->bins[i].wanted_high, h->bins[i].ready_high));
    }
    top_load = chart_round_up(top_load > 0 ? top_load * 1.05 : 1);
    top_pods = top_pods <= 4 ? 4 : chart_round_up(top_pods);
    heading(f, lower + FOOT);
    shade_panic(f, upper);
    shade_panic(f, lower);
    value_axis(f, top_load, upper,
               strcmp(series, "concurrency") == 0 ? "load: requests in flight"
               : strcmp(series, "rps") == 0       ? "load: requests per second"
                                                  : series);
    value_axis(f, top_pods, lower, "pods");
    time_axis(f, lower);
    steps(f, LOAD_HIGH, top_load, upper, 1, "fill=\"" LOAD "\" fill-opacity=\"0.14\"");
    if (f->chart->pod_capacity > 0) {
        steps(f, TAKEN, top_load, upper, 0,
              "fill=\"none\" stroke=\"" FAINT "\" stroke-dasharray=\"3 3\"");
    }
    steps(f, LOAD_HIGH, top_load, upper, 0,
          "fill=\"none\" stroke=\"" LOAD "\" stroke-width=\"1.6\"");
    if (h->each > 1) { /* thinned out: from the least to the most */
        steps(f, LOAD_LOW, top_load, upper, 0,
              "fill=\"none\" stroke=\"" LOAD "\" stroke-opacity=\"0.5\"");
    }
    steps(f, READY_PODS, top_pods, lower, 1, "fill=\"" READY "\" fill-opacity=\"0.6\"");
    steps(f, WANTED, top_pods, lower, 0, "fill=\"none\" stroke=\"" WISH "\" stroke-width=\"1.8\"");
    fprintf(f->out, "</svg>\n");
}

int chart_svg(const char *path, const struct chart *chart)
{
    struct frame f = {NULL, chart, chart->history, 0, 0};
    int fine;

    if (chart->history->count == 0) {
        complain("%s: there is no decision to draw", path);
        return 0;
    }
    f.from = chart->history->bins[0].at;
    f.to = chart->history->end > f.from ? chart->history->end : f.from + WEIR_SECOND;
    f.out = fopen(path, "w");
    if (f.out == NULL) {
        complain("%s: %s", path, strerror(errno));
        return 0;
    }
    draw(&f);
    fine = !ferror(f.out);
    if (fclose(f.out) != 0 || !fine) {
        complain("%s: %s", path, strerror(errno));
        return 0;
    }
    return 1;
}
