/*
 * window/window.h - the window's own layout, for the layers above that place windows in their
 * blocks.
 */
#ifndef WEIR_LIB_WINDOW_WINDOW_H
#define WEIR_LIB_WINDOW_WINDOW_H

#include "base/bytes.h"
#include "base/fields.h"
#include <weir/window.h>

extern const struct weir__table weir__window_table;

/* The records of a window inside the snapshot of its owner begin at `id`. */
enum { WEIR__WINDOW_RECORDS = 16 };
void weir__window_write(const weir_window *window, struct weir__writer *w, uint16_t id);

/* What a snapshot holds for a window, read and checked before anything is changed. */
struct weir__window_image {
    weir_duration window;
    weir_time first_write, last_write;
    int64_t last_index;
    const uint8_t *totals, *bounds, *ring;
};
void weir__window_read(const weir_window *window, struct weir__reader *r, uint16_t id,
                       struct weir__window_image *image);
void weir__window_commit(weir_window *window, const struct weir__window_image *image);

#endif
