/*
 * bench_prometheus.c - what reading costs, in processor time: a scrape of a model server as text
 * and as OpenMetrics, and a reply with a matrix, of which the share that cJSON spends is shown.
 *
 *   bench_prometheus             a table
 *   bench_prometheus FILE        the same for a scrape of one's own (text)
 *   bench_prometheus --plain     "name bytes ns MB/s" lines for a program to read
 */
#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weir/prometheus.h>

static void must(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "bench: %s failed\n", what);
        exit(1);
    }
}

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

/* ---- documents ------------------------------------------------------------------------------ */

struct document {
    char *text;
    size_t length, room;
};

static void put(struct document *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct document *d, const char *format, ...)
{
    va_list arguments;

    if (d->room - d->length < 1024) {
        d->room = 2 * d->room + 65536;
        d->text = realloc(d->text, d->room);
        must(d->text != NULL, "getting memory");
    }
    va_start(arguments, format);
    d->length += (size_t)vsnprintf(d->text + d->length, d->room - d->length, format, arguments);
    va_end(arguments);
}

/* As a model server writes it: histograms make the most of it. */
static struct document scrape(int openmetrics)
{
    static const char *const names[] = {"time_to_first_token", "inter_token_latency",
                                        "e2e_request",         "request_queue_time",
                                        "request_decode_time", "request_prefill_time"};
    static const char *const bounds[] = {"0.3",   "0.5",    "0.8",    "1.0",   "1.5",   "2.0",
                                         "2.5",   "5.0",    "10.0",   "15.0",  "20.0",  "30.0",
                                         "40.0",  "50.0",   "60.0",   "120.0", "240.0", "480.0",
                                         "960.0", "1920.0", "7680.0", "+Inf"};
    static const char labels[] = "engine=\"0\",model_name=\"Qwen/Qwen2.5-3B-Instruct\"";
    struct document d = {0};

    for (int i = 0; i < 12; i++) {
        const char *name = names[i % 6];

        put(&d, "# HELP vllm:%s_%d_seconds Histogram of a time in seconds.\n", name, i);
        put(&d, "# TYPE vllm:%s_%d_seconds histogram\n", name, i);
        for (int b = 0; b < 22; b++) {
            put(&d, "vllm:%s_%d_seconds_bucket{engine=\"0\",le=\"%s\",%s} %d.0\n", name, i,
                bounds[b], labels + 11, 37 * b * (i + 1));
        }
        put(&d, "vllm:%s_%d_seconds_count{%s} %d.0\n", name, i, labels, 814 * (i + 1));
        put(&d, "vllm:%s_%d_seconds_sum{%s} %d.8437%d92\n", name, i, labels, 3917 * i, i);
        put(&d, "# HELP vllm:gauge_%d Number of requests.\n# TYPE vllm:gauge_%d gauge\n", i, i);
        put(&d, "vllm:gauge_%d{%s} %d.0\n", i, labels, i);
    }
    if (openmetrics) {
        put(&d, "# EOF\n");
    }
    return d;
}

static struct document matrix(void)
{
    struct document d = {0};

    put(&d, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
    for (int s = 0; s < 20; s++) {
        put(&d, "%s{\"metric\":{\"__name__\":\"x\",\"pod\":\"p-%d\"},\"values\":[",
            s > 0 ? "," : "", s);
        for (int i = 0; i < 1000; i++) {
            put(&d, "%s[%d.%03d,\"%.17g\"]", i > 0 ? "," : "", 1700000000 + 15 * i, s * 31,
                (double)(i * 7919 % 1000) / (i % 10 == 0 ? 1.0 : 30.0));
        }
        put(&d, "]}");
    }
    put(&d, "]}}");
    return d;
}

static struct document read_file(const char *path)
{
    struct document d = {0};
    FILE *file = fopen(path, "rb");

    must(file != NULL, "opening the file");
    do {
        put(&d, " "); /* makes room */
        d.length--;
        d.length += fread(d.text + d.length, 1, d.room - d.length, file);
    } while (!feof(file) && !ferror(file));
    fclose(file);
    return d;
}

/* ---- measuring ------------------------------------------------------------------------------ */

static double sum; /* keeps the compiler from dropping what is read */

static void read_entries(const struct document *d, int32_t format)
{
    weir_series_reader_options options;
    weir_series_reader *reader;
    weir_entry entry;
    weir_error err = {0};
    weir_status status;

    weir_series_reader_options_init(&options, sizeof options);
    options.format = format;
    must(weir_series_reader_create(&options, &memory, &reader, NULL) == WEIR_OK, "a reader");
    for (size_t at = 0; at < d->length; at += 65536) {
        size_t bytes = d->length - at < 65536 ? d->length - at : 65536;

        weir_series_reader_feed(reader, d->text + at, bytes, NULL);
        while ((status = weir_series_reader_next(reader, &entry, &err)) == WEIR_OK) {
            sum += entry.value + (double)entry.label_count;
        }
        must(status == WEIR_END, err.message);
    }
    weir_series_reader_finish(reader, NULL);
    must(weir_series_reader_next(reader, &entry, &err) == WEIR_END, err.message);
    weir_series_reader_free(reader);
}

static void read_text(const struct document *d)
{
    read_entries(d, WEIR_FORMAT_TEXT);
}

static void read_openmetrics(const struct document *d)
{
    read_entries(d, WEIR_FORMAT_OPENMETRICS);
}

static void read_reply(const struct document *d)
{
    weir_api_reply *reply;

    must(weir_api_reply_parse(d->text, d->length, 200, &memory, &reply, NULL) == WEIR_OK &&
             reply->kind == WEIR_API_SUCCESS,
         "reading a reply");
    sum += (double)reply->series_count;
    weir_api_reply_free(reply);
}

static void read_cjson(const struct document *d)
{
    cJSON *tree = cJSON_ParseWithLength(d->text, d->length);

    must(tree != NULL, "reading JSON");
    sum += cJSON_GetArraySize(tree);
    cJSON_Delete(tree);
}

/* Nanoseconds of processor time: the fastest of some rounds. */
static double measure(void (*run)(const struct document *d), const struct document *d)
{
    double best = 1e300;

    for (int round = 0; round < 9; round++) {
        clock_t begin = clock();
        int runs = 0;
        double spent;

        do {
            run(d);
            runs++;
        } while (clock() - begin < CLOCKS_PER_SEC / 25);
        spent = (double)(clock() - begin) / CLOCKS_PER_SEC / runs * 1e9;
        best = spent < best ? spent : best;
    }
    return best;
}

static double report(int plain, const char *name, void (*run)(const struct document *d),
                     const struct document *d)
{
    double ns = measure(run, d);

    printf(plain ? "%s %zu %.0f %.1f\n" : "%-22s %9zu bytes %11.0f ns %8.1f MB/s\n", name,
           d->length, ns, (double)d->length / ns * 1e3);
    return ns;
}

int main(int argc, char **argv)
{
    int plain = argc == 2 && strcmp(argv[1], "--plain") == 0;
    struct document text = argc == 2 && !plain ? read_file(argv[1]) : scrape(0);
    struct document openmetrics = scrape(1), reply = matrix();
    double whole, tree;

    report(plain, "text", read_text, &text);
    report(plain, "openmetrics", read_openmetrics, &openmetrics);
    whole = report(plain, "matrix", read_reply, &reply);
    tree = report(plain, "matrix-cjson-alone", read_cjson, &reply);
    if (!plain) {
        printf("cJSON's share of the matrix: %.0f %%\n", tree / whole * 100);
    }
    free(text.text);
    free(openmetrics.text);
    free(reply.text);
    return sum == 0.5;
}
