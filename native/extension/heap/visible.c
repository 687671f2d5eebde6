/*
 * visible.c
 *    The next block and its visible tuples.
 *
 * Normally PostgreSQL's own page routine decides, through the scan descriptor, so that pruning, hint bits,
 * predicate locks, conflict checks and own uncommitted changes are its business. A page marked all-visible
 * needs none of that for a plain MVCC snapshot; skipping the per-tuple calls there is worth 5-10 ns per row.
 */
#include "postgres.h"

#include "visible.h"

#include "access/relscan.h"
#include "access/tableam.h"
#include "huge_buffers.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/atomics.h"
#include "storage/buf_internals.h"
#include "storage/predicate.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Bytes of page header and line pointers asked for ahead: 58 tuples, more than an ordinary page holds. */
#define LINE_POINTER_BYTES (4 * FUSION_CACHE_LINE_BYTES)

/* Buffers looked at for the next block: what was loaded beside the relation stands between its blocks. */
#define GUESS_REACH 4

/* The descriptor that will be looked at a few blocks from now is asked for. */
#define DESCRIPTORS_AHEAD (2 * GUESS_REACH)

/* After this many failures in a row, so many blocks are read without guessing. */
#define GUESS_FAILURES 4
#define GUESSES_PAUSED 64

/* What unmapping a block's buffer costs at exit when it stands in small pages. */
#define EXIT_NS_PER_BLOCK 500.0

void
fusion_block_source_begin(FusionBlockSource *source, TableScanDesc scan, FusionBlockCursor *shared)
{
	Snapshot	snapshot = scan->rs_snapshot;

	memset(source, 0, sizeof(*source));
	source->scan = (HeapScanDesc) scan;
	source->shared = shared;
	INSTR_TIME_SET_CURRENT(source->begun);
	/* rs_nblocks is the relation's length when the scan began: later blocks hold nothing the snapshot sees. */
	if (shared == NULL)
		source->end = source->scan->rs_nblocks;

	/*
	 * On a standby the flag may run ahead of what this snapshot can see (it is set by replay of a primary that
	 * did not know the snapshot), and a serializable transaction must look at every tuple to notice conflicts.
	 */
	source->all_visible_usable = IsMVCCSnapshot(snapshot) && !snapshot->takenDuringRecovery &&
		!CheckForSerializableConflictOutNeeded(scan->rs_rd, snapshot);
}

/*
 * A process gives back its mappings of all buffers it read when it exits, and the statement waits for that. So a
 * parallel worker leaves the last blocks to the leader when those would be read within that time. Nothing is left
 * when blocks come slowly, from a disk or at the pace of the consumer, nor where a ring of a few buffers is used, nor
 * where the buffers stand in huge pages.
 */
static bool
leaves_the_rest(const FusionBlockSource *source)
{
	instr_time	elapsed;
	double		block_ns;

	if (!source->process_ends || source->blocks_taken == 0 || source->scan->rs_strategy != NULL)
		return false;
	INSTR_TIME_SET_CURRENT(elapsed);
	INSTR_TIME_SUBTRACT(elapsed, source->begun);
	block_ns = INSTR_TIME_GET_DOUBLE(elapsed) * 1e9 / source->blocks_taken;
	return fusion_block_cursor_left(source->shared) * block_ns < EXIT_NS_PER_BLOCK * source->small_blocks;
}

static bool
next_blocks(FusionBlockSource *source)
{
	if (source->shared == NULL || leaves_the_rest(source) ||
		!fusion_block_cursor_take(source->shared, &source->next, &source->end))
		return false;
	source->blocks_taken += source->end - source->next;
	return true;
}

static BlockNumber
next_block_number(FusionBlockSource *source)
{
	if (source->next == source->end && !next_blocks(source))
		return InvalidBlockNumber;
	return source->next++;
}

static inline void
check_old_snapshot(FusionBlockSource *source, Page page)
{
#if PG_VERSION_NUM < 170000
	TestForOldSnapshot(source->scan->rs_base.rs_snapshot, source->scan->rs_base.rs_rd, page);
#endif
}

/* Whether every line pointer is a tuple's, as in a page without updates or deletions: a loop that vectorises. */
static bool
all_lines_normal(Page page, int lines)
{
	const ItemIdData flags = {.lp_flags = LP_UNUSED | LP_NORMAL | LP_REDIRECT | LP_DEAD};
	const ItemIdData normal = {.lp_flags = LP_NORMAL};
	uint32		mask;
	uint32		wanted;
	uint32		different = 0;

	StaticAssertStmt(sizeof(ItemIdData) == sizeof(uint32), "a line pointer is a word");
	memcpy(&mask, &flags, sizeof(mask));
	memcpy(&wanted, &normal, sizeof(wanted));
	for (int i = 0; i < lines; i++)
	{
		uint32		line;

		memcpy(&line, &((PageHeader) page)->pd_linp[i], sizeof(line));
		different |= (line & mask) ^ wanted;
	}
	return different == 0;
}

/* Lists all tuples of a page that is marked all-visible; false when it is not. */
static bool
list_all_visible(FusionBlockSource *source, FusionBlock *block)
{
	Page		page = block->page;
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
		if (all_lines_normal(page, lines))
		{
			for (; count < lines; count++)
				block->offsets[count] = (OffsetNumber) (count + 1);
		}
		else
		{
			for (OffsetNumber line = FirstOffsetNumber; line <= lines; line = OffsetNumberNext(line))
			{
				block->offsets[count] = line;
				count += ItemIdIsNormal(PageGetItemId(page, line)) ? 1 : 0;
			}
		}
		block->count = count;
	}
	LockBuffer(block->buffer, BUFFER_LOCK_UNLOCK);
	return all_visible;
}

/* PostgreSQL's page-at-a-time visibility; the pin it leaves in the descriptor becomes ours. */
static void
list_by_page_scan(FusionBlockSource *source, FusionBlock *block)
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

/* The block, pinned, from the buffer it was guessed to be in; InvalidBuffer when it stands elsewhere or nowhere. */
static Buffer
read_guessed(FusionBlockSource *source, BlockNumber number)
{
	Relation	relation = source->scan->rs_base.rs_rd;
	Buffer		guess = source->guess;
	uint32		state;

	if (!BufferIsValid(guess) || source->guess_number != number)
		return InvalidBuffer;
#if PG_VERSION_NUM >= 160000
	if (!ReadRecentBuffer(relation->rd_locator, MAIN_FORKNUM, number, guess))
		return InvalidBuffer;
#else
	if (!ReadRecentBuffer(relation->rd_node, MAIN_FORKNUM, number, guess))
		return InvalidBuffer;
#endif
	pgstat_count_buffer_read(relation);
	pgstat_count_buffer_hit(relation);

	/*
	 * This way of pinning does not count as use. A buffer that would be the next to go is pinned the other way
	 * too.
	 */
	state = pg_atomic_read_u32(&GetBufferDescriptor(guess - 1)->state);
	if (source->scan->rs_strategy == NULL && BUF_STATE_GET_USAGECOUNT(state) == 0)
		ReleaseBuffer(ReadBufferExtended(relation, MAIN_FORKNUM, number, RBM_NORMAL, NULL));
	return guess;
}

/*
 * The buffer that holds the block, if it is one of the next few after `last`. A relation read or loaded in order
 * mostly stands in ascending buffers, and asking them saves the lookup in the buffer table: three cache misses or
 * about 7 ns per row. The tags are read without a lock, so the answer is a guess.
 */
static Buffer
guess_buffer(Buffer last, BlockNumber number)
{
	Buffer		end = Min(last + GUESS_REACH, NBuffers);

	for (Buffer buffer = last + 1; buffer <= end; buffer++)
	{
		if (GetBufferDescriptor(buffer - 1)->tag.blockNum == number)
			return buffer;
	}
	return InvalidBuffer;
}

/*
 * Looks for the block after this one and asks the cache for its header and line pointers. Only an address is
 * computed: nothing is read unless it turns out right.
 */
static void
guess_next(FusionBlockSource *source, BlockNumber number)
{
	if (source->guesses_paused > 0)
	{
		source->guesses_paused--;
		return;
	}
	if (BufferIsLocal(source->last_buffer))
		return;
	if (source->last_buffer + DESCRIPTORS_AHEAD <= NBuffers)
		__builtin_prefetch(GetBufferDescriptor(source->last_buffer - 1 + DESCRIPTORS_AHEAD));
	source->guess_number = number;
	source->guess = guess_buffer(source->last_buffer, number);
	if (BufferIsValid(source->guess))
	{
		bool		is_huge;
		const char *page = fusion_huge_buffers_read(source->guess, &is_huge);
		FusionLinePrefetch header = {page, page + LINE_POINTER_BYTES};

		source->guess_failures = 0;
		fusion_prefetch_lines(&header, LINE_POINTER_BYTES / FUSION_CACHE_LINE_BYTES);
	}
	else if (++source->guess_failures >= GUESS_FAILURES)
	{
		source->guess_failures = 0;
		source->guesses_paused = GUESSES_PAUSED;
	}
}

/* The next of the blocks that are this process's, pinned. */
static Buffer
read_next(FusionBlockSource *source, BlockNumber number)
{
	Buffer		buffer = source->stream.is_wanted ? InvalidBuffer : read_guessed(source, number);

	if (BufferIsValid(buffer))
		return buffer;
	return fusion_block_stream_next(&source->stream, source->scan, number, source->end);
}

/* A block that was taken before, pinned. */
static Buffer
read_again(FusionBlockSource *source, BlockNumber number)
{
	Buffer		buffer = read_guessed(source, number);

	if (BufferIsValid(buffer))
		return buffer;
	return fusion_block_read(source->scan, number);
}

static void
hold_buffer(FusionBlockSource *source, FusionBlock *block, Buffer buffer)
{
	bool		is_huge;

	block->buffer = buffer;
	block->page = (Page) fusion_huge_buffers_read(buffer, &is_huge);
	source->small_blocks += is_huge ? 0 : 1;
	source->last_buffer = buffer;
	source->guess = InvalidBuffer;
	if (!source->stream.is_wanted)
		guess_next(source, block->number + 1);
}

static void
count_visible(FusionBlockSource *source, FusionBlock *block)
{
	Relation	relation = source->scan->rs_base.rs_rd;

	block->next = 0;
	block->state = FUSION_BLOCK_LISTED;
	source->rows_visible += block->count;
	if (pgstat_should_count_relation(relation))
	{
#if PG_VERSION_NUM >= 160000
		relation->pgstat_info->counts.tuples_returned += block->count;
#else
		relation->pgstat_info->t_counts.t_tuples_returned += block->count;
#endif
	}
}

bool
fusion_block_take(FusionBlockSource *source, FusionBlock *block, bool wants_tuples)
{
	Assert(block->state == FUSION_BLOCK_NONE && !BufferIsValid(block->buffer));
	CHECK_FOR_INTERRUPTS();
	block->number = next_block_number(source);
	if (block->number == InvalidBlockNumber)
		return false;
	hold_buffer(source, block, read_next(source, block->number));
	block->state = FUSION_BLOCK_TAKEN;

	if (source->all_visible_usable && list_all_visible(source, block))
		count_visible(source, block);

	/* The header is read without the lock, and no more is done with it than this. */
	if (wants_tuples)
	{
		const char *page = (const char *) block->page;

		block->tuples.next = page + ((PageHeader) page)->pd_upper;
		block->tuples.end = page + BLCKSZ;
	}
	return true;
}

void
fusion_block_list(FusionBlockSource *source, FusionBlock *block)
{
	Assert(block->state == FUSION_BLOCK_TAKEN && BufferIsValid(block->buffer));
	list_by_page_scan(source, block);
	count_visible(source, block);
}

void
fusion_block_repin(FusionBlockSource *source, FusionBlock *block)
{
	Assert(block->state != FUSION_BLOCK_NONE && !BufferIsValid(block->buffer));
	hold_buffer(source, block, read_again(source, block->number));

	/*
	 * Whoever is compacting the page right now had the only pin and holds its lock exclusively: wait for it. Nobody
	 * can begin while we hold the pin.
	 */
	LockBuffer(block->buffer, BUFFER_LOCK_SHARE);
	check_old_snapshot(source, block->page);
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
fusion_block_source_pause(FusionBlockSource *source)
{
	fusion_block_stream_end(&source->stream);
}
