/*
 * prometheus/reader.c - one input, chunk by chunk: the buffer, whose turn it is, and errors.
 *
 * The buffer holds what was fed and not yet taken. Lines are parsed where they are; only what is
 * left of the last one moves to the front when more comes.
 */
#include "reader.h"

#include <stdio.h>

/* ---- errors --------------------------------------------------------------------------------- */

enum outcome weir__pm_fail(weir_series_reader *r, const char *at, weir_status status,
                           const char *message)
{
    const char *begin = reader_text(r) + r->at;
    int32_t lines = 0;

    for (const char *c = begin; c < at; c++) {
        if (*c == '\n') {
            lines++;
            begin = c + 1;
        }
    }
    weir__pm_error(&r->error, status, message);
    r->error.line = r->line + lines;
    r->error.column = at - begin < INT32_MAX ? (int32_t)(at - begin) + 1 : INT32_MAX;
    return FAILED;
}

enum outcome weir__pm_expected(weir_series_reader *r, const char *at, const char *message)
{
    char got[32], text[sizeof r->error.message];

    weir__pm_describe(got, sizeof got, at, reader_end(r));
    snprintf(text, sizeof text, "%s, got %s", message, got);
    return weir__pm_fail(r, at, WEIR_E_PARSE, text);
}

enum outcome weir__pm_no_memory(weir_series_reader *r)
{
    weir__pm_error(&r->error, WEIR_E_MEMORY, "out of memory");
    return FAILED;
}

void weir__pm_next_record(weir_series_reader *r, const char *end, int32_t lines)
{
    r->at = (size_t)(end - reader_text(r)) + 1;
    r->line = r->line > INT32_MAX - lines ? INT32_MAX : r->line + lines;
}

/* ---- making --------------------------------------------------------------------------------- */

static const weir_series_reader_options defaults = {sizeof defaults, WEIR_FORMAT_DETECT, -1, 0,
                                                    INT64_MIN};

weir_status weir_series_reader_options_init(weir_series_reader_options *options, size_t struct_size)
{
    if (options == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *options) {
        return WEIR_E_STRUCT;
    }
    *options = defaults;
    return WEIR_OK;
}

weir_status weir_series_reader_create(const weir_series_reader_options *options,
                                      const weir_allocator *allocator, weir_series_reader **reader,
                                      weir_error *err)
{
    weir_series_reader *r;

    if (allocator == NULL || reader == NULL) {
        return weir__pm_error(err, WEIR_E_ARG, "allocator and reader must not be NULL");
    }
    options = options != NULL ? options : &defaults;
    if (options->struct_size != sizeof *options) {
        return weir__pm_error(err, WEIR_E_STRUCT, "struct_size is not that of this library");
    }
    if (options->format < WEIR_FORMAT_DETECT || options->format > WEIR_FORMAT_RECORDING ||
        options->nan_is_stale < -1 || options->nan_is_stale > 1 || options->reserved != 0) {
        return weir__pm_error(err, WEIR_E_RANGE,
                              "format must be WEIR_FORMAT_*, nan_is_stale -1, 0 or 1");
    }
    r = take(allocator, sizeof *r);
    if (r == NULL) {
        return weir__pm_error(err, WEIR_E_MEMORY, "out of memory");
    }
    memset(r, 0, sizeof *r);
    r->allocator = *allocator;
    r->format = options->format;
    r->nan_is_stale = options->nan_is_stale;
    r->default_time = options->default_time_ms;
    r->line = 1;
    *reader = r;
    return WEIR_OK;
}

void weir_series_reader_free(weir_series_reader *r)
{
    weir_allocator allocator;

    if (r == NULL) {
        return;
    }
    allocator = r->allocator;
    weir__pm_csv_close(r);
    weir__pm_export_close(r);
    weir_api_reply_free(r->reply);
    weir__pm_release(&allocator, &r->buffer, 1);
    weir__pm_release(&allocator, &r->labels, sizeof(weir_label));
    weir__pm_release(&allocator, &r->escaped, sizeof(uint32_t));
    weir__pm_release(&allocator, &r->batch.times, sizeof(int64_t));
    weir__pm_release(&allocator, &r->batch.values, sizeof(double));
    give_back(&allocator, r, sizeof *r);
}

int32_t weir_series_reader_format(const weir_series_reader *reader)
{
    return reader != NULL ? reader->format : WEIR_FORMAT_DETECT;
}

/* ---- feeding -------------------------------------------------------------------------------- */

static bool reads_lines(const weir_series_reader *r)
{
    return r->format != WEIR_FORMAT_API_JSON && r->format != WEIR_FORMAT_DETECT;
}

static weir_status give_error(const weir_series_reader *r, weir_error *err)
{
    if (err != NULL) {
        *err = r->error;
    }
    return r->error.status;
}

/* Bytes behind those that are there, and the line break behind all of them. */
static bool append(weir_series_reader *r, const char *bytes, size_t length)
{
    char *text = r->buffer.items;

    if (r->at > 0) {
        memmove(text, text + r->at, r->buffer.count - r->at);
        r->exposition.name_length = 0;
        r->buffer.count -= r->at;
        r->whole -= r->whole > r->at ? r->at : r->whole;
        r->at = 0;
    }
    if (length > SIZE_MAX / 4 || !weir__pm_reserve(&r->allocator, &r->buffer, length + 1, 1)) {
        return false;
    }
    text = reader_text(r);
    if (length > 0) {
        memcpy(text + r->buffer.count, bytes, length);
    }
    for (size_t i = length; i > 0; i--) {
        if (bytes[i - 1] == '\n') {
            r->whole = r->buffer.count + i;
            break;
        }
    }
    r->buffer.count += length;
    text[r->buffer.count] = '\n';
    return true;
}

weir_status weir_series_reader_feed(weir_series_reader *r, const char *bytes, size_t length,
                                    weir_error *err)
{
    size_t most = WEIR_SERIES_LINE_MAX, pending;

    if (r == NULL || (bytes == NULL && length > 0) || r->finished) {
        return weir__pm_error(err, WEIR_E_ARG, "no reader, no bytes, or its input has ended");
    }
    if (r->error.status != WEIR_OK) {
        return give_error(r, err);
    }
    pending = r->buffer.count - r->at;
    most = reads_lines(r) ? most : WEIR_API_REPLY_MAX;
    if (pending > most || length > most) {
        weir__pm_fail(r, reader_text(r) + r->at, WEIR_E_LIMIT,
                      reads_lines(r) ? "a line, or a chunk, of more than 64 MiB"
                                     : "a reply of more than 256 MiB");
        return give_error(r, err);
    }
    if (!append(r, bytes, length)) {
        weir__pm_no_memory(r);
        return give_error(r, err);
    }
    return WEIR_OK;
}

weir_status weir_series_reader_finish(weir_series_reader *r, weir_error *err)
{
    if (r == NULL) {
        return weir__pm_error(err, WEIR_E_ARG, "there is no reader");
    }
    if (r->error.status != WEIR_OK) {
        return give_error(r, err);
    }
    if (!r->finished && !append(r, NULL, 0)) {
        weir__pm_no_memory(r);
        return give_error(r, err);
    }
    r->finished = true;
    r->whole = r->buffer.count;
    return WEIR_OK;
}

/* ---- taking --------------------------------------------------------------------------------- */

/* Finds the format when that is left to the reader; false: not yet, or not at all. */
static bool settle_format(weir_series_reader *r)
{
    weir_error error;
    weir_status status;

    if (r->format == WEIR_FORMAT_DETECT) {
        status = weir_series_format_detect(reader_text(r) + r->at, r->buffer.count - r->at,
                                           r->finished, &r->format, &error);
        if (status == WEIR_END) {
            return false;
        }
        if (status != WEIR_OK) {
            r->error = error;
            return false;
        }
    }
    r->stale_nan = r->nan_is_stale == 1 ||
                   (r->nan_is_stale < 0 && (r->format == WEIR_FORMAT_TSDB_DUMP ||
                                            r->format == WEIR_FORMAT_DUMP_OPENMETRICS ||
                                            r->format == WEIR_FORMAT_VM_EXPORT));
    r->exposition.dumped =
        r->format == WEIR_FORMAT_TSDB_DUMP || r->format == WEIR_FORMAT_DUMP_OPENMETRICS;
    return true;
}

static enum outcome take_record(weir_series_reader *r, weir_entry *entry)
{
    switch (r->format) {
    case WEIR_FORMAT_TEXT: return weir__pm_text_record(r, entry);
    case WEIR_FORMAT_OPENMETRICS:
    case WEIR_FORMAT_DUMP_OPENMETRICS: return weir__pm_openmetrics_record(r, entry);
    case WEIR_FORMAT_TSDB_DUMP: return weir__pm_dump_record(r, entry);
    case WEIR_FORMAT_VM_EXPORT:
    case WEIR_FORMAT_RECORDING: return weir__pm_export_record(r, entry);
    default: return weir__pm_csv_record(r, entry);
    }
}

/* Whether a record can begin: a line that is whole, or samples left of the one before. */
static bool is_ready(const weir_series_reader *r)
{
    return r->at < r->whole || r->batch.next < r->batch.times.count;
}

/* What an input must have at its end. */
static enum outcome check_end(weir_series_reader *r)
{
    bool open = r->format == WEIR_FORMAT_OPENMETRICS || r->format == WEIR_FORMAT_DUMP_OPENMETRICS;

    if (open && r->finished && !r->exposition.eof) {
        return weir__pm_fail(r, reader_text(r) + r->at, WEIR_E_PARSE,
                             "the data does not end with # EOF");
    }
    return ENDED;
}

static enum outcome take_line_entry(weir_series_reader *r, weir_entry *entry)
{
    enum outcome outcome = PASSED;

    while (outcome == PASSED) {
        if (!is_ready(r)) {
            return check_end(r);
        }
        memset(entry, 0, sizeof *entry);
        entry->line = r->line;
        r->labels.count = r->batch.next < r->batch.times.count ? r->labels.count : 0;
        r->escaped.count = 0;
        r->exposition.bounds = 0;
        outcome = take_record(r, entry);
    }
    if (outcome == SHORT) { /* wait for the next line break, as all that is there was looked at */
        r->whole = r->at;
    }
    return outcome;
}

static void finish_sample(const weir_series_reader *r, weir_entry *entry)
{
    if (entry->kind != WEIR_ENTRY_SAMPLE) {
        return;
    }
    if (entry->value != entry->value &&
        !(r->format == WEIR_FORMAT_RECORDING && r->nan_is_stale < 0)) {
        entry->value = r->stale_nan ? weir_stale_marker() : NOT_A_NUMBER;
    }
    if (!entry->has_time) {
        entry->time_ms = r->default_time;
    }
}

weir_status weir_series_reader_next(weir_series_reader *r, weir_entry *entry, weir_error *err)
{
    enum outcome outcome;
    weir_status status;

    if (r == NULL || entry == NULL) {
        return weir__pm_error(err, WEIR_E_ARG, "reader and entry must not be NULL");
    }
    if (r->error.status != WEIR_OK) {
        return give_error(r, err);
    }
    if (!settle_format(r)) {
        return r->error.status != WEIR_OK ? give_error(r, err) : WEIR_END;
    }
    outcome = r->format == WEIR_FORMAT_API_JSON ? weir__pm_reply_record(r, entry)
                                                : take_line_entry(r, entry);
    if (outcome == TAKEN) {
        finish_sample(r, entry);
        return WEIR_OK;
    }
    if (outcome != FAILED) {
        return WEIR_END;
    }
    status = give_error(r, err);
    if (r->passed) {
        r->passed = false;
        r->error.status = WEIR_OK;
    }
    return status;
}
