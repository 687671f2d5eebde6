/*
 * decode_packed.c
 *    Kernels for char(n) so short that its characters are packed into a number: no view, no tail.
 *
 * A value is one load: the length byte of a short varlena and the payload behind it. Without branches on the data
 * but for the form of the varlena, which hardly varies.
 */
#include "postgres.h"

#include "decode.h"

#define BLANKS UINT64CONST(0x2020202020202020)

/* Bytes of a payload beside the length byte in a word. */
#define LOADED_WITH_LENGTH 7

/* Keeps the first `length` bytes, fewer than 8, of a payload read as a little-endian number. */
static pg_attribute_always_inline uint64
first_bytes(uint64 payload, uint32 length)
{
	return payload & ((UINT64CONST(1) << (8 * length)) - 1);
}

/* Zeroes trailing blanks: what is left ends with the highest byte that is no blank. */
static pg_attribute_always_inline uint64
without_blanks(uint64 payload, uint32 length)
{
	uint64		differs = first_bytes(payload ^ BLANKS, length);
	uint32		kept = differs == 0 ? 0 : (71 - __builtin_clzll(differs)) >> 3;

	return first_bytes(payload, kept);
}

static pg_noinline bool
pack_any(FusionWalk *walk, FusionReach reach, int row, uint32 width, uint64 *packed)
{
	FusionPayload payload;

	if (!fusion_varlena_payload(walk, reach, row, &payload))
		return false;
	*packed = fusion_pack_text(payload.bytes, payload.length, width);
	return true;
}

static pg_attribute_always_inline bool
decode_packed(FusionWalk *walk, FusionReach reach, uint32 first_row, FusionColumnWriter *column, uint32 width)
{
	uint8	   *out = column->values + (size_t) first_row * width;
	uint32		longest = Min(width, LOADED_WITH_LENGTH);
	int			count = walk->count;

	for (int row = 0; row < count; row++)
	{
		const uint8 *at = reach == FUSION_REACH_VALUE ? walk->value[row] : walk->cursor[row];
		uint64		packed;

#ifndef WORDS_BIGENDIAN
		/* A length byte counts itself, and its low bit says that the varlena is short; 0 would be an external one. */
		uint32		length = (uint32) (*at >> 1) - VARHDRSZ_SHORT;

		if (likely((*at & 1) && length <= longest))
		{
			memcpy(&packed, at, sizeof(packed));
			packed = without_blanks(packed >> 8, length);
			if (reach == FUSION_REACH_CURSOR)
				walk->cursor[row] = at + VARHDRSZ_SHORT + length;
		}
		else
#endif
		if (!pack_any(walk, reach, row, width, &packed))
			return false;
		memcpy(out + (size_t) row * width, &packed, width);
	}
	return true;
}

bool
fusion_decode_packed4(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
					  FusionPageWriter *writer, FusionColumnWriter *column)
{
	if (reach == FUSION_REACH_VALUE)
		return decode_packed(walk, FUSION_REACH_VALUE, writer->rows, column, 4);
	return decode_packed(walk, FUSION_REACH_CURSOR, writer->rows, column, 4);
}

bool
fusion_decode_packed8(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
					  FusionPageWriter *writer, FusionColumnWriter *column)
{
	if (reach == FUSION_REACH_VALUE)
		return decode_packed(walk, FUSION_REACH_VALUE, writer->rows, column, 8);
	return decode_packed(walk, FUSION_REACH_CURSOR, writer->rows, column, 8);
}
