/*
 * parallel_plan.c
 *    Judges leaves and gives them workers. See parallel_plan.h.
 *
 * A worker takes 3 to 6 ms to come to life, so one more pays for a scan of which each producer then has
 * PRODUCER_MS_MIN to do before it comes. That limit scales with parallel_setup_cost, PostgreSQL's own word for what a
 * worker costs: at 0 workers are asked for whatever the size. More producers than processors only take turns, and take
 * them from the executor thread.
 *
 * A worker serves every leaf of the statement that is worth it: leaves are read one after another, so the budget is not
 * divided among them.
 */
#include "postgres.h"

#include <sched.h>

#include "access/parallel.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/plancat.h"
#include "parallel_plan.h"
#include "parser/parsetree.h"
#include "pg_compat.h"
#include "row_output.h"
#include "sequential_choice.h"
#include "settings.h"
#include "slot.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

/* With cpu_tuple_cost 0.01 and parallel_tuple_cost 0.1, this is about where PostgreSQL stops gathering. */
#define PASSED_PART_MAX 0.1

#define PRODUCER_MS_MIN 7.0
/* parallel_setup_cost as PostgreSQL ships it. */
#define SETUP_COST_DEFAULT 1000.0

const char *
fusion_parallel_problem(const Query *parse, int cursor_options)
{
	if (max_parallel_workers_per_gather == 0)
		return "max_parallel_workers_per_gather is 0";
	if (fusion_setting_max_producers == 0)
		return "pg_fusion.max_producers is 0";
	if (parse->commandType != CMD_SELECT)
		return "not a plain SELECT";
	if ((cursor_options & CURSOR_OPT_PARALLEL_OK) == 0)
		return "the statement may be suspended";
	if (IsParallelWorker())
		return "already in a parallel worker";
	if (parse->hasModifyingCTE || max_parallel_hazard(unconstify(Query *, parse)) == PROPARALLEL_UNSAFE)
		return "parallel-unsafe expressions";
	return NULL;
}

/* The leaf's own expressions as they will run, functions inlined. */
static bool
is_safe_in_workers(const Plan *leaf)
{
	Query	   *expressions = makeNode(Query);

	expressions->commandType = CMD_SELECT;
	expressions->targetList = leaf->targetlist;
	expressions->jointree = makeFromExpr(NIL, (Node *) leaf->qual);
	return max_parallel_hazard(expressions) == PROPARALLEL_SAFE;
}

/* What the tables of a leaf say, all together. */
typedef struct LeafTables
{
	double		rows;
	double		scan_ns;
	BlockNumber blocks;
	int			workers;		/* the most that a parallel_workers says; -1: none does */
	const char *leader_only;
} LeafTables;

static void
add_table(LeafTables *tables, const Scan *scan, Oid table)
{
	Relation	relation = table_open(table, NoLock);
	bool		computed = fusion_is_computed(&scan->plan);
	int			workers = RelationGetParallelWorkers(relation, -1);
	BlockNumber blocks;
	double		rows;
	double		all_visible;

	if (RelationUsesLocalBuffers(relation))
		tables->leader_only = "temporary table";
	else if (workers == 0)
		tables->leader_only = "parallel_workers of the table is 0";
	else
	{
		estimate_rel_size(relation, NULL, &blocks, &rows, &all_visible);
		tables->rows += rows;
		tables->scan_ns += fusion_heap_scan_ns(blocks, rows, computed ? 0 : list_length(scan->plan.targetlist));
		if (computed)
			tables->scan_ns += fusion_heap_output_ns(&scan->plan, scan->plan.plan_rows);
		tables->blocks += RelationGetNumberOfBlocks(relation);
		tables->workers = Max(tables->workers, workers);
	}
	table_close(relation, NoLock);
}

void
fusion_parallel_judge_leaf(const Plan *leaf, const List *range_table, FusionLeafPath *path)
{
	const List *scans = IsA(leaf, Append) ? ((const Append *) leaf)->appendplans : list_make1(unconstify(Plan *, leaf));
	LeafTables	tables = {.workers = -1};
	const ListCell *cell;

	path->leader_only = NULL;
	path->scan_ns = 0;
	path->rows_read = leaf->plan_rows;
	path->workers_max = 0;
	path->workers_by_table = false;
	if (!path->heap)
	{
		path->leader_only = "executor path";
		return;
	}
	foreach(cell, scans)
	{
		const Scan *scan = lfirst(cell);

		if (!is_safe_in_workers(&scan->plan))
			tables.leader_only = "parallel-restricted expressions";
		else
			add_table(&tables, scan, rt_fetch(scan->scanrelid, range_table)->relid);
	}
	if (tables.leader_only == NULL && tables.workers < 0 && tables.blocks < (BlockNumber) min_parallel_table_scan_size)
		tables.leader_only = "small table";
	path->leader_only = tables.leader_only;
	if (path->leader_only != NULL)
		return;
	path->workers_max = tables.workers > 0 ? tables.workers : FUSION_PRODUCERS_ATTACHED_MAX;
	path->workers_by_table = tables.workers > 0;
	path->rows_read = tables.rows;
	path->scan_ns = tables.scan_ns + path->key_ns;
}

double
fusion_parallel_rows_passed_max(const FusionScanPlan *scan)
{
	double		rows = 0;

	for (int leaf = 0; leaf < scan->leaf_count; leaf++)
		rows += scan->leaf_paths[leaf].rows_read;
	return rows * PASSED_PART_MAX;
}

int
fusion_processors(void)
{
	cpu_set_t	own;

	if (sched_getaffinity(0, sizeof(own), &own) != 0)
		return 1;
	return CPU_COUNT(&own);
}

/* How many workers a leaf is worth, of `budget`: each producer's share of it is to stay long enough. */
static int
workers_worth(const FusionLeafPath *path, int budget, double share_min)
{
	int			limit = Min(budget, path->workers_max);
	int			workers = 0;

	if (path->workers_by_table)
		return limit;
	while (workers < limit && path->scan_ns / (workers + 1) >= share_min)
		workers++;
	return workers;
}

bool
fusion_parallel_deal(FusionScanPlan *scan, double wanted, const char *problem)
{
	double		share_min = PRODUCER_MS_MIN * NS_PER_MS * parallel_setup_cost / SETUP_COST_DEFAULT;
	int			budget = Min(Min(max_parallel_workers_per_gather, fusion_setting_max_producers),
							 FUSION_PRODUCERS_ATTACHED_MAX);
	int			beside_leader = fusion_processors() - 1;
	bool		any = false;

	for (int leaf = 0; leaf < scan->leaf_count; leaf++)
	{
		FusionLeafPath *path = &scan->leaf_paths[leaf];

		path->scan_ns *= wanted;
		path->workers = problem != NULL ? 0
			: workers_worth(path, path->workers_by_table ? budget : Min(budget, beside_leader), share_min);
		if (path->workers > 0)
			any = true;
		else if (path->leader_only == NULL)
			path->leader_only = problem != NULL ? problem : beside_leader == 0 ? "one processor" : "short scan";
	}
	return any;
}
