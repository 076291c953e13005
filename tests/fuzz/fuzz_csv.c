/*
 * CSV text from anywhere: read row by row, the fields that a replay reads parsed as numbers and as
 * times. Lines only go up, a field is no longer than the text, and whatever is wrong has a message
 * that begins with the file's name.
 */
#include "csv.h"
#include "fuzz.h"

#include <string.h>

static void check_message(const char *message)
{
    must(strncmp(message, "input.csv:", 10) == 0);
    must(strlen(message) < CSV_MESSAGE_MAX);
}

static void parse(struct csv *csv, int column, size_t size)
{
    const struct csv_field *field = csv_get(csv, column);
    unsigned sum = 0;
    double number;
    int64_t ns;

    must(field->length <= size);
    must(field->column >= 1);
    for (size_t i = 0; i < field->length; i++) { /* all of it can be read */
        sum += (unsigned char)field->text[i];
    }
    must(sum <= 255 * size);
    if (csv_time(field, &ns) == NULL) {
        must(ns >= 0);
    } else if (!csv_number(field, &number)) {
        csv_complain(csv, field, "a number or a time was expected");
        check_message(csv_message(csv));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char message[CSV_MESSAGE_MAX];
    struct csv *csv = csv_open_memory("input.csv", (const char *)data, size, message);
    int64_t line = 0;
    int more;

    if (csv == NULL) {
        check_message(message);
        return 0;
    }
    if (csv_column(csv, "tme") < 0) {
        check_message(csv_message(csv));
    }
    while ((more = csv_next(csv)) == 1 || more == -1) {
        must(csv_line(csv) > line);
        line = csv_line(csv);
        for (int i = 0; more == 1 && i < csv_column_count(csv); i++) {
            parse(csv, i, size);
        }
        if (more == -1) {
            check_message(csv_message(csv));
        }
    }
    csv_close(csv);
    return 0;
}
