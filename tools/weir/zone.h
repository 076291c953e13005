/*
 * zone.h - time zones of the system, for weir/cron.h.
 */
#ifndef WEIR_TOOLS_ZONE_H
#define WEIR_TOOLS_ZONE_H

#include <weir/cron.h>

/**
 * Loads a zone by its IANA name: all its changes up to the year 2100. "Local" is the system's own.
 * @param zone  to be freed with zone_free(), also after an error
 * @return WEIR_OK; WEIR_E_RANGE: there is no such zone; WEIR_E_PARSE: its file is not understood;
 *         WEIR_E_MEMORY
 */
weir_status zone_load(const char *name, weir_zone *zone);

void zone_free(weir_zone *zone);

#endif
