/*
 * zone_table.c
 *    Asks PostgreSQL for the boundaries of a zone one after another and writes them down. See zone_table.h;
 *    src/functions/zone_table.ts reads the bytes.
 *
 * Where a zone's rules go on for ever, PostgreSQL repeats 400 years of them, after which the calendar repeats too. So
 * the table ends at a year that lies behind everything PostgreSQL has written out, and says that the 400 years before
 * it repeat; likewise at its beginning for zones given as a rule alone.
 */
#include "postgres.h"

#include "access/xact.h"
#include "datatype/timestamp.h"
#include "fusion_layout.h"
#include "lib/stringinfo.h"
#include "parser/scansup.h"
#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/memutils.h"
#include "zone_table.h"

/* Seconds from 2000-01-01 to these years begin. No zone was ruled before 1700; none is written out beyond 2500. */
#define YEAR_1700 INT64CONST(-9467020800)
#define YEAR_2500 INT64CONST(15778540800)

/* From 1970 to 2000. */
#define EPOCH_SECONDS ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/* Before every timestamp there is, whatever the zone. */
#define BEFORE_ALL (INT64CONST(-211813488000) - 2 * SECS_PER_DAY)

/* Two a year for 800 years, and as many again for zones that were changed more often. */
#define BOUNDARIES_MAX 3200

/* Statements name one zone, rarely two. */
#define TABLES_KEPT 4

typedef struct KeptTable
{
	const pg_tz *zone;			/* never freed by PostgreSQL; NULL: none */
	FusionBytes bytes;
} KeptTable;

static KeptTable kept[TABLES_KEPT];
static int	kept_next = 0;

typedef struct Boundary
{
	int64		at;
	long		before;
	long		after;
} Boundary;

static int32
offset_at(const pg_tz *zone, int64 seconds)
{
	pg_time_t	at = seconds + EPOCH_SECONDS;
	struct pg_tm *local = pg_localtime(&at, zone);

	return local == NULL ? 0 : (int32) local->tm_gmtoff;
}

/* The first boundary after an instant; false when there is none, `before` being the offset from then on. */
static bool
next_boundary(const pg_tz *zone, int64 seconds, Boundary *boundary)
{
	/* At the last boundary it wrote out PostgreSQL sees no other, and a second later the first it repeats. */
	for (int later = 0; later <= 1; later++)
	{
		pg_time_t	from = seconds + EPOCH_SECONDS + later;
		pg_time_t	at;
		int			was_dst;
		int			is_dst;

		if (pg_next_dst_boundary(&from, &boundary->before, &was_dst, &at, &boundary->after, &is_dst, zone) > 0)
		{
			boundary->at = (int64) at - EPOCH_SECONDS;
			return true;
		}
	}
	return false;
}

static void
append_boundaries(StringInfo table, const pg_tz *zone)
{
	FusionZoneHeader header = {.repeat_before = PG_INT64_MIN, .repeat_from = PG_INT64_MAX};
	int64	   *boundaries = palloc(sizeof(int64) * BOUNDARIES_MAX);
	int32	   *offsets = palloc(sizeof(int32) * (BOUNDARIES_MAX + 1));
	int64		from = BEFORE_ALL;
	Boundary	boundary;

	if (next_boundary(zone, from, &boundary) && boundary.at < YEAR_1700)
		header.repeat_before = from = YEAR_1700;
	header.first_offset = offset_at(zone, from);
	for (;;)
	{
		bool		more = next_boundary(zone, from, &boundary);

		offsets[header.count] = (int32) boundary.before;
		if (!more)
			break;
		if (header.count == BOUNDARIES_MAX)
			elog(ERROR, "pg_fusion: time zone \"%s\" changes too often", pg_get_timezone_name((pg_tz *) zone));
		boundaries[header.count++] = from = boundary.at;
		offsets[header.count] = (int32) boundary.after;
		if (boundary.at >= YEAR_2500)
		{
			header.repeat_from = YEAR_2500;
			break;
		}
	}
	appendBinaryStringInfo(table, (const char *) &header, sizeof(header));
	appendBinaryStringInfo(table, (const char *) boundaries, sizeof(int64) * header.count);
	appendBinaryStringInfo(table, (const char *) offsets, sizeof(int32) * (header.count + 1));
	pfree(boundaries);
	pfree(offsets);
}

static FusionBytes
table_of(const pg_tz *zone)
{
	MemoryContext outer;
	StringInfoData table;
	KeptTable  *place = &kept[kept_next];

	for (int i = 0; i < TABLES_KEPT; i++)
	{
		if (kept[i].zone == zone)
			return kept[i].bytes;
	}
	outer = MemoryContextSwitchTo(TopMemoryContext);
	initStringInfo(&table);
	append_boundaries(&table, zone);
	MemoryContextSwitchTo(outer);
	kept_next = (kept_next + 1) % TABLES_KEPT;
	if (place->zone != NULL)
		pfree((void *) place->bytes.data);
	place->zone = zone;
	place->bytes = (FusionBytes) {.data = (const uint8 *) table.data, .length = table.len};
	return place->bytes;
}

/*
 * What a name in lower case is as an abbreviation: TZ or DTZ, with its offset in seconds east of Greenwich; DYNTZ where
 * that changes or the list of abbreviations is at fault; else something other.
 */
static int
kind_of_abbreviation(char *name, int *offset)
{
	pg_tz	   *zone;
#if PG_VERSION_NUM >= 160000
	DateTimeErrorExtra fault;
	int			kind;

	return DecodeTimezoneAbbrev(0, name, &kind, offset, &zone, &fault) == 0 ? kind : DYNTZ;
#else
	return DecodeTimezoneAbbrev(0, name, offset, &zone);
#endif
}

/* The zone AT TIME ZONE takes a name for, or NULL. An offset that never changes is a zone too. */
static pg_tz *
zone_named(const char *name)
{
	char	   *lower = downcase_truncate_identifier(name, (int) strlen(name), false);
	int			offset;
	int			kind = kind_of_abbreviation(lower, &offset);
	pg_tz	   *zone;

	pfree(lower);
	/* pg_tzset_offset() counts west of Greenwich. */
	if (kind == TZ || kind == DTZ)
		return pg_tzset_offset(-offset);
	if (kind == DYNTZ)
		return NULL;
	zone = pg_tzset(name);
	return zone != NULL && pg_tz_acceptable(zone) ? zone : NULL;
}

bool
fusion_zone_is_known(const char *name)
{
	/* Longer names are cut by PostgreSQL before it looks them up. */
	return name[0] != '\0' && strlen(name) <= TZ_STRLEN_MAX && zone_named(name) != NULL;
}

FusionBytes
fusion_zone_table(const char *name, MemoryContext context)
{
	const pg_tz *zone = name[0] == '\0' ? session_timezone : zone_named(name);
	TimestampTz start = GetCurrentTransactionStartTimestamp();
	FusionBytes bytes;
	uint8	   *copy;

	if (zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name)));
	bytes = table_of(zone);
	/* The next zone may take its place; and each execution is of a transaction of its own. */
	copy = MemoryContextAlloc(context, bytes.length);
	memcpy(copy, bytes.data, bytes.length);
	memcpy(copy + offsetof(FusionZoneHeader, transaction_start), &start, sizeof(start));
	return (FusionBytes) {.data = copy, .length = bytes.length};
}
