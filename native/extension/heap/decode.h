/*
 * decode.h
 *    Column kernels: the values of one attribute, for all rows of a walk, into a page's buffers.
 *
 * A kernel is chosen once per column and knows nothing of nulls: null rows read the column's null image, which
 * decodes to zeroes, and the caller marks them. It may write past the rows' own bytes only inside the tail,
 * where FUSION_TAIL_SLACK is kept free. It returns false when it meets a value that must be detoasted: the
 * caller then undoes the block (fusion_page_forget) and takes the rows one by one. Read next: decode_fixed.c,
 * decode_numeric.c, filter_decimal.c, decode_view.c,
 * decode_packed.c.
 */
#ifndef FUSION_DECODE_H
#define FUSION_DECODE_H

#include "page_writer.h"
#include "tuple_batch.h"

typedef struct FusionDecode FusionDecode;

typedef bool (*FusionKernel) (const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
							  FusionPageWriter *writer, FusionColumnWriter *column);

/* What a range filter keeps: values in [low, high]. A decimal NaN counts as the greatest value. */
typedef struct FusionRange
{
	int64		low;
	int64		high;
	const struct FusionDecimalBounds *bounds;	/* of decimals */
} FusionRange;

/*
 * Reads an attribute no row lacks and keeps, in the batch, the rows whose value is in the range: decoding,
 * comparing and dropping in one pass. False as of kernels, and the batch is then undefined.
 */
typedef bool (*FusionRangeFilter) (const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
								   FusionTupleBatch *batch, const FusionRange *range);

/* What a column's kernel needs beyond the page. */
struct FusionDecode
{
	FusionKernel kernel;
	int			attribute;		/* 0-based */
	int			column;
	uint8		align;
	int16		length;
	int16		scale;
	uint32		fixed_offset;	/* of reach FIXED */
	const uint8 *null_image;	/* what null rows read */
	const struct FusionDecimalSteps *steps;
};

/* Chooses the kernel; tables it needs go to CurrentMemoryContext. */
extern void fusion_decode_init(FusionDecode *decode, const FusionTupleLayout *layout, int attribute, int column,
							   const FusionColumnWriter *writer);

extern FusionKernel fusion_decode_fixed_kernel(int width);

/* NULL for encodings whose values are not integers in their order. */
extern FusionRangeFilter fusion_decode_range_filter(uint8 encoding);

/* Tables go to CurrentMemoryContext. */
extern void fusion_range_init(FusionRange *range, const FusionDecode *decode, int64 low, int64 high);
extern bool fusion_filter_decimal64(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
									FusionTupleBatch *batch, const FusionRange *range);
extern const struct FusionDecimalBounds *fusion_decimal_bounds_create(const struct FusionDecimalSteps *steps,
																	  int64 low, int64 high);

/* One value by the general path; false when it must be detoasted. */
extern bool fusion_decode_any_decimal64(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, int row,
										FusionColumnWriter *column, int64 *value);
extern bool fusion_decode_decimal64(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
									FusionPageWriter *writer, FusionColumnWriter *column);
extern bool fusion_decode_decimal128(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
									 FusionPageWriter *writer, FusionColumnWriter *column);
extern const struct FusionDecimalSteps *fusion_decimal_steps_create(int scale);
extern bool fusion_decode_view(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
							   FusionPageWriter *writer, FusionColumnWriter *column);
extern bool fusion_decode_trimmed(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
								  FusionPageWriter *writer, FusionColumnWriter *column);
extern bool fusion_decode_packed4(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
								  FusionPageWriter *writer, FusionColumnWriter *column);
extern bool fusion_decode_packed8(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
								  FusionPageWriter *writer, FusionColumnWriter *column);
extern bool fusion_decode_bytes(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
								FusionPageWriter *writer, FusionColumnWriter *column);

/* Place of a fixed-length value. The reach is a constant in every inlined copy. */
static pg_attribute_always_inline const uint8 *
fusion_fixed_at(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, int row, int length)
{
	const uint8 *at;

	if (reach == FUSION_REACH_FIXED)
		return walk->data[row] + decode->fixed_offset;
	if (reach == FUSION_REACH_VALUE)
		return walk->value[row];
	at = (const uint8 *) TYPEALIGN(decode->align, walk->cursor[row]);
	walk->cursor[row] = at + length;
	return at;
}

/* Moves a row of the batch to an earlier place. */
static pg_attribute_always_inline void
fusion_keep_row(FusionTupleBatch *batch, int to, int from, const uint8 *cursor)
{
	batch->data[to] = batch->data[from];
	batch->cursor[to] = cursor;
	batch->offset[to] = batch->offset[from];
}

/* fusion_trimmed_length for bytes with FUSION_OVERREAD behind them. */
extern uint32 fusion_trimmed_length_overread(const uint8 *bytes, uint32 length);

typedef struct FusionPayload
{
	const uint8 *bytes;
	uint32		length;
	uint32		padded_length;	/* of a trimmed char(n): with its blanks, which follow in place */
} FusionPayload;

/* A varlena that is not short: false when it is compressed or external. */
extern bool fusion_open_long_varlena(const uint8 *at, uint8 align, FusionPayload *payload, const uint8 **end);

/* The bytes of a varlena value; false when it must be detoasted. */
static pg_attribute_always_inline bool
fusion_varlena_payload(FusionWalk *walk, FusionReach reach, int row, FusionPayload *payload)
{
	const uint8 *at = reach == FUSION_REACH_VALUE ? walk->value[row] : walk->cursor[row];
	const uint8 *end;

	if (likely(VARATT_IS_1B(at) && !VARATT_IS_1B_E(at)))
	{
		payload->bytes = (const uint8 *) VARDATA_1B(at);
		payload->length = VARSIZE_1B(at) - VARHDRSZ_SHORT;
		end = at + VARSIZE_1B(at);
	}
	else
	{
		/* With reach VALUE the walk has aligned it, and stands behind the attribute already. */
		uint8		align = reach == FUSION_REACH_CURSOR ? walk->layout->attributes[walk->attribute].align : 1;

		if (!fusion_open_long_varlena(at, align, payload, &end))
			return false;
	}
	if (reach == FUSION_REACH_CURSOR)
		walk->cursor[row] = end;
	return true;
}

#endif							/* FUSION_DECODE_H */
