/* decide/kpa_collector: reports to stable and panic averages, no data, updates, snapshots. */
#include "table.h"
#include <weir/autoscaler.h>
#include <weir/kpa.h>

#define T0 (INT64_C(1700000040) * WEIR_SECOND)

static weir_kpa_collector *collector_of(int64_t stable, int64_t panic, int32_t scraped)
{
    weir_kpa_collector_config config;
    weir_kpa_collector *collector;
    size_t bytes;

    assert_int_equal(weir_kpa_collector_config_init(&config, sizeof config), WEIR_OK);
    config.stable_window = stable * WEIR_SECOND;
    config.panic_window = panic * WEIR_SECOND;
    config.stable_reserve = 600 * WEIR_SECOND;
    config.panic_reserve = 60 * WEIR_SECOND;
    config.scrape_target = scraped;
    assert_int_equal(weir_kpa_collector_bytes(&config, &bytes, NULL), WEIR_OK);
    collector = block_of(bytes);
    assert_int_equal(weir_kpa_collector_init(collector, bytes, &config, NULL), WEIR_OK);
    return collector;
}

struct report {
    int32_t times, second; /* how often, at which second; 0 times ends the list */
    weir_kpa_stat stat;
};

struct row {
    const char *name;
    int64_t stable, panic;
    int32_t scraped;
    struct report reports[12];
    int64_t read_second;
    weir_status status;
    double concurrency[2], rps[2]; /* stable, panic */
};

/* Upstream's own test facts. */
static const struct row rows[] = {
    {"reports of one second add up",
     60,
     6,
     1,
     {{3, 0, {10, 0, 20, 0}}},
     0,
     WEIR_OK,
     {30, 30},
     {60, 60}},
    {"seconds are averaged",
     60,
     6,
     1,
     {{3, 0, {10, 0, 20, 0}}, {4, 1, {10, 0, 20, 0}}},
     1,
     WEIR_OK,
     {35, 35},
     {70, 70}},
    {"silence is not zero", 60, 6, 1, {{5, 0, {10, 0, 20, 0}}}, 55, WEIR_OK, {50, 0}, {100, 0}},
    {"nothing recorded and pods are scraped",
     60,
     6,
     1,
     {{0, 0, {0, 0, 0, 0}}},
     0,
     WEIR_NO_DATA,
     {0, 0},
     {0, 0}},
    {"nothing recorded and nobody scrapes",
     60,
     6,
     0,
     {{0, 0, {0, 0, 0, 0}}},
     0,
     WEIR_OK,
     {0, 0},
     {0, 0}},
    {"a window old, still data", 60, 6, 1, {{1, 0, {10, 0, 20, 0}}}, 60, WEIR_OK, {0, 0}, {0, 0}},
    {"more than a window old",
     60,
     6,
     1,
     {{1, 0, {10, 0, 20, 0}}},
     61,
     WEIR_NO_DATA,
     {0, 0},
     {0, 0}},
    {"proxied requests are taken off, a gap resets",
     60,
     6,
     1,
     {{1, 0, {100, 0, 100, 0}}, {1, 70, {20, 10, 30, 20}}},
     70,
     WEIR_OK,
     {10, 10},
     {10, 10}},
    {"panic is the newer end",
     6,
     2,
     1,
     {{1, 0, {5, 0, 5, 0}},
      {1, 1, {6, 0, 6, 0}},
      {1, 2, {7, 0, 7, 0}},
      {1, 3, {8, 0, 8, 0}},
      {1, 4, {9, 0, 9, 0}},
      {1, 5, {10, 0, 10, 0}},
      {1, 6, {11, 0, 11, 0}},
      {1, 7, {12, 0, 12, 0}},
      {1, 8, {13, 0, 13, 0}},
      {1, 9, {14, 0, 14, 0}}},
     9,
     WEIR_OK,
     {11.5, 13.5},
     {11.5, 13.5}},
};

static void averages_reports(void **state)
{
    const struct row *row = *state;
    weir_kpa_collector *collector = collector_of(row->stable, row->panic, row->scraped);
    weir_kpa_averages averages = {0, 0};
    weir_time now = T0 + row->read_second * WEIR_SECOND;

    for (size_t i = 0; i < 12 && row->reports[i].times > 0; i++) {
        for (int32_t k = 0; k < row->reports[i].times; k++) {
            weir_time at = T0 + row->reports[i].second * WEIR_SECOND;

            assert_int_equal(weir_kpa_collector_record(collector, at, &row->reports[i].stat), 0);
        }
    }
    assert_int_equal(weir_kpa_collector_read(collector, WEIR_KPA_CONCURRENCY, now, &averages),
                     row->status);
    assert_bits_equal(averages.stable, row->concurrency[0]);
    assert_bits_equal(averages.panic, row->concurrency[1]);
    assert_int_equal(weir_kpa_collector_read(collector, WEIR_KPA_RPS, now, &averages), row->status);
    assert_bits_equal(averages.stable, row->rps[0]);
    assert_bits_equal(averages.panic, row->rps[1]);
    free(collector);
}

static void an_update_beyond_the_reserve_changes_nothing(void **state)
{
    weir_kpa_collector *collector = collector_of(60, 6, 1);
    size_t bytes = weir_autoscaler_bytes(collector);
    void *before = block_of(bytes);
    weir_kpa_collector_config config;
    weir_error err;

    (void)state;
    memcpy(before, collector, bytes);
    weir_kpa_collector_config_init(&config, sizeof config);
    config.panic_window = 61 * WEIR_SECOND;
    config.stable_window = 300 * WEIR_SECOND;
    assert_int_equal(weir_kpa_collector_update(collector, &config, T0, &err), WEIR_E_SPACE);
    assert_string_equal(err.path, "panic_window");
    assert_memory_equal(before, collector, bytes);
    config.panic_window = 30 * WEIR_SECOND;
    assert_int_equal(weir_kpa_collector_update(collector, &config, T0, &err), WEIR_OK);
    free(before);
    free(collector);
}

/* Before 1970 the two windows may disagree: then neither takes the report. */
static void a_refused_report_changes_nothing(void **state)
{
    weir_kpa_collector *collector = collector_of(60, 7, 1);
    size_t bytes = weir_autoscaler_bytes(collector);
    void *before = block_of(bytes);
    weir_kpa_stat stat = {1, 0, 1, 0};
    int refused = 0;

    (void)state;
    for (int64_t s = -600; s < 0; s++) {
        memcpy(before, collector, bytes);
        if (weir_kpa_collector_record(collector, s * WEIR_SECOND, &stat) != WEIR_OK) {
            refused++;
            assert_memory_equal(before, collector, bytes);
        }
    }
    assert_true(refused > 500 && refused < 600);
    free(before);
    free(collector);
}

static void next_is_the_next_second_while_there_is_data(void **state)
{
    weir_kpa_collector *collector = collector_of(60, 6, 1);
    weir_kpa_stat stat = {1, 0, 1, 0};

    (void)state;
    assert_true(weir_kpa_collector_next(collector, T0) == WEIR_TIME_NEVER);
    weir_kpa_collector_record(collector, T0, &stat);
    assert_true(weir_kpa_collector_next(collector, T0 + 5) == T0 + WEIR_SECOND);
    assert_true(weir_kpa_collector_next(collector, T0 + 60 * WEIR_SECOND) == T0 + 61 * WEIR_SECOND);
    assert_true(weir_kpa_collector_next(collector, T0 + 61 * WEIR_SECOND) == WEIR_TIME_NEVER);
    free(collector);
}

static void a_snapshot_carries_it_over(void **state)
{
    weir_kpa_collector *a = collector_of(20, 4, 1), *b = collector_of(20, 4, 1);
    uint8_t image[4096];
    size_t need;
    weir_kpa_stat stat = {2, 1, 3, 1};
    weir_kpa_averages x, y;

    (void)state;
    weir_kpa_collector_record(a, T0, &stat);
    weir_kpa_collector_record(a, T0 + 7 * WEIR_SECOND, &stat);
    assert_int_equal(weir_kpa_collector_save(a, image, sizeof image, &need), WEIR_OK);
    assert_int_equal(weir_kpa_collector_load(b, image, need, NULL), WEIR_OK);
    for (int64_t s = 7; s < 30; s++) {
        weir_time now = T0 + s * WEIR_SECOND;

        assert_int_equal(weir_kpa_collector_read(a, 0, now, &x),
                         weir_kpa_collector_read(b, 0, now, &y));
        assert_bits_equal(x.stable, y.stable);
        assert_bits_equal(x.panic, y.panic);
    }
    free(a);
    free(b);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, averages_reports, rows);
    SUITE_TEST(&suite, an_update_beyond_the_reserve_changes_nothing);
    SUITE_TEST(&suite, a_refused_report_changes_nothing);
    SUITE_TEST(&suite, next_is_the_next_second_while_there_is_data);
    SUITE_TEST(&suite, a_snapshot_carries_it_over);
    return suite_run(&suite, "kpa_collector");
}
