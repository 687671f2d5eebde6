/*
 * scan_check.c
 *    pg_fusion_scan_check(): reads a table three ways at once, through PostgreSQL's executor and through pages
 *    of both producers, and compares every value's image. The oracle of the producer tests; no part of how
 *    statements are executed.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "fmgr.h"
#include "fusion_encodings.h"
#include "fusion_layout.h"
#include "import.h"
#include "numeric_codec.h"
#include "scan_probe.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(pg_fusion_scan_check);

/* Rows of one producer, taken back out of its pages. */
typedef struct PageStream
{
	const char *path;
	QueryDesc  *query;
	FusionProducer *producer;
	FusionImport *import;
	TupleTableSlot *slot;
	MemoryContext row_context;
	uint8	   *page;
	const uint8 *filled;		/* it, or a larger one */
	uint32		page_bytes;
	uint32		row;
	uint32		rows;
	bool		ended;
} PageStream;

static void
open_stream(PageStream *stream, FusionProbe *probe, const char *path, uint32 page_bytes)
{
	memset(stream, 0, sizeof(*stream));
	stream->path = path;
	stream->query = fusion_probe_start(probe);
	stream->producer = fusion_probe_producer(probe, stream->query, path);
	stream->import = fusion_import_create(&probe->schema);
	stream->slot = MakeSingleTupleTableSlot(stream->query->tupDesc, &TTSOpsVirtual);
	stream->row_context = AllocSetContextCreate(CurrentMemoryContext, "pg_fusion check", ALLOCSET_DEFAULT_SIZES);
	stream->page = fusion_probe_pages(1);
	stream->page_bytes = page_bytes;
}

static void
close_stream(PageStream *stream)
{
	stream->producer->end(stream->producer);
	ExecDropSingleTupleTableSlot(stream->slot);
	fusion_probe_finish(stream->query);
}

/* Value of an integer column, for its bounds. */
static int64
integer_at(const uint8 *values, uint32 row, uint8 encoding)
{
	switch (fusion_encoding_width[encoding])
	{
		case 2:
			return ((const int16 *) values)[row];
		case 4:
			return ((const int32 *) values)[row];
		default:
			return ((const int64 *) values)[row];
	}
}

/* What the column table says of a page must hold for its rows: null counts, bounds, NaN flags. */
static void
check_column_table(const PageStream *stream)
{
	const FusionPageHeader *header = (const FusionPageHeader *) stream->filled;
	const FusionPageColumn *table = (const FusionPageColumn *) (stream->filled + sizeof(FusionPageHeader));

	for (int i = 0; i < header->column_count; i++)
	{
		const FusionPageColumn *column = &table[i];
		const uint8 *validity = stream->filled + column->validity_offset;
		uint32		nulls = 0;
		bool		within = true;
		bool		special = false;

		for (uint32 row = 0; row < header->row_count; row++)
		{
			bool		is_null = !(validity[row >> 3] & (1 << (row & 7)));
			int64		value;

			nulls += is_null;
			if (is_null || column->encoding > FUSION_ENCODING_DECIMAL64 ||
				fusion_encoding_width[column->encoding] < 2)
				continue;
			value = integer_at(stream->filled + column->values_offset, row, (uint8) column->encoding);
			if (column->flags & FUSION_COLUMN_FLAG_RANGE)
				within = within && value >= column->min && value <= column->max;
			special |= column->encoding == FUSION_ENCODING_DECIMAL64 && value == FUSION_DECIMAL64_NAN;
		}
		if (nulls != column->null_count || !within || (special && !(column->flags & FUSION_COLUMN_FLAG_SPECIAL)))
			elog(ERROR, "pg_fusion: path %s describes column %d of a page wrongly", stream->path, i + 1);
	}
}

/* The next row in the stream's slot; false at the end. */
static bool
next_row(PageStream *stream)
{
	while (stream->row == stream->rows)
	{
		FusionFill	filled;

		if (stream->ended)
			return false;
		/* Stale bytes must never shine through. */
		memset(stream->page, 0xA5, stream->page_bytes);
		filled = stream->producer->fill(stream->producer, stream->page, stream->page_bytes);
		stream->ended = filled.end;
		stream->filled = filled.large != NULL ? filled.large : stream->page;
		stream->row = stream->rows = 0;
		if (filled.rows == 0)
			continue;
		stream->rows = fusion_import_page(stream->import, stream->filled,
										  filled.large != NULL ? filled.bytes : stream->page_bytes, filled.bytes);
		if (stream->rows != filled.rows)
			elog(ERROR, "pg_fusion: the page of path %s says %u rows, its producer %u", stream->path, stream->rows,
				 filled.rows);
		check_column_table(stream);
	}
	MemoryContextReset(stream->row_context);
	fusion_import_row(stream->import, stream->row++, stream->slot, stream->row_context);
	return true;
}

/* Column where the rows differ, counted from 1; 0 when they are equal. */
static int
first_difference(TupleTableSlot *expected, TupleTableSlot *actual)
{
	TupleDesc	descriptor = actual->tts_tupleDescriptor;

	slot_getallattrs(expected);
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (expected->tts_isnull[i] != actual->tts_isnull[i])
			return i + 1;
		if (!expected->tts_isnull[i] &&
			!datum_image_eq(expected->tts_values[i], actual->tts_values[i], attribute->attbyval, attribute->attlen))
			return i + 1;
	}
	return 0;
}

static bool
compare_next(PageStream *stream, TupleTableSlot *expected, uint64 row)
{
	bool		found = next_row(stream);
	int			column;

	if (found != !TupIsNull(expected))
	{
		ereport(WARNING,
				(errmsg("pg_fusion: path %s ends %s row %llu", stream->path, found ? "after" : "before",
						(unsigned long long) row)));
		return false;
	}
	if (!found)
		return true;
	column = first_difference(expected, stream->slot);
	if (column != 0)
		ereport(WARNING,
				(errmsg("pg_fusion: path %s differs in row %llu, column %d", stream->path, (unsigned long long) row,
						column)));
	return column == 0;
}

/* (relation, qual, page bytes) -> whether all three agree; a WARNING names the first difference. */
Datum
pg_fusion_scan_check(PG_FUNCTION_ARGS)
{
	char	   *qual = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	uint32		page_bytes = (uint32) PG_GETARG_INT32(2);
	int			nesting = NewGUCNestLevel();
	FusionProbe *probe = fusion_probe_plan(PG_GETARG_OID(0), 0, NULL, qual);
	PageStream	streams[2];
	QueryDesc  *reference;
	uint64		row = 0;
	bool		equal = true;

	if (page_bytes < FUSION_PAGE_BYTES_MIN || page_bytes > FUSION_PROBE_PAGE_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("pg_fusion: a probe's page has %d to %d bytes", FUSION_PAGE_BYTES_MIN,
						FUSION_PROBE_PAGE_BYTES)));

	/* Rows are compared by position, so every scan must begin at block 0. */
	(void) set_config_option("synchronize_seqscans", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
	reference = fusion_probe_start(probe);
	open_stream(&streams[0], probe, "executor", page_bytes);
	open_stream(&streams[1], probe, "heap batches", page_bytes);
	while (equal)
	{
		TupleTableSlot *expected = ExecProcNode(reference->planstate);

		row++;
		for (int i = 0; i < (int) lengthof(streams); i++)
			equal = compare_next(&streams[i], expected, row) && equal;
		if (TupIsNull(expected))
			break;
	}
	for (int i = 0; i < (int) lengthof(streams); i++)
		close_stream(&streams[i]);
	fusion_probe_finish(reference);
	AtEOXact_GUC(true, nesting);
	PG_RETURN_BOOL(equal);
}
