/*
 * predicate_run.c
 *    Evaluates a compiled predicate for all rows in flight: two byte arrays say where it is true and where it
 *    is false; where neither, it is null. Byte arrays because compilers vectorise them and a block has at most
 *    a few hundred rows.
 */
#include "postgres.h"

#include "predicate.h"

#include "qual_text.h"

/* Longest IN list searched by comparing with every member. */
#define LINEAR_KEYS_MAX 8

static inline int
key_width(const FusionQualColumn *column)
{
	return column->kind == FUSION_QUAL_INT ? column->width : (int) sizeof(int64);
}

static void
run_range(FusionPredicate *predicate, int count)
{
	const FusionQualColumn *column = predicate->column;
	uint8	   *yes = predicate->yes;
	int64		low = predicate->low;
	int64		high = predicate->high;

	if (low > high)
	{
		memset(yes, 0, count);
		return;
	}
	switch (key_width(column))
	{
		case 1:
			{
				const int8 *keys = column->values;

				for (int row = 0; row < count; row++)
					yes[row] = (keys[row] >= (int8) low) & (keys[row] <= (int8) high);
				break;
			}
		case 2:
			{
				const int16 *keys = column->values;

				for (int row = 0; row < count; row++)
					yes[row] = (keys[row] >= (int16) low) & (keys[row] <= (int16) high);
				break;
			}
		case 4:
			{
				const int32 *keys = column->values;

				for (int row = 0; row < count; row++)
					yes[row] = (keys[row] >= (int32) low) & (keys[row] <= (int32) high);
				break;
			}
		default:
			{
				const int64 *keys = column->values;

				/* One comparison of unsigned distances: without AVX there is no vector comparison to be had. */
				for (int row = 0; row < count; row++)
					yes[row] = (uint64) keys[row] - (uint64) low <= (uint64) high - (uint64) low;
				break;
			}
	}
}

static inline int64
key_at(const FusionQualColumn *column, int row)
{
	switch (key_width(column))
	{
		case 1:
			return ((const int8 *) column->values)[row];
		case 2:
			return ((const int16 *) column->values)[row];
		case 4:
			return ((const int32 *) column->values)[row];
		default:
			return ((const int64 *) column->values)[row];
	}
}

static bool
has_key(const int64 *keys, int count, int64 key)
{
	int			low = 0;
	int			high = count;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && keys[low] == key;
}

static void
run_set(FusionPredicate *predicate, int count)
{
	const FusionQualColumn *column = predicate->column;

	for (int row = 0; row < count; row++)
	{
		int64		key = key_at(column, row);
		bool		found = false;

		if (predicate->key_count > LINEAR_KEYS_MAX)
			found = has_key(predicate->keys, predicate->key_count, key);
		else
		{
			for (int i = 0; i < predicate->key_count; i++)
				found |= predicate->keys[i] == key;
		}
		predicate->yes[row] = found;
	}
}

/* From "holds or not" to three values: negation, nulls of the column, a null in the list. */
static void
settle(FusionPredicate *predicate, int count)
{
	uint8	   *yes = predicate->yes;
	uint8	   *no = predicate->no;

	if (!predicate->wants_no && !predicate->negated && !predicate->column->any_null)
		return;
	for (int row = 0; row < count; row++)
		no[row] = yes[row] ^ 1;
	if (predicate->null_if_absent)
		memset(no, 0, count);
	if (predicate->negated)
	{
		predicate->yes = no;
		predicate->no = yes;
	}
	if (predicate->column->any_null)
	{
		const uint8 *nulls = predicate->column->nulls;

		for (int row = 0; row < count; row++)
		{
			predicate->yes[row] &= nulls[row] ^ 1;
			predicate->no[row] &= nulls[row] ^ 1;
		}
	}
}

#define COMPARE_ALL(type, operator) \
	do { \
		const type *left = predicate->column->values; \
		const type *right = other->values; \
\
		for (int row = 0; row < count; row++) \
			yes[row] = left[row] operator right[row]; \
	} while (0)

#define COMPARE_BY_WIDTH(operator) \
	do { \
		switch (key_width(other)) \
		{ \
			case 1: \
				COMPARE_ALL(int8, operator); \
				break; \
			case 2: \
				COMPARE_ALL(int16, operator); \
				break; \
			case 4: \
				COMPARE_ALL(int32, operator); \
				break; \
			default: \
				COMPARE_ALL(int64, operator); \
				break; \
		} \
	} while (0)

/* Both columns hold keys of one type and width; a null of either makes the comparison null. */
static void
run_compare(FusionPredicate *predicate, int count)
{
	const FusionQualColumn *other = predicate->children[0]->column;
	uint8	   *yes = predicate->yes;

	switch (predicate->strategy)
	{
		case BTLessStrategyNumber:
			COMPARE_BY_WIDTH(<);
			break;
		case BTLessEqualStrategyNumber:
			COMPARE_BY_WIDTH(<=);
			break;
		case BTEqualStrategyNumber:
			COMPARE_BY_WIDTH(==);
			break;
		case BTGreaterEqualStrategyNumber:
			COMPARE_BY_WIDTH(>=);
			break;
		case BTGreaterStrategyNumber:
			COMPARE_BY_WIDTH(>);
			break;
		default:
			Assert(predicate->strategy == FUSION_STRATEGY_NOT_EQUAL);
			COMPARE_BY_WIDTH(!=);
			break;
	}
	settle(predicate, count);
	if (!other->any_null)
		return;
	for (int row = 0; row < count; row++)
	{
		predicate->yes[row] &= other->nulls[row] ^ 1;
		predicate->no[row] &= other->nulls[row] ^ 1;
	}
}

static void
run_null_test(FusionPredicate *predicate, int count)
{
	const FusionQualColumn *column = predicate->column;

	if (column->any_null)
		memcpy(predicate->yes, column->nulls, count);
	else
		memset(predicate->yes, 0, count);
	for (int row = 0; row < count; row++)
		predicate->no[row] = predicate->yes[row] ^ 1;
}

/* AND: true where all are, false where any is. OR is the same with the roles exchanged. */
static void
run_junction(FusionPredicate *predicate, int count, bool is_and)
{
	uint8	   *all = is_and ? predicate->yes : predicate->no;
	uint8	   *any = is_and ? predicate->no : predicate->yes;

	memset(all, 1, count);
	memset(any, 0, count);
	for (int i = 0; i < predicate->child_count; i++)
	{
		const FusionPredicate *child = predicate->children[i];
		const uint8 *child_all = is_and ? child->yes : child->no;
		const uint8 *child_any = is_and ? child->no : child->yes;

		for (int row = 0; row < count; row++)
		{
			all[row] &= child_all[row];
			any[row] |= child_any[row];
		}
	}
}

/* NOT and the tests that never give null. */
static void
run_unary(FusionPredicate *predicate, int count)
{
	const FusionPredicate *child = predicate->children[0];

	switch (predicate->kind)
	{
		case FUSION_PREDICATE_NOT:
			memcpy(predicate->yes, child->no, count);
			memcpy(predicate->no, child->yes, count);
			return;
		case FUSION_PREDICATE_IS_TRUE:
			memcpy(predicate->yes, child->yes, count);
			break;
		case FUSION_PREDICATE_IS_FALSE:
			memcpy(predicate->yes, child->no, count);
			break;
		default:
			Assert(predicate->kind == FUSION_PREDICATE_IS_UNKNOWN);
			for (int row = 0; row < count; row++)
				predicate->yes[row] = (child->yes[row] | child->no[row]) ^ 1;
			break;
	}
	for (int row = 0; row < count; row++)
		predicate->no[row] = predicate->yes[row] ^ 1;
}

void
fusion_predicate_run(FusionPredicate *predicate, int count)
{
	for (int i = 0; i < predicate->child_count; i++)
		fusion_predicate_run(predicate->children[i], count);
	switch (predicate->kind)
	{
		case FUSION_PREDICATE_CONSTANT:
			memset(predicate->yes, predicate->outcome == FUSION_OUTCOME_TRUE, count);
			memset(predicate->no, predicate->outcome == FUSION_OUTCOME_FALSE, count);
			break;
		case FUSION_PREDICATE_RANGE:
			run_range(predicate, count);
			settle(predicate, count);
			break;
		case FUSION_PREDICATE_SET:
			run_set(predicate, count);
			settle(predicate, count);
			break;
		case FUSION_PREDICATE_COMPARE:
			run_compare(predicate, count);
			break;
		case FUSION_PREDICATE_COLUMN:
			break;
		case FUSION_PREDICATE_TEXT_SET:
		case FUSION_PREDICATE_TEXT_ORDER:
		case FUSION_PREDICATE_LIKE:
			fusion_text_run(predicate, predicate->column->payloads, count, predicate->yes);
			settle(predicate, count);
			break;
		case FUSION_PREDICATE_IS_NULL:
			run_null_test(predicate, count);
			break;
		case FUSION_PREDICATE_AND:
		case FUSION_PREDICATE_OR:
			run_junction(predicate, count, predicate->kind == FUSION_PREDICATE_AND);
			break;
		default:
			run_unary(predicate, count);
			break;
	}
}

void
fusion_predicate_move_value(FusionQualColumn *column, int to, int from)
{
	switch (key_width(column))
	{
		case 1:
			((int8 *) column->values)[to] = ((int8 *) column->values)[from];
			break;
		case 2:
			((int16 *) column->values)[to] = ((int16 *) column->values)[from];
			break;
		case 4:
			((int32 *) column->values)[to] = ((int32 *) column->values)[from];
			break;
		default:
			((int64 *) column->values)[to] = ((int64 *) column->values)[from];
			break;
	}
}
