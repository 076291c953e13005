/*
 * A reply of the HTTP API from anywhere, the first byte choosing the HTTP status: it is good or
 * says what is wrong, its arrays belong together, and all its texts end.
 */
#include "fuzz.h"

#include <string.h>
#include <weir/prometheus.h>

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

static void check_text(const weir_api_text *text)
{
    must(text->text != NULL && strlen(text->text) == text->length);
}

static void check_series(const weir_api_reply *r, size_t i)
{
    must(r->label_at[i] <= r->label_at[i + 1]);
    must(r->point_at[i] <= r->point_at[i + 1]);
    must(r->histogram_at[i] <= r->histogram_at[i + 1]);
    for (size_t l = r->label_at[i]; l < r->label_at[i + 1]; l++) {
        must(strlen(r->labels[l].name) == r->labels[l].name_length);
        must(strlen(r->labels[l].value) == r->labels[l].value_length);
    }
    for (size_t p = r->point_at[i]; p < r->point_at[i + 1]; p++) {
        must(r->times_ms[p] < INT64_C(1) << 53 && r->times_ms[p] > -(INT64_C(1) << 53));
        must(!weir_is_stale(r->values[p]));
    }
    for (size_t h = r->histogram_at[i]; h < r->histogram_at[i + 1]; h++) {
        const weir_api_histogram *histogram = &r->histograms[h];

        for (size_t b = 0; b < histogram->bucket_count; b++) {
            must(r->buckets[histogram->bucket_at + b].boundaries <= WEIR_BUCKET_CLOSED_BOTH);
        }
    }
    if (r->type == WEIR_PROMQL_VECTOR) {
        must(r->point_at[i + 1] - r->point_at[i] + r->histogram_at[i + 1] - r->histogram_at[i] ==
             1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int32_t statuses[] = {200, 0, 204, 302, 400, 404, 422, 503};
    int32_t http_status = size > 0 ? statuses[data[0] % 8] : 200;
    const char *body = size > 0 ? (const char *)data + 1 : "";
    weir_api_reply *r;

    must(weir_api_reply_parse(body, size > 0 ? size - 1 : 0, http_status, &memory, &r, NULL) ==
         WEIR_OK);
    must(r->kind >= WEIR_API_SUCCESS && r->kind <= WEIR_API_BAD_RESPONSE);
    must((r->kind == WEIR_API_SUCCESS) == (r->type != 0));
    must((r->kind > WEIR_API_ERROR) == (r->message.length > 0));
    check_text(&r->message);
    check_text(&r->error);
    check_text(&r->error_type);
    check_text(&r->text);
    must(r->foreign_warning_count <= r->warning_count);
    for (size_t i = 0; i < r->warning_count; i++) {
        check_text(&r->warnings[i]);
    }
    for (size_t i = 0; i < r->info_count; i++) {
        check_text(&r->infos[i]);
    }
    for (size_t i = 0; i < r->series_count; i++) {
        check_series(r, i);
    }
    weir_api_reply_free(r);
    return 0;
}
