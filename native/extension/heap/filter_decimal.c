/*
 * filter_decimal.c
 *    Keeps the rows whose numeric(p,s) is in a range, without computing a single value.
 *
 * Images of one step (decimal_steps.h) stand in the order of their digits. So the bounds of the range are turned
 * into digits once for each step, and a row costs one comparison of words. Images of no step, NaN among them, are
 * decoded. Not the place for other conditions on decimals: those run on decoded columns (predicate_run.c).
 */
#include "postgres.h"

#include "decode.h"

#include "decimal_steps.h"
#include "numeric_codec.h"

#define DIGIT_LANES 4
#define DIGIT_BITS 16
#define DIGIT_BASE 10000
/* Above every number of four digits. */
#define NUMBERS_END INT64CONST(10000000000000000)

typedef struct DecimalBound
{
	uint64		digit_mask;
	uint64		low;			/* as of word_of() */
	uint64		distance;
	uint32		key;			/* as in the step */
	uint32		bytes;
} DecimalBound;

typedef struct FusionDecimalBounds
{
	DecimalBound slots[1 << FUSION_DECIMAL_SLOT_BITS];
} FusionDecimalBounds;

/* Four digits as one word that has the order of their number: the first digit on top. */
static uint64
word_of(uint64 number)
{
	uint64		word = 0;

	for (int lane = 0; lane < DIGIT_LANES; lane++, number /= DIGIT_BASE)
		word |= number % DIGIT_BASE << (lane * DIGIT_BITS);
	return word;
}

/* The same from digits as they are stored, the first lowest. */
static pg_attribute_always_inline uint64
word_of_digits(uint64 digits)
{
#if defined(__has_builtin) && __has_builtin(__builtin_shufflevector)
	typedef uint16 Lanes __attribute__((vector_size(sizeof(uint64))));
	Lanes		lanes;

	memcpy(&lanes, &digits, sizeof(lanes));
	lanes = __builtin_shufflevector(lanes, lanes, 3, 2, 1, 0);
	memcpy(&digits, &lanes, sizeof(lanes));
	return digits;
#else
	digits = digits << 32 | digits >> 32;
	return (digits & UINT64CONST(0x0000FFFF0000FFFF)) << 16 | (digits >> 16 & UINT64CONST(0x0000FFFF0000FFFF));
#endif
}

/*
 * The bound, an integer scaled as the column, as a number of 16 decimals as the step has them: rounded up or down, and
 * somewhere below 0 or above all numbers where there is none so small or large.
 */
static int64
number_of(int64 bound, int divided, bool up)
{
	for (; divided > 0 && bound > -NUMBERS_END && bound < NUMBERS_END; divided--)
		bound *= 10;
	for (; divided < 0; divided++)
	{
		int64		rest = bound % 10;

		bound = bound / 10 + (up ? rest > 0 : -(rest < 0));
	}
	return Max(Min(bound, NUMBERS_END), -1);
}

static DecimalBound
bound_of_step(const FusionDecimalStep *step, int64 low, int64 high)
{
	DecimalBound bound = {.digit_mask = step->digit_mask, .key = step->key, .bytes = step->bytes};
	int64		first;
	int64		last;

	if (step->negative)
	{
		/* The least of all integers has no opposite; it is below every number of a step, as its neighbour is. */
		first = number_of(-Max(high, -PG_INT64_MAX), step->divided, true);
		last = number_of(-Max(low, -PG_INT64_MAX), step->divided, false);
	}
	else
	{
		first = number_of(low, step->divided, true);
		last = number_of(high, step->divided, false);
	}
	first = Max(first, 0);
	last = Min(last, NUMBERS_END - 1);
	if (first > last)
	{
		/* No word is in this range. */
		bound.low = PG_UINT64_MAX;
		bound.distance = 0;
		return bound;
	}
	bound.low = word_of(first);
	bound.distance = word_of(last) - bound.low;
	return bound;
}

const FusionDecimalBounds *
fusion_decimal_bounds_create(const FusionDecimalSteps *steps, int64 low, int64 high)
{
	FusionDecimalBounds *bounds = palloc(sizeof(FusionDecimalBounds));

	for (int slot = 0; slot < (int) lengthof(bounds->slots); slot++)
		bounds->slots[slot] = bound_of_step(&steps->slots[slot], low, high);
	return bounds;
}

bool
fusion_filter_decimal64(const FusionDecode *decode, FusionWalk *walk, FusionReach reach, FusionTupleBatch *batch,
						const FusionRange *range)
{
	const FusionDecimalSteps *steps = decode->steps;
	const DecimalBound *slots = range->bounds->slots;
	int			count = walk->count;
	int			kept = 0;
	FusionColumnWriter ignored = {0};

	Assert(reach == FUSION_REACH_CURSOR);
	for (int row = 0; row < count; row++)
	{
		const uint8 *at = batch->cursor[row];
		uint32		key = fusion_decimal_key(steps, at);
		const DecimalBound *bound = &slots[FUSION_DECIMAL_SLOT(key)];
		bool		keeps;

		if (likely(bound->key == key))
		{
			keeps = word_of_digits(fusion_decimal_digits(bound->digit_mask, at)) - bound->low <= bound->distance;
			at += bound->bytes;
		}
		else
		{
			int64		value;

			if (!fusion_decode_any_decimal64(decode, walk, FUSION_REACH_CURSOR, row, &ignored, &value))
				return false;
			at = walk->cursor[row];
			if (value == FUSION_DECIMAL64_NAN)
				value = PG_INT64_MAX;
			keeps = value >= range->low && value <= range->high;
		}
		fusion_keep_row(batch, kept, row, at);
		kept += keeps;
	}
	batch->count = walk->count = kept;
	return true;
}
