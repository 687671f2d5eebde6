/*
 * block_cursor.h
 *    Deals the blocks of one relation to the processes that scan it together. It lives in memory they share
 *    (parallel/); a process that scans alone needs none (visible.c).
 */
#ifndef FUSION_BLOCK_CURSOR_H
#define FUSION_BLOCK_CURSOR_H

#include "postgres.h"

#include "port/atomics.h"
#include "storage/block.h"

typedef struct FusionBlockCursor
{
	pg_atomic_uint32 next;		/* first block nobody has taken */
	BlockNumber block_count;	/* of the relation when the scan began: later blocks hold nothing its snapshot sees */
	uint32		sharers;		/* processes that may come, the leader included */
} FusionBlockCursor;

/* One for each relation of a leaf, by its place in the range table. */
typedef struct FusionBlockCursors
{
	int			count;
	struct
	{
		Index		relation;
		FusionBlockCursor cursor;
	}			scans[FLEXIBLE_ARRAY_MEMBER];
} FusionBlockCursors;

/* ERROR when the relation is not among them. */
extern FusionBlockCursor *fusion_block_cursor_of(FusionBlockCursors *cursors, Index relation);

extern void fusion_block_cursor_init(FusionBlockCursor *cursor, BlockNumber block_count, uint32 sharers);

/* How many blocks nobody has taken, at some moment during the call. */
static inline uint32
fusion_block_cursor_left(FusionBlockCursor *cursor)
{
	uint32		next = pg_atomic_read_u32(&cursor->next);

	return next < cursor->block_count ? cursor->block_count - next : 0;
}

/* Takes consecutive blocks [*first, *end); false when none are left. */
extern bool fusion_block_cursor_take(FusionBlockCursor *cursor, BlockNumber *first, BlockNumber *end);

#endif							/* FUSION_BLOCK_CURSOR_H */
