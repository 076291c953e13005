/*
 * Tests from tables: every row is a test of its own, named after the row.
 */
#ifndef WEIR_TESTS_SUPPORT_TABLE_H
#define WEIR_TESTS_SUPPORT_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Tests of one program, collected from tables and single functions, then run together. */
struct suite {
    struct CMUnitTest tests[1024];
    size_t count;
};

static inline void suite_add(struct suite *suite, const char *name, CMUnitTestFunction test,
                             const void *row)
{
    struct CMUnitTest *t = &suite->tests[suite->count++];
    union {
        const void *in;
        void *out;
    } state = {row};

    if (suite->count > sizeof suite->tests / sizeof suite->tests[0]) {
        abort();
    }
    memset(t, 0, sizeof *t);
    t->name = name;
    t->test_func = test;
    t->initial_state = state.out;
}

/* The first member of a row is its name: const char *. */
#define SUITE_TABLE(suite, test, rows)                                                             \
    do {                                                                                           \
        for (size_t row_ = 0; row_ < sizeof(rows) / sizeof((rows)[0]); row_++) {                   \
            suite_add(suite, *(const char *const *)(const void *)&(rows)[row_], test,              \
                      &(rows)[row_]);                                                              \
        }                                                                                          \
    } while (0)

#define SUITE_TEST(suite, test) suite_add(suite, #test, test, NULL)

static inline int suite_run(struct suite *suite, const char *name)
{
    return _cmocka_run_group_tests(name, suite->tests, suite->count, NULL, NULL);
}

static inline uint64_t bits_of(double x)
{
    uint64_t u;

    memcpy(&u, &x, sizeof u);
    return u;
}

#define assert_bits_equal(a, b) assert_int_equal(bits_of(a), bits_of(b))

/* A zeroed, 8-byte aligned block with `bytes` bytes; freed with free(). */
static inline void *block_of(size_t bytes)
{
    void *block = calloc(1, bytes > 0 ? bytes : 1);

    assert_non_null(block);
    return block;
}

#endif
