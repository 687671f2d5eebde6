/*
 * query_leaf.c
 *    Cuts a leaf out of the statement. What it refers to outside of itself are WITH queries of the levels around it:
 *    they come along, in one list, and references to them are rewritten to its place. See query_leaf.h.
 *
 *    WITH a (SELECT ... FROM (WITH b ... SELECT ... FROM leaf))   becomes   WITH a, b  leaf
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "node_check.h"
#include "optimizer/optimizer.h"
#include "query_leaf.h"
#include "refusal.h"
#include "rewrite/rewriteManip.h"

/* ---- FROM ---- */

/* The permission entry at the front of the statement's range table is checked; once is enough. */
static void
drop_permission(RangeTblEntry *rte, const Query *owner, Query *leaf)
{
#if PG_VERSION_NUM >= 160000
	if (rte->perminfoindex > 0)
	{
		RTEPermissionInfo *info = copyObject(list_nth_node(RTEPermissionInfo, owner->rteperminfos,
														   rte->perminfoindex - 1));

		info->requiredPerms = 0;
		leaf->rteperminfos = list_make1(info);
		rte->perminfoindex = 1;
	}
#else
	rte->requiredPerms = 0;
#endif
}

static bool
can_stand_alone(const RangeTblEntry *rte)
{
	switch (rte->rtekind)
	{
		case RTE_RELATION:
		case RTE_SUBQUERY:
		case RTE_FUNCTION:
		case RTE_TABLEFUNC:
		case RTE_VALUES:
		case RTE_CTE:
		case RTE_NAMEDTUPLESTORE:
			return true;
		default:
			return false;
	}
}

static void
take_entry(const Query *owner, uint32 range_index, uint32 number, Query *leaf)
{
	RangeTblEntry *rte;
	RangeTblRef *from = makeNode(RangeTblRef);
	const char *problem;

	if (range_index > list_length(owner->rtable))
		fusion_answer_invalid("Scan %u names range table entry %u, which does not exist.", number, range_index);
	rte = copyObject(list_nth_node(RangeTblEntry, owner->rtable, range_index - 1));
	if (!can_stand_alone(rte))
		fusion_answer_invalid("Scan %u names range table entry %u, which cannot be read by itself.", number,
							  range_index);
	problem = fusion_leaf_entry_problem(rte);
	if (problem != NULL)
		fusion_answer_invalid("Scan %u cannot read range table entry %u: %s.", number, range_index, problem);
	drop_permission(rte, owner, leaf);
	rte->lateral = false;
	from->rtindex = (int) range_index;
	leaf->rtable = list_make1(rte);
	leaf->jointree = makeFromExpr(list_make1(from), NULL);
}

/*
 * A set operation has columns, not FROM: it becomes the leaf's only entry. Variables of its level read the leftmost
 * query, which is entry 1 and has columns of the same numbers.
 */
static void
take_set_operation(const Query *owner, Query *leaf)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	RangeTblRef *from = makeNode(RangeTblRef);
	List	   *names = NIL;
	ListCell   *cell;

	rte->rtekind = RTE_SUBQUERY;
	rte->subquery = copyObject(unconstify(Query *, owner));
#if PG_VERSION_NUM >= 170000
	/* The order that is asked for has a say in how duplicates are found, and so in which of equal values is left. */
	if (castNode(SetOperationStmt, owner->setOperations)->all)
#endif
		rte->subquery->sortClause = NIL;
	rte->subquery->limitOffset = NULL;
	rte->subquery->limitCount = NULL;
	rte->subquery->limitOption = LIMIT_OPTION_COUNT;
	foreach(cell, owner->targetList)
		names = lappend(names, makeString(pstrdup(lfirst_node(TargetEntry, cell)->resname)));
	rte->eref = makeAlias("combined", names);
	rte->inFromCl = true;
	from->rtindex = 1;
	leaf->rtable = list_make1(rte);
	leaf->jointree = makeFromExpr(list_make1(from), NULL);
}

Query *
fusion_leaf_skeleton(const FusionQueryText *text, uint32 query_node, const Query *owner, uint32 range_index,
					 uint32 number)
{
	Query	   *leaf = makeNode(Query);

	leaf->commandType = CMD_SELECT;
	leaf->canSetTag = true;
	/* Makes the plan depend on the role, as the statement's own would. */
	leaf->hasRowSecurity = owner->hasRowSecurity;
	if (range_index > 0)
	{
		take_entry(owner, range_index, number, leaf);
		return leaf;
	}
	if (owner->rowMarks != NIL || owner->commandType != CMD_SELECT)
		fusion_answer_invalid("Scan %u is over the FROM of a query that has none.", number);
	if (owner->setOperations != NULL)
	{
		take_set_operation(owner, leaf);
		return leaf;
	}
	leaf->rtable = copyObject(owner->rtable);
#if PG_VERSION_NUM >= 160000
	leaf->rteperminfos = copyObject(owner->rteperminfos);
#endif
	leaf->jointree = copyObject(owner->jointree);
	return leaf;
}

/* ---- WITH ---- */

/* The queries around a leaf, innermost first: from its own to the statement. */
typedef struct Surroundings
{
	List	   *queries;		/* const Query */
	uint32		number;			/* of the leaf */
} Surroundings;

typedef struct ReferenceWalk
{
	const Surroundings *around;
	int			base;			/* the walked tree stands this far out */
	int			depth;			/* queries entered below the leaf */
	const List *gathered;		/* count into these; NULL: rewrite references */
} ReferenceWalk;

static CommonTableExpr *
find_cte(const List *ctes, const char *name)
{
	ListCell   *cell;

	foreach(cell, ctes)
	{
		CommonTableExpr *cte = lfirst_node(CommonTableExpr, cell);

		if (strcmp(cte->ctename, name) == 0)
			return cte;
	}
	return NULL;
}

/* A name that no level further in has for a WITH query of its own. */
static char *
unique_name(const Surroundings *around, int level, const char *name)
{
	for (int inner = 0; inner < level; inner++)
	{
		if (find_cte(((const Query *) list_nth(around->queries, inner))->cteList, name) != NULL)
			return psprintf("%s of level %d", name, level);
	}
	return pstrdup(name);
}

static void
visit_reference(ReferenceWalk *walk, RangeTblEntry *rte)
{
	int			level;

	if (rte->rtekind != RTE_CTE || (int) rte->ctelevelsup < walk->depth)
		return;
	if (walk->gathered != NULL)
	{
		CommonTableExpr *cte = find_cte(walk->gathered, rte->ctename);

		if (cte == NULL)
			fusion_answer_invalid("Scan %u reads a WITH query that is not in sight.", walk->around->number);
		cte->cterefcount += rte->self_reference ? 0 : 1;
		return;
	}
	level = walk->base + (int) rte->ctelevelsup - walk->depth;
	if (level >= list_length(walk->around->queries))
		fusion_answer_invalid("Scan %u reads a WITH query of no level.", walk->around->number);
	rte->ctename = unique_name(walk->around, level, rte->ctename);
	rte->ctelevelsup = (Index) walk->depth;
}

static bool
reference_walker(Node *node, ReferenceWalk *walk)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		visit_reference(walk, (RangeTblEntry *) node);
		return false;
	}
	if (IsA(node, Query))
	{
		bool		found;

		walk->depth++;
		found = query_tree_walker((Query *) node, reference_walker, walk, QTW_EXAMINE_RTES_BEFORE);
		walk->depth--;
		return found;
	}
	return expression_tree_walker(node, reference_walker, walk);
}

/* All of the leaf but its WITH list; the leaf's own entries are references of depth 0. */
static void
walk_body(Query *leaf, ReferenceWalk *walk)
{
	(void) query_tree_walker(leaf, reference_walker, walk, QTW_EXAMINE_RTES_BEFORE | QTW_IGNORE_CTE_SUBQUERIES);
}

static Surroundings
surroundings_of(const FusionQueryText *text, uint32 query_node, uint32 number)
{
	Surroundings around = {NIL, number};

	for (uint32 id = query_node;; id = fusion_span_at(text, id)->owner)
	{
		around.queries = lappend(around.queries, unconstify(Query *, fusion_query_at(text, id)));
		if (id == 0)
			return around;
	}
}

/* Every WITH query around the leaf, outermost first so that each comes before those that may read it. */
static List *
gather(const Surroundings *around, Query *leaf)
{
	List	   *gathered = NIL;

	for (int level = list_length(around->queries) - 1; level >= 0; level--)
	{
		const Query *query = list_nth(around->queries, level);
		ListCell   *cell;

		foreach(cell, query->cteList)
		{
			CommonTableExpr *cte = copyObject(lfirst_node(CommonTableExpr, cell));
			ReferenceWalk walk = {around, level, 0, NULL};

			(void) reference_walker(cte->ctequery, &walk);
			cte->ctename = unique_name(around, level, cte->ctename);
			cte->cterefcount = 0;
			gathered = lappend(gathered, cte);
		}
		leaf->hasRecursive |= query->hasRecursive;
	}
	return gathered;
}

/* Counts references, from the leaf back through the list, and keeps what has any. */
static List *
keep_referenced(const Surroundings *around, Query *leaf, List *gathered)
{
	ReferenceWalk walk = {around, 0, 0, gathered};
	List	   *kept = NIL;

	walk_body(leaf, &walk);
	for (int i = list_length(gathered) - 1; i >= 0; i--)
	{
		CommonTableExpr *cte = list_nth_node(CommonTableExpr, gathered, i);

		if (cte->cterefcount == 0)
			continue;
		(void) reference_walker(cte->ctequery, &walk);
		kept = lcons(cte, kept);
	}
	return kept;
}

static void
bring_common_tables(const FusionQueryText *text, uint32 query_node, bool whole_query, Query *leaf, uint32 number)
{
	Surroundings around = surroundings_of(text, query_node, number);
	ReferenceWalk walk = {&around, whole_query ? 1 : 0, 0, NULL};
	List	   *gathered = gather(&around, leaf);

	if (gathered == NIL)
		return;
	walk_body(leaf, &walk);
	leaf->cteList = keep_referenced(&around, leaf, gathered);
}

void
fusion_keep_common_tables(Query *query)
{
	Surroundings around = {NIL, 0};
	ListCell   *cell;

	foreach(cell, query->cteList)
		lfirst_node(CommonTableExpr, cell)->cterefcount = 0;
	if (query->cteList != NIL)
		query->cteList = keep_referenced(&around, query, query->cteList);
}

void
fusion_leaf_complete(const FusionQueryText *text, uint32 query_node, bool whole_query, Query *leaf, uint32 number)
{
	const char *problem;

	bring_common_tables(text, query_node, whole_query, leaf, number);
	leaf->hasSubLinks = checkExprHasSubLink((Node *) leaf);
	problem = fusion_leaf_query_problem(leaf);
	if (problem != NULL)
		fusion_answer_invalid("Scan %u cannot stand alone: %s.", number, problem);
}
