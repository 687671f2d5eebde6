/*
 * qual_like.c
 *    LIKE over payloads in place: parts between percent signs, each with a fixed number of characters.
 *
 * Bytes decide where a literal cannot match inside a character: single-byte encodings and UTF-8. Of each part in the
 * middle the leftmost place is taken; no other leaves more room for the next.
 */
#include "postgres.h"

#include "qual_text.h"

#include "mb/pg_wchar.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#define ESCAPE '\\'

static bool
is_like(Oid function, bool of_char)
{
	return of_char ? function == F_BPCHARLIKE || function == F_BPCHARNLIKE :
		function == F_TEXTLIKE || function == F_TEXTNLIKE;
}

bool
fusion_like_is_simple(const OpExpr *operation, const FusionQualType *column)
{
	return column->kind == FUSION_QUAL_TEXT && is_like(get_opcode(operation->opno), column->trims_blanks) &&
		OidIsValid(operation->inputcollid) && get_collation_isdeterministic(operation->inputcollid) &&
		(GetDatabaseEncoding() == PG_UTF8 || pg_database_encoding_max_length() == 1);
}

static inline bool
is_continuation(uint8 byte)
{
	return (byte & 0xC0) == 0x80;
}

/* Behind the character that begins at `at`, which is before `end`. */
static inline const uint8 *
next_character(const uint8 *at, const uint8 *end)
{
	bool		is_utf8 = GetDatabaseEncoding() == PG_UTF8;

	do
		at++;
	while (is_utf8 && at < end && is_continuation(*at));
	return at;
}

/* Counts characters, and forgets the marks of a part without underscores. */
static void
finish_part(FusionPredicate *predicate, FusionLikePart *part)
{
	const uint8 *at = part->text.bytes;
	const uint8 *end = at + part->text.length;
	bool		has_any = false;

	for (uint32 i = 0; i < part->text.length; i++)
		has_any |= part->is_any[i];
	for (; at < end; at = next_character(at, end))
		part->characters++;
	if (!has_any)
		part->is_any = NULL;
	predicate->part_count++;
}

FusionPredicate *
fusion_like_compile(const OpExpr *operation, const FusionQualType *column, int attribute, Datum pattern)
{
	FusionPayload payload = fusion_constant_payload(pattern, false);
	FusionPredicate *predicate = fusion_predicate_make(FUSION_PREDICATE_LIKE, attribute);
	Oid			function = get_opcode(operation->opno);
	uint8	   *text = palloc(payload.length + 1);
	bool	   *is_any = palloc0(payload.length + 1);
	FusionLikePart *part;

	predicate->negated = function == F_TEXTNLIKE || function == F_BPCHARNLIKE;
	predicate->padded = column->trims_blanks;
	predicate->parts = palloc0(sizeof(FusionLikePart) * (payload.length + 1));
	predicate->anchored_start = payload.length == 0 || payload.bytes[0] != '%';
	predicate->anchored_end = true;
	part = &predicate->parts[0];
	*part = (FusionLikePart) {.text.bytes = text, .is_any = is_any};
	for (uint32 i = 0; i < payload.length; i++)
	{
		uint8		byte = payload.bytes[i];

		predicate->anchored_end = byte != '%';
		if (byte == '%')
		{
			if (part->text.length > 0)
				finish_part(predicate, part);
			text += part->text.length;
			is_any += part->text.length;
			part = &predicate->parts[predicate->part_count];
			*part = (FusionLikePart) {.text.bytes = text, .is_any = is_any};
			continue;
		}
		if (byte == ESCAPE)
		{
			if (++i == payload.length)
				return NULL;
			byte = payload.bytes[i];
		}
		else
			is_any[part->text.length] = byte == '_';
		text[part->text.length++] = byte;
	}
	if (part->text.length > 0 || payload.length == 0)
		finish_part(predicate, part);
	return predicate;
}

/* The end of the part when it stands at `at`, else NULL. */
static const uint8 *
match_part(const FusionLikePart *part, const uint8 *at, const uint8 *end)
{
	if (part->is_any == NULL)
		return (size_t) (end - at) >= part->text.length && memcmp(at, part->text.bytes, part->text.length) == 0 ?
			at + part->text.length : NULL;
	for (uint32 i = 0; i < part->text.length; i++)
	{
		if (at == end)
			return NULL;
		if (part->is_any[i])
			at = next_character(at, end);
		else if (*at++ != part->text.bytes[i])
			return NULL;
	}
	return at;
}

/* The end of the part at its leftmost place, else NULL. */
static const uint8 *
find_part(const FusionLikePart *part, const uint8 *at, const uint8 *end)
{
	if (part->is_any == NULL)
	{
		const uint8 *found = memmem(at, end - at, part->text.bytes, part->text.length);

		return found == NULL ? NULL : found + part->text.length;
	}
	for (; at < end; at = next_character(at, end))
	{
		const uint8 *behind = match_part(part, at, end);

		if (behind != NULL)
			return behind;
	}
	return NULL;
}

/* Where the last part must begin to end at `end`, NULL when that is before `at`. */
static const uint8 *
start_of_last(const FusionLikePart *part, const uint8 *at, const uint8 *end)
{
	bool		is_utf8 = GetDatabaseEncoding() == PG_UTF8;

	if (part->is_any == NULL)
		return (size_t) (end - at) >= part->text.length ? end - part->text.length : NULL;
	for (int i = 0; i < part->characters; i++)
	{
		if (end == at)
			return NULL;
		do
			end--;
		while (is_utf8 && end > at && is_continuation(*end));
	}
	return end;
}

static bool
like_matches(const FusionPredicate *predicate, const FusionPayload *payload)
{
	const uint8 *at = payload->bytes;
	const uint8 *end = at + (predicate->padded ? payload->padded_length : payload->length);
	int			first = 0;
	int			last = predicate->part_count;

	if (predicate->anchored_start)
	{
		at = match_part(&predicate->parts[0], at, end);
		if (at == NULL)
			return false;
		if (predicate->anchored_end && last == 1)
			return at == end;
		first = 1;
	}
	if (predicate->anchored_end)
	{
		const FusionLikePart *part = &predicate->parts[--last];
		const uint8 *start = start_of_last(part, at, end);

		if (start == NULL || match_part(part, start, end) != end)
			return false;
		end = start;
	}
	for (int i = first; i < last; i++)
	{
		at = find_part(&predicate->parts[i], at, end);
		if (at == NULL)
			return false;
	}
	return true;
}

void
fusion_like_run(const FusionPredicate *predicate, const FusionPayload *payloads, int count, uint8 *yes)
{
	for (int row = 0; row < count; row++)
		yes[row] = like_matches(predicate, &payloads[row]);
}
