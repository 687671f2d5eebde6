/*
 * placeholder.h
 *    The relation that stands for the engine's result while PostgreSQL plans the edge: a range table entry
 *    with the result's columns, whose only path becomes a PgFusionScan.
 */
#ifndef FUSION_PLACEHOLDER_H
#define FUSION_PLACEHOLDER_H

#include "postgres.h"

#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

/* One planner run over a placeholder; lives on the stack of the caller. */
typedef struct FusionPlaceholder
{
	Index		range_index;
	Cost		startup_cost;
	CustomScan *scan;			/* out: the plan node; NULL when the planner needed none (a false condition) */
} FusionPlaceholder;

/* An entry without columns; fusion_placeholder_add_column appends them in order. */
extern RangeTblEntry *fusion_placeholder_entry(double rows);
extern void fusion_placeholder_add_column(RangeTblEntry *entry, const char *name, Oid type, int32 typmod,
										  Oid collation);

/*
 * From push to pop, the planner's run over the entry at `range_index` of its top query gets the custom
 * path. Pop restores what was there before, and is to be called on errors too (PG_FINALLY). Pushing NULL
 * hides all: for statements planned in between.
 */
extern FusionPlaceholder *fusion_placeholder_push(FusionPlaceholder *placeholder);
extern void fusion_placeholder_pop(FusionPlaceholder *before);

/* Installs set_rel_pathlist_hook and registers the node's name; _PG_init only. */
extern void fusion_placeholder_init(void);

#endif							/* FUSION_PLACEHOLDER_H */
