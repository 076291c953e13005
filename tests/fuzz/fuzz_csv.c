/*
 * CSV text from anywhere: read row by row, the fields that a replay reads parsed as numbers and as
 * times. Fields lie inside the text, and lines only go up.
 */
#include "csv.h"
#include "fuzz.h"

static void parse(const struct csv *csv, int column, const uint8_t *data, size_t size)
{
    struct csv_field field = csv_get(csv, column);
    double number;
    int64_t ns;

    must((const uint8_t *)field.text >= data);
    must((const uint8_t *)field.text + field.length <= data + size);
    must(field.column >= 1);
    if (!csv_number(&field, &number) && !csv_time(&field, &ns)) {
        csv_complain(csv, &field, "neither number nor time: %.*s", (int)field.length, field.text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"time", "concurrency", "rps"};
    struct csv *csv = csv_open_memory("input.csv", (const char *)data, size);
    int64_t line = 1;
    int more;

    if (csv == NULL) {
        return 0;
    }
    csv_column(csv, "tme");
    while ((more = csv_next(csv)) == 1 || more == -1) {
        must(csv_line(csv) > line);
        line = csv_line(csv);
        for (size_t i = 0; more == 1 && i < sizeof names / sizeof names[0]; i++) {
            int column = csv_find(csv, names[i]);

            if (column >= 0) {
                parse(csv, column, data, size);
            }
        }
    }
    csv_close(csv);
    return 0;
}
