/*
 * leaf_plan.c
 *    Builds and plans leaves. The worker says which nodes of the query a leaf evaluates; the nodes, the
 *    range table entry with its row security, and the choice of access path are PostgreSQL's own. See
 *    plan_assembly.h for where the plans go.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "leaf_plan.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "node_check.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "page_column.h"
#include "parallel_plan.h"
#include "producer.h"
#include "rewrite/rewriteManip.h"
#include "settings.h"
#include "utils/lsyscache.h"

/* PostgreSQL's own limit on a target list; a page's column table is sized by it too. */
#define LEAF_COLUMNS_MAX MaxTupleAttributeNumber

typedef struct LeafSource
{
	const FusionQueryText *text;
	const Query *owner;
	const FusionLeafAnswer *answer;
	uint32		number;
} LeafSource;

/*
 * A column of the leaf may be known to the statement only by a variable in a subquery further in: it is then
 * written for the level it belongs to. Expressions stay where they stand.
 */
static Node *
at_own_level(const LeafSource *source, uint32 id, Node *node, uint32 *owner)
{
	*owner = fusion_span_at(source->text, id)->owner;
	if (!IsA(node, Var))
		return node;
	for (Index level = ((Var *) node)->varlevelsup; level > 0 && *owner != 0; level--)
	{
		*owner = fusion_span_at(source->text, *owner)->owner;
		((Var *) node)->varlevelsup--;
	}
#if PG_VERSION_NUM >= 160000
	/* Outer joins above the scan have not happened to its columns. */
	((Var *) node)->varnullingrels = NULL;
#endif
	return node;
}

/* The named expression, checked to be one that a scan of this leaf's relation can evaluate. */
static Node *
leaf_expression(const LeafSource *source, uint32 id)
{
	uint32		owner;
	Node	   *node = at_own_level(source, id, fusion_node_at(source->text, id), &owner);
	const char *problem = fusion_leaf_expression_problem(node, source->answer->range_index);

	if (owner != source->answer->query_node)
		problem = "it belongs to another query level";
	if (problem != NULL)
		fusion_answer_invalid("Scan %u cannot evaluate node %u: %s.", source->number, id, problem);
	return node;
}

static Node *
leaf_condition(const LeafSource *source, uint32 id)
{
	Node	   *node = leaf_expression(source, id);

	if (exprType(node) != BOOLOID)
		fusion_answer_invalid("Scan %u: node %u is not a condition.", source->number, id);
	return node;
}

/*
 * CASE WHEN guard THEN value END: the value is not evaluated for rows that the guard (an aggregate's
 * FILTER) leaves out.
 */
static Node *
guarded(Node *guard, Node *value)
{
	CaseExpr   *result = makeNode(CaseExpr);
	CaseWhen   *branch = makeNode(CaseWhen);

	branch->expr = (Expr *) guard;
	branch->result = (Expr *) value;
	branch->location = -1;
	result->casetype = exprType(value);
	result->casecollid = exprCollation(value);
	result->args = list_make1(branch);
	result->defresult = (Expr *) makeNullConst(exprType(value), exprTypmod(value), exprCollation(value));
	result->location = -1;
	return (Node *) result;
}

static const Query *
owning_query(const FusionQueryText *text, uint32 query_node)
{
	if (query_node == 0)
		return text->query;
	if (!fusion_span_is(text, query_node, "QUERY"))
		fusion_answer_invalid("Node %u is not a query.", query_node);
	return castNode(Query, fusion_node_at(text, query_node));
}

static RangeTblEntry *
leaf_entry(const LeafSource *source, Query *leaf)
{
	uint32		index = source->answer->range_index;
	RangeTblEntry *rte;

	if (index == 0 || index > list_length(source->owner->rtable))
		fusion_answer_invalid("Scan %u names range table entry %u, which does not exist.", source->number, index);
	rte = copyObject(list_nth_node(RangeTblEntry, source->owner->rtable, index - 1));
	if (rte->rtekind != RTE_RELATION || rte->tablesample != NULL)
		fusion_answer_invalid("Scan %u names range table entry %u, which is not a plain relation.", source->number,
							  index);

	/* The permission entry at the front of the range table is checked; once is enough. */
#if PG_VERSION_NUM >= 160000
	if (rte->perminfoindex > 0)
	{
		RTEPermissionInfo *info = copyObject(list_nth_node(RTEPermissionInfo, source->owner->rteperminfos,
														   rte->perminfoindex - 1));

		info->requiredPerms = 0;
		leaf->rteperminfos = list_make1(info);
		rte->perminfoindex = 1;
	}
#else
	rte->requiredPerms = 0;
#endif
	return rte;
}

/* One output column: its target entry in `leaf` and its page column in `column`. */
static void
add_leaf_column(const LeafSource *source, uint32 index, Query *leaf, FusionColumn *column)
{
	FusionLeafColumnAnswer wanted;
	Node	   *value;
	const char *problem;

	fusion_leaf_column(source->answer, index, &wanted);
	value = leaf_expression(source, wanted.node);
	/* The guard leaves type, typmod and collation as they are; it only adds NULLs. */
	problem = fusion_page_column(exprType(value), exprTypmod(value), exprCollation(value), wanted.encoding,
								 wanted.scale, column);
	if (problem != NULL)
		fusion_answer_invalid("Column %u of scan %u: %s (type %u).", index, source->number, problem, exprType(value));
	if (wanted.guard_node != 0)
		value = guarded(leaf_condition(source, wanted.guard_node), value);
	leaf->targetList = lappend(leaf->targetList,
							   makeTargetEntry((Expr *) value, (AttrNumber) (index + 1),
											   psprintf("c%u", index + 1), false));
}

/* The leaf with a range table of one entry, its variables numbered 1. */
static Query *
leaf_query(const LeafSource *source, FusionPageSchema *schema)
{
	Query	   *leaf = makeNode(Query);
	RangeTblEntry *rte = leaf_entry(source, leaf);
	RangeTblRef *from = makeNode(RangeTblRef);
	List	   *quals = NIL;

	from->rtindex = source->answer->range_index;
	for (uint32 i = 0; i < source->answer->qual_count; i++)
		quals = lappend(quals, leaf_condition(source, source->answer->qual_nodes[i]));
	schema->column_count = source->answer->column_count;
	schema->columns = palloc0(sizeof(FusionColumn) * (schema->column_count + 1));
	for (int i = 0; i < schema->column_count; i++)
		add_leaf_column(source, i, leaf, &schema->columns[i]);
	schema->fingerprint = fusion_page_schema_fingerprint(schema);

	leaf->commandType = CMD_SELECT;
	leaf->canSetTag = true;
	leaf->rtable = list_make1(rte);
	leaf->jointree = makeFromExpr(list_make1(from), quals == NIL ? NULL : (Node *) make_ands_explicit(quals));
	/* Makes the plan depend on the role, as the statement's own would. */
	leaf->hasRowSecurity = source->owner->hasRowSecurity;
	leaf->hasSubLinks = checkExprHasSubLink((Node *) rte->securityQuals);
	if (source->answer->range_index != 1)
		ChangeVarNodes((Node *) leaf, source->answer->range_index, 1, 0);
	return leaf;
}

/* What EXPLAIN prints as the scan's SQL: policies belong to it but are not printed where they stand. */
static Query *
displayed_query(const Query *leaf)
{
	Query	   *shown = copyObject(unconstify(Query *, leaf));
	RangeTblEntry *rte = linitial_node(RangeTblEntry, shown->rtable);
	List	   *quals = rte->securityQuals;

	rte->securityQuals = NIL;
	if (shown->jointree->quals != NULL)
		quals = lappend(quals, shown->jointree->quals);
	shown->jointree->quals = quals == NIL ? NULL : (Node *) make_ands_explicit(quals);
	return shown;
}

static void
choose_path(const Plan *plan, const List *range_table, FusionLeafPath *path)
{
	path->reason = NULL;
	if (!fusion_setting_heap_scan)
		path->reason = "pg_fusion.heap_scan is off";
	path->heap = fusion_setting_heap_scan && fusion_producer_heap_eligible(plan, range_table, &path->reason);
	fusion_parallel_judge_leaf(plan, range_table, path);
}

static bool
plan_leaf(const LeafSource *source, FusionAssembly *assembly, FusionScanPlan *scan, FusionRefusal *refusal)
{
	Query	   *leaf = leaf_query(source, &scan->leaves[source->number]);
	PlannedStmt *planned;
	const char *refused;
	int			shift = list_length(assembly->range_table);

	scan->leaf_queries = lappend(scan->leaf_queries, displayed_query(leaf));
	if (shift > 0)
		ChangeVarNodes((Node *) leaf, 1, shift + 1, 0);
	fusion_assembly_pad(assembly, leaf);

	/* No parallel plan and no cursor options: producers run this very plan, each over its own share of the blocks. */
	planned = standard_planner(leaf, assembly->query_string, 0, assembly->bound_params);
	refused = fusion_assembly_add_leaf(assembly, planned);
	if (refused != NULL)
		return fusion_refuse(refusal, refused, NULL, -1);
	choose_path(planned->planTree, planned->rtable, &scan->leaf_paths[source->number]);
	return true;
}

bool
fusion_plan_leaves(const FusionQueryText *text, const FusionPlanReady *answer, FusionAssembly *assembly,
				   FusionScanPlan *scan, FusionRefusal *refusal)
{
	scan->leaf_count = (int) answer->leaf_count;
	scan->leaves = palloc0(sizeof(FusionPageSchema) * (answer->leaf_count + 1));
	scan->leaf_paths = palloc0(sizeof(FusionLeafPath) * (answer->leaf_count + 1));
	for (uint32 i = 0; i < answer->leaf_count; i++)
	{
		FusionLeafAnswer leaf;
		LeafSource	source = {text, NULL, &leaf, i};

		fusion_plan_ready_leaf(answer, i, &leaf);
		if (leaf.column_count > LEAF_COLUMNS_MAX)
			fusion_answer_invalid("Scan %u has %u columns.", i, leaf.column_count);
		source.owner = owning_query(text, leaf.query_node);
		if (!plan_leaf(&source, assembly, scan, refusal))
			return false;
	}
	return true;
}
