/*
 * edge_expression.c
 *    Builds the replacements the worker asks for and puts them into the query's text. Replacing text
 *    instead of tree nodes keeps node ids meaningful to the end and needs no mutator; the result is parsed
 *    once. Nodes of subqueries that the engine merged into the statement may be lifted above the scan, with
 *    their own variables replaced.
 */
#include "postgres.h"

#include "edge_expression.h"
#include "fusion_edge_calls.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "node_check.h"
#include "refusal.h"
#include "utils/lsyscache.h"

/* A replaced node; its new text is made when it is asked for. */
typedef struct Replacement
{
	uint32		start;
	uint32		end;
	bool		lifted;			/* stands in another query level, of which only lifted parts get above the scan */
	FusionReplacementAnswer answer;
} Replacement;

struct FusionReplacements
{
	const FusionQueryText *text;
	const FusionPlanReady *answer;
	const RangeTblEntry *entry;
	Index		range_index;
	Replacement *list;			/* in order of start */
	uint32		count;
};

/* Reads one prefix expression. */
typedef struct PrefixReader
{
	const FusionReplacements *all;
	const FusionReplacementAnswer *answer;
	uint32		at;
	Index		levels_up;		/* of the replaced node, which may stand in a subquery */
} PrefixReader;

static Node *
column_reference(const PrefixReader *reader, uint32 column)
{
	const RangeTblEntry *entry = reader->all->entry;

	if (column >= list_length(entry->coltypes))
		fusion_answer_invalid("The replacement of node %u names engine column %u of %d.", reader->answer->node, column,
							  list_length(entry->coltypes));
	return (Node *) makeVar(reader->all->range_index, (AttrNumber) (column + 1), list_nth_oid(entry->coltypes, column),
							list_nth_int(entry->coltypmods, column), list_nth_oid(entry->colcollations, column),
							reader->levels_up);
}

static bool
edge_function_allowed(Oid function)
{
	for (int i = 0; i < lengthof(fusion_edge_calls); i++)
	{
		if (fusion_edge_calls[i] == function)
			return true;
	}
	return false;
}

static Node *read_expression(PrefixReader *reader);

static Node *
function_call(PrefixReader *reader, Oid function)
{
	Oid		   *types;
	int			count;
	Oid			result;
	List	   *arguments = NIL;

	if (!edge_function_allowed(function))
		fusion_answer_invalid("Function %u may not be called above the scan.", function);
	result = get_func_signature(function, &types, &count);
	for (int i = 0; i < count; i++)
	{
		Node	   *argument = read_expression(reader);

		if (exprType(argument) != types[i])
			fusion_answer_invalid("Argument %d of function %u has type %u instead of %u.", i + 1, function,
								  exprType(argument), types[i]);
		arguments = lappend(arguments, argument);
	}
	/* Numbers only: no collation anywhere. */
	return (Node *) makeFuncExpr(function, result, arguments, InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/* Another node of the query, which vanishes from where it stood. */
static Node *
lifted_node(const PrefixReader *reader, uint32 node)
{
	if (reader->answer->length != 1 || reader->levels_up > 0)
		fusion_answer_invalid("The replacement of node %u lifts node %u into an expression.", reader->answer->node,
							  node);
	return fusion_replaced_node(reader->all, node);
}

static Node *
read_expression(PrefixReader *reader)
{
	const FusionReplacementAnswer *answer = reader->answer;
	uint32		at = reader->at;

	check_stack_depth();
	if (at >= answer->length)
		fusion_answer_invalid("The replacement of node %u ends in the middle.", answer->node);
	reader->at++;
	switch (answer->op[at])
	{
		case 0:
			return column_reference(reader, answer->operand[at]);
		case 1:
			return function_call(reader, answer->operand[at]);
		case 2:
			return lifted_node(reader, answer->operand[at]);
		default:
			fusion_answer_invalid("The replacement of node %u has unknown operation %u.", answer->node, answer->op[at]);
	}
}

/*
 * The statement's row type was fixed by analysis: what stands in for an expression must look the same from
 * outside.
 */
static void
check_same_type(uint32 id, Node *original, Node *replacement)
{
	if (exprType(original) != exprType(replacement) || exprTypmod(original) != exprTypmod(replacement) ||
		exprCollation(original) != exprCollation(replacement))
		fusion_answer_invalid("Node %u of type %u (modifier %d, collation %u) cannot become type %u (%d, %u).", id,
							  exprType(original), exprTypmod(original), exprCollation(original),
							  exprType(replacement), exprTypmod(replacement), exprCollation(replacement));
}

static bool
is_inside(const FusionQueryText *text, uint32 outer, const FusionNodeSpan *inner)
{
	const FusionNodeSpan *span = fusion_span_at(text, outer);

	return span->owner == inner->owner && span->start <= inner->start && span->end >= inner->end;
}

/*
 * Above the scan there is one query level, the statement's own. Nodes of others get there only as part of
 * something lifted from the same level.
 */
static bool
is_lifted(const FusionReplacements *all, const FusionNodeSpan *span)
{
	const FusionPlanReady *answer = all->answer;

	for (uint32 i = 0; i < answer->edge_qual_count; i++)
	{
		if (is_inside(all->text, answer->edge_quals[i], span))
			return true;
	}
	for (uint32 i = 0; i < all->count; i++)
	{
		const FusionReplacementAnswer *one = &all->list[i].answer;

		if (one->op[0] == 2 && is_inside(all->text, one->operand[0], span))
			return true;
	}
	return false;
}

/* How far below the statement's own level the node stands: a variable in a subquery may mean the statement's. */
static Index
levels_below(const FusionReplacements *all, uint32 id, const Node *node)
{
	Index		levels = 0;

	if (is_lifted(all, fusion_span_at(all->text, id)))
		return 0;
	for (uint32 owner = fusion_span_at(all->text, id)->owner; owner != 0;
		 owner = fusion_span_at(all->text, owner)->owner)
		levels++;
	if (levels > 0 && (!IsA(node, Var) || ((const Var *) node)->varlevelsup != levels))
		fusion_answer_invalid("Node %u to be replaced belongs to another query level.", id);
	return levels;
}

static const char *
replacement_text(const FusionReplacements *all, const Replacement *replacement)
{
	uint32		id = replacement->answer.node;
	Node	   *original = fusion_node_at(all->text, id);
	PrefixReader reader = {all, &replacement->answer, 0, levels_below(all, id, original)};
	Node	   *node = read_expression(&reader);

	if (reader.at != replacement->answer.length)
		fusion_answer_invalid("The replacement of node %u has a rest.", id);
	check_same_type(id, original, node);
	return nodeToString(node);
}

/*
 * A part of the query's text with every replaced node's text exchanged. What was lifted out of a WITH query means the
 * engine's columns above the scan only: other readings of the query still read its tables.
 */
static char *
replaced_part(const FusionReplacements *all, uint32 start, uint32 end, bool lifted)
{
	const char *text = all->text->text;
	uint32		at = start;
	StringInfoData result;

	check_stack_depth();
	initStringInfo(&result);
	for (uint32 i = 0; i < all->count; i++)
	{
		const Replacement *one = &all->list[i];

		if (one->start < start || one->end > end || (one->lifted && !lifted))
			continue;
		if (one->start < at)
			fusion_answer_invalid("Two replacements overlap at byte %u of the query tree.", one->start);
		appendBinaryStringInfo(&result, text + at, one->start - at);
		appendStringInfoString(&result, replacement_text(all, one));
		at = one->end;
	}
	appendBinaryStringInfo(&result, text + at, end - at);
	return result.data;
}

char *
fusion_replaced_text(const FusionReplacements *all)
{
	return replaced_part(all, 0, (uint32) all->text->length, false);
}

Node *
fusion_replaced_node(const FusionReplacements *all, uint32 id)
{
	const FusionNodeSpan *span = fusion_span_at(all->text, id);

	if (!fusion_is_expression(fusion_node_at(all->text, id)))
		fusion_answer_invalid("Node %u to be evaluated above the scan is not an expression.", id);
	return stringToNode(replaced_part(all, span->start, span->end, true));
}

static int
compare_starts(const void *left, const void *right)
{
	uint32		a = ((const Replacement *) left)->start;
	uint32		b = ((const Replacement *) right)->start;

	return a < b ? -1 : (a > b ? 1 : 0);
}

FusionReplacements *
fusion_replacements(const FusionQueryText *text, const FusionPlanReady *answer, const RangeTblEntry *entry,
					Index range_index)
{
	FusionReplacements *all = palloc(sizeof(FusionReplacements));

	all->text = text;
	all->answer = answer;
	all->entry = entry;
	all->range_index = range_index;
	all->count = answer->replacement_count;
	all->list = palloc(sizeof(Replacement) * (all->count + 1));
	for (uint32 i = 0; i < all->count; i++)
	{
		Replacement *one = &all->list[i];
		const FusionNodeSpan *span;

		fusion_plan_ready_replacement(answer, i, &one->answer);
		span = fusion_span_at(text, one->answer.node);
		one->start = span->start;
		one->end = span->end;
		if (one->answer.node == 0 || !fusion_is_expression(fusion_node_at(text, one->answer.node)))
			fusion_answer_invalid("Node %u to be replaced is not an expression.", one->answer.node);
	}
	for (uint32 i = 0; i < all->count; i++)
	{
		const FusionNodeSpan *span = fusion_span_at(text, all->list[i].answer.node);

		all->list[i].lifted = span->owner != 0 && is_lifted(all, span);
	}
	qsort(all->list, all->count, sizeof(Replacement), compare_starts);
	return all;
}
