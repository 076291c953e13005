/*
 * What holds for an input of any format, whatever its bytes: read whole or in small chunks it gives
 * the same entries and ends with the same error, which has a message and a place; lines only go up;
 * all texts can be read; what was read can be loaded.
 */
#ifndef WEIR_TESTS_FUZZ_READ_SERIES_H
#define WEIR_TESTS_FUZZ_READ_SERIES_H

#include "fuzz.h"

#include <string.h>
#include <weir/prometheus.h>

static void *fuzz_take(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void fuzz_give(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static const weir_allocator fuzz_memory = {fuzz_take, fuzz_give, NULL};

/* A digest of all that was given, in order. */
struct digest {
    uint64_t hash;
    uint64_t entries;
    int32_t line;
    weir_status status;
    weir_error error;
};

static void add_bytes(struct digest *d, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < length; i++) {
        d->hash = (d->hash ^ at[i]) * UINT64_C(1099511628211);
    }
    d->hash = (d->hash ^ length) * UINT64_C(1099511628211);
}

static void add_labels(struct digest *d, const weir_label *labels, size_t count)
{
    must(count <= WEIR_SERIES_LABELS_MAX);
    for (size_t i = 0; i < count; i++) {
        add_bytes(d, labels[i].name, labels[i].name_length);
        add_bytes(d, labels[i].value, labels[i].value_length);
    }
}

static void add_entry(struct digest *d, const weir_entry *e)
{
    must(e->kind >= WEIR_ENTRY_SAMPLE && e->kind <= WEIR_ENTRY_COMMENT);
    must(e->line >= d->line && e->line >= 1);
    d->line = e->line;
    d->entries++;
    add_labels(d, e->labels, e->label_count);
    add_bytes(d, &e->value, sizeof e->value);
    add_bytes(d, &e->time_ms, sizeof e->time_ms);
    add_bytes(d, e->name, e->name_length);
    add_bytes(d, e->text, e->text_length);
    if (e->has_exemplar) {
        add_labels(d, e->exemplar.labels, e->exemplar.label_count);
        add_bytes(d, &e->exemplar.value, sizeof e->exemplar.value);
    }
}

/* Takes what is there; 0 when reading cannot go on. */
static int take_entries(weir_series_reader *reader, struct digest *d)
{
    weir_entry entry;
    int told = 0;

    for (;;) {
        d->status = weir_series_reader_next(reader, &entry, &d->error);
        if (d->status == WEIR_OK) {
            add_entry(d, &entry);
            told = 0;
        } else if (d->status == WEIR_E_UNSUPPORTED && told < 1000) {
            told++; /* a histogram that was passed, or an error that stays */
        } else {
            return d->status == WEIR_END;
        }
    }
}

static struct digest read_in_chunks(const char *text, size_t size, size_t chunk, int32_t format)
{
    struct digest d = {0};
    weir_series_reader_options options;
    weir_series_reader *reader;
    int more = 1;

    weir_series_reader_options_init(&options, sizeof options);
    options.format = format;
    must(weir_series_reader_create(&options, &fuzz_memory, &reader, NULL) == WEIR_OK);
    for (size_t at = 0; more && at < size; at += chunk) {
        size_t bytes = size - at < chunk ? size - at : chunk;

        must(weir_series_reader_feed(reader, text + at, bytes, NULL) == WEIR_OK);
        more = take_entries(reader, &d);
    }
    if (more) {
        must(weir_series_reader_finish(reader, NULL) == WEIR_OK);
        take_entries(reader, &d);
    }
    if (d.status != WEIR_END) {
        must(d.error.status == d.status && d.error.message[0] != '\0');
        must(memchr(d.error.message, '\0', sizeof d.error.message) != NULL);
        must(d.error.line >= 0 && d.error.column >= 0);
    }
    weir_series_reader_free(reader);
    return d;
}

static void load_all(const char *text, size_t size, int32_t format)
{
    weir_series_reader_options options;
    weir_series_reader *reader;
    weir_series_store *store;
    weir_series_counts counts = {0};

    weir_series_reader_options_init(&options, sizeof options);
    options.format = format;
    options.default_time_ms = 0;
    must(weir_series_store_create(&fuzz_memory, &store) == WEIR_OK);
    must(weir_series_reader_create(&options, &fuzz_memory, &reader, NULL) == WEIR_OK);
    must(weir_series_reader_feed(reader, text, size, NULL) == WEIR_OK);
    must(weir_series_reader_finish(reader, NULL) == WEIR_OK);
    weir_series_reader_load(reader, store, &counts, NULL);
    must(counts.samples >= counts.stale);
    weir_series_reader_free(reader);
    weir_series_store_free(store);
}

static int read_series(const uint8_t *data, size_t size, int32_t format)
{
    const char *text = (const char *)data;
    struct digest whole = read_in_chunks(text, size, size + 1, format);
    struct digest pieces = read_in_chunks(text, size, 1 + size % 13, format);

    must(whole.hash == pieces.hash && whole.entries == pieces.entries);
    must(whole.status == pieces.status);
    if (whole.status != WEIR_END) {
        must(whole.error.line == pieces.error.line && whole.error.column == pieces.error.column);
    }
    load_all(text, size, format);
    return 0;
}

#endif
