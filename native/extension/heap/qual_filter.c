/*
 * qual_filter.c
 *    Runs the simple quals of a scan on a batch: decodes qual columns in attribute order, evaluates each
 *    conjunct as soon as its last column is there, and drops rejected rows before the next column is touched.
 *
 * Read next: qual_compile.c (what is simple), qual_key.c (keys).
 */
#include "postgres.h"

#include "qual.h"

#include "executor/executor.h"
#include "numeric_codec.h"
#include "predicate.h"
#include "qual_text.h"
#include "utils/rel.h"

/* Room for every row of a block in all per-row arrays. */
#define ROWS_MAX MaxHeapTuplesPerPage

static FusionQualColumn *
find_column(FusionQuals *quals, int attribute)
{
	for (int i = 0; i < quals->column_count; i++)
	{
		if (quals->columns[i].attribute == attribute)
			return &quals->columns[i];
	}
	return NULL;
}

/*
 * Registers the attributes of a predicate and allocates its outcome arrays; returns the last attribute it
 * needs.
 */
static int
collect_columns(FusionQuals *quals, FusionPredicate *predicate, TupleDesc descriptor)
{
	int			last = predicate->attribute;

	predicate->yes = palloc0(ROWS_MAX);
	predicate->no = palloc0(ROWS_MAX);
	for (int i = 0; i < predicate->child_count; i++)
	{
		predicate->children[i]->wants_no = true;
		last = Max(last, collect_columns(quals, predicate->children[i], descriptor));
	}
	if (predicate->attribute >= 0)
	{
		FusionQualColumn *column = find_column(quals, predicate->attribute);

		if (column == NULL)
		{
			column = &quals->columns[quals->column_count++];
			column->attribute = predicate->attribute;
			column->kind = FUSION_QUAL_NULLS;
		}
		if (predicate->kind != FUSION_PREDICATE_IS_NULL)
		{
			Form_pg_attribute form = TupleDescAttr(descriptor, predicate->attribute);
			FusionQualType type;
			bool		known pg_attribute_unused() = fusion_qual_type(form->atttypid, form->atttypmod, &type);

			Assert(known);
			column->kind = type.kind;
			column->width = type.width;
			column->scale = type.scale;
			column->trims_blanks = type.trims_blanks;
		}
	}
	return last;
}

static void
bind_columns(FusionQuals *quals, FusionPredicate *predicate)
{
	if (predicate->attribute >= 0)
		predicate->column = find_column(quals, predicate->attribute);
	for (int i = 0; i < predicate->child_count; i++)
		bind_columns(quals, predicate->children[i]);
}

static void
mark_last_conjunct(FusionPredicate *predicate, int conjunct)
{
	if (predicate->column != NULL)
		predicate->column->last_conjunct = Max(predicate->column->last_conjunct, conjunct);
	for (int i = 0; i < predicate->child_count; i++)
		mark_last_conjunct(predicate->children[i], conjunct);
}

static int
compare_columns(const void *left, const void *right)
{
	return ((const FusionQualColumn *) left)->attribute - ((const FusionQualColumn *) right)->attribute;
}

static int
count_attributes(const FusionPredicate *predicate)
{
	int			count = predicate->attribute >= 0 ? 1 : 0;

	for (int i = 0; i < predicate->child_count; i++)
		count += count_attributes(predicate->children[i]);
	return count;
}

/* Conjuncts by the last attribute they need; stable, so equals keep PostgreSQL's order. */
static void
order_conjuncts(FusionQuals *quals, int *last_attributes)
{
	for (int i = 1; i < quals->conjunct_count; i++)
	{
		FusionPredicate *moved = quals->conjuncts[i];
		int			last = last_attributes[i];
		int			at = i;

		for (; at > 0 && last_attributes[at - 1] > last; at--)
		{
			quals->conjuncts[at] = quals->conjuncts[at - 1];
			last_attributes[at] = last_attributes[at - 1];
		}
		quals->conjuncts[at] = moved;
		last_attributes[at] = last;
	}
	for (int i = 0; i < quals->conjunct_count; i++)
		quals->conjuncts[i]->last_attribute = last_attributes[i];
}

static bool
is_plain_range(const FusionPredicate *predicate)
{
	return predicate->kind == FUSION_PREDICATE_RANGE && !predicate->negated;
}

/* Lower and upper bounds of a column, conjuncts of their own, are one range. */
static void
merge_ranges(FusionQuals *quals)
{
	int			kept = 0;

	for (int i = 0; i < quals->conjunct_count; i++)
	{
		FusionPredicate *conjunct = quals->conjuncts[i];
		FusionPredicate *same = NULL;

		for (int j = 0; j < kept && is_plain_range(conjunct); j++)
		{
			if (is_plain_range(quals->conjuncts[j]) && quals->conjuncts[j]->attribute == conjunct->attribute)
				same = quals->conjuncts[j];
		}
		if (same == NULL)
		{
			quals->conjuncts[kept++] = conjunct;
			continue;
		}
		same->low = Max(same->low, conjunct->low);
		same->high = Min(same->high, conjunct->high);
	}
	quals->conjunct_count = kept;
}

/*
 * The conjunct that can be evaluated while the column is read, if it is the only one that becomes ready there and
 * no vector must follow the rows it drops.
 */
static const FusionPredicate *
find_only_range(const FusionQuals *quals, int column)
{
	int			ready = -1;

	for (int i = 0; i < quals->conjunct_count; i++)
	{
		if (quals->conjuncts[i]->last_attribute != quals->columns[column].attribute)
			continue;
		if (ready >= 0)
			return NULL;
		ready = i;
	}
	if (ready < 0 || !is_plain_range(quals->conjuncts[ready]))
		return NULL;
	for (int i = 0; i <= column; i++)
	{
		if (quals->columns[i].last_conjunct > ready)
			return NULL;
	}
	return quals->conjuncts[ready];
}

FusionQuals *
fusion_quals_create(SeqScanState *leaf)
{
	FusionQuals *quals = palloc0(sizeof(FusionQuals));
	List	   *qual = leaf->ss.ps.plan->qual;
	TupleDesc	descriptor = RelationGetDescr(leaf->ss.ss_currentRelation);
	Index		relation = ((Scan *) leaf->ss.ps.plan)->scanrelid;
	int		   *last_attributes = palloc0(sizeof(int) * (list_length(qual) + 1));
	int			references = 0;

	quals->last_attribute = -1;
	quals->conjuncts = palloc0(sizeof(FusionPredicate *) * (list_length(qual) + 1));
	while (quals->taken_count < list_length(qual))
	{
		FusionPredicate *predicate = fusion_predicate_compile(list_nth(qual, quals->taken_count), relation,
															  descriptor, leaf->ss.ps.state->es_param_list_info);

		if (predicate == NULL)
			break;
		references += count_attributes(predicate);
		quals->conjuncts[quals->taken_count++] = predicate;
	}
	quals->conjunct_count = quals->taken_count;
	if (quals->conjunct_count == 0)
		return quals;
	if (quals->taken_count < list_length(qual))
		quals->rest = ExecInitQual(list_copy_tail(qual, quals->taken_count), &leaf->ss.ps);

	quals->columns = palloc0(sizeof(FusionQualColumn) * Max(references, 1));
	for (int i = 0; i < quals->conjunct_count; i++)
	{
		last_attributes[i] = collect_columns(quals, quals->conjuncts[i], descriptor);
		quals->last_attribute = Max(quals->last_attribute, last_attributes[i]);
	}
	qsort(quals->columns, quals->column_count, sizeof(FusionQualColumn), compare_columns);
	quals->first_attribute = quals->column_count > 0 ? quals->columns[0].attribute : 0;
	order_conjuncts(quals, last_attributes);
	merge_ranges(quals);
	for (int i = 0; i < quals->conjunct_count; i++)
	{
		bind_columns(quals, quals->conjuncts[i]);
		mark_last_conjunct(quals->conjuncts[i], i);
	}
	return quals;
}

/* How kernels are to write the column's values; only the null image is of use to the others. */
static uint8
qual_encoding(const FusionQualColumn *column)
{
	if (column->kind == FUSION_QUAL_NULLS || column->kind == FUSION_QUAL_TEXT)
		return FUSION_ENCODING_DATUM;
	if (column->kind == FUSION_QUAL_DECIMAL)
		return FUSION_ENCODING_DECIMAL64;
	return column->width == 1 ? FUSION_ENCODING_INT8 : column->width == 2 ? FUSION_ENCODING_INT16 :
		column->width == 4 ? FUSION_ENCODING_INT32 : FUSION_ENCODING_INT64;
}

/* Stand-in for a page column: kernels write the block's rows from row 0. */
void
fusion_quals_bind(FusionQuals *quals, const FusionTupleLayout *layout)
{
	for (int i = 0; i < quals->column_count; i++)
	{
		FusionQualColumn *column = &quals->columns[i];

		column->nulls = palloc0(ROWS_MAX);
		column->payloads = palloc0(sizeof(FusionPayload) * (column->kind == FUSION_QUAL_TEXT ? ROWS_MAX : 0));
		column->values = palloc0(ROWS_MAX * sizeof(int64));
		column->writer.encoding = qual_encoding(column);
		column->writer.width = column->width;
		column->writer.scale = (int16) column->scale;
		column->writer.values = column->values;
		fusion_decode_init(&column->decode, layout, column->attribute, i, &column->writer);
		if (column->kind == FUSION_QUAL_INT || column->kind == FUSION_QUAL_DECIMAL)
		{
			column->range_filter = fusion_decode_range_filter(column->writer.encoding);
			column->only_range = column->range_filter != NULL ? find_only_range(quals, i) : NULL;
			if (column->only_range != NULL)
				fusion_range_init(&column->range, &column->decode, column->only_range->low, column->only_range->high);
		}
	}
}

/*
 * Widens stored values to ordered 64-bit keys, from the last row down: the keys are wider than what they
 * replace.
 */
static void
make_keys(FusionQualColumn *column, int count)
{
	int64	   *keys = column->values;

	if (column->kind == FUSION_QUAL_DECIMAL && column->writer.has_special)
	{
		for (int row = 0; row < count; row++)
			keys[row] = keys[row] == FUSION_DECIMAL64_NAN ? PG_INT64_MAX : keys[row];
	}
	else if (column->kind == FUSION_QUAL_OID)
	{
		for (int row = count - 1; row >= 0; row--)
			keys[row] = ((const uint32 *) column->values)[row];
	}
	else if (column->kind == FUSION_QUAL_FLOAT && column->width == 4)
	{
		for (int row = count - 1; row >= 0; row--)
			keys[row] = fusion_float_key(((const float4 *) column->values)[row]);
	}
	else if (column->kind == FUSION_QUAL_FLOAT)
	{
		for (int row = 0; row < count; row++)
			keys[row] = fusion_float_key(((const float8 *) column->values)[row]);
	}
}

static bool
decode_payloads(FusionQualColumn *column, FusionWalk *walk, FusionReach reach)
{
	for (int row = 0; row < walk->count; row++)
	{
		FusionPayload *payload = &column->payloads[row];

		if (!fusion_varlena_payload(walk, reach, row, payload))
			return false;
		payload->padded_length = payload->length;
		if (column->trims_blanks)
			payload->length = fusion_trimmed_length_overread(payload->bytes, payload->length);
	}
	return true;
}

/*
 * Takes the column's values for the rows in flight; a null row's value is that of its null image, and is
 * masked.
 */
static bool
decode_column(FusionQuals *quals, FusionQualColumn *column, FusionWalk *walk)
{
	FusionReach reach = fusion_walk_to(walk, column->attribute, column->decode.null_image);

	column->any_null = reach == FUSION_REACH_VALUE;
	if (column->any_null)
		memcpy(column->nulls, walk->is_null, walk->count);
	if (column->kind == FUSION_QUAL_NULLS)
		return true;
	if (column->kind == FUSION_QUAL_TEXT)
	{
		if (!decode_payloads(column, walk, reach))
			return false;
	}
	else
	{
		column->writer.has_special = false;
		if (!column->decode.kernel(&column->decode, walk, reach, &quals->scratch, &column->writer))
			return false;
		make_keys(column, walk->count);
	}
	fusion_walk_passed(walk, column->attribute, reach);
	return true;
}

/*
 * Moves the values of rows that stay to the front, in every column that conjuncts from `conjunct` on still
 * need.
 */
static void
compact_columns(FusionQuals *quals, int decoded, int conjunct, const uint8 *keep, int count)
{
	for (int i = 0; i < decoded; i++)
	{
		FusionQualColumn *column = &quals->columns[i];
		int			kept = 0;

		if (column->last_conjunct < conjunct)
			continue;
		for (int row = 0; row < count; row++)
		{
			column->nulls[kept] = column->nulls[row];
			if (column->kind == FUSION_QUAL_TEXT)
				column->payloads[kept] = column->payloads[row];
			else if (column->kind != FUSION_QUAL_NULLS)
				fusion_predicate_move_value(column, kept, row);
			kept += keep[row];
		}
	}
}

/*
 * Evaluates the conjuncts from `first` to `end` on all rows in flight: what they share are columns already
 * decoded, so a few more comparisons are cheaper than dropping rows in between. Returns where all are true.
 */
static const uint8 *
run_conjuncts(FusionQuals *quals, int first, int end, int count)
{
	uint8	   *yes;

	fusion_predicate_run(quals->conjuncts[first], count);
	yes = quals->conjuncts[first]->yes;
	for (int i = first + 1; i < end; i++)
	{
		fusion_predicate_run(quals->conjuncts[i], count);
		for (int row = 0; row < count; row++)
			yes[row] &= quals->conjuncts[i]->yes[row];
	}
	return yes;
}

/* The column's only conjunct, in one pass with reading it. */
static bool
filter_by_range(const FusionQualColumn *column, FusionWalk *walk, FusionTupleBatch *batch)
{
	FusionReach reach;

	if (column->range.low > column->range.high)
	{
		batch->count = walk->count = 0;
		return true;
	}
	reach = fusion_walk_to(walk, column->attribute, column->decode.null_image);
	if (!column->range_filter(&column->decode, walk, reach, batch, &column->range))
		return false;
	fusion_walk_passed(walk, column->attribute, reach);
	return true;
}

bool
fusion_quals_filter(FusionQuals *quals, const FusionTupleLayout *layout, FusionTupleBatch *batch)
{
	FusionWalk	walk;
	int			first = 0;
	bool		is_clean = batch->first_unclean == layout->count;

	fusion_walk_begin(&walk, layout, batch, 0, batch->count);
	for (int i = 0; i <= quals->column_count && batch->count > 0; i++)
	{
		/* Constant conjuncts come first, before any column. */
		int			ready = i == 0 ? -1 : quals->columns[i - 1].attribute;
		int			end = first;
		const uint8 *keep;

		if (i > 0 && is_clean && quals->columns[i - 1].only_range != NULL)
		{
			if (!filter_by_range(&quals->columns[i - 1], &walk, batch))
				return false;
			fusion_tuple_batch_prefetch(batch);
			first++;
			continue;
		}
		if (i > 0 && !decode_column(quals, &quals->columns[i - 1], &walk))
			return false;
		fusion_tuple_batch_prefetch(batch);
		while (end < quals->conjunct_count && quals->conjuncts[end]->last_attribute <= ready)
			end++;
		if (end == first)
			continue;
		keep = run_conjuncts(quals, first, end, batch->count);
		fusion_tuple_batch_prefetch(batch);
		first = end;
		if (memchr(keep, 0, batch->count) == NULL)
			continue;
		compact_columns(quals, i, first, keep, batch->count);
		walk.count = fusion_tuple_batch_compact(batch, layout, keep);
	}
	return true;
}
