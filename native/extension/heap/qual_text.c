/*
 * qual_text.c
 *    Simple predicates over text: compiled under the conditions where bytes decide, run on payloads in place.
 *
 * Equality is by bytes under every deterministic collation. Order is by bytes under C and POSIX only. LIKE
 * works on bytes where a literal cannot match inside a character: single-byte encodings and UTF-8.
 */
#include "postgres.h"

#include "qual_text.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/pg_locale.h"

static bool
orders_by_bytes(Oid collation)
{
#if PG_VERSION_NUM >= 180000
	return pg_newlocale_from_collation(collation)->collate_is_c;
#else
	return lc_collate_is_c(collation);
#endif
}

/* A private copy of the constant's bytes. */
static FusionPayload
constant_payload(Datum constant, bool trims_blanks)
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
	if (!is_equality && !orders_by_bytes(collation))
		return NULL;
	predicate = fusion_predicate_make(is_equality ? FUSION_PREDICATE_TEXT_SET : FUSION_PREDICATE_TEXT_ORDER,
									  attribute);
	predicate->strategy = (StrategyNumber) strategy;
	predicate->negated = strategy == FUSION_STRATEGY_NOT_EQUAL;
	predicate->text_count = count;
	predicate->texts = palloc(sizeof(FusionPayload) * Max(count, 1));
	for (int i = 0; i < count; i++)
		predicate->texts[i] = constant_payload(constants[i], column->trims_blanks);
	return predicate;
}

bool
fusion_like_is_simple(const OpExpr *operation, const FusionQualType *column)
{
	Oid			function = get_opcode(operation->opno);

	if (function != F_TEXTLIKE && function != F_TEXTNLIKE)
		return false;
	return column->kind == FUSION_QUAL_TEXT && !column->trims_blanks &&
		OidIsValid(operation->inputcollid) && get_collation_isdeterministic(operation->inputcollid) &&
		(GetDatabaseEncoding() == PG_UTF8 || pg_database_encoding_max_length() == 1);
}

FusionPredicate *
fusion_like_compile(const OpExpr *operation, int attribute, Datum pattern)
{
	FusionPayload payload = constant_payload(pattern, false);
	FusionPredicate *predicate = fusion_predicate_make(FUSION_PREDICATE_LIKE, attribute);
	uint32		start = 0;

	predicate->negated = get_opcode(operation->opno) == F_TEXTNLIKE;
	predicate->texts = palloc(sizeof(FusionPayload) * (payload.length + 1));
	for (uint32 i = 0; i < payload.length; i++)
	{
		if (payload.bytes[i] == '_' || payload.bytes[i] == '\\')
			return NULL;
	}
	predicate->anchored_start = payload.length == 0 || payload.bytes[0] != '%';
	predicate->anchored_end = payload.length == 0 || payload.bytes[payload.length - 1] != '%';
	for (uint32 i = 0; i <= payload.length; i++)
	{
		if (i < payload.length && payload.bytes[i] != '%')
			continue;
		if (i > start || payload.length == 0)
		{
			predicate->texts[predicate->text_count].bytes = payload.bytes + start;
			predicate->texts[predicate->text_count].length = i - start;
			predicate->text_count++;
		}
		start = i + 1;
	}
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

/* Literals must appear in order without overlap; taking the leftmost place for each is enough. */
static bool
like_matches(const FusionPredicate *predicate, const FusionPayload *payload)
{
	const uint8 *at = payload->bytes;
	const uint8 *end = payload->bytes + payload->length;
	int			first = 0;
	int			last = predicate->text_count;

	if (predicate->anchored_start)
	{
		const FusionPayload *literal = &predicate->texts[0];

		if ((size_t) (end - at) < literal->length || memcmp(at, literal->bytes, literal->length) != 0)
			return false;
		at += literal->length;
		if (predicate->anchored_end && last == 1)
			return at == end;
		first = 1;
	}
	if (predicate->anchored_end)
	{
		const FusionPayload *literal = &predicate->texts[last - 1];

		if ((size_t) (end - at) < literal->length ||
			memcmp(end - literal->length, literal->bytes, literal->length) != 0)
			return false;
		end -= literal->length;
		last--;
	}
	for (int i = first; i < last; i++)
	{
		const FusionPayload *literal = &predicate->texts[i];
		const uint8 *found = memmem(at, end - at, literal->bytes, literal->length);

		if (found == NULL)
			return false;
		at = found + literal->length;
	}
	return true;
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
			for (int row = 0; row < count; row++)
				yes[row] = like_matches(predicate, &payloads[row]);
			break;
	}
}
