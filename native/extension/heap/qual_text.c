/*
 * qual_text.c
 *    Simple predicates over text: compiled under the conditions where bytes decide, run on payloads in place.
 *
 * Equality is by bytes under every deterministic collation. Order is by bytes under C and POSIX only. Read next:
 * qual_like.c.
 */
#include "postgres.h"

#include "qual_text.h"

#include "catalog/pg_type.h"
#include "collation_order.h"
#include "utils/lsyscache.h"

FusionPayload
fusion_constant_payload(Datum constant, bool trims_blanks)
{
	struct varlena *image = PG_DETOAST_DATUM_PACKED(constant);
	uint32		length = VARSIZE_ANY_EXHDR(image);
	uint8	   *bytes = palloc(length + 1);
	FusionPayload payload;

	memcpy(bytes, VARDATA_ANY(image), length);
	payload.bytes = bytes;
	payload.length = trims_blanks ? fusion_trimmed_length((const char *) bytes, length) : length;
	return payload;
}

FusionPredicate *
fusion_text_compile(const FusionQualType *column, int attribute, int strategy, Oid collation,
					const Datum *constants, int count)
{
	bool		is_equality = strategy == BTEqualStrategyNumber || strategy == FUSION_STRATEGY_NOT_EQUAL;
	FusionPredicate *predicate;

	/* Without a collation PostgreSQL raises an error, which is left to it. */
	if (!OidIsValid(collation) || !get_collation_isdeterministic(collation))
		return NULL;
	if (!is_equality && !fusion_orders_by_bytes(collation))
		return NULL;
	predicate = fusion_predicate_make(is_equality ? FUSION_PREDICATE_TEXT_SET : FUSION_PREDICATE_TEXT_ORDER,
									  attribute);
	predicate->strategy = (StrategyNumber) strategy;
	predicate->negated = strategy == FUSION_STRATEGY_NOT_EQUAL;
	predicate->text_count = count;
	predicate->texts = palloc(sizeof(FusionPayload) * Max(count, 1));
	for (int i = 0; i < count; i++)
		predicate->texts[i] = fusion_constant_payload(constants[i], column->trims_blanks);
	return predicate;
}

static inline bool
equal_payloads(const FusionPayload *left, const FusionPayload *right)
{
	return left->length == right->length && memcmp(left->bytes, right->bytes, left->length) == 0;
}

static void
run_set(const FusionPredicate *predicate, const FusionPayload *payloads, int count, uint8 *yes)
{
	for (int row = 0; row < count; row++)
	{
		bool		found = false;

		for (int i = 0; i < predicate->text_count && !found; i++)
			found = equal_payloads(&payloads[row], &predicate->texts[i]);
		yes[row] = found;
	}
}

static inline int
compare_bytes(const FusionPayload *left, const FusionPayload *right)
{
	int			result = memcmp(left->bytes, right->bytes, Min(left->length, right->length));

	if (result != 0)
		return result;
	return left->length < right->length ? -1 : left->length > right->length ? 1 : 0;
}

static void
run_order(const FusionPredicate *predicate, const FusionPayload *payloads, int count, uint8 *yes)
{
	const FusionPayload *constant = &predicate->texts[0];

	for (int row = 0; row < count; row++)
	{
		int			order = compare_bytes(&payloads[row], constant);

		switch (predicate->strategy)
		{
			case BTLessStrategyNumber:
				yes[row] = order < 0;
				break;
			case BTLessEqualStrategyNumber:
				yes[row] = order <= 0;
				break;
			case BTGreaterEqualStrategyNumber:
				yes[row] = order >= 0;
				break;
			default:
				yes[row] = order > 0;
				break;
		}
	}
}

void
fusion_text_run(const FusionPredicate *predicate, const FusionPayload *payloads, int count, uint8 *yes)
{
	switch (predicate->kind)
	{
		case FUSION_PREDICATE_TEXT_SET:
			run_set(predicate, payloads, count, yes);
			break;
		case FUSION_PREDICATE_TEXT_ORDER:
			run_order(predicate, payloads, count, yes);
			break;
		default:
			Assert(predicate->kind == FUSION_PREDICATE_LIKE);
			fusion_like_run(predicate, payloads, count, yes);
			break;
	}
}
