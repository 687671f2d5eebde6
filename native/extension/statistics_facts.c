/*
 * statistics_facts.c
 *    What PostgreSQL expects of the relations and conditions of a statement: sizes, distinct values, unique keys and
 *    shares of rows, from its planner's own functions and so under its rules about who may know what. It decides
 *    nothing: joins are ordered by the worker. Estimates are rounded, so that a table that grew by a row asks for the
 *    same plan, and gets the answer that is known. Read next: catalog_facts.c.
 */
#include "postgres.h"

#include <math.h>

#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "node_check.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "statistics_facts.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

/* Estimates come in steps of 2^(1/8), about nine percent. */
#define STEPS_PER_DOUBLING 8
/* A condition written longer than this is some list of constants; looking at it costs more than it tells. */
#define CONDITION_LENGTH_MAX (64 * 1024)
/* Tables wider than this are asked for no column's statistics: each is a look-up. */
#define COLUMNS_MAX 256

/* One query level with its relations, as PostgreSQL's planner knows them. */
typedef struct Level
{
	uint32		query;			/* node id */
	PlannerInfo *root;
} Level;

static double
in_steps(double estimate)
{
	if (!(estimate > 0))
		return 0;
	return exp2(rint(log2(estimate) * STEPS_PER_DOUBLING) / STEPS_PER_DOUBLING);
}

/* ---- levels ---- */

/*
 * Only a parent's own size and statistics are asked for here. Its entry is no parent meanwhile: the planner would
 * collect its partitions.
 */
static void
add_relation(PlannerInfo *root, Index index)
{
	RangeTblEntry *rte = root->simple_rte_array[index];
	bool		is_parent = rte->inh && has_subclass(rte->relid);

	rte->inh = false;
	(void) build_simple_rel(root, index, NULL);
	rte->inh = is_parent;
}

static PlannerInfo *
planner_level(Query *query, ParamListInfo bound_params)
{
	PlannerInfo *root = makeNode(PlannerInfo);
	ListCell   *cell;

	root->glob = makeNode(PlannerGlobal);
	root->glob->boundParams = bound_params;
	root->parse = query;
	root->query_level = 1;
	root->planner_cxt = CurrentMemoryContext;
	setup_simple_rel_arrays(root);
	foreach(cell, query->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, cell);

		/* Not the entries of views: see collect_relations(). */
		if (rte->rtekind == RTE_RELATION && rte->relkind != RELKIND_VIEW)
			add_relation(root, foreach_current_index(cell) + 1);
	}
	return root;
}

static PlannerInfo *
level_of(List **levels, const FusionQueryText *text, uint32 query, ParamListInfo bound_params)
{
	Level	   *level;
	ListCell   *cell;

	foreach(cell, *levels)
	{
		level = lfirst(cell);
		if (level->query == query)
			return level->root;
	}
	level = palloc(sizeof(Level));
	level->query = query;
	level->root = planner_level(castNode(Query, fusion_node_at(text, query)), bound_params);
	*levels = lappend(*levels, level);
	return level->root;
}

/* ---- relations ---- */

static bool
is_entry(const FusionQueryText *text, uint32 id)
{
	return fusion_span_is(text, id, "RTE") || fusion_span_is(text, id, "RANGETBLENTRY");
}

/* The position of an entry in its query's range table: entries of one level are written in order. */
static int
entry_index(const FusionQueryText *text, uint32 rte_node)
{
	uint32		owner = text->spans[rte_node].owner;
	int			index = 0;

	for (uint32 id = owner; id <= rte_node; id++)
		if (text->spans[id].owner == owner && is_entry(text, id))
			index++;
	return index;
}

static void
column_statistics(PlannerInfo *root, int index, FusionColumnFact *column)
{
	Var		   *variable = makeVar(index, column->attribute, column->type, column->typmod, column->collation, 0);
	VariableStatData data;
	bool		is_default;
	double		distinct;

	examine_variable(root, (Node *) variable, 0, &data);
	distinct = get_variable_numdistinct(&data, &is_default);
	column->distinct = is_default ? 0 : in_steps(distinct);
	if (HeapTupleIsValid(data.statsTuple))
		column->null_fraction = ((Form_pg_statistic) GETSTRUCT(data.statsTuple))->stanullfrac;
	ReleaseVariableStats(data);
}

/*
 * The columns of a unique index that holds for every row at all times; false when it is another index. An operator
 * class of a user's may tell values apart that are equal elsewhere.
 */
static bool
unique_key(const IndexOptInfo *index, FusionUniqueKey *key)
{
	int16_t    *attributes;

	if (!index->unique || !index->immediate || index->indpred != NIL || index->nkeycolumns == 0)
		return false;
	attributes = palloc(sizeof(int16_t) * index->nkeycolumns);
	for (int i = 0; i < index->nkeycolumns; i++)
	{
		if (index->indexkeys[i] <= 0 || index->opfamily[i] >= FirstNormalObjectId)
			return false;
		attributes[i] = (int16_t) index->indexkeys[i];
	}
	key->attributes = attributes;
	key->count = index->nkeycolumns;
	return true;
}

static void
unique_keys(const RelOptInfo *rel, FusionRelationFact *fact)
{
	FusionUniqueKey *keys = palloc(sizeof(FusionUniqueKey) * (list_length(rel->indexlist) + 1));
	size_t		count = 0;
	ListCell   *cell;

	foreach(cell, rel->indexlist)
	{
		if (unique_key(lfirst_node(IndexOptInfo, cell), &keys[count]))
			count++;
	}
	fact->unique_keys = keys;
	fact->unique_key_count = count;
}

static void
relation_statistics(PlannerInfo *root, int index, FusionRelationFact *fact)
{
	RelOptInfo *rel = find_base_rel(root, index);

	if (fact->kind != RELKIND_PARTITIONED_TABLE || fact->rows > 0)
		fact->rows = in_steps(rel->tuples);
	fact->pages = (uint32) in_steps(rel->pages);
	if (!root->simple_rte_array[index]->inh)
		unique_keys(rel, fact);
	if (fact->column_count > COLUMNS_MAX)
		return;
	for (size_t i = 0; i < fact->column_count; i++)
		column_statistics(root, index, unconstify(FusionColumnFact *, &fact->columns[i]));
}

/* ---- conditions ---- */

/* Whether the condition bounds a column from above or below: two such conditions are a range, not independent. */
static uint8
bound_of(const Node *node)
{
	const OpExpr *operation = (const OpExpr *) node;
	bool		is_flipped;
	RegProcedure estimator;

	if (!IsA(node, OpExpr) || list_length(operation->args) != 2)
		return FUSION_BOUND_NONE;
	is_flipped = !IsA(linitial(operation->args), Var);
	if (!IsA(is_flipped ? lsecond(operation->args) : linitial(operation->args), Var))
		return FUSION_BOUND_NONE;
	estimator = get_oprrest(operation->opno);
	if (estimator == F_SCALARLTSEL || estimator == F_SCALARLESEL)
		return is_flipped ? FUSION_BOUND_LOWER : FUSION_BOUND_UPPER;
	if (estimator == F_SCALARGTSEL || estimator == F_SCALARGESEL)
		return is_flipped ? FUSION_BOUND_UPPER : FUSION_BOUND_LOWER;
	return FUSION_BOUND_NONE;
}

static bool
may_be_condition(const FusionQueryText *text, uint32 id)
{
	static const char *const tags[] = {
		"OPEXPR", "BOOLEXPR", "SCALARARRAYOPEXPR", "NULLTEST", "BOOLEANTEST", "FUNCEXPR", "DISTINCTEXPR"
	};
	const FusionNodeSpan *span = &text->spans[id];

	if (span->end - span->start > CONDITION_LENGTH_MAX)
		return false;
	for (int i = 0; i < lengthof(tags); i++)
		if (fusion_span_is(text, id, tags[i]))
			return true;
	return false;
}

/* Fills in the fact of a condition over one relation of its own level; false for any other node. */
static bool
condition_fact(PlannerInfo *root, const FusionQueryText *text, uint32 id, FusionConditionFact *fact)
{
	Node	   *node = fusion_node_at(text, id);
	int			index;

	if (exprType(node) != BOOLOID || !bms_get_singleton_member(pull_varnos(root, node), &index))
		return false;
	if (index >= root->simple_rel_array_size || root->simple_rel_array[index] == NULL ||
		fusion_leaf_expression_problem(node, index) != NULL)
		return false;
	fact->node = id;
	fact->selectivity = in_steps(clause_selectivity(root, node, 0, JOIN_INNER, NULL));
	fact->bound = bound_of(node);
	return true;
}

static void
collect_conditions(const FusionQueryText *text, List *levels, FusionPlanRequest *request)
{
	FusionConditionFact *facts = palloc(sizeof(FusionConditionFact) * text->count);
	size_t		count = 0;
	ListCell   *cell;

	foreach(cell, levels)
	{
		const Level *level = lfirst(cell);

		for (uint32 id = level->query; id < text->count; id++)
			if (text->spans[id].owner == level->query && may_be_condition(text, id) &&
				condition_fact(level->root, text, id, &facts[count]))
				count++;
	}
	request->conditions = facts;
	request->condition_count = count;
}

void
fusion_collect_statistics(const FusionQueryText *text, ParamListInfo bound_params, FusionPlanRequest *request)
{
	List	   *levels = NIL;

	for (size_t i = 0; i < request->relation_count; i++)
	{
		FusionRelationFact *fact = unconstify(FusionRelationFact *, &request->relations[i]);
		PlannerInfo *root = level_of(&levels, text, text->spans[fact->rte_node].owner, bound_params);

		relation_statistics(root, entry_index(text, fact->rte_node), fact);
	}
	collect_conditions(text, levels, request);
}
