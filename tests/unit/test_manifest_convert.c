/*
 * manifest/convert, print: documents as JSON.
 */
#include "table.h"

#include <weir/manifest.h>

/* ---- what is written ------------------------------------------------------------------------ */

static const struct conversion {
    const char *name, *text, *json;
} conversions[] = {
    {"documents", "a: 1\n---\n{\"b\": [true, null]}\n---\n", "[{\"a\":1},{\"b\":[true,null]}]"},
    {"texts", "a: \"q\\\"\\\\\\n\\u00e9\"\nb: 'yes'\nc: yes\n",
     "[{\"a\":\"q\\\"\\\\\\n\xc3\xa9\",\"b\":\"yes\",\"c\":true}]"},
    {"integers", "[0x1F, -7, 18446744073709551615]", "[[31,-7,18446744073709551615]]"},
    {"fractions", "[1.50, -0.5e-3, 1E5]", "[[1.50,-0.5e-3,1E5]]"},
    {"fractions that JSON writes otherwise", "[+.5, 1_000.25, -.5, 2., 1.e3]",
     "[[0.5,1000.25,-0.5,2,1e3]]"},
    {"an alias is written out", "a: &x {b: 1}\nc: *x\n", "[{\"a\":{\"b\":1},\"c\":{\"b\":1}}]"},
    {"empty collections", "{a: {}, b: []}", "[{\"a\":{},\"b\":[]}]"},
};

static void converts(void **state)
{
    const struct conversion *row = *state;
    const char *text = row->text, *json = row->json;
    char got[256];
    size_t need = 0;
    weir_error err;

    assert_int_equal(weir_manifest_to_json(text, strlen(text), got, sizeof got, &need, &err),
                     WEIR_OK);
    assert_string_equal(got, json);
    assert_int_equal(need, strlen(json) + 1);
    for (size_t room = 0; room < need; room++) {
        size_t again = 0;

        memset(got, 'x', sizeof got);
        assert_int_equal(
            weir_manifest_to_json(text, strlen(text), room > 0 ? got : NULL, room, &again, NULL),
            WEIR_E_SPACE);
        assert_int_equal(again, need);
        if (room > 0) {
            assert_int_equal(strlen(got), room - 1);
            assert_memory_equal(got, json, room - 1);
        }
    }
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void says_what_is_wrong(void **state)
{
    static const char bad[] = "a: 1\nb: [1\n---\nc: 2\n";
    char got[64] = "before";
    weir_error err;

    (void)state;
    assert_int_equal(weir_manifest_to_json(bad, sizeof bad - 1, got, sizeof got, NULL, &err),
                     WEIR_E_PARSE);
    assert_string_equal(got, "");
    assert_true(err.line > 0);
    assert_non_null(strstr(err.message, "not YAML"));
    assert_int_equal(weir_manifest_to_json(bad, sizeof bad - 1, NULL, 0, NULL, NULL), WEIR_E_PARSE);
    assert_int_equal(weir_manifest_to_json("", 0, NULL, 0, NULL, &err), WEIR_E_PARSE);
    assert_non_null(strstr(err.message, "empty"));
    assert_int_equal(weir_manifest_to_json(NULL, 1, got, sizeof got, NULL, NULL), WEIR_E_ARG);
    assert_int_equal(weir_manifest_to_json("a", 1, NULL, 1, NULL, NULL), WEIR_E_ARG);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, converts, conversions);
    SUITE_TEST(&suite, says_what_is_wrong);
    return suite_run(&suite, "manifest_convert");
}
