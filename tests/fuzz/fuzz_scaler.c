/*
 * An answer from anywhere, read as that of Prometheus or, at the location before its first line
 * break, of a metrics API: it has a value or an error that says why. The first byte chooses.
 */
#include "fuzz.h"

#include <string.h>
#include <weir/scaler.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *body = size > 0 ? (const char *)data + 1 : "";
    char location[WEIR_SCALER_LOCATION_MAX + 8];
    size_t length = size > 0 ? size - 1 : 0, n = 0;
    double value = 0.0;
    weir_error err;
    weir_status status;

    if (size == 0 || data[0] % 4 == 3) {
        status = weir_scaler_prometheus_answer(body, length, 0, &value, &err);
    } else {
        static const int32_t formats[] = {WEIR_ANSWER_JSON, WEIR_ANSWER_YAML,
                                          WEIR_ANSWER_PROMETHEUS};

        while (n < length && n < sizeof location - 1 && body[n] != '\n') {
            location[n] = body[n];
            n++;
        }
        location[n] = '\0';
        n += n < length;
        status = weir_scaler_api_answer(formats[data[0] % 4], location, body + n, length - n, 200,
                                        &value, &err);
    }
    if (status != WEIR_OK) {
        must(err.status == status && err.message[0] != '\0');
        must(memchr(err.message, '\0', sizeof err.message) != NULL);
    }
    return 0;
}
