/*
 * Regular expressions: what matches as a whole, the groups of the leftmost match, what is refused
 * and why, and time linear in the text.
 */
#include "promql/regex.h"
#include "promql_world.h"

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

static weir_status compile(struct arena *arena, const char *pattern, bool whole,
                           struct regex **regex, char *message, size_t capacity)
{
    struct sink sink = {message, capacity, 0};
    weir_status status;

    weir__pq_arena_open(arena, &world_memory, 1024);
    status = weir__pq_regex_compile(arena, text_of(pattern), whole, regex, &sink);
    weir__pq_sink_close(&sink);
    return status;
}

/* ---- matching ------------------------------------------------------------------------------- */

struct matching {
    const char *pattern;
    const char *matches[4], *differs[4];
};

static const struct matching matchings[] = {
    {"", {""}, {"a"}},
    {"abc", {"abc"}, {"", "ab", "abcd", "xabc"}},
    {"a|b|", {"a", "b", ""}, {"ab", "c"}},
    {"5..", {"500", "5ab", "5\xC3\xA9x"}, {"50", "5000", "400"}},
    {"api.*", {"api", "api-1", "api\n"}, {"ap", "xapi"}},
    {"api.+", {"api-1"}, {"api"}},
    {".*", {"", "any\nthing"}, {NULL}},
    {".+", {"a", "\n"}, {""}},
    {"(?-s:.)+", {"ab"}, {"a\nb", ""}},
    {"(?i)ApI", {"api", "API", "aPi"}, {"ap", "apis"}},
    {"a{2,3}", {"aa", "aaa"}, {"a", "aaaa"}},
    {"a{2}", {"aa"}, {"a", "aaa"}},
    {"a{2,}", {"aa", "aaaaaaa"}, {"a"}},
    {"a{,2}", {"a{,2}"}, {"aa"}},
    {"(ab)*c?", {"", "ab", "ababc", "c"}, {"aba", "cab"}},
    {"x*?y+?", {"xxyy", "y"}, {"x"}},
    {"[a-c]x[^0-9]", {"bxz", "ax-"}, {"dxz", "ax1"}},
    {"[]a-]+", {"]", "a-"}, {"b"}},
    {"[[:alpha:]]+[[:^digit:]]", {"abc!", "a-"}, {"a1", "1a"}},
    {"\\d+\\D\\w\\W\\s\\S", {"12xa- x"}, {"12xa-xx"}},
    {"a\\.b", {"a.b"}, {"axb"}},
    {"\\Qa.b*\\E+", {"a.b*", "a.b**"}, {"aab"}},
    {"\\x41\\x{1F600}\\012", {"A\xF0\x9F\x98\x80\n"}, {"A"}},
    {"^a$", {"a"}, {"", "aa"}},
    {"a^b", {NULL}, {"ab"}},
    {"\\Aa\\z", {"a"}, {"aa"}},
    {"(?m)a$\n^b", {"a\nb"}, {"a\n b"}},
    {"\\bfoo\\b.*", {"foo", "foo bar"}, {"foobar"}},
    {"foo\\Bbar", {"foobar"}, {"foo bar"}},
    {"(?P<pod>p)-(?<n>\\d)", {"p-1"}, {"p-x"}},
    {"(?P<a>x)(?P<a>y)", {"xy"}, {"xx"}}, /* names may repeat */
    {"(?:a|ab)(?:c|bcd)", {"ac", "abcd", "abc", "abbcd"}, {"ab"}},
    {"(a*)*", {"", "aaaa"}, {"b"}},
    {"(a*)+b", {"b", "aab"}, {"a"}},
    {"(|a)+", {"", "aa"}, {"b"}},
    {"\xC3\xA9+", {"\xC3\xA9\xC3\xA9"}, {"\xC3\xA8"}},
};

static void matches_whole_texts(void **state)
{
    const struct matching *row = *state;
    struct arena arena;
    struct regex *regex;
    char message[200];
    struct regex_scratch scratch = {.arena = &arena};

    if (compile(&arena, row->pattern, true, &regex, message, sizeof message) != WEIR_OK) {
        fail_msg("%s: %s", row->pattern, message);
    }
    for (int i = 0; i < 8; i++) {
        const char *value = i < 4 ? row->matches[i] : row->differs[i - 4];
        bool matches = i >= 4;

        if (value != NULL) {
            assert_int_equal(
                weir__pq_regex_matches(regex, text_of(value), true, &scratch, &matches), WEIR_OK);
            if (matches != (i < 4)) {
                fail_msg("%s on %s: %d", row->pattern, value, matches);
            }
        }
    }
    weir__pq_arena_close(&arena);
}

/* ---- groups --------------------------------------------------------------------------------- */

struct finding {
    const char *pattern, *value;
    int64_t slots[6]; /* -2: no more groups */
};

#define NO_MORE -2
#define NONE    -1

static const struct finding findings[] = {
    {"b", "abc", {1, 2, NO_MORE}},
    {"(a+)(b+)?", "xaac", {1, 3, 1, 3, NONE, NONE}},
    {"(a|ab)(c|bcd)", "abcd", {0, 4, 0, 1, 1, 4}}, /* leftmost, the first alternative */
    {"(a*?)(a*)", "aaa", {0, 3, 0, 0, 0, 3}},
    {"x*", "axx", {0, 0, NO_MORE}},
    {"(.)$", "ab", {1, 2, 1, 2, NO_MORE}},
};

static void finds_groups(void **state)
{
    const struct finding *row = *state;
    struct arena arena;
    struct regex *regex;
    char message[200];
    struct regex_scratch scratch = {.arena = &arena};
    const int64_t *slots;

    assert_int_equal(compile(&arena, row->pattern, false, &regex, message, sizeof message),
                     WEIR_OK);
    assert_int_equal(weir__pq_regex_find(regex, text_of(row->value), true, &scratch, &slots),
                     WEIR_OK);
    assert_non_null(slots);
    for (size_t i = 0; i < 6 && row->slots[i] != NO_MORE; i++) {
        assert_int_equal(slots[i], row->slots[i]);
    }
    weir__pq_arena_close(&arena);
}

static void finds_nothing(void **state)
{
    struct arena arena;
    struct regex *regex;
    char message[200];
    struct regex_scratch scratch = {.arena = &arena};
    const int64_t *slots;

    (void)state;
    assert_int_equal(compile(&arena, "b", false, &regex, message, sizeof message), WEIR_OK);
    assert_int_equal(weir__pq_regex_find(regex, text_of("aaa"), true, &scratch, &slots), WEIR_OK);
    assert_null(slots);
    weir__pq_arena_close(&arena);
}

/* ---- refusals ------------------------------------------------------------------------------- */

struct refusal {
    const char *pattern;
    weir_status status;
};

static const struct refusal refusals[] = {
    {"a(", WEIR_E_PARSE},         {"a)", WEIR_E_PARSE},
    {"[a", WEIR_E_PARSE},         {"[z-a]", WEIR_E_PARSE},
    {"*", WEIR_E_PARSE},          {"a**", WEIR_E_PARSE},
    {"a{1001}", WEIR_E_PARSE},    {"a{2,1}", WEIR_E_PARSE},
    {"(?=a)", WEIR_E_PARSE},      {"(?<!a)b", WEIR_E_PARSE},
    {"(a)\\1", WEIR_E_PARSE},     {"\\", WEIR_E_PARSE},
    {"\\y", WEIR_E_PARSE},        {"[[:foo:]]", WEIR_E_PARSE},
    {"(?P<a x>y)", WEIR_E_PARSE}, {"(?z)a", WEIR_E_PARSE},
    {"\xFF", WEIR_E_PARSE},       {"\\x{110000}", WEIR_E_PARSE},
    {"\\pL", WEIR_E_UNSUPPORTED}, {"(?i)\xC3\xA9", WEIR_E_UNSUPPORTED},
};

static void refuses(void **state)
{
    const struct refusal *row = *state;
    struct arena arena;
    struct regex *regex;
    char message[200];

    assert_int_equal(compile(&arena, row->pattern, true, &regex, message, sizeof message),
                     row->status);
    assert_true(message[0] != '\0');
    weir__pq_arena_close(&arena);
}

/* A backtracking matcher would need 2^n steps for these. */
static void takes_linear_time(void **state)
{
    enum { LENGTH = 20000 };
    char *value = malloc(LENGTH);
    struct text text = {value, LENGTH};
    struct arena arena;
    struct regex *regex;
    char message[200];
    struct regex_scratch scratch = {.arena = &arena};
    bool matches = true;

    (void)state;
    assert_non_null(value);
    memset(value, 'a', LENGTH);
    value[LENGTH - 1] = 'b';
    assert_int_equal(compile(&arena, "(a*)*(a|a)*(a?){30}c", true, &regex, message, sizeof message),
                     WEIR_OK);
    assert_int_equal(weir__pq_regex_matches(regex, text, true, &scratch, &matches), WEIR_OK);
    assert_false(matches);
    weir__pq_arena_close(&arena);
    free(value);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, matches_whole_texts, matchings);
    SUITE_TABLE(&suite, finds_groups, findings);
    SUITE_TEST(&suite, finds_nothing);
    SUITE_TABLE(&suite, refuses, refusals);
    SUITE_TEST(&suite, takes_linear_time);
    return suite_run(&suite, "promql_regex");
}
