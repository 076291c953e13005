/*
 * weir/cron.h - the windows of KEDA's cron trigger: from one schedule to the next.
 *
 * weir knows no time zones: the caller gives a zone as its offsets from UTC and the instants at
 * which they change, from the time that is asked about to six years later.
 *
 * Upstream: KEDA pkg/scalers/cron_scaler.go; github.com/robfig/cron v3.
 */
#ifndef WEIR_CRON_H
#define WEIR_CRON_H

#include <weir/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_CRON_TEXT_MAX 128 /**< bytes of a schedule, with its NUL */
#define WEIR_ZONE_NAME_MAX 64  /**< bytes of a zone's name, with its NUL */

/** From `at` on the zone is `offset` seconds east of UTC. */
typedef struct weir_zone_change {
    weir_time at;
    int32_t offset;   /**< s, in (-86400, 86400) */
    int32_t reserved; /**< 0 */
} weir_zone_change;

/** A time zone, for as long as its changes are known. */
typedef struct weir_zone {
    uint32_t change_count;
    int32_t offset;                  /**< s, before the first change */
    const weir_zone_change *changes; /**< in order of time; NULL when there are none */
} weir_zone;

/** The settings of a cron trigger. */
typedef struct weir_cron_config {
    int64_t desired_replicas;       /**< not 0 */
    char start[WEIR_CRON_TEXT_MAX]; /**< "0 8 * * 1-5" */
    char end[WEIR_CRON_TEXT_MAX];
    char timezone[WEIR_ZONE_NAME_MAX]; /**< IANA name */
} weir_cron_config;

/** A schedule that was read. Filled by weir_cron_parse(). */
typedef struct weir_cron_schedule {
    uint64_t minutes; /**< bit m: minute m is one */
    uint32_t hours, days, months, weekdays;
    int32_t any_day, any_weekday;  /**< 1: the field holds a star or `?` */
    char zone[WEIR_ZONE_NAME_MAX]; /**< of a CRON_TZ= or TZ= prefix, else "" */
} weir_cron_schedule;

/**
 * Reads a schedule: five fields, minute to weekday.
 * @param text  need not be terminated
 * @return WEIR_OK; WEIR_E_PARSE with the column and what was expected; WEIR_E_PANIC: a prefix with
 *         nothing after it, at which upstream crashes; WEIR_E_LIMIT; WEIR_E_ARG
 */
WEIR_API weir_status weir_cron_parse(const char *text, size_t length, weir_cron_schedule *schedule,
                                     weir_error *err);

/**
 * The first instant after `after` that a schedule names.
 * @param zone  NULL: UTC
 * @return WEIR_OK; WEIR_END: none within five years, *next is WEIR_TIME_NEVER; WEIR_E_ARG
 */
WEIR_API weir_status weir_cron_next(const weir_cron_schedule *schedule, const weir_zone *zone,
                                    weir_time after, weir_time *next);

/** A cron trigger that was read. Filled by weir_cron_init(). */
typedef struct weir_cron {
    weir_cron_schedule start, end;
    int64_t desired_replicas;
} weir_cron;

/**
 * Reads the settings of a cron trigger.
 * @return WEIR_OK; WEIR_E_PARSE or WEIR_E_RANGE with the field in err; WEIR_E_PANIC; WEIR_E_ARG
 */
WEIR_API weir_status weir_cron_init(weir_cron *cron, const weir_cron_config *config,
                                    weir_error *err);

/** What a cron trigger says. */
typedef struct weir_cron_answer {
    int32_t active;
    int32_t reserved; /**< 0 */
    int64_t value;    /**< desired replicas, or 0; below zero counts as 0 for the HPA */
    weir_time next;   /**< when it may say something else */
} weir_cron_answer;

/**
 * Asks a cron trigger.
 * @param start  zone of the start schedule; NULL: UTC
 * @param end    zone of the end schedule; NULL: UTC
 * @return WEIR_OK; WEIR_E_ARG
 */
WEIR_API weir_status weir_cron_query(const weir_cron *cron, const weir_zone *start,
                                     const weir_zone *end, weir_time now, weir_cron_answer *answer);

/**
 * The name of a cron trigger's metric before the index: "cron-UTC-08xxx-020xxx".
 * @return WEIR_OK; WEIR_E_SPACE when it was cut; WEIR_E_ARG
 */
WEIR_API weir_status weir_cron_metric_name(const weir_cron_config *config, char *name,
                                           size_t capacity, size_t *need);

#ifdef __cplusplus
}
#endif
#endif
