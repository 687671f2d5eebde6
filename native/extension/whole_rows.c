/*
 * whole_rows.c
 *    See whole_rows.h. Only subqueries, WITH and VALUES are looked at: a table's row is read by the table's scan.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "whole_rows.h"

typedef struct Spelling
{
	Query	   *query;			/* whose items are meant */
	Bitmapset  *items;			/* those with a row in every row of the join */
	Index		depth;			/* levels of queries below it */
} Spelling;

/* ---- which items ---- */

static bool
has_columns_alone(const RangeTblEntry *rte)
{
	return rte->rtekind == RTE_SUBQUERY || rte->rtekind == RTE_CTE || rte->rtekind == RTE_VALUES;
}

/* The items of a part of the join tree that no outer join above them may leave without a row. */
static Bitmapset *
items_below(const Query *query, Node *node)
{
	Bitmapset  *left;
	Bitmapset  *right;

	check_stack_depth();
	if (IsA(node, RangeTblRef))
	{
		int			index = ((RangeTblRef *) node)->rtindex;

		return has_columns_alone(list_nth_node(RangeTblEntry, query->rtable, index - 1)) ?
			bms_make_singleton(index) : NULL;
	}
	if (IsA(node, FromExpr))
	{
		ListCell   *cell;

		left = NULL;
		foreach(cell, ((FromExpr *) node)->fromlist)
			left = bms_join(left, items_below(query, lfirst(cell)));
		return left;
	}
	left = items_below(query, castNode(JoinExpr, node)->larg);
	right = items_below(query, ((JoinExpr *) node)->rarg);
	switch (((JoinExpr *) node)->jointype)
	{
		case JOIN_INNER:
			return bms_join(left, right);
		case JOIN_LEFT:
			return left;
		case JOIN_RIGHT:
			return right;
		default:
			return NULL;
	}
}

/* ---- the rows ---- */

static List *
columns_of(const RangeTblEntry *rte, int index, Index level)
{
	List	   *columns = NIL;
	ListCell   *cell;

	if (rte->rtekind == RTE_SUBQUERY)
	{
		foreach(cell, rte->subquery->targetList)
		{
			const TargetEntry *entry = lfirst_node(TargetEntry, cell);
			Node	   *value = (Node *) entry->expr;

			if (!entry->resjunk)
				columns = lappend(columns, makeVar(index, entry->resno, exprType(value), exprTypmod(value),
												   exprCollation(value), level));
		}
		return columns;
	}
	for (int i = 0; i < list_length(rte->coltypes); i++)
		columns = lappend(columns, makeVar(index, i + 1, list_nth_oid(rte->coltypes, i),
										   list_nth_int(rte->coltypmods, i), list_nth_oid(rte->colcollations, i),
										   level));
	return columns;
}

static Node *
spelled_row(const Spelling *spelling, const Var *reference)
{
	const RangeTblEntry *rte = list_nth_node(RangeTblEntry, spelling->query->rtable, reference->varno - 1);
	RowExpr    *row = makeNode(RowExpr);

	row->args = columns_of(rte, reference->varno, spelling->depth);
	row->row_typeid = reference->vartype;
	row->row_format = COERCE_IMPLICIT_CAST;
	row->colnames = reference->vartype == RECORDOID ? copyObject(rte->eref->colnames) : NIL;
	row->location = reference->location;
	return (Node *) row;
}

static Node *
spell_rows(Node *node, Spelling *spelling)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		const Var  *reference = (const Var *) node;

		if (reference->varattno == InvalidAttrNumber && reference->varlevelsup == spelling->depth &&
			bms_is_member(reference->varno, spelling->items))
			return spelled_row(spelling, reference);
	}
	else if (IsA(node, Query))
	{
		Query	   *query;

		spelling->depth++;
		query = query_tree_mutator((Query *) node, spell_rows, spelling, 0);
		spelling->depth--;
		return (Node *) query;
	}
	return expression_tree_mutator(node, spell_rows, spelling);
}

void
fusion_spell_out_rows(Query *query)
{
	Spelling	spelling = {query, items_below(query, (Node *) query->jointree), 0};

	if (spelling.items != NULL)
		(void) query_tree_mutator(query, spell_rows, &spelling, QTW_DONT_COPY_QUERY);
}
