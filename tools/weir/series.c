/*
 * series.c - files of series into a store, chunk by chunk; see series.h.
 */
#include "series.h"
#include "csv.h"
#include "input.h"
#include "program.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <weir/manifest.h>

enum { NS_PER_MS = 1000000, CHUNK = 65536, ENDING = 64 };

void series_wishes_init(struct series_wishes *wishes)
{
    *wishes = (struct series_wishes){WEIR_FORMAT_DETECT, -1, INT64_MIN, 0, 0};
}

int32_t series_format(const char *name)
{
    const char *names[WEIR_FORMAT_RECORDING + 1], *near;

    for (int32_t format = 0; format <= WEIR_FORMAT_RECORDING; format++) {
        names[format] = weir_series_format_name(format);
        if (strcmp(name, names[format]) == 0) {
            return format;
        }
    }
    near = weir_nearest_name(name, names, WEIR_FORMAT_RECORDING + 1);
    fprintf(stderr, "weir: there is no format %s%s%s; the formats are:", name,
            near != NULL ? "; did you mean " : "", near != NULL ? near : "");
    for (int32_t format = WEIR_FORMAT_DETECT + 1; format <= WEIR_FORMAT_RECORDING; format++) {
        fprintf(stderr, " %s", names[format]);
    }
    fputc('\n', stderr);
    return -1;
}

/* ---- options -------------------------------------------------------------------------------- */

int series_time(const char *option, const char *value, int64_t *ms)
{
    struct csv_field field = {value, strlen(value), 1};
    int64_t ns;
    const char *expected = csv_time(&field, &ns);

    if (expected != NULL) {
        complain("%s: %s, not %s", option, expected, value);
        return 0;
    }
    *ms = weir_promql_ms(ns);
    return 1;
}

int series_duration(const char *option, const char *value, int64_t *ms)
{
    int64_t ns;

    if (!parse_duration(value, &ns) || ns < NS_PER_MS) {
        complain("%s is a duration of at least 1ms, as 15s or 1m30s, not %s", option, value);
        return 0;
    }
    *ms = ns / NS_PER_MS;
    return 1;
}

/* ---- files ---------------------------------------------------------------------------------- */

static int complain_about(const char *path, const weir_error *err)
{
    if (err->line > 0 && err->column > 0) {
        complain("%s:%d:%d: %s", path, (int)err->line, (int)err->column, err->message);
    } else if (err->line > 0) {
        complain("%s:%d: %s", path, (int)err->line, err->message);
    } else {
        complain("%s: %s%s%s", path, err->path, err->path[0] != '\0' ? ": " : "", err->message);
    }
    return EXIT_INPUT;
}

/* The end of a file, which tells whether a recording is whole. */
struct ending {
    char bytes[ENDING + 1];
    size_t count;
};

static void remember(struct ending *e, const char *bytes, size_t count)
{
    size_t keep = count < ENDING ? count : ENDING, left = ENDING - keep;

    left = e->count < left ? e->count : left;
    memmove(e->bytes, e->bytes + e->count - left, left);
    memcpy(e->bytes + left, bytes + count - keep, keep);
    e->count = left + keep;
    e->bytes[e->count] = '\0';
}

/* A block that is whole ends with a line that says so. */
static void report_ending(const char *path, const struct ending *e)
{
    int ended = e->count > 0 && e->bytes[e->count - 1] == '\n';
    size_t last = e->count - (ended ? 1 : 0);

    while (last > 0 && e->bytes[last - 1] != '\n') {
        last--;
    }
    if (!ended || strncmp(e->bytes + last, "{\"done\":", 8) != 0) {
        complain("notice: %s: the recording was cut off while it was written", path);
    }
}

/* Takes what the reader has. 1; 0 after a message. */
static int load_entries(weir_series_reader *reader, const char *path, weir_series_store *store,
                        weir_series_counts *counts, int has_time_option)
{
    weir_error err = {0};
    weir_status status = weir_series_reader_load(reader, store, counts, &err);

    if (status != WEIR_END) {
        complain_about(path, &err);
        if (status == WEIR_E_RANGE && strstr(err.message, "no time") != NULL) {
            complain(has_time_option ? "--time TIME says when such samples were taken"
                                     : "a single scrape cannot be replayed; weir record --live "
                                       "scrapes a page over and over");
        }
    }
    return status == WEIR_END;
}

static int load_chunks(struct input *file, const char *path, weir_series_reader *reader,
                       weir_series_store *store, weir_series_counts *counts, int has_time_option)
{
    static char chunk[CHUNK];
    struct ending ending = {.count = 0};
    weir_error err = {0};
    char problem[128];
    long bytes;

    while ((bytes = input_read(file, chunk, CHUNK, problem, sizeof problem)) > 0) {
        remember(&ending, chunk, (size_t)bytes);
        if (weir_series_reader_feed(reader, chunk, (size_t)bytes, &err) != WEIR_OK) {
            return complain_about(path, &err);
        }
        if (!load_entries(reader, path, store, counts, has_time_option)) {
            return EXIT_INPUT;
        }
    }
    if (weir_series_reader_format(reader) == WEIR_FORMAT_RECORDING &&
        (bytes == 0 || input_is_cut_off(file))) {
        report_ending(path, &ending);
    } else if (bytes < 0) {
        complain("%s: %s", path, problem);
        return EXIT_INPUT;
    }
    if (weir_series_reader_finish(reader, &err) != WEIR_OK) {
        return complain_about(path, &err);
    }
    return load_entries(reader, path, store, counts, has_time_option) ? EXIT_FINE : EXIT_INPUT;
}

static void report_left_out(const char *path, const weir_series_counts *counts)
{
    if (counts->refused > 0) {
        complain("notice: %s:%d: %" PRIu64 " samples are left out: they are not later than the "
                 "newest of their series",
                 path, (int)counts->refused_line, counts->refused);
    }
    if (counts->histograms > 0) {
        complain("notice: %s: %" PRIu64 " native histograms are left out", path,
                 counts->histograms);
    }
    if (counts->samples == 0) {
        complain("notice: %s: there are no samples in it", path);
    }
}

static int load_file(const char *path, const struct series_wishes *wishes, weir_series_store *store)
{
    weir_series_reader_options options;
    weir_series_reader *reader = NULL;
    weir_series_counts counts = {0};
    char problem[128];
    struct input *file = input_open(path, CHUNK, problem, sizeof problem);
    int code = EXIT_INPUT;

    if (file == NULL) {
        complain("%s: %s", path, problem);
        return EXIT_INPUT;
    }
    weir_series_reader_options_init(&options, sizeof options);
    options.format = wishes->format;
    options.nan_is_stale = wishes->nan_is_stale;
    options.default_time_ms = wishes->time_ms;
    if (weir_series_reader_create(&options, &series_memory, &reader, NULL) != WEIR_OK) {
        complain("out of memory");
    } else {
        code = load_chunks(file, path, reader, store, &counts, wishes->has_time_option);
    }
    if (code == EXIT_FINE) {
        report_left_out(path, &counts);
    }
    weir_series_reader_free(reader);
    input_close(file);
    return code;
}

/* Replaces the store by one with markers. */
static int mark_stale(weir_series_store **store)
{
    weir_series_store *marked = NULL;
    weir_error err = {0};
    weir_status status = weir_series_store_create(&series_memory, &marked);

    if (status == WEIR_OK) {
        status = weir_series_mark_stale(*store, marked, &series_memory, NULL, &err);
    }
    if (status != WEIR_OK) {
        complain("%s", err.message[0] != '\0' ? err.message : "out of memory");
        weir_series_store_free(marked);
        return EXIT_INPUT;
    }
    weir_series_store_free(*store);
    *store = marked;
    return EXIT_FINE;
}

int series_load(const char *const *paths, size_t count, const struct series_wishes *wishes,
                weir_series_store **store)
{
    int code = EXIT_FINE;

    if (weir_series_store_create(&series_memory, store) != WEIR_OK) {
        complain("out of memory");
        return EXIT_INPUT;
    }
    for (size_t i = 0; code == EXIT_FINE && i < count; i++) {
        code = load_file(paths[i], wishes, *store);
    }
    if (code == EXIT_FINE && wishes->mark_stale) {
        code = mark_stale(store);
    }
    if (code != EXIT_FINE) {
        weir_series_store_free(*store);
        *store = NULL;
    }
    return code;
}

/* The first bytes of a file, which end with a NUL; none where it cannot be read. */
static void read_head(const char *path, char *head, unsigned room)
{
    char problem[128];
    struct input *file =
        strcmp(path, "-") != 0 ? input_open(path, CHUNK, problem, sizeof problem) : NULL;
    unsigned count = 0;
    long bytes = file != NULL ? 1 : 0;

    while (bytes > 0 && count + 1 < room) {
        bytes = input_read(file, head + count, room - 1 - count, problem, sizeof problem);
        count += bytes > 0 ? (unsigned)bytes : 0;
    }
    head[count] = '\0';
    input_close(file);
}

int series_recorded_span(const char *path, int64_t *from_ms, int64_t *to_ms)
{
    static char head[CHUNK];
    cJSON *json;
    const cJSON *from, *to;
    int known;

    read_head(path, head, CHUNK);
    if (strncmp(head, "{\"weir_recording\":", 18) != 0) {
        return 0;
    }
    head[strcspn(head, "\n")] = '\0';
    json = cJSON_Parse(head);
    from = cJSON_GetObjectItemCaseSensitive(json, "from");
    to = cJSON_GetObjectItemCaseSensitive(json, "to");
    known = cJSON_IsNumber(from) && cJSON_IsNumber(to) && from->valuedouble >= -0x1p53 &&
            from->valuedouble <= to->valuedouble && to->valuedouble <= 0x1p53;
    if (known) {
        *from_ms = (int64_t)from->valuedouble;
        *to_ms = (int64_t)to->valuedouble;
    }
    cJSON_Delete(json);
    return known;
}

int64_t series_newest(const weir_series_store *store)
{
    int64_t newest = INT64_MIN;

    for (uint32_t i = 0; i < weir_series_store_count(store); i++) {
        weir_samples s;

        weir_series_store_samples(store, i, &s);
        if (s.count > 0 && s.times_ms[s.count - 1] > newest) {
            newest = s.times_ms[s.count - 1];
        }
    }
    return newest;
}

int64_t series_oldest(const weir_series_store *store)
{
    int64_t oldest = INT64_MIN;

    for (uint32_t i = 0; i < weir_series_store_count(store); i++) {
        weir_samples s;

        weir_series_store_samples(store, i, &s);
        if (s.count > 0 && (oldest == INT64_MIN || s.times_ms[0] < oldest)) {
            oldest = s.times_ms[0];
        }
    }
    return oldest;
}

weir_promql_expr *series_expression(const char *text)
{
    weir_promql_expr *expr = NULL;
    weir_error err = {0};
    weir_status status = weir_promql_parse(text, strlen(text), &series_memory, &expr, &err);

    if (status == WEIR_OK) {
        status = weir_promql_supported(expr, &err);
    }
    if (status != WEIR_OK) {
        complain("the expression, %d:%d: %s", (int)err.line, (int)err.column, err.message);
        weir_promql_expr_free(expr);
        return NULL;
    }
    return expr;
}
