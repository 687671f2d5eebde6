/*
 * decode_numeric.c
 *    Kernels from numeric(p,s) to scaled integers.
 *
 * The common image is short: one header word and at most four base-10000 digits. Those are handled without a loop or a division. With the
 * digits read as one 16-digit integer N, the scaled value is N / 10^k for k = 12 - 4*weight - scale, known exact: a
 * shift by k and a multiplication with the inverse of 5^k modulo 2^64. All else goes through numeric_codec.c.
 */
#include "postgres.h"

#include "decode.h"

#include "numeric_codec.h"

/* 5^27 is the last power of five below 2^63, and N < 10^16 leaves two more powers of ten below 10^18. */
#define STEPS_DIVIDED_MAX 27
#define STEPS_MULTIPLIED_MAX 2

#define STEP_UNUSABLE 64

/* Digits are read as one little-endian word; elsewhere every value takes the general path. */
#ifdef WORDS_BIGENDIAN
#define FAST_FORM_POSSIBLE false
#else
#define FAST_FORM_POSSIBLE true
#endif

/* Bits of the header that do not depend on the value, for short images of this scale: form and scale. */
#define SHORT_VALUE_BITS (FUSION_NUMERIC_SHORT_NEGATIVE | FUSION_NUMERIC_SHORT_WEIGHT_MASK)

typedef struct FusionDecimalSteps
{
	uint16		header;			/* value bits cleared */
	uint64		multiplier[FUSION_NUMERIC_SHORT_WEIGHT_MASK + 1];	/* by the header's weight field */
	uint8		shift[FUSION_NUMERIC_SHORT_WEIGHT_MASK + 1];	/* STEP_UNUSABLE: general path */
} FusionDecimalSteps;

/* By payload bytes beyond the header: 0, 2, 4, 6 or 8 are whole digits. */
static const uint64 digit_mask[9] = {
	0, 0, UINT64CONST(0xFFFF), 0, UINT64CONST(0xFFFFFFFF), 0, UINT64CONST(0xFFFFFFFFFFFF), 0, ~UINT64CONST(0)
};

/* Newton's iteration for the inverse modulo 2^64 of an odd number: five steps from three correct bits give 96. */
static uint64
inverse_modulo_2_64(uint64 odd)
{
	uint64		inverse = odd;

	for (int i = 0; i < 5; i++)
		inverse *= 2 - odd * inverse;
	return inverse;
}

const FusionDecimalSteps *
fusion_decimal_steps_create(int scale)
{
	FusionDecimalSteps *steps = palloc0(sizeof(FusionDecimalSteps));

	memset(steps->shift, STEP_UNUSABLE, sizeof(steps->shift));
	if (!FAST_FORM_POSSIBLE || scale < 0 || scale > FUSION_NUMERIC_SHORT_SCALE_MASK)
		return steps;
	steps->header = (uint16) (FUSION_NUMERIC_SHORT | scale << FUSION_NUMERIC_SHORT_SCALE_SHIFT);
	for (int field = 0; field <= FUSION_NUMERIC_SHORT_WEIGHT_MASK; field++)
	{
		int			weight = (field ^ 0x40) - 0x40;
		int			divided = 12 - FUSION_NUMERIC_DIGIT_DECIMALS * weight - scale;
		uint64		power = 1;

		if (divided < -STEPS_MULTIPLIED_MAX || divided > STEPS_DIVIDED_MAX)
			continue;
		for (int i = 0; i < divided; i++)
			power *= 5;
		for (int i = divided; i < 0; i++)
			power *= 10;
		steps->multiplier[field] = divided >= 0 ? inverse_modulo_2_64(power) : power;
		steps->shift[field] = (uint8) Max(divided, 0);
	}
	return steps;
}

static inline uint64
load_word(const uint8 *at)
{
	uint64		word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* The fast form; false when the image is another one. Reads eight bytes of digits whatever their count. */
static pg_attribute_always_inline bool
short_image_to_int64(const FusionDecimalSteps *steps, const uint8 *payload, uint32 length, int64 *value)
{
	const uint64 lanes = UINT64CONST(0x0000FFFF0000FFFF);
	uint16		header;
	uint32		field;
	uint64		digits;
	uint64		pairs;
	int64		sign;

	memcpy(&header, payload, sizeof(header));
	field = header & FUSION_NUMERIC_SHORT_WEIGHT_MASK;
	if (unlikely((header & ~SHORT_VALUE_BITS) != steps->header || length - 2 > 8 ||
				 steps->shift[field] == STEP_UNUSABLE))
		return false;

	/* Two digits at a time to base 10^8, then both to one integer below 10^16. */
	digits = load_word(payload + 2) & digit_mask[length - 2];
	pairs = (digits & lanes) * 10000 + ((digits >> 16) & lanes);
	digits = (pairs & UINT64CONST(0xFFFFFFFF)) * 100000000 + (pairs >> 32);
	sign = -(int64) ((header / FUSION_NUMERIC_SHORT_NEGATIVE) & 1);
	*value = ((int64) ((digits >> steps->shift[field]) * steps->multiplier[field]) ^ sign) - sign;
	return true;
}

static pg_attribute_always_inline bool
decode_decimal64(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, uint32 first_row,
				 FusionColumnWriter *column)
{
	const FusionDecimalSteps *steps = decode->steps;
	int64	   *out = (int64 *) column->values + first_row;
	int			count = walk->count;

	for (int row = 0; row < count; row++)
	{
		FusionPayload payload;

		if (unlikely(!fusion_varlena_payload(walk, reach, row, &payload)))
			return false;
		if (reach == FUSION_REACH_VALUE && payload.bytes == NULL)
		{
			out[row] = 0;
			fusion_page_set_null(column, first_row + row);
			continue;
		}
		if (unlikely(!short_image_to_int64(steps, payload.bytes, payload.length, &out[row])))
		{
			out[row] = fusion_numeric_to_int64(payload.bytes, payload.length, decode->scale);
			column->has_special |= out[row] == FUSION_DECIMAL64_NAN;
		}
	}
	return true;
}

bool
fusion_decode_decimal64(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
						FusionPageWriter *writer, FusionColumnWriter *column)
{
	if (reach == FUSION_REACH_VALUE)
		return decode_decimal64(decode, walk, FUSION_REACH_VALUE, writer->rows, column);
	Assert(reach == FUSION_REACH_CURSOR);
	return decode_decimal64(decode, walk, FUSION_REACH_CURSOR, writer->rows, column);
}

bool
fusion_decode_decimal128(const FusionDecode *decode, FusionWalk *walk, FusionReach reach,
						 FusionPageWriter *writer, FusionColumnWriter *column)
{
	uint8	   *out = column->values + (size_t) writer->rows * sizeof(int128);

	for (int row = 0; row < walk->count; row++)
	{
		FusionPayload payload;
		int128		value = 0;

		if (!fusion_varlena_payload(walk, reach, row, &payload))
			return false;
		if (payload.bytes == NULL)
			fusion_page_set_null(column, writer->rows + row);
		else
		{
			value = fusion_numeric_to_int128(payload.bytes, payload.length, decode->scale);
			column->has_special |= value == FUSION_DECIMAL128_NAN;
		}
		memcpy(out + (size_t) row * sizeof(value), &value, sizeof(value));
	}
	return true;
}
