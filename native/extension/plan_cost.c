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
#include "nodes/nodeFuncs.h"
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

/* The subplans that a plan node's own expressions name, together. */
typedef struct Subplans
{
	const Estimate *estimate;
	double		call_units;		/* what the planner charged for each row */
	double		call_ns;
	double		start_units;	/* and once: hashed ones, and those that other nodes read by parameters */
	double		start_ns;
} Subplans;

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

/* What the catalogue says of a relation's size; false when there is no such relation any more. */
static bool
relation_size(const PlannedStmt *planned, Index relation, double *pages, double *rows)
{
	Oid			oid = rt_fetch(relation, planned->rtable)->relid;
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(oid));

	if (!HeapTupleIsValid(tuple))
		return false;
	*pages = ((Form_pg_class) GETSTRUCT(tuple))->relpages;
	*rows = ((Form_pg_class) GETSTRUCT(tuple))->reltuples;
	ReleaseSysCache(tuple);
	return true;
}

/* PostgreSQL's cost takes every page of an index scan for one from disk; those of such a table are not. */
static bool
stays_in_memory(const PlannedStmt *planned, Index relation)
{
	double		pages;
	double		rows;

	return relation_size(planned, relation, &pages, &rows) && pages < effective_cache_size;
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
 * How many times as often as expected a look-up or a subplan runs for each row of a plan. Rows of joins are estimated
 * as if columns were independent, and each join's error multiplies (Ioannidis and Christodoulakis, On the Propagation
 * of Errors in the Size of Join Results): a loop over too many rows loses far more than one over too few gains.
 */
static double
doubt(const Estimate *estimate, const Plan *outer)
{
	return estimate->doubts ? pow(FUSION_COST_JOINDOUBT, Min(joins_of(outer), DOUBTED_JOINS_MAX)) : 1;
}

/* A subplan's share of its node's cost, in both measures; EXISTS and ANY pay for part of what the subplan gives. */
static void
add_subplan(Subplans *subplans, const SubPlan *subplan)
{
	const Plan *plan = list_nth(subplans->estimate->planned->subplans, subplan->plan_id - 1);
	double		unit = FUSION_COST_POSTGRESUNIT;

	if (plan->total_cost > 0)
		unit = plan_ns(subplans->estimate, plan) / plan->total_cost;
	subplans->call_units += subplan->per_call_cost;
	subplans->call_ns += subplan->per_call_cost * unit;
	subplans->start_units += subplan->startup_cost;
	subplans->start_ns += subplan->startup_cost * unit;
}

static bool
collect_subplans(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubPlan))
		add_subplan(context, (const SubPlan *) node);
	return expression_tree_walker(node, collect_subplans, context);
}

static Subplans
subplans_of(const Estimate *estimate, const Plan *plan)
{
	Subplans	subplans = {.estimate = estimate};
	Subplans	once = {.estimate = estimate};
	ListCell   *cell;

	if (estimate->planned->subplans == NIL)
		return subplans;
	collect_subplans((Node *) plan->targetlist, &subplans);
	collect_subplans((Node *) plan->qual, &subplans);
	if (IsA(plan, NestLoop) || IsA(plan, HashJoin) || IsA(plan, MergeJoin))
		collect_subplans((Node *) ((const Join *) plan)->joinqual, &subplans);
	foreach(cell, plan->initPlan)
		add_subplan(&once, lfirst(cell));
	subplans.start_units += once.start_units + once.call_units;
	subplans.start_ns += once.start_ns + once.call_ns;
	return subplans;
}

/* Rows that a node may ask its subplans for, where that is known. */
static double
asking_rows(const Estimate *estimate, const Plan *plan)
{
	const Plan *input = outerPlan(plan);

	if (IsA(plan, SeqScan))
	{
		double		pages;
		double		rows;

		if (relation_size(estimate->planned, ((const Scan *) plan)->scanrelid, &pages, &rows) && rows >= 0)
			return Max(rows, plan->plan_rows);
	}
	return input != NULL && innerPlan(plan) == NULL ? Max(input->plan_rows, plan->plan_rows) : HUGE_VAL;
}

/*
 * What a node's subplans take, of `units` that the planner charged for the node and them; `units` keeps the rest. The
 * planner does not say how often it expects them to run, but where they cost anything its charge does.
 */
static double
subplans_ns(const Estimate *estimate, const Plan *plan, double *units)
{
	Subplans	subplans = subplans_of(estimate, plan);
	double		calls = 0;

	*units = Max(*units - subplans.start_units, 0);
	if (subplans.call_units > 0)
		calls = Min(*units / subplans.call_units, asking_rows(estimate, plan));
	*units -= calls * subplans.call_units;
	return subplans.start_ns + calls * doubt(estimate, plan) * subplans.call_ns;
}

/*
 * One execution of an index scan that costs so much without its subplans. Rows that its filter drops are fetched too,
 * each from a page of its own, as far as the cost tells; where the cost of many executions was shared out it tells too
 * little, and the rows tell more.
 */
static double
fetched_ns(const Plan *plan, double units, bool first_match)
{
	double		fetched = Max(units / Max(random_page_cost, seq_page_cost), plan->plan_rows);

	return FUSION_COST_INDEXLOOKUP + (first_match ? 1 : Max(fetched, 1)) * FUSION_COST_FETCHEDROW;
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
	double		loops;
	double		inner_units;
	double		own_units;
	double		ns;

	if (relation == 0 || !stays_in_memory(estimate->planned, relation))
		return -1;
	first_match = join->inner_unique || join->jointype == JOIN_SEMI || join->jointype == JOIN_ANTI;
	loops = outer->plan_rows * doubt(estimate, outer);
	inner_units = inner->total_cost;
	own_units = Max(plan->total_cost - outer->total_cost - outer->plan_rows * inner_units, 0);
	ns = outer->plan_rows * doubt(estimate, plan) * subplans_ns(estimate, inner, &inner_units);
	ns += plan_ns(estimate, outer) + loops * fetched_ns(inner, inner_units, first_match);
	ns += subplans_ns(estimate, plan, &own_units);
	return ns + plan->plan_rows * cpu_tuple_cost * FUSION_COST_POSTGRESUNIT;
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

/* A node's own units and subplans, and what is below it. */
static double
plan_ns(const Estimate *estimate, const Plan *plan)
{
	double		units = plan->total_cost;
	double		ns = 0;
	double		loops;

	check_stack_depth();
	loops = look_ups_ns(estimate, plan);
	if (loops >= 0)
		return loops;
	/* A Limit costs part of what it limits. */
	if (IsA(plan, Limit) && outerPlan(plan)->total_cost > 0)
	{
		ns = subplans_ns(estimate, plan, &units);
		return ns + plan_ns(estimate, outerPlan(plan)) * Min(units / outerPlan(plan)->total_cost, 1);
	}
	for (int side = 0; side < 2; side++)
	{
		const Plan *input = side == 0 ? outerPlan(plan) : innerPlan(plan);

		if (input == NULL || IsA(plan, BitmapHeapScan))
			continue;
		units -= input->total_cost;
		ns += plan_ns(estimate, input) * crowding(plan);
	}
	ns += subplans_ns(estimate, plan, &units);
	if (fetched_relation(plan) != 0 && stays_in_memory(estimate->planned, fetched_relation(plan)))
		return ns + Min(units * FUSION_COST_POSTGRESUNIT, fetched_ns(plan, units, false));
	return ns + Max(units, 0) * FUSION_COST_POSTGRESUNIT;
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
