/*
 * query_text.c
 *    Preparation of a query for the worker, its text, and the way back from a node id to a node. See
 *    query_text.h.
 *
 * The text is both the message and the backend's memory of the statement: what the worker names is read
 * back from it with stringToNode, so a pushed expression is PostgreSQL's own and nothing is rendered to SQL
 * and parsed again.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/readfuncs.h"
#include "optimizer/optimizer.h"
#include "query_text.h"
#include "refusal.h"
#include "whole_rows.h"

/* Everything a node id must fit besides the frame limit: 2^24 nodes would be a text of over 100 MB. */
#define NODES_INITIAL 256

/* ---- preparation ---- */

static Node *
expand_join_aliases(Query *query, Node *node)
{
#if PG_VERSION_NUM >= 160000
	return flatten_join_alias_vars(NULL, query, node);
#else
	return flatten_join_alias_vars(query, node);
#endif
}

typedef struct Preparation
{
	PlannerInfo *root;			/* only what eval_const_expressions looks at */
	Query	   *query;
	bool		has_joins;
} Preparation;

static Node *
prepare_expression(Preparation *preparation, Node *node)
{
	if (node == NULL)
		return NULL;
	if (preparation->has_joins)
		node = expand_join_aliases(preparation->query, node);
	node = eval_const_expressions(preparation->root, node);
	/* Folding NOT (a < b) into a >= b leaves the new operator without its function, by which the worker knows it. */
	fix_opfuncids(node);
	return node;
}

static void
prepare_join_tree(Preparation *preparation, Node *node)
{
	ListCell   *cell;

	if (node == NULL || IsA(node, RangeTblRef))
		return;
	check_stack_depth();
	if (IsA(node, FromExpr))
	{
		FromExpr   *from = (FromExpr *) node;

		foreach(cell, from->fromlist)
			prepare_join_tree(preparation, lfirst(cell));
		from->quals = prepare_expression(preparation, from->quals);
	}
	else if (IsA(node, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) node;

		prepare_join_tree(preparation, join->larg);
		prepare_join_tree(preparation, join->rarg);
		join->quals = prepare_expression(preparation, join->quals);
	}
}

/* Entries of FROM that hold expressions, or subqueries that may look at joins of this level. */
static void
prepare_range_table(Preparation *preparation)
{
	ListCell   *cell;

	foreach(cell, preparation->query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, cell);

		if (rte->rtekind == RTE_SUBQUERY && rte->lateral && preparation->has_joins)
			rte->subquery = (Query *) expand_join_aliases(preparation->query, (Node *) rte->subquery);
		else if (rte->rtekind == RTE_FUNCTION)
			rte->functions = (List *) prepare_expression(preparation, (Node *) rte->functions);
		else if (rte->rtekind == RTE_VALUES)
			rte->values_lists = (List *) prepare_expression(preparation, (Node *) rte->values_lists);
	}
}

static void
prepare_windows(Preparation *preparation)
{
	ListCell   *cell;

	foreach(cell, preparation->query->windowClause)
	{
		WindowClause *window = lfirst_node(WindowClause, cell);

		window->startOffset = prepare_expression(preparation, window->startOffset);
		window->endOffset = prepare_expression(preparation, window->endOffset);
	}
}

static bool prepare_subqueries(Node *node, PlannerInfo *root);

/* One query level, then the levels below it. */
static void
prepare_query(Query *query, PlannerInfo *root)
{
	Preparation preparation = {root, query, false};
	Query	   *outer = root->parse;
	ListCell   *cell;

	root->parse = query;
	fusion_spell_out_rows(query);
	foreach(cell, query->rtable)
		preparation.has_joins |= lfirst_node(RangeTblEntry, cell)->rtekind == RTE_JOIN;
#if PG_VERSION_NUM >= 180000
	/* Variables of the grouping step stand for expressions; the worker matches the expressions themselves. */
	if (query->hasGroupRTE)
	{
		query->targetList = (List *) flatten_group_exprs(NULL, query, (Node *) query->targetList);
		query->havingQual = flatten_group_exprs(NULL, query, query->havingQual);
		query->hasGroupRTE = false;
	}
#endif
	query->targetList = (List *) prepare_expression(&preparation, (Node *) query->targetList);
	prepare_join_tree(&preparation, (Node *) query->jointree);
	query->havingQual = prepare_expression(&preparation, query->havingQual);
	query->limitOffset = prepare_expression(&preparation, query->limitOffset);
	query->limitCount = prepare_expression(&preparation, query->limitCount);
	prepare_windows(&preparation);
	prepare_range_table(&preparation);
	(void) query_tree_walker(query, prepare_subqueries, root, 0);
	root->parse = outer;
}

static bool
prepare_subqueries(Node *node, PlannerInfo *root)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		prepare_query((Query *) node, root);
		return false;
	}
	return expression_tree_walker(node, prepare_subqueries, root);
}

/* ---- the text and its nodes ---- */

static char *
write_tree(const Query *query)
{
#if PG_VERSION_NUM >= 170000
	return nodeToStringWithLocations(query);
#else
	return nodeToString(query);
#endif
}

static uint32
add_span(FusionQueryText *text, uint32 *capacity, uint32 start)
{
	if (text->count == *capacity)
	{
		*capacity *= 2;
		text->spans = repalloc(text->spans, sizeof(FusionNodeSpan) * *capacity);
	}
	text->spans[text->count].start = start;
	text->spans[text->count].end = 0;
	return text->count++;
}

static bool
text_at(const FusionQueryText *text, uint32 offset, const char *expected)
{
	return strncmp(text->text + offset, expected, strlen(expected)) == 0;
}

/*
 * Finds every node in one pass. In this format a brace that belongs to a value is always behind a backslash
 * (strings, names and characters are written through one escaping routine), so every other brace opens or
 * closes a node.
 */
static void
find_spans(FusionQueryText *text)
{
	uint32		capacity = NODES_INITIAL;
	uint32		open_capacity = NODES_INITIAL;
	uint32	   *open = palloc(sizeof(uint32) * open_capacity);
	uint32		depth = 0;

	text->spans = palloc(sizeof(FusionNodeSpan) * capacity);
	for (uint32 at = 0; at < text->length; at++)
	{
		char		byte = text->text[at];

		if (byte == '\\')
			at++;
		else if (byte == '{')
		{
			uint32		id = add_span(text, &capacity, at);
			uint32		parent = depth > 0 ? open[depth - 1] : 0;

			if (depth == open_capacity)
			{
				open_capacity *= 2;
				open = repalloc(open, sizeof(uint32) * open_capacity);
			}
			text->spans[id].owner = text_at(text, text->spans[parent].start, "{QUERY ")
				? parent : text->spans[parent].owner;
			open[depth++] = id;
		}
		else if (byte == '}' && depth > 0)
			text->spans[open[--depth]].end = at + 1;
	}
	if (depth != 0 || text->count == 0)
		elog(ERROR, "pg_fusion: a query tree was written without balance");
	pfree(open);
}

FusionQueryText *
fusion_query_text(const Query *parse, ParamListInfo bound_params)
{
	FusionQueryText *text = palloc0(sizeof(FusionQueryText));
	PlannerGlobal *glob = makeNode(PlannerGlobal);
	PlannerInfo *root = makeNode(PlannerInfo);

	glob->boundParams = bound_params;
	root->glob = glob;
	root->query_level = 1;
	root->planner_cxt = CurrentMemoryContext;
	text->query = copyObject(unconstify(Query *, parse));
	prepare_query(text->query, root);
	text->inval_items = glob->invalItems;
	text->relation_oids = glob->relationOids;
	text->text = write_tree(text->query);
	text->length = strlen(text->text);
	find_spans(text);
	text->context = CurrentMemoryContext;
	text->queries = palloc0(sizeof(Query *) * text->count);
	text->queries[0] = text->query;
	return text;
}

const FusionNodeSpan *
fusion_span_at(const FusionQueryText *text, uint32 id)
{
	if (id >= text->count)
		fusion_answer_invalid("Node %u is beyond the %u nodes of the query.", id, text->count);
	return &text->spans[id];
}

Node *
fusion_node_at(const FusionQueryText *text, uint32 id)
{
	const FusionNodeSpan *span = fusion_span_at(text, id);
	char	   *copy = pnstrdup(text->text + span->start, span->end - span->start);
	Node	   *node = stringToNode(copy);

	pfree(copy);
	return node;
}

const Query *
fusion_query_at(const FusionQueryText *text, uint32 id)
{
	if (!fusion_span_is(text, id, "QUERY"))
		fusion_answer_invalid("Node %u is not a query.", id);
	if (text->queries[id] == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(text->context);

		text->queries[id] = castNode(Query, fusion_node_at(text, id));
		MemoryContextSwitchTo(caller);
	}
	return text->queries[id];
}

bool
fusion_span_is(const FusionQueryText *text, uint32 id, const char *tag)
{
	const FusionNodeSpan *span = fusion_span_at(text, id);
	size_t		length = strlen(tag);

	return strncmp(text->text + span->start + 1, tag, length) == 0 && text->text[span->start + 1 + length] == ' ';
}
