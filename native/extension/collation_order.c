/*
 * collation_order.c
 *    The questions of collation_order.h, put to PostgreSQL's own table of locales and to the C library. The one file
 *    that includes pg_locale.h, because that header brings ICU's into whatever includes it.
 */
#include "postgres.h"

#include <locale.h>
#ifdef __GLIBC__
#include <langinfo.h>
#endif

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "collation_order.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/pg_locale.h"
#include "utils/syscache.h"

static bool
is_c(Oid collation)
{
#if PG_VERSION_NUM >= 180000
	return pg_newlocale_from_collation(collation)->collate_is_c;
#else
	return lc_collate_is_c(collation);
#endif
}

bool
fusion_has_ascii_letters(Oid collation)
{
#if PG_VERSION_NUM >= 180000
	return pg_newlocale_from_collation(collation)->ctype_is_c;
#else
	return lc_ctype_is_c(collation);
#endif
}

/*
 * glibc's strcoll() is strcmp() for a locale whose number of rules is zero, and PostgreSQL breaks ties by strcmp() too.
 * nl_langinfo() gives that number as the first four bytes of a pointer; where they stand last nothing is concluded.
 */
#if defined(__GLIBC__) && !defined(WORDS_BIGENDIAN)
static bool
has_no_rules(const char *rules)
{
	return (uint32) (uintptr_t) rules == 0;
}

/* The database's own locale, which the process has (then PostgreSQL gives NULL for it), or from 18 on the session. */
static bool
default_has_no_rules(void)
{
	pg_locale_t locale = pg_newlocale_from_collation(DEFAULT_COLLATION_OID);

#if PG_VERSION_NUM < 180000
	return (locale == NULL || locale->provider == COLLPROVIDER_LIBC) && has_no_rules(nl_langinfo(_NL_COLLATE_NRULES));
#else
	return locale->provider == COLLPROVIDER_LIBC && has_no_rules(nl_langinfo_l(_NL_COLLATE_NRULES, locale->info.lt));
#endif
}

/* By the name of the locale. It need not exist: then PostgreSQL says so, when it comes to compare. */
static bool
named_has_no_rules(const char *name)
{
	locale_t	locale = newlocale(LC_COLLATE_MASK, name, (locale_t) 0);
	bool		answer;

	if (locale == (locale_t) 0)
		return false;
	answer = has_no_rules(nl_langinfo_l(_NL_COLLATE_NRULES, locale));
	freelocale(locale);
	return answer;
}

static bool
collates_without_rules(Oid collation)
{
	HeapTuple	tuple;
	bool		answer = false;

	if (collation == DEFAULT_COLLATION_OID)
		return default_has_no_rules();
	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	if (!HeapTupleIsValid(tuple))
		return false;
	if (((Form_pg_collation) GETSTRUCT(tuple))->collprovider == COLLPROVIDER_LIBC)
	{
		bool		is_null;
		Datum		name = SysCacheGetAttr(COLLOID, tuple, Anum_pg_collation_collcollate, &is_null);

		answer = !is_null && named_has_no_rules(TextDatumGetCString(name));
	}
	ReleaseSysCache(tuple);
	return answer;
}
#else
static bool
collates_without_rules(Oid collation)
{
	return false;
}
#endif

bool
fusion_orders_by_bytes(Oid collation)
{
	return is_c(collation) || collates_without_rules(collation);
}

/* ---- keys ---- */

struct FusionOrderKeys
{
	pg_locale_t locale;
	StringInfoData key;
};

bool
fusion_makes_order_keys(Oid collation)
{
	bool		answer = false;

#ifdef USE_ICU
	if (collation == DEFAULT_COLLATION_OID)
	{
		pg_locale_t locale = pg_newlocale_from_collation(collation);

		answer = locale != NULL && locale->provider == COLLPROVIDER_ICU && locale->deterministic;
	}
	else
	{
		HeapTuple	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));

		if (HeapTupleIsValid(tuple))
		{
			Form_pg_collation form = (Form_pg_collation) GETSTRUCT(tuple);

			answer = form->collprovider == COLLPROVIDER_ICU && form->collisdeterministic;
			ReleaseSysCache(tuple);
		}
	}
#endif
	return answer;
}

FusionOrderKeys *
fusion_order_keys_create(Oid collation)
{
	FusionOrderKeys *keys = palloc(sizeof(FusionOrderKeys));

	keys->locale = pg_newlocale_from_collation(collation);
	initStringInfo(&keys->key);
	return keys;
}

/* Bytes of the collation's own key, which are in `key` when it has room for one more. */
#ifdef USE_ICU
static size_t
transform(pg_locale_t locale, const char *text, uint32 length, StringInfo key)
{
#if PG_VERSION_NUM >= 160000
	return pg_strnxfrm(key->data, (size_t) key->maxlen, text, length, locale);
#else
	UChar	   *characters;
	int32_t		count = icu_to_uchar(&characters, text, length);
	int32_t		bytes = ucol_getSortKey(locale->info.icu.ucol, characters, count, (uint8_t *) key->data,
										key->maxlen);

	pfree(characters);
	if (bytes <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("pg_fusion: ICU makes no sort key of a text")));
	/* The zero at the end counts. */
	return (size_t) bytes - 1;
#endif
}
#else
static size_t
transform(pg_locale_t locale, const char *text, uint32 length, StringInfo key)
{
	pg_unreachable();
}
#endif

StringInfo
fusion_order_key(FusionOrderKeys *keys, const char *text, uint32 length)
{
	StringInfo	key = &keys->key;
	size_t		bytes;

	resetStringInfo(key);
	bytes = transform(keys->locale, text, length, key);
	if (bytes >= (size_t) key->maxlen)
	{
		enlargeStringInfo(key, (int) Min(bytes + 1, MaxAllocSize));
		bytes = transform(keys->locale, text, length, key);
	}
	if (memchr(key->data, 0, bytes) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("pg_fusion: a sort key of ICU has a zero in it")));
	key->len = (int) bytes;
	appendStringInfoChar(key, '\0');
	appendBinaryStringInfo(key, text, (int) length);
	return key;
}
