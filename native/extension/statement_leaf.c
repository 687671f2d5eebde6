/*
 * statement_leaf.c
 *    Leaves as statements inside a statement; see statement_leaf.h. What the outer statement's end must not
 *    forget is in the leaf's EState, which hangs below the outer one's memory and resource owner: an error needs no
 *    call of ours.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "statement_leaf.h"
#include "tcop/dest.h"

struct FusionStatementLeaf
{
	QueryDesc  *description;
};

FusionStatementLeaf *
fusion_statement_leaf_begin(PlannedStmt *statement, EState *estate, int eflags)
{
	MemoryContext outer = MemoryContextSwitchTo(estate->es_query_cxt);
	FusionStatementLeaf *leaf = palloc0(sizeof(FusionStatementLeaf));

	leaf->description = CreateQueryDesc(statement, estate->es_sourceText, estate->es_snapshot, InvalidSnapshot,
										None_Receiver, estate->es_param_list_info, estate->es_queryEnv,
										estate->es_instrument);
	/* Not through the hooks: this is no statement of a client's. */
	standard_ExecutorStart(leaf->description, eflags);
	MemoryContextSwitchTo(outer);
	return leaf;
}

PlanState *
fusion_statement_leaf_state(const FusionStatementLeaf *leaf)
{
	return leaf->description->planstate;
}

void
fusion_statement_leaf_end(FusionStatementLeaf *leaf)
{
	if (leaf->description == NULL)
		return;
	if ((leaf->description->estate->es_top_eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
		standard_ExecutorFinish(leaf->description);
	standard_ExecutorEnd(leaf->description);
	FreeQueryDesc(leaf->description);
	leaf->description = NULL;
}

/* ExplainPrintPlan belongs to a whole statement: what it keeps of the one around must come back. */
void
fusion_statement_leaf_explain(const FusionStatementLeaf *leaf, ExplainState *es)
{
	ExplainState around = *es;

	es->settings = false;
	ExplainPrintPlan(es, leaf->description);
	es->pstmt = around.pstmt;
	es->rtable = around.rtable;
	es->rtable_names = around.rtable_names;
	es->deparse_cxt = around.deparse_cxt;
	es->printed_subplans = around.printed_subplans;
	es->hide_workers = around.hide_workers;
#if PG_VERSION_NUM >= 180000
	es->rtable_size = around.rtable_size;
#endif
	es->settings = around.settings;
}
