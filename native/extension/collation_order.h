/*
 * collation_order.h
 *    Whether a collation orders text by its bytes, as C and POSIX do. Nothing else is known of collations here.
 */
#ifndef FUSION_COLLATION_ORDER_H
#define FUSION_COLLATION_ORDER_H

#include "postgres.h"

extern bool fusion_orders_by_bytes(Oid collation);

#endif							/* FUSION_COLLATION_ORDER_H */
