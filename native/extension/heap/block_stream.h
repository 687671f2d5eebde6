/*
 * block_stream.h
 *    Blocks of a heap scan that are not in memory, read ahead of their turn by PostgreSQL's read streams (17 and
 *    newer): several at a time, and from 18 on while those before are worked on.
 *
 * Blocks in memory are not its business: visible.c finds them at less cost. So a stream begins after a block had to be
 * read, and ends when those that follow need not be. It holds pins on what it has read, hence ends with every fill too;
 * what it has not given by then stands in memory for the next. Before 17 blocks are read one at a time, and that they
 * are read in order is for the kernel to notice.
 */
#ifndef FUSION_BLOCK_STREAM_H
#define FUSION_BLOCK_STREAM_H

#include "postgres.h"

#include "access/heapam.h"
#include "storage/block.h"
#include "storage/buf.h"

typedef struct FusionBlockStream
{
	bool		is_wanted;		/* blocks had to be read lately: the next ones come from a stream */
	bool		has_read;		/* it is not the first of the scan */
	struct ReadStream *reads;	/* NULL: none has begun */
	BlockNumber head;			/* what it gives next */
	BlockNumber asked;			/* end of what it has been told of, and has pinned or is about to read */
	BlockNumber end;			/* of what it may be told of */
} FusionBlockStream;

/*
 * The block, pinned, from wherever it is. Those from `number` to `end` are the caller's to read, and next it asks for
 * the one after this; it may look for that elsewhere first only while no stream is wanted.
 */
extern Buffer fusion_block_stream_next(FusionBlockStream *stream, HeapScanDesc scan, BlockNumber number,
									   BlockNumber end);

/* Any block, pinned; beside the streams. */
extern Buffer fusion_block_read(HeapScanDesc scan, BlockNumber number);

/* Lets go of all it has pinned. The next block may be any. */
extern void fusion_block_stream_end(FusionBlockStream *stream);

#endif							/* FUSION_BLOCK_STREAM_H */
