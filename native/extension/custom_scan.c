/*
 * custom_scan.c
 *    PgFusionScan in the executor: leaves as child nodes of the same EState, rows from the execution
 *    (execution.c). It holds no lifecycle of its own; ends on error come through the execution's callbacks,
 *    since PostgreSQL does not call EndCustomScan then.
 */
#include "postgres.h"

#include "custom_scan.h"
#include "executor/executor.h"
#include "explain.h"
#include "function_permission.h"

static Node *create_scan_state(CustomScan *scan);

const CustomScanMethods fusion_scan_methods = {
	.CustomName = FUSION_SCAN_NAME,
	.CreateCustomScanState = create_scan_state
};

/*
 * Starts the leaves as they would be started below any other node. They are read forward once, or again
 * from the beginning after a rescan, whatever the cursor above may do: PostgreSQL puts a Material there for
 * going back. Leaves with subplans are statements of their own.
 */
static List *
begin_leaves(FusionScanState *state, const CustomScan *scan, EState *estate, int eflags)
{
	List	   *leaves = NIL;
	int			child = 0;
	ListCell   *cell;

	state->statements = palloc0(Max(state->plan->leaf_count, 1) * sizeof(FusionStatementLeaf *));
	foreach(cell, state->plan->leaf_statements)
	{
		PlannedStmt *statement = lfirst(cell);
		int			leaf = foreach_current_index(cell);

		if (statement != NULL)
		{
			state->statements[leaf] = fusion_statement_leaf_begin(statement, estate, eflags);
			leaves = lappend(leaves, fusion_statement_leaf_state(state->statements[leaf]));
			continue;
		}
		if (child >= list_length(scan->custom_plans))
			elog(ERROR, "pg_fusion: a scan plan has too few leaf plans");
		leaves = lappend(leaves, ExecInitNode(list_nth(scan->custom_plans, child++), estate, eflags));
		state->css.custom_ps = lappend(state->css.custom_ps, llast(leaves));
	}
	return leaves;
}

static void
begin_scan(CustomScanState *css, EState *estate, int eflags)
{
	FusionScanState *state = (FusionScanState *) css;
	CustomScan *scan = castNode(CustomScan, css->ss.ps.plan);

	state->plan = fusion_scan_plan_load(scan->custom_private);
	fusion_check_functions(state->plan->functions);
	state->leaves = begin_leaves(state, scan, estate, eflags & ~(EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK));
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
		state->execution = fusion_execution_create(estate, state->plan, state->leaves, estate->es_instrument != 0);
}

static TupleTableSlot *
next_row(ScanState *scan)
{
	FusionScanState *state = (FusionScanState *) scan;
	TupleTableSlot *slot = scan->ss_ScanTupleSlot;

	ExecClearTuple(slot);
	(void) fusion_execution_next(state->execution, slot);
	return slot;
}

/* The scan has no row marks to test again. */
static bool
recheck_row(ScanState *scan, TupleTableSlot *slot)
{
	return true;
}

static TupleTableSlot *
execute_scan(CustomScanState *css)
{
	return ExecScan(&css->ss, next_row, recheck_row);
}

static void
rescan(CustomScanState *css)
{
	FusionScanState *state = (FusionScanState *) css;
	ListCell   *cell;

	ExecScanReScan(&css->ss);
	foreach(cell, css->custom_ps)
	{
		PlanState  *leaf = lfirst(cell);

		if (css->ss.ps.chgParam != NULL)
			UpdateChangedParamSet(leaf, css->ss.ps.chgParam);
		ExecReScan(leaf);
	}
	/* Their parameters are their own: nothing of the statement's reaches them. */
	for (int leaf = 0; leaf < state->plan->leaf_count; leaf++)
	{
		if (state->statements[leaf] != NULL)
			ExecReScan(fusion_statement_leaf_state(state->statements[leaf]));
	}
	fusion_execution_rescan(state->execution);
}

static void
shut_down(CustomScanState *css)
{
	FusionScanState *state = (FusionScanState *) css;

	if (state->execution == NULL)
		return;
	fusion_execution_shutdown(state->execution);
	/* PostgreSQL comes by itself to the nodes of this statement only. */
	for (int leaf = 0; leaf < state->plan->leaf_count; leaf++)
	{
		if (state->statements[leaf] != NULL)
			(void) ExecShutdownNode(fusion_statement_leaf_state(state->statements[leaf]));
	}
}

static void
end_scan(CustomScanState *css)
{
	FusionScanState *state = (FusionScanState *) css;
	ListCell   *cell;

	if (state->execution != NULL)
		fusion_execution_end(state->execution);
	foreach(cell, css->custom_ps)
		ExecEndNode(lfirst(cell));
	for (int leaf = 0; leaf < state->plan->leaf_count; leaf++)
	{
		if (state->statements[leaf] != NULL)
			fusion_statement_leaf_end(state->statements[leaf]);
	}
}

static void
explain_scan(CustomScanState *css, List *ancestors, ExplainState *es)
{
	fusion_explain_scan((FusionScanState *) css, es);
}

static const CustomExecMethods exec_methods = {
	.CustomName = FUSION_SCAN_NAME,
	.BeginCustomScan = begin_scan,
	.ExecCustomScan = execute_scan,
	.EndCustomScan = end_scan,
	.ReScanCustomScan = rescan,
	.ShutdownCustomScan = shut_down,
	.ExplainCustomScan = explain_scan
};

static Node *
create_scan_state(CustomScan *scan)
{
	FusionScanState *state = (FusionScanState *) newNode(sizeof(FusionScanState), T_CustomScanState);

	state->css.methods = &exec_methods;
	return (Node *) state;
}

void
fusion_scan_register(void)
{
	RegisterCustomScanMethods(&fusion_scan_methods);
}
