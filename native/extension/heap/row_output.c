/*
 * row_output.c
 *    See row_output.h.
 */
#include "postgres.h"

#include "row_output.h"

#include "executor/executor.h"
#include "executor/instrument.h"
#include "row_filter.h"
#include "utils/rel.h"

List *
fusion_computed_outputs(const Plan *scan)
{
	List	   *computed = NIL;
	const ListCell *cell;

	foreach(cell, scan->targetlist)
	{
		Expr	   *output = lfirst_node(TargetEntry, cell)->expr;

		if (!IsA(output, Var) || castNode(Var, output)->varattno <= 0)
			computed = lappend(computed, output);
	}
	return computed;
}

bool
fusion_is_computed(const Plan *leaf)
{
	const Plan *scan = IsA(leaf, Append) ? linitial(((const Append *) leaf)->appendplans) : leaf;

	return fusion_computed_outputs(scan) != NIL;
}

TupleTableSlot *
fusion_store_row(SeqScanState *leaf, const FusionBlock *block, HeapTuple tuple, OffsetNumber offset)
{
	Page		page = BufferGetPage(block->buffer);
	ItemId		item = PageGetItemId(page, offset);

	tuple->t_data = (HeapTupleHeader) PageGetItem(page, item);
	tuple->t_len = ItemIdGetLength(item);
	tuple->t_tableOid = RelationGetRelid(leaf->ss.ss_currentRelation);
	ItemPointerSet(&tuple->t_self, block->number, offset);
	return ExecStoreBufferHeapTuple(tuple, leaf->ss.ss_ScanTupleSlot, block->buffer);
}

void
fusion_filter_rows(SeqScanState *leaf, FusionBlock *block, ExprState *qual)
{
	ExprContext *context = leaf->ss.ps.ps_ExprContext;
	HeapTupleData tuple;
	int			kept = 0;

	for (int i = 0; i < block->count; i++)
	{
		context->ecxt_scantuple = fusion_store_row(leaf, block, &tuple, block->offsets[i]);
		ResetExprContext(context);
		if (ExecQual(qual, context))
			block->offsets[kept++] = block->offsets[i];
	}
	ExecClearTuple(leaf->ss.ss_ScanTupleSlot);
	ResetExprContext(context);
	block->count = kept;
}

bool
fusion_append_computed(SeqScanState *leaf, FusionBlock *block, ExprState *qual, struct FusionRowFilters *filters,
					   FusionPageWriter *writer)
{
	ExprContext *context = leaf->ss.ps.ps_ExprContext;
	HeapTupleData tuple;
	bool		fits = true;

	while (fits && block->next < block->count)
	{
		TupleTableSlot *row;

		ResetExprContext(context);
		context->ecxt_scantuple = fusion_store_row(leaf, block, &tuple, block->offsets[block->next]);
		if (qual != NULL && !ExecQual(qual, context))
			InstrCountFiltered1(leaf, 1);
		else
		{
			/* Its values stand in the expressions' memory until the next row. */
			row = ExecProject(leaf->ss.ps.ps_ProjInfo);
			fits = !fusion_row_filters_pass(filters, writer, row) ||
				fusion_page_append(writer, row->tts_values, row->tts_isnull);
		}
		block->next += fits;
	}
	ExecClearTuple(leaf->ss.ss_ScanTupleSlot);
	ResetExprContext(context);
	return fits;
}
