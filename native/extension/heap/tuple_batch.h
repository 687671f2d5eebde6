/*
 * tuple_batch.h
 *    The visible tuples of one pinned heap block, and a walk over their attributes: all rows step over an
 *    attribute together, so that each inner loop does one thing.
 *
 * Not a copy: everything points into the pinned block, except tuples at its very end, which stand in a padded
 * scratch buffer so that kernels may read past a value. Read next: walk.c (stepping), decode.h (what is done
 * with values), producer_heap.c (the whole).
 */
#ifndef FUSION_TUPLE_BATCH_H
#define FUSION_TUPLE_BATCH_H

#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "line_prefetch.h"
#include "storage/bufpage.h"

/*
 * Kernels read at most this many bytes past the start of a value's last byte, and FUSION_UNDERREAD before its
 * first.
 */
#define FUSION_OVERREAD 64
#define FUSION_UNDERREAD 8

/* Few enough for the processor's miss buffers; the passes of a block together should ask for all of the next. */
#define FUSION_PREFETCH_PER_PASS 16

/* The longest null bitmap. PostgreSQL's BITMAPLEN is a function from 18 on and cannot size an array. */
#define FUSION_NULL_BITMAP_BYTES ((MaxTupleAttributeNumber + BITS_PER_BYTE - 1) / BITS_PER_BYTE)

/* What stepping needs to know of an attribute. */
typedef struct FusionAttribute
{
	int16		length;			/* attlen: > 0 fixed, -1 varlena */
	uint8		align;			/* 1, 2, 4 or 8 */
	int32		fixed_offset;	/* from the tuple's data when nothing variable or null precedes, else -1 */
	const uint8 *missing;		/* value of tuples older than the attribute, padded for kernels; NULL: null */
} FusionAttribute;

typedef struct FusionTupleLayout
{
	int			count;			/* attributes up to the last one needed */
	FusionAttribute *attributes;
	int			prefix_count;	/* leading attributes with a fixed_offset */
	uint32		prefix_bytes;	/* up to the end of the last of them */
} FusionTupleLayout;

typedef struct FusionTupleBatch
{
	int			count;

	/*
	 * Attributes before this one, and without a bit in null_union, are there and not null in every row: they
	 * need no checks. Most columns of most blocks are such, whatever the others hold.
	 */
	int			fewest_attributes;
	int			first_unclean;	/* first attribute that needs checks; the layout's count when none does */
	bits8		null_union[FUSION_NULL_BITMAP_BYTES];	/* bit set: null in some row */
	bits8		all_present[FUSION_NULL_BITMAP_BYTES];	/* the bitmap of rows without one */
	const uint8 *data[MaxHeapTuplesPerPage];	/* first attribute's place */
	const uint8 *cursor[MaxHeapTuplesPerPage];	/* the walk's */
	bool		cursors_fresh;	/* they stand behind the layout's prefix, where loading has put them */
	const uint8 *value[MaxHeapTuplesPerPage];	/* the walk's, of the last attribute that needed checks */
	uint8		is_null[MaxHeapTuplesPerPage];	/* likewise, 0 or 1 */
	const bits8 *present[MaxHeapTuplesPerPage]; /* null bitmaps, bit set: not null; unset when all is clean */
	uint16		attribute_count[MaxHeapTuplesPerPage];	/* stored attributes; unset when all is clean */
	OffsetNumber offset[MaxHeapTuplesPerPage];	/* line pointers */
	uint8	   *scratch;		/* BLCKSZ + FUSION_OVERREAD bytes, MAXALIGNed */
	FusionLinePrefetch *wanted; /* lines of the block that is read next; the work on this one asks for them */
} FusionTupleBatch;

/* Where the values of an attribute are found; kernels are compiled once for each. */
typedef enum FusionReach
{
	FUSION_REACH_FIXED,			/* data[row] + fixed_offset, no nulls */
	FUSION_REACH_CURSOR,		/* cursor[row], to be aligned; the kernel moves it past the value; no nulls */
	FUSION_REACH_VALUE			/* value[row], aligned; a null row has the null image there, and is_null[row] */
} FusionReach;

/* A pass over the rows [from, from + count) of a batch. Pointers are shifted: row 0 is the pass's first. */
typedef struct FusionWalk
{
	const FusionTupleLayout *layout;
	FusionTupleBatch *batch;
	const uint8 **data;
	const uint8 **cursor;
	const uint8 **value;
	uint8	   *is_null;
	const bits8 **present;
	const uint16 *attribute_count;
	int			count;
	int			attribute;		/* cursors stand behind this many attributes */
	bool		fixed;			/* cursors not set yet: the fixed prefix is not left */
} FusionWalk;

/* Layout of the leading `count` attributes, in CurrentMemoryContext. */
extern FusionTupleLayout *fusion_tuple_layout_create(TupleDesc descriptor, int count);

extern FusionTupleBatch *fusion_tuple_batch_create(void);

/* Points the batch at the given tuples of a pinned page that cannot be compacted meanwhile. */
extern void fusion_tuple_batch_load(FusionTupleBatch *batch, const FusionTupleLayout *layout, Page page,
									const OffsetNumber *offsets, int count);

/* To be called between two passes over the rows: asks for a few lines of the next block. */
static inline void
fusion_tuple_batch_prefetch(const FusionTupleBatch *batch)
{
	fusion_prefetch_lines(batch->wanted, FUSION_PREFETCH_PER_PASS);
}

/* Keeps the rows whose `keep` byte is not 0; returns how many. */
extern int	fusion_tuple_batch_compact(FusionTupleBatch *batch, const FusionTupleLayout *layout,
									   const uint8 *keep);

extern void fusion_walk_begin(FusionWalk *walk, const FusionTupleLayout *layout, FusionTupleBatch *batch,
							  int from, int count);

/*
 * Steps over everything before `attribute` (not before an earlier one of the same walk) and says where its
 * values are. Null rows read `null_image`, so that kernels need no branch for them.
 */
extern FusionReach fusion_walk_to(FusionWalk *walk, int attribute, const uint8 *null_image);

/* Tells the walk that a kernel has read `attribute`, which with reach CURSOR moved the cursors. */
extern void fusion_walk_passed(FusionWalk *walk, int attribute, FusionReach reach);

/* First byte of a 4-byte-header varlena of a type so aligned, or the short one, from an unaligned cursor. */
static inline const uint8 *
fusion_varlena_at(const uint8 *cursor, uint8 align)
{
	return *cursor == 0 ? (const uint8 *) TYPEALIGN(align, cursor) : cursor;
}

#endif							/* FUSION_TUPLE_BATCH_H */
