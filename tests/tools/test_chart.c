/* charts: histories thinned out, scales, and SVG that is well-formed whatever is drawn. */
#include "chart.h"
#include "random.h"
#include "replaying.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define S WEIR_SECOND

static struct history history; /* too large for a small stack */

static void add(int64_t second, double load, int32_t wanted, int32_t ready, int32_t panic)
{
    struct bin one = {second * S, load, load, wanted, wanted, ready, ready, 1, panic};

    history_add(&history, &one);
    history.end = (second + 1) * S;
}

/* ---- histories ------------------------------------------------------------------------------ */

static void a_short_history_keeps_every_decision(void **state)
{
    (void)state;
    history_init(&history);
    for (int i = 0; i < HISTORY_BINS; i++) {
        add(i, i, i, i / 2, i % 2);
    }
    assert_int_equal(history.count, HISTORY_BINS);
    assert_int_equal(history.each, 1);
    assert_true(history.bins[100].load_high == 100 && history.bins[100].wanted == 100);
}

static void a_long_history_joins_neighbours_and_loses_nothing(void **state)
{
    int64_t decisions = 0, panics = 0;
    double low = INFINITY, high = -INFINITY;

    (void)state;
    history_init(&history);
    for (int i = 0; i < 100000; i++) {
        add(i, i == 77777 ? 9e9 : i == 3 ? -1.0 : 5.0, i == 50001 ? 99 : 1, 1, i % 10 == 0);
    }
    assert_true(history.count > HISTORY_BINS / 2 && history.count <= HISTORY_BINS);
    for (size_t i = 0; i < history.count; i++) {
        const struct bin *b = &history.bins[i];

        assert_true(i == 0 || b->at > history.bins[i - 1].at);
        assert_true(b->decisions == (int32_t)history.each || i == history.count - 1);
        decisions += b->decisions;
        panics += b->panics;
        low = fmin(low, b->load_low);
        high = fmax(high, b->load_high);
        if (b->at <= 50001 * S && b->at + (int64_t)history.each * S > 50001 * S) {
            assert_int_equal(b->wanted_high, 99);
        }
    }
    assert_true(decisions == 100000 && panics == 10000);
    assert_true(low == -1.0 && high == 9e9);
}

static void a_span_without_decisions_is_as_the_one_before_left_it(void **state)
{
    size_t at = 0;
    struct bin b;

    (void)state;
    history_init(&history);
    add(0, 1, 2, 0, 0);
    add(1, 4, 8, 1, 1);
    add(9, (double)NAN, 3, 3, 0);
    b = history_span(&history, &at, 5 * S);
    assert_true(b.load_low == 1 && b.load_high == 4 && b.wanted_high == 8 && b.panics == 1);
    b = history_span(&history, &at, 8 * S);
    assert_true(b.wanted_high == 8 && b.ready_high == 1 && b.load_high == 4);
    b = history_span(&history, &at, 10 * S);
    assert_true(isnan(b.load_high) && b.wanted_high == 3);
}

/* ---- scales --------------------------------------------------------------------------------- */

static void scales_are_round_and_large_enough(void **state)
{
    struct rng r = {3};

    (void)state;
    assert_true(chart_round_up(179.5) == 200 && chart_round_up(18) == 20);
    assert_true(chart_round_up(0.07) >= 0.07 && chart_round_up(0.07) < 0.1 + 1e-12);
    assert_true(chart_round_up(1) == 1 && chart_round_up(10) == 10);
    for (int i = 0; i < 10000; i++) {
        double x = rng_real(&r, 0, 1) * (double)rng_int(&r, 1, INT32_MAX), top;
        int64_t span = rng_int(&r, 1, INT32_MAX) * S, step = chart_time_step(span, 10);

        x = x > 1e-3 ? x : 1e-3;
        top = chart_round_up(x);
        assert_true(top >= x && top <= 1.7 * x);
        assert_true(step > 0 && span / step < 10);
    }
}

static void ticks_say_what_is_needed(void **state)
{
    struct chart trace = {.first = 0}, real = {.first = INT64_C(1795514400) * S};
    char text[40];

    (void)state;
    chart_put_tick(text, sizeof text, &trace, 3723 * S, 60 * S);
    assert_string_equal(text, "1:02:03");
    chart_put_tick(text, sizeof text, &trace, 5 * 86400 * S, 86400 * S);
    assert_string_equal(text, "day 5");
    chart_put_tick(text, sizeof text, &real, real.first, 60 * S);
    assert_string_equal(text, "10:00");
    chart_put_tick(text, sizeof text, &real, real.first + S, S);
    assert_string_equal(text, "10:00:01");
    chart_put_tick(text, sizeof text, &real, real.first, 86400 * S);
    assert_string_equal(text, "11-24");
}

/* ---- SVG ------------------------------------------------------------------------------------ */

static char svg[1 << 20];

/* Reads a start or end tag behind "<"; where it ends. Its attributes are quoted. */
static const char *read_tag(const char *p, char *name, size_t size, int *is_end, int *is_empty)
{
    size_t n = 0;

    *is_end = *p == '/';
    p += *is_end;
    while ((*p >= 'a' && *p <= 'z') && n + 1 < size) {
        name[n++] = *p++;
    }
    name[n] = '\0';
    assert_true(n > 0);
    *is_empty = 0;
    while (*p != '>') {
        assert_true(*p != '\0' && *p != '<' && *p != '&');
        if (*p == '"') {
            p = strchr(p + 1, '"');
            assert_non_null(p);
        }
        *is_empty = *p == '/';
        p++;
    }
    return p + 1;
}

/* Every tag is closed in order, every entity is one, nothing is fetched from elsewhere. */
static void check_well_formed(const char *p)
{
    char open[16][16], name[16];
    int depth = 0, is_end, is_empty, roots = 0;

    while (*p != '\0') {
        if (*p == '&') {
            assert_true(strncmp(p, "&lt;", 4) == 0 || strncmp(p, "&gt;", 4) == 0 ||
                        strncmp(p, "&amp;", 5) == 0 || strncmp(p, "&quot;", 6) == 0);
        }
        assert_true((unsigned char)*p >= ' ' || *p == '\n');
        if (*p++ != '<') {
            continue;
        }
        p = read_tag(p, name, sizeof name, &is_end, &is_empty);
        if (is_end) {
            assert_true(depth > 0);
            assert_string_equal(open[--depth], name);
        } else if (!is_empty) {
            assert_true(depth < 16);
            roots += depth == 0;
            snprintf(open[depth++], sizeof open[0], "%s", name);
        }
    }
    assert_int_equal(depth, 0);
    assert_int_equal(roots, 1);
}

/* Draws the history and reads the file back. */
static void draw(const char *title, weir_time first, double pod_capacity)
{
    char path[] = "/tmp/weir-test-chart-XXXXXX";
    struct chart chart = {&history, title, "about <it> & more", "concurrency", first, pod_capacity};
    int descriptor = mkstemp(path);
    FILE *file;
    size_t n;

    assert_true(descriptor >= 0);
    close(descriptor);
    assert_true(chart_svg(path, &chart));
    file = fopen(path, "rb");
    assert_non_null(file);
    n = fread(svg, 1, sizeof svg - 1, file);
    svg[n] = '\0';
    fclose(file);
    remove(path);
    check_well_formed(svg);
    assert_null(strstr(svg, "nan"));
    assert_null(strstr(svg, "inf\""));
    assert_null(strstr(svg, "href"));
    assert_null(strstr(svg, "url("));
}

static void an_svg_shows_what_happened(void **state)
{
    (void)state;
    history_init(&history);
    for (int i = 0; i < 100; i += 2) {
        add(i, i < 50 ? 10 : 80, i < 54 ? 1 : 8, i < 58 ? 1 : 8, i >= 54 && i < 70);
    }
    draw("Service default/<hello> & \"co\"", 0, 10);
    assert_non_null(strstr(svg, "Service default/&lt;hello&gt; &amp; &quot;co&quot;"));
    assert_non_null(strstr(svg, "load: requests in flight"));
    assert_non_null(strstr(svg, ">pods<"));
    assert_non_null(strstr(svg, "panic mode"));
    assert_non_null(strstr(svg, "what ready pods can take"));
    assert_non_null(strstr(svg, ">0:00:30<"));
    assert_non_null(strstr(svg, "fill-opacity=\"0.12\"")); /* panic, in both panels */
    draw("no capacity known", INT64_C(1795514400) * S, 0);
    assert_null(strstr(svg, "what ready pods can take"));
    assert_non_null(strstr(svg, "time (UTC)"));
    history_init(&history);
    add(0, 10, 1, 1, 0);
    add(2, 10, 1, 1, 0);
    draw("HorizontalPodAutoscaler default/calm", 0, 10); /* a kind that knows no panic */
    assert_null(strstr(svg, "panic mode"));
}

static void odd_histories_are_drawn_too(void **state)
{
    (void)state;
    history_init(&history);
    add(5, 0, 0, 0, 0); /* one decision, nothing in it */
    draw("one", 0, 10);
    history_init(&history);
    add(0, (double)NAN, 1, 1, 0); /* no load at all */
    add(2, (double)NAN, 1, 1, 1);
    draw("no load", 0, 10);
    history_init(&history);
    add(0, 5, 1, 1, 0); /* gaps in the load */
    add(2, (double)NAN, 1, 1, 0);
    add(4, 1e15, INT32_MAX, 1, 0);
    add(6, (double)NAN, 0, 0, 0);
    draw("gaps", 0, 0);
}

static void an_svg_without_decisions_or_place_is_refused(void **state)
{
    struct chart chart = {&history, "t", "a", "rps", 0, 0};

    (void)state;
    history_init(&history);
    assert_false(chart_svg("/nowhere/chart.svg", &chart));
    add(0, 1, 1, 1, 0);
    assert_false(chart_svg("/nowhere/chart.svg", &chart));
}

/* ---- the terminal --------------------------------------------------------------------------- */

/* The chart as text, with these settings of the environment. */
static void draw_terminal(const char *locale, const char *columns, int colour)
{
    struct chart chart = {&history, "t", "a", "concurrency", 0, 10};
    FILE *file = tmpfile();
    size_t n;

    assert_non_null(file);
    setenv("LC_ALL", locale, 1);
    setenv("COLUMNS", columns, 1);
    chart_terminal(file, &chart, colour);
    rewind(file);
    n = fread(svg, 1, sizeof svg - 1, file);
    svg[n] = '\0';
    fclose(file);
}

static void a_terminal_chart_fits_its_terminal(void **state)
{
    (void)state;
    history_init(&history);
    for (int i = 0; i < 600; i += 2) {
        add(i, i < 300 ? 10 : 80, i < 304 ? 1 : 8, i < 312 ? 1 : 8, i >= 304 && i < 370);
    }
    for (int width = 40; width <= 200; width += 40) {
        char columns[16];
        size_t longest = 0;

        snprintf(columns, sizeof columns, "%d", width);
        draw_terminal("C", columns, 0);
        for (const char *line = svg; *line != '\0';) {
            size_t length = strcspn(line, "\n");

            longest = length > longest ? length : longest;
            line += length + (line[length] == '\n');
        }
        assert_true(longest <= (size_t)width && longest > (size_t)width - 4);
        assert_null(strstr(svg, "\033["));
        for (const char *p = svg; *p != '\0'; p++) {
            assert_true((unsigned char)*p < 0x80); /* no UTF-8 where it is not known to work */
        }
        assert_non_null(strstr(svg, "+ wanted, not ready"));
        assert_non_null(strstr(svg, "panic |"));
    }
    draw_terminal("C.UTF-8", "80", 1);
    assert_non_null(strstr(svg, "\u2588"));
    assert_non_null(strstr(svg, "\033[32m"));
    draw_terminal("C.UTF-8", "nonsense", 0);
    assert_non_null(strstr(svg, "\u2591"));
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, a_short_history_keeps_every_decision);
    SUITE_TEST(&suite, a_long_history_joins_neighbours_and_loses_nothing);
    SUITE_TEST(&suite, a_span_without_decisions_is_as_the_one_before_left_it);
    SUITE_TEST(&suite, scales_are_round_and_large_enough);
    SUITE_TEST(&suite, ticks_say_what_is_needed);
    SUITE_TEST(&suite, an_svg_shows_what_happened);
    SUITE_TEST(&suite, odd_histories_are_drawn_too);
    SUITE_TEST(&suite, an_svg_without_decisions_or_place_is_refused);
    SUITE_TEST(&suite, a_terminal_chart_fits_its_terminal);
    return suite_run(&suite, "chart");
}
