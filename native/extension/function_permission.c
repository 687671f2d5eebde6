/*
 * function_permission.c
 *    The functions of a statement, found when it is planned and judged at each start of it: privileges of the server's
 *    own functions may change without an invalidation of the plans that call them. See function_permission.h.
 */
#include "postgres.h"

#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "function_permission.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "pg_compat.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

typedef struct Named
{
	List	   *functions;
	List	   *aggregates;
} Named;

/* Functions of types and of orders are used without asking, here as in PostgreSQL. */
static bool
name_walker(Node *node, Named *named)
{
	Oid			function = InvalidOid;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, name_walker, named, 0);
	if (IsA(node, Aggref))
		named->aggregates = list_append_unique_oid(named->aggregates, ((Aggref *) node)->aggfnoid);
	else if (IsA(node, FuncExpr))
		function = ((FuncExpr *) node)->funcid;
	else if (IsA(node, OpExpr) || IsA(node, DistinctExpr) || IsA(node, NullIfExpr))
		function = ((OpExpr *) node)->opfuncid;
	else if (IsA(node, ScalarArrayOpExpr))
		function = ((ScalarArrayOpExpr *) node)->opfuncid;
	else if (IsA(node, WindowFunc))
		function = ((WindowFunc *) node)->winfnoid;
	if (OidIsValid(function))
		named->functions = list_append_unique_oid(named->functions, function);
	return expression_tree_walker(node, name_walker, named);
}

List *
fusion_functions_named(const Query *query)
{
	Named		named = {NIL, NIL};

	(void) name_walker((Node *) unconstify(Query *, query), &named);
	return list_make2(named.functions, named.aggregates);
}

static void
check_each(const List *functions, ObjectType kind)
{
	Oid			user = GetUserId();
	ListCell   *cell;

	foreach(cell, functions)
	{
		Oid			function = lfirst_oid(cell);
		AclResult	result = fusion_function_aclcheck(function, user);

		if (result != ACLCHECK_OK)
			aclcheck_error(result, kind, get_func_name(function));
		InvokeFunctionExecuteHook(function);
	}
}

void
fusion_check_functions(const List *named)
{
	/* In this order PostgreSQL comes upon what one grouping names. */
	check_each(lsecond(named), OBJECT_AGGREGATE);
	check_each(linitial(named), OBJECT_FUNCTION);
}
