/*
 * producer_executor.c
 *    The executor path: any leaf plan, pulled row by row from its PlanState and packed into pages.
 *
 * It is a parent node like any other: the child's slot stays valid until the next pull, its snapshot,
 * parameters and resource owner are the statement's. What scan nodes below keep pinned between pulls is theirs,
 * as under a cursor. The fast path for plain heap scans is heap/producer_heap.c.
 */
#include "postgres.h"

#include "producer.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "page_writer.h"
#include "row_filter.h"
#include "utils/memutils.h"

/* Of the first page: about a tenth of a millisecond. */
#define FIRST_PAGE_ROWS 256

/* Rows between two interrupt checks of our own; most nodes below check more often, but not all do. */
#define ROWS_PER_INTERRUPT_CHECK 1000

typedef struct ExecutorProducer
{
	FusionProducer base;
	PlanState  *leaf;
	FusionPageWriter *writer;
	TupleTableSlot *pending;	/* row that did not fit the last page */
	bool		ended;
} ExecutorProducer;

/*
 * Appends the slot's leading columns, which are the schema's; whatever follows is junk of the leaf's target
 * list.
 */
static bool
append_slot(FusionPageWriter *writer, TupleTableSlot *slot)
{
	slot_getsomeattrs(slot, writer->column_count);
	return fusion_page_append(writer, slot->tts_values, slot->tts_isnull);
}

/*
 * The row opens the next page. Materialized: it must not depend on a buffer while the caller waits for that
 * page.
 */
static void
keep_pending(ExecutorProducer *self, TupleTableSlot *slot)
{
	ExecMaterializeSlot(slot);
	self->pending = slot;
}

static FusionFill
fill(FusionProducer *producer, uint8 *page, uint32 page_bytes)
{
	ExecutorProducer *self = (ExecutorProducer *) producer;
	FusionPageWriter *writer = self->writer;
	FusionFill	result;
	uint64		allowance = fusion_producer_allowance(producer, FIRST_PAGE_ROWS);
	uint32		unchecked = 0;

	fusion_page_begin(writer, page, page_bytes);
	if (self->pending != NULL)
	{
		bool		appended pg_attribute_unused() = append_slot(writer, self->pending);

		Assert(appended);		/* an empty page takes any row */
		self->pending = NULL;
	}
	producer->fills++;
	while (!self->ended && writer->rows < allowance)
	{
		TupleTableSlot *slot;

		if (++unchecked == ROWS_PER_INTERRUPT_CHECK)
		{
			CHECK_FOR_INTERRUPTS();
			if (fusion_producer_stopped(producer))
				break;
			unchecked = 0;
		}
		slot = ExecProcNode(self->leaf);
		if (TupIsNull(slot))
		{
			self->ended = true;
			break;
		}
		producer->rows_read++;
		if (!fusion_row_filters_pass(producer->filters, writer, slot))
			continue;
		if (!append_slot(writer, slot))
		{
			keep_pending(self, slot);
			break;
		}
	}
	result = fusion_page_finish(writer);
	result.end = self->ended && result.large == NULL;
	producer->rows_produced += writer->rows;
	return result;
}

static void
rescan(FusionProducer *producer)
{
	ExecutorProducer *self = (ExecutorProducer *) producer;

	/* The caller rescans the PlanState itself. */
	self->pending = NULL;
	self->ended = false;
	producer->fills = 0;
}

static void
end(FusionProducer *producer)
{
	ExecutorProducer *self = (ExecutorProducer *) producer;

	self->pending = NULL;
	self->ended = true;
}

FusionProducer *
fusion_producer_executor(PlanState *leaf, const FusionPageSchema *schema)
{
	ExecutorProducer *self = palloc0(sizeof(ExecutorProducer));

	self->base.fill = fill;
	self->base.rescan = rescan;
	self->base.end = end;
	self->base.path = "executor";
	self->leaf = leaf;
	self->writer = fusion_page_writer_create(schema);
	return &self->base;
}
