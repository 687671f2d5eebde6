/*
 * numeric_codec.c
 *    PostgreSQL's numeric on-disk image to scaled integers and back, one value at a time.
 *
 * Not the fast path: heap/decode_numeric.c handles the common short forms in bulk and comes here for the rest.
 * Read next: numeric_codec.h for the layout, page_writer.c and import.c for the users.
 */
#include "postgres.h"

#include "numeric_codec.h"
#include "pg_compat.h"

#define NUMERIC_BASE 10000

/* A signed 128-bit integer has at most 39 decimal digits, which touch at most 11 base-10000 digits. */
#define NUMERIC_DIGITS_MAX 11

#define DECIMAL64_BOUND INT64CONST(1000000000000000000)

/* An image taken apart. Digits may stand unaligned. */
typedef struct NumericImage
{
	uint16		special;		/* 0 for finite values, else the special header */
	bool		negative;
	int			weight;			/* of the first digit, in base-10000 digits */
	int			scale;			/* display scale */
	int			digit_count;
	const uint8 *digits;
} NumericImage;

static uint16
read_word(const uint8 *at)
{
	uint16		word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static void
corrupted(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("pg_fusion: a numeric value %s", what)));
}

/* No stored numeric(p,s) is infinite; a field extracted from an infinite date or time is. */
static void
refuse_infinity(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("pg_fusion: an infinite numeric, as extract() gives for an infinite date, is not supported"),
			 errhint("Exclude infinite dates and times, or set pg_fusion.enable to off to run this statement "
					 "in PostgreSQL.")));
}

static void
open_image(const uint8 *payload, size_t bytes, NumericImage *image)
{
	uint16		header;
	size_t		header_bytes = sizeof(uint16);

	if (bytes < sizeof(uint16))
		corrupted("is cut short");
	header = read_word(payload);
	memset(image, 0, sizeof(*image));
	if ((header & FUSION_NUMERIC_FORM_MASK) == FUSION_NUMERIC_SPECIAL)
	{
		image->special = header & FUSION_NUMERIC_SPECIAL_MASK;
		return;
	}
	if ((header & FUSION_NUMERIC_FORM_MASK) == FUSION_NUMERIC_SHORT)
	{
		int			weight = header & FUSION_NUMERIC_SHORT_WEIGHT_MASK;

		image->negative = (header & FUSION_NUMERIC_SHORT_NEGATIVE) != 0;
		image->scale = (header >> FUSION_NUMERIC_SHORT_SCALE_SHIFT) & FUSION_NUMERIC_SHORT_SCALE_MASK;
		image->weight = (weight ^ 0x40) - 0x40;
	}
	else
	{
		header_bytes += sizeof(int16);
		if (bytes < header_bytes)
			corrupted("is cut short");
		image->negative = (header & FUSION_NUMERIC_FORM_MASK) == FUSION_NUMERIC_LONG_NEGATIVE;
		image->scale = header & FUSION_NUMERIC_LONG_SCALE_MASK;
		image->weight = (int16) read_word(payload + sizeof(uint16));
	}
	image->digits = payload + header_bytes;
	image->digit_count = (int) ((bytes - header_bytes) / sizeof(int16));
}

static int128
power_of_ten(int exponent)
{
	int128		power = 1;

	Assert(exponent >= 0 && exponent <= 38);
	while (exponent-- > 0)
		power *= 10;
	return power;
}

/* 10^exponent times value, or an error; a value of zero has no magnitude to overflow. */
static int128
scale_up(int128 value, int exponent)
{
	int128		result = 0;

	if (value != 0 && (exponent > 38 || __builtin_mul_overflow(value, power_of_ten(exponent), &result)))
		corrupted("has more digits than its column's type allows");
	return result;
}

static int128
append_digit(int128 value, int digit)
{
	int128		result = 0;

	if (__builtin_mul_overflow(value, (int128) NUMERIC_BASE, &result) ||
		__builtin_add_overflow(result, (int128) digit, &result))
		corrupted("has more digits than its column's type allows");
	return result;
}

/*
 * Digits to an integer. The last digit may reach up to three decimals below the scale; those must be zero. It is
 * handled apart so that 38 significant digits never overflow the accumulator.
 */
static int128
image_to_integer(const NumericImage *image, int scale)
{
	int128		value = 0;
	int			last = image->digit_count - 1;
	int			exponent;

	if (image->digit_count == 0)
		return 0;
	if (image->digit_count > NUMERIC_DIGITS_MAX)
		corrupted("has more digits than its column's type allows");
	for (int i = 0; i < last; i++)
		value = append_digit(value, read_word(image->digits + 2 * i));

	exponent = FUSION_NUMERIC_DIGIT_DECIMALS * (image->weight - last) + scale;
	if (exponent >= 0)
		value = scale_up(append_digit(value, read_word(image->digits + 2 * last)), exponent);
	else
	{
		int			digit = read_word(image->digits + 2 * last);
		int			divisor;

		if (exponent <= -FUSION_NUMERIC_DIGIT_DECIMALS)
			corrupted("has digits below its column's scale");
		divisor = (int) power_of_ten(-exponent);
		if (digit % divisor != 0)
			corrupted("has digits below its column's scale");
		value = scale_up(value, FUSION_NUMERIC_DIGIT_DECIMALS + exponent);
		if (__builtin_add_overflow(value, (int128) (digit / divisor), &value))
			corrupted("has more digits than its column's type allows");
	}
	return image->negative ? -value : value;
}

/* True and the scaled integer, or false for NaN. */
static bool
checked_integer(const uint8 *payload, size_t bytes, int scale, int128 *value)
{
	NumericImage image;

	open_image(payload, bytes, &image);
	if (image.special == FUSION_NUMERIC_NAN)
		return false;
	if (image.special != 0)
		refuse_infinity();

	/* Coming back, the value takes its display scale from the column: another one would print differently. */
	if (image.scale != Max(scale, 0))
		corrupted("has another display scale than its column");
	*value = image_to_integer(&image, scale);
	return true;
}

int64
fusion_numeric_to_int64(const uint8 *payload, size_t bytes, int scale)
{
	int128		value;

	if (!checked_integer(payload, bytes, scale, &value))
		return FUSION_DECIMAL64_NAN;
	if (value <= -DECIMAL64_BOUND || value >= DECIMAL64_BOUND)
		corrupted("has more digits than its column's type allows");
	return (int64) value;
}

int128
fusion_numeric_to_int128(const uint8 *payload, size_t bytes, int scale)
{
	int128		value;
	int128		bound = power_of_ten(38);

	if (!checked_integer(payload, bytes, scale, &value))
		return FUSION_DECIMAL128_NAN;
	if (value <= -bound || value >= bound)
		corrupted("has more digits than its column's type allows");
	return value;
}

/* Lays out header and digits; digits[first..end) are the significant ones, most significant first. */
static Datum
build_numeric(bool negative, int weight, int scale, const uint16 *digits, int count)
{
	bool		is_short;
	size_t		header_bytes;
	size_t		bytes;
	char	   *image;
	uint16		words[2];

	if (count == 0)
	{
		negative = false;
		weight = 0;
	}
	is_short = scale <= FUSION_NUMERIC_SHORT_SCALE_MASK && weight >= -0x40 && weight <= 0x3F;
	header_bytes = is_short ? sizeof(uint16) : 2 * sizeof(uint16);
	bytes = VARHDRSZ + header_bytes + count * sizeof(uint16);
	if (is_short)
		words[0] = (uint16) (FUSION_NUMERIC_SHORT | (negative ? FUSION_NUMERIC_SHORT_NEGATIVE : 0) |
							 scale << FUSION_NUMERIC_SHORT_SCALE_SHIFT |
							 (weight & FUSION_NUMERIC_SHORT_WEIGHT_MASK));
	else
		words[0] = (uint16) ((negative ? FUSION_NUMERIC_LONG_NEGATIVE : 0) | scale);
	words[1] = (uint16) weight;

	image = palloc(bytes);
	SET_VARSIZE(image, bytes);
	memcpy(image + VARHDRSZ, words, header_bytes);
	memcpy(image + VARHDRSZ + header_bytes, digits, count * sizeof(uint16));
	return PointerGetDatum(image);
}

static Datum
build_nan(void)
{
	uint16		header = FUSION_NUMERIC_NAN;
	char	   *image = palloc(VARHDRSZ + sizeof(header));

	SET_VARSIZE(image, VARHDRSZ + sizeof(header));
	memcpy(image + VARHDRSZ, &header, sizeof(header));
	return PointerGetDatum(image);
}

/* The lowest base-10000 digit holds one to four decimals of the value: ten to the power of how many. */
static int
lowest_digit_divisor(int scale)
{
	static const int divisors[FUSION_NUMERIC_DIGIT_DECIMALS] = {NUMERIC_BASE, 10, 100, 1000};

	return divisors[((scale % FUSION_NUMERIC_DIGIT_DECIMALS) + FUSION_NUMERIC_DIGIT_DECIMALS) %
					FUSION_NUMERIC_DIGIT_DECIMALS];
}

static int
ceiling_of_quotient(int dividend, int divisor)
{
	return dividend > 0 ? (dividend + divisor - 1) / divisor : -(-dividend / divisor);
}

Datum
fusion_numeric_from_int128(int128 value, int scale)
{
	uint16		digits[NUMERIC_DIGITS_MAX + 1];
	int			first = lengthof(digits);
	int			end = lengthof(digits);
	int			weight = -ceiling_of_quotient(scale, FUSION_NUMERIC_DIGIT_DECIMALS);
	int			divisor = lowest_digit_divisor(scale);
	uint128		rest;
	uint64		small;

	if (value == FUSION_DECIMAL128_NAN)
		return build_nan();
	rest = value < 0 ? -(uint128) value : (uint128) value;

	/* `weight` follows the digit at `first`; the first step raises it from one below the lowest digit. */
	weight--;
	for (; rest > PG_UINT64_MAX; rest /= divisor, divisor = NUMERIC_BASE, weight++)
		digits[--first] = (uint16) ((int) (rest % divisor) * (NUMERIC_BASE / divisor));
	for (small = (uint64) rest; small != 0; small /= divisor, divisor = NUMERIC_BASE, weight++)
		digits[--first] = (uint16) ((int) (small % divisor) * (NUMERIC_BASE / divisor));

	while (end > first && digits[end - 1] == 0)
		end--;
	while (first < end && digits[first] == 0)
	{
		first++;
		weight--;
	}
	return build_numeric(value < 0, weight, Max(scale, 0), digits + first, end - first);
}

Datum
fusion_numeric_from_int64(int64 value, int scale)
{
	if (value == FUSION_DECIMAL64_NAN)
		return build_nan();
	return fusion_numeric_from_int128(value, scale);
}

/* Keys between the finite values of decimal64 and its NaN. */
#define KEY_ABOVE_FINITE (PG_INT64_MAX - 1)
#define KEY_BELOW_FINITE PG_INT64_MIN

void
fusion_numeric_floor_key(const uint8 *payload, size_t bytes, int scale, int64 *floor, bool *exact)
{
	NumericImage image;
	int128		value = 0;
	bool		remainder = false;

	open_image(payload, bytes, &image);
	*exact = image.special == FUSION_NUMERIC_NAN;
	if (image.special != 0)
	{
		*floor = image.special == FUSION_NUMERIC_NAN ? PG_INT64_MAX :
			image.special == FUSION_NUMERIC_NEGATIVE_INFINITY ? KEY_BELOW_FINITE : KEY_ABOVE_FINITE;
		return;
	}

	/* One digit after the other while the magnitude matters; a decimal64 has less than 10^18. */
	for (int i = 0; i < image.digit_count; i++)
	{
		int			digit = read_word(image.digits + 2 * i);
		int			exponent = FUSION_NUMERIC_DIGIT_DECIMALS * (image.weight - i) + scale;

		if (exponent >= 18 && digit != 0)
			value = DECIMAL64_BOUND;
		else if (exponent >= 0)
			value += digit * power_of_ten(exponent);
		else if (exponent > -FUSION_NUMERIC_DIGIT_DECIMALS)
		{
			int			divisor = (int) power_of_ten(-exponent);

			value += digit / divisor;
			remainder |= digit % divisor != 0;
		}
		else
			remainder |= digit != 0;
		if (value >= DECIMAL64_BOUND)
		{
			*floor = image.negative ? KEY_BELOW_FINITE : KEY_ABOVE_FINITE;
			return;
		}
	}
	*exact = !remainder;
	*floor = (int64) (image.negative ? -value - (remainder ? 1 : 0) : value);
}
