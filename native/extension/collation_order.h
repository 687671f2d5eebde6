/*
 * collation_order.h
 *    What order text has under a collation, and which letters it knows. Nothing else is known of collations here.
 */
#ifndef FUSION_COLLATION_ORDER_H
#define FUSION_COLLATION_ORDER_H

#include "postgres.h"

/*
 * Whether text is ordered by its bytes: under C and POSIX, and where the C library's locale has no rules of order, as
 * C.UTF-8. Asks no locale to be there that PostgreSQL would not need.
 */
extern bool fusion_orders_by_bytes(Oid collation);

/* Whether letters are those of ASCII alone, whatever the order is: LC_COLLATE and LC_CTYPE may differ. */
extern bool fusion_has_ascii_letters(Oid collation);

#endif							/* FUSION_COLLATION_ORDER_H */
