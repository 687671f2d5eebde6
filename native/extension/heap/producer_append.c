/*
 * producer_append.c
 *    The batch heap path for partitions and inheritance children: the scans below an Append, one after another,
 *    each by a producer of its own (producer_heap.c). Also what callers need who do not care whether a leaf has one
 *    scan or many.
 *
 * A producer is made when its scan's turn comes and forgotten after it, so that a thousand partitions need the memory
 * of one. PostgreSQL has opened, locked and pruned them when the Append was initialised; what it left out then is not
 * here. Nothing here knows of blocks or tuples.
 */
#include "postgres.h"

#include "producer.h"

#include "block_cursor.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "utils/memutils.h"

typedef struct AppendProducer
{
	FusionProducer base;
	AppendState *leaf;
	const FusionPageSchema *schema;
	FusionBlockCursors *shared; /* NULL: nobody reads the scans with this process */
	int			at;				/* the scan whose turn it is */
	FusionProducer *scan;		/* its producer; NULL: not begun */
	MemoryContext scan_context; /* of the producer */
	uint64		rows_read;		/* of the scans before */
} AppendProducer;

static void
forget_scan(AppendProducer *self)
{
	if (self->scan != NULL)
		self->scan->end(self->scan);
	self->scan = NULL;
	MemoryContextReset(self->scan_context);
}

static void
begin_scan(AppendProducer *self)
{
	SeqScanState *scan = castNode(SeqScanState, self->leaf->appendplans[self->at]);

	self->scan = fusion_producer_heap(scan, self->schema);
	self->scan->filters = self->base.filters;
	self->scan->stop = self->base.stop;
	if (self->shared != NULL)
		self->scan->share(self->scan, self->shared);
}

/* A page of the scan at hand; without rows only when it has ended, or when nobody wants more. */
static FusionFill
fill_from_scan(AppendProducer *self, uint8 *page, uint32 page_bytes)
{
	MemoryContext caller = MemoryContextSwitchTo(self->scan_context);
	FusionFill	filled;

	if (self->scan == NULL)
		begin_scan(self);
	self->scan->process_ends = self->base.process_ends && self->at == self->leaf->as_nplans - 1;
	self->scan->fills = self->base.fills;
	filled = self->scan->fill(self->scan, page, page_bytes);
	self->base.fills = self->scan->fills;
	self->base.rows_read = self->rows_read + self->scan->rows_read;
	MemoryContextSwitchTo(caller);
	if (filled.end)
	{
		self->rows_read = self->base.rows_read;
		forget_scan(self);
		self->at++;
	}
	return filled;
}

static FusionFill
fill(FusionProducer *producer, uint8 *page, uint32 page_bytes)
{
	AppendProducer *self = (AppendProducer *) producer;
	Instrumentation *instrument = self->leaf->ps.instrument;
	FusionFill	result = {0};

	if (instrument != NULL)
		InstrStartNode(instrument);
	while (self->at < self->leaf->as_nplans && result.rows == 0 && !fusion_producer_stopped(producer))
		result = fill_from_scan(self, page, page_bytes);
	if (instrument != NULL)
		InstrStopNode(instrument, result.rows);
	result.end = self->at >= self->leaf->as_nplans;
	producer->rows_produced += result.rows;
	return result;
}

/* The caller has rescanned the PlanState; scans whose parameters changed wait for their first row to do so. */
static void
rescan(FusionProducer *producer)
{
	AppendProducer *self = (AppendProducer *) producer;

	forget_scan(self);
	for (int i = 0; i < self->leaf->as_nplans; i++)
	{
		if (self->leaf->appendplans[i]->chgParam != NULL)
			ExecReScan(self->leaf->appendplans[i]);
	}
	self->at = 0;
	producer->fills = 0;
}

static void
end(FusionProducer *producer)
{
	AppendProducer *self = (AppendProducer *) producer;

	forget_scan(self);
	self->at = self->leaf->as_nplans;
}

static void
share(FusionProducer *producer, FusionBlockCursors *cursors)
{
	AppendProducer *self = (AppendProducer *) producer;

	self->shared = cursors;
	if (self->scan != NULL)
		self->scan->share(self->scan, cursors);
}

static FusionProducer *
append_producer(AppendState *leaf, const FusionPageSchema *schema)
{
	AppendProducer *self = palloc0(sizeof(AppendProducer));

	self->base.fill = fill;
	self->base.rescan = rescan;
	self->base.end = end;
	self->base.share = share;
	self->base.path = "heap batches";
	self->leaf = leaf;
	self->schema = schema;
	self->scan_context = AllocSetContextCreate(CurrentMemoryContext, "pg_fusion scan below Append",
											   ALLOCSET_DEFAULT_SIZES);
	return &self->base;
}

FusionProducer *
fusion_producer_batches(PlanState *leaf, const FusionPageSchema *schema)
{
	if (IsA(leaf, AppendState))
		return append_producer((AppendState *) leaf, schema);
	return fusion_producer_heap(castNode(SeqScanState, leaf), schema);
}

List *
fusion_batch_scans(PlanState *leaf)
{
	List	   *scans = NIL;
	AppendState *append = (AppendState *) leaf;

	if (!IsA(leaf, AppendState))
		return list_make1(leaf);
	for (int i = 0; i < append->as_nplans; i++)
		scans = lappend(scans, append->appendplans[i]);
	return scans;
}

List *
fusion_batch_nodes(PlanState *leaf)
{
	List	   *scans = fusion_batch_scans(leaf);

	return IsA(leaf, AppendState) ? lcons(leaf, scans) : scans;
}
