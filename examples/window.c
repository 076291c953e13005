/* A window alone: values come in, averages go out, both ways of reading it. */
#include <stdint.h>
#include <stdio.h>
#include <weir/window.h>

/* A window needs no heap; the size depends on its length. */
static uint64_t linear_block[256], weighted_block[256];

static weir_window *make(uint64_t *block, size_t bytes, int32_t algorithm)
{
    weir_window *window = (weir_window *)block;
    weir_window_config config;
    weir_error err;

    weir_window_config_init(&config, sizeof config);
    config.algorithm = algorithm;
    config.window = 10 * WEIR_SECOND;
    if (weir_window_init(window, bytes, &config, &err) != WEIR_OK) {
        fprintf(stderr, "%s: %s\n", err.path, err.message);
        return NULL;
    }
    return window;
}

int main(void)
{
    weir_window *linear = make(linear_block, sizeof linear_block, WEIR_WINDOW_LINEAR);
    weir_window *weighted = make(weighted_block, sizeof weighted_block, WEIR_WINDOW_WEIGHTED);

    if (linear == NULL || weighted == NULL) {
        return 1;
    }
    puts("second   load  linear  weighted");
    for (int second = 0; second <= 24; second++) {
        weir_time now = second * WEIR_SECOND;
        double load = second < 6 ? 10 : 40, average[2];

        if (second <= 12) { /* then nothing is reported any more */
            weir_window_record(linear, now, &load);
            weir_window_record(weighted, now, &load);
        }
        weir_window_average(linear, now, &average[0]);
        weir_window_average(weighted, now, &average[1]);
        if (second % 3 == 0) {
            printf("%6d %6.0f %7.2f %9.2f%s\n", second, second <= 12 ? load : 0, average[0],
                   average[1], weir_window_empty(linear, now) ? "  (empty)" : "");
        }
    }
    return 0;
}
