/*
 * tuple_fuzz_test.c
 *    Random tables, blocks and tuple images through the walk and the column kernels, against a model that
 *    builds the images value by value. The block is one allocation of its exact size, so the sanitizer sees a
 *    read past it; so are all column buffers.
 */
#include "server_stubs.h"

#include "catalog/pg_type.h"
#include "decode.h"
#include "numeric_codec.h"

#define ATTRIBUTES_MAX 40
#define ROWS_MAX 60
#define PAYLOAD_MAX 300

typedef enum Kind
{
	KIND_1, KIND_2, KIND_4, KIND_8, KIND_UUID, KIND_INTERVAL, KIND_DECIMAL64, KIND_DECIMAL128, KIND_TEXT, KIND_ARRAY8,
	KIND_TRIMMED, KIND_PACKED4, KIND_PACKED8,
	KIND_COUNT
} Kind;

static const struct
{
	int16		length;
	uint8		align;
	uint8		encoding;
}			kinds[KIND_COUNT] = {
	{1, 1, FUSION_ENCODING_BOOL8}, {2, 2, FUSION_ENCODING_INT16}, {4, 4, FUSION_ENCODING_INT32},
	{8, 8, FUSION_ENCODING_INT64}, {16, 1, FUSION_ENCODING_DATUM}, {16, 8, FUSION_ENCODING_DATUM},
	{-1, 4, FUSION_ENCODING_DECIMAL64}, {-1, 4, FUSION_ENCODING_DECIMAL128}, {-1, 4, FUSION_ENCODING_TEXT},
	{-1, 8, FUSION_ENCODING_DATUM}, {-1, 4, FUSION_ENCODING_TEXT}, {-1, 4, FUSION_ENCODING_TEXT4},
	{-1, 4, FUSION_ENCODING_TEXT8}
};

typedef struct Value
{
	bool		is_null;
	uint32		length;			/* of the bytes a page must hold */
	uint8		bytes[PAYLOAD_MAX];
} Value;

typedef struct Attribute
{
	Kind		kind;
	int			scale;
	uint32		null_percent;
	bool		has_missing;
	Value		missing;
	uint8		missing_image[FUSION_UNDERREAD + PAYLOAD_MAX + 8 + FUSION_OVERREAD];
} Attribute;

typedef struct Model
{
	uint64		seed;
	int			attribute_count;
	int			row_count;
	Attribute	attributes[ATTRIBUTES_MAX];
	Value		values[ROWS_MAX][ATTRIBUTES_MAX];
	bool		has_compressed; /* a needed value must be detoasted */
} Model;

static uint8 *
align_to(uint8 *base, uint8 *at, int align)
{
	return base + TYPEALIGN(align, at - base);
}

/* A numeric payload and the integer it stands for. */
static uint32
random_numeric(Model *model, const Attribute *attribute, Value *value, uint8 *image)
{
	static const int64 favourites[] = {0, 1, -1, 9999, 10000, -10000, 99999999, INT64CONST(999999999999999999)};
	bool		wide = attribute->kind == KIND_DECIMAL128;
	int128		number = (int64) (next_random(&model->seed) % UINT64CONST(1999999999999999999)) -
		INT64CONST(999999999999999999);
	Datum		datum;
	int64		narrow;

	switch (random_below(&model->seed, 4))
	{
		case 0:
			number = favourites[random_below(&model->seed, lengthof(favourites))];
			break;
		case 1:
			number /= (int64) 1 << random_below(&model->seed, 60);
			break;
		case 2:
			number = wide ? number * INT64CONST(10000000000000000) : number;
			break;
		default:
			number = random_below(&model->seed, 20) == 0 ?
				(wide ? FUSION_DECIMAL128_NAN : (int128) FUSION_DECIMAL64_NAN) : number;
			break;
	}
	narrow = (int64) number;
	value->length = wide ? sizeof(number) : sizeof(narrow);
	memcpy(value->bytes, wide ? (void *) &number : (void *) &narrow, value->length);
	datum = wide ? fusion_numeric_from_int128(number, attribute->scale) :
		fusion_numeric_from_int64(narrow, attribute->scale);
	memcpy(image, VARDATA_ANY(DatumGetPointer(datum)), VARSIZE_ANY_EXHDR(DatumGetPointer(datum)));
	return VARSIZE_ANY_EXHDR(DatumGetPointer(datum));
}

static uint32
random_text(Model *model, const Attribute *attribute, Value *value, uint8 *image)
{
	uint32		length = random_below(&model->seed, random_below(&model->seed, 8) == 0 ? PAYLOAD_MAX - 20 : 30);
	bool		packed = fusion_is_packed_text(kinds[attribute->kind].encoding);
	bool		trims = packed || attribute->kind == KIND_TRIMMED;

	if (packed)
		length = random_below(&model->seed, 1 + fusion_encoding_width[kinds[attribute->kind].encoding]);
	for (uint32 i = 0; i < length; i++)
		image[i] = " a\xc3\xbf\x7f\x01f"[random_below(&model->seed, trims ? 3 : 7)];
	value->length = length;
	memset(value->bytes, 0, sizeof(value->bytes));
	while (trims && value->length > 0 && image[value->length - 1] == ' ')
		value->length--;
	memcpy(value->bytes, image, value->length);
	return length;
}

/*
 * Appends a value's stored form at `at`, which must hold zeroes; returns its end. `base` is where alignment
 * counts from.
 */
static uint8 *
append_value(Model *model, const Attribute *attribute, Value *value, uint8 *base, uint8 *at)
{
	uint8		payload[PAYLOAD_MAX + 32];
	uint32		length = kinds[attribute->kind].length;

	if (kinds[attribute->kind].length > 0)
	{
		at = align_to(base, at, kinds[attribute->kind].align);
		for (uint32 i = 0; i < length; i++)
			at[i] = (uint8) next_random(&model->seed);
		value->length = length;
		memcpy(value->bytes, at, length);
		return at + length;
	}
	length = attribute->kind >= KIND_TEXT ? random_text(model, attribute, value, payload) :
		random_numeric(model, attribute, value, payload);
	if (length + VARHDRSZ_SHORT <= VARATT_SHORT_MAX && random_below(&model->seed, 20) != 0)
	{
		SET_VARSIZE_SHORT(at, length + VARHDRSZ_SHORT);
		memcpy(at + VARHDRSZ_SHORT, payload, length);
		return at + VARHDRSZ_SHORT + length;
	}
	at = align_to(base, at, kinds[attribute->kind].align);
	SET_VARSIZE(at, length + VARHDRSZ);
	if (random_below(&model->seed, 500) == 0)
	{
		SET_VARSIZE_COMPRESSED(at, length + VARHDRSZ);
		model->has_compressed = true;
	}
	memcpy(at + VARHDRSZ, payload, length);
	return at + VARHDRSZ + length;
}

static void
make_attributes(Model *model)
{
	bool		any_null = random_below(&model->seed, 2) == 0;

	model->attribute_count = 1 + (int) random_below(&model->seed, ATTRIBUTES_MAX);
	for (int i = 0; i < model->attribute_count; i++)
	{
		static const uint32 percents[] = {0, 0, 0, 5, 50, 100};
		Attribute  *attribute = &model->attributes[i];
		uint8	   *image = attribute->missing_image + FUSION_UNDERREAD;

		memset(attribute, 0, sizeof(*attribute));
		attribute->kind = (Kind) random_below(&model->seed, KIND_COUNT);
		attribute->scale = (int) random_below(&model->seed, attribute->kind == KIND_DECIMAL128 ? 30 : 19);
		attribute->null_percent = any_null ? percents[random_below(&model->seed, lengthof(percents))] : 0;
		attribute->has_missing = random_below(&model->seed, 2) == 0;
		(void) append_value(model, attribute, &attribute->missing, image, image);
		attribute->missing.is_null = !attribute->has_missing;
	}
	model->has_compressed = false;	/* missing values are never compressed; a compressed one is replaced below */
	for (int i = 0; i < model->attribute_count; i++)
	{
		Attribute  *attribute = &model->attributes[i];

		if (kinds[attribute->kind].length < 0 && VARATT_IS_4B_C(attribute->missing_image + FUSION_UNDERREAD))
			attribute->has_missing = false;
		attribute->missing.is_null = !attribute->has_missing;
	}
}

/* One tuple's image in `tuple`, MAXALIGNed and zeroed; returns its length. */
static uint32
build_tuple(Model *model, int row, uint8 *tuple)
{
	HeapTupleHeader header = (HeapTupleHeader) tuple;
	int			stored = random_below(&model->seed, 10) == 0 ? 1 + (int) random_below(&model->seed,
																				  model->attribute_count) :
		model->attribute_count;
	bool		has_nulls = false;
	uint8	   *base;
	uint8	   *at;

	for (int i = 0; i < model->attribute_count; i++)
	{
		model->values[row][i].is_null = random_below(&model->seed, 100) < model->attributes[i].null_percent;
		has_nulls |= i < stored && model->values[row][i].is_null;
	}
	header->t_infomask = has_nulls ? HEAP_HASNULL : 0;
	header->t_hoff = (uint8) MAXALIGN(SizeofHeapTupleHeader + (has_nulls ? BITMAPLEN(stored) : 0));
	HeapTupleHeaderSetNatts(header, stored);
	base = at = tuple + header->t_hoff;
	for (int i = 0; i < model->attribute_count; i++)
	{
		Value	   *value = &model->values[row][i];

		if (i >= stored)
			*value = model->attributes[i].missing;
		else if (!value->is_null)
		{
			if (has_nulls)
				header->t_bits[i >> 3] |= (bits8) (1 << (i & 7));
			at = append_value(model, &model->attributes[i], value, base, at);
		}
	}
	return (uint32) (at - tuple);
}

/* Fills a block from its end as the heap does; returns the line pointers used. */
static int
build_block(Model *model, Page page, OffsetNumber *offsets)
{
	PageHeader	header = (PageHeader) page;
	uint8	   *tuple = malloc(64 * 1024);
	uint32		upper = BLCKSZ;
	int			rows = 1 + (int) random_below(&model->seed, ROWS_MAX);
	int			row = 0;

	memset(page, 0x5a, BLCKSZ);
	for (; row < rows; row++)
	{
		bool		was_compressed = model->has_compressed;
		uint32		length;

		memset(tuple, 0, 64 * 1024);
		length = build_tuple(model, row, tuple);
		if (MAXALIGN(length) + SizeOfPageHeaderData + (row + 1) * sizeof(ItemIdData) > upper)
		{
			model->has_compressed = was_compressed;
			break;
		}
		upper -= MAXALIGN(length);
		memcpy((uint8 *) page + upper, tuple, length);
		offsets[row] = (OffsetNumber) (row + 1);
		ItemIdSetNormal(PageGetItemId(page, row + 1), upper, length);
	}
	header->pd_upper = (LocationIndex) upper;
	free(tuple);
	model->row_count = row;
	return row;
}

static FusionTupleLayout *
build_layout(const Model *model)
{
	FusionTupleLayout *layout = palloc0(sizeof(FusionTupleLayout));
	int32		offset = 0;

	layout->count = model->attribute_count;
	layout->attributes = palloc0(sizeof(FusionAttribute) * model->attribute_count);
	for (int i = 0; i < model->attribute_count; i++)
	{
		const Attribute *source = &model->attributes[i];
		FusionAttribute *attribute = &layout->attributes[i];

		attribute->length = kinds[source->kind].length;
		attribute->align = kinds[source->kind].align;
		attribute->fixed_offset = -1;
		attribute->missing = source->has_missing ? source->missing_image + FUSION_UNDERREAD : NULL;
		if (offset >= 0 && attribute->length > 0)
		{
			attribute->fixed_offset = TYPEALIGN(attribute->align, offset);
			offset = attribute->fixed_offset + attribute->length;
			layout->prefix_count = i + 1;
			layout->prefix_bytes = offset;
		}
		else
			offset = -1;
	}
	return layout;
}

static void
make_column(FusionColumnWriter *column, const Attribute *attribute, int rows)
{
	memset(column, 0, sizeof(*column));
	column->encoding = kinds[attribute->kind].encoding;
	column->width = fusion_encoding_width[column->encoding];
	column->scale = (int16) attribute->scale;
	column->trims_blanks = attribute->kind == KIND_TRIMMED;
	column->values = palloc(rows * column->width);
	column->validity = palloc((rows + 7) / 8);
	memset(column->validity, 0xFF, (rows + 7) / 8);
}

static void
check_value(const Value *expected, const FusionColumnWriter *column, const uint8 *tail, int row)
{
	const uint8 *at = column->values + (size_t) row * column->width;
	bool		is_null = !(column->validity[row >> 3] & (1 << (row & 7)));

	CHECK(is_null == expected->is_null);
	if (is_null)
	{
		for (int i = 0; i < column->width; i++)
			CHECK(at[i] == 0);
	}
	else if (column->encoding != FUSION_ENCODING_TEXT && column->encoding != FUSION_ENCODING_DATUM)
		CHECK(memcmp(at, expected->bytes, column->width) == 0);
	else
	{
		FusionView	view;
		uint8		short_bytes[FUSION_VIEW_INLINE_BYTES] = {0};

		memcpy(&view, at, sizeof(view));
		CHECK(view.length == expected->length);
		if (view.length > FUSION_VIEW_INLINE_BYTES)
		{
			CHECK(view.buffer == 0 && memcmp(view.prefix, expected->bytes, sizeof(view.prefix)) == 0);
			CHECK(memcmp(tail + view.offset, expected->bytes, view.length) == 0);
			return;
		}
		memcpy(short_bytes, expected->bytes, view.length);
		CHECK(memcmp((uint8 *) &view + offsetof(FusionView, prefix), short_bytes, sizeof(short_bytes)) == 0);
	}
}

/* Decodes a random choice of the attributes over a random part of the rows, and compares. */
static void
decode_and_check(Model *model, const FusionTupleLayout *layout, FusionTupleBatch *batch)
{
	int			from = (int) random_below(&model->seed, model->row_count);
	int			count = 1 + (int) random_below(&model->seed, model->row_count - from);
	FusionPageWriter writer = {0};
	FusionWalk	walk;

	writer.page = palloc(BLCKSZ + FUSION_TAIL_SLACK);
	fusion_walk_begin(&walk, layout, batch, from, count);
	for (int i = 0; i < model->attribute_count; i++)
	{
		FusionColumnWriter column;
		FusionDecode decode;
		FusionReach reach;

		if (random_below(&model->seed, 3) == 0)
			continue;
		make_column(&column, &model->attributes[i], count);
		fusion_decode_init(&decode, layout, i, 0, &column);
		reach = fusion_walk_to(&walk, i, decode.null_image);
		if (!decode.kernel(&decode, &walk, reach, &writer, &column))
		{
			CHECK(model->has_compressed);
			return;
		}
		if (reach == FUSION_REACH_VALUE)
			fusion_page_set_nulls(&column, 0, walk.is_null, count);
		fusion_walk_passed(&walk, i, reach);
		for (int row = 0; row < count; row++)
			check_value(&model->values[from + row][i], &column, writer.page, row);
	}
	CHECK(writer.tail_bytes <= BLCKSZ);
}

/* Drops random rows from model and batch alike. */
static void
compact_both(Model *model, const FusionTupleLayout *layout, FusionTupleBatch *batch)
{
	uint8		keep[ROWS_MAX];
	int			kept = 0;

	for (int row = 0; row < model->row_count; row++)
	{
		keep[row] = random_below(&model->seed, 3) != 0;
		if (keep[row])
			memcpy(model->values[kept++], model->values[row], sizeof(model->values[row]));
	}
	CHECK(fusion_tuple_batch_compact(batch, layout, keep) == kept);
	model->row_count = kept;
}

static int64
integer_of(const Value *value)
{
	int32		narrow;
	int64		wide;

	if (value->length == sizeof(narrow))
	{
		memcpy(&narrow, value->bytes, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, value->bytes, sizeof(wide));
	return wide;
}

/* Keeps the rows in a random range of a random attribute, if it has ranges and no row lacks anything; compares. */
static void
filter_both(Model *model, const FusionTupleLayout *layout, FusionTupleBatch *batch)
{
	int			chosen = (int) random_below(&model->seed, model->attribute_count);
	FusionColumnWriter column;
	FusionDecode decode;
	FusionRangeFilter filter;
	FusionRange range;
	FusionWalk	walk;
	FusionReach reach;
	int64		low;
	int64		high;
	int			kept = 0;

	make_column(&column, &model->attributes[chosen], 1);
	filter = fusion_decode_range_filter(column.encoding);
	if (batch->first_unclean < layout->count || filter == NULL || model->row_count == 0)
		return;
	low = integer_of(&model->values[random_below(&model->seed, model->row_count)][chosen]);
	high = integer_of(&model->values[random_below(&model->seed, model->row_count)][chosen]);
	if (low > high)
		high = PG_INT64_MAX;
	fusion_decode_init(&decode, layout, chosen, 0, &column);
	fusion_walk_begin(&walk, layout, batch, 0, model->row_count);
	reach = fusion_walk_to(&walk, chosen, decode.null_image);
	fusion_range_init(&range, &decode, low, high);
	if (!filter(&decode, &walk, reach, batch, &range))
	{
		CHECK(model->has_compressed);
		model->row_count = 0;
		return;
	}
	for (int row = 0; row < model->row_count; row++)
	{
		int64		value = integer_of(&model->values[row][chosen]);

		if (column.encoding == FUSION_ENCODING_DECIMAL64 && value == FUSION_DECIMAL64_NAN)
			value = PG_INT64_MAX;
		if (value >= low && value <= high)
			memcpy(model->values[kept++], model->values[row], sizeof(model->values[row]));
	}
	CHECK(walk.count == kept && batch->count == kept);
	model->row_count = kept;
}

int
main(void)
{
	static Model model;
	const char *given = getenv("PG_FUSION_SEED");
	uint64		seed = given != NULL ? strtoull(given, NULL, 10) : (uint64) (seconds_now() * 1e9);
	double		end = seconds_now() + soak_seconds(4);
	uint64		blocks = 0;

	fprintf(stderr, "  PG_FUSION_SEED=%llu\n", (unsigned long long) seed);
	model.seed = seed;
	while (seconds_now() < end)
	{
		OffsetNumber offsets[ROWS_MAX];
		Page		page = malloc(BLCKSZ);
		FusionTupleLayout *layout;
		FusionTupleBatch *batch;

		make_attributes(&model);
		if (build_block(&model, page, offsets) > 0)
		{
			layout = build_layout(&model);
			batch = fusion_tuple_batch_create();
			fusion_tuple_batch_load(batch, layout, page, offsets, model.row_count);
			decode_and_check(&model, layout, batch);
			decode_and_check(&model, layout, batch);
			compact_both(&model, layout, batch);
			filter_both(&model, layout, batch);
			filter_both(&model, layout, batch);
			if (model.row_count > 0)
				decode_and_check(&model, layout, batch);
		}
		free(page);
		stub_free_memory();
		blocks++;
	}
	fprintf(stderr, "  %llu blocks\n", (unsigned long long) blocks);
	return 0;
}
