/*
 * letter_table.c
 *    Asks the C library about every code point, by the calls PostgreSQL makes for each character of a text. See
 *    letter_table.h; src/functions/letter_table.ts reads the bytes. Some ten milliseconds, once for each locale that a
 *    session uses so.
 */
#include "postgres.h"

#include <locale.h>
#include <wctype.h>

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_database.h"
#include "fusion_layout.h"
#include "letter_table.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/pg_locale.h"
#include "utils/syscache.h"

#define CODE_POINTS_END 0x110000

/* A statement names one such collation, rarely two. */
#define TABLES_KEPT 4

typedef struct KeptTable
{
	char	   *locale;			/* NULL: none */
	FusionBytes bytes;
} KeptTable;

static KeptTable kept[TABLES_KEPT];
static int	kept_next = 0;

/* The default collation is the database's, which is NULL to PostgreSQL before 18 where it is the C library's. */
static bool
default_is_library(void)
{
	pg_locale_t locale = pg_newlocale_from_collation(DEFAULT_COLLATION_OID);

	return locale == NULL || locale->provider == COLLPROVIDER_LIBC;
}

bool
fusion_has_library_letters(Oid collation)
{
	HeapTuple	tuple;
	bool		answer;

	if (GetDatabaseEncoding() != PG_UTF8)
		return false;
	if (collation == DEFAULT_COLLATION_OID)
		return default_is_library();
	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	if (!HeapTupleIsValid(tuple))
		return false;
	answer = ((Form_pg_collation) GETSTRUCT(tuple))->collprovider == COLLPROVIDER_LIBC;
	ReleaseSysCache(tuple);
	return answer;
}

/* The name of the locale a collation's letters are of. */
static char *
locale_name(Oid collation)
{
	bool		is_default = collation == DEFAULT_COLLATION_OID;
	int			cache = is_default ? DATABASEOID : COLLOID;
	HeapTuple	tuple = SearchSysCache1(cache, ObjectIdGetDatum(is_default ? MyDatabaseId : collation));
	bool		is_null;
	Datum		name;
	char	   *copy;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", collation);
	name = SysCacheGetAttr(cache, tuple, is_default ? Anum_pg_database_datctype : Anum_pg_collation_collctype,
						   &is_null);
	if (is_null)
		elog(ERROR, "pg_fusion: collation %u has no locale of the C library", collation);
	copy = TextDatumGetCString(name);
	ReleaseSysCache(tuple);
	return copy;
}

static void
append_pair(StringInfo table, uint32 a, uint32 b)
{
	appendBinaryStringInfo(table, (const char *) &a, sizeof(a));
	appendBinaryStringInfo(table, (const char *) &b, sizeof(b));
}

/* Code points whose other case is another; how many. */
static uint32
append_cases(StringInfo table, wint_t (*change) (wint_t, locale_t), locale_t locale)
{
	uint32		count = 0;

	for (uint32 code = 1; code < CODE_POINTS_END; code++)
	{
		uint32		changed = (uint32) change((wint_t) code, locale);

		if (changed == code)
			continue;
		append_pair(table, code, changed);
		count++;
	}
	return count;
}

/* Runs of code points that words are made of; how many. */
static uint32
append_runs(StringInfo table, locale_t locale)
{
	uint32		count = 0;
	uint32		first = 0;

	for (uint32 code = 1; code <= CODE_POINTS_END; code++)
	{
		bool		is_word = code < CODE_POINTS_END && iswalnum_l((wint_t) code, locale);

		if (is_word && first == 0)
			first = code;
		if (is_word || first == 0)
			continue;
		append_pair(table, first, code - 1);
		first = 0;
		count++;
	}
	return count;
}

/* In the current context. */
static FusionBytes
make_table(const char *name)
{
	locale_t	locale = newlocale(LC_CTYPE_MASK, name, (locale_t) 0);
	FusionLetterHeader header = {0};
	StringInfoData table;

	if (locale == (locale_t) 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("could not create locale \"%s\": %m", name)));
	initStringInfo(&table);
	appendBinaryStringInfo(&table, (const char *) &header, sizeof(header));
	header.upper_count = append_cases(&table, towupper_l, locale);
	header.lower_count = append_cases(&table, towlower_l, locale);
	header.run_count = append_runs(&table, locale);
	freelocale(locale);
	memcpy(table.data, &header, sizeof(header));
	return (FusionBytes) {.data = (const uint8 *) table.data, .length = table.len};
}

static FusionBytes
table_of(char *name)
{
	KeptTable  *place = &kept[kept_next];
	MemoryContext outer;

	for (int i = 0; i < TABLES_KEPT; i++)
	{
		if (kept[i].locale != NULL && strcmp(kept[i].locale, name) == 0)
			return kept[i].bytes;
	}
	if (place->locale != NULL)
	{
		pfree(place->locale);
		pfree((void *) place->bytes.data);
		place->locale = NULL;
	}
	outer = MemoryContextSwitchTo(TopMemoryContext);
	place->bytes = make_table(name);
	place->locale = pstrdup(name);
	MemoryContextSwitchTo(outer);
	kept_next = (kept_next + 1) % TABLES_KEPT;
	return place->bytes;
}

FusionBytes
fusion_letter_table(Oid collation, MemoryContext context)
{
	char	   *name = locale_name(collation);
	FusionBytes bytes = table_of(name);
	uint8	   *copy = MemoryContextAlloc(context, bytes.length);

	/* Another locale may take its place. */
	memcpy(copy, bytes.data, bytes.length);
	pfree(name);
	return (FusionBytes) {.data = copy, .length = bytes.length};
}
