/*
 * visible.h
 *    Blocks of a heap and which of their tuples the snapshot sees, decided by PostgreSQL's own rules.
 *
 * A block is held pinned while its tuples are read. Between two fills it keeps only its number and line pointers: tuples the scan's
 * snapshot sees are neither removed nor moved to another line pointer while the snapshot is registered.
 */
#ifndef FUSION_VISIBLE_H
#define FUSION_VISIBLE_H

#include "postgres.h"

#include "access/heapam.h"
#include "storage/bufmgr.h"

typedef struct FusionBlock
{
	bool		loaded;			/* offsets are valid and rows are left */
	bool		filtered;		/* quals are done: offsets are the survivors */
	BlockNumber number;
	Buffer		buffer;			/* InvalidBuffer while not pinned */
	int			count;
	int			next;			/* first offset not yet written */
	OffsetNumber offsets[MaxHeapTuplesPerPage];
} FusionBlock;

typedef struct FusionBlockSource
{
	HeapScanDesc scan;
	BlockNumber next;			/* serial scans: block to hand out next */
	bool		started;		/* parallel scans: start block chosen */
	Buffer		last_buffer;
	bool		guesses;		/* the last two blocks stood in consecutive buffers */
	bool		all_visible_usable; /* the page flag may stand for the visibility check */
	uint64		rows_visible;
} FusionBlockSource;

extern void fusion_block_source_begin(FusionBlockSource *source, TableScanDesc scan);

/* Pins the next block and lists its visible tuples (possibly none); false at the end of the relation. */
extern bool fusion_block_load(FusionBlockSource *source, FusionBlock *block);

/* Takes the pin again after fusion_block_unpin. */
extern void fusion_block_repin(FusionBlockSource *source, FusionBlock *block);
extern void fusion_block_unpin(FusionBlock *block);

/* Asks the cache for the block's tuples, in the order they will be read. */
extern void fusion_block_prefetch(const FusionBlock *block);

#endif							/* FUSION_VISIBLE_H */
