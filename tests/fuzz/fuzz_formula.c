/*
 * Formulas from anywhere: compiled, and where they compile run with odd values and with nil. An
 * error has a message; a formula that was moved gives the same bits.
 */
#include "fuzz.h"

#include <string.h>
#include <weir/formula.h>

static const char *const names[] = {"a", "b", "c", "my-trig"};

enum { NAMES = sizeof names / sizeof names[0] };

static void run(const weir_formula *f, const weir_formula *copy, const double *values, uint64_t nil)
{
    weir_formula_result one, two;
    weir_error err;
    weir_status status = weir_formula_eval(f, values, nil, &one, &err);

    must(weir_formula_eval(copy, values, nil, &two, NULL) == status);
    must(memcmp(&one, &two, sizeof one) == 0);
    must(status == WEIR_OK || err.message[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const double odd[][NAMES] = {
        {0, 1, 2, 3}, {-1e300, 1e300, 5e-324, -0.0}, {9007199254740993.0, 0.1, -2.5, 1e18}};
    size_t bytes = weir_formula_bytes(size);
    weir_formula *f, *copy;
    weir_error err = {0};

    if (bytes == 0) {
        return 0;
    }
    f = malloc(bytes);
    must(f != NULL);
    if (weir_formula_compile(f, bytes, (const char *)data, size, names, NAMES, &err) != WEIR_OK) {
        must(err.message[0] != '\0');
        must(weir_formula_size(f) == 0);
        free(f);
        return 0;
    }
    copy = malloc(weir_formula_size(f));
    must(copy != NULL);
    memcpy(copy, f, weir_formula_size(f));
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        run(f, copy, odd[i], 0);
        run(f, copy, odd[i], 5);
    }
    free(copy);
    free(f);
    return 0;
}
