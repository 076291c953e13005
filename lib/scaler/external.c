/*
 * scaler/external.c - what an external scaler's messages come to.
 */
#include "common.h"

#include <inttypes.h>
#include <stdio.h>
#include <weir/quantity.h>

double weir_scaler_external_value(int64_t value, double value_float)
{
    return value_float > 0.0 ? value_float : (double)value;
}

int64_t weir_scaler_external_target(int64_t target, double target_float)
{
    char digits[24];
    weir_quantity quantity;
    int n;

    if (target_float > 0.0) {
        return weir_keda_milli(target_float);
    }
    n = snprintf(digits, sizeof digits, "%" PRId64, target);
    return weir_quantity_parse_stored(digits, (size_t)n, &quantity, NULL) == WEIR_OK
               ? weir_quantity_milli(&quantity)
               : 0;
}

const char *weir_scaler_external_name(uint32_t index, const char *metric)
{
    char prefix[16];
    size_t n = (size_t)snprintf(prefix, sizeof prefix, "s%" PRIu32 "-", index);

    return metric != NULL && strncmp(metric, prefix, n) == 0 ? metric + n : NULL;
}

int32_t weir_scaler_external_sends(const char *key)
{
    static const char suffix[] = "FromEnv";
    size_t length = key != NULL ? strlen(key) : 0, n = sizeof suffix - 1;

    return key != NULL && (length < n || strcmp(key + length - n, suffix) != 0);
}
