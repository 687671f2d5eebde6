/*
 * scan_plan.h 
 *    What a PgFusionScan plan node carries in custom_private, as C structs: the physical plan's bytes, the
 *    leaves' page schemas, and the engine's result columns. Built by the planner, stored as copyable Nodes
 *    (Const bytea, Lists), read at begin.
 */
#ifndef FUSION_SCAN_PLAN_H
#define FUSION_SCAN_PLAN_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* One column of a page, with what is needed to encode or rebuild its datums. */
typedef struct FusionColumn
{
	uint8		encoding;		/* FusionEncoding */
	int16		scale;
	Oid			type;
	int32		typmod;
	Oid			collation;
	Oid			order_key;		/* of a leaf: keys of the values, ordered as this collation orders them; or 0 */
	int16		typlen;
	bool		typbyval;
	char		typalign;
} FusionColumn;					/* of a domain: its base type, typmod included */

typedef struct FusionPageSchema
{
	int			column_count;
	FusionColumn *columns;
	uint64		fingerprint;	/* see schemas/layout/page.json */
} FusionPageSchema;

/* Runtime filters of one leaf, and keys of one filter, at most; the planner asks for no more. */
#define FUSION_LEAF_FILTERS_MAX 8
#define FUSION_LEAF_FILTER_KEYS_MAX 8

/* A column of the leaf that a join compares. */
typedef struct FusionFilterColumn
{
	uint16		column;
	uint16		kind;			/* FusionFilterKeyKind, which the column's encoding allows */
} FusionFilterColumn;

typedef struct FusionLeafFilter
{
	uint16		number;			/* in the plan */
	uint16		key_count;
	FusionFilterColumn keys[FUSION_LEAF_FILTER_KEYS_MAX];
} FusionLeafFilter;

/* What the leaf's producers may test rows against, once it is there. A plain struct: parallel workers get a copy. */
typedef struct FusionLeafFilters
{
	int32		count;
	FusionLeafFilter filters[FUSION_LEAF_FILTERS_MAX];
} FusionLeafFilters;

/* How one leaf is produced: chosen when the statement is planned, obeyed by the execution. */
typedef struct FusionLeafPath
{
	bool		heap;			/* fusion_producer_heap over the leaf's SeqScanState, else fusion_producer_executor */
	const char *reason;			/* why not heap, or why heap against PostgreSQL's choice, for EXPLAIN; or NULL */
	int			workers;		/* parallel producers asked for beside the leader */
	const char *leader_only;	/* why none, for EXPLAIN; NULL when there are some */

	/* While planning only: parallel_plan.h. */
	double		scan_ns;		/* of one producer alone */
	double		key_ns;			/* of one producer alone: keys of texts, part of scan_ns */
	double		rows_read;
	double		passed;			/* share of the rows that pass the runtime filters */
	int			workers_max;
	bool		workers_by_table;	/* the table's parallel_workers says how many, whatever its size */
} FusionLeafPath;

/* Places in an operator's List; labels and texts of its details follow in turn, as String nodes. */
typedef enum FusionOperatorPlace
{
	FUSION_OPERATOR_NAME,		/* String */
	FUSION_OPERATOR_DEPTH,		/* Integer */
	FUSION_OPERATOR_LEAF,		/* Integer; -1: no scan */
	FUSION_OPERATOR_ROWS,		/* Float: estimate, or negative */
	FUSION_OPERATOR_DETAILS
} FusionOperatorPlace;

typedef struct FusionScanPlan
{
	bytea	   *physical;		/* pgfusion.plan.PhysicalPlan */
	uint64		digest;
	int			leaf_count;
	FusionPageSchema *leaves;	/* index = leaf number */
	List	   *leaf_statements;	/* PlannedStmt of a leaf that runs alone, else NULL: its plan is in custom_plans */
	FusionLeafPath *leaf_paths;
	FusionLeafFilters *leaf_filters;
	int			filter_count;	/* numbers of filters are below this */
	FusionPageSchema output;
	double		rows;
	double		reference_ns;	/* estimate for PostgreSQL's own plan; 0 when nobody asked for it */
	double		estimated_ns;	/* for this plan; while planning only */
	List	   *operators;		/* of the engine in preorder, a List each: see FusionOperatorPlace */
	List	   *explain;		/* String nodes: lines below the operators */
	List	   *tables;			/* parameters, a List each: Integer id, String zone, Integer enum type */
	List	   *functions;		/* fusion_functions_named() */
	List	   *leaf_queries;	/* Query nodes: each leaf as PostgreSQL got it, EXPLAIN prints them as scan SQL */
	bool		planning_cached;	/* the answer came from this backend's cache, not from the worker */
	uint64		planning_round_trip_ns;
	uint64		planning_worker_ns;
} FusionScanPlan;

extern uint64 fusion_page_schema_fingerprint(const FusionPageSchema *schema);

/* custom_private <-> struct. */
extern List *fusion_scan_plan_store(const FusionScanPlan *plan);
extern FusionScanPlan *fusion_scan_plan_load(List *custom_private);

#endif							/* FUSION_SCAN_PLAN_H */
