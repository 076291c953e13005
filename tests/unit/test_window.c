/* window/bucket_window: linear and weighted averages, late samples, silence, resizing, snapshots.
 */
#include "base/num.h"
#include "table.h"
#include <weir/autoscaler.h>
#include <weir/window.h>

#define T0 (INT64_C(1700000040) * WEIR_SECOND) /* on every granule that divides a minute */

static weir_window *window_of(int32_t algorithm, int64_t seconds, int64_t granularity,
                              int64_t reserve, int32_t lanes)
{
    weir_window_config config;
    size_t bytes;
    weir_window *window;

    assert_int_equal(weir_window_config_init(&config, sizeof config), WEIR_OK);
    config.algorithm = algorithm;
    config.window = seconds * WEIR_SECOND;
    config.granularity = granularity * WEIR_SECOND;
    config.reserve = reserve * WEIR_SECOND;
    config.lanes = lanes;
    assert_int_equal(weir_window_bytes(&config, &bytes, NULL), WEIR_OK);
    window = block_of(bytes);
    assert_int_equal(weir_window_init(window, bytes, &config, NULL), WEIR_OK);
    return window;
}

static double average_at(const weir_window *window, int64_t ms)
{
    double average[WEIR_WINDOW_LANES_MAX];

    assert_int_equal(weir_window_average(window, T0 + ms * 1000000, average), WEIR_OK);
    return average[0];
}

static void record_at(weir_window *window, int64_t ms, double value)
{
    assert_int_equal(weir_window_record(window, T0 + ms * 1000000, &value), WEIR_OK);
}

/* One action of a script: record (what == 'r'), read an average, resize, or check emptiness. */
struct action {
    char what; /* 'r'ecord value, 'a'verage has these bits, 's'ize to value seconds, 'e'mpty is */
    int64_t ms;
    double value;
    uint64_t bits;
};

struct script {
    const char *name;
    int32_t algorithm;
    int64_t seconds, granularity;
    struct action actions[24];
};

/* The numbers are upstream's own tests and values computed with the real code. */
static const struct script scripts[] = {
    {"the whole life of a linear window",
     0,
     5,
     1,
     {{'a', 0, 0, 0},
      {'e', 0, 1, 0},
      {'r', 0, 1, 0},
      {'a', 0, 0, 0x3ff0000000000000},
      {'e', 0, 0, 0},
      {'r', 1000, 2, 0},
      {'r', 2000, 3, 0},
      {'r', 3000, 4, 0},
      {'r', 4000, 5, 0},
      {'a', 4000, 0, 0x4008000000000000},
      {'a', 3600, 0, 0x4008000000000000},
      {'a', 6000, 0, 0x4010000000000000},
      {'a', 8000, 0, 0x4014000000000000},
      {'a', 9000, 0, 0},
      {'e', 9000, 0, 0},
      {'e', 10000, 1, 0},
      {'r', 6000, 91, 0},
      {'a', 6000, 0, 0x403499999999999a}}},
    {"late samples",
     0,
     5,
     1,
     {{'r', 60000, 1984, 0},
      {'a', 60000, 0, 0x409f000000000000},
      {'r', 57000, 4, 0},
      {'a', 60000, 0, 0x407f100000000000},
      {'r', 61000, 5, 0},
      {'a', 61000, 0, 0x4078e9999999999a},
      {'r', 58000, 10, 0},
      {'a', 61000, 0, 0x407909999999999a},
      {'r', 55000, 10, 0},
      {'r', 56000, 10, 0},
      {'a', 61000, 0, 0x407909999999999a},
      {'r', 66000, 10, 0},
      {'a', 66000, 0, 0x4024000000000000}}},
    {"the running total loses small values beside large ones",
     0,
     3,
     1,
     {{'r', 0, 1e16, 0},
      {'r', 1000, 1, 0},
      {'r', 2000, 1, 0},
      {'r', 3000, 1, 0},
      {'a', 3000, 0, 0x3fd55553ef6b5d46},
      {'a', 4000, 0, 0},
      {'a', 5000, 0, 0xbff0000000000000},
      {'r', 4000, 0, 0},
      {'r', 5000, 0, 0},
      {'a', 5000, 0, 0xbfd55553ef6b5d46}}},
    {"rounding kills the drift",
     0,
     6,
     1,
     {{'r', 0, .1, 0},
      {'r', 1000, .2, 0},
      {'r', 2000, .3, 0},
      {'r', 3000, 0, 0},
      {'r', 4000, 0, 0},
      {'r', 5000, 0, 0},
      {'a', 5000, 0, 0x3fb999999999999a},
      {'r', 6000, 0, 0},
      {'r', 7000, 0, 0},
      {'r', 8000, 0, 0},
      {'a', 8000, 0, 0}}},
    {"samples of one bucket add up",
     0,
     60,
     1,
     {{'r', 0, 10, 0},
      {'r', 100, 10, 0},
      {'r', 999, 10, 0},
      {'a', 55000, 0, 0x403e000000000000},
      {'a', 60000, 0, 0},
      {'e', 60000, 0, 0},
      {'e', 61000, 1, 0}}},
    {"resizing grows, records, shrinks",
     0,
     5,
     1,
     {{'r', 0, 1, 0},
      {'r', 1000, 2, 0},
      {'r', 2000, 3, 0},
      {'r', 3000, 4, 0},
      {'r', 4000, 5, 0},
      {'r', 5000, 6, 0},
      {'a', 5000, 0, 0x4010000000000000},
      {'s', 5000, 10, 0},
      {'a', 5000, 0, 0x4010000000000000},
      {'r', 6000, 7, 0},
      {'a', 6000, 0, 0x4012000000000000},
      {'s', 6000, 4, 0},
      {'a', 6000, 0, 0x4016000000000000},
      {'s', 6000, 4, 0},
      {'a', 6000, 0, 0x4016000000000000}}},
    {"resizing takes a young window for a full one",
     0,
     60,
     1,
     {{'r', 0, 10, 0},
      {'r', 1000, 10, 0},
      {'r', 2000, 10, 0},
      {'a', 2000, 0, 0x4024000000000000},
      {'s', 2000, 120, 0},
      {'a', 2000, 0, 0x3fe0000000000000},
      {'r', 3000, 10, 0},
      {'a', 3000, 0, 0x3fe4fbce4217d285}}},
    {"resizing a stale window makes no data a zero",
     0,
     60,
     1,
     {{'r', 0, 10, 0},
      {'e', 100000, 1, 0},
      {'s', 100000, 600, 0},
      {'e', 100000, 0, 0},
      {'a', 100000, 0, 0},
      {'r', 100000, 6, 0},
      {'a', 100000, 0, 0x4018000000000000}}},
    {"a granularity that does not divide the window",
     0,
     5,
     3,
     {{'r', 0, 10, 0},
      {'r', 1000, 2, 0},
      {'r', 2000, 3, 0},
      {'r', 3000, 4, 0},
      {'r', 4000, 5, 0},
      {'r', 5000, 6, 0},
      {'r', 6000, 7, 0},
      {'a', 6000, 0, 0x4026000000000000},
      {'s', 6000, 10, 0},
      {'r', 9300, 42, 0},
      {'a', 9000, 0, 0x403555554fbdad75},
      {'s', 9300, 4, 0},
      {'a', 9300, 0, 0x4038800000000000}}},
    {"weighted: newest buckets weigh most",
     1,
     5,
     1,
     {{'r', 0, 2, 0},
      {'a', 0, 0, 0x3ffaeda7cea25322},
      {'a', 1000, 0, 0x3fd112487717369b},
      {'r', 1000, 2, 0},
      {'a', 1000, 0, 0x3fff3239ec6820c9},
      {'r', 2000, 2, 0},
      {'r', 3000, 3, 0},
      {'r', 4000, 4, 0},
      {'r', 5000, 5, 0},
      {'r', 6000, 6, 0},
      {'a', 6000, 0, 0x40173f0ec593b7bd},
      {'a', 7000, 0, 0x3fed780dcf161f19},
      {'a', 8000, 0, 0x3fc2a655e3cf4e1a},
      {'a', 9000, 0, 0x3f974d35ef72cc99},
      {'a', 10000, 0, 0x3f6a18fd5294ef92},
      {'a', 11000, 0, 0},
      {'a', 16000, 0, 0}}},
    {"weighted: the coefficient follows the length",
     1,
     5,
     1,
     {{'r', 0, 1, 0},
      {'r', 1000, 2, 0},
      {'r', 2000, 3, 0},
      {'r', 3000, 4, 0},
      {'r', 4000, 5, 0},
      {'r', 5000, 6, 0},
      {'a', 5000, 0, 0x40173f0ec593b7bd},
      {'s', 5000, 10, 0},
      {'a', 5000, 0, 0x4015573bc3126b75}}},
};

static void follows_the_script(void **state)
{
    const struct script *row = *state;
    weir_window *w = window_of(row->algorithm, row->seconds, row->granularity, 600, 1);

    for (size_t i = 0; i < 24 && row->actions[i].what != 0; i++) {
        const struct action *a = &row->actions[i];

        switch (a->what) {
        case 'r': record_at(w, a->ms, a->value); break;
        case 'a': assert_int_equal(bits_of(average_at(w, a->ms)), a->bits); break;
        case 'e':
            assert_int_equal(weir_window_empty(w, T0 + a->ms * 1000000), (int)a->value);
            break;
        default:
            assert_int_equal(
                weir_window_resize(w, (int64_t)a->value * WEIR_SECOND, T0 + a->ms * 1000000),
                WEIR_OK);
        }
    }
    free(w);
}

/* What the real code gives for 0.1 * (i mod 7) + 0.3 at second i, read at later seconds. */
struct long_row {
    const char *name;
    int32_t algorithm;
    int64_t second;
    uint64_t bits;
};

static const struct long_row long_rows[] = {
    {"linear at 89 s", 0, 89, 0x3fe34e8101f31f47},
    {"linear at 90 s", 0, 90, 0x3fe35cdb37c99ae9},
    {"linear at 100 s", 0, 100, 0x3fe3333333333333},
    {"linear at 148 s", 0, 148, 0x3fe999999999999a},
    {"linear at 149 s", 0, 149, 0},
    {"weighted at 89 s", 1, 89, 0x3fe43af0d59557f2},
    {"weighted at 90 s", 1, 90, 0x3fe02f26befdd108},
    {"weighted at 92 s", 1, 92, 0x3fd4b73a5168f63b},
    {"weighted at 100 s", 1, 100, 0x3fabcdc3c8397596},
    {"weighted at 120 s", 1, 120, 0x3f447c7d3d0ef74a},
    {"weighted at 148 s", 1, 148, 0x3e94919d5556eb77},
    {"weighted at 149 s", 1, 149, 0},
};

static void averages_a_minute(void **state)
{
    const struct long_row *row = *state;
    weir_window *w = window_of(row->algorithm, 60, 1, 0, 1);

    for (int64_t i = 0; i < 90; i++) {
        record_at(w, i * 1000, 0.1 * (double)(i % 7) + 0.3);
    }
    assert_int_equal(bits_of(average_at(w, row->second * 1000)), row->bits);
    free(w);
}

/* The tail that is cut must never change a bit: compare with the plain sum over all buckets. */
static void the_weighted_tail_is_cut_without_a_trace(void **state)
{
    enum { N = 3600 };
    weir_window *w = window_of(WEIR_WINDOW_WEIGHTED, N, 1, 0, 1);
    static double values[2 * N];
    uint64_t seed = 12345;

    (void)state;
    for (int64_t i = 0; i < 2 * N; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        /* Stretches of zeros, of ordinary load, and now and then a huge value. */
        values[i] = (seed >> 40) % 50 == 0 ? 1e9 : (i / 400) % 2 == 0 ? 0 : (double)(seed >> 50);
        record_at(w, i * 1000, values[i]);
        if (i % 97 == 0) {
            double weight = 0.2, sum = 0;

            for (int64_t k = 0; k < N; k++) {
                sum += (i - k >= 0 ? values[i - k] : 0) * weight;
                weight *= 1.0 - 0.2;
            }
            assert_bits_equal(average_at(w, i * 1000), sum);
        }
    }
    free(w);
}

static void lanes_are_windows_of_their_own(void **state)
{
    weir_window *both = window_of(WEIR_WINDOW_LINEAR, 10, 1, 60, 2);
    weir_window *first = window_of(WEIR_WINDOW_LINEAR, 10, 1, 60, 1);
    weir_window *second = window_of(WEIR_WINDOW_LINEAR, 10, 1, 60, 1);

    (void)state;
    for (int64_t i = 0; i < 200; i++) {
        double pair[2] = {(double)(i % 13) * 0.7, (double)(i % 5)}, averages[2];
        weir_time at = T0 + (i * 1700 - (i % 3) * 2500) * 1000000;
        weir_duration length = (6 + i % 20) * WEIR_SECOND;

        assert_int_equal(weir_window_record(both, at, pair), WEIR_OK);
        assert_int_equal(weir_window_record(first, at, &pair[0]), WEIR_OK);
        assert_int_equal(weir_window_record(second, at, &pair[1]), WEIR_OK);
        if (i % 11 == 0) {
            assert_int_equal(weir_window_resize(both, length, at), WEIR_OK);
            assert_int_equal(weir_window_resize(first, length, at), WEIR_OK);
            assert_int_equal(weir_window_resize(second, length, at), WEIR_OK);
        }
        assert_int_equal(weir_window_average(both, at, averages), WEIR_OK);
        assert_bits_equal(averages[0], average_at(first, (at - T0) / 1000000));
        assert_bits_equal(averages[1], average_at(second, (at - T0) / 1000000));
    }
    free(both);
    free(first);
    free(second);
}

static void older_releases_floor_their_averages(void **state)
{
    weir_window_config config;
    double third = 1.0, zero = 0.0, average;
    size_t bytes;
    weir_window *w;

    (void)state;
    weir_window_config_init(&config, sizeof config);
    config.semantics = WEIR_SERVING_0_42;
    weir_window_bytes(&config, &bytes, NULL);
    w = block_of(bytes);
    assert_int_equal(weir_window_init(w, bytes, &config, NULL), WEIR_OK);
    third = 2.0;
    weir_window_record(w, T0, &third);
    weir_window_record(w, T0 + WEIR_SECOND, &zero);
    weir_window_record(w, T0 + 2 * WEIR_SECOND, &zero);
    weir_window_average(w, T0 + 2 * WEIR_SECOND, &average);
    assert_bits_equal(average, 0.666666);
    free(w);
}

static void what_upstream_panics_on_changes_nothing(void **state)
{
    weir_window *w = window_of(WEIR_WINDOW_LINEAR, 5, 1, 0, 1);
    size_t bytes = weir_autoscaler_bytes(w);
    void *before = block_of(bytes);
    double value = 1;

    (void)state;
    record_at(w, 0, 3);
    memcpy(before, w, bytes);
    assert_int_equal(weir_window_record(w, -3 * WEIR_SECOND, &value), WEIR_OK); /* too old */
    assert_int_equal(weir_window_record(w, INT64_MIN, &value), WEIR_OK);
    assert_memory_equal(before, w, bytes);
    free(w);
    w = window_of(WEIR_WINDOW_LINEAR, 5, 1, 0, 1);
    memcpy(before, w, bytes);
    assert_int_equal(weir_window_record(w, -3 * WEIR_SECOND, &value), WEIR_E_PANIC);
    assert_memory_equal(before, w, bytes);
    assert_int_equal(weir_window_record(w, -5 * WEIR_SECOND, &value), WEIR_OK);
    memcpy(before, w, bytes);
    assert_int_equal(weir_window_record(w, -3 * WEIR_SECOND, &value), WEIR_E_PANIC);
    assert_int_equal(weir_window_average(w, -3 * WEIR_SECOND, &value), WEIR_E_PANIC);
    assert_memory_equal(before, w, bytes);
    free(before);
    free(w);
}

static void bad_arguments_are_refused(void **state)
{
    weir_window_config config;
    weir_error err;
    size_t bytes;
    double value = 0;

    (void)state;
    weir_window_config_init(&config, sizeof config);
    config.lanes = 9;
    assert_int_equal(weir_window_bytes(&config, &bytes, &err), WEIR_E_RANGE);
    assert_string_equal(err.path, "lanes");
    assert_string_equal(err.message, "must be in [1, 8], got 9");
    config.lanes = 1;
    config.granularity = 0;
    assert_int_equal(weir_window_config_check(&config, &err), WEIR_E_RANGE);
    assert_string_equal(err.path, "granularity");
    assert_int_equal(weir_window_config_init(&config, 3), WEIR_E_STRUCT);
    assert_int_equal(weir_window_record(NULL, 0, &value), WEIR_E_ARG);
    assert_int_equal(weir_window_average(NULL, 0, &value), WEIR_E_ARG);
    assert_true(weir_window_empty(NULL, 0));
}

static void a_resize_above_the_reserve_needs_space(void **state)
{
    weir_window *w = window_of(WEIR_WINDOW_LINEAR, 60, 1, 120, 1);

    (void)state;
    assert_int_equal(weir_window_resize(w, 121 * WEIR_SECOND, T0), WEIR_E_SPACE);
    assert_int_equal(weir_window_resize(w, 120 * WEIR_SECOND, T0), WEIR_OK);
    free(w);
}

static void a_window_of_no_length_holds_nothing(void **state)
{
    (void)state;
    for (int32_t algorithm = WEIR_WINDOW_LINEAR; algorithm <= WEIR_WINDOW_WEIGHTED; algorithm++) {
        weir_window *w = window_of(algorithm, 3, 1, 0, 1);
        double value = 7.0;

        record_at(w, 0, value);
        assert_int_equal(weir_window_resize(w, 0, T0), WEIR_OK);
        assert_bits_equal(average_at(w, 0), 0.0);
        assert_bits_equal(average_at(w, 1000), 0.0);
        assert_int_equal(weir_window_record(w, T0, &value), WEIR_E_PANIC); /* as upstream */
        free(w);
    }
}

static void snapshots_carry_a_window_over(void **state)
{
    weir_window *a = window_of(WEIR_WINDOW_WEIGHTED, 20, 1, 40, 1);
    weir_window *b = window_of(WEIR_WINDOW_WEIGHTED, 20, 1, 40, 1);
    weir_window *other = window_of(WEIR_WINDOW_LINEAR, 20, 1, 40, 1);
    uint8_t image[1024];
    size_t need;
    weir_error err;

    (void)state;
    for (int64_t i = 0; i < 50; i++) {
        record_at(a, i * 900, (double)(i % 9));
    }
    weir_window_resize(a, 33 * WEIR_SECOND, T0 + 50 * WEIR_SECOND);
    assert_int_equal(weir_window_save(a, NULL, 0, &need), WEIR_E_SPACE);
    assert_in_range(need, 1, sizeof image);
    assert_int_equal(weir_window_save(a, image, need - 1, NULL), WEIR_E_SPACE);
    assert_int_equal(weir_window_save(a, image, need, NULL), WEIR_OK);
    assert_int_equal(weir_window_load(b, image, need, &err), WEIR_OK);
    for (int64_t i = 0; i < 60; i++) {
        record_at(a, 50000 + i * 1100, (double)i);
        record_at(b, 50000 + i * 1100, (double)i);
        assert_bits_equal(average_at(a, 51000 + i * 1100), average_at(b, 51000 + i * 1100));
    }
    assert_int_equal(weir_window_load(other, image, need, &err), WEIR_E_MISMATCH);
    assert_int_equal(weir_window_load(b, image, need - 1, &err), WEIR_E_CORRUPT);
    image[60] ^= 1;
    assert_int_equal(weir_window_load(b, image, need, &err), WEIR_E_CORRUPT);
    free(a);
    free(b);
    free(other);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, follows_the_script, scripts);
    SUITE_TABLE(&suite, averages_a_minute, long_rows);
    SUITE_TEST(&suite, the_weighted_tail_is_cut_without_a_trace);
    SUITE_TEST(&suite, lanes_are_windows_of_their_own);
    SUITE_TEST(&suite, older_releases_floor_their_averages);
    SUITE_TEST(&suite, what_upstream_panics_on_changes_nothing);
    SUITE_TEST(&suite, bad_arguments_are_refused);
    SUITE_TEST(&suite, a_resize_above_the_reserve_needs_space);
    SUITE_TEST(&suite, a_window_of_no_length_holds_nothing);
    SUITE_TEST(&suite, snapshots_carry_a_window_over);
    return suite_run(&suite, "window");
}
