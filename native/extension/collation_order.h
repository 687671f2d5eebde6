/*
 * collation_order.h
 *    What order text has under a collation, and which letters it knows. Nothing else is known of collations here.
 */
#ifndef FUSION_COLLATION_ORDER_H
#define FUSION_COLLATION_ORDER_H

#include "postgres.h"

#include "lib/stringinfo.h"

/*
 * Whether text is ordered by its bytes: under C and POSIX, and where the C library's locale has no rules of order, as
 * C.UTF-8. Asks no locale to be there that PostgreSQL would not need.
 */
extern bool fusion_orders_by_bytes(Oid collation);

/* Whether letters are those of ASCII alone, whatever the order is: LC_COLLATE and LC_CTYPE may differ. */
extern bool fusion_has_ascii_letters(Oid collation);

/*
 * Whether PostgreSQL has keys for the collation's order that it trusts: of ICU's deterministic ones. It does not trust
 * the C library's (docs/adr/0011).
 */
extern bool fusion_makes_order_keys(Oid collation);

/* Makes keys under one collation. */
typedef struct FusionOrderKeys FusionOrderKeys;

/* Allocates in CurrentMemoryContext. */
extern FusionOrderKeys *fusion_order_keys_create(Oid collation);

/*
 * The key of a text: what ICU orders it by, a zero, and the text itself, which breaks ties as PostgreSQL does and is
 * there to be cut out again. Neither part has a zero in it. Valid until the next call.
 */
extern StringInfo fusion_order_key(FusionOrderKeys *keys, const char *text, uint32 length);

#endif							/* FUSION_COLLATION_ORDER_H */
