/*
 * decimal_steps.h
 *    How the common images of numeric(p,s) are recognised: a table with a slot for each sign, weight and count of
 *    digits. Kernels and filters share it; decode_numeric.c tells how values come out of it.
 */
#ifndef FUSION_DECIMAL_STEPS_H
#define FUSION_DECIMAL_STEPS_H

#include "postgres.h"

/* Length byte and header word of a short image stand in the low 24 bits. */
#define FUSION_DECIMAL_KEY_MASK 0xFFFFFF
#define FUSION_DECIMAL_KEY_NONE 0xFFFFFFFF

/*
 * The slot of a key, after its scale is subtracted: sign, low bits of the weight and count of digits gathered
 * in the top bits by one multiplication. Distinct for all signs and counts and for weights -3 to 4, more than
 * any column of 18 digits mixes; a key that lost its slot to another takes the general path.
 */
#define FUSION_DECIMAL_SLOT_BITS 7
#define FUSION_DECIMAL_SLOT(key) \
	((uint32) ((key) * ((1u << 10) + (1u << 20) + (1u << 23))) >> (32 - FUSION_DECIMAL_SLOT_BITS))

typedef struct FusionDecimalStep
{
	uint64		digit_mask;		/* keeps the digits that are there */
	uint64		multiplier;		/* its sign is the value's */
	uint32		key;			/* without the scale; FUSION_DECIMAL_KEY_NONE: unused */
	uint8		shift;
	uint8		bytes;			/* of the whole image */
	int8		divided;		/* powers of ten by which the digits exceed the scaled value */
	bool		negative;
} FusionDecimalStep;

typedef struct FusionDecimalSteps
{
	uint32		scale_bits;		/* what all keys of this scale have in common */
	FusionDecimalStep slots[1 << FUSION_DECIMAL_SLOT_BITS];
} FusionDecimalSteps;

/*
 * The key of the image at `at`. Reads four bytes: an image has no fewer than three, and FUSION_OVERREAD covers the
 * rest.
 */
static pg_attribute_always_inline uint32
fusion_decimal_key(const FusionDecimalSteps *steps, const uint8 *at)
{
	uint32		key;

	memcpy(&key, at, sizeof(key));
	return (key & FUSION_DECIMAL_KEY_MASK) - steps->scale_bits;
}

/* The digits of an image of that step, the first in the lowest 16 bits. Reads eight bytes whatever their count. */
static pg_attribute_always_inline uint64
fusion_decimal_digits(uint64 digit_mask, const uint8 *at)
{
	uint64		digits;

	memcpy(&digits, at + 1 + sizeof(uint16), sizeof(digits));
	return digits & digit_mask;
}

#endif							/* FUSION_DECIMAL_STEPS_H */
