/*
 * decode_fixed.c
 *    Kernels for values that are copied as they stand: bool, integers, floats, dates, timestamps. Also the
 *    choice of kernels.
 */
#include "postgres.h"

#include "decode.h"

#include "numeric_codec.h"

/* memcpy of a constant width is one load and one store. */
static pg_attribute_always_inline bool
copy_values(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, uint32 first_row,
			FusionColumnWriter *column, int width)
{
	uint8	   *out = column->values + (size_t) first_row * width;
	int			count = walk->count;

	for (int row = 0; row < count; row++)
		memcpy(out + (size_t) row * width, fusion_fixed_at(decode, walk, reach, row, width), width);
	return true;
}

static pg_attribute_always_inline bool
copy_by_reach(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, uint32 first_row,
			  FusionColumnWriter *column, int width)
{
	switch (reach)
	{
		case FUSION_REACH_FIXED:
			return copy_values(decode, walk, FUSION_REACH_FIXED, first_row, column, width);
		case FUSION_REACH_CURSOR:
			return copy_values(decode, walk, FUSION_REACH_CURSOR, first_row, column, width);
		case FUSION_REACH_VALUE:
			return copy_values(decode, walk, FUSION_REACH_VALUE, first_row, column, width);
	}
	pg_unreachable();
}

static bool
copy_1(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, FusionPageWriter *writer,
	   FusionColumnWriter *column)
{
	return copy_by_reach(decode, walk, reach, writer->rows, column, 1);
}

static bool
copy_2(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, FusionPageWriter *writer,
	   FusionColumnWriter *column)
{
	return copy_by_reach(decode, walk, reach, writer->rows, column, 2);
}

static bool
copy_4(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, FusionPageWriter *writer,
	   FusionColumnWriter *column)
{
	return copy_by_reach(decode, walk, reach, writer->rows, column, 4);
}

static bool
copy_8(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, FusionPageWriter *writer,
	   FusionColumnWriter *column)
{
	return copy_by_reach(decode, walk, reach, writer->rows, column, 8);
}

FusionKernel
fusion_decode_fixed_kernel(int width)
{
	switch (width)
	{
		case 1:
			return copy_1;
		case 2:
			return copy_2;
		case 4:
			return copy_4;
		default:
			Assert(width == 8);
			return copy_8;
	}
}

static pg_attribute_always_inline bool
filter_integers(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, FusionTupleBatch *batch,
				const FusionRange *range, int width)
{
	uint64		low = (uint64) range->low;
	uint64		distance = (uint64) range->high - low;
	int			count = walk->count;
	int			kept = 0;

	for (int row = 0; row < count; row++)
	{
		const uint8 *at = fusion_fixed_at(decode, walk, reach, row, width);
		int64		value;

		if (width == sizeof(int32))
		{
			int32		narrow;

			memcpy(&narrow, at, sizeof(narrow));
			value = narrow;
		}
		else
			memcpy(&value, at, sizeof(value));
		/* Values of the fixed prefix are not found by the cursor. */
		fusion_keep_row(batch, kept, row, reach == FUSION_REACH_FIXED ? batch->cursor[row] : at + width);
		kept += (uint64) value - low <= distance;
	}
	batch->count = walk->count = kept;
	return true;
}

static bool
filter_int32(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, FusionTupleBatch *batch,
			 const FusionRange *range)
{
	if (reach == FUSION_REACH_FIXED)
		return filter_integers(decode, walk, FUSION_REACH_FIXED, batch, range, sizeof(int32));
	return filter_integers(decode, walk, FUSION_REACH_CURSOR, batch, range, sizeof(int32));
}

static bool
filter_int64(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, FusionTupleBatch *batch,
			 const FusionRange *range)
{
	if (reach == FUSION_REACH_FIXED)
		return filter_integers(decode, walk, FUSION_REACH_FIXED, batch, range, sizeof(int64));
	return filter_integers(decode, walk, FUSION_REACH_CURSOR, batch, range, sizeof(int64));
}

FusionRangeFilter
fusion_decode_range_filter(uint8 encoding)
{
	switch ((FusionEncoding) encoding)
	{
		case FUSION_ENCODING_INT32:
			return filter_int32;
		case FUSION_ENCODING_INT64:
			return filter_int64;
		case FUSION_ENCODING_DECIMAL64:
			return fusion_filter_decimal64;
		default:
			return NULL;
	}
}

void
fusion_range_init(FusionRange *range, const FusionDecode *decode, int64 low, int64 high)
{
	range->low = low;
	range->high = high;
	range->bounds = decode->steps != NULL ? fusion_decimal_bounds_create(decode->steps, low, high) : NULL;
}

/* An image that decodes to zero or to nothing, with the room kernels expect around a value. */
static const uint8 *
make_null_image(const FusionAttribute *attribute, const FusionColumnWriter *writer)
{
	size_t		bytes = attribute->length > 0 ? (size_t) attribute->length : 1 + sizeof(uint16);
	uint8	   *image = (uint8 *) palloc0(FUSION_UNDERREAD + bytes + FUSION_OVERREAD) + FUSION_UNDERREAD;

	if (attribute->length > 0)
		return image;
	if (writer->encoding == FUSION_ENCODING_DECIMAL64 || writer->encoding == FUSION_ENCODING_DECIMAL128)
	{
		uint16		header = (uint16) (FUSION_NUMERIC_SHORT |
									   Max(writer->scale, 0) << FUSION_NUMERIC_SHORT_SCALE_SHIFT);

		SET_VARSIZE_SHORT(image, bytes);
		memcpy(image + VARHDRSZ_SHORT, &header, sizeof(header));
	}
	else
		SET_VARSIZE_SHORT(image, VARHDRSZ_SHORT);
	return image;
}

void
fusion_decode_init(FusionDecode *decode, const FusionTupleLayout *layout, int attribute, int column,
				   const FusionColumnWriter *writer)
{
	const FusionAttribute *entry = &layout->attributes[attribute];

	memset(decode, 0, sizeof(*decode));
	decode->attribute = attribute;
	decode->column = column;
	decode->align = entry->align;
	decode->length = entry->length;
	decode->scale = writer->scale;
	decode->fixed_offset = entry->fixed_offset >= 0 ? (uint32) entry->fixed_offset : 0;
	decode->null_image = make_null_image(entry, writer);
	switch ((FusionEncoding) writer->encoding)
	{
		case FUSION_ENCODING_DECIMAL64:
			decode->steps = fusion_decimal_steps_create(writer->scale);
			decode->kernel = fusion_decode_decimal64;
			break;
		case FUSION_ENCODING_DECIMAL128:
			decode->kernel = fusion_decode_decimal128;
			break;
		case FUSION_ENCODING_TEXT:
		case FUSION_ENCODING_DATUM:
			decode->kernel = entry->length > 0 ? fusion_decode_bytes :
				writer->trims_blanks ? fusion_decode_trimmed : fusion_decode_view;
			break;
		case FUSION_ENCODING_TEXT4:
			decode->kernel = fusion_decode_packed4;
			break;
		case FUSION_ENCODING_TEXT8:
			decode->kernel = fusion_decode_packed8;
			break;
		default:
			decode->kernel = fusion_decode_fixed_kernel(writer->width);
			break;
	}
}
