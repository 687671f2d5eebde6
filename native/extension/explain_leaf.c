/*
 * explain_leaf.c
 *    The scans in EXPLAIN: how each is produced and why, its SQL and conditions, with VERBOSE a share of it and the
 *    layout of its pages, and with ANALYZE what its producers did. The leaf's own plan follows as a child node, printed
 *    by PostgreSQL with its buffers, those of parallel producers among them.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "explain.h"
#include "explain_line.h"
#include "fusion_encodings.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "page_writer.h"
#include "qual.h"
#include "row_output.h"
#include "utils/ruleutils.h"

/* ---- SQL ---- */

/* Whether the deparser can show a test as a comparison: for rows it is one operator for each pair. */
static bool
is_comparison(const Node *test)
{
	ListCell   *cell;

	if (!IsA(test, BoolExpr))
		return IsA(test, OpExpr) || IsA(test, RowCompareExpr);
	foreach(cell, ((const BoolExpr *) test)->args)
	{
		if (!IsA(lfirst(cell), OpExpr))
			return false;
	}
	return true;
}

/* NULL IN (SELECT ...) is a constant after folding, or has a pair that is; the deparser does not expect it. */
static bool
has_folded_test(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
	{
		const Node *test = castNode(SubLink, node)->testexpr;

		if (test != NULL && !is_comparison(test))
			return true;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, has_folded_test, context, 0);
	return expression_tree_walker(node, has_folded_test, context);
}

/* The leaf as one line of SQL: the deparser breaks lines and indents in every mode. */
static char *
leaf_sql(const Query *leaf)
{
	char	   *sql = has_folded_test((Node *) unconstify(Query *, leaf), NULL)
		? pstrdup("not shown, a comparison with a subquery is constant")
		: pg_get_querydef(copyObject(unconstify(Query *, leaf)), false);
	char	   *to = sql;
	char		quote = '\0';

	for (const char *from = sql; *from != '\0'; from++)
	{
		if (quote != '\0')
			quote = *from == quote ? '\0' : quote;
		else if (*from == '\'' || *from == '"')
			quote = *from;
		else if (*from == '\n' || *from == ' ')
		{
			if (to > sql && to[-1] != ' ')
				*to++ = ' ';
			continue;
		}
		*to++ = *from;
	}
	while (to > sql && to[-1] == ' ')
		to--;
	*to = '\0';
	return sql;
}

/* The highest number of an external parameter, for placeholders that are none of the statement's. */
static bool
find_parameter(Node *node, int *highest)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param) && castNode(Param, node)->paramkind == PARAM_EXTERN)
		*highest = Max(*highest, castNode(Param, node)->paramid);
	return expression_tree_walker(node, find_parameter, highest);
}

static Node *
tid_bound(Oid operator, int parameter)
{
	Param	   *placeholder = makeNode(Param);

	placeholder->paramkind = PARAM_EXTERN;
	placeholder->paramid = parameter;
	placeholder->paramtype = TIDOID;
	placeholder->paramtypmod = -1;
	placeholder->location = -1;
	return (Node *) make_opclause(operator, BOOLOID, false,
								  (Expr *) makeVar(1, SelfItemPointerAttributeNumber, TIDOID, -1, InvalidOid, 0),
								  (Expr *) placeholder, InvalidOid, InvalidOid);
}

/* One producer's share of a scan by blocks, with placeholders for the blocks it is dealt. */
static char *
range_sql(const Query *leaf)
{
	Query	   *range = copyObject(unconstify(Query *, leaf));
	int			highest = 0;
	List	   *quals;

	(void) query_tree_walker(range, find_parameter, &highest, 0);
	quals = list_make2(tid_bound(TIDGreaterEqOperator, highest + 1), tid_bound(TIDLessOperator, highest + 2));
	if (range->jointree->quals != NULL)
		quals = lappend(quals, range->jointree->quals);
	range->jointree->quals = (Node *) make_ands_explicit(quals);
	return leaf_sql(range);
}

/* ---- conditions and expressions ---- */

/* Conjuncts [first, end) of a scan's qual as texts. */
static List *
qual_texts(const FusionScanState *state, const Plan *plan, int first, int end, ExplainState *es)
{
	List	   *context = set_deparse_context_plan(es->deparse_cxt, unconstify(Plan *, plan), NIL);
	List	   *texts = NIL;

	for (int i = first; i < end; i++)
		texts = lappend(texts, deparse_expression(list_nth(plan->qual, i), context, es->verbose, false));
	return texts;
}

static void
explain_text_list(const char *label, List *texts, const char *between, ExplainState *es)
{
	if (texts == NIL)
		return;
	if (!fusion_explain_is_text(es))
		ExplainPropertyList(label, texts, es);
	else
	{
		StringInfoData line;
		ListCell   *cell;

		initStringInfo(&line);
		foreach(cell, texts)
			appendStringInfo(&line, "%s%s", foreach_current_index(cell) > 0 ? between : "", (char *) lfirst(cell));
		fusion_explain_line(es, "%s: %s", label, line.data);
		pfree(line.data);
	}
}

/* What PostgreSQL evaluates for each row that is put out. */
static List *
expression_texts(const FusionScanState *state, const Plan *plan, ExplainState *es)
{
	List	   *context = set_deparse_context_plan(es->deparse_cxt, unconstify(Plan *, plan), NIL);
	List	   *texts = NIL;
	ListCell   *cell;

	foreach(cell, fusion_computed_outputs(plan))
		texts = lappend(texts, deparse_expression((Node *) lfirst(cell), context, es->verbose, false));
	return texts;
}

/*
 * Which of a batch scan's conditions are tested on columns before a row is put together, and which row by row after
 * them, with what then. Other paths: PostgreSQL's own plan says it.
 */
static void
explain_rows(const FusionScanState *state, int leaf, ExplainState *es)
{
	PlanState  *scan = list_nth(state->leaves, leaf);
	int			count = list_length(scan->plan->qual);
	int			in_batches;

	if (!state->plan->leaf_paths[leaf].heap || !IsA(scan, SeqScanState) ||
		(fusion_explain_is_text(es) && !es->verbose))
		return;
	in_batches = fusion_quals_create(castNode(SeqScanState, scan))->taken_count;
	explain_text_list("Batch Quals", qual_texts(state, scan->plan, 0, in_batches, es), " AND ", es);
	explain_text_list("Row Quals", qual_texts(state, scan->plan, in_batches, count, es), " AND ", es);
	explain_text_list("Row Expressions", expression_texts(state, scan->plan, es), ", ", es);
}

/* ---- pages ---- */

static void
explain_layout(const FusionPageSchema *schema, ExplainState *es)
{
	FusionPageWriter *writer = fusion_page_writer_create(schema);
	StringInfoData columns;
	bool		has_tail = false;

	initStringInfo(&columns);
	for (int i = 0; i < schema->column_count; i++)
	{
		appendStringInfo(&columns, "%sc%d %s", i > 0 ? ", " : "", i + 1,
						 fusion_encoding_names[schema->columns[i].encoding]);
		has_tail |= writer->columns[i].is_view;
	}
	if (fusion_explain_is_text(es))
		fusion_explain_line(es, "Page: %s%s%u bytes + %d bits a row%s", columns.data,
							schema->column_count > 0 ? "; " : "", writer->row_bytes, schema->column_count,
							has_tail ? ", long values behind them" : "");
	else
	{
		ExplainPropertyText("Page Columns", columns.data, es);
		ExplainPropertyUInteger("Page Row Bytes", "B", writer->row_bytes, es);
		ExplainPropertyInteger("Page Row Bits", NULL, schema->column_count, es);
	}
	pfree(columns.data);
}

/* ---- producers ---- */

/* Planned producers, the leader among them, and with ANALYZE those that took part. */
static void
explain_producers(const FusionLeafPath *path, const FusionLeafStats *stats, ExplainState *es)
{
	if (!fusion_explain_is_text(es))
	{
		ExplainPropertyInteger("Producers Planned", NULL, 1 + path->workers, es);
		if (stats != NULL)
			ExplainPropertyInteger("Producers Launched", NULL, 1 + stats->workers, es);
		if (path->leader_only != NULL)
			ExplainPropertyText("Leader Only", path->leader_only, es);
	}
	else if (path->leader_only != NULL)
		fusion_explain_line(es, "Producers: leader only (%s)", path->leader_only);
	else if (stats != NULL)
		fusion_explain_line(es, "Producers: %d planned, %d launched", 1 + path->workers, 1 + stats->workers);
	else
		fusion_explain_line(es, "Producers: %d planned", 1 + path->workers);
}

static void
explain_run(const char *title, const FusionRunStats *run, ExplainState *es)
{
	StringInfoData line;

	if (run->pages == 0)
		return;
	initStringInfo(&line);
	appendStringInfo(&line, "%s: rows=" UINT64_FORMAT " pages=" UINT64_FORMAT " bytes=" UINT64_FORMAT, title, run->rows,
					 run->pages, run->bytes);
	if (es->timing)
		appendStringInfo(&line, " fill=%.3f page wait=%.3f ring wait=%.3f ms", fusion_milliseconds(run->time_ns),
						 fusion_milliseconds(run->page_wait_ns), fusion_milliseconds(run->ring_wait_ns));
	fusion_explain_line(es, "%s", line.data);
	pfree(line.data);
}

static void
property_run(const FusionRunStats *run, ExplainState *es)
{
	ExplainPropertyUInteger("Pages", NULL, run->pages, es);
	ExplainPropertyUInteger("Bytes", "B", run->bytes, es);
	if (!es->timing)
		return;
	ExplainPropertyFloat("Fill Time", "ms", fusion_milliseconds(run->time_ns), 3, es);
	ExplainPropertyFloat("Page Wait Time", "ms", fusion_milliseconds(run->page_wait_ns), 3, es);
	ExplainPropertyFloat("Ring Wait Time", "ms", fusion_milliseconds(run->ring_wait_ns), 3, es);
}

static void
explain_scan_numbers(const FusionLeafStats *stats, ExplainState *es)
{
	if (fusion_explain_is_text(es))
	{
		fusion_explain_line(es, "Rows Produced: " UINT64_FORMAT, stats->rows_produced);
		if (stats->workers > 0)
			explain_run("Leader", &stats->leader, es);
		explain_run(stats->workers > 0 ? "All" : "Leader", &stats->total, es);
		return;
	}
	ExplainPropertyUInteger("Rows Produced", NULL, stats->rows_produced, es);
	ExplainPropertyUInteger("Leader Rows", NULL, stats->leader.rows, es);
	property_run(&stats->total, es);
}

/* ---- all of a leaf ---- */

static void
explain_path(const FusionLeafPath *path, int leaf, ExplainState *es)
{
	if (!fusion_explain_is_text(es))
	{
		ExplainPropertyInteger("Scan", NULL, leaf + 1, es);
		ExplainPropertyText("Path", path->heap ? "heap batches" : "executor", es);
		if (path->reason != NULL)
			ExplainPropertyText("Reason", path->reason, es);
	}
	else if (path->heap && path->reason == NULL)
		fusion_explain_line(es, "Scan %d: heap batches", leaf + 1);
	else if (path->heap)
		fusion_explain_line(es, "Scan %d: heap batches (%s)", leaf + 1, path->reason);
	else
		fusion_explain_line(es, "Scan %d: executor (%s)", leaf + 1, path->reason != NULL ? path->reason : "");
}

static void
explain_leaf(const FusionScanState *state, int leaf, ExplainState *es)
{
	const FusionLeafPath *path = &state->plan->leaf_paths[leaf];
	const Query *query = list_nth_node(Query, state->plan->leaf_queries, leaf);
	bool		analyzed = es->analyze && state->execution != NULL;
	FusionLeafStats stats = {0};

	if (analyzed)
		stats = fusion_execution_leaf_stats(state->execution, leaf);
	ExplainOpenGroup("Scan", NULL, true, es);
	explain_path(path, leaf, es);
	es->indent += fusion_explain_is_text(es) ? 1 : 0;
	ExplainPropertyText("SQL", leaf_sql(query), es);
	if (es->verbose && path->heap && IsA(list_nth(state->leaves, leaf), SeqScanState))
		ExplainPropertyText("Range", range_sql(query), es);
	explain_rows(state, leaf, es);
	if (es->verbose)
		explain_layout(&state->plan->leaves[leaf], es);
	explain_producers(path, analyzed ? &stats : NULL, es);
	fusion_explain_filters(state, leaf, analyzed ? &stats : NULL, es);
	if (analyzed)
		explain_scan_numbers(&stats, es);
	if (state->statements[leaf] != NULL)
		fusion_statement_leaf_explain(state->statements[leaf], es);
	es->indent -= fusion_explain_is_text(es) ? 1 : 0;
	ExplainCloseGroup("Scan", NULL, true, es);
}

void
fusion_explain_leaves(const FusionScanState *state, ExplainState *es)
{
	ExplainOpenGroup("Scans", "Scans", false, es);
	for (int leaf = 0; leaf < state->plan->leaf_count; leaf++)
		explain_leaf(state, leaf, es);
	ExplainCloseGroup("Scans", "Scans", false, es);
}
