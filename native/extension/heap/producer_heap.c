/*
 * producer_heap.c
 *    The batch heap path: blocks of a plain heap to pages, column by column, for a SeqScan that eligible.c
 *    accepted.
 *
 * For each block: pin it, list the visible tuples, drop the rows the quals reject, decode the wanted columns of
 * the rest straight from the block into the page. Where a value must be detoasted, or an expression evaluated, the
 * block's rows go one by one through PostgreSQL's slot instead (row_output.h). No pin outlives fill(): what is left of
 * a block is remembered by its line pointers (see visible.h).
 */
#include "postgres.h"

#include "producer.h"

#include "access/tableam.h"
#include "decode.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "page_writer.h"
#include "qual.h"
#include "row_output.h"
#include "runtime_filter_heap.h"
#include "tuple_batch.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "visible.h"

/*
 * The inline values of one block cannot be larger than the block, so with this much tail left a block needs no
 * further check. A column listed several times counts as often.
 */
#define TAIL_NEEDED(copies) ((copies) * BLCKSZ + FUSION_TAIL_SLACK)

/* Blocks of the first page, when some of their rows are wanted: about 20 us of work. */
#define FIRST_PAGE_BLOCKS 8

/* After a block with toasted values, how many blocks take the row path without trying the kernels first. */
#define ROW_PATH_BLOCKS 16

typedef struct HeapProducer
{
	FusionProducer base;
	SeqScanState *leaf;
	FusionPageWriter *writer;
	FusionTupleLayout *layout;
	FusionTupleBatch *batch;
	FusionQuals *quals;
	FusionHeapFilters *filters; /* of the scan that has begun; NULL: none */
	bool		filters_first;	/* before the quals */
	FusionBlockSource source;
	FusionBlockCursor *shared;	/* NULL: no other process reads the relation with this one */
	FusionBlock blocks[2];
	FusionBlock *current;
	FusionBlock *ahead;			/* pinned, and on its way to the cache while current is decoded */
	int			decode_count;
	FusionDecode *decodes;		/* by attribute */
	bool		computed;		/* not every column is one of the relation: rows go one by one */
	ExprState  *row_qual;		/* then: what is left to ask of the current block's rows; NULL: nothing */
	int		   *attribute_of_column;	/* for the row path */
	Datum	   *row_values;
	bool	   *row_nulls;
	uint32		tail_needed;
	int			batch_base;		/* place of the batch's row 0 in the current block; -1: not loaded */
	int			row_path_blocks;
	bool		begun;
	bool		ended;			/* the source is exhausted */
} HeapProducer;

static int
compare_decodes(const void *left, const void *right)
{
	return ((const FusionDecode *) left)->attribute - ((const FusionDecode *) right)->attribute;
}

/* Columns of the schema are the leading entries of the scan's target list, here each a plain Var. */
static int
target_attribute(const SeqScan *plan, int column)
{
	const TargetEntry *entry = list_nth_node(TargetEntry, plan->scan.plan.targetlist, column);

	return castNode(Var, entry->expr)->varattno - 1;
}

static void
set_up_columns(HeapProducer *self, const FusionPageSchema *schema, TupleDesc descriptor)
{
	SeqScan    *plan = castNode(SeqScan, self->leaf->ss.ps.plan);
	int			last = self->quals->last_attribute;
	int			copies = 1;

	self->computed = fusion_is_computed(&plan->scan.plan);
	if (self->computed)
	{
		/* At least the first attribute, so that blocks are asked for ahead. */
		self->layout = fusion_tuple_layout_create(descriptor, Min(Max(last, 0) + 1, descriptor->natts));
		return;
	}
	self->decode_count = schema->column_count;
	self->decodes = palloc0(sizeof(FusionDecode) * Max(schema->column_count, 1));
	self->attribute_of_column = palloc0(sizeof(int) * Max(schema->column_count, 1));
	self->row_values = palloc0(sizeof(Datum) * Max(schema->column_count, 1));
	self->row_nulls = palloc0(sizeof(bool) * Max(schema->column_count, 1));
	for (int i = 0; i < schema->column_count; i++)
	{
		self->attribute_of_column[i] = target_attribute(plan, i);
		last = Max(last, self->attribute_of_column[i]);
	}
	self->layout = fusion_tuple_layout_create(descriptor, last + 1);
	for (int i = 0; i < schema->column_count; i++)
		fusion_decode_init(&self->decodes[i], self->layout, self->attribute_of_column[i], i,
						   &self->writer->columns[i]);
	qsort(self->decodes, schema->column_count, sizeof(FusionDecode), compare_decodes);
	for (int i = 1, run = 1; i < schema->column_count; i++)
	{
		run = self->decodes[i].attribute == self->decodes[i - 1].attribute ? run + 1 : 1;
		copies = Max(copies, run);
	}
	self->tail_needed = self->writer->view_count > 0 ? TAIL_NEEDED(copies) : 0;
	self->writer->tail_reserve = self->tail_needed;
}

/*
 * What rows are asked first makes no difference when nothing can fail. Keys that stand before the columns of the quals
 * are had on the way to them, and few rows are left to go on with (TPC-H Q4: an order key, then two dates behind eight
 * other columns; a third of the scan's time). Quals over earlier columns may leave fewer rows to read keys of, and keys
 * that must be hashed cost more than a range (Q20: a part and its supplier).
 */
static bool
filters_go_first(const HeapProducer *self)
{
	const FusionQuals *quals = self->quals;

	return quals->conjunct_count > 0 && quals->rest == NULL &&
		fusion_heap_filters_precede(self->filters, quals->first_attribute);
}

/* Opens the scan as ExecSeqScan would, but from block 0: a synchronised start is of no use to batches. */
static void
begin_scan(HeapProducer *self)
{
	SeqScanState *leaf = self->leaf;

	if (leaf->ss.ss_currentScanDesc == NULL)
	{
		/* It belongs to the plan node, which may outlive this producer. */
		MemoryContext caller = MemoryContextSwitchTo(leaf->ss.ps.state->es_query_cxt);

		leaf->ss.ss_currentScanDesc = table_beginscan_strat(leaf->ss.ss_currentRelation,
															leaf->ss.ps.state->es_snapshot,
															0, NULL, true, false);
		MemoryContextSwitchTo(caller);
	}
	fusion_block_source_begin(&self->source, leaf->ss.ss_currentScanDesc, self->shared);
	self->filters = self->base.filters == NULL || self->computed ? NULL :
		fusion_heap_filters_create(self->base.filters, self->layout, self->attribute_of_column, self->writer->columns);
	self->filters_first = self->filters != NULL && filters_go_first(self);
	self->begun = true;
}

/* Puts the remaining rows of the current block into the batch. */
static void
load_batch(HeapProducer *self)
{
	FusionBlock *block = self->current;

	fusion_tuple_batch_load(self->batch, self->layout, block->page,
							block->offsets + block->next, block->count - block->next);
	self->batch_base = block->next;
}

/*
 * Writes all columns of the next `count` rows; false when a value must be detoasted, and then nothing is
 * written.
 */
static bool
decode_rows(HeapProducer *self, int from, int count)
{
	FusionPageWriter *writer = self->writer;
	uint32		tail_bytes = writer->tail_bytes;
	FusionWalk	walk;

	fusion_walk_begin(&walk, self->layout, self->batch, from, count);
	for (int i = 0; i < self->decode_count; i++)
	{
		const FusionDecode *decode = &self->decodes[i];
		FusionReach reach;

		/* A second copy of the same attribute needs a walk of its own. */
		if (decode->attribute < walk.attribute)
			fusion_walk_begin(&walk, self->layout, self->batch, from, count);
		reach = fusion_walk_to(&walk, decode->attribute, decode->null_image);
		if (!decode->kernel(decode, &walk, reach, writer, &writer->columns[decode->column]))
		{
			fusion_page_forget(writer, count, tail_bytes);
			return false;
		}
		if (reach == FUSION_REACH_VALUE)
			fusion_page_set_nulls(&writer->columns[decode->column], writer->rows, walk.is_null, count);
		fusion_walk_passed(&walk, decode->attribute, reach);
		fusion_tuple_batch_prefetch(self->batch);
	}
	writer->rows += count;
	return true;
}

/* Appends the block's remaining rows one by one; false when the page is full. */
static bool
append_rows(HeapProducer *self)
{
	FusionBlock *block = self->current;
	HeapTupleData tuple;

	for (; block->next < block->count; block->next++)
	{
		TupleTableSlot *slot = fusion_store_row(self->leaf, block, &tuple, block->offsets[block->next]);
		bool		appended;

		slot_getsomeattrs(slot, self->layout->count);
		for (int i = 0; i < self->decode_count; i++)
		{
			self->row_values[i] = slot->tts_values[self->attribute_of_column[i]];
			self->row_nulls[i] = slot->tts_isnull[self->attribute_of_column[i]];
		}
		appended = fusion_page_append(self->writer, self->row_values, self->row_nulls);
		ExecClearTuple(slot);
		if (!appended)
			return false;
	}
	return true;
}

/* A condition that is PostgreSQL's. Before expressions that are, too, it waits for its row's turn. */
static void
filter_by_executor(HeapProducer *self, ExprState *qual)
{
	if (self->computed)
		self->row_qual = qual;
	else
		fusion_filter_rows(self->leaf, self->current, qual);
}

/* Leaves only the rows of the current block that pass all quals. */
static void
filter_block(HeapProducer *self)
{
	FusionBlock *block = self->current;
	FusionQuals *quals = self->quals;
	int			visible = block->count;

	block->state = FUSION_BLOCK_FILTERED;
	self->row_qual = NULL;
	if (self->leaf->ss.ps.qual == NULL || visible == 0)
		return;
	if (quals->conjunct_count == 0)
	{
		filter_by_executor(self, self->leaf->ss.ps.qual);
		InstrCountFiltered1(self->leaf, visible - block->count);
		return;
	}
	if (self->batch_base < 0)
		load_batch(self);
	if (!fusion_quals_filter(quals, self->layout, self->batch))
	{
		self->batch_base = -1;
		filter_by_executor(self, self->leaf->ss.ps.qual);
	}
	else
	{
		block->count = self->batch->count;
		memcpy(block->offsets, self->batch->offset, block->count * sizeof(OffsetNumber));
		if (block->count > 0 && quals->rest != NULL)
		{
			self->batch_base = -1;
			filter_by_executor(self, quals->rest);
		}
	}
	InstrCountFiltered1(self->leaf, visible - block->count);
}

/* Leaves only the rows that the build sides of joins may match. Quals that may fail come first: their errors count. */
static void
filter_by_joins(HeapProducer *self)
{
	FusionBlock *block = self->current;

	if (self->filters == NULL || block->count == 0)
		return;
	if (self->batch_base < 0)
		load_batch(self);
	if (!fusion_heap_filters_run(self->filters, self->layout, self->batch))
		return;
	block->count = self->batch->count;
	memcpy(block->offsets, self->batch->offset, block->count * sizeof(OffsetNumber));
}

/* Writes what is left of the current block; false when the page is full. */
static bool
write_block(HeapProducer *self)
{
	FusionBlock *block = self->current;
	FusionPageWriter *writer = self->writer;

	while (block->next < block->count)
	{
		int			count = Min(block->count - block->next, (int) (writer->row_capacity - writer->rows));

		if (fusion_page_full(writer))
			return false;
		if (self->computed)
			return fusion_append_computed(self->leaf, block, self->row_qual, self->base.filters, writer);
		if (self->row_path_blocks > 0 || count == 0)
			return append_rows(self);
		if (writer->tail_room - writer->tail_bytes < self->tail_needed)
		{
			/* A page that is too small even when empty takes rows one by one. */
			return writer->rows == 0 ? append_rows(self) : false;
		}
		if (self->decode_count == 0)
			writer->rows += count;
		else
		{
			if (self->batch_base < 0)
				load_batch(self);
			if (!decode_rows(self, block->next - self->batch_base, count))
			{
				self->row_path_blocks = ROW_PATH_BLOCKS;
				continue;
			}
		}
		block->next += count;
	}
	return true;
}

static bool
take_block(HeapProducer *self, FusionBlock *block)
{
	self->source.process_ends = self->base.process_ends;
	if (!self->ended && !fusion_block_take(&self->source, block, self->layout->count > 0))
		self->ended = true;
	return !self->ended;
}

/*
 * Makes `current` a pinned, listed block; false at the end of the relation. The block after it is pinned and on
 * its way.
 */
static bool
next_block(HeapProducer *self)
{
	if (self->current->state == FUSION_BLOCK_NONE)
	{
		FusionBlock *done = self->current;

		self->current = self->ahead;
		self->ahead = done;
		self->batch_base = -1;
		if (self->current->state == FUSION_BLOCK_NONE && !take_block(self, self->current))
			return false;
	}
	if (!BufferIsValid(self->current->buffer))
	{
		fusion_block_repin(&self->source, self->current);
		self->batch_base = -1;
	}
	if (self->current->state == FUSION_BLOCK_TAKEN)
		fusion_block_list(&self->source, self->current);

	/* What the work on the block before did not ask for. */
	fusion_prefetch_lines(&self->current->tuples, INT_MAX);
	if (self->ahead->state == FUSION_BLOCK_NONE)
		(void) take_block(self, self->ahead);
	self->batch->wanted = &self->ahead->tuples;
	return true;
}

static void
write_blocks(HeapProducer *self)
{
	uint64		allowance = fusion_producer_allowance(&self->base, FIRST_PAGE_BLOCKS);

	self->base.fills++;
	while (!fusion_producer_stopped(&self->base) && next_block(self))
	{
		if (self->current->state == FUSION_BLOCK_LISTED)
		{
			if (self->filters_first)
				filter_by_joins(self);
			filter_block(self);
			if (!self->filters_first)
				filter_by_joins(self);
		}
		if (!write_block(self))
			break;
		fusion_block_unpin(self->current);
		self->current->state = FUSION_BLOCK_NONE;
		self->row_path_blocks = Max(self->row_path_blocks - 1, 0);
		allowance -= Min(allowance, 1);
		if (allowance == 0 && self->writer->rows > 0)
			break;
	}
	fusion_block_unpin(self->current);
	fusion_block_unpin(self->ahead);
	fusion_block_source_pause(&self->source);
}

static FusionFill
fill(FusionProducer *producer, uint8 *page, uint32 page_bytes)
{
	HeapProducer *self = (HeapProducer *) producer;
	Instrumentation *instrument = self->leaf->ss.ps.instrument;
	FusionFill	result;

	fusion_page_begin(self->writer, page, page_bytes);
	if (instrument != NULL)
		InstrStartNode(instrument);
	if (!self->begun)
		begin_scan(self);
	write_blocks(self);
	if (instrument != NULL)
		InstrStopNode(instrument, self->writer->rows);
	result = fusion_page_finish(self->writer);
	/* Who ends may go, and a large page with it. */
	result.end = result.large == NULL && self->ended && self->current->state == FUSION_BLOCK_NONE &&
		self->ahead->state == FUSION_BLOCK_NONE;
	producer->rows_read = self->source.rows_visible;
	producer->rows_produced += result.rows;
	return result;
}

/*
 * Forgets the position. Pins are not held between fills, nor is anything read ahead; after an error all of it is the
 * resource owner's and the memory context's.
 */
static void
reset(HeapProducer *self)
{
	self->source.stream = (FusionBlockStream) {0};
	for (int i = 0; i < (int) lengthof(self->blocks); i++)
	{
		self->blocks[i].state = FUSION_BLOCK_NONE;
		self->blocks[i].buffer = InvalidBuffer;
	}
	self->current = &self->blocks[0];
	self->ahead = &self->blocks[1];
	self->batch_base = -1;
	self->begun = false;
	self->ended = false;
	self->base.fills = 0;
}

/* The caller has rescanned the PlanState, which rewinds the scan descriptor and may have new parameters. */
static void
rescan(FusionProducer *producer)
{
	HeapProducer *self = (HeapProducer *) producer;

	if (self->leaf->ss.ps.chgParam != NULL)
		ExecReScan(&self->leaf->ss.ps);
	reset(self);
}

static void
end(FusionProducer *producer)
{
	HeapProducer *self = (HeapProducer *) producer;

	reset(self);
	self->begun = true;
	self->ended = true;
}

static void
share(FusionProducer *producer, FusionBlockCursors *cursors)
{
	HeapProducer *self = (HeapProducer *) producer;

	/* A source that has begun deals from what it was given. */
	Assert(cursors == NULL || !self->begun);
	self->shared = cursors == NULL ? NULL :
		fusion_block_cursor_of(cursors, ((Scan *) self->leaf->ss.ps.plan)->scanrelid);
	self->source.shared = NULL;
}

FusionProducer *
fusion_producer_heap(SeqScanState *leaf, const FusionPageSchema *schema)
{
	HeapProducer *self = palloc0(sizeof(HeapProducer));

	self->base.fill = fill;
	self->base.rescan = rescan;
	self->base.end = end;
	self->base.share = share;
	self->base.path = "heap batches";
	self->leaf = leaf;
	self->writer = fusion_page_writer_create(schema);
	self->batch = fusion_tuple_batch_create();
	self->quals = fusion_quals_create(leaf);
	set_up_columns(self, schema, RelationGetDescr(leaf->ss.ss_currentRelation));
	fusion_quals_bind(self->quals, self->layout);
	reset(self);
	return &self->base;
}
