/*
 * import.c
 *    Result pages to tuple slots: the datums PostgreSQL itself would have built, image for image.
 *
 * Not trusting the page: whatever steers a memory access is copied once, checked, and used from the copy, since
 * the page stays writable by the worker. A wrong page can therefore give wrong values, never a wild read. Read
 * next: page_writer.c, the inverse.
 */
#include "postgres.h"

#include "import.h"

#include "catalog/pg_type.h"
#include "fusion_encodings.h"
#include "fusion_layout.h"
#include "mb/pg_wchar.h"
#include "numeric_codec.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* A palloc'd varlena may not reach MaxAllocSize, and char(n) is padded up to n characters. */
#define PADDED_BYTES_MAX (MaxAllocSize - VARHDRSZ)

typedef struct ImportColumn
{
	uint8		encoding;
	uint8		width;
	int16		scale;
	int16		typlen;
	bool		typbyval;
	int			padded_characters;	/* char(n): n; else -1 */

	/* of the adopted page */
	bool		has_nulls;
	const uint8 *validity;
	const uint8 *values;
} ImportColumn;

struct FusionImport
{
	const FusionPageSchema *schema;
	int			column_count;
	ImportColumn *columns;
	MemoryContext context;
	uint8	   *large;			/* parts of a page that came in several, and all of it while its row is read */
	size_t		large_bytes;
	size_t		large_room;
	bool		large_whole;
	const uint8 *tail;
	uint32		tail_bytes;
	uint32		rows;
};

static void
malformed(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("pg_fusion: a result page has %s", what)));
}

FusionImport *
fusion_import_create(const FusionPageSchema *schema)
{
	FusionImport *import = palloc0(sizeof(FusionImport));

	import->schema = schema;
	import->context = CurrentMemoryContext;
	import->column_count = schema->column_count;
	import->columns = palloc0(sizeof(ImportColumn) * Max(schema->column_count, 1));
	for (int i = 0; i < schema->column_count; i++)
	{
		const FusionColumn *source = &schema->columns[i];
		ImportColumn *column = &import->columns[i];
		int32		typmod = source->typmod;
		Oid			base = getBaseTypeAndTypmod(source->type, &typmod);

		column->encoding = source->encoding;
		column->width = fusion_encoding_width[source->encoding];
		column->scale = source->scale;
		column->typlen = source->typlen;
		column->typbyval = source->typbyval;
		column->padded_characters = -1;
		if (base == BPCHAROID && typmod >= VARHDRSZ && source->encoding != FUSION_ENCODING_DATUM)
			column->padded_characters = typmod - VARHDRSZ;
	}
	return import;
}

/* A buffer of the page: aligned, and wholly between the column table and the limit. */
static const uint8 *
checked_buffer(const uint8 *page, uint32 offset, uint64 length, uint32 start, uint32 limit)
{
	if (offset % FUSION_PAGE_BUFFER_ALIGN != 0 || offset < start || offset > limit || length > limit - offset)
		malformed("a buffer outside its bounds");
	return page + offset;
}

void
fusion_import_reset(FusionImport *import)
{
	if (import->large != NULL)
		pfree(import->large);
	import->large = NULL;
	import->large_bytes = import->large_room = 0;
	import->large_whole = false;
	import->rows = 0;
}

/* Puts a part behind those that came before it. */
static void
append_part(FusionImport *import, const uint8 *page, uint32 bytes)
{
	size_t		needed = import->large_bytes + bytes;

	if (needed > PG_UINT32_MAX)
		malformed("more parts than any row has");
	if (needed > import->large_room)
	{
		/* Doubled: what is copied again and again is no more than all of it. */
		import->large_room = Max(needed, 2 * import->large_room);
		import->large = import->large == NULL
			? MemoryContextAllocHuge(import->context, import->large_room)
			: repalloc_huge(import->large, import->large_room);
	}
	memcpy(import->large + import->large_bytes, page, bytes);
	import->large_bytes = needed;
}

uint32
fusion_import_part(FusionImport *import, const uint8 *page, uint32 page_bytes, uint32 bytes, bool is_last)
{
	if (bytes > page_bytes)
		malformed("a wrong size");
	if (import->large_whole)
		fusion_import_reset(import);
	if (is_last && import->large == NULL)
		return fusion_import_page(import, page, page_bytes, bytes);
	append_part(import, page, bytes);
	if (!is_last)
		return 0;
	import->large_whole = true;
	return fusion_import_page(import, import->large, (uint32) import->large_bytes, (uint32) import->large_bytes);
}

uint32
fusion_import_page(FusionImport *import, const uint8 *page, uint32 page_bytes, uint32 bytes)
{
	FusionPageHeader header;
	uint32		table_end = sizeof(FusionPageHeader) + import->column_count * sizeof(FusionPageColumn);

	import->rows = 0;
	if (bytes > page_bytes || bytes < table_end)
		malformed("a wrong size");
	memcpy(&header, page, sizeof(header));
	if (header.magic != FUSION_PAGE_MAGIC || header.version != FUSION_PAGE_VERSION)
		malformed("no page header");
	if (header.column_count != import->column_count || header.schema_fingerprint != import->schema->fingerprint)
		malformed("other columns than the plan");
	if (header.row_count > header.row_capacity || header.page_bytes != page_bytes ||
		header.tail_offset < table_end || header.tail_offset > bytes ||
		header.tail_bytes > bytes - header.tail_offset)
		malformed("an inconsistent header");

	for (int i = 0; i < import->column_count; i++)
	{
		ImportColumn *column = &import->columns[i];
		FusionPageColumn entry;

		memcpy(&entry, page + sizeof(FusionPageHeader) + i * sizeof(entry), sizeof(entry));
		if (entry.encoding != column->encoding)
			malformed("a column of another encoding");
		column->has_nulls = entry.null_count > 0;
		column->validity = checked_buffer(page, entry.validity_offset, ((uint64) header.row_count + 7) / 8,
										  table_end, header.tail_offset);
		column->values = checked_buffer(page, entry.values_offset, (uint64) header.row_count * column->width,
										table_end, header.tail_offset);
	}
	import->tail = page + header.tail_offset;
	import->tail_bytes = header.tail_bytes;
	import->rows = header.row_count;
	return header.row_count;
}

/* The bytes of a view, checked; short values stand in the caller's copy of the view itself. */
static const char *
view_bytes(const FusionImport *import, const FusionView *view)
{
	if (view->length <= FUSION_VIEW_INLINE_BYTES)
		return (const char *) view + offsetof(FusionView, prefix);
	if (view->buffer != 0 || view->offset > import->tail_bytes || view->length > import->tail_bytes - view->offset)
		malformed("a value outside its tail");
	return (const char *) import->tail + view->offset;
}

/* char(n) comes without its padding; n counts characters, not bytes. */
static Datum
make_padded(const ImportColumn *column, const char *bytes, uint32 length)
{
	char	   *copy;
	int			characters;
	size_t		padding;
	char	   *image;

	/*
	 * Counting characters follows lead bytes: do it on a terminated copy, which a wrong last character cannot
	 * escape.
	 */
	copy = palloc(length + MAX_MULTIBYTE_CHAR_LEN);
	memcpy(copy, bytes, length);
	memset(copy + length, 0, MAX_MULTIBYTE_CHAR_LEN);
	characters = pg_mbstrlen_with_len(copy, (int) length);
	padding = characters < column->padded_characters ? (size_t) (column->padded_characters - characters) : 0;
	if (length + padding > PADDED_BYTES_MAX)
		malformed("a value too wide for its type");
	image = palloc(VARHDRSZ + length + padding);
	SET_VARSIZE(image, VARHDRSZ + length + padding);
	memcpy(VARDATA(image), copy, length);
	memset(VARDATA(image) + length, ' ', padding);
	pfree(copy);
	return PointerGetDatum(image);
}

static Datum
make_by_reference(const FusionImport *import, const ImportColumn *column, const FusionView *view)
{
	const char *bytes = view_bytes(import, view);
	char	   *image;

	if (column->typlen > 0)
	{
		if (view->length != (uint32) column->typlen)
			malformed("a value of another length than its type");
		image = palloc(view->length);
		memcpy(image, bytes, view->length);
		return PointerGetDatum(image);
	}
	if (column->typlen == -2)
	{
		image = palloc(view->length + 1);
		memcpy(image, bytes, view->length);
		image[view->length] = '\0';
		return PointerGetDatum(image);
	}
	if (column->padded_characters >= 0)
		return make_padded(column, bytes, view->length);
	image = palloc(VARHDRSZ + view->length);
	SET_VARSIZE(image, VARHDRSZ + view->length);
	memcpy(VARDATA(image), bytes, view->length);
	return PointerGetDatum(image);
}

static Datum
make_datum(const FusionImport *import, const ImportColumn *column, uint32 row)
{
	const uint8 *at = column->values + (size_t) row * column->width;

	switch ((FusionEncoding) column->encoding)
	{
		case FUSION_ENCODING_BOOL8:
			return BoolGetDatum(*at != 0);
		case FUSION_ENCODING_INT8:
			return CharGetDatum((char) *at);
		case FUSION_ENCODING_INT16:
			return Int16GetDatum(*(const int16 *) at);
		case FUSION_ENCODING_INT32:
			return Int32GetDatum(*(const int32 *) at);
		case FUSION_ENCODING_INT64:
			return Int64GetDatum(*(const int64 *) at);
		case FUSION_ENCODING_FLOAT32:
			return Float4GetDatum(*(const float4 *) at);
		case FUSION_ENCODING_FLOAT64:
			return Float8GetDatum(*(const float8 *) at);
		case FUSION_ENCODING_DECIMAL64:
			return fusion_numeric_from_int64(*(const int64 *) at, column->scale);
		case FUSION_ENCODING_DECIMAL128:
			{
				int128		decimal;

				memcpy(&decimal, at, sizeof(decimal));
				return fusion_numeric_from_int128(decimal, column->scale);
			}
		case FUSION_ENCODING_TEXT:
		case FUSION_ENCODING_DATUM:
			{
				FusionView	view;

				memcpy(&view, at, sizeof(view));
				return make_by_reference(import, column, &view);
			}
		case FUSION_ENCODING_TEXT4:
		case FUSION_ENCODING_TEXT8:
			{
				char		packed[8];

				memcpy(packed, at, column->width);
				return make_padded(column, packed, strnlen(packed, column->width));
			}
	}
	malformed("an unknown encoding");
	return (Datum) 0;
}

void
fusion_import_row(FusionImport *import, uint32 row, TupleTableSlot *slot, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);

	Assert(row < import->rows);
	Assert(slot->tts_tupleDescriptor->natts >= import->column_count);
	ExecClearTuple(slot);
	for (int i = 0; i < import->column_count; i++)
	{
		const ImportColumn *column = &import->columns[i];
		bool		is_null = column->has_nulls && !(column->validity[row >> 3] & (1 << (row & 7)));

		slot->tts_isnull[i] = is_null;
		slot->tts_values[i] = is_null ? (Datum) 0 : make_datum(import, column, row);
	}
	ExecStoreVirtualTuple(slot);
	MemoryContextSwitchTo(caller);
}
