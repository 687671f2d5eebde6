/*
 * leaf_plan.c
 *    Builds and plans leaves. The worker says which nodes of the query a leaf evaluates; the nodes, the
 *    range table entry with its row security, and the choice of access path are PostgreSQL's own. See
 *    plan_assembly.h for where the plans go.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "collation_order.h"
#include "leaf_plan.h"
#include "nested_leaf.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "node_check.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "fusion_costs.h"
#include "fusion_encodings.h"
#include "page_column.h"
#include "parallel_plan.h"
#include "producer.h"
#include "query_leaf.h"
#include "refusal.h"
#include "rewrite/rewriteManip.h"
#include "runtime_filter.h"
#include "sequential_choice.h"
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
	bool		any_order;		/* nobody sees in which order its rows come */
	const char *leader_only_inside; /* why scans below a leaf of pg_fusion's own have no workers */
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
	/* The columns of a set operation stand for those of each of its queries. */
	if (source->owner->setOperations != NULL && source->answer->range_index > 0)
		((Var *) node)->varno = (int) source->answer->range_index;
	for (Index level = ((Var *) node)->varlevelsup; level > 0 && *owner != 0; level--)
	{
		*owner = fusion_span_at(source->text, *owner)->owner;
		((Var *) node)->varlevelsup--;
	}
	return node;
}

/* Outer joins above the scan of one FROM item have not happened to its columns; those within all of FROM have. */
static Node *
below_outer_joins(const LeafSource *source, Node *node)
{
#if PG_VERSION_NUM >= 160000
	if (source->answer->range_index > 0)
	{
		Bitmapset  *all = bms_add_range(NULL, 1, list_length(source->owner->rtable));

		return remove_nulling_relids(node, all, NULL);
	}
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
	return below_outer_joins(source, node);
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

/*
 * The page writer makes keys of what the column's values are to the plan: bytes, which no node looks at, so that the
 * column counts as computed and rows go one by one.
 */
static Node *
order_key(const LeafSource *source, Oid collation, Node *value, FusionColumn *column)
{
	if (!fusion_makes_order_keys(collation) || column->encoding != FUSION_ENCODING_TEXT)
		fusion_answer_invalid("Scan %u cannot make keys under collation %u.", source->number, collation);
	column->order_key = collation;
	return (Node *) makeRelabelType((Expr *) value, BYTEAOID, -1, InvalidOid, COERCE_IMPLICIT_CAST);
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
	if (wanted.order_key != 0)
		value = order_key(source, wanted.order_key, value, column);
	leaf->targetList = lappend(leaf->targetList,
							   makeTargetEntry((Expr *) value, (AttrNumber) (index + 1),
											   psprintf("c%u", index + 1), false));
}

/* The leaf, its variables numbered from 1 on. */
static Query *
leaf_query(const LeafSource *source, FusionPageSchema *schema)
{
	const FusionLeafAnswer *answer = source->answer;
	Query	   *leaf = fusion_leaf_skeleton(source->text, answer->query_node, source->owner, answer->range_index,
											source->number);
	List	   *quals = NIL;

	if (leaf->jointree->quals != NULL)
		quals = list_make1(leaf->jointree->quals);
	for (uint32 i = 0; i < answer->qual_count; i++)
		quals = lappend(quals, leaf_condition(source, answer->qual_nodes[i]));
	leaf->jointree->quals = quals == NIL ? NULL : (Node *) make_ands_explicit(quals);
	schema->column_count = answer->column_count;
	schema->columns = palloc0(sizeof(FusionColumn) * (schema->column_count + 1));
	for (int i = 0; i < schema->column_count; i++)
		add_leaf_column(source, i, leaf, &schema->columns[i]);
	schema->fingerprint = fusion_page_schema_fingerprint(schema);
	if (answer->range_index > 1)
		ChangeVarNodes((Node *) leaf, answer->range_index, 1, 0);
	fusion_leaf_complete(source->text, answer->query_node,
						 answer->range_index == 0 && source->owner->setOperations != NULL, leaf, source->number);
	return leaf;
}

/* Texts under the collation whose order their keys have, in place of the keys. */
static void
display_order_keys(List *target_list, const FusionPageSchema *schema)
{
	ListCell   *cell;

	foreach(cell, target_list)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);
		CollateExpr *text = makeNode(CollateExpr);

		if (schema->columns[entry->resno - 1].order_key == 0)
			continue;
		text->arg = castNode(RelabelType, entry->expr)->arg;
		text->collOid = schema->columns[entry->resno - 1].order_key;
		text->location = -1;
		entry->expr = (Expr *) text;
	}
}

/*
 * What EXPLAIN prints as the scan's SQL: policies belong to it but are not printed where they stand, nor is how keys of
 * texts are made.
 */
static Query *
displayed_query(const Query *leaf, const FusionPageSchema *schema)
{
	Query	   *shown = copyObject(unconstify(Query *, leaf));
	RangeTblEntry *rte;
	List	   *quals;

	display_order_keys(shown->targetList, schema);

	/* Of a whole FROM, each entry's policies would have to go to its own join. */
	if (list_length(shown->rtable) != 1)
		return shown;
	rte = linitial_node(RangeTblEntry, shown->rtable);
	quals = rte->securityQuals;
	rte->securityQuals = NIL;
	if (shown->jointree->quals != NULL)
		quals = lappend(quals, shown->jointree->quals);
	shown->jointree->quals = quals == NIL ? NULL : (Node *) make_ands_explicit(quals);
	return shown;
}

static void
choose_path(const PlannedStmt *planned, FusionLeafPath *path)
{
	path->reason = NULL;
	if (!fusion_setting_heap_scan)
		path->reason = "pg_fusion.heap_scan is off";
	if (fusion_runs_alone(planned))
		path->reason = "statement of its own";
	path->heap = path->reason == NULL &&
		fusion_producer_heap_eligible(planned, &path->reason);
}

/* The time that keys of texts take. */
static double
keys_ns(const FusionPageSchema *schema, double rows)
{
	int			count = 0;

	for (int i = 0; i < schema->column_count; i++)
		count += schema->columns[i].order_key != 0;
	return count * rows * FUSION_COST_ORDERKEY;
}

/* Workers of scans below a leaf of pg_fusion's own would run in this statement's parallel mode. */
static const char *
leader_only_inside(const FusionQueryText *text, bool any_order, const FusionAssembly *assembly)
{
	if (!any_order)
		return "the order of its rows may show";
	return assembly->leader_only != NULL ? assembly->leader_only :
		fusion_parallel_problem(text->query, assembly->cursor_options);
}

static void
plan_leaf(const LeafSource *source, FusionAssembly *assembly, FusionScanPlan *scan)
{
	Query	   *leaf = leaf_query(source, &scan->leaves[source->number]);
	Query	   *again = NULL;
	PlannedStmt *planned;
	PlannedStmt *sequential = NULL;
	FusionLeafPath *path = &scan->leaf_paths[source->number];
	int			shift = list_length(assembly->range_table);

	scan->leaf_queries = lappend(scan->leaf_queries, displayed_query(leaf, &scan->leaves[source->number]));
	planned = fusion_plan_nested_leaf(leaf, assembly, source->leader_only_inside);
	if (planned != NULL)
	{
		fusion_assembly_add_nested(assembly, planned);
		scan->leaf_statements = lappend(scan->leaf_statements, planned);
		path->reason = "pg_fusion inside";
		path->leader_only = "executor path";
		path->rows_read = planned->planTree->plan_rows;
		path->key_ns = keys_ns(&scan->leaves[source->number], path->rows_read);
		return;
	}
	if (shift > 0)
		OffsetVarNodes((Node *) leaf, shift, 0);
	if (source->any_order && fusion_setting_heap_scan)
	{
		again = copyObject(leaf);
		fusion_assembly_pad(assembly, again);
	}
	fusion_assembly_pad(assembly, leaf);

	/* No parallel plan and no cursor options: producers run this very plan, each over its own share of the blocks. */
	planned = standard_planner(leaf, assembly->query_string, 0, assembly->bound_params);
	if (again != NULL)
		sequential = fusion_plan_sequentially(again, planned, assembly->query_string, assembly->bound_params,
											  &path->reason);
	if (sequential != NULL)
	{
		planned = sequential;
		path->heap = true;
	}
	else
		choose_path(planned, path);
	fusion_assembly_add_leaf(assembly, planned);
	scan->leaf_statements = lappend(scan->leaf_statements, fusion_runs_alone(planned) ? planned : NULL);
	path->key_ns = keys_ns(&scan->leaves[source->number], planned->planTree->plan_rows);
	fusion_parallel_judge_leaf(planned->planTree, planned->rtable, path);
}

/* Whether values of this encoding can be compared so. */
static bool
filter_kind_fits(uint8 encoding, uint16 kind)
{
	switch ((FusionEncoding) encoding)
	{
		case FUSION_ENCODING_BOOL8:
		case FUSION_ENCODING_INT16:
		case FUSION_ENCODING_INT32:
		case FUSION_ENCODING_INT64:
		case FUSION_ENCODING_FLOAT32:
		case FUSION_ENCODING_FLOAT64:
			return kind == FUSION_FILTER_KEY_WORD;
		case FUSION_ENCODING_DECIMAL64:
			return kind == FUSION_FILTER_KEY_WORD || kind == FUSION_FILTER_KEY_PAIR;
		case FUSION_ENCODING_DECIMAL128:
			return kind == FUSION_FILTER_KEY_PAIR;
		case FUSION_ENCODING_TEXT:
		case FUSION_ENCODING_TEXT4:
		case FUSION_ENCODING_TEXT8:
		case FUSION_ENCODING_DATUM:
			return kind == FUSION_FILTER_KEY_BYTES;
		default:
			return false;
	}
}

static void
take_filters(const LeafSource *source, FusionScanPlan *scan)
{
	const FusionPageSchema *schema = &scan->leaves[source->number];
	FusionLeafFilters *filters = &scan->leaf_filters[source->number];

	if (source->answer->filter_count > FUSION_LEAF_FILTERS_MAX)
		fusion_answer_invalid("Scan %u has %u runtime filters.", source->number, source->answer->filter_count);
	filters->count = (int32) source->answer->filter_count;
	for (int i = 0; i < filters->count; i++)
	{
		FusionLeafFilter *filter = &filters->filters[i];
		FusionLeafFilterAnswer answer;

		fusion_leaf_filter(source->answer, i, &answer);
		if (answer.key_count == 0 || answer.key_count > FUSION_LEAF_FILTER_KEYS_MAX)
			fusion_answer_invalid("Runtime filter %u has %u keys.", answer.number, answer.key_count);
		filter->number = answer.number;
		filter->key_count = (uint16) answer.key_count;
		for (int k = 0; k < filter->key_count; k++)
		{
			FusionFilterKeyAnswer key;

			fusion_filter_key(&answer, k, &key);
			if (key.column >= schema->column_count || schema->columns[key.column].order_key != 0 ||
				!filter_kind_fits(schema->columns[key.column].encoding, key.kind))
				fusion_answer_invalid("Runtime filter %u has no such key.", answer.number);
			filter->keys[k] = (FusionFilterColumn) {.column = key.column, .kind = key.kind};
		}
	}
}

void
fusion_plan_leaves(const FusionQueryText *text, const FusionPlanReady *answer, FusionAssembly *assembly,
				   FusionScanPlan *scan)
{
	bool		any_order = !answer->order_matters &&
		(answer->did_aggregate || answer->did_distinct || answer->did_window || answer->leaf_count > 1);
	const char *inside = leader_only_inside(text, any_order, assembly);

	scan->leaf_count = (int) answer->leaf_count;
	scan->leaves = palloc0(sizeof(FusionPageSchema) * (answer->leaf_count + 1));
	scan->leaf_paths = palloc0(sizeof(FusionLeafPath) * (answer->leaf_count + 1));
	scan->leaf_filters = palloc0(sizeof(FusionLeafFilters) * (answer->leaf_count + 1));
	for (uint32 i = 0; i < answer->leaf_count; i++)
	{
		FusionLeafAnswer leaf;
		LeafSource	source = {
			.text = text,
			.answer = &leaf,
			.number = i,
			.any_order = any_order,
			.leader_only_inside = inside
		};

		fusion_plan_ready_leaf(answer, i, &leaf);
		if (leaf.column_count > LEAF_COLUMNS_MAX)
			fusion_answer_invalid("Scan %u has %u columns.", i, leaf.column_count);
		source.owner = fusion_query_at(text, leaf.query_node);
		plan_leaf(&source, assembly, scan);
		take_filters(&source, scan);
		scan->leaf_paths[i].passed = leaf.passed;
	}
}
