/*
 * The series store: which label sets are one series, which samples are taken, staleness markers
 * apart from samples, and what is refused.
 */
#include "promql_world.h"

enum { STALE = 1000 }; /* stands for the marker in rows */

/* ---- appending ------------------------------------------------------------------------------ */

struct appending {
    const char *name;
    struct {
        int64_t time;
        double value;
        weir_status status;
    } samples[6];
    size_t count, stale; /* afterwards */
};

static const struct appending appendings[] = {
    {"rising times", {{1, 1, WEIR_OK}, {2, 1, WEIR_OK}, {5, 0, WEIR_OK}}, 3, 0},
    {"times below zero", {{-5, 1, WEIR_OK}, {-1, 2, WEIR_OK}, {0, 3, WEIR_OK}}, 3, 0},
    {"an older sample", {{5, 1, WEIR_OK}, {4, 1, WEIR_E_TIME}, {6, 1, WEIR_OK}}, 2, 0},
    {"the same again", {{5, 1, WEIR_OK}, {5, 1, WEIR_OK}}, 1, 0},
    {"another value", {{5, 1, WEIR_OK}, {5, 2, WEIR_E_MISMATCH}, {5, 1, WEIR_OK}}, 1, 0},
    {"minus zero is another value", {{5, 0.0, WEIR_OK}, {5, -0.0, WEIR_E_MISMATCH}}, 1, 0},
    {"a marker", {{5, 1, WEIR_OK}, {6, STALE, WEIR_OK}, {7, 1, WEIR_OK}}, 2, 1},
    {"a marker at a sample's time", {{5, 1, WEIR_OK}, {5, STALE, WEIR_E_MISMATCH}}, 1, 0},
    {"a sample at a marker's time", {{5, STALE, WEIR_OK}, {5, 1, WEIR_E_MISMATCH}}, 0, 1},
    {"a marker again", {{5, STALE, WEIR_OK}, {5, STALE, WEIR_OK}}, 0, 1},
    {"before a marker", {{5, 1, WEIR_OK}, {7, STALE, WEIR_OK}, {6, 1, WEIR_E_TIME}}, 1, 1},
    {"the ends of time", {{INT64_MIN, 1, WEIR_OK}, {INT64_MAX, 1, WEIR_OK}}, 2, 0},
};

static void appends(void **state)
{
    const struct appending *row = *state;
    weir_series_store *store = world_store(1, "a");
    weir_samples samples;

    for (size_t i = 0; i < 6; i++) {
        double value = row->samples[i].value == STALE ? weir_stale_marker() : row->samples[i].value;

        if (i == 0 || row->samples[i].time != 0 || row->samples[i].value != 0) {
            assert_int_equal(weir_series_store_append(store, 0, row->samples[i].time, value),
                             row->samples[i].status);
        }
    }
    assert_int_equal(weir_series_store_samples(store, 0, &samples), WEIR_OK);
    assert_int_equal(samples.count, row->count);
    assert_int_equal(samples.stale_count, row->stale);
    weir_series_store_free(store);
}

static void nan_is_equal_by_its_bits(void **state)
{
    weir_series_store *store = world_store(1, "a");
    double quiet = strtod("nan", NULL), other;
    uint64_t bits = bits_of(quiet) ^ 1;

    (void)state;
    memcpy(&other, &bits, sizeof other);
    assert_int_equal(weir_series_store_append(store, 0, 1, quiet), WEIR_OK);
    assert_int_equal(weir_series_store_append(store, 0, 1, quiet), WEIR_OK);
    assert_int_equal(weir_series_store_append(store, 0, 1, other), WEIR_E_MISMATCH);
    assert_int_equal(weir_series_store_append(store, 0, 1, weir_stale_marker()), WEIR_E_MISMATCH);
    weir_series_store_free(store);
}

static void many_at_once_leave_out_what_is_refused(void **state)
{
    static const int64_t times[] = {1, 3, 2, 3, 3, 4};
    static const double values[] = {1, 2, 9, 2, 9, 3};
    weir_series_store *store = world_store(1, "a");
    weir_samples samples;
    size_t refused;

    (void)state;
    assert_int_equal(weir_series_store_append_all(store, 0, times, values, 6, &refused), WEIR_OK);
    assert_int_equal(refused, 2);
    assert_int_equal(weir_series_store_append_all(store, 0, NULL, NULL, 0, NULL), WEIR_OK);
    assert_int_equal(weir_series_store_append_all(store, 1, times, values, 6, NULL), WEIR_E_ARG);
    assert_int_equal(weir_series_store_append_all(store, 0, NULL, values, 6, NULL), WEIR_E_ARG);
    weir_series_store_samples(store, 0, &samples);
    assert_int_equal(samples.count, 3);
    assert_bits_equal(samples.values[2], 3.0);
    weir_series_store_free(store);
}

/* ---- series --------------------------------------------------------------------------------- */

struct labelling {
    const char *name;
    weir_label labels[3];
    size_t count;
    weir_status status;
    uint32_t series;
};

#define LABEL(name, value)                                                                         \
    {                                                                                              \
        name, sizeof(name) - 1, value, sizeof(value) - 1                                           \
    }

/* Series 0 is {__name__="m", a="1", b="2"}. */
static const struct labelling labellings[] = {
    {"the same", {LABEL("__name__", "m"), LABEL("a", "1"), LABEL("b", "2")}, 3, WEIR_OK, 0},
    {"in any order", {LABEL("b", "2"), LABEL("__name__", "m"), LABEL("a", "1")}, 3, WEIR_OK, 0},
    {"another value", {LABEL("__name__", "m"), LABEL("a", "1"), LABEL("b", "3")}, 3, WEIR_OK, 1},
    {"fewer", {LABEL("__name__", "m"), LABEL("a", "1")}, 2, WEIR_OK, 1},
    {"an empty value is none", {LABEL("__name__", "m"), LABEL("a", "")}, 2, WEIR_OK, 1},
    {"none at all", {LABEL("a", "")}, 0, WEIR_OK, 1},
    {"UTF-8", {LABEL("h\xC3\xA9", "\xE2\x82\xAC")}, 1, WEIR_OK, 1},
    {"a NUL", {LABEL("a", "x\0y")}, 1, WEIR_OK, 1},
    {"there twice", {LABEL("a", "1"), LABEL("a", "2")}, 2, WEIR_E_RANGE, 0},
    {"without a name", {LABEL("", "1")}, 1, WEIR_E_RANGE, 0},
    {"a name that is not UTF-8", {LABEL("\xFF", "1")}, 1, WEIR_E_RANGE, 0},
    {"a value that is not UTF-8", {LABEL("a", "\xC3\x28")}, 1, WEIR_E_RANGE, 0},
};

static void series_by_labels(void **state)
{
    const struct labelling *row = *state;
    weir_series_store *store = world_store(1, "m{b='2',a='1'}");
    uint32_t series = 77;
    weir_error err;
    weir_status status = weir_series_store_series(store, row->labels, row->count, &series, &err);

    assert_int_equal(status, row->status);
    if (status == WEIR_OK) {
        assert_int_equal(series, row->series);
        assert_int_equal(weir_series_store_count(store), row->series + 1);
    } else {
        assert_int_equal(series, 77);
        assert_int_equal(err.status, status);
        assert_true(err.message[0] != '\0');
        assert_int_equal(weir_series_store_count(store), 1);
    }
    weir_series_store_free(store);
}

static void labels_come_sorted(void **state)
{
    weir_series_store *store = world_store(1, "m{z='1',B='2',a='3'}");
    weir_label labels[4];
    static const char *const names[] = {"B", "__name__", "a", "z"};

    (void)state;
    assert_int_equal(weir_series_store_labels(store, 0, NULL, 0), 4);
    assert_int_equal(weir_series_store_labels(store, 1, labels, 4), 0);
    assert_int_equal(weir_series_store_labels(store, 0, labels, 4), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(labels[i].name_length, strlen(names[i]));
        assert_memory_equal(labels[i].name, names[i], labels[i].name_length);
    }
    weir_series_store_free(store);
}

static void many_series_keep_their_numbers(void **state)
{
    weir_series_store *store = world_store(1, "");
    char value[24];
    uint32_t series;

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5000; i++) {
            weir_label labels[2] = {LABEL("__name__", "m"), {"i", 1, value, 0}};

            labels[1].value_length = (size_t)snprintf(value, sizeof value, "%d", i);
            assert_int_equal(weir_series_store_series(store, labels, 2, &series, NULL), WEIR_OK);
            assert_int_equal(series, i);
        }
    }
    assert_int_equal(weir_series_store_count(store), 5000);
    weir_series_store_free(store);
}

static void arguments(void **state)
{
    weir_series_store *store = world_store(1, "a");
    weir_series_store *other;
    weir_samples samples;
    uint32_t series;

    (void)state;
    assert_int_equal(weir_series_store_create(NULL, &other), WEIR_E_ARG);
    assert_int_equal(weir_series_store_create(&world_memory, NULL), WEIR_E_ARG);
    assert_int_equal(weir_series_store_series(NULL, NULL, 0, &series, NULL), WEIR_E_ARG);
    assert_int_equal(weir_series_store_series(store, NULL, 1, &series, NULL), WEIR_E_ARG);
    assert_int_equal(weir_series_store_append(store, 1, 0, 0), WEIR_E_ARG);
    assert_int_equal(weir_series_store_append(NULL, 0, 0, 0), WEIR_E_ARG);
    assert_int_equal(weir_series_store_samples(store, 1, &samples), WEIR_E_ARG);
    assert_int_equal(weir_series_store_count(NULL), 0);
    weir_series_store_free(NULL);
    weir_series_store_free(store);
}

static void markers(void **state)
{
    (void)state;
    assert_int_equal(bits_of(weir_stale_marker()), UINT64_C(0x7ff0000000000002));
    assert_int_equal(weir_is_stale(weir_stale_marker()), 1);
    assert_int_equal(weir_is_stale(strtod("nan", NULL)), 0);
    assert_int_equal(weir_is_stale(0), 0);
}

static void milliseconds(void **state)
{
    (void)state;
    assert_int_equal(weir_promql_ms(1999999), 1);
    assert_int_equal(weir_promql_ms(-1999999), -1); /* toward zero, as the server does */
    assert_int_equal(weir_promql_ms(0), 0);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, appends, appendings);
    SUITE_TEST(&suite, nan_is_equal_by_its_bits);
    SUITE_TEST(&suite, many_at_once_leave_out_what_is_refused);
    SUITE_TABLE(&suite, series_by_labels, labellings);
    SUITE_TEST(&suite, labels_come_sorted);
    SUITE_TEST(&suite, many_series_keep_their_numbers);
    SUITE_TEST(&suite, arguments);
    SUITE_TEST(&suite, markers);
    SUITE_TEST(&suite, milliseconds);
    return suite_run(&suite, "promql_store");
}
