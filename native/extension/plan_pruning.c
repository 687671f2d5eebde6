/*
 * plan_pruning.c
 *    Where a plan's partition pruning stands, in every version. See plan_pruning.h; plan_assembly.c joins the lists.
 */
#include "postgres.h"

#include "plan_pruning.h"

static const PartitionPruneInfo *
pruning_of(const PlannedStmt *statement, const Append *append)
{
#if PG_VERSION_NUM >= 180000
	return append->part_prune_index < 0 ? NULL :
		list_nth_node(PartitionPruneInfo, statement->partPruneInfos, append->part_prune_index);
#else
	return append->part_prune_info;
#endif
}

bool
fusion_prunes_while_running(const PlannedStmt *statement, const Append *append)
{
	const PartitionPruneInfo *pruning = pruning_of(statement, append);
	const ListCell *hierarchy;

	if (pruning == NULL)
		return false;
	foreach(hierarchy, pruning->prune_infos)
	{
		const ListCell *cell;

		foreach(cell, lfirst_node(List, hierarchy))
		{
			if (lfirst_node(PartitionedRelPruneInfo, cell)->exec_pruning_steps != NIL)
				return true;
		}
	}
	return false;
}

#if PG_VERSION_NUM >= 180000

static void
shift_all(List *plans, int places)
{
	ListCell   *cell;

	foreach(cell, plans)
		fusion_shift_prunings(lfirst(cell), places);
}

void
fusion_shift_prunings(Plan *plan, int places)
{
	if (plan == NULL || places == 0)
		return;
	if (IsA(plan, Append))
	{
		Append	   *append = (Append *) plan;

		if (append->part_prune_index >= 0)
			append->part_prune_index += places;
		shift_all(append->appendplans, places);
	}
	else if (IsA(plan, MergeAppend))
	{
		MergeAppend *append = (MergeAppend *) plan;

		if (append->part_prune_index >= 0)
			append->part_prune_index += places;
		shift_all(append->mergeplans, places);
	}
	else if (IsA(plan, SubqueryScan))
		fusion_shift_prunings(((SubqueryScan *) plan)->subplan, places);
	else if (IsA(plan, CustomScan))
		shift_all(((CustomScan *) plan)->custom_plans, places);
	fusion_shift_prunings(plan->lefttree, places);
	fusion_shift_prunings(plan->righttree, places);
}

#endif
