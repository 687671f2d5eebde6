/*
 * format_table.c
 *    Writes down the settings that output functions go by, and asks PostgreSQL what it calls the session's zone between
 *    each two of its boundaries. See format_table.h; src/functions/session_formats.ts reads the bytes.
 */
#include "postgres.h"

#include "format_table.h"
#include "fusion_layout.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/bytea.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "zone_table.h"

StaticAssertDecl(USE_POSTGRES_DATES == 0 && USE_ISO_DATES == 1 && USE_SQL_DATES == 2 && USE_GERMAN_DATES == 3 &&
				 DATEORDER_DMY == 1 && INTSTYLE_POSTGRES == 0 && INTSTYLE_POSTGRES_VERBOSE == 1 &&
				 INTSTYLE_SQL_STANDARD == 2 && INTSTYLE_ISO_8601 == 3 && BYTEA_OUTPUT_HEX == 1,
				 "the engine goes by PostgreSQL's numbers");
StaticAssertDecl(MAXTZLEN < sizeof(((FusionFormatName *) NULL)->letters), "abbreviations fit");

/* From 1970 to 2000. */
#define EPOCH_SECONDS ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/* What the session's zone is called at an instant, in seconds from 2000. */
static FusionFormatName
name_at(int64 seconds)
{
	pg_time_t	at = seconds + EPOCH_SECONDS;
	struct pg_tm *local = pg_localtime(&at, session_timezone);
	FusionFormatName name = {0};

	if (local != NULL && local->tm_zone != NULL)
	{
		name.length = (uint8) strnlen(local->tm_zone, MAXTZLEN);
		memcpy(name.letters, local->tm_zone, name.length);
	}
	return name;
}

/* One name for the time before the first boundary of the zone's table, and one from each on. */
static uint32
write_names(FusionFormatName *names, const uint8 *zone_table, uint32 boundary_count)
{
	const int64 *boundaries = (const int64 *) (zone_table + sizeof(FusionZoneHeader));

	names[0] = name_at(boundary_count == 0 ? 0 : boundaries[0] - 1);
	for (uint32 i = 0; i < boundary_count; i++)
		names[i + 1] = name_at(boundaries[i]);
	return boundary_count + 1;
}

FusionBytes
fusion_format_table(MemoryContext context)
{
	bool		shows_names = DateStyle != USE_ISO_DATES;
	FusionBytes zone = shows_names ? fusion_zone_table("", context) : (FusionBytes) {0};
	uint32		boundary_count = shows_names ? ((const FusionZoneHeader *) zone.data)->count : 0;
	uint8	   *table = MemoryContextAllocZero(context, sizeof(FusionFormatHeader) +
											   sizeof(FusionFormatName) * (boundary_count + 1));
	FusionFormatHeader *header = (FusionFormatHeader *) table;

	header->date_style = DateStyle;
	header->date_order = DateOrder;
	header->interval_style = IntervalStyle;
	header->extra_float_digits = extra_float_digits;
	header->bytea_output = bytea_output;
	if (shows_names)
		header->name_count = write_names((FusionFormatName *) (table + sizeof(*header)), zone.data, boundary_count);
	return (FusionBytes) {
		.data = table, .length = sizeof(*header) + sizeof(FusionFormatName) * header->name_count
	};
}
