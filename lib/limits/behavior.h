/*
 * limits/behavior.h - the block of a behavior, and its two halves for the machines that own one.
 */
#ifndef WEIR_LIB_LIMITS_BEHAVIOR_H
#define WEIR_LIB_LIMITS_BEHAVIOR_H

#include "base/explain.h"
#include "base/fields.h"
#include "limits/rates.h"
#include "limits/recommendations.h"

extern const struct weir__table weir__behavior_table;
/* The rules of one direction as fields, for the configurations that hold them. */
enum { WEIR__RULES_FIELDS = 4 };
extern const weir_field weir__scale_up_fields[WEIR__RULES_FIELDS];
extern const weir_field weir__scale_down_fields[WEIR__RULES_FIELDS];

struct weir_behavior {
    struct weir__block block;
    uint64_t digest;          /* of the configuration it was made with */
    weir_time seen;           /* the last time that came up */
    weir_duration windows[2]; /* by WEIR_SCALE_*; without rules the second one alone */
    weir_duration periods[2]; /* the longest of each direction's policies */
    uint32_t events_at[2];    /* bytes from here, by WEIR_SCALE_* */
    uint16_t event_count[2];
    uint16_t event_capacity[2];
    struct weir__recommendations recommendations;
    weir_behavior_config config;
    /* Followed by: the arrays of the recommendations, the events up and down. */
};

/* What the halves of a step come to. */
struct weir__limits {
    int32_t stabilized, allowed;
    int32_t stabilize_reason, limit_reason; /* WEIR_REASON_* */
    uint32_t flags;                         /* WEIR_FLAG_* */
    int32_t reserved;
    weir_time next; /* when the answer can change although the wish stays */
};

void weir__scaling_rules_init(weir_scaling_rules *rules, int32_t direction);

/* Whether a step and so many changes (by WEIR_SCALE_*) can be taken at `now`: WEIR_OK, WEIR_E_TIME,
 * WEIR_E_LIMIT. After it nothing below fails. */
weir_status weir__behavior_ready(weir_behavior *b, weir_time now, const int32_t changes[2]);

/* Remembers the current size as the first wish, made at `at`, if there is none yet. */
void weir__behavior_begin(weir_behavior *b, int32_t current, weir_time at);

void weir__behavior_stabilize(weir_behavior *b, int32_t current, int32_t desired, weir_time now,
                              struct weir__trace *trace, struct weir__limits *out);
void weir__behavior_limit(const weir_behavior *b, int32_t current, weir_time now,
                          struct weir__trace *trace, struct weir__limits *out);
/* The changes of one direction, as they lie in the block. */
struct weir__events weir__behavior_events(const weir_behavior *b, int32_t direction);
void weir__behavior_store(weir_behavior *b, int32_t from, int32_t to, weir_time at);

/* Snapshots of the part inside that of the whole: read everything, then commit. */
struct weir__behavior_image {
    weir_time seen;
    int32_t begun;
    uint16_t count, event_count[2];
    const uint8_t *recommendations, *events[2];
};
void weir__behavior_write(const weir_behavior *b, struct weir__writer *w);
void weir__behavior_read(const weir_behavior *b, struct weir__reader *r,
                         struct weir__behavior_image *image);
void weir__behavior_commit(weir_behavior *b, const struct weir__behavior_image *image);

#endif
