/*
 * placeholder.c
 *    Lets PostgreSQL plan the edge as if the engine's result were a table. The entry is of the kind used
 *    for transition tables: it has columns, statistics and no relation behind it; the stock path over it is
 *    dropped before anyone sees it.
 */
#include "postgres.h"

#include "custom_scan.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "placeholder.h"

/* Seen by EXPLAIN as the qualifier of engine columns. */
#define PLACEHOLDER_NAME "fusion"

static FusionPlaceholder *current = NULL;
static set_rel_pathlist_hook_type next_pathlist_hook = NULL;

RangeTblEntry *
fusion_placeholder_entry(double rows)
{
	RangeTblEntry *entry = makeNode(RangeTblEntry);

	entry->rtekind = RTE_NAMEDTUPLESTORE;
	entry->enrname = pstrdup(PLACEHOLDER_NAME);
	entry->enrtuples = clamp_row_est(rows);
	entry->eref = makeAlias(PLACEHOLDER_NAME, NIL);
	entry->inFromCl = true;
	return entry;
}

void
fusion_placeholder_add_column(RangeTblEntry *entry, const char *name, Oid type, int32 typmod, Oid collation)
{
	entry->eref->colnames = lappend(entry->eref->colnames, makeString(pstrdup(name)));
	entry->coltypes = lappend_oid(entry->coltypes, type);
	entry->coltypmods = lappend_int(entry->coltypmods, typmod);
	entry->colcollations = lappend_oid(entry->colcollations, collation);
}

/* Every column of the placeholder, as the scan's own row type. */
static List *
scan_columns(const RangeTblEntry *entry, Index range_index)
{
	List	   *columns = NIL;

	for (int i = 0; i < list_length(entry->coltypes); i++)
	{
		Var		   *variable = makeVar(range_index, (AttrNumber) (i + 1), list_nth_oid(entry->coltypes, i),
									   list_nth_int(entry->coltypmods, i), list_nth_oid(entry->colcollations, i), 0);

		columns = lappend(columns, makeTargetEntry((Expr *) variable, (AttrNumber) (i + 1),
												   pstrdup(strVal(list_nth(entry->eref->colnames, i))), false));
	}
	return columns;
}

/*
 * Makes the plan node. Leaf plans and private data are attached when planning is over: given here,
 * PostgreSQL would process the finished leaf plans a second time.
 */
static Plan *
plan_custom_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *plans)
{
	CustomScan *scan = makeNode(CustomScan);

	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = extract_actual_clauses(clauses, false);
	/* No relation is opened: the scan reads the engine. */
	scan->scan.scanrelid = 0;
	scan->flags = path->flags;
	scan->custom_scan_tlist = scan_columns(planner_rt_fetch(rel->relid, root), rel->relid);
	scan->custom_relids = bms_make_singleton(rel->relid);
	scan->methods = &fusion_scan_methods;
	if (current != NULL)
		current->scan = scan;
	return &scan->scan.plan;
}

static const CustomPathMethods path_methods = {
	.CustomName = FUSION_SCAN_NAME,
	.PlanCustomPath = plan_custom_path
};

static bool
is_placeholder(const PlannerInfo *root, Index range_index, const RangeTblEntry *rte)
{
	return current != NULL && root->parent_root == NULL && range_index == current->range_index &&
		rte->rtekind == RTE_NAMEDTUPLESTORE && strcmp(rte->enrname, PLACEHOLDER_NAME) == 0;
}

static void
set_placeholder_path(PlannerInfo *root, RelOptInfo *rel, Index range_index, RangeTblEntry *rte)
{
	CustomPath *path;

	if (next_pathlist_hook != NULL)
		next_pathlist_hook(root, rel, range_index, rte);
	if (!is_placeholder(root, range_index, rte))
		return;

	path = makeNode(CustomPath);
	path->path.pathtype = T_CustomScan;
	path->path.parent = rel;
	path->path.pathtarget = rel->reltarget;
	path->path.parallel_safe = false;
	path->path.rows = rel->rows;
	path->path.startup_cost = current->startup_cost;
	path->path.total_cost = current->startup_cost + cpu_tuple_cost * rel->tuples +
		(rel->baserestrictcost.startup + rel->baserestrictcost.per_tuple * rel->tuples);
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->methods = &path_methods;
	rel->pathlist = NIL;
	rel->partial_pathlist = NIL;
	add_path(rel, &path->path);
}

FusionPlaceholder *
fusion_placeholder_push(FusionPlaceholder *placeholder)
{
	FusionPlaceholder *before = current;

	current = placeholder;
	return before;
}

void
fusion_placeholder_pop(FusionPlaceholder *before)
{
	current = before;
}

void
fusion_placeholder_init(void)
{
	next_pathlist_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = set_placeholder_path;
	fusion_scan_register();
}
