/*
 * plan_cost.c
 *    Adds up what a statement will cost: PostgreSQL's cost units for what PostgreSQL plans (leaves, edge, its own
 *    plan), rows for what is sent, the worker's estimate for the engine. See plan_cost.h; the numbers are in
 *    schemas/tables/costs.json.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "fusion_costs.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parallel_plan.h"
#include "parser/parsetree.h"
#include "plan_cost.h"
#include "row_output.h"
#include "utils/syscache.h"

/* Deep plans are not doubted without end: each look-up of a long chain by keys gives its one row. */
#define DOUBTED_JOINS_MAX 2

/* What all steps of an estimate read. */
typedef struct Estimate
{
	const PlannedStmt *planned;
	bool		doubts;			/* rows of joins are counted for more than the planner expects */
} Estimate;

static double plan_ns(const Estimate *estimate, const Plan *plan);

/* Whether a plan node goes to rows of a table through an index, and to which: 0 when it does not. */
static Index
fetched_relation(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapHeapScan:
			return ((const Scan *) plan)->scanrelid;
		default:
			return 0;
	}
}

/* PostgreSQL's cost takes every page of an index scan for one from disk; those of such a table are not. */
static bool
stays_in_memory(const PlannedStmt *planned, Index relation)
{
	Oid			oid = rt_fetch(relation, planned->rtable)->relid;
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(oid));
	bool		fits;

	if (!HeapTupleIsValid(tuple))
		return false;
	fits = ((Form_pg_class) GETSTRUCT(tuple))->relpages < effective_cache_size;
	ReleaseSysCache(tuple);
	return fits;
}

/*
 * One execution of an index scan. Rows that its filter drops are fetched too, each from a page of its own, as far as
 * the cost tells; where the cost of many executions was shared out it tells too little, and the rows tell more.
 */
static double
fetch_ns(const Plan *plan, bool first_match)
{
	double		fetched = Max(plan->total_cost / Max(random_page_cost, seq_page_cost), plan->plan_rows);

	return FUSION_COST_INDEXLOOKUP + (first_match ? 1 : Max(fetched, 1)) * FUSION_COST_FETCHEDROW;
}

static int
joins_of(const Plan *plan)
{
	if (plan == NULL)
		return 0;
	check_stack_depth();
	return joins_of(outerPlan(plan)) + joins_of(innerPlan(plan)) +
		(IsA(plan, NestLoop) || IsA(plan, HashJoin) || IsA(plan, MergeJoin));
}

/*
 * How many times as often as expected a look-up runs for each row of a plan. Rows of joins are estimated as if columns
 * were independent, and each join's error multiplies (Ioannidis and Christodoulakis, On the Propagation of Errors in
 * the Size of Join Results): a loop over too many rows loses far more than one over too few gains.
 */
static double
doubt(const Estimate *estimate, const Plan *outer)
{
	return estimate->doubts ? pow(FUSION_COST_JOINDOUBT, Min(joins_of(outer), DOUBTED_JOINS_MAX)) : 1;
}

/* A nested loop over look-ups in memory, or a negative number when it is something else. */
static double
look_ups_ns(const Estimate *estimate, const Plan *plan)
{
	const Plan *outer = outerPlan(plan);
	const Plan *inner = innerPlan(plan);
	const Join *join = (const Join *) plan;
	Index		relation = IsA(plan, NestLoop) ? fetched_relation(inner) : 0;
	bool		first_match;

	if (relation == 0 || !stays_in_memory(estimate->planned, relation))
		return -1;
	first_match = join->inner_unique || join->jointype == JOIN_SEMI || join->jointype == JOIN_ANTI;
	return plan_ns(estimate, outer) + outer->plan_rows * doubt(estimate, outer) * fetch_ns(inner, first_match) +
		plan->plan_rows * cpu_tuple_cost * FUSION_COST_POSTGRESUNIT;
}

/*
 * How much longer than PostgreSQL's cost has it the plan below a Gather takes. Costs of a parallel plan are those of
 * one of its processes, as if each had a processor; the leader does 0.3 less for every worker (get_parallel_divisor).
 */
static double
crowding(const Plan *plan)
{
	int			workers;
	double		leader;

	if (IsA(plan, Gather))
		workers = ((const Gather *) plan)->num_workers;
	else if (IsA(plan, GatherMerge))
		workers = ((const GatherMerge *) plan)->num_workers;
	else
		return 1;
	leader = parallel_leader_participation ? Max(1 - 0.3 * workers, 0) : 0;
	return Max((workers + leader) / fusion_processors(), 1);
}

/* A node's own units, and what is below it. Subplans cost what PostgreSQL says: how often they run is not known. */
static double
plan_ns(const Estimate *estimate, const Plan *plan)
{
	double		units = plan->total_cost;
	double		below = 0;
	double		loops;

	check_stack_depth();
	loops = look_ups_ns(estimate, plan);
	if (loops >= 0)
		return loops;
	/* A Limit costs part of what it limits. */
	if (IsA(plan, Limit) && outerPlan(plan)->total_cost > 0)
		return plan_ns(estimate, outerPlan(plan)) * Min(units / outerPlan(plan)->total_cost, 1);
	if (fetched_relation(plan) != 0)
		return stays_in_memory(estimate->planned, fetched_relation(plan))
			? Min(units * FUSION_COST_POSTGRESUNIT, fetch_ns(plan, false)) : units * FUSION_COST_POSTGRESUNIT;
	for (int side = 0; side < 2; side++)
	{
		const Plan *input = side == 0 ? outerPlan(plan) : innerPlan(plan);

		if (input == NULL)
			continue;
		units -= input->total_cost;
		below += plan_ns(estimate, input) * crowding(plan);
	}
	return below + Max(units, 0) * FUSION_COST_POSTGRESUNIT;
}

double
fusion_postgres_ns(const PlannedStmt *planned)
{
	Estimate	estimate = {.planned = planned, .doubts = true};

	return plan_ns(&estimate, planned->planTree);
}

bool
fusion_is_short(const PlannedStmt *planned)
{
	Estimate	estimate = {.planned = planned, .doubts = false};

	return plan_ns(&estimate, planned->planTree) < FUSION_COST_START;
}

/* Producers share the scan; the leader's own share ends last. */
static double
leaf_ns(const Plan *leaf, const FusionLeafPath *path, int columns)
{
	double		rows = leaf->plan_rows * path->passed;
	double		values = rows * columns * FUSION_COST_SENTVALUE + path->key_ns * path->passed;

	if (!path->heap || fusion_is_computed(leaf))
		return (leaf->total_cost * FUSION_COST_POSTGRESUNIT + rows * FUSION_COST_SENTROW + values) /
			(path->workers + 1);
	return (leaf->total_cost * FUSION_COST_HEAPUNIT + values) / (path->workers + 1);
}

double
fusion_estimated_ns(const FusionScanPlan *scan, const FusionAssembly *assembly, const FusionPlanReady *answer,
					const PlannedStmt *edge)
{
	double		ns = FUSION_COST_START + answer->engine_ns;
	ListCell   *next = list_head(assembly->leaf_plans);

	for (int i = 0; i < scan->leaf_count; i++)
	{
		const PlannedStmt *alone = list_nth(scan->leaf_statements, i);
		const Plan *leaf = alone != NULL ? alone->planTree : (const Plan *) lfirst(next);

		if (alone == NULL)
			next = lnext(assembly->leaf_plans, next);
		ns += leaf_ns(leaf, &scan->leaf_paths[i], scan->leaves[i].column_count);
	}
	return ns + Max(edge->planTree->total_cost - assembly->leaf_cost, 0) * FUSION_COST_POSTGRESUNIT;
}
