/*
 * nested_leaf.c
 *    Takes the subquery out of a leaf, has it planned as a statement, and puts a SubqueryScan with the leaf's own
 *    conditions and columns on top. See nested_leaf.h.
 *
 *    SELECT x.a FROM (subquery) x WHERE x.b > 1   ->   Subquery Scan on x (a; b > 1)
 *                                                        -> plan of the statement "subquery"
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "miscadmin.h"
#include "nested_leaf.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "planner.h"
#include "query_leaf.h"
#include "rewrite/rewriteManip.h"

/* ---- the subquery as a statement ---- */

typedef struct ShiftWalk
{
	int			depth;			/* queries entered; the subquery is the first */
} ShiftWalk;

/* The WITH list of the leaf becomes the subquery's own: one level less to go. */
static bool
shift_references(Node *node, ShiftWalk *walk)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *rte = (RangeTblEntry *) node;

		if (rte->rtekind == RTE_CTE && (int) rte->ctelevelsup == walk->depth)
			rte->ctelevelsup--;
		return false;
	}
	if (IsA(node, Query))
	{
		walk->depth++;
		(void) query_tree_walker((Query *) node, shift_references, walk, QTW_EXAMINE_RTES_BEFORE);
		walk->depth--;
		return false;
	}
	return expression_tree_walker(node, shift_references, walk);
}

static CommonTableExpr *
find_cte(const List *ctes, const char *name)
{
	ListCell   *cell;

	foreach(cell, ctes)
	{
		if (strcmp(lfirst_node(CommonTableExpr, cell)->ctename, name) == 0)
			return lfirst_node(CommonTableExpr, cell);
	}
	return NULL;
}

/* Both lists become one: a name of both would mean two things. */
static bool
names_clash(const List *outer, const List *inner)
{
	ListCell   *cell;

	foreach(cell, inner)
	{
		if (find_cte(outer, lfirst_node(CommonTableExpr, cell)->ctename) != NULL)
			return true;
	}
	return false;
}

static Query *
subquery_of(const Query *leaf, List **ctes)
{
	const RangeTblEntry *rte;
	CommonTableExpr *cte;

	if (list_length(leaf->rtable) != 1 || leaf->hasSubLinks || leaf->hasRecursive)
		return NULL;
	rte = linitial_node(RangeTblEntry, leaf->rtable);
	*ctes = copyObject(leaf->cteList);
	if (rte->rtekind == RTE_SUBQUERY && !rte->security_barrier)
		return copyObject(rte->subquery);
	if (rte->rtekind != RTE_CTE)
		return NULL;
	cte = find_cte(*ctes, rte->ctename);
	if (cte == NULL)
		return NULL;
	*ctes = list_delete_ptr(*ctes, cte);
	return castNode(Query, cte->ctequery);
}

static Query *
as_statement(const Query *leaf)
{
	List	   *ctes = NIL;
	Query	   *query = subquery_of(leaf, &ctes);
	ShiftWalk	walk = {0};

	if (query == NULL || query->commandType != CMD_SELECT || names_clash(ctes, query->cteList))
		return NULL;
	/* The worker gave the operation away as a whole; as a statement it would come back as the same leaf. */
	if (query->setOperations != NULL)
		return NULL;
	/* Conditions stay above it: below them PostgreSQL might call the function for fewer rows. */
	if (contain_volatile_functions((Node *) query))
		return NULL;
	(void) shift_references((Node *) query, &walk);
	query->cteList = list_concat(ctes, query->cteList);
	fusion_keep_common_tables(query);
	query->canSetTag = true;
	return query;
}

/* ---- what the leaf does not read ---- */

static Bitmapset *
columns_read(const Query *leaf)
{
	Bitmapset  *read = NULL;

	pull_varattnos((Node *) leaf->targetList, 1, &read);
	pull_varattnos(leaf->jointree->quals, 1, &read);
	return read;
}

/* PostgreSQL plans a WITH query that is read once as if it stood where it is read, unless told otherwise. */
static bool
stands_in_from(const Query *leaf)
{
	const RangeTblEntry *rte = linitial_node(RangeTblEntry, leaf->rtable);
	const CommonTableExpr *cte;

	if (rte->rtekind != RTE_CTE)
		return rte->rtekind == RTE_SUBQUERY;
	cte = find_cte(leaf->cteList, rte->ctename);
	if (cte == NULL || contain_volatile_functions(cte->ctequery))
		return false;
	return cte->ctematerialized == CTEMaterializeNever ||
		(cte->ctematerialized == CTEMaterializeDefault && cte->cterefcount == 1);
}

/*
 * PostgreSQL's planner does not compute what nobody reads of a subquery in FROM, and so errors in it are not raised.
 * The same rules here: what rows are told apart or ordered by stays, as do sets and what is volatile.
 */
static void
drop_unread_columns(Query *query, const Query *leaf)
{
	Bitmapset  *read = columns_read(leaf);
	ListCell   *cell;

	if (!stands_in_from(leaf) ||
		bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, read) ||
		(query->distinctClause != NIL && !query->hasDistinctOn))
		return;
	foreach(cell, query->targetList)
	{
		TargetEntry *target = lfirst_node(TargetEntry, cell);
		Node	   *expr = (Node *) target->expr;

		if (target->resjunk || target->ressortgroupref != 0 || expression_returns_set(expr) ||
			bms_is_member(target->resno - FirstLowInvalidHeapAttributeNumber, read) ||
			contain_volatile_functions(expr))
			continue;
		target->expr = (Expr *) makeNullConst(exprType(expr), exprTypmod(expr), exprCollation(expr));
	}
	if (query->hasWindowFuncs && !contain_windowfuncs((Node *) query->targetList))
	{
		query->hasWindowFuncs = false;
		query->windowClause = NIL;
	}
}

/* Aggregates that were all dropped leave one row, which PostgreSQL may make without reading anything. */
static bool
has_lost_aggregates(const Query *query)
{
	return query->hasAggs && query->groupClause == NIL && !contain_aggs_of_level((Node *) query->targetList, 0) &&
		!contain_aggs_of_level(query->havingQual, 0);
}

/* Whether there is anything below that the engine is for: joins or groups. */
static bool
has_work_for_engine(const Query *query)
{
	ListCell   *cell;

	if (query->hasAggs || query->groupClause != NIL || query->setOperations != NULL ||
		list_length(query->jointree->fromlist) > 1)
		return true;
	foreach(cell, query->jointree->fromlist)
	{
		if (IsA(lfirst(cell), JoinExpr))
			return true;
	}
	foreach(cell, query->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, cell);

		if (rte->rtekind == RTE_SUBQUERY && has_work_for_engine(rte->subquery))
			return true;
	}
	return false;
}

/* ---- the leaf's own conditions and columns ---- */

static void
put_leaf_on_top(PlannedStmt *planned, const Query *leaf)
{
	const RangeTblEntry *from = linitial_node(RangeTblEntry, leaf->rtable);
	RangeTblEntry *entry = makeNode(RangeTblEntry);
	SubqueryScan *scan = makeNode(SubqueryScan);
	Plan	   *top = planned->planTree;
	Query	   *own = makeNode(Query);

	entry->rtekind = RTE_SUBQUERY;
	entry->eref = copyObject(from->eref);
	entry->alias = copyObject(from->alias);
	entry->inFromCl = true;
	planned->rtable = lappend(planned->rtable, entry);

	own->targetList = copyObject(leaf->targetList);
	own->jointree = makeFromExpr(NIL, copyObject(leaf->jointree->quals));
	OffsetVarNodes((Node *) own, list_length(planned->rtable) - 1, 0);
	scan->scan.plan.targetlist = own->targetList;
	scan->scan.plan.qual = make_ands_implicit((Expr *) own->jointree->quals);
	scan->scan.plan.startup_cost = top->startup_cost;
	scan->scan.plan.total_cost = top->total_cost;
	scan->scan.plan.plan_rows = top->plan_rows;
	scan->scan.plan.plan_width = top->plan_width;
	scan->scan.plan.extParam = bms_copy(top->extParam);
	scan->scan.plan.allParam = bms_copy(top->allParam);
	scan->scan.scanrelid = list_length(planned->rtable);
	scan->subplan = top;
	planned->planTree = &scan->scan.plan;
}

PlannedStmt *
fusion_plan_nested_leaf(const Query *leaf, const FusionAssembly *assembly, const char *leader_only)
{
	Query	   *query;
	PlannedStmt *planned;

	check_stack_depth();
	query = as_statement(leaf);
	if (query == NULL || !has_work_for_engine(query))
		return NULL;
	drop_unread_columns(query, leaf);
	if (has_lost_aggregates(query))
		return NULL;
	planned = fusion_plan_inside(query, assembly, leader_only);
	if (planned != NULL)
		put_leaf_on_top(planned, leaf);
	return planned;
}
