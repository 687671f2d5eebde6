/*
 * page_column.h
 *    Facts of one page column from its SQL type and the encoding the worker chose, and the rules which
 *    pairs may meet.
 */
#ifndef FUSION_PAGE_COLUMN_H
#define FUSION_PAGE_COLUMN_H

#include "postgres.h"

#include "scan_plan.h"

/* Fills `column`; returns NULL, or why this encoding cannot carry the type exactly. */
extern const char *fusion_page_column(Oid type, int32 typmod, Oid collation, uint8 encoding, int16 scale,
									  FusionColumn *column);

#endif							/* FUSION_PAGE_COLUMN_H */
