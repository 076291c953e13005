/* prometheus/stale: where series end by the scrapes of their target. */
#include "short_memory.h"
#include "table.h"
#include <weir/prometheus.h>

static void *plain_take(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void plain_give(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static const weir_allocator memory = {plain_take, plain_give, NULL};

static weir_series_store *store_of(const char *text)
{
    weir_series_store *store;
    weir_series_reader *reader;
    weir_series_reader_options options;

    weir_series_reader_options_init(&options, sizeof options);
    options.format = WEIR_FORMAT_TEXT;
    assert_int_equal(weir_series_store_create(&memory, &store), WEIR_OK);
    assert_int_equal(weir_series_reader_create(&options, &memory, &reader, NULL), WEIR_OK);
    weir_series_reader_feed(reader, text, strlen(text), NULL);
    weir_series_reader_finish(reader, NULL);
    assert_int_equal(weir_series_reader_load(reader, store, NULL, NULL), WEIR_END);
    weir_series_reader_free(reader);
    return store;
}

#define UP(t) "up{job=\"j\",instance=\"i\"} 1 " t "\n"
#define X(t)  "x{job=\"j\",instance=\"i\"} 1 " t "\n"

struct row {
    const char *name, *text;
    int64_t stale[3]; /* of the series x; 0: no more */
};

static const struct row rows[] = {
    {"a scrape that does not see it", UP("10") UP("20") UP("30") X("10"), {20}},
    {"it comes back", UP("10") UP("20") UP("30") UP("40") X("10") X("30"), {20, 40}},
    {"to the last scrape", UP("10") UP("20") X("10") X("20"), {0}},
    {"before the first scrape", UP("10") UP("20") X("5"), {0}},
    {"times of its own", UP("10") UP("20") UP("30") X("11"), {0}},
    {"another target", UP("10") UP("20") "x{job=\"j\",instance=\"k\"} 1 10\n", {0}},
    {"no target", UP("10") UP("20") "x 1 10\n", {0}},
    {"no scrapes", X("10"), {0}},
};

static void ends(void **state)
{
    const struct row *row = *state;
    weir_series_store *from = store_of(row->text), *to;
    uint64_t marked = 99, want = 0;
    weir_samples before, after;
    uint32_t last = (uint32_t)weir_series_store_count(from) - 1;

    assert_int_equal(weir_series_store_create(&memory, &to), WEIR_OK);
    assert_int_equal(weir_series_mark_stale(from, to, &memory, &marked, NULL), WEIR_OK);
    assert_int_equal(weir_series_store_count(to), last + 1);
    weir_series_store_samples(from, last, &before);
    weir_series_store_samples(to, last, &after);
    assert_int_equal(after.count, before.count);
    for (size_t i = 0; i < 3 && row->stale[i] != 0; i++) {
        assert_true(i < after.stale_count);
        assert_int_equal(after.stale_ms[i], row->stale[i]);
        want++;
    }
    assert_int_equal(after.stale_count, want);
    assert_int_equal(marked, want);
    assert_int_equal(weir_series_mark_stale(from, to, &memory, NULL, NULL), WEIR_E_ARG);
    weir_series_store_free(from);
    weir_series_store_free(to);
}

static void survives_lack_of_memory(void **state)
{
    weir_series_store *from = store_of(UP("10") UP("20") UP("30") X("10")), *to;

    (void)state;
    for (size_t refuse = 1;; refuse++) {
        struct short_memory scarce = {.refuse = refuse};
        weir_allocator allocator = short_memory_allocator(&scarce);
        weir_status status;

        assert_int_equal(weir_series_store_create(&memory, &to), WEIR_OK);
        status = weir_series_mark_stale(from, to, &allocator, NULL, NULL);
        weir_series_store_free(to);
        assert_int_equal(scarce.in_use, 0);
        if (scarce.asked < refuse) {
            assert_int_equal(status, WEIR_OK);
            break;
        }
        assert_int_equal(status, WEIR_E_MEMORY);
    }
    weir_series_store_free(from);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, ends, rows);
    SUITE_TEST(&suite, survives_lack_of_memory);
    return suite_run(&suite, "prometheus/stale");
}
