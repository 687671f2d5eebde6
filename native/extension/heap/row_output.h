/*
 * row_output.h
 *    Rows of a block one by one through PostgreSQL's slot and expressions: target lists that are more than columns, and
 *    conditions PostgreSQL must evaluate. Blocks, visibility and simple conditions stay the batch path's
 *    (producer_heap.c), and so do several processes that share them.
 */
#ifndef FUSION_ROW_OUTPUT_H
#define FUSION_ROW_OUTPUT_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "nodes/plannodes.h"
#include "page_writer.h"
#include "visible.h"

/* What a scan puts out that is not a column of its table: system columns and whole rows are computed, too. */
extern List *fusion_computed_outputs(const Plan *scan);

/* Whether a scan, or those below an Append, put out such. */
extern bool fusion_is_computed(const Plan *leaf);

/* Puts one tuple of a pinned block into the scan's own slot. `tuple` must live as long as the slot's content. */
extern TupleTableSlot *fusion_store_row(SeqScanState *leaf, const FusionBlock *block, HeapTuple tuple,
										OffsetNumber offset);

/* Lets PostgreSQL evaluate `qual` on each row of the block and keeps those that pass. */
extern void fusion_filter_rows(SeqScanState *leaf, FusionBlock *block, ExprState *qual);

/*
 * Appends the block's remaining rows as the scan projects them; false when the page is full. For each row in turn, as
 * PostgreSQL would: `qual` (NULL: none), the target list, then `filters` (NULL: none), so that errors are the same. The
 * row that a full page does not take is evaluated again for the next one: nothing volatile is (eligible.c).
 */
extern bool fusion_append_computed(SeqScanState *leaf, FusionBlock *block, ExprState *qual,
								   struct FusionRowFilters *filters, FusionPageWriter *writer);

#endif							/* FUSION_ROW_OUTPUT_H */
