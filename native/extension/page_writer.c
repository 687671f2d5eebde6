/*
 * page_writer.c
 *    Rows of datums to a page. See page_writer.h for what it is; heap/ writes columns directly instead of rows.
 *
 * The split between fixed part and tail is fixed when a page begins: its row capacity follows from the tail
 * bytes per row seen so far, so that after the first page both halves fill up at about the same row.
 */
#include "postgres.h"

#include "page_writer.h"

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "collation_order.h"
#include "numeric_codec.h"
#include "page_range.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* Guess for the tail bytes of one long value before anything was measured. */
#define TAIL_GUESS_BYTES 24

/*
 * The estimate is raised a little, so that the tail, whose filling ends a page early, is the half that lasts
 * longer.
 */
#define TAIL_HEADROOM 1.03

/* Linux's default (fault_around_bytes). Where it is another, or nothing of the kind, pages come one by one. */
#define FAULT_AROUND_BYTES (64 * 1024)

/* A row may have several values of a gigabyte, but the worker has no more than four for everything. */
#define LARGE_PAGE_BYTES_MAX (UINT32_C(2) << 30)

#define ALIGN_BUFFER(offset) TYPEALIGN(FUSION_PAGE_BUFFER_ALIGN, offset)

static double
guess_tail_bytes(const FusionColumn *column, int32 typmod)
{
	if (column->typlen > 0)
		return column->typlen > FUSION_VIEW_INLINE_BYTES ? column->typlen : 0;
	if (typmod > VARHDRSZ)
	{
		int			length = typmod - VARHDRSZ;

		return length <= FUSION_VIEW_INLINE_BYTES ? 0 : Min(length, TAIL_GUESS_BYTES);
	}
	return TAIL_GUESS_BYTES;
}

FusionPageWriter *
fusion_page_writer_create(const FusionPageSchema *schema)
{
	FusionPageWriter *writer = palloc0(sizeof(FusionPageWriter));

	writer->schema = schema;
	writer->column_count = schema->column_count;
	writer->columns = palloc0(sizeof(FusionColumnWriter) * Max(schema->column_count, 1));
	writer->detoast = AllocSetContextCreate(CurrentMemoryContext, "pg_fusion page", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < schema->column_count; i++)
	{
		const FusionColumn *source = &schema->columns[i];
		FusionColumnWriter *column = &writer->columns[i];
		int32		typmod = source->typmod;
		Oid			base = getBaseTypeAndTypmod(source->type, &typmod);

		Assert(source->encoding < FUSION_ENCODING_COUNT);
		column->encoding = source->encoding;
		column->width = fusion_encoding_width[source->encoding];
		column->scale = source->scale;
		column->typlen = source->typlen;
		column->typbyval = source->typbyval;
		column->is_view = source->encoding == FUSION_ENCODING_TEXT || source->encoding == FUSION_ENCODING_DATUM;
		column->is_varlena = source->typlen == -1;
		column->trims_blanks = base == BPCHAROID && typmod >= VARHDRSZ &&
			(source->encoding == FUSION_ENCODING_TEXT || fusion_is_packed_text(source->encoding));
		if (source->order_key != 0)
			column->order_keys = fusion_order_keys_create(source->order_key);
		writer->row_bytes += column->width;
		if (column->is_view)
		{
			writer->view_count++;
			writer->tail_per_row += guess_tail_bytes(source, typmod);
		}
	}
	return writer;
}

/* Start of the tail when the buffers are sized for `capacity` rows. */
static uint64
layout_bytes(const FusionPageWriter *writer, uint64 capacity)
{
	uint64		offset = ALIGN_BUFFER(sizeof(FusionPageHeader) + writer->column_count * sizeof(FusionPageColumn));

	for (int i = 0; i < writer->column_count; i++)
	{
		offset += ALIGN_BUFFER((capacity + 7) / 8);
		offset += ALIGN_BUFFER(capacity * writer->columns[i].width);
	}
	return offset;
}

/*
 * The page in which a row stands that fits no page of the pool: memory of the writer's. Whoever issues it does so in
 * parts (leaf_run.c).
 */
static void
begin_large_page(FusionPageWriter *writer, uint64 row_bytes)
{
	if (row_bytes > LARGE_PAGE_BYTES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("pg_fusion: a row of %llu bytes is too large", (unsigned long long) row_bytes),
				 errhint("Run the statement with pg_fusion.enable = off.")));
	writer->large = (uint8 *) TYPEALIGN(FUSION_PAGE_BUFFER_ALIGN,
										MemoryContextAllocHuge(writer->detoast, row_bytes + FUSION_PAGE_BUFFER_ALIGN));
	writer->page = writer->large;
	writer->page_bytes = (uint32) row_bytes;
}

/*
 * Most rows whose fixed part and expected tail fit; `tail_bytes_min` of the tail must be there whatever the
 * estimate says. 0: not even one fits.
 */
static uint32
choose_capacity(const FusionPageWriter *writer, double tail_per_row, uint32 tail_bytes_min)
{
	double		bytes_per_row = writer->row_bytes + writer->column_count / 8.0;
	uint32		reserve = writer->tail_reserve;
	uint64		capacity;

	if (writer->column_count == 0)
		return FUSION_EMPTY_ROWS_MAX;
	if (writer->view_count > 0)
		bytes_per_row += tail_per_row;

	/* In a page that is small beside it, the reserve would leave no room for rows: they then go one by one. */
	if (layout_bytes(writer, 1) + reserve > writer->page_bytes / 2)
		reserve = 0;
	capacity = (uint64) (writer->page_bytes / bytes_per_row);
	for (;;)
	{
		uint64		fixed = layout_bytes(writer, Max(capacity, 1));
		uint64		tail = writer->view_count == 0 ? 0 :
			Max((uint64) (capacity * tail_per_row) + reserve, tail_bytes_min);

		/* A single row gets what tail there is: an estimate is no reason to refuse it. */
		if (fixed + (capacity <= 1 ? tail_bytes_min : tail) <= writer->page_bytes)
			return (uint32) Max(capacity, 1);
		if (capacity <= 1)
			return 0;
		/* Overshoot comes from alignment alone: a few steps suffice. */
		capacity -= Max(1, capacity / 64);
	}
}

static void
lay_out(FusionPageWriter *writer, uint32 capacity)
{
	uint32		offset = ALIGN_BUFFER(sizeof(FusionPageHeader) + writer->column_count * sizeof(FusionPageColumn));

	for (int i = 0; i < writer->column_count; i++)
	{
		FusionColumnWriter *column = &writer->columns[i];
		uint32		bitmap_bytes = ALIGN_BUFFER((capacity + 7) / 8);

		column->validity = writer->page + offset;
		column->values = column->validity + bitmap_bytes;
		column->null_count = 0;
		column->has_special = false;
		memset(column->validity, 0xFF, bitmap_bytes);
		offset += bitmap_bytes + ALIGN_BUFFER(capacity * column->width);
	}
	writer->row_capacity = capacity;
	writer->rows = 0;
	writer->tail_offset = offset;
	writer->tail_bytes = 0;
	writer->tail_room = capacity == 0 ? 0 : writer->page_bytes - offset;
}

/*
 * Maps the page's memory into a process that meets it for the first time, as every parallel worker does. A read
 * fault maps all of an aligned stretch of that length, writing included; a write fault maps 4 kB. Over the 64 MB of a
 * pool that is 4 ms against 24.
 */
static void
touch(const uint8 *page, uint32 page_bytes)
{
	for (uint32 offset = 0; offset < page_bytes; offset += FAULT_AROUND_BYTES)
		(void) *(const volatile uint8 *) (page + offset);
	(void) *(const volatile uint8 *) (page + page_bytes - 1);
}

void
fusion_page_begin(FusionPageWriter *writer, uint8 *page, uint32 page_bytes)
{
	Assert(page_bytes >= FUSION_PAGE_BYTES_MIN && page_bytes <= FUSION_PAGE_BYTES_MAX);
	Assert(((uintptr_t) page) % FUSION_PAGE_BUFFER_ALIGN == 0);
	if (writer->large != NULL)
	{
		MemoryContextReset(writer->detoast);
		writer->large = NULL;
	}
	writer->page = page;
	writer->page_bytes = page_bytes;
	touch(page, page_bytes);
	lay_out(writer, choose_capacity(writer, writer->tail_per_row, 0));
}

/* Finds the bytes of a view column's value and how many of them go to the tail. */
static uint32
open_view(FusionPageWriter *writer, FusionColumnWriter *column, Datum value)
{
	if (column->is_varlena)
	{
		struct varlena *packed = (struct varlena *) DatumGetPointer(value);

		if (VARATT_IS_EXTERNAL(packed) || VARATT_IS_COMPRESSED(packed))
		{
			MemoryContext caller = MemoryContextSwitchTo(writer->detoast);

			packed = detoast_attr(packed);
			MemoryContextSwitchTo(caller);
		}
		column->payload = (struct varlena *) VARDATA_ANY(packed);
		column->payload_bytes = VARSIZE_ANY_EXHDR(packed);
		if (column->trims_blanks)
			column->payload_bytes = fusion_trimmed_length((char *) column->payload, column->payload_bytes);
	}
	else
	{
		column->payload = (struct varlena *) DatumGetPointer(value);
		column->payload_bytes = column->typlen > 0 ? (uint32) column->typlen :
			(uint32) strlen((const char *) column->payload);
	}
	if (column->order_keys != NULL)
	{
		StringInfo	key = fusion_order_key(column->order_keys, (const char *) column->payload,
										   column->payload_bytes);

		column->payload = (struct varlena *) key->data;
		column->payload_bytes = (uint32) key->len;
	}
	return column->payload_bytes > FUSION_VIEW_INLINE_BYTES ? column->payload_bytes : 0;
}

static void
write_view(FusionPageWriter *writer, FusionColumnWriter *column, uint32 row)
{
	FusionView	view = {.length = column->payload_bytes};

	if (column->payload_bytes <= FUSION_VIEW_INLINE_BYTES)
		memcpy((uint8 *) &view + offsetof(FusionView, prefix), column->payload, column->payload_bytes);
	else
	{
		memcpy(view.prefix, column->payload, sizeof(view.prefix));
		view.offset = writer->tail_bytes;
		memcpy(writer->page + writer->tail_offset + writer->tail_bytes, column->payload, column->payload_bytes);
		writer->tail_bytes += column->payload_bytes;
	}
	memcpy(column->values + (size_t) row * sizeof(view), &view, sizeof(view));
}

/* Bytes of a varlena without its header, in one aligned or packed piece. */
static const uint8 *
open_varlena(FusionPageWriter *writer, Datum value, size_t *bytes)
{
	struct varlena *packed = (struct varlena *) DatumGetPointer(value);

	if (VARATT_IS_EXTERNAL(packed) || VARATT_IS_COMPRESSED(packed))
	{
		MemoryContext caller = MemoryContextSwitchTo(writer->detoast);

		packed = detoast_attr(packed);
		MemoryContextSwitchTo(caller);
	}
	*bytes = VARSIZE_ANY_EXHDR(packed);
	return (const uint8 *) VARDATA_ANY(packed);
}

static void
write_decimal(FusionPageWriter *writer, FusionColumnWriter *column, Datum value, uint8 *at)
{
	size_t		bytes;
	const uint8 *payload = open_varlena(writer, value, &bytes);

	if (column->encoding == FUSION_ENCODING_DECIMAL64)
	{
		int64		decimal = fusion_numeric_to_int64(payload, bytes, column->scale);

		column->has_special |= decimal == FUSION_DECIMAL64_NAN;
		memcpy(at, &decimal, sizeof(decimal));
	}
	else
	{
		int128		decimal = fusion_numeric_to_int128(payload, bytes, column->scale);

		column->has_special |= decimal == FUSION_DECIMAL128_NAN;
		memcpy(at, &decimal, sizeof(decimal));
	}
}

uint64
fusion_pack_text(const uint8 *payload, uint32 length, uint32 width)
{
	uint64		packed = 0;

	length = fusion_trimmed_length((const char *) payload, length);
	if (length > width || memchr(payload, 0, length) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("pg_fusion: a value of type character is longer than its type")));
	memcpy(&packed, payload, length);
	return packed;
}

static void
write_packed_text(FusionPageWriter *writer, const FusionColumnWriter *column, Datum value, uint8 *at)
{
	size_t		bytes;
	const uint8 *payload = open_varlena(writer, value, &bytes);
	uint64		packed = fusion_pack_text(payload, (uint32) bytes, column->width);

	memcpy(at, &packed, column->width);
}

static void
write_value(FusionPageWriter *writer, FusionColumnWriter *column, uint32 row, Datum value)
{
	uint8	   *at = column->values + (size_t) row * column->width;

	switch ((FusionEncoding) column->encoding)
	{
		case FUSION_ENCODING_BOOL8:
			*at = DatumGetBool(value) ? 1 : 0;
			break;
		case FUSION_ENCODING_INT8:
			*at = DatumGetUInt8(value);
			break;
		case FUSION_ENCODING_INT16:
			*(int16 *) at = DatumGetInt16(value);
			break;
		case FUSION_ENCODING_INT32:
		case FUSION_ENCODING_FLOAT32:
			*(int32 *) at = DatumGetInt32(value);
			break;
		case FUSION_ENCODING_INT64:
			*(int64 *) at = DatumGetInt64(value);
			break;
		case FUSION_ENCODING_FLOAT64:
			*(float8 *) at = DatumGetFloat8(value);
			break;
		case FUSION_ENCODING_DECIMAL64:
		case FUSION_ENCODING_DECIMAL128:
			write_decimal(writer, column, value, at);
			break;
		case FUSION_ENCODING_TEXT:
		case FUSION_ENCODING_DATUM:
			write_view(writer, column, row);
			break;
		case FUSION_ENCODING_TEXT4:
		case FUSION_ENCODING_TEXT8:
			write_packed_text(writer, column, value, at);
			break;
	}
}

/* An empty page: gives its first row a larger tail, if need be in a larger page. */
static void
make_room(FusionPageWriter *writer, uint64 tail_bytes)
{
	uint32		capacity = 0;

	if (tail_bytes <= writer->page_bytes)
		capacity = choose_capacity(writer, Max(writer->tail_per_row, (double) tail_bytes), (uint32) tail_bytes);
	if (capacity == 0)
		begin_large_page(writer, layout_bytes(writer, 1) + tail_bytes);
	lay_out(writer, Max(capacity, 1));
}

bool
fusion_page_append(FusionPageWriter *writer, const Datum *values, const bool *nulls)
{
	uint32		row = writer->rows;
	uint64		tail_bytes = 0;

	if (fusion_page_full(writer))
		return false;
	if (writer->view_count > 0)
	{
		for (int i = 0; i < writer->column_count; i++)
		{
			if (writer->columns[i].is_view && !nulls[i])
				tail_bytes += open_view(writer, &writer->columns[i], values[i]);
		}
	}
	if (writer->row_capacity == 0 || tail_bytes > writer->tail_room - writer->tail_bytes)
	{
		if (row > 0)
			return false;
		make_room(writer, tail_bytes);
	}
	for (int i = 0; i < writer->column_count; i++)
	{
		FusionColumnWriter *column = &writer->columns[i];

		if (nulls[i])
		{
			memset(column->values + (size_t) row * column->width, 0, column->width);
			fusion_page_set_null(column, row);
		}
		else
			write_value(writer, column, row, values[i]);
	}
	writer->rows++;
	return true;
}

void
fusion_page_forget(FusionPageWriter *writer, uint32 count, uint32 tail_bytes)
{
	for (int i = 0; i < writer->column_count; i++)
	{
		FusionColumnWriter *column = &writer->columns[i];

		for (uint32 row = writer->rows; row < writer->rows + count; row++)
		{
			uint8		bit = (uint8) (1 << (row & 7));

			if (!(column->validity[row >> 3] & bit))
				column->null_count--;
			column->validity[row >> 3] |= bit;
		}
	}
	writer->tail_bytes = tail_bytes;
}

FusionFill
fusion_page_finish(FusionPageWriter *writer)
{
	FusionPageHeader *header = (FusionPageHeader *) writer->page;
	FusionPageColumn *table = (FusionPageColumn *) (writer->page + sizeof(FusionPageHeader));

	memset(header, 0, sizeof(*header));
	header->magic = FUSION_PAGE_MAGIC;
	header->version = FUSION_PAGE_VERSION;
	header->column_count = (uint16) writer->column_count;
	header->schema_fingerprint = writer->schema->fingerprint;
	header->row_count = writer->rows;
	header->row_capacity = writer->row_capacity;
	header->tail_offset = writer->tail_offset;
	header->tail_bytes = writer->tail_bytes;
	header->page_bytes = writer->page_bytes;
	for (int i = 0; i < writer->column_count; i++)
	{
		FusionColumnWriter *column = &writer->columns[i];
		FusionPageColumn *entry = &table[i];

		entry->validity_offset = (uint32) (column->validity - writer->page);
		entry->values_offset = (uint32) (column->values - writer->page);
		entry->null_count = column->null_count;
		entry->encoding = column->encoding;
		entry->flags = column->has_special ? FUSION_COLUMN_FLAG_SPECIAL : 0;
		entry->min = 0;
		entry->max = 0;
		if (fusion_page_range(column, writer->rows, &entry->min, &entry->max))
			entry->flags |= FUSION_COLUMN_FLAG_RANGE;
	}
	/* A row in a page of its own says nothing about the others. */
	if (writer->view_count > 0 && writer->rows > 0 && writer->large == NULL)
		writer->tail_per_row = TAIL_HEADROOM * writer->tail_bytes / writer->rows;
	if (writer->large == NULL)
		MemoryContextReset(writer->detoast);
	return (FusionFill) {
		.rows = writer->rows,
		.bytes = writer->tail_offset + writer->tail_bytes,
		.large = writer->large
	};
}
