/*
 * PromQL from anywhere: an error has a place in the text; what is parsed prints as what parses and
 * prints the same again; and over a grid of times a query gives what it gives at each of its times.
 *
 * The first byte chooses the semantics and the grid.
 */
#include "fuzz.h"

#include <string.h>
#include <weir/promql.h>

enum { STEPS = 12, STEP_MS = 20000, SAMPLES = 40 };

static void *take(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void give(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static const weir_allocator memory = {take, give, NULL};

/* ---- series --------------------------------------------------------------------------------- */

static const struct {
    const char *name, *a, *le;
    double start, slope;
    int reset; /* after so many samples from the start again; 0: never */
} kinds[] = {
    {"x", "1", "", 0, 7, 11},      {"x", "2", "", 5, 0.1, 0},       {"x", "", "", -3, 1.5, 7},
    {"y", "1", "", 100, -2, 0},    {"y", "2", "", 1e300, 1e307, 9}, {"b", "1", "0.1", 0, 1, 0},
    {"b", "1", "1", 0, 3, 0},      {"b", "1", "+Inf", 0, 4, 0},     {"b", "2", "0.5", 2, 0.5, 5},
    {"b", "2", "+Inf", 2, 0.7, 5},
};

static double sample(size_t kind, int i)
{
    int steps = kinds[kind].reset > 0 ? i % kinds[kind].reset : i;
    double value = kinds[kind].start + kinds[kind].slope * steps;

    if (i % 17 == 3 + (int)kind) {
        return weir_stale_marker();
    }
    if (kind == 2 && i % 13 == 5) {
        return (value - value) / (value - value); /* NaN */
    }
    return kind == 4 && i % 11 == 8 ? value * 1e300 : value; /* an infinity */
}

static weir_series_store *make_store(void)
{
    weir_series_store *store = NULL;

    must(weir_series_store_create(&memory, &store) == WEIR_OK);
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        weir_label labels[3] = {{"__name__", 8, kinds[kind].name, 1},
                                {"a", 1, kinds[kind].a, strlen(kinds[kind].a)},
                                {"le", 2, kinds[kind].le, strlen(kinds[kind].le)}};
        uint32_t series;

        must(weir_series_store_series(store, labels, 3, &series, NULL) == WEIR_OK);
        for (int i = 0; i < SAMPLES; i++) {
            if ((i + (int)kind) % 8 != 7) { /* a gap */
                must(weir_series_store_append(store, series, i * 5000 + (int)kind * 300,
                                              sample(kind, i)) == WEIR_OK);
            }
        }
    }
    return store;
}

/* ---- parsing -------------------------------------------------------------------------------- */

/* Prints an expression into memory that the caller frees. */
static char *printed(const weir_promql_expr *expr, size_t *length)
{
    size_t need = 0;
    char *text;

    must(weir_promql_print(expr, NULL, 0, &need) == WEIR_E_SPACE && need > 0);
    text = malloc(need);
    must(text != NULL && weir_promql_print(expr, text, need, NULL) == WEIR_OK);
    *length = need - 1;
    return text;
}

/* Whether a text has numbers so long that a time of it, in seconds, has no exact milliseconds. */
static int has_long_number(const char *text, size_t length)
{
    size_t digits = 0;

    for (size_t i = 0; i < length && digits < 12; i++) {
        digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
    }
    return digits >= 12;
}

static void check_printing(const weir_promql_expr *expr)
{
    size_t length, again_length;
    char *text = printed(expr, &length), *again;
    weir_promql_expr *other = NULL;

    must(weir_promql_parse(text, length, &memory, &other, NULL) == WEIR_OK);
    must(weir_promql_type(other) == weir_promql_type(expr));
    again = printed(other, &again_length);
    must((length == again_length && memcmp(text, again, length) == 0) ||
         has_long_number(text, length));
    weir_promql_expr_free(other);
    free(again);
    free(text);
}

static weir_promql_expr *parse(const char *text, size_t size)
{
    weir_promql_expr *expr = NULL;
    weir_error err = {0};
    weir_status status = weir_promql_parse(text, size, &memory, &expr, &err);
    int32_t lines = 1;

    if (status == WEIR_OK) {
        check_printing(expr);
        return expr;
    }
    for (size_t i = 0; i < size; i++) {
        lines += text[i] == '\n';
    }
    must(expr == NULL && err.status == status && err.message[0] != '\0');
    must(err.line >= 0 && err.line <= lines);
    must(err.column >= 0 && (size_t)err.column <= size + 2); /* upstream's may be one behind */
    return NULL;
}

/* ---- evaluating ----------------------------------------------------------------------------- */

static int same_label(const weir_label *a, const weir_label *b)
{
    return a->name_length == b->name_length && a->value_length == b->value_length &&
           memcmp(a->name, b->name, a->name_length) == 0 &&
           memcmp(a->value, b->value, a->value_length) == 0;
}

static int same_labels(const weir_promql_result *a, uint32_t i, const weir_promql_result *b,
                       uint32_t j)
{
    size_t count = a->label_at[i + 1] - a->label_at[i];
    int same = count == b->label_at[j + 1] - b->label_at[j];

    for (size_t k = 0; same && k < count; k++) {
        same = same_label(&a->labels[a->label_at[i] + k], &b->labels[b->label_at[j] + k]);
    }
    return same;
}

/* The value of a series at a time; NULL: there is none. */
static const double *value_at(const weir_promql_result *r, uint32_t i, int64_t time)
{
    for (size_t p = r->point_at[i]; p < r->point_at[i + 1]; p++) {
        if (r->times_ms[p] == time) {
            return &r->values[p];
        }
    }
    return NULL;
}

static int same_value(double a, double b)
{
    return (a != a && b != b) || memcmp(&a, &b, sizeof a) == 0;
}

/* The elements of an instant are what the grid has at its time, in any order. */
static void check_instant(const weir_promql_result *grid, const weir_promql_result *instant,
                          int64_t time)
{
    uint32_t there = 0;

    for (uint32_t i = 0; i < grid->series_count; i++) {
        there += value_at(grid, i, time) != NULL;
    }
    must(there == instant->series_count);
    for (uint32_t j = 0; j < instant->series_count; j++) {
        const double *value = NULL;

        for (uint32_t i = 0; i < grid->series_count && value == NULL; i++) {
            value = same_labels(grid, i, instant, j) ? value_at(grid, i, time) : NULL;
        }
        must(value != NULL && same_value(*value, instant->values[instant->point_at[j]]));
    }
}

static void evaluate(const weir_series_store *store, const weir_promql_expr *expr, uint8_t choice,
                     int same_at_all_times)
{
    weir_promql_options options;
    weir_promql_result *grid = NULL, *instant;
    weir_error err = {0};
    int64_t start = (choice >> 1) * 1000, end = start + (STEPS - 1) * STEP_MS;
    int32_t type = weir_promql_type(expr);
    int ranged = type == WEIR_PROMQL_SCALAR || type == WEIR_PROMQL_VECTOR;
    weir_status status;

    must(weir_promql_options_init(&options, sizeof options) == WEIR_OK);
    options.semantics = choice & 1 ? WEIR_PROMETHEUS_2_42 : WEIR_PROMETHEUS_3;
    options.max_samples = 30000;
    status = weir_promql_range(store, expr, start, end, STEP_MS, &options, &memory, &grid, &err);
    must(ranged || status == WEIR_E_RANGE);
    must(status == WEIR_OK || err.message[0] != '\0');
    for (int64_t time = start; time <= end; time += STEP_MS) {
        instant = NULL;
        if (weir_promql_instant(store, expr, time, &options, &memory, &instant, &err) == WEIR_OK) {
            if (status == WEIR_OK && same_at_all_times) {
                check_instant(grid, instant, time);
            }
            weir_promql_result_free(instant);
        } else {
            must(status != WEIR_OK || !same_at_all_times);
            must(err.message[0] != '\0');
        }
    }
    weir_promql_result_free(grid);
}

/* Whether a text has a word that means the ends of the whole query. */
static int has(const char *text, size_t size, const char *word)
{
    size_t length = strlen(word);

    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp(text + i, word, length) == 0) {
            return 1;
        }
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_series_store *store;
    weir_promql_expr *expr;
    char *text;

    if (size == 0 || size > 4096) {
        return 0;
    }
    text = malloc(size);
    must(text != NULL);
    memcpy(text, data + 1, size - 1);
    expr = parse(text, size - 1);
    if (expr != NULL) {
        store = make_store();
        evaluate(store, expr, data[0],
                 !has(text, size - 1, "start") && !has(text, size - 1, "end"));
        weir_series_store_free(store);
    }
    weir_promql_expr_free(expr);
    free(text);
    return 0;
}
