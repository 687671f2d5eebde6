/*
 * tuple_batch.c
 *    Layout of a table's tuples, and the batch of one block's visible rows. The stepping over attributes is in
 *    walk.c.
 */
#include "postgres.h"

#include "tuple_batch.h"

#include "access/tupdesc_details.h"
#include "catalog/pg_attribute.h"
#include "storage/itemid.h"
#include "utils/memutils.h"

static uint8
alignment_bytes(char alignment)
{
	switch (alignment)
	{
		case TYPALIGN_CHAR:
			return 1;
		case TYPALIGN_SHORT:
			return sizeof(int16);
		case TYPALIGN_INT:
			return sizeof(int32);
		default:
			return sizeof(int64);
	}
}

/* The stored form of an attribute's missing value, with room for what kernels read beyond it. */
static const uint8 *
missing_image(TupleDesc descriptor, int attribute)
{
	Form_pg_attribute form = TupleDescAttr(descriptor, attribute);
	AttrMissing *missing;
	size_t		bytes;
	uint8	   *image;

	if (!form->atthasmissing || descriptor->constr == NULL || descriptor->constr->missing == NULL)
		return NULL;
	missing = &descriptor->constr->missing[attribute];
	if (!missing->am_present)
		return NULL;
	bytes = form->attlen > 0 ? (size_t) form->attlen : VARSIZE_ANY(DatumGetPointer(missing->am_value));
	image = (uint8 *) palloc0(FUSION_UNDERREAD + bytes + FUSION_OVERREAD) + FUSION_UNDERREAD;
	if (form->attbyval)
		store_att_byval(image, missing->am_value, form->attlen);
	else
		memcpy(image, DatumGetPointer(missing->am_value), bytes);
	return image;
}

FusionTupleLayout *
fusion_tuple_layout_create(TupleDesc descriptor, int count)
{
	FusionTupleLayout *layout = palloc0(sizeof(FusionTupleLayout));
	int32		offset = 0;

	Assert(count <= descriptor->natts);
	layout->count = count;
	layout->attributes = palloc0(sizeof(FusionAttribute) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		Form_pg_attribute form = TupleDescAttr(descriptor, i);
		FusionAttribute *attribute = &layout->attributes[i];

		/* Dropped attributes keep length and alignment: their bytes are still in old tuples. */
		attribute->length = form->attlen;
		attribute->align = alignment_bytes(form->attalign);
		attribute->fixed_offset = -1;
		attribute->missing = missing_image(descriptor, i);
		if (offset >= 0 && form->attlen > 0)
		{
			attribute->fixed_offset = TYPEALIGN(attribute->align, offset);
			offset = attribute->fixed_offset + form->attlen;
			layout->prefix_count = i + 1;
			layout->prefix_bytes = offset;
		}
		else
			offset = -1;
	}
	return layout;
}

FusionTupleBatch *
fusion_tuple_batch_create(void)
{
	FusionTupleBatch *batch = palloc0(sizeof(FusionTupleBatch));

	batch->wanted = palloc0(sizeof(FusionLinePrefetch));
	batch->scratch = palloc(BLCKSZ + FUSION_OVERREAD);
	memset(batch->all_present, 0xFF, sizeof(batch->all_present));
	return batch;
}

/* Collects null bitmaps and finds the first attribute that is null or absent in some row. */
static void
load_null_bitmaps(FusionTupleBatch *batch, const FusionTupleLayout *layout, Page page)
{
	int			bytes = BITMAPLEN(layout->count);
	int			fewest = PG_UINT16_MAX;
	int			first;

	memset(batch->null_union, 0, bytes);
	for (int row = 0; row < batch->count; row++)
	{
		ItemId		item = PageGetItemId(page, batch->offset[row]);
		HeapTupleHeader tuple = (HeapTupleHeader) PageGetItem(page, item);
		int			attributes = HeapTupleHeaderGetNatts(tuple);

		fewest = Min(fewest, attributes);
		batch->attribute_count[row] = (uint16) attributes;
		batch->present[row] = batch->all_present;
		if (tuple->t_infomask & HEAP_HASNULL)
		{
			int			stored = Min(bytes, BITMAPLEN(attributes));

			batch->present[row] = tuple->t_bits;
			for (int i = 0; i < stored; i++)
				batch->null_union[i] |= (bits8) ~tuple->t_bits[i];
		}
	}
	batch->fewest_attributes = fewest;
	first = Min(fewest, layout->count);
	for (int i = 0; i < first; i++)
	{
		if (batch->null_union[i >> 3] & (1 << (i & 7)))
			first = i;
	}
	batch->first_unclean = first;
}

/* A line pointer is one word: so it is read once, not once for each of its bit fields. */
static pg_attribute_always_inline ItemIdData
read_line_pointer(Page page, OffsetNumber offset)
{
	ItemIdData	item;

	memcpy(&item, PageGetItemId(page, offset), sizeof(item));
	return item;
}

void
fusion_tuple_batch_load(FusionTupleBatch *batch, const FusionTupleLayout *layout, Page page,
						const OffsetNumber *offsets, int count)
{
	const uint32 safe_end = BLCKSZ - FUSION_OVERREAD;
	const uint32 prefix_bytes = layout->prefix_bytes;
	const int	wanted_attributes = layout->count;
	uint16		any_flags = 0;
	int			any_short = 0;	/* negative: some row has fewer attributes than wanted */
	uint8	   *scratch = batch->scratch;
	FusionLinePrefetch wanted = *batch->wanted;

	Assert(count <= MaxHeapTuplesPerPage);
	batch->count = count;
	for (int row = 0; row < count; row++)
	{
		ItemIdData	item = read_line_pointer(page, offsets[row]);
		HeapTupleHeader tuple = (HeapTupleHeader) ((char *) page + item.lp_off);
		const uint8 *data = (const uint8 *) tuple + tuple->t_hoff;

		any_flags |= tuple->t_infomask;
		any_short |= (int) HeapTupleHeaderGetNatts(tuple) - wanted_attributes;
		if (unlikely(item.lp_off + item.lp_len > safe_end))
		{
			/* MAXALIGNed like the original, so that alignment of attributes comes out the same. */
			memcpy(scratch, tuple, item.lp_len);
			data = scratch + tuple->t_hoff;
			scratch += MAXALIGN(item.lp_len);
		}
		batch->data[row] = data;
		batch->cursor[row] = data + prefix_bytes;
		fusion_prefetch_lines(&wanted, 1);
	}
	*batch->wanted = wanted;
	memcpy(batch->offset, offsets, count * sizeof(OffsetNumber));
	batch->cursors_fresh = true;
	batch->fewest_attributes = wanted_attributes;
	batch->first_unclean = wanted_attributes;
	if ((any_flags & HEAP_HASNULL) || any_short < 0)
		load_null_bitmaps(batch, layout, page);
}

int
fusion_tuple_batch_compact(FusionTupleBatch *batch, const FusionTupleLayout *layout, const uint8 *keep)
{
	int			kept = 0;

	for (int row = 0; row < batch->count; row++)
	{
		batch->data[kept] = batch->data[row];
		batch->cursor[kept] = batch->cursor[row];
		batch->offset[kept] = batch->offset[row];
		kept += keep[row] != 0;
	}
	if (batch->first_unclean < layout->count)
	{
		kept = 0;
		for (int row = 0; row < batch->count; row++)
		{
			batch->present[kept] = batch->present[row];
			batch->attribute_count[kept] = batch->attribute_count[row];
			kept += keep[row] != 0;
		}
	}
	batch->count = kept;
	return kept;
}
