/*
 * column_modifiers.c
 *    Which columns of a statement PostgreSQL may report with another type modifier than parse analysis gave them.
 *
 * The modifier of CASE, COALESCE and a set operation is that of all its parts, or none where they differ. When the
 * planner folds such an expression to one part, or proves all arms of a set operation empty but one, the modifier is
 * that part's. What folds is known only once subqueries have been pulled up, so this file looks for expressions that
 * have parts of different modifiers, wherever a column comes from, and leaves the rest to PostgreSQL's planner.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "column_modifiers.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "utils/syscache.h"

/*
 * Expressions looked at for a statement. WITH queries that each read the one before twice have twice as many each
 * time, and PostgreSQL's planner answers in any case.
 */
#define EXPRESSIONS_MAX 10000

/* A query and those around it, innermost first. */
typedef struct Level
{
	Query	   *query;
	const struct Level *outer;
	int		   *left;			/* of EXPRESSIONS_MAX */
} Level;

static bool may_change(Node *node, const Level *level);

static bool
takes_modifiers(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	bool		takes;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	takes = OidIsValid(((Form_pg_type) GETSTRUCT(tuple))->typmodin);
	ReleaseSysCache(tuple);
	return takes;
}

static bool
any_may_change(List *nodes, const Level *level)
{
	ListCell   *lc;

	foreach(lc, nodes)
	{
		if (may_change(lfirst(lc), level))
			return true;
	}
	return false;
}

/* Of an expression that is one of several, which one the planner may find out. */
static bool
choice_may_change(List *choices, const Level *level)
{
	int32		modifier = exprTypmod(linitial(choices));
	ListCell   *lc;

	foreach(lc, choices)
	{
		if (exprTypmod(lfirst(lc)) != modifier)
			return true;
	}
	return any_may_change(choices, level);
}

static List *
results_of(const CaseExpr *expr)
{
	List	   *results = NIL;
	ListCell   *lc;

	foreach(lc, expr->args)
		results = lappend(results, lfirst_node(CaseWhen, lc)->result);
	return expr->defresult != NULL ? lappend(results, expr->defresult) : results;
}

/* The columns of a set operation's arms with this number. */
static List *
arms_of(Node *node, Query *query, AttrNumber number)
{
	if (IsA(node, SetOperationStmt))
	{
		SetOperationStmt *operation = (SetOperationStmt *) node;

		return list_concat(arms_of(operation->larg, query, number), arms_of(operation->rarg, query, number));
	}
	return list_make1(makeVar(castNode(RangeTblRef, node)->rtindex, number, InvalidOid, -1, InvalidOid, 0));
}

static bool
column_may_change(const Level *level, AttrNumber number)
{
	Query	   *query = level->query;
	TargetEntry *target = get_tle_by_resno(query->targetList, number);

	if (target == NULL || query->commandType != CMD_SELECT)
		return false;
	if (query->setOperations != NULL)
	{
		List	   *choices = NIL;
		ListCell   *lc;

		foreach(lc, arms_of(query->setOperations, query, number))
		{
			Var		   *arm = lfirst_node(Var, lc);
			RangeTblEntry *entry = rt_fetch(arm->varno, query->rtable);

			arm->vartypmod = exprTypmod((Node *) get_tle_by_resno(entry->subquery->targetList, number)->expr);
			choices = lappend(choices, arm);
		}
		return choice_may_change(choices, level);
	}
	return may_change((Node *) target->expr, level);
}

static bool
with_column_may_change(const RangeTblEntry *entry, AttrNumber number, const Level *level)
{
	ListCell   *lc;

	for (Index up = 0; up < entry->ctelevelsup; up++)
		level = level->outer;
	foreach(lc, level->query->cteList)
	{
		CommonTableExpr *with = lfirst_node(CommonTableExpr, lc);

		if (strcmp(with->ctename, entry->ctename) == 0)
		{
			Level		inner = {castNode(Query, with->ctequery), level, level->left};

			/* The rows of a recursive query are kept as they were declared. */
			return !with->cterecursive && column_may_change(&inner, number);
		}
	}
	return false;
}

static bool
variable_may_change(const Var *var, const Level *level)
{
	RangeTblEntry *entry;

	if (var->varattno <= 0)
		return false;
	for (Index up = 0; up < var->varlevelsup; up++)
		level = level->outer;
	entry = rt_fetch(var->varno, level->query->rtable);
	switch (entry->rtekind)
	{
		case RTE_SUBQUERY:
			{
				Level		inner = {entry->subquery, level, level->left};

				return column_may_change(&inner, var->varattno);
			}
		case RTE_JOIN:
			return may_change(list_nth(entry->joinaliasvars, var->varattno - 1), level);
		case RTE_VALUES:
			/* A single row's values are put in place of the columns. */
			return list_length(entry->values_lists) == 1 &&
				may_change(list_nth(linitial(entry->values_lists), var->varattno - 1), level);
		case RTE_CTE:
			return with_column_may_change(entry, var->varattno, level);
		case RTE_FUNCTION:
			/* A function in SQL may be put in place of its call. */
			return true;
#if PG_VERSION_NUM >= 180000
		case RTE_GROUP:
			return may_change(list_nth(entry->groupexprs, var->varattno - 1), level);
#endif
		default:
			return false;
	}
}

static bool
sublink_may_change(const SubLink *sublink, const Level *level)
{
	Level		inner = {castNode(Query, sublink->subselect), level, level->left};

	return (sublink->subLinkType == EXPR_SUBLINK || sublink->subLinkType == ARRAY_SUBLINK) &&
		column_may_change(&inner, 1);
}

static bool
may_change(Node *node, const Level *level)
{
	check_stack_depth();
	if ((*level->left)-- <= 0)
		return true;
	switch (nodeTag(node))
	{
		case T_Var:
			return variable_may_change((Var *) node, level);
		case T_CaseExpr:
			return choice_may_change(results_of((CaseExpr *) node), level);
		case T_CoalesceExpr:
			/* Where all are constant and NULL, the NULL that is left has no modifier. */
			return exprTypmod(node) >= 0 || choice_may_change(((CoalesceExpr *) node)->args, level);
		case T_MinMaxExpr:
			return choice_may_change(((MinMaxExpr *) node)->args, level);
		case T_ArrayExpr:
			return choice_may_change(((ArrayExpr *) node)->elements, level);
		case T_NullIfExpr:
			return may_change(linitial(((NullIfExpr *) node)->args), level);
		case T_CollateExpr:
			return may_change((Node *) ((CollateExpr *) node)->arg, level);
		case T_SubLink:
			return sublink_may_change((SubLink *) node, level);
		case T_FuncExpr:
			/* A function in SQL may be put in place of its call; none of PostgreSQL's own brings a modifier so. */
			return ((FuncExpr *) node)->funcid >= FirstNormalObjectId;
		default:
			return false;
	}
}

bool
fusion_modifiers_may_change(Query *parse)
{
	int			left = EXPRESSIONS_MAX;
	Level		level = {parse, NULL, &left};
	ListCell   *lc;

	foreach(lc, parse->targetList)
	{
		TargetEntry *target = lfirst_node(TargetEntry, lc);

		if (!target->resjunk && takes_modifiers(exprType((Node *) target->expr)) &&
			column_may_change(&level, target->resno))
			return true;
	}
	return false;
}

static Expr *
with_modifier(Expr *expr, int32 modifier)
{
	Node	   *node = (Node *) expr;

	if (IsA(expr, Var))
	{
		Var		   *var = copyObject((Var *) expr);

		var->vartypmod = modifier;
		return (Expr *) var;
	}
	return (Expr *) makeRelabelType(expr, exprType(node), modifier, exprCollation(node), COERCE_IMPLICIT_CAST);
}

void
fusion_take_modifiers(PlannedStmt *planned, const PlannedStmt *reference)
{
	ListCell   *lc;

	foreach(lc, planned->planTree->targetlist)
	{
		TargetEntry *own = lfirst_node(TargetEntry, lc);
		TargetEntry *other = get_tle_by_resno(reference->planTree->targetlist, own->resno);
		int32		modifier;

		/* A call that makes rows must stay what stands there. */
		if (own->resjunk || other == NULL || expression_returns_set((Node *) own->expr))
			continue;
		modifier = exprTypmod((Node *) other->expr);
		if (modifier != exprTypmod((Node *) own->expr))
			own->expr = with_modifier(own->expr, modifier);
	}
}
