/*
 * node_check.c
 *    Walkers that judge expressions named by the worker. The worker is ours, but a defect there must become
 *    an error here, never a crash of the server or a column of another table. See node_check.h.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "node_check.h"

bool
fusion_is_expression(const Node *node)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
		case T_Const:
		case T_Param:
		case T_Aggref:
		case T_GroupingFunc:
		case T_WindowFunc:
		case T_SubscriptingRef:
		case T_FuncExpr:
		case T_NamedArgExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_SubLink:
		case T_FieldSelect:
		case T_FieldStore:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_CollateExpr:
		case T_CaseExpr:
		case T_CaseTestExpr:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_RowCompareExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_SQLValueFunction:
		case T_XmlExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_CoerceToDomain:
		case T_CoerceToDomainValue:
		case T_NextValueExpr:
#if PG_VERSION_NUM >= 160000
		case T_JsonValueExpr:
		case T_JsonConstructorExpr:
		case T_JsonIsPredicate:
#endif
#if PG_VERSION_NUM >= 170000
		case T_JsonExpr:
		case T_MergeSupportFunc:
#endif
			return true;
		default:
			return false;
	}
}

typedef struct LeafCheck
{
	int			range_index;	/* whose columns may be read; ANY_ENTRY, NO_ENTRY */
	Index		level;			/* queries entered on the way */
	int			sublink_depth;	/* whose tests read the subquery's columns as parameters */
	int			placeholder_depth;	/* nodes around us that give CaseTestExpr its value */
	const char *problem;
} LeafCheck;

#define ANY_ENTRY 0
#define NO_ENTRY (-1)

/*
 * Nodes whose arguments may hold a CaseTestExpr; cut off from them it would read whatever the executor left
 * there.
 */
static bool
binds_case_test(const Node *node)
{
	switch (nodeTag(node))
	{
		case T_CaseExpr:
		case T_ArrayCoerceExpr:
#if PG_VERSION_NUM >= 160000
		case T_JsonConstructorExpr:
#endif
#if PG_VERSION_NUM >= 170000
		case T_JsonExpr:
#endif
			return true;
		default:
			return false;
	}
}

static const char *
variable_problem(const Var *variable, const LeafCheck *check)
{
	if (variable->varlevelsup < check->level)
		return NULL;
	if (variable->varlevelsup > check->level)
		return "it reads a column of an outer query";
	if (check->range_index == ANY_ENTRY || variable->varno == check->range_index)
		return NULL;
	return "it reads a column of another relation";
}

static const char *
parameter_problem(const Param *parameter, const LeafCheck *check)
{
	if (parameter->paramkind == PARAM_EXTERN)
		return NULL;
	return parameter->paramkind == PARAM_SUBLINK && check->sublink_depth > 0 ? NULL
		: "it reads an internal parameter";
}

static const char *
leaf_node_problem(Node *node, const LeafCheck *check)
{
	const char *aggregate = "it contains an aggregate or window function";

	switch (nodeTag(node))
	{
		case T_Var:
			return variable_problem((Var *) node, check);
		case T_Param:
			return parameter_problem((Param *) node, check);
		case T_SubPlan:
		case T_AlternativeSubPlan:
			return "it contains a planned subquery";
		case T_Aggref:
			return ((Aggref *) node)->agglevelsup < check->level ? NULL : aggregate;
		case T_GroupingFunc:
			return ((GroupingFunc *) node)->agglevelsup < check->level ? NULL : aggregate;
		case T_WindowFunc:
			return check->level > 0 ? NULL : aggregate;
		case T_CaseTestExpr:
		case T_CoerceToDomainValue:
			return check->placeholder_depth > 0 ? NULL : "it is a part of another expression";
		case T_PlaceHolderVar:
		case T_SetToDefault:
		case T_CurrentOfExpr:
		case T_NextValueExpr:
			return "it contains a node that no scan can evaluate";
		default:
			return NULL;
	}
}

static bool
leaf_walker(Node *node, LeafCheck *check)
{
	bool		binds;
	bool		found;

	if (node == NULL)
		return false;
	check->problem = leaf_node_problem(node, check);
	if (check->problem != NULL)
		return true;
	if (IsA(node, Query))
	{
		check->level++;
		found = query_tree_walker((Query *) node, leaf_walker, check, 0);
		check->level--;
		return found;
	}
	binds = binds_case_test(node);
	check->placeholder_depth += binds ? 1 : 0;
	check->sublink_depth += IsA(node, SubLink) ? 1 : 0;
	found = expression_tree_walker(node, leaf_walker, check);
	check->placeholder_depth -= binds ? 1 : 0;
	check->sublink_depth -= IsA(node, SubLink) ? 1 : 0;
	return found;
}

const char *
fusion_leaf_expression_problem(Node *node, int range_index)
{
	LeafCheck	check = {.range_index = range_index};

	if (!fusion_is_expression(node))
		return "it is not an expression";
	if (leaf_walker(node, &check))
		return check.problem;
	return expression_returns_set(node) ? "it returns a set" : NULL;
}

const char *
fusion_leaf_entry_problem(const RangeTblEntry *entry)
{
	LeafCheck	check = {.range_index = NO_ENTRY};
	Node	   *parts[] = {
		(Node *) entry->subquery, (Node *) entry->functions, (Node *) entry->values_lists,
		(Node *) entry->tablefunc, (Node *) entry->tablesample
	};

	for (int i = 0; i < lengthof(parts) && check.problem == NULL; i++)
		(void) leaf_walker(parts[i], &check);
	return check.problem;
}

const char *
fusion_leaf_query_problem(Query *query)
{
	LeafCheck	check = {.range_index = NO_ENTRY};

	(void) leaf_walker((Node *) query, &check);
	return check.problem;
}

typedef struct EdgeCheck
{
	int			range_index;
	bool		aggregates_done;
	Index		level;			/* queries entered on the way */
	const char *problem;
} EdgeCheck;

static bool
edge_walker(Node *node, EdgeCheck *check)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		bool		found;

		check->level++;
		found = query_tree_walker((Query *) node, edge_walker, check, 0);
		check->level--;
		return found;
	}
	if (IsA(node, Var) && ((Var *) node)->varlevelsup == check->level &&
		((Var *) node)->varno != check->range_index)
		check->problem = "a column of a scanned relation is left above the scan";
	else if (IsA(node, Aggref) && ((Aggref *) node)->agglevelsup == check->level && check->aggregates_done)
		check->problem = "an aggregate is left above the aggregation";
	else if (IsA(node, GroupingFunc) && ((GroupingFunc *) node)->agglevelsup == check->level &&
			 check->aggregates_done)
		check->problem = "GROUPING is left above the aggregation";
	if (check->problem != NULL)
		return true;
	return expression_tree_walker(node, edge_walker, check);
}

const char *
fusion_edge_query_problem(Query *query, int range_index, bool aggregates_done)
{
	EdgeCheck	check = {range_index, aggregates_done, 0, NULL};

	(void) query_tree_walker(query, edge_walker, &check, QTW_IGNORE_RANGE_TABLE);
	return check.problem;
}
