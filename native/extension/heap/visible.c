/*
 * visible.c
 *    The next block and its visible tuples.
 *
 * Normally PostgreSQL's own page routine decides, through the scan descriptor, so that pruning, hint bits, predicate locks, conflict checks
 * and own uncommitted changes are its business. A page marked all-visible needs none of that for a plain MVCC snapshot;
 * skipping the per-tuple calls there is worth 5-10 ns per row.
 */
#include "postgres.h"

#include "visible.h"

#include "access/relscan.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/predicate.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define CACHE_LINE_BYTES 64

void
fusion_block_source_begin(FusionBlockSource *source, TableScanDesc scan)
{
	Snapshot	snapshot = scan->rs_snapshot;

	memset(source, 0, sizeof(*source));
	source->scan = (HeapScanDesc) scan;

	/*
	 * On a standby the flag may run ahead of what this snapshot can see (it is set by replay of a primary that did not know the snapshot),
	 * and a serializable transaction must look at every tuple to notice conflicts.
	 */
	source->all_visible_usable = IsMVCCSnapshot(snapshot) && !snapshot->takenDuringRecovery &&
		!CheckForSerializableConflictOutNeeded(scan->rs_rd, snapshot);
}

static BlockNumber
next_block_number(FusionBlockSource *source)
{
	HeapScanDesc scan = source->scan;
	ParallelBlockTableScanDesc parallel = (ParallelBlockTableScanDesc) scan->rs_base.rs_parallel;

	if (parallel != NULL)
	{
		if (!source->started)
		{
			table_block_parallelscan_startblock_init(scan->rs_base.rs_rd, scan->rs_parallelworkerdata, parallel);
			source->started = true;
		}
		return table_block_parallelscan_nextpage(scan->rs_base.rs_rd, scan->rs_parallelworkerdata, parallel);
	}

	/* rs_nblocks is the relation's length when the scan began: later blocks hold nothing the snapshot sees. */
	return source->next < scan->rs_nblocks ? source->next++ : InvalidBlockNumber;
}

static inline void
check_old_snapshot(FusionBlockSource *source, Page page)
{
#if PG_VERSION_NUM < 170000
	TestForOldSnapshot(source->scan->rs_base.rs_snapshot, source->scan->rs_base.rs_rd, page);
#endif
}

/* Lists all tuples of a page that is marked all-visible; false when it is not. */
static bool
load_all_visible(FusionBlockSource *source, FusionBlock *block)
{
	Page		page = BufferGetPage(block->buffer);
	bool		all_visible;

	/* A look without the lock: most pages of a table under change are not worth locking twice. */
	if (!PageIsAllVisible(page))
		return false;
	LockBuffer(block->buffer, BUFFER_LOCK_SHARE);
	all_visible = PageIsAllVisible(page);
	if (all_visible)
	{
		OffsetNumber lines = PageGetMaxOffsetNumber(page);
		int			count = 0;

		check_old_snapshot(source, page);
		for (OffsetNumber line = FirstOffsetNumber; line <= lines; line = OffsetNumberNext(line))
		{
			block->offsets[count] = line;
			count += ItemIdIsNormal(PageGetItemId(page, line)) ? 1 : 0;
		}
		block->count = count;
	}
	LockBuffer(block->buffer, BUFFER_LOCK_UNLOCK);
	return all_visible;
}

/* PostgreSQL's page-at-a-time visibility; the pin it leaves in the descriptor becomes ours. */
static void
load_by_page_scan(FusionBlockSource *source, FusionBlock *block)
{
	HeapScanDesc scan = source->scan;

	Assert(!BufferIsValid(scan->rs_cbuf));
#if PG_VERSION_NUM >= 170000
	scan->rs_cbuf = block->buffer;
	scan->rs_cblock = block->number;
	heap_prepare_pagescan(&scan->rs_base);
#else
	heapgetpage(&scan->rs_base, block->number);
	Assert(scan->rs_cbuf == block->buffer);
	ReleaseBuffer(block->buffer);	/* pinned twice now */
#endif
	scan->rs_cbuf = InvalidBuffer;
	block->count = scan->rs_ntuples;
	memcpy(block->offsets, scan->rs_vistuples, block->count * sizeof(OffsetNumber));
}

bool
fusion_block_load(FusionBlockSource *source, FusionBlock *block)
{
	Relation	relation = source->scan->rs_base.rs_rd;

	Assert(!BufferIsValid(block->buffer));
	CHECK_FOR_INTERRUPTS();
	block->number = next_block_number(source);
	if (block->number == InvalidBlockNumber)
		return false;
	block->buffer = ReadBufferExtended(relation, MAIN_FORKNUM, block->number, RBM_NORMAL, source->scan->rs_strategy);
	if (!source->all_visible_usable || !load_all_visible(source, block))
		load_by_page_scan(source, block);
	block->next = 0;
	block->filtered = false;
	block->loaded = true;

	source->rows_visible += block->count;
	if (pgstat_should_count_relation(relation))
	{
#if PG_VERSION_NUM >= 160000
		relation->pgstat_info->counts.tuples_returned += block->count;
#else
		relation->pgstat_info->t_counts.t_tuples_returned += block->count;
#endif
	}
	return true;
}

void
fusion_block_repin(FusionBlockSource *source, FusionBlock *block)
{
	Assert(block->loaded && !BufferIsValid(block->buffer));
	block->buffer = ReadBufferExtended(source->scan->rs_base.rs_rd, MAIN_FORKNUM, block->number, RBM_NORMAL,
									   source->scan->rs_strategy);

	/*
	 * Whoever is compacting the page right now had the only pin and holds its lock exclusively: wait for it. Nobody
	 * can begin while we hold the pin.
	 */
	LockBuffer(block->buffer, BUFFER_LOCK_SHARE);
	check_old_snapshot(source, BufferGetPage(block->buffer));
	LockBuffer(block->buffer, BUFFER_LOCK_UNLOCK);
}

void
fusion_block_unpin(FusionBlock *block)
{
	if (BufferIsValid(block->buffer))
		ReleaseBuffer(block->buffer);
	block->buffer = InvalidBuffer;
}

void
fusion_block_prefetch(const FusionBlock *block)
{
	Page		page = BufferGetPage(block->buffer);

	for (int i = 0; i < block->count; i++)
	{
		ItemId		item = PageGetItemId(page, block->offsets[i]);
		const char *tuple = (const char *) PageGetItem(page, item);
		int			length = ItemIdGetLength(item);

		for (int at = 0; at < length; at += CACHE_LINE_BYTES)
			__builtin_prefetch(tuple + at, 0, 3);
	}
}
