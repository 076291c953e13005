/*
 * An input of any format, which is to be found out: dumps, exports, tables, replies.
 */
#include "read_series.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return read_series(data, size, WEIR_FORMAT_DETECT);
}
