/*
 * plan_assembly.h
 *    One PlannedStmt from several planner runs: the range table they share and what must be merged at the
 *    end.
 *
 *    [permission entries][leaf 1 range table]...[leaf n range table][placeholder]
 *
 * Every run plans a query whose range table begins with everything gathered before it, unreferenced, so
 * finished plans already carry final indexes and nothing is renumbered. Read next: leaf_plan.c,
 * edge_plan.c.
 */
#ifndef FUSION_PLAN_ASSEMBLY_H
#define FUSION_PLAN_ASSEMBLY_H

#include "postgres.h"

#include "nodes/params.h"
#include "nodes/plannodes.h"
#include "query_text.h"

typedef struct FusionAssembly
{
	const char *query_string;
	ParamListInfo bound_params;
	int			cursor_options;
	const char *leader_only;	/* why the statement around has no workers for this one; NULL: it may */
	List	   *range_table;	/* RangeTblEntry, so far */
	List	   *permissions;	/* RTEPermissionInfo of range_table; 16 and newer */
	List	   *leaf_plans;		/* Plan, in leaf order, without those of leaves that run alone */
	int			leaf_count;
	double		leaf_rows;		/* of all leaves */
	Cost		leaf_cost;
	List	   *append_relations;
	List	   *inval_items;
	List	   *relation_oids;
	bool		depends_on_role;
	bool		transient;
	bool		parallel_inside;	/* a leaf that is a statement of pg_fusion's has workers */
#if PG_VERSION_NUM >= 180000
	List	   *partition_prunings;
	Bitmapset  *unprunable;
#endif
} FusionAssembly;

/*
 * Starts with one entry for each relation of any query level, so that permissions are checked and locks
 * taken once.
 */
extern FusionAssembly *fusion_assembly_start(const FusionQueryText *text, const char *query_string,
											 int cursor_options, ParamListInfo bound_params);

/* Puts the gathered range table in front of the query's own. The query must refer to entries behind it already. */
extern void fusion_assembly_pad(const FusionAssembly *assembly, Query *query);

/*
 * Whether a planned leaf has subplans or internal parameters. They are numbered within their own statement, so such a
 * leaf runs as one.
 */
extern bool fusion_runs_alone(const PlannedStmt *leaf);

/* Takes over a planned leaf. */
extern void fusion_assembly_add_leaf(FusionAssembly *assembly, PlannedStmt *leaf);

/* Takes over a leaf that is a statement of pg_fusion's own: its relations are locked and watched with this one's. */
extern void fusion_assembly_add_nested(FusionAssembly *assembly, PlannedStmt *leaf);

/* Turns the planned edge into the statement's plan. */
extern void fusion_assembly_finish(const FusionAssembly *assembly, PlannedStmt *edge);

#endif							/* FUSION_PLAN_ASSEMBLY_H */
