/*
 * row_filter.c
 *    See row_filter.h. A filter is looked for at each block or row until it has come; it then rests whenever it has
 *    rejected too little for a while, because testing costs about as much as encoding a narrow row.
 */
#include "postgres.h"

#include "row_filter.h"

#include "metrics.h"
#include "numeric_codec.h"
#include "region_host.h"

/* Rows after which a filter is judged: some 200 blocks of a usual table. */
#define WINDOW_ROWS 16384
/* It must reject one row in so many to go on. */
#define REJECTED_PART_MIN 20
/* It then rests for this many windows, and twice as many each time again: clustered tables change along the way. */
#define FIRST_REST_WINDOWS 16

FusionRowFilters *
fusion_row_filters_create(const FusionLeafFilters *planned, const FusionLease *leases)
{
	FusionRowFilters *filters;

	if (planned->count == 0)
		return NULL;
	filters = palloc0(sizeof(FusionRowFilters));
	filters->context = CurrentMemoryContext;
	filters->count = planned->count;
	for (int i = 0; i < planned->count; i++)
	{
		FusionRowFilter *filter = &filters->filters[i];

		filter->plan = &planned->filters[i];
		filter->lease = leases[i];
		filter->stats.state = leases[i].epoch != 0 ? FUSION_ROW_FILTER_WAITING : FUSION_ROW_FILTER_NO_SLOT;
		filter->next_rest = (uint64) FIRST_REST_WINDOWS * WINDOW_ROWS;
	}
	return filters;
}

static void
look(FusionRowFilter *filter)
{
	switch (fusion_filter_attach(&fusion_region, filter->lease, &filter->view))
	{
		case FUSION_OK:
			filter->stats.state = FUSION_ROW_FILTER_TESTING;
			break;
		case FUSION_EMPTY:
			break;
		default:
			filter->stats.state = FUSION_ROW_FILTER_DECLINED;
	}
}

bool
fusion_row_filters_ready(FusionRowFilters *filters, uint32 rows)
{
	bool		any = false;

	for (int i = 0; i < filters->count; i++)
	{
		FusionRowFilter *filter = &filters->filters[i];

		if (filter->stats.state == FUSION_ROW_FILTER_WAITING)
			look(filter);
		if (filter->stats.state == FUSION_ROW_FILTER_RESTING)
		{
			if (filter->rest_rows > rows)
				filter->rest_rows -= rows;
			else
				filter->stats.state = FUSION_ROW_FILTER_TESTING;
		}
		if (filter->stats.state == FUSION_ROW_FILTER_TESTING)
			any = true;
		else
			filter->stats.untested += rows;
	}
	return any;
}

void
fusion_row_filter_tested(FusionRowFilter *filter, uint32 rows, uint32 rejected)
{
	filter->stats.tested += rows;
	filter->stats.rejected += rejected;
	filter->window_tested += rows;
	filter->window_rejected += rejected;
	if (filter->window_tested < WINDOW_ROWS)
		return;
	if (filter->window_rejected < filter->window_tested / REJECTED_PART_MIN)
	{
		filter->stats.state = FUSION_ROW_FILTER_RESTING;
		filter->rest_rows = filter->next_rest;
		filter->next_rest *= 2;
		filter->dropped = true;
	}
	filter->window_tested = 0;
	filter->window_rejected = 0;
}

static bool
mix_bytes(const FusionColumnWriter *column, Datum value, uint64 *hash)
{
	const char *bytes = (const char *) DatumGetPointer(value);
	uint32		length = (uint32) column->typlen;

	if (column->is_varlena)
	{
		const struct varlena *packed = (const struct varlena *) bytes;

		/* Detoasting it here and again for the page would cost more than the row. */
		if (VARATT_IS_EXTERNAL(packed) || VARATT_IS_COMPRESSED(packed))
			return false;
		bytes = VARDATA_ANY(packed);
		length = VARSIZE_ANY_EXHDR(packed);
		if (column->trims_blanks)
			length = fusion_trimmed_length(bytes, length);
	}
	else if (column->typlen <= 0)
		return false;
	*hash = fusion_filter_mix_bytes(*hash, (const uint8 *) bytes, length);
	return true;
}

static bool
mix_decimal(const FusionColumnWriter *column, uint16 kind, Datum value, uint64 *hash, int64 *word)
{
	const struct varlena *packed = (const struct varlena *) DatumGetPointer(value);
	const uint8 *payload = (const uint8 *) VARDATA_ANY(packed);
	int128		decimal;

	if (VARATT_IS_EXTERNAL(packed) || VARATT_IS_COMPRESSED(packed))
		return false;
	if (column->encoding == FUSION_ENCODING_DECIMAL128)
		decimal = fusion_numeric_to_int128(payload, VARSIZE_ANY_EXHDR(packed), column->scale);
	else
	{
		*word = fusion_numeric_to_int64(payload, VARSIZE_ANY_EXHDR(packed), column->scale);
		/* The one value of 64 bits that is another one of 128. */
		decimal = *word == FUSION_DECIMAL64_NAN ? FUSION_DECIMAL128_NAN : (int128) *word;
	}
	if (kind == FUSION_FILTER_KEY_WORD)
		*hash = fusion_filter_mix(*hash, (uint64) *word);
	else
		*hash = fusion_filter_mix(fusion_filter_mix(*hash, (uint64) decimal), (uint64) (decimal >> 64));
	return true;
}

/* The value's words or bytes into the hash, a single word also to *word; false when it would have to be detoasted. */
static bool
mix_value(const FusionColumnWriter *column, uint16 kind, Datum value, uint64 *hash, int64 *word)
{
	switch ((FusionEncoding) column->encoding)
	{
		case FUSION_ENCODING_BOOL8:
			*word = DatumGetBool(value);
			break;
		case FUSION_ENCODING_INT16:
			*word = DatumGetInt16(value);
			break;
		case FUSION_ENCODING_INT32:
			*word = DatumGetInt32(value);
			break;
		case FUSION_ENCODING_INT64:
			*word = DatumGetInt64(value);
			break;
		case FUSION_ENCODING_FLOAT32:
			*word = fusion_filter_float32_word(DatumGetFloat4(value));
			break;
		case FUSION_ENCODING_FLOAT64:
			*word = fusion_filter_float64_word(DatumGetFloat8(value));
			break;
		case FUSION_ENCODING_TEXT:
		case FUSION_ENCODING_TEXT4:
		case FUSION_ENCODING_TEXT8:
		case FUSION_ENCODING_DATUM:
			return mix_bytes(column, value, hash);
		case FUSION_ENCODING_DECIMAL64:
		case FUSION_ENCODING_DECIMAL128:
			return mix_decimal(column, kind, value, hash, word);
		default:
			return false;
	}
	*hash = fusion_filter_mix(*hash, (uint64) *word);
	return true;
}

bool
fusion_row_filter_has_one_word(const FusionRowFilter *filter)
{
	return filter->plan->key_count == 1 && filter->plan->keys[0].kind == FUSION_FILTER_KEY_WORD;
}

static bool
pass(const FusionRowFilter *filter, const FusionColumnWriter *columns, const Datum *values, const bool *nulls)
{
	uint64		hash = 0;
	int64		word = 0;
	uint8		keep = 1;

	for (int k = 0; k < filter->plan->key_count; k++)
	{
		const FusionFilterColumn *key = &filter->plan->keys[k];

		/* A join key that is NULL matches nothing. */
		if (nulls[key->column])
			return false;
		if (!mix_value(&columns[key->column], key->kind, values[key->column], &hash, &word))
			return true;
	}
	if (fusion_row_filter_has_one_word(filter))
		fusion_filter_test_words(&filter->view, &word, 1, &keep);
	else
	{
		hash = fusion_filter_finish(hash);
		fusion_filter_test_hashes(&filter->view, &hash, 1, &keep);
	}
	return keep != 0;
}

bool
fusion_row_filters_pass(FusionRowFilters *filters, const FusionPageWriter *writer, TupleTableSlot *row)
{
	if (filters == NULL || !fusion_row_filters_ready(filters, 1))
		return true;
	slot_getsomeattrs(row, writer->column_count);
	for (int i = 0; i < filters->count; i++)
	{
		FusionRowFilter *filter = &filters->filters[i];
		bool		passed;

		if (filter->stats.state != FUSION_ROW_FILTER_TESTING)
			continue;
		passed = pass(filter, writer->columns, row->tts_values, row->tts_isnull);
		fusion_row_filter_tested(filter, 1, passed ? 0 : 1);
		if (!passed)
			return false;
	}
	return true;
}

void
fusion_row_filters_count(FusionRowFilters *filters)
{
	for (int i = 0; i < filters->count; i++)
	{
		FusionRowFilter *filter = &filters->filters[i];

		fusion_count(FUSION_METRIC_SCAN_FILTER_ROWS_TESTED, filter->stats.tested - filter->counted.tested);
		fusion_count(FUSION_METRIC_SCAN_FILTER_ROWS_REJECTED, filter->stats.rejected - filter->counted.rejected);
		fusion_count(FUSION_METRIC_SCAN_FILTER_ROWS_UNTESTED, filter->stats.untested - filter->counted.untested);
		fusion_count(FUSION_METRIC_SCAN_FILTERS_DROPPED, filter->dropped ? 1 : 0);
		filter->dropped = false;
		filter->counted = filter->stats;
	}
}

void
fusion_row_filter_stats_add(FusionRowFilterStats *total, const FusionRowFilterStats *stats)
{
	/* A producer that saw no row has nothing to say, and one that came too late says less than one that tested. */
	if (total->tested == 0 && stats->tested + stats->untested > 0)
		total->state = stats->state;
	total->tested += stats->tested;
	total->rejected += stats->rejected;
	total->untested += stats->untested;
}

const char *
fusion_row_filter_reason(const FusionRowFilterStats *stats)
{
	/* No row came. */
	if (stats->tested + stats->untested == 0)
		return NULL;
	switch (stats->state)
	{
		case FUSION_ROW_FILTER_NO_SLOT:
			return "no slot was free";
		case FUSION_ROW_FILTER_WAITING:
			return "not ready in time";
		case FUSION_ROW_FILTER_DECLINED:
			return "too many build rows";
		case FUSION_ROW_FILTER_RESTING:
			return "rejected too little";
		case FUSION_ROW_FILTER_TESTING:
			break;
	}
	return NULL;
}
