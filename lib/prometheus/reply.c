/*
 * prometheus/reply.c - a reply of the HTTP API, or the list of a result, as a reader's input: read
 * at the end of the input, then given sample by sample.
 */
#include "api.h"
#include "reader.h"

#include <stdio.h>

/* Why a reply has nothing to give. */
static enum outcome refuse(weir_series_reader *r, const struct reply *reply)
{
    const weir_api_reply *public = &reply->public;

    r->error = reply->problem;
    r->error.status = WEIR_E_PARSE;
    if (public->kind == WEIR_API_ERROR) {
        snprintf(r->error.message, sizeof r->error.message, "a server's error: %.40s: %.150s",
                 public->error_type.text, public->error.text);
    }
    return FAILED;
}

static enum outcome open_reply(weir_series_reader *r)
{
    struct reply *reply;
    weir_status status = weir__pm_reply_read(reader_text(r) + r->at, r->buffer.count - r->at, 200,
                                             true, &r->allocator, &reply);

    if (status != WEIR_OK) {
        return weir__pm_no_memory(r);
    }
    if (reply->public.kind != WEIR_API_SUCCESS) {
        enum outcome outcome = refuse(r, reply);

        weir_api_reply_free(&reply->public);
        return outcome;
    }
    r->reply = &reply->public;
    return TAKEN;
}

static enum outcome pass_histogram(weir_series_reader *r)
{
    r->histogram++;
    r->passed = true;
    return weir__pm_fail(r, reader_text(r) + r->at, WEIR_E_UNSUPPORTED,
                         "a native histogram: weir reads numbers alone");
}

enum outcome weir__pm_reply_record(weir_series_reader *r, weir_entry *entry)
{
    const weir_api_reply *reply;

    if (!r->finished) {
        return ENDED;
    }
    if (r->reply == NULL && open_reply(r) != TAKEN) {
        return FAILED;
    }
    reply = r->reply;
    while (r->series < reply->series_count) {
        size_t i = r->series;

        if (r->point < reply->point_at[i + 1]) {
            memset(entry, 0, sizeof *entry);
            entry->kind = WEIR_ENTRY_SAMPLE;
            entry->line = 1;
            entry->labels = reply->labels + reply->label_at[i];
            entry->label_count = reply->label_at[i + 1] - reply->label_at[i];
            entry->same_series = r->point > reply->point_at[i];
            entry->has_time = 1;
            entry->time_ms = reply->times_ms[r->point];
            entry->value = reply->values[r->point];
            r->point++;
            return TAKEN;
        }
        if (r->histogram < reply->histogram_at[i + 1]) {
            return pass_histogram(r);
        }
        r->series++;
    }
    return ENDED;
}
