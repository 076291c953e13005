/* prometheus/reader: what each format gives, and where it breaks off, in chunks of any size. */
#include "short_memory.h"
#include "table.h"
#include <inttypes.h>
#include <stdio.h>
#include <weir/prometheus.h>

/* ---- entries as text ------------------------------------------------------------------------ */

struct page {
    char text[4096];
    size_t length;
};

static void put(struct page *page, const char *text, size_t length)
{
    assert_true(page->length + length + 1 < sizeof page->text);
    memcpy(page->text + page->length, text, length);
    page->length += length;
    page->text[page->length] = '\0';
}

static void put_string(struct page *page, const char *text)
{
    put(page, text, strlen(text));
}

static void put_labels(struct page *page, const weir_label *labels, size_t count)
{
    put_string(page, "{");
    for (size_t i = 0; i < count; i++) {
        put_string(page, i > 0 ? "," : "");
        put(page, labels[i].name, labels[i].name_length);
        put_string(page, "=");
        put(page, labels[i].value, labels[i].value_length);
    }
    put_string(page, "}");
}

static void put_number(struct page *page, double value)
{
    char text[40];

    snprintf(text, sizeof text, weir_is_stale(value) ? " stale" : " %.17g", value);
    put_string(page, text);
}

static void put_time(struct page *page, int64_t time)
{
    char text[40];

    snprintf(text, sizeof text, "@%" PRId64, time);
    put_string(page, text);
}

/* "3:{__name__=x} 1@5000": the line, then what the entry says. */
static void put_entry(struct page *page, const weir_entry *e)
{
    char text[40];

    snprintf(text, sizeof text, "%d:", e->line);
    put_string(page, text);
    if (e->kind == WEIR_ENTRY_SAMPLE) {
        put_labels(page, e->labels, e->label_count);
        put_number(page, e->value);
        if (e->has_time) {
            put_time(page, e->time_ms);
        }
        if (e->has_exemplar) {
            put_string(page, " #");
            put_labels(page, e->exemplar.labels, e->exemplar.label_count);
            put_number(page, e->exemplar.value);
        }
    } else {
        put(page, e->name != NULL ? e->name : "#", e->name != NULL ? e->name_length : 1);
        put_string(page, " ");
        put_string(page, e->kind == WEIR_ENTRY_TYPE ? weir_metric_type_name(e->metric_type) : "");
        put(page, e->text != NULL ? e->text : "", e->text_length);
    }
    put_string(page, "\n");
}

static void put_error(struct page *page, const weir_error *err)
{
    char text[400];

    snprintf(text, sizeof text, "%d:%d: %s%s%s\n", err->line, err->column, err->path,
             err->path[0] != '\0' ? ": " : "", err->message);
    put_string(page, text);
}

static weir_status take_all(weir_series_reader *reader, struct page *page)
{
    weir_entry entry;
    weir_error err = {0};
    weir_status status;
    int32_t told = -1;

    for (;;) {
        status = weir_series_reader_next(reader, &entry, &err);
        if (status == WEIR_OK) {
            put_entry(page, &entry);
            continue;
        }
        if (status == WEIR_END) {
            return status;
        }
        if (err.line == told) {
            return status; /* the same once more: reading cannot go on */
        }
        put_error(page, &err);
        told = err.line;
    }
}

static void read_document(struct page *page, int32_t format, const char *text, size_t length,
                          size_t chunk, const weir_allocator *allocator)
{
    weir_series_reader_options options;
    weir_series_reader *reader;
    weir_status status = WEIR_END;

    weir_series_reader_options_init(&options, sizeof options);
    options.format = format;
    assert_int_equal(weir_series_reader_create(&options, allocator, &reader, NULL), WEIR_OK);
    page->length = 0;
    page->text[0] = '\0';
    for (size_t at = 0; at < length && status == WEIR_END; at += chunk) {
        assert_int_equal(weir_series_reader_feed(reader, text + at,
                                                 length - at < chunk ? length - at : chunk, NULL),
                         WEIR_OK);
        status = take_all(reader, page);
    }
    if (status == WEIR_END) {
        assert_int_equal(weir_series_reader_finish(reader, NULL), WEIR_OK);
        take_all(reader, page);
    }
    weir_series_reader_free(reader);
}

/* ---- documents ------------------------------------------------------------------------------ */

struct document {
    const char *name;
    int32_t format, found; /* as it is set, and as it is detected; 0: not looked at */
    const char *text, *entries;
};

#define TEXT_FORMAT WEIR_FORMAT_TEXT, WEIR_FORMAT_TEXT
#define OPENMETRICS WEIR_FORMAT_OPENMETRICS, WEIR_FORMAT_OPENMETRICS
#define DUMP        WEIR_FORMAT_TSDB_DUMP, WEIR_FORMAT_TSDB_DUMP
#define EXPORT      WEIR_FORMAT_VM_EXPORT, WEIR_FORMAT_VM_EXPORT
#define RECORDING   WEIR_FORMAT_RECORDING, WEIR_FORMAT_RECORDING
#define CSV         WEIR_FORMAT_CSV, WEIR_FORMAT_CSV
#define API         WEIR_FORMAT_API_JSON, WEIR_FORMAT_API_JSON

static const struct document documents[] = {
    {"text: all kinds of lines", TEXT_FORMAT,
     "# HELP up Whether it is\\n up.\n# TYPE up untyped\nup{job=\"a\\\"b\"} 1 1700000000123\n\n"
     "# free\nup 2",
     "1:up Whether it is\n up.\n2:up unknown\n3:{__name__=up,job=a\"b} 1@1700000000123\n5:# # "
     "free\n"
     "6:{__name__=up} 2\n"},
    {"text: names that begin alike, and a shorter one", TEXT_FORMAT,
     "abc_sum 1\nabc_sum 2\nabc_sum_total 3\nabc_su 4\nb{c=\"d\"} 5\nb 6\n",
     "1:{__name__=abc_sum} 1\n2:{__name__=abc_sum} 2\n3:{__name__=abc_sum_total} 3\n"
     "4:{__name__=abc_su} 4\n5:{__name__=b,c=d} 5\n6:{__name__=b} 6\n"},
    {"text: lines are counted within quotes", WEIR_FORMAT_TEXT, 0,
     "x{a=\"1\n2\"} 1\nx{a=\"\n\n!\"} z\n",
     "1:{__name__=x,a=1\n2} 1\n5:5: expected a number, got \"z\"\n"},
    {"text: a value behind a line break in quotes", WEIR_FORMAT_TEXT, 0,
     "x{a=\"\n\"} 1234e2 5678\n# HELP \"a\nb\" some help\n",
     "1:{__name__=x,a=\n} 123400@5678\n3:a\nb some help\n"},
    {"text: an error keeps what was before", WEIR_FORMAT_TEXT, 0, "a 1\nb{x=} 2\nc 3\n",
     "1:{__name__=a} 1\n2:5: expected a label's value in double quotes, got \"}\"\n"},
    {"text: a blank before a name", WEIR_FORMAT_TEXT, 0, " x 1\n",
     "1:1: expected a name without blanks before it, got \" \"\n"},
    {"text: a native histogram", WEIR_FORMAT_TEXT, 0, "x {count:1} 2\n",
     "1:9: expected = (native histograms are not read), got \":\"\n"},
    {"text: quotes that never end", WEIR_FORMAT_TEXT, 0, "x 1\ny{a=\"b\n\n} 1\n",
     "1:{__name__=x} 1\n2:5: the quotes that begin here never end\n"},
    {"text: no UTF-8", WEIR_FORMAT_TEXT, 0, "x{a=\"b\xff\"} 1\n", "1:6: the text is not UTF-8\n"},
    {"text: a surrogate is no UTF-8", WEIR_FORMAT_TEXT, 0, "x{a=\"\xed\xa0\x80\"} 1\n",
     "1:6: the text is not UTF-8\n"},
    {"text: a carriage return", WEIR_FORMAT_TEXT, 0, "x 1\r\n",
     "1:3: expected a number, got \"1\"\n"},
    {"text: a time beyond int64", WEIR_FORMAT_TEXT, 0, "x 1 9223372036854775808\n",
     "1:5: the time is beyond 2^63 milliseconds\n"},
    {"text: bounds of histograms", WEIR_FORMAT_TEXT, 0,
     "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"0.25\"} 1\nh_bucket{le=\"1e3\"} 1\n"
     "h_bucket{le=\"007.5\"} 1\nh_bucket{le=\"0.00001\"} 1\nh_bucket{le=\"1000000.0\"} 1\n"
     "h_bucket{le=\"0.0001\"} 1\nh_bucket{le=\"0.000010\"} 1\nh_bucket{le=\"1234567\"} 1\n"
     "h_bucket{le=\"0\"} 1\nh_bucket{le=\"2.50\"} 1\nh_bucket{le=\"1.\"} 1\n",
     "1:h histogram\n2:{__name__=h_bucket,le=1.0} 1\n3:{__name__=h_bucket,le=0.25} 1\n"
     "4:{__name__=h_bucket,le=1000.0} 1\n5:{__name__=h_bucket,le=7.5} 1\n"
     "6:{__name__=h_bucket,le=1e-05} 1\n7:{__name__=h_bucket,le=1e+06} 1\n"
     "8:{__name__=h_bucket,le=0.0001} 1\n9:{__name__=h_bucket,le=1e-05} 1\n"
     "10:{__name__=h_bucket,le=1.234567e+06} 1\n11:{__name__=h_bucket,le=0.0} 1\n"
     "12:{__name__=h_bucket,le=2.5} 1\n13:{__name__=h_bucket,le=1.0} 1\n"},
    {"text: names in quotes", WEIR_FORMAT_TEXT, WEIR_FORMAT_TEXT, "{\"a.b\",\"c.d\"=\"e\\\\\"} 1\n",
     "1:{__name__=a.b,c.d=e\\} 1\n"},
    {"recording: samples between other lines", RECORDING,
     "{\"weir_recording\":1,\"from\":5}\n"
     "{\"metric\":{\"__name__\":\"a\"},\"values\":[1,\"NaN\",\"Infinity\"],"
     "\"timestamps\":[5,6,7]}\n{\"done\":7}\n",
     "1:# {\"weir_recording\":1,\"from\":5}\n2:{__name__=a} 1@5\n2:{__name__=a} nan@6\n"
     "2:{__name__=a} inf@7\n3:# {\"done\":7}\n"},
    {"recording: null is a marker", RECORDING,
     "{\"weir_recording\":1}\n{\"metric\":{},\"values\":[null],\"timestamps\":[5]}\n",
     "1:# {\"weir_recording\":1}\n2:{} stale@5\n"},
    {"recording: a last line that is cut off", RECORDING,
     "{\"weir_recording\":1}\n{\"metric\":{\"a\":\"b\"},\"values\":[1,2],\"timest",
     "1:# {\"weir_recording\":1}\n2:# {\"metric\":{\"a\":\"b\"},\"values\":[1,2],\"timest\n"},
    {"recording: a last line without its end", RECORDING,
     "{\"weir_recording\":1}\n{\"metric\":{},\"values\":[1],\"timestamps\":[5]}",
     "1:# {\"weir_recording\":1}\n2:{} 1@5\n"},
    {"recording: a cut line within", RECORDING,
     "{\"weir_recording\":1}\n{\"metric\":{}\n{\"done\":5}\n",
     "1:# {\"weir_recording\":1}\n2:13: expected , or }, got the end of the line\n"},
    {"recording: of another version", RECORDING, "{\"weir_recording\":2}\n",
     "1:1: a recording of a version that this weir does not read\n"},
    {"recording: no head", WEIR_FORMAT_RECORDING, 0, "{\"done\":5}\n",
     "1:1: expected the head of a recording, {\"weir_recording\":1,...}\n"},
    {"openmetrics: all kinds of lines", OPENMETRICS,
     "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds x\\\"y\n"
     "a_seconds_total{b=\"c\"} 17 1700000000.9999 # {trace_id=\"t\"} 0.5 1\n# EOF\n",
     "1:a_seconds counter\n2:a_seconds seconds\n3:a_seconds x\"y\n"
     "4:{__name__=a_seconds_total,b=c} 17@1700000000999 #{trace_id=t} 0.5\n"},
    {"openmetrics: no end", WEIR_FORMAT_OPENMETRICS, 0, "x 1\n",
     "1:{__name__=x} 1\n2:1: the data does not end with # EOF\n"},
    {"openmetrics: no end of a line", WEIR_FORMAT_OPENMETRICS, 0, "x 1\ny 2",
     "1:{__name__=x} 1\n2:1: the data does not end with # EOF: this line has no end\n"},
    {"openmetrics: none behind a blank", WEIR_FORMAT_OPENMETRICS, 0, "x 1\ny 2 ",
     "1:{__name__=x} 1\n2:{__name__=y} 2\n2:1: the data does not end with # EOF: this line has no "
     "end\n"},
    {"openmetrics: none behind a time and a blank", WEIR_FORMAT_OPENMETRICS, 0, "y 2 3 ",
     "1:1: the data does not end with # EOF: this line has no end\n"},
    {"openmetrics: a blank behind the value", WEIR_FORMAT_OPENMETRICS, 0, "y 2 \n# EOF\n",
     "1:{__name__=y} 2\n1:5: expected a time, # and { of an exemplar, or no blank, got the end of "
     "the "
     "line\n"},
    {"openmetrics: a blank behind the time", WEIR_FORMAT_OPENMETRICS, 0, "y 2 3 \n# EOF\n",
     "1:7: expected # and { of an exemplar, or no blank, got the end of the line\n"},
    {"openmetrics: more behind the end", WEIR_FORMAT_OPENMETRICS, 0, "# EOF\nx 1\n",
     "2:1: expected nothing after # EOF, got \"x\"\n"},
    {"openmetrics: two blanks", WEIR_FORMAT_OPENMETRICS, 0, "x  1\n# EOF\n",
     "1:3: expected a blank and a value, got \" \"\n"},
    {"openmetrics: another comment", WEIR_FORMAT_OPENMETRICS, 0, "# free\n# EOF\n",
     "1:1: expected # TYPE, # HELP, # UNIT or # EOF: there are no other comments in OpenMetrics\n"},
    {"openmetrics: a native histogram", WEIR_FORMAT_OPENMETRICS, 0,
     "x {count:17,sum:3} 1700000000\n# EOF\n",
     "1:3: a native histogram, or a value in braces: weir reads numbers alone\n"},
    {"openmetrics: a time that no int64 holds", WEIR_FORMAT_OPENMETRICS, 0, "x 1 1e30\n# EOF\n",
     "1:5: the time is beyond 2^63 milliseconds\n"},
    {"dump: Go's quotes, markers and exponents", DUMP,
     "{__name__=\"up\", job=\"x\\t\\u00e9\\x41\\\"\"} 1e+06 1700000000000\n"
     "{__name__=\"up\", job=\"y\"} NaN 1700000015000\n",
     "1:{__name__=up,job=x\t\xc3\xa9"
     "A\"} 1000000@1700000000000\n2:{__name__=up,job=y} stale@1700000015000\n"},
    {"dump: a native histogram is told and passed", DUMP,
     "{__name__=\"h\"} {count:2, sum:3, (1,2]:2} 1\n{__name__=\"x\"} 1 2\n",
     "1:16: a native histogram: weir reads numbers alone\n2:{__name__=x} 1@2\n"},
    {"dump: no time", WEIR_FORMAT_TSDB_DUMP, 0, "{__name__=\"h\"} 1\n",
     "1:17: expected a time in milliseconds, got the end of the line\n"},
    {"dump-openmetrics: Go's quotes", WEIR_FORMAT_DUMP_OPENMETRICS, WEIR_FORMAT_DUMP_OPENMETRICS,
     "up{a=\"tab\\there\"} NaN 1700000000.500\nup{} 1 1700000001.000\n# EOF\n",
     "1:{__name__=up,a=tab\there} stale@1700000000500\n2:{__name__=up} 1@1700000001000\n"},
    {"export: markers and infinities", EXPORT,
     "{\"metric\":{\"__name__\":\"up\",\"job\":\"x\"},\"values\":[1,null,\"-Infinity\"],"
     "\"timestamps\":[1,2,3]}\n\n{\"metric\":{},\"values\":[],\"timestamps\":[]}\n"
     "{\"metric\":{\"__name__\":\"b\"},\"values\":[0.1],\"timestamps\":[4]}",
     "1:{__name__=up,job=x} 1@1\n1:{__name__=up,job=x} stale@2\n1:{__name__=up,job=x} -inf@3\n"
     "4:{__name__=b} 0.10000000000000001@4\n"},
    {"export: lists that differ in length", WEIR_FORMAT_VM_EXPORT, 0,
     "{\"metric\":{\"__name__\":\"a\"},\"values\":[1],\"timestamps\":[4]}\n"
     "{\"metric\":{},\"values\":[1],\"timestamps\":[]}\n",
     "1:{__name__=a} 1@4\n2:1: expected values and timestamps, lists of the same length\n"},
    {"export: half a time", WEIR_FORMAT_VM_EXPORT, 0,
     "{\"metric\":{},\"values\":[1],\"timestamps\":[1.5]}\n",
     "1:1: timestamps: expected whole milliseconds\n"},
    {"export: no JSON", WEIR_FORMAT_VM_EXPORT, 0, "{\"metric\":{}\n",
     "1:13: expected , or }, got the end of the line\n"},
    {"csv: a row a sample", CSV,
     "__name__,job,__timestamp__:unix_s,__value__\nup,\"a,\"\"b\",1700000000.5,1\nup,,"
     "1700000000500,2\n"
     "up,c,2023-11-14T22:13:20.25Z,\n",
     "2:{__name__=up,job=a,\"b} 1@1700000000500\n3:{__name__=up} 2@1700000000500\n"},
    {"csv: a column a series", CSV,
     "\"Time\",\"{__name__=\"\"up\"\", a=\"\"x,y\"\"}\",\"up{a=\"\"z\"\"}\",\"queue\"\r\n"
     "1700000000000,1,,3\r\n1700000015000,NaN,2,null\r\n\r\n\"Time\";\"b\"\r\n1;0.5\r\n",
     "2:{__name__=up,a=x,y} 1@1700000000000\n2:{__name__=queue} 3@1700000000000\n"
     "3:{__name__=up,a=x,y} nan@1700000015000\n3:{__name__=up,a=z} 2@1700000015000\n"
     "6:{__name__=b} 0.5@1000\n"},
    {"csv: line breaks and quotes in quotes", CSV,
     "time,value,\"a\n\"\"b\",c\n1,\"2\",\"x\n\"\"\",\"\n\"\n3,4,,\n",
     "3:{a\n\"b=x\n\",c=\n} 2@1000\n6:{} 4@3000\n"},
    {"csv: semicolons, a byte order mark and sep=", CSV, "\xef\xbb\xbfsep=;\ntime;value\n1;2\n",
     "3:{} 2@1000\n"},
    {"csv: a zone is needed", WEIR_FORMAT_CSV, 0, "time,value\n2023-11-14 22:13:20,1\n",
     "2:1: expected a time: a number of seconds, milliseconds or less since 1970, or RFC 3339 with "
     "a zone, got \"2\"\n"},
    {"csv: units", WEIR_FORMAT_CSV, 0, "time,value\n1,1.2 K\n",
     "2:3: expected a number, got \"1\"\n"},
    {"csv: too few cells", WEIR_FORMAT_CSV, 0, "time,value,a\n1,2\n",
     "2:4: expected as many cells as the header has, got the end of the line\n"},
    {"csv: no column of times", WEIR_FORMAT_CSV, 0, "a,value\n1,2\n",
     "1:1: expected a header with one column time (timestamp, __timestamp__), and either one "
     "column "
     "value and columns of labels, or a column a series\n"},
    {"csv: labels that do not close", WEIR_FORMAT_CSV, 0, "time,\"up{a=\"\"b\"\"\"\n",
     "1:15: expected , or }, got the end of the line\n"},
    {"api: a matrix", API,
     "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":"
     "{\"__name__\":\"a\"},\"values\":[[1,\"2\"],[2.5,\"NaN\"]],\"histograms\":[[3,{\"count\":"
     "\"1\","
     "\"sum\":\"2\"}]]},{\"metric\":{},\"values\":[[1,\"+Inf\"]]}]}}",
     "1:{__name__=a} 2@1000\n1:{__name__=a} nan@2500\n"
     "1:1: a native histogram: weir reads numbers alone\n1:{} inf@1000\n"},
    {"api: the list of a result", API,
     "[{\"metric\":{\"a\":\"b\"},\"value\":[1700000000.123,\"2\"]}]", "1:{a=b} 2@1700000000123\n"},
    {"api: an error", API, "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"boom\"}",
     "0:0: a server's error: execution: boom\n"},
    {"api: cut off", API, "{\"status\":\n\"suc",
     "2:5: line 2, column 5: expected a closing quote, got the end of the input\n"},
    {"nothing at all", 0, WEIR_FORMAT_TEXT, "", ""},
};

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

static void gives_entries(void **state)
{
    static const size_t chunks[] = {SIZE_MAX, 1, 2, 3, 7, 64};
    const struct document *d = *state;
    struct page page;

    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        read_document(&page, d->format, d->text, strlen(d->text), chunks[i], &memory);
        assert_string_equal(page.text, d->entries);
    }
}

static void is_detected(void **state)
{
    const struct document *d = *state;
    size_t length = strlen(d->text);
    struct page page;
    int32_t format;

    if (d->found == 0) {
        return;
    }
    assert_int_equal(weir_series_format_detect(d->text, length, 1, &format, NULL), WEIR_OK);
    assert_int_equal(format, d->found);
    /* The more is there the surer: what is said early stays true. */
    for (size_t i = 0; i < length; i++) {
        weir_status status = weir_series_format_detect(d->text, i, 0, &format, NULL);

        assert_true(status == WEIR_END || (status == WEIR_OK && format == d->found));
    }
    read_document(&page, WEIR_FORMAT_DETECT, d->text, length, 5, &memory);
    assert_string_equal(page.text, d->entries);
}

/* Whichever request for memory fails, that is told, and nothing is lost or kept. */
static void survives_lack_of_memory(void **state)
{
    const struct document *d = *state;
    size_t length = strlen(d->text);

    for (size_t refuse = 1;; refuse++) {
        struct short_memory scarce = {.refuse = refuse};
        weir_allocator allocator = short_memory_allocator(&scarce);
        weir_series_reader_options options;
        weir_series_reader *reader = NULL;
        weir_entry entry;
        weir_status status;

        weir_series_reader_options_init(&options, sizeof options);
        options.format = d->format;
        status = weir_series_reader_create(&options, &allocator, &reader, NULL);
        for (size_t at = 0; status >= 0 && at < length; at += 16) {
            status = weir_series_reader_feed(reader, d->text + at,
                                             length - at < 16 ? length - at : 16, NULL);
            while (status >= 0 && status != WEIR_END) {
                status = weir_series_reader_next(reader, &entry, NULL);
            }
        }
        if (status >= 0) {
            status = weir_series_reader_finish(reader, NULL);
            while (status >= 0 && status != WEIR_END) {
                status = weir_series_reader_next(reader, &entry, NULL);
            }
        }
        weir_series_reader_free(reader);
        assert_int_equal(scarce.in_use, 0);
        if (scarce.asked < refuse) {
            return;
        }
        assert_int_equal(status, WEIR_E_MEMORY);
    }
}

/* ---- detection ------------------------------------------------------------------------------ */

struct sight {
    const char *name, *text;
    weir_status status;
    int32_t format;
};

static const struct sight sights[] = {
    {"gzip", "\x1f\x8b\x08xx", WEIR_E_UNSUPPORTED, 0},
    {"UTF-16", "\xff\xfeT\x01", WEIR_E_UNSUPPORTED, 0},
    {"a page of HTML", "<!DOCTYPE html>", WEIR_E_UNSUPPORTED, 0},
    {"times in milliseconds", "x 1 1700000000000\n", WEIR_OK, WEIR_FORMAT_TEXT},
    {"times in seconds", "x 1 1700000000\n", WEIR_OK, WEIR_FORMAT_OPENMETRICS},
    {"fractions of seconds", "x 1 1700000000.5\n", WEIR_OK, WEIR_FORMAT_OPENMETRICS},
    {"an exemplar", "x_total 1 # {a=\"b\"} 1\n", WEIR_OK, WEIR_FORMAT_OPENMETRICS},
    {"a type of OpenMetrics", "# TYPE x unknown\nx 1\n", WEIR_OK, WEIR_FORMAT_OPENMETRICS},
    {"an end", "# TYPE x counter\nx 1\n# EOF\n", WEIR_OK, WEIR_FORMAT_OPENMETRICS},
    {"no end", "# TYPE x counter\nx 1\n", WEIR_OK, WEIR_FORMAT_TEXT},
    {"labels without a name", "{a=\"b\"} 1 2\n", WEIR_OK, WEIR_FORMAT_TSDB_DUMP},
    {"no labels", "{} 1 2\n", WEIR_OK, WEIR_FORMAT_TSDB_DUMP},
    {"a word with tabs behind", "time\tvalue\n", WEIR_OK, WEIR_FORMAT_CSV},
    {"columns with blanks", "time of day,value\n", WEIR_OK, WEIR_FORMAT_CSV},
};

static void is_seen(void **state)
{
    const struct sight *row = *state;
    int32_t format = -1;
    weir_error err;

    assert_int_equal(weir_series_format_detect(row->text, strlen(row->text), 1, &format, &err),
                     row->status);
    if (row->status == WEIR_OK) {
        assert_int_equal(format, row->format);
    } else {
        assert_true(err.message[0] != '\0');
    }
}

/* ---- loading -------------------------------------------------------------------------------- */

static weir_status load(weir_series_store *store, const char *text, int64_t default_time,
                        weir_series_counts *counts, weir_error *err)
{
    weir_series_reader_options options;
    weir_series_reader *reader;
    weir_status status = WEIR_END;
    size_t length = strlen(text);

    weir_series_reader_options_init(&options, sizeof options);
    options.default_time_ms = default_time;
    assert_int_equal(weir_series_reader_create(&options, &memory, &reader, NULL), WEIR_OK);
    for (size_t at = 0; at < length && status == WEIR_END; at += 11) {
        weir_series_reader_feed(reader, text + at, length - at < 11 ? length - at : 11, NULL);
        status = weir_series_reader_load(reader, store, counts, err);
    }
    if (status == WEIR_END) {
        weir_series_reader_finish(reader, NULL);
        status = weir_series_reader_load(reader, store, counts, err);
    }
    weir_series_reader_free(reader);
    return status;
}

static void loads_and_counts(void **state)
{
    weir_series_store *store;
    weir_series_counts counts = {0};
    weir_samples samples;

    (void)state;
    assert_int_equal(weir_series_store_create(&memory, &store), WEIR_OK);
    assert_int_equal(load(store,
                          "{__name__=\"a\"} 1 1000\n{__name__=\"b\"} 5 1000\n"
                          "{__name__=\"a\"} {count:1} 1500\n{__name__=\"a\"} 2 2000\n"
                          "{__name__=\"a\"} 3 1500\n{__name__=\"a\"} NaN 3000\n",
                          INT64_MIN, &counts, NULL),
                     WEIR_END);
    assert_int_equal(counts.samples, 4);
    assert_int_equal(counts.stale, 1);
    assert_int_equal(counts.refused, 1);
    assert_int_equal(counts.histograms, 1);
    assert_int_equal(counts.refused_line, 3);
    assert_int_equal(weir_series_store_count(store), 2);
    weir_series_store_samples(store, 0, &samples);
    assert_int_equal(samples.count, 2);
    assert_int_equal(samples.times_ms[1], 2000);
    assert_bits_equal(samples.values[1], 2.0);
    assert_int_equal(samples.stale_ms[0], 3000);
    weir_series_store_free(store);
}

static void loads_batches_in_chunks(void **state)
{
    weir_series_store *store;
    weir_series_counts counts = {0};
    weir_samples samples;

    (void)state;
    assert_int_equal(weir_series_store_create(&memory, &store), WEIR_OK);
    assert_int_equal(load(store,
                          "{\"metric\":{\"a\":\"b\"},\"values\":[1,2,3],\"timestamps\":[1,2,3]}\n"
                          "{\"metric\":{\"a\":\"c\"},\"values\":[4],\"timestamps\":[4]}\n"
                          "{\"metric\":{\"a\":\"b\"},\"values\":[5],\"timestamps\":[5]}\n",
                          INT64_MIN, &counts, NULL),
                     WEIR_END);
    assert_int_equal(weir_series_store_count(store), 2);
    weir_series_store_samples(store, 0, &samples);
    assert_int_equal(samples.count, 4);
    assert_bits_equal(samples.values[3], 5.0);
    weir_series_store_free(store);
}

static void a_time_is_needed(void **state)
{
    weir_series_store *store;
    weir_series_counts counts = {0};
    weir_error err;
    weir_samples samples;

    (void)state;
    assert_int_equal(weir_series_store_create(&memory, &store), WEIR_OK);
    assert_int_equal(load(store, "\nx 1\n", INT64_MIN, &counts, &err), WEIR_E_RANGE);
    assert_int_equal(err.line, 2);
    assert_int_equal(load(store, "\nx 1\n", 42, &counts, &err), WEIR_END);
    weir_series_store_samples(store, 0, &samples);
    assert_int_equal(samples.times_ms[0], 42);
    assert_int_equal(load(store, "x{a=\"1\",a=\"2\"} 1\n", 42, &counts, &err), WEIR_E_RANGE);
    assert_string_equal(err.message, "label \"a\" is there twice");
    assert_int_equal(err.line, 1);
    weir_series_store_free(store);
}

static void refuses_bad_options(void **state)
{
    weir_series_reader_options options;
    weir_series_reader *reader;

    (void)state;
    assert_int_equal(weir_series_reader_options_init(&options, 3), WEIR_E_STRUCT);
    assert_int_equal(weir_series_reader_options_init(&options, sizeof options), WEIR_OK);
    options.format = WEIR_FORMAT_RECORDING + 1;
    assert_int_equal(weir_series_reader_create(&options, &memory, &reader, NULL), WEIR_E_RANGE);
    options.format = 0;
    options.nan_is_stale = 2;
    assert_int_equal(weir_series_reader_create(&options, &memory, &reader, NULL), WEIR_E_RANGE);
    assert_int_equal(weir_series_reader_create(NULL, NULL, &reader, NULL), WEIR_E_ARG);
}

static void says_nothing_more_after_its_end(void **state)
{
    weir_series_reader *reader;
    weir_entry entry;

    (void)state;
    assert_int_equal(weir_series_reader_create(NULL, &memory, &reader, NULL), WEIR_OK);
    assert_int_equal(weir_series_reader_next(reader, &entry, NULL), WEIR_END);
    assert_int_equal(weir_series_reader_feed(reader, "x 1", 3, NULL), WEIR_OK);
    assert_int_equal(weir_series_reader_next(reader, &entry, NULL), WEIR_END);
    assert_int_equal(weir_series_reader_finish(reader, NULL), WEIR_OK);
    assert_int_equal(weir_series_reader_next(reader, &entry, NULL), WEIR_OK);
    assert_int_equal(weir_series_reader_format(reader), WEIR_FORMAT_TEXT);
    assert_int_equal(weir_series_reader_next(reader, &entry, NULL), WEIR_END);
    assert_int_equal(weir_series_reader_next(reader, &entry, NULL), WEIR_END);
    assert_int_equal(weir_series_reader_feed(reader, "x", 1, NULL), WEIR_E_ARG);
    weir_series_reader_free(reader);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, gives_entries, documents);
    SUITE_TABLE(&suite, is_detected, documents);
    SUITE_TABLE(&suite, survives_lack_of_memory, documents);
    SUITE_TABLE(&suite, is_seen, sights);
    SUITE_TEST(&suite, loads_and_counts);
    SUITE_TEST(&suite, loads_batches_in_chunks);
    SUITE_TEST(&suite, a_time_is_needed);
    SUITE_TEST(&suite, refuses_bad_options);
    SUITE_TEST(&suite, says_nothing_more_after_its_end);
    return suite_run(&suite, "prometheus/reader");
}
