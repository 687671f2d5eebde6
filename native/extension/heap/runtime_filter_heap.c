/*
 * runtime_filter_heap.c
 *    See runtime_filter_heap.h. Keys are decoded by the same kernels as the page's columns, into arrays of a block's
 *    rows, then turned into words column by column and tested filter by filter.
 */
#include "postgres.h"

#include "runtime_filter_heap.h"

#include "numeric_codec.h"

/* Room for every row of a block in all per-row arrays. */
#define ROWS_MAX MaxHeapTuplesPerPage

/* One attribute that some filter compares. */
typedef struct KeyColumn
{
	int			column;			/* of the page */
	FusionDecode decode;
	FusionColumnWriter writer;	/* stand-in for a page column: kernels write the block's rows from row 0 */
	bool		is_bytes;
	bool		any_null;
	int64	   *words;			/* values, or the low words of decimals */
	int64	   *high;			/* high words, of decimals */
	FusionPayload *payloads;	/* of bytes */
	uint8	   *nulls;
} KeyColumn;

struct FusionHeapFilters
{
	FusionRowFilters *rows;
	int			key_count;
	KeyColumn  *keys;			/* by attribute */
	int			key_of[FUSION_LEAF_FILTERS_MAX][FUSION_LEAF_FILTER_KEYS_MAX];
	FusionPageWriter scratch;
	uint64	   *hashes;
	uint8	   *keep;
};

static int
compare_keys(const void *left, const void *right)
{
	return ((const KeyColumn *) left)->decode.attribute - ((const KeyColumn *) right)->decode.attribute;
}

static int
find_key(const FusionHeapFilters *filters, int attribute)
{
	for (int i = 0; i < filters->key_count; i++)
		if (filters->keys[i].decode.attribute == attribute)
			return i;
	return -1;
}

static void
add_key(FusionHeapFilters *filters, const FusionTupleLayout *layout, int attribute, int column,
		const FusionColumnWriter *page_column)
{
	KeyColumn  *key;

	if (find_key(filters, attribute) >= 0)
		return;
	key = &filters->keys[filters->key_count++];
	key->column = column;
	key->writer = *page_column;
	/* Packed text is hashed by its bytes, as the engine's views are. */
	key->is_bytes = page_column->is_view || fusion_is_packed_text(page_column->encoding);
	key->nulls = palloc0(ROWS_MAX);
	if (key->is_bytes)
		key->payloads = palloc0(sizeof(FusionPayload) * ROWS_MAX);
	else
	{
		/* The widest value: kernels write them here, and words take their place. */
		key->writer.values = palloc0(ROWS_MAX * sizeof(int128));
		key->words = palloc0(ROWS_MAX * sizeof(int64));
		key->high = palloc0(ROWS_MAX * sizeof(int64));
	}
	fusion_decode_init(&key->decode, layout, attribute, 0, &key->writer);
}

FusionHeapFilters *
fusion_heap_filters_create(FusionRowFilters *rows, const FusionTupleLayout *layout, const int *attribute_of_column,
						   const FusionColumnWriter *columns)
{
	MemoryContext outer = MemoryContextSwitchTo(rows->context);
	FusionHeapFilters *filters = palloc0(sizeof(FusionHeapFilters));

	filters->rows = rows;
	filters->keys = palloc0(sizeof(KeyColumn) * FUSION_LEAF_FILTERS_MAX * FUSION_LEAF_FILTER_KEYS_MAX);
	filters->hashes = palloc0(sizeof(uint64) * ROWS_MAX);
	filters->keep = palloc0(ROWS_MAX);
	for (int i = 0; i < rows->count; i++)
	{
		const FusionLeafFilter *plan = rows->filters[i].plan;

		for (int k = 0; k < plan->key_count; k++)
			add_key(filters, layout, attribute_of_column[plan->keys[k].column], plan->keys[k].column,
					&columns[plan->keys[k].column]);
	}
	qsort(filters->keys, filters->key_count, sizeof(KeyColumn), compare_keys);
	for (int i = 0; i < rows->count; i++)
	{
		const FusionLeafFilter *plan = rows->filters[i].plan;

		for (int k = 0; k < plan->key_count; k++)
			filters->key_of[i][k] = find_key(filters, attribute_of_column[plan->keys[k].column]);
	}
	MemoryContextSwitchTo(outer);
	return filters;
}

bool
fusion_heap_filters_precede(const FusionHeapFilters *filters, int attribute)
{
	for (int i = 0; i < filters->rows->count; i++)
	{
		const FusionLeafFilter *plan = filters->rows->filters[i].plan;

		if (plan->key_count > 1 || plan->keys[0].kind != FUSION_FILTER_KEY_WORD)
			return false;
	}
	return filters->keys[filters->key_count - 1].decode.attribute < attribute;
}

/* ---- keys of a block ---- */

static bool
decode_bytes(KeyColumn *key, FusionWalk *walk, FusionReach reach)
{
	for (int row = 0; row < walk->count; row++)
	{
		FusionPayload *payload = &key->payloads[row];

		if (!key->writer.is_varlena)
		{
			if (key->writer.typlen <= 0)
				return false;
			payload->bytes = fusion_fixed_at(&key->decode, walk, reach, row, key->writer.typlen);
			payload->length = (uint32) key->writer.typlen;
			continue;
		}
		if (!fusion_varlena_payload(walk, reach, row, payload))
			return false;
		if (key->writer.trims_blanks)
			payload->length = fusion_trimmed_length_overread(payload->bytes, payload->length);
	}
	return true;
}

/* Values as the kernel left them to words. */
static void
make_words(KeyColumn *key, int count)
{
	const void *values = key->writer.values;

	switch ((FusionEncoding) key->writer.encoding)
	{
		case FUSION_ENCODING_BOOL8:
			for (int row = 0; row < count; row++)
				key->words[row] = ((const uint8 *) values)[row];
			break;
		case FUSION_ENCODING_INT16:
			for (int row = 0; row < count; row++)
				key->words[row] = ((const int16 *) values)[row];
			break;
		case FUSION_ENCODING_INT32:
			for (int row = 0; row < count; row++)
				key->words[row] = ((const int32 *) values)[row];
			break;
		case FUSION_ENCODING_FLOAT32:
			for (int row = 0; row < count; row++)
				key->words[row] = fusion_filter_float32_word(((const float4 *) values)[row]);
			break;
		case FUSION_ENCODING_FLOAT64:
			for (int row = 0; row < count; row++)
				key->words[row] = fusion_filter_float64_word(((const float8 *) values)[row]);
			break;
		case FUSION_ENCODING_DECIMAL128:
			for (int row = 0; row < count; row++)
			{
				key->words[row] = ((const int64 *) values)[2 * row];
				key->high[row] = ((const int64 *) values)[2 * row + 1];
			}
			break;
		default:
			memcpy(key->words, values, sizeof(int64) * count);
			break;
	}
}

static bool
decode_key(FusionHeapFilters *filters, KeyColumn *key, FusionWalk *walk)
{
	FusionReach reach = fusion_walk_to(walk, key->decode.attribute, key->decode.null_image);

	key->any_null = reach == FUSION_REACH_VALUE;
	if (key->any_null)
		memcpy(key->nulls, walk->is_null, walk->count);
	if (key->is_bytes)
	{
		if (!decode_bytes(key, walk, reach))
			return false;
	}
	else
	{
		if (!key->decode.kernel(&key->decode, walk, reach, &filters->scratch, &key->writer))
			return false;
		make_words(key, walk->count);
	}
	fusion_walk_passed(walk, key->decode.attribute, reach);
	return true;
}

/* ---- tests ---- */

static void
mix_key(const KeyColumn *key, uint16 kind, uint64 *hashes, int count)
{
	bool		widens = key->writer.encoding == FUSION_ENCODING_DECIMAL64;

	switch (kind)
	{
		case FUSION_FILTER_KEY_WORD:
			for (int row = 0; row < count; row++)
				hashes[row] = fusion_filter_mix(hashes[row], (uint64) key->words[row]);
			break;
		case FUSION_FILTER_KEY_PAIR:
			for (int row = 0; row < count; row++)
			{
				int64		low = key->words[row];
				int64		high = widens ? low >> 63 : key->high[row];

				/* The one value of 64 bits that is another one of 128. */
				if (widens && low == FUSION_DECIMAL64_NAN)
				{
					low = (int64) FUSION_DECIMAL128_NAN;
					high = (int64) (FUSION_DECIMAL128_NAN >> 64);
				}
				hashes[row] = fusion_filter_mix(fusion_filter_mix(hashes[row], (uint64) low), (uint64) high);
			}
			break;
		default:
			for (int row = 0; row < count; row++)
				hashes[row] = fusion_filter_mix_bytes(hashes[row], key->payloads[row].bytes, key->payloads[row].length);
			break;
	}
}

static uint32
count_kept(const uint8 *keep, int count)
{
	uint32		kept = 0;

	for (int row = 0; row < count; row++)
		kept += keep[row];
	return kept;
}

static void
test_filter(FusionHeapFilters *filters, int number, int count)
{
	const FusionRowFilter *filter = &filters->rows->filters[number];
	const FusionLeafFilter *plan = filter->plan;
	const KeyColumn *first = &filters->keys[filters->key_of[number][0]];

	for (int k = 0; k < plan->key_count; k++)
	{
		const KeyColumn *key = &filters->keys[filters->key_of[number][k]];

		/* A join key that is NULL matches nothing. */
		for (int row = 0; key->any_null && row < count; row++)
			filters->keep[row] &= (uint8) !key->nulls[row];
	}
	if (fusion_row_filter_has_one_word(filter))
	{
		fusion_filter_test_words(&filter->view, first->words, (uint32) count, filters->keep);
		return;
	}
	memset(filters->hashes, 0, sizeof(uint64) * count);
	for (int k = 0; k < plan->key_count; k++)
		mix_key(&filters->keys[filters->key_of[number][k]], plan->keys[k].kind, filters->hashes, count);
	for (int row = 0; row < count; row++)
		filters->hashes[row] = fusion_filter_finish(filters->hashes[row]);
	fusion_filter_test_hashes(&filter->view, filters->hashes, (uint32) count, filters->keep);
}

bool
fusion_heap_filters_run(FusionHeapFilters *filters, const FusionTupleLayout *layout, FusionTupleBatch *batch)
{
	FusionWalk	walk;
	int			count = batch->count;
	uint32		kept = (uint32) count;

	if (!fusion_row_filters_ready(filters->rows, (uint32) count))
		return true;
	fusion_walk_begin(&walk, layout, batch, 0, count);
	for (int i = 0; i < filters->key_count; i++)
		if (!decode_key(filters, &filters->keys[i], &walk))
			return false;
	memset(filters->keep, 1, count);
	for (int i = 0; i < filters->rows->count && kept > 0; i++)
	{
		FusionRowFilter *filter = &filters->rows->filters[i];
		uint32		left;

		if (filter->stats.state != FUSION_ROW_FILTER_TESTING)
			continue;
		test_filter(filters, i, count);
		left = count_kept(filters->keep, count);
		fusion_row_filter_tested(filter, kept, kept - left);
		kept = left;
	}
	if (kept < (uint32) count)
		fusion_tuple_batch_compact(batch, layout, filters->keep);
	return true;
}
