/*
 * explain_engine.c
 *    The engine's operators in EXPLAIN: a tree with estimates, and with ANALYZE what each operator did, over all runs.
 *    Names and details come from the worker's answer; estimates of scans are PostgreSQL's own.
 */
#include "postgres.h"

#include "explain.h"
#include "explain_line.h"
#include "nodes/value.h"

typedef struct EngineOperator
{
	const char *name;
	int			depth;
	int			leaf;			/* -1: no scan */
	double		rows;			/* negative: nobody knows */
	const List *places;
	const FusionOperatorStats *actual;	/* NULL: not analyzed, or nothing was reported */
} EngineOperator;

static EngineOperator
operator_at(const FusionScanState *state, int number)
{
	const List *places = list_nth_node(List, state->plan->operators, number);
	EngineOperator operator = {
		.name = strVal(list_nth(places, FUSION_OPERATOR_NAME)),
		.depth = intVal(list_nth(places, FUSION_OPERATOR_DEPTH)),
		.leaf = intVal(list_nth(places, FUSION_OPERATOR_LEAF)),
		.rows = floatVal(list_nth(places, FUSION_OPERATOR_ROWS)),
		.places = places
	};

	if (operator.leaf >= 0 && operator.leaf < list_length(state->css.custom_ps))
		operator.rows = ((PlanState *) list_nth(state->css.custom_ps, operator.leaf))->plan->plan_rows;
	if (state->execution != NULL)
	{
		const FusionExecutionNumbers *numbers = fusion_execution_numbers(state->execution);

		if (number < numbers->operator_count && numbers->reported[number])
			operator.actual = &numbers->operators[number];
	}
	return operator;
}

/* The worker's numbers come with its last word, which a statement that has enough does not wait for. */
static bool
lacks_numbers(const FusionScanState *state, const ExplainState *es)
{
	const FusionExecutionNumbers *numbers;

	if (!es->analyze || state->execution == NULL)
		return false;
	numbers = fusion_execution_numbers(state->execution);
	for (int i = 0; i < numbers->operator_count; i++)
		if (numbers->reported[i])
			return false;
	return true;
}

/* ---- text ---- */

static void
append_actual(StringInfo line, const FusionOperatorStats *actual, const ExplainState *es)
{
	appendStringInfo(line, " (actual rows=" UINT64_FORMAT, actual->rows_out);
	/* A pipeline is timed as a whole, under its last operator. */
	if (es->timing && actual->time_ns > 0)
		appendStringInfo(line, " time=%.3f", fusion_milliseconds(actual->time_ns));
	if (actual->pages > 0)
		appendStringInfo(line, " pages=" UINT64_FORMAT " bytes=" UINT64_FORMAT, actual->pages, actual->bytes);
	if (actual->memory_bytes > 0)
		appendStringInfo(line, " memory=" UINT64_FORMAT "kB", fusion_kilobytes(actual->memory_bytes));
	if (actual->spilled_bytes > 0)
		appendStringInfo(line, " disk=" UINT64_FORMAT "kB", fusion_kilobytes(actual->spilled_bytes));
	if (es->verbose && actual->redo_pages > 0)
		appendStringInfo(line, " wide pages=" UINT64_FORMAT, actual->redo_pages);
	appendStringInfoChar(line, ')');
}

/* The operator's lines, indented among themselves. */
static List *
operator_lines(const EngineOperator *operator, const ExplainState *es)
{
	List	   *lines = NIL;
	StringInfoData line;
	int			inset = operator->depth * 6;

	initStringInfo(&line);
	if (operator->depth > 0)
	{
		appendStringInfoSpaces(&line, inset - 4);
		appendStringInfoString(&line, "->  ");
	}
	appendStringInfoString(&line, operator->name);
	if (es->costs && operator->rows >= 0)
		appendStringInfo(&line, "  (rows=%.0f)", operator->rows);
	if (es->analyze && operator->actual != NULL)
		append_actual(&line, operator->actual, es);
	lines = lappend(lines, line.data);
	for (int i = FUSION_OPERATOR_DETAILS; i + 1 < list_length(operator->places); i += 2)
		lines = lappend(lines, psprintf("%*s%s: %s", inset + 2, "", strVal(list_nth(operator->places, i)),
										strVal(list_nth(operator->places, i + 1))));
	return lines;
}

/* Of all operators, then the notes. */
static List *
engine_lines(const FusionScanState *state, const ExplainState *es)
{
	List	   *lines = NIL;
	ListCell   *cell;

	for (int number = 0; number < list_length(state->plan->operators); number++)
	{
		EngineOperator operator = operator_at(state, number);

		lines = list_concat(lines, operator_lines(&operator, es));
	}
	foreach(cell, state->plan->explain)
		lines = lappend(lines, strVal(lfirst(cell)));
	return lines;
}

/* ---- the other formats ---- */

static void
property_actual(const FusionOperatorStats *actual, ExplainState *es)
{
	ExplainPropertyUInteger("Actual Rows", NULL, actual->rows_out, es);
	if (es->timing)
		ExplainPropertyFloat("Actual Time", "ms", fusion_milliseconds(actual->time_ns), 3, es);
	ExplainPropertyUInteger("Pages", NULL, actual->pages, es);
	ExplainPropertyUInteger("Bytes", "B", actual->bytes, es);
	ExplainPropertyUInteger("Memory", "kB", fusion_kilobytes(actual->memory_bytes), es);
	ExplainPropertyUInteger("Disk", "kB", fusion_kilobytes(actual->spilled_bytes), es);
	ExplainPropertyUInteger("Wide Pages", NULL, actual->redo_pages, es);
}

/* An operator and those below it; returns the number after them. */
static int
group_operator(const FusionScanState *state, int number, ExplainState *es)
{
	EngineOperator operator = operator_at(state, number);
	int			next = number + 1;
	int			count = list_length(state->plan->operators);

	ExplainOpenGroup("Operator", NULL, true, es);
	ExplainPropertyInteger("Operator", NULL, number, es);
	ExplainPropertyText("Name", operator.name, es);
	if (operator.leaf >= 0)
		ExplainPropertyInteger("Scan", NULL, operator.leaf + 1, es);
	for (int i = FUSION_OPERATOR_DETAILS; i + 1 < list_length(operator.places); i += 2)
		ExplainPropertyText(strVal(list_nth(operator.places, i)), strVal(list_nth(operator.places, i + 1)), es);
	if (es->costs && operator.rows >= 0)
		ExplainPropertyFloat("Plan Rows", NULL, operator.rows, 0, es);
	if (es->analyze && operator.actual != NULL)
		property_actual(operator.actual, es);
	if (next < count && operator_at(state, next).depth > operator.depth)
	{
		ExplainOpenGroup("Inputs", "Inputs", false, es);
		while (next < count && operator_at(state, next).depth > operator.depth)
			next = group_operator(state, next, es);
		ExplainCloseGroup("Inputs", "Inputs", false, es);
	}
	ExplainCloseGroup("Operator", NULL, true, es);
	return next;
}

void
fusion_explain_engine(const FusionScanState *state, ExplainState *es)
{
	int			count = list_length(state->plan->operators);
	List	   *lines = engine_lines(state, es);
	ListCell   *cell;

	if (fusion_explain_is_text(es))
	{
		fusion_explain_line(es, lacks_numbers(state, es)
							? "Engine: (stopped before the worker reported numbers)" : "Engine:");
		es->indent++;
		foreach(cell, lines)
			fusion_explain_line(es, "%s", (char *) lfirst(cell));
		es->indent--;
		return;
	}
	ExplainOpenGroup("Engine", "Engine", false, es);
	for (int number = 0; number < count;)
		number = group_operator(state, number, es);
	ExplainCloseGroup("Engine", "Engine", false, es);
	/* For viewers that show only what stands flat: the same as people read it. */
	ExplainPropertyList("Engine Plan", lines, es);
	if (es->analyze && state->execution != NULL)
		ExplainPropertyBool("Engine Numbers", !lacks_numbers(state, es), es);
}
