/*
 * visible.h
 *    Blocks of a heap and which of their tuples the snapshot sees, decided by PostgreSQL's own rules.
 *
 * A block is held pinned while its tuples are read. Between two fills it keeps only its number and line
 * pointers: tuples the scan's snapshot sees are neither removed nor moved to another line pointer while the
 * snapshot is registered.
 */
#ifndef FUSION_VISIBLE_H
#define FUSION_VISIBLE_H

#include "postgres.h"

#include "access/heapam.h"
#include "block_cursor.h"
#include "block_stream.h"
#include "portability/instr_time.h"
#include "line_prefetch.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"

typedef enum FusionBlockState
{
	FUSION_BLOCK_NONE,
	FUSION_BLOCK_TAKEN,			/* number is ours to read */
	FUSION_BLOCK_LISTED,		/* offsets are the visible tuples */
	FUSION_BLOCK_FILTERED		/* offsets are those that also passed the quals */
} FusionBlockState;

typedef struct FusionBlock
{
	FusionBlockState state;
	BlockNumber number;
	Buffer		buffer;			/* InvalidBuffer while not pinned */
	Page		page;			/* its bytes while it is, to be read only */
	FusionLinePrefetch tuples;	/* not yet asked for; empty when nobody wants them */
	int			count;
	int			next;			/* first offset not yet written */
	OffsetNumber offsets[MaxHeapTuplesPerPage];
} FusionBlock;

typedef struct FusionBlockSource
{
	HeapScanDesc scan;
	FusionBlockCursor *shared;	/* NULL: all blocks are this process's */
	BlockNumber next;			/* block to hand out next */
	BlockNumber end;			/* of those that are this process's */
	FusionBlockStream stream;	/* of those not in memory */
	Buffer		last_buffer;
	Buffer		guess;			/* where block guess_number probably stands */
	BlockNumber guess_number;
	int			guess_failures; /* in a row */
	int			guesses_paused; /* blocks to read before the next guess */
	bool		all_visible_usable; /* the page flag may stand for the visibility check */
	bool		process_ends;	/* with this scan, as FusionProducer has it */
	instr_time	begun;
	uint32		blocks_taken;	/* of those `shared` deals */
	uint32		small_blocks;	/* read in small pages */
	uint64		rows_visible;
} FusionBlockSource;

/* All blocks of the relation, or those that `shared` deals to this process. */
extern void fusion_block_source_begin(FusionBlockSource *source, TableScanDesc scan, FusionBlockCursor *shared);

/*
 * Takes the next block, pins it and asks the cache for its tuples; false at the end of the relation. A page
 * marked all-visible is listed at once. Otherwise listing should come a block later, when the tuples have
 * arrived: it reads every header.
 */
extern bool fusion_block_take(FusionBlockSource *source, FusionBlock *block, bool wants_tuples);

/* Lists the visible tuples, possibly none, of a pinned block that is TAKEN. */
extern void fusion_block_list(FusionBlockSource *source, FusionBlock *block);

/* Takes the pin again after fusion_block_unpin. */
extern void fusion_block_repin(FusionBlockSource *source, FusionBlock *block);
extern void fusion_block_unpin(FusionBlock *block);

/* Lets go of blocks that were pinned ahead of being taken. They are taken later as if they had not been. */
extern void fusion_block_source_pause(FusionBlockSource *source);

#endif							/* FUSION_VISIBLE_H */
