/*
 * edge_plan.c
 *    Turns the statement into a query over the engine's result and has PostgreSQL plan it: final
 *    expressions, HAVING, sorting, LIMIT, DISTINCT, window functions come out as PostgreSQL's own nodes.
 *    See placeholder.c for how the scan gets below them.
 */
#include "postgres.h"

#include "edge_expression.h"
#include "edge_plan.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "node_check.h"
#include "optimizer/planner.h"
#include "page_column.h"
#include "parallel_plan.h"
#include "pg_compat.h"
#include "plan_cost.h"
#include "placeholder.h"
#include "query_leaf.h"
#include "refusal.h"
#include "rewrite/rewriteManip.h"

/* A result of more columns could not be a tuple. */
#define OUTPUT_COLUMNS_MAX MaxTupleAttributeNumber

/* The worker knows sizes in steps of nine percent: what differs by less is the same. */
#define SAME_ROWS 0.9

/* The engine's rows; where one leaf is all there is, PostgreSQL's estimate of it bounds them. */
static double
estimated_rows(const FusionPlanReady *answer, const FusionAssembly *assembly)
{
	double		scanned = assembly->leaf_rows;

	if (assembly->leaf_count != 1)
		return answer->rows;
	return answer->rows > 0 && answer->rows < scanned * SAME_ROWS ? answer->rows : scanned;
}

static RangeTblEntry *
output_entry(const FusionPlanReady *answer, const FusionAssembly *assembly, FusionScanPlan *scan)
{
	RangeTblEntry *entry = fusion_placeholder_entry(estimated_rows(answer, assembly));

	if (answer->output_count > OUTPUT_COLUMNS_MAX)
		fusion_answer_invalid("The result has %u columns.", answer->output_count);
	scan->output.column_count = (int) answer->output_count;
	scan->output.columns = palloc0(sizeof(FusionColumn) * (answer->output_count + 1));
	for (uint32 i = 0; i < answer->output_count; i++)
	{
		FusionOutputAnswer output;
		const char *problem;

		fusion_plan_ready_output(answer, i, &output);
		problem = fusion_page_column(output.type, output.typmod, output.collation, output.encoding, output.scale,
									 &scan->output.columns[i]);
		if (problem != NULL)
			fusion_answer_invalid("Result column %u: %s (type %u).", i, problem, output.type);
		fusion_placeholder_add_column(entry, output.name, output.type, output.typmod, output.collation);
	}
	scan->output.fingerprint = fusion_page_schema_fingerprint(&scan->output);
	return entry;
}

/* After the engine grouped, conditions on groups are conditions on rows. */
static Node *
take_over_grouping(Query *edge)
{
	Node	   *condition = edge->havingQual;

	edge->havingQual = NULL;
	edge->groupClause = NIL;
	edge->groupingSets = NIL;
	edge->groupDistinct = false;
	edge->hasAggs = false;
	return condition;
}

static void
take_over_rest(Query *edge, const FusionPlanReady *answer)
{
	if (answer->did_distinct)
	{
		edge->distinctClause = NIL;
		edge->hasDistinctOn = false;
	}
	if (answer->did_window)
	{
		edge->windowClause = NIL;
		edge->hasWindowFuncs = false;
	}
	if (answer->did_sort)
		edge->sortClause = NIL;
	if (answer->did_limit)
	{
		edge->limitOffset = NULL;
		edge->limitCount = NULL;
		edge->limitOption = LIMIT_OPTION_COUNT;
	}
}

/* Conditions on joined rows that the engine does not compute. */
static Node *
edge_conditions(const FusionReplacements *replacements, const FusionPlanReady *answer)
{
	List	   *conditions = NIL;

	if (answer->edge_qual_count > 0 && (answer->did_aggregate || answer->did_distinct))
		fusion_answer_invalid("The answer groups rows that the edge filters.");
	for (uint32 i = 0; i < answer->edge_qual_count; i++)
		conditions = lappend(conditions, fusion_replaced_node(replacements, answer->edge_quals[i]));
	return conditions == NIL ? NULL : (Node *) make_ands_explicit(conditions);
}

/* The statement's query with FROM and everything the engine did taken out. */
static Query *
edge_query(const FusionQueryText *text, const Query *parse, const FusionPlanReady *answer, RangeTblEntry *entry,
		   const FusionAssembly *assembly, Index range_index)
{
	FusionReplacements *replacements = fusion_replacements(text, answer, entry, range_index);
	Query	   *edge = castNode(Query, stringToNode(fusion_replaced_text(replacements)));
	RangeTblRef *from = makeNode(RangeTblRef);
	Node	   *condition;
	const char *problem;

	if (!answer->did_where)
		fusion_answer_invalid("The answer leaves FROM to the edge.");
	if (edge->commandType != CMD_SELECT || edge->rowMarks != NIL)
		fusion_answer_invalid("The statement is of a kind that has no edge.");
	condition = edge_conditions(replacements, answer);
	if (answer->did_aggregate)
		condition = take_over_grouping(edge);
	take_over_rest(edge, answer);

	from->rtindex = range_index;
	/* Set operations belong to FROM: their rows are the engine's. */
	edge->setOperations = NULL;
	edge->jointree = makeFromExpr(list_make1(from), condition);
	problem = fusion_edge_query_problem(edge, range_index, answer->did_aggregate);
	if (problem != NULL)
		fusion_answer_invalid("The answer is not complete: %s.", problem);
	edge->rtable = list_make1(entry);
	fusion_keep_common_tables(edge);
	edge->hasSubLinks = checkExprHasSubLink((Node *) edge);
#if PG_VERSION_NUM >= 160000
	edge->rteperminfos = NIL;
#endif
	fusion_assembly_pad(assembly, edge);

	/* The text does not carry these. */
	edge->queryId = parse->queryId;
	edge->stmt_location = parse->stmt_location;
	edge->stmt_len = parse->stmt_len;
	return edge;
}

/* Why this statement's scans have the leader alone; NULL: they may have workers. */
static const char *
leader_only_reason(const FusionScanPlan *scan, const FusionPlanReady *answer, const Query *parse,
				   const FusionAssembly *assembly, const CustomScan *node)
{
	if (answer->order_matters)
		return "the result depends on the order of rows";
	if (assembly->leader_only != NULL)
		return assembly->leader_only;
	/* PostgreSQL gathers only few rows from workers too; so the rest keeps the order people know. */
	if (!answer->did_aggregate && !answer->did_distinct && !answer->did_window &&
		node->scan.plan.plan_rows > fusion_parallel_rows_passed_max(scan))
		return "most rows are passed on";
	return fusion_parallel_problem(parse, assembly->cursor_options);
}

/* How much of the engine's rows the edge reads: less than all under a LIMIT that needs no others. */
static double
wanted_part(const PlannedStmt *planned, const CustomScan *node, const FusionPlanReady *answer)
{
	const Plan *plan = planned->planTree;

	if (!IsA(plan, Limit) || plan->lefttree != &node->scan.plan || answer->did_aggregate || answer->did_window ||
		node->scan.plan.plan_rows <= plan->plan_rows)
		return 1;
	return plan->plan_rows / node->scan.plan.plan_rows;
}

/* Leaf plans and private data go in last: they are final, and PostgreSQL's planner must not see them again. */
static void
attach_scan(CustomScan *node, const FusionAssembly *assembly, const FusionScanPlan *scan)
{
	node->custom_plans = assembly->leaf_plans;
	node->custom_private = fusion_scan_plan_store(scan);
}

PlannedStmt *
fusion_plan_edge(const FusionQueryText *text, const Query *parse, const FusionPlanReady *answer,
				 const FusionAssembly *assembly, FusionScanPlan *scan)
{
	RangeTblEntry *entry = output_entry(answer, assembly, scan);
	FusionPlaceholder placeholder = {
		.range_index = list_length(assembly->range_table) + 1,
		.startup_cost = assembly->leaf_cost
	};
	Query	   *edge = edge_query(text, parse, answer, entry, assembly, placeholder.range_index);
	FusionPlaceholder *before = fusion_placeholder_push(&placeholder);
	PlannedStmt *planned;

	PG_TRY();
	{
		planned = standard_planner(edge, assembly->query_string, assembly->cursor_options & ~CURSOR_OPT_PARALLEL_OK,
								   assembly->bound_params);
	}
	PG_FINALLY();
	{
		fusion_placeholder_pop(before);
	}
	PG_END_TRY();

	/*
	 * Without a scan node the edge needs no row at all (a condition that is always false): the plan is
	 * whole as it is.
	 */
	fusion_assembly_finish(assembly, planned);
	if (placeholder.scan != NULL)
	{
		const char *reason = leader_only_reason(scan, answer, parse, assembly, placeholder.scan);

		planned->parallelModeNeeded = fusion_parallel_deal(scan, wanted_part(planned, placeholder.scan, answer),
														   reason) || assembly->parallel_inside;
		scan->estimated_ns = fusion_estimated_ns(scan, assembly, answer, planned);
		if (scan->reference_ns > 0)
			scan->explain = lappend(scan->explain,
									makeString(psprintf("Estimate: %.1f ms, in PostgreSQL %.1f ms",
														scan->estimated_ns / NS_PER_MS,
														scan->reference_ns / NS_PER_MS)));
		attach_scan(placeholder.scan, assembly, scan);
	}
	return planned;
}
