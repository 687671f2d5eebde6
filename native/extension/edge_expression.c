/*
 * edge_expression.c
 *    Builds the replacements the worker asks for and puts them into the query's text. Replacing text
 *    instead of tree nodes keeps node ids meaningful to the end and needs no mutator; the result is parsed
 *    once.
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

/* Reads one prefix expression. */
typedef struct PrefixReader
{
	const FusionReplacementAnswer *answer;
	uint32		at;
	const RangeTblEntry *entry;
	Index		range_index;
	Index		levels_up;		/* of the replaced node, which may stand in a subquery */
} PrefixReader;

static Node *
column_reference(const PrefixReader *reader, uint32 column)
{
	const RangeTblEntry *entry = reader->entry;

	if (column >= list_length(entry->coltypes))
		fusion_answer_invalid("The replacement of node %u names engine column %u of %d.", reader->answer->node, column,
							  list_length(entry->coltypes));
	return (Node *) makeVar(reader->range_index, (AttrNumber) (column + 1), list_nth_oid(entry->coltypes, column),
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
		default:
			fusion_answer_invalid("The replacement of node %u has unknown operation %u.", answer->node, answer->op[at]);
	}
}

/* A replaced node and its new text. */
typedef struct Replacement
{
	uint32		start;
	uint32		end;
	char	   *text;
} Replacement;

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

/* How far below the statement's own level the node stands: a variable in a subquery may mean the statement's. */
static Index
levels_below(const FusionQueryText *text, uint32 id, const Node *node)
{
	Index		levels = 0;

	for (uint32 owner = fusion_span_at(text, id)->owner; owner != 0; owner = fusion_span_at(text, owner)->owner)
		levels++;
	if (levels > 0 && (!IsA(node, Var) || ((const Var *) node)->varlevelsup != levels))
		fusion_answer_invalid("Node %u to be replaced belongs to another query level.", id);
	return levels;
}

static void
make_replacement(const FusionQueryText *text, const FusionReplacementAnswer *answer, const RangeTblEntry *entry,
				 Index range_index, Replacement *replacement)
{
	const FusionNodeSpan *span = fusion_span_at(text, answer->node);
	Node	   *original = fusion_node_at(text, answer->node);
	PrefixReader reader = {answer, 0, entry, range_index, levels_below(text, answer->node, original)};
	Node	   *node = read_expression(&reader);

	if (reader.at != answer->length)
		fusion_answer_invalid("The replacement of node %u has a rest.", answer->node);
	if (answer->node == 0)
		fusion_answer_invalid("The whole statement cannot be replaced.");
	if (!fusion_is_expression(original))
		fusion_answer_invalid("Node %u to be replaced is not an expression.", answer->node);
	check_same_type(answer->node, original, node);
	replacement->start = span->start;
	replacement->end = span->end;
	replacement->text = nodeToString(node);
}

static int
compare_starts(const void *left, const void *right)
{
	uint32		a = ((const Replacement *) left)->start;
	uint32		b = ((const Replacement *) right)->start;

	return a < b ? -1 : (a > b ? 1 : 0);
}

char *
fusion_replaced_text(const FusionQueryText *text, const FusionPlanReady *answer, const RangeTblEntry *entry,
					 Index range_index)
{
	Replacement *replacements = palloc(sizeof(Replacement) * (answer->replacement_count + 1));
	StringInfoData result;
	uint32		at = 0;

	for (uint32 i = 0; i < answer->replacement_count; i++)
	{
		FusionReplacementAnswer one;

		fusion_plan_ready_replacement(answer, i, &one);
		make_replacement(text, &one, entry, range_index, &replacements[i]);
	}
	qsort(replacements, answer->replacement_count, sizeof(Replacement), compare_starts);

	initStringInfo(&result);
	for (uint32 i = 0; i < answer->replacement_count; i++)
	{
		if (replacements[i].start < at)
			fusion_answer_invalid("Two replacements overlap at byte %u of the query tree.", replacements[i].start);
		appendBinaryStringInfo(&result, text->text + at, replacements[i].start - at);
		appendStringInfoString(&result, replacements[i].text);
		at = replacements[i].end;
	}
	appendStringInfoString(&result, text->text + at);
	return result.data;
}
