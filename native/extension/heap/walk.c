/*
 * walk.c
 *    Steps all rows of a batch over attributes.
 *
 * Three regions: the fixed prefix (offsets known, nothing to do), plain rows behind it (one cursor per row, no null checks),
 * and rows with nulls or missing attributes (every step checks both). Kernels that decode a value move the cursors themselves.
 */
#include "postgres.h"

#include "tuple_batch.h"

void
fusion_walk_begin(FusionWalk *walk, const FusionTupleLayout *layout, FusionTupleBatch *batch, int from, int count)
{
	Assert(from >= 0 && from + count <= batch->count);
	walk->layout = layout;
	walk->data = batch->data + from;
	walk->cursor = batch->cursor + from;
	walk->value = batch->value + from;
	walk->nulls = batch->nulls + from;
	walk->attribute_count = batch->attribute_count + from;
	walk->count = count;
	walk->attribute = 0;
	walk->plain = batch->plain;
	walk->fixed = batch->plain;
	if (!walk->plain)
		memcpy(walk->cursor, walk->data, count * sizeof(*walk->cursor));
}

/* Leaves the fixed prefix: cursors go behind the last attribute of it that the walk has passed. */
static void
set_cursors(FusionWalk *walk)
{
	int			passed = walk->attribute;
	uint32		offset = 0;

	if (passed > 0)
		offset = walk->layout->attributes[passed - 1].fixed_offset + walk->layout->attributes[passed - 1].length;
	for (int row = 0; row < walk->count; row++)
		walk->cursor[row] = walk->data[row] + offset;
	walk->fixed = false;
}

static inline const uint8 *
skip_varlena(const uint8 *at)
{
	if (likely(VARATT_IS_1B(at) && !VARATT_IS_1B_E(at)))
		return at + VARSIZE_1B(at);
	at = fusion_varlena_at(at);
	return at + VARSIZE_ANY(at);
}

/* One pass over the rows for `count` varlenas; a constant in every inlined copy, so that the steps unroll. */
static pg_attribute_always_inline void
skip_in_one_pass(FusionWalk *walk, int count)
{
	for (int row = 0; row < walk->count; row++)
	{
		const uint8 *at = walk->cursor[row];

		for (int i = 0; i < count; i++)
			at = skip_varlena(at);
		walk->cursor[row] = at;
	}
}

/* Steps of a row depend on each other, rows do not: a longer chain per pass overlaps with its neighbours and saves passes. */
static void
skip_varlenas(FusionWalk *walk, int count)
{
	for (; count > 8; count -= 8)
		skip_in_one_pass(walk, 8);
	switch (count)
	{
		case 1:
			skip_in_one_pass(walk, 1);
			break;
		case 2:
			skip_in_one_pass(walk, 2);
			break;
		case 3:
			skip_in_one_pass(walk, 3);
			break;
		case 4:
			skip_in_one_pass(walk, 4);
			break;
		case 5:
			skip_in_one_pass(walk, 5);
			break;
		case 6:
			skip_in_one_pass(walk, 6);
			break;
		case 7:
			skip_in_one_pass(walk, 7);
			break;
		default:
			skip_in_one_pass(walk, 8);
			break;
	}
}

/* A run of fixed-length attributes from an unknown alignment: each is aligned for itself, which also covers odd lengths. */
static void
skip_fixed(FusionWalk *walk, int first, int count)
{
	const FusionAttribute *attributes = walk->layout->attributes + first;

	if (count == 1)
	{
		uintptr_t	align = attributes[0].align;
		int			length = attributes[0].length;

		for (int row = 0; row < walk->count; row++)
			walk->cursor[row] = (const uint8 *) TYPEALIGN(align, walk->cursor[row]) + length;
		return;
	}
	for (int row = 0; row < walk->count; row++)
	{
		const uint8 *at = walk->cursor[row];

		for (int i = 0; i < count; i++)
			at = (const uint8 *) TYPEALIGN(attributes[i].align, at) + attributes[i].length;
		walk->cursor[row] = at;
	}
}

static void
step_plain(FusionWalk *walk, int target)
{
	const FusionAttribute *attributes = walk->layout->attributes;

	while (walk->attribute < target)
	{
		int			first = walk->attribute;
		int			end = first + 1;
		bool		is_varlena = attributes[first].length == -1;

		while (end < target && (attributes[end].length == -1) == is_varlena)
			end++;
		if (is_varlena)
			skip_varlenas(walk, end - first);
		else
			skip_fixed(walk, first, end - first);
		walk->attribute = end;
	}
}

/* Place of a present, non-null attribute at the cursor, which moves past it. */
static inline const uint8 *
take_attribute(const FusionAttribute *attribute, const uint8 **cursor)
{
	const uint8 *at;

	if (attribute->length > 0)
	{
		at = (const uint8 *) TYPEALIGN(attribute->align, *cursor);
		*cursor = at + attribute->length;
	}
	else
	{
		at = fusion_varlena_at(*cursor);
		*cursor = at + VARSIZE_ANY(at);
	}
	return at;
}

static inline bool
row_has(const FusionWalk *walk, int row, int attribute)
{
	return attribute < walk->attribute_count[row] &&
		(walk->nulls[row] == NULL || !att_isnull(attribute, walk->nulls[row]));
}

static void
step_with_nulls(FusionWalk *walk, int target)
{
	const FusionAttribute *attributes = walk->layout->attributes;
	int			first = walk->attribute;

	for (int row = 0; row < walk->count; row++)
	{
		for (int i = first; i < target; i++)
		{
			if (row_has(walk, row, i))
				take_attribute(&attributes[i], &walk->cursor[row]);
		}
	}
	walk->attribute = target;
}

/* Sets value[] for the attribute and moves the cursors past it. */
static void
locate_with_nulls(FusionWalk *walk, int attribute)
{
	const FusionAttribute *entry = &walk->layout->attributes[attribute];

	for (int row = 0; row < walk->count; row++)
	{
		if (row_has(walk, row, attribute))
			walk->value[row] = take_attribute(entry, &walk->cursor[row]);
		else
			walk->value[row] = attribute < walk->attribute_count[row] ? NULL : entry->missing;
	}
	walk->attribute = attribute + 1;
}

FusionReach
fusion_walk_to(FusionWalk *walk, int attribute)
{
	Assert(attribute >= walk->attribute && attribute < walk->layout->count);
	if (!walk->plain)
	{
		step_with_nulls(walk, attribute);
		locate_with_nulls(walk, attribute);
		return FUSION_REACH_VALUE;
	}
	if (walk->layout->attributes[attribute].fixed_offset >= 0)
		return FUSION_REACH_FIXED;
	if (walk->fixed)
	{
		/* The last attribute of the fixed prefix is the first place where cursors are worth having. */
		while (walk->attribute < attribute && walk->layout->attributes[walk->attribute].fixed_offset >= 0)
			walk->attribute++;
		set_cursors(walk);
	}
	step_plain(walk, attribute);
	return FUSION_REACH_CURSOR;
}

void
fusion_walk_passed(FusionWalk *walk, int attribute, FusionReach reach)
{
	if (reach == FUSION_REACH_CURSOR)
		walk->attribute = attribute + 1;
}
