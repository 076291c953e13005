/*
 * conform_hpa.c - the HorizontalPodAutoscaler operations of the conformance vectors: quantities,
 * samples, replica rules, limits.
 *
 * The recordings were made on amd64, so conversions out of range are those of Go on amd64.
 */
#include "conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/quantity.h>

/* ---- quantity, milli_quantity --------------------------------------------------------------- */

static cJSON *quantity_step(const char *text)
{
    weir_quantity q, stored;
    char canonical[WEIR_QUANTITY_TEXT_MAX];
    cJSON *got;

    if (weir_quantity_parse(text, strlen(text), &q, NULL) != WEIR_OK ||
        weir_quantity_parse_stored(text, strlen(text), &stored, NULL) != WEIR_OK) {
        return conform_error("quantity");
    }
    got = cJSON_CreateObject();
    weir_quantity_text(&q, canonical, sizeof canonical, NULL);
    conform_put_int(got, "milli", weir_quantity_milli(&q));
    conform_put_int(got, "value", weir_quantity_value(&q));
    conform_put_int(got, "sign", weir_quantity_sign(&q));
    conform_put_double(got, "float64", weir_quantity_double(&q));
    cJSON_AddStringToObject(got, "string", q.verbatim ? text : canonical);
    conform_put_int(got, "storedMilli", weir_quantity_milli(&stored));
    conform_put_double(got, "storedFloat64", weir_quantity_double(&stored));
    return got;
}

static void run_quantity(struct scenario *s)
{
    while (conform_next(s)) {
        conform_answer(s, quantity_step(conform_text(s->step, "text", "")));
    }
}

static void put_milli(cJSON *got, const char *name, int64_t milli, int32_t format)
{
    char text[WEIR_QUANTITY_TEXT_MAX];
    weir_quantity q;

    weir_quantity_from_milli(milli, format, &q);
    weir_quantity_text(&q, text, sizeof text, NULL);
    cJSON_AddStringToObject(got, name, text);
}

static void run_milli_quantity(struct scenario *s)
{
    while (conform_next(s)) {
        int64_t milli = conform_int(s->step, "milli", 0);
        cJSON *got = cJSON_CreateObject();

        put_milli(got, "decimalSI", milli, WEIR_QUANTITY_DECIMAL);
        put_milli(got, "binarySI", milli, WEIR_QUANTITY_BINARY);
        conform_answer(s, got);
    }
}

const struct conform_op conform_hpa_ops[] = {
    {"quantity", run_quantity},
    {"milli_quantity", run_milli_quantity},
    {NULL, NULL},
};
