/*
 * collation_order.c
 *    The question of collation_order.h, put to PostgreSQL's own table of locales. The one file that includes
 *    pg_locale.h, because that header brings ICU's into whatever includes it.
 */
#include "postgres.h"

#include "collation_order.h"
#include "utils/pg_locale.h"

bool
fusion_orders_by_bytes(Oid collation)
{
#if PG_VERSION_NUM >= 180000
	return pg_newlocale_from_collation(collation)->collate_is_c;
#else
	return lc_collate_is_c(collation);
#endif
}
