/*
 * block_cursor.c
 *    Blocks in chunks that shrink towards the end: long enough at first for the kernel's read-ahead and for
 *    neighbouring buffers, short at last so that no process is left alone with work another could share.
 */
#include "postgres.h"

#include "block_cursor.h"

/* 128 blocks are 1 MB: about 0.2 ms of decoding from memory, a few ms from a cold disk. */
#define CHUNK_BLOCKS_MAX 128
/* Four blocks take about 10 us, against which the exchange below does not count. */
#define CHUNK_BLOCKS_MIN 4
/* Each process comes about this many more times before the blocks that were left at its last visit are gone. */
#define VISITS_LEFT 8

void
fusion_block_cursor_init(FusionBlockCursor *cursor, BlockNumber block_count, uint32 sharers)
{
	pg_atomic_init_u32(&cursor->next, 0);
	cursor->block_count = block_count;
	cursor->sharers = Max(sharers, 1);
}

FusionBlockCursor *
fusion_block_cursor_of(FusionBlockCursors *cursors, Index relation)
{
	for (int i = 0; i < cursors->count; i++)
	{
		if (cursors->scans[i].relation == relation)
			return &cursors->scans[i].cursor;
	}
	elog(ERROR, "pg_fusion: no blocks are dealt of relation %u", relation);
}

bool
fusion_block_cursor_take(FusionBlockCursor *cursor, BlockNumber *first, BlockNumber *end)
{
	uint32		next = pg_atomic_read_u32(&cursor->next);

	for (;;)
	{
		uint32		left;
		uint32		chunk;

		/* Never moved beyond the end, so that it cannot wrap. */
		if (next >= cursor->block_count)
			return false;
		left = cursor->block_count - next;
		chunk = Min(Max(left / (cursor->sharers * VISITS_LEFT), CHUNK_BLOCKS_MIN), CHUNK_BLOCKS_MAX);
		chunk = Min(chunk, left);
		if (pg_atomic_compare_exchange_u32(&cursor->next, &next, next + chunk))
		{
			*first = next;
			*end = next + chunk;
			return true;
		}
	}
}
