/*
 * Tests of random lives of many steps: a failure names its seed and its step.
 */
#ifndef WEIR_TESTS_SUPPORT_LIFE_H
#define WEIR_TESTS_SUPPORT_LIFE_H

#include "table.h"

#define check(condition, seed, step)                                                               \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("%s: seed %d, step %d", #condition, seed, step);                              \
        }                                                                                          \
    } while (0)

#endif
