/*
 * A recording: read as any series are, and its answers looked for at times around those that it
 * has.
 */
#include "read_series.h"
#include "record.h"
#include "recorded.h"

static void look_for_answers(const weir_series_store *store, const char *query)
{
    struct recorded *recorded = NULL;

    if (!recorded_find(store, query, "fuzz", &recorded) || recorded == NULL) {
        return;
    }
    for (uint32_t i = 0; i < weir_series_store_count(store); i++) {
        weir_samples samples;

        weir_series_store_samples(store, i, &samples);
        for (size_t p = 0; p < samples.count; p++) {
            for (int64_t shift = -1; shift <= 1; shift++) {
                struct recorded_answer_at at;

                if (recorded_at(recorded, samples.times_ms[p] + shift, &at)) {
                    must(at.error == NULL || at.error_length > 0);
                    must(at.elements <= weir_series_store_count(store));
                }
            }
        }
    }
    recorded_free(recorded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_series_reader_options options;
    weir_series_reader *reader;
    weir_series_store *store;

    read_series(data, size, WEIR_FORMAT_RECORDING);
    weir_series_reader_options_init(&options, sizeof options);
    options.format = WEIR_FORMAT_RECORDING;
    must(weir_series_store_create(&fuzz_memory, &store) == WEIR_OK);
    must(weir_series_reader_create(&options, &fuzz_memory, &reader, NULL) == WEIR_OK);
    must(weir_series_reader_feed(reader, (const char *)data, size, NULL) == WEIR_OK);
    must(weir_series_reader_finish(reader, NULL) == WEIR_OK);
    weir_series_reader_load(reader, store, NULL, NULL);
    look_for_answers(store, "sum(wait)");
    weir_series_reader_free(reader);
    weir_series_store_free(store);
    return 0;
}
