/*
 * import_fuzz_test.c
 *    Pages written by page_writer.c come back through import.c as the same datums, also a page of one row that fits
 *    no other and comes in parts; pages with changed bytes give an error or other values, never a read outside the
 *    page. The page is one allocation of its exact size under AddressSanitizer.
 */
#include "server_stubs.h"

#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "import.h"
#include "numeric_codec.h"
#include "page_writer.h"

#define COLUMNS_MAX 12
#define ROWS_MAX 400
#define PAGE_BYTES FUSION_PAGE_BYTES_MIN
#define PARTS_MAX 4

typedef struct Kind
{
	uint8		encoding;
	Oid			type;
	int16		length;
	bool		by_value;
	int32		typmod;
} Kind;

static const Kind kinds[] = {
	{FUSION_ENCODING_BOOL8, BOOLOID, 1, true, -1},
	{FUSION_ENCODING_INT8, CHAROID, 1, true, -1},
	{FUSION_ENCODING_INT16, INT2OID, 2, true, -1},
	{FUSION_ENCODING_INT32, INT4OID, 4, true, -1},
	{FUSION_ENCODING_INT64, INT8OID, 8, true, -1},
	{FUSION_ENCODING_FLOAT32, FLOAT4OID, 4, true, -1},
	{FUSION_ENCODING_FLOAT64, FLOAT8OID, 8, true, -1},
	{FUSION_ENCODING_DECIMAL64, NUMERICOID, -1, false, -1},
	{FUSION_ENCODING_DECIMAL128, NUMERICOID, -1, false, -1},
	{FUSION_ENCODING_TEXT, TEXTOID, -1, false, -1},
	{FUSION_ENCODING_TEXT, BPCHAROID, -1, false, VARHDRSZ + 20},
	{FUSION_ENCODING_DATUM, UUIDOID, 16, false, -1},
	{FUSION_ENCODING_DATUM, BYTEAOID, -1, false, -1}
};

static uint64 seed;
static FusionColumn columns[COLUMNS_MAX];
static FusionPageSchema schema = {.columns = columns, .fingerprint = 42};
static Datum values[ROWS_MAX][COLUMNS_MAX];
static bool nulls[ROWS_MAX][COLUMNS_MAX];

/* The slot's own functions are not those of a server. */
static void
clear_slot(TupleTableSlot *slot)
{
	slot->tts_nvalid = 0;
}

static const TupleTableSlotOps slot_operations = {.clear = clear_slot};

static void
choose_columns(void)
{
	schema.column_count = 1 + (int) random_below(&seed, COLUMNS_MAX);
	for (int i = 0; i < schema.column_count; i++)
	{
		const Kind *kind = &kinds[random_below(&seed, lengthof(kinds))];

		memset(&columns[i], 0, sizeof(columns[i]));
		columns[i].encoding = kind->encoding;
		columns[i].type = kind->type;
		columns[i].typlen = kind->length;
		columns[i].typbyval = kind->by_value;
		columns[i].typmod = kind->typmod;
		if (kind->type == NUMERICOID)
			columns[i].scale = (int16) random_below(&seed, 10);
	}
}

/* char(20) is always padded to its length; other varlenas are of any length, now and then long. */
static uint32
random_length(const FusionColumn *column)
{
	if (column->type == BPCHAROID)
		return (uint32) column->typmod - VARHDRSZ;
	return random_below(&seed, 30) == 0 ? random_below(&seed, 3000) : random_below(&seed, 30);
}

static Datum
random_varlena(const FusionColumn *column, uint32 length)
{
	char	   *image = palloc(VARHDRSZ + length);

	SET_VARSIZE(image, VARHDRSZ + length);
	for (uint32 i = 0; i < length; i++)
		VARDATA(image)[i] = (char) ('a' + random_below(&seed, 26));
	if (column->type == BPCHAROID)
		for (uint32 i = random_below(&seed, length + 1); column->type == BPCHAROID && i < length; i++)
		VARDATA(image)[i] = ' ';
	return PointerGetDatum(image);
}

static Datum
random_datum(const FusionColumn *column)
{
	uint64		bits = next_random(&seed);

	switch ((FusionEncoding) column->encoding)
	{
		case FUSION_ENCODING_BOOL8:
			return BoolGetDatum(bits & 1);
		case FUSION_ENCODING_INT8:
			return CharGetDatum((char) bits);
		case FUSION_ENCODING_INT16:
			return Int16GetDatum((int16) bits);
		case FUSION_ENCODING_INT32:
		case FUSION_ENCODING_FLOAT32:
			return Int32GetDatum((int32) bits);
		case FUSION_ENCODING_INT64:
		case FUSION_ENCODING_FLOAT64:
			return Int64GetDatum((int64) bits);
		case FUSION_ENCODING_DECIMAL64:
			return fusion_numeric_from_int64((int64) (bits % 1000000000) - 500000000, column->scale);
		case FUSION_ENCODING_DECIMAL128:
			return fusion_numeric_from_int128((int128) (int64) bits * 1000000007, column->scale);
		default:
			break;
	}
	if (column->typlen > 0)
	{
		char	   *image = palloc(column->typlen);

		for (int i = 0; i < column->typlen; i++)
			image[i] = (char) next_random(&seed);
		return PointerGetDatum(image);
	}
	return random_varlena(column, random_length(column));
}

static void
random_row(uint32 row)
{
	for (int i = 0; i < schema.column_count; i++)
	{
		nulls[row][i] = random_below(&seed, 5) == 0;
		values[row][i] = nulls[row][i] ? (Datum) 0 : random_datum(&columns[i]);
	}
}

/* Fills the page with random rows until it is full or enough; returns how many. */
static uint32
write_page(FusionPageWriter *writer, uint8 *page, uint32 *bytes)
{
	uint32		row = 0;
	FusionFill	filled;

	fusion_page_begin(writer, page, PAGE_BYTES);
	for (; row < ROWS_MAX; row++)
	{
		random_row(row);
		if (!fusion_page_append(writer, values[row], nulls[row]))
			break;
	}
	filled = fusion_page_finish(writer);
	*bytes = filled.bytes;
	CHECK(filled.rows == row && filled.large == NULL && *bytes <= PAGE_BYTES);
	return row;
}

/* One row with a text longer than a page; returns the page that the writer made of it. */
static uint8 *
write_large_page(FusionPageWriter *writer, uint8 *page, uint32 *bytes)
{
	FusionFill	filled;

	random_row(0);
	nulls[0][0] = false;
	values[0][0] = random_varlena(&columns[0], PAGE_BYTES + random_below(&seed, (PARTS_MAX - 2) * PAGE_BYTES));
	fusion_page_begin(writer, page, PAGE_BYTES);
	CHECK(fusion_page_append(writer, values[0], nulls[0]));
	CHECK(!fusion_page_append(writer, values[0], nulls[0]));
	filled = fusion_page_finish(writer);
	CHECK(filled.rows == 1 && filled.large != NULL && filled.bytes > PAGE_BYTES && !filled.end);
	*bytes = filled.bytes;
	return unconstify(uint8 *, filled.large);
}

/* As it comes by a ring: in parts where it is larger than a page. */
static uint32
adopt(FusionImport *import, const uint8 *page, uint32 bytes)
{
	uint32		sent = 0;

	for (; bytes - sent > PAGE_BYTES; sent += PAGE_BYTES)
		CHECK(fusion_import_part(import, page + sent, PAGE_BYTES, PAGE_BYTES, false) == 0);
	return fusion_import_part(import, page + sent, PAGE_BYTES, bytes - sent, true);
}

static void
check_datum(const FusionColumn *column, Datum expected, Datum actual)
{
	if (column->typbyval)
		CHECK(expected == actual);
	else if (column->typlen > 0)
		CHECK(memcmp(DatumGetPointer(expected), DatumGetPointer(actual), column->typlen) == 0);
	else
	{
		uint32		size = VARSIZE(DatumGetPointer(expected));

		CHECK(VARSIZE(DatumGetPointer(actual)) == size);
		CHECK(memcmp(DatumGetPointer(expected), DatumGetPointer(actual), size) == 0);
	}
}

static void
import_and_check(FusionImport *import, TupleTableSlot *slot, const uint8 *page, uint32 rows, uint32 bytes)
{
	if (setjmp(stub_error_jump) != 0)
	{
		fprintf(stderr, "a sound page was refused: %s\n", stub_error_message);
		abort();
	}
	CHECK(adopt(import, page, bytes) == rows);
	for (uint32 row = 0; row < rows; row++)
	{
		fusion_import_row(import, row, slot, NULL);
		for (int i = 0; i < schema.column_count; i++)
		{
			CHECK(slot->tts_isnull[i] == nulls[row][i]);
			if (!nulls[row][i])
				check_datum(&columns[i], values[row][i], slot->tts_values[i]);
		}
	}
}

/* Changes a few bytes, mostly where they steer reads: header, column table, views, which end as the sound page says. */
static void
damage(uint8 *page, uint32 views_end)
{
	uint32		changes = 1 + random_below(&seed, 4);
	uint32		table_end = sizeof(FusionPageHeader) + schema.column_count * sizeof(FusionPageColumn);

	while (changes-- > 0)
	{
		uint32		end = random_below(&seed, 3) == 0 ? table_end : views_end;
		uint32		at = random_below(&seed, end);

		page[at] = random_below(&seed, 2) == 0 ? 0xFF : (uint8) next_random(&seed);
	}
}

/* Whatever comes out is acceptable, but every byte of it was read from the page. */
static bool
import_damaged(FusionImport *import, TupleTableSlot *slot, const uint8 *page, uint32 bytes)
{
	if (setjmp(stub_error_jump) != 0)
		return false;
	for (uint32 row = 0, rows = adopt(import, page, bytes); row < rows; row++)
		fusion_import_row(import, row, slot, NULL);
	return true;
}

/* The page and the same with changes; how many of those were refused is added up. */
static void
import_sound_and_damaged(FusionImport *import, TupleTableSlot *slot, uint8 *page, uint32 rows, uint32 bytes,
						 uint64 *refused)
{
	uint32		views_end = ((const FusionPageHeader *) page)->tail_offset;

	import_and_check(import, slot, page, rows, bytes);
	CHECK(views_end > 0 && views_end <= bytes);
	for (int i = 0; i < 10; i++)
	{
		damage(page, views_end);
		*refused += !import_damaged(import, slot, page, bytes);
	}
}

static void
run_once(uint64 *refused)
{
	uint8	   *page;
	uint32		bytes;
	uint32		rows;
	TupleDescData descriptor = {0};
	Datum		slot_values[COLUMNS_MAX];
	bool		slot_nulls[COLUMNS_MAX];
	TupleTableSlot slot = {.tts_ops = &slot_operations, .tts_tupleDescriptor = &descriptor,
	.tts_values = slot_values, .tts_isnull = slot_nulls};
	FusionPageWriter *writer;
	FusionImport *import;

	CHECK(posix_memalign((void **) &page, FUSION_PAGE_BUFFER_ALIGN, PAGE_BYTES) == 0);
	choose_columns();
	descriptor.natts = schema.column_count;
	writer = fusion_page_writer_create(&schema);
	import = fusion_import_create(&schema);
	if (columns[0].type == TEXTOID && random_below(&seed, 4) == 0)
	{
		uint8	   *large = write_large_page(writer, page, &bytes);

		import_sound_and_damaged(import, &slot, large, 1, bytes, refused);
	}
	rows = write_page(writer, page, &bytes);
	import_sound_and_damaged(import, &slot, page, rows, bytes, refused);
	free(page);
	stub_free_memory();
}

int
main(void)
{
	const char *given = getenv("PG_FUSION_SEED");
	double		end = seconds_now() + soak_seconds(4);
	uint64		pages = 0;
	uint64		refused = 0;

	seed = given != NULL ? strtoull(given, NULL, 10) : (uint64) (seconds_now() * 1e9);
	fprintf(stderr, "  PG_FUSION_SEED=%llu\n", (unsigned long long) seed);
	for (; seconds_now() < end; pages++)
		run_once(&refused);
	fprintf(stderr, "  %llu pages, %llu damaged ones refused\n", (unsigned long long) pages,
			(unsigned long long) refused);
	CHECK(refused > 0);
	return 0;
}
