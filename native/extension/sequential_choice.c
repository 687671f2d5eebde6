/*
 * sequential_choice.c
 *    PostgreSQL's costs know its own executor: for count(*) over all of a table it takes an index-only scan, which
 *    reads less and then passes every row through the executor, five times slower than decoding the heap in batches
 *    (TPC-H lineitem at scale 1: 640 ms against 149). Here such a leaf is planned once more without indexes, unless its
 *    conditions are selective. See sequential_choice.h.
 */
#include "postgres.h"

#include "sequential_choice.h"

#include "access/table.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
#include "producer.h"
#include "row_output.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

/* The batch heap path on one core, as measured by pg_fusion_scan_bench (heap/README.md); ratios matter here. */
#define NS_PER_BLOCK 200.0
#define NS_PER_ROW 4.5
#define NS_PER_VALUE 3.9

/*
 * A row that comes through an index and the executor, encoding included, at the least: everything in memory and in the
 * order of the heap. Rows that a filter above the index drops cost as much and are not counted.
 */
#define NS_PER_INDEX_ROW 100.0

/* A row that heap batches hand to PostgreSQL's expressions, which cost what they cost in every plan. */
#define NS_PER_PROJECTED_ROW 80.0

/*
 * A block and a row of a bitmap scan: the blocks stand anywhere in memory, and each is looked at for a few rows.
 * lineitem at scale 1, 2% of the rows by l_suppkey: 336 ms against 93 in batches, both on the same loaded machine.
 */
#define NS_PER_BITMAP_BLOCK 900.0
#define NS_PER_BITMAP_ROW 250.0

double
fusion_heap_scan_ns(double blocks, double rows, int values)
{
	return blocks * NS_PER_BLOCK + rows * (NS_PER_ROW + values * NS_PER_VALUE);
}

double
fusion_heap_output_ns(const Plan *leaf, double rows)
{
	double		ns = list_length(leaf->targetlist) * NS_PER_VALUE;

	return rows * (fusion_is_computed(leaf) ? ns + NS_PER_PROJECTED_ROW : ns);
}

static const char *
reason_over(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_IndexScan:
			return "faster than an index scan";
		case T_IndexOnlyScan:
			return "faster than an index-only scan";
		case T_BitmapHeapScan:
			return "faster than a bitmap scan";
		default:
			return NULL;
	}
}

/* By PostgreSQL's plan, in a relation of so many blocks. */
static double
index_ns(const Plan *plan, double blocks)
{
	double		rows;
	double		visited;

	if (!IsA(plan, BitmapHeapScan))
		return plan->plan_rows * NS_PER_INDEX_ROW;
	/* Mackert and Lohman's estimate, as in compute_bitmap_pages(): what is well ordered is no bitmap scan as a rule. */
	rows = plan->lefttree->plan_rows;
	visited = Min(2 * blocks * rows / (2 * blocks + rows + 1), blocks);
	return visited * NS_PER_BITMAP_BLOCK + rows * NS_PER_BITMAP_ROW;
}

static bool
is_faster(const PlannedStmt *planned)
{
	const Plan *plan = planned->planTree;
	Relation	relation = table_open(rt_fetch(((const Scan *) plan)->scanrelid, planned->rtable)->relid, NoLock);
	BlockNumber blocks;
	double		rows;
	double		all_visible;
	bool		result = false;

	/* What does not fit the cache is PostgreSQL's to judge: its costs know about disks. */
	if (relation->rd_rel->relkind == RELKIND_RELATION || relation->rd_rel->relkind == RELKIND_MATVIEW)
	{
		estimate_rel_size(relation, NULL, &blocks, &rows, &all_visible);
		result = blocks <= (BlockNumber) effective_cache_size &&
			fusion_heap_scan_ns(blocks, rows, 1) + fusion_heap_output_ns(plan, plan->plan_rows) <
			index_ns(plan, blocks);
	}
	table_close(relation, NoLock);
	return result;
}

static PlannedStmt *
plan_without_indexes(Query *leaf, const char *query_string, ParamListInfo bound_params)
{
	bool		index_scan = enable_indexscan;
	bool		index_only_scan = enable_indexonlyscan;
	bool		bitmap_scan = enable_bitmapscan;
	PlannedStmt *planned;

	enable_indexscan = enable_indexonlyscan = enable_bitmapscan = false;
	PG_TRY();
	{
		planned = standard_planner(leaf, query_string, 0, bound_params);
	}
	PG_FINALLY();
	{
		enable_indexscan = index_scan;
		enable_indexonlyscan = index_only_scan;
		enable_bitmapscan = bitmap_scan;
	}
	PG_END_TRY();
	return planned;
}

PlannedStmt *
fusion_plan_sequentially(Query *leaf, const PlannedStmt *planned, const char *query_string, ParamListInfo bound_params,
						 const char **reason)
{
	const char *over = reason_over(planned->planTree);
	const char *problem;
	PlannedStmt *sequential;

	/* With enable_seqscan off the user has chosen. */
	if (over == NULL || !enable_seqscan || planned->subplans != NIL || !is_faster(planned))
		return NULL;
	sequential = plan_without_indexes(leaf, query_string, bound_params);
	if (sequential->subplans != NIL ||
		!fusion_producer_heap_eligible(sequential, &problem))
		return NULL;
	*reason = over;
	return sequential;
}
