/* csv: rows and fields, exact numbers and times, and what is said about everything malformed. */
#include "csv.h"
#include "random.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>
#include <weir/base.h>
#include <zlib.h>

/* ---- rows ----------------------------------------------------------------------------------- */

struct text_row {
    const char *name;
    const char *text;
    const char *want; /* fields as [a|b] a row, then the messages */
};

static const struct text_row text_rows[] = {
    {"plain", "a,b\n1,2\n3,4\n", "[1|2][3|4]"},
    {"no newline at the end", "a,b\n1,2", "[1|2]"},
    {"CRLF", "a,b\r\n1,2\r\n", "[1|2]"},
    {"a byte order mark",
     "\xef\xbb\xbf"
     "a,b\n1,2\n",
     "[1|2]"},
    {"empty lines are passed over", "a,b\n\n1,2\n\n\n3,4\n\n", "[1|2][3|4]"},
    {"blanks around fields", "a , b\n 1,\t2 \n", "[1|2]"},
    {"empty fields", "a,b\n,\n1,\n", "[|][1|]"},
    {"quotes", "\"a\",b\n\"1\",\"2,5\"\n", "[1|2,5]"},
    {"quoted quotes", "a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n", "[say \"hi\"|\"]"},
    {"blanks after a quoted field", "a,b\n\"1\" ,2\n", "[1|2]"},
    {"a quote inside a plain field is text", "a,b\n1\"x,2\n", "[1\"x|2]"},
    {"only a header", "a,b\n", ""},
    {"too few fields", "a,b\n1\n3,4\n",
     "<f.csv:2:1: 2 fields were expected, as the header has them, found 1>[3|4]"},
    {"too many fields", "a,b\n1,2,3\n3,4\n",
     "<f.csv:2:1: 2 fields were expected, as the header has them, found 3>[3|4]"},
    {"an open quote", "a,b\n1,\"2\n3,4\n",
     "<f.csv:2:3: a closing quote was expected on this line, the quote is never closed>[3|4]"},
    {"an open quote with a pair at the end", "a,b\n1,\"2\"\"\n3,4\n",
     "<f.csv:2:3: a closing quote was expected on this line, the quote is never closed>[3|4]"},
    {"text after a quoted field", "a,b\n\"1\"x,2\n3,4\n",
     "<f.csv:2:4: a comma was expected after the quoted field, found \"x\">[3|4]"},
    {"an empty file", "",
     "<f.csv: a header line with column names was expected, the file is empty>"},
    {"a header with an open quote", "\"a\n",
     "<f.csv:1:1: a closing quote was expected on this line, the quote is never closed>"},
};

static void append(char *out, size_t size, const char *before, const char *text, size_t length,
                   const char *after)
{
    size_t used = strlen(out);

    snprintf(out + used, size - used, "%s%.*s%s", before, (int)length, text, after);
}

/* All that comes of a text. */
static void read_all(struct csv *csv, char *out, size_t size)
{
    int more;

    while ((more = csv_next(csv)) != 0) {
        if (more < 0) {
            append(out, size, "<", csv_message(csv), strlen(csv_message(csv)), ">");
            if (more == -2) {
                break;
            }
            continue;
        }
        for (int i = 0; i < csv_column_count(csv); i++) {
            const struct csv_field *f = csv_get(csv, i);

            append(out, size, i == 0 ? "[" : "|", f->text, f->length, "");
        }
        append(out, size, "", "", 0, "]");
    }
}

static void rows_and_messages(void **state)
{
    const struct text_row *row = *state;
    char out[1024] = "", message[CSV_MESSAGE_MAX];
    struct csv *csv = csv_open_memory("f.csv", row->text, strlen(row->text), message);

    if (csv == NULL) {
        append(out, sizeof out, "<", message, strlen(message), ">");
    } else {
        read_all(csv, out, sizeof out);
        csv_close(csv);
    }
    assert_string_equal(out, row->want);
}

static void a_nul_byte_ends_the_reading_after_the_rows_before(void **state)
{
    static const char text[] = "a,b\n1,2\n3,\0004\n5,6\n";
    char out[512] = "", message[CSV_MESSAGE_MAX];
    struct csv *csv = csv_open_memory("f.csv", text, sizeof text - 1, message);

    (void)state;
    assert_non_null(csv);
    read_all(csv, out, sizeof out);
    assert_string_equal(out, "[1|2]<f.csv:3:3: text was expected, found a NUL byte: this is a "
                             "binary file, not CSV>");
    csv_close(csv);
}

static void endless_lines_are_refused(void **state)
{
    char *text = malloc(CSV_LINE_MAX + 100), message[CSV_MESSAGE_MAX];
    struct csv *csv;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', CSV_LINE_MAX + 100);
    assert_null(csv_open_memory("f.csv", text, CSV_LINE_MAX + 100, message));
    assert_string_equal(message,
                        "f.csv:1: a line of at most 65535 bytes was expected, found a longer one");
    memcpy(text, "a\n1\n", 4);
    csv = csv_open_memory("f.csv", text, CSV_LINE_MAX + 100, message);
    assert_non_null(csv);
    assert_int_equal(csv_next(csv), 1);
    assert_int_equal(csv_next(csv), -2);
    assert_int_equal(csv_line(csv), 3);
    csv_close(csv);
    memset(text, ',', CSV_COLUMNS_MAX);
    text[CSV_COLUMNS_MAX] = '\n';
    assert_null(csv_open_memory("f.csv", text, CSV_COLUMNS_MAX + 1, message));
    assert_string_equal(message, "f.csv:1:1025: at most 1024 columns were expected, found more");
    free(text);
}

/* ---- columns -------------------------------------------------------------------------------- */

static const struct text_row column_rows[] = {
    {"a near name", "time,conc,rpss\n",
     "f.csv:1: there is no column rps; did you mean rpss; the columns are: time conc rpss"},
    {"no near name", "zeit,last\n", "f.csv:1: there is no column rps; the columns are: zeit last"},
    {"twice", "rps,time,rps\n",
     "f.csv:1: one column rps was expected, found two, as number 1 and 3"},
    {"semicolons", "time;load\n",
     "f.csv:1: there is no column rps; the columns are: time;load; columns are parted by commas "
     "here, not by semicolons"},
    {"no header", "0,5\n1,5\n",
     "f.csv:1: there is no column rps; the columns are: 0 5; is the header line missing?"},
};

static void missing_columns(void **state)
{
    const struct text_row *row = *state;
    char message[CSV_MESSAGE_MAX];
    struct csv *csv = csv_open_memory("f.csv", row->text, strlen(row->text), message);

    assert_non_null(csv);
    assert_true(csv_column(csv, "rps") < 0);
    assert_string_equal(csv_message(csv), row->want);
    csv_close(csv);
}

static void a_long_list_of_columns_is_cut(void **state)
{
    char text[4096] = "", message[CSV_MESSAGE_MAX];
    struct csv *csv;

    (void)state;
    for (int i = 0; i < 200; i++) {
        append(text, sizeof text, i > 0 ? "," : "", "column-number", 13, "");
    }
    csv = csv_open_memory("f.csv", text, strlen(text), message);
    assert_non_null(csv);
    assert_int_equal(csv_column(csv, "time"), -1);
    assert_non_null(strstr(csv_message(csv), " ..."));
    csv_close(csv);
}

/* ---- values --------------------------------------------------------------------------------- */

struct number_row {
    const char *name; /* the text itself */
    int good;
    double want;
};

static const struct number_row number_rows[] = {
    {"0", 1, 0.0},
    {"-0", 1, -0.0},
    {"3.5", 1, 3.5},
    {"-12.25", 1, -12.25},
    {".5", 1, 0.5},
    {"5.", 1, 5.0},
    {"0.1", 1, 0.1},
    {"123456789012345", 1, 123456789012345.0},
    {"0.000000000000001", 1, 1e-15},
    {"1234567890123456789", 1, 1234567890123456789.0},
    {"9007199254740993", 1, 9007199254740992.0},
    {"1.7976931348623157e308", 1, 1.7976931348623157e308},
    {"2e3", 1, 2000.0},
    {"+7", 1, 7.0},
    {"inf", 1, HUGE_VAL},
    {"-Infinity", 1, -HUGE_VAL},
    {"", 0, 0},
    {"-", 0, 0},
    {".", 0, 0},
    {"5x", 0, 0},
    {"1 2", 0, 0},
    {"0x10", 0, 0},
    {"1,5", 0, 0},
    {"1.2.3", 0, 0},
    {"e5", 0, 0},
    {"nan(7)", 0, 0},
};

static void numbers(void **state)
{
    const struct number_row *row = *state;
    struct csv_field field = {row->name, strlen(row->name), 1};
    double value = 99;

    assert_int_equal(csv_number(&field, &value), row->good);
    if (row->good) {
        assert_bits_equal(value, row->want);
    }
}

static void a_nan_is_a_number(void **state)
{
    struct csv_field field = {"NaN", 3, 1};
    double value = 0;

    (void)state;
    assert_int_equal(csv_number(&field, &value), 1);
    assert_true(isnan(value));
}

/* What is printed in full reads back as the same double, by whichever path. */
static void random_numbers_read_back(void **state)
{
    struct rng r = {7};

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[64];
        double x = rng_real(&r, 0, 1000), back;
        struct csv_field field = {text, 0, 1};
        int length = snprintf(text, sizeof text, "%.*f", (int)rng_int(&r, 0, 18), x);

        field.length = (size_t)length;
        assert_int_equal(csv_number(&field, &back), 1);
        if (bits_of(back) != bits_of(strtod(text, NULL))) {
            fail_msg("%s", text);
        }
    }
}

struct time_row {
    const char *name; /* the text itself */
    int64_t want;     /* ns; -1: refused */
    const char *expected;
};

#define SECONDS "a time in seconds or like 2026-11-24T10:00:00Z was expected"
#define EARLY   "a time from 1970 on was expected"
#define LATE    "a time in seconds was expected (milliseconds or later than the year 2255 do not fit)"
#define DAY     (86400 * WEIR_SECOND)

static const struct time_row time_rows[] = {
    {"0", 0, NULL},
    {"1.5", 1500000000, NULL},
    {"0.000000001", 1, NULL},
    {"0.1234567899", 123456789, NULL},
    {"1700000000.25", INT64_C(1700000000250000000), NULL},
    {"8999999999.999999999", INT64_C(8999999999999999999), NULL},
    {"1970-01-01T00:00:00Z", 0, NULL},
    {"1970-01-02T00:00:00.5z", DAY + 500000000, NULL},
    {"1970-01-02T01:30:00+01:30", DAY, NULL},
    {"1970-01-01T23:00:00-01:00", DAY, NULL},
    {"1970-01-02 00:00:01Z", DAY + WEIR_SECOND, NULL},
    {"2000-02-29T00:00:00Z", 11016 * DAY, NULL},
    {"2026-11-24T10:00:00.123456789Z", INT64_C(1795514400123456789), NULL},
    {"2016-12-31T23:59:60Z", 17167 * DAY, NULL}, /* a leap second is the next one */
    {"", -1, SECONDS},
    {"noon", -1, SECONDS},
    {".5", -1, SECONDS},
    {"5.", -1, SECONDS},
    {"1e3", -1, SECONDS},
    {"12 ", -1, SECONDS},
    {"-1", -1, EARLY},
    {"1700000000000", -1, LATE},
    {"99999999999999999999999", -1, LATE},
    {"1969-12-31T23:59:59Z", -1, EARLY},
    {"1970-01-01T00:30:00+01:00", -1, EARLY},
    {"2300-01-01T00:00:00Z", -1, LATE},
    {"2026-02-29T00:00:00Z", -1, SECONDS},
    {"1900-02-29T00:00:00Z", -1, SECONDS},
    {"2026-13-01T00:00:00Z", -1, SECONDS},
    {"2026-00-01T00:00:00Z", -1, SECONDS},
    {"2026-04-31T00:00:00Z", -1, SECONDS},
    {"2026-01-01T24:00:00Z", -1, SECONDS},
    {"2026-01-01T00:60:00Z", -1, SECONDS},
    {"2026-01-01T00:00:00", -1, SECONDS},
    {"2026-01-01T00:00:00X", -1, SECONDS},
    {"2026-01-01T00:00:00.Z", -1, SECONDS},
    {"2026-01-01T00:00:00+1:00", -1, SECONDS},
    {"2026-01-01T00:00:00+01:00x", -1, SECONDS},
    {"2026-01-01", -1, SECONDS},
};

static void times(void **state)
{
    const struct time_row *row = *state;
    size_t length = strlen(row->name);
    char *copy = malloc(length + 1); /* of its own, so that a sanitizer sees reads past the end */
    struct csv_field field = {copy, length, 1};
    const char *expected;
    int64_t ns = -1;

    assert_non_null(copy);
    memcpy(copy, row->name, length);
    expected = csv_time(&field, &ns);
    if (row->expected == NULL) {
        assert_null(expected);
        assert_true(ns == row->want);
    } else {
        assert_non_null(expected);
        assert_string_equal(expected, row->expected);
    }
    free(copy);
}

static void complaints_show_what_was_found(void **state)
{
    char message[CSV_MESSAGE_MAX];
    struct csv *csv = csv_open_memory(
        "f.csv", "a,b\nx,\n0123456789012345678901234567890123456789etc,y\n", 53, message);

    (void)state;
    assert_non_null(csv);
    assert_int_equal(csv_next(csv), 1);
    csv_complain(csv, csv_get(csv, 0), "a number was expected");
    assert_string_equal(csv_message(csv), "f.csv:2:1: a number was expected, found \"x\"");
    csv_complain(csv, csv_get(csv, 1), "a number was expected");
    assert_string_equal(csv_message(csv), "f.csv:2:3: a number was expected, found nothing");
    assert_int_equal(csv_next(csv), 1);
    csv_complain(csv, csv_get(csv, 0), "less was expected");
    assert_string_equal(csv_message(csv), "f.csv:3:1: less was expected, found "
                                          "\"0123456789012345678901234567890123456789\"...");
    csv_close(csv);
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Writes a gzip file of so many rows, keeps `keep` bytes of it (all when it is negative), and
 * flips one bit in the middle if asked to. */
static void write_gzip(const char *path, int rows, long keep, int flip)
{
    gzFile gz = gzopen(path, "wb");
    FILE *file;
    static char bytes[1 << 20];
    size_t n;

    assert_non_null(gz);
    gzprintf(gz, "time,load\n");
    for (int i = 0; i < rows; i++) {
        gzprintf(gz, "%d,%d\n", i, i * 7919 % 1000);
    }
    gzclose(gz);
    file = fopen(path, "rb");
    assert_non_null(file);
    n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (flip) {
        bytes[n / 2] ^= 1;
    }
    file = fopen(path, "wb");
    assert_non_null(file);
    n = keep >= 0 && (size_t)keep < n ? (size_t)keep : n;
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

struct gzip_row {
    const char *name;
    long keep;
    int flip;
    int last;     /* what csv_next() ends with */
    int rows_min; /* at least so many rows come before */
    const char *part;
};

static const struct gzip_row gzip_rows[] = {
    {"a whole gzip file", -1, 0, 0, 50000, ""},
    {"a gzip file cut in its data", 60000, 0, -2, 10000, "its end is missing"},
    {"a gzip file with a wrong bit", -1, 1, -2, 1000, "damaged"},
};

static void gzip_files(void **state)
{
    const struct gzip_row *row = *state;
    char path[] = "/tmp/weir-test-csv-XXXXXX", message[CSV_MESSAGE_MAX] = "";
    int descriptor = mkstemp(path), more, rows = 0;
    struct csv *csv;

    assert_true(descriptor >= 0);
    close(descriptor);
    write_gzip(path, 50000, row->keep, row->flip);
    csv = csv_open(path, message);
    assert_non_null(csv);
    while ((more = csv_next(csv)) == 1 || more == -1) {
        rows += more == 1;
    }
    assert_int_equal(more, row->last);
    assert_true(rows >= row->rows_min && rows <= 50000);
    if (more < 0) {
        assert_non_null(strstr(csv_message(csv), row->part));
        assert_non_null(strstr(csv_message(csv), path));
    }
    csv_close(csv);
    remove(path);
}

static void files_that_cannot_be_read(void **state)
{
    char message[CSV_MESSAGE_MAX];

    (void)state;
    assert_null(csv_open("/nowhere/load.csv", message));
    assert_string_equal(message, "/nowhere/load.csv: No such file or directory");
    assert_null(csv_open("/", message)); /* a folder */
    assert_non_null(strstr(message, "/:"));
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, rows_and_messages, text_rows);
    SUITE_TEST(&suite, a_nul_byte_ends_the_reading_after_the_rows_before);
    SUITE_TEST(&suite, endless_lines_are_refused);
    SUITE_TABLE(&suite, missing_columns, column_rows);
    SUITE_TEST(&suite, a_long_list_of_columns_is_cut);
    SUITE_TABLE(&suite, numbers, number_rows);
    SUITE_TEST(&suite, a_nan_is_a_number);
    SUITE_TEST(&suite, random_numbers_read_back);
    SUITE_TABLE(&suite, times, time_rows);
    SUITE_TEST(&suite, complaints_show_what_was_found);
    SUITE_TABLE(&suite, gzip_files, gzip_rows);
    SUITE_TEST(&suite, files_that_cannot_be_read);
    return suite_run(&suite, "csv");
}
