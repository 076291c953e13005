/*
 * Lines of conformance vectors from anywhere: whatever a line holds, no more steps match than it
 * has, and a line that is refused counts nothing.
 */
#include "conform.h"
#include "fuzz.h"

#include <string.h>

/* One line, as the reader hands it over: with a NUL after it. */
static void run(struct conform_report *report, const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);
    int64_t steps = report->steps, matched = report->matched;
    weir_error err;

    must(line != NULL);
    memcpy(line, data, size);
    line[size] = '\0';
    if (conform_line(report, line, size, &err) == WEIR_OK) {
        must(report->steps > steps);
        must(report->matched - matched <= report->steps - steps);
        must(report->matched >= matched);
    } else {
        must(err.message[0] != '\0' && err.column >= 0 && (size_t)err.column <= size + 1);
        must(report->steps == steps && report->matched == matched);
    }
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conform_report report = {.limit = 10};
    char *lines = NULL;
    size_t length = 0;

    conform_block_max = 1 << 20;
    report.lines = open_memstream(&lines, &length);
    must(report.lines != NULL);
    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t line = end != NULL ? (size_t)(end - data) : size;

        run(&report, data, line);
        data += line;
        size -= line;
        if (size > 0) {
            data++;
            size--;
        }
    }
    fclose(report.lines);
    must(report.mismatches <= report.limit || length > 0);
    free(lines);
    cJSON_Delete(report.unknown);
    return 0;
}
