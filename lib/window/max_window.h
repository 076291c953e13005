/*
 * window/max_window.h - the layout of a maximum window, for the layers that place it in their
 * blocks.
 */
#ifndef WEIR_LIB_WINDOW_MAX_WINDOW_H
#define WEIR_LIB_WINDOW_MAX_WINDOW_H

#include "base/bytes.h"
#include <string.h>
#include <weir/autoscaler.h>
#include <weir/window.h>

struct weir__max_entry {
    int64_t index; /* of the time bucket */
    int32_t value;
    int32_t reserved;
};

struct weir_max_window {
    struct weir__block block;
    int64_t granularity_s;
    int32_t size;   /* buckets in the window, and entries in the ring */
    int32_t first;  /* where the oldest entry, the maximum, is */
    int32_t length; /* entries in use */
    int32_t reserved;
    /* Followed by: size entries. */
};

/* The first time at which a record could make the present maximum expire. */
weir_time weir__max_window_expiry(const weir_max_window *window);

/* A maximum window inside the snapshot of its owner, its records beginning at `id`. */
struct weir__max_image {
    int32_t length;
    const uint8_t *entries;
};
void weir__max_window_write(const weir_max_window *window, struct weir__writer *w, uint16_t id);
void weir__max_window_read(const weir_max_window *window, struct weir__reader *r, uint16_t id,
                           struct weir__max_image *image);
void weir__max_window_commit(weir_max_window *window, const struct weir__max_image *image);

#endif
