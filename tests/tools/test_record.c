/* Scrapes and recordings: labels, reports and staleness as a server has them, and files that go on
 * where they were cut off. */
#include "program.h"
#include "record.h"
#include "recorded.h"
#include "series.h"
#include "table.h"
#include <stdio.h>
#include <unistd.h>

/* ---- scrapes -------------------------------------------------------------------------------- */

enum { PAGES_MAX = 6 };

/* Pages of one target, at 1 s, 2 s, ...; "!": the scrape fails. */
struct life {
    const char *name;
    const char *pages[PAGES_MAX];
    const char *series, *samples; /* one of the series, and what there is of it */
};

static const struct life lives[] = {
    {"a series that stays", {"x 1\n", "x 2\n"}, "x", "1@1 2@2"},
    {"one that goes", {"x 1\n", "y 1\n", "y 1\n"}, "x", "1@1 stale@2"},
    {"and comes back", {"x 1\n", "y 1\n", "x 3\n"}, "x", "1@1 stale@2 3@3"},
    {"a failed scrape ends all", {"x 1\n", "!", "!", "x 4\n"}, "x", "1@1 stale@2 4@4"},
    {"an empty page, too", {"x 1\n", "", "x 3\n"}, "x", "1@1 stale@2 3@3"},
    {"its report", {"x 1\n", "", "!"}, "up", "1@1 1@2 0@3"},
    {"times of its own", {"x 1 500\n", "y 1\n", "x 2 2500\n"}, "x", "1@0.5 2@2.5"},
    {"the same one again", {"x 1 500\n", "x 1 500\n"}, "x", "1@0.5"},
    {"a time far ahead", {"x 1 601000\n", "x 2 602001\n"}, "x", "1@601"},
    {"a page that cannot be read", {"x 1\n", "y 1\nx{\n", "y 2\n"}, "x", "1@1 stale@2"},
    /* What was read before the error counts as seen, as it does for Prometheus. */
    {"what it had before that", {"x 1\n", "x 2\ny{\n", "y 1\n"}, "x", "1@1 stale@3"},
    {"is not new then", {"x 1\n", "x 2\ny{\n", "x 3\n"}, "scrape_series_added", "1@1 0@2 0@3"},
    {"nothing of it is kept", {"x 1\n", "x 2\ny{\n", "x 3\n"}, "x", "1@1 3@3"},
    {"the report of it", {"x 1\n", "x 2\ny{\n"}, "up", "1@1 0@2"},
    {"samples", {"x 1\ny 1\n", "!", "x 2\nz{\n"}, "scrape_samples_scraped", "2@1 0@2 1@3"},
    {"series that are new",
     {"x 1\ny 1\n", "x 1\n", "x 1\ny 1\n"},
     "scrape_series_added",
     "2@1 0@2 1@3"},
    {"twice in a page", {"x 1\nx 2\n"}, "x", "1@1"},
    {"both count", {"x 1\nx 2\n"}, "scrape_samples_post_metric_relabeling", "2@1"},
    {"a label twice", {"x{a=\"1\",a=\"2\"} 1\n"}, "up", "0@1"},
    {"a label of the target", {"x{job=\"own\"} 1\n"}, "x{exported_job=own}", "1@1"},
    {"one that was renamed",
     {"x{exported_job=\"a\",job=\"b\"} 1\n"},
     "x{exported_exported_job=b}{exported_job=a}",
     "1@1"},
    {"both of them",
     {"x{instance=\"i\",job=\"b\"} 1\n"},
     "x{exported_instance=i}{exported_job=b}",
     "1@1"},
    {"an empty one is none", {"x{job=\"\"} 1\n"}, "x", "1@1"},
    {"a NaN is a value", {"x NaN\n", "x 2\n"}, "x", "NaN@1 2@2"},
};

/* "x{exported_job=own}": the labels of a series but those of the target. */
static void put_series(const weir_series_store *store, uint32_t series, char *text, size_t size)
{
    weir_label labels[16];
    size_t count = weir_series_store_labels(store, series, labels, 16), used = 0;
    int own = 0;

    for (size_t i = 0; i < count; i++) {
        const weir_label *l = &labels[i];

        if (record_is(l->name, l->name_length, "__name__")) {
            used = (size_t)snprintf(text, size, "%.*s", (int)l->value_length, l->value);
        }
    }
    for (size_t i = 0; i < count; i++) {
        const weir_label *l = &labels[i];
        int of_target = (record_is(l->name, l->name_length, "job") &&
                         record_is(l->value, l->value_length, "j")) ||
                        (record_is(l->name, l->name_length, "instance") &&
                         record_is(l->value, l->value_length, "h:1"));

        own += of_target;
        if (!of_target && !record_is(l->name, l->name_length, "__name__")) {
            used += (size_t)snprintf(text + used, size - used, "{%.*s=%.*s}", (int)l->name_length,
                                     l->name, (int)l->value_length, l->value);
        }
    }
    assert_int_equal(own, 2);
}

/* "1@1 stale@2": what a store has of a series. */
static void put_samples(const weir_series_store *store, const char *name, char *text, size_t size)
{
    text[0] = '\0';
    for (uint32_t i = 0; i < weir_series_store_count(store); i++) {
        char series[200], value[40];
        weir_samples s;
        size_t used = 0, marker = 0;

        put_series(store, i, series, sizeof series);
        if (strcmp(series, name) != 0) {
            continue;
        }
        weir_series_store_samples(store, i, &s);
        for (size_t k = 0; k <= s.count; k++) {
            int64_t until = k < s.count ? s.times_ms[k] : INT64_MAX;

            for (; marker < s.stale_count && s.stale_ms[marker] < until; marker++) {
                used += (size_t)snprintf(text + used, size - used, " stale@%g",
                                         (double)s.stale_ms[marker] / 1000);
            }
            if (k < s.count) {
                put_double(value, sizeof value, s.values[k]);
                used += (size_t)snprintf(text + used, size - used, " %s@%g", value,
                                         (double)s.times_ms[k] / 1000);
            }
        }
    }
}

static void is_scraped(void **state)
{
    const struct life *row = *state;
    struct record_target *target = calloc(1, sizeof *target);
    char text[400];

    assert_non_null(target);
    strcpy(target->job, "j");
    strcpy(target->instance, "h:1");
    assert_int_equal(weir_series_store_create(&series_memory, &target->batch), WEIR_OK);
    assert_int_equal(weir_series_store_create(&series_memory, &target->known), WEIR_OK);
    for (int i = 0; i < PAGES_MAX && row->pages[i] != NULL; i++) {
        weir_http_page page = {200, 0, "text/plain; version=0.0.4", row->pages[i],
                               strlen(row->pages[i])};
        int fails = strcmp(row->pages[i], "!") == 0;

        assert_true(record_scraped(target, 1000 * (i + 1), 0.25, fails ? NULL : &page, "refused"));
        assert_true(!fails || strcmp(target->problem, "refused") == 0);
    }
    put_samples(target->batch, row->series, text, sizeof text);
    assert_string_equal(text[0] == ' ' ? text + 1 : text, row->samples);
    record_target_close(target);
    free(target);
}

/* ---- targets -------------------------------------------------------------------------------- */

struct word {
    const char *name, *word, *url, *job, *instance, *parameters; /* url NULL: it is refused */
};

static const struct word target_words[] = {
    {"a host", "h:1", "http://h:1/metrics", "live", "h:1", NULL},
    {"a path", "h:1/m", "http://h:1/m", "live", "h:1", NULL},
    {"a URL", "https://h/m", "https://h/m", "live", "h", NULL},
    {"a job", "v=h:1", "http://h:1/metrics", "v", "h:1", NULL},
    {"a job and parameters", "v=http://h:1/m?a=b", "http://h:1/m", "v", "h:1", "a=b"},
    {"parameters without a path", "h:1?a=b", "http://h:1/metrics", "live", "h:1", "a=b"},
    {"no job in parameters", "h?a=b", "http://h/metrics", "live", "h", "a=b"},
    {"a scheme", "ftp://h", NULL, NULL, NULL, NULL},
    {"no host", "http:///m", NULL, NULL, NULL, NULL},
    {"nothing", "", NULL, NULL, NULL, NULL},
    {"a user", "http://u@h/m", NULL, NULL, NULL, NULL},
    {"a blank", "h:1/a b", NULL, NULL, NULL, NULL},
};

static void is_a_target(void **state)
{
    const struct word *row = *state;
    struct record_target t = {0};

    if (row->url == NULL) {
        assert_false(record_target_read(&t, row->word));
        return;
    }
    assert_true(record_target_read(&t, row->word));
    assert_string_equal(t.url, row->url);
    assert_string_equal(t.job, row->job);
    assert_string_equal(t.instance, row->instance);
    assert_string_equal(t.parameters != NULL ? t.parameters : "",
                        row->parameters != NULL ? row->parameters : "");
}

/* ---- text ----------------------------------------------------------------------------------- */

static void every_value_comes_back(void **state)
{
    static const double values[] = {
        0.0, -0.0, 1.0, 0.1, 1e-7, 1e21, 1.7976931348623157e308, 5e-324, 1.0 / 3, -2.5e-8};
    const weir_label labels[] = {{"__name__", 8, "a\"b\\c\n\x01\x7f", 8}, {"u", 1, "\xc3\xa9", 2}};
    enum { COUNT = sizeof values / sizeof values[0] };
    weir_series_store *store, *back;
    weir_series_reader *reader;
    struct record_text text = {0};
    uint32_t series;
    weir_samples s;

    (void)state;
    assert_int_equal(weir_series_store_create(&series_memory, &store), WEIR_OK);
    assert_int_equal(weir_series_store_create(&series_memory, &back), WEIR_OK);
    assert_int_equal(weir_series_store_series(store, labels, 2, &series, NULL), WEIR_OK);
    for (int i = 0; i < COUNT; i++) {
        weir_series_store_append(store, series, i, values[i]);
    }
    weir_series_store_append(store, series, COUNT, weir_stale_marker());
    weir_series_store_append(store, series, COUNT + 1, strtod("inf", NULL));
    record_put(&text, "{\"weir_recording\":1}\n");
    record_put_store(&text, store, INT64_MIN);
    assert_int_equal(weir_series_reader_create(NULL, &series_memory, &reader, NULL), WEIR_OK);
    weir_series_reader_feed(reader, text.at, text.length, NULL);
    weir_series_reader_finish(reader, NULL);
    assert_int_equal(weir_series_reader_load(reader, back, NULL, NULL), WEIR_END);
    assert_int_equal(weir_series_store_count(back), 1);
    weir_series_store_samples(back, 0, &s);
    assert_int_equal(s.count, COUNT + 1);
    for (int i = 0; i < COUNT; i++) {
        assert_bits_equal(s.values[i], values[i]);
    }
    assert_true(s.values[COUNT] > 1.7976931348623157e308);
    assert_int_equal(s.stale_count, 1);
    assert_int_equal(s.stale_ms[0], COUNT);
    text.length = 0;
    record_put_store(&text, back, COUNT - 1);
    assert_non_null(strstr(text.at, "\"values\":[null,\"Infinity\"],\"timestamps\":[10,11]"));
    weir_series_reader_free(reader);
    record_text_free(&text);
    weir_series_store_free(store);
    weir_series_store_free(back);
}

/* ---- answers -------------------------------------------------------------------------------- */

static const char answers[] =
    "{\"weir_recording\":1}\n"
    "{\"metric\":{\"__query__\":\"sum(x)\",\"a\":\"1\"},\"values\":[1,2],\"timestamps\":[0,15]}\n"
    "{\"metric\":{\"__query__\":\"sum(x)\",\"a\":\"2\"},\"values\":[8],\"timestamps\":[15]}\n"
    "{\"metric\":{\"__query__\":\"sum(x)\",\"__step__\":\"15\"},\"values\":[1,2,0],"
    "\"timestamps\":[0,15,30]}\n"
    "{\"metric\":{\"__query__\":\"sum(x)\",\"__error__\":\"no\"},\"values\":[1],\"timestamps\":[45]"
    "}\n"
    "{\"metric\":{\"__query__\":\"y\"},\"values\":[7],\"timestamps\":[0]}\n";

static const struct moment {
    const char *name;
    int64_t at;
    int known, elements;
    double sum;
    const char *error;
} moments[] = {
    {"before the first", -1, 0, 0, 0, NULL},    {"at the first", 0, 1, 1, 1, NULL},
    {"until the next", 14, 1, 1, 1, NULL},      {"two elements", 15, 1, 2, 10, NULL},
    {"an empty answer", 30, 1, 0, 0, NULL},     {"an error", 45, 1, 0, 0, "no"},
    {"as long as it holds", 59, 1, 0, 0, "no"}, {"a step after the last", 60, 0, 0, 0, NULL},
};

static weir_series_store *store_of(const char *text)
{
    weir_series_store *store;
    weir_series_reader *reader;

    assert_int_equal(weir_series_store_create(&series_memory, &store), WEIR_OK);
    assert_int_equal(weir_series_reader_create(NULL, &series_memory, &reader, NULL), WEIR_OK);
    weir_series_reader_feed(reader, text, strlen(text), NULL);
    weir_series_reader_finish(reader, NULL);
    assert_int_equal(weir_series_reader_load(reader, store, NULL, NULL), WEIR_END);
    weir_series_reader_free(reader);
    return store;
}

static void was_answered(void **state)
{
    const struct moment *row = *state;
    weir_series_store *store = store_of(answers);
    struct recorded_answer_at at;
    struct recorded *recorded;

    assert_true(recorded_find(store, "sum( x )", "test", &recorded));
    assert_non_null(recorded);
    assert_int_equal(recorded_at(recorded, row->at, &at), row->known);
    assert_int_equal(at.elements, row->elements);
    assert_bits_equal(at.sum, row->sum);
    assert_int_equal(at.error != NULL, row->error != NULL);
    if (row->error != NULL) {
        assert_true(record_is(at.error, at.error_length, row->error));
    }
    recorded_free(recorded);
    weir_series_store_free(store);
}

static void finds_no_other_query(void **state)
{
    weir_series_store *store = store_of(answers);
    weir_series_store *raw = store_of("{__name__=\"x\"} 1 1000\n");
    struct recorded *recorded;

    (void)state;
    assert_false(recorded_find(store, "sum(z)", "test", &recorded));
    assert_null(recorded);
    assert_true(recorded_find(raw, "sum(z)", "test", &recorded)); /* it is evaluated */
    assert_null(recorded);
    weir_series_store_free(store);
    weir_series_store_free(raw);
}

/* ---- files ---------------------------------------------------------------------------------- */

static long size_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    long size;

    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    fclose(file);
    return size;
}

/* Writes three blocks, and where each ends. */
static long write_blocks(const char *path, long ends[4])
{
    struct record_file file;

    assert_int_equal(record_open(&file, path, "{\"weir_recording\":1,\"begun\":\"a\",\"from\":5}"),
                     EXIT_FINE);
    for (int i = 0; i < 3; i++) {
        ends[i] = size_of(path);
        record_put(&file.block, "{\"metric\":{},\"values\":[1],\"timestamps\":[%d]}\n", i);
        assert_int_equal(record_commit(&file, 10 * i, i == 2), EXIT_FINE);
    }
    assert_int_equal(record_close(&file), EXIT_FINE);
    ends[3] = size_of(path);
    return ends[3];
}

static void copy_part(const char *path, const char *copy, size_t length)
{
    FILE *from = fopen(path, "rb"), *to = fopen(copy, "wb");
    char bytes[4096];

    assert_true(length <= sizeof bytes);
    assert_int_equal(fread(bytes, 1, length, from), length);
    assert_int_equal(fwrite(bytes, 1, length, to), length);
    fclose(from);
    fclose(to);
}

/* A recording of three blocks, cut at every byte, goes on behind its last whole one. */
static void goes_on_from_every_byte(void **state)
{
    char folder[] = "/tmp/weir-test-XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(folder));
    for (int zipped = 0; zipped < 2; zipped++) {
        char path[64], copy[64];
        long ends[4], size;

        snprintf(path, sizeof path, "%s/a%s", folder, zipped ? ".gz" : "");
        snprintf(copy, sizeof copy, "%s/b%s", folder, zipped ? ".gz" : "");
        size = write_blocks(path, ends);
        for (long cut = 0; cut <= size; cut++) {
            struct record_file file;
            int whole = 0;

            copy_part(path, copy, (size_t)cut);
            while (whole < 4 && ends[whole] <= cut) {
                whole++;
            }
            assert_int_equal(
                record_open(&file, copy, "{\"weir_recording\":1,\"begun\":\"b\",\"from\":5}"),
                EXIT_FINE);
            assert_int_equal(file.continued, whole > 0);
            assert_int_equal(file.ended, whole == 4);
            assert_true(file.done == (whole > 1 ? 10 * (whole - 2) : INT64_MIN));
            assert_int_equal(record_close(&file), EXIT_FINE);
            assert_int_equal(size_of(copy), ends[whole > 0 ? whole - 1 : 0]);
            unlink(copy);
        }
        unlink(path);
    }
    rmdir(folder);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, is_scraped, lives);
    SUITE_TABLE(&suite, is_a_target, target_words);
    SUITE_TEST(&suite, every_value_comes_back);
    SUITE_TEST(&suite, goes_on_from_every_byte);
    SUITE_TABLE(&suite, was_answered, moments);
    SUITE_TEST(&suite, finds_no_other_query);
    return suite_run(&suite, "record");
}
