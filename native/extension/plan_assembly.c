/*
 * plan_assembly.c
 *    Gathers planner runs into one plan; see plan_assembly.h for the layout of its range table.
 *
 * The range table matters beyond the scans: a cached plan takes its locks through it, the executor checks
 * permissions on it, and invalidation is derived from it. So it holds every relation of the statement, also
 * those of views that vanished.
 */
#include "postgres.h"

#include "jit/jit.h"
#include "nodes/nodeFuncs.h"
#if PG_VERSION_NUM >= 160000
#include "parser/parse_relation.h"
#endif
#include "plan_assembly.h"
#include "plan_pruning.h"

/* ---- permission entries ---- */

typedef struct PermissionWalk
{
	FusionAssembly *assembly;
	List	   *permissions;	/* of the query level being walked; 16 and newer */
} PermissionWalk;

static bool
carries_permissions(const RangeTblEntry *rte)
{
#if PG_VERSION_NUM >= 160000
	/* A view's own check sits on the subquery it was replaced by. */
	return (rte->rtekind == RTE_RELATION || rte->rtekind == RTE_SUBQUERY) && OidIsValid(rte->relid);
#else
	return rte->rtekind == RTE_RELATION;
#endif
}

static void
add_permission_entry(PermissionWalk *walk, const RangeTblEntry *rte)
{
	FusionAssembly *assembly = walk->assembly;
	RangeTblEntry *entry = makeNode(RangeTblEntry);

	memcpy(entry, rte, sizeof(RangeTblEntry));
	entry->rtekind = RTE_RELATION;
	/* Never scanned: quals are the leaf's business, and children are expanded there. */
	entry->subquery = NULL;
	entry->securityQuals = NIL;
	entry->tablesample = NULL;
	entry->inh = false;
	entry = copyObject(entry);
#if PG_VERSION_NUM >= 160000
	entry->perminfoindex = 0;
	if (rte->perminfoindex > 0)
		(void) addRTEPermissionInfo(&assembly->permissions, entry);
	if (rte->perminfoindex > 0)
	{
		RTEPermissionInfo *from = list_nth_node(RTEPermissionInfo, walk->permissions, rte->perminfoindex - 1);
		RTEPermissionInfo *to = list_nth_node(RTEPermissionInfo, assembly->permissions, entry->perminfoindex - 1);

		memcpy(to, copyObject(from), sizeof(RTEPermissionInfo));
	}
#endif
	assembly->range_table = lappend(assembly->range_table, entry);
}

static bool
permission_walker(Node *node, PermissionWalk *walk)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		/* The tree walker goes on into the entry's subquery and policies by itself. */
		if (carries_permissions((RangeTblEntry *) node))
			add_permission_entry(walk, (RangeTblEntry *) node);
		return false;
	}
	if (IsA(node, Query))
	{
		PermissionWalk inner = {walk->assembly, NIL};

#if PG_VERSION_NUM >= 160000
		inner.permissions = ((Query *) node)->rteperminfos;
#endif
		return query_tree_walker((Query *) node, permission_walker, &inner, QTW_EXAMINE_RTES_BEFORE);
	}
	return expression_tree_walker(node, permission_walker, walk);
}

FusionAssembly *
fusion_assembly_start(const FusionQueryText *text, const char *query_string, int cursor_options,
					  ParamListInfo bound_params)
{
	FusionAssembly *assembly = palloc0(sizeof(FusionAssembly));
	PermissionWalk walk = {assembly, NIL};

	assembly->query_string = query_string;
	assembly->cursor_options = cursor_options;
	assembly->bound_params = bound_params;
	assembly->inval_items = list_copy(text->inval_items);
	assembly->relation_oids = list_copy(text->relation_oids);
	(void) permission_walker((Node *) text->query, &walk);
	return assembly;
}

/* ---- planner runs ---- */

void
fusion_assembly_pad(const FusionAssembly *assembly, Query *query)
{
	/* Entries that no run refers to: each finished plan has copies of its own, so the runs may share them. */
	query->rtable = list_concat(list_copy(assembly->range_table), query->rtable);
#if PG_VERSION_NUM >= 160000
	{
		int			shift = list_length(assembly->permissions);
		ListCell   *cell;

		for_each_from(cell, query->rtable, list_length(assembly->range_table))
		{
			RangeTblEntry *rte = lfirst_node(RangeTblEntry, cell);

			if (rte->perminfoindex > 0)
				rte->perminfoindex += shift;
		}
		query->rteperminfos = list_concat(list_copy(assembly->permissions), query->rteperminfos);
	}
#endif
}

bool
fusion_runs_alone(const PlannedStmt *leaf)
{
	return leaf->subplans != NIL || leaf->paramExecTypes != NIL;
}

/*
 * Later runs see the entry unreferenced; by an outer join's they would conclude that their own FROM has one.
 */
static void
forget_joins(List *range_table)
{
	ListCell   *cell;

	foreach(cell, range_table)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, cell);

		if (rte->rtekind == RTE_JOIN)
			rte->jointype = JOIN_INNER;
	}
}

/* What every leaf adds, wherever it runs. */
static void
add_dependencies(FusionAssembly *assembly, const PlannedStmt *leaf)
{
	assembly->leaf_count++;
	assembly->leaf_rows += leaf->planTree->plan_rows;
	assembly->leaf_cost += leaf->planTree->total_cost;
	assembly->inval_items = list_concat(assembly->inval_items, leaf->invalItems);
	assembly->relation_oids = list_concat_unique_oid(assembly->relation_oids, leaf->relationOids);
	assembly->depends_on_role |= leaf->dependsOnRole;
	assembly->transient |= leaf->transientPlan;
}

/* A leaf's list of prunings comes behind those of the leaves before. One that runs alone keeps its own. */
static void
add_prunings(FusionAssembly *assembly, PlannedStmt *leaf)
{
#if PG_VERSION_NUM >= 180000
	if (!fusion_runs_alone(leaf))
	{
		fusion_shift_prunings(leaf->planTree, list_length(assembly->partition_prunings));
		assembly->partition_prunings = list_concat(assembly->partition_prunings, leaf->partPruneInfos);
	}
	assembly->unprunable = bms_add_members(assembly->unprunable, leaf->unprunableRelids);
#endif
}

void
fusion_assembly_add_leaf(FusionAssembly *assembly, PlannedStmt *leaf)
{
	add_prunings(assembly, leaf);
	leaf->jitFlags = PGJIT_NONE;
	forget_joins(leaf->rtable);
	assembly->range_table = leaf->rtable;
#if PG_VERSION_NUM >= 160000
	assembly->permissions = leaf->permInfos;
#endif
	if (!fusion_runs_alone(leaf))
		assembly->leaf_plans = lappend(assembly->leaf_plans, leaf->planTree);
	assembly->append_relations = list_concat(assembly->append_relations, leaf->appendRelations);
	add_dependencies(assembly, leaf);
}

void
fusion_assembly_add_nested(FusionAssembly *assembly, PlannedStmt *leaf)
{
	ListCell   *cell;

	leaf->jitFlags = PGJIT_NONE;
	assembly->parallel_inside |= leaf->parallelModeNeeded;
	foreach(cell, leaf->rtable)
	{
		RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);

		if (entry->rtekind != RTE_RELATION)
			continue;
		/* For the lock alone. */
		entry = copyObject(entry);
#if PG_VERSION_NUM >= 160000
		entry->perminfoindex = 0;
#else
		entry->requiredPerms = 0;
#endif
		entry->inh = false;
		assembly->range_table = lappend(assembly->range_table, entry);
	}
	add_dependencies(assembly, leaf);
}

void
fusion_assembly_finish(const FusionAssembly *assembly, PlannedStmt *edge)
{
#if PG_VERSION_NUM >= 180000
	const ListCell *cell;
#endif

	edge->appendRelations = list_concat(list_copy(assembly->append_relations), edge->appendRelations);
	edge->invalItems = list_concat(list_copy(assembly->inval_items), edge->invalItems);
	edge->relationOids = list_concat_unique_oid(edge->relationOids, assembly->relation_oids);
	edge->dependsOnRole |= assembly->depends_on_role;
	edge->transientPlan |= assembly->transient;
	edge->parallelModeNeeded = false;

	/* The costs above are the leaves'; compiling the few expressions of an edge would never pay. */
	edge->jitFlags = PGJIT_NONE;
#if PG_VERSION_NUM >= 180000
	/* The edge's subqueries have theirs, numbered before it was known how the leaves' go on. */
	foreach(cell, assembly->leaf_plans)
		fusion_shift_prunings(lfirst(cell), list_length(edge->partPruneInfos));
	edge->partPruneInfos = list_concat(edge->partPruneInfos, assembly->partition_prunings);
	edge->unprunableRelids = bms_add_members(edge->unprunableRelids, assembly->unprunable);
#endif
}
