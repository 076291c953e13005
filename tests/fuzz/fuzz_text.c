/*
 * Exposition text from anywhere.
 */
#include "read_series.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return read_series(data, size, WEIR_FORMAT_TEXT);
}
