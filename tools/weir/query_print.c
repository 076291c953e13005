/*
 * query_print.c - results of expressions; see query_print.h.
 */
#include "query_print.h"
#include "program.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <weir/prometheus.h>

/* ---- times, values, texts ------------------------------------------------------------------- */

/* Seconds, with three decimals unless they are whole. */
static void print_time(int64_t ms)
{
    uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;

    printf("%s%" PRIu64, ms < 0 ? "-" : "", size / 1000);
    if (size % 1000 != 0) {
        printf(".%03" PRIu64, size % 1000);
    }
}

static void print_value(double value, int plain)
{
    char text[WEIR_API_VALUE_MAX];

    weir_api_value_print(value, plain, text);
    fputs(text, stdout);
}

/* In double quotes; control characters as JSON and PromQL have them. */
static void print_quoted(const char *text, size_t length)
{
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\') {
            printf("\\%c", c);
        } else if (c == '\n') {
            fputs("\\n", stdout);
        } else if (c < 0x20 || c == 0x7f) {
            printf("\\u%04x", (unsigned)c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}

static int is_plain_name(const weir_label *label, int colons)
{
    for (size_t i = 0; i < label->name_length; i++) {
        char c = label->name[i];
        int letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colons && c == ':');

        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return 0;
        }
    }
    return label->name_length > 0;
}

/* up{job="x"}, {"a.b", job="x"}: as the server writes a metric. */
static void print_metric(const weir_promql_result *r, uint32_t series)
{
    const weir_label *first = r->labels + r->label_at[series];
    size_t count = r->label_at[series + 1] - r->label_at[series], rest = count;
    const char *before = "";

    for (size_t i = 0; i < count; i++) {
        weir_label name = {first[i].value, first[i].value_length, NULL, 0};

        if (first[i].name_length != 8 || memcmp(first[i].name, "__name__", 8) != 0) {
            continue;
        }
        rest--;
        if (is_plain_name(&name, 1)) {
            printf("%.*s", (int)name.name_length, name.name);
        } else {
            putchar('{');
            print_quoted(name.name, name.name_length);
            before = ", ";
        }
    }
    if (rest == 0 && count > 0) {
        fputs(before[0] != '\0' ? "}" : "", stdout);
        return;
    }
    fputs(before[0] != '\0' ? "" : "{", stdout);
    for (size_t i = 0; i < count; i++) {
        if (first[i].name_length == 8 && memcmp(first[i].name, "__name__", 8) == 0) {
            continue;
        }
        fputs(before, stdout);
        before = ", ";
        if (is_plain_name(&first[i], 0)) {
            printf("%.*s", (int)first[i].name_length, first[i].name);
        } else {
            print_quoted(first[i].name, first[i].name_length);
        }
        putchar('=');
        print_quoted(first[i].value, first[i].value_length);
    }
    putchar('}');
}

/* ---- text ----------------------------------------------------------------------------------- */

void query_print_text(const weir_promql_result *r, int64_t at_ms)
{
    if (r->type == WEIR_PROMQL_STRING) {
        printf("%.*s\n", (int)r->text_length, r->text);
        return;
    }
    for (uint32_t i = 0; i < r->series_count; i++) {
        int alone = r->type != WEIR_PROMQL_MATRIX;

        if (r->type == WEIR_PROMQL_SCALAR) {
            fputs("scalar: ", stdout);
        } else {
            print_metric(r, i);
            fputs(alone ? " => " : " =>\n", stdout);
        }
        for (size_t p = r->point_at[i]; p < r->point_at[i + 1]; p++) {
            print_value(r->values[p], r->type == WEIR_PROMQL_SCALAR);
            fputs(" @[", stdout);
            print_time(alone ? at_ms : r->times_ms[p]);
            fputs("]\n", stdout);
        }
    }
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void print_point(int64_t ms, double value)
{
    putchar('[');
    print_time(ms);
    fputs(",\"", stdout);
    print_value(value, 0);
    fputs("\"]", stdout);
}

static void print_series(const weir_promql_result *r, uint32_t i, int64_t at_ms)
{
    const char *before = "";

    fputs("{\"metric\":{", stdout);
    for (size_t l = r->label_at[i]; l < r->label_at[i + 1]; l++) {
        fputs(before, stdout);
        print_quoted(r->labels[l].name, r->labels[l].name_length);
        putchar(':');
        print_quoted(r->labels[l].value, r->labels[l].value_length);
        before = ",";
    }
    if (r->type == WEIR_PROMQL_VECTOR) {
        fputs("},\"value\":", stdout);
        print_point(at_ms, r->values[r->point_at[i]]);
        putchar('}');
        return;
    }
    fputs("},\"values\":[", stdout);
    for (size_t p = r->point_at[i]; p < r->point_at[i + 1]; p++) {
        fputs(p > r->point_at[i] ? "," : "", stdout);
        print_point(r->times_ms[p], r->values[p]);
    }
    fputs("]}", stdout);
}

static void print_json_notes(const weir_promql_result *r, int32_t level, const char *name,
                             const char *kind)
{
    const char *before = "";

    for (size_t i = 0; i < r->note_count; i++) {
        const weir_promql_note *note = &r->notes[i];
        char text[1024];

        if (note->level != level) {
            continue;
        }
        if (before[0] == '\0') {
            printf(",\"%s\":[", name);
        }
        snprintf(text, sizeof text, "PromQL %s: %.*s (%d:%d)", kind,
                 (int)(note->message_length < 900 ? note->message_length : 900), note->message,
                 (int)note->line, (int)note->column);
        fputs(before, stdout);
        print_quoted(text, strlen(text));
        before = ",";
    }
    fputs(before[0] != '\0' ? "]" : "", stdout);
}

void query_print_json(const weir_promql_result *r, int64_t at_ms)
{
    static const char *const types[] = {"", "scalar", "vector", "matrix", "string"};

    printf("{\"status\":\"success\",\"data\":{\"resultType\":\"%s\",\"result\":[", types[r->type]);
    if (r->type == WEIR_PROMQL_SCALAR || r->type == WEIR_PROMQL_STRING) {
        print_value((double)at_ms / 1000, 0);
        putchar(',');
        if (r->type == WEIR_PROMQL_STRING) {
            print_quoted(r->text, r->text_length);
        } else {
            putchar('"');
            print_value(r->values[0], 1);
            putchar('"');
        }
    } else {
        for (uint32_t i = 0; i < r->series_count; i++) {
            fputs(i > 0 ? "," : "", stdout);
            print_series(r, i, at_ms);
        }
    }
    fputs("]}", stdout);
    print_json_notes(r, WEIR_PROMQL_WARNING, "warnings", "warning");
    print_json_notes(r, WEIR_PROMQL_INFO, "infos", "info");
    fputs("}\n", stdout);
}

/* ---- CSV ------------------------------------------------------------------------------------ */

/* A column's name: the metric, with its quotes doubled. */
static void print_column(const weir_promql_result *r, uint32_t i)
{
    fputs(",\"{", stdout);
    for (size_t l = r->label_at[i]; l < r->label_at[i + 1]; l++) {
        const weir_label *label = &r->labels[l];

        printf("%s", l > r->label_at[i] ? ", " : "");
        if (is_plain_name(label, 0)) {
            printf("%.*s=\"\"", (int)label->name_length, label->name);
        } else {
            printf("\"\"%.*s\"\"=\"\"", (int)label->name_length, label->name);
        }
        for (size_t c = 0; c < label->value_length; c++) {
            char byte = label->value[c];

            fputs(byte == '\\'   ? "\\\\"
                  : byte == '"'  ? "\\\"\""
                  : byte == '\n' ? "\\n"
                                 : "",
                  stdout);
            if (byte != '\\' && byte != '"' && byte != '\n') {
                putchar(byte);
            }
        }
        fputs("\"\"", stdout);
    }
    fputs("}\"", stdout);
}

/* The next time that any series has; INT64_MAX past the last. */
static int64_t next_time(const weir_promql_result *r, const size_t *next)
{
    int64_t time = INT64_MAX;

    for (uint32_t i = 0; i < r->series_count; i++) {
        if (next[i] < r->point_at[i + 1] && r->times_ms[next[i]] < time) {
            time = r->times_ms[next[i]];
        }
    }
    return time;
}

void query_print_csv(const weir_promql_result *r, int64_t at_ms)
{
    size_t *next = malloc((r->series_count + 1) * sizeof *next);
    int alone = r->type != WEIR_PROMQL_MATRIX;
    int64_t time;

    if (next == NULL) {
        return;
    }
    fputs("time", stdout);
    for (uint32_t i = 0; i < r->series_count; i++) {
        next[i] = r->point_at[i];
        print_column(r, i);
    }
    putchar('\n');
    while ((time = next_time(r, next)) != INT64_MAX) {
        print_time(alone ? at_ms : time);
        for (uint32_t i = 0; i < r->series_count; i++) {
            putchar(',');
            if (next[i] < r->point_at[i + 1] && r->times_ms[next[i]] == time) {
                print_value(r->values[next[i]++], 0);
            }
        }
        putchar('\n');
    }
    free(next);
}

/* ---- notes ---------------------------------------------------------------------------------- */

void query_print_notes(const weir_promql_result *r)
{
    for (size_t i = 0; i < r->note_count; i++) {
        const weir_promql_note *note = &r->notes[i];

        complain("%s: %.*s (%d:%d)", note->level == WEIR_PROMQL_WARNING ? "warning" : "info",
                 (int)note->message_length, note->message, (int)note->line, (int)note->column);
    }
}
