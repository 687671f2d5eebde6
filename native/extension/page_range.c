/*
 * page_range.c
 *    Least and greatest value of an integer column, one pass over a page still warm in the cache.
 *
 * Consumers use the bounds to skip overflow checks and whole pages. Columns with nulls take a plain loop,
 * columns with NaN have no range.
 */
#include "postgres.h"

#include "page_range.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_RANGE_AVX2
#include <immintrin.h>
#endif

static void
range_int64(const int64 *values, uint32 rows, int64 *min, int64 *max)
{
	int64		low = values[0];
	int64		high = values[0];

	for (uint32 row = 1; row < rows; row++)
	{
		low = Min(low, values[row]);
		high = Max(high, values[row]);
	}
	*min = low;
	*max = high;
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

#ifdef HAVE_RANGE_AVX2

/* SSE2 cannot compare 64-bit integers, and the scalar loop costs as much as decoding a date column. */
__attribute__((target("avx2")))
static void
range_int64_avx2(const int64 *values, uint32 rows, int64 *min, int64 *max)
{
	__m256i		low = _mm256_set1_epi64x(values[0]);
	__m256i		high = low;
	uint32		row = 0;
	int64		lows[4];
	int64		highs[4];

	for (; row + 4 <= rows; row += 4)
	{
		__m256i		value = _mm256_load_si256((const __m256i *) (values + row));

		low = _mm256_blendv_epi8(low, value, _mm256_cmpgt_epi64(low, value));
		high = _mm256_blendv_epi8(high, value, _mm256_cmpgt_epi64(value, high));
	}
	_mm256_storeu_si256((__m256i *) lows, low);
	_mm256_storeu_si256((__m256i *) highs, high);
	range_int64(values + Min(row, rows - 1), rows - Min(row, rows - 1), min, max);
	for (int lane = 0; lane < 4; lane++)
	{
		*min = Min(*min, lows[lane]);
		*max = Max(*max, highs[lane]);
	}
}

__attribute__((target("avx2")))
static void
range_int32_avx2(const int32 *values, uint32 rows, int64 *min, int64 *max)
{
	__m256i		low = _mm256_set1_epi32(values[0]);
	__m256i		high = low;
	uint32		row = 0;
	int32		lows[8];
	int32		highs[8];

	for (; row + 8 <= rows; row += 8)
	{
		__m256i		value = _mm256_load_si256((const __m256i *) (values + row));

		low = _mm256_min_epi32(low, value);
		high = _mm256_max_epi32(high, value);
	}
	_mm256_storeu_si256((__m256i *) lows, low);
	_mm256_storeu_si256((__m256i *) highs, high);
	range_int32(values + Min(row, rows - 1), rows - Min(row, rows - 1), min, max);
	for (int lane = 0; lane < 8; lane++)
	{
		*min = Min(*min, (int64) lows[lane]);
		*max = Max(*max, (int64) highs[lane]);
	}
}

#endif

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
#ifdef HAVE_RANGE_AVX2
	if (column->null_count == 0 && column->width >= 4 && __builtin_cpu_supports("avx2"))
	{
		if (column->width == 4)
			range_int32_avx2((const int32 *) column->values, rows, min, max);
		else
			range_int64_avx2((const int64 *) column->values, rows, min, max);
		return true;
	}
#endif
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
