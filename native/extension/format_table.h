/*
 * format_table.h
 *    How the session writes dates, instants, intervals, floats and byte strings, as the engine reads it: its settings,
 *    and the abbreviations of its time zone where the date style shows them. Sent with each execution whose plan makes
 *    texts of such values, so that a prepared plan follows SET DateStyle. The bytes are those of
 *    schemas/layout/format.json.
 */
#ifndef FUSION_FORMAT_TABLE_H
#define FUSION_FORMAT_TABLE_H

#include "postgres.h"

#include "messages.h"

/* The table as the session's settings are now, in `context`. */
extern FusionBytes fusion_format_table(MemoryContext context);

#endif							/* FUSION_FORMAT_TABLE_H */
