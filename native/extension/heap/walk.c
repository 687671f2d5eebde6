/*
 * walk.c
 *    Steps all rows of a batch over attributes.
 *
 * Three kinds of steps: the fixed prefix (offsets known, nothing to do), attributes every row has (one cursor
 * per row, no checks), and attributes that are null or missing in some row. Kernels that decode a value move
 * the cursors themselves.
 */
#include "postgres.h"

#include "tuple_batch.h"

void
fusion_walk_begin(FusionWalk *walk, const FusionTupleLayout *layout, FusionTupleBatch *batch, int from, int count)
{
	Assert(from >= 0 && from + count <= batch->count);
	walk->layout = layout;
	walk->batch = batch;
	walk->data = batch->data + from;
	walk->cursor = batch->cursor + from;
	walk->value = batch->value + from;
	walk->is_null = batch->is_null + from;
	walk->present = batch->present + from;
	walk->attribute_count = batch->attribute_count + from;
	walk->count = count;
	walk->attribute = 0;
	walk->fixed = true;
}

static inline bool
is_clean(const FusionWalk *walk, int attribute)
{
	const FusionTupleBatch *batch = walk->batch;

	return attribute < batch->first_unclean ||
		(attribute < batch->fewest_attributes && !(batch->null_union[attribute >> 3] & (1 << (attribute & 7))));
}

/* Offsets are the same in all rows only while no row lacks anything before. */
static inline bool
is_fixed(const FusionWalk *walk, int attribute)
{
	return walk->layout->attributes[attribute].fixed_offset >= 0 && attribute < walk->batch->first_unclean;
}

/* Leaves the fixed prefix: cursors go behind its last attribute before `target`. */
static void
set_cursors(FusionWalk *walk, int target)
{
	const FusionTupleLayout *layout = walk->layout;
	uint32		offset = 0;

	while (walk->attribute < target && is_fixed(walk, walk->attribute))
		walk->attribute++;
	walk->fixed = false;
	if (walk->batch->cursors_fresh && walk->attribute == layout->prefix_count)
	{
		walk->batch->cursors_fresh = false;
		return;
	}
	walk->batch->cursors_fresh = false;
	if (walk->attribute > 0)
	{
		const FusionAttribute *last = &layout->attributes[walk->attribute - 1];

		offset = last->fixed_offset + last->length;
	}
	for (int row = 0; row < walk->count; row++)
		walk->cursor[row] = walk->data[row] + offset;
}

static inline const uint8 *
skip_varlena(const FusionAttribute *attribute, const uint8 *at)
{
	if (likely(VARATT_IS_1B(at) && !VARATT_IS_1B_E(at)))
		return at + VARSIZE_1B(at);
	at = fusion_varlena_at(at, attribute->align);
	return at + VARSIZE_ANY(at);
}

/* One pass over the rows for `count` varlenas; a constant in every inlined copy, so that the steps unroll. */
static pg_attribute_always_inline void
skip_in_one_pass(FusionWalk *walk, const FusionAttribute *attributes, int count)
{
	for (int row = 0; row < walk->count; row++)
	{
		const uint8 *at = walk->cursor[row];

		for (int i = 0; i < count; i++)
			at = skip_varlena(&attributes[i], at);
		walk->cursor[row] = at;
	}
}

/*
 * Steps of a row depend on each other, rows do not: a longer chain per pass overlaps with its neighbours and
 * saves passes.
 */
static void
skip_varlenas(FusionWalk *walk, int first, int count)
{
	const FusionAttribute *attributes = walk->layout->attributes + first;

	for (; count > 8; count -= 8, attributes += 8)
		skip_in_one_pass(walk, attributes, 8);
	switch (count)
	{
		case 1:
			skip_in_one_pass(walk, attributes, 1);
			break;
		case 2:
			skip_in_one_pass(walk, attributes, 2);
			break;
		case 3:
			skip_in_one_pass(walk, attributes, 3);
			break;
		case 4:
			skip_in_one_pass(walk, attributes, 4);
			break;
		case 5:
			skip_in_one_pass(walk, attributes, 5);
			break;
		case 6:
			skip_in_one_pass(walk, attributes, 6);
			break;
		case 7:
			skip_in_one_pass(walk, attributes, 7);
			break;
		default:
			skip_in_one_pass(walk, attributes, 8);
			break;
	}
}

/*
 * A run of fixed-length attributes from an unknown alignment: each is aligned for itself, which also covers odd
 * lengths.
 */
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

/*
 * Place of an attribute that may be absent: its value, or `otherwise` and the cursor unmoved. Without a branch
 * on presence, which is data. A row without the value has something else at its cursor, of which at most the
 * first bytes are read.
 */
static inline const uint8 *
take_varlena(const FusionAttribute *attribute, const uint8 **cursor, bool is_present, const uint8 *otherwise)
{
	const uint8 *at = *cursor;
	uint32		bytes = 0;

	if (likely(VARATT_IS_1B(at) && !VARATT_IS_1B_E(at)))
		bytes = VARSIZE_1B(at);
	else if (is_present)
	{
		at = fusion_varlena_at(at, attribute->align);
		bytes = VARSIZE_ANY(at);
	}
	*cursor = is_present ? at + bytes : *cursor;
	return is_present ? at : otherwise;
}

static inline const uint8 *
take_fixed(const FusionAttribute *attribute, const uint8 **cursor, bool is_present, const uint8 *otherwise)
{
	const uint8 *at = (const uint8 *) TYPEALIGN(attribute->align, *cursor);

	*cursor = is_present ? at + attribute->length : *cursor;
	return is_present ? at : otherwise;
}

/* An attribute younger than some row. Rows that end before it have its missing value, which may be null. */
static void
locate_missing(FusionWalk *walk, int attribute, const uint8 *null_image)
{
	const FusionAttribute *entry = &walk->layout->attributes[attribute];

	for (int row = 0; row < walk->count; row++)
	{
		bool		is_stored = attribute < walk->attribute_count[row];
		bool		is_present = is_stored && !att_isnull(attribute, walk->present[row]);
		const uint8 *otherwise = is_stored || entry->missing == NULL ? null_image : entry->missing;

		walk->is_null[row] = !is_present && otherwise == null_image;
		walk->value[row] = entry->length > 0 ? take_fixed(entry, &walk->cursor[row], is_present, otherwise) :
			take_varlena(entry, &walk->cursor[row], is_present, otherwise);
	}
}

/* Sets value[] and is_null[] for an attribute that is not clean, and moves the cursors past it. */
static void
locate(FusionWalk *walk, int attribute, const uint8 *null_image)
{
	const FusionAttribute *entry = &walk->layout->attributes[attribute];
	int			byte = attribute >> 3;
	int			bit = attribute & 7;

	if (attribute >= walk->batch->fewest_attributes)
		locate_missing(walk, attribute, null_image);
	else if (entry->length > 0)
	{
		for (int row = 0; row < walk->count; row++)
		{
			bool		is_present = (walk->present[row][byte] >> bit) & 1;

			walk->is_null[row] = !is_present;
			walk->value[row] = take_fixed(entry, &walk->cursor[row], is_present, null_image);
		}
	}
	else
	{
		for (int row = 0; row < walk->count; row++)
		{
			bool		is_present = (walk->present[row][byte] >> bit) & 1;

			walk->is_null[row] = !is_present;
			walk->value[row] = take_varlena(entry, &walk->cursor[row], is_present, null_image);
		}
	}
	walk->attribute = attribute + 1;
}

static void
step_to(FusionWalk *walk, int target)
{
	const FusionAttribute *attributes = walk->layout->attributes;

	while (walk->attribute < target)
	{
		int			first = walk->attribute;
		int			end = first + 1;
		bool		is_varlena = attributes[first].length == -1;

		if (!is_clean(walk, first))
		{
			locate(walk, first, NULL);
			continue;
		}
		while (end < target && (attributes[end].length == -1) == is_varlena && is_clean(walk, end))
			end++;
		if (is_varlena)
			skip_varlenas(walk, first, end - first);
		else
			skip_fixed(walk, first, end - first);
		walk->attribute = end;
	}
}

FusionReach
fusion_walk_to(FusionWalk *walk, int attribute, const uint8 *null_image)
{
	Assert(attribute >= walk->attribute && attribute < walk->layout->count);
	if (is_fixed(walk, attribute))
		return FUSION_REACH_FIXED;
	if (walk->fixed)
		set_cursors(walk, attribute);
	step_to(walk, attribute);
	if (is_clean(walk, attribute))
		return FUSION_REACH_CURSOR;
	locate(walk, attribute, null_image);
	return FUSION_REACH_VALUE;
}

void
fusion_walk_passed(FusionWalk *walk, int attribute, FusionReach reach)
{
	if (reach == FUSION_REACH_CURSOR)
		walk->attribute = attribute + 1;
}
