/*
 * page_range.c
 *    Least and greatest value of an integer column, one pass over a page still warm in the cache.
 *
 * Consumers use the bounds to skip overflow checks and whole pages. The null-free loops are written for the compiler to
 * vectorise; columns with nulls take a plain loop, columns with NaN have no range.
 */
#include "postgres.h"

#include "page_range.h"

/* Four independent chains hide the latency of compare and move on 64-bit values, which SSE2 cannot compare. */
static void
range_int64(const int64 *values, uint32 rows, int64 *min, int64 *max)
{
	int64		low[4] = {values[0], values[0], values[0], values[0]};
	int64		high[4] = {values[0], values[0], values[0], values[0]};
	uint32		row = 0;

	for (; row + 4 <= rows; row += 4)
	{
		for (int lane = 0; lane < 4; lane++)
		{
			low[lane] = Min(low[lane], values[row + lane]);
			high[lane] = Max(high[lane], values[row + lane]);
		}
	}
	for (; row < rows; row++)
	{
		low[0] = Min(low[0], values[row]);
		high[0] = Max(high[0], values[row]);
	}
	*min = Min(Min(low[0], low[1]), Min(low[2], low[3]));
	*max = Max(Max(high[0], high[1]), Max(high[2], high[3]));
}

static void
range_int32(const int32 *values, uint32 rows, int64 *min, int64 *max)
{
	int32		low = values[0];
	int32		high = values[0];

	for (uint32 row = 1; row < rows; row++)
	{
		low = Min(low, values[row]);
		high = Max(high, values[row]);
	}
	*min = low;
	*max = high;
}

static void
range_int16(const int16 *values, uint32 rows, int64 *min, int64 *max)
{
	int16		low = values[0];
	int16		high = values[0];

	for (uint32 row = 1; row < rows; row++)
	{
		low = Min(low, values[row]);
		high = Max(high, values[row]);
	}
	*min = low;
	*max = high;
}

static int64
value_at(const FusionColumnWriter *column, uint32 row)
{
	switch (column->width)
	{
		case 2:
			return ((const int16 *) column->values)[row];
		case 4:
			return ((const int32 *) column->values)[row];
		default:
			return ((const int64 *) column->values)[row];
	}
}

static void
range_of_valid(const FusionColumnWriter *column, uint32 rows, int64 *min, int64 *max)
{
	int64		low = PG_INT64_MAX;
	int64		high = PG_INT64_MIN;

	for (uint32 row = 0; row < rows; row++)
	{
		if (column->validity[row >> 3] & (1 << (row & 7)))
		{
			int64		value = value_at(column, row);

			low = Min(low, value);
			high = Max(high, value);
		}
	}
	*min = low;
	*max = high;
}

bool
fusion_page_range(const FusionColumnWriter *column, uint32 rows, int64 *min, int64 *max)
{
	if (rows <= column->null_count || column->has_special)
		return false;
	switch (column->encoding)
	{
		case FUSION_ENCODING_INT16:
		case FUSION_ENCODING_INT32:
		case FUSION_ENCODING_INT64:
		case FUSION_ENCODING_DECIMAL64:
			break;
		default:
			return false;
	}
	if (column->null_count > 0)
		range_of_valid(column, rows, min, max);
	else if (column->width == 2)
		range_int16((const int16 *) column->values, rows, min, max);
	else if (column->width == 4)
		range_int32((const int32 *) column->values, rows, min, max);
	else
		range_int64((const int64 *) column->values, rows, min, max);
	return true;
}
