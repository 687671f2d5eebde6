/*
 * eligible.c
 *    Whether the batch heap path gives exactly what PostgreSQL's own scan node would, decided from plan and
 *    catalogue; each refusal has a reason for EXPLAIN. A leaf that is refused here takes the executor path,
 *    which can do everything.
 */
#include "postgres.h"

#include "producer.h"

#include "access/heapam.h"
#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "plan_pruning.h"
#include "utils/rel.h"

static const char *
node_reason(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_IndexScan:
		case T_IndexOnlyScan:
			return "index scan";
		case T_BitmapHeapScan:
			return "bitmap scan";
		case T_TidScan:
		case T_TidRangeScan:
			return "scan by row identifier";
		case T_SampleScan:
			return "sampled table";
		case T_ForeignScan:
			return "foreign table";
		case T_Append:
		case T_MergeAppend:
			return "partitions or inheritance children";
		case T_Result:
			return "no scan in the plan";
		default:
			return "not a sequential scan";
	}
}

static bool
contains_subplan(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubPlan) || IsA(node, AlternativeSubPlan))
		return true;
	return expression_tree_walker(node, contains_subplan, context);
}

/* What is more than columns is evaluated row by row, perhaps twice, and perhaps in several processes. */
static const char *
target_list_reason(const List *target_list)
{
	if (contains_subplan((Node *) unconstify(List *, target_list), NULL))
		return "subquery in the target list";
	if (contain_volatile_functions((Node *) unconstify(List *, target_list)))
		return "volatile functions in the target list";
	return NULL;
}

static const char *
relation_reason(Relation relation)
{
	TupleDesc	descriptor = RelationGetDescr(relation);

	if (relation->rd_rel->relkind != RELKIND_RELATION && relation->rd_rel->relkind != RELKIND_MATVIEW)
		return "not a plain table";
	if (relation->rd_tableam != GetHeapamTableAmRoutine())
		return "table access method other than heap";
	if (IsCatalogRelation(relation))
		return "system catalogue";
	for (int i = 0; i < descriptor->natts; i++)
	{
		/* C strings are no column type in practice; the walk knows fixed lengths and varlenas only. */
		if (TupleDescAttr(descriptor, i)->attlen < -1)
			return "column of a pseudo-type";
	}
	return NULL;
}

static const char *
scan_reason(const Plan *plan, const List *rtable)
{
	const Scan *scan = (const Scan *) plan;
	RangeTblEntry *entry;
	Relation	relation;
	const char *reason;

	if (!IsA(plan, SeqScan))
		return node_reason(plan);
	entry = rt_fetch(scan->scanrelid, rtable);
	if (entry->rtekind != RTE_RELATION || entry->tablesample != NULL)
		return "not a plain table";
	if (plan->initPlan != NIL || contains_subplan((Node *) plan->qual, NULL))
		return "subquery in a qual";
	reason = target_list_reason(plan->targetlist);
	if (reason != NULL)
		return reason;

	/* The statement holds a lock on the relation since it was analysed. */
	relation = table_open(entry->relid, NoLock);
	reason = relation_reason(relation);
	table_close(relation, NoLock);
	return reason;
}

static const char *
append_reason(const PlannedStmt *leaf, const Append *append)
{
	const ListCell *cell;

	if (append->plan.initPlan != NIL)
		return "subquery in a qual";
	if (append->nasyncplans > 0)
		return "foreign table";
	/* Which scans run must be known before the first row. */
	if (fusion_prunes_while_running(leaf, append))
		return "partitions chosen while running";
	foreach(cell, append->appendplans)
	{
		const char *reason = scan_reason(lfirst(cell), leaf->rtable);

		if (reason != NULL)
			return reason;
	}
	return NULL;
}

bool
fusion_producer_heap_eligible(const PlannedStmt *leaf, const char **reason)
{
	const Plan *plan = leaf->planTree;

	*reason = IsA(plan, Append) ? append_reason(leaf, (const Append *) plan) : scan_reason(plan, leaf->rtable);
	return *reason == NULL;
}
