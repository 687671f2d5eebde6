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
#include "storage/bufmgr.h"
#include "utils/rel.h"

/* The batch heap path on one core, as measured by pg_fusion_scan_bench; only the order of magnitude matters here. */
#define NS_PER_BLOCK 400.0
#define NS_PER_ROW 22.0
#define NS_PER_VALUE 6.0

/*
 * A row that comes through an index and the executor, encoding included, at the least: everything in memory and in the
 * order of the heap. Rows that a filter above the index drops cost as much and are not counted.
 */
#define NS_PER_INDEX_ROW 100.0

double
fusion_heap_scan_ns(double blocks, double rows, int values)
{
	return blocks * NS_PER_BLOCK + rows * (NS_PER_ROW + values * NS_PER_VALUE);
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

static bool
is_faster(const PlannedStmt *planned)
{
	const Plan *plan = planned->planTree;
	Relation	relation = table_open(rt_fetch(((const Scan *) plan)->scanrelid, planned->rtable)->relid, NoLock);
	BlockNumber blocks;
	double		rows;
	double		all_visible;
	int			values = list_length(plan->targetlist) + 1;
	bool		result = false;

	/* What does not fit the cache is PostgreSQL's to judge: its costs know about disks. */
	if (relation->rd_rel->relkind == RELKIND_RELATION || relation->rd_rel->relkind == RELKIND_MATVIEW)
	{
		estimate_rel_size(relation, NULL, &blocks, &rows, &all_visible);
		result = blocks <= (BlockNumber) effective_cache_size &&
			fusion_heap_scan_ns(blocks, rows, values) < plan->plan_rows * NS_PER_INDEX_ROW;
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
		!fusion_producer_heap_eligible(sequential->planTree, sequential->rtable, &problem))
		return NULL;
	*reason = over;
	return sequential;
}
