/*
 * prometheus/export.c - what VictoriaMetrics exports: one JSON object a line,
 *
 *   {"metric":{"__name__":"up"},"values":[1,null,"Infinity"],"timestamps":[1700000000000,...]}
 *
 * with times in milliseconds. null stands for a NaN, and so for a staleness marker. A series may
 * take several lines.
 *
 * A recording has the same lines between others: its head {"weir_recording":1,...}, which comes
 * first, and what else there is to say. null is a staleness marker there, and "NaN" is none. A last
 * line that is cut off is what was being written when the recording was.
 */
#include "json.h"
#include "labels.h"
#include "number.h"

void weir__pm_export_close(weir_series_reader *r)
{
    cJSON_Delete(r->batch.tree);
    r->batch.tree = NULL;
    r->batch.times.count = 0;
    r->batch.values.count = 0;
    r->batch.next = 0;
}

/* Infinities and NaN are texts, as Go reads them. */
static bool value_of(const cJSON *item, double *value)
{
    if (cJSON_IsNull(item)) {
        *value = weir_stale_marker();
        return true;
    }
    if (cJSON_IsNumber(item)) {
        *value = item->valuedouble;
        return *value<INFINITE && * value> - INFINITE;
    }
    return cJSON_IsString(item) &&
           weir__pm_number_parse((struct text){item->valuestring, strlen(item->valuestring)},
                                 value) == NUMBER_FINE;
}

static bool time_of(const cJSON *item, int64_t *ms)
{
    double t = cJSON_IsNumber(item) ? item->valuedouble : 0.5;

    if (!(t >= -0x1p53 && t <= 0x1p53) || (double)(int64_t)t != t) {
        return false;
    }
    *ms = (int64_t)t;
    return true;
}

/* The record's labels, whose texts live in the tree. */
static enum outcome read_labels(weir_series_reader *r, const char *at)
{
    const cJSON *metric = weir__pm_json_member(r->batch.tree, "metric"), *item;

    if (!cJSON_IsObject(metric)) {
        return weir__pm_fail(r, at, WEIR_E_PARSE, "expected a member metric with labels");
    }
    cJSON_ArrayForEach(item, metric)
    {
        if (!cJSON_IsString(item)) {
            return weir__pm_fail(r, at, WEIR_E_PARSE, "metric: expected texts as values of labels");
        }
        if (!weir__pm_label_add(r, (struct text){item->string, strlen(item->string)},
                                (struct text){item->valuestring, strlen(item->valuestring)})) {
            return r->labels.count == WEIR_SERIES_LABELS_MAX
                       ? weir__pm_fail(r, at, WEIR_E_LIMIT, "more than 4096 labels")
                       : weir__pm_no_memory(r);
        }
    }
    return TAKEN;
}

static enum outcome read_samples(weir_series_reader *r, const char *at)
{
    const cJSON *values = weir__pm_json_member(r->batch.tree, "values");
    const cJSON *times = weir__pm_json_member(r->batch.tree, "timestamps"), *v, *t;
    int count = cJSON_GetArraySize(values);
    struct batch *b = &r->batch;

    if (!cJSON_IsArray(values) || !cJSON_IsArray(times) || count != cJSON_GetArraySize(times)) {
        return weir__pm_fail(r, at, WEIR_E_PARSE,
                             "expected values and timestamps, lists of the same length");
    }
    if (!weir__pm_reserve(&r->allocator, &b->times, (size_t)count, sizeof(int64_t)) ||
        !weir__pm_reserve(&r->allocator, &b->values, (size_t)count, sizeof(double))) {
        return weir__pm_no_memory(r);
    }
    for (v = values->child, t = times->child; v != NULL; v = v->next, t = t->next) {
        if (!value_of(v, (double *)b->values.items + b->values.count)) {
            return weir__pm_fail(r, at, WEIR_E_PARSE,
                                 "values: expected numbers, null, \"Infinity\" or \"-Infinity\"");
        }
        if (!time_of(t, (int64_t *)b->times.items + b->times.count)) {
            return weir__pm_fail(r, at, WEIR_E_PARSE, "timestamps: expected whole milliseconds");
        }
        b->values.count++;
        b->times.count++;
    }
    return TAKEN;
}

/* The head of a recording, which is the first line of it. */
static enum outcome check_head(weir_series_reader *r, const char *at)
{
    const cJSON *version = weir__pm_json_member(r->batch.tree, "weir_recording");

    r->batch.headed = true;
    if (!cJSON_IsNumber(version)) {
        return weir__pm_fail(r, at, WEIR_E_PARSE,
                             "expected the head of a recording, {\"weir_recording\":1,...}");
    }
    return version->valuedouble == 1
               ? PASSED
               : weir__pm_fail(r, at, WEIR_E_UNSUPPORTED,
                               "a recording of a version that this weir does not read");
}

/* The line as a batch of samples; PASSED for one of a recording that has none. */
static enum outcome read_line(weir_series_reader *r, const char *at, const char *end)
{
    const char *bad, *wrong = weir__pm_json_check(at, (size_t)(end - at), &bad);
    bool recording = r->format == WEIR_FORMAT_RECORDING;
    enum outcome outcome;

    weir__pm_export_close(r);
    if (wrong != NULL) {
        return recording && end == reader_end(r) ? PASSED : weir__pm_expected(r, bad, wrong);
    }
    r->batch.tree = cJSON_ParseWithLength(at, (size_t)(end - at));
    if (r->batch.tree == NULL) {
        return weir__pm_no_memory(r);
    }
    if (recording && !r->batch.headed) {
        return check_head(r, at);
    }
    if (recording && weir__pm_json_member(r->batch.tree, "metric") == NULL) {
        return PASSED;
    }
    outcome = read_labels(r, at);
    return outcome == TAKEN ? read_samples(r, at) : outcome;
}

/* A line of a recording that has no samples. */
static enum outcome give_comment(weir_series_reader *r, const char *at, const char *end,
                                 weir_entry *entry)
{
    entry->kind = WEIR_ENTRY_COMMENT;
    entry->text = at;
    entry->text_length = (size_t)(end - at);
    weir__pm_export_close(r);
    weir__pm_next_record(r, end, 1);
    return TAKEN;
}

enum outcome weir__pm_export_record(weir_series_reader *r, weir_entry *entry)
{
    struct batch *b = &r->batch;

    if (b->next == b->times.count) {
        const char *at = reader_text(r) + r->at;
        const char *end = memchr(at, '\n', (size_t)(reader_end(r) - at)), *first = at;
        enum outcome outcome = PASSED;

        end = end != NULL ? end : reader_end(r);
        while (first < end && (is_class(*first, CLASS_BLANK) || *first == '\r')) {
            first++;
        }
        if (first < end) {
            outcome = read_line(r, at, end);
        }
        if (outcome == FAILED) {
            weir__pm_export_close(r);
            return outcome;
        }
        if (outcome == PASSED && first < end) {
            return give_comment(r, at, end, entry);
        }
        weir__pm_next_record(r, end, 1);
        if (b->next == b->times.count) {
            return PASSED;
        }
    }
    entry->kind = WEIR_ENTRY_SAMPLE;
    entry->line = r->line - 1;
    entry->labels = r->labels.items;
    entry->label_count = r->labels.count;
    entry->same_series = b->next > 0;
    entry->has_time = 1;
    entry->time_ms = ((int64_t *)b->times.items)[b->next];
    entry->value = ((double *)b->values.items)[b->next];
    b->next++;
    return TAKEN;
}
