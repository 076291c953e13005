/* A running cluster's scaler and its Prometheus: from the raw samples weir gives every answer that
 * the server gave, to the bit. */
#include "csv.h"
#include "program.h"
#include "series.h"
#include "table.h"
#include <stdio.h>

#define DATA WEIR_SOURCE_DIR "/examples/data/"

enum { ANSWERS = 5917, QUERIES_MAX = 16, QUERY_MAX = 512 };

/* Expressions are parsed once. */
struct query {
    char text[QUERY_MAX];
    weir_promql_expr *expr;
};

struct queries {
    struct query list[QUERIES_MAX];
    size_t count;
};

static const weir_promql_expr *parsed(struct queries *queries, const struct csv_field *field)
{
    struct query *q;

    assert_true(field->length < QUERY_MAX);
    for (size_t i = 0; i < queries->count; i++) {
        q = &queries->list[i];
        if (strlen(q->text) == field->length && memcmp(q->text, field->text, field->length) == 0) {
            return q->expr;
        }
    }
    assert_true(queries->count < QUERIES_MAX);
    q = &queries->list[queries->count++];
    memcpy(q->text, field->text, field->length);
    q->text[field->length] = '\0';
    q->expr = series_expression(q->text);
    assert_non_null(q->expr);
    return q->expr;
}

/* The recorded answer, a list of at most one element without labels. 1 when it has one. */
static int recorded(const struct csv_field *field, double *value)
{
    weir_series_reader_options options;
    weir_series_reader *reader;
    weir_entry entry;
    weir_status status;

    weir_series_reader_options_init(&options, sizeof options);
    options.format = WEIR_FORMAT_API_JSON;
    assert_int_equal(weir_series_reader_create(&options, &series_memory, &reader, NULL), WEIR_OK);
    weir_series_reader_feed(reader, field->text, field->length, NULL);
    weir_series_reader_finish(reader, NULL);
    status = weir_series_reader_next(reader, &entry, NULL);
    if (status == WEIR_OK) {
        assert_int_equal(entry.label_count, 0);
        *value = entry.value;
        assert_int_equal(weir_series_reader_next(reader, &entry, NULL), WEIR_END);
    } else {
        assert_int_equal(status, WEIR_END);
    }
    weir_series_reader_free(reader);
    return status == WEIR_OK;
}

static void answers(const weir_series_store *store, const weir_promql_expr *expr, int64_t ns,
                    const struct csv_field *answer)
{
    weir_promql_options options;
    weir_promql_result *result;
    double value = 0;
    int there = recorded(answer, &value);

    weir_promql_options_init(&options, sizeof options);
    options.semantics = WEIR_PROMETHEUS_2_42;
    assert_int_equal(weir_promql_instant(store, expr, weir_promql_ms(ns), &options, &series_memory,
                                         &result, NULL),
                     WEIR_OK);
    assert_int_equal(result->series_count, there);
    if (there) {
        assert_int_equal(result->label_at[1], 0);
        assert_bits_equal(result->values[0], value);
    }
    weir_promql_result_free(result);
}

static void gives_every_answer(void **state)
{
    static const char *const files[] = {DATA "keda-series.json.gz"};
    struct queries *queries = calloc(1, sizeof *queries);
    char message[CSV_MESSAGE_MAX];
    struct csv *csv = csv_open(DATA "keda-queries.csv.gz", message);
    struct series_wishes wishes;
    weir_series_store *store;
    int time, query, code, result, compared = 0, more;

    (void)state;
    assert_non_null(queries);
    assert_non_null(csv);
    series_wishes_init(&wishes);
    wishes.mark_stale = 1;
    assert_int_equal(series_load(files, 1, &wishes, &store), EXIT_FINE);
    time = csv_column(csv, "eval_time");
    query = csv_column(csv, "query");
    code = csv_column(csv, "code");
    result = csv_column(csv, "result");
    while ((more = csv_next(csv)) == 1) {
        const struct csv_field *status = csv_get(csv, code);
        int64_t ns;

        if (status->length != 3 || memcmp(status->text, "200", 3) != 0) {
            continue; /* failed on purpose before it reached the server */
        }
        assert_null(csv_time(csv_get(csv, time), &ns));
        answers(store, parsed(queries, csv_get(csv, query)), ns, csv_get(csv, result));
        compared++;
    }
    assert_int_equal(more, 0);
    assert_int_equal(compared, ANSWERS);
    for (size_t i = 0; i < queries->count; i++) {
        weir_promql_expr_free(queries->list[i].expr);
    }
    free(queries);
    csv_close(csv);
    weir_series_store_free(store);
}

/* A store that has the markers gets no more of them. */
static void marks_once(void **state)
{
    static const char *const files[] = {DATA "keda-series.json.gz"};
    weir_series_store *store, *marked;
    uint64_t count;

    (void)state;
    for (int with = 0; with < 2; with++) {
        struct series_wishes wishes;

        series_wishes_init(&wishes);
        wishes.mark_stale = with;
        assert_int_equal(series_load(files, 1, &wishes, &store), EXIT_FINE);
        assert_int_equal(weir_series_store_create(&series_memory, &marked), WEIR_OK);
        assert_int_equal(weir_series_mark_stale(store, marked, &series_memory, &count, NULL),
                         WEIR_OK);
        assert_int_equal(count > 0, !with);
        weir_series_store_free(marked);
        weir_series_store_free(store);
    }
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, gives_every_answer);
    SUITE_TEST(&suite, marks_once);
    return suite_run(&suite, "answers to a scaler");
}
