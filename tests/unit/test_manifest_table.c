/*
 * manifest/table: field tables against texts and typed values, down to arrays of structs; and the
 * distance of words.
 */
#include "manifest/go_syntax.h"
#include "manifest/reader.h"
#include "manifest/table.h"
#include "table.h"
#include <float.h>
#include <math.h>
#include <stdio.h>

struct rule {
    int32_t type;
    int32_t value;
    weir_duration period;
};

struct side {
    weir_duration window;
    uint32_t rule_count, reserved;
    struct rule rules[3];
};

struct config {
    uint32_t struct_size;
    int32_t on;
    int32_t least;
    int32_t mode;
    int64_t most;
    double ratio;
    double any;
    weir_duration wait;
    char name[8];
    struct side down;
};

#define IN(type, m)                                                                                \
    .name = #m, .offset = (uint32_t)offsetof(type, m), .size = (uint32_t)sizeof(((type *)0)->m),   \
    .alias = "", .global_key = "", .doc = "", .unit = ""

static const weir_field rule_fields[] = {
    {IN(struct rule, type), .key = "type", .values = "Pods|Percent", .type = WEIR_FIELD_ENUM,
     .imax = 1},
    {IN(struct rule, value), .key = "value", .values = "", .type = WEIR_FIELD_INT, .imin = 1,
     .imax = INT32_MAX, .idefault = 4},
    {IN(struct rule, period), .key = "periodSeconds", .values = "", .type = WEIR_FIELD_DURATION,
     .imin = WEIR_SECOND, .imax = 1800 * WEIR_SECOND, .idefault = 15 * WEIR_SECOND},
};

static const weir_field side_fields[] = {
    {IN(struct side, window), .key = "stabilizationWindowSeconds", .values = "",
     .type = WEIR_FIELD_DURATION, .imax = 3600 * WEIR_SECOND, .idefault = 300 * WEIR_SECOND},
    {.name = "rules",
     .key = "policies",
     .alias = "",
     .global_key = "",
     .doc = "",
     .unit = "",
     .values = "",
     .type = WEIR_FIELD_STRUCT,
     .fields = rule_fields,
     .field_count = 3,
     .capacity = 3,
     .count_offset = (uint32_t)offsetof(struct side, rule_count),
     .offset = (uint32_t)offsetof(struct side, rules),
     .size = (uint32_t)sizeof(struct rule)},
};

static const weir_field fields[] = {
    {IN(struct config, on), .key = "enabled", .values = "", .type = WEIR_FIELD_BOOL, .imax = 1},
    {IN(struct config, least), .key = "minReplicas", .values = "", .type = WEIR_FIELD_INT,
     .imax = INT32_MAX},
    {IN(struct config, mode), .key = "mode", .values = "One|Two|Three", .type = WEIR_FIELD_ENUM,
     .imax = 2},
    {IN(struct config, most), .key = "max", .values = "", .type = WEIR_FIELD_INT, .imin = INT64_MIN,
     .imax = INT64_MAX},
    {IN(struct config, ratio), .key = "ratio", .values = "", .type = WEIR_FIELD_DOUBLE, .dmin = 0,
     .dmax = 1, .flags = WEIR_FIELD_ABOVE_MIN},
    {IN(struct config, any), .key = "any", .values = "", .type = WEIR_FIELD_DOUBLE, .dmin = 1,
     .dmax = DBL_MAX, .flags = WEIR_FIELD_ANY_FLOAT | WEIR_FIELD_OR_MINUS_ONE},
    {IN(struct config, wait), .key = "wait", .values = "", .type = WEIR_FIELD_DURATION,
     .imax = 3600 * WEIR_SECOND, .flags = WEIR_FIELD_WHOLE_SECONDS},
    {IN(struct config, name), .key = "metadata.name", .values = "", .type = WEIR_FIELD_TEXT},
    {.name = "down",
     .key = "behavior.scaleDown",
     .alias = "",
     .global_key = "",
     .doc = "",
     .unit = "",
     .values = "",
     .type = WEIR_FIELD_STRUCT,
     .fields = side_fields,
     .field_count = 2,
     .capacity = 1,
     .offset = (uint32_t)offsetof(struct config, down),
     .size = (uint32_t)sizeof(struct side)},
};

enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

struct filling {
    struct config config;
    struct weir__problems problems;
    int unknown;
};

static void fill(void *user, struct weir__document *document)
{
    struct filling *f = user;
    struct weir__path path;

    weir__path_clear(&path);
    weir__path_key(&path, "spec", 4);
    weir__table_fill(fields, FIELD_COUNT, &f->config, document->root, &path, f->unknown,
                     &f->problems);
    assert_string_equal(path.text, "spec");
    weir__document_free(&weir__system_allocator, document);
}

static void fill_from(struct filling *f, const char *text)
{
    struct weir__reader reader;

    weir__problems_open(&f->problems, &weir__system_allocator);
    memset(&reader, 0, sizeof reader);
    reader.allocator = &weir__system_allocator;
    reader.problems = &f->problems;
    reader.deliver = fill;
    reader.user = f;
    weir__read(&reader, text, strlen(text));
}

static void fills_a_struct_from_typed_values(void **state)
{
    static struct filling f;

    (void)state;
    memset(&f, 0, sizeof f);
    f.unknown = 1;
    fill_from(&f, "enabled: yes\nminReplicas: 1e1\nmode: Two\nmax: -9223372036854775808\nratio: 1\n"
                  "any: 1e300\nwait: 1m30s\nmetadata: {name: hello}\n"
                  "behavior:\n  scaleDown:\n    stabilizationWindowSeconds: 60.0\n    policies:\n"
                  "    - {type: Percent, value: 50, periodSeconds: 30}\n    - {type: Pods}\n");
    assert_int_equal(f.problems.count, 0);
    assert_int_equal(f.config.on, 1);
    assert_int_equal(f.config.least, 10);
    assert_int_equal(f.config.mode, 1);
    assert_true(f.config.most == INT64_MIN);
    assert_bits_equal(f.config.ratio, 1.0);
    assert_bits_equal(f.config.any, 1e300);
    assert_true(f.config.wait == 90 * WEIR_SECOND);
    assert_string_equal(f.config.name, "hello");
    assert_true(f.config.down.window == 60 * WEIR_SECOND);
    assert_int_equal(f.config.down.rule_count, 2);
    assert_int_equal(f.config.down.rules[0].type, 1);
    assert_int_equal(f.config.down.rules[0].value, 50);
    assert_true(f.config.down.rules[0].period == 30 * WEIR_SECOND);
    assert_int_equal(f.config.down.rules[1].type, 0);
    assert_int_equal(f.config.down.rules[1].value, 4); /* the default of an element */
    assert_true(f.config.down.rules[1].period == 15 * WEIR_SECOND);
    weir__problems_close(&f.problems);
}

static void what_is_not_there_stays_as_it_is(void **state)
{
    static struct filling f;

    (void)state;
    memset(&f, 0, sizeof f);
    f.config.least = 7;
    f.config.ratio = 0.5;
    fill_from(&f, "minReplicas:\nmore: 1\n");
    assert_int_equal(f.problems.count, 0);
    assert_int_equal(f.config.least, 7);
    assert_bits_equal(f.config.ratio, 0.5);
    weir__problems_close(&f.problems);
}

struct row {
    const char *name, *text;
    int32_t severity, line, column;
    const char *path, *message;
};

static const struct row rows[] = {
    {"a text for a number", "minReplicas: \"1\"", 0, 1, 14, "spec.minReplicas",
     "must be a whole number of 32 bits, got the text \"1\""},
    {"a part of a pod", "minReplicas: 1.5", 0, 1, 14, "spec.minReplicas",
     "must be a whole number of 32 bits, got the number 1.5"},
    {"more than 32 bits", "minReplicas: 3000000000", 0, 1, 14, "spec.minReplicas", "of 32 bits"},
    {"less than the least", "minReplicas: -1", 0, 1, 14, "spec.minReplicas",
     "must be in [0, 2147483647], got the number -1"},
    {"a number for a switch", "enabled: 1", 0, 1, 10, "spec.enabled",
     "must be true or false, got the number"},
    {"no such name", "mode: Four", 0, 1, 7, "spec.mode",
     "must be one of One, Two, Three, got the text \"Four\""},
    {"a bound that is not in", "ratio: 0", 0, 1, 8, "spec.ratio", "must be in (0, 1], got"},
    {"no upper bound", "any: 0.5", 0, 1, 6, "spec.any", "must be at least 1 or -1, got"},
    {"half a second", "wait: 1500ms", 0, 1, 7, "spec.wait",
     "must be in [0s, 1h], in whole seconds, got the text \"1500ms\""},
    {"no duration", "wait: 1 minute", 0, 1, 7, "spec.wait", "must be a duration such as 90s"},
    {"too many seconds", "wait: 9999999999999", 0, 1, 7, "spec.wait", "must be a duration"},
    {"a text that is too long", "metadata: {name: abcdefgh}", 0, 1, 18, "spec.metadata.name",
     "must be text"},
    {"a list for a mapping", "behavior: {scaleDown: [1]}", 0, 1, 23, "spec.behavior.scaleDown",
     "must be a mapping of its fields, got a list"},
    {"a mapping for a list", "behavior: {scaleDown: {policies: {a: 1}}}", 0, 1, 34,
     "spec.behavior.scaleDown.policies", "must be a list, got a mapping"},
    {"a field of an element",
     "behavior:\n  scaleDown:\n    policies:\n    - value: 1\n    - periodSeconds: 0\n", 0, 5, 22,
     "spec.behavior.scaleDown.policies[1].periodSeconds", "must be in [1s, 30m], got the number 0"},
    {"more elements than there is room for", "behavior: {scaleDown: {policies: [{}, {}, {}, {}]}}",
     0, 1, 34, "spec.behavior.scaleDown.policies", "weir has room for 3"},
    {"a scalar for an element", "behavior: {scaleDown: {policies: [1]}}", 0, 1, 35,
     "spec.behavior.scaleDown.policies[0]", "must be a mapping of its fields, got the number 1"},
    {"an unknown key", "minReplica: 1", 1, 1, 1, "spec.minReplica",
     "is not a field that is known here; did you mean \"minReplicas\""},
    {"an unknown key like no other", "x: 1", 1, 1, 1, "spec.x", "is not a field that is known"},
    {"a list for all", "[1]", 0, 1, 1, "spec", "must be a mapping of its fields, got a list"},
};

static void says_what_is_wrong(void **state)
{
    const struct row *row = *state;
    static struct filling f;
    const weir_problem *p;

    memset(&f, 0, sizeof f);
    f.unknown = 1;
    fill_from(&f, row->text);
    assert_int_equal(f.problems.count, 1);
    p = &f.problems.list[0].open;
    if (strstr(p->error.message, row->message) == NULL) {
        print_error("%s %s\n", p->error.path, p->error.message);
    }
    assert_non_null(strstr(p->error.message, row->message));
    assert_string_equal(p->error.path, row->path);
    assert_int_equal(p->severity, row->severity);
    assert_int_equal(p->error.line, row->line);
    assert_int_equal(p->error.column, row->column);
    assert_int_equal(f.config.least, 0);
    assert_bits_equal(f.config.ratio, 0.0);
    weir__problems_close(&f.problems);
}

static void reports_everything_at_once(void **state)
{
    static struct filling f;

    (void)state;
    memset(&f, 0, sizeof f);
    f.unknown = 1;
    fill_from(&f, "enabled: 1\nminReplicas: x\nmode: y\nratio: 2\nwait: -1s\nnonsense: 1\n"
                  "behavior: {scaleDown: {policies: [{value: 0}, {type: 1}]}}\n");
    assert_int_equal(f.problems.errors, 7);
    assert_int_equal(f.problems.count, 8);
    weir__problems_close(&f.problems);
}

/* ---- texts ---------------------------------------------------------------------------------- */

struct text_row {
    const char *name, *text;
    int field, result, within;
};

static const struct text_row texts[] = {
    {"a switch", "T", 0, WEIR__GO_OK, 1},
    {"no switch of Go", "yes", 0, WEIR__GO_SYNTAX, 0},
    {"32 bits", "3000000000", 1, WEIR__GO_RANGE, 0},
    {"64 bits", "3000000000", 3, WEIR__GO_OK, 1},
    {"a name", "Three", 2, WEIR__GO_OK, 1},
    {"part of a name", "Thre", 2, WEIR__GO_SYNTAX, 0},
    {"no name", "", 2, WEIR__GO_SYNTAX, 0},
    {"not a number, where none may be", "NaN", 4, WEIR__GO_OK, 0},
    {"not a number, where it may be", "NaN", 5, WEIR__GO_OK, 1},
    {"infinite, where it may be", "Inf", 5, WEIR__GO_OK, 1},
    {"too little", "-Inf", 5, WEIR__GO_OK, 0},
    {"minus one", "-1", 5, WEIR__GO_OK, 1},
    {"minus more", "-1.5", 5, WEIR__GO_OK, 0},
    {"whole seconds", "2m", 6, WEIR__GO_OK, 1},
    {"no whole seconds", "2.5s", 6, WEIR__GO_OK, 0},
    {"more than the most", "1h1s", 6, WEIR__GO_OK, 0},
    {"seven letters", "abcdefg", 7, WEIR__GO_OK, 1},
    {"eight letters", "abcdefgh", 7, WEIR__GO_RANGE, 0},
    {"a struct is no text", "x", 8, WEIR__GO_SYNTAX, 0},
};

static void reads_texts(void **state)
{
    const struct text_row *row = *state;
    const weir_field *field = &fields[row->field];
    struct weir__value value;
    struct weir__bounds bounds;

    weir__bounds_of(field, &bounds);
    assert_int_equal(weir__field_parse(field, row->text, strlen(row->text), &value), row->result);
    if (row->result == WEIR__GO_OK) {
        assert_int_equal(weir__field_within(field, &bounds, &value), row->within);
    }
}

/* At the end of the range Go's rounding to seconds changes nothing, so it finds no fault. */
static void seconds_are_whole_at_the_end_of_the_range(void **state)
{
    struct weir__bounds bounds;
    struct weir__value value = {INT64_MAX, 0.0, NULL, 0};

    (void)state;
    weir__bounds_of(&fields[6], &bounds);
    bounds.imin = INT64_MIN;
    bounds.imax = INT64_MAX;
    assert_true(weir__field_within(&fields[6], &bounds, &value));
    value.integer = INT64_MIN;
    assert_true(weir__field_within(&fields[6], &bounds, &value));
    value.integer = INT64_MAX - WEIR_SECOND;
    assert_false(weir__field_within(&fields[6], &bounds, &value));
}

struct distance_row {
    const char *name, *other;
    size_t distance;
};

static const struct distance_row distances[] = {
    {"window", "window", 0},   {"minScale", "min-scale", 0}, {"MIN_SCALE", "min-scale", 0},
    {"widnow", "window", 1},   {"windw", "window", 1},       {"windoww", "window", 1},
    {"wimdow", "window", 1},   {"target", "window", 6},      {"abc", "ca", 3},
    {"-", "window", SIZE_MAX},
};

static void measures_distances(void **state)
{
    const struct distance_row *row = *state;

    assert_true(weir__distance(row->name, row->other) == row->distance);
    assert_true(weir__distance(row->other, row->name) == row->distance);
}

static void shows_numbers_and_quotes(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } durations[] = {{0, "0s"},
                     {7, "7ns"},
                     {1500, "1.5us"},
                     {250000000, "250ms"},
                     {INT64_C(6000000000), "6s"},
                     {INT64_C(90500000000), "1m30.5s"},
                     {INT64_C(3600000000000), "1h"},
                     {INT64_C(3601000000000), "1h1s"},
                     {INT64_MIN, "-2562047h47m16.854775808s"}};
    struct weir__message m;
    char text[400];

    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        weir__message_clear(&m);
        weir__message_duration(&m, durations[i].ns);
        assert_string_equal(m.text, durations[i].text);
    }
    weir__message_clear(&m);
    weir__message_double(&m, 0.01);
    weir__message_add(&m, " ");
    weir__message_double(&m, -1000);
    weir__message_add(&m, " ");
    weir__message_double(&m, 1e300);
    weir__message_add(&m, " ");
    weir__message_double(&m, NAN);
    weir__message_add(&m, " ");
    weir__message_double(&m, -INFINITY);
    assert_string_equal(m.text, "0.01 -1000 1e300 NaN -Inf");

    weir__message_clear(&m);
    weir__message_quote(&m, "a\n\t\x01", 4);
    assert_string_equal(m.text, "\"a\\n\\t?\"");
    weir__message_clear(&m);
    for (int i = 0; i < 200; i++) { /* a character of two bytes is never cut in half */
        memcpy(text + (size_t)i * 2, "\xc3\xa4", 2);
    }
    weir__message_quote(&m, text, 400);
    assert_int_equal(m.length, 1 + 48 + 3 + 1);
    weir__message_clear(&m);
    weir__message_add(&m, "x");
    for (int i = 0; i < 10; i++) {
        weir__message_quote(&m, text, 48);
    }
    assert_in_range(strlen(m.text), sizeof m.text - 2, sizeof m.text - 1);
    assert_true((m.text[strlen(m.text) - 1] & 0x80) == 0 ||
                m.text[strlen(m.text) - 1] == (char)0xa4);
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, fills_a_struct_from_typed_values);
    SUITE_TEST(&suite, what_is_not_there_stays_as_it_is);
    SUITE_TABLE(&suite, says_what_is_wrong, rows);
    SUITE_TEST(&suite, reports_everything_at_once);
    SUITE_TABLE(&suite, reads_texts, texts);
    SUITE_TEST(&suite, seconds_are_whole_at_the_end_of_the_range);
    SUITE_TABLE(&suite, measures_distances, distances);
    SUITE_TEST(&suite, shows_numbers_and_quotes);
    return suite_run(&suite, "manifest_table");
}
