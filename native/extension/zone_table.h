/*
 * zone_table.h
 *    Time zones as the engine reads them: every change of offset from UTC a zone ever has, in one block of bytes.
 *    PostgreSQL knows the zones; the worker gets a table with each execution whose plan names one, so that a prepared
 *    plan follows SET TimeZone. The bytes are ZoneHeader of schemas/layout/zone.json and what it says follows.
 */
#ifndef FUSION_ZONE_TABLE_H
#define FUSION_ZONE_TABLE_H

#include "postgres.h"

#include "messages.h"

/*
 * Whether AT TIME ZONE takes a name for a zone, or for an offset that is always the same. Names it does not know, and
 * abbreviations whose offset depends on the date, are PostgreSQL's.
 */
extern bool fusion_zone_is_known(const char *name);

/* The table of a zone, in `context`; the empty name is the session's. */
extern FusionBytes fusion_zone_table(const char *name, MemoryContext context);

#endif							/* FUSION_ZONE_TABLE_H */
