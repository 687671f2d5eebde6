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

#include "catalog/pg_collation.h"
#include "collation_order.h"
#include "utils/builtins.h"
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

/* The database's own locale, which the process has, or the session holds. */
static bool
default_has_no_rules(void)
{
	pg_locale_t locale = pg_newlocale_from_collation(DEFAULT_COLLATION_OID);

#if PG_VERSION_NUM < 170000
	return locale == NULL && has_no_rules(nl_langinfo(_NL_COLLATE_NRULES));
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
