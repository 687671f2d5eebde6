/*
 * decode_view.c
 *    Kernels for values of variable length: an Arrow view of 16 bytes, and the bytes themselves in the tail
 *    when they are more than 12.
 *
 * Written without branches on the length, which is unpredictable in real data: a view is always two masked
 * words, and bytes are always copied to the tail, whose end only moves for long values. Hence FUSION_OVERREAD
 * and FUSION_TAIL_SLACK.
 */
#include "postgres.h"

#include "decode.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Bytes copied to the tail at once; longer values take a second copy. */
#define COPIED_AT_ONCE 48

StaticAssertDecl(COPIED_AT_ONCE <= FUSION_TAIL_SLACK && COPIED_AT_ONCE <= FUSION_OVERREAD, "copy within slack");

/* Bytes of a char(n) examined for trailing blanks at once. */
#define TRIMMED_AT_ONCE 32

/*
 * Masks for the two words of a view by length, the first word being loaded four bytes before the value so that
 * its upper half is the prefix. Entry 13 is for all long values: prefix only.
 */
#define LENGTH_LONG 13
#define BYTES(n) ((n) >= 8 ? ~UINT64CONST(0) : (UINT64CONST(1) << (8 * ((n) & 7))) - 1)
#define FIRST(n) (((n) >= 4 ? BYTES(4) : BYTES(n)) << 32)
#define SECOND(n) ((n) <= 4 ? 0 : BYTES((n) - 4))

static const uint64 first_mask[LENGTH_LONG + 1] = {
	FIRST(0), FIRST(1), FIRST(2), FIRST(3), FIRST(4), FIRST(5), FIRST(6), FIRST(7), FIRST(8), FIRST(9), FIRST(10),
	FIRST(11), FIRST(12), FIRST(4)
};
static const uint64 second_mask[LENGTH_LONG + 1] = {
	SECOND(0), SECOND(1), SECOND(2), SECOND(3), SECOND(4), SECOND(5), SECOND(6), SECOND(7), SECOND(8), SECOND(9),
	SECOND(10), SECOND(11), SECOND(12), 0
};

bool
fusion_open_long_varlena(const uint8 *at, uint8 align, FusionPayload *payload, const uint8 **end)
{
	at = fusion_varlena_at(at, align);
	if (VARATT_IS_1B_E(at) || VARATT_IS_4B_C(at))
		return false;
	payload->bytes = (const uint8 *) VARDATA_ANY(at);
	payload->length = VARSIZE_ANY_EXHDR(at);
	*end = at + VARSIZE_ANY(at);
	return true;
}

#ifndef WORDS_BIGENDIAN

/* Writes the view of `length` bytes at `bytes`; returns the new end of the tail. */
static pg_attribute_always_inline uint32
store_view(uint8 *out, uint8 *tail, uint32 tail_bytes, const uint8 *bytes, uint32 length)
{
	bool		is_long = length > FUSION_VIEW_INLINE_BYTES;
	uint32		entry = is_long ? LENGTH_LONG : length;
	uint64		first;
	uint64		second;

	memcpy(&first, bytes - 4, sizeof(first));
	memcpy(&second, bytes + 4, sizeof(second));
	first = (first & first_mask[entry]) | length;
	second = (second & second_mask[entry]) | (uint64) (is_long ? tail_bytes : 0) << 32;
	memcpy(out, &first, sizeof(first));
	memcpy(out + sizeof(first), &second, sizeof(second));

	memcpy(tail + tail_bytes, bytes, COPIED_AT_ONCE);
	if (unlikely(length > COPIED_AT_ONCE))
		memcpy(tail + tail_bytes + COPIED_AT_ONCE, bytes + COPIED_AT_ONCE, length - COPIED_AT_ONCE);
	return tail_bytes + (is_long ? length : 0);
}

#else

static inline uint32
store_view(uint8 *out, uint8 *tail, uint32 tail_bytes, const uint8 *bytes, uint32 length)
{
	FusionView	view = {.length = length};
	bool		is_long = length > FUSION_VIEW_INLINE_BYTES;

	memcpy((uint8 *) &view + offsetof(FusionView, prefix), bytes, is_long ? sizeof(view.prefix) : length);
	if (is_long)
	{
		view.offset = tail_bytes;
		memcpy(tail + tail_bytes, bytes, length);
	}
	memcpy(out, &view, sizeof(view));
	return tail_bytes + (is_long ? length : 0);
}

#endif

/* Length without trailing blanks. */
static pg_attribute_always_inline uint32
trimmed_length(const uint8 *bytes, uint32 length)
{
#ifdef __SSE2__
	if (likely(length <= TRIMMED_AT_ONCE))
	{
		__m128i		blanks = _mm_set1_epi8(' ');
		__m128i		low = _mm_loadu_si128((const __m128i *) bytes);
		__m128i		high = _mm_loadu_si128((const __m128i *) (bytes + 16));
		uint32		blank_bits = (uint32) _mm_movemask_epi8(_mm_cmpeq_epi8(low, blanks)) |
			(uint32) _mm_movemask_epi8(_mm_cmpeq_epi8(high, blanks)) << 16;
		uint64		kept = ~(uint64) blank_bits & ((UINT64CONST(1) << length) - 1);

		/* The lowest set bit stands for nothing kept. */
		return 63 - __builtin_clzll(kept << 1 | 1);
	}
#endif
	return fusion_trimmed_length((const char *) bytes, length);
}

uint32
fusion_trimmed_length_overread(const uint8 *bytes, uint32 length)
{
	return trimmed_length(bytes, length);
}

static pg_attribute_always_inline bool
decode_views(FusionWalk *walk, FusionReach reach, FusionPageWriter *writer, FusionColumnWriter *column, bool trims)
{
	uint8	   *out = column->values + (size_t) writer->rows * sizeof(FusionView);
	uint8	   *tail = writer->page + writer->tail_offset;
	uint32		tail_bytes = writer->tail_bytes;
	int			count = walk->count;

	for (int row = 0; row < count; row++, out += sizeof(FusionView))
	{
		FusionPayload payload;

		if (unlikely(!fusion_varlena_payload(walk, reach, row, &payload)))
			return false;
		if (trims)
			payload.length = trimmed_length(payload.bytes, payload.length);
		tail_bytes = store_view(out, tail, tail_bytes, payload.bytes, payload.length);
	}
	writer->tail_bytes = tail_bytes;
	return true;
}

bool
fusion_decode_view(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
				   FusionPageWriter *writer, FusionColumnWriter *column)
{
	if (reach == FUSION_REACH_VALUE)
		return decode_views(walk, FUSION_REACH_VALUE, writer, column, false);
	return decode_views(walk, FUSION_REACH_CURSOR, writer, column, false);
}

bool
fusion_decode_trimmed(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
					  FusionPageWriter *writer, FusionColumnWriter *column)
{
	if (reach == FUSION_REACH_VALUE)
		return decode_views(walk, FUSION_REACH_VALUE, writer, column, true);
	return decode_views(walk, FUSION_REACH_CURSOR, writer, column, true);
}

/* Fixed-length types passed by reference: uuid, interval, name. */
bool
fusion_decode_bytes(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
					FusionPageWriter *writer, FusionColumnWriter *column)
{
	uint8	   *out = column->values + (size_t) writer->rows * sizeof(FusionView);
	uint8	   *tail = writer->page + writer->tail_offset;

	for (int row = 0; row < walk->count; row++, out += sizeof(FusionView))
	{
		const uint8 *at = fusion_fixed_at(decode, walk, reach, row, decode->length);

		/* Its null image has the type's full length; a null's view is zero and takes no tail. */
		if (reach == FUSION_REACH_VALUE && walk->is_null[row])
			memset(out, 0, sizeof(FusionView));
		else
			writer->tail_bytes = store_view(out, tail, writer->tail_bytes, at, (uint32) decode->length);
	}
	return true;
}
