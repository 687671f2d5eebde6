/*
 * decode_numeric.c
 *    Kernels from numeric(p,s) to scaled integers.
 *
 * The common image is short: one length byte, one header word and at most four base-10000 digits. Length and
 * header together decide everything about it, so they are looked up as one key. With the digits read as one
 * 16-digit integer N, the scaled value is N / 10^k for k = 12 - 4*weight - scale, known exact: a shift by k and
 * a multiplication with the inverse of 5^k modulo 2^64, which also carries the sign. All else goes through
 * numeric_codec.c.
 */
#include "postgres.h"

#include "decode.h"

#include "decimal_steps.h"
#include "numeric_codec.h"

/* 5^27 is the last power of five below 2^63, and N < 10^16 leaves two more powers of ten below 10^18. */
#define STEPS_DIVIDED_MAX 27
#define STEPS_MULTIPLIED_MAX 2

#define SHORT_DIGITS_MAX 4

/* Digits are read as one little-endian word; elsewhere every value takes the general path. */
#ifdef WORDS_BIGENDIAN
#define FAST_FORM_POSSIBLE false
#else
#define FAST_FORM_POSSIBLE true
#endif

/* A short varlena's length byte for so many digits. */
#define LENGTH_BYTE(digits) (((1 + sizeof(uint16) + (digits) * sizeof(int16)) << 1) | 1)

/*
 * Newton's iteration for the inverse modulo 2^64 of an odd number: five steps from three correct bits give 96.
 */
static uint64
inverse_modulo_2_64(uint64 odd)
{
	uint64		inverse = odd;

	for (int i = 0; i < 5; i++)
		inverse *= 2 - odd * inverse;
	return inverse;
}

static void
add_step(FusionDecimalSteps *steps, int scale, int weight, int digits, bool negative)
{
	int			divided = 12 - FUSION_NUMERIC_DIGIT_DECIMALS * weight - scale;
	uint32		sign = negative ? FUSION_NUMERIC_SHORT_NEGATIVE : 0;
	uint32		header = sign | (weight & FUSION_NUMERIC_SHORT_WEIGHT_MASK);
	uint32		key = LENGTH_BYTE(digits) | header << 8;
	FusionDecimalStep *step = &steps->slots[FUSION_DECIMAL_SLOT(key)];
	uint64		power = 1;

	if (divided < -STEPS_MULTIPLIED_MAX || divided > STEPS_DIVIDED_MAX || step->key != FUSION_DECIMAL_KEY_NONE)
		return;
	for (int i = 0; i < divided; i++)
		power *= 5;
	for (int i = divided; i < 0; i++)
		power *= 10;
	step->key = key;
	step->digit_mask = digits == SHORT_DIGITS_MAX ? ~UINT64CONST(0) : (UINT64CONST(1) << (16 * digits)) - 1;
	step->multiplier = divided >= 0 ? inverse_modulo_2_64(power) : power;
	if (negative)
		step->multiplier = -step->multiplier;
	step->shift = (uint8) Max(divided, 0);
	step->divided = (int8) divided;
	step->negative = negative;
	step->bytes = (uint8) (1 + sizeof(uint16) + digits * sizeof(int16));
}

const FusionDecimalSteps *
fusion_decimal_steps_create(int scale)
{
	FusionDecimalSteps *steps = palloc0(sizeof(FusionDecimalSteps));

	for (int slot = 0; slot < (int) lengthof(steps->slots); slot++)
		steps->slots[slot].key = FUSION_DECIMAL_KEY_NONE;
	if (!FAST_FORM_POSSIBLE || scale < 0 || scale > FUSION_NUMERIC_SHORT_SCALE_MASK)
		return steps;
	steps->scale_bits = (uint32) (FUSION_NUMERIC_SHORT | scale << FUSION_NUMERIC_SHORT_SCALE_SHIFT) << 8;
	/* Zero, the only value without digits, has weight 0. */
	add_step(steps, scale, 0, 0, false);
	for (int weight = -FUSION_NUMERIC_DIGIT_DECIMALS; weight <= FUSION_NUMERIC_DIGIT_DECIMALS; weight++)
	{
		for (int digits = 1; digits <= SHORT_DIGITS_MAX; digits++)
		{
			add_step(steps, scale, weight, digits, false);
			add_step(steps, scale, weight, digits, true);
		}
	}
	return steps;
}

/* The step for the image at `at`, NULL when it is not of the fast form. */
static pg_attribute_always_inline const FusionDecimalStep *
find_step(const FusionDecimalSteps *steps, const uint8 *at)
{
	uint32		key = fusion_decimal_key(steps, at);
	const FusionDecimalStep *step = &steps->slots[FUSION_DECIMAL_SLOT(key)];

	return likely(step->key == key) ? step : NULL;
}

/* Two digits at a time to base 10^8, then both to one integer below 10^16. */
static pg_attribute_always_inline int64
short_image_to_int64(const FusionDecimalStep *step, const uint8 *at)
{
	const uint64 lanes = UINT64CONST(0x0000FFFF0000FFFF);
	uint64		digits = fusion_decimal_digits(step->digit_mask, at);
	uint64		pairs;

	pairs = (digits & lanes) * 10000 + ((digits >> 16) & lanes);
	digits = (pairs & UINT64CONST(0xFFFFFFFF)) * 100000000 + (pairs >> 32);
	return (int64) ((digits >> step->shift) * step->multiplier);
}

bool
fusion_decode_any_decimal64(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, int row,
							FusionColumnWriter *column, int64 *value)
{
	FusionPayload payload;

	if (!fusion_varlena_payload(walk, reach, row, &payload))
		return false;
	*value = fusion_numeric_to_int64(payload.bytes, payload.length, decode->scale);
	column->has_special |= *value == FUSION_DECIMAL64_NAN;
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
		const uint8 *at = reach == FUSION_REACH_VALUE ? walk->value[row] : walk->cursor[row];
		const FusionDecimalStep *step = find_step(steps, at);

		if (likely(step != NULL))
		{
			out[row] = short_image_to_int64(step, at);
			if (reach == FUSION_REACH_CURSOR)
				walk->cursor[row] = at + step->bytes;
		}
		else if (!fusion_decode_any_decimal64(decode, walk, reach, row, column, &out[row]))
			return false;
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
		int128		value;

		if (!fusion_varlena_payload(walk, reach, row, &payload))
			return false;
		value = fusion_numeric_to_int128(payload.bytes, payload.length, decode->scale);
		column->has_special |= value == FUSION_DECIMAL128_NAN;
		memcpy(out + (size_t) row * sizeof(value), &value, sizeof(value));
	}
	return true;
}
