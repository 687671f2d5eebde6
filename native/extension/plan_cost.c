/*
 * plan_cost.c
 *    Adds up what a statement will cost: PostgreSQL's cost units for what PostgreSQL plans (leaves, edge, its own
 *    plan), rows for what is sent, the worker's estimate for the engine. See plan_cost.h; the numbers are in
 *    schemas/tables/costs.json.
 */
#include "postgres.h"

#include "fusion_costs.h"
#include "plan_cost.h"

double
fusion_postgres_ns(const PlannedStmt *planned)
{
	return planned->planTree->total_cost * FUSION_COST_POSTGRESUNIT;
}

bool
fusion_is_short(double postgres_ns)
{
	return postgres_ns < FUSION_COST_START;
}

/* Producers share the scan; the leader's own share ends last. */
static double
leaf_ns(const Plan *leaf, const FusionLeafPath *path, int columns)
{
	double		values = leaf->plan_rows * columns * FUSION_COST_SENTVALUE;

	if (!path->heap)
		return leaf->total_cost * FUSION_COST_POSTGRESUNIT + leaf->plan_rows * FUSION_COST_SENTROW + values;
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
